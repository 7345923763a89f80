/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Firmware configuration device, port-mapped form.
 *
 * Programming interface (public description "fw_cfg" of the machine's firmware ABI):
 *   510, 16-bit write   select an item; its read position becomes 0
 *   511, 8-bit read     next byte of the item; zero past its end
 *   514, 64-bit         address of a DMA descriptor, big-endian. Writing the low half
 *                       (518) or all eight bytes starts it. Reads as "QEMU CFG".
 * A descriptor is { u32 control, u32 length, u64 address }, big-endian; control bits
 * are error 0, read 1, skip 2, select 3 (key in the high half), write 4. When done the
 * device writes control back: zero, or the error bit.
 *
 * Not modelled: writes through the data port, which have had no effect for long.
 *
 * Board-facing interface: properties dma_enabled and x-file-slots; I/O regions "fwcfg"
 * and "fwcfg.dma"; DMA address space set by whoever makes the device.
 */
#include "hw/nvram/fw_cfg.h"

#include "migration/vmstate.h"
#include "util/log.h"
#include <glib.h>
#include <string.h>

enum {
    FW_CFG_REG_SELECT = 0, /* 16 bits */
    FW_CFG_REG_DATA = 1,
};
#define FW_CFG_INVALID       0xffff
#define FW_CFG_WRITE_CHANNEL 0x4000 /* ignored: a relic of the writable data port */
#define FW_CFG_DMA_SIGNATURE UINT64_C(0x51454d5520434647) /* "QEMU CFG" */
#define FW_CFG_FEATURES      0x1u
#define FW_CFG_FEATURE_DMA   0x2u

#define DMA_CONTROL_ERROR  0x01u
#define DMA_CONTROL_READ   0x02u
#define DMA_CONTROL_SKIP   0x04u
#define DMA_CONTROL_SELECT 0x08u
#define DMA_CONTROL_WRITE  0x10u

#define DIR_HEADER_SIZE 4
#define DIR_ENTRY_SIZE  64

typedef struct FwCfgItem {
    uint8_t *data;
    size_t len;
    bool owned; /* free data with g_free */
    bool writable;
    FwCfgSelectFn *select;
    FwCfgWriteFn *write;
    void *opaque;
} FwCfgItem;

typedef struct FwCfgFile {
    char name[FW_CFG_MAX_FILE_NAME];
    FwCfgItem *item;
} FwCfgFile;

struct FwCfg {
    SysBusDevice parent_obj;
    MemoryRegion select_data; /* "fwcfg" */
    MemoryRegion dma;         /* "fwcfg.dma" */
    AddressSpace *dma_as;     /* not owned */

    /* Guest-visible, migrated. */
    uint16_t cur_entry;
    uint32_t cur_offset;
    uint64_t dma_addr;

    /* Contents: what the machine put there. */
    GHashTable *items; /* key -> FwCfgItem * */
    GPtrArray *files;  /* FwCfgFile *; sorted by name once sealed */
    bool sealed;

    bool dma_enabled;
    bool mr_restore;
    uint32_t file_slots;
};

/* --- Items ------------------------------------------------------------------- */

static void item_free(void *opaque)
{
    FwCfgItem *item = opaque;

    if (item->owned) {
        g_free(item->data);
    }
    g_free(item);
}

static void item_set_data(FwCfgItem *item, void *data, size_t len, bool owned)
{
    if (item->owned && item->data != data) {
        g_free(item->data);
    }
    item->data = data;
    item->len = len;
    item->owned = owned;
}

static FwCfgItem *item_new(void *data, size_t len, bool owned)
{
    FwCfgItem *item = g_new0(FwCfgItem, 1);

    g_assert(len <= UINT32_MAX);
    item_set_data(item, data, len, owned);
    return item;
}

static FwCfgItem *fw_cfg_find_item(FwCfg *s, uint16_t key)
{
    return g_hash_table_lookup(s->items, GUINT_TO_POINTER(key));
}

static void fw_cfg_insert(FwCfg *s, uint16_t key, FwCfgItem *item)
{
    bool fresh = g_hash_table_insert(s->items, GUINT_TO_POINTER(key), item);

    g_assert(fresh);
}

void fw_cfg_add_bytes(FwCfg *s, uint16_t key, const void *data, size_t len)
{
    fw_cfg_insert(s, key, item_new((void *)data, len, false));
}

void fw_cfg_add_bytes_take(FwCfg *s, uint16_t key, void *take_data, size_t len)
{
    fw_cfg_insert(s, key, item_new(take_data, len, true));
}

void fw_cfg_add_string(FwCfg *s, uint16_t key, const char *value)
{
    fw_cfg_add_bytes_take(s, key, g_strdup(value), strlen(value) + 1);
}

void fw_cfg_add_u16(FwCfg *s, uint16_t key, uint16_t value)
{
    uint16_t le = GUINT16_TO_LE(value);

    fw_cfg_add_bytes_take(s, key, g_memdup2(&le, sizeof(le)), sizeof(le));
}

void fw_cfg_add_u32(FwCfg *s, uint16_t key, uint32_t value)
{
    uint32_t le = GUINT32_TO_LE(value);

    fw_cfg_add_bytes_take(s, key, g_memdup2(&le, sizeof(le)), sizeof(le));
}

void fw_cfg_add_u64(FwCfg *s, uint16_t key, uint64_t value)
{
    uint64_t le = GUINT64_TO_LE(value);

    fw_cfg_add_bytes_take(s, key, g_memdup2(&le, sizeof(le)), sizeof(le));
}

void fw_cfg_modify_u16(FwCfg *s, uint16_t key, uint16_t value)
{
    g_hash_table_remove(s->items, GUINT_TO_POINTER(key));
    fw_cfg_add_u16(s, key, value);
}

/* --- Files ------------------------------------------------------------------- */

static FwCfgFile *fw_cfg_find_file(FwCfg *s, const char *name)
{
    for (unsigned i = 0; i < s->files->len; i++) {
        FwCfgFile *file = g_ptr_array_index(s->files, i);

        if (strcmp(file->name, name) == 0) {
            return file;
        }
    }
    return NULL;
}

bool fw_cfg_has_file(FwCfg *s, const char *name)
{
    return fw_cfg_find_file(s, name) != NULL;
}

static int file_compare_names(const void *a, const void *b)
{
    const FwCfgFile *const *fa = a, *const *fb = b;

    return strcmp((*fa)->name, (*fb)->name);
}

static void store_be16(uint8_t *p, uint16_t v)
{
    p[0] = (uint8_t)(v >> 8);
    p[1] = (uint8_t)v;
}

static void store_be32(uint8_t *p, uint32_t v)
{
    store_be16(p, (uint16_t)(v >> 16));
    store_be16(p + 2, (uint16_t)v);
}

/* The directory: u32 count, then { u32 size, u16 key, u16 0, char name[56] }. */
static void fw_cfg_write_directory(FwCfg *s)
{
    size_t len = DIR_HEADER_SIZE + (size_t)s->files->len * DIR_ENTRY_SIZE;
    uint8_t *dir = g_malloc0(len);

    store_be32(dir, s->files->len);
    for (unsigned i = 0; i < s->files->len; i++) {
        FwCfgFile *file = g_ptr_array_index(s->files, i);
        uint8_t *entry = dir + DIR_HEADER_SIZE + (size_t)i * DIR_ENTRY_SIZE;

        store_be32(entry, (uint32_t)file->item->len);
        store_be16(entry + 4, (uint16_t)(FW_CFG_FILE_FIRST + i));
        memcpy(entry + 8, file->name, sizeof(file->name));
    }
    item_set_data(fw_cfg_find_item(s, FW_CFG_FILE_DIR), dir, len, true);
}

void fw_cfg_seal(FwCfg *s)
{
    g_assert(!s->sealed);
    g_ptr_array_sort(s->files, file_compare_names);
    for (unsigned i = 0; i < s->files->len; i++) {
        FwCfgFile *file = g_ptr_array_index(s->files, i);

        fw_cfg_insert(s, (uint16_t)(FW_CFG_FILE_FIRST + i), file->item);
    }
    s->sealed = true;
    fw_cfg_write_directory(s);
}

static FwCfgItem *fw_cfg_new_file(FwCfg *s, const char *name, void *data, size_t len,
                                  bool owned)
{
    FwCfgFile *file = g_new0(FwCfgFile, 1);

    g_assert(!s->sealed && !fw_cfg_has_file(s, name));
    g_assert(s->files->len < s->file_slots);
    g_assert(strlen(name) < sizeof(file->name));
    strcpy(file->name, name);
    file->item = item_new(data, len, owned);
    g_ptr_array_add(s->files, file);
    return file->item;
}

void fw_cfg_add_file(FwCfg *s, const char *name, const void *data, size_t len)
{
    fw_cfg_new_file(s, name, (void *)data, len, false);
}

void fw_cfg_add_file_take(FwCfg *s, const char *name, void *take_data, size_t len)
{
    fw_cfg_new_file(s, name, take_data, len, true);
}

void fw_cfg_add_file_callback(FwCfg *s, const char *name, FwCfgSelectFn *select,
                              FwCfgWriteFn *write, void *opaque, void *data, size_t len)
{
    FwCfgItem *item = fw_cfg_new_file(s, name, data, len, false);

    item->select = select;
    item->write = write;
    item->writable = write != NULL;
    item->opaque = opaque;
}

static void fw_cfg_replace_file(FwCfg *s, const char *name, void *data, size_t len,
                                bool owned)
{
    FwCfgFile *file = fw_cfg_find_file(s, name);
    bool resized;

    if (!file) {
        fw_cfg_new_file(s, name, data, len, owned);
        return;
    }
    g_assert(len <= UINT32_MAX);
    resized = file->item->len != len;
    item_set_data(file->item, data, len, owned);
    if (s->sealed && resized) {
        fw_cfg_write_directory(s);
    }
}

void fw_cfg_modify_file_take(FwCfg *s, const char *name, void *take_data, size_t len)
{
    fw_cfg_replace_file(s, name, take_data, len, true);
}

void fw_cfg_set_file_data(FwCfg *s, const char *name, void *data, size_t len)
{
    fw_cfg_replace_file(s, name, data, len, false);
}

const void *fw_cfg_get_file(FwCfg *s, const char *name, size_t *len)
{
    FwCfgFile *file = fw_cfg_find_file(s, name);

    if (!file) {
        return NULL;
    }
    if (file->item->select) {
        file->item->select(file->item->opaque);
    }
    *len = file->item->len;
    return file->item->data ? (const void *)file->item->data : (const void *)"";
}

bool fw_cfg_add_user_file(FwCfg *s, const char *name, const char *string,
                          const char *path, Error **errp)
{
    g_autofree char *contents = NULL;
    g_autoptr(GError) gerr = NULL;
    size_t len;

    if (strlen(name) >= FW_CFG_MAX_FILE_NAME) {
        return error_set(errp, "name too long (max. %d char)",
                         FW_CFG_MAX_FILE_NAME - 1);
    }
    if (strncmp(name, "opt/", 4) != 0) {
        warn_report("externally provided fw_cfg item names should be prefixed with "
                    "\"opt/\"");
    }
    if (fw_cfg_has_file(s, name)) {
        return error_set(errp, "duplicate fw_cfg file name: %s", name);
    }
    if (s->files->len >= s->file_slots) {
        return error_set(errp, "no room for fw_cfg file '%s': all %u slots are taken",
                         name, s->file_slots);
    }
    if (string) {
        contents = g_strdup(string);
        len = strlen(string); /* without its NUL */
    } else if (!g_file_get_contents(path, &contents, &len, &gerr)) {
        return error_set(errp, "can't load %s: %s", path, gerr->message);
    }
    if (len > UINT32_MAX) {
        return error_set(errp, "can't load %s: larger than 4 GiB", path);
    }
    fw_cfg_add_file_take(s, name, g_steal_pointer(&contents), len);
    return true;
}

/* --- What the guest does ----------------------------------------------------- */

static FwCfgItem *fw_cfg_current(FwCfg *s)
{
    return s->cur_entry == FW_CFG_INVALID ? NULL : fw_cfg_find_item(s, s->cur_entry);
}

void fw_cfg_select(FwCfg *s, uint16_t key)
{
    FwCfgItem *item;

    key &= (uint16_t)~FW_CFG_WRITE_CHANNEL;
    s->cur_offset = 0;
    s->cur_entry = key;
    item = fw_cfg_current(s);
    if (item && item->select) {
        item->select(item->opaque);
    }
}

uint8_t fw_cfg_read_byte(FwCfg *s)
{
    FwCfgItem *item = fw_cfg_current(s);

    if (!item || s->cur_offset >= item->len) {
        return 0;
    }
    return item->data[s->cur_offset++];
}

/*
 * One piece of a transfer: the part inside the item, or, past its end, everything that
 * is left. Returns false when guest memory refused or the item may not be written.
 * Length and address are the guest's: the address space copes with any of them, and
 * its first failure ends the transfer.
 */
static bool fw_cfg_dma_piece(FwCfg *s, uint32_t control, hwaddr addr, uint32_t len)
{
    FwCfgItem *item = fw_cfg_current(s);
    uint32_t inside = 0;

    if (item && s->cur_offset < item->len) {
        inside = (uint32_t)MIN(item->len - s->cur_offset, len);
    }
    if (control & DMA_CONTROL_READ) {
        if (inside &&
            address_space_write(s->dma_as, addr, MEMTXATTRS_UNSPECIFIED,
                                item->data + s->cur_offset, inside) != MEMTX_OK) {
            return false;
        }
        /* In steps, so that a length of 4 GiB stops where memory does. */
        for (uint32_t done = inside; done < len;) {
            uint32_t n = MIN(len - done, 0x10000u);

            if (address_space_set(s->dma_as, addr + done, 0, n,
                                  MEMTXATTRS_UNSPECIFIED) != MEMTX_OK) {
                return false;
            }
            done += n;
        }
    } else if (control & DMA_CONTROL_WRITE) {
        if (inside != len || (inside && !item->writable)) {
            log_guest_error("fw_cfg: write of %u bytes at %u refused, key 0x%x\n", len,
                            s->cur_offset, s->cur_entry);
            return false;
        }
        if (inside &&
            address_space_read(s->dma_as, addr, MEMTXATTRS_UNSPECIFIED,
                               item->data + s->cur_offset, inside) != MEMTX_OK) {
            return false;
        }
        if (inside) {
            item->write(item->opaque, s->cur_offset, inside);
        }
    }
    s->cur_offset += inside;
    return true;
}

static void fw_cfg_dma_transfer(FwCfg *s)
{
    uint8_t desc[16];
    hwaddr desc_addr = s->dma_addr;
    uint32_t control, len;
    hwaddr addr;
    bool ok;

    s->dma_addr = 0;
    if (address_space_read(s->dma_as, desc_addr, MEMTXATTRS_UNSPECIFIED, desc,
                           sizeof(desc)) != MEMTX_OK) {
        address_space_stl_be(s->dma_as, desc_addr, DMA_CONTROL_ERROR,
                             MEMTXATTRS_UNSPECIFIED, NULL);
        return;
    }
    control = (uint32_t)desc[0] << 24 | desc[1] << 16 | desc[2] << 8 | desc[3];
    len = (uint32_t)desc[4] << 24 | desc[5] << 16 | desc[6] << 8 | desc[7];
    addr = 0;
    for (int i = 8; i < 16; i++) {
        addr = addr << 8 | desc[i];
    }

    if (control & DMA_CONTROL_SELECT) {
        fw_cfg_select(s, (uint16_t)(control >> 16));
    }
    /* Read wins over write, write over skip. */
    if (len && addr + len - 1 < addr &&
        (control & (DMA_CONTROL_READ | DMA_CONTROL_WRITE))) {
        log_guest_error("fw_cfg: DMA range 0x%" PRIx64 "+0x%x wraps\n", addr, len);
        ok = false;
    } else {
        ok = fw_cfg_dma_piece(s, control, addr, len);
    }
    address_space_stl_be(s->dma_as, desc_addr, ok ? 0 : DMA_CONTROL_ERROR,
                         MEMTXATTRS_UNSPECIFIED, NULL);
}

/* --- Ports ------------------------------------------------------------------- */

static bool fw_cfg_port_accepts(void *opaque, hwaddr offset, unsigned size,
                                bool is_write, MemTxAttrs attrs)
{
    return size == 1 || (is_write && size == 2 && offset == FW_CFG_REG_SELECT);
}

static uint64_t fw_cfg_port_read(void *opaque, hwaddr offset, unsigned size)
{
    return fw_cfg_read_byte(opaque);
}

static void fw_cfg_port_write(void *opaque, hwaddr offset, uint64_t value,
                              unsigned size)
{
    if (size == 2) {
        fw_cfg_select(opaque, (uint16_t)value);
    }
}

static const MemoryRegionOps fw_cfg_port_ops = {
    .read = fw_cfg_port_read,
    .write = fw_cfg_port_write,
    .endianness = DEVICE_LITTLE_ENDIAN,
    .valid = {.min_access_size = 1,
              .max_access_size = 2,
              .accepts = fw_cfg_port_accepts },
    .impl = { .min_access_size = 1,                   .max_access_size = 2},
};

static bool fw_cfg_dma_accepts(void *opaque, hwaddr offset, unsigned size,
                               bool is_write, MemTxAttrs attrs)
{
    return !is_write || (size == 4 && (offset == 0 || offset == 4)) ||
           (size == 8 && offset == 0);
}

static uint64_t fw_cfg_dma_read(void *opaque, hwaddr offset, unsigned size)
{
    /* @size bytes from @offset on of the signature, big-endian. */
    unsigned shift = (unsigned)(8 - offset - size) * 8;

    if (offset + size > 8) {
        return 0;
    }
    return (FW_CFG_DMA_SIGNATURE >> shift) & (~UINT64_C(0) >> (64 - size * 8));
}

static void fw_cfg_dma_write(void *opaque, hwaddr offset, uint64_t value, unsigned size)
{
    FwCfg *s = opaque;

    if (size == 8) {
        s->dma_addr = value;
    } else if (offset == 0) {
        s->dma_addr = value << 32;
        return;
    } else {
        s->dma_addr |= (uint32_t)value;
    }
    fw_cfg_dma_transfer(s);
}

static const MemoryRegionOps fw_cfg_dma_ops = {
    .read = fw_cfg_dma_read,
    .write = fw_cfg_dma_write,
    .endianness = DEVICE_BIG_ENDIAN,
    .valid = {.min_access_size = 1,
              .max_access_size = 8,
              .accepts = fw_cfg_dma_accepts },
    .impl = { .min_access_size = 1,                   .max_access_size = 8},
};

/* --- Life -------------------------------------------------------------------- */

static void fw_cfg_reset_hold(DeviceState *dev)
{
    FwCfg *s = FW_CFG(dev);

    s->dma_addr = 0;
    fw_cfg_select(s, FW_CFG_SIGNATURE);
}

static void fw_cfg_init(Object *obj)
{
    FwCfg *s = FW_CFG(obj);

    s->items = g_hash_table_new_full(NULL, NULL, NULL, item_free);
    s->files = g_ptr_array_new_with_free_func(g_free);
}

static void fw_cfg_finalize(Object *obj)
{
    FwCfg *s = FW_CFG(obj);

    for (unsigned i = 0; !s->sealed && i < s->files->len; i++) {
        item_free(((FwCfgFile *)g_ptr_array_index(s->files, i))->item);
    }
    g_ptr_array_unref(s->files);
    g_hash_table_unref(s->items);
}

static bool fw_cfg_io_realize(DeviceState *dev, Error **errp)
{
    FwCfg *s = FW_CFG(dev);

    if (s->file_slots < 0x10 || s->file_slots > 0x3fff - FW_CFG_FILE_FIRST) {
        return error_set(errp, "\"file_slots\" must be between 0x10 and 0x%x",
                         0x3fff - FW_CFG_FILE_FIRST);
    }
    fw_cfg_add_bytes(s, FW_CFG_SIGNATURE, "QEMU", 4);
    fw_cfg_add_u32(s, FW_CFG_ID,
                   FW_CFG_FEATURES | (s->dma_enabled ? FW_CFG_FEATURE_DMA : 0));
    fw_cfg_add_bytes_take(s, FW_CFG_FILE_DIR, g_malloc0(DIR_HEADER_SIZE),
                          DIR_HEADER_SIZE);

    memory_region_init_io(&s->select_data, OBJECT(s), &fw_cfg_port_ops, s, "fwcfg",
                          FW_CFG_IO_SIZE);
    memory_region_add_subregion(get_system_io(), FW_CFG_IO_BASE, &s->select_data);
    if (s->dma_enabled) {
        memory_region_init_io(&s->dma, OBJECT(s), &fw_cfg_dma_ops, s, "fwcfg.dma", 8);
        memory_region_add_subregion(get_system_io(), FW_CFG_DMA_IO_BASE, &s->dma);
    }
    return true;
}

FwCfg *fw_cfg_io_new(Object *machine, AddressSpace *dma_as, Error **errp)
{
    DeviceState *dev = device_new(TYPE_FW_CFG_IO);
    FwCfg *s = FW_CFG(dev);

    s->dma_as = dma_as;
    object_property_add_child(machine, "fw_cfg", OBJECT(dev));
    if (!sysbus_realize_and_unref(SYSBUS_DEVICE(dev), errp)) {
        return NULL;
    }
    return s;
}

FwCfg *fw_cfg_find(void)
{
    return object_find_cast(object_resolve_path("/machine/fw_cfg", NULL), TYPE_FW_CFG);
}

static const VMStateDescription fw_cfg_vmstate = {
    .name = "fw_cfg",
    .version_id = 1,
    .minimum_version_id = 1,
    .fields =
        (const VMStateField[]){
                               VMSTATE_UINT16(cur_entry, FwCfg),
                               VMSTATE_UINT32(cur_offset, FwCfg),
                               VMSTATE_UINT64(dma_addr, FwCfg),
                               VMSTATE_END_OF_LIST(),
                               },
};

static const Property fw_cfg_io_properties[] = {
    PROP_BOOL("dma_enabled", FwCfg, dma_enabled, true),
    PROP_UINT32("x-file-slots", FwCfg, file_slots, 32),
    PROP_BOOL("acpi-mr-restore", FwCfg, mr_restore, true),
};

static void fw_cfg_class_init(ObjectClass *klass, const void *data)
{
    DeviceClass *dc = DEVICE_CLASS(klass);

    dc->vmsd = &fw_cfg_vmstate;
    dc->reset_hold = fw_cfg_reset_hold;
}

static void fw_cfg_io_class_init(ObjectClass *klass, const void *data)
{
    DEVICE_CLASS(klass)->realize = fw_cfg_io_realize;
    OBJECT_CLASS_ADD_PROPERTIES(klass, fw_cfg_io_properties);
}

static const TypeInfo fw_cfg_info = {
    .name = TYPE_FW_CFG,
    .parent = TYPE_SYSBUS_DEVICE,
    .instance_size = sizeof(FwCfg),
    .abstract = true,
    .instance_init = fw_cfg_init,
    .instance_finalize = fw_cfg_finalize,
    .class_init = fw_cfg_class_init,
};
TYPE_REGISTER(fw_cfg_info);

static const TypeInfo fw_cfg_io_info = {
    .name = TYPE_FW_CFG_IO,
    .parent = TYPE_FW_CFG,
    .class_init = fw_cfg_io_class_init,
};
TYPE_REGISTER(fw_cfg_io_info);
