/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "util/error.h"

static void test_set_and_read(void)
{
    Error *err = NULL;

    g_assert_false(error_set(&err, "slot %d of %d", 3, 2));
    g_assert_cmpstr(error_get_message(err), ==, "slot 3 of 2");
    g_assert_null(error_get_hint(err));
    g_assert_cmpint(error_get_class(err), ==, ERROR_CLASS_GENERIC_ERROR);
    error_prepend(&err, "dimm '%s': ", "d0");
    error_append_hint(&err, "Try %s\n", "less");
    g_assert_cmpstr(error_get_message(err), ==, "dimm 'd0': slot 3 of 2");
    g_assert_cmpstr(error_get_hint(err), ==, "Try less\n");
    error_free(err);
}

static void test_nobody_interested(void)
{
    g_assert_false(error_set(NULL, "lost"));
    error_prepend(NULL, "x");
    error_append_hint(NULL, "x");
    error_propagate(NULL, NULL);
}

static void test_errno_text_is_appended(void)
{
    g_autoptr(Error) err = NULL;

    error_set_errno(&err, ENOENT, "open '%s'", "f");
    g_assert_cmpstr(error_get_message(err), ==, "open 'f': No such file or directory");
}

static void test_first_error_wins_on_propagate(void)
{
    g_autoptr(Error) err = NULL;
    Error *second = NULL;

    error_set(&err, "first");
    error_set_class(&second, ERROR_CLASS_DEVICE_NOT_FOUND, "second");
    error_propagate(&err, second);
    g_assert_cmpstr(error_get_message(err), ==, "first");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/util/error/set-and-read", test_set_and_read);
    g_test_add_func("/util/error/nobody-interested", test_nobody_interested);
    g_test_add_func("/util/error/errno-text-is-appended", test_errno_text_is_appended);
    g_test_add_func("/util/error/first-error-wins-on-propagate",
                    test_first_error_wins_on_propagate);
    return g_test_run();
}
