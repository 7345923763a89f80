/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The 82540EM, and what the 82574L has in common with it: e1000.c has registers,
 * interrupts, EEPROM and PHY; e1000-tx.c and e1000-rx.c walk the rings. Register and
 * bit names are the manual's: "PCI/PCI-X Family of Gigabit Ethernet Controllers
 * Software Developer's Manual", 317453, revision 4.0.
 */
#ifndef STRATA_E1000_INTERNAL_H
#define STRATA_E1000_INTERNAL_H

#include "hw/pci/pci.h"
#include "softmmu/net.h"

#define TYPE_E1000_BASE "e1000-base"
#define TYPE_E1000      "e1000"
#define TYPE_E1000E     "e1000e"

/* Registers, byte offsets (chapter 13). */
enum {
    CTRL = 0x0000,
    STATUS = 0x0008,
    EECD = 0x0010,
    EERD = 0x0014,
    CTRL_EXT = 0x0018,
    FLA = 0x001c,
    MDIC = 0x0020,
    FCAL = 0x0028,
    FCAH = 0x002c,
    FCT = 0x0030,
    VET = 0x0038,
    ICR = 0x00c0,
    ITR = 0x00c4,
    ICS = 0x00c8,
    IMS = 0x00d0,
    IMC = 0x00d8,
    RCTL = 0x0100,
    FCTTV = 0x0170,
    TXCW = 0x0178,
    RXCW = 0x0180,
    TCTL = 0x0400,
    TIPG = 0x0410,
    AIFS = 0x0458,
    LEDCTL = 0x0e00,
    PBA = 0x1000,
    FCRTL = 0x2160,
    FCRTH = 0x2168,
    RDFH = 0x2410,
    RDFPC = 0x2430,
    RDBAL = 0x2800,
    RDBAH = 0x2804,
    RDLEN = 0x2808,
    RDH = 0x2810,
    RDT = 0x2818,
    RDTR = 0x2820,
    RXDCTL = 0x2828,
    RADV = 0x282c,
    RSRPD = 0x2c00,
    TDFH = 0x3410,
    TDFPC = 0x3430,
    TDBAL = 0x3800,
    TDBAH = 0x3804,
    TDLEN = 0x3808,
    TDH = 0x3810,
    TDT = 0x3818,
    TIDV = 0x3820,
    TXDCTL = 0x3828,
    TADV = 0x382c,
    TSPMT = 0x3830,
    STATISTICS = 0x4000,
    MPC = 0x4010,
    GPRC = 0x4074,
    BPRC = 0x4078,
    MPRC = 0x407c,
    GPTC = 0x4080,
    GORCL = 0x4088,
    GOTCL = 0x4090,
    RNBC = 0x40a0,
    ROC = 0x40ac,
    TORL = 0x40c0,
    TOTL = 0x40c8,
    TPR = 0x40d0,
    TPT = 0x40d4,
    MPTC = 0x40f0,
    BPTC = 0x40f4,
    TSCTC = 0x40f8,
    STATISTICS_END = 0x4128,
    RXCSUM = 0x5000,
    RFCTL = 0x5008, /* 82574L */
    MTA = 0x5200,
    RAL = 0x5400,
    VFTA = 0x5600,
    WUC = 0x5800,
    WUFC = 0x5808,
    WUS = 0x5810,
    MANC = 0x5820,
    IPAV = 0x5838,
    IP4AT = 0x5840,
    IP6AT = 0x5880,
    WUPL = 0x5900,
    WUPM = 0x5a00,
    SWSM = 0x5b50,
    FFLT = 0x5f00,
    E1000_REGISTER_BYTES = 0x6000,
};

enum {
    CTRL_FD = 1 << 0,
    CTRL_SLU = 1 << 6,
    CTRL_SPEED_1000 = 2 << 8,
    CTRL_RST = 1 << 26,
    CTRL_VME = 1 << 30,
};
#define CTRL_PHY_RST 0x80000000u
enum {
    STATUS_FD = 1 << 0,
    STATUS_LU = 1 << 1,
    STATUS_SPEED_1000 = 2 << 6,
    STATUS_ASDV_1000 = 2 << 8,
};
enum {
    INT_TXDW = 1 << 0,
    INT_TXQE = 1 << 1,
    INT_LSC = 1 << 2,
    INT_RXDMT0 = 1 << 4,
    INT_RXO = 1 << 6,
    INT_RXT0 = 1 << 7,
    INT_MDAC = 1 << 9,
    INT_TXD_LOW = 1 << 15,
    INT_ALL = 0x1f6df,
};
enum {
    RCTL_EN = 1 << 1,
    RCTL_SBP = 1 << 2,
    RCTL_UPE = 1 << 3,
    RCTL_MPE = 1 << 4,
    RCTL_LPE = 1 << 5,
    RCTL_LBM = 3 << 6,
    RCTL_BAM = 1 << 15,
    RCTL_VFE = 1 << 18,
    RCTL_BSEX = 1 << 25,
    RCTL_SECRC = 1 << 26,
};
enum { RFCTL_EXSTEN = 1 << 15 };
enum { TCTL_EN = 1 << 1, TCTL_PSP = 1 << 3 };

/* Context descriptor as it stands (section 3.3.6). */
typedef struct E1000Context {
    uint8_t ipcss, ipcso, tucss, tucso;
    uint16_t ipcse, tucse;
    uint8_t command; /* TUCMD */
    uint8_t hdrlen;
    uint16_t mss;
} E1000Context;

/* IPv4 allows 64 KiB; headers and a tag on top. */
#define E1000_TX_BUFFER  (68 * 1024 - 64)
#define E1000_PHY_REGS   32
#define E1000_EEPROM_LEN 64
#define E1000_DESC_BYTES 16

typedef struct E1000State E1000State;

/* How chips differ. Hooks may be NULL. */
typedef struct E1000Model {
    uint16_t device_id, phy_id2;
    uint32_t causes;   /* bits of ICR that exist */
    uint32_t io_bytes; /* the window's BAR */
    uint8_t mmio_bar, io_bar;
    const char *mmio_name, *io_name;
    /* Causes that come with these. */
    uint32_t (*more_causes)(uint32_t causes);
    /* Instead of driving INTA. */
    void (*update_irq)(E1000State *s);
    /* True when the register is the model's own. */
    bool (*read)(E1000State *s, uint32_t offset, uint32_t *value);
    bool (*write)(E1000State *s, uint32_t offset, uint32_t value);
    /* After a MAC reset has set the common registers. */
    void (*reset)(E1000State *s);
} E1000Model;

struct E1000State {
    PCIDevice parent_obj;
    const E1000Model *model; /* init */
    MemoryRegion mmio, io;
    NetClient nc;
    NicConf conf;
    bool client_ready;

    /* Properties. */
    bool autonegotiation, mitigation, extra_mac_registers, migrate_tso, init_vet;
    int32_t bootindex;

    uint32_t regs[E1000_REGISTER_BYTES / 4];
    uint16_t phy[E1000_PHY_REGS];
    uint16_t eeprom[E1000_EEPROM_LEN];
    uint32_t ioaddr; /* IOADDR of the I/O window */

    /* Bits through EECD. */
    struct {
        uint32_t eecd; /* pins as last written */
        uint16_t in;   /* bits received, start bit first */
        uint8_t in_bits;
        bool reading;
        uint16_t out;
        uint8_t out_bits;
        uint8_t address;
    } microwire;

    /* Interrupts. */
    bool irq_level;
    Timer itr_timer;

    /* The packet being collected from transmit descriptors. */
    E1000Context context;     /* checksum offload */
    E1000Context tso_context; /* segmentation */
    bool tx_busy;             /* inside the ring walk */
    bool tx_drop;             /* too long: skip to the end of the packet */
    bool tx_insert_tag;
    bool tx_tso, tx_extended;
    uint8_t tx_options; /* POPTS of the first data descriptor */
    uint8_t tx_cso, tx_css;
    bool tx_legacy_checksum;
    uint16_t tx_tag;
    uint32_t tx_len;
    uint32_t tx_buffer_size;
    uint8_t *tx_buffer;
};

static inline E1000State *E1000(const void *obj)
{
    return (E1000State *)object_cast((const Object *)obj, TYPE_E1000_BASE);
}
static inline uint32_t *e1000_reg(E1000State *s, uint32_t offset)
{
    return &s->regs[offset / 4];
}

/* The PCI function's life, for models that add to it. */
bool e1000_base_realize(PCIDevice *pci, Error **errp) WARN_UNUSED;
void e1000_base_unrealize(PCIDevice *pci);
void e1000_base_reset(PCIDevice *pci);
extern const VMStateDescription vmstate_e1000_base;

/* ICR or IMS has changed. */
void e1000_update_irq(E1000State *s);
/* Set causes and let the line follow. */
void e1000_raise(E1000State *s, uint32_t causes);
/* Count, stopping at the top (13.7). */
void e1000_count(E1000State *s, uint32_t reg, uint32_t n);
void e1000_count64(E1000State *s, uint32_t reg, uint32_t n);
bool e1000_link_is_up(const E1000State *s);

/* Number of descriptors in a ring whose length register is @reg. */
static inline uint32_t e1000_ring_size(E1000State *s, uint32_t reg)
{
    return *e1000_reg(s, reg) / E1000_DESC_BYTES;
}
static inline hwaddr e1000_desc_addr(E1000State *s, uint32_t base_reg, uint32_t index)
{
    return ((hwaddr)*e1000_reg(s, base_reg + 4) << 32 | *e1000_reg(s, base_reg)) +
           (hwaddr)index * E1000_DESC_BYTES;
}

void e1000_transmit(E1000State *s);
void e1000_tx_reset(E1000State *s);
bool e1000_can_receive(E1000State *s);
bool e1000_receive(E1000State *s, const uint8_t *frame, size_t size);

#endif
