/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Registers between the kernel and the CPU object. Layouts: Documentation/virt/kvm/
 * api.rst; attributes of segments: SDM volume 3A, 3.4.5.
 */
#include "kvm-i386.h"

#include "accel/target/i386/system.h"
#include "hw/intc/apic-kvm.h"

#include <string.h>

/* The order of kvm_regs' fields is not that of the encoding. */
/* clang-format off */
#define FOREACH_GPR(X)                                                        \
    X(rax, 0) X(rcx, 1) X(rdx, 2) X(rbx, 3) X(rsp, 4) X(rbp, 5) X(rsi, 6)     \
    X(rdi, 7) X(r8, 8) X(r9, 9) X(r10, 10) X(r11, 11) X(r12, 12) X(r13, 13)   \
    X(r14, 14) X(r15, 15)
/* clang-format on */

static bool check(const char *what, int ret)
{
    if (ret < 0) {
        error_report("kvm: %s: %s", what, g_strerror(-ret));
    }
    return ret >= 0;
}

static bool vcpu_call(X86Cpu *cpu, const char *what, unsigned long request, void *arg)
{
    return check(what, kvm_vcpu_ioctl(&cpu->parent_obj, request, arg));
}

/* --- General registers ---------------------------------------------------------------
 */

static bool get_general(X86Cpu *cpu)
{
    X86State *st = &cpu->st;
    struct kvm_regs r;

    if (!vcpu_call(cpu, "KVM_GET_REGS", KVM_GET_REGS, &r)) {
        return false;
    }
#define GET(name, n) st->regs[n].q = r.name;
    FOREACH_GPR(GET)
#undef GET
    st->rip = r.rip;
    x86_set_rflags(st, r.rflags);
    return true;
}

static bool put_general(X86Cpu *cpu)
{
    const X86State *st = &cpu->st;
    struct kvm_regs r = { .rip = st->rip, .rflags = x86_get_rflags(st) };

#define PUT(name, n) r.name = st->regs[n].q;
    FOREACH_GPR(PUT)
#undef PUT
    return vcpu_call(cpu, "KVM_SET_REGS", KVM_SET_REGS, &r);
}

/* --- Segments and control registers --------------------------------------------------
 */

static X86Segment get_segment(const struct kvm_segment *k)
{
    X86Segment s = { .base = k->base, .limit = k->limit, .selector = k->selector };

    s.attr = (uint16_t)(k->type | (k->s ? X86_SEG_S : 0) | k->dpl << X86_SEG_DPL_SHIFT |
                        (k->present && !k->unusable ? X86_SEG_P : 0) |
                        (k->avl ? X86_SEG_AVL : 0) | (k->l ? X86_SEG_L : 0) |
                        (k->db ? X86_SEG_DB : 0) | (k->g ? X86_SEG_G : 0));
    return s;
}

static struct kvm_segment put_segment(const X86Segment *s)
{
    return (struct kvm_segment){
        .base = s->base,
        .limit = s->limit,
        .selector = s->selector,
        .type = s->attr & X86_SEG_TYPE,
        .s = !!(s->attr & X86_SEG_S),
        .dpl = (s->attr & X86_SEG_DPL) >> X86_SEG_DPL_SHIFT,
        .present = !!(s->attr & X86_SEG_P),
        .avl = !!(s->attr & X86_SEG_AVL),
        .l = !!(s->attr & X86_SEG_L),
        .db = !!(s->attr & X86_SEG_DB),
        .g = !!(s->attr & X86_SEG_G),
        .unusable = !(s->attr & X86_SEG_P),
    };
}

static X86DescTable get_table(const struct kvm_dtable *k)
{
    return (X86DescTable){ .base = k->base, .limit = k->limit };
}

static struct kvm_dtable put_table(const X86DescTable *t)
{
    return (struct kvm_dtable){ .base = t->base, .limit = t->limit };
}

static void get_pdptrs(X86Cpu *cpu)
{
    struct kvm_sregs2 s2;

    if (kvm_check_extension(KVM_CAP_SREGS2) &&
        kvm_vcpu_ioctl(&cpu->parent_obj, KVM_GET_SREGS2, &s2) >= 0 &&
        (s2.flags & KVM_SREGS2_FLAGS_PDPTRS_VALID)) {
        memcpy(cpu->st.pdpte, s2.pdptrs, sizeof(cpu->st.pdpte));
    }
}

static bool get_special(X86Cpu *cpu)
{
    X86State *st = &cpu->st;
    struct kvm_sregs s;

    if (!vcpu_call(cpu, "KVM_GET_SREGS", KVM_GET_SREGS, &s)) {
        return false;
    }
    st->seg[X86_CS] = get_segment(&s.cs);
    st->seg[X86_DS] = get_segment(&s.ds);
    st->seg[X86_ES] = get_segment(&s.es);
    st->seg[X86_FS] = get_segment(&s.fs);
    st->seg[X86_GS] = get_segment(&s.gs);
    st->seg[X86_SS] = get_segment(&s.ss);
    st->ldtr = get_segment(&s.ldt);
    st->tr = get_segment(&s.tr);
    st->gdtr = get_table(&s.gdt);
    st->idtr = get_table(&s.idt);
    st->cr0 = s.cr0;
    st->cr2 = s.cr2;
    st->cr3 = s.cr3;
    st->cr4 = s.cr4;
    st->cr8 = s.cr8;
    st->efer = s.efer;
    st->apic_base = s.apic_base;
    /* CPL is the DPL of SS; 3 in virtual-8086 mode, 0 in real mode. */
    st->cpl = !(s.cr0 & X86_CR0_PE) ? 0 : (st->rflags & X86_FL_VM) ? 3 : s.ss.dpl;
    if (s.cr0 & X86_CR0_PG && s.cr4 & X86_CR4_PAE && !(s.efer & X86_EFER_LMA)) {
        get_pdptrs(cpu);
    }
    return true;
}

static uint64_t apic_base_of(const X86Cpu *cpu)
{
    const X86State *st = &cpu->st;

    return st->apic && cpu->ops.apic_get_base ? cpu->ops.apic_get_base(st->apic)
                                              : st->apic_base;
}

static bool put_special(X86Cpu *cpu)
{
    const X86State *st = &cpu->st;
    struct kvm_sregs s = {
        .cs = put_segment(&st->seg[X86_CS]),
        .ds = put_segment(&st->seg[X86_DS]),
        .es = put_segment(&st->seg[X86_ES]),
        .fs = put_segment(&st->seg[X86_FS]),
        .gs = put_segment(&st->seg[X86_GS]),
        .ss = put_segment(&st->seg[X86_SS]),
        .ldt = put_segment(&st->ldtr),
        .tr = put_segment(&st->tr),
        .gdt = put_table(&st->gdtr),
        .idt = put_table(&st->idtr),
        .cr0 = st->cr0,
        .cr2 = st->cr2,
        .cr3 = st->cr3,
        .cr4 = st->cr4,
        .cr8 = st->cr8,
        .efer = st->efer,
        .apic_base = apic_base_of(cpu),
    };

    return vcpu_call(cpu, "KVM_SET_SREGS", KVM_SET_SREGS, &s);
}

/* --- FPU and vectors -----------------------------------------------------------------
 */

/* The legacy way: a host without XSAVE. */
static bool get_fpu(X86Cpu *cpu)
{
    X86Xsave *x = &cpu->st.xs;
    struct kvm_fpu f;

    if (!vcpu_call(cpu, "KVM_GET_FPU", KVM_GET_FPU, &f)) {
        return false;
    }
    x->fcw = f.fcw;
    x->fsw = f.fsw;
    x->ftw = f.ftwx;
    x->fop = f.last_opcode;
    x->fip = f.last_ip;
    x->fdp = f.last_dp;
    x->mxcsr = f.mxcsr;
    memcpy(x->st, f.fpr, sizeof(x->st));
    memcpy(x->xmm, f.xmm, sizeof(x->xmm));
    return true;
}

static bool put_fpu(X86Cpu *cpu)
{
    const X86Xsave *x = &cpu->st.xs;
    struct kvm_fpu f = { .fcw = x->fcw,
                         .fsw = x->fsw,
                         .ftwx = x->ftw,
                         .last_opcode = x->fop,
                         .last_ip = x->fip,
                         .last_dp = x->fdp,
                         .mxcsr = x->mxcsr };

    memcpy(f.fpr, x->st, sizeof(x->st));
    memcpy(f.xmm, x->xmm, sizeof(x->xmm));
    return vcpu_call(cpu, "KVM_SET_FPU", KVM_SET_FPU, &f);
}

/* SDM volume 1, 13.4: where PKRU lies in the standard format. */
static uint32_t pkru_offset(void)
{
    uint32_t offset = kvm_x86_supported_cpuid(0xd, 9, 1);

    return offset && offset <= sizeof(struct kvm_xsave) - 4 ? offset : 0;
}

enum { LEGACY_BYTES = 512, XSTATE_BV = 512, YMMH = 576, X87 = 1, SSE = 2, AVX = 4 };
#define XSTATE_PKRU (1u << 9)

static bool has_xsave(void)
{
    return kvm_check_extension(KVM_CAP_XSAVE);
}

static void clear_legacy(X86Xsave *x, uint64_t bv)
{
    if (!(bv & X87)) {
        x->fcw = 0x37f;
        x->fsw = 0;
        x->ftw = 0;
        x->fop = 0;
        x->fip = x->fdp = 0;
        memset(x->st, 0, sizeof(x->st));
    }
    if (!(bv & SSE)) {
        memset(x->xmm, 0, sizeof(x->xmm));
    }
}

static bool get_vectors(X86Cpu *cpu)
{
    X86Xsave *x = &cpu->st.xs;
    g_autofree struct kvm_xsave *k = NULL;
    uint64_t bv;

    if (!has_xsave()) {
        return get_fpu(cpu);
    }
    k = g_malloc0(MAX(sizeof(*k), (size_t)kvm_check_extension(KVM_CAP_XSAVE2)));
    if (!vcpu_call(cpu, "KVM_GET_XSAVE", KVM_GET_XSAVE, k)) {
        return false;
    }
    memcpy(x, k->region, offsetof(X86Xsave, rsvd1));
    memcpy(&bv, (uint8_t *)k->region + XSTATE_BV, sizeof(bv));
    /* A component that is in its initial state may hold anything. */
    clear_legacy(x, bv);
    memset(x->ymmh, 0, sizeof(x->ymmh));
    if (bv & AVX) {
        memcpy(x->ymmh, (uint8_t *)k->region + YMMH, sizeof(x->ymmh));
    }
    cpu->st.pkru = 0;
    if (bv & XSTATE_PKRU && pkru_offset()) {
        memcpy(&cpu->st.pkru, (uint8_t *)k->region + pkru_offset(), 4);
    }
    return true;
}

static bool put_vectors(X86Cpu *cpu)
{
    const X86Xsave *x = &cpu->st.xs;
    g_autofree struct kvm_xsave *k = NULL;
    uint64_t bv = X87 | SSE;

    if (!has_xsave()) {
        return put_fpu(cpu);
    }
    /* What the CPU object does not know of stays as it is. */
    k = g_malloc0(MAX(sizeof(*k), (size_t)kvm_check_extension(KVM_CAP_XSAVE2)));
    if (!vcpu_call(cpu, "KVM_GET_XSAVE", KVM_GET_XSAVE, k)) {
        return false;
    }
    memcpy(k->region, x, LEGACY_BYTES - 96);
    if (x86_has(&cpu->st, X86_F_AVX)) {
        bv |= AVX;
        memcpy((uint8_t *)k->region + YMMH, x->ymmh, sizeof(x->ymmh));
    }
    if (x86_has(&cpu->st, X86_F_PKU) && pkru_offset()) {
        bv |= XSTATE_PKRU;
        memcpy((uint8_t *)k->region + pkru_offset(), &cpu->st.pkru, 4);
    }
    memcpy((uint8_t *)k->region + XSTATE_BV, &bv, sizeof(bv));
    return vcpu_call(cpu, "KVM_SET_XSAVE", KVM_SET_XSAVE, k);
}

static bool uses_xcrs(const X86Cpu *cpu)
{
    return x86_has(&cpu->st, X86_F_XSAVE) && kvm_check_extension(KVM_CAP_XCRS);
}

static bool get_xcrs(X86Cpu *cpu)
{
    struct kvm_xcrs x;

    if (!uses_xcrs(cpu)) {
        return true;
    }
    if (!vcpu_call(cpu, "KVM_GET_XCRS", KVM_GET_XCRS, &x)) {
        return false;
    }
    for (uint32_t i = 0; i < MIN(x.nr_xcrs, (uint32_t)KVM_MAX_XCRS); i++) {
        if (x.xcrs[i].xcr == 0) {
            cpu->st.xcr0 = x.xcrs[i].value;
        }
    }
    return true;
}

static bool put_xcrs(X86Cpu *cpu)
{
    struct kvm_xcrs x = { .nr_xcrs = 1, .xcrs[0].value = cpu->st.xcr0 };

    return !uses_xcrs(cpu) || vcpu_call(cpu, "KVM_SET_XCRS", KVM_SET_XCRS, &x);
}

/* --- Debug registers and events ------------------------------------------------------
 */

static bool get_debug(X86Cpu *cpu)
{
    struct kvm_debugregs d;

    if (!vcpu_call(cpu, "KVM_GET_DEBUGREGS", KVM_GET_DEBUGREGS, &d)) {
        return false;
    }
    memcpy(cpu->st.dr, d.db, sizeof(d.db));
    cpu->st.dr[4] = cpu->st.dr[6] = d.dr6;
    cpu->st.dr[5] = cpu->st.dr[7] = d.dr7;
    return true;
}

static bool put_debug(X86Cpu *cpu)
{
    struct kvm_debugregs d = { .dr6 = cpu->st.dr[6], .dr7 = cpu->st.dr[7] };

    memcpy(d.db, cpu->st.dr, sizeof(d.db));
    return vcpu_call(cpu, "KVM_SET_DEBUGREGS", KVM_SET_DEBUGREGS, &d);
}

static bool get_events(X86Cpu *cpu)
{
    X86State *st = &cpu->st;
    X86KvmState *k = &cpu->kvm;
    struct kvm_vcpu_events e = { 0 };

    if (!vcpu_call(cpu, "KVM_GET_VCPU_EVENTS", KVM_GET_VCPU_EVENTS, &e)) {
        return false;
    }
    k->exception_injected = e.exception.injected;
    k->exception_nr = e.exception.nr;
    k->exception_has_error = e.exception.has_error_code;
    k->exception_error = e.exception.error_code;
    k->exception_pending = false;
    k->exception_has_payload = false;
    if (e.flags & KVM_VCPUEVENT_VALID_PAYLOAD) {
        k->exception_pending = e.exception.pending;
        k->exception_has_payload = e.exception_has_payload;
        k->exception_payload = e.exception_payload;
    }
    k->interrupt_injected = e.interrupt.injected;
    k->interrupt_nr = e.interrupt.nr;
    k->interrupt_soft = e.interrupt.soft;
    k->nmi_injected = e.nmi.injected;
    k->nmi_pending = e.nmi.pending;
    st->nmi_blocked = e.nmi.masked;
    if (kvm_irqchip_get() != KVM_IRQCHIP_OFF) { /* else the bus has put it there */
        st->sipi_vector = (uint8_t)e.sipi_vector;
    }
    st->irq_shadow = e.interrupt.shadow & KVM_X86_SHADOW_INT_MOV_SS ? X86_SHADOW_SS
                     : e.interrupt.shadow & KVM_X86_SHADOW_INT_STI  ? X86_SHADOW_STI
                                                                    : 0;
    k->triple_fault_pending =
        e.flags & KVM_VCPUEVENT_VALID_TRIPLE_FAULT && e.triple_fault.pending;
    if (e.flags & KVM_VCPUEVENT_VALID_SMM) {
        st->in_smm = e.smi.smm;
        k->smi_pending = e.smi.pending;
        st->smm_inside_nmi = e.smi.smm_inside_nmi;
        k->smi_latched_init = e.smi.latched_init;
    }
    return true;
}

static bool put_events(X86Cpu *cpu, VcpuStateLevel level)
{
    const X86State *st = &cpu->st;
    const X86KvmState *k = &cpu->kvm;
    struct kvm_vcpu_events e = {
        .exception = {.injected = k->exception_injected,
                      .nr = k->exception_nr,
                      .has_error_code = k->exception_has_error,
                      .error_code = k->exception_error },
        .interrupt = { .injected = k->interrupt_injected,
                      .nr = k->interrupt_nr,
                      .soft = k->interrupt_soft,
                      .shadow =
                           st->irq_shadow == X86_SHADOW_SS ? KVM_X86_SHADOW_INT_MOV_SS
                           : st->irq_shadow == X86_SHADOW_STI ? KVM_X86_SHADOW_INT_STI
                                                              : 0 },
        .nmi = { .injected = k->nmi_injected,
                      .pending = k->nmi_pending,
                      .masked = st->nmi_blocked},
        .sipi_vector = st->sipi_vector,
        .flags = KVM_VCPUEVENT_VALID_SHADOW,
    };

    if (level != VCPU_STATE_RUNTIME) {
        e.flags |= KVM_VCPUEVENT_VALID_NMI_PENDING | KVM_VCPUEVENT_VALID_SIPI_VECTOR;
    }
    if (kvm_check_extension(KVM_CAP_EXCEPTION_PAYLOAD)) {
        e.flags |= KVM_VCPUEVENT_VALID_PAYLOAD;
        e.exception.pending = k->exception_pending;
        e.exception_has_payload = k->exception_has_payload;
        e.exception_payload = k->exception_payload;
    }
    if (kvm_check_extension(KVM_CAP_X86_TRIPLE_FAULT_EVENT)) {
        e.flags |= KVM_VCPUEVENT_VALID_TRIPLE_FAULT;
        e.triple_fault.pending = k->triple_fault_pending;
    }
    if (kvm_check_extension(KVM_CAP_X86_SMM)) {
        e.flags |= KVM_VCPUEVENT_VALID_SMM;
        e.smi.smm = st->in_smm;
        e.smi.pending = k->smi_pending;
        e.smi.smm_inside_nmi = st->smm_inside_nmi;
        e.smi.latched_init = k->smi_latched_init;
    }
    return vcpu_call(cpu, "KVM_SET_VCPU_EVENTS", KVM_SET_VCPU_EVENTS, &e);
}

/* With the local APIC in the kernel the kernel knows whether a CPU sleeps. */
static bool get_mp_state(X86Cpu *cpu)
{
    struct kvm_mp_state mp;

    if (kvm_irqchip_get() == KVM_IRQCHIP_OFF) {
        return true;
    }
    if (!vcpu_call(cpu, "KVM_GET_MP_STATE", KVM_GET_MP_STATE, &mp)) {
        return false;
    }
    cpu->kvm.mp_state = mp.mp_state;
    cpu->st.halted = mp.mp_state == KVM_MP_STATE_HALTED;
    cpu->st.wait_sipi = mp.mp_state == KVM_MP_STATE_UNINITIALIZED ||
                        mp.mp_state == KVM_MP_STATE_INIT_RECEIVED;
    return true;
}

static bool put_mp_state(X86Cpu *cpu, VcpuStateLevel level)
{
    struct kvm_mp_state mp = { KVM_MP_STATE_RUNNABLE };

    if (kvm_irqchip_get() == KVM_IRQCHIP_OFF || level == VCPU_STATE_RUNTIME) {
        return true;
    }
    if (level == VCPU_STATE_FULL) {
        mp.mp_state = cpu->kvm.mp_state;
    } else if (cpu->st.wait_sipi) {
        mp.mp_state = KVM_MP_STATE_UNINITIALIZED;
    }
    return vcpu_call(cpu, "KVM_SET_MP_STATE", KVM_SET_MP_STATE, &mp);
}

/* --- Nested guests -------------------------------------------------------------------
 */

static int nested_max_bytes(const X86Cpu *cpu)
{
    int max = kvm_check_extension(KVM_CAP_NESTED_STATE);

    return max > X86_KVM_NESTED_MAX || !x86_has(&cpu->st, X86_F_SVM) ? 0 : max;
}

static bool get_nested(X86Cpu *cpu)
{
    int max = nested_max_bytes(cpu);
    struct kvm_nested_state *n = (struct kvm_nested_state *)cpu->kvm.nested;

    cpu->kvm.nested_bytes = 0;
    if (!max) {
        return true;
    }
    n->size = (uint32_t)max;
    if (!vcpu_call(cpu, "KVM_GET_NESTED_STATE", KVM_GET_NESTED_STATE, n)) {
        return false;
    }
    cpu->kvm.nested_bytes = MIN(n->size, (uint32_t)X86_KVM_NESTED_MAX);
    return true;
}

/* After a reset no nested guest runs and GIF is set (APM volume 2, 15.17). */
static bool put_nested(X86Cpu *cpu, VcpuStateLevel level)
{
    struct kvm_nested_state none = { .format = KVM_STATE_NESTED_FORMAT_SVM,
                                     .flags = KVM_STATE_NESTED_GIF_SET,
                                     .size = sizeof(none) };

    if (level == VCPU_STATE_RUNTIME || !nested_max_bytes(cpu)) {
        return true;
    }
    return vcpu_call(cpu, "KVM_SET_NESTED_STATE", KVM_SET_NESTED_STATE,
                     level == VCPU_STATE_FULL && cpu->kvm.nested_bytes
                         ? (void *)cpu->kvm.nested
                         : (void *)&none);
}

/* --- The local APIC ------------------------------------------------------------------
 */

static bool get_apic(X86Cpu *cpu)
{
    struct kvm_lapic_state page;

    if (kvm_irqchip_get() == KVM_IRQCHIP_OFF || !cpu->apic) {
        return true;
    }
    if (!vcpu_call(cpu, "KVM_GET_LAPIC", KVM_GET_LAPIC, &page)) {
        return false;
    }
    kvm_apic_from_kernel(cpu->apic, &page, cpu->st.apic_base);
    return true;
}

static bool put_apic(X86Cpu *cpu, VcpuStateLevel level)
{
    struct kvm_lapic_state page;

    if (kvm_irqchip_get() == KVM_IRQCHIP_OFF || !cpu->apic ||
        level == VCPU_STATE_RUNTIME) {
        return true;
    }
    kvm_apic_to_kernel(cpu->apic, &page);
    return vcpu_call(cpu, "KVM_SET_LAPIC", KVM_SET_LAPIC, &page);
}

/* --- All of it -----------------------------------------------------------------------
 */

bool kvm_x86_get_registers(VCPU *vcpu)
{
    X86Cpu *cpu = X86_CPU(vcpu);
    bool ok = get_general(cpu) && get_special(cpu) && get_vectors(cpu) &&
              get_xcrs(cpu) && get_debug(cpu) && get_events(cpu) && get_mp_state(cpu) &&
              kvm_x86_get_msrs(cpu) && get_apic(cpu) && get_nested(cpu);

    x86_state_refresh(&cpu->st);
    return ok;
}

/* The base of the APIC is among the special registers and goes before its registers;
 * events go last, since others of these clear them. */
bool kvm_x86_put_registers(VCPU *vcpu, VcpuStateLevel level)
{
    X86Cpu *cpu = X86_CPU(vcpu);

    return put_general(cpu) && put_xcrs(cpu) && put_vectors(cpu) && put_special(cpu) &&
           put_nested(cpu, level) && kvm_x86_put_msrs(cpu, level) &&
           put_apic(cpu, level) && put_debug(cpu) && put_mp_state(cpu, level) &&
           put_events(cpu, level) && kvm_arch_i386.update_debug(vcpu) >= 0;
}

/* --- In the middle of an access ------------------------------------------------------
 */

/* Of the bits of RAX: an INS, which cannot be told from an IN, sets none of them; that
 * a device changes just these then is not provided for. */
static uint64_t result_bits(const struct kvm_run *run)
{
    if (run->exit_reason != KVM_EXIT_IO || run->io.direction != KVM_EXIT_IO_IN) {
        return 0;
    }
    return run->io.size == 4 ? UINT64_MAX : ((uint64_t)1 << 8 * run->io.size) - 1;
}

bool kvm_x86_get_registers_in_access(VCPU *vcpu, const struct kvm_run *run)
{
    X86Cpu *cpu = X86_CPU(vcpu);
    X86KvmSeen *seen = &cpu->kvm.seen;
    bool ok = kvm_x86_get_registers(vcpu);

    for (unsigned i = 0; i < G_N_ELEMENTS(seen->gpr); i++) {
        seen->gpr[i] = cpu->st.regs[i].q;
    }
    seen->rip = cpu->st.rip;
    seen->rflags = x86_get_rflags(&cpu->st);
    seen->result = result_bits(run);
    return ok;
}

bool kvm_x86_access_completed(VCPU *vcpu)
{
    X86Cpu *cpu = X86_CPU(vcpu);
    X86State *st = &cpu->st;
    const X86KvmSeen *seen = &cpu->kvm.seen;
    X86KvmSeen device = { .rip = st->rip, .rflags = x86_get_rflags(st) };
    uint64_t result;
    bool ok;

    for (unsigned i = 0; i < G_N_ELEMENTS(device.gpr); i++) {
        device.gpr[i] = st->regs[i].q;
    }
    ok = kvm_x86_get_registers(vcpu);
    result = st->regs[X86_RAX].q & seen->result;
    for (unsigned i = 0; i < G_N_ELEMENTS(device.gpr); i++) {
        if (device.gpr[i] != seen->gpr[i]) {
            st->regs[i].q = device.gpr[i];
        }
    }
    st->regs[X86_RAX].q = (st->regs[X86_RAX].q & ~seen->result) | result;
    if (device.rip != seen->rip) {
        st->rip = device.rip;
    }
    if (device.rflags != seen->rflags) {
        x86_set_rflags(st, device.rflags);
    }
    x86_state_refresh(st);
    return ok;
}
