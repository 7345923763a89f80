/* SPDX-License-Identifier: GPL-2.0-or-later */
/* System control port A: fast A20 and fast reset. Output "a20" is bit 1. */
#ifndef STRATA_HW_MISC_PORT92_H
#define STRATA_HW_MISC_PORT92_H

#define TYPE_PORT92     "port92"
#define PORT92_A20_LINE "a20"

#endif
