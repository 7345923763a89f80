/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * MSI-X capability, table and pending bits. Source: PCI Local Bus Specification 3.0,
 * section 6.8.2.
 *
 * X1: a pending bit is set only while its vector is masked (by itself or by the
 * function mask) or MSI-X is off.
 */
#include "hw/pci/msi.h"
#include "hw/pci/pci-internal.h"
#include "util/log.h"

#include <assert.h>
#include <string.h>

#define MSIX_CAP_SIZE        12
#define MSIX_CONTROL         2 /* 16 bits */
#define MSIX_CONTROL_SIZE    0x07ff
#define MSIX_CONTROL_MASKALL 0x4000
#define MSIX_CONTROL_ENABLE  0x8000
#define MSIX_TABLE           4
#define MSIX_PBA             8
#define MSIX_ENTRY_SIZE      16
#define MSIX_ENTRY_ADDRESS   0
#define MSIX_ENTRY_DATA      8
#define MSIX_ENTRY_CONTROL   12
#define MSIX_ENTRY_MASKED    0x1
#define MSIX_MAX_VECTORS     2048

struct MSIXState {
    unsigned num_vectors;
    uint32_t table_size; /* bytes */
    uint32_t pba_size;
    uint8_t *table; /* little-endian, as the guest sees it */
    uint8_t *pba;
    MemoryRegion table_mmio;
    MemoryRegion pba_mmio;
    MemoryRegion bar; /* msix_init_exclusive_bar */
    MemoryRegion *table_container;
    MemoryRegion *pba_container;
};

static uint16_t control(const PCIDevice *dev)
{
    return pci_get_word(dev->config + dev->msix_cap + MSIX_CONTROL);
}

bool msix_enabled(const PCIDevice *dev)
{
    return msix_present(dev) && (control(dev) & MSIX_CONTROL_ENABLE);
}

static uint8_t *entry(PCIDevice *dev, unsigned vector)
{
    return dev->msix->table + (size_t)vector * MSIX_ENTRY_SIZE;
}

bool msix_is_masked(PCIDevice *dev, unsigned vector)
{
    return !msix_enabled(dev) || (control(dev) & MSIX_CONTROL_MASKALL) ||
           (entry(dev, vector)[MSIX_ENTRY_CONTROL] & MSIX_ENTRY_MASKED);
}

bool msix_is_pending(PCIDevice *dev, unsigned vector)
{
    return dev->msix->pba[vector / 8] & (1u << (vector % 8));
}

static void set_pending(PCIDevice *dev, unsigned vector, bool pending)
{
    uint8_t bit = (uint8_t)(1u << (vector % 8));

    if (pending) {
        dev->msix->pba[vector / 8] |= bit;
    } else {
        dev->msix->pba[vector / 8] &= (uint8_t)~bit;
    }
}

MSIMessage msix_get_message(PCIDevice *dev, unsigned vector)
{
    const uint8_t *e = entry(dev, vector);

    return (MSIMessage){ pci_get_quad(e + MSIX_ENTRY_ADDRESS),
                         pci_get_long(e + MSIX_ENTRY_DATA) };
}

void msix_notify(PCIDevice *dev, unsigned vector)
{
    if (!msix_present(dev) || vector >= dev->msix->num_vectors) {
        return;
    }
    if (msix_is_masked(dev, vector)) {
        set_pending(dev, vector, true);
        return;
    }
    msi_send_message(dev, msix_get_message(dev, vector));
}

static void send_if_unmasked(PCIDevice *dev, unsigned vector)
{
    if (msix_is_pending(dev, vector) && !msix_is_masked(dev, vector)) {
        set_pending(dev, vector, false);
        msix_notify(dev, vector);
    }
}

void msix_config_written(PCIDevice *dev, uint32_t offset, int size)
{
    if (!msix_present(dev) ||
        !pci_config_overlaps(offset, size, dev->msix_cap + MSIX_CONTROL, 2) ||
        !msix_enabled(dev)) {
        return;
    }
    pci_set_irq(dev, 0);
    for (unsigned v = 0; v < dev->msix->num_vectors; v++) {
        send_if_unmasked(dev, v);
    }
}

void msix_reset(PCIDevice *dev)
{
    if (!msix_present(dev)) {
        return;
    }
    struct MSIXState *s = dev->msix;
    pci_set_word(dev->config + dev->msix_cap + MSIX_CONTROL,
                 (uint16_t)(s->num_vectors - 1));
    memset(s->table, 0, s->table_size);
    memset(s->pba, 0, s->pba_size);
    for (unsigned v = 0; v < s->num_vectors; v++) {
        entry(dev, v)[MSIX_ENTRY_CONTROL] = MSIX_ENTRY_MASKED;
    }
}

/* --- Registers -----------------------------------------------------------------------
 */

static uint64_t table_read(void *opaque, hwaddr offset, unsigned size)
{
    PCIDevice *dev = opaque;
    const uint8_t *p = dev->msix->table + offset;

    return size == 8 ? pci_get_quad(p) : pci_get_long(p);
}

static void table_write(void *opaque, hwaddr offset, uint64_t value, unsigned size)
{
    PCIDevice *dev = opaque;
    uint8_t *p = dev->msix->table + offset;

    if (size == 8) {
        pci_set_quad(p, value);
    } else {
        pci_set_long(p, (uint32_t)value);
    }
    send_if_unmasked(dev, (unsigned)(offset / MSIX_ENTRY_SIZE));
}

static uint64_t pba_read(void *opaque, hwaddr offset, unsigned size)
{
    PCIDevice *dev = opaque;
    const uint8_t *p = dev->msix->pba + offset;

    return size == 8 ? pci_get_quad(p) : pci_get_long(p);
}

static void pba_write(void *opaque, hwaddr offset, uint64_t value, unsigned size)
{
    log_guest_error("msix: write to the pending bits at %#" PRIx64 "\n", offset);
}

static const MemoryRegionOps table_ops = {
    .read = table_read,
    .write = table_write,
    .endianness = DEVICE_LITTLE_ENDIAN,
    .valid = {.min_access_size = 4,  .max_access_size = 8},
    .impl = { .min_access_size = 4, .max_access_size = 8},
};

static const MemoryRegionOps pba_ops = {
    .read = pba_read,
    .write = pba_write,
    .endianness = DEVICE_LITTLE_ENDIAN,
    .valid = {.min_access_size = 4,  .max_access_size = 8},
    .impl = { .min_access_size = 4, .max_access_size = 8},
};

/* --- Life ----------------------------------------------------------------------------
 */

/* Made once for a function; freed when the function is. */
static struct MSIXState *state_get(PCIDevice *dev, unsigned num_vectors)
{
    struct MSIXState *s = dev->msix;

    if (!s) {
        s = g_new0(struct MSIXState, 1);
        s->num_vectors = num_vectors;
        s->table_size = num_vectors * MSIX_ENTRY_SIZE;
        s->pba_size = (num_vectors + 63) / 64 * 8;
        s->table = g_malloc0(s->table_size);
        s->pba = g_malloc0(s->pba_size);
        dev->msix = s;
    }
    return s;
}

void msix_free(PCIDevice *dev)
{
    if (dev->msix) {
        g_free(dev->msix->table);
        g_free(dev->msix->pba);
        g_free(dev->msix);
        dev->msix = NULL;
    }
}

bool msix_init(PCIDevice *dev, unsigned num_vectors, MemoryRegion *table_region,
               uint8_t table_bar, uint32_t table_offset, MemoryRegion *pba_region,
               uint8_t pba_bar, uint32_t pba_offset, uint8_t cap_offset, Error **errp)
{
    assert(num_vectors >= 1 && num_vectors <= MSIX_MAX_VECTORS);
    assert(!(table_offset & 7) && !(pba_offset & 7));
    int cap = pci_add_capability(dev, PCI_CAP_ID_MSIX, cap_offset, MSIX_CAP_SIZE, errp);
    if (cap < 0) {
        return false;
    }
    struct MSIXState *s = state_get(dev, num_vectors);
    Object *owner = OBJECT(dev);
    dev->msix_cap = (uint8_t)cap;
    pci_set_word(dev->config + cap + MSIX_CONTROL, (uint16_t)(num_vectors - 1));
    pci_set_long(dev->config + cap + MSIX_TABLE, table_offset | table_bar);
    pci_set_long(dev->config + cap + MSIX_PBA, pba_offset | pba_bar);
    pci_set_word(dev->wmask + cap + MSIX_CONTROL,
                 MSIX_CONTROL_MASKALL | MSIX_CONTROL_ENABLE);
    memory_region_init_io(&s->table_mmio, owner, &table_ops, dev, "msix-table",
                          s->table_size);
    memory_region_init_io(&s->pba_mmio, owner, &pba_ops, dev, "msix-pba", s->pba_size);
    memory_region_add_subregion(table_region, table_offset, &s->table_mmio);
    memory_region_add_subregion(pba_region, pba_offset, &s->pba_mmio);
    s->table_container = table_region;
    s->pba_container = pba_region;
    msix_reset(dev);
    return true;
}

bool msix_init_exclusive_bar(PCIDevice *dev, unsigned num_vectors, uint8_t bar,
                             Error **errp)
{
    uint32_t pba_offset = 2048, size = 4096;
    struct MSIXState *s = state_get(dev, num_vectors);
    g_autofree char *name =
        g_strdup_printf("%s-msix", object_get_typename(OBJECT(dev)));

    /* Table in the lower half, pending bits in the upper one. */
    while (pba_offset < s->table_size || size < pba_offset + s->pba_size) {
        pba_offset *= 2;
        size *= 2;
    }
    memory_region_init(&s->bar, OBJECT(dev), name, size);
    if (!msix_init(dev, num_vectors, &s->bar, bar, 0, &s->bar, bar, pba_offset, 0,
                   errp)) {
        return false;
    }
    pci_register_bar(dev, bar, PCI_BAR_MEM, &s->bar);
    return true;
}

/* The regions are the device's children and die with it; msix_free follows. */
void msix_uninit(PCIDevice *dev)
{
    if (!msix_present(dev)) {
        return;
    }
    struct MSIXState *s = dev->msix;
    memory_region_del_subregion(s->table_container, &s->table_mmio);
    memory_region_del_subregion(s->pba_container, &s->pba_mmio);
    pci_del_capability(dev, PCI_CAP_ID_MSIX, MSIX_CAP_SIZE);
    dev->msix_cap = 0;
}

/* --- State ---------------------------------------------------------------------------
 */

static bool msix_needed(void *opaque)
{
    return msix_present(opaque);
}

static const VMStateField msix_state_fields[] = {
    VMSTATE_VBUFFER(table, struct MSIXState, table_size),
    VMSTATE_VBUFFER(pba, struct MSIXState, pba_size),
    VMSTATE_END_OF_LIST(),
};

static const VMStateDescription vmstate_msix_state = {
    .name = "MSIXState",
    .version_id = 1,
    .minimum_version_id = 1,
    .fields = msix_state_fields,
};

static bool msix_exists(void *opaque, int version_id)
{
    return msix_present(opaque);
}

static const VMStateField msix_fields[] = {
    {.name = "msix",
     .offset = offsetof(PCIDevice, msix),
     .num_offset = -1,
     .kind = VMS_STRUCT,
     .size = sizeof(struct MSIXState),
     .num = 1,
     .pointer = true,
     .vmsd = &vmstate_msix_state,
     .exists = msix_exists},
    VMSTATE_END_OF_LIST(),
};

const VMStateDescription vmstate_msix = {
    .name = "MSIX",
    .version_id = 1,
    .minimum_version_id = 1,
    .needed = msix_needed,
    .fields = msix_fields,
};
