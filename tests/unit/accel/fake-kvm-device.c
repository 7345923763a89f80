/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fake-kvm-device.h"

#include "util/atomic.h"

#include <errno.h>
#include <stdarg.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

enum { RUN_PAGES = 3, RING_MAX = 65536 };

FakeDevice fake_device;

int __real_ioctl(int fd, unsigned long request, void *arg);
int __wrap_ioctl(int fd, unsigned long request, ...);

void fake_device_init(void)
{
    static const struct {
        int cap, value;
    } offered[] = {
        {KVM_CAP_USER_MEMORY,                  1   },
        { KVM_CAP_DESTROY_MEMORY_REGION_WORKS, 1   },
        { KVM_CAP_IMMEDIATE_EXIT,              1   },
        { KVM_CAP_IRQCHIP,                     1   },
        { KVM_CAP_IRQ_ROUTING,                 1024},
        { KVM_CAP_SIGNAL_MSI,                  1   },
        { KVM_CAP_SPLIT_IRQCHIP,               1   },
        { KVM_CAP_NR_MEMSLOTS,                 509 },
        { KVM_CAP_READONLY_MEM,                1   },
        { KVM_CAP_MANUAL_DIRTY_LOG_PROTECT2,   3   },
        { KVM_CAP_XSAVE,                       1   },
        { KVM_CAP_XSAVE2,                      4096},
        { KVM_CAP_XCRS,                        1   },
        { KVM_CAP_SREGS2,                      1   },
        { KVM_CAP_COALESCED_MMIO,              2   },
        { KVM_CAP_COALESCED_PIO,               1   },
        { KVM_CAP_IOEVENTFD,                   1   },
        { KVM_CAP_EXCEPTION_PAYLOAD,           1   },
        { KVM_CAP_X86_TRIPLE_FAULT_EVENT,      1   },
        { KVM_CAP_SET_IDENTITY_MAP_ADDR,       1   },
        { KVM_CAP_KVMCLOCK_CTRL,               1   },
    };

    fake_device = (FakeDevice){ .api_version = KVM_API_VERSION };
    for (unsigned i = 0; i < G_N_ELEMENTS(offered); i++) {
        fake_device.caps[offered[i].cap] = offered[i].value;
    }
    for (unsigned i = 0; i < 2; i++) {
        fake_kvm_init(&fake_device.slots[i], 509);
    }
}

FakeCpu *fake_cpu(unsigned long id)
{
    for (unsigned i = 0; i < fake_device.n_cpus; i++) {
        if (fake_device.cpus[i].id == id) {
            return &fake_device.cpus[i];
        }
    }
    g_assert_not_reached();
}

void fake_script(FakeCpu *cpu, const FakeStep *steps, unsigned n)
{
    g_assert_cmpuint(n, <=, FAKE_MAX_STEPS);
    memcpy(cpu->steps, steps, n * sizeof(*steps));
    cpu->n_steps = n;
    cpu->at = 0;
    cpu->pending = NULL;
}

static struct kvm_dirty_gfn *ring_of(FakeCpu *cpu)
{
    return (void *)((char *)cpu->run + KVM_DIRTY_LOG_PAGE_OFFSET * KVM_PAGE_SIZE);
}

static unsigned ring_entries(void)
{
    return (unsigned)(fake_device.enabled[KVM_CAP_DIRTY_LOG_RING_ACQ_REL] /
                      sizeof(struct kvm_dirty_gfn));
}

void fake_ring_push(FakeCpu *cpu, uint32_t slot, uint64_t page)
{
    struct kvm_dirty_gfn *e = &ring_of(cpu)[cpu->ring_next++ % ring_entries()];

    g_assert_cmphex(e->flags, ==, 0);
    e->slot = slot;
    e->offset = page;
    atomic_store_release(&e->flags, KVM_DIRTY_GFN_F_DIRTY);
}

static void reset_rings(void)
{
    for (unsigned c = 0; c < fake_device.n_cpus; c++) {
        for (unsigned i = 0; i < ring_entries(); i++) {
            struct kvm_dirty_gfn *e = &ring_of(&fake_device.cpus[c])[i];

            e->flags = e->flags & KVM_DIRTY_GFN_F_RESET ? 0 : e->flags;
        }
    }
    fake_device.n_ring_resets++;
}

uint64_t fake_msr(const FakeCpu *cpu, uint32_t index)
{
    for (unsigned i = 0; i < cpu->n_msrs; i++) {
        if (cpu->msrs[i].index == index) {
            return cpu->msrs[i].data;
        }
    }
    return 0;
}

/* --- A vCPU --------------------------------------------------------------------------
 */

static bool is_access(const FakeStep *s)
{
    return s->reason == KVM_EXIT_IO || s->reason == KVM_EXIT_MMIO;
}

/* What the instruction leaves in the registers: an IN in RAX, a load in RCX. */
static void complete(FakeCpu *c, const FakeStep *s)
{
    const uint8_t *data = s->reason == KVM_EXIT_IO
                              ? (uint8_t *)c->run + c->run->io.data_offset
                              : c->run->mmio.data;
    uint64_t value = 0, keep = s->size < 4 ? UINT64_MAX << 8 * s->size : 0;
    __u64 *to = s->reason == KVM_EXIT_IO ? &c->regs.rax : &c->regs.rcx;

    c->n_completed++;
    if (!s->write) {
        memcpy(&value, data, s->size);
        *to = (*to & keep) | value;
    }
    if (!s->again) {
        c->regs.rip += 2;
    }
}

static void fill(FakeCpu *c, const FakeStep *s)
{
    struct kvm_run *run = c->run;

    run->exit_reason = s->reason;
    run->flags = s->flags;
    switch (s->reason) {
    case KVM_EXIT_IO:
        run->io.direction = s->write ? KVM_EXIT_IO_OUT : KVM_EXIT_IO_IN;
        run->io.size = (uint8_t)s->size;
        run->io.port = (uint16_t)s->addr;
        run->io.count = MAX(s->count, 1u);
        run->io.data_offset = KVM_PAGE_SIZE;
        for (uint32_t i = 0; i < run->io.count; i++) {
            memcpy((char *)run + KVM_PAGE_SIZE + i * s->size, &s->data, s->size);
        }
        break;
    case KVM_EXIT_MMIO:
        run->mmio.phys_addr = s->addr;
        run->mmio.len = s->size;
        run->mmio.is_write = s->write;
        memcpy(run->mmio.data, &s->data, 8);
        break;
    case KVM_EXIT_INTERNAL_ERROR:
        run->internal.suberror = (uint32_t)s->data;
        run->internal.ndata = 200; /* more than there is room for */
        break;
    case KVM_EXIT_SYSTEM_EVENT:
        run->system_event.type = (uint32_t)s->data;
        break;
    case KVM_EXIT_IOAPIC_EOI:
        run->eoi.vector = (uint8_t)s->data;
        break;
    case KVM_EXIT_FAIL_ENTRY:
        run->fail_entry.hardware_entry_failure_reason = s->data;
        break;
    default:
        break;
    }
}

static int interrupted(FakeCpu *c)
{
    c->run->exit_reason = KVM_EXIT_INTR;
    return -EINTR;
}

static int run_locked(FakeCpu *c)
{
    const FakeStep *s = c->pending;

    if (s) {
        c->pending = NULL;
        complete(c, s);
    }
    if (atomic_read(&c->run->immediate_exit) && !(s && s->again)) {
        return interrupted(c);
    }
    s = c->at < c->n_steps ? &c->steps[c->at++] : NULL;
    if (!s || s->wait) {
        while (!atomic_read(&c->run->immediate_exit)) {
            g_usleep(500);
        }
        return interrupted(c);
    }
    if (s->enter) {
        s->enter(c, c->run);
    }
    if (s->err) {
        return -s->err;
    }
    fill(c, s);
    c->pending = is_access(s) ? s : NULL;
    return 0;
}

static int run(FakeCpu *c)
{
    int ret;

    c->has_run = true;
    g_assert_cmpuint(atomic_xchg(&c->in_run, 1), ==, 0);
    ret = run_locked(c);
    atomic_xchg(&c->in_run, 0);
    return ret;
}

static int get_msrs(FakeCpu *c, struct kvm_msrs *m)
{
    for (uint32_t i = 0; i < m->nmsrs; i++) {
        m->entries[i].data = fake_msr(c, m->entries[i].index);
    }
    return (int)m->nmsrs;
}

static void set_msr(FakeCpu *c, const struct kvm_msr_entry *e)
{
    for (unsigned i = 0; i < c->n_msrs; i++) {
        if (c->msrs[i].index == e->index) {
            c->msrs[i].data = e->data;
            return;
        }
    }
    if (e->data && c->n_msrs < FAKE_MAX_MSRS) {
        c->msrs[c->n_msrs++] = *e;
    }
}

static int set_msrs(FakeCpu *c, const struct kvm_msrs *m)
{
    for (uint32_t i = 0; i < m->nmsrs; i++) {
        if (fake_device.refused_msr && m->entries[i].index == fake_device.refused_msr) {
            return (int)i;
        }
        set_msr(c, &m->entries[i]);
    }
    return (int)m->nmsrs;
}

static int set_debug(FakeCpu *c, const struct kvm_guest_debug *d)
{
    if (fake_device.refuse_block_irq && d->control & KVM_GUESTDBG_BLOCKIRQ) {
        return -EINVAL;
    }
    c->debug = *d;
    return 0;
}

static int set_nested(FakeCpu *c, const struct kvm_nested_state *n)
{
    g_assert_cmpuint(n->size, >=, 8);
    memcpy(&c->nested, n, MIN(n->size, (uint32_t)sizeof(c->nested)));
    c->nested_bytes = n->size;
    return 0;
}

#define GET(field)                                \
    do {                                          \
        memcpy(arg, &c->field, sizeof(c->field)); \
        return 0;                                 \
    } while (0)
#define PUT(field)                                                  \
    do {                                                            \
        g_assert_null(c->pending); /* it would cancel the access */ \
        memcpy(&c->field, arg, sizeof(c->field));                   \
        return 0;                                                   \
    } while (0)

static int put_regs(FakeCpu *c, const void *arg)
{
    c->n_put++;
    PUT(regs);
}

static int cpu_call(FakeCpu *c, unsigned long request, void *arg)
{
    switch (request) {
    case KVM_RUN:
        return run(c);
    case KVM_GET_REGS:
        GET(regs);
    case KVM_SET_REGS:
        return put_regs(c, arg);
    case KVM_GET_SREGS:
        memcpy(arg, &c->sregs, offsetof(struct kvm_sregs, interrupt_bitmap));
        return 0;
    case KVM_GET_SREGS2:
        GET(sregs);
    case KVM_SET_SREGS:
        g_assert_null(c->pending);
        memcpy(&c->sregs, arg, offsetof(struct kvm_sregs, interrupt_bitmap));
        return 0;
    case KVM_GET_FPU:
        GET(fpu);
    case KVM_SET_FPU:
        PUT(fpu);
    case KVM_GET_XSAVE:
        GET(xsave);
    case KVM_SET_XSAVE:
        PUT(xsave);
    case KVM_GET_XCRS:
        GET(xcrs);
    case KVM_SET_XCRS:
        PUT(xcrs);
    case KVM_GET_DEBUGREGS:
        GET(debugregs);
    case KVM_SET_DEBUGREGS:
        PUT(debugregs);
    case KVM_GET_VCPU_EVENTS:
        GET(events);
    case KVM_SET_VCPU_EVENTS:
        PUT(events);
    case KVM_GET_MP_STATE:
        GET(mp);
    case KVM_SET_MP_STATE:
        PUT(mp);
    case KVM_GET_LAPIC:
        GET(lapic);
    case KVM_SET_LAPIC:
        PUT(lapic);
    case KVM_GET_MSRS:
        return get_msrs(c, arg);
    case KVM_SET_MSRS:
        return set_msrs(c, arg);
    case KVM_GET_NESTED_STATE:
        GET(nested);
    case KVM_SET_NESTED_STATE:
        return set_nested(c, arg);
    case KVM_SET_GUEST_DEBUG:
        return set_debug(c, arg);
    case KVM_INTERRUPT:
        c->last_vector = ((struct kvm_interrupt *)arg)->irq;
        c->n_interrupts++;
        c->events.interrupt.injected = 1;
        c->events.interrupt.nr = (uint8_t)c->last_vector;
        return 0;
    case KVM_NMI:
        c->n_nmi++;
        return 0;
    case KVM_KVMCLOCK_CTRL:
        fake_device.n_told_paused++;
        return 0;
    case KVM_SMI:
        c->n_smi++;
        return 0;
    case KVM_SET_CPUID2: /* as newer kernels */
        return c->has_run ? -EINVAL : 0;
    default:
        return -ENOTTY;
    }
}

/* --- The VM --------------------------------------------------------------------------
 */

static int create_cpu(unsigned long id)
{
    FakeCpu *c = &fake_device.cpus[fake_device.n_cpus];
    size_t bytes = KVM_DIRTY_LOG_PAGE_OFFSET * KVM_PAGE_SIZE +
                   RING_MAX * sizeof(struct kvm_dirty_gfn);

    fake_device.n_creations++;
    for (unsigned i = 0; i < fake_device.n_cpus; i++) {
        if (fake_device.cpus[i].id == id) {
            return -EEXIST;
        }
    }
    g_assert_cmpuint(fake_device.n_cpus, <, FAKE_MAX_CPUS);
    *c = (FakeCpu){
        .id = id, .xcrs = {.nr_xcrs = 1, .xcrs[0].value = 1}
    };
    c->fd = memfd_create("fake-vcpu", MFD_CLOEXEC);
    g_assert_cmpint(c->fd, >=, 0);
    g_assert_cmpint(ftruncate(c->fd, (off_t)bytes), ==, 0);
    c->run = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, c->fd, 0);
    g_assert_true(c->run != MAP_FAILED);
    c->nested.size = sizeof(c->nested.hdr) + 8;
    fake_device.n_cpus++;
    return c->fd;
}

static int set_region(unsigned long request, struct kvm_userspace_memory_region *r)
{
    FakeKvm *f = &fake_device.slots[r->slot >> 16 & 1];

    /* S3: nobody is in the guest. */
    f->paused = true;
    for (unsigned i = 0; i < fake_device.n_cpus; i++) {
        f->paused &= !atomic_read(&fake_device.cpus[i].in_run);
    }
    return f->ops.vm_ioctl(f, request, r);
}

static int enable(const struct kvm_enable_cap *e)
{
    g_assert_cmpuint(e->cap, <, FAKE_CAPS);
    if (!fake_device.caps[e->cap]) {
        return -EINVAL;
    }
    fake_device.enabled[e->cap] = e->args[0];
    return 0;
}

/* Everything, so that no model is cut. */
static int supported_cpuid(struct kvm_cpuid2 *out)
{
    static const uint32_t leaves[][2] = {
        {1,           0},
        { 7,          0},
        { 0xd,        1},
        { 6,          0},
        { 0x80000001, 0},
        { 0x80000007, 0},
        { 0x80000008, 0},
        { 0x8000000a, 0},
        { 0x40000001, 0},
    };

    g_assert_cmpuint(out->nent, >=, G_N_ELEMENTS(leaves));
    out->nent = G_N_ELEMENTS(leaves);
    for (unsigned i = 0; i < G_N_ELEMENTS(leaves); i++) {
        out->entries[i] =
            (struct kvm_cpuid_entry2){ .function = leaves[i][0],
                                       .index = leaves[i][1],
                                       .eax = leaves[i][0] == 0x80000008 ? 0x3028
                                                                         : UINT32_MAX,
                                       .ebx = UINT32_MAX,
                                       .ecx = UINT32_MAX,
                                       .edx = UINT32_MAX };
    }
    return 0;
}

static int vm_call(unsigned long request, void *arg)
{
    switch (request) {
    case KVM_GET_API_VERSION:
        return fake_device.api_version;
    case KVM_GET_VCPU_MMAP_SIZE:
        return RUN_PAGES * KVM_PAGE_SIZE;
    case KVM_CREATE_VM:
        return eventfd(0, EFD_CLOEXEC);
    case KVM_CHECK_EXTENSION:
        return fake_device.caps[(uintptr_t)arg % FAKE_CAPS];
    case KVM_GET_SUPPORTED_CPUID:
        return supported_cpuid(arg);
    case KVM_CREATE_VCPU:
        return create_cpu((uintptr_t)arg);
    case KVM_SET_USER_MEMORY_REGION:
        return set_region(request, arg);
    case KVM_GET_DIRTY_LOG:
    case KVM_CLEAR_DIRTY_LOG:
        return fake_device.slots[0].ops.vm_ioctl(&fake_device.slots[0], request, arg);
    case KVM_RESET_DIRTY_RINGS:
        reset_rings();
        return 0;
    case KVM_ENABLE_CAP:
        return enable(arg);
    case KVM_GET_CLOCK:
        ((struct kvm_clock_data *)arg)->clock = fake_device.clock_ns;
        return 0;
    case KVM_SET_CLOCK:
        fake_device.clock_ns = ((const struct kvm_clock_data *)arg)->clock;
        return 0;
    case KVM_SIGNAL_MSI:
        return 1;
    case KVM_SET_IDENTITY_MAP_ADDR:
    case KVM_SET_TSS_ADDR:
    case KVM_CREATE_IRQCHIP:
    case KVM_SET_GSI_ROUTING:
    case KVM_IRQ_LINE:
    case KVM_IRQFD:
    case KVM_IOEVENTFD:
    case KVM_REGISTER_COALESCED_MMIO:
    case KVM_UNREGISTER_COALESCED_MMIO:
        return 0;
    default:
        return -ENOTTY;
    }
}

int __wrap_ioctl(int fd, unsigned long request, ...)
{
    va_list ap;
    void *arg;
    int ret = 0;
    bool of_cpu = false;

    va_start(ap, request);
    arg = va_arg(ap, void *);
    va_end(ap);
    if (_IOC_TYPE(request) != KVMIO) {
        return __real_ioctl(fd, request, arg);
    }
    if (fake_device.fail_at && ++fake_device.calls == fake_device.fail_at) {
        fake_device.failed = request;
        errno = ENOMEM;
        return -1;
    }
    for (unsigned i = 0; i < fake_device.n_cpus && !of_cpu; i++) {
        if (fake_device.cpus[i].fd == fd) {
            ret = cpu_call(&fake_device.cpus[i], request, arg);
            of_cpu = true;
        }
    }
    ret = of_cpu ? ret : vm_call(request, arg);
    if (ret < 0) {
        errno = -ret;
        return -1;
    }
    return ret;
}
