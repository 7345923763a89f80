/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * CPUID of a guest under KVM: what its CPU model says, cut to what the kernel offers
 * (KVM_GET_SUPPORTED_CPUID), and KVM's own leaves 40000000 and 40000001
 * (Documentation/virt/kvm/x86/cpuid.rst).
 */
#include "kvm-i386.h"

#include "accel/target/i386/models.h"
#include "accel/target/i386/system.h"

#include <asm/kvm_para.h>
#include <string.h>

enum { EAX, EBX, ECX, EDX };
enum { MAX_ENTRIES = 256 };

static struct kvm_cpuid2 *supported; /* BQL; set before the first vCPU */

bool kvm_x86_ask_cpuid(Error **errp)
{
    size_t bytes = sizeof(*supported) + MAX_ENTRIES * sizeof(struct kvm_cpuid_entry2);
    int ret;

    supported = supported ? supported : g_malloc0(bytes);
    supported->nent = MAX_ENTRIES;
    ret = kvm_system_ioctl(KVM_GET_SUPPORTED_CPUID, supported);
    return ret >= 0 || error_set_errno(errp, -ret, "kvm: KVM_GET_SUPPORTED_CPUID");
}

uint32_t kvm_x86_supported_cpuid(uint32_t leaf, uint32_t subleaf, unsigned reg)
{
    const struct kvm_cpuid2 *s = supported;

    for (uint32_t i = 0; i < s->nent; i++) {
        const struct kvm_cpuid_entry2 *e = &s->entries[i];

        if (e->function != leaf ||
            ((e->flags & KVM_CPUID_FLAG_SIGNIFCANT_INDEX) && e->index != subleaf)) {
            continue;
        }
        return reg == EAX ? e->eax : reg == EBX ? e->ebx : reg == ECX ? e->ecx : e->edx;
    }
    return 0;
}

unsigned kvm_x86_phys_bits(void)
{
    return kvm_x86_supported_cpuid(0x80000008, 0, EAX) & 0xff;
}

static uint32_t bit(X86Feature f)
{
    return 1u << (f & 31);
}

void kvm_x86_supported_features(uint32_t words[X86_FW_COUNT])
{
    static const struct {
        uint32_t leaf, subleaf;
        unsigned reg;
    } where[X86_FW_COUNT] = {
        [X86_FW_1_EDX] = {1,           0, EDX},
        [X86_FW_1_ECX] = { 1,          0, ECX},
        [X86_FW_7_EBX] = { 7,          0, EBX},
        [X86_FW_7_ECX] = { 7,          0, ECX},
        [X86_FW_7_EDX] = { 7,          0, EDX},
        [X86_FW_80000001_EDX] = { 0x80000001, 0, EDX},
        [X86_FW_80000001_ECX] = { 0x80000001, 0, ECX},
        [X86_FW_80000007_EDX] = { 0x80000007, 0, EDX},
        [X86_FW_80000008_EBX] = { 0x80000008, 0, EBX},
        [X86_FW_D_1_EAX] = { 0xd,        1, EAX},
        [X86_FW_6_EAX] = { 6,          0, EAX},
        [X86_FW_8000000A_EDX] = { 0x8000000a, 0, EDX},
    };
    bool in_kernel = kvm_irqchip_get() != KVM_IRQCHIP_OFF;

    for (unsigned k = 0; k < X86_FW_COUNT; k++) {
        words[k] =
            kvm_x86_supported_cpuid(where[k].leaf, where[k].subleaf, where[k].reg);
    }
    /* What user space adds, and what needs the kernel's local APIC. */
    words[X86_FW_1_ECX] |= bit(X86_F_HYPERVISOR);
    words[X86_FW_1_EDX] |= bit(X86_F_HT);
    words[X86_FW_80000001_ECX] |= bit(X86_F_CMP_LEGACY);
    if (!in_kernel) {
        words[X86_FW_1_ECX] &= ~(bit(X86_F_X2APIC) | bit(X86_F_TSC_DEADLINE));
    } else if (kvm_check_extension(KVM_CAP_TSC_DEADLINE_TIMER)) {
        words[X86_FW_1_ECX] |= bit(X86_F_TSC_DEADLINE);
    }
    if (kvm_check_extension(KVM_CAP_X86_DISABLE_EXITS) == 0) {
        words[X86_FW_1_ECX] &= ~bit(X86_F_MONITOR);
    }
    words[X86_FW_1_EDX] &= ~bit(X86_F_ACPI);
}

/* --- The guest's table ---------------------------------------------------------------
 */

typedef struct Table {
    struct kvm_cpuid2 *cpuid;
} Table;

static struct kvm_cpuid_entry2 *add(Table *t, uint32_t leaf, uint32_t subleaf,
                                    const uint32_t r[4], bool indexed)
{
    struct kvm_cpuid_entry2 *e;

    g_assert(t->cpuid->nent < MAX_ENTRIES);
    e = &t->cpuid->entries[t->cpuid->nent++];
    *e = (struct kvm_cpuid_entry2){
        .function = leaf,
        .index = subleaf,
        .flags = indexed ? KVM_CPUID_FLAG_SIGNIFCANT_INDEX : 0,
        .eax = r[EAX],
        .ebx = r[EBX],
        .ecx = r[ECX],
        .edx = r[EDX],
    };
    return e;
}

static unsigned subleaves(uint32_t leaf)
{
    switch (leaf) {
    case 4:
    case 0xb:
        return 4;
    case 7:
        return 1;
    case 0xd:
        return 3;
    default:
        return 0;
    }
}

static void add_range(Table *t, X86Cpu *cpu, uint32_t first, uint32_t last)
{
    uint32_t r[4];

    for (uint32_t leaf = first; leaf <= last; leaf++) {
        unsigned n = subleaves(leaf);

        for (unsigned sub = 0; sub < MAX(n, 1u); sub++) {
            x86_cpuid(&cpu->st, leaf, sub, r);
            add(t, leaf, sub, r, n != 0);
        }
    }
}

static void add_kvm_leaves(Table *t)
{
    uint32_t signature[4] = { KVM_CPUID_FEATURES };
    uint32_t wanted = 1u << KVM_FEATURE_CLOCKSOURCE | 1u << KVM_FEATURE_NOP_IO_DELAY |
                      1u << KVM_FEATURE_CLOCKSOURCE2 | 1u << KVM_FEATURE_STEAL_TIME |
                      1u << KVM_FEATURE_CLOCKSOURCE_STABLE_BIT;
    uint32_t features[4] = { 0 };

    if (kvm_irqchip_get() != KVM_IRQCHIP_OFF) {
        wanted |= 1u << KVM_FEATURE_PV_EOI | 1u << KVM_FEATURE_ASYNC_PF |
                  1u << KVM_FEATURE_ASYNC_PF_INT;
    }
    memcpy(&signature[EBX], "KVMKVMKVM\0\0\0", 12);
    features[EAX] = kvm_x86_supported_cpuid(KVM_CPUID_FEATURES, 0, EAX) & wanted;
    add(t, KVM_CPUID_SIGNATURE, 0, signature, false);
    add(t, KVM_CPUID_FEATURES, 0, features, false);
}

/* The kernel keeps a vCPU that is gone for the next one of its number, and does not let
 * the CPUID of one that has run be set again, not even to the same. */
static GHashTable *given; /* APIC id to struct kvm_cpuid2; BQL */

static bool same_cpuid(const struct kvm_cpuid2 *a, const struct kvm_cpuid2 *b)
{
    return a && a->nent == b->nent &&
           !memcmp(a->entries, b->entries, a->nent * sizeof(a->entries[0]));
}

bool kvm_x86_set_cpuid(X86Cpu *cpu, Error **errp)
{
    g_autofree struct kvm_cpuid2 *cpuid =
        g_malloc0(sizeof(*cpuid) + MAX_ENTRIES * sizeof(struct kvm_cpuid_entry2));
    const X86CpuIdent *id = &cpu->st.ident;
    Table t = { cpuid };
    int ret;

    add_range(&t, cpu, 0, MIN(id->level, 0x20u));
    if (x86_has(&cpu->st, X86_F_HYPERVISOR)) {
        add_kvm_leaves(&t);
    }
    if (id->xlevel >= 0x80000000u) {
        add_range(&t, cpu, 0x80000000u, MIN(id->xlevel, 0x80000020u));
    }
    given = given ? given : g_hash_table_new_full(NULL, NULL, NULL, g_free);
    if (same_cpuid(g_hash_table_lookup(given, GUINT_TO_POINTER(cpu->apic_id)), cpuid)) {
        return true;
    }
    ret = kvm_vcpu_ioctl(&cpu->parent_obj, KVM_SET_CPUID2, cpuid);
    if (ret < 0) {
        return error_set_errno(errp, -ret, "kvm: CPUID of CPU %u", cpu->apic_id);
    }
    g_hash_table_insert(given, GUINT_TO_POINTER(cpu->apic_id), g_steal_pointer(&cpuid));
    return true;
}
