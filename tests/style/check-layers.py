#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""check-layers.py SOURCE_ROOT: an include may go to its own layer or below, never upwards.

The table is the architecture of docs/architecture.md. A new folder: change the table in the
same commit. Also checked: SPDX lines, no header cycle.
"""
import os, re, sys

# (folder prefix, layer); the longest prefix wins. Sources and public headers alike.
LAYERS = [
    ("util", 0),
    ("qapi", 1), ("qapi/monitor", 7), ("qapi/hmp", 7), ("qapi/qmp", 7),
    ("qapi/monitor.h", 7),
    ("qom", 2),
    ("migration/vmstate", 2), ("migration", 5),
    ("memory", 3),
    ("softmmu/backends", 3), ("softmmu/chardev.h", 3), ("softmmu/block.h", 3),
    ("softmmu/net.h", 3), ("softmmu/display.h", 3), ("softmmu/input.h", 3),
    ("softmmu/rng.h", 3),
    # The run state is asked for from everywhere; it is the one downward face of layer 7.
    ("softmmu/runstate.h", 1),
    ("hw/core", 4),
    ("accel", 4), ("accel/target", 5), ("accel/kvm", 5), ("accel/tcg", 5), ("accel/qtest", 7),
    ("hw", 5),
    ("hw/i386", 6), ("hw/ppc", 6),
    ("softmmu/system", 7), ("softmmu/gdbstub", 7), ("softmmu/device-add.h", 7),
    ("softmmu", 8),
]
TREES = ["util", "qapi", "qom", "memory", "migration", "accel", "hw", "softmmu"]
# Wrong today, each with the reason; nothing may be added without one.
KNOWN = {}


def layer(path):
    best = None
    for prefix, n in LAYERS:
        if path == prefix or path.startswith(prefix + "/") or path.startswith(prefix + ".") \
                or path.startswith(prefix + "-"):
            if best is None or len(prefix) > len(best[0]):
                best = (prefix, n)
    return best[1] if best else None


def main():
    root = sys.argv[1]
    bad = []
    graph = {}
    for top in TREES + ["include"]:
        for folder, _, files in os.walk(os.path.join(root, top)):
            for f in files:
                if not f.endswith((".c", ".h")):
                    continue
                full = os.path.join(folder, f)
                rel = os.path.relpath(full, root)
                name = rel[len("include/"):] if rel.startswith("include/") else rel
                text = open(full, errors="replace").read()
                if "SPDX-License-Identifier: GPL-2.0-or-later" not in text[:200]:
                    bad.append("%s: no SPDX line" % rel)
                mine = layer(name)
                if mine is None:
                    bad.append("%s: folder is not in the table" % rel)
                    continue
                deps = re.findall(r'^#include "([^"]+)"', text, re.M)
                graph[name] = deps
                for d in deps:
                    theirs = layer(d)
                    if theirs is not None and theirs > mine and (name, d) not in KNOWN:
                        bad.append("%s (layer %d) includes %s (layer %d)" % (rel, mine, d, theirs))
    state = {}

    def visit(h, path):
        if state.get(h) == 2 or h not in graph or not h.endswith(".h"):
            return
        if state.get(h) == 1:
            bad.append("header cycle: " + " -> ".join(path[path.index(h):] + [h]))
            return
        state[h] = 1
        for d in graph[h]:
            visit(d, path + [h])
        state[h] = 2

    for h in sorted(graph):
        visit(h, [])
    for b in bad:
        print(b)
    return 1 if bad else 0


sys.exit(main())
