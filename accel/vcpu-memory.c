/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Monitor commands on memory as the session's vCPU sees it, or executes it.
 * Context: BQL. */
#include "accel/vcpu.h"
#include "memory/dump.h"
#include "qapi/command.h"

#include <glib.h>

/* False when the page is not mapped, or is no memory. */
static bool read_virtual(void *opaque, uint64_t addr, void *buf, unsigned len)
{
    VCPU *cpu = opaque;
    uint8_t *p = buf;

    while (len) {
        unsigned n = (unsigned)MIN(len, TARGET_PAGE_SIZE - (addr & ~TARGET_PAGE_MASK));
        MemTxAttrs attrs = MEMTXATTRS_UNSPECIFIED;
        hwaddr phys = VCPU_GET_CLASS(cpu)->translate_debug(cpu, addr, &attrs);

        if (phys == HWADDR_MAX ||
            address_space_read(cpu->as[0], phys, attrs, p, n) != MEMTX_OK) {
            return false;
        }
        addr += n;
        p += n;
        len -= n;
    }
    return true;
}

static VCPU *session_cpu(HmpOut *out, HmpArgs *args)
{
    VCPU *cpu = vcpu_find(hmp_args_get_cpu(args));

    if (!cpu || !VCPU_GET_CLASS(cpu)->translate_debug) {
        hmp_puts(out, "No CPU available\n");
        return NULL;
    }
    return cpu;
}

/* The code that it executes; none without it. */
static DisasArch arch_of(VCPU *cpu)
{
    return cpu && VCPU_GET_CLASS(cpu)->disas_arch ? VCPU_GET_CLASS(cpu)->disas_arch(cpu)
                                                  : DISAS_NONE;
}

static void hmp_x(HmpOut *out, HmpArgs *args)
{
    VCPU *cpu = session_cpu(out, args);

    if (cpu) {
        memory_dump(out, args, read_virtual, cpu, arch_of(cpu));
    }
}
HMP_COMMAND("x", "fmt:/,addr:l", "/fmt addr", "virtual memory dump starting at 'addr'",
            hmp_x);

static bool read_physical(void *opaque, uint64_t addr, void *buf, unsigned len)
{
    return address_space_read(&address_space_memory, addr, MEMTXATTRS_UNSPECIFIED, buf,
                              len) == MEMTX_OK;
}

static void hmp_xp(HmpOut *out, HmpArgs *args)
{
    memory_dump(out, args, read_physical, NULL,
                arch_of(vcpu_find(hmp_args_get_cpu(args))));
}
HMP_COMMAND("xp", "fmt:/,addr:l", "/fmt addr",
            "physical memory dump starting at 'addr'", hmp_xp);

static void hmp_gva2gpa(HmpOut *out, HmpArgs *args)
{
    uint64_t addr = (uint64_t)hmp_arg_int(args, "addr", 0);
    MemTxAttrs attrs = MEMTXATTRS_UNSPECIFIED;
    VCPU *cpu = session_cpu(out, args);
    hwaddr phys;

    if (!cpu) {
        return;
    }
    phys = VCPU_GET_CLASS(cpu)->translate_debug(cpu, addr, &attrs);
    if (phys == HWADDR_MAX) {
        hmp_puts(out, "Unmapped\n");
    } else {
        hmp_printf(out, "gpa: %#" PRIx64 "\n", phys);
    }
}
HMP_COMMAND("gva2gpa", "addr:l", "addr",
            "print the guest physical address corresponding to a guest virtual address",
            hmp_gva2gpa);

static bool qmp_memsave(struct json_object *args, struct json_object **ret,
                        Error **errp)
{
    VCPU *cpu = vcpu_find((int)qmp_arg_int(args, "cpu-index", 0));
    int64_t size = qmp_arg_int(args, "size", 0);

    if (!cpu || !VCPU_GET_CLASS(cpu)->translate_debug) {
        return error_set(errp, "Parameter 'cpu-index' expects a CPU number");
    }
    if (size < 0) {
        return error_set(errp, "Parameter 'size' expects a non-negative number");
    }
    return memory_save(qmp_arg_str(args, "filename"), qmp_arg_uint(args, "val", 0),
                       (uint64_t)size, read_virtual, cpu, errp);
}
QMP_COMMAND("memsave", qmp_memsave, 0);

static void hmp_memsave(HmpOut *out, HmpArgs *args)
{
    struct json_object *opts = json_object_get(hmp_args_json(args));

    json_add_int(opts, "cpu-index", hmp_args_get_cpu(args));
    hmp_do_qmp(out, "memsave", opts);
}
HMP_COMMAND("memsave", "val:l,size:i,filename:s", "addr size file",
            "save to disk virtual memory dump starting at 'addr' of size 'size'",
            hmp_memsave);
