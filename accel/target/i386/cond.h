/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The sixteen conditions, in the order of their encoding (SDM volume 1, appendix B). */
#ifndef ACCEL_TARGET_I386_COND_H
#define ACCEL_TARGET_I386_COND_H

#include "accel/target/i386/flags.h"

/* Macros write the functions for all sizes: the formatter cannot follow. */
/* clang-format off */

#define FOR_CONDITIONS(M)                                                             \
    M(o) M(no) M(b) M(nb) M(z) M(nz) M(be) M(nbe) M(s) M(ns) M(p) M(np) M(l) M(nl)     \
    M(le) M(nle)

#define X86_DEFINE_COND(cc, expr)                                                     \
    static inline bool x86_cond_##cc(const X86State *cpu)                             \
    {                                                                                 \
        return expr;                                                                  \
    }                                                                                 \
    static inline bool x86_cond_n##cc(const X86State *cpu)                            \
    {                                                                                 \
        return !(expr);                                                               \
    }

X86_DEFINE_COND(o, x86_of(cpu))
X86_DEFINE_COND(b, x86_cf(cpu))
X86_DEFINE_COND(z, x86_zf(cpu))
X86_DEFINE_COND(be, x86_cf(cpu) || x86_zf(cpu))
X86_DEFINE_COND(s, x86_sf(cpu))
X86_DEFINE_COND(p, x86_pf(cpu))
X86_DEFINE_COND(l, x86_sf(cpu) != x86_of(cpu))
X86_DEFINE_COND(le, x86_zf(cpu) || x86_sf(cpu) != x86_of(cpu))

#endif
