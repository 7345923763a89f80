/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A walk through all modes of the processor.  Loaded at 8000 and entered there in real mode;
 * each part prints its letter to port e9 when it went well.  Port f4 ends the run.
 *
 * Expected: RXUMPGKNCTVLSYBD
 */
        .macro  say c
        pushw   %ax
        movb    $\c, %al
        outb    %al, $0xe9
        popw    %ax
        .endm

        .text
        .code16
        .globl  _start
_start:
        cli
        xorw    %ax, %ax
        movw    %ax, %ds
        movw    %ax, %es
        movw    %ax, %ss
        movw    $0x7c00, %sp

/* R: INT n through the vector table, flags and stack are restored */
        movw    $real_int, 0x60 * 4
        movw    $0, 0x60 * 4 + 2
        stc
        int     $0x60
        jnc     fail16
        cmpw    $0x7c00, %sp
        jne     fail16
        cmpw    $0x1234, %bx
        jne     fail16
        say     'R'

/* X: #DE is a fault: the handler sees the address of DIV */
        movw    $real_de, 0
        movw    $0, 2
        xorw    %cx, %cx
        movw    $5, %ax
        xorw    %dx, %dx
de_at:  divw    %cx
        cmpw    $1, %cx
        jne     fail16
        say     'X'

/* U: a limit loaded in protected mode stays in real mode */
        lgdtl   gdtr
        movl    %cr0, %eax
        orb     $1, %al
        movl    %eax, %cr0
        jmp     1f
1:      movw    $0x10, %bx
        movw    %bx, %ds
        andb    $0xfe, %al
        movl    %eax, %cr0
        jmp     1f
1:      movl    $0x200000, %esi
        movl    $0xcafebabe, (%esi)
        xorw    %bx, %bx
        movw    %bx, %ds
        cmpl    $0xcafebabe, (%esi)
        jne     fail16
        say     'U'

/* M: code that changes itself, in the block that runs and in one that has run */
        movw    $2, %cx
2:      movb    $0x90, patch
        movb    $0x40, patch + 1
        jmp     3f
3:      xorw    %ax, %ax
        movb    $0x40, patch
patch:  nop
        nop
        cmpw    $2, %ax
        jne     fail16
        movb    $0x90, patch + 1
        loop    2b
        say     'M'

/* P: protected mode */
        movl    %cr0, %eax
        orb     $1, %al
        movl    %eax, %cr0
        ljmpl   $0x08, $prot
fail16: say     '!'
        movb    $1, %al
        outb    %al, $0xf4
        hlt
real_int:
        movw    $0x1234, %bx
        clc
        iretw
real_de:
        pushw   %bp
        movw    %sp, %bp
        cmpw    $de_at, 2(%bp)
        popw    %bp
        jne     fail16
        movw    $1, %cx
        iretw

/* ------------------------------------------------------------------------------------ */
        .code32
        .macro  gate n, handler, type = 0x8e
        movl    $\handler, %eax
        movw    %ax, idt + \n * 8
        movw    $8, idt + \n * 8 + 2
        movb    $0, idt + \n * 8 + 4
        movb    $\type, idt + \n * 8 + 5
        shrl    $16, %eax
        movw    %ax, idt + \n * 8 + 6
        .endm

prot:   movw    $0x23, %ax              /* usable in ring 3 too */
        movw    %ax, %ds
        movw    %ax, %es
        movw    $0x10, %ax
        movw    %ax, %ss
        movl    $0x7c00, %esp
        gate    13, on_gp
        gate    14, on_pf
        gate    11, on_np
        gate    0x80, on_syscall, 0xee
        lidt    idtr
        movl    $0x6000, tss + 4
        movw    $0x10, tss + 8
        movw    $0x68, tss + 102        /* no I/O map */
        movw    $0x28, %ax
        ltr     %ax
        say     'P'

/* G: #GP with the selector as error code, restarted by the handler */
        movl    $0, expect
        movw    $0xfff8, %ax
        movl    $1f, resume
        movw    %ax, %fs
        jmp     fail32
1:      cmpl    $0xfff8, error
        jne     fail32
        movw    $0x38, %ax              /* not present */
        movl    $2f, resume
        movw    %ax, %fs
        jmp     fail32
2:      cmpl    $0x38, error
        jne     fail32
        say     'G'

/* K: paging; page faults with their codes and CR2 */
        movl    $0x100000, %edi         /* directory, then one table of 4 MiB */
        movl    $0x101007, (%edi)
        movl    $0x101000, %edi
        movl    $7, %eax
        movl    $1024, %ecx
1:      stosl
        addl    $0x1000, %eax
        loop    1b
        movl    $0, 0x101000 + 0x300 * 4        /* 300000: not present */
        andl    $~2, 0x101000 + 0x301 * 4       /* 301000: read-only */
        movl    $0x100000, %eax
        movl    %eax, %cr3
        movl    %cr0, %eax
        orl     $0x80010000, %eax       /* PG, WP */
        movl    %eax, %cr0
        jmp     1f
1:      movl    $2f, resume
        movl    0x300010, %eax
        jmp     fail32
2:      cmpl    $0, error
        jne     fail32
        movl    %cr2, %eax
        cmpl    $0x300010, %eax
        jne     fail32
        movl    $3f, resume
        movl    %eax, 0x301ffe + 1      /* also across the page end */
        jmp     fail32
3:      cmpl    $3, error
        jne     fail32
        say     'K'

/* N: to ring 3 by IRET, back by an interrupt gate; I/O is refused there */
        movl    $back_n, resume3
        pushl   $0x23
        pushl   $0x7000
        pushl   $0x002
        pushl   $0x1b
        pushl   $user
        iret
user:   movw    %cs, %ax
        andw    $3, %ax
        cmpw    $3, %ax
        jne     fail32
        movl    $4f, resume
        inb     $0x70, %al
        jmp     fail32
4:      cmpl    $0, error
        jne     fail32
        int     $0x80
back_n: movw    %cs, %ax
        cmpw    $8, %ax
        jne     fail32
        say     'N'

/* C: call gate from ring 3 with one parameter */
        movl    $callee, %eax
        movw    %ax, gdt_gate
        shrl    $16, %eax
        movw    %ax, gdt_gate + 6
        movl    $back_c, resume3
        pushl   $0x23
        pushl   $0x7000
        pushl   $0x002
        pushl   $0x1b
        pushl   $5f
        iret
5:      pushl   $0x55aa
        lcall   $0x43, $0
        cmpl    $0x7000, %esp
        jne     fail32
        int     $0x80
callee: cmpl    $0x55aa, 8(%esp)
        jne     fail32
        movw    %cs, %ax
        cmpw    $8, %ax
        jne     fail32
        lret    $4
back_c: say     'C'

/* T: task switch by CALL and back by IRET */
        movl    $task, tss2 + 32
        movl    $2, tss2 + 36
        movl    $0x6800, tss2 + 56
        movl    $0x10, tss2 + 72
        movl    $8, tss2 + 76
        movl    $0x10, tss2 + 80
        movl    $0x10, tss2 + 84
        movl    $0x100000, tss2 + 28
        movl    $0x100000, tss + 28
        movl    $0x600d, %ebx
        lcall   $0x30, $0
        cmpl    $0x600d, %ebx
        jne     fail32
        cmpl    $0x7a5c, expect
        jne     fail32
        str     %ax
        cmpw    $0x28, %ax
        jne     fail32
        clts
        say     'T'

/* V: virtual-8086 mode: INT goes to the monitor as #GP */
        movl    $back_v, resume3
        movw    $0xcd, 0x7800           /* int 20 */
        movb    $0x20, 0x7801
        movl    $1f, resume
        pushl   $0
        pushl   $0
        pushl   $0
        pushl   $0
        pushl   $0x700
        pushl   $0x100
        pushl   $0x20002                /* VM, IOPL 0 */
        pushl   $0x780
        pushl   $0
        movb    $1, in_vm86
        iret
1:      jmp     fail32
back_v: movb    $0, in_vm86
        movw    $0x23, %ax
        movw    %ax, %ds
        movw    %ax, %es
        say     'V'
        jmp     to_long

task:   movl    $0x7a5c, expect
        movl    $0xbad, %ebx
        pushfl
        popl    %eax
        testl   $0x4000, %eax           /* NT */
        jz      fail32
        iret
        jmp     fail32

fail32: say     '!'
        movb    $2, %al
        outb    %al, $0xf4
        hlt
on_np:
on_pf:
on_gp:  cmpb    $0, %cs:in_vm86
        jne     vm86_gp
        popl    error
        pushl   %eax
        movl    resume, %eax
        movl    %eax, 4(%esp)
        popl    %eax
        iret
vm86_gp:
        movw    $0x10, %ax
        movw    %ax, %ds
        cmpl    $0x780, 8(%esp)         /* CS of the 8086 program */
        jne     fail32
        testl   $0x20000, 12(%esp)
        jz      fail32
        movl    $0x7c00, %esp
        jmp     *resume3
on_syscall:
        movl    $0x7c00, %esp
        jmp     *resume3

/* ------------------------------------------------------------------------------------ */
/* L: long mode */
to_long:
        movl    %cr0, %eax
        andl    $0x7fffffff, %eax
        movl    %eax, %cr0
        movl    %cr4, %eax
        orl     $0x620, %eax            /* PAE, OSFXSR, OSXMMEXCPT */
        movl    %eax, %cr4
        movl    $0x103003, 0x102000
        movl    $0, 0x102004
        movl    $0x104003, 0x103000
        movl    $0, 0x103004
        movl    $0x000087, 0x104000     /* 2 MiB, user */
        movl    $0, 0x104004
        movl    $0x200087, 0x104008
        movl    $0, 0x10400c
        orl     $4, 0x102000
        orl     $4, 0x103000
        movl    $0x102000, %eax
        movl    %eax, %cr3
        movl    $0xc0000080, %ecx
        rdmsr
        orl     $0x101, %eax            /* LME, SCE */
        wrmsr
        movl    %cr0, %eax
        orl     $0x80000000, %eax
        movl    %eax, %cr0
        ljmpl   $0x48, $long64
        .code64
        .macro  gate64 n, handler, ist = 0
        movq    $\handler, %rax
        movw    %ax, idt + \n * 16
        movw    $0x48, idt + \n * 16 + 2
        movb    $\ist, idt + \n * 16 + 4
        movb    $0x8e, idt + \n * 16 + 5
        shrq    $16, %rax
        movw    %ax, idt + \n * 16 + 6
        movq    $0, idt + \n * 16 + 8
        .endm
        .macro  say64 c
        pushq   %rax
        movb    $\c, %al
        outb    %al, $0xe9
        popq    %rax
        .endm
long64: movl    $0x10, %eax
        movl    %eax, %ds
        movl    %eax, %ss
        movq    $0x7c00, %rsp
        movq    $0x123456789abcdef0, %rax
        movq    %rax, %r15
        shrq    $32, %r15
        cmpq    $0x12345678, %r15
        jne     fail64
        leaq    long64(%rip), %rax
        cmpq    $long64, %rax
        jne     fail64
        gate64  1, on_db64
        gate64  3, on_bp64, 1
        gate64  8, on_df64, 1
        gate64  14, on_pf64
        movq    $0, idt + 13 * 16       /* #GP cannot be delivered: double fault */
        movq    $0, idt + 13 * 16 + 8
        lidt    idtr
        movq    $0x6000, tss64 + 4
        movq    $0x5000, tss64 + 36     /* IST1 */
        movl    $tss64, %eax
        movw    %ax, gdt_tss64 + 2
        shrl    $16, %eax
        movb    %al, gdt_tss64 + 4
        movw    $0x60, %ax
        ltr     %ax
        say64   'L'

/* S: INT3 on an interrupt stack; the old RSP comes back unaligned */
        movq    $0x7bf8, %rsp
        int3
        cmpq    $0x7bf8, %rsp
        jne     fail64
        cmpq    $0x4fd8, %rbx
        jne     fail64
        movq    $0x7c00, %rsp
        say64   'S'

/* Y: SYSRET to ring 3, SYSCALL back */
        movl    $0xc0000081, %ecx
        xorl    %eax, %eax
        movl    $0x00500048, %edx       /* user base 50: CS 63, SS 5b; kernel 48, 50 */
        wrmsr
        incl    %ecx
        movl    $entry64, %eax
        xorl    %edx, %edx
        wrmsr
        movl    $0xc0000084, %ecx
        movl    $0x200, %eax
        wrmsr
        movq    $user64, %rcx
        movq    $0x202, %r11
        jmp     1f
user64: movl    %cs, %eax
        andl    $3, %eax
        cmpl    $3, %eax
        jne     fail64
        syscall
1:      jmp     skip_ring3              /* selectors 58.. are data in this table */
entry64:
        testq   $0x200, %r11
        jz      fail64
skip_ring3:
        pushq   $0
        popfq
        say64   'Y'

/* B: single step: one #DB after each instruction */
        xorl    %ebx, %ebx
        pushfq
        orl     $0x100, (%rsp)
        popfq
        nop
        nop
        nop
        pushfq
        andl    $~0x100, (%rsp)
        popfq
        cmpl    $6, %ebx
        jne     fail64
        movl    $dr_at, %eax            /* an execution breakpoint */
        movq    %rax, %dr0
        movl    $2, %eax
        movq    %rax, %dr7
        xorl    %ebx, %ebx
dr_at:  nop
        xorl    %eax, %eax
        movq    %rax, %dr7
        cmpl    $1, %ebx
        jne     fail64
        say64   'B'

/* D: #GP without a handler is a double fault */
        movq    $after_df, %rsi
        movq    $0x8000000000000000, %rax
        movb    (%rax), %al
        jmp     fail64
after_df:
        say64   'D'
        movb    $0, %al
        outb    %al, $0xf4
        hlt
fail64: say64   '!'
        movb    $3, %al
        outb    %al, $0xf4
        hlt
on_db64:
        incl    %ebx
        testl   $1, %ebx
        movq    %dr6, %rax
        testl   $1, %eax
        jz      1f
        orl     $0x10000, 16(%rsp)      /* RF: go on behind the breakpoint */
1:      xorl    %eax, %eax
        movq    %rax, %dr6
        iretq
on_bp64:
        movq    %rsp, %rbx
        iretq
on_df64:
        cmpq    $0, (%rsp)
        jne     fail64
        addq    $8, %rsp
        movq    %rsi, (%rsp)
        iretq
on_pf64:
        jmp     fail64

/* ------------------------------------------------------------------------------------ */
        .balign 16
gdt:    .quad   0
        .quad   0x00cf9b000000ffff      /* 08 code */
        .quad   0x00cf93000000ffff      /* 10 data */
        .quad   0x00cffb000000ffff      /* 18 user code */
        .quad   0x00cff3000000ffff      /* 20 user data */
        .word   0x67, tss, 0x8900, 0    /* 28 */
        .word   0x67, tss2, 0x8900, 0   /* 30 */
        .quad   0x00cf13000000ffff      /* 38 not present */
gdt_gate:
        .word   0, 8, 0xec01, 0         /* 40 call gate, DPL 3, one parameter */
        .quad   0x00af9b000000ffff      /* 48 64-bit code */
        .quad   0x00cf93000000ffff      /* 50 */
        .quad   0x00cff3000000ffff      /* 58 */
gdt_tss64:
        .word   0x67, 0, 0x8900, 0      /* 60 */
        .quad   0
gdt_end:
gdtr:   .word   gdt_end - gdt - 1
        .long   gdt
idtr:   .word   0xfff
        .quad   idt
        .balign 4
expect: .long   0
error:  .long   0
resume: .long   0
resume3:
        .long   0
in_vm86:
        .long   0
        .balign 16
tss:    .fill   104, 1, 0
tss2:   .fill   104, 1, 0
tss64:  .fill   104, 1, 0
        .balign 16
idt:    .fill   4096, 1, 0
