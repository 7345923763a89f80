/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Port 61: the gate of the timer's counter 2, and the speaker. Context: BQL. */
#ifndef STRATA_HW_AUDIO_PCSPK_H
#define STRATA_HW_AUDIO_PCSPK_H

#include "hw/timer/i8254.h"

#define TYPE_PCSPK "isa-pcspk"

ISADevice *pcspk_init(ISABus *bus, I8254State *pit);

#endif
