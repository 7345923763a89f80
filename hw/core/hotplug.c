/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "hw/core/hotplug.h"

static const TypeInfo hotplug_handler_info = {
    .name = TYPE_HOTPLUG_HANDLER,
    .parent = TYPE_INTERFACE,
    .class_size = sizeof(HotplugHandlerClass),
    .abstract = true,
};
TYPE_REGISTER(hotplug_handler_info);

static HotplugHandlerClass *handler_class(Object *handler)
{
    return object_class_cast(handler->klass, TYPE_HOTPLUG_HANDLER);
}

#define CALL_STEP(step)                                                          \
    bool hotplug_handler_##step(Object *handler, DeviceState *dev, Error **errp) \
    {                                                                            \
        HotplugHandlerClass *hc = handler_class(handler);                        \
                                                                                 \
        return hc->step ? hc->step(handler, dev, errp) : true;                   \
    }

CALL_STEP(pre_plug)
CALL_STEP(plug)
CALL_STEP(unplug_request)
CALL_STEP(unplug)
