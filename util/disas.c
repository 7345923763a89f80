/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "util/disas.h"

#include <capstone/capstone.h>
#include <glib.h>

#include <dlfcn.h>
#include <inttypes.h>
#include <pthread.h>

static struct {
    cs_err (*open)(cs_arch arch, cs_mode mode, csh *handle);
    size_t (*disasm)(csh handle, const uint8_t *code, size_t size, uint64_t address,
                     size_t count, cs_insn **insn);
    cs_err (*option)(csh handle, cs_opt_type type, size_t value);
    void (*free)(cs_insn *insn, size_t count);
} cs;

static csh handle[DISAS_PPC32 + 1]; /* lock */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_once_t once = PTHREAD_ONCE_INIT;
static bool loaded;

static const struct {
    cs_arch arch;
    cs_mode mode;
} modes[] = {
    [DISAS_X86_16] = {CS_ARCH_X86,  CS_MODE_16                     },
    [DISAS_X86_32] = { CS_ARCH_X86, CS_MODE_32                     },
    [DISAS_X86_64] = { CS_ARCH_X86, CS_MODE_64                     },
    [DISAS_PPC32] = { CS_ARCH_PPC, CS_MODE_32 | CS_MODE_BIG_ENDIAN},
};

static void load(void)
{
    void *lib = dlopen("libcapstone.so.4", RTLD_NOW);

    if (!lib) {
        return;
    }
    *(void **)&cs.open = dlsym(lib, "cs_open");
    *(void **)&cs.disasm = dlsym(lib, "cs_disasm");
    *(void **)&cs.free = dlsym(lib, "cs_free");
    *(void **)&cs.option = dlsym(lib, "cs_option");
    loaded = cs.open && cs.disasm && cs.free && cs.option;
}

bool disas_available(void)
{
    pthread_once(&once, load);
    return loaded;
}

/* Under the lock. */
static bool is_open(DisasArch arch)
{
    if (handle[arch]) {
        return true;
    }
    if (cs.open(modes[arch].arch, modes[arch].mode, &handle[arch])) {
        return false;
    }
    if (modes[arch].arch == CS_ARCH_X86) {
        cs.option(handle[arch], CS_OPT_SYNTAX, CS_OPT_SYNTAX_ATT);
    }
    return true;
}

unsigned disas_insn(DisasArch arch, const uint8_t *bytes, size_t len, uint64_t pc,
                    char *text, size_t text_size)
{
    cs_insn *insn = NULL;
    unsigned size = 0;

    if (arch == DISAS_NONE || !disas_available()) {
        return 0;
    }
    pthread_mutex_lock(&lock);
    if (is_open(arch) && cs.disasm(handle[arch], bytes, len, pc, 1, &insn)) {
        size = insn->size;
        g_snprintf(text, text_size, "%-8s %s", insn->mnemonic, insn->op_str);
        cs.free(insn, 1);
    }
    pthread_mutex_unlock(&lock);
    return size;
}

void disas_append_line(GString *out, uint64_t address, const uint8_t *bytes,
                       unsigned len, const char *text)
{
    enum { PER_LINE = 8 };
    char byte[16];

    if (!text) {
        g_snprintf(byte, sizeof(byte), ".byte    0x%02x", bytes[0]);
        text = byte;
    }
    for (unsigned k = 0; k < len; k += PER_LINE) {
        unsigned n = MIN(len - k, PER_LINE);

        g_string_append_printf(out, "0x%08" PRIx64 ":  ", address + k);
        for (unsigned j = k; j < k + n; j++) {
            g_string_append_printf(out, "%02x ", bytes[j]);
        }
        if (!k) {
            g_string_append_printf(out, "%*s %s", 3 * (int)(PER_LINE - n), "", text);
        }
        g_string_append_c(out, '\n');
    }
}
