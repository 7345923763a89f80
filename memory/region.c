/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Regions: making them, and changing their shape. Each change tells the transaction
 * what it may have damaged, at once and where the truth is: what a region contains in
 * its own offsets, its place or visibility in its container's (docs/memory-model.md).
 */
#include "memory/region.h"

#include "children-internal.h"
#include "memory-internal.h"
#include "qapi/value.h"
#include "ram-internal.h"
#include "util/bql.h"

#include <string.h>
#include <unistd.h>

static uint64_t next_order; /* BQL; a guest can move BARs for years */

struct MemoryRegionTree *region_tree(MemoryRegion *mr)
{
    if (!mr->tree) {
        mr->tree = g_new0(struct MemoryRegionTree, 1);
    }
    return mr->tree;
}

static Int128 size_from_arg(uint64_t size)
{
    return size == UINT64_MAX ? SIZE_2_64 : (Int128)size;
}

/* The region's own span; false when it is empty. */
static bool own_span(Int128 size, Span *span)
{
    if (size == 0) {
        return false;
    }
    *span = (Span){ 0, size > SIZE_2_64 - 1 ? UINT64_MAX : (hwaddr)size - 1 };
    return true;
}

/* --- Making -------------------------------------------------------------------------
 */

/* Names become path components: '/', '[', ']' and '\' are written as \xNN. */
static char *child_name(const char *name)
{
    GString *s = g_string_new(NULL);

    for (const char *p = name; *p; p++) {
        if (strchr("/[]\\", *p)) {
            g_string_append_printf(s, "\\x%02x", (unsigned char)*p);
        } else {
            g_string_append_c(s, *p);
        }
    }
    g_string_append(s, "[*]");
    return g_string_free(s, FALSE);
}

/* Where regions without an owner live; NULL before there is a machine. */
static Object *unattached(void)
{
    if (!object_get_child(object_get_root(), "machine")) {
        return NULL;
    }
    return container_get(object_get_root(), "/machine/unattached");
}

static void setup(void *storage, size_t storage_size, const char *type, Object *owner,
                  const char *name, uint64_t size)
{
    MemoryRegion *mr = storage;
    Object *parent = owner ? owner : unattached();

    object_initialize(mr, storage_size, type);
    mr->ops = &unassigned_mem_ops;
    mr->size = size_from_arg(size);
    mr->owner = owner;
    mr->enabled = true;
    mr->name = g_strdup(name);
    if (name && parent) {
        g_autofree char *child = child_name(name);

        object_property_add_child(parent, child, OBJECT(mr));
        object_unref(mr);
    }
}

void memory_region_init(MemoryRegion *mr, Object *owner, const char *name,
                        uint64_t size)
{
    setup(mr, sizeof(*mr), TYPE_MEMORY_REGION, owner, name, size);
}

void memory_region_init_io(MemoryRegion *mr, Object *owner, const MemoryRegionOps *ops,
                           void *opaque, const char *name, uint64_t size)
{
    memory_region_init(mr, owner, name, size);
    mr->ops = ops ? ops : &unassigned_mem_ops;
    mr->opaque = opaque;
    mr->terminates = true;
}

void memory_region_init_reservation(MemoryRegion *mr, Object *owner, const char *name,
                                    uint64_t size)
{
    memory_region_init_io(mr, owner, NULL, NULL, name, size);
}

static void alias_link(MemoryRegion **list, MemoryRegion *alias)
{
    alias->alias_next = *list;
    if (*list) {
        (*list)->alias_pprev = &alias->alias_next;
    }
    *list = alias;
    alias->alias_pprev = list;
}

static void alias_unlink(MemoryRegion *alias)
{
    *alias->alias_pprev = alias->alias_next;
    if (alias->alias_next) {
        alias->alias_next->alias_pprev = alias->alias_pprev;
    }
}

void alias_move(MemoryRegion *alias, bool idle)
{
    struct MemoryRegionTree *target = alias->alias->tree;

    if (alias->alias_idle != idle) {
        alias_unlink(alias);
        alias_link(idle ? &target->aliases_idle : &target->aliases, alias);
        alias->alias_idle = idle;
    }
}

void memory_region_init_alias(MemoryRegion *mr, Object *owner, const char *name,
                              MemoryRegion *orig, hwaddr offset, uint64_t size)
{
    assert(bql_is_held());
    memory_region_init(mr, owner, name, size);
    mr->alias = orig;
    mr->alias_offset = offset;
    alias_link(&region_tree(orig)->aliases, mr);
    /* A step that ended at an alias of @orig is none of ours, but @orig's own idle
     * aliases may now be reached by another way. */
    alias_wake_children(orig);
    if (orig->alias) {
        alias_wake(orig);
    }
}

static bool setup_ram(MemoryRegion *mr, const RamSpec *spec, Error **errp)
{
    mr->ram_block = ram_block_new(spec, mr, errp);
    if (mr->ram_block) {
        return true;
    }
    if (OBJECT(mr)->parent) {
        object_unparent(OBJECT(mr));
    } else {
        object_unref(mr);
    }
    return false;
}

static bool init_ram(MemoryRegion *mr, Object *owner, const char *name,
                     const RamSpec *spec, Error **errp)
{
    memory_region_init(mr, owner, name, spec->size);
    mr->ram = true;
    mr->terminates = true;
    return setup_ram(mr, spec, errp);
}

bool memory_region_init_ram_flags(MemoryRegion *mr, Object *owner, const char *name,
                                  uint64_t size, uint32_t ram_flags, Error **errp)
{
    RamSpec spec = { .size = size, .max_size = size, .flags = ram_flags, .fd = -1 };

    return init_ram(mr, owner, name, &spec, errp);
}

bool memory_region_init_ram(MemoryRegion *mr, Object *owner, const char *name,
                            uint64_t size, Error **errp)
{
    return memory_region_init_ram_flags(mr, owner, name, size, 0, errp);
}

bool memory_region_init_resizeable_ram(
    MemoryRegion *mr, Object *owner, const char *name, uint64_t size, uint64_t max_size,
    void (*resized)(const char *id, uint64_t length, void *host), Error **errp)
{
    RamSpec spec = { .size = size,
                     .max_size = max_size,
                     .flags = RAM_RESIZEABLE,
                     .fd = -1,
                     .resized = resized };

    return init_ram(mr, owner, name, &spec, errp);
}

bool memory_region_init_ram_from_fd(MemoryRegion *mr, Object *owner, const char *name,
                                    uint64_t size, uint32_t ram_flags, int take_fd,
                                    uint64_t offset, Error **errp)
{
    RamSpec spec = { .size = size,
                     .max_size = size,
                     .flags = ram_flags,
                     .fd = take_fd,
                     .fd_offset = offset,
                     .fd_owned = true };

    return init_ram(mr, owner, name, &spec, errp);
}

bool memory_region_init_ram_from_file(MemoryRegion *mr, Object *owner, const char *name,
                                      uint64_t size, uint64_t align, uint32_t ram_flags,
                                      const char *path, bool readonly, Error **errp)
{
    bool created;
    int fd = ram_file_open(path, name, readonly, &created, errp);
    RamSpec spec = { .size = size,
                     .max_size = size,
                     .align = align,
                     .flags = ram_flags,
                     .fd = fd,
                     .fd_owned = true,
                     .readonly_file = readonly };

    if (fd < 0) {
        return false;
    }
    if (!init_ram(mr, owner, name, &spec, errp)) {
        if (created) {
            unlink(path);
        }
        close(fd);
        return false;
    }
    mr->readonly = readonly;
    return true;
}

static void init_ptr(MemoryRegion *mr, Object *owner, const char *name, uint64_t size,
                     void *ptr)
{
    RamSpec spec = {
        .size = size, .max_size = size, .flags = RAM_PREALLOC, .fd = -1, .host = ptr
    };
    bool ok = init_ram(mr, owner, name, &spec, &error_abort);

    assert(ok);
}

void memory_region_init_ram_ptr(MemoryRegion *mr, Object *owner, const char *name,
                                uint64_t size, void *ptr)
{
    init_ptr(mr, owner, name, size, ptr);
}

void memory_region_init_ram_device_ptr(MemoryRegion *mr, Object *owner,
                                       const char *name, uint64_t size, void *ptr)
{
    init_ptr(mr, owner, name, size, ptr);
    mr->ram_device = true;
    mr->ops = &ram_device_mem_ops;
    mr->opaque = mr;
}

bool memory_region_init_rom(MemoryRegion *mr, Object *owner, const char *name,
                            uint64_t size, Error **errp)
{
    if (!memory_region_init_ram(mr, owner, name, size, errp)) {
        return false;
    }
    mr->readonly = true;
    return true;
}

bool memory_region_init_rom_device(MemoryRegion *mr, Object *owner,
                                   const MemoryRegionOps *ops, void *opaque,
                                   const char *name, uint64_t size, Error **errp)
{
    RamSpec spec = { .size = size, .max_size = size, .fd = -1 };

    memory_region_init_io(mr, owner, ops, opaque, name, size);
    mr->rom_device = true;
    mr->romd_mode = true;
    return setup_ram(mr, &spec, errp);
}

void memory_region_init_iommu(void *storage, size_t storage_size, const char *type_name,
                              Object *owner, const char *name, uint64_t size)
{
    MemoryRegion *mr = storage;

    setup(storage, storage_size, type_name, owner, name, size);
    mr->is_iommu = true;
    mr->terminates = true;
}

/* --- Place and visibility -----------------------------------------------------------
 */

/* Who looks at @mr through its container or by stepping must look again. */
static void damage_place(MemoryRegion *mr)
{
    Span extent;

    if (mr->container && mr->enabled && region_extent(mr, &extent)) {
        damage_content(mr->container, extent);
    }
}

static void touch_steps(MemoryRegion *mr)
{
    step_touch(mr);
    if (mr->container) {
        step_touch(mr->container);
    }
}

static void attach(MemoryRegion *mr, MemoryRegion *sub)
{
    assert(!sub->container && !mr->alias);
    sub->container = mr;
    sub->order = ++next_order;
    children_insert(region_tree(mr), sub);
    if (sub->alias) {
        alias_wake(sub);
    }
    alias_wake_children(sub);
    damage_place(sub);
    step_touch(mr);
}

static void detach(MemoryRegion *sub)
{
    MemoryRegion *mr = sub->container;

    damage_place(sub);
    children_remove(mr->tree, sub);
    sub->container = NULL;
    step_touch(mr);
}

void memory_region_add_subregion_overlap(MemoryRegion *mr, hwaddr offset,
                                         MemoryRegion *sub, int priority)
{
    memory_region_transaction_begin();
    sub->priority = priority;
    sub->addr = offset;
    attach(mr, sub);
    memory_region_transaction_commit();
}

void memory_region_add_subregion(MemoryRegion *mr, hwaddr offset, MemoryRegion *sub)
{
    memory_region_add_subregion_overlap(mr, offset, sub, 0);
}

void memory_region_del_subregion(MemoryRegion *mr, MemoryRegion *sub)
{
    assert(sub->container == mr);
    memory_region_transaction_begin();
    detach(sub);
    memory_region_transaction_commit();
}

void memory_region_set_enabled(MemoryRegion *mr, bool enabled)
{
    Span span;

    if (mr->enabled == enabled) {
        return;
    }
    memory_region_transaction_begin();
    damage_place(mr);
    mr->enabled = enabled;
    damage_place(mr);
    if (mr->container) {
        mr->container->tree->n_enabled += enabled ? 1 : -1;
    }
    if (own_span(mr->size, &span)) {
        damage_aliases_of(mr, span);
    }
    if (mr->alias && enabled) {
        alias_wake(mr);
    }
    touch_steps(mr);
    memory_region_transaction_commit();
}

void memory_region_set_address(MemoryRegion *mr, hwaddr addr)
{
    MemoryRegion *container = mr->container;

    if (mr->addr == addr) {
        return;
    }
    if (!container) {
        mr->addr = addr;
        return;
    }
    memory_region_transaction_begin();
    detach(mr);
    mr->addr = addr;
    attach(container, mr);
    memory_region_transaction_commit();
}

void memory_region_set_size(MemoryRegion *mr, uint64_t size)
{
    Int128 old = mr->size, new_ = size_from_arg(size);
    Span span;

    if (old == new_) {
        return;
    }
    memory_region_transaction_begin();
    damage_place(mr);
    mr->size = new_;
    damage_place(mr);
    if (mr->container) {
        children_resized(mr->container->tree, mr);
    }
    if (mr->enabled && own_span(MAX(old, new_), &span)) {
        damage_aliases_of(mr, span);
    }
    touch_steps(mr);
    if (mr->tree) {
        /* Whether an alias steps here depends on the size. */
        for (MemoryRegion *a = mr->tree->aliases; a; a = a->alias_next) {
            step_touch(a);
        }
        for (MemoryRegion *a = mr->tree->aliases_idle; a; a = a->alias_next) {
            step_touch(a);
        }
    }
    memory_region_transaction_commit();
}

/* --- Content ------------------------------------------------------------------------
 */

/* All of @mr may look different. */
static void damage_self(MemoryRegion *mr)
{
    Span span;

    if (mr->enabled && own_span(mr->size, &span)) {
        damage_content(mr, span);
    }
}

void memory_region_set_alias_offset(MemoryRegion *mr, hwaddr offset)
{
    assert(mr->alias);
    if (mr->alias_offset == offset) {
        return;
    }
    memory_region_transaction_begin();
    mr->alias_offset = offset;
    damage_self(mr);
    step_touch(mr);
    memory_region_transaction_commit();
}

static void set_flag(MemoryRegion *mr, bool *flag, bool value)
{
    if (*flag == value) {
        return;
    }
    memory_region_transaction_begin();
    *flag = value;
    damage_self(mr);
    step_touch(mr);
    memory_region_transaction_commit();
}

void memory_region_set_readonly(MemoryRegion *mr, bool readonly)
{
    set_flag(mr, &mr->readonly, readonly);
}

void memory_region_set_nonvolatile(MemoryRegion *mr, bool nonvolatile)
{
    set_flag(mr, &mr->nonvolatile, nonvolatile);
}

void memory_region_rom_device_set_romd(MemoryRegion *mr, bool romd_mode)
{
    assert(mr->rom_device);
    set_flag(mr, &mr->romd_mode, romd_mode);
}

void memory_region_set_log(MemoryRegion *mr, bool log, unsigned client)
{
    uint8_t mask;

    assert(client == DIRTY_MEMORY_VGA);
    assert(log || mr->dirty_log_count[client]);
    mr->dirty_log_count[client] += log ? 1 : -1;
    mask = mr->dirty_log_count[client] ? 1 << client : 0;
    if (mask == mr->dirty_log_mask) {
        return;
    }
    memory_region_transaction_begin();
    atomic_set(&mr->dirty_log_mask, mask);
    damage_self(mr);
    memory_region_transaction_commit();
}

bool memory_region_ram_resize(MemoryRegion *mr, uint64_t newsize, Error **errp)
{
    assert(mr->ram_block);
    if (!ram_block_resize(mr->ram_block, newsize, errp)) {
        return false;
    }
    memory_region_set_size(mr, newsize);
    return true;
}

void memory_region_clear_global_locking(MemoryRegion *mr)
{
    mr->lockless = true;
}

void memory_region_disable_reentrancy_guard(MemoryRegion *mr)
{
    mr->reentrancy_ok = true;
}

/* --- Questions ----------------------------------------------------------------------
 */

uint64_t memory_region_size(const MemoryRegion *mr)
{
    return mr->size >= SIZE_2_64 ? UINT64_MAX : (uint64_t)mr->size;
}

const char *memory_region_name(const MemoryRegion *mr)
{
    return mr->name;
}

Object *memory_region_owner(const MemoryRegion *mr)
{
    return mr->owner;
}

bool memory_region_is_ram(const MemoryRegion *mr)
{
    return mr->ram;
}

bool memory_region_is_rom(const MemoryRegion *mr)
{
    return mr->ram && mr->readonly;
}

bool memory_region_is_romd(const MemoryRegion *mr)
{
    return mr->rom_device && mr->romd_mode;
}

bool memory_region_is_ram_device(const MemoryRegion *mr)
{
    return mr->ram_device;
}

bool memory_region_is_mapped(const MemoryRegion *mr)
{
    return mr->container != NULL;
}

bool memory_region_is_enabled(const MemoryRegion *mr)
{
    return mr->enabled;
}

void *memory_region_get_ram_ptr(MemoryRegion *mr)
{
    hwaddr offset = 0;

    while (mr->alias) {
        offset += mr->alias_offset;
        mr = mr->alias;
    }
    return mr->ram_block ? mr->ram_block->host + offset : NULL;
}

ram_addr_t memory_region_get_ram_addr(const MemoryRegion *mr)
{
    return mr->ram_block ? mr->ram_block->offset : RAM_ADDR_INVALID;
}

int memory_region_get_fd(const MemoryRegion *mr)
{
    return mr->ram_block ? mr->ram_block->fd : -1;
}

RAMBlock *memory_region_get_ram_block(const MemoryRegion *mr)
{
    return mr->ram_block;
}

uint8_t region_log_mask(const MemoryRegion *mr)
{
    uint8_t mask = atomic_read(&mr->dirty_log_mask);

    if (global_dirty_log && mr->ram_block) {
        mask |= 1 << DIRTY_MEMORY_MIGRATION;
    }
    return mask;
}

uint8_t memory_region_get_dirty_log_mask(const MemoryRegion *mr)
{
    return region_log_mask(mr);
}

/* --- The device a region belongs to ----------------------------------------------- */

static bool *(*busy_flag_hook)(Object *owner); /* set once, at start */

void memory_set_busy_flag_hook(bool *(*hook)(Object *owner))
{
    busy_flag_hook = hook;
}

bool *region_busy_flag(MemoryRegion *mr)
{
    if (!mr->busy_resolved) {
        mr->busy = mr->owner && busy_flag_hook ? busy_flag_hook(mr->owner) : NULL;
        mr->busy_resolved = true;
    }
    return mr->busy;
}

/* --- The type -----------------------------------------------------------------------
 */

static void region_finalize(Object *obj)
{
    MemoryRegion *mr = (MemoryRegion *)obj;
    struct MemoryRegionTree *tree = mr->tree;

    memory_region_transaction_begin();
    mr->being_finalized = true;
    if (mr->container) {
        detach(mr);
    }
    while (tree && tree->n_children) {
        detach(tree->child[0]);
    }
    if (mr->alias) {
        alias_unlink(mr);
    }
    /* Aliases of what is gone show nothing. */
    while (tree && (tree->aliases || tree->aliases_idle)) {
        MemoryRegion *a = tree->aliases ? tree->aliases : tree->aliases_idle;

        damage_self(a);
        alias_unlink(a);
        a->alias = NULL;
        a->alias_idle = false;
        step_touch(a);
    }
    transaction_forget(mr);
    memory_region_transaction_commit();
    if (mr->ram_block) {
        ram_block_free(mr->ram_block);
    }
    if (tree) {
        region_free_events(mr);
        g_free(tree->child);
        g_free(tree->index);
        g_free(tree);
    }
    g_free(mr->name);
}

static struct json_object *get_container(Object *obj, const Property *prop)
{
    MemoryRegion *container = ((MemoryRegion *)obj)->container;
    g_autofree char *path =
        container ? object_get_canonical_path(OBJECT(container)) : NULL;

    return json_object_new_string(path ? path : "");
}

static struct json_object *get_addr(Object *obj, const Property *prop)
{
    return value_new_uint64(((MemoryRegion *)obj)->addr);
}

static struct json_object *get_priority(Object *obj, const Property *prop)
{
    return json_object_new_int(((MemoryRegion *)obj)->priority);
}

static struct json_object *get_size(Object *obj, const Property *prop)
{
    return value_new_uint64(memory_region_size((MemoryRegion *)obj));
}

static const Property region_props[] = {
    PROP_CUSTOM("container", "link<memory-region>", get_container, NULL),
    PROP_CUSTOM("addr", "uint64", get_addr, NULL),
    PROP_CUSTOM("priority", "int32", get_priority, NULL),
    PROP_CUSTOM("size", "uint64", get_size, NULL),
};

static void region_class_init(ObjectClass *klass, const void *data)
{
    OBJECT_CLASS_ADD_PROPERTIES(klass, region_props);
}

static const TypeInfo memory_region_info = {
    .name = TYPE_MEMORY_REGION,
    .parent = TYPE_OBJECT,
    .instance_size = sizeof(MemoryRegion),
    .class_init = region_class_init,
    .instance_finalize = region_finalize,
};
TYPE_REGISTER(memory_region_info);
