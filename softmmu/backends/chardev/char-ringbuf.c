/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * chardev-ringbuf: keeps the last bytes written, for ringbuf-read. The positions count
 * on for ever and are taken modulo the size, a power of two.
 */
#include "char-internal.h"

#include <inttypes.h>
#include <string.h>

typedef struct ChardevRingbuf {
    Chardev parent_obj;
    uint8_t *buf;
    uint32_t size;
    uint32_t written, taken;
} ChardevRingbuf;

enum { RINGBUF_DEFAULT_SIZE = 65536, RINGBUF_MAX_SIZE = 1 << 30 };

static int ringbuf_write(Chardev *chr, const uint8_t *buf, int len)
{
    ChardevRingbuf *s = (ChardevRingbuf *)chr;

    for (int i = 0; i < len; i++) {
        s->buf[s->written++ & (s->size - 1)] = buf[i];
        if (s->written - s->taken > s->size) {
            s->taken = s->written - s->size;
        }
    }
    return len;
}

int chardev_ringbuf_count(const Chardev *chr)
{
    const ChardevRingbuf *s = (const ChardevRingbuf *)chr;

    return (int)(s->written - s->taken);
}

int chardev_ringbuf_read(Chardev *chr, uint8_t *buf, int len)
{
    ChardevRingbuf *s = (ChardevRingbuf *)chr;
    int n = MIN(len, chardev_ringbuf_count(chr));

    for (int i = 0; i < n; i++) {
        buf[i] = s->buf[s->taken++ & (s->size - 1)];
    }
    return n;
}

Chardev *chardev_find_ringbuf(const char *id, Error **errp)
{
    Chardev *chr = chardev_find(id);

    if (!chr) {
        error_set(errp, "Device '%s' not found", id);
        return NULL;
    }
    if (!object_is_a(OBJECT(chr), TYPE_CHARDEV_RINGBUF)) {
        error_set(errp, "%s is not a ringbuf device", id);
        return NULL;
    }
    return chr;
}

static bool ringbuf_open(Chardev *chr, struct json_object *data, bool *be_opened,
                         Error **errp)
{
    ChardevRingbuf *s = (ChardevRingbuf *)chr;
    int64_t size = data_int(data, "size", RINGBUF_DEFAULT_SIZE);

    if (size <= 0 || size & (size - 1)) {
        return error_set(errp, "size of ringbuf chardev must be power of two");
    }
    if (size > RINGBUF_MAX_SIZE) {
        return error_set(errp, "size of ringbuf chardev %" PRId64 " exceeds %d", size,
                         RINGBUF_MAX_SIZE);
    }
    s->buf = g_try_malloc0((gsize)size);
    if (!s->buf) {
        return error_set(errp, "cannot allocate ringbuf chardev of %" PRId64 " bytes",
                         size);
    }
    s->size = (uint32_t)size;
    return true;
}

static void ringbuf_finalize(Object *obj)
{
    g_free(((ChardevRingbuf *)obj)->buf);
}

static void ringbuf_class_init(ObjectClass *klass, const void *data)
{
    ChardevClass *cc = CHARDEV_CLASS(klass);

    cc->open = ringbuf_open;
    cc->write = ringbuf_write;
}

static const TypeInfo ringbuf_info = {
    .name = TYPE_CHARDEV_RINGBUF,
    .parent = TYPE_CHARDEV,
    .instance_size = sizeof(ChardevRingbuf),
    .instance_finalize = ringbuf_finalize,
    .class_init = ringbuf_class_init,
};
TYPE_REGISTER(ringbuf_info);

/* The name it had once. */
static const TypeInfo memory_info = {
    .name = "chardev-memory",
    .parent = TYPE_CHARDEV_RINGBUF,
};
TYPE_REGISTER(memory_info);
