/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A BIOS for the pc that tries what an accelerator and the interrupt controllers must do
 * together; two CPUs. Each part prints its letter to port e9. The run passes the reset
 * vector three times: after power-up, after a reset by port cf9, and after a triple
 * fault; the count is kept in the clock's memory. Port 501 ends it.
 *
 *   W  stores to ROM change nothing
 *   P  PAM: the BIOS is copied to the RAM behind it; that is switched to read-only, off
 *      and on while we execute from it
 *   V  the VMware port: a device that answers in the CPU's registers
 *   T  20 interrupts of the 8254 through the 8259s, waited for with HLT
 *   A  protected mode: 10 more through the I/O APIC, edge-triggered
 *   L  10 of the clock through the I/O APIC, level-triggered: needs the end of interrupt
 *   2  the second CPU starts (INIT, SIPI)
 *   I  interprocessor interrupts, there and back, 10 times
 *   X  the local APIC's own timer
 *   N  an NMI by interprocessor interrupt wakes the second CPU
 *   R, F  before the reset; before the triple fault
 *
 * Expected: WPVTA L2IXNR, the same with F, then E (no blank).
 */
        .set    LAPIC, 0xfee00000
        .set    IOAPIC, 0xfec00000
        .set    COUNT, 0x500            /* interrupts seen; one source each: a stray one may come late */
        .set    AP_STATE, 0x504
        .set    AP_COUNT, 0x508
        .set    AP_NMI, 0x50c
        .set    CLOCK_COUNT, 0x518
        .set    IPI_COUNT, 0x51c
        .set    RESUME, 0x510
        .set    AP_RESUME, 0x514
        .set    IDT, 0x1000
        .set    AP_CODE, 0x7000

/* The end of a handler without IRET, which software back ends of KVM do not know in
 * protected mode; the flags are not needed, and interrupts stay off. */
        .macro  return where
        popl    \where
        addl    $8, %esp
        jmp     *\where
        .endm

        .macro  say c
        movb    $\c, %al
        outb    %al, $0xe9
        .endm

        .text
        .code16
        .globl  _start
_start:
start:
        cli
        cld
        xorw    %ax, %ax
        movw    %ax, %ds
        movw    %ax, %es
        movw    %ax, %ss
        movw    $0x7c00, %sp
        movb    $0x8f, %al
        outb    %al, $0x70
        inb     $0x71, %al              /* shutdown byte: not ours */
        movb    $0xe0, %al
        outb    %al, $0x70
        inb     $0x71, %al
        cmpb    $0x72, %al
        je      the_end

/* W */
        movw    $0xf000, %ax
        movw    %ax, %es
        movb    %es:(marker - start), %al
        movb    $0, %es:(marker - start)
        movb    $0xff, %es:(marker - start)
        cmpb    %al, %es:(marker - start)
        jne     fail
        cmpb    $0x5c, %al
        jne     fail
        say     'W'

/* P: register 59 of the host bridge, bits 5:4 for f0000-fffff: 1 reads, 2 writes RAM.
 * The copy is made by a routine in low memory: there is nothing to run behind the ROM. */
        movw    %es, %ax
        movw    %ax, %ds
        movw    $0x2000, %ax
        movw    %ax, %es
        xorw    %si, %si
        xorw    %di, %di
        movw    $0x4000, %cx
        rep movsl
        xorw    %ax, %ax
        movw    %ax, %es
        movw    $(shadow - start), %si
        movw    $0x600, %di
        movw    $(shadow_end - shadow), %cx
        rep movsb
        lcallw  $0, $0x600
        xorw    %ax, %ax
        movw    %ax, %ds
        movw    $0xf000, %ax
        movw    %ax, %es
        movb    $0x5d, %es:(marker - start)
        cmpb    $0x5d, %es:(marker - start)
        jne     fail
        movw    $20, %cx
1:      movb    $0x10, %bl              /* RAM, read-only */
        call    set_pam
        movb    $0x11, %es:(marker - start)
        cmpb    $0x5d, %es:(marker - start)
        jne     fail
        movb    $0x30, %bl
        call    set_pam
        movb    $0x5e, %es:(marker - start)
        cmpb    $0x5e, %es:(marker - start)
        jne     fail
        movb    $0, %bl                 /* ROM */
        call    set_pam
        cmpb    $0x5c, %es:(marker - start)
        jne     fail
        movb    $0x30, %bl
        call    set_pam
        movb    $0x5d, %es:(marker - start)
        loop    1b
        say     'P'

        movl    $0x564d5868, %eax
        movw    $10, %cx                /* the version: 6 */
        xorl    %ebx, %ebx
        movw    $0x5658, %dx
        inl     %dx, %eax
        cmpl    $6, %eax
        jne     fail
        cmpl    $0x564d5868, %ebx
        jne     fail
        say     'V'

        lgdtl   %cs:(gdtr - start)
        movl    %cr0, %eax
        orb     $1, %al
        movl    %eax, %cr0
        ljmpl   $8, $prot

fail:   say     '!'
        movb    $1, %al
        movw    $0x501, %dx
        outb    %al, %dx
3:      hlt
        jmp     3b
the_end:
        movb    $0xe0, %al
        outb    %al, $0x70
        xorb    %al, %al
        outb    %al, $0x71
        say     'E'
        movw    $0x501, %dx
        movb    $0x10, %al
        outb    %al, %dx
        jmp     3b

/* BL to register 59. */
set_pam:
        movl    $0x80000058, %eax
        movw    $0xcf8, %dx
        outl    %eax, %dx
        movw    $0xcfd, %dx
        movb    %bl, %al
        outb    %al, %dx
        ret

/* Runs at 600: RAM for reads and writes, filled from 20000. */
shadow: movl    $0x80000058, %eax
        movw    $0xcf8, %dx
        outl    %eax, %dx
        movw    $0xcfd, %dx
        movb    $0x30, %al
        outb    %al, %dx
        movw    $0x2000, %ax
        movw    %ax, %ds
        movw    $0xf000, %ax
        movw    %ax, %es
        xorw    %si, %si
        xorw    %di, %di
        movw    $0x4000, %cx
        rep movsl
        lretw
shadow_end:

/* ------------------------------------------------------------------------------------ */
        .code32
        .macro  gate n, handler
        movl    $\handler, %eax
        movw    %ax, IDT + \n * 8
        movw    $8, IDT + \n * 8 + 2
        movw    $0x8e00, IDT + \n * 8 + 4
        shrl    $16, %eax
        movw    %ax, IDT + \n * 8 + 6
        .endm
        .macro  ioapic reg, value
        movl    $\reg, IOAPIC
        movl    $\value, IOAPIC + 0x10
        .endm
        .macro  wait_for what, value
9:      sti
        hlt
        cli
        cmpl    $\value, \what
        jb      9b
        .endm

prot:   movw    $0x10, %ax
        movw    %ax, %ds
        movw    %ax, %es
        movw    %ax, %ss
        movl    $0x7c00, %esp
        movl    $IDT, %edi
        xorl    %eax, %eax
        movl    $512, %ecx
        rep stosl
        gate    2, on_nmi
        gate    0x40, on_edge
        gate    0x50, on_clock
        gate    0x60, on_ipi
        gate    0x61, on_answer
        lidt    idtr

/* T: virtual wire: LINT0 is ExtINT */
        movl    $0x1ff, LAPIC + 0xf0
        movl    $0, LAPIC + 0x80
        movl    $0x700, LAPIC + 0x350
        gate    0x20, on_tick
        movb    $0x11, %al
        outb    %al, $0x20
        outb    %al, $0xa0
        movb    $0x20, %al
        outb    %al, $0x21
        movb    $0x28, %al
        outb    %al, $0xa1
        movb    $4, %al
        outb    %al, $0x21
        movb    $2, %al
        outb    %al, $0xa1
        movb    $1, %al
        outb    %al, $0x21
        outb    %al, $0xa1
        movl    $0, COUNT
        movb    $0xfe, %al              /* only the timer */
        outb    %al, $0x21
        movb    $0x34, %al              /* counter 0, mode 2 */
        outb    %al, $0x43
        movb    $0xa9, %al              /* 1000 Hz */
        outb    %al, $0x40
        movb    $0x04, %al
        outb    %al, $0x40
        wait_for COUNT, 20
        movb    $0xff, %al
        outb    %al, $0x21
        outb    %al, $0xa1
        movl    $0x10700, LAPIC + 0x350
        say     'T'

/* A: the timer arrives at pin 2 */
        movl    $0, COUNT
        ioapic  0x15, 0
        ioapic  0x14, 0x40
        wait_for COUNT, 10
        ioapic  0x14, 0x10040
        say     'A'

/* L: periodic interrupts of the clock, 1024 Hz, pin 8; the line is up until register C
 * is read */
        movl    $0, CLOCK_COUNT
        ioapic  0x21, 0
        ioapic  0x20, 0x8050
        movb    $0x0b, %al
        outb    %al, $0x70
        inb     $0x71, %al
        movb    %al, %ah
        orb     $0x40, %ah
        movb    $0x0b, %al
        outb    %al, $0x70
        movb    %ah, %al
        outb    %al, $0x71
        movb    $0x0c, %al
        outb    %al, $0x70
        inb     $0x71, %al
        wait_for CLOCK_COUNT, 10
        movb    $0x0b, %al
        outb    %al, $0x70
        inb     $0x71, %al
        andb    $0xbf, %al
        movb    %al, %ah
        movb    $0x0b, %al
        outb    %al, $0x70
        movb    %ah, %al
        outb    %al, $0x71
        movb    $0x0c, %al
        outb    %al, $0x70
        inb     $0x71, %al
        ioapic  0x20, 0x10050
        say     'L'

/* 2: everybody else gets INIT, then SIPI with vector 07 */
        movl    $0, AP_STATE
        movl    $0, AP_COUNT
        movl    $0, AP_NMI
        movl    $ap_start, %esi
        movl    $AP_CODE, %edi
        movl    $ap_end - ap_start, %ecx
        rep movsb
        movl    $0xc4500, LAPIC + 0x300
        movl    $0x10000, %ecx
1:      pause
        loop    1b
        movl    $0xc4607, LAPIC + 0x300
2:      pause
        cmpl    $1, AP_STATE
        jne     2b
        say     '2'

/* I */
        movl    $0, IPI_COUNT
        xorl    %ebx, %ebx
3:      incl    %ebx
        movl    $0x01000000, LAPIC + 0x310
        movl    $0x4060, LAPIC + 0x300  /* to APIC id 1; it answers with 61 to 0 */
4:      sti
        hlt
        cli
        cmpl    %ebx, IPI_COUNT
        jb      4b
        cmpl    $10, %ebx
        jb      3b
        cmpl    $10, AP_COUNT
        jne     fail32
        say     'I'

/* X: one-shot */
        movl    $0, COUNT
        movl    $0x40, LAPIC + 0x320
        movl    $0xb, LAPIC + 0x3e0
        movl    $1000000, LAPIC + 0x380
        wait_for COUNT, 1
        movl    $0x10040, LAPIC + 0x320
        say     'X'

/* N */
        movl    $0x01000000, LAPIC + 0x310
        movl    $0x4400, LAPIC + 0x300
5:      pause
        cmpl    $1, AP_NMI
        jb      5b
        say     'N'

/* the next pass */
        movb    $0xe0, %al
        outb    %al, $0x70
        inb     $0x71, %al
        cmpb    $0x71, %al
        je      6f
        movb    $0xe0, %al
        outb    %al, $0x70
        movb    $0x71, %al
        outb    %al, $0x71
        say     'R'
        movw    $0xcf9, %dx
        movb    $2, %al
        outb    %al, %dx
        movb    $6, %al
        outb    %al, %dx
7:      hlt
        jmp     7b
6:      movb    $0xe0, %al
        outb    %al, $0x70
        movb    $0x72, %al
        outb    %al, $0x71
        say     'F'
        lidt    no_idt
        ud2
fail32: say     '!'
        movb    $1, %al
        movw    $0x501, %dx
        outb    %al, %dx
        jmp     7b

on_tick:
        pushl   %eax
        incl    COUNT
        movb    $0x20, %al
        outb    %al, $0x20
        popl    %eax
        return  RESUME
on_edge:
        incl    COUNT
        movl    $0, LAPIC + 0xb0
        return  RESUME
on_answer:
        incl    IPI_COUNT
        movl    $0, LAPIC + 0xb0
        return  RESUME
on_clock:
        pushl   %eax
        incl    CLOCK_COUNT
        movb    $0x0c, %al
        outb    %al, $0x70
        inb     $0x71, %al
        movl    $0, LAPIC + 0xb0
        popl    %eax
        return  RESUME
on_ipi: incl    AP_COUNT
        movl    $0, LAPIC + 0xb0
        movl    $0, LAPIC + 0x310
        movl    $0x4061, LAPIC + 0x300
        return  AP_RESUME
on_nmi: incl    AP_NMI
        return  AP_RESUME

/* The second CPU, in real mode at 7000. */
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
        movl    $0x6c00, %esp
        lidt    idtr
        movl    $0x1ff, LAPIC + 0xf0
        movl    $0, LAPIC + 0x80
        movl    $1, AP_STATE
1:      sti
        hlt
        jmp     1b

        .balign 8
gdt:    .quad   0
        .quad   0x00cf9b000000ffff
        .quad   0x00cf93000000ffff
gdtr:   .word   gdtr - gdt - 1
        .long   gdt
idtr:   .word   0x7ff
        .long   IDT
no_idt: .word   0
        .long   0
marker: .byte   0x5c

        .code16
        .org    0xfff0
        ljmpw   $0xf000, $0
        .org    0xffff
        .byte   0
