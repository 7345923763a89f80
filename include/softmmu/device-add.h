/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Devices by option or monitor command: -device, device_add, device_del. Context: BQL.
 */
#ifndef STRATA_SOFTMMU_DEVICE_ADD_H
#define STRATA_SOFTMMU_DEVICE_ADD_H

#include "hw/core/device.h"

/*
 * Make and realize the device that @opts (json object: driver, id, bus, properties)
 * describes. NULL on error. The tree owns it.
 */
DeviceState *device_add_from_opts(struct json_object *opts, Error **errp) WARN_UNUSED;
/* Ask for the removal; for most devices the guest decides when. */
bool device_request_unplug(DeviceState *dev, Error **errp) WARN_UNUSED;
/* "$NAME" in the human monitor: false if the vCPU has no such register. */
bool machine_get_register(int cpu_index, const char *name, uint64_t *value);

/* "x86_64" or "ppc": the machine's, else the program's. */
const char *system_get_target(void);

#endif
