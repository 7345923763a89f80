/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Vector files between the state and the host's registers, by generated code.
 *
 *  V1 While C code runs, nothing is live: JitEnv.vec_live is 0, the host's MXCSR has
 *     the control bits of X64_MXCSR_C and any sticky flags, its x87 stack is empty.
 *  V2 IR_VEC_AVX (upper halves of YMM) and IR_VEC_X87 are live only together with
 *     IR_VEC_SSE (XMM and MXCSR).
 *  V3 What is live is exactly the guest's, MXCSR and the control word included, but for
 *     their exception masks, which are all set: code of guests that clear one has no
 *     templates that could raise it.
 *  V4 FOP, FIP and FDP in the state are not touched.
 *
 * So: a block with templates begins with x64_vec_head(); each way into C code (leaving,
 * reference functions) begins with x64_vec_leave(); and after C code that comes back
 * into the middle of a block which has templates left, x64_vec_reload() follows.
 *
 * All three destroy the host's flags and r15, and nothing else; GS is the state, RSP
 * the host's stack.  Context: translation lock.
 */
#ifndef ACCEL_TCG_X64_VEC_STATE_H
#define ACCEL_TCG_X64_VEC_STATE_H

#include "accel/tcg/jit.h"

enum { X64_MXCSR_C = 0x1f80 };

/* Emits the routines that the others call; once, before any of them. */
void x64_vec_setup(const JitTarget *target, JitBuf *buf);

/* At the entry of a block, where flags are in M: makes @need (IrBlock.vec, not 0) live.
 * The test goes to @hot, the call to @cold. */
void x64_vec_head(const JitTarget *target, JitBuf *hot, JitBuf *cold, unsigned need);

/* Nothing is live: makes @need live.  In a cold stub after C code. */
void x64_vec_reload(JitBuf *buf, unsigned need);

/* Stores what is live.  In the shared code that enters C. */
void x64_vec_leave(const JitTarget *target, JitBuf *buf);

#endif
