/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The 16550A UART. "serial" is the chip; "isa-serial" puts it on the ISA bus.
 * Context: BQL.
 */
#ifndef STRATA_HW_CHAR_SERIAL_H
#define STRATA_HW_CHAR_SERIAL_H

#include "hw/core/device.h"
#include "hw/isa/isa.h"
#include "memory/memory.h"
#include "softmmu/chardev.h"

#define TYPE_SERIAL       "serial"
#define TYPE_ISA_SERIAL   "isa-serial"
#define ISA_SERIAL_MAX    4
#define SERIAL_FIFO_BYTES 16

typedef struct SerialFifo {
    uint8_t data[SERIAL_FIFO_BYTES];
    uint8_t head, count;
} SerialFifo;

typedef struct SerialState {
    DeviceState parent_obj;
    /* private */
    CharFrontend chr; /* property */
    uint32_t baudbase;
    IrqLine *irq;
    Timer timeout_timer;
    bool tx_waiting; /* the host takes no more: a watch is set */
    uint8_t rbr, thr, ier, iir, fcr, lcr, mcr, lsr, msr, scr;
    uint16_t divisor;
    bool thr_ipending;     /* the transmitter-empty interrupt is due */
    bool timeout_ipending; /* the character timeout is */
    SerialFifo rx, tx;
} SerialState;

static inline SerialState *SERIAL(const void *obj)
{
    return (SerialState *)object_cast((const Object *)obj, TYPE_SERIAL);
}

/* The registers, 8 bytes; @opaque is the SerialState. For skins on other buses. */
extern const MemoryRegionOps serial_ops;

/*
 * For boards: port @index (0-3) of the ISA bus with @chr, which may be NULL.
 */
ISADevice *serial_isa_init(ISABus *bus, int index, Chardev *chr);

#endif
