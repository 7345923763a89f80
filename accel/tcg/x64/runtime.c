/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What all blocks share: the way in, the ways out, and the way into reference
 * functions.
 *
 * The stack while generated code runs, from the top: the return address of
 * jit_host_enter()'s caller of the code, rbx, rbp, r12, r13, r14, r15, the frame
 * (lower.h). RSP is then 8 modulo 16, so that a stub which has called the thunk for
 * reference functions finds it aligned for C. A fault leaves by longjmp() past all of
 * it.
 */
#include "accel/tcg/x64/lower.h"
#include "accel/tcg/x64/vec-state.h"

#include <glib.h>

#include <cpuid.h>
#include <string.h>
#include <sys/auxv.h>

X64Shared x64_shared;

/* --- the host ------------------------------------------------------------------------
 */

enum {
    CPUID_7_EBX_FSGSBASE = 1 << 0,
    CPUID_7_EBX_BMI2 = 1 << 8,
    CPUID_1_ECX_MOVBE = 1 << 22,
    CPUID_X1_ECX_LAHF = 1 << 0,
    HWCAP2_FSGSBASE_BIT = 1 << 1, /* the kernel has enabled the instructions */
};

bool jit_host_usable(const char **why)
{
    unsigned a, b = 0, c = 0, d, c1 = 0, cx = 0;

    *why = NULL;
    if (__get_cpuid_max(0, NULL) < 7) {
        *why = "the processor has no BMI2";
        return false;
    }
    __cpuid(1, a, b, c1, d);
    __cpuid_count(7, 0, a, b, c, d);
    __get_cpuid(0x80000001, &a, &c, &cx, &d);
    if (!(b & CPUID_7_EBX_BMI2)) {
        *why = "the processor has no BMI2";
    } else if (!(c1 & CPUID_1_ECX_MOVBE)) {
        *why = "the processor has no MOVBE";
    } else if (!(cx & CPUID_X1_ECX_LAHF)) {
        *why = "the processor has no LAHF in 64-bit mode";
    } else if (!(b & CPUID_7_EBX_FSGSBASE) ||
               !(getauxval(AT_HWCAP2) & HWCAP2_FSGSBASE_BIT)) {
        *why = "the processor or the kernel has no FSGSBASE";
    }
    return !*why;
}

/* --- thunks --------------------------------------------------------------------------
 */

static const uint8_t callee_saved[] = { A_RBX, A_RBP, A_R12, A_R13, A_R14, A_R15 };

static void push(JitBuf *b, unsigned r)
{
    uint8_t code[2] = { 0x41, 0x50 | (r & 7) };

    asm_bytes(b, r & 8 ? code : code + 1, r & 8 ? 2 : 1);
}

static void pop(JitBuf *b, unsigned r)
{
    uint8_t code[2] = { 0x41, 0x58 | (r & 7) };

    asm_bytes(b, r & 8 ? code : code + 1, r & 8 ? 2 : 1);
}

/* The frame from or to the state by way of RAX, whose own value is out of the way;
 * @frame: where it is from RSP. */
static void move_frame(const JitTarget *t, JitBuf *b, int32_t frame, bool load)
{
    AsmRm m = asm_state(t->env_off + (int32_t)offsetof(JitEnv, flags));

    for (unsigned g = 0; g < 16; g++) {
        AsmRm state = asm_state(t->reg_off[g]);
        AsmRm here = asm_mem(A_RSP, frame + x64_shared.frame_off[g]);

        if (t->host_reg[g] < 0) {
            asm_load(b, 8, A_RAX, load ? state : here);
            asm_store(b, 8, load ? here : state, A_RAX);
        }
    }
    asm_movzx(b, 4, 2, A_RAX, load ? m : asm_mem(A_RSP, frame + X64_FRAME_FLAGS));
    asm_store(b, 2, load ? asm_mem(A_RSP, frame + X64_FRAME_FLAGS) : m, A_RAX);
}

static void load_guest(const JitTarget *t, JitBuf *b, int32_t frame)
{
    move_frame(t, b, frame, true);
    for (unsigned g = 0; g < 16; g++) {
        if (t->host_reg[g] >= 0) {
            asm_load(b, 8, t->host_reg[g], asm_state(t->reg_off[g]));
        }
    }
}

static void store_guest(const JitTarget *t, JitBuf *b, int32_t frame)
{
    for (unsigned g = 0; g < 16; g++) {
        if (t->host_reg[g] >= 0) {
            asm_store(b, 8, asm_state(t->reg_off[g]), t->host_reg[g]);
        }
    }
    move_frame(t, b, frame, false);
}

static const uint8_t ret = 0xc3;

static void emit_enter(const JitTarget *t, JitBuf *b)
{
    x64_shared.enter = asm_here(b);
    for (unsigned k = 0; k < G_N_ELEMENTS(callee_saved); k++) {
        push(b, callee_saved[k]);
    }
    asm_alu_imm(b, ASM_SUB, 8, asm_reg(A_RSP), X64_FRAME_BYTES, 0);
    asm_mov(b, 8, A_R14, A_RDI);
    load_guest(t, b, 0);
    asm_rm(b, 0xff, 4, asm_reg(A_R14)); /* jmp r14 */
}

/* Ends with the registers in the state; @above: bytes on the stack above the frame. */
static void emit_epilogue(JitBuf *b, int32_t above)
{
    asm_alu_imm(b, ASM_ADD, 8, asm_reg(A_RSP), X64_FRAME_BYTES + above, 0);
    for (int k = G_N_ELEMENTS(callee_saved) - 1; k >= 0; k--) {
        pop(b, callee_saved[k]);
    }
    asm_bytes(b, &ret, 1);
}

static void emit_leave(const JitTarget *t, JitBuf *b)
{
    AsmRm exit = asm_state(t->env_off + (int32_t)offsetof(JitEnv, exit));
    uint8_t *common;

    x64_shared.leave_exit = asm_here(b);
    asm_load(b, 8, A_R15, asm_mem(A_R14, offsetof(JitExit, pc)));
    asm_store(b, 8, asm_state(t->pc_off), A_R15);
    asm_store(b, 8, exit, A_R14);
    common = asm_jmp_short(b);
    x64_shared.leave_pc = asm_here(b);
    asm_store(b, 8, asm_state(t->pc_off), A_R14);
    x64_shared.leave = asm_here(b);
    asm_store_imm(b, 8, exit, 0);
    asm_patch_short(b, common);
    x64_vec_leave(t, b);
    store_guest(t, b, 0);
    emit_epilogue(b, 0);
}

static void emit_probe(const JitTarget *t, JitBuf *b, unsigned salt)
{
    const AsmRm pc = asm_mem(A_R14, offsetof(JitExit, pc));
    int32_t env = t->env_off;
    AsmRm key = asm_state(env + (int32_t)offsetof(JitEnv, salt) + 8 * (int32_t)salt);
    uint8_t *miss, *jump;

    x64_shared.probe[salt] = asm_here(b);
    asm_load(b, 8, A_R14, pc);
    jump = asm_jmp_short(b);
    x64_shared.jump_pushed[salt] = asm_here(b);
    pop(b, A_R14);
    x64_shared.jump[salt] = asm_here(b);
    asm_patch_short(b, jump);
    asm_rorx(b, 4, A_R15, A_R14, JIT_JC_FOLD);
    asm_alu(b, ASM_XOR, 4, A_R15, asm_reg(A_R14));
    asm_alu_imm(b, ASM_AND, 4, asm_reg(A_R15), JIT_JC_MASK, 0);
    asm_alu(b, ASM_XOR, 8, A_R14, key);
    asm_alu(b, ASM_CMP, 8, A_R14,
            asm_state_index(A_R15, 3, env + (int32_t)offsetof(JitEnv, jc[0].tag)));
    miss = asm_jcc_short(b, IR_NE);
    asm_rm(b, 0xff, 4,
           asm_state_index(A_R15, 3, env + (int32_t)offsetof(JitEnv, jc[0].code)));
    asm_patch_short(b, miss);
    asm_alu(b, ASM_XOR, 8, A_R14, key);
    asm_jmp(b, x64_shared.leave_pc);
}

static void emit_refs(const JitTarget *t, JitBuf *b)
{
    AsmRm exit = asm_state(t->env_off + (int32_t)offsetof(JitEnv, exit));
    uint8_t *go_on;

    x64_shared.refs = asm_here(b);
    store_guest(t, b, 8);
    asm_mov(b, 8, A_RSI, A_R14);
    asm_movzx(b, 4, 2, A_RDX, asm_reg(A_R15));
    asm_mov(b, 4, A_RCX, A_R15);
    asm_rm(b, 0xc1, 5, asm_reg(A_RCX)); /* shr ecx, 16 */
    asm_imm(b, 1, 16);
    x64_vec_leave(t, b);
    asm_rm(b, ASM_F3 | ASM_0F | ASM_W | 0xae, 1, asm_reg(A_RDI)); /* rdgsbase rdi */
    asm_mov_imm(b, A_RAX, (uintptr_t)t->run_refs);
    asm_rm(b, 0xff, 2, asm_reg(A_RAX)); /* call rax */
    asm_test(b, 1, asm_reg(A_RAX), A_RAX);
    go_on = asm_jcc_short(b, IR_NE);
    asm_store_imm(b, 8, exit, 0);
    emit_epilogue(b, 8);
    asm_patch_short(b, go_on);
    load_guest(t, b, 8);
    asm_bytes(b, &ret, 1);
}

/* --- routines that do not return ---
 */

static JitBlock *(*find_block)(const void *code);
static const JitTarget *target; /* the one that it was all made for */

void jit_host_set_finder(JitBlock *(*block_at)(const void *code))
{
    find_block = block_at;
}

/* @at: return address of a call, which may be the last thing in the block. */
static JitBlock *caller(const uint8_t *at)
{
    return find_block(at - 1);
}

static const JitSlow *slow_of(const JitBlock *b, const uint8_t *at)
{
    const JitSlow *s = b->slow;

    while (s < b->slow + b->slows && (const uint8_t *)b->entry + s->at != at) {
        s++;
    }
    g_assert(s < b->slow + b->slows);
    return s;
}

/* The access behind which @at is must be slow; the state is exact. Returns where to go
 * on, or NULL: leave. */
static const void *go_slow(uint8_t *state, const uint8_t *at)
{
    JitBlock *b = caller(at);
    const JitSlow *s = slow_of(b, at);
    JitEnv *env = (JitEnv *)(state + target->env_off);

    if (s->count) {
        if (!target->run_refs(state, b, s->first, s->count)) {
            return NULL;
        }
        if (s->copy[0] != JIT_SLOW_COLD) {
            for (unsigned k = 0; k < LOWER_SCRATCH; k++) {
                if (s->copy[k] != JIT_SLOW_NO_COPY) {
                    memcpy(&env->resume[k], state + target->reg_off[s->copy[k]], 8);
                }
            }
            return (const uint8_t *)b->entry + s->to;
        }
    }
    return (const uint8_t *)b->cold + s->to;
}

/* Somebody wants the vCPU at the entry of the block that @at is in. */
static void go_out(uint8_t *state, const uint8_t *at)
{
    memcpy(state + target->pc_off, &caller(at)->key.pc, 8);
}

/* From a routine, with the state in registers; the return address is at rsp. */
static void emit_call(const JitTarget *t, JitBuf *b, uintptr_t function)
{
    store_guest(t, b, 8);
    x64_vec_leave(t, b);
    asm_rm(b, ASM_F3 | ASM_0F | ASM_W | 0xae, 1, asm_reg(A_RDI)); /* rdgsbase rdi */
    asm_load(b, 8, A_RSI, asm_mem(A_RSP, 0));
    asm_mov_imm(b, A_RAX, function);
    asm_rm(b, 0xff, 2, asm_reg(A_RAX)); /* call rax */
}

static void emit_ways_on(const JitTarget *t, JitBuf *b)
{
    AsmRm exit = asm_state(t->env_off + (int32_t)offsetof(JitEnv, exit));
    int32_t resume = t->env_off + (int32_t)offsetof(JitEnv, resume);
    const uint8_t *out;

    x64_shared.polled = asm_here(b);
    emit_call(t, b, (uintptr_t)go_out);
    out = asm_here(b);
    asm_store_imm(b, 8, exit, 0);
    emit_epilogue(b, 8);
    asm_align(b, 16, 0);
    x64_shared.slow = asm_here(b);
    emit_call(t, b, (uintptr_t)go_slow);
    asm_test(b, 8, asm_reg(A_RAX), A_RAX);
    asm_jcc(b, IR_E, out);
    asm_store(b, 8, asm_mem(A_RSP, 0), A_RAX);
    load_guest(t, b, 8);
    flags_emit_load(b, X64_FRAME_FLAGS + 8, A_R14);
    asm_load(b, 8, A_R14, asm_state(resume));
    asm_load(b, 8, A_R15, asm_state(resume + 8));
    asm_bytes(b, &ret, 1);
}

/* For code where size counts. */
static void emit_flags(JitBuf *b)
{
    int32_t m = X64_FRAME_FLAGS + 8;

    for (unsigned k = 0; k < 2; k++) {
        unsigned scratch = k ? A_R15 : A_R14;

        x64_shared.flags_save[k] = asm_here(b);
        flags_emit_save(b, m, scratch);
        asm_bytes(b, &ret, 1);
        x64_shared.flags_load[k] = asm_here(b);
        flags_emit_load(b, m, scratch);
        asm_bytes(b, &ret, 1);
    }
}

void jit_host_setup(const JitTarget *t, JitBuf *buf)
{
    target = t;
    /* Fixed operands are the host's, and so are high bytes. */
    for (unsigned g = 0; g < 4; g++) {
        g_assert(target->host_reg[g] == (int)g);
    }
    for (unsigned g = 0, n = 0; g < 16; g++) {
        if (target->host_reg[g] < 0) {
            g_assert(n < X64_FRAME_REGS_MAX);
            x64_shared.frame_off[g] = X64_FRAME_REGS + 8 * n++;
        }
    }
    x64_shared.to_exec = buf->to_exec;
    asm_align(buf, 16, 0);
    x64_vec_setup(target, buf);
    asm_align(buf, 16, 0);
    emit_enter(target, buf);
    asm_align(buf, 16, 0);
    emit_leave(target, buf);
    asm_align(buf, 16, 0);
    emit_refs(target, buf);
    asm_align(buf, 16, 0);
    emit_ways_on(target, buf);
    asm_align(buf, 16, 0);
    emit_probe(target, buf, 0);
    asm_align(buf, 16, 0);
    emit_probe(target, buf, 1);
    asm_align(buf, 16, 0);
    emit_flags(buf);
    asm_align(buf, 16, 0);
    x64_check_setup(target, buf);
    asm_align(buf, 64, 0);
    g_assert(!buf->overflow);
}

void jit_host_thread_init(void *state)
{
    __asm__ volatile("wrgsbase %0" : : "r"(state));
}

void jit_host_enter(void *state, const void *code)
{
    void (*enter)(const void *) = (void (*)(const void *))(uintptr_t)x64_shared.enter;

    (void)state;
    enter(code);
}

/* --- patching ------------------------------------------------------------------------
 */

typedef int32_t Rel32 __attribute__((aligned(1), may_alias));

static void store_rel(uint8_t *site, const void *to)
{
    ptrdiff_t rel = (const uint8_t *)to - (site + 4 + x64_shared.to_exec);

    g_assert(rel == (int32_t)rel);
    /* It lies in one aligned 8-byte word: that makes the store atomic, though C does
     * not know. */
    g_assert(((uintptr_t)site & 7) <= 4);
    __asm__ volatile("movl %1, %0"
                     : "=m"(*(volatile Rel32 *)site)
                     : "r"((int32_t)rel)
                     : "memory");
}

void jit_host_link(JitExit *e, const void *entry)
{
    if (e->site) {
        store_rel(e->site, entry);
    }
}

void jit_host_unlink(JitExit *e)
{
    if (e->site) {
        store_rel(e->site, e->stub);
    }
}

void jit_host_probe(JitExit *e)
{
    if (e->site) {
        uint8_t *site = (uint8_t *)(uintptr_t)e->stub + x64_exit_rel(e);

        store_rel(site - x64_shared.to_exec, x64_shared.probe[e->from->salt]);
    }
}

enum { JMP = 0xe9, CALL = 0xe8 };

/* Replaces the first bytes of the instruction at @entry, which has at least 5. */
static void kill_at(const uint8_t *entry, uint8_t opcode, const uint8_t *to)
{
    uint8_t *site = (uint8_t *)entry - x64_shared.to_exec;
    ptrdiff_t rel = to - (entry + 5);
    uint64_t word;

    g_assert(rel == (int32_t)rel && !((uintptr_t)entry & 7));
    memcpy(&word, site, 8);
    word &= 0xffffff0000000000ull;
    word |= opcode | (uint64_t)(uint32_t)rel << 8;
    __atomic_store_n((uint64_t *)site, word, __ATOMIC_RELEASE);
}

void jit_host_kill(JitBlock *b, const void *to)
{
    if (to) {
        kill_at(b->entry, JMP, to);
    } else {
        kill_at(b->entry, CALL, x64_shared.polled);
    }
    if (b->loop) {
        kill_at(b->loop, JMP, b->loop_leave);
    }
}
