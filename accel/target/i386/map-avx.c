/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Opcode map: avx. */
#include "accel/target/i386/insn.h"

const X86RowTable x86_rows_avx = { NULL, 0 };
