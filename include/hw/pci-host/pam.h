/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Programmable attribute map: for each segment between 768 KiB and 1 MiB a host bridge
 * chooses whether reads and writes go to RAM or to PCI. Source: Intel 82441FX data
 * sheet (290549), section 3.2.12. Shared by i440FX and Q35. Context: BQL.
 */
#ifndef STRATA_HW_PCI_HOST_PAM_H
#define STRATA_HW_PCI_HOST_PAM_H

#include "memory/memory.h"

#define PAM_SEGMENTS  13
#define PAM_REGISTERS 7 /* the low nibble of the first has no segment */

/* One alias for each value of the two attribute bits (0 read, 1 write enable). */
typedef struct PAMSegment {
    /* private */
    MemoryRegion alias[4];
    unsigned current;
} PAMSegment;

typedef struct PAMMap {
    /* private */
    PAMSegment segment[PAM_SEGMENTS];
} PAMMap;

/* All segments start at 0, which is PCI. @owner embeds @pam. */
void pam_init(PAMMap *pam, Object *owner, MemoryRegion *system, MemoryRegion *ram,
              MemoryRegion *pci);
/* The bridge's register bytes, PAM_REGISTERS of them, are now @regs. */
void pam_update(PAMMap *pam, const uint8_t *regs);

#endif
