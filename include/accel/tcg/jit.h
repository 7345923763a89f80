/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Translated code: its cache, its blocks, how they are found, linked and invalidated.
 *
 * Blocks are shared by all vCPUs. A block is keyed by the RAM address of its first
 * byte, its pc, the target's mode word and a second target word (i386: the base of CS),
 * and is dead when a page it was made from has a new generation (code-pages.h). Each
 * block begins with an instruction of at least 5 bytes at an aligned word: to kill a
 * block it is replaced by a call or jump, so that whoever comes along an old link or
 * jump cache entry leaves to the dispatcher.
 *
 * Between blocks all guest registers of JitTarget.host_reg are in host registers, the
 * arithmetic flags in JitEnv.flags, and the vector files where JitEnv.vec_live says.
 * C code never runs while vector files are live: the way out of generated code and the
 * way into reference functions store them first (x64/vec-state.h).
 */
#ifndef ACCEL_TCG_JIT_H
#define ACCEL_TCG_JIT_H

#include "accel/tcg/code-pages.h"
#include "accel/tcg/ir.h"
#include "accel/tcg/jit-env.h"

#include <stddef.h>

typedef struct JitBlock JitBlock;

/* What generated code must know of a target's state. Offsets are from the start of the
 * state, which GS points to. */
typedef struct JitTarget {
    const char *name;
    int32_t reg_off[16]; /* of each guest register, 8 bytes */
    int8_t host_reg[16]; /* the host register (number of its encoding) that it lives in,
                            or -1: in the state only */
    int32_t pc_off;      /* uint64_t, valid outside of generated code */
    int32_t env_off;     /* JitEnv */
    int32_t view_off[4]; /* SoftTlb of each view */
    /* The vector files.  MXCSR, x87 registers and XMM registers lie in an image of
       FXSAVE (64-bit form), on 16 bytes.  Of the x87 part FOP, FIP and FDP are never
       written by generated code. */
    int32_t fxsave_off;
    int32_t ymmh_off; /* 16 x 16 bytes: bits 255:128; on 16 bytes */
    /* Executes guest instructions [first, first + count) of block @b by their reference
     * functions, on the state (all of it is exact). True: go on behind them in
     * generated code; false: the pc is set, back to the dispatcher, behind the first
     * transfer among them if not all were executed. May not return (longjmp on a
     * fault). The flags are in JitEnv.flags before, and after if true. */
    bool (*run_refs)(void *state, JitBlock *b, unsigned first, unsigned count);
} JitTarget;

/* A place where a block can be left towards a constant pc. */
typedef struct JitExit {
    JitBlock *from;
    uint64_t pc;
    uint8_t *site; /* rel32 (writable alias), aligned to 4, NULL: not to be linked */
    JitBlock *to;  /* linked to, or NULL */
    struct JitExit *next; /* of those linked to the same block */
    const uint8_t *stub;  /* the back end's: where the site goes while not linked */
} JitExit;

/*
 * Where small code goes on when a routine that it has called for an access finds that
 * to be slow. Offsets are from the block's entry.
 */
typedef struct JitSlow {
    uint16_t at; /* return address of the call */
    uint16_t
        to; /* from the cold code's start if .count is 0 or .copy[0] JIT_SLOW_COLD */
    uint8_t first, count; /* guest instructions to be executed; 0: .to sees to that */
    uint8_t copy[2];      /* guest registers that the scratch registers then hold */
} JitSlow;
enum { JIT_SLOW_MAX = 192, JIT_SLOW_NO_COPY = 0xff, JIT_SLOW_COLD = 0xfe };

/* Everything that a translation depends on, besides the bytes. i386: base and limit of
 * CS (0 and ~0 in 64-bit code). */
typedef struct JitKey {
    uint64_t ram_addr, pc;
    uint32_t mode, base, limit;
} JitKey;

enum { JIT_EXITS_MAX = 2 + 46, JIT_INSNS_MAX = 56 };

struct JitBlock {
    /* What a look-up reads: one cache line */
    JitKey key;
    const void *entry; /* executable address */
    JitBlock *hash_next;
    bool dead; /* atomic */
    bool crosses;
    bool self_check; /* compares its source when it is entered; its pages are not
                        tracked for it */
    bool hot;        /* known to be: its code is fast rather than small */
    uint8_t samples; /* how often it was met; translation lock */
    uint8_t vec;
    uint8_t tier;
    uint8_t region;
    uint8_t salt; /* IrBlock.salt */
    uint16_t insns;
    uint16_t exits;
    /* What a slow access reads: another line */
    uint32_t code_bytes, guest_bytes, cold_bytes;
    /* The target's decoded instructions (i386: X86Insn[insns]). Of these only
     * [refs_first, refs_end) are there, in the block's memory: those that run_refs()
     * may be asked for, by the back end; all of them under lockstep. */
    uint8_t refs_first, refs_end; /* equal: none */
    uint16_t slows;
    const void *guest;
    const JitSlow *slow; /* behind .exit; by .at */
    const void *cold;    /* the back end's: the start of its cold code */
    JitBlock *region_next;
    /* Atomic, relaxed; several vCPUs may lose a count. jit_note_group_stub(): how
     * often, since when (TSC). */
    uint32_t group_stubs;
    uint64_t group_since;
    /* The back end's: a second way in, which only the block itself takes, and what
     * leaves there; or NULL. */
    const void *loop, *loop_leave;
    uint64_t page_addr[2]; /* RAM pages; [1] only if it crosses */
    uint64_t lines[2];     /* 64-byte lines of each */
    uint32_t gen[2];
    JitBlock *page_next[2];
    JitExit *incoming; /* translation lock */
    JitExit exit[];
};

/* Memory that a block may need without its instructions until it has been emitted, and
 * where it ends then. */
enum {
    JIT_BLOCK_BYTES_MAX = sizeof(JitBlock) + JIT_EXITS_MAX * sizeof(JitExit) +
                          JIT_SLOW_MAX * sizeof(JitSlow)
};
static inline void *jit_block_end(JitBlock *b)
{
    return (uint8_t *)&b->exit[b->exits] + b->slows * sizeof(JitSlow);
}

/* --- the back end (x64/): everything that knows bytes of the host. Context:
 * translation lock, unless said otherwise ------ */

/* Where code is written: @p and @end through the writable mapping; executable address =
 * p + to_exec. */
typedef struct JitBuf {
    uint8_t *p, *end;
    ptrdiff_t to_exec;
    bool overflow;
} JitBuf;

/* Whether this host can run generated code; false: @why says what is missing (BMI2,
 * FSGSBASE, ...). */
bool jit_host_usable(const char **why);
/* Emits what all blocks share: enter, leave, the way into reference functions. Once. */
void jit_host_setup(const JitTarget *target, JitBuf *buf);
/* @block_at: finds the block with executable address @code in its hot code; no lock.
 * Before the first block runs. */
void jit_host_set_finder(JitBlock *(*block_at)(const void *code));
/* Points GS to @state. On the vCPU's thread, before it enters. */
void jit_host_thread_init(void *state);
/*
 * Lowers @ir into @hot and @cold and fills b->entry, code_bytes, cold_bytes, exits,
 * exit[] (at most JIT_EXITS_MAX). False: no room in a buffer (their overflow is set) or
 * the block cannot be lowered.
 */
bool jit_host_emit(const JitTarget *target, IrBlock *ir, JitBlock *b, JitBuf *hot,
                   JitBuf *cold);
/*
 * Executes @code (an entry) on @state until something leaves. Then the pc and all
 * registers and the vector files are in the state, the flags in JitEnv.flags,
 * JitEnv.exit names the exit or is NULL. vCPU thread; no lock.
 */
void jit_host_enter(void *state, const void *code);
/* Atomic stores into code that others may be executing. */
void jit_host_link(JitExit *e, const void *entry);
void jit_host_unlink(JitExit *e);
/* From now on exit @e, while it is not linked, looks into the jump cache before it
 * leaves; what it does not find leaves without naming an exit. Any thread that has just
 * left through it. */
void jit_host_probe(JitExit *e);
/* What code of all blocks so far is for: kinds, bytes, occurrences. */
typedef struct JitCodeUse {
    const char *name;
    uint64_t count, bytes;
} JitCodeUse;
const JitCodeUse *jit_host_code_uses(unsigned *count);
/* Entries of @b go to the dispatcher from now on (@to NULL), or to @to. */
void jit_host_kill(JitBlock *b, const void *to);
/* --- the runtime (jit/) --------------------------------------------------------------
 */

typedef struct Error Error;

/* What "-accel tcg,..." asks for. */
typedef struct JitOptions {
    unsigned tier; /* 0: none, 1, 2 */
    size_t cache_bytes;
    unsigned passes; /* IR_PASS_* */
    bool one_insn;   /* blocks of one instruction, no traces */
    bool counted;    /* generated code counts instructions (JitEnv.budget) */
    bool exact;      /* ... each as it is executed: no traces */
    bool no_links;   /* fault injection: every exit goes to the dispatcher */
    bool all_slow;   /* fault injection: every CHECK takes its slow stub */
    bool all_polls;  /* fault injection: every POLL leaves */
    bool all_hot;    /* every block is taken for hot: fast code from the start */
    bool lockstep, coverage, perf_map, jitdump;
    unsigned lockstep_sample; /* compare a block each so many instructions; 0: all, or
                                 no lockstep */
    unsigned threshold; /* executions by the reference before a block is translated */
    uint64_t only_first, only_last; /* translate only blocks that begin in this range */
} JitOptions;

/* In force from the next jit_start() on. Context: BQL, before the first vCPU. */
void jit_set_options(const JitOptions *options);
const JitOptions *jit_options(void);
/* Whether every block goes back to the dispatcher and stands alone: by an option, or
 * for the log. Any thread. */
bool jit_is_unlinked(void);
/* Makes the code cache; does nothing when tier is 0 or it exists. Context: BQL. */
bool jit_start(const JitTarget *target, Error **errp);
/* Whether blocks are translated. Constant after jit_start(). */
bool jit_active(void);
const JitTarget *jit_target(void);

/* A block to be translated. */
typedef struct JitSource {
    JitKey key;
    unsigned insns, guest_bytes;
    const void *guest; /* the instructions, which the block may keep copies of */
    size_t insn_bytes; /* of each */
    unsigned pages;    /* 1 or 2 */
    struct {
        TcgCodePage *page;
        uint64_t ram_addr;
        uint32_t gen; /* at which the bytes were decoded */
        uint64_t lines;
    } page[2];
    bool self_check;
    bool trace;     /* more than one block of the guest's */
    uint64_t clock; /* jit_clock_start() when work on it began */
    /* Fills @ir from @guest; false: leave it to the reference. */
    bool (*build)(void *opaque, IrBlock *ir, const void *guest);
    void *opaque;
} JitSource;

/* For JitSource.clock: a cheap one. Any thread. */
uint64_t jit_clock_start(void);
/*
 * The block of @src->key: an existing one, or a fresh translation; NULL when there is
 * none for now (the bytes have changed, the cache waits for other vCPUs) or for good
 * (then *@never is set). @self: the calling vCPU's reader or NULL. Its jump cache must
 * be emptied before it is used again if jit_epoch() has changed.
 */
JitBlock *jit_translate(const JitSource *src, TcgReader *self, bool *never);
/*
 * Invalidate what was translated from [ram_addr, ram_addr + len), in one page; any
 * thread. Called by tcg_code_written() with the page's record, after the store.
 */
void jit_invalidate(TcgCodePage *page, uint64_t ram_addr, unsigned len);
/* Kills all blocks: what they were made for has changed. Any thread. */
void jit_drop_all(void);
/* The block of @key, alive, or NULL. No lock. */
JitBlock *jit_find(const JitKey *key);
/* The block, dead or alive, with executable address @code in its hot code. No lock; for
 * code that the caller executes. */
JitBlock *jit_block_at(const void *code);
/* Makes exit @e (of generated code that has just left through it) go to @to. */
void jit_link(JitExit *e, JitBlock *to);
/* A slow stub has executed several instructions of @b. vCPU thread, no lock. */
void jit_note_group_stub(JitBlock *b);
/* Looks at what generated code has left in JitEnv.sample, and asks for more. Blocks
 * may be killed. vCPU thread, no lock. */
void jit_take_samples(JitEnv *env);
/*
 * Of memory at @p, which is filled from its start on, @used bytes are used. Pages that
 * are about to be are made by the kernel many at a time: a page fault for each costs
 * several times as much. @ready: how many bytes have been. Any thread.
 */
void jit_prepare(uint8_t *p, size_t used, size_t *ready, size_t size);
/* A fresh salt: never 0, never seen before. Any thread. */
uint64_t jit_new_salt(void);
/* Changes when memory of blocks is about to be reused: whoever holds pointers to code
 * or blocks drops them before it goes on. */
uint64_t jit_epoch(void);
/* The vCPU holds no pointers from before @epoch. */
void jit_reader_passed(TcgReader *reader, uint64_t epoch);

#endif
