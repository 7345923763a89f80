/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef STRATA_QAPI_MONITOR_QMP_VERSION_H
#define STRATA_QAPI_MONITOR_QMP_VERSION_H

struct json_object;

/* As the greeting and query-version tell it; the caller's. */
struct json_object *qmp_version_new(void);

#endif
