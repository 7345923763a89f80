/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What disks and PACKET devices share: interrupt, status, the data register, block
 * requests and DMA hand-over. Source: ATA/ATAPI-6, sections 7 and 9.
 *
 * I1: while busy_io is set the buffer belongs to the block layer and nothing here
 *     touches it; a reset in that time is remembered (reset_pending).
 * I2: pos <= block_end <= end <= IDE_BUFFER_BYTES.
 */
#include "hw/ide/ide-internal.h"

#include <string.h>

/* --- Interrupt --- */

static void update_irq(IDEBus *bus)
{
    IDEDevice *d = bus->units[bus->selected];
    bool level = d && d->intrq && !(bus->control & ATA_CTL_NIEN);

    if (level != bus->irq_level) {
        bus->irq_level = level;
        irq_set(bus->irq, level);
    }
}

void ide_set_irq(IDEDevice *d)
{
    d->intrq = true;
    update_irq(d->bus);
}

void ide_clear_irq(IDEDevice *d)
{
    d->intrq = false;
    update_irq(d->bus);
}

/* --- End of a command --- */

static void end_command(IDEDevice *d, uint8_t status, uint8_t error)
{
    d->phase = IDE_IDLE;
    d->dma_waiting = false;
    d->pos = d->block_end = d->end = 0;
    d->status = status;
    d->error = error;
    ide_set_irq(d);
}

void ide_command_done(IDEDevice *d)
{
    end_command(d, ATA_DRDY | ATA_DSC, 0);
}

void ide_command_error(IDEDevice *d, uint8_t error)
{
    end_command(d, ATA_DRDY | ATA_DSC | ATA_ERR, error);
}

void ide_command_abort(IDEDevice *d)
{
    ide_command_error(d, ATA_ERR_ABRT);
}

/* --- PIO --- */

void ide_pio_begin(IDEDevice *d, IDEPhase phase, uint32_t bytes, bool interrupt)
{
    g_assert(bytes <= IDE_BUFFER_BYTES);
    d->phase = phase;
    d->pos = 0;
    d->end = bytes;
    d->error = 0;
    ide_pio_block(d, bytes, interrupt);
}

void ide_pio_block(IDEDevice *d, uint32_t bytes, bool interrupt)
{
    d->block_end = MIN(d->pos + bytes, d->end);
    d->status = ATA_DRDY | ATA_DSC | ATA_DRQ;
    if (interrupt) {
        ide_set_irq(d);
    }
}

static bool is_pio_in(const IDEDevice *d)
{
    return d->phase == IDE_PIO_IN || d->phase == IDE_SECTORS_IN ||
           d->phase == ATAPI_PIO_IN;
}

static bool is_pio_out(const IDEDevice *d)
{
    return d->phase == IDE_PIO_OUT || d->phase == IDE_SECTORS_OUT ||
           d->phase == IDE_PACKET || d->phase == ATAPI_PIO_OUT;
}

static void pio_moved(IDEDevice *d, unsigned size)
{
    d->pos = MIN(d->pos + size, d->block_end);
    if (d->pos < d->block_end) {
        return;
    }
    d->status &= ~ATA_DRQ;
    if (d->kind == IDE_KIND_CD) {
        atapi_pio_done(d);
    } else {
        ata_pio_done(d);
    }
}

uint32_t ide_data_read(IDEDevice *d, unsigned size)
{
    uint32_t value = 0;

    if (!(d->status & ATA_DRQ) || !is_pio_in(d)) {
        return 0;
    }
    memcpy(&value, d->buffer + d->pos, MIN(size, d->block_end - d->pos));
    pio_moved(d, size);
    return GUINT32_FROM_LE(value);
}

void ide_data_write(IDEDevice *d, uint32_t value, unsigned size)
{
    if (!(d->status & ATA_DRQ) || !is_pio_out(d)) {
        return;
    }
    value = GUINT32_TO_LE(value);
    memcpy(d->buffer + d->pos, &value, MIN(size, d->block_end - d->pos));
    pio_moved(d, size);
}

uint32_t ide_pio_pending(const IDEDevice *d, bool *to_host)
{
    *to_host = is_pio_in(d);
    return (d->status & ATA_DRQ) && (is_pio_in(d) || is_pio_out(d))
               ? d->block_end - d->pos
               : 0;
}

void ide_pio_block_moved(IDEDevice *d)
{
    pio_moved(d, d->block_end - d->pos);
}

/* --- Block requests --- */

static void io_done(void *opaque, int ret)
{
    IDEDevice *d = opaque;

    d->busy_io = false;
    if (d->reset_pending) {
        d->reset_pending = false;
        return;
    }
    if (d->kind == IDE_KIND_CD) {
        atapi_io_done(d, ret);
    } else {
        ata_io_done(d, ret);
    }
    if (d->bus->dma && d->bus->dma->settled) {
        d->bus->dma->settled(d->bus->dma_opaque);
    }
}

void ide_block_io(IDEDevice *d, bool is_write, uint64_t offset, uint32_t bytes)
{
    struct iovec iov = { d->buffer, bytes };

    g_assert(!d->busy_io && bytes <= IDE_BUFFER_BYTES);
    d->busy_io = true;
    d->status |= ATA_BSY;
    d->status &= ~ATA_DRQ;
    if (is_write) {
        blk_aio_pwritev(d->blk, offset, &iov, 1, io_done, d);
    } else {
        blk_aio_preadv(d->blk, offset, &iov, 1, io_done, d);
    }
}

void ide_block_flush(IDEDevice *d)
{
    g_assert(!d->busy_io);
    d->busy_io = true;
    d->phase = IDE_WAIT;
    d->status = ATA_DRDY | ATA_DSC | ATA_BSY;
    blk_aio_flush(d->blk, io_done, d);
}

/* --- DMA --- */

static bool dma_to_memory(const IDEDevice *d)
{
    return d->phase == IDE_DMA_IN || d->phase == ATAPI_DMA_IN;
}

void ide_dma_begin(IDEDevice *d, IDEPhase phase)
{
    d->phase = phase;
    d->dma_waiting = true;
    d->status = ATA_DRDY | ATA_DSC | ATA_DRQ;
    ide_dma_continue(d);
}

void ide_dma_continue(IDEDevice *d)
{
    const IDEDmaOps *dma = d->bus->dma;

    if (!d->dma_waiting || d->busy_io || !dma ||
        !dma->is_ready(d->bus->dma_opaque, dma_to_memory(d))) {
        return;
    }
    if (d->kind == IDE_KIND_CD) {
        atapi_dma_step(d);
    } else {
        ata_dma_step(d);
    }
}

/* --- Reset --- */

void ide_set_signature(IDEDevice *d)
{
    bool cd = d->kind == IDE_KIND_CD;

    d->tf.count = 1;
    d->tf.lba_low = 1;
    d->tf.lba_mid = cd ? 0x14 : 0;
    d->tf.lba_high = cd ? 0xeb : 0;
    memset(&d->hob, 0, sizeof(d->hob));
    d->device &= ATA_DEV_UNIT;
    d->device |= ATA_DEV_OBSOLETE;
}

void ide_device_reset(IDEDevice *d)
{
    if (d->busy_io) {
        d->reset_pending = true;
        blk_drain(d->blk);
    }
    d->phase = IDE_IDLE;
    d->dma_waiting = false;
    d->intrq = false;
    d->pos = d->block_end = d->end = 0;
    d->multiple = d->kind == IDE_KIND_HD ? IDE_MAX_MULTIPLE : 0;
    d->error = 1; /* diagnostic code: no error */
    d->tf.feature = 0;
    d->status = d->kind == IDE_KIND_HD ? ATA_DRDY | ATA_DSC : 0;
    ide_set_signature(d);
    if (d->kind == IDE_KIND_CD) {
        atapi_reset(d);
    }
}

/* --- Registers of the channel --- */

static IDEDevice *selected(IDEBus *bus)
{
    return bus->units[bus->selected];
}

static uint8_t read_shadow(const IDEBus *bus, const IDEDevice *d, unsigned reg)
{
    const IDEShadow *s = bus->control & ATA_CTL_HOB ? &d->hob : &d->tf;

    switch (reg) {
    case 2:
        return s->count;
    case 3:
        return s->lba_low;
    case 4:
        return s->lba_mid;
    default:
        return s->lba_high;
    }
}

static uint8_t read_register(IDEBus *bus, unsigned reg)
{
    IDEDevice *d = selected(bus);

    /* Without the selected device, nobody or the other one answers zero. */
    if (!d) {
        return 0;
    }
    switch (reg) {
    case 0:
        return (uint8_t)ide_data_read(d, 1);
    case 1:
        return bus->control & ATA_CTL_HOB ? d->hob.feature : d->error;
    case 6:
        return d->device;
    case 7:
        ide_clear_irq(d);
        return d->status;
    default:
        return read_shadow(bus, d, reg);
    }
}

static void push_shadow(uint8_t *previous, uint8_t *current, uint8_t value)
{
    *previous = *current;
    *current = value;
}

/* Both devices of a channel take what is written to the command block. */
static void write_shadow(IDEDevice *d, unsigned reg, uint8_t value)
{
    switch (reg) {
    case 1:
        push_shadow(&d->hob.feature, &d->tf.feature, value);
        break;
    case 2:
        push_shadow(&d->hob.count, &d->tf.count, value);
        break;
    case 3:
        push_shadow(&d->hob.lba_low, &d->tf.lba_low, value);
        break;
    case 4:
        push_shadow(&d->hob.lba_mid, &d->tf.lba_mid, value);
        break;
    case 5:
        push_shadow(&d->hob.lba_high, &d->tf.lba_high, value);
        break;
    case 6:
        d->device = value | ATA_DEV_OBSOLETE;
        break;
    }
}

#define CMD_DEVICE_RESET       0x08
#define CMD_EXECUTE_DIAGNOSTIC 0x90

static void write_command(IDEBus *bus, uint8_t command)
{
    IDEDevice *d = selected(bus);

    if (command == CMD_EXECUTE_DIAGNOSTIC) {
        /* Both devices run it; device 0 reports and is selected afterwards. */
        for (int i = 0; i < 2; i++) {
            if (bus->units[i]) {
                ide_device_reset(bus->units[i]);
                bus->units[i]->device = ATA_DEV_OBSOLETE;
            }
        }
        bus->selected = 0;
        if (bus->units[0]) {
            ide_set_irq(bus->units[0]);
        }
        return;
    }
    if (!d) {
        return;
    }
    if (command == CMD_DEVICE_RESET && d->kind == IDE_KIND_CD) {
        uint8_t unit = d->device & ATA_DEV_UNIT;
        ide_device_reset(d);
        d->device = ATA_DEV_OBSOLETE | unit;
        update_irq(bus);
        return;
    }
    /* A busy device takes no other command. */
    if (d->status & (ATA_BSY | ATA_DRQ)) {
        return;
    }
    d->intrq = false;
    update_irq(bus);
    d->command = command;
    ata_command(d, command);
}

void ide_issue_task(IDEBus *bus, const IDETaskFile *task)
{
    IDEDevice *d = bus->units[0];

    d->tf = task->cur;
    d->hob = task->prev;
    d->device = (task->device & (uint8_t)~ATA_DEV_UNIT) | ATA_DEV_OBSOLETE;
    bus->selected = 0;
    write_command(bus, task->command);
}

static bool is_busy(const IDEDevice *d)
{
    return d && (d->status & ATA_BSY);
}

static void write_register(IDEBus *bus, unsigned reg, uint8_t value)
{
    if (reg == 0) {
        if (selected(bus)) {
            ide_data_write(selected(bus), value, 1);
        }
        return;
    }
    bus->control &= ~ATA_CTL_HOB;
    if (reg == 7) {
        write_command(bus, value);
        return;
    }
    for (int i = 0; i < 2; i++) {
        if (bus->units[i] && !is_busy(bus->units[i])) {
            write_shadow(bus->units[i], reg, value);
        }
    }
    if (reg == 6) {
        bus->selected = !!(value & ATA_DEV_UNIT);
        update_irq(bus);
    }
}

static uint64_t command_block_read(void *opaque, hwaddr offset, unsigned size)
{
    IDEBus *bus = opaque;
    uint64_t value = 0;

    if (offset == 0 && size > 1) {
        return selected(bus) ? ide_data_read(selected(bus), size) : 0;
    }
    for (unsigned i = 0; i < size && offset + i < 8; i++) {
        value |= (uint64_t)read_register(bus, offset + i) << (8 * i);
    }
    return value;
}

static void command_block_write(void *opaque, hwaddr offset, uint64_t value,
                                unsigned size)
{
    IDEBus *bus = opaque;

    if (offset == 0 && size > 1) {
        if (selected(bus)) {
            ide_data_write(selected(bus), (uint32_t)value, size);
        }
        return;
    }
    for (unsigned i = 0; i < size && offset + i < 8; i++) {
        write_register(bus, offset + i, (uint8_t)(value >> (8 * i)));
    }
}

const MemoryRegionOps ide_command_block_ops = {
    .read = command_block_read,
    .write = command_block_write,
    .endianness = DEVICE_LITTLE_ENDIAN,
    .valid = {1,  4, true},
    .impl = { 1, 4, true},
};

static uint64_t control_read(void *opaque, hwaddr offset, unsigned size)
{
    IDEBus *bus = opaque;

    return selected(bus) ? selected(bus)->status : 0;
}

static void control_write(void *opaque, hwaddr offset, uint64_t value, unsigned size)
{
    IDEBus *bus = opaque;
    bool was_reset = bus->control & ATA_CTL_SRST;

    bus->control = (uint8_t)value;
    for (int i = 0; i < 2; i++) {
        IDEDevice *d = bus->units[i];
        if (!d) {
            continue;
        }
        if (value & ATA_CTL_SRST) {
            if (!was_reset) {
                ide_device_reset(d);
            }
            d->status = ATA_BSY;
        } else if (was_reset) {
            ide_device_reset(d);
            d->device = ATA_DEV_OBSOLETE;
        }
    }
    if (was_reset && !(value & ATA_CTL_SRST)) {
        bus->selected = 0;
    }
    update_irq(bus);
}

const MemoryRegionOps ide_control_block_ops = {
    .read = control_read,
    .write = control_write,
    .endianness = DEVICE_LITTLE_ENDIAN,
    .valid = {1,  1},
    .impl = { 1, 1},
};

/* --- The bus --- */

void ide_bus_init(IDEBus *bus, size_t size, DeviceState *controller, uint8_t channel)
{
    bus_init(bus, size, TYPE_IDE_BUS, controller, NULL);
    bus->channel = channel;
}

void ide_bus_init_sata(IDEBus *bus, size_t size, DeviceState *controller, uint8_t port)
{
    ide_bus_init(bus, size, controller, port);
    bus->is_sata = true;
}

void ide_bus_connect(IDEBus *bus, IrqLine *irq, const IDEDmaOps *dma, void *dma_opaque)
{
    bus->irq = irq;
    bus->dma = dma;
    bus->dma_opaque = dma_opaque;
}

void ide_bus_reset(IDEBus *bus)
{
    bus->selected = 0;
    bus->control = 0;
    update_irq(bus);
}

void ide_dma_started(IDEBus *bus)
{
    for (int i = 0; i < 2; i++) {
        if (bus->units[i]) {
            ide_dma_continue(bus->units[i]);
        }
    }
}

static bool bus_post_load(void *opaque, int version_id, Error **errp)
{
    IDEBus *bus = opaque;

    bus->selected &= 1;
    return true;
}

const VMStateDescription vmstate_ide_bus = {
    .name = "ide-bus",
    .version_id = 1,
    .minimum_version_id = 1,
    .post_load = bus_post_load,
    .fields =
        (const VMStateField[]){
                               VMSTATE_UINT8(selected, IDEBus),
                               VMSTATE_UINT8(control, IDEBus),
                               VMSTATE_BOOL(irq_level, IDEBus),
                               VMSTATE_END_OF_LIST(),
                               },
};

static char *ide_dev_fw_path(DeviceState *dev)
{
    return g_strdup_printf("drive@%x", IDE_BUS(dev->parent_bus)->channel);
}

static bool ide_check_address(BusState *bus, DeviceState *dev, Error **errp)
{
    IDEBus *ide = IDE_BUS(bus);
    IDEDevice *d = IDE_DEVICE(dev);
    uint32_t unit = d->unit_prop;

    if (unit == UINT32_MAX) {
        unit = ide->units[0] ? 1 : 0;
    }
    if (unit >= (ide->is_sata ? 1u : 2u)) {
        return error_set(errp, "Can't create IDE unit %u, bus supports only %d units",
                         unit, ide->is_sata ? 1 : 2);
    }
    if (ide->units[unit]) {
        return error_set(errp, "IDE unit %u is in use", unit);
    }
    d->unit = (uint8_t)unit;
    return true;
}

static void ide_bus_class_init(ObjectClass *klass, const void *data)
{
    BusClass *bc = BUS_CLASS(klass);

    bc->max_dev = 2;
    bc->dev_fw_path = ide_dev_fw_path;
    bc->check_address = ide_check_address;
}

static const TypeInfo ide_bus_info = {
    .name = TYPE_IDE_BUS,
    .parent = TYPE_BUS,
    .instance_size = sizeof(IDEBus),
    .class_init = ide_bus_class_init,
};
TYPE_REGISTER(ide_bus_info);
