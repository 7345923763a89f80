/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Page walk and TLB fill.
 */
#ifndef ACCEL_TARGET_I386_MMU_H
#define ACCEL_TARGET_I386_MMU_H

#include "accel/target/i386/system.h"

/* Page fault error code, SDM volume 3A, 4.7 */
enum {
    X86_PF_P = 1,
    X86_PF_W = 2,
    X86_PF_U = 4,
    X86_PF_RSVD = 8,
    X86_PF_I = 16,
};

enum { X86_WALK_LEVELS = 5 };

/* Table entries */
#define PTE_P    (1ull << 0)
#define PTE_W    (1ull << 1)
#define PTE_U    (1ull << 2)
#define PTE_PWT  (1ull << 3)
#define PTE_PCD  (1ull << 4)
#define PTE_A    (1ull << 5)
#define PTE_D    (1ull << 6)
#define PTE_PS   (1ull << 7)
#define PTE_G    (1ull << 8)
#define PTE_NX   (1ull << 63)
#define PTE_PHYS 0x000ffffffffff000ull

typedef struct X86Walk {
    uint64_t phys;          /* of the page (4 KiB) that holds the address */
    bool write_ok, exec_ok; /* for the view that asked */
    bool global, big;
    uint8_t shift; /* log2 of the page's size; 0 without paging */
    bool dirty;    /* D is set: stores need no further walk */
} X86Walk;

/*
 * Translates @lin for an access of the view.  Sets accessed bits, and the dirty bit for
 * a write.  Returns -1, or the error code of the page fault.
 */
int x86_walk(X86State *cpu, uint64_t lin, SoftTlbAccess access, X86View view,
             X86Walk *out);

/*
 * Whether a walk would find for @s, a record of the view, what it says, and the entries
 * on the way have their accessed bits, so that a processor may hold that translation
 * without an access. Changes nothing.
 */
typedef struct X86Walker X86Walker;
bool x86_walk_agrees(X86Walker *w, const SoftTlbSide *s, X86View view);

/* What successive walks share. The tables may not be flushed between them. */
struct X86Walker {
    X86State *cpu;
    uint64_t lin;
    unsigned size; /* of an entry: 4 or 8 */
    unsigned count;
    struct X86TableEntry {
        uint64_t addr; /* physical */
        uint64_t value;
    } entry[X86_WALK_LEVELS];
    uint64_t all,
        any;        /* bits of the entries before the last: in each, in one of them */
    unsigned shift; /* of the page found; 0: none */
    bool quiet;     /* reads memory only, never a device; keeps the next two */
    const void *table; /* in host memory, where the last entry is, or NULL */
    uint64_t reserved; /* bits of a last entry for 4 KiB */
};

/* Recomputes the tags of the page of @lin after its page was marked or untracked. */
void x86_tlb_refresh(X86State *cpu, uint64_t lin, X86View view);

/* The TLB record of @lin with the right for @access, filled if needed; raises #PF. */
SoftTlbSide *x86_tlb_get(X86State *cpu, uint64_t lin, SoftTlbAccess access,
                         X86View view);

static inline void *x86_tlb_host(X86State *cpu, X86View view, uint64_t lin)
{
    return (void *)(uintptr_t)(lin +
                               cpu->views[view].entry[soft_tlb_index(lin)].addend);
}

static inline unsigned x86_phys_space(const X86State *cpu)
{
    return cpu->in_smm;
}

#endif
