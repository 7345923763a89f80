/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A drive: task file, data buffer and the command in progress. ide-bus.c routes
 * register accesses here; ata.c and atapi.c run commands; ide-device.c is the object.
 *
 *   command written -> handler -> done | PIO phase | waits for the block layer
 *   PIO phase: the guest moves pos to end -> ide_pio_done() of the command set
 *   DMA: ide_dma_begin() -> [block read -> engine]* or [engine -> block write]* -> done
 */
#ifndef STRATA_IDE_INTERNAL_H
#define STRATA_IDE_INTERNAL_H

#include "hw/ide/ide.h"
#include "softmmu/block.h"

/* Status register (ATA-6 7.15). */
enum {
    ATA_ERR = 0x01,
    ATA_DRQ = 0x08,
    ATA_DSC = 0x10, /* seek complete; SERV for PACKET devices */
    ATA_DF = 0x20,
    ATA_DRDY = 0x40,
    ATA_BSY = 0x80,
};
/* Error register (ATA-6 7.9). */
enum {
    ATA_ERR_ABRT = 0x04,
    ATA_ERR_MCR = 0x08,
    ATA_ERR_IDNF = 0x10,
    ATA_ERR_UNC = 0x40,
};
/* Device register. */
enum { ATA_DEV_UNIT = 0x10, ATA_DEV_LBA = 0x40, ATA_DEV_OBSOLETE = 0xa0 };
/* Device Control register (ATA-6 7.8). */
enum { ATA_CTL_NIEN = 0x02, ATA_CTL_SRST = 0x04, ATA_CTL_HOB = 0x80 };
/* Interrupt Reason: the Sector Count register of a PACKET device (ATA-6 9.10). */
enum { ATAPI_COD = 0x01, ATAPI_IO = 0x02 };

#define IDE_BUFFER_SECTORS 256
#define IDE_BUFFER_BYTES   (IDE_BUFFER_SECTORS * BLK_SECTOR_SIZE)
#define IDE_MAX_MULTIPLE   16
#define ATAPI_PACKET_BYTES 12
#define CD_SECTOR_BYTES    2048
#define CD_RAW_BYTES       2352
#define IDE_VERSION        "2.5+"

/* What happens with the data buffer. */
typedef enum IDEPhase {
    IDE_IDLE,
    IDE_PIO_IN,      /* one buffer to the guest, then the command is over */
    IDE_PIO_OUT,     /* one buffer from the guest, then ata_buffer_written() */
    IDE_SECTORS_IN,  /* disk read by PIO */
    IDE_SECTORS_OUT, /* disk write by PIO */
    IDE_DMA_IN,      /* disk read by DMA */
    IDE_DMA_OUT,     /* disk write by DMA */
    IDE_PACKET,      /* PACKET command bytes from the guest */
    ATAPI_PIO_IN,    /* reply or CD sectors by PIO */
    ATAPI_PIO_OUT,   /* parameter list by PIO */
    ATAPI_DMA_IN,    /* the same by DMA */
    ATAPI_DMA_OUT,
    IDE_WAIT, /* flush or verify: no data, the block layer works */
} IDEPhase;

typedef enum IDEKind { IDE_KIND_HD, IDE_KIND_CD } IDEKind;

/* The task file as the guest writes it: two bytes deep (ATA-6 6.18). */
typedef struct IDEShadow {
    uint8_t feature, count, lba_low, lba_mid, lba_high;
} IDEShadow;

/* A whole task file at once, as a register FIS carries it. */
typedef struct IDETaskFile {
    IDEShadow cur, prev;
    uint8_t device, command;
} IDETaskFile;

struct IDEDevice {
    DeviceState parent_obj;

    /* Properties. */
    BlockBackend *blk;
    uint32_t unit_prop; /* UINT32_MAX: choose */
    char *serial, *model, *version;
    uint64_t wwn;
    uint32_t prop_cyls, prop_heads, prop_secs;
    int bios_chs_trans;
    int32_t bootindex;
    uint32_t logical_block_size, physical_block_size, discard_granularity;
    uint32_t min_io_size, opt_io_size;
    int write_cache_prop, rerror, werror;
    bool share_rw;

    IDEBus *bus;
    IDEKind kind;
    uint8_t unit;
    bool attached;
    bool own_blk; /* an empty backend made for a drive without drive= */

    /* Task file. */
    IDEShadow tf, hob;
    uint8_t device;
    uint8_t error;
    uint8_t status;
    bool intrq; /* interrupt pending */

    /* Modes and constants. */
    uint8_t multiple;               /* sectors for READ MULTIPLE; 0: not set */
    uint8_t ultra_mode, mword_mode; /* selected bit masks of words 88 and 63 */
    bool write_cache;
    bool smart_enabled;
    uint64_t num_sectors;               /* of the disk, 512 bytes */
    uint64_t native_max;                /* SET MAX ADDRESS may lower num_sectors */
    uint32_t cylinders, heads, sectors; /* physical */
    uint32_t cur_heads, cur_sectors;    /* INITIALIZE DEVICE PARAMETERS */

    /* The command in progress. */
    IDEPhase phase;
    uint8_t command;
    bool lba48;
    bool dma_waiting;   /* wants the DMA engine */
    bool busy_io;       /* a block request is running: the buffer is its */
    bool reset_pending; /* drop the command when that request ends */
    uint64_t lba;
    uint32_t remaining; /* sectors (or bytes of a reply) not yet transferred */
    uint32_t pos, block_end, end; /* of the buffer: PIO or DMA stands at pos */
    uint8_t *buffer;              /* IDE_BUFFER_BYTES, page aligned */
    uint32_t buffer_len;

    /* PACKET devices. */
    uint8_t packet[ATAPI_PACKET_BYTES];
    bool packet_dma;
    uint32_t byte_limit;   /* of one PIO block */
    uint32_t sector_bytes; /* of CD data: 2048 or 2352; 0: a reply */
    uint8_t sense_key, asc, ascq;
    bool tray_open, tray_locked;
    bool medium_changed; /* report unit attention once */
    bool event_new_media, event_eject_request;
};

static inline IDEDevice *IDE_DEVICE(const void *obj)
{
    return (IDEDevice *)object_cast((const Object *)obj, TYPE_IDE_DEVICE);
}

/* --- Core (ide-core.c) --- */

/* Raise INTRQ; the line follows nIEN and the selection. */
void ide_set_irq(IDEDevice *d);
void ide_clear_irq(IDEDevice *d);
/* End the command: good, or with @error in the Error register. Raises INTRQ. */
void ide_command_done(IDEDevice *d);
void ide_command_abort(IDEDevice *d);
void ide_command_error(IDEDevice *d, uint8_t error);
/* Let the guest move buffer[0..bytes) in @phase. DRQ is set, INTRQ as asked. */
void ide_pio_begin(IDEDevice *d, IDEPhase phase, uint32_t bytes, bool interrupt);
/* The next @bytes of the buffer from pos on (fewer at the end). */
void ide_pio_block(IDEDevice *d, uint32_t bytes, bool interrupt);
/* Bytes of the DRQ block that the host is to move now, at buffer + pos; 0: none. */
uint32_t ide_pio_pending(const IDEDevice *d, bool *to_host);
/* They have been moved. */
void ide_pio_block_moved(IDEDevice *d);
/* Run a command on drive 0, which must be there. */
void ide_issue_task(IDEBus *bus, const IDETaskFile *task);
uint32_t ide_data_read(IDEDevice *d, unsigned size);
void ide_data_write(IDEDevice *d, uint32_t value, unsigned size);
/* The drive wants to move data by DMA: starts now or when the engine does. */
void ide_dma_begin(IDEDevice *d, IDEPhase phase);
void ide_dma_continue(IDEDevice *d);
/* Start a transfer of buffer[0..bytes) at byte @offset. */
void ide_block_io(IDEDevice *d, bool is_write, uint64_t offset, uint32_t bytes);
void ide_block_flush(IDEDevice *d);
/* Values after power-on, SRST and DEVICE RESET. */
void ide_device_reset(IDEDevice *d);
void ide_set_signature(IDEDevice *d);

/* --- Command sets --- */

void ata_command(IDEDevice *d, uint8_t command);
void ata_pio_done(IDEDevice *d);
void ata_io_done(IDEDevice *d, int ret);
/* Move on a DMA transfer: engine is ready. */
void ata_dma_step(IDEDevice *d);
void ata_identify(IDEDevice *d); /* fills the buffer, 512 bytes */
void ata_identify_packet(IDEDevice *d);
void atapi_command(IDEDevice *d); /* packet[] is there */
void atapi_pio_done(IDEDevice *d);
void atapi_io_done(IDEDevice *d, int ret);
void atapi_dma_step(IDEDevice *d);
void atapi_reset(IDEDevice *d);
extern const BlockDevOps ide_hd_block_ops, ide_cd_block_ops;

#endif
