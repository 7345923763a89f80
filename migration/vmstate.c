/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Stream of one description: version (u32), fields in order, number of subsections
 * (u32), each subsection as name length (u8), name, description. All integers
 * big-endian.
 */
#include "migration/vmstate.h"
#include "util/event-loop.h"

#include <inttypes.h>
#include <string.h>

/* Nesting of structs and subsections is bounded by our own tables; this is a fuse. */
#define MAX_DEPTH 32

static void put_uint(GByteArray *out, uint64_t v, size_t size)
{
    uint8_t buf[8];

    for (size_t i = 0; i < size; i++) {
        buf[i] = (uint8_t)(v >> 8 * (size - 1 - i));
    }
    g_byte_array_append(out, buf, size);
}

static bool get_bytes(VMStateReader *in, void *buf, size_t size, Error **errp)
{
    if (in->len - in->pos < size) {
        in->pos = in->len;
        return error_set(errp, "saved state ends too early");
    }
    memcpy(buf, in->data + in->pos, size);
    in->pos += size;
    return true;
}

static bool get_uint(VMStateReader *in, uint64_t *v, size_t size, Error **errp)
{
    uint8_t buf[8];

    if (!get_bytes(in, buf, size, errp)) {
        return false;
    }
    *v = 0;
    for (size_t i = 0; i < size; i++) {
        *v = *v << 8 | buf[i];
    }
    return true;
}

static uint64_t load_native(const void *p, size_t size)
{
    switch (size) {
    case 1:
        return *(const uint8_t *)p;
    case 2:
        return *(const uint16_t *)p;
    case 4:
        return *(const uint32_t *)p;
    default:
        return *(const uint64_t *)p;
    }
}

static void store_native(void *p, uint64_t v, size_t size)
{
    switch (size) {
    case 1:
        *(uint8_t *)p = (uint8_t)v;
        break;
    case 2:
        *(uint16_t *)p = (uint16_t)v;
        break;
    case 4:
        *(uint32_t *)p = (uint32_t)v;
        break;
    default:
        *(uint64_t *)p = v;
        break;
    }
}

static void *field_address(const VMStateField *f, void *opaque)
{
    void *p = (char *)opaque + f->offset;

    return f->pointer ? *(void **)p : p;
}

/* Elements in use: a counted array has its number in another field. */
static size_t field_count(const VMStateField *f, void *opaque)
{
    if (f->num_offset < 0 || f->kind == VMS_VBUFFER) {
        return f->num;
    }
    return MIN(*(uint32_t *)((char *)opaque + f->num_offset), f->num);
}

static bool field_is_present(const VMStateField *f, void *opaque, int version_id)
{
    return f->version_id <= version_id && (!f->exists || f->exists(opaque, version_id));
}

static bool save(const VMStateDescription *vmsd, void *opaque, GByteArray *out,
                 int depth, Error **errp);
static bool load(const VMStateDescription *vmsd, void *opaque, VMStateReader *in,
                 int depth, Error **errp);

static bool save_field(const VMStateField *f, void *opaque, GByteArray *out, int depth,
                       Error **errp)
{
    char *p = field_address(f, opaque);

    for (size_t i = 0; i < field_count(f, opaque); i++, p += f->size) {
        switch (f->kind) {
        case VMS_INT:
            put_uint(out, load_native(p, f->size), f->size);
            break;
        case VMS_BOOL:
            put_uint(out, *(bool *)p, 1);
            break;
        case VMS_BUFFER:
            g_byte_array_append(out, (uint8_t *)p, f->size);
            break;
        case VMS_VBUFFER: {
            uint32_t len = *(uint32_t *)((char *)opaque + f->num_offset);
            put_uint(out, len, 4);
            g_byte_array_append(out, *(uint8_t **)p, len);
            break;
        }
        case VMS_STRUCT:
            if (!save(f->vmsd, p, out, depth + 1, errp)) {
                return false;
            }
            break;
        case VMS_TIMER:
            put_uint(out, (uint64_t)timer_expire_ns((Timer *)p), 8);
            break;
        case VMS_END:
            break;
        }
    }
    return true;
}

static bool save(const VMStateDescription *vmsd, void *opaque, GByteArray *out,
                 int depth, Error **errp)
{
    uint32_t subsections = 0;

    g_assert(depth < MAX_DEPTH);
    if (vmsd->pre_save && !vmsd->pre_save(opaque, errp)) {
        return false;
    }
    put_uint(out, (uint32_t)vmsd->version_id, 4);
    for (const VMStateField *f = vmsd->fields; f && f->kind != VMS_END; f++) {
        if (field_is_present(f, opaque, vmsd->version_id) &&
            !save_field(f, opaque, out, depth, errp)) {
            return false;
        }
    }
    guint count_at = out->len;
    put_uint(out, 0, 4);
    for (const VMStateDescription *const *s = vmsd->subsections; s && *s; s++) {
        if ((*s)->needed && !(*s)->needed(opaque)) {
            continue;
        }
        size_t len = strlen((*s)->name);
        g_assert(len < 256);
        put_uint(out, len, 1);
        g_byte_array_append(out, (const uint8_t *)(*s)->name, len);
        if (!save(*s, opaque, out, depth + 1, errp)) {
            return false;
        }
        subsections++;
    }
    for (int i = 0; i < 4; i++) {
        out->data[count_at + i] = (uint8_t)(subsections >> 8 * (3 - i));
    }
    return true;
}

static bool load_timer(Timer *timer, VMStateReader *in, Error **errp)
{
    uint64_t expire;

    if (!get_uint(in, &expire, 8, errp)) {
        return false;
    }
    if ((int64_t)expire < 0) {
        timer_del(timer);
    } else {
        timer_mod_ns(timer, (int64_t)expire);
    }
    return true;
}

static bool load_vbuffer(const VMStateField *f, void *opaque, void *p,
                         VMStateReader *in, Error **errp)
{
    uint32_t have = *(uint32_t *)((char *)opaque + f->num_offset);
    uint64_t len;

    if (!get_uint(in, &len, 4, errp)) {
        return false;
    }
    if (len != have) {
        return error_set(errp, "field '%s' has %" PRIu64 " bytes, expected %" PRIu32,
                         f->name, len, have);
    }
    return get_bytes(in, *(uint8_t **)p, len, errp);
}

static bool load_field(const VMStateField *f, void *opaque, VMStateReader *in,
                       int depth, Error **errp)
{
    char *p = field_address(f, opaque);
    size_t count = field_count(f, opaque);
    uint64_t v;

    for (size_t i = 0; i < count; i++, p += f->size) {
        bool ok = true;
        switch (f->kind) {
        case VMS_INT:
            ok = get_uint(in, &v, f->size, errp);
            if (ok) {
                store_native(p, v, f->size);
            }
            break;
        case VMS_BOOL:
            ok = get_uint(in, &v, 1, errp);
            if (ok && v > 1) {
                return error_set(errp, "field '%s' is no boolean", f->name);
            }
            if (ok) {
                *(bool *)p = v;
            }
            break;
        case VMS_BUFFER:
            ok = get_bytes(in, p, f->size, errp);
            break;
        case VMS_VBUFFER:
            ok = load_vbuffer(f, opaque, p, in, errp);
            break;
        case VMS_STRUCT:
            ok = load(f->vmsd, p, in, depth + 1, errp);
            break;
        case VMS_TIMER:
            ok = load_timer((Timer *)p, in, errp);
            break;
        case VMS_END:
            break;
        }
        if (!ok) {
            error_prepend(errp, "%s: ", f->name);
            return false;
        }
    }
    return true;
}

static const VMStateDescription *find_subsection(const VMStateDescription *vmsd,
                                                 const char *name, size_t len)
{
    for (const VMStateDescription *const *s = vmsd->subsections; s && *s; s++) {
        if (strlen((*s)->name) == len && !memcmp((*s)->name, name, len)) {
            return *s;
        }
    }
    return NULL;
}

static bool load_subsections(const VMStateDescription *vmsd, void *opaque,
                             VMStateReader *in, int depth, Error **errp)
{
    uint64_t count, len;
    char name[256];

    if (!get_uint(in, &count, 4, errp)) {
        return false;
    }
    for (uint64_t i = 0; i < count; i++) {
        if (!get_uint(in, &len, 1, errp) || !get_bytes(in, name, len, errp)) {
            return false;
        }
        const VMStateDescription *s = find_subsection(vmsd, name, len);
        if (!s) {
            return error_set(errp, "unknown subsection '%.*s' of '%s'", (int)len, name,
                             vmsd->name);
        }
        if (!load(s, opaque, in, depth + 1, errp)) {
            return false;
        }
    }
    return true;
}

static bool load(const VMStateDescription *vmsd, void *opaque, VMStateReader *in,
                 int depth, Error **errp)
{
    uint64_t version;

    if (depth >= MAX_DEPTH) {
        return error_set(errp, "saved state is nested too deeply");
    }
    if (!get_uint(in, &version, 4, errp)) {
        return false;
    }
    if ((int32_t)version > vmsd->version_id ||
        (int32_t)version < vmsd->minimum_version_id) {
        return error_set(errp, "'%s' has version %" PRIu64 ", supported are %d to %d",
                         vmsd->name, version, vmsd->minimum_version_id,
                         vmsd->version_id);
    }
    if (vmsd->pre_load && !vmsd->pre_load(opaque, errp)) {
        return false;
    }
    for (const VMStateField *f = vmsd->fields; f && f->kind != VMS_END; f++) {
        if (field_is_present(f, opaque, (int)version) &&
            !load_field(f, opaque, in, depth, errp)) {
            return false;
        }
    }
    if (!load_subsections(vmsd, opaque, in, depth, errp)) {
        return false;
    }
    return !vmsd->post_load || vmsd->post_load(opaque, (int)version, errp);
}

bool vmstate_save(const VMStateDescription *vmsd, void *opaque, GByteArray *out,
                  Error **errp)
{
    return save(vmsd, opaque, out, 0, errp);
}

bool vmstate_load(const VMStateDescription *vmsd, void *opaque, VMStateReader *in,
                  Error **errp)
{
    return load(vmsd, opaque, in, 0, errp);
}
