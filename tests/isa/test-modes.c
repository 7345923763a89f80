/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Bare-metal programs of tests/isa on a flat machine.  The program comes as the first
 * argument that is no option; without it the test is skipped.
 */
#include "i386-flat.h"

#include "accel/target/i386/system.h"

#include <string.h>

static const char *image;

static void test_modes(void)
{
    g_autofree char *bytes = NULL;
    gsize len;
    FlatMachine *m;

    if (!image) {
        g_test_skip("no image given");
        return;
    }
    g_assert_true(g_file_get_contents(image, &bytes, &len, NULL));
    m = flat_new(16 << 20);
    g_assert_cmpuint(len, <, 0x10000);
    memcpy(m->ram + 0x8000, bytes, len);
    m->cpu->seg[X86_CS].selector = 0;
    m->cpu->seg[X86_CS].base = 0;
    m->cpu->rip = 0x8000;
    x86_state_refresh(m->cpu);
    flat_run(m, 30);
    g_test_message("printed: %s, rip %" G_GINT64_MODIFIER "x", m->text->str,
                   m->cpu->rip);
    g_assert_cmpstr(m->text->str, ==, "RXUMPGKNCTVLSYBD");
    g_assert_cmpint(m->exit_code, ==, 0);
    flat_free(m);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    image = argc > 1 ? argv[1] : g_getenv("STRATA_ISA_MODES");
    g_test_add_func("/i386/modes/walk-through-all-modes", test_modes);
    return g_test_run();
}
