/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the kinds of host memory share. */
#ifndef STRATA_MEMORY_BACKENDS_HOSTMEM_INTERNAL_H
#define STRATA_MEMORY_BACKENDS_HOSTMEM_INTERNAL_H

#include "memory/backend.h"
#include "memory/ram-block.h"

#define MAX_HOST_NODES 128

struct HostMemoryBackend {
    Object parent_obj;
    /* properties */
    uint64_t size;
    bool merge, dump, prealloc, share, reserve, use_canonical_path;
    uint32_t prealloc_threads;
    int policy;
    uint64_t host_nodes[MAX_HOST_NODES / 64];

    bool completed; /* mr exists */
    bool mapped;    /* somebody uses it as the guest's memory */
    MemoryRegion mr;
};

typedef struct HostMemoryBackendClass {
    ObjectClass parent_class;
    /* Initialize mr. */
    bool (*alloc)(HostMemoryBackend *backend, Error **errp);
} HostMemoryBackendClass;

/* A property row with its help. */
#define BACKEND_PROP(name_, S, field_, kind, type_, help, ...)                   \
    {                                                                            \
        PROP_(name_, S, field_, kind, type_), .description = (help), __VA_ARGS__ \
    }

/* For a row's check: what is fixed once the memory is there. */
bool host_memory_backend_check_fixed(Object *obj, const Property *prop,
                                     struct json_object *value, Error **errp);
/* RAM_* flags that the common properties ask for. */
uint32_t host_memory_backend_ram_flags(const HostMemoryBackend *backend);
/* The name of the RAM block: id, or path for old machines. Caller frees. */
char *host_memory_backend_ram_name(HostMemoryBackend *backend);
/* "can't create backend with size 0". */
bool host_memory_backend_has_size(HostMemoryBackend *backend, Error **errp);

extern const char *const host_mem_policy_names[];

#endif
