/* SPDX-License-Identifier: GPL-2.0-or-later */
/* All legacy devices of a PC on the bus of isa-harness.h, for what is done to each. */
#ifndef TESTS_UNIT_HW_ISA_RIG_H
#define TESTS_UNIT_HW_ISA_RIG_H

#include <glib.h>
#include <stdint.h>

/* After isa_harness_init(). */
void isa_rig_init(void);
void isa_rig_reset(void);
/* DeviceState *, those with state and those without. */
GPtrArray *isa_rig_devices(void);
/* One access to some register, or a step of time: any values will do. */
void isa_rig_access(uint8_t window, uint16_t offset, uint32_t value, uint8_t what);

#endif
