/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * AHCI command lists: from a slot of the list to the drive and back. Source: Serial ATA
 * AHCI 1.3, chapters 4 (structures in memory) and 5 (port operation); Serial ATA 2.6,
 * 10.3 (FIS layout).
 *
 * All data goes through the physical region descriptor table, which is walked one entry
 * at a time; each entry has at least one byte, so the drive's byte count bounds every
 * walk. What the drive sends past the end of the table is thrown away (PxIS.OFS), what
 * it wants to read there is zero.
 */
#include "hw/ide/ahci-internal.h"
#include "util/log.h"

#include <string.h>

/* --- Command header (4.2.2): 32 bytes --- */
#define HEADER_BYTES 32
#define HEADER_CFL   0x1fu /* double words of the FIS */
#define HEADER_PRDBC 4
#define HEADER_CTBA  8
#define CTBA_MASK    (~UINT64_C(0x7f))

/* --- Command table (4.2.3) --- */
#define TABLE_ACMD 0x40
#define TABLE_PRDT 0x80
#define PRD_BYTES  16
#define PRD_DBC    0x3fffffu /* bytes, less one */

/* --- Received FIS (4.2.1) --- */
#define RFIS_PIO_SETUP 0x20
#define RFIS_D2H       0x40

#define H2D_COMMAND 0x80 /* bit C: the command register was written */
#define H2D_BYTES   20

static IDEDevice *drive(const AhciPort *p)
{
    return p->bus.units[0];
}

/* --- The table -----------------------------------------------------------------------
 */

static bool next_entry(AhciPort *p, AhciPrdt *t)
{
    uint8_t prd[PRD_BYTES];

    if (!t->left || t->fault) {
        return false;
    }
    if (pci_dma_read(p->hba->pci, t->next, prd, sizeof(prd)) != MEMTX_OK) {
        t->fault = true;
        return false;
    }
    t->addr = pci_get_quad(prd) & ~UINT64_C(1);
    t->len = (pci_get_long(prd + 12) & PRD_DBC) + 1;
    t->next += PRD_BYTES;
    t->left--;
    return true;
}

uint32_t ahci_prdt_move(AhciPort *p, AhciPrdt *t, void *buf, uint32_t len,
                        bool to_memory)
{
    uint8_t *b = buf;
    uint32_t moved = 0;

    while (moved < len && (t->len || next_entry(p, t))) {
        uint32_t n = MIN(t->len, len - moved);
        MemTxResult r = to_memory ? pci_dma_write(p->hba->pci, t->addr, b + moved, n)
                                  : pci_dma_read(p->hba->pci, t->addr, b + moved, n);
        if (r & MEMTX_ERROR) {
            t->fault = true;
        }
        t->addr += n;
        t->len -= n;
        moved += n;
    }
    return moved;
}

/* The whole of @len as far as the drive is concerned. */
static void move_data(AhciPort *p, void *buf, uint32_t len, bool to_memory)
{
    uint32_t moved = ahci_prdt_move(p, &p->prdt, buf, len, to_memory);

    p->moved += moved;
    if (moved < len) {
        if (!to_memory) {
            memset((uint8_t *)buf + moved, 0, len - moved);
        }
        ahci_port_event(p, p->prdt.fault ? PORT_IS_HBFS : PORT_IS_OFS);
    }
}

static bool dma_is_ready(void *opaque, bool to_memory)
{
    AhciPort *p = opaque;

    return p->slot >= 0;
}

static uint32_t dma_transfer(void *opaque, void *buf, uint32_t len, bool to_memory)
{
    move_data(opaque, buf, len, to_memory);
    return len;
}

static void dma_done(void *opaque)
{
}

static void dma_settled(void *opaque)
{
    ahci_settle(opaque);
}

const IDEDmaOps ahci_dma_ops = {
    .is_ready = dma_is_ready,
    .transfer = dma_transfer,
    .done = dma_done,
    .settled = dma_settled,
};

/* --- From the drive ------------------------------------------------------------------
 */

/* The task file as bytes 2-13 of a FIS. */
static void put_task_file(uint8_t *fis, const IDEDevice *d)
{
    fis[2] = d->status;
    fis[3] = d->error;
    fis[4] = d->tf.lba_low;
    fis[5] = d->tf.lba_mid;
    fis[6] = d->tf.lba_high;
    fis[7] = d->device;
    fis[8] = d->hob.lba_low;
    fis[9] = d->hob.lba_mid;
    fis[10] = d->hob.lba_high;
    fis[12] = d->tf.count;
    fis[13] = d->hob.count;
}

void ahci_send_d2h(AhciPort *p, bool interrupt)
{
    IDEDevice *d = drive(p);
    uint8_t fis[H2D_BYTES] = { FIS_D2H_REGISTER, interrupt ? FIS_INTERRUPT : 0 };
    uint32_t events = interrupt ? PORT_IS_DHRS : 0;

    put_task_file(fis, d);
    p->tfd = (uint32_t)d->error << 8 | d->status;
    ahci_post_fis(p, RFIS_D2H, fis, sizeof(fis));
    if (d->status & ATA_ERR) {
        events |= PORT_IS_TFES;
    }
    if (events) {
        ahci_port_event(p, events);
    }
}

/* The first register FIS after a reset also goes to PxSIG (5.3.2, 3.3.9). */
void ahci_send_signature(AhciPort *p)
{
    IDEDevice *d = drive(p);

    if (!d || p->signature_sent || !(p->cmd & PORT_CMD_FRE)) {
        return;
    }
    p->signature_sent = true;
    p->sig = (uint32_t)d->tf.lba_high << 24 | (uint32_t)d->tf.lba_mid << 16 |
             (uint32_t)d->tf.lba_low << 8 | d->tf.count;
    ahci_send_d2h(p, true);
}

/* @drq: the status while the block was there; the drive has gone on since. */
static void send_pio_setup(AhciPort *p, uint8_t drq, uint32_t bytes, bool to_host,
                           bool interrupt)
{
    IDEDevice *d = drive(p);
    uint8_t fis[H2D_BYTES] = {
        FIS_PIO_SETUP, (uint8_t)((interrupt ? FIS_INTERRUPT : 0) | (to_host ? 0x20 : 0))
    };

    put_task_file(fis, d);
    fis[2] = drq;
    fis[15] = d->status; /* E_Status */
    pci_set_word(fis + 16, (uint16_t)bytes);
    p->tfd = (uint32_t)d->error << 8 | d->status;
    ahci_post_fis(p, RFIS_PIO_SETUP, fis, sizeof(fis));
    if (interrupt) {
        ahci_port_event(p, PORT_IS_PSS);
    }
}

/* --- The command in progress ---------------------------------------------------------
 */

/* The packet comes out of the command table, not out of the data. */
static void supply_packet(AhciPort *p)
{
    IDEDevice *d = drive(p);
    uint8_t ctba[8], packet[ATAPI_PACKET_BYTES] = { 0 };

    if (pci_dma_read(p->hba->pci, p->header + HEADER_CTBA, ctba, sizeof(ctba)) ==
        MEMTX_OK) {
        uint64_t table = pci_get_quad(ctba) & CTBA_MASK;
        pci_dma_read(p->hba->pci, table + TABLE_ACMD, packet, sizeof(packet));
    }
    memcpy(d->buffer + d->pos, packet, MIN(sizeof(packet), d->block_end - d->pos));
}

static void move_pio_block(AhciPort *p, uint32_t bytes, bool to_host)
{
    IDEDevice *d = drive(p);
    uint8_t drq = d->status;
    bool packet = d->phase == IDE_PACKET;
    bool interrupt = d->intrq;

    d->intrq = false;
    if (packet) {
        supply_packet(p);
    } else {
        move_data(p, d->buffer + d->pos, bytes, to_host);
    }
    ide_pio_block_moved(d);
    send_pio_setup(p, drq, bytes, to_host, interrupt && !packet);
}

static void write_byte_count(AhciPort *p)
{
    uint8_t count[4];

    pci_set_long(count, p->moved);
    pci_dma_write(p->hba->pci, p->header + HEADER_PRDBC, count, sizeof(count));
}

/* 5.3.15 and 6.2.2: on an error PxCI keeps the slot and nothing else is fetched. */
static void command_finished(AhciPort *p)
{
    IDEDevice *d = drive(p);
    int slot = p->slot;
    bool interrupt = d->intrq;

    d->intrq = false;
    write_byte_count(p);
    p->slot = -1;
    if (d->status & ATA_ERR) {
        p->halted = true;
    } else {
        p->ci &= ~(1u << slot);
    }
    p->tfd = (uint32_t)d->error << 8 | d->status;
    if (interrupt) {
        ahci_send_d2h(p, true);
    }
    if (p->ci) {
        ahci_schedule(p);
    }
}

void ahci_settle(AhciPort *p)
{
    IDEDevice *d = drive(p);

    if (p->running) {
        return;
    }
    p->running = true;
    while (p->slot >= 0 && d && !d->busy_io) {
        bool to_host;
        uint32_t bytes = ide_pio_pending(d, &to_host);

        if (bytes) {
            move_pio_block(p, bytes, to_host);
        } else if (d->status & (ATA_BSY | ATA_DRQ) || d->phase != IDE_IDLE) {
            break;
        } else {
            command_finished(p);
        }
    }
    p->running = false;
}

void ahci_abort_commands(AhciPort *p)
{
    p->ci = p->sact = 0;
    ahci_ncq_abort(p);
    if (p->slot >= 0) {
        p->slot = -1;
        if (drive(p)) {
            ide_device_reset(drive(p));
        }
    }
}

/* --- Fetching ------------------------------------------------------------------------
 */

/* A control FIS: only software reset is looked at (Serial ATA 2.6, 11.4). */
static void control_fis(AhciPort *p, int slot, const uint8_t *fis)
{
    bool reset = fis[15] & ATA_CTL_SRST, was = p->bus.control & ATA_CTL_SRST;

    p->bus.control = fis[15];
    p->ci &= ~(1u << slot);
    if (reset) {
        ide_device_reset(drive(p));
        p->tfd |= ATA_BSY;
    } else if (was) {
        p->signature_sent = false;
        ahci_send_signature(p);
    }
}

static IDETaskFile task_of(const uint8_t *fis)
{
    return (IDETaskFile){
        .cur = {fis[3],   fis[12], fis[4], fis[5], fis[6] },
        .prev = { fis[11], fis[13], fis[8], fis[9], fis[10]},
        .device = fis[7],
        .command = fis[2],
    };
}

static void start_command(AhciPort *p, int slot, const uint8_t *fis)
{
    IDETaskFile task = task_of(fis);

    p->slot = slot;
    p->moved = 0;
    p->tfd = (p->tfd & ~(uint32_t)0xff) | ATA_BSY;
    ide_issue_task(&p->bus, &task);
    ahci_settle(p);
}

static void bus_fault(AhciPort *p)
{
    p->halted = true;
    ahci_port_event(p, PORT_IS_HBFS);
}

static void fetch(AhciPort *p, int slot)
{
    uint8_t header[HEADER_BYTES], fis[FIS_MAX_BYTES] = { 0 };
    PCIDevice *pci = p->hba->pci;
    AhciPrdt prdt = { 0 };

    p->header = (p->clb & ~UINT64_C(0x3ff)) + (unsigned)slot * HEADER_BYTES;
    if (pci_dma_read(pci, p->header, header, sizeof(header)) != MEMTX_OK) {
        bus_fault(p);
        return;
    }
    uint32_t options = pci_get_long(header);
    uint64_t table = pci_get_quad(header + HEADER_CTBA) & CTBA_MASK;
    size_t fis_bytes = MIN((options & HEADER_CFL) * 4, sizeof(fis));
    if (fis_bytes < H2D_BYTES || pci_dma_read(pci, table, fis, fis_bytes) != MEMTX_OK ||
        fis[0] != FIS_H2D_REGISTER) {
        log_guest_error("ahci: slot %d has no register FIS\n", slot);
        bus_fault(p);
        return;
    }
    prdt.next = table + TABLE_PRDT;
    prdt.left = options >> 16;
    if (!(fis[1] & H2D_COMMAND)) {
        control_fis(p, slot, fis);
    } else if (drive(p)->kind == IDE_KIND_HD && ahci_is_queued(fis[2])) {
        ahci_ncq_start(p, slot, fis, &prdt);
    } else {
        p->prdt = prdt;
        start_command(p, slot, fis);
    }
}

void ahci_run(AhciPort *p)
{
    if (!drive(p)) {
        return;
    }
    /* Each turn takes a bit out of PxCI, sets slot, or halts. */
    for (int slot = 0; slot < AHCI_SLOTS; slot++) {
        if (!(p->cmd & PORT_CMD_ST) || p->halted || p->slot >= 0) {
            return;
        }
        if ((p->ci & (1u << slot)) && !p->ncq[slot].active) {
            fetch(p, slot);
        }
    }
}
