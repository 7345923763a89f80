/* SPDX-License-Identifier: GPL-2.0-or-later */
/* "info registers", and the registers in the log. */
#ifndef ACCEL_TARGET_I386_DUMP_H
#define ACCEL_TARGET_I386_DUMP_H

#include "accel/target/i386/cpu.h"
#include "util/disas.h"
#include "util/error.h"

typedef struct HmpOut HmpOut;

void x86_dump_state(const X86State *cpu, HmpOut *out);
/* "@first" and the registers behind it, in one piece; @fpu: x87 and vectors too. */
void x86_log_state(const X86State *cpu, bool fpu, const char *first, ...)
    PRINTF_FMT(3, 4);
/* "rax", "eip", "cs.base" ...; false: no such register. */
bool x86_get_register(const X86State *cpu, const char *name, uint64_t *value);

/* How its code is to be disassembled in the current mode. */
DisasArch x86_disas_arch(const X86State *cpu);

#endif
