/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * SMBus host controller of the Intel 82371AB (data sheet 290562-001, section 7.4).
 * Transactions take no time: they are complete when the write of START returns. Not
 * modelled: interrupts, slave interface, alert.
 *
 * Interface: region "pm-smbus" (64 bytes), bus "i2c".
 */
#include "hw/acpi/pm-smbus.h"

#include <string.h>

#define SMBHSTSTS       0x00
#define SMBHSTSTS_INTER 0x02
#define SMBHSTSTS_ERR   0x04 /* device error: no acknowledge */
#define SMBHSTSTS_FAIL  0x10
#define SMBHSTSTS_W1C   0x1e
#define SMBHSTCNT       0x02
#define SMBHSTCNT_KILL  0x02
#define SMBHSTCNT_PROT  0x1c
#define SMBHSTCNT_START 0x40 /* write only */
#define SMBHSTCMD       0x03
#define SMBHSTADD       0x04
#define SMBHSTDAT0      0x05
#define SMBHSTDAT1      0x06
#define SMBBLKDAT       0x07

enum { PROT_QUICK, PROT_BYTE, PROT_BYTE_DATA, PROT_WORD_DATA, PROT_BLOCK = 5 };

/* Command, then @n data bytes out of data0 and data1, or the block. */
static bool do_write(PMSMBus *s, uint8_t slave, unsigned prot)
{
    uint8_t out[2 + SMBUS_BLOCK_MAX] = { s->command, s->data0, s->data1 };

    switch (prot) {
    case PROT_QUICK:
        return smbus_write(s->bus, slave, out, 0);
    case PROT_BYTE:
        return smbus_write(s->bus, slave, out, 1);
    case PROT_BYTE_DATA:
        return smbus_write(s->bus, slave, out, 2);
    case PROT_WORD_DATA:
        return smbus_write(s->bus, slave, out, 3);
    default: {
        size_t len = MIN(s->data0, SMBUS_BLOCK_MAX);
        memcpy(out + 1, s->block, len);
        return smbus_write(s->bus, slave, out, 1 + len);
    }
    }
}

static bool do_read(PMSMBus *s, uint8_t slave, unsigned prot)
{
    uint8_t in[SMBUS_BLOCK_MAX] = { 0 };

    switch (prot) {
    case PROT_QUICK:
        return smbus_read(s->bus, slave, in, 0);
    case PROT_BYTE:
        return smbus_read(s->bus, slave, &s->data0, 1);
    case PROT_BYTE_DATA:
        return smbus_write(s->bus, slave, &s->command, 1) &&
               smbus_read(s->bus, slave, &s->data0, 1);
    case PROT_WORD_DATA:
        if (!smbus_write(s->bus, slave, &s->command, 1) ||
            !smbus_read(s->bus, slave, in, 2)) {
            return false;
        }
        s->data0 = in[0];
        s->data1 = in[1];
        return true;
    default:
        if (!smbus_write(s->bus, slave, &s->command, 1) ||
            !smbus_read(s->bus, slave, s->block, sizeof(s->block))) {
            return false;
        }
        s->data0 = sizeof(s->block);
        return true;
    }
}

static void start(PMSMBus *s)
{
    unsigned prot = (s->control & SMBHSTCNT_PROT) >> 2;
    uint8_t slave = s->address >> 1;

    if (prot > PROT_BLOCK || prot == 4) {
        s->status |= SMBHSTSTS_ERR;
        return;
    }
    bool ok = s->address & 1 ? do_read(s, slave, prot) : do_write(s, slave, prot);
    s->status |= ok ? SMBHSTSTS_INTER : SMBHSTSTS_ERR;
    s->block_index = 0;
}

static uint8_t *block_byte(PMSMBus *s)
{
    uint8_t *p = &s->block[s->block_index % SMBUS_BLOCK_MAX];

    s->block_index = (uint8_t)((s->block_index + 1) % SMBUS_BLOCK_MAX);
    return p;
}

static uint64_t smbus_reg_read(void *opaque, hwaddr offset, unsigned size)
{
    PMSMBus *s = opaque;

    switch (offset) {
    case SMBHSTSTS:
        return s->status;
    case SMBHSTCNT:
        s->block_index = 0; /* 7.4.3: reading resets the block buffer's pointer */
        return s->control;
    case SMBHSTCMD:
        return s->command;
    case SMBHSTADD:
        return s->address;
    case SMBHSTDAT0:
        return s->data0;
    case SMBHSTDAT1:
        return s->data1;
    case SMBBLKDAT:
        return *block_byte(s);
    default:
        return 0;
    }
}

static void write_control(PMSMBus *s, uint8_t value)
{
    s->control = value & (uint8_t)~SMBHSTCNT_START;
    if (value & SMBHSTCNT_KILL) {
        s->status |= SMBHSTSTS_FAIL;
    } else if (value & SMBHSTCNT_START) {
        start(s);
    }
}

static void smbus_reg_write(void *opaque, hwaddr offset, uint64_t value, unsigned size)
{
    PMSMBus *s = opaque;

    switch (offset) {
    case SMBHSTSTS:
        s->status &= (uint8_t) ~(value & SMBHSTSTS_W1C);
        break;
    case SMBHSTCNT:
        write_control(s, (uint8_t)value);
        break;
    case SMBHSTCMD:
        s->command = (uint8_t)value;
        break;
    case SMBHSTADD:
        s->address = (uint8_t)value;
        break;
    case SMBHSTDAT0:
        s->data0 = (uint8_t)value;
        break;
    case SMBHSTDAT1:
        s->data1 = (uint8_t)value;
        break;
    case SMBBLKDAT:
        *block_byte(s) = (uint8_t)value;
        break;
    default:
        break;
    }
}

static const MemoryRegionOps pm_smbus_ops = {
    .read = smbus_reg_read,
    .write = smbus_reg_write,
    .endianness = DEVICE_LITTLE_ENDIAN,
    .valid = {.min_access_size = 1, .max_access_size = 1},
};

void pm_smbus_init(PMSMBus *s, DeviceState *owner)
{
    memory_region_init_io(&s->region, OBJECT(owner), &pm_smbus_ops, s, "pm-smbus",
                          PM_SMBUS_LEN);
    s->bus = smbus_new(owner, "i2c");
}

void pm_smbus_reset(PMSMBus *s)
{
    s->status = s->control = s->command = s->address = s->data0 = s->data1 = 0;
    s->block_index = 0;
    memset(s->block, 0, sizeof(s->block));
}

static const VMStateField pm_smbus_fields[] = {
    VMSTATE_UINT8(status, PMSMBus),  VMSTATE_UINT8(control, PMSMBus),
    VMSTATE_UINT8(command, PMSMBus), VMSTATE_UINT8(address, PMSMBus),
    VMSTATE_UINT8(data0, PMSMBus),   VMSTATE_UINT8(data1, PMSMBus),
    VMSTATE_BUFFER(block, PMSMBus),  VMSTATE_UINT8(block_index, PMSMBus),
    VMSTATE_END_OF_LIST(),
};

const VMStateDescription vmstate_pm_smbus = {
    .name = "pm-smbus",
    .version_id = 1,
    .minimum_version_id = 1,
    .fields = pm_smbus_fields,
};
