/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The registers of all legacy devices; five bytes an access. */
#include "../unit/hw/isa-harness.h"
#include "../unit/hw/isa-rig.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static bool ready;

    if (!ready) {
        isa_harness_init();
        isa_rig_init();
        ready = true;
    }
    isa_rig_reset();
    for (size_t i = 0; i + 5 <= size; i += 5) {
        isa_rig_access(data[i], data[i + 1], data[i + 2] | data[i + 3] << 8,
                       data[i + 4]);
    }
    return 0;
}
