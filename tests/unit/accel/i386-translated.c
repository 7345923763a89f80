/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "i386-translated.h"

#include "accel/target/i386/build.h"
#include "accel/target/i386/decode.h"
#include "accel/target/i386/jit-target.h"

#include <glib.h>

#include <string.h>
#include <sys/mman.h>

enum { CODE_BYTES = 1 << 20, INSNS_MAX = 64 };

static JitTarget target;
static JitBuf shared, hot, cold;
static IrBlock *ir;
static JitBlock *block;
static bool fast; /* of the last block: now the fast, now the small code */
static Translated *current;

static bool counting_refs(void *state, JitBlock *b, unsigned first, unsigned count)
{
    X86State *cpu = state;

    g_assert_cmpint(cpu->jit.vec_live, ==, 0);
    current->refs += count;
    return x86_jit_target.run_refs(state, b, first, count);
}

static JitBuf new_buf(uint8_t **p, size_t bytes)
{
    JitBuf b = { .p = *p, .end = *p + bytes };

    *p += bytes;
    return b;
}

static JitBlock *block_at(const void *code)
{
    return block;
}

bool translated_setup(X86State *cpu, const char **why)
{
    uint8_t *p;

    if (!jit_host_usable(why)) {
        return false;
    }
    if (!ir) {
        p = mmap(NULL, 3 * CODE_BYTES, PROT_READ | PROT_WRITE | PROT_EXEC,
                 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        g_assert(p != MAP_FAILED);
        shared = new_buf(&p, CODE_BYTES);
        hot = new_buf(&p, CODE_BYTES);
        cold = new_buf(&p, CODE_BYTES);
        target = x86_jit_target;
        target.run_refs = counting_refs;
        ir = ir_block_new();
        block = g_malloc0(JIT_BLOCK_BYTES_MAX);
        jit_host_setup(&target, &shared);
        jit_host_set_finder(block_at);
    }
    jit_host_thread_init(cpu);
    return true;
}

static unsigned decode(X86State *cpu, uint64_t rip, const uint8_t *bytes, unsigned len,
                       X86Insn insn[INSNS_MAX])
{
    unsigned n = 0;

    while (len) {
        X86DecodeStatus st = x86_decode(cpu, cpu->mode, rip, bytes, len, &insn[n]);

        g_assert_cmpint(st, ==, X86_DECODE_OK);
        g_assert_cmpuint(n, <, INSNS_MAX);
        rip = insn[n].next_rip;
        bytes += insn[n].len;
        len -= insn[n].len;
        n++;
    }
    return n;
}

static bool translate(X86State *cpu, X86Insn *insn, unsigned count)
{
    JitBuf h = hot, c = cold;
    g_autofree char *bad = NULL;

    ir_block_reset(ir);
    if (!x86_build_block(cpu, insn, count, insn[count - 1].next_rip, ir)) {
        return false;
    }
    bad = ir_verify(ir);
    if (bad) {
        g_autofree char *text = ir_print(ir);

        g_error("%s:\n%s", bad, text);
    }
    ir_optimize(ir, IR_PASS_ALL);
    fast = !fast;
    *block = (JitBlock){ .hot = fast };
    block->guest = insn;
    block->insns = count;
    return jit_host_emit(&target, ir, block, &h, &c);
}

int translated_run(X86State *cpu, uint64_t rip, const uint8_t *bytes, unsigned len,
                   Translated *t)
{
    static X86Insn insn[INSNS_MAX];
    unsigned count;
    volatile int vector = -1;

    *t = (Translated){ 0 };
    current = t;
    cpu->rip = rip;
    count = decode(cpu, rip, bytes, len, insn);
    if (!translate(cpu, insn, count)) {
        t->refused = true;
        return -1;
    }
    if (!setjmp(cpu->fault_env)) {
        x86_flags_to_jit(cpu);
        cpu->jit.flags_here = true;
        jit_host_enter(cpu, block->entry);
        x86_take_flags(cpu);
        g_assert_cmpint(cpu->jit.vec_live, ==, 0);
    } else {
        vector = cpu->exc_vector;
    }
    cpu->insn = NULL;
    return vector;
}
