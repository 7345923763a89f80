/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * DIMMs: a memory backend in a slot of the machine. The machine's hotplug handler calls
 * the three functions below; "nvdimm" is a "pc-dimm" too. Context: BQL.
 */
#ifndef STRATA_HW_MEM_PC_DIMM_H
#define STRATA_HW_MEM_PC_DIMM_H

#include "hw/core/machine.h"

#define TYPE_PC_DIMM "pc-dimm"
#define TYPE_NVDIMM  "nvdimm"

/*
 * Before realize. Errors, in this order: slot out of range or taken, memdev missing,
 * then those of memory_device_pre_plug().
 */
bool pc_dimm_pre_plug(MachineState *ms, DeviceState *dimm, Error **errp) WARN_UNUSED;
void pc_dimm_plug(MachineState *ms, DeviceState *dimm);
void pc_dimm_unplug(MachineState *ms, DeviceState *dimm);

#endif
