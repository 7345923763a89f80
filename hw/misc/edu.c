/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The educational PCI device (1234:11e8): a small device with everything a driver
 * meets. Source: its public description (register list, DMA, interrupts).
 *
 * Interface: BAR 0, 1 MiB of registers and a 4 KiB DMA buffer at 40000; INTA or one
 * MSI; property dma_mask (which address bits the DMA engine has, default 28).
 *
 * A DMA takes 100 ms of the guest's time. The factorial is computed from the event
 * loop, so the guest sees the "computing" bit for a moment.
 */
#include "hw/pci/msi.h"
#include "hw/pci/pci.h"
#include "util/log.h"

#include <inttypes.h>
#include <string.h>

#define TYPE_EDU "edu"

/* --- Registers: 32 bits below 80, 32 or 64 from there --- */
#define EDU_ID           0x00 /* RRrr00ed: major, minor revision */
#define EDU_ID_VALUE     0x010000ed
#define EDU_LIVENESS     0x04 /* reads the complement of what was written */
#define EDU_FACTORIAL    0x08 /* write n, read n! modulo 2^32 */
#define EDU_STATUS       0x20
#define EDU_STATUS_BUSY  0x01 /* read only: computing */
#define EDU_STATUS_IRQ   0x80 /* interrupt when the factorial is ready */
#define EDU_IRQ_STATUS   0x24 /* read only */
#define EDU_IRQ_RAISE    0x60 /* write only */
#define EDU_IRQ_ACK      0x64 /* write only */
#define EDU_DMA_SRC      0x80
#define EDU_DMA_DST      0x88
#define EDU_DMA_COUNT    0x90
#define EDU_DMA_CMD      0x98
#define EDU_DMA_RUN      0x1
#define EDU_DMA_TO_RAM   0x2 /* else from RAM to the buffer */
#define EDU_DMA_IRQ      0x4 /* interrupt DMA_DONE when finished */
#define EDU_DMA_CMD_MASK 0x7
#define EDU_IRQ_FACT     0x001
#define EDU_IRQ_DMA_DONE 0x100

#define EDU_MMIO_SIZE   0x100000
#define EDU_BUFFER_BASE 0x40000
#define EDU_BUFFER_SIZE 4096
#define EDU_DMA_NS      (100 * NS_PER_MS)

typedef struct EduState {
    PCIDevice parent_obj;
    MemoryRegion mmio;
    /* Registers, all migrated. */
    uint32_t liveness;
    uint32_t factorial;
    uint32_t status;
    uint32_t irq_status;
    uint64_t dma_src;
    uint64_t dma_dst;
    uint64_t dma_count;
    uint64_t dma_cmd;
    uint8_t buffer[EDU_BUFFER_SIZE];
    Timer dma_timer;
    /* Internal. */
    BottomHalf *factorial_bh;
    uint64_t dma_mask;
} EduState;

static EduState *edu(const void *obj)
{
    return (EduState *)object_cast(obj, TYPE_EDU);
}

/* --- Interrupts ----------------------------------------------------------------------
 */

static void raise_irq(EduState *s, uint32_t bits)
{
    PCIDevice *dev = &s->parent_obj;

    s->irq_status |= bits;
    if (!s->irq_status) {
        return;
    }
    if (msi_enabled(dev)) {
        msi_notify(dev, 0);
    } else {
        pci_set_irq(dev, 1);
    }
}

static void ack_irq(EduState *s, uint32_t bits)
{
    s->irq_status &= ~bits;
    if (!s->irq_status && !msi_enabled(&s->parent_obj)) {
        pci_set_irq(&s->parent_obj, 0);
    }
}

/* --- Factorial -----------------------------------------------------------------------
 */

static void compute_factorial_bh(void *opaque)
{
    EduState *s = opaque;
    uint32_t result = 1;

    /* From 34 on the product is a multiple of 2^32, which bounds the loop. */
    if (s->factorial >= 34) {
        result = 0;
    }
    for (uint32_t n = s->factorial; result && n > 1; n--) {
        result *= n;
    }
    s->factorial = result;
    s->status &= ~(uint32_t)EDU_STATUS_BUSY;
    if (s->status & EDU_STATUS_IRQ) {
        raise_irq(s, EDU_IRQ_FACT);
    }
}

static void start_factorial(EduState *s, uint32_t n)
{
    if (s->status & EDU_STATUS_BUSY) {
        return;
    }
    s->factorial = n;
    s->status |= EDU_STATUS_BUSY;
    bh_schedule(s->factorial_bh);
}

/* --- DMA -----------------------------------------------------------------------------
 */

/* The part of the buffer that @addr and the count name; NULL when not inside. */
static uint8_t *buffer_range(EduState *s, uint64_t addr)
{
    uint64_t offset = addr - EDU_BUFFER_BASE;

    if (addr < EDU_BUFFER_BASE || offset > EDU_BUFFER_SIZE ||
        s->dma_count > EDU_BUFFER_SIZE - offset) {
        log_guest_error("edu: DMA outside the buffer: %#" PRIx64 ", %" PRIu64
                        " bytes\n",
                        addr, s->dma_count);
        return NULL;
    }
    return s->buffer + offset;
}

/* The engine has only so many address lines. */
static hwaddr bus_address(EduState *s, uint64_t addr)
{
    if (addr & ~s->dma_mask) {
        log_guest_error("edu: DMA address %#" PRIx64 " is cut to %#" PRIx64 "\n", addr,
                        addr & s->dma_mask);
    }
    return addr & s->dma_mask;
}

static void dma_finished(void *opaque)
{
    EduState *s = opaque;
    PCIDevice *dev = &s->parent_obj;

    if (s->dma_cmd & EDU_DMA_TO_RAM) {
        const uint8_t *from = buffer_range(s, s->dma_src);
        if (from) {
            pci_dma_write(dev, bus_address(s, s->dma_dst), from, s->dma_count);
        }
    } else {
        uint8_t *to = buffer_range(s, s->dma_dst);
        if (to) {
            pci_dma_read(dev, bus_address(s, s->dma_src), to, s->dma_count);
        }
    }
    s->dma_cmd &= ~(uint64_t)EDU_DMA_RUN;
    if (s->dma_cmd & EDU_DMA_IRQ) {
        raise_irq(s, EDU_IRQ_DMA_DONE);
    }
}

/* The DMA registers keep still while a transfer runs. */
static void write_dma(EduState *s, uint64_t *reg, uint64_t value)
{
    if (s->dma_cmd & EDU_DMA_RUN) {
        return;
    }
    *reg = value;
    if (reg == &s->dma_cmd && (value & EDU_DMA_RUN)) {
        timer_mod_ns(&s->dma_timer, clock_get_ns(VIRTUAL_CLOCK) + EDU_DMA_NS);
    }
}

/* --- Registers -----------------------------------------------------------------------
 */

static uint64_t edu_read(void *opaque, hwaddr offset, unsigned size)
{
    EduState *s = opaque;

    if (offset < 0x80 && size != 4) {
        return UINT64_MAX;
    }
    switch (offset) {
    case EDU_ID:
        return EDU_ID_VALUE;
    case EDU_LIVENESS:
        return s->liveness;
    case EDU_FACTORIAL:
        return s->factorial;
    case EDU_STATUS:
        return s->status;
    case EDU_IRQ_STATUS:
        return s->irq_status;
    case EDU_DMA_SRC:
        return s->dma_src;
    case EDU_DMA_DST:
        return s->dma_dst;
    case EDU_DMA_COUNT:
        return s->dma_count;
    case EDU_DMA_CMD:
        return s->dma_cmd;
    default:
        log_guest_error("edu: read of %u bytes at %#" PRIx64 "\n", size, offset);
        return UINT64_MAX;
    }
}

static void edu_write(void *opaque, hwaddr offset, uint64_t value, unsigned size)
{
    EduState *s = opaque;

    if (offset < 0x80 && size != 4) {
        return;
    }
    switch (offset) {
    case EDU_LIVENESS:
        s->liveness = ~(uint32_t)value;
        break;
    case EDU_FACTORIAL:
        start_factorial(s, (uint32_t)value);
        break;
    case EDU_STATUS:
        s->status = (s->status & ~(uint32_t)EDU_STATUS_IRQ) | (value & EDU_STATUS_IRQ);
        break;
    case EDU_IRQ_RAISE:
        raise_irq(s, (uint32_t)value);
        break;
    case EDU_IRQ_ACK:
        ack_irq(s, (uint32_t)value);
        break;
    case EDU_DMA_SRC:
        write_dma(s, &s->dma_src, value);
        break;
    case EDU_DMA_DST:
        write_dma(s, &s->dma_dst, value);
        break;
    case EDU_DMA_COUNT:
        write_dma(s, &s->dma_count, value);
        break;
    case EDU_DMA_CMD:
        write_dma(s, &s->dma_cmd, value & EDU_DMA_CMD_MASK);
        break;
    default:
        log_guest_error("edu: write of %u bytes at %#" PRIx64 "\n", size, offset);
        break;
    }
}

static const MemoryRegionOps edu_ops = {
    .read = edu_read,
    .write = edu_write,
    .endianness = DEVICE_LITTLE_ENDIAN,
    .valid = {.min_access_size = 4,  .max_access_size = 8},
    .impl = { .min_access_size = 4, .max_access_size = 8},
};

/* --- Life ----------------------------------------------------------------------------
 */

static void edu_reset(PCIDevice *dev)
{
    EduState *s = edu(dev);

    bh_cancel(s->factorial_bh);
    timer_del(&s->dma_timer);
    s->liveness = s->factorial = s->status = s->irq_status = 0;
    s->dma_src = s->dma_dst = s->dma_count = s->dma_cmd = 0;
    memset(s->buffer, 0, sizeof(s->buffer));
}

static bool edu_realize(PCIDevice *dev, Error **errp)
{
    EduState *s = edu(dev);
    EventLoop *loop = device_get_loop(DEVICE(dev));

    dev->config[PCI_INTERRUPT_PIN] = 1;
    if (!msi_init(dev, 0, 1, true, false, errp)) {
        return false;
    }
    timer_init(&s->dma_timer, loop, VIRTUAL_CLOCK, dma_finished, s);
    s->factorial_bh = bh_new(loop, compute_factorial_bh, s);
    memory_region_init_io(&s->mmio, OBJECT(dev), &edu_ops, s, "edu-mmio",
                          EDU_MMIO_SIZE);
    pci_register_bar(dev, 0, PCI_BAR_MEM, &s->mmio);
    return true;
}

static void edu_unrealize(PCIDevice *dev)
{
    EduState *s = edu(dev);

    timer_del(&s->dma_timer);
    bh_free(s->factorial_bh);
    msi_uninit(dev);
}

static bool edu_post_load(void *opaque, int version_id, Error **errp)
{
    EduState *s = opaque;

    if (s->status & EDU_STATUS_BUSY) {
        bh_schedule(s->factorial_bh);
    }
    return true;
}

static const VMStateField edu_fields[] = {
    VMSTATE_PCI_DEVICE(parent_obj, EduState), VMSTATE_UINT32(liveness, EduState),
    VMSTATE_UINT32(factorial, EduState),      VMSTATE_UINT32(status, EduState),
    VMSTATE_UINT32(irq_status, EduState),     VMSTATE_UINT64(dma_src, EduState),
    VMSTATE_UINT64(dma_dst, EduState),        VMSTATE_UINT64(dma_count, EduState),
    VMSTATE_UINT64(dma_cmd, EduState),        VMSTATE_BUFFER(buffer, EduState),
    VMSTATE_TIMER(dma_timer, EduState),       VMSTATE_END_OF_LIST(),
};

static const VMStateDescription vmstate_edu = {
    .name = "edu",
    .version_id = 1,
    .minimum_version_id = 1,
    .post_load = edu_post_load,
    .fields = edu_fields,
};

static const Property edu_props[] = {
    PROP_UINT64("dma_mask", EduState, dma_mask, (1ull << 28) - 1),
};

static void edu_class_init(ObjectClass *klass, const void *data)
{
    DeviceClass *dc = DEVICE_CLASS(klass);
    PCIDeviceClass *pc = PCI_DEVICE_CLASS(klass);

    dc->desc = "Educational device";
    dc->categories = 1u << DEVICE_CATEGORY_MISC;
    dc->vmsd = &vmstate_edu;
    pc->vendor_id = 0x1234;
    pc->device_id = 0x11e8;
    pc->revision = 0x10;
    pc->class_id = PCI_CLASS_OTHERS;
    pc->realize = edu_realize;
    pc->unrealize = edu_unrealize;
    pc->reset_hold = edu_reset;
    OBJECT_CLASS_ADD_PROPERTIES(klass, edu_props);
}

static const TypeInfo edu_info = {
    .name = TYPE_EDU,
    .parent = TYPE_PCI_DEVICE,
    .instance_size = sizeof(EduState),
    .class_init = edu_class_init,
};
TYPE_REGISTER(edu_info);
