/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "i386-oracle.h"

#include <glib.h>

static void test_rows(void)
{
    OracleOptions opt = { .cases = ORACLE_SSE };

    oracle_check_table(&x86_rows_sse, &opt);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/i386/sse/every-row-does-what-the-host-does", test_rows);
    return g_test_run();
}
