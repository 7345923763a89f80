/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The interface that qapi/schema/ describes, as tables made by its generator: what the
 * arguments of each command look like. See qapi/schema/generate.py for the format of
 * the files.
 */
#ifndef STRATA_QAPI_SCHEMA_H
#define STRATA_QAPI_SCHEMA_H

#include "util/error.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct json_object;

typedef enum SchemaKind {
    SCHEMA_STR,
    SCHEMA_BOOL,
    SCHEMA_NUMBER,
    SCHEMA_INT,  /* signed, or unsigned below 64 bits: with its range */
    SCHEMA_UINT, /* 64 bits */
    SCHEMA_ANY,
    SCHEMA_NULL,
    SCHEMA_ENUM,
    SCHEMA_LIST,
    SCHEMA_OBJECT,
    SCHEMA_ALTERNATE,
} SchemaKind;

typedef struct SchemaType SchemaType;
typedef struct SchemaMember {
    const char *name;
    const SchemaType *type;
    bool optional;
} SchemaMember;
typedef struct SchemaBranch {
    const char *value;      /* of the tag */
    const SchemaType *type; /* NULL: no more members */
} SchemaBranch;
struct SchemaType {
    const char *name; /* as messages name it */
    SchemaKind kind;
    int64_t min, max;          /* INT */
    const char *const *values; /* ENUM, NULL-terminated */
    const SchemaType *element; /* LIST */
    /* OBJECT; for ALTERNATE the choices. */
    const SchemaMember *members;
    size_t n_members;
    const char *tag; /* OBJECT with branches: the member that chooses */
    const SchemaBranch *branches;
    size_t n_branches;
};

typedef struct SchemaCommand {
    const char *name;
    const SchemaType *args; /* NULL: taken as they come ("gen": false) */
} SchemaCommand;
/* One line of query-qmp-schema. */
typedef struct SchemaEntity {
    const char *command; /* NULL: a type or event */
    const char *text;
} SchemaEntity;

extern const SchemaCommand schema_commands[]; /* sorted by name */
extern const size_t schema_n_commands;
extern const SchemaEntity schema_entities[];
extern const size_t schema_n_entities;

const SchemaCommand *schema_find_command(const char *name);
/* Check the members of @value (a json object) against @type. */
bool schema_check(const SchemaType *type, struct json_object *value,
                  Error **errp) WARN_UNUSED;
/* Check @value as the parameter @name. */
bool schema_check_value(const SchemaType *type, struct json_object *value,
                        const char *name, Error **errp) WARN_UNUSED;

#endif
