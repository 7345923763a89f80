/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The qtest protocol: drive a machine's devices over a socket (docs/testing.md). */
#ifndef STRATA_ACCEL_QTEST_H
#define STRATA_ACCEL_QTEST_H

#include "softmmu/chardev.h"
#include "util/error.h"

/* Serve @chr; @log_file NULL: stderr, "none": nothing. Context: BQL, start. */
bool qtest_server_new(Chardev *chr, const char *log_file, Error **errp) WARN_UNUSED;

#endif
