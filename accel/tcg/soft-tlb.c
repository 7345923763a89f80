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

void soft_tlb_reset(SoftTlb *tlb)
{
    for (unsigned n = 0; n < SOFT_TLB_ENTRIES; n++) {
        entry_clear(tlb, n);
    }
    memset(tlb->local, 0, sizeof(tlb->local));
    tlb->local_words = 0;
    memset(tlb->global, 0, sizeof(tlb->global));
    tlb->big_first = UINT64_MAX;
    tlb->big_last = 0;
}

void soft_tlb_flush(SoftTlb *tlb)
{
    soft_tlb_flush_non_global(tlb);
    for (unsigned w = 0; w < SOFT_TLB_WORDS; w++) {
        for (uint64_t left = tlb->global[w]; left; left &= left - 1) {
            entry_clear(tlb, w * 64 + (unsigned)__builtin_ctzll(left));
        }
        tlb->global[w] = 0;
    }
    tlb->big_first = UINT64_MAX;
    tlb->big_last = 0;
}

void soft_tlb_flush_non_global(SoftTlb *tlb)
{
    soft_tlb_park(tlb, NULL, 0);
}

unsigned soft_tlb_park(SoftTlb *tlb, SoftTlbParked *to, unsigned room)
{
    unsigned count = 0;

    for (; tlb->local_words; tlb->local_words &= tlb->local_words - 1) {
        unsigned w = (unsigned)__builtin_ctzll(tlb->local_words);

        for (uint64_t left = tlb->local[w]; left; left &= left - 1) {
            unsigned n = w * 64 + (unsigned)__builtin_ctzll(left);

            if (count < room && tlb->side[n].page != ~0ull) {
                to[count].side = tlb->side[n];
                to[count++].host = tlb->entry[n].host;
            }
            entry_clear(tlb, n);
        }
        tlb->local[w] = 0;
    }
    return count;
}

bool soft_tlb_unpark(SoftTlb *tlb, const SoftTlbParked *p)
{
    unsigned n = soft_tlb_index(p->side.page);

    if (tlb->side[n].page != ~0ull) {
        return false;
    }
    tlb->side[n] = p->side;
    tlb->entry[n].host = p->host;
    tlb->entry[n].addend = p->host - p->side.page;
    soft_tlb_filled(tlb, n);
    return true;
}

/* Entries of the large page that @addr lies in. */
static void flush_big(SoftTlb *tlb, uint64_t addr)
{
    for (unsigned w = 0; w < SOFT_TLB_WORDS; w++) {
        for (uint64_t left = tlb->local[w] | tlb->global[w]; left; left &= left - 1) {
            unsigned n = w * 64 + (unsigned)__builtin_ctzll(left);
            const SoftTlbSide *s = &tlb->side[n];

            if (s->flags & SOFT_TLB_BIG &&
                !((s->page ^ addr) >> (s->flags >> SOFT_TLB_SHIFT))) {
                entry_clear(tlb, n);
            }
        }
    }
}

void soft_tlb_flush_page(SoftTlb *tlb, uint64_t addr)
{
    const uint64_t largest = 1ull << 30;
    unsigned n = soft_tlb_index(addr);

    /* A page of the largest kind may begin that far before the part that is in. */
    if (tlb->big_first <= tlb->big_last && (addr | (largest - 1)) >= tlb->big_first &&
        (addr & ~(largest - 1)) <= tlb->big_last) {
        flush_big(tlb, addr);
    }
    if (tlb->side[n].page == (addr & ~(uint64_t)(SOFT_TLB_PAGE - 1))) {
        entry_clear(tlb, n);
    }
}

void soft_tlb_protect(SoftTlb *tlb, uint64_t ram_addr)
{
    for (unsigned w = 0; w < SOFT_TLB_WORDS; w++) {
        for (uint64_t left = tlb->local[w] | tlb->global[w]; left; left &= left - 1) {
            unsigned n = w * 64 + (unsigned)__builtin_ctzll(left);
            const SoftTlbSide *s = &tlb->side[n];

            if (s->ram_addr == ram_addr && s->flags & SOFT_TLB_RAM) {
                tlb->entry[n].tag[SOFT_TLB_WRITE] =
                    n == SOFT_TLB_ENTRIES - 1 ? 0 : ~0ull;
            }
        }
    }
}
