/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Chipset, hotplug blocks, bridge and test cards; eight bytes an access. */
#include "../unit/hw/pci-rig.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static bool ready;

    if (!ready) {
        pci_rig_init();
        ready = true;
    }
    pci_rig_reset();
    for (size_t i = 0; i + 8 <= size; i += 8) {
        pci_rig_access(data[i], (uint16_t)(data[i + 1] | data[i + 2] << 8),
                       pci_get_long(data + i + 3), data[i + 7]);
    }
    return 0;
}
