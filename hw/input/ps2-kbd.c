/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The IBM enhanced keyboard (Personal System/2 Hardware Interface Technical Reference,
 * "Keyboard and Auxiliary Device"): commands, and scan code sets 1, 2 and 3.
 *
 * Not modelled: typematic repeat (the host's keys repeat), per-key types of set 3.
 */
#include "hw/input/ps2.h"
#include "migration/vmstate.h"

enum {
    CMD_LEDS = 0xed,
    CMD_ECHO = 0xee,
    CMD_SCANCODE_SET = 0xf0,
    CMD_IDENTIFY = 0xf2,
    CMD_TYPEMATIC = 0xf3,
    CMD_ENABLE = 0xf4,
    CMD_DISABLE = 0xf5,
    CMD_DEFAULTS = 0xf6,
    CMD_ALL_FIRST = 0xf7, /* set 3: types of all keys */
    CMD_ALL_LAST = 0xfa,
    CMD_KEY_FIRST = 0xfb, /* set 3: type of one key, an argument each */
    CMD_KEY_LAST = 0xfd,
    CMD_RESEND = 0xfe,
    CMD_RESET = 0xff,

    REPLY_BAT_OK = 0xaa,
    REPLY_ACK = 0xfa,
    REPLY_RESEND = 0xfe,
    ID_FIRST = 0xab,
    ID_SECOND = 0x83,

    CODE_E0 = 0xe0,
    CODE_BREAK = 0xf0,
};

/* --- Keys ----------------------------------------------------------------------------
 */

static int encode_set1(uint8_t *buf, uint16_t set2, bool down)
{
    int n = 0;

    if (set2 & 0x100) {
        buf[n++] = CODE_E0;
    }
    buf[n++] = scancode_set2_to_set1(set2 & 0xff) | (down ? 0 : 0x80);
    return n;
}

static int encode_set2(uint8_t *buf, uint16_t set2, bool down)
{
    int n = 0;

    if (set2 & 0x100) {
        buf[n++] = CODE_E0;
    }
    if (!down) {
        buf[n++] = CODE_BREAK;
    }
    buf[n++] = set2 & 0xff;
    return n;
}

static int encode_set3(uint8_t *buf, uint16_t set3, bool down)
{
    int n = 0;

    if (!down) {
        buf[n++] = CODE_BREAK;
    }
    buf[n++] = set3;
    return n;
}

/* "Pause" has no break code: both come with the make. */
static int encode_pause(uint8_t *buf, int set, bool down)
{
    static const uint8_t set1[] = { 0xe1, 0x1d, 0x45, 0xe1, 0x9d, 0xc5 };
    static const uint8_t set2[] = { 0xe1, 0x14, 0x77, 0xe1, 0xf0, 0x14, 0xf0, 0x77 };
    const uint8_t *codes = set == 1 ? set1 : set2;
    int n = down ? (set == 1 ? sizeof(set1) : sizeof(set2)) : 0;

    for (int i = 0; i < n; i++) {
        buf[i] = codes[i];
    }
    return n;
}

static void kbd_event(void *opaque, const InputEvent *event)
{
    Ps2KbdState *s = opaque;
    uint16_t set2 = input_key_to_set2(event->code);
    uint8_t buf[8];
    int n;

    if (!s->enabled) {
        return;
    }
    if (event->code == INPUT_KEY_PAUSE && s->scancode_set != 3) {
        n = encode_pause(buf, s->scancode_set, event->value);
    } else if (s->scancode_set == 3) {
        uint16_t set3 = input_key_to_set3(event->code);

        n = set3 ? encode_set3(buf, set3, event->value) : 0;
    } else if (!set2) {
        n = 0;
    } else if (s->scancode_set == 1) {
        n = encode_set1(buf, set2, event->value);
    } else {
        n = encode_set2(buf, set2, event->value);
    }
    ps2_queue(&s->parent_obj, buf, n);
}

static const InputHandlerOps kbd_handler_ops = {
    .name = "QEMU PS/2 Keyboard",
    .kinds = 1u << INPUT_KIND_KEY,
    .event = kbd_event,
};

/* --- Commands ------------------------------------------------------------------------
 */

static void kbd_set_defaults(Ps2KbdState *s, bool enabled)
{
    s->enabled = enabled;
    s->scancode_set = 2;
    s->leds = 0;
}

static void kbd_argument(Ps2KbdState *s, uint8_t command, uint8_t value)
{
    ps2_reply(&s->parent_obj, REPLY_ACK);
    switch (command) {
    case CMD_LEDS:
        s->leds = value & 7;
        break;
    case CMD_SCANCODE_SET:
        if (value == 0) {
            ps2_reply(&s->parent_obj, s->scancode_set);
        } else if (value <= 3) {
            s->scancode_set = value;
        }
        break;
    }
}

static void kbd_command(Ps2KbdState *s, uint8_t value)
{
    Ps2State *ps2 = &s->parent_obj;

    switch (value) {
    case CMD_ECHO:
        ps2_reply(ps2, CMD_ECHO);
        return;
    case CMD_RESEND:
        ps2_reply(ps2, ps2->last);
        return;
    case CMD_LEDS:
    case CMD_SCANCODE_SET:
    case CMD_TYPEMATIC:
    case CMD_KEY_FIRST ... CMD_KEY_LAST:
        ps2->command = value;
        break;
    case CMD_IDENTIFY:
        ps2_reply(ps2, REPLY_ACK);
        ps2_reply(ps2, ID_FIRST);
        ps2_reply(ps2, ID_SECOND);
        return;
    case CMD_ENABLE:
        s->enabled = true;
        break;
    case CMD_DISABLE:
        ps2_flush(ps2);
        kbd_set_defaults(s, false);
        break;
    case CMD_DEFAULTS:
        ps2_flush(ps2);
        kbd_set_defaults(s, true);
        break;
    case CMD_ALL_FIRST ... CMD_ALL_LAST:
        break;
    case CMD_RESET:
        ps2_flush(ps2);
        kbd_set_defaults(s, true);
        ps2_reply(ps2, REPLY_ACK);
        ps2_reply(ps2, REPLY_BAT_OK);
        return;
    default:
        ps2_reply(ps2, REPLY_RESEND);
        return;
    }
    ps2_reply(ps2, REPLY_ACK);
}

void ps2_write_kbd(Ps2KbdState *s, uint8_t value)
{
    uint8_t command = s->parent_obj.command;

    /* A command where an argument is wanted ends the wait. */
    s->parent_obj.command = 0;
    if (command && value < CMD_LEDS) {
        kbd_argument(s, command, value);
    } else {
        kbd_command(s, value);
    }
}

/* --- Device --------------------------------------------------------------------------
 */

static void kbd_reset_enter(DeviceState *dev)
{
    kbd_set_defaults(PS2_KBD(dev), true);
}

static bool kbd_realize(DeviceState *dev, Error **errp)
{
    Ps2KbdState *s = PS2_KBD(dev);

    s->parent_obj.handler = input_handler_register(&kbd_handler_ops, s);
    return true;
}

static void kbd_unrealize(DeviceState *dev)
{
    input_handler_unregister(PS2_KBD(dev)->parent_obj.handler);
}

static bool kbd_post_load(void *opaque, int version_id, Error **errp)
{
    Ps2KbdState *s = opaque;

    if (s->scancode_set < 1 || s->scancode_set > 3) {
        return error_set(errp, "ps2-kbd: scan code set %u does not exist",
                         s->scancode_set);
    }
    return true;
}

static const VMStateDescription kbd_vmstate = {
    .name = TYPE_PS2_KBD,
    .version_id = 1,
    .minimum_version_id = 1,
    .post_load = kbd_post_load,
    .fields =
        (const VMStateField[]){
                               VMSTATE_STRUCT(parent_obj, Ps2KbdState, ps2_vmstate),
                               VMSTATE_BOOL(enabled, Ps2KbdState),
                               VMSTATE_UINT8(scancode_set, Ps2KbdState),
                               VMSTATE_UINT8(leds, Ps2KbdState),
                               VMSTATE_END_OF_LIST(),
                               },
};

static void kbd_class_init(ObjectClass *klass, const void *data)
{
    DeviceClass *dc = DEVICE_CLASS(klass);

    dc->desc = "PS/2 keyboard";
    dc->realize = kbd_realize;
    dc->unrealize = kbd_unrealize;
    dc->reset_enter = kbd_reset_enter;
    dc->vmsd = &kbd_vmstate;
}

static const TypeInfo kbd_info = {
    .name = TYPE_PS2_KBD,
    .parent = TYPE_PS2_DEVICE,
    .instance_size = sizeof(Ps2KbdState),
    .class_init = kbd_class_init,
};
TYPE_REGISTER(kbd_info);
