/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The "tcg" accelerator: guest code is decoded and executed in this process.
 *
 * A vCPU runs inside an RCU read section without the BQL.  What others change under its
 * feet reaches it in two ways: writes to decoded code through the code-written hook,
 * and changes of the memory map or of dirty bits through a flush request, which it
 * carries out before the next block.
 */
#include "accel/accel.h"
#include "accel/tcg/code-pages.h"
#include "accel/tcg/flush.h"
#include "accel/tcg/icount.h"
#include "accel/tcg/jit.h"
#include "accel/vcpu.h"
#include "util/bql.h"
#include "util/rcu.h"

#include <string.h>

enum { CACHE_MIB_DEFAULT = 256, CACHE_MIB_MIN = 4, CACHE_MIB_MAX = 1024 };
enum { LOCKSTEP_SAMPLE_DEFAULT = 1000, LOCKSTEP_SAMPLE_MAX = 1000000 };

/* What "-accel tcg,..." sets; the names are the properties'. */
typedef struct TcgAccel {
    AccelState parent_obj;
    uint32_t tier, tb_size; /* tier: TIER_UNSET, or the highest allowed */
    bool one_insn_per_tb;
    bool lockstep, coverage, perf_map, jitdump;
    bool jit_no_links, jit_all_slow, jit_all_polls, jit_all_hot;
    uint32_t jit_threshold, lockstep_sample;
    char *mem, *thread, *opt, *jit_only_pc;
} TcgAccel;

enum { TIER_UNSET = UINT32_MAX, TIER_HIGHEST = 2 };

static MemoryListener listener;
static bool singlestep;

void tcg_set_singlestep(void)
{
    singlestep = true;
}

typedef struct TcgVcpuListener {
    MemoryListener listener; /* first */
    VCPU *cpu;
} TcgVcpuListener;

/* VCPU.accel_data; the CPU's execution uses it as its reader. */
typedef struct TcgVcpu {
    TcgReader reader; /* first */
    TcgVcpuListener views[VCPU_MAX_ASES];
} TcgVcpu;

/* Carries a TcgVcpu to the end of the read sections that may walk over it. */
typedef struct TcgVcpuRelease {
    RcuHead rcu; /* first */
    TcgVcpu *tv;
} TcgVcpuRelease;

static void release_vcpu(TcgVcpuRelease *r)
{
    g_free(r->tv);
    g_free(r);
}

void tcg_flush_all_vcpus(VCPU *except)
{
    RCU_READ_LOCK_GUARD();

    for (VCPU *cpu = vcpu_first(); cpu; cpu = vcpu_next(cpu)) {
        if (cpu != except && VCPU_GET_CLASS(cpu)->tcg_flush) {
            VCPU_GET_CLASS(cpu)->tcg_flush(cpu);
        }
    }
}

void tcg_kick_all_vcpus(void)
{
    RCU_READ_LOCK_GUARD();

    for (VCPU *cpu = vcpu_first(); cpu; cpu = vcpu_next(cpu)) {
        if (VCPU_GET_CLASS(cpu)->tcg_kick) {
            VCPU_GET_CLASS(cpu)->tcg_kick(cpu);
        }
    }
}

static void kick(VCPU *cpu)
{
    if (VCPU_GET_CLASS(cpu)->tcg_kick) {
        VCPU_GET_CLASS(cpu)->tcg_kick(cpu);
    }
}

static void flush_others(uint64_t ram_addr)
{
    VCPU *self = current_vcpu();

    tcg_flush_all_vcpus(self);
}

static void code_written(ram_addr_t addr, uint64_t len)
{
    tcg_code_written(addr, len);
}

static void dirty_cleared(ram_addr_t addr, uint64_t len, unsigned client)
{
    if (client != DIRTY_MEMORY_CODE) {
        tcg_flush_all_vcpus(NULL);
    }
}

static void map_changed(MemoryListener *l)
{
    tcg_flush_all_vcpus(NULL);
}

/* --- options ------------------------------------------------------------------------
 */

/* "fold,flags,..." or "all", "none"; a name with "-" in front is taken out of all. */
static bool parse_passes(const char *text, unsigned *passes, Error **errp)
{
    static const struct {
        const char *name;
        unsigned bit;
    } known[] = {
        {"fold",   IR_PASS_FOLD },
        { "flags", IR_PASS_FLAGS},
        { "dead",  IR_PASS_DEAD },
        { "group", IR_PASS_GROUP},
        { "all",   IR_PASS_ALL  },
        { "none",  0            },
    };
    g_auto(GStrv) names = g_strsplit_set(text, ":+", -1);

    *passes = names[0] && names[0][0] == '-' ? IR_PASS_ALL : 0;
    for (char **n = names; *n; n++) {
        bool out = **n == '-';
        unsigned k = 0;

        while (k < G_N_ELEMENTS(known) && strcmp(known[k].name, *n + out)) {
            k++;
        }
        if (k == G_N_ELEMENTS(known)) {
            return error_set(errp, "opt: no pass '%s' (fold, flags, dead, group)",
                             *n + out);
        }
        *passes = out ? *passes & ~known[k].bit : *passes | known[k].bit;
    }
    return true;
}

static bool parse_range(const char *text, uint64_t *first, uint64_t *last, Error **errp)
{
    char *end;

    *first = g_ascii_strtoull(text, &end, 16);
    *last = *first;
    if (*end == '-') {
        *last = g_ascii_strtoull(end + 1, &end, 16);
    }
    if (*end || end == text || *last < *first) {
        return error_set(errp, "jit-only-pc: expected FIRST-LAST in hex, not '%s'",
                         text);
    }
    return true;
}

static bool choose_tier(TcgAccel *t, unsigned *tier, Error **errp)
{
    const char *why = NULL;

    *tier = t->tier;
    if (t->tier == TIER_UNSET) {
        *tier = jit_host_usable(&why) ? TIER_HIGHEST : 0;
        return true;
    }
    if (t->tier > 2) {
        return error_set(errp, "tier=%u: must be 0, 1 or 2", t->tier);
    }
    if (t->tier && !jit_host_usable(&why)) {
        return error_set(errp, "tier=%u: this host cannot run translated code: %s",
                         t->tier, why ? why : "not built");
    }
    return true;
}

/* How generated code reaches guest memory: "s", by the software TLB. The host-MMU
 * windows of the design's stage 4 get their names here. */
static bool choose_mem(const char *mem, Error **errp)
{
    if (mem && *mem && strcmp(mem, "s")) {
        return error_set(errp, "mem=%s: only mem=s, the software TLB, is built", mem);
    }
    return true;
}

/* One thread for each vCPU, or one for all. */
static bool choose_threads(TcgAccel *t, JitOptions *o, Error **errp)
{
    const char *thread = t->thread ? t->thread : "";
    bool single = !strcmp(thread, "single");

    if (*thread && !single && strcmp(thread, "multi")) {
        return error_set(errp, "Invalid 'thread' setting %s", thread);
    }
    if (*thread && !single && tcg_icount()->on) {
        return error_set(errp, "No MTTCG when icount is enabled");
    }
    if (*thread && !single && t->lockstep) {
        return error_set(errp, "lockstep=on needs thread=single");
    }
    o->exact = tcg_icount()->on;
    o->counted = single || t->lockstep || o->exact;
    t->parent_obj.one_thread = o->counted;
    return true;
}

static bool set_options(TcgAccel *t, Error **errp)
{
    JitOptions o = { .passes = IR_PASS_ALL, .only_last = UINT64_MAX };

    if (!choose_tier(t, &o.tier, errp)) {
        return false;
    }
    if (!t->tb_size) {
        t->tb_size = CACHE_MIB_DEFAULT;
    }
    if (t->tb_size < CACHE_MIB_MIN || t->tb_size > CACHE_MIB_MAX) {
        return error_set(errp, "tb-size=%u: must be between %d and %d MiB", t->tb_size,
                         CACHE_MIB_MIN, CACHE_MIB_MAX);
    }
    if (!choose_mem(t->mem, errp)) {
        return false;
    }
    if (!choose_threads(t, &o, errp)) {
        return false;
    }
    o.coverage = t->coverage;
    if (t->lockstep && !o.tier) {
        return error_set(errp, "lockstep=on compares translated code: it needs tier=1");
    }
    o.lockstep = t->lockstep;
    o.lockstep_sample = t->lockstep && t->lockstep_sample > 1 ? t->lockstep_sample : 0;
    if (t->lockstep_sample > LOCKSTEP_SAMPLE_MAX) {
        return error_set(errp, "lockstep-sample must be at most %d",
                         LOCKSTEP_SAMPLE_MAX);
    }
    if (t->opt && *t->opt && !parse_passes(t->opt, &o.passes, errp)) {
        return false;
    }
    if (t->jit_only_pc && *t->jit_only_pc &&
        !parse_range(t->jit_only_pc, &o.only_first, &o.only_last, errp)) {
        return false;
    }
    o.cache_bytes = (size_t)t->tb_size << 20;
    o.one_insn = t->one_insn_per_tb || singlestep;
    o.no_links = t->jit_no_links;
    o.all_slow = t->jit_all_slow;
    o.all_polls = t->jit_all_polls;
    o.all_hot = t->jit_all_hot;
    o.perf_map = t->perf_map;
    o.jitdump = t->jitdump;
    o.threshold = t->jit_threshold;
    jit_set_options(&o);
    return true;
}

/* clang-format off */
static const Property properties[] = {
    PROP_UINT32("tier", TcgAccel, tier, TIER_UNSET),
    PROP_UINT32("tb-size", TcgAccel, tb_size, CACHE_MIB_DEFAULT),
    PROP_STR("mem", TcgAccel, mem, NULL),
    PROP_STR("thread", TcgAccel, thread, NULL),
    PROP_STR("opt", TcgAccel, opt, NULL),
    PROP_BOOL("one-insn-per-tb", TcgAccel, one_insn_per_tb, false),
    PROP_BOOL("lockstep", TcgAccel, lockstep, false),
    PROP_UINT32("lockstep-sample", TcgAccel, lockstep_sample, LOCKSTEP_SAMPLE_DEFAULT),
    PROP_BOOL("coverage", TcgAccel, coverage, false),
    PROP_BOOL("perf-map", TcgAccel, perf_map, false),
    PROP_BOOL("jitdump", TcgAccel, jitdump, false),
    /* for tests and bisection */
    PROP_BOOL("jit-no-links", TcgAccel, jit_no_links, false),
    PROP_BOOL("jit-all-slow", TcgAccel, jit_all_slow, false),
    PROP_BOOL("jit-all-polls", TcgAccel, jit_all_polls, false),
    PROP_BOOL("jit-all-hot", TcgAccel, jit_all_hot, false),
    PROP_UINT32("jit-threshold", TcgAccel, jit_threshold, 4),
    PROP_STR("jit-only-pc", TcgAccel, jit_only_pc, NULL),
};
/* clang-format on */

static bool accel_init(AccelState *accel, MachineState *ms, Error **errp)
{
    if (!set_options((TcgAccel *)accel, errp)) {
        return false;
    }
    tcg_icount_start();
    memory_set_code_written_hook(code_written);
    ram_set_dirty_cleared_hook(dirty_cleared);
    tcg_code_pages_set_protect_hook(flush_others);
    listener.name = "tcg";
    listener.commit = map_changed;
    memory_listener_register(&listener, &address_space_memory);
    return true;
}

static void map_of_vcpu_changed(MemoryListener *l)
{
    VCPU *cpu = ((TcgVcpuListener *)l)->cpu;

    VCPU_GET_CLASS(cpu)->tcg_flush(cpu);
}

/* Views of the vCPU's own (SMM) change without system memory changing. */
static void vcpu_init(VCPU *cpu)
{
    TcgVcpu *tv = g_new0(TcgVcpu, 1);

    cpu->accel_data = tv;
    tcg_reader_register(&tv->reader);
    if (tcg_reader_count() > 1) {
        /* Blocks made for one CPU have no LOCK. */
        jit_drop_all();
    }
    for (int i = 1; i < cpu->num_ases && VCPU_GET_CLASS(cpu)->tcg_flush; i++) {
        TcgVcpuListener *l = &tv->views[i];
        *l = (TcgVcpuListener){
            .listener = {.name = "tcg-vcpu", .commit = map_of_vcpu_changed},
            .cpu = cpu
        };
        memory_listener_register(&l->listener, cpu->as[i]);
    }
}

static void exec(VCPU *cpu)
{
    VCPUClass *vc = VCPU_GET_CLASS(cpu);
    bool counted = jit_options()->counted;
    TcgVcpu *tv = cpu->accel_data;
    int64_t budget = 0;

    if (counted) {
        budget = cpu->budget = MIN(cpu->slice, tcg_icount_left());
        tcg_icount_begin(cpu, budget);
    }
    bql_unlock();
    rcu_read_lock();
    tcg_reader_enter(&tv->reader);
    cpu->yielded = vc->tcg_exec(cpu);
    tcg_reader_leave(&tv->reader);
    rcu_read_unlock();
    bql_lock();
    if (counted) {
        tcg_icount_end(cpu);
        cpu->slice -= budget - cpu->budget;
    }
}

static void vcpu_finalize(VCPU *cpu)
{
    TcgVcpu *tv = cpu->accel_data;

    for (int i = 1; i < cpu->num_ases && VCPU_GET_CLASS(cpu)->tcg_flush; i++) {
        memory_listener_unregister(&tv->views[i].listener);
    }
    tcg_reader_unregister(&tv->reader);
    cpu->accel_data = NULL;
    TcgVcpuRelease *r = g_new(TcgVcpuRelease, 1);
    r->tv = tv;
    call_rcu(r, release_vcpu, rcu);
}

static void tcg_class_init(ObjectClass *klass, const void *data)
{
    AccelClass *ac = (AccelClass *)klass;

    ac->name = "tcg";
    ac->desc = "decode and execute";
    ac->init = accel_init;
    ac->exec = exec;
    ac->vcpu_init = vcpu_init;
    ac->vcpu_finalize = vcpu_finalize;
    ac->kick = kick;
    ac->clock_due = tcg_icount_due;
    ac->clock_idle = tcg_icount_idle;
    OBJECT_CLASS_ADD_PROPERTIES(klass, properties);
}

static const TypeInfo tcg_info = {
    .name = "tcg-accel",
    .parent = TYPE_ACCEL,
    .instance_size = sizeof(TcgAccel),
    .class_init = tcg_class_init,
};
TYPE_REGISTER(tcg_info);
