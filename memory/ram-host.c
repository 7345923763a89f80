/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The host's memory behind a RAM block. Always in two steps: reserve address space
 * (aligned, with a guard page behind it), then map in place inside the reservation.
 * Anonymous, shared, file and memfd memory differ only in the second step.
 */
#include "ram-internal.h"

#include "util/atomic.h"
#include "util/error.h"

#include <glib.h>

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/falloc.h>
#include <linux/magic.h>
#include <setjmp.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23
#endif

/* Transparent huge pages want this; smaller blocks do not care. */
#define HUGE_ALIGN ((uint64_t)2 << 20)

/* Small blocks are touched here and there: huge pages would cost more than they bring.
 */
#define THP_FROM ((uint64_t)64 << 20)

uint64_t host_page_size(void)
{
    static uint64_t size; /* always the same value */

    if (!size) {
        size = (uint64_t)sysconf(_SC_PAGESIZE);
    }
    return size;
}

uint64_t fd_page_size(int fd)
{
    struct statfs fs;

    if (fd >= 0 && fstatfs(fd, &fs) == 0 &&
        (unsigned long)fs.f_type == HUGETLBFS_MAGIC) {
        return (uint64_t)fs.f_bsize;
    }
    return host_page_size();
}

bool ram_path_is_hugetlbfs(const char *path)
{
    struct statfs fs;

    return statfs(path, &fs) == 0 && (unsigned long)fs.f_type == HUGETLBFS_MAGIC;
}

/* --- Mapping ------------------------------------------------------------------------
 */

static bool reserve(RAMBlock *rb, uint64_t align, Error **errp)
{
    uint64_t size = rb->max_length + align + rb->page_size;
    uint8_t *p, *end;
    uintptr_t at;

    p = mmap(NULL, size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (p == MAP_FAILED) {
        error_set(errp, "cannot set up guest memory '%s': %s", rb->idstr,
                  strerror(errno));
        return false;
    }
    at = ((uintptr_t)p + align - 1) & ~(uintptr_t)(align - 1);
    end = (uint8_t *)at + rb->max_length + rb->page_size;
    if (at > (uintptr_t)p) {
        munmap(p, at - (uintptr_t)p);
    }
    if (p + size > end) {
        munmap(end, p + size - end);
    }
    rb->host = (uint8_t *)at;
    rb->reservation = rb->host;
    rb->reservation_size = rb->max_length + rb->page_size;
    return true;
}

static bool make_memfd(RAMBlock *rb, Error **errp)
{
    rb->fd = memfd_create(rb->idstr, MFD_CLOEXEC);
    if (rb->fd < 0 || ftruncate(rb->fd, (off_t)rb->max_length) < 0) {
        error_set(errp, "cannot set up guest memory '%s': %s", rb->idstr,
                  strerror(errno));
        if (rb->fd >= 0) {
            close(rb->fd);
            rb->fd = -1;
        }
        return false;
    }
    rb->fd_owned = true;
    return true;
}

static bool map_in_place(RAMBlock *rb, const RamSpec *spec, Error **errp)
{
    bool shared = rb->flags & (RAM_SHARED | RAM_MEMFD);
    int flags = MAP_FIXED | (shared ? MAP_SHARED : MAP_PRIVATE);
    int prot = spec->readonly_file ? PROT_READ : PROT_READ | PROT_WRITE;

    if (rb->flags & RAM_NORESERVE) {
        flags |= MAP_NORESERVE;
    }
    if (rb->fd < 0) {
        flags |= MAP_ANONYMOUS;
    }
    if (mmap(rb->host, rb->max_length, prot, flags, rb->fd, (off_t)rb->fd_offset) !=
        MAP_FAILED) {
        return true;
    }
    if (spec->fd >= 0) {
        error_set(errp, "unable to map backing store for guest RAM: %s",
                  strerror(errno));
    } else {
        error_set(errp, "cannot set up guest memory '%s': %s", rb->idstr,
                  strerror(errno));
    }
    return false;
}

/* Make a backing file as large as the block; complains, but goes on to mmap. */
static bool fit_file(RAMBlock *rb, Error **errp)
{
    struct stat st;

    if (fstat(rb->fd, &st) < 0) {
        error_set(errp, "unable to map backing store for guest RAM: %s",
                  strerror(errno));
        return false;
    }
    if (S_ISREG(st.st_mode) && st.st_size > 0 &&
        (uint64_t)st.st_size < rb->fd_offset + rb->used_length) {
        error_set(errp,
                  "backing store size 0x%" PRIx64
                  " does not match 'size' option 0x%" PRIx64,
                  (uint64_t)st.st_size, rb->used_length);
        return false;
    }
    if ((!S_ISREG(st.st_mode) || st.st_size == 0) && !(rb->flags & RAM_READONLY) &&
        ftruncate(rb->fd, (off_t)(rb->fd_offset + rb->max_length)) < 0) {
        error_printf("ftruncate: %s\n", strerror(errno));
    }
    return true;
}

bool ram_host_map(RAMBlock *rb, const RamSpec *spec, Error **errp)
{
    uint64_t align = spec->align;

    if (spec->flags & RAM_PREALLOC) {
        rb->host = spec->host;
        return true;
    }
    if (rb->fd >= 0) {
        rb->page_size = fd_page_size(rb->fd);
        rb->max_length = (rb->max_length + rb->page_size - 1) & ~(rb->page_size - 1);
        rb->used_length = MIN(rb->max_length, (rb->used_length + rb->page_size - 1) &
                                                  ~(rb->page_size - 1));
        if (align && align % rb->page_size) {
            error_set(errp,
                      "alignment 0x%" PRIx64
                      " must be multiples of page size 0x%" PRIx64,
                      align, rb->page_size);
            return false;
        }
        if (!fit_file(rb, errp)) {
            return false;
        }
    } else if ((spec->flags & RAM_MEMFD) && !make_memfd(rb, errp)) {
        return false;
    }
    align = MAX(align, rb->page_size);
    if (rb->max_length >= HUGE_ALIGN) {
        align = MAX(align, HUGE_ALIGN);
    }
    if (reserve(rb, align, errp)) {
        if (map_in_place(rb, spec, errp)) {
            madvise(rb->host, rb->max_length, MADV_DONTFORK);
            if (rb->max_length >= THP_FROM) {
                madvise(rb->host, rb->max_length, MADV_HUGEPAGE);
            }
            return true;
        }
        munmap(rb->reservation, rb->reservation_size);
    }
    if (rb->fd != spec->fd) {
        close(rb->fd);
    }
    return false;
}

void ram_host_unmap(RAMBlock *rb)
{
    if (rb->discard_at_end && rb->fd >= 0) {
        madvise(rb->host, rb->max_length, MADV_REMOVE);
    }
    if (rb->reservation) {
        munmap(rb->reservation, rb->reservation_size);
    }
}

/* --- Files --------------------------------------------------------------------------
 */

/* An unlinked file in directory @path, named after the region. */
static int open_in_directory(const char *path, const char *region_name, Error **errp)
{
    g_autofree char *clean = g_strdelimit(g_strdup(region_name), "/", '_');
    g_autofree char *name =
        g_strdup_printf("%s/strata_back_mem.%s.XXXXXX", path, clean);
    int fd = mkostemp(name, O_CLOEXEC);

    if (fd < 0) {
        error_set(errp, "can't open backing store %s for guest RAM: %s", path,
                  strerror(errno));
        return -1;
    }
    unlink(name);
    return fd;
}

int ram_file_open(const char *path, const char *region_name, bool readonly,
                  bool *created, Error **errp)
{
    int fd;

    *created = false;
    for (;;) {
        fd = open(path, (readonly ? O_RDONLY : O_RDWR) | O_CLOEXEC);
        if (fd >= 0) {
            return fd;
        }
        if (errno == ENOENT && !readonly) {
            fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
            *created = fd >= 0;
        } else if (errno == EISDIR) {
            return open_in_directory(path, region_name, errp);
        }
        if (fd >= 0) {
            return fd;
        }
        /* Somebody else may have made or removed it meanwhile. */
        if (errno != EEXIST && errno != EINTR) {
            error_set(errp, "can't open backing store %s for guest RAM: %s", path,
                      strerror(errno));
            return -1;
        }
    }
}

/* --- Discard ------------------------------------------------------------------------
 */

int ram_block_discard_range(RAMBlock *rb, uint64_t start, uint64_t length)
{
    uint8_t *host = rb->host + start;
    bool shared = rb->flags & (RAM_SHARED | RAM_MEMFD);

    if (start > rb->used_length || length > rb->used_length - start) {
        return -EINVAL;
    }
    if (((start | length) & (rb->page_size - 1)) || (rb->flags & RAM_PREALLOC)) {
        return -EINVAL;
    }
    if (rb->fd >= 0 && fallocate(rb->fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
                                 (off_t)(rb->fd_offset + start), (off_t)length) < 0) {
        return -errno;
    }
    if (rb->fd < 0 || !shared) {
        if (madvise(host, length, shared ? MADV_REMOVE : MADV_DONTNEED) < 0) {
            return -errno;
        }
    }
    ram_written(rb->offset + start, length);
    return 0;
}

/* --- Preallocation ------------------------------------------------------------------
 */

/*
 * Where the host cannot populate by itself, threads touch every page. A page that
 * cannot be had raises SIGBUS in the thread that touched it; the handler is ours while
 * any preallocation runs and passes on the faults that are not.
 */
typedef struct Toucher {
    pthread_t thread;
    uint8_t *start;
    uint64_t n_pages, page_size;
    sigjmp_buf escape;
    int error; /* errno */
} Toucher;

static __thread Toucher *touching;
static struct sigaction old_sigbus;                               /* prealloc_lock */
static pthread_mutex_t prealloc_lock = PTHREAD_MUTEX_INITIALIZER; /* a leaf */

static void on_sigbus(int sig, siginfo_t *info, void *context)
{
    if (touching) {
        siglongjmp(touching->escape, 1);
    }
    if (old_sigbus.sa_flags & SA_SIGINFO) {
        old_sigbus.sa_sigaction(sig, info, context);
        return;
    }
    /* The default action, at the same instruction. */
    signal(SIGBUS, SIG_DFL);
}

static void *touch_pages(void *opaque)
{
    Toucher *t = opaque;
    sigset_t sigbus;

    sigemptyset(&sigbus);
    sigaddset(&sigbus, SIGBUS);
    pthread_sigmask(SIG_UNBLOCK, &sigbus, NULL);
    touching = t;
    if (sigsetjmp(t->escape, 1)) {
        t->error = EFAULT;
    } else {
        for (uint64_t i = 0; i < t->n_pages; i++) {
            volatile uint8_t *p = t->start + i * t->page_size;

            /* Keeps the contents: the file may have some. */
            *p = *p;
        }
    }
    touching = NULL;
    return NULL;
}

static int touch_with_threads(uint8_t *host, uint64_t size, uint64_t page,
                              unsigned threads)
{
    uint64_t n_pages = size / page;
    struct sigaction act = { .sa_sigaction = on_sigbus, .sa_flags = SA_SIGINFO };
    Toucher *t;
    int error = 0;
    unsigned started = 0;

    threads = (unsigned)MAX(1, MIN((uint64_t)threads, n_pages));
    t = g_new0(Toucher, threads);
    pthread_mutex_lock(&prealloc_lock);
    sigaction(SIGBUS, &act, &old_sigbus);
    for (unsigned i = 0; i < threads; i++) {
        uint64_t lo = n_pages * i / threads, hi = n_pages * (i + 1) / threads;

        t[i].start = host + lo * page;
        t[i].n_pages = hi - lo;
        t[i].page_size = page;
        if (pthread_create(&t[i].thread, NULL, touch_pages, &t[i]) != 0) {
            touch_pages(&t[i]);
            error = error ? error : t[i].error;
            t[i].n_pages = 0;
            t[i].thread = 0;
        } else {
            started++;
        }
    }
    for (unsigned i = 0; i < threads && started; i++) {
        if (t[i].thread) {
            pthread_join(t[i].thread, NULL);
            error = error ? error : t[i].error;
        }
    }
    sigaction(SIGBUS, &old_sigbus, NULL);
    pthread_mutex_unlock(&prealloc_lock);
    g_free(t);
    return error;
}

bool ram_prealloc(void *host, uint64_t size, int fd, unsigned threads, Error **errp)
{
    uint64_t page = fd_page_size(fd);
    int error = 0;

    size &= ~(page - 1);
    if (!size) {
        return true;
    }
    if (threads > 1 || madvise(host, size, MADV_POPULATE_WRITE) < 0) {
        error = threads > 1 || errno == EINVAL
                    ? touch_with_threads(host, size, page, threads)
                    : errno;
    }
    if (error) {
        error_set(errp, "os_mem_prealloc: preallocating memory failed: %s",
                  strerror(error == EFAULT ? ENOMEM : error));
        return false;
    }
    return true;
}
