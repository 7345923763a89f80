/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The registers as text.  Scripts read this format: keep it.
 */
#include "accel/target/i386/dump.h"
#include "accel/target/i386/system.h"
#include "qapi/text.h"
#include "util/log.h"

#include <glib.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const char *const seg_names[] = { "ES", "CS", "SS", "DS", "FS", "GS" };

static bool is_wide(const X86State *cpu)
{
    return cpu->efer & X86_EFER_LMA;
}

static void dump_gprs(const X86State *cpu, HmpOut *out)
{
    static const uint8_t order[] = { X86_RAX, X86_RBX, X86_RCX, X86_RDX,
                                     X86_RSI, X86_RDI, X86_RBP, X86_RSP };
    static const char *const names[] = {
        "AX", "BX", "CX", "DX", "SI", "DI", "BP", "SP"
    };
    bool wide = is_wide(cpu);

    for (unsigned k = 0; k < 8; k++) {
        const char *end = k % 4 == 3 ? "\n" : " ";

        if (wide) {
            hmp_printf(out, "R%s=%016" PRIx64 "%s", names[k], cpu->regs[order[k]].q,
                       end);
        } else {
            hmp_printf(out, "E%s=%08x%s", names[k], cpu->regs[order[k]].d, end);
        }
    }
    for (unsigned k = 8; wide && k < 16; k++) {
        hmp_printf(out, "R%-2u=%016" PRIx64 "%s", k, cpu->regs[k].q,
                   k % 4 == 3 ? "\n" : " ");
    }
}

static void dump_flags(const X86State *cpu, HmpOut *out)
{
    uint64_t fl = x86_get_rflags(cpu);

    if (is_wide(cpu)) {
        hmp_printf(out, "RIP=%016" PRIx64 " RFL=%08x", cpu->rip, (uint32_t)fl);
    } else {
        hmp_printf(out, "EIP=%08x EFL=%08x", (uint32_t)cpu->rip, (uint32_t)fl);
    }
    hmp_printf(out, " [%c%c%c%c%c%c%c] CPL=%d II=%d A20=%d SMM=%d HLT=%d\n",
               fl & X86_FL_DF ? 'D' : '-', fl & X86_FL_OF ? 'O' : '-',
               fl & X86_FL_SF ? 'S' : '-', fl & X86_FL_ZF ? 'Z' : '-',
               fl & X86_FL_AF ? 'A' : '-', fl & X86_FL_PF ? 'P' : '-',
               fl & X86_FL_CF ? 'C' : '-', cpu->cpl, cpu->irq_shadow != 0,
               !cpu->a20_off, cpu->in_smm, cpu->halted);
}

static void describe_segment(const X86State *cpu, const X86Segment *s, HmpOut *out)
{
    static const char *const system_types[2][16] = {
        {"Reserved",  "TSS16-avl", "LDT", "TSS16-busy", "CallGate16", "TaskGate",
         "IntGate16",                                                                         "TrapGate16", "Reserved", "TSS32-avl", "Reserved", "TSS32-busy",
         "CallGate32",                                                                                                                                                       "Reserved", "IntGate32", "TrapGate32"},
        { "<hiword>", "Reserved",  "LDT", "Reserved",   "Reserved",   "Reserved", "Reserved",
         "Reserved",                                                                                        "Reserved", "TSS64-avl", "Reserved", "TSS64-busy", "CallGate64",
         "Reserved",                                                                                                                                                                     "IntGate64", "TrapGate64"},
    };

    hmp_printf(out, " DPL=%d ", (s->attr & X86_SEG_DPL) >> X86_SEG_DPL_SHIFT);
    if (!(s->attr & X86_SEG_S)) {
        hmp_puts(out, system_types[is_wide(cpu)][s->attr & X86_SEG_TYPE]);
    } else if (s->attr & X86_SEG_CODE) {
        hmp_printf(out, "%s [%c%c",
                   s->attr & X86_SEG_L    ? "CS64"
                   : s->attr & X86_SEG_DB ? "CS32"
                                          : "CS16",
                   s->attr & X86_SEG_EC ? 'C' : '-', s->attr & X86_SEG_RW ? 'R' : '-');
    } else {
        hmp_printf(out, "%s [%c%c",
                   s->attr & X86_SEG_DB || is_wide(cpu) ? "DS  " : "DS16",
                   s->attr & X86_SEG_EC ? 'E' : '-', s->attr & X86_SEG_RW ? 'W' : '-');
    }
    if (s->attr & X86_SEG_S) {
        hmp_printf(out, "%c]", s->attr & X86_SEG_ACCESSED ? 'A' : '-');
    }
}

/* The attribute word as it lies in a descriptor, with the upper limit bits. */
static uint32_t descriptor_bits(const X86Segment *s)
{
    uint32_t limit = s->attr & X86_SEG_G ? s->limit >> 12 : s->limit;

    return (uint32_t)s->attr << 8 | (limit & 0xf0000);
}

static void dump_segment(const X86State *cpu, const char *name, const X86Segment *s,
                         HmpOut *out)
{
    if (is_wide(cpu)) {
        hmp_printf(out, "%-3s=%04x %016" PRIx64 " %08x %08x", name, s->selector,
                   s->base, s->limit, descriptor_bits(s));
    } else {
        hmp_printf(out, "%-3s=%04x %08x %08x %08x", name, s->selector,
                   (uint32_t)s->base, s->limit, descriptor_bits(s));
    }
    if (x86_is_protected(cpu) && s->attr & X86_SEG_P) {
        describe_segment(cpu, s, out);
    }
    hmp_puts(out, "\n");
}

static void dump_tables(const X86State *cpu, HmpOut *out)
{
    if (is_wide(cpu)) {
        hmp_printf(out, "GDT=     %016" PRIx64 " %08x\nIDT=     %016" PRIx64 " %08x\n",
                   cpu->gdtr.base, cpu->gdtr.limit, cpu->idtr.base, cpu->idtr.limit);
        hmp_printf(out, "CR0=%08x CR2=%016" PRIx64 " CR3=%016" PRIx64 " CR4=%08x\n",
                   (uint32_t)cpu->cr0, cpu->cr2, cpu->cr3, (uint32_t)cpu->cr4);
    } else {
        hmp_printf(out, "GDT=     %08x %08x\nIDT=     %08x %08x\n",
                   (uint32_t)cpu->gdtr.base, cpu->gdtr.limit, (uint32_t)cpu->idtr.base,
                   cpu->idtr.limit);
        hmp_printf(out, "CR0=%08x CR2=%08x CR3=%08x CR4=%08x\n", (uint32_t)cpu->cr0,
                   (uint32_t)cpu->cr2, (uint32_t)cpu->cr3, (uint32_t)cpu->cr4);
    }
    for (unsigned k = 0; k < 4; k++) {
        hmp_printf(out, "DR%u=%016" PRIx64 " ", k, cpu->dr[k]);
    }
    hmp_printf(out, "\nDR6=%016" PRIx64 " DR7=%016" PRIx64 "\n", cpu->dr[6],
               cpu->dr[7]);
    hmp_printf(out, "EFER=%016" PRIx64 "\n", cpu->efer);
}

static void dump_fpu(const X86State *cpu, HmpOut *out)
{
    const X86Xsave *x = &cpu->xs;
    unsigned top = x->fsw >> 11 & 7, vectors = is_wide(cpu) ? 16 : 8;

    hmp_printf(out, "FCW=%04x FSW=%04x [ST=%u] FTW=%02x MXCSR=%08x\n", x->fcw,
               x->fsw & ~0x3800u, top, x->ftw, x->mxcsr);
    for (unsigned k = 0; k < 8; k++) {
        const X86St *st = &x->st[(k - top) & 7];

        hmp_printf(out, "FPR%u=%016" PRIx64 " %04x%s", k, st->mantissa, st->exponent,
                   k & 1 ? "\n" : " ");
    }
    for (unsigned k = 0; k < vectors; k++) {
        hmp_printf(out, "XMM%02u=%016" PRIx64 " %016" PRIx64 "%s", k, x->xmm[k].u64[1],
                   x->xmm[k].u64[0], k & 1 ? "\n" : " ");
    }
}

static void dump_integer(const X86State *cpu, HmpOut *out)
{
    dump_gprs(cpu, out);
    dump_flags(cpu, out);
    for (unsigned k = 0; k < X86_SEG_COUNT; k++) {
        dump_segment(cpu, seg_names[k], &cpu->seg[k], out);
    }
    dump_segment(cpu, "LDT", &cpu->ldtr, out);
    dump_segment(cpu, "TR", &cpu->tr, out);
    dump_tables(cpu, out);
}

void x86_dump_state(const X86State *cpu, HmpOut *out)
{
    dump_integer(cpu, out);
    dump_fpu(cpu, out);
}

void x86_log_state(const X86State *cpu, bool fpu, const char *first, ...)
{
    HmpOut out;
    va_list ap;

    hmp_out_init(&out);
    va_start(ap, first);
    g_string_append_vprintf(out.text, first, ap);
    va_end(ap);
    dump_integer(cpu, &out);
    if (fpu) {
        dump_fpu(cpu, &out);
    }
    log_printf("%s", out.text->str);
    hmp_out_destroy(&out);
}

/* "ax" in "eax" and "rax", "8" in "r8". */
static int find_gpr(const char *name)
{
    static const char *const names[] = {
        "ax", "cx", "dx", "bx", "sp", "bp", "si", "di"
    };

    for (int i = 0; i < 8; i++) {
        if (!strcmp(name, names[i])) {
            return i;
        }
    }
    for (int i = 8; i < 16; i++) {
        char number[4];

        snprintf(number, sizeof(number), "%d", i);
        if (!strcmp(name, number)) {
            return i;
        }
    }
    return -1;
}

static bool get_segment(const X86State *cpu, const char *name, uint64_t *value)
{
    for (unsigned i = 0; i < X86_SEG_COUNT; i++) {
        const X86Segment *s = &cpu->seg[i];

        if (g_ascii_strncasecmp(name, seg_names[i], 2)) {
            continue;
        }
        *value = !strcmp(name + 2, ".base")    ? s->base
                 : !strcmp(name + 2, ".limit") ? s->limit
                                               : s->selector;
        return !name[2] || name[2] == '.';
    }
    return false;
}

bool x86_get_register(const X86State *cpu, const char *name, uint64_t *value)
{
    if (!strcmp(name, "pc") || !strcmp(name, "eip") || !strcmp(name, "rip")) {
        *value = cpu->rip + (strcmp(name, "pc") ? 0 : cpu->seg[X86_CS].base);
        return true;
    }
    if (!strcmp(name, "eflags") || !strcmp(name, "rflags")) {
        *value = x86_get_rflags(cpu);
        return true;
    }
    if (*name == 'e' || *name == 'r') {
        int i = find_gpr(name + 1);

        if (i >= 0) {
            *value = *name == 'e' ? cpu->regs[i].d : cpu->regs[i].q;
            return true;
        }
    }
    return get_segment(cpu, name, value);
}

DisasArch x86_disas_arch(const X86State *cpu)
{
    return x86_is64(cpu)                 ? DISAS_X86_64
           : cpu->mode & X86_MODE_CODE32 ? DISAS_X86_32
                                         : DISAS_X86_16;
}
