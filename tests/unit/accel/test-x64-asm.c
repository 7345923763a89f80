/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The encoder, read back by capstone: forms at every width with every kind of operand
 * must disassemble to what was asked for, and each must be one whole instruction.
 */
#include "accel/tcg/x64/asm.h"

#include <capstone/capstone.h>
#include <glib.h>

#include <dlfcn.h>
#include <string.h>

static struct {
    cs_err (*open)(cs_arch arch, cs_mode mode, csh *handle);
    size_t (*disasm)(csh handle, const uint8_t *code, size_t size, uint64_t address,
                     size_t count, cs_insn **insn);
    void (*free)(cs_insn *insn, size_t count);
    cs_err (*close)(csh *handle);
    csh handle;
} cs;

static uint8_t code[256];

static bool load_capstone(void)
{
    void *lib = dlopen("libcapstone.so.4", RTLD_NOW);

    if (cs.handle) {
        return true;
    }
    if (!lib) {
        g_test_skip("capstone is not installed");
        return false;
    }
    *(void **)&cs.open = dlsym(lib, "cs_open");
    *(void **)&cs.disasm = dlsym(lib, "cs_disasm");
    *(void **)&cs.free = dlsym(lib, "cs_free");
    *(void **)&cs.close = dlsym(lib, "cs_close");
    g_assert_true(cs.open && cs.disasm && cs.free && cs.close);
    g_assert_cmpint(cs.open(CS_ARCH_X86, CS_MODE_64, &cs.handle), ==, CS_ERR_OK);
    return true;
}

static JitBuf fresh(void)
{
    memset(code, 0xcc, sizeof(code));
    return (JitBuf){ .p = code, .end = code + sizeof(code) };
}

/* What is in @b, as text; it must be exactly one instruction. */
static char *text_of(const JitBuf *b)
{
    cs_insn *insn;
    size_t n = cs.disasm(cs.handle, code, b->p - code, 0x1000, 0, &insn);
    char *s;

    g_assert_cmpuint(n, ==, 1);
    g_assert_cmpuint(insn[0].size, ==, b->p - code);
    s = g_strdup_printf("%s%s%s", insn[0].mnemonic, *insn[0].op_str ? " " : "",
                        insn[0].op_str);
    cs.free(insn, n);
    return s;
}

static void expect(const JitBuf *b, const char *want)
{
    g_autofree char *got = text_of(b);

    if (strcmp(got, want) != 0) {
        g_test_message("%s instead of %s", got, want);
        g_test_fail();
    }
}

#define CHECK_TEXT(want, call)           \
    do {                                 \
        JitBuf buf = fresh(), *b = &buf; \
        call;                            \
        expect(b, want);                 \
    } while (0)

static void test_texts(void)
{
    if (!load_capstone()) {
        return;
    }
    CHECK_TEXT("mov rax, r14", asm_mov(b, 8, A_RAX, A_R14));
    CHECK_TEXT("mov r14d, eax", asm_mov(b, 4, A_R14, A_RAX));
    CHECK_TEXT("mov ah, cl", asm_mov(b, 1, A_AH, A_RCX));
    CHECK_TEXT("mov sil, cl", asm_mov(b, 1, A_RSI, A_RCX));
    CHECK_TEXT("mov eax, 0x12345678", asm_mov_imm(b, A_RAX, 0x12345678));
    CHECK_TEXT("mov r9, -2", asm_mov_imm(b, A_R9, -2));
    CHECK_TEXT("movabs r9, 0x123456789abcdef0",
               asm_mov_imm(b, A_R9, 0x123456789abcdef0));
    CHECK_TEXT("mov rax, qword ptr gs:[0x1234]",
               asm_load(b, 8, A_RAX, asm_state(0x1234)));
    CHECK_TEXT("mov byte ptr gs:[0x10], ah", asm_store(b, 1, asm_state(0x10), A_AH));
    CHECK_TEXT("mov qword ptr gs:[0x10], 0x7fffffff",
               asm_store_imm(b, 8, asm_state(0x10), 0x7fffffff));
    CHECK_TEXT("mov word ptr [r14], 0x1234",
               asm_store_imm(b, 2, asm_mem(A_R14, 0), 0x1234));
    CHECK_TEXT("mov byte ptr [r13], 0x12",
               asm_store_imm(b, 1, asm_mem(A_R13, 0), 0x12));
    CHECK_TEXT("xor r14, qword ptr gs:[r15 + 0x12345]",
               asm_alu(b, ASM_XOR, 8, A_R14, asm_state_index(A_R15, 0, 0x12345)));
    CHECK_TEXT("cmp r14, qword ptr gs:[r15*8 + 0x12345]",
               asm_alu(b, ASM_CMP, 8, A_R14, asm_state_index(A_R15, 3, 0x12345)));
    CHECK_TEXT("lock add dword ptr [r14 + 4], ecx",
               asm_alu_store(b, ASM_ADD, 4, asm_mem(A_R14, 4), A_RCX, ASM_LOCK));
    CHECK_TEXT("lea r14, [r12 + rax*4 - 0x80]",
               asm_lea(b, 8, A_R14, asm_mem_index(A_R12, A_RAX, 2, -0x80)));
    CHECK_TEXT("lea r14d, [r12*2 + 0x80]",
               asm_lea(b, 4, A_R14, asm_mem_index(A_NONE, A_R12, 1, 0x80)));
    CHECK_TEXT("lea rsp, [rsp + 8]", asm_lea(b, 8, A_RSP, asm_mem(A_RSP, 8)));
    CHECK_TEXT("rorx r15d, r14d, 7", asm_rorx(b, 4, A_R15, A_R14, 7));
    CHECK_TEXT("rorx r14, rax, 8", asm_rorx(b, 8, A_R14, A_RAX, 8));
    CHECK_TEXT("movzx eax, dh", asm_movzx(b, 8, 1, A_RAX, asm_reg(A_DH)));
    CHECK_TEXT("movzx ax, dh", asm_movzx(b, 2, 1, A_RAX, asm_reg(A_DH)));
    CHECK_TEXT("movzx eax, sil", asm_movzx(b, 4, 1, A_RAX, asm_reg(A_RSI)));
    CHECK_TEXT("movzx r9d, word ptr [r14 + 8]",
               asm_movzx(b, 4, 2, A_R9, asm_mem(A_R14, 8)));
    CHECK_TEXT("movsx rax, cl", asm_movsx(b, 8, 1, A_RAX, asm_reg(A_RCX)));
    CHECK_TEXT("movsx ax, cl", asm_movsx(b, 2, 1, A_RAX, asm_reg(A_RCX)));
    CHECK_TEXT("movsxd r8, ecx", asm_movsx(b, 8, 4, A_R8, asm_reg(A_RCX)));
    CHECK_TEXT("sete sil", asm_setcc(b, IR_E, asm_reg(A_RSI)));
    CHECK_TEXT("setl ah", asm_setcc(b, IR_L, asm_reg(A_AH)));
    CHECK_TEXT("setl byte ptr [r14]", asm_setcc(b, IR_L, asm_mem(A_R14, 0)));
    CHECK_TEXT("sub rax, 0x10", asm_alu_imm(b, ASM_SUB, 8, asm_reg(A_RAX), 16, 0));
    CHECK_TEXT("cmp r14, 0xff8", asm_alu_imm(b, ASM_CMP, 8, asm_reg(A_R14), 0xff8, 0));
    CHECK_TEXT("and ax, 0x1234", asm_alu_imm(b, ASM_AND, 2, asm_reg(A_RAX), 0x1234, 0));
    CHECK_TEXT("and ah, 0x12", asm_alu_imm(b, ASM_AND, 1, asm_reg(A_AH), 0x12, 0));
    CHECK_TEXT("cmp dword ptr gs:[0x40], 0",
               asm_alu_imm(b, ASM_CMP, 4, asm_state(0x40), 0, 0));
    CHECK_TEXT("test sil, sil", asm_test(b, 1, asm_reg(A_RSI), A_RSI));
    CHECK_TEXT("test byte ptr gs:[1], 0x40", asm_test_imm(b, 1, asm_state(1), 0x40));
    CHECK_TEXT("test r14, -0xff1", asm_test_imm(b, 8, asm_reg(A_R14), 0xfffff00f));
    CHECK_TEXT("jmp 0x1000", asm_jmp(b, code));
    CHECK_TEXT("jne 0x1000", asm_jcc(b, IR_NE, code));
    CHECK_TEXT("call 0x1000", asm_call(b, code));
    CHECK_TEXT("vpaddb ymm1, ymm9, ymm10",
               asm_vex(b, ASM_0F | ASM_66 | ASM_L | 0xfc, 1, 9, asm_reg(10)));
    CHECK_TEXT("vaddsd xmm9, xmm1, qword ptr [r14 + 8]",
               asm_vex(b, ASM_0F | ASM_F2 | 0x58, 9, 1, asm_mem(A_R14, 8)));
    CHECK_TEXT("movaps xmm9, xmmword ptr gs:[0x40]",
               asm_rm(b, ASM_0F | 0x28, 9, asm_state(0x40)));
    CHECK_TEXT("addsd xmm1, qword ptr [r14]",
               asm_rm(b, ASM_0F | ASM_F2 | 0x58, 1, asm_mem(A_R14, 0)));
}

/* Every base, index and displacement. */
static void test_addresses(void)
{
    static const char *const name[16] = { "rax", "rcx", "rdx", "rbx", "rsp", "rbp",
                                          "rsi", "rdi", "r8",  "r9",  "r10", "r11",
                                          "r12", "r13", "r14", "r15" };
    static const int32_t disp[] = { 0, 5, -5, 0x1234 };
    static const char *const tail[] = { "", " + 5", " - 5", " + 0x1234" };

    if (!load_capstone()) {
        return;
    }
    for (unsigned base = 0; base < 16; base++) {
        for (unsigned index = 0; index < 16; index++) {
            for (unsigned k = 0; k < 4; k++) {
                JitBuf b = fresh();
                g_autofree char *want = NULL;

                if (index == A_RSP) {
                    want = g_strdup_printf("lea %s, [%s%s]", name[index], name[base],
                                           tail[k]);
                    asm_lea(&b, 8, index, asm_mem(base, disp[k]));
                } else {
                    want = g_strdup_printf("lea %s, [%s + %s*8%s]", name[index],
                                           name[base], name[index], tail[k]);
                    asm_lea(&b, 8, index, asm_mem_index(base, index, 3, disp[k]));
                }
                expect(&b, want);
            }
        }
    }
}

static void test_high_bytes(void)
{
    AsmOp mov = asm_width(0x88, 1);

    g_assert_true(asm_can_encode(mov, A_AH, asm_reg(A_RBX)));
    g_assert_true(asm_can_encode(mov, A_AH, asm_mem(A_RBX, 0)));
    g_assert_true(asm_can_encode(mov, A_AH, asm_state(8)));
    g_assert_false(asm_can_encode(mov, A_AH, asm_reg(A_RSI)));
    g_assert_false(asm_can_encode(mov, A_R8, asm_reg(A_BH)));
    g_assert_false(asm_can_encode(mov, A_AH, asm_mem(A_R14, 0)));
}

static void test_nops(void)
{
    if (!load_capstone()) {
        return;
    }
    for (unsigned n = 1; n <= 9; n++) {
        JitBuf b = fresh();

        asm_nop(&b, n);
        g_assert_cmpuint(b.p - code, ==, n);
        g_free(text_of(&b));
    }
    for (unsigned n = 0; n < 16; n++) {
        JitBuf b = fresh();

        b.p += n;
        asm_align(&b, 8, 3);
        g_assert_cmpuint(((uintptr_t)b.p + 3) % 8, ==, 0);
    }
}

static void test_overflow(void)
{
    JitBuf b = { .p = code, .end = code + 28 };

    memset(code, 0xcc, sizeof(code));
    asm_mov_imm(&b, A_RAX, 1);
    g_assert_false(b.overflow);
    /* It would fit, the longest instruction would not. */
    asm_mov(&b, 8, A_RAX, A_RCX);
    g_assert_true(b.overflow);
    g_assert_true(b.p == code + 5);
    /* Nothing more, whatever fits. */
    asm_bytes(&b, code, 1);
    asm_mov(&b, 8, A_RAX, A_RCX);
    g_assert_true(b.p == code + 5);
}

static void test_labels(void)
{
    JitBuf b = fresh();
    uint8_t *far = asm_jcc_fwd(&b, IR_E), *near = asm_jmp_short(&b);
    int32_t rel;

    asm_nop(&b, 9);
    asm_patch(&b, far, asm_here(&b));
    asm_patch_short(&b, near);
    memcpy(&rel, far, 4);
    g_assert_cmpint(rel, ==, 11);
    g_assert_cmpint(*near, ==, 9);
}

int main(int argc, char **argv)
{
    int result;

    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/accel/tcg/x64/asm/forms-disassemble-to-what-was-asked",
                    test_texts);
    g_test_add_func("/accel/tcg/x64/asm/every-base-index-and-displacement",
                    test_addresses);
    g_test_add_func("/accel/tcg/x64/asm/high-bytes-and-rex-exclude-each-other",
                    test_high_bytes);
    g_test_add_func("/accel/tcg/x64/asm/nops-and-alignment", test_nops);
    g_test_add_func("/accel/tcg/x64/asm/a-full-buffer-takes-nothing-more",
                    test_overflow);
    g_test_add_func("/accel/tcg/x64/asm/forward-jumps", test_labels);
    result = g_test_run();
    if (cs.handle) {
        cs.close(&cs.handle);
    }
    return result;
}
