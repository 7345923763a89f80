/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * x86 under KVM: what happens before and after the guest runs, with the interrupt
 * controllers in the kernel or here.
 *
 * With the local APICs in user space (kernel-irqchip=off) an interrupt is taken from
 * them when the guest can take it (ready_for_interrupt_injection), else the kernel is
 * asked to leave as soon as it can; HLT, INIT and SIPI are handled here. With the
 * 8259s in user space only (split) that goes for their INTR. With all in the kernel
 * nothing is left to do.
 */
#include "kvm-i386.h"

#include "accel/target/i386/models.h"
#include "accel/target/i386/system.h"
#include "hw/intc/apic-kvm.h"
#include "hw/intc/apic.h"
#include "util/bql.h"
#include "util/log.h"

#include <string.h>

/* --- The VM --------------------------------------------------------------------------
 */

/* Four pages that Intel's virtualization needs for real mode, below the BIOS. */
#define IDENTITY_MAP_ADDR 0xfeffc000u
#define TSS_ADDR          (IDENTITY_MAP_ADDR + 0x1000)

static bool init_vm(MachineState *ms, Error **errp)
{
    uint64_t identity = IDENTITY_MAP_ADDR;
    int ret;

    if (!kvm_x86_ask_cpuid(errp)) {
        return false;
    }
    if (kvm_check_extension(KVM_CAP_SET_IDENTITY_MAP_ADDR)) {
        ret = kvm_vm_ioctl(KVM_SET_IDENTITY_MAP_ADDR, &identity);
        if (ret < 0) {
            return error_set_errno(errp, -ret, "kvm: KVM_SET_IDENTITY_MAP_ADDR");
        }
    }
    ret = kvm_vm_ioctl(KVM_SET_TSS_ADDR, (void *)(uintptr_t)TSS_ADDR);
    if (ret < 0) {
        return error_set_errno(errp, -ret, "kvm: KVM_SET_TSS_ADDR");
    }
    if (kvm_check_extension(KVM_CAP_EXCEPTION_PAYLOAD)) {
        kvm_vm_enable_cap(KVM_CAP_EXCEPTION_PAYLOAD, 1, 0);
    }
    if (kvm_check_extension(KVM_CAP_X86_TRIPLE_FAULT_EVENT)) {
        kvm_vm_enable_cap(KVM_CAP_X86_TRIPLE_FAULT_EVENT, 1, 0);
    }
    x86_set_supported_features_hook(kvm_x86_supported_features);
    kvm_x86_fill_host_model();
    return true;
}

static unsigned long vcpu_id(VCPU *vcpu)
{
    return X86_CPU(vcpu)->apic_id;
}

static bool vcpu_init(VCPU *vcpu, Error **errp)
{
    X86Cpu *cpu = X86_CPU(vcpu);

    if (!kvm_x86_set_cpuid(cpu, errp)) {
        return false;
    }
    kvm_x86_msr_init(cpu);
    return true;
}

static void vcpu_finalize(VCPU *vcpu)
{
}

/* --- Before --------------------------------------------------------------------------
 */

static uint32_t pending(const X86State *st)
{
    return __atomic_load_n(&st->irq_pending, __ATOMIC_ACQUIRE);
}

/* What only the interpreter cares for. */
static void drop_internal(X86State *st)
{
    if (pending(st) & (X86_IRQ_A20 | X86_IRQ_FLUSH)) {
        x86_irq_clear(st, X86_IRQ_A20 | X86_IRQ_FLUSH);
    }
}

static void inject_nmi_smi(X86Cpu *cpu)
{
    X86State *st = &cpu->st;
    uint32_t p = pending(st);

    if (p & X86_IRQ_NMI) {
        x86_irq_clear(st, X86_IRQ_NMI);
        cpu->parent_obj.halted = false;
        kvm_vcpu_ioctl(&cpu->parent_obj, KVM_NMI, NULL);
    }
    if (p & X86_IRQ_SMI) {
        x86_irq_clear(st, X86_IRQ_SMI);
        if (kvm_check_extension(KVM_CAP_X86_SMM)) {
            cpu->parent_obj.halted = false;
            kvm_vcpu_ioctl(&cpu->parent_obj, KVM_SMI, NULL);
        } else {
            log_unimp("kvm: the host offers no system management mode\n");
        }
    }
}

/* INIT and SIPI, which change registers. */
static void handle_init(X86Cpu *cpu)
{
    X86State *st = &cpu->st;

    if (!(pending(st) & (X86_IRQ_INIT | X86_IRQ_SIPI))) {
        return;
    }
    vcpu_sync_state(&cpu->parent_obj);
    st->halted = cpu->parent_obj.halted;
    bql_unlock(); /* taken inside, where it is needed */
    while (x86_handle_init_sipi(st)) {
    }
    bql_lock();
    memset(&cpu->kvm, 0, offsetof(X86KvmState, msr));
    cpu->parent_obj.halted = st->halted;
}

/* The vector of the highest request, -1 when nobody wants the CPU any more. */
static int acknowledge(X86Cpu *cpu)
{
    const X86CpuOps *ops = &cpu->ops;
    void *apic = cpu->st.apic;
    int vector = -1;

    if (apic && ops->apic_get_interrupt) {
        vector = ops->apic_get_interrupt(apic);
    }
    if (vector < 0 && ops->pic_read_irq &&
        (!apic || !ops->apic_accept_pic_intr || ops->apic_accept_pic_intr(apic))) {
        vector = ops->pic_read_irq(cpu->st.board);
    }
    return vector;
}

static void inject_interrupt(X86Cpu *cpu, struct kvm_run *run)
{
    X86State *st = &cpu->st;

    if (pending(st) & X86_IRQ_HARD && run->ready_for_interrupt_injection &&
        (st->rflags & X86_FL_IF || kvm_irqchip_get() == KVM_IRQCHIP_SPLIT)) {
        int vector = acknowledge(cpu);

        if (vector >= 0) {
            struct kvm_interrupt irq = { .irq = (uint32_t)vector };
            int ret = kvm_vcpu_ioctl(&cpu->parent_obj, KVM_INTERRUPT, &irq);

            if (ret < 0) {
                error_report("kvm: interrupt %d: %s", vector, g_strerror(-ret));
            }
            cpu->parent_obj.halted = false;
            /* One at a time. */
            run->ready_for_interrupt_injection = 0;
        }
    }
    run->request_interrupt_window = !!(pending(st) & X86_IRQ_HARD);
}

/* What changes registers, so before they are put. */
static void pre_run(VCPU *vcpu)
{
    X86Cpu *cpu = X86_CPU(vcpu);

    drop_internal(&cpu->st);
    if (kvm_irqchip_get() != KVM_IRQCHIP_OFF) {
        return;
    }
    handle_init(cpu);
    if (cpu->st.apic && cpu->ops.apic_get_tpr) {
        /* What the guest changes by itself is seen in post_run. */
        cpu->st.cr8 = cpu->ops.apic_get_tpr(cpu->st.apic);
    }
    kvm_vcpu_get_run(vcpu)->cr8 = cpu->st.cr8;
}

static bool inject(VCPU *vcpu)
{
    X86Cpu *cpu = X86_CPU(vcpu);
    KvmIrqchip mode = kvm_irqchip_get();

    if (mode == KVM_IRQCHIP_OFF && cpu->st.wait_sipi) {
        return false;
    }
    inject_nmi_smi(cpu);
    if (mode != KVM_IRQCHIP_ON) {
        inject_interrupt(cpu, kvm_vcpu_get_run(vcpu));
    }
    if (mode == KVM_IRQCHIP_OFF && pending(&cpu->st) & X86_IRQ_HARD &&
        cpu->st.rflags & X86_FL_IF) {
        /* The kernel has not said yet that it takes interrupts (after loading): it
         * leaves at once to say so. */
        vcpu->halted = false;
    }
    return !vcpu->halted;
}

/* --- After ---------------------------------------------------------------------------
 */

static void post_run(VCPU *vcpu, struct kvm_run *run)
{
    X86Cpu *cpu = X86_CPU(vcpu);
    X86State *st = &cpu->st;

    if (kvm_irqchip_get() == KVM_IRQCHIP_ON) {
        return;
    }
    /* What x86_can_take_irq() looks at. */
    st->rflags = run->if_flag ? st->rflags | X86_FL_IF : st->rflags & ~X86_FL_IF;
    if (kvm_irqchip_get() == KVM_IRQCHIP_OFF && st->apic && cpu->ops.apic_set_tpr) {
        uint8_t cr8 = (uint8_t)run->cr8;

        if (cr8 != st->cr8) {
            st->cr8 = cr8;
            bql_lock();
            cpu->ops.apic_set_tpr(st->apic, cr8);
            bql_unlock();
        }
    }
}

static KvmExitResult handle_exit(VCPU *vcpu, struct kvm_run *run)
{
    switch (run->exit_reason) {
    case KVM_EXIT_IOAPIC_EOI:
        bql_lock();
        kvm_apic_eoi(run->eoi.vector);
        bql_unlock();
        return KVM_EXIT_RESUME;
    case KVM_EXIT_SET_TPR:
    case KVM_EXIT_TPR_ACCESS:
        return KVM_EXIT_LEAVE;
    default:
        log_unimp("kvm: exit reason %u\n", run->exit_reason);
        return KVM_EXIT_RESUME;
    }
}

static MemTxAttrs access_attrs(VCPU *vcpu, const struct kvm_run *run, int *space)
{
    bool smm = run->flags & KVM_RUN_X86_SMM;

    *space = smm && vcpu->num_ases > 1 ? 1 : 0;
    return (MemTxAttrs){ .secure = smm };
}

static void triple_fault(VCPU *vcpu)
{
    X86Cpu *cpu = X86_CPU(vcpu);

    if (cpu->ops.triple_fault) {
        cpu->ops.triple_fault(cpu->st.board);
    }
}

static int update_debug(VCPU *vcpu)
{
    static const uint32_t step =
        KVM_GUESTDBG_ENABLE | KVM_GUESTDBG_SINGLESTEP | KVM_GUESTDBG_BLOCKIRQ;
    struct kvm_guest_debug debug = { .control = vcpu->singlestep ? step : 0 };
    X86Cpu *cpu = X86_CPU(vcpu);
    int ret;

    if (debug.control == cpu->kvm_debug_control) {
        return 0;
    }
    ret = kvm_vcpu_ioctl(vcpu, KVM_SET_GUEST_DEBUG, &debug);
    if (ret == -EINVAL && debug.control) { /* a kernel without BLOCKIRQ */
        debug.control &= ~KVM_GUESTDBG_BLOCKIRQ;
        ret = kvm_vcpu_ioctl(vcpu, KVM_SET_GUEST_DEBUG, &debug);
    }
    if (ret >= 0) {
        cpu->kvm_debug_control = debug.control;
    }
    return ret;
}

const KvmArchOps kvm_arch_i386 = {
    .init_vm = init_vm,
    .vcpu_id = vcpu_id,
    .vcpu_init = vcpu_init,
    .vcpu_finalize = vcpu_finalize,
    .get_registers = kvm_x86_get_registers,
    .put_registers = kvm_x86_put_registers,
    .get_registers_in_access = kvm_x86_get_registers_in_access,
    .access_completed = kvm_x86_access_completed,
    .pre_run = pre_run,
    .inject = inject,
    .post_run = post_run,
    .handle_exit = handle_exit,
    .access_attrs = access_attrs,
    .triple_fault = triple_fault,
    .phys_bits = kvm_x86_phys_bits,
    .update_debug = update_debug,
};
