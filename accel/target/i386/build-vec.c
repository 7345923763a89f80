/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * MMX, SSE and AVX for the translator: one build function for all rows that the host
 * executes with equal results.
 *
 * Everything follows from the row: prefix, map, W and L from the text of its encoding,
 * the slots of the template from the operand letters, the size of a memory operand from
 * the letter's type (never less than what is accessed; what is more only makes the slow
 * path a little more frequent), alignment from the exception class. What needs more
 * than that has no build function or one of its own below.
 */
#include "accel/target/i386/build-vec.h"
#include "accel/target/i386/build.h"
#include "accel/target/i386/host-features.h"
#include "accel/target/i386/operands.h"

#include <string.h>

/* --- what the row says ---------------------------------------------------------- */

/* "66 0F 10 /r", "VEX.LIG.66.0F.WIG 10 /r" */
static const char *prefix_text(const X86Row *row, bool vex)
{
    return vex ? strchr(row->enc + 4, '.') + 1 : row->enc;
}

static uint8_t prefix_of(const X86Row *row, bool vex)
{
    const char *p = prefix_text(row, vex);

    return !memcmp(p, "66", 2)   ? 0x66
           : !memcmp(p, "F3", 2) ? 0xf3
           : !memcmp(p, "F2", 2) ? 0xf2
                                 : 0;
}

static bool has_type(const X86Row *row, X86OpType type)
{
    for (unsigned k = 0; k < 4; k++) {
        if (X86_OP_TYPE(row->op[k]) == type) {
            return true;
        }
    }
    return false;
}

static bool has_method(const X86Row *row, X86OpMethod method)
{
    for (unsigned k = 0; k < 4; k++) {
        if (X86_OP_METHOD(row->op[k]) == method) {
            return true;
        }
    }
    return false;
}

/* W counts where the row names it, and for operands of type y. */
static bool wide(const X86Insn *i)
{
    const X86Row *row = i->row;

    if (has_type(row, X86_OPT_y) || row->rules & X86_Y64) {
        return i->opsize == 8;
    }
    return i->flags & X86_I_VEX && strstr(row->enc, ".W1");
}

/* L counts where the row names it, and for operands of type x. */
static bool is_256(const X86Insn *i)
{
    char l = i->row->enc[4];

    if (!(i->flags & X86_I_VEX)) {
        return false;
    }
    return l == '2' || (l == 'L' && has_type(i->row, X86_OPT_x) && i->vl == 32);
}

static unsigned size_of(const X86Insn *i, X86OpType type)
{
    switch (type) {
    case X86_OPT_b:
        return 1;
    case X86_OPT_w:
        return 2;
    case X86_OPT_d:
    case X86_OPT_ss:
        return 4;
    case X86_OPT_q:
    case X86_OPT_pi:
    case X86_OPT_sd:
        return 8;
    case X86_OPT_y:
        return i->opsize;
    case X86_OPT_qq:
        return 32;
    case X86_OPT_x:
        return is_256(i) ? 32 : 16;
    default:
        return 16;
    }
}

/* Flags of COMISx, UCOMISx, PTEST, VTESTPx and PCMPxSTRx; all of them write all six. */
static uint16_t flags_of(const X86Insn *i)
{
    bool vex = i->flags & X86_I_VEX;

    switch (i->map) {
    case 1:
        return (i->opcode & 0xfe) == 0x2e ? IR_FLAGS_ALL : 0;
    case 2:
        return i->opcode == 0x17 || (vex && (i->opcode & 0xfe) == 0x0e) ? IR_FLAGS_ALL
                                                                        : 0;
    default:
        return i->opcode >= 0x60 && i->opcode <= 0x63 ? IR_FLAGS_ALL : 0;
    }
}

/* --- whether -------------------------------------------------------------------- */

static bool raises_xm(const X86Row *row)
{
    return row->exc == X86_EXC_CLASS_2 || row->exc == X86_EXC_CLASS_3 ||
           row->feature == X86_F_F16C;
}

static bool uses_mmx(const X86Row *row)
{
    return has_method(row, X86_OPM_P) || has_method(row, X86_OPM_Q) ||
           has_method(row, X86_OPM_N) || row->exc == X86_EXC_CLASS_MMX;
}

static bool may_run(const X86Build *b, const X86Insn *i)
{
    const X86Row *row = i->row;

    if (!x86_host_executes(row->feature) ||
        (i->flags & X86_I_VEX && !x86_host_executes(X86_F_AVX))) {
        return false;
    }
    return !(b->mode & X86_MODE_XM && raises_xm(row)) &&
           !(b->mode & X86_MODE_MF && uses_mmx(row));
}

/* --- slots ---------------------------------------------------------------------- */

/* The memory operand, if there is one: its size and how it is accessed. */
typedef struct Memory {
    unsigned size;
    unsigned access;
} Memory;

static void rm_slot(IrTemplate *t, const X86Insn *i, unsigned k, Memory *mem)
{
    X86OpMethod m = X86_OP_METHOD(i->row->op[k]);

    t->rm_written = k == 0;
    if (i->flags & X86_I_MEM) {
        t->rm_mem = true;
        mem->size = size_of(i, X86_OP_TYPE(i->row->op[k]));
        mem->access = k == 0 ? IR_WRITE : IR_READ;
    } else if (m == X86_OPM_E || m == X86_OPM_R) {
        t->rm_g = IR_G(i->rm);
    } else {
        t->rm_is_vec = true;
        t->rm = m == X86_OPM_Q || m == X86_OPM_N ? i->rm & 7 : i->rm;
    }
}

/* Fills the slots from the letters; false: a letter that is not for templates. */
static bool fill_slots(const X86Build *b, IrTemplate *t, const X86Insn *i, Memory *mem)
{
    for (unsigned k = 0; k < 4; k++) {
        switch (X86_OP_METHOD(i->row->op[k])) {
        case X86_OPM_NONE:
            break;
        case X86_OPM_P:
            t->reg_is_vec = true;
            t->reg = i->reg & 7;
            t->reg_written |= k == 0;
            break;
        case X86_OPM_V:
            t->reg_is_vec = true;
            t->reg = i->reg;
            t->reg_written |= k == 0;
            break;
        case X86_OPM_G:
            t->reg_g = IR_G(i->reg);
            t->reg_written |= k == 0;
            break;
        case X86_OPM_H:
            t->vvvv_is_vec = true;
            t->vvvv = i->vvvv;
            t->vvvv_written |= k == 0;
            break;
        case X86_OPM_E:
        case X86_OPM_M:
        case X86_OPM_N:
        case X86_OPM_Q:
        case X86_OPM_R:
        case X86_OPM_U:
        case X86_OPM_W:
            rm_slot(t, i, k, mem);
            break;
        case X86_OPM_L:
            /* Outside of 64-bit code there are eight registers. */
            t->imm8 = i->imm & (x86_build_is64(b) ? 0xff : 0x7f);
            t->has_imm = true;
            break;
        case X86_OPM_I:
            t->imm8 = i->imm;
            t->has_imm = true;
            break;
        default:
            return false;
        }
    }
    if (!t->reg_is_vec && t->reg_g == IR_NONE) {
        t->reg = i->modrm >> 3 & 7; /* a digit */
    }
    return true;
}

static uint8_t files_of(const X86Insn *i)
{
    uint8_t vec = i->flags & X86_I_VEX ? IR_VEC_SSE | IR_VEC_AVX : 0;

    if (uses_mmx(i->row)) {
        vec |= IR_VEC_SSE | IR_VEC_X87;
    }
    return vec ? vec : IR_VEC_SSE;
}

/* Non-temporal stores become ordinary ones: the order of stores is then that of the
 * architecture without SFENCE, which has no code. */
static uint8_t opcode_of(const X86Insn *i, uint8_t pp)
{
    if (i->map == 1 && i->opcode == 0x2b) {
        return pp == 0xf3 || pp == 0xf2 ? 0x11 : 0x29;
    }
    return i->map == 1 && i->opcode == 0xe7 ? 0x7f : i->opcode;
}

static IrTemplate *new_template(X86Build *b, const X86Insn *i)
{
    bool vex = i->flags & X86_I_VEX;
    IrTemplate *t = ir_template(b->ir);

    t->enc = vex ? IR_ENC_VEX : IR_ENC_LEGACY;
    t->map = i->map;
    t->pp = prefix_of(i->row, vex);
    t->opcode = opcode_of(i, t->pp);
    t->w = wide(i);
    t->l = is_256(i);
    t->flags_written = flags_of(i);
    t->vec = files_of(i);
    return t;
}

/* Checks the memory operand and emits the node. */
static bool emit_template(X86Build *b, const X86Insn *i, const IrTemplate *t,
                          Memory mem, unsigned align)
{
    IrVal host = IR_NONE;
    IrNode *n;

    if (t->rm_mem && !x86_build_mem_aligned(b, i, mem.size, align, mem.access, &host)) {
        return false;
    }
    n = x86_emit(b, IR_TEMPLATE, 8, IR_NONE, host);
    n->tmpl = t;
    b->ir->vec |= t->vec;
    return true;
}

bool x86_build_vec(X86Build *b, const X86Insn *i)
{
    Memory mem = { 0 };
    unsigned align = i->align;
    IrTemplate *t;

    if (!may_run(b, i)) {
        return false;
    }
    t = new_template(b, i);
    if (!fill_slots(b, t, i, &mem)) {
        return false;
    }
    /* Hosts differ in what they demand; the reference function demands nothing. */
    if (i->row->feature == X86_F_SHA) {
        align = 15;
    }
    return emit_template(b, i, t, mem, align);
}

/* --- rows with a build function of their own ------------------------------------ */

/* PCMPxSTRx have implicit operands: the lengths in rAX and rDX (60, 61), the index in
 * rCX (61, 63).  The forms with an index write no vector, so that VEX does not matter,
 * and the legacy encoding has a slot for each of them. */
bool x86_build_pcmpstr(X86Build *b, const X86Insn *i)
{
    bool index = i->opcode & 1;
    Memory mem = { 0 };
    IrTemplate *t;

    if (!may_run(b, i)) {
        return false;
    }
    t = new_template(b, i);
    if (!fill_slots(b, t, i, &mem)) {
        return false;
    }
    if (index) {
        t->enc = IR_ENC_LEGACY;
        t->vvvv_g = IR_G(X86_RCX);
        t->vvvv_written = true;
        t->reg_written = false;
    }
    if (i->opcode < 0x62) {
        t->w = i->opsize == 8;
        t->reg_g = IR_G(X86_RAX);
        t->rm_g = IR_G(X86_RDX);
    }
    return emit_template(b, i, t, mem, 0);
}

/* VZEROUPPER and VZEROALL outside of 64-bit code leave the upper eight registers. */
bool x86_build_vzero(X86Build *b, const X86Insn *i)
{
    return x86_build_is64(b) && x86_build_vec(b, i);
}

/*
 * LDMXCSR of a value that masks all exceptions, as it is now: to the state and from
 * there to the host. ROR by 5 brings the masks to bits 7:2 of the low byte.
 */
bool x86_build_ldmxcsr(X86Build *b, const X86Insn *i)
{
    const size_t mxcsr = offsetof(X86State, xs.mxcsr);
    IrVal host, v = ir_temp(b->ir), rotated = ir_temp(b->ir), masks = ir_temp(b->ir);
    IrTemplate *rorx, *load;
    IrNode *n;

    if (b->mode & X86_MODE_XM || !x86_build_mem(b, i, 4, IR_READ, &host)) {
        return false;
    }
    x86_emit(b, IR_MOV, 4, v, host)->flags |= IR_MEM_B;
    rorx = ir_template(b->ir);
    rorx->enc = IR_ENC_VEX;
    rorx->map = 3;
    rorx->pp = 0xf2;
    rorx->opcode = 0xf0;
    rorx->reg_g = rotated;
    rorx->rm_g = v;
    rorx->reg_written = true;
    rorx->has_imm = true;
    rorx->imm8 = 5;
    x86_emit(b, IR_TEMPLATE, 8, IR_NONE, IR_NONE)->tmpl = rorx;
    n = x86_emit(b, IR_MOVZX, 4, masks, rotated);
    n->size = 1;
    x86_emit_guard_imm(b, 4, masks, IR_B, 0xfc);
    x86_emit_guard_imm(b, 4, v, IR_A, X86_MXCSR_MASK);
    x86_emit_store_state(b, 4, mxcsr, v);
    load = ir_template(b->ir);
    load->enc = IR_ENC_LEGACY;
    load->map = 1;
    load->opcode = 0xae;
    load->reg = 2;
    load->rm_state = true;
    load->vec = IR_VEC_SSE;
    n = x86_emit(b, IR_TEMPLATE, 8, IR_NONE, IR_NONE);
    n->tmpl = load;
    n->disp = mxcsr;
    b->ir->vec |= IR_VEC_SSE;
    return true;
}

/* The host's MXCSR is the guest's, if that masks all exceptions. */
bool x86_build_stmxcsr(X86Build *b, const X86Insn *i)
{
    Memory mem = { .size = 4, .access = IR_WRITE };
    IrTemplate *t;

    if (b->mode & X86_MODE_XM) {
        return false;
    }
    t = ir_template(b->ir);
    t->enc = IR_ENC_LEGACY;
    t->map = 1;
    t->opcode = 0xae;
    t->reg = 3;
    t->rm_mem = t->rm_written = true;
    t->vec = IR_VEC_SSE;
    return emit_template(b, i, t, mem, 0);
}
