/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Single bits and bit counts. BMI, ADX and CRC32 are executed by the host's own
 * instruction: templates.
 */
#include "accel/target/i386/build.h"
#include "accel/target/i386/builds-int.h"
#include "accel/target/i386/jit-target.h"
#include "accel/target/i386/operands.h"

/* --- BT family ----------------------------------------------------------------------
 */

/* 0F BA /4 .. /7, 0F A3, AB, B3, BB: bits 4:3 of the opcode or bits 1:0 of the digit.
 */
static IrOp bit_op(const X86Insn *i)
{
    static const uint8_t ops[4] = { IR_BT, IR_BTS, IR_BTR, IR_BTC };

    return ops[i->opcode == 0xba ? i->modrm >> 3 & 3 : i->opcode >> 3 & 3];
}

bool x86_build_bt_i(X86Build *b, const X86Insn *i)
{
    IrOp op = bit_op(i);
    X86Operand rm;
    IrNode *n;

    if (!x86_build_rm(b, i, i->opsize, op == IR_BT ? IR_READ : IR_WRITE, &rm)) {
        return false;
    }
    n = x86_emit_imm(b, op, i->opsize, IR_NONE,
                     (int64_t)(i->imm & (i->opsize * 8 - 1)));
    x86_set_dst(n, rm);
    n->flags |= i->flags & X86_I_LOCK ? IR_LOCK : 0;
    return true;
}

/* Executes a host instruction (VEX.LZ.0F38, flags untouched) on general registers. */
static IrVal shift_x(X86Build *b, unsigned w, uint8_t pp, IrVal v, IrVal count)
{
    IrTemplate *t = ir_template(b->ir);
    IrVal to = ir_temp(b->ir);

    *t = (IrTemplate){ .enc = IR_ENC_VEX,
                       .map = 2,
                       .pp = pp,
                       .opcode = 0xf7,
                       .w = w == 8,
                       .reg_g = to,
                       .rm_g = v,
                       .vvvv_g = count,
                       .reg_written = true };
    ir_emit(b->ir, IR_TEMPLATE, w)->tmpl = t;
    return to;
}

/*
 * Memory with a register as bit index: the word that holds the bit is at the address
 * plus index / bits words. Where it need not be atomic, the word is loaded, changed in
 * a register, which sets CF, and stored; with LOCK the bit's number in its word is the
 * operand of a host instruction.
 */
static bool bt_memory(X86Build *b, const X86Insn *i)
{
    unsigned w = i->opsize, aw = (64 - i->adshift) / 8;
    IrOp op = bit_op(i);
    X86Operand m = { .mem = true }, index = { IR_G(i->reg), false };
    bool locked = i->flags & X86_I_LOCK && !b->ir->single;
    IrVal ea, word, v;
    IrNode *n;

    if (w == 2) {
        return false;
    }
    word = index.v;
    if (w == 4) {
        word = ir_temp(b->ir);
        n = x86_emit(b, IR_MOVSX, 8, word, index.v);
        n->size = 4;
    }
    word = shift_x(b, 8, 0xf3, word, x86_emit_const(b, w == 8 ? 6 : 5));
    ea = x86_emit_add(b, aw, x86_build_ea(b, i), word, w == 8 ? 3 : 2, 0);
    if (!x86_build_access(b, i->seg, ea, w, locked ? w - 1 : 0,
                          op == IR_BT ? IR_READ : IR_WRITE, &m.v)) {
        return false;
    }
    if (locked) {
        IrVal count = x86_emit_const(b, w == 8 ? 58 : 27);

        /* SHLX, SHRX: the flags of AND are not wanted. */
        v = shift_x(b, w, 0x66, index.v, count);
        n = x86_emit(b, op, w, IR_NONE, shift_x(b, w, 0xf2, v, count));
        x86_set_dst(n, m);
        n->flags |= IR_LOCK;
        return true;
    }
    v = x86_operand_value(b, m, w);
    x86_set_dst(x86_emit(b, op, w, IR_NONE, index.v), (X86Operand){ v, false });
    if (op != IR_BT) {
        x86_set_dst(x86_emit(b, IR_MOV, w, IR_NONE, v), m);
    }
    return true;
}

bool x86_build_bt_g(X86Build *b, const X86Insn *i)
{
    X86Operand rm = { IR_G(i->rm), false };

    if (i->flags & X86_I_MEM) {
        return bt_memory(b, i);
    }
    x86_set_dst(x86_emit(b, bit_op(i), i->opsize, IR_NONE, IR_G(i->reg)), rm);
    return true;
}

/* --- scans and counts ---------------------------------------------------------------
 */

static bool scan(X86Build *b, const X86Insn *i, IrOp op)
{
    X86Operand rm;

    if (!x86_build_rm(b, i, i->opsize, IR_READ, &rm)) {
        return false;
    }
    x86_set_src(x86_emit(b, op, i->opsize, IR_G(i->reg), IR_NONE), rm);
    return true;
}

bool x86_build_bsf(X86Build *b, const X86Insn *i)
{
    return scan(b, i, IR_BSF);
}

bool x86_build_bsr(X86Build *b, const X86Insn *i)
{
    return scan(b, i, IR_BSR);
}

bool x86_build_tzcnt(X86Build *b, const X86Insn *i)
{
    return scan(b, i, IR_TZCNT);
}

bool x86_build_lzcnt(X86Build *b, const X86Insn *i)
{
    return scan(b, i, IR_LZCNT);
}

bool x86_build_popcnt(X86Build *b, const X86Insn *i)
{
    return scan(b, i, IR_POPCNT);
}

/* --- templates ----------------------------------------------------------------------
 */

/* Appends @t with rm as the instruction has it. */
static bool emit_template(X86Build *b, const X86Insn *i, IrTemplate t, unsigned size)
{
    X86Operand rm;
    IrTemplate *to;
    IrNode *n;

    if (!x86_build_rm(b, i, size, IR_READ, &rm)) {
        return false;
    }
    to = ir_template(b->ir);
    *to = t;
    n = ir_emit(b->ir, IR_TEMPLATE, i->opsize);
    n->tmpl = to;
    if (rm.mem) {
        to->rm_mem = true;
        n->b = rm.v;
    } else {
        to->rm_g = rm.v;
    }
    return true;
}

static uint8_t vex_pp(const X86Insn *i)
{
    /* The row's text has it: "VEX.LZ.F2.0F38 F5 /r". */
    switch (i->row->enc[7] << 8 | i->row->enc[8]) {
    case '6' << 8 | '6':
        return 0x66;
    case 'F' << 8 | '3':
        return 0xf3;
    case 'F' << 8 | '2':
        return 0xf2;
    default:
        return 0;
    }
}

/* ANDN, BEXTR, BZHI set flags; the others (PEXT, PDEP, MULX, SHLX, SARX, SHRX, RORX)
 * have a mandatory prefix and leave them alone. */
bool x86_build_bmi(X86Build *b, const X86Insn *i)
{
    uint8_t pp = vex_pp(i);
    bool rorx = i->map == 3, mulx = i->opcode == 0xf6;
    IrTemplate t = { .enc = IR_ENC_VEX,
                     .map = i->map,
                     .pp = pp,
                     .opcode = i->opcode,
                     .w = i->opsize == 8,
                     .has_imm = rorx,
                     .imm8 = (uint8_t)i->imm,
                     .reg_g = IR_G(i->reg),
                     .vvvv_g = rorx ? IR_NONE : IR_G(i->vvvv),
                     .flags_written = pp ? 0 : IR_FLAGS_ALL,
                     .reg_written = true,
                     .vvvv_written = mulx };

    /* More operands than the back end has registers for. */
    if (mulx && i->flags & X86_I_MEM && x86_jit_target.host_reg[i->reg] < 0 &&
        x86_jit_target.host_reg[i->vvvv] < 0) {
        return false;
    }
    return emit_template(b, i, t, i->opsize);
}

/* 0F38 F3 /1 BLSR, /2 BLSMSK, /3 BLSI: the destination is in VEX.vvvv. */
bool x86_build_bmi_group(X86Build *b, const X86Insn *i)
{
    IrTemplate t = { .enc = IR_ENC_VEX,
                     .map = i->map,
                     .opcode = i->opcode,
                     .w = i->opsize == 8,
                     .reg = i->modrm >> 3 & 7,
                     .vvvv_g = IR_G(i->vvvv),
                     .flags_written = IR_FLAGS_ALL,
                     .vvvv_written = true };

    return emit_template(b, i, t, i->opsize);
}

/* 66 0F38 F6 ADCX, F3 0F38 F6 ADOX */
bool x86_build_adx(X86Build *b, const X86Insn *i)
{
    bool adox = i->flags & X86_I_REP;
    IrTemplate t = { .enc = IR_ENC_LEGACY,
                     .map = i->map,
                     .pp = adox ? 0xf3 : 0x66,
                     .opcode = i->opcode,
                     .w = i->opsize == 8,
                     .reg_g = IR_G(i->reg),
                     .flags_read = adox ? IR_OF : IR_CF,
                     .flags_written = adox ? IR_OF : IR_CF,
                     .reg_written = true };

    return emit_template(b, i, t, i->opsize);
}

bool x86_build_crc32(X86Build *b, const X86Insn *i)
{
    bool byte = X86_OP_TYPE(i->row->op[1]) == X86_OPT_b;
    IrTemplate t = { .enc = IR_ENC_LEGACY,
                     .map = i->map,
                     .pp = 0xf2,
                     .opcode = i->opcode,
                     .w = !byte && i->opsize == 8,
                     .reg_g = IR_G(i->reg),
                     .reg_written = true };

    if (byte ? !(i->flags & X86_I_MEM) : i->opsize == 2) {
        return false; /* a byte register, or another prefix */
    }
    return emit_template(b, i, t, byte ? 1 : i->opsize);
}
