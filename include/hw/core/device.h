/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Devices and buses. A device is made (object_new), configured through properties, put
 * on a bus and realized; init cannot fail and touches only the instance, everything
 * that can fail or that the board must see happens in realize, which leaves nothing
 * behind when it fails. Context: BQL for everything. Tour: docs/adding-a-device.md.
 */
#ifndef STRATA_HW_CORE_DEVICE_H
#define STRATA_HW_CORE_DEVICE_H

#include "hw/core/hotplug.h"
#include "hw/core/irq.h"
#include "hw/core/reset.h"
#include "qom/object.h"
#include "util/event-loop.h"

typedef struct BusState BusState;
typedef struct BusClass BusClass;
typedef struct DeviceClass DeviceClass;
typedef struct NamedGpioList NamedGpioList;
struct VMStateDescription;

#define TYPE_DEVICE "device"
#define TYPE_BUS    "bus"

typedef enum DeviceCategory {
    DEVICE_CATEGORY_BRIDGE,
    DEVICE_CATEGORY_USB,
    DEVICE_CATEGORY_STORAGE,
    DEVICE_CATEGORY_NETWORK,
    DEVICE_CATEGORY_INPUT,
    DEVICE_CATEGORY_DISPLAY,
    DEVICE_CATEGORY_SOUND,
    DEVICE_CATEGORY_MISC,
    DEVICE_CATEGORY_CPU,
    DEVICE_CATEGORY_WATCHDOG,
    DEVICE_CATEGORY_MAX,
} DeviceCategory;

struct DeviceState {
    Object parent_obj;
    /* private */
    char *id;             /* given by the user, or NULL */
    char *canonical_path; /* kept for DEVICE_DELETED */
    BusState *parent_bus;
    NamedGpioList *gpios;
    GSList *child_buses;      /* BusState *, newest first */
    struct json_object *opts; /* as given by the user */
    int hotplugged;           /* added after the machine was ready */
    bool realized; /* read by any thread with acquire; written under the BQL */
    bool pending_deleted_event; /* unplug was asked for */
    bool mmio_busy; /* in one of its own handlers: the core refuses nested entry */
};

struct DeviceClass {
    ObjectClass parent_class;
    const char *desc;
    const char *alias;
    uint32_t categories; /* 1u << DeviceCategory */
    bool user_creatable;
    bool hotpluggable;
    const char *bus_type; /* NULL: no bus */
    const struct VMStateDescription *vmsd;
    bool (*realize)(DeviceState *dev, Error **errp);
    void (*unrealize)(DeviceState *dev);
    /* Reset phases; see hw/core/reset.h. Set any of them in class_init. */
    void (*reset_enter)(DeviceState *dev);
    void (*reset_hold)(DeviceState *dev);
    void (*reset_exit)(DeviceState *dev);
    /* "firmware path" node name for boot order, e.g. "ethernet"; NULL: type name. */
    const char *fw_name;
    /* One more line for "info qtree"; caller frees. NULL: nothing. */
    char *(*info)(DeviceState *dev);
};

static inline DeviceState *DEVICE(const void *obj)
{
    return (DeviceState *)object_cast((const Object *)obj, TYPE_DEVICE);
}
static inline DeviceClass *DEVICE_CLASS(const void *klass)
{
    return (DeviceClass *)object_class_cast((ObjectClass *)klass, TYPE_DEVICE);
}
static inline DeviceClass *DEVICE_GET_CLASS(const void *obj)
{
    return DEVICE_CLASS(((const Object *)obj)->klass);
}

struct BusState {
    Object parent_obj;
    /* private */
    DeviceState *parent; /* NULL for the main system bus */
    char *name;
    Object *hotplug_handler; /* not owned */
    int max_index;
    GPtrArray *children; /* DeviceState *, in order of adding */
    bool realized;
    bool full; /* takes no more devices */
};

struct BusClass {
    ObjectClass parent_class;
    /* As "info qtree" names the type; NULL: type name. */
    const char *qtree_name;
    int max_dev; /* 0: no limit */
    bool (*realize)(BusState *bus, Error **errp);
    void (*unrealize)(BusState *bus);
    void (*reset_hold)(BusState *bus);
    /* One more line for "info qtree" about a child ("class Host bridge, addr ..."). */
    char *(*dev_info)(DeviceState *dev);
    /* Boot order path component, caller frees; NULL: the device's fw_name. */
    char *(*dev_fw_path)(DeviceState *dev);
    /* Stable address for migration ("0000:00:02.0"), caller frees; NULL: none. */
    char *(*dev_path)(DeviceState *dev);
    /* Refuse or fix up a device before it is attached; may be NULL. */
    bool (*check_address)(BusState *bus, DeviceState *dev, Error **errp);
};

static inline BusState *BUS(const void *obj)
{
    return (BusState *)object_cast((const Object *)obj, TYPE_BUS);
}
static inline BusClass *BUS_CLASS(const void *klass)
{
    return (BusClass *)object_class_cast((ObjectClass *)klass, TYPE_BUS);
}
static inline BusClass *BUS_GET_CLASS(const void *obj)
{
    return BUS_CLASS(((const Object *)obj)->klass);
}

/* --- Life cycle ----------------------------------------------------------------------
 */

/* A new device with compat and -global values applied. The caller owns the reference.
 */
DeviceState *device_new(const char *type_name);
/*
 * Put @dev on @bus (or none) and realize it: pre_plug, realize, plug. If it has no
 * parent in the tree it goes to /machine/unattached. Errors: the device is unrealized,
 * off the bus and unparented, as if it had never been.
 */
bool device_realize(DeviceState *dev, BusState *bus, Error **errp) WARN_UNUSED;
/* The same, dropping the caller's reference: the bus and the tree keep the device. */
bool device_realize_and_unref(DeviceState *dev, BusState *bus,
                              Error **errp) WARN_UNUSED;
/*
 * Unrealize, leave the bus and the tree. If an unplug was asked for, DEVICE_DELETED is
 * sent when the device is out: its id, slot and backend are free then.
 */
void device_unparent(DeviceState *dev);
bool device_is_realized(const DeviceState *dev);
/* The machine is ready: devices realized from now on count as hot-plugged. */
void device_set_machine_ready(void);
bool device_machine_is_ready(void);
/* The loop the device's timers and bottom halves run on. */
EventLoop *device_get_loop(DeviceState *dev);
/* Set a property of a device that is being made by a machine: our bug if it fails. */
void device_prop_set_uint(DeviceState *dev, const char *name, uint64_t value);
void device_prop_set_bool(DeviceState *dev, const char *name, bool value);
void device_prop_set_str(DeviceState *dev, const char *name, const char *value);
void device_prop_set_link(DeviceState *dev, const char *name, void *target);
/* "id" if it has one, else canonical path; for messages. */
const char *device_get_name(DeviceState *dev);
void device_cold_reset(DeviceState *dev);
/* The bus's handler, else the machine's for this kind of device, else NULL. */
Object *device_get_hotplug_handler(DeviceState *dev);
/* The machine says which device types without a bus it handles itself. */
typedef Object *MachineHotplugHandlerFn(DeviceState *dev);
void device_set_machine_hotplug_handler(MachineHotplugHandlerFn *fn);

/* --- GPIO lines ----------------------------------------------------------------------
 */

/* Add @n inputs; unnamed ones have name NULL. The handler gets the device as opaque. */
void device_init_gpio_in_named(DeviceState *dev, IrqHandlerFn *handler,
                               const char *name, int n);
static inline void device_init_gpio_in(DeviceState *dev, IrqHandlerFn *handler, int n)
{
    device_init_gpio_in_named(dev, handler, NULL, n);
}
/* Declare outputs: @pins are the device's own fields, NULL until connected. */
void device_init_gpio_out_named(DeviceState *dev, IrqLine **pins, const char *name,
                                int n);
static inline void device_init_gpio_out(DeviceState *dev, IrqLine **pins, int n)
{
    device_init_gpio_out_named(dev, pins, NULL, n);
}
IrqLine *device_get_gpio_in_named(DeviceState *dev, const char *name, int n);
static inline IrqLine *device_get_gpio_in(DeviceState *dev, int n)
{
    return device_get_gpio_in_named(dev, NULL, n);
}
void device_connect_gpio_out_named(DeviceState *dev, const char *name, int n,
                                   IrqLine *line);
static inline void device_connect_gpio_out(DeviceState *dev, int n, IrqLine *line)
{
    device_connect_gpio_out_named(dev, NULL, n, line);
}
/* For introspection: name, number of inputs, number of outputs. */
typedef void GpioListFn(const char *name, int num_in, int num_out, void *opaque);
void device_gpio_foreach(DeviceState *dev, GpioListFn *fn, void *opaque);
/* NULL when there is no such line. Outputs: the pin's place. */
IrqLine *device_find_gpio_in(DeviceState *dev, const char *name, int n);
IrqLine **device_find_gpio_out(DeviceState *dev, const char *name, int n);

/* --- Buses ---------------------------------------------------------------------------
 */

/* New bus below @parent; @name NULL: the parent's "ID.N", else "busclass.N". */
BusState *bus_new(const char *type_name, DeviceState *parent, const char *name);
/* In the parent's storage. */
void bus_init(void *storage, size_t size, const char *type_name, DeviceState *parent,
              const char *name);
bool bus_realize(BusState *bus, Error **errp) WARN_UNUSED;
void bus_unrealize(BusState *bus);
void bus_set_hotplug_handler(BusState *bus, Object *handler);
/* By name or path as -device bus= takes it, of any type if NULL. NULL and an error if
 * none. */
BusState *bus_find(const char *path, const char *type_name, Error **errp);
/* Search the whole tree, depth first, for a bus of the type that is not full. */
BusState *bus_find_of_type(const char *type_name);
/* The root of the device tree ("main-system-bus"). */
BusState *main_system_bus(void);

/* Where a running device is found by its id, also "/machine/..." paths. */
DeviceState *device_find(const char *id_or_path, Error **errp);

/* --- Compat and -global --------------------------------------------------------------
 */

typedef struct GlobalProperty {
    const char *driver; /* type name; applies to its subtypes */
    const char *property;
    const char *value;
    bool used;
    bool optional; /* no complaint when the property does not exist */
    bool user;     /* from the command line */
} GlobalProperty;
/* Not copied; later ones win. */
void device_register_globals(GlobalProperty *props, size_t n);
/* Warn about -global rows that named nothing. */
void device_check_globals(void);

/* --- Boot order (bootindex) ----------------------------------------------------------
 */

/* Register @dev with @bootindex (>= 0). @suffix may be NULL ("/disk@0"). */
bool boot_order_add(int32_t bootindex, DeviceState *dev, const char *suffix,
                    Error **errp) WARN_UNUSED;
void boot_order_del(DeviceState *dev, const char *suffix);
/* The fw_cfg "bootorder" file: newline separated, NUL-terminated; caller frees. */
char *boot_order_get_list(size_t *size);
/* Firmware device path of @dev; caller frees. */
char *device_get_fw_path(DeviceState *dev);

#endif
