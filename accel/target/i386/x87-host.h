/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * x87 instructions on the host's own FPU.
 *
 * Two ways.  x87_host_run() loads a copy of the whole guest FPU, executes the very
 * instruction, and reads everything back: it is right for each instruction in each
 * state (empty registers, unmasked exceptions, any control word), and takes some 100
 * ns. The frequent instructions have a short way, allowed when x87_host_plain() says
 * so: the guest's control word is the one that the host's C code runs under, and the
 * host's sticky flags are a subset of the guest's, so that the flags after the
 * operation may simply be merged.
 */
#ifndef ACCEL_TARGET_I386_X87_HOST_H
#define ACCEL_TARGET_I386_X87_HOST_H

#include "accel/target/i386/fpu.h"

/* The legacy region of an XSAVE area. */
typedef struct X87Image {
    uint16_t fcw, fsw;
    uint8_t ftw, rsvd;
    uint16_t fop;
    uint64_t fip, fdp;
    uint32_t mxcsr, mxcsr_mask;
    X86St st[8];
    uint8_t rest[352];
} __attribute__((aligned(16))) X87Image;

/* ZF, PF and CF as FCOMI leaves them. */
typedef struct X87Flags {
    bool zf, pf, cf;
} X87Flags;

void x87_image_from(X87Image *img, const X86State *cpu);
void x87_image_to(const X87Image *img, X86State *cpu);

/*
 * Executes opcode @opcode (D8..DF) with ModRM @modrm on @img.  For a memory form @mem
 * is its operand; @arith are the guest's arithmetic flags (FCMOVcc).  The host's FPU is
 * as after FNINIT on return.
 */
X87Flags x87_host_run(X87Image *img, uint8_t opcode, uint8_t modrm, void *mem,
                      uint32_t arith);

/* Whether the short way may be tried. */
static inline bool x87_host_plain(const X86State *cpu)
{
    return x86_likely(cpu->xs.fcw == X87_FCW_INIT);
}

/* After a short way whose result is not yet written, with the host's status word: true
 * if it raised nothing that the guest does not have; sets the condition codes @cc. */
static inline bool x87_host_done(X86State *cpu, uint16_t sw, uint16_t cc)
{
    if (x86_unlikely(sw & ~cpu->xs.fsw & X87_FSW_EXC)) {
        return false;
    }
    cpu->xs.fsw = (cpu->xs.fsw & ~cc) | (sw & cc);
    return true;
}

#endif
