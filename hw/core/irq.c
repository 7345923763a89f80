/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "hw/core/irq.h"

#include <glib.h>

void irq_init(IrqLine *line, IrqHandlerFn *handler, void *opaque, int n)
{
    *line = (IrqLine){ .handler = handler, .opaque = opaque, .n = n };
}

IrqLine *irq_new(IrqHandlerFn *handler, void *opaque, int n)
{
    IrqLine *line = g_new(IrqLine, 1);

    irq_init(line, handler, opaque, n);
    return line;
}

void irq_free(IrqLine *line)
{
    g_free(line);
}

void irq_intercept(IrqLine *line, IrqLine *old, IrqHandlerFn *handler, void *opaque)
{
    *old = *line;
    line->handler = handler;
    line->opaque = opaque;
}
