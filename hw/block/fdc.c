/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Intel 82078 floppy disk controller in PC/AT mode. Source: "82078 44 pin CHMOS
 * single-chip floppy disk controller", order number 290475, sections 2 to 6. Not
 * modelled: SCAN, SAVE, RESTORE, FORMAT AND WRITE, OPTION, power management, FIFO
 * threshold, step and head load times (a seek is over at once), sectors of other than
 * 512 bytes, deleted data marks on the medium.
 *
 * Board-facing: properties iobase, irq, dma, fdtypeA, fdtypeB, fallback; ports iobase +
 * 1..5 and + 7; an ISA interrupt and a DMA channel; bus "floppy-bus.N".
 *
 *   IDLE --bytes--> COMMAND --all parameters--> EXECUTION --end or TC--> RESULT -->
 * IDLE
 *
 * F1: while io_busy is set, sector[] belongs to the block layer.
 */
#include "hw/block/fdc-internal.h"
#include "hw/isa/isa.h"
#include "migration/vmstate.h"
#include "util/log.h"

#include <string.h>

/* Registers, from iobase. */
enum {
    REG_SRB = 1,
    REG_DOR = 2,
    REG_TDR = 3,
    REG_MSR_DSR = 4,
    REG_FIFO = 5,
    REG_DIR = 7
};

enum { DOR_SELECT = 0x03, DOR_NRESET = 0x04, DOR_DMA_GATE = 0x08 };
enum { DSR_RATE = 0x03, DSR_SW_RESET = 0x80 };
enum { MSR_BUSY = 0x10, MSR_NON_DMA = 0x20, MSR_DIO = 0x40, MSR_RQM = 0x80 };
enum { DIR_CHANGED = 0x80 };
enum {
    ST0_HEAD = 0x04,
    ST0_EQUIPMENT = 0x10,
    ST0_SEEK_END = 0x20,
    ST0_ABNORMAL = 0x40,
    ST0_INVALID = 0x80,
    ST0_READY_CHANGED = 0xc0,
};
enum {
    ST1_NO_MARK = 0x01,
    ST1_WRITE_PROTECT = 0x02,
    ST1_NO_DATA = 0x04,
    ST1_DATA_ERROR = 0x20,
    ST1_END_OF_CYLINDER = 0x80,
};
enum { ST2_WRONG_CYLINDER = 0x10, ST2_CONTROL_MARK = 0x40 };
enum { ST3_FIXED = 0x28, ST3_TRACK0 = 0x10, ST3_WRITE_PROTECT = 0x40 };
enum { CONFIG_IMPLIED_SEEK = 0x40, CONFIG_NO_POLL = 0x10 };
enum { CMD_MT = 0x80 };

#define FIFO_BYTES       16
#define CONFIG_RESET     0x20 /* FIFO off */
#define SECTOR_SIZE_CODE 2    /* 512 bytes */

typedef enum FdcPhase { FDC_IDLE, FDC_COMMAND, FDC_EXECUTION, FDC_RESULT } FdcPhase;
typedef enum FdcTransfer {
    XFER_READ,
    XFER_WRITE,
    XFER_VERIFY,
    XFER_FORMAT
} FdcTransfer;

typedef struct FdcState {
    ISADevice parent_obj;
    MemoryRegion io_low, io_high;
    FloppyBus bus;
    IrqLine *irq;
    IsaDmaChannel *dma;

    /* Properties. */
    uint32_t iobase, irq_number, dma_number;
    int type_a, type_b, fallback;

    /* Registers. */
    uint8_t dor, tdr, rate;
    uint8_t specify[2]; /* step rate and head unload; head load and non-DMA */
    uint8_t config, pretrk;
    bool lock;
    uint8_t perpendicular;
    bool irq_level;

    /* Commands. */
    uint32_t phase; /* FdcPhase */
    uint8_t fifo[FIFO_BYTES];
    uint8_t fifo_len, fifo_pos;
    uint8_t reset_sense; /* drives that still report after a reset */
    bool seek_pending;
    uint8_t seek_st0, seek_unit;

    /* The transfer. */
    uint32_t xfer; /* FdcTransfer */
    uint8_t st1, st2;
    uint8_t cylinder, head, record, eot; /* of the ID looked for */
    bool multi_track, terminal_count, io_busy, aborted;
    uint8_t format_left, format_fill;
    uint16_t sector_pos;
    bool waiting_data; /* bytes are wanted or offered: DREQ or RQM */
    uint8_t sector[BLK_SECTOR_SIZE];
} FdcState;

static FdcState *FDC(const void *obj)
{
    return (FdcState *)object_cast((const Object *)obj, TYPE_ISA_FDC);
}

/* --- Lines --- */

static void set_irq(FdcState *s, bool level)
{
    s->irq_level = level;
    irq_set(s->irq, level && (s->dor & DOR_DMA_GATE));
}

static bool non_dma(const FdcState *s)
{
    return s->specify[1] & 1;
}

static void set_waiting(FdcState *s, bool waiting)
{
    s->waiting_data = waiting;
    if (non_dma(s)) {
        set_irq(s, waiting);
    } else if (s->dma) {
        isa_dma_set_dreq(s->dma, waiting && (s->dor & DOR_DMA_GATE));
    }
}

static FloppyDrive *drive_of(FdcState *s, unsigned unit)
{
    return unit < FDC_MAX_DRIVES ? s->bus.drives[unit] : NULL;
}

static unsigned unit_of_command(const FdcState *s)
{
    return s->fifo[1] & 3;
}

/* --- Ends of commands --- */

static void to_idle(FdcState *s)
{
    s->phase = FDC_IDLE;
    s->fifo_len = s->fifo_pos = 0;
}

static void send_result(FdcState *s, const uint8_t *bytes, uint8_t n)
{
    memcpy(s->fifo, bytes, n);
    s->fifo_len = n;
    s->fifo_pos = 0;
    s->phase = FDC_RESULT;
}

static void invalid_command(FdcState *s)
{
    send_result(s, (const uint8_t[]){ ST0_INVALID }, 1);
}

/* Seven result bytes and the interrupt. */
static void end_transfer(FdcState *s, uint8_t st0)
{
    unsigned unit = unit_of_command(s);
    uint8_t head = s->fifo[1] & ST0_HEAD;

    set_waiting(s, false);
    uint8_t result[7] = { (uint8_t)(st0 | head | unit),
                          s->st1,
                          s->st2,
                          s->cylinder,
                          s->head,
                          s->record,
                          SECTOR_SIZE_CODE };
    send_result(s, result, sizeof(result));
    set_irq(s, true);
}

static void fail_transfer(FdcState *s, uint8_t st1, uint8_t st2)
{
    s->st1 |= st1;
    s->st2 |= st2;
    end_transfer(s, ST0_ABNORMAL);
}

/* --- Sectors --- */

static bool rate_fits(const FdcState *s, const FloppyDrive *d)
{
    uint8_t want = d->format.rate;

    /* Double density runs at 250 or, in a fast drive, 300 kbit/s. */
    if (want == RATE_250K || want == RATE_300K) {
        return s->rate == RATE_250K || s->rate == RATE_300K;
    }
    return s->rate == want;
}

static uint64_t sector_offset(const FdcState *s, const FloppyDrive *d)
{
    uint64_t lba =
        ((uint64_t)s->cylinder * d->format.heads + s->head) * d->format.sectors +
        s->record - 1;
    return lba * BLK_SECTOR_SIZE;
}

/* Is the sector that the ID names under the head? If not the command has ended. */
static bool find_sector(FdcState *s, FloppyDrive *d)
{
    if (!blk_is_inserted(d->blk) || !rate_fits(s, d)) {
        fail_transfer(s, ST1_NO_MARK | ST1_NO_DATA, 0);
        return false;
    }
    if (s->cylinder != d->track) {
        fail_transfer(s, ST1_NO_DATA, ST2_WRONG_CYLINDER);
        return false;
    }
    if (s->head >= d->format.heads || !s->record || s->record > d->format.sectors ||
        s->cylinder >= d->format.cylinders ||
        sector_offset(s, d) >= blk_get_length(d->blk)) {
        fail_transfer(s, ST1_NO_DATA, 0);
        return false;
    }
    return true;
}

/* To the ID behind this one. False: that was the last of the cylinder. */
static bool next_sector(FdcState *s)
{
    if (s->record != s->eot) {
        s->record++;
        return true;
    }
    s->record = 1;
    if (s->multi_track) {
        s->head ^= 1;
        if (s->head) {
            return true;
        }
    }
    s->cylinder++;
    return false;
}

static void io_done(void *opaque, int ret);

static void sector_io(FdcState *s, FloppyDrive *d, bool is_write)
{
    struct iovec iov = { s->sector, sizeof(s->sector) };

    s->io_busy = true;
    if (is_write) {
        blk_aio_pwritev(d->blk, sector_offset(s, d), &iov, 1, io_done, s);
    } else {
        blk_aio_preadv(d->blk, sector_offset(s, d), &iov, 1, io_done, s);
    }
}

static void begin_sector(FdcState *s)
{
    FloppyDrive *d = drive_of(s, unit_of_command(s));

    s->sector_pos = 0;
    if (!find_sector(s, d)) {
        return;
    }
    if (s->xfer == XFER_WRITE) {
        set_waiting(s, true);
    } else {
        sector_io(s, d, false);
    }
}

/* A sector is through; its ID was found and its data moved. */
static void end_sector(FdcState *s)
{
    bool more = next_sector(s);

    if (s->terminal_count) {
        end_transfer(s, 0);
    } else if (more) {
        begin_sector(s);
    } else if (s->xfer == XFER_VERIFY) {
        end_transfer(s, 0);
    } else {
        fail_transfer(s, ST1_END_OF_CYLINDER, 0);
    }
}

static void format_next(FdcState *s)
{
    if (!s->format_left || s->terminal_count) {
        end_transfer(s, 0);
        return;
    }
    s->sector_pos = 0;
    set_waiting(s, true);
}

/* The four bytes of an ID field have come: write that sector with the filler. */
static void format_sector(FdcState *s)
{
    FloppyDrive *d = drive_of(s, unit_of_command(s));

    s->cylinder = s->sector[0];
    s->head = s->sector[1];
    s->record = s->sector[2];
    s->format_left--;
    set_waiting(s, false);
    if (s->sector[3] != SECTOR_SIZE_CODE) {
        fail_transfer(s, ST1_NO_DATA, 0);
        return;
    }
    if (find_sector(s, d)) {
        memset(s->sector, s->format_fill, sizeof(s->sector));
        sector_io(s, d, true);
    }
}

static void io_done(void *opaque, int ret)
{
    FdcState *s = opaque;

    s->io_busy = false;
    if (s->aborted) {
        s->aborted = false;
        return;
    }
    if (ret < 0) {
        fail_transfer(s, ret == -EROFS ? ST1_WRITE_PROTECT : ST1_DATA_ERROR, 0);
        return;
    }
    switch (s->xfer) {
    case XFER_READ:
        set_waiting(s, true);
        return;
    case XFER_FORMAT:
        format_next(s);
        return;
    default:
        end_sector(s);
    }
}

/* --- Moving bytes --- */

static uint16_t bytes_wanted(const FdcState *s)
{
    return s->xfer == XFER_FORMAT ? 4 : BLK_SECTOR_SIZE;
}

static void data_moved(FdcState *s)
{
    bool full = s->sector_pos == bytes_wanted(s);

    if (!full && !s->terminal_count) {
        return;
    }
    set_waiting(s, false);
    switch (s->xfer) {
    case XFER_READ:
        end_sector(s);
        return;
    case XFER_WRITE:
        /* A sector cut short by TC is filled up with zeros. */
        memset(s->sector + s->sector_pos, 0, BLK_SECTOR_SIZE - s->sector_pos);
        sector_io(s, drive_of(s, unit_of_command(s)), true);
        return;
    default:
        if (full) {
            format_sector(s);
        } else {
            end_transfer(s, 0);
        }
    }
}

static void dma_service(void *opaque)
{
    FdcState *s = opaque;

    if (!s->waiting_data || non_dma(s) || s->phase != FDC_EXECUTION) {
        isa_dma_set_dreq(s->dma, false);
        return;
    }
    bool tc = false;
    size_t want = bytes_wanted(s) - s->sector_pos;
    uint8_t *at = s->sector + s->sector_pos;
    size_t n = s->xfer == XFER_READ ? isa_dma_write(s->dma, at, want, &tc)
                                    : isa_dma_read(s->dma, at, want, &tc);
    s->sector_pos += (uint16_t)n;
    s->terminal_count |= tc;
    if (n || tc) {
        data_moved(s);
    } else {
        isa_dma_set_dreq(s->dma, false);
    }
}

static uint8_t fifo_data_read(FdcState *s)
{
    uint8_t v = s->sector[s->sector_pos++];

    data_moved(s);
    return v;
}

static void fifo_data_write(FdcState *s, uint8_t v)
{
    s->sector[s->sector_pos++] = v;
    data_moved(s);
}

/* --- Commands --- */

static bool implied_seek(FdcState *s, FloppyDrive *d)
{
    if (s->config & CONFIG_IMPLIED_SEEK) {
        d->track = s->cylinder;
        d->disk_changed &= !blk_is_inserted(d->blk);
    }
    return true;
}

static void begin_transfer(FdcState *s, FdcTransfer xfer)
{
    FloppyDrive *d = drive_of(s, unit_of_command(s));

    s->phase = FDC_EXECUTION;
    s->xfer = xfer;
    s->st1 = s->st2 = 0;
    s->terminal_count = false;
    s->sector_pos = 0;
    s->multi_track = s->fifo[0] & CMD_MT;
    s->cylinder = s->fifo[2];
    s->head = s->fifo[3];
    s->record = s->fifo[4];
    s->eot = s->fifo[6];
    if (!d) {
        fail_transfer(s, ST1_NO_MARK | ST1_NO_DATA, 0);
        return;
    }
    if (xfer == XFER_WRITE && blk_is_inserted(d->blk) && blk_is_readonly(d->blk)) {
        fail_transfer(s, ST1_WRITE_PROTECT, 0);
        return;
    }
    if (s->fifo[5] != SECTOR_SIZE_CODE || s->head != !!(s->fifo[1] & ST0_HEAD)) {
        fail_transfer(s, ST1_NO_DATA, 0);
        return;
    }
    implied_seek(s, d);
    begin_sector(s);
}

static void cmd_read(FdcState *s)
{
    begin_transfer(s, XFER_READ);
}

/* Sectors carry ordinary marks: the first one shows and ends it (5.1.2). */
static void cmd_read_deleted(FdcState *s)
{
    s->fifo[6] = s->fifo[4];
    begin_transfer(s, XFER_READ);
    if (s->phase == FDC_EXECUTION) {
        s->st2 |= ST2_CONTROL_MARK;
    }
}

static void cmd_read_track(FdcState *s)
{
    s->fifo[4] = 1;
    begin_transfer(s, XFER_READ);
}

static void cmd_write(FdcState *s)
{
    begin_transfer(s, XFER_WRITE);
}

static void cmd_verify(FdcState *s)
{
    /* With EC set the last parameter is the number of sectors to verify. */
    if ((s->fifo[1] & 0x80) && s->fifo[8]) {
        unsigned last = s->fifo[4] + s->fifo[8] - 1u;
        s->fifo[6] = (uint8_t)MIN(last, s->fifo[6]);
    }
    begin_transfer(s, XFER_VERIFY);
}

static void cmd_format(FdcState *s)
{
    FloppyDrive *d = drive_of(s, unit_of_command(s));

    s->phase = FDC_EXECUTION;
    s->xfer = XFER_FORMAT;
    s->st1 = s->st2 = 0;
    s->terminal_count = false;
    s->format_left = s->fifo[3];
    s->format_fill = s->fifo[5];
    s->cylinder = d ? d->track : 0;
    s->head = !!(s->fifo[1] & ST0_HEAD);
    s->record = 1;
    if (!d || !blk_is_inserted(d->blk)) {
        fail_transfer(s, ST1_NO_MARK, 0);
    } else if (blk_is_readonly(d->blk)) {
        fail_transfer(s, ST1_WRITE_PROTECT, 0);
    } else if (s->fifo[2] != SECTOR_SIZE_CODE) {
        fail_transfer(s, ST1_NO_DATA, 0);
    } else {
        format_next(s);
    }
}

static void cmd_read_id(FdcState *s)
{
    FloppyDrive *d = drive_of(s, unit_of_command(s));

    s->st1 = s->st2 = 0;
    s->cylinder = d ? d->track : 0;
    s->head = !!(s->fifo[1] & ST0_HEAD);
    s->record = 1;
    if (!d || !blk_is_inserted(d->blk) || !rate_fits(s, d) ||
        s->head >= d->format.heads || d->track >= d->format.cylinders) {
        fail_transfer(s, ST1_NO_MARK | ST1_NO_DATA, 0);
        return;
    }
    s->record = d->next_id;
    d->next_id = (uint8_t)(d->next_id % d->format.sectors + 1);
    end_transfer(s, 0);
}

static void seek_to(FdcState *s, unsigned unit, uint8_t track, uint8_t st0)
{
    FloppyDrive *d = drive_of(s, unit);

    if (d) {
        d->track = track;
        if (blk_is_inserted(d->blk)) {
            d->disk_changed = false;
        }
    }
    to_idle(s);
    s->seek_pending = true;
    s->seek_unit = (uint8_t)unit;
    s->seek_st0 = (uint8_t)(st0 | ST0_SEEK_END | unit);
    set_irq(s, true);
}

/* Without a drive, track 0 is never found. */
static void cmd_recalibrate(FdcState *s)
{
    unsigned unit = unit_of_command(s);

    seek_to(s, unit, 0, drive_of(s, unit) ? 0 : ST0_ABNORMAL | ST0_EQUIPMENT);
}

static void cmd_seek(FdcState *s)
{
    uint8_t head = s->fifo[1] & ST0_HEAD;

    seek_to(s, unit_of_command(s), s->fifo[2], head);
}

static void relative_seek(FdcState *s, int direction)
{
    FloppyDrive *d = drive_of(s, unit_of_command(s));
    int track = (d ? d->track : 0) + direction * s->fifo[2];

    seek_to(s, unit_of_command(s), (uint8_t)CLAMP(track, 0, 255),
            s->fifo[1] & ST0_HEAD);
}

static void cmd_relative_seek_out(FdcState *s)
{
    relative_seek(s, -1);
}

static void cmd_relative_seek_in(FdcState *s)
{
    relative_seek(s, 1);
}

static uint8_t track_of(FdcState *s, unsigned unit)
{
    FloppyDrive *d = drive_of(s, unit);

    return d ? d->track : 0;
}

static void cmd_sense_interrupt(FdcState *s)
{
    if (s->reset_sense) {
        unsigned unit = 4u - s->reset_sense--;
        set_irq(s, false);
        send_result(
            s,
            (const uint8_t[]){ (uint8_t)(ST0_READY_CHANGED | unit), track_of(s, unit) },
            2);
    } else if (s->seek_pending) {
        s->seek_pending = false;
        set_irq(s, false);
        send_result(s, (const uint8_t[]){ s->seek_st0, track_of(s, s->seek_unit) }, 2);
    } else {
        invalid_command(s);
    }
}

static void cmd_sense_drive_status(FdcState *s)
{
    unsigned unit = unit_of_command(s);
    FloppyDrive *d = drive_of(s, unit);
    uint8_t st3 = (uint8_t)(ST3_FIXED | (s->fifo[1] & ST0_HEAD) | unit);

    if (d && !d->track) {
        st3 |= ST3_TRACK0;
    }
    if (d && blk_is_inserted(d->blk) && blk_is_readonly(d->blk)) {
        st3 |= ST3_WRITE_PROTECT;
    }
    send_result(s, &st3, 1);
}

static void cmd_specify(FdcState *s)
{
    s->specify[0] = s->fifo[1];
    s->specify[1] = s->fifo[2];
    to_idle(s);
}

static void cmd_configure(FdcState *s)
{
    s->config = s->fifo[2];
    s->pretrk = s->fifo[3];
    to_idle(s);
}

static void cmd_perpendicular(FdcState *s)
{
    s->perpendicular = s->fifo[1];
    to_idle(s);
}

static void cmd_drive_specification(FdcState *s)
{
    /* Parameters go on until one with the done bit; bit 6 asks for a result. */
    uint8_t last = s->fifo[s->fifo_len - 1];

    if (!(last & 0x80) && s->fifo_len < 6) {
        return;
    }
    to_idle(s);
    if (!(last & 0x40)) {
        send_result(s, (const uint8_t[]){ 0, 0, 0, 0 }, 4);
    }
}

static void cmd_lock(FdcState *s)
{
    s->lock = s->fifo[0] & 0x80;
    send_result(s, (const uint8_t[]){ (uint8_t)(s->lock << 4) }, 1);
}

static void cmd_version(FdcState *s)
{
    send_result(s, (const uint8_t[]){ 0x90 }, 1);
}

static void cmd_part_id(FdcState *s)
{
    send_result(s, (const uint8_t[]){ 0x41 }, 1);
}

static void cmd_powerdown(FdcState *s)
{
    uint8_t mode = s->fifo[1];

    send_result(s, &mode, 1);
}

static void cmd_dumpreg(FdcState *s)
{
    uint8_t regs[10] = { track_of(s, 0),
                         track_of(s, 1),
                         0,
                         0,
                         s->specify[0],
                         s->specify[1],
                         s->eot,
                         (uint8_t)(s->lock << 7 | (s->perpendicular & 0x7f)),
                         s->config,
                         s->pretrk };
    send_result(s, regs, sizeof(regs));
}

/* Bytes with the opcode; a mask of the opcode bits that are options. */
static const struct {
    uint8_t opcode, options, bytes;
    void (*fn)(FdcState *s);
} commands[] = {
    {0x02,  0x60, 9, cmd_read_track         },
    { 0x03, 0x00, 3, cmd_specify            },
    { 0x04, 0x00, 2, cmd_sense_drive_status },
    { 0x05, 0xc0, 9, cmd_write              },
    { 0x06, 0xe0, 9, cmd_read               },
    { 0x07, 0x00, 2, cmd_recalibrate        },
    { 0x08, 0x00, 1, cmd_sense_interrupt    },
    { 0x09, 0xc0, 9, cmd_write              }, /* deleted data: kept as data */
    { 0x0a, 0x40, 2, cmd_read_id            },
    { 0x0c, 0xe0, 9, cmd_read_deleted       },
    { 0x0d, 0x40, 6, cmd_format             },
    { 0x0e, 0x00, 1, cmd_dumpreg            },
    { 0x0f, 0x00, 3, cmd_seek               },
    { 0x10, 0x00, 1, cmd_version            },
    { 0x12, 0x00, 2, cmd_perpendicular      },
    { 0x13, 0x00, 4, cmd_configure          },
    { 0x14, 0x80, 1, cmd_lock               },
    { 0x16, 0xe0, 9, cmd_verify             },
    { 0x17, 0x00, 2, cmd_powerdown          },
    { 0x18, 0x00, 1, cmd_part_id            },
    { 0x8e, 0x00, 2, cmd_drive_specification},
    { 0x8f, 0x00, 3, cmd_relative_seek_out  },
    { 0xcf, 0x00, 3, cmd_relative_seek_in   },
};

static void command_byte(FdcState *s, uint8_t v)
{
    if (s->phase == FDC_IDLE) {
        s->phase = FDC_COMMAND;
        s->fifo_len = 0;
    }
    if (s->fifo_len < FIFO_BYTES) {
        s->fifo[s->fifo_len++] = v;
    }
    for (size_t i = 0; i < G_N_ELEMENTS(commands); i++) {
        if (commands[i].opcode == (s->fifo[0] & ~commands[i].options)) {
            if (s->fifo_len >= commands[i].bytes) {
                commands[i].fn(s);
            }
            return;
        }
    }
    log_unimp("fdc: command %02x\n", s->fifo[0]);
    invalid_command(s);
}

/* --- Reset --- */

static void abort_transfer(FdcState *s)
{
    if (s->io_busy) {
        s->aborted = true;
        for (unsigned i = 0; i < FDC_MAX_DRIVES; i++) {
            if (s->bus.drives[i]) {
                blk_drain(s->bus.drives[i]->blk);
            }
        }
    }
    set_waiting(s, false);
}

/* By DOR or DSR; LOCK keeps the FIFO settings (5.3). */
static void controller_reset(FdcState *s)
{
    abort_transfer(s);
    to_idle(s);
    set_irq(s, false);
    s->seek_pending = false;
    s->reset_sense = 0;
    if (!s->lock) {
        s->config = CONFIG_RESET;
        s->pretrk = 0;
    }
    s->perpendicular &= 0x3c;
}

static void reset_done(FdcState *s)
{
    if (!(s->config & CONFIG_NO_POLL)) {
        s->reset_sense = 4;
        set_irq(s, true);
    }
}

/* --- Registers --- */

static uint8_t read_msr(const FdcState *s)
{
    if (!(s->dor & DOR_NRESET)) {
        return 0;
    }
    switch (s->phase) {
    case FDC_IDLE:
        return MSR_RQM;
    case FDC_COMMAND:
        return MSR_RQM | MSR_BUSY;
    case FDC_RESULT:
        return MSR_RQM | MSR_DIO | MSR_BUSY;
    default:
        if (!non_dma(s)) {
            return MSR_BUSY;
        }
        return (uint8_t)(MSR_BUSY | MSR_NON_DMA | (s->waiting_data ? MSR_RQM : 0) |
                         (s->xfer == XFER_READ ? MSR_DIO : 0));
    }
}

static uint8_t read_fifo(FdcState *s)
{
    if (s->phase == FDC_EXECUTION && non_dma(s) && s->waiting_data &&
        s->xfer == XFER_READ) {
        return fifo_data_read(s);
    }
    if (s->phase != FDC_RESULT) {
        return 0;
    }
    uint8_t v = s->fifo[s->fifo_pos++];
    if (s->irq_level && !s->reset_sense && !s->seek_pending) {
        set_irq(s, false);
    }
    if (s->fifo_pos >= s->fifo_len) {
        to_idle(s);
    }
    return v;
}

static uint8_t read_dir(FdcState *s)
{
    FloppyDrive *d = drive_of(s, s->dor & DOR_SELECT);

    return !d || d->disk_changed || !blk_is_inserted(d->blk) ? DIR_CHANGED : 0;
}

static uint64_t read_register(FdcState *s, unsigned reg)
{
    switch (reg) {
    case REG_SRB:
        return 0xc0 | (s->dor & 1u) << 5 | s->dor >> 4;
    case REG_DOR:
        return s->dor;
    case REG_TDR:
        return s->tdr;
    case REG_MSR_DSR:
        return read_msr(s);
    case REG_FIFO:
        return read_fifo(s);
    case REG_DIR:
        return read_dir(s);
    default:
        return 0xff;
    }
}

static void write_dor(FdcState *s, uint8_t v)
{
    uint8_t old = s->dor;

    s->dor = v;
    if (!(v & DOR_NRESET)) {
        controller_reset(s);
    } else if (!(old & DOR_NRESET)) {
        reset_done(s);
    } else {
        set_irq(s, s->irq_level);
        if (s->waiting_data) {
            set_waiting(s, true);
        }
    }
}

static void write_register(FdcState *s, unsigned reg, uint8_t v)
{
    switch (reg) {
    case REG_DOR:
        write_dor(s, v);
        break;
    case REG_TDR:
        s->tdr = v & 3;
        break;
    case REG_MSR_DSR:
        s->rate = v & DSR_RATE;
        if ((v & DSR_SW_RESET) && (s->dor & DOR_NRESET)) {
            controller_reset(s);
            reset_done(s);
        }
        break;
    case REG_FIFO:
        if (!(s->dor & DOR_NRESET)) {
            break;
        }
        if (s->phase == FDC_IDLE || s->phase == FDC_COMMAND) {
            command_byte(s, v);
        } else if (s->phase == FDC_EXECUTION && non_dma(s) && s->waiting_data &&
                   s->xfer != XFER_READ) {
            fifo_data_write(s, v);
        }
        break;
    case REG_DIR: /* CCR */
        s->rate = v & DSR_RATE;
        break;
    }
}

static uint64_t low_read(void *opaque, hwaddr offset, unsigned size)
{
    return read_register(opaque, (unsigned)offset + 1);
}

static void low_write(void *opaque, hwaddr offset, uint64_t value, unsigned size)
{
    write_register(opaque, (unsigned)offset + 1, (uint8_t)value);
}

static uint64_t high_read(void *opaque, hwaddr offset, unsigned size)
{
    return read_register(opaque, REG_DIR);
}

static void high_write(void *opaque, hwaddr offset, uint64_t value, unsigned size)
{
    write_register(opaque, REG_DIR, (uint8_t)value);
}

static const MemoryRegionOps low_ops = {
    .read = low_read,
    .write = low_write,
    .endianness = DEVICE_LITTLE_ENDIAN,
    .valid = {1,  4, true },
    .impl = { 1, 1},
};

static const MemoryRegionOps high_ops = {
    .read = high_read,
    .write = high_write,
    .endianness = DEVICE_LITTLE_ENDIAN,
    .valid = {1,  1},
    .impl = { 1, 1},
};

/* --- The device --- */

static void fdc_reset_enter(DeviceState *dev)
{
    FdcState *s = FDC(dev);

    s->lock = false;
    s->dor = DOR_NRESET | DOR_DMA_GATE;
    s->tdr = 0;
    s->rate = RATE_250K;
    s->specify[0] = s->specify[1] = 0;
    s->perpendicular = 0;
    controller_reset(s);
}

static bool fdc_realize(DeviceState *dev, Error **errp)
{
    FdcState *s = FDC(dev);
    ISADevice *isa = ISA_DEVICE(dev);

    if (!isa_connect_irq(isa, (int)s->irq_number, &s->irq, errp)) {
        return false;
    }
    if (s->dma_number >= ISA_NUM_DMA) {
        return error_set(errp, "dma must be less than %d", ISA_NUM_DMA);
    }
    s->dma = isa_get_dma(isa_bus_from_device(isa), (int)s->dma_number);
    if (s->dma) {
        isa_dma_register(s->dma, dma_service, s);
    }
    memory_region_init_io(&s->io_low, OBJECT(s), &low_ops, s, "fdc", 5);
    memory_region_init_io(&s->io_high, OBJECT(s), &high_ops, s, "fdc", 1);
    isa_register_ioport(isa, &s->io_low, (uint16_t)(s->iobase + 1));
    isa_register_ioport(isa, &s->io_high, (uint16_t)(s->iobase + 7));
    isa_set_ioport_id(isa, (uint16_t)s->iobase);
    bus_init(&s->bus, sizeof(s->bus), TYPE_FLOPPY_BUS, dev, NULL);
    s->bus.fallback = (FloppyType)s->fallback;
    s->bus.forced[0] = (FloppyType)s->type_a;
    s->bus.forced[1] = (FloppyType)s->type_b;
    return true;
}

static void fdc_unrealize(DeviceState *dev)
{
    FdcState *s = FDC(dev);
    ISADevice *isa = ISA_DEVICE(dev);

    abort_transfer(s);
    isa_unregister_ioport(isa, &s->io_low);
    isa_unregister_ioport(isa, &s->io_high);
}

static bool pre_save(void *opaque, Error **errp)
{
    FdcState *s = opaque;

    for (unsigned i = 0; i < FDC_MAX_DRIVES; i++) {
        if (s->bus.drives[i]) {
            blk_drain(s->bus.drives[i]->blk);
        }
    }
    return true;
}

static bool post_load(void *opaque, int version_id, Error **errp)
{
    FdcState *s = opaque;
    bool executing = s->phase == FDC_EXECUTION;

    if (s->phase > FDC_RESULT || s->xfer > XFER_FORMAT || s->fifo_len > FIFO_BYTES ||
        s->fifo_pos > s->fifo_len || (s->phase == FDC_RESULT && !s->fifo_len) ||
        s->sector_pos > (executing ? bytes_wanted(s) - 1 : BLK_SECTOR_SIZE) ||
        s->reset_sense > 4 || s->rate > RATE_1M ||
        (executing && !drive_of(s, unit_of_command(s)))) {
        return error_set(errp, "fdc: inconsistent state");
    }
    return true;
}

static const VMStateDescription vmstate_fdc = {
    .name = "fdc",
    .version_id = 1,
    .minimum_version_id = 1,
    .pre_save = pre_save,
    .post_load = post_load,
    .fields =
        (const VMStateField[]){
                               VMSTATE_UINT8(dor, FdcState),
                               VMSTATE_UINT8(tdr, FdcState),
                               VMSTATE_UINT8(rate, FdcState),
                               VMSTATE_BUFFER(specify, FdcState),
                               VMSTATE_UINT8(config, FdcState),
                               VMSTATE_UINT8(pretrk, FdcState),
                               VMSTATE_BOOL(lock, FdcState),
                               VMSTATE_UINT8(perpendicular, FdcState),
                               VMSTATE_BOOL(irq_level, FdcState),
                               VMSTATE_UINT32(phase, FdcState),
                               VMSTATE_BUFFER(fifo, FdcState),
                               VMSTATE_UINT8(fifo_len, FdcState),
                               VMSTATE_UINT8(fifo_pos, FdcState),
                               VMSTATE_UINT8(reset_sense, FdcState),
                               VMSTATE_BOOL(seek_pending, FdcState),
                               VMSTATE_UINT8(seek_st0, FdcState),
                               VMSTATE_UINT8(seek_unit, FdcState),
                               VMSTATE_UINT32(xfer, FdcState),
                               VMSTATE_UINT8(st1, FdcState),
                               VMSTATE_UINT8(st2, FdcState),
                               VMSTATE_UINT8(cylinder, FdcState),
                               VMSTATE_UINT8(head, FdcState),
                               VMSTATE_UINT8(record, FdcState),
                               VMSTATE_UINT8(eot, FdcState),
                               VMSTATE_BOOL(multi_track, FdcState),
                               VMSTATE_BOOL(terminal_count, FdcState),
                               VMSTATE_UINT8(format_left, FdcState),
                               VMSTATE_UINT8(format_fill, FdcState),
                               VMSTATE_UINT16(sector_pos, FdcState),
                               VMSTATE_BOOL(waiting_data, FdcState),
                               VMSTATE_BUFFER(sector, FdcState),
                               VMSTATE_END_OF_LIST(),
                               },
};

static const Property fdc_properties[] = {
    PROP_UINT32("iobase", FdcState, iobase, 0x3f0),
    PROP_UINT32("irq", FdcState, irq_number, 6),
    PROP_UINT32("dma", FdcState, dma_number, 2),
    PROP_ENUM("fdtypeA", FdcState, type_a, floppy_type_names, FLOPPY_AUTO),
    PROP_ENUM("fdtypeB", FdcState, type_b, floppy_type_names, FLOPPY_AUTO),
    PROP_ENUM("fallback", FdcState, fallback, floppy_type_names, FLOPPY_288),
};

static void fdc_class_init(ObjectClass *klass, const void *data)
{
    DeviceClass *dc = DEVICE_CLASS(klass);

    dc->realize = fdc_realize;
    dc->unrealize = fdc_unrealize;
    dc->reset_enter = fdc_reset_enter;
    dc->vmsd = &vmstate_fdc;
    dc->desc = "virtual floppy controller";
    dc->user_creatable = true;
    dc->categories = 1u << DEVICE_CATEGORY_STORAGE;
    dc->fw_name = "fdc";
    OBJECT_CLASS_ADD_PROPERTIES(klass, fdc_properties);
}

static const TypeInfo fdc_info = {
    .name = TYPE_ISA_FDC,
    .parent = TYPE_ISA_DEVICE,
    .instance_size = sizeof(FdcState),
    .class_init = fdc_class_init,
};
TYPE_REGISTER(fdc_info);

/* --- For boards --- */

bool isa_fdc_create_drives(DeviceState *fdc, Error **errp)
{
    FdcState *s = FDC(fdc);

    for (unsigned unit = 0; unit < FDC_MAX_DRIVES; unit++) {
        DriveInfo *drive = drive_get(IF_FLOPPY, 0, (int)unit);
        if (!drive) {
            continue;
        }
        DeviceState *dev = device_new(TYPE_FLOPPY);
        device_prop_set_uint(dev, "unit", unit);
        if (!object_property_set_str(OBJECT(dev), "drive", blk_get_name(drive->blk),
                                     errp)) {
            object_unref(dev);
            return false;
        }
        if (!device_realize_and_unref(dev, BUS(&s->bus), errp)) {
            return false;
        }
    }
    return true;
}

FloppyDriveInfo isa_fdc_get_drive_info(DeviceState *fdc, unsigned unit)
{
    static const uint8_t cmos_types[] = {
        [FLOPPY_144] = 4, [FLOPPY_288] = 5, [FLOPPY_120] = 2, [FLOPPY_NONE] = 0
    };
    FloppyDrive *d = drive_of(FDC(fdc), unit);

    if (!d || d->type >= (int)G_N_ELEMENTS(cmos_types)) {
        return (FloppyDriveInfo){ 0 };
    }
    FloppyDriveInfo info = { .cmos_type = cmos_types[d->type] };
    if (blk_is_inserted(d->blk)) {
        info.max_cylinder = (uint8_t)(d->format.cylinders - 1);
        info.max_head = (uint8_t)(d->format.heads - 1);
        info.max_sector = d->format.sectors;
    }
    return info;
}
