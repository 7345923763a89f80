/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * IDE bus master. Source: "Programming Interface for Bus Master IDE Controller"
 * (SFF-8038i) revision 1.0; 82371SB (PIIX3) data sheet, section 2.7.
 *
 * Registers: +0 command, +2 status, +4 descriptor table pointer. A descriptor has the
 * address of a range, its byte count (0 is 64 KiB) and an end flag. The table does not
 * cross a 64 KiB boundary: the pointer wraps inside.
 *
 * Active and Interrupt after a transfer: drive done and descriptors used up: 0, 1;
 * drive done with descriptors left: 1, 1; descriptors used up before the drive: 0, 0.
 */
#include "hw/ide/bmdma.h"

enum { BM_CMD_START = 0x01, BM_CMD_TO_MEMORY = 0x08 };
enum {
    BM_STATUS_ACTIVE = 0x01,
    BM_STATUS_ERROR = 0x02,
    BM_STATUS_INTERRUPT = 0x04,
    BM_STATUS_DRIVES = 0x60, /* drive 0, 1 capable of DMA: for software */
};
#define BM_COMMAND_WRITABLE (BM_CMD_START | BM_CMD_TO_MEMORY)
#define PRD_BYTES           8
#define PRD_END             0x80000000u

/* --- Walking the table --- */

/* Fetch the next descriptor. False: there is none, or memory does not answer. */
static bool next_descriptor(BMDMA *bm)
{
    uint8_t prd[PRD_BYTES];

    if (bm->last) {
        return false;
    }
    if (pci_dma_read(bm->pci, bm->next, prd, sizeof(prd)) != MEMTX_OK) {
        bm->status |= BM_STATUS_ERROR;
        return false;
    }
    uint32_t control = pci_get_long(prd + 4);
    bm->addr = pci_get_long(prd) & ~1u;
    bm->len = control & 0xfffe ? control & 0xfffe : 0x10000;
    bm->last = control & PRD_END;
    bm->next = (bm->next & 0xffff0000) | ((bm->next + PRD_BYTES) & 0xffff);
    return true;
}

static bool bmdma_is_ready(void *opaque, bool to_memory)
{
    BMDMA *bm = opaque;

    return (bm->command & BM_CMD_START) && (bm->status & BM_STATUS_ACTIVE) &&
           !!(bm->command & BM_CMD_TO_MEMORY) == to_memory;
}

static uint32_t bmdma_transfer(void *opaque, void *buf, uint32_t len, bool to_memory)
{
    BMDMA *bm = opaque;
    uint8_t *p = buf;
    uint32_t moved = 0;

    /* Each turn moves at least two bytes, so len bounds the loop. */
    while (moved < len) {
        if (!bm->len && !next_descriptor(bm)) {
            bm->status &= ~BM_STATUS_ACTIVE;
            break;
        }
        uint32_t n = MIN(bm->len, len - moved);
        MemTxResult r = to_memory ? pci_dma_write(bm->pci, bm->addr, p + moved, n)
                                  : pci_dma_read(bm->pci, bm->addr, p + moved, n);
        if (r & MEMTX_ERROR) {
            bm->status |= BM_STATUS_ERROR;
        }
        bm->addr += n;
        bm->len -= n;
        moved += n;
    }
    return moved;
}

static void bmdma_done(void *opaque)
{
    BMDMA *bm = opaque;

    if (!bm->len && bm->last) {
        bm->status &= ~BM_STATUS_ACTIVE;
    }
}

static const IDEDmaOps bmdma_ops = {
    .is_ready = bmdma_is_ready,
    .transfer = bmdma_transfer,
    .done = bmdma_done,
};

/* --- Interrupt --- */

static void bmdma_drive_irq(void *opaque, int n, int level)
{
    BMDMA *bm = opaque;

    if (level) {
        bm->status |= BM_STATUS_INTERRUPT;
    }
    irq_set(bm->irq, level);
}

/* --- Registers --- */

static uint64_t registers_read(void *opaque, hwaddr offset, unsigned size)
{
    BMDMA *bm = opaque;

    switch (offset) {
    case 0:
        return bm->command;
    case 2:
        return bm->status;
    default:
        return 0xff;
    }
}

static void write_command(BMDMA *bm, uint8_t value)
{
    bool was_on = bm->command & BM_CMD_START;

    bm->command = value & BM_COMMAND_WRITABLE;
    if (!(value & BM_CMD_START)) {
        bm->status &= ~BM_STATUS_ACTIVE;
        return;
    }
    if (was_on) {
        return;
    }
    bm->status |= BM_STATUS_ACTIVE;
    bm->next = bm->table;
    bm->len = 0;
    bm->last = false;
    ide_dma_started(bm->bus);
}

static void write_status(BMDMA *bm, uint8_t value)
{
    uint8_t clear = value & (BM_STATUS_ERROR | BM_STATUS_INTERRUPT);

    bm->status = (uint8_t)((bm->status & ~BM_STATUS_DRIVES & ~clear) |
                           (value & BM_STATUS_DRIVES));
}

static void registers_write(void *opaque, hwaddr offset, uint64_t value, unsigned size)
{
    BMDMA *bm = opaque;

    switch (offset) {
    case 0:
        write_command(bm, (uint8_t)value);
        break;
    case 2:
        write_status(bm, (uint8_t)value);
        break;
    }
}

static const MemoryRegionOps registers_ops = {
    .read = registers_read,
    .write = registers_write,
    .endianness = DEVICE_LITTLE_ENDIAN,
    .valid = {1,  4, true },
    .impl = { 1, 1},
};

static uint64_t pointer_read(void *opaque, hwaddr offset, unsigned size)
{
    BMDMA *bm = opaque;

    return bm->table >> (8 * offset) & (uint32_t)((1ull << (8 * size)) - 1);
}

static void pointer_write(void *opaque, hwaddr offset, uint64_t value, unsigned size)
{
    BMDMA *bm = opaque;
    uint32_t mask = (uint32_t)((1ull << (8 * size)) - 1) << (8 * offset);

    bm->table = ((bm->table & ~mask) | ((uint32_t)value << (8 * offset) & mask)) & ~3u;
}

static const MemoryRegionOps pointer_ops = {
    .read = pointer_read,
    .write = pointer_write,
    .endianness = DEVICE_LITTLE_ENDIAN,
    .valid = {1,  4},
    .impl = { 1, 4},
};

void bmdma_init(BMDMA *bm, PCIDevice *pci, IDEBus *bus, IrqLine *irq,
                const char *name_registers)
{
    bm->pci = pci;
    bm->bus = bus;
    bm->irq = irq;
    irq_init(&bm->drive_irq, bmdma_drive_irq, bm, 0);
    ide_bus_connect(bus, &bm->drive_irq, &bmdma_ops, bm);
    memory_region_init_io(&bm->registers, OBJECT(pci), &registers_ops, bm,
                          name_registers, 4);
    memory_region_init_io(&bm->pointer, OBJECT(pci), &pointer_ops, bm, "bmdma", 4);
}

void bmdma_reset(BMDMA *bm)
{
    bm->command = 0;
    bm->status = 0;
    bm->table = 0;
    bm->next = bm->addr = bm->len = 0;
    bm->last = false;
}

const VMStateDescription vmstate_bmdma = {
    .name = "bmdma",
    .version_id = 1,
    .minimum_version_id = 1,
    .fields =
        (const VMStateField[]){
                               VMSTATE_UINT8(command, BMDMA),
                               VMSTATE_UINT8(status, BMDMA),
                               VMSTATE_UINT32(table, BMDMA),
                               VMSTATE_UINT32(next, BMDMA),
                               VMSTATE_UINT32(addr, BMDMA),
                               VMSTATE_UINT32(len, BMDMA),
                               VMSTATE_BOOL(last, BMDMA),
                               VMSTATE_END_OF_LIST(),
                               },
};
