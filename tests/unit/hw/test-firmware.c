/* SPDX-License-Identifier: GPL-2.0-or-later */
/* E820, SMBIOS and the ACPI loader script, by the rules their readers apply. */
#include "hw/i386/firmware-internal.h"

#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

static uint32_t le(const uint8_t *p, unsigned size)
{
    uint32_t value = 0;

    while (size-- > 0) {
        value = value << 8 | p[size];
    }
    return value;
}

/* --- E820 -------------------------------------------------------------------- */

static void test_e820_keeps_order_and_types(void)
{
    g_autoptr(GByteArray) e820 = g_byte_array_new();
    PcFirmwareConfig config = { .ram_below_4g = 3ull << 30,
                                .ram_above_4g = 1ull << 30,
                                .cpu_vendor_amd = true };
    uint64_t addr, len;
    uint32_t type;

    e820_add_machine(e820, &config);
    g_assert_cmpuint(e820->len, ==, 3 * E820_ENTRY_SIZE);
    g_assert_true(e820_get(e820, 0, &addr, &len, &type));
    g_assert_cmphex(addr, ==, 0xfd00000000);
    g_assert_cmphex(len, ==, 0x300000000);
    g_assert_cmpuint(type, ==, E820_RESERVED);
    g_assert_true(e820_get(e820, 2, &addr, &len, &type));
    g_assert_cmphex(addr, ==, 0x100000000);
    g_assert_cmphex(len, ==, 0x40000000);
    g_assert_cmpuint(type, ==, E820_RAM);
    g_assert_false(e820_get(e820, 3, &addr, &len, &type));
}

/* --- SMBIOS ------------------------------------------------------------------ */

typedef struct SmbiosFile {
    GByteArray *anchor, *tables, *e820;
} SmbiosFile;

static SmbiosFile smbios_make(uint64_t ram_size)
{
    SmbiosFile f = { g_byte_array_new(), g_byte_array_new(), g_byte_array_new() };
    SmbiosMachine machine = {
        .product = "Standard PC (i440FX + PIIX, 1996)",
        .version = "pc-i440fx-7.2",
        .sockets = 1,
        .cores = 2,
        .threads = 1,
        .ram_size = ram_size,
        .e820 = f.e820,
    };

    e820_add(f.e820, 0, ram_size, E820_RAM);
    g_assert_true(smbios_build(&machine, f.anchor, f.tables, &error_abort));
    return f;
}

static void smbios_free(SmbiosFile *f)
{
    g_byte_array_unref(f->anchor);
    g_byte_array_unref(f->tables);
    g_byte_array_unref(f->e820);
}

/* End of the structure at @at: past its strings' double NUL. */
static guint structure_end(const GByteArray *tables, guint at)
{
    guint p = at + tables->data[at + 1];

    while (tables->data[p] || tables->data[p + 1]) {
        p++;
        g_assert_cmpuint(p + 1, <, tables->len);
    }
    return p + 2;
}

static const char *structure_string(const GByteArray *tables, guint at, unsigned n)
{
    const char *text = (const char *)tables->data + at + tables->data[at + 1];

    g_assert_cmpuint(n, >, 0);
    while (--n) {
        text += strlen(text) + 1;
    }
    return text;
}

static int structure_find(const GByteArray *tables, uint8_t type)
{
    for (guint at = 0; at < tables->len; at = structure_end(tables, at)) {
        if (tables->data[at] == type) {
            return (int)at;
        }
    }
    return -1;
}

static void test_smbios_structures_chain_to_the_end(void)
{
    SmbiosFile f = smbios_make(512ull << 20);
    guint count = 0, largest = 0, last_type = 0;

    for (guint at = 0; at < f.tables->len;) {
        guint end = structure_end(f.tables, at);

        largest = MAX(largest, end - at);
        last_type = f.tables->data[at];
        count++;
        at = end;
    }
    g_assert_cmpuint(last_type, ==, 127);
    g_assert_cmpuint(f.tables->len, ==, 321);
    g_assert_cmpuint(f.anchor->len, ==, 31);
    g_assert_cmpmem(f.anchor->data, 4, "_SM_", 4);
    g_assert_cmpmem(f.anchor->data + 16, 5, "_DMI_", 5);
    g_assert_cmpuint(le(f.anchor->data + 8, 2), ==, largest);
    g_assert_cmpuint(le(f.anchor->data + 22, 2), ==, f.tables->len);
    g_assert_cmpuint(le(f.anchor->data + 28, 2), ==, count);
    smbios_free(&f);
}

static void test_smbios_splits_memory_into_dimms(void)
{
    SmbiosFile f = smbios_make(20ull << 30);
    int first = structure_find(f.tables, 17);
    guint second;

    g_assert_cmpint(first, >=, 0);
    g_assert_cmpuint(le(f.tables->data + first + 12, 2), ==, 16384);
    second = structure_end(f.tables, (guint)first);
    g_assert_cmpuint(f.tables->data[second], ==, 17);
    g_assert_cmpuint(le(f.tables->data + second + 12, 2), ==, 4096);
    smbios_free(&f);
}

static void test_smbios_options_replace_strings(void)
{
    SmbiosFile f;
    int at;

    g_assert_true(smbios_add_option("type=1,serial=S123,uuid="
                                    "00112233-4455-6677-8899-aabbccddeeff",
                                    &error_abort));
    g_assert_true(smbios_add_option("type=0,vendor=V", &error_abort));
    g_assert_true(smbios_add_option("type=11,value=one", &error_abort));
    f = smbios_make(128ull << 20);
    at = structure_find(f.tables, 1);
    g_assert_cmpstr(structure_string(f.tables, (guint)at, f.tables->data[at + 7]), ==,
                    "S123");
    g_assert_cmphex(f.tables->data[at + 8], ==, 0x33);
    g_assert_cmphex(f.tables->data[at + 16], ==, 0x88);
    at = structure_find(f.tables, 0);
    g_assert_cmpstr(structure_string(f.tables, (guint)at, 1), ==, "V");
    at = structure_find(f.tables, 11);
    g_assert_cmpuint(f.tables->data[at + 4], ==, 1);
    g_assert_cmpstr(structure_string(f.tables, (guint)at, 1), ==, "one");
    smbios_free(&f);
    smbios_clear_options();
}

static void expect_smbios_error(const char *arg, const char *message)
{
    g_autoptr(Error) err = NULL;

    g_assert_false(smbios_add_option(arg, &err));
    g_assert_cmpstr(error_get_message(err), ==, message);
}

static void test_err_smbios_options(void)
{
    expect_smbios_error("foo=1", "Must specify type= or file=");
    expect_smbios_error("type=99", "Don't know how to build fields for SMBIOS type 99");
    expect_smbios_error("type=1,foo=1", "Invalid parameter 'foo'");
    expect_smbios_error("type=1,uuid=zz", "Invalid UUID");
    expect_smbios_error("file=/nonexistent/x",
                        "Cannot read SMBIOS file /nonexistent/x");
    smbios_clear_options();
}

/* --- ACPI -------------------------------------------------------------------- */

typedef struct AcpiFiles {
    GByteArray *tables, *rsdp, *linker;
} AcpiFiles;

static uint32_t pm_base(void *opaque)
{
    return 0x600;
}

static AcpiFiles acpi_make(unsigned num_cpus, unsigned num_slots)
{
    static MachineState ms;
    static NumaState numa = { .num_nodes = 1 };
    static uint32_t apic_ids[255];
    AcpiFiles f = { g_byte_array_new(), g_byte_array_new(), g_byte_array_new() };
    PcFirmwareConfig config = {
        .machine = &ms,
        .ram_below_4g = 512ull << 20,
        .cpu_apic_ids = apic_ids,
        .hpet = true,
        .hpet_id = 0x8086a201,
        .pm_io_base = pm_base,
        .s4_value = 2,
        .pci_hotplug = true,
        .pci_hole64_size = UINT64_C(2) << 30,
    };

    for (unsigned i = 0; i < G_N_ELEMENTS(apic_ids); i++) {
        apic_ids[i] = i;
    }
    ms.smp.max_cpus = num_cpus;
    ms.ram_slots = num_slots;
    ms.numa = num_slots ? &numa : NULL;
    numa.nodes[0].mem_bytes = config.ram_below_4g;
    if (!ms.cpus) {
        ms.cpus = g_ptr_array_new();
    }
    acpi_build(&config, f.tables, f.rsdp, f.linker);
    return f;
}

static void acpi_free(AcpiFiles *f)
{
    g_byte_array_unref(f->tables);
    g_byte_array_unref(f->rsdp);
    g_byte_array_unref(f->linker);
}

#define BASE 0x7000000u

/* Run the script as a firmware does, with the tables at BASE. */
static void run_script(AcpiFiles *f)
{
    bool have_tables = false, have_rsdp = false;

    for (guint at = 0; at + 128 <= f->linker->len; at += 128) {
        const uint8_t *c = f->linker->data + at;
        const char *name = (const char *)c + 4;
        bool is_rsdp = strcmp(name, "etc/acpi/rsdp") == 0;
        GByteArray *file = is_rsdp ? f->rsdp : f->tables;

        if (le(c, 4) == 0) {
            break;
        }
        g_assert_true(is_rsdp || strcmp(name, "etc/acpi/tables") == 0);
        if (le(c, 4) == 1) { /* allocate */
            g_assert_cmpuint(le(c + 60, 4), ==, is_rsdp ? 16 : 64);
            g_assert_cmpuint(c[64], ==, is_rsdp ? 2 : 1);
            *(is_rsdp ? &have_rsdp : &have_tables) = true;
            continue;
        }
        g_assert_true(is_rsdp ? have_rsdp : have_tables);
        if (le(c, 4) == 2) { /* pointer */
            uint32_t offset = le(c + 116, 4), value;

            g_assert_cmpstr((const char *)c + 60, ==, "etc/acpi/tables");
            g_assert_cmpuint(c[120], ==, 4);
            g_assert_cmpuint(offset + 4, <=, file->len);
            value = GUINT32_TO_LE(le(file->data + offset, 4) + BASE);
            memcpy(file->data + offset, &value, 4);
        } else { /* checksum */
            uint32_t offset = le(c + 60, 4), start = le(c + 64, 4), len = le(c + 68, 4);
            uint8_t sum = 0;

            g_assert_cmpuint(le(c, 4), ==, 3);
            g_assert_cmpuint(start + len, <=, file->len);
            g_assert_cmpuint(offset, <, file->len);
            for (uint32_t i = 0; i < len; i++) {
                sum = (uint8_t)(sum + file->data[start + i]);
            }
            file->data[offset] = (uint8_t)(file->data[offset] - sum);
        }
    }
}

static const uint8_t *table_at(const AcpiFiles *f, uint32_t address, const char *sig)
{
    const uint8_t *table = f->tables->data + (address - BASE);
    uint32_t len;
    uint8_t sum = 0;

    g_assert_cmpuint(address, >=, BASE);
    g_assert_cmpuint(address - BASE, <, f->tables->len);
    g_assert_cmpmem(table, 4, sig, 4);
    len = le(table + 4, 4);
    g_assert_cmpuint(address - BASE + len, <=, f->tables->len);
    for (uint32_t i = 0; strcmp(sig, "FACS") != 0 && i < len; i++) {
        sum = (uint8_t)(sum + table[i]);
    }
    g_assert_cmpuint(sum, ==, 0);
    return table;
}

static void check_table_set(AcpiFiles *f, const char *const *signatures)
{
    const uint8_t *rsdt, *facp;
    unsigned n = 0;

    run_script(f);
    g_assert_cmpmem(f->rsdp->data, 8, "RSD PTR ", 8);
    rsdt = table_at(f, le(f->rsdp->data + 16, 4), "RSDT");
    for (; signatures[n]; n++) {
        table_at(f, le(rsdt + 36 + 4 * n, 4), signatures[n]);
    }
    g_assert_cmpuint(le(rsdt + 4, 4), ==, 36 + 4 * n);
    facp = table_at(f, le(rsdt + 36, 4), "FACP");
    table_at(f, le(facp + 36, 4), "FACS");
    table_at(f, le(facp + 40, 4), "DSDT");
    g_assert_cmphex(le(facp + 56, 4), ==, 0x600);
    g_assert_cmphex(le(facp + 64, 4), ==, 0x604);
    g_assert_cmphex(le(facp + 76, 4), ==, 0x608);
}

static void test_acpi_script_links_all_tables(void)
{
    static const char *const want[] = { "FACP", "APIC", "HPET", "WAET", NULL };
    AcpiFiles f = acpi_make(1, 0);

    g_assert_cmpuint(f.tables->len, ==, 131072);
    g_assert_cmpuint(f.linker->len, ==, 4096);
    check_table_set(&f, want);
    acpi_free(&f);
}

static void test_acpi_has_srat_with_dimm_slots(void)
{
    static const char *const want[] = { "FACP", "APIC", "HPET", "SRAT", "WAET", NULL };
    AcpiFiles f = acpi_make(3, 4);

    check_table_set(&f, want);
    acpi_free(&f);
}

/* The compiled table must name what guests look for. */
static void test_dsdt_has_the_hotplug_objects(void)
{
    static const char *const names[] = { "MSCN", "MRST", "MCRS", "MPXM", "MOST", "MEJ0",
                                         "MTFY", "MP00", "MP03", "_E01", "_E02", "_E03",
                                         "C000", "C002", "LNKA", "LNKS", "_S5_" };
    AcpiFiles f = acpi_make(3, 4);

    for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
        g_assert_nonnull(memmem(f.tables->data, f.tables->len, names[i], 4));
    }
    acpi_free(&f);
}

static void test_acpi_of_a_full_machine_is_built(void)
{
    AcpiFiles f = acpi_make(255, 256);

    g_assert_cmpuint(f.tables->len % 131072, ==, 0);
    run_script(&f);
    acpi_free(&f);
}

/* --- Kernels that must be refused -------------------------------------------- */

static void expect_kernel_error(const uint8_t *data, size_t len, const char *text)
{
    MachineState ms = { .kernel_cmdline = (char *)"" };
    PcFirmware fw = {
        .config = {.machine = &ms, .ram_below_4g = 64 << 20}
    };
    g_autoptr(Error) err = NULL;
    g_autofree char *path = NULL;
    int fd = g_file_open_tmp("kernel-XXXXXX", &path, NULL);

    g_assert_cmpint(fd, >=, 0);
    close(fd);
    g_assert_true(g_file_set_contents(path, (const char *)data, (gssize)len, NULL));
    ms.kernel_filename = path;
    g_assert_false(x86_load_kernel(&fw, &err));
    g_assert_nonnull(strstr(error_get_message(err), text));
    g_remove(path);
}

static void put_le32(uint8_t *p, uint32_t v)
{
    for (int i = 0; i < 4; i++) {
        p[i] = (uint8_t)(v >> (8 * i));
    }
}

static void test_err_kernel_setup_outside_file(void)
{
    uint8_t data[4096] = { 0 };

    expect_kernel_error(data, 1000, "invalid kernel header");
    expect_kernel_error(data, 0, "invalid kernel header");
    memcpy(data + 0x202, "HdrS", 4);
    data[0x1f1] = 255;
    expect_kernel_error(data, sizeof(data), "invalid kernel header");
}

static void multiboot_header(uint8_t *data, uint32_t flags)
{
    put_le32(data, 0x1badb002);
    put_le32(data + 4, flags);
    put_le32(data + 8, -(0x1badb002u + flags));
}

static void test_err_multiboot_addresses(void)
{
    uint8_t data[4096] = { 0 };

    multiboot_header(data, 1 << 16);
    put_le32(data + 12, 0x100000);
    put_le32(data + 16, 0x100004); /* loads from behind its header */
    expect_kernel_error(data, sizeof(data), "invalid load_addr");
    put_le32(data + 16, 0xf0000); /* from in front of the file */
    expect_kernel_error(data, sizeof(data), "invalid load_addr");
    put_le32(data + 16, 0x100000);
    put_le32(data + 20, 0x102000);
    expect_kernel_error(data, sizeof(data), "invalid load_end_addr");
    put_le32(data + 20, 0xff000);
    expect_kernel_error(data, sizeof(data), "invalid load_end_addr");
    put_le32(data + 20, 0x100800);
    put_le32(data + 24, 0x100400);
    expect_kernel_error(data, sizeof(data), "invalid bss_end_addr");
    put_le32(data + 24, 0xfffff000);
    expect_kernel_error(data, sizeof(data), "does not fit into memory");
    multiboot_header(data, 1 << 16);
    expect_kernel_error(data, 20, "cut short");
}

static void test_err_multiboot_not_elf(void)
{
    uint8_t data[4096] = { 0 };

    multiboot_header(data, 0);
    expect_kernel_error(data, sizeof(data), "not an ELF image");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/hw/firmware/e820-keeps-order-and-types",
                    test_e820_keeps_order_and_types);
    g_test_add_func("/hw/firmware/smbios-structures-chain-to-the-end",
                    test_smbios_structures_chain_to_the_end);
    g_test_add_func("/hw/firmware/smbios-splits-memory-into-dimms",
                    test_smbios_splits_memory_into_dimms);
    g_test_add_func("/hw/firmware/smbios-options-replace-strings",
                    test_smbios_options_replace_strings);
    g_test_add_func("/hw/firmware/err-smbios-options", test_err_smbios_options);
    g_test_add_func("/hw/firmware/acpi-script-links-all-tables",
                    test_acpi_script_links_all_tables);
    g_test_add_func("/hw/firmware/acpi-has-srat-with-dimm-slots",
                    test_acpi_has_srat_with_dimm_slots);
    g_test_add_func("/hw/firmware/dsdt-has-the-hotplug-objects",
                    test_dsdt_has_the_hotplug_objects);
    g_test_add_func("/hw/firmware/acpi-of-a-full-machine-is-built",
                    test_acpi_of_a_full_machine_is_built);
    g_test_add_func("/hw/firmware/err-kernel-setup-outside-file",
                    test_err_kernel_setup_outside_file);
    g_test_add_func("/hw/firmware/err-multiboot-addresses",
                    test_err_multiboot_addresses);
    g_test_add_func("/hw/firmware/err-multiboot-not-elf", test_err_multiboot_not_elf);
    return g_test_run();
}
