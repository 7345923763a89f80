/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Taking pending events between two instructions, in the order of priority of the SDM
 * (volume 3A, table 6-2): INIT and SIPI, SMI, NMI, INTR.
 */
#include "accel/target/i386/system.h"
#include "accel/tcg/code-pages.h"
#include "util/bql.h"

static uint32_t pending(const X86State *cpu)
{
    return __atomic_load_n(&cpu->irq_pending, __ATOMIC_ACQUIRE);
}

bool x86_can_take_irq(const X86State *cpu)
{
    return x86_can_take(cpu, pending(cpu));
}

bool x86_can_take(const X86State *cpu, uint32_t p)
{
    if (p & (X86_IRQ_A20 | X86_IRQ_FLUSH | X86_IRQ_APIC_POLL)) {
        return true;
    }
    /* SMM holds it back until RSM. */
    if (p & X86_IRQ_INIT && !cpu->in_smm) {
        return true;
    }
    if (cpu->wait_sipi) {
        return p & X86_IRQ_SIPI;
    }
    if (p & X86_IRQ_SMI && !cpu->in_smm) {
        return true;
    }
    if (p & X86_IRQ_NMI && !cpu->nmi_blocked) {
        return true;
    }
    return p & X86_IRQ_HARD && cpu->rflags & X86_FL_IF;
}

/* The acknowledge cycle: APIC first, then the 8259s.  -1: nobody wants it any more. */
static int acknowledge(X86State *cpu)
{
    const X86CpuOps *ops = cpu->ops;
    int vector = -1;

    if (!ops) {
        return -1;
    }
    bql_lock();
    if (cpu->apic && ops->apic_get_interrupt) {
        vector = ops->apic_get_interrupt(cpu->apic);
    }
    if (vector < 0 && ops->pic_read_irq &&
        (!cpu->apic || !ops->apic_accept_pic_intr ||
         ops->apic_accept_pic_intr(cpu->apic))) {
        vector = ops->pic_read_irq(cpu->board);
    }
    bql_unlock();
    return vector;
}

static void take_intr(X86State *cpu)
{
    int vector = acknowledge(cpu);

    if (vector < 0) {
        return;
    }
    cpu->halted = false;
    x86_deliver(cpu, vector, X86_EVENT_HARD, false, 0, cpu->rip);
}

/*
 * APICs send these messages under the BQL; so what is pending is looked at under it.
 * Else a SIPI that belongs to the next INIT is taken, and dropped, with an earlier one.
 */
static void take_init_sipi(X86State *cpu)
{
    uint32_t p;

    bql_lock();
    p = pending(cpu);
    if (p & X86_IRQ_INIT) {
        /* A SIPI that is there already came after this INIT: the APIC sees to it. */
        x86_irq_clear(cpu, X86_IRQ_INIT);
        x86_state_init(cpu);
        if (cpu->ops && cpu->apic) {
            if (cpu->ops->apic_init) {
                cpu->ops->apic_init(cpu->apic);
            }
            /* All but the bootstrap processor wait for a SIPI. */
            cpu->wait_sipi = cpu->ops->apic_get_base &&
                             !(cpu->ops->apic_get_base(cpu->apic) & 1 << 8);
            cpu->halted = cpu->wait_sipi;
        }
    } else if (p & X86_IRQ_SIPI) {
        x86_irq_clear(cpu, X86_IRQ_SIPI);
        if (cpu->wait_sipi) {
            cpu->wait_sipi = false;
            cpu->halted = false;
            cpu->rip = 0;
            cpu->seg[X86_CS].selector = cpu->sipi_vector << 8;
            cpu->seg[X86_CS].base = (uint64_t)cpu->sipi_vector << 12;
            x86_update_mode(cpu);
            x86_update_seg(cpu, X86_CS);
        }
    }
    bql_unlock();
}

bool x86_handle_init_sipi(X86State *cpu)
{
    if (!(pending(cpu) & (X86_IRQ_INIT | X86_IRQ_SIPI)) || cpu->in_smm) {
        return false;
    }
    take_init_sipi(cpu);
    return true;
}

static void flush(X86State *cpu)
{
    uint64_t epoch;

    /* First, or the epoch of a request that comes just now is never acknowledged. */
    x86_irq_clear(cpu, X86_IRQ_FLUSH | X86_IRQ_A20);
    epoch = tcg_epoch();
    x86_flush_all(cpu);
    if (cpu->reader) {
        tcg_reader_ack(cpu->reader, epoch);
    }
}

static void poll_apic(X86State *cpu)
{
    x86_irq_clear(cpu, X86_IRQ_APIC_POLL);
    if (cpu->ops && cpu->ops->apic_poll) {
        bql_lock();
        cpu->ops->apic_poll(cpu->apic);
        bql_unlock();
    }
}

bool x86_handle_irq(X86State *cpu)
{
    uint32_t p = pending(cpu);

    /* No events of the guest's: they delay none. */
    if (p & (X86_IRQ_FLUSH | X86_IRQ_A20)) {
        flush(cpu);
    }
    if (p & X86_IRQ_APIC_POLL) {
        poll_apic(cpu);
    }
    p = pending(cpu);
    if (x86_handle_init_sipi(cpu)) {
        return true;
    }
    if (cpu->wait_sipi) {
        return false;
    }
    if (p & X86_IRQ_SMI && !cpu->in_smm) {
        x86_irq_clear(cpu, X86_IRQ_SMI);
        x86_smm_enter(cpu);
        return true;
    }
    if (p & X86_IRQ_NMI && !cpu->nmi_blocked) {
        x86_irq_clear(cpu, X86_IRQ_NMI);
        cpu->nmi_blocked = true;
        cpu->halted = false;
        x86_deliver(cpu, X86_EXC_NMI, X86_EVENT_HARD, false, 0, cpu->rip);
        return true;
    }
    if (p & X86_IRQ_HARD && cpu->rflags & X86_FL_IF) {
        take_intr(cpu);
        return true;
    }
    return false;
}
