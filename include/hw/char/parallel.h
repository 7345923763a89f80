/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The PC's parallel printer port. Context: BQL. */
#ifndef STRATA_HW_CHAR_PARALLEL_H
#define STRATA_HW_CHAR_PARALLEL_H

#include "hw/isa/isa.h"
#include "softmmu/chardev.h"

#define TYPE_ISA_PARALLEL "isa-parallel"
#define ISA_PARALLEL_MAX  3

/* For boards: port @index (0-2) with @chr, which may be NULL. */
ISADevice *parallel_isa_init(ISABus *bus, int index, Chardev *chr);

#endif
