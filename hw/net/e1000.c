/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Intel 82540EM Gigabit Ethernet controller, and the common part of its successor
 * (e1000e.c). Source: "PCI/PCI-X Family of Gigabit
 * Ethernet Controllers Software Developer's Manual", 317453, revision 4.0, and the
 * Marvell 88E1000 PHY registers as chapter 13 gives them. Not modelled: wake-up, flow
 * control frames, TBI, flash, manageability, packet buffer memory; interrupt delays
 * other than ITR (TIDV, TADV, RDTR, RADV are kept and have no effect).
 *
 * Board-facing: PCI 8086:100e; properties mac, netdev, mitigation, bootindex ...; BAR 0
 * registers (128 KiB), BAR 1 the I/O window on them (64 ports), ROM BAR; INTA.
 */
#include "hw/net/e1000-internal.h"

#include "util/log.h"

#include <stdlib.h>
#include <string.h>

#define MMIO_BYTES      0x20000
#define ITR_UNIT_NS     256
#define PHY_ADDRESS     1
#define EEPROM_CHECKSUM 0xbaba

enum {
    EECD_SK = 1 << 0,
    EECD_CS = 1 << 1,
    EECD_DI = 1 << 2,
    EECD_DO = 1 << 3,
    EECD_PINS = EECD_SK | EECD_CS | EECD_DI,
    EECD_FWE = 3 << 4,
    EECD_REQ = 1 << 6,
    EECD_GNT = 1 << 7,
    EECD_PRES = 1 << 8,
};
enum { EERD_START = 1 << 0, EERD_DONE = 1 << 4 };
enum {
    MDIC_OP_WRITE = 1 << 26,
    MDIC_OP_READ = 2 << 26,
    MDIC_READY = 1 << 28,
    MDIC_INTERRUPT = 1 << 29,
    MDIC_ERROR = 1 << 30,
};
enum {
    PHY_CTRL = 0,
    PHY_STATUS = 1,
    PHY_ID1 = 2,
    PHY_ID2 = 3,
    PHY_AUTONEG_ADV = 4,
    PHY_LP_ABILITY = 5,
    PHY_AUTONEG_EXP = 6,
    PHY_1000T_CTRL = 9,
    PHY_1000T_STATUS = 10,
    PHY_EXT_STATUS = 15,
    M88_SPEC_CTRL = 16,
    M88_SPEC_STATUS = 17,
    M88_INT_ENABLE = 18,
    M88_INT_STATUS = 19,
    M88_EXT_SPEC_CTRL = 20,
    M88_RX_ERRORS = 21,
};
enum {
    PHY_CTRL_RESET = 0x8000,
    PHY_CTRL_AUTONEG = 0x1000,
    PHY_CTRL_RESTART = 0x0200,
    PHY_STATUS_LINK = 0x0004,
    PHY_STATUS_AUTONEG_DONE = 0x0020,
    M88_STATUS_LINK = 0x0400,
};

/* --- Interrupts (13.4.17 and on) --- */

void e1000_update_irq(E1000State *s)
{
    if (s->model->update_irq) {
        s->model->update_irq(s);
        return;
    }
    bool level = *e1000_reg(s, ICR) & *e1000_reg(s, IMS);

    if (level == s->irq_level) {
        return;
    }
    if (level && timer_is_pending(&s->itr_timer)) {
        return; /* the interval since the last one has not passed */
    }
    uint32_t interval = *e1000_reg(s, ITR) & 0xffff;
    if (level && interval && s->mitigation) {
        timer_mod_ns(&s->itr_timer,
                     clock_get_ns(VIRTUAL_CLOCK) + (int64_t)interval * ITR_UNIT_NS);
    }
    s->irq_level = level;
    pci_set_irq(PCI_DEVICE(s), level);
}

static void itr_expired(void *opaque)
{
    e1000_update_irq(opaque);
}

void e1000_raise(E1000State *s, uint32_t causes)
{
    if (s->model->more_causes) {
        causes |= s->model->more_causes(causes);
    }
    *e1000_reg(s, ICR) |= causes & s->model->causes;
    e1000_update_irq(s);
}

/* --- Statistics --- */

void e1000_count(E1000State *s, uint32_t reg, uint32_t n)
{
    uint32_t *r = e1000_reg(s, reg);

    *r = *r > UINT32_MAX - n ? UINT32_MAX : *r + n;
}

void e1000_count64(E1000State *s, uint32_t reg, uint32_t n)
{
    uint32_t *low = e1000_reg(s, reg), *high = e1000_reg(s, reg + 4);
    uint64_t v = (uint64_t)*high << 32 | *low;

    v = v > UINT64_MAX - n ? UINT64_MAX : v + n;
    *low = (uint32_t)v;
    *high = (uint32_t)(v >> 32);
}

/* --- Link and PHY --- */

bool e1000_link_is_up(const E1000State *s)
{
    return s->regs[STATUS / 4] & STATUS_LU;
}

static void set_link(E1000State *s, bool up)
{
    if (up) {
        *e1000_reg(s, STATUS) |= STATUS_LU;
        s->phy[PHY_STATUS] |= PHY_STATUS_LINK | PHY_STATUS_AUTONEG_DONE;
        s->phy[M88_SPEC_STATUS] |= M88_STATUS_LINK;
    } else {
        *e1000_reg(s, STATUS) &= ~STATUS_LU;
        s->phy[PHY_STATUS] &= (uint16_t) ~(PHY_STATUS_LINK | PHY_STATUS_AUTONEG_DONE);
        s->phy[M88_SPEC_STATUS] &= (uint16_t)~M88_STATUS_LINK;
    }
}

static void phy_reset(E1000State *s)
{
    memset(s->phy, 0, sizeof(s->phy));
    s->phy[PHY_CTRL] = 0x1140;   /* autonegotiate, full duplex, 1000 */
    s->phy[PHY_STATUS] = 0x7949; /* all speeds, extended status, MF preamble off */
    s->phy[PHY_ID1] = 0x0141;
    s->phy[PHY_ID2] = s->model->phy_id2;
    s->phy[PHY_AUTONEG_ADV] = 0x0de1;
    s->phy[PHY_LP_ABILITY] = 0xcde1;
    s->phy[PHY_AUTONEG_EXP] = 0x0001;
    s->phy[PHY_1000T_CTRL] = 0x0e00;
    s->phy[PHY_1000T_STATUS] = 0x3c00;
    s->phy[PHY_EXT_STATUS] = 0x3000;
    s->phy[M88_SPEC_CTRL] = 0x0360;
    s->phy[M88_SPEC_STATUS] = 0xa800; /* 1000, full duplex, resolved */
    s->phy[M88_EXT_SPEC_CTRL] = 0x0d60;
    set_link(s, !s->nc.link_down);
}

/* Bits the driver may write. */
static uint16_t phy_write_mask(unsigned reg)
{
    switch (reg) {
    case PHY_CTRL:
        return 0x7fc0;
    case PHY_AUTONEG_ADV:
        return 0xffff;
    case PHY_1000T_CTRL:
        return 0xff00;
    case M88_SPEC_CTRL:
    case M88_INT_ENABLE:
    case M88_EXT_SPEC_CTRL:
    case 7:  /* next page transmit */
    case 29: /* page and its data: vendor registers */
    case 30:
        return 0xffff;
    default:
        return 0;
    }
}

static void phy_write(E1000State *s, unsigned reg, uint16_t value)
{
    uint16_t mask = phy_write_mask(reg);

    if (reg == PHY_CTRL && (value & PHY_CTRL_RESET)) {
        phy_reset(s);
        return;
    }
    s->phy[reg] = (uint16_t)((s->phy[reg] & ~mask) | (value & mask));
    if (reg == PHY_CTRL) {
        s->phy[reg] &= (uint16_t)~PHY_CTRL_RESTART;
        /* Negotiation ends at once, with the link up as before. */
        if ((value & PHY_CTRL_RESTART) && (value & PHY_CTRL_AUTONEG) &&
            s->autonegotiation && !s->nc.link_down) {
            set_link(s, true);
            e1000_raise(s, INT_LSC);
        }
    }
}

static void write_mdic(E1000State *s, uint32_t value)
{
    unsigned reg = value >> 16 & 31, phy = value >> 21 & 31;
    uint32_t result = value & ~(uint32_t)MDIC_ERROR;

    if (phy != PHY_ADDRESS) {
        result |= MDIC_ERROR;
    } else if (value & MDIC_OP_READ) {
        result = (result & 0xffff0000) | s->phy[reg];
        if (reg == M88_INT_STATUS) {
            s->phy[reg] = 0;
        }
    } else if (value & MDIC_OP_WRITE) {
        phy_write(s, reg, (uint16_t)value);
    } else {
        result |= MDIC_ERROR;
    }
    *e1000_reg(s, MDIC) = result | MDIC_READY;
    if (value & MDIC_INTERRUPT) {
        e1000_raise(s, INT_MDAC);
    }
}

/* --- EEPROM: 64 words, Microwire (5.2 to 5.6) --- */

static void eeprom_fill(E1000State *s)
{
    static const uint16_t words[E1000_EEPROM_LEN] = {
        [0x03] = 0x0d40, /* compatibility: LAN on motherboard, copper */
        [0x04] = 0xffff,
        [0x05] = 0xffff,
        [0x06] = 0xffff,
        [0x07] = 0xffff,
        [0x08] = 0xffff,
        [0x09] = 0xffff, /* PBA number */
        [0x0a] = 0x440b, /* initialization control 1: load ids, link polarity */
        [0x0b] = PCI_SUBDEVICE_DEFAULT,
        [0x0c] = PCI_SUBVENDOR_DEFAULT,
        [0x0e] = PCI_VENDOR_ID_INTEL,
        [0x0f] = 0xb86a, /* initialization control 2 */
        [0x20] = 0x0402,
        [0x21] = 0x0100,
    };
    uint16_t sum = 0;

    memcpy(s->eeprom, words, sizeof(words));
    s->eeprom[0x0d] = s->model->device_id;
    for (int i = 0; i < 3; i++) {
        s->eeprom[i] = (uint16_t)(s->conf.mac[2 * i] | s->conf.mac[2 * i + 1] << 8);
    }
    for (int i = 0; i < E1000_EEPROM_LEN - 1; i++) {
        sum = (uint16_t)(sum + s->eeprom[i]);
    }
    s->eeprom[E1000_EEPROM_LEN - 1] = (uint16_t)(EEPROM_CHECKSUM - sum);
}

/*
 * A read: start bit 1, opcode 10, six address bits; then a zero and the word, most
 * significant bit first, and the next words as long as the clock goes on.
 */
static void microwire_clock(E1000State *s, bool in)
{
    if (s->microwire.reading) {
        if (!s->microwire.out_bits) {
            s->microwire.address = (s->microwire.address + 1) % E1000_EEPROM_LEN;
            s->microwire.out = s->eeprom[s->microwire.address];
            s->microwire.out_bits = 16;
        }
        s->microwire.out_bits--;
        return;
    }
    if (!s->microwire.in_bits && !in) {
        return; /* zeros before the start bit */
    }
    s->microwire.in = (uint16_t)(s->microwire.in << 1 | in);
    if (++s->microwire.in_bits < 9) {
        return;
    }
    s->microwire.in_bits = 0;
    if ((s->microwire.in >> 6 & 3) == 2) {
        s->microwire.address = s->microwire.in & (E1000_EEPROM_LEN - 1);
        s->microwire.out = s->eeprom[s->microwire.address];
        s->microwire.out_bits = 16; /* the next to be put out is a zero */
        s->microwire.reading = true;
    }
    s->microwire.in = 0;
}

static void write_eecd(E1000State *s, uint32_t value)
{
    uint32_t old = s->microwire.eecd;

    s->microwire.eecd = value & (EECD_PINS | EECD_FWE | EECD_REQ);
    if (!(value & EECD_CS)) {
        s->microwire.reading = false;
        s->microwire.in_bits = 0;
        s->microwire.in = 0;
        return;
    }
    if ((value & EECD_SK) && !(old & EECD_SK)) {
        microwire_clock(s, value & EECD_DI);
    }
}

static uint32_t read_eecd(E1000State *s)
{
    uint32_t v = s->microwire.eecd | EECD_PRES;

    if (s->microwire.eecd & EECD_REQ) {
        v |= EECD_GNT;
    }
    if (!s->microwire.reading) {
        return v | EECD_DO; /* ready */
    }
    /* Bit 16 is the zero in front. */
    if ((uint32_t)s->microwire.out >> s->microwire.out_bits & 1) {
        v |= EECD_DO;
    }
    return v;
}

static void write_eerd(E1000State *s, uint32_t value)
{
    uint32_t word = value >> 8 & 0xff;

    if (value & EERD_START) {
        uint16_t data = word < E1000_EEPROM_LEN ? s->eeprom[word] : 0xffff;
        *e1000_reg(s, EERD) = (uint32_t)data << 16 | word << 8 | EERD_DONE;
    }
}

/* --- Reset --- */

static void mac_reset(E1000State *s)
{
    uint8_t *mac = s->conf.mac;

    timer_del(&s->itr_timer);
    memset(s->regs, 0, sizeof(s->regs));
    memset(&s->microwire, 0, sizeof(s->microwire));
    *e1000_reg(s, CTRL) = CTRL_FD | CTRL_SLU | CTRL_SPEED_1000;
    *e1000_reg(s, STATUS) =
        STATUS_FD | STATUS_SPEED_1000 | STATUS_ASDV_1000 | 0x80000000u;
    *e1000_reg(s, MANC) = 0x00302080; /* arbitration, ARP and 0298 filters */
    *e1000_reg(s, PBA) = 0x00100030;
    *e1000_reg(s, LEDCTL) = 0x00000602;
    *e1000_reg(s, TIPG) = 0x00602008;
    *e1000_reg(s, VET) = s->init_vet ? 0x8100 : 0;
    *e1000_reg(s, RAL) = (uint32_t)mac[0] | (uint32_t)mac[1] << 8 |
                         (uint32_t)mac[2] << 16 | (uint32_t)mac[3] << 24;
    *e1000_reg(s, RAL + 4) = (uint32_t)mac[4] | (uint32_t)mac[5] << 8 | 0x80000000u;
    e1000_tx_reset(s);
    if (s->model->reset) {
        s->model->reset(s);
    }
    set_link(s, !s->nc.link_down);
    e1000_update_irq(s);
}

static void write_ctrl(E1000State *s, uint32_t value)
{
    if (value & CTRL_RST) {
        mac_reset(s);
        return;
    }
    if (value & CTRL_PHY_RST) {
        phy_reset(s);
    }
    *e1000_reg(s, CTRL) = value & ~CTRL_PHY_RST;
}

/* --- Registers --- */

static uint32_t read_icr(E1000State *s)
{
    uint32_t v = *e1000_reg(s, ICR);

    *e1000_reg(s, ICR) = 0;
    e1000_update_irq(s);
    return v;
}

static uint32_t register_read(E1000State *s, uint32_t offset)
{
    uint32_t v;

    if (offset >= E1000_REGISTER_BYTES) {
        return 0;
    }
    if (s->model->read && s->model->read(s, offset, &v)) {
        return v;
    }
    switch (offset) {
    case ICR:
        return read_icr(s);
    case EECD:
        return read_eecd(s);
    case ICS:
    case IMC:
        return 0;
    default:
        v = *e1000_reg(s, offset);
        if (offset >= STATISTICS && offset < STATISTICS_END) {
            *e1000_reg(s, offset) = 0; /* read clears */
        }
        return v;
    }
}

/* What the driver may change, for registers that merely keep it. */
static uint32_t write_mask(uint32_t offset)
{
    switch (offset) {
    case CTRL_EXT:
    case FLA:
    case FCAL:
    case TXCW:
    case PBA:
    case LEDCTL:
    case WUFC:
    case WUC:
    case MANC:
    case RXCSUM:
    case TSPMT:
        return UINT32_MAX;
    case FCAH:
    case FCT:
    case VET:
    case FCTTV:
    case AIFS:
    case ITR:
    case TIDV:
    case TADV:
    case RDTR:
    case RADV:
    case FCRTL:
    case FCRTH:
    case RDFH:
    case TDFH:
        return 0x0000ffff;
    case TIPG:
        return 0x3fffffff;
    case RDFPC:
    case TDFPC:
    case RSRPD:
        return 0x00001fff;
    case RXDCTL:
    case TXDCTL:
        return 0xffffffff;
    case RDBAL:
    case TDBAL:
        return 0xfffffff0;
    case RDBAH:
    case TDBAH:
        return UINT32_MAX;
    case RDLEN:
    case TDLEN:
        return 0x000fff80;
    case RDH:
    case TDH:
        return 0x0000ffff;
    case IPAV:
    case SWSM:
        return 0x000f000f;
    default:
        break;
    }
    bool table = (offset >= MTA && offset < MTA + 0x200) ||
                 (offset >= RAL && offset < RAL + 0x80) ||
                 (offset >= VFTA && offset < VFTA + 0x200) ||
                 (offset >= IP4AT && offset < IP4AT + 0x20) ||
                 (offset >= IP6AT && offset < IP6AT + 0x10) ||
                 (offset >= WUPM && offset < WUPM + 0x80) ||
                 (offset >= FFLT && offset < FFLT + 0x20);
    return table ? UINT32_MAX : 0;
}

static void register_write(E1000State *s, uint32_t offset, uint32_t value)
{
    if (offset >= E1000_REGISTER_BYTES ||
        (s->model->write && s->model->write(s, offset, value))) {
        return;
    }
    switch (offset) {
    case CTRL:
        write_ctrl(s, value);
        return;
    case EECD:
        write_eecd(s, value);
        return;
    case EERD:
        write_eerd(s, value);
        return;
    case MDIC:
        write_mdic(s, value);
        return;
    case ICR:
        *e1000_reg(s, ICR) &= ~value;
        e1000_update_irq(s);
        return;
    case ICS:
        e1000_raise(s, value);
        return;
    case IMS:
        *e1000_reg(s, IMS) |= value & s->model->causes;
        e1000_update_irq(s);
        return;
    case IMC:
        *e1000_reg(s, IMS) &= ~value;
        e1000_update_irq(s);
        return;
    case RCTL:
        *e1000_reg(s, RCTL) = value;
        net_flush(&s->nc);
        return;
    case RDT:
        *e1000_reg(s, RDT) = value & 0xffff;
        net_flush(&s->nc);
        return;
    case TCTL:
        *e1000_reg(s, TCTL) = value;
        e1000_transmit(s);
        return;
    case TDT:
        *e1000_reg(s, TDT) = value & 0xffff;
        e1000_transmit(s);
        return;
    default: {
        uint32_t mask = write_mask(offset), *r = e1000_reg(s, offset);
        *r = (*r & ~mask) | (value & mask);
        if (!mask) {
            log_guest_error("e1000: write of %08x to register %04x\n", value, offset);
        }
    }
    }
}

static uint64_t mmio_read(void *opaque, hwaddr offset, unsigned size)
{
    return register_read(opaque, (uint32_t)offset & ~3u);
}

static void mmio_write(void *opaque, hwaddr offset, uint64_t value, unsigned size)
{
    register_write(opaque, (uint32_t)offset & ~3u, (uint32_t)value);
}

static const MemoryRegionOps mmio_ops = {
    .read = mmio_read,
    .write = mmio_write,
    .endianness = DEVICE_LITTLE_ENDIAN,
    .valid = {1,  4},
    .impl = { 4, 4},
};

/* The I/O window: IOADDR selects, IODATA accesses (13.2.2). */
static uint64_t io_read(void *opaque, hwaddr offset, unsigned size)
{
    E1000State *s = opaque;

    switch (offset) {
    case 0:
        return s->ioaddr;
    case 4:
        return s->ioaddr < MMIO_BYTES ? register_read(s, s->ioaddr & ~3u) : 0;
    default:
        return 0;
    }
}

static void io_write(void *opaque, hwaddr offset, uint64_t value, unsigned size)
{
    E1000State *s = opaque;

    switch (offset) {
    case 0:
        s->ioaddr = (uint32_t)value;
        break;
    case 4:
        if (s->ioaddr < MMIO_BYTES) {
            register_write(s, s->ioaddr & ~3u, (uint32_t)value);
        }
        break;
    }
}

static const MemoryRegionOps io_ops = {
    .read = io_read,
    .write = io_write,
    .endianness = DEVICE_LITTLE_ENDIAN,
    .valid = {1,  4},
    .impl = { 4, 4},
};

/* --- The cable --- */

static E1000State *from_client(NetClient *nc)
{
    return (E1000State *)((char *)nc - offsetof(E1000State, nc));
}

static bool client_can_receive(NetClient *nc)
{
    return e1000_can_receive(from_client(nc));
}

static bool client_receive(NetClient *nc, const uint8_t *frame, size_t size)
{
    return e1000_receive(from_client(nc), frame, size);
}

static void client_link_changed(NetClient *nc)
{
    E1000State *s = from_client(nc);

    if (e1000_link_is_up(s) == nc->link_down) {
        set_link(s, !nc->link_down);
        e1000_raise(s, INT_LSC);
    }
}

static const NetClientOps client_ops = {
    .type = "nic",
    .can_receive = client_can_receive,
    .receive = client_receive,
    .link_changed = client_link_changed,
};

/* --- The device --- */

void e1000_base_reset(PCIDevice *pci)
{
    E1000State *s = E1000(pci);

    net_purge(&s->nc);
    s->ioaddr = 0;
    phy_reset(s);
    mac_reset(s);
}

bool e1000_base_realize(PCIDevice *pci, Error **errp)
{
    E1000State *s = E1000(pci);
    DeviceState *dev = DEVICE(s);

    pci->config[PCI_INTERRUPT_PIN] = 1;
    nic_mac_default_if_unset(s->conf.mac);
    if (s->bootindex >= 0 &&
        !boot_order_add(s->bootindex, dev, "/ethernet-phy@0", errp)) {
        return false;
    }
    s->tx_buffer_size = E1000_TX_BUFFER + 4; /* room for a tag */
    s->tx_buffer = g_malloc0(s->tx_buffer_size);
    timer_init(&s->itr_timer, device_get_loop(dev), VIRTUAL_CLOCK, itr_expired, s);
    memory_region_init_io(&s->mmio, OBJECT(s), &mmio_ops, s, s->model->mmio_name,
                          MMIO_BYTES);
    memory_region_init_io(&s->io, OBJECT(s), &io_ops, s, s->model->io_name,
                          s->model->io_bytes);
    pci_register_bar(pci, s->model->mmio_bar, PCI_BAR_MEM, &s->mmio);
    pci_register_bar(pci, s->model->io_bar, PCI_BAR_IO, &s->io);
    eeprom_fill(s);
    nic_client_init(&s->nc, &client_ops, &s->conf, object_get_typename(OBJECT(s)),
                    dev->id);
    phy_reset(s);
    mac_reset(s);
    return true;
}

void e1000_base_unrealize(PCIDevice *pci)
{
    E1000State *s = E1000(pci);

    if (s->bootindex >= 0) {
        boot_order_del(DEVICE(s), "/ethernet-phy@0");
    }
    timer_del(&s->itr_timer);
    net_client_remove(&s->nc);
    g_clear_pointer(&s->tx_buffer, g_free);
}

static void e1000_base_init(Object *obj)
{
    E1000(obj)->bootindex = -1;
}

/* --- State --- */

static const VMStateDescription vmstate_context = {
    .name = "e1000-context",
    .version_id = 1,
    .minimum_version_id = 1,
    .fields =
        (const VMStateField[]){
                               VMSTATE_UINT8(ipcss, E1000Context),
                               VMSTATE_UINT8(ipcso, E1000Context),
                               VMSTATE_UINT16(ipcse, E1000Context),
                               VMSTATE_UINT8(tucss, E1000Context),
                               VMSTATE_UINT8(tucso, E1000Context),
                               VMSTATE_UINT16(tucse, E1000Context),
                               VMSTATE_UINT8(command, E1000Context),
                               VMSTATE_UINT8(hdrlen, E1000Context),
                               VMSTATE_UINT16(mss, E1000Context),
                               VMSTATE_END_OF_LIST(),
                               },
};

static bool e1000_post_load(void *opaque, int version_id, Error **errp)
{
    E1000State *s = opaque;

    if (s->tx_len > E1000_TX_BUFFER || s->microwire.out_bits > 16 ||
        s->microwire.in_bits > 8 || s->microwire.address >= E1000_EEPROM_LEN) {
        return error_set(errp, "e1000: inconsistent state");
    }
    s->nc.link_down = !e1000_link_is_up(s);
    return true;
}

const VMStateDescription vmstate_e1000_base = {
    .name = "e1000",
    .version_id = 1,
    .minimum_version_id = 1,
    .post_load = e1000_post_load,
    .fields =
        (const VMStateField[]){
                               VMSTATE_PCI_DEVICE(parent_obj, E1000State),
                               VMSTATE_ARRAY(regs, E1000State),
                               VMSTATE_ARRAY(phy, E1000State),
                               VMSTATE_ARRAY(eeprom, E1000State),
                               VMSTATE_UINT32(ioaddr, E1000State),
                               VMSTATE_UINT32(microwire.eecd, E1000State),
                               VMSTATE_UINT16(microwire.in, E1000State),
                               VMSTATE_UINT8(microwire.in_bits, E1000State),
                               VMSTATE_BOOL(microwire.reading, E1000State),
                               VMSTATE_UINT16(microwire.out, E1000State),
                               VMSTATE_UINT8(microwire.out_bits, E1000State),
                               VMSTATE_UINT8(microwire.address, E1000State),
                               VMSTATE_BOOL(irq_level, E1000State),
                               VMSTATE_TIMER(itr_timer, E1000State),
                               VMSTATE_STRUCT(context, E1000State, vmstate_context),
                               VMSTATE_STRUCT(tso_context, E1000State, vmstate_context),
                               VMSTATE_BOOL(tx_drop, E1000State),
                               VMSTATE_BOOL(tx_insert_tag, E1000State),
                               VMSTATE_BOOL(tx_tso, E1000State),
                               VMSTATE_BOOL(tx_extended, E1000State),
                               VMSTATE_UINT8(tx_options, E1000State),
                               VMSTATE_UINT8(tx_cso, E1000State),
                               VMSTATE_UINT8(tx_css, E1000State),
                               VMSTATE_BOOL(tx_legacy_checksum, E1000State),
                               VMSTATE_UINT16(tx_tag, E1000State),
                               VMSTATE_UINT32(tx_len, E1000State),
                               VMSTATE_VBUFFER(tx_buffer, E1000State, tx_buffer_size),
                               VMSTATE_END_OF_LIST(),
                               },
};

static const Property e1000_properties[] = {
    NIC_PROPERTIES(E1000State, conf),
    PROP_BOOL("autonegotiation", E1000State, autonegotiation, true),
    PROP_BOOL("mitigation", E1000State, mitigation, true),
    PROP_BOOL("extra_mac_registers", E1000State, extra_mac_registers, true),
    PROP_BOOL("migrate_tso_props", E1000State, migrate_tso, true),
    PROP_BOOL("init-vet", E1000State, init_vet, true),
    PROP_INT32("bootindex", E1000State, bootindex, -1),
};

static const E1000Model e1000_model = {
    .device_id = 0x100e,
    .phy_id2 = 0x0c20, /* 88E1011 */
    .causes = INT_ALL,
    .io_bytes = 64,
    .mmio_bar = 0,
    .io_bar = 1,
    .mmio_name = "e1000-mmio",
    .io_name = "e1000-io",
};

static void e1000_init(Object *obj)
{
    E1000(obj)->model = &e1000_model;
}

static void e1000_base_class_init(ObjectClass *klass, const void *data)
{
    DeviceClass *dc = DEVICE_CLASS(klass);
    PCIDeviceClass *pc = PCI_DEVICE_CLASS(klass);

    pc->realize = e1000_base_realize;
    pc->unrealize = e1000_base_unrealize;
    pc->reset_hold = e1000_base_reset;
    pc->vendor_id = PCI_VENDOR_ID_INTEL;
    pc->class_id = PCI_CLASS_NETWORK_ETH;
    dc->categories = 1u << DEVICE_CATEGORY_NETWORK;
    dc->user_creatable = true;
    dc->hotpluggable = true;
    dc->fw_name = "ethernet";
}

static void e1000_class_init(ObjectClass *klass, const void *data)
{
    DeviceClass *dc = DEVICE_CLASS(klass);
    PCIDeviceClass *pc = PCI_DEVICE_CLASS(klass);

    pc->device_id = 0x100e;
    pc->revision = 3;
    pc->romfile = "efi-e1000.rom";
    dc->desc = "Intel Gigabit Ethernet (82540EM)";
    dc->vmsd = &vmstate_e1000_base;
    OBJECT_CLASS_ADD_PROPERTIES(klass, e1000_properties);
}

static const TypeInfo e1000_base_info = {
    .name = TYPE_E1000_BASE,
    .parent = TYPE_PCI_DEVICE,
    .instance_size = sizeof(E1000State),
    .abstract = true,
    .instance_init = e1000_base_init,
    .class_init = e1000_base_class_init,
};
TYPE_REGISTER(e1000_base_info);

static const TypeInfo e1000_info = {
    .name = TYPE_E1000,
    .parent = TYPE_E1000_BASE,
    .instance_init = e1000_init,
    .class_init = e1000_class_init,
};
TYPE_REGISTER(e1000_info);
