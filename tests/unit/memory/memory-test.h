/* SPDX-License-Identifier: GPL-2.0-or-later */
/* An owner of one region, and what the memory tests check again and again. */
#ifndef STRATA_TESTS_MEMORY_TEST_H
#define STRATA_TESTS_MEMORY_TEST_H

#include "memory/explain-internal.h"
#include "memory/memory-internal.h"
#include "memory/memory.h"
#include "util/bql.h"

typedef struct TestOwner {
    Object parent_obj;
    MemoryRegion mr;
    int serial;
} TestOwner;

/* Owners finalized since the program began. */
extern int test_owners_finalized;

TestOwner *test_owner_new(void);
/* A container, with @ops or not. */
TestOwner *test_container(const char *name, uint64_t size);
TestOwner *test_io(const char *name, uint64_t size);
TestOwner *test_ram(const char *name, uint64_t size);
TestOwner *test_alias(const char *name, TestOwner *target, hwaddr offset,
                      uint64_t size);
/* Answers reads with @name's first character in every byte. */
extern const MemoryRegionOps test_io_ops;

/* M1-M3 for one address space: against the slow walk and against a full render. */
void test_check_view(AddressSpace *as);
/* Let all callbacks run. Context: BQL, which is dropped meanwhile. */
void test_drain(void);

/* A listener that keeps what it was told, and checks it against the view (M4). */
typedef struct Recorder {
    MemoryListener listener;
    GArray *sections; /* MemoryRegionSection */
    unsigned adds, dels, commits, begins;
    GArray *events; /* MemoryRegionIoeventfd, size 0: coalesced (data is the size) */
} Recorder;
void recorder_init(Recorder *r, AddressSpace *as);
void recorder_destroy(Recorder *r);
void recorder_check(Recorder *r);

#endif
