/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What may be advertised: for each feature the instructions of the manual (SDM volume
 * 2, "CPUID feature flag"; APM volume 3, appendix D) against the opcode maps.
 */
#include "i386-oracle.h"

#include "accel/target/i386/decode.h"
#include "accel/target/i386/host-features.h"
#include "accel/target/i386/models.h"

#include <glib.h>

#include <string.h>

typedef struct Feature {
    uint16_t feature;
    const char *names; /* of its instructions */
} Feature;

/* clang-format off */
static const Feature features[] = {
    { X86_F_TSC, "RDTSC" }, { X86_F_MSR, "RDMSR WRMSR" }, { X86_F_CX8, "CMPXCHG8B" },
    { X86_F_SEP, "SYSENTER SYSEXIT" }, { X86_F_CMOV, "CMOVO CMOVNO CMOVB CMOVNB CMOVZ CMOVNZ CMOVBE CMOVNBE "
      "CMOVS CMOVNS CMOVP CMOVNP CMOVL CMOVNL CMOVLE CMOVNLE" },
    { X86_F_CLFLUSH, "CLFLUSH" }, { X86_F_FXSR, "FXSAVE FXRSTOR" }, { X86_F_MONITOR, "MONITOR MWAIT" },
    { X86_F_MMX, "EMMS MOVD MOVQ PACKSSWB PACKSSDW PACKUSWB PADDB PADDW PADDD PADDSB PADDSW PADDUSB PADDUSW PAND "
      "PANDN PCMPEQB PCMPEQW PCMPEQD PCMPGTB PCMPGTW PCMPGTD PMADDWD PMULHW PMULLW POR PSLLW PSLLD PSLLQ PSRAW "
      "PSRAD PSRLW PSRLD PSRLQ PSUBB PSUBW PSUBD PSUBSB PSUBSW PSUBUSB PSUBUSW PUNPCKHBW PUNPCKHWD PUNPCKHDQ "
      "PUNPCKLBW PUNPCKLWD PUNPCKLDQ PXOR" },
    { X86_F_SSE, "ADDPS ADDSS ANDNPS ANDPS CMPPS CMPSS COMISS CVTPI2PS CVTPS2PI CVTSI2SS CVTSS2SI CVTTPS2PI "
      "CVTTSS2SI DIVPS DIVSS LDMXCSR MASKMOVQ MAXPS MAXSS MINPS MINSS MOVAPS MOVLPS MOVHPS MOVMSKPS "
      "MOVNTPS MOVNTQ MOVSS MOVUPS MULPS MULSS ORPS PAVGB PAVGW PEXTRW PINSRW PMAXSW PMAXUB PMINSW PMINUB PMOVMSKB "
      "PMULHUW PSADBW PSHUFW RCPPS RCPSS RSQRTPS RSQRTSS SFENCE SHUFPS SQRTPS SQRTSS STMXCSR SUBPS SUBSS UCOMISS "
      "UNPCKHPS UNPCKLPS XORPS" },
    { X86_F_SSE2, "ADDPD ADDSD ANDNPD ANDPD CMPPD CMPSD COMISD CVTDQ2PD CVTDQ2PS CVTPD2DQ CVTPD2PI CVTPD2PS "
      "CVTPI2PD CVTPS2DQ CVTPS2PD CVTSD2SI CVTSD2SS CVTSI2SD CVTSS2SD CVTTPD2DQ CVTTPD2PI CVTTPS2DQ CVTTSD2SI DIVPD "
      "DIVSD LFENCE MASKMOVDQU MAXPD MAXSD MFENCE MINPD MINSD MOVAPD MOVDQ2Q MOVDQA MOVDQU MOVHPD MOVLPD MOVMSKPD "
      "MOVNTDQ MOVNTI MOVNTPD MOVQ2DQ MOVSD MOVUPD MULPD MULSD ORPD PADDQ PMULUDQ PSHUFD PSHUFHW PSHUFLW PSLLDQ "
      "PSRLDQ PSUBQ PUNPCKHQDQ PUNPCKLQDQ SHUFPD SQRTPD SQRTSD SUBPD SUBSD UCOMISD UNPCKHPD UNPCKLPD XORPD" },
    { X86_F_SSE3, "ADDSUBPD ADDSUBPS FISTTP HADDPD HADDPS HSUBPD HSUBPS LDDQU MOVDDUP MOVSHDUP MOVSLDUP" },
    { X86_F_SSSE3, "PABSB PABSW PABSD PALIGNR PHADDW PHADDD PHADDSW PHSUBW PHSUBD PHSUBSW PMADDUBSW PMULHRSW PSHUFB "
      "PSIGNB PSIGNW PSIGND" },
    { X86_F_SSE4_1, "BLENDPD BLENDPS BLENDVPD BLENDVPS DPPD DPPS EXTRACTPS INSERTPS MOVNTDQA MPSADBW PACKUSDW "
      "PBLENDVB PBLENDW PCMPEQQ PEXTRB PEXTRD PHMINPOSUW PINSRB PINSRD PMAXSB PMAXSD PMAXUD PMAXUW PMINSB "
      "PMINSD PMINUD PMINUW PMOVSXBW PMOVSXBD PMOVSXBQ PMOVSXWD PMOVSXWQ PMOVSXDQ PMOVZXBW PMOVZXBD PMOVZXBQ PMOVZXWD "
      "PMOVZXWQ PMOVZXDQ PMULDQ PMULLD PTEST ROUNDPD ROUNDPS ROUNDSD ROUNDSS" },
    { X86_F_SSE4_2, "CRC32 PCMPESTRI PCMPESTRM PCMPGTQ PCMPISTRI PCMPISTRM" },
    { X86_F_SSE4A, "EXTRQ INSERTQ MOVNTSD MOVNTSS" },
    { X86_F_PCLMULQDQ, "PCLMULQDQ" }, { X86_F_CX16, "CMPXCHG16B" }, { X86_F_MOVBE, "MOVBE" },
    { X86_F_POPCNT, "POPCNT" }, { X86_F_ABM, "LZCNT" }, { X86_F_RDRAND, "RDRAND" }, { X86_F_RDSEED, "RDSEED" },
    { X86_F_AES, "AESDEC AESDECLAST AESENC AESENCLAST AESIMC AESKEYGENASSIST" },
    { X86_F_SHA, "SHA1MSG1 SHA1MSG2 SHA1NEXTE SHA1RNDS4 SHA256MSG1 SHA256MSG2 SHA256RNDS2" },
    { X86_F_ADX, "ADCX ADOX" }, { X86_F_F16C, "VCVTPH2PS VCVTPS2PH" },
    { X86_F_BMI1, "ANDN BEXTR BLSI BLSMSK BLSR TZCNT" },
    { X86_F_BMI2, "BZHI MULX PDEP PEXT RORX SARX SHLX SHRX" },
    { X86_F_FMA, "VFMADD132PS VFMADD213PS VFMADD231PS VFMADD132SS VFMADD213SS VFMADD231SS VFMSUB132PS VFMSUB213PS "
      "VFMSUB231PS VFMSUB132SS VFMSUB213SS VFMSUB231SS VFNMADD132PS VFNMADD213PS VFNMADD231PS VFNMADD132SS "
      "VFNMADD213SS VFNMADD231SS VFNMSUB132PS VFNMSUB213PS VFNMSUB231PS VFNMSUB132SS VFNMSUB213SS VFNMSUB231SS "
      "VFMADDSUB132PS VFMADDSUB213PS VFMADDSUB231PS VFMSUBADD132PS VFMSUBADD213PS VFMSUBADD231PS "
      "VFMADD132PD VFMADD213PD VFMADD231PD VFMADD132SD VFMADD213SD VFMADD231SD VFMSUB132PD VFMSUB213PD "
      "VFMSUB231PD VFMSUB132SD VFMSUB213SD VFMSUB231SD VFNMADD132PD VFNMADD213PD VFNMADD231PD VFNMADD132SD "
      "VFNMADD213SD VFNMADD231SD VFNMSUB132PD VFNMSUB213PD VFNMSUB231PD VFNMSUB132SD VFNMSUB213SD VFNMSUB231SD "
      "VFMADDSUB132PD VFMADDSUB213PD VFMADDSUB231PD VFMSUBADD132PD VFMSUBADD213PD VFMSUBADD231PD" },
    { X86_F_AVX, "VADDPD VADDPS VADDSD VADDSS VADDSUBPD VADDSUBPS VANDPD VANDPS VANDNPD VANDNPS VBLENDPD VBLENDPS "
      "VBLENDVPD VBLENDVPS VBROADCASTSS VBROADCASTSD VBROADCASTF128 VCMPPD VCMPPS VCMPSD VCMPSS VCOMISD VCOMISS "
      "VCVTDQ2PD VCVTDQ2PS VCVTPD2DQ VCVTPD2PS VCVTPS2DQ VCVTPS2PD VCVTTPD2DQ VCVTTPS2DQ VDIVPD VDIVPS VDIVSD VDIVSS "
      "VDPPD VDPPS VEXTRACTF128 VHADDPD VHADDPS VHSUBPD VHSUBPS VINSERTF128 VINSERTPS VLDDQU VMASKMOVPD VMASKMOVPS "
      "VMAXPD VMAXPS VMINPD VMINPS VMOVAPD VMOVAPS VMOVD VMOVDDUP VMOVDQA VMOVDQU VMOVMSKPD VMOVMSKPS "
      "VMOVNTDQ VMOVNTPD VMOVNTPS VMOVSD VMOVSS VMOVUPD VMOVUPS VMULPD VMULPS VMULSD VMULSS VORPD VORPS VPERM2F128 "
      "VPERMILPD VPERMILPS VPTEST VROUNDPD VROUNDPS VRCPPS VRSQRTPS VSHUFPD VSHUFPS VSQRTPD VSQRTPS VSUBPD VSUBPS "
      "VTESTPD VTESTPS VUNPCKHPD VUNPCKHPS VUNPCKLPD VUNPCKLPS VXORPD VXORPS VZEROALL VZEROUPPER" },
    { X86_F_AVX2, "VBROADCASTI128 VEXTRACTI128 VGATHERDPD VGATHERDPS VGATHERQPD VGATHERQPS VINSERTI128 VPBLENDD "
      "VPBROADCASTB VPBROADCASTW VPBROADCASTD VPBROADCASTQ VPERM2I128 VPERMD VPERMPD VPERMPS VPERMQ VPGATHERDD "
      "VPGATHERDQ VPGATHERQD VPGATHERQQ VPMASKMOVD VPMASKMOVQ VPSLLVD VPSLLVQ VPSRAVD VPSRLVD VPSRLVQ" },
    { X86_F_XSAVE, "XGETBV XSETBV XSAVE XRSTOR" }, { X86_F_XSAVEOPT, "XSAVEOPT" }, { X86_F_XSAVEC, "XSAVEC" },
    { X86_F_XSAVES, "XSAVES XRSTORS" }, { X86_F_FSGSBASE, "RDFSBASE RDGSBASE WRFSBASE WRGSBASE" },
    { X86_F_INVPCID, "INVPCID" }, { X86_F_SMAP, "CLAC STAC" }, { X86_F_CLFLUSHOPT, "CLFLUSHOPT" },
    { X86_F_CLWB, "CLWB" }, { X86_F_RDPID, "RDPID" }, { X86_F_RDTSCP, "RDTSCP" },
    { X86_F_SYSCALL, "SYSCALL SYSRET" }, { X86_F_LM, "SWAPGS" }, { X86_F_LAHF_LM, "LAHF SAHF" },
    /* No instructions of their own, or those of another feature too. */
    { X86_F_FPU, "" }, { X86_F_VME, "" }, { X86_F_DE, "" }, { X86_F_PSE, "" }, { X86_F_PAE, "" }, { X86_F_MCE, "" },
    { X86_F_APIC, "" }, { X86_F_MTRR, "" }, { X86_F_PGE, "" }, { X86_F_MCA, "" }, { X86_F_PAT, "" },
    { X86_F_PSE36, "" }, { X86_F_SS, "" }, { X86_F_HT, "" }, { X86_F_PCID, "" }, { X86_F_X2APIC, "" },
    { X86_F_TSC_DEADLINE, "" }, { X86_F_HYPERVISOR, "" }, { X86_F_SMEP, "" }, { X86_F_ERMS, "" },
    { X86_F_UMIP, "" }, { X86_F_LA57, "" }, { X86_F_NX, "" }, { X86_F_MMXEXT, "" }, { X86_F_FXSR_OPT, "" },
    { X86_F_PDPE1GB, "" }, { X86_F_CMP_LEGACY, "" }, { X86_F_3DNOWPREFETCH, "" }, { X86_F_XGETBV1, "" },
};

/* What -cpu max has to offer on a host that can execute it. */
static const uint16_t wanted[] = {
    X86_F_AVX2, X86_F_BMI1, X86_F_BMI2, X86_F_FMA, X86_F_AES, X86_F_SHA, X86_F_MOVBE, X86_F_POPCNT, X86_F_ABM,
    X86_F_ADX, X86_F_RDRAND, X86_F_RDSEED, X86_F_FSGSBASE, X86_F_SMEP, X86_F_SMAP, X86_F_UMIP, X86_F_PCID,
    X86_F_INVPCID, X86_F_PDPE1GB, X86_F_LA57, X86_F_XSAVE, X86_F_XSAVEOPT, X86_F_XSAVEC, X86_F_XSAVES, X86_F_RDTSCP,
    X86_F_RDPID, X86_F_X2APIC, X86_F_TSC_DEADLINE,
};
/* clang-format on */

static bool has(const uint32_t words[X86_FW_COUNT], unsigned feature)
{
    return words[feature / 32] >> (feature % 32) & 1;
}

static const Feature *find_feature(unsigned feature)
{
    for (unsigned k = 0; k < G_N_ELEMENTS(features); k++) {
        if (features[k].feature == feature) {
            return &features[k];
        }
    }
    return NULL;
}

static bool has_row(const char *name, unsigned feature)
{
    const X86Pattern *all;
    unsigned count;

    all = x86_patterns(&count);
    for (unsigned k = 0; k < count; k++) {
        if (all[k].row->feature == feature && !strcmp(all[k].row->name, name)) {
            return true;
        }
    }
    return false;
}

/* AMD repeats bits of leaf 1 in leaf 80000001: they say nothing new. */
static bool is_twin(const uint32_t words[X86_FW_COUNT], unsigned feature)
{
    const uint32_t twins = 0x0183f3ff;
    unsigned bit = feature % 32;

    return feature / 32 == X86_FW_80000001_EDX && twins >> bit & 1 &&
           words[X86_FW_1_EDX] >> bit & 1;
}

static const X86Model *max_model(void)
{
    for (unsigned k = 0; k < x86_model_count; k++) {
        if (x86_models[k].everything) {
            return &x86_models[k];
        }
    }
    g_assert_not_reached();
}

static void test_names(void)
{
    uint32_t words[X86_FW_COUNT];

    x86_supported_features(words);
    for (unsigned f = 0; f < X86_FW_COUNT * 32; f++) {
        const Feature *known = find_feature(f);
        g_auto(GStrv) names = NULL;

        if (!has(words, f) || is_twin(words, f)) {
            continue;
        }
        if (!known) {
            g_test_message("word %u bit %u is offered, but not known here", f / 32,
                           f % 32);
            g_test_fail();
            continue;
        }
        names = g_strsplit(known->names, " ", -1);
        for (unsigned k = 0; names[k]; k++) {
            if (!has_row(names[k], f)) {
                g_test_message("no row for %s (word %u bit %u)", names[k], f / 32,
                               f % 32);
                g_test_fail();
            }
        }
    }
}

/* Each row of a feature that max has is decoded to what the row says. */
static void test_max_decodes(void)
{
    X86State *cpu = oracle_cpu();
    uint32_t words[X86_FW_COUNT];
    const X86Pattern *all;
    unsigned count;

    x86_supported_features(words);
    for (unsigned k = 0; k < X86_FW_COUNT; k++) {
        cpu->features[k] = words[k] & max_model()->features[k];
    }
    all = x86_patterns(&count);
    for (unsigned k = 0; k < count; k++) {
        const X86Row *row = all[k].row;
        uint8_t bytes[24];
        X86Insn i;

        if (!row->feature || !has(cpu->features, row->feature) ||
            row->rules & X86_NO64) {
            continue;
        }
        oracle_random_insn(&all[k], bytes);
        g_assert_cmpint(
            x86_decode(cpu, cpu->mode, ORACLE_CODE, bytes, sizeof(bytes), &i), ==,
            X86_DECODE_OK);
        if (i.row != row || (i.ref == x86_ref_ud && row->ref != x86_ref_ud)) {
            g_test_message("%s (%s) is decoded as %s", row->name, row->enc,
                           i.ref == x86_ref_ud ? "#UD" : i.row->name);
            g_test_fail();
        }
    }
    memset(cpu->features, 0xff, sizeof(cpu->features));
}

static void test_max_has(void)
{
    uint32_t words[X86_FW_COUNT], uncut[X86_FW_COUNT];

    memset(uncut, 0xff, sizeof(uncut));
    x86_host_cut_features(uncut);
    x86_supported_features(words);
    for (unsigned k = 0; k < G_N_ELEMENTS(wanted); k++) {
        unsigned f = wanted[k];

        if (has(uncut, f) && !(has(words, f) && has(max_model()->features, f))) {
            g_test_message("max lacks word %u bit %u", f / 32, f % 32);
            g_test_fail();
        }
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/i386/features/each-has-all-its-instructions", test_names);
    g_test_add_func("/i386/features/max-executes-what-it-offers", test_max_decodes);
    g_test_add_func("/i386/features/max-has-what-is-promised", test_max_has);
    return g_test_run();
}
