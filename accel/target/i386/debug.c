/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Debug registers: SDM volume 3B, chapter 17.
 *
 * While a data breakpoint is armed every access takes the slow path, which compares
 * addresses; while an instruction breakpoint is armed the CPU steps.
 */
#include "accel/target/i386/system.h"

enum { RW_EXEC, RW_WRITE, RW_IO, RW_ACCESS };

static bool is_enabled(const X86State *cpu, unsigned n)
{
    return cpu->dr[7] >> (2 * n) & 3;
}

static unsigned kind_of(const X86State *cpu, unsigned n)
{
    return cpu->dr[7] >> (16 + 4 * n) & 3;
}

static unsigned length_of(const X86State *cpu, unsigned n)
{
    static const uint8_t len[4] = { 1, 2, 8, 4 };

    return len[cpu->dr[7] >> (18 + 4 * n) & 3];
}

void x86_update_breakpoints(X86State *cpu)
{
    uint8_t armed = 0;

    for (unsigned n = 0; n < 4; n++) {
        if (is_enabled(cpu, n)) {
            switch (kind_of(cpu, n)) {
            case RW_EXEC:
                armed |= X86_BP_CODE;
                break;
            case RW_IO:
                armed |= cpu->cr4 & X86_CR4_DE ? X86_BP_IO : 0;
                break;
            default:
                armed |= X86_BP_DATA;
                break;
            }
        }
    }
    if (armed != cpu->bp_armed) {
        cpu->bp_armed = armed;
        x86_update_mode(cpu);
        for (unsigned k = 0; k < X86_SEG_COUNT; k++) {
            x86_update_seg(cpu, k);
        }
    }
}

uint32_t x86_code_breakpoint(const X86State *cpu, uint64_t addr)
{
    uint32_t hit = 0;

    if (!(cpu->bp_armed & X86_BP_CODE) || cpu->rflags & X86_FL_RF) {
        return 0;
    }
    for (unsigned n = 0; n < 4; n++) {
        if (is_enabled(cpu, n) && kind_of(cpu, n) == RW_EXEC && cpu->dr[n] == addr) {
            hit |= 1u << n;
        }
    }
    return hit;
}

/* All that match are reported, also those not enabled, if one enabled matches. */
static void check(X86State *cpu, uint64_t addr, unsigned len,
                  bool (*wants)(unsigned, bool), bool write)
{
    uint32_t hit = 0;
    bool report = false;

    for (unsigned n = 0; n < 4; n++) {
        unsigned size = length_of(cpu, n);
        uint64_t first = cpu->dr[n] & ~(uint64_t)(size - 1);

        if (wants(kind_of(cpu, n), write) && addr < first + size &&
            first < addr + len) {
            hit |= 1u << n;
            report |= is_enabled(cpu, n);
        }
    }
    if (report) {
        cpu->pending_db |= hit;
        if (cpu->insn) {
            x86_end_block_at(cpu, cpu->insn->next_rip);
        }
    }
}

static bool wants_data(unsigned kind, bool write)
{
    return kind == RW_ACCESS || (kind == RW_WRITE && write);
}

static bool wants_io(unsigned kind, bool write)
{
    return kind == RW_IO;
}

void x86_check_data_breakpoint(X86State *cpu, uint64_t addr, unsigned len, bool write)
{
    check(cpu, addr, len, wants_data, write);
}

void x86_check_io_breakpoint(X86State *cpu, uint32_t port, unsigned len)
{
    check(cpu, port, len, wants_io, false);
}
