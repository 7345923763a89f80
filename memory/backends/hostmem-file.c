/* SPDX-License-Identifier: GPL-2.0-or-later */
/* memory-backend-file: memory that is a file, or an unlinked file in a directory. */
#include "hostmem-internal.h"
#include "qapi/value.h"

typedef struct FileBackend {
    HostMemoryBackend parent_obj;
    char *mem_path;
    uint64_t align;
    bool discard_data, readonly, pmem;
} FileBackend;

static bool file_alloc(HostMemoryBackend *backend, Error **errp)
{
    FileBackend *f = (FileBackend *)backend;
    g_autofree char *name = NULL;
    uint32_t flags = host_memory_backend_ram_flags(backend);

    if (!host_memory_backend_has_size(backend, errp)) {
        return false;
    }
    if (!f->mem_path) {
        return error_set(errp, "mem-path property not set");
    }
    name = host_memory_backend_ram_name(backend);
    flags |= f->readonly ? RAM_READONLY : 0;
    if (!memory_region_init_ram_from_file(&backend->mr, OBJECT(backend), name,
                                          backend->size, f->align, flags, f->mem_path,
                                          f->readonly, errp)) {
        return false;
    }
    ram_block_set_discard_at_end(memory_region_get_ram_block(&backend->mr),
                                 f->discard_data);
    return true;
}

static bool check_pmem(Object *obj, const Property *prop, struct json_object *value,
                       Error **errp)
{
    bool on;

    if (!value_get_bool(value, prop->name, &on, errp) ||
        !host_memory_backend_check_fixed(obj, prop, value, errp)) {
        return false;
    }
    if (on) {
        return error_set(errp,
                         "Lack of libpmem support while setting the 'pmem=on' of %s. "
                         "We can't ensure data persistence.",
                         object_get_typename(obj));
    }
    return true;
}

/* The block asks when it is unmapped, which is after this object is gone. */
static bool set_discard_data(Object *obj, const Property *prop,
                             struct json_object *value, Error **errp)
{
    FileBackend *f = (FileBackend *)obj;

    if (!value_get_bool(value, prop->name, &f->discard_data, errp)) {
        return false;
    }
    if (f->parent_obj.completed) {
        ram_block_set_discard_at_end(memory_region_get_ram_block(&f->parent_obj.mr),
                                     f->discard_data);
    }
    return true;
}

static struct json_object *get_discard_data(Object *obj, const Property *prop)
{
    return json_object_new_boolean(((FileBackend *)obj)->discard_data);
}

#define ROW(name, field, kind, type, ...)                    \
    BACKEND_PROP(name, FileBackend, field, kind, type, NULL, \
                 .check = host_memory_backend_check_fixed, __VA_ARGS__)

static const Property file_props[] = {
    ROW("mem-path", mem_path, prop_str, char *, .has_default = false),
    ROW("align", align, prop_size, uint64_t, .has_default = true),
    ROW("readonly", readonly, prop_bool, bool, .has_default = true),
    BACKEND_PROP("discard-data", FileBackend, discard_data, prop_bool, bool, NULL,
                 .has_default = true, .set = set_discard_data, .get = get_discard_data),
    BACKEND_PROP("pmem", FileBackend, pmem, prop_bool, bool, NULL, .check = check_pmem,
                 .has_default = true),
};

static const char *const mandatory[] = { "mem-path", "size", NULL };

static void file_class_init(ObjectClass *klass, const void *data)
{
    UserCreatableClass *uc = object_class_cast(klass, TYPE_USER_CREATABLE);

    uc->mandatory = mandatory;
    ((HostMemoryBackendClass *)klass)->alloc = file_alloc;
    OBJECT_CLASS_ADD_PROPERTIES(klass, file_props);
}

static const TypeInfo file_info = {
    .name = TYPE_MEMORY_BACKEND_FILE,
    .parent = TYPE_MEMORY_BACKEND,
    .instance_size = sizeof(FileBackend),
    .class_init = file_class_init,
};
TYPE_REGISTER(file_info);
