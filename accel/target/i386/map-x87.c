/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Opcode map: x87. */
#include "accel/target/i386/insn.h"

const X86RowTable x86_rows_x87 = { NULL, 0 };
