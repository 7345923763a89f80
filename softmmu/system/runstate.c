/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Run state and the requests that change it.
 *
 * R1: the state changes on the main thread only, under the BQL.
 * R2: a request is a flag (atomic) and a wake of the main loop; the main loop carries
 *     requests out in a fixed order: suspend, shutdown, reset, wake-up, power button,
 * stop.
 */
#include "softmmu/runstate.h"
#include "accel/vcpu.h"
#include "hw/core/reset.h"
#include "qapi/command.h"
#include "qapi/events.h"
#include "util/atomic.h"
#include "util/bql.h"
#include "util/event-loop.h"

#include <assert.h>

static RunState current_state = RUN_STATE_PRELAUNCH;  /* R1 */
static bool wakeup_disabled[WAKEUP_REASON_OTHER + 1]; /* BQL */

/* Requests; R2. 0 or NONE: no request. */
static int shutdown_requested, shutdown_exit_code;
static int reset_requested, powerdown_requested, suspend_requested, wakeup_requested;
static int stop_requested = -1; /* RunState, or -1 */
static int panicked;

RebootAction reboot_action;
ShutdownAction shutdown_action;
PanicAction panic_action = PANIC_ACTION_SHUTDOWN;

static const char *const state_names[] = {
    [RUN_STATE_DEBUG] = "debug",
    [RUN_STATE_INMIGRATE] = "inmigrate",
    [RUN_STATE_INTERNAL_ERROR] = "internal-error",
    [RUN_STATE_IO_ERROR] = "io-error",
    [RUN_STATE_PAUSED] = "paused",
    [RUN_STATE_POSTMIGRATE] = "postmigrate",
    [RUN_STATE_PRELAUNCH] = "prelaunch",
    [RUN_STATE_FINISH_MIGRATE] = "finish-migrate",
    [RUN_STATE_RESTORE_VM] = "restore-vm",
    [RUN_STATE_RUNNING] = "running",
    [RUN_STATE_SAVE_VM] = "save-vm",
    [RUN_STATE_SHUTDOWN] = "shutdown",
    [RUN_STATE_SUSPENDED] = "suspended",
    [RUN_STATE_WATCHDOG] = "watchdog",
    [RUN_STATE_GUEST_PANICKED] = "guest-panicked",
    [RUN_STATE_COLO] = "colo",
};

static const char *const cause_names[] = {
    [SHUTDOWN_CAUSE_NONE] = "none",
    [SHUTDOWN_CAUSE_HOST_ERROR] = "host-error",
    [SHUTDOWN_CAUSE_HOST_QMP_QUIT] = "host-qmp-quit",
    [SHUTDOWN_CAUSE_HOST_QMP_SYSTEM_RESET] = "host-qmp-system-reset",
    [SHUTDOWN_CAUSE_HOST_SIGNAL] = "host-signal",
    [SHUTDOWN_CAUSE_HOST_UI] = "host-ui",
    [SHUTDOWN_CAUSE_GUEST_SHUTDOWN] = "guest-shutdown",
    [SHUTDOWN_CAUSE_GUEST_RESET] = "guest-reset",
    [SHUTDOWN_CAUSE_GUEST_PANIC] = "guest-panic",
    [SHUTDOWN_CAUSE_SUBSYSTEM_RESET] = "subsystem-reset",
    [SHUTDOWN_CAUSE_SNAPSHOT_LOAD] = "snapshot-load",
};

#define TO(s) (1u << RUN_STATE_##s)
/* From each state, where it may go. */
static const uint32_t transitions[RUN_STATE_COUNT] = {
    [RUN_STATE_DEBUG] = TO(RUNNING) | TO(PAUSED) | TO(PRELAUNCH) | TO(SHUTDOWN) |
                        TO(SUSPENDED) | TO(FINISH_MIGRATE),
    [RUN_STATE_INMIGRATE] = TO(RUNNING) | TO(PAUSED) | TO(PRELAUNCH) | TO(SHUTDOWN) |
                            TO(SUSPENDED) | TO(POSTMIGRATE) | TO(INTERNAL_ERROR) |
                            TO(IO_ERROR) | TO(WATCHDOG) | TO(GUEST_PANICKED) |
                            TO(FINISH_MIGRATE) | TO(COLO),
    [RUN_STATE_INTERNAL_ERROR] =
        TO(PAUSED) | TO(FINISH_MIGRATE) | TO(PRELAUNCH) | TO(SHUTDOWN) | TO(RUNNING),
    [RUN_STATE_IO_ERROR] =
        TO(RUNNING) | TO(FINISH_MIGRATE) | TO(PRELAUNCH) | TO(SHUTDOWN) | TO(PAUSED),
    [RUN_STATE_PAUSED] = TO(RUNNING) | TO(FINISH_MIGRATE) | TO(POSTMIGRATE) |
                         TO(PRELAUNCH) | TO(COLO) | TO(RESTORE_VM) | TO(SAVE_VM) |
                         TO(SHUTDOWN),
    [RUN_STATE_POSTMIGRATE] =
        TO(RUNNING) | TO(FINISH_MIGRATE) | TO(PRELAUNCH) | TO(SHUTDOWN),
    [RUN_STATE_PRELAUNCH] = TO(RUNNING) | TO(FINISH_MIGRATE) | TO(INMIGRATE) |
                            TO(SHUTDOWN) | TO(PAUSED) | TO(RESTORE_VM),
    [RUN_STATE_FINISH_MIGRATE] = TO(RUNNING) | TO(PAUSED) | TO(POSTMIGRATE) |
                                 TO(PRELAUNCH) | TO(COLO) | TO(SHUTDOWN),
    [RUN_STATE_RESTORE_VM] = TO(RUNNING) | TO(PRELAUNCH) | TO(PAUSED),
    [RUN_STATE_RUNNING] = TO(DEBUG) | TO(INTERNAL_ERROR) | TO(IO_ERROR) | TO(PAUSED) |
                          TO(FINISH_MIGRATE) | TO(RESTORE_VM) | TO(SAVE_VM) |
                          TO(SHUTDOWN) | TO(WATCHDOG) | TO(GUEST_PANICKED) | TO(COLO) |
                          TO(SUSPENDED),
    [RUN_STATE_SAVE_VM] = TO(RUNNING) | TO(PAUSED),
    [RUN_STATE_SHUTDOWN] =
        TO(PAUSED) | TO(FINISH_MIGRATE) | TO(PRELAUNCH) | TO(RUNNING),
    [RUN_STATE_SUSPENDED] = TO(RUNNING) | TO(FINISH_MIGRATE) | TO(PRELAUNCH) |
                            TO(COLO) | TO(PAUSED) | TO(SHUTDOWN),
    [RUN_STATE_WATCHDOG] = TO(RUNNING) | TO(FINISH_MIGRATE) | TO(PRELAUNCH) | TO(COLO) |
                           TO(PAUSED) | TO(SHUTDOWN),
    [RUN_STATE_GUEST_PANICKED] =
        TO(RUNNING) | TO(FINISH_MIGRATE) | TO(PRELAUNCH) | TO(PAUSED) | TO(SHUTDOWN),
    [RUN_STATE_COLO] = TO(RUNNING) | TO(PRELAUNCH) | TO(SHUTDOWN) | TO(PAUSED),
};

RunState runstate_get(void)
{
    return current_state;
}

const char *runstate_name(RunState state)
{
    return state_names[state];
}

bool runstate_is_running(void)
{
    return current_state == RUN_STATE_RUNNING;
}

void runstate_set(RunState state)
{
    if (state == current_state) {
        return;
    }
    if (!(transitions[current_state] & 1u << state)) {
        g_error("run state '%s' cannot become '%s'", state_names[current_state],
                state_names[state]);
    }
    current_state = state;
}

/* --- Listeners -------------------------------------------------------------------- */

typedef struct Listener {
    union {
        VmChangeStateFn *change;
        PowerdownFn *powerdown;
        WakeupFn *wakeup;
    };
    void *opaque;
} Listener;

static GArray *change_listeners, *powerdown_listeners, *wakeup_listeners; /* BQL */

static void add_listener(GArray **list, Listener l)
{
    if (!*list) {
        *list = g_array_new(FALSE, FALSE, sizeof(Listener));
    }
    g_array_append_val(*list, l);
}

void vm_add_change_state_listener(VmChangeStateFn *fn, void *opaque)
{
    add_listener(&change_listeners, (Listener){ .change = fn, .opaque = opaque });
}

void system_add_powerdown_listener(PowerdownFn *fn, void *opaque)
{
    add_listener(&powerdown_listeners, (Listener){ .powerdown = fn, .opaque = opaque });
}

void system_add_wakeup_listener(WakeupFn *fn, void *opaque)
{
    add_listener(&wakeup_listeners, (Listener){ .wakeup = fn, .opaque = opaque });
}

static void tell_change(bool running)
{
    for (guint i = 0; change_listeners && i < change_listeners->len; i++) {
        Listener *l = &g_array_index(change_listeners, Listener, i);
        l->change(l->opaque, running, current_state);
    }
}

/* --- Start and stop --------------------------------------------------------------- */

void vm_start(void)
{
    assert(bql_is_held());
    if (runstate_is_running()) {
        return;
    }
    runstate_set(RUN_STATE_RUNNING);
    virtual_clock_start();
    tell_change(true);
    qapi_event_send("RESUME", NULL);
    vcpu_resume_all();
}

void vm_stop(RunState state)
{
    assert(bql_is_held());
    if (runstate_is_running()) {
        vcpu_pause_all();
        virtual_clock_stop();
        runstate_set(state);
        tell_change(false);
        qapi_event_send("STOP", NULL);
    } else {
        runstate_set(state);
    }
}

static void request(int *flag, int value)
{
    atomic_set(flag, value);
    event_loop_wake(main_loop());
}

void vm_stop_request(RunState state)
{
    request(&stop_requested, (int)state);
}

void system_reset_request(ShutdownCause cause)
{
    if (reboot_action == REBOOT_ACTION_SHUTDOWN &&
        cause != SHUTDOWN_CAUSE_SUBSYSTEM_RESET) {
        request(&shutdown_requested, (int)cause);
    } else {
        request(&reset_requested, (int)cause);
    }
    /* The vCPU that asked must not run on. */
    if (current_vcpu()) {
        vcpu_kick(current_vcpu());
    }
}

void system_shutdown_request(ShutdownCause cause)
{
    request(&shutdown_requested, (int)cause);
}

void system_quit_request(ShutdownCause cause)
{
    shutdown_action = SHUTDOWN_ACTION_POWEROFF;
    system_shutdown_request(cause);
}

void system_shutdown_request_with_code(ShutdownCause cause, int exit_code)
{
    atomic_set(&shutdown_exit_code, exit_code);
    system_shutdown_request(cause);
}

void system_powerdown_request(void)
{
    request(&powerdown_requested, 1);
}

void system_suspend_request(void)
{
    if (current_state != RUN_STATE_SUSPENDED) {
        request(&suspend_requested, 1);
    }
}

void system_wakeup_request(WakeupReason reason)
{
    if (current_state == RUN_STATE_SUSPENDED && !wakeup_disabled[reason]) {
        request(&wakeup_requested, 1 + (int)reason);
    }
}

void system_wakeup_enable(WakeupReason reason, bool enabled)
{
    wakeup_disabled[reason] = !enabled;
}

void system_guest_panicked(void)
{
    request(&panicked, 1);
}

void system_guest_crashloaded(void)
{
    request(&panicked, 2);
}

/* --- The main loop ---------------------------------------------------------------- */

static bool cause_is_guest(ShutdownCause cause)
{
    return cause >= SHUTDOWN_CAUSE_GUEST_SHUTDOWN &&
           cause <= SHUTDOWN_CAUSE_GUEST_PANIC;
}

static void send_cause_event(const char *name, ShutdownCause cause)
{
    struct json_object *data = json_object_new_object();

    json_add_bool(data, "guest", cause_is_guest(cause));
    json_add_str(data, "reason", cause_names[cause]);
    qapi_event_send(name, data);
}

static void do_suspend(void)
{
    vm_stop(RUN_STATE_SUSPENDED);
    qapi_event_send("SUSPEND", NULL);
}

static void reset_machine(ShutdownCause cause)
{
    bool was_running = runstate_is_running();

    vcpu_pause_all();
    machine_reset_all();
    if (cause != SHUTDOWN_CAUSE_SUBSYSTEM_RESET) {
        send_cause_event("RESET", cause);
    }
    if (was_running) {
        vcpu_resume_all();
    } else if (current_state != RUN_STATE_INMIGRATE &&
               current_state != RUN_STATE_FINISH_MIGRATE) {
        runstate_set(RUN_STATE_PRELAUNCH);
    }
}

static void do_wakeup(WakeupReason reason)
{
    vcpu_pause_all();
    for (guint i = 0; wakeup_listeners && i < wakeup_listeners->len; i++) {
        Listener *l = &g_array_index(wakeup_listeners, Listener, i);
        l->wakeup(l->opaque, reason);
    }
    machine_reset_all();
    qapi_event_send("WAKEUP", NULL);
    vm_start();
}

static void do_powerdown(void)
{
    qapi_event_send("POWERDOWN", NULL);
    for (guint i = 0; powerdown_listeners && i < powerdown_listeners->len; i++) {
        Listener *l = &g_array_index(powerdown_listeners, Listener, i);
        l->powerdown(l->opaque);
    }
}

static void do_panic(int kind)
{
    static const char *const actions[] = {
        [PANIC_ACTION_PAUSE] = "pause",
        [PANIC_ACTION_SHUTDOWN] = "poweroff",
        [PANIC_ACTION_EXIT_FAILURE] = "poweroff",
        [PANIC_ACTION_NONE] = "run",
    };
    struct json_object *data = json_object_new_object();

    if (kind == 2) {
        json_add_str(data, "action", "run");
        qapi_event_send("GUEST_CRASHLOADED", data);
        return;
    }
    json_add_str(data, "action", actions[panic_action]);
    qapi_event_send("GUEST_PANICKED", data);
    switch (panic_action) {
    case PANIC_ACTION_PAUSE:
        vm_stop(RUN_STATE_GUEST_PANICKED);
        break;
    case PANIC_ACTION_EXIT_FAILURE:
        system_shutdown_request_with_code(SHUTDOWN_CAUSE_GUEST_PANIC, 1);
        break;
    case PANIC_ACTION_SHUTDOWN:
        system_shutdown_request(SHUTDOWN_CAUSE_GUEST_PANIC);
        break;
    case PANIC_ACTION_NONE:
        break;
    }
}

/* True when the program is to end. */
static bool carry_out_requests(void)
{
    int value = atomic_xchg(&panicked, 0);

    if (value) {
        do_panic(value);
    }
    if (atomic_xchg(&suspend_requested, 0)) {
        do_suspend();
    }
    value = atomic_xchg(&shutdown_requested, 0);
    if (value) {
        send_cause_event("SHUTDOWN", (ShutdownCause)value);
        if (shutdown_action == SHUTDOWN_ACTION_PAUSE) {
            vm_stop(RUN_STATE_SHUTDOWN);
        } else {
            return true;
        }
    }
    value = atomic_xchg(&reset_requested, 0);
    if (value) {
        reset_machine((ShutdownCause)value);
    }
    value = atomic_xchg(&wakeup_requested, 0);
    if (value) {
        do_wakeup((WakeupReason)(value - 1));
    }
    if (atomic_xchg(&powerdown_requested, 0)) {
        do_powerdown();
    }
    value = atomic_xchg(&stop_requested, -1);
    if (value >= 0) {
        vm_stop((RunState)value);
    }
    return false;
}

int system_main_loop(void)
{
    while (!carry_out_requests()) {
        event_loop_run_once(main_loop(), true);
    }
    return atomic_read(&shutdown_exit_code);
}
