/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One stub of eight bytes for each x87 opcode: the instruction and a jump back.  The
 * register forms come first (D8 C0 .. DF FF), then the memory forms (D8 /0 .. DF /7)
 * with the operand at (%rdi).  Only opcodes that the map lists are ever called.
 */
#include "accel/target/i386/x87-host.h"

__asm__(".pushsection .text, \"ax\"\n"
        ".p2align 3\n"
        "x87_reg_stubs:\n"
        ".set x87_op, 0xd8\n"
        ".rept 8\n"
        ".set x87_modrm, 0xc0\n"
        ".rept 64\n"
        ".byte x87_op, x87_modrm\n"
        "jmp *%rax\n"
        ".p2align 3\n"
        ".set x87_modrm, x87_modrm + 1\n"
        ".endr\n"
        ".set x87_op, x87_op + 1\n"
        ".endr\n"
        "x87_mem_stubs:\n"
        ".set x87_op, 0xd8\n"
        ".rept 8\n"
        ".set x87_modrm, 0x07\n"
        ".rept 8\n"
        ".byte x87_op, x87_modrm\n"
        "jmp *%rax\n"
        ".p2align 3\n"
        ".set x87_modrm, x87_modrm + 8\n"
        ".endr\n"
        ".set x87_op, x87_op + 1\n"
        ".endr\n"
        ".popsection\n");

extern const uint8_t x87_reg_stubs[8][64][8];
extern const uint8_t x87_mem_stubs[8][8][8];

void x87_image_from(X87Image *img, const X86State *cpu)
{
    memcpy(img, &cpu->xs, offsetof(X87Image, rest));
    img->mxcsr = X86_MXCSR_RESET;
}

void x87_image_to(const X87Image *img, X86State *cpu)
{
    cpu->xs.fsw = img->fsw;
    cpu->xs.ftw = img->ftw;
    memcpy(cpu->xs.st, img->st, sizeof(img->st));
}

X87Flags x87_host_run(X87Image *img, uint8_t opcode, uint8_t modrm, void *mem,
                      uint32_t arith)
{
    const uint8_t *stub = modrm >= 0xc0 ? x87_reg_stubs[opcode & 7][modrm & 63]
                                        : x87_mem_stubs[opcode & 7][modrm >> 3 & 7];
    uint64_t rax = (arith & 0xff) << 8;
    uint32_t host_mxcsr;
    X87Flags fl;

    /* FXRSTOR, FXSAVE and FNINIT do not wait: an unmasked exception of the guest stays
     * a bit in the image.  None of them changes EFLAGS. */
    __asm__ volatile(
        "stmxcsr (%[csr])\n\t"
        "fxrstor64 (%[img])\n\t"
        "sahf\n\t"
        "lea 1f(%%rip), %%rax\n\t"
        "jmp *%[stub]\n"
        "1:\n\t"
        "fxsave64 (%[img])\n\t"
        "fninit\n\t"
        "ldmxcsr (%[csr])"
        : "+a"(rax), "=@ccz"(fl.zf), "=@ccp"(fl.pf), "=@ccc"(fl.cf)
        : [img] "r"(img), [stub] "r"(stub), "D"(mem), [csr] "r"(&host_mxcsr)
        : "memory", "st", "st(1)", "st(2)", "st(3)", "st(4)", "st(5)", "st(6)", "st(7)",
          "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7", "xmm8",
          "xmm9", "xmm10", "xmm11", "xmm12", "xmm13", "xmm14", "xmm15");
    return fl;
}
