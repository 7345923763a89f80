/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The accelerator as a whole on a KVM without a kernel: each exit reason, each way an
 * access and a stop can meet, and what hosts at hand do not offer (SMM, nested guests,
 * the dirty ring, a kernel without XSAVE, ioctls that fail). Each test is a process of
 * its own, since there is one accelerator in a process.
 */
#include "../../kvm/kvm-rig.h"
#include "fake-kvm-device.h"

#include "accel/accel.h"
#include "accel/target/i386/models.h"
#include "hw/core/machine.h"
#include "hw/core/sysbus.h"
#include "migration/vmstate.h"
#include "qapi/value.h"
#include "softmmu/runstate.h"
#include "util/atomic.h"
#include "util/bql.h"
#include "util/event-loop.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static KvmRig *rig;
static FakeCpu *cpu;

typedef void Body(void);

static void in_child(Body *body)
{
    int status = 0;
    pid_t pid;

    fflush(stdout);
    pid = fork();
    g_assert_cmpint(pid, >=, 0);
    if (!pid) {
        bql_lock();
        fake_device_init();
        body();
        fflush(stdout);
        _exit(0); /* threads go with the process */
    }
    while (waitpid(pid, &status, 0) < 0) {
    }
    g_assert_cmpint(status, ==, 0);
}

static void start(const char *options)
{
    const char *why = NULL;
    g_autofree char *all = g_strdup_printf("device=/dev/null,%s", options);

    rig = rig_new(all, NULL, &why);
    if (!rig) {
        g_error("%s", why);
    }
    cpu = fake_cpu(0);
}

#define END                                                           \
    {                                                                 \
        .reason = KVM_EXIT_IO, .addr = 0xf4, .size = 1, .write = true \
    }

/* A script from reset to its end. */
#define PLAY(...)                                        \
    do {                                                 \
        static const FakeStep steps[] = { __VA_ARGS__ }; \
        rig_prepare(rig, 0);                             \
        fake_script(cpu, steps, G_N_ELEMENTS(steps));    \
        vcpu_resume_all();                               \
        rig_wait(rig);                                   \
    } while (0)

/* Let other threads run until @value is not zero, or fail. */
static void wait_for(unsigned *value)
{
    bql_unlock();
    for (int i = 0; i < 20000 && !atomic_read(value); i++) {
        g_usleep(500);
    }
    bql_lock();
    g_assert_cmpuint(atomic_read(value), !=, 0);
}

/* On from where it is. */
static void enter_once(void)
{
    static const FakeStep end[] = { END };

    rig->done = false;
    fake_script(cpu, end, 1);
    vcpu_resume_all();
    rig_wait(rig);
}

/* --- Accesses ------------------------------------------------------------------------
 */

static void meddle(KvmRig *r, bool write)
{
    X86State *st = &r->cpu->st;

    vcpu_sync_state(r->vcpu);
    st->regs[X86_RBX].q = st->regs[X86_RAX].q;
    st->regs[X86_RAX].q = 0x5555555555555555;
}

static void set_rax(FakeCpu *c, struct kvm_run *run)
{
    c->regs.rax = 0x1111222233334444;
    c->regs.rcx = 7;
}

/* The result of the instruction and what the device wrote are both there. */
static void play_meddler(const FakeStep *access)
{
    FakeStep steps[] = { *access, END };

    rig_prepare(rig, 0);
    rig->meddle = meddle;
    fake_script(cpu, steps, 2);
    vcpu_resume_all();
    rig_wait(rig);
    g_assert_cmpint(rig->status, ==, 0);
    g_assert_cmphex(cpu->regs.rbx, ==, 0x1111222233334444);
    g_assert_cmphex(cpu->regs.rip, ==, 0x8000 + 4);
    g_assert_cmpuint(cpu->n_put, ==, 2); /* the reset, the device's */
    cpu->n_put = 0;
}

static void meddled(void)
{
    FakeStep in = { .reason = KVM_EXIT_IO, .addr = 0x320, .size = 4, .enter = set_rax };
    FakeStep load = {
        .reason = KVM_EXIT_MMIO, .addr = RIG_MEDDLER, .size = 4, .enter = set_rax
    };

    start("kernel-irqchip=on");
    play_meddler(&in);
    g_assert_cmphex(cpu->regs.rax, ==, 0x87654321);
    in.size = 2;
    play_meddler(&in);
    g_assert_cmphex(cpu->regs.rax, ==, 0x5555555555554321);
    in.size = 1;
    play_meddler(&in);
    g_assert_cmphex(cpu->regs.rax, ==, 0x5555555555555521);
    in.write = true;
    play_meddler(&in);
    g_assert_cmphex(cpu->regs.rax, ==, 0x5555555555555555);
    play_meddler(&load);
    g_assert_cmphex(cpu->regs.rax, ==, 0x5555555555555555);
    g_assert_cmphex(cpu->regs.rcx, ==, 0x87654321);
    load.write = true;
    play_meddler(&load);
    g_assert_cmphex(cpu->regs.rcx, ==, 7);
}

static void test_device_changes_registers(void)
{
    in_child(meddled);
}

static void reset_in_access(KvmRig *r, bool write)
{
    vcpu_sync_state(r->vcpu);
    DEVICE_CLASS(OBJECT(r->cpu)->klass)->reset_hold(DEVICE(r->cpu));
    r->cpu->st.regs[X86_RBX].q = 0x77;
}

/* All registers are written during an access: nothing of it is kept. */
static void reset_meddled(void)
{
    static const FakeStep steps[] = {
        {.reason = KVM_EXIT_IO, .addr = 0x320, .size = 4, .enter = set_rax},
        END
    };

    start("kernel-irqchip=on");
    rig_prepare(rig, 0);
    rig->meddle = reset_in_access;
    fake_script(cpu, steps, 2);
    vcpu_resume_all();
    rig_wait(rig);
    g_assert_cmphex(cpu->regs.rax, ==, 0);
    g_assert_cmphex(cpu->regs.rbx, ==, 0x77);
    g_assert_cmphex(cpu->regs.rip, ==, 0xfff0 + 2);
}

static void test_reset_in_access(void)
{
    in_child(reset_meddled);
}

static void kick(KvmRig *r, bool write)
{
    vcpu_kick(r->vcpu);
    r->wants_stop = true;
    event_loop_wake(main_loop());
}

/* A load across pages, the machine stopped in its first half: both halves are carried
 * out before anybody sees registers. */
static void crossing(void)
{
    static const FakeStep steps[] = {
        {.reason = KVM_EXIT_MMIO, .addr = RIG_MEDDLER, .size = 2,            .again = true },
        { .reason = KVM_EXIT_MMIO,                      .addr = RIG_MMIO,                  .size = 4},
        END
    };

    start("kernel-irqchip=on");
    rig_prepare(rig, 0);
    rig->meddle = kick;
    fake_script(cpu, steps, 2);
    vcpu_resume_all();
    while (!rig->wants_stop) {
        event_loop_run_once(main_loop(), true);
    }
    vcpu_pause_all();
    g_assert_cmpuint(cpu->n_completed, ==, 2);
    vcpu_sync_state(rig->vcpu);
    g_assert_cmphex(rig->cpu->st.rip, ==, 0x8002);
    g_assert_cmphex(rig->cpu->st.regs[X86_RCX].q, ==, 0x87654321);
    g_assert_false(rig->done);
    enter_once();
    g_assert_cmphex(cpu->regs.rip, ==, 0x8004);
}

static void test_stop_in_crossing_access(void)
{
    in_child(crossing);
}

static void strings(void)
{
    start("kernel-irqchip=off");
    PLAY({ .reason = KVM_EXIT_IO,
           .addr = 0x300,
           .size = 2,
           .count = 5,
           .write = true,
           .data = 0x1234 },
         { .reason = KVM_EXIT_MMIO, .addr = RIG_MMIO + 8, .size = 8 }, END);
    g_assert_cmpuint(rig->n_log, ==, 6);
    g_assert_cmphex(rig->log[4].value, ==, 0x1234);
    g_assert_cmpuint(rig->log[5].size, ==, 8);
}

static void test_strings(void)
{
    in_child(strings);
}

/* --- Other exits ---------------------------------------------------------------------
 */

static void plain(void)
{
    start("kernel-irqchip=on");
    PLAY({ .err = EINTR }, { .err = EAGAIN }, { .reason = KVM_EXIT_INTR },
         { .reason = KVM_EXIT_SET_TPR }, { .reason = KVM_EXIT_TPR_ACCESS },
         { .reason = KVM_EXIT_HYPERV }, { .reason = KVM_EXIT_IRQ_WINDOW_OPEN }, END);
    g_assert_cmpint(rig->status, ==, 0);
    g_assert_cmpuint(rig_exits(rig, KVM_EXIT_INTR), ==, 1);
    g_assert_cmpuint(rig_exits(rig, KVM_EXIT_SET_TPR), ==, 1);
    g_assert_cmpuint(rig_exits(rig, KVM_EXIT_HYPERV), ==, 1);
    g_assert_cmpuint(rig_exits(rig, KVM_EXIT_IRQ_WINDOW_OPEN), ==, 1);
}

static void test_plain(void)
{
    in_child(plain);
}

static void ends(void)
{
    start("kernel-irqchip=on");
    /* Each leaves the guest stopped and the program alive; a reset helps. */
    PLAY({ .reason = KVM_EXIT_FAIL_ENTRY, .data = 0x80000021 }, END);
    g_assert_true(kvm_vcpu(rig->vcpu)->failed);
    PLAY({ .reason = KVM_EXIT_UNKNOWN }, END);
    g_assert_true(kvm_vcpu(rig->vcpu)->failed);
    PLAY({ .reason = KVM_EXIT_INTERNAL_ERROR, .data = 3 }, END);
    g_assert_true(kvm_vcpu(rig->vcpu)->failed);
    PLAY({ .reason = KVM_EXIT_INTERNAL_ERROR, .data = 77 }, END);
    g_assert_true(kvm_vcpu(rig->vcpu)->failed);
    PLAY({ .err = EFAULT }, END);
    g_assert_true(kvm_vcpu(rig->vcpu)->failed);
    g_assert_true(rig->vcpu->halted);
    PLAY({ .reason = KVM_EXIT_SHUTDOWN });
    g_assert_cmpint(rig->status, ==, -1); /* what the board was told */
    g_assert_false(kvm_vcpu(rig->vcpu)->failed);
    PLAY(END);
    g_assert_cmpint(rig->status, ==, 0);
}

static void test_ends(void)
{
    in_child(ends);
}

/* Each makes the main loop return here. */
static void system_event(uint64_t type)
{
    FakeStep steps[] = {
        {.reason = KVM_EXIT_SYSTEM_EVENT, .data = type}
    };
    uint64_t before = rig_exits(rig, KVM_EXIT_SYSTEM_EVENT);

    rig_prepare(rig, 0);
    fake_script(cpu, steps, 1);
    vm_start();
    g_assert_cmpint(system_main_loop(), ==, 0);
    vm_stop(RUN_STATE_PAUSED);
    g_assert_true(rig->vcpu->halted);
    g_assert_cmpuint(rig_exits(rig, KVM_EXIT_SYSTEM_EVENT) - before, ==, 1);
}

static void system_events(void)
{
    start("kernel-irqchip=on");
    reboot_action = REBOOT_ACTION_SHUTDOWN;
    shutdown_action = SHUTDOWN_ACTION_POWEROFF;
    panic_action = PANIC_ACTION_SHUTDOWN;
    system_event(KVM_SYSTEM_EVENT_SHUTDOWN);
    system_event(KVM_SYSTEM_EVENT_RESET);
    system_event(KVM_SYSTEM_EVENT_CRASH);
    PLAY({ .reason = KVM_EXIT_SYSTEM_EVENT, .data = 99 }, END);
    g_assert_cmpint(rig->status, ==, 0);
}

/* The main loop ends when the machine stops. */
static void end_loop(void *opaque, bool running, RunState state)
{
    if (!running) {
        system_shutdown_request(SHUTDOWN_CAUSE_HOST_QMP_QUIT);
    }
}

/* A step stops this vCPU at once and the machine soon after. */
static void debug_stop(void)
{
    static const FakeStep steps[] = { { .reason = KVM_EXIT_DEBUG },
                                      { .reason = KVM_EXIT_DEBUG },
                                      END };

    start("kernel-irqchip=on");
    vm_add_change_state_listener(end_loop, NULL);
    rig->vcpu->singlestep = true;
    rig_prepare(rig, 0);
    fake_script(cpu, steps, 3);
    for (uint64_t n = 1; n <= 2; n++) {
        vm_start();
        (void)system_main_loop();
        g_assert_cmpint(runstate_get(), ==, RUN_STATE_DEBUG);
        g_assert_cmpuint(rig_exits(rig, KVM_EXIT_DEBUG), ==, n);
        g_assert_cmpuint(cpu->debug.control & KVM_GUESTDBG_SINGLESTEP, !=, 0);
    }
}

static void test_system_event(void)
{
    in_child(system_events);
}

static void test_debug(void)
{
    in_child(debug_stop);
}

/* --- Interrupts with the controllers here --------------------------------------------
 */

static int pic_vector(void *board)
{
    x86_irq_clear(&rig->cpu->st, X86_IRQ_HARD);
    return 0x33;
}

static void look(VCPU *vcpu, void *opaque)
{
    vcpu_sync_state(vcpu);
}

static void open_window(FakeCpu *c, struct kvm_run *run)
{
    g_assert_cmpuint(run->request_interrupt_window, ==, 1);
    g_assert_cmpuint(c->n_interrupts, ==, 0);
    run->ready_for_interrupt_injection = 1;
    run->if_flag = 1;
    c->regs.rflags |= X86_FL_IF;
    /* Somebody looks at the registers before the interrupt is injected. */
    vcpu_queue_work(rig->vcpu, look, NULL);
}

static void closed(FakeCpu *c, struct kvm_run *run)
{
    run->ready_for_interrupt_injection = 0;
    run->if_flag = 0;
    x86_irq_set(&rig->cpu->st, X86_IRQ_HARD);
    vcpu_kick(rig->vcpu);
}

static void injected(FakeCpu *c, struct kvm_run *run)
{
    g_assert_cmpuint(c->n_interrupts, ==, 1);
    g_assert_cmpuint(c->events.interrupt.injected, ==, 1);
    c->events.interrupt.injected = 0;
    g_assert_cmphex(c->last_vector, ==, 0x33);
    g_assert_cmpuint(run->request_interrupt_window, ==, 0);
}

static uint8_t tpr_seen;

static void on_tpr(void *apic, uint8_t cr8)
{
    tpr_seen = cr8;
}

static uint8_t get_tpr(void *apic)
{
    return 2;
}

static void change_cr8(FakeCpu *c, struct kvm_run *run)
{
    g_assert_cmpuint(run->cr8, ==, 2);
    run->cr8 = 9;
}

static void window(void)
{
    start("kernel-irqchip=off");
    x86_cpu_get_ops(rig->cpu)->pic_read_irq = pic_vector;
    x86_cpu_get_ops(rig->cpu)->apic_get_interrupt = NULL;
    x86_cpu_get_ops(rig->cpu)->apic_accept_pic_intr = NULL;
    x86_cpu_get_ops(rig->cpu)->apic_set_tpr = on_tpr;
    x86_cpu_get_ops(rig->cpu)->apic_get_tpr = get_tpr;
    PLAY({ .err = EINTR, .enter = closed },
         { .reason = KVM_EXIT_IRQ_WINDOW_OPEN, .enter = open_window },
         { .reason = KVM_EXIT_SET_TPR, .enter = injected },
         { .reason = KVM_EXIT_SET_TPR, .enter = change_cr8 }, END);
    g_assert_cmpint(rig->status, ==, 0);
    g_assert_cmpuint(tpr_seen, ==, 9);
}

static void test_interrupt_window(void)
{
    in_child(window);
}

static void nmi_and_halt(void)
{
    static const FakeStep steps[] = { { .reason = KVM_EXIT_HLT }, END };

    start("kernel-irqchip=off");
    rig_prepare(rig, 0);
    fake_script(cpu, steps, 2);
    vcpu_resume_all();
    bql_unlock();
    for (int i = 0; i < 20000 && !atomic_read(&rig->vcpu->halted); i++) {
        g_usleep(500);
    }
    bql_lock();
    g_assert_true(rig->vcpu->halted);
    x86_irq_set(&rig->cpu->st, X86_IRQ_NMI);
    vcpu_set_pending(rig->vcpu, VCPU_PENDING_IRQ);
    rig_wait(rig);
    g_assert_cmpuint(cpu->n_nmi, ==, 1);
    g_assert_cmpint(rig->status, ==, 0);
}

static void test_halt(void)
{
    in_child(nmi_and_halt);
}

/* --- What the hosts at hand do not offer ---------------------------------------------
 */

static void in_smm(FakeCpu *c, struct kvm_run *run)
{
    c->events.smi.smm = 1;
    c->events.smi.smm_inside_nmi = 1;
    c->events.flags = KVM_VCPUEVENT_VALID_SMM;
}

static void smm(void)
{
    static const FakeStep steps[] = {
        {.reason = KVM_EXIT_MMIO,
         .addr = 0xa0010,
         .size = 4,
         .write = true,
         .data = 0x51515151,
         .flags = KVM_RUN_X86_SMM,
         .enter = in_smm },
        { .reason = KVM_EXIT_MMIO,
         .addr = 0xa0010,
         .size = 4,
         .write = true,
         .data = 1         },
        END
    };
    uint32_t in, out;

    fake_device.caps[KVM_CAP_X86_SMM] = 1;
    fake_device.caps[KVM_CAP_MULTI_ADDRESS_SPACE] = 2;
    start("kernel-irqchip=on");
    g_assert_true(accel_has_smm());
    /* The second view has slots of its own. */
    fake_kvm_check(&fake_device.slots[0], &kvm_accel()->slots, &address_space_memory);
    fake_kvm_check(&fake_device.slots[1], kvm_accel()->smram, &rig->smm_as);
    g_assert_true(kvm_slots_find(kvm_accel()->smram, 0xa0000)->host !=
                  kvm_slots_find(&kvm_accel()->slots, 0xa0000)->host + 0xa0000);
    rig_prepare(rig, 0);
    fake_script(cpu, steps, 3);
    x86_cpu_smi(rig->cpu);
    vcpu_resume_all();
    rig_wait(rig);
    g_assert_cmpuint(cpu->n_smi, ==, 1);
    memcpy(&in, (uint8_t *)memory_region_get_ram_ptr(&rig->smram) + 0x10, 4);
    memcpy(&out, rig->ram_ptr + 0xa0010, 4);
    g_assert_cmphex(in, ==, 0x51515151);
    g_assert_cmphex(out, ==, 1);
    /* The state goes there and back. */
    vcpu_sync_state(rig->vcpu);
    g_assert_true(rig->cpu->st.in_smm);
    g_assert_true(rig->cpu->st.smm_inside_nmi);
    memset(&cpu->events, 0, sizeof(cpu->events));
    vcpu_state_written(rig->vcpu, VCPU_STATE_FULL);
    enter_once();
    g_assert_cmpuint(cpu->events.smi.smm, ==, 1);
    g_assert_cmpuint(cpu->events.smi.smm_inside_nmi, ==, 1);
    g_assert_true(cpu->events.flags & KVM_VCPUEVENT_VALID_SMM);
    /* A change of the map reaches both views. */
    memory_region_add_subregion_overlap(get_system_memory(), 0x300000, &rig->split, 1);
    fake_kvm_check(&fake_device.slots[0], &kvm_accel()->slots, &address_space_memory);
    fake_kvm_check(&fake_device.slots[1], kvm_accel()->smram, &rig->smm_as);
}

static void test_smm(void)
{
    in_child(smm);
}

static void smi_without_smm(void)
{
    start("kernel-irqchip=on");
    g_assert_false(accel_has_smm());
    x86_cpu_smi(rig->cpu);
    PLAY(END);
    g_assert_cmpuint(cpu->n_smi, ==, 0);
    g_assert_cmpint(rig->status, ==, 0);
}

static void test_smi_without_smm(void)
{
    in_child(smi_without_smm);
}

static GByteArray *save_cpu(void)
{
    GByteArray *out = g_byte_array_new();
    bool ok = vmstate_save(&x86_cpu_vmstate, rig->cpu, out, &error_abort);

    g_assert_true(ok);
    return out;
}

static void load_cpu(const GByteArray *bytes)
{
    VMStateReader in = { .data = bytes->data, .len = bytes->len };
    bool ok = vmstate_load(&x86_cpu_vmstate, rig->cpu, &in, &error_abort);

    g_assert_true(ok);
}

static void nested(void)
{
    g_autoptr(GByteArray) saved = NULL;

    fake_device.caps[KVM_CAP_NESTED_STATE] = 8192;
    rig_feature = "svm";
    start("kernel-irqchip=on");
    g_assert_true(x86_has(&rig->cpu->st, X86_F_SVM));
    PLAY(END);
    /* After a reset: no nested guest, and GIF is set. */
    g_assert_cmpuint(cpu->nested.flags, ==, KVM_STATE_NESTED_GIF_SET);
    cpu->nested.flags = KVM_STATE_NESTED_GUEST_MODE | KVM_STATE_NESTED_GIF_SET;
    cpu->nested.format = KVM_STATE_NESTED_FORMAT_SVM;
    cpu->nested.hdr.svm.vmcb_pa = 0x123000;
    cpu->nested.size = sizeof(cpu->nested.hdr) + 8;
    saved = save_cpu();
    g_assert_cmpuint(rig->cpu->kvm.nested_bytes, ==, cpu->nested.size);
    DEVICE_CLASS(OBJECT(rig->cpu)->klass)->reset_hold(DEVICE(rig->cpu));
    enter_once();
    g_assert_cmpuint(cpu->nested.flags, ==, KVM_STATE_NESTED_GIF_SET);
    load_cpu(saved);
    enter_once();
    g_assert_true(cpu->nested.flags & KVM_STATE_NESTED_GUEST_MODE);
    g_assert_cmphex(cpu->nested.hdr.svm.vmcb_pa, ==, 0x123000);
}

static void test_nested(void)
{
    in_child(nested);
}

/* Everything that the kernel tells comes back to it after saving, reset and loading. */
static void whole_state(void)
{
    g_autoptr(GByteArray) saved = NULL;
    FakeCpu before;

    start("kernel-irqchip=on");
    PLAY(END);
    cpu->regs.r15 = 0x1515;
    cpu->sregs.cr2 = 0x2222;
    cpu->xsave.region[40] = 0xabcd; /* XMM0 */
    cpu->xsave.region[128] = 3;     /* XSTATE_BV */
    cpu->debugregs = (struct kvm_debugregs){
        .db = {1, 2, 3, 4},
          .dr6 = 0xffff0ff1, .dr7 = 0x455
    };
    cpu->events = (struct kvm_vcpu_events){
        .exception = {.injected = 1,
                      .nr = 13,
                      .has_error_code = 1,
                      .error_code = 0x18,
                      .pending = 1 },
        .exception_has_payload = 1,
        .exception_payload = 0x99,
        .interrupt = { .injected = 1, .nr = 0x41, .shadow = KVM_X86_SHADOW_INT_STI },
        .nmi = { .injected = 1,        .pending = 1, .masked = 1 },
        .sipi_vector = 7,
        .triple_fault = { .pending = 1     },
        .flags = KVM_VCPUEVENT_VALID_PAYLOAD | KVM_VCPUEVENT_VALID_TRIPLE_FAULT
    };
    cpu->mp.mp_state = KVM_MP_STATE_HALTED;
    cpu->msrs[cpu->n_msrs++] =
        (struct kvm_msr_entry){ .index = 0x4b564d01, .data = 0x7001 };
    cpu->msrs[cpu->n_msrs++] =
        (struct kvm_msr_entry){ .index = 0xc0000082, .data = 0xffff8000 };
    before = *cpu;
    saved = save_cpu();
    DEVICE_CLASS(OBJECT(rig->cpu)->klass)->reset_hold(DEVICE(rig->cpu));
    enter_once();
    g_assert_cmphex(cpu->regs.r15, ==, 0);
    g_assert_cmphex(fake_msr(cpu, 0x4b564d01), ==, 0);
    load_cpu(saved);
    enter_once();
    g_assert_cmphex(cpu->regs.r15, ==, 0x1515);
    g_assert_cmphex(cpu->sregs.cr2, ==, 0x2222);
    g_assert_cmphex(cpu->xsave.region[40], ==, 0xabcd);
    g_assert_cmpmem(&cpu->debugregs, sizeof(cpu->debugregs), &before.debugregs,
                    sizeof(before.debugregs));
    g_assert_cmpmem(&cpu->events.exception, sizeof(cpu->events.exception),
                    &before.events.exception, sizeof(before.events.exception));
    g_assert_cmphex(cpu->events.exception_payload, ==, 0x99);
    g_assert_cmpuint(cpu->events.interrupt.nr, ==, 0x41);
    g_assert_cmpuint(cpu->events.interrupt.shadow, ==, KVM_X86_SHADOW_INT_STI);
    g_assert_cmpuint(cpu->events.nmi.pending, ==, 1);
    g_assert_cmpuint(cpu->events.nmi.masked, ==, 1);
    g_assert_cmpuint(cpu->events.sipi_vector, ==, 7);
    g_assert_cmpuint(cpu->events.triple_fault.pending, ==, 1);
    g_assert_cmpuint(cpu->mp.mp_state, ==, KVM_MP_STATE_HALTED);
    g_assert_cmphex(fake_msr(cpu, 0x4b564d01), ==, 0x7001);
    g_assert_cmphex(fake_msr(cpu, 0xc0000082), ==, 0xffff8000);
}

static void test_whole_state(void)
{
    in_child(whole_state);
}

/* The clock stands while the machine does, and is saved and loaded. */
static void kvmclock(void)
{
    g_autoptr(GByteArray) saved = g_byte_array_new();
    VMStateReader in = { 0 };
    DeviceState *clock;
    bool ok;

    start("kernel-irqchip=on");
    clock = device_new("kvmclock");
    ok = sysbus_realize(SYSBUS_DEVICE(clock), &error_abort);
    g_assert_true(ok);
    rig_prepare(rig, 0);
    vm_start();
    fake_device.clock_ns = 1000;
    vm_stop(RUN_STATE_PAUSED);
    fake_device.clock_ns = 5000; /* the host's goes on */
    ok = vmstate_save(DEVICE_CLASS(OBJECT(clock)->klass)->vmsd, clock, saved,
                      &error_abort);
    g_assert_true(ok);
    vm_start();
    g_assert_cmpuint(fake_device.clock_ns, ==, 1000);
    g_assert_cmpuint(fake_device.n_told_paused, ==, 1);
    fake_device.clock_ns = 2000;
    vm_stop(RUN_STATE_PAUSED);
    in = (VMStateReader){ .data = saved->data, .len = saved->len };
    ok = vmstate_load(DEVICE_CLASS(OBJECT(clock)->klass)->vmsd, clock, &in,
                      &error_abort);
    g_assert_true(ok);
    vm_start();
    g_assert_cmpuint(fake_device.clock_ns, ==, 1000);
    vm_stop(RUN_STATE_PAUSED);
}

static void test_kvmclock(void)
{
    in_child(kvmclock);
}

/* Neither XSAVE nor read-only slots nor controllers nor PDPTRs. */
static void old_kernel(void)
{
    static const int gone[] = { KVM_CAP_XSAVE,
                                KVM_CAP_XSAVE2,
                                KVM_CAP_XCRS,
                                KVM_CAP_SREGS2,
                                KVM_CAP_IRQCHIP,
                                KVM_CAP_READONLY_MEM,
                                KVM_CAP_COALESCED_MMIO,
                                KVM_CAP_IOEVENTFD,
                                KVM_CAP_EXCEPTION_PAYLOAD,
                                KVM_CAP_MANUAL_DIRTY_LOG_PROTECT2,
                                KVM_CAP_X86_TRIPLE_FAULT_EVENT };
    g_autoptr(GByteArray) saved = NULL;

    for (unsigned i = 0; i < G_N_ELEMENTS(gone); i++) {
        fake_device.caps[gone[i]] = 0;
    }
    start("kernel-irqchip=auto");
    g_assert_cmpint(kvm_irqchip_get(), ==, KVM_IRQCHIP_OFF);
    g_assert_null(kvm_slots_find(&kvm_accel()->slots, RIG_ROM));
    PLAY({ .reason = KVM_EXIT_MMIO, .addr = RIG_ROM + 8, .size = 4 },
         { .reason = KVM_EXIT_MMIO, .addr = RIG_ROM + 8, .size = 4, .write = true },
         END);
    g_assert_cmpint(rig->status, ==, 0);
    g_assert_cmphex(cpu->regs.rcx, ==, 0xfeedf00d);
    cpu->fpu.fcw = 0x27f;
    cpu->fpu.xmm[3][0] = 0x3c;
    saved = save_cpu();
    DEVICE_CLASS(OBJECT(rig->cpu)->klass)->reset_hold(DEVICE(rig->cpu));
    load_cpu(saved);
    memset(&cpu->fpu, 0, sizeof(cpu->fpu));
    enter_once();
    g_assert_cmphex(cpu->fpu.fcw, ==, 0x27f);
    g_assert_cmphex(cpu->fpu.xmm[3][0], ==, 0x3c);
}

static void test_old_kernel(void)
{
    in_child(old_kernel);
}

static void pae(void)
{
    start("kernel-irqchip=on");
    PLAY(END);
    cpu->sregs.cr0 = X86_CR0_PE | X86_CR0_PG;
    cpu->sregs.cr4 = X86_CR4_PAE;
    cpu->sregs.flags = KVM_SREGS2_FLAGS_PDPTRS_VALID;
    cpu->sregs.pdptrs[2] = 0x5001;
    vcpu_sync_state(rig->vcpu);
    g_assert_cmphex(rig->cpu->st.pdpte[2], ==, 0x5001);
}

static void test_pae(void)
{
    in_child(pae);
}

static void refused(void)
{
    start("kernel-irqchip=on");
    fake_device.refused_msr = 0x277;
    fake_device.refuse_block_irq = true;
    rig->vcpu->singlestep = true;
    PLAY(END);
    g_assert_cmpint(rig->status, ==, 0);
    g_assert_cmphex(cpu->debug.control, ==,
                    KVM_GUESTDBG_ENABLE | KVM_GUESTDBG_SINGLESTEP);
    /* What comes after the refused one in the list has arrived. */
    g_assert_cmphex(fake_msr(cpu, 0x2ff), ==, rig->cpu->st.mtrr_def_type);
    rig->vcpu->singlestep = false;
    PLAY(END);
    g_assert_cmphex(cpu->debug.control, ==, 0);
}

static void test_refused(void)
{
    in_child(refused);
}

/* --- Dirty ring ----------------------------------------------------------------------
 */

static void push_pages(FakeCpu *c, struct kvm_run *run)
{
    uint32_t slot = kvm_slots_find(&kvm_accel()->slots, 0x200000)->id;

    fake_ring_push(c, slot, 0x200);
    fake_ring_push(c, slot, 0x203);
    fake_ring_push(c, 77, 1);                 /* no such slot */
    fake_ring_push(c, slot, 1ull << 40);      /* nor such a page */
    fake_ring_push(c, slot | 1u << 16, 0x10); /* nor SMM */
}

static void ring(void)
{
    DirtyBitmapSnapshot *snap;

    fake_device.caps[KVM_CAP_DIRTY_LOG_RING_ACQ_REL] = 65536 * 16;
    start("dirty-ring-size=1024");
    memory_region_set_log(&rig->ram, true, DIRTY_MEMORY_VGA);
    memory_region_reset_dirty(&rig->ram, 0, RIG_MMIO, DIRTY_MEMORY_VGA);
    for (unsigned round = 0; round < 300; round++) { /* more than the ring holds */
        PLAY({ .reason = KVM_EXIT_DIRTY_RING_FULL, .enter = push_pages }, END);
    }
    g_assert_cmpuint(fake_device.n_ring_resets, >=, 300);
    snap = memory_region_snapshot_and_clear_dirty(&rig->ram, 0, RIG_MMIO,
                                                  DIRTY_MEMORY_VGA);
    for (hwaddr page = 0x200000; page < 0x204000; page += 0x1000) {
        g_assert_cmpint(memory_region_snapshot_get_dirty(&rig->ram, snap, page, 1), ==,
                        page == 0x200000 || page == 0x203000);
    }
    dirty_bitmap_snapshot_free(snap);
}

static void test_ring(void)
{
    in_child(ring);
}

/* --- Life ----------------------------------------------------------------------------
 */

static X86Cpu *add_cpu(unsigned apic_id)
{
    X86Cpu *c = x86_cpu_new("qemu64" X86_CPU_TYPE_SUFFIX);
    bool ok;

    x86_cpu_set_topology(c, apic_id, 1, 1, FAKE_MAX_CPUS);
    VCPU_CAST(c)->index = (int)apic_id;
    x86_cpu_get_ops(c)->triple_fault = x86_cpu_get_ops(rig->cpu)->triple_fault;
    x86_cpu_get_state(c)->board = rig;
    vcpu_add_address_space(VCPU_CAST(c), &address_space_memory);
    ok = device_realize(DEVICE(c), NULL, &error_abort);
    g_assert_true(ok);
    return c;
}

/* A vCPU that went is used again by the next one of its number; the ring of coalesced
 * writes may be in the one that goes. */
static void hotplug(void)
{
    struct kvm_coalesced_mmio_ring *ring_before;
    unsigned ran = 0;

    start("kernel-irqchip=on");
    ring_before = kvm_accel()->coalesced;
    for (int i = 0; i < 3; i++) {
        X86Cpu *c = add_cpu(1);

        g_assert_cmpuint(fake_device.n_creations, ==, 2);
        g_assert_cmpuint(kvm_accel()->parked->len, ==, 0);
        vcpu_resume_all();
        bql_unlock();
        for (int k = 0; k < 20000 && !ran; k++) {
            ran = atomic_read(&fake_cpu(1)->in_run);
            g_usleep(500);
        }
        bql_lock();
        g_assert_cmpuint(ran, ==, 1); /* it got into the guest */
        device_unparent(DEVICE(c));
        object_unref(c);
        g_assert_cmpuint(kvm_accel()->parked->len, ==, 1);
        vcpu_pause_all();
    }
    g_assert_true(kvm_accel()->coalesced == ring_before);
    PLAY(END);
    g_assert_cmpint(rig->status, ==, 0);
}

static void test_hotplug(void)
{
    in_child(hotplug);
}

static void coalesced_ring(void)
{
    struct kvm_coalesced_mmio_ring *r;

    start("kernel-irqchip=on");
    r = kvm_accel()->coalesced;
    for (uint32_t i = 0; i < 40; i++) {
        struct kvm_coalesced_mmio *w = &r->coalesced_mmio[i];

        w->phys_addr = i % 4 == 3 ? 0x300 : RIG_COALESCED + 4;
        w->pio = i % 4 == 3;
        w->len = i == 39 ? 255 : 4; /* the kernel never says so */
        memcpy(w->data, &(uint32_t){ i - i / 4 }, 4);
    }
    r->last = 40;
    coalesced_mmio_flush();
    g_assert_cmpuint(r->first, ==, 40);
    g_assert_cmpuint(rig->n_coalesced, ==, 30);
    g_assert_cmpuint(rig->n_log, >=, 10);
}

static void test_coalesced_ring(void)
{
    in_child(coalesced_ring);
}

/* A change of the map waits until nobody is in the guest: the fake checks. */
static void pause_for_map(void)
{
    static const FakeStep steps[] = { { .wait = true }, { .wait = true } };
    unsigned in = 0;

    start("kernel-irqchip=on");
    rig_prepare(rig, 0);
    fake_script(cpu, steps, 2);
    vcpu_resume_all();
    wait_for(&cpu->in_run);
    for (unsigned i = 0; i < 50; i++) {
        memory_region_add_subregion_overlap(get_system_memory(), 0x300000, &rig->split,
                                            1);
        memory_region_del_subregion(get_system_memory(), &rig->split);
        in += atomic_read(&cpu->in_run);
    }
    fake_kvm_check(&fake_device.slots[0], &kvm_accel()->slots, &address_space_memory);
    vcpu_pause_all();
    g_test_message("in the guest after %u of 50 changes", in);
}

static void test_pause(void)
{
    in_child(pause_for_map);
}

/* --- Failures ------------------------------------------------------------------------
 */

static unsigned open_files(void)
{
    DIR *dir = opendir("/proc/self/fd");
    unsigned n = 0;

    while (readdir(dir)) {
        n++;
    }
    closedir(dir);
    return n;
}

static bool choose(const char *options, char **why)
{
    static const char *const names[] = { "kvm" };
    MachineState *ms = MACHINE(object_new(MACHINE_TYPE_NAME("none")));
    struct json_object *props[1] = { keyval_parse(options, NULL, &error_abort) };
    Error *err = NULL;
    bool ok = accel_choose(names, props, 1, ms, &err);

    if (!ok) {
        *why = g_strdup(error_get_message(err));
        error_free(err);
    }
    return ok;
}

static void expect_failure(const char *options, const char *words)
{
    unsigned before = open_files();
    char *why = NULL;

    g_assert_false(choose(options, &why));
    if (!strstr(why, words)) {
        g_error("'%s' is not in '%s'", words, why);
    }
    g_assert_cmpuint(open_files(), ==, before);
    g_assert_false(kvm_is_used());
    g_free(why);
}

static void unusable(void)
{
    memory_core_init();
    fake_device.api_version = 11;
    expect_failure("device=/dev/null", "speaks version 11");
    fake_device.api_version = KVM_API_VERSION;
    fake_device.caps[KVM_CAP_IMMEDIATE_EXIT] = 0;
    expect_failure("device=/dev/null", "has no KVM_CAP_IMMEDIATE_EXIT");
    fake_device.caps[KVM_CAP_IMMEDIATE_EXIT] = 1;
    expect_failure("device=/dev/null,dirty-ring-size=1024", "has no dirty ring");
    fake_device.caps[KVM_CAP_DIRTY_LOG_RING] = 65536 * 16;
    expect_failure("device=/dev/null,dirty-ring-size=1000", "power of two");
    expect_failure("device=/dev/null,dirty-ring-size=131072", "not between 1024 and");
    fake_device.caps[KVM_CAP_IRQCHIP] = 0;
    expect_failure("device=/dev/null,kernel-irqchip=on", "no interrupt controllers");
    fake_device.caps[KVM_CAP_SPLIT_IRQCHIP] = 0;
    expect_failure("device=/dev/null,kernel-irqchip=split", "kernel-irqchip=split");
    g_assert_true(choose("device=/dev/null", NULL)); /* nothing was left behind */
}

static void test_unusable(void)
{
    in_child(unusable);
}

/* A process under the thread sanitizer sleeps for a second at its end. */
#ifdef __SANITIZE_THREAD__
enum { NTH_STEP = 13 };
#else
enum { NTH_STEP = 1 };
#endif
static unsigned nth;

/* The n-th ioctl fails: an error, with nothing left behind, or the machine works. */
static void fail_nth(void)
{
    const char *why = NULL;
    unsigned before;

    memory_core_init();
    before = open_files();
    fake_device.fail_at = nth;
    rig = rig_new("device=/dev/null,kernel-irqchip=split", NULL, &why);
    fake_device.fail_at = 0;
    if (!rig) {
        g_assert_nonnull(why);
        g_assert_cmpuint(strlen(why), >, 10);
        if (!kvm_is_used()) {
            g_assert_cmpuint(open_files(), ==, before);
        }
        return;
    }
    if (!fake_device.failed) {
        _exit(42); /* so many ioctls there are not */
    }
    cpu = fake_cpu(0);
    PLAY(END);
    g_assert_cmpint(rig->status, ==, 0);
}

static void test_fail_nth(void)
{
    int status = 0;

    for (nth = 1; nth < 200 && WEXITSTATUS(status) != 42; nth += NTH_STEP) {
        pid_t pid = fork();

        if (!pid) {
            bql_lock();
            fake_device_init();
            fail_nth();
            _exit(0);
        }
        g_assert_cmpint(waitpid(pid, &status, 0), ==, pid);
        g_assert_true(WIFEXITED(status));
    }
    g_assert_cmpint(WEXITSTATUS(status), ==, 42);
    g_assert_cmpuint(nth, >, 30);
    g_test_message("about %u ioctls", nth - 2 * NTH_STEP);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/kvm/access/device-changes-registers",
                    test_device_changes_registers);
    g_test_add_func("/kvm/access/reset-in-it", test_reset_in_access);
    g_test_add_func("/kvm/access/stop-in-one-that-crosses-pages",
                    test_stop_in_crossing_access);
    g_test_add_func("/kvm/access/strings", test_strings);
    g_test_add_func("/kvm/exit/that-needs-nothing", test_plain);
    g_test_add_func("/kvm/exit/guest-cannot-go-on", test_ends);
    g_test_add_func("/kvm/exit/system-event", test_system_event);
    g_test_add_func("/kvm/exit/debug-stops-at-once", test_debug);
    g_test_add_func("/kvm/exit/interrupt-window-and-tpr", test_interrupt_window);
    g_test_add_func("/kvm/exit/halt-until-nmi", test_halt);
    g_test_add_func("/kvm/host/system-management-mode", test_smm);
    g_test_add_func("/kvm/host/smi-without-it", test_smi_without_smm);
    g_test_add_func("/kvm/host/nested-state", test_nested);
    g_test_add_func("/kvm/host/old-kernel", test_old_kernel);
    g_test_add_func("/kvm/host/pdptrs", test_pae);
    g_test_add_func("/kvm/host/refuses-registers", test_refused);
    g_test_add_func("/kvm/state/there-and-back", test_whole_state);
    g_test_add_func("/kvm/state/kvmclock", test_kvmclock);
    g_test_add_func("/kvm/dirty/ring", test_ring);
    g_test_add_func("/kvm/coalesced/ring", test_coalesced_ring);
    g_test_add_func("/kvm/life/hotplug", test_hotplug);
    g_test_add_func("/kvm/life/map-changes-wait", test_pause);
    g_test_add_func("/kvm/errors/host-cannot", test_unusable);
    g_test_add_func("/kvm/errors/nth-ioctl-fails", test_fail_nth);
    return g_test_run();
}
