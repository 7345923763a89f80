/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Motorola MC146818A real-time clock plus RAM (data sheet ADI1012), with the 128 bytes
 * and the century byte (32, mirrored at 37) of a PC.
 *
 * The clock is not ticked: the time of day is the chosen clock plus an offset. A timer
 * runs once a second only while the alarm or update interrupt is enabled, and for each
 * period only while the periodic one is; flags are otherwise made when they are read.
 * Not modelled: daylight saving (DSE), the square wave output.
 *
 * Lost ticks: a guest that keeps time by periodic interrupts loses what ends while the
 * one before it still waits to be read. With lost_tick_policy=slew such periods are
 * counted and given back when it reads register C, each as an interrupt of its own, but
 * only so many a period: the guest is to do something else, too.
 *
 * Board: properties base_year, iobase, irq, lost_tick_policy. Ports "rtc" (2 bytes at
 * iobase) with "rtc-index" on top. Output 0 is IRQ.
 */
#include "hw/rtc/mc146818rtc.h"

#include "accel/accel.h"
#include "migration/vmstate.h"
#include "qapi/command.h"
#include "qapi/events.h"
#include "softmmu/runstate.h"

#include <time.h>

enum {
    RTC_SECONDS = 0x00,
    RTC_SECONDS_ALARM = 0x01,
    RTC_MINUTES = 0x02,
    RTC_MINUTES_ALARM = 0x03,
    RTC_HOURS = 0x04,
    RTC_HOURS_ALARM = 0x05,
    RTC_DAY_OF_WEEK = 0x06,
    RTC_DAY_OF_MONTH = 0x07,
    RTC_MONTH = 0x08,
    RTC_YEAR = 0x09,
    RTC_REG_A = 0x0a,
    RTC_REG_B = 0x0b,
    RTC_REG_C = 0x0c,
    RTC_REG_D = 0x0d,
    RTC_CENTURY = 0x32,
    RTC_CENTURY_PS2 = 0x37,

    REG_A_RS = 0x0f, /* rate of the periodic interrupt */
    REG_A_DV = 0x70,
    REG_A_DV_32KHZ = 0x20,
    REG_A_UIP = 0x80,
    REG_B_24H = 0x02,
    REG_B_DM = 0x04, /* binary, not BCD */
    REG_B_UIE = 0x10,
    REG_B_AIE = 0x20,
    REG_B_PIE = 0x40,
    REG_B_SET = 0x80,
    REG_C_UF = 0x10,
    REG_C_AF = 0x20,
    REG_C_PF = 0x40,
    REG_C_IRQF = 0x80,
    REG_C_FLAGS = 0x70,
    REG_D_VRT = 0x80,
    ALARM_ANY = 0xc0,
    HOUR_PM = 0x80,
};

#define RTC_HZ 32768
/* UIP is set 244 us before the update, which takes 1984 us. */
#define UIP_NS ((244 + 1984) * NS_PER_US)

/* Lost ticks that are given back between two periods. */
enum { GIVEN_BACK_MAX = 20 };

typedef enum LostTickPolicy {
    LOST_TICK_DISCARD,
    LOST_TICK_DELAY,
    LOST_TICK_SLEW,
} LostTickPolicy;

struct RtcState {
    ISADevice parent_obj;
    MemoryRegion io, index_io;
    IrqLine *irq;
    ClockType clock; /* that the time of day follows */
    Timer update_timer, periodic_timer;
    /* Properties. */
    int32_t base_year;
    uint16_t iobase;
    uint8_t irq_number;
    int lost_tick_policy;
    /* Migrated. */
    uint8_t index;
    uint8_t cmos[RTC_CMOS_SIZE];
    int64_t offset_ns;      /* time of day = clock + this, while running */
    int64_t checked_s;      /* UF and AF are right up to this second */
    uint64_t checked_ticks; /* PF is right up to this period */
    uint64_t lost_ticks;    /* of 32768 Hz, whole periods; policy slew */
    uint8_t given_back;     /* periods, since the last one ended */
};

static inline RtcState *RTC(const void *obj)
{
    return (RtcState *)object_cast((const Object *)obj, TYPE_MC146818_RTC);
}

/* --- Configuration -------------------------------------------------------------------
 */

/* Set once from the command line. */
static RtcConfig rtc_config = { .clock = HOST_CLOCK };

void rtc_configure(const RtcConfig *config)
{
    rtc_config = *config;
}

int64_t rtc_start_time(void)
{
    time_t now;
    struct tm tm;

    if (rtc_config.has_date) {
        return rtc_config.date;
    }
    now = clock_get_ns(HOST_CLOCK) / NANOSECONDS_PER_SECOND;
    if (rtc_config.localtime) {
        localtime_r(&now, &tm);
        return now + tm.tm_gmtoff;
    }
    return now;
}

/* --- Time of day ---------------------------------------------------------------------
 */

static int64_t rtc_now_ns(const RtcState *s)
{
    return clock_get_ns(s->clock) + s->offset_ns;
}

static bool rtc_is_running(const RtcState *s)
{
    return !(s->cmos[RTC_REG_B] & REG_B_SET) &&
           (s->cmos[RTC_REG_A] & REG_A_DV) == REG_A_DV_32KHZ;
}

static uint8_t rtc_encode(const RtcState *s, int v)
{
    return s->cmos[RTC_REG_B] & REG_B_DM ? v : v / 10 << 4 | v % 10;
}

static int rtc_decode(const RtcState *s, uint8_t v)
{
    return s->cmos[RTC_REG_B] & REG_B_DM ? v : (v >> 4) * 10 + (v & 15);
}

static uint8_t rtc_encode_hour(const RtcState *s, int hour)
{
    if (s->cmos[RTC_REG_B] & REG_B_24H) {
        return rtc_encode(s, hour);
    }
    return rtc_encode(s, hour % 12 ? hour % 12 : 12) | (hour >= 12 ? HOUR_PM : 0);
}

static int rtc_decode_hour(const RtcState *s, uint8_t v)
{
    if (s->cmos[RTC_REG_B] & REG_B_24H) {
        return rtc_decode(s, v);
    }
    return rtc_decode(s, v & ~HOUR_PM) % 12 + (v & HOUR_PM ? 12 : 0);
}

/* Bring the time registers up to date. */
static void rtc_latch_time(RtcState *s)
{
    time_t t = rtc_now_ns(s) / NANOSECONDS_PER_SECOND;
    struct tm tm;
    int year;

    gmtime_r(&t, &tm);
    year = tm.tm_year + 1900 - s->base_year;
    s->cmos[RTC_SECONDS] = rtc_encode(s, tm.tm_sec);
    s->cmos[RTC_MINUTES] = rtc_encode(s, tm.tm_min);
    s->cmos[RTC_HOURS] = rtc_encode_hour(s, tm.tm_hour);
    s->cmos[RTC_DAY_OF_WEEK] = rtc_encode(s, tm.tm_wday + 1);
    s->cmos[RTC_DAY_OF_MONTH] = rtc_encode(s, tm.tm_mday);
    s->cmos[RTC_MONTH] = rtc_encode(s, tm.tm_mon + 1);
    s->cmos[RTC_YEAR] = rtc_encode(s, year % 100);
    s->cmos[RTC_CENTURY] = rtc_encode(s, year / 100);
}

/* Clients that keep the guest's offset for its next start want to know. */
static void rtc_tell_change(RtcState *s, int64_t t)
{
    struct json_object *data = json_object_new_object();
    g_autofree char *path = object_get_canonical_path(OBJECT(s));
    int64_t host = clock_get_ns(HOST_CLOCK) / NANOSECONDS_PER_SECOND;

    json_add_int(data, "offset", t - (rtc_config.has_date ? host : rtc_start_time()));
    json_add_str(data, "qom-path", path ? path : "");
    qapi_event_send("RTC_CHANGE", data);
}

/* The registers were written: the clock goes on from them, @fraction_ns into the
 * second. */
static void rtc_take_time(RtcState *s, int64_t fraction_ns)
{
    struct tm tm = {
        .tm_sec = rtc_decode(s, s->cmos[RTC_SECONDS]),
        .tm_min = rtc_decode(s, s->cmos[RTC_MINUTES]),
        .tm_hour = rtc_decode_hour(s, s->cmos[RTC_HOURS]),
        .tm_mday = rtc_decode(s, s->cmos[RTC_DAY_OF_MONTH]),
        .tm_mon = rtc_decode(s, s->cmos[RTC_MONTH]) - 1,
        .tm_year = rtc_decode(s, s->cmos[RTC_YEAR]) +
                   rtc_decode(s, s->cmos[RTC_CENTURY]) * 100 + s->base_year - 1900,
    };
    int64_t t = timegm(&tm);

    s->offset_ns = t * NANOSECONDS_PER_SECOND + fraction_ns - clock_get_ns(s->clock);
    s->checked_s = t;
    rtc_tell_change(s, t);
}

static int64_t rtc_fraction_ns(const RtcState *s)
{
    int64_t f = rtc_now_ns(s) % NANOSECONDS_PER_SECOND;

    return f < 0 ? f + NANOSECONDS_PER_SECOND : f;
}

/* --- Flags and interrupts ------------------------------------------------------------
 */

static void rtc_update_irq(RtcState *s)
{
    uint8_t *c = &s->cmos[RTC_REG_C];

    if (*c & s->cmos[RTC_REG_B] & REG_C_FLAGS) {
        *c |= REG_C_IRQF;
    } else {
        *c &= ~REG_C_IRQF;
    }
    irq_set(s->irq, *c & REG_C_IRQF ? 1 : 0);
}

static bool rtc_alarm_field(uint8_t alarm, uint8_t now)
{
    return (alarm & ALARM_ANY) == ALARM_ANY || alarm == now;
}

static bool rtc_alarm_at(const RtcState *s, int64_t second)
{
    return rtc_alarm_field(s->cmos[RTC_SECONDS_ALARM], rtc_encode(s, second % 60)) &&
           rtc_alarm_field(s->cmos[RTC_MINUTES_ALARM],
                           rtc_encode(s, second / 60 % 60)) &&
           rtc_alarm_field(s->cmos[RTC_HOURS_ALARM],
                           rtc_encode_hour(s, second / 3600 % 24));
}

/* Set UF and AF for the seconds that have passed. */
static void rtc_check_updates(RtcState *s)
{
    int64_t now = rtc_now_ns(s) / NANOSECONDS_PER_SECOND;

    if (!rtc_is_running(s) || now <= s->checked_s) {
        return;
    }
    s->cmos[RTC_REG_C] |= REG_C_UF;
    /* The alarm comes once a day at least, so a day says it all. */
    for (int64_t t = MAX(s->checked_s + 1, now - 86399); t <= now; t++) {
        if (rtc_alarm_at(s, t)) {
            s->cmos[RTC_REG_C] |= REG_C_AF;
            if (s->cmos[RTC_REG_B] & REG_B_AIE) {
                system_wakeup_request(WAKEUP_REASON_RTC);
            }
            break;
        }
    }
    s->checked_s = now;
}

/* Run the one-second timer while somebody waits for it. */
static void rtc_arm_update(RtcState *s)
{
    int64_t next;

    if (!rtc_is_running(s) || !(s->cmos[RTC_REG_B] & (REG_B_UIE | REG_B_AIE))) {
        timer_del(&s->update_timer);
        return;
    }
    next = (rtc_now_ns(s) / NANOSECONDS_PER_SECOND + 1) * NANOSECONDS_PER_SECOND;
    timer_mod_ns(&s->update_timer, next - s->offset_ns);
}

static void rtc_update_expired(void *opaque)
{
    RtcState *s = opaque;

    rtc_check_updates(s);
    rtc_update_irq(s);
    rtc_arm_update(s);
}

/* Table 5: ticks of the 32.768 kHz base, 0 for none. */
static unsigned rtc_period_ticks(const RtcState *s)
{
    unsigned rs = s->cmos[RTC_REG_A] & REG_A_RS;

    if (rs == 0 || (s->cmos[RTC_REG_A] & REG_A_DV) != REG_A_DV_32KHZ) {
        return 0;
    }
    return 1u << (rs <= 2 ? rs + 6 : rs - 1);
}

static uint64_t rtc_ticks(void)
{
    return (unsigned __int128)clock_get_ns(VIRTUAL_CLOCK) * RTC_HZ /
           NANOSECONDS_PER_SECOND;
}

static bool rtc_is_periodic(const RtcState *s)
{
    return rtc_period_ticks(s) && s->cmos[RTC_REG_B] & REG_B_PIE;
}

/* Set PF if a period has ended. */
static void rtc_check_periodic(RtcState *s)
{
    unsigned period = rtc_period_ticks(s);
    uint64_t now = rtc_ticks(), ended = 0;

    if (period) {
        ended = now / period - s->checked_ticks / period;
    }
    if (ended) {
        if (s->lost_tick_policy == LOST_TICK_SLEW && rtc_is_periodic(s)) {
            s->lost_ticks +=
                (ended - !(s->cmos[RTC_REG_C] & REG_C_PF)) * (uint64_t)period;
        }
        s->cmos[RTC_REG_C] |= REG_C_PF;
        s->given_back = 0;
    }
    s->checked_ticks = now;
}

/* The guest has taken an interrupt. */
static void rtc_give_back(RtcState *s)
{
    unsigned period = rtc_period_ticks(s);

    if (rtc_is_periodic(s) && s->lost_ticks >= period &&
        s->given_back < GIVEN_BACK_MAX) {
        s->lost_ticks -= period;
        s->given_back++;
        s->cmos[RTC_REG_C] |= REG_C_PF;
        rtc_update_irq(s);
    }
}

static void rtc_arm_periodic(RtcState *s)
{
    unsigned period = rtc_period_ticks(s);
    uint64_t next;

    if (!rtc_is_periodic(s)) {
        timer_del(&s->periodic_timer);
        return;
    }
    next = (rtc_ticks() / period + 1) * period;
    timer_mod_ns(&s->periodic_timer,
                 ((unsigned __int128)next * NANOSECONDS_PER_SECOND + RTC_HZ - 1) /
                     RTC_HZ);
}

static void rtc_periodic_expired(void *opaque)
{
    RtcState *s = opaque;

    rtc_check_periodic(s);
    rtc_update_irq(s);
    rtc_arm_periodic(s);
}

/* --- Registers -----------------------------------------------------------------------
 */

static void rtc_write_reg_a(RtcState *s, uint8_t value)
{
    bool was_running = rtc_is_running(s);
    bool was_reset = (s->cmos[RTC_REG_A] & REG_A_DV) != REG_A_DV_32KHZ;

    rtc_check_periodic(s);
    if (was_running) {
        rtc_check_updates(s);
        rtc_latch_time(s);
    }
    s->cmos[RTC_REG_A] = value & ~REG_A_UIP;
    if (rtc_is_running(s) && was_reset) {
        /* "The first update cycle begins one-half second later." */
        rtc_take_time(s, NANOSECONDS_PER_SECOND / 2);
    }
    rtc_arm_periodic(s);
    rtc_arm_update(s);
}

static void rtc_write_reg_b(RtcState *s, uint8_t value)
{
    bool was_running = rtc_is_running(s);

    rtc_check_updates(s);
    rtc_check_periodic(s);
    if (was_running) {
        rtc_latch_time(s);
    }
    if (value & REG_B_SET) {
        value &= ~REG_B_UIE; /* "SET going high clears UIE." */
    }
    if (was_running && !(value & REG_B_SET)) {
        /* A change of format only: the clock goes on. */
        s->cmos[RTC_REG_B] = value;
        rtc_latch_time(s);
    } else {
        s->cmos[RTC_REG_B] = value;
        if (rtc_is_running(s)) {
            rtc_take_time(s, rtc_fraction_ns(s));
        }
    }
    if (!rtc_is_periodic(s)) {
        s->lost_ticks = 0; /* nobody waits for them any more */
    }
    rtc_update_irq(s);
    rtc_arm_periodic(s);
    rtc_arm_update(s);
}

static void rtc_write_time(RtcState *s, uint8_t reg, uint8_t value)
{
    if (!rtc_is_running(s)) {
        s->cmos[reg] = value;
        return;
    }
    rtc_check_updates(s);
    rtc_latch_time(s);
    s->cmos[reg] = value;
    if (reg != RTC_DAY_OF_WEEK) {
        rtc_take_time(s, rtc_fraction_ns(s));
    }
    rtc_arm_update(s);
}

static void rtc_write_data(RtcState *s, uint8_t value)
{
    uint8_t reg = s->index == RTC_CENTURY_PS2 ? RTC_CENTURY : s->index;

    switch (reg) {
    case RTC_SECONDS_ALARM:
    case RTC_MINUTES_ALARM:
    case RTC_HOURS_ALARM:
        rtc_check_updates(s);
        s->cmos[reg] = value;
        break;
    case RTC_SECONDS:
    case RTC_MINUTES:
    case RTC_HOURS:
    case RTC_DAY_OF_WEEK ... RTC_YEAR:
    case RTC_CENTURY:
        rtc_write_time(s, reg, value);
        break;
    case RTC_REG_A:
        rtc_write_reg_a(s, value);
        break;
    case RTC_REG_B:
        rtc_write_reg_b(s, value);
        break;
    case RTC_REG_C:
    case RTC_REG_D:
        break; /* read-only */
    default:
        s->cmos[reg] = value;
        break;
    }
}

static uint8_t rtc_read_reg_c(RtcState *s)
{
    uint8_t value;

    rtc_check_updates(s);
    rtc_check_periodic(s);
    rtc_update_irq(s);
    value = s->cmos[RTC_REG_C];
    s->cmos[RTC_REG_C] = 0;
    rtc_update_irq(s);
    if (value & REG_C_PF) {
        rtc_give_back(s);
    }
    return value;
}

static uint8_t rtc_read_data(RtcState *s)
{
    uint8_t reg = s->index == RTC_CENTURY_PS2 ? RTC_CENTURY : s->index;

    switch (reg) {
    case RTC_SECONDS:
    case RTC_MINUTES:
    case RTC_HOURS:
    case RTC_DAY_OF_WEEK ... RTC_YEAR:
    case RTC_CENTURY:
        if (rtc_is_running(s)) {
            rtc_latch_time(s);
        }
        return s->cmos[reg];
    case RTC_REG_A:
        if (rtc_is_running(s) &&
            rtc_fraction_ns(s) >= NANOSECONDS_PER_SECOND - UIP_NS) {
            return s->cmos[RTC_REG_A] | REG_A_UIP;
        }
        return s->cmos[RTC_REG_A];
    case RTC_REG_C:
        return rtc_read_reg_c(s);
    default:
        return s->cmos[reg];
    }
}

static uint64_t rtc_read(void *opaque, hwaddr offset, unsigned size)
{
    return offset == 0 ? 0xff : rtc_read_data(opaque);
}

static void rtc_write(void *opaque, hwaddr offset, uint64_t value, unsigned size)
{
    RtcState *s = opaque;

    if (offset == 0) {
        s->index = value & 0x7f; /* bit 7 masks the NMI, which nobody raises */
    } else {
        rtc_write_data(s, value);
    }
}

static const MemoryRegionOps rtc_ops = {
    .read = rtc_read,
    .write = rtc_write,
    .endianness = DEVICE_LITTLE_ENDIAN,
    .valid = {.min_access_size = 1,  .max_access_size = 1},
    .impl = { .min_access_size = 1, .max_access_size = 1},
};

void rtc_set_memory(RtcState *s, int index, uint8_t value)
{
    if (index >= 0 && index < RTC_CMOS_SIZE) {
        s->cmos[index] = value;
    }
}

uint8_t rtc_get_memory(RtcState *s, int index)
{
    return index >= 0 && index < RTC_CMOS_SIZE ? s->cmos[index] : 0xff;
}

/* --- Monitor -------------------------------------------------------------------------
 */

static int forget_lost_ticks(Object *obj, void *opaque)
{
    if (object_is_a(obj, TYPE_MC146818_RTC)) {
        RTC(obj)->lost_ticks = 0;
    }
    return 0;
}

static bool qmp_rtc_reset_reinjection(struct json_object *args,
                                      struct json_object **ret, Error **errp)
{
    object_child_foreach_recursive(object_get_root(), forget_lost_ticks, NULL);
    return true;
}
QMP_COMMAND("rtc-reset-reinjection", qmp_rtc_reset_reinjection, 0);

/* Property "date": the time the guest sees, as C's struct tm counts it. */
static struct json_object *rtc_get_date(Object *obj, const Property *prop)
{
    time_t t = rtc_now_ns(RTC(obj)) / NANOSECONDS_PER_SECOND;
    struct json_object *date = json_object_new_object();
    struct tm tm;

    gmtime_r(&t, &tm);
    json_add_int(date, "tm_sec", tm.tm_sec);
    json_add_int(date, "tm_min", tm.tm_min);
    json_add_int(date, "tm_hour", tm.tm_hour);
    json_add_int(date, "tm_mday", tm.tm_mday);
    json_add_int(date, "tm_mon", tm.tm_mon);
    json_add_int(date, "tm_year", tm.tm_year);
    return date;
}

static const Property rtc_date_property =
    PROP_CUSTOM("date", "struct tm", rtc_get_date, NULL);

/* --- Device --------------------------------------------------------------------------
 */

/* "RESET clears PIE, AIE, UIE, SQWE and the flags"; time and RAM live on the battery.
 */
static void rtc_reset_enter(DeviceState *dev)
{
    RtcState *s = RTC(dev);

    s->index = 0;
    s->cmos[RTC_REG_B] &= ~(REG_B_PIE | REG_B_AIE | REG_B_UIE | 0x08);
    s->cmos[RTC_REG_C] = 0;
    s->lost_ticks = 0;
    timer_del(&s->update_timer);
    timer_del(&s->periodic_timer);
}

static void rtc_reset_hold(DeviceState *dev)
{
    rtc_update_irq(RTC(dev));
}

static bool rtc_realize(DeviceState *dev, Error **errp)
{
    RtcState *s = RTC(dev);
    ISADevice *isa = ISA_DEVICE(dev);

    if (s->lost_tick_policy == LOST_TICK_DELAY) {
        return error_set(errp, "Invalid lost tick policy.");
    }
    if (!isa_connect_irq(isa, s->irq_number, &s->irq, errp)) {
        return false;
    }
    /* Where no CPU runs the guest's time is what the test makes it. */
    s->clock = accel_is("qtest") ? VIRTUAL_CLOCK : rtc_config.clock;
    timer_init(&s->update_timer, device_get_loop(dev), s->clock, rtc_update_expired, s);
    timer_init(&s->periodic_timer, device_get_loop(dev), VIRTUAL_CLOCK,
               rtc_periodic_expired, s);
    s->cmos[RTC_REG_A] = 0x26; /* 1024 Hz */
    s->cmos[RTC_REG_B] = REG_B_24H;
    s->cmos[RTC_REG_D] = REG_D_VRT;
    s->checked_s = rtc_start_time();
    s->offset_ns = s->checked_s * NANOSECONDS_PER_SECOND - clock_get_ns(s->clock);
    if (!rtc_config.has_date && s->clock == HOST_CLOCK) {
        /* Second boundaries where the host has them. */
        s->offset_ns += clock_get_ns(HOST_CLOCK) % NANOSECONDS_PER_SECOND;
    }
    s->checked_ticks = rtc_ticks();
    rtc_latch_time(s);

    memory_region_init_io(&s->io, OBJECT(s), &rtc_ops, s, "rtc", 2);
    isa_register_ioport(isa, &s->io, s->iobase);
    memory_region_init_io(&s->index_io, OBJECT(s), &rtc_ops, s, "rtc-index", 1);
    memory_region_add_subregion(&s->io, 0, &s->index_io);
    device_init_gpio_out(dev, &s->irq, 1);
    object_property_add(OBJECT(s), &rtc_date_property);
    return true;
}

/* What follows the wall clock keeps doing so on the other host. */
static bool rtc_post_load(void *opaque, int version_id, Error **errp)
{
    RtcState *s = opaque;

    s->index &= 0x7f;
    rtc_update_irq(s);
    rtc_arm_update(s);
    rtc_arm_periodic(s);
    return true;
}

static const VMStateDescription rtc_vmstate = {
    .name = TYPE_MC146818_RTC,
    .version_id = 1,
    .minimum_version_id = 1,
    .post_load = rtc_post_load,
    .fields =
        (const VMStateField[]){
                               VMSTATE_UINT8(index, RtcState),
                               VMSTATE_BUFFER(cmos, RtcState),
                               VMSTATE_INT64(offset_ns, RtcState),
                               VMSTATE_INT64(checked_s, RtcState),
                               VMSTATE_UINT64(checked_ticks, RtcState),
                               VMSTATE_UINT64(lost_ticks, RtcState),
                               VMSTATE_UINT8(given_back, RtcState),
                               VMSTATE_END_OF_LIST(),
                               },
};

static const char *const lost_tick_policies[] = {
    [LOST_TICK_DISCARD] = "discard",
    [LOST_TICK_DELAY] = "delay",
    [LOST_TICK_SLEW] = "slew",
    NULL,
};

static const Property rtc_properties[] = {
    PROP_INT32("base_year", RtcState, base_year, 1980),
    PROP_UINT16("iobase", RtcState, iobase, 0x70),
    PROP_UINT8("irq", RtcState, irq_number, 8),
    PROP_ENUM("lost_tick_policy", RtcState, lost_tick_policy, lost_tick_policies, 0),
};

static void rtc_class_init(ObjectClass *klass, const void *data)
{
    DeviceClass *dc = DEVICE_CLASS(klass);

    dc->desc = "MC146818 real-time clock";
    dc->categories = 1u << DEVICE_CATEGORY_MISC;
    dc->user_creatable = false;
    dc->realize = rtc_realize;
    dc->reset_enter = rtc_reset_enter;
    dc->reset_hold = rtc_reset_hold;
    dc->vmsd = &rtc_vmstate;
    OBJECT_CLASS_ADD_PROPERTIES(klass, rtc_properties);
}

static const TypeInfo rtc_info = {
    .name = TYPE_MC146818_RTC,
    .parent = TYPE_ISA_DEVICE,
    .instance_size = sizeof(RtcState),
    .class_init = rtc_class_init,
};
TYPE_REGISTER(rtc_info);

RtcState *mc146818_rtc_init(ISABus *bus, int base_year, IrqLine *irq)
{
    ISADevice *dev = isa_new(TYPE_MC146818_RTC);

    if (!object_property_set_int(OBJECT(dev), "base_year", base_year, &error_abort) ||
        !isa_realize_and_unref(dev, bus, &error_fatal)) {
        g_assert_not_reached();
    }
    if (irq) {
        device_connect_gpio_out(DEVICE(dev), 0, irq);
    }
    return RTC(dev);
}
