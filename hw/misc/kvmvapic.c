/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The port by which the option ROM kvmvapic.bin reports itself. When its start code has
 * run, the shadowed ROM is made writable RAM again, whatever the PAM registers say:
 * the ROM keeps its state there.
 *
 * Not modelled: the patching of guest code for which the ROM was made.
 *
 * Board: ports "kvmvapic" (7e, 2 bytes). Maps "kvmvapic-rom", an alias of RAM with
 * priority 1000, into the system's memory.
 */
#include "hw/misc/kvmvapic.h"

#include "accel/target/i386/cpu.h"
#include "accel/vcpu.h"
#include "hw/intc/apic.h"
#include "migration/vmstate.h"
#include "util/log.h"

#include <string.h>

#define VAPIC_PORT     0x7e
#define ROM_PRIORITY   1000
#define ROM_UNIT_BYTES 512

typedef struct KvmVapicState {
    SysBusDevice parent_obj;
    MemoryRegion io, rom;
    MemoryRegion *ram;  /* not owned */
    bool rom_made;      /* the alias exists since the first report */
    uint32_t rom_start; /* 0: not mapped; migrated */
    uint32_t rom_bytes; /* migrated */
} KvmVapicState;
OBJECT_DECLARE_SIMPLE_TYPE(KvmVapicState, KVMVAPIC, TYPE_KVMVAPIC)

static void vapic_unmap(KvmVapicState *s)
{
    if (s->rom_made && memory_region_is_mapped(&s->rom)) {
        memory_region_del_subregion(get_system_memory(), &s->rom);
    }
    s->rom_start = 0;
}

static void vapic_map(KvmVapicState *s, uint32_t start, uint32_t bytes)
{
    vapic_unmap(s);
    if (!s->rom_made) {
        memory_region_init_alias(&s->rom, OBJECT(s), "kvmvapic-rom", s->ram, start,
                                 bytes);
        s->rom_made = true;
    } else {
        memory_region_set_size(&s->rom, bytes);
        memory_region_set_alias_offset(&s->rom, start);
    }
    memory_region_add_subregion_overlap(get_system_memory(), start, &s->rom,
                                        ROM_PRIORITY);
    s->rom_start = start;
    s->rom_bytes = bytes;
}

/*
 * The ROM has written the offset of its state block; the ROM begins where its code
 * segment does. Believe it only with the ROM signature and the block's own.
 */
static void vapic_rom_started(KvmVapicState *s, uint16_t state_offset)
{
    static const char signature[8] = "kvm aPiC";
    VCPU *cpu = current_vcpu();
    X86State *x86 = cpu ? apic_cpu_state(cpu) : NULL;
    uint8_t header[3];
    char block[8];
    uint64_t base;
    uint32_t start, end;

    if (!x86) {
        return;
    }
    base = x86->seg[X86_CS].base;
    if (base < 0xc0000 || base >= 0x100000 ||
        address_space_read(&address_space_memory, base, MEMTXATTRS_UNSPECIFIED, header,
                           sizeof(header)) != MEMTX_OK ||
        address_space_read(&address_space_memory, base + state_offset,
                           MEMTXATTRS_UNSPECIFIED, block, sizeof(block)) != MEMTX_OK ||
        header[0] != 0x55 || header[1] != 0xaa ||
        memcmp(block, signature, sizeof(block)) != 0) {
        log_guest_error("kvmvapic: report from something that is not the ROM\n");
        return;
    }
    start = base & TARGET_PAGE_MASK;
    end = (base + header[2] * ROM_UNIT_BYTES + TARGET_PAGE_SIZE - 1) & TARGET_PAGE_MASK;
    if (end <= start || end > memory_region_size(s->ram)) {
        return;
    }
    vapic_map(s, start, end - start);
}

static uint64_t vapic_read(void *opaque, hwaddr offset, unsigned size)
{
    return UINT64_MAX;
}

static void vapic_write(void *opaque, hwaddr offset, uint64_t value, unsigned size)
{
    if (size == 2) {
        vapic_rom_started(opaque, value);
    } else {
        log_unimp("kvmvapic: %u-byte write of %" PRIx64 "\n", size, value);
    }
}

static const MemoryRegionOps vapic_ops = {
    .read = vapic_read,
    .write = vapic_write,
    .endianness = DEVICE_LITTLE_ENDIAN,
    .valid = {.min_access_size = 1,  .max_access_size = 4},
    .impl = { .min_access_size = 1, .max_access_size = 4},
};

static void vapic_reset_hold(DeviceState *dev)
{
    vapic_unmap(KVMVAPIC(dev));
}

static bool vapic_realize(DeviceState *dev, Error **errp)
{
    KvmVapicState *s = KVMVAPIC(dev);

    if (!s->ram) {
        return error_set(errp, "kvmvapic: needs the machine's RAM");
    }
    memory_region_init_io(&s->io, OBJECT(s), &vapic_ops, s, "kvmvapic", 2);
    memory_region_add_subregion(get_system_io(), VAPIC_PORT, &s->io);
    return true;
}

static bool vapic_post_load(void *opaque, int version_id, Error **errp)
{
    KvmVapicState *s = opaque;
    uint64_t start = s->rom_start, bytes = s->rom_bytes;

    if (start == 0) {
        vapic_unmap(s);
        return true;
    }
    if (((start | bytes) & ~TARGET_PAGE_MASK) || bytes == 0 ||
        start + bytes > memory_region_size(s->ram)) {
        return error_set(errp, "kvmvapic: ROM at %#" PRIx64 " is out of range", start);
    }
    vapic_map(s, start, bytes);
    return true;
}

static const VMStateDescription vapic_vmstate = {
    .name = TYPE_KVMVAPIC,
    .version_id = 1,
    .minimum_version_id = 1,
    .post_load = vapic_post_load,
    .fields =
        (const VMStateField[]){
                               VMSTATE_UINT32(rom_start, KvmVapicState),
                               VMSTATE_UINT32(rom_bytes, KvmVapicState),
                               VMSTATE_END_OF_LIST(),
                               },
};

static void vapic_class_init(ObjectClass *klass, const void *data)
{
    DeviceClass *dc = DEVICE_CLASS(klass);

    dc->desc = "host side of the vAPIC option ROM";
    dc->user_creatable = false;
    dc->realize = vapic_realize;
    dc->reset_hold = vapic_reset_hold;
    dc->vmsd = &vapic_vmstate;
}

static const TypeInfo vapic_info = {
    .name = TYPE_KVMVAPIC,
    .parent = TYPE_SYSBUS_DEVICE,
    .instance_size = sizeof(KvmVapicState),
    .class_init = vapic_class_init,
};
TYPE_REGISTER(vapic_info);

DeviceState *kvmvapic_init(MemoryRegion *ram)
{
    DeviceState *dev = device_new(TYPE_KVMVAPIC);

    KVMVAPIC(dev)->ram = ram;
    if (!sysbus_realize_and_unref(SYSBUS_DEVICE(dev), &error_fatal)) {
        g_assert_not_reached();
    }
    return dev;
}
