/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A 24C02-style serial EEPROM on the SMBus, as memory modules carry for serial presence
 * detect (JEDEC Standard 21-C, section 4.1.2). 256 bytes; the first byte written is the
 * address, more are stored; reads go on from there and wrap. Not modelled: page write
 * time, write protection.
 *
 * Interface: property address.
 */
#include "hw/i2c/smbus.h"
#include "migration/vmstate.h"

#include <string.h>

#define EEPROM_SIZE 256

typedef struct SMBusEEPROM {
    SMBusDevice parent_obj;
    uint8_t data[EEPROM_SIZE];
    uint8_t initial[EEPROM_SIZE];
    uint8_t offset;
} SMBusEEPROM;

static SMBusEEPROM *eeprom(const void *obj)
{
    return (SMBusEEPROM *)object_cast(obj, TYPE_SMBUS_EEPROM);
}

static void eeprom_write(SMBusDevice *dev, const uint8_t *data, size_t len)
{
    SMBusEEPROM *s = eeprom(dev);

    s->offset = data[0];
    for (size_t i = 1; i < len; i++) {
        s->data[s->offset++] = data[i];
    }
}

static uint8_t eeprom_read(SMBusDevice *dev)
{
    SMBusEEPROM *s = eeprom(dev);

    return s->data[s->offset++];
}

static void eeprom_reset(DeviceState *dev)
{
    SMBusEEPROM *s = eeprom(dev);

    memcpy(s->data, s->initial, sizeof(s->data));
    s->offset = 0;
}

static const VMStateField eeprom_fields[] = {
    VMSTATE_BUFFER(data, SMBusEEPROM),
    VMSTATE_UINT8(offset, SMBusEEPROM),
    VMSTATE_END_OF_LIST(),
};

static const VMStateDescription vmstate_eeprom = {
    .name = "smbus-eeprom",
    .version_id = 1,
    .minimum_version_id = 1,
    .fields = eeprom_fields,
};

static void eeprom_class_init(ObjectClass *klass, const void *data)
{
    DeviceClass *dc = DEVICE_CLASS(klass);
    SMBusDeviceClass *sc = SMBUS_DEVICE_CLASS(klass);

    dc->vmsd = &vmstate_eeprom;
    dc->reset_enter = eeprom_reset;
    dc->user_creatable = false;
    sc->write = eeprom_write;
    sc->read = eeprom_read;
}

static const TypeInfo eeprom_info = {
    .name = TYPE_SMBUS_EEPROM,
    .parent = TYPE_SMBUS_DEVICE,
    .instance_size = sizeof(SMBusEEPROM),
    .class_init = eeprom_class_init,
};
TYPE_REGISTER(eeprom_info);

bool smbus_eeprom_init(I2CBus *bus, unsigned num, const uint8_t *contents, size_t size,
                       Error **errp)
{
    for (unsigned i = 0; i < num; i++) {
        DeviceState *dev = device_new(TYPE_SMBUS_EEPROM);
        SMBusEEPROM *s = eeprom(dev);
        device_prop_set_uint(dev, "address", 0x50 + i);
        if (contents && size > i * EEPROM_SIZE) {
            memcpy(s->initial, contents + i * EEPROM_SIZE,
                   MIN(size - i * EEPROM_SIZE, EEPROM_SIZE));
        }
        if (!device_realize_and_unref(dev, BUS(bus), errp)) {
            return false;
        }
    }
    return true;
}
