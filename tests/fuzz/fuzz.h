/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One target each; libFuzzer or run-corpus.c brings main(). */
#ifndef STRATA_TESTS_FUZZ_FUZZ_H
#define STRATA_TESTS_FUZZ_FUZZ_H

#include <glib.h>
#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#endif
