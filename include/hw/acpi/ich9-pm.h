/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The power management block of an ICH9: PM1, timer, general purpose events, SMI and
 * TCO registers in 128 ports, and the ACPI hotplug blocks beside it. The LPC bridge
 * embeds it, decides where it is and takes its outputs. Source: Intel ICH9 data sheet
 * (316972), sections 13.8 and 13.9. Context: BQL.
 */
#ifndef STRATA_HW_ACPI_ICH9_PM_H
#define STRATA_HW_ACPI_ICH9_PM_H

#include "hw/acpi/acpi-hotplug.h"

#define ICH9_PM_LEN      128
#define ICH9_PM_GPE0     0x20
#define ICH9_PM_GPE0_LEN 16
#define ICH9_PM_SMI      0x30
#define ICH9_PM_TCO      0x60
#define ICH9_PM_TCO_LEN  32
#define ICH9_PCIHP_BASE  0xcc0
#define ICH9_CPUHP_BASE  0xcd8

/* --- SMI_EN and SMI_STS (13.8.3.10, 13.8.3.11) --- */
#define ICH9_SMI_GBL_EN      0x00000001u
#define ICH9_SMI_EOS         0x00000002u
#define ICH9_SMI_APMC_EN     0x00000020u
#define ICH9_SMI_SWSMI_EN    0x00000040u
#define ICH9_SMI_TCO_EN      0x00002000u
#define ICH9_SMI_PERIODIC_EN 0x00004000u

/* --- TCO (13.9) --- */
typedef struct Ich9TcoOps {
    /* TIMEOUT: the timer ran out once; wants an SMI when TCO_EN is set. */
    void (*timeout)(void *opaque);
    /* SECOND_TO_STS: it ran out again and NO_REBOOT is clear. */
    void (*reboot)(void *opaque);
    bool (*no_reboot)(void *opaque);
} Ich9TcoOps;

typedef struct Ich9Tco {
    MemoryRegion region; /* "sm-tco" */
    /* Registers, migrated. */
    uint16_t rld, sts1, sts2, cnt1, cnt2, tmr;
    uint8_t dat_in, dat_out, msg1, msg2, wdcnt, sw_irq_gen;
    uint8_t timeouts;  /* since the last reload */
    int64_t expire_ns; /* -1: halted */
    /* private */
    Timer timer;
    const Ich9TcoOps *ops;
    void *opaque;
} Ich9Tco;

void ich9_tco_init(Ich9Tco *s, DeviceState *owner, MemoryRegion *parent,
                   const Ich9TcoOps *ops, void *opaque);
void ich9_tco_reset(Ich9Tco *s);
extern const VMStateDescription vmstate_ich9_tco;

/* --- The block --- */
typedef struct Ich9PmOps {
    void (*update_sci)(void *opaque);
    void (*sleep)(void *opaque, unsigned slp_typ);
    void (*smi)(void *opaque); /* one event */
    void (*reboot)(void *opaque);
    bool (*no_reboot)(void *opaque);
} Ich9PmOps;

typedef struct Ich9Pm {
    MemoryRegion io;  /* "ich9-pm": disabled until the bridge says where */
    MemoryRegion smi; /* "acpi-smi" */
    AcpiPm1 pm1;
    AcpiGpe gpe;
    Ich9Tco tco;
    uint32_t smi_en;
    uint32_t smi_sts;
    AcpiHotplug hotplug;
    /* private */
    uint32_t smi_en_wmask;
    bool smm_enabled;
    const Ich9PmOps *ops;
    void *opaque;
} Ich9Pm;

/* @io: where the hotplug blocks go. "ich9-pm" is the bridge's to map; it never ends. */
void ich9_pm_init(Ich9Pm *pm, DeviceState *owner, PCIBus *root, MemoryRegion *io,
                  const AcpiHotplugConfig *hotplug, bool smm_enabled,
                  const Ich9PmOps *ops, void *opaque);
void ich9_pm_reset(Ich9Pm *pm);
/* Follow PMBASE and ACPI_EN. */
void ich9_pm_move(Ich9Pm *pm, hwaddr base, bool enabled);
/* SMI_LOCK was set: GBL_SMI_EN stays as it is until reset. */
void ich9_pm_lock_smi(Ich9Pm *pm);
/* Something that SMI_EN bit @enable_bit lets through has happened. */
void ich9_pm_raise_smi(Ich9Pm *pm, uint32_t enable_bit);
bool ich9_pm_sci_wanted(Ich9Pm *pm);
extern const VMStateDescription vmstate_ich9_pm;

#endif
