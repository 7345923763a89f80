/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * CPUID feature bits of x86, by the names of the Intel SDM (volume 2A, CPUID) and of
 * the AMD APM (volume 3, appendix E).
 *
 * A feature is one small number: the word (one CPUID output register) times 32 plus the
 * bit.  X86State holds the words which the guest is shown; a row of the instruction
 * table names the feature that it needs, and 0 (FPU) means "always": a CPU without FPU
 * still decodes the FPU's instructions and raises #NM for them.
 */
#ifndef ACCEL_TARGET_I386_FEATURES_H
#define ACCEL_TARGET_I386_FEATURES_H

typedef enum X86FeatureWord {
    X86_FW_1_EDX,
    X86_FW_1_ECX,
    X86_FW_7_EBX,
    X86_FW_7_ECX,
    X86_FW_7_EDX,
    X86_FW_80000001_EDX,
    X86_FW_80000001_ECX,
    X86_FW_80000007_EDX,
    X86_FW_80000008_EBX,
    X86_FW_D_1_EAX,
    X86_FW_6_EAX,
    X86_FW_8000000A_EDX,
    X86_FW_COUNT
} X86FeatureWord;

/* clang-format off */
#define X86_FEATURE(word, bit) ((X86_FW_##word) * 32 + (bit))

typedef enum X86Feature {
    /* CPUID.1:EDX */
    X86_F_FPU            = X86_FEATURE(1_EDX, 0),
    X86_F_VME            = X86_FEATURE(1_EDX, 1),
    X86_F_DE             = X86_FEATURE(1_EDX, 2),
    X86_F_PSE            = X86_FEATURE(1_EDX, 3),
    X86_F_TSC            = X86_FEATURE(1_EDX, 4),
    X86_F_MSR            = X86_FEATURE(1_EDX, 5),
    X86_F_PAE            = X86_FEATURE(1_EDX, 6),
    X86_F_MCE            = X86_FEATURE(1_EDX, 7),
    X86_F_CX8            = X86_FEATURE(1_EDX, 8),
    X86_F_APIC           = X86_FEATURE(1_EDX, 9),
    X86_F_SEP            = X86_FEATURE(1_EDX, 11),
    X86_F_MTRR           = X86_FEATURE(1_EDX, 12),
    X86_F_PGE            = X86_FEATURE(1_EDX, 13),
    X86_F_MCA            = X86_FEATURE(1_EDX, 14),
    X86_F_CMOV           = X86_FEATURE(1_EDX, 15),
    X86_F_PAT            = X86_FEATURE(1_EDX, 16),
    X86_F_PSE36          = X86_FEATURE(1_EDX, 17),
    X86_F_CLFLUSH        = X86_FEATURE(1_EDX, 19),
    X86_F_ACPI           = X86_FEATURE(1_EDX, 22),
    X86_F_MMX            = X86_FEATURE(1_EDX, 23),
    X86_F_FXSR           = X86_FEATURE(1_EDX, 24),
    X86_F_SSE            = X86_FEATURE(1_EDX, 25),
    X86_F_SSE2           = X86_FEATURE(1_EDX, 26),
    X86_F_SS             = X86_FEATURE(1_EDX, 27),
    X86_F_HT             = X86_FEATURE(1_EDX, 28),
    /* CPUID.1:ECX */
    X86_F_SSE3           = X86_FEATURE(1_ECX, 0),
    X86_F_PCLMULQDQ      = X86_FEATURE(1_ECX, 1),
    X86_F_MONITOR        = X86_FEATURE(1_ECX, 3),
    X86_F_SSSE3          = X86_FEATURE(1_ECX, 9),
    X86_F_FMA            = X86_FEATURE(1_ECX, 12),
    X86_F_CX16           = X86_FEATURE(1_ECX, 13),
    X86_F_PCID           = X86_FEATURE(1_ECX, 17),
    X86_F_SSE4_1         = X86_FEATURE(1_ECX, 19),
    X86_F_SSE4_2         = X86_FEATURE(1_ECX, 20),
    X86_F_X2APIC         = X86_FEATURE(1_ECX, 21),
    X86_F_MOVBE          = X86_FEATURE(1_ECX, 22),
    X86_F_POPCNT         = X86_FEATURE(1_ECX, 23),
    X86_F_TSC_DEADLINE   = X86_FEATURE(1_ECX, 24),
    X86_F_AES            = X86_FEATURE(1_ECX, 25),
    X86_F_XSAVE          = X86_FEATURE(1_ECX, 26),
    X86_F_OSXSAVE        = X86_FEATURE(1_ECX, 27),
    X86_F_AVX            = X86_FEATURE(1_ECX, 28),
    X86_F_F16C           = X86_FEATURE(1_ECX, 29),
    X86_F_RDRAND         = X86_FEATURE(1_ECX, 30),
    X86_F_HYPERVISOR     = X86_FEATURE(1_ECX, 31),
    /* CPUID.7.0:EBX */
    X86_F_FSGSBASE       = X86_FEATURE(7_EBX, 0),
    X86_F_BMI1           = X86_FEATURE(7_EBX, 3),
    X86_F_AVX2           = X86_FEATURE(7_EBX, 5),
    X86_F_SMEP           = X86_FEATURE(7_EBX, 7),
    X86_F_BMI2           = X86_FEATURE(7_EBX, 8),
    X86_F_ERMS           = X86_FEATURE(7_EBX, 9),
    X86_F_INVPCID        = X86_FEATURE(7_EBX, 10),
    X86_F_RDSEED         = X86_FEATURE(7_EBX, 18),
    X86_F_ADX            = X86_FEATURE(7_EBX, 19),
    X86_F_SMAP           = X86_FEATURE(7_EBX, 20),
    X86_F_CLFLUSHOPT     = X86_FEATURE(7_EBX, 23),
    X86_F_CLWB           = X86_FEATURE(7_EBX, 24),
    X86_F_SHA            = X86_FEATURE(7_EBX, 29),
    /* CPUID.7.0:ECX */
    X86_F_UMIP           = X86_FEATURE(7_ECX, 2),
    X86_F_PKU            = X86_FEATURE(7_ECX, 3),
    X86_F_OSPKE          = X86_FEATURE(7_ECX, 4),
    X86_F_GFNI           = X86_FEATURE(7_ECX, 8),
    X86_F_VAES           = X86_FEATURE(7_ECX, 9),
    X86_F_VPCLMULQDQ     = X86_FEATURE(7_ECX, 10),
    X86_F_LA57           = X86_FEATURE(7_ECX, 16),
    X86_F_RDPID          = X86_FEATURE(7_ECX, 22),
    /* CPUID.80000001:EDX */
    X86_F_SYSCALL        = X86_FEATURE(80000001_EDX, 11),
    X86_F_NX             = X86_FEATURE(80000001_EDX, 20),
    X86_F_MMXEXT         = X86_FEATURE(80000001_EDX, 22),
    X86_F_FXSR_OPT       = X86_FEATURE(80000001_EDX, 25),
    X86_F_PDPE1GB        = X86_FEATURE(80000001_EDX, 26),
    X86_F_RDTSCP         = X86_FEATURE(80000001_EDX, 27),
    X86_F_LM             = X86_FEATURE(80000001_EDX, 29),
    X86_F_3DNOWEXT       = X86_FEATURE(80000001_EDX, 30),
    X86_F_3DNOW          = X86_FEATURE(80000001_EDX, 31),
    /* CPUID.80000001:ECX */
    X86_F_LAHF_LM        = X86_FEATURE(80000001_ECX, 0),
    X86_F_CMP_LEGACY     = X86_FEATURE(80000001_ECX, 1),
    X86_F_SVM            = X86_FEATURE(80000001_ECX, 2),
    X86_F_CR8LEGACY      = X86_FEATURE(80000001_ECX, 4),
    X86_F_ABM            = X86_FEATURE(80000001_ECX, 5),
    X86_F_SSE4A          = X86_FEATURE(80000001_ECX, 6),
    X86_F_MISALIGNSSE    = X86_FEATURE(80000001_ECX, 7),
    X86_F_3DNOWPREFETCH  = X86_FEATURE(80000001_ECX, 8),
    /* CPUID.D.1:EAX */
    X86_F_XSAVEOPT       = X86_FEATURE(D_1_EAX, 0),
    X86_F_XSAVEC         = X86_FEATURE(D_1_EAX, 1),
    X86_F_XGETBV1        = X86_FEATURE(D_1_EAX, 2),
    X86_F_XSAVES         = X86_FEATURE(D_1_EAX, 3),
} X86Feature;
/* clang-format on */

#endif
