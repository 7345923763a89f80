/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The 8237A DMA controller pair of a PC/AT. Devices use hw/isa/isa.h. Context: BQL. */
#ifndef STRATA_HW_DMA_I8257_H
#define STRATA_HW_DMA_I8257_H

#include "hw/isa/isa.h"

#define TYPE_I8257 "i8257"

/* Make both: channels 0-3 (bytes, ports 00-0f) and 4-7 (words, ports c0-df). */
void i8257_init(ISABus *bus);

#endif
