/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Disks as a device sees them. A BlockBackend ("ide0-hd0") is the socket a device plugs
 * into; the medium in it is a chain of BlockNodes (file, format, temporary overlay), or
 * nothing. Requests are asynchronous: worker threads do them, and the completion runs
 * on the event loop that the device named when it attached. A DriveInfo is what one
 * -drive, -hda or -cdrom option asked for. Tour: docs/block.md.
 *
 * Context: BQL for everything unless stated.
 */
#ifndef STRATA_SOFTMMU_BLOCK_H
#define STRATA_SOFTMMU_BLOCK_H

#include "qom/object.h"
#include "util/error.h"
#include "util/event-loop.h"
#include <stdbool.h>
#include <stdint.h>
#include <sys/uio.h>

typedef struct BlockBackend BlockBackend;
typedef struct BlockNode BlockNode;

#define BLK_SECTOR_SIZE  512
#define BLK_SECTOR_SHIFT 9
/* Limits of one request; more is our bug: devices split before. */
#define BLK_MAX_TRANSFER (32u << 20)
#define BLK_MAX_IOV      1024

/* --- Backends ------------------------------------------------------------------------
 */

/* What a device offers to its backend. Any may be NULL. */
typedef struct BlockDevOps {
    bool removable;     /* the medium may come and go */
    bool has_tray;      /* a CD drive: query-block shows tray-open */
    bool has_io_status; /* query-block shows io-status */
    /* The medium came or went. The backend has changed already; no request is running.
     */
    void (*medium_changed)(void *opaque, bool loaded);
    /* The user wants the medium out: press the button. */
    void (*eject_request)(void *opaque, bool force);
    bool (*is_tray_open)(void *opaque);
    bool (*is_medium_locked)(void *opaque);
    /* Open or close the tray by the user's order. */
    void (*set_tray)(void *opaque, bool open);
} BlockDevOps;

/* NULL when there is none. */
BlockBackend *blk_by_name(const char *name);
/* In order of creation; NULL: the first. */
BlockBackend *blk_next(BlockBackend *blk);
/* An empty backend. @name NULL or "": not listed. */
BlockBackend *blk_new(const char *name, Error **errp) WARN_UNUSED;
/* Waits for its requests. An attached one goes away when the device detaches. */
void blk_delete(BlockBackend *blk);
const char *blk_get_name(const BlockBackend *blk);

/*
 * Plug a device in. Completions run on @loop from now on. Errors: another device has
 * it; a fixed disk (not @ops->removable) needs a medium.
 */
bool blk_attach_dev(BlockBackend *blk, Object *dev, const BlockDevOps *ops,
                    void *opaque, EventLoop *loop, Error **errp) WARN_UNUSED;
/* Waits for the device's requests. */
void blk_detach_dev(BlockBackend *blk);
Object *blk_get_attached_dev(const BlockBackend *blk); /* NULL when none */
/* The device opened or closed the tray by itself: event DEVICE_TRAY_MOVED. */
void blk_tray_moved(BlockBackend *blk, bool open);

/* --- Medium --------------------------------------------------------------------------
 */

enum {
    BLOCK_OPEN_READONLY = 1 << 0,
    BLOCK_OPEN_AUTO_READONLY = 1 << 1, /* fall back to reading */
    BLOCK_OPEN_SNAPSHOT = 1 << 2,      /* writes go to a temporary overlay */
    BLOCK_OPEN_NOCACHE = 1 << 3,       /* O_DIRECT is wanted, where the host has it */
    BLOCK_OPEN_NOFLUSH = 1 << 4,       /* cache=unsafe */
    BLOCK_OPEN_WRITETHROUGH = 1 << 5,
};

/*
 * Open an image. @format NULL probes. Errors: "Could not open 'NAME': strerror" and
 * others that name the file.
 */
BlockNode *block_node_open(const char *filename, const char *format, unsigned flags,
                           Error **errp) WARN_UNUSED;
void block_node_close(BlockNode *node);
/* Put @take_node in; what was there is closed. Tells the device. */
void blk_insert_medium(BlockBackend *blk, BlockNode *take_node);
/* Close the medium, if any. Tells the device. */
void blk_remove_medium(BlockBackend *blk);
bool blk_is_inserted(const BlockBackend *blk);
/* Without medium: what the options asked for. */
bool blk_is_readonly(const BlockBackend *blk);
/* In bytes, a multiple of BLK_SECTOR_SIZE; 0 without medium. */
uint64_t blk_get_length(const BlockBackend *blk);
/* false: cache=writethrough, writes are flushed before they complete. */
bool blk_is_write_cache_enabled(const BlockBackend *blk);
void blk_set_write_cache(BlockBackend *blk, bool enable);

/* --- Requests ------------------------------------------------------------------------
 */

/* @ret is 0 or -errno. Context: the attached loop's thread; BQL if the loop has it. */
typedef void BlockCompletionFn(void *opaque, int ret);

/*
 * Start a transfer; the function runs later, never before the call returns. The iovec
 * array is copied, the memory it points to must stay valid and untouched until then.
 * Completes with -ENOMEDIUM, -EIO past the end, -EROFS, or what the host said.
 */
void blk_aio_preadv(BlockBackend *blk, uint64_t offset, const struct iovec *iov,
                    int niov, BlockCompletionFn *fn, void *opaque);
void blk_aio_pwritev(BlockBackend *blk, uint64_t offset, const struct iovec *iov,
                     int niov, BlockCompletionFn *fn, void *opaque);
/* Completes when all writes completed before are on stable storage. */
void blk_aio_flush(BlockBackend *blk, BlockCompletionFn *fn, void *opaque);
/* The range reads as zero or as before; a hint. */
void blk_aio_discard(BlockBackend *blk, uint64_t offset, uint64_t bytes,
                     BlockCompletionFn *fn, void *opaque);
/*
 * Wait until no request of @blk is running and run the completions here. For reset,
 * eject and tear-down.
 */
void blk_drain(BlockBackend *blk);
void blk_drain_all(void);
/* Synchronous, for start-up only (geometry, flash images). 0 or -errno. */
int blk_pread(BlockBackend *blk, uint64_t offset, void *buf, size_t bytes);
int blk_pwrite(BlockBackend *blk, uint64_t offset, const void *buf, size_t bytes);

/* For "info blockstats". */
typedef struct BlockStats {
    uint64_t rd_bytes, wr_bytes;
    uint64_t rd_ops, wr_ops, flush_ops;
} BlockStats;
BlockStats blk_get_stats(const BlockBackend *blk);

/* --- What -drive and its short forms asked for ------------------------------------ */

typedef enum BlockInterfaceType {
    IF_DEFAULT = -1, /* the machine's */
    IF_NONE,
    IF_IDE,
    IF_SCSI,
    IF_FLOPPY,
    IF_PFLASH,
    IF_MTD,
    IF_SD,
    IF_VIRTIO,
    IF_XEN,
    IF_COUNT,
} BlockInterfaceType;

typedef struct DriveInfo {
    BlockInterfaceType type;
    int bus, unit;
    bool media_cd;
    bool is_default; /* made by drive_add_default */
    bool readonly;
    char *serial;   /* or NULL */
    char *location; /* "-drive if=ide,index=9", for messages; NULL for default ones */
    BlockBackend *blk; /* also reachable as blk_by_name(id) */
} DriveInfo;

/* What the machine says before the first drive is added. */
typedef struct DriveDefaults {
    BlockInterfaceType type;     /* for options without if=: IF_IDE on a PC */
    int units_per_bus[IF_COUNT]; /* 0: one bus without end */
} DriveDefaults;
void drive_set_defaults(const DriveDefaults *defaults);
/* IF_IDE, 2 units per IDE bus, 7 per SCSI bus. */
DriveDefaults drive_pc_defaults(void);

/*
 * Take one -drive. @opts: keyval_parse() of its text, all values strings. @location as
 * in DriveInfo (copied, may be NULL). Opens the image.
 */
DriveInfo *drive_add(struct json_object *opts, const char *location,
                     Error **errp) WARN_UNUSED;
/*
 * The short forms: -hda..-hdd (index 0..3, @media NULL), -cdrom (index 2, "cdrom"),
 * -fda/-fdb (IF_FLOPPY), -pflash, -mtdblock, -sd. @index -1: the first free one. A file
 * name with commas needs no doubling.
 */
DriveInfo *drive_add_file(BlockInterfaceType type, int index, const char *media,
                          const char *filename, bool snapshot, const char *location,
                          Error **errp) WARN_UNUSED;
/*
 * The drives a machine has without being asked: "cdrom" at IDE index 2, floppy 0, sd 0.
 * Nothing happens, and true is returned, if the place is taken.
 */
bool drive_add_default(BlockInterfaceType type, int index, const char *media,
                       Error **errp) WARN_UNUSED;
/* -snapshot: all drives added later, unless they say snapshot=off. */
void drive_set_snapshot_default(bool snapshot);
/* The drive a machine makes a device of; marks it as used. NULL when none. */
DriveInfo *drive_get(BlockInterfaceType type, int bus, int unit);
/* drive_get by the running number over all buses. */
DriveInfo *drive_get_by_index(BlockInterfaceType type, int index);
/* The record of a backend; NULL when it has none. */
DriveInfo *drive_of_blk(const BlockBackend *blk);
/* Highest bus number of the type, -1 without drives. */
int drive_get_max_bus(BlockInterfaceType type);
/*
 * After the machine is made: a drive with an interface that nobody asked for is an
 * error ("machine type does not support if=ide,bus=4,unit=1"). Sets the location.
 */
bool drive_check_orphaned(Error **errp) WARN_UNUSED;

/* --- Property: drive=NAME of a device --------------------------------------------- */

/* BlockBackend *field; written as the backend's name, "" for none. */
extern const PropertyType prop_drive;
#define PROP_DRIVE(n, S, f)                        \
    {                                              \
        PROP_(n, S, f, prop_drive, BlockBackend *) \
    }

#endif
