/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * IN and OUT, with the I/O permission bit map (SDM volume 1, chapter 19).
 */
#include "accel/target/i386/access.h"
#include "accel/target/i386/refs-sys.h"
#include "accel/target/i386/system.h"
#include "accel/tcg/phys.h"

void x86_check_io(X86State *cpu, uint16_t port, unsigned size)
{
    uint32_t map, at, bits;

    if (!(cpu->cr0 & X86_CR0_PE) || (!x86_is_vm86(cpu) && cpu->cpl <= x86_iopl(cpu))) {
        return;
    }
    /* Only a 32-bit TSS (and the 64-bit one) has a map. */
    if (!(cpu->tr.attr & X86_SEG_P) || !(cpu->tr.attr & 8) || cpu->tr.limit < 0x67) {
        x86_raise_gp(cpu, 0);
    }
    map = x86_sys_ld(cpu, cpu->tr.base + 0x66, 2);
    at = map + port / 8;
    if (at + 1 > cpu->tr.limit) {
        x86_raise_gp(cpu, 0);
    }
    bits = x86_sys_ld(cpu, cpu->tr.base + at, 2) >> (port & 7);
    if (bits & ((1u << size) - 1)) {
        x86_raise_gp(cpu, 0);
    }
}

uint32_t x86_io_in(X86State *cpu, uint16_t port, unsigned size)
{
    uint32_t v = cpu->phys->ops->io_read(cpu->phys, port, size);

    if (cpu->bp_armed & X86_BP_IO) {
        x86_check_io_breakpoint(cpu, port, size);
    }
    return v;
}

void x86_io_out(X86State *cpu, uint16_t port, uint32_t v, unsigned size)
{
    cpu->phys->ops->io_write(cpu->phys, port, v, size);
    if (cpu->bp_armed & X86_BP_IO) {
        x86_check_io_breakpoint(cpu, port, size);
    }
}

static void in(X86State *cpu, const X86Insn *i, uint16_t port, unsigned size)
{
    uint64_t before = x86_surroundings(cpu);
    uint32_t v;

    x86_check_io(cpu, port, size);
    v = x86_io_in(cpu, port, size);
    if (size == 1) {
        RN_8(X86_RAX) = v;
    } else if (size == 2) {
        RN_16(X86_RAX) = v;
    } else {
        WN_32(X86_RAX, v);
    }
    x86_go_on_if_same(cpu, i, before);
}

static void out(X86State *cpu, const X86Insn *i, uint16_t port, unsigned size)
{
    uint64_t before = x86_surroundings(cpu);

    x86_check_io(cpu, port, size);
    x86_io_out(cpu, port,
               size == 1   ? RN_8(X86_RAX)
               : size == 2 ? RN_16(X86_RAX)
                           : RN_32(X86_RAX),
               size);
    x86_go_on_if_quiet(cpu, i, before);
}

static unsigned io_size(const X86Insn *i)
{
    return i->opsize == 2 ? 2 : 4;
}

void x86_ref_in_ib8(X86State *cpu, const X86Insn *i)
{
    in(cpu, i, (uint8_t)i->imm, 1);
}

void x86_ref_in_ib(X86State *cpu, const X86Insn *i)
{
    in(cpu, i, (uint8_t)i->imm, io_size(i));
}

void x86_ref_in_dx8(X86State *cpu, const X86Insn *i)
{
    in(cpu, i, RN_16(X86_RDX), 1);
}

void x86_ref_in_dx(X86State *cpu, const X86Insn *i)
{
    in(cpu, i, RN_16(X86_RDX), io_size(i));
}

void x86_ref_out_ib8(X86State *cpu, const X86Insn *i)
{
    out(cpu, i, (uint8_t)i->imm, 1);
}

void x86_ref_out_ib(X86State *cpu, const X86Insn *i)
{
    out(cpu, i, (uint8_t)i->imm, io_size(i));
}

void x86_ref_out_dx8(X86State *cpu, const X86Insn *i)
{
    out(cpu, i, RN_16(X86_RDX), 1);
}

void x86_ref_out_dx(X86State *cpu, const X86Insn *i)
{
    out(cpu, i, RN_16(X86_RDX), io_size(i));
}
