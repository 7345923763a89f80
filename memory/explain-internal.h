/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The slow walk of the tree for one byte. */
#ifndef STRATA_MEMORY_EXPLAIN_INTERNAL_H
#define STRATA_MEMORY_EXPLAIN_INTERNAL_H

#include "memory-internal.h"

typedef struct Answer {
    MemoryRegion *mr;
    hwaddr offset; /* in mr */
    bool readonly, nonvolatile;
} Answer;

typedef struct ExplainStep {
    MemoryRegion *mr;
    hwaddr offset; /* of the address in it */
} ExplainStep;

/*
 * Called for each region that would answer, the one that does first (@wins), with the
 * way to it from the root.
 */
typedef void ExplainFn(void *opaque, const Answer *candidate, bool wins,
                       const ExplainStep *path, unsigned depth);

/* False when nothing answers. @answer and @fn may be NULL. Context: BQL. */
bool explain_address(MemoryRegion *root, hwaddr addr, Answer *answer, ExplainFn *fn,
                     void *opaque);

#endif
