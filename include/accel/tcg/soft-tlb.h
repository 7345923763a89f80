/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The software TLB: from a guest-linear page to a host pointer, for one vCPU and one
 * privilege view.
 *
 * It is direct-mapped.  An entry has a tag for reads and one for writes; a tag is the
 * linear address of the page when the access may go straight to host memory, and a
 * value that no address with this index can have otherwise.  One subtraction-free
 * compare answers "same page, and the access does not leave it":
 *
 *     (addr ^ tag) <= SOFT_TLB_PAGE - size
 *
 * Everything that is not plain RAM (MMIO, pages with decoded code, pages whose dirty
 * bits are wanted, unaligned accesses across a page end, addresses beyond the linear
 * space) fails the compare and takes the slow path, which looks at the side record.
 * Only the thread of the vCPU reads or writes its TLB; others queue a flush request.
 */
#ifndef ACCEL_TCG_SOFT_TLB_H
#define ACCEL_TCG_SOFT_TLB_H

#include <stdbool.h>
#include <stdint.h>

enum {
    SOFT_TLB_PAGE_BITS = 12,
    SOFT_TLB_PAGE = 1 << SOFT_TLB_PAGE_BITS,
    SOFT_TLB_BITS = 12,
    SOFT_TLB_ENTRIES = 1 << SOFT_TLB_BITS,
};

typedef enum SoftTlbAccess {
    SOFT_TLB_READ,
    SOFT_TLB_WRITE,
    SOFT_TLB_EXEC,
} SoftTlbAccess;

/* What generated code looks at.  Whether code may be fetched only the side record says.
 */
typedef struct SoftTlbEntry {
    uint64_t tag[2];  /* SOFT_TLB_READ, SOFT_TLB_WRITE */
    uintptr_t host;   /* of the page: host address = offset in the page + host */
    uintptr_t addend; /* host address = linear address + addend */
} SoftTlbEntry;

_Static_assert(sizeof(SoftTlbEntry) == 32, "generated code scales by 32");

/* What the slow path knows of an entry's page without walking again. */
typedef struct SoftTlbSide {
    uint64_t page;     /* linear page that this record is about, or ~0 */
    uint64_t phys;     /* guest-physical page */
    uint64_t ram_addr; /* offset in the RAM space; only with SOFT_TLB_RAM */
    uint32_t flags;
} SoftTlbSide;

enum {
    SOFT_TLB_RAM = 1 << 0,    /* addend is good for reads */
    SOFT_TLB_PERM_R = 1 << 1, /* the page tables allow it */
    SOFT_TLB_PERM_W = 1 << 2,
    SOFT_TLB_PERM_X = 1 << 3,
    SOFT_TLB_RAM_W = 1 << 4, /* the memory is writable RAM */
    SOFT_TLB_GLOBAL = 1 << 5,
    SOFT_TLB_BIG = 1 << 6,     /* part of a large page: goes with all of it */
    SOFT_TLB_DIRTY_D = 1 << 7, /* the D bit is known to be set */
    SOFT_TLB_SHIFT = 8, /* from this bit on: log2 of the size of the guest's page */
};

/* An entry that was taken out and may come back. */
typedef struct SoftTlbParked {
    SoftTlbSide side;
    uintptr_t host;
    uint32_t view; /* the caller's */
} SoftTlbParked;

enum { SOFT_TLB_WORDS = SOFT_TLB_ENTRIES / 64 };

_Static_assert(SOFT_TLB_WORDS <= 64, "local_words has a bit for each");

typedef struct SoftTlb {
    SoftTlbEntry entry[SOFT_TLB_ENTRIES];
    SoftTlbSide side[SOFT_TLB_ENTRIES];
    /* Which entries were filled since they were last cleared: a flush looks at no
     * others. */
    uint64_t local[SOFT_TLB_WORDS], global[SOFT_TLB_WORDS];
    uint64_t local_words; /* those of local[] that are not 0 */
    /* All large pages lie in here; first > last: there are none. */
    uint64_t big_first, big_last;
} SoftTlb;

static inline unsigned soft_tlb_index(uint64_t addr)
{
    return (addr >> SOFT_TLB_PAGE_BITS) & (SOFT_TLB_ENTRIES - 1);
}

static inline bool soft_tlb_hit(uint64_t addr, uint64_t tag, unsigned size)
{
    return (addr ^ tag) <= (uint64_t)(SOFT_TLB_PAGE - size);
}

/* Takes down that entry @n, whose side record is new, was filled. */
static inline void soft_tlb_filled(SoftTlb *tlb, unsigned n)
{
    const SoftTlbSide *s = &tlb->side[n];
    uint64_t bit = 1ull << (n % 64);

    if (s->flags & SOFT_TLB_GLOBAL) {
        tlb->global[n / 64] |= bit;
        tlb->local[n / 64] &= ~bit;
    } else {
        tlb->local[n / 64] |= bit;
        tlb->local_words |= 1ull << (n / 64);
        tlb->global[n / 64] &= ~bit;
    }
    if (s->flags & SOFT_TLB_BIG) {
        tlb->big_first = s->page < tlb->big_first ? s->page : tlb->big_first;
        tlb->big_last = s->page > tlb->big_last ? s->page : tlb->big_last;
    }
}

/* Makes all of it invalid, whatever it holds. */
void soft_tlb_reset(SoftTlb *tlb);

/* Forgets everything. */
void soft_tlb_flush(SoftTlb *tlb);

/* Forgets all but the global pages. */
void soft_tlb_flush_non_global(SoftTlb *tlb);

/* The same, but the first @room entries go to @to. Their number. */
unsigned soft_tlb_park(SoftTlb *tlb, SoftTlbParked *to, unsigned room);
/* Puts an entry back, with no access fast yet; false: its place is taken. */
bool soft_tlb_unpark(SoftTlb *tlb, const SoftTlbParked *p);

/* Forgets the page of @addr, all of it if it is large. */
void soft_tlb_flush_page(SoftTlb *tlb, uint64_t addr);

/* Makes each store into the RAM page @ram_addr take the slow path again. */
void soft_tlb_protect(SoftTlb *tlb, uint64_t ram_addr);

#endif
