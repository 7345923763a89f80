/* SPDX-License-Identifier: GPL-2.0-or-later */
/* chardev-null: output vanishes, nothing comes in. */
#include "char-internal.h"

static bool null_open(Chardev *chr, struct json_object *data, bool *be_opened,
                      Error **errp)
{
    *be_opened = false;
    return true;
}

static int null_write(Chardev *chr, const uint8_t *buf, int len)
{
    return len;
}

static void null_class_init(ObjectClass *klass, const void *data)
{
    ChardevClass *cc = CHARDEV_CLASS(klass);

    cc->open = null_open;
    cc->write = null_write;
}

static const TypeInfo null_info = {
    .name = TYPE_CHARDEV_NULL,
    .parent = TYPE_CHARDEV,
    .instance_size = sizeof(Chardev),
    .class_init = null_class_init,
};
TYPE_REGISTER(null_info);

/* A text console stands for its display while there is none. */
static const TypeInfo vc_info = {
    .name = "chardev-vc",
    .parent = TYPE_CHARDEV_NULL,
};
TYPE_REGISTER(vc_info);
