/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Random blocks, as a builder might make them, and the memory that they work on: eight
 * pages, of which some are slow for stores or for all, and some fault.
 */
#ifndef TESTS_UNIT_ACCEL_IR_RANDOM_H
#define TESTS_UNIT_ACCEL_IR_RANDOM_H

#include "ir-interp.h"

enum {
    RND_PAGES = 8,
    RND_BASE =
        0x10000,    /* linear address of the first page; others are mapped on them */
    RND_FIELDS = 0, /* offset in the state of the fields that blocks use */
    RND_FIELD_BYTES = 64,
};

typedef enum RndPage {
    RND_FAST,
    RND_SLOW_WRITES,
    RND_SLOW,
    RND_FAULTS,
} RndPage;

typedef struct RndMemory {
    RndPage kind[RND_PAGES];
    uint8_t bytes[(RND_PAGES + 1) * 4096];
} RndMemory;

typedef struct Rnd {
    uint64_t s;
    /* Instructions whose undefined flags depend on flags before them are followed by
     * one that overwrites all. */
    bool defined_flags;
} Rnd;

uint64_t rnd_next(Rnd *r);
/* 0 .. n-1 */
unsigned rnd_below(Rnd *r, unsigned n);

/* Fills @ir with @insns guest instructions. @fields: offset of the fields in the state.
 */
void rnd_block(Rnd *r, IrBlock *ir, unsigned insns, int fields);
void rnd_memory(Rnd *r, RndMemory *mem);
/* Registers that mostly point into the memory. */
void rnd_regs(Rnd *r, uint64_t reg[16]);

/* The byte of linear address @lin. */
void *rnd_host(RndMemory *mem, uint64_t lin);
/* Whether the access is fast; whether it faults. */
bool rnd_is_fast(const RndMemory *mem, uint64_t lin, unsigned size, bool write);
bool rnd_faults(const RndMemory *mem, uint64_t lin, unsigned size);

/* The last instruction that a slow stub for @first to @last really executes, if it goes
 * on in the dispatcher after a transfer: that of the block. Else @last. */
unsigned rnd_last_run(const IrBlock *ir, unsigned first, unsigned last);

/* The model: executes @ir, as it was built, from instruction @first to @last on @m's
 * registers. False: faulted; the state is that before instruction *@fault. */
bool rnd_run_ref(IrMachine *m, const IrBlock *ir, RndMemory *mem, unsigned first,
                 unsigned last, unsigned *fault);

#endif
