/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "i386-flat.h"

#include "accel/target/i386/blocks.h"
#include "accel/target/i386/insn.h"
#include "accel/target/i386/mmu.h"
#include "accel/target/i386/models.h"
#include "accel/target/i386/system.h"
#include "accel/tcg/code-pages.h"

#include <string.h>

static FlatMachine *of(TcgPhys *phys)
{
    return (FlatMachine *)phys;
}

static bool lookup(TcgPhys *phys, unsigned space, uint64_t addr, TcgPhysPage *page)
{
    FlatMachine *m = of(phys);

    if (addr >= m->size) {
        return false;
    }
    *page = (TcgPhysPage){ .host = m->ram + addr, .ram_addr = addr };
    return true;
}

static uint64_t phys_read(TcgPhys *phys, unsigned space, uint64_t addr, unsigned size)
{
    FlatMachine *m = of(phys);
    uint64_t v = UINT64_MAX;

    if (addr < m->size && size <= m->size - addr) {
        v = 0;
        memcpy(&v, m->ram + addr, size);
    }
    return v;
}

static void phys_write(TcgPhys *phys, unsigned space, uint64_t addr, uint64_t v,
                       unsigned size)
{
    FlatMachine *m = of(phys);

    if (addr < m->size && size <= m->size - addr) {
        memcpy(m->ram + addr, &v, size);
        tcg_code_written(addr, size);
    }
}

static uint32_t io_read(TcgPhys *phys, uint16_t port, unsigned size)
{
    return port == 0xe9 ? 0xe9 : UINT32_MAX;
}

static void io_write(TcgPhys *phys, uint16_t port, uint32_t v, unsigned size)
{
    FlatMachine *m = of(phys);

    if (port == 0xe9) {
        g_string_append_c(m->text, (char)v);
    } else if (port == 0xf4) {
        m->exit_code = (int)v;
        m->stop = 1;
    }
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
    .read = phys_read,
    .write = phys_write,
    .io_read = io_read,
    .io_write = io_write,
    .mark_dirty = mark_dirty,
    .is_dirty = is_dirty,
};

static void on_triple_fault(void *board)
{
    FlatMachine *m = board;

    m->triple_fault = true;
    m->stop = 1;
}

FlatMachine *flat_new(uint64_t ram_size)
{
    FlatMachine *m = g_new0(FlatMachine, 1);
    X86CpuIdent *id;

    m->phys.ops = &phys_ops;
    m->size = ram_size;
    m->ram = g_aligned_alloc0(1, ram_size, 4096);
    m->text = g_string_new(NULL);
    m->exit_code = -1;
    m->ops.triple_fault = on_triple_fault;
    m->cpu = g_aligned_alloc0(1, sizeof(X86State), 64);
    m->cpu->phys = &m->phys;
    m->cpu->ops = &m->ops;
    m->cpu->board = m;
    m->cpu->exit_request = &m->stop;
    x86_supported_features(m->cpu->features);
    id = &m->cpu->ident;
    g_strlcpy(id->vendor, "AuthenticAMD", sizeof(id->vendor));
    id->family = 15;
    id->level = 0xd;
    id->xlevel = 0x80000008;
    id->phys_bits = 40;
    id->virt_bits = 48;
    id->cores_per_package = id->threads_per_core = id->packages = 1;
    x86_blocks_new(m->cpu);
    x86_state_reset(m->cpu);
    return m;
}

void flat_free(FlatMachine *m)
{
    /* Another machine of this process may have code at the same RAM addresses. */
    tcg_code_written(0, m->size);
    x86_blocks_free(m->cpu);
    g_aligned_free(m->cpu);
    g_aligned_free(m->ram);
    g_string_free(m->text, true);
    g_free(m);
}

static gpointer watchdog(gpointer data)
{
    FlatMachine *m = ((void **)data)[0];
    gint64 deadline = g_get_monotonic_time() +
                      (gint64)GPOINTER_TO_UINT(((void **)data)[1]) * G_USEC_PER_SEC;

    while (!__atomic_load_n(&m->stop, __ATOMIC_SEQ_CST) &&
           g_get_monotonic_time() < deadline) {
        g_usleep(2000);
    }
    __atomic_store_n(&m->stop, 1, __ATOMIC_SEQ_CST);
    return NULL;
}

void flat_enter_long_mode(FlatMachine *m, bool is64)
{
    const uint64_t present = 7, large = 0x80;
    X86State *cpu = m->cpu;
    X86Segment cs = { .selector = 8,
                      .limit = UINT32_MAX,
                      .attr = X86_SEG_P | X86_SEG_S | X86_SEG_CODE | X86_SEG_RW |
                              X86_SEG_ACCESSED | (is64 ? X86_SEG_L : X86_SEG_DB) };

    memcpy(m->ram + 0x1000, &(uint64_t){ 0x2000 | present }, 8);
    memcpy(m->ram + 0x2000, &(uint64_t){ present | large }, 8);
    cpu->cr0 = X86_CR0_PE | X86_CR0_PG | X86_CR0_WP | X86_CR0_ET | X86_CR0_NE;
    cpu->cr3 = 0x1000;
    cpu->cr4 = X86_CR4_PAE | X86_CR4_OSFXSR | X86_CR4_OSXMMEXCPT;
    cpu->efer = X86_EFER_LME | X86_EFER_LMA | X86_EFER_NXE;
    x86_load_cs(cpu, &cs, 0);
    x86_update_mode(cpu);
    g_assert_cmpint(x86_is64(cpu), ==, is64);
}

void flat_run(FlatMachine *m, unsigned seconds)
{
    void *args[2] = { m, GUINT_TO_POINTER(seconds) };
    GThread *dog;

    m->stop = 0;
    dog = g_thread_new("watchdog", watchdog, args);
    x86_run(m->cpu);
    __atomic_store_n(&m->stop, 1, __ATOMIC_SEQ_CST);
    g_thread_join(dog);
}
