/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The memory map as the firmware gets it: entries of { u64 address, u64 length, u32
 * type }, little-endian, in the form of INT 15h function E820.
 */
#include "accel/accel.h"
#include "hw/acpi/aml-build.h"
#include "hw/i386/firmware-internal.h"

#include <string.h>

/* HyperTransport messages of AMD processors live here; RAM above 1012 GiB would not be
 * reached. Source: AMD IOMMU specification, "special address ranges". */
#define HT_HOLE_START UINT64_C(0xfd00000000)
#define HT_HOLE_SIZE  UINT64_C(0x300000000)

/* KVM keeps pages of its own here, below the firmware: KVM_SET_IDENTITY_MAP_ADDR and
 * KVM_SET_TSS_ADDR. */
#define KVM_PAGES_START UINT64_C(0xfeffc000)
#define KVM_PAGES_SIZE  UINT64_C(0x4000)

void e820_add(GByteArray *e820, uint64_t addr, uint64_t len, uint32_t type)
{
    acpi_append_int(e820, addr, 8);
    acpi_append_int(e820, len, 8);
    acpi_append_int(e820, type, 4);
}

static uint64_t get_le(const uint8_t *p, unsigned size)
{
    uint64_t value = 0;

    while (size-- > 0) {
        value = value << 8 | p[size];
    }
    return value;
}

bool e820_get(const GByteArray *e820, unsigned n, uint64_t *addr, uint64_t *len,
              uint32_t *type)
{
    const uint8_t *entry = e820->data + (size_t)n * E820_ENTRY_SIZE;

    if (((size_t)n + 1) * E820_ENTRY_SIZE > e820->len) {
        return false;
    }
    *addr = get_le(entry, 8);
    *len = get_le(entry + 8, 8);
    *type = (uint32_t)get_le(entry + 16, 4);
    return true;
}

void e820_add_machine(GByteArray *e820, const PcFirmwareConfig *config)
{
    if (accel_is("kvm")) {
        e820_add(e820, KVM_PAGES_START, KVM_PAGES_SIZE, E820_RESERVED);
    }
    if (config->cpu_vendor_amd) {
        e820_add(e820, HT_HOLE_START, HT_HOLE_SIZE, E820_RESERVED);
    }
    e820_add(e820, 0, config->ram_below_4g, E820_RAM);
    if (config->ram_above_4g) {
        e820_add(e820, UINT64_C(1) << 32, config->ram_above_4g, E820_RAM);
    }
}
