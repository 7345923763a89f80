/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Interrupt and signal lines. A line is an input of some device (or a plain function);
 * outputs are pointers to lines. Context: BQL for everything.
 */
#ifndef STRATA_HW_CORE_IRQ_H
#define STRATA_HW_CORE_IRQ_H

#include <stddef.h>

typedef struct IrqLine IrqLine;
/* @n is the number of the line within its input array. */
typedef void IrqHandlerFn(void *opaque, int n, int level);

struct IrqLine {
    /* private */
    IrqHandlerFn *handler;
    void *opaque;
    int n;
};

/* Caller's storage, alive as long as somebody may drive it. */
void irq_init(IrqLine *line, IrqHandlerFn *handler, void *opaque, int n);
/* Heap storage. */
IrqLine *irq_new(IrqHandlerFn *handler, void *opaque, int n);
void irq_free(IrqLine *line);

/* An unconnected output is NULL; driving it is harmless. */
static inline void irq_set(IrqLine *line, int level)
{
    if (line) {
        line->handler(line->opaque, line->n, level);
    }
}
static inline void irq_raise(IrqLine *line)
{
    irq_set(line, 1);
}
static inline void irq_lower(IrqLine *line)
{
    irq_set(line, 0);
}
static inline void irq_pulse(IrqLine *line)
{
    irq_set(line, 1);
    irq_set(line, 0);
}

/*
 * Interpose @handler before what @line did (qtest's irq_intercept). The old behaviour
 * is copied to *old, which the new handler may call. Undone by copying it back.
 */
void irq_intercept(IrqLine *line, IrqLine *old, IrqHandlerFn *handler, void *opaque);

#endif
