/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Model-specific registers between the kernel and the CPU object.
 *
 * The list is the table below, cut to what this host's KVM takes: each register is read
 * once on its own when the first vCPU is made.
 */
#include "kvm-i386.h"

#include "accel/target/i386/system.h"
#include "util/log.h"

#include <string.h>

typedef struct MsrRow {
    uint32_t index, count;
    size_t offset; /* of uint64_t in X86Cpu */
    uint16_t feature;
    /* Written only after reset and load: it counts by itself, or has side effects. */
    bool full_only;
} MsrRow;

#define F(field) offsetof(X86Cpu, st.field)
#define K(n)     (offsetof(X86Cpu, kvm.msr) + 8 * (n))

/* clang-format off */
static const MsrRow rows[] = {
    { 0x00000010, 1, SIZE_MAX, X86_F_TSC, true }, /* IA32_TIME_STAMP_COUNTER: special */
    { 0x0000003b, 1, F(tsc_adjust), 0, true },
    { 0x00000174, 1, F(sysenter_cs), X86_F_SEP, false },
    { 0x00000175, 1, F(sysenter_esp), X86_F_SEP, false },
    { 0x00000176, 1, F(sysenter_eip), X86_F_SEP, false },
    { 0x0000017a, 1, F(mcg_status), X86_F_MCA, false },
    { 0x0000017b, 1, F(mcg_ctl), X86_F_MCA, false },
    { 0x000001a0, 1, F(misc_enable), 0, false },
    { 0x000001d9, 1, F(debugctl), 0, false },
    { 0x00000200, 2 * X86_MTRR_VAR_COUNT, F(mtrr_var), X86_F_MTRR, true },
    { 0x00000250, 1, F(mtrr_fixed[0]), X86_F_MTRR, true },
    { 0x00000258, 2, F(mtrr_fixed[1]), X86_F_MTRR, true },
    { 0x00000268, 8, F(mtrr_fixed[3]), X86_F_MTRR, true },
    { 0x00000277, 1, F(pat), X86_F_PAT, false },
    { 0x000002ff, 1, F(mtrr_def_type), X86_F_MTRR, true },
    { 0x00000400, 4 * X86_MC_BANK_COUNT, F(mc_bank), X86_F_MCA, true },
    { 0x00000da0, 1, F(xss), X86_F_XSAVES, false },
    { 0xc0000081, 1, F(star), X86_F_SYSCALL, false },
    { 0xc0000082, 1, F(lstar), X86_F_LM, false },
    { 0xc0000083, 1, F(cstar), X86_F_LM, false },
    { 0xc0000084, 1, F(sfmask), X86_F_SYSCALL, false },
    { 0xc0000102, 1, F(kernel_gs_base), X86_F_LM, false },
    { 0xc0000103, 1, F(tsc_aux), X86_F_RDTSCP, false },
    { 0xc0010117, 1, F(vm_hsave_pa), X86_F_SVM, false },
    /* The paravirtual interface; 0 and 1 must stay in this order: wall clock, time. */
    { 0x4b564d00, 1, K(0), 0, true },
    { 0x4b564d01, 1, K(1), 0, true },
    { 0x00000011, 1, K(2), 0, true },
    { 0x00000012, 1, K(3), 0, true },
    { 0x4b564d06, 1, K(5), 0, true }, /* before the one that enables it */
    { 0x4b564d02, 1, K(4), 0, true },
    { 0x4b564d03, 1, K(6), 0, true },
    { 0x4b564d04, 1, K(7), 0, true },
    { 0x4b564d05, 1, K(8), 0, true },
    { 0x00000048, 1, K(9), 0, false }, /* IA32_SPEC_CTRL */
    { 0x00000140, 1, K(10), 0, false },
    { 0xc001011f, 1, K(11), 0, false }, /* VIRT_SPEC_CTRL */
};
/* clang-format on */

enum { MAX_MSRS = 160 };
static struct {
    uint32_t index;
    const MsrRow *row;
} list[MAX_MSRS]; /* set once, BQL */
static unsigned list_len;

typedef struct Batch {
    struct kvm_msrs head;
    struct kvm_msr_entry entries[MAX_MSRS];
} Batch;

static uint64_t host_tsc(void)
{
    return __builtin_ia32_rdtsc();
}

static uint64_t *place_of(X86Cpu *cpu, unsigned i)
{
    const MsrRow *row = list[i].row;

    return (uint64_t *)((char *)cpu + row->offset) + (list[i].index - row->index);
}

static bool can_read(X86Cpu *cpu, uint32_t index)
{
    Batch b = { .head.nmsrs = 1, .entries[0].index = index };

    return kvm_vcpu_ioctl(&cpu->parent_obj, KVM_GET_MSRS, &b) == 1;
}

void kvm_x86_msr_init(X86Cpu *cpu)
{
    if (list_len) {
        return;
    }
    for (unsigned k = 0; k < G_N_ELEMENTS(rows); k++) {
        for (uint32_t i = 0; i < rows[k].count; i++) {
            uint32_t index = rows[k].index + i;

            if (x86_has(&cpu->st, rows[k].feature) && can_read(cpu, index)) {
                g_assert(list_len < MAX_MSRS);
                list[list_len].index = index;
                list[list_len++].row = &rows[k];
            }
        }
    }
}

bool kvm_x86_get_msrs(X86Cpu *cpu)
{
    Batch b = { .head.nmsrs = list_len };
    int n;

    for (unsigned i = 0; i < list_len; i++) {
        b.entries[i].index = list[i].index;
    }
    n = kvm_vcpu_ioctl(&cpu->parent_obj, KVM_GET_MSRS, &b);
    for (int i = 0; i < n; i++) {
        if (list[i].row->offset == SIZE_MAX) {
            cpu->st.tsc_offset = b.entries[i].data - host_tsc();
        } else {
            *place_of(cpu, (unsigned)i) = b.entries[i].data;
        }
    }
    return n == (int)list_len;
}

/* One that the kernel refuses is left out from then on, with a word about it. */
static bool put_batch(X86Cpu *cpu, Batch *b)
{
    static bool refused[MAX_MSRS];
    uint32_t done = 0, total = b->head.nmsrs;

    while (done < total) {
        Batch part = { .head.nmsrs = total - done };
        int n;

        memcpy(part.entries, &b->entries[done],
               (total - done) * sizeof(part.entries[0]));
        n = kvm_vcpu_ioctl(&cpu->parent_obj, KVM_SET_MSRS, &part);
        if (n < 0) {
            error_report("kvm: writing registers: %s", g_strerror(-n));
            return false;
        }
        done += (uint32_t)n;
        if (done < total) {
            const struct kvm_msr_entry *e = &b->entries[done++];

            if (!refused[done - 1]) {
                refused[done - 1] = true;
                log_unimp("kvm: the kernel refuses %" PRIx64 " in register 0x%x\n",
                          (uint64_t)e->data, e->index);
            }
        }
    }
    return true;
}

bool kvm_x86_put_msrs(X86Cpu *cpu, VcpuStateLevel level)
{
    Batch b = { 0 };

    for (unsigned i = 0; i < list_len; i++) {
        struct kvm_msr_entry *e = &b.entries[b.head.nmsrs];
        const MsrRow *row = list[i].row;

        if (row->full_only && level == VCPU_STATE_RUNTIME) {
            continue;
        }
        e->index = list[i].index;
        e->data = row->offset == SIZE_MAX ? host_tsc() + cpu->st.tsc_offset
                                          : *place_of(cpu, i);
        b.head.nmsrs++;
    }
    return put_batch(cpu, &b);
}
