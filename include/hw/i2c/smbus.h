/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An SMBus: a controller talks to slaves by 7-bit address in the transactions of the
 * System Management Bus Specification 2.0, section 5.5. Context: BQL.
 */
#ifndef STRATA_HW_I2C_SMBUS_H
#define STRATA_HW_I2C_SMBUS_H

#include "hw/core/device.h"

#define TYPE_I2C_BUS      "i2c-bus"
#define TYPE_SMBUS_DEVICE "smbus-device"
#define TYPE_SMBUS_EEPROM "smbus-eeprom"
#define SMBUS_BLOCK_MAX   32

OBJECT_DECLARE_TYPE(SMBusDevice, SMBusDeviceClass, SMBUS_DEVICE, TYPE_SMBUS_DEVICE)

typedef struct I2CBus {
    BusState parent_obj;
} I2CBus;

struct SMBusDevice {
    DeviceState parent_obj;
    uint8_t address; /* 7 bits */
};

struct SMBusDeviceClass {
    DeviceClass parent_class;
    /* @len bytes after the address, the first being the command; 0: quick command. */
    void (*write)(SMBusDevice *dev, const uint8_t *data, size_t len);
    /* The next byte of a read. */
    uint8_t (*read)(SMBusDevice *dev);
};

I2CBus *smbus_new(DeviceState *parent, const char *name);
/* False when nobody acknowledges @address. */
bool smbus_write(I2CBus *bus, uint8_t address, const uint8_t *data, size_t len);
bool smbus_read(I2CBus *bus, uint8_t address, uint8_t *data, size_t len);

/*
 * @num SPD memories at 50, 51 ... (hexadecimal), of 256 bytes each; @contents are
 * @size bytes for the first ones, zero after that (NULL: all zero).
 */
bool smbus_eeprom_init(I2CBus *bus, unsigned num, const uint8_t *contents, size_t size,
                       Error **errp) WARN_UNUSED;

#endif
