/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * National Semiconductor PC16550D UART (data sheet TL/C/8652, June 1995).
 *
 * Characters take no time to send: the transmitter is empty again as soon as the host
 * has taken the byte. Receiving keeps to the FIFO, so nothing is ever overrun by the
 * host. Not modelled: DMA mode, parity and framing errors, the 6-bit character mask,
 * changes of a real line's modem signals as interrupts (they are read when asked for).
 * The interrupt is not gated by OUT2, which the firmware finds set anyway.
 *
 * Board: property chardev, baudbase. Region by the skin (serial_ops). Output: irq.
 */
#include "hw/char/serial.h"

#include "migration/vmstate.h"

#include <string.h>

enum {
    REG_DATA = 0, /* RBR, THR; with DLAB the divisor's low byte */
    REG_IER = 1,  /* with DLAB its high byte */
    REG_IIR_FCR = 2,
    REG_LCR = 3,
    REG_MCR = 4,
    REG_LSR = 5,
    REG_MSR = 6,
    REG_SCR = 7,

    IER_RDI = 1 << 0,
    IER_THRI = 1 << 1,
    IER_RLSI = 1 << 2,
    IER_MSI = 1 << 3,
    IER_WRITABLE = 0x0f,

    IIR_NO_INT = 0x01,
    IIR_MSI = 0x00,
    IIR_THRI = 0x02,
    IIR_RDI = 0x04,
    IIR_RLSI = 0x06,
    IIR_CTI = 0x0c,
    IIR_ID = 0x0f,
    IIR_FIFOS = 0xc0,

    FCR_ENABLE = 1 << 0,
    FCR_RX_RESET = 1 << 1,
    FCR_TX_RESET = 1 << 2,
    FCR_KEPT = 0xc9,
    FCR_TRIGGER_SHIFT = 6,

    LCR_DATA_BITS = 0x03,
    LCR_STOP = 1 << 2,
    LCR_PARITY = 1 << 3,
    LCR_EVEN = 1 << 4,
    LCR_BREAK = 1 << 6,
    LCR_DLAB = 1 << 7,

    MCR_DTR = 1 << 0,
    MCR_RTS = 1 << 1,
    MCR_OUT1 = 1 << 2,
    MCR_OUT2 = 1 << 3,
    MCR_LOOP = 1 << 4,
    MCR_WRITABLE = 0x1f,

    LSR_DR = 1 << 0,
    LSR_OE = 1 << 1,
    LSR_PE = 1 << 2,
    LSR_FE = 1 << 3,
    LSR_BI = 1 << 4,
    LSR_THRE = 1 << 5,
    LSR_TEMT = 1 << 6,
    LSR_ERRORS = LSR_OE | LSR_PE | LSR_FE | LSR_BI,

    MSR_DELTAS = 0x0f,
    MSR_TERI = 1 << 2,
    MSR_CTS = 1 << 4,
    MSR_DSR = 1 << 5,
    MSR_RI = 1 << 6,
    MSR_DCD = 1 << 7,
};

/* Characters of silence before a timeout interrupt. */
#define TIMEOUT_CHARS 4

/* --- FIFO ----------------------------------------------------------------------------
 */

static void fifo_reset(SerialFifo *f)
{
    f->head = f->count = 0;
}

static void fifo_push(SerialFifo *f, uint8_t byte)
{
    f->data[(f->head + f->count) % SERIAL_FIFO_BYTES] = byte;
    f->count++;
}

static uint8_t fifo_pop(SerialFifo *f)
{
    uint8_t byte = f->data[f->head];

    f->head = (f->head + 1) % SERIAL_FIFO_BYTES;
    f->count--;
    return byte;
}

/* --- Interrupts ----------------------------------------------------------------------
 */

static bool serial_has_fifos(const SerialState *s)
{
    return s->fcr & FCR_ENABLE;
}

static unsigned serial_rx_trigger(const SerialState *s)
{
    static const uint8_t levels[] = { 1, 4, 8, 14 };

    return levels[s->fcr >> FCR_TRIGGER_SHIFT];
}

/* Table IV: the source of the highest priority. */
static uint8_t serial_interrupt_id(const SerialState *s)
{
    if ((s->ier & IER_RLSI) && (s->lsr & LSR_ERRORS)) {
        return IIR_RLSI;
    }
    if ((s->ier & IER_RDI) && s->timeout_ipending) {
        return IIR_CTI;
    }
    if ((s->ier & IER_RDI) && (s->lsr & LSR_DR) &&
        (!serial_has_fifos(s) || s->rx.count >= serial_rx_trigger(s))) {
        return IIR_RDI;
    }
    if ((s->ier & IER_THRI) && s->thr_ipending) {
        return IIR_THRI;
    }
    if ((s->ier & IER_MSI) && (s->msr & MSR_DELTAS)) {
        return IIR_MSI;
    }
    return IIR_NO_INT;
}

static void serial_update_irq(SerialState *s)
{
    uint8_t id = serial_interrupt_id(s);

    s->iir = id | (serial_has_fifos(s) ? IIR_FIFOS : 0);
    irq_set(s->irq, id != IIR_NO_INT);
}

/* --- The line ------------------------------------------------------------------------
 */

static int serial_data_bits(const SerialState *s)
{
    return 5 + (s->lcr & LCR_DATA_BITS);
}

static int serial_speed(const SerialState *s)
{
    return s->divisor ? s->baudbase / s->divisor : s->baudbase;
}

/* Time of one character: start bit, data, parity, stop. */
static int64_t serial_char_ns(const SerialState *s)
{
    int bits = 1 + serial_data_bits(s) + (s->lcr & LCR_PARITY ? 1 : 0) +
               (s->lcr & LCR_STOP ? 2 : 1);

    return bits * NANOSECONDS_PER_SECOND / MAX(serial_speed(s), 1);
}

static void serial_set_params(SerialState *s)
{
    ChrSerialParams params = {
        .speed = serial_speed(s),
        .parity = !(s->lcr & LCR_PARITY) ? 'N'
                  : s->lcr & LCR_EVEN    ? 'E'
                                         : 'O',
        .data_bits = serial_data_bits(s),
        .stop_bits = s->lcr & LCR_STOP ? 2 : 1,
    };

    chr_fe_ioctl(&s->chr, CHR_IOCTL_SERIAL_SET_PARAMS, &params);
}

static void serial_set_modem_lines(SerialState *s)
{
    int lines =
        (s->mcr & MCR_DTR ? CHR_TIOCM_DTR : 0) | (s->mcr & MCR_RTS ? CHR_TIOCM_RTS : 0);

    chr_fe_ioctl(&s->chr, CHR_IOCTL_SERIAL_SET_TIOCM, &lines);
}

/* A new state of the four inputs: the deltas say what changed, TERI that RI fell. */
static void serial_set_modem_status(SerialState *s, uint8_t lines)
{
    uint8_t changed = (s->msr ^ lines) & 0xf0;
    uint8_t deltas = changed >> 4;

    if ((changed & MSR_RI) && (lines & MSR_RI)) {
        deltas &= ~MSR_TERI;
    }
    s->msr = lines | (s->msr & MSR_DELTAS) | deltas;
}

static void serial_read_modem_lines(SerialState *s)
{
    int lines;

    if ((s->mcr & MCR_LOOP) ||
        chr_fe_ioctl(&s->chr, CHR_IOCTL_SERIAL_GET_TIOCM, &lines) != 0) {
        return;
    }
    serial_set_modem_status(s, (lines & CHR_TIOCM_CTS ? MSR_CTS : 0) |
                                   (lines & CHR_TIOCM_DSR ? MSR_DSR : 0) |
                                   (lines & CHR_TIOCM_RI ? MSR_RI : 0) |
                                   (lines & CHR_TIOCM_CAR ? MSR_DCD : 0));
}

/* Loopback: the outputs are the inputs. */
static void serial_loop_modem_lines(SerialState *s)
{
    serial_set_modem_status(
        s, (s->mcr & MCR_RTS ? MSR_CTS : 0) | (s->mcr & MCR_DTR ? MSR_DSR : 0) |
               (s->mcr & MCR_OUT1 ? MSR_RI : 0) | (s->mcr & MCR_OUT2 ? MSR_DCD : 0));
}

/* --- Receiving -----------------------------------------------------------------------
 */

static int serial_room(const SerialState *s)
{
    if (serial_has_fifos(s)) {
        return SERIAL_FIFO_BYTES - s->rx.count;
    }
    return s->lsr & LSR_DR ? 0 : 1;
}

static int serial_can_receive(void *opaque)
{
    const SerialState *s = opaque;

    return s->mcr & MCR_LOOP ? 0 : serial_room(s);
}

/* There is room. */
static void serial_receive_byte(SerialState *s, uint8_t byte)
{
    if (serial_has_fifos(s)) {
        fifo_push(&s->rx, byte);
        timer_mod_ns(&s->timeout_timer,
                     clock_get_ns(VIRTUAL_CLOCK) + TIMEOUT_CHARS * serial_char_ns(s));
    } else {
        s->rbr = byte;
    }
    s->lsr |= LSR_DR;
}

static void serial_receive(void *opaque, const uint8_t *buf, int size)
{
    SerialState *s = opaque;

    for (int i = 0; i < size && serial_room(s) > 0; i++) {
        serial_receive_byte(s, buf[i]);
    }
    serial_update_irq(s);
}

static void serial_event(void *opaque, ChrEvent event)
{
    SerialState *s = opaque;

    if (event == CHR_EVENT_BREAK && serial_room(s) > 0) {
        serial_receive_byte(s, 0);
        s->lsr |= LSR_BI;
        serial_update_irq(s);
    }
}

static void serial_timeout_expired(void *opaque)
{
    SerialState *s = opaque;

    if (s->rx.count) {
        s->timeout_ipending = true;
        serial_update_irq(s);
    }
}

static uint8_t serial_read_rbr(SerialState *s)
{
    uint8_t byte;

    if (serial_has_fifos(s)) {
        byte = s->rx.count ? fifo_pop(&s->rx) : 0;
        s->timeout_ipending = false;
        if (s->rx.count) {
            timer_mod_ns(&s->timeout_timer, clock_get_ns(VIRTUAL_CLOCK) +
                                                TIMEOUT_CHARS * serial_char_ns(s));
        } else {
            timer_del(&s->timeout_timer);
            s->lsr &= ~(LSR_DR | LSR_BI);
        }
    } else {
        byte = s->rbr;
        s->lsr &= ~(LSR_DR | LSR_BI);
    }
    serial_update_irq(s);
    if (!(s->mcr & MCR_LOOP)) {
        chr_fe_accept_input(&s->chr);
    }
    return byte;
}

/* --- Sending -------------------------------------------------------------------------
 */

static void serial_tx_ready(void *opaque);

static void serial_tx_empty(SerialState *s)
{
    s->lsr |= LSR_THRE | LSR_TEMT;
    s->thr_ipending = true;
}

/* What the host takes leaves the FIFO; the rest waits for room. */
static void serial_transmit(SerialState *s)
{
    while (s->tx.count) {
        uint8_t chunk = MIN(s->tx.count, SERIAL_FIFO_BYTES - s->tx.head);
        int taken;

        if (s->mcr & MCR_LOOP) {
            if (serial_room(s) > 0) {
                serial_receive_byte(s, s->tx.data[s->tx.head]);
            } else {
                s->lsr |= LSR_OE;
            }
            taken = 1;
        } else {
            taken = chr_fe_write(&s->chr, &s->tx.data[s->tx.head], chunk);
        }
        if (taken <= 0) {
            s->tx_waiting = true;
            chr_fe_add_watch(&s->chr, serial_tx_ready, s);
            return;
        }
        s->tx.head = (s->tx.head + taken) % SERIAL_FIFO_BYTES;
        s->tx.count -= taken;
    }
    serial_tx_empty(s);
}

static void serial_tx_ready(void *opaque)
{
    SerialState *s = opaque;

    s->tx_waiting = false;
    serial_transmit(s);
    serial_update_irq(s);
}

static void serial_write_thr(SerialState *s, uint8_t value)
{
    unsigned room = serial_has_fifos(s) ? SERIAL_FIFO_BYTES : 1;

    s->thr = value;
    s->thr_ipending = false;
    s->lsr &= ~(LSR_THRE | LSR_TEMT);
    if (s->tx.count >= room) {
        /* Too fast: the newest byte overwrites the last one. */
        s->tx.count--;
    }
    fifo_push(&s->tx, value);
    if (!s->tx_waiting) {
        serial_transmit(s);
    }
    serial_update_irq(s);
}

/* --- Control registers ---------------------------------------------------------------
 */

static void serial_reset_rx(SerialState *s)
{
    fifo_reset(&s->rx);
    timer_del(&s->timeout_timer);
    s->timeout_ipending = false;
    s->lsr &= ~(LSR_DR | LSR_BI);
}

static void serial_reset_tx(SerialState *s)
{
    fifo_reset(&s->tx);
    if (s->tx_waiting) {
        chr_fe_remove_watch(&s->chr);
        s->tx_waiting = false;
    }
    serial_tx_empty(s);
}

static void serial_write_fcr(SerialState *s, uint8_t value)
{
    if ((value ^ s->fcr) & FCR_ENABLE) {
        value |= FCR_RX_RESET | FCR_TX_RESET; /* "data is automatically cleared" */
    }
    if (!(value & FCR_ENABLE)) {
        value &= FCR_RX_RESET | FCR_TX_RESET;
    }
    s->fcr = value & FCR_KEPT;
    if (value & FCR_RX_RESET) {
        serial_reset_rx(s);
    }
    if (value & FCR_TX_RESET) {
        serial_reset_tx(s);
    }
    serial_update_irq(s);
    chr_fe_accept_input(&s->chr);
}

static void serial_write_ier(SerialState *s, uint8_t value)
{
    uint8_t rising = value & ~s->ier;

    s->ier = value & IER_WRITABLE;
    if ((rising & IER_THRI) && (s->lsr & LSR_THRE)) {
        s->thr_ipending = true; /* enabling it with THR empty interrupts at once */
    }
    serial_update_irq(s);
}

static void serial_write_lcr(SerialState *s, uint8_t value)
{
    int on = value & LCR_BREAK ? 1 : 0;
    bool changed = (s->lcr ^ value) & LCR_BREAK;

    s->lcr = value;
    serial_set_params(s);
    if (changed) {
        chr_fe_ioctl(&s->chr, CHR_IOCTL_SERIAL_SET_BREAK, &on);
    }
}

static void serial_write_mcr(SerialState *s, uint8_t value)
{
    uint8_t old = s->mcr;

    s->mcr = value & MCR_WRITABLE;
    if (s->mcr & MCR_LOOP) {
        serial_loop_modem_lines(s);
    } else {
        if (old & MCR_LOOP) {
            serial_set_modem_status(s, MSR_CTS | MSR_DSR | MSR_DCD);
            chr_fe_accept_input(&s->chr);
        }
        if ((old ^ s->mcr) & (MCR_DTR | MCR_RTS)) {
            serial_set_modem_lines(s);
        }
    }
    serial_update_irq(s);
}

static uint8_t serial_read_iir(SerialState *s)
{
    uint8_t value = s->iir;

    if ((value & IIR_ID) == IIR_THRI) {
        s->thr_ipending = false;
        serial_update_irq(s);
    }
    return value;
}

static uint8_t serial_read_lsr(SerialState *s)
{
    uint8_t value = s->lsr;

    s->lsr &= ~LSR_ERRORS;
    serial_update_irq(s);
    return value;
}

static uint8_t serial_read_msr(SerialState *s)
{
    uint8_t value;

    serial_read_modem_lines(s);
    value = s->msr;
    s->msr &= ~MSR_DELTAS;
    serial_update_irq(s);
    return value;
}

static uint64_t serial_read(void *opaque, hwaddr offset, unsigned size)
{
    SerialState *s = opaque;
    bool dlab = s->lcr & LCR_DLAB;

    switch (offset & 7) {
    case REG_DATA:
        return dlab ? s->divisor & 0xff : serial_read_rbr(s);
    case REG_IER:
        return dlab ? s->divisor >> 8 : s->ier;
    case REG_IIR_FCR:
        return serial_read_iir(s);
    case REG_LCR:
        return s->lcr;
    case REG_MCR:
        return s->mcr;
    case REG_LSR:
        return serial_read_lsr(s);
    case REG_MSR:
        return serial_read_msr(s);
    default:
        return s->scr;
    }
}

static void serial_write(void *opaque, hwaddr offset, uint64_t value, unsigned size)
{
    SerialState *s = opaque;
    bool dlab = s->lcr & LCR_DLAB;

    switch (offset & 7) {
    case REG_DATA:
        if (dlab) {
            s->divisor = (s->divisor & 0xff00) | value;
            serial_set_params(s);
        } else {
            serial_write_thr(s, value);
        }
        break;
    case REG_IER:
        if (dlab) {
            s->divisor = (s->divisor & 0x00ff) | value << 8;
            serial_set_params(s);
        } else {
            serial_write_ier(s, value);
        }
        break;
    case REG_IIR_FCR:
        serial_write_fcr(s, value);
        break;
    case REG_LCR:
        serial_write_lcr(s, value);
        break;
    case REG_MCR:
        serial_write_mcr(s, value);
        break;
    case REG_LSR: /* factory test */
    case REG_MSR:
        break;
    default:
        s->scr = value;
        break;
    }
}

const MemoryRegionOps serial_ops = {
    .read = serial_read,
    .write = serial_write,
    .endianness = DEVICE_LITTLE_ENDIAN,
    .valid = {.min_access_size = 1,  .max_access_size = 1},
    .impl = { .min_access_size = 1, .max_access_size = 1},
};

/* --- Device --------------------------------------------------------------------------
 */

static void serial_reset_enter(DeviceState *dev)
{
    SerialState *s = SERIAL(dev);

    s->rbr = s->thr = 0;
    s->ier = 0;
    s->fcr = 0;
    s->lcr = 0;
    s->mcr = MCR_OUT2;
    s->scr = 0;
    s->divisor = 0x0c; /* 9600 */
    s->lsr = LSR_THRE | LSR_TEMT;
    s->msr = MSR_CTS | MSR_DSR | MSR_DCD;
    serial_reset_rx(s);
    serial_reset_tx(s);
    s->thr_ipending = false;
}

static void serial_reset_hold(DeviceState *dev)
{
    serial_update_irq(SERIAL(dev));
}

static bool serial_realize(DeviceState *dev, Error **errp)
{
    SerialState *s = SERIAL(dev);

    timer_init(&s->timeout_timer, device_get_loop(dev), VIRTUAL_CLOCK,
               serial_timeout_expired, s);
    chr_fe_set_handlers(&s->chr, serial_can_receive, serial_receive, serial_event, s);
    serial_reset_enter(dev);
    return true;
}

static void serial_unrealize(DeviceState *dev)
{
    SerialState *s = SERIAL(dev);

    timer_del(&s->timeout_timer);
    chr_fe_deinit(&s->chr);
}

static bool serial_post_load(void *opaque, int version_id, Error **errp)
{
    SerialState *s = opaque;

    if (s->rx.head >= SERIAL_FIFO_BYTES || s->rx.count > SERIAL_FIFO_BYTES ||
        s->tx.head >= SERIAL_FIFO_BYTES || s->tx.count > SERIAL_FIFO_BYTES) {
        return error_set(errp, "serial: FIFO is out of range");
    }
    if (s->tx.count && !s->tx_waiting) {
        s->tx_waiting = true;
        chr_fe_add_watch(&s->chr, serial_tx_ready, s);
    }
    serial_set_params(s);
    serial_update_irq(s);
    return true;
}

static const VMStateDescription fifo_vmstate = {
    .name = "serial/fifo",
    .version_id = 1,
    .minimum_version_id = 1,
    .fields =
        (const VMStateField[]){
                               VMSTATE_BUFFER(data, SerialFifo),
                               VMSTATE_UINT8(head, SerialFifo),
                               VMSTATE_UINT8(count, SerialFifo),
                               VMSTATE_END_OF_LIST(),
                               },
};

static const VMStateDescription serial_vmstate = {
    .name = TYPE_SERIAL,
    .version_id = 1,
    .minimum_version_id = 1,
    .post_load = serial_post_load,
    .fields =
        (const VMStateField[]){
                               VMSTATE_UINT8(rbr, SerialState),
                               VMSTATE_UINT8(thr, SerialState),
                               VMSTATE_UINT8(ier, SerialState),
                               VMSTATE_UINT8(fcr, SerialState),
                               VMSTATE_UINT8(lcr, SerialState),
                               VMSTATE_UINT8(mcr, SerialState),
                               VMSTATE_UINT8(lsr, SerialState),
                               VMSTATE_UINT8(msr, SerialState),
                               VMSTATE_UINT8(scr, SerialState),
                               VMSTATE_UINT16(divisor, SerialState),
                               VMSTATE_BOOL(thr_ipending, SerialState),
                               VMSTATE_BOOL(timeout_ipending, SerialState),
                               VMSTATE_STRUCT(rx, SerialState, fifo_vmstate),
                               VMSTATE_STRUCT(tx, SerialState, fifo_vmstate),
                               VMSTATE_TIMER(timeout_timer, SerialState),
                               VMSTATE_END_OF_LIST(),
                               },
};

static const Property serial_properties[] = {
    PROP_CHR("chardev", SerialState, chr),
    PROP_UINT32("baudbase", SerialState, baudbase, 115200),
};

static void serial_class_init(ObjectClass *klass, const void *data)
{
    DeviceClass *dc = DEVICE_CLASS(klass);

    dc->desc = "16550A UART";
    dc->user_creatable = false; /* part of a card */
    dc->realize = serial_realize;
    dc->unrealize = serial_unrealize;
    dc->reset_enter = serial_reset_enter;
    dc->reset_hold = serial_reset_hold;
    dc->vmsd = &serial_vmstate;
    OBJECT_CLASS_ADD_PROPERTIES(klass, serial_properties);
}

static const TypeInfo serial_info = {
    .name = TYPE_SERIAL,
    .parent = TYPE_DEVICE,
    .instance_size = sizeof(SerialState),
    .class_init = serial_class_init,
};
TYPE_REGISTER(serial_info);
