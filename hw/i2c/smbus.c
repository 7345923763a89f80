/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The bus itself: finding the slave that answers. SMBus Specification 2.0, chapter 5.
 */
#include "hw/i2c/smbus.h"

static SMBusDevice *find_slave(I2CBus *bus, uint8_t address)
{
    GPtrArray *children = BUS(bus)->children;

    for (guint i = 0; i < children->len; i++) {
        SMBusDevice *dev = SMBUS_DEVICE(g_ptr_array_index(children, i));
        if (dev->address == address) {
            return dev;
        }
    }
    return NULL;
}

I2CBus *smbus_new(DeviceState *parent, const char *name)
{
    return (I2CBus *)bus_new(TYPE_I2C_BUS, parent, name);
}

bool smbus_write(I2CBus *bus, uint8_t address, const uint8_t *data, size_t len)
{
    SMBusDevice *dev = find_slave(bus, address);

    if (dev && len && SMBUS_DEVICE_GET_CLASS(dev)->write) {
        SMBUS_DEVICE_GET_CLASS(dev)->write(dev, data, len);
    }
    return dev;
}

bool smbus_read(I2CBus *bus, uint8_t address, uint8_t *data, size_t len)
{
    SMBusDevice *dev = find_slave(bus, address);

    for (size_t i = 0; dev && i < len; i++) {
        SMBusDeviceClass *sc = SMBUS_DEVICE_GET_CLASS(dev);
        data[i] = sc->read ? sc->read(dev) : 0xff;
    }
    return dev;
}

static const TypeInfo i2c_bus_info = {
    .name = TYPE_I2C_BUS,
    .parent = TYPE_BUS,
    .instance_size = sizeof(I2CBus),
};
TYPE_REGISTER(i2c_bus_info);

static const Property smbus_device_props[] = {
    PROP_UINT8("address", SMBusDevice, address, 0),
};

static void smbus_device_class_init(ObjectClass *klass, const void *data)
{
    DEVICE_CLASS(klass)->bus_type = TYPE_I2C_BUS;
    OBJECT_CLASS_ADD_PROPERTIES(klass, smbus_device_props);
}

static const TypeInfo smbus_device_info = {
    .name = TYPE_SMBUS_DEVICE,
    .parent = TYPE_DEVICE,
    .instance_size = sizeof(SMBusDevice),
    .class_size = sizeof(SMBusDeviceClass),
    .abstract = true,
    .class_init = smbus_device_class_init,
};
TYPE_REGISTER(smbus_device_info);
