/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The XSAVE family: SDM volume 1, chapter 13.  Components: x87 (0), SSE (1), AVX (2).
 *
 * All components count as in use, except that one in its initial configuration is not
 * written by XSAVEOPT and XSAVEC, whose XSTATE_BV shows it.
 */
#include "accel/target/i386/access.h"
#include "accel/target/i386/fpu.h"
#include "accel/target/i386/refs-sys.h"
#include "accel/target/i386/system.h"

#include <string.h>

enum {
    OFF_MXCSR = 24,
    OFF_ST = 32,
    OFF_XMM = 160,
    OFF_HEADER = 512,
    OFF_YMMH = 576,
};

static void need_osxsave(X86State *cpu)
{
    if (!(cpu->mode & X86_MODE_OSXSAVE)) {
        x86_raise_ud(cpu);
    }
    if (cpu->mode & X86_MODE_TS) {
        x86_raise(cpu, X86_EXC_NM);
    }
}

void x86_ref_xgetbv(X86State *cpu, const X86Insn *i)
{
    uint32_t index = RN_32(X86_RCX);
    uint64_t v = cpu->xcr0;

    if (!(cpu->mode & X86_MODE_OSXSAVE)) {
        x86_raise_ud(cpu);
    }
    if (index && !(index == 1 && x86_has(cpu, X86_F_XGETBV1))) {
        x86_raise_gp(cpu, 0);
    }
    WN_32(X86_RAX, v);
    WN_32(X86_RDX, v >> 32);
}

void x86_ref_xsetbv(X86State *cpu, const X86Insn *i)
{
    uint64_t v = (uint64_t)RN_32(X86_RDX) << 32 | RN_32(X86_RAX);
    uint64_t valid = X86_XCR0_X87 | X86_XCR0_SSE;

    if (!(cpu->mode & X86_MODE_OSXSAVE)) {
        x86_raise_ud(cpu);
    }
    if (x86_has(cpu, X86_F_AVX)) {
        valid |= X86_XCR0_AVX;
    }
    if (cpu->cpl || RN_32(X86_RCX) || v & ~valid || !(v & X86_XCR0_X87) ||
        (v & (X86_XCR0_AVX | X86_XCR0_SSE)) == X86_XCR0_AVX) {
        x86_raise_gp(cpu, 0);
    }
    cpu->xcr0 = v;
    x86_update_mode(cpu);
    x86_end_block_at(cpu, i->next_rip);
}

static uint64_t requested(X86State *cpu)
{
    return cpu->xcr0 & ((uint64_t)RN_32(X86_RDX) << 32 | RN_32(X86_RAX));
}

static bool all_zero(const void *p, size_t len)
{
    const uint8_t *b = p;

    return !b[0] && !memcmp(b, b + 1, len - 1);
}

static unsigned xmm_count(const X86State *cpu)
{
    return x86_is64(cpu) ? 16 : 8;
}

/* Which components differ from their initial configuration (XINUSE). */
static uint64_t in_use(const X86State *cpu)
{
    const X86Xsave *x = &cpu->xs;
    uint64_t bv = 0;

    if (x->fcw != 0x37f || x->fsw || x->ftw || x->fop || x->fip || x->fdp ||
        !all_zero(x->st, sizeof(x->st))) {
        bv |= X86_XCR0_X87;
    }
    if (!all_zero(x->xmm, 16 * xmm_count(cpu))) {
        bv |= X86_XCR0_SSE;
    }
    if (!all_zero(x->ymmh, 16 * xmm_count(cpu))) {
        bv |= X86_XCR0_AVX;
    }
    return bv & cpu->xcr0;
}

static void check_area(X86State *cpu, const X86Insn *i, uint64_t ea)
{
    x86_check_align(cpu, i->seg, ea, 63);
}

/* fip and fdp of the 32-bit form carry the selectors. */
static void image_of_legacy(const X86State *cpu, const X86Insn *i, uint8_t image[160])
{
    memcpy(image, &cpu->xs, 160);
    memset(image + OFF_MXCSR, 0, 8);
    if (i->opsize != 8) {
        uint32_t w[4] = { (uint32_t)cpu->xs.fip, cpu->fcs, (uint32_t)cpu->xs.fdp,
                          cpu->fds };

        memcpy(image + 8, w, sizeof(w));
    }
}

static void store_components(X86State *cpu, const X86Insn *i, uint64_t ea,
                             uint64_t rfbm, uint64_t write, uint64_t avx_offset)
{
    uint8_t image[160];
    const uint32_t mxcsr[2] = { cpu->xs.mxcsr, X86_MXCSR_MASK };

    if (write & X86_XCR0_X87) {
        image_of_legacy(cpu, i, image);
        x86_st_bytes(cpu, i->seg, ea, image, 24);
        x86_st_bytes(cpu, i->seg, ea + OFF_ST, image + OFF_ST, 128);
    }
    if (rfbm & (X86_XCR0_SSE | X86_XCR0_AVX)) {
        x86_st_bytes(cpu, i->seg, ea + OFF_MXCSR, mxcsr, 8);
    }
    if (write & X86_XCR0_SSE) {
        x86_st_bytes(cpu, i->seg, ea + OFF_XMM, cpu->xs.xmm, 16 * xmm_count(cpu));
    }
    if (write & X86_XCR0_AVX) {
        x86_st_bytes(cpu, i->seg, ea + avx_offset, cpu->xs.ymmh, 16 * xmm_count(cpu));
    }
}

void x86_ref_xsave(X86State *cpu, const X86Insn *i)
{
    uint64_t ea = x86_ea(cpu, i), rfbm, bv;

    need_osxsave(cpu);
    check_area(cpu, i, ea);
    rfbm = requested(cpu);
    x86_probe(cpu, i->seg, ea, rfbm & X86_XCR0_AVX ? OFF_YMMH + 256 : OFF_YMMH,
              SOFT_TLB_WRITE);
    bv = x86_ld64(cpu, i->seg, ea + OFF_HEADER);
    store_components(cpu, i, ea, rfbm, rfbm, OFF_YMMH);
    x86_st64(cpu, i->seg, ea + OFF_HEADER, (bv & ~rfbm) | (rfbm & in_use(cpu)));
}

void x86_ref_xsaveopt(X86State *cpu, const X86Insn *i)
{
    uint64_t ea = x86_ea(cpu, i), rfbm, bv;

    need_osxsave(cpu);
    check_area(cpu, i, ea);
    rfbm = requested(cpu);
    x86_probe(cpu, i->seg, ea, rfbm & X86_XCR0_AVX ? OFF_YMMH + 256 : OFF_YMMH,
              SOFT_TLB_WRITE);
    bv = x86_ld64(cpu, i->seg, ea + OFF_HEADER);
    store_components(cpu, i, ea, rfbm, rfbm & in_use(cpu), OFF_YMMH);
    x86_st64(cpu, i->seg, ea + OFF_HEADER, (bv & ~rfbm) | (rfbm & in_use(cpu)));
}

void x86_ref_xsavec(X86State *cpu, const X86Insn *i)
{
    uint64_t ea = x86_ea(cpu, i), rfbm, bv;

    need_osxsave(cpu);
    check_area(cpu, i, ea);
    rfbm = requested(cpu);
    x86_probe(cpu, i->seg, ea, rfbm & X86_XCR0_AVX ? OFF_YMMH + 256 : OFF_YMMH,
              SOFT_TLB_WRITE);
    bv = rfbm & in_use(cpu);
    if (cpu->xs.mxcsr != X86_MXCSR_RESET) {
        bv |= rfbm & X86_XCR0_SSE;
    }
    store_components(cpu, i, ea, bv & X86_XCR0_SSE, bv, OFF_YMMH);
    x86_st64(cpu, i->seg, ea + OFF_HEADER, bv);
    x86_st64(cpu, i->seg, ea + OFF_HEADER + 8, 1ull << 63 | rfbm);
}

/* There are no supervisor components (IA32_XSS is 0). */
void x86_ref_xsaves(X86State *cpu, const X86Insn *i)
{
    x86_ref_xsavec(cpu, i);
}

static void load_x87(X86State *cpu, const X86Insn *i, const uint8_t *image)
{
    uint32_t mxcsr = cpu->xs.mxcsr;

    memcpy(&cpu->xs, image, 24);
    memcpy(cpu->xs.st, image + OFF_ST, 128);
    cpu->xs.mxcsr = mxcsr;
    if (i->opsize != 8) {
        uint32_t w[4];

        memcpy(w, image + 8, sizeof(w));
        cpu->xs.fip = w[0];
        cpu->fcs = w[1];
        cpu->xs.fdp = w[2];
        cpu->fds = w[3];
    }
    for (unsigned k = 0; k < 8; k++) {
        memset(cpu->xs.st[k].pad, 0, 6);
    }
}

static void init_x87(X86State *cpu)
{
    memset(&cpu->xs, 0, 24);
    memset(cpu->xs.st, 0, sizeof(cpu->xs.st));
    cpu->xs.fcw = 0x37f;
    cpu->fcs = cpu->fds = 0;
}

static void restore(X86State *cpu, const X86Insn *i, bool must_be_compact)
{
    uint64_t ea = x86_ea(cpu, i), rfbm, header[8], bv;
    uint8_t image[OFF_YMMH + 256];
    bool compact;
    uint32_t mxcsr;

    need_osxsave(cpu);
    check_area(cpu, i, ea);
    rfbm = requested(cpu);
    x86_ld_bytes(cpu, i->seg, ea + OFF_HEADER, header, sizeof(header));
    bv = header[0];
    compact = header[1] >> 63;
    if (bv & ~cpu->xcr0 || (!compact && (header[1] || must_be_compact)) || header[2] ||
        (compact && (!(x86_has(cpu, X86_F_XSAVEC) || must_be_compact) ||
                     header[1] << 1 >> 1 & ~cpu->xcr0 || bv & ~header[1]))) {
        x86_raise_gp(cpu, 0);
    }
    x86_ld_bytes(cpu, i->seg, ea, image,
                 rfbm & bv & X86_XCR0_AVX ? OFF_YMMH + 16 * xmm_count(cpu)
                                          : OFF_HEADER);
    memcpy(&mxcsr, image + OFF_MXCSR, 4);
    if (rfbm & (compact ? bv & X86_XCR0_SSE : X86_XCR0_SSE | X86_XCR0_AVX)) {
        if (mxcsr & ~X86_MXCSR_MASK) {
            x86_raise_gp(cpu, 0);
        }
        cpu->xs.mxcsr = mxcsr;
    } else if (compact && rfbm & X86_XCR0_SSE) {
        cpu->xs.mxcsr = X86_MXCSR_RESET;
    }
    if (rfbm & X86_XCR0_X87) {
        if (bv & X86_XCR0_X87) {
            load_x87(cpu, i, image);
        } else {
            init_x87(cpu);
        }
    }
    if (rfbm & X86_XCR0_SSE) {
        if (bv & X86_XCR0_SSE) {
            memcpy(cpu->xs.xmm, image + OFF_XMM, 16 * xmm_count(cpu));
        } else {
            memset(cpu->xs.xmm, 0, 16 * xmm_count(cpu));
        }
    }
    if (rfbm & X86_XCR0_AVX) {
        if (bv & X86_XCR0_AVX) {
            memcpy(cpu->xs.ymmh, image + OFF_YMMH, 16 * xmm_count(cpu));
        } else {
            memset(cpu->xs.ymmh, 0, 16 * xmm_count(cpu));
        }
    }
    x86_fp_masks_changed(cpu, i);
}

void x86_ref_xrstor(X86State *cpu, const X86Insn *i)
{
    restore(cpu, i, false);
}

void x86_ref_xrstors(X86State *cpu, const X86Insn *i)
{
    restore(cpu, i, true);
}
