/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Floppy drives as the controller sees them. */
#ifndef STRATA_FDC_INTERNAL_H
#define STRATA_FDC_INTERNAL_H

#include "hw/block/fdc.h"
#include "softmmu/block.h"

#define FDC_MAX_DRIVES 2

/* Data rates as bits 1-0 of DSR and CCR name them. */
enum { RATE_500K, RATE_300K, RATE_250K, RATE_1M };

typedef enum FloppyType {
    FLOPPY_144,
    FLOPPY_288,
    FLOPPY_120,
    FLOPPY_NONE,
    FLOPPY_AUTO,
} FloppyType;
extern const char *const floppy_type_names[];

typedef struct FloppyFormat {
    uint8_t sectors, cylinders, heads;
    uint8_t rate;
    FloppyType type; /* of the drive that reads it */
} FloppyFormat;

typedef struct FloppyBus {
    BusState parent_obj;
    struct FloppyDrive *drives[FDC_MAX_DRIVES];
    FloppyType fallback;
    FloppyType forced[FDC_MAX_DRIVES]; /* fdtypeA, fdtypeB */
} FloppyBus;

typedef struct FloppyDrive {
    DeviceState parent_obj;

    /* Properties. */
    BlockBackend *blk;
    uint32_t unit;
    int type; /* FloppyType */
    uint32_t logical_block_size, physical_block_size;
    bool share_rw;

    bool attached, own_blk;
    FloppyFormat format; /* of the medium; of an empty drive of the type without */
    uint8_t track;       /* under the head */
    uint8_t next_id;     /* sector that READ ID finds next */
    bool disk_changed;   /* DSKCHG, until a step */
} FloppyDrive;

static inline FloppyDrive *FLOPPY(const void *obj)
{
    return (FloppyDrive *)object_cast((const Object *)obj, TYPE_FLOPPY);
}
static inline FloppyBus *FLOPPY_BUS(const void *obj)
{
    return (FloppyBus *)object_cast((const Object *)obj, TYPE_FLOPPY_BUS);
}

extern const struct VMStateDescription vmstate_floppy_drive;

#endif
