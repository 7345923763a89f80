/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * PCI functions and buses. A function is a device of a type below "pci-device": it
 * declares its ids in class_init, its BARs and capabilities in realize, drives INTx or
 * MSI, and reaches memory through its own bus-master address space. A bus numbers
 * functions by devfn (slot * 8 + function), holds the regions that BARs are mapped
 * into, and asks hooks of its host bridge for interrupt routing and DMA address spaces.
 * Example of a device: hw/misc/edu.c. Tour: docs/adding-a-device.md.
 *
 * Context: BQL for everything unless stated.
 */
#ifndef STRATA_HW_PCI_PCI_H
#define STRATA_HW_PCI_PCI_H

#include "hw/core/device.h"
#include "hw/pci/pci-regs.h"
#include "memory/memory.h"
#include "migration/vmstate.h"

#define TYPE_PCI_DEVICE "pci-device"
#define TYPE_PCI_BUS    "PCI"
#define TYPE_PCIE_BUS   "PCIE" /* a PCI bus whose functions may have 4 KiB of space */

OBJECT_DECLARE_TYPE(PCIDevice, PCIDeviceClass, PCI_DEVICE, TYPE_PCI_DEVICE)
OBJECT_DECLARE_TYPE(PCIBus, PCIBusClass, PCI_BUS, TYPE_PCI_BUS)

#define PCI_DEVFN(slot, fn) ((uint8_t)(((slot) << 3) | (fn)))
#define PCI_SLOT(devfn)     (((devfn) >> 3) & 0x1f)
#define PCI_FUNC(devfn)     ((devfn)&7)
#define PCI_DEVFN_AUTO      (-1)
#define PCI_DEVFN_MAX       256

#define PCI_NUM_BARS     7 /* six and the ROM */
#define PCI_ROM_BAR      6
#define PCI_BAR_UNMAPPED HWADDR_MAX
#define PCI_NUM_PINS     4

typedef struct PCIBar {
    hwaddr addr; /* where it is mapped, PCI_BAR_UNMAPPED when it is not */
    uint64_t size;
    uint8_t type;         /* PCI_BAR_* bits */
    MemoryRegion *memory; /* NULL: no such BAR */
} PCIBar;

struct PCIDeviceClass {
    DeviceClass parent_class;
    /*
     * After the function has its place on the bus and its header; before the ROM BAR.
     * Leaves nothing behind when it fails. NULL: nothing to do.
     */
    bool (*realize)(PCIDevice *dev, Error **errp);
    void (*unrealize)(PCIDevice *dev);
    /*
     * Reset. The core resets command, BARs, interrupt line, INTx, MSI and MSI-X in the
     * device's hold phase and then calls this. For state of its own a device may as
     * well set DeviceClass.reset_enter; leave DeviceClass.reset_hold to the core.
     */
    void (*reset_hold)(PCIDevice *dev);
    /* Instead of pci_default_read_config / pci_default_write_config, which they call.
     * @size is 1, 2 or 4 and the access does not cross the end. */
    uint32_t (*config_read)(PCIDevice *dev, uint32_t offset, int size);
    void (*config_write)(PCIDevice *dev, uint32_t offset, uint32_t value, int size);

    uint16_t vendor_id;
    uint16_t device_id;
    uint8_t revision;
    uint16_t class_id; /* base class << 8 | subclass */
    uint8_t prog_if;
    uint16_t subsystem_vendor_id; /* 0 with subsystem_id 0: 1af4:1100 */
    uint16_t subsystem_id;
    bool is_bridge;      /* header type 1 */
    bool is_express;     /* configuration space of 4 KiB */
    const char *romfile; /* what the property is when it is not set */
};

struct PCIDevice {
    DeviceState parent_obj;

    /* Configuration space: device models may write it in realize and in reset. */
    uint8_t *config;
    uint8_t *wmask;   /* 1: the guest can write the bit */
    uint8_t *w1cmask; /* 1: the guest clears the bit by writing one */

    /* private */
    uint8_t *used;         /* bytes taken by capabilities */
    uint8_t *saved_config; /* during a load of state: what was there before */
    uint32_t config_size;
    int32_t devfn; /* property "addr": PCI_DEVFN_AUTO until it is chosen */
    PCIBar bars[PCI_NUM_BARS];
    AddressSpace bus_master_as;
    MemoryRegion bus_master_container;
    MemoryRegion bus_master_alias;
    bool has_bus_master_as;
    uint32_t irq_state; /* level of each INTx pin, as the device drives it */

    char *romfile;
    uint32_t romsize;
    uint32_t rombar;
    bool multifunction;
    char *failover_pair_id;
    uint32_t acpi_index;
    MemoryRegion rom;
    bool has_rom;
    bool on_bus; /* has its place in PCIBus.devices */

    uint8_t msi_cap;  /* offset of the capability, 0 when there is none */
    uint8_t msix_cap; /* the same */
    struct MSIXState *msix;
};

/* --- Identity ------------------------------------------------------------------------
 */

PCIBus *pci_get_bus(const PCIDevice *dev);
static inline uint8_t pci_get_devfn(const PCIDevice *dev)
{
    return (uint8_t)dev->devfn;
}
/* Number of the bus as the guest has programmed it; 0 for a root bus. */
uint8_t pci_bus_number(const PCIBus *bus);
/* Bus number and devfn: what a DMA or MSI carries as MemTxAttrs.requester_id. */
uint16_t pci_requester_id(const PCIDevice *dev);

/*
 * New function of @type_name at @devfn (PCI_DEVFN_AUTO: the first free slot), not yet
 * realized. The caller owns the reference and realizes with pci_realize_and_unref().
 */
PCIDevice *pci_new(int devfn, const char *type_name);
PCIDevice *pci_new_multifunction(int devfn, const char *type_name);
bool pci_realize_and_unref(PCIDevice *dev, PCIBus *bus, Error **errp) WARN_UNUSED;
/* Both at once, for boards. NULL on error. Lifetime: the bus keeps the device. */
PCIDevice *pci_create_simple(PCIBus *bus, int devfn, const char *type_name,
                             Error **errp) WARN_UNUSED;

/* --- Configuration space -------------------------------------------------------------
 */

static inline uint16_t pci_get_word(const uint8_t *p)
{
    return (uint16_t)(p[0] | p[1] << 8);
}
static inline uint32_t pci_get_long(const uint8_t *p)
{
    return pci_get_word(p) | (uint32_t)pci_get_word(p + 2) << 16;
}
static inline uint64_t pci_get_quad(const uint8_t *p)
{
    return pci_get_long(p) | (uint64_t)pci_get_long(p + 4) << 32;
}
static inline void pci_set_word(uint8_t *p, uint16_t v)
{
    p[0] = (uint8_t)v;
    p[1] = (uint8_t)(v >> 8);
}
static inline void pci_set_long(uint8_t *p, uint32_t v)
{
    pci_set_word(p, (uint16_t)v);
    pci_set_word(p + 2, (uint16_t)(v >> 16));
}
static inline void pci_set_quad(uint8_t *p, uint64_t v)
{
    pci_set_long(p, (uint32_t)v);
    pci_set_long(p + 4, (uint32_t)(v >> 32));
}

uint32_t pci_default_read_config(PCIDevice *dev, uint32_t offset, int size);
/* Obeys wmask and w1cmask; then moves BARs, bus mastering, INTx, MSI, MSI-X to match.
 */
void pci_default_write_config(PCIDevice *dev, uint32_t offset, uint32_t value,
                              int size);
/* As the guest does it: through the class's hooks. @offset + @size is checked. */
uint32_t pci_host_config_read(PCIDevice *dev, uint32_t offset, int size);
void pci_host_config_write(PCIDevice *dev, uint32_t offset, uint32_t value, int size);
/* Does a write of @size bytes at @offset touch [@first, @first + @len)? */
static inline bool pci_config_overlaps(uint32_t offset, int size, uint32_t first,
                                       uint32_t len)
{
    return offset < first + len && first < offset + (uint32_t)size;
}

/*
 * Add capability @id of @size bytes at @offset (0: a free place). Returns its offset,
 * or -1 with an error when it does not fit.
 */
int pci_add_capability(PCIDevice *dev, uint8_t id, uint8_t offset, uint8_t size,
                       Error **errp) WARN_UNUSED;
void pci_del_capability(PCIDevice *dev, uint8_t id, uint8_t size);
/* Offset, or 0. */
uint8_t pci_find_capability(PCIDevice *dev, uint8_t id);

/* --- BARs ----------------------------------------------------------------------------
 */

/*
 * In realize: BAR @n decodes @memory, whose size is a power of two (16 bytes or more
 * for memory, 4 or more for I/O). @type is PCI_BAR_*. A 64-bit BAR takes @n + 1 too.
 */
void pci_register_bar(PCIDevice *dev, int n, uint8_t type, MemoryRegion *memory);
/* Where BAR @n is mapped now, or PCI_BAR_UNMAPPED. */
hwaddr pci_get_bar_addr(const PCIDevice *dev, int n);
/* The containers that BARs of this function's bus are mapped into ("pci", "io"), for
 * ranges that a function decodes without a BAR (VGA, legacy IDE). */
MemoryRegion *pci_address_space(const PCIDevice *dev);
MemoryRegion *pci_address_space_io(const PCIDevice *dev);

/* --- DMA -----------------------------------------------------------------------------
 */

/* The function's own view of memory: empty while bus mastering is off. Any thread. */
static inline AddressSpace *pci_get_address_space(PCIDevice *dev)
{
    return &dev->bus_master_as;
}
/* Any thread. @len bytes, RAM and MMIO mixed. */
MemTxResult pci_dma_read(PCIDevice *dev, hwaddr addr, void *buf, hwaddr len);
MemTxResult pci_dma_write(PCIDevice *dev, hwaddr addr, const void *buf, hwaddr len);
/* See address_space_map. */
void *pci_dma_map(PCIDevice *dev, hwaddr addr, hwaddr *plen, bool is_write);
void pci_dma_unmap(PCIDevice *dev, void *buffer, hwaddr len, bool is_write,
                   hwaddr access_len);

/* --- Interrupts ----------------------------------------------------------------------
 */

/* The pin that PCI_INTERRUPT_PIN names. Level sensitive; INTx disable is obeyed. */
void pci_set_irq(PCIDevice *dev, int level);
static inline void pci_irq_assert(PCIDevice *dev)
{
    pci_set_irq(dev, 1);
}
static inline void pci_irq_deassert(PCIDevice *dev)
{
    pci_set_irq(dev, 0);
}
/* A line that drives the function's pin. Caller frees with irq_free(). */
IrqLine *pci_allocate_irq(PCIDevice *dev) WARN_UNUSED;

/* --- Buses ---------------------------------------------------------------------------
 */

/* Which input of the interrupt router does pin @pin (0-3) of @dev drive? */
typedef int PCIMapIrqFn(PCIDevice *dev, int pin);
/* Input @n of the router is now at @level (the wired-or of all functions on it). */
typedef void PCISetIrqFn(void *opaque, int n, int level);
/* The address space that function @devfn of @bus sees as memory: an IOMMU's, or NULL
 * for system memory. */
typedef MemoryRegion *PCIDmaRootFn(PCIBus *bus, void *opaque, int devfn);

struct PCIBusClass {
    BusClass parent_class;
};

struct PCIBus {
    BusState parent_obj;
    /* private */
    uint8_t devfn_min; /* first devfn that is given out */
    PCIDevice *devices[PCI_DEVFN_MAX];
    PCIDevice *bridge; /* whose secondary side it is; NULL for a root bus */
    MemoryRegion *mem, *io;
    PCIMapIrqFn *map_irq;
    PCISetIrqFn *set_irq;
    void *irq_opaque;
    int num_irqs;
    int32_t *irq_count; /* functions that drive each router input high */
    PCIDmaRootFn *dma_root;
    void *dma_root_opaque;
    GSList *child_buses;     /* PCIBus *, of the bridges on it */
    uint64_t slots_reserved; /* bit per slot that is never given out */
    struct PCIBus *next_root;
};

/* A root bus below host bridge @host. Lifetime: the host owns it. */
PCIBus *pci_root_bus_new(DeviceState *host, const char *name, MemoryRegion *mem,
                         MemoryRegion *io, uint8_t devfn_min);
/* The same for a PCI Express root complex. */
PCIBus *pcie_root_bus_new(DeviceState *host, const char *name, MemoryRegion *mem,
                          MemoryRegion *io, uint8_t devfn_min);
/* Is it the bus of a root complex or behind a PCI Express port? */
bool pci_bus_is_express(const PCIBus *bus);
/* Host bridge's unrealize. */
void pci_root_bus_cleanup(PCIBus *bus);
/* Interrupt router with @num_irqs inputs. */
void pci_bus_set_irqs(PCIBus *bus, PCISetIrqFn *set_irq, PCIMapIrqFn *map_irq,
                      void *opaque, int num_irqs);
int pci_bus_get_irq_level(PCIBus *bus, int n);
/*
 * map_irq is about to give other answers, then it does: what was counted under the old
 * ones is counted anew. set_irq is not called; the router looks afterwards.
 */
void pci_bus_reroute_begin(PCIBus *bus);
void pci_bus_reroute_commit(PCIBus *bus);
/* Before any function is on the bus. */
void pci_bus_set_dma_root(PCIBus *bus, PCIDmaRootFn *fn, void *opaque);
void pci_bus_reserve_slots(PCIBus *bus, uint64_t slot_mask);
bool pci_bus_is_root(const PCIBus *bus);
/* NULL when nobody is there. */
PCIDevice *pci_bus_find_device(const PCIBus *bus, int devfn);
/* The bus that answers to @bus_num at or below @bus; NULL when none does. */
PCIBus *pci_bus_find(PCIBus *bus, uint8_t bus_num);
/* The first root bus, then the next: NULL after the last. */
PCIBus *pci_root_bus_next(const PCIBus *bus);
typedef void PCIDeviceFn(PCIBus *bus, PCIDevice *dev, void *opaque);
/* Every function of this bus, by rising devfn. */
void pci_bus_foreach_device(PCIBus *bus, PCIDeviceFn *fn, void *opaque);
/* Standard bridge rotation: (pin + slot) mod 4. */
int pci_swizzle_map_irq(PCIDevice *dev, int pin);

/*
 * A configuration access with a type 1 address (bus 23-16, devfn 15-8, offset 7-0),
 * as the host bridge makes it. Empty places read all ones.
 */
uint32_t pci_data_read(PCIBus *root, uint32_t addr, int size);
void pci_data_write(PCIBus *root, uint32_t addr, uint32_t value, int size);

/*
 * The same through the enhanced mechanism (PCI Express Base 2.0, 7.2.2): @offset is bus
 * 27-20, devfn 19-12, register 11-0.
 */
uint32_t pci_ecam_read(PCIBus *root, uint32_t offset, int size);
void pci_ecam_write(PCIBus *root, uint32_t offset, uint32_t value, int size);

/* "Ethernet controller" for 0x0200; NULL when the class has no name here. */
const char *pci_class_description(uint16_t class_id);

/* --- State ---------------------------------------------------------------------------
 */

/* First field of every PCI device's vmstate: VMSTATE_PCI_DEVICE(parent_obj, MyState).
 */
extern const VMStateDescription vmstate_pci_device;
#define VMSTATE_PCI_DEVICE(f, S) VMSTATE_STRUCT(f, S, vmstate_pci_device)

#endif
