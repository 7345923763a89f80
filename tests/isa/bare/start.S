/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From the reset vector (or, for other CPUs, from a SIPI to vector 10) to C, in 32-bit
 * or 64-bit code. The processor's number among those started is its stack's.
 */
        .set    ROM, 0xf0000
        .set    RAM, 0x10000
        .set    BSS, 0x200000
        .set    STACK_BYTES, 0x4000

#ifdef __x86_64__
#define WORD .quad
#else
#define WORD .long
#endif

        .section .reset, "ax"
        .code16
        .byte   0xe9                    /* to offset 0 of this segment */
        .word   0x10000 - 0xfff3
        .org    0x10

        .section .text.start, "ax"
        .code16
        .globl  start
start:
        cli
        cld
        movw    %cs, %bx
        lgdtl   %cs:(gdtr_rom - start)
        movl    %cr0, %eax
        andl    $0x9fffffff, %eax       /* caches on */
        orb     $1, %al
        movl    %eax, %cr0
        cmpw    $0xf000, %bx
        jne     1f
        ljmpl   $8, $(first - start + ROM)
1:      ljmpl   $8, $next

        .code32
first:  movw    $0x10, %ax
        movw    %ax, %ds
        movw    %ax, %es
        movw    %ax, %ss
        movl    $ROM, %esi
        movl    $RAM, %edi
        movl    $0x4000, %ecx
        rep movsl
        movl    $BSS, %edi
        movl    $bss_end, %ecx
        subl    %edi, %ecx
        shrl    $2, %ecx
        incl    %ecx
        xorl    %eax, %eax
        rep stosl
        movl    $prepare, %eax
        jmp     *%eax

gdtr_rom:
        .word   0x37
        .long   gdt - RAM + ROM

prepare:
#ifdef __x86_64__
/* Four directories of 2 MiB pages, one to one. */
        movl    $pml4, %edi
        movl    $pdpt + 7, (%edi)
        movl    $pdpt, %edi
        movl    $pd + 7, %eax
        movl    $4, %ecx
1:      movl    %eax, (%edi)
        addl    $8, %edi
        addl    $0x1000, %eax
        loop    1b
        movl    $pd, %edi
        movl    $0x87, %eax
        movl    $2048, %ecx
1:      movl    %eax, (%edi)
        addl    $8, %edi
        addl    $0x200000, %eax
        loop    1b
#endif
next:   movw    $0x10, %ax
        movw    %ax, %ds
        lgdtl   gdtr
        movw    %ax, %es
        movw    %ax, %ss
        movw    %ax, %fs
        movw    %ax, %gs
        movl    $1, %ebx
        lock xaddl %ebx, cpus_started
        movl    %ebx, %eax
        incl    %eax
        imull   $STACK_BYTES, %eax
        leal    stacks(%eax), %esp
        movl    %cr0, %eax
        andl    $~0xc, %eax             /* EM, TS */
        movl    %eax, %cr0
#ifdef __x86_64__
        movl    %cr4, %eax
        orl     $0x620, %eax            /* PAE, OSFXSR, OSXMMEXCPT */
        movl    %eax, %cr4
        movl    $pml4, %eax
        movl    %eax, %cr3
        movl    $0xc0000080, %ecx
        rdmsr
        orl     $0x900, %eax            /* LME, NXE */
        wrmsr
        movl    %cr0, %eax
        orl     $0x80010000, %eax       /* PG, WP */
        movl    %eax, %cr0
        ljmpl   $0x18, $1f
        .code64
1:      movl    %ebx, %edi
#else
        subl    $12, %esp
        pushl   %ebx
#endif
        call    c_start
1:      hlt
        jmp     1b

/* --- Exceptions and interrupts -------------------------------------------------------- */
        .text
        .altmacro
        .macro  stub n
stub_\n:
        .if     \n == 8 || (\n >= 10 && \n <= 14) || \n == 17
        .else
        push    $0
        .endif
        push    $\n
        jmp     common
        .endm
        .set    n, 0
        .rept   256
        stub    %n
        .set    n, n + 1
        .endr
        .macro  stub_word n
        WORD    stub_\n
        .endm
        .globl  stubs
        .balign 8
stubs:
        .set    n, 0
        .rept   256
        stub_word %n
        .set    n, n + 1
        .endr

/* The order is that of Regs in bare.h. */
common:
#ifdef __x86_64__
        .irp    r, r15, r14, r13, r12, r11, r10, r9, r8, rdi, rsi, rbp, rbx, rdx, rcx, rax
        push    %\r
        .endr
        cld
        mov     %rsp, %rdi
        mov     %rsp, %rbx
        and     $-16, %rsp
        call    c_exception
        mov     %rbx, %rsp
        .irp    r, rax, rcx, rdx, rbx, rbp, rsi, rdi, r8, r9, r10, r11, r12, r13, r14, r15
        pop     %\r
        .endr
        add     $16, %rsp
        iretq
#else
        pusha
        push    %ds
        push    %es
        mov     $0x10, %eax
        mov     %eax, %ds
        mov     %eax, %es
        cld
        mov     %esp, %ebx
        and     $-16, %esp
        sub     $12, %esp
        push    %ebx
        call    c_exception
        mov     %ebx, %esp
        pop     %es
        pop     %ds
        popa
        add     $8, %esp
        iret
#endif

/* --- To ring 3, and back with its first exception --------------------------------------- */
        .globl  enter_user, leave_user
#ifdef __x86_64__
enter_user:
        .irp    r, rbx, rbp, r12, r13, r14, r15
        push    %\r
        .endr
        mov     %rsp, user_return
        mov     %rsp, tss + 4
        mov     %rdi, %rsp
        .irp    r, rax, rcx, rdx, rbx, rbp, rsi, rdi, r8, r9, r10, r11, r12, r13, r14, r15
        pop     %\r
        .endr
        add     $16, %rsp
        iretq
leave_user:
        mov     user_return, %rsp
        .irp    r, r15, r14, r13, r12, rbp, rbx
        pop     %\r
        .endr
        ret
#else
enter_user:
        mov     4(%esp), %eax
        .irp    r, ebx, ebp, esi, edi
        push    %\r
        .endr
        mov     %esp, user_return
        mov     %esp, tss + 4
        mov     %eax, %esp
        pop     %es
        pop     %ds
        popa
        add     $8, %esp
        iret
leave_user:
        mov     user_return, %esp
        .irp    r, edi, esi, ebp, ebx
        pop     %\r
        .endr
        ret
#endif

/* --- Tables ---------------------------------------------------------------------------- */
        .balign 8
        .globl  gdt
gdt:    .quad   0
        .quad   0x00cf9b000000ffff      /* 08 32-bit code */
        .quad   0x00cf93000000ffff      /* 10 data */
        .quad   0x00af9b000000ffff      /* 18 64-bit code */
        .quad   0x00cffb000000ffff      /* 20 code of ring 3 */
        .quad   0x00cff3000000ffff      /* 28 data of ring 3 */
        .quad   0x00affb000000ffff      /* 30 64-bit code of ring 3 */
        .quad   0                       /* 38: TSS, by c_start() */
        .quad   0
        .fill   64, 8, 0                /* 48 and on: the test's */
        .globl  gdtr
gdtr:   .word   . - gdt - 1
        .long   gdt
        .long   0

        .bss
        .balign 4096
        .globl  pml4, pd
pml4:   .fill   4096
pdpt:   .fill   4096
pd:     .fill   4 * 4096
stacks: .fill   9 * STACK_BYTES
        .globl  stacks, cpus_started, tss, user_return
tss:    .fill   168
        .balign 8
user_return:
        .quad   0
cpus_started:
        .long   0
