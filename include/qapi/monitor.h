/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Monitor sessions: a character device that speaks QMP or HMP. A session lives as long
 * as its character device and accepts again after a disconnect. Context: BQL, main
 * thread.
 */
#ifndef STRATA_QAPI_MONITOR_H
#define STRATA_QAPI_MONITOR_H

#include "softmmu/chardev.h"
#include "util/error.h"

/* @pretty: QMP objects over several lines. Errors: the device has a front end already.
 */
bool monitor_new_qmp(Chardev *chr, bool pretty, Error **errp) WARN_UNUSED;
/* @use_readline: editing and a prompt, for people; false: for programs. */
bool monitor_new_hmp(Chardev *chr, bool use_readline, Error **errp) WARN_UNUSED;
/* At exit: flush what was said. */
void monitor_cleanup(void);

#endif
