/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Descriptors and segment registers: SDM volume 3A, chapters 3 and 5.
 */
#include "accel/target/i386/system.h"

bool x86_desc_read(X86State *cpu, uint16_t sel, X86Desc *d)
{
    uint64_t base = cpu->gdtr.base, v;
    uint32_t limit = cpu->gdtr.limit, index = sel & 0xfff8;

    *d = (X86Desc){ 0 };
    if (sel & 4) {
        if (!(cpu->ldtr.attr & X86_SEG_P)) {
            return false;
        }
        base = cpu->ldtr.base;
        limit = cpu->ldtr.limit;
    }
    if (index + 7 > limit) {
        return false;
    }
    d->addr = base + index;
    if (!x86_is_long(cpu)) {
        d->addr = (uint32_t)d->addr;
    }
    v = x86_sys_ld(cpu, d->addr, 8);
    d->lo = v;
    d->hi = v >> 32;
    /* System descriptors have 16 bytes in long mode. */
    if (x86_is_long(cpu) && !(d->hi & X86_SEG_S << 8)) {
        v = index + 15 <= limit ? x86_sys_ld(cpu, d->addr + 8, 8) : 0x1full << 40;
        d->hi2 = v;
        d->cut = v >> 40 & 0x1f;
    }
    return true;
}

void x86_desc_set_accessed(X86State *cpu, X86Desc *d)
{
    if (!(d->hi & X86_SEG_ACCESSED << 8)) {
        d->hi |= X86_SEG_ACCESSED << 8;
        x86_sys_st(cpu, d->addr + 5, d->hi >> 8 & 0xff, 1);
    }
}

void x86_desc_set_busy(X86State *cpu, X86Desc *d, bool busy)
{
    d->hi = busy ? d->hi | 0x200 : d->hi & ~0x200u;
    x86_sys_st(cpu, d->addr + 5, d->hi >> 8 & 0xff, 1);
}

X86Segment x86_desc_segment(const X86Desc *d, uint16_t sel)
{
    return (X86Segment){ .base = x86_desc_base(d),
                         .limit = x86_desc_limit(d),
                         .selector = sel,
                         .attr = x86_desc_attr(d) };
}

void x86_load_seg_cache(X86State *cpu, unsigned seg, const X86Segment *s)
{
    cpu->seg[seg] = *s;
    if (seg == X86_SS || seg == X86_CS) {
        x86_update_mode(cpu);
    }
    x86_update_seg(cpu, seg);
}

void x86_load_seg_real(X86State *cpu, unsigned seg, uint16_t sel)
{
    X86Segment s = cpu->seg[seg];

    s.selector = sel;
    s.base = (uint32_t)sel << 4;
    if (x86_is_vm86(cpu)) {
        s.limit = 0xffff;
        s.attr = 0xf3;
    } else if (seg == X86_CS) {
        /* Limit and D stay as they are ("unreal" code too), rights become usable. */
        s.attr = (s.attr & (X86_SEG_DB | X86_SEG_G)) | 0x9b;
    } else {
        s.attr = (s.attr & (X86_SEG_DB | X86_SEG_G)) | 0x93;
    }
    x86_load_seg_cache(cpu, seg, &s);
}

void x86_load_seg_null(X86State *cpu, unsigned seg, uint16_t sel)
{
    X86Segment s = { .selector = sel };

    if (seg == X86_FS || seg == X86_GS) {
        /* AMD keeps the base of FS and GS. */
        s.base = x86_is_long(cpu) ? cpu->seg[seg].base : 0;
    }
    if (seg == X86_SS) {
        s.attr = (uint16_t)(cpu->cpl << X86_SEG_DPL_SHIFT);
    }
    x86_load_seg_cache(cpu, seg, &s);
}

void x86_check_ss(X86State *cpu, uint16_t sel, const X86Desc *d, unsigned cpl,
                  X86Exception vector)
{
    uint32_t error = sel & 0xfffc;
    uint16_t attr = x86_desc_attr(d);

    if ((sel & 3) != cpl || x86_desc_dpl(d) != cpl || !(attr & X86_SEG_S) ||
        attr & X86_SEG_CODE || !(attr & X86_SEG_RW)) {
        x86_raise_err(cpu, vector, error);
    }
    if (!(attr & X86_SEG_P)) {
        x86_raise_err(cpu, X86_EXC_SS, error);
    }
}

static void load_seg_protected(X86State *cpu, unsigned seg, uint16_t sel)
{
    uint32_t error = sel & 0xfffc;
    X86Desc d;
    X86Segment s;

    if (!(sel & 0xfffc)) {
        if (seg == X86_SS &&
            (!x86_is64(cpu) || cpu->cpl == 3 || (sel & 3) != cpu->cpl)) {
            x86_raise_gp(cpu, 0);
        }
        x86_load_seg_null(cpu, seg, sel);
        if (seg != X86_SS) {
            cpu->seg[seg].base =
                x86_is64(cpu) || x86_is_long(cpu) ? cpu->seg[seg].base : 0;
        }
        x86_update_seg(cpu, seg);
        return;
    }
    if (!x86_desc_read(cpu, sel, &d)) {
        x86_raise_gp(cpu, error);
    }
    s = x86_desc_segment(&d, sel);
    if (seg == X86_SS) {
        x86_check_ss(cpu, sel, &d, cpu->cpl, X86_EXC_GP);
    } else {
        bool conforming =
            (s.attr & (X86_SEG_CODE | X86_SEG_EC)) == (X86_SEG_CODE | X86_SEG_EC);
        unsigned rpl = sel & 3, need = rpl > cpu->cpl ? rpl : cpu->cpl;

        if (!(s.attr & X86_SEG_S) ||
            (s.attr & (X86_SEG_CODE | X86_SEG_RW)) == X86_SEG_CODE ||
            (!conforming && x86_desc_dpl(&d) < need)) {
            x86_raise_gp(cpu, error);
        }
        if (!(s.attr & X86_SEG_P)) {
            x86_raise_err(cpu, X86_EXC_NP, error);
        }
    }
    x86_desc_set_accessed(cpu, &d);
    s.attr |= X86_SEG_ACCESSED;
    x86_load_seg_cache(cpu, seg, &s);
}

void x86_load_seg(X86State *cpu, unsigned seg, uint16_t sel)
{
    if (x86_is_protected(cpu)) {
        load_seg_protected(cpu, seg, sel);
    } else {
        x86_load_seg_real(cpu, seg, sel);
    }
}

void x86_load_cs(X86State *cpu, const X86Segment *s, unsigned cpl)
{
    cpu->seg[X86_CS] = *s;
    cpu->cpl = cpl;
    x86_update_mode(cpu);
    x86_update_seg(cpu, X86_CS);
}
