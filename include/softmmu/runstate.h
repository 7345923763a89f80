/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The state of the whole machine: running or why not, and the requests that change it.
 * One enum with checked transitions; the virtual clock stops with the machine. Events
 * (STOP, RESUME, RESET, SHUTDOWN, POWERDOWN, ...) are sent here.
 *
 * Context: BQL, except the *_request functions, which any thread (vCPUs, devices) and
 * signal handlers' bottom halves may call: the main loop carries them out.
 */
#ifndef STRATA_SOFTMMU_RUNSTATE_H
#define STRATA_SOFTMMU_RUNSTATE_H

#include "util/error.h"
#include <stdbool.h>

typedef enum RunState {
    RUN_STATE_DEBUG,
    RUN_STATE_INMIGRATE,
    RUN_STATE_INTERNAL_ERROR,
    RUN_STATE_IO_ERROR,
    RUN_STATE_PAUSED,
    RUN_STATE_POSTMIGRATE,
    RUN_STATE_PRELAUNCH,
    RUN_STATE_FINISH_MIGRATE,
    RUN_STATE_RESTORE_VM,
    RUN_STATE_RUNNING,
    RUN_STATE_SAVE_VM,
    RUN_STATE_SHUTDOWN,
    RUN_STATE_SUSPENDED,
    RUN_STATE_WATCHDOG,
    RUN_STATE_GUEST_PANICKED,
    RUN_STATE_COLO,
    RUN_STATE_COUNT,
} RunState;

typedef enum ShutdownCause {
    SHUTDOWN_CAUSE_NONE,
    SHUTDOWN_CAUSE_HOST_ERROR,
    SHUTDOWN_CAUSE_HOST_QMP_QUIT,
    SHUTDOWN_CAUSE_HOST_QMP_SYSTEM_RESET,
    SHUTDOWN_CAUSE_HOST_SIGNAL,
    SHUTDOWN_CAUSE_HOST_UI,
    SHUTDOWN_CAUSE_GUEST_SHUTDOWN,
    SHUTDOWN_CAUSE_GUEST_RESET,
    SHUTDOWN_CAUSE_GUEST_PANIC,
    SHUTDOWN_CAUSE_SUBSYSTEM_RESET,
    SHUTDOWN_CAUSE_SNAPSHOT_LOAD,
} ShutdownCause;

RunState runstate_get(void);
const char *runstate_name(RunState state); /* as query-status says it */
bool runstate_is_running(void);
/* Our bug when the transition is not in the table. */
void runstate_set(RunState state);

/* Start the clock and the vCPUs; harmless when running. */
void vm_start(void);
/* Stop both and go to @state; waits until all vCPUs have stopped. */
void vm_stop(RunState state);
/* From a vCPU or another thread: stop soon. */
void vm_stop_request(RunState state);

void system_reset_request(ShutdownCause cause);
void system_shutdown_request(ShutdownCause cause);
/* The user's wish, not the guest's: ends the program whatever -no-shutdown says. */
void system_quit_request(ShutdownCause cause);
/* isa-debug-exit: leave with this status. */
void system_shutdown_request_with_code(ShutdownCause cause, int exit_code);
/* Press the power button: the listener (ACPI) tells the guest. */
void system_powerdown_request(void);
typedef void PowerdownFn(void *opaque);
void system_add_powerdown_listener(PowerdownFn *fn, void *opaque);
/* S3. */
void system_suspend_request(void);
typedef enum WakeupReason {
    WAKEUP_REASON_RTC,
    WAKEUP_REASON_PMTIMER,
    WAKEUP_REASON_OTHER
} WakeupReason;
void system_wakeup_request(WakeupReason reason);
void system_wakeup_enable(WakeupReason reason, bool enabled);
typedef void WakeupFn(void *opaque, WakeupReason reason);
void system_add_wakeup_listener(WakeupFn *fn, void *opaque);
/* pvpanic. */
void system_guest_panicked(void);
void system_guest_crashloaded(void);

/* Told after every change, in order of registration. */
typedef void VmChangeStateFn(void *opaque, bool running, RunState state);
void vm_add_change_state_listener(VmChangeStateFn *fn, void *opaque);

/* -no-reboot, -no-shutdown, -action. */
typedef enum RebootAction { REBOOT_ACTION_RESET, REBOOT_ACTION_SHUTDOWN } RebootAction;
typedef enum ShutdownAction {
    SHUTDOWN_ACTION_POWEROFF,
    SHUTDOWN_ACTION_PAUSE
} ShutdownAction;
typedef enum PanicAction {
    PANIC_ACTION_PAUSE,
    PANIC_ACTION_SHUTDOWN,
    PANIC_ACTION_EXIT_FAILURE,
    PANIC_ACTION_NONE
} PanicAction;
extern RebootAction reboot_action;
extern ShutdownAction shutdown_action;
extern PanicAction panic_action;

/*
 * Dispatch events until a shutdown request is to be obeyed; returns the exit status.
 * Context: main thread, BQL.
 */
int system_main_loop(void);

/* The -name and -uuid of this machine; NULL / all zero when not given. */
const char *system_get_name(void);
const char *system_get_uuid(void); /* text form */

#endif
