/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * CPU models by name, as guests of the PC know them, and what of them can be offered.
 *
 * The words were read from the installed reference emulator with a boot sector that
 * dumps CPUID; "max" has more (VME, PCID, x2APIC, TSC deadline, RDSEED, XSAVEC,
 * XSAVES).  A model is cut to x86_supported_features(), which counts a feature that
 * stands for instructions only if the opcode maps have a row for it and the host can
 * run it.
 */
#include "accel/target/i386/models.h"
#include "accel/target/i386/host-features.h"
#include "accel/target/i386/insn.h"

#include <string.h>

/* clang-format off */
const X86Model x86_models[] = {
    { "qemu64", "QEMU Virtual CPU version 2.5+", "AuthenticAMD", 0xd, 0x8000000a, 15, 107, 1, 40,
      { [X86_FW_1_EDX] = 0x078bfbfd, [X86_FW_1_ECX] = 0x80002001,
        [X86_FW_80000001_EDX] = 0x2193fbfd, [X86_FW_80000001_ECX] = 0x00000001 },
      "QEMU Virtual CPU version 2.5+" },
    { "qemu32", "QEMU Virtual CPU version 2.5+", "GenuineIntel", 4, 0x80000004, 6, 6, 3, 32,
      { [X86_FW_1_EDX] = 0x0781abfd, [X86_FW_1_ECX] = 0x80000001 },
      "QEMU Virtual CPU version 2.5+" },
    { "kvm64", "Common KVM processor", "GenuineIntel", 0xd, 0x80000008, 15, 6, 1, 40,
      { [X86_FW_1_EDX] = 0x078bfbfd, [X86_FW_1_ECX] = 0x80002001,
        [X86_FW_80000001_EDX] = 0x20100800 },
      "Common KVM processor" },
    { "kvm32", "Common 32-bit KVM processor", "GenuineIntel", 5, 0x80000008, 15, 6, 1, 36,
      { [X86_FW_1_EDX] = 0x078bfbfd, [X86_FW_1_ECX] = 0x80000001 },
      "Common 32-bit KVM processor" },
    { "max", "Enables all features supported by the accelerator in the current host",
      "AuthenticAMD", 0xd, 0x8000000a, 15, 107, 1, 40,
      { [X86_FW_1_EDX] = 0x0fcbfbff, [X86_FW_1_ECX] = 0xf7fa3a0b,
        [X86_FW_7_EBX] = 0x21dc47a9, [X86_FW_7_ECX] = 0x0041020c,
        [X86_FW_80000001_EDX] = 0x2dd3fbff, [X86_FW_80000001_ECX] = 0x00000061,
        [X86_FW_D_1_EAX] = 0x0000000f },
      "QEMU TCG CPU version 2.5+", true },
    { "base", "base CPU model type with no features enabled", "", 0, 0, 0, 0, 0, 32,
      { 0 }, "" },
    { "486", "", "GenuineIntel", 1, 0, 4, 8, 0, 32,
      { [X86_FW_1_EDX] = 0x00000009, [X86_FW_1_ECX] = 0x80000000 }, "" },
    { "pentium", "", "GenuineIntel", 1, 0, 5, 4, 3, 32,
      { [X86_FW_1_EDX] = 0x008003bd, [X86_FW_1_ECX] = 0x80000000 }, "" },
    { "pentium2", "", "GenuineIntel", 2, 0, 6, 5, 2, 32,
      { [X86_FW_1_EDX] = 0x0183fbfd, [X86_FW_1_ECX] = 0x80000000 }, "" },
    { "pentium3", "", "GenuineIntel", 3, 0, 6, 7, 3, 32,
      { [X86_FW_1_EDX] = 0x0383fbfd, [X86_FW_1_ECX] = 0x80000000 }, "" },
    { "athlon", "QEMU Virtual CPU version 2.5+", "AuthenticAMD", 2, 0x80000008, 6, 2, 3, 36,
      { [X86_FW_1_EDX] = 0x0783fbfd, [X86_FW_1_ECX] = 0x80000000,
        [X86_FW_80000001_EDX] = 0xc1c3f3fd },
      "QEMU Virtual CPU version 2.5+" },
    { "phenom", "AMD Phenom(tm) 9550 Quad-Core Processor", "AuthenticAMD", 5, 0x8000001a, 16, 2, 3, 40,
      { [X86_FW_1_EDX] = 0x078bfbfd, [X86_FW_1_ECX] = 0x80802009,
        [X86_FW_80000001_EDX] = 0xedd3fbfd, [X86_FW_80000001_ECX] = 0x00000061 },
      "AMD Phenom(tm) 9550 Quad-Core Processor" },
    { "coreduo", "Genuine Intel(R) CPU           T2600  @ 2.16GHz", "GenuineIntel", 0xa, 0x80000008, 6, 14, 8, 32,
      { [X86_FW_1_EDX] = 0x0fc9fbfd, [X86_FW_1_ECX] = 0x80000009,
        [X86_FW_80000001_EDX] = 0x00100000 },
      "Genuine Intel(R) CPU           T2600  @ 2.16GHz" },
    { "core2duo", "Intel(R) Core(TM)2 Duo CPU     T7700  @ 2.40GHz", "GenuineIntel", 0xa, 0x80000008, 6, 15, 11, 40,
      { [X86_FW_1_EDX] = 0x0fcbfbfd, [X86_FW_1_ECX] = 0x80002209,
        [X86_FW_80000001_EDX] = 0x20100800, [X86_FW_80000001_ECX] = 0x00000001 },
      "Intel(R) Core(TM)2 Duo CPU     T7700  @ 2.40GHz" },
    { "n270", "Intel(R) Atom(TM) CPU N270   @ 1.60GHz", "GenuineIntel", 0xa, 0x80000008, 6, 28, 2, 32,
      { [X86_FW_1_EDX] = 0x0fc9fbfd, [X86_FW_1_ECX] = 0x80400209,
        [X86_FW_80000001_EDX] = 0x00100000, [X86_FW_80000001_ECX] = 0x00000001 },
      "Intel(R) Atom(TM) CPU N270   @ 1.60GHz" },
    { "Conroe", "Intel Celeron_4x0 (Conroe/Merom Class Core 2)", "GenuineIntel", 0xa, 0x80000008, 6, 15, 3, 40,
      { [X86_FW_1_EDX] = 0x078bfbfd, [X86_FW_1_ECX] = 0x80000201,
        [X86_FW_80000001_EDX] = 0x20100800, [X86_FW_80000001_ECX] = 0x00000001 },
      "Intel Celeron_4x0 (Conroe/Merom Class Core 2)" },
    { "Penryn", "Intel Core 2 Duo P9xxx (Penryn Class Core 2)", "GenuineIntel", 0xa, 0x80000008, 6, 23, 3, 40,
      { [X86_FW_1_EDX] = 0x078bfbfd, [X86_FW_1_ECX] = 0x80082201,
        [X86_FW_80000001_EDX] = 0x20100800, [X86_FW_80000001_ECX] = 0x00000001 },
      "Intel Core 2 Duo P9xxx (Penryn Class Core 2)" },
    { "Nehalem", "Intel Core i7 9xx (Nehalem Class Core i7)", "GenuineIntel", 0xb, 0x80000008, 6, 26, 3, 40,
      { [X86_FW_1_EDX] = 0x078bfbfd, [X86_FW_1_ECX] = 0x80982201,
        [X86_FW_80000001_EDX] = 0x20100800, [X86_FW_80000001_ECX] = 0x00000001 },
      "Intel Core i7 9xx (Nehalem Class Core i7)" },
    { "Westmere", "Westmere E56xx/L56xx/X56xx (Nehalem-C)", "GenuineIntel", 0xb, 0x80000008, 6, 44, 1, 40,
      { [X86_FW_1_EDX] = 0x078bfbfd, [X86_FW_1_ECX] = 0x82982203,
        [X86_FW_80000001_EDX] = 0x20100800, [X86_FW_80000001_ECX] = 0x00000001 },
      "Westmere E56xx/L56xx/X56xx (Nehalem-C)" },
    { "SandyBridge", "Intel Xeon E312xx (Sandy Bridge)", "GenuineIntel", 0xd, 0x80000008, 6, 42, 1, 40,
      { [X86_FW_1_EDX] = 0x078bfbfd, [X86_FW_1_ECX] = 0x97b82203,
        [X86_FW_80000001_EDX] = 0x28100800, [X86_FW_80000001_ECX] = 0x00000001,
        [X86_FW_D_1_EAX] = 0x00000001 },
      "Intel Xeon E312xx (Sandy Bridge)" },
    { "IvyBridge", "Intel Xeon E3-12xx v2 (Ivy Bridge)", "GenuineIntel", 0xd, 0x80000008, 6, 58, 9, 40,
      { [X86_FW_1_EDX] = 0x078bfbfd, [X86_FW_1_ECX] = 0xf7b82203,
        [X86_FW_7_EBX] = 0x00000281, [X86_FW_80000001_EDX] = 0x28100800,
        [X86_FW_80000001_ECX] = 0x00000001, [X86_FW_D_1_EAX] = 0x00000001 },
      "Intel Xeon E3-12xx v2 (Ivy Bridge)" },
    { "Haswell", "Intel Core Processor (Haswell)", "GenuineIntel", 0xd, 0x80000008, 6, 60, 4, 40,
      { [X86_FW_1_EDX] = 0x078bfbfd, [X86_FW_1_ECX] = 0xf7fa3203,
        [X86_FW_7_EBX] = 0x000007a9, [X86_FW_80000001_EDX] = 0x28100800,
        [X86_FW_80000001_ECX] = 0x00000021, [X86_FW_D_1_EAX] = 0x00000001 },
      "Intel Core Processor (Haswell)" },
    { "Broadwell", "Intel Core Processor (Broadwell)", "GenuineIntel", 0xd, 0x80000008, 6, 61, 2, 40,
      { [X86_FW_1_EDX] = 0x078bfbfd, [X86_FW_1_ECX] = 0xf7fa3203,
        [X86_FW_7_EBX] = 0x001c07a9, [X86_FW_80000001_EDX] = 0x28100800,
        [X86_FW_80000001_ECX] = 0x00000121, [X86_FW_D_1_EAX] = 0x00000001 },
      "Intel Core Processor (Broadwell)" },
    { "Skylake-Client", "Intel Core Processor (Skylake)", "GenuineIntel", 0xd, 0x80000008, 6, 94, 3, 40,
      { [X86_FW_1_EDX] = 0x078bfbfd, [X86_FW_1_ECX] = 0xf7fa3203,
        [X86_FW_7_EBX] = 0x001c07a9, [X86_FW_80000001_EDX] = 0x28100800,
        [X86_FW_80000001_ECX] = 0x00000121, [X86_FW_D_1_EAX] = 0x00000007 },
      "Intel Core Processor (Skylake)" },
    { "Skylake-Server", "Intel Xeon Processor (Skylake)", "GenuineIntel", 0xd, 0x80000008, 6, 85, 4, 40,
      { [X86_FW_1_EDX] = 0x078bfbfd, [X86_FW_1_ECX] = 0xf7fa3203,
        [X86_FW_7_EBX] = 0x019c07a9, [X86_FW_7_ECX] = 0x00000008,
        [X86_FW_80000001_EDX] = 0x2c100800, [X86_FW_80000001_ECX] = 0x00000121,
        [X86_FW_D_1_EAX] = 0x00000007 },
      "Intel Xeon Processor (Skylake)" },
    { "Cascadelake-Server", "Intel Xeon Processor (Cascadelake)", "GenuineIntel", 0xd, 0x80000008, 6, 85, 6, 40,
      { [X86_FW_1_EDX] = 0x078bfbfd, [X86_FW_1_ECX] = 0xf7fa3203,
        [X86_FW_7_EBX] = 0x019c07a9, [X86_FW_7_ECX] = 0x00000008,
        [X86_FW_80000001_EDX] = 0x2c100800, [X86_FW_80000001_ECX] = 0x00000121,
        [X86_FW_D_1_EAX] = 0x00000007 },
      "Intel Xeon Processor (Cascadelake)" },
    { "Icelake-Server", "Intel Xeon Processor (Icelake)", "GenuineIntel", 0xd, 0x80000008, 6, 134, 0, 40,
      { [X86_FW_1_EDX] = 0x078bfbfd, [X86_FW_1_ECX] = 0xf7fa3203,
        [X86_FW_7_EBX] = 0x019c07a9, [X86_FW_7_ECX] = 0x0001070c,
        [X86_FW_80000001_EDX] = 0x2c100800, [X86_FW_80000001_ECX] = 0x00000121,
        [X86_FW_D_1_EAX] = 0x00000007 },
      "Intel Xeon Processor (Icelake)" },
    { "Denverton", "Intel Atom Processor (Denverton)", "GenuineIntel", 0x15, 0x80000008, 6, 95, 1, 40,
      { [X86_FW_1_EDX] = 0x078bfbfd, [X86_FW_1_ECX] = 0xc7f8220b,
        [X86_FW_7_EBX] = 0x20940281, [X86_FW_80000001_EDX] = 0x2c100800,
        [X86_FW_80000001_ECX] = 0x00000101, [X86_FW_D_1_EAX] = 0x00000007 },
      "Intel Atom Processor (Denverton)" },
    { "Snowridge", "Intel Atom Processor (SnowRidge)", "GenuineIntel", 0x1b, 0x80000008, 6, 134, 1, 40,
      { [X86_FW_1_EDX] = 0x078bfbfd, [X86_FW_1_ECX] = 0xc7f8220b,
        [X86_FW_7_EBX] = 0x21940281, [X86_FW_7_ECX] = 0x00000104,
        [X86_FW_80000001_EDX] = 0x2c100800, [X86_FW_80000001_ECX] = 0x00000101,
        [X86_FW_D_1_EAX] = 0x00000007 },
      "Intel Atom Processor (SnowRidge)" },
    { "Opteron_G1", "AMD Opteron 240 (Gen 1 Class Opteron)", "AuthenticAMD", 0x5, 0x80000008, 15, 6, 1, 40,
      { [X86_FW_1_EDX] = 0x078bfbfd, [X86_FW_1_ECX] = 0x80000001,
        [X86_FW_80000001_EDX] = 0x2193fbfd },
      "AMD Opteron 240 (Gen 1 Class Opteron)" },
    { "Opteron_G2", "AMD Opteron 22xx (Gen 2 Class Opteron)", "AuthenticAMD", 0x5, 0x8000000a, 15, 6, 1, 40,
      { [X86_FW_1_EDX] = 0x078bfbfd, [X86_FW_1_ECX] = 0x80002001,
        [X86_FW_80000001_EDX] = 0x2193fbfd, [X86_FW_80000001_ECX] = 0x00000005 },
      "AMD Opteron 22xx (Gen 2 Class Opteron)" },
    { "Opteron_G3", "AMD Opteron 23xx (Gen 3 Class Opteron)", "AuthenticAMD", 0x5, 0x8000000a, 16, 2, 3, 40,
      { [X86_FW_1_EDX] = 0x078bfbfd, [X86_FW_1_ECX] = 0x80802009,
        [X86_FW_80000001_EDX] = 0x2993fbfd, [X86_FW_80000001_ECX] = 0x000000e5 },
      "AMD Opteron 23xx (Gen 3 Class Opteron)" },
    { "Opteron_G4", "AMD Opteron 62xx class CPU", "AuthenticAMD", 0xd, 0x8000001a, 21, 1, 2, 40,
      { [X86_FW_1_EDX] = 0x078bfbfd, [X86_FW_1_ECX] = 0x96982203,
        [X86_FW_80000001_EDX] = 0x2d93fbfd, [X86_FW_80000001_ECX] = 0x000001e5 },
      "AMD Opteron 62xx class CPU" },
    { "Opteron_G5", "AMD Opteron 63xx class CPU", "AuthenticAMD", 0xd, 0x8000001a, 21, 2, 0, 40,
      { [X86_FW_1_EDX] = 0x078bfbfd, [X86_FW_1_ECX] = 0xb6983203,
        [X86_FW_80000001_EDX] = 0x2d93fbfd, [X86_FW_80000001_ECX] = 0x000001e5 },
      "AMD Opteron 63xx class CPU" },
    { "EPYC", "AMD EPYC Processor", "AuthenticAMD", 0xd, 0x8000001e, 23, 1, 2, 40,
      { [X86_FW_1_EDX] = 0x078bfbfd, [X86_FW_1_ECX] = 0xf6d8320b,
        [X86_FW_7_EBX] = 0x209c01a9, [X86_FW_80000001_EDX] = 0x2fd3fbfd,
        [X86_FW_80000001_ECX] = 0x000001f5, [X86_FW_D_1_EAX] = 0x00000007 },
      "AMD EPYC Processor" },
    { "EPYC-Rome", "AMD EPYC-Rome Processor", "AuthenticAMD", 0xd, 0x8000001e, 23, 49, 0, 40,
      { [X86_FW_1_EDX] = 0x078bfbfd, [X86_FW_1_ECX] = 0xf6d8320b,
        [X86_FW_7_EBX] = 0x219c01a9, [X86_FW_7_ECX] = 0x00400004,
        [X86_FW_80000001_EDX] = 0x2fd3fbfd, [X86_FW_80000001_ECX] = 0x000001f5,
        [X86_FW_D_1_EAX] = 0x0000000f },
      "AMD EPYC-Rome Processor" },
    { "EPYC-Milan", "AMD EPYC-Milan Processor", "AuthenticAMD", 0xd, 0x8000001e, 25, 1, 1, 40,
      { [X86_FW_1_EDX] = 0x078bfbfd, [X86_FW_1_ECX] = 0xf6da320b,
        [X86_FW_7_EBX] = 0x219c07a9, [X86_FW_7_ECX] = 0x0040000c,
        [X86_FW_80000001_EDX] = 0x2fd3fbfd, [X86_FW_80000001_ECX] = 0x000001f5,
        [X86_FW_D_1_EAX] = 0x0000000f },
      "AMD EPYC-Milan Processor" },
    { "Dhyana", "Hygon Dhyana Processor", "HygonGenuine", 0xd, 0x8000001e, 24, 0, 1, 40,
      { [X86_FW_1_EDX] = 0x078bfbfd, [X86_FW_1_ECX] = 0xf4d83209,
        [X86_FW_7_EBX] = 0x009c01a9, [X86_FW_80000001_EDX] = 0x2fd3fbfd,
        [X86_FW_80000001_ECX] = 0x000001f5, [X86_FW_D_1_EAX] = 0x00000007 },
      "Hygon Dhyana Processor" },
};

const X86FeatureName x86_feature_names[] = {
    { X86_F_FPU, "fpu" }, { X86_F_VME, "vme" }, { X86_F_DE, "de" }, { X86_F_PSE, "pse" },
    { X86_F_TSC, "tsc" }, { X86_F_MSR, "msr" }, { X86_F_PAE, "pae" }, { X86_F_MCE, "mce" },
    { X86_F_CX8, "cx8" }, { X86_F_APIC, "apic" }, { X86_F_SEP, "sep" }, { X86_F_MTRR, "mtrr" },
    { X86_F_PGE, "pge" }, { X86_F_MCA, "mca" }, { X86_F_CMOV, "cmov" }, { X86_F_PAT, "pat" },
    { X86_F_PSE36, "pse36" }, { X86_F_CLFLUSH, "clflush" }, { X86_F_ACPI, "acpi" },
    { X86_F_MMX, "mmx" }, { X86_F_FXSR, "fxsr" }, { X86_F_SSE, "sse" }, { X86_F_SSE2, "sse2" },
    { X86_F_SS, "ss" }, { X86_F_HT, "ht" },
    { X86_F_SSE3, "pni" }, { X86_F_SSE3, "sse3" }, { X86_F_PCLMULQDQ, "pclmulqdq" },
    { X86_F_MONITOR, "monitor" }, { X86_F_SSSE3, "ssse3" }, { X86_F_FMA, "fma" },
    { X86_F_CX16, "cx16" }, { X86_F_PCID, "pcid" }, { X86_F_SSE4_1, "sse4.1" },
    { X86_F_SSE4_1, "sse4-1" }, { X86_F_SSE4_2, "sse4.2" }, { X86_F_SSE4_2, "sse4-2" },
    { X86_F_X2APIC, "x2apic" }, { X86_F_MOVBE, "movbe" }, { X86_F_POPCNT, "popcnt" },
    { X86_F_TSC_DEADLINE, "tsc-deadline" }, { X86_F_AES, "aes" }, { X86_F_XSAVE, "xsave" },
    { X86_F_AVX, "avx" }, { X86_F_F16C, "f16c" }, { X86_F_RDRAND, "rdrand" },
    { X86_F_HYPERVISOR, "hypervisor" },
    { X86_F_FSGSBASE, "fsgsbase" }, { X86_F_BMI1, "bmi1" }, { X86_F_AVX2, "avx2" },
    { X86_F_SMEP, "smep" }, { X86_F_BMI2, "bmi2" }, { X86_F_ERMS, "erms" },
    { X86_F_INVPCID, "invpcid" }, { X86_F_RDSEED, "rdseed" }, { X86_F_ADX, "adx" },
    { X86_F_SMAP, "smap" }, { X86_F_CLFLUSHOPT, "clflushopt" }, { X86_F_CLWB, "clwb" },
    { X86_F_SHA, "sha-ni" },
    { X86_F_UMIP, "umip" }, { X86_F_PKU, "pku" }, { X86_F_GFNI, "gfni" }, { X86_F_VAES, "vaes" },
    { X86_F_VPCLMULQDQ, "vpclmulqdq" }, { X86_F_LA57, "la57" }, { X86_F_RDPID, "rdpid" },
    { X86_F_SYSCALL, "syscall" }, { X86_F_NX, "nx" }, { X86_F_MMXEXT, "mmxext" },
    { X86_F_FXSR_OPT, "fxsr-opt" }, { X86_F_PDPE1GB, "pdpe1gb" }, { X86_F_RDTSCP, "rdtscp" },
    { X86_F_LM, "lm" }, { X86_F_3DNOWEXT, "3dnowext" }, { X86_F_3DNOW, "3dnow" },
    { X86_F_LAHF_LM, "lahf-lm" }, { X86_F_CMP_LEGACY, "cmp-legacy" }, { X86_F_SVM, "svm" },
    { X86_F_CR8LEGACY, "cr8legacy" }, { X86_F_ABM, "abm" }, { X86_F_ABM, "lzcnt" },
    { X86_F_SSE4A, "sse4a" }, { X86_F_MISALIGNSSE, "misalignsse" },
    { X86_F_3DNOWPREFETCH, "3dnowprefetch" },
    { X86_F_XSAVEOPT, "xsaveopt" }, { X86_F_XSAVEC, "xsavec" }, { X86_F_XGETBV1, "xgetbv1" },
    { X86_F_XSAVES, "xsaves" },
};
/* clang-format on */

const unsigned x86_model_count = sizeof(x86_models) / sizeof(x86_models[0]);
const unsigned x86_feature_name_count =
    sizeof(x86_feature_names) / sizeof(x86_feature_names[0]);

/* Features that are not a set of instructions. */
static const uint16_t architectural[] = {
    X86_F_FPU,      X86_F_VME,     X86_F_DE,           X86_F_PSE,
    X86_F_PAE,      X86_F_MCE,     X86_F_APIC,         X86_F_MTRR,
    X86_F_PGE,      X86_F_MCA,     X86_F_PAT,          X86_F_PSE36,
    X86_F_SS,       X86_F_HT,      X86_F_HYPERVISOR,   X86_F_SMEP,
    X86_F_ERMS,     X86_F_UMIP,    X86_F_LA57,         X86_F_NX,
    X86_F_FXSR_OPT, X86_F_PDPE1GB, X86_F_CMP_LEGACY,   X86_F_3DNOWPREFETCH,
    X86_F_XGETBV1,  X86_F_X2APIC,  X86_F_TSC_DEADLINE, X86_F_PCID,
};

static void set_bit(uint32_t *words, unsigned feature)
{
    words[feature >> 5] |= 1u << (feature & 31);
}

static void add_rows(uint32_t *words, const X86RowTable *table)
{
    for (unsigned k = 0; k < table->count; k++) {
        if (table->rows[k].feature) {
            set_bit(words, table->rows[k].feature);
        }
    }
}

static X86SupportedFeaturesFn *supported_hook; /* BQL; set at start */

void x86_set_supported_features_hook(X86SupportedFeaturesFn *fn)
{
    supported_hook = fn;
}

bool x86_has_supported_features_hook(void)
{
    return supported_hook != NULL;
}

void x86_supported_features(uint32_t words[X86_FW_COUNT])
{
    static const uint16_t twins_of_1_edx[] = { 0, 1,  2,  3,  4,  5,  6,  7,  8,
                                               9, 12, 13, 14, 15, 16, 17, 23, 24 };

    memset(words, 0, X86_FW_COUNT * sizeof(words[0]));
    if (supported_hook) {
        supported_hook(words);
        return;
    }
    for (unsigned k = 0; k < sizeof(architectural) / sizeof(architectural[0]); k++) {
        set_bit(words, architectural[k]);
    }
    add_rows(words, &x86_rows_int);
    add_rows(words, &x86_rows_sys);
    add_rows(words, &x86_rows_x87);
    add_rows(words, &x86_rows_sse);
    add_rows(words, &x86_rows_avx);
    x86_host_cut_features(words);
    /* AMD repeats these bits in the extended leaf. */
    for (unsigned k = 0; k < sizeof(twins_of_1_edx) / sizeof(twins_of_1_edx[0]); k++) {
        words[X86_FW_80000001_EDX] |= words[X86_FW_1_EDX] & 1u << twins_of_1_edx[k];
    }
    /* MMXEXT is a subset of SSE. */
    if (words[X86_FW_1_EDX] & 1u << (X86_F_SSE & 31)) {
        set_bit(words, X86_F_MMXEXT);
    }
}
