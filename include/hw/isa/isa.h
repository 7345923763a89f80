/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The ISA bus: a memory and an I/O space, sixteen interrupt lines and the eight DMA
 * channels of two 8237s. A bridge (PIIX3, or the board of an ISA-only PC) makes the bus
 * and gives it its lines; devices on it are ISADevices that claim ports in realize.
 *
 * Context: BQL for everything.
 */
#ifndef STRATA_HW_ISA_ISA_H
#define STRATA_HW_ISA_ISA_H

#include "hw/core/device.h"
#include "memory/memory.h"

#define TYPE_ISA_BUS       "ISA"
#define TYPE_ISA_DEVICE    "isa-device"
#define TYPE_ISABUS_BRIDGE "isabus-bridge"
#define ISA_NUM_IRQS       16
#define ISA_NUM_DMA        8

typedef struct IsaDmaChannel IsaDmaChannel;

typedef struct ISABus {
    BusState parent_obj;
    /* private */
    MemoryRegion *mem;
    MemoryRegion *io;
    IrqLine *irqs[ISA_NUM_IRQS];
    IsaDmaChannel *dma[ISA_NUM_DMA];
} ISABus;

typedef struct ISADevice {
    DeviceState parent_obj;
    /* private */
    int ioport_id; /* in firmware device paths ("fdc@03f1"); -1 until known */
} ISADevice;

static inline ISABus *ISA_BUS(const void *obj)
{
    return (ISABus *)object_cast((const Object *)obj, TYPE_ISA_BUS);
}
static inline ISADevice *ISA_DEVICE(const void *obj)
{
    return (ISADevice *)object_cast((const Object *)obj, TYPE_ISA_DEVICE);
}

/* --- For the bridge ------------------------------------------------------------------
 */

/* New bus "isa.N" below @parent (NULL: the main system bus); not yet realized. */
ISABus *isa_bus_new(DeviceState *parent, MemoryRegion *mem, MemoryRegion *io);
/*
 * The lines that the cards drive, copied; entries may be NULL. Before the first device
 * that wants one is realized.
 */
void isa_bus_register_input_irqs(ISABus *bus, IrqLine *const irqs[ISA_NUM_IRQS]);
/* Make the DMA controller pair (type "i8257") of the bus; see hw/dma/i8257.h. */

/* --- For devices, in realize ---------------------------------------------------------
 */

ISABus *isa_bus_from_device(ISADevice *dev);
/* The bus's spaces: what a card decodes. */
MemoryRegion *isa_address_space(ISADevice *dev);
MemoryRegion *isa_address_space_io(ISADevice *dev);
/*
 * Map @io at port @start. The first call also makes @start the device's unit address in
 * firmware paths. Undone by isa_unregister_ioport in unrealize.
 */
void isa_register_ioport(ISADevice *dev, MemoryRegion *io, uint16_t start);
void isa_unregister_ioport(ISADevice *dev, MemoryRegion *io);
/* Unit address of a device whose first port is not its base. */
void isa_set_ioport_id(ISADevice *dev, uint16_t port);
/* Line @n of the bus; NULL (harmless to drive) when the board has not wired it. */
IrqLine *isa_get_irq(ISADevice *dev, int n);
IrqLine *isa_bus_get_irq(ISABus *bus, int n);
/* The same but an error naming the property when @n is out of range. */
bool isa_connect_irq(ISADevice *dev, int n, IrqLine **line, Error **errp) WARN_UNUSED;

/* Make a device of @type_name, not yet realized. */
ISADevice *isa_new(const char *type_name);
bool isa_realize_and_unref(ISADevice *dev, ISABus *bus, Error **errp) WARN_UNUSED;
/* For boards: make, realize, or die with a message; the bus keeps the reference. */
ISADevice *isa_create_simple(ISABus *bus, const char *type_name);

/* --- DMA -----------------------------------------------------------------------------
 */

/*
 * One channel of the 8237 pair, as the card sees it. The card raises DREQ; when the
 * channel is unmasked the controller calls service() (from the event loop, never from
 * within isa_dma_set_dreq), which moves data with isa_dma_read/isa_dma_write as often
 * as it likes and lowers DREQ when it has nothing to move for now.
 * Source: Intel 8237A data sheet, "DMA operation".
 */
typedef void IsaDmaServiceFn(void *opaque);

typedef enum IsaDmaTransfer {
    ISA_DMA_VERIFY, /* nothing is moved, the address and count advance */
    ISA_DMA_WRITE,  /* card to memory */
    ISA_DMA_READ,   /* memory to card */
    ISA_DMA_ILLEGAL,
} IsaDmaTransfer;

/* Channel @n of the bus; NULL when it has no controller. */
IsaDmaChannel *isa_get_dma(ISABus *bus, int n);
/* Claim the channel for a card. */
void isa_dma_register(IsaDmaChannel *ch, IsaDmaServiceFn *service, void *opaque);
void isa_dma_set_dreq(IsaDmaChannel *ch, bool level);
/* As programmed by the guest in the mode register. */
IsaDmaTransfer isa_dma_get_transfer(const IsaDmaChannel *ch);
/* Whether data would move now: unmasked and the controller enabled. */
bool isa_dma_is_ready(const IsaDmaChannel *ch);
/*
 * Move up to @len bytes from memory to @buf (read) or from @buf to memory (write);
 * returns the bytes moved, less than @len when the count ran out. *tc becomes true when
 * terminal count was reached by this call (the channel then has been masked or, with
 * autoinitialize, reloaded). A VERIFY channel counts without moving.
 */
size_t isa_dma_read(IsaDmaChannel *ch, void *buf, size_t len, bool *tc);
size_t isa_dma_write(IsaDmaChannel *ch, const void *buf, size_t len, bool *tc);

/* --- For the controller --------------------------------------------------------------
 */

typedef struct IsaDmaOps {
    void (*set_dreq)(IsaDmaChannel *ch, bool level);
    IsaDmaTransfer (*get_transfer)(const IsaDmaChannel *ch);
    bool (*is_ready)(const IsaDmaChannel *ch);
    size_t (*move)(IsaDmaChannel *ch, void *buf, size_t len, bool to_memory, bool *tc);
} IsaDmaOps;

struct IsaDmaChannel {
    /* private: hw/dma only */
    const IsaDmaOps *ops;
    void *controller;
    int number; /* within its controller */
    IsaDmaServiceFn *service;
    void *opaque;
};

/* Channels @first .. @first + @n - 1 are these. */
void isa_bus_dma(ISABus *bus, int first, IsaDmaChannel *channels, int n);

#endif
