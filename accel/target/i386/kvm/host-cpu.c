/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * "-cpu host": a CPU model with the host's identity and all that its KVM offers. The
 * model is filled in when KVM is opened; without KVM it cannot be realized.
 */
#include "kvm-i386.h"

#include "accel/target/i386/models.h"

#include <cpuid.h>
#include <string.h>

enum { EAX, EBX, ECX, EDX };

static char vendor[13], model_id[49];
/* BQL; filled once, before the first CPU. */
static X86Model host_model = { .name = "host",
                               .desc = "the host's processor, as far as KVM offers it",
                               .vendor = vendor,
                               .model_id = model_id,
                               .everything = true };
static bool (*realize_x86)(DeviceState *dev, Error **errp);

static void fill_vendor(void)
{
    uint32_t words[3] = { kvm_x86_supported_cpuid(0, 0, EBX),
                          kvm_x86_supported_cpuid(0, 0, EDX),
                          kvm_x86_supported_cpuid(0, 0, ECX) };

    memcpy(vendor, words, sizeof(words));
}

/* The brand is no feature: KVM does not list it. */
static void fill_model_id(void)
{
    for (unsigned k = 0; k < 3; k++) {
        uint32_t r[4] = { 0 };

        if (__get_cpuid(0x80000002 + k, &r[0], &r[1], &r[2], &r[3])) {
            memcpy(model_id + 16 * k, r, sizeof(r));
        }
    }
}

void kvm_x86_fill_host_model(void)
{
    uint32_t signature = kvm_x86_supported_cpuid(1, 0, EAX);
    uint32_t family = signature >> 8 & 15;

    fill_vendor();
    fill_model_id();
    host_model.family = family == 15 ? family + (signature >> 20 & 0xff) : family;
    host_model.model = signature >> 4 & 15;
    if (family == 6 || family == 15) {
        host_model.model |= (signature >> 16 & 15) << 4;
    }
    host_model.stepping = signature & 15;
    host_model.level = MIN(kvm_x86_supported_cpuid(0, 0, EAX), 0xdu);
    host_model.xlevel = MIN(kvm_x86_supported_cpuid(0x80000000, 0, EAX), 0x8000000au);
    host_model.phys_bits = (uint8_t)kvm_x86_phys_bits();
    if (!host_model.phys_bits) {
        host_model.phys_bits = 36;
    }
}

static bool realize(DeviceState *dev, Error **errp)
{
    if (!kvm_is_used()) {
        return error_set(errp, "CPU model 'host' requires KVM");
    }
    return realize_x86(dev, errp);
}

static void class_init(ObjectClass *klass, const void *data)
{
    DeviceClass *dc = DEVICE_CLASS(klass);

    ((X86CpuClass *)klass)->model = &host_model;
    realize_x86 = dc->realize;
    dc->realize = realize;
    dc->desc = host_model.desc;
}

static const TypeInfo host_cpu_info = {
    .name = "host" X86_CPU_TYPE_SUFFIX,
    .parent = TYPE_X86_CPU,
    .instance_size = sizeof(X86Cpu),
    .class_init = class_init,
};
TYPE_REGISTER(host_cpu_info);
