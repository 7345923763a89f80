/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Random blocks through passes and back end, executed by the host, do what the
 * interpreter of the IR says.
 */
#include "ir-random.h"

#include "accel/tcg/jit.h"
#include "accel/tcg/soft-tlb.h"

#include <glib.h>
#include <string.h>
#include <sys/mman.h>

typedef struct TestState {
    uint8_t fxsave[512]; /* first: aligned as the state is */
    uint8_t ymmh[256];
    uint64_t reg[16];
    uint64_t pc;
    uint8_t fields[RND_FIELD_BYTES];
    JitEnv env;
    SoftTlb tlb;
    /* the test's */
    const IrBlock *built;
    RndMemory *mem;
    bool faulted;
    unsigned fault, stubs;
} TestState;

enum { CODE_BYTES = 1 << 20 };

static uint8_t *code;
static TestState *state;

/* --- flags in the form of JitEnv.flags -------------------------------------------- */

static uint64_t flags_get(uint16_t f)
{
    return (f >> 8 & (IR_FLAGS_ALL & ~IR_OF)) | (f & 1 ? IR_OF : 0);
}

static uint16_t flags_put(uint64_t f)
{
    return ((f & (IR_FLAGS_ALL & ~IR_OF)) | 2) << 8 | !!(f & IR_OF);
}

/* --- target --------------------------------------------------------------------------
 */

static bool run_refs(void *opaque, JitBlock *b, unsigned first, unsigned count)
{
    TestState *s = opaque;
    IrMachine *m = g_new0(IrMachine, 1);
    unsigned last;
    bool left;

    g_assert_cmpuint(count, >, 0);
    g_assert_cmpuint(first + count, <=, s->built->insns);
    s->stubs++;
    memcpy(m->reg, s->reg, sizeof(m->reg));
    m->flags = flags_get(s->env.flags);
    m->state = (uint8_t *)s;
    m->native = true;
    last = rnd_last_run(s->built, first, first + count - 1);
    if (!rnd_run_ref(m, s->built, s->mem, first, last, &s->fault)) {
        s->faulted = true;
        m->left = true;
    }
    memcpy(s->reg, m->reg, sizeof(m->reg));
    s->env.flags = flags_put(m->flags);
    s->pc = m->pc;
    left = m->left;
    g_free(m);
    return !left;
}

static const JitTarget target = {
    .name = "test",
    .reg_off = {offsetof(TestState,  reg[0]), offsetof(TestState, reg[1]),
                offsetof(TestState,                                       reg[2]), offsetof(TestState, reg[3]),
                offsetof(TestState, reg[4]), offsetof(TestState, reg[5]),
                offsetof(TestState, reg[6]), offsetof(TestState, reg[7]),
                offsetof(TestState, reg[8]), offsetof(TestState, reg[9]),
                offsetof(TestState, reg[10]), offsetof(TestState, reg[11]),
                offsetof(TestState, reg[12]), offsetof(TestState, reg[13]),
                offsetof(TestState, reg[14]), offsetof(TestState, reg[15]) },
    .host_reg = { 0,            1,           2,                      3,           13, 5,                                                6, 7, 8, 12, -1, -1, 9, 10, 11, -1 },
    .pc_off = offsetof(TestState, pc),
    .env_off = offsetof(TestState, env),
    .view_off = { offsetof(TestState, tlb), offsetof(TestState,                               tlb),
                offsetof(TestState,          tlb)         },
    .fxsave_off = offsetof(TestState, fxsave),
    .ymmh_off = offsetof(TestState, ymmh),
    .run_refs = run_refs,
};

static void fill_tlb(void)
{
    memset(state->tlb.entry, 0, sizeof(state->tlb.entry));
    for (unsigned k = 0; k < SOFT_TLB_ENTRIES; k++) {
        /* An address with another index. */
        state->tlb.entry[k].tag[SOFT_TLB_READ] = (k ^ 1) << SOFT_TLB_PAGE_BITS;
        state->tlb.entry[k].tag[SOFT_TLB_WRITE] = (k ^ 1) << SOFT_TLB_PAGE_BITS;
    }
    for (unsigned k = 0; k < RND_PAGES; k++) {
        uint64_t lin = RND_BASE + k * 4096;
        SoftTlbEntry *e = &state->tlb.entry[soft_tlb_index(lin)];

        e->host = (uintptr_t)rnd_host(state->mem, lin);
        e->addend = e->host - lin;
        if (state->mem->kind[lin >> 12 & (RND_PAGES - 1)] <= RND_SLOW_WRITES) {
            e->tag[SOFT_TLB_READ] = lin;
        }
        if (state->mem->kind[lin >> 12 & (RND_PAGES - 1)] == RND_FAST) {
            e->tag[SOFT_TLB_WRITE] = lin;
        }
    }
}

static JitBlock *current;

static JitBlock *block_at(const void *p)
{
    return current;
}

/* --- cases ---------------------------------------------------------------------------
 */

static bool same_page(void *opaque, uint64_t pc)
{
    return pc & 2;
}

static void fail(const IrBlock *built, const IrBlock *opt, uint64_t seed,
                 const char *what, const IrMachine *m)
{
    g_autofree char *a = ir_print(built), *b = ir_print(opt);

    for (unsigned k = 0; k < 16; k++) {
        if (m->reg[k] != state->reg[k]) {
            g_printerr("g%u: model %016" G_GINT64_MODIFIER
                       "x, host %016" G_GINT64_MODIFIER "x\n",
                       k, m->reg[k], state->reg[k]);
        }
    }
    g_printerr("flags: model %03x, host %03x\n", (unsigned)m->flags,
               (unsigned)flags_get(state->env.flags));
    g_printerr("fault: %d, before insn %u\n", state->faulted, state->fault);
    g_printerr("pc: model %" G_GINT64_MODIFIER "x, host %" G_GINT64_MODIFIER "x\n",
               m->pc, state->pc);
    g_error("seed %#" G_GINT64_MODIFIER "x: %s differ\n%s\n%s", seed, what, a, b);
}

static void compare(const IrBlock *built, const IrBlock *opt, uint64_t seed,
                    const IrMachine *m, bool faulted, unsigned fault,
                    const RndMemory *mem)
{
    if (faulted != state->faulted || (faulted && fault != state->fault)) {
        fail(built, opt, seed, "faults", m);
    }
    if (memcmp(m->reg, state->reg, sizeof(m->reg))) {
        fail(built, opt, seed, "registers", m);
    }
    for (unsigned k = 0; k < sizeof(mem->bytes); k++) {
        if (mem->bytes[k] != state->mem->bytes[k]) {
            g_printerr("byte %#x: model %02x, host %02x\n", k, mem->bytes[k],
                       state->mem->bytes[k]);
        }
    }
    if (memcmp(mem->bytes, state->mem->bytes, sizeof(mem->bytes))) {
        fail(built, opt, seed, "memories", m);
    }
    if (!faulted && m->pc != state->pc) {
        fail(built, opt, seed, "exits", m);
    }
    if (m->flags != flags_get(state->env.flags) &&
        !(!faulted && m->pc >> 12 == 0x400 && m->pc & 1)) {
        fail(built, opt, seed, "flags", m);
    }
}

static void one_case(uint64_t seed, unsigned passes, IrBlock *built, IrBlock *opt)
{
    Rnd r = { seed, true };
    RndMemory *mem = g_new0(RndMemory, 1);
    IrMachine *m = g_new0(IrMachine, 1);
    TestState *model = g_new(TestState, 1); /* of which only the fields count */
    uint8_t *fields = model->fields;
    JitBlock *b = g_malloc0(JIT_BLOCK_BYTES_MAX);
    JitBuf hot, cold;
    bool faulted;
    unsigned fault = 0;

    b->hot = rnd_next(&r) >> 63;
    rnd_block(&r, built, 2 + rnd_below(&r, 24), offsetof(TestState, fields));
    ir_block_reset(opt);
    memcpy(opt->node, built->node, built->count * sizeof(IrNode));
    opt->count = built->count;
    opt->temps = built->temps;
    opt->insns = built->insns;
    opt->pc = built->pc;
    opt->same_page = same_page;
    ir_optimize(opt, passes);

    rnd_memory(&r, mem);
    *state->mem = *mem;
    rnd_regs(&r, m->reg);
    m->flags = rnd_next(&r) & IR_FLAGS_ALL;
    m->native = true;
    for (unsigned i = 0; i < RND_FIELD_BYTES; i++) {
        fields[i] = i % 8 == 1 ? i : 0;
    }
    memcpy(state->fields, fields, RND_FIELD_BYTES);
    memcpy(state->reg, m->reg, sizeof(m->reg));
    state->env.flags = flags_put(m->flags);
    state->env.salt[0] = state->env.salt[1] = 0x123456789abcdef;
    state->built = built;
    state->faulted = false;
    state->stubs = 0;
    fill_tlb();
    m->state = (uint8_t *)model;
    faulted = !rnd_run_ref(m, built, mem, 0, built->insns - 1, &fault);

    hot = (JitBuf){ code + 65536, code + CODE_BYTES / 2, 0, false };
    cold = (JitBuf){ code + CODE_BYTES / 2, code + CODE_BYTES, 0, false };
    b->key.pc = built->pc;
    b->insns = built->insns;
    if (!jit_host_emit(&target, opt, b, &hot, &cold)) {
        fail(built, opt, seed, "what is possible", m);
    }
    current = b;
    jit_host_enter(state, b->entry);
    compare(built, opt, seed, m, faulted, fault, mem);
    g_free(b);
    g_free(model);
    g_free(mem);
    g_free(m);
}

static void many(unsigned passes)
{
    IrBlock *built = ir_block_new(), *opt = ir_block_new();
    const char *only = g_getenv("STRATA_IR_SEED");

    if (only) {
        one_case(g_ascii_strtoull(only, NULL, 0), passes, built, opt);
    }
    for (uint64_t k = 1; k <= 4000 && !only; k++) {
        one_case(k * 0x9e3779b97f4a7c15ull + passes, passes, built, opt);
    }
    ir_block_free(built);
    ir_block_free(opt);
}

static void test_plain(void)
{
    many(IR_PASS_FLAGS);
}

static void test_group(void)
{
    many(IR_PASS_FLAGS | IR_PASS_GROUP);
}

static void test_all(void)
{
    many(IR_PASS_ALL);
}

static void test_none(void)
{
    many(0);
}

int main(int argc, char **argv)
{
    const char *why;
    JitBuf buf;

    g_test_init(&argc, &argv, NULL);
    if (!jit_host_usable(&why)) {
        g_print("1..0 # SKIP %s\n", why);
        return 0;
    }
    code = mmap(NULL, CODE_BYTES, PROT_READ | PROT_WRITE | PROT_EXEC,
                MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    g_assert(code != MAP_FAILED);
    state = g_aligned_alloc0(1, sizeof(*state), 64);
    state->mem = g_new0(RndMemory, 1);
    buf = (JitBuf){ code, code + 65536, 0, false };
    jit_host_setup(&target, &buf);
    jit_host_set_finder(block_at);
    jit_host_thread_init(state);
    g_test_add_func("/ir/x64/blocks-as-built-do-what-the-model-says", test_none);
    g_test_add_func("/ir/x64/blocks-with-flag-facts-do-what-the-model-says",
                    test_plain);
    g_test_add_func("/ir/x64/grouped-blocks-do-what-the-model-says", test_group);
    g_test_add_func("/ir/x64/optimized-blocks-do-what-the-model-says", test_all);
    return g_test_run();
}
