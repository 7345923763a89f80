/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * IDE channels and the drives on them. A controller embeds two IDEBus, maps their
 * registers, connects the interrupt line and gives each a DMA engine; ide-hd and ide-cd
 * devices plug in as unit 0 or 1. Sources: ATA/ATAPI-6 (T13/1410D revision 3b),
 * SFF-8038i revision 1.0. Context: BQL.
 */
#ifndef STRATA_HW_IDE_IDE_H
#define STRATA_HW_IDE_IDE_H

#include "hw/core/device.h"
#include "memory/memory.h"
#include "migration/vmstate.h"

#define TYPE_IDE_BUS    "IDE"
#define TYPE_IDE_DEVICE "ide-device"
#define TYPE_IDE_HD     "ide-hd"
#define TYPE_IDE_CD     "ide-cd"
#define TYPE_PIIX3_IDE  "piix3-ide"

typedef struct IDEDevice IDEDevice;
struct BlockBackend;
struct DriveInfo;

/* The channel's DMA engine, as the drive sees it. */
typedef struct IDEDmaOps {
    /* May the drive move data now? */
    bool (*is_ready)(void *opaque, bool to_memory);
    /*
     * Move up to @len bytes; returns how many, less when the descriptors ended or
     * pointed nowhere. The engine notes what the guest may see of that.
     */
    uint32_t (*transfer)(void *opaque, void *buf, uint32_t len, bool to_memory);
    /* The command is over; the drive raises its interrupt after this. */
    void (*done)(void *opaque);
    /* A block request has ended and the drive has gone on; may be NULL. */
    void (*settled)(void *opaque);
} IDEDmaOps;

typedef struct IDEBus {
    BusState parent_obj;
    /* private */
    IDEDevice *units[2];
    uint8_t channel;  /* 0 primary, 1 secondary; or the port's number */
    bool is_sata;     /* one drive, which speaks the serial protocol */
    uint8_t selected; /* unit that the Device register names */
    uint8_t control;  /* Device Control register */
    bool irq_level;
    IrqLine *irq;
    const IDEDmaOps *dma;
    void *dma_opaque;
} IDEBus;

static inline IDEBus *IDE_BUS(const void *obj)
{
    return (IDEBus *)object_cast((const Object *)obj, TYPE_IDE_BUS);
}

/* In the controller's realize. */
void ide_bus_init(IDEBus *bus, size_t size, DeviceState *controller, uint8_t channel);
/* The same for a port of a serial controller: one drive. */
void ide_bus_init_sata(IDEBus *bus, size_t size, DeviceState *controller, uint8_t port);
void ide_bus_connect(IDEBus *bus, IrqLine *irq, const IDEDmaOps *dma, void *dma_opaque);
/* Power-on values; the drives reset by themselves. */
void ide_bus_reset(IDEBus *bus);
/* Registers: @offset 0-7 of the command block with @opaque an IDEBus. */
extern const MemoryRegionOps ide_command_block_ops;
/* One byte: Alternate Status and Device Control. */
extern const MemoryRegionOps ide_control_block_ops;
/* The DMA engine has been started: drives that wait for it go on. */
void ide_dma_started(IDEBus *bus);
extern const VMStateDescription vmstate_ide_bus;

/* Make the device of a -drive record on @bus. */
bool ide_create_drive(IDEBus *bus, int unit, struct DriveInfo *drive,
                      Error **errp) WARN_UNUSED;

/* For the CMOS of a PC: false when there is no disk at @unit. */
typedef struct IDEGeometry {
    uint32_t cylinders, heads, sectors;
} IDEGeometry;
bool ide_get_geometry(IDEBus *bus, int unit, IDEGeometry *geometry);
/* 0 none, 1 LBA, 2 large, 3 revised ECHS: as in CMOS byte 39. */
int ide_get_bios_translation(IDEBus *bus, int unit);

/* The piix3-ide function's channels. */
IDEBus *piix3_ide_get_bus(DeviceState *piix, int channel);

#endif
