/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The MC146818 real-time clock of a PC with its 128 bytes of CMOS memory.
 * Context: BQL.
 */
#ifndef STRATA_HW_RTC_MC146818RTC_H
#define STRATA_HW_RTC_MC146818RTC_H

#include "hw/isa/isa.h"
#include "util/event-loop.h"

#define TYPE_MC146818_RTC "mc146818rtc"
#define RTC_CMOS_SIZE     128

typedef struct RtcState RtcState;

/* -rtc: where the clock starts and which clock it follows. */
typedef struct RtcConfig {
    bool localtime;  /* base=localtime */
    bool has_date;   /* base=DATETIME */
    int64_t date;    /* seconds since 1970 */
    ClockType clock; /* clock=host|rt|vm */
} RtcConfig;
/* Before the machine is made; the default is UTC and the host's clock. */
void rtc_configure(const RtcConfig *config);
/* Seconds since 1970 that a clock of this machine starts with. */
int64_t rtc_start_time(void);

/* Make it at port 70 with line 8 of the bus; @irq replaces the line if not NULL. */
RtcState *mc146818_rtc_init(ISABus *bus, int base_year, IrqLine *irq);
/* CMOS memory, for the machine to leave notes to its firmware; survives reset. */
void rtc_set_memory(RtcState *rtc, int index, uint8_t value);
uint8_t rtc_get_memory(RtcState *rtc, int index);

#endif
