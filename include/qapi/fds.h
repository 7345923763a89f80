/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Descriptors that clients hand over: named ones (QMP getfd), which whoever is told the
 * name takes once, and sets (add-fd), which "/dev/fdset/ID" opens as often as wanted.
 * Context: BQL.
 */
#ifndef STRATA_QAPI_FDS_H
#define STRATA_QAPI_FDS_H

#include "util/error.h"
#include <stdint.h>

struct json_object;

/* @take_fd becomes ours; an older one of the name is closed. */
void named_fd_add(const char *name, int take_fd);
/* The descriptor becomes the caller's and the name is free; -1 when there is none. */
int named_fd_take(const char *name);
bool named_fd_close(const char *name, Error **errp) WARN_UNUSED;
/* "5" is an inherited number, else a name. -1 and an error. */
int fd_from_text(const char *text, Error **errp) WARN_UNUSED;

/* @set < 0: a new set. Returns the set. */
bool fdset_add(int64_t set, bool has_set, int take_fd, const char *opaque,
               struct json_object **ret, Error **errp) WARN_UNUSED;
bool fdset_remove(int64_t set, bool has_fd, int fd, Error **errp) WARN_UNUSED;
struct json_object *fdset_query(void);
/* open(2), but "/dev/fdset/ID" gives a copy of the set's descriptor with those access
 * flags. -1 and errno. */
int fdset_open(const char *path, int flags, int mode);

#endif
