/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The client listens on two unix sockets in a scratch folder and the program connects
 * to both: lines of the qtest protocol on one, QMP on the other. Everything is
 * synchronous; waits have a deadline.
 */
#include "libqtest.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#define DEADLINE_MS 30000
#define MAX_IRQS    256

typedef struct LineSocket {
    int fd;
    GString *buffer;
} LineSocket;

struct QTest {
    GPid pid;
    char *dir;
    LineSocket qtest;
    LineSocket qmp;
    bool irq[MAX_IRQS];
    GQueue events; /* struct json_object * */
};

/* --- Sockets -------------------------------------------------------------------------
 */

static int listen_on(const char *path)
{
    struct sockaddr_un addr = { .sun_family = AF_UNIX };
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    g_assert_cmpint(fd, >=, 0);
    g_assert_cmpuint(g_strlcpy(addr.sun_path, path, sizeof(addr.sun_path)), <,
                     sizeof(addr.sun_path));
    g_assert_cmpint(bind(fd, (struct sockaddr *)&addr, sizeof(addr)), ==, 0);
    g_assert_cmpint(listen(fd, 1), ==, 0);
    return fd;
}

static void wait_readable(int fd, const char *what)
{
    struct pollfd p = { .fd = fd, .events = POLLIN };
    int n;

    do {
        n = poll(&p, 1, DEADLINE_MS);
    } while (n < 0 && errno == EINTR);
    if (n != 1) {
        g_error("qtest: no %s within %d ms", what, DEADLINE_MS);
    }
}

static LineSocket accept_on(int listener, const char *what)
{
    wait_readable(listener, what);
    int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
    g_assert_cmpint(fd, >=, 0);
    close(listener);
    return (LineSocket){ fd, g_string_new(NULL) };
}

/* One line without its end; caller frees. */
static char *read_line(LineSocket *s)
{
    for (;;) {
        char *end = strchr(s->buffer->str, '\n');
        if (end) {
            char *line = g_strndup(s->buffer->str, (gsize)(end - s->buffer->str));
            g_string_erase(s->buffer, 0, end - s->buffer->str + 1);
            g_strchomp(line);
            return line;
        }
        char chunk[4096];
        wait_readable(s->fd, "answer");
        ssize_t n = read(s->fd, chunk, sizeof(chunk));
        if (n <= 0) {
            g_error("qtest: the program has closed the connection");
        }
        g_string_append_len(s->buffer, chunk, n);
    }
}

static void send_text(LineSocket *s, const char *text)
{
    size_t len = strlen(text), done = 0;

    while (done < len) {
        ssize_t n = send(s->fd, text + done, len - done, MSG_NOSIGNAL);
        if (n <= 0) {
            g_error("qtest: the program has closed the connection");
        }
        done += (size_t)n;
    }
}

/* --- Life ----------------------------------------------------------------------------
 */

static void start_program(QTest *qt, const char *args, const char *qtest_path,
                          const char *qmp_path)
{
    const char *program = getenv("QTEST_STRATA");
    g_autofree char *line = g_strdup_printf(
        "%s -qtest unix:%s -qtest-log /dev/null -chardev socket,path=%s,id=char0 "
        "-mon chardev=char0,mode=control -display none %s -accel qtest",
        program ? program : "./strata", qtest_path, qmp_path, args);
    g_auto(GStrv) argv = NULL;
    GError *err = NULL;

    if (!g_shell_parse_argv(line, NULL, &argv, &err) ||
        !g_spawn_async(NULL, argv, NULL,
                       G_SPAWN_DO_NOT_REAP_CHILD | G_SPAWN_SEARCH_PATH, NULL, NULL,
                       &qt->pid, &err)) {
        g_error("qtest: %s", err->message);
    }
}

QTest *qtest_start(const char *args)
{
    QTest *qt = g_new0(QTest, 1);

    g_queue_init(&qt->events);
    qt->dir = g_dir_make_tmp("qtest-XXXXXX", NULL);
    g_assert_nonnull(qt->dir);
    g_autofree char *qtest_path = g_build_filename(qt->dir, "qtest", NULL);
    g_autofree char *qmp_path = g_build_filename(qt->dir, "qmp", NULL);
    int qtest_listener = listen_on(qtest_path), qmp_listener = listen_on(qmp_path);
    start_program(qt, args, qtest_path, qmp_path);
    qt->qtest = accept_on(qtest_listener, "qtest connection");
    qt->qmp = accept_on(qmp_listener, "QMP connection");
    g_unlink(qtest_path);
    g_unlink(qmp_path);
    g_rmdir(qt->dir);
    g_free(read_line(&qt->qmp)); /* the greeting */
    qtest_qmp_do(qt, "{\"execute\":\"qmp_capabilities\"}");
    return qt;
}

QTest *qtest_startf(const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    g_autofree char *args = g_strdup_vprintf(fmt, ap);
    va_end(ap);
    return qtest_start(args);
}

void qtest_quit(QTest *qt)
{
    int status;

    kill(qt->pid, SIGTERM);
    g_assert_cmpint(waitpid(qt->pid, &status, 0), ==, qt->pid);
    close(qt->qtest.fd);
    close(qt->qmp.fd);
    g_string_free(qt->qtest.buffer, TRUE);
    g_string_free(qt->qmp.buffer, TRUE);
    for (GList *l = qt->events.head; l; l = l->next) {
        json_object_put(l->data);
    }
    g_queue_clear(&qt->events);
    g_free(qt->dir);
    g_free(qt);
    g_assert_true(WIFEXITED(status));
    g_assert_cmpint(WEXITSTATUS(status), ==, 0);
}

/* --- qtest requests ------------------------------------------------------------------
 */

/* "IRQ raise 3" */
static bool take_irq_line(QTest *qt, const char *line)
{
    if (!g_str_has_prefix(line, "IRQ ")) {
        return false;
    }
    bool raise = g_str_has_prefix(line + 4, "raise ");
    const char *number = strrchr(line, ' ') + 1;
    uint64_t n = g_ascii_strtoull(number, NULL, 0);
    g_assert_cmpuint(n, <, MAX_IRQS);
    qt->irq[n] = raise;
    return true;
}

/* The text after "OK", without the blank; caller frees. */
static char *get_reply(QTest *qt)
{
    for (;;) {
        g_autofree char *line = read_line(&qt->qtest);
        if (take_irq_line(qt, line)) {
            continue;
        }
        if (!g_str_has_prefix(line, "OK")) {
            g_error("qtest: answer \"%s\"", line);
        }
        return g_strdup(line[2] ? line + 3 : "");
    }
}

static char *command_va(QTest *qt, const char *fmt, va_list ap)
{
    g_autofree char *text = g_strdup_vprintf(fmt, ap);
    g_autofree char *line = g_strconcat(text, "\n", NULL);

    send_text(&qt->qtest, line);
    return get_reply(qt);
}

char *qtest_command(QTest *qt, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    char *reply = command_va(qt, fmt, ap);
    va_end(ap);
    return reply;
}

static uint64_t G_GNUC_PRINTF(2, 3) number_of(QTest *qt, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    g_autofree char *reply = command_va(qt, fmt, ap);
    va_end(ap);
    return g_ascii_strtoull(reply, NULL, 0);
}

static void G_GNUC_PRINTF(2, 3) do_command(QTest *qt, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    g_free(command_va(qt, fmt, ap));
    va_end(ap);
}

#define PORT_ACCESS(letter, T)                                   \
    T qtest_in##letter(QTest *qt, uint16_t port)                 \
    {                                                            \
        return (T)number_of(qt, "in" #letter " 0x%x", port);     \
    }                                                            \
    void qtest_out##letter(QTest *qt, uint16_t port, T value)    \
    {                                                            \
        do_command(qt, "out" #letter " 0x%x 0x%x", port, value); \
    }
PORT_ACCESS(b, uint8_t)
PORT_ACCESS(w, uint16_t)
PORT_ACCESS(l, uint32_t)

#define MEMORY_ACCESS(letter, T)                                                      \
    T qtest_read##letter(QTest *qt, uint64_t addr)                                    \
    {                                                                                 \
        return (T)number_of(qt, "read" #letter " 0x%" G_GINT64_MODIFIER "x", addr);   \
    }                                                                                 \
    void qtest_write##letter(QTest *qt, uint64_t addr, T value)                       \
    {                                                                                 \
        do_command(qt,                                                                \
                   "write" #letter " 0x%" G_GINT64_MODIFIER "x 0x%" G_GINT64_MODIFIER \
                   "x",                                                               \
                   addr, (uint64_t)value);                                            \
    }
MEMORY_ACCESS(b, uint8_t)
MEMORY_ACCESS(w, uint16_t)
MEMORY_ACCESS(l, uint32_t)
MEMORY_ACCESS(q, uint64_t)

void qtest_memread(QTest *qt, uint64_t addr, void *data, size_t len)
{
    uint8_t *p = data;
    g_autofree char *reply =
        qtest_command(qt, "read 0x%" G_GINT64_MODIFIER "x 0x%zx", addr, len);

    g_assert_cmpuint(strlen(reply), ==, 2 + 2 * len);
    for (size_t i = 0; i < len; i++) {
        p[i] = (uint8_t)(g_ascii_xdigit_value(reply[2 + 2 * i]) << 4 |
                         g_ascii_xdigit_value(reply[3 + 2 * i]));
    }
}

void qtest_memwrite(QTest *qt, uint64_t addr, const void *data, size_t len)
{
    const uint8_t *p = data;
    g_autoptr(GString) hex = g_string_new("0x");

    for (size_t i = 0; i < len; i++) {
        g_string_append_printf(hex, "%02x", p[i]);
    }
    do_command(qt, "write 0x%" G_GINT64_MODIFIER "x 0x%zx %s", addr, len, hex->str);
}

void qtest_memset(QTest *qt, uint64_t addr, uint8_t value, size_t len)
{
    do_command(qt, "memset 0x%" G_GINT64_MODIFIER "x 0x%zx 0x%x", addr, len, value);
}

int64_t qtest_clock_step(QTest *qt, int64_t ns)
{
    return (int64_t)number_of(qt, "clock_step %" G_GINT64_FORMAT, ns);
}

int64_t qtest_clock_step_next(QTest *qt)
{
    return (int64_t)number_of(qt, "clock_step");
}

int64_t qtest_clock_set(QTest *qt, int64_t ns)
{
    return (int64_t)number_of(qt, "clock_set %" G_GINT64_FORMAT, ns);
}

void qtest_irq_intercept_in(QTest *qt, const char *path)
{
    do_command(qt, "irq_intercept_in %s", path);
}

void qtest_irq_intercept_out(QTest *qt, const char *path)
{
    do_command(qt, "irq_intercept_out %s", path);
}

bool qtest_get_irq(QTest *qt, unsigned n)
{
    g_assert_cmpuint(n, <, MAX_IRQS);
    /* A request of no effect collects the lines that came since. */
    do_command(qt, "endianness");
    return qt->irq[n];
}

void qtest_set_irq_in(QTest *qt, const char *path, const char *name, int n, int level)
{
    do_command(qt, "set_irq_in %s %s %d %d", path, name ? name : "unnamed-gpio-in", n,
               level);
}

/* --- QMP -----------------------------------------------------------------------------
 */

static struct json_object *read_qmp(QTest *qt)
{
    g_autofree char *line = read_line(&qt->qmp);
    struct json_object *message = json_tokener_parse(line);

    if (!message) {
        g_error("qtest: no JSON from QMP: %s", line);
    }
    return message;
}

static struct json_object *qmp_va(QTest *qt, const char *fmt, va_list ap)
{
    g_autofree char *text = g_strdup_vprintf(fmt, ap);
    g_autofree char *line = g_strconcat(text, "\n", NULL);

    send_text(&qt->qmp, line);
    for (;;) {
        struct json_object *message = read_qmp(qt);
        if (!json_object_object_get_ex(message, "event", NULL)) {
            return message;
        }
        g_queue_push_tail(&qt->events, message);
    }
}

struct json_object *qtest_qmp(QTest *qt, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    struct json_object *reply = qmp_va(qt, fmt, ap);
    va_end(ap);
    return reply;
}

static struct json_object *take_return(struct json_object *reply)
{
    struct json_object *value;

    if (!json_object_object_get_ex(reply, "return", &value)) {
        g_error("qtest: QMP answer %s", json_object_to_json_string(reply));
    }
    json_object_get(value);
    json_object_put(reply);
    return value;
}

struct json_object *qtest_qmp_ok(QTest *qt, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    struct json_object *value = take_return(qmp_va(qt, fmt, ap));
    va_end(ap);
    return value;
}

void qtest_qmp_do(QTest *qt, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    json_object_put(take_return(qmp_va(qt, fmt, ap)));
    va_end(ap);
}

void qtest_qmp_fails(QTest *qt, const char *desc, const char *fmt, ...)
{
    struct json_object *error, *text;
    va_list ap;

    va_start(ap, fmt);
    struct json_object *reply = qmp_va(qt, fmt, ap);
    va_end(ap);
    g_assert_true(json_object_object_get_ex(reply, "error", &error));
    g_assert_true(json_object_object_get_ex(error, "desc", &text));
    g_assert_cmpstr(json_object_get_string(text), ==, desc);
    json_object_put(reply);
}

static bool is_event(struct json_object *message, const char *name)
{
    struct json_object *event;

    return json_object_object_get_ex(message, "event", &event) &&
           !strcmp(json_object_get_string(event), name);
}

static GList *find_event(QTest *qt, const char *name)
{
    for (GList *l = qt->events.head; l; l = l->next) {
        if (is_event(l->data, name)) {
            return l;
        }
    }
    return NULL;
}

bool qtest_has_event(QTest *qt, const char *name)
{
    /* What was sent before this answer is in the queue after it. */
    qtest_qmp_do(qt, "{\"execute\":\"query-status\"}");
    return find_event(qt, name);
}

struct json_object *qtest_wait_event(QTest *qt, const char *name)
{
    struct json_object *data = NULL;
    GList *l;

    while (!(l = find_event(qt, name))) {
        struct json_object *message = read_qmp(qt);
        g_assert_true(json_object_object_get_ex(message, "event", NULL));
        g_queue_push_tail(&qt->events, message);
    }
    if (json_object_object_get_ex(l->data, "data", &data)) {
        json_object_get(data);
    }
    json_object_put(l->data);
    g_queue_delete_link(&qt->events, l);
    return data;
}

char *qtest_hmp(QTest *qt, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    g_autofree char *command = g_strdup_vprintf(fmt, ap);
    va_end(ap);
    struct json_object *text = json_object_new_string(command);
    struct json_object *value = qtest_qmp_ok(
        qt,
        "{\"execute\":\"human-monitor-command\",\"arguments\":{\"command-line\":%s}}",
        json_object_to_json_string(text));
    g_auto(GStrv) pieces = g_strsplit(json_object_get_string(value), "\r", -1);
    json_object_put(text);
    json_object_put(value);
    return g_strjoinv("", pieces);
}

/* --- PCI -----------------------------------------------------------------------------
 */

static uint16_t select_register(QTest *qt, uint8_t devfn, uint8_t offset)
{
    qtest_outl(qt, 0xcf8, 0x80000000u | (uint32_t)devfn << 8 | (offset & 0xfcu));
    return (uint16_t)(0xcfc + (offset & 3));
}

uint8_t qpci_readb(QTest *qt, uint8_t devfn, uint8_t offset)
{
    return qtest_inb(qt, select_register(qt, devfn, offset));
}

uint16_t qpci_readw(QTest *qt, uint8_t devfn, uint8_t offset)
{
    return qtest_inw(qt, select_register(qt, devfn, offset));
}

uint32_t qpci_readl(QTest *qt, uint8_t devfn, uint8_t offset)
{
    return qtest_inl(qt, select_register(qt, devfn, offset));
}

void qpci_writeb(QTest *qt, uint8_t devfn, uint8_t offset, uint8_t value)
{
    qtest_outb(qt, select_register(qt, devfn, offset), value);
}

void qpci_writew(QTest *qt, uint8_t devfn, uint8_t offset, uint16_t value)
{
    qtest_outw(qt, select_register(qt, devfn, offset), value);
}

void qpci_writel(QTest *qt, uint8_t devfn, uint8_t offset, uint32_t value)
{
    qtest_outl(qt, select_register(qt, devfn, offset), value);
}

uint8_t qpci_find_capability(QTest *qt, uint8_t devfn, uint8_t id)
{
    if (!(qpci_readw(qt, devfn, 0x06) & 0x10)) {
        return 0;
    }
    uint8_t at = qpci_readb(qt, devfn, 0x34);
    for (int i = 0; at && i < 48; i++) {
        if (qpci_readb(qt, devfn, at) == id) {
            return at;
        }
        at = qpci_readb(qt, devfn, (uint8_t)(at + 1));
    }
    return 0;
}
