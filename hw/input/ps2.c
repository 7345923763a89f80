/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What PS/2 keyboard and mouse have in common: the queue towards the controller. */
#include "hw/input/ps2.h"

#include "migration/vmstate.h"

#include <string.h>

static void ps2_update_irq(Ps2State *s)
{
    irq_set(s->irq, ps2_has_data(s));
}

bool ps2_has_data(const Ps2State *s)
{
    return s->reply_count || s->queue_count;
}

static uint8_t take_first(uint8_t *bytes, uint8_t *count)
{
    uint8_t first = bytes[0];

    (*count)--;
    memmove(bytes, bytes + 1, *count);
    return first;
}

uint8_t ps2_read(Ps2State *s)
{
    if (s->reply_count) {
        s->last = take_first(s->replies, &s->reply_count);
    } else if (s->queue_count) {
        s->last = take_first(s->queue, &s->queue_count);
    }
    /* The line falls between two bytes. */
    irq_lower(s->irq);
    ps2_update_irq(s);
    return s->last;
}

void ps2_reply(Ps2State *s, uint8_t byte)
{
    if (s->reply_count < PS2_REPLY_BYTES) {
        s->replies[s->reply_count++] = byte;
    }
    ps2_update_irq(s);
}

bool ps2_queue(Ps2State *s, const uint8_t *bytes, int n)
{
    if (s->queue_count + n > PS2_QUEUE_BYTES) {
        return false;
    }
    memcpy(s->queue + s->queue_count, bytes, n);
    s->queue_count += n;
    ps2_update_irq(s);
    return true;
}

void ps2_flush(Ps2State *s)
{
    s->reply_count = 0;
    s->queue_count = 0;
    ps2_update_irq(s);
}

static void ps2_reset_hold(DeviceState *dev)
{
    Ps2State *s = PS2_DEVICE(dev);

    s->command = 0;
    s->last = 0;
    ps2_flush(s);
}

static bool ps2_post_load(void *opaque, int version_id, Error **errp)
{
    Ps2State *s = opaque;

    if (s->reply_count > PS2_REPLY_BYTES || s->queue_count > PS2_QUEUE_BYTES) {
        return error_set(errp, "ps2: queue of %u bytes is too long", s->queue_count);
    }
    return true;
}

const VMStateDescription ps2_vmstate = {
    .name = TYPE_PS2_DEVICE,
    .version_id = 1,
    .minimum_version_id = 1,
    .post_load = ps2_post_load,
    .fields =
        (const VMStateField[]){
                               VMSTATE_UINT8(command, Ps2State),
                               VMSTATE_UINT8(last, Ps2State),
                               VMSTATE_BUFFER(replies, Ps2State),
                               VMSTATE_BUFFER(queue, Ps2State),
                               VMSTATE_UINT8(reply_count, Ps2State),
                               VMSTATE_UINT8(queue_count, Ps2State),
                               VMSTATE_END_OF_LIST(),
                               },
};

static void ps2_init(Object *obj)
{
    Ps2State *s = (Ps2State *)obj;

    device_init_gpio_out(DEVICE(s), &s->irq, 1);
}

static void ps2_class_init(ObjectClass *klass, const void *data)
{
    DeviceClass *dc = DEVICE_CLASS(klass);

    dc->categories = 1u << DEVICE_CATEGORY_INPUT;
    dc->user_creatable = false; /* part of a controller */
    dc->reset_hold = ps2_reset_hold;
}

static const TypeInfo ps2_info = {
    .name = TYPE_PS2_DEVICE,
    .parent = TYPE_SYSBUS_DEVICE,
    .instance_size = sizeof(Ps2State),
    .abstract = true,
    .instance_init = ps2_init,
    .class_init = ps2_class_init,
};
TYPE_REGISTER(ps2_info);
