/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Control and state of the FPU: control and status word, environment, FSAVE, FXSAVE and
 * their reverse, MXCSR, EMMS.  SDM volume 1, 8.1 and 10.5; volume 2.
 */
#include "accel/target/i386/fpu.h"
#include "accel/target/i386/ref-x87.h"

void x86_ref_fwait(X86State *cpu, const X86Insn *i)
{
    x87_wait(cpu);
}

/* FNOP; FENI, FDISI and FSETPM of the 8087 and 80287. */
void x86_ref_fnop(X86State *cpu, const X86Insn *i)
{
    if (i->opcode == 0xd9) {
        x87_wait(cpu);
        x87_note(cpu, i);
    }
}

/* The registers keep their contents, but all are empty. */
void x86_ref_fninit(X86State *cpu, const X86Insn *i)
{
    x87_set_top(cpu, 0);
    cpu->xs.fcw = X87_FCW_INIT;
    cpu->xs.fsw = 0;
    cpu->xs.ftw = 0;
    cpu->xs.fop = 0;
    cpu->xs.fip = 0;
    cpu->xs.fdp = 0;
    cpu->fcs = 0;
    cpu->fds = 0;
    x86_fp_masks_changed(cpu, i);
}

void x86_ref_fnclex(X86State *cpu, const X86Insn *i)
{
    cpu->xs.fsw &= ~(X87_FSW_EXC | X87_FSW_SF | X87_FSW_ES | X87_FSW_B);
}

void x86_ref_fldcw(X86State *cpu, const X86Insn *i)
{
    uint16_t v;

    x87_wait(cpu);
    v = x86_m_ld16(cpu, i);
    x87_set_fcw(cpu, v);
    x86_fp_masks_changed(cpu, i);
}

void x86_ref_fnstcw(X86State *cpu, const X86Insn *i)
{
    x86_st16(cpu, i->seg, x86_ea(cpu, i), cpu->xs.fcw);
}

void x86_ref_fnstsw_m16(X86State *cpu, const X86Insn *i)
{
    x86_st16(cpu, i->seg, x86_ea(cpu, i), cpu->xs.fsw);
}

void x86_ref_fnstsw_ax(X86State *cpu, const X86Insn *i)
{
    cpu->regs[X86_RAX].w = cpu->xs.fsw;
}

/* --- environment ---------------------------------------------------------------- */

/* The two-bit tags of FSTENV: 0 valid, 1 zero, 2 special, 3 empty. */
static uint16_t full_tag_word(const X86State *cpu)
{
    unsigned top = x87_top(cpu);
    uint16_t tags = 0;

    for (unsigned phys = 0; phys < 8; phys++) {
        const X86St *st = &cpu->xs.st[(phys - top) & 7];
        unsigned exponent = st->exponent & 0x7fff;
        unsigned tag = 2;

        if (!(cpu->xs.ftw >> phys & 1)) {
            tag = 3;
        } else if (exponent == 0 && st->mantissa == 0) {
            tag = 1;
        } else if (exponent != 0 && exponent != 0x7fff && st->mantissa >> 63) {
            tag = 0;
        }
        tags |= tag << (2 * phys);
    }
    return tags;
}

static void set_full_tag_word(X86State *cpu, uint16_t tags)
{
    cpu->xs.ftw = 0;
    for (unsigned phys = 0; phys < 8; phys++) {
        if ((tags >> (2 * phys) & 3) != 3) {
            cpu->xs.ftw |= 1u << phys;
        }
    }
}

static bool env_is_protected(const X86State *cpu)
{
    return (cpu->mode & X86_MODE_PE) && !(cpu->mode & X86_MODE_VM86);
}

static unsigned env_size(const X86Insn *i)
{
    return i->opsize == 2 ? 14 : 28;
}

/* SDM volume 1, figures 8-9 to 8-12: seven words or doublewords. */
static void env_get(const X86State *cpu, const X86Insn *i, void *buf)
{
    uint32_t fip = cpu->xs.fip, fdp = cpu->xs.fdp;
    uint16_t fop = cpu->xs.fop & 0x7ff;
    uint32_t e[7] = { 0xffff0000u | cpu->xs.fcw, 0xffff0000u | cpu->xs.fsw,
                      0xffff0000u | full_tag_word(cpu) };

    if (env_is_protected(cpu)) {
        e[3] = fip;
        e[4] = cpu->fcs | (uint32_t)fop << 16;
        e[5] = fdp;
        e[6] = 0xffff0000u | cpu->fds;
    } else {
        fip += (uint32_t)cpu->fcs << 4;
        fdp += (uint32_t)cpu->fds << 4;
        e[3] = 0xffff0000u | fip;
        e[4] = (fip >> 16 & 0xffff) << 12 | fop;
        e[5] = 0xffff0000u | fdp;
        e[6] = (fdp >> 16 & 0xffff) << 12;
    }
    if (i->opsize == 2) {
        uint16_t w[7];

        for (unsigned k = 0; k < 7; k++) {
            w[k] = e[k];
        }
        memcpy(buf, w, sizeof(w));
    } else {
        memcpy(buf, e, sizeof(e));
    }
}

static void env_set(X86State *cpu, const X86Insn *i, const void *buf)
{
    uint32_t e[7];

    if (i->opsize == 2) {
        uint16_t w[7];

        memcpy(w, buf, sizeof(w));
        for (unsigned k = 0; k < 7; k++) {
            e[k] = w[k];
        }
    } else {
        memcpy(e, buf, sizeof(e));
    }
    x87_set_top(cpu, e[1] >> X87_FSW_TOP_SHIFT & 7);
    cpu->xs.fsw = e[1];
    set_full_tag_word(cpu, e[2]);
    x87_set_fcw(cpu, e[0]);
    if (env_is_protected(cpu)) {
        cpu->xs.fip = e[3];
        cpu->fcs = e[4];
        /* The 16-bit form has no opcode. */
        cpu->xs.fop = i->opsize == 2 ? 0 : e[4] >> 16 & 0x7ff;
        cpu->xs.fdp = e[5];
        cpu->fds = e[6];
    } else {
        uint32_t high = i->opsize == 2 ? 0xf : 0xffff;

        cpu->xs.fip = (e[3] & 0xffff) | (e[4] >> 12 & high) << 16;
        cpu->xs.fop = e[4] & 0x7ff;
        cpu->xs.fdp = (e[5] & 0xffff) | (e[6] >> 12 & high) << 16;
        cpu->fcs = 0;
        cpu->fds = 0;
    }
    x86_fp_masks_changed(cpu, i);
}

void x86_ref_fnstenv(X86State *cpu, const X86Insn *i)
{
    uint8_t buf[28];

    env_get(cpu, i, buf);
    x86_st_bytes(cpu, i->seg, x86_ea(cpu, i), buf, env_size(i));
    x87_set_fcw(cpu, cpu->xs.fcw | X87_FCW_MASKS);
    x86_fp_masks_changed(cpu, i);
}

void x86_ref_fldenv(X86State *cpu, const X86Insn *i)
{
    uint8_t buf[28];

    x87_wait(cpu);
    x86_ld_bytes(cpu, i->seg, x86_ea(cpu, i), buf, env_size(i));
    env_set(cpu, i, buf);
}

void x86_ref_fnsave(X86State *cpu, const X86Insn *i)
{
    unsigned env = env_size(i);
    uint8_t buf[28 + 80];

    env_get(cpu, i, buf);
    for (unsigned k = 0; k < 8; k++) {
        memcpy(buf + env + 10 * k, &cpu->xs.st[k], 10);
    }
    x86_st_bytes(cpu, i->seg, x86_ea(cpu, i), buf, env + 80);
    x86_ref_fninit(cpu, i);
}

void x86_ref_frstor(X86State *cpu, const X86Insn *i)
{
    unsigned env = env_size(i);
    uint8_t buf[28 + 80];

    x87_wait(cpu);
    x86_ld_bytes(cpu, i->seg, x86_ea(cpu, i), buf, env + 80);
    env_set(cpu, i, buf);
    for (unsigned k = 0; k < 8; k++) {
        cpu->xs.st[k].v.u64[1] = 0;
        memcpy(&cpu->xs.st[k], buf + env + 10 * k, 10);
    }
}

/* --- FXSAVE --------------------------------------------------------------------- */

enum {
    FXSAVE_SIZE = 512,
    FXSAVE_WRITTEN32 = offsetof(X86Xsave, xmm) + 8 * 16,
    FXSAVE_WRITTEN64 = offsetof(X86Xsave, xmm) + 16 * 16,
};

/* Bytes of the image in this mode; with EFER.FFXSR, kernel code in 64-bit mode leaves
 * the XMM registers alone. */
static unsigned fxsave_len(const X86State *cpu)
{
    if (!x86_is64(cpu)) {
        return FXSAVE_WRITTEN32;
    }
    if (cpu->efer & X86_EFER_FFXSR && cpu->cpl == 0) {
        return offsetof(X86Xsave, xmm);
    }
    return FXSAVE_WRITTEN64;
}

/* Bytes 8 to 23: 64-bit pointers with REX.W, else offset and selector. */
static void pack_pointers(const X86State *cpu, const X86Insn *i, X86Xsave *img)
{
    if (!(i->flags & X86_I_W)) {
        img->fip = (uint32_t)cpu->xs.fip | (uint64_t)cpu->fcs << 32;
        img->fdp = (uint32_t)cpu->xs.fdp | (uint64_t)cpu->fds << 32;
    }
}

void x86_ref_fxsave(X86State *cpu, const X86Insn *i)
{
    uint64_t ea = x86_ea(cpu, i);
    X86Xsave img;

    x86_check_align(cpu, i->seg, ea, 15);
    memcpy(&img, &cpu->xs, FXSAVE_WRITTEN64);
    img.rsvd0 = 0;
    img.mxcsr_mask = X86_MXCSR_MASK;
    pack_pointers(cpu, i, &img);
    x86_probe(cpu, i->seg, ea, FXSAVE_SIZE, SOFT_TLB_WRITE);
    x86_st_bytes(cpu, i->seg, ea, &img, fxsave_len(cpu));
}

void x86_ref_fxrstor(X86State *cpu, const X86Insn *i)
{
    uint64_t ea = x86_ea(cpu, i);
    unsigned len = fxsave_len(cpu);
    X86Xsave img;

    x86_check_align(cpu, i->seg, ea, 15);
    x86_ld_bytes(cpu, i->seg, ea, &img, FXSAVE_SIZE);
    if (img.mxcsr & ~X86_MXCSR_MASK) {
        x86_raise_gp(cpu, 0);
    }
    for (unsigned k = 0; k < 8; k++) {
        memset(img.st[k].pad, 0, sizeof(img.st[k].pad));
    }
    cpu->fcs = cpu->fds = 0;
    if (!(i->flags & X86_I_W)) {
        cpu->fcs = img.fip >> 32;
        cpu->fds = img.fdp >> 32;
        img.fip = (uint32_t)img.fip;
        img.fdp = (uint32_t)img.fdp;
    }
    img.rsvd0 = 0;
    img.fop &= 0x7ff;
    memcpy(&cpu->xs, &img, len);
    x87_set_fcw(cpu, img.fcw);
    x86_fp_masks_changed(cpu, i);
}

/* --- MXCSR, EMMS ---------------------------------------------------------------- */

void x86_ref_ldmxcsr(X86State *cpu, const X86Insn *i)
{
    uint32_t v = x86_m_ld32(cpu, i);

    if (v & ~X86_MXCSR_MASK) {
        x86_raise_gp(cpu, 0);
    }
    cpu->xs.mxcsr = v;
    x86_fp_masks_changed(cpu, i);
}

void x86_ref_stmxcsr(X86State *cpu, const X86Insn *i)
{
    x86_st32(cpu, i->seg, x86_ea(cpu, i), cpu->xs.mxcsr);
}

void x86_ref_emms(X86State *cpu, const X86Insn *i)
{
    x87_wait(cpu);
    x87_set_top(cpu, 0);
    cpu->xs.ftw = 0;
}
