/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The VMware absolute pointer, as the Linux and X.org vmmouse drivers describe it. The
 * guest switches it on through the backdoor; from then on pointer events go into a
 * queue of packets of four words that it fetches there, told to do so by the bytes of a
 * PS/2 mouse.
 *
 * No ports of its own. Needs vmport on the bus.
 */
#include "hw/input/i8042.h"
#include "hw/input/ps2.h"
#include "hw/misc/vmport.h"
#include "migration/vmstate.h"
#include "softmmu/input.h"
#include "util/log.h"

#include <string.h>

/* Sub-commands of ABSPOINTER_COMMAND, in EBX. */
enum {
    VMMOUSE_READ_ID = 0x45414552,
    VMMOUSE_DISABLE = 0x000000f5,
    VMMOUSE_REQUEST_RELATIVE = 0x4c455252,
    VMMOUSE_REQUEST_ABSOLUTE = 0x53424152,
};

#define VMMOUSE_VERSION     0x3442554au
#define VMMOUSE_ERROR       0xffff0000u
#define VMMOUSE_RELATIVE    0x00010000u
#define VMMOUSE_LEFT        0x20u
#define VMMOUSE_RIGHT       0x10u
#define VMMOUSE_MIDDLE      0x08u
#define VMMOUSE_QUEUE_WORDS 1024
#define PACKET_WORDS        4

typedef struct VmMouseState {
    ISADevice parent_obj;
    InputHandler *handler; /* registered while it is on */
    Ps2MouseState *ps2;    /* makes the guest look; not owned, may be NULL */
    /* Migrated. */
    uint32_t queue[VMMOUSE_QUEUE_WORDS];
    uint32_t count;  /* words in the queue, from index 0 */
    uint32_t status; /* VMMOUSE_ERROR while off */
    uint32_t buttons;
    int32_t x, y, dz;
    bool absolute;
} VmMouseState;
OBJECT_DECLARE_SIMPLE_TYPE(VmMouseState, VMMOUSE, TYPE_VMMOUSE)

/* --- Events --------------------------------------------------------------------------
 */

static void vmmouse_event(void *opaque, const InputEvent *event)
{
    static const uint32_t bits[INPUT_BUTTON_COUNT] = {
        [INPUT_BUTTON_LEFT] = VMMOUSE_LEFT,
        [INPUT_BUTTON_RIGHT] = VMMOUSE_RIGHT,
        [INPUT_BUTTON_MIDDLE] = VMMOUSE_MIDDLE,
    };
    VmMouseState *s = opaque;
    int32_t *axis = event->code == INPUT_AXIS_X ? &s->x : &s->y;

    if (event->kind == INPUT_KIND_ABS) {
        *axis = event->value * 2; /* 0..ffff */
    } else if (event->kind == INPUT_KIND_REL) {
        *axis = CLAMP((int64_t)*axis + event->value, INT16_MIN, INT16_MAX);
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

static void vmmouse_sync(void *opaque)
{
    VmMouseState *s = opaque;
    uint32_t *packet = &s->queue[s->count];

    if (s->status == VMMOUSE_ERROR || s->count + PACKET_WORDS > VMMOUSE_QUEUE_WORDS) {
        return;
    }
    packet[0] = s->buttons | (s->absolute ? 0 : VMMOUSE_RELATIVE);
    packet[1] = s->x;
    packet[2] = s->y;
    packet[3] = s->dz;
    s->count += PACKET_WORDS;
    s->dz = 0;
    if (!s->absolute) {
        s->x = s->y = 0;
    }
    if (s->ps2) {
        ps2_mouse_poke(s->ps2);
    }
}

static const InputHandlerOps vmmouse_absolute_ops = {
    .name = "vmmouse",
    .kinds = 1u << INPUT_KIND_BUTTON | 1u << INPUT_KIND_ABS,
    .event = vmmouse_event,
    .sync = vmmouse_sync,
};

static const InputHandlerOps vmmouse_relative_ops = {
    .name = "vmmouse",
    .kinds = 1u << INPUT_KIND_BUTTON | 1u << INPUT_KIND_REL,
    .event = vmmouse_event,
    .sync = vmmouse_sync,
};

static void vmmouse_detach(VmMouseState *s)
{
    if (s->handler) {
        input_handler_unregister(s->handler);
        s->handler = NULL;
    }
}

static void vmmouse_attach(VmMouseState *s, bool absolute)
{
    vmmouse_detach(s);
    s->absolute = absolute;
    s->handler = input_handler_register(
        absolute ? &vmmouse_absolute_ops : &vmmouse_relative_ops, s);
    input_handler_activate(s->handler);
}

/* --- Backdoor commands ---------------------------------------------------------------
 */

static void vmmouse_disable(VmMouseState *s)
{
    vmmouse_detach(s);
    s->status = VMMOUSE_ERROR;
    s->count = 0;
}

static uint32_t vmmouse_command(void *opaque, VmPortRegs *regs)
{
    VmMouseState *s = opaque;

    switch (regs->ebx) {
    case VMMOUSE_READ_ID:
        s->queue[0] = VMMOUSE_VERSION;
        s->count = 1;
        s->status = 0;
        break;
    case VMMOUSE_DISABLE:
        vmmouse_disable(s);
        break;
    case VMMOUSE_REQUEST_RELATIVE:
        vmmouse_attach(s, false);
        break;
    case VMMOUSE_REQUEST_ABSOLUTE:
        vmmouse_attach(s, true);
        break;
    default:
        log_guest_error("vmmouse: unknown command %08x\n", regs->ebx);
        break;
    }
    return regs->eax;
}

static uint32_t vmmouse_get_status(void *opaque, VmPortRegs *regs)
{
    VmMouseState *s = opaque;

    return s->status | s->count;
}

/* Up to six words, in EAX to EDI. */
static uint32_t vmmouse_get_data(void *opaque, VmPortRegs *regs)
{
    VmMouseState *s = opaque;
    uint32_t words[6] = { regs->eax, 0, regs->ecx, regs->edx, regs->esi, regs->edi };
    uint32_t n = regs->ebx;

    if (n == 0 || n > G_N_ELEMENTS(words) || n > s->count) {
        log_guest_error("vmmouse: %u words asked for, there are %u\n", n, s->count);
        vmmouse_disable(s);
        return regs->eax;
    }
    words[1] = regs->ebx;
    memcpy(words, s->queue, n * sizeof(words[0]));
    s->count -= n;
    memmove(s->queue, s->queue + n, s->count * sizeof(s->queue[0]));
    regs->ebx = words[1];
    regs->ecx = words[2];
    regs->edx = words[3];
    regs->esi = words[4];
    regs->edi = words[5];
    return words[0];
}

/* --- Device --------------------------------------------------------------------------
 */

static void vmmouse_reset_hold(DeviceState *dev)
{
    VmMouseState *s = VMMOUSE(dev);

    vmmouse_disable(s);
    s->buttons = 0;
    s->x = s->y = s->dz = 0;
    s->absolute = false;
}

static bool vmmouse_realize(DeviceState *dev, Error **errp)
{
    VmMouseState *s = VMMOUSE(dev);
    VmPortState *port = vmport_find(isa_bus_from_device(ISA_DEVICE(dev)));

    if (!port) {
        return error_set(errp, "vmmouse: needs vmport on the bus");
    }
    s->status = VMMOUSE_ERROR;
    s->ps2 = i8042_find_mouse(isa_bus_from_device(ISA_DEVICE(dev)));
    vmport_register(port, VMPORT_CMD_ABSPOINTER_STATUS, vmmouse_get_status, s);
    vmport_register(port, VMPORT_CMD_ABSPOINTER_COMMAND, vmmouse_command, s);
    vmport_register(port, VMPORT_CMD_ABSPOINTER_DATA, vmmouse_get_data, s);
    return true;
}

static bool vmmouse_post_load(void *opaque, int version_id, Error **errp)
{
    VmMouseState *s = opaque;

    if (s->count > VMMOUSE_QUEUE_WORDS) {
        return error_set(errp, "vmmouse: queue of %u words is too long", s->count);
    }
    if (s->status != VMMOUSE_ERROR) {
        vmmouse_attach(s, s->absolute);
    } else {
        vmmouse_detach(s);
    }
    return true;
}

static const VMStateDescription vmmouse_vmstate = {
    .name = TYPE_VMMOUSE,
    .version_id = 1,
    .minimum_version_id = 1,
    .post_load = vmmouse_post_load,
    .fields =
        (const VMStateField[]){
                               VMSTATE_ARRAY(queue, VmMouseState),
                               VMSTATE_UINT32(count, VmMouseState),
                               VMSTATE_UINT32(status, VmMouseState),
                               VMSTATE_UINT32(buttons, VmMouseState),
                               VMSTATE_INT32(x, VmMouseState),
                               VMSTATE_INT32(y, VmMouseState),
                               VMSTATE_INT32(dz, VmMouseState),
                               VMSTATE_BOOL(absolute, VmMouseState),
                               VMSTATE_END_OF_LIST(),
                               },
};

static void vmmouse_class_init(ObjectClass *klass, const void *data)
{
    DeviceClass *dc = DEVICE_CLASS(klass);

    dc->desc = "VMware absolute pointer";
    dc->user_creatable = false;
    dc->realize = vmmouse_realize;
    dc->reset_hold = vmmouse_reset_hold;
    dc->vmsd = &vmmouse_vmstate;
}

static const TypeInfo vmmouse_info = {
    .name = TYPE_VMMOUSE,
    .parent = TYPE_ISA_DEVICE,
    .instance_size = sizeof(VmMouseState),
    .class_init = vmmouse_class_init,
};
TYPE_REGISTER(vmmouse_info);
