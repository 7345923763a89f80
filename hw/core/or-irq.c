/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An OR gate: the output is high while any input is. For lines that several chips drive
 * by wire-OR or through a gate on the board.
 *
 * Board interface: property num-lines; inputs 0 to num-lines - 1, one output. It has no
 * reset: its inputs follow those who drive them.
 */
#include "hw/core/or-irq.h"

#include "migration/vmstate.h"

#define MAX_LINES 48

OBJECT_DECLARE_SIMPLE_TYPE(OrIrqState, OR_IRQ, TYPE_OR_IRQ)

struct OrIrqState {
    DeviceState parent_obj;

    IrqLine *out;
    uint8_t levels[MAX_LINES]; /* migrated */
    uint16_t num_lines;
};

/* Always driven: who listens may have been reset. */
static void update_output(OrIrqState *s)
{
    bool level = false;

    for (unsigned i = 0; i < s->num_lines; i++) {
        level |= s->levels[i];
    }
    irq_set(s->out, level);
}

static void set_input(void *opaque, int n, int level)
{
    OrIrqState *s = opaque;

    s->levels[n] = level != 0;
    update_output(s);
}

static bool or_irq_realize(DeviceState *dev, Error **errp)
{
    OrIrqState *s = OR_IRQ(dev);

    if (!s->num_lines || s->num_lines > MAX_LINES) {
        return error_set(errp, "num-lines must be from 1 to %d", MAX_LINES);
    }
    device_init_gpio_in(dev, set_input, s->num_lines);
    device_init_gpio_out(dev, &s->out, 1);
    return true;
}

/* Those behind the gate load their own state. */
static const VMStateDescription or_irq_vmstate = {
    .name = TYPE_OR_IRQ,
    .version_id = 1,
    .minimum_version_id = 1,
    .fields =
        (const VMStateField[]){
                               VMSTATE_BUFFER(levels, OrIrqState),
                               VMSTATE_END_OF_LIST(),
                               },
};

static const Property or_irq_props[] = {
    PROP_UINT16("num-lines", OrIrqState, num_lines, 1),
};

static void or_irq_class_init(ObjectClass *klass, const void *data)
{
    DeviceClass *dc = DEVICE_CLASS(klass);

    dc->realize = or_irq_realize;
    dc->user_creatable = false;
    dc->vmsd = &or_irq_vmstate;
    OBJECT_CLASS_ADD_PROPERTIES(klass, or_irq_props);
}

static const TypeInfo or_irq_info = {
    .name = TYPE_OR_IRQ,
    .parent = TYPE_DEVICE,
    .instance_size = sizeof(OrIrqState),
    .class_init = or_irq_class_init,
};
TYPE_REGISTER(or_irq_info);

DeviceState *or_irq_new(Object *parent, const char *name, unsigned lines, IrqLine *out)
{
    DeviceState *dev = device_new(TYPE_OR_IRQ);

    device_prop_set_uint(dev, "num-lines", lines);
    object_property_add_child(parent, name, OBJECT(dev));
    if (!device_realize_and_unref(dev, NULL, &error_abort)) {
        g_assert_not_reached();
    }
    device_connect_gpio_out(dev, 0, out);
    return dev;
}
