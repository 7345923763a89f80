/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What joins the local APICs, the I/O APIC and the devices that send messages: who is
 * addressed (Intel SDM volume 3A, 10.6.2 and 10.11), and who hears of an EOI.
 */
#include "accel/target/i386/cpu.h"
#include "accel/vcpu.h"
#include "hw/intc/apic-internal.h"

#include <assert.h>

#define APIC_BUS_MAX 256

typedef struct EoiListener {
    ApicEoiFn *fn;
    void *opaque;
} EoiListener;

/* What joins the APICs: the one system bus. Protected by the BQL. */
static struct {
    ApicState *by_cpu[APIC_BUS_MAX]; /* by VCPU.index */
    int limit;                       /* above the highest index in use */
    EoiListener listeners[4];
    int num_listeners;
    int pic_line; /* INT of the 8259s */
    int last_lowest;
} apic_bus;

ApicState *apic_bus_next(int *index)
{
    while (*index < apic_bus.limit) {
        ApicState *s = apic_bus.by_cpu[(*index)++];

        if (s) {
            return s;
        }
    }
    return NULL;
}

const ApicTwin *apic_bus_get_twin(void)
{
    int i = 0;
    ApicState *s = apic_bus_next(&i);

    return s ? apic_get_twin(s) : NULL;
}

bool apic_is_present(void)
{
    return apic_bus.limit > 0;
}

void apic_bus_add_eoi_listener(ApicEoiFn *fn, void *opaque)
{
    assert(apic_bus.num_listeners < (int)G_N_ELEMENTS(apic_bus.listeners));
    apic_bus.listeners[apic_bus.num_listeners++] = (EoiListener){ fn, opaque };
}

void apic_bus_del_eoi_listener(ApicEoiFn *fn, void *opaque)
{
    for (int i = 0; i < apic_bus.num_listeners; i++) {
        EoiListener *l = &apic_bus.listeners[i];

        if (l->fn == fn && l->opaque == opaque) {
            *l = apic_bus.listeners[--apic_bus.num_listeners];
            return;
        }
    }
}

ApicState *apic_bus_find(uint32_t apic_id)
{
    int i = 0;
    ApicState *s;

    while ((s = apic_bus_next(&i))) {
        if (s->id == apic_id) {
            return s;
        }
    }
    return NULL;
}

ApicState *apic_of_vcpu(const VCPU *cpu)
{
    return cpu->index < APIC_BUS_MAX ? apic_bus.by_cpu[cpu->index] : NULL;
}

X86State *apic_cpu_state(VCPU *cpu)
{
    ApicState *s = apic_of_vcpu(cpu);

    if (s) {
        vcpu_sync_state(cpu);
    }
    return s ? s->state : NULL;
}

int apic_bus_pic_line(void)
{
    return apic_bus.pic_line;
}

void apic_bus_broadcast_eoi(uint8_t vector)
{
    for (int i = 0; i < apic_bus.num_listeners; i++) {
        apic_bus.listeners[i].fn(apic_bus.listeners[i].opaque, vector);
    }
}

bool apic_bus_join(ApicState *s, Error **errp)
{
    int index = s->cpu->index;

    if (index >= APIC_BUS_MAX) {
        return error_set(errp, "apic: CPU index %d is above the limit of %d", index,
                         APIC_BUS_MAX - 1);
    }
    apic_bus.by_cpu[index] = s;
    apic_bus.limit = MAX(apic_bus.limit, index + 1);
    return true;
}

void apic_bus_leave(ApicState *s)
{
    apic_bus.by_cpu[s->cpu->index] = NULL;
    while (apic_bus.limit > 0 && !apic_bus.by_cpu[apic_bus.limit - 1]) {
        apic_bus.limit--;
    }
}

/* --- Delivery on the bus -------------------------------------------------------------
 */

/* 10.6.2: is this APIC addressed? */
bool apic_is_destination(const ApicState *s, uint32_t dest, bool logical)
{
    if (!apic_is_hw_enabled(s)) {
        return false;
    }
    if (apic_is_x2apic(s)) {
        uint32_t ldr = apic_get_ldr(s);

        if (!logical) {
            return dest == s->initial_id || dest == 0xff || dest == UINT32_MAX;
        }
        return (dest >> 16) == (ldr >> 16) && (dest & ldr & 0xffff);
    }
    if (!logical) {
        return dest == s->id || dest == 0xff;
    }
    if ((s->dfr >> 28) == 0xf) {
        return dest & s->ldr;
    }
    /* Cluster model: bits 7:4 name the cluster, bits 3:0 its members. */
    return ((dest ^ s->ldr) & 0xf0) == 0
               ? dest & s->ldr & 0x0f
               : (dest & 0xf0) == 0xf0 && (dest & s->ldr & 0xf);
}

/* The one with the lowest priority; equals take turns. */
static void apic_bus_send_lowest(const ApicMessage *msg)
{
    ApicState *best = NULL;
    int n = apic_bus.limit;

    for (int k = 1; k <= n; k++) {
        ApicState *s = apic_bus.by_cpu[(apic_bus.last_lowest + k) % n];

        if (!s || !apic_is_sw_enabled(s) ||
            !apic_is_destination(s, msg->dest, msg->logical)) {
            continue;
        }
        if (apic_has_vector(s, msg->vector)) {
            best = s; /* the focus processor already has it */
            break;
        }
        if (!best || apic_get_ppr(s) < apic_get_ppr(best)) {
            best = s;
        }
    }
    if (best) {
        apic_bus.last_lowest = best->cpu->index;
        apic_receive(best, msg);
    }
}

void apic_bus_send(const ApicMessage *msg)
{
    const ApicTwin *twin = apic_bus_get_twin();
    int i = 0;
    ApicState *s;

    if (twin) {
        twin->send(msg);
        return;
    }
    if (msg->mode == APIC_DM_LOWEST) {
        apic_bus_send_lowest(msg);
        return;
    }
    while ((s = apic_bus_next(&i))) {
        if (apic_is_destination(s, msg->dest, msg->logical)) {
            apic_receive(s, msg);
        }
    }
}

/* 10.11.1, 10.11.2: message address and data. */
void apic_deliver_msi(uint64_t addr, uint32_t data)
{
    ApicMessage msg = {
        .dest = addr >> 12 & 0xff,
        .logical = addr >> 2 & 1,
        .mode = data >> 8 & 7,
        .vector = data & 0xff,
        .level_triggered = data >> 15 & 1,
    };

    if (apic_bus_get_twin()) {
        apic_bus_get_twin()->send_msi(addr, data);
        return;
    }
    apic_bus_send(&msg);
}

void apic_bus_set_pic_line(int level)
{
    int i = 0;
    ApicState *s;

    level = !!level;
    if (apic_bus.pic_line == level) {
        return;
    }
    apic_bus.pic_line = level;
    if (apic_bus_get_twin()) {
        apic_bus_get_twin()->set_pic_line(level);
        return;
    }
    while ((s = apic_bus_next(&i))) {
        uint32_t lvt = s->lvt[APIC_LVT_LINT0];

        if (!level) {
            s->extint = false; /* the INTA cycle lowers INT */
        }
        if (level && apic_is_hw_enabled(s) && !(lvt & LVT_MASKED) &&
            lvt_delivery_mode(lvt) != APIC_DM_EXTINT) {
            apic_deliver_local(s, APIC_LVT_LINT0);
        } else {
            apic_update(s);
        }
    }
}

void apic_deliver_nmi(VCPU *cpu)
{
    ApicState *s = apic_of_vcpu(cpu);

    if (!s) {
        return;
    }
    vcpu_sync_state(cpu);
    if (!apic_is_hw_enabled(s)) {
        apic_signal(s, X86_IRQ_NMI);
    } else {
        apic_deliver_local(s, APIC_LVT_LINT1);
    }
}
