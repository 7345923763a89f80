/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The cache of decoded code, and the loop that runs it.
 *
 * A block is a run of decoded instructions within one page, keyed by the RAM address of
 * its first byte, its rip (targets and rip-relative addresses are precomputed) and the
 * mode word. It ends at the first instruction that transfers control or changes the
 * mode.  An instruction across a page end is a block of its own, keyed on both pages.
 *
 * Finding the next block: the link of the last one, else a direct-mapped table by rip,
 * both valid for one generation of translations (CR3, INVLPG, ...) and one mode, then a
 * hash table by RAM address, then the decoder.
 *
 * In a page that is written and executed in turn, blocks float: they keep a copy of
 * their bytes, nobody watches the page for them, and whenever one is entered it is
 * compared with memory and decoded anew where it is.
 *
 *  B1 A block is dead when a page it was decoded from has a new generation
 * (code-pages.h). B2 cpu->insn names the instruction that is being executed and is NULL
 * between blocks. B3 Block memory is reused only outside of blocks.
 */
#include "accel/target/i386/blocks.h"
#include "accel/target/i386/decode.h"
#include "accel/target/i386/dump.h"
#include "accel/target/i386/lockstep.h"
#include "accel/target/i386/mmu.h"
#include "accel/target/i386/spaces.h"
#include "accel/target/i386/x86-jit.h"
#include "accel/tcg/code-pages.h"
#include "accel/tcg/phys.h"
#include "accel/vcpu.h"
#include "util/log.h"

#include <glib.h>

#include <inttypes.h>
#include <string.h>
#include <sys/mman.h>

enum {
    ARENA_BYTES = 48 << 20,
    BLOCK_MAX = 48, /* instructions */
    SOURCE_MAX = BLOCK_MAX * X86_INSN_MAX,
    HASH_BITS = 16,
    JUMP_BITS = 13,
    PAGE_SET_BITS = 12,
    REGION_BITS = 22,
    CHAIN_LONG = 6, /* from here on dead blocks are unlinked */
    FLOAT_MAX = 8,  /* instructions of a floating block */
    FLOAT_BYTES = 64,
    FLOAT_PROVEN = 64, /* executions after which it settles down */
    SMC_OFTEN = 8,     /* invalidations in a short time */
    TRACE_MAX = 56,    /* instructions */
    UNROLL_MAX = 3,    /* times that a loop is repeated */
};

_Static_assert(TRACE_MAX >= BLOCK_MAX, "a trace begins with a block");
_Static_assert((int)TRACE_MAX <= (int)JIT_INSNS_MAX,
               "whoever has a budget of that can run it");

typedef struct BlockPage {
    const TcgCodePage *page;
    uint64_t ram_addr;
    uint32_t gen;
} BlockPage;

/* What ran after a block: behind its end [0], or elsewhere [1]. */
typedef struct BlockLink {
    X86Block *block;
    uint64_t generation;
} BlockLink;

struct X86Block {
    /* read at each entry */
    uint64_t rip;
    uint32_t mode;
    uint32_t base; /* of CS; 0 in 64-bit code */
    uint32_t last; /* offset of the last byte in CS, 0 in 64-bit code */
    uint16_t count;
    bool crosses;
    bool verify; /* compare with memory at each entry */
    bool no_jit; /* the translator does not want it */
    bool dead;
    bool floating;
    uint8_t heat; /* executions, up to the threshold of the translator */
    BlockPage page[2];
    uint64_t end_rip;
    BlockLink link[2];
    /* for the hash table */
    uint64_t ram_addr; /* of the first byte */
    X86Block *hash_next;
    uint32_t source_len;
    uint32_t proven;     /* floating: how often it was found unchanged */
    const uint8_t *host; /* floating: where the bytes are, for one generation */
    /* The trace from here, as it was made first: a bit for each block that follows, set
     * if the jump is taken. By the time it is made again all are as warm. */
    uint64_t path;
    unsigned steps;
    X86Insn insn[];
};

/* The kind of a generation is its lowest bits. Global pages keep their translations
 * when CR3 changes. */
enum { GEN_LOCAL, GEN_GLOBAL, GEN_COUNT };

typedef struct JumpEntry {
    X86Block *block;
    uint64_t rip;
    uint64_t generation;
} JumpEntry;

typedef struct X86Blocks {
    uint64_t generation[GEN_COUNT], last_generation;
    uint64_t executed;
    uint32_t flushes;
    uint8_t *arena;
    size_t used, ready;
    JumpEntry jump[1 << JUMP_BITS];
    /* Of what code is remembered, by GEN_*: hashed sets of pages, and of regions of 4
     * MiB in large pages. */
    struct CodeSet {
        uint64_t pages[1 << (PAGE_SET_BITS - 6)], regions[1 << (PAGE_SET_BITS - 6)];
        bool huge; /* some in a page that is even larger, or nobody knows where */
    } code[GEN_COUNT];
    X86Block *hash[1 << HASH_BITS];
    struct {
        X86Block head;
        X86Insn insn[1];
    } scratch; /* for what is not cached */
} X86Blocks;

static void bump(X86Blocks *bl, unsigned kind)
{
    bl->last_generation += GEN_COUNT;
    bl->generation[kind] = bl->last_generation | kind;
}

static bool is_current(const X86Blocks *bl, uint64_t generation)
{
    return generation == bl->generation[generation % GEN_COUNT];
}

void x86_blocks_new(X86State *cpu)
{
    X86Blocks *bl = g_new0(X86Blocks, 1);
    void *p = mmap(NULL, ARENA_BYTES, PROT_READ | PROT_WRITE,
                   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

    g_assert(p != MAP_FAILED);
    bl->arena = p;
    cpu->blocks = bl;
    bump(bl, GEN_LOCAL);
    bump(bl, GEN_GLOBAL);
    x86_spaces_new(cpu);
    x86_decode_setup();
}

void x86_blocks_free(X86State *cpu)
{
    munmap(cpu->blocks->arena, ARENA_BYTES);
    g_free(cpu->blocks);
    cpu->blocks = NULL;
    x86_spaces_free(cpu);
}

void x86_blocks_set_generation(X86State *cpu, uint64_t generation)
{
    cpu->blocks->generation[GEN_LOCAL] = generation;
    x86_jit_set_generation(cpu, generation);
}

uint64_t x86_blocks_new_generation(X86State *cpu)
{
    X86Blocks *bl = cpu->blocks;

    bump(bl, GEN_LOCAL);
    x86_jit_set_generation(cpu, bl->generation[GEN_LOCAL]);
    return bl->generation[GEN_LOCAL];
}

void x86_blocks_all_changed(X86State *cpu)
{
    X86Blocks *bl = cpu->blocks;

    if (bl) {
        bump(bl, GEN_GLOBAL);
        memset(bl->code, 0, sizeof(bl->code));
    }
    x86_jit_all_changed(cpu);
    x86_spaces_forget_code(cpu);
}

uint32_t x86_blocks_generation(const X86State *cpu)
{
    return cpu->blocks ? cpu->blocks->generation[GEN_LOCAL] / GEN_COUNT : 0;
}

/* Code is remembered of few pages: a set of hashed bits. */
static unsigned hash_bit(uint64_t n)
{
    return n & ((1 << PAGE_SET_BITS) - 1);
}

static void set_add(uint64_t *set, uint64_t n)
{
    set[hash_bit(n) / 64] |= 1ull << (hash_bit(n) % 64);
}

static bool set_has(const uint64_t *set, uint64_t n)
{
    return set[hash_bit(n) / 64] >> (hash_bit(n) % 64) & 1;
}

static bool code_has(const struct CodeSet *c, uint64_t lin)
{
    return c->huge || set_has(c->pages, lin >> SOFT_TLB_PAGE_BITS) ||
           set_has(c->regions, lin >> REGION_BITS);
}

void x86_blocks_page_changed(X86State *cpu, uint64_t lin)
{
    X86Blocks *bl = cpu->blocks;

    if (bl && code_has(&bl->code[GEN_GLOBAL], lin)) {
        x86_blocks_all_changed(cpu);
    } else if (bl) {
        x86_space_page_changed(cpu, lin, code_has(&bl->code[GEN_LOCAL], lin));
    }
}

void x86_blocks_flush(X86State *cpu)
{
    X86Blocks *bl = cpu->blocks;

    x86_blocks_all_changed(cpu);
    bl->flushes++;
    bl->used = 0;
    memset(bl->hash, 0, sizeof(bl->hash));
    memset(bl->jump, 0, sizeof(bl->jump));
}

uint64_t x86_insn_count(const X86State *cpu)
{
    return cpu->blocks->executed;
}

/* The bytes a block was made from lie behind its instructions. */
static uint8_t *source_of(const X86Block *b)
{
    return (uint8_t *)(uintptr_t)&b->insn[b->floating ? FLOAT_MAX : b->count];
}

/* --- decoding a block --------------------------------------------------------------
 */

static uint64_t code_linear(const X86State *cpu, uint64_t rip)
{
    return x86_is64(cpu) ? rip : (uint32_t)(cpu->seg[X86_CS].base + rip);
}

/* How many bytes may be fetched from @rip on before the segment ends. */
static uint64_t limit_left(const X86State *cpu, uint64_t rip)
{
    if (x86_is64(cpu)) {
        return UINT64_MAX;
    }
    return rip <= cpu->seg[X86_CS].limit ? cpu->seg[X86_CS].limit - rip + 1 : 0;
}

static const uint8_t *code_page(X86State *cpu, uint64_t lin, SoftTlbSide **side,
                                uint8_t *copy, unsigned copy_len)
{
    SoftTlbSide *s;

    if (x86_is64(cpu) && !x86_is_canonical(cpu, lin)) {
        x86_raise_gp(cpu, 0);
    }
    s = x86_tlb_get(cpu, lin, SOFT_TLB_EXEC, cpu->view);
    *side = s;
    if (s->flags & SOFT_TLB_RAM) {
        return x86_tlb_host(cpu, cpu->view, lin);
    }
    /* Code in MMIO: fetched byte by byte, executed one by one. */
    for (unsigned k = 0; k < copy_len; k++) {
        if ((lin & (SOFT_TLB_PAGE - 1)) + k >= SOFT_TLB_PAGE) {
            break;
        }
        copy[k] = cpu->phys->ops->read(cpu->phys, x86_phys_space(cpu),
                                       s->phys + (lin & (SOFT_TLB_PAGE - 1)) + k, 1);
    }
    return copy;
}

static bool ends_block(const X86Insn *i)
{
    return !i->row || i->row->rules & X86_ENDS || i->ref == x86_ref_ud ||
           i->ref == x86_ref_nm || i->ref == x86_ref_gp0;
}

/* Linear addresses; targets of jumps are offsets in CS, as in the instruction. */
static void log_block(const X86State *cpu, const X86Block *b, const uint8_t *bytes)
{
    const uint8_t *p = bytes;
    uint64_t base = code_linear(cpu, b->rip) - b->rip;
    g_autoptr(GString) out = NULL;

    if (!log_enabled(LOG_IN_ASM) || !log_in_filter(base + b->rip)) {
        return;
    }
    out = g_string_new("----------------\nIN: \n");
    for (unsigned k = 0; k < b->count; k++) {
        const X86Insn *i = &b->insn[k];
        char text[128];

        if (!disas_insn(x86_disas_arch(cpu), p, i->len, x86_insn_rip(i), text,
                        sizeof(text))) {
            g_strlcpy(text, i->row ? i->row->name : "(bad)", sizeof(text));
        }
        disas_append_line(out, base + x86_insn_rip(i), p, i->len, text);
        p += i->len;
    }
    log_printf("%s\n", out->str);
}

/* The one instruction at @rip, which may cross a page end, into @b. */
static void decode_one(X86State *cpu, X86Block *b, uint64_t rip)
{
    uint8_t bytes[2 * X86_INSN_MAX];
    uint64_t lin = code_linear(cpu, rip), limit = limit_left(cpu, rip);
    unsigned have = 0, in_page = SOFT_TLB_PAGE - (lin & (SOFT_TLB_PAGE - 1));
    SoftTlbSide *side;
    uint8_t copy[X86_INSN_MAX];
    const uint8_t *p = code_page(cpu, lin, &side, copy, X86_INSN_MAX);
    X86DecodeStatus st;

    b->page[0] = b->page[1] = (BlockPage){ .ram_addr = UINT64_MAX };
    if (side->flags & SOFT_TLB_RAM) {
        b->page[0].ram_addr = side->ram_addr;
    }
    b->ram_addr = side->ram_addr + (lin & (SOFT_TLB_PAGE - 1));
    have = MIN(in_page, X86_INSN_MAX);
    memcpy(bytes, p, have);
    b->crosses = false;
    st = x86_decode(cpu, cpu->mode, rip, bytes, MIN(have, limit), b->insn);
    if (st == X86_DECODE_MORE && have < X86_INSN_MAX && have < limit) {
        uint64_t next = code_linear(cpu, rip + have);

        p = code_page(cpu, next, &side, copy, X86_INSN_MAX - have);
        if (side->flags & SOFT_TLB_RAM) {
            b->page[1].ram_addr = side->ram_addr;
        } else {
            b->page[0].ram_addr = UINT64_MAX;
        }
        memcpy(bytes + have, p, X86_INSN_MAX - have);
        b->crosses = true;
        st = x86_decode(cpu, cpu->mode, rip, bytes, MIN(X86_INSN_MAX, limit), b->insn);
    }
    if (st != X86_DECODE_OK) {
        x86_raise_gp(cpu, 0);
    }
    b->rip = rip;
    b->mode = cpu->mode;
    b->base = cpu->seg_fast[X86_CS].base;
    b->count = 1;
    b->end_rip = b->insn[0].next_rip;
    b->source_len = b->insn[0].len;
    b->last = x86_is64(cpu) ? 0 : b->end_rip - 1;
    log_block(cpu, b, bytes);
}

/* As many instructions as fit, all in the page of @rip; 0 if not even one does. */
static unsigned decode_run(X86State *cpu, X86Block *b, uint64_t rip, const uint8_t *p,
                           uint64_t avail, unsigned most)
{
    unsigned n = 0;
    uint64_t at = rip;

    most = jit_options()->one_insn ? 1 : most;
    while (n < most && avail) {
        X86Insn *i = &b->insn[n];

        if (x86_decode(cpu, cpu->mode, at, p, MIN(avail, 64), i) != X86_DECODE_OK) {
            break;
        }
        n++;
        at = i->next_rip;
        p += i->len;
        avail -= i->len;
        if (ends_block(i)) {
            break;
        }
    }
    b->rip = rip;
    b->end_rip = at;
    b->source_len = at - rip;
    b->mode = cpu->mode;
    b->base = cpu->seg_fast[X86_CS].base;
    b->count = n;
    b->crosses = false;
    b->last = x86_is64(cpu) || !n ? 0 : at - 1;
    return n;
}

/* --- finding blocks ------------------------------------------------------------------
 */

/* Blocks of a page lie side by side: what is looked for next is often near. */
static unsigned hash_of(uint64_t ram_addr, uint64_t rip, uint32_t mode)
{
    uint64_t page = (ram_addr >> 12 ^ rip >> 12 << 20 ^ (uint64_t)mode << 40) *
                    0x9e3779b97f4a7c15ull;

    return ((page >> (64 - HASH_BITS)) + ram_addr % SOFT_TLB_PAGE / 16) %
           (1u << HASH_BITS);
}

static bool page_alive(const BlockPage *p)
{
    return __atomic_load_n(&p->page->gen, __ATOMIC_ACQUIRE) == p->gen;
}

static bool is_alive(const X86Block *b)
{
    return !b->dead && (b->floating || (page_alive(&b->page[0]) &&
                                        (!b->crosses || page_alive(&b->page[1]))));
}

static uint64_t last_byte(const X86Block *b)
{
    return b->rip + b->source_len - 1;
}

/* The second page must still be where it was. */
static bool second_page_agrees(X86State *cpu, const X86Block *b)
{
    SoftTlbSide *s =
        x86_tlb_get(cpu, code_linear(cpu, last_byte(b)), SOFT_TLB_EXEC, cpu->view);

    return s->flags & SOFT_TLB_RAM && s->ram_addr == b->page[1].ram_addr;
}

static X86Block *hash_find(X86State *cpu, uint64_t ram_addr, uint64_t rip)
{
    X86Block **link = &cpu->blocks->hash[hash_of(ram_addr, rip, cpu->mode)];
    unsigned steps = 0;

    while (*link) {
        X86Block *b = *link;

        if (b->ram_addr == ram_addr && b->rip == rip && b->mode == cpu->mode &&
            b->base == (uint32_t)cpu->seg_fast[X86_CS].base &&
            (!b->crosses || second_page_agrees(cpu, b))) {
            if (is_alive(b)) {
                return b;
            }
            *link = b->hash_next;
        } else if (++steps > CHAIN_LONG && !is_alive(b)) {
            *link = b->hash_next;
        } else {
            link = &b->hash_next;
        }
    }
    return NULL;
}

static void track(X86State *cpu, BlockPage *p, unsigned offset, unsigned len)
{
    TcgCodePage *page = tcg_code_page_get(p->ram_addr);

    p->page = page;
    /* Of an invalidation that goes on: its result is not trusted. */
    p->gen = __atomic_load_n(&page->gen, __ATOMIC_SEQ_CST) & ~1u;
    if (tcg_code_page_track(page, p->ram_addr, offset, len)) {
        for (unsigned k = 0; k < X86_VIEW_COUNT; k++) {
            soft_tlb_protect(&cpu->views[k], p->ram_addr);
        }
    }
}

static X86Block *arena_block(X86State *cpu)
{
    X86Blocks *bl = cpu->blocks;
    const size_t most = sizeof(X86Block) + BLOCK_MAX * sizeof(X86Insn) + SOURCE_MAX;

    if (bl->used + most > ARENA_BYTES) {
        x86_blocks_flush(cpu);
    }
    jit_prepare(bl->arena, bl->used, &bl->ready, ARENA_BYTES);
    return (X86Block *)(bl->arena + bl->used);
}

static void keep(X86State *cpu, X86Block *b)
{
    X86Blocks *bl = cpu->blocks;
    X86Block **slot = &bl->hash[hash_of(b->ram_addr, b->rip, b->mode)];
    size_t size = sizeof(X86Block) +
                  (b->floating ? FLOAT_MAX : b->count) * sizeof(X86Insn) +
                  (b->floating ? FLOAT_BYTES
                   : b->verify ? b->source_len
                               : 0);

    b->link[0] = b->link[1] = (BlockLink){ NULL };
    b->heat = 0;
    b->path = b->steps = 0;
    b->no_jit = b->verify;
    b->hash_next = *slot;
    *slot = b;
    bl->used += (size + 63) & ~(size_t)63;
}

static bool is_shared(void)
{
    return tcg_reader_count() > 1;
}

/* --- floating blocks ----------------------------------------------------------------
 */

static bool is_written_often(uint64_t ram_addr)
{
    const TcgCodePage *page = tcg_code_page_find(ram_addr);

    return page && __atomic_load_n(&page->invalidations, __ATOMIC_RELAXED) >= SMC_OFTEN;
}

/* Decodes what lies at @p now; false: nothing that fits. */
static bool decode_floating(X86State *cpu, X86Block *b, uint64_t rip, const uint8_t *p,
                            uint64_t limit)
{
    unsigned avail = SOFT_TLB_PAGE - (b->ram_addr & (SOFT_TLB_PAGE - 1));
    uint8_t *source;

    b->floating = b->verify = true;
    source = source_of(b);
    avail = MIN(avail, FLOAT_BYTES);
    memcpy(source, p, avail);
    b->host = p;
    return decode_run(cpu, b, rip, source, MIN(limit, avail), FLOAT_MAX);
}

static bool build_floating(X86State *cpu, X86Block *b, const uint8_t *p, uint64_t limit)
{
    b->proven = 0;
    if (!decode_floating(cpu, b, cpu->rip, p, limit)) {
        b->floating = b->verify = false;
        return false;
    }
    log_block(cpu, b, source_of(b));
    keep(cpu, b);
    return true;
}

/* Makes the block what memory at @p holds; false: it is none any more, and dead. */
static bool refresh(X86State *cpu, X86Block *b, const uint8_t *p)
{
    if (x86_likely(!memcmp(p, source_of(b), b->source_len))) {
        b->host = p;
        if (++b->proven < FLOAT_PROVEN) {
            return true;
        }
        /* It has stopped changing. */
        __atomic_store_n(&tcg_code_page_get(b->ram_addr)->invalidations, 0,
                         __ATOMIC_RELAXED);
        b->dead = true;
    } else {
        b->proven = 0;
        /* The first instruction may reach into the next page now. */
        b->dead = !decode_floating(cpu, b, b->rip, p, limit_left(cpu, b->rip));
        if (!b->dead) {
            log_block(cpu, b, source_of(b));
        }
    }
    return !b->dead;
}

/* All report what they store to the page, this vCPU among them. To be asked before the
 * bytes are compared (code-pages.h). */
static bool is_settled(const X86State *cpu, const BlockPage *p)
{
    return tcg_code_page_settled(p->page, cpu->reader) &&
           !(__atomic_load_n(&cpu->irq_pending, __ATOMIC_SEQ_CST) & X86_IRQ_FLUSH);
}

/* Once more, now that its pages are tracked: whether all others report what they store
 * there, and it is the same. */
static bool is_stable(X86State *cpu, const X86Block *b, uint64_t rip)
{
    X86Block *again = &cpu->blocks->scratch.head;
    bool settled =
        is_settled(cpu, &b->page[0]) && (!b->crosses || is_settled(cpu, &b->page[1]));

    decode_one(cpu, again, rip);
    return settled && again->crosses == b->crosses &&
           again->page[0].ram_addr == b->page[0].ram_addr &&
           (!b->crosses || again->page[1].ram_addr == b->page[1].ram_addr) &&
           !memcmp(again->insn, b->insn, sizeof(X86Insn));
}

/* An instruction that reaches into the next page.  It is kept only when nobody can
 * write into its two pages unseen. */
static X86Block *build_crossing(X86State *cpu, X86Block *b, uint64_t rip,
                                unsigned offset)
{
    unsigned second;

    decode_one(cpu, b, rip);
    if (b->page[0].ram_addr != UINT64_MAX) {
        track(cpu, &b->page[0], offset, MIN(b->source_len, SOFT_TLB_PAGE - offset));
        second = b->crosses ? offset + b->source_len - SOFT_TLB_PAGE : 0;
        if (second) {
            track(cpu, &b->page[1], 0, second);
        }
        if (!is_shared() || is_stable(cpu, b, rip)) {
            keep(cpu, b);
            return b;
        }
    }
    memcpy(&cpu->blocks->scratch, b, sizeof(cpu->blocks->scratch));
    return &cpu->blocks->scratch.head;
}

/* Decodes at the current rip. The result may be the scratch block. */
static X86Block *build(X86State *cpu)
{
    uint64_t rip = cpu->rip, lin = code_linear(cpu, rip), limit = limit_left(cpu, rip);
    unsigned offset = lin & (SOFT_TLB_PAGE - 1);
    SoftTlbSide *side;
    uint8_t copy[1];
    X86Block *b = arena_block(cpu);
    const uint8_t *p;
    uint8_t source[SOURCE_MAX];
    unsigned claimed;

    if (!limit) {
        x86_raise_gp(cpu, 0);
    }
    p = code_page(cpu, lin, &side, copy, 1);
    if (!(side->flags & SOFT_TLB_RAM)) {
        decode_one(cpu, &cpu->blocks->scratch.head, rip);
        return &cpu->blocks->scratch.head;
    }
    b->ram_addr = side->ram_addr + offset;
    b->page[0].ram_addr = side->ram_addr;
    b->verify = b->floating = b->dead = false;
    if (is_written_often(side->ram_addr) && build_floating(cpu, b, p, limit)) {
        return b;
    }
    /* The line bits come before the bytes are read (code-pages.h).  How far the block
     * will reach is known afterwards: bytes beyond what is claimed first are compared
     * again. */
    claimed = MIN(SOFT_TLB_PAGE - offset, 64u);
    track(cpu, &b->page[0], offset, claimed);
    if (is_shared()) {
        memcpy(source, p, MIN(SOFT_TLB_PAGE - offset, SOURCE_MAX));
        p = source;
    }
    if (!decode_run(cpu, b, rip, p, MIN(limit, SOFT_TLB_PAGE - offset), BLOCK_MAX)) {
        return build_crossing(cpu, b, rip, offset);
    }
    if (b->source_len > claimed) {
        track(cpu, &b->page[0], offset, b->source_len);
    }
    if (is_shared()) {
        const void *now = code_page(cpu, lin, &side, copy, 1);

        b->verify = !is_settled(cpu, &b->page[0]);
        if (memcmp(source, now, b->source_len)) {
            return build(cpu);
        }
        if (b->verify) {
            memcpy(source_of(b), source, b->source_len);
        }
    }
    log_block(cpu, b, p);
    keep(cpu, b);
    return b;
}

/* B4: true if the block is still what memory holds. */
static bool verify(X86State *cpu, X86Block *b)
{
    SoftTlbSide *side;
    uint8_t copy[1];
    const uint8_t *p;

    p = code_page(cpu, code_linear(cpu, b->rip), &side, copy, 1);
    if (b->floating) {
        return refresh(cpu, b, p);
    }
    if (is_settled(cpu, &b->page[0])) {
        b->verify = b->no_jit = false;
    }
    return !memcmp(p, source_of(b), b->source_len);
}

static void note_page(X86State *cpu, uint64_t lin)
{
    X86Blocks *bl = cpu->blocks;
    const SoftTlbSide *s = &cpu->tlb->side[soft_tlb_index(lin)];
    struct CodeSet *c;

    if (s->page != (lin & ~(uint64_t)(SOFT_TLB_PAGE - 1))) {
        /* Its size is not known: any change is one of it. */
        bl->code[GEN_GLOBAL].huge = true;
        x86_space_note_code(cpu, NULL);
        return;
    }
    c = &bl->code[s->flags & SOFT_TLB_GLOBAL ? GEN_GLOBAL : GEN_LOCAL];
    if (!(s->flags & SOFT_TLB_BIG)) {
        set_add(c->pages, lin >> SOFT_TLB_PAGE_BITS);
    } else {
        set_add(c->regions, lin >> REGION_BITS);
        c->huge |= s->flags >> SOFT_TLB_SHIFT > REGION_BITS;
    }
    if (!(s->flags & SOFT_TLB_GLOBAL)) {
        x86_space_note_code(cpu, s);
    }
}

void x86_blocks_note_pages(X86State *cpu, uint64_t first_rip, uint64_t last_rip)
{
    note_page(cpu, code_linear(cpu, first_rip));
    if (first_rip != last_rip) {
        note_page(cpu, code_linear(cpu, last_rip));
    }
}

/* Remembers @b for its address.  @global: the page of its first byte is. */
static void remember(X86State *cpu, JumpEntry *e, X86Block *b, bool global)
{
    X86Blocks *bl = cpu->blocks;

    /* Crossing blocks are rare: which of the pages are global is not worth knowing. */
    e->rip = b->rip;
    e->generation = bl->generation[global && !b->crosses ? GEN_GLOBAL : GEN_LOCAL];
    e->block = b;
    x86_blocks_note_pages(cpu, b->rip, b->crosses ? last_byte(b) : b->rip);
}

static X86Block *find_slow(X86State *cpu, JumpEntry *e)
{
    uint64_t lin = code_linear(cpu, cpu->rip);
    SoftTlbSide *s;
    X86Block *b = NULL;
    bool global;

    if (x86_is64(cpu) && !x86_is_canonical(cpu, lin)) {
        x86_raise_gp(cpu, 0);
    }
    s = x86_tlb_get(cpu, lin, SOFT_TLB_EXEC, cpu->view);
    global = s->flags & SOFT_TLB_GLOBAL;
    if (s->flags & SOFT_TLB_RAM) {
        b = hash_find(cpu, s->ram_addr + (lin & (SOFT_TLB_PAGE - 1)), cpu->rip);
    }
    if (b && b->verify && !verify(cpu, b)) {
        b->dead = true;
        b = NULL;
    }
    if (!b || b->last > limit_left(cpu, 0) - 1) {
        b = build(cpu);
    }
    if (b != &cpu->blocks->scratch.head) {
        remember(cpu, e, b, global);
    }
    return b;
}

static inline bool fits(const X86State *cpu, const X86Block *b)
{
    return b->mode == cpu->mode && b->base == (uint32_t)cpu->seg_fast[X86_CS].base &&
           b->last <= cpu->seg[X86_CS].limit;
}

/* Whether a block whose address agrees may be entered now. */
static inline bool enterable(const X86State *cpu, const X86Block *b)
{
    return fits(cpu, b) && is_alive(b) && !b->verify;
}

static inline JumpEntry *jump_entry(X86State *cpu)
{
    uint64_t rip = cpu->rip;

    /* Few blocks are shorter than four bytes. */
    return &cpu->blocks
                ->jump[(rip >> 2 ^ rip >> (JUMP_BITS + 2)) & ((1 << JUMP_BITS) - 1)];
}

/* The block at the current address; @link, if not NULL, learns it. */
static X86Block *find(X86State *cpu, BlockLink *link)
{
    X86Blocks *bl = cpu->blocks;
    JumpEntry *e = jump_entry(cpu);
    uint32_t flushes = bl->flushes;
    X86Block *b;

    if (x86_likely(e->rip == cpu->rip && is_current(bl, e->generation) &&
                   enterable(cpu, e->block))) {
        b = e->block;
    } else {
        b = find_slow(cpu, e);
        if (flushes != bl->flushes || b == &bl->scratch.head) {
            return b;
        }
    }
    if (link) {
        *link = (BlockLink){ b, e->generation };
    }
    return b;
}

/* The block after @prev (NULL: none), which has just run to its end. */
static inline X86Block *find_next(X86State *cpu, X86Block *prev)
{
    BlockLink *link;
    X86Block *b;

    if (!prev) {
        return find(cpu, NULL);
    }
    link = &prev->link[cpu->rip != prev->end_rip];
    b = link->block;
    if (x86_likely(b && b->rip == cpu->rip &&
                   is_current(cpu->blocks, link->generation) && enterable(cpu, b))) {
        return b;
    }
    return find(cpu, link);
}

/* --- running ---------------------------------------------------------------------- */

/* Nobody says when a store changes such a block. */
static const X86Insn *run_floating(X86State *cpu, const X86Block *b)
{
    const X86Insn *i = b->insn;

    do {
        cpu->insn = i;
        i->ref(cpu, i);
        i++;
        if (i < cpu->run_end && memcmp(b->host, source_of(b), b->source_len)) {
            cpu->rip = i[-1].next_rip;
            break;
        }
    } while (i < cpu->run_end);
    return i;
}

/* The first @count instructions. */
static inline void run_part(X86State *cpu, const X86Block *b, unsigned count)
{
    const X86Insn *i = b->insn, *end = i + count;

    cpu->blocks->executed += count;
    cpu->rip = end[-1].next_rip;
    cpu->run_end = end;
    if (x86_unlikely(cpu->counted)) {
        cpu->counted_end = end;
        cpu->jit.budget -= (int32_t)count;
    }
    if (x86_unlikely(b->floating)) {
        i = run_floating(cpu, b);
    } else {
        do {
            cpu->insn = i;
            i->ref(cpu, i);
            i++;
        } while (i < cpu->run_end);
    }
    x86_give_back(cpu, i);
    cpu->insn = NULL;
}

/* Returns the block, or NULL if the budget was enough for a part of it only. */
static inline X86Block *run_block(X86State *cpu, X86Block *b)
{
    if (x86_unlikely(cpu->counted && cpu->jit.budget < b->count)) {
        run_part(cpu, b, MAX(cpu->jit.budget, 1));
        return NULL;
    }
    run_part(cpu, b, b->count);
    return b;
}

/* INT n, INT3 and INTO clear TF before it could trap. */
static bool has_interrupted(const X86State *cpu, const X86Insn *i)
{
    return i->map == 0 && i->opcode >= 0xcc && i->opcode <= 0xce &&
           cpu->rip != i->next_rip;
}

/* One instruction: under TF or breakpoints, or in an interrupt shadow; or none if a
 * virtual interrupt is due. */
static void step(X86State *cpu)
{
    X86Block *b = &cpu->blocks->scratch.head;
    bool trap = cpu->rflags & X86_FL_TF;
    unsigned shadow = cpu->irq_shadow;
    uint32_t hit = shadow & X86_SHADOW_SS
                       ? 0
                       : x86_code_breakpoint(cpu, code_linear(cpu, cpu->rip));

    if (x86_virtual_interrupt_is_due(cpu)) {
        x86_raise_gp(cpu, 0);
    }
    if (hit) {
        cpu->dr[6] |= hit;
        x86_raise(cpu, X86_EXC_DB);
    }
    decode_one(cpu, b, cpu->rip);
    cpu->irq_shadow = 0;
    /* RF has done its work; the instruction (IRET) may set it anew. */
    cpu->rflags &= ~X86_FL_RF;
    run_block(cpu, b);
    if (trap && !(cpu->irq_shadow & X86_SHADOW_SS) && !has_interrupted(cpu, b->insn)) {
        cpu->pending_db |= 1 << 14;
    }
}

/* --- translated code -----------------------------------------------------------------
 */

/* The translation of the current address that somebody has made, or NULL. */
static const void *find_translated(X86State *cpu)
{
    uint64_t lin = code_linear(cpu, cpu->rip);
    SoftTlbSide *s;
    bool global;
    JitBlock *jb;

    if (x86_is64(cpu) && !x86_is_canonical(cpu, lin)) {
        x86_raise_gp(cpu, 0);
    }
    s = x86_tlb_get(cpu, lin, SOFT_TLB_EXEC, cpu->view);
    if (!(s->flags & SOFT_TLB_RAM)) {
        return NULL;
    }
    global = s->flags & SOFT_TLB_GLOBAL;
    jb = x86_jit_find(cpu, s->ram_addr);
    if (jb && jb->crosses) {
        s = x86_tlb_get(cpu, code_linear(cpu, cpu->rip + jb->guest_bytes - 1),
                        SOFT_TLB_EXEC, cpu->view);
        if (!(s->flags & SOFT_TLB_RAM) || s->ram_addr != jb->page_addr[1]) {
            return NULL;
        }
        global = global && s->flags & SOFT_TLB_GLOBAL;
    }
    return jb ? x86_jit_remember(cpu, jb, !global) : NULL;
}

/* --- traces --------------------------------------------------------------------------
 *
 * At tier 2 a translation goes on behind direct jumps, with the block that mostly came
 * next, as long as that is known and lies in the same page. A loop back to the first
 * block is followed, too: that unrolls it.
 */
typedef struct Trace {
    X86Insn insn[TRACE_MAX];
    unsigned count, bytes, copies;
    uint64_t lines;
} Trace;

/* Jcc, JMP and CALL with a displacement. */
static bool is_direct_jump(const X86Insn *i)
{
    if (!i->row || !i->row->build || i->ref == x86_ref_ud) {
        return false;
    }
    return i->map == 0 ? i->opcode >> 4 == 7 || i->opcode == 0xe8 ||
                             i->opcode == 0xe9 || i->opcode == 0xeb
                       : i->map == 1 && i->opcode >> 4 == 8;
}

static X86Block *linked(const X86State *cpu, const BlockLink *l, uint64_t rip)
{
    return l->block && l->block->rip == rip && is_current(cpu->blocks, l->generation)
               ? l->block
               : NULL;
}

/* The block that came after @b more often than any other, or NULL. */
static const X86Block *likely_next(const X86State *cpu, const X86Block *b)
{
    const X86Insn *last = &b->insn[b->count - 1];
    const X86Block *taken = linked(cpu, &b->link[1], last->imm);
    const X86Block *not_taken = linked(cpu, &b->link[0], last->next_rip);
    unsigned heat_taken = taken ? taken->heat + 1u : 0;
    unsigned heat_not = not_taken ? not_taken->heat + 1u : 0;

    if (!is_direct_jump(last) || heat_taken == heat_not) {
        return NULL;
    }
    return heat_taken > heat_not ? taken : not_taken;
}

static void trace_add(Trace *t, const X86Block *b)
{
    memcpy(&t->insn[t->count], b->insn, b->count * sizeof(X86Insn));
    t->count += b->count;
    t->bytes += b->source_len;
    t->lines |= tcg_code_lines(b->ram_addr & (SOFT_TLB_PAGE - 1), b->source_len);
}

static bool in_trace(const Trace *t, uint64_t rip)
{
    for (unsigned k = 0; k < t->count; k++) {
        if (x86_insn_rip(&t->insn[k]) == rip) {
            return true;
        }
    }
    return false;
}

static bool can_follow(const X86State *cpu, const X86Block *head, const X86Block *b)
{
    return enterable(cpu, b) && !b->floating && !b->crosses &&
           b->page[0].page == head->page[0].page && b->page[0].gen == head->page[0].gen;
}

/* What comes after @b, number @k of the trace from @head that was made before. */
static const X86Block *next_on_path(X86State *cpu, const X86Block *head,
                                    const X86Block *b, unsigned k)
{
    const X86Insn *last = &b->insn[b->count - 1];
    uint64_t rip = head->path >> k & 1 ? last->imm : last->next_rip;
    uint64_t offset = (head->base + rip) & (SOFT_TLB_PAGE - 1);

    return k < head->steps
               ? hash_find(cpu, (head->ram_addr & -SOFT_TLB_PAGE) + offset, rip)
               : NULL;
}

/* The trace from @head; false: it is only that block. */
static bool trace_make(X86State *cpu, X86Block *head, Trace *t)
{
    const X86Block *b = head, *prev;
    bool again = head->steps;
    unsigned k = 0;

    if (jit_options()->tier < 2 || head->crosses || head->floating ||
        jit_options()->one_insn || jit_is_unlinked() || jit_options()->exact) {
        return false;
    }
    t->count = t->bytes = t->copies = 0;
    t->lines = 0;
    trace_add(t, head);
    for (;; k++) {
        prev = b;
        b = again ? next_on_path(cpu, head, b, k) : likely_next(cpu, b);
        if (!b || !can_follow(cpu, head, b) || t->count + b->count > TRACE_MAX ||
            (b != head && !t->copies && in_trace(t, b->rip)) ||
            (b == head && ++t->copies > UNROLL_MAX)) {
            break;
        }
        if (!again) {
            head->path |= (uint64_t)(b->rip != prev->end_rip) << k;
            head->steps = k + 1;
        }
        trace_add(t, b);
    }
    return t->count > head->count;
}

/* Translates a block that has been entered here; NULL: not now, or never. */
static JitBlock *translate(X86State *cpu, X86Block *b)
{
    unsigned offset = b->ram_addr & (SOFT_TLB_PAGE - 1);
    unsigned here = MIN(b->source_len, SOFT_TLB_PAGE - offset);
    JitSource src = { .insns = b->count,
                      .guest_bytes = b->source_len,
                      .guest = b->insn,
                      .insn_bytes = sizeof(X86Insn),
                      .pages = 1 + b->crosses,
                      .clock = jit_clock_start() };
    Trace trace;

    for (unsigned k = 0; k < b->count; k++) {
        __builtin_prefetch(&b->insn[k]);
    }
    for (unsigned k = 0; k < src.pages; k++) {
        src.page[k].page = (TcgCodePage *)b->page[k].page;
        src.page[k].ram_addr = b->page[k].ram_addr;
        src.page[k].gen = b->page[k].gen;
    }
    src.page[0].lines = tcg_code_lines(offset, here);
    if (b->crosses) {
        src.page[1].lines = tcg_code_lines(0, b->source_len - here);
    }
    if (trace_make(cpu, b, &trace)) {
        src.trace = true;
        src.insns = trace.count;
        src.guest_bytes = trace.bytes;
        src.guest = trace.insn;
        src.page[0].lines = trace.lines;
    }
    return x86_jit_translate(cpu, &src, &b->no_jit);
}

static bool is_global(X86State *cpu, uint64_t rip)
{
    return x86_tlb_get(cpu, code_linear(cpu, rip), SOFT_TLB_EXEC, cpu->view)->flags &
           SOFT_TLB_GLOBAL;
}

static const void *translate_and_remember(X86State *cpu, X86Block *b)
{
    bool global = is_global(cpu, b->rip);
    JitBlock *jb;

    if (b->crosses) {
        global &= is_global(cpu, last_byte(b));
    }
    jb = translate(cpu, b);

    if (!jb) {
        return NULL;
    }
    /* Room may have been made. */
    x86_jit_select(cpu);
    return x86_jit_remember(cpu, jb, !global);
}

/* The block that ran last links to, or the table remembers; NULL: look further. */
static inline X86Block *quick_find(X86State *cpu, X86Block *prev)
{
    const JumpEntry *e = jump_entry(cpu);

    if (prev) {
        const BlockLink *link = &prev->link[cpu->rip != prev->end_rip];
        X86Block *b = link->block;

        if (x86_likely(b && b->rip == cpu->rip &&
                       is_current(cpu->blocks, link->generation) &&
                       enterable(cpu, b))) {
            return b;
        }
    }
    if (e->rip == cpu->rip && is_current(cpu->blocks, e->generation)) {
        if (enterable(cpu, e->block)) {
            return e->block;
        }
        if (e->block->floating && fits(cpu, e->block) && !e->block->dead &&
            refresh(cpu, e->block, e->block->host)) {
            return e->block;
        }
    }
    return NULL;
}

/* What comes after @prev is remembered in it, even if it is translated already: traces
 * follow these links. */
static void learn(X86State *cpu, X86Block *prev)
{
    BlockLink *link = &prev->link[cpu->rip != prev->end_rip];
    const JumpEntry *e;

    if (link->block && is_current(cpu->blocks, link->generation)) {
        return;
    }
    e = jump_entry(cpu);
    if (e->rip == cpu->rip && is_current(cpu->blocks, e->generation)) {
        *link = (BlockLink){ e->block, e->generation };
    }
}

/* Runs what comes next, translated if it is or has become worth it.  Returns the block
 * that was executed by reference, or NULL. */
static X86Block *run_either(X86State *cpu, X86Block *prev)
{
    const void *code;
    X86Block *b = NULL;

    x86_jit_select(cpu);
    if (x86_unlikely(cpu->xjit->polled)) {
        cpu->xjit->polled = false;
        return run_block(cpu, find_next(cpu, prev));
    }
    if (x86_unlikely(cpu->counted && cpu->jit.budget < JIT_INSNS_MAX)) {
        return run_block(cpu, find_next(cpu, prev));
    }
    if (prev) {
        learn(cpu, prev);
    }
    code = x86_jit_peek(cpu);
    if (!code) {
        /* What has hardly run here is mostly not translated. */
        b = quick_find(cpu, prev);
        if (b ? b->heat >= jit_options()->threshold && !b->no_jit
              : cpu->rip != cpu->xjit->missed) {
            code = find_translated(cpu);
        }
    }
    if (!code) {
        if (!b) {
            b = find_next(cpu, prev);
        }
        if (b->heat < jit_options()->threshold) {
            b->heat++;
        } else if (b != &cpu->blocks->scratch.head && !b->no_jit) {
            code = translate_and_remember(cpu, b);
        }
    }
    if (code) {
        x86_jit_run(cpu, code);
        return NULL;
    }
    return run_block(cpu, b);
}

/* The same, comparing. */
static void run_lockstep(X86State *cpu)
{
    X86Block *b = find_next(cpu, NULL);
    JitBlock *jb = NULL;

    x86_jit_select(cpu);
    if (cpu->counted && cpu->jit.budget < JIT_INSNS_MAX) {
        /* no room for all of it */
    } else if (b->heat < jit_options()->threshold) {
        b->heat++;
    } else if (b != &cpu->blocks->scratch.head && !b->no_jit) {
        jb = translate(cpu, b);
    }
    if (jb) {
        x86_lockstep_run(cpu, jb);
    } else {
        run_block(cpu, b);
    }
}

/* --- the loop ------------------------------------------------------------------------
 */

/*
 * Before each block.  The pointer is that of translated code, null if the reference is
 * about to execute the block.  Scripts read this format: keep it.
 */
static void log_entry(X86State *cpu)
{
    uint64_t lin = code_linear(cpu, cpu->rip);
    char trace[96] = "";

    if (!log_in_filter(lin)) {
        return;
    }
    if (log_enabled(LOG_EXEC)) {
        g_snprintf(trace, sizeof(trace),
                   "Trace %u: 0x%012" PRIxPTR " [%016" PRIx64 "/%016" PRIx64
                   "/%08x/%08x] \n",
                   cpu->ident.apic_id, (uintptr_t)x86_jit_look(cpu), lin - cpu->rip,
                   lin, cpu->mode, 0);
    }
    if (log_enabled(LOG_CPU)) {
        x86_log_state(cpu, log_enabled(LOG_FPU), "%s", trace);
    } else {
        log_printf("%s", trace);
    }
}

static bool must_yield(X86State *cpu)
{
    cpu->yielded = vcpu_others_may_run();
    return cpu->yielded;
}

static inline bool is_spent(X86State *cpu)
{
    return cpu->counted &&
           (cpu->jit.budget + cpu->held <= 0 || (cpu->yielded && must_yield(cpu)));
}

/*
 * What must happen between two blocks; false: leave the loop. One instruction in a
 * shadow is executed alone and then everything is asked again: "sti; nop; nop; cli"
 * lets an interrupt in.
 */
static bool between_blocks(X86State *cpu)
{
    while (cpu->irq_shadow && !(cpu->mode & X86_MODE_STEP)) {
        if (__atomic_load_n(cpu->exit_request, __ATOMIC_SEQ_CST) || is_spent(cpu)) {
            return false;
        }
        step(cpu);
        if (cpu->halted || cpu->pending_db) {
            return true;
        }
    }
    if (__atomic_load_n(cpu->exit_request, __ATOMIC_SEQ_CST) || is_spent(cpu)) {
        return false;
    }
    if (x86_handle_irq(cpu) && x86_can_take_irq(cpu)) {
        /* One event at a time; translated code must not run on with the next one
         * waiting.
         */
        jit_env_kick(&cpu->jit);
    }
    return true;
}

void x86_run(X86State *cpu)
{
    bool jit_on;
    X86Block *prev;

    if (cpu->xjit && cpu->xjit->active) {
        jit_host_thread_init(cpu);
    }
    if (_setjmp(cpu->fault_env)) {
        /* Delivery may fault again and come back here. */
        if (cpu->insn) {
            x86_give_back(cpu, cpu->insn);
        }
        cpu->insn = NULL;
        x86_take_fault(cpu);
    }
    jit_on = cpu->xjit && cpu->xjit->active;
    prev = NULL;
    for (;;) {
        if (x86_unlikely(cpu->halted)) {
            if (__atomic_load_n(cpu->exit_request, __ATOMIC_SEQ_CST) || is_spent(cpu) ||
                !x86_can_take_irq(cpu)) {
                return;
            }
            x86_handle_irq(cpu);
            continue;
        }
        if (x86_unlikely(cpu->pending_db)) {
            uint64_t bits = cpu->pending_db;

            prev = NULL;
            if (cpu->irq_shadow & X86_SHADOW_SS) {
                /* MOV SS holds its traps back, too. */
                step(cpu);
                continue;
            }
            cpu->pending_db = 0;
            x86_take_trap_db(cpu, bits);
        }
        if (x86_unlikely(__atomic_load_n(&cpu->jit.poll, __ATOMIC_RELAXED))) {
            /* Before anything it may stand for is looked at. */
            __atomic_exchange_n(&cpu->jit.poll, 0, __ATOMIC_SEQ_CST);
        }
        /* Before an interrupt is taken: a request to leave must make no difference. */
        if (x86_unlikely(is_spent(cpu))) {
            return;
        }
        if (x86_unlikely(x86_wants_out(cpu))) {
            prev = NULL;
            if (!between_blocks(cpu)) {
                return;
            }
            if (cpu->halted || cpu->pending_db) {
                continue;
            }
        }
        if (x86_unlikely(log_mask & (LOG_EXEC | LOG_CPU))) {
            log_entry(cpu);
        }
        if (x86_unlikely(cpu->mode & X86_MODE_STEP)) {
            prev = NULL;
            step(cpu);
        } else {
            cpu->irq_shadow = 0;
            if (jit_on && jit_options()->lockstep && x86_lockstep_is_due(cpu)) {
                run_lockstep(cpu);
                prev = NULL;
            } else if (jit_on) {
                prev = run_either(cpu, prev);
            } else {
                prev = run_block(cpu, find_next(cpu, prev));
            }
            if (prev == &cpu->blocks->scratch.head) {
                prev = NULL;
            }
        }
    }
}
