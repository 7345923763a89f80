/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Intel Q35 (82Q35) memory controller hub, host bridge function D0:F0. Source: Intel 3
 * Series Express Chipset Family data sheet (316966-002), section 5.1; register 50 and
 * the size "3" of the top segment, and register 9c, are the reference platform's own.
 * Not modelled: DRAM controller, DMI and EP BARs, graphics, REMAP: bytes 40-ff other
 * than those below are plain storage.
 *
 * Interface: host "q35-pcihost": I/O cf8-cfb and cfc-cff, "pcie-mmcfg-mmio" in system
 * memory, root bus "pcie.0", property pci-hole64-size. Function "mch" at 00:00.0: no
 * BARs, no interrupt, property extended-tseg-mbytes, smbase-smram. Regions made: pam-*,
 * smram-region, smram-open-high, tseg-blackhole and smbase-blackhole in system memory,
 * "smram" for the CPUs with smram-low, smram-high, tseg-window and smbase-window in it.
 */
#include "hw/pci-host/q35.h"
#include "hw/pci-host/pam.h"
#include "hw/pci/pcie-host.h"

#include <string.h>

/* --- Registers of function 0 (316966, 5.1) --- */
#define MCH_EXT_TSEG       0x50   /* 16 bits: MiB of the extended segment */
#define MCH_EXT_TSEG_QUERY 0xffff /* what the firmware writes to learn it */
#define MCH_PCIEXBAR       0x60   /* 64 bits */
#define MCH_PCIEXBAR_RESET 0xb0000000u
#define MCH_PCIEXBAR_EN    0x1u
#define MCH_PCIEXBAR_LEN   0x6u                  /* 0: 256, 1: 128, 2: 64 MiB */
#define MCH_PCIEXBAR_ADDR  UINT64_C(0xff0000000) /* bits 35-28 */
#define MCH_PAM            0x90                  /* seven bytes */
#define MCH_SMBASE         0x9c                  /* 3000:0000 for CPUs in SMM alone */
#define MCH_SMBASE_QUERY   0xff
#define MCH_SMBASE_ACK     0x01
#define MCH_SMBASE_LOCK    0x02
#define MCH_SMRAM          0x9d
#define MCH_SMRAM_BASE     0x02 /* the three base bits, hardwired */
#define MCH_SMRAM_G_SMRAME 0x08
#define MCH_SMRAM_D_LCK    0x10
#define MCH_SMRAM_D_CLS    0x20
#define MCH_SMRAM_D_OPEN   0x40
#define MCH_SMRAM_WMASK \
    (MCH_SMRAM_D_OPEN | MCH_SMRAM_D_CLS | MCH_SMRAM_D_LCK | MCH_SMRAM_G_SMRAME)
#define MCH_ESMRAMC          0x9e
#define MCH_ESMRAMC_T_EN     0x01
#define MCH_ESMRAMC_TSEG_SZ  0x06
#define MCH_ESMRAMC_CACHE    0x38 /* SMRAM is never cached: hardwired */
#define MCH_ESMRAMC_H_SMRAME 0x80
#define MCH_ESMRAMC_WMASK \
    (MCH_ESMRAMC_H_SMRAME | MCH_ESMRAMC_TSEG_SZ | MCH_ESMRAMC_T_EN)

#define MIB         (UINT64_C(1) << 20)
#define SMRAM_BASE  0xa0000
#define SMRAM_SIZE  0x20000
#define HSMRAM_BASE 0xfeda0000
#define SMBASE_BASE 0x30000
#define SMBASE_SIZE 0x20000

typedef struct MCHState {
    PCIDevice parent_obj;
    PAMMap pam;
    MemoryRegion smram_region;     /* hides RAM at a0000 from everybody */
    MemoryRegion open_high;        /* compatible SMRAM at feda0000 while it is open */
    MemoryRegion tseg_blackhole;   /* hides the top segment from everybody */
    MemoryRegion smbase_blackhole; /* the same for 30000-4ffff */
    MemoryRegion *smram;           /* the host's */
    MemoryRegion smram_low, smram_high, tseg_window, smbase_window;
    /* Settings. */
    uint16_t ext_tseg_mib;
    bool smbase_smram;
} MCHState;

struct Q35Host {
    PCIExpressHost parent_obj;
    Q35Parts parts;
    MCHState *mch;
    MemoryRegion smram;
    uint64_t hole64_size;
};

static Q35Host *host_cast(const void *obj)
{
    return (Q35Host *)object_cast(obj, TYPE_Q35_PCIHOST);
}

static MCHState *mch_cast(const void *obj)
{
    return (MCHState *)object_cast(obj, TYPE_MCH);
}

static Q35Host *host_of(const MCHState *s)
{
    return host_cast(BUS(pci_get_bus(&s->parent_obj))->parent);
}

/* --- What nobody but SMM may see ----------------------------------------------------
 */

static uint64_t blackhole_read(void *opaque, hwaddr offset, unsigned size)
{
    return UINT64_MAX;
}

static void blackhole_write(void *opaque, hwaddr offset, uint64_t value, unsigned size)
{
}

static const MemoryRegionOps blackhole_ops = {
    .read = blackhole_read,
    .write = blackhole_write,
    .endianness = DEVICE_LITTLE_ENDIAN,
    .valid = {.min_access_size = 1, .max_access_size = 8},
};

/* --- Function 00:00.0 ----------------------------------------------------------------
 */

static void update_pam(MCHState *s)
{
    pam_update(&s->pam, s->parent_obj.config + MCH_PAM);
}

/* 5.1.20: the base has as many bits as the length leaves. */
static void update_pciexbar(MCHState *s)
{
    static const uint64_t sizes[] = { 256 * MIB, 128 * MIB, 64 * MIB, 0 };
    Q35Host *host = host_of(s);
    uint64_t reg = pci_get_quad(s->parent_obj.config + MCH_PCIEXBAR);
    uint64_t size = reg & MCH_PCIEXBAR_EN ? sizes[(reg & MCH_PCIEXBAR_LEN) >> 1] : 0;
    uint64_t mask = MCH_PCIEXBAR_ADDR | ((256 * MIB - 1) & ~(size - 1));

    pcie_host_map_mmcfg(PCIE_HOST_BRIDGE(host), host->parts.system_memory,
                        size ? reg & mask : 0, size);
}

static uint64_t tseg_size(const MCHState *s)
{
    static const uint64_t sizes[] = { MIB, 2 * MIB, 8 * MIB };
    const uint8_t *c = s->parent_obj.config;
    unsigned code = (c[MCH_ESMRAMC] & MCH_ESMRAMC_TSEG_SZ) >> 1;

    if (!(c[MCH_ESMRAMC] & MCH_ESMRAMC_T_EN) || !(c[MCH_SMRAM] & MCH_SMRAM_G_SMRAME)) {
        return 0;
    }
    uint64_t size = code < G_N_ELEMENTS(sizes) ? sizes[code] : s->ext_tseg_mib * MIB;
    return size <= host_of(s)->parts.below_4g ? size : 0;
}

static void update_tseg(MCHState *s)
{
    uint64_t size = tseg_size(s);
    hwaddr base = host_of(s)->parts.below_4g - size;

    memory_region_set_enabled(&s->tseg_blackhole, size != 0);
    memory_region_set_size(&s->tseg_blackhole, size);
    memory_region_set_address(&s->tseg_blackhole, base);
    memory_region_set_enabled(&s->tseg_window, size != 0);
    memory_region_set_size(&s->tseg_window, size);
    memory_region_set_address(&s->tseg_window, base);
    memory_region_set_alias_offset(&s->tseg_window, base);
}

static void update_smram(MCHState *s)
{
    const uint8_t *c = s->parent_obj.config;
    bool high = c[MCH_ESMRAMC] & MCH_ESMRAMC_H_SMRAME;
    bool open = c[MCH_SMRAM] & MCH_SMRAM_D_OPEN;
    bool enabled = c[MCH_SMRAM] & MCH_SMRAM_G_SMRAME;

    memory_region_transaction_begin();
    memory_region_set_enabled(&s->smram_region, !open || high);
    memory_region_set_enabled(&s->open_high, open && high);
    memory_region_set_enabled(&s->smram_low, enabled && !high);
    memory_region_set_enabled(&s->smram_high, enabled && high);
    update_tseg(s);
    memory_region_transaction_commit();
}

static void update_smbase(MCHState *s)
{
    bool locked = s->parent_obj.config[MCH_SMBASE] == MCH_SMBASE_LOCK;

    memory_region_transaction_begin();
    memory_region_set_enabled(&s->smbase_blackhole, locked);
    memory_region_set_enabled(&s->smbase_window, locked);
    memory_region_transaction_commit();
}

/* D_LCK makes the others read-only until reset, D_CLS excepted (5.1.28). */
static void smram_written(MCHState *s)
{
    PCIDevice *dev = &s->parent_obj;

    if (dev->config[MCH_SMRAM] & MCH_SMRAM_D_LCK) {
        dev->config[MCH_SMRAM] &= (uint8_t)~MCH_SMRAM_D_OPEN;
        dev->wmask[MCH_SMRAM] = MCH_SMRAM_D_CLS;
        dev->wmask[MCH_ESMRAMC] = 0;
    }
    update_smram(s);
}

static void unlock(MCHState *s)
{
    s->parent_obj.wmask[MCH_SMRAM] = MCH_SMRAM_WMASK;
    s->parent_obj.wmask[MCH_ESMRAMC] = MCH_ESMRAMC_WMASK;
}

/* Ask with ff, get 1 when it can be done; 2 does it and locks. */
static void smbase_written(MCHState *s, uint8_t old)
{
    uint8_t *reg = &s->parent_obj.config[MCH_SMBASE];

    if (old == MCH_SMBASE_LOCK || !s->smbase_smram) {
        *reg = old;
    } else if (*reg == MCH_SMBASE_QUERY) {
        *reg = MCH_SMBASE_ACK;
    } else if (old != MCH_SMBASE_ACK || *reg != MCH_SMBASE_LOCK) {
        *reg = old;
    }
    update_smbase(s);
}

static void mch_write_config(PCIDevice *dev, uint32_t offset, uint32_t value, int size)
{
    MCHState *s = mch_cast(dev);
    uint8_t old_smbase = dev->config[MCH_SMBASE];

    pci_default_write_config(dev, offset, value, size);
    if (pci_config_overlaps(offset, size, MCH_PAM, PAM_REGISTERS)) {
        update_pam(s);
    }
    if (pci_config_overlaps(offset, size, MCH_PCIEXBAR, 8)) {
        update_pciexbar(s);
    }
    if (pci_config_overlaps(offset, size, MCH_SMRAM, 1) ||
        pci_config_overlaps(offset, size, MCH_ESMRAMC, 1)) {
        smram_written(s);
    }
    if (pci_config_overlaps(offset, size, MCH_EXT_TSEG, 2) &&
        pci_get_word(dev->config + MCH_EXT_TSEG) == MCH_EXT_TSEG_QUERY) {
        pci_set_word(dev->config + MCH_EXT_TSEG, s->ext_tseg_mib);
    }
    if (pci_config_overlaps(offset, size, MCH_SMBASE, 1)) {
        smbase_written(s, old_smbase);
    }
}

static void mch_reset(PCIDevice *dev)
{
    MCHState *s = mch_cast(dev);
    uint8_t *c = dev->config;

    memset(c + PCI_CONFIG_HEADER_SIZE, 0,
           PCI_CONFIG_SPACE_SIZE - PCI_CONFIG_HEADER_SIZE);
    pci_set_word(c + MCH_EXT_TSEG, s->ext_tseg_mib);
    pci_set_quad(c + MCH_PCIEXBAR, MCH_PCIEXBAR_RESET);
    c[MCH_SMRAM] = MCH_SMRAM_BASE;
    c[MCH_ESMRAMC] = MCH_ESMRAMC_CACHE;
    unlock(s);
    memory_region_transaction_begin();
    update_pam(s);
    update_pciexbar(s);
    update_smram(s);
    update_smbase(s);
    memory_region_transaction_commit();
}

static void init_hidden_regions(MCHState *s, const Q35Parts *p)
{
    Object *obj = OBJECT(s);

    memory_region_init_alias(&s->smram_region, obj, "smram-region", p->pci_memory,
                             SMRAM_BASE, SMRAM_SIZE);
    memory_region_add_subregion_overlap(p->system_memory, SMRAM_BASE, &s->smram_region,
                                        1);
    memory_region_init_alias(&s->open_high, obj, "smram-open-high", p->ram, SMRAM_BASE,
                             SMRAM_SIZE);
    memory_region_set_enabled(&s->open_high, false);
    memory_region_add_subregion_overlap(p->system_memory, HSMRAM_BASE, &s->open_high,
                                        1);
    memory_region_init_io(&s->tseg_blackhole, obj, &blackhole_ops, s, "tseg-blackhole",
                          0);
    memory_region_set_enabled(&s->tseg_blackhole, false);
    memory_region_add_subregion_overlap(p->system_memory, p->below_4g,
                                        &s->tseg_blackhole, 1);
    memory_region_init_io(&s->smbase_blackhole, obj, &blackhole_ops, s,
                          "smbase-blackhole", SMBASE_SIZE);
    memory_region_set_enabled(&s->smbase_blackhole, false);
    memory_region_add_subregion_overlap(p->system_memory, SMBASE_BASE,
                                        &s->smbase_blackhole, 1);
}

static void init_smm_window(MCHState *s, MemoryRegion *window, const char *name,
                            MemoryRegion *ram, hwaddr base, hwaddr ram_offset,
                            uint64_t size)
{
    memory_region_init_alias(window, OBJECT(s), name, ram, ram_offset, size);
    memory_region_set_enabled(window, false);
    memory_region_add_subregion(s->smram, base, window);
}

static bool mch_realize(PCIDevice *dev, Error **errp)
{
    MCHState *s = mch_cast(dev);
    Q35Host *host = host_of(s);
    const Q35Parts *p = &host->parts;

    host->mch = s;
    s->smram = &host->smram;
    pam_init(&s->pam, OBJECT(s), p->system_memory, p->ram, p->pci_memory);
    init_hidden_regions(s, p);
    init_smm_window(s, &s->smram_low, "smram-low", p->ram, SMRAM_BASE, SMRAM_BASE,
                    SMRAM_SIZE);
    init_smm_window(s, &s->smram_high, "smram-high", p->ram, HSMRAM_BASE, SMRAM_BASE,
                    SMRAM_SIZE);
    init_smm_window(s, &s->tseg_window, "tseg-window", p->ram, p->below_4g, p->below_4g,
                    0);
    init_smm_window(s, &s->smbase_window, "smbase-window", p->ram, SMBASE_BASE,
                    SMBASE_BASE, SMBASE_SIZE);
    mch_reset(dev);
    return true;
}

static bool mch_post_load(void *opaque, int version_id, Error **errp)
{
    MCHState *s = opaque;

    memory_region_transaction_begin();
    unlock(s);
    update_pam(s);
    update_pciexbar(s);
    smram_written(s);
    update_smbase(s);
    memory_region_transaction_commit();
    return true;
}

static const VMStateField mch_fields[] = {
    VMSTATE_PCI_DEVICE(parent_obj, MCHState),
    VMSTATE_END_OF_LIST(),
};

static const VMStateDescription vmstate_mch = {
    .name = "mch",
    .version_id = 1,
    .minimum_version_id = 1,
    .post_load = mch_post_load,
    .fields = mch_fields,
};

static const Property mch_props[] = {
    PROP_UINT16("extended-tseg-mbytes", MCHState, ext_tseg_mib, 16),
    PROP_BOOL("smbase-smram", MCHState, smbase_smram, true),
};

static void mch_class_init(ObjectClass *klass, const void *data)
{
    DeviceClass *dc = DEVICE_CLASS(klass);
    PCIDeviceClass *pc = PCI_DEVICE_CLASS(klass);

    dc->desc = "Host bridge";
    dc->categories = 1u << DEVICE_CATEGORY_BRIDGE;
    dc->vmsd = &vmstate_mch;
    dc->user_creatable = false;
    dc->hotpluggable = false;
    pc->vendor_id = PCI_VENDOR_ID_INTEL;
    pc->device_id = 0x29c0;
    pc->class_id = PCI_CLASS_BRIDGE_HOST;
    pc->realize = mch_realize;
    pc->reset_hold = mch_reset;
    pc->config_write = mch_write_config;
    OBJECT_CLASS_ADD_PROPERTIES(klass, mch_props);
}

static const TypeInfo mch_info = {
    .name = TYPE_MCH,
    .parent = TYPE_PCI_DEVICE,
    .instance_size = sizeof(MCHState),
    .class_init = mch_class_init,
};
TYPE_REGISTER(mch_info);

/* --- Host ----------------------------------------------------------------------------
 */

Q35Host *q35_new(Object *machine)
{
    DeviceState *dev = device_new(TYPE_Q35_PCIHOST);

    object_property_add_child(machine, "q35", OBJECT(dev));
    object_unref(dev);
    return host_cast(dev);
}

MemoryRegion *q35_get_smram(Q35Host *host)
{
    return &host->smram;
}

uint64_t q35_get_hole64_size(const Q35Host *host)
{
    return host->hole64_size;
}

bool q35_get_mmcfg(const Q35Host *host, hwaddr *base, uint64_t *size)
{
    return pcie_host_get_mmcfg(PCIE_HOST_BRIDGE(host), base, size);
}

PCIBus *q35_init(Q35Host *host, const Q35Parts *parts, Error **errp)
{
    PCIHostState *ph = PCI_HOST_BRIDGE(host);

    host->parts = *parts;
    memory_region_add_subregion_overlap(parts->system_memory, 0, parts->pci_memory, -1);
    ph->bus = pcie_root_bus_new(DEVICE(host), "pcie.0", parts->pci_memory,
                                parts->system_io, PCI_DEVFN(0, 0));
    if (!sysbus_realize(SYSBUS_DEVICE(host), errp)) {
        return NULL;
    }
    PCIDevice *mch = pci_new(PCI_DEVFN(0, 0), TYPE_MCH);
    object_property_add_child(OBJECT(host), "mch", OBJECT(mch));
    return pci_realize_and_unref(mch, ph->bus, errp) ? ph->bus : NULL;
}

static bool q35_host_realize(DeviceState *dev, Error **errp)
{
    Q35Host *host = host_cast(dev);

    return pci_host_map_config(PCI_HOST_BRIDGE(dev), host->parts.system_io, errp);
}

static void q35_host_init(Object *obj)
{
    memory_region_init(&((Q35Host *)obj)->smram, obj, "smram", UINT64_C(1) << 32);
}

static const Property q35_host_props[] = {
    PROP_SIZE("pci-hole64-size", Q35Host, hole64_size, UINT64_C(32) << 30),
};

static void q35_host_class_init(ObjectClass *klass, const void *data)
{
    DeviceClass *dc = DEVICE_CLASS(klass);

    dc->realize = q35_host_realize;
    dc->hotpluggable = false;
    dc->fw_name = "pci@i0cf8"; /* its first I/O port */
    OBJECT_CLASS_ADD_PROPERTIES(klass, q35_host_props);
}

static const TypeInfo q35_host_info = {
    .name = TYPE_Q35_PCIHOST,
    .parent = TYPE_PCIE_HOST_BRIDGE,
    .instance_size = sizeof(Q35Host),
    .instance_init = q35_host_init,
    .class_init = q35_host_class_init,
};
TYPE_REGISTER(q35_host_info);
