/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * SSE floating point under a guest's MXCSR that is not the host's.
 *
 * Unmasked exceptions (SDM volume 1, 11.5 and appendix E) are found afterwards, from
 * the flags of a masked run:
 *
 *  - Exceptions found before the computation (IE, DE, ZE), if one of them is unmasked,
 *    hide those found after it (OE, UE, PE).
 *  - Underflow is different when unmasked: tininess alone is enough, exactness does not
 *    matter, and FZ has no effect.  A second run with FZ set tells whether a result is
 *    tiny.
 *  - Not modelled: with an unmasked overflow or underflow, the flag PE should tell
 *    whether the result with an unbounded exponent is inexact; it tells whether the
 *    masked result is.
 */
#include "accel/target/i386/host-sse.h"

#define PRE_COMPUTATION (X86_MXCSR_IE | X86_MXCSR_DE | X86_MXCSR_ZE)

void sse_begin_slow(X86State *cpu, SseRun *run)
{
    uint32_t guest = cpu->xs.mxcsr;
    uint32_t run_as = (guest | X86_MXCSR_MASKS) & X86_MXCSR_MASK & ~X86_MXCSR_FLAGS;

    if (!(guest & X86_MXCSR_UM)) {
        run_as &= ~X86_MXCSR_FZ;
    }
    run->pass = 1;
    run->flags = 0;
    sse_set_host_mxcsr(run_as);
}

bool sse_again_slow(X86State *cpu, SseRun *run, uint32_t now)
{
    uint32_t unmasked;

    if (run->pass == 0) {
        sse_begin_slow(cpu, run);
        return true;
    }
    if (run->pass == 1) {
        run->flags = now & X86_MXCSR_FLAGS;
        if (!(cpu->xs.mxcsr & X86_MXCSR_UM)) {
            run->pass = 2;
            sse_set_host_mxcsr((now | X86_MXCSR_FZ) & ~X86_MXCSR_FLAGS);
            return true;
        }
    } else {
        /* Nothing was flushed: the result is good.  Else it does not matter. */
        run->flags |= now & X86_MXCSR_UE;
    }
    sse_set_host_mxcsr(X86_MXCSR_RESET);
    unmasked = run->flags & ~(cpu->xs.mxcsr >> 7) & X86_MXCSR_FLAGS;
    if (unmasked & PRE_COMPUTATION) {
        run->flags &= PRE_COMPUTATION;
    }
    cpu->xs.mxcsr |= run->flags;
    if (unmasked) {
        x86_raise_xm(cpu);
    }
    return false;
}
