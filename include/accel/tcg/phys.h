/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Physical memory and I/O ports as an executing vCPU sees them: only the slow paths
 * come here.  The real one (accel/tcg/phys.c) stands on the memory core; unit tests
 * bring flat RAM.
 */
#ifndef ACCEL_TCG_PHYS_H
#define ACCEL_TCG_PHYS_H

#include <stdbool.h>
#include <stdint.h>

typedef struct TcgPhys TcgPhys;

typedef struct TcgPhysPage {
    void *host;        /* first byte of the page */
    uint64_t ram_addr; /* offset in the RAM space */
    bool readonly;
} TcgPhysPage;

/*
 * Context: thread of the vCPU, inside its read section, BQL not held.
 * @space: 0 for normal accesses, 1 for the SMM view.
 */
typedef struct TcgPhysOps {
    /* False: the page is not one piece of RAM or ROM; use read and write. */
    bool (*lookup)(TcgPhys *phys, unsigned space, uint64_t addr, TcgPhysPage *page);
    /* @size 1, 2, 4 or 8, any alignment within a page. */
    uint64_t (*read)(TcgPhys *phys, unsigned space, uint64_t addr, unsigned size);
    void (*write)(TcgPhys *phys, unsigned space, uint64_t addr, uint64_t v,
                  unsigned size);
    uint32_t (*io_read)(TcgPhys *phys, uint16_t port, unsigned size);
    void (*io_write)(TcgPhys *phys, uint16_t port, uint32_t v, unsigned size);
    /* A store into RAM has happened. Returns true if the page needs no marking of
     * further stores. */
    bool (*mark_dirty)(TcgPhys *phys, uint64_t ram_addr, unsigned len);
    /* Whether stores to the page need no marking now. */
    bool (*is_dirty)(TcgPhys *phys, uint64_t ram_addr);
} TcgPhysOps;

struct TcgPhys {
    const TcgPhysOps *ops;
    void *opaque;
};

#endif
