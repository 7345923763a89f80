/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A device's named input and output lines. */
#include "hw/core/device-internal.h"

#include <assert.h>
#include <string.h>

/* Declaring outputs again under one name appends. */
typedef struct OutputGroup {
    IrqLine **pins;
    int n;
} OutputGroup;

struct NamedGpioList {
    NamedGpioList *next;
    const char *name; /* NULL: unnamed */
    IrqLine *in;      /* inputs, in blocks that never move */
    int num_in;
    GArray *out; /* OutputGroup */
    int num_out;
};

static NamedGpioList *find_list(DeviceState *dev, const char *name)
{
    for (NamedGpioList *l = dev->gpios; l; l = l->next) {
        if (!g_strcmp0(l->name, name)) {
            return l;
        }
    }
    return NULL;
}

static NamedGpioList *get_list(DeviceState *dev, const char *name)
{
    NamedGpioList *l = find_list(dev, name);

    if (!l) {
        l = g_new0(NamedGpioList, 1);
        l->name = g_intern_string(name);
        l->next = dev->gpios;
        dev->gpios = l;
    }
    return l;
}

void device_init_gpio_in_named(DeviceState *dev, IrqHandlerFn *handler,
                               const char *name, int n)
{
    NamedGpioList *l = get_list(dev, name);

    /* Lines are pointed at, so a list is made in one go. */
    assert(!l->num_in && n > 0);
    l->in = g_new(IrqLine, n);
    l->num_in = n;
    for (int i = 0; i < n; i++) {
        irq_init(&l->in[i], handler, dev, i);
    }
}

void device_init_gpio_out_named(DeviceState *dev, IrqLine **pins, const char *name,
                                int n)
{
    NamedGpioList *l = get_list(dev, name);
    OutputGroup group = { pins, n };

    if (!l->out) {
        l->out = g_array_new(FALSE, FALSE, sizeof(OutputGroup));
    }
    g_array_append_val(l->out, group);
    l->num_out += n;
}

IrqLine *device_find_gpio_in(DeviceState *dev, const char *name, int n)
{
    NamedGpioList *l = find_list(dev, name);

    return l && n >= 0 && n < l->num_in ? &l->in[n] : NULL;
}

IrqLine **device_find_gpio_out(DeviceState *dev, const char *name, int n)
{
    NamedGpioList *l = find_list(dev, name);

    for (guint i = 0; l && l->out && n >= 0 && i < l->out->len; i++) {
        OutputGroup *group = &g_array_index(l->out, OutputGroup, i);
        if (n < group->n) {
            return &group->pins[n];
        }
        n -= group->n;
    }
    return NULL;
}

IrqLine *device_get_gpio_in_named(DeviceState *dev, const char *name, int n)
{
    IrqLine *line = device_find_gpio_in(dev, name, n);

    assert(line);
    return line;
}

void device_connect_gpio_out_named(DeviceState *dev, const char *name, int n,
                                   IrqLine *line)
{
    IrqLine **pin = device_find_gpio_out(dev, name, n);

    assert(pin);
    *pin = line;
}

void device_gpio_foreach(DeviceState *dev, GpioListFn *fn, void *opaque)
{
    for (NamedGpioList *l = dev->gpios; l; l = l->next) {
        fn(l->name, l->num_in, l->num_out, opaque);
    }
}

void device_free_gpios(DeviceState *dev)
{
    while (dev->gpios) {
        NamedGpioList *l = dev->gpios;
        dev->gpios = l->next;
        g_free(l->in);
        if (l->out) {
            g_array_unref(l->out);
        }
        g_free(l);
    }
}
