/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The VMware backdoor, low-bandwidth part, as the open-vm-tools sources describe it
 * (lib/include/backdoor_def.h).
 *
 * Properties x-read-set-eax, x-signal-unsupported-cmd, x-report-vmx-type, x-cmds-v2,
 * vmware-vmx-version, vmware-vmx-type. Port "vmport" (5658).
 */
#include "hw/misc/vmport.h"

#include "accel/target/i386/cpu.h"
#include "accel/vcpu.h"
#include "hw/core/machine.h"
#include "hw/intc/apic.h"
#include "hw/rtc/mc146818rtc.h"
#include "softmmu/runstate.h"
#include "util/log.h"

#include <string.h>

#define VMPORT_PORT  0x5658
#define VMPORT_MAGIC 0x564d5868u

enum {
    VCPU_INFO_LEGACY_X2APIC = 1 << 3,
    VCPU_INFO_RESERVED = 1u << 31,
};

struct VmPortState {
    ISADevice parent_obj;
    MemoryRegion io;
    struct {
        VmPortFn *fn;
        void *opaque;
    } commands[VMPORT_CMD_COUNT];
    /* Properties. */
    bool read_set_eax, signal_unsupported, report_vmx_type, cmds_v2;
    uint32_t vmx_version;
    uint8_t vmx_type;
};
OBJECT_DECLARE_SIMPLE_TYPE(VmPortState, VMPORT, TYPE_VMPORT)

void vmport_register(VmPortState *s, unsigned command, VmPortFn *fn, void *opaque)
{
    if (command < VMPORT_CMD_COUNT) {
        s->commands[command].fn = fn;
        s->commands[command].opaque = opaque;
    }
}

VmPortState *vmport_find(ISABus *bus)
{
    GPtrArray *children = bus->parent_obj.children;

    for (guint i = 0; i < children->len; i++) {
        VmPortState *s = object_find_cast(g_ptr_array_index(children, i), TYPE_VMPORT);

        if (s) {
            return s;
        }
    }
    return NULL;
}

/* --- Commands ------------------------------------------------------------------------
 */

static uint32_t vmport_get_version(void *opaque, VmPortRegs *regs)
{
    VmPortState *s = opaque;

    regs->ebx = VMPORT_MAGIC;
    if (s->report_vmx_type) {
        regs->ecx = s->vmx_type;
    }
    return s->vmx_version;
}

/* In bytes, as far as 32 bits go. */
static uint32_t vmport_get_ram_size(void *opaque, VmPortRegs *regs)
{
    Object *machine = object_resolve_path("/machine", NULL);

    return machine ? MIN(MACHINE(machine)->ram_size, UINT32_MAX) : 0;
}

/* The UUID's bytes in EAX, EBX, ECX, EDX, the first in the lowest byte. */
static uint32_t vmport_get_bios_uuid(void *opaque, VmPortRegs *regs)
{
    const char *text = system_get_uuid();
    uint8_t bytes[16] = { 0 };
    int n = 0;

    for (; *text && n < 16; text++) {
        if (g_ascii_isxdigit(text[0]) && g_ascii_isxdigit(text[1])) {
            bytes[n++] =
                g_ascii_xdigit_value(text[0]) << 4 | g_ascii_xdigit_value(text[1]);
            text++;
        }
    }
    uint32_t words[4];
    memcpy(words, bytes, sizeof(words));
    regs->ebx = GUINT32_FROM_LE(words[1]);
    regs->ecx = GUINT32_FROM_LE(words[2]);
    regs->edx = GUINT32_FROM_LE(words[3]);
    return GUINT32_FROM_LE(words[0]);
}

/* Seconds, and microseconds in EBX; ECX: how late a tick may be, in microseconds. */
static uint32_t vmport_get_time(void *opaque, VmPortRegs *regs)
{
    int64_t us = clock_get_ns(HOST_CLOCK) / NS_PER_US;

    regs->ebx = us % 1000000;
    regs->ecx = 1000000;
    return us / 1000000;
}

/* The same with 64-bit seconds: high half in ESI, low half in EDX; EAX is the magic. */
static uint32_t vmport_get_time_full(void *opaque, VmPortRegs *regs)
{
    int64_t us = clock_get_ns(HOST_CLOCK) / NS_PER_US;

    regs->ebx = us % 1000000;
    regs->ecx = 1000000;
    regs->edx = us / 1000000;
    regs->esi = (uint64_t)(us / 1000000) >> 32;
    return VMPORT_MAGIC;
}

static uint32_t vmport_get_vcpu_info(void *opaque, VmPortRegs *regs)
{
    return VCPU_INFO_LEGACY_X2APIC;
}

/* --- Port ----------------------------------------------------------------------------
 */

static void vmport_load(VmPortRegs *regs, const X86State *x86)
{
    regs->eax = x86->regs[X86_RAX].d;
    regs->ebx = x86->regs[X86_RBX].d;
    regs->ecx = x86->regs[X86_RCX].d;
    regs->edx = x86->regs[X86_RDX].d;
    regs->esi = x86->regs[X86_RSI].d;
    regs->edi = x86->regs[X86_RDI].d;
}

/* A register that was left alone keeps its upper half. */
static void vmport_store_one(X86State *x86, int reg, uint32_t old, uint32_t value)
{
    if (old != value) {
        x86->regs[reg].q = value;
    }
}

static uint32_t vmport_call(VmPortState *s, X86State *x86)
{
    VmPortRegs old, regs;
    uint32_t command, result;

    vmport_load(&old, x86);
    if (old.eax != VMPORT_MAGIC) {
        return s->read_set_eax ? old.eax : UINT32_MAX;
    }
    regs = old;
    command = old.ecx & 0xffff;
    if (command >= VMPORT_CMD_COUNT || !s->commands[command].fn) {
        log_unimp("vmport: command %u\n", command);
        return s->signal_unsupported ? UINT32_MAX : old.eax;
    }
    result = s->commands[command].fn(s->commands[command].opaque, &regs);
    vmport_store_one(x86, X86_RBX, old.ebx, regs.ebx);
    vmport_store_one(x86, X86_RCX, old.ecx, regs.ecx);
    vmport_store_one(x86, X86_RDX, old.edx, regs.edx);
    vmport_store_one(x86, X86_RSI, old.esi, regs.esi);
    vmport_store_one(x86, X86_RDI, old.edi, regs.edi);
    return result;
}

static uint64_t vmport_read(void *opaque, hwaddr offset, unsigned size)
{
    VCPU *cpu = current_vcpu();
    X86State *x86 = cpu ? apic_cpu_state(cpu) : NULL;

    return x86 ? vmport_call(opaque, x86) : UINT32_MAX;
}

/* The command is carried out; its EAX goes to the register directly. */
static void vmport_write(void *opaque, hwaddr offset, uint64_t value, unsigned size)
{
    VCPU *cpu = current_vcpu();
    X86State *x86 = cpu ? apic_cpu_state(cpu) : NULL;
    VmPortState *s = opaque;

    if (x86) {
        uint32_t eax = vmport_call(s, x86);

        if (s->read_set_eax) {
            x86->regs[X86_RAX].q = eax;
        }
    }
}

static const MemoryRegionOps vmport_ops = {
    .read = vmport_read,
    .write = vmport_write,
    .endianness = DEVICE_LITTLE_ENDIAN,
    .valid = {.min_access_size = 1,  .max_access_size = 4},
    .impl = { .min_access_size = 4, .max_access_size = 4},
};

/* --- Device --------------------------------------------------------------------------
 */

static bool vmport_realize(DeviceState *dev, Error **errp)
{
    VmPortState *s = VMPORT(dev);

    memory_region_init_io(&s->io, OBJECT(s), &vmport_ops, s, "vmport", 1);
    isa_register_ioport(ISA_DEVICE(dev), &s->io, VMPORT_PORT);
    vmport_register(s, VMPORT_CMD_GETVERSION, vmport_get_version, s);
    vmport_register(s, VMPORT_CMD_GETRAMSIZE, vmport_get_ram_size, s);
    if (s->cmds_v2) {
        vmport_register(s, VMPORT_CMD_GETBIOSUUID, vmport_get_bios_uuid, s);
        vmport_register(s, VMPORT_CMD_GETTIME, vmport_get_time, s);
        vmport_register(s, VMPORT_CMD_GETTIMEFULL, vmport_get_time_full, s);
        vmport_register(s, VMPORT_CMD_GET_VCPU_INFO, vmport_get_vcpu_info, s);
    }
    return true;
}

static const Property vmport_properties[] = {
    PROP_BOOL("x-read-set-eax", VmPortState, read_set_eax, true),
    PROP_BOOL("x-signal-unsupported-cmd", VmPortState, signal_unsupported, true),
    PROP_BOOL("x-report-vmx-type", VmPortState, report_vmx_type, true),
    PROP_BOOL("x-cmds-v2", VmPortState, cmds_v2, true),
    PROP_UINT32("vmware-vmx-version", VmPortState, vmx_version, 6),
    PROP_UINT8("vmware-vmx-type", VmPortState, vmx_type, 2),
};

static void vmport_class_init(ObjectClass *klass, const void *data)
{
    DeviceClass *dc = DEVICE_CLASS(klass);

    dc->desc = "VMware backdoor port";
    dc->user_creatable = false;
    dc->realize = vmport_realize;
    OBJECT_CLASS_ADD_PROPERTIES(klass, vmport_properties);
}

static const TypeInfo vmport_info = {
    .name = TYPE_VMPORT,
    .parent = TYPE_ISA_DEVICE,
    .instance_size = sizeof(VmPortState),
    .class_init = vmport_class_init,
};
TYPE_REGISTER(vmport_info);
