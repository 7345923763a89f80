/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Without libFuzzer: each file of the corpus, and each with bytes changed. */
#include "fuzz.h"

#include <stdio.h>
#include <stdlib.h>

enum { ROUNDS = 300 };

static void run_with_changes(const char *bytes, gsize len, GRand *rand)
{
    for (int i = 0; i < ROUNDS; i++) {
        g_autofree uint8_t *copy = g_malloc(len + 1);
        int changes = g_rand_int_range(rand, 1, 6);

        for (gsize j = 0; j < len; j++) {
            copy[j] = (uint8_t)bytes[j];
        }
        while (len && changes-- > 0) {
            copy[g_rand_int_range(rand, 0, (gint32)len)] =
                (uint8_t)g_rand_int_range(rand, 0, 256);
        }
        LLVMFuzzerTestOneInput(
            copy, len ? (size_t)g_rand_int_range(rand, 0, (gint32)len + 1) : 0);
    }
}

int main(int argc, char **argv)
{
    g_autoptr(GRand) rand = g_rand_new_with_seed(1);
    g_autoptr(GDir) dir = NULL;
    const char *name;
    int n = 0;

    if (argc != 2 || !(dir = g_dir_open(argv[1], 0, NULL))) {
        return EXIT_FAILURE;
    }
    while ((name = g_dir_read_name(dir))) {
        g_autofree char *path = g_build_filename(argv[1], name, NULL);
        g_autofree char *bytes = NULL;
        gsize len;

        if (g_file_get_contents(path, &bytes, &len, NULL)) {
            LLVMFuzzerTestOneInput((const uint8_t *)bytes, len);
            run_with_changes(bytes, len, rand);
            n++;
        }
    }
    printf("%d files\n", n);
    return n ? EXIT_SUCCESS : EXIT_FAILURE;
}
