#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# check-format.sh SOURCE_ROOT: clang-format (version 14) has nothing to change. Exit 77: no tool.
cd "$1" || exit 1
tool=$(command -v clang-format-14 || command -v clang-format) || exit 77
case $($tool --version) in *"version 14."*) ;; *) exit 77 ;; esac
bad=$(git ls-files '*.c' '*.h' | xargs "$tool" --dry-run 2>&1 | grep -c warning)
git ls-files '*.c' '*.h' | xargs "$tool" --dry-run 2>&1 | grep warning | cut -d: -f1 | sort | uniq -c
[ "$bad" = 0 ]
