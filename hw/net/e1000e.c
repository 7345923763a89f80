/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Intel 82574L Gigabit Ethernet controller. Source: "Intel 82574 GbE Controller Family
 * Datasheet", 317694, revision 2.5: chapters 7 (descriptors, interrupts), 9 (PCI
 * Express) and 10 (registers). The rings, filters, offloads, statistics and the PHY are
 * those of e1000*.c. Not modelled: the second queue pair and receive side scaling (all
 * goes through queue 0), packet split descriptors, flash, manageability, IEEE 1588,
 * EITR throttling.
 *
 * Board-facing: PCI 8086:10d3; BAR 0 registers (128 KiB), BAR 1 flash (128 KiB, empty),
 * BAR 2 the I/O window (32 ports), BAR 3 MSI-X (five vectors), ROM BAR; INTA, MSI or
 * MSI-X; properties mac, netdev, subsys, subsys_ven, bootindex ...
 */
#include "hw/net/e1000-internal.h"
#include "hw/pci/msi.h"
#include "hw/pci/pcie.h"

#include <string.h>

/* --- Registers that the 82540EM does not have (chapter 10) --- */
enum {
    EIAC = 0x00dc,
    IAM = 0x00e0,
    IVAR = 0x00e4,
    EITR = 0x00e8, /* five */
    EXTCNF_CTRL = 0x0f00,
    EXTCNF_SIZE = 0x0f08,
    PHY_CTRL_REG = 0x0f10,
    EEMNGCTL = 0x1010,
    FLOP = 0x103c,
    PSRCTL = 0x2170,
    QUEUE1_RX = 0x2900, /* RDBAL1 ... RXDCTL1 */
    TARC0 = 0x3840,
    QUEUE1_TX = 0x3900, /* TDBAL1 ... TARC1 */
    IAC = 0x4100,
    ICRXOC = 0x4124,
    MRQC = 0x5818,
    MANC2H = 0x5860,
    GCR = 0x5b00,
    FUNCTAG = 0x5b08,
    GSCL = 0x5b10,
    FACTPS = 0x5b30,
    GIOANACTL = 0x5b34,
    FWSM = 0x5b54,
    GCR2 = 0x5b64,
    RETA = 0x5c00,
    RSSRK = 0x5c80,
};
#define EECD_AUTO_RD       0x00000200u
#define EECD_SPI_16K       0x00002000u /* size of the NVM */
#define EERD_V2_START      0x00000001u
#define EERD_V2_DONE       0x00000002u
#define CTRL_GIO_DISABLE   0x00000004u
#define STATUS_GIO_ENABLED 0x00080000u
#define CTRL_EXT_EIAME     0x01000000u
#define CTRL_EXT_IAME      0x08000000u
#define EEMNGCTL_CFG_DONE  0x00040000u
#define IVAR_VALID         0x8u
#define INT_ASSERTED       0x80000000u
enum {
    INT_SRPD = 1 << 16,
    INT_ACK = 1 << 17,
    INT_MNG = 1 << 18,
    INT_RXQ0 = 1 << 20,
    INT_TXQ0 = 1 << 22,
    INT_OTHER = 1 << 24,
};
#define E1000E_CAUSES  0x01f782d7u /* bits 0-2, 4, 6, 7, 9, 15-18, 20-24 */
#define INT_ALL_OTHERS (INT_LSC | INT_RXO | INT_MDAC | INT_SRPD | INT_ACK | INT_MNG)

/* --- PCI --- */
#define E1000E_MSIX_CAP    0xa0
#define E1000E_PM_CAP      0xc8
#define E1000E_MSI_CAP     0xd0
#define E1000E_PCIE_CAP    0xe0
#define E1000E_VECTORS     5
#define E1000E_MSIX_BYTES  0x4000
#define E1000E_PBA         0x2000
#define E1000E_FLASH_BYTES 0x20000
#define PM_CAP_SIZE        8
#define PM_CAP_BITS        0x0022 /* version 2, device specific initialization */
#define PM_CONTROL         4
#define PM_CONTROL_WMASK   0x0103 /* PME enable, power state */
#define PM_CONTROL_W1C     0x8000

typedef struct E1000EState {
    E1000State parent_obj;
    MemoryRegion flash, msix;
    uint32_t sent; /* causes whose message has been sent and not yet answered */
    /* Properties. */
    uint16_t subsys_ven, subsys;
} E1000EState;

static E1000EState *e1000e(const void *obj)
{
    return (E1000EState *)object_cast((const Object *)obj, TYPE_E1000E);
}

/* --- Interrupts (7.4) --- */

static uint32_t more_causes(uint32_t causes)
{
    uint32_t more = 0;

    if (causes & (INT_RXT0 | INT_RXDMT0)) {
        more |= INT_RXQ0;
    }
    if (causes & (INT_TXDW | INT_TXQE)) {
        more |= INT_TXQ0;
    }
    if (causes & INT_ALL_OTHERS) {
        more |= INT_OTHER;
    }
    return more;
}

/* Each cause that IVAR knows has its vector, four bits in the order of the causes. */
static void notify_msix(E1000State *s, uint32_t cause, unsigned shift)
{
    uint32_t entry = *e1000_reg(s, IVAR) >> shift & 0xf;

    if (!(entry & IVAR_VALID)) {
        return;
    }
    if (*e1000_reg(s, CTRL_EXT) & CTRL_EXT_EIAME) {
        *e1000_reg(s, IMS) &= ~(cause & *e1000_reg(s, IAM));
    }
    if (*e1000_reg(s, EIAC) & cause) {
        *e1000_reg(s, ICR) &= ~cause;
        e1000e(s)->sent &= ~cause;
    }
    msix_notify(PCI_DEVICE(s), entry & 7);
}

static void update_msix(E1000State *s, uint32_t fresh)
{
    for (unsigned i = 0; i < 5; i++) { /* RXQ0, RXQ1, TXQ0, TXQ1, other */
        uint32_t cause = (uint32_t)INT_RXQ0 << i;
        if (fresh & cause) {
            notify_msix(s, cause, 4 * i);
        }
    }
}

static void update_irq(E1000State *s)
{
    E1000EState *e = e1000e(s);
    PCIDevice *pci = PCI_DEVICE(s);
    uint32_t pending = *e1000_reg(s, ICR) & *e1000_reg(s, IMS) & ~INT_ASSERTED;
    uint32_t fresh = pending & ~e->sent;

    e->sent = pending;
    if (pending) {
        *e1000_reg(s, ICR) |= INT_ASSERTED;
    } else {
        *e1000_reg(s, ICR) &= ~INT_ASSERTED;
    }
    if (msix_enabled(pci)) {
        update_msix(s, fresh);
    } else if (msi_enabled(pci)) {
        if (fresh) {
            msi_notify(pci, 0);
        }
    } else {
        pci_set_irq(pci, pending != 0);
    }
    s->irq_level = pending != 0;
}

/* 10.2.4.1: reading clears if nothing is unmasked or an interrupt was asserted. */
static uint32_t read_icr(E1000State *s)
{
    uint32_t value = *e1000_reg(s, ICR);

    if ((value & INT_ASSERTED) && (*e1000_reg(s, CTRL_EXT) & CTRL_EXT_IAME)) {
        *e1000_reg(s, IMS) &= ~*e1000_reg(s, IAM);
    }
    if (!*e1000_reg(s, IMS) || (value & INT_ASSERTED)) {
        *e1000_reg(s, ICR) = 0;
    }
    update_irq(s);
    return value;
}

/* --- Registers --- */

static bool model_read(E1000State *s, uint32_t offset, uint32_t *value)
{
    switch (offset) {
    case ICR:
        *value = read_icr(s);
        return true;
    case EECD:
        *value = EECD_AUTO_RD | EECD_SPI_16K | (*e1000_reg(s, EECD) & ~0x3200u);
        return true;
    case EEMNGCTL:
        *value = EEMNGCTL_CFG_DONE;
        return true;
    case STATUS:
        *value = *e1000_reg(s, STATUS);
        if (!(*e1000_reg(s, CTRL) & CTRL_GIO_DISABLE)) {
            *value |= STATUS_GIO_ENABLED;
        }
        return true;
    default:
        return false;
    }
}

/* Words of the NVM: the address is where the 82540EM has DONE. */
static void write_eerd(E1000State *s, uint32_t value)
{
    uint32_t word = value >> 2 & 0x3fff;

    if (value & EERD_V2_START) {
        uint16_t data = word < E1000_EEPROM_LEN ? s->eeprom[word] : 0xffff;
        *e1000_reg(s, EERD) = (uint32_t)data << 16 | word << 2 | EERD_V2_DONE;
    }
}

/* Registers that merely keep what is written. */
static bool is_kept(uint32_t offset)
{
    switch (offset) {
    case EECD:
    case EIAC:
    case IAM:
    case IVAR:
    case EXTCNF_CTRL:
    case EXTCNF_SIZE:
    case PHY_CTRL_REG:
    case FLOP:
    case PSRCTL:
    case TARC0:
    case ICRXOC:
    case RFCTL:
    case MRQC:
    case MANC2H:
    case GCR:
    case FUNCTAG:
    case GIOANACTL:
    case FWSM:
    case SWSM:
    case GCR2:
        return true;
    default:
        return (offset >= EITR && offset < EITR + 4 * E1000E_VECTORS) ||
               (offset >= QUEUE1_RX && offset < QUEUE1_RX + 0x30) ||
               (offset >= QUEUE1_TX && offset < QUEUE1_TX + 0x44) ||
               (offset >= GSCL && offset < GSCL + 0x10) ||
               (offset >= RETA && offset < RETA + 0x80) ||
               (offset >= RSSRK && offset < RSSRK + 0x28);
    }
}

static bool model_write(E1000State *s, uint32_t offset, uint32_t value)
{
    switch (offset) {
    case EERD:
        write_eerd(s, value);
        return true;
    case ICR:
        *e1000_reg(s, ICR) &= ~value;
        update_irq(s);
        return true;
    default:
        if (is_kept(offset)) {
            *e1000_reg(s, offset) = value;
            return true;
        }
        return false;
    }
}

static void model_reset(E1000State *s)
{
    e1000e(s)->sent = 0;
    *e1000_reg(s, STATUS) &= 0x7fffffffu;
    *e1000_reg(s, FACTPS) = 0x20000040;
    *e1000_reg(s, PBA) = 0x00140014;
    *e1000_reg(s, TARC0) = 0x00000403;
    *e1000_reg(s, EXTCNF_CTRL) = 0x00000008;
    *e1000_reg(s, GCR) = 0x08004080;
}

static const E1000Model e1000e_model = {
    .device_id = 0x10d3,
    .phy_id2 = 0x0cb1,
    .causes = E1000E_CAUSES,
    .io_bytes = 32,
    .mmio_bar = 0,
    .io_bar = 2,
    .mmio_name = "e1000e-mmio",
    .io_name = "e1000e-io",
    .more_causes = more_causes,
    .update_irq = update_irq,
    .read = model_read,
    .write = model_write,
    .reset = model_reset,
};

/* --- The device --- */

static bool add_power_management(PCIDevice *pci, Error **errp)
{
    int cap = pci_add_capability(pci, PCI_CAP_ID_PM, E1000E_PM_CAP, PM_CAP_SIZE, errp);

    if (cap < 0) {
        return false;
    }
    pci_set_word(pci->config + cap + 2, PM_CAP_BITS);
    pci_set_word(pci->wmask + cap + PM_CONTROL, PM_CONTROL_WMASK);
    pci_set_word(pci->w1cmask + cap + PM_CONTROL, PM_CONTROL_W1C);
    return true;
}

/* The serial number is the address with ff:fe in the middle (9.3.8). */
static void add_serial_number(PCIDevice *pci, const uint8_t *mac)
{
    uint8_t *c = pcie_add_ext_cap(pci, PCIE_EXT_CAP_DSN, 1, 0x140, 12);
    const uint8_t number[8] = { mac[5], mac[4], mac[3], 0xff,
                                0xfe,   mac[2], mac[1], mac[0] };

    memcpy(c + 4, number, sizeof(number));
}

static bool e1000e_realize(PCIDevice *pci, Error **errp)
{
    E1000EState *e = e1000e(pci);

    /* No flash is fitted: nothing answers in its BAR. */
    memory_region_init(&e->flash, OBJECT(e), "e1000e-flash", E1000E_FLASH_BYTES);
    memory_region_init(&e->msix, OBJECT(e), "e1000e-msix", E1000E_MSIX_BYTES);
    /* Each goes in front of the list. */
    if (!msix_init(pci, E1000E_VECTORS, &e->msix, 3, 0, &e->msix, 3, E1000E_PBA,
                   E1000E_MSIX_CAP, errp)) {
        return false;
    }
    if (!pcie_cap_init(pci, E1000E_PCIE_CAP, 1, PCIE_ENDPOINT, 0, errp) ||
        !msi_init(pci, E1000E_MSI_CAP, 1, true, false, errp) ||
        !add_power_management(pci, errp) || !e1000_base_realize(pci, errp)) {
        msix_uninit(pci);
        return false;
    }
    pci_register_bar(pci, 1, PCI_BAR_MEM, &e->flash);
    pci_register_bar(pci, 3, PCI_BAR_MEM, &e->msix);
    pci_set_word(pci->config + PCI_SUBSYSTEM_VENDOR_ID, e->subsys_ven);
    pci_set_word(pci->config + PCI_SUBSYSTEM_ID, e->subsys);
    pcie_aer_init(pci, 0x100);
    add_serial_number(pci, E1000(pci)->conf.mac);
    return true;
}

static void e1000e_unrealize(PCIDevice *pci)
{
    e1000_base_unrealize(pci);
    msi_uninit(pci);
}

static void e1000e_reset(PCIDevice *pci)
{
    pcie_cap_reset(pci);
    e1000_base_reset(pci);
}

static void e1000e_init(Object *obj)
{
    E1000(obj)->model = &e1000e_model;
}

static const VMStateField e1000e_fields[] = {
    VMSTATE_STRUCT(parent_obj, E1000EState, vmstate_e1000_base),
    VMSTATE_MSIX(parent_obj.parent_obj, E1000EState),
    VMSTATE_UINT32(sent, E1000EState),
    VMSTATE_END_OF_LIST(),
};

static const VMStateDescription vmstate_e1000e = {
    .name = "e1000e",
    .version_id = 1,
    .minimum_version_id = 1,
    .fields = e1000e_fields,
};

static const Property e1000e_properties[] = {
    NIC_PROPERTIES(E1000EState, parent_obj.conf),
    PROP_BOOL("init-vet", E1000EState, parent_obj.init_vet, true),
    PROP_UINT16("subsys_ven", E1000EState, subsys_ven, PCI_VENDOR_ID_INTEL),
    PROP_UINT16("subsys", E1000EState, subsys, 0),
    PROP_INT32("bootindex", E1000EState, parent_obj.bootindex, -1),
};

static void e1000e_class_init(ObjectClass *klass, const void *data)
{
    DeviceClass *dc = DEVICE_CLASS(klass);
    PCIDeviceClass *pc = PCI_DEVICE_CLASS(klass);

    pc->realize = e1000e_realize;
    pc->unrealize = e1000e_unrealize;
    pc->reset_hold = e1000e_reset;
    pc->device_id = 0x10d3;
    pc->is_express = true;
    pc->romfile = "efi-e1000e.rom";
    dc->desc = "Intel 82574L GbE Controller";
    dc->vmsd = &vmstate_e1000e;
    OBJECT_CLASS_ADD_PROPERTIES(klass, e1000e_properties);
}

static const TypeInfo e1000e_info = {
    .name = TYPE_E1000E,
    .parent = TYPE_E1000_BASE,
    .instance_size = sizeof(E1000EState),
    .instance_init = e1000e_init,
    .class_init = e1000e_class_init,
};
TYPE_REGISTER(e1000e_info);
