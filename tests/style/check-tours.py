#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""check-tours.py ROOT

What a tour in docs/ names must exist: every `function()` is defined or declared in the tree, every `path/file.ext` is a file.
Prints what is gone and exits with 1.
"""
import os
import re
import sys

root = sys.argv[1] if len(sys.argv) > 1 else "."
sources = []
for top in ("accel", "hw", "include", "memory", "migration", "qapi", "qom", "softmmu", "util"):
    for folder, _, files in os.walk(os.path.join(root, top)):
        for name in files:
            if name.endswith((".c", ".h")):
                with open(os.path.join(folder, name), encoding="utf-8", errors="replace") as f:
                    sources.append(f.read())
words = set(re.findall(r"\b([A-Za-z_][A-Za-z0-9_]*)\s*\(", "\n".join(sources)))

bad = 0
docs = os.path.join(root, "docs")
for doc in sorted(os.listdir(docs)) if os.path.isdir(docs) else []:
    if not (doc.startswith("life-of-") or doc == "adding-a-device.md"):
        continue
    with open(os.path.join(docs, doc), encoding="utf-8") as f:
        text = f.read()
    for name in re.findall(r"`([A-Za-z_][A-Za-z0-9_]*)\(\)`", text):
        if name not in words:
            print(f"docs/{doc}: no function {name}()")
            bad = 1
    for path in re.findall(r"`([A-Za-z0-9_./-]+/[A-Za-z0-9_.-]+\.[a-z]+)`", text):
        if not os.path.exists(os.path.join(root, path)):
            print(f"docs/{doc}: no file {path}")
            bad = 1
sys.exit(bad)
