/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The code that is made, in perf's jitdump format, version 1 (Linux,
 * tools/perf/Documentation/jitdump-specification.txt): "perf record -k mono", then
 * "perf inject --jit", then "perf report" and "perf annotate".
 *
 * The file is a header and records, in the host's byte order. perf finds it because its
 * first page is mapped executable, which perf records. Code that replaces other code at
 * its address has a later time and its own index.
 */
#include "accel/tcg/jit/jit-internal.h"
#include "util/error.h"

#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

enum {
    MAGIC = 0x4a695444, /* "JiTD" */
    VERSION = 1,
    MACHINE_X86_64 = 62, /* e_machine of ELF */
    CODE_LOAD = 0,
    CODE_CLOSE = 3,
};

typedef struct FileHeader {
    uint32_t magic, version, total_size, machine, pad, pid;
    uint64_t timestamp, flags;
} FileHeader;

typedef struct RecordHeader {
    uint32_t id, total_size;
    uint64_t timestamp;
} RecordHeader;

typedef struct CodeLoad {
    RecordHeader header;
    uint32_t pid, tid;
    uint64_t vma, address, bytes, index;
    /* the name with its 0, then the code */
} CodeLoad;

_Static_assert(sizeof(FileHeader) == 40 && sizeof(CodeLoad) == 56, "file format");

static int fd = -1; /* translation lock, like what follows */
static void *marker;
static uint64_t next_index;

/* CLOCK_MONOTONIC, as perf's -k mono */
static uint64_t now_ns(void)
{
    struct timespec ts;

    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

bool jitdump_open(Error **errp)
{
    g_autofree char *name = g_strdup_printf("/tmp/jit-%d.dump", (int)getpid());
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    FileHeader h = { .magic = MAGIC,
                     .version = VERSION,
                     .total_size = sizeof(h),
                     .machine = MACHINE_X86_64,
                     .pid = (uint32_t)getpid(),
                     .timestamp = now_ns() };

    fd = open(name, O_RDWR | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0) {
        return error_set_errno(errp, errno, "jitdump=on: cannot create %s", name);
    }
    marker = MAP_FAILED;
    if (write(fd, &h, sizeof(h)) == sizeof(h)) {
        marker = mmap(NULL, page, PROT_READ | PROT_EXEC, MAP_PRIVATE, fd, 0);
    }
    if (marker == MAP_FAILED) {
        error_set_errno(errp, errno, "jitdump=on: %s cannot be written and mapped",
                        name);
        close(fd);
        fd = -1;
        return false;
    }
    return true;
}

/* A file with half a record is of no use: the first failure ends it. */
static void append(struct iovec *part, int parts, size_t bytes)
{
    if (writev(fd, part, parts) != (ssize_t)bytes) {
        error_report("jitdump: the file cannot be written: %s", g_strerror(errno));
        close(fd);
        fd = -1;
    }
}

void jitdump_code(const char *name, const void *code, size_t bytes)
{
    size_t name_size = strlen(name) + 1;
    CodeLoad r = {
        .header = {CODE_LOAD, (uint32_t)(sizeof(r) + name_size + bytes), now_ns()},
        .pid = (uint32_t)getpid(),
        .tid = (uint32_t)syscall(SYS_gettid),
        .vma = (uintptr_t)code,
        .address = (uintptr_t)code,
        .bytes = bytes,
        .index = next_index++
    };
    struct iovec part[] = {
        {&r,            sizeof(r)},
        { (void *)name, name_size},
        { (void *)code, bytes    },
    };

    if (fd >= 0 && bytes) {
        append(part, G_N_ELEMENTS(part), r.header.total_size);
    }
}

void jitdump_close(void)
{
    RecordHeader r = { CODE_CLOSE, sizeof(r), now_ns() };
    struct iovec part = { &r, sizeof(r) };

    if (fd < 0) {
        return;
    }
    append(&part, 1, sizeof(r));
    munmap(marker, (size_t)sysconf(_SC_PAGESIZE));
    if (fd >= 0) {
        close(fd);
        fd = -1;
    }
}
