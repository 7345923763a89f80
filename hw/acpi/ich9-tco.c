/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The total cost of ownership timer of an ICH9, a watchdog of two stages. Source: Intel
 * ICH9 data sheet (316972), section 13.9. The timer counts ticks of 0.6 s from TCO_TMR
 * down; the first time it passes zero TIMEOUT is set and it starts again, the second
 * time SECOND_TO_STS is set and the machine reboots. Not modelled: intruder detect,
 * heartbeat messages, NMI2SMI.
 *
 * Interface: region "sm-tco", 32 bytes.
 */
#include "hw/acpi/ich9-pm.h"

/* --- Registers (13.9) --- */
#define TCO_RLD            0x00 /* 16 bits; writing reloads */
#define TCO_DAT_IN         0x02
#define TCO_DAT_OUT        0x03
#define TCO1_STS           0x04
#define TCO1_STS_SW_SMI    0x0002 /* write to TCO_DAT_IN */
#define TCO1_STS_INT       0x0004 /* write to TCO_DAT_OUT */
#define TCO1_STS_TIMEOUT   0x0008
#define TCO1_STS_W1C       0x316f
#define TCO2_STS           0x06
#define TCO2_STS_SECOND_TO 0x0002
#define TCO2_STS_BOOT      0x0004
#define TCO2_STS_W1C       0x0017
#define TCO1_CNT           0x08
#define TCO1_CNT_TMR_HLT   0x0800
#define TCO1_CNT_LOCK      0x1000
#define TCO1_CNT_WMASK     0x1f00
#define TCO2_CNT           0x0a
#define TCO2_CNT_RESET     0x0008
#define TCO2_CNT_WMASK     0x003e
#define TCO_MESSAGE1       0x0c
#define TCO_MESSAGE2       0x0d
#define TCO_WDCNT          0x0e
#define SW_IRQ_GEN         0x10
#define SW_IRQ_GEN_RESET   0x03
#define TCO_TMR            0x12 /* 10 bits */
#define TCO_TMR_RESET      0x0004
#define TCO_TMR_MASK       0x03ff
#define TCO_TMR_MIN        2 /* smaller values are ignored (13.9.11) */

#define TICK_NS INT64_C(600000000)

static void start(Ich9Tco *s)
{
    s->expire_ns = clock_get_ns(VIRTUAL_CLOCK) + (s->tmr & TCO_TMR_MASK) * TICK_NS;
    timer_mod_ns(&s->timer, s->expire_ns);
}

static void halt(Ich9Tco *s)
{
    s->expire_ns = -1;
    timer_del(&s->timer);
}

static bool is_halted(const Ich9Tco *s)
{
    return s->cnt1 & TCO1_CNT_TMR_HLT;
}

static void expired(void *opaque)
{
    Ich9Tco *s = opaque;

    if (s->timeouts == 0) {
        s->timeouts = 1;
        s->sts1 |= TCO1_STS_TIMEOUT;
        start(s);
        s->ops->timeout(s->opaque);
        return;
    }
    s->timeouts = 0;
    s->sts2 |= TCO2_STS_SECOND_TO;
    if (s->ops->no_reboot(s->opaque)) {
        start(s);
        return;
    }
    s->sts2 |= TCO2_STS_BOOT;
    halt(s);
    s->ops->reboot(s->opaque);
}

static void reload(Ich9Tco *s)
{
    s->timeouts = 0;
    if (!is_halted(s)) {
        start(s);
    }
}

/* What is left of the present count. */
static uint16_t ticks_left(const Ich9Tco *s)
{
    if (s->expire_ns < 0) {
        return s->tmr & TCO_TMR_MASK;
    }
    int64_t left = s->expire_ns - clock_get_ns(VIRTUAL_CLOCK);

    return (uint16_t)(left > 0 ? (left / TICK_NS) & TCO_TMR_MASK : 0);
}

static uint16_t read_word(const Ich9Tco *s, hwaddr offset)
{
    switch (offset) {
    case TCO_RLD:
        return ticks_left(s);
    case TCO_DAT_IN:
        return (uint16_t)(s->dat_in | s->dat_out << 8);
    case TCO1_STS:
        return s->sts1;
    case TCO2_STS:
        return s->sts2;
    case TCO1_CNT:
        return s->cnt1;
    case TCO2_CNT:
        return s->cnt2;
    case TCO_MESSAGE1:
        return (uint16_t)(s->msg1 | s->msg2 << 8);
    case TCO_WDCNT:
        return s->wdcnt;
    case SW_IRQ_GEN:
        return s->sw_irq_gen;
    case TCO_TMR:
        return s->tmr;
    default:
        return 0;
    }
}

static uint64_t tco_read(void *opaque, hwaddr offset, unsigned size)
{
    uint16_t word = read_word(opaque, offset & ~(hwaddr)1);

    return size == 1 ? (offset & 1 ? word >> 8 : word & 0xff) : word;
}

static void write_control(Ich9Tco *s, uint16_t value)
{
    /* The lock keeps itself and nothing else that is modelled. */
    s->cnt1 = (uint16_t)((value & TCO1_CNT_WMASK) | (s->cnt1 & TCO1_CNT_LOCK));
    if (is_halted(s)) {
        halt(s);
    } else if (s->expire_ns < 0) {
        reload(s);
    }
}

static void write_word(Ich9Tco *s, hwaddr offset, uint16_t value)
{
    switch (offset) {
    case TCO_RLD:
        reload(s);
        break;
    case TCO1_STS:
        s->sts1 &= (uint16_t) ~(value & TCO1_STS_W1C);
        break;
    case TCO2_STS:
        s->sts2 &= (uint16_t) ~(value & TCO2_STS_W1C);
        break;
    case TCO1_CNT:
        write_control(s, value);
        break;
    case TCO2_CNT:
        s->cnt2 = value & TCO2_CNT_WMASK;
        break;
    case TCO_TMR:
        if ((value & TCO_TMR_MASK) >= TCO_TMR_MIN) {
            s->tmr = value & TCO_TMR_MASK;
        }
        break;
    default:
        break;
    }
}

static void write_byte(Ich9Tco *s, hwaddr offset, uint8_t value)
{
    switch (offset) {
    case TCO_DAT_IN:
        s->dat_in = value;
        s->sts1 |= TCO1_STS_SW_SMI;
        s->ops->timeout(s->opaque);
        break;
    case TCO_DAT_OUT:
        s->dat_out = value;
        s->sts1 |= TCO1_STS_INT;
        break;
    case TCO_MESSAGE1:
        s->msg1 = value;
        break;
    case TCO_MESSAGE2:
        s->msg2 = value;
        break;
    case TCO_WDCNT:
        s->wdcnt = value;
        break;
    case SW_IRQ_GEN:
        s->sw_irq_gen = value;
        break;
    default: {
        /* A byte of a word: the other half stays, or is not cleared. */
        hwaddr at = offset & ~(hwaddr)1;
        bool w1c = at == TCO1_STS || at == TCO2_STS;
        uint16_t old = w1c ? 0 : read_word(s, at);
        write_word(s, at,
                   offset & 1 ? (uint16_t)((old & 0xff) | value << 8)
                              : (uint16_t)((old & 0xff00) | value));
        break;
    }
    }
}

static void tco_write(void *opaque, hwaddr offset, uint64_t value, unsigned size)
{
    Ich9Tco *s = opaque;
    bool bytes = offset == TCO_DAT_IN || offset >= TCO_MESSAGE1;

    if (size == 1) {
        write_byte(s, offset, (uint8_t)value);
    } else if (bytes && offset != TCO_TMR) {
        write_byte(s, offset, (uint8_t)value);
        write_byte(s, offset + 1, (uint8_t)(value >> 8));
    } else {
        write_word(s, offset, (uint16_t)value);
    }
}

static const MemoryRegionOps tco_ops = {
    .read = tco_read,
    .write = tco_write,
    .endianness = DEVICE_LITTLE_ENDIAN,
    .valid = {.min_access_size = 1,  .max_access_size = 4},
    .impl = { .min_access_size = 1, .max_access_size = 2},
};

void ich9_tco_init(Ich9Tco *s, DeviceState *owner, MemoryRegion *parent,
                   const Ich9TcoOps *ops, void *opaque)
{
    s->ops = ops;
    s->opaque = opaque;
    timer_init(&s->timer, device_get_loop(owner), VIRTUAL_CLOCK, expired, s);
    memory_region_init_io(&s->region, OBJECT(owner), &tco_ops, s, "sm-tco",
                          ICH9_PM_TCO_LEN);
    memory_region_add_subregion(parent, ICH9_PM_TCO, &s->region);
}

void ich9_tco_reset(Ich9Tco *s)
{
    /* SECOND_TO_STS and BOOT_STS survive, so that the firmware can see why. */
    s->sts2 &= TCO2_STS_SECOND_TO | TCO2_STS_BOOT;
    s->rld = s->sts1 = s->cnt1 = 0;
    s->cnt2 = TCO2_CNT_RESET;
    s->tmr = TCO_TMR_RESET;
    s->dat_in = s->dat_out = s->msg1 = s->msg2 = s->wdcnt = 0;
    s->sw_irq_gen = SW_IRQ_GEN_RESET;
    s->timeouts = 0;
    /* It runs from the first reload on. */
    halt(s);
}

static bool tco_post_load(void *opaque, int version_id, Error **errp)
{
    Ich9Tco *s = opaque;

    if (s->expire_ns >= 0) {
        timer_mod_ns(&s->timer, s->expire_ns);
    } else {
        timer_del(&s->timer);
    }
    return true;
}

static const VMStateField tco_fields[] = {
    VMSTATE_UINT16(rld, Ich9Tco),
    VMSTATE_UINT16(sts1, Ich9Tco),
    VMSTATE_UINT16(sts2, Ich9Tco),
    VMSTATE_UINT16(cnt1, Ich9Tco),
    VMSTATE_UINT16(cnt2, Ich9Tco),
    VMSTATE_UINT16(tmr, Ich9Tco),
    VMSTATE_UINT8(dat_in, Ich9Tco),
    VMSTATE_UINT8(dat_out, Ich9Tco),
    VMSTATE_UINT8(msg1, Ich9Tco),
    VMSTATE_UINT8(msg2, Ich9Tco),
    VMSTATE_UINT8(wdcnt, Ich9Tco),
    VMSTATE_UINT8(sw_irq_gen, Ich9Tco),
    VMSTATE_UINT8(timeouts, Ich9Tco),
    VMSTATE_INT64(expire_ns, Ich9Tco),
    VMSTATE_END_OF_LIST(),
};

const VMStateDescription vmstate_ich9_tco = {
    .name = "ICH9 TCO",
    .version_id = 1,
    .minimum_version_id = 1,
    .post_load = tco_post_load,
    .fields = tco_fields,
};
