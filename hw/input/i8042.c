/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The keyboard and auxiliary device controller of the PS/2 (Personal System/2 Hardware
 * Interface Technical Reference; the program that IBM put into Intel's 8042).
 *
 * One byte at a time stands in the output buffer: an answer of the controller, else the
 * keyboard's, else the mouse's. Reading it lowers the interrupt; the next byte comes
 * with a new edge. Not modelled: time between bytes, the test inputs, the internal RAM
 * but for byte 0, the security commands.
 *
 * Board: properties extended-state, kbd-throttle, kbd-irq, mouse-irq. Ports
 * "i8042-data" (60) and "i8042-cmd" (64). Inputs "ps2-kbd-input-irq" and
 * "ps2-mouse-input-irq" from its two children. Outputs: 0 and 1, "a20".
 */
#include "hw/input/i8042.h"

#include "hw/input/ps2.h"
#include "migration/vmstate.h"
#include "softmmu/runstate.h"
#include "util/log.h"

enum {
    /* Commands to port 64. */
    CMD_READ_MODE = 0x20,
    CMD_WRITE_MODE = 0x60,
    CMD_DISABLE_AUX = 0xa7,
    CMD_ENABLE_AUX = 0xa8,
    CMD_TEST_AUX = 0xa9,
    CMD_SELF_TEST = 0xaa,
    CMD_TEST_KBD = 0xab,
    CMD_DISABLE_KBD = 0xad,
    CMD_ENABLE_KBD = 0xae,
    CMD_READ_INPUT = 0xc0,
    CMD_READ_OUTPUT = 0xd0,
    CMD_WRITE_OUTPUT = 0xd1,
    CMD_WRITE_KBD_BUFFER = 0xd2,
    CMD_WRITE_AUX_BUFFER = 0xd3,
    CMD_WRITE_AUX = 0xd4,
    CMD_DISABLE_A20 = 0xdd, /* HP's, but everywhere */
    CMD_ENABLE_A20 = 0xdf,
    CMD_PULSE_FIRST = 0xf0, /* bits 3:0 low: pulse that output low */

    /* Status, port 64. */
    STATUS_OBF = 1 << 0,
    STATUS_SYS = 1 << 2,
    STATUS_COMMAND = 1 << 3, /* the last write was to 64 */
    STATUS_UNLOCKED = 1 << 4,
    STATUS_AUX_OBF = 1 << 5,

    /* Command byte. */
    MODE_KBD_INT = 1 << 0,
    MODE_AUX_INT = 1 << 1,
    MODE_SYS = 1 << 2,
    MODE_DISABLE_KBD = 1 << 4,
    MODE_DISABLE_AUX = 1 << 5,
    MODE_TRANSLATE = 1 << 6,

    /* Output port. */
    OUT_RUN = 1 << 0, /* low: reset */
    OUT_A20 = 1 << 1,
    OUT_OBF = 1 << 4,
    OUT_AUX_OBF = 1 << 5,
    OUT_ONES = 0xcc,

    REPLY_SELF_TEST_OK = 0x55,
    REPLY_TEST_OK = 0x00,
    INPUT_PORT = 0x80, /* keyboard not locked */

    CODE_BREAK = 0xf0,
};

/* Whose byte stands in the output buffer. */
enum { SOURCE_NONE, SOURCE_CONTROLLER, SOURCE_KBD, SOURCE_AUX };

typedef struct I8042State {
    ISADevice parent_obj;
    MemoryRegion data_io, cmd_io;
    IrqLine *irqs[2]; /* keyboard, mouse */
    IrqLine *a20;
    Ps2KbdState kbd;
    Ps2MouseState mouse;
    /* Properties. */
    bool extended_state, kbd_throttle;
    uint8_t kbd_irq, mouse_irq;
    bool fetching; /* in i8042_fetch(): ps2_read() drives our input line */
    /* Migrated. */
    uint8_t status, mode, outport;
    uint8_t data;      /* the output buffer */
    uint8_t source;    /* SOURCE_* */
    uint8_t command;   /* waits for its data byte; 0: none */
    bool saw_break;    /* translation: F0 has passed */
    uint8_t answer[2]; /* of the controller, for when the buffer is free */
    uint8_t answer_source[2];
    uint8_t answer_count;
} I8042State;
OBJECT_DECLARE_SIMPLE_TYPE(I8042State, I8042, TYPE_I8042)

/* --- Output buffer -------------------------------------------------------------------
 */

static bool i8042_is_aux(uint8_t source)
{
    return source == SOURCE_AUX;
}

static void i8042_update_irq(I8042State *s)
{
    bool full = s->status & STATUS_OBF;
    bool aux = i8042_is_aux(s->source);

    irq_set(s->irqs[0], full && !aux && (s->mode & MODE_KBD_INT) ? 1 : 0);
    irq_set(s->irqs[1], full && aux && (s->mode & MODE_AUX_INT) ? 1 : 0);
}

static void i8042_put(I8042State *s, uint8_t value, uint8_t source)
{
    s->data = value;
    s->source = source;
    s->status |= STATUS_OBF;
    s->outport |= i8042_is_aux(source) ? OUT_AUX_OBF : OUT_OBF;
    if (i8042_is_aux(source)) {
        s->status |= STATUS_AUX_OBF;
    } else {
        s->status &= ~STATUS_AUX_OBF;
    }
}

/* Set 2 to set 1; false: the byte (F0) is swallowed. */
static bool i8042_translate(I8042State *s, uint8_t *value)
{
    if (!(s->mode & MODE_TRANSLATE)) {
        return true;
    }
    if (*value == CODE_BREAK) {
        s->saw_break = true;
        return false;
    }
    *value = scancode_set2_to_set1(*value);
    if (s->saw_break) {
        *value |= 0x80;
        s->saw_break = false;
    }
    return true;
}

/* Fill the output buffer, which is empty, if somebody has something. */
static void i8042_fetch(I8042State *s)
{
    if (s->answer_count) {
        i8042_put(s, s->answer[0], s->answer_source[0]);
        s->answer[0] = s->answer[1];
        s->answer_source[0] = s->answer_source[1];
        s->answer_count--;
        return;
    }
    while (!(s->mode & MODE_DISABLE_KBD) && ps2_has_data(&s->kbd.parent_obj)) {
        uint8_t value = ps2_read(&s->kbd.parent_obj);

        if (i8042_translate(s, &value)) {
            i8042_put(s, value, SOURCE_KBD);
            return;
        }
    }
    if (!(s->mode & MODE_DISABLE_AUX) && ps2_has_data(&s->mouse.parent_obj)) {
        i8042_put(s, ps2_read(&s->mouse.parent_obj), SOURCE_AUX);
    }
}

static void i8042_update(I8042State *s)
{
    if (!(s->status & STATUS_OBF)) {
        s->fetching = true;
        i8042_fetch(s);
        s->fetching = false;
    }
    i8042_update_irq(s);
}

/* An answer of the controller; the guest reads one before it asks for the next. */
static void i8042_answer(I8042State *s, uint8_t value, uint8_t source)
{
    if (s->answer_count < G_N_ELEMENTS(s->answer)) {
        s->answer[s->answer_count] = value;
        s->answer_source[s->answer_count] = source;
        s->answer_count++;
    }
    i8042_update(s);
}

/* A device's line: it has data. */
static void i8042_device_line(void *opaque, int n, int level)
{
    I8042State *s = opaque;

    if (level && !s->fetching) {
        i8042_update(s);
    }
}

/* --- Output port ---------------------------------------------------------------------
 */

static void i8042_set_a20(I8042State *s, bool on)
{
    s->outport = on ? s->outport | OUT_A20 : s->outport & ~OUT_A20;
    irq_set(s->a20, on);
}

static void i8042_write_output(I8042State *s, uint8_t value)
{
    s->outport = value;
    i8042_set_a20(s, value & OUT_A20);
    if (!(value & OUT_RUN)) {
        system_reset_request(SHUTDOWN_CAUSE_GUEST_RESET);
    }
}

/* --- Registers -----------------------------------------------------------------------
 */

static uint64_t i8042_read_data(void *opaque, hwaddr offset, unsigned size)
{
    I8042State *s = opaque;
    uint8_t value = s->data;

    if (s->status & STATUS_OBF) {
        s->status &= ~(STATUS_OBF | STATUS_AUX_OBF);
        s->outport &= ~(OUT_OBF | OUT_AUX_OBF);
        i8042_update_irq(s);
        i8042_update(s);
    }
    return value;
}

static void i8042_set_mode(I8042State *s, uint8_t mode)
{
    s->mode = mode;
    s->status = mode & MODE_SYS ? s->status | STATUS_SYS : s->status & ~STATUS_SYS;
    i8042_update(s);
}

static void i8042_write_data(void *opaque, hwaddr offset, uint64_t value, unsigned size)
{
    I8042State *s = opaque;
    uint8_t command = s->command;

    s->command = 0;
    s->status &= ~STATUS_COMMAND;
    switch (command) {
    case 0:
        /* A byte for the keyboard turns its clock on. */
        s->mode &= ~MODE_DISABLE_KBD;
        ps2_write_kbd(&s->kbd, value);
        break;
    case CMD_WRITE_MODE:
        i8042_set_mode(s, value);
        break;
    case CMD_WRITE_OUTPUT:
        i8042_write_output(s, value);
        break;
    case CMD_WRITE_KBD_BUFFER:
        i8042_answer(s, value, SOURCE_KBD);
        break;
    case CMD_WRITE_AUX_BUFFER:
        i8042_answer(s, value, SOURCE_AUX);
        break;
    case CMD_WRITE_AUX:
        s->mode &= ~MODE_DISABLE_AUX;
        ps2_write_mouse(&s->mouse, value);
        break;
    }
    i8042_update(s);
}

static uint64_t i8042_read_status(void *opaque, hwaddr offset, unsigned size)
{
    I8042State *s = opaque;

    return s->status;
}

static void i8042_pulse(I8042State *s, uint8_t value)
{
    if (!(value & OUT_RUN)) {
        system_reset_request(SHUTDOWN_CAUSE_GUEST_RESET);
    }
}

static void i8042_write_command(void *opaque, hwaddr offset, uint64_t value,
                                unsigned size)
{
    I8042State *s = opaque;

    s->status |= STATUS_COMMAND;
    s->command = 0;
    switch (value) {
    case CMD_READ_MODE:
        i8042_answer(s, s->mode, SOURCE_CONTROLLER);
        break;
    case CMD_WRITE_MODE:
    case CMD_WRITE_OUTPUT:
    case CMD_WRITE_KBD_BUFFER:
    case CMD_WRITE_AUX_BUFFER:
    case CMD_WRITE_AUX:
        s->command = value;
        break;
    case CMD_DISABLE_AUX:
        s->mode |= MODE_DISABLE_AUX;
        break;
    case CMD_ENABLE_AUX:
        s->mode &= ~MODE_DISABLE_AUX;
        i8042_update(s);
        break;
    case CMD_TEST_AUX:
    case CMD_TEST_KBD:
        i8042_answer(s, REPLY_TEST_OK, SOURCE_CONTROLLER);
        break;
    case CMD_SELF_TEST:
        s->status |= STATUS_SYS;
        i8042_answer(s, REPLY_SELF_TEST_OK, SOURCE_CONTROLLER);
        break;
    case CMD_DISABLE_KBD:
        s->mode |= MODE_DISABLE_KBD;
        break;
    case CMD_ENABLE_KBD:
        s->mode &= ~MODE_DISABLE_KBD;
        i8042_update(s);
        break;
    case CMD_READ_INPUT:
        i8042_answer(s, INPUT_PORT, SOURCE_CONTROLLER);
        break;
    case CMD_READ_OUTPUT:
        i8042_answer(s, s->outport, SOURCE_CONTROLLER);
        break;
    case CMD_DISABLE_A20:
        i8042_set_a20(s, false);
        break;
    case CMD_ENABLE_A20:
        i8042_set_a20(s, true);
        break;
    case CMD_PULSE_FIRST ... 0xff:
        i8042_pulse(s, value);
        break;
    default:
        log_guest_error("i8042: unknown command %02x\n", (unsigned)value);
        break;
    }
}

static const MemoryRegionOps i8042_data_ops = {
    .read = i8042_read_data,
    .write = i8042_write_data,
    .endianness = DEVICE_LITTLE_ENDIAN,
    .valid = {.min_access_size = 1,  .max_access_size = 1},
    .impl = { .min_access_size = 1, .max_access_size = 1},
};

static const MemoryRegionOps i8042_cmd_ops = {
    .read = i8042_read_status,
    .write = i8042_write_command,
    .endianness = DEVICE_LITTLE_ENDIAN,
    .valid = {.min_access_size = 1,  .max_access_size = 1},
    .impl = { .min_access_size = 1, .max_access_size = 1},
};

/* --- Device --------------------------------------------------------------------------
 */

static void i8042_reset_enter(DeviceState *dev)
{
    I8042State *s = I8042(dev);

    s->status = STATUS_COMMAND | STATUS_UNLOCKED;
    s->mode = MODE_KBD_INT | MODE_AUX_INT;
    s->outport = OUT_RUN | OUT_A20 | OUT_ONES;
    s->data = 0;
    s->source = SOURCE_NONE;
    s->command = 0;
    s->saw_break = false;
    s->answer_count = 0;
}

static void i8042_reset_hold(DeviceState *dev)
{
    I8042State *s = I8042(dev);

    i8042_update_irq(s);
    i8042_set_a20(s, true);
}

static bool i8042_realize(DeviceState *dev, Error **errp)
{
    I8042State *s = I8042(dev);
    ISADevice *isa = ISA_DEVICE(dev);

    if (!isa_connect_irq(isa, s->kbd_irq, &s->irqs[0], errp) ||
        !isa_connect_irq(isa, s->mouse_irq, &s->irqs[1], errp) ||
        !sysbus_realize(SYSBUS_DEVICE(&s->kbd), errp) ||
        !sysbus_realize(SYSBUS_DEVICE(&s->mouse), errp)) {
        return false;
    }
    device_connect_gpio_out(DEVICE(&s->kbd), 0,
                            device_get_gpio_in_named(dev, "ps2-kbd-input-irq", 0));
    device_connect_gpio_out(DEVICE(&s->mouse), 0,
                            device_get_gpio_in_named(dev, "ps2-mouse-input-irq", 0));
    memory_region_init_io(&s->data_io, OBJECT(s), &i8042_data_ops, s, "i8042-data", 1);
    memory_region_init_io(&s->cmd_io, OBJECT(s), &i8042_cmd_ops, s, "i8042-cmd", 1);
    isa_register_ioport(isa, &s->data_io, 0x60);
    isa_register_ioport(isa, &s->cmd_io, 0x64);
    return true;
}

static void i8042_instance_init(Object *obj)
{
    I8042State *s = (I8042State *)obj;

    object_initialize_child(obj, "ps2kbd", &s->kbd, sizeof(s->kbd), TYPE_PS2_KBD);
    object_initialize_child(obj, "ps2mouse", &s->mouse, sizeof(s->mouse),
                            TYPE_PS2_MOUSE);
    device_init_gpio_out_named(DEVICE(s), &s->a20, I8042_A20_LINE, 1);
    device_init_gpio_out(DEVICE(s), s->irqs, 2);
    device_init_gpio_in_named(DEVICE(s), i8042_device_line, "ps2-kbd-input-irq", 1);
    device_init_gpio_in_named(DEVICE(s), i8042_device_line, "ps2-mouse-input-irq", 1);
}

static bool i8042_post_load(void *opaque, int version_id, Error **errp)
{
    I8042State *s = opaque;

    if (s->answer_count > G_N_ELEMENTS(s->answer)) {
        return error_set(errp, "i8042: %u answers are too many", s->answer_count);
    }
    i8042_update_irq(s);
    irq_set(s->a20, s->outport & OUT_A20 ? 1 : 0);
    return true;
}

static const VMStateDescription i8042_vmstate = {
    .name = TYPE_I8042,
    .version_id = 1,
    .minimum_version_id = 1,
    .post_load = i8042_post_load,
    .fields =
        (const VMStateField[]){
                               VMSTATE_UINT8(status, I8042State),
                               VMSTATE_UINT8(mode, I8042State),
                               VMSTATE_UINT8(outport, I8042State),
                               VMSTATE_UINT8(data, I8042State),
                               VMSTATE_UINT8(source, I8042State),
                               VMSTATE_UINT8(command, I8042State),
                               VMSTATE_BOOL(saw_break, I8042State),
                               VMSTATE_BUFFER(answer, I8042State),
                               VMSTATE_BUFFER(answer_source, I8042State),
                               VMSTATE_UINT8(answer_count, I8042State),
                               VMSTATE_END_OF_LIST(),
                               },
};

static const Property i8042_properties[] = {
    PROP_BOOL("extended-state", I8042State, extended_state, true),
    PROP_BOOL("kbd-throttle", I8042State, kbd_throttle, false),
    PROP_UINT8("kbd-irq", I8042State, kbd_irq, 1),
    PROP_UINT8("mouse-irq", I8042State, mouse_irq, 12),
};

static void i8042_class_init(ObjectClass *klass, const void *data)
{
    DeviceClass *dc = DEVICE_CLASS(klass);

    dc->desc = "keyboard controller with keyboard and mouse";
    dc->categories = 1u << DEVICE_CATEGORY_INPUT;
    dc->realize = i8042_realize;
    dc->reset_enter = i8042_reset_enter;
    dc->reset_hold = i8042_reset_hold;
    dc->vmsd = &i8042_vmstate;
    OBJECT_CLASS_ADD_PROPERTIES(klass, i8042_properties);
}

static const TypeInfo i8042_info = {
    .name = TYPE_I8042,
    .parent = TYPE_ISA_DEVICE,
    .instance_size = sizeof(I8042State),
    .instance_init = i8042_instance_init,
    .class_init = i8042_class_init,
};
TYPE_REGISTER(i8042_info);

ISADevice *i8042_init(ISABus *bus, IrqLine *a20)
{
    ISADevice *dev = isa_new(TYPE_I8042);

    device_connect_gpio_out_named(DEVICE(dev), I8042_A20_LINE, 0, a20);
    if (!isa_realize_and_unref(dev, bus, &error_fatal)) {
        g_assert_not_reached();
    }
    return dev;
}

Ps2MouseState *i8042_find_mouse(ISABus *bus)
{
    GPtrArray *children = bus->parent_obj.children;

    for (guint i = 0; i < children->len; i++) {
        I8042State *s = object_find_cast(g_ptr_array_index(children, i), TYPE_I8042);

        if (s) {
            return &s->mouse;
        }
    }
    return NULL;
}
