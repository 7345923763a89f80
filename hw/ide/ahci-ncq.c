/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Native command queuing: READ and WRITE FPDMA QUEUED. Source: Serial ATA 2.6, 13.6;
 * Serial ATA AHCI 1.3, 5.3.13 and 5.6.4. Each command has its own buffer and block
 * request and ends with a Set Device Bits FIS in whatever order the requests end. Not
 * modelled: FUA without flush order, priorities, the queued error log (READ LOG EXT).
 *
 * Q1: a command's buffer belongs to the block layer while its request runs; an abort
 *     in that time only clears active, and the buffer is freed when the request ends.
 */
#include "hw/ide/ahci-internal.h"

#include <string.h>

enum { CMD_READ_FPDMA = 0x60, CMD_WRITE_FPDMA = 0x61 };

#define NCQ_CHUNK IDE_BUFFER_BYTES
#define FPDMA_FUA 0x80
#define RFIS_SDB  0x58
#define SDB_BYTES 8

bool ahci_is_queued(uint8_t command)
{
    return command == CMD_READ_FPDMA || command == CMD_WRITE_FPDMA;
}

static IDEDevice *drive(const AhciPort *p)
{
    return p->bus.units[0];
}

static void send_set_device_bits(AhciPort *p, uint32_t done, uint8_t status,
                                 uint8_t error)
{
    uint8_t fis[SDB_BYTES] = { FIS_SDB, FIS_INTERRUPT, status & 0x77, error };

    pci_set_long(fis + 4, done);
    p->tfd = (p->tfd & ATA_BSY) | (uint32_t)error << 8 | status;
    p->sact &= ~done;
    ahci_post_fis(p, RFIS_SDB, fis, sizeof(fis));
    ahci_port_event(p, PORT_IS_SDBS | (status & ATA_ERR ? PORT_IS_TFES : 0));
}

static void finish(AhciNcq *q)
{
    g_clear_pointer(&q->buffer, g_free);
    q->active = false;
}

static void failed(AhciNcq *q, uint8_t error)
{
    AhciPort *p = q->port;

    finish(q);
    p->halted = true;
    send_set_device_bits(p, 0, ATA_DRDY | ATA_DSC | ATA_ERR, error);
}

static void step(AhciNcq *q);

static void io_done(void *opaque, int ret)
{
    AhciNcq *q = opaque;
    AhciPort *p = q->port;

    if (!q->active) { /* Q1 */
        finish(q);
        if (p->ci) {
            ahci_schedule(p);
        }
        return;
    }
    if (ret < 0) {
        failed(q, q->is_write ? ATA_ERR_ABRT : ATA_ERR_UNC);
        return;
    }
    if (!q->is_write &&
        ahci_prdt_move(p, &q->prdt, q->buffer, q->chunk, true) < q->chunk) {
        ahci_port_event(p, q->prdt.fault ? PORT_IS_HBFS : PORT_IS_OFS);
    }
    if (!q->active) { /* the data were a reset of this port */
        finish(q);
        return;
    }
    q->lba += q->chunk / BLK_SECTOR_SIZE;
    q->sectors -= q->chunk / BLK_SECTOR_SIZE;
    step(q);
}

static void step(AhciNcq *q)
{
    AhciPort *p = q->port;
    IDEDevice *d = drive(p);

    if (!q->sectors) {
        finish(q);
        send_set_device_bits(p, 1u << q->tag, ATA_DRDY | ATA_DSC, 0);
        return;
    }
    q->chunk = MIN(q->sectors * BLK_SECTOR_SIZE, NCQ_CHUNK);
    struct iovec iov = { q->buffer, q->chunk };
    if (!q->is_write) {
        blk_aio_preadv(d->blk, q->lba * BLK_SECTOR_SIZE, &iov, 1, io_done, q);
        return;
    }
    uint32_t moved = ahci_prdt_move(p, &q->prdt, q->buffer, q->chunk, false);
    if (moved < q->chunk) {
        /* Half a write is not made up from zeroes. */
        ahci_port_event(p, q->prdt.fault ? PORT_IS_HBFS : PORT_IS_OFS);
        failed(q, ATA_ERR_ABRT);
        return;
    }
    blk_aio_pwritev(d->blk, q->lba * BLK_SECTOR_SIZE, &iov, 1, io_done, q);
}

void ahci_ncq_start(AhciPort *p, int slot, const uint8_t *fis, const AhciPrdt *prdt)
{
    AhciNcq *q = &p->ncq[slot];
    IDEDevice *d = drive(p);
    uint32_t count = (uint32_t)fis[11] << 8 | fis[3];
    uint64_t lba = (uint64_t)fis[10] << 40 | (uint64_t)fis[9] << 32 |
                   (uint64_t)fis[8] << 24 | (uint64_t)fis[6] << 16 |
                   (uint64_t)fis[5] << 8 | fis[4];

    if (q->buffer) {
        return; /* Q1: an aborted request still has it; PxCI keeps the slot */
    }
    /* The drive takes the command off the bus: PxCI goes, PxSACT stays (5.6.4.1). */
    p->ci &= ~(1u << slot);
    p->tfd = ATA_DRDY | ATA_DSC;
    q->active = true;
    q->is_write = fis[2] == CMD_WRITE_FPDMA;
    q->lba = lba;
    q->sectors = count ? count : 65536;
    q->prdt = *prdt;
    if (fis[12] >> 3 != slot || !(p->sact & (1u << slot)) || lba >= d->num_sectors ||
        q->sectors > d->num_sectors - lba) {
        failed(q, ATA_ERR_IDNF | ATA_ERR_ABRT);
        return;
    }
    q->buffer = g_malloc(NCQ_CHUNK);
    step(q);
}

void ahci_ncq_abort(AhciPort *p)
{
    for (unsigned i = 0; i < AHCI_SLOTS; i++) {
        p->ncq[i].active = false;
    }
}

void ahci_ncq_drain(AhciPort *p)
{
    for (unsigned i = 0; i < AHCI_SLOTS; i++) {
        while (p->ncq[i].buffer && drive(p)) {
            blk_drain(drive(p)->blk);
        }
    }
}
