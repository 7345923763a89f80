/* SPDX-License-Identifier: GPL-2.0-or-later */
/* "info lapic": the registers of one local APIC; and the NMI button. */
#include "accel/vcpu.h"
#include "hw/intc/apic-internal.h"
#include "qapi/command.h"

static const char *const lvt_names[APIC_LVT_COUNT] = {
    [APIC_LVT_TIMER] = "LVTT", [APIC_LVT_THERMAL] = "LVTTHMR",
    [APIC_LVT_PERF] = "LVTPC", [APIC_LVT_LINT0] = "LVT0",
    [APIC_LVT_LINT1] = "LVT1", [APIC_LVT_ERROR] = "LVTERR",
};

static const char *const mode_names[] = {
    "Fixed", "Lowest Priority", "SMI", "...", "NMI", "INIT", "SIPI", "ExtINT"
};

static void print_lvt(HmpOut *out, const ApicState *s, ApicLvt entry)
{
    static const char *const timer_modes[] = { "one-shot", "periodic", "tsc-deadline",
                                               "reserved" };
    uint32_t lvt = s->lvt[entry];
    const char *timer = entry == APIC_LVT_TIMER ? timer_modes[lvt >> 17 & 3] : "";

    hmp_printf(out, "%s\t 0x%08x %s %-5s %-6s %-7s %-12s %-6s", lvt_names[entry], lvt,
               lvt & LVT_LOW_ACTIVE ? "active-lo" : "active-hi",
               lvt & LVT_LEVEL ? "level" : "edge", lvt & LVT_MASKED ? "masked" : "",
               lvt & LVT_STATUS ? "pending" : "", timer,
               mode_names[lvt_delivery_mode(lvt)]);
    if (lvt_delivery_mode(lvt) != APIC_DM_NMI) {
        hmp_printf(out, " (vec %u)", lvt & LVT_VECTOR);
    }
    hmp_puts(out, "\n");
}

static void print_vectors(HmpOut *out, const char *name, const uint32_t *reg,
                          const uint32_t *tmr)
{
    bool any = false;

    hmp_printf(out, "%s\t ", name);
    for (int v = 0; v < 256; v++) {
        if (reg[v >> 5] >> (v & 31) & 1) {
            any = true;
            hmp_printf(out, "%d%s ", v, tmr[v >> 5] >> (v & 31) & 1 ? "(level)" : "");
        }
    }
    hmp_puts(out, any ? "\n" : "(none)\n");
}

static void print_icr(HmpOut *out, const ApicState *s)
{
    static const char *const shorthands[] = { "no-shorthand", "self", "all-self",
                                              "all" };
    uint32_t icr = s->icr_low;
    unsigned shorthand = icr >> 18 & 3;

    hmp_printf(out, "ICR\t 0x%08x %s %s %s %s\n", icr,
               icr & 1 << 11 ? "logical" : "physical", icr & 1 << 15 ? "level" : "edge",
               icr & 1 << 14 ? "assert" : "de-assert", shorthands[shorthand]);
    hmp_printf(out, "ICR2\t 0x%08x", s->icr_high);
    if (shorthand != 0) {
        hmp_puts(out, "\n");
    } else if (icr & 1 << 11) {
        hmp_printf(out, " mask %02x (APIC ID)\n", s->icr_high >> 24);
    } else {
        hmp_printf(out, " cpu %u (APIC ID)\n", s->icr_high >> 24);
    }
}

static void print_apic(HmpOut *out, const ApicState *s)
{
    static const ApicLvt order[] = { APIC_LVT_LINT0, APIC_LVT_LINT1,   APIC_LVT_PERF,
                                     APIC_LVT_ERROR, APIC_LVT_THERMAL, APIC_LVT_TIMER };

    hmp_printf(out, "dumping local APIC state for CPU %u \n\n", s->initial_id);
    for (unsigned i = 0; i < G_N_ELEMENTS(order); i++) {
        print_lvt(out, s, order[i]);
    }
    hmp_printf(
        out, "Timer\t DCR=0x%x (divide by %u) initial_count = %u current_count = %u\n",
        s->divide, apic_get_timer_divisor(s), s->initial_count,
        apic_get_current_count(s));
    hmp_printf(out, "SPIV\t 0x%08x APIC %s, focus=%s, spurious vec %u\n", s->svr,
               s->svr & 0x100 ? "enabled" : "disabled", s->svr & 0x200 ? "on" : "off",
               s->svr & 0xff);
    print_icr(out, s);
    hmp_printf(out, "ESR\t 0x%08x\n", s->esr);
    print_vectors(out, "ISR", s->isr, s->tmr);
    print_vectors(out, "IRR", s->irr, s->tmr);
    hmp_printf(out, "\nAPR 0x%02x TPR 0x%02x DFR 0x%02x LDR 0x%02x PPR 0x%02x\n",
               apic_get_apr(s), s->tpr, s->dfr >> 28, s->ldr, apic_get_ppr(s));
}

static void hmp_info_lapic(HmpOut *out, HmpArgs *args)
{
    ApicState *s = NULL;

    if (hmp_arg_has(args, "apic-id")) {
        s = apic_bus_find(hmp_arg_int(args, "apic-id", 0));
    } else {
        VCPU *cpu = vcpu_find(hmp_args_get_cpu(args));

        s = cpu ? apic_of_vcpu(cpu) : NULL;
    }
    if (!s) {
        hmp_puts(out, "No local APIC found for the CPU\n");
        return;
    }
    vcpu_sync_state(s->cpu);
    print_apic(out, s);
}
HMP_INFO(
    "lapic", "apic-id:i?", "[apic-id]",
    "show local apic state (apic-id: local apic to read, default is which of current "
    "CPU)",
    hmp_info_lapic);

/* --- NMI -----------------------------------------------------------------------------
 */

static bool qmp_inject_nmi(struct json_object *args, struct json_object **ret,
                           Error **errp)
{
    if (!apic_is_present()) {
        return error_set(errp, "machine does not provide NMIs");
    }
    for (VCPU *cpu = vcpu_first(); cpu; cpu = vcpu_next(cpu)) {
        apic_deliver_nmi(cpu);
    }
    return true;
}
QMP_COMMAND("inject-nmi", qmp_inject_nmi, 0);

static void hmp_nmi(HmpOut *out, HmpArgs *args)
{
    hmp_do_qmp(out, "inject-nmi", NULL);
}
HMP_COMMAND("nmi", "", "", "inject an NMI", hmp_nmi);
