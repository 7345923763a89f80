/* SPDX-License-Identifier: GPL-2.0-or-later */
/* -smp: what is given and what follows from it. */
#include "qapi/value.h"
#include "softmmu/cli-internal.h"

/* "smp.cpus" in messages. 0: absent. */
static bool get(struct json_object *opts, const char *key, unsigned *out, bool *zero,
                Error **errp)
{
    struct json_object *v;
    uint64_t n;
    g_autofree char *name = g_strdup_printf("smp.%s", key);

    *out = 0;
    if (!opts || !json_object_object_get_ex(opts, key, &v)) {
        return true;
    }
    if (!value_get_uint64(v, name, &n, errp)) {
        return false;
    }
    if (n > 1u << 20) {
        return error_set(errp, "Parameter '%s' expects a number up to %u", name,
                         1u << 20);
    }
    *out = (unsigned)n;
    *zero |= n == 0;
    return true;
}

static bool check(MachineState *ms, const CpuTopology *t, Error **errp)
{
    MachineClass *mc = MACHINE_GET_CLASS(ms);
    uint64_t product = (uint64_t)t->sockets * t->dies * t->cores * t->threads;

    if (product != t->max_cpus) {
        return error_set(
            errp,
            "Invalid CPU topology: product of the hierarchy must match maxcpus: "
            "sockets (%u) * dies (%u) * cores (%u) * threads (%u) != maxcpus (%u)",
            t->sockets, t->dies, t->cores, t->threads, t->max_cpus);
    }
    if (t->max_cpus < t->cpus) {
        return error_set(
            errp,
            "Invalid CPU topology: maxcpus must be equal to or greater than smp: "
            "sockets (%u) * dies (%u) * cores (%u) * threads (%u) == maxcpus (%u) "
            "< smp_cpus (%u)",
            t->sockets, t->dies, t->cores, t->threads, t->max_cpus, t->cpus);
    }
    if (t->cpus < 1 || t->max_cpus > mc->max_cpus) {
        return error_set(
            errp, "Invalid SMP CPUs %u. The max CPUs supported by machine '%s' is %u",
            t->max_cpus, mc->name, mc->max_cpus);
    }
    return true;
}

bool smp_apply_options(MachineState *ms, struct json_object *opts, Error **errp)
{
    CpuTopology t = { 0 };
    bool zero = false;

    if (!get(opts, "cpus", &t.cpus, &zero, errp) ||
        !get(opts, "maxcpus", &t.max_cpus, &zero, errp) ||
        !get(opts, "sockets", &t.sockets, &zero, errp) ||
        !get(opts, "dies", &t.dies, &zero, errp) ||
        !get(opts, "cores", &t.cores, &zero, errp) ||
        !get(opts, "threads", &t.threads, &zero, errp)) {
        return false;
    }
    if (zero) {
        warn_report(
            "Deprecated CPU topology (considered invalid): CPU topology parameters "
            "must be greater than zero");
    }
    t.dies = MAX(t.dies, 1);
    if (!t.cpus && !t.max_cpus) {
        t.sockets = MAX(t.sockets, 1);
        t.cores = MAX(t.cores, 1);
        t.threads = MAX(t.threads, 1);
    } else {
        unsigned total = t.max_cpus ? t.max_cpus : t.cpus;
        /* Newer machines give what is left to the cores. */
        if (!t.cores) {
            t.sockets = MAX(t.sockets, 1);
            t.threads = MAX(t.threads, 1);
            t.cores = total / (t.sockets * t.dies * t.threads);
        } else if (!t.sockets) {
            t.threads = MAX(t.threads, 1);
            t.sockets = total / (t.dies * t.cores * t.threads);
        }
        if (!t.threads) {
            t.threads = total / MAX(1, t.sockets * t.dies * t.cores);
        }
    }
    if (!t.max_cpus) {
        uint64_t product = (uint64_t)t.sockets * t.dies * t.cores * t.threads;
        t.max_cpus = (unsigned)MIN(product, UINT32_MAX);
    }
    if (!t.cpus) {
        t.cpus = t.max_cpus;
    }
    if (!check(ms, &t, errp)) {
        return false;
    }
    ms->smp = t;
    return true;
}
