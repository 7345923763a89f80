/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What every virtual CPU has, whatever its architecture and whatever executes it: a
 * thread, a run/stop state with an acknowledgement, queued work, an address space.
 *
 * Three different things: kick (make it leave guest code soon and look at its pending
 * work), run work on it, and stop (a state that is acknowledged). A vCPU executes guest
 * code inside an RCU read section and without the BQL.
 */
#ifndef STRATA_ACCEL_VCPU_H
#define STRATA_ACCEL_VCPU_H

#include "accel/accel.h"
#include "hw/core/device.h"
#include "memory/memory.h"
#include "util/disas.h"
#include <pthread.h>

#define TYPE_VCPU     "cpu"
#define VCPU_MAX_ASES 2

typedef struct VCPU VCPU;
typedef struct VCPUClass VCPUClass;
typedef struct HmpOut HmpOut;

/*
 * Why a vCPU must leave guest code; bits of VCPU.pending, set by any thread. Its own
 * thread takes all bits at once (vcpu_take_pending) before it looks at the conditions
 * they stand for, so a bit that comes later makes it look again.
 */
enum {
    VCPU_PENDING_WORK = 1 << 0, /* queued work */
    VCPU_PENDING_STOP = 1 << 1, /* stop was asked for */
    VCPU_PENDING_IRQ = 1 << 2,  /* the target's interrupt lines changed */
    VCPU_PENDING_RCU = 1 << 3,  /* leave the read section once */
    VCPU_PENDING_KICK = 1 << 4, /* look again */
};

typedef void VCPUWorkFn(VCPU *cpu, void *opaque);

struct VCPU {
    DeviceState parent_obj;
    int index;            /* 0..; -1: the next free one, at realize */
    uint32_t pending;     /* atomic; see above */
    bool halted;          /* own thread writes; others read under the BQL */
    bool stopped;         /* BQL: the acknowledgement */
    bool stop_requested;  /* BQL */
    bool created, unplug; /* BQL */
    bool singlestep;
    pthread_t thread;
    int thread_id;
    /* AccelState.one_thread: instructions of its turn, and of this run. */
    int64_t slice, budget;
    bool yielded;      /* gives way for the rest of its turn, if another one can run */
    uint32_t sleeping; /* atomic: the thread waits for pending to change */
    struct VCPUWork *work_head, **work_tail; /* work_lock */
    pthread_mutex_t work_lock;
    /* [0] is what normal accesses use; i386: [1] is the SMM view. */
    int num_ases;
    AddressSpace *as[VCPU_MAX_ASES];
    void *accel_data; /* the accelerator's own */
};

struct VCPUClass {
    DeviceClass parent_class;
    const char *arch; /* as query-cpus-fast's "target": "x86_64" */
    /* Something to do although halted? Context: vCPU thread, BQL. */
    bool (*has_work)(VCPU *cpu);
    /* Guest-virtual to guest-physical as a debugger sees it; -1 when not mapped. */
    hwaddr (*translate_debug)(VCPU *cpu, uint64_t vaddr, MemTxAttrs *attrs);
    void (*dump_state)(VCPU *cpu, HmpOut *out);
    uint64_t (*get_pc)(VCPU *cpu);
    /* By the name debuggers use ("eax", "pc"); false: none. On the vCPU's thread. */
    bool (*get_register)(VCPU *cpu, const char *name, uint64_t *value);
    /* Execute guest code until pending is non-zero. Used by accel/tcg. When
     * instructions are counted: at most budget, which it takes off; true if it yields.
     */
    bool (*tcg_exec)(VCPU *cpu);
    /* What is left of budget, on its thread and within tcg_exec. */
    int64_t (*tcg_budget_left)(VCPU *cpu);
    /* Forget all address translations before the next guest instruction. Any thread. */
    void (*tcg_flush)(VCPU *cpu);
    /* Leave generated code soon: something in pending was set. Any thread. */
    void (*tcg_kick)(VCPU *cpu);
    /* How its code looks now. Context: BQL, or its own thread. NULL: no disassembler.
     */
    DisasArch (*disas_arch)(VCPU *cpu);
    bool big_endian;
};

static inline VCPU *VCPU_CAST(const void *obj)
{
    return (VCPU *)object_cast((const Object *)obj, TYPE_VCPU);
}
static inline VCPUClass *VCPU_GET_CLASS(const void *obj)
{
    return (VCPUClass *)object_class_cast(((const Object *)obj)->klass, TYPE_VCPU);
}

/* The vCPU of the calling thread, or NULL. */
VCPU *current_vcpu(void);
/* By index; NULL when there is none. Context: BQL. */
VCPU *vcpu_find(int index);
/* Iterate: for (VCPU *c = vcpu_first(); c; c = vcpu_next(c)). Context: BQL. */
VCPU *vcpu_first(void);
VCPU *vcpu_next(VCPU *cpu);
int vcpu_count(void);

/* Give it an address space (no reference: the machine keeps it). Before realize. */
void vcpu_add_address_space(VCPU *cpu, AddressSpace *as);

/* Make it leave guest code, or wake it from halt. Any thread. */
void vcpu_kick(VCPU *cpu);
/* Own thread: clear and return the pending bits; what was written before a bit was set
 * is seen after. */
uint32_t vcpu_take_pending(VCPU *cpu);
/* AccelState.one_thread: when the virtual clock is to be looked at has changed. Any
 * thread. */
void vcpu_kick_one_thread(void);
/* AccelState.one_thread, within tcg_exec: false if surely no other vCPU can run, so
 * that nobody gains when this one yields. */
bool vcpu_others_may_run(void);
/* Set bits of pending and kick. Any thread. */
void vcpu_set_pending(VCPU *cpu, uint32_t bits);
/* Queue @fn to run on the vCPU's thread under the BQL, outside guest code. Any thread.
 */
void vcpu_queue_work(VCPU *cpu, VCPUWorkFn *fn, void *opaque);
/* The same and wait for it. Context: BQL (released while waiting). */
void vcpu_run_on(VCPU *cpu, VCPUWorkFn *fn, void *opaque);
/* Run queued work now. Context: own thread, BQL, outside a read section. */
void vcpu_run_queued_work(VCPU *cpu);

/*
 * The CPU object's registers are about to be read or changed by somebody: an
 * accelerator that keeps them elsewhere fetches them; they go back before the next
 * guest instruction. Context: BQL (released while a running vCPU is waited for).
 */
void vcpu_sync_state(VCPU *cpu);
/* All of the CPU object's state was written: reset, load. Context: BQL, stopped. */
void vcpu_state_written(VCPU *cpu, VcpuStateLevel level);

/* Stop all and wait for the acknowledgements; start them again. Context: BQL. */
void vcpu_pause_all(void);
void vcpu_resume_all(void);
bool vcpu_all_stopped(void);
/* Start the thread that the accelerator wants for this vCPU. Called by realize. */
void vcpu_start_thread(VCPU *cpu);
/* Take the thread down. Called by unrealize. Context: BQL (released while waiting). */
void vcpu_stop_thread(VCPU *cpu);

#endif
