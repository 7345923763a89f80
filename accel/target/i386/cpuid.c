/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The CPUID instruction: SDM volume 2A; AMD APM volume 3, appendix E.
 */
#include "accel/target/i386/system.h"

#include <string.h>

enum { EAX, EBX, ECX, EDX };

static bool is_amd(const X86State *cpu)
{
    return !strcmp(cpu->ident.vendor, "AuthenticAMD");
}

static uint32_t text_word(const char *text, unsigned at)
{
    uint32_t v = 0;
    size_t len = strlen(text);

    for (unsigned k = 0; k < 4; k++) {
        if (at + k < len) {
            v |= (uint32_t)(uint8_t)text[at + k] << (8 * k);
        }
    }
    return v;
}

static uint32_t signature(const X86CpuIdent *id)
{
    uint32_t family = id->family > 15 ? 15 : id->family;

    return (id->family - family) << 20 | (id->model >> 4) << 16 | family << 8 |
           (id->model & 15) << 4 | id->stepping;
}

static unsigned threads_per_package(const X86CpuIdent *id)
{
    return id->cores_per_package * id->threads_per_core;
}

static unsigned bits_for(unsigned n)
{
    unsigned bits = 0;

    while ((1u << bits) < n) {
        bits++;
    }
    return bits;
}

static void leaf_1(const X86State *cpu, uint32_t r[4])
{
    const X86CpuIdent *id = &cpu->ident;
    unsigned threads = threads_per_package(id);

    r[EAX] = signature(id);
    r[EBX] = id->apic_id << 24 | 8 << 8;
    r[ECX] = cpu->features[X86_FW_1_ECX] & ~(1u << (X86_F_OSXSAVE & 31));
    r[EDX] = cpu->features[X86_FW_1_EDX];
    if (cpu->cr4 & X86_CR4_OSXSAVE) {
        r[ECX] |= 1u << (X86_F_OSXSAVE & 31);
    }
    if (threads > 1) {
        r[EBX] |= threads << 16;
        r[EDX] |= 1u << (X86_F_HT & 31);
    }
}

/* Deterministic cache parameters: L1d, L1i of 32 KiB and 8 ways, L2 4 MiB 16 ways. */
static void leaf_4(const X86State *cpu, uint32_t sub, uint32_t r[4])
{
    static const struct {
        uint32_t type_level, ways, sets;
    } caches[] = {
        {0x121,  8,  64  },
        { 0x122, 8,  64  },
        { 0x143, 16, 4096}
    };
    unsigned cores = cpu->ident.cores_per_package;

    if (is_amd(cpu) || sub >= sizeof(caches) / sizeof(caches[0])) {
        return;
    }
    r[EAX] = caches[sub].type_level | (cores - 1) << 26;
    r[EBX] = (caches[sub].ways - 1) << 22 | 63;
    r[ECX] = caches[sub].sets - 1;
    r[EDX] = 1;
}

static void leaf_7(const X86State *cpu, uint32_t sub, uint32_t r[4])
{
    if (sub == 0) {
        r[EBX] = cpu->features[X86_FW_7_EBX];
        r[ECX] = cpu->features[X86_FW_7_ECX];
        r[EDX] = cpu->features[X86_FW_7_EDX];
    }
}

static void leaf_b(const X86State *cpu, uint32_t sub, uint32_t r[4])
{
    const X86CpuIdent *id = &cpu->ident;

    r[ECX] = sub & 0xff;
    r[EDX] = id->apic_id;
    if (sub == 0) {
        r[EAX] = bits_for(id->threads_per_core);
        r[EBX] = id->threads_per_core;
        r[ECX] |= 1 << 8;
    } else if (sub == 1) {
        r[EAX] = bits_for(id->threads_per_core) + bits_for(id->cores_per_package);
        r[EBX] = threads_per_package(id);
        r[ECX] |= 2 << 8;
    }
}

static void leaf_d(const X86State *cpu, uint32_t sub, uint32_t r[4])
{
    bool avx = x86_has(cpu, X86_F_AVX);

    if (!x86_has(cpu, X86_F_XSAVE)) {
        return;
    }
    switch (sub) {
    case 0:
        r[EAX] = X86_XCR0_X87 | X86_XCR0_SSE | (avx ? X86_XCR0_AVX : 0);
        r[EBX] = cpu->xcr0 & X86_XCR0_AVX ? 832 : 576;
        r[ECX] = avx ? 832 : 576;
        break;
    case 1:
        r[EAX] = cpu->features[X86_FW_D_1_EAX];
        r[EBX] = cpu->xcr0 & X86_XCR0_AVX ? 832 : 576;
        break;
    case 2:
        if (avx) {
            r[EAX] = 256;
            r[EBX] = 576;
        }
        break;
    default:
        break;
    }
}

static void basic(const X86State *cpu, uint32_t leaf, uint32_t sub, uint32_t r[4])
{
    switch (leaf) {
    case 0:
        r[EAX] = cpu->ident.level;
        r[EBX] = text_word(cpu->ident.vendor, 0);
        r[EDX] = text_word(cpu->ident.vendor, 4);
        r[ECX] = text_word(cpu->ident.vendor, 8);
        break;
    case 1:
        leaf_1(cpu, r);
        break;
    case 2:
        if (!is_amd(cpu)) {
            r[EAX] = 1;
            r[ECX] = 0x4d;
            r[EDX] = 0x002c307d;
        }
        break;
    case 4:
        leaf_4(cpu, sub, r);
        break;
    case 5:
        r[ECX] = x86_has(cpu, X86_F_MONITOR) ? 3 : 0;
        break;
    case 6:
        r[EAX] = cpu->features[X86_FW_6_EAX];
        break;
    case 7:
        leaf_7(cpu, sub, r);
        break;
    case 0xb:
        leaf_b(cpu, sub, r);
        break;
    case 0xd:
        leaf_d(cpu, sub, r);
        break;
    default:
        break;
    }
}

static void extended(const X86State *cpu, uint32_t leaf, uint32_t r[4])
{
    unsigned threads = threads_per_package(&cpu->ident);

    switch (leaf & 0xff) {
    case 0:
        r[EAX] = cpu->ident.xlevel;
        r[EBX] = text_word(cpu->ident.vendor, 0);
        r[EDX] = text_word(cpu->ident.vendor, 4);
        r[ECX] = text_word(cpu->ident.vendor, 8);
        break;
    case 1:
        r[EAX] = signature(&cpu->ident);
        r[ECX] = cpu->features[X86_FW_80000001_ECX];
        r[EDX] = cpu->features[X86_FW_80000001_EDX];
        if (threads > 1 && is_amd(cpu)) {
            r[ECX] |= 1u << (X86_F_CMP_LEGACY & 31);
        }
        break;
    case 2:
    case 3:
    case 4:
        for (unsigned k = 0; k < 4; k++) {
            r[k] = text_word(cpu->ident.model_id, 16 * ((leaf & 0xff) - 2) + 4 * k);
        }
        break;
    case 5:
        r[EAX] = r[EBX] = 0x01ff01ff;
        r[ECX] = r[EDX] = 0x40020140;
        break;
    case 6:
        r[EBX] = 0x42004200;
        r[ECX] = 0x02008140;
        break;
    case 7:
        r[EDX] = cpu->features[X86_FW_80000007_EDX];
        break;
    case 8:
        r[EAX] = cpu->ident.phys_bits |
                 (uint32_t)(x86_has(cpu, X86_F_LM) ? cpu->ident.virt_bits : 0) << 8;
        r[EBX] = cpu->features[X86_FW_80000008_EBX];
        if (threads > 1) {
            r[ECX] = bits_for(threads) << 12 | (threads - 1);
        }
        break;
    default:
        break;
    }
}

void x86_cpuid(const X86State *cpu, uint32_t leaf, uint32_t sub, uint32_t r[4])
{
    memset(r, 0, 4 * sizeof(r[0]));
    if (leaf >= 0x80000000u && leaf <= cpu->ident.xlevel) {
        extended(cpu, leaf, r);
        return;
    }
    if (leaf >= 0x40000000 && leaf <= 0x40000001 && x86_has(cpu, X86_F_HYPERVISOR)) {
        if (leaf == 0x40000000) {
            r[EAX] = 0x40000001;
            r[EBX] = text_word("StrataStrata", 0);
            r[ECX] = text_word("StrataStrata", 4);
            r[EDX] = text_word("StrataStrata", 8);
        }
        return;
    }
    /* What is beyond the highest leaf answers as the highest basic one. */
    basic(cpu, leaf > cpu->ident.level ? cpu->ident.level : leaf, sub, r);
}
