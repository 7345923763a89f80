/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Who is asked when a device comes or goes: a bus's handler, or the machine. Context:
 * BQL.
 */
#ifndef STRATA_HW_CORE_HOTPLUG_H
#define STRATA_HW_CORE_HOTPLUG_H

#include "qom/object.h"

typedef struct DeviceState DeviceState;

#define TYPE_HOTPLUG_HANDLER "hotplug-handler"

typedef struct HotplugHandlerClass {
    ObjectClass parent_class;
    /* Before realize: may refuse, and may fill in addresses and slots. */
    bool (*pre_plug)(Object *handler, DeviceState *dev, Error **errp);
    /* After realize: wire it up. May fail only before anything changed. */
    bool (*plug)(Object *handler, DeviceState *dev, Error **errp);
    /* Ask the guest to let go; the guest answers later. NULL: unplug at once. */
    bool (*unplug_request)(Object *handler, DeviceState *dev, Error **errp);
    /* Take it out now. */
    bool (*unplug)(Object *handler, DeviceState *dev, Error **errp);
} HotplugHandlerClass;

bool hotplug_handler_pre_plug(Object *handler, DeviceState *dev,
                              Error **errp) WARN_UNUSED;
bool hotplug_handler_plug(Object *handler, DeviceState *dev, Error **errp) WARN_UNUSED;
bool hotplug_handler_unplug_request(Object *handler, DeviceState *dev,
                                    Error **errp) WARN_UNUSED;
bool hotplug_handler_unplug(Object *handler, DeviceState *dev,
                            Error **errp) WARN_UNUSED;

#endif
