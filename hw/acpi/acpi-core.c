/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * PM1 event, control and timer blocks. Source: ACPI Specification 3.0, sections 4.7.3.1
 * to 4.7.3.3. Not modelled: bus master status, global lock hand-over to firmware (the
 * bits are storage).
 *
 * The timer is not counted: its value is computed from the virtual clock, and TMR_STS
 * is set lazily, when the status is looked at after overflow_ns has passed.
 */
#include "hw/acpi/acpi-core.h"
#include "util/log.h"

#define PM1_SCI_EVENTS \
    (ACPI_PM1_TMR | ACPI_PM1_GBL | ACPI_PM1_PWRBTN | ACPI_PM1_SLPBTN | ACPI_PM1_RTC)
#define TIMER_MASK 0xffffffu /* 24 bits */
#define TIMER_HALF 0x800000u /* the top bit toggles this often */

/* --- Timer ---------------------------------------------------------------------------
 */

static uint64_t ticks_now(void)
{
    return (uint64_t)((unsigned __int128)clock_get_ns(VIRTUAL_CLOCK) *
                      ACPI_PM_TIMER_HZ / NANOSECONDS_PER_SECOND);
}

/* First instant at which @ticks have passed. */
static int64_t ticks_to_ns(uint64_t ticks)
{
    unsigned __int128 ns = (unsigned __int128)ticks * NANOSECONDS_PER_SECOND;

    return (int64_t)((ns + ACPI_PM_TIMER_HZ - 1) / ACPI_PM_TIMER_HZ);
}

static void schedule_overflow(AcpiPm1 *pm)
{
    pm->overflow_ns = ticks_to_ns((ticks_now() / TIMER_HALF + 1) * TIMER_HALF);
}

uint16_t acpi_pm1_get_status(AcpiPm1 *pm)
{
    if (clock_get_ns(VIRTUAL_CLOCK) >= pm->overflow_ns) {
        pm->sts |= ACPI_PM1_TMR;
    }
    return pm->sts;
}

void acpi_pm1_rearm(AcpiPm1 *pm)
{
    if ((pm->en & ACPI_PM1_TMR) && !(acpi_pm1_get_status(pm) & ACPI_PM1_TMR)) {
        timer_mod_ns(&pm->timer, pm->overflow_ns);
    } else {
        timer_del(&pm->timer);
    }
}

static void update(AcpiPm1 *pm)
{
    acpi_pm1_rearm(pm);
    pm->ops->update_sci(pm->opaque);
}

static void timer_expired(void *opaque)
{
    update(opaque);
}

bool acpi_pm1_sci_wanted(AcpiPm1 *pm)
{
    return acpi_pm1_get_status(pm) & pm->en & PM1_SCI_EVENTS;
}

void acpi_pm1_raise(AcpiPm1 *pm, uint16_t bits)
{
    pm->sts |= bits;
    update(pm);
}

/* --- Registers -----------------------------------------------------------------------
 */

static uint64_t evt_read(void *opaque, hwaddr offset, unsigned size)
{
    AcpiPm1 *pm = opaque;

    return offset == 0 ? acpi_pm1_get_status(pm) : pm->en;
}

static void evt_write(void *opaque, hwaddr offset, uint64_t value, unsigned size)
{
    AcpiPm1 *pm = opaque;

    if (offset == 0) {
        uint16_t was = acpi_pm1_get_status(pm);
        pm->sts = was & (uint16_t)~value;
        if (was & value & ACPI_PM1_TMR) {
            schedule_overflow(pm);
        }
    } else {
        pm->en = (uint16_t)value;
    }
    update(pm);
}

static uint64_t cnt_read(void *opaque, hwaddr offset, unsigned size)
{
    AcpiPm1 *pm = opaque;

    return pm->control;
}

static void cnt_write(void *opaque, hwaddr offset, uint64_t value, unsigned size)
{
    AcpiPm1 *pm = opaque;

    pm->control = (uint16_t)(value & ~(uint64_t)ACPI_PM1_SLP_EN);
    if (value & ACPI_PM1_SLP_EN) {
        pm->ops->sleep(pm->opaque,
                       (value >> ACPI_PM1_SLP_TYP_SHIFT) & ACPI_PM1_SLP_TYP_MASK);
    }
}

static uint64_t tmr_read(void *opaque, hwaddr offset, unsigned size)
{
    return ticks_now() & TIMER_MASK;
}

static void tmr_write(void *opaque, hwaddr offset, uint64_t value, unsigned size)
{
    log_guest_error("acpi-tmr: write of %#" PRIx64 "\n", value);
}

static const MemoryRegionOps evt_ops = {
    .read = evt_read,
    .write = evt_write,
    .endianness = DEVICE_LITTLE_ENDIAN,
    .valid = {.min_access_size = 1,  .max_access_size = 4},
    .impl = { .min_access_size = 2, .max_access_size = 2},
};

static const MemoryRegionOps cnt_ops = {
    .read = cnt_read,
    .write = cnt_write,
    .endianness = DEVICE_LITTLE_ENDIAN,
    .valid = {.min_access_size = 1,  .max_access_size = 2},
    .impl = { .min_access_size = 2, .max_access_size = 2},
};

static const MemoryRegionOps tmr_ops = {
    .read = tmr_read,
    .write = tmr_write,
    .endianness = DEVICE_LITTLE_ENDIAN,
    .valid = {.min_access_size = 1,  .max_access_size = 4},
    .impl = { .min_access_size = 4, .max_access_size = 4},
};

/* --- Life ----------------------------------------------------------------------------
 */

void acpi_pm1_init(AcpiPm1 *pm, DeviceState *owner, MemoryRegion *parent,
                   const AcpiPm1Ops *ops, void *opaque)
{
    Object *obj = OBJECT(owner);

    pm->ops = ops;
    pm->opaque = opaque;
    timer_init(&pm->timer, device_get_loop(owner), VIRTUAL_CLOCK, timer_expired, pm);
    memory_region_init_io(&pm->evt, obj, &evt_ops, pm, "acpi-evt", 4);
    memory_region_init_io(&pm->cnt, obj, &cnt_ops, pm, "acpi-cnt", 2);
    memory_region_init_io(&pm->tmr, obj, &tmr_ops, pm, "acpi-tmr", 4);
    memory_region_add_subregion(parent, 0, &pm->evt);
    memory_region_add_subregion(parent, 4, &pm->cnt);
    memory_region_add_subregion(parent, 8, &pm->tmr);
    schedule_overflow(pm);
}

void acpi_pm1_reset(AcpiPm1 *pm)
{
    pm->sts = 0;
    pm->en = 0;
    pm->control = 0;
    schedule_overflow(pm);
    timer_del(&pm->timer);
}

void acpi_pm1_fini(AcpiPm1 *pm)
{
    timer_del(&pm->timer);
}

/* What is lazy becomes visible: a status that has come is saved as such. */
static bool pm1_pre_save(void *opaque, Error **errp)
{
    acpi_pm1_get_status(opaque);
    return true;
}

static bool pm1_post_load(void *opaque, int version_id, Error **errp)
{
    acpi_pm1_rearm(opaque);
    return true;
}

static const VMStateField pm1_fields[] = {
    VMSTATE_UINT16(sts, AcpiPm1),
    VMSTATE_UINT16(en, AcpiPm1),
    VMSTATE_UINT16(control, AcpiPm1),
    VMSTATE_INT64(overflow_ns, AcpiPm1),
    VMSTATE_END_OF_LIST(),
};

const VMStateDescription vmstate_acpi_pm1 = {
    .name = "AcpiPm1",
    .version_id = 1,
    .minimum_version_id = 1,
    .pre_save = pm1_pre_save,
    .post_load = pm1_post_load,
    .fields = pm1_fields,
};
