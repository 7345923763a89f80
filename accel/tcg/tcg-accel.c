/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The "tcg" accelerator: guest code is decoded and executed in this process.
 *
 * A vCPU runs inside an RCU read section without the BQL.  What others change under its
 * feet reaches it in two ways: writes to decoded code through the code-written hook,
 * and changes of the memory map or of dirty bits through a flush request, which it
 * carries out before the next block.
 */
#include "accel/accel.h"
#include "accel/tcg/code-pages.h"
#include "accel/tcg/flush.h"
#include "accel/vcpu.h"
#include "util/bql.h"
#include "util/rcu.h"

static MemoryListener listener;

typedef struct TcgVcpuListener {
    MemoryListener listener; /* first */
    VCPU *cpu;
} TcgVcpuListener;

/* VCPU.accel_data; the CPU's execution uses it as its reader. */
typedef struct TcgVcpu {
    TcgReader reader; /* first */
    TcgVcpuListener views[VCPU_MAX_ASES];
} TcgVcpu;

void tcg_flush_all_vcpus(VCPU *except)
{
    RCU_READ_LOCK_GUARD();

    for (VCPU *cpu = vcpu_first(); cpu; cpu = vcpu_next(cpu)) {
        if (cpu != except && VCPU_GET_CLASS(cpu)->tcg_flush) {
            VCPU_GET_CLASS(cpu)->tcg_flush(cpu);
        }
    }
}

static void flush_others(uint64_t ram_addr)
{
    VCPU *self = current_vcpu();

    tcg_flush_all_vcpus(self);
}

static void code_written(ram_addr_t addr, uint64_t len)
{
    tcg_code_written(addr, len);
}

static void dirty_cleared(ram_addr_t addr, uint64_t len, unsigned client)
{
    if (client != DIRTY_MEMORY_CODE) {
        tcg_flush_all_vcpus(NULL);
    }
}

static void map_changed(MemoryListener *l)
{
    tcg_flush_all_vcpus(NULL);
}

static bool accel_init(AccelState *accel, MachineState *ms, Error **errp)
{
    memory_set_code_written_hook(code_written);
    ram_set_dirty_cleared_hook(dirty_cleared);
    tcg_code_pages_set_protect_hook(flush_others);
    listener.name = "tcg";
    listener.commit = map_changed;
    memory_listener_register(&listener, &address_space_memory);
    return true;
}

static void map_of_vcpu_changed(MemoryListener *l)
{
    VCPU *cpu = ((TcgVcpuListener *)l)->cpu;

    VCPU_GET_CLASS(cpu)->tcg_flush(cpu);
}

/* Views of the vCPU's own (SMM) change without system memory changing. */
static void vcpu_init(VCPU *cpu)
{
    TcgVcpu *tv = g_new0(TcgVcpu, 1);

    cpu->accel_data = tv;
    tcg_reader_register(&tv->reader);
    for (int i = 1; i < cpu->num_ases && VCPU_GET_CLASS(cpu)->tcg_flush; i++) {
        TcgVcpuListener *l = &tv->views[i];
        *l = (TcgVcpuListener){
            .listener = {.name = "tcg-vcpu", .commit = map_of_vcpu_changed},
            .cpu = cpu
        };
        memory_listener_register(&l->listener, cpu->as[i]);
    }
}

static void exec(VCPU *cpu)
{
    VCPUClass *vc = VCPU_GET_CLASS(cpu);

    TcgVcpu *tv = cpu->accel_data;

    bql_unlock();
    rcu_read_lock();
    tcg_reader_enter(&tv->reader);
    vc->tcg_exec(cpu);
    tcg_reader_leave(&tv->reader);
    rcu_read_unlock();
    bql_lock();
}

static void vcpu_finalize(VCPU *cpu)
{
    TcgVcpu *tv = cpu->accel_data;

    for (int i = 1; i < cpu->num_ases && VCPU_GET_CLASS(cpu)->tcg_flush; i++) {
        memory_listener_unregister(&tv->views[i].listener);
    }
    /* Another vCPU may be walking the list in its read section: the memory stays. */
    tcg_reader_unregister(&tv->reader);
    cpu->accel_data = NULL;
}

static void tcg_class_init(ObjectClass *klass, const void *data)
{
    AccelClass *ac = (AccelClass *)klass;

    ac->name = "tcg";
    ac->desc = "decode and execute";
    ac->init = accel_init;
    ac->exec = exec;
    ac->vcpu_init = vcpu_init;
    ac->vcpu_finalize = vcpu_finalize;
}

static const TypeInfo tcg_info = {
    .name = "tcg-accel",
    .parent = TYPE_ACCEL,
    .class_init = tcg_class_init,
};
TYPE_REGISTER(tcg_info);
