/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A CPU on flat RAM without a machine: for tests of the MMU, of modes and of whole
 * programs.  Port 0xe9 collects text, a write to port 0xf4 ends the run.
 */
#ifndef TESTS_UNIT_ACCEL_I386_FLAT_H
#define TESTS_UNIT_ACCEL_I386_FLAT_H

#include "accel/target/i386/cpu.h"
#include "accel/tcg/phys.h"

#include <glib.h>

typedef struct FlatMachine {
    TcgPhys phys; /* first */
    X86State *cpu;
    uint8_t *ram;
    uint64_t size;
    GString *text;
    uint32_t stop;
    int exit_code; /* -1: did not exit */
    bool triple_fault;
    X86CpuOps ops;
} FlatMachine;

/* All features of the opcode maps; reset state. */
FlatMachine *flat_new(uint64_t ram_size);
void flat_free(FlatMachine *m);

/* Long mode, with 64-bit or 32-bit code at CPL 0 and the first GiB mapped one to one by
 * tables at 0x1000 and 0x2000. */
void flat_enter_long_mode(FlatMachine *m, bool is64);

/* Runs until the program ends, halts for good or @seconds are over. */
void flat_run(FlatMachine *m, unsigned seconds);

#endif
