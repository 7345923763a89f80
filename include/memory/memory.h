/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Everything a device or machine needs of the memory core. */
#ifndef STRATA_MEMORY_MEMORY_H
#define STRATA_MEMORY_MEMORY_H

#include "memory/address-space.h"
#include "memory/listener.h"
#include "memory/ram-block.h"
#include "memory/region.h"
#include "memory/types.h"

#endif
