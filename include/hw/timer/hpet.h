/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The HPET. A sysbus device: region 0 is its 1 KiB of registers; interrupt outputs 0-31
 * go to the global system interrupts. Inputs 0 and 1 take the lines of the 8254 and the
 * RTC, which pass through to GSI 0 and 8 unless legacy replacement is on; output 0 is
 * high while it is (it stops the 8254). Context: BQL.
 */
#ifndef STRATA_HW_TIMER_HPET_H
#define STRATA_HW_TIMER_HPET_H

#define TYPE_HPET "hpet"

enum { HPET_IN_PIT, HPET_IN_RTC };

#endif
