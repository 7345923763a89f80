/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Accesses: byte order, sizes, boundaries, translation, mapping. */
#include "memory-test.h"

#include "util/event-loop.h"

#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

/* A register file of 16 bytes that logs how it was accessed. */
typedef struct Regs {
    Object parent_obj;
    MemoryRegion mr;
    uint8_t bytes[16];
    GString *log;
    bool busy;
    AddressSpace *dma; /* read from 0 inside a write */
    MemTxResult dma_result;
} Regs;

static void regs_finalize(Object *obj)
{
    g_string_free(((Regs *)obj)->log, TRUE);
}

static const TypeInfo regs_info = {
    .name = "test-memory-regs",
    .parent = TYPE_OBJECT,
    .instance_size = sizeof(Regs),
    .instance_finalize = regs_finalize,
};
TYPE_REGISTER(regs_info);

static uint64_t regs_read(void *opaque, hwaddr offset, unsigned size)
{
    Regs *r = opaque;
    uint64_t v = 0;

    g_assert_true(bql_is_held());
    g_string_append_printf(r->log, "r%x/%u ", (unsigned)offset, size);
    for (unsigned i = 0; i < size; i++) {
        bool big = r->mr.ops->endianness == DEVICE_BIG_ENDIAN;

        v |= (uint64_t)r->bytes[(offset + i) & 15] << 8 * (big ? size - 1 - i : i);
    }
    return v;
}

static void regs_write(void *opaque, hwaddr offset, uint64_t v, unsigned size)
{
    Regs *r = opaque;

    g_assert_true(bql_is_held());
    g_string_append_printf(r->log, "w%x/%u=%lx ", (unsigned)offset, size, v);
    for (unsigned i = 0; i < size; i++) {
        bool big = r->mr.ops->endianness == DEVICE_BIG_ENDIAN;

        r->bytes[(offset + i) & 15] = (uint8_t)(v >> 8 * (big ? size - 1 - i : i));
    }
    if (r->dma) {
        uint8_t buf[4];

        r->dma_result =
            address_space_read(r->dma, 0, MEMTXATTRS_UNSPECIFIED, buf, sizeof(buf));
    }
}

#define OPS(name, endian, vmin, vmax, imin, imax)                      \
    static const MemoryRegionOps name = {                              \
        .read = regs_read,                                             \
        .write = regs_write,                                           \
        .endianness = (endian),                                        \
        .valid = {.min_access_size = vmin,  .max_access_size = vmax}, \
        .impl = { .min_access_size = imin, .max_access_size = imax},  \
    }
OPS(le_any, DEVICE_LITTLE_ENDIAN, 1, 8, 1, 8);
OPS(be_any, DEVICE_BIG_ENDIAN, 1, 8, 1, 8);
OPS(le_byte, DEVICE_LITTLE_ENDIAN, 1, 4, 1, 1);
OPS(be_byte, DEVICE_BIG_ENDIAN, 1, 4, 1, 1);
OPS(le_word, DEVICE_LITTLE_ENDIAN, 1, 4, 4, 4);
OPS(only_dword, DEVICE_LITTLE_ENDIAN, 4, 4, 4, 4);
OPS(bus_byte, DEVICE_LITTLE_ENDIAN, 1, 1, 1, 1);

static Regs *regs_new(const MemoryRegionOps *ops)
{
    Regs *r = (Regs *)object_new("test-memory-regs");

    r->log = g_string_new(NULL);
    memory_region_init_io(&r->mr, OBJECT(r), ops, r, "regs", 16);
    for (int i = 0; i < 16; i++) {
        r->bytes[i] = (uint8_t)(0x10 + i);
    }
    return r;
}

typedef struct Fixture {
    TestOwner *root;
    AddressSpace as;
} Fixture;

static void setup(Fixture *f, gconstpointer data)
{
    f->root = test_container("root", UINT64_MAX);
    address_space_init(&f->as, &f->root->mr, "test");
}

static void teardown(Fixture *f, gconstpointer data)
{
    address_space_destroy(&f->as);
    object_unref(f->root);
    test_drain();
}

#define ATTRS MEMTXATTRS_UNSPECIFIED

static void expect_log(Regs *r, const char *log)
{
    g_assert_cmpstr(r->log->str, ==, log);
    g_string_truncate(r->log, 0);
}

static Regs *plug(Fixture *f, const MemoryRegionOps *ops, hwaddr addr)
{
    Regs *r = regs_new(ops);

    memory_region_add_subregion(&f->root->mr, addr, &r->mr);
    return r;
}

static void test_byte_order(Fixture *f, gconstpointer data)
{
    Regs *le = plug(f, &le_any, 0x1000), *be = plug(f, &be_any, 0x2000);
    Regs *leb = plug(f, &le_byte, 0x3000), *beb = plug(f, &be_byte, 0x4000);

    for (hwaddr base = 0x1000; base <= 0x4000; base += 0x1000) {
        g_assert_cmphex(address_space_ldl_le(&f->as, base, ATTRS, NULL), ==,
                        0x13121110);
        g_assert_cmphex(address_space_ldl_be(&f->as, base, ATTRS, NULL), ==,
                        0x10111213);
        g_assert_cmphex(address_space_lduw_le(&f->as, base + 2, ATTRS, NULL), ==,
                        0x1312);
    }
    expect_log(le, "r0/4 r0/4 r2/2 ");
    expect_log(leb, "r0/1 r1/1 r2/1 r3/1 r0/1 r1/1 r2/1 r3/1 r2/1 r3/1 ");
    address_space_stl_le(&f->as, 0x2000, 0xaabbccdd, ATTRS, NULL);
    expect_log(be, "r0/4 r0/4 r2/2 w0/4=ddccbbaa ");
    g_assert_cmphex(be->bytes[0], ==, 0xdd);
    address_space_stl_be(&f->as, 0x4000, 0xaabbccdd, ATTRS, NULL);
    g_assert_cmphex(beb->bytes[0], ==, 0xaa);
    object_unref(le);
    object_unref(be);
    object_unref(leb);
    object_unref(beb);
}

static void test_dispatch_order(Fixture *f, gconstpointer data)
{
    Regs *be = plug(f, &be_any, 0);
    uint64_t v;

    /* The value is what the target's CPU loads. */
    memory_region_dispatch_read(&be->mr, 0, &v, 4, ATTRS);
    g_assert_cmphex(v, ==, 0x13121110);
    memory_region_dispatch_write(&be->mr, 0, 0x01020304, 4, ATTRS);
    g_assert_cmphex(be->bytes[0], ==, 4);
    object_unref(be);
}

static void test_widening(Fixture *f, gconstpointer data)
{
    Regs *r = plug(f, &le_word, 0);

    g_assert_cmphex(address_space_ldub(&f->as, 2, ATTRS, NULL), ==, 0x12);
    address_space_stb(&f->as, 1, 0xee, ATTRS, NULL);
    expect_log(r, "r0/4 w0/4=ee00 ");
    object_unref(r);
}

static void test_invalid_sizes(Fixture *f, gconstpointer data)
{
    Regs *r = plug(f, &only_dword, 0), *bytes = plug(f, &bus_byte, 0x100);
    MemTxResult result;

    g_assert_cmphex(address_space_ldub(&f->as, 0, ATTRS, &result), ==, 0);
    g_assert_cmpuint(result, ==, MEMTX_DECODE_ERROR);
    address_space_stb(&f->as, 0, 1, ATTRS, &result);
    g_assert_cmpuint(result, ==, MEMTX_DECODE_ERROR);
    expect_log(r, "");
    /* A bus splits what is too wide for the device. */
    g_assert_cmphex(address_space_ldl_le(&f->as, 0x100, ATTRS, &result), ==,
                    0x13121110);
    g_assert_cmpuint(result, ==, MEMTX_OK);
    expect_log(bytes, "r0/1 r1/1 r2/1 r3/1 ");
    object_unref(r);
    object_unref(bytes);
}

static void test_first_byte_decides(Fixture *f, gconstpointer data)
{
    Regs *index = plug(f, &le_any, 0xcf8), *reset = regs_new(&bus_byte);

    memory_region_set_size(&index->mr, 4);
    memory_region_set_size(&reset->mr, 1);
    memory_region_add_subregion_overlap(&f->root->mr, 0xcf9, &reset->mr, 1);
    address_space_stl_le(&f->as, 0xcf8, 0x80001234, ATTRS, NULL);
    expect_log(index, "w0/4=80001234 ");
    address_space_stb(&f->as, 0xcf9, 6, ATTRS, NULL);
    expect_log(reset, "w0/1=6 ");
    expect_log(index, "");
    object_unref(index);
    object_unref(reset);
}

static void test_nobody_there(Fixture *f, gconstpointer data)
{
    TestOwner *ram = test_ram("ram", 0x1000);
    uint8_t buf[16];
    MemTxResult result;

    memory_region_add_subregion(&f->root->mr, 0x1003, &ram->mr);
    memset(memory_region_get_ram_ptr(&ram->mr), 0x5a, 0x1000);
    memset(buf, 1, sizeof(buf));
    /* The hole ends where RAM begins, wherever that is. */
    result = address_space_read(&f->as, 0xff8, ATTRS, buf, sizeof(buf));
    g_assert_cmpuint(result, ==, MEMTX_DECODE_ERROR);
    for (int i = 0; i < 16; i++) {
        g_assert_cmphex(buf[i], ==, i < 11 ? 0 : 0x5a);
    }
    g_assert_false(address_space_access_valid(&f->as, 0, 4, false, ATTRS));
    g_assert_true(address_space_access_valid(&f->as, 0x1003, 0x1000, true, ATTRS));
    {
        RCU_READ_LOCK_GUARD();
        hwaddr xlat, len = 64;
        MemoryRegion *mr =
            address_space_translate(&f->as, 0, &xlat, &len, false, ATTRS);

        g_assert_true(memory_region_is_unassigned(mr));
        mr = address_space_translate(&f->as, 0x1ff3, &xlat, &len, false, ATTRS);
        g_assert_true(mr == &ram->mr);
        g_assert_cmphex(xlat, ==, 0xff0);
        g_assert_cmphex(len, ==, 16);
    }
    /* Ports float high. */
    g_assert_cmphex(address_space_ldl_le(&address_space_io, 0x1234, ATTRS, &result), ==,
                    0xffffffff);
    g_assert_cmpuint(result, ==, MEMTX_OK);
    object_unref(ram);
}

static void test_rom(Fixture *f, gconstpointer data)
{
    TestOwner *rom = test_ram("rom", 0x2000);
    MemTxResult result;
    void *host;
    ram_addr_t ram_addr;
    bool readonly;

    memory_region_set_readonly(&rom->mr, true);
    memory_region_add_subregion(&f->root->mr, 0, &rom->mr);
    address_space_stl_le(&f->as, 4, 0x1234, ATTRS, &result);
    g_assert_cmpuint(result, !=, MEMTX_OK);
    g_assert_cmphex(address_space_ldl_le(&f->as, 4, ATTRS, NULL), ==, 0);
    address_space_write_rom(&f->as, 4, ATTRS, "abcd", 4);
    g_assert_cmphex(address_space_ldl_be(&f->as, 4, ATTRS, NULL), ==, 0x61626364);
    RCU_READ_LOCK_GUARD();
    g_assert_true(
        address_space_lookup_page(&f->as, 0x1004, ATTRS, &host, &ram_addr, &readonly));
    g_assert_true(readonly);
    g_assert_true(host == (uint8_t *)memory_region_get_ram_ptr(&rom->mr) + 0x1000);
    g_assert_cmphex(ram_addr, ==, memory_region_get_ram_addr(&rom->mr) + 0x1000);
    object_unref(rom);
}

static void test_shared_page(Fixture *f, gconstpointer data)
{
    TestOwner *ram = test_ram("ram", 0x10000);
    Regs *r = regs_new(&le_any);
    void *host;
    ram_addr_t ram_addr;
    bool readonly;

    memory_region_add_subregion(&f->root->mr, 0, &ram->mr);
    memory_region_add_subregion_overlap(&f->root->mr, 0x4ff8, &r->mr, 1);
    RCU_READ_LOCK_GUARD();
    /* Both pages that the registers lie across go by sections. */
    for (hwaddr page = 0x3000; page < 0x8000; page += 0x1000) {
        g_assert_cmpint(
            address_space_lookup_page(&f->as, page, ATTRS, &host, &ram_addr, &readonly),
            ==, page != 0x4000 && page != 0x5000);
    }
    object_unref(ram);
    object_unref(r);
}

static bool *busy_of(Object *owner)
{
    return object_find_cast(owner, "test-memory-regs") ? &((Regs *)owner)->busy : NULL;
}

static void test_reentrancy(Fixture *f, gconstpointer data)
{
    Regs *r = regs_new(&le_any), *open = regs_new(&le_any);

    memory_set_busy_flag_hook(busy_of);
    memory_region_add_subregion(&f->root->mr, 0, &r->mr);
    r->dma = &f->as;
    address_space_stl_le(&f->as, 0, 1, ATTRS, NULL);
    g_assert_cmpuint(r->dma_result, !=, MEMTX_OK);
    expect_log(r, "w0/4=1 ");
    g_assert_false(r->busy);
    memory_region_disable_reentrancy_guard(&open->mr);
    memory_region_add_subregion_overlap(&f->root->mr, 0, &open->mr, 1);
    open->dma = &f->as;
    address_space_stl_le(&f->as, 0, 1, ATTRS, NULL);
    g_assert_cmpuint(open->dma_result, ==, MEMTX_OK);
    object_unref(r);
    object_unref(open);
}

static void test_takes_the_bql(Fixture *f, gconstpointer data)
{
    Regs *r = plug(f, &le_any, 0);

    bql_unlock();
    g_assert_cmphex(address_space_ldub(&f->as, 0, ATTRS, NULL), ==, 0x10);
    g_assert_false(bql_is_held());
    bql_lock();
    object_unref(r);
}

/* --- Writes from outside the CPUs ------------------------------------------------- */

static ram_addr_t written_addr;
static uint64_t written_len;

static void note_written(ram_addr_t addr, uint64_t len)
{
    written_addr = addr;
    written_len = len;
}

static void test_code_written(Fixture *f, gconstpointer data)
{
    TestOwner *ram = test_ram("ram", 0x4000);
    ram_addr_t base = memory_region_get_ram_addr(&ram->mr);
    uint64_t expected = 0;
    MemTxResult result;
    MemoryRegionCache cache;
    hwaddr len = 0x100;
    void *p;

    memory_region_add_subregion(&f->root->mr, 0x10000, &ram->mr);
    memory_set_code_written_hook(note_written);
    address_space_write(&f->as, 0x10010, ATTRS, "hello", 5);
    g_assert_cmphex(written_addr, ==, base + 0x10);
    g_assert_cmpuint(written_len, ==, 5);
    p = address_space_map(&f->as, 0x10200, &len, true, ATTRS);
    g_assert_nonnull(p);
    g_assert_cmphex(len, ==, 0x100);
    address_space_unmap(&f->as, p, len, true, 0x80);
    g_assert_cmphex(written_addr, ==, base + 0x200);
    g_assert_cmpuint(written_len, ==, 0x80);
    address_space_write_rom(&f->as, 0x10300, ATTRS, "x", 1);
    g_assert_cmphex(written_addr, ==, base + 0x300);
    g_assert_true(
        address_space_cmpxchg(&f->as, 0x10400, &expected, 7, 8, ATTRS, &result));
    g_assert_cmphex(written_addr, ==, base + 0x400);
    expected = 1;
    g_assert_false(
        address_space_cmpxchg(&f->as, 0x10400, &expected, 9, 4, ATTRS, &result));
    g_assert_cmpuint(expected, ==, 7);
    g_assert_cmpint(address_space_cache_init(&cache, &f->as, 0x10500, 16, true), ==,
                    16);
    address_space_write_cached(&cache, 4, "abcd", 4);
    g_assert_cmphex(written_addr, ==, base + 0x504);
    g_assert_cmpint(
        ram_block_discard_range(memory_region_get_ram_block(&ram->mr), 0x1000, 0x1000),
        ==, 0);
    g_assert_cmphex(written_addr, ==, base + 0x1000);
    memory_set_code_written_hook(NULL);
    address_space_cache_destroy(&cache);
    object_unref(ram);
}

/* --- Mapping ------------------------------------------------------------------------
 */

static void count_call(void *opaque)
{
    ++*(int *)opaque;
}

static void test_bounce(Fixture *f, gconstpointer data)
{
    Regs *r = plug(f, &le_any, 0);
    EventLoop *loop = event_loop_new("test", true);
    hwaddr len = 8, none = 8;
    uint8_t *p = address_space_map(&f->as, 0, &len, false, ATTRS);
    int called = 0;

    g_assert_nonnull(p);
    g_assert_cmphex(p[3], ==, 0x13);
    g_assert_null(address_space_map(&f->as, 8, &none, true, ATTRS));
    address_space_register_map_client(&f->as, loop, count_call, &called);
    address_space_unmap(&f->as, p, len, false, len);
    while (!called) {
        event_loop_run_once(loop, true);
    }
    len = 4;
    g_string_truncate(r->log, 0);
    p = address_space_map(&f->as, 4, &len, true, ATTRS);
    memcpy(p, "\x01\x02\x03\x04", 4);
    address_space_unmap(&f->as, p, len, true, 4);
    expect_log(r, "w4/4=4030201 ");
    event_loop_free(loop);
    object_unref(r);
}

static void *unmap_thread(void *opaque)
{
    void **args = opaque;

    address_space_unmap(args[0], args[1], 0x100, true, 0x100);
    return NULL;
}

static void test_map_pins(Fixture *f, gconstpointer data)
{
    TestOwner *ram = test_ram("ram", 0x1000);
    hwaddr len = 0x100;
    int before;
    uint8_t *p;

    test_drain();
    before = test_owners_finalized;
    memory_region_add_subregion(&f->root->mr, 0, &ram->mr);
    p = address_space_map(&f->as, 0, &len, true, ATTRS);
    memory_region_del_subregion(&f->root->mr, &ram->mr);
    object_unref(ram);
    test_drain();
    g_assert_cmpint(test_owners_finalized, ==, before);
    memset(p, 1, len);
    /* The last reference goes on a thread that has no BQL. */
    void *args[] = { &f->as, p };
    pthread_t thread;
    pthread_create(&thread, NULL, unmap_thread, args);
    pthread_join(thread, NULL);
    test_drain();
    test_drain();
    g_assert_cmpint(test_owners_finalized, ==, before + 1);
}

static void test_cache(Fixture *f, gconstpointer data)
{
    TestOwner *a = test_ram("a", 0x1000), *b = test_ram("b", 0x1000);
    MemoryRegionCache cache;
    uint32_t v;

    memset(memory_region_get_ram_ptr(&a->mr), 0xaa, 0x1000);
    memset(memory_region_get_ram_ptr(&b->mr), 0xbb, 0x1000);
    memory_region_add_subregion(&f->root->mr, 0, &a->mr);
    g_assert_cmpint(address_space_cache_init(&cache, &f->as, 0x10, 0x20, true), ==,
                    0x20);
    address_space_read_cached(&cache, 0, &v, 4);
    g_assert_cmphex(v, ==, 0xaaaaaaaa);
    memory_region_add_subregion_overlap(&f->root->mr, 0, &b->mr, 1);
    address_space_read_cached(&cache, 0, &v, 4);
    g_assert_cmphex(v, ==, 0xbbbbbbbb);
    address_space_cache_destroy(&cache);
    object_unref(a);
    object_unref(b);
}

/* --- IOMMU --------------------------------------------------------------------------
 */

typedef struct TestIommu {
    IOMMUMemoryRegion parent_obj;
    AddressSpace *target;
    uint64_t page_of[4]; /* 0: not mapped */
} TestIommu;

static IOMMUTLBEntry test_translate(IOMMUMemoryRegion *iommu, hwaddr addr,
                                    IOMMUAccessFlags flag, int idx)
{
    TestIommu *t = (TestIommu *)iommu;
    uint64_t page = addr >> 12;
    IOMMUTLBEntry e = { .target_as = t->target,
                        .iova = addr & ~(hwaddr)0xfff,
                        .addr_mask = 0xfff };

    if (page < 4 && t->page_of[page]) {
        e.translated_addr = t->page_of[page];
        e.perm = page == 3 ? IOMMU_RO : IOMMU_RW;
    }
    return e;
}

static void iommu_class_init(ObjectClass *klass, const void *data)
{
    ((IOMMUMemoryRegionClass *)klass)->translate = test_translate;
}

static const TypeInfo iommu_info = {
    .name = "test-iommu",
    .parent = TYPE_IOMMU_MEMORY_REGION,
    .instance_size = sizeof(TestIommu),
    .class_init = iommu_class_init,
};
TYPE_REGISTER(iommu_info);

static int notes;

static void count_note(IOMMUNotifier *n, const IOMMUTLBEntry *e)
{
    notes++;
}

static void test_iommu(Fixture *f, gconstpointer data)
{
    TestOwner *ram = test_ram("ram", 0x10000), *holder = test_owner_new();
    TestIommu iommu;
    AddressSpace dma;
    uint8_t buf[0x1000];
    MemTxResult result;
    IOMMUNotifier n = { .notify = count_note, .flags = 1, .end = 0x3fff };

    memory_region_add_subregion(&f->root->mr, 0, &ram->mr);
    memory_region_init_iommu(&iommu, sizeof(iommu), "test-iommu", OBJECT(holder),
                             "iommu", 0x4000);
    iommu.target = &f->as;
    iommu.page_of[0] = 0x8000;
    iommu.page_of[1] = 0x3000;
    iommu.page_of[3] = 0x5000;
    address_space_init(&dma, &iommu.parent_obj.parent_obj, "dma");
    memset((uint8_t *)memory_region_get_ram_ptr(&ram->mr) + 0x8000, 1, 0x1000);
    memset((uint8_t *)memory_region_get_ram_ptr(&ram->mr) + 0x3000, 2, 0x1000);
    result = address_space_read(&dma, 0x800, ATTRS, buf, sizeof(buf));
    g_assert_cmpuint(result, ==, MEMTX_OK);
    g_assert_cmpuint(buf[0x7ff], ==, 1);
    g_assert_cmpuint(buf[0x800], ==, 2);
    result = address_space_read(&dma, 0x1800, ATTRS, buf, sizeof(buf));
    g_assert_cmpuint(result, ==, MEMTX_DECODE_ERROR);
    result = address_space_write(&dma, 0x3000, ATTRS, buf, 4);
    g_assert_cmpuint(result, ==, MEMTX_DECODE_ERROR);
    memory_region_register_iommu_notifier(&iommu.parent_obj.parent_obj, &n);
    notes = 0;
    memory_region_iommu_replay(&iommu.parent_obj, &n);
    g_assert_cmpint(notes, ==, 3);
    memory_region_unregister_iommu_notifier(&iommu.parent_obj.parent_obj, &n);
    /* One that leads back to itself is a bus error. */
    iommu.target = &dma;
    iommu.page_of[0] = 0x1000;
    iommu.page_of[1] = 0x1000;
    address_space_ldub(&dma, 0, ATTRS, &result);
    g_assert_cmpuint(result, ==, MEMTX_DECODE_ERROR);
    address_space_destroy(&dma);
    object_unref(ram);
    object_unref(holder);
}

static void test_rom_device(Fixture *f, gconstpointer data)
{
    Regs *r = (Regs *)object_new("test-memory-regs");
    bool ok;

    r->log = g_string_new(NULL);
    ok = memory_region_init_rom_device(&r->mr, OBJECT(r), &le_any, r, "flash", 0x1000,
                                       &error_abort);
    g_assert_true(ok);
    memory_region_add_subregion(&f->root->mr, 0, &r->mr);
    memset(memory_region_get_ram_ptr(&r->mr), 0x77, 16);
    g_assert_cmphex(address_space_ldub(&f->as, 0, ATTRS, NULL), ==, 0x77);
    address_space_stb(&f->as, 0, 0x90, ATTRS, NULL);
    expect_log(r, "w0/1=90 ");
    memory_region_rom_device_set_romd(&r->mr, false);
    r->bytes[0] = 0x42;
    g_assert_cmphex(address_space_ldub(&f->as, 0, ATTRS, NULL), ==, 0x42);
    object_unref(r);
}

static void test_eventfd(Fixture *f, gconstpointer data)
{
    Regs *r = plug(f, &le_any, 0x1000);
    Recorder rec;
    uint64_t n = 0;
    int fd = eventfd(0, EFD_NONBLOCK);

    recorder_init(&rec, &f->as);
    memory_region_add_eventfd(&r->mr, 4, 2, true, 0x1234, fd);
    g_assert_cmpint(rec.events->len, ==, 1);
    g_assert_cmphex(g_array_index(rec.events, MemoryRegionIoeventfd, 0).addr, ==,
                    0x1004);
    address_space_stw_le(&f->as, 0x1004, 0x1234, ATTRS, NULL);
    address_space_stw_le(&f->as, 0x1004, 0x1235, ATTRS, NULL);
    expect_log(r, "w4/2=1235 ");
    g_assert_cmpint(read(fd, &n, sizeof(n)), ==, sizeof(n));
    g_assert_cmpuint(n, ==, 1);
    memory_region_add_coalescing(&r->mr, 8, 4);
    g_assert_cmpint(rec.events->len, ==, 2);
    memory_region_set_address(&r->mr, 0x2000);
    g_assert_cmpint(rec.events->len, ==, 2);
    g_assert_cmphex(g_array_index(rec.events, MemoryRegionIoeventfd, 0).addr &
                        ~(hwaddr)15,
                    ==, 0x2000);
    memory_region_del_eventfd(&r->mr, 4, 2, true, 0x1234, fd);
    memory_region_clear_coalescing(&r->mr);
    g_assert_cmpint(rec.events->len, ==, 0);
    recorder_check(&rec);
    recorder_destroy(&rec);
    close(fd);
    object_unref(r);
}

/* Many regions, some with eventfds, come, go and move; beside them plain ones. */
static void change_eventfds(MemoryRegion *mr, int fd)
{
    switch (g_test_rand_int_range(0, 4)) {
    case 0:
        memory_region_add_eventfd(mr, 4 * g_test_rand_int_range(0, 8), 4, false, 0, fd);
        break;
    case 1:
        memory_region_set_enabled(mr, g_test_rand_int_range(0, 2));
        break;
    case 2:
        memory_region_set_address(mr, (hwaddr)g_test_rand_int_range(0, 300) * 0x800);
        break;
    default:
        if (mr->tree && mr->tree->eventfds) {
            MemoryRegionIoeventfd e =
                g_array_index(mr->tree->eventfds, MemoryRegionIoeventfd, 0);

            memory_region_del_eventfd(mr, e.addr, e.size, e.match_data, e.data, e.fd);
        }
        break;
    }
}

static void test_random_eventfds(Fixture *f, gconstpointer data)
{
    enum { N = 120 };
    TestOwner *root = test_container("root", UINT64_MAX), *io[N];
    AddressSpace as;
    Recorder r;

    address_space_init(&as, &root->mr, "as");
    recorder_init(&r, &as);
    for (int i = 0; i < N; i++) {
        io[i] = test_io("io", 0x1000);
        memory_region_add_subregion_overlap(&root->mr, (hwaddr)i * 0x2000, &io[i]->mr,
                                            i & 1);
    }
    for (int step = 0; step < 600; step++) {
        memory_region_transaction_begin();
        for (int n = g_test_rand_int_range(1, 4); n--;) {
            change_eventfds(&io[g_test_rand_int_range(0, N)]->mr, 1000 + step * 4 + n);
        }
        memory_region_transaction_commit();
        recorder_check(&r);
    }
    recorder_destroy(&r);
    address_space_destroy(&as);
    for (int i = 0; i < N; i++) {
        object_unref(io[i]);
    }
    object_unref(root);
}

int main(int argc, char **argv)
{
    int ret;

    g_test_init(&argc, &argv, NULL);
    bql_lock();
    memory_core_init();
#define ADD(name, fn) \
    g_test_add("/memory/address-space/" name, Fixture, NULL, setup, fn, teardown)
    ADD("byte-order-of-device-and-access-combine", test_byte_order);
    ADD("dispatch-values-are-the-targets", test_dispatch_order);
    ADD("narrow-accesses-are-widened-to-what-callbacks-take", test_widening);
    ADD("invalid-sizes-are-refused-and-buses-split", test_invalid_sizes);
    ADD("the-first-byte-decides-who-is-addressed", test_first_byte_decides);
    ADD("holes-read-zero-and-ports-float-high", test_nobody_there);
    ADD("rom-swallows-stores-but-loaders-write-it", test_rom);
    ADD("a-page-with-registers-goes-by-sections", test_shared_page);
    ADD("a-busy-device-refuses-nested-entry", test_reentrancy);
    ADD("registers-take-the-bql", test_takes_the_bql);
    ADD("every-write-from-outside-is-reported-to-the-translator", test_code_written);
    ADD("one-bounce-buffer-and-its-waiters", test_bounce);
    ADD("a-mapping-pins-the-owner", test_map_pins);
    ADD("a-cache-follows-the-view", test_cache);
    ADD("iommus-translate-page-by-page", test_iommu);
    ADD("rom-devices-read-memory-and-write-registers", test_rom_device);
    ADD("eventfds-and-coalesced-ranges-follow-the-view", test_eventfd);
    ADD("eventfds-under-random-changes", test_random_eventfds);
    ret = g_test_run();
    bql_unlock();
    return ret;
}
