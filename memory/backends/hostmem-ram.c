/* SPDX-License-Identifier: GPL-2.0-or-later */
/* memory-backend-ram: anonymous memory. */
#include "hostmem-internal.h"

static bool ram_alloc(HostMemoryBackend *backend, Error **errp)
{
    g_autofree char *name = NULL;

    if (!host_memory_backend_has_size(backend, errp)) {
        return false;
    }
    name = host_memory_backend_ram_name(backend);
    return memory_region_init_ram_flags(&backend->mr, OBJECT(backend), name,
                                        backend->size,
                                        host_memory_backend_ram_flags(backend), errp);
}

static void ram_class_init(ObjectClass *klass, const void *data)
{
    ((HostMemoryBackendClass *)klass)->alloc = ram_alloc;
}

static const TypeInfo ram_info = {
    .name = TYPE_MEMORY_BACKEND_RAM,
    .parent = TYPE_MEMORY_BACKEND,
    .class_init = ram_class_init,
};
TYPE_REGISTER(ram_info);
