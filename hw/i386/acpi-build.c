/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ACPI tables of the PC machines and the script by which the firmware installs them.
 * Sources: ACPI 1.0b and 2.0 for the tables; IA-PC HPET specification 1.0a, 3.2.4;
 * WAET specification; the loader script as SeaBIOS documents it: commands of 128 bytes
 * that allocate a file, patch a pointer, or compute a checksum.
 *
 * The files are made when the guest first selects one of them after a reset: by then
 * the firmware has chosen the I/O base of power management. They live in RAM blocks,
 * so that an incoming machine gets the bytes that the guest saw.
 */
#include "hw/i386/acpi-dsdt.h"
#include "hw/i386/firmware-internal.h"

#include "hw/acpi/aml-build.h"
#include "hw/core/loader.h"
#include <string.h>

#define TABLES_FILE "etc/acpi/tables"
#define RSDP_FILE   "etc/acpi/rsdp"
#define LOADER_FILE "etc/table-loader"

/* Sizes step up, so that small differences do not change them. */
#define TABLES_STEP     0x20000u
#define TABLES_MAX      0x200000u
#define LOADER_STEP     0x1000u
#define LOADER_MAX      0x10000u
#define RSDP_BLOCK_SIZE 0x1000u
#define RSDP_SIZE       20

#define OEM_ID       "BOCHS "
#define OEM_TABLE_ID "BXPC    "

/* --- Loader script ----------------------------------------------------------- */

enum {
    LOADER_ALLOCATE = 1,
    LOADER_ADD_POINTER = 2,
    LOADER_ADD_CHECKSUM = 3,
    LOADER_ZONE_HIGH = 1,
    LOADER_ZONE_FSEG = 2,
    LOADER_COMMAND_SIZE = 128,
    LOADER_NAME_SIZE = 56,
};

static uint8_t *loader_append(GByteArray *linker, uint32_t command)
{
    guint at = linker->len;

    g_byte_array_set_size(linker, at + LOADER_COMMAND_SIZE);
    memset(linker->data + at, 0, LOADER_COMMAND_SIZE);
    linker->data[at] = (guint8)command;
    return linker->data + at + 4;
}

static void put_name(uint8_t *at, const char *name)
{
    g_assert(strlen(name) < LOADER_NAME_SIZE);
    memcpy(at, name, strlen(name));
}

static void put_le32(uint8_t *at, uint32_t value)
{
    value = GUINT32_TO_LE(value);
    memcpy(at, &value, sizeof(value));
}

static void loader_allocate(GByteArray *linker, const char *file, uint32_t align,
                            uint8_t zone)
{
    uint8_t *args = loader_append(linker, LOADER_ALLOCATE);

    put_name(args, file);
    put_le32(args + LOADER_NAME_SIZE, align);
    args[LOADER_NAME_SIZE + 4] = zone;
}

/* The 32-bit field at @offset of @file holds an offset in @target: make it an address.
 */
static void loader_add_pointer(GByteArray *linker, const char *file, uint32_t offset,
                               const char *target)
{
    uint8_t *args = loader_append(linker, LOADER_ADD_POINTER);

    put_name(args, file);
    put_name(args + LOADER_NAME_SIZE, target);
    put_le32(args + 2 * LOADER_NAME_SIZE, offset);
    args[2 * LOADER_NAME_SIZE + 4] = 4;
}

static void loader_add_pointer_64(GByteArray *linker, const char *file, uint32_t offset,
                                  const char *target)
{
    loader_add_pointer(linker, file, offset, target);
    linker->data[linker->len - LOADER_COMMAND_SIZE + 4 + 2 * LOADER_NAME_SIZE + 4] = 8;
}

static void loader_add_checksum(GByteArray *linker, const char *file, uint32_t offset,
                                uint32_t start, uint32_t length)
{
    uint8_t *args = loader_append(linker, LOADER_ADD_CHECKSUM);

    put_name(args, file);
    put_le32(args + LOADER_NAME_SIZE, offset);
    put_le32(args + LOADER_NAME_SIZE + 4, start);
    put_le32(args + LOADER_NAME_SIZE + 8, length);
}

/* --- Tables ------------------------------------------------------------------ */

typedef struct Build {
    const PcFirmwareConfig *config;
    GByteArray *tables, *linker;
    guint facs, dsdt;
    guint entries[16 + ACPI_MAX_USER_TABLES]; /* of the RSDT */
    unsigned num_entries;
} Build;

static void append(Build *b, uint64_t value, unsigned size)
{
    acpi_append_int(b->tables, value, size);
}

static guint table_begin(Build *b, const char signature[4])
{
    return acpi_table_begin(b->tables, signature, 1, OEM_ID, OEM_TABLE_ID);
}

static void table_end(Build *b, guint place)
{
    acpi_table_end(b->tables, place);
    loader_add_checksum(b->linker, TABLES_FILE, place + 9, place,
                        b->tables->len - place);
}

/* A table that the RSDT names. */
static guint root_table_begin(Build *b, const char signature[4])
{
    g_assert(b->num_entries < G_N_ELEMENTS(b->entries));
    b->entries[b->num_entries++] = b->tables->len;
    return table_begin(b, signature);
}

/* ACPI 1.0b, 5.2.6: 64 bytes, no checksum. */
static void build_facs(Build *b)
{
    b->facs = b->tables->len;
    g_byte_array_append(b->tables, (const guint8 *)"FACS", 4);
    append(b, 64, 4);
    for (int i = 0; i < 7; i++) {
        append(b, 0, 8);
    }
}

static void build_dsdt(Build *b)
{
    b->dsdt = b->tables->len;
    acpi_dsdt_build(b->tables, b->config);
    table_end(b, b->dsdt);
}

static void append_pointer(Build *b, guint target)
{
    loader_add_pointer(b->linker, TABLES_FILE, b->tables->len, TABLES_FILE);
    append(b, target, 4);
}

/* Generic address of an I/O block; empty when it has no length. ACPI 2.0, 5.2.3.1. */
static void append_io_address(Build *b, uint64_t port, uint8_t bytes)
{
    append(b, bytes != 0, 1); /* system I/O, or all zero */
    append(b, 8u * bytes, 1);
    append(b, 0, 2);
    append(b, bytes ? port : 0, 8);
}

/* What ACPI 2.0 adds: reset register, 64-bit pointers and the blocks once more. */
static void append_facp_2(Build *b, uint32_t pm, uint32_t gpe0, uint8_t gpe0_len)
{
    append_io_address(b, 0xcf9, 1);
    append(b, 0x0f, 1); /* value */
    append(b, 0, 3);
    append(b, 0, 8); /* the FACS is the 32-bit pointer's */
    loader_add_pointer_64(b->linker, TABLES_FILE, b->tables->len, TABLES_FILE);
    append(b, b->dsdt, 8);
    append_io_address(b, pm, 4);
    append_io_address(b, 0, 0);
    append_io_address(b, pm + 4, 2);
    append_io_address(b, 0, 0);
    append_io_address(b, 0, 0);
    append_io_address(b, pm + 8, 4);
    append_io_address(b, gpe0, gpe0_len);
    append_io_address(b, 0, 0);
}

/* ACPI 1.0b, 5.2.5; ACPI 2.0, 5.2.8. */
static void build_facp(Build *b)
{
    const PcFirmwareConfig *config = b->config;
    const AcpiChipset *chip = acpi_chipset(config);
    uint32_t pm = config->pm_io_base ? config->pm_io_base(config->opaque) : 0;
    uint32_t gpe0 = acpi_gpe0_base(config);
    guint place;

    b->entries[b->num_entries++] = b->tables->len;
    place =
        acpi_table_begin(b->tables, "FACP", chip->fadt_revision, OEM_ID, OEM_TABLE_ID);
    append_pointer(b, b->facs);
    append_pointer(b, b->dsdt);
    append(b, 1, 1); /* interrupt model: APIC and 8259 */
    append(b, 0, 1);
    append(b, 9, 2); /* SCI */
    append(b, config->smm ? 0xb2 : 0, 4);
    append(b, config->smm ? chip->smi_enable : 0, 1);
    append(b, config->smm ? chip->smi_disable : 0, 1);
    append(b, 0, 2);  /* S4BIOS, reserved */
    append(b, pm, 4); /* PM1a event block */
    append(b, 0, 4);
    append(b, pm + 4, 4); /* PM1a control block */
    append(b, 0, 4);
    append(b, 0, 4);      /* PM2 control */
    append(b, pm + 8, 4); /* timer */
    append(b, gpe0, 4);
    append(b, 0, 4);
    append(b, 4, 1); /* lengths: PM1 event, control, PM2, timer, GPE0, GPE1 */
    append(b, 2, 1);
    append(b, 0, 1);
    append(b, 4, 1);
    append(b, chip->gpe0_len, 1);
    append(b, 0, 1);
    append(b, 0, 2);      /* GPE1 base, reserved */
    append(b, 0x0fff, 2); /* C2, C3 latency: not supported */
    append(b, 0x0fff, 2);
    append(b, 0, 4);    /* flush size, stride */
    append(b, 0, 4);    /* duty offset, width, day and month alarm */
    append(b, 0x32, 1); /* century */
    append(b, chip->boot_flags, 2);
    append(b, 0, 1);
    append(b, chip->fadt_flags, 4);
    if (chip->fadt_revision > 1) {
        append_facp_2(b, pm, gpe0, chip->gpe0_len);
    }
    table_end(b, place);
}

static bool cpu_is_present(const MachineState *ms, unsigned index)
{
    return index < ms->cpus->len && g_ptr_array_index(ms->cpus, index);
}

static void append_interrupt_override(Build *b, uint8_t irq, uint32_t gsi,
                                      uint16_t flags)
{
    append(b, 2, 1);
    append(b, 10, 1);
    append(b, 0, 1); /* ISA */
    append(b, irq, 1);
    append(b, gsi, 4);
    append(b, flags, 2);
}

/* MADT: ACPI 2.0, 5.2.10.4. */
static void build_madt(Build *b)
{
    static const uint8_t level_irqs[] = { 5, 9, 10, 11 };
    const MachineState *ms = b->config->machine;
    guint place = root_table_begin(b, "APIC");

    append(b, 0xfee00000, 4);
    append(b, 1, 4); /* there are 8259s */
    for (unsigned i = 0; i < ms->smp.max_cpus; i++) {
        append(b, 0, 1);
        append(b, 8, 1);
        append(b, i, 1);
        append(b, b->config->cpu_apic_ids[i], 1);
        append(b, cpu_is_present(ms, i), 4);
    }
    append(b, 1, 1); /* I/O APIC */
    append(b, 12, 1);
    append(b, 0, 2);
    append(b, 0xfec00000, 4);
    append(b, 0, 4);
    append_interrupt_override(b, 0, 2, 0);
    for (size_t i = 0; i < G_N_ELEMENTS(level_irqs); i++) {
        /* Active high, level. */
        append_interrupt_override(b, level_irqs[i], level_irqs[i], 0x0d);
    }
    append(b, 4, 1); /* NMI */
    append(b, 6, 1);
    append(b, 0xff, 1); /* all CPUs */
    append(b, 0, 2);
    append(b, 1, 1); /* LINT1 */
    table_end(b, place);
}

static void build_hpet(Build *b)
{
    guint place = root_table_begin(b, "HPET");

    append(b, b->config->hpet_id, 4);
    append(b, 0, 4); /* system memory, 0 bits wide */
    append(b, 0xfed00000, 8);
    append(b, 0, 4); /* number, minimal tick, page protection */
    table_end(b, place);
}

/* --- SRAT and SLIT (ACPI 2.0 and 3.0, 5.2.16 and 5.2.17) --------------------- */

enum { SRAT_ENABLED = 1, SRAT_HOTPLUGGABLE = 2 };

static void append_srat_memory(Build *b, uint64_t base, uint64_t len, uint32_t node,
                               uint32_t flags)
{
    append(b, 1, 1);
    append(b, 40, 1);
    append(b, node, 4);
    append(b, 0, 2);
    append(b, base, 8);
    append(b, len, 8);
    append(b, 0, 4);
    append(b, flags, 4);
    append(b, 0, 8);
}

/*
 * Node memory is counted off the RAM in order; @start is where the node begins in it.
 * RAM offsets become addresses in up to three pieces: below the VGA hole, below and
 * above 4 GiB. Returns the number of entries.
 */
static unsigned append_srat_node(Build *b, uint32_t node, uint64_t start, uint64_t len)
{
    const PcFirmwareConfig *config = b->config;
    const struct {
        uint64_t from, to, addr;
    } pieces[] = {
        {0,                     0xa0000,                                     0       },
        { 0x100000,             config->ram_below_4g,                        0x100000},
        { config->ram_below_4g, config->ram_below_4g + config->ram_above_4g,
         UINT64_C(1) << 32                                                           },
    };
    unsigned n = 0;

    for (size_t i = 0; i < G_N_ELEMENTS(pieces); i++) {
        uint64_t from = MAX(start, pieces[i].from);
        uint64_t to = MIN(start + len, pieces[i].to);

        if (from < to) {
            append_srat_memory(b, pieces[i].addr + from - pieces[i].from, to - from,
                               node, SRAT_ENABLED);
            n++;
        }
    }
    return n;
}

static void build_srat(Build *b)
{
    const PcFirmwareConfig *config = b->config;
    const MachineState *ms = config->machine;
    const DeviceMemoryState *window = ms->device_memory;
    int num_nodes = ms->numa->num_nodes;
    guint place = root_table_begin(b, "SRAT");
    uint64_t start = 0;
    unsigned entries = 0;

    append(b, 1, 4);
    append(b, 0, 8);
    for (unsigned i = 0; i < ms->smp.max_cpus; i++) {
        append(b, 0, 1);
        append(b, 16, 1);
        append(b, config->cpu_nodes ? (unsigned)config->cpu_nodes[i] : 0, 1);
        append(b, config->cpu_apic_ids[i], 1);
        append(b, SRAT_ENABLED, 4);
        append(b, 0, 8);
    }
    for (int i = 0; i < num_nodes; i++) {
        entries +=
            append_srat_node(b, (uint32_t)i, start, ms->numa->nodes[i].mem_bytes);
        start += ms->numa->nodes[i].mem_bytes;
    }
    /* The number of entries does not depend on how nodes lie across the holes. */
    for (; entries < (unsigned)num_nodes + 2; entries++) {
        append_srat_memory(b, 0, 0, 0, 0);
    }
    if (window && memory_region_size(&window->mr)) {
        append_srat_memory(b, window->base, memory_region_size(&window->mr),
                           (uint32_t)num_nodes - 1, SRAT_ENABLED | SRAT_HOTPLUGGABLE);
    }
    table_end(b, place);
}

static void build_slit(Build *b)
{
    const NumaState *numa = b->config->machine->numa;
    guint place = root_table_begin(b, "SLIT");

    append(b, (uint64_t)numa->num_nodes, 8);
    for (int i = 0; i < numa->num_nodes; i++) {
        for (int j = 0; j < numa->num_nodes; j++) {
            append(b, numa->nodes[i].distance[j], 1);
        }
    }
    table_end(b, place);
}

/* PCI Firmware Specification 3.0, 4.1.2; there once the firmware has made the window.
 */
static void build_mcfg(Build *b)
{
    hwaddr base;
    uint64_t size;

    if (!b->config->mmcfg || !b->config->mmcfg(b->config->opaque, &base, &size)) {
        return;
    }
    guint place = root_table_begin(b, "MCFG");
    append(b, 0, 8);
    append(b, base, 8);
    append(b, 0, 3);                /* segment, first bus */
    append(b, (size >> 20) - 1, 1); /* last bus */
    append(b, 0, 4);
    table_end(b, place);
}

/* WAET: the PM timer may be read once. */
static void build_waet(Build *b)
{
    guint place = root_table_begin(b, "WAET");

    append(b, 1 << 1, 4);
    table_end(b, place);
}

static void append_user_tables(Build *b)
{
    const GByteArray *table;

    for (unsigned i = 0; (table = acpi_user_table_get(i)) != NULL; i++) {
        b->entries[b->num_entries++] = b->tables->len;
        g_byte_array_append(b->tables, table->data, table->len);
    }
}

static guint build_rsdt(Build *b)
{
    guint place = table_begin(b, "RSDT");

    for (unsigned i = 0; i < b->num_entries; i++) {
        append_pointer(b, b->entries[i]);
    }
    table_end(b, place);
    return place;
}

static void build_rsdp(GByteArray *rsdp, GByteArray *linker, guint rsdt)
{
    g_byte_array_append(rsdp, (const guint8 *)"RSD PTR ", 8);
    acpi_append_int(rsdp, 0, 1); /* checksum */
    g_byte_array_append(rsdp, (const guint8 *)OEM_ID, 6);
    acpi_append_int(rsdp, 0, 1); /* revision */
    loader_add_pointer(linker, RSDP_FILE, rsdp->len, TABLES_FILE);
    acpi_append_int(rsdp, rsdt, 4);
    loader_add_checksum(linker, RSDP_FILE, 8, 0, RSDP_SIZE);
}

static void pad_to(GByteArray *bytes, guint step)
{
    guint len = bytes->len, padded = (len + step - 1) / step * step;

    g_byte_array_set_size(bytes, padded);
    memset(bytes->data + len, 0, padded - len);
}

void acpi_build(const PcFirmwareConfig *config, GByteArray *tables, GByteArray *rsdp,
                GByteArray *linker)
{
    Build b = { .config = config, .tables = tables, .linker = linker };
    const NumaState *numa = config->machine->numa;

    loader_allocate(linker, RSDP_FILE, 16, LOADER_ZONE_FSEG);
    loader_allocate(linker, TABLES_FILE, 64, LOADER_ZONE_HIGH);
    build_facs(&b);
    build_dsdt(&b);
    build_facp(&b);
    build_madt(&b);
    if (config->hpet) {
        build_hpet(&b);
    }
    if (numa && numa->num_nodes) {
        build_srat(&b);
        if (numa->have_distance) {
            build_slit(&b);
        }
    }
    build_mcfg(&b);
    build_waet(&b);
    append_user_tables(&b);
    build_rsdp(rsdp, linker, build_rsdt(&b));
    pad_to(tables, TABLES_STEP);
    pad_to(linker, LOADER_STEP);
}

/* --- Files ------------------------------------------------------------------- */

struct AcpiTables {
    PcFirmware *fw;
    MemoryRegion tables, rsdp, linker;
    bool built; /* since the last reset */
};

static void publish(AcpiTables *acpi, MemoryRegion *mr, const char *file,
                    const GByteArray *bytes)
{
    size_t len = strcmp(file, RSDP_FILE) == 0 ? RSDP_SIZE : bytes->len;
    Error *err = NULL;

    if (bytes->len > memory_region_size(mr) &&
        !memory_region_ram_resize(mr, bytes->len, &err)) {
        /* The guest keeps the old file, whose size is right. */
        error_report_err(err);
        return;
    }
    memcpy(memory_region_get_ram_ptr(mr), bytes->data, bytes->len);
    fw_cfg_set_file_data(acpi->fw->fw_cfg, file, memory_region_get_ram_ptr(mr), len);
}

static void acpi_select(void *opaque)
{
    AcpiTables *acpi = opaque;
    g_autoptr(GByteArray) tables = g_byte_array_new();
    g_autoptr(GByteArray) rsdp = g_byte_array_new();
    g_autoptr(GByteArray) linker = g_byte_array_new();

    if (acpi->built) {
        return;
    }
    acpi->built = true;
    acpi_build(&acpi->fw->config, tables, rsdp, linker);
    publish(acpi, &acpi->tables, TABLES_FILE, tables);
    publish(acpi, &acpi->rsdp, RSDP_FILE, rsdp);
    publish(acpi, &acpi->linker, LOADER_FILE, linker);
}

static void acpi_reset(void *opaque)
{
    AcpiTables *acpi = opaque;

    acpi->built = false;
}

static bool add_file(AcpiTables *acpi, MemoryRegion *mr, const char *file, size_t len,
                     size_t block_size, size_t max_size, Error **errp)
{
    g_autofree char *name = g_strdup_printf("/rom@%s", file);

    if (!memory_region_init_resizeable_ram(mr, OBJECT(acpi->fw->fw_cfg), name,
                                           block_size, max_size, NULL, errp)) {
        return false;
    }
    fw_cfg_add_file_callback(acpi->fw->fw_cfg, file, acpi_select, NULL, acpi,
                             memory_region_get_ram_ptr(mr), len);
    rom_note_region(file, mr, max_size);
    return true;
}

/* Power states as the firmware writes them to PM1: bit 7 present, low bits the value.
 */
static void add_system_states(PcFirmware *fw)
{
    uint8_t states[6] = { 128, 0, 0, 129, 128, 128 };

    states[3] = (uint8_t)(fw->config.disable_s3 ? 0 : 0x81);
    states[4] = (uint8_t)(fw->config.disable_s4 ? 0 : 0x80 | fw->config.s4_value);
    fw_cfg_add_file_take(fw->fw_cfg, "etc/system-states",
                         g_memdup2(states, sizeof(states)), sizeof(states));
}

bool acpi_setup(PcFirmware *fw, Error **errp)
{
    AcpiTables *acpi = g_new0(AcpiTables, 1); /* lives as long as the machine */

    fw->acpi = acpi;
    acpi->fw = fw;
    /* The size of the tables is known without building them, but for huge machines,
     * where the directory follows when they are built. */
    if (!add_file(acpi, &acpi->tables, TABLES_FILE, TABLES_STEP, TABLES_STEP,
                  TABLES_MAX, errp) ||
        !add_file(acpi, &acpi->linker, LOADER_FILE, LOADER_STEP, LOADER_STEP,
                  LOADER_MAX, errp) ||
        !add_file(acpi, &acpi->rsdp, RSDP_FILE, RSDP_SIZE, RSDP_BLOCK_SIZE,
                  RSDP_BLOCK_SIZE, errp)) {
        return false;
    }
    fw_cfg_add_file(fw->fw_cfg, "etc/tpm/log", NULL, 0);
    add_system_states(fw);
    register_reset_handler(acpi_reset, acpi);
    return true;
}
