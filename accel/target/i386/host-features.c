/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Many vector reference functions execute one instruction of the host (host-sse.h), by
 * the legacy encoding where there is one.  So 256-bit integer instructions need no AVX2
 * of the host, and the compares by 32 predicates, FMA and F16C need its VEX encodings.
 * SSE4A, permutes, masked moves and gathers are plain C.
 */
#include "accel/target/i386/host-features.h"

#include <glib.h>

#include <cpuid.h>

typedef struct HostNeed {
    uint16_t feature; /* X86Feature of the guest */
    uint16_t needs;   /* X86Feature of the host */
} HostNeed;

static const HostNeed needs[] = {
    {X86_F_SSE3,       X86_F_SSE3     },
    { X86_F_SSSE3,     X86_F_SSSE3    },
    { X86_F_SSE4_1,    X86_F_SSE4_1   },
    { X86_F_SSE4_2,    X86_F_SSE4_2   },
    { X86_F_AES,       X86_F_AES      },
    { X86_F_SHA,       X86_F_SHA      },
    { X86_F_PCLMULQDQ, X86_F_PCLMULQDQ},
    { X86_F_AVX,       X86_F_AVX      },
    { X86_F_AVX2,      X86_F_AVX      },
    { X86_F_FMA,       X86_F_FMA      },
    { X86_F_F16C,      X86_F_F16C     },
};

/* The YMM state must be enabled by the host's kernel. */
static bool host_has_ymm(uint32_t leaf1_ecx)
{
    uint32_t lo, hi;

    if (!(leaf1_ecx >> (X86_F_OSXSAVE % 32) & 1)) {
        return false;
    }
    __asm__("xgetbv" : "=a"(lo), "=d"(hi) : "c"(0));
    return (lo & 6) == 6;
}

static void host_words(uint32_t words[X86_FW_COUNT])
{
    uint32_t a, b, c, d;

    for (unsigned k = 0; k < X86_FW_COUNT; k++) {
        words[k] = UINT32_MAX;
    }
    words[X86_FW_1_EDX] = words[X86_FW_1_ECX] = words[X86_FW_7_EBX] =
        words[X86_FW_7_ECX] = words[X86_FW_80000001_ECX] = 0;
    if (__get_cpuid(1, &a, &b, &c, &d)) {
        words[X86_FW_1_EDX] = d;
        if (!host_has_ymm(c)) {
            c &= ~(1u << (X86_F_AVX % 32) | 1u << (X86_F_FMA % 32) |
                   1u << (X86_F_F16C % 32));
        }
        words[X86_FW_1_ECX] = c;
    }
    if (__get_cpuid_count(7, 0, &a, &b, &c, &d)) {
        words[X86_FW_7_EBX] = b;
        words[X86_FW_7_ECX] = c;
    }
    if (__get_cpuid(0x80000001, &a, &b, &c, &d)) {
        words[X86_FW_80000001_ECX] = c;
    }
    if (!(words[X86_FW_1_ECX] >> (X86_F_AVX % 32) & 1)) {
        words[X86_FW_7_EBX] &= ~(1u << (X86_F_AVX2 % 32));
    }
}

bool x86_host_executes(unsigned feature)
{
    static uint32_t words[X86_FW_COUNT];
    static gsize done;

    if (g_once_init_enter(&done)) {
        host_words(words);
        /* What every host has that runs this program. */
        words[X86_FW_1_EDX] = words[X86_FW_80000001_EDX] = ~0u;
        g_once_init_leave(&done, 1);
    }
    return !feature || words[feature / 32] >> (feature % 32) & 1;
}

void x86_host_cut_features(uint32_t words[X86_FW_COUNT])
{
    for (unsigned k = 0; k < sizeof(needs) / sizeof(needs[0]); k++) {
        const HostNeed *n = &needs[k];

        if (!x86_host_executes(n->needs)) {
            words[n->feature / 32] &= ~(1u << (n->feature % 32));
        }
    }
}
