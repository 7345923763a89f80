/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Floppy drives: media formats, and the object. The controller (fdc.c) moves the head.
 *
 * Board-facing: bus floppy-bus; properties drive, unit, drive-type.
 */
#include "hw/block/fdc-internal.h"
#include "migration/vmstate.h"

#include <string.h>

const char *const floppy_type_names[] = { "144", "288", "120", "none", "auto", NULL };

/* By size; the first that fits the drive wins. */
static const FloppyFormat formats[] = {
  /* clang-format off */
    { 18, 80, 2, RATE_500K, FLOPPY_144 },
    { 20, 80, 2, RATE_500K, FLOPPY_144 },
    { 21, 80, 2, RATE_500K, FLOPPY_144 },
    { 21, 82, 2, RATE_500K, FLOPPY_144 },
    { 21, 83, 2, RATE_500K, FLOPPY_144 },
    { 22, 80, 2, RATE_500K, FLOPPY_144 },
    { 23, 80, 2, RATE_500K, FLOPPY_144 },
    { 24, 80, 2, RATE_500K, FLOPPY_144 },
    { 36, 80, 2, RATE_1M,   FLOPPY_288 },
    { 39, 80, 2, RATE_1M,   FLOPPY_288 },
    { 40, 80, 2, RATE_1M,   FLOPPY_288 },
    { 44, 80, 2, RATE_1M,   FLOPPY_288 },
    { 48, 80, 2, RATE_1M,   FLOPPY_288 },
    {  9, 80, 2, RATE_250K, FLOPPY_144 },
    { 10, 80, 2, RATE_250K, FLOPPY_144 },
    {  9, 80, 1, RATE_250K, FLOPPY_144 },
    { 15, 80, 2, RATE_500K, FLOPPY_120 },
    {  9, 40, 2, RATE_300K, FLOPPY_120 },
    {  9, 40, 1, RATE_300K, FLOPPY_120 },
    {  8, 40, 2, RATE_250K, FLOPPY_120 },
    {  8, 40, 1, RATE_250K, FLOPPY_120 },
  /* clang-format on */
};

static bool drive_reads(FloppyType drive, const FloppyFormat *f)
{
    return drive == FLOPPY_AUTO || drive == f->type ||
           (drive == FLOPPY_288 && f->type == FLOPPY_144);
}

static const FloppyFormat *standard_format(FloppyType type)
{
    for (size_t i = 0; i < G_N_ELEMENTS(formats); i++) {
        if (formats[i].type == type) {
            return &formats[i];
        }
    }
    return &formats[0];
}

static const FloppyFormat *find_format(FloppyType drive, uint64_t bytes)
{
    for (size_t i = 0; i < G_N_ELEMENTS(formats); i++) {
        const FloppyFormat *f = &formats[i];
        uint64_t size =
            (uint64_t)f->sectors * f->cylinders * f->heads * BLK_SECTOR_SIZE;
        if (size == bytes && drive_reads(drive, f)) {
            return f;
        }
    }
    return NULL;
}

/* The type of a drive is settled once, by its first medium; its format each time. */
static void choose_format(FloppyDrive *d, FloppyType fallback)
{
    const FloppyFormat *f = NULL;

    if (blk_is_inserted(d->blk)) {
        f = find_format((FloppyType)d->type, blk_get_length(d->blk));
    }
    if (d->type == FLOPPY_AUTO) {
        d->type = (int)(f ? f->type : fallback);
    }
    d->format = f ? *f : *standard_format((FloppyType)d->type);
}

static void medium_changed(void *opaque, bool loaded)
{
    FloppyDrive *d = opaque;

    d->disk_changed = true;
    choose_format(d, FLOPPY_144);
}

static const BlockDevOps floppy_block_ops = {
    .removable = true,
    .medium_changed = medium_changed,
};

static bool floppy_realize(DeviceState *dev, Error **errp)
{
    FloppyDrive *d = FLOPPY(dev);
    FloppyBus *bus = FLOPPY_BUS(dev->parent_bus);

    if (d->logical_block_size != BLK_SECTOR_SIZE ||
        d->physical_block_size != BLK_SECTOR_SIZE) {
        return error_set(errp,
                         "Physical and logical block size must be 512 for floppy");
    }
    if (!d->blk) {
        d->blk = blk_new(NULL, errp);
        if (!d->blk) {
            return false;
        }
        d->own_blk = true;
    }
    d->attached = blk_attach_dev(d->blk, OBJECT(d), &floppy_block_ops, d,
                                 device_get_loop(dev), errp);
    if (!d->attached) {
        return false;
    }
    if (d->type == FLOPPY_AUTO) {
        d->type = (int)bus->forced[d->unit];
    }
    choose_format(d, bus->fallback);
    d->disk_changed = true;
    d->next_id = 1;
    bus->drives[d->unit] = d;
    return true;
}

static void floppy_unrealize(DeviceState *dev)
{
    FloppyDrive *d = FLOPPY(dev);
    FloppyBus *bus = FLOPPY_BUS(dev->parent_bus);

    bus->drives[d->unit] = NULL;
    blk_detach_dev(d->blk);
    d->attached = false;
    if (d->own_blk) {
        blk_delete(d->blk);
        d->blk = NULL;
    }
}

static void floppy_reset_enter(DeviceState *dev)
{
    FLOPPY(dev)->track = 0;
    FLOPPY(dev)->next_id = 1;
}

static bool post_load(void *opaque, int version_id, Error **errp)
{
    FloppyDrive *d = opaque;

    return d->next_id ? true : error_set(errp, "floppy: inconsistent state");
}

const VMStateDescription vmstate_floppy_drive = {
    .name = "floppy",
    .version_id = 1,
    .minimum_version_id = 1,
    .post_load = post_load,
    .fields =
        (const VMStateField[]){
                               VMSTATE_UINT8(track, FloppyDrive),
                               VMSTATE_UINT8(next_id, FloppyDrive),
                               VMSTATE_BOOL(disk_changed, FloppyDrive),
                               VMSTATE_END_OF_LIST(),
                               },
};

static const Property floppy_properties[] = {
    PROP_UINT32("unit", FloppyDrive, unit, UINT32_MAX),
    PROP_DRIVE("drive", FloppyDrive, blk),
    PROP_UINT32("logical_block_size", FloppyDrive, logical_block_size, 512),
    PROP_UINT32("physical_block_size", FloppyDrive, physical_block_size, 512),
    PROP_BOOL("share-rw", FloppyDrive, share_rw, false),
    PROP_ENUM("drive-type", FloppyDrive, type, floppy_type_names, FLOPPY_AUTO),
};

static void floppy_class_init(ObjectClass *klass, const void *data)
{
    DeviceClass *dc = DEVICE_CLASS(klass);

    dc->realize = floppy_realize;
    dc->unrealize = floppy_unrealize;
    dc->reset_enter = floppy_reset_enter;
    dc->vmsd = &vmstate_floppy_drive;
    dc->bus_type = TYPE_FLOPPY_BUS;
    dc->desc = "virtual floppy drive";
    dc->user_creatable = true;
    dc->categories = 1u << DEVICE_CATEGORY_STORAGE;
    OBJECT_CLASS_ADD_PROPERTIES(klass, floppy_properties);
}

static const TypeInfo floppy_info = {
    .name = TYPE_FLOPPY,
    .parent = TYPE_DEVICE,
    .instance_size = sizeof(FloppyDrive),
    .class_init = floppy_class_init,
};
TYPE_REGISTER(floppy_info);

static bool check_address(BusState *bus, DeviceState *dev, Error **errp)
{
    FloppyBus *fb = FLOPPY_BUS(bus);
    FloppyDrive *d = FLOPPY(dev);

    if (d->unit == UINT32_MAX) {
        d->unit = fb->drives[0] ? 1 : 0;
    }
    if (d->unit >= FDC_MAX_DRIVES) {
        return error_set(errp,
                         "Can't create floppy unit %u, bus supports only %d units",
                         d->unit, FDC_MAX_DRIVES);
    }
    if (fb->drives[d->unit]) {
        return error_set(errp, "Floppy unit %u is in use", d->unit);
    }
    return true;
}

static char *dev_fw_path(DeviceState *dev)
{
    return g_strdup_printf("floppy@%x", FLOPPY(dev)->unit);
}

static void floppy_bus_class_init(ObjectClass *klass, const void *data)
{
    BusClass *bc = BUS_CLASS(klass);

    bc->max_dev = FDC_MAX_DRIVES;
    bc->check_address = check_address;
    bc->dev_fw_path = dev_fw_path;
}

static const TypeInfo floppy_bus_info = {
    .name = TYPE_FLOPPY_BUS,
    .parent = TYPE_BUS,
    .instance_size = sizeof(FloppyBus),
    .class_init = floppy_bus_class_init,
};
TYPE_REGISTER(floppy_bus_info);
