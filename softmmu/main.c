/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "util/error.h"

#include <stdlib.h>

int main(int argc, char **argv)
{
    error_set_program_name(argv[0]);
    error_report("no machine can be started yet");
    return EXIT_FAILURE;
}
