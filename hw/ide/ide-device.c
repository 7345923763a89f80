/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ide-hd and ide-cd: the objects behind the task file. What they do is in ide-core.c,
 * ata.c and atapi.c.
 *
 * Board-facing: bus IDE, properties below. No regions, lines or clocks of their own.
 */
#include "hw/ide/ide-internal.h"

#include <stdlib.h>
#include <string.h>

/* The largest disk that CHS addresses describe (ATA-6 6.2.1). */
#define MAX_CYLINDERS 16383
#define MAX_HEADS     16
#define MAX_SECTORS   63

static const char *const bios_translations[] = { "auto",  "none",  "lba",
                                                 "large", "rechs", NULL };
static const char *const error_actions[] = { "auto",   "report", "ignore",
                                             "enospc", "stop",   NULL };
enum { BIOS_AUTO, BIOS_NONE, BIOS_LBA, BIOS_LARGE, BIOS_RECHS };

const BlockDevOps ide_hd_block_ops = {
    .has_io_status = true,
};

static bool choose_geometry(IDEDevice *d, Error **errp)
{
    d->num_sectors = blk_get_length(d->blk) / BLK_SECTOR_SIZE;
    d->native_max = d->num_sectors;
    if (d->prop_cyls || d->prop_heads || d->prop_secs) {
        if (d->prop_cyls < 1 || d->prop_cyls > 65535) {
            return error_set(errp, "cyls must be between 1 and 65535");
        }
        if (d->prop_heads < 1 || d->prop_heads > 16) {
            return error_set(errp, "heads must be between 1 and 16");
        }
        if (d->prop_secs < 1 || d->prop_secs > 255) {
            return error_set(errp, "secs must be between 1 and 255");
        }
        d->cylinders = d->prop_cyls;
        d->heads = d->prop_heads;
        d->sectors = d->prop_secs;
    } else {
        d->heads = MAX_HEADS;
        d->sectors = MAX_SECTORS;
        uint64_t cylinders = d->num_sectors / (MAX_HEADS * MAX_SECTORS);
        d->cylinders = (uint32_t)CLAMP(cylinders, 2, MAX_CYLINDERS);
    }
    d->cur_heads = d->heads;
    d->cur_sectors = d->sectors;
    return true;
}

static bool check_block_sizes(IDEDevice *d, Error **errp)
{
    if (d->logical_block_size != BLK_SECTOR_SIZE) {
        return error_set(errp, "logical_block_size must be 512 for IDE");
    }
    if (d->physical_block_size < BLK_SECTOR_SIZE ||
        d->physical_block_size > 2 * 1024 * 1024 ||
        (d->physical_block_size & (d->physical_block_size - 1))) {
        return error_set(errp, "physical_block_size must be a power of two between 512 "
                               "and 2097152");
    }
    return true;
}

static bool check_names(IDEDevice *d, Error **errp)
{
    static const char *const models[] = { "QEMU HARDDISK", "QEMU DVD-ROM" };

    if (!d->serial || !*d->serial) {
        g_free(d->serial);
        d->serial = g_strdup_printf("QM%05d", d->bus->channel * 2 + d->unit + 1);
    }
    if (!d->model || !*d->model) {
        g_free(d->model);
        d->model = g_strdup(models[d->kind]);
    }
    if (strlen(d->serial) > 20) {
        return error_set(errp, "Serial number '%s' is longer than 20 characters",
                         d->serial);
    }
    if (strlen(d->model) > 40) {
        return error_set(errp, "Model '%s' is longer than 40 characters", d->model);
    }
    if (strlen(d->version) > 8) {
        return error_set(errp, "Version '%s' is longer than 8 characters", d->version);
    }
    return true;
}

static bool attach(IDEDevice *d, Error **errp)
{
    if (!d->blk) {
        if (d->kind == IDE_KIND_HD) {
            return error_set(errp, "No drive specified");
        }
        d->blk = blk_new(NULL, errp);
        if (!d->blk) {
            return false;
        }
        d->own_blk = true;
    }
    if (d->kind == IDE_KIND_HD && blk_is_inserted(d->blk) && blk_is_readonly(d->blk)) {
        return error_set(errp, "Block node is read-only");
    }
    d->attached =
        blk_attach_dev(d->blk, OBJECT(d),
                       d->kind == IDE_KIND_HD ? &ide_hd_block_ops : &ide_cd_block_ops,
                       d, device_get_loop(DEVICE(d)), errp);
    return d->attached;
}

static void detach(IDEDevice *d)
{
    if (d->attached) {
        blk_detach_dev(d->blk);
        d->attached = false;
    }
    if (d->own_blk) {
        blk_delete(d->blk);
        d->blk = NULL;
        d->own_blk = false;
    }
    free(d->buffer);
    d->buffer = NULL;
}

static char *boot_suffix(const IDEDevice *d)
{
    return g_strdup_printf("/disk@%x", d->unit);
}

static bool ide_device_realize(DeviceState *dev, Error **errp)
{
    IDEDevice *d = IDE_DEVICE(dev);
    void *buffer;

    d->bus = IDE_BUS(dev->parent_bus);
    d->unit_prop = d->unit;
    if (!check_block_sizes(d, errp) || !check_names(d, errp) || !attach(d, errp)) {
        detach(d);
        return false;
    }
    if (posix_memalign(&buffer, 4096, IDE_BUFFER_BYTES)) {
        error_set(errp, "No memory for the drive's buffer");
        detach(d);
        return false;
    }
    memset(buffer, 0, IDE_BUFFER_BYTES);
    d->buffer = buffer;
    d->buffer_len = IDE_BUFFER_BYTES;
    d->write_cache = d->write_cache_prop == ON_OFF_AUTO_AUTO
                         ? blk_is_write_cache_enabled(d->blk)
                         : d->write_cache_prop == ON_OFF_AUTO_ON;
    blk_set_write_cache(d->blk, d->write_cache);
    g_autofree char *suffix = boot_suffix(d);
    if (!choose_geometry(d, errp) ||
        (d->bootindex >= 0 && !boot_order_add(d->bootindex, dev, suffix, errp))) {
        detach(d);
        return false;
    }
    d->smart_enabled = true;
    d->mword_mode = 0;
    d->ultra_mode = 1u << 5;
    d->bus->units[d->unit] = d;
    ide_device_reset(d);
    return true;
}

static void ide_device_unrealize(DeviceState *dev)
{
    IDEDevice *d = IDE_DEVICE(dev);

    if (d->bootindex >= 0) {
        g_autofree char *suffix = boot_suffix(d);
        boot_order_del(dev, suffix);
    }
    ide_device_reset(d);
    d->bus->units[d->unit] = NULL;
    detach(d);
}

static void ide_device_reset_enter(DeviceState *dev)
{
    IDEDevice *d = IDE_DEVICE(dev);

    ide_device_reset(d);
    d->device = ATA_DEV_OBSOLETE;
    d->cur_heads = d->heads;
    d->cur_sectors = d->sectors;
    d->num_sectors = blk_get_length(d->blk) / BLK_SECTOR_SIZE;
    d->tray_locked = false;
    d->medium_changed = false;
    d->event_new_media = false;
    d->mword_mode = 0;
    d->ultra_mode = 1u << 5;
}

static void ide_device_init(Object *obj)
{
    IDE_DEVICE(obj)->bootindex = -1;
}

/* --- State --- */

static bool pre_save(void *opaque, Error **errp)
{
    IDEDevice *d = opaque;

    blk_drain(d->blk);
    return true;
}

static bool post_load(void *opaque, int version_id, Error **errp)
{
    IDEDevice *d = opaque;

    if (d->pos > d->block_end || d->block_end > d->end || d->end > IDE_BUFFER_BYTES ||
        d->phase > IDE_WAIT || d->phase == IDE_WAIT || !d->cur_heads ||
        !d->cur_sectors || d->multiple > IDE_MAX_MULTIPLE ||
        d->num_sectors > MAX(d->native_max, blk_get_length(d->blk) / BLK_SECTOR_SIZE) ||
        (d->sector_bytes && d->sector_bytes != CD_SECTOR_BYTES &&
         d->sector_bytes != CD_RAW_BYTES)) {
        return error_set(errp, "ide: inconsistent state");
    }
    return true;
}

static const VMStateDescription vmstate_ide_shadow = {
    .name = "ide-shadow",
    .version_id = 1,
    .minimum_version_id = 1,
    .fields =
        (const VMStateField[]){
                               VMSTATE_UINT8(feature, IDEShadow),
                               VMSTATE_UINT8(count, IDEShadow),
                               VMSTATE_UINT8(lba_low, IDEShadow),
                               VMSTATE_UINT8(lba_mid, IDEShadow),
                               VMSTATE_UINT8(lba_high, IDEShadow),
                               VMSTATE_END_OF_LIST(),
                               },
};

static const VMStateDescription vmstate_ide_device = {
    .name = "ide-device",
    .version_id = 1,
    .minimum_version_id = 1,
    .pre_save = pre_save,
    .post_load = post_load,
    .fields =
        (const VMStateField[]){
                               VMSTATE_STRUCT(tf, IDEDevice, vmstate_ide_shadow),
                               VMSTATE_STRUCT(hob, IDEDevice, vmstate_ide_shadow),
                               VMSTATE_UINT8(device, IDEDevice),
                               VMSTATE_UINT8(error, IDEDevice),
                               VMSTATE_UINT8(status, IDEDevice),
                               VMSTATE_BOOL(intrq, IDEDevice),
                               VMSTATE_UINT8(multiple, IDEDevice),
                               VMSTATE_UINT8(ultra_mode, IDEDevice),
                               VMSTATE_UINT8(mword_mode, IDEDevice),
                               VMSTATE_BOOL(write_cache, IDEDevice),
                               VMSTATE_BOOL(smart_enabled, IDEDevice),
                               VMSTATE_UINT64(num_sectors, IDEDevice),
                               VMSTATE_UINT32(cur_heads, IDEDevice),
                               VMSTATE_UINT32(cur_sectors, IDEDevice),
                               VMSTATE_UINT32(phase, IDEDevice),
                               VMSTATE_UINT8(command, IDEDevice),
                               VMSTATE_BOOL(lba48, IDEDevice),
                               VMSTATE_BOOL(dma_waiting, IDEDevice),
                               VMSTATE_UINT64(lba, IDEDevice),
                               VMSTATE_UINT32(remaining, IDEDevice),
                               VMSTATE_UINT32(pos, IDEDevice),
                               VMSTATE_UINT32(block_end, IDEDevice),
                               VMSTATE_UINT32(end, IDEDevice),
                               VMSTATE_VBUFFER(buffer, IDEDevice, buffer_len),
                               VMSTATE_BUFFER(packet, IDEDevice),
                               VMSTATE_BOOL(packet_dma, IDEDevice),
                               VMSTATE_UINT32(byte_limit, IDEDevice),
                               VMSTATE_UINT32(sector_bytes, IDEDevice),
                               VMSTATE_UINT8(sense_key, IDEDevice),
                               VMSTATE_UINT8(asc, IDEDevice),
                               VMSTATE_UINT8(ascq, IDEDevice),
                               VMSTATE_BOOL(tray_open, IDEDevice),
                               VMSTATE_BOOL(tray_locked, IDEDevice),
                               VMSTATE_BOOL(medium_changed, IDEDevice),
                               VMSTATE_BOOL(event_new_media, IDEDevice),
                               VMSTATE_BOOL(event_eject_request, IDEDevice),
                               VMSTATE_END_OF_LIST(),
                               },
};

/* --- Types --- */

static const Property ide_device_properties[] = {
    PROP_DRIVE("drive", IDEDevice, blk),
    PROP_UINT32("logical_block_size", IDEDevice, logical_block_size, 512),
    PROP_UINT32("physical_block_size", IDEDevice, physical_block_size, 512),
    PROP_SIZE32("min_io_size", IDEDevice, min_io_size, 0),
    PROP_SIZE32("opt_io_size", IDEDevice, opt_io_size, 0),
    PROP_SIZE32("discard_granularity", IDEDevice, discard_granularity, 512),
    PROP_ON_OFF_AUTO("write-cache", IDEDevice, write_cache_prop, ON_OFF_AUTO_AUTO),
    PROP_BOOL("share-rw", IDEDevice, share_rw, false),
    PROP_ENUM("rerror", IDEDevice, rerror, error_actions, 0),
    PROP_ENUM("werror", IDEDevice, werror, error_actions, 0),
    PROP_STR("ver", IDEDevice, version, IDE_VERSION),
    PROP_UINT64("wwn", IDEDevice, wwn, 0),
    PROP_STR("serial", IDEDevice, serial, NULL),
    PROP_STR("model", IDEDevice, model, NULL),
    PROP_UINT32("unit", IDEDevice, unit_prop, UINT32_MAX),
    PROP_INT32("bootindex", IDEDevice, bootindex, -1),
};

static const Property ide_hd_properties[] = {
    PROP_UINT32("cyls", IDEDevice, prop_cyls, 0),
    PROP_UINT32("heads", IDEDevice, prop_heads, 0),
    PROP_UINT32("secs", IDEDevice, prop_secs, 0),
    PROP_ENUM("bios-chs-trans", IDEDevice, bios_chs_trans, bios_translations,
              BIOS_AUTO),
};

static void ide_device_class_init(ObjectClass *klass, const void *data)
{
    DeviceClass *dc = DEVICE_CLASS(klass);

    dc->realize = ide_device_realize;
    dc->unrealize = ide_device_unrealize;
    dc->reset_enter = ide_device_reset_enter;
    dc->vmsd = &vmstate_ide_device;
    dc->bus_type = TYPE_IDE_BUS;
    dc->categories = 1u << DEVICE_CATEGORY_STORAGE;
    dc->fw_name = "drive";
    OBJECT_CLASS_ADD_PROPERTIES(klass, ide_device_properties);
}

static void ide_hd_init(Object *obj)
{
    IDE_DEVICE(obj)->kind = IDE_KIND_HD;
}

static void ide_hd_class_init(ObjectClass *klass, const void *data)
{
    DeviceClass *dc = DEVICE_CLASS(klass);

    dc->desc = "virtual IDE disk";
    dc->user_creatable = true;
    OBJECT_CLASS_ADD_PROPERTIES(klass, ide_hd_properties);
}

static void ide_cd_init(Object *obj)
{
    IDE_DEVICE(obj)->kind = IDE_KIND_CD;
}

static void ide_cd_class_init(ObjectClass *klass, const void *data)
{
    DeviceClass *dc = DEVICE_CLASS(klass);

    dc->desc = "virtual IDE CD-ROM";
    dc->user_creatable = true;
}

static const TypeInfo ide_device_info = {
    .name = TYPE_IDE_DEVICE,
    .parent = TYPE_DEVICE,
    .instance_size = sizeof(IDEDevice),
    .abstract = true,
    .instance_init = ide_device_init,
    .class_init = ide_device_class_init,
};
TYPE_REGISTER(ide_device_info);

static const TypeInfo ide_hd_info = {
    .name = TYPE_IDE_HD,
    .parent = TYPE_IDE_DEVICE,
    .instance_init = ide_hd_init,
    .class_init = ide_hd_class_init,
};
TYPE_REGISTER(ide_hd_info);

static const TypeInfo ide_cd_info = {
    .name = TYPE_IDE_CD,
    .parent = TYPE_IDE_DEVICE,
    .instance_init = ide_cd_init,
    .class_init = ide_cd_class_init,
};
TYPE_REGISTER(ide_cd_info);

/* --- For boards --- */

bool ide_create_drive(IDEBus *bus, int unit, DriveInfo *drive, Error **errp)
{
    DeviceState *dev = device_new(drive->media_cd ? TYPE_IDE_CD : TYPE_IDE_HD);

    device_prop_set_uint(dev, "unit", (uint64_t)unit);
    if (drive->serial) {
        device_prop_set_str(dev, "serial", drive->serial);
    }
    if (!object_property_set_str(OBJECT(dev), "drive", blk_get_name(drive->blk),
                                 errp)) {
        object_unref(dev);
        return false;
    }
    return device_realize_and_unref(dev, BUS(bus), errp);
}

static IDEDevice *find_disk(IDEBus *bus, int unit)
{
    IDEDevice *d = unit >= 0 && unit < 2 ? bus->units[unit] : NULL;

    return d && d->kind == IDE_KIND_HD ? d : NULL;
}

bool ide_get_geometry(IDEBus *bus, int unit, IDEGeometry *geometry)
{
    IDEDevice *d = find_disk(bus, unit);

    if (!d) {
        return false;
    }
    *geometry = (IDEGeometry){ d->cylinders, d->heads, d->sectors };
    return true;
}

int ide_get_bios_translation(IDEBus *bus, int unit)
{
    IDEDevice *d = find_disk(bus, unit);

    if (!d) {
        return 0;
    }
    switch (d->bios_chs_trans) {
    case BIOS_NONE:
        return 0;
    case BIOS_LARGE:
        return 2;
    case BIOS_RECHS:
        return 3;
    case BIOS_LBA:
        return 1;
    default: /* what needs no translation gets none */
        return d->cylinders <= 1024 ? 0 : 1;
    }
}
