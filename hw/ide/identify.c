/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * IDENTIFY DEVICE and IDENTIFY PACKET DEVICE data. Source: ATA/ATAPI-6, 8.15 and 8.16;
 * words 106 and 108-111 from ATA/ATAPI-7.
 */
#include "hw/ide/ide-internal.h"

#include <string.h>

static void put(IDEDevice *d, unsigned word, uint16_t value)
{
    d->buffer[2 * word] = (uint8_t)value;
    d->buffer[2 * word + 1] = (uint8_t)(value >> 8);
}

static void put32(IDEDevice *d, unsigned word, uint32_t value)
{
    put(d, word, (uint16_t)value);
    put(d, word + 1, (uint16_t)(value >> 16));
}

/* Two characters a word, the first one in the high byte, padded with spaces. */
static void put_string(IDEDevice *d, unsigned word, unsigned chars, const char *text)
{
    size_t len = strlen(text);

    for (unsigned i = 0; i < chars; i++) {
        d->buffer[2 * word + (i ^ 1)] = i < len ? (uint8_t)text[i] : ' ';
    }
}

static void put_names(IDEDevice *d)
{
    put_string(d, 10, 20, d->serial);
    put_string(d, 23, 8, d->version);
    put_string(d, 27, 40, d->model);
}

static void put_dma_modes(IDEDevice *d)
{
    put(d, 63, (uint16_t)(0x0007 | d->mword_mode << 8));
    put(d, 64, 0x0003); /* PIO modes 3 and 4 */
    for (unsigned w = 65; w <= 68; w++) {
        put(d, w, 120); /* ns per cycle */
    }
    put(d, 88, (uint16_t)(0x003f | d->ultra_mode << 8));
    /* 80-wire cable; each device passed its diagnostics. */
    put(d, 93, d->unit ? 0x6b00 : 0x600b);
}

#define SATA_QUEUE_DEPTH 32

/* Serial ATA 2.6, 13.2.1: first generation speed; queues only on disks. */
static void put_sata(IDEDevice *d)
{
    bool queued = d->kind == IDE_KIND_HD;

    if (d->bus->is_sata) {
        put(d, 75, queued ? SATA_QUEUE_DEPTH - 1 : 0);
        put(d, 76, (uint16_t)(0x0002 | (queued ? 0x0100 : 0)));
        put(d, 93, 0); /* no cable to look at */
    }
}

static void put_capacity(IDEDevice *d)
{
    uint32_t chs = MIN(d->cylinders * d->cur_heads * d->cur_sectors, UINT32_MAX);

    put(d, 54, (uint16_t)d->cylinders);
    put(d, 55, (uint16_t)d->cur_heads);
    put(d, 56, (uint16_t)d->cur_sectors);
    put32(d, 57, chs);
    put32(d, 60, (uint32_t)MIN(d->num_sectors, 0x0fffffff));
    put32(d, 100, (uint32_t)d->num_sectors);
    put32(d, 102, (uint32_t)(d->num_sectors >> 32));
}

void ata_identify(IDEDevice *d)
{
    memset(d->buffer, 0, BLK_SECTOR_SIZE);
    put(d, 0, 0x0040); /* not removable */
    put(d, 1, (uint16_t)d->cylinders);
    put(d, 3, (uint16_t)d->heads);
    put(d, 6, (uint16_t)d->sectors);
    put_names(d);
    put(d, 47, 0x8000 | IDE_MAX_MULTIPLE);
    put(d, 48, 1);      /* 32-bit accesses to the data register */
    put(d, 49, 0x0b00); /* IORDY, LBA, DMA */
    put(d, 50, 0x4000);
    put(d, 51, 0x0200);
    put(d, 53, 0x0007);
    put(d, 59, d->multiple ? 0x0100 | d->multiple : 0);
    put_capacity(d);
    put_dma_modes(d);
    put_sata(d);
    put(d, 80, 0x0070); /* ATA/ATAPI-4 to -6 */
    /* NOP, READ and WRITE BUFFER, look-ahead, write cache, SMART */
    put(d, 82, 0x7061);
    /* FLUSH CACHE, FLUSH CACHE EXT, 48-bit addresses */
    put(d, 83, 0x7400);
    put(d, 84, (uint16_t)(0x4040 | (d->wwn ? 0x0100 : 0))); /* FUA, world wide name */
    put(d, 85,
        (uint16_t)(0x7040 | (d->write_cache ? 0x20 : 0) | (d->smart_enabled ? 1 : 0)));
    put(d, 86, 0x3400);
    put(d, 87, (uint16_t)(0x4040 | (d->wwn ? 0x0100 : 0)));
    if (d->physical_block_size > d->logical_block_size) {
        unsigned shift = 0;
        while (d->logical_block_size << shift < d->physical_block_size) {
            shift++;
        }
        put(d, 106, (uint16_t)(0x6000 | shift));
    }
    for (unsigned i = 0; d->wwn && i < 4; i++) {
        put(d, 108 + i, (uint16_t)(d->wwn >> (48 - 16 * i)));
    }
}

void ata_identify_packet(IDEDevice *d)
{
    memset(d->buffer, 0, BLK_SECTOR_SIZE);
    /* PACKET device, CD-ROM, removable, DRQ within 50 us, 12 byte packets */
    put(d, 0, 0x85c0);
    put_names(d);
    put(d, 48, 1);
    put(d, 49, 0x0b00);
    put(d, 53, 0x0007);
    put_dma_modes(d);
    put_sata(d);
    put(d, 71, 30); /* ns from PACKET to bus release, from SERVICE to BSY clear */
    put(d, 72, 30);
    put(d, 80, 0x0070);
    put(d, 82, 0x4210); /* NOP, DEVICE RESET, PACKET */
    put(d, 83, 0x4000);
    put(d, 84, (uint16_t)(0x4000 | (d->wwn ? 0x0100 : 0)));
    put(d, 85, 0x4210);
    put(d, 87, (uint16_t)(0x4000 | (d->wwn ? 0x0100 : 0)));
    for (unsigned i = 0; d->wwn && i < 4; i++) {
        put(d, 108 + i, (uint16_t)(d->wwn >> (48 - 16 * i)));
    }
}
