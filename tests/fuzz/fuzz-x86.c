/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Any bytes as x86 code in any mode: each instruction of the input is decoded and
 * executed, whatever the one before it did to the CPU.  The first sixteen bytes choose
 * mode, privilege and registers.  There are 64 KiB of RAM at 0; all else is a device
 * that answers.
 */
#include "fuzz.h"

#include "accel/target/i386/blocks.h"
#include "accel/target/i386/decode.h"
#include "accel/target/i386/system.h"
#include "accel/tcg/phys.h"

#include <string.h>

enum { RAM_SIZE = 64 * 1024, HEADER = 16 };

static uint8_t ram[RAM_SIZE] __attribute__((aligned(4096)));
static X86State *cpu;

static bool lookup(TcgPhys *phys, unsigned space, uint64_t addr, TcgPhysPage *page)
{
    if (addr >= RAM_SIZE) {
        return false;
    }
    page->host = ram + (addr & ~4095ull);
    page->ram_addr = addr & ~4095ull;
    page->readonly = addr >> 12 == 15;
    return true;
}

static uint64_t read_mmio(TcgPhys *phys, unsigned space, uint64_t addr, unsigned size)
{
    return addr * 0x9e3779b97f4a7c15ull >> (64 - 8 * size);
}

static void write_mmio(TcgPhys *phys, unsigned space, uint64_t addr, uint64_t v,
                       unsigned size)
{
}

static uint32_t io_read(TcgPhys *phys, uint16_t port, unsigned size)
{
    return port;
}

static void io_write(TcgPhys *phys, uint16_t port, uint32_t v, unsigned size)
{
}

static bool mark_dirty(TcgPhys *phys, uint64_t ram_addr, unsigned len)
{
    return true;
}

static bool is_dirty(TcgPhys *phys, uint64_t ram_addr)
{
    return true;
}

static const TcgPhysOps phys_ops = {
    .lookup = lookup,
    .read = read_mmio,
    .write = write_mmio,
    .io_read = io_read,
    .io_write = io_write,
    .mark_dirty = mark_dirty,
    .is_dirty = is_dirty,
};

static void make_cpu(void)
{
    static TcgPhys phys = { .ops = &phys_ops };
    static const uint32_t always = 1; /* long string instructions stop at once */

    cpu = g_aligned_alloc0(1, sizeof(*cpu), 64);
    cpu->phys = &phys;
    cpu->exit_request = &always;
    memset(cpu->features, 0xff, sizeof(cpu->features));
    x86_blocks_new(cpu);
    x86_decode_setup();
}

static void choose_segments(const uint8_t *header)
{
    static const uint16_t code[] = { 0, 0, X86_SEG_DB, X86_SEG_L };

    for (unsigned k = 0; k < X86_SEG_COUNT; k++) {
        cpu->seg[k].base = header[1] & 1 ? k * 0x1000 : 0;
        cpu->seg[k].limit = header[1] & 2 ? 0xffff : 0xffffffff;
        cpu->seg[k].attr =
            X86_SEG_P | X86_SEG_S | X86_SEG_RW | (header[1] & 4 ? X86_SEG_DB : 0);
    }
    cpu->seg[X86_CS].attr |= X86_SEG_CODE | code[header[0] & 3];
    cpu->cpl = header[0] & 0x10 ? 3 : 0;
}

static void choose_state(const uint8_t *header)
{
    x86_state_reset(cpu);
    cpu->cr0 = header[0] & 3 ? X86_CR0_PE : 0;
    cpu->cr4 = X86_CR4_OSFXSR | X86_CR4_OSXSAVE | X86_CR4_PAE |
               (header[2] & 1 ? X86_CR4_OSXMMEXCPT : 0);
    cpu->xcr0 = 7;
    cpu->efer = (header[0] & 3) == 3 ? X86_EFER_LME | X86_EFER_LMA : X86_EFER_SCE;
    choose_segments(header);
    x86_set_rflags(cpu, (header[3] << 8 | header[4]) &
                            ~(X86_FL_TF | (header[0] & 0x20 ? 0 : X86_FL_VM)));
    for (unsigned k = 0; k < 16; k++) {
        cpu->regs[k].q = header[k] * (header[5] & 1 ? 0x0101ull : 0x010101010101ull);
    }
    cpu->xs.mxcsr = 0x1f80 ^ (header[6] << 6 & 0xffc0);
    cpu->xs.fcw = 0x37f ^ (header[7] & 0x3f);
    for (unsigned k = 0; k < 256; k++) {
        ((uint8_t *)cpu->xs.xmm)[k] = header[(k * 7 + k / 16) % HEADER];
    }
    x86_state_refresh(cpu);
}

/* One instruction; returns its length, 0 at the end. */
static unsigned step(const uint8_t *bytes, size_t avail)
{
    X86Insn insn;

    if (x86_decode(cpu, cpu->mode, cpu->rip, bytes, MIN(avail, 15), &insn) !=
        X86_DECODE_OK) {
        return 0;
    }
    cpu->insn = &insn;
    cpu->run_end = &insn + 1;
    cpu->rip = insn.next_rip;
    if (!setjmp(cpu->fault_env)) {
        insn.ref(cpu, &insn);
    }
    cpu->insn = NULL;
    cpu->exc_vector = -1;
    cpu->halted = false;
    return insn.len;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    size_t at = HEADER;

    if (size < HEADER) {
        return 0;
    }
    if (!cpu) {
        make_cpu();
    }
    memset(ram, 0, sizeof(ram));
    memcpy(ram + 0x1000, data, MIN(size, 4096));
    choose_state(data);
    while (at < size) {
        unsigned len = step(data + at, size - at);

        if (!len) {
            break;
        }
        at += len;
    }
    return 0;
}
