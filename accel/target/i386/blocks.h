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

/* Translations have changed: what is keyed by virtual address is void; all of it, all
 * but global pages, or one page. */
void x86_blocks_all_changed(X86State *cpu);
void x86_blocks_non_global_changed(X86State *cpu);
void x86_blocks_page_changed(X86State *cpu, uint64_t lin);

/* Something about code at [lin, lin + len) is remembered by its address: tell
 * x86_jit_all_changed() when its translation changes. */
void x86_blocks_note_pages(X86State *cpu, uint64_t lin, unsigned len);

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
