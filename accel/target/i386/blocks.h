/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Decoded code of one vCPU, and the loop that runs it.
 */
#ifndef ACCEL_TARGET_I386_BLOCKS_H
#define ACCEL_TARGET_I386_BLOCKS_H

#include "accel/target/i386/insn.h"

/* Makes and frees the cache (cpu->blocks). */
void x86_blocks_new(X86State *cpu);
void x86_blocks_free(X86State *cpu);

/* Translations have changed: what is keyed by virtual address is void; all of it, or
 * what lies in the page of @lin. */
void x86_blocks_all_changed(X86State *cpu);
void x86_blocks_page_changed(X86State *cpu, uint64_t lin);

/*
 * What is keyed by a virtual address in a page that is not global is valid for one
 * generation of translations, a number that does not come again. A fresh one begins, or
 * an earlier one is back: the caller knows that its pages are where they were.
 */
uint64_t x86_blocks_new_generation(X86State *cpu);
void x86_blocks_set_generation(X86State *cpu, uint64_t generation);

/* Something about code in the pages of these addresses, which are in the TLB, is
 * remembered by its address: it is forgotten when its translation changes. */
void x86_blocks_note_pages(X86State *cpu, uint64_t first_rip, uint64_t last_rip);

/* Another number whenever translations have changed. */
uint32_t x86_blocks_generation(const X86State *cpu);

/* Forgets everything. */
void x86_blocks_flush(X86State *cpu);

/*
 * Runs guest code until *cpu->exit_request is not 0 or the CPU halts.
 * Context: thread of the vCPU, read section, BQL not held.
 */
void x86_run(X86State *cpu);

/* Guest instructions executed so far, about. */
uint64_t x86_insn_count(const X86State *cpu);

#endif
