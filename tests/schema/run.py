#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""run.py GENERATOR: good.json must give good.out, and each err_*.json the message that
its .err holds."""
import glob
import os
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))


def generate(generator, *args):
    return subprocess.run([sys.executable, generator, *args], capture_output=True,
                          text=True, cwd=HERE)


def main():
    generator = os.path.abspath(sys.argv[1])
    failed = 0
    tests = sorted(glob.glob(os.path.join(HERE, "err_*.json")))
    print("1..%d" % (len(tests) + 1))
    for n, path in enumerate(tests, 1):
        r = generate(generator, os.path.basename(path))
        want = open(path[:-5] + ".err").read().strip()
        ok = r.returncode == 1 and want in r.stderr
        ok = ok and "Traceback" not in r.stderr
        failed += not ok
        print("%s %d %s" % ("ok" if ok else "not ok", n, os.path.basename(path)))
        if not ok:
            print("# want: %s\n# got: %s" % (want, r.stderr.strip()))
    with tempfile.TemporaryDirectory() as tmp:
        out = os.path.join(tmp, "out")
        r = generate(generator, "--introspect", out, "good.json")
        got = open(out).read() if r.returncode == 0 else r.stderr
    if "--update" in sys.argv:
        with open(os.path.join(HERE, "good.out"), "w") as f:
            f.write(got)
    ok = got == open(os.path.join(HERE, "good.out")).read()
    failed += not ok
    print("%s %d good.json" % ("ok" if ok else "not ok", len(tests) + 1))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
