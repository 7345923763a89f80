/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Build functions against reference functions: random blocks of instructions, in every
 * mode, executed once by their reference functions one after the other and once as
 * intermediate representation, from the same state. Registers, defined flags, memory,
 * rip and faults must agree, whatever passes have run.
 *
 * All of memory is one page of RAM seen everywhere, and some pages of a device, so
 * that any address will do; what differs is whether an access hits the soft TLB,
 * crosses a page, or faults.
 */
#include "ir-interp.h"

#include "accel/target/i386/build.h"
#include "accel/target/i386/decode.h"
#include "accel/target/i386/flags.h"
#include "accel/target/i386/jit-target.h"
#include "accel/target/i386/mmu.h"
#include "accel/target/i386/operands.h"
#include "accel/target/i386/refs-int.h"
#include "accel/target/i386/refs-sys.h"
#include "accel/target/i386/system.h"
#include "accel/tcg/code-pages.h"
#include "accel/tcg/phys.h"

#include <glib.h>

#include <inttypes.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

enum {
    INSNS_MAX = 6,
    DEVICE_PAGES = 32, /* one of so many is not RAM */
};

static uint8_t *ram;
static X86State *cpu;
static uint64_t device_hash;
static uint64_t rng = 0x853c49e6748fea9b;
static IrBlock *ir;

static uint64_t rnd64(void)
{
    rng ^= rng >> 12;
    rng ^= rng << 25;
    rng ^= rng >> 27;
    return rng * 0x2545f4914f6cdd1d;
}

static unsigned rnd(unsigned n)
{
    return (rnd64() >> 32) % n;
}

/* --- memory -------------------------------------------------------------------------
 */

static bool phys_lookup(TcgPhys *phys, unsigned space, uint64_t addr, TcgPhysPage *page)
{
    if ((addr >> 12) % DEVICE_PAGES == 7) {
        return false;
    }
    page->host = ram;
    page->ram_addr = 0;
    page->readonly = false;
    return true;
}

static uint64_t phys_read(TcgPhys *phys, unsigned space, uint64_t addr, unsigned size)
{
    return addr * 0x9e3779b97f4a7c15ull >> 3;
}

static void phys_write(TcgPhys *phys, unsigned space, uint64_t addr, uint64_t v,
                       unsigned size)
{
    v = size == 8 ? v : v & ((1ull << size * 8) - 1);
    device_hash = (device_hash ^ addr ^ v) * 0x2545f4914f6cdd1d + size;
}

static bool phys_mark_dirty(TcgPhys *phys, uint64_t ram_addr, unsigned len)
{
    return true;
}

static bool phys_is_dirty(TcgPhys *phys, uint64_t ram_addr)
{
    return true;
}

static const TcgPhysOps phys_ops = {
    .lookup = phys_lookup,
    .read = phys_read,
    .write = phys_write,
    .mark_dirty = phys_mark_dirty,
    .is_dirty = phys_is_dirty,
};
static TcgPhys phys = { .ops = &phys_ops };

/* --- modes --------------------------------------------------------------------------
 */

typedef enum Mode {
    MODE_64,
    MODE_32_FLAT,
    MODE_32_SEGMENTS,
    MODE_16_PROTECTED,
    MODE_REAL,
    MODE_COUNT
} Mode;

static void set_mode(Mode mode)
{
    bool is64 = mode == MODE_64, flat = mode <= MODE_32_FLAT;

    x86_state_reset(cpu);
    cpu->cr0 = X86_CR0_NE | X86_CR0_ET | (mode == MODE_REAL ? 0 : X86_CR0_PE);
    cpu->cr4 = X86_CR4_OSFXSR | X86_CR4_OSXMMEXCPT | X86_CR4_OSXSAVE | X86_CR4_FSGSBASE;
    cpu->xcr0 = X86_XCR0_X87 | X86_XCR0_SSE | X86_XCR0_AVX;
    cpu->efer = is64 ? X86_EFER_LME | X86_EFER_LMA | X86_EFER_SCE : 0;
    for (unsigned k = 0; k < X86_SEG_COUNT; k++) {
        X86Segment *s = &cpu->seg[k];

        s->selector = 8 * (k + 1);
        s->base = flat && k < X86_FS ? 0 : (uint32_t)rnd64();
        s->limit = flat ? ~0u : mode == MODE_REAL || rnd(2) ? 0xffff : rnd64();
        s->attr = X86_SEG_P | X86_SEG_S | X86_SEG_RW | X86_SEG_DB;
        if (mode == MODE_REAL) {
            s->base = s->selector << 4;
            s->attr |= rnd(8) ? X86_SEG_ACCESSED : 0;
        }
        if (mode >= MODE_16_PROTECTED) {
            s->attr &= ~X86_SEG_DB;
        }
        if (mode == MODE_32_SEGMENTS && k != X86_CS) {
            s->attr &= rnd(8) ? ~0u : rnd(2) ? ~X86_SEG_RW : ~X86_SEG_DB;
            s->attr |= rnd(8) ? 0 : X86_SEG_EC;
        }
    }
    cpu->seg[X86_CS].attr |= X86_SEG_CODE | (is64 ? X86_SEG_L : 0);
    if (is64) {
        cpu->seg[X86_CS].attr &= ~X86_SEG_DB;
        cpu->seg[X86_GS].base = cpu->kernel_gs_base = 0xffff888000000000 + rnd(1 << 20);
    }
    x86_state_refresh(cpu);
}

/* --- instructions -------------------------------------------------------------------
 */

typedef struct Block {
    uint8_t bytes[INSNS_MAX * 16];
    unsigned len;
    X86Insn insn[INSNS_MAX];
    unsigned count;
    uint64_t pc, end_rip;
} Block;

static const X86Pattern **candidates;
static unsigned candidate_count;

static unsigned put_random(uint8_t *p, Mode mode)
{
    static const uint8_t prefix[] = { 0, 0, 0x66, 0xf3, 0xf2 };
    static const uint8_t segs[] = { 0x26, 0x2e, 0x36, 0x3e, 0x64, 0x65 };
    const X86Pattern *c = candidates[rnd(candidate_count)];
    unsigned n = 0;

    if (!rnd(8)) {
        p[n++] = segs[rnd(sizeof(segs))];
    }
    if (!rnd(10)) {
        p[n++] = 0x67;
    }
    if (!rnd(4) && !c->vex && c->prefix != X86_PP_NP) {
        p[n++] = 0x66;
    }
    if (c->row->rules & X86_LOCK && !rnd(4)) {
        p[n++] = 0xf0;
    }
    if (c->vex) {
        static const uint8_t pp[] = { 0, 0, 1, 2, 3 };
        unsigned w = c->w ? c->w - 1u : rnd(2), l = c->l ? c->l - 1u : rnd(2);

        p[n++] = 0xc4;
        p[n++] = (mode == MODE_64 ? rnd(8) << 5 : 0xe0) | c->map;
        p[n++] = w << 7 | rnd(16) << 3 | l << 2 | pp[c->prefix];
        p[n++] = c->opcode;
    } else {
        if (prefix[c->prefix]) {
            p[n++] = prefix[c->prefix];
        } else if (c->row->rules & X86_REPOK && rnd(2)) {
            p[n++] = 0xf2 + rnd(2);
        }
        if (mode == MODE_64 && rnd(2)) {
            p[n++] = 0x40 | rnd(16);
        }
        if (c->map) {
            p[n++] = 0x0f;
        }
        if (c->map >= 2) {
            p[n++] = c->map == 2 ? 0x38 : 0x3a;
        }
        p[n++] = c->opcode;
    }
    if (c->has_modrm) {
        unsigned reg = c->digit >= 0 ? (unsigned)c->digit : rnd(8);

        p[n++] = c->rm >= 0 ? 0xc0 | reg << 3 | c->rm : rnd(4) << 6 | reg << 3 | rnd(8);
    }
    /* SIB, displacement, immediate: whatever the decoder takes. */
    for (unsigned k = 0; k < 13; k++) {
        p[n + k] = rnd(3) ? rnd64() >> 40 : rnd(2) ? 0 : 0xff;
    }
    return n;
}

static bool is_end(const X86Insn *i)
{
    return !i->row || i->row->rules & X86_ENDS || i->ref == x86_ref_ud ||
           i->ref == x86_ref_nm || i->ref == x86_ref_gp0;
}

static bool is_in(const X86Row *row, const X86RowTable *t)
{
    return row >= t->rows && row < t->rows + t->count;
}

/* An integer instruction that is not always executed by its reference function. */
static bool is_candidate(const X86Row *row)
{
    return row->build && (is_in(row, &x86_rows_int) || is_in(row, &x86_rows_sys));
}

static bool is_wanted(const X86Insn *i)
{
    return i->row && i->ref != x86_ref_ud && i->ref != x86_ref_gp0 &&
           is_candidate(i->row);
}

/* It comes first in its block: another instruction could set a large count. */
static bool is_repeated(const X86Insn *i)
{
    return i->row->rules & X86_REPOK && i->flags & (X86_I_REP | X86_I_REPNE);
}

static void make_block(Block *b, Mode mode)
{
    unsigned want = 1 + rnd(INSNS_MAX);
    uint64_t at;

    memset(b, 0, sizeof(*b));
    b->pc = mode == MODE_64 ? rnd(2) ? 0x400000 + rnd(0x100000) : 0xffffffff81000000
                            : 0x100 + rnd(0x4000);
    at = b->pc;
    while (b->count < want) {
        uint8_t bytes[40];
        X86Insn *i = &b->insn[b->count];

        put_random(bytes, mode);
        if (x86_decode(cpu, cpu->mode, at, bytes, X86_INSN_MAX, i) != X86_DECODE_OK ||
            !is_wanted(i) || (i->ref == x86_ref_mov_to_seg && mode != MODE_REAL) ||
            (b->count && is_repeated(i))) {
            continue;
        }
        memcpy(b->bytes + b->len, bytes, i->len);
        b->len += i->len;
        b->count++;
        at = i->next_rip;
        if (is_end(i)) {
            break;
        }
    }
    b->end_rip = at;
}

/* --- state --------------------------------------------------------------------------
 */

typedef struct Snapshot {
    uint64_t reg[16], rflags, rip, cr2, hash;
    X86Segment seg[X86_SEG_COUNT];
    X86SegFast seg_fast[X86_SEG_COUNT];
    uint64_t kernel_gs_base;
    int vector;
    uint32_t error;
    uint8_t ram[4096];
    X86Xsave xs;
} Snapshot;

static uint64_t rnd_value(Mode mode)
{
    switch (rnd(6)) {
    case 0:
        return rnd(64);
    case 1:
        return -(uint64_t)rnd(64);
    case 2:
        return 1ull << rnd(64);
    case 3:
        return rnd64() & 0xffff;
    case 4:
        return rnd64() >> 17; /* canonical */
    default:
        return rnd64() >> rnd(64);
    }
}

static void randomize(Mode mode)
{
    for (unsigned k = 0; k < 16; k++) {
        cpu->regs[k].q = rnd_value(mode);
        if (mode != MODE_64) {
            cpu->regs[k].q &= rnd(8) ? 0xffff : 0xffffffff;
        }
    }
    x86_set_rflags(cpu, 0x202 | (rnd64() & X86_FL_ARITH));
    for (unsigned k = 0; k < 4096; k += 8) {
        uint64_t v = rnd_value(mode);

        memcpy(ram + k, &v, 8);
    }
    device_hash = 0;
}

/* Counts of string instructions that end soon. */
static void limit_counts(const Block *b)
{
    for (unsigned k = 0; k < b->count; k++) {
        if (b->insn[k].row->rules & X86_REPOK) {
            cpu->regs[X86_RCX].q = rnd(3) ? rnd(40) : rnd(400);
            cpu->df_step = rnd(4) ? 1 : -1;
        }
    }
}

static void take(Snapshot *s, int vector)
{
    for (unsigned k = 0; k < 16; k++) {
        s->reg[k] = cpu->regs[k].q;
    }
    s->rflags = x86_get_rflags(cpu);
    s->rip = cpu->rip;
    s->cr2 = cpu->cr2;
    s->hash = device_hash;
    memcpy(s->seg, cpu->seg, sizeof(s->seg));
    memcpy(s->seg_fast, cpu->seg_fast, sizeof(s->seg_fast));
    s->kernel_gs_base = cpu->kernel_gs_base;
    s->vector = vector;
    s->error = vector >= 0 && cpu->exc_has_error ? cpu->exc_error : 0;
    memcpy(s->ram, ram, sizeof(s->ram));
    s->xs = cpu->xs;
    cpu->insn = NULL;
    cpu->irq_shadow = 0;
}

static void put(const Snapshot *s)
{
    for (unsigned k = 0; k < 16; k++) {
        cpu->regs[k].q = s->reg[k];
    }
    x86_set_rflags(cpu, s->rflags);
    x86_update_mode(cpu);
    cpu->rip = s->rip;
    cpu->cr2 = s->cr2;
    device_hash = s->hash;
    memcpy(cpu->seg, s->seg, sizeof(s->seg));
    memcpy(cpu->seg_fast, s->seg_fast, sizeof(s->seg_fast));
    cpu->kernel_gs_base = s->kernel_gs_base;
    memcpy(ram, s->ram, sizeof(s->ram));
    cpu->xs = s->xs;
    cpu->irq_shadow = 0;
}

/* --- by reference functions ---------------------------------------------------------
 */

static void run_refs(const X86Insn *first, const X86Insn *end, uint64_t rip)
{
    const X86Insn *i = first;

    cpu->rip = rip;
    cpu->run_end = end;
    do {
        cpu->insn = i;
        i->ref(cpu, i);
        if (i->ref == x86_ref_sti) {
            /* It ends the block, which matters when something is pending. */
            cpu->run_end = end;
            cpu->rip = rip;
        }
        i++;
    } while (i < cpu->run_end);
    cpu->insn = NULL;
}

static void run_model(const Block *b, Snapshot *out)
{
    volatile int vector = -1;

    if (!setjmp(cpu->fault_env)) {
        run_refs(b->insn, b->insn + b->count, b->end_rip);
    } else {
        vector = cpu->exc_vector;
    }
    take(out, vector);
}

/* --- as intermediate representation -------------------------------------------------
 */

static void to_cpu(const IrMachine *m)
{
    for (unsigned k = 0; k < 16; k++) {
        cpu->regs[k].q = m->reg[k];
    }
    x86_set_arith(cpu, m->flags);
}

static void from_cpu(IrMachine *m)
{
    for (unsigned k = 0; k < 16; k++) {
        m->reg[k] = cpu->regs[k].q;
    }
    m->flags = x86_get_arith(cpu);
}

static void *interp_check(IrMachine *m, const IrNode *n, uint64_t lin)
{
    const SoftTlb *tlb = &cpu->views[ir->view];
    const SoftTlbEntry *e = &tlb->entry[soft_tlb_index(lin)];
    uint64_t tag = e->tag[n->cc == IR_WRITE ? SOFT_TLB_WRITE : SOFT_TLB_READ];

    if (lin & n->align || !soft_tlb_hit(lin, tag, n->size)) {
        return NULL;
    }
    return (void *)(uintptr_t)(lin + e->addend);
}

static void interp_slow(IrMachine *m, unsigned first, unsigned last)
{
    const Block *b = m->opaque;

    to_cpu(m);
    run_refs(b->insn + first, b->insn + last + 1, b->insn[last].next_rip);
    from_cpu(m);
    if (!cpu->run_end || is_end(&b->insn[last])) {
        m->left = true;
        m->pc = cpu->rip;
    }
}

static void interp_ref(IrMachine *m, const IrNode *n)
{
    interp_slow(m, n->insn, n->insn);
    if (n->op == IR_REF_END) {
        m->left = true;
        m->pc = cpu->rip;
    }
}

static void run_ir(const Block *b, Snapshot *out)
{
    static IrMachine m;
    volatile int vector = -1;

    memset(&m, 0, offsetof(IrMachine, temp));
    m.check = interp_check;
    m.slow = interp_slow;
    m.ref = interp_ref;
    m.opaque = (void *)b;
    m.state = (uint8_t *)cpu;
    m.scramble = true;
    from_cpu(&m);
    if (!setjmp(cpu->fault_env)) {
        ir_interp(&m, ir, 0, ir->insns);
        g_assert_true(m.left);
        to_cpu(&m);
        cpu->rip = m.pc;
    } else {
        vector = cpu->exc_vector;
    }
    take(out, vector);
}

/* --- as host code -------------------------------------------------------------------
 */

enum { CODE_BYTES = 1 << 20 };

static uint8_t *code;
static JitBuf shared;
static bool native;
static JitBlock *running;

static JitBlock *block_at(const void *p)
{
    return running;
}

static void setup_native(void)
{
    JitOptions options = *jit_options();
    const char *why;

    if (!jit_host_usable(&why)) {
        return;
    }
    code = mmap(NULL, CODE_BYTES, PROT_READ | PROT_WRITE | PROT_EXEC,
                MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    g_assert(code != MAP_FAILED);
    shared = (JitBuf){ .p = code, .end = code + CODE_BYTES / 4 };
    jit_host_setup(&x86_jit_target, &shared);
    jit_host_set_finder(block_at);
    /* A block that jumps to itself comes back each time. */
    options.no_links = true;
    jit_set_options(&options);
    jit_host_thread_init(cpu);
    cpu->jit.salt[0] = 0x123456789abcdef0;
    cpu->jit.salt[1] = 0xfedcba9876543210;
    native = true;
}

static bool run_native(const Block *b, Snapshot *out)
{
    JitBlock *jb = g_malloc0(JIT_BLOCK_BYTES_MAX);
    JitBuf hot = { .p = code + CODE_BYTES / 4, .end = code + CODE_BYTES / 2 };
    JitBuf cold = { .p = code + CODE_BYTES / 2, .end = code + CODE_BYTES };
    volatile int vector = -1;

    jb->guest = b->insn;
    jb->hot = b->count & 1;
    if (!jit_host_emit(&x86_jit_target, ir, jb, &hot, &cold)) {
        g_free(jb);
        return false;
    }
    x86_flags_to_jit(cpu);
    cpu->jit.flags_here = true;
    cpu->jit.exit = NULL;
    if (!setjmp(cpu->fault_env)) {
        running = jb;
        jit_host_enter(cpu, jb->entry);
    } else {
        vector = cpu->exc_vector;
    }
    x86_take_flags(cpu);
    take(out, vector);
    g_free(jb);
    return true;
}

/* --- comparing ----------------------------------------------------------------------
 */

/* What the interpreter leaves out. */
static bool interp_can(void)
{
    for (unsigned k = 0; k < ir->count; k++) {
        switch (ir->node[k].op) {
        case IR_TEMPLATE:
        case IR_DIV:
        case IR_IDIV:
        case IR_CMPXCHGD:
        case IR_BSF:
        case IR_BSR:
            return false;
        default:
            break;
        }
    }
    return true;
}

/* Flags that the manual leaves undefined after the block; false: some instruction reads
 * such a flag, or may. */
static bool undefined_flags(const Block *b, uint32_t *undef)
{
    *undef = 0;
    for (unsigned k = 0; k < ir->count; k++) {
        const IrNode *n = &ir->node[k];
        uint32_t changed = ir_flags_changed(n);

        if (ir_flags_read(n) & *undef) {
            return false;
        }
        *undef &= ~ir_flags_written(n);
        if (changed) {
            *undef |= changed & (b->insn[n->insn].row->undef | ir_op_info[n->op].undef);
        }
    }
    return true;
}

static void print_block(GString *out, const Block *b)
{
    const uint8_t *p = b->bytes;

    for (unsigned k = 0; k < b->count; k++) {
        g_string_append_printf(out, "  %-10s", b->insn[k].row->name);
        for (unsigned n = 0; n < b->insn[k].len; n++) {
            g_string_append_printf(out, " %02x", *p++);
        }
        g_string_append_c(out, '\n');
    }
}

static void differ(GString *out, const char *what, uint64_t was, uint64_t want,
                   uint64_t got)
{
    if (want != got) {
        g_string_append_printf(
            out, "  %s: was %016" PRIx64 ", want %016" PRIx64 ", got %016" PRIx64 "\n",
            what, was, want, got);
    }
}

static void compare(GString *out, const Snapshot *init, const Snapshot *want,
                    const Snapshot *got, uint32_t undef)
{
    for (unsigned k = 0; k < 16; k++) {
        char name[8];

        g_snprintf(name, sizeof(name), "r%u", k);
        differ(out, name, init->reg[k], want->reg[k], got->reg[k]);
    }
    differ(out, "rflags", init->rflags, want->rflags & ~(uint64_t)undef,
           got->rflags & ~(uint64_t)undef);
    differ(out, "rip", init->rip, want->rip, got->rip);
    differ(out, "vector", -1, want->vector, got->vector);
    differ(out, "error", 0, want->error, got->error);
    differ(out, "cr2", init->cr2, want->cr2, got->cr2);
    differ(out, "device", init->hash, want->hash, got->hash);
    differ(out, "kernel gs", init->kernel_gs_base, want->kernel_gs_base,
           got->kernel_gs_base);
    for (unsigned k = 0; k < X86_SEG_COUNT; k++) {
        differ(out, "segment", init->seg[k].base, want->seg[k].base, got->seg[k].base);
        differ(out, "selector", init->seg[k].selector, want->seg[k].selector,
               got->seg[k].selector);
        differ(out, "its base", init->seg_fast[k].base, want->seg_fast[k].base,
               got->seg_fast[k].base);
        differ(out, "its end", init->seg_fast[k].write_end, want->seg_fast[k].write_end,
               got->seg_fast[k].write_end);
    }
    for (unsigned k = 0; k < 4096; k++) {
        if (want->ram[k] != got->ram[k]) {
            char name[16];

            g_snprintf(name, sizeof(name), "ram+%03x", k);
            differ(out, name, init->ram[k], want->ram[k], got->ram[k]);
        }
    }
}

/* A jump to an address that is not canonical: the reference function raises #GP, the
 * translation when it fetches. */
static void tolerate(Snapshot *want, Snapshot *got)
{
    if (want->vector == X86_EXC_GP && got->vector < 0 && x86_is64(cpu) &&
        !x86_is_canonical(cpu, got->rip)) {
        *want = *got;
    }
}

static bool verify(GString *out, const char *when)
{
    g_autofree char *error = ir_verify(ir);

    if (error) {
        g_string_append_printf(out, "  %s: %s\n", when, error);
    }
    return !error;
}

static bool run_case(Mode mode)
{
    static Snapshot init, want, got;
    g_autoptr(GString) out = g_string_new(NULL);
    g_autofree char *before = NULL;
    unsigned passes = rnd(2) ? IR_PASS_ALL : rnd(IR_PASS_ALL + 1);
    const char *how = "interpreted";
    uint32_t undef;
    Block b;

    make_block(&b, mode);
    randomize(mode);
    x86_update_mode(cpu);
    limit_counts(&b);
    cpu->rip = b.pc;
    take(&init, -1);
    ir_block_reset(ir);
    g_assert_true(x86_build_block(cpu, b.insn, b.count, b.end_rip, ir));
    for (unsigned k = 0; k < ir->count; k++) {
        ir->node[k].flags &= ~IR_NO_FLAGS;
    }
    if (!undefined_flags(&b, &undef)) {
        return true;
    }
    for (unsigned k = 0; k < b.count; k++) {
        if (b.insn[k].ref == x86_ref_sti || b.insn[k].ref == x86_ref_popf) {
            /* A slow stub of a group could end there. */
            passes &= ~IR_PASS_GROUP;
        }
    }
    before = ir_print(ir);
    if (verify(out, "as built")) {
        ir_optimize(ir, passes);
    }
    if (!out->len && verify(out, "after passes")) {
        run_model(&b, &want);
        put(&init);
        if (native && (!interp_can() || rnd(4))) {
            how = "native";
            if (!run_native(&b, &got)) {
                g_string_append(out, "  not lowered\n");
                got = want;
            }
        } else if (interp_can()) {
            run_ir(&b, &got);
        } else {
            return true;
        }
        if (want.vector >= 0 || want.hash) { /* ended where we do not know */
            undef = 0;
            for (unsigned k = 0; k < b.count; k++) {
                undef |= b.insn[k].row->undef;
            }
            for (unsigned k = 0; k < ir->count; k++) {
                undef |= ir_op_info[ir->node[k].op].undef;
            }
        }
        tolerate(&want, &got);
        compare(out, &init, &want, &got, undef);
    }
    if (out->len) {
        g_autofree char *after = ir_print(ir);
        g_autoptr(GString) text = g_string_new(NULL);

        print_block(text, &b);
        for (unsigned k = 0; k < 16; k++) {
            g_string_append_printf(text, "  r%-2u %016" PRIx64 "%s", k, init.reg[k],
                                   k % 4 == 3 ? "\n" : "");
        }
        g_test_message("mode %d, passes %x, %s\n%s%s%s after passes\n%s", mode, passes,
                       how, text->str, out->str, before, after);
        return false;
    }
    return true;
}

/* Atomic operations are built differently when there are several vCPUs. */
static void set_vcpus(unsigned n)
{
    static TcgReader readers[2];
    static unsigned have;

    for (; have < n; have++) {
        tcg_reader_register(&readers[have]);
    }
    for (; have > n; have--) {
        tcg_reader_unregister(&readers[have - 1]);
    }
}

static void setup(void)
{
    static const uint32_t no_request;
    const X86Pattern *all;
    unsigned count;

    if (ir) {
        return;
    }
    ram = g_aligned_alloc0(1, 4096, 4096);
    cpu = g_aligned_alloc0(1, sizeof(X86State), 64);
    cpu->phys = &phys;
    cpu->exit_request = &no_request;
    memset(cpu->features, 0xff, sizeof(cpu->features));
    x86_decode_setup();
    ir = ir_block_new();
    setup_native();
    all = x86_patterns(&count);
    candidates = g_new(const X86Pattern *, count);
    for (unsigned k = 0; k < count; k++) {
        if (is_candidate(all[k].row)) {
            candidates[candidate_count++] = &all[k];
        }
    }
}

static void test_mode(gconstpointer data)
{
    Mode mode = GPOINTER_TO_UINT(data);
    unsigned cases = g_getenv("CASES") ? strtoul(g_getenv("CASES"), NULL, 0) : 20000;
    unsigned failed = 0;

    setup();
    for (unsigned k = 0; k < cases && failed < 4; k++) {
        if (k % 500 == 0) {
            set_mode(mode);
            set_vcpus(1 + rnd(2));
        }
        failed += !run_case(mode);
    }
    g_assert_cmpint(failed, ==, 0);
}

/* Not a test: what is always executed by its reference function. */
static void list_rows_without_build(void)
{
    const X86RowTable *const tables[] = { &x86_rows_int, &x86_rows_sys, &x86_rows_x87,
                                          &x86_rows_sse, &x86_rows_avx };
    unsigned with = 0, without = 0;

    for (unsigned t = 0; t < G_N_ELEMENTS(tables); t++) {
        for (unsigned k = 0; k < tables[t]->count; k++) {
            const X86Row *row = &tables[t]->rows[k];

            if (row->build) {
                with++;
            } else {
                without++;
                g_test_message("%-12s %s", row->name, row->enc);
            }
        }
    }
    g_test_message("%u rows are built, %u are not", with, without);
    g_assert_cmpint(with, >, without);
}

int main(int argc, char **argv)
{
    static const char *const names[MODE_COUNT] = { "64-bit", "32-bit-flat",
                                                   "32-bit-segments",
                                                   "16-bit-protected", "real-mode" };

    g_test_init(&argc, &argv, NULL);
    for (unsigned k = 0; k < MODE_COUNT; k++) {
        g_autofree char *path =
            g_strdup_printf("/i386/build/does-what-the-refs-do/%s", names[k]);

        g_test_add_data_func(path, GUINT_TO_POINTER(k), test_mode);
    }
    g_test_add_func("/i386/build/rows-without-a-builder-are-listed",
                    list_rows_without_build);
    return g_test_run();
}
