/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * SMBIOS structures. Source: DMTF DSP0134, System Management BIOS reference
 * specification 2.8. A structure is a formatted area followed by its strings, which the
 * area names by number, and one more NUL.
 */
#include "hw/acpi/aml-build.h"
#include "hw/i386/firmware-internal.h"

#include "qapi/value.h"
#include <stdio.h>
#include <string.h>

enum {
    HANDLE_BIOS = 0x0000,
    HANDLE_SYSTEM = 0x0100,
    HANDLE_BOARD = 0x0200,
    HANDLE_CHASSIS = 0x0300,
    HANDLE_PROCESSOR = 0x0400,
    HANDLE_OEM_STRINGS = 0x0e00,
    HANDLE_MEMORY_ARRAY = 0x1000,
    HANDLE_MEMORY_DEVICE = 0x1100,
    HANDLE_MEMORY_MAP = 0x1300,
    HANDLE_BOOT_INFO = 0x2000,
    HANDLE_END = 0x7f00,
    NO_HANDLE = 0xfffe,
};
#define KIB             UINT64_C(1024)
#define MIB             (KIB * 1024)
#define GIB             (MIB * 1024)
#define TIB             (GIB * 1024)
#define MAX_DIMM_SIZE   (16 * GIB)
#define DEFAULT_VENDOR  "QEMU"
#define MAX_STRINGS     32
#define MAX_OPTION_TYPE 18

/* --- Options ----------------------------------------------------------------- */

/* Values given by the user, by type and key. Main thread, start-up only. */
static struct {
    GHashTable *fields[MAX_OPTION_TYPE];
    GPtrArray *oem_strings;
    GPtrArray *blobs; /* GBytes *: whole structures from files */
} options;

static const char *const option_keys_0[] = { "vendor",  "version", "date",
                                             "release", "uefi",    NULL };
static const char *const option_keys_1[] = { "manufacturer", "product", "version",
                                             "serial",       "uuid",    "sku",
                                             "family",       NULL };
static const char *const option_keys_2[] = {
    "manufacturer", "product", "version", "serial", "asset", "location", NULL
};
static const char *const option_keys_3[] = { "manufacturer", "version", "serial",
                                             "asset",        "sku",     NULL };
static const char *const option_keys_4[] = { "sock_pfx",  "manufacturer",  "version",
                                             "serial",    "asset",         "part",
                                             "max-speed", "current-speed", NULL };
static const char *const option_keys_11[] = { "value", "path", NULL };
static const char *const option_keys_17[] = { "loc_pfx", "bank",  "manufacturer",
                                              "serial",  "asset", "part",
                                              "speed",   NULL };

static const char *const *const option_keys[MAX_OPTION_TYPE] = {
    [0] = option_keys_0,   [1] = option_keys_1, [2] = option_keys_2,
    [3] = option_keys_3,   [4] = option_keys_4, [11] = option_keys_11,
    [17] = option_keys_17,
};

void smbios_clear_options(void)
{
    for (int i = 0; i < MAX_OPTION_TYPE; i++) {
        g_clear_pointer(&options.fields[i], g_hash_table_unref);
    }
    g_clear_pointer(&options.oem_strings, g_ptr_array_unref);
    g_clear_pointer(&options.blobs, g_ptr_array_unref);
}

static bool option_add_file(const char *path, Error **errp)
{
    g_autofree char *data = NULL;
    gsize len;

    if (!g_file_get_contents(path, &data, &len, NULL)) {
        return error_set(errp, "Cannot read SMBIOS file %s", path);
    }
    if (len < 6 || len > 0xffff || (uint8_t)data[1] < 4 || (uint8_t)data[1] > len - 2) {
        return error_set(errp, "SMBIOS file %s holds no structure", path);
    }
    if (!options.blobs) {
        options.blobs = g_ptr_array_new_with_free_func((GDestroyNotify)g_bytes_unref);
    }
    g_ptr_array_add(options.blobs, g_bytes_new_take(g_steal_pointer(&data), len));
    return true;
}

static bool option_add_oem_string(const char *key, const char *value, Error **errp)
{
    g_autofree char *text = NULL;
    g_autoptr(GError) gerr = NULL;

    if (strcmp(key, "path") != 0) {
        text = g_strdup(value);
    } else if (!g_file_get_contents(value, &text, NULL, &gerr)) {
        return error_set(errp, "Unable to open %s: %s", value, gerr->message);
    }
    if (!options.oem_strings) {
        options.oem_strings = g_ptr_array_new_with_free_func(g_free);
    }
    if (options.oem_strings->len >= 255) {
        return error_set(errp, "more than 255 SMBIOS OEM strings");
    }
    g_ptr_array_add(options.oem_strings, g_steal_pointer(&text));
    return true;
}

static bool option_add_field(unsigned type, const char *key, const char *value,
                             Error **errp)
{
    if (!g_strv_contains(option_keys[type], key)) {
        return error_set(errp, "Invalid parameter '%s'", key);
    }
    if (strcmp(key, "uuid") == 0 && !g_uuid_string_is_valid(value)) {
        return error_set(errp, "Invalid UUID");
    }
    if (type == 11) {
        return option_add_oem_string(key, value, errp);
    }
    if (!options.fields[type]) {
        options.fields[type] =
            g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    }
    g_hash_table_insert(options.fields[type], g_strdup(key), g_strdup(value));
    return true;
}

bool smbios_add_option(const char *arg, Error **errp)
{
    g_autojson dict = keyval_parse(arg, NULL, errp);
    struct json_object *value;
    uint64_t type;

    if (!dict) {
        return false;
    }
    if (json_object_object_get_ex(dict, "file", &value)) {
        return option_add_file(json_object_get_string(value), errp);
    }
    if (!json_object_object_get_ex(dict, "type", &value)) {
        return error_set(errp, "Must specify type= or file=");
    }
    if (!parse_uint64(json_object_get_string(value), &type) || type > 255) {
        return error_set(errp, "Parameter 'type' expects a number");
    }
    if (type >= MAX_OPTION_TYPE || !option_keys[type]) {
        return error_set(
            errp, "Don't know how to build fields for SMBIOS type %" PRIu64, type);
    }
    json_object_object_foreach(dict, key, field)
    {
        if (strcmp(key, "type") != 0 &&
            !option_add_field((unsigned)type, key, json_object_get_string(field),
                              errp)) {
            return false;
        }
    }
    if (!options.fields[type]) {
        options.fields[type] =
            g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    }
    return true;
}

static const char *option_get(unsigned type, const char *key, const char *def)
{
    const char *value = NULL;

    if (options.fields[type]) {
        value = g_hash_table_lookup(options.fields[type], key);
    }
    return value ? value : def;
}

static uint64_t option_get_number(unsigned type, const char *key, uint64_t def)
{
    const char *text = option_get(type, key, NULL);
    uint64_t value;

    return text && parse_uint64(text, &value) ? value : def;
}

/* --- Structures -------------------------------------------------------------- */

typedef struct Writer {
    const SmbiosMachine *machine;
    GByteArray *out;
    guint start; /* of the structure being written */
    const char *strings[MAX_STRINGS];
    unsigned num_strings;
    guint count;
    guint max_size;
} Writer;

static void put(Writer *w, uint64_t value, unsigned size)
{
    acpi_append_int(w->out, value, size);
}

static void begin(Writer *w, uint8_t type, uint16_t handle)
{
    w->start = w->out->len;
    w->num_strings = 0;
    put(w, type, 1);
    put(w, 0, 1); /* length: end() */
    put(w, handle, 2);
}

/* Number of the string, 0 for none; @text stays until end(). */
static void put_string(Writer *w, const char *text)
{
    if (!text || !*text) {
        put(w, 0, 1);
        return;
    }
    g_assert(w->num_strings < MAX_STRINGS);
    w->strings[w->num_strings++] = text;
    put(w, w->num_strings, 1);
}

static void put_option(Writer *w, unsigned type, const char *key, const char *def)
{
    put_string(w, option_get(type, key, def));
}

static void count_structure(Writer *w)
{
    w->count++;
    w->max_size = MAX(w->max_size, w->out->len - w->start);
}

static void end(Writer *w)
{
    w->out->data[w->start + 1] = (guint8)(w->out->len - w->start);
    for (unsigned i = 0; i < w->num_strings; i++) {
        g_byte_array_append(w->out, (const guint8 *)w->strings[i],
                            (guint)strlen(w->strings[i]) + 1);
    }
    if (!w->num_strings) {
        put(w, 0, 1);
    }
    put(w, 0, 1);
    count_structure(w);
}

/* 7.1; only when the user names a BIOS. */
static void put_bios(Writer *w)
{
    unsigned major = 0, minor = 0;
    const char *release = option_get(0, "release", NULL);
    const char *uefi = option_get(0, "uefi", "off");

    if (!options.fields[0]) {
        return;
    }
    if (release && sscanf(release, "%u.%u", &major, &minor) != 2) {
        major = minor = 0;
    }
    begin(w, 0, HANDLE_BIOS);
    put_option(w, 0, "vendor", NULL);
    put_option(w, 0, "version", NULL);
    put(w, 0xe800, 2); /* start segment */
    put_option(w, 0, "date", NULL);
    put(w, 0, 1);    /* ROM size */
    put(w, 0x08, 8); /* characteristics are not supported */
    put(w, 0, 1);
    /* Bit 4: virtual machine; 3: UEFI; 2: targeted content distribution. */
    put(w, 0x14 | (strcmp(uefi, "on") == 0 ? 0x08 : 0), 1);
    put(w, release ? major : 0, 1);
    put(w, release ? minor : 0, 1);
    put(w, 0xff, 1); /* embedded controller: none */
    put(w, 0xff, 1);
    end(w);
}

/* 7.2.1: the first three parts of the UUID are little-endian. */
static void put_uuid(Writer *w)
{
    static const uint8_t order[16] = { 3, 2, 1,  0,  5,  4,  7,  6,
                                       8, 9, 10, 11, 12, 13, 14, 15 };
    const char *text = option_get(1, "uuid", NULL);
    uint8_t uuid[16] = { 0 };
    int n = 0;

    if (w->machine->uuid) {
        memcpy(uuid, w->machine->uuid, sizeof(uuid));
    }
    for (; text && *text; text++) {
        int digit = g_ascii_xdigit_value(*text);

        if (digit >= 0 && n < 32) {
            uuid[n / 2] = (uint8_t)(uuid[n / 2] << 4 | digit);
            n++;
        }
    }
    for (size_t i = 0; i < sizeof(uuid); i++) {
        put(w, uuid[order[i]], 1);
    }
}

static void put_system(Writer *w)
{
    begin(w, 1, HANDLE_SYSTEM);
    put_option(w, 1, "manufacturer", DEFAULT_VENDOR);
    put_option(w, 1, "product", w->machine->product);
    put_option(w, 1, "version", w->machine->version);
    put_option(w, 1, "serial", NULL);
    put_uuid(w);
    put(w, 6, 1); /* woken by the power switch */
    put_option(w, 1, "sku", NULL);
    put_option(w, 1, "family", NULL);
    end(w);
}

/* 7.3; only when the user names a board. */
static void put_board(Writer *w)
{
    if (!options.fields[2]) {
        return;
    }
    begin(w, 2, HANDLE_BOARD);
    put_option(w, 2, "manufacturer", DEFAULT_VENDOR);
    put_option(w, 2, "product", w->machine->product);
    put_option(w, 2, "version", w->machine->version);
    put_option(w, 2, "serial", NULL);
    put_option(w, 2, "asset", NULL);
    put(w, 1, 1); /* hosting board */
    put_option(w, 2, "location", NULL);
    put(w, HANDLE_CHASSIS, 2);
    put(w, 10, 1); /* motherboard */
    put(w, 0, 1);
    end(w);
}

static void put_chassis(Writer *w)
{
    begin(w, 3, HANDLE_CHASSIS);
    put_option(w, 3, "manufacturer", DEFAULT_VENDOR);
    put(w, 1, 1); /* type: other */
    put_option(w, 3, "version", w->machine->version);
    put_option(w, 3, "serial", NULL);
    put_option(w, 3, "asset", NULL);
    put(w, 3, 1); /* boot-up, power supply and thermal state: safe */
    put(w, 3, 1);
    put(w, 3, 1);
    put(w, 2, 1); /* security: unknown */
    put(w, 0, 4);
    put(w, 0, 4); /* height, cords, contained elements and their length */
    put_option(w, 3, "sku", NULL);
    end(w);
}

static void put_processor(Writer *w, unsigned n)
{
    const SmbiosMachine *m = w->machine;
    g_autofree char *socket =
        g_strdup_printf("%s%2x", option_get(4, "sock_pfx", "CPU"), n);
    unsigned cores = MIN(m->cores, 255), threads = MIN(m->cores * m->threads, 255);

    begin(w, 4, (uint16_t)(HANDLE_PROCESSOR + n));
    put_string(w, socket);
    put(w, 3, 1); /* central processor */
    put(w, 1, 1); /* family: other */
    put_option(w, 4, "manufacturer", DEFAULT_VENDOR);
    put(w, m->processor_id[0], 4);
    put(w, m->processor_id[1], 4);
    put_option(w, 4, "version", m->version);
    put(w, 0, 1); /* voltage */
    put(w, 0, 2); /* external clock */
    put(w, option_get_number(4, "max-speed", 2000), 2);
    put(w, option_get_number(4, "current-speed", 2000), 2);
    put(w, 0x41, 1);   /* socket populated, CPU enabled */
    put(w, 1, 1);      /* upgrade: other */
    put(w, 0xffff, 2); /* caches: not provided */
    put(w, 0xffff, 2);
    put(w, 0xffff, 2);
    put_option(w, 4, "serial", NULL);
    put_option(w, 4, "asset", NULL);
    put_option(w, 4, "part", NULL);
    put(w, cores, 1);
    put(w, cores, 1); /* enabled */
    put(w, threads, 1);
    put(w, 2, 2); /* characteristics: unknown */
    put(w, 1, 2); /* family 2: other */
    end(w);
}

static void put_oem_strings(Writer *w)
{
    if (!options.oem_strings) {
        return;
    }
    begin(w, 11, HANDLE_OEM_STRINGS);
    put(w, options.oem_strings->len, 1);
    w->out->data[w->start + 1] = 5;
    for (guint i = 0; i < options.oem_strings->len; i++) {
        const char *text = g_ptr_array_index(options.oem_strings, i);

        g_byte_array_append(w->out, (const guint8 *)text, (guint)strlen(text) + 1);
    }
    put(w, 0, 1);
    count_structure(w);
}

static void put_memory_array(Writer *w, unsigned num_dimms)
{
    uint64_t size = w->machine->ram_size;
    bool extended = size >= 2 * TIB;

    begin(w, 16, HANDLE_MEMORY_ARRAY);
    put(w, 1, 1); /* location: other */
    put(w, 3, 1); /* use: system memory */
    put(w, 6, 1); /* multi-bit ECC */
    put(w, extended ? 0x80000000u : size / KIB, 4);
    put(w, NO_HANDLE, 2);
    put(w, num_dimms, 2);
    put(w, extended ? size : 0, 8);
    end(w);
}

static void put_memory_device(Writer *w, unsigned n, uint64_t size)
{
    g_autofree char *locator =
        g_strdup_printf("%s %u", option_get(17, "loc_pfx", "DIMM"), n);
    uint64_t mib = (size + MIB - 1) / MIB;
    uint64_t speed = option_get_number(17, "speed", 0);

    begin(w, 17, (uint16_t)(HANDLE_MEMORY_DEVICE + n));
    put(w, HANDLE_MEMORY_ARRAY, 2);
    put(w, NO_HANDLE, 2);
    put(w, 0xffff, 2); /* widths: unknown */
    put(w, 0xffff, 2);
    put(w, mib < 0x7fff ? mib : 0x7fff, 2);
    put(w, 9, 1); /* DIMM */
    put(w, 0, 1); /* in no set */
    put_string(w, locator);
    put_option(w, 17, "bank", NULL);
    put(w, 7, 1); /* RAM */
    put(w, 2, 2); /* other */
    put(w, speed, 2);
    put_option(w, 17, "manufacturer", DEFAULT_VENDOR);
    put_option(w, 17, "serial", NULL);
    put_option(w, 17, "asset", NULL);
    put_option(w, 17, "part", NULL);
    put(w, 0, 1); /* rank: unknown */
    put(w, mib < 0x7fff ? 0 : mib, 4);
    put(w, speed, 2);
    put(w, 0, 6); /* voltages: unknown */
    end(w);
}

static void put_memory_map(Writer *w, unsigned n, uint64_t addr, uint64_t len)
{
    uint64_t first = addr / KIB, last = (addr + len - 1) / KIB;
    bool extended = last >= UINT32_MAX;

    begin(w, 19, (uint16_t)(HANDLE_MEMORY_MAP + n));
    put(w, extended ? UINT32_MAX : first, 4);
    put(w, extended ? UINT32_MAX : last, 4);
    put(w, HANDLE_MEMORY_ARRAY, 2);
    put(w, 1, 1); /* partition width */
    put(w, extended ? addr : 0, 8);
    put(w, extended ? addr + len - 1 : 0, 8);
    end(w);
}

static void put_memory(Writer *w)
{
    uint64_t left = w->machine->ram_size, addr, len;
    unsigned num_dimms = (unsigned)((left + MAX_DIMM_SIZE - 1) / MAX_DIMM_SIZE);
    unsigned map = 0;
    uint32_t type;

    put_memory_array(w, num_dimms);
    for (unsigned i = 0; i < num_dimms; i++) {
        uint64_t size = MIN(left, MAX_DIMM_SIZE);

        put_memory_device(w, i, size);
        left -= size;
    }
    for (unsigned i = 0; e820_get(w->machine->e820, i, &addr, &len, &type); i++) {
        if (type == E820_RAM && len) {
            put_memory_map(w, map++, addr, len);
        }
    }
}

static void put_blobs(Writer *w)
{
    for (guint i = 0; options.blobs && i < options.blobs->len; i++) {
        GBytes *blob = g_ptr_array_index(options.blobs, i);

        w->start = w->out->len;
        g_byte_array_append(w->out, g_bytes_get_data(blob, NULL),
                            (guint)g_bytes_get_size(blob));
        count_structure(w);
    }
}

/* 5.2.1: the 32-bit entry point, with the intermediate one of the DMI at 10. */
static void put_anchor(const Writer *w, GByteArray *anchor)
{
    g_byte_array_append(anchor, (const guint8 *)"_SM_", 4);
    acpi_append_int(anchor, 0, 1); /* checksum: the firmware's */
    acpi_append_int(anchor, 31, 1);
    acpi_append_int(anchor, 2, 1); /* version 2.8 */
    acpi_append_int(anchor, 8, 1);
    acpi_append_int(anchor, w->max_size, 2);
    acpi_append_int(anchor, 0, 6); /* revision, formatted area */
    g_byte_array_append(anchor, (const guint8 *)"_DMI_", 5);
    acpi_append_int(anchor, 0, 1); /* checksum: the firmware's */
    acpi_append_int(anchor, w->out->len, 2);
    acpi_append_int(anchor, 0, 4); /* address: the firmware's */
    acpi_append_int(anchor, w->count, 2);
    acpi_append_int(anchor, 0x28, 1);
}

bool smbios_build(const SmbiosMachine *machine, GByteArray *anchor, GByteArray *tables,
                  Error **errp)
{
    Writer w = { .machine = machine, .out = tables };

    put_blobs(&w);
    put_bios(&w);
    put_system(&w);
    put_board(&w);
    put_chassis(&w);
    for (unsigned i = 0; i < machine->sockets; i++) {
        put_processor(&w, i);
    }
    put_oem_strings(&w);
    put_memory(&w);
    begin(&w, 32, HANDLE_BOOT_INFO);
    put(&w, 0, 6);
    put(&w, 0, 1); /* no errors */
    end(&w);
    begin(&w, 127, HANDLE_END);
    end(&w);
    if (tables->len > 0xffff) {
        return error_set(errp, "SMBIOS 2.1 table length %u exceeds 65535", tables->len);
    }
    put_anchor(&w, anchor);
    return true;
}
