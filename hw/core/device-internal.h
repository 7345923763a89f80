/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the files of hw/core share about devices. */
#ifndef STRATA_HW_CORE_DEVICE_INTERNAL_H
#define STRATA_HW_CORE_DEVICE_INTERNAL_H

#include "hw/core/device.h"

void device_apply_globals(DeviceState *dev);
void device_free_gpios(DeviceState *dev);
bool bus_add_device(BusState *bus, DeviceState *dev, Error **errp) WARN_UNUSED;
void bus_remove_device(DeviceState *dev);

#endif
