/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Resolving an access, for address-space.c and map.c. */
#ifndef STRATA_MEMORY_ACCESS_INTERNAL_H
#define STRATA_MEMORY_ACCESS_INTERNAL_H

#include "memory/address-space.h"

/* What the first byte of an access hits. */
typedef struct Target {
    MemoryRegion *mr; /* never NULL */
    hwaddr offset;    /* in mr */
    hwaddr len;       /* not more than was asked for */
    uint8_t *host;    /* NULL: by dispatch */
    ram_addr_t ram_addr;
    bool via_iommu;
} Target;

/* Inside a read section; @len > 0. */
Target find_target(AddressSpace *as, hwaddr addr, hwaddr len, bool is_write,
                   MemTxAttrs attrs);
/* One host access when aligned and 1, 2, 4 or 8 bytes. */
void copy_from_ram(void *buf, const void *host, hwaddr len);
void copy_to_ram(void *host, const void *buf, hwaddr len);

#endif
