/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How a module answers the monitors. A command lives with the thing it asks about: a
 * static row in the program's table names it and its function, nothing runs at
 * start-up. A QMP command also needs its description in qapi/schema/: from that come
 * the check of its arguments, query-qmp-schema and docs/qmp.md. An HMP command formats
 * what the QMP function answers.
 *
 *     static bool qmp_query_edu(struct json_object *args, struct json_object **ret,
 *                               Error **errp) { ... }
 *     QMP_COMMAND("query-edu", qmp_query_edu, 0);
 *
 *     static void hmp_info_edu(HmpOut *out, HmpArgs *args) { ... }
 *     HMP_INFO("edu", "verbose:-v,path:s?", "[-v] [path]", "show edu devices",
 *              hmp_info_edu);
 *
 * Context: BQL, main loop thread.
 */
#ifndef STRATA_QAPI_COMMAND_H
#define STRATA_QAPI_COMMAND_H

#include "qapi/text.h"
#include "util/error.h"
#include <json-c/json.h>
#include <stdbool.h>
#include <stdint.h>

/* --- QMP -----------------------------------------------------------------------------
 */

/*
 * @args is a json object that satisfies the schema (never NULL; mandatory members are
 * there and have their types, there are no others). *ret is NULL on entry; what is put
 * there becomes the caller's, NULL answers {}. False with an error set: *ret is
 * ignored.
 */
typedef bool QmpCommandFn(struct json_object *args, struct json_object **ret,
                          Error **errp);

enum {
    QMP_ALLOW_OOB = 1 << 0,       /* may be executed out of band */
    QMP_ALLOW_PRECONFIG = 1 << 1, /* may be executed before the machine is made */
    QMP_NO_RESPONSE = 1 << 2,     /* success is not answered */
};

typedef struct QmpCommand {
    const char *name;
    QmpCommandFn *fn;
    uint32_t flags;
} QmpCommand;

#define QMP_COMMAND(name_, fn_, flags_)                                       \
    static const QmpCommand qmp_command_##fn_ = { (name_), (fn_), (flags_) }; \
    static const QmpCommand *const qmp_command_row_##fn_                      \
        __attribute__((used, section("strata_qmp_commands"))) = &qmp_command_##fn_

/* NULL when there is none. */
const QmpCommand *qmp_command_find(const char *name);
/* All of them, sorted by name. */
typedef void QmpCommandVisitFn(const QmpCommand *cmd, void *opaque);
void qmp_command_foreach(QmpCommandVisitFn *fn, void *opaque);
/*
 * Check @args (NULL: none) against the schema and call the command. *ret is never NULL
 * on success and is the caller's.
 */
bool qmp_command_run(const QmpCommand *cmd, struct json_object *args,
                     struct json_object **ret, Error **errp) WARN_UNUSED;
/* The same by name, for C callers. */
bool qmp_run(const char *name, struct json_object *args, struct json_object **ret,
             Error **errp) WARN_UNUSED;

/* Readers for handlers. The schema check has been done, so these cannot fail: absent
 * members give the default. */
const char *qmp_arg_str(struct json_object *args, const char *name); /* NULL: absent */
bool qmp_arg_bool(struct json_object *args, const char *name, bool def);
int64_t qmp_arg_int(struct json_object *args, const char *name, int64_t def);
uint64_t qmp_arg_uint(struct json_object *args, const char *name, uint64_t def);
struct json_object *qmp_arg(struct json_object *args, const char *name);
bool qmp_arg_has(struct json_object *args, const char *name);

/* Makers for answers. */
void json_add_str(struct json_object *obj, const char *key, const char *value);
void json_add_bool(struct json_object *obj, const char *key, bool value);
void json_add_int(struct json_object *obj, const char *key, int64_t value);
void json_add_uint(struct json_object *obj, const char *key, uint64_t value);
/* A value whose text is already JSON and lives as long as the program. */
struct json_object *json_new_static_text(const char *json_text);

/* --- HMP -----------------------------------------------------------------------------
 */

/*
 * What was typed after the command's name, split as its args_type says: a list of
 * NAME:KIND separated by commas, with '?' after KIND for an optional one:
 *   s  a word, or a "quoted string"      F  a file name        B  a block device
 *   S  the rest of the line              O  key=value,... options (kept as text)
 *   i  32-bit number   l  64-bit number  (expressions: 0x10+4*2, $pc, 'a')
 *   M  size in MiB without suffix        o  size in bytes, suffixes allowed
 *   T  seconds with suffix ms us ns      b  on|off
 *   /  a format: /COUNT FORMAT SIZE      -x flag x
 *   -xs flag x followed by a word
 */
typedef struct HmpArgs HmpArgs;

typedef struct HmpFormat {
    int count;
    char format; /* o d u x c i */
    int size;    /* bytes: 1 2 4 8; 0: the command's default */
} HmpFormat;

bool hmp_arg_has(const HmpArgs *args, const char *name);
bool hmp_arg_flag(const HmpArgs *args, const char *name);
const char *hmp_arg_str(const HmpArgs *args, const char *name); /* NULL: absent */
int64_t hmp_arg_int(const HmpArgs *args, const char *name, int64_t def);
HmpFormat hmp_arg_format(const HmpArgs *args, char default_format, int default_size);
/* The same as json object, ready for a QMP function. Owned by @args. */
struct json_object *hmp_args_json(const HmpArgs *args);
/* The session's chosen vCPU (HMP "cpu N"); lasts for the session. */
int hmp_args_get_cpu(const HmpArgs *args);
void hmp_args_set_cpu(HmpArgs *args, int cpu_index);

typedef void HmpCommandFn(HmpOut *out, HmpArgs *args);
/* Add candidates for the word typed so far; @nr counts words from 1 (the command). */
typedef struct HmpCompletion HmpCompletion;
void hmp_completion_add(HmpCompletion *c, const char *candidate);
typedef void HmpCompleteFn(HmpCompletion *c, int nr, const char *typed);

typedef struct HmpCommand {
    const char *name; /* "print|p" has two names */
    const char *args_type;
    const char *params; /* as help prints it */
    const char *help;
    HmpCommandFn *fn;
    bool is_info;
    bool allow_preconfig;
    HmpCompleteFn *complete; /* NULL: by args_type */
} HmpCommand;

#define HMP_ROW_(fn_, ...)                                       \
    static const HmpCommand hmp_command_##fn_ = { __VA_ARGS__ }; \
    static const HmpCommand *const hmp_command_row_##fn_         \
        __attribute__((used, section("strata_hmp_commands"))) = &hmp_command_##fn_

#define HMP_COMMAND(name_, args_type_, params_, help_, fn_)                        \
    HMP_ROW_(fn_, .name = (name_), .args_type = (args_type_), .params = (params_), \
             .help = (help_), .fn = (fn_))
#define HMP_INFO(name_, args_type_, params_, help_, fn_)                           \
    HMP_ROW_(fn_, .name = (name_), .args_type = (args_type_), .params = (params_), \
             .help = (help_), .fn = (fn_), .is_info = true)
#define HMP_COMMAND_COMPLETE(name_, args_type_, params_, help_, fn_, complete_)    \
    HMP_ROW_(fn_, .name = (name_), .args_type = (args_type_), .params = (params_), \
             .help = (help_), .fn = (fn_), .complete = (complete_))

/*
 * Run a QMP command for an HMP one. NULL after printing the error; else the answer,
 * which is the caller's. @take_args may be NULL.
 */
struct json_object *hmp_run_qmp(HmpOut *out, const char *name,
                                struct json_object *take_args);
/* The same when only success matters. */
bool hmp_do_qmp(HmpOut *out, const char *name, struct json_object *take_args);

/* Values of "$name" in HMP expressions; false: no such register. Set by the CPU code.
 */
typedef bool HmpRegisterFn(int cpu_index, const char *name, uint64_t *value);
void hmp_set_register_fn(HmpRegisterFn *fn);

#endif
