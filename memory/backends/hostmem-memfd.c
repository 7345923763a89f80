/* SPDX-License-Identifier: GPL-2.0-or-later */
/* memory-backend-memfd: memory with a file descriptor and no name; huge pages. */
#include "hostmem-internal.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#ifndef MFD_HUGE_SHIFT
#define MFD_HUGE_SHIFT 26
#endif

typedef struct MemfdBackend {
    HostMemoryBackend parent_obj;
    bool hugetlb, seal;
    uint64_t hugetlbsize;
} MemfdBackend;

/* The flags that ask for huge pages of the size wanted. */
static bool huge_flags(const MemfdBackend *m, unsigned *flags, Error **errp)
{
    *flags = 0;
    if (!m->hugetlb) {
        return true;
    }
    *flags = MFD_HUGETLB;
    if (m->hugetlbsize & (m->hugetlbsize - 1)) {
        return error_set(errp, "Hugepage size must be a power of 2");
    }
    if (m->hugetlbsize) {
        *flags |= (unsigned)__builtin_ctzll(m->hugetlbsize) << MFD_HUGE_SHIFT;
    }
    return true;
}

static int make_memfd(const MemfdBackend *m, const char *name, Error **errp)
{
    unsigned flags;
    int fd;

    if (!huge_flags(m, &flags, errp)) {
        return -1;
    }
    flags |= MFD_CLOEXEC | (m->seal ? MFD_ALLOW_SEALING : 0);
    fd = memfd_create(name, flags);
    if (fd < 0) {
        error_set_errno(errp, errno, "failed to create memfd");
        return -1;
    }
    if (ftruncate(fd, (off_t)m->parent_obj.size) < 0) {
        error_set_errno(errp, errno, "failed to resize memfd to %" PRIu64,
                        m->parent_obj.size);
        close(fd);
        return -1;
    }
    if (m->seal &&
        fcntl(fd, F_ADD_SEALS, F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL) < 0) {
        error_set_errno(errp, errno, "failed to seal memfd");
        close(fd);
        return -1;
    }
    return fd;
}

static bool memfd_alloc(HostMemoryBackend *backend, Error **errp)
{
    g_autofree char *name = NULL;
    int fd;

    if (!host_memory_backend_has_size(backend, errp)) {
        return false;
    }
    name = host_memory_backend_ram_name(backend);
    fd = make_memfd((MemfdBackend *)backend, name, errp);
    if (fd < 0) {
        return false;
    }
    if (!memory_region_init_ram_from_fd(
            &backend->mr, OBJECT(backend), name, backend->size,
            host_memory_backend_ram_flags(backend), fd, 0, errp)) {
        close(fd);
        return false;
    }
    return true;
}

#define ROW(name, field, kind, type, help, d)                                   \
    BACKEND_PROP(name, MemfdBackend, field, kind, type, help,                   \
                 .check = host_memory_backend_check_fixed, .has_default = true, \
                 .def.u = (d))

static const Property memfd_props[] = {
    ROW("hugetlb", hugetlb, prop_bool, bool, "Use huge pages", false),
    ROW("hugetlbsize", hugetlbsize, prop_size, uint64_t, "Huge pages size (ex: 2M, 1G)",
        0),
    ROW("seal", seal, prop_bool, bool, "Seal growing & shrinking", true),
};

static void memfd_class_init(ObjectClass *klass, const void *data)
{
    ((HostMemoryBackendClass *)klass)->alloc = memfd_alloc;
    OBJECT_CLASS_ADD_PROPERTIES(klass, memfd_props);
    /* Without sharing, the descriptor would be of no use to anybody. */
    object_class_set_default(klass, "share", true);
}

static const TypeInfo memfd_info = {
    .name = TYPE_MEMORY_BACKEND_MEMFD,
    .parent = TYPE_MEMORY_BACKEND,
    .instance_size = sizeof(MemfdBackend),
    .class_init = memfd_class_init,
};
TYPE_REGISTER(memfd_info);
