/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What every legacy device must stand: any access, and being saved at any moment. */
#include "hw/core/device.h"
#include "isa-harness.h"
#include "isa-rig.h"

static void storm(int accesses)
{
    for (int i = 0; i < accesses; i++) {
        uint32_t r = g_test_rand_int();

        isa_rig_access(r, r >> 8, g_test_rand_int(), r >> 24);
    }
}

static void test_storm(void)
{
    isa_rig_reset();
    storm(20000);
    isa_rig_reset();
    storm(20000);
}

static void test_saved_any_time(void)
{
    for (int round = 0; round < 50; round++) {
        GPtrArray *devices = isa_rig_devices();

        isa_rig_reset();
        storm(round * 20);
        for (guint i = 0; i < devices->len; i++) {
            DeviceState *dev = g_ptr_array_index(devices, i);

            if (DEVICE_GET_CLASS(dev)->vmsd) {
                isa_harness_check_vmstate(dev);
            }
        }
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    isa_harness_init();
    isa_rig_init();
    g_test_add_func("/hw/isa-devices/any-access-is-harmless", test_storm);
    g_test_add_func("/hw/isa-devices/saved-and-loaded-at-any-moment",
                    test_saved_any_time);
    return g_test_run();
}
