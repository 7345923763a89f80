/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "qapi/fds.h"

#include "qapi/command.h"

#include <fcntl.h>
#include <glib.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

typedef struct SetFd {
    int fd;
    char *opaque;
} SetFd;

typedef struct FdSet {
    int64_t id;
    GArray *fds; /* SetFd */
} FdSet;

static GHashTable *named; /* name -> descriptor */
static GPtrArray *sets;   /* FdSet *, by id */

void named_fd_add(const char *name, int take_fd)
{
    int old = named_fd_take(name);

    if (old >= 0) {
        close(old);
    }
    if (!named) {
        named = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    }
    g_hash_table_insert(named, g_strdup(name), GINT_TO_POINTER(take_fd));
}

int named_fd_take(const char *name)
{
    gpointer fd;

    if (!named || !g_hash_table_lookup_extended(named, name, NULL, &fd)) {
        return -1;
    }
    g_hash_table_remove(named, name);
    return GPOINTER_TO_INT(fd);
}

bool named_fd_close(const char *name, Error **errp)
{
    int fd = named_fd_take(name);

    if (fd < 0) {
        return error_set(errp, "File descriptor named '%s' not found", name);
    }
    close(fd);
    return true;
}

int fd_from_text(const char *text, Error **errp)
{
    char *end;
    long v;
    int fd;

    if (!g_ascii_isdigit(*text)) {
        fd = named_fd_take(text);
        if (fd < 0) {
            error_set(errp, "File descriptor named '%s' has not been found", text);
        }
        return fd;
    }
    v = strtol(text, &end, 10);
    if (*end || v > INT_MAX) {
        error_set(errp, "Invalid file descriptor number '%s'", text);
        return -1;
    }
    return (int)v;
}

static FdSet *find_set(int64_t id)
{
    for (guint i = 0; sets && i < sets->len; i++) {
        FdSet *set = sets->pdata[i];

        if (set->id == id) {
            return set;
        }
    }
    return NULL;
}

static gint compare_set(gconstpointer a, gconstpointer b)
{
    const FdSet *x = *(FdSet *const *)a, *y = *(FdSet *const *)b;

    return x->id < y->id ? -1 : x->id > y->id;
}

static FdSet *new_set(int64_t id)
{
    FdSet *set = g_new0(FdSet, 1);

    set->id = id;
    set->fds = g_array_new(FALSE, FALSE, sizeof(SetFd));
    if (!sets) {
        sets = g_ptr_array_new();
    }
    g_ptr_array_add(sets, set);
    g_ptr_array_sort(sets, compare_set);
    return set;
}

bool fdset_add(int64_t id, bool has_set, int take_fd, const char *opaque,
               struct json_object **ret, Error **errp)
{
    SetFd entry = { take_fd, g_strdup(opaque) };
    FdSet *set;

    if (has_set && id < 0) {
        close(take_fd);
        g_free(entry.opaque);
        return error_set(errp, "Parameter 'fdset-id' expects a non-negative value");
    }
    if (!has_set) {
        id = 0;
        while (find_set(id)) {
            id++;
        }
    }
    set = find_set(id);
    if (!set) {
        set = new_set(id);
    }
    g_array_append_val(set->fds, entry);
    *ret = json_object_new_object();
    json_add_int(*ret, "fdset-id", id);
    json_add_int(*ret, "fd", take_fd);
    return true;
}

static void drop_entry(FdSet *set, guint i)
{
    SetFd *entry = &g_array_index(set->fds, SetFd, i);

    close(entry->fd);
    g_free(entry->opaque);
    g_array_remove_index(set->fds, i);
}

bool fdset_remove(int64_t id, bool has_fd, int fd, Error **errp)
{
    FdSet *set = find_set(id);
    bool found = false;

    for (guint i = set ? set->fds->len : 0; i-- > 0;) {
        if (!has_fd || g_array_index(set->fds, SetFd, i).fd == fd) {
            drop_entry(set, i);
            found = true;
        }
    }
    if (!found) {
        return has_fd
                   ? error_set(errp,
                               "File descriptor named 'fdset-id:%" PRId64
                               ", fd:%d' not found",
                               id, fd)
                   : error_set(errp,
                               "File descriptor named 'fdset-id:%" PRId64 "' not found",
                               id);
    }
    if (set->fds->len == 0) {
        g_ptr_array_remove(sets, set);
        g_array_free(set->fds, TRUE);
        g_free(set);
    }
    return true;
}

struct json_object *fdset_query(void)
{
    struct json_object *list = json_object_new_array();

    for (guint i = 0; sets && i < sets->len; i++) {
        FdSet *set = sets->pdata[i];
        struct json_object *item = json_object_new_object();
        struct json_object *fds = json_object_new_array();

        for (guint j = 0; j < set->fds->len; j++) {
            SetFd *entry = &g_array_index(set->fds, SetFd, j);
            struct json_object *fd = json_object_new_object();

            json_add_int(fd, "fd", entry->fd);
            if (entry->opaque) {
                json_add_str(fd, "opaque", entry->opaque);
            }
            json_object_array_add(fds, fd);
        }
        json_add_int(item, "fdset-id", set->id);
        json_object_object_add(item, "fds", fds);
        json_object_array_add(list, item);
    }
    return list;
}

int fdset_open(const char *path, int flags, int mode)
{
    static const char prefix[] = "/dev/fdset/";
    FdSet *set;
    char *end;
    int64_t id;

    if (!g_str_has_prefix(path, prefix)) {
        return open(path, flags | O_CLOEXEC, mode);
    }
    id = g_ascii_strtoll(path + strlen(prefix), &end, 10);
    set = *end ? NULL : find_set(id);
    for (guint i = 0; set && i < set->fds->len; i++) {
        int fd = g_array_index(set->fds, SetFd, i).fd;
        int have = fcntl(fd, F_GETFL);

        if (have >= 0 && (have & O_ACCMODE) == (flags & O_ACCMODE)) {
            return fcntl(fd, F_DUPFD_CLOEXEC, 0);
        }
    }
    errno = set ? EACCES : ENOENT;
    return -1;
}
