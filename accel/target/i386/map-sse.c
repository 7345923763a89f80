/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Opcode map: sse. */
#include "accel/target/i386/insn.h"

const X86RowTable x86_rows_sse = { NULL, 0 };
