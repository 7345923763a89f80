/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A client of the qtest protocol: starts the program with CPUs that never execute and
 * drives its devices over a socket, so that a test reads like the programming section
 * of a manual. Every call fails the test at once when the answer is not "OK" or does
 * not come in time. The program is $QTEST_STRATA, else ./strata.
 *
 *     QTest *qt = qtest_start("-M pc -nodefaults");
 *     qtest_outl(qt, 0xcf8, 0x80000000);
 *     g_assert_cmphex(qtest_inl(qt, 0xcfc), ==, 0x12378086);
 *     qtest_quit(qt);
 */
#ifndef STRATA_TESTS_QTEST_LIBQTEST_H
#define STRATA_TESTS_QTEST_LIBQTEST_H

#include <glib.h>
#include <json-c/json.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct QTest QTest;

/* --- Life --- */
/* @args as on a command line (shell quoting); "-accel qtest" is added. */
QTest *qtest_start(const char *args);
QTest *qtest_startf(const char *fmt, ...) G_GNUC_PRINTF(1, 2);
/* Ends the program by SIGTERM and expects exit status 0. */
void qtest_quit(QTest *qt);

/* --- I/O ports --- */
uint8_t qtest_inb(QTest *qt, uint16_t port);
uint16_t qtest_inw(QTest *qt, uint16_t port);
uint32_t qtest_inl(QTest *qt, uint16_t port);
void qtest_outb(QTest *qt, uint16_t port, uint8_t value);
void qtest_outw(QTest *qt, uint16_t port, uint16_t value);
void qtest_outl(QTest *qt, uint16_t port, uint32_t value);

/* --- Memory, in the target's byte order --- */
uint8_t qtest_readb(QTest *qt, uint64_t addr);
uint16_t qtest_readw(QTest *qt, uint64_t addr);
uint32_t qtest_readl(QTest *qt, uint64_t addr);
uint64_t qtest_readq(QTest *qt, uint64_t addr);
void qtest_writeb(QTest *qt, uint64_t addr, uint8_t value);
void qtest_writew(QTest *qt, uint64_t addr, uint16_t value);
void qtest_writel(QTest *qt, uint64_t addr, uint32_t value);
void qtest_writeq(QTest *qt, uint64_t addr, uint64_t value);
void qtest_memread(QTest *qt, uint64_t addr, void *data, size_t len);
void qtest_memwrite(QTest *qt, uint64_t addr, const void *data, size_t len);
void qtest_memset(QTest *qt, uint64_t addr, uint8_t value, size_t len);

/* --- Time (the virtual clock) --- */
/* By @ns, or to the next timer; returns the clock. */
int64_t qtest_clock_step(QTest *qt, int64_t ns);
int64_t qtest_clock_step_next(QTest *qt);
int64_t qtest_clock_set(QTest *qt, int64_t ns);

/* --- Interrupt lines --- */
/* From now on qtest_get_irq(n) follows input line n of the device at QOM @path. */
void qtest_irq_intercept_in(QTest *qt, const char *path);
void qtest_irq_intercept_out(QTest *qt, const char *path);
bool qtest_get_irq(QTest *qt, unsigned n);
void qtest_set_irq_in(QTest *qt, const char *path, const char *name, int n, int level);
/* Any request; the reply after "OK ", which the caller frees. */
char *qtest_command(QTest *qt, const char *fmt, ...) G_GNUC_PRINTF(2, 3);

/* --- QMP --- */
/* The whole reply, which the caller puts: {"return": ...} or {"error": ...}. */
struct json_object *qtest_qmp(QTest *qt, const char *fmt, ...) G_GNUC_PRINTF(2, 3);
/* Must succeed; the "return" member, which the caller puts. */
struct json_object *qtest_qmp_ok(QTest *qt, const char *fmt, ...) G_GNUC_PRINTF(2, 3);
/* The same without interest in the answer. */
void qtest_qmp_do(QTest *qt, const char *fmt, ...) G_GNUC_PRINTF(2, 3);
/* Must fail with exactly this description. */
void qtest_qmp_fails(QTest *qt, const char *desc, const char *fmt, ...)
    G_GNUC_PRINTF(3, 4);
/* Wait for an event of this name; its data (may be NULL), which the caller puts. */
struct json_object *qtest_wait_event(QTest *qt, const char *name);
/* Has such an event come already? Does not wait. */
bool qtest_has_event(QTest *qt, const char *name);
/* Human monitor; without carriage returns. Caller frees. */
char *qtest_hmp(QTest *qt, const char *fmt, ...) G_GNUC_PRINTF(2, 3);

/* --- PCI, by configuration mechanism #1 --- */
#define QPCI_DEVFN(slot, fn) ((uint8_t)((slot) << 3 | (fn)))
uint8_t qpci_readb(QTest *qt, uint8_t devfn, uint8_t offset);
uint16_t qpci_readw(QTest *qt, uint8_t devfn, uint8_t offset);
uint32_t qpci_readl(QTest *qt, uint8_t devfn, uint8_t offset);
void qpci_writeb(QTest *qt, uint8_t devfn, uint8_t offset, uint8_t value);
void qpci_writew(QTest *qt, uint8_t devfn, uint8_t offset, uint16_t value);
void qpci_writel(QTest *qt, uint8_t devfn, uint8_t offset, uint32_t value);
/* Offset of capability @id, or 0. */
uint8_t qpci_find_capability(QTest *qt, uint8_t devfn, uint8_t id);

#endif
