/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "i386-oracle.h"

#include <glib.h>

/* What moves rSP (the native side has no stack of its own), what needs a kernel's
 * rights or tables, and XLAT, whose memory operand is not in the ModRM byte. */
static const char *const skip[] = { "PUSH",  "POP",     "PUSHF",  "POPF",     "ENTER",
                                    "LEAVE", "PUSH FS", "POP FS", "PUSH GS",  "POP GS",
                                    "LFS",   "LGS",     "CLI",    "STI",      "IN",
                                    "OUT",   "XLAT",    "NOP",    "PREFETCH", NULL };

static void test_rows(void)
{
    OracleOptions opt = { .cases = ORACLE_INT, .skip = skip };

    oracle_check_table(&x86_rows_int, &opt);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/i386/int/every-row-does-what-the-host-does", test_rows);
    return g_test_run();
}
