/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The host side of the option ROM kvmvapic.bin. Context: BQL.
 */
#ifndef STRATA_HW_MISC_KVMVAPIC_H
#define STRATA_HW_MISC_KVMVAPIC_H

#include "hw/core/sysbus.h"

#define TYPE_KVMVAPIC "kvmvapic"

/* Make it; @ram is the machine's RAM from address 0 on. */
DeviceState *kvmvapic_init(MemoryRegion *ram);

#endif
