#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""test-bare.py PROGRAM IMAGE [ARGS...]: a bare-metal program at each tier, as TAP.

The image is a BIOS made from one file of tests/isa/bare. With jit-threshold=0 every
block is translated before it is executed first, with 1 when it comes again, so traces
can form. "--smp" runs it with several CPUs, else it is one, and once one beside idle ones;
"--few" leaves out what costs most.
"""
import os, subprocess, sys, tempfile

TIERS = ["tier=0", "tier=1,jit-threshold=0", "tier=2,jit-threshold=0", "tier=2,jit-threshold=1",
         "tier=2"]
# With one CPU only.
MORE = ["tier=2,jit-threshold=0,lockstep=on", "tier=2,jit-threshold=0,jit-all-slow=on", "tier=2,jit-threshold=0,jit-no-links=on",
        "tier=2,jit-threshold=1,jit-all-polls=on", "tier=1,jit-threshold=0,one-insn-per-tb=on"]
SMP = [("tier=0", "2"), ("tier=1,jit-threshold=0", "2"), ("tier=1,jit-threshold=0", "4"),
       ("tier=2,jit-threshold=0", "4"), ("tier=2,jit-threshold=1", "2"), ("tier=2", "2"),
       ("tier=2", "4"), ("tier=2", "8")]
OK = 33


def main():
    program, image, args = sys.argv[1], sys.argv[2], sys.argv[3:]
    if "--smp" in args:
        args.remove("--smp")
        runs = SMP
    else:
        runs = [(tier, "1") for tier in TIERS + MORE] + [("tier=2,jit-threshold=0", "3")]
    if "--few" in args:
        args.remove("--few")
        runs = [run for run in runs if run[1] in "12" and run[0] != "tier=2"]
    print("1..%d" % len(runs))
    failed = 0
    with tempfile.TemporaryDirectory() as tmp:
        for k, (tier, n) in enumerate(runs):
            out = os.path.join(tmp, "out%d" % k)
            command = [program, "-accel", "tcg," + tier, "-cpu", "max", "-smp", n, "-m", "64",
                       "-nodefaults", "-display", "none", "-no-reboot", "-d", "cpu_reset", "-bios", image,
                       "-chardev", "file,id=d,path=" + out,
                       "-device", "isa-debugcon,iobase=0xe9,chardev=d",
                       "-device", "isa-debug-exit,iobase=0x501", *args]
            try:
                run = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True,
                                     text=True, timeout=120)
                code, said = run.returncode, run.stderr
                # The registers at power-on tell nothing.
                said = said[said.find("Triple fault"):] if "Triple fault" in said else said[-1000:]
            except subprocess.TimeoutExpired:
                code, said = "none: out of time", ""
            ok = code == OK
            failed += not ok
            print("%s %d - %s, %s CPUs" % ("ok" if ok else "not ok", k + 1, tier, n), flush=True)
            if not ok:
                text = open(out, errors="replace").read() if os.path.exists(out) else ""
                for line in ("exit status %s\n" % code + text + said).splitlines():
                    print("# " + line)
    return failed != 0


sys.exit(main())
