/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The "kvm" accelerator: opening the device, making the VM, asking what it can do.
 *
 * Everything that can fail comes before the first listener is registered, so that a
 * list such as "kvm:tcg" goes on with nothing left behind.
 *
 * Source: Documentation/virt/kvm/api.rst of the Linux kernel.
 */
#include "kvm-internal.h"

#include "accel/target/i386/kvm.h"
#include "hw/core/machine.h"
#include "memory/memory.h"
#include "softmmu/runstate.h"
#include "util/atomic.h"
#include "util/bql.h"

#include <assert.h>
#include <fcntl.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

static KvmAccel *the_kvm; /* BQL; set once while it is tried, NULL when that failed */

KvmAccel *kvm_accel(void)
{
    return the_kvm;
}

bool kvm_is_used(void)
{
    return the_kvm != NULL;
}

KvmIrqchip kvm_irqchip_get(void)
{
    return the_kvm ? the_kvm->irqchip : KVM_IRQCHIP_OFF;
}

/* --- ioctls --------------------------------------------------------------------------
 */

static int call(int fd, unsigned long request, void *arg)
{
    int ret = ioctl(fd, request, arg);

    return ret < 0 ? -errno : ret;
}

int kvm_system_ioctl(unsigned long request, void *arg)
{
    return call(the_kvm->fd, request, arg);
}

int kvm_vm_ioctl(unsigned long request, void *arg)
{
    return call(the_kvm->vm_fd, request, arg);
}

int kvm_vcpu_ioctl(VCPU *cpu, unsigned long request, void *arg)
{
    return call(kvm_vcpu(cpu)->fd, request, arg);
}

/* What a VM can do does not change, so each question is asked once. */
static int cap_known[512]; /* atomic; the answer + 1, 0: not asked yet */

int kvm_check_extension(int cap)
{
    int ret;

    assert(cap >= 0 && cap < (int)G_N_ELEMENTS(cap_known));
    ret = atomic_read(&cap_known[cap]);
    if (!ret) {
        ret = MAX(kvm_vm_ioctl(KVM_CHECK_EXTENSION, (void *)(uintptr_t)cap), 0) + 1;
        atomic_set(&cap_known[cap], ret);
    }
    return ret - 1;
}

int kvm_vm_enable_cap(int cap, uint64_t flags, uint64_t arg)
{
    struct kvm_enable_cap enable = {
        .cap = cap, .args = {flags, arg}
    };

    return kvm_vm_ioctl(KVM_ENABLE_CAP, &enable);
}

int kvm_vcpu_enable_cap(VCPU *cpu, int cap, uint64_t arg)
{
    struct kvm_enable_cap enable = { .cap = cap, .args = { arg } };

    return kvm_vcpu_ioctl(cpu, KVM_ENABLE_CAP, &enable);
}

static int vm_ioctl_op(void *opaque, unsigned long request, void *arg)
{
    return kvm_vm_ioctl(request, arg);
}

static void reap_rings(void *opaque)
{
    kvm_dirty_rings_reap(opaque);
}

/* --- Opening -------------------------------------------------------------------------
 */

static void explain_open(Error **errp, const char *device, int err)
{
    error_set_errno(errp, err, "kvm: could not open '%s'", device);
    switch (err) {
    case ENOENT:
    case ENODEV:
    case ENXIO:
        error_append_hint(errp, "The host has no KVM: load the kernel module kvm_intel "
                                "or kvm_amd and see that virtualization is on in its "
                                "firmware, or use -accel tcg.\n");
        break;
    case EACCES:
    case EPERM:
        error_append_hint(errp, "You may not use KVM: become a member of the group "
                                "that owns the device, or use -accel tcg.\n");
        break;
    default:
        break;
    }
}

static bool open_device(KvmAccel *kvm, Error **errp)
{
    int version;

    kvm->fd = open(kvm->device, O_RDWR | O_CLOEXEC);
    if (kvm->fd < 0) {
        explain_open(errp, kvm->device, errno);
        return false;
    }
    version = kvm_system_ioctl(KVM_GET_API_VERSION, NULL);
    if (version < 0) {
        return error_set_errno(errp, -version, "kvm: '%s' is no KVM device",
                               kvm->device);
    }
    if (version != KVM_API_VERSION) {
        return error_set(errp, "kvm: '%s' speaks version %d of the interface, not %d",
                         kvm->device, version, KVM_API_VERSION);
    }
    return true;
}

static bool make_vm(KvmAccel *kvm, Error **errp)
{
    int size = kvm_system_ioctl(KVM_GET_VCPU_MMAP_SIZE, NULL);

    if (size < (int)sizeof(struct kvm_run)) {
        return error_set(errp, "kvm: the shared page of a vCPU has %d bytes", size);
    }
    kvm->run_bytes = (size_t)size;
    do {
        kvm->vm_fd = kvm_system_ioctl(KVM_CREATE_VM, NULL);
    } while (kvm->vm_fd == -EINTR);
    if (kvm->vm_fd < 0) {
        return error_set_errno(errp, -kvm->vm_fd, "kvm: could not make a VM");
    }
    return true;
}

static bool check_required(Error **errp)
{
    static const struct {
        int cap;
        const char *name;
    } required[] = {
        {KVM_CAP_USER_MEMORY,                  "KVM_CAP_USER_MEMORY"                },
        { KVM_CAP_DESTROY_MEMORY_REGION_WORKS, "KVM_CAP_DESTROY_MEMORY_REGION_WORKS"},
        { KVM_CAP_IMMEDIATE_EXIT,              "KVM_CAP_IMMEDIATE_EXIT"             },
    };

    for (unsigned i = 0; i < G_N_ELEMENTS(required); i++) {
        if (!kvm_check_extension(required[i].cap)) {
            return error_set(errp, "kvm: the host's kernel is too old: it has no %s",
                             required[i].name);
        }
    }
    return true;
}

static void set_limits(KvmAccel *kvm)
{
    int slots = kvm_check_extension(KVM_CAP_NR_MEMSLOTS);
    int manual = kvm_check_extension(KVM_CAP_MANUAL_DIRTY_LOG_PROTECT2);

    kvm->limits = (KvmSlotLimits){
        .max_slots = slots > 0 ? MIN((unsigned)slots, 1u << 16) : 32,
        .phys_bits = kvm->arch->phys_bits(),
        .readonly = kvm_check_extension(KVM_CAP_READONLY_MEM),
    };
    if (!kvm->dirty_ring_size && manual) {
        /* Initially-set would report all of fresh memory as dirty: not wanted. */
        kvm->limits.manual_dirty =
            kvm_vm_enable_cap(KVM_CAP_MANUAL_DIRTY_LOG_PROTECT2,
                              KVM_DIRTY_LOG_MANUAL_PROTECT_ENABLE, 0) == 0;
    }
    kvm->limits.dirty_ring = kvm->dirty_ring_size != 0;
}

/* For "info mtree -f". */
static bool maps_memory(AddressSpace *as, hwaddr addr)
{
    return as == &address_space_memory && kvm_slots_find(&the_kvm->slots, addr);
}

static void vm_state_changed(void *opaque, bool running, RunState state)
{
    KvmAccel *kvm = opaque;

    if (kvm->arch->vm_state_changed) {
        kvm->arch->vm_state_changed(running);
    }
}

static void close_all(KvmAccel *kvm)
{
    if (kvm->vm_fd >= 0) {
        close(kvm->vm_fd);
    }
    if (kvm->fd >= 0) {
        close(kvm->fd);
    }
    kvm->fd = kvm->vm_fd = -1;
    memset(cap_known, 0, sizeof(cap_known)); /* another device may offer others */
}

static bool accel_init(AccelState *accel, MachineState *ms, Error **errp)
{
    KvmAccel *kvm = (KvmAccel *)accel;
    const char *target = MACHINE_GET_CLASS(ms)->target;

    if (target && strcmp(target, "x86_64")) {
        return error_set(errp, "kvm: this host cannot run guests for %s", target);
    }
    kvm->arch = &kvm_arch_i386;
    the_kvm = kvm;
    if (!open_device(kvm, errp) || !make_vm(kvm, errp) || !check_required(errp) ||
        !kvm->arch->init_vm(ms, errp) || !kvm_dirty_ring_init(kvm, errp) ||
        !kvm_irqchip_create(kvm, errp)) {
        close_all(kvm);
        the_kvm = NULL;
        return false;
    }
    kvm->has_smm = kvm_check_extension(KVM_CAP_X86_SMM) &&
                   kvm_check_extension(KVM_CAP_MULTI_ADDRESS_SPACE) > 1;
    kvm->ops = (KvmOps){ vm_ioctl_op, kvm_pause_begin, kvm_pause_end, reap_rings, kvm };
    kvm->parked = g_array_new(FALSE, FALSE, sizeof(ParkedVcpu));
    set_limits(kvm);
    kvm_run_init();
    kvm_slots_init(&kvm->slots, &kvm->ops, &kvm->limits, &address_space_memory, 0,
                   "kvm-memory");
    memory_set_accel_maps_hook("KVM", maps_memory);
    kvm_coalesced_init(kvm);
    kvm_eventfd_init(kvm);
    vm_add_change_state_listener(vm_state_changed, kvm);
    return true;
}

/* --- Type ----------------------------------------------------------------------------
 */

static bool has_smm(void)
{
    return the_kvm && the_kvm->has_smm;
}

/* The twins by the type they stand for; the first is in the kernel when it is split. */
static const char *device_type(const char *type)
{
    static const struct {
        const char *type, *twin;
    } twins[] = {
        {"apic",       "kvm-apic"  },
        { "ioapic",    "kvm-ioapic"},
        { "isa-i8259", "kvm-i8259" },
        { "isa-pit",   "kvm-pit"   },
    };
    unsigned n = kvm_irqchip_get() == KVM_IRQCHIP_ON      ? G_N_ELEMENTS(twins)
                 : kvm_irqchip_get() == KVM_IRQCHIP_SPLIT ? 1
                                                          : 0;

    for (unsigned i = 0; i < n; i++) {
        if (!strcmp(twins[i].type, type)) {
            return twins[i].twin;
        }
    }
    return type;
}

static void instance_init(Object *obj)
{
    KvmAccel *kvm = (KvmAccel *)obj;

    kvm->fd = kvm->vm_fd = -1;
}

static const char *const irqchip_names[] = { "auto", "on", "off", "split", NULL };

static const Property properties[] = {
    PROP_STR("device", KvmAccel, device, "/dev/kvm"),
    PROP_UINT32("dirty-ring-size", KvmAccel, dirty_ring_size, 0),
    PROP_ENUM("kernel-irqchip", KvmAccel, kernel_irqchip, irqchip_names, 0),
};

static void kvm_class_init(ObjectClass *klass, const void *data)
{
    AccelClass *ac = (AccelClass *)klass;

    ac->name = "kvm";
    ac->desc = "the host's KVM";
    ac->init = accel_init;
    ac->exec = kvm_vcpu_exec;
    ac->vcpu_prepare = kvm_vcpu_prepare;
    ac->vcpu_init = kvm_vcpu_thread_init;
    ac->vcpu_release = kvm_vcpu_release;
    ac->kick = kvm_vcpu_kick;
    ac->sync_state = kvm_vcpu_sync_state;
    ac->state_written = kvm_vcpu_state_written;
    ac->has_smm = has_smm;
    ac->device_type = device_type;
    ac->guest_is_no_reader = true;
    OBJECT_CLASS_ADD_PROPERTIES(klass, properties);
}

static const TypeInfo kvm_info = {
    .name = "kvm-accel",
    .parent = TYPE_ACCEL,
    .instance_size = sizeof(KvmAccel),
    .instance_init = instance_init,
    .class_init = kvm_class_init,
};
TYPE_REGISTER(kvm_info);
