/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The ATA command set of a disk, and the few commands that PACKET devices share.
 * Source: ATA/ATAPI-6 (T13/1410D revision 3b), section 8. Not modelled: host protected
 * area passwords, security, power-up in standby, removable media notification,
 * overlapped and queued commands, streaming.
 *
 * Sectors are transferred in chunks of up to IDE_BUFFER_SECTORS between the block layer
 * and the buffer; the guest moves the buffer in DRQ blocks of one or `multiple`
 * sectors, or the DMA engine moves it whole.
 */
#include "hw/ide/ide-internal.h"
#include "util/log.h"

#include <string.h>

enum {
    CMD_NOP = 0x00,
    CMD_DATA_SET_MANAGEMENT = 0x06,
    CMD_RECALIBRATE = 0x10,
    CMD_READ_SECTORS = 0x20,
    CMD_READ_SECTORS_NORETRY = 0x21,
    CMD_READ_SECTORS_EXT = 0x24,
    CMD_READ_DMA_EXT = 0x25,
    CMD_READ_NATIVE_MAX_EXT = 0x27,
    CMD_READ_MULTIPLE_EXT = 0x29,
    CMD_WRITE_SECTORS = 0x30,
    CMD_WRITE_SECTORS_NORETRY = 0x31,
    CMD_WRITE_SECTORS_EXT = 0x34,
    CMD_WRITE_DMA_EXT = 0x35,
    CMD_SET_MAX_EXT = 0x37,
    CMD_WRITE_MULTIPLE_EXT = 0x39,
    CMD_WRITE_DMA_FUA_EXT = 0x3d,
    CMD_READ_VERIFY = 0x40,
    CMD_READ_VERIFY_NORETRY = 0x41,
    CMD_READ_VERIFY_EXT = 0x42,
    CMD_SEEK = 0x70,
    CMD_INIT_DEVICE_PARAMETERS = 0x91,
    CMD_PACKET = 0xa0,
    CMD_IDENTIFY_PACKET = 0xa1,
    CMD_SMART = 0xb0,
    CMD_READ_MULTIPLE = 0xc4,
    CMD_WRITE_MULTIPLE = 0xc5,
    CMD_SET_MULTIPLE = 0xc6,
    CMD_READ_DMA = 0xc8,
    CMD_READ_DMA_NORETRY = 0xc9,
    CMD_WRITE_DMA = 0xca,
    CMD_WRITE_DMA_NORETRY = 0xcb,
    CMD_WRITE_MULTIPLE_FUA_EXT = 0xce,
    CMD_STANDBY_IMMEDIATE = 0xe0,
    CMD_IDLE_IMMEDIATE = 0xe1,
    CMD_STANDBY = 0xe2,
    CMD_IDLE = 0xe3,
    CMD_READ_BUFFER = 0xe4,
    CMD_CHECK_POWER_MODE = 0xe5,
    CMD_SLEEP = 0xe6,
    CMD_FLUSH = 0xe7,
    CMD_WRITE_BUFFER = 0xe8,
    CMD_FLUSH_EXT = 0xea,
    CMD_IDENTIFY = 0xec,
    CMD_SET_FEATURES = 0xef,
    CMD_READ_NATIVE_MAX = 0xf8,
    CMD_SET_MAX = 0xf9,
};

/* --- Addresses --- */

static bool get_lba(const IDEDevice *d, bool lba48, uint64_t *lba)
{
    if (lba48) {
        *lba = (uint64_t)d->hob.lba_high << 40 | (uint64_t)d->hob.lba_mid << 32 |
               (uint64_t)d->hob.lba_low << 24 | (uint64_t)d->tf.lba_high << 16 |
               (uint64_t)d->tf.lba_mid << 8 | d->tf.lba_low;
        return true;
    }
    if (d->device & ATA_DEV_LBA) {
        *lba = (uint64_t)(d->device & 0x0f) << 24 | (uint64_t)d->tf.lba_high << 16 |
               (uint64_t)d->tf.lba_mid << 8 | d->tf.lba_low;
        return true;
    }
    /* Sectors of a track count from 1. */
    uint32_t cylinder = (uint32_t)d->tf.lba_high << 8 | d->tf.lba_mid;
    uint32_t head = d->device & 0x0f, sector = d->tf.lba_low;
    if (!sector || sector > d->cur_sectors || head >= d->cur_heads) {
        return false;
    }
    *lba = ((uint64_t)cylinder * d->cur_heads + head) * d->cur_sectors + sector - 1;
    return true;
}

static void set_lba(IDEDevice *d, uint64_t lba)
{
    if (d->lba48) {
        d->hob.lba_low = (uint8_t)(lba >> 24);
        d->hob.lba_mid = (uint8_t)(lba >> 32);
        d->hob.lba_high = (uint8_t)(lba >> 40);
    } else if (d->device & ATA_DEV_LBA) {
        d->device = (uint8_t)((d->device & 0xf0) | (lba >> 24 & 0x0f));
    } else {
        uint64_t track = lba / d->cur_sectors;
        d->tf.lba_low = (uint8_t)(lba % d->cur_sectors + 1);
        d->device = (uint8_t)((d->device & 0xf0) | track % d->cur_heads);
        d->tf.lba_mid = (uint8_t)(track / d->cur_heads);
        d->tf.lba_high = (uint8_t)(track / d->cur_heads >> 8);
        return;
    }
    d->tf.lba_low = (uint8_t)lba;
    d->tf.lba_mid = (uint8_t)(lba >> 8);
    d->tf.lba_high = (uint8_t)(lba >> 16);
}

static uint32_t get_count(const IDEDevice *d, bool lba48)
{
    if (lba48) {
        uint32_t n = (uint32_t)d->hob.count << 8 | d->tf.count;
        return n ? n : 65536;
    }
    return d->tf.count ? d->tf.count : 256;
}

/* Take address and count of a transfer; on failure the command has been ended. */
static bool begin_transfer(IDEDevice *d, bool lba48)
{
    d->lba48 = lba48;
    d->remaining = get_count(d, lba48);
    if (!get_lba(d, lba48, &d->lba) || d->lba >= d->num_sectors ||
        d->remaining > d->num_sectors - d->lba) {
        ide_command_error(d, ATA_ERR_IDNF);
        return false;
    }
    return true;
}

static uint32_t chunk_bytes(const IDEDevice *d)
{
    return MIN(d->remaining, IDE_BUFFER_SECTORS) * BLK_SECTOR_SIZE;
}

/* The buffer has been moved: on to the next sectors. */
static void chunk_moved(IDEDevice *d)
{
    uint32_t sectors = d->end / BLK_SECTOR_SIZE;

    d->lba += sectors;
    d->remaining -= sectors;
    d->pos = d->block_end = d->end = 0;
}

static void transfer_done(IDEDevice *d)
{
    set_lba(d, d->lba ? d->lba - 1 : 0);
    d->tf.count = 0;
    d->hob.count = 0;
}

/* --- Data commands --- */

static uint32_t drq_block_bytes(const IDEDevice *d)
{
    switch (d->command) {
    case CMD_READ_MULTIPLE:
    case CMD_READ_MULTIPLE_EXT:
    case CMD_WRITE_MULTIPLE:
    case CMD_WRITE_MULTIPLE_EXT:
    case CMD_WRITE_MULTIPLE_FUA_EXT:
        return (uint32_t)d->multiple * BLK_SECTOR_SIZE;
    default:
        return BLK_SECTOR_SIZE;
    }
}

static bool check_multiple(IDEDevice *d)
{
    if (!d->multiple) {
        ide_command_abort(d);
        return false;
    }
    return true;
}

static void load_chunk(IDEDevice *d)
{
    d->pos = 0;
    d->end = chunk_bytes(d);
    ide_block_io(d, false, d->lba * BLK_SECTOR_SIZE, d->end);
}

static void store_chunk(IDEDevice *d)
{
    ide_block_io(d, true, d->lba * BLK_SECTOR_SIZE, d->end);
}

static void read_pio(IDEDevice *d, bool lba48)
{
    if (begin_transfer(d, lba48)) {
        d->phase = IDE_SECTORS_IN;
        load_chunk(d);
    }
}

/* The first DRQ block of a PIO write comes without interrupt. */
static void write_pio(IDEDevice *d, bool lba48)
{
    if (begin_transfer(d, lba48)) {
        ide_pio_begin(d, IDE_SECTORS_OUT, chunk_bytes(d), false);
        ide_pio_block(d, drq_block_bytes(d), false);
    }
}

static void read_dma(IDEDevice *d, bool lba48)
{
    if (begin_transfer(d, lba48)) {
        d->pos = d->end = 0;
        ide_dma_begin(d, IDE_DMA_IN);
    }
}

static void write_dma(IDEDevice *d, bool lba48)
{
    if (begin_transfer(d, lba48)) {
        d->pos = 0;
        d->end = chunk_bytes(d);
        ide_dma_begin(d, IDE_DMA_OUT);
    }
}

void ata_pio_done(IDEDevice *d)
{
    switch (d->phase) {
    case IDE_PIO_IN:
    case IDE_PIO_OUT:
        d->status = ATA_DRDY | ATA_DSC;
        if (d->phase == IDE_PIO_OUT) {
            ide_command_done(d);
        }
        d->phase = IDE_IDLE;
        return;
    case IDE_SECTORS_IN:
        if (d->pos < d->end) {
            ide_pio_block(d, drq_block_bytes(d), true);
            return;
        }
        chunk_moved(d);
        if (d->remaining) {
            load_chunk(d);
            return;
        }
        /* The host has the data: no further interrupt. */
        transfer_done(d);
        d->phase = IDE_IDLE;
        d->status = ATA_DRDY | ATA_DSC;
        return;
    case IDE_SECTORS_OUT:
        if (d->pos < d->end) {
            ide_pio_block(d, drq_block_bytes(d), true);
            return;
        }
        store_chunk(d);
        return;
    default:
        return;
    }
}

static void dma_finished(IDEDevice *d)
{
    transfer_done(d);
    d->bus->dma->done(d->bus->dma_opaque);
    ide_command_done(d);
}

/* Is there a part of the buffer to move? True when it has been moved whole. */
static bool dma_move(IDEDevice *d, bool to_memory)
{
    d->pos += d->bus->dma->transfer(d->bus->dma_opaque, d->buffer + d->pos,
                                    d->end - d->pos, to_memory);
    return d->pos == d->end;
}

void ata_dma_step(IDEDevice *d)
{
    if (d->phase == IDE_DMA_OUT) {
        if (dma_move(d, false)) {
            store_chunk(d);
        }
        return;
    }
    if (d->end) {
        if (!dma_move(d, true)) {
            return;
        }
        chunk_moved(d);
    }
    if (d->remaining) {
        load_chunk(d);
    } else {
        dma_finished(d);
    }
}

static void flush_for_fua(IDEDevice *d)
{
    d->remaining = 0;
    ide_block_flush(d);
}

static bool wants_fua(const IDEDevice *d)
{
    return d->command == CMD_WRITE_DMA_FUA_EXT ||
           d->command == CMD_WRITE_MULTIPLE_FUA_EXT;
}

static void io_failed(IDEDevice *d)
{
    bool dma = d->phase == IDE_DMA_IN || d->phase == IDE_DMA_OUT;
    bool read = d->phase == IDE_DMA_IN || d->phase == IDE_SECTORS_IN;

    set_lba(d, d->lba);
    if (dma) {
        d->bus->dma->done(d->bus->dma_opaque);
    }
    ide_command_error(d, read ? ATA_ERR_UNC : ATA_ERR_ABRT);
}

void ata_io_done(IDEDevice *d, int ret)
{
    if (ret < 0) {
        io_failed(d);
        return;
    }
    switch (d->phase) {
    case IDE_SECTORS_IN:
        ide_pio_block(d, drq_block_bytes(d), true);
        return;
    case IDE_SECTORS_OUT:
        chunk_moved(d);
        if (d->remaining) {
            ide_pio_begin(d, IDE_SECTORS_OUT, chunk_bytes(d), false);
            ide_pio_block(d, drq_block_bytes(d), true);
        } else if (wants_fua(d)) {
            flush_for_fua(d);
        } else {
            transfer_done(d);
            ide_command_done(d);
        }
        return;
    case IDE_DMA_IN:
        d->status = ATA_DRDY | ATA_DSC | ATA_DRQ;
        ide_dma_continue(d);
        return;
    case IDE_DMA_OUT:
        chunk_moved(d);
        d->status = ATA_DRDY | ATA_DSC | ATA_DRQ;
        if (d->remaining) {
            d->end = chunk_bytes(d);
            ide_dma_continue(d);
        } else if (wants_fua(d)) {
            d->dma_waiting = false;
            d->bus->dma->done(d->bus->dma_opaque);
            flush_for_fua(d);
        } else {
            dma_finished(d);
        }
        return;
    default:
        ide_command_done(d);
    }
}

/* --- Commands without sectors --- */

static void read_verify(IDEDevice *d, bool lba48)
{
    if (begin_transfer(d, lba48)) {
        d->lba += d->remaining;
        transfer_done(d);
        ide_command_done(d);
    }
}

static void read_native_max(IDEDevice *d, bool lba48)
{
    uint64_t max = d->native_max - 1;

    d->lba48 = lba48;
    if (!lba48) {
        d->device |= ATA_DEV_LBA;
        max = MIN(max, 0x0fffffff - 1);
    }
    set_lba(d, max);
    ide_command_done(d);
}

/* Volatile and non-volatile are the same to us: both last until the machine ends. */
static void set_max(IDEDevice *d, bool lba48)
{
    uint64_t lba;

    if ((!lba48 && d->tf.feature) || !get_lba(d, lba48, &lba) || lba >= d->native_max) {
        ide_command_abort(d);
        return;
    }
    d->num_sectors = lba + 1;
    ide_command_done(d);
}

static void send_buffer(IDEDevice *d)
{
    ide_pio_begin(d, IDE_PIO_IN, BLK_SECTOR_SIZE, true);
}

static void identify(IDEDevice *d)
{
    ata_identify(d);
    send_buffer(d);
}

static bool set_transfer_mode(IDEDevice *d, uint8_t mode)
{
    unsigned number = mode & 7;

    switch (mode >> 3) {
    case 0: /* PIO default, with or without IORDY */
        return number <= 1;
    case 1: /* PIO flow control mode */
        return number <= 4;
    case 4: /* multiword DMA */
        if (number > 2) {
            return false;
        }
        d->mword_mode = (uint8_t)(1u << number);
        d->ultra_mode = 0;
        return true;
    case 8: /* Ultra DMA */
        if (number > 5) {
            return false;
        }
        d->ultra_mode = (uint8_t)(1u << number);
        d->mword_mode = 0;
        return true;
    default:
        return false;
    }
}

static void set_features(IDEDevice *d)
{
    switch (d->tf.feature) {
    case 0x02: /* enable write cache */
    case 0x82: /* disable */
        if (d->kind != IDE_KIND_HD) {
            break;
        }
        d->write_cache = d->tf.feature == 0x02;
        blk_set_write_cache(d->blk, d->write_cache);
        if (!d->write_cache) {
            ide_block_flush(d);
            return;
        }
        ide_command_done(d);
        return;
    case 0x03:
        if (!set_transfer_mode(d, d->tf.count)) {
            break;
        }
        ide_command_done(d);
        return;
    case 0x05: /* advanced power management */
    case 0x85:
    case 0x42: /* automatic acoustic management */
    case 0xc2:
    case 0x55: /* read look-ahead */
    case 0xaa:
    case 0x66: /* keep settings over a software reset */
    case 0xcc:
        ide_command_done(d);
        return;
    }
    ide_command_abort(d);
}

static void set_multiple(IDEDevice *d)
{
    uint8_t n = d->tf.count;

    if (n > IDE_MAX_MULTIPLE || (n & (n - 1))) {
        d->multiple = 0;
        ide_command_abort(d);
        return;
    }
    d->multiple = n;
    ide_command_done(d);
}

static void init_device_parameters(IDEDevice *d)
{
    if (!d->tf.count) {
        ide_command_abort(d);
        return;
    }
    d->cur_heads = (d->device & 0x0f) + 1u;
    d->cur_sectors = d->tf.count;
    ide_command_done(d);
}

/* --- SMART: ATA-6 8.54; attribute contents are vendor specific --- */

enum { SMART_KEY_MID = 0x4f, SMART_KEY_HIGH = 0xc2 };

static void smart_checksum(uint8_t *page)
{
    uint8_t sum = 0;

    for (int i = 0; i < 511; i++) {
        sum = (uint8_t)(sum + page[i]);
    }
    page[511] = (uint8_t)-sum;
}

/* id, flags, value, worst, threshold */
static const uint8_t smart_attributes[][5] = {
    {1,    0x03, 100, 100, 6 }, /* read error rate */
    { 5,   0x03, 100, 100, 36}, /* reallocated sectors */
    { 9,   0x03, 100, 100, 0 }, /* power-on hours */
    { 12,  0x03, 100, 100, 20}, /* power cycles */
    { 194, 0x02, 69,  69,  0 }, /* temperature */
};

static void smart_page(IDEDevice *d, bool thresholds)
{
    uint8_t *page = d->buffer;

    memset(page, 0, BLK_SECTOR_SIZE);
    page[0] = 1; /* revision */
    for (size_t i = 0; i < G_N_ELEMENTS(smart_attributes); i++) {
        uint8_t *row = page + 2 + 12 * i;
        const uint8_t *a = smart_attributes[i];
        row[0] = a[0];
        if (thresholds) {
            row[1] = a[4];
        } else {
            row[1] = a[1];
            row[3] = a[2];
            row[4] = a[3];
        }
    }
    if (!thresholds) {
        page[362] = 0x02; /* off-line collection done */
        page[367] = 0x00; /* no off-line or self-test capability */
        page[368] = 0x03; /* SMART saves before power modes and by timer */
    }
    smart_checksum(page);
    send_buffer(d);
}

static void smart_log(IDEDevice *d)
{
    memset(d->buffer, 0, BLK_SECTOR_SIZE);
    switch (d->tf.lba_low) {
    case 0x00: /* directory: two logs of one sector */
        d->buffer[0] = 1;
        d->buffer[2] = 1;
        d->buffer[12] = 1;
        break;
    case 0x01: /* summary error log */
    case 0x06: /* self-test log */
        d->buffer[0] = 1;
        smart_checksum(d->buffer);
        break;
    default:
        ide_command_abort(d);
        return;
    }
    send_buffer(d);
}

static void smart(IDEDevice *d)
{
    if (d->tf.lba_mid != SMART_KEY_MID || d->tf.lba_high != SMART_KEY_HIGH ||
        (!d->smart_enabled && d->tf.feature != 0xd8)) {
        ide_command_abort(d);
        return;
    }
    switch (d->tf.feature) {
    case 0xd0:
        smart_page(d, false);
        return;
    case 0xd1:
        smart_page(d, true);
        return;
    case 0xd5:
        smart_log(d);
        return;
    case 0xd2: /* attribute autosave */
    case 0xda: /* return status: the key unchanged says good */
        ide_command_done(d);
        return;
    case 0xd8:
    case 0xd9:
        d->smart_enabled = d->tf.feature == 0xd8;
        ide_command_done(d);
        return;
    default:
        ide_command_abort(d);
    }
}

/* --- Dispatch --- */

static void packet_command(IDEDevice *d)
{
    /* Neither overlap nor a device-to-host DMA direction bit is offered. */
    if (d->tf.feature & 0x02) {
        ide_command_abort(d);
        return;
    }
    d->packet_dma = d->tf.feature & 0x01;
    d->byte_limit = (uint32_t)d->tf.lba_high << 8 | d->tf.lba_mid;
    ide_pio_begin(d, IDE_PACKET, ATAPI_PACKET_BYTES, false);
    d->tf.count = ATAPI_COD;
    d->status = ATA_DRDY | ATA_DRQ;
}

/* What both kinds of device do. */
static bool common_command(IDEDevice *d, uint8_t command)
{
    switch (command) {
    case CMD_NOP:
        ide_command_abort(d);
        return true;
    case CMD_SET_FEATURES:
        set_features(d);
        return true;
    case CMD_CHECK_POWER_MODE:
        d->tf.count = 0xff; /* active or idle */
        ide_command_done(d);
        return true;
    case CMD_STANDBY_IMMEDIATE:
    case CMD_IDLE_IMMEDIATE:
    case CMD_STANDBY:
    case CMD_IDLE:
    case CMD_SLEEP:
        ide_command_done(d);
        return true;
    default:
        return false;
    }
}

static void cd_command(IDEDevice *d, uint8_t command)
{
    switch (command) {
    case CMD_PACKET:
        packet_command(d);
        return;
    case CMD_IDENTIFY_PACKET:
        ata_identify_packet(d);
        send_buffer(d);
        return;
    case CMD_IDENTIFY:
    case CMD_READ_SECTORS:
        /* The signature tells the host what this is (ATA-6 8.15, 8.34). */
        ide_set_signature(d);
        ide_command_abort(d);
        return;
    default:
        if (!common_command(d, command)) {
            ide_command_abort(d);
        }
    }
}

static bool data_command(IDEDevice *d, uint8_t command)
{
    switch (command) {
    case CMD_READ_SECTORS:
    case CMD_READ_SECTORS_NORETRY:
        read_pio(d, false);
        return true;
    case CMD_READ_SECTORS_EXT:
        read_pio(d, true);
        return true;
    case CMD_WRITE_SECTORS:
    case CMD_WRITE_SECTORS_NORETRY:
        write_pio(d, false);
        return true;
    case CMD_WRITE_SECTORS_EXT:
        write_pio(d, true);
        return true;
    case CMD_READ_MULTIPLE:
    case CMD_READ_MULTIPLE_EXT:
        if (check_multiple(d)) {
            read_pio(d, command == CMD_READ_MULTIPLE_EXT);
        }
        return true;
    case CMD_WRITE_MULTIPLE:
    case CMD_WRITE_MULTIPLE_EXT:
    case CMD_WRITE_MULTIPLE_FUA_EXT:
        if (check_multiple(d)) {
            write_pio(d, command != CMD_WRITE_MULTIPLE);
        }
        return true;
    case CMD_READ_DMA:
    case CMD_READ_DMA_NORETRY:
        read_dma(d, false);
        return true;
    case CMD_READ_DMA_EXT:
        read_dma(d, true);
        return true;
    case CMD_WRITE_DMA:
    case CMD_WRITE_DMA_NORETRY:
        write_dma(d, false);
        return true;
    case CMD_WRITE_DMA_EXT:
    case CMD_WRITE_DMA_FUA_EXT:
        write_dma(d, true);
        return true;
    default:
        return false;
    }
}

static void hd_command(IDEDevice *d, uint8_t command)
{
    if (data_command(d, command) || common_command(d, command)) {
        return;
    }
    if ((command & 0xf0) == CMD_RECALIBRATE || (command & 0xf0) == CMD_SEEK) {
        ide_command_done(d);
        return;
    }
    switch (command) {
    case CMD_READ_VERIFY:
    case CMD_READ_VERIFY_NORETRY:
    case CMD_READ_VERIFY_EXT:
        read_verify(d, command == CMD_READ_VERIFY_EXT);
        return;
    case CMD_READ_NATIVE_MAX:
    case CMD_READ_NATIVE_MAX_EXT:
        read_native_max(d, command == CMD_READ_NATIVE_MAX_EXT);
        return;
    case CMD_SET_MAX:
    case CMD_SET_MAX_EXT:
        set_max(d, command == CMD_SET_MAX_EXT);
        return;
    case CMD_INIT_DEVICE_PARAMETERS:
        init_device_parameters(d);
        return;
    case CMD_SET_MULTIPLE:
        set_multiple(d);
        return;
    case CMD_SMART:
        smart(d);
        return;
    case CMD_FLUSH:
    case CMD_FLUSH_EXT:
        ide_block_flush(d);
        return;
    case CMD_READ_BUFFER:
        send_buffer(d);
        return;
    case CMD_WRITE_BUFFER:
        ide_pio_begin(d, IDE_PIO_OUT, BLK_SECTOR_SIZE, false);
        return;
    case CMD_IDENTIFY:
        identify(d);
        return;
    default:
        log_unimp("ide: command %02x\n", command);
        ide_command_abort(d);
    }
}

void ata_command(IDEDevice *d, uint8_t command)
{
    d->error = 0;
    if (d->kind == IDE_KIND_CD) {
        cd_command(d, command);
    } else {
        hd_command(d, command);
    }
}
