/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Segments: limits upwards and downwards, in bytes and pages, of data, stack and code;
 * types that refuse; bases that wrap; 16-bit code and stacks in protected mode; real
 * mode with its limits, and without them ("unreal").
 */
#include "bare.h"

const unsigned test_rounds = 5;

enum { DATA = 0x50, STACK = 0x58, CODE = 0x60, CODE16 = 0x68, DATA16 = 0x70 };

static uint8_t area[8192] __attribute__((aligned(4096)));

static void set(unsigned selector, uint32_t base, uint32_t limit, unsigned attr)
{
    gdt[selector / 8] = descriptor(base, limit, attr);
}

static void load_fs(unsigned selector)
{
    asm volatile("mov %w0, %%fs" : : "r"(selector) : "memory");
}

/* Each access at @offset of FS: @good says whether it may be. */
#define ACCESS(what, bytes, text, offset, good)                                      \
    do {                                                                             \
        TRY(text, : "S"(offset), "a"(0) : "memory", "cc", "edx");                    \
        CHECK_EQ("segments: " what,                                                  \
                 fault.vector == 13 && !fault.error ? 0 : fault.vector == -1, good); \
    } while (0)

static void each_width(const char *unused, uint32_t first, uint32_t last)
{
    for (int k = -2; k <= 1; k++) {
        uint32_t o = last + k;

        ACCESS("byte load", 1, "movb %%fs:(%0), %%al", o, o <= last);
        ACCESS("word load", 2, "movw %%fs:(%0), %%ax", o, o + 1 <= last);
        ACCESS("dword load", 4, "movl %%fs:(%0), %%eax", o, o + 3 <= last && o + 3 > o);
        ACCESS("dword load", 4, "movl %%fs:(%0), %%eax", last - 3 + k, k <= 0);
        ACCESS("dword addition", 4, "addl %%eax, %%fs:(%0)", last - 3 + k, k <= 0);
        ACCESS("MOVQ", 8, "movq %%fs:(%0), %%xmm0", last - 7 + k, k <= 0);
        ACCESS("MOVUPS", 16, "movups %%fs:(%0), %%xmm0", last - 15 + k, k <= 0);
        ACCESS("FLD of 10 bytes", 10, "fldt %%fs:(%0); fstp %%st", last - 9 + k,
               k <= 0);
        ACCESS("LODS", 4, "lodsl %%fs:(%0)", last - 3 + k, k <= 0);
        /* Three with one check perhaps: the third is too far. */
        ACCESS("the last of three", 12,
               "movl %%fs:(%0), %%eax; movl %%fs:4(%0), %%edx; addl %%edx, %%fs:8(%0)",
               last - 11 + k, k <= 0);
    }
    if (first) {
        ACCESS("byte below", 1, "movb %%fs:(%0), %%al", first - 1, false);
        ACCESS("word half below", 2, "movw %%fs:(%0), %%ax", first - 1, false);
        ACCESS("byte at the bottom", 1, "movb %%fs:(%0), %%al", first, true);
    }
}

static void data_limits(void)
{
    uint32_t base = (ulong)area;

    set(DATA, base, 0x7ff, 0x4093);
    load_fs(DATA);
    each_width("bytes", 0, 0x7ff);
    set(DATA, base, 0, 0xc093); /* one page */
    load_fs(DATA);
    each_width("pages", 0, 0xfff);
    /* Downwards: what is above the limit, to 64 KiB or 4 GiB. */
    set(DATA, 0x400000 - 0x1000, 0xfff, 0x0097);
    load_fs(DATA);
    each_width("downwards", 0x1000, 0xffff);
    set(DATA, base - 0x5000, 0x4fff, 0x4097);
    load_fs(DATA);
    ACCESS("down, below", 4, "movl %%fs:(%0), %%eax", 0x4fff, false);
    ACCESS("down, above", 4, "movl %%fs:(%0), %%eax", 0x5000, true);
    /* A base that wraps. */
    set(DATA, base + 0x1000, 0xfffff, 0xc093);
    load_fs(DATA);
    area[0] = 0x5a;
    {
        uint32_t v;

        asm volatile("movzbl %%fs:(%1), %0" : "=r"(v) : "r"(0xfffff000) : "memory");
        CHECK_EQ("segments: address that wraps", v, 0x5a);
    }
    /* Types. */
    set(DATA, base, 0xfffff, 0xc091);
    load_fs(DATA);
    ACCESS("read-only, load", 4, "movl %%fs:(%0), %%eax", 0, true);
    ACCESS("read-only, store", 4, "movl %%eax, %%fs:(%0)", 0, false);
    set(DATA, base, 0xfffff, 0xc09b);
    load_fs(DATA);
    ACCESS("code, load", 4, "movl %%fs:(%0), %%eax", 0, true);
    ACCESS("code, store", 4, "movl %%eax, %%fs:(%0)", 0, false);
    set(DATA, base, 0xfffff, 0xc099);
    TRY("mov %w0, %%fs", : "r"(DATA) : "memory");
    CHECK_EQ("segments: code that is not readable",
             fault.vector == 13 ? fault.error : 99, DATA);
    load_fs(0);
    ACCESS("null selector", 4, "movl %%fs:(%0), %%eax", 0, false);
    TRY("mov %w0, %%ss", : "r"(0) : "memory");
    CHECK_EQ("segments: null SS", fault.vector == 13 ? fault.error : 99, 0);
    set(DATA, base, 0xfffff, 0xc013);
    TRY("mov %w0, %%ss", : "r"(DATA) : "memory");
    CHECK_EQ("segments: SS not present", fault.vector == 12 ? fault.error : 99, DATA);
    load_fs(0x10);
}

/* Stack accesses raise #SS; the fault's own frame needs room, so only BP is out. */
static void stack_limits(void)
{
    ulong ss_fault;

    set(STACK, 0, 0x3ff, 0xc093);
    asm volatile("mov %w0, %%ss" : : "r"(STACK) : "memory");
    for (int k = -1; k <= 1; k++) {
        fault.vector = -1;
        asm volatile("push %%ebp; mov %0, %%ebp; movl $1f, resume; mov (%%ebp), %%eax\n"
                     "1: movl $0, resume; pop %%ebp"
                     :
                     : "c"(0x3ffffc + k)
                     : "eax", "memory");
        ss_fault = fault.vector == 12 && !fault.error;
        CHECK_EQ("segments: limit of SS", ss_fault, k > 0);
    }
    asm volatile("mov %w0, %%ss" : : "r"(0x10) : "memory");
}

/* Code: a jump beyond, running beyond, and an instruction over the end. */
static void code_limits(void)
{
    volatile uint8_t *p = area + 0x200;
    struct {
        uint32_t offset;
        uint16_t selector;
    } __attribute__((packed)) at = { 0, CODE };

    for (unsigned k = 0; k < 0x40; k++) {
        p[k] = 0x90;
    }
    set(CODE, (ulong)p, 0x1f, 0x409b);
    at.offset = 0x20;
    TRY("ljmp *%0", : "m"(at) : "memory");
    CHECK_EQ("segments: far jump beyond the limit", fault.vector, 13);
    at.offset = 0x10;
    TRY("ljmp *%0", : "m"(at) : "memory");
    CHECK_EQ("segments: running beyond the limit", fault.vector, 13);
    CHECK_EQ("segments: where it ran out", fault.ip, 0x20);
    p[0x1d] = 0xb8; /* five bytes, three are in */
    TRY("ljmp *%0", : "m"(at) : "memory");
    CHECK_EQ("segments: over the limit", fault.vector == 13 ? fault.ip : 99, 0x1d);
    p[0x1d] = 0xeb; /* jmp +10 */
    p[0x1e] = 0x10;
    TRY("ljmp *%0", : "m"(at) : "memory");
    CHECK_EQ("segments: near jump beyond the limit", fault.vector, 13);
    /* The same code with room. */
    set(CODE, (ulong)p, 0x3f, 0x409b);
    p[0x2f] = 0xcc;
    fault.vector = -1;
    TRY("ljmp *%0", : "m"(at) : "memory");
    CHECK_EQ("segments: within a larger limit", fault.vector == 3 ? fault.ip : 99,
             0x30);
}

/*
 * 16-bit code at 10000, in protected mode and in real mode. The results are words from
 * `told` on; told16 is its offset there.
 */
static volatile uint32_t told[16];

asm(".text\n"
    "to16:\n\t"
    "pusha\n\t"
    "movl %esp, saved_sp\n\t"
    "movl $1f, %eax\n\t" /* at 10000: the low half is the offset */
    "movzwl %ax, %eax\n\t"
    "pushl $0x68\n\t"
    "pushl %eax\n\t"
    "lret\n\t"
    ".code16\n"
    "1:\tmovw $0x70, %ax\n\t"
    "movw %ax, %ds\n\t"
    "movw %ax, %es\n\t"
    "movw %ax, %ss\n\t"
    "movl $0xabcd1000, %esp\n\t"
    "movl $0xbeef0002, %ecx\n\t"
    "pushw $0x1234\n\t"
    "movl %esp, %eax\n\t"
    "addr32 movl %eax, %fs:told\n\t" /* fs is flat */
    "popw %bx\n\t"
    "pushl $0x55667788\n\t"
    "movl %esp, %eax\n\t"
    "addr32 movl %eax, %fs:told + 4\n\t"
    "popl %ebx\n\t"
    "callw 2f\n"
    "2:\tpopw %bx\n\t"
    "movl %esp, %eax\n\t"
    "addr32 movl %eax, %fs:told + 8\n\t"
    "movl $0x5555ffff, %esi\n\t" /* wraps at 64 KiB */
    "movl $0x66660f00, %edi\n\t"
    "cld\n\t"
    "rep movsb\n\t"
    "addr32 movl %esi, %fs:told + 12\n\t"
    "addr32 movl %edi, %fs:told + 16\n\t"
    "addr32 movl %ecx, %fs:told + 20\n\t"
    "movl $0xbeef0003, %ecx\n\t"
    "xorl %edx, %edx\n"
    "3:\tincw %dx\n\t"
    "loop 3b\n\t"
    "addr32 movl %ecx, %fs:told + 24\n\t"
    "addr32 movl %edx, %fs:told + 28\n\t"
    "movw $0xfff0, %bx\n\t"
    "movw $0x0020, %si\n\t"
    "movw $0x4321, %ds:(0x10)\n\t"
    "movzwl (%bx,%si), %eax\n\t"
    "addr32 movl %eax, %fs:told + 32\n\t"
    "movl $0xabcd0000, %esp\n\t" /* SP wraps */
    "pushw $1\n\t"
    "movl %esp, %eax\n\t"
    "addr32 movl %eax, %fs:told + 36\n\t"
    "movl $0xabcd0ff0, %esp\n\t"
    "movl $0x99990ff8, %ebp\n\t"
    "enterw $8, $0\n\t"
    "movl %ebp, %eax\n\t"
    "addr32 movl %eax, %fs:told + 40\n\t"
    "leavew\n\t"
    "movl %esp, %eax\n\t"
    "addr32 movl %eax, %fs:told + 44\n\t"
    /* Real mode, interrupts by vectors at 0. */
    "addr32 sidtl %fs:saved_idt\n\t"
    "addr32 lidtl %fs:real_idt\n\t"
    "movl %cr0, %eax\n\t"
    "andb $0xfe, %al\n\t"
    "movl %eax, %cr0\n\t"
    "movl $4f, %eax\n\t"
    "pushw $0x1000\n\t"
    "pushw %ax\n\t"
    "lretw\n"
    "4:\txorw %ax, %ax\n\t"
    "movw %ax, %ds\n\t"
    "movw %ax, %es\n\t"
    "movw $0x7000, %ax\n\t"
    "movw %ax, %ss\n\t"
    "movl $0x1000, %esp\n\t"
    "movl $on_real_gp, %eax\n\t"
    "movw %ax, 13 * 4\n\t"
    "movw $0x1000, 13 * 4 + 2\n\t"
    "xorl %ebp, %ebp\n\t" /* faults, a bit each */
    "movw $0xffff, %bx\n\t"
    "movw $1, %dx\n\t"
    "movb (%bx), %al\n\t" /* good */
    "shlw $1, %dx\n\t"
    "movw (%bx), %ax\n\t" /* bit 1 */
    "nop\n\t"
    "shlw $1, %dx\n\t"
    "movl -2(%bx), %eax\n\t" /* bit 2 */
    "shlw $1, %dx\n\t"
    "movl -3(%bx), %eax\n\t" /* good */
    "shlw $1, %dx\n\t"
    "movl $0x10000, %esi\n\t"
    "addr32 movb (%esi), %al; nop\n\t" /* bit 4 */
    "shlw $1, %dx\n\t"
    "movw $0xffff, %ax\n\t"
    "movw %ax, %es\n\t"
    "movw %es:(0x10), %ax\n\t" /* 100000, good */
    "addr32 movl %ebp, %fs:told + 48\n\t"
    /* Unreal: FS is flat still. */
    "movl $0x400000, %esi\n\t"
    "addr32 movl $0x600df00d, %fs:(%esi)\n\t"
    "addr32 movl %fs:(%esi), %eax\n\t"
    "addr32 movl %eax, %fs:told + 52\n\t"
    /* An offset that wraps in its addition is no fault. */
    "movw $0xffff, %bx\n\t"
    "movw $0x11, %si\n\t"
    "movw $0x77, %ds:(0x10)\n\t"
    "movw $0x4322, 0x600\n\t"
    "movw $0x5f1, %si\n\t"
    "movzwl 0x10(%bx,%si), %eax\n\t"
    "addr32 movl %eax, %fs:told + 56\n\t"
    "addr32 lidtl %fs:saved_idt\n\t"
    "movl %cr0, %eax\n\t"
    "orb $1, %al\n\t"
    "movl %eax, %cr0\n\t"
    "ljmpl $8, $5f\n"
    /* An instruction of 3 to 5 bytes is passed over by what comes: the marks. */
    "on_real_gp:\n\t"
    "orw %dx, %bp\n\t"
    "pushw %bx\n\t"
    "movw %sp, %bx\n\t"
    "pushw %ax\n\t"
    "movw %ss:2(%bx), %ax\n\t"
    "addr32 movw %ax, %fs:told + 60\n\t"
    "popw %ax\n\t"
    "pushw %di\n\t"
    "movw %ss:2(%bx), %di\n"
    /* On to the next SHL DX: D1 E2. */
    "6:\tincw %di\n\t"
    "cmpw $0xe2d1, %cs:(%di)\n\t"
    "jne 6b\n\t"
    "movw %di, %ss:2(%bx)\n\t"
    "popw %di\n\t"
    "popw %bx\n\t"
    "iretw\n\t"
    ".code32\n"
    "5:\tmovw $0x10, %ax\n\t"
    "movw %ax, %ds\n\t"
    "movw %ax, %es\n\t"
    "movw %ax, %ss\n\t"
    "movl saved_sp, %esp\n\t"
    "popa\n\t"
    "ret\n"
    "saved_sp:\t.long 0\n"
    "saved_idt:\t.word 0\n\t.long 0\n"
    "real_idt:\t.word 0x3ff\n\t.long 0\n");
extern void to16(void);

static void sixteen_bits(void)
{
    set(CODE16, 0x10000, 0xffff, 0x009b);
    set(DATA16, 0x70000, 0xffff, 0x0093);
    load_fs(0x10);
    to16();
    CHECK_EQ("segments: PUSH on a 16-bit stack", told[0], 0xabcd0ffe);
    CHECK_EQ("segments: PUSH of 4 bytes", told[1], 0xabcd0ffc);
    CHECK_EQ("segments: CALL of 16 bits", told[2], 0xabcd1000);
    CHECK_EQ("segments: SI wraps", told[3], 0x55550001);
    CHECK_EQ("segments: DI", told[4], 0x66660f02);
    CHECK_EQ("segments: CX alone counts", told[5], 0xbeef0000);
    CHECK_EQ("segments: LOOP with CX", told[6], 0xbeef0000);
    CHECK_EQ("segments: LOOP, times", told[7], 3);
    CHECK_EQ("segments: BX + SI wraps", told[8], 0x4321);
    CHECK_EQ("segments: SP wraps", told[9], 0xabcdfffe);
    CHECK_EQ("segments: ENTER, EBP", told[10], 0x99990fee);
    CHECK_EQ("segments: LEAVE, ESP", told[11], 0xabcd0ff0);
    CHECK_EQ("segments: real mode, limits", told[12], 0x16);
    CHECK_EQ("segments: unreal mode", told[13], 0x600df00d);
    CHECK_EQ("segments: real mode, address that wraps", told[14], 0x4322);
}

void test(void)
{
    write_cr4(read_cr4() | 0x600);
    asm volatile("fninit");
    data_limits();
    stack_limits();
    code_limits();
    sixteen_bits();
}
