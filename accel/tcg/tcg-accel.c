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

static void exec(VCPU *cpu)
{
    VCPUClass *vc = VCPU_GET_CLASS(cpu);

    TcgReader *reader = cpu->accel_data;

    if (!reader) {
        reader = cpu->accel_data = g_new0(TcgReader, 1);
        tcg_reader_register(reader);
    }
    bql_unlock();
    rcu_read_lock();
    tcg_reader_enter(reader);
    vc->tcg_exec(cpu);
    tcg_reader_leave(reader);
    rcu_read_unlock();
    bql_lock();
}

static void vcpu_finalize(VCPU *cpu)
{
    if (cpu->accel_data) {
        /* Another vCPU may be walking the list: it runs in a read section. */
        tcg_reader_unregister(cpu->accel_data);
        cpu->accel_data = NULL;
    }
}

static void tcg_class_init(ObjectClass *klass, const void *data)
{
    AccelClass *ac = (AccelClass *)klass;

    ac->name = "tcg";
    ac->desc = "decode and execute";
    ac->init = accel_init;
    ac->exec = exec;
    ac->vcpu_finalize = vcpu_finalize;
}

static const TypeInfo tcg_info = {
    .name = "tcg-accel",
    .parent = TYPE_ACCEL,
    .class_init = tcg_class_init,
};
TYPE_REGISTER(tcg_info);
