/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Invalidation of the software TLB.  Filling is the business of the target's MMU.
 *
 * An invalid tag is all ones, which as an address belongs to the last index; the last
 * entry therefore uses 0, which belongs to the first.
 */
#include "accel/tcg/soft-tlb.h"

#include <string.h>

static void entry_clear(SoftTlb *tlb, unsigned n)
{
    uint64_t invalid = n == SOFT_TLB_ENTRIES - 1 ? 0 : ~0ull;

    for (unsigned k = 0; k < 2; k++) {
        tlb->entry[n].tag[k] = invalid;
    }
    tlb->side[n].page = ~0ull;
}

void soft_tlb_flush(SoftTlb *tlb)
{
    if (!tlb->used) {
        return;
    }
    memset(tlb->entry, 0xff, sizeof(tlb->entry));
    for (unsigned n = 0; n < SOFT_TLB_ENTRIES; n++) {
        tlb->side[n].page = ~0ull;
    }
    entry_clear(tlb, SOFT_TLB_ENTRIES - 1);
    tlb->used = false;
    tlb->has_big = false;
}

void soft_tlb_flush_non_global(SoftTlb *tlb)
{
    if (!tlb->used) {
        return;
    }
    for (unsigned n = 0; n < SOFT_TLB_ENTRIES; n++) {
        if (tlb->side[n].page != ~0ull && !(tlb->side[n].flags & SOFT_TLB_GLOBAL)) {
            entry_clear(tlb, n);
        }
    }
}

void soft_tlb_flush_page(SoftTlb *tlb, uint64_t addr)
{
    unsigned n = soft_tlb_index(addr);

    if (tlb->has_big) {
        for (unsigned k = 0; k < SOFT_TLB_ENTRIES; k++) {
            if (tlb->side[k].flags & SOFT_TLB_BIG) {
                entry_clear(tlb, k);
            }
        }
    }
    if (tlb->side[n].page == (addr & ~(uint64_t)(SOFT_TLB_PAGE - 1))) {
        entry_clear(tlb, n);
    }
}

void soft_tlb_protect(SoftTlb *tlb, uint64_t ram_addr)
{
    if (!tlb->used) {
        return;
    }
    for (unsigned n = 0; n < SOFT_TLB_ENTRIES; n++) {
        if (tlb->side[n].ram_addr == ram_addr && tlb->side[n].flags & SOFT_TLB_RAM) {
            tlb->entry[n].tag[SOFT_TLB_WRITE] = n == SOFT_TLB_ENTRIES - 1 ? 0 : ~0ull;
        }
    }
}
