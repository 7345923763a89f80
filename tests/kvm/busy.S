/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A BIOS for the pc that never ends, for what a host does to a running machine: stop,
 * cont, reset, NMI, CPUs that come and go, the end. The first CPU makes exits of each
 * kind in a loop and checks what they bring; it starts each CPU that is there or comes,
 * ejects each that is asked for, and sends interrupts to all, which count them.
 *
 * Told in memory: 500 rounds, 504 boots (memory survives a reset), 508 NMIs, 50c
 * mistakes; 520 + 4 * n starts and 540 + 4 * n interrupts of CPU n.
 */
        .set    LAPIC, 0xfee00000
        .set    HPET, 0xfed00000
        .set    ROUNDS, 0x500
        .set    BOOTS, 0x504
        .set    NMIS, 0x508
        .set    MISTAKES, 0x50c
        .set    STARTS, 0x520
        .set    IPIS, 0x540
        .set    RESUMES, 0x560          /* + 4 * n: where an interrupted CPU goes on */
        .set    MAGIC, 0x580
        .set    IDT, 0x1000
        .set    AP_CODE, 0x7000
        .set    CPUS, 8
        .set    CPUHP, 0xaf00

        .text
        .code16
        .globl  _start
_start:
start:  cli
        cld
        lgdtl   %cs:(gdtr - start)
        movl    %cr0, %eax
        orb     $1, %al
        movl    %eax, %cr0
        ljmpl   $8, $prot

        .code32
prot:   movw    $0x10, %ax
        movw    %ax, %ds
        movw    %ax, %es
        movw    %ax, %ss
        movl    $0x7c00, %esp
        cmpl    $0x62757379, MAGIC
        je      1f
        movl    $0x500, %edi
        xorl    %eax, %eax
        movl    $0x20, %ecx
        rep stosl
        movl    $0x62757379, MAGIC
1:      incl    BOOTS
        movl    $IDT, %edi
        xorl    %eax, %eax
        movl    $512, %ecx
        rep stosl
        movl    $STARTS, %edi           /* the others are off again */
        movl    $CPUS, %ecx
        rep stosl
        movl    $on_nmi, %eax
        movl    $2, %ebx
        call    set_gate
        movl    $on_ipi, %eax
        movl    $0x60, %ebx
        call    set_gate
        lidt    idtr
        movl    $0x1ff, LAPIC + 0xf0
        movl    $0x10700, LAPIC + 0x350
        movl    $0x400, LAPIC + 0x360   /* LINT1 is the NMI */
        movl    $ap_start, %esi
        movl    $AP_CODE, %edi
        movl    $ap_end - ap_start, %ecx
        rep movsb
        xorl    %eax, %eax
        movw    $CPUHP, %dx
        outl    %eax, %dx               /* the registers, not the bitmap */

round:  incl    ROUNDS
        movl    ROUNDS, %eax            /* a register that keeps what is written */
        shll    $2, %eax
        andl    $0xfffc, %eax
        orl     $0x80000000, %eax
        movl    %eax, %ebx
        movw    $0xcf8, %dx
        outl    %eax, %dx
        xorl    %eax, %eax
        inl     %dx, %eax
        cmpl    %eax, %ebx
        je      1f
        incl    MISTAKES
1:      movl    HPET, %eax              /* a register in memory */
        movl    %eax, %ebx
        movl    HPET, %eax
        cmpl    %eax, %ebx
        je      1f
        incl    MISTAKES
1:      movl    $ports, %esi
        movl    $4, %ecx
        movw    $0x80, %dx
        rep outsb
        testl   %ecx, %ecx
        jz      1f
        incl    MISTAKES
1:      movl    $1, %edi                /* the others */
2:      call    look_after
        incl    %edi
        cmpl    $CPUS, %edi
        jb      2b
        jmp     round

/* CPU EDI: started, ejected, or sent an interrupt. */
look_after:
        movl    %edi, %eax
        movw    $CPUHP, %dx
        outl    %eax, %dx
        movw    $CPUHP + 4, %dx
        inb     %dx, %al
        testb   $4, %al                 /* it is to go */
        jz      1f
        movl    $0, STARTS(, %edi, 4)
        movb    $4, %al
        outb    %al, %dx
        movb    $8, %al
        outb    %al, %dx
        ret
1:      testb   $2, %al
        jz      1f
        movb    $2, %al
        outb    %al, %dx
        movl    $0, STARTS(, %edi, 4)
        ret
1:      testb   $1, %al
        jz      9f
        movl    %edi, %eax
        shll    $24, %eax
        cmpl    $0, STARTS(, %edi, 4)
        jne     1f
        movl    $1, STARTS(, %edi, 4)
        movl    %eax, LAPIC + 0x310
        movl    $0x4500, LAPIC + 0x300
        movl    $0x2000, %ecx
2:      pause
        loop    2b
        movl    %eax, LAPIC + 0x310
        movl    $0x4607, LAPIC + 0x300
        ret
1:      cmpl    $2, STARTS(, %edi, 4)
        jb      9f
        movl    %eax, LAPIC + 0x310
        movl    $0x4060, LAPIC + 0x300
9:      ret

/* Gate EBX to EAX. */
set_gate:
        movw    %ax, IDT(, %ebx, 8)
        movw    $8, IDT + 2(, %ebx, 8)
        movw    $0x8e00, IDT + 4(, %ebx, 8)
        shrl    $16, %eax
        movw    %ax, IDT + 6(, %ebx, 8)
        ret

/* Without IRET, which software back ends of KVM do not know in protected mode. EBX is the
 * number of the CPU, of those that take interrupts. */
on_ipi: incl    IPIS(, %ebx, 4)
        movl    $0, LAPIC + 0xb0
        popl    RESUMES(, %ebx, 4)
        addl    $8, %esp
        jmp     *RESUMES(, %ebx, 4)
on_nmi: incl    NMIS
        popl    RESUMES
        addl    $4, %esp
        popfl
        jmp     *RESUMES

        .code16
ap_start:
        cli
        xorw    %ax, %ax
        movw    %ax, %ds
        lgdtl   ap_gdtr - ap_start + AP_CODE
        movl    %cr0, %eax
        orb     $1, %al
        movl    %eax, %cr0
        ljmpl   $8, $ap_prot
        .balign 4
ap_gdtr:
        .word   gdtr - gdt - 1
        .long   gdt
ap_end:

        .code32
ap_prot:
        movw    $0x10, %ax
        movw    %ax, %ds
        movw    %ax, %ss
        movl    LAPIC + 0x20, %ebx
        shrl    $24, %ebx
        movl    %ebx, %esp
        shll    $8, %esp
        addl    $0x6000, %esp
        lidt    idtr
        movl    $0x1ff, LAPIC + 0xf0
        movl    $0, LAPIC + 0x80
        movl    $2, STARTS(, %ebx, 4)
1:      sti
        hlt
        jmp     1b

ports:  .ascii  "busy"
        .balign 8
gdt:    .quad   0
        .quad   0x00cf9b000000ffff
        .quad   0x00cf93000000ffff
gdtr:   .word   gdtr - gdt - 1
        .long   gdt
idtr:   .word   0x7ff
        .long   IDT

        .code16
        .org    0xfff0
        ljmpw   $0xf000, $0
        .org    0xffff
        .byte   0
