/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * DSDT of the PC machines (i440FX + PIIX, Q35 + ICH9), written as ASL and compiled by
 * hw/acpi/asl.c. Sources: ACPI 2.0 specification; PCI Firmware Specification 3.0, 4.6.7
 * (_DSM function 7); register layouts of the hot-plug blocks as in hw/acpi.
 *
 * The table's revision is 1: integers have 32 bits, so 64-bit addresses are computed in
 * halves.
 *
 * Sizes: the place of each table in etc/acpi/tables is part of the versioned machine's
 * ABI (the RSDP file holds an offset). The groups of methods therefore occupy a fixed
 * number of bytes, filled up by a reserved buffer, and a method can be corrected
 * without moving what stands behind it.
 */
#include "hw/i386/acpi-dsdt.h"

#include "hw/acpi/aml-build.h"
#include "hw/acpi/ich9-pm.h"
#include "hw/isa/lpc-ich9.h"
#include "hw/isa/piix3.h"
#include "hw/pci/pci-bridge.h"
#include "hw/pci/pci.h"
#include <string.h>

/* Bytes of each group of methods; see "Sizes" above. */
enum {
    SIZE_PCI_HOTPLUG = 425,
    SIZE_PCI_ROUTING = 841,
    SIZE_ICH9_HOST = 220, /* debug port and host bridge, without window */
    SIZE_ICH9_PCI_HOTPLUG = 351,
    SIZE_ICH9_ROUTING = 5520,
    SIZE_HPET = 142,
    SIZE_CPU_METHODS = 715, /* and the count that stands in one of them */
    SIZE_MEMORY_METHODS = 670,
};

#define PCI_HOLE_END  UINT64_C(0xfebfffff)
#define FOUR_GIB      (UINT64_C(1) << 32)
#define GIB           (UINT64_C(1) << 30)
#define PCI_NUM_SLOTS 32

/* --- Fixed-size groups ------------------------------------------------------- */

static guint compiled_size(const char *asl)
{
    g_autoptr(GByteArray) aml = g_byte_array_new();

    aml_compile(aml, asl);
    return aml->len;
}

/*
 * Text of a buffer that makes @group @size bytes long; "" when it is so already. The
 * buffer's own overhead (9 or 10 bytes) makes a few differences impossible.
 */
static char *reserve_text(const char *group, const char *name, guint size)
{
    guint used = compiled_size(group);

    g_assert(used <= size);
    /* The overhead is at most sixteen bytes. */
    for (guint n = size - used > 16 ? size - used - 16 : 0; used + n < size; n++) {
        g_autofree char *text = g_strdup_printf("Name (%s, Buffer (%u) {})", name, n);

        if (used + compiled_size(text) == size) {
            return g_steal_pointer(&text);
        }
    }
    g_assert(used == size);
    return g_strdup("");
}

/* Append "Scope (@scope) { body reserve }" so that the whole has @size bytes. */
static void append_scope_of_size(GString *asl, const char *scope, const char *body,
                                 guint size)
{
    g_autofree char *empty = g_strdup_printf("Scope (%s) {}", scope);
    /* One more byte of package length than in an empty scope. */
    g_autofree char *reserve =
        reserve_text(body, "RSVD", size - compiled_size(empty) - 1);

    g_string_append_printf(asl, "Scope (%s) {%s %s} ", scope, body, reserve);
}

/* --- Chipsets ---------------------------------------------------------------- */

/*
 * Flags: WBINVD, all CPUs have C1, sleep button is a control method, RTC wakes from S4,
 * hot-plugged CPUs need no physical addressing; the timer has 24 bits.
 */
static const AcpiChipset piix_chipset = {
    .gpe0_base = 0xafe0,
    .gpe0_len = 4,
    .pcihp_base = 0xae00,
    .cpuhp_base = 0xaf00,
    .smi_enable = 0xf1,
    .smi_disable = 0xf0,
    .fadt_revision = 1,
    .fadt_flags = 0x80a5,
};

/* And a reset register; there is an 8042. */
static const AcpiChipset ich9_chipset = {
    .gpe0_offset = ICH9_PM_GPE0,
    .gpe0_len = ICH9_PM_GPE0_LEN,
    .pcihp_base = ICH9_PCIHP_BASE,
    .cpuhp_base = ICH9_CPUHP_BASE,
    .smi_enable = 0x02,
    .smi_disable = 0x03,
    .fadt_revision = 3,
    .fadt_flags = 0x84a5,
    .boot_flags = 0x0002,
};

const AcpiChipset *acpi_chipset(const PcFirmwareConfig *config)
{
    return config->ich9 ? &ich9_chipset : &piix_chipset;
}

uint32_t acpi_gpe0_base(const PcFirmwareConfig *config)
{
    const AcpiChipset *chip = acpi_chipset(config);

    if (chip->gpe0_base) {
        return chip->gpe0_base;
    }
    return (config->pm_io_base ? config->pm_io_base(config->opaque) : 0) +
           chip->gpe0_offset;
}

/* --- PCI host bridge, slots and interrupts ----------------------------------- */

/*
 * Registers from %x (base) on: 00 slots plugged, 04 slots to unplug, 08 eject (write),
 * 10 bus selector, 14 index of the device that a slot mask selects.
 */
static const char pci_hotplug_asl[] =
    "OperationRegion (PCST, SystemIO, 0x%x, 0x08) "
    "Field (PCST, DWordAcc, NoLock, WriteAsZeros) { PCIU, 32, PCID, 32 } "
    "OperationRegion (SEJ, SystemIO, 0x%x, 0x04) "
    "Field (SEJ, DWordAcc, NoLock, WriteAsZeros) { B0EJ, 32 } "
    "OperationRegion (BNMR, SystemIO, 0x%x, 0x08) "
    "Field (BNMR, DWordAcc, NoLock, WriteAsZeros) { BNUM, 32, PIDX, 32 } "
    "Mutex (BLCK, 0) "

    /* Eject slot Arg1 of bus Arg0. */
    "Method (PCEJ, 2) { "
    "    Acquire (BLCK, 0xffff) "
    "    Store (Arg0, BNUM) "
    "    Store (ShiftLeft (One, Arg1), B0EJ) "
    "    Release (BLCK) "
    "    Return (Zero) "
    "} "

    /* Index of the device in slot Arg1 of bus Arg0; 0: it has none. */
    "Method (PIDG, 2) { "
    "    Acquire (BLCK, 0xffff) "
    "    Store (Arg0, BNUM) "
    "    Store (ShiftLeft (One, Arg1), PIDX) "
    "    Store (PIDX, Local0) "
    "    Release (BLCK) "
    "    If (LEqual (Local0, 0xffffffff)) { Return (Zero) } "
    "    Return (Local0) "
    "} "

    /* _DSM of a slot: UUID, revision, function, its argument, { bus, slot }. */
    "Method (PDSM, 5, Serialized) { "
    "    If (LAnd (LEqual (Arg0, ToUUID (\"e5c937d0-3553-4d7a-9117-ea4d19c3434d\")), "
    "              LGreater (Arg1, One))) { "
    "        Store (PIDG (DerefOf (Index (Arg4, Zero)), DerefOf (Index (Arg4, One))), "
    "               Local0) "
    "        If (LAnd (LEqual (Arg2, Zero), Local0)) { "
    "            Return (Buffer () { 0x81 }) "
    "        } "
    "        If (LEqual (Arg2, 7)) { "
    "            Store (Package () { Zero, \"\" }, Local1) "
    "            Store (Local0, Index (Local1, Zero)) "
    "            Return (Local1) "
    "        } "
    "    } "
    "    Return (Buffer () { 0 }) "
    "} ";

/*
 * Pin P of slot S is wired to link (S + P - 1) mod 4; pin A of slot 1, the power
 * management function, to the fixed link LNKS. Entry number = S * 4 + P.
 */
static const char pci_routing_asl[] =
    "Scope (PCI0) { "
    "    Method (PRTE, 1) { "
    "        If (LEqual (Arg0, Zero)) { Return (Package () { Zero, Zero, LNKD, Zero }) "
    "} "
    "        If (LEqual (Arg0, One)) { Return (Package () { Zero, Zero, LNKA, Zero }) "
    "} "
    "        If (LEqual (Arg0, 2)) { Return (Package () { Zero, Zero, LNKB, Zero }) } "
    "        Return (Package () { Zero, Zero, LNKC, Zero }) "
    "    } "
    "    Method (_PRT, 0) { "
    "        Store (Package (128) {}, Local0) "
    "        Store (Zero, Local1) "
    "        While (LLess (Local1, 128)) { "
    "            ShiftRight (Local1, 2, Local2) "
    "            Store (PRTE (And (Add (Local1, Local2), 3)), Local3) "
    "            If (LEqual (Local1, 4)) { "
    "                Store (Package () { Zero, Zero, LNKS, Zero }, Local3) "
    "            } "
    "            Store (Or (ShiftLeft (Local2, 16), 0xffff), Index (Local3, Zero)) "
    "            Store (And (Local1, 3), Index (Local3, One)) "
    "            Store (Local3, Index (Local0, Local1)) "
    "            Increment (Local1) "
    "        } "
    "        Return (Local0) "
    "    } "
    "} ";

/* What links of both chipsets use: bit 7 of a routing register switches the link off.
 */
static const char link_methods_asl[] =
    "Method (LSTA, 1) { "
    "    If (And (Arg0, 0x80)) { Return (0x09) } "
    "    Return (0x0b) "
    "} "
    "Method (LCRS, 1, Serialized) { "
    "    Name (LBUF, ResourceTemplate () { Interrupt (Level, ActiveHigh, Shared) { 0 } "
    "}) "
    "    CreateDWordField (LBUF, 5, LIRQ) "
    "    If (LNot (And (Arg0, 0x80))) { Store (Arg0, LIRQ) } "
    "    Return (LBUF) "
    "} ";

static const char pci_link_asl[] =
    "Device (LNK%c) { "
    "    Name (_HID, EisaId (\"PNP0C0F\")) "
    "    Name (_UID, %d) "
    "    Name (_PRS, ResourceTemplate () { "
    "        Interrupt (Level, ActiveHigh, Shared) { 5, 10, 11 } "
    "    }) "
    "    Method (_STA, 0) { Return (LSTA (PRQ%d)) } "
    "    Method (_DIS, 0) { Or (PRQ%d, 0x80, PRQ%d) } "
    "    Method (_CRS, 0) { Return (LCRS (PRQ%d)) } "
    "    Method (_SRS, 1) { CreateDWordField (Arg0, 5, LIRQ) Store (LIRQ, PRQ%d) } "
    "} ";

static const char pci_link_sci_asl[] =
    "Device (LNKS) { "
    "    Name (_HID, EisaId (\"PNP0C0F\")) "
    "    Name (_UID, 4) "
    "    Name (_PRS, ResourceTemplate () { "
    "        Interrupt (Level, ActiveHigh, Shared) { 9 } "
    "    }) "
    "    Method (_STA, 0) { Return (0x0b) } "
    "    Method (_DIS, 0) {} "
    "    Method (_CRS, 0) { Return (_PRS) } "
    "    Method (_SRS, 1) {} "
    "} ";

static void append_pci_routing(GString *asl)
{
    g_autoptr(GString) body = g_string_new(pci_routing_asl);

    g_string_append(body, link_methods_asl);
    for (int i = 0; i < 4; i++) {
        g_string_append_printf(body, pci_link_asl, 'A' + i, i, i, i, i, i, i);
    }
    g_string_append(body, pci_link_sci_asl);
    append_scope_of_size(asl, "_SB", body->str, SIZE_PCI_ROUTING);
}

/*
 * Debug text goes to port 402. _OSC (PCI Firmware Specification 3.0, 4.5): the OS gets
 * all control it asks for but, with mask 1e, native hot-plug, which ACPI does instead.
 */
static const char ich9_debug_asl[] =
    "OperationRegion (DBGR, SystemIO, 0x402, 1) "
    "Field (DBGR, ByteAcc, NoLock, Preserve) { DBGB, 8 } ";

static const char ich9_host_asl[] =
    "Device (PCI0) { "
    "    Name (_HID, EisaId (\"PNP0A08\")) "
    "    Name (_CID, EisaId (\"PNP0A03\")) "
    "    Name (_ADR, Zero) "
    "    Name (_UID, Zero) "
    "    Method (_OSC, 4) { "
    "        CreateDWordField (Arg3, Zero, CDW1) "
    "        If (LNotEqual (Arg0, "
    "                       ToUUID (\"33db4d5b-1ff7-401c-9657-7441c03dd766\"))) { "
    "            Or (CDW1, 4, CDW1) "
    "            Return (Arg3) "
    "        } "
    "        CreateDWordField (Arg3, 8, CDW3) "
    "        And (CDW3, 0x%x, Local0) "
    "        If (LNotEqual (Arg1, One)) { Or (CDW1, 8, CDW1) } "
    "        If (LNotEqual (CDW3, Local0)) { Or (CDW1, 0x10, CDW1) } "
    "        Store (Local0, CDW3) "
    "        Return (Arg3) "
    "    } "
    "} ";

/* The configuration window is nobody's memory. */
static void append_mmcfg(GString *asl, const PcFirmwareConfig *config)
{
    hwaddr base;
    uint64_t size;

    if (config->mmcfg && config->mmcfg(config->opaque, &base, &size)) {
        g_string_append_printf(asl,
                               "Device (DRAC) { "
                               "    Name (_HID, \"PNP0C01\") "
                               "    Name (_CRS, ResourceTemplate () { "
                               "        DWordMemory (NonCacheable, ReadWrite, "
                               "                     0x%" PRIx64 ", 0x%" PRIx64 ") "
                               "    }) "
                               "} ",
                               base, base + size - 1);
    }
}

static void append_ich9_host(GString *asl, const PcFirmwareConfig *config)
{
    g_autofree char *host =
        g_strdup_printf(ich9_host_asl, config->pci_hotplug_bridges ? 0x1e : 0x1f);
    g_autofree char *group =
        g_strdup_printf("Scope (\\) { %s } Scope (_SB) { %s } ", ich9_debug_asl, host);
    g_autofree char *reserve = reserve_text(group, "RSVH", SIZE_ICH9_HOST);

    g_string_append_printf(asl, "Scope (\\) { %s } Scope (_SB) { %s ", ich9_debug_asl,
                           host);
    append_mmcfg(asl, config);
    g_string_append_printf(asl, "} %s ", reserve);
}

/*
 * Links A-H, by the 8259s (LNKx) or straight to the I/O APIC (GSIx) as _PIC says. Pins
 * of slots 0-24 rotate through E-H, those of slot 30 are E-H, those of the chip's own
 * functions A-D. Entry number = S * 4 + P.
 */
static const char ich9_routing_asl[] =
    "    Method (_PRT, 0) { "
    "        Store (Package (128) {}, Local0) "
    "        Store (Zero, Local1) "
    "        While (LLess (Local1, 128)) { "
    "            ShiftRight (Local1, 2, Local2) "
    "            And (Local1, 3, Local3) "
    "            Store (Local3, Local4) "
    "            If (LLess (Local2, 25)) { "
    "                Add (And (Add (Local2, Local3), 3), 4, Local4) "
    "            } "
    "            If (LEqual (Local2, 30)) { Add (Local3, 4, Local4) } "
    "            If (PICF) { Add (Local4, 8, Local4) } "
    "            Store (PRTE (Local4), Local5) "
    "            Store (Or (ShiftLeft (Local2, 16), 0xffff), Index (Local5, Zero)) "
    "            Store (Local3, Index (Local5, One)) "
    "            Store (Local5, Index (Local0, Local1)) "
    "            Increment (Local1) "
    "        } "
    "        Return (Local0) "
    "    } "
    "} ";

static const char ich9_link_asl[] =
    "Device (LNK%c) { "
    "    Name (_HID, EisaId (\"PNP0C0F\")) "
    "    Name (_UID, %d) "
    "    Name (_PRS, ResourceTemplate () { "
    "        Interrupt (Level, ActiveHigh, Shared) { 5, 10, 11 } "
    "    }) "
    "    Method (_STA, 0) { Return (LSTA (PRQ%c)) } "
    "    Method (_DIS, 0) { Or (PRQ%c, 0x80, PRQ%c) } "
    "    Method (_CRS, 0) { Return (LCRS (PRQ%c)) } "
    "    Method (_SRS, 1) { CreateDWordField (Arg0, 5, LIRQ) Store (LIRQ, PRQ%c) } "
    "} ";

static const char ich9_gsi_asl[] =
    "Device (GSI%c) { "
    "    Name (_HID, EisaId (\"PNP0C0F\")) "
    "    Name (_UID, %d) "
    "    Name (_PRS, ResourceTemplate () { "
    "        Interrupt (Level, ActiveHigh, Shared) { %d } "
    "    }) "
    "    Method (_CRS, 0) { Return (_PRS) } "
    "    Method (_DIS, 0) {} "
    "    Method (_SRS, 1) {} "
    "} ";

static void append_ich9_routing(GString *asl)
{
    g_autoptr(GString) body = g_string_new("Scope (PCI0) { Method (PRTE, 1) { ");

    for (int i = 0; i < 2 * ICH9_NUM_PIRQS; i++) {
        g_string_append_printf(body,
                               "If (LEqual (Arg0, %d)) { "
                               "Return (Package () { Zero, Zero, %s%c, Zero }) } ",
                               i, i < ICH9_NUM_PIRQS ? "LNK" : "GSI",
                               'A' + i % ICH9_NUM_PIRQS);
    }
    g_string_append(body, "Return (Zero) } ");
    g_string_append(body, ich9_routing_asl);
    g_string_append(body, link_methods_asl);
    for (int i = 0; i < ICH9_NUM_PIRQS; i++) {
        int c = 'A' + i;
        g_string_append_printf(body, ich9_link_asl, c, i, c, c, c, c, c);
        g_string_append_printf(body, ich9_gsi_asl, c, 16 + i, 16 + i);
    }
    g_string_append(body, "} ");
    g_autofree char *group = g_strdup_printf("Name (PICF, Zero) "
                                             "Method (_PIC, 1) { Store (Arg0, PICF) } "
                                             "Scope (_SB) { %s ",
                                             body->str);
    g_autofree char *reserve = reserve_text(group, "RSVR", SIZE_ICH9_ROUTING);
    g_string_append_printf(asl, "%s %s ", group, reserve);
}

static uint64_t round_up(uint64_t value, uint64_t unit)
{
    return (value + unit - 1) / unit * unit;
}

/* First address behind all memory, DIMM window included, on a whole GiB. */
static uint64_t pci_hole64_start(const PcFirmwareConfig *config)
{
    const DeviceMemoryState *window = config->machine->device_memory;
    uint64_t end = FOUR_GIB + config->ram_above_4g;

    if (window && memory_region_size(&window->mr)) {
        end = window->base + memory_region_size(&window->mr);
    }
    return round_up(end, GIB);
}

/* The 32-bit window begins behind RAM; the configuration window is not part of it. */
static void append_hole32(GString *asl, const PcFirmwareConfig *config)
{
    static const char hole[] =
        "    DWordMemory (NonCacheable, ReadWrite, 0x%" PRIx64 ", 0x%" PRIx64 ") ";
    uint64_t start = config->ram_below_4g, size;
    hwaddr base;

    if (config->mmcfg && config->mmcfg(config->opaque, &base, &size) && base >= start &&
        base + size <= PCI_HOLE_END) {
        if (base > start) {
            g_string_append_printf(asl, hole, start, base - 1);
        }
        start = base + size;
    }
    g_string_append_printf(asl, hole, start, PCI_HOLE_END);
}

static void append_pci_resources(GString *asl, const PcFirmwareConfig *config)
{
    const AcpiChipset *chip = acpi_chipset(config);
    uint64_t hole64 = pci_hole64_start(config);
    uint32_t gpe0 = acpi_gpe0_base(config);

    g_string_append(asl, "Scope (\\_SB.PCI0) { "
                         "Name (_CRS, ResourceTemplate () { "
                         "    WordBusNumber (0, 0xff) "
                         "    IO (Decode16, 0xcf8, 0xcf8, 1, 8) "
                         "    WordIO (0, 0xcf7) "
                         "    WordIO (0xd00, 0xffff) "
                         "    DWordMemory (Cacheable, ReadWrite, 0xa0000, 0xbffff) ");
    append_hole32(asl, config);
    g_string_append_printf(
        asl,
        "    QWordMemory (Cacheable, ReadWrite, 0x%" PRIx64 ", 0x%" PRIx64 ") "
        "}) "
        "Device (GPE0) { "
        "    Name (_HID, \"PNP0A06\") "
        "    Name (_UID, \"GPE0 resources\") "
        "    Name (_STA, 0x0b) "
        "    Name (_CRS, ResourceTemplate () { IO (Decode16, 0x%x, 0x%x, 1, %d) }) "
        "} ",
        hole64, hole64 + config->pci_hole64_size - 1, gpe0, gpe0, chip->gpe0_len);
    if (config->pci_hotplug || config->pci_hotplug_bridges) {
        g_string_append_printf(
            asl,
            "Device (PHPR) { "
            "    Name (_HID, \"PNP0A06\") "
            "    Name (_UID, \"PCI Hotplug resources\") "
            "    Name (_STA, 0x0b) "
            "    Name (_CRS, ResourceTemplate () { IO (Decode16, 0x%x, 0x%x, 1, %d) }) "
            "} ",
            chip->pcihp_base, chip->pcihp_base, ACPI_PCIHP_LENGTH);
    }
    g_string_append(asl, "} ");
}

/* --- HPET -------------------------------------------------------------------- */

/* Present when vendor and period (at most 100 ns, in fs) read as a real timer's. */
static const char hpet_asl[] =
    "Device (HPET) { "
    "    Name (_HID, EisaId (\"PNP0103\")) "
    "    Name (_UID, Zero) "
    "    OperationRegion (HPTM, SystemMemory, 0xfed00000, 0x0400) "
    "    Field (HPTM, DWordAcc, Lock, Preserve) { , 16, VEND, 16, PRD, 32 } "
    "    Method (_STA, 0) { "
    "        Store (VEND, Local0) "
    "        Store (PRD, Local1) "
    "        If (LAnd (LAnd (Local0, LLess (Local0, 0xffff)), "
    "                  LAnd (Local1, LLessEqual (Local1, 100000000)))) { "
    "            Return (0x0f) "
    "        } "
    "        Return (Zero) "
    "    } "
    "    Name (_CRS, ResourceTemplate () { "
    "        Memory32Fixed (ReadOnly, 0xfed00000, 0x400) "
    "    }) "
    "} ";

/* --- CPU hot-plug ------------------------------------------------------------ */

/*
 * Registers from %x (base) on: 00 CPU selector; 04 bits enabled, insert, remove, eject;
 * 05 command; 08 data. Writing selector 0 leaves the old bitmap interface.
 */
static const char cpu_resources_asl[] =
    "Device (\\_SB.PCI0.PRES) { "
    "    Name (_HID, EisaId (\"PNP0A06\")) "
    "    Name (_UID, \"CPU Hotplug resources\") "
    "    Mutex (CPLK, 0) "
    "    Name (_CRS, ResourceTemplate () { IO (Decode16, 0x%x, 0x%x, 1, 12) }) "
    "    OperationRegion (PRST, SystemIO, 0x%x, 12) "
    "    Field (PRST, ByteAcc, NoLock, WriteAsZeros) { "
    "        Offset (4), CPEN, 1, CINS, 1, CRMV, 1, CEJ0, 1, CEJF, 1, "
    "        Offset (5), CCMD, 8 "
    "    } "
    "    Field (PRST, DWordAcc, NoLock, Preserve) { CSEL, 32, Offset (8), CDAT, 32 } "
    "    Method (_INI, 0, Serialized) { Store (Zero, CSEL) } "
    "} ";

/* %u: number of possible CPUs. */
static const char cpu_methods_asl[] =
    "Method (CSTA, 1, Serialized) { "
    "    Acquire (^^PCI0.PRES.CPLK, 0xffff) "
    "    Store (Arg0, ^^PCI0.PRES.CSEL) "
    "    Store (Multiply (^^PCI0.PRES.CPEN, 0x0f), Local0) "
    "    Release (^^PCI0.PRES.CPLK) "
    "    Return (Local0) "
    "} "
    "Method (CEJ0, 1, Serialized) { "
    "    Acquire (^^PCI0.PRES.CPLK, 0xffff) "
    "    Store (Arg0, ^^PCI0.PRES.CSEL) "
    "    Store (One, ^^PCI0.PRES.CEJ0) "
    "    Release (^^PCI0.PRES.CPLK) "
    "} "
    /* Tell about every pending insertion and removal, and acknowledge each. */
    "Method (CSCN, 0, Serialized) { "
    "    Acquire (^^PCI0.PRES.CPLK, 0xffff) "
    "    Store (Zero, Local0) "
    "    While (LLess (Local0, %u)) { "
    "        Store (Local0, ^^PCI0.PRES.CSEL) "
    "        If (^^PCI0.PRES.CINS) { "
    "            CTFY (Local0, One) "
    "            Store (One, ^^PCI0.PRES.CINS) "
    "        } "
    "        If (^^PCI0.PRES.CRMV) { "
    "            CTFY (Local0, 3) "
    "            Store (One, ^^PCI0.PRES.CRMV) "
    "        } "
    "        Increment (Local0) "
    "    } "
    "    Release (^^PCI0.PRES.CPLK) "
    "} "
    /* _OST of CPU Arg0: event Arg1 by command 1, status Arg2 by command 2. */
    "Method (COST, 4, Serialized) { "
    "    Acquire (^^PCI0.PRES.CPLK, 0xffff) "
    "    Store (Arg0, ^^PCI0.PRES.CSEL) "
    "    Store (One, ^^PCI0.PRES.CCMD) "
    "    Store (Arg1, ^^PCI0.PRES.CDAT) "
    "    Store (2, ^^PCI0.PRES.CCMD) "
    "    Store (Arg2, ^^PCI0.PRES.CDAT) "
    "    Release (^^PCI0.PRES.CPLK) "
    "} ";

static void append_processor(GString *asl, const PcFirmwareConfig *config, unsigned n)
{
    uint32_t apic_id = config->cpu_apic_ids[n];

    g_string_append_printf(asl,
                           "Processor (C%03X, %u, 0, 0) { "
                           "Method (_STA, 0, Serialized) { Return (CSTA (%u)) } "
                           "Name (_MAT, Buffer () { 0, 8, %u, %u, 1, 0, 0, 0 }) ",
                           n, n & 0xff, n, n & 0xff, apic_id & 0xff);
    if (n > 0) { /* the boot CPU stays */
        g_string_append_printf(asl, "Method (_EJ0, 1) { CEJ0 (%u) } ", n);
    }
    g_string_append_printf(
        asl, "Method (_OST, 3, Serialized) { COST (%u, Arg0, Arg1, Arg2) } ", n);
    if (config->machine->numa && config->machine->numa->num_nodes) {
        g_string_append_printf(asl, "Name (_PXM, %d) ",
                               config->cpu_nodes ? config->cpu_nodes[n] : 0);
    }
    g_string_append(asl, "} ");
}

static void append_cpus(GString *asl, const PcFirmwareConfig *config)
{
    unsigned num = config->machine->smp.max_cpus;
    unsigned base = acpi_chipset(config)->cpuhp_base;
    g_autofree char *methods = g_strdup_printf(cpu_methods_asl, num);
    g_autofree char *count = g_strdup_printf("%u", num);
    g_autofree char *reserve =
        reserve_text(methods, "RSVD", SIZE_CPU_METHODS + compiled_size(count));

    g_string_append(asl, "Scope (_SB) { ");
    g_string_append_printf(asl, cpu_resources_asl, base, base, base);
    g_string_append(asl, "Device (\\_SB.CPUS) { "
                         "Name (_HID, \"ACPI0010\") "
                         "Name (_CID, EisaId (\"PNP0A05\")) "
                         "Method (CTFY, 2) { ");
    for (unsigned i = 0; i < num; i++) {
        g_string_append_printf(asl, "If (LEqual (Arg0, %u)) { Notify (C%03X, Arg1) } ",
                               i, i);
    }
    g_string_append_printf(asl, "} %s %s ", methods, reserve);
    for (unsigned i = 0; i < num; i++) {
        append_processor(asl, config, i);
    }
    g_string_append(asl, "} } Method (\\_GPE._E02, 0) { \\_SB.CPUS.CSCN () } ");
}

/* --- Memory hot-plug --------------------------------------------------------- */

static const char memory_resources_asl[] =
    "Device (\\_SB.PCI0.MHPD) { "
    "    Name (_HID, \"PNP0A06\") "
    "    Name (_UID, \"Memory hotplug resources\") "
    "    Name (_CRS, ResourceTemplate () { IO (Decode16, 0xa00, 0xa00, 0, 0x18) }) "
    "    OperationRegion (HPMR, SystemIO, 0xa00, 0x18) "
    "} ";

static const char memory_fields_asl[] =
    "Field (\\_SB.PCI0.MHPD.HPMR, DWordAcc, NoLock, Preserve) { "
    "    MRBL, 32, MRBH, 32, MRLL, 32, MRLH, 32, MPX, 32 "
    "} "
    "Field (\\_SB.PCI0.MHPD.HPMR, ByteAcc, NoLock, WriteAsZeros) { "
    "    Offset (0x14), MES, 1, MINS, 1, MRMV, 1, MEJ, 1 "
    "} "
    "Field (\\_SB.PCI0.MHPD.HPMR, DWordAcc, NoLock, Preserve) { "
    "    MSEL, 32, MOEV, 32, MOSC, 32 "
    "} ";

/* The slot comes as the _UID string of its device ("0x02"). */
static const char memory_methods_asl[] =
    "Method (_STA, 0) { "
    "    If (MDNR) { Return (0x0b) } "
    "    Return (Zero) "
    "} "
    "Mutex (MLCK, 0) "
    "Method (MSCN, 0) { "
    "    Acquire (MLCK, 0xffff) "
    "    Store (Zero, Local0) "
    "    While (LLess (Local0, MDNR)) { "
    "        Store (Local0, MSEL) "
    "        If (MINS) { "
    "            MTFY (Local0, One) "
    "            Store (One, MINS) "
    "        } "
    "        If (MRMV) { "
    "            MTFY (Local0, 3) "
    "            Store (One, MRMV) "
    "        } "
    "        Increment (Local0) "
    "    } "
    "    Release (MLCK) "
    "} "
    "Method (MRST, 1) { "
    "    Acquire (MLCK, 0xffff) "
    "    Store (ToInteger (Arg0), MSEL) "
    "    Multiply (MES, 0x0f, Local0) "
    "    Release (MLCK) "
    "    Return (Local0) "
    "} "
    /*
     * Last address = base + (length - 1), in 32-bit halves: a comparison is all ones
     * when it holds, so And (.., One) is the borrow or the carry.
     */
    "Method (MCRS, 1, Serialized) { "
    "    Name (MBUF, ResourceTemplate () { "
    "        QWordMemory (Cacheable, ReadWrite, 0, 0, 0) "
    "    }) "
    "    CreateDWordField (MBUF, 14, MINL) "
    "    CreateDWordField (MBUF, 18, MINH) "
    "    CreateDWordField (MBUF, 22, MAXL) "
    "    CreateDWordField (MBUF, 26, MAXH) "
    "    CreateDWordField (MBUF, 38, LENL) "
    "    CreateDWordField (MBUF, 42, LENH) "
    "    Acquire (MLCK, 0xffff) "
    "    Store (ToInteger (Arg0), MSEL) "
    "    Store (MRBL, MINL) "
    "    Store (MRBH, MINH) "
    "    Store (MRLL, LENL) "
    "    Store (MRLH, LENH) "
    "    Release (MLCK) "
    "    Subtract (LENH, And (LEqual (LENL, Zero), One), Local1) "
    "    Subtract (LENL, One, Local0) "
    "    Add (MINL, Local0, Local0) "
    "    Store (Local0, MAXL) "
    "    If (LAnd (LENL, LLess (Local0, MINL))) { Increment (Local1) } "
    "    If (LNot (LENL)) { If (MINL) { Increment (Local1) } } "
    "    Add (MINH, Local1, MAXH) "
    "    Return (MBUF) "
    "} "
    "Method (MPXM, 1) { "
    "    Acquire (MLCK, 0xffff) "
    "    Store (ToInteger (Arg0), MSEL) "
    "    Store (MPX, Local0) "
    "    Release (MLCK) "
    "    Return (Local0) "
    "} "
    "Method (MOST, 4) { "
    "    Acquire (MLCK, 0xffff) "
    "    Store (ToInteger (Arg0), MSEL) "
    "    Store (Arg1, MOEV) "
    "    Store (Arg2, MOSC) "
    "    Release (MLCK) "
    "} "
    "Method (MEJ0, 2) { "
    "    Acquire (MLCK, 0xffff) "
    "    Store (ToInteger (Arg0), MSEL) "
    "    Store (One, MEJ) "
    "    Release (MLCK) "
    "} ";

static void append_memory_slots(GString *asl, unsigned num)
{
    for (unsigned i = 0; i < num; i++) {
        g_string_append_printf(asl,
                               "Device (MP%02X) { "
                               "Name (_UID, \"0x%02X\") "
                               "Name (_HID, EisaId (\"PNP0C80\")) "
                               "Method (_CRS, 0) { Return (MCRS (_UID)) } "
                               "Method (_STA, 0) { Return (MRST (_UID)) } "
                               "Method (_PXM, 0) { Return (MPXM (_UID)) } "
                               "Method (_OST, 3) { MOST (_UID, Arg0, Arg1, Arg2) } "
                               "Method (_EJ0, 1) { MEJ0 (_UID, Arg0) } "
                               "} ",
                               i, i);
    }
    g_string_append(asl, "Method (MTFY, 2) { ");
    for (unsigned i = 0; i < num; i++) {
        g_string_append_printf(asl, "If (LEqual (Arg0, %u)) { Notify (MP%02X, Arg1) } ",
                               i, i);
    }
    g_string_append(asl, "} ");
}

static void append_memory_hotplug(GString *asl, unsigned num)
{
    g_autofree char *reserve =
        reserve_text(memory_methods_asl, "RSVD", SIZE_MEMORY_METHODS);

    g_string_append(asl, memory_resources_asl);
    g_string_append_printf(asl,
                           "Device (\\_SB.MHPC) { "
                           "Name (_HID, \"PNP0A06\") "
                           "Name (_UID, \"DIMM devices\") "
                           "Name (MDNR, %u) ",
                           num);
    g_string_append(asl, memory_fields_asl);
    g_string_append(asl, memory_methods_asl);
    g_string_append(asl, reserve);
    append_memory_slots(asl, num);
    g_string_append(asl, "} Method (\\_GPE._E03, 0) { \\_SB.MHPC.MSCN () } ");
}

/* --- ISA devices ------------------------------------------------------------- */

static const char isa_keyboard_asl[] =
    "Device (KBD) { "
    "    Name (_HID, EisaId (\"PNP0303\")) "
    "    Name (_STA, 0x0f) "
    "    Name (_CRS, ResourceTemplate () { "
    "        IO (Decode16, 0x60, 0x60, 1, 1) "
    "        IO (Decode16, 0x64, 0x64, 1, 1) "
    "        IRQNoFlags () { 1 } "
    "    }) "
    "} "
    "Device (MOU) { "
    "    Name (_HID, EisaId (\"PNP0F13\")) "
    "    Name (_STA, 0x0f) "
    "    Name (_CRS, ResourceTemplate () { IRQNoFlags () { 12 } }) "
    "} ";

static void append_isa_keyboard(GString *asl, const PcFirmwareConfig *config,
                                DeviceState *dev)
{
    g_string_append(asl, isa_keyboard_asl);
}

static void append_isa_rtc(GString *asl, const PcFirmwareConfig *config,
                           DeviceState *dev)
{
    g_string_append(asl, "Device (RTC) { "
                         "Name (_HID, EisaId (\"PNP0B00\")) "
                         "Name (_CRS, ResourceTemplate () { "
                         "    IO (Decode16, 0x70, 0x70, 1, 8) "
                         "    IRQNoFlags () { 8 } "
                         "}) } ");
}

static PcFloppyDrive floppy_drive(const PcFirmwareConfig *config, unsigned n)
{
    PcFloppyDrive drive = { 0 };

    if (config->floppy_drive) {
        drive = config->floppy_drive(config->opaque, n);
    }
    if (drive.type != PC_FLOPPY_NONE && !drive.max_sector) {
        /* An empty drive: the largest format it knows. */
        drive.max_cylinder = 79;
        drive.max_head = 1;
        drive.max_sector = drive.type == PC_FLOPPY_288   ? 48
                           : drive.type == PC_FLOPPY_144 ? 24
                                                         : 18;
    }
    return drive;
}

/* _FDI: ACPI 2.0, 10.9.2; the rest of the package is what INT 13h tables hold. */
static void append_isa_floppy(GString *asl, const PcFirmwareConfig *config,
                              DeviceState *dev)
{
    PcFloppyDrive drives[2];

    g_string_append(asl, "Device (FDC0) { "
                         "Name (_HID, EisaId (\"PNP0700\")) "
                         "Name (_CRS, ResourceTemplate () { "
                         "    IO (Decode16, 0x3f2, 0x3f2, 0, 4) "
                         "    IO (Decode16, 0x3f7, 0x3f7, 0, 1) "
                         "    IRQNoFlags () { 6 } "
                         "    DMA (Compatibility, NotBusMaster, Transfer8) { 2 } "
                         "}) ");
    for (unsigned i = 0; i < G_N_ELEMENTS(drives); i++) {
        drives[i] = floppy_drive(config, i);
        if (drives[i].type == PC_FLOPPY_NONE) {
            continue;
        }
        g_string_append_printf(asl,
                               "Device (FLP%c) { "
                               "Name (_ADR, %u) "
                               "Name (_FDI, Package () { %u, %u, %u, %u, %u, 0xaf, 2, "
                               "0x25, 2, 18, 0x1b, 0xff, 0x6c, 0xf6, 0x0f, 8 }) } ",
                               'A' + i, i, i, drives[i].type, drives[i].max_cylinder,
                               drives[i].max_sector, drives[i].max_head);
    }
    g_string_append_printf(
        asl,
        "Name (_FDE, Buffer () { %d, 0, 0, 0, %d, 0, 0, 0, 0, 0, 0, 0, "
        "0, 0, 0, 0, 2, 0, 0, 0 }) } ",
        drives[0].type != PC_FLOPPY_NONE, drives[1].type != PC_FLOPPY_NONE);
}

static void append_isa_parallel(GString *asl, const PcFirmwareConfig *config,
                                DeviceState *dev)
{
    unsigned index = (unsigned)object_property_get_uint(OBJECT(dev), "index") + 1;
    unsigned base = (unsigned)object_property_get_uint(OBJECT(dev), "iobase");
    unsigned irq = (unsigned)object_property_get_uint(OBJECT(dev), "irq");

    g_string_append_printf(asl,
                           "Device (LPT%u) { "
                           "Name (_HID, EisaId (\"PNP0400\")) "
                           "Name (_UID, %u) "
                           "Name (_STA, 0x0f) "
                           "Name (_CRS, ResourceTemplate () { "
                           "    IO (Decode16, 0x%x, 0x%x, 8, 8) "
                           "    IRQNoFlags () { %u } "
                           "}) } ",
                           index, index, base, base, irq & 15);
}

static void append_isa_serial(GString *asl, const PcFirmwareConfig *config,
                              DeviceState *dev)
{
    unsigned index = (unsigned)object_property_get_uint(OBJECT(dev), "index") + 1;
    unsigned base = (unsigned)object_property_get_uint(OBJECT(dev), "iobase");
    unsigned irq = (unsigned)object_property_get_uint(OBJECT(dev), "irq");

    g_string_append_printf(asl,
                           "Device (COM%u) { "
                           "Name (_HID, EisaId (\"PNP0501\")) "
                           "Name (_UID, %u) "
                           "Name (_STA, 0x0f) "
                           "Name (_CRS, ResourceTemplate () { "
                           "    IO (Decode16, 0x%x, 0x%x, 0, 8) "
                           "    IRQNoFlags () { %u } "
                           "}) } ",
                           index, index, base, base, irq & 15);
}

static const struct {
    const char *type;
    void (*append)(GString *asl, const PcFirmwareConfig *config, DeviceState *dev);
} isa_nodes[] = {
    {"i8042",         append_isa_keyboard},
    { "isa-fdc",      append_isa_floppy  },
    { "isa-parallel", append_isa_parallel},
    { "isa-serial",   append_isa_serial  },
    { "mc146818rtc",  append_isa_rtc     },
};

/* Newest device first, as a bus lists its children. */
static void append_isa_devices(GString *asl, const PcFirmwareConfig *config)
{
    GPtrArray *devs = config->isa_bus ? config->isa_bus->children : NULL;

    for (guint i = devs ? devs->len : 0; i-- > 0;) {
        DeviceState *dev = g_ptr_array_index(devs, i);
        const char *type = object_get_typename(OBJECT(dev));

        for (size_t j = 0; j < G_N_ELEMENTS(isa_nodes); j++) {
            if (strcmp(type, isa_nodes[j].type) == 0) {
                isa_nodes[j].append(asl, config, dev);
            }
        }
    }
}

/* --- Slots ------------------------------------------------------------------- */

#define PCI_CLASS_DISPLAY 0x03

static void append_isa_bridge(GString *asl, const PcFirmwareConfig *config,
                              PCIDevice *dev)
{
    unsigned devfn = pci_get_devfn(dev);

    if (config->ich9) {
        g_string_append_printf(
            asl,
            "OperationRegion (PIRQ, PCI_Config, 0x60, 0x0c) "
            "Scope (\\_SB) { "
            "    Field (PCI0.S%02X.PIRQ, ByteAcc, NoLock, Preserve) { "
            "        PRQA, 8, PRQB, 8, PRQC, 8, PRQD, 8, "
            "        Offset (8), "
            "        PRQE, 8, PRQF, 8, PRQG, 8, PRQH, 8 "
            "    } "
            "} ",
            devfn);
    } else {
        g_string_append_printf(
            asl,
            "OperationRegion (P40C, PCI_Config, 0x60, 4) "
            "Scope (\\_SB) { "
            "    Field (PCI0.S%02X.P40C, ByteAcc, NoLock, Preserve) { "
            "        PRQ0, 8, PRQ1, 8, PRQ2, 8, PRQ3, 8 "
            "    } "
            "} ",
            devfn);
    }
    append_isa_devices(asl, config);
}

static bool is_isa_bridge(PCIDevice *dev)
{
    return dev && (object_is_a(OBJECT(dev), TYPE_PIIX3) ||
                   object_is_a(OBJECT(dev), TYPE_ICH9_LPC));
}

static bool is_display(PCIDevice *dev)
{
    return dev && (PCI_DEVICE_GET_CLASS(dev)->class_id >> 8) == PCI_CLASS_DISPLAY;
}

/* The bus behind a bridge, NULL for other functions. */
static PCIBus *secondary_bus(PCIDevice *dev)
{
    if (!dev || !object_is_a(OBJECT(dev), TYPE_PCI_BRIDGE_BASE)) {
        return NULL;
    }
    return pci_bridge_get_sec_bus(PCI_BRIDGE(dev));
}

/* Keeps its state in no sleep state. */
static const char no_sleep_asl[] = "Method (_S1D, 0) { Return (Zero) } "
                                   "Method (_S2D, 0) { Return (Zero) } "
                                   "Method (_S3D, 0) { Return (Zero) } ";

static bool slot_can_hotplug(PCIDevice *dev)
{
    return !dev || (DEVICE_GET_CLASS(dev)->hotpluggable &&
                    !PCI_DEVICE_GET_CLASS(dev)->is_bridge);
}

static int bus_selector(const PcFirmwareConfig *config, PCIBus *bus)
{
    if (config->pci_bsel && bus) {
        return config->pci_bsel(config->opaque, bus);
    }
    return bus == config->pci_bus ? 0 : -1;
}

static void append_bus(GString *asl, const PcFirmwareConfig *config, PCIBus *bus,
                       int bsel);

/* What stays in a slot of a bus without selector. */
static void append_fixed_function(GString *asl, const PcFirmwareConfig *config,
                                  PCIDevice *dev)
{
    PCIBus *behind = secondary_bus(dev);
    int bsel = behind ? bus_selector(config, behind) : -1;
    unsigned devfn = pci_get_devfn(dev);

    g_string_append_printf(asl, "Device (S%02X) { Name (_ADR, 0x%x) ", devfn,
                           (unsigned)PCI_SLOT(devfn) << 16 | PCI_FUNC(devfn));
    if (is_isa_bridge(dev)) {
        append_isa_bridge(asl, config, dev);
    } else if (bsel >= 0) {
        append_bus(asl, config, behind, bsel);
    } else if (is_display(dev)) {
        g_string_append(asl, no_sleep_asl);
    }
    g_string_append(asl, "} ");
}

static void append_slot(GString *asl, const PcFirmwareConfig *config, PCIDevice *dev,
                        unsigned slot)
{
    PCIBus *behind = secondary_bus(dev);
    int bsel = behind ? bus_selector(config, behind) : -1;

    g_string_append_printf(asl,
                           "Device (S%02X) { "
                           "Name (_ADR, 0x%x) "
                           "Name (ASUN, %u) "
                           "Method (_DSM, 4, Serialized) { "
                           "    Store (Package () { BSEL, ASUN }, Local0) "
                           "    Return (PDSM (Arg0, Arg1, Arg2, Arg3, Local0)) "
                           "} ",
                           slot * 8, slot << 16, slot);
    if (is_isa_bridge(dev)) {
        append_isa_bridge(asl, config, dev);
    } else if (bsel >= 0) {
        append_bus(asl, config, behind, bsel);
    } else if (is_display(dev)) {
        g_string_append(asl, no_sleep_asl);
    } else if (slot_can_hotplug(dev)) {
        g_string_append_printf(asl,
                               "Name (_SUN, %u) "
                               "Method (_EJ0, 1) { PCEJ (BSEL, _SUN) } ",
                               slot);
    }
    g_string_append(asl, "} ");
}

static PCIDevice *device_in_slot(PCIBus *bus, unsigned slot)
{
    return bus ? pci_bus_find_device(bus, PCI_DEVFN(slot, 0)) : NULL;
}

/* A PCI Express port has one slot behind it. */
static unsigned num_slots(const PCIBus *bus)
{
    return bus && !pci_bus_is_root(bus) && pci_bus_is_express(bus) ? 1 : PCI_NUM_SLOTS;
}

/* DVNT tells the slots in mask Arg0 of event Arg1. */
static void append_bus_notify(GString *asl, PCIBus *bus)
{
    g_string_append(asl, "Method (DVNT, 2) { ");
    for (unsigned slot = 0; slot < num_slots(bus); slot++) {
        if (slot_can_hotplug(device_in_slot(bus, slot))) {
            g_string_append_printf(asl,
                                   "If (And (Arg0, 0x%x)) { Notify (S%02X, Arg1) } ",
                                   1u << slot, slot * 8);
        }
    }
    g_string_append(asl, "} ");
}

/* PCNT looks at the slots of the bus, if it has any, and of all buses below. */
static void append_bus_scan(GString *asl, const PcFirmwareConfig *config, PCIBus *bus,
                            int bsel)
{
    g_string_append(asl, "Method (PCNT, 0) { ");
    if (bsel >= 0) {
        g_string_append_printf(asl,
                               "Store (%d, BNUM) "
                               "DVNT (PCIU, One) "
                               "DVNT (PCID, 3) ",
                               bsel);
    }
    for (int devfn = 0; bus && devfn < PCI_DEVFN_MAX; devfn++) {
        PCIBus *behind = secondary_bus(pci_bus_find_device(bus, devfn));

        if (behind && bus_selector(config, behind) >= 0) {
            g_string_append_printf(asl, "^S%02X.PCNT () ", (unsigned)devfn);
        }
    }
    g_string_append(asl, "} ");
}

/* The slots of one bus; those of bridges that were there from the start nest. */
static void append_bus(GString *asl, const PcFirmwareConfig *config, PCIBus *bus,
                       int bsel)
{
    g_string_append_printf(asl, "Name (BSEL, %d) ", bsel);
    for (unsigned slot = 0; slot < num_slots(bus); slot++) {
        append_slot(asl, config, device_in_slot(bus, slot), slot);
    }
    append_bus_notify(asl, bus);
    append_bus_scan(asl, config, bus, bsel);
}

/* A root bus whose functions stay. Only what the table has a word on is in it. */
static void append_fixed_bus(GString *asl, const PcFirmwareConfig *config, PCIBus *bus)
{
    for (int devfn = 0; bus && devfn < PCI_DEVFN_MAX; devfn++) {
        PCIDevice *dev = pci_bus_find_device(bus, devfn);
        /* Further functions: bridges, and the disks of the chipset. */
        bool named =
            dev && (!PCI_FUNC(devfn) || secondary_bus(dev) ||
                    PCI_DEVICE_GET_CLASS(dev)->class_id == PCI_CLASS_STORAGE_SATA);

        if (named) {
            append_fixed_function(asl, config, dev);
        }
    }
    append_bus_scan(asl, config, bus, -1);
}

static void append_slots(GString *asl, const PcFirmwareConfig *config)
{
    g_string_append(asl, "Scope (\\_SB) { Scope (PCI0) { ");
    int bsel = config->pci_hotplug ? 0 : -1;

    if (bsel >= 0) {
        append_bus(asl, config, config->pci_bus, bsel);
    } else {
        append_fixed_bus(asl, config, config->pci_bus);
    }
    g_string_append(asl, "} } ");
}

/* --- The rest ---------------------------------------------------------------- */

static void append_sleep_states(GString *asl, const PcFirmwareConfig *config)
{
    g_string_append(asl, "Scope (\\) { ");
    if (!config->disable_s3) {
        g_string_append(asl, "Name (_S3, Package () { 1, 1, 0, 0 }) ");
    }
    if (!config->disable_s4) {
        g_string_append_printf(asl, "Name (_S4, Package () { %u, %u, 0, 0 }) ",
                               config->s4_value, config->s4_value);
    }
    g_string_append(asl, "Name (_S5, Package () { 0, 0, 0, 0 }) } ");
}

char *acpi_dsdt_text(const PcFirmwareConfig *config)
{
    GString *asl = g_string_new(NULL);
    unsigned pcihp = acpi_chipset(config)->pcihp_base;
    g_autofree char *hotplug =
        g_strdup_printf(pci_hotplug_asl, pcihp, pcihp + 8, pcihp + 0x10);

    if (config->ich9) {
        append_ich9_host(asl, config);
        append_scope_of_size(asl, "_SB.PCI0", hotplug, SIZE_ICH9_PCI_HOTPLUG);
        append_ich9_routing(asl);
    } else {
        g_string_append(asl, "Scope (_SB) { Device (PCI0) { "
                             "Name (_HID, EisaId (\"PNP0A03\")) "
                             "Name (_ADR, Zero) "
                             "Name (_UID, Zero) "
                             "} } ");
        append_scope_of_size(asl, "_SB.PCI0", hotplug, SIZE_PCI_HOTPLUG);
        append_pci_routing(asl);
    }
    if (config->hpet) {
        append_scope_of_size(asl, "_SB", hpet_asl, SIZE_HPET);
    }
    g_string_append(asl, "Scope (_GPE) { Name (_HID, \"ACPI0006\") } ");
    append_cpus(asl, config);
    if (config->machine->ram_slots) {
        append_memory_hotplug(asl, (unsigned)MIN(config->machine->ram_slots, 256));
    }
    append_pci_resources(asl, config);
    append_sleep_states(asl, config);
    g_string_append(asl, "Scope (\\_SB.PCI0) { Device (FWCF) { "
                         "Name (_HID, \"QEMU0002\") "
                         "Name (_STA, 0x0b) "
                         "Name (_CRS, ResourceTemplate () { "
                         "    IO (Decode16, 0x510, 0x510, 1, 12) "
                         "}) } } ");
    append_slots(asl, config);
    g_string_append(asl, "Scope (_GPE) { Method (_E01, 0) { "
                         "    Acquire (\\_SB.PCI0.BLCK, 0xffff) "
                         "    \\_SB.PCI0.PCNT () "
                         "    Release (\\_SB.PCI0.BLCK) "
                         "} } ");
    return g_string_free(asl, FALSE);
}

void acpi_dsdt_build(GByteArray *tables, const PcFirmwareConfig *config)
{
    g_autofree char *asl = acpi_dsdt_text(config);
    guint place = acpi_table_begin(tables, "DSDT", 1, "BOCHS ", "BXPC    ");

    aml_compile(tables, asl);
    acpi_table_end(tables, place);
}
