/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The device-memory window: who is in it and where the next one goes.
 *
 * MD1: DeviceMemoryState.devices holds the plugged devices by rising address, and they
 * do not overlap.
 */
#include "hw/mem/memory-device.h"

#include <assert.h>
#include <inttypes.h>

static const TypeInfo memory_device_info = {
    .name = TYPE_MEMORY_DEVICE,
    .parent = TYPE_INTERFACE,
    .class_size = sizeof(MemoryDeviceClass),
    .abstract = true,
};
TYPE_REGISTER(memory_device_info);

static MemoryDeviceClass *md_class(DeviceState *dev)
{
    return object_class_cast(OBJECT(dev)->klass, TYPE_MEMORY_DEVICE);
}

/* Of a plugged device: it has a region. */
static MemoryRegion *md_region(DeviceState *dev)
{
    return md_class(dev)->get_region(dev, &error_abort);
}

static uint64_t md_addr(DeviceState *dev)
{
    return md_class(dev)->get_addr(dev);
}

static uint64_t md_size(DeviceState *dev)
{
    return memory_region_size(md_region(dev));
}

GPtrArray *memory_device_list(MachineState *ms)
{
    return ms->device_memory ? ms->device_memory->devices : NULL;
}

uint64_t memory_device_plugged_size(MachineState *ms)
{
    GPtrArray *devices = memory_device_list(ms);
    uint64_t bytes = 0;

    for (guint i = 0; devices && i < devices->len; i++) {
        bytes +=
            object_property_get_uint(OBJECT(g_ptr_array_index(devices, i)), "size");
    }
    return bytes;
}

/* --- Choosing an address -------------------------------------------------------------
 */

static uint64_t align_up(uint64_t addr, uint64_t align)
{
    return (addr + align - 1) & ~(align - 1);
}

static bool check_total(MachineState *ms, uint64_t size, Error **errp)
{
    uint64_t total = ms->maxram_size - ms->ram_size;
    uint64_t used = ms->device_memory->plugged_bytes;

    if (size > total || used > total - size) {
        return error_set(errp,
                         "not enough space, currently 0x%" PRIx64
                         " in use of total space for memory devices 0x%" PRIx64,
                         used, total);
    }
    return true;
}

/* The first device that ends after @addr, if it starts before @end; else NULL. */
static DeviceState *find_overlap(const DeviceMemoryState *dm, uint64_t addr,
                                 uint64_t end)
{
    guint lo = 0, hi = dm->devices ? dm->devices->len : 0;

    while (lo < hi) {
        guint mid = (lo + hi) / 2;
        DeviceState *dev = g_ptr_array_index(dm->devices, mid);
        if (md_addr(dev) + md_size(dev) <= addr) {
            lo = mid + 1;
        } else {
            hi = mid;
        }
    }
    if (dm->devices && lo < dm->devices->len) {
        DeviceState *dev = g_ptr_array_index(dm->devices, lo);
        return md_addr(dev) < end ? dev : NULL;
    }
    return NULL;
}

static bool check_given(const DeviceMemoryState *dm, uint64_t addr, uint64_t size,
                        Error **errp)
{
    uint64_t window = memory_region_size(&dm->mr);

    if (addr < dm->base || addr - dm->base > window ||
        size > window - (addr - dm->base)) {
        return error_set(errp,
                         "can't add memory device [0x%" PRIx64 ":0x%" PRIx64
                         "], usable "
                         "range for memory devices [0x%" PRIx64 ":0x%" PRIx64 "]",
                         addr, size, dm->base, window);
    }
    DeviceState *other = find_overlap(dm, addr, addr + size);
    if (other) {
        return error_set(errp, "address range conflicts with memory device id='%s'",
                         other->id ? other->id : "(unnamed)");
    }
    return true;
}

/* The lowest gap. */
static bool find_gap(const DeviceMemoryState *dm, uint64_t size, uint64_t align,
                     uint64_t *addr, Error **errp)
{
    uint64_t at = align_up(dm->base, align);
    uint64_t end = dm->base + memory_region_size(&dm->mr);

    for (guint i = 0; dm->devices && i < dm->devices->len; i++) {
        DeviceState *dev = g_ptr_array_index(dm->devices, i);
        if (md_addr(dev) >= at && md_addr(dev) - at >= size) {
            break;
        }
        at = align_up(MAX(at, md_addr(dev) + md_size(dev)), align);
    }
    if (at < dm->base || at > end || size > end - at) {
        return error_set(errp, "could not find position in guest address space for "
                               "memory device - memory fragmented due to alignments");
    }
    *addr = at;
    return true;
}

bool memory_device_pre_plug(MachineState *ms, DeviceState *dev, Error **errp)
{
    MemoryDeviceClass *mc = md_class(dev);
    DeviceMemoryState *dm = ms->device_memory;
    MemoryRegion *mr = mc->get_region(dev, errp);

    if (!mr) {
        return false;
    }
    if (!dm) {
        return error_set(errp, "memory devices (e.g. for memory hotplug) are not "
                               "supported by the machine");
    }
    uint64_t size = memory_region_size(mr);
    uint64_t align = mc->get_alignment(dev);
    uint64_t addr = mc->get_addr(dev);
    if (!check_total(ms, size, errp)) {
        return false;
    }
    if (addr & (align - 1)) {
        return error_set(errp, "address must be aligned to 0x%" PRIx64 " bytes", align);
    }
    if (size & (align - 1)) {
        return error_set(errp, "backend memory size must be multiple of 0x%" PRIx64,
                         align);
    }
    if (addr ? !check_given(dm, addr, size, errp)
             : !find_gap(dm, size, align, &addr, errp)) {
        return false;
    }
    if (!memory_listeners_pre_plug(&address_space_memory, mr, addr, errp)) {
        return false;
    }
    mc->set_addr(dev, addr);
    return true;
}

/* --- Plug and unplug -----------------------------------------------------------------
 */

static guint find_place(const GPtrArray *devices, uint64_t addr)
{
    guint i = 0;

    while (i < devices->len && md_addr(g_ptr_array_index(devices, i)) < addr) {
        i++;
    }
    return i;
}

void memory_device_plug(MachineState *ms, DeviceState *dev)
{
    DeviceMemoryState *dm = ms->device_memory;
    MemoryRegion *mr = md_region(dev);
    uint64_t addr = md_addr(dev);

    if (!dm->devices) {
        dm->devices = g_ptr_array_new();
    }
    assert(!find_overlap(dm, addr, addr + memory_region_size(mr)));
    g_ptr_array_insert(dm->devices, (int)find_place(dm->devices, addr), dev);
    dm->plugged_bytes += memory_region_size(mr);
    memory_region_add_subregion(&dm->mr, addr - dm->base, mr);
}

void memory_device_unplug(MachineState *ms, DeviceState *dev)
{
    DeviceMemoryState *dm = ms->device_memory;
    MemoryRegion *mr = md_region(dev);

    if (dm->devices && g_ptr_array_remove(dm->devices, dev)) {
        dm->plugged_bytes -= memory_region_size(mr);
        memory_region_del_subregion(&dm->mr, mr);
    }
}
