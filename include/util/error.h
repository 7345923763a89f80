/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Error: why a host- or user-caused operation failed.
 *
 * A function that can fail takes `Error **errp` last and also returns the verdict
 * (bool, pointer, or non-negative int); callers test the return value. Passing NULL
 * means "not interested"; &error_abort and &error_fatal end the process where the error
 * is set. The laws are those of GError: set at most once, never over a set one. Guest
 * misbehaviour is never an Error. Tour: docs/architecture.md.
 */
#ifndef STRATA_UTIL_ERROR_H
#define STRATA_UTIL_ERROR_H

#include <errno.h>
#include <glib.h>
#include <stdbool.h>

#define WARN_UNUSED      __attribute__((warn_unused_result))
#define PRINTF_FMT(a, b) __attribute__((format(printf, a, b)))

typedef struct Error Error;

/* The class a QMP client sees. */
typedef enum ErrorClass {
    ERROR_CLASS_GENERIC_ERROR,
    ERROR_CLASS_COMMAND_NOT_FOUND,
    ERROR_CLASS_DEVICE_NOT_ACTIVE,
    ERROR_CLASS_DEVICE_NOT_FOUND,
    ERROR_CLASS_KVM_MISSING_CAP,
} ErrorClass;

/* Destinations: die with file and line (our bug) / print the message and exit(1). */
extern Error *error_abort;
extern Error *error_fatal;

/*
 * Set *errp. The message is one phrase without full stop or newline. Always returns
 * false, so that a failing function may `return error_set(errp, ...)`.
 */
#define error_set(errp, ...)                                                           \
    error_false_(error_set_full((errp), __FILE__, __LINE__, ERROR_CLASS_GENERIC_ERROR, \
                                0, __VA_ARGS__))
#define error_set_class(errp, class_, ...) \
    error_false_(error_set_full((errp), __FILE__, __LINE__, (class_), 0, __VA_ARGS__))
/* Appends ": " and strerror(errno_). */
#define error_set_errno(errp, errno_, ...)                                             \
    error_false_(error_set_full((errp), __FILE__, __LINE__, ERROR_CLASS_GENERIC_ERROR, \
                                (errno_), __VA_ARGS__))
/* Lets the compiler know that the answer is false. */
static inline bool error_false_(bool ignored)
{
    return false;
}
bool error_set_full(Error **errp, const char *file, int line, ErrorClass class_,
                    int errno_, const char *fmt, ...) PRINTF_FMT(6, 7);

/* Move @err (owned, may be NULL) into *errp, or free it if the caller is not
 * interested. */
void error_propagate(Error **errp, Error *take_err);
/* Put text in front of the message of *errp, if one is set. */
void error_prepend(Error **errp, const char *fmt, ...) PRINTF_FMT(2, 3);
/* Append a line to the hint of *errp. Hints are printed after the message, as they are.
 */
void error_append_hint(Error **errp, const char *fmt, ...) PRINTF_FMT(2, 3);
/* The one bridge out of glib; frees *@gerr. */
bool error_set_from_gerror(Error **errp, GError *take_gerr);

const char *error_get_message(const Error *err);
const char *error_get_hint(const Error *err); /* NULL when there is none */
ErrorClass error_get_class(const Error *err);
const char *error_class_name(ErrorClass class_);
Error *error_copy(const Error *err);
void error_free(Error *err);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Error, error_free)

/* Print "PROGRAM: [location: ]message" and the hint to stderr, and free @err. */
void error_report_err(Error *take_err);
void warn_report_err(Error *take_err);

/*
 * Messages for the user that belong to no caller. The location, if one is pushed, comes
 * first: it names the command-line option being worked on ("-m abc").
 */
void error_report(const char *fmt, ...) PRINTF_FMT(1, 2);
void warn_report(const char *fmt, ...) PRINTF_FMT(1, 2);
void info_report(const char *fmt, ...) PRINTF_FMT(1, 2);
/* A line of text to stderr, as it is (hints, usage). */
void error_printf(const char *fmt, ...) PRINTF_FMT(1, 2);

/* Main thread, start-up only: what error_report() prefixes; NULL for nothing. Copied.
 */
void error_set_location(const char *location);
void error_set_program_name(const char *name);
/* -msg timestamp=on. */
void error_set_timestamps(bool on);
/*
 * Where reports go instead of stderr: the HMP command being run on this thread. NULL
 * restores stderr. The sink gets whole pieces of text, newlines included.
 */
typedef void ErrorSinkFn(void *opaque, const char *text);
void error_set_thread_sink(ErrorSinkFn *fn, void *opaque);

#endif
