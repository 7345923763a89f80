/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Field tables that describe a device's state, and the walker that saves and loads
 * them. The migration engine walks these; device tests save, reset, load and compare
 * with them. Integers are stored big-endian. A loader treats the stream as hostile:
 * every length and version is checked, and a failed load leaves only the device itself
 * half-written.
 */
#ifndef STRATA_MIGRATION_VMSTATE_H
#define STRATA_MIGRATION_VMSTATE_H

#include "util/error.h"
#include <glib.h>
#include <stddef.h>
#include <stdint.h>

typedef struct VMStateField VMStateField;
typedef struct VMStateDescription VMStateDescription;

struct VMStateDescription {
    const char *name;
    int version_id;
    int minimum_version_id;
    /* Called before saving / loading / after loading; may be NULL. */
    bool (*pre_save)(void *opaque, Error **errp);
    bool (*pre_load)(void *opaque, Error **errp);
    bool (*post_load)(void *opaque, int version_id, Error **errp);
    /* A subsection is sent only when needed. */
    bool (*needed)(void *opaque);
    const VMStateField *fields;                   /* ends with VMSTATE_END_OF_LIST() */
    const VMStateDescription *const *subsections; /* NULL-terminated, or NULL */
};

typedef enum VMStateKind {
    VMS_END,
    VMS_INT, /* size 1, 2, 4, 8 */
    VMS_BOOL,
    VMS_BUFFER,  /* size bytes */
    VMS_VBUFFER, /* *(uint8_t **) of length *(uint32_t *)(opaque + num_offset) */
    VMS_STRUCT,
    VMS_TIMER, /* Timer: its expiry */
} VMStateKind;

struct VMStateField {
    const char *name;
    VMStateKind kind;
    size_t offset;
    size_t size; /* of one element */
    size_t num;  /* elements */
    ptrdiff_t
        num_offset; /* VMS_VBUFFER: uint32_t length; else -1 or uint32_t count <= num */
    int version_id; /* present from this version on */
    bool pointer;   /* the field is a pointer to the element(s) */
    const VMStateDescription *vmsd;
    bool (*exists)(void *opaque, int version_id);
};

#define VMSTATE_F_(f, S)     .name = #f, .offset = offsetof(S, f), .num_offset = -1
#define VMSTATE_FIELD_(S, f) (((S *)0)->f)
/* clang-format off */
#define VMSTATE_INT_V_(f, S, T, v) { VMSTATE_F_(f, S), .kind = VMS_INT, .size = sizeof(T) + 0 * sizeof(&VMSTATE_FIELD_(S, f) == (T *)0), .num = 1, .version_id = (v) }
#define VMSTATE_UINT8(f, S)    VMSTATE_INT_V_(f, S, uint8_t, 0)
#define VMSTATE_UINT16(f, S)   VMSTATE_INT_V_(f, S, uint16_t, 0)
#define VMSTATE_UINT32(f, S)   VMSTATE_INT_V_(f, S, uint32_t, 0)
#define VMSTATE_UINT64(f, S)   VMSTATE_INT_V_(f, S, uint64_t, 0)
#define VMSTATE_INT8(f, S)     VMSTATE_INT_V_(f, S, int8_t, 0)
#define VMSTATE_INT16(f, S)    VMSTATE_INT_V_(f, S, int16_t, 0)
#define VMSTATE_INT32(f, S)    VMSTATE_INT_V_(f, S, int32_t, 0)
#define VMSTATE_INT64(f, S)    VMSTATE_INT_V_(f, S, int64_t, 0)
#define VMSTATE_BOOL(f, S)     { VMSTATE_F_(f, S), .kind = VMS_BOOL, .size = sizeof(bool), .num = 1 }
#define VMSTATE_TIMER(f, S)    { VMSTATE_F_(f, S), .kind = VMS_TIMER, .size = sizeof(VMSTATE_FIELD_(S, f)), .num = 1 }
/* An array of integers of any width (element type taken from the field). */
#define VMSTATE_ARRAY(f, S)    { VMSTATE_F_(f, S), .kind = VMS_INT, .size = sizeof(VMSTATE_FIELD_(S, f)[0]), .num = sizeof(VMSTATE_FIELD_(S, f)) / sizeof(VMSTATE_FIELD_(S, f)[0]) }
/* Bytes as they are (uint8_t arrays). */
#define VMSTATE_BUFFER(f, S)   { VMSTATE_F_(f, S), .kind = VMS_BUFFER, .size = sizeof(VMSTATE_FIELD_(S, f)), .num = 1 }
/* uint8_t *field, @len_f is a uint32_t field that both sides agree on. */
#define VMSTATE_VBUFFER(f, S, len_f) { .name = #f, .offset = offsetof(S, f), .kind = VMS_VBUFFER, .num = 1, .num_offset = offsetof(S, len_f) }
#define VMSTATE_STRUCT(f, S, d) { VMSTATE_F_(f, S), .kind = VMS_STRUCT, .size = sizeof(VMSTATE_FIELD_(S, f)), .num = 1, .vmsd = &(d) }
#define VMSTATE_STRUCT_ARRAY(f, S, d) { VMSTATE_F_(f, S), .kind = VMS_STRUCT, .size = sizeof(VMSTATE_FIELD_(S, f)[0]), .num = sizeof(VMSTATE_FIELD_(S, f)) / sizeof(VMSTATE_FIELD_(S, f)[0]), .vmsd = &(d) }
#define VMSTATE_END_OF_LIST() { .kind = VMS_END }
/* clang-format on */

/* Append the state of @opaque to @out. */
bool vmstate_save(const VMStateDescription *vmsd, void *opaque, GByteArray *out,
                  Error **errp) WARN_UNUSED;

/* A cursor over bytes; reading past the end fails and is remembered. */
typedef struct VMStateReader {
    const uint8_t *data;
    size_t len;
    size_t pos;
} VMStateReader;
bool vmstate_load(const VMStateDescription *vmsd, void *opaque, VMStateReader *in,
                  Error **errp) WARN_UNUSED;

#endif
