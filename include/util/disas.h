/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Machine code as text, by capstone, which is loaded when it is first needed. Any
 * thread.
 */
#ifndef STRATA_UTIL_DISAS_H
#define STRATA_UTIL_DISAS_H

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum DisasArch {
    DISAS_NONE,
    DISAS_X86_16,
    DISAS_X86_32,
    DISAS_X86_64,
    DISAS_PPC32,
} DisasArch;

/* Whether the library is there. */
bool disas_available(void);

/*
 * The first instruction of @bytes, which lies at @pc: its text goes to @text, its
 * length is returned. 0: it is none, or there is no library.
 */
unsigned disas_insn(DisasArch arch, const uint8_t *bytes, size_t len, uint64_t pc,
                    char *text, size_t text_size);

/* A line "address:  bytes  text"; another one for each 8 bytes more. @text may be NULL
 * for a byte that is no instruction. */
void disas_append_line(GString *out, uint64_t address, const uint8_t *bytes,
                       unsigned len, const char *text);

#endif
