/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The reference functions of the vector instructions, for the opcode maps.  Of each
 * instruction in vec-int.def and vec-fp.def there are x86_ref_NAME (legacy),
 * x86_ref_vNAME (VEX, any length) and, where MMX has it, x86_ref_m_NAME.
 */
#ifndef ACCEL_TARGET_I386_REF_VEC_H
#define ACCEL_TARGET_I386_REF_VEC_H

#include "accel/target/i386/insn.h"

/* clang-format off */
#define MBIN(l, u, map, opc, mf, way, f) X86RefFn x86_ref_##l, x86_ref_v##l, x86_ref_m_##l;
#define BIN(l, u, map, opc, f)           X86RefFn x86_ref_##l, x86_ref_v##l;
#define PBIN(l, u, pfx, opc, f)          X86RefFn x86_ref_##l, x86_ref_v##l;
#define BIN128(l, u, map, opc, f, vf)    X86RefFn x86_ref_##l, x86_ref_v##l;
#define MUN(l, u, map, opc, f)           X86RefFn x86_ref_##l, x86_ref_v##l, x86_ref_m_##l;
#define UN128(l, u, map, opc, f, vf)     X86RefFn x86_ref_##l, x86_ref_v##l;
#define SHIFT(l, u, opc)                 X86RefFn x86_ref_##l, x86_ref_v##l, x86_ref_m_##l;
#define SHIFTI(l, u, opc)                X86RefFn x86_ref_##l##_i, x86_ref_v##l##_i, x86_ref_m_##l##_i;
#define EXTEND(l, u, opc, bytes)         X86RefFn x86_ref_##l, x86_ref_v##l;
#include "accel/target/i386/vec-int.def"
#undef MBIN
#undef BIN
#undef PBIN
#undef BIN128
#undef MUN
#undef UN128
#undef SHIFT
#undef SHIFTI
#undef EXTEND

#define FBIN(l, u, pfx, opc, f)            X86RefFn x86_ref_##l, x86_ref_v##l;
#define FUN(l, u, pfx, opc, f)             X86RefFn x86_ref_##l, x86_ref_v##l;
#define NUN(l, u, pfx, opc, f)             X86RefFn x86_ref_##l, x86_ref_v##l;
#define FSC(l, u, pfx, opc, f, bits, t)    X86RefFn x86_ref_##l, x86_ref_v##l;
#define NSC(l, u, pfx, opc, f, bits, t)    X86RefFn x86_ref_##l, x86_ref_v##l;
#define FWIDEN(l, u, pfx, opc, cls)        X86RefFn x86_ref_##l, x86_ref_v##l;
#define FNARROW(l, u, pfx, opc, cls)       X86RefFn x86_ref_##l, x86_ref_v##l;
#define FCMP(l, u, pfx, f)                 X86RefFn x86_ref_##l, x86_ref_v##l;
#define FCMPS(l, u, pfx, f, bits, t)       X86RefFn x86_ref_##l, x86_ref_v##l;
#include "accel/target/i386/vec-fp.def"
#undef FBIN
#undef FUN
#undef NUN
#undef FSC
#undef NSC
#undef FWIDEN
#undef FNARROW
#undef FCMP
#undef FCMPS
/* clang-format on */

#endif
