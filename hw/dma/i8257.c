/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Intel 8237A DMA controller (order number 231466-005) with the page registers of the
 * PC/AT, one of a pair. (The type's name is that of its ancestor, as users know it.)
 *
 * Not modelled: memory-to-memory transfers, compressed timing, DACK and DREQ polarity,
 * and that masking channel 4 stops channels 0 to 3, which are cascaded through it.
 *
 * Board: properties base, page-base, dshift (1: the unit is a word). Ports "dma-chan",
 * "dma-cont" (each 8 registers, 1 << dshift apart), "dma-page" (twice). Channels are
 * offered on the bus. Memory: the system's.
 */
#include "hw/dma/i8257.h"

#include "migration/vmstate.h"
#include "util/log.h"

#include <assert.h>

enum {
    /* Control registers, by number. */
    REG_COMMAND_STATUS = 0,
    REG_REQUEST = 1,
    REG_SINGLE_MASK = 2,
    REG_MODE = 3,
    REG_CLEAR_FLIP_FLOP = 4,
    REG_MASTER_CLEAR_TEMP = 5,
    REG_CLEAR_MASK = 6,
    REG_ALL_MASK = 7,

    COMMAND_MEM_TO_MEM = 1 << 0,
    COMMAND_DISABLE = 1 << 2,
    SELECT = 3,
    SET_BIT = 1 << 2, /* of request and single mask writes */
    MODE_TRANSFER_SHIFT = 2,
    MODE_AUTOINIT = 1 << 4,
    MODE_DECREMENT = 1 << 5,
    MODE_SELECT = 0xc0,
    MODE_CASCADE = 0xc0,
    STATUS_REQUEST_SHIFT = 4,
    CHANNELS = 4,
};

typedef struct I8257Channel {
    uint16_t base_address, base_count;
    uint16_t address, count; /* current */
    uint8_t mode, page;
} I8257Channel;

typedef struct I8257State {
    ISADevice parent_obj;
    MemoryRegion chan_io, cont_io, page_io[2];
    IsaDmaChannel dma[CHANNELS];
    BottomHalf *bh;
    /* Properties. */
    int32_t base, page_base, pageh_base, dshift;
    /* Migrated. */
    I8257Channel channels[CHANNELS];
    uint8_t command, mask, tc, dreq, request;
    bool flip_flop; /* the next byte is the high one */
} I8257State;

static inline I8257State *I8257(const void *obj)
{
    return (I8257State *)object_cast((const Object *)obj, TYPE_I8257);
}

/* --- Transfers -----------------------------------------------------------------------
 */

static bool i8257_is_ready(const IsaDmaChannel *dma)
{
    const I8257State *s = dma->controller;

    return !(s->command & COMMAND_DISABLE) && !(s->mask & 1u << dma->number) &&
           (s->channels[dma->number].mode & MODE_SELECT) != MODE_CASCADE;
}

/* Something may be able to go on: serve it from the event loop. */
static void i8257_kick(I8257State *s)
{
    for (int n = 0; n < CHANNELS; n++) {
        if ((s->dreq & 1u << n) && i8257_is_ready(&s->dma[n])) {
            bh_schedule(s->bh);
            return;
        }
    }
}

static void i8257_service_bh(void *opaque)
{
    I8257State *s = opaque;

    for (int n = 0; n < CHANNELS; n++) {
        IsaDmaChannel *dma = &s->dma[n];

        if ((s->dreq & 1u << n) && dma->service && i8257_is_ready(dma)) {
            dma->service(dma->opaque);
        }
    }
}

static void i8257_set_dreq(IsaDmaChannel *dma, bool level)
{
    I8257State *s = dma->controller;

    if (level) {
        s->dreq |= 1u << dma->number;
        i8257_kick(s);
    } else {
        s->dreq &= ~(1u << dma->number);
    }
}

static IsaDmaTransfer i8257_get_transfer(const IsaDmaChannel *dma)
{
    const I8257State *s = dma->controller;

    return s->channels[dma->number].mode >> MODE_TRANSFER_SHIFT & 3;
}

/* The byte address: page and word address; bit 16 comes from the address when the
 * unit is a word. */
static hwaddr i8257_address(const I8257State *s, const I8257Channel *c)
{
    return (hwaddr)(c->page & ~s->dshift) << 16 | (hwaddr)c->address << s->dshift;
}

static void i8257_terminal_count(I8257State *s, int n)
{
    I8257Channel *c = &s->channels[n];

    s->tc |= 1u << n;
    s->request &= ~(1u << n);
    if (c->mode & MODE_AUTOINIT) {
        c->address = c->base_address;
        c->count = c->base_count;
    } else {
        c->count = 0xffff;
        s->mask |= 1u << n;
    }
}

/* Move @units, which do not cross the end of the 64 Ki units. */
static void i8257_move_units(I8257State *s, I8257Channel *c, uint8_t *buf,
                             uint32_t units, bool to_memory)
{
    size_t unit = 1u << s->dshift;
    size_t step = c->mode & MODE_DECREMENT ? unit : units * unit;

    for (size_t done = 0; done < units * unit; done += step) {
        hwaddr addr = i8257_address(s, c);

        if ((c->mode >> MODE_TRANSFER_SHIFT & 3) != ISA_DMA_VERIFY) {
            address_space_rw(&address_space_memory, addr, MEMTXATTRS_UNSPECIFIED,
                             buf + done, step, to_memory);
        }
        if (c->mode & MODE_DECREMENT) {
            c->address--;
        } else {
            c->address += units;
        }
    }
    c->count -= units;
}

static size_t i8257_move(IsaDmaChannel *dma, void *buf, size_t len, bool to_memory,
                         bool *tc)
{
    I8257State *s = dma->controller;
    I8257Channel *c = &s->channels[dma->number];
    size_t done = 0;

    *tc = false;
    while (!*tc && (len - done) >> s->dshift && i8257_is_ready(dma)) {
        uint32_t units = MIN((len - done) >> s->dshift, c->count + 1u);

        if (!(c->mode & MODE_DECREMENT)) {
            units = MIN(units, 0x10000u - c->address);
        }
        *tc = units == c->count + 1u;
        i8257_move_units(s, c, (uint8_t *)buf + done, units, to_memory);
        done += (size_t)units << s->dshift;
        if (*tc) {
            i8257_terminal_count(s, dma->number);
        }
    }
    return done;
}

static const IsaDmaOps i8257_dma_ops = {
    .set_dreq = i8257_set_dreq,
    .get_transfer = i8257_get_transfer,
    .is_ready = i8257_is_ready,
    .move = i8257_move,
};

/* --- Registers -----------------------------------------------------------------------
 */

static bool i8257_toggle_flip_flop(I8257State *s)
{
    s->flip_flop = !s->flip_flop;
    return !s->flip_flop; /* true: this is the high byte */
}

static uint64_t i8257_chan_read(void *opaque, hwaddr offset, unsigned size)
{
    I8257State *s = opaque;
    unsigned reg = offset >> s->dshift;
    I8257Channel *c = &s->channels[reg >> 1];
    uint16_t value = reg & 1 ? c->count : c->address;

    return i8257_toggle_flip_flop(s) ? value >> 8 : value & 0xff;
}

static void i8257_chan_write(void *opaque, hwaddr offset, uint64_t value, unsigned size)
{
    I8257State *s = opaque;
    unsigned reg = offset >> s->dshift;
    I8257Channel *c = &s->channels[reg >> 1];
    uint16_t *base = reg & 1 ? &c->base_count : &c->base_address;

    if (i8257_toggle_flip_flop(s)) {
        *base = (*base & 0x00ff) | value << 8;
    } else {
        *base = (*base & 0xff00) | value;
    }
    /* "The base and current registers are written simultaneously." */
    c->address = reg & 1 ? c->address : *base;
    c->count = reg & 1 ? *base : c->count;
}

static const MemoryRegionOps i8257_chan_ops = {
    .read = i8257_chan_read,
    .write = i8257_chan_write,
    .endianness = DEVICE_LITTLE_ENDIAN,
    .valid = {.min_access_size = 1,  .max_access_size = 1},
    .impl = { .min_access_size = 1, .max_access_size = 1},
};

static void i8257_master_clear(I8257State *s)
{
    s->command = 0;
    s->tc = 0;
    s->request = 0;
    s->mask = 0x0f;
    s->flip_flop = false;
}

static uint64_t i8257_cont_read(void *opaque, hwaddr offset, unsigned size)
{
    I8257State *s = opaque;
    uint8_t value;

    switch (offset >> s->dshift) {
    case REG_COMMAND_STATUS:
        value = s->tc | (s->dreq | s->request) << STATUS_REQUEST_SHIFT;
        s->tc = 0;
        return value;
    case REG_ALL_MASK:
        return s->mask;
    default:
        return 0;
    }
}

static void i8257_cont_write(void *opaque, hwaddr offset, uint64_t value, unsigned size)
{
    I8257State *s = opaque;
    uint8_t bit = 1u << (value & SELECT);

    switch (offset >> s->dshift) {
    case REG_COMMAND_STATUS:
        s->command = value;
        if (value & COMMAND_MEM_TO_MEM) {
            log_unimp("i8257: memory-to-memory transfer\n");
        }
        break;
    case REG_REQUEST:
        s->request = value & SET_BIT ? s->request | bit : s->request & ~bit;
        break;
    case REG_SINGLE_MASK:
        s->mask = value & SET_BIT ? s->mask | bit : s->mask & ~bit;
        break;
    case REG_MODE:
        s->channels[value & SELECT].mode = value;
        break;
    case REG_CLEAR_FLIP_FLOP:
        s->flip_flop = false;
        break;
    case REG_MASTER_CLEAR_TEMP:
        i8257_master_clear(s);
        break;
    case REG_CLEAR_MASK:
        s->mask = 0;
        break;
    case REG_ALL_MASK:
        s->mask = value & 0x0f;
        break;
    }
    i8257_kick(s);
}

static const MemoryRegionOps i8257_cont_ops = {
    .read = i8257_cont_read,
    .write = i8257_cont_write,
    .endianness = DEVICE_LITTLE_ENDIAN,
    .valid = {.min_access_size = 1,  .max_access_size = 1},
    .impl = { .min_access_size = 1, .max_access_size = 1},
};

/* Page ports 1, 2, 3 and 7 belong to channels 2, 3, 1 and 0. */
static uint8_t *i8257_page(I8257State *s, unsigned port)
{
    static const uint8_t channel_of_port[] = { [1] = 2, [2] = 3, [3] = 1, [7] = 0 };

    return &s->channels[channel_of_port[port & 7]].page;
}

static uint64_t i8257_page_low_read(void *opaque, hwaddr offset, unsigned size)
{
    return *i8257_page(opaque, 1 + offset);
}

static void i8257_page_low_write(void *opaque, hwaddr offset, uint64_t value,
                                 unsigned size)
{
    *i8257_page(opaque, 1 + offset) = value;
}

static uint64_t i8257_page_7_read(void *opaque, hwaddr offset, unsigned size)
{
    return *i8257_page(opaque, 7);
}

static void i8257_page_7_write(void *opaque, hwaddr offset, uint64_t value,
                               unsigned size)
{
    *i8257_page(opaque, 7) = value;
}

static const MemoryRegionOps i8257_page_ops[2] = {
    {
     .read = i8257_page_low_read,
     .write = i8257_page_low_write,
     .endianness = DEVICE_LITTLE_ENDIAN,
     .valid = { .min_access_size = 1, .max_access_size = 1 },
     .impl = { .min_access_size = 1, .max_access_size = 1 },
     },
    {
     .read = i8257_page_7_read,
     .write = i8257_page_7_write,
     .endianness = DEVICE_LITTLE_ENDIAN,
     .valid = { .min_access_size = 1, .max_access_size = 1 },
     .impl = { .min_access_size = 1, .max_access_size = 1 },
     },
};

/* --- Device --------------------------------------------------------------------------
 */

static void i8257_reset_enter(DeviceState *dev)
{
    I8257State *s = I8257(dev);

    i8257_master_clear(s);
    s->dreq = 0;
    for (int n = 0; n < CHANNELS; n++) {
        s->channels[n] = (I8257Channel){ 0 };
    }
}

static bool i8257_realize(DeviceState *dev, Error **errp)
{
    I8257State *s = I8257(dev);
    ISADevice *isa = ISA_DEVICE(dev);
    uint32_t size;

    if (s->dshift != 0 && s->dshift != 1) {
        return error_set(errp, "i8257: dshift %d is neither 0 nor 1", s->dshift);
    }
    size = 8u << s->dshift;
    memory_region_init_io(&s->chan_io, OBJECT(s), &i8257_chan_ops, s, "dma-chan", size);
    memory_region_init_io(&s->cont_io, OBJECT(s), &i8257_cont_ops, s, "dma-cont", size);
    memory_region_init_io(&s->page_io[0], OBJECT(s), &i8257_page_ops[0], s, "dma-page",
                          3);
    memory_region_init_io(&s->page_io[1], OBJECT(s), &i8257_page_ops[1], s, "dma-page",
                          1);
    isa_register_ioport(isa, &s->chan_io, s->base);
    isa_register_ioport(isa, &s->page_io[0], s->page_base + 1);
    isa_register_ioport(isa, &s->page_io[1], s->page_base + 7);
    isa_register_ioport(isa, &s->cont_io, s->base + size);
    for (int n = 0; n < CHANNELS; n++) {
        s->dma[n] =
            (IsaDmaChannel){ .ops = &i8257_dma_ops, .controller = s, .number = n };
    }
    isa_bus_dma(isa_bus_from_device(isa), s->dshift * CHANNELS, s->dma, CHANNELS);
    s->bh = bh_new(device_get_loop(dev), i8257_service_bh, s);
    return true;
}

static bool i8257_post_load(void *opaque, int version_id, Error **errp)
{
    i8257_kick(opaque);
    return true;
}

static const VMStateDescription channel_vmstate = {
    .name = "i8257/channel",
    .version_id = 1,
    .minimum_version_id = 1,
    .fields =
        (const VMStateField[]){
                               VMSTATE_UINT16(base_address, I8257Channel),
                               VMSTATE_UINT16(base_count, I8257Channel),
                               VMSTATE_UINT16(address, I8257Channel),
                               VMSTATE_UINT16(count, I8257Channel),
                               VMSTATE_UINT8(mode, I8257Channel),
                               VMSTATE_UINT8(page, I8257Channel),
                               VMSTATE_END_OF_LIST(),
                               },
};

static const VMStateDescription i8257_vmstate = {
    .name = TYPE_I8257,
    .version_id = 1,
    .minimum_version_id = 1,
    .post_load = i8257_post_load,
    .fields =
        (const VMStateField[]){
                               VMSTATE_STRUCT_ARRAY(channels, I8257State, channel_vmstate),
                               VMSTATE_UINT8(command, I8257State),
                               VMSTATE_UINT8(mask, I8257State),
                               VMSTATE_UINT8(tc, I8257State),
                               VMSTATE_UINT8(dreq, I8257State),
                               VMSTATE_UINT8(request, I8257State),
                               VMSTATE_BOOL(flip_flop, I8257State),
                               VMSTATE_END_OF_LIST(),
                               },
};

static const Property i8257_properties[] = {
    PROP_INT32("base", I8257State, base, 0x00),
    PROP_INT32("page-base", I8257State, page_base, 0x80),
    PROP_INT32("pageh-base", I8257State, pageh_base, -1),
    PROP_INT32("dshift", I8257State, dshift, 0),
};

static void i8257_class_init(ObjectClass *klass, const void *data)
{
    DeviceClass *dc = DEVICE_CLASS(klass);

    dc->desc = "8237A DMA controller";
    dc->categories = 1u << DEVICE_CATEGORY_MISC;
    dc->user_creatable = false;
    dc->realize = i8257_realize;
    dc->reset_enter = i8257_reset_enter;
    dc->vmsd = &i8257_vmstate;
    OBJECT_CLASS_ADD_PROPERTIES(klass, i8257_properties);
}

static const TypeInfo i8257_info = {
    .name = TYPE_I8257,
    .parent = TYPE_ISA_DEVICE,
    .instance_size = sizeof(I8257State),
    .class_init = i8257_class_init,
};
TYPE_REGISTER(i8257_info);

static void i8257_make(ISABus *bus, unsigned base, unsigned page_base, unsigned dshift)
{
    ISADevice *dev = isa_new(TYPE_I8257);

    if (!object_property_set_int(OBJECT(dev), "base", base, &error_abort) ||
        !object_property_set_int(OBJECT(dev), "page-base", page_base, &error_abort) ||
        !object_property_set_int(OBJECT(dev), "dshift", dshift, &error_abort) ||
        !isa_realize_and_unref(dev, bus, &error_fatal)) {
        g_assert_not_reached();
    }
}

void i8257_init(ISABus *bus)
{
    i8257_make(bus, 0x00, 0x80, 0);
    i8257_make(bus, 0xc0, 0x88, 1);
}
