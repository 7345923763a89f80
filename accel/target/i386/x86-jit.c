/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "accel/target/i386/x86-jit.h"
#include "accel/target/i386/blocks.h"
#include "accel/target/i386/build.h"
#include "accel/target/i386/jit-target.h"
#include "accel/target/i386/system.h"
#include "util/error.h"
#include "util/tsan.h"

#include <glib.h>

#include <string.h>

bool x86_jit_new(X86State *cpu, Error **errp)
{
    if (!jit_start(&x86_jit_target, errp)) {
        return false;
    }
    cpu->counted = jit_options()->counted;
    cpu->xjit = g_new0(struct X86Jit, 1);
    cpu->xjit->active = jit_active();
    x86_jit_all_changed(cpu);
    return true;
}

void x86_jit_free(X86State *cpu)
{
    g_free(cpu->xjit);
    cpu->xjit = NULL;
}

/* --- contexts -----------------------------------------------------------------------
 */

/* Nothing matches until a context is chosen, which may be after more code has run. */
static void leave_context(X86State *cpu, unsigned k)
{
    cpu->jit.salt[k] = jit_new_salt();
}

static void forget(X86State *cpu, unsigned k)
{
    memset(cpu->xjit->context[k], 0, sizeof(cpu->xjit->context[k]));
    leave_context(cpu, k);
}

void x86_jit_all_changed(X86State *cpu)
{
    if (cpu->xjit) {
        forget(cpu, 0);
        forget(cpu, 1);
        cpu->xjit->generation[0] = 0;
    }
}

void x86_jit_set_generation(X86State *cpu, uint64_t generation)
{
    if (cpu->xjit && cpu->xjit->generation[1] != generation) {
        cpu->xjit->generation[1] = generation;
        leave_context(cpu, 1);
        if (cpu->xjit->generation[0]) {
            cpu->xjit->generation[0] = generation;
            leave_context(cpu, 0);
        }
    }
}

static uint32_t cs_base(const X86State *cpu)
{
    return x86_is64(cpu) ? 0 : cpu->seg_fast[X86_CS].base;
}

static uint32_t cs_limit(const X86State *cpu)
{
    return x86_is64(cpu) ? UINT32_MAX : cpu->seg[X86_CS].limit;
}

static bool is_current(const X86State *cpu, unsigned k, const X86JitContext *c)
{
    return c->salt && c->mode == cpu->mode && c->base == cs_base(cpu) &&
           c->limit == cs_limit(cpu) && c->generation == cpu->xjit->generation[k];
}

static void select_slow(X86State *cpu, unsigned k)
{
    X86JitContext *c = cpu->xjit->context[k], chosen;
    unsigned n = 1;

    while (n < X86_JIT_CONTEXTS && !is_current(cpu, k, &c[n])) {
        n++;
    }
    if (n < X86_JIT_CONTEXTS) {
        chosen = c[n];
    } else {
        n--;
        chosen = (X86JitContext){ .mode = cpu->mode,
                                  .base = cs_base(cpu),
                                  .limit = cs_limit(cpu),
                                  .generation = cpu->xjit->generation[k],
                                  .salt = jit_new_salt() };
    }
    memmove(&c[1], &c[0], n * sizeof(*c));
    c[0] = chosen;
}

static void select_context(X86State *cpu)
{
    unsigned k = cpu->cpl == 3;

    if (x86_unlikely(!is_current(cpu, k, &cpu->xjit->context[k][0]))) {
        select_slow(cpu, k);
    }
    cpu->jit.salt[k] = cpu->xjit->context[k][0].salt;
}

void x86_jit_select(X86State *cpu)
{
    uint64_t epoch = jit_epoch();

    if (x86_unlikely(epoch != cpu->xjit->epoch)) {
        cpu->xjit->epoch = epoch;
        x86_jit_all_changed(cpu);
        if (cpu->reader) {
            jit_reader_passed(cpu->reader, epoch);
        }
    }
    select_context(cpu);
}

/* --- finding and making -------------------------------------------------------------
 */

static uint64_t offset_in_page(const X86State *cpu)
{
    return (cs_base(cpu) + cpu->rip) & (SOFT_TLB_PAGE - 1);
}

static JitKey key_at(const X86State *cpu, uint64_t page_addr)
{
    return (JitKey){ .ram_addr = page_addr + offset_in_page(cpu),
                     .pc = cpu->rip,
                     .mode = cpu->mode,
                     .base = cs_base(cpu),
                     .limit = cs_limit(cpu) };
}

JitBlock *x86_jit_find(X86State *cpu, uint64_t page_addr)
{
    JitKey key = key_at(cpu, page_addr);

    return jit_find(&key);
}

/* The same, when the dispatcher is going to ask again if there is none. */
static JitBlock *find_or_miss(X86State *cpu, uint64_t page_addr)
{
    JitBlock *b = x86_jit_find(cpu, page_addr);

    if (!b) {
        cpu->xjit->missed = cpu->rip;
    }
    return b;
}

const void *x86_jit_remember(X86State *cpu, const JitBlock *b, bool local)
{
    unsigned k = cpu->cpl == 3;
    uint64_t pc = b->key.pc;
    JitJump *jump = &cpu->jit.jc[jit_jc_index(pc)];

    x86_blocks_note_pages(cpu, pc, b->crosses ? pc + b->guest_bytes - 1 : pc);
    if (x86_unlikely(local && !k && !cpu->xjit->generation[0])) {
        /* From now on these contexts are those of one generation, too. */
        forget(cpu, 0);
        cpu->xjit->generation[0] = cpu->xjit->generation[1];
        select_context(cpu);
    }
    if (x86_unlikely(jit_is_unlinked())) {
        *jump = (JitJump){ 0 };
        return b->entry;
    }
    *jump = (JitJump){ pc ^ cpu->jit.salt[k], b->entry };
    return b->entry;
}

static bool build(void *opaque, IrBlock *ir, const void *guest)
{
    const X86Insn *insn = guest;

    return x86_build_block(opaque, insn, ir->insns, insn[ir->insns - 1].next_rip, ir);
}

JitBlock *x86_jit_translate(X86State *cpu, JitSource *src, bool *never)
{
    const JitOptions *o = jit_options();

    if (cpu->rip < o->only_first || cpu->rip > o->only_last) {
        *never = true;
        return NULL;
    }
    src->key = key_at(cpu, src->page[0].ram_addr);
    src->build = build;
    src->opaque = cpu;
    return jit_translate(src, cpu->reader, never);
}

/* --- running -------------------------------------------------------------------------
 */

/* The jump cache did not know the address, or led to a block that is dead. */
const void *x86_jit_look(X86State *cpu)
{
    uint64_t lin = x86_is64(cpu) ? cpu->rip : (uint32_t)(cs_base(cpu) + cpu->rip);
    const SoftTlbSide *s = &cpu->tlb->side[soft_tlb_index(lin)];
    const uint32_t need = SOFT_TLB_RAM | SOFT_TLB_PERM_X;
    JitBlock *b = NULL;

    if (!cpu->xjit || !cpu->xjit->active) {
        return NULL;
    }
    if (s->page == (lin & ~(uint64_t)(SOFT_TLB_PAGE - 1)) &&
        (s->flags & need) == need) {
        b = find_or_miss(cpu, s->ram_addr);
    }
    if (b && !b->crosses) {
        return x86_jit_remember(cpu, b, !(s->flags & SOFT_TLB_GLOBAL));
    }
    cpu->jit.jc[jit_jc_index(cpu->rip)] = (JitJump){ 0 };
    return NULL;
}

/* Generated code has left towards the current rip, in the same mode: the way on without
 * a closer look, or NULL. */
static const void *way_on(X86State *cpu, JitExit *e)
{
    if (!e) {
        return x86_jit_look(cpu);
    }
    tsan_arrive(e);
    if (e->site) {
        /* Such an exit stays in the page of its block. */
        JitBlock *b =
            find_or_miss(cpu, e->from->key.ram_addr & ~(uint64_t)(SOFT_TLB_PAGE - 1));

        if (b && !b->crosses) {
            jit_link(e, b);
            return b->entry;
        }
        if (b && !jit_is_unlinked()) {
            /* Where its second page lies only the jump cache knows. */
            jit_host_probe(e);
        }
    }
    return x86_jit_peek(cpu);
}

/* A reference function has ended the block, and anything may have changed: the way on
 * if there is nothing to be done before. */
static const void *after_reference(X86State *cpu)
{
    if (__atomic_load_n(&cpu->jit.poll, __ATOMIC_RELAXED) || x86_wants_out(cpu) ||
        cpu->halted || cpu->irq_shadow || cpu->pending_db ||
        (cpu->counted && cpu->yielded) || cpu->mode & X86_MODE_STEP ||
        !cpu->jit.samples_left) {
        return NULL;
    }
    x86_jit_select(cpu);
    return x86_jit_peek(cpu);
}

void x86_jit_run(X86State *cpu, const void *code)
{
    JitEnv *env = &cpu->jit;
    const JitOptions *o = jit_options();

    if (!env->samples_left) {
        jit_take_samples(env);
    }
    x86_flags_to_jit(cpu);
    env->flags_here = true;
    do {
        env->exit = NULL;
        jit_host_enter(cpu, code);
        if (!env->flags_here) {
            code = after_reference(cpu);
            if (!code) {
                return;
            }
            x86_flags_to_jit(cpu);
            env->flags_here = true;
            continue;
        }
        if (o->all_polls && !env->exit) {
            cpu->xjit->polled = true;
            break;
        }
        /* Without an exit it may have met a dead block, which must not be met again:
         * this makes the jump cache forget it. */
        code = __atomic_load_n(&env->poll, __ATOMIC_RELAXED) ||
                       (o->counted && env->budget < JIT_INSNS_MAX)
                   ? NULL
                   : way_on(cpu, env->exit);
    } while (code && !jit_is_unlinked());
    env->flags_here = false;
    x86_flags_from_jit(cpu);
}
