/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Address spaces that a vCPU has left and may come back to: what the soft TLB held of
 * them, and what was remembered by virtual address (see "Address spaces" in
 * docs/tcg.md). SDM volume 3A, 4.10.
 *
 * A space is a PCID, or without PCIDs a value of CR3. The soft TLB holds the pages of
 * the present one and global pages.
 *
 * Context: thread of the vCPU. Nothing here does anything without cpu->spaces (KVM).
 */
#ifndef ACCEL_TARGET_I386_SPACES_H
#define ACCEL_TARGET_I386_SPACES_H

#include "accel/target/i386/mmu.h"

void x86_spaces_new(X86State *cpu);
void x86_spaces_free(X86State *cpu);

/* CR3 has been loaded. @keep: translations of the PCID that it names stay (bit 63). */
void x86_space_switch(X86State *cpu, bool keep);

/* Nothing is known of any space; the TLB is the caller's business. */
void x86_spaces_forget(X86State *cpu);
/* What is remembered by virtual address is void in all spaces; translations stay. */
void x86_spaces_forget_code(X86State *cpu);

/* INVPCID: the page of @lin or all pages that are not global, of @pcid or of all. */
void x86_space_flush_page(X86State *cpu, unsigned pcid, uint64_t lin);
void x86_space_flush(X86State *cpu, unsigned pcid);
void x86_spaces_flush(X86State *cpu);

/* INVLPG in the present space. @perhaps: code is remembered of the page of @lin if what
 * is remembered is too much to be known exactly. */
void x86_space_page_changed(X86State *cpu, uint64_t lin, bool perhaps);

/* Something about code in the page of @s, which is not global, is remembered by its
 * address in the present space. NULL: in a page about which nothing is known. */
void x86_space_note_code(X86State *cpu, const SoftTlbSide *s);

#endif
