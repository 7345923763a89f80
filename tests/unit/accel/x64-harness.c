/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "x64-harness.h"

#include <glib.h>

#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { SHARED_BYTES = 64 << 10, HALF_BYTES = 256 << 10 };

static bool run_refs(void *state, JitBlock *b, unsigned first, unsigned count)
{
    X64State *s = state;

    s->stubs++;
    /* Wherever C code may leave them. */
    __asm__ volatile("" : : : "rbx", "r12", "r13", "r14", "r15", "memory");
    return s->run_refs(s, first, count);
}

#define REG(n) [n] = offsetof(X64State, reg) + 8 * (n)

/* clang-format off */
const JitTarget x64_test_target = {
    .name = "test",
    .reg_off = { REG(0), REG(1), REG(2), REG(3), REG(4), REG(5), REG(6), REG(7),
                 REG(8), REG(9), REG(10), REG(11), REG(12), REG(13), REG(14), REG(15) },
    .host_reg = { 0, 1, 2, 3, 13, 5, 6, 7, 8, 12, -1, -1, 9, 10, 11, -1 },
    .pc_off = offsetof(X64State, pc),
    .env_off = offsetof(X64State, env),
    .view_off = { offsetof(X64State, tlb) },
    .fxsave_off = offsetof(X64State, fxsave),
    .ymmh_off = offsetof(X64State, ymmh),
    .run_refs = run_refs,
};
/* clang-format on */

/* All that were emitted since the last reset; older ones may be gone. */
static GPtrArray *blocks;

static JitBlock *block_at(const void *p)
{
    for (unsigned k = blocks->len; k-- > 0;) {
        JitBlock *b = blocks->pdata[k];

        if ((uintptr_t)p - (uintptr_t)b->entry < b->code_bytes) {
            return b;
        }
    }
    g_assert_not_reached();
}

bool x64_harness_init(X64Code *code)
{
    size_t total = SHARED_BYTES + 2 * HALF_BYTES;
    const char *why;
    int fd;

    if (!jit_host_usable(&why)) {
        g_test_skip(why);
        return false;
    }
    fd = memfd_create("test-x64", 0);
    g_assert_cmpint(ftruncate(fd, total), ==, 0);
    code->rw = mmap(NULL, total, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    code->rx = mmap(NULL, total, PROT_READ | PROT_EXEC, MAP_SHARED, fd, 0);
    g_assert_true(code->rw != MAP_FAILED && code->rx != MAP_FAILED);
    close(fd);
    code->shared = (JitBuf){ .p = code->rw,
                             .end = code->rw + SHARED_BYTES,
                             .to_exec = code->rx - code->rw };
    jit_host_setup(&x64_test_target, &code->shared);
    jit_host_set_finder(block_at);
    x64_harness_reset(code);
    return true;
}

void x64_harness_reset(X64Code *code)
{
    uint8_t *p = code->rw + SHARED_BYTES;

    if (!blocks) {
        blocks = g_ptr_array_new();
    }
    g_ptr_array_set_size(blocks, 0);
    code->hot = (JitBuf){ p, p + HALF_BYTES, code->rx - code->rw, false };
    code->cold =
        (JitBuf){ p + HALF_BYTES, p + 2 * HALF_BYTES, code->rx - code->rw, false };
}

JitBlock *x64_block_new(void)
{
    static bool hot;
    JitBlock *b = g_malloc0(JIT_BLOCK_BYTES_MAX);

    /* Now the fast, now the small code. */
    hot = !hot;
    b->hot = hot;
    return b;
}

X64State *x64_state_new(void)
{
    X64State *s = g_aligned_alloc0(1, sizeof(X64State), 64);

    soft_tlb_reset(&s->tlb);
    s->fxsave[25] = 0x1f;
    s->fxsave[24] = 0x80;
    s->fxsave[0] = 0x7f;
    s->fxsave[1] = 0x03;
    memset(s->env.jc, 0, sizeof(s->env.jc));
    s->env.salt[0] = s->env.salt[1] = 0x123456789abcdef1;
    return s;
}

void x64_state_free(X64State *s)
{
    g_aligned_free(s);
}

bool x64_try_emit(X64Code *code, IrBlock *ir, JitBlock *b)
{
    g_ptr_array_add(blocks, b);
    return jit_host_emit(&x64_test_target, ir, b, &code->hot, &code->cold);
}

void x64_emit(X64Code *code, IrBlock *ir, JitBlock *b)
{
    if (!x64_try_emit(code, ir, b)) {
        g_autofree char *text = ir_print(ir);

        g_error("not lowered:\n%s", text);
    }
}

bool x64_run(X64State *s, const JitBlock *b)
{
    jit_host_thread_init(s);
    s->env.exit = (void *)1;
    if (setjmp(s->fault)) {
        return false;
    }
    jit_host_enter(s, b->entry);
    return true;
}

uint16_t x64_flags_pack(uint64_t flags)
{
    return (flags & 0xd5) << 8 | 2 << 8 | (flags & IR_OF ? 1 : 0);
}

uint64_t x64_flags_unpack(uint16_t m)
{
    return (m >> 8 & 0xd5) | (m & 1 ? IR_OF : 0);
}
