/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Intel ICH9 LPC interface bridge, D31:F0. Source: Intel I/O Controller Hub 9 data
 * sheet (316972), sections 10.1 (chip configuration registers) and 13. Not modelled:
 * GPIO block, generic decode ranges, firmware hub decoding, SERIRQ, lock-down: their
 * registers are plain storage. The files etc/smi are the reference platform's.
 *
 * Interface: I/O "ich9-pm" (128 ports at PMBASE), "apm-io" b2-b3, cf9 (priority 1 over
 * the configuration index), "acpi-pci-hotplug" cc0, "acpi-cpu-hotplug" cd8,
 * "acpi-mem-hotplug" a00; memory "lpc-rcrb-mmio" (16 KiB at RCBA, priority 1); bus
 * "isa.0"; the eight PIRQ inputs of its PCI bus; the outputs that the header names;
 * properties noreboot, disable_s3, disable_s4, s4_val, x-smi-broadcast,
 * memory-hotplug-support, acpi-pci-hotplug-with-bridge-support.
 */
#include "hw/isa/lpc-ich9.h"
#include "hw/acpi/ich9-pm.h"
#include "qapi/events.h"
#include "util/log.h"
#include "util/rcu.h"

#include <string.h>

/* --- Configuration registers (13.1) --- */
#define LPC_PMBASE           0x40 /* 32 bits */
#define LPC_PMBASE_MASK      0xff80
#define LPC_PMBASE_IO        0x01
#define LPC_ACPI_CNTL        0x44
#define LPC_ACPI_CNTL_EN     0x80
#define LPC_ACPI_CNTL_SCI    0x07 /* which line the SCI drives */
#define LPC_PIRQ_A           0x60 /* PIRQA to PIRQD, then E to H at 68 */
#define LPC_PIRQ_E           0x68
#define LPC_PIRQ_OFF         0x80
#define LPC_PIRQ_LINE        0x0f
#define LPC_IO_EN            0x82 /* 16 bits: which legacy ports are decoded */
#define LPC_IO_EN_COMA       0x01
#define LPC_IO_EN_COMB       0x02
#define LPC_IO_EN_LPT        0x04
#define LPC_IO_EN_FDD        0x08
#define LPC_GEN_PMCON_1      0xa0 /* 16 bits */
#define LPC_GEN_PMCON_1_LOCK 0x10 /* SMI_LOCK */
#define LPC_RCBA             0xf0 /* 32 bits */
#define LPC_RCBA_EN          0x01
#define LPC_RCBA_MASK        0xffffc000u

/* --- Chip configuration registers, offsets in RCRB (10.1) --- */
#define RCRB_LEN      0x4000
#define RCRB_D31IR    0x3140 /* 16 bits each: link of pins A-D, 4 bits apart */
#define RCRB_D29IR    0x3144
#define RCRB_D28IR    0x3146
#define RCRB_D27IR    0x3148
#define RCRB_D26IR    0x314c
#define RCRB_D25IR    0x3150
#define RCRB_IR_RESET 0x3210
#define RCRB_IR_LINK  0x7
#define RCRB_GCS      0x3410
#define RCRB_GCS_NR   0x20 /* no reboot */

/* --- Ports --- */
#define APM_BASE         0xb2
#define APM_ACPI_ENABLE  0x02 /* what the FADT tells the guest to write */
#define APM_ACPI_DISABLE 0x03
#define RST_CNT          0xcf9 /* 13.7.5 */
#define RST_CNT_SYS_RST  0x02
#define RST_CNT_CPU_RST  0x04 /* rising edge resets */
#define RST_CNT_FULL_RST 0x08

/* SLP_TYP values of the DSDT's _S3 and _S5; _S4's is a property. */
#define SLP_TYP_S5 0
#define SLP_TYP_S3 1

/* What the firmware may ask for in etc/smi/requested-features. */
#define SMI_F_BROADCAST   UINT64_C(1)
#define SMI_F_CPU_HOTPLUG UINT64_C(2)
#define SMI_F_CPU_UNPLUG  UINT64_C(4)

#define FIRST_DIRECT_GSI 16 /* PIRQA to PIRQH also drive these */

typedef struct LpcIch9 {
    PCIDevice parent_obj;
    MemoryRegion rcrb_region; /* "lpc-rcrb-mmio" */
    MemoryRegion rst_region;  /* "lpc-reset-control" */
    MemoryRegion apm_region;  /* "apm-io" */
    IrqLine *gsi[ICH9_NUM_GSI];
    IrqLine *smi[2];
    IrqLine *reset_out, *poweroff, *suspend;
    ISABus *isa_bus;
    /* Registers, all migrated, with the configuration space. */
    Ich9Pm pm;
    uint8_t rcrb[RCRB_LEN];
    uint8_t rst_cnt;
    uint8_t apmc, apms;
    uint8_t smi_requested[8]; /* little-endian, as the guest wrote it */
    uint8_t smi_features_ok;
    uint64_t smi_negotiated;
    /* Derived. */
    uint32_t gsi_levels; /* as driven from here */
    bool rcrb_mapped;
    /* Settings. */
    LpcIch9Config config;
    bool no_reboot;
    uint8_t disable_s3, disable_s4, s4_val;
    bool smi_broadcast, smi_cpu_hotplug, smi_cpu_unplug;
    bool memory_hotplug, bridge_hotplug;
    uint8_t smi_supported[8];
} LpcIch9;

static LpcIch9 *lpc_cast(const void *obj)
{
    return (LpcIch9 *)object_cast(obj, TYPE_ICH9_LPC);
}

/* --- Interrupts (13.1.13, 10.1.30 and following) -------------------------------------
 */

/* Which DnIR register says where the pins of slot @slot go; 0: they are wired. */
static unsigned slot_route_register(int slot)
{
    switch (slot) {
    case 25:
        return RCRB_D25IR;
    case 26:
        return RCRB_D26IR;
    case 27:
        return RCRB_D27IR;
    case 28:
        return RCRB_D28IR;
    case 29:
        return RCRB_D29IR;
    case 31:
        return RCRB_D31IR;
    default:
        return 0;
    }
}

/* Link of @pin. Slots outside the chip rotate through E-H, slot 30 does not rotate. */
static int lpc_map_irq(PCIDevice *dev, int pin)
{
    LpcIch9 *s = pci_get_bus(dev)->irq_opaque;
    int slot = PCI_SLOT(pci_get_devfn(dev));
    unsigned reg = slot_route_register(slot);

    if (reg) {
        return (pci_get_word(s->rcrb + reg) >> (4 * pin)) & RCRB_IR_LINK;
    }
    return 4 + (slot == 30 ? pin : (slot + pin) % 4);
}

static unsigned sci_line(const LpcIch9 *s)
{
    static const uint8_t lines[] = { 9, 10, 11, 9, 20, 21, 9, 9 };

    return lines[s->parent_obj.config[LPC_ACPI_CNTL] & LPC_ACPI_CNTL_SCI];
}

static uint8_t pirq_route(const LpcIch9 *s, int n)
{
    return s->parent_obj.config[n < 4 ? LPC_PIRQ_A + n : LPC_PIRQ_E + n - 4];
}

/* Every global interrupt gets the or of what is routed to it. */
static void update_irqs(LpcIch9 *s)
{
    PCIBus *bus = pci_get_bus(&s->parent_obj);
    uint32_t levels = ich9_pm_sci_wanted(&s->pm) ? 1u << sci_line(s) : 0;

    for (int n = 0; n < ICH9_NUM_PIRQS; n++) {
        uint8_t route = pirq_route(s, n);
        if (!pci_bus_get_irq_level(bus, n)) {
            continue;
        }
        levels |= 1u << (FIRST_DIRECT_GSI + n);
        if (!(route & LPC_PIRQ_OFF)) {
            levels |= 1u << (route & LPC_PIRQ_LINE);
        }
    }
    uint32_t changed = levels ^ s->gsi_levels;
    s->gsi_levels = levels;
    for (int line = 0; line < ICH9_NUM_GSI; line++) {
        if (changed & (1u << line)) {
            irq_set(s->gsi[line], (levels >> line) & 1);
        }
    }
}

static void lpc_set_irq(void *opaque, int n, int level)
{
    update_irqs(opaque);
}

/* --- Chip configuration registers ----------------------------------------------------
 */

static uint64_t rcrb_read(void *opaque, hwaddr offset, unsigned size)
{
    LpcIch9 *s = opaque;
    uint64_t value = 0;

    memcpy(&value, s->rcrb + offset, size);
    return GUINT64_FROM_LE(value);
}

/* Pins that are high move to their new links when a DnIR changes. */
static void rcrb_write(void *opaque, hwaddr offset, uint64_t value, unsigned size)
{
    LpcIch9 *s = opaque;
    bool routes = offset < RCRB_D25IR + 2 && offset + size > RCRB_D31IR;

    value = GUINT64_TO_LE(value);
    if (routes) {
        pci_bus_reroute_begin(pci_get_bus(&s->parent_obj));
    }
    memcpy(s->rcrb + offset, &value, size);
    if (routes) {
        pci_bus_reroute_commit(pci_get_bus(&s->parent_obj));
        update_irqs(s);
    }
}

static const MemoryRegionOps rcrb_ops = {
    .read = rcrb_read,
    .write = rcrb_write,
    .endianness = DEVICE_LITTLE_ENDIAN,
    .valid = {.min_access_size = 1,  .max_access_size = 4},
    .impl = { .min_access_size = 1, .max_access_size = 4},
};

static void reset_rcrb(LpcIch9 *s)
{
    memset(s->rcrb, 0, sizeof(s->rcrb));
    for (int slot = 25; slot < 32; slot++) {
        unsigned reg = slot_route_register(slot);
        if (reg) {
            pci_set_word(s->rcrb + reg, RCRB_IR_RESET);
        }
    }
    if (s->no_reboot) {
        s->rcrb[RCRB_GCS] = RCRB_GCS_NR;
    }
}

static void update_rcba(LpcIch9 *s)
{
    uint32_t reg = pci_get_long(s->parent_obj.config + LPC_RCBA);
    MemoryRegion *memory = get_system_memory();

    memory_region_transaction_begin();
    if (s->rcrb_mapped) {
        memory_region_del_subregion(memory, &s->rcrb_region);
        s->rcrb_mapped = false;
    }
    if (reg & LPC_RCBA_EN) {
        memory_region_add_subregion_overlap(memory, reg & LPC_RCBA_MASK,
                                            &s->rcrb_region, 1);
        s->rcrb_mapped = true;
    }
    memory_region_transaction_commit();
}

/* --- Power management ----------------------------------------------------------------
 */

static void pm_update_sci(void *opaque)
{
    update_irqs(opaque);
}

static void pm_sleep(void *opaque, unsigned slp_typ)
{
    LpcIch9 *s = opaque;

    if (slp_typ == SLP_TYP_S5) {
        irq_pulse(s->poweroff);
    } else if (slp_typ == SLP_TYP_S3 && !s->disable_s3) {
        irq_pulse(s->suspend);
    } else if (slp_typ == s->s4_val && !s->disable_s4) {
        qapi_event_send("SUSPEND_DISK", NULL);
        irq_pulse(s->poweroff);
    } else {
        log_guest_error("ich9-pm: sleep type %u\n", slp_typ);
    }
}

static void pm_smi(void *opaque)
{
    LpcIch9 *s = opaque;

    irq_pulse(s->smi[s->smi_negotiated & SMI_F_BROADCAST ? 1 : 0]);
}

static void pm_reboot(void *opaque)
{
    LpcIch9 *s = opaque;

    irq_pulse(s->reset_out);
}

static bool pm_no_reboot(void *opaque)
{
    LpcIch9 *s = opaque;

    return s->no_reboot || (s->rcrb[RCRB_GCS] & RCRB_GCS_NR);
}

static const Ich9PmOps pm_ops = { pm_update_sci, pm_sleep, pm_smi, pm_reboot,
                                  pm_no_reboot };

void lpc_ich9_power_button(PCIDevice *lpc)
{
    acpi_pm1_raise(&lpc_cast(lpc)->pm.pm1, ACPI_PM1_PWRBTN);
}

void lpc_ich9_wakeup(PCIDevice *lpc, uint16_t status)
{
    acpi_pm1_raise(&lpc_cast(lpc)->pm.pm1, status | ACPI_PM1_WAK);
}

uint32_t lpc_ich9_get_pm_base(PCIDevice *lpc)
{
    return pci_get_long(lpc->config + LPC_PMBASE) & LPC_PMBASE_MASK;
}

int lpc_ich9_get_pci_bsel(PCIDevice *lpc, const PCIBus *bus)
{
    return acpi_pcihp_get_bsel(&lpc_cast(lpc)->pm.hotplug.pci, bus);
}

static void update_pm(LpcIch9 *s)
{
    ich9_pm_move(&s->pm, lpc_ich9_get_pm_base(&s->parent_obj),
                 s->parent_obj.config[LPC_ACPI_CNTL] & LPC_ACPI_CNTL_EN);
}

/* --- APM ports (13.7.2) --------------------------------------------------------------
 */

static uint64_t apm_read(void *opaque, hwaddr offset, unsigned size)
{
    LpcIch9 *s = opaque;

    return offset ? s->apms : s->apmc;
}

static void apm_write(void *opaque, hwaddr offset, uint64_t value, unsigned size)
{
    LpcIch9 *s = opaque;

    if (offset) {
        s->apms = (uint8_t)value;
        return;
    }
    s->apmc = (uint8_t)value;
    /* The firmware's SMI handler would do no more than this. */
    if (value == APM_ACPI_ENABLE) {
        s->pm.pm1.control |= ACPI_PM1_SCI_EN;
    } else if (value == APM_ACPI_DISABLE) {
        s->pm.pm1.control &= (uint16_t)~ACPI_PM1_SCI_EN;
    }
    ich9_pm_raise_smi(&s->pm, ICH9_SMI_APMC_EN);
}

static const MemoryRegionOps apm_ops = {
    .read = apm_read,
    .write = apm_write,
    .endianness = DEVICE_LITTLE_ENDIAN,
    .valid = {.min_access_size = 1, .max_access_size = 1},
};

/* --- Reset control -------------------------------------------------------------------
 */

static uint64_t rst_read(void *opaque, hwaddr offset, unsigned size)
{
    LpcIch9 *s = opaque;

    return s->rst_cnt;
}

static void rst_write(void *opaque, hwaddr offset, uint64_t value, unsigned size)
{
    LpcIch9 *s = opaque;

    s->rst_cnt = value & (RST_CNT_SYS_RST | RST_CNT_FULL_RST);
    if (value & RST_CNT_CPU_RST) {
        irq_pulse(s->reset_out);
    }
}

static const MemoryRegionOps rst_ops = {
    .read = rst_read,
    .write = rst_write,
    .endianness = DEVICE_LITTLE_ENDIAN,
    .valid = {.min_access_size = 1, .max_access_size = 1},
};

/* --- SMI features --------------------------------------------------------------------
 */

static uint64_t supported_features(const LpcIch9 *s)
{
    return (s->smi_broadcast ? SMI_F_BROADCAST : 0) |
           (s->smi_cpu_hotplug ? SMI_F_CPU_HOTPLUG : 0) |
           (s->smi_cpu_unplug ? SMI_F_CPU_UNPLUG : 0);
}

/* CPU hotplug under SMM needs SMIs that reach all CPUs. */
static bool features_are_consistent(uint64_t wanted)
{
    if (!(wanted & SMI_F_BROADCAST)) {
        return !(wanted & (SMI_F_CPU_HOTPLUG | SMI_F_CPU_UNPLUG));
    }
    return (wanted & SMI_F_CPU_HOTPLUG) || !(wanted & SMI_F_CPU_UNPLUG);
}

/* Reading features-ok concludes the negotiation, until reset. */
static void features_ok_selected(void *opaque)
{
    LpcIch9 *s = opaque;
    uint64_t wanted = pci_get_quad(s->smi_requested);

    if (s->smi_features_ok || (wanted & ~supported_features(s)) ||
        !features_are_consistent(wanted)) {
        return;
    }
    s->smi_negotiated = wanted;
    s->smi_features_ok = 1;
}

static void features_requested(void *opaque, uint32_t offset, uint32_t len)
{
}

void lpc_ich9_add_smi_files(PCIDevice *lpc, FwCfg *fw_cfg)
{
    LpcIch9 *s = lpc_cast(lpc);

    pci_set_quad(s->smi_supported, supported_features(s));
    fw_cfg_add_file(fw_cfg, "etc/smi/supported-features", s->smi_supported,
                    sizeof(s->smi_supported));
    fw_cfg_add_file_callback(fw_cfg, "etc/smi/requested-features", NULL,
                             features_requested, s, s->smi_requested,
                             sizeof(s->smi_requested));
    fw_cfg_add_file_callback(fw_cfg, "etc/smi/features-ok", features_ok_selected, NULL,
                             s, &s->smi_features_ok, sizeof(s->smi_features_ok));
}

/* --- Configuration space -------------------------------------------------------------
 */

static void lpc_write_config(PCIDevice *dev, uint32_t offset, uint32_t value, int size)
{
    LpcIch9 *s = lpc_cast(dev);

    pci_default_write_config(dev, offset, value, size);
    if (pci_config_overlaps(offset, size, LPC_PMBASE, 4) ||
        pci_config_overlaps(offset, size, LPC_ACPI_CNTL, 1)) {
        update_pm(s);
        update_irqs(s);
    }
    if (pci_config_overlaps(offset, size, LPC_RCBA, 4)) {
        update_rcba(s);
    }
    if (pci_config_overlaps(offset, size, LPC_PIRQ_A, 12)) {
        update_irqs(s);
    }
    if (pci_config_overlaps(offset, size, LPC_GEN_PMCON_1, 1) &&
        (dev->config[LPC_GEN_PMCON_1] & LPC_GEN_PMCON_1_LOCK)) {
        dev->wmask[LPC_GEN_PMCON_1] &= (uint8_t)~LPC_GEN_PMCON_1_LOCK;
        ich9_pm_lock_smi(&s->pm);
    }
}

/* Is an ISA port somebody's? LPC_EN tells the firmware. */
static bool port_claimed(uint16_t port)
{
    rcu_read_lock();
    MemoryRegionSection section = address_space_lookup(&address_space_io, port);
    bool claimed = section.mr && section.mr != get_system_io();
    rcu_read_unlock();
    return claimed;
}

static uint16_t claimed_ports(void)
{
    return (uint16_t)((port_claimed(0x3f8) ? LPC_IO_EN_COMA : 0) |
                      (port_claimed(0x2f8) ? LPC_IO_EN_COMB : 0) |
                      (port_claimed(0x378) ? LPC_IO_EN_LPT : 0) |
                      (port_claimed(0x3f2) ? LPC_IO_EN_FDD : 0));
}

static void lpc_reset(PCIDevice *dev)
{
    LpcIch9 *s = lpc_cast(dev);
    uint8_t *c = dev->config;

    memset(c + PCI_CONFIG_HEADER_SIZE, 0,
           PCI_CONFIG_SPACE_SIZE - PCI_CONFIG_HEADER_SIZE);
    pci_set_long(c + LPC_PMBASE, LPC_PMBASE_IO);
    memset(c + LPC_PIRQ_A, LPC_PIRQ_OFF, 4);
    memset(c + LPC_PIRQ_E, LPC_PIRQ_OFF, 4);
    pci_set_word(c + LPC_IO_EN, claimed_ports());
    dev->wmask[LPC_GEN_PMCON_1] = 0xff;
    pci_bus_reroute_begin(pci_get_bus(dev));
    reset_rcrb(s);
    pci_bus_reroute_commit(pci_get_bus(dev));
    s->rst_cnt = s->apmc = s->apms = 0;
    memset(s->smi_requested, 0, sizeof(s->smi_requested));
    s->smi_features_ok = 0;
    s->smi_negotiated = 0;
    ich9_pm_reset(&s->pm);
    update_pm(s);
    update_rcba(s);
    update_irqs(s);
}

/* --- Life ----------------------------------------------------------------------------
 */

static void init_wmasks(PCIDevice *dev)
{
    pci_set_long(dev->wmask + LPC_PMBASE, LPC_PMBASE_MASK);
    pci_set_long(dev->wmask + LPC_RCBA, LPC_RCBA_MASK | LPC_RCBA_EN);
}

static bool lpc_realize(PCIDevice *dev, Error **errp)
{
    LpcIch9 *s = lpc_cast(dev);
    MemoryRegion *io = pci_address_space_io(dev);
    PCIBus *bus = pci_get_bus(dev);
    AcpiHotplugConfig hotplug = {
        .pci_base = ICH9_PCIHP_BASE,
        .cpu_base = ICH9_CPUHP_BASE,
        .cpu_arch_ids = s->config.cpu_arch_ids,
        .num_cpus = s->config.num_cpus,
        .num_dimm_slots = s->memory_hotplug ? s->config.num_dimm_slots : 0,
        .bridges = s->bridge_hotplug,
    };

    init_wmasks(dev);
    s->isa_bus = isa_bus_new(DEVICE(dev), pci_address_space(dev), io);
    if (!bus_realize(BUS(s->isa_bus), errp)) {
        return false;
    }
    pci_bus_set_irqs(bus, lpc_set_irq, lpc_map_irq, s, ICH9_NUM_PIRQS);
    memory_region_init_io(&s->rcrb_region, OBJECT(dev), &rcrb_ops, s, "lpc-rcrb-mmio",
                          RCRB_LEN);
    memory_region_init_io(&s->rst_region, OBJECT(dev), &rst_ops, s, "lpc-reset-control",
                          1);
    memory_region_add_subregion_overlap(io, RST_CNT, &s->rst_region, 1);
    memory_region_init_io(&s->apm_region, OBJECT(dev), &apm_ops, s, "apm-io", 2);
    memory_region_add_subregion(io, APM_BASE, &s->apm_region);
    ich9_pm_init(&s->pm, DEVICE(dev), bus, io, &hotplug, s->config.smm_enabled, &pm_ops,
                 s);
    lpc_reset(dev);
    return true;
}

static void lpc_init(Object *obj)
{
    LpcIch9 *s = (LpcIch9 *)obj;
    DeviceState *dev = DEVICE(obj);

    device_init_gpio_out_named(dev, s->gsi, ICH9_LPC_GSI_GPIO, ICH9_NUM_GSI);
    device_init_gpio_out_named(dev, s->smi, ICH9_LPC_SMI_GPIO, 2);
    device_init_gpio_out_named(dev, &s->reset_out, ICH9_LPC_RESET_GPIO, 1);
    device_init_gpio_out_named(dev, &s->poweroff, ICH9_LPC_POWEROFF_GPIO, 1);
    device_init_gpio_out_named(dev, &s->suspend, ICH9_LPC_SUSPEND_GPIO, 1);
}

PCIDevice *lpc_ich9_create(PCIBus *bus, int devfn, const LpcIch9Config *config,
                           Error **errp)
{
    PCIDevice *dev = pci_new_multifunction(devfn, TYPE_ICH9_LPC);

    lpc_cast(dev)->config = *config;
    return pci_realize_and_unref(dev, bus, errp) ? dev : NULL;
}

void lpc_ich9_map_pm(PCIDevice *lpc)
{
    memory_region_add_subregion(pci_address_space_io(lpc), 0, &lpc_cast(lpc)->pm.io);
}

ISABus *lpc_ich9_get_isa_bus(PCIDevice *lpc)
{
    return lpc_cast(lpc)->isa_bus;
}

/* --- State and type ------------------------------------------------------------------
 */

static bool lpc_pre_load(void *opaque, Error **errp)
{
    LpcIch9 *s = opaque;

    /* Pins that are high now go down with the routing under which they came up. */
    pci_bus_reroute_begin(pci_get_bus(&s->parent_obj));
    return true;
}

static bool lpc_post_load(void *opaque, int version_id, Error **errp)
{
    LpcIch9 *s = opaque;

    pci_bus_reroute_commit(pci_get_bus(&s->parent_obj));
    if (s->parent_obj.config[LPC_GEN_PMCON_1] & LPC_GEN_PMCON_1_LOCK) {
        s->parent_obj.wmask[LPC_GEN_PMCON_1] &= (uint8_t)~LPC_GEN_PMCON_1_LOCK;
        ich9_pm_lock_smi(&s->pm);
    }
    update_pm(s);
    update_rcba(s);
    update_irqs(s);
    return true;
}

static const VMStateField lpc_fields[] = {
    VMSTATE_PCI_DEVICE(parent_obj, LpcIch9),
    VMSTATE_STRUCT(pm, LpcIch9, vmstate_ich9_pm),
    VMSTATE_BUFFER(rcrb, LpcIch9),
    VMSTATE_UINT8(rst_cnt, LpcIch9),
    VMSTATE_UINT8(apmc, LpcIch9),
    VMSTATE_UINT8(apms, LpcIch9),
    VMSTATE_BUFFER(smi_requested, LpcIch9),
    VMSTATE_UINT8(smi_features_ok, LpcIch9),
    VMSTATE_UINT64(smi_negotiated, LpcIch9),
    VMSTATE_END_OF_LIST(),
};

static const VMStateDescription vmstate_lpc = {
    .name = "ICH9LPC",
    .version_id = 1,
    .minimum_version_id = 1,
    .pre_load = lpc_pre_load,
    .post_load = lpc_post_load,
    .fields = lpc_fields,
};

static const Property lpc_props[] = {
    PROP_BOOL("noreboot", LpcIch9, no_reboot, true),
    PROP_UINT8("disable_s3", LpcIch9, disable_s3, 0),
    PROP_UINT8("disable_s4", LpcIch9, disable_s4, 0),
    PROP_UINT8("s4_val", LpcIch9, s4_val, 2),
    PROP_BOOL("memory-hotplug-support", LpcIch9, memory_hotplug, true),
    PROP_BOOL("acpi-pci-hotplug-with-bridge-support", LpcIch9, bridge_hotplug, true),
    PROP_BOOL("x-smi-broadcast", LpcIch9, smi_broadcast, true),
    PROP_BOOL("x-smi-cpu-hotplug", LpcIch9, smi_cpu_hotplug, true),
    PROP_BOOL("x-smi-cpu-hotunplug", LpcIch9, smi_cpu_unplug, true),
};

static void lpc_class_init(ObjectClass *klass, const void *data)
{
    DeviceClass *dc = DEVICE_CLASS(klass);
    PCIDeviceClass *pc = PCI_DEVICE_CLASS(klass);

    dc->desc = "ICH9 LPC bridge";
    dc->categories = 1u << DEVICE_CATEGORY_BRIDGE;
    dc->vmsd = &vmstate_lpc;
    dc->user_creatable = false;
    dc->hotpluggable = false;
    pc->vendor_id = PCI_VENDOR_ID_INTEL;
    pc->device_id = 0x2918;
    pc->revision = 0x02;
    pc->class_id = PCI_CLASS_BRIDGE_ISA;
    pc->realize = lpc_realize;
    pc->reset_hold = lpc_reset;
    pc->config_write = lpc_write_config;
    acpi_hotplug_class_init(klass, offsetof(LpcIch9, pm.hotplug));
    OBJECT_CLASS_ADD_PROPERTIES(klass, lpc_props);
}

static const char *const lpc_interfaces[] = { TYPE_HOTPLUG_HANDLER, TYPE_ACPI_DEVICE_IF,
                                              NULL };
static const TypeInfo lpc_info = {
    .name = TYPE_ICH9_LPC,
    .parent = TYPE_PCI_DEVICE,
    .instance_size = sizeof(LpcIch9),
    .instance_init = lpc_init,
    .class_init = lpc_class_init,
    .interfaces = lpc_interfaces,
};
TYPE_REGISTER(lpc_info);
