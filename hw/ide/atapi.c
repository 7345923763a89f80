/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * PACKET commands of a CD/DVD-ROM drive. Sources: SFF-8020i revision 2.6 (packet
 * transport, mode pages), MMC-4 (T10/1545-D), SPC-3 for INQUIRY and sense data. Discs
 * are ISO images: one data track in mode 1. Not modelled: audio, sub-channel data,
 * changers, writing.
 *
 * A command ends with GOOD, or with CHECK CONDITION and sense data that stay until
 * REQUEST SENSE or the next command. Data go through the buffer: a reply whole, sectors
 * in chunks; by PIO the guest takes them in blocks of at most its byte count limit.
 */
#include "hw/ide/ide-internal.h"
#include "util/log.h"

#include <string.h>

enum {
    SENSE_NONE = 0,
    SENSE_NOT_READY = 2,
    SENSE_MEDIUM_ERROR = 3,
    SENSE_ILLEGAL_REQUEST = 5,
    SENSE_UNIT_ATTENTION = 6
};

/* Additional sense code << 8 | qualifier. */
enum {
    ASC_NONE = 0x0000,
    ASC_UNRECOVERED_READ = 0x1100,
    ASC_INVALID_COMMAND = 0x2000,
    ASC_LBA_OUT_OF_RANGE = 0x2100,
    ASC_INVALID_FIELD = 0x2400,
    ASC_MEDIUM_CHANGED = 0x2800,
    ASC_SAVING_NOT_SUPPORTED = 0x3900,
    ASC_NO_MEDIUM_CLOSED = 0x3a01,
    ASC_NO_MEDIUM_OPEN = 0x3a02,
    ASC_REMOVAL_PREVENTED = 0x5302,
    ASC_ILLEGAL_MODE = 0x6400,
};

/* A disc with more sectors than an 80 minute CD with its lead-out is a DVD. */
#define CD_MAX_SECTORS (80 * 60 * 75 + 30000)

static uint16_t be16(const uint8_t *p)
{
    return (uint16_t)(p[0] << 8 | p[1]);
}

static uint32_t be32(const uint8_t *p)
{
    return (uint32_t)be16(p) << 16 | be16(p + 2);
}

static void put16(uint8_t *p, uint32_t v)
{
    p[0] = (uint8_t)(v >> 8);
    p[1] = (uint8_t)v;
}

static void put24(uint8_t *p, uint32_t v)
{
    p[0] = (uint8_t)(v >> 16);
    put16(p + 1, v);
}

static void put32(uint8_t *p, uint32_t v)
{
    put16(p, v >> 16);
    put16(p + 2, v);
}

static bool has_medium(const IDEDevice *d)
{
    return blk_is_inserted(d->blk) && !d->tray_open;
}

static uint32_t num_cd_sectors(const IDEDevice *d)
{
    return (uint32_t)MIN(blk_get_length(d->blk) / CD_SECTOR_BYTES, UINT32_MAX);
}

static bool is_dvd(const IDEDevice *d)
{
    return has_medium(d) && num_cd_sectors(d) > CD_MAX_SECTORS;
}

/* --- Ends of a command --- */

static void set_sense(IDEDevice *d, uint8_t key, uint16_t asc)
{
    d->sense_key = key;
    d->asc = (uint8_t)(asc >> 8);
    d->ascq = (uint8_t)asc;
}

static void finish_dma(IDEDevice *d)
{
    if (d->phase == ATAPI_DMA_IN || d->phase == ATAPI_DMA_OUT) {
        d->bus->dma->done(d->bus->dma_opaque);
    }
}

static void packet_good(IDEDevice *d)
{
    finish_dma(d);
    set_sense(d, SENSE_NONE, ASC_NONE);
    ide_command_done(d);
    d->status = ATA_DRDY;
    d->tf.count = ATAPI_IO | ATAPI_COD;
}

static void packet_check(IDEDevice *d, uint8_t key, uint16_t asc)
{
    finish_dma(d);
    set_sense(d, key, asc);
    ide_command_error(
        d, (uint8_t)(key << 4 | (key == SENSE_ILLEGAL_REQUEST ? ATA_ERR_ABRT : 0)));
    d->status = ATA_DRDY | ATA_ERR;
    d->tf.count = ATAPI_IO | ATAPI_COD;
}

static void packet_invalid_field(IDEDevice *d)
{
    packet_check(d, SENSE_ILLEGAL_REQUEST, ASC_INVALID_FIELD);
}

/* --- Data --- */

static void next_pio_block(IDEDevice *d)
{
    uint32_t limit = d->byte_limit ? d->byte_limit : 0xfffe;
    uint32_t len = d->end - d->pos;

    if (len > limit) {
        /* An odd limit rounds down for all blocks but the last (ATA-6 8.24.5). */
        len = limit > 1 ? limit & ~1u : 2;
    }
    d->tf.lba_mid = (uint8_t)len;
    d->tf.lba_high = (uint8_t)(len >> 8);
    d->tf.count = ATAPI_IO;
    ide_pio_block(d, len, true);
    d->status = ATA_DRDY | ATA_DRQ;
}

static void load_sectors(IDEDevice *d)
{
    bool raw = d->sector_bytes == CD_RAW_BYTES;
    uint32_t n = raw ? 1 : MIN(d->remaining, IDE_BUFFER_BYTES / CD_SECTOR_BYTES);

    d->pos = d->block_end = 0;
    d->end = n * CD_SECTOR_BYTES;
    ide_block_io(d, false, d->lba * CD_SECTOR_BYTES, d->end);
}

/* The guest or the engine has taken the buffer. */
static void buffer_taken(IDEDevice *d)
{
    if (d->sector_bytes) {
        uint32_t n = d->end / d->sector_bytes;
        d->lba += n;
        d->remaining -= n;
        if (d->remaining) {
            load_sectors(d);
            return;
        }
    }
    packet_good(d);
}

static void minutes_seconds_frames(uint8_t *p, uint32_t lba)
{
    lba += 150; /* two seconds of pregap */
    p[0] = (uint8_t)(lba / (60 * 75));
    p[1] = (uint8_t)(lba / 75 % 60);
    p[2] = (uint8_t)(lba % 75);
}

static uint8_t to_bcd(uint8_t v)
{
    return (uint8_t)(v / 10 % 10 << 4 | v % 10);
}

/* Sync, header and 2048 bytes; error correction is left zero. */
static void make_raw_sector(IDEDevice *d)
{
    uint8_t *b = d->buffer;

    g_assert(b); /* or the undefined-behaviour build sees a null copy here */
    memmove(b + 16, b, CD_SECTOR_BYTES);
    memset(b, 0xff, 12);
    b[0] = b[11] = 0;
    minutes_seconds_frames(b + 12, (uint32_t)d->lba);
    for (int i = 12; i < 15; i++) {
        b[i] = to_bcd(b[i]);
    }
    b[15] = 1; /* mode */
    memset(b + 16 + CD_SECTOR_BYTES, 0, CD_RAW_BYTES - 16 - CD_SECTOR_BYTES);
    d->end = CD_RAW_BYTES;
}

void atapi_io_done(IDEDevice *d, int ret)
{
    if (ret < 0) {
        packet_check(d, SENSE_MEDIUM_ERROR, ASC_UNRECOVERED_READ);
        return;
    }
    if (d->phase != ATAPI_PIO_IN && d->phase != ATAPI_DMA_IN) {
        packet_good(d);
        return;
    }
    if (d->sector_bytes == CD_RAW_BYTES) {
        make_raw_sector(d);
    }
    if (d->phase == ATAPI_PIO_IN) {
        next_pio_block(d);
        return;
    }
    d->status = ATA_DRDY | ATA_DRQ;
    ide_dma_continue(d);
}

void atapi_dma_step(IDEDevice *d)
{
    bool to_memory = d->phase == ATAPI_DMA_IN;

    if (d->pos < d->end) {
        d->pos += d->bus->dma->transfer(d->bus->dma_opaque, d->buffer + d->pos,
                                        d->end - d->pos, to_memory);
        if (d->pos < d->end) {
            return;
        }
        if (to_memory) {
            buffer_taken(d);
        } else {
            packet_good(d);
        }
    }
}

/* Send buffer[0..len), cut to the allocation length. */
static void send_reply(IDEDevice *d, uint32_t len, uint32_t allocation)
{
    len = MIN(len, allocation);
    d->sector_bytes = 0;
    if (!len) {
        packet_good(d);
        return;
    }
    d->pos = 0;
    d->end = len;
    if (d->packet_dma) {
        d->tf.count = ATAPI_IO;
        ide_dma_begin(d, ATAPI_DMA_IN);
        return;
    }
    d->phase = ATAPI_PIO_IN;
    next_pio_block(d);
}

static void read_sectors(IDEDevice *d, uint32_t lba, uint32_t count, uint32_t bytes)
{
    uint32_t total = num_cd_sectors(d);

    if (!count) {
        packet_good(d);
        return;
    }
    if (lba >= total || count > total - lba) {
        packet_check(d, SENSE_ILLEGAL_REQUEST, ASC_LBA_OUT_OF_RANGE);
        return;
    }
    d->lba = lba;
    d->remaining = count;
    d->sector_bytes = bytes;
    d->phase = d->packet_dma ? ATAPI_DMA_IN : ATAPI_PIO_IN;
    d->dma_waiting = d->packet_dma;
    d->status = ATA_DRDY;
    load_sectors(d);
}

/* --- Commands --- */

static void cmd_good(IDEDevice *d, const uint8_t *p)
{
    packet_good(d);
}

static void cmd_request_sense(IDEDevice *d, const uint8_t *p)
{
    uint8_t *b = d->buffer;

    memset(b, 0, 18);
    b[0] = 0x70;
    b[2] = d->sense_key;
    b[7] = 10;
    b[12] = d->asc;
    b[13] = d->ascq;
    set_sense(d, SENSE_NONE, ASC_NONE);
    send_reply(d, 18, p[4]);
}

static void put_padded(uint8_t *p, size_t len, const char *text)
{
    size_t n = strlen(text);

    memset(p, ' ', len);
    memcpy(p, text, MIN(n, len));
}

static void inquiry_page(IDEDevice *d, const uint8_t *p)
{
    uint8_t *b = d->buffer;

    memset(b, 0, 64);
    b[0] = 5;
    b[1] = p[2];
    switch (p[2]) {
    case 0x00:
        b[3] = 2;
        b[5] = 0x83;
        send_reply(d, 6, be16(p + 3));
        return;
    case 0x83: /* identification: vendor specific, the serial number in ASCII */
        b[3] = 24;
        b[4] = 2;
        b[7] = 20;
        put_padded(b + 8, 20, d->serial);
        send_reply(d, 28, be16(p + 3));
        return;
    default:
        packet_invalid_field(d);
    }
}

static void cmd_inquiry(IDEDevice *d, const uint8_t *p)
{
    uint8_t *b = d->buffer;

    if (p[1] & 1) {
        inquiry_page(d, p);
        return;
    }
    if (p[2]) {
        packet_invalid_field(d);
        return;
    }
    memset(b, 0, 36);
    b[0] = 5;    /* CD-ROM */
    b[1] = 0x80; /* removable */
    b[3] = 0x21; /* ATAPI, SFF-8020i response */
    b[4] = 31;
    put_padded(b + 8, 8, "QEMU");
    put_padded(b + 16, 16, d->model);
    put_padded(b + 32, 4, d->version);
    send_reply(d, 36, be16(p + 3));
}

static void cmd_start_stop(IDEDevice *d, const uint8_t *p)
{
    bool start = p[4] & 1, load_eject = p[4] & 2;

    if (p[4] >> 4) { /* power conditions */
        packet_good(d);
        return;
    }
    if (load_eject && !start && !d->tray_open && d->tray_locked) {
        packet_check(d, has_medium(d) ? SENSE_ILLEGAL_REQUEST : SENSE_NOT_READY,
                     ASC_REMOVAL_PREVENTED);
        return;
    }
    if (load_eject && d->tray_open == start) {
        d->tray_open = !start;
        blk_tray_moved(d->blk, d->tray_open);
        d->medium_changed = start && blk_is_inserted(d->blk);
        d->event_new_media = d->medium_changed;
    }
    packet_good(d);
}

static void cmd_prevent_removal(IDEDevice *d, const uint8_t *p)
{
    d->tray_locked = p[4] & 1;
    packet_good(d);
}

static void cmd_read_capacity(IDEDevice *d, const uint8_t *p)
{
    put32(d->buffer, num_cd_sectors(d) - 1);
    put32(d->buffer + 4, CD_SECTOR_BYTES);
    send_reply(d, 8, 8);
}

static void cmd_read_10(IDEDevice *d, const uint8_t *p)
{
    read_sectors(d, be32(p + 2), be16(p + 7), CD_SECTOR_BYTES);
}

static void cmd_read_12(IDEDevice *d, const uint8_t *p)
{
    read_sectors(d, be32(p + 2), be32(p + 6), CD_SECTOR_BYTES);
}

static void cmd_read_cd(IDEDevice *d, const uint8_t *p)
{
    uint32_t count = (uint32_t)p[6] << 16 | be16(p + 7);
    unsigned type = p[1] >> 2 & 7;

    if (type != 0 && type != 2) { /* any, or mode 1 */
        packet_check(d, SENSE_ILLEGAL_REQUEST, ASC_ILLEGAL_MODE);
        return;
    }
    switch (p[9] & 0xf8) {
    case 0x00:
        packet_good(d);
        return;
    case 0x10: /* user data */
        read_sectors(d, be32(p + 2), count, CD_SECTOR_BYTES);
        return;
    case 0xf8: /* everything */
        read_sectors(d, be32(p + 2), count, CD_RAW_BYTES);
        return;
    default:
        packet_invalid_field(d);
    }
}

static void cmd_seek(IDEDevice *d, const uint8_t *p)
{
    if (be32(p + 2) > num_cd_sectors(d)) {
        packet_check(d, SENSE_ILLEGAL_REQUEST, ASC_LBA_OUT_OF_RANGE);
        return;
    }
    packet_good(d);
}

static void put_address(uint8_t *p, uint32_t lba, bool msf)
{
    p[0] = 0;
    if (msf) {
        minutes_seconds_frames(p + 1, lba);
    } else {
        put32(p, lba);
    }
}

static uint8_t *toc_track(uint8_t *p, uint8_t track, uint32_t lba, bool msf)
{
    p[0] = 0;
    p[1] = 0x14; /* position data in Q, data track */
    p[2] = track;
    p[3] = 0;
    put_address(p + 4, lba, msf);
    return p + 8;
}

/* The raw Q sub-channel of the lead-in: four points of a one-track disc. */
static uint32_t full_toc(IDEDevice *d, uint8_t *b)
{
    static const uint8_t points[] = { 0xa0, 0xa1, 0xa2, 0x01 };
    uint8_t *p = b + 4;

    for (size_t i = 0; i < sizeof(points); i++, p += 11) {
        memset(p, 0, 11);
        p[0] = 1; /* session */
        p[1] = 0x14;
        p[3] = points[i];
        if (points[i] == 0xa0 || points[i] == 0xa1) {
            p[8] = 1; /* first and last track */
        } else {
            minutes_seconds_frames(p + 8, points[i] == 0xa2 ? num_cd_sectors(d) : 0);
        }
    }
    return (uint32_t)(p - b);
}

static void cmd_read_toc(IDEDevice *d, const uint8_t *p)
{
    bool msf = p[1] & 2;
    unsigned format = p[2] & 0x0f ? p[2] & 0x0f : p[9] >> 6;
    uint8_t *b = d->buffer, *end = b + 4;
    uint32_t len;

    b[2] = b[3] = 1; /* first and last track or session */
    switch (format) {
    case 0:
        if (p[6] > 1 && p[6] != 0xaa) {
            packet_invalid_field(d);
            return;
        }
        if (p[6] <= 1) {
            end = toc_track(end, 1, 0, msf);
        }
        end = toc_track(end, 0xaa, num_cd_sectors(d), msf);
        len = (uint32_t)(end - b);
        break;
    case 1: /* sessions: the last one begins with track 1 */
        len = (uint32_t)(toc_track(end, 1, 0, msf) - b);
        break;
    case 2:
        len = full_toc(d, b);
        break;
    default:
        packet_invalid_field(d);
        return;
    }
    put16(b, len - 2);
    send_reply(d, len, be16(p + 7));
}

static void cmd_read_sub_channel(IDEDevice *d, const uint8_t *p)
{
    memset(d->buffer, 0, 4);
    d->buffer[1] = 0x15; /* no audio status */
    send_reply(d, 4, be16(p + 7));
}

static uint8_t *feature(uint8_t *p, uint16_t code, uint8_t flags, uint8_t len)
{
    put16(p, code);
    p[2] = flags; /* version << 2 | persistent << 1 | current */
    p[3] = len;
    memset(p + 4, 0, len);
    return p + 4;
}

static void profile(uint8_t *p, uint16_t code, bool current)
{
    put16(p, code);
    p[2] = current;
}

static void cmd_get_configuration(IDEDevice *d, const uint8_t *p)
{
    unsigned rt = p[1] & 3;
    uint16_t start = be16(p + 2);
    bool dvd = is_dvd(d), cd = has_medium(d) && !dvd;
    uint8_t *b = d->buffer, *end = b + 8;
    uint8_t all[64], *next = all, *f;

    if (rt == 3) {
        packet_invalid_field(d);
        return;
    }
    f = feature(next, 0x0000, 0x03, 8); /* profiles */
    profile(f, 0x0010, dvd);
    profile(f + 4, 0x0008, cd);
    next = f + 8;
    f = feature(next, 0x0001, 0x0b, 8); /* core: ATAPI, with DBE */
    f[3] = 2;
    f[4] = 1;
    next = f + 8;
    f = feature(next, 0x0003, 0x03, 4); /* removable: tray, eject, lock */
    f[0] = 0x29;
    next = f + 4;
    f = feature(next, 0x001e, cd, 4); /* CD read */
    next = f + 4;
    f = feature(next, 0x001f, dvd, 4); /* DVD read */
    next = f + 4;
    for (f = all; f < next; f += 4 + f[3]) {
        uint16_t code = be16(f);
        if (rt == 2 ? code != start : code < start) {
            continue;
        }
        if (rt == 1 && !(f[2] & 1)) {
            continue;
        }
        memcpy(end, f, 4u + f[3]);
        end += 4 + f[3];
    }
    memset(b, 0, 8);
    put32(b, (uint32_t)(end - b) - 4);
    put16(b + 6, dvd ? 0x0010 : cd ? 0x0008 : 0);
    send_reply(d, (uint32_t)(end - b), be16(p + 7));
}

static void cmd_get_event_status(IDEDevice *d, const uint8_t *p)
{
    uint8_t *b = d->buffer;

    if (!(p[1] & 1)) { /* only polled */
        packet_invalid_field(d);
        return;
    }
    memset(b, 0, 8);
    b[3] = 0x10; /* classes supported: media */
    if (!(p[4] & 0x10)) {
        b[1] = 2;
        b[2] = 0x80; /* no event of the asked classes */
        send_reply(d, 4, be16(p + 7));
        return;
    }
    b[1] = 6;
    b[2] = 4; /* media */
    if (d->event_new_media) {
        b[4] = 2;
        d->event_new_media = false;
    } else if (d->event_eject_request) {
        b[4] = 1;
        d->event_eject_request = false;
    }
    b[5] = (uint8_t)(d->tray_open | (blk_is_inserted(d->blk) && !d->tray_open) << 1);
    send_reply(d, 8, be16(p + 7));
}

static void cmd_read_disc_information(IDEDevice *d, const uint8_t *p)
{
    uint8_t *b = d->buffer;

    if (p[1] & 7) {
        packet_invalid_field(d);
        return;
    }
    memset(b, 0, 34);
    b[1] = 32;
    b[2] = 0x0e; /* last session complete, disc finalized */
    b[3] = b[4] = b[5] = b[6] = 1;
    b[7] = 0x20; /* unrestricted use */
    send_reply(d, 34, be16(p + 7));
}

static void cmd_mechanism_status(IDEDevice *d, const uint8_t *p)
{
    memset(d->buffer, 0, 8);
    d->buffer[5] = 1;
    send_reply(d, 8, be16(p + 8));
}

static void cmd_read_dvd_structure(IDEDevice *d, const uint8_t *p)
{
    uint8_t *b = d->buffer;

    if (p[1] & 0x0f || p[6]) {
        packet_invalid_field(d);
        return;
    }
    memset(b, 0, 4 + 2048);
    switch (p[7]) {
    case 0x00: /* physical format of layer 0 */
        if (!is_dvd(d)) {
            packet_check(d, SENSE_ILLEGAL_REQUEST, 0x3002); /* wrong medium */
            return;
        }
        b[4] = 0x01; /* DVD-ROM, part version 1 */
        b[5] = 0x0f; /* 120 mm, no rate */
        b[6] = 0x01; /* one layer, embossed */
        put24(b + 9, 0x030000);
        put24(b + 13, 0x030000 + num_cd_sectors(d) - 1);
        put16(b, 2048 + 2);
        send_reply(d, 4 + 2048, be16(p + 8));
        return;
    case 0x01: /* copyright: none */
        put16(b, 4 + 2);
        send_reply(d, 8, be16(p + 8));
        return;
    default:
        packet_invalid_field(d);
    }
}

static uint32_t mode_page(IDEDevice *d, uint8_t code, uint8_t *p, bool changeable)
{
    switch (code) {
    case 0x01: /* read error recovery */
        memset(p, 0, 8);
        p[0] = 0x01;
        p[1] = 6;
        p[3] = changeable ? 0 : 5; /* retries */
        return 8;
    case 0x0e: /* CD audio control: page present, no audio */
        memset(p, 0, 16);
        p[0] = 0x0e;
        p[1] = 14;
        return 16;
    case 0x2a: /* capabilities and mechanical status */
        memset(p, 0, 20);
        p[0] = 0x2a;
        p[1] = 18;
        if (changeable) {
            return 20;
        }
        p[2] = 0x3b; /* reads CD-R, CD-RW, method 2, DVD-ROM, DVD-R */
        p[4] = 0x70; /* mode 2 forms 1 and 2, multisession */
        p[6] = (uint8_t)(0x29 | (d->tray_locked ? 2 : 0)); /* tray, eject, lock */
        put16(p + 8, 706);                                 /* KB/s */
        put16(p + 10, 2);                                  /* volume levels */
        put16(p + 12, 512);                                /* buffer KiB */
        put16(p + 14, 706);
        return 20;
    default:
        return 0;
    }
}

static uint8_t medium_type(const IDEDevice *d)
{
    if (d->tray_open) {
        return 0x71;
    }
    return blk_is_inserted(d->blk) ? 0x01 : 0x70; /* 120 mm data disc */
}

static void cmd_mode_sense(IDEDevice *d, const uint8_t *p)
{
    static const uint8_t pages[] = { 0x01, 0x0e, 0x2a };
    unsigned control = p[2] >> 6;
    uint8_t code = p[2] & 0x3f;
    uint32_t len = 8;

    if (control == 3) {
        packet_check(d, SENSE_ILLEGAL_REQUEST, ASC_SAVING_NOT_SUPPORTED);
        return;
    }
    memset(d->buffer, 0, 8);
    for (size_t i = 0; i < sizeof(pages); i++) {
        if (code == 0x3f || code == pages[i]) {
            len += mode_page(d, pages[i], d->buffer + len, control == 1);
        }
    }
    if (len == 8) {
        packet_invalid_field(d);
        return;
    }
    put16(d->buffer, len - 2);
    d->buffer[2] = medium_type(d);
    send_reply(d, len, be16(p + 7));
}

/* Taken and forgotten: nothing is changeable. */
static void cmd_mode_select(IDEDevice *d, const uint8_t *p)
{
    uint32_t len = be16(p + 7);

    if (!len) {
        packet_good(d);
        return;
    }
    d->pos = 0;
    d->end = MIN(len, IDE_BUFFER_BYTES);
    d->sector_bytes = 0;
    if (d->packet_dma) {
        ide_dma_begin(d, ATAPI_DMA_OUT);
        return;
    }
    d->phase = ATAPI_PIO_OUT;
    d->tf.lba_mid = (uint8_t)d->end;
    d->tf.lba_high = (uint8_t)(d->end >> 8);
    d->tf.count = 0;
    ide_pio_block(d, d->end, true);
    d->status = ATA_DRDY | ATA_DRQ;
}

enum {
    NEEDS_MEDIUM = 1 << 0,
    ALWAYS = 1 << 1, /* also while a unit attention is pending */
};

static const struct {
    uint8_t code;
    uint8_t flags;
    void (*fn)(IDEDevice *d, const uint8_t *p);
} packet_commands[] = {
    {0x00,  NEEDS_MEDIUM, cmd_good                 }, /* TEST UNIT READY */
    { 0x03, ALWAYS,       cmd_request_sense        },
    { 0x12, ALWAYS,       cmd_inquiry              },
    { 0x1b, 0,            cmd_start_stop           },
    { 0x1e, 0,            cmd_prevent_removal      },
    { 0x25, NEEDS_MEDIUM, cmd_read_capacity        },
    { 0x28, NEEDS_MEDIUM, cmd_read_10              },
    { 0x2b, NEEDS_MEDIUM, cmd_seek                 },
    { 0x42, NEEDS_MEDIUM, cmd_read_sub_channel     },
    { 0x43, NEEDS_MEDIUM, cmd_read_toc             },
    { 0x46, ALWAYS,       cmd_get_configuration    },
    { 0x4a, ALWAYS,       cmd_get_event_status     },
    { 0x51, NEEDS_MEDIUM, cmd_read_disc_information},
    { 0x55, 0,            cmd_mode_select          },
    { 0x5a, 0,            cmd_mode_sense           },
    { 0xa8, NEEDS_MEDIUM, cmd_read_12              },
    { 0xad, NEEDS_MEDIUM, cmd_read_dvd_structure   },
    { 0xbb, 0,            cmd_good                 }, /* SET CD SPEED */
    { 0xbd, 0,            cmd_mechanism_status     },
    { 0xbe, NEEDS_MEDIUM, cmd_read_cd              },
};

void atapi_command(IDEDevice *d)
{
    const uint8_t *p = d->packet;

    for (size_t i = 0; i < G_N_ELEMENTS(packet_commands); i++) {
        if (packet_commands[i].code != p[0]) {
            continue;
        }
        unsigned flags = packet_commands[i].flags;
        if (d->medium_changed && !(flags & ALWAYS)) {
            d->medium_changed = false;
            packet_check(d, SENSE_UNIT_ATTENTION, ASC_MEDIUM_CHANGED);
            return;
        }
        if ((flags & NEEDS_MEDIUM) && !has_medium(d)) {
            packet_check(d, SENSE_NOT_READY,
                         d->tray_open ? ASC_NO_MEDIUM_OPEN : ASC_NO_MEDIUM_CLOSED);
            return;
        }
        packet_commands[i].fn(d, p);
        return;
    }
    log_unimp("ide: packet command %02x\n", p[0]);
    packet_check(d, SENSE_ILLEGAL_REQUEST, ASC_INVALID_COMMAND);
}

void atapi_pio_done(IDEDevice *d)
{
    switch (d->phase) {
    case IDE_PIO_IN: /* IDENTIFY PACKET DEVICE */
        d->phase = IDE_IDLE;
        d->status = ATA_DRDY;
        return;
    case IDE_PACKET:
        memcpy(d->packet, d->buffer, ATAPI_PACKET_BYTES);
        d->phase = IDE_IDLE;
        d->pos = d->block_end = d->end = 0;
        atapi_command(d);
        return;
    case ATAPI_PIO_IN:
        if (d->pos < d->end) {
            next_pio_block(d);
        } else {
            buffer_taken(d);
        }
        return;
    case ATAPI_PIO_OUT:
        packet_good(d);
        return;
    default:
        return;
    }
}

void atapi_reset(IDEDevice *d)
{
    set_sense(d, SENSE_NONE, ASC_NONE);
    d->packet_dma = false;
    d->event_eject_request = false;
}

/* --- What the block layer asks --- */

static void cd_medium_changed(void *opaque, bool loaded)
{
    IDEDevice *d = opaque;

    d->num_sectors = blk_get_length(d->blk) / BLK_SECTOR_SIZE;
    d->medium_changed = loaded;
    d->event_new_media = loaded;
    d->event_eject_request = false;
}

static void cd_eject_request(void *opaque, bool force)
{
    IDEDevice *d = opaque;

    d->event_eject_request = true;
    if (force) {
        d->tray_locked = false;
    }
}

static bool cd_is_tray_open(void *opaque)
{
    return ((IDEDevice *)opaque)->tray_open;
}

static bool cd_is_locked(void *opaque)
{
    return ((IDEDevice *)opaque)->tray_locked;
}

static void cd_set_tray(void *opaque, bool open)
{
    IDEDevice *d = opaque;

    if (d->tray_open != open) {
        d->tray_open = open;
        blk_tray_moved(d->blk, open);
    }
}

const BlockDevOps ide_cd_block_ops = {
    .removable = true,
    .has_tray = true,
    .has_io_status = true,
    .medium_changed = cd_medium_changed,
    .eject_request = cd_eject_request,
    .is_tray_open = cd_is_tray_open,
    .is_medium_locked = cd_is_locked,
    .set_tray = cd_set_tray,
};
