/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The fixed hardware that every ACPI chipset has: PM1 event and control blocks, the
 * power management timer and a general purpose event block. A power management
 * function embeds them, maps their regions and recomputes its SCI when told. Source:
 * ACPI Specification 3.0, section 4.7. Context: BQL.
 */
#ifndef STRATA_HW_ACPI_ACPI_CORE_H
#define STRATA_HW_ACPI_ACPI_CORE_H

#include "hw/core/device.h"
#include "memory/memory.h"
#include "migration/vmstate.h"

/* --- PM1 status and enable (4.7.3.1) --- */
#define ACPI_PM1_TMR    0x0001
#define ACPI_PM1_BM     0x0010
#define ACPI_PM1_GBL    0x0020
#define ACPI_PM1_PWRBTN 0x0100
#define ACPI_PM1_SLPBTN 0x0200
#define ACPI_PM1_RTC    0x0400
#define ACPI_PM1_WAK    0x8000 /* status only */

/* --- PM1 control (4.7.3.2) --- */
#define ACPI_PM1_SCI_EN        0x0001
#define ACPI_PM1_SLP_TYP_SHIFT 10
#define ACPI_PM1_SLP_TYP_MASK  7
#define ACPI_PM1_SLP_EN        0x2000 /* write only */

#define ACPI_PM_TIMER_HZ 3579545

typedef struct AcpiPm1Ops {
    /* Status or enable changed: compute the SCI anew. */
    void (*update_sci)(void *opaque);
    /* The guest set SLP_EN with this SLP_TYP. */
    void (*sleep)(void *opaque, unsigned slp_typ);
} AcpiPm1Ops;

typedef struct AcpiPm1 {
    MemoryRegion evt; /* "acpi-evt", 4 bytes */
    MemoryRegion cnt; /* "acpi-cnt", 2 bytes */
    MemoryRegion tmr; /* "acpi-tmr", 4 bytes */
    uint16_t sts;
    uint16_t en;
    uint16_t control;
    int64_t overflow_ns; /* when the timer's top bit toggles next */
    /* private */
    Timer timer;
    const AcpiPm1Ops *ops;
    void *opaque;
} AcpiPm1;

/* Map the three blocks at 0, 4 and 8 of @parent. */
void acpi_pm1_init(AcpiPm1 *pm, DeviceState *owner, MemoryRegion *parent,
                   const AcpiPm1Ops *ops, void *opaque);
void acpi_pm1_reset(AcpiPm1 *pm);
/* In unrealize. */
void acpi_pm1_fini(AcpiPm1 *pm);
/* Status with the timer's bit brought up to date. */
uint16_t acpi_pm1_get_status(AcpiPm1 *pm);
/* Set status bits and update the SCI. */
void acpi_pm1_raise(AcpiPm1 *pm, uint16_t bits);
/* Does an enabled event want the SCI? */
bool acpi_pm1_sci_wanted(AcpiPm1 *pm);
/* Arm the timer for its next overflow when that is enabled. */
void acpi_pm1_rearm(AcpiPm1 *pm);
extern const VMStateDescription vmstate_acpi_pm1;

/* --- General purpose events (4.7.4.1): status then enable bytes --- */
#define ACPI_GPE_MAX_BYTES 8

typedef struct AcpiGpe {
    MemoryRegion region;
    uint8_t sts[ACPI_GPE_MAX_BYTES];
    uint8_t en[ACPI_GPE_MAX_BYTES];
    /* private */
    unsigned bytes; /* of each half */
    void (*update_sci)(void *opaque);
    void *opaque;
} AcpiGpe;

void acpi_gpe_init(AcpiGpe *gpe, Object *owner, const char *name, unsigned block_bytes,
                   void (*update_sci)(void *opaque), void *opaque);
void acpi_gpe_reset(AcpiGpe *gpe);
void acpi_gpe_raise(AcpiGpe *gpe, unsigned event);
bool acpi_gpe_sci_wanted(const AcpiGpe *gpe);
extern const VMStateDescription vmstate_acpi_gpe;

#endif
