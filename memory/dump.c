/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Dumps of memory as text and into files, and monitor commands on physical memory
 * and ports. Those that want a CPU are in accel/vcpu-memory.c. */
#include "memory/dump.h"

#include "memory/memory.h"
#include "qapi/command.h"
#include "util/bql.h"
#include "util/rcu.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

/* What the next command that does not say uses. BQL */
static char last_format = 'x';
static int last_size = 4;

static HmpFormat get_format(HmpArgs *args)
{
    HmpFormat f = hmp_arg_format(args, last_format, last_size);

    last_format = f.format;
    last_size = f.size;
    return f;
}

/* --- Text ---------------------------------------------------------------------------
 */

static uint64_t value_of(const uint8_t *p, unsigned size)
{
    bool big = memory_target_is_big_endian();
    uint64_t v = 0;

    for (unsigned i = 0; i < size; i++) {
        v |= (uint64_t)p[i] << 8 * (big ? size - 1 - i : i);
    }
    return v;
}

static void print_char(HmpOut *out, uint8_t c)
{
    switch (c) {
    case '\'':
        hmp_puts(out, "'\\''");
        return;
    case '\\':
        hmp_puts(out, "'\\\\'");
        return;
    case '\n':
        hmp_puts(out, "'\\n'");
        return;
    case '\r':
        hmp_puts(out, "'\\r'");
        return;
    default:
        hmp_printf(out, c >= 0x20 && c < 0x7f ? "'%c'" : "'\\x%02x'", c);
        return;
    }
}

/* Digits of the largest number of @size bytes, signs and prefixes apart. */
static int width_of(char format, unsigned size)
{
    switch (format) {
    case 'o':
        return ((int)size * 8 + 2) / 3;
    case 'd':
    case 'u':
        return size == 1 ? 3 : size == 2 ? 5 : size == 4 ? 10 : 20;
    default:
        return 2 * (int)size;
    }
}

static void print_value(HmpOut *out, char format, unsigned size, uint64_t v)
{
    int width = width_of(format, size);

    switch (format) {
    case 'o':
        hmp_printf(out, "%#*" PRIo64, width, v);
        break;
    case 'd':
        hmp_printf(out, "%*" PRId64, width, (int64_t)v);
        break;
    case 'u':
        hmp_printf(out, "%*" PRIu64, width, v);
        break;
    case 'c':
        print_char(out, (uint8_t)v);
        break;
    default:
        hmp_printf(out, "0x%0*" PRIx64, width, v);
        break;
    }
}

/* As many bytes of an instruction at @addr as there are. */
static unsigned read_code(MemoryDumpReadFn *read, void *opaque, uint64_t addr,
                          uint8_t *buf, unsigned most)
{
    unsigned n = 0;

    while (n < most && read(opaque, addr + n, buf + n, 1)) {
        n++;
    }
    return n;
}

static void dump_code(HmpOut *out, uint64_t addr, int count, MemoryDumpReadFn *read,
                      void *opaque, DisasArch arch)
{
    if (arch == DISAS_NONE || !disas_available()) {
        hmp_puts(out, arch == DISAS_NONE ? "no disassembler here: use 'x' for code\n"
                                         : "the disassembler needs libcapstone4\n");
        return;
    }
    for (; count > 0; count--) {
        uint8_t buf[16];
        char text[128];
        unsigned have = read_code(read, opaque, addr, buf, sizeof(buf));
        unsigned len = disas_insn(arch, buf, have, addr, text, sizeof(text));

        if (!have) {
            hmp_printf(out, "0x%08" PRIx64 ": unable to read memory\n", addr);
            return;
        }
        disas_append_line(out->text, addr, buf, len ? len : 1, len ? text : NULL);
        addr += len ? len : 1;
    }
}

void memory_dump(HmpOut *out, HmpArgs *args, MemoryDumpReadFn *read, void *opaque,
                 DisasArch arch)
{
    HmpFormat f = get_format(args);
    uint64_t addr = (uint64_t)hmp_arg_int(args, "addr", 0);
    unsigned size = f.format == 'c' ? 1 : (unsigned)f.size;
    uint64_t left = (uint64_t)(f.count > 0 ? f.count : 0) * (unsigned)f.size;
    unsigned line = f.size == 1 ? 8 : 16;

    if (f.format == 'i') {
        dump_code(out, addr, f.count, read, opaque, arch);
        return;
    }
    for (; left; addr += line) {
        unsigned n = (unsigned)MIN(left, line);
        uint8_t buf[16];

        hmp_printf(out, "%016" PRIx64 ":", addr);
        if (!read(opaque, addr, buf, n)) {
            hmp_puts(out, " Cannot access memory\n");
            return;
        }
        for (unsigned i = 0; i < n; i += size) {
            hmp_puts(out, " ");
            print_value(out, f.format, size, value_of(buf + i, size));
        }
        hmp_puts(out, "\n");
        left -= n;
    }
}

/* --- Files --------------------------------------------------------------------------
 */

static bool write_all(int fd, const uint8_t *buf, size_t len)
{
    while (len) {
        ssize_t n = write(fd, buf, len);

        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n <= 0) {
            return false;
        }
        buf += n;
        len -= (size_t)n;
    }
    return true;
}

bool memory_save(const char *filename, uint64_t addr, uint64_t size,
                 MemoryDumpReadFn *read, void *opaque, Error **errp)
{
    int fd = open(filename, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    uint8_t buf[4096];
    uint64_t begin = addr, whole = size;
    bool ok = true;

    if (fd < 0) {
        return error_set_errno(errp, errno, "Could not open '%s'", filename);
    }
    while (size && ok) {
        /* Up to the end of the page, so that a hole is met at its beginning. */
        unsigned n = (unsigned)MIN(size, sizeof(buf) - (addr & (sizeof(buf) - 1)));

        if (!read(opaque, addr, buf, n)) {
            ok = error_set(errp,
                           "Invalid addr 0x%016" PRIx64 "/size %" PRIu64 " specified",
                           begin, whole);
        } else if (!write_all(fd, buf, n)) {
            ok = error_set(errp, "writing memory to '%s' failed", filename);
        }
        addr += n;
        size -= n;
    }
    close(fd);
    return ok;
}

/* --- Physical memory ----------------------------------------------------------------
 */

/* Holes read as zero. */
static bool read_for_saving(void *opaque, uint64_t addr, void *buf, unsigned len)
{
    address_space_read(&address_space_memory, addr, MEMTXATTRS_UNSPECIFIED, buf, len);
    return true;
}

static bool qmp_pmemsave(struct json_object *args, struct json_object **ret,
                         Error **errp)
{
    int64_t size = qmp_arg_int(args, "size", 0);

    if (size < 0) {
        return error_set(errp, "Parameter 'size' expects a non-negative number");
    }
    return memory_save(qmp_arg_str(args, "filename"), qmp_arg_uint(args, "val", 0),
                       (uint64_t)size, read_for_saving, NULL, errp);
}
QMP_COMMAND("pmemsave", qmp_pmemsave, 0);

static void hmp_pmemsave(HmpOut *out, HmpArgs *args)
{
    hmp_do_qmp(out, "pmemsave", json_object_get(hmp_args_json(args)));
}
HMP_COMMAND("pmemsave", "val:l,size:i,filename:s", "addr size file",
            "save to disk physical memory dump starting at 'addr' of size 'size'",
            hmp_pmemsave);

/* A pointer to the byte of RAM at @addr, or NULL and a message. Read section. */
static uint8_t *host_of(HmpOut *out, hwaddr addr, MemoryRegion **mr)
{
    MemoryRegionSection s = address_space_lookup(&address_space_memory, addr);

    if (!s.mr) {
        hmp_printf(out, "No memory is mapped at address 0x%" PRIx64 "\n", addr);
        return NULL;
    }
    if (!memory_region_is_ram(s.mr) && !memory_region_is_romd(s.mr)) {
        hmp_printf(out, "Memory at address 0x%" PRIx64 " is not RAM\n", addr);
        return NULL;
    }
    *mr = s.mr;
    return (uint8_t *)memory_region_get_ram_ptr(s.mr) + s.offset_within_region +
           (addr - s.offset_within_address_space);
}

static void hmp_gpa2hva(HmpOut *out, HmpArgs *args)
{
    hwaddr addr = (hwaddr)hmp_arg_int(args, "addr", 0);
    MemoryRegion *mr;
    void *host;

    RCU_READ_LOCK_GUARD();
    host = host_of(out, addr, &mr);
    if (host) {
        hmp_printf(out, "Host virtual address for 0x%" PRIx64 " (%s) is %p\n", addr,
                   memory_region_name(mr), host);
    }
}
HMP_COMMAND("gpa2hva", "addr:l", "addr",
            "print the host virtual address corresponding to a guest physical address",
            hmp_gpa2hva);

/* What the kernel says about one of our own pages; needs privilege to be more than 0.
 */
static bool host_physical(const void *host, uint64_t *phys, Error **errp)
{
    uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE), entry, at = (uintptr_t)host;
    int fd = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
    ssize_t n;

    if (fd < 0) {
        return error_set_errno(errp, errno, "Cannot open /proc/self/pagemap");
    }
    n = pread(fd, &entry, sizeof(entry), (off_t)(at / page * sizeof(entry)));
    close(fd);
    if (n != sizeof(entry)) {
        return error_set_errno(errp, errno, "Cannot read pagemap");
    }
    if (!(entry >> 63)) {
        return error_set(errp, "Page not present");
    }
    *phys = (entry & (((uint64_t)1 << 55) - 1)) * page + at % page;
    return true;
}

static void hmp_gpa2hpa(HmpOut *out, HmpArgs *args)
{
    hwaddr addr = (hwaddr)hmp_arg_int(args, "addr", 0);
    MemoryRegion *mr;
    uint64_t phys;
    Error *err = NULL;
    uint8_t *host;

    RCU_READ_LOCK_GUARD();
    host = host_of(out, addr, &mr);
    if (!host) {
        return;
    }
    /* Make it present. */
    (void)*(volatile uint8_t *)host;
    if (!host_physical(host, &phys, &err)) {
        hmp_error(out, err);
        return;
    }
    hmp_printf(out, "Host physical address for 0x%" PRIx64 " (%s) is 0x%" PRIx64 "\n",
               addr, memory_region_name(mr), phys);
}
HMP_COMMAND("gpa2hpa", "addr:l", "addr",
            "print the host physical address corresponding to a guest physical address",
            hmp_gpa2hpa);

/* The checksum of the historic sum command. */
static void hmp_sum(HmpOut *out, HmpArgs *args)
{
    hwaddr addr = (hwaddr)hmp_arg_int(args, "start", 0);
    uint32_t size = (uint32_t)hmp_arg_int(args, "size", 0);
    uint16_t sum = 0;

    for (uint32_t i = 0; i < size; i++) {
        uint8_t byte = address_space_ldub(&address_space_memory, addr + i,
                                          MEMTXATTRS_UNSPECIFIED, NULL);

        sum = (uint16_t)((sum >> 1) | (sum << 15));
        sum = (uint16_t)(sum + byte);
    }
    hmp_printf(out, "%05d\n", sum);
}
HMP_COMMAND("sum", "start:i,size:i", "addr size",
            "compute the checksum of a memory region", hmp_sum);

/* --- Ports --------------------------------------------------------------------------
 */

static void hmp_i(HmpOut *out, HmpArgs *args)
{
    HmpFormat f = get_format(args);
    hwaddr port = (hwaddr)hmp_arg_int(args, "addr", 0) & 0xffff;
    AddressSpace *io = &address_space_io;
    MemTxAttrs attrs = MEMTXATTRS_UNSPECIFIED;
    unsigned size = f.size == 2 ? 2 : f.size == 1 ? 1 : 4;
    uint32_t v;

    if (hmp_arg_has(args, "index")) {
        address_space_stb(io, port, (uint8_t)hmp_arg_int(args, "index", 0), attrs,
                          NULL);
        port = (port + 1) & 0xffff;
    }
    v = size == 1   ? address_space_ldub(io, port, attrs, NULL)
        : size == 2 ? address_space_lduw_le(io, port, attrs, NULL)
                    : address_space_ldl_le(io, port, attrs, NULL);
    hmp_printf(out, "port%c[0x%04x] = 0x%0*x\n",
               size == 1   ? 'b'
               : size == 2 ? 'w'
                           : 'l',
               (unsigned)port, 2 * (int)size, v);
}
HMP_COMMAND("i", "fmt:/,addr:i,index:i?", "/fmt addr", "I/O port read", hmp_i);

static void hmp_o(HmpOut *out, HmpArgs *args)
{
    HmpFormat f = get_format(args);
    hwaddr port = (hwaddr)hmp_arg_int(args, "addr", 0) & 0xffff;
    uint32_t v = (uint32_t)hmp_arg_int(args, "val", 0);
    AddressSpace *io = &address_space_io;
    MemTxAttrs attrs = MEMTXATTRS_UNSPECIFIED;

    if (f.size == 1) {
        address_space_stb(io, port, (uint8_t)v, attrs, NULL);
    } else if (f.size == 2) {
        address_space_stw_le(io, port, (uint16_t)v, attrs, NULL);
    } else {
        address_space_stl_le(io, port, v, attrs, NULL);
    }
}
HMP_COMMAND("o", "fmt:/,addr:i,val:i", "/fmt addr value", "I/O port write", hmp_o);
