/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What PCs have in common: CPUs, memory, ISA devices, firmware, options. Wiring only;
 * each chip's registers are with the chip. The chipset is a class's own: pc-i440fx.c,
 * pc-q35.c; the hooks are in pc-internal.h.
 *
 * Global system interrupts: 0-15 are the ISA lines and drive both the 8259 pair and the
 * I/O APIC (0 reaches pin 2), 16-23 the I/O APIC alone.
 */
#include "accel/accel.h"
#include "hw/audio/pcspk.h"
#include "hw/block/fdc.h"
#include "hw/core/board-options.h"
#include "hw/core/machine.h"
#include "hw/core/or-irq.h"
#include "hw/core/sysbus.h"
#include "hw/dma/i8257.h"
#include "hw/i386/firmware.h"
#include "hw/i386/pc-internal.h"
#include "hw/intc/apic.h"
#include "hw/misc/kvmvapic.h"
#include "hw/misc/port92.h"
#include "hw/rtc/mc146818rtc.h"
#include "hw/timer/i8254.h"
#include "qapi/value.h"
#include "softmmu/block.h"
#include "softmmu/net.h"
#include "softmmu/runstate.h"

#include <json-c/json.h>
#include <string.h>

#define GIB       (1ull << 30)
#define HPET_BASE 0xfed00000u

/* --- Lines ------------------------------------------------------------------------ */

static void a20_set(void *opaque, int n, int level)
{
    for (VCPU *cpu = vcpu_first(); cpu; cpu = vcpu_next(cpu)) {
        x86_cpu_set_a20(X86_CPU(cpu), level);
    }
}

/* INT of the 8259s: to the local APICs, or to a processor that has none. */
static void intr_line(void *opaque, int n, int level)
{
    PCMachineState *pc = opaque;
    VCPU *cpu = vcpu_first();

    if (cpu && !x86_cpu_has_apic(X86_CPU(cpu)) && !accel_is("kvm")) {
        x86_cpu_set_intr(X86_CPU(cpu), level);
    } else {
        irq_set(gsi_get_pic_intr(&pc->gsi), level);
    }
}

static void reset_line(void *opaque, int n, int level)
{
    if (level) {
        system_reset_request(SHUTDOWN_CAUSE_GUEST_RESET);
    }
}

/* SMIs of the chipset go to the boot processor. */
static void smi_line(void *opaque, int n, int level)
{
    VCPU *cpu = vcpu_first();

    if (level && cpu) {
        x86_cpu_smi(X86_CPU(cpu));
    }
}

static void smi_all_line(void *opaque, int n, int level)
{
    for (VCPU *cpu = vcpu_first(); level && cpu; cpu = vcpu_next(cpu)) {
        x86_cpu_smi(X86_CPU(cpu));
    }
}

static void poweroff_line(void *opaque, int n, int level)
{
    if (level) {
        system_shutdown_request(SHUTDOWN_CAUSE_GUEST_SHUTDOWN);
    }
}

static void suspend_line(void *opaque, int n, int level)
{
    if (level) {
        system_suspend_request();
    }
}

static void power_button(void *opaque)
{
    PCMachineState *pc = opaque;

    PC_MACHINE_GET_CLASS(pc)->power_button(pc);
}

static void wakeup(void *opaque, WakeupReason reason)
{
    PCMachineState *pc = opaque;

    PC_MACHINE_GET_CLASS(pc)->wakeup(pc, reason);
}

static int board_pic_read_irq(void *opaque)
{
    PCMachineState *pc = opaque;

    return i8259_acknowledge(pc->pic);
}

static void board_set_ferr(void *opaque, int level)
{
    PCMachineState *pc = opaque;

    pc_ports_set_ferr(&pc->ports, level);
}

static void board_triple_fault(void *opaque)
{
    system_reset_request(SHUTDOWN_CAUSE_GUEST_RESET);
}

/* --- Memory ----------------------------------------------------------------------- */

static void split_ram(PCMachineState *pc)
{
    MachineState *ms = MACHINE(pc);

    pc->below_4g = PC_MACHINE_GET_CLASS(pc)->split_ram(pc, ms->ram_size);
    pc->above_4g = ms->ram_size - pc->below_4g;
}

uint64_t pc_check_split(const PCMachineState *pc, uint64_t below_4g)
{
    if (below_4g & (GIB - 1)) {
        warn_report("Large machine and max_ram_below_4g (%" PRIu64
                    ") not a multiple of 1G; possible bad performance.",
                    pc->max_ram_below_4g);
    }
    return below_4g;
}

static void map_ram(PCMachineState *pc)
{
    MachineState *ms = MACHINE(pc);

    memory_region_init_alias(&pc->ram_below, OBJECT(pc), "ram-below-4g", ms->ram, 0,
                             pc->below_4g);
    memory_region_add_subregion(get_system_memory(), 0, &pc->ram_below);
    if (pc->above_4g) {
        memory_region_init_alias(&pc->ram_above, OBJECT(pc), "ram-above-4g", ms->ram,
                                 pc->below_4g, pc->above_4g);
        memory_region_add_subregion(get_system_memory(), 4 * GIB, &pc->ram_above);
    }
}

/* The window for DIMMs: after all RAM, with one GiB more per slot for their alignment.
 */
static bool map_device_memory(PCMachineState *pc, Error **errp)
{
    MachineState *ms = MACHINE(pc);

    if (ms->maxram_size == ms->ram_size || PC_MACHINE_GET_CLASS(pc)->no_device_memory) {
        return true;
    }
    if (ms->maxram_size % TARGET_PAGE_SIZE) {
        return error_set(errp,
                         "maximum memory size must by aligned to multiple of %d bytes",
                         (int)TARGET_PAGE_SIZE);
    }
    uint64_t base = (4 * GIB + pc->above_4g + GIB - 1) & ~(GIB - 1);
    uint64_t size = ms->maxram_size - ms->ram_size + ms->ram_slots * GIB;
    if (base + size < size) {
        return error_set(errp, "unsupported amount of maximum memory: 0x%" PRIx64,
                         ms->maxram_size);
    }
    ms->device_memory = g_new0(DeviceMemoryState, 1);
    ms->device_memory->base = base;
    memory_region_init(&ms->device_memory->mr, OBJECT(pc), "device-memory", size);
    memory_region_add_subregion(get_system_memory(), base, &ms->device_memory->mr);
    return true;
}

/* --- Board devices ---------------------------------------------------------------- */

static bool make_isa(PCMachineState *pc, const char *type, Error **errp)
{
    return isa_realize_and_unref(isa_new(type), pc->isa, errp);
}

static void make_interrupt_controllers(PCMachineState *pc)
{
    IrqLine *lines[ISA_NUM_IRQS];

    if (PC_MACHINE_GET_CLASS(pc)->make_interrupt_controllers) {
        PC_MACHINE_GET_CLASS(pc)->make_interrupt_controllers(pc);
        return;
    }
    gsi_init(&pc->gsi);
    isa_bus_register_input_irqs(pc->isa, pc->gsi.isa);
    i8257_init(pc->isa);
    pc->pic = i8259_init(pc->isa, &pc->intr, lines);
    gsi_connect_pic(&pc->gsi, lines);
    if (!PC_MACHINE_GET_CLASS(pc)->is_isa_only) {
        gsi_connect_ioapic(&pc->gsi, ioapic_init(pc->host));
    }
}

/* The HPET takes over the lines of the PIT and the RTC in its legacy replacement mode.
 */
static bool make_timers(PCMachineState *pc, Error **errp)
{
    IrqLine *pit_irq = gsi_get_line(&pc->gsi, 0), *rtc_irq = NULL;

    if (pc->hpet) {
        DeviceState *hpet = device_new("hpet");
        device_prop_set_uint(hpet, "hpet-intcap",
                             PC_MACHINE_GET_CLASS(pc)->hpet_intcap);
        if (!sysbus_realize_and_unref(SYSBUS_DEVICE(hpet), errp)) {
            return false;
        }
        sysbus_mmio_map(SYSBUS_DEVICE(hpet), get_system_memory(), 0, HPET_BASE);
        for (int i = 0; i < GSI_COUNT; i++) {
            sysbus_connect_irq(SYSBUS_DEVICE(hpet), i, gsi_get_line(&pc->gsi, i));
        }
        pit_irq = device_get_gpio_in(hpet, 0);
        rtc_irq = device_get_gpio_in(hpet, 1);
        pc->hpet_dev = hpet;
    }
    pc->rtc = mc146818_rtc_init(pc->isa, 0, rtc_irq);
    object_property_add_const_link(OBJECT(pc), "rtc", OBJECT(pc->rtc));
    pc->pit = i8254_init(pc->isa, 0x40, pit_irq);
    if (pc->hpet_dev) {
        device_connect_gpio_out(pc->hpet_dev, 0,
                                device_get_gpio_in(DEVICE(pc->pit), 0));
    }
    pcspk_init(pc->isa, pc->pit);
    return true;
}

static bool make_ports(PCMachineState *pc, Error **errp)
{
    BoardOptions *board = MACHINE(pc)->board;

    for (int i = 0; i < BOARD_MAX_SERIAL; i++) {
        if (board->serial[i]) {
            ISADevice *dev = isa_new("isa-serial");
            device_prop_set_uint(DEVICE(dev), "index", (uint64_t)i);
            device_prop_set_chr(OBJECT(dev), "chardev", board->serial[i]);
            if (!isa_realize_and_unref(dev, pc->isa, errp)) {
                return false;
            }
        }
    }
    for (int i = 0; i < BOARD_MAX_PARALLEL; i++) {
        if (board->parallel[i]) {
            ISADevice *dev = isa_new("isa-parallel");
            device_prop_set_uint(DEVICE(dev), "index", (uint64_t)i);
            device_prop_set_chr(OBJECT(dev), "chardev", board->parallel[i]);
            if (!isa_realize_and_unref(dev, pc->isa, errp)) {
                return false;
            }
        }
    }
    return true;
}

/* The controller is always there; its drives are the -fda and -drive if=floppy ones. */
static bool make_floppy(PCMachineState *pc, Error **errp)
{
    ISADevice *fdc = isa_new("isa-fdc");

    pc->fdc = DEVICE(fdc);
    if (!isa_realize_and_unref(fdc, pc->isa, errp)) {
        return false;
    }
    for (int unit = 0; unit < 2; unit++) {
        DriveInfo *drive = drive_get(IF_FLOPPY, 0, unit);
        if (!drive) {
            continue;
        }
        DeviceState *dev = device_new("floppy");
        device_prop_set_uint(dev, "unit", (uint64_t)unit);
        device_prop_set_str(dev, "drive", blk_get_name(drive->blk));
        if (!device_realize_and_unref(dev, BUS(pc->fdc->child_buses->data), errp)) {
            return false;
        }
    }
    return true;
}

/* A device with an output "a20", to input @n of the gate. */
static bool make_a20_source(PCMachineState *pc, const char *type, DeviceState *gate,
                            int n, Error **errp)
{
    ISADevice *dev = isa_new(type);

    if (!isa_realize_and_unref(dev, pc->isa, errp)) {
        return false;
    }
    device_connect_gpio_out_named(DEVICE(dev), "a20", 0, device_get_gpio_in(gate, n));
    return true;
}

/* A20 is on when the keyboard controller or port 92 says so; a missing one's input is
 * pulled up. */
static bool make_keyboard(PCMachineState *pc, Error **errp)
{
    DeviceState *gate = or_irq_new(OBJECT(pc), "a20-gate", 2, &pc->a20);

    if (!pc->i8042) {
        irq_set(device_get_gpio_in(gate, 0), 1);
    } else if (!make_a20_source(pc, "i8042", gate, 0, errp)) {
        return false;
    }
    if (pc->vmport == ON_OFF_AUTO_ON) {
        if (!make_isa(pc, "vmport", errp) ||
            (pc->i8042 && !make_isa(pc, "vmmouse", errp))) {
            return false;
        }
    }
    return make_a20_source(pc, "port92", gate, 1, errp);
}

bool pc_make_network(PCMachineState *pc, Error **errp)
{
    for (unsigned i = 0; i < nic_count(); i++) {
        NicInfo *nic = nic_get(i);
        const char *model =
            nic->model ? nic->model : MACHINE_GET_CLASS(pc)->default_nic;
        ObjectClass *klass = object_class_by_name(model);
        if (!klass || !object_class_is_a(klass, TYPE_PCI_DEVICE)) {
            return error_set(errp, "Unsupported NIC model: %s", model);
        }
        PCIDevice *dev = pci_new(PCI_DEVFN_AUTO, model);
        nic_set_properties(nic, OBJECT(dev));
        if (!pci_realize_and_unref(dev, pc->pci, errp)) {
            return false;
        }
    }
    return true;
}

bool pc_connect_power_management(PCMachineState *pc, DeviceState *pm, Error **errp)
{
    MachineState *ms = MACHINE(pc);

    pc->pm = pm;
    system_add_powerdown_listener(power_button, pc);
    system_add_wakeup_listener(wakeup, pc);
    for (guint i = 0; i < ms->cpus->len; i++) {
        DeviceState *cpu = g_ptr_array_index(ms->cpus, i);
        if (cpu && !hotplug_handler_plug(OBJECT(pm), cpu, errp)) {
            return false;
        }
    }
    return true;
}

/* --- Firmware --------------------------------------------------------------------- */

static PcFloppyDrive floppy_drive(void *opaque, unsigned n)
{
    PCMachineState *pc = opaque;

    if (!pc->fdc) {
        return (PcFloppyDrive){ PC_FLOPPY_NONE, 0, 0, 0 };
    }
    FloppyDriveInfo info = isa_fdc_get_drive_info(pc->fdc, n);

    return (PcFloppyDrive){ (PcFloppyType)info.cmos_type, info.max_cylinder,
                            info.max_head, info.max_sector };
}

static bool setup_firmware(PCMachineState *pc, Error **errp)
{
    MachineState *ms = MACHINE(pc);
    int *cpu_nodes = g_new(int, ms->smp.max_cpus); /* as long as the machine */

    for (unsigned i = 0; i < ms->smp.max_cpus; i++) {
        cpu_nodes[i] = machine_get_cpu_node(ms, i);
    }
    PcFirmwareConfig config = {
        .machine = ms,
        .pci_memory = &pc->pci_memory,
        .ram_below_4g = pc->below_4g,
        .ram_above_4g = pc->above_4g,
        .cpu_apic_ids = pc->apic_ids,
        .cpu_nodes = cpu_nodes,
        .smm = pc->smm == ON_OFF_AUTO_ON,
        .acpi = pc->acpi != ON_OFF_AUTO_OFF,
        .hpet = pc->hpet,
        .hpet_id = 0x8086a201,
        .s4_value = 2,
        .pci_bus = pc->pci,
        .isa_bus = BUS(pc->isa),
        .floppy_drive = floppy_drive,
        .opaque = pc,
    };

    PC_MACHINE_GET_CLASS(pc)->describe(pc, &config);

    if (ms->cpus->len) {
        X86Cpu *cpu = X86_CPU(g_ptr_array_index(ms->cpus, 0));
        uint32_t regs[4];

        config.cpu_vendor_amd = x86_cpu_is_amd(cpu);
        x86_cpu_get_cpuid(cpu, 1, 0, regs);
        config.cpuid_1_eax = regs[0];
        config.cpuid_1_edx = regs[3];
    }
    pc->fw = pc_firmware_setup(&config, errp);
    return pc->fw != NULL;
}

/* --- Life ------------------------------------------------------------------------- */

static void configure_rtc(const BoardOptions *board)
{
    RtcConfig config = {
        .localtime = board->rtc_localtime,
        .has_date = board->rtc_has_base,
        .date = board->rtc_base_ns / NANOSECONDS_PER_SECOND,
        .clock = board->rtc_clock_is_virtual ? VIRTUAL_CLOCK : HOST_CLOCK,
    };

    rtc_configure(&config);
}

static bool make_chipset(PCMachineState *pc, Error **errp)
{
    PCMachineClass *pmc = PC_MACHINE_GET_CLASS(pc);

    pmc->new_host(pc);
    memory_region_init(&pc->pci_memory, OBJECT(pc), "pci", UINT64_MAX);
    if (!pc_make_cpus(pc, errp)) {
        return false;
    }
    if (!pmc->is_isa_only) {
        kvmvapic_init(MACHINE(pc)->ram);
    }
    if (accel_is("kvm") &&
        !sysbus_realize_and_unref(SYSBUS_DEVICE(device_new("kvmclock")), errp)) {
        return false;
    }
    if (!pmc->init_host(pc, errp) || !pc_realize_cpus(pc, errp) ||
        !pmc->make_isa_bridge(pc, errp)) {
        return false;
    }
    make_interrupt_controllers(pc);
    return true;
}

bool pc_make_display(PCMachineState *pc, Error **errp)
{
    const char *vga = MACHINE(pc)->board->vga;

    return !strcmp(vga, "none") ||
           pci_create_simple(pc->pci, PCI_DEVFN_AUTO,
                             strcmp(vga, "cirrus") ? "VGA" : "cirrus-vga", errp);
}

bool pc_make_isa_devices(PCMachineState *pc, Error **errp)
{
    pc_ports_init(&pc->ports, get_system_io(), gsi_get_line(&pc->gsi, 13));
    return make_timers(pc, errp) && make_ports(pc, errp) &&
           (!PC_MACHINE_GET_CLASS(pc)->has_floppy || make_floppy(pc, errp)) &&
           make_keyboard(pc, errp);
}

static bool pc_init(MachineState *ms, Error **errp)
{
    PCMachineState *pc = PC_MACHINE(ms);

    pc->cpu_ops.pic_read_irq = board_pic_read_irq;
    pc->cpu_ops.set_ferr = board_set_ferr;
    pc->cpu_ops.triple_fault = board_triple_fault;
    irq_init(&pc->a20, a20_set, pc, 0);
    irq_init(&pc->intr, intr_line, pc, 0);
    irq_init(&pc->reset, reset_line, pc, 0);
    irq_init(&pc->smi, smi_line, pc, 0);
    irq_init(&pc->smi_all, smi_all_line, pc, 0);
    irq_init(&pc->poweroff, poweroff_line, pc, 0);
    irq_init(&pc->suspend, suspend_line, pc, 0);
    configure_rtc(ms->board);
    split_ram(pc);
    map_ram(pc);
    if (!map_device_memory(pc, errp) || !make_chipset(pc, errp) ||
        !setup_firmware(pc, errp)) {
        return false;
    }
    if (!PC_MACHINE_GET_CLASS(pc)->make_devices(pc, errp)) {
        return false;
    }
    return !pc->rtc || pc_firmware_setup_cmos(pc->fw, DEVICE(pc->rtc), errp);
}

static bool pc_init_done(MachineState *ms, Error **errp)
{
    return pc_firmware_finish(PC_MACHINE(ms)->fw, errp);
}

static bool pc_check_options(MachineState *ms, Error **errp)
{
    PCMachineState *pc = PC_MACHINE(ms);

    if (pc->vmport == ON_OFF_AUTO_AUTO) {
        pc->vmport = ON_OFF_AUTO_ON;
    }
    if (pc->smm == ON_OFF_AUTO_AUTO) {
        pc->smm =
            accel_is("qtest") || !accel_has_smm() ? ON_OFF_AUTO_OFF : ON_OFF_AUTO_ON;
    }
    if (pc->smm == ON_OFF_AUTO_ON && !accel_has_smm()) {
        return error_set(errp,
                         "System Management Mode not supported by this hypervisor.");
    }
    if (ms->usb) {
        return error_set(errp, "the board's USB controller is not built");
    }
    return true;
}

/* --- Properties ------------------------------------------------------------------- */

static struct json_object *get_max_ram(Object *obj, const Property *prop)
{
    return value_new_uint64(PC_MACHINE(obj)->max_ram_below_4g);
}

static bool set_max_ram(Object *obj, const Property *prop, struct json_object *value,
                        Error **errp)
{
    uint64_t size;

    if (!value_get_size(value, prop->name, &size, errp)) {
        return false;
    }
    if (size > 4 * GIB) {
        return error_set(errp,
                         "Machine option 'max-ram-below-4g=%" PRIu64
                         "' expects size less than or equal to 4G",
                         size);
    }
    if (size < 1 << 20) {
        warn_report("Only %" PRIu64 " bytes of RAM below the 4GiB boundary,"
                    "BIOS may not work with less than 1MiB",
                    size);
    }
    PC_MACHINE(obj)->max_ram_below_4g = size;
    return true;
}

static const Property pc_props[] = {
    PROP_ON_OFF_AUTO("acpi", PCMachineState, acpi, ON_OFF_AUTO_AUTO),
    PROP_ON_OFF_AUTO("smm", PCMachineState, smm, ON_OFF_AUTO_AUTO),
    PROP_ON_OFF_AUTO("vmport", PCMachineState, vmport, ON_OFF_AUTO_AUTO),
    PROP_BOOL("hpet", PCMachineState, hpet, true),
    PROP_BOOL("i8042", PCMachineState, i8042, true),
    PROP_BOOL("smbus", PCMachineState, smbus, true),
    PROP_BOOL("nvdimm", PCMachineState, nvdimm, false),
    PROP_CUSTOM("max-ram-below-4g", "size", get_max_ram, set_max_ram),
};

static void pc_instance_init(Object *obj)
{
    PC_MACHINE(obj)->max_ram_below_4g = PC_MACHINE_GET_CLASS(obj)->max_ram_below_4g;
}

static void pc_machine_class_init(ObjectClass *klass, const void *data)
{
    MachineClass *mc = MACHINE_CLASS(klass);
    HotplugHandlerClass *hc = object_class_cast(klass, TYPE_HOTPLUG_HANDLER);

    mc->target = "x86_64";
    mc->default_ram_id = "pc.ram";
    mc->default_cpu_type = "qemu64-x86_64-cpu";
    mc->default_display = "std";
    mc->has_hotpluggable_cpus = true;
    mc->check_options = pc_check_options;
    mc->init = pc_init;
    mc->init_done = pc_init_done;
    mc->get_hotplug_handler = pc_get_hotplug_handler;
    mc->hotpluggable_cpus = pc_hotpluggable_cpus;
    pc_hotplug_class_init(hc);
    OBJECT_CLASS_ADD_PROPERTIES(klass, pc_props);
}

static const char *const pc_interfaces[] = { TYPE_HOTPLUG_HANDLER, NULL };
static const TypeInfo pc_machine_info = {
    .name = TYPE_PC_MACHINE,
    .parent = TYPE_MACHINE,
    .instance_size = sizeof(PCMachineState),
    .class_size = sizeof(PCMachineClass),
    .abstract = true,
    .instance_init = pc_instance_init,
    .class_init = pc_machine_class_init,
    .interfaces = pc_interfaces,
};
TYPE_REGISTER(pc_machine_info);
