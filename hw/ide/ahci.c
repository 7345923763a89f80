/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * AHCI registers: generic host control and ports. Source: Serial ATA AHCI 1.3, chapter
 * 3 and section 10.4 (resets). Not modelled: command completion coalescing, enclosure
 * management, port multipliers, staggered spin-up, power management, cold presence.
 *
 * Interface: region "ahci" (4 KiB: control at 0, port n at 100 + 80 * n), region
 * "ahci-idp" (32 ports: index at 10, data at 14), INTx or MSI vector 0 of the function.
 */
#include "hw/ide/ahci-internal.h"
#include "hw/pci/msi.h"
#include "util/log.h"

#include <string.h>

/* --- Generic host control (3.1) --- */
#define HOST_CAP      0x00
#define HOST_GHC      0x04
#define HOST_GHC_HR   0x00000001u
#define HOST_GHC_IE   0x00000002u
#define HOST_GHC_AE   0x80000000u /* always: there is no legacy mode */
#define HOST_IS       0x08
#define HOST_PI       0x0c
#define HOST_VS       0x10
#define HOST_VS_1_0   0x00010000u
#define HOST_PORTS    0x100
#define HOST_PORT_LEN 0x80

/* CAP: 64-bit addresses, queued commands, first generation speed, AHCI only. */
#define HOST_CAP_BASE  0xc0140000u
#define HOST_CAP_SLOTS ((AHCI_SLOTS - 1) << 8)

/* --- Port registers (3.3) --- */
#define PORT_CLB  0x00
#define PORT_CLBU 0x04
#define PORT_FB   0x08
#define PORT_FBU  0x0c
#define PORT_IS   0x10
#define PORT_IE   0x14
#define PORT_CMD  0x18
#define PORT_TFD  0x20
#define PORT_SIG  0x24
#define PORT_SSTS 0x28
#define PORT_SCTL 0x2c
#define PORT_SERR 0x30
#define PORT_SACT 0x34
#define PORT_CI   0x38

#define PORT_TFD_RESET 0x7fu
#define PORT_SIG_RESET 0xffffffffu
#define PORT_SSTS_UP   0x113u /* active, first generation, established */
#define PORT_SSTS_OFF  0x004u
#define PORT_SCTL_DET  0xfu
#define PORT_SERR_X    0x04000000u /* exchanged */
#define IDP_INDEX      0x10
#define IDP_DATA       0x14
#define IDP_INDEX_MASK (AHCI_BAR_SIZE - 4)
#define PORT_CLB_MASK  (~UINT64_C(0x3ff))
#define PORT_FB_MASK   (~UINT64_C(0xff))

/* --- Interrupt (10.7) ----------------------------------------------------------------
 */

/* IS follows the ports; a bit that software clears too early comes back. */
static void update_irq(AhciState *s)
{
    uint32_t old = s->is;

    for (unsigned n = 0; n < s->num_ports; n++) {
        if (s->ports[n].is & s->ports[n].ie) {
            s->is |= 1u << n;
        }
    }
    bool level = s->is && (s->ghc & HOST_GHC_IE);
    if (msi_enabled(s->pci)) {
        if (level && (!s->irq_level || (s->is & ~old))) {
            msi_notify(s->pci, 0);
        }
    } else {
        pci_set_irq(s->pci, level);
    }
    s->irq_level = level;
}

void ahci_port_event(AhciPort *p, uint32_t bits)
{
    p->is |= bits;
    update_irq(p->hba);
}

void ahci_post_fis(AhciPort *p, unsigned offset, const uint8_t *fis, size_t len)
{
    if (p->cmd & PORT_CMD_FRE) {
        pci_dma_write(p->hba->pci, p->fb + offset, fis, len);
    }
}

/* --- Starting commands ---------------------------------------------------------------
 */

static void run_bh(void *opaque)
{
    AhciState *s = opaque;
    uint32_t ports = s->run_pending;

    s->run_pending = 0;
    for (unsigned n = 0; n < s->num_ports; n++) {
        if (ports & (1u << n)) {
            ahci_run(&s->ports[n]);
        }
    }
}

/* From the event loop: the tables and the data may lie anywhere, even here. */
void ahci_schedule(AhciPort *p)
{
    AhciState *s = p->hba;

    s->run_pending |= 1u << p->bus.channel;
    bh_schedule(s->bh);
}

/* --- Resets --------------------------------------------------------------------------
 */

static bool has_drive(const AhciPort *p)
{
    return p->bus.units[0] != NULL;
}

/* The link is up again after COMRESET (10.4.2): the drive has reset itself. */
static void port_comreset(AhciPort *p)
{
    ahci_abort_commands(p);
    p->signature_sent = false;
    p->sig = PORT_SIG_RESET;
    p->tfd = PORT_TFD_RESET;
    p->ssts = 0;
    if (has_drive(p)) {
        ide_device_reset(p->bus.units[0]);
        p->ssts = PORT_SSTS_UP;
        p->serr |= PORT_SERR_X;
        ahci_send_signature(p);
    }
}

static void port_reset(AhciPort *p)
{
    ahci_abort_commands(p);
    p->clb = p->fb = 0;
    p->is = p->ie = p->sctl = p->serr = 0;
    p->cmd = PORT_CMD_SUD | PORT_CMD_POD;
    p->halted = p->signature_sent = false;
    p->sig = PORT_SIG_RESET;
    p->tfd = PORT_TFD_RESET;
    p->ssts = has_drive(p) ? PORT_SSTS_UP : 0;
    ide_bus_reset(&p->bus);
}

void ahci_reset(AhciState *s)
{
    s->ghc = HOST_GHC_AE;
    s->is = 0;
    s->idp_index = 0;
    s->run_pending = 0;
    for (unsigned n = 0; n < s->num_ports; n++) {
        port_reset(&s->ports[n]);
    }
    update_irq(s);
}

/* --- Port registers ------------------------------------------------------------------
 */

static uint32_t port_read(const AhciPort *p, unsigned reg)
{
    switch (reg) {
    case PORT_CLB:
        return (uint32_t)p->clb;
    case PORT_CLBU:
        return (uint32_t)(p->clb >> 32);
    case PORT_FB:
        return (uint32_t)p->fb;
    case PORT_FBU:
        return (uint32_t)(p->fb >> 32);
    case PORT_IS:
        return p->is;
    case PORT_IE:
        return p->ie;
    case PORT_CMD:
        return p->cmd | (p->slot >= 0 ? (uint32_t)p->slot << 8 : 0);
    case PORT_TFD:
        return p->tfd;
    case PORT_SIG:
        return p->sig;
    case PORT_SSTS:
        return p->ssts;
    case PORT_SCTL:
        return p->sctl;
    case PORT_SERR:
        return p->serr;
    case PORT_SACT:
        return p->sact;
    case PORT_CI:
        return p->ci;
    default:
        return 0;
    }
}

static uint64_t set_low(uint64_t old, uint32_t value)
{
    return (old & ~UINT64_C(0xffffffff)) | value;
}

static uint64_t set_high(uint64_t old, uint32_t value)
{
    return (old & UINT64_C(0xffffffff)) | (uint64_t)value << 32;
}

static void write_cmd(AhciPort *p, uint32_t value)
{
    uint32_t old = p->cmd;

    p->cmd = value & PORT_CMD_WMASK;
    if (value & PORT_CMD_CLO) {
        p->tfd &= ~(uint32_t)(ATA_BSY | ATA_DRQ);
    }
    if (p->cmd & PORT_CMD_FRE) {
        p->cmd |= PORT_CMD_FR;
        ahci_send_signature(p);
    }
    if (p->cmd & PORT_CMD_ST) {
        p->cmd |= PORT_CMD_CR;
    } else if (old & PORT_CMD_ST) {
        ahci_abort_commands(p);
        p->halted = false;
    }
}

/* DET 1 holds the link in reset, and the drive with it; 4 switches it off (3.3.11). */
static void write_sctl(AhciPort *p, uint32_t value)
{
    uint32_t old_det = p->sctl & PORT_SCTL_DET, det = value & PORT_SCTL_DET;

    p->sctl = value & 0xfff;
    if (det == 1 && old_det != 1) {
        ahci_abort_commands(p);
        p->ssts = 0;
    } else if (det == 4) {
        ahci_abort_commands(p);
        p->ssts = PORT_SSTS_OFF;
    } else if (det == 0 && old_det) {
        port_comreset(p);
    }
}

static void port_write(AhciPort *p, unsigned reg, uint32_t value)
{
    switch (reg) {
    case PORT_CLB:
        p->clb = set_low(p->clb, value);
        break;
    case PORT_CLBU:
        p->clb = set_high(p->clb, value);
        break;
    case PORT_FB:
        p->fb = set_low(p->fb, value);
        break;
    case PORT_FBU:
        p->fb = set_high(p->fb, value);
        break;
    case PORT_IS:
        p->is &= ~value;
        update_irq(p->hba);
        break;
    case PORT_IE:
        p->ie = value & PORT_IS_MASK;
        update_irq(p->hba);
        break;
    case PORT_CMD:
        write_cmd(p, value);
        break;
    case PORT_SCTL:
        write_sctl(p, value);
        break;
    case PORT_SERR:
        p->serr &= ~value;
        break;
    case PORT_SACT:
        p->sact |= p->cmd & PORT_CMD_ST ? value : 0;
        break;
    case PORT_CI:
        if (p->cmd & PORT_CMD_ST) {
            p->ci |= value;
            ahci_schedule(p);
        }
        break;
    default:
        log_guest_error("ahci: write of %#x to port register %#x\n", value, reg);
        break;
    }
}

/* --- Host registers ------------------------------------------------------------------
 */

static AhciPort *port_at(AhciState *s, hwaddr offset)
{
    hwaddr n = (offset - HOST_PORTS) / HOST_PORT_LEN;

    return offset >= HOST_PORTS && n < s->num_ports ? &s->ports[n] : NULL;
}

static uint64_t ahci_read(void *opaque, hwaddr offset, unsigned size)
{
    AhciState *s = opaque;
    AhciPort *p = port_at(s, offset);

    if (p) {
        return port_read(p, offset % HOST_PORT_LEN);
    }
    switch (offset) {
    case HOST_CAP:
        return HOST_CAP_BASE | HOST_CAP_SLOTS | (s->num_ports - 1);
    case HOST_GHC:
        return s->ghc;
    case HOST_IS:
        return s->is;
    case HOST_PI:
        return (1u << s->num_ports) - 1;
    case HOST_VS:
        return HOST_VS_1_0;
    default:
        return 0;
    }
}

static void ahci_write(void *opaque, hwaddr offset, uint64_t value, unsigned size)
{
    AhciState *s = opaque;
    AhciPort *p = port_at(s, offset);

    if (p) {
        port_write(p, offset % HOST_PORT_LEN, (uint32_t)value);
        return;
    }
    switch (offset) {
    case HOST_GHC:
        if (value & HOST_GHC_HR) {
            ahci_reset(s);
            for (unsigned n = 0; n < s->num_ports; n++) {
                port_comreset(&s->ports[n]);
            }
        } else {
            s->ghc = HOST_GHC_AE | (value & HOST_GHC_IE);
            update_irq(s);
        }
        break;
    case HOST_IS:
        s->is &= (uint32_t)~value;
        update_irq(s);
        break;
    default:
        log_guest_error("ahci: write of %#" PRIx64 " at %#" PRIx64 "\n", value, offset);
        break;
    }
}

static const MemoryRegionOps ahci_ops = {
    .read = ahci_read,
    .write = ahci_write,
    .endianness = DEVICE_LITTLE_ENDIAN,
    .valid = {.min_access_size = 1,  .max_access_size = 8},
    .impl = { .min_access_size = 4, .max_access_size = 4},
};

/* The same registers through a pair of ports. */
static uint64_t idp_read(void *opaque, hwaddr offset, unsigned size)
{
    AhciState *s = opaque;

    switch (offset) {
    case IDP_INDEX:
        return s->idp_index;
    case IDP_DATA:
        return ahci_read(s, s->idp_index, size);
    default:
        return 0;
    }
}

static void idp_write(void *opaque, hwaddr offset, uint64_t value, unsigned size)
{
    AhciState *s = opaque;

    switch (offset) {
    case IDP_INDEX:
        s->idp_index = value & IDP_INDEX_MASK;
        break;
    case IDP_DATA:
        ahci_write(s, s->idp_index, value, size);
        break;
    default:
        break;
    }
}

static const MemoryRegionOps idp_ops = {
    .read = idp_read,
    .write = idp_write,
    .endianness = DEVICE_LITTLE_ENDIAN,
    .valid = {.min_access_size = 1,  .max_access_size = 4},
    .impl = { .min_access_size = 4, .max_access_size = 4},
};

/* --- Life ----------------------------------------------------------------------------
 */

void ahci_init(AhciState *s, PCIDevice *pci, unsigned num_ports)
{
    g_assert(num_ports && num_ports <= AHCI_MAX_PORTS);
    s->pci = pci;
    s->num_ports = num_ports;
    s->bh = bh_new(device_get_loop(DEVICE(pci)), run_bh, s);
    memory_region_init_io(&s->mem, OBJECT(pci), &ahci_ops, s, "ahci", AHCI_BAR_SIZE);
    memory_region_init_io(&s->idp, OBJECT(pci), &idp_ops, s, "ahci-idp", AHCI_IDP_SIZE);
    for (unsigned n = 0; n < num_ports; n++) {
        AhciPort *p = &s->ports[n];
        p->hba = s;
        p->slot = -1;
        ide_bus_init_sata(&p->bus, sizeof(p->bus), DEVICE(pci), (uint8_t)n);
        ide_bus_connect(&p->bus, NULL, &ahci_dma_ops, p);
        for (unsigned i = 0; i < AHCI_SLOTS; i++) {
            p->ncq[i].port = p;
            p->ncq[i].tag = (uint8_t)i;
        }
    }
}

void ahci_fini(AhciState *s)
{
    for (unsigned n = 0; n < s->num_ports; n++) {
        ahci_abort_commands(&s->ports[n]);
        ahci_ncq_drain(&s->ports[n]);
    }
    bh_free(s->bh);
}

/* --- State ---------------------------------------------------------------------------
 */

/* What is under way ends before: a saved state has no request in it. */
static bool port_pre_save(void *opaque, Error **errp)
{
    AhciPort *p = opaque;

    ahci_ncq_drain(p);
    if (has_drive(p)) {
        /* A request that ends may start the next one of its command. */
        while (p->slot >= 0 && p->bus.units[0]->busy_io) {
            blk_drain(p->bus.units[0]->blk);
        }
    }
    return true;
}

static bool port_post_load(void *opaque, int version_id, Error **errp)
{
    AhciPort *p = opaque;

    p->slot = -1;
    if (p->ci && (p->cmd & PORT_CMD_ST)) {
        ahci_schedule(p);
    }
    return true;
}

static const VMStateField port_fields[] = {
    VMSTATE_STRUCT(bus, AhciPort, vmstate_ide_bus),
    VMSTATE_UINT64(clb, AhciPort),
    VMSTATE_UINT64(fb, AhciPort),
    VMSTATE_UINT32(is, AhciPort),
    VMSTATE_UINT32(ie, AhciPort),
    VMSTATE_UINT32(cmd, AhciPort),
    VMSTATE_UINT32(tfd, AhciPort),
    VMSTATE_UINT32(sig, AhciPort),
    VMSTATE_UINT32(ssts, AhciPort),
    VMSTATE_UINT32(sctl, AhciPort),
    VMSTATE_UINT32(serr, AhciPort),
    VMSTATE_UINT32(sact, AhciPort),
    VMSTATE_UINT32(ci, AhciPort),
    VMSTATE_BOOL(halted, AhciPort),
    VMSTATE_BOOL(signature_sent, AhciPort),
    VMSTATE_END_OF_LIST(),
};

static const VMStateDescription vmstate_port = {
    .name = "ahci-port",
    .version_id = 1,
    .minimum_version_id = 1,
    .pre_save = port_pre_save,
    .post_load = port_post_load,
    .fields = port_fields,
};

static bool ahci_post_load(void *opaque, int version_id, Error **errp)
{
    AhciState *s = opaque;

    s->idp_index &= IDP_INDEX_MASK;
    update_irq(s);
    return true;
}

static const VMStateField ahci_fields[] = {
    VMSTATE_UINT32(ghc, AhciState),
    VMSTATE_UINT32(is, AhciState),
    VMSTATE_UINT32(idp_index, AhciState),
    VMSTATE_STRUCT_ARRAY(ports, AhciState, vmstate_port),
    VMSTATE_BOOL(irq_level, AhciState),
    VMSTATE_END_OF_LIST(),
};

const VMStateDescription vmstate_ahci = {
    .name = "ahci",
    .version_id = 1,
    .minimum_version_id = 1,
    .post_load = ahci_post_load,
    .fields = ahci_fields,
};
