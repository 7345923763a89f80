/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What -serial, -vga, -rtc and the defaults left for a machine to make devices of.
 * Drives and network cards are asked for in softmmu/block.h and softmmu/net.h. The
 * command line owns it; a machine reads it in init.
 */
#ifndef STRATA_HW_CORE_BOARD_OPTIONS_H
#define STRATA_HW_CORE_BOARD_OPTIONS_H

#include "softmmu/chardev.h"
#include <stdbool.h>
#include <stdint.h>

#define BOARD_MAX_SERIAL   4
#define BOARD_MAX_PARALLEL 3

typedef struct BoardOptions {
    Chardev *serial[BOARD_MAX_SERIAL]; /* NULL: no port */
    Chardev *parallel[BOARD_MAX_PARALLEL];
    const char *vga; /* "std", "cirrus", "none" */
    bool nodefaults;
    bool floppy; /* a default floppy drive */
    /* -rtc */
    bool rtc_localtime;
    bool rtc_has_base;
    int64_t rtc_base_ns; /* of the guest's clock at start, since 1970 */
    bool rtc_clock_is_virtual;
} BoardOptions;

#endif
