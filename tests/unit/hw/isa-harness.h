/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An ISA bus without a machine: sixteen lines that are counted, the I/O space, a
 * virtual clock that is stepped. For tests of single devices.
 */
#ifndef TESTS_UNIT_HW_ISA_HARNESS_H
#define TESTS_UNIT_HW_ISA_HARNESS_H

#include "hw/isa/isa.h"

/* Once, in main, before the tests; takes the BQL. */
void isa_harness_init(void);
ISABus *isa_harness_bus(void);
/* Level of line @n, and how often it has risen since the last call. */
int isa_harness_level(int n);
int isa_harness_rises(int n);
/* Another line of the test's own, recorded as 16..23. */
IrqLine *isa_harness_line(int n);
/* Make and reset a device; it stays. */
ISADevice *isa_harness_add(const char *type);
/* Reset it, as the machine does. */
void isa_harness_reset(void *dev);

uint8_t inb(uint16_t port);
void outb(uint16_t port, uint8_t value);
uint32_t mem_readl(uint64_t addr);
void mem_writel(uint64_t addr, uint32_t value);
void clock_step(int64_t ns);
/* Run the event loop until it has nothing to do. */
void isa_harness_settle(void);

/* Save, reset, load, save again: both saves are the same. */
void isa_harness_check_vmstate(void *dev);

#endif
