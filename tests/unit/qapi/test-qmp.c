/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "qapi/monitor.h"

#include "qapi/command.h"
#include "qapi/events.h"
#include "qapi/json.h"
#include "qapi/value.h"
#include "util/bql.h"

#include <glib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* A session on one end of a socket pair; sessions live as long as the program. */
static int new_session(void)
{
    static int n;
    g_autofree char *id = g_strdup_printf("s%d", n++);
    g_autofree char *text = NULL;
    struct json_object *opts;
    Chardev *chr;
    int sv[2];

    g_assert_cmpint(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sv), ==, 0);
    text = g_strdup_printf("socket,id=%s,fd=%d", id, sv[1]);
    opts = opts_parse(text, "backend", &error_abort);
    chr = chardev_new_from_opts(opts, main_loop(), &error_abort);
    json_object_put(opts);
    g_assert_true(monitor_new_qmp(chr, false, &error_abort));
    return sv[0];
}

static void run(void)
{
    for (int i = 0; i < 6; i++) {
        event_loop_run_once(main_loop(), false);
    }
}

static char *receive(int fd)
{
    GString *text = g_string_new(NULL);
    char buf[4096];
    ssize_t n;

    run();
    while ((n = recv(fd, buf, sizeof(buf), MSG_DONTWAIT)) > 0) {
        g_string_append_len(text, buf, n);
        run();
    }
    return g_string_free(text, FALSE);
}

/* Send @request, and what comes back is @want and "\r\n". */
static void expect(int fd, const char *request, const char *want)
{
    g_autofree char *line = *want ? g_strconcat(want, "\r\n", NULL) : g_strdup("");
    g_autofree char *got = NULL;

    g_assert_cmpint(write(fd, request, strlen(request)), ==, (ssize_t)strlen(request));
    got = receive(fd);
    g_assert_cmpstr(got, ==, line);
}

#define ERROR(class_, desc) \
    "{\"error\": {\"class\": \"" class_ "\", \"desc\": \"" desc "\"}}"
#define GENERIC(desc) ERROR("GenericError", desc)

static int negotiated(void)
{
    int fd = new_session();
    g_autofree char *greeting = receive(fd);

    g_assert_true(g_str_has_prefix(greeting, "{\"QMP\": {\"version\": {\"qemu\": "));
    g_assert_true(g_str_has_suffix(greeting, "\"capabilities\": [\"oob\"]}}\r\n"));
    expect(fd, "{'execute':'qmp_capabilities'}", "{\"return\": {}}");
    return fd;
}

static void nothing_before_negotiation(void)
{
    int fd = new_session();

    g_free(receive(fd));
    expect(fd, "{'execute':'query-name'}",
           ERROR("CommandNotFound",
                 "Expecting capabilities negotiation with 'qmp_capabilities'"));
    expect(fd, "{'execute':'qmp_capabilities','arguments':{'enable':['bogus']}}",
           GENERIC("Parameter 'null' does not accept value 'bogus'"));
    expect(fd, "{'execute':'qmp_capabilities'}", "{\"return\": {}}");
    expect(fd, "{'execute':'qmp_capabilities'}",
           ERROR("CommandNotFound",
                 "Capabilities negotiation is already complete, command ignored"));
    close(fd);
    run();
}

static void requests_are_answered_or_refused(void)
{
    int fd = negotiated();

    expect(fd, "{'execute':'query-name'}", "{\"return\": {}}");
    expect(fd, "{'execute':'query-name','id':[1,'a']}",
           "{\"return\": {}, \"id\": [1, \"a\"]}");
    expect(fd, "{'execute':'query-name',\n'id':\nnull}",
           "{\"return\": {}, \"id\": null}");
    expect(fd, "{'execute':", "");
    expect(fd, "'query-name'}", "{\"return\": {}}");
    expect(fd, "[]", GENERIC("QMP input must be a JSON object"));
    expect(fd, "1\n", GENERIC("QMP input must be a JSON object"));
    expect(fd, "null\n", GENERIC("QMP input must be a JSON object"));
    expect(fd, "{}", GENERIC("QMP input lacks member 'execute'"));
    expect(fd, "{'execute':1}", GENERIC("QMP input member 'execute' must be a string"));
    expect(fd, "{'foo':1}", GENERIC("QMP input member 'foo' is unexpected"));
    expect(fd, "{'execute':'query-name','arguments':1}",
           GENERIC("QMP input member 'arguments' must be an object"));
    expect(fd, "{'execute':'query-name','arguments':{'a':1}}",
           GENERIC("Parameter 'a' is unexpected"));
    expect(fd, "{'execute':'nosuch','id':7}",
           "{\"id\": 7, \"error\": {\"class\": \"CommandNotFound\", "
           "\"desc\": \"The command nosuch has not been found\"}}");
    expect(fd,
           "{'execute':'human-monitor-command','arguments':{'command-line':'xx y'}}",
           "{\"return\": \"unknown command: 'xx'\\r\\n\"}");
    close(fd);
    run();
}

static void garbage_does_not_end_the_session(void)
{
    int fd = negotiated();

    expect(fd, "\xff\n", GENERIC("JSON parse error, stray character"));
    expect(fd, "\x01", GENERIC("JSON parse error, stray character"));
    expect(fd, "}", GENERIC("JSON parse error, expecting value"));
    expect(fd, "{'execute':'query-name'}", "{\"return\": {}}");
    close(fd);
    run();
}

static void out_of_band_must_be_negotiated_and_allowed(void)
{
    int fd = negotiated();

    expect(fd, "{'exec-oob':'query-name'}",
           GENERIC("QMP input member 'exec-oob' is unexpected"));
    close(fd);
    fd = new_session();
    g_free(receive(fd));
    expect(fd, "{'execute':'qmp_capabilities','arguments':{'enable':['oob']}}",
           "{\"return\": {}}");
    expect(fd, "{'exec-oob':'query-name'}", "{\"return\": {}}");
    expect(fd, "{'exec-oob':'query-chardev'}",
           GENERIC("The command query-chardev does not support OOB"));
    expect(fd, "{'exec-oob':'query-name','execute':'query-name'}",
           GENERIC("QMP input member 'execute' clashes with 'exec-oob'"));
    close(fd);
    run();
}

static int count(const char *text, const char *what)
{
    int n = 0;

    for (const char *p = text; (p = strstr(p, what)); p++) {
        n++;
    }
    return n;
}

static void events_go_to_all_that_have_negotiated(void)
{
    int a = negotiated(), b = negotiated(), c = new_session();
    g_autofree char *from_a = NULL;
    g_autofree char *from_b = NULL;
    g_autofree char *from_c = NULL;

    g_free(receive(c));
    qapi_event_send("POWERDOWN", NULL);
    from_a = receive(a);
    from_b = receive(b);
    from_c = receive(c);
    g_assert_cmpint(count(from_a, "\"event\": \"POWERDOWN\""), ==, 1);
    g_assert_cmpstr(from_a, ==, from_b);
    g_assert_cmpstr(from_c, ==, "");
    close(a);
    close(b);
    close(c);
    run();
}

static void floods_of_events_are_limited(void)
{
    int fd = negotiated();
    g_autofree char *got = NULL;

    for (int i = 0; i < 100; i++) {
        struct json_object *data = json_object_new_object();

        json_add_int(data, "offset", i);
        qapi_event_send("RTC_CHANGE", data);
        qapi_event_send("POWERDOWN", NULL);
    }
    got = receive(fd);
    g_assert_cmpint(count(got, "RTC_CHANGE"), ==, 1);
    g_assert_cmpint(count(got, "POWERDOWN"), ==, 100);
    g_assert_cmpint(count(got, "\"offset\": 0"), ==, 1);
    close(fd);
    run();
}

static void client_that_does_not_read_is_not_read_from(void)
{
    static const char request[] = "{'execute':'query-qmp-schema'}";
    int fd = negotiated();
    int sent = 0;

    for (int i = 0; i < 100000; i++) {
        if (send(fd, request, strlen(request), MSG_DONTWAIT) <= 0) {
            break;
        }
        sent++;
        event_loop_run_once(main_loop(), false);
    }
    g_assert_cmpint(sent, <, 100000);
    close(fd);
    run();
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    bql_lock();
    g_test_add_func("/qapi/qmp/nothing-before-negotiation", nothing_before_negotiation);
    g_test_add_func("/qapi/qmp/requests-are-answered-or-refused",
                    requests_are_answered_or_refused);
    g_test_add_func("/qapi/qmp/garbage-does-not-end-the-session",
                    garbage_does_not_end_the_session);
    g_test_add_func("/qapi/qmp/out-of-band-must-be-negotiated-and-allowed",
                    out_of_band_must_be_negotiated_and_allowed);
    g_test_add_func("/qapi/qmp/events-go-to-all-that-have-negotiated",
                    events_go_to_all_that_have_negotiated);
    g_test_add_func("/qapi/qmp/floods-of-events-are-limited",
                    floods_of_events_are_limited);
    g_test_add_func("/qapi/qmp/client-that-does-not-read-is-not-read-from",
                    client_that_does_not_read_is_not_read_from);
    return g_test_run();
}
