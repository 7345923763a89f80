/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The PS/2 mouse (Personal System/2 Hardware Interface Technical Reference, "Keyboard
 * and Auxiliary Device"), with the wheel and the five buttons that the IntelliMouse and
 * the IntelliMouse Explorer turn on after a knock of sample rates.
 *
 * Not modelled: the sample rate as a limit, the 2:1 scaling of remote mode.
 */
#include "hw/input/ps2.h"
#include "migration/vmstate.h"

enum {
    CMD_SCALING_1_1 = 0xe6,
    CMD_SCALING_2_1 = 0xe7,
    CMD_RESOLUTION = 0xe8,
    CMD_STATUS = 0xe9,
    CMD_STREAM = 0xea,
    CMD_READ_DATA = 0xeb,
    CMD_RESET_WRAP = 0xec,
    CMD_WRAP = 0xee,
    CMD_REMOTE = 0xf0,
    CMD_IDENTIFY = 0xf2,
    CMD_SAMPLE_RATE = 0xf3,
    CMD_ENABLE = 0xf4,
    CMD_DISABLE = 0xf5,
    CMD_DEFAULTS = 0xf6,
    CMD_RESEND = 0xfe,
    CMD_RESET = 0xff,

    REPLY_BAT_OK = 0xaa,
    REPLY_ACK = 0xfa,
    REPLY_ERROR = 0xfe,

    TYPE_PLAIN = 0,
    TYPE_WHEEL = 3,
    TYPE_FIVE_BUTTONS = 4,

    /* First byte of a packet. */
    PACKET_LEFT = 1 << 0,
    PACKET_RIGHT = 1 << 1,
    PACKET_MIDDLE = 1 << 2,
    PACKET_ONE = 1 << 3,
    PACKET_X_SIGN = 1 << 4,
    PACKET_Y_SIGN = 1 << 5,
    /* Ours, in the same byte as the others. */
    BUTTON_SIDE = 1 << 3,
    BUTTON_EXTRA = 1 << 4,

    STATUS_SCALING = 1 << 4,
    STATUS_ENABLED = 1 << 5,
    STATUS_REMOTE = 1 << 6,

    MOTION_MAX = 255,
    WHEEL_MAX = 7,
};

/* --- Packets -------------------------------------------------------------------------
 */

static bool mouse_has_news(const Ps2MouseState *s)
{
    return s->dx || s->dy || s->dz || s->buttons != s->sent_buttons;
}

/* Queue one packet of what has happened; false when there is no room. */
static bool mouse_send_packet(Ps2MouseState *s, bool as_reply)
{
    int dx = CLAMP(s->dx, -MOTION_MAX, MOTION_MAX);
    int dy = CLAMP(s->dy, -MOTION_MAX, MOTION_MAX);
    int dz = CLAMP(s->dz, -WHEEL_MAX, WHEEL_MAX);
    uint8_t packet[4];
    int n = 3;

    packet[0] = PACKET_ONE | (s->buttons & 7) | (dx < 0 ? PACKET_X_SIGN : 0) |
                (dy < 0 ? PACKET_Y_SIGN : 0);
    packet[1] = dx;
    packet[2] = dy;
    if (s->type == TYPE_WHEEL) {
        packet[n++] = dz;
    } else if (s->type == TYPE_FIVE_BUTTONS) {
        packet[n++] = (dz & 0x0f) | (s->buttons & (BUTTON_SIDE | BUTTON_EXTRA)) << 1;
    } else {
        s->dz = dz = 0;
    }
    if (as_reply) {
        for (int i = 0; i < n; i++) {
            ps2_reply(&s->parent_obj, packet[i]);
        }
    } else if (!ps2_queue(&s->parent_obj, packet, n)) {
        return false;
    }
    s->dx -= dx;
    s->dy -= dy;
    s->dz -= dz;
    s->sent_buttons = s->buttons;
    return true;
}

static void mouse_event(void *opaque, const InputEvent *event)
{
    static const uint8_t bits[INPUT_BUTTON_COUNT] = {
        [INPUT_BUTTON_LEFT] = PACKET_LEFT,     [INPUT_BUTTON_RIGHT] = PACKET_RIGHT,
        [INPUT_BUTTON_MIDDLE] = PACKET_MIDDLE, [INPUT_BUTTON_SIDE] = BUTTON_SIDE,
        [INPUT_BUTTON_EXTRA] = BUTTON_EXTRA,
    };
    Ps2MouseState *s = opaque;

    if (!s->enabled) {
        return;
    }
    if (event->kind == INPUT_KIND_REL) {
        /* The mouse's y goes up. */
        if (event->code == INPUT_AXIS_X) {
            s->dx = CLAMP((int64_t)s->dx + event->value, INT16_MIN, INT16_MAX);
        } else {
            s->dy = CLAMP((int64_t)s->dy - event->value, INT16_MIN, INT16_MAX);
        }
    } else if (event->code == INPUT_BUTTON_WHEEL_UP) {
        s->dz -= event->value ? 1 : 0;
    } else if (event->code == INPUT_BUTTON_WHEEL_DOWN) {
        s->dz += event->value ? 1 : 0;
    } else if (event->value) {
        s->buttons |= bits[event->code];
    } else {
        s->buttons &= ~bits[event->code];
    }
}

void ps2_mouse_poke(Ps2MouseState *s)
{
    static const uint8_t nothing[4] = { PACKET_ONE };

    if (s->enabled && s->parent_obj.queue_count == 0) {
        ps2_queue(&s->parent_obj, nothing, s->type == TYPE_PLAIN ? 3 : 4);
    }
}

static void mouse_sync(void *opaque)
{
    Ps2MouseState *s = opaque;

    if (!s->enabled || s->remote || s->wrap) {
        return;
    }
    while (mouse_has_news(s) && mouse_send_packet(s, false)) {
        continue;
    }
}

static const InputHandlerOps mouse_handler_ops = {
    .name = "QEMU PS/2 Mouse",
    .kinds = 1u << INPUT_KIND_BUTTON | 1u << INPUT_KIND_REL,
    .event = mouse_event,
    .sync = mouse_sync,
};

/* --- Commands ------------------------------------------------------------------------
 */

static void mouse_set_defaults(Ps2MouseState *s)
{
    s->enabled = false;
    s->remote = false;
    s->wrap = false;
    s->scaling_2_1 = false;
    s->resolution = 2;
    s->sample_rate = 100;
    s->knock = 0;
    s->dx = s->dy = s->dz = 0;
}

/* 200, 100, 80 turns on the wheel; 200, 200, 80 the five buttons. */
static void mouse_set_sample_rate(Ps2MouseState *s, uint8_t rate)
{
    enum { SEEN_NONE, SEEN_200, SEEN_200_100, SEEN_200_200 };

    s->sample_rate = rate;
    if (s->knock == SEEN_200 && rate == 100) {
        s->knock = SEEN_200_100;
    } else if (s->knock == SEEN_200 && rate == 200) {
        s->knock = SEEN_200_200;
    } else {
        if (s->knock == SEEN_200_100 && rate == 80) {
            s->type = TYPE_WHEEL;
        } else if (s->knock == SEEN_200_200 && rate == 80) {
            s->type = TYPE_FIVE_BUTTONS;
        }
        s->knock = rate == 200 ? SEEN_200 : SEEN_NONE;
    }
}

static void mouse_send_status(Ps2MouseState *s)
{
    Ps2State *ps2 = &s->parent_obj;

    ps2_reply(ps2, (s->buttons & PACKET_LEFT ? 1 << 2 : 0) |
                       (s->buttons & PACKET_MIDDLE ? 1 << 1 : 0) |
                       (s->buttons & PACKET_RIGHT ? 1 << 0 : 0) |
                       (s->scaling_2_1 ? STATUS_SCALING : 0) |
                       (s->enabled ? STATUS_ENABLED : 0) |
                       (s->remote ? STATUS_REMOTE : 0));
    ps2_reply(ps2, s->resolution);
    ps2_reply(ps2, s->sample_rate);
}

static void mouse_argument(Ps2MouseState *s, uint8_t command, uint8_t value)
{
    if (command == CMD_SAMPLE_RATE) {
        mouse_set_sample_rate(s, value);
    } else {
        s->resolution = value & 3;
    }
    ps2_reply(&s->parent_obj, REPLY_ACK);
}

static bool mouse_is_command(uint8_t value)
{
    return (value >= CMD_SCALING_1_1 && value <= CMD_RESET_WRAP) || value == CMD_WRAP ||
           value == CMD_REMOTE || (value >= CMD_IDENTIFY && value <= CMD_DEFAULTS) ||
           value == CMD_RESET;
}

static void mouse_command(Ps2MouseState *s, uint8_t value)
{
    Ps2State *ps2 = &s->parent_obj;

    if (value == CMD_RESEND) {
        ps2_reply(ps2, ps2->last);
        return;
    }
    if (value == CMD_RESET) {
        ps2_flush(ps2);
        mouse_set_defaults(s);
        s->type = TYPE_PLAIN;
    }
    /* The controller may fetch a reply as soon as it is there. */
    ps2_reply(ps2, mouse_is_command(value) ? REPLY_ACK : REPLY_ERROR);
    switch (value) {
    case CMD_SCALING_1_1:
    case CMD_SCALING_2_1:
        s->scaling_2_1 = value == CMD_SCALING_2_1;
        break;
    case CMD_RESOLUTION:
    case CMD_SAMPLE_RATE:
        ps2->command = value;
        break;
    case CMD_STATUS:
        mouse_send_status(s);
        break;
    case CMD_STREAM:
        s->remote = false;
        break;
    case CMD_READ_DATA:
        mouse_send_packet(s, true);
        break;
    case CMD_RESET_WRAP:
        s->wrap = false;
        break;
    case CMD_WRAP:
        s->wrap = true;
        break;
    case CMD_REMOTE:
        s->remote = true;
        break;
    case CMD_IDENTIFY:
        ps2_reply(ps2, s->type);
        break;
    case CMD_ENABLE:
        s->enabled = true;
        break;
    case CMD_DISABLE:
        s->enabled = false;
        break;
    case CMD_DEFAULTS:
        mouse_set_defaults(s);
        break;
    case CMD_RESET:
        ps2_reply(ps2, REPLY_BAT_OK);
        ps2_reply(ps2, s->type);
        break;
    }
}

void ps2_write_mouse(Ps2MouseState *s, uint8_t value)
{
    uint8_t command = s->parent_obj.command;

    if (s->wrap && value != CMD_RESET_WRAP && value != CMD_RESET) {
        ps2_reply(&s->parent_obj, value);
        return;
    }
    s->parent_obj.command = 0;
    if (command) {
        mouse_argument(s, command, value);
    } else {
        mouse_command(s, value);
    }
}

/* --- Device --------------------------------------------------------------------------
 */

static void mouse_reset_enter(DeviceState *dev)
{
    Ps2MouseState *s = PS2_MOUSE(dev);

    mouse_set_defaults(s);
    s->type = TYPE_PLAIN;
    s->buttons = s->sent_buttons = 0;
}

static bool mouse_realize(DeviceState *dev, Error **errp)
{
    Ps2MouseState *s = PS2_MOUSE(dev);

    s->parent_obj.handler = input_handler_register(&mouse_handler_ops, s);
    return true;
}

static void mouse_unrealize(DeviceState *dev)
{
    input_handler_unregister(PS2_MOUSE(dev)->parent_obj.handler);
}

static const VMStateDescription mouse_vmstate = {
    .name = TYPE_PS2_MOUSE,
    .version_id = 1,
    .minimum_version_id = 1,
    .fields =
        (const VMStateField[]){
                               VMSTATE_STRUCT(parent_obj, Ps2MouseState, ps2_vmstate),
                               VMSTATE_BOOL(enabled, Ps2MouseState),
                               VMSTATE_BOOL(remote, Ps2MouseState),
                               VMSTATE_BOOL(wrap, Ps2MouseState),
                               VMSTATE_BOOL(scaling_2_1, Ps2MouseState),
                               VMSTATE_UINT8(resolution, Ps2MouseState),
                               VMSTATE_UINT8(sample_rate, Ps2MouseState),
                               VMSTATE_UINT8(type, Ps2MouseState),
                               VMSTATE_UINT8(knock, Ps2MouseState),
                               VMSTATE_UINT8(buttons, Ps2MouseState),
                               VMSTATE_UINT8(sent_buttons, Ps2MouseState),
                               VMSTATE_INT32(dx, Ps2MouseState),
                               VMSTATE_INT32(dy, Ps2MouseState),
                               VMSTATE_INT32(dz, Ps2MouseState),
                               VMSTATE_END_OF_LIST(),
                               },
};

static void mouse_class_init(ObjectClass *klass, const void *data)
{
    DeviceClass *dc = DEVICE_CLASS(klass);

    dc->desc = "PS/2 mouse";
    dc->realize = mouse_realize;
    dc->unrealize = mouse_unrealize;
    dc->reset_enter = mouse_reset_enter;
    dc->vmsd = &mouse_vmstate;
}

static const TypeInfo mouse_info = {
    .name = TYPE_PS2_MOUSE,
    .parent = TYPE_PS2_DEVICE,
    .instance_size = sizeof(Ps2MouseState),
    .class_init = mouse_class_init,
};
TYPE_REGISTER(mouse_info);
