/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Printing the memory map. Context: BQL. */
#ifndef STRATA_MEMORY_MTREE_INTERNAL_H
#define STRATA_MEMORY_MTREE_INTERNAL_H

#include "memory-internal.h"
#include "qapi/text.h"

typedef enum MtreeFlags {
    MTREE_OWNER = 1 << 0,
    MTREE_DISABLED = 1 << 1,
    MTREE_DISPATCH = 1 << 2,
} MtreeFlags;

void mtree_print_trees(HmpOut *out, MtreeFlags flags);
void mtree_print_views(HmpOut *out, MtreeFlags flags);
void mtree_explain(HmpOut *out, AddressSpace *as, hwaddr addr);
/* The radix layout of @view (mtree-dispatch.c). */
void mtree_print_dispatch(HmpOut *out, const FlatView *view, const MemoryRegion *root);

#endif
