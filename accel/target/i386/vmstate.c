/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The saved state of an x86 CPU.  Lazy flags are folded into RFLAGS; everything derived
 * is recomputed after loading.
 */
#include "accel/target/i386/system.h"
#include "accel/target/i386/x86-cpu-internal.h"

static const VMStateDescription vmstate_segment = {
    .name = "x86-segment",
    .version_id = 1,
    .minimum_version_id = 1,
    .fields = (const VMStateField[]){VMSTATE_UINT64(base, X86Segment),
                                     VMSTATE_UINT32(limit, X86Segment),
                                     VMSTATE_UINT16(selector, X86Segment),
                                     VMSTATE_UINT16(attr, X86Segment),
                                     VMSTATE_END_OF_LIST()},
};

static const VMStateDescription vmstate_table = {
    .name = "x86-descriptor-table",
    .version_id = 1,
    .minimum_version_id = 1,
    .fields = (const VMStateField[]){VMSTATE_UINT64(base, X86DescTable),
                                     VMSTATE_UINT16(limit, X86DescTable),
                                     VMSTATE_END_OF_LIST()},
};

static const VMStateDescription vmstate_gpr = {
    .name = "x86-register",
    .version_id = 1,
    .minimum_version_id = 1,
    .fields =
        (const VMStateField[]){VMSTATE_UINT64(q, X86Gpr), VMSTATE_END_OF_LIST()},
};

/* An XMM register, or the upper half of a YMM register. */
static const VMStateDescription vmstate_vec = {
    .name = "x86-vector",
    .version_id = 1,
    .minimum_version_id = 1,
    .fields =
        (const VMStateField[]){VMSTATE_ARRAY(u64, X86Vec), VMSTATE_END_OF_LIST()},
};

static const VMStateDescription vmstate_st = {
    .name = "x86-st",
    .version_id = 1,
    .minimum_version_id = 1,
    .fields = (const VMStateField[]){VMSTATE_UINT64(mantissa, X86St),
                                     VMSTATE_UINT16(exponent, X86St),
                                     VMSTATE_END_OF_LIST()},
};

static bool pre_save(void *opaque, Error **errp)
{
    X86Cpu *cpu = opaque;

    vcpu_sync_state(&cpu->parent_obj);
    cpu->saved_rflags = x86_get_rflags(&cpu->st);
    return true;
}

static bool post_load(void *opaque, int version_id, Error **errp)
{
    X86Cpu *cpu = opaque;

    if (cpu->st.cpl > 3) {
        return error_set(errp, "x86 CPU state: privilege level %u", cpu->st.cpl);
    }
    /* The host loads it. */
    if (cpu->st.xs.mxcsr & ~X86_MXCSR_MASK) {
        return error_set(errp, "x86 CPU state: MXCSR 0x%x", cpu->st.xs.mxcsr);
    }
    x86_set_rflags(&cpu->st, cpu->saved_rflags);
    x86_state_refresh(&cpu->st);
    cpu->parent_obj.halted = cpu->st.halted;
    vcpu_state_written(&cpu->parent_obj, VCPU_STATE_FULL);
    return true;
}

/* --- What only KVM has ------------------------------------------------------------ */

static bool kvm_needed(void *opaque)
{
    return accel_is("kvm");
}

static bool nested_needed(void *opaque)
{
    return ((X86Cpu *)opaque)->kvm.nested_bytes != 0;
}

static bool nested_post_load(void *opaque, int version_id, Error **errp)
{
    X86Cpu *cpu = opaque;

    if (cpu->kvm.nested_bytes > X86_KVM_NESTED_MAX) {
        return error_set(errp, "x86 CPU state: nested state of %u bytes",
                         cpu->kvm.nested_bytes);
    }
    return true;
}

#define S X86Cpu
/* clang-format off */
static const VMStateDescription vmstate_kvm_nested = {
    .name = "cpu/kvm/nested",
    .version_id = 1,
    .minimum_version_id = 1,
    .needed = nested_needed,
    .post_load = nested_post_load,
    .fields = (const VMStateField[]) {
        VMSTATE_UINT32(kvm.nested_bytes, S),
        VMSTATE_BUFFER(kvm.nested, S),
        VMSTATE_END_OF_LIST()
    },
};

static const VMStateDescription vmstate_kvm = {
    .name = "cpu/kvm",
    .version_id = 1,
    .minimum_version_id = 1,
    .needed = kvm_needed,
    .fields = (const VMStateField[]) {
        VMSTATE_BOOL(kvm.exception_injected, S),
        VMSTATE_BOOL(kvm.exception_pending, S),
        VMSTATE_BOOL(kvm.exception_has_error, S),
        VMSTATE_BOOL(kvm.exception_has_payload, S),
        VMSTATE_UINT8(kvm.exception_nr, S),
        VMSTATE_UINT32(kvm.exception_error, S),
        VMSTATE_UINT64(kvm.exception_payload, S),
        VMSTATE_BOOL(kvm.interrupt_injected, S),
        VMSTATE_BOOL(kvm.interrupt_soft, S),
        VMSTATE_UINT8(kvm.interrupt_nr, S),
        VMSTATE_BOOL(kvm.nmi_injected, S),
        VMSTATE_BOOL(kvm.nmi_pending, S),
        VMSTATE_BOOL(kvm.smi_pending, S),
        VMSTATE_BOOL(kvm.smi_latched_init, S),
        VMSTATE_BOOL(kvm.triple_fault_pending, S),
        VMSTATE_UINT32(kvm.mp_state, S),
        VMSTATE_ARRAY(kvm.msr, S),
        VMSTATE_END_OF_LIST()
    },
    .subsections = (const VMStateDescription *const[]) { &vmstate_kvm_nested, NULL },
};
/* clang-format on */
#undef S

static bool smm_needed(void *opaque)
{
    const X86Cpu *cpu = opaque;

    return cpu->st.smm_inside_nmi;
}

#define S X86Cpu
/* clang-format off */
static const VMStateDescription vmstate_smm = {
    .name = "cpu/smm",
    .version_id = 1,
    .minimum_version_id = 1,
    .needed = smm_needed,
    .fields = (const VMStateField[]) {
        VMSTATE_BOOL(st.smm_inside_nmi, S),
        VMSTATE_END_OF_LIST()
    },
};

const VMStateDescription x86_cpu_vmstate = {
    .name = "cpu",
    .version_id = 1,
    .minimum_version_id = 1,
    .pre_save = pre_save,
    .post_load = post_load,
    .fields = (const VMStateField[]) {
        VMSTATE_STRUCT_ARRAY(st.regs, S, vmstate_gpr),
        VMSTATE_UINT64(st.rip, S),
        VMSTATE_UINT64(saved_rflags, S),
        VMSTATE_UINT8(st.cpl, S),
        VMSTATE_BOOL(st.a20_off, S),
        VMSTATE_UINT8(st.irq_shadow, S),
        VMSTATE_UINT32(st.irq_pending, S),
        VMSTATE_STRUCT_ARRAY(st.seg, S, vmstate_segment),
        VMSTATE_STRUCT(st.ldtr, S, vmstate_segment),
        VMSTATE_STRUCT(st.tr, S, vmstate_segment),
        VMSTATE_STRUCT(st.gdtr, S, vmstate_table),
        VMSTATE_STRUCT(st.idtr, S, vmstate_table),
        VMSTATE_UINT64(st.cr0, S),
        VMSTATE_UINT64(st.cr2, S),
        VMSTATE_UINT64(st.cr3, S),
        VMSTATE_UINT64(st.cr4, S),
        VMSTATE_UINT64(st.cr8, S),
        VMSTATE_UINT64(st.xcr0, S),
        VMSTATE_ARRAY(st.dr, S),
        VMSTATE_UINT64(st.efer, S),
        VMSTATE_ARRAY(st.pdpte, S),
        VMSTATE_UINT64(st.star, S),
        VMSTATE_UINT64(st.lstar, S),
        VMSTATE_UINT64(st.cstar, S),
        VMSTATE_UINT64(st.sfmask, S),
        VMSTATE_UINT64(st.kernel_gs_base, S),
        VMSTATE_UINT64(st.tsc_aux, S),
        VMSTATE_UINT64(st.sysenter_cs, S),
        VMSTATE_UINT64(st.sysenter_esp, S),
        VMSTATE_UINT64(st.sysenter_eip, S),
        VMSTATE_UINT64(st.apic_base, S),
        VMSTATE_UINT64(st.pat, S),
        VMSTATE_UINT64(st.mtrr_def_type, S),
        VMSTATE_ARRAY(st.mtrr_fixed, S),
        VMSTATE_BUFFER(st.mtrr_var, S),
        VMSTATE_UINT64(st.misc_enable, S),
        VMSTATE_UINT64(st.feature_control, S),
        VMSTATE_UINT64(st.debugctl, S),
        VMSTATE_UINT64(st.mcg_cap, S),
        VMSTATE_UINT64(st.mcg_status, S),
        VMSTATE_UINT64(st.mcg_ctl, S),
        VMSTATE_BUFFER(st.mc_bank, S),
        VMSTATE_UINT64(st.tsc_offset, S),
        VMSTATE_UINT64(st.tsc_adjust, S),
        VMSTATE_UINT64(st.vm_hsave_pa, S),
        VMSTATE_UINT64(st.xss, S),
        VMSTATE_UINT32(st.smbase, S),
        VMSTATE_UINT32(st.pkru, S),
        VMSTATE_UINT16(st.xs.fcw, S),
        VMSTATE_UINT16(st.xs.fsw, S),
        VMSTATE_UINT8(st.xs.ftw, S),
        VMSTATE_UINT16(st.xs.fop, S),
        VMSTATE_UINT64(st.xs.fip, S),
        VMSTATE_UINT64(st.xs.fdp, S),
        VMSTATE_UINT32(st.xs.mxcsr, S),
        VMSTATE_STRUCT_ARRAY(st.xs.st, S, vmstate_st),
        VMSTATE_STRUCT_ARRAY(st.xs.xmm, S, vmstate_vec),
        VMSTATE_STRUCT_ARRAY(st.xs.ymmh, S, vmstate_vec),
        VMSTATE_UINT16(st.fcs, S),
        VMSTATE_UINT16(st.fds, S),
        VMSTATE_BOOL(st.halted, S),
        VMSTATE_BOOL(st.in_smm, S),
        VMSTATE_BOOL(st.nmi_blocked, S),
        VMSTATE_BOOL(st.wait_sipi, S),
        VMSTATE_UINT8(st.sipi_vector, S),
        VMSTATE_BOOL(st.smi_blocked_by_shutdown, S),
        VMSTATE_UINT64(st.pending_db, S),
        VMSTATE_END_OF_LIST()
    },
    .subsections = (const VMStateDescription *const[]) { &vmstate_kvm, &vmstate_smm, NULL },
};
/* clang-format on */
