/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * General purpose event block. Source: ACPI Specification 3.0, section 4.7.4.1: the
 * lower half holds status bits, cleared by writing ones; the upper half enable bits.
 */
#include "hw/acpi/acpi-core.h"

#include <assert.h>
#include <string.h>

static uint64_t gpe_read(void *opaque, hwaddr offset, unsigned size)
{
    AcpiGpe *gpe = opaque;

    return offset < gpe->bytes ? gpe->sts[offset] : gpe->en[offset - gpe->bytes];
}

static void gpe_write(void *opaque, hwaddr offset, uint64_t value, unsigned size)
{
    AcpiGpe *gpe = opaque;

    if (offset < gpe->bytes) {
        gpe->sts[offset] &= (uint8_t)~value;
    } else {
        gpe->en[offset - gpe->bytes] = (uint8_t)value;
    }
    gpe->update_sci(gpe->opaque);
}

static const MemoryRegionOps gpe_ops = {
    .read = gpe_read,
    .write = gpe_write,
    .endianness = DEVICE_LITTLE_ENDIAN,
    .valid = {.min_access_size = 1,  .max_access_size = 4},
    .impl = { .min_access_size = 1, .max_access_size = 1},
};

void acpi_gpe_init(AcpiGpe *gpe, Object *owner, const char *name, unsigned block_bytes,
                   void (*update_sci)(void *opaque), void *opaque)
{
    assert(block_bytes % 2 == 0 && block_bytes / 2 <= ACPI_GPE_MAX_BYTES);
    gpe->bytes = block_bytes / 2;
    gpe->update_sci = update_sci;
    gpe->opaque = opaque;
    memory_region_init_io(&gpe->region, owner, &gpe_ops, gpe, name, block_bytes);
}

void acpi_gpe_reset(AcpiGpe *gpe)
{
    memset(gpe->sts, 0, sizeof(gpe->sts));
    memset(gpe->en, 0, sizeof(gpe->en));
}

void acpi_gpe_raise(AcpiGpe *gpe, unsigned event)
{
    assert(event / 8 < gpe->bytes);
    gpe->sts[event / 8] |= (uint8_t)(1u << (event % 8));
    gpe->update_sci(gpe->opaque);
}

bool acpi_gpe_sci_wanted(const AcpiGpe *gpe)
{
    for (unsigned i = 0; i < gpe->bytes; i++) {
        if (gpe->sts[i] & gpe->en[i]) {
            return true;
        }
    }
    return false;
}

static const VMStateField gpe_fields[] = {
    VMSTATE_BUFFER(sts, AcpiGpe),
    VMSTATE_BUFFER(en, AcpiGpe),
    VMSTATE_END_OF_LIST(),
};

const VMStateDescription vmstate_acpi_gpe = {
    .name = "AcpiGpe",
    .version_id = 1,
    .minimum_version_id = 1,
    .fields = gpe_fields,
};
