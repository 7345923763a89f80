/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "accel/target/i386/lockstep.h"
#include "accel/target/i386/flags.h"
#include "accel/target/i386/fpu.h"
#include "accel/target/i386/jit-target.h"
#include "accel/target/i386/system.h"
#include "accel/target/i386/x86-jit.h"
#include "accel/tcg/phys.h"
#include "qapi/command.h"
#include "util/error.h"

#include <glib.h>

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

void (*x86_store_hook)(void *host, unsigned len);

typedef struct Store {
    uint8_t *host;
    unsigned len;
    uint8_t before[64], after[64];
} Store;

enum { STORES_MAX = 256 }; /* of up to 64 bytes */

typedef enum DeviceOp { PHYS_READ, PHYS_WRITE, IO_READ, IO_WRITE } DeviceOp;

typedef struct Access {
    DeviceOp op;
    unsigned size;
    uint64_t addr, value;
} Access;

/* One vCPU runs at a time, so there is one of these. */
static X86State *running;
static GArray *stores;   /* Store, in order */
static bool gave_up;     /* not all of them are there */
static GArray *accesses; /* Access, in order */
static unsigned replayed;
static bool replaying, diverged;
static TcgPhys *real_phys;

/* What is compared besides memory. */
typedef struct Outcome {
    X86State regs; /* only the part up to fault_env */
    bool faulted;
} Outcome;

/* The part of the state that an instruction may change. */
enum { SAVED = offsetof(X86State, fault_env) };

/* --- memory --------------------------------------------------------------------------
 */

/* What goes on where the last one has ended, as far as that has room. */
static unsigned extend_last(uint8_t *p, unsigned len)
{
    Store *s = stores->len ? &g_array_index(stores, Store, stores->len - 1) : NULL;

    if (!s || s->host + s->len != p) {
        return 0;
    }
    len = MIN(len, (unsigned)sizeof(s->before) - s->len);
    memcpy(s->before + s->len, p, len);
    s->len += len;
    return len;
}

/* Too much to be noted and compared: a long REP STOS goes on as fast as ever. */
static void give_up_stores(void)
{
    gave_up = true;
    x86_store_hook = NULL;
    for (unsigned k = 0; k < X86_SEG_COUNT; k++) {
        x86_update_seg(running, k);
    }
}

static void note_store(void *host, unsigned len)
{
    uint8_t *p = host;
    unsigned done = extend_last(p, len);

    p += done;
    len -= done;
    if (len && stores->len >= STORES_MAX) {
        give_up_stores();
        return;
    }
    while (len) {
        Store s = { .host = p, .len = MIN(len, (unsigned)sizeof(s.before)) };

        memcpy(s.before, p, s.len);
        g_array_append_val(stores, s);
        p += s.len;
        len -= s.len;
    }
}

/* Notes what is there now, then takes everything back. */
static void undo_stores(void)
{
    for (unsigned k = 0; k < stores->len; k++) {
        Store *s = &g_array_index(stores, Store, k);

        memcpy(s->after, s->host, s->len);
    }
    for (unsigned k = stores->len; k-- > 0;) {
        Store *s = &g_array_index(stores, Store, k);

        memcpy(s->host, s->before, s->len);
    }
}

static const Store *differing_store(void)
{
    for (unsigned k = 0; k < stores->len; k++) {
        const Store *s = &g_array_index(stores, Store, k);

        if (memcmp(s->host, s->after, s->len)) {
            return s;
        }
    }
    return NULL;
}

/* --- devices -------------------------------------------------------------------------
 */

/* Notes an access of the reference, or finds it again: true, with its value. */
static bool again(DeviceOp op, uint64_t addr, unsigned size, uint64_t *value)
{
    const Access *a;

    if (!replaying) {
        return false;
    }
    if (replayed == accesses->len) {
        diverged = true;
        return true;
    }
    a = &g_array_index(accesses, Access, replayed++);
    if (a->op != op || a->addr != addr || a->size != size) {
        diverged = true;
    } else if (op == PHYS_WRITE || op == IO_WRITE) {
        diverged |= a->value != *value;
    }
    *value = a->value;
    return true;
}

static void note(DeviceOp op, uint64_t addr, unsigned size, uint64_t value)
{
    Access a = { op, size, addr, value };

    g_array_append_val(accesses, a);
}

static bool lookup(TcgPhys *phys, unsigned space, uint64_t addr, TcgPhysPage *page)
{
    return real_phys->ops->lookup(real_phys, space, addr, page);
}

static uint64_t phys_read(TcgPhys *phys, unsigned space, uint64_t addr, unsigned size)
{
    uint64_t v = 0;

    if (!again(PHYS_READ, addr, size, &v)) {
        v = real_phys->ops->read(real_phys, space, addr, size);
        note(PHYS_READ, addr, size, v);
    }
    return v;
}

static void phys_write(TcgPhys *phys, unsigned space, uint64_t addr, uint64_t v,
                       unsigned size)
{
    uint64_t value = v;

    if (!again(PHYS_WRITE, addr, size, &value)) {
        real_phys->ops->write(real_phys, space, addr, v, size);
        note(PHYS_WRITE, addr, size, v);
    }
}

static uint32_t io_read(TcgPhys *phys, uint16_t port, unsigned size)
{
    uint64_t v = 0;

    if (!again(IO_READ, port, size, &v)) {
        v = real_phys->ops->io_read(real_phys, port, size);
        note(IO_READ, port, size, v);
    }
    return v;
}

static void io_write(TcgPhys *phys, uint16_t port, uint32_t v, unsigned size)
{
    uint64_t value = v;

    if (!again(IO_WRITE, port, size, &value)) {
        real_phys->ops->io_write(real_phys, port, v, size);
        note(IO_WRITE, port, size, v);
    }
}

static bool mark_dirty(TcgPhys *phys, uint64_t ram_addr, unsigned len)
{
    return real_phys->ops->mark_dirty(real_phys, ram_addr, len);
}

static bool is_dirty(TcgPhys *phys, uint64_t ram_addr)
{
    return real_phys->ops->is_dirty(real_phys, ram_addr);
}

static const TcgPhysOps recording_ops = {
    .lookup = lookup,
    .read = phys_read,
    .write = phys_write,
    .io_read = io_read,
    .io_write = io_write,
    .mark_dirty = mark_dirty,
    .is_dirty = is_dirty,
};

/* --- comparing -------------------------------------------------------------------- */

static uint32_t arith(const X86State *s)
{
    return x86_get_arith(s);
}

/* Flags that some instruction of the block leaves undefined: any value is right. */
static uint32_t undefined_flags(const JitBlock *b)
{
    const X86Insn *insn = b->guest;
    uint32_t m = 0;

    for (unsigned k = 0; k < b->insns; k++) {
        m |= insn[k].row ? insn[k].row->undef : 0;
    }
    return m;
}

static const char *first_difference(const Outcome *ref, const Outcome *jit_,
                                    const JitBlock *b)
{
    const X86State *r = &ref->regs, *j = &jit_->regs;
    X86Xsave rx = r->xs, jx = j->xs;

    if (ref->faulted != jit_->faulted || r->exc_vector != j->exc_vector ||
        (r->exc_vector >= 0 && r->exc_error != j->exc_error)) {
        return "fault";
    }
    for (unsigned k = 0; k < 16; k++) {
        static const char *const names[] = { "rax", "rcx", "rdx", "rbx", "rsp", "rbp",
                                             "rsi", "rdi", "r8",  "r9",  "r10", "r11",
                                             "r12", "r13", "r14", "r15" };

        if (r->regs[k].q != j->regs[k].q) {
            return names[k];
        }
    }
    if (r->rip != j->rip) {
        return "rip";
    }
    if ((arith(r) ^ arith(j)) & ~undefined_flags(b)) {
        return "flags";
    }
    if ((r->rflags ^ j->rflags) & ~X86_FL_ARITH || r->df_step != j->df_step) {
        return "rflags";
    }
    /* Addresses of the last x87 instruction are not kept by generated code. */
    rx.fop = jx.fop;
    rx.fip = jx.fip;
    rx.fdp = jx.fdp;
    /* C1 after FCOMI: clear, or as it was. */
    rx.fsw = (rx.fsw & ~X87_FSW_C1) | (jx.fsw & X87_FSW_C1);
    if (memcmp(&rx, &jx, sizeof(rx))) {
        return "vector or x87 registers";
    }
    if (memcmp(r->seg, j->seg, sizeof(r->seg)) || r->mode != j->mode) {
        return "segments";
    }
    if (r->cr2 != j->cr2 || r->cr0 != j->cr0 || r->cr3 != j->cr3) {
        return "control registers";
    }
    if (r->halted != j->halted || r->irq_shadow != j->irq_shadow ||
        r->pending_db != j->pending_db) {
        return "events";
    }
    if (diverged || replayed != accesses->len) {
        return "device accesses";
    }
    return differing_store() ? "memory" : NULL;
}

static void append_state(GString *out, const char *name, const Outcome *o)
{
    const X86State *s = &o->regs;

    g_string_append_printf(
        out, "%s: rip %016" PRIx64 " flags %03x%s vector %d error %x\n", name, s->rip,
        arith(s), o->faulted ? " FAULT" : "", s->exc_vector, s->exc_error);
    for (unsigned k = 0; k < 16; k++) {
        g_string_append_printf(out, "%s r%-2u %016" PRIx64, k % 4 ? " " : "  ", k,
                               s->regs[k].q);
        g_string_append(out, k % 4 == 3 ? "\n" : "");
    }
    for (unsigned k = 0; k < 16; k++) {
        g_string_append_printf(out, "%s x%-2u %016" PRIx64 "%016" PRIx64,
                               k % 2 ? " " : "  ", k, s->xs.xmm[k].u64[1],
                               s->xs.xmm[k].u64[0]);
        g_string_append(out, k % 2 == 1 ? "\n" : "");
    }
    for (unsigned k = 0; k < 8; k++) {
        g_string_append_printf(out, "   st%u %04x.%016" PRIx64 "\n", k,
                               s->xs.st[k].exponent, s->xs.st[k].mantissa);
    }
    g_string_append_printf(out, "   fcw %04x fsw %04x ftw %02x mxcsr %08x\n", s->xs.fcw,
                           s->xs.fsw, s->xs.ftw, s->xs.mxcsr);
}

static void append_insns(GString *out, const JitBlock *b)
{
    const X86Insn *insn = b->guest;

    for (unsigned k = 0; k < b->insns; k++) {
        g_string_append_printf(
            out, "  %016" PRIx64 "  %s (opcode %x modrm %x map %u)\n",
            x86_insn_rip(&insn[k]), insn[k].row ? insn[k].row->name : "(bad)",
            insn[k].opcode, insn[k].modrm, insn[k].map);
    }
}

static _Noreturn void report(const char *what, const JitBlock *b, const Outcome *before,
                             const Outcome *ref, const Outcome *jit_)
{
    GString *out = g_string_new(NULL);
    const Store *s = differing_store();

    g_string_append_printf(
        out, "lockstep: %s differ after block %016" PRIx64 " (mode %08x, entry %p)\n",
        what, b->key.pc, b->key.mode, b->entry);
    append_insns(out, b);
    append_state(out, "before", before);
    append_state(out, "reference", ref);
    append_state(out, "translated", jit_);
    if (s) {
        g_string_append(out, "memory, reference and translated:");
        for (unsigned k = 0; k < s->len; k++) {
            g_string_append_printf(out, " %02x/%02x", s->after[k], s->host[k]);
        }
        g_string_append(out, "\n");
    }
    error_report("%s", out->str);
    abort();
}

/* --- executing -------------------------------------------------------------------- */

/* Makes every access of a reference function take its slow path. */
static void slow_segments(X86State *cpu)
{
    for (unsigned k = 0; k < X86_SEG_COUNT; k++) {
        cpu->seg_fast[k].read_end = cpu->seg_fast[k].write_end = 0;
    }
}

/* The block was left before its end, as after a store into decoded code. */
static bool ended_early;

/* Blocks: compared; with system instructions; which wrote to devices or to code. */
static struct {
    uint64_t compared, insns, system, once;
} counts;

static bool is_transfer(const X86Insn *i)
{
    return !i->row || i->row->rules & X86_ENDS;
}

/* From instruction @first of the block on, as long as transfers in the middle, those of
 * a trace, go on with the next one. */
static void run_reference_from(X86State *cpu, const JitBlock *b, unsigned first)
{
    const X86Insn *i = (const X86Insn *)b->guest + first, *part;
    const X86Insn *end = (const X86Insn *)b->guest + b->insns;

    cpu->counted_end = end;
    do {
        for (part = i; part + 1 < end && !is_transfer(part); part++) {
        }
        part++;
        cpu->rip = part[-1].next_rip;
        cpu->run_end = part;
        do {
            cpu->insn = i;
            i->ref(cpu, i);
            if (x86_store_hook) {
                slow_segments(cpu); /* it may have loaded one */
            }
            i++;
        } while (i < cpu->run_end);
        ended_early = i < part;
    } while (!ended_early && i < end && cpu->rip == x86_insn_rip(i));
    x86_give_back(cpu, i);
}

static void run_reference(X86State *cpu, const JitBlock *b)
{
    run_reference_from(cpu, b, 0);
}

static void run_translated(X86State *cpu, const JitBlock *b)
{
    /* Enough for this block: whatever it goes on with leaves at its head. */
    const int32_t budget = b->insns;
    const X86Insn *insn = b->guest;

    cpu->jit.budget = budget;
    x86_flags_to_jit(cpu);
    cpu->jit.flags_here = true;
    do {
        __atomic_store_n(&cpu->jit.poll, 0, __ATOMIC_SEQ_CST);
        cpu->jit.exit = NULL;
        jit_host_enter(cpu, b->entry);
        /* A POLL that fired has executed nothing. */
    } while (cpu->jit.flags_here && !cpu->jit.exit && cpu->rip == b->key.pc &&
             cpu->jit.budget == budget &&
             __atomic_load_n(&cpu->jit.poll, __ATOMIC_SEQ_CST));
    if (cpu->jit.flags_here) {
        cpu->jit.flags_here = false;
        x86_flags_from_jit(cpu);
    } else if (x86_refs_end < b->insns && is_transfer(&insn[x86_refs_end - 1]) &&
               cpu->rip == x86_insn_rip(&insn[x86_refs_end])) {
        /* A stub has left in the middle of a trace, after a transfer. */
        run_reference_from(cpu, b, x86_refs_end);
    }
}

static void capture(Outcome *o, const X86State *cpu)
{
    memcpy(&o->regs, cpu, SAVED);
}

/* On a fault rip is stale: what counts is the instruction. */
static void settle_fault(X86State *cpu)
{
    if (cpu->insn) {
        cpu->rip = x86_insn_rip(cpu->insn);
    }
}

typedef void Runner(X86State *cpu, const JitBlock *b);

static void execute(X86State *cpu, const JitBlock *b, Runner *run, Outcome *o)
{
    cpu->exc_vector = -1;
    if (!_setjmp(cpu->fault_env)) {
        run(cpu, b);
        o->faulted = false;
    } else {
        settle_fault(cpu);
        o->faulted = true;
    }
    capture(o, cpu);
}

/* A device was told something: whatever it has done, to memory for instance, cannot be
 * taken back. */
static bool has_device_writes(void)
{
    for (unsigned k = 0; k < accesses->len; k++) {
        DeviceOp op = g_array_index(accesses, Access, k).op;

        if (op == PHYS_WRITE || op == IO_WRITE) {
            return true;
        }
    }
    return false;
}

/* Whether an event may end the block: a repetition, which goes on later, or POPF. */
static bool minds_events(const JitBlock *b)
{
    const X86Insn *insn = b->guest;

    for (unsigned k = 0; k < b->insns; k++) {
        if (insn[k].flags & (X86_I_REP | X86_I_REPNE) ||
            (!insn[k].map && insn[k].opcode == 0x9d)) {
            return true;
        }
    }
    return false;
}

/* PUSHF, LAHF; INT3, INT, INTO and INT1 push them. */
static bool copies_flags(const X86Insn *i)
{
    return !i->map && (i->opcode == 0x9c || i->opcode == 0x9f || i->opcode == 0xf1 ||
                       (i->opcode >= 0xcc && i->opcode <= 0xce));
}

/* System instructions see time and devices; they are the same functions both times. */
static bool is_comparable(const JitBlock *b)
{
    const X86Insn *insn = b->guest;
    bool undefined = undefined_flags(b);

    for (unsigned k = 0; k < b->insns; k++) {
        const X86Row *row = insn[k].row;

        if (undefined && copies_flags(&insn[k])) {
            return false;
        }
        if (!row || row->rules & X86_PRIV ||
            (row >= x86_rows_sys.rows &&
             row < x86_rows_sys.rows + x86_rows_sys.count)) {
            return false;
        }
    }
    return true;
}

/* All but irq_pending, where other threads set bits at any time. */
static void restore(X86State *cpu, const X86State *from)
{
    enum {
        HERE = offsetof(X86State, irq_pending),
        BEHIND = HERE + sizeof(cpu->irq_pending)
    };

    memcpy(cpu, from, HERE);
    memcpy((char *)cpu + BEHIND, (const char *)from + BEHIND, SAVED - BEHIND);
}

/* --- samples -------------------------------------------------------------------------
 *
 * Only so many instructions of the budget are in jit.budget as are left until the next
 * comparison; the rest is held back.
 */

/* Up to twice the mean, so that no loop keeps in step; the same in each run. */
static int32_t next_gap(X86State *cpu)
{
    uint32_t *x = &cpu->xjit->sample_random;

    *x = *x * 1664525 + 1013904223;
    return (int32_t)((uint64_t)*x * (2 * jit_options()->lockstep_sample) >> 32) + 1;
}

static void split(X86State *cpu)
{
    struct X86Jit *x = cpu->xjit;
    int32_t run = MIN(cpu->jit.budget, x->sample_left);

    if (!x->sample_due && run >= 0) {
        cpu->held = cpu->jit.budget - run;
        cpu->jit.budget = run;
        x->sample_left -= run;
    }
}

static void sample_taken(X86State *cpu)
{
    if (jit_options()->lockstep_sample) {
        cpu->xjit->sample_due = false;
        cpu->xjit->sample_left = next_gap(cpu);
        split(cpu);
    }
}

void x86_lockstep_begin(X86State *cpu)
{
    if (jit_options()->lockstep_sample) {
        split(cpu);
    }
}

void x86_lockstep_end(X86State *cpu)
{
    if (jit_options()->lockstep_sample && !cpu->xjit->sample_due) {
        cpu->xjit->sample_left += cpu->jit.budget;
        cpu->jit.budget += cpu->held;
        cpu->held = 0;
    }
}

bool x86_lockstep_is_due(X86State *cpu)
{
    struct X86Jit *x = cpu->xjit;

    if (!jit_options()->lockstep_sample || x->sample_due) {
        return true;
    }
    if (x->sample_left > 0 || cpu->jit.budget >= JIT_INSNS_MAX) {
        return false;
    }
    x86_lockstep_end(cpu);
    x->sample_left = 0;
    x->sample_due = true;
    return true;
}

/* --- the comparison ------------------------------------------------------------------
 */

void x86_lockstep_run(X86State *cpu, JitBlock *b)
{
    static Outcome before, ref, translated;
    static TcgPhys recording = { .ops = &recording_ops };
    jmp_buf outer;
    const char *what;
    int32_t budget;

    if (cpu->counted) {
        cpu->jit.budget -= b->insns;
    }
    if (!is_comparable(b)) {
        counts.system++;
        run_reference(cpu, b);
        cpu->insn = NULL;
        sample_taken(cpu);
        return;
    }
    if (!stores) {
        stores = g_array_new(false, false, sizeof(Store));
        accesses = g_array_new(false, false, sizeof(Access));
    }
    g_array_set_size(stores, 0);
    g_array_set_size(accesses, 0);
    replayed = 0;
    diverged = replaying = gave_up = false;
    running = cpu;
    memcpy(outer, cpu->fault_env, sizeof(outer));
    real_phys = cpu->phys;
    cpu->phys = &recording;
    capture(&before, cpu);

    slow_segments(cpu);
    x86_store_hook = note_store;
    execute(cpu, b, run_reference, &ref);
    budget = cpu->jit.budget;
    x86_store_hook = NULL;
    if (b->dead || gave_up || (ended_early && !cpu->yielded && !accesses->len) ||
        has_device_writes()) {
        /* It has overwritten itself or other code: that does not happen twice. */
        for (unsigned k = 0; k < X86_SEG_COUNT; k++) {
            x86_update_seg(cpu, k);
        }
        translated = ref;
        counts.once++;
    } else {
        undo_stores();
        restore(cpu, &before.regs);
        cpu->yielded = false;
        replaying = true;
        execute(cpu, b, run_translated, &translated);
        what = first_difference(&ref, &translated, b);
        if (what && !(minds_events(b) && x86_wants_out(cpu))) {
            report(what, b, &before, &ref, &translated);
        }
        counts.compared++;
        counts.insns += b->insns;
    }
    cpu->jit.budget = budget;
    cpu->phys = real_phys;
    memcpy(cpu->fault_env, outer, sizeof(outer));
    sample_taken(cpu);
    if (translated.faulted) {
        longjmp(cpu->fault_env, 1);
    }
    cpu->insn = NULL;
}

static void hmp_info_lockstep(HmpOut *out, HmpArgs *args)
{
    hmp_printf(out,
               "blocks            %" PRIu64 " compared with %" PRIu64
               " instructions, %" PRIu64 " with system instructions, %" PRIu64
               " that cannot be taken back\n",
               counts.compared, counts.insns, counts.system, counts.once);
}
HMP_INFO("lockstep", "", "", "show what -accel tcg,lockstep=on has compared",
         hmp_info_lockstep);
