/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The PCI transport. Source: VIRTIO 1.1, section 4.1: capabilities (4.1.4), common
 * configuration (4.1.4.3), notifications (4.1.4.4), ISR (4.1.4.5), access through
 * configuration space (4.1.4.8), legacy interface (4.1.4.10). Not modelled:
 * notification by port, a page a queue, ATS.
 *
 * Interface: BAR 4 (64-bit, 16 KiB): common, ISR, device and notification structures of
 * 4 KiB each; BAR 1 MSI-X; BAR 0 the legacy ports when it is transitional; INTA.
 */
#include "hw/virtio/virtio-pci.h"
#include "hw/pci/msi.h"
#include "hw/pci/pcie.h"
#include "util/log.h"

#include <string.h>

#define VIRTIO_PCI_VENDOR 0x1af4
#define VIRTIO_PCI_DEVICE 0x1040 /* + device id */

/* --- Capabilities (4.1.4) --- */
enum { CFG_COMMON = 1, CFG_NOTIFY, CFG_ISR, CFG_DEVICE, CFG_PCI };
#define CAP_BAR        4
#define CAP_OFFSET     8
#define CAP_LENGTH     12
#define CAP_EXTRA      16 /* notification multiplier, or the data of CFG_PCI */
#define CAP_SIZE       16
#define CAP_SIZE_EXTRA 20
#define MODERN_BAR     4
#define MSIX_BAR       1
#define LEGACY_BAR     0
#define REGION_BYTES   0x1000
#define NOTIFY_STEP    4
#define EXP_CAP        0x40
#define PM_CAP_SIZE    8
#define PM_CAP_VERSION 0x0003
#define PM_STATE_WMASK 0x0003

enum { REGION_COMMON, REGION_ISR, REGION_DEVICE, REGION_NOTIFY };

/* --- Legacy ports (4.1.4.10) --- */
enum {
    LEGACY_HOST_FEATURES = 0,
    LEGACY_GUEST_FEATURES = 4,
    LEGACY_QUEUE_PFN = 8,
    LEGACY_QUEUE_NUM = 12,
    LEGACY_QUEUE_SELECT = 14,
    LEGACY_QUEUE_NOTIFY = 16,
    LEGACY_STATUS = 18,
    LEGACY_ISR = 19,
    LEGACY_CONFIG_VECTOR = 20, /* with MSI-X enabled */
    LEGACY_QUEUE_VECTOR = 22,
};

/* --- Transport -----------------------------------------------------------------------
 */

static AddressSpace *transport_space(void *opaque)
{
    return pci_get_address_space(PCI_DEVICE(opaque));
}

static void update_intx(VirtIOPCI *s)
{
    PCIDevice *pci = PCI_DEVICE(s);

    if (!msix_enabled(pci)) {
        pci_set_irq(pci, s->vdev->isr != 0);
    }
}

static void transport_notify(void *opaque, uint16_t vector, bool config)
{
    VirtIOPCI *s = opaque;
    PCIDevice *pci = PCI_DEVICE(s);

    if (!msix_enabled(pci)) {
        update_intx(s);
    } else if (vector != VIRTIO_NO_VECTOR) {
        msix_notify(pci, vector);
    }
}

static void transport_reset(void *opaque)
{
    VirtIOPCI *s = opaque;

    s->device_feature_select = s->driver_feature_select = 0;
    s->driver_features = 0;
    s->queue_select = 0;
    pci_set_irq(PCI_DEVICE(s), 0);
}

static const VirtIOTransportOps transport_ops = { transport_space, transport_notify,
                                                  transport_reset };

static VirtQueue *selected(VirtIOPCI *s)
{
    return virtio_get_queue(s->vdev, s->queue_select);
}

/* A vector that does not exist reads back as none (4.1.5.1.2). */
static uint16_t valid_vector(const VirtIOPCI *s, uint16_t vector)
{
    return msix_present(PCI_DEVICE(s)) && vector < s->vectors ? vector
                                                              : VIRTIO_NO_VECTOR;
}

static uint8_t read_isr(VirtIOPCI *s)
{
    uint8_t isr = s->vdev->isr;

    s->vdev->isr = 0;
    pci_set_irq(PCI_DEVICE(s), 0);
    return isr;
}

static void write_status(VirtIOPCI *s, uint8_t status)
{
    VirtIODevice *vdev = s->vdev;
    bool wants = (status & VIRTIO_STATUS_FEATURES_OK) &&
                 !(vdev->status & VIRTIO_STATUS_FEATURES_OK);

    if (wants && (!virtio_set_features(vdev, s->driver_features) ||
                  !virtio_has_feature(vdev, VIRTIO_F_VERSION_1))) {
        status &= (uint8_t)~VIRTIO_STATUS_FEATURES_OK; /* 3.1.1, step 6 */
    }
    virtio_set_status(vdev, status);
}

/* --- Common configuration (4.1.4.3), by field ----------------------------------------
 */

enum {
    C_DEVICE_FEATURE_SELECT = 0x00,
    C_DEVICE_FEATURE = 0x04,
    C_DRIVER_FEATURE_SELECT = 0x08,
    C_DRIVER_FEATURE = 0x0c,
    C_CONFIG_VECTOR = 0x10,
    C_NUM_QUEUES = 0x12,
    C_STATUS = 0x14,
    C_GENERATION = 0x15,
    C_QUEUE_SELECT = 0x16,
    C_QUEUE_SIZE = 0x18,
    C_QUEUE_VECTOR = 0x1a,
    C_QUEUE_ENABLE = 0x1c,
    C_QUEUE_NOTIFY_OFF = 0x1e,
    C_QUEUE_DESC = 0x20,
    C_QUEUE_DRIVER = 0x28,
    C_QUEUE_DEVICE = 0x30,
};

static uint32_t half(uint64_t value, hwaddr offset)
{
    return (uint32_t)(offset & 4 ? value >> 32 : value);
}

static uint32_t read_queue_field(const VirtQueue *vq, hwaddr offset)
{
    switch (offset) {
    case C_QUEUE_SIZE:
        return vq->num;
    case C_QUEUE_VECTOR:
        return vq->vector;
    case C_QUEUE_ENABLE:
        return vq->enabled;
    case C_QUEUE_NOTIFY_OFF:
        return vq->index;
    case C_QUEUE_DESC:
    case C_QUEUE_DESC + 4:
        return half(vq->desc, offset);
    case C_QUEUE_DRIVER:
    case C_QUEUE_DRIVER + 4:
        return half(vq->avail, offset);
    case C_QUEUE_DEVICE:
    case C_QUEUE_DEVICE + 4:
        return half(vq->used, offset);
    default:
        return 0;
    }
}

static uint64_t common_read(void *opaque, hwaddr offset, unsigned size)
{
    VirtIOPCI *s = opaque;
    VirtIODevice *vdev = s->vdev;
    const VirtQueue *vq = selected(s);

    switch (offset) {
    case C_DEVICE_FEATURE_SELECT:
        return s->device_feature_select;
    case C_DEVICE_FEATURE: {
        uint64_t f = virtio_get_host_features(vdev) &
                     ~(VIRTIO_F_NOTIFY_ON_EMPTY | VIRTIO_F_ANY_LAYOUT);
        return s->device_feature_select > 1 ? 0 : half(f, s->device_feature_select * 4);
    }
    case C_DRIVER_FEATURE_SELECT:
        return s->driver_feature_select;
    case C_DRIVER_FEATURE:
        return s->driver_feature_select > 1
                   ? 0
                   : half(s->driver_features, s->driver_feature_select * 4);
    case C_CONFIG_VECTOR:
        return vdev->config_vector;
    case C_NUM_QUEUES:
        return vdev->num_queues;
    case C_STATUS:
        return vdev->status;
    case C_GENERATION:
        return vdev->config_generation & 0xff;
    case C_QUEUE_SELECT:
        return s->queue_select;
    default:
        return vq ? read_queue_field(vq, offset) : 0;
    }
}

static void set_half(uint64_t *value, hwaddr offset, uint32_t half_value)
{
    unsigned shift = offset & 4 ? 32 : 0;

    *value = (*value & ~(UINT64_C(0xffffffff) << shift)) | (uint64_t)half_value
                                                               << shift;
}

static void write_queue_field(VirtIOPCI *s, VirtQueue *vq, hwaddr offset,
                              uint32_t value)
{
    switch (offset) {
    case C_QUEUE_SIZE:
        if (value && value <= vq->num_max && !(value & (value - 1))) {
            vq->num = (uint16_t)value;
        } else {
            log_guest_error("virtio-pci: queue of %u entries\n", value);
        }
        break;
    case C_QUEUE_VECTOR:
        vq->vector = valid_vector(s, (uint16_t)value);
        break;
    case C_QUEUE_ENABLE:
        vq->enabled |= value == 1; /* never 0: 4.1.4.3.2 */
        break;
    case C_QUEUE_DESC:
    case C_QUEUE_DESC + 4:
        set_half(&vq->desc, offset, value);
        break;
    case C_QUEUE_DRIVER:
    case C_QUEUE_DRIVER + 4:
        set_half(&vq->avail, offset, value);
        break;
    case C_QUEUE_DEVICE:
    case C_QUEUE_DEVICE + 4:
        set_half(&vq->used, offset, value);
        break;
    default:
        break;
    }
}

static void common_write(void *opaque, hwaddr offset, uint64_t value, unsigned size)
{
    VirtIOPCI *s = opaque;
    VirtQueue *vq = selected(s);

    switch (offset) {
    case C_DEVICE_FEATURE_SELECT:
        s->device_feature_select = (uint32_t)value;
        break;
    case C_DRIVER_FEATURE_SELECT:
        s->driver_feature_select = (uint32_t)value;
        break;
    case C_DRIVER_FEATURE:
        if (s->driver_feature_select <= 1) {
            set_half(&s->driver_features, s->driver_feature_select * 4,
                     (uint32_t)value);
        }
        break;
    case C_CONFIG_VECTOR:
        s->vdev->config_vector = valid_vector(s, (uint16_t)value);
        break;
    case C_STATUS:
        write_status(s, (uint8_t)value);
        break;
    case C_QUEUE_SELECT:
        s->queue_select = (uint16_t)value;
        break;
    default:
        if (vq) {
            write_queue_field(s, vq, offset, (uint32_t)value);
        }
        break;
    }
}

/* --- The other structures ------------------------------------------------------------
 */

static uint64_t isr_read(void *opaque, hwaddr offset, unsigned size)
{
    return offset ? 0 : read_isr(opaque);
}

static void isr_write(void *opaque, hwaddr offset, uint64_t value, unsigned size)
{
}

static uint64_t device_read(void *opaque, hwaddr offset, unsigned size)
{
    VirtIOPCI *s = opaque;

    return virtio_config_read(s->vdev, (unsigned)offset, size);
}

static void device_write(void *opaque, hwaddr offset, uint64_t value, unsigned size)
{
    VirtIOPCI *s = opaque;

    virtio_config_write(s->vdev, (unsigned)offset, (uint32_t)value, size);
}

static uint64_t notify_read(void *opaque, hwaddr offset, unsigned size)
{
    return 0;
}

static void notify_write(void *opaque, hwaddr offset, uint64_t value, unsigned size)
{
    VirtIOPCI *s = opaque;

    virtio_queue_kick(s->vdev, (unsigned)(offset / NOTIFY_STEP));
}

#define STRUCTURE_OPS(prefix)                                    \
    {                                                            \
        .read = prefix##_read, .write = prefix##_write,          \
        .endianness = DEVICE_LITTLE_ENDIAN,                      \
        .valid = { .min_access_size = 1, .max_access_size = 4 }, \
        .impl = { .min_access_size = 1, .max_access_size = 4 },  \
    }

static const MemoryRegionOps structure_ops[VIRTIO_PCI_REGIONS] = {
    [REGION_COMMON] = STRUCTURE_OPS(common),
    [REGION_ISR] = STRUCTURE_OPS(isr),
    [REGION_DEVICE] = STRUCTURE_OPS(device),
    [REGION_NOTIFY] = STRUCTURE_OPS(notify),
};

/* --- Legacy --------------------------------------------------------------------------
 */

/* The device's configuration follows the vectors if there are any. */
static unsigned legacy_config_start(VirtIOPCI *s)
{
    return msix_enabled(PCI_DEVICE(s)) ? LEGACY_QUEUE_VECTOR + 2 : LEGACY_CONFIG_VECTOR;
}

static uint64_t legacy_read(void *opaque, hwaddr offset, unsigned size)
{
    VirtIOPCI *s = opaque;
    VirtIODevice *vdev = s->vdev;
    const VirtQueue *vq = selected(s);
    unsigned config = legacy_config_start(s);

    if (offset >= config) {
        return virtio_config_read(vdev, (unsigned)offset - config, size);
    }
    switch (offset) {
    case LEGACY_HOST_FEATURES:
        return (uint32_t)virtio_get_host_features(vdev);
    case LEGACY_GUEST_FEATURES:
        return (uint32_t)vdev->guest_features;
    case LEGACY_QUEUE_PFN:
        return vq ? vq->desc >> 12 : 0;
    case LEGACY_QUEUE_NUM:
        return vq ? vq->num_max : 0;
    case LEGACY_QUEUE_SELECT:
        return s->queue_select;
    case LEGACY_STATUS:
        return vdev->status;
    case LEGACY_ISR:
        return read_isr(s);
    case LEGACY_CONFIG_VECTOR:
        return vdev->config_vector;
    case LEGACY_QUEUE_VECTOR:
        return vq ? vq->vector : VIRTIO_NO_VECTOR;
    default:
        return 0;
    }
}

static void legacy_write(void *opaque, hwaddr offset, uint64_t value, unsigned size)
{
    VirtIOPCI *s = opaque;
    VirtIODevice *vdev = s->vdev;
    VirtQueue *vq = selected(s);
    unsigned config = legacy_config_start(s);

    if (offset >= config) {
        virtio_config_write(vdev, (unsigned)offset - config, (uint32_t)value, size);
        return;
    }
    switch (offset) {
    case LEGACY_GUEST_FEATURES:
        (void)virtio_set_features(vdev, (uint32_t)value);
        break;
    case LEGACY_QUEUE_PFN:
        if (!value) {
            virtio_reset(vdev);
        } else if (vq) {
            virtio_queue_set_pfn(vq, (uint32_t)value);
        }
        break;
    case LEGACY_QUEUE_SELECT:
        s->queue_select = (uint16_t)value;
        break;
    case LEGACY_QUEUE_NOTIFY:
        virtio_queue_kick(vdev, (unsigned)value);
        break;
    case LEGACY_STATUS:
        virtio_set_status(vdev, (uint8_t)value);
        break;
    case LEGACY_CONFIG_VECTOR:
        vdev->config_vector = valid_vector(s, (uint16_t)value);
        break;
    case LEGACY_QUEUE_VECTOR:
        if (vq) {
            vq->vector = valid_vector(s, (uint16_t)value);
        }
        break;
    default:
        break;
    }
}

static const MemoryRegionOps legacy_ops = STRUCTURE_OPS(legacy);

/* --- Access through configuration space (4.1.4.8) ------------------------------------
 */

/* The structure that the capability names, or NULL when it names none. */
static MemoryRegion *accessed_region(VirtIOPCI *s, uint32_t *offset, unsigned *size)
{
    const uint8_t *cap = PCI_DEVICE(s)->config + s->access_cap;
    uint32_t at = pci_get_long(cap + CAP_OFFSET), len = pci_get_long(cap + CAP_LENGTH);

    if (cap[CAP_BAR] != MODERN_BAR || (len != 1 && len != 2 && len != 4) ||
        (at & (len - 1)) || at >= VIRTIO_PCI_REGIONS * REGION_BYTES) {
        return NULL;
    }
    *offset = at % REGION_BYTES;
    *size = len;
    return &s->regions[at / REGION_BYTES];
}

static uint32_t virtio_pci_read_config(PCIDevice *dev, uint32_t offset, int size)
{
    VirtIOPCI *s = VIRTIO_PCI(dev);
    uint32_t data = s->access_cap + CAP_EXTRA, at;
    unsigned len;
    MemoryRegion *mr;

    if (s->access_cap && pci_config_overlaps(offset, size, data, 4) &&
        (mr = accessed_region(s, &at, &len)) != NULL) {
        const MemoryRegionOps *ops = &structure_ops[mr - s->regions];
        pci_set_long(dev->config + data, (uint32_t)ops->read(s, at, len));
    }
    return pci_default_read_config(dev, offset, size);
}

static void virtio_pci_write_config(PCIDevice *dev, uint32_t offset, uint32_t value,
                                    int size)
{
    VirtIOPCI *s = VIRTIO_PCI(dev);
    uint32_t data = s->access_cap + CAP_EXTRA, at;
    unsigned len;
    MemoryRegion *mr;

    pci_default_write_config(dev, offset, value, size);
    if (s->access_cap && pci_config_overlaps(offset, size, data, 4) &&
        (mr = accessed_region(s, &at, &len)) != NULL) {
        const MemoryRegionOps *ops = &structure_ops[mr - s->regions];
        uint32_t v = pci_get_long(dev->config + data) & (UINT32_MAX >> (32 - 8 * len));
        ops->write(s, at, v, len);
    }
    /* A line that was held back by MSI-X shows, or the other way. */
    if (msix_present(dev) && pci_config_overlaps(offset, size, dev->msix_cap, 4)) {
        update_intx(s);
    }
}

/* --- Life ----------------------------------------------------------------------------
 */

static int add_vendor_cap(PCIDevice *pci, uint8_t type, uint32_t offset,
                          uint32_t length, uint8_t size, Error **errp)
{
    int cap = pci_add_capability(pci, PCI_CAP_ID_VENDOR, 0, size, errp);

    if (cap >= 0) {
        pci->config[cap + 2] = size;
        pci->config[cap + 3] = type;
        pci->config[cap + CAP_BAR] = type == CFG_PCI ? 0 : MODERN_BAR;
        pci_set_long(pci->config + cap + CAP_OFFSET, offset);
        pci_set_long(pci->config + cap + CAP_LENGTH, length);
    }
    return cap;
}

static bool add_modern(VirtIOPCI *s, Error **errp)
{
    static const struct {
        const char *name;
        uint8_t type;
        uint8_t size;
    } structures[VIRTIO_PCI_REGIONS] = {
        [REGION_COMMON] = {"common",  CFG_COMMON, CAP_SIZE      },
        [REGION_ISR] = { "isr",    CFG_ISR,    CAP_SIZE      },
        [REGION_DEVICE] = { "device", CFG_DEVICE, CAP_SIZE      },
        [REGION_NOTIFY] = { "notify", CFG_NOTIFY, CAP_SIZE_EXTRA},
    };
    PCIDevice *pci = PCI_DEVICE(s);
    const char *model = VIRTIO_DEVICE_GET_CLASS(s->vdev)->name;

    memory_region_init(&s->modern, OBJECT(s), "virtio-pci",
                       VIRTIO_PCI_REGIONS * REGION_BYTES);
    for (unsigned i = 0; i < VIRTIO_PCI_REGIONS; i++) {
        g_autofree char *name =
            g_strdup_printf("virtio-pci-%s-%s", structures[i].name, model);
        memory_region_init_io(&s->regions[i], OBJECT(s), &structure_ops[i], s, name,
                              REGION_BYTES);
        memory_region_add_subregion(&s->modern, i * REGION_BYTES, &s->regions[i]);
        int cap = add_vendor_cap(pci, structures[i].type, i * REGION_BYTES,
                                 REGION_BYTES, structures[i].size, errp);
        if (cap < 0) {
            return false;
        }
        if (i == REGION_NOTIFY) {
            pci_set_long(pci->config + cap + CAP_EXTRA, NOTIFY_STEP);
        }
    }
    int access = add_vendor_cap(pci, CFG_PCI, 0, 0, CAP_SIZE_EXTRA, errp);
    if (access < 0) {
        return false;
    }
    s->access_cap = (uint8_t)access;
    pci->wmask[access + CAP_BAR] = 0xff;
    memset(pci->wmask + access + CAP_OFFSET, 0xff, CAP_SIZE_EXTRA - CAP_OFFSET);
    pci_register_bar(pci, MODERN_BAR, PCI_BAR_MEM_64 | PCI_BAR_MEM_PREFETCH,
                     &s->modern);
    return true;
}

static void add_legacy(VirtIOPCI *s)
{
    uint32_t need = LEGACY_CONFIG_VECTOR + (msix_present(PCI_DEVICE(s)) ? 4 : 0) +
                    (uint32_t)virtio_config_len(s->vdev);
    uint32_t size = 32;

    while (size < need) {
        size *= 2;
    }
    memory_region_init_io(&s->legacy, OBJECT(s), &legacy_ops, s, "virtio-pci", size);
    pci_register_bar(PCI_DEVICE(s), LEGACY_BAR, PCI_BAR_IO, &s->legacy);
}

static bool add_express(PCIDevice *pci, Error **errp)
{
    if (!pcie_cap_init(pci, EXP_CAP, 2, PCIE_ENDPOINT, 0, errp)) {
        return false;
    }
    int pm = pci_add_capability(pci, PCI_CAP_ID_PM, 0, PM_CAP_SIZE, errp);
    if (pm < 0) {
        return false;
    }
    pci_set_word(pci->config + pm + 2, PM_CAP_VERSION);
    pci_set_word(pci->wmask + pm + 4, PM_STATE_WMASK);
    return true;
}

static void set_ids(VirtIOPCI *s)
{
    static const uint8_t transitional[] = {
        [1] = 0x00, [VIRTIO_ID_BLOCK] = 0x01, [VIRTIO_ID_RNG] = 0x05
    };
    uint16_t id = VIRTIO_DEVICE_GET_CLASS(s->vdev)->device_id;
    uint8_t *c = PCI_DEVICE(s)->config;

    if (s->has_legacy) {
        pci_set_word(c + PCI_DEVICE_ID, (uint16_t)(0x1000 + transitional[id]));
        c[PCI_REVISION_ID] = 0;
        pci_set_word(c + PCI_SUBSYSTEM_ID, id);
    } else {
        pci_set_word(c + PCI_DEVICE_ID, (uint16_t)(VIRTIO_PCI_DEVICE + id));
        c[PCI_REVISION_ID] = 1;
    }
}

static bool has_transitional_id(VirtIOPCI *s)
{
    uint16_t id = VIRTIO_DEVICE_GET_CLASS(s->vdev)->device_id;

    return id == VIRTIO_ID_BLOCK || id == VIRTIO_ID_RNG;
}

static bool choose_interfaces(VirtIOPCI *s, bool behind_port, Error **errp)
{
    bool wanted = s->disable_legacy == ON_OFF_AUTO_AUTO
                      ? !behind_port
                      : s->disable_legacy == ON_OFF_AUTO_OFF;

    s->has_legacy = wanted && has_transitional_id(s);
    if (s->disable_modern && !s->has_legacy) {
        return error_set(errp, "device cannot work as neither modern nor legacy mode "
                               "is enabled");
    }
    s->vdev->legacy = s->has_legacy;
    return true;
}

static bool virtio_pci_realize(PCIDevice *pci, Error **errp)
{
    VirtIOPCI *s = VIRTIO_PCI(pci);
    PCIBus *bus = pci_get_bus(pci);
    bool behind_port = pci_bus_is_express(bus) && !pci_bus_is_root(bus);

    virtio_bus_init(&s->bus, sizeof(s->bus), TYPE_VIRTIO_PCI_BUS, DEVICE(s),
                    "virtio-bus", &transport_ops, s);
    if (!choose_interfaces(s, behind_port, errp) ||
        (behind_port && !add_express(pci, errp)) ||
        !device_realize(DEVICE(s->vdev), BUS(&s->bus), errp)) {
        return false;
    }
    set_ids(s);
    pci->config[PCI_INTERRUPT_PIN] = 1;
    if ((!s->disable_modern && !add_modern(s, errp)) ||
        (s->vectors && !msix_init_exclusive_bar(pci, s->vectors, MSIX_BAR, errp))) {
        device_unparent(DEVICE(s->vdev));
        return false;
    }
    if (s->has_legacy) {
        add_legacy(s);
    }
    return true;
}

static void virtio_pci_unrealize(PCIDevice *pci)
{
    VirtIOPCI *s = VIRTIO_PCI(pci);

    if (!s->disable_modern) {
        for (unsigned i = 0; i < VIRTIO_PCI_REGIONS; i++) {
            memory_region_del_subregion(&s->modern, &s->regions[i]);
        }
    }
    /* The device goes with its bus. */
}

static void virtio_pci_reset(PCIDevice *pci)
{
    pcie_cap_reset(pci);
    transport_reset(VIRTIO_PCI(pci));
}

void virtio_pci_init_child(VirtIOPCI *s, void *child, size_t size, const char *type)
{
    object_initialize_child(OBJECT(s), "virtio-backend", child, size, type);
    s->vdev = VIRTIO_DEVICE(child);
}

/* --- State and type ------------------------------------------------------------------
 */

static bool virtio_pci_post_load(void *opaque, int version_id, Error **errp)
{
    return true;
}

static const VMStateField virtio_pci_fields[] = {
    VMSTATE_PCI_DEVICE(parent_obj, VirtIOPCI),
    VMSTATE_MSIX(parent_obj, VirtIOPCI),
    VMSTATE_UINT32(device_feature_select, VirtIOPCI),
    VMSTATE_UINT32(driver_feature_select, VirtIOPCI),
    VMSTATE_UINT64(driver_features, VirtIOPCI),
    VMSTATE_UINT16(queue_select, VirtIOPCI),
    VMSTATE_END_OF_LIST(),
};

const VMStateDescription vmstate_virtio_pci = {
    .name = "virtio-pci",
    .version_id = 1,
    .minimum_version_id = 1,
    .post_load = virtio_pci_post_load,
    .fields = virtio_pci_fields,
};

static void virtio_pci_class_init(ObjectClass *klass, const void *data)
{
    DeviceClass *dc = DEVICE_CLASS(klass);
    PCIDeviceClass *pc = PCI_DEVICE_CLASS(klass);

    dc->vmsd = &vmstate_virtio_pci;
    dc->user_creatable = true;
    dc->hotpluggable = true;
    pc->vendor_id = VIRTIO_PCI_VENDOR;
    pc->class_id = PCI_CLASS_OTHERS;
    pc->is_express = true;
    pc->realize = virtio_pci_realize;
    pc->unrealize = virtio_pci_unrealize;
    pc->reset_hold = virtio_pci_reset;
    pc->config_read = virtio_pci_read_config;
    pc->config_write = virtio_pci_write_config;
}

static const TypeInfo virtio_pci_info = {
    .name = TYPE_VIRTIO_PCI,
    .parent = TYPE_PCI_DEVICE,
    .instance_size = sizeof(VirtIOPCI),
    .abstract = true,
    .class_init = virtio_pci_class_init,
};
TYPE_REGISTER(virtio_pci_info);

static const TypeInfo virtio_pci_bus_info = {
    .name = TYPE_VIRTIO_PCI_BUS,
    .parent = TYPE_VIRTIO_BUS,
    .instance_size = sizeof(VirtIOBus),
};
TYPE_REGISTER(virtio_pci_bus_info);
