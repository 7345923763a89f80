/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The firmware configuration device: numbered items and named files that the machine
 * leaves for the guest's firmware. The guest selects a 16-bit key and reads bytes, or
 * hands over a DMA descriptor. Files are numbered from key 0x20 on, in order of their
 * names; the numbers are final once the machine is ready (fw_cfg_seal).
 *
 * Context: BQL for everything.
 */
#ifndef STRATA_HW_NVRAM_FW_CFG_H
#define STRATA_HW_NVRAM_FW_CFG_H

#include "hw/core/sysbus.h"
#include "memory/memory.h"
#include "qom/object.h"
#include <stdint.h>

#define TYPE_FW_CFG    "fw_cfg" /* abstract */
#define TYPE_FW_CFG_IO "fw_cfg_io"

#define FW_CFG_IO_BASE       0x510
#define FW_CFG_IO_SIZE       2
#define FW_CFG_DMA_IO_BASE   0x514
#define FW_CFG_FILE_FIRST    0x20
#define FW_CFG_MAX_FILE_NAME 56 /* with the final NUL */

/* The keys with a fixed meaning. */
enum {
    FW_CFG_SIGNATURE = 0x00,
    FW_CFG_ID = 0x01,
    FW_CFG_UUID = 0x02,
    FW_CFG_RAM_SIZE = 0x03,
    FW_CFG_NOGRAPHIC = 0x04,
    FW_CFG_NB_CPUS = 0x05,
    FW_CFG_MACHINE_ID = 0x06,
    FW_CFG_KERNEL_ADDR = 0x07,
    FW_CFG_KERNEL_SIZE = 0x08,
    FW_CFG_KERNEL_CMDLINE = 0x09,
    FW_CFG_INITRD_ADDR = 0x0a,
    FW_CFG_INITRD_SIZE = 0x0b,
    FW_CFG_BOOT_DEVICE = 0x0c,
    FW_CFG_NUMA = 0x0d,
    FW_CFG_BOOT_MENU = 0x0e,
    FW_CFG_MAX_CPUS = 0x0f,
    FW_CFG_KERNEL_ENTRY = 0x10,
    FW_CFG_KERNEL_DATA = 0x11,
    FW_CFG_INITRD_DATA = 0x12,
    FW_CFG_CMDLINE_ADDR = 0x13,
    FW_CFG_CMDLINE_SIZE = 0x14,
    FW_CFG_CMDLINE_DATA = 0x15,
    FW_CFG_SETUP_ADDR = 0x16,
    FW_CFG_SETUP_SIZE = 0x17,
    FW_CFG_SETUP_DATA = 0x18,
    FW_CFG_FILE_DIR = 0x19,
    FW_CFG_ARCH_LOCAL = 0x8000,
    FW_CFG_ACPI_TABLES = 0x8000,
    FW_CFG_SMBIOS_ENTRIES = 0x8001,
    FW_CFG_IRQ0_OVERRIDE = 0x8002,
    FW_CFG_HPET = 0x8004,
};

OBJECT_DECLARE_SIMPLE_TYPE(FwCfg, FW_CFG, TYPE_FW_CFG)

/* The guest selected the item; it may change the data in place. */
typedef void FwCfgSelectFn(void *opaque);
/* The guest wrote @len bytes from @offset on by DMA; they are stored already. */
typedef void FwCfgWriteFn(void *opaque, uint32_t offset, uint32_t len);

/*
 * Make the port-mapped device, whose DMA goes through @dma_as, map it into the system's
 * I/O space and realize it as /machine/fw_cfg. The reference is the tree's.
 */
FwCfg *fw_cfg_io_new(Object *machine, AddressSpace *dma_as, Error **errp) WARN_UNUSED;
/* The machine's device, NULL when it has none. */
FwCfg *fw_cfg_find(void);

/*
 * --- Items -----------------------------------------------------------------
 * Data given as "take" is freed with g_free by the device; other data stays the
 * caller's and must live as long as the device. Adding a key twice is our bug.
 */
void fw_cfg_add_bytes(FwCfg *s, uint16_t key, const void *data, size_t len);
void fw_cfg_add_bytes_take(FwCfg *s, uint16_t key, void *take_data, size_t len);
void fw_cfg_add_string(FwCfg *s, uint16_t key, const char *value); /* with its NUL */
void fw_cfg_add_u16(FwCfg *s, uint16_t key, uint16_t value);
void fw_cfg_add_u32(FwCfg *s, uint16_t key, uint32_t value);
void fw_cfg_add_u64(FwCfg *s, uint16_t key, uint64_t value);
/* Replace (or add) a 16-bit item, at any time (CPU count after hot-plug). */
void fw_cfg_modify_u16(FwCfg *s, uint16_t key, uint16_t value);

/*
 * --- Files -----------------------------------------------------------------
 * Names are unique; fw_cfg_has_file() asks. A machine's own duplicates are our bug.
 */
bool fw_cfg_has_file(FwCfg *s, const char *name);
void fw_cfg_add_file(FwCfg *s, const char *name, const void *data, size_t len);
void fw_cfg_add_file_take(FwCfg *s, const char *name, void *take_data, size_t len);
/*
 * The same with hooks. @data must be writable when @write is given; @write NULL makes
 * the file read-only. Either hook may be NULL.
 */
void fw_cfg_add_file_callback(FwCfg *s, const char *name, FwCfgSelectFn *select,
                              FwCfgWriteFn *write, void *opaque, void *data,
                              size_t len);
/* Replace the contents; adds the file if there is none yet. */
void fw_cfg_modify_file_take(FwCfg *s, const char *name, void *take_data, size_t len);
/* Change size (within what was given) or place of a file's borrowed data. */
void fw_cfg_set_file_data(FwCfg *s, const char *name, void *data, size_t len);
/*
 * The contents as the guest would read them now (select hooks run); NULL when there is
 * no such file. Valid until the file changes.
 */
const void *fw_cfg_get_file(FwCfg *s, const char *name, size_t *len);

/*
 * -fw_cfg name=NAME,string=TEXT | file=PATH. Exactly one of @string and @path is not
 * NULL. Errors: name empty, too long or taken ("duplicate fw_cfg file name: NAME"),
 * file unreadable. Warns when the name does not begin with "opt/".
 */
bool fw_cfg_add_user_file(FwCfg *s, const char *name, const char *string,
                          const char *path, Error **errp) WARN_UNUSED;

/* -fw_cfg ARG, checked and kept until the device exists. Errors: bad syntax. */
bool fw_cfg_add_option(const char *arg, Error **errp) WARN_UNUSED;
/* Turn the options given so far into files. */
bool fw_cfg_apply_options(FwCfg *s, Error **errp) WARN_UNUSED;

/* All files are there: sort and number them. Files may still be modified. */
void fw_cfg_seal(FwCfg *s);

/* Registers as the guest drives them; for tests of the device alone. */
void fw_cfg_select(FwCfg *s, uint16_t key);
uint8_t fw_cfg_read_byte(FwCfg *s);

#endif
