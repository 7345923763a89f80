/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Everything that leaves the straight line: entry, slow stubs, reference functions,
 * polls, ends of the block.
 *
 * A block that is killed calls what leaves at its pc (x64_shared.polled).
 */
#include "accel/tcg/x64/lower.h"
#include "accel/tcg/x64/vec-state.h"

#include <glib.h>

#include <limits.h>
#include <string.h>

static AsmRm env_field(const Lower *l, size_t offset)
{
    return asm_state(l->target->env_off + (int32_t)offset);
}

#define ENV(l, field) env_field(l, offsetof(JitEnv, field))

static void leave_at(JitBuf *b, uint64_t pc)
{
    asm_mov_jmp(b, A_R14, pc, x64_shared.leave_pc);
}

/* --- entry ---------------------------------------------------------------------------
 */

void x64_exit_begin(Lower *l)
{
    const uint8_t *cold = l->cold->p, *hot;

    l->refs = NULL;
    l->block->cold = asm_here(l->cold);
    l->block->exits = 0;

    if ((uintptr_t)l->hot->p & 15) {
        asm_align(l->hot, 16, 0);
    }
    hot = l->entry = l->hot->p;
    l->block->entry = asm_here(l->hot);
    l->block->loop = l->block->loop_leave = NULL;
    l->open_head = !l->ir->vec;
    if (l->ir->vec) {
        x64_vec_head(l->target, l->hot, l->cold, l->ir->vec);
        x64_count(l, LOWER_USE_HEAD, hot);
        x64_count(l, LOWER_USE_COLD_HEAD, cold);
    }
}

/* Bytes of immediate behind @modrm, at least. */
static unsigned immediate_of(unsigned op, unsigned modrm)
{
    enum { IMM8 = 1, IMM16 = 2 };

    switch (op) {
    case 0x80:
    case 0x83:
    case 0x6b:
    case 0xc0:
    case 0xc1:
    case 0xc6:
    case 0x1ba:
        return IMM8;
    case 0x69:
    case 0x81:
    case 0xc7:
        return IMM16;
    case 0xf6:
    case 0xf7:
        return modrm & 0x38 ? 0 : op == 0xf6 ? IMM8 : IMM16;
    default:
        return 0;
    }
}

static bool has_modrm(unsigned op)
{
    return (op & 0xfe) != 0x98 && (op & 0xfe) != 0x9e && (op & 0xfc) != 0xa4 &&
           (op & 0xfe) != 0xaa && op != 0x90 && op != 0xf5 && (op & 0xfe) != 0xf8 &&
           (op & 0x1f8) != 0x1c8;
}

/* Of the instruction at @p, which the walk has made of an arithmetic node or an
 * address: its length or less. */
static unsigned length_at_least(const uint8_t *p)
{
    enum { VEX = 4 };
    const uint8_t *start = p;
    unsigned op, modrm;

    if ((p[0] & 0xf0) == 0x40 && (uint8_t)(p[1] - 0x84) < 10 && p[2] >= 0xc0) {
        return 3; /* REX, MOV or TEST of registers */
    }
    while (*p == 0x65 || *p == 0x66 || *p == 0xf2 || *p == 0xf3) {
        p++;
    }
    p += (*p & 0xf0) == 0x40; /* REX */
    op = *p++;
    if ((op & 0xfe) == 0xc4) {
        return VEX;
    }
    if ((op & 0xf8) == 0xb8) {
        return p + 4 - start; /* MOV of an immediate */
    }
    if (op == 0x0f) {
        op = 0x100 | *p++;
    }
    if (!has_modrm(op)) {
        return p - start;
    }
    modrm = *p++;
    p += immediate_of(op, modrm);
    if (modrm < 0xc0) {
        p += (modrm & 7) == 4;
        p += modrm >> 6 == 1 ? 1 : modrm >> 6 == 2 ? 4 : 0;
    }
    return p - start;
}

void x64_pad_head(Lower *l, unsigned bytes)
{
    /* What a killed block begins with; a null prefix of 64-bit code. */
    enum { BYTES = 5, PREFIX = 0x3e };
    size_t written = l->hot->p - l->entry;
    uint64_t code;
    unsigned pad;

    l->open_head = false;
    if (!written) {
        pad = bytes < BYTES ? BYTES : 0;
        asm_nop(l->hot, pad);
    } else {
        unsigned len = length_at_least(l->entry);

        /* All eight bytes of @code are written. */
        if (len >= BYTES || !asm_has_room(l->hot, ASM_ROOM)) {
            return;
        }
        pad = BYTES - len;
        memcpy(&code, l->entry, sizeof(code));
        if (written > sizeof(code)) {
            memmove(l->entry + pad, l->entry, written);
        }
        memset(l->entry, PREFIX, sizeof(code));
        memcpy(l->entry + pad, &code, sizeof(code));
        l->hot->p += pad;
    }
    if (l->counting) {
        x64_uses[LOWER_USE_HEAD].count++;
        x64_uses[LOWER_USE_HEAD].bytes += pad;
        x64_uses[l->n->op].bytes -= pad;
    }
}

void x64_exit_loop(Lower *l)
{
    asm_align(l->hot, 16, 0);
    l->loop.at = asm_here(l->hot);
    l->block->loop = l->loop.at;
    asm_patch(l->hot, l->loop.site, l->loop.at);
}

/* --- reference functions -------------------------------------------------------------
 */

/* run_refs() may be asked for [first, end). */
static inline void note_refs(Lower *l, unsigned first, unsigned end)
{
    JitBlock *b = l->block;

    if (!b->refs_end || first < b->refs_first) {
        b->refs_first = first;
    }
    b->refs_end = MAX(b->refs_end, end);
}

/* Asks for instructions [first, first + count) in @b; what is in r14 and r15 is lost.
 */
static void call_refs(Lower *l, JitBuf *b, unsigned first, unsigned count)
{
    note_refs(l, first, first + count);
    asm_mov_imm(b, A_R15, first | count << 16);
    asm_call(b, l->refs);
}

/* The block's way into reference functions; nothing may be half written in cold code.
 */
static void need_refs(Lower *l)
{
    if (!l->refs) {
        l->refs = asm_here(l->cold);
        asm_mov_imm(l->cold, A_R14, (uintptr_t)l->block);
        asm_jmp(l->cold, x64_shared.refs);
    }
}

/* After C code that has come back: templates that are still to come need their files.
 */
static void reload_vec(const Lower *l, JitBuf *b, const IrNode *node)
{
    if (l->ir->vec && l->last_template > node) {
        x64_vec_reload(b, l->ir->vec);
    }
}

/* REF nodes of instructions that follow each other are one call. */
void x64_lower_ref(Lower *l)
{
    const IrNode *first = l->n;
    unsigned count = 1;
    bool end = first->op == IR_REF_END;

    x64_flags_need_m(l);
    while (!end && l->n + 1 < l->end) {
        const IrNode *next = l->n + 1;

        if ((next->op != IR_REF && next->op != IR_REF_END) ||
            next->insn != first->insn + count) {
            break;
        }
        count++;
        end = next->op == IR_REF_END;
        l->n = next;
    }
    x64_drop_copies(l);
    for (unsigned k = 0; k < LOWER_SCRATCH; k++) {
        l->failed |= l->holds[k] != IR_NONE;
    }
    l->failed |= l->slots_used != 0;
    need_refs(l);
    x64_close_head(l, 6 /* mov r15d, ... */);
    call_refs(l, l->hot, first->insn, count);
    l->flags = flags_track_entry();
    if (end) {
        asm_jmp(l->hot, x64_shared.leave);
    } else {
        reload_vec(l, l->hot, l->n);
    }
}

/* --- slow stubs ----------------------------------------------------------------------
 */

static bool same_stub(const LowerStub *a, const LowerStub *b)
{
    return a->kind == b->kind && a->called == b->called && a->first == b->first &&
           a->resume == b->resume && a->sites + b->sites <= G_N_ELEMENTS(a->site) &&
           a->flags.m == b->flags.m &&
           !memcmp(&a->flags.recipe, &b->flags.recipe, sizeof(a->flags.recipe));
}

static void add_stub(Lower *l, const LowerStub *s)
{
    LowerStub *last = l->stubs ? &l->stub[l->stubs - 1] : NULL;

    if (last && same_stub(last, s)) {
        for (unsigned k = 0; k < s->sites; k++) {
            last->site[last->sites++] = s->site[k];
        }
    } else if (l->stubs <= l->ir->count) {
        l->stub[l->stubs++] = *s;
        l->settle_at = 0;
    } else {
        l->failed = true;
    }
}

/* Behind what instruction the stub of the node goes on: where temporaries of a group
 * are open, behind the last of them. */
static inline unsigned resume_of(Lower *l)
{
    unsigned insn = MAX(l->n->insn, l->n->through) + 1u;

    l->open_insn = MAX(l->open_insn, insn);
    return l->open_insn;
}

static __attribute__((noinline, cold)) void refs_stub(Lower *l, uint8_t *site,
                                                      bool called)
{
    LowerStub s = { .kind = STUB_REFS,
                    .called = called,
                    .site = { site },
                    .sites = 1,
                    .first = l->n->insn,
                    .resume = resume_of(l),
                    .flags = l->flags };

    add_stub(l, &s);
}

void x64_stub(Lower *l, uint8_t *site)
{
    refs_stub(l, site, false);
}

void x64_stub_call(Lower *l)
{
    unsigned first = l->n->insn, resume = resume_of(l);

    l->calls++;
    if (!l->flags.m || l->ir->vec) {
        refs_stub(l, l->hot->p, true);
        return;
    }
    /* Nothing that needs code. */
    note_refs(l, first, resume);
    l->slow[l->slows++] = (JitSlow){ .at = l->hot->p - l->entry,
                                     .first = first,
                                     .count = resume - first };
    l->settle_at = MIN(l->settle_at, (int)resume);
}

/* LowerStub asks for all places behind it. */
static void note_place(Lower *l)
{
    LowerPlace *p = &l->place[l->places++];

    p->at = l->hot->p;
    p->insn = l->insn;
    p->h = l->flags.h;
    memcpy(p->holds, l->holds, sizeof(p->holds));
}

void x64_settle(Lower *l)
{
    size_t to = l->hot->p - l->entry;
    JitSlow *e = &l->slow[l->open], *end = &l->slow[l->slows];
    uint8_t copy[LOWER_SCRATCH];

    if (l->stubs) {
        note_place(l);
    }
    for (unsigned k = 0; k < LOWER_SCRATCH; k++) {
        copy[k] = ir_is_g(l->holds[k]) ? l->holds[k] - IR_G0 : JIT_SLOW_NO_COPY;
    }
    for (; e < end && e->first + e->count <= l->insn; e++) {
        e->to = to;
        memcpy(e->copy, copy, sizeof(copy));
        l->failed |= to > UINT16_MAX;
    }
    l->open = e - l->slow;
    l->settle_at = l->stubs ? 0 : e < end ? e->first + e->count : INT_MAX;
}

/* M is to be exact, with both scratch registers free. */
static void stub_flags(const Lower *l, const LowerStub *s)
{
    if (s->flags.m) {
        return;
    }
    flags_emit_recipe(l->cold, &s->flags.recipe, A_R15);
    asm_call(l->cold, x64_shared.flags_save[1]);
}

/* Where it goes on behind instruction @insn - 1: the next one that has code. */
static const LowerPlace *place_from(const Lower *l, unsigned insn)
{
    unsigned from = 0, to = l->places;

    while (from < to) {
        unsigned middle = (from + to) / 2;

        if (l->place[middle].insn < insn) {
            from = middle + 1;
        } else {
            to = middle;
        }
    }
    return from < l->places ? &l->place[from] : NULL;
}

/* The last node's constant exit, if it has one. */
static bool last_jump(const Lower *l, uint64_t *pc)
{
    *pc = l->end[-1].imm;
    return l->end[-1].op == IR_JMP;
}

static void leave_behind_last(Lower *l)
{
    uint64_t pc;

    if (last_jump(l, &pc)) {
        leave_at(l->cold, pc);
    } else {
        asm_jmp(l->cold, x64_shared.leave);
    }
}

static void emit_refs_stub(Lower *l, const LowerStub *s)
{
    const LowerPlace *p = place_from(l, s->resume);

    stub_flags(l, s);
    call_refs(l, l->cold, s->first, s->resume - s->first);
    if (!p) {
        leave_behind_last(l);
        return;
    }
    /* Which node this is does not matter: a reload too many is harmless. */
    reload_vec(l, l->cold, l->ir->node);
    if (p->h) {
        asm_call(l->cold, x64_shared.flags_load[1]);
    }
    for (unsigned k = 0; k < LOWER_SCRATCH; k++) {
        if (ir_is_g(p->holds[k])) {
            asm_load(l->cold, 8, A_R14 + k, x64_home(l, p->holds[k]));
        }
    }
    asm_jmp(l->cold, p->at + l->hot->to_exec);
}

/* Code that a routine found to be slow goes on at a stub. */
static __attribute__((noinline)) void note_calls(Lower *l, const LowerStub *s)
{
    JitSlow e = {
        .first = s->first, .copy = {JIT_SLOW_NO_COPY, JIT_SLOW_NO_COPY}
    };
    size_t to;

    need_refs(l);
    to = asm_here(l->cold) - (const uint8_t *)l->block->cold;
    emit_refs_stub(l, s);
    l->failed |= to > UINT16_MAX;
    e.to = to;
    for (unsigned k = 0; k < s->sites; k++) {
        e.at = s->site[k] - l->entry;
        l->slow[l->slows++] = e;
    }
}

/* They leave behind the last instruction. */
static void settle_last(Lower *l)
{
    size_t to;

    if (!l->cold_leave) {
        l->cold_leave = asm_here(l->cold);
        leave_behind_last(l);
    }
    to = l->cold_leave - (const uint8_t *)l->block->cold;
    l->failed |= to > UINT16_MAX;
    for (; l->open < l->slows; l->open++) {
        l->slow[l->open].to = to;
        l->slow[l->open].copy[0] = JIT_SLOW_COLD;
    }
}

static __attribute__((noinline)) void emit_stub(Lower *l, const LowerStub *s)
{
    if (s->called) {
        note_calls(l, s);
        return;
    }
    if (s->kind == STUB_REFS) {
        need_refs(l);
    }
    for (unsigned k = 0; k < s->sites; k++) {
        asm_patch(l->hot, s->site[k], asm_here(l->cold));
    }
    if (s->kind == STUB_POLL) {
        if (l->loop.possible && l->loop.second && s->pc == l->ir->pc) {
            l->block->loop_leave = asm_here(l->cold);
        }
        stub_flags(l, s);
        leave_at(l->cold, s->pc);
    } else if (s->kind == STUB_COUNT) {
        asm_alu_imm(l->cold, ASM_ADD, 4, ENV(l, budget), (int32_t)l->ir->insns, 0);
        stub_flags(l, s);
        leave_at(l->cold, s->pc);
    } else {
        emit_refs_stub(l, s);
    }
}

/* --- exits ---------------------------------------------------------------------------
 */

bool x64_can_link(const Lower *l, uint64_t pc)
{
    return l->ir->same_page && l->block->exits < JIT_EXITS_MAX &&
           l->ir->same_page(l->ir->opaque, pc);
}

static void store_rel(uint8_t *site, ptrdiff_t rel)
{
    int32_t rel32 = (int32_t)rel;

    memcpy(site, &rel32, sizeof(rel32));
}

enum { LINK_ROOM = 64, WORD = 8, WORD_LAST = 4 /* where four bytes fit in it */ };

/* mov r14, e; jmp leave_exit: where the address of @e is a long one. */
static __attribute__((noinline, cold)) void put_far_stub(Lower *l, JitExit *e)
{
    enum { LEN = 10 };
    unsigned at = ((uintptr_t)l->cold->p + LEN + 1) & (WORD - 1);

    asm_nop(l->cold, at > WORD_LAST ? WORD - at : 0);
    e->stub = asm_here(l->cold);
    asm_mov_jmp(l->cold, A_R14, (uintptr_t)e, x64_shared.leave_exit);
    asm_patch(l->hot, e->site, e->stub);
}

/*
 * A jump of @bytes of @opcode and a rel32, to a new exit: its stub so far. Its rel32
 * will be patched, so it must not reach over the end of an aligned 8-byte word: a store
 * is atomic then. The same holds for that of the stub (jit_host_probe()).
 */
static void link_jump(Lower *l, JitBuf *b, unsigned opcode, unsigned bytes, uint64_t pc)
{
    static const uint32_t nop[4] = { 0, 0x90, 0x9066, 0x001f0f };
    enum { LEN = 6, STUB = LEN + 5 };
    JitBlock *block = l->block;
    JitBuf *cold = l->cold;
    JitExit *e = &block->exit[block->exits++];
    uint8_t *p = b->p, *stub;
    unsigned at;
    uint64_t code;

    if (b->end - p < LINK_ROOM || cold->end - cold->p < LINK_ROOM) {
        asm_overflow(b);
        return;
    }
    at = ((uintptr_t)p + bytes) & (WORD - 1);
    if (at > WORD_LAST) {
        memcpy(p, &nop[WORD - at], 4);
        p += WORD - at;
    }
    memcpy(p, &opcode, 4);
    p += bytes;
    b->p = p + 4;
    e->from = block;
    e->pc = pc;
    e->site = p;
    e->to = NULL;
    e->next = NULL;
    if ((uintptr_t)e >> 32) {
        put_far_stub(l, e);
        return;
    }
    stub = cold->p;
    at = ((uintptr_t)stub + LEN + 1) & (WORD - 1);
    if (at > WORD_LAST) {
        memset(stub, 0xcc, WORD); /* nobody comes here */
        stub += WORD - at;
    }
    code = 0x00e900000000be41ull | (uint64_t)(uintptr_t)e << 16;
    memcpy(stub, &code, sizeof(code));
    e->stub = stub + x64_shared.to_exec;
    store_rel(stub + LEN + 1, x64_shared.leave_exit - e->stub - STUB);
    store_rel(p, stub - (p + 4));
    p = cold->p;
    cold->p = stub + STUB;
    x64_count(l, LOWER_USE_COLD_EXIT, p);
}

static AsmRm salt(const Lower *l)
{
    return env_field(l, offsetof(JitEnv, salt) + 8 * l->ir->salt);
}

/* The inline look into the jump cache for a constant pc. */
static __attribute__((noinline, cold)) void probe(Lower *l, uint64_t pc)
{
    unsigned index = jit_jc_index(pc);
    const uint8_t *from;

    asm_mov_imm(l->hot, A_R14, pc);
    asm_alu(l->hot, ASM_XOR, 8, A_R14, salt(l));
    asm_alu(l->hot, ASM_CMP, 8, A_R14, env_field(l, offsetof(JitEnv, jc[index].tag)));
    asm_jcc(l->hot, IR_NE, asm_here(l->cold));
    from = l->cold->p;
    leave_at(l->cold, pc);
    x64_count(l, LOWER_USE_COLD_EXIT, from);
    asm_rm(l->hot, 0xff, 4, env_field(l, offsetof(JitEnv, jc[index].code)));
}

/* M is valid, or nobody wants it. */
static inline void exit_to(Lower *l, JitBuf *b, uint64_t pc)
{
    if (x64_can_link(l, pc)) {
        link_jump(l, b, 0xe9, 1, pc);
    } else if (l->small && pc == (uint64_t)(int32_t)pc) {
        asm_push_imm(b, (int32_t)pc);
        asm_jmp(b, x64_shared.jump_pushed[l->ir->salt]);
    } else if (l->small) {
        asm_mov_imm(b, A_R14, pc);
        asm_jmp(b, x64_shared.jump[l->ir->salt]);
    } else {
        probe(l, pc);
    }
}

void x64_lower_jmp(Lower *l)
{
    if (!(l->n->flags & IR_NO_FLAGS)) {
        x64_flags_need_m(l);
    }
    x64_close_head(l, 0);
    exit_to(l, l->hot, l->n->imm);
}

void x64_lower_jmpi(Lower *l)
{
    unsigned a, r, index;
    const uint8_t *from;
    const AsmRm pc = asm_state(l->target->pc_off);

    x64_flags_need_m(l);
    a = x64_in_reg(l, l->n->a);
    x64_release(l);
    x64_close_head(l, 0);
    if (l->small) {
        if (a != A_R14) {
            asm_mov(l->hot, 8, A_R14, a);
        }
        asm_jmp(l->hot, x64_shared.jump[l->ir->salt]);
        return;
    }
    r = a;
    if (a != A_R14 && a != A_R15) {
        r = x64_scratch(l);
        asm_mov(l->hot, 8, r, a);
    }
    index = r == A_R14 ? A_R15 : A_R14;
    asm_rorx(l->hot, 4, index, a, JIT_JC_FOLD);
    asm_alu(l->hot, ASM_XOR, 4, index, asm_reg(a));
    asm_alu_imm(l->hot, ASM_AND, 4, asm_reg(index), JIT_JC_MASK, 0);
    asm_alu(l->hot, ASM_XOR, 8, r, salt(l));
    asm_alu(l->hot, ASM_CMP, 8, r,
            asm_state_index(index, 3,
                            l->target->env_off + (int32_t)offsetof(JitEnv, jc[0].tag)));
    asm_jcc(l->hot, IR_NE, asm_here(l->cold));
    asm_rm(l->hot, 0xff, 4,
           asm_state_index(index, 3,
                           l->target->env_off + (int32_t)offsetof(JitEnv, jc[0].code)));
    from = l->cold->p;
    asm_alu(l->cold, ASM_XOR, 8, r, salt(l));
    asm_store(l->cold, 8, pc, r);
    asm_jmp(l->cold, x64_shared.leave);
    x64_count(l, LOWER_USE_COLD_EXIT, from);
}

/* A conditional jump of the host to pc; @save: H to M on the way. */
static inline void branch(Lower *l, unsigned cc, uint64_t pc, bool save)
{
    x64_close_head(l, 0);
    if (!save && x64_can_link(l, pc)) {
        link_jump(l, l->hot, 0x800f | cc << 8, 2, pc);
    } else if (l->tails < G_N_ELEMENTS(l->tail)) {
        l->tail[l->tails++] = (LowerTail){ asm_jcc_fwd(l->hot, cc), pc, save };
    } else {
        l->failed = true;
    }
}

/* To the beginning of this block, where a recipe is as good as M; false: not now. */
static __attribute__((noinline, cold)) bool jcc_to_self(Lower *l)
{
    LowerLoop *o = &l->loop;

    if ((uint64_t)l->n->imm != l->ir->pc || l->flags.recipe.kind == FLAGS_NONE) {
        return false;
    }
    if (o->second || o->site) {
        if (memcmp(&l->flags.recipe, &o->recipe, sizeof(o->recipe)) != 0) {
            return false;
        }
    }
    if (!o->second && o->site) {
        return false;
    }
    x64_flags_need_h(l);
    if (o->second) {
        asm_jcc(l->hot, l->n->cc, o->at);
    } else {
        o->recipe = l->flags.recipe;
        o->site = asm_jcc_fwd(l->hot, l->n->cc);
    }
    return true;
}

/* Whether a side exit is left behind: the block does not end with the next node, which
 * would want the flags in M as well. */
static bool goes_on(const Lower *l)
{
    return l->n + 1 < l->end && l->n[1].facts.klass != IR_CLASS_EXIT;
}

void x64_lower_jcc(Lower *l)
{
    const IrNode *n = l->n;
    unsigned cc = n->cc;
    bool save = false;

    if (l->loop.possible && jcc_to_self(l)) {
        return;
    }
    if (!l->flags.h && l->flags.m && l->flags.recipe.kind == FLAGS_NONE &&
        flags_emit_test_m(l->hot, X64_FRAME_FLAGS, n->cc, &cc)) {
        branch(l, cc, n->imm, false);
        return;
    }
    x64_flags_need_h(l);
    if (!l->flags.m && !(n->flags & IR_NO_FLAGS)) {
        /* Who does not jump may do without. */
        save = goes_on(l) || !(n->facts.ahead & IR_KEEPS);
        if (!save) {
            x64_flags_need_m(l);
        }
    }
    branch(l, cc, n->imm, save);
}

void x64_lower_jnz(Lower *l)
{
    const IrNode *n = l->n;
    AsmRm a;

    if (!(n->flags & IR_NO_FLAGS)) {
        x64_flags_need_m(l);
    }
    x64_flags_clobber(l);
    a = x64_rm(l, n->a);
    if (x64_is_mem(a)) {
        asm_alu_imm(l->hot, ASM_CMP, n->w, a, 0, 0);
    } else {
        asm_test(l->hot, n->w, a, a.reg);
    }
    branch(l, n->cc == IR_E ? IR_E : IR_NE, n->imm, false);
}

/* Behind the POLL at the head of a block: it is paid for in advance. */
static __attribute__((noinline, cold)) void lower_count(Lower *l)
{
    LowerStub s = { .kind = STUB_COUNT,
                    .sites = 1,
                    .first = l->n->insn,
                    .pc = l->n->imm,
                    .flags = l->flags };

    asm_alu_imm(l->hot, ASM_SUB, 4, ENV(l, budget), (int32_t)l->ir->insns, 0);
    s.site[0] = asm_jcc_fwd(l->hot, IR_S);
    add_stub(l, &s);
}

static __attribute__((noinline, cold)) void poll_in_line(Lower *l)
{
    LowerStub s = { .kind = STUB_POLL, .sites = 1, .pc = l->n->imm };

    asm_alu_imm(l->hot, ASM_CMP, 4, ENV(l, poll), 0, 0);
    s.site[0] = asm_jcc_fwd(l->hot, IR_NE);
    if (l->options->all_polls) {
        /* Every other time, or nobody would ever get past it. */
        asm_alu_imm(l->hot, ASM_XOR, 4, env_field(l, offsetof(JitEnv, poll_toggle)), 1,
                    0);
        s.site[s.sites++] = asm_jcc_fwd(l->hot, IR_NE);
    }
    s.first = l->n->insn;
    s.flags = l->flags;
    add_stub(l, &s);
}

void x64_lower_poll(Lower *l)
{
    x64_flags_clobber(l);
    x64_close_head(l, 5 /* call, or a compare with a field */);
    if (l->small && (uint64_t)l->n->imm == l->ir->pc && l->flags.m &&
        !l->options->all_polls) {
        asm_call(l->hot, x64_poll_routine());
    } else {
        poll_in_line(l);
    }
    if (l->options->counted) {
        lower_count(l);
    }
}

void x64_exit_finish(Lower *l)
{
    /* Taken branches may be as frequent as others: far away they were measured to take
     * a third more time. */
    JitBuf *b = l->small ? l->cold : l->hot;
    const uint8_t *from;
    uint64_t exits;

    for (unsigned k = 0; k < l->tails; k++) {
        exits = x64_uses[LOWER_USE_COLD_EXIT].bytes;
        from = b->p;
        asm_patch(b, l->tail[k].site, asm_here(b));
        if (l->tail[k].save) {
            if (l->small) {
                asm_call(b, x64_shared.flags_save[1]);
            } else {
                flags_emit_save(b, X64_FRAME_FLAGS, A_R15);
            }
        }
        exit_to(l, b, l->tail[k].pc);
        x64_count(l, l->small ? LOWER_USE_COLD_TAIL : LOWER_USE_TAIL, from);
        if (l->small) {
            /* They are counted already. */
            exits -= x64_uses[LOWER_USE_COLD_EXIT].bytes;
            x64_uses[LOWER_USE_COLD_TAIL].bytes += exits;
        }
    }
    from = l->cold->p;
    if (l->open < l->slows) {
        settle_last(l);
        x64_count(l, LOWER_USE_COLD_REFS, from);
    }
    for (unsigned k = 0; k < l->stubs; k++) {
        from = l->cold->p;
        emit_stub(l, &l->stub[k]);
        x64_count(
            l, l->stub[k].kind == STUB_POLL ? LOWER_USE_COLD_POLL : LOWER_USE_COLD_REFS,
            from);
    }
    l->open = l->slows;
}
