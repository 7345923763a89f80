/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Power management block of an ICH9. Source: Intel ICH9 data sheet (316972), section
 * 13.8.3. Not modelled: PM2 control, alternate GPI SMIs, device activity, periodic and
 * software SMI timers: SMI_EN keeps their bits.
 */
#include "hw/acpi/ich9-pm.h"

#define SMI_EN  0
#define SMI_STS 4
#define SMI_APM 0x00000020u /* SMI_STS: write to b2 */
#define SMI_TCO 0x00002000u
/* 13.8.3.10: EOS is set by writing one and always reads one here. */
#define SMI_EN_WMASK 0x0006f87fu

static uint64_t smi_read(void *opaque, hwaddr offset, unsigned size)
{
    Ich9Pm *pm = opaque;

    return offset == SMI_EN ? pm->smi_en : pm->smi_sts;
}

static void smi_write(void *opaque, hwaddr offset, uint64_t value, unsigned size)
{
    Ich9Pm *pm = opaque;

    if (offset == SMI_EN) {
        pm->smi_en =
            (uint32_t)((pm->smi_en & ~pm->smi_en_wmask) | (value & pm->smi_en_wmask));
    } else {
        pm->smi_sts &= (uint32_t)~value;
    }
}

static const MemoryRegionOps smi_ops = {
    .read = smi_read,
    .write = smi_write,
    .endianness = DEVICE_LITTLE_ENDIAN,
    .valid = {.min_access_size = 1,  .max_access_size = 4},
    .impl = { .min_access_size = 4, .max_access_size = 4},
};

void ich9_pm_raise_smi(Ich9Pm *pm, uint32_t enable_bit)
{
    uint32_t wanted = enable_bit | ICH9_SMI_GBL_EN;

    pm->smi_sts |= enable_bit == ICH9_SMI_APMC_EN ? SMI_APM : SMI_TCO;
    if ((pm->smi_en & wanted) == wanted) {
        pm->ops->smi(pm->opaque);
    }
}

void ich9_pm_lock_smi(Ich9Pm *pm)
{
    pm->smi_en_wmask &= ~ICH9_SMI_GBL_EN;
}

bool ich9_pm_sci_wanted(Ich9Pm *pm)
{
    return acpi_pm1_sci_wanted(&pm->pm1) || acpi_gpe_sci_wanted(&pm->gpe);
}

void ich9_pm_move(Ich9Pm *pm, hwaddr base, bool enabled)
{
    memory_region_transaction_begin();
    memory_region_set_enabled(&pm->io, enabled);
    memory_region_set_address(&pm->io, base);
    memory_region_transaction_commit();
}

/* --- Towards the bridge --------------------------------------------------------------
 */

static void update_sci(void *opaque)
{
    Ich9Pm *pm = opaque;

    pm->ops->update_sci(pm->opaque);
}

static void enter_sleep(void *opaque, unsigned slp_typ)
{
    Ich9Pm *pm = opaque;

    pm->ops->sleep(pm->opaque, slp_typ);
}

static void tco_timeout(void *opaque)
{
    ich9_pm_raise_smi(opaque, ICH9_SMI_TCO_EN);
}

static void tco_reboot(void *opaque)
{
    Ich9Pm *pm = opaque;

    pm->ops->reboot(pm->opaque);
}

static bool tco_no_reboot(void *opaque)
{
    Ich9Pm *pm = opaque;

    return pm->ops->no_reboot(pm->opaque);
}

static const AcpiPm1Ops pm1_ops = { update_sci, enter_sleep };
static const Ich9TcoOps tco_ops = { tco_timeout, tco_reboot, tco_no_reboot };

/* --- Life ----------------------------------------------------------------------------
 */

void ich9_pm_init(Ich9Pm *pm, DeviceState *owner, PCIBus *root, MemoryRegion *io,
                  const AcpiHotplugConfig *hotplug, bool smm_enabled,
                  const Ich9PmOps *ops, void *opaque)
{
    Object *obj = OBJECT(owner);

    pm->ops = ops;
    pm->opaque = opaque;
    pm->smm_enabled = smm_enabled;
    memory_region_init(&pm->io, obj, "ich9-pm", ICH9_PM_LEN);
    memory_region_set_enabled(&pm->io, false);
    acpi_pm1_init(&pm->pm1, owner, &pm->io, &pm1_ops, pm);
    acpi_gpe_init(&pm->gpe, obj, "acpi-gpe0", ICH9_PM_GPE0_LEN, update_sci, pm);
    memory_region_add_subregion(&pm->io, ICH9_PM_GPE0, &pm->gpe.region);
    memory_region_init_io(&pm->smi, obj, &smi_ops, pm, "acpi-smi", 8);
    memory_region_add_subregion(&pm->io, ICH9_PM_SMI, &pm->smi);
    ich9_tco_init(&pm->tco, owner, &pm->io, &tco_ops, pm);
    acpi_hotplug_init(&pm->hotplug, obj, object_get_typename(obj), &pm->gpe, root, io,
                      hotplug);
}

void ich9_pm_reset(Ich9Pm *pm)
{
    acpi_pm1_reset(&pm->pm1);
    acpi_gpe_reset(&pm->gpe);
    ich9_tco_reset(&pm->tco);
    /* As if the firmware had been here: it does not try to enter SMM then. */
    pm->smi_en = pm->smm_enabled ? 0 : ICH9_SMI_APMC_EN;
    pm->smi_sts = 0;
    pm->smi_en_wmask = SMI_EN_WMASK;
    acpi_hotplug_reset(&pm->hotplug);
}

/* --- State ---------------------------------------------------------------------------
 */

static bool memory_hotplug_needed(void *opaque)
{
    return ((Ich9Pm *)opaque)->hotplug.memory.num_slots != 0;
}

static const VMStateField memory_hotplug_fields[] = {
    VMSTATE_STRUCT(hotplug.memory, Ich9Pm, vmstate_acpi_memory_hotplug),
    VMSTATE_END_OF_LIST(),
};

static const VMStateDescription vmstate_memory_hotplug = {
    .name = "ich9_pm/memhp",
    .version_id = 1,
    .minimum_version_id = 1,
    .needed = memory_hotplug_needed,
    .fields = memory_hotplug_fields,
};

static const VMStateDescription *const ich9_pm_subsections[] = {
    &vmstate_memory_hotplug, NULL
};

static const VMStateField ich9_pm_fields[] = {
    VMSTATE_STRUCT(pm1, Ich9Pm, vmstate_acpi_pm1),
    VMSTATE_STRUCT(gpe, Ich9Pm, vmstate_acpi_gpe),
    VMSTATE_STRUCT(tco, Ich9Pm, vmstate_ich9_tco),
    VMSTATE_UINT32(smi_en, Ich9Pm),
    VMSTATE_UINT32(smi_sts, Ich9Pm),
    VMSTATE_STRUCT(hotplug.pci, Ich9Pm, vmstate_acpi_pcihp),
    VMSTATE_STRUCT(hotplug.cpu, Ich9Pm, vmstate_acpi_cpu_hotplug),
    VMSTATE_END_OF_LIST(),
};

const VMStateDescription vmstate_ich9_pm = {
    .name = "ich9_pm",
    .version_id = 1,
    .minimum_version_id = 1,
    .fields = ich9_pm_fields,
    .subsections = ich9_pm_subsections,
};
