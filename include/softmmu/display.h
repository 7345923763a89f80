/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Consoles: what a display adapter shows, as pictures on demand. Adapters register one;
 * screendump (and displays to come) ask it for pixels. Context: BQL.
 */
#ifndef STRATA_SOFTMMU_DISPLAY_H
#define STRATA_SOFTMMU_DISPLAY_H

#include "qom/object.h"
#include <stdint.h>

/* 32-bit pixels x8r8g8b8 in host order, rows without gaps. */
typedef struct DisplayPicture {
    int width, height; /* 0: nothing to show */
    uint32_t *pixels;  /* the caller frees with g_free */
} DisplayPicture;

typedef struct DisplayOps {
    /* Draw the whole screen as it is now. */
    DisplayPicture (*render)(void *opaque);
} DisplayOps;

void display_register(Object *dev, const DisplayOps *ops, void *opaque);
void display_unregister(Object *dev);

#endif
