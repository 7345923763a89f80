/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * String instructions: MOVS, STOS, LODS, CMPS, SCAS, INS, OUTS, with REP forms.
 *
 * Registers are committed after each element, so that a fault or an interrupt finds a
 * state from which the instruction goes on.  On plain RAM, forward, the instructions
 * work on as many elements as lie in one page, or pair of pages, at once ("runs"). MOVS
 * onto its own source, which programs use to fill memory with a pattern, is a run too.
 */
#include "accel/target/i386/access.h"
#include "accel/target/i386/refs-int.h"
#include "accel/target/i386/system.h"

#include <string.h>

/* Macros write the functions for all sizes: the formatter cannot follow. */
/* clang-format off */

static inline uint64_t index_get(const X86State *cpu, const X86Insn *i, unsigned reg)
{
    return cpu->regs[reg].q << i->adshift >> i->adshift;
}

static inline void index_set(X86State *cpu, const X86Insn *i, unsigned reg, uint64_t v)
{
    if (i->adshift == 48) {
        cpu->regs[reg].w = v;
    } else {
        cpu->regs[reg].q = v << i->adshift >> i->adshift;
    }
}

static inline void index_step(X86State *cpu, const X86Insn *i, unsigned reg, int64_t n)
{
    index_set(cpu, i, reg, cpu->regs[reg].q + n);
}

static inline bool is_repeated(const X86Insn *i)
{
    return i->flags & (X86_I_REP | X86_I_REPNE);
}

/* After an element with more to come: true if something else wants the CPU first. */
static inline bool must_pause(X86State *cpu, const X86Insn *i)
{
    if (x86_unlikely(x86_wants_out(cpu) || cpu->mode & X86_MODE_STEP ||
                     !cpu->run_end)) {
        x86_end_block_at(cpu, x86_insn_rip(i));
        if (cpu->counted && !(cpu->mode & X86_MODE_STEP)) {
            cpu->jit.budget++; /* it counts when it is done */
        }
        return true;
    }
    return false;
}

/* Runs @step as the REP prefix says; @step returns false to end (CMPS, SCAS). */
typedef bool StepFn(X86State *cpu, const X86Insn *i);

static inline void repeat(X86State *cpu, const X86Insn *i, StepFn *step)
{
    uint64_t count;

    if (!is_repeated(i)) {
        step(cpu, i);
        return;
    }
    count = index_get(cpu, i, X86_RCX);
    while (count) {
        bool more = step(cpu, i);

        index_set(cpu, i, X86_RCX, --count);
        if (!more || (count && must_pause(cpu, i))) {
            break;
        }
    }
}

/* How many bytes from seg:ea are in one page and within the segment; *host is where. */
static uint64_t page_run(X86State *cpu, unsigned seg, uint64_t ea, SoftTlbAccess access,
                         uint8_t **host)
{
    const X86SegFast *sf = &cpu->seg_fast[seg];
    uint64_t lin = sf->base + ea, n = SOFT_TLB_PAGE - (lin & (SOFT_TLB_PAGE - 1));
    uint64_t end = access == SOFT_TLB_WRITE ? sf->write_end : sf->read_end;

    *host = x86_fast_ptr(cpu, seg, ea, 1, access);
    if (!*host) {
        return 0;
    }
    return end - ea < n ? end - ea : n;
}

/* Bytes that fit before the index register wraps. */
static uint64_t until_wrap(const X86Insn *i, uint64_t ea)
{
    uint64_t last = ~0ull >> i->adshift;

    return last - ea;
}

static uint64_t min_u64(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

/* @to lies in [from, from + n): what was copied is the source of what follows, so the
 * bytes between the two repeat. Each step doubles what is there. */
static void fill_pattern(uint8_t *to, const uint8_t *from, uint64_t n)
{
    uint64_t distance = to - from, done = 0;

    while (done < n) {
        uint64_t k = min_u64(distance + done, n - done);

        memcpy(to + done, from, k);
        done += k;
    }
}

/* REP MOVS of many elements inside one source and one destination page.
 * Returns how many elements were moved, 0 if it must be done one by one. */
static uint64_t movs_run(X86State *cpu, const X86Insn *i, uint64_t count, unsigned size)
{
    uint64_t si = index_get(cpu, i, X86_RSI), di = index_get(cpu, i, X86_RDI), n;
    uint8_t *from, *to;

    if (cpu->df_step < 0) {
        return 0;
    }
    n = min_u64(page_run(cpu, i->seg, si, SOFT_TLB_READ, &from),
                page_run(cpu, X86_ES, di, SOFT_TLB_WRITE, &to));
    n = min_u64(n, min_u64(until_wrap(i, si), until_wrap(i, di)));
    n = min_u64(n / size, count) * size;
    if (!n) {
        return 0;
    }
    if (to > from && to < from + n) {
        if ((uint64_t)(to - from) < size) {
            return 0;
        }
        fill_pattern(to, from, n);
    } else {
        memmove(to, from, n);
    }
    index_set(cpu, i, X86_RSI, si + n);
    index_set(cpu, i, X86_RDI, di + n);
    return n / size;
}

static uint64_t stos_run(X86State *cpu, const X86Insn *i, uint64_t count, unsigned size)
{
    uint64_t di = index_get(cpu, i, X86_RDI), n, v = cpu->regs[X86_RAX].q;
    uint8_t *to;

    if (cpu->df_step < 0) {
        return 0;
    }
    n = min_u64(page_run(cpu, X86_ES, di, SOFT_TLB_WRITE, &to), until_wrap(i, di));
    n = min_u64(n / size, count) * size;
    if (!n) {
        return 0;
    }
    if (v == (v & 0xff) * 0x0101010101010101ull || size == 1) {
        memset(to, (uint8_t)v, n);
    } else if (size == 2) {
        for (uint64_t k = 0; k < n; k += 2) {
            *(x86_u16u *)(to + k) = v;
        }
    } else if (size == 4) {
        for (uint64_t k = 0; k < n; k += 4) {
            *(x86_u32u *)(to + k) = v;
        }
    } else {
        for (uint64_t k = 0; k < n; k += 8) {
            *(x86_u64u *)(to + k) = v;
        }
    }
    index_set(cpu, i, X86_RDI, di + n);
    return n / size;
}

typedef uint64_t RunFn(X86State *cpu, const X86Insn *i, uint64_t count, unsigned size);

static inline void repeat_runs(X86State *cpu, const X86Insn *i, unsigned size, RunFn *run,
                               StepFn *step)
{
    uint64_t count;

    if (!is_repeated(i)) {
        step(cpu, i);
        return;
    }
    count = index_get(cpu, i, X86_RCX);
    while (count) {
        uint64_t n = cpu->mode & X86_MODE_STEP ? 0 : run(cpu, i, count, size);

        if (!n) {
            step(cpu, i);
            n = 1;
        }
        count -= n;
        index_set(cpu, i, X86_RCX, count);
        if (count && must_pause(cpu, i)) {
            break;
        }
    }
}

/* REPE goes on while ZF is set, REPNE while it is clear. */
static inline bool compare_more(X86State *cpu, const X86Insn *i)
{
    return x86_zf(cpu) == !(i->flags & X86_I_REPNE);
}

/* As RunFn; *more is cleared by the element that ends the instruction. */
typedef uint64_t CompareRunFn(X86State *cpu, const X86Insn *i, uint64_t count, bool *more);

static inline void repeat_compare(X86State *cpu, const X86Insn *i, CompareRunFn *run,
                                  StepFn *step)
{
    uint64_t count;
    bool more = true;

    if (!is_repeated(i)) {
        step(cpu, i);
        return;
    }
    count = index_get(cpu, i, X86_RCX);
    while (count && more) {
        uint64_t n = cpu->mode & X86_MODE_STEP || cpu->df_step < 0
                         ? 0
                         : run(cpu, i, count, &more);

        if (!n) {
            more = step(cpu, i);
            n = 1;
        }
        count -= n;
        index_set(cpu, i, X86_RCX, count);
        if (count && more && must_pause(cpu, i)) {
            break;
        }
    }
}

/* How many of @n bytes at @a and @b are equal, in steps of 8, at least. */
static inline uint64_t equal_bytes(const uint8_t *a, const uint8_t *b, uint64_t n)
{
    uint64_t k = 0;

    while (k + 8 <= n && *(const x86_u64u *)(a + k) == *(const x86_u64u *)(b + k)) {
        k += 8;
    }
    return k;
}

#define DEFINE_STRING(W)                                                              \
    static bool movs_step_##W(X86State *cpu, const X86Insn *i)                        \
    {                                                                                 \
        uint##W##_t v = x86_ld##W(cpu, i->seg, index_get(cpu, i, X86_RSI));           \
        x86_st##W(cpu, X86_ES, index_get(cpu, i, X86_RDI), v);                        \
        index_step(cpu, i, X86_RSI, cpu->df_step * (W / 8));                          \
        index_step(cpu, i, X86_RDI, cpu->df_step * (W / 8));                          \
        return true;                                                                  \
    }                                                                                 \
    static bool stos_step_##W(X86State *cpu, const X86Insn *i)                        \
    {                                                                                 \
        x86_st##W(cpu, X86_ES, index_get(cpu, i, X86_RDI), RN_##W(X86_RAX));          \
        index_step(cpu, i, X86_RDI, cpu->df_step * (W / 8));                          \
        return true;                                                                  \
    }                                                                                 \
    static bool lods_step_##W(X86State *cpu, const X86Insn *i)                        \
    {                                                                                 \
        uint##W##_t v = x86_ld##W(cpu, i->seg, index_get(cpu, i, X86_RSI));           \
        WN_##W(X86_RAX, v);                                                           \
        index_step(cpu, i, X86_RSI, cpu->df_step * (W / 8));                          \
        return true;                                                                  \
    }                                                                                 \
    static bool cmps_step_##W(X86State *cpu, const X86Insn *i)                        \
    {                                                                                 \
        uint64_t a = x86_ld##W(cpu, i->seg, index_get(cpu, i, X86_RSI));              \
        uint64_t b = x86_ld##W(cpu, X86_ES, index_get(cpu, i, X86_RDI));              \
        x86_flags_sub(cpu, a, b, a - b, W);                                           \
        index_step(cpu, i, X86_RSI, cpu->df_step * (W / 8));                          \
        index_step(cpu, i, X86_RDI, cpu->df_step * (W / 8));                          \
        return compare_more(cpu, i);                                                  \
    }                                                                                 \
    static bool scas_step_##W(X86State *cpu, const X86Insn *i)                        \
    {                                                                                 \
        uint64_t a = RN_##W(X86_RAX);                                                 \
        uint64_t b = x86_ld##W(cpu, X86_ES, index_get(cpu, i, X86_RDI));              \
        x86_flags_sub(cpu, a, b, a - b, W);                                           \
        index_step(cpu, i, X86_RDI, cpu->df_step * (W / 8));                          \
        return compare_more(cpu, i);                                                  \
    }                                                                                 \
    static uint64_t cmps_run_##W(X86State *cpu, const X86Insn *i, uint64_t count,     \
                                 bool *more)                                          \
    {                                                                                 \
        uint64_t si = index_get(cpu, i, X86_RSI), di = index_get(cpu, i, X86_RDI);    \
        bool same = !(i->flags & X86_I_REPNE);                                        \
        uint8_t *from, *to;                                                           \
        uint64_t n = min_u64(page_run(cpu, i->seg, si, SOFT_TLB_READ, &from),         \
                             page_run(cpu, X86_ES, di, SOFT_TLB_READ, &to)), k;       \
        const PTR_##W *a = (const PTR_##W *)from, *b = (const PTR_##W *)to;           \
        n = min_u64(n, min_u64(until_wrap(i, si), until_wrap(i, di)));                \
        n = min_u64(n / (W / 8), count);                                              \
        if (!n) {                                                                     \
            return 0;                                                                 \
        }                                                                             \
        k = same ? equal_bytes(from, to, n * (W / 8)) / (W / 8) : 0;                  \
        while (k < n && (a[k] == b[k]) == same) {                                     \
            k++;                                                                      \
        }                                                                             \
        *more = k == n;                                                               \
        k += k < n;                                                                   \
        x86_flags_sub(cpu, a[k - 1], b[k - 1], (uint64_t)a[k - 1] - b[k - 1], W);     \
        index_set(cpu, i, X86_RSI, si + k * (W / 8));                                 \
        index_set(cpu, i, X86_RDI, di + k * (W / 8));                                 \
        return k;                                                                     \
    }                                                                                 \
    static uint64_t scas_run_##W(X86State *cpu, const X86Insn *i, uint64_t count,     \
                                 bool *more)                                          \
    {                                                                                 \
        uint64_t di = index_get(cpu, i, X86_RDI), k = 0;                              \
        bool same = !(i->flags & X86_I_REPNE);                                        \
        uint##W##_t a = RN_##W(X86_RAX);                                              \
        uint8_t *to;                                                                  \
        uint64_t n = page_run(cpu, X86_ES, di, SOFT_TLB_READ, &to);                   \
        const PTR_##W *b = (const PTR_##W *)to;                                       \
        n = min_u64(min_u64(n, until_wrap(i, di)) / (W / 8), count);                  \
        if (!n) {                                                                     \
            return 0;                                                                 \
        }                                                                             \
        if (W == 8 && !same) {                                                        \
            const uint8_t *hit = memchr(to, (uint8_t)a, n);                           \
            k = hit ? (uint64_t)(hit - to) : n;                                       \
        }                                                                             \
        while (k < n && (a == b[k]) == same) {                                        \
            k++;                                                                      \
        }                                                                             \
        *more = k == n;                                                               \
        k += k < n;                                                                   \
        x86_flags_sub(cpu, a, b[k - 1], (uint64_t)a - b[k - 1], W);                   \
        index_set(cpu, i, X86_RDI, di + k * (W / 8));                                 \
        return k;                                                                     \
    }                                                                                 \
    REF(movs_##W)                                                                     \
    {                                                                                 \
        repeat_runs(cpu, i, W / 8, movs_run, movs_step_##W);                          \
    }                                                                                 \
    REF(stos_##W)                                                                     \
    {                                                                                 \
        repeat_runs(cpu, i, W / 8, stos_run, stos_step_##W);                          \
    }                                                                                 \
    REF(lods_##W)                                                                     \
    {                                                                                 \
        repeat(cpu, i, lods_step_##W);                                                \
    }                                                                                 \
    REF(cmps_##W)                                                                     \
    {                                                                                 \
        repeat_compare(cpu, i, cmps_run_##W, cmps_step_##W);                          \
    }                                                                                 \
    REF(scas_##W)                                                                     \
    {                                                                                 \
        repeat_compare(cpu, i, scas_run_##W, scas_step_##W);                          \
    }

FOR_SIZES(DEFINE_STRING)

#define STRING_SET(name)                                                              \
    const X86RefSet x86_##name = { { name##_8, name##_16, name##_32, name##_64 },     \
                                   { name##_8, name##_16, name##_32, name##_64 } };
STRING_SET(movs)
STRING_SET(stos)
STRING_SET(lods)
STRING_SET(cmps)
STRING_SET(scas)

/* --- INS, OUTS: at most 32 bits ---------------------------------------------------------- */

static inline bool ins_step(X86State *cpu, const X86Insn *i, unsigned size)
{
    uint64_t di = index_get(cpu, i, X86_RDI);
    uint32_t v;

    /* Reading the port has effects: the store must not fail afterwards. */
    x86_probe(cpu, X86_ES, di, size, SOFT_TLB_WRITE);
    v = x86_io_in(cpu, RN_16(X86_RDX), size);
    if (size == 1) {
        x86_st8(cpu, X86_ES, di, v);
    } else if (size == 2) {
        x86_st16(cpu, X86_ES, di, v);
    } else {
        x86_st32(cpu, X86_ES, di, v);
    }
    index_step(cpu, i, X86_RDI, cpu->df_step * (int)size);
    return true;
}

static inline bool outs_step(X86State *cpu, const X86Insn *i, unsigned size)
{
    uint64_t si = index_get(cpu, i, X86_RSI);
    uint32_t v = size == 1   ? x86_ld8(cpu, i->seg, si)
                 : size == 2 ? x86_ld16(cpu, i->seg, si)
                             : x86_ld32(cpu, i->seg, si);

    x86_io_out(cpu, RN_16(X86_RDX), v, size);
    index_step(cpu, i, X86_RSI, cpu->df_step * (int)size);
    return true;
}

#define DEFINE_IO(W)                                                                  \
    static bool ins_step_##W(X86State *cpu, const X86Insn *i)                         \
    {                                                                                 \
        return ins_step(cpu, i, W / 8);                                               \
    }                                                                                 \
    static bool outs_step_##W(X86State *cpu, const X86Insn *i)                        \
    {                                                                                 \
        return outs_step(cpu, i, W / 8);                                              \
    }                                                                                 \
    REF(ins_##W)                                                                      \
    {                                                                                 \
        x86_check_io(cpu, RN_16(X86_RDX), W / 8);                                     \
        repeat(cpu, i, ins_step_##W);                                                 \
    }                                                                                 \
    REF(outs_##W)                                                                     \
    {                                                                                 \
        x86_check_io(cpu, RN_16(X86_RDX), W / 8);                                     \
        repeat(cpu, i, outs_step_##W);                                                \
    }

DEFINE_IO(8)
DEFINE_IO(16)
DEFINE_IO(32)

const X86RefSet x86_ins = { { ins_8, ins_16, ins_32, ins_32 }, { NULL } };
const X86RefSet x86_outs = { { outs_8, outs_16, outs_32, outs_32 }, { NULL } };
