/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * PS/2 keyboard and mouse, as the 8042 (or a Mac's bridge) talks to them: bytes to the
 * device, bytes from its queue, and a line that says that the queue has some.
 * Context: BQL.
 */
#ifndef STRATA_HW_INPUT_PS2_H
#define STRATA_HW_INPUT_PS2_H

#include "hw/core/sysbus.h"
#include "softmmu/input.h"

#define TYPE_PS2_DEVICE "ps2-device"
#define TYPE_PS2_KBD    "ps2-kbd"
#define TYPE_PS2_MOUSE  "ps2-mouse"

/* What waits inside; answers to commands jump over it and are never dropped. */
#define PS2_QUEUE_BYTES 64
#define PS2_REPLY_BYTES 16

typedef struct Ps2State {
    SysBusDevice parent_obj;
    /* private */
    IrqLine *irq; /* output 0: a byte waits */
    InputHandler *handler;
    uint8_t command; /* that waits for its argument; 0: none */
    uint8_t last;    /* byte sent, for "resend" */
    uint8_t replies[PS2_REPLY_BYTES], queue[PS2_QUEUE_BYTES];
    uint8_t reply_count, queue_count;
} Ps2State;

typedef struct Ps2KbdState {
    Ps2State parent_obj;
    /* private */
    bool enabled;
    uint8_t scancode_set;
    uint8_t leds;
} Ps2KbdState;

typedef struct Ps2MouseState {
    Ps2State parent_obj;
    /* private */
    bool enabled, remote, wrap, scaling_2_1;
    uint8_t resolution, sample_rate, type; /* type: the id byte, 0, 3 or 4 */
    uint8_t knock;                         /* sample rates seen of the sequence */
    uint8_t buttons, sent_buttons;
    int32_t dx, dy, dz;
} Ps2MouseState;

static inline Ps2State *PS2_DEVICE(const void *obj)
{
    return (Ps2State *)object_cast((const Object *)obj, TYPE_PS2_DEVICE);
}
static inline Ps2KbdState *PS2_KBD(const void *obj)
{
    return (Ps2KbdState *)object_cast((const Object *)obj, TYPE_PS2_KBD);
}
static inline Ps2MouseState *PS2_MOUSE(const void *obj)
{
    return (Ps2MouseState *)object_cast((const Object *)obj, TYPE_PS2_MOUSE);
}

bool ps2_has_data(const Ps2State *s);
/* The next byte; the last one again when there is none. */
uint8_t ps2_read(Ps2State *s);
void ps2_write_kbd(Ps2KbdState *s, uint8_t value);
void ps2_write_mouse(Ps2MouseState *s, uint8_t value);
/* Send a packet that says nothing, so that the guest looks (vmmouse). */
void ps2_mouse_poke(Ps2MouseState *s);

/* For hw/input/ps2-*.c. */
void ps2_reply(Ps2State *s, uint8_t byte);
/* All of them or, when there is no room, none; true if they were queued. */
bool ps2_queue(Ps2State *s, const uint8_t *bytes, int n);
void ps2_flush(Ps2State *s);
struct VMStateDescription;
extern const struct VMStateDescription ps2_vmstate;

#endif
