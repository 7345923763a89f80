/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "util/error.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

struct Error {
    char *message;
    GString *hint;
    ErrorClass class_;
    const char *file;
    int line;
};

Error *error_abort;
Error *error_fatal;

/* Start-up thread only. */
static char *location;
static const char *program_name = "strata";
static bool timestamps;
static __thread ErrorSinkFn *thread_sink;
static __thread void *thread_sink_opaque;

static const char *const class_names[] = {
    [ERROR_CLASS_GENERIC_ERROR] = "GenericError",
    [ERROR_CLASS_COMMAND_NOT_FOUND] = "CommandNotFound",
    [ERROR_CLASS_DEVICE_NOT_ACTIVE] = "DeviceNotActive",
    [ERROR_CLASS_DEVICE_NOT_FOUND] = "DeviceNotFound",
    [ERROR_CLASS_KVM_MISSING_CAP] = "KVMMissingCap",
};

static void emit(const char *text)
{
    if (thread_sink) {
        thread_sink(thread_sink_opaque, text);
    } else {
        fputs(text, stderr);
    }
}

static void report(const char *kind, const char *message)
{
    g_autoptr(GString) s = g_string_new(NULL);

    if (!thread_sink) {
        if (timestamps) {
            g_autoptr(GDateTime) now = g_date_time_new_now_utc();
            g_autofree char *stamp = g_date_time_format_iso8601(now);
            g_string_append_printf(s, "%s ", stamp);
        }
        g_string_append_printf(s, "%s: ", program_name);
        if (location) {
            g_string_append_printf(s, "%s: ", location);
        }
    }
    g_string_append_printf(s, "%s%s\n", kind, message);
    emit(s->str);
}

/* The two special destinations die where the error is set. */
static void deliver(Error **errp, Error *take_err)
{
    if (errp == &error_abort) {
        fprintf(stderr, "Unexpected error at %s:%d:\n", take_err->file, take_err->line);
        error_report_err(take_err);
        abort();
    }
    if (errp == &error_fatal) {
        error_report_err(take_err);
        exit(1);
    }
    if (errp && !*errp) {
        *errp = take_err;
    } else {
        error_free(take_err);
    }
}

bool error_set_full(Error **errp, const char *file, int line, ErrorClass class_,
                    int errno_, const char *fmt, ...)
{
    va_list ap;

    if (!errp) {
        return false;
    }
    assert(errp == &error_abort || errp == &error_fatal || !*errp);
    Error *err = g_new0(Error, 1);
    va_start(ap, fmt);
    err->message = g_strdup_vprintf(fmt, ap);
    va_end(ap);
    if (errno_) {
        char *with_errno = g_strdup_printf("%s: %s", err->message, strerror(errno_));
        g_free(err->message);
        err->message = with_errno;
    }
    err->class_ = class_;
    err->file = file;
    err->line = line;
    deliver(errp, err);
    return false;
}

void error_propagate(Error **errp, Error *take_err)
{
    if (take_err) {
        deliver(errp, take_err);
    }
}

void error_prepend(Error **errp, const char *fmt, ...)
{
    if (!errp || !*errp) {
        return;
    }
    va_list ap;
    va_start(ap, fmt);
    g_autofree char *front = g_strdup_vprintf(fmt, ap);
    va_end(ap);
    char *whole = g_strconcat(front, (*errp)->message, NULL);
    g_free((*errp)->message);
    (*errp)->message = whole;
}

void error_append_hint(Error **errp, const char *fmt, ...)
{
    if (!errp || !*errp) {
        return;
    }
    if (!(*errp)->hint) {
        (*errp)->hint = g_string_new(NULL);
    }
    va_list ap;
    va_start(ap, fmt);
    g_string_append_vprintf((*errp)->hint, fmt, ap);
    va_end(ap);
}

bool error_set_from_gerror(Error **errp, GError *take_gerr)
{
    error_set(errp, "%s", take_gerr->message);
    g_error_free(take_gerr);
    return false;
}

const char *error_get_message(const Error *err)
{
    return err->message;
}

const char *error_get_hint(const Error *err)
{
    return err->hint ? err->hint->str : NULL;
}

ErrorClass error_get_class(const Error *err)
{
    return err->class_;
}

const char *error_class_name(ErrorClass class_)
{
    return class_names[class_];
}

Error *error_copy(const Error *err)
{
    Error *copy = g_new(Error, 1);

    *copy = *err;
    copy->message = g_strdup(err->message);
    copy->hint = err->hint ? g_string_new(err->hint->str) : NULL;
    return copy;
}

void error_free(Error *err)
{
    if (err) {
        g_free(err->message);
        if (err->hint) {
            g_string_free(err->hint, TRUE);
        }
        g_free(err);
    }
}

static void report_and_free(const char *kind, Error *err)
{
    report(kind, err->message);
    if (err->hint) {
        emit(err->hint->str);
    }
    error_free(err);
}

void error_report_err(Error *take_err)
{
    report_and_free(thread_sink ? "Error: " : "", take_err);
}

void warn_report_err(Error *take_err)
{
    report_and_free("warning: ", take_err);
}

#define REPORT(kind)                                          \
    do {                                                      \
        va_list ap;                                           \
        va_start(ap, fmt);                                    \
        g_autofree char *message = g_strdup_vprintf(fmt, ap); \
        va_end(ap);                                           \
        report((kind), message);                              \
    } while (0)

void error_report(const char *fmt, ...)
{
    REPORT("");
}

void warn_report(const char *fmt, ...)
{
    REPORT("warning: ");
}

void info_report(const char *fmt, ...)
{
    REPORT("info: ");
}

void error_printf(const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    g_autofree char *text = g_strdup_vprintf(fmt, ap);
    va_end(ap);
    emit(text);
}

void error_set_location(const char *new_location)
{
    g_free(location);
    location = g_strdup(new_location);
}

void error_set_program_name(const char *name)
{
    const char *slash = strrchr(name, '/');

    program_name = slash ? slash + 1 : name;
}

void error_set_timestamps(bool on)
{
    timestamps = on;
}

void error_set_thread_sink(ErrorSinkFn *fn, void *opaque)
{
    thread_sink = fn;
    thread_sink_opaque = opaque;
}
