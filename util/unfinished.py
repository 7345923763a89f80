#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Write assembler that defines every function of our public headers weakly as abort.

Only while the tree is being put together; goes away with the last missing module.
"""
import re, sys

names = set()
for path in sys.argv[2:]:
    text = open(path).read()
    text = re.sub(r'/\*.*?\*/', '', text, flags=re.S)
    text = re.sub(r'^#.*(\\\n.*)*$', '', text, flags=re.M)
    for decl in re.split(r';', text):
        decl = decl.split('}')[-1].strip()
        if decl.startswith(('typedef', 'static', 'struct {', '#')) or '(' not in decl:
            m = re.match(r'extern (?!const Prop)[\w ]+?((?:\b\w+\b(?:, )?)+)$', decl)
            continue
        m = re.match(r'^[A-Za-z_][\w\s\*]*?\b(\w+)\(', decl)
        if m and '{' not in decl:
            names.add(m.group(1))
skip = {'G_DEFINE_AUTOPTR_CLEANUP_FUNC', 'TYPE_REGISTER', 'PRINTF_FMT', '__attribute__'}
with open(sys.argv[1], 'w') as f:
    f.write('.text\nunfinished_abort: ud2\n')
    for n in sorted(names - skip):
        if re.match(r'^[a-z]', n) or n == 'MEMORY_BACKEND':
            f.write('.weak %s\n.set %s, unfinished_abort\n' % (n, n))
    f.write('.section .note.GNU-stack,"",@progbits\n')
