/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Intel 82093AA I/O APIC (order number 290566-001), with the EOI register of version
 * 20 as in the ICH manuals (offset 40).
 *
 * Not modelled: the arbitration register (reads as the id), the polarity bit: an input
 * is asserted or not, whatever the voltage.
 *
 * Board: property version. MMIO region 0 "ioapic" (4 KiB). GPIO inputs 0-23; input 0
 * arrives at pin 2, where a PC has its timer. Messages go out on the APIC bus.
 */
#include "hw/intc/ioapic.h"

#include "accel/accel.h"
#include "hw/intc/apic-internal.h"
#include "hw/intc/ioapic-internal.h"
#include "hw/intc/irq-info.h"
#include "migration/vmstate.h"
#include "util/log.h"

/* Memory-mapped registers. */
enum {
    IOREGSEL = 0x00,
    IOWIN = 0x10,
    IOEOI = 0x40,
};

/* Behind the window. */
enum {
    IOAPICID = 0x00,
    IOAPICVER = 0x01,
    IOAPICARB = 0x02,
    IOREDTBL = 0x10, /* two for each pin */
    ID_WRITABLE = 0x0f000000,
};

/* A redirection table entry. */
enum {
    RT_VECTOR = 0xff,
    RT_DELMOD_SHIFT = 8,
    RT_LOGICAL = 1 << 11,
    RT_DELIVS = 1 << 12,
    RT_LOW_ACTIVE = 1 << 13,
    RT_REMOTE_IRR = 1 << 14,
    RT_LEVEL = 1 << 15,
    RT_MASKED = 1 << 16,
    RT_DEST_SHIFT = 56,
};
#define RT_WRITABLE 0xff0000000001afffull

/* --- Logic ---------------------------------------------------------------------------
 */

static const IoApicTwin *ioapic_twin(const IoApicState *s)
{
    return ((const IoApicClass *)((const Object *)s)->klass)->twin;
}

static void ioapic_fetch(IoApicState *s)
{
    if (ioapic_twin(s)) {
        ioapic_twin(s)->fetch(s);
    }
}

static void ioapic_written(IoApicState *s)
{
    if (ioapic_twin(s)) {
        ioapic_twin(s)->written(s);
    }
}

static ApicMessage ioapic_message(const IoApicState *s, int pin)
{
    uint64_t entry = s->redtbl[pin];

    return (ApicMessage){
        .vector = entry & RT_VECTOR,
        .mode = entry >> RT_DELMOD_SHIFT & 7,
        .logical = entry & RT_LOGICAL,
        .dest = entry >> RT_DEST_SHIFT,
        .level_triggered = entry & RT_LEVEL,
    };
}

/* An accelerator with local APICs of its own is told where the pin leads. */
static void ioapic_tell_route(const IoApicState *s, int pin)
{
    const ApicTwin *apics = apic_bus_get_twin();

    if (apics && !ioapic_twin(s)) {
        ApicMessage msg = ioapic_message(s, pin);

        apics->pin_changed(pin, s->redtbl[pin] & RT_MASKED ? NULL : &msg);
    }
}

static void ioapic_send(IoApicState *s, int pin)
{
    ApicMessage msg = ioapic_message(s, pin);

    apic_bus_send(&msg);
}

/* A level-triggered pin sends when it is asserted and the last message was ended. */
static void ioapic_service_level(IoApicState *s, int pin)
{
    uint64_t *entry = &s->redtbl[pin];

    if ((s->irr & 1u << pin) && (*entry & RT_LEVEL) &&
        !(*entry & (RT_MASKED | RT_REMOTE_IRR))) {
        *entry |= RT_REMOTE_IRR;
        ioapic_send(s, pin);
    }
}

static void ioapic_set_line(void *opaque, int n, int level)
{
    IoApicState *s = opaque;
    int pin = n == 0 ? 2 : n;
    uint32_t mask = 1u << pin;
    bool rises = level && !(s->lines & mask);

    s->counts[n] += rises;
    s->lines = level ? s->lines | mask : s->lines & ~mask;
    if (ioapic_twin(s)) {
        ioapic_twin(s)->set_input(s, n, level);
        return;
    }
    if (s->redtbl[pin] & RT_LEVEL) {
        s->irr = level ? s->irr | mask : s->irr & ~mask;
        ioapic_service_level(s, pin);
    } else if (rises && !(s->redtbl[pin] & RT_MASKED)) {
        /* "Edge-sensitive interrupts signaled on a masked pin are ignored." */
        ioapic_send(s, pin);
    }
}

/* Context: the EOI broadcast of a CPU, or IOEOI. */
static void ioapic_eoi(void *opaque, uint8_t vector)
{
    IoApicState *s = opaque;

    if (ioapic_twin(s)) {
        return;
    }
    for (int pin = 0; pin < IOAPIC_NUM_PINS; pin++) {
        uint64_t *entry = &s->redtbl[pin];

        if ((*entry & RT_VECTOR) == vector && (*entry & RT_REMOTE_IRR)) {
            *entry &= ~(uint64_t)RT_REMOTE_IRR;
            ioapic_service_level(s, pin);
        }
    }
}

static void ioapic_write_entry(IoApicState *s, int pin, uint64_t value)
{
    uint64_t *entry = &s->redtbl[pin];

    *entry = (*entry & ~RT_WRITABLE) | (value & RT_WRITABLE);
    if (ioapic_twin(s)) {
        return; /* the caller hands the registers over */
    }
    ioapic_tell_route(s, pin);
    if (*entry & RT_LEVEL) {
        s->irr = s->lines & 1u << pin ? s->irr | 1u << pin : s->irr & ~(1u << pin);
        ioapic_service_level(s, pin);
    } else {
        /* Remote IRR has no meaning for an edge; systems switch a pin to edge and back
         * to clear it. */
        *entry &= ~(uint64_t)RT_REMOTE_IRR;
        s->irr &= ~(1u << pin);
    }
}

/* --- Registers -----------------------------------------------------------------------
 */

static uint32_t ioapic_read_window(IoApicState *s)
{
    unsigned pin = (s->select - IOREDTBL) >> 1;

    switch (s->select) {
    case IOAPICID:
    case IOAPICARB:
        return s->id;
    case IOAPICVER:
        return s->version | (IOAPIC_NUM_PINS - 1) << 16;
    }
    if (s->select < IOREDTBL || pin >= IOAPIC_NUM_PINS) {
        return 0;
    }
    return s->select & 1 ? s->redtbl[pin] >> 32 : s->redtbl[pin];
}

static void ioapic_write_window(IoApicState *s, uint32_t value)
{
    unsigned pin = (s->select - IOREDTBL) >> 1;

    switch (s->select) {
    case IOAPICID:
        s->id = value & ID_WRITABLE;
        return;
    case IOAPICVER:
    case IOAPICARB:
        return;
    }
    if (s->select < IOREDTBL || pin >= IOAPIC_NUM_PINS) {
        log_guest_error("ioapic: write of register %02x\n", s->select);
    } else if (s->select & 1) {
        ioapic_write_entry(s, pin,
                           (s->redtbl[pin] & UINT32_MAX) | (uint64_t)value << 32);
    } else {
        ioapic_write_entry(s, pin, (s->redtbl[pin] >> 32 << 32) | value);
    }
}

static uint64_t ioapic_read(void *opaque, hwaddr offset, unsigned size)
{
    IoApicState *s = opaque;

    ioapic_fetch(s);
    switch (offset) {
    case IOREGSEL:
        return s->select;
    case IOWIN:
        return ioapic_read_window(s);
    default:
        return 0;
    }
}

static void ioapic_write(void *opaque, hwaddr offset, uint64_t value, unsigned size)
{
    IoApicState *s = opaque;

    ioapic_fetch(s);
    switch (offset) {
    case IOREGSEL:
        s->select = value;
        break;
    case IOWIN:
        ioapic_write_window(s, value);
        break;
    case IOEOI:
        if (s->version >= 0x20) {
            ioapic_eoi(s, value);
        }
        break;
    default:
        log_guest_error("ioapic: write at %03x\n", (unsigned)offset);
        break;
    }
    ioapic_written(s);
}

static const MemoryRegionOps ioapic_ops = {
    .read = ioapic_read,
    .write = ioapic_write,
    .endianness = DEVICE_LITTLE_ENDIAN,
    .valid = {.min_access_size = 1,  .max_access_size = 4},
    .impl = { .min_access_size = 1, .max_access_size = 4},
};

/* --- Monitor -------------------------------------------------------------------------
 */

static void ioapic_print_pins(GString *out, const char *title, uint32_t set)
{
    g_string_append(out, title);
    if (!set) {
        g_string_append(out, "(none)");
    }
    for (int pin = 0; pin < IOAPIC_NUM_PINS; pin++) {
        if (set & 1u << pin) {
            g_string_append_printf(out, "%d ", pin);
        }
    }
    g_string_append_c(out, '\n');
}

static void ioapic_print_info(Object *obj, GString *out)
{
    static const char *const modes[] = { "fixed", "lowest", "SMI", "...",
                                         "NMI",   "INIT",   "...", "extINT" };
    IoApicState *s = IOAPIC(obj);
    uint32_t remote_irr = 0;

    ioapic_fetch(s);

    g_string_append_printf(out, "ioapic0: ver=0x%x id=0x%02x sel=0x%02x", s->version,
                           s->id >> 24, s->select);
    if (s->select >= IOREDTBL) {
        g_string_append_printf(out, " (redir[%u])", (s->select - IOREDTBL) >> 1);
    }
    g_string_append_c(out, '\n');
    for (int pin = 0; pin < IOAPIC_NUM_PINS; pin++) {
        uint64_t e = s->redtbl[pin];

        g_string_append_printf(
            out,
            "  pin %-2d 0x%016" PRIx64 " dest=%" PRIx64
            " vec=%-3u %s %-5s %-6s %-6s %s\n",
            pin, e, e >> RT_DEST_SHIFT, (unsigned)(e & RT_VECTOR),
            e & RT_LOW_ACTIVE ? "active-lo" : "active-hi",
            e & RT_LEVEL ? "level" : "edge", e & RT_MASKED ? "masked" : "",
            modes[e >> RT_DELMOD_SHIFT & 7], e & RT_LOGICAL ? "logical" : "physical");
        if (e & RT_REMOTE_IRR) {
            remote_irr |= 1u << pin;
        }
    }
    ioapic_print_pins(out, "  IRR      ", s->irr);
    ioapic_print_pins(out, "  Remote IRR ", remote_irr);
}

static bool ioapic_get_statistics(Object *obj, const uint64_t **counts, unsigned *n)
{
    IoApicState *s = IOAPIC(obj);

    *counts = s->counts;
    *n = IOAPIC_NUM_PINS;
    return true;
}

/* --- Device --------------------------------------------------------------------------
 */

static void ioapic_reset_enter(DeviceState *dev)
{
    IoApicState *s = IOAPIC(dev);

    s->id = 0;
    s->select = 0;
    s->irr = 0;
    s->lines = 0;
    for (int pin = 0; pin < IOAPIC_NUM_PINS; pin++) {
        s->redtbl[pin] = RT_MASKED;
    }
}

static void ioapic_reset_hold(DeviceState *dev)
{
    IoApicState *s = IOAPIC(dev);

    ioapic_written(s);
    for (int pin = 0; pin < IOAPIC_NUM_PINS; pin++) {
        ioapic_tell_route(s, pin);
    }
}

static bool ioapic_realize(DeviceState *dev, Error **errp)
{
    IoApicState *s = IOAPIC(dev);

    if (s->version != 0x11 && s->version != 0x20) {
        return error_set(errp,
                         "IOAPIC only supports version 0x11 or 0x20 (default: 0x20).");
    }
    memory_region_init_io(&s->io, OBJECT(s), &ioapic_ops, s,
                          ((IoApicClass *)OBJECT(s)->klass)->region_name, 0x1000);
    sysbus_init_mmio(SYSBUS_DEVICE(dev), &s->io);
    device_init_gpio_in(dev, ioapic_set_line, IOAPIC_NUM_PINS);
    apic_bus_add_eoi_listener(ioapic_eoi, s);
    return true;
}

static void ioapic_unrealize(DeviceState *dev)
{
    apic_bus_del_eoi_listener(ioapic_eoi, dev);
}

static bool ioapic_pre_save(void *opaque, Error **errp)
{
    ioapic_fetch(opaque);
    return true;
}

static bool ioapic_post_load(void *opaque, int version_id, Error **errp)
{
    ioapic_reset_hold(opaque); /* hands the registers and the routes over */
    return true;
}

static const VMStateDescription ioapic_vmstate = {
    .name = TYPE_IOAPIC,
    .version_id = 1,
    .minimum_version_id = 1,
    .pre_save = ioapic_pre_save,
    .post_load = ioapic_post_load,
    .fields =
        (const VMStateField[]){
                               VMSTATE_UINT32(id, IoApicState),
                               VMSTATE_UINT8(select, IoApicState),
                               VMSTATE_ARRAY(redtbl, IoApicState),
                               VMSTATE_UINT32(irr, IoApicState),
                               VMSTATE_UINT32(lines, IoApicState),
                               VMSTATE_END_OF_LIST(),
                               },
};

static const Property ioapic_properties[] = {
    PROP_UINT32("version", IoApicState, version, 0x20),
};

static void ioapic_class_init(ObjectClass *klass, const void *data)
{
    DeviceClass *dc = DEVICE_CLASS(klass);
    IrqInfoClass *ic = object_class_cast(klass, TYPE_IRQ_INFO);

    ((IoApicClass *)klass)->region_name = "ioapic";
    dc->desc = "I/O APIC";
    dc->user_creatable = false;
    dc->realize = ioapic_realize;
    dc->unrealize = ioapic_unrealize;
    dc->reset_enter = ioapic_reset_enter;
    dc->reset_hold = ioapic_reset_hold;
    dc->vmsd = &ioapic_vmstate;
    ic->print_info = ioapic_print_info;
    ic->get_statistics = ioapic_get_statistics;
    OBJECT_CLASS_ADD_PROPERTIES(klass, ioapic_properties);
}

static const TypeInfo ioapic_info = {
    .name = TYPE_IOAPIC,
    .parent = TYPE_SYSBUS_DEVICE,
    .instance_size = sizeof(IoApicState),
    .class_size = sizeof(IoApicClass),
    .class_init = ioapic_class_init,
    .interfaces = (const char *const[]){TYPE_IRQ_INFO, NULL},
};
TYPE_REGISTER(ioapic_info);

IoApicState *ioapic_init(Object *parent)
{
    DeviceState *dev = device_new(accel_device_type(TYPE_IOAPIC));

    object_property_add_child(parent, "ioapic", OBJECT(dev));
    if (!sysbus_realize_and_unref(SYSBUS_DEVICE(dev), &error_fatal)) {
        g_assert_not_reached();
    }
    sysbus_mmio_map(SYSBUS_DEVICE(dev), get_system_memory(), 0, IOAPIC_DEFAULT_BASE);
    return IOAPIC(dev);
}

IrqLine *ioapic_get_line(IoApicState *s, int n)
{
    return device_get_gpio_in(DEVICE(s), n);
}
