/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Host memory objects: properties, and what is done to the memory once it is there:
 * merging, dumping, NUMA policy, preallocation. Where it comes from is the kinds'
 * business.
 */
#include "memory/backend.h"

#include "hostmem-internal.h"
#include "qapi/value.h"

#include <linux/mempolicy.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

const char *const host_mem_policy_names[] = { "default", "preferred", "bind",
                                              "interleave", NULL };
/* The kernel's numbers are the same, in the same order. */
G_STATIC_ASSERT(MPOL_DEFAULT == 0 && MPOL_PREFERRED == 1 && MPOL_BIND == 2 &&
                MPOL_INTERLEAVE == 3);

HostMemoryBackend *MEMORY_BACKEND(const void *obj)
{
    return (HostMemoryBackend *)object_cast((const Object *)obj, TYPE_MEMORY_BACKEND);
}

static HostMemoryBackendClass *backend_class(HostMemoryBackend *backend)
{
    return (HostMemoryBackendClass *)object_get_class(OBJECT(backend));
}

MemoryRegion *host_memory_backend_get_memory(HostMemoryBackend *backend)
{
    return backend->completed ? &backend->mr : NULL;
}

bool host_memory_backend_is_mapped(HostMemoryBackend *backend)
{
    return backend->mapped;
}

void host_memory_backend_set_mapped(HostMemoryBackend *backend, bool mapped)
{
    backend->mapped = mapped;
}

uint64_t host_memory_backend_get_size(HostMemoryBackend *backend)
{
    return backend->size;
}

uint64_t host_memory_backend_get_page_size(HostMemoryBackend *backend)
{
    RAMBlock *rb =
        backend->completed ? memory_region_get_ram_block(&backend->mr) : NULL;

    return rb ? ram_block_get_page_size(rb) : (uint64_t)sysconf(_SC_PAGESIZE);
}

const char *host_memory_backend_get_id(HostMemoryBackend *backend)
{
    return object_get_canonical_path_component(OBJECT(backend));
}

uint32_t host_memory_backend_ram_flags(const HostMemoryBackend *backend)
{
    return (backend->share ? RAM_SHARED : 0) | (backend->reserve ? 0 : RAM_NORESERVE);
}

char *host_memory_backend_ram_name(HostMemoryBackend *backend)
{
    return backend->use_canonical_path ? object_get_canonical_path(OBJECT(backend))
                                       : g_strdup(host_memory_backend_get_id(backend));
}

bool host_memory_backend_has_size(HostMemoryBackend *backend, Error **errp)
{
    return backend->size || error_set(errp, "can't create backend with size 0");
}

/* --- Completion ---------------------------------------------------------------------
 */

static void advise(HostMemoryBackend *backend, int advice)
{
    /* Advice only: a host that cannot follow it works as well. */
    madvise(memory_region_get_ram_ptr(&backend->mr), backend->size, advice);
}

/* Highest node named, plus 1; 0: none. */
static unsigned max_node(const HostMemoryBackend *backend)
{
    for (int i = G_N_ELEMENTS(backend->host_nodes) - 1; i >= 0; i--) {
        if (backend->host_nodes[i]) {
            return 64 * i + 64 - __builtin_clzll(backend->host_nodes[i]);
        }
    }
    return 0;
}

static bool bind_nodes(HostMemoryBackend *backend, Error **errp)
{
    unsigned nodes = max_node(backend);
    uint64_t mask[MAX_HOST_NODES / 64 + 1] = { 0 };

    if (nodes && backend->policy == MPOL_DEFAULT) {
        return error_set(errp,
                         "host-nodes must be empty for policy default, or you should "
                         "explicitly specify a policy other than default");
    }
    if (!nodes && backend->policy != MPOL_DEFAULT) {
        return error_set(errp, "host-nodes must be set for policy %s",
                         host_mem_policy_names[backend->policy]);
    }
    if (!nodes) {
        return true;
    }
    memcpy(mask, backend->host_nodes, sizeof(backend->host_nodes));
    /* The kernel looks at one bit less than it is told. */
    if (syscall(SYS_mbind, memory_region_get_ram_ptr(&backend->mr), backend->size,
                backend->policy, mask, (unsigned long)nodes + 1,
                MPOL_MF_STRICT | MPOL_MF_MOVE) < 0) {
        return error_set_errno(errp, errno, "cannot bind memory to host NUMA nodes");
    }
    return true;
}

static bool preallocate(HostMemoryBackend *backend, Error **errp)
{
    return ram_prealloc(memory_region_get_ram_ptr(&backend->mr), backend->size,
                        memory_region_get_fd(&backend->mr), backend->prealloc_threads,
                        errp);
}

static bool backend_complete(Object *obj, Error **errp)
{
    HostMemoryBackend *backend = MEMORY_BACKEND(obj);

    if (!backend_class(backend)->alloc(backend, errp)) {
        return false;
    }
    backend->completed = true;
    if (backend->merge) {
        advise(backend, MADV_MERGEABLE);
    }
    if (!backend->dump) {
        advise(backend, MADV_DONTDUMP);
    }
    return bind_nodes(backend, errp) &&
           (!backend->prealloc || preallocate(backend, errp));
}

static bool backend_can_be_deleted(Object *obj)
{
    return !MEMORY_BACKEND(obj)->mapped;
}

/* --- Properties ---------------------------------------------------------------------
 */

bool host_memory_backend_check_fixed(Object *obj, const Property *prop,
                                     struct json_object *value, Error **errp)
{
    if (MEMORY_BACKEND(obj)->completed) {
        return error_set(errp, "cannot change property '%s' of %s", prop->name,
                         object_get_typename(obj));
    }
    return true;
}

static bool check_not_zero(Object *obj, const Property *prop, struct json_object *value,
                           Error **errp)
{
    uint64_t v;

    if (!value_get_size(value, prop->name, &v, errp)) {
        return false;
    }
    if (v == 0) {
        return error_set(errp, "property '%s' of %s doesn't take value '0'", prop->name,
                         object_get_typename(obj));
    }
    return prop->type == &prop_uint32 ||
           host_memory_backend_check_fixed(obj, prop, value, errp);
}

static bool check_reserve(Object *obj, const Property *prop, struct json_object *value,
                          Error **errp)
{
    HostMemoryBackend *backend = MEMORY_BACKEND(obj);
    bool reserve;

    if (!value_get_bool(value, prop->name, &reserve, errp) ||
        !host_memory_backend_check_fixed(obj, prop, value, errp)) {
        return false;
    }
    if (backend->prealloc && !reserve) {
        return error_set(errp, "'prealloc=on' and 'reserve=off' are incompatible");
    }
    return true;
}

/* These may be changed while the memory is in use. */

static bool set_prealloc(Object *obj, const Property *prop, struct json_object *value,
                         Error **errp)
{
    HostMemoryBackend *backend = MEMORY_BACKEND(obj);
    bool on;

    if (!value_get_bool(value, prop->name, &on, errp)) {
        return false;
    }
    if (on && !backend->reserve) {
        return error_set(errp, "'prealloc=on' and 'reserve=off' are incompatible");
    }
    if (on && !backend->prealloc && backend->completed && !preallocate(backend, errp)) {
        return false;
    }
    backend->prealloc = on;
    return true;
}

static struct json_object *get_prealloc(Object *obj, const Property *prop)
{
    return json_object_new_boolean(MEMORY_BACKEND(obj)->prealloc);
}

static bool set_merge(Object *obj, const Property *prop, struct json_object *value,
                      Error **errp)
{
    HostMemoryBackend *backend = MEMORY_BACKEND(obj);

    if (!value_get_bool(value, prop->name, &backend->merge, errp)) {
        return false;
    }
    if (backend->completed) {
        advise(backend, backend->merge ? MADV_MERGEABLE : MADV_UNMERGEABLE);
    }
    return true;
}

static struct json_object *get_merge(Object *obj, const Property *prop)
{
    return json_object_new_boolean(MEMORY_BACKEND(obj)->merge);
}

static bool set_dump(Object *obj, const Property *prop, struct json_object *value,
                     Error **errp)
{
    HostMemoryBackend *backend = MEMORY_BACKEND(obj);

    if (!value_get_bool(value, prop->name, &backend->dump, errp)) {
        return false;
    }
    if (backend->completed) {
        advise(backend, backend->dump ? MADV_DODUMP : MADV_DONTDUMP);
    }
    return true;
}

static struct json_object *get_dump(Object *obj, const Property *prop)
{
    return json_object_new_boolean(MEMORY_BACKEND(obj)->dump);
}

/* host-nodes: a number, text as "0-3,5", or a list of these. */

static bool add_nodes(uint64_t *nodes, uint64_t first, uint64_t last, Error **errp)
{
    if (last >= MAX_HOST_NODES || first > last) {
        return error_set(errp, "Invalid host-nodes value: %" PRIu64, last);
    }
    for (uint64_t i = first; i <= last; i++) {
        nodes[i / 64] |= (uint64_t)1 << (i % 64);
    }
    return true;
}

static bool parse_nodes(uint64_t *nodes, const char *text, Error **errp)
{
    g_auto(GStrv) parts = g_strsplit(text, ",", -1);

    for (char **p = parts; *p; p++) {
        g_auto(GStrv) ends = g_strsplit(*p, "-", 2);
        uint64_t first, last;

        if (!ends[0] || !parse_uint64(ends[0], &first) ||
            !parse_uint64(ends[1] ? ends[1] : ends[0], &last)) {
            return error_set(errp, "Parameter 'host-nodes' expects a uint16 value or "
                                   "range of such values");
        }
        if (!add_nodes(nodes, first, last, errp)) {
            return false;
        }
    }
    return true;
}

static bool collect_nodes(uint64_t *nodes, struct json_object *value, Error **errp)
{
    uint64_t n;

    if (json_object_is_type(value, json_type_array)) {
        for (size_t i = 0; i < json_object_array_length(value); i++) {
            if (!collect_nodes(nodes, json_object_array_get_idx(value, i), errp)) {
                return false;
            }
        }
        return true;
    }
    if (json_object_is_type(value, json_type_string)) {
        return parse_nodes(nodes, json_object_get_string(value), errp);
    }
    return value_get_uint64(value, "host-nodes", &n, errp) &&
           add_nodes(nodes, n, n, errp);
}

static bool set_host_nodes(Object *obj, const Property *prop, struct json_object *value,
                           Error **errp)
{
    uint64_t nodes[MAX_HOST_NODES / 64] = { 0 };

    if (!host_memory_backend_check_fixed(obj, prop, value, errp) ||
        !collect_nodes(nodes, value, errp)) {
        return false;
    }
    memcpy(MEMORY_BACKEND(obj)->host_nodes, nodes, sizeof(nodes));
    return true;
}

static struct json_object *get_host_nodes(Object *obj, const Property *prop)
{
    const uint64_t *nodes = MEMORY_BACKEND(obj)->host_nodes;
    struct json_object *list = json_object_new_array();

    for (int i = 0; i < MAX_HOST_NODES; i++) {
        if (nodes[i / 64] >> (i % 64) & 1) {
            json_object_array_add(list, json_object_new_int(i));
        }
    }
    return list;
}

#define ROW(name, field, kind, type, help, ...) \
    BACKEND_PROP(name, HostMemoryBackend, field, kind, type, help, __VA_ARGS__)
#define CUSTOM_BOOL(name_, help, fn, d)                                     \
    ROW(name_, fn, prop_bool, bool, help, .get = get_##fn, .set = set_##fn, \
        .has_default = true, .def.u = (d))

static const Property backend_props[] = {
    ROW("size", size, prop_size, uint64_t, "Size of the memory region (ex: 500M)",
        .check = check_not_zero),
    CUSTOM_BOOL("merge", "Mark memory as mergeable", merge, true),
    CUSTOM_BOOL("dump", "Set to 'off' to exclude from core dump", dump, true),
    CUSTOM_BOOL("prealloc", "Preallocate memory", prealloc, false),
    ROW("prealloc-threads", prealloc_threads, prop_uint32, uint32_t,
        "Number of CPU threads to use for prealloc", .check = check_not_zero,
        .has_default = true, .def.u = 1),
    ROW("share", share, prop_bool, bool,
        "Mark the memory as private to the process or shared",
        .check = host_memory_backend_check_fixed, .has_default = true),
    ROW("reserve", reserve, prop_bool, bool,
        "Reserve swap space (or huge pages) if applicable", .check = check_reserve,
        .has_default = true, .def.u = true),
    ROW("policy", policy, prop_enum, int, "Set the NUMA policy",
        .values = host_mem_policy_names, .check = host_memory_backend_check_fixed,
        .has_default = true),
    PROP_CUSTOM("host-nodes", "Binds memory to the list of NUMA host nodes",
                get_host_nodes, set_host_nodes),
    ROW("x-use-canonical-path-for-ramblock-id", use_canonical_path, prop_bool, bool,
        NULL, .check = host_memory_backend_check_fixed, .has_default = true),
};

static const char *const mandatory[] = { "size", NULL };

static void backend_class_init(ObjectClass *klass, const void *data)
{
    UserCreatableClass *uc = object_class_cast(klass, TYPE_USER_CREATABLE);

    uc->complete = backend_complete;
    uc->can_be_deleted = backend_can_be_deleted;
    uc->mandatory = mandatory;
    OBJECT_CLASS_ADD_PROPERTIES(klass, backend_props);
}

static const char *const interfaces[] = { TYPE_USER_CREATABLE, NULL };

static const TypeInfo backend_info = {
    .name = TYPE_MEMORY_BACKEND,
    .parent = TYPE_OBJECT,
    .instance_size = sizeof(HostMemoryBackend),
    .class_size = sizeof(HostMemoryBackendClass),
    .class_init = backend_class_init,
    .abstract = true,
    .interfaces = interfaces,
};
TYPE_REGISTER(backend_info);

/* --- The default: -m, -mem-path, -mem-prealloc ------------------------------------ */

static HostMemoryBackend *make_default(const char *type, const char *ram_id,
                                       uint64_t size, const char *mem_path,
                                       bool prealloc, Error **errp)
{
    struct json_object *props = json_object_new_object();
    Object *obj;

    json_object_object_add(props, "size", value_new_uint64(size));
    if (mem_path) {
        json_object_object_add(props, "mem-path", json_object_new_string(mem_path));
    }
    if (prealloc) {
        json_object_object_add(props, "prealloc", json_object_new_boolean(true));
    }
    obj = user_creatable_add(type, ram_id, props, errp);
    json_object_put(props);
    return obj ? MEMORY_BACKEND(obj) : NULL;
}

/*
 * A pool of huge pages that is exhausted is no reason to fail unless all the memory was
 * wanted at once; every other trouble with the path is the user's to solve.
 */
HostMemoryBackend *host_memory_backend_new_default(const char *ram_id, uint64_t size,
                                                   const char *mem_path, bool prealloc,
                                                   Error **errp)
{
    HostMemoryBackend *backend;
    Error *err = NULL;

    if (!mem_path) {
        return make_default(TYPE_MEMORY_BACKEND_RAM, ram_id, size, NULL, prealloc,
                            errp);
    }
    backend =
        make_default(TYPE_MEMORY_BACKEND_FILE, ram_id, size, mem_path, prealloc, &err);
    if (backend) {
        return backend;
    }
    if (prealloc || !ram_path_is_hugetlbfs(mem_path)) {
        error_propagate(errp, err);
        return NULL;
    }
    warn_report_err(err);
    warn_report("falling back to regular RAM allocation");
    return make_default(TYPE_MEMORY_BACKEND_RAM, ram_id, size, NULL, false, errp);
}
