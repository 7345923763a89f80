/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The qtest accelerator and its protocol: CPUs never execute, the virtual clock moves
 * by command, and a client drives memory, ports and lines by lines of text. Under
 * another accelerator the server answers too, without the clock. The client is trusted
 * like the command line is: it may drive the machine to where our own assertions fail.
 */
#include "accel/qtest.h"

#include "accel/accel.h"
#include "accel/vcpu.h"
#include "hw/core/device.h"
#include "hw/core/irq.h"
#include "memory/memory.h"
#include "qapi/value.h"
#include "softmmu/runstate.h"
#include "util/event-loop.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_IRQ = 256, MAX_LINE = 64 << 20, MAX_WORDS = 8 };
#define MAX_LEN (1ull << 30) /* of a read, write or memset */

typedef struct QTest {
    CharFrontend chr;
    GString *line;
    FILE *log; /* NULL: none, or stderr if log_stderr */
    bool log_stderr;
    int64_t start_ns;
    Object *intercepted;
    int levels[MAX_IRQ];
} QTest;

/* Words of a request; the first is the verb. */
typedef struct Request {
    char **words;
    int n;
} Request;

typedef struct Verb {
    const char *name;
    int n_args; /* at least so many */
    void (*fn)(QTest *q, const Request *req, int variant);
    int variant;
} Verb;

/* --- Output ----------------------------------------------------------------------- */

static void log_line(QTest *q, char tag, const char *text)
{
    double t = (double)(clock_get_ns(REALTIME_CLOCK) - q->start_ns) / 1e9;

    if (q->log) {
        fprintf(q->log, "[%c +%.6f] %s", tag, t, text);
        fflush(q->log);
    } else if (q->log_stderr) {
        error_printf("[%c +%.6f] %s", tag, t, text);
    }
}

static void PRINTF_FMT(2, 3) reply(QTest *q, const char *fmt, ...)
{
    g_autofree char *text = NULL;
    g_autofree char *with_newline = NULL;
    va_list ap;

    va_start(ap, fmt);
    text = g_strdup_vprintf(fmt, ap);
    va_end(ap);
    with_newline = g_strconcat(text, "\n", NULL);
    chr_fe_write_all(&q->chr, with_newline, (int)strlen(with_newline));
    log_line(q, 'S', with_newline);
}

/* --- Arguments -------------------------------------------------------------------- */

/* C notation; a negative number counts as its two's complement. */
static bool get_number(QTest *q, const Request *req, int i, uint64_t *v)
{
    char *end;

    errno = 0;
    *v = strtoull(req->words[i], &end, 0);
    if (!*req->words[i] || *end || errno) {
        reply(q, "FAIL '%s' is no number", req->words[i]);
        return false;
    }
    return true;
}

static bool get_range(QTest *q, const Request *req, uint64_t *addr, uint64_t *len)
{
    if (!get_number(q, req, 1, addr) || !get_number(q, req, 2, len)) {
        return false;
    }
    if (*len > MAX_LEN) {
        reply(q, "FAIL length exceeds %llu", MAX_LEN);
        return false;
    }
    return true;
}

static AddressSpace *cpu_memory(void)
{
    VCPU *cpu = vcpu_first();

    return cpu && cpu->num_ases > 0 ? cpu->as[0] : &address_space_memory;
}

/* --- Ports and memory ------------------------------------------------------------- */

static uint64_t load(AddressSpace *as, uint64_t addr, int size, bool big)
{
    uint8_t b[8] = { 0 };
    uint64_t v = 0;

    address_space_read(as, addr, MEMTXATTRS_UNSPECIFIED, b, (hwaddr)size);
    for (int i = 0; i < size; i++) {
        v |= (uint64_t)b[i] << 8 * (big ? size - 1 - i : i);
    }
    return v;
}

static void store(AddressSpace *as, uint64_t addr, int size, bool big, uint64_t v)
{
    uint8_t b[8];

    for (int i = 0; i < size; i++) {
        b[i] = (uint8_t)(v >> 8 * (big ? size - 1 - i : i));
    }
    address_space_write(as, addr, MEMTXATTRS_UNSPECIFIED, b, (hwaddr)size);
}

static void do_in(QTest *q, const Request *req, int size)
{
    uint64_t addr;

    if (get_number(q, req, 1, &addr)) {
        reply(q, "OK 0x%04" PRIx64,
              load(&address_space_io, addr & 0xffff, size, false));
    }
}

static void do_out(QTest *q, const Request *req, int size)
{
    uint64_t addr, v;

    if (get_number(q, req, 1, &addr) && get_number(q, req, 2, &v)) {
        store(&address_space_io, addr & 0xffff, size, false, v);
        reply(q, "OK");
    }
}

static void do_load(QTest *q, const Request *req, int size)
{
    uint64_t addr;

    if (get_number(q, req, 1, &addr)) {
        reply(q, "OK 0x%016" PRIx64,
              load(cpu_memory(), addr, size, memory_target_is_big_endian()));
    }
}

static void do_store(QTest *q, const Request *req, int size)
{
    uint64_t addr, v;

    if (get_number(q, req, 1, &addr) && get_number(q, req, 2, &v)) {
        store(cpu_memory(), addr, size, memory_target_is_big_endian(), v);
        reply(q, "OK");
    }
}

/* The bytes of a read; NULL after a FAIL. Caller frees. */
static uint8_t *read_bytes(QTest *q, const Request *req, uint64_t *len)
{
    uint64_t addr;
    uint8_t *buf;

    if (!get_range(q, req, &addr, len)) {
        return NULL;
    }
    buf = g_try_malloc0(*len + 1);
    if (!buf) {
        reply(q, "FAIL out of memory");
        return NULL;
    }
    address_space_read(cpu_memory(), addr, MEMTXATTRS_UNSPECIFIED, buf, *len);
    return buf;
}

static void do_read(QTest *q, const Request *req, int variant)
{
    static const char digits[] = "0123456789abcdef";
    uint64_t len;
    g_autofree uint8_t *buf = read_bytes(q, req, &len);
    g_autofree char *hex = buf ? g_try_malloc(2 * len + 1) : NULL;

    if (!buf) {
        return;
    }
    if (!hex) {
        reply(q, "FAIL out of memory");
        return;
    }
    for (uint64_t i = 0; i < len; i++) {
        hex[2 * i] = digits[buf[i] >> 4];
        hex[2 * i + 1] = digits[buf[i] & 15];
    }
    hex[2 * len] = '\0';
    reply(q, "OK 0x%s", hex);
}

static void do_b64read(QTest *q, const Request *req, int variant)
{
    uint64_t len;
    g_autofree uint8_t *buf = read_bytes(q, req, &len);

    if (buf) {
        g_autofree char *text = g_base64_encode(buf, len);

        reply(q, "OK %s", text);
    }
}

static void do_write(QTest *q, const Request *req, int variant)
{
    const char *hex = req->words[3];
    uint64_t addr, len;
    g_autofree uint8_t *buf = NULL;

    if (!get_range(q, req, &addr, &len)) {
        return;
    }
    if (hex[0] != '0' || hex[1] != 'x') {
        reply(q, "FAIL data does not start with 0x");
        return;
    }
    hex += 2;
    buf = g_try_malloc0(len + 1);
    if (!buf) {
        reply(q, "FAIL out of memory");
        return;
    }
    for (uint64_t i = 0; i < len && hex[0] && hex[1]; i++, hex += 2) {
        int hi = g_ascii_xdigit_value(hex[0]);
        int lo = g_ascii_xdigit_value(hex[1]);

        buf[i] = hi < 0 || lo < 0 ? 0 : (uint8_t)(hi << 4 | lo);
    }
    address_space_write(cpu_memory(), addr, MEMTXATTRS_UNSPECIFIED, buf, len);
    reply(q, "OK");
}

static void do_b64write(QTest *q, const Request *req, int variant)
{
    uint64_t addr, len;
    gsize got;
    g_autofree guchar *buf = NULL;

    if (!get_range(q, req, &addr, &len)) {
        return;
    }
    buf = g_base64_decode(req->words[3], &got);
    address_space_write(cpu_memory(), addr, MEMTXATTRS_UNSPECIFIED, buf,
                        MIN(len, (uint64_t)got));
    reply(q, "OK");
}

static void do_memset(QTest *q, const Request *req, int variant)
{
    uint64_t addr, len, c;

    if (get_range(q, req, &addr, &len) && get_number(q, req, 3, &c)) {
        address_space_set(cpu_memory(), addr, (uint8_t)c, len, MEMTXATTRS_UNSPECIFIED);
        reply(q, "OK");
    }
}

static void do_endianness(QTest *q, const Request *req, int variant)
{
    reply(q, "OK %s", memory_target_is_big_endian() ? "big" : "little");
}

static void do_module_load(QTest *q, const Request *req, int variant)
{
    reply(q, "FAIL");
}

/* --- Clock ------------------------------------------------------------------------ */

static void do_clock_step(QTest *q, const Request *req, int variant)
{
    int64_t now = clock_get_ns(VIRTUAL_CLOCK);
    int64_t deadline = virtual_clock_deadline();
    uint64_t ns;

    if (req->n > 1) {
        if (!get_number(q, req, 1, &ns)) {
            return;
        }
        deadline = now + (int64_t)MIN(ns, (uint64_t)(INT64_MAX - now));
    }
    virtual_clock_advance_to(MAX(deadline, now));
    reply(q, "OK %" PRId64, clock_get_ns(VIRTUAL_CLOCK));
}

static void do_clock_set(QTest *q, const Request *req, int variant)
{
    uint64_t ns;

    if (get_number(q, req, 1, &ns)) {
        virtual_clock_advance_to((int64_t)MIN(ns, (uint64_t)INT64_MAX));
        reply(q, "OK %" PRId64, clock_get_ns(VIRTUAL_CLOCK));
    }
}

/* --- Lines ------------------------------------------------------------------------ */

/* What an intercepted line did before; lives as long as the program. */
typedef struct Intercept {
    QTest *q;
    int n;
    IrqLine old;    /* an input's behaviour */
    IrqLine *old_p; /* an output's target, may be NULL */
    IrqLine own;
} Intercept;

static void report_level(QTest *q, int n, int level)
{
    if (n >= 0 && n < MAX_IRQ && q->levels[n] != level) {
        q->levels[n] = level;
        reply(q, "IRQ %s %d", level ? "raise" : "lower", n);
    }
}

static void on_input(void *opaque, int n, int level)
{
    Intercept *i = opaque;

    irq_set(&i->old, level);
    report_level(i->q, i->n, level);
}

static void on_output(void *opaque, int n, int level)
{
    Intercept *i = opaque;

    irq_set(i->old_p, level);
    report_level(i->q, i->n, level);
}

typedef struct InterceptArg {
    QTest *q;
    DeviceState *dev;
    bool out;
    const char *name; /* of an output list; NULL: the unnamed one */
} InterceptArg;

static void intercept_list(const char *name, int num_in, int num_out, void *opaque)
{
    InterceptArg *a = opaque;
    int n = a->out ? num_out : num_in;

    if (a->out && g_strcmp0(name, a->name)) {
        return;
    }
    for (int i = 0; i < n; i++) {
        Intercept *x = g_new0(Intercept, 1);

        x->q = a->q;
        x->n = i;
        if (a->out) {
            IrqLine **pin = device_find_gpio_out(a->dev, name, i);

            x->old_p = *pin;
            irq_init(&x->own, on_output, x, i);
            *pin = &x->own;
        } else {
            irq_intercept(device_find_gpio_in(a->dev, name, i), &x->old, on_input, x);
        }
    }
}

static void do_intercept(QTest *q, const Request *req, int out)
{
    Object *obj = object_resolve_path(req->words[1], NULL);
    InterceptArg arg = { .q = q,
                         .out = out,
                         .name = req->n > 2 ? req->words[2] : NULL };

    arg.dev = obj ? (DeviceState *)object_find_cast(obj, TYPE_DEVICE) : NULL;
    if (!arg.dev) {
        reply(q, "FAIL Unknown device");
        return;
    }
    if (q->intercepted) {
        reply(q, q->intercepted == obj ? "OK" : "FAIL IRQ intercept already enabled");
        return;
    }
    device_gpio_foreach(arg.dev, intercept_list, &arg);
    q->intercepted = obj;
    reply(q, "OK");
}

static void do_set_irq_in(QTest *q, const Request *req, int variant)
{
    Object *obj = object_resolve_path(req->words[1], NULL);
    DeviceState *dev = obj ? (DeviceState *)object_find_cast(obj, TYPE_DEVICE) : NULL;
    const char *name = req->words[2];
    uint64_t n, level;
    IrqLine *line;

    if (!dev) {
        reply(q, "FAIL Unknown device");
        return;
    }
    if (!get_number(q, req, 3, &n) || !get_number(q, req, 4, &level)) {
        return;
    }
    if (!strcmp(name, "unnamed-gpio-in")) {
        name = NULL;
    }
    line = n < INT_MAX ? device_find_gpio_in(dev, name, (int)n) : NULL;
    if (!line) {
        reply(q, "FAIL Unknown line");
        return;
    }
    irq_set(line, (int)level);
    reply(q, "OK");
}

/* --- Dispatch --------------------------------------------------------------------- */

/* clang-format off */
static const Verb verbs[] = {
    { "inb", 1, do_in, 1 }, { "inw", 1, do_in, 2 }, { "inl", 1, do_in, 4 },
    { "outb", 2, do_out, 1 }, { "outw", 2, do_out, 2 }, { "outl", 2, do_out, 4 },
    { "readb", 1, do_load, 1 }, { "readw", 1, do_load, 2 },
    { "readl", 1, do_load, 4 }, { "readq", 1, do_load, 8 },
    { "writeb", 2, do_store, 1 }, { "writew", 2, do_store, 2 },
    { "writel", 2, do_store, 4 }, { "writeq", 2, do_store, 8 },
    { "read", 2, do_read, 0 }, { "write", 3, do_write, 0 },
    { "b64read", 2, do_b64read, 0 }, { "b64write", 3, do_b64write, 0 },
    { "memset", 3, do_memset, 0 }, { "endianness", 0, do_endianness, 0 },
    { "irq_intercept_in", 1, do_intercept, 0 },
    { "irq_intercept_out", 1, do_intercept, 1 },
    { "set_irq_in", 4, do_set_irq_in, 0 },
    { "module_load", 0, do_module_load, 0 },
};
/* Only where the clock is ours to move. */
static const Verb clock_verbs[] = {
    { "clock_step", 0, do_clock_step, 0 },
    { "clock_set", 1, do_clock_set, 0 },
};
/* clang-format on */

static const Verb *find_verb(const Verb *table, size_t n, const char *name)
{
    for (size_t i = 0; i < n; i++) {
        if (!strcmp(table[i].name, name)) {
            return &table[i];
        }
    }
    return NULL;
}

static void run_request(QTest *q, char *line)
{
    g_auto(GStrv) words = g_strsplit(g_strchomp(line), " ", 0);
    Request req = { words, (int)g_strv_length(words) };
    const Verb *verb;

    if (req.n == 0) {
        return;
    }
    verb = find_verb(verbs, G_N_ELEMENTS(verbs), words[0]);
    if (!verb && accel_is("qtest")) {
        verb = find_verb(clock_verbs, G_N_ELEMENTS(clock_verbs), words[0]);
    }
    if (!verb) {
        reply(q, "FAIL Unknown command '%s'", words[0]);
    } else if (req.n - 1 < verb->n_args) {
        reply(q, "FAIL '%s' needs %d arguments", words[0], verb->n_args);
    } else {
        verb->fn(q, &req, verb->variant);
    }
}

static int qtest_can_read(void *opaque)
{
    return 65536;
}

static void qtest_read(void *opaque, const uint8_t *buf, int size)
{
    QTest *q = opaque;
    const uint8_t *end = buf + size;

    while (buf < end) {
        const uint8_t *nl = memchr(buf, '\n', (size_t)(end - buf));
        const uint8_t *stop = nl ? nl : end;

        if (q->line->len + (size_t)(stop - buf) <= MAX_LINE) {
            g_string_append_len(q->line, (const char *)buf, stop - buf);
        }
        if (!nl) {
            return;
        }
        g_string_append_c(q->line, '\n');
        log_line(q, 'R', q->line->str);
        run_request(q, q->line->str);
        g_string_truncate(q->line, 0);
        buf = nl + 1;
    }
}

static void qtest_event(void *opaque, ChrEvent event)
{
    QTest *q = opaque;

    switch (event) {
    case CHR_EVENT_OPENED:
        g_string_truncate(q->line, 0);
        for (int i = 0; i < MAX_IRQ; i++) {
            q->levels[i] = 0;
        }
        q->start_ns = clock_get_ns(REALTIME_CLOCK);
        log_line(q, 'I', "OPENED\n");
        break;
    case CHR_EVENT_CLOSED:
        log_line(q, 'I', "CLOSED\n");
        /* The client who started us is gone; a server waits for the next one. */
        if (accel_is("qtest") &&
            !strstr(chardev_get_filename(q->chr.chr), "server=on")) {
            system_quit_request(SHUTDOWN_CAUSE_HOST_SIGNAL);
        }
        break;
    default:
        break;
    }
}

static bool open_log(QTest *q, const char *name, Error **errp)
{
    if (!name) {
        q->log_stderr = true;
        return true;
    }
    if (!strcmp(name, "none")) {
        return true;
    }
    q->log = fopen(name, "we");
    return q->log ||
           error_set_errno(errp, errno, "Failed to open qtest log '%s'", name);
}

bool qtest_server_new(Chardev *chr, const char *log_file, Error **errp)
{
    QTest *q = g_new0(QTest, 1);

    q->line = g_string_new(NULL);
    q->start_ns = clock_get_ns(REALTIME_CLOCK);
    if (!open_log(q, log_file, errp) || !chr_fe_init(&q->chr, chr, errp)) {
        g_string_free(q->line, TRUE);
        g_free(q);
        return false;
    }
    chr_fe_set_handlers(&q->chr, qtest_can_read, qtest_read, qtest_event, q);
    chr_fe_set_echo(&q->chr, true);
    return true;
}

/* --- The accelerator -------------------------------------------------------------- */

static bool qtest_init(AccelState *accel, MachineState *ms, Error **errp)
{
    virtual_clock_set_manual();
    return true;
}

static void qtest_class_init(ObjectClass *klass, const void *data)
{
    AccelClass *ac = (AccelClass *)klass;

    ac->name = "qtest";
    ac->desc = "CPUs stand still, a client drives the devices";
    ac->init = qtest_init;
}

static const TypeInfo qtest_info = {
    .name = "qtest-accel",
    .parent = TYPE_ACCEL,
    .class_init = qtest_class_init,
};
TYPE_REGISTER(qtest_info);
