/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Templates: instructions of the guest that the host executes itself, with other
 * general registers and with the memory operand where CHECK has found it.  The bytes
 * are made from the fields of IrTemplate; nothing of the guest's code is copied, and an
 * opcode that is not on the list here is refused.
 *
 * Templates that touch a vector file need it live: vec-state.h.
 */
#ifndef ACCEL_TCG_X64_TEMPLATE_H
#define ACCEL_TCG_X64_TEMPLATE_H

#include "accel/tcg/jit.h"

/* Which slots of a template name general registers that the caller must find host
 * registers for; the others are vectors, digits, memory or implicit. */
static inline bool x64_template_reg_is_gpr(const IrTemplate *t)
{
    return t->enc != IR_ENC_X87 && !t->reg_is_vec && t->reg_g != IR_NONE;
}

static inline bool x64_template_rm_is_gpr(const IrTemplate *t)
{
    return t->enc != IR_ENC_X87 && !t->rm_is_vec && !t->rm_mem && !t->rm_state &&
           t->rm_g != IR_NONE;
}

static inline bool x64_template_vvvv_is_gpr(const IrTemplate *t)
{
    return t->enc == IR_ENC_VEX && !t->vvvv_is_vec && t->vvvv_g != IR_NONE;
}

/*
 * Emits the instruction; false if its opcode is not allowed.
 *
 * @reg, @rm, @vvvv: host registers of the slots that are general registers; with
 * t->rm_mem, @rm is the register that holds the host address.
 * @disp: displacement of t->rm_mem and t->rm_state (which is relative to GS).
 *
 * A source and the destination may share a host register.  Flags and scratch registers
 * stay as they are, but for what the instruction itself writes.
 */
bool x64_template(JitBuf *b, const IrTemplate *t, unsigned reg, unsigned rm,
                  unsigned vvvv, int32_t disp);

#endif
