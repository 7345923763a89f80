/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Keeping the children of a container in order; region.c is the only user. */
#ifndef STRATA_MEMORY_CHILDREN_INTERNAL_H
#define STRATA_MEMORY_CHILDREN_INTERNAL_H

#include "memory-internal.h"

/* @sub has its final address, priority and order. */
void children_insert(struct MemoryRegionTree *tree, MemoryRegion *sub);
/* Before any of these change. */
void children_remove(struct MemoryRegionTree *tree, MemoryRegion *sub);

/* After its size changed. */
void children_resized(struct MemoryRegionTree *tree, MemoryRegion *sub);

#endif
