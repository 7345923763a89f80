/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Intel 82371AB PIIX4, function 3: power management and SMBus (data sheet 290562-001,
 * sections 4.1.3 and 7). The GPE block at afe0 and the hotplug registers are those of
 * the reference platform. Not modelled: device monitors, clock control, the chip's own
 * GPE block: their registers are plain storage.
 *
 * Interface: I/O "piix4-pm" (64 bytes at PMBA), "pm-smbus" (64 at SMBBA), "apm-io"
 * b2-b3, "acpi-gpe0" afe0-afe3, "acpi-pci-hotplug" ae00, "acpi-cpu-hotplug" af00,
 * "acpi-mem-hotplug" a00; outputs SCI, "smi-irq", "poweroff", "suspend"; bus "i2c";
 * properties smb_io_base, disable_s3, disable_s4, s4_val, smm-enabled,
 * acpi-root-pci-hotplug, acpi-pci-hotplug-with-bridge-support, memory-hotplug-support.
 */
#include "hw/acpi/piix4-pm.h"
#include "hw/acpi/acpi-core.h"
#include "hw/acpi/acpi-hotplug.h"
#include "hw/acpi/pm-smbus.h"
#include "qapi/events.h"
#include "util/log.h"
#include "util/rcu.h"

#include <string.h>

/* --- Configuration registers (4.1.3) --- */
#define PIIX4_PMBA            0x40 /* 32 bits: base of the PM block */
#define PIIX4_PMBA_MASK       0xffc0
#define PIIX4_DEVACTB         0x58 /* 32 bits */
#define PIIX4_DEVACTB_APMC_EN 0x02 /* in its top byte: writes to b2 raise an SMI */
#define PIIX4_DEVRESA         0x5c /* 5f, 63, 67: which legacy ports are decoded */
#define PIIX4_DEVRESC         0x64
#define PIIX4_PMREGMISC       0x80 /* bit 0: PM block decoded */
#define PIIX4_SMBBA           0x90 /* 32 bits: base of the SMBus block */
#define PIIX4_SMBHSTCFG       0xd2 /* bit 0: SMBus block decoded */

/* --- I/O --- */
#define PIIX4_PM_LEN     64
#define APM_BASE         0xb2
#define APM_ACPI_ENABLE  0xf1 /* what the FADT tells the guest to write */
#define APM_ACPI_DISABLE 0xf0
#define GPE_BASE         0xafe0
#define GPE_LEN          4
#define PCIHP_BASE       0xae00
#define CPUHP_BASE       0xaf00

/* SLP_TYP values of the DSDT's _S3 and _S5; _S4's is a property. */
#define SLP_TYP_S5 0
#define SLP_TYP_S3 1

typedef struct PIIX4PMState {
    PCIDevice parent_obj;
    MemoryRegion io;
    MemoryRegion apm_io;
    IrqLine *sci;
    IrqLine *smi;
    IrqLine *poweroff;
    IrqLine *suspend;
    /* Registers, all migrated. */
    AcpiPm1 pm1;
    AcpiGpe gpe;
    PMSMBus smbus;
    uint8_t apmc;
    uint8_t apms;
    AcpiHotplug hotplug;
    /* Settings. */
    PIIX4PMConfig config;
    uint32_t smb_io_base;
    uint8_t disable_s3;
    uint8_t disable_s4;
    uint8_t s4_val;
    bool smm_enabled;
    bool root_hotplug;
    bool bridge_hotplug;
    bool memory_hotplug;
} PIIX4PMState;

static PIIX4PMState *piix4_pm(const void *obj)
{
    return (PIIX4PMState *)object_cast(obj, TYPE_PIIX4_PM);
}

/* --- Outputs -------------------------------------------------------------------------
 */

static void update_sci(void *opaque)
{
    PIIX4PMState *s = opaque;

    irq_set(s->sci, acpi_pm1_sci_wanted(&s->pm1) || acpi_gpe_sci_wanted(&s->gpe));
}

static void enter_sleep(void *opaque, unsigned slp_typ)
{
    PIIX4PMState *s = opaque;

    if (slp_typ == SLP_TYP_S5) {
        irq_pulse(s->poweroff);
    } else if (slp_typ == SLP_TYP_S3 && !s->disable_s3) {
        irq_pulse(s->suspend);
    } else if (slp_typ == s->s4_val && !s->disable_s4) {
        qapi_event_send("SUSPEND_DISK", NULL);
        irq_pulse(s->poweroff);
    } else {
        log_guest_error("piix4-pm: sleep type %u\n", slp_typ);
    }
}

static const AcpiPm1Ops pm1_ops = { update_sci, enter_sleep };

void piix4_pm_power_button(PCIDevice *pm)
{
    acpi_pm1_raise(&piix4_pm(pm)->pm1, ACPI_PM1_PWRBTN);
}

void piix4_pm_wakeup(PCIDevice *pm, uint16_t status)
{
    acpi_pm1_raise(&piix4_pm(pm)->pm1, status | ACPI_PM1_WAK);
}

/* --- APM ports (7.2.3) ---------------------------------------------------------------
 */

static uint64_t apm_read(void *opaque, hwaddr offset, unsigned size)
{
    PIIX4PMState *s = opaque;

    return offset ? s->apms : s->apmc;
}

static void apm_write(void *opaque, hwaddr offset, uint64_t value, unsigned size)
{
    PIIX4PMState *s = opaque;

    if (offset) {
        s->apms = (uint8_t)value;
        return;
    }
    s->apmc = (uint8_t)value;
    /* The firmware's SMI handler would do no more than this. */
    if (value == APM_ACPI_ENABLE) {
        s->pm1.control |= ACPI_PM1_SCI_EN;
    } else if (value == APM_ACPI_DISABLE) {
        s->pm1.control &= (uint16_t)~ACPI_PM1_SCI_EN;
    }
    if (s->parent_obj.config[PIIX4_DEVACTB + 3] & PIIX4_DEVACTB_APMC_EN) {
        irq_pulse(s->smi);
    }
}

static const MemoryRegionOps apm_ops = {
    .read = apm_read,
    .write = apm_write,
    .endianness = DEVICE_LITTLE_ENDIAN,
    .valid = {.min_access_size = 1, .max_access_size = 1},
};

/* --- Configuration space -------------------------------------------------------------
 */

uint32_t piix4_pm_get_io_base(PCIDevice *pm)
{
    return pci_get_long(pm->config + PIIX4_PMBA) & PIIX4_PMBA_MASK;
}

static void update_decoding(PIIX4PMState *s)
{
    const uint8_t *c = s->parent_obj.config;

    memory_region_transaction_begin();
    memory_region_set_enabled(&s->io, c[PIIX4_PMREGMISC] & 1);
    memory_region_set_address(&s->io, piix4_pm_get_io_base(&s->parent_obj));
    memory_region_set_enabled(&s->smbus.region, c[PIIX4_SMBHSTCFG] & 1);
    memory_region_set_address(&s->smbus.region,
                              pci_get_long(c + PIIX4_SMBBA) & PIIX4_PMBA_MASK);
    memory_region_transaction_commit();
}

static void piix4_pm_write_config(PCIDevice *dev, uint32_t offset, uint32_t value,
                                  int size)
{
    pci_default_write_config(dev, offset, value, size);
    if (pci_config_overlaps(offset, size, PIIX4_PMBA, 4) ||
        pci_config_overlaps(offset, size, PIIX4_PMREGMISC, 1) ||
        pci_config_overlaps(offset, size, PIIX4_SMBBA, 4) ||
        pci_config_overlaps(offset, size, PIIX4_SMBHSTCFG, 1)) {
        update_decoding(piix4_pm(dev));
    }
}

/* Is an ISA port somebody's? The device resource registers tell the firmware. */
static bool port_claimed(PIIX4PMState *s, uint16_t port)
{
    rcu_read_lock();
    MemoryRegionSection section = address_space_lookup(&address_space_io, port);
    bool claimed = section.mr && section.mr != get_system_io();
    rcu_read_unlock();
    return claimed;
}

static void reset_config(PIIX4PMState *s)
{
    uint8_t *c = s->parent_obj.config;

    memset(c + PCI_CONFIG_HEADER_SIZE, 0,
           PCI_CONFIG_SPACE_SIZE - PCI_CONFIG_HEADER_SIZE);
    pci_set_long(c + PIIX4_PMBA, 1);
    if (!s->smm_enabled) {
        /* As if the firmware had been here: it does not try to enter SMM then. */
        c[PIIX4_DEVACTB + 3] = PIIX4_DEVACTB_APMC_EN;
    }
    c[PIIX4_DEVRESA + 3] = (uint8_t)(0x10 | (port_claimed(s, 0x378) ? 0x80 : 0));
    c[PIIX4_DEVRESA + 7] = 0x60;
    c[PIIX4_DEVRESC + 3] = (uint8_t)((port_claimed(s, 0x3f8) ? 0x08 : 0) |
                                     (port_claimed(s, 0x2f8) ? 0x90 : 0));
    if (!s->config.no_smbus) {
        pci_set_long(c + PIIX4_SMBBA, s->smb_io_base | 1);
        c[PIIX4_SMBHSTCFG] = 0x09;
    }
}

/* --- Life ----------------------------------------------------------------------------
 */

static void piix4_pm_reset(PCIDevice *dev)
{
    PIIX4PMState *s = piix4_pm(dev);

    reset_config(s);
    acpi_pm1_reset(&s->pm1);
    acpi_gpe_reset(&s->gpe);
    pm_smbus_reset(&s->smbus);
    s->apmc = s->apms = 0;
    acpi_hotplug_reset(&s->hotplug);
    update_decoding(s);
    update_sci(s);
}

static void init_fixed_hardware(PIIX4PMState *s, MemoryRegion *io)
{
    DeviceState *dev = DEVICE(s);
    Object *obj = OBJECT(s);

    memory_region_init(&s->io, obj, "piix4-pm", PIIX4_PM_LEN);
    memory_region_set_enabled(&s->io, false);
    memory_region_add_subregion(io, 0, &s->io);
    acpi_pm1_init(&s->pm1, dev, &s->io, &pm1_ops, s);
    memory_region_init_io(&s->apm_io, obj, &apm_ops, s, "apm-io", 2);
    memory_region_add_subregion(io, APM_BASE, &s->apm_io);
    acpi_gpe_init(&s->gpe, obj, "acpi-gpe0", GPE_LEN, update_sci, s);
    memory_region_add_subregion(io, GPE_BASE, &s->gpe.region);
    pm_smbus_init(&s->smbus, dev);
    memory_region_add_subregion(io, s->smb_io_base, &s->smbus.region);
}

static void init_hotplug(PIIX4PMState *s, MemoryRegion *io)
{
    AcpiHotplugConfig config = {
        .pci_base = PCIHP_BASE,
        .cpu_base = CPUHP_BASE,
        .cpu_arch_ids = s->config.cpu_arch_ids,
        .num_cpus = s->config.num_cpus,
        .num_dimm_slots = s->memory_hotplug ? s->config.num_dimm_slots : 0,
        .root_slots = s->root_hotplug,
        .bridges = s->bridge_hotplug,
    };

    acpi_hotplug_init(&s->hotplug, OBJECT(s), TYPE_PIIX4_PM, &s->gpe,
                      pci_get_bus(&s->parent_obj), io, &config);
}

static bool piix4_pm_realize(PCIDevice *dev, Error **errp)
{
    PIIX4PMState *s = piix4_pm(dev);
    MemoryRegion *io = pci_address_space_io(dev);

    pci_set_word(dev->config + PCI_STATUS,
                 PCI_STATUS_FAST_BACK | PCI_STATUS_DEVSEL_MED);
    dev->config[PCI_INTERRUPT_PIN] = 1;
    if (s->config.no_smbus) {
        memset(dev->wmask + PIIX4_SMBBA, 0, 4);
        dev->wmask[PIIX4_SMBHSTCFG] = 0;
    }
    init_fixed_hardware(s, io);
    init_hotplug(s, io);
    piix4_pm_reset(dev);
    return true;
}

static void piix4_pm_unrealize(PCIDevice *dev)
{
    PIIX4PMState *s = piix4_pm(dev);
    MemoryRegion *io = pci_address_space_io(dev);

    acpi_pm1_fini(&s->pm1);
    acpi_hotplug_fini(&s->hotplug, io);
    memory_region_del_subregion(io, &s->smbus.region);
    memory_region_del_subregion(io, &s->gpe.region);
    memory_region_del_subregion(io, &s->apm_io);
    memory_region_del_subregion(io, &s->io);
}

static void piix4_pm_init(Object *obj)
{
    PIIX4PMState *s = (PIIX4PMState *)obj;
    DeviceState *dev = DEVICE(obj);

    device_init_gpio_out(dev, &s->sci, 1);
    device_init_gpio_out_named(dev, &s->smi, PIIX4_PM_SMI_GPIO, 1);
    device_init_gpio_out_named(dev, &s->poweroff, PIIX4_PM_POWEROFF_GPIO, 1);
    device_init_gpio_out_named(dev, &s->suspend, PIIX4_PM_SUSPEND_GPIO, 1);
}

PCIDevice *piix4_pm_create(PCIBus *bus, int devfn, const PIIX4PMConfig *config,
                           Error **errp)
{
    PCIDevice *dev = pci_new(devfn, TYPE_PIIX4_PM);
    PIIX4PMState *s = piix4_pm(dev);

    s->config = *config;
    s->smb_io_base = config->smb_io_base;
    s->smm_enabled = config->smm_enabled;
    return pci_realize_and_unref(dev, bus, errp) ? dev : NULL;
}

int piix4_pm_get_pci_bsel(PCIDevice *pm, const PCIBus *bus)
{
    PIIX4PMState *s = (PIIX4PMState *)object_cast(OBJECT(pm), TYPE_PIIX4_PM);

    return acpi_pcihp_get_bsel(&s->hotplug.pci, bus);
}

struct I2CBus *piix4_pm_get_smbus(PCIDevice *pm)
{
    return piix4_pm(pm)->smbus.bus;
}

/* --- State and type ------------------------------------------------------------------
 */

static bool piix4_pm_post_load(void *opaque, int version_id, Error **errp)
{
    update_decoding(opaque);
    update_sci(opaque);
    return true;
}

static bool memhp_needed(void *opaque)
{
    return ((PIIX4PMState *)opaque)->hotplug.memory.num_slots != 0;
}

static const VMStateField memhp_fields[] = {
    VMSTATE_STRUCT(hotplug.memory, PIIX4PMState, vmstate_acpi_memory_hotplug),
    VMSTATE_END_OF_LIST(),
};

static const VMStateDescription vmstate_memhp = {
    .name = "piix4_pm/memhp",
    .version_id = 1,
    .minimum_version_id = 1,
    .needed = memhp_needed,
    .fields = memhp_fields,
};

static const VMStateDescription *const piix4_pm_subsections[] = { &vmstate_memhp,
                                                                  NULL };

static const VMStateField piix4_pm_fields[] = {
    VMSTATE_PCI_DEVICE(parent_obj, PIIX4PMState),
    VMSTATE_STRUCT(pm1, PIIX4PMState, vmstate_acpi_pm1),
    VMSTATE_STRUCT(gpe, PIIX4PMState, vmstate_acpi_gpe),
    VMSTATE_STRUCT(smbus, PIIX4PMState, vmstate_pm_smbus),
    VMSTATE_UINT8(apmc, PIIX4PMState),
    VMSTATE_UINT8(apms, PIIX4PMState),
    VMSTATE_STRUCT(hotplug.pci, PIIX4PMState, vmstate_acpi_pcihp),
    VMSTATE_STRUCT(hotplug.cpu, PIIX4PMState, vmstate_acpi_cpu_hotplug),
    VMSTATE_END_OF_LIST(),
};

static const VMStateDescription vmstate_piix4_pm = {
    .name = "piix4_pm",
    .version_id = 1,
    .minimum_version_id = 1,
    .post_load = piix4_pm_post_load,
    .fields = piix4_pm_fields,
    .subsections = piix4_pm_subsections,
};

static const Property piix4_pm_props[] = {
    PROP_UINT32("smb_io_base", PIIX4PMState, smb_io_base, 0),
    PROP_UINT8("disable_s3", PIIX4PMState, disable_s3, 0),
    PROP_UINT8("disable_s4", PIIX4PMState, disable_s4, 0),
    PROP_UINT8("s4_val", PIIX4PMState, s4_val, 2),
    PROP_BOOL("acpi-pci-hotplug-with-bridge-support", PIIX4PMState, bridge_hotplug,
              true),
    PROP_BOOL("acpi-root-pci-hotplug", PIIX4PMState, root_hotplug, true),
    PROP_BOOL("memory-hotplug-support", PIIX4PMState, memory_hotplug, true),
    PROP_BOOL("smm-enabled", PIIX4PMState, smm_enabled, false),
};

static void piix4_pm_class_init(ObjectClass *klass, const void *data)
{
    DeviceClass *dc = DEVICE_CLASS(klass);
    PCIDeviceClass *pc = PCI_DEVICE_CLASS(klass);

    dc->desc = "PM";
    dc->categories = 1u << DEVICE_CATEGORY_BRIDGE;
    dc->vmsd = &vmstate_piix4_pm;
    dc->user_creatable = false;
    dc->hotpluggable = false;
    pc->vendor_id = PCI_VENDOR_ID_INTEL;
    pc->device_id = 0x7113;
    pc->revision = 0x03;
    pc->class_id = PCI_CLASS_BRIDGE_OTHER;
    pc->realize = piix4_pm_realize;
    pc->unrealize = piix4_pm_unrealize;
    pc->reset_hold = piix4_pm_reset;
    pc->config_write = piix4_pm_write_config;
    acpi_hotplug_class_init(klass, offsetof(PIIX4PMState, hotplug));
    OBJECT_CLASS_ADD_PROPERTIES(klass, piix4_pm_props);
}

static const char *const piix4_pm_interfaces[] = { TYPE_HOTPLUG_HANDLER,
                                                   TYPE_ACPI_DEVICE_IF, NULL };
static const TypeInfo piix4_pm_info = {
    .name = TYPE_PIIX4_PM,
    .parent = TYPE_PCI_DEVICE,
    .instance_size = sizeof(PIIX4PMState),
    .instance_init = piix4_pm_init,
    .class_init = piix4_pm_class_init,
    .interfaces = piix4_pm_interfaces,
};
TYPE_REGISTER(piix4_pm_info);
