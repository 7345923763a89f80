/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Host memory objects (-object memory-backend-*): RAM behind the machine, NUMA nodes
 * and DIMMs. Context: BQL.
 */
#ifndef STRATA_MEMORY_BACKEND_H
#define STRATA_MEMORY_BACKEND_H

#include "memory/region.h"

#define TYPE_MEMORY_BACKEND       "memory-backend"
#define TYPE_MEMORY_BACKEND_RAM   "memory-backend-ram"
#define TYPE_MEMORY_BACKEND_FILE  "memory-backend-file"
#define TYPE_MEMORY_BACKEND_MEMFD "memory-backend-memfd"

typedef struct HostMemoryBackend HostMemoryBackend;

HostMemoryBackend *MEMORY_BACKEND(const void *obj);
/* The region, once the object is complete; NULL before. */
MemoryRegion *host_memory_backend_get_memory(HostMemoryBackend *backend);
bool host_memory_backend_is_mapped(HostMemoryBackend *backend);
void host_memory_backend_set_mapped(HostMemoryBackend *backend, bool mapped);
uint64_t host_memory_backend_get_size(HostMemoryBackend *backend);
/* The host page size behind it. */
uint64_t host_memory_backend_get_page_size(HostMemoryBackend *backend);
/* The name a user gave it: the id. */
const char *host_memory_backend_get_id(HostMemoryBackend *backend);
/*
 * The backend for -m without memory-backend=: anonymous, or @mem_path's (with the fall
 * back to anonymous memory and a warning that -mem-path has), preallocated on request.
 */
HostMemoryBackend *host_memory_backend_new_default(const char *ram_id, uint64_t size,
                                                   const char *mem_path, bool prealloc,
                                                   Error **errp) WARN_UNUSED;

#endif
