/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kvm-rig.h"

#include "accel/accel.h"
#include "hw/core/machine.h"
#include "qapi/value.h"
#include "util/bql.h"
#include "util/event-loop.h"

#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

/* --- Registers that count ------------------------------------------------------------
 */

static void log_access(KvmRig *rig, hwaddr offset, unsigned size, bool write,
                       uint64_t value)
{
    if (rig->n_log < RIG_LOG) {
        rig->log[rig->n_log++] = (RigAccess){ offset, size, write, value };
    }
}

static uint64_t reg_read(void *opaque, hwaddr offset, unsigned size)
{
    uint64_t value = 0x8765432187654321u;

    if (size < 8) {
        value &= ((uint64_t)1 << 8 * size) - 1;
    }
    log_access(opaque, offset, size, false, value);
    return value;
}

static void reg_write(void *opaque, hwaddr offset, uint64_t value, unsigned size)
{
    log_access(opaque, offset, size, true, value);
}

static const MemoryRegionOps reg_ops = {
    .read = reg_read,
    .write = reg_write,
    .endianness = DEVICE_LITTLE_ENDIAN,
    .valid = {.min_access_size = 1,  .max_access_size = 8, .unaligned = true},
    .impl = { .min_access_size = 1, .max_access_size = 8, .unaligned = true},
};

static uint64_t romd_read(void *opaque, hwaddr offset, unsigned size)
{
    return 0x87654321;
}

static void romd_write(void *opaque, hwaddr offset, uint64_t value, unsigned size)
{
    KvmRig *rig = opaque;

    log_access(rig, offset, size, true, value);
    if (offset == 0x55) {
        memory_region_rom_device_set_romd(&rig->romd, value == 0xff);
    }
}

static const MemoryRegionOps romd_ops = {
    .read = romd_read,
    .write = romd_write,
    .endianness = DEVICE_LITTLE_ENDIAN,
    .valid = {.min_access_size = 1,  .max_access_size = 4},
    .impl = { .min_access_size = 1, .max_access_size = 4},
};

static void coalesced_write(void *opaque, hwaddr offset, uint64_t value, unsigned size)
{
    KvmRig *rig = opaque;

    rig->in_order &= value == rig->coalesced_next;
    rig->coalesced_next = value + 1;
    rig->n_coalesced++;
}

static const MemoryRegionOps coalesced_ops = {
    .read = reg_read,
    .write = coalesced_write,
    .endianness = DEVICE_LITTLE_ENDIAN,
};

/* A device that looks at the CPU's registers, and changes them, when it is accessed. */
static uint64_t meddler_read(void *opaque, hwaddr offset, unsigned size)
{
    KvmRig *rig = opaque;

    if (rig->meddle) {
        rig->meddle(rig, false);
    }
    return reg_read(opaque, offset, size);
}

static void meddler_write(void *opaque, hwaddr offset, uint64_t value, unsigned size)
{
    KvmRig *rig = opaque;

    reg_write(opaque, offset, value, size);
    if (rig->meddle) {
        rig->meddle(rig, true);
    }
}

static const MemoryRegionOps meddler_ops = {
    .read = meddler_read,
    .write = meddler_write,
    .endianness = DEVICE_LITTLE_ENDIAN,
    .valid = {.min_access_size = 1,  .max_access_size = 8, .unaligned = true},
    .impl = { .min_access_size = 1, .max_access_size = 8, .unaligned = true},
};

static void finish(KvmRig *rig, int status)
{
    rig->done = true;
    rig->status = status;
    event_loop_wake(main_loop());
}

static uint64_t done_read(void *opaque, hwaddr offset, unsigned size)
{
    return 0xff;
}

static void done_write(void *opaque, hwaddr offset, uint64_t value, unsigned size)
{
    finish(opaque, (int)value);
}

static const MemoryRegionOps done_ops = {
    .read = done_read,
    .write = done_write,
    .endianness = DEVICE_LITTLE_ENDIAN,
};

static void on_triple_fault(void *board)
{
    finish(board, -1);
}

/* --- Life ----------------------------------------------------------------------------
 */

static void make_memory(KvmRig *rig)
{
    MemoryRegion *sys = get_system_memory(), *io = get_system_io();
    uint32_t word = 0xfeedf00d;
    bool ok =
        memory_region_init_ram(&rig->ram, NULL, "ram", RIG_MMIO, &error_abort) &&
        memory_region_init_ram(&rig->high, NULL, "high", 0x1000, &error_abort) &&
        memory_region_init_rom(&rig->rom, NULL, "rom", RIG_IO_BYTES, &error_abort) &&
        memory_region_init_rom_device(&rig->romd, NULL, &romd_ops, rig, "romd",
                                      RIG_IO_BYTES, &error_abort);

    g_assert_true(ok);
    rig->ram_ptr = memory_region_get_ram_ptr(&rig->ram);
    memcpy((uint8_t *)memory_region_get_ram_ptr(&rig->rom) + 8, &word, 4);
    word = 0x600df1a5;
    memcpy(memory_region_get_ram_ptr(&rig->romd), &word, 4);
    memory_region_init_io(&rig->mmio, NULL, &reg_ops, rig, "mmio", RIG_IO_BYTES);
    memory_region_init_io(&rig->split, NULL, &reg_ops, rig, "split", RIG_IO_BYTES);
    memory_region_init_io(&rig->coalesced, NULL, &coalesced_ops, rig, "coalesced",
                          RIG_IO_BYTES);
    memory_region_set_coalescing(&rig->coalesced);
    memory_region_init_io(&rig->eventfd, NULL, &reg_ops, rig, "eventfd", RIG_IO_BYTES);
    memory_region_init_io(&rig->ports, NULL, &reg_ops, rig, "ports", 8);
    memory_region_init_io(&rig->eventfd_port, NULL, &reg_ops, rig, "eventfd-port", 8);
    memory_region_init_io(&rig->meddler, NULL, &meddler_ops, rig, "meddler",
                          RIG_IO_BYTES);
    memory_region_init_io(&rig->meddler_port, NULL, &meddler_ops, rig, "meddler-port",
                          8);
    memory_region_init_io(&rig->done_port, NULL, &done_ops, rig, "done", 1);
    memory_region_add_subregion(sys, 0, &rig->ram);
    memory_region_add_subregion(sys, 1ull << 32, &rig->high);
    memory_region_add_subregion(sys, RIG_MMIO, &rig->mmio);
    memory_region_add_subregion(sys, RIG_ROM, &rig->rom);
    memory_region_add_subregion(sys, RIG_ROMD, &rig->romd);
    memory_region_add_subregion(sys, RIG_COALESCED, &rig->coalesced);
    memory_region_add_subregion(sys, RIG_EVENTFD, &rig->eventfd);
    memory_region_add_subregion(sys, RIG_MEDDLER, &rig->meddler);
    memory_region_add_subregion(io, 0x300, &rig->ports);
    memory_region_add_subregion(io, 0x320, &rig->meddler_port);
    memory_region_add_subregion(io, 0x310, &rig->eventfd_port);
    memory_region_add_subregion(io, 0xf4, &rig->done_port);
    rig->fd_any = eventfd(0, EFD_NONBLOCK);
    rig->fd_match = eventfd(0, EFD_NONBLOCK);
    rig->fd_port = eventfd(0, EFD_NONBLOCK);
    rig->fd_port_any = eventfd(0, EFD_NONBLOCK);
    memory_region_add_eventfd(&rig->eventfd, 0, 4, false, 0, rig->fd_any);
    memory_region_add_eventfd(&rig->eventfd, 8, 4, true, 5, rig->fd_match);
    memory_region_add_eventfd(&rig->eventfd_port, 0, 2, true, 7, rig->fd_port);
    memory_region_add_eventfd(&rig->eventfd_port, 4, 2, false, 0, rig->fd_port_any);
}

/* What the CPU sees in SMM: the same with memory of its own at a0000. */
static void make_smm_view(KvmRig *rig)
{
    bool ok = memory_region_init_ram(&rig->smram, NULL, "smram", 0x20000, &error_abort);

    g_assert_true(ok);
    memory_region_init(&rig->smm_root, NULL, "smm-root", UINT64_MAX);
    memory_region_init_alias(&rig->smm_memory, NULL, "smm-memory", get_system_memory(),
                             0, UINT64_MAX);
    memory_region_add_subregion_overlap(&rig->smm_root, 0, &rig->smm_memory, 0);
    memory_region_add_subregion_overlap(&rig->smm_root, 0xa0000, &rig->smram, 1);
    address_space_init(&rig->smm_as, &rig->smm_root, "KVM-SMRAM");
}

const char *rig_feature;

static bool make_cpu(KvmRig *rig, Error **errp)
{
    X86Cpu *cpu = x86_cpu_new("qemu64" X86_CPU_TYPE_SUFFIX);

    if (rig_feature &&
        !object_property_set_bool(OBJECT(cpu), rig_feature, true, errp)) {
        return false;
    }
    x86_cpu_set_topology(cpu, 0, 1, 1, 1);
    VCPU_CAST(cpu)->index = 0; /* a board gives it before the APIC asks */
    x86_cpu_get_ops(cpu)->triple_fault = on_triple_fault;
    x86_cpu_get_state(cpu)->board = rig;
    vcpu_add_address_space(VCPU_CAST(cpu), &address_space_memory);
    if (accel_has_smm()) {
        make_smm_view(rig);
        vcpu_add_address_space(VCPU_CAST(cpu), &rig->smm_as);
    }
    if (!device_realize(DEVICE(cpu), NULL, errp)) {
        return false;
    }
    rig->cpu = cpu;
    rig->vcpu = VCPU_CAST(cpu);
    return true;
}

KvmRig *rig_new(const char *accel_options, const char *image, const char **why)
{
    static const char *const names[] = { "kvm" };
    struct json_object *props[1] = { NULL };
    KvmRig *rig = g_new0(KvmRig, 1);
    MachineState *ms = MACHINE(object_new(MACHINE_TYPE_NAME("none")));
    g_autofree char *bytes = NULL;
    Error *err = NULL;
    gsize len;

    memory_core_init();
    if (accel_options && *accel_options) {
        props[0] = keyval_parse(accel_options, NULL, &error_abort);
    }
    if (!accel_choose(names, props, 1, ms, &err)) {
        *why = g_strdup(error_get_message(err));
        error_free(err);
        return NULL;
    }
    make_memory(rig);
    if (!make_cpu(rig, &err)) {
        *why = g_strdup(error_get_message(err));
        error_free(err);
        return NULL;
    }
    if (!image) {
        return rig;
    }
    if (!g_file_get_contents(image, &bytes, &len, NULL) || len > 0x4000) {
        g_error("no image '%s'", image);
    }
    memcpy(rig->ram_ptr + 0x8000, bytes, len);
    return rig;
}

void rig_prepare(KvmRig *rig, unsigned n)
{
    X86State *st = &rig->cpu->st;

    g_assert_true(vcpu_all_stopped());
    rig->n_log = rig->n_coalesced = 0;
    rig->coalesced_next = 0;
    rig->in_order = true;
    rig->meddle = NULL;
    rig->done = false;
    rig->status = 99;
    memset(rig->ram_ptr + 0x5000, 0, 16);
    DEVICE_CLASS(OBJECT(rig->cpu)->klass)->reset_hold(DEVICE(rig->cpu));
    st->seg[X86_CS].selector = 0;
    st->seg[X86_CS].base = 0;
    st->rip = 0x8000;
    st->regs[X86_RAX].q = n;
    vcpu_state_written(rig->vcpu, VCPU_STATE_RESET);
}

void rig_start(KvmRig *rig, unsigned n)
{
    rig_prepare(rig, n);
    vcpu_resume_all();
}

void rig_wait(KvmRig *rig)
{
    while (!rig->done && !kvm_vcpu(rig->vcpu)->failed) {
        event_loop_run_once(main_loop(), true);
    }
    vcpu_pause_all();
}

void rig_run(KvmRig *rig, unsigned n)
{
    rig_start(rig, n);
    rig_wait(rig);
}

uint64_t rig_exits(KvmRig *rig, unsigned reason)
{
    return kvm_vcpu_get_exits(rig->vcpu, reason);
}

uint64_t rig_eventfd(int fd)
{
    uint64_t value = 0;

    return read(fd, &value, sizeof(value)) == (ssize_t)sizeof(value) ? value : 0;
}
