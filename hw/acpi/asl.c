/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A compiler for the part of ASL that our tables are written in. One pass: the text is
 * parsed by recursive descent and code is appended as it is recognized; packages get
 * their length when they close. Source: ACPI 2.0 specification, chapters 16 (ASL) and
 * 17 (AML).
 *
 * Accepted, in functional form only:
 *   Scope Device Processor Method Name Mutex OperationRegion Field
 *   If Else While Return Break Noop Notify Acquire Release Store
 *   Add Subtract Multiply ShiftLeft ShiftRight And Or Xor Not Increment Decrement
 *   LAnd LOr LNot LEqual LNotEqual LGreater LLess LGreaterEqual LLessEqual
 *   Index DerefOf RefOf SizeOf ToInteger ToBuffer ToHexString
 *   CreateByteField CreateWordField CreateDWordField CreateQWordField
 *   Package Buffer ResourceTemplate EisaId ToUUID, strings, integers, names,
 *   method calls NAME(args), Local0-7, Arg0-6, Zero, One, Ones, comments.
 * Targets may be left out. Differences from the specification: Method takes
 * "Serialized" as an optional third word; Interrupt() and the address space descriptors
 * take only the arguments that resource_table names.
 */
#include "hw/acpi/aml-build.h"

#include <stdarg.h>
#include <string.h>

typedef struct Asl {
    const char *text; /* all of it, for messages */
    const char *pos;
    GByteArray *out;
} Asl;

static void asl_term(Asl *asl);
static void asl_term_list(Asl *asl);

/* --- Lexical part ------------------------------------------------------------ */

G_NORETURN static void asl_fail(const Asl *asl, const char *what)
{
    g_error("ASL: %s at \"%.40s\"", what, asl->pos);
}

static void skip_space(Asl *asl)
{
    for (;;) {
        while (g_ascii_isspace(*asl->pos)) {
            asl->pos++;
        }
        if (strncmp(asl->pos, "/*", 2) != 0) {
            return;
        }
        asl->pos = strstr(asl->pos, "*/");
        g_assert(asl->pos);
        asl->pos += 2;
    }
}

static bool accept_char(Asl *asl, char c)
{
    skip_space(asl);
    if (*asl->pos != c) {
        return false;
    }
    asl->pos++;
    return true;
}

static void expect_char(Asl *asl, char c)
{
    if (!accept_char(asl, c)) {
        char what[] = "expected ' '";

        what[10] = c;
        asl_fail(asl, what);
    }
}

static bool is_name_char(char c)
{
    return g_ascii_isalnum(c) || c == '_' || c == '.' || c == '\\' || c == '^';
}

/* A name or keyword; caller frees. */
static char *take_word(Asl *asl)
{
    const char *start;

    skip_space(asl);
    start = asl->pos;
    while (is_name_char(*asl->pos)) {
        asl->pos++;
    }
    if (asl->pos == start) {
        asl_fail(asl, "expected a word");
    }
    return g_strndup(start, (gsize)(asl->pos - start));
}

static bool accept_word(Asl *asl, const char *word)
{
    size_t len = strlen(word);

    skip_space(asl);
    if (strncmp(asl->pos, word, len) != 0 || is_name_char(asl->pos[len])) {
        return false;
    }
    asl->pos += len;
    return true;
}

static uint64_t take_integer(Asl *asl)
{
    char *end;
    uint64_t value;

    if (accept_word(asl, "Zero")) {
        return 0;
    }
    if (accept_word(asl, "One")) {
        return 1;
    }
    skip_space(asl);
    value = g_ascii_strtoull(asl->pos, &end, 0);
    if (end == asl->pos) {
        asl_fail(asl, "expected an integer");
    }
    asl->pos = end;
    return value;
}

static char *take_string(Asl *asl)
{
    const char *end;
    char *text;

    expect_char(asl, '"');
    end = strchr(asl->pos, '"');
    if (!end) {
        asl_fail(asl, "string without end");
    }
    text = g_strndup(asl->pos, (gsize)(end - asl->pos));
    asl->pos = end + 1;
    return text;
}

/* Index of one of the words of @table, which ends with NULL. */
static unsigned take_choice(Asl *asl, const char *const *table)
{
    for (unsigned i = 0; table[i]; i++) {
        if (accept_word(asl, table[i])) {
            return i;
        }
    }
    asl_fail(asl, "unknown keyword");
}

static void emit(Asl *asl, uint64_t value, unsigned size)
{
    acpi_append_int(asl->out, value, size);
}

/* --- Resource descriptors (ACPI 2.0, 6.4) ------------------------------------ */

static uint32_t take_mask(Asl *asl)
{
    uint32_t mask = 0;

    expect_char(asl, '{');
    while (!accept_char(asl, '}')) {
        mask |= 1u << (take_integer(asl) & 31);
        accept_char(asl, ',');
    }
    return mask;
}

static void take_integers(Asl *asl, uint64_t *values, unsigned n)
{
    for (unsigned i = 0; i < n; i++) {
        if (i) {
            expect_char(asl, ',');
        }
        values[i] = take_integer(asl);
    }
}

/* IO (Decode16, min, max, alignment, length) */
static void resource_io(Asl *asl)
{
    uint64_t v[4];

    take_choice(asl, (const char *const[]){ "Decode16", NULL });
    expect_char(asl, ',');
    take_integers(asl, v, 4);
    emit(asl, 0x47, 1);
    emit(asl, 1, 1);
    emit(asl, v[0], 2);
    emit(asl, v[1], 2);
    emit(asl, v[2], 1);
    emit(asl, v[3], 1);
    expect_char(asl, ')');
}

/* IRQNoFlags () {irq, ...} */
static void resource_irq_no_flags(Asl *asl)
{
    expect_char(asl, ')');
    emit(asl, 0x22, 1);
    emit(asl, take_mask(asl), 2);
}

/* DMA (Compatibility, NotBusMaster, Transfer8) {channel, ...} */
static void resource_dma(Asl *asl)
{
    static const char *const type[] = { "Compatibility", "TypeA", "TypeB", "TypeF",
                                        NULL };
    static const char *const master[] = { "NotBusMaster", "BusMaster", NULL };
    static const char *const transfer[] = { "Transfer8", "Transfer8_16", "Transfer16",
                                            NULL };
    unsigned flags = take_choice(asl, type) << 5;

    expect_char(asl, ',');
    flags |= take_choice(asl, master) << 2;
    expect_char(asl, ',');
    flags |= take_choice(asl, transfer);
    expect_char(asl, ')');
    emit(asl, 0x2a, 1);
    emit(asl, take_mask(asl), 1);
    emit(asl, flags, 1);
}

/* Interrupt (Level | Edge, ActiveHigh | ActiveLow, Exclusive | Shared) {irq, ...} */
static void resource_interrupt(Asl *asl)
{
    unsigned flags = 1; /* consumer */
    uint32_t irqs[16];
    unsigned n = 0;

    flags |= take_choice(asl, (const char *const[]){ "Level", "Edge", NULL }) << 1;
    expect_char(asl, ',');
    flags |= take_choice(asl, (const char *const[]){ "ActiveHigh", "ActiveLow", NULL })
             << 2;
    expect_char(asl, ',');
    flags |= take_choice(asl, (const char *const[]){ "Exclusive", "Shared", NULL })
             << 3;
    expect_char(asl, ')');
    expect_char(asl, '{');
    while (!accept_char(asl, '}')) {
        g_assert(n < G_N_ELEMENTS(irqs));
        irqs[n++] = (uint32_t)take_integer(asl);
        accept_char(asl, ',');
    }
    emit(asl, 0x89, 1);
    emit(asl, 2 + 4 * n, 2);
    emit(asl, flags, 1);
    emit(asl, n, 1);
    for (unsigned i = 0; i < n; i++) {
        emit(asl, irqs[i], 4);
    }
}

/* Memory32Fixed (ReadOnly | ReadWrite, base, length) */
static void resource_memory32_fixed(Asl *asl)
{
    unsigned rw =
        take_choice(asl, (const char *const[]){ "ReadOnly", "ReadWrite", NULL });
    uint64_t v[2];

    expect_char(asl, ',');
    take_integers(asl, v, 2);
    expect_char(asl, ')');
    emit(asl, 0x86, 1);
    emit(asl, 9, 2);
    emit(asl, rw, 1);
    emit(asl, v[0], 4);
    emit(asl, v[1], 4);
}

enum { SPACE_MEMORY, SPACE_IO, SPACE_BUS };

/* Fixed at both ends, positive decode, produced for children: flags 0c. */
static void emit_address_space(Asl *asl, unsigned tag, unsigned width, unsigned space,
                               unsigned type_flags)
{
    uint64_t v[3];

    take_integers(asl, v, 2);
    v[2] = accept_char(asl, ',') ? take_integer(asl) : v[1] - v[0] + 1;
    expect_char(asl, ')');
    emit(asl, tag, 1);
    emit(asl, 3 + 5 * width, 2);
    emit(asl, space, 1);
    emit(asl, 0x0c, 1);
    emit(asl, type_flags, 1);
    emit(asl, 0, width); /* granularity */
    emit(asl, v[0], width);
    emit(asl, v[1], width);
    emit(asl, 0, width); /* translation offset */
    emit(asl, v[2], width);
}

/* WordBusNumber (min, max [, length]) */
static void resource_word_bus_number(Asl *asl)
{
    emit_address_space(asl, 0x88, 2, SPACE_BUS, 0);
}

/* WordIO (min, max [, length]): entire range */
static void resource_word_io(Asl *asl)
{
    emit_address_space(asl, 0x88, 2, SPACE_IO, 3);
}

static unsigned take_memory_flags(Asl *asl)
{
    unsigned flags =
        take_choice(asl, (const char *const[]){ "NonCacheable", "Cacheable", NULL })
        << 1;

    expect_char(asl, ',');
    flags |= take_choice(asl, (const char *const[]){ "ReadOnly", "ReadWrite", NULL });
    expect_char(asl, ',');
    return flags;
}

/* DWordMemory (Cacheable | NonCacheable, ReadOnly | ReadWrite, min, max [, length]) */
static void resource_dword_memory(Asl *asl)
{
    unsigned flags = take_memory_flags(asl);

    emit_address_space(asl, 0x87, 4, SPACE_MEMORY, flags);
}

static void resource_qword_memory(Asl *asl)
{
    unsigned flags = take_memory_flags(asl);

    emit_address_space(asl, 0x8a, 8, SPACE_MEMORY, flags);
}

static const struct {
    const char *name;
    void (*parse)(Asl *asl); /* after the opening parenthesis */
} resource_table[] = {
    {"IO",             resource_io             },
    { "IRQNoFlags",    resource_irq_no_flags   },
    { "DMA",           resource_dma            },
    { "Interrupt",     resource_interrupt      },
    { "Memory32Fixed", resource_memory32_fixed },
    { "WordBusNumber", resource_word_bus_number},
    { "WordIO",        resource_word_io        },
    { "DWordMemory",   resource_dword_memory   },
    { "QWordMemory",   resource_qword_memory   },
};

static void asl_resource(Asl *asl)
{
    g_autofree char *word = take_word(asl);

    expect_char(asl, '(');
    for (size_t i = 0; i < G_N_ELEMENTS(resource_table); i++) {
        if (strcmp(word, resource_table[i].name) == 0) {
            resource_table[i].parse(asl);
            return;
        }
    }
    asl_fail(asl, "unknown resource descriptor");
}

/* Buffer opcode, package length, size and the bytes of @bytes. */
static void emit_buffer(Asl *asl, const GByteArray *bytes)
{
    guint place;

    emit(asl, 0x11, 1);
    place = aml_package_begin(asl->out);
    aml_append_integer(asl->out, bytes->len);
    g_byte_array_append(asl->out, bytes->data, bytes->len);
    aml_package_end(asl->out, place);
}

static void asl_resource_template(Asl *asl)
{
    g_autoptr(GByteArray) bytes = g_byte_array_new();
    Asl inner = { asl->text, asl->pos, bytes };

    expect_char(&inner, '(');
    expect_char(&inner, ')');
    expect_char(&inner, '{');
    while (!accept_char(&inner, '}')) {
        asl_resource(&inner);
    }
    emit(&inner, 0x79, 1); /* end tag; checksum 0: not computed */
    emit(&inner, 0, 1);
    asl->pos = inner.pos;
    emit_buffer(asl, bytes);
}

/* --- Definitions and data with a syntax of their own ------------------------- */

/* Method (NAME, arguments [, Serialized]) {...} */
static void asl_method(Asl *asl)
{
    g_autofree char *name = NULL;
    unsigned flags;
    guint place;

    expect_char(asl, '(');
    name = take_word(asl);
    expect_char(asl, ',');
    flags = take_integer(asl) & 7;
    if (accept_char(asl, ',')) {
        flags |= take_choice(
                     asl, (const char *const[]){ "NotSerialized", "Serialized", NULL })
                 << 3;
    }
    expect_char(asl, ')');
    emit(asl, 0x14, 1);
    place = aml_package_begin(asl->out);
    aml_append_name(asl->out, name);
    emit(asl, flags, 1);
    expect_char(asl, '{');
    asl_term_list(asl);
    aml_package_end(asl->out, place);
}

/* OperationRegion (NAME, space, offset, length) */
static void asl_operation_region(Asl *asl)
{
    g_autofree char *name = NULL;

    expect_char(asl, '(');
    name = take_word(asl);
    expect_char(asl, ',');
    emit(asl, 0x805b, 2);
    aml_append_name(asl->out, name);
    emit(asl,
         take_choice(asl, (const char *const[]){ "SystemMemory", "SystemIO",
                                                 "PCI_Config", NULL }),
         1);
    expect_char(asl, ',');
    asl_term(asl);
    expect_char(asl, ',');
    asl_term(asl);
    expect_char(asl, ')');
}

/* Like a package length, but of bits and not counting itself. */
static void emit_field_length(Asl *asl, uint64_t bits)
{
    g_assert(bits < 1u << 12);
    if (bits < 1u << 6) {
        emit(asl, bits, 1);
    } else {
        emit(asl, 0x40 | (bits & 0xf), 1);
        emit(asl, bits >> 4, 1);
    }
}

/* Field (REGION, access, lock, update) { NAME, bits, Offset (byte), , bits } */
static void asl_field(Asl *asl)
{
    static const char *const access[] = { "AnyAcc",   "ByteAcc",  "WordAcc",
                                          "DWordAcc", "QWordAcc", NULL };
    static const char *const lock[] = { "NoLock", "Lock", NULL };
    static const char *const update[] = { "Preserve", "WriteAsOnes", "WriteAsZeros",
                                          NULL };
    g_autofree char *region = NULL;
    uint64_t at = 0; /* bits */
    unsigned flags;
    guint place;

    expect_char(asl, '(');
    region = take_word(asl);
    expect_char(asl, ',');
    flags = take_choice(asl, access);
    expect_char(asl, ',');
    flags |= take_choice(asl, lock) << 4;
    expect_char(asl, ',');
    flags |= take_choice(asl, update) << 5;
    expect_char(asl, ')');
    emit(asl, 0x815b, 2);
    place = aml_package_begin(asl->out);
    aml_append_name(asl->out, region);
    emit(asl, flags, 1);
    expect_char(asl, '{');
    while (!accept_char(asl, '}')) {
        uint64_t bits;

        if (accept_word(asl, "Offset")) {
            expect_char(asl, '(');
            bits = take_integer(asl) * 8 - at;
            expect_char(asl, ')');
            emit(asl, 0, 1);
        } else {
            g_autofree char *name = NULL;

            if (accept_char(asl, ',')) {
                emit(asl, 0, 1); /* reserved */
            } else {
                name = take_word(asl);
                aml_append_name(asl->out, name);
                expect_char(asl, ',');
            }
            bits = take_integer(asl);
        }
        emit_field_length(asl, bits);
        at += bits;
        accept_char(asl, ',');
    }
    aml_package_end(asl->out, place);
}

/* Package ([count]) { element, ... } */
static void asl_package(Asl *asl)
{
    uint64_t count = 0;
    unsigned n = 0;
    guint place;

    expect_char(asl, '(');
    if (!accept_char(asl, ')')) {
        count = take_integer(asl);
        expect_char(asl, ')');
    }
    emit(asl, 0x12, 1);
    place = aml_package_begin(asl->out);
    emit(asl, 0, 1);
    expect_char(asl, '{');
    for (; !accept_char(asl, '}'); n++) {
        asl_term(asl);
        accept_char(asl, ',');
    }
    g_assert(MAX(n, count) <= 255);
    asl->out->data[place] = (guint8)MAX(n, count);
    aml_package_end(asl->out, place);
}

/* Buffer ([size]) { byte, ... } */
static void asl_buffer(Asl *asl)
{
    g_autoptr(GByteArray) bytes = g_byte_array_new();
    uint64_t size = 0;

    expect_char(asl, '(');
    if (!accept_char(asl, ')')) {
        size = take_integer(asl);
        expect_char(asl, ')');
    }
    expect_char(asl, '{');
    while (!accept_char(asl, '}')) {
        acpi_append_int(bytes, take_integer(asl), 1);
        accept_char(asl, ',');
    }
    while (bytes->len < size) {
        acpi_append_int(bytes, 0, 1);
    }
    emit_buffer(asl, bytes);
}

static void asl_eisa_id(Asl *asl)
{
    g_autofree char *text = NULL;

    expect_char(asl, '(');
    text = take_string(asl);
    expect_char(asl, ')');
    emit(asl, 0x0c, 1);
    emit(asl, aml_eisa_id(text), 4);
}

/* aabbccdd-eeff-gghh-iijj-kkllmmnnoopp: the first three parts little-endian. */
static void asl_to_uuid(Asl *asl)
{
    static const uint8_t order[16] = { 6,  4,  2,  0,  11, 9,  16, 14,
                                       19, 21, 24, 26, 28, 30, 32, 34 };
    g_autoptr(GByteArray) bytes = g_byte_array_new();
    g_autofree char *text = NULL;

    expect_char(asl, '(');
    text = take_string(asl);
    expect_char(asl, ')');
    g_assert(strlen(text) == 36);
    for (int i = 0; i < 16; i++) {
        int high = g_ascii_xdigit_value(text[order[i]]);
        int low = g_ascii_xdigit_value(text[order[i] + 1]);

        g_assert(high >= 0 && low >= 0);
        acpi_append_int(bytes, (uint64_t)(high << 4 | low), 1);
    }
    emit_buffer(asl, bytes);
}

/* --- Everything that is opcode and operands ---------------------------------- */

typedef struct AslOp {
    const char *name;
    uint16_t opcode; /* low byte first; the second when it is not 0 */
    /* t term, n name, o optional target, b w d raw integer of 1, 2, 4 bytes; a leading
     * P: package with a body. NULL: a word without parentheses. */
    const char *operands;
    void (*parse)(Asl *asl); /* instead */
} AslOp;

/* clang-format off */
static const AslOp asl_ops[] = {
    { "Scope",            0x10,   "Pn" },
    { "Device",           0x825b, "Pn" },
    { "Processor",        0x835b, "Pnbdb" },
    { "If",               0xa0,   "Pt" },
    { "Else",             0xa1,   "P" },
    { "While",            0xa2,   "Pt" },
    { "Name",             0x08,   "nt" },
    { "Mutex",            0x015b, "nb" },
    { "Return",           0xa4,   "t" },
    { "Notify",           0x86,   "tt" },
    { "Acquire",          0x235b, "tw" },
    { "Release",          0x275b, "t" },
    { "Store",            0x70,   "tt" },
    { "RefOf",            0x71,   "t" },
    { "Add",              0x72,   "tto" },
    { "Subtract",         0x74,   "tto" },
    { "Increment",        0x75,   "t" },
    { "Decrement",        0x76,   "t" },
    { "Multiply",         0x77,   "tto" },
    { "ShiftLeft",        0x79,   "tto" },
    { "ShiftRight",       0x7a,   "tto" },
    { "And",              0x7b,   "tto" },
    { "Or",               0x7d,   "tto" },
    { "Xor",              0x7f,   "tto" },
    { "Not",              0x80,   "to" },
    { "DerefOf",          0x83,   "t" },
    { "SizeOf",           0x87,   "t" },
    { "Index",            0x88,   "tto" },
    { "CreateDWordField", 0x8a,   "ttn" },
    { "CreateWordField",  0x8b,   "ttn" },
    { "CreateByteField",  0x8c,   "ttn" },
    { "CreateQWordField", 0x8f,   "ttn" },
    { "LAnd",             0x90,   "tt" },
    { "LOr",              0x91,   "tt" },
    { "LNot",             0x92,   "t" },
    { "LEqual",           0x93,   "tt" },
    { "LGreater",         0x94,   "tt" },
    { "LLess",            0x95,   "tt" },
    { "LNotEqual",        0x9392, "tt" },
    { "LLessEqual",       0x9492, "tt" },
    { "LGreaterEqual",    0x9592, "tt" },
    { "ToBuffer",         0x96,   "to" },
    { "ToHexString",      0x98,   "to" },
    { "ToInteger",        0x99,   "to" },
    { "Zero",             0x00,   NULL },
    { "One",              0x01,   NULL },
    { "Ones",             0xff,   NULL },
    { "Noop",             0xa3,   NULL },
    { "Break",            0xa5,   NULL },
    { "Local0",           0x60,   NULL },
    { "Local1",           0x61,   NULL },
    { "Local2",           0x62,   NULL },
    { "Local3",           0x63,   NULL },
    { "Local4",           0x64,   NULL },
    { "Local5",           0x65,   NULL },
    { "Local6",           0x66,   NULL },
    { "Local7",           0x67,   NULL },
    { "Arg0",             0x68,   NULL },
    { "Arg1",             0x69,   NULL },
    { "Arg2",             0x6a,   NULL },
    { "Arg3",             0x6b,   NULL },
    { "Arg4",             0x6c,   NULL },
    { "Arg5",             0x6d,   NULL },
    { "Arg6",             0x6e,   NULL },
    { .name = "Method",           .parse = asl_method },
    { .name = "OperationRegion",  .parse = asl_operation_region },
    { .name = "Field",            .parse = asl_field },
    { .name = "Package",          .parse = asl_package },
    { .name = "Buffer",           .parse = asl_buffer },
    { .name = "ResourceTemplate", .parse = asl_resource_template },
    { .name = "EisaId",           .parse = asl_eisa_id },
    { .name = "ToUUID",           .parse = asl_to_uuid },
};
/* clang-format on */

static const AslOp *asl_find_op(const char *word)
{
    for (size_t i = 0; i < G_N_ELEMENTS(asl_ops); i++) {
        if (strcmp(asl_ops[i].name, word) == 0) {
            return &asl_ops[i];
        }
    }
    return NULL;
}

static void asl_operand(Asl *asl, char kind)
{
    switch (kind) {
    case 't':
        asl_term(asl);
        break;
    case 'n': {
        g_autofree char *name = take_word(asl);

        aml_append_name(asl->out, name);
        break;
    }
    case 'b':
        emit(asl, take_integer(asl), 1);
        break;
    case 'w':
        emit(asl, take_integer(asl), 2);
        break;
    case 'd':
        emit(asl, take_integer(asl), 4);
        break;
    default:
        g_assert_not_reached();
    }
}

static void asl_operands(Asl *asl, const char *kinds)
{
    if (!*kinds) {
        return; /* Else has no parentheses */
    }
    expect_char(asl, '(');
    for (const char *kind = kinds; *kind; kind++) {
        if (*kind == 'o') {
            if (accept_char(asl, ',')) {
                asl_term(asl);
            } else {
                emit(asl, 0, 1); /* null target */
            }
            continue;
        }
        if (kind != kinds) {
            expect_char(asl, ',');
        }
        asl_operand(asl, *kind);
    }
    expect_char(asl, ')');
}

static void asl_op(Asl *asl, const AslOp *op)
{
    if (op->parse) {
        op->parse(asl);
        return;
    }
    emit(asl, op->opcode, op->opcode > 0xff ? 2 : 1);
    if (!op->operands) {
        return;
    }
    if (*op->operands == 'P') {
        guint place = aml_package_begin(asl->out);

        asl_operands(asl, op->operands + 1);
        expect_char(asl, '{');
        asl_term_list(asl);
        aml_package_end(asl->out, place);
        return;
    }
    asl_operands(asl, op->operands);
}

/* A name, or a call with its arguments. */
static void asl_name(Asl *asl, const char *word)
{
    aml_append_name(asl->out, word);
    if (!accept_char(asl, '(')) {
        return;
    }
    while (!accept_char(asl, ')')) {
        asl_term(asl);
        accept_char(asl, ',');
    }
}

static void asl_term(Asl *asl)
{
    g_autofree char *word = NULL;
    const AslOp *op;

    skip_space(asl);
    if (*asl->pos == '"') {
        word = take_string(asl);
        aml_append_string(asl->out, word);
        return;
    }
    if (g_ascii_isdigit(*asl->pos)) {
        aml_append_integer(asl->out, take_integer(asl));
        return;
    }
    word = take_word(asl);
    op = asl_find_op(word);
    if (op) {
        asl_op(asl, op);
    } else {
        asl_name(asl, word);
    }
}

/* Up to the closing brace, or the end of the text at the outermost level. */
static void asl_term_list(Asl *asl)
{
    while (!accept_char(asl, '}')) {
        if (!*asl->pos) {
            asl_fail(asl, "block without end");
        }
        asl_term(asl);
    }
}

void aml_compile(GByteArray *aml, const char *asl_text)
{
    Asl asl = { asl_text, asl_text, aml };

    for (;;) {
        skip_space(&asl);
        if (!*asl.pos) {
            return;
        }
        asl_term(&asl);
    }
}

void aml_compile_printf(GByteArray *aml, const char *fmt, ...)
{
    g_autofree char *text = NULL;
    va_list ap;

    va_start(ap, fmt);
    text = g_strdup_vprintf(fmt, ap);
    va_end(ap);
    aml_compile(aml, text);
}
