/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Showing memory to people: the formats of the monitor's "x" and "xp". */
#ifndef STRATA_MEMORY_DUMP_H
#define STRATA_MEMORY_DUMP_H

#include "memory/types.h"
#include "util/disas.h"
#include "util/error.h"

struct HmpOut;
struct HmpArgs;

/* Read @len bytes at @addr; false when there is no memory. */
typedef bool MemoryDumpReadFn(void *opaque, uint64_t addr, void *buf, unsigned len);

/*
 * Dump as the arguments "format" (/COUNT FORMAT SIZE) and "addr" say. What is not given
 * is as it was last time. @arch: for the format "i". Context: BQL.
 */
void memory_dump(struct HmpOut *out, struct HmpArgs *args, MemoryDumpReadFn *read,
                 void *opaque, DisasArch arch);
/* Write @size bytes from @addr on to a new file, read by @read. */
bool memory_save(const char *filename, uint64_t addr, uint64_t size,
                 MemoryDumpReadFn *read, void *opaque, Error **errp);

#endif
