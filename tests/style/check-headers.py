#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""check-headers.py SOURCE_ROOT CC FLAGS...: every public header compiles alone."""
import concurrent.futures, os, subprocess, sys

root, cc, flags = sys.argv[1], sys.argv[2], sys.argv[3:]


def check(path):
    r = subprocess.run([cc, "-std=gnu11", "-D_GNU_SOURCE", "-fsyntax-only", "-x", "c",
                        "-I" + os.path.join(root, "include"), "-I" + root, *flags, path],
                       capture_output=True, text=True)
    return path, r.returncode, r.stderr


headers = [os.path.join(d, f) for d, _, fs in os.walk(os.path.join(root, "include"))
           for f in fs if f.endswith(".h")]
bad = 0
with concurrent.futures.ThreadPoolExecutor(2) as pool:
    for path, code, err in pool.map(check, sorted(headers)):
        if code:
            bad = 1
            print("%s does not compile alone:\n%s" % (os.path.relpath(path, root), err[:600]))
sys.exit(bad)
