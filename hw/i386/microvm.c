/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The microvm: CPUs, RAM, one I/O APIC, eight virtio slots in memory, and as few ISA
 * devices as the options say. Wiring only. The firmware (qboot) starts -kernel; Linux
 * learns of the slots from its command line, of the CPUs from the firmware's MP table.
 * Not built: ACPI, PCI Express, the second I/O APIC: asking for them is an error.
 *
 * | where             | what                                       | line  |
 * | feb00000 + 200 *n | virtio slot n                              | 5 + n |
 * | 40-43             | 8254 (pit)                                 | 0     |
 * | 70-71             | clock (rtc)                                | 8     |
 * | 20, a0, 4d0       | 8259 pair (pic)                            |       |
 * | 3f8-3ff           | serial port (isa-serial, if -serial gives) | 4     |
 */
#include "hw/core/board-options.h"
#include "hw/core/sysbus.h"
#include "hw/i386/pc-internal.h"
#include "hw/virtio/virtio-mmio.h"

#include <string.h>

#define TYPE_MICROVM_MACHINE MACHINE_TYPE_NAME("microvm")
OBJECT_DECLARE_SIMPLE_TYPE(MicrovmState, MICROVM_MACHINE, TYPE_MICROVM_MACHINE)

#define MICROVM_SLOTS     8
#define MICROVM_SLOT_BASE 0xfeb00000u
#define MICROVM_FIRST_IRQ 5
#define MICROVM_RAM_SPLIT UINT64_C(0xc0000000)

struct MicrovmState {
    PCMachineState parent_obj;

    SysBusDevice *slots[MICROVM_SLOTS];
    /* Options */
    int pic, pit, rtc, pcie, ioapic2; /* OnOffAuto */
    bool isa_serial, auto_kernel_cmdline;
};

static uint64_t microvm_split_ram(PCMachineState *pc, uint64_t ram_size)
{
    return MIN(ram_size, MICROVM_RAM_SPLIT);
}

/* No bridge; what hangs on one is off. */
static void microvm_new_host(PCMachineState *pc)
{
    pc->host = OBJECT(pc);
    pc->acpi = ON_OFF_AUTO_OFF;
    pc->hpet = pc->smbus = pc->i8042 = false;
    pc->vmport = ON_OFF_AUTO_OFF;
}

static bool microvm_init_host(PCMachineState *pc, Error **errp)
{
    return true;
}

static bool microvm_make_isa_bridge(PCMachineState *pc, Error **errp)
{
    DeviceState *bridge = device_new(TYPE_ISABUS_BRIDGE);

    if (!sysbus_realize_and_unref(SYSBUS_DEVICE(bridge), errp)) {
        return false;
    }
    pc->isa = isa_bus_new(bridge, get_system_memory(), get_system_io());
    return bus_realize(BUS(pc->isa), errp);
}

static void microvm_make_interrupt_controllers(PCMachineState *pc)
{
    IrqLine *lines[ISA_NUM_IRQS];

    gsi_init(&pc->gsi);
    isa_bus_register_input_irqs(pc->isa, pc->gsi.isa);
    if (MICROVM_MACHINE(pc)->pic != ON_OFF_AUTO_OFF) {
        pc->pic = i8259_init(pc->isa, &pc->intr, lines);
        gsi_connect_pic(&pc->gsi, lines);
    }
    gsi_connect_ioapic(&pc->gsi, ioapic_init(pc->host));
}

/* --- Devices ----------------------------------------------------------------- */

static bool make_slots(MicrovmState *s, Error **errp)
{
    for (unsigned i = 0; i < MICROVM_SLOTS; i++) {
        s->slots[i] = SYSBUS_DEVICE(device_new(TYPE_VIRTIO_MMIO));
        if (!sysbus_realize_and_unref(s->slots[i], errp)) {
            return false;
        }
        sysbus_mmio_map(s->slots[i], get_system_memory(), 0,
                        MICROVM_SLOT_BASE + i * VIRTIO_MMIO_BYTES);
        sysbus_connect_irq(
            s->slots[i], 0,
            gsi_get_line(&s->parent_obj.gsi, (int)(MICROVM_FIRST_IRQ + i)));
    }
    return true;
}

static bool make_serial(MicrovmState *s, Error **errp)
{
    Chardev *chr = MACHINE(s)->board->serial[0];

    if (!s->isa_serial || !chr) {
        return true;
    }
    ISADevice *dev = isa_new("isa-serial");
    device_prop_set_uint(DEVICE(dev), "index", 0);
    device_prop_set_chr(OBJECT(dev), "chardev", chr);
    return isa_realize_and_unref(dev, s->parent_obj.isa, errp);
}

static bool microvm_make_devices(PCMachineState *pc, Error **errp)
{
    MicrovmState *s = MICROVM_MACHINE(pc);

    if (!make_slots(s, errp)) {
        return false;
    }
    if (s->pit != ON_OFF_AUTO_OFF) {
        pc->pit = i8254_init(pc->isa, 0x40, gsi_get_line(&pc->gsi, 0));
    }
    if (s->rtc != ON_OFF_AUTO_OFF) {
        pc->rtc = mc146818_rtc_init(pc->isa, 0, NULL);
        object_property_add_const_link(OBJECT(pc), "rtc", OBJECT(pc->rtc));
    }
    return make_serial(s, errp);
}

/* --- Firmware ---------------------------------------------------------------- */

static void microvm_describe(PCMachineState *pc, PcFirmwareConfig *config)
{
    config->microvm = true;
    config->pci_memory = get_system_memory();
}

/* What the kernel cannot find out: where the slots are that hold something. */
static void extend_command_line(MicrovmState *s)
{
    MachineState *ms = MACHINE(s);
    g_autoptr(GString) line = g_string_new(ms->kernel_cmdline);

    for (unsigned i = 0; i < MICROVM_SLOTS; i++) {
        if (virtio_mmio_is_occupied(s->slots[i])) {
            g_string_append_printf(line, "%svirtio_mmio.device=%u@0x%x:%u",
                                   line->len ? " " : "", VIRTIO_MMIO_BYTES,
                                   MICROVM_SLOT_BASE + i * VIRTIO_MMIO_BYTES,
                                   MICROVM_FIRST_IRQ + i);
        }
    }
    g_free(ms->kernel_cmdline);
    ms->kernel_cmdline = g_strdup(line->str);
}

static bool microvm_init_done(MachineState *ms, Error **errp)
{
    MicrovmState *s = MICROVM_MACHINE(ms);

    if (ms->kernel_filename && s->auto_kernel_cmdline) {
        extend_command_line(s);
    }
    return pc_firmware_load_kernel(s->parent_obj.fw, errp) &&
           pc_firmware_finish(s->parent_obj.fw, errp);
}

static bool microvm_check_options(MachineState *ms, Error **errp)
{
    MicrovmState *s = MICROVM_MACHINE(ms);

    if (s->parent_obj.acpi == ON_OFF_AUTO_ON) {
        return error_set(errp, "microvm: ACPI is not built");
    }
    if (s->pcie == ON_OFF_AUTO_ON) {
        return error_set(errp, "microvm: PCI Express is not built");
    }
    if (s->ioapic2 == ON_OFF_AUTO_ON) {
        return error_set(errp, "microvm: the second I/O APIC is not built");
    }
    if (ms->usb) {
        return error_set(errp, "microvm: USB is not built");
    }
    s->parent_obj.smm = ON_OFF_AUTO_OFF;
    return true;
}

static const Property microvm_props[] = {
    PROP_ON_OFF_AUTO("pic", MicrovmState, pic, ON_OFF_AUTO_AUTO),
    PROP_ON_OFF_AUTO("pit", MicrovmState, pit, ON_OFF_AUTO_AUTO),
    PROP_ON_OFF_AUTO("rtc", MicrovmState, rtc, ON_OFF_AUTO_AUTO),
    PROP_ON_OFF_AUTO("pcie", MicrovmState, pcie, ON_OFF_AUTO_AUTO),
    PROP_ON_OFF_AUTO("ioapic2", MicrovmState, ioapic2, ON_OFF_AUTO_AUTO),
    PROP_BOOL("isa-serial", MicrovmState, isa_serial, true),
    PROP_BOOL("auto-kernel-cmdline", MicrovmState, auto_kernel_cmdline, true),
};

static void microvm_class_init(ObjectClass *klass, const void *data)
{
    MachineClass *mc = MACHINE_CLASS(klass);
    PCMachineClass *pmc = PC_MACHINE_CLASS(klass);

    mc->name = "microvm";
    mc->desc = "microvm (i386)";
    mc->max_cpus = 288;
    mc->default_ram_id = "microvm.ram";
    mc->default_display = "none";
    mc->no_floppy = mc->no_cdrom = mc->no_parallel = mc->no_sdcard = true;
    mc->has_hotpluggable_cpus = false;
    mc->hotpluggable_cpus = NULL;
    mc->check_options = microvm_check_options;
    mc->init_done = microvm_init_done;
    pmc->max_ram_below_4g = UINT64_C(1) << 32;
    pmc->no_device_memory = true;
    pmc->split_ram = microvm_split_ram;
    pmc->new_host = microvm_new_host;
    pmc->init_host = microvm_init_host;
    pmc->make_isa_bridge = microvm_make_isa_bridge;
    pmc->make_interrupt_controllers = microvm_make_interrupt_controllers;
    pmc->describe = microvm_describe;
    pmc->make_devices = microvm_make_devices;
    OBJECT_CLASS_ADD_PROPERTIES(klass, microvm_props);
}

static const TypeInfo microvm_info = {
    .name = TYPE_MICROVM_MACHINE,
    .parent = TYPE_PC_MACHINE,
    .instance_size = sizeof(MicrovmState),
    .class_init = microvm_class_init,
};
TYPE_REGISTER(microvm_info);
