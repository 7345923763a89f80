/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Small programs for test-kvm-exits.c, one for each way a guest leaves KVM_RUN. Loaded
 * at 8000 and entered there in real mode with the number of the program in AX. Each ends
 * with a byte to port f4: 0 is good.
 *
 * Memory: RAM from 0; registers at 10000000, a read-only page at 10010000, a ROM device
 * at 10020000, a coalesced range at 10030000, an eventfd at 10040000 (any value) and at
 * 10040008 (value 5), and at 10050000 a device that meddles with the CPU's registers.
 * Ports: 300 (registers), 310 (eventfd), 320 (the meddler), f4.
 */
        .set    MMIO, 0x10000000
        .set    ROM, 0x10010000
        .set    ROMD, 0x10020000
        .set    COALESCED, 0x10030000
        .set    EVENTFD, 0x10040000
        .set    MEDDLER, 0x10050000

        .text
        .code16
        .globl  _start
_start:
        cli
        xorw    %bx, %bx
        movw    %bx, %ds
        movw    %bx, %es
        movw    %bx, %ss
        movw    $0x7c00, %sp
        addw    %ax, %ax
        movw    %ax, %bx
        jmpw    *table(%bx)
table:  .word   ports, string_ports, mmio, rom, rom_device, dirty, coalesced, eventfd
        .word   long_mode, endless, triple, no_code, crossing, vectors, halt, protected
        .word   store_loop, meddled, in_loop, level

good:   xorw    %ax, %ax
        outb    %al, $0xf4
1:      hlt
        jmp     1b
bad:    movb    $1, %al
        outb    %al, $0xf4
        jmp     1b

        .macro  to32 label
        lgdtl   gdtr
        movl    %cr0, %eax
        orb     $1, %al
        movl    %eax, %cr0
        ljmpl   $8, $\label
        .endm
        .macro  flat32
        movw    $0x10, %ax
        movw    %ax, %ds
        movw    %ax, %es
        movw    %ax, %ss
        movl    $0x7c00, %esp
        .endm
        .macro  check cond
        j\cond  1f
        jmp     bad32
1:
        .endm

/* Ports of each width. */
ports:  movw    $0x300, %dx
        movb    $0x12, %al
        outb    %al, %dx
        movw    $0x3456, %ax
        outw    %ax, %dx
        movl    $0x789abcde, %eax
        outl    %eax, %dx
        inb     %dx, %al
        cmpb    $0x21, %al
        jne     bad
        inw     %dx, %ax
        cmpw    $0x4321, %ax
        jne     bad
        inl     %dx, %eax
        cmpl    $0x87654321, %eax
        jne     bad
        jmp     good

/* String instructions, forwards and backwards. */
string_ports:
        movw    $0x300, %dx
        movw    $text, %si
        movw    $10, %cx
        rep outsb
        movw    $0x6000, %di
        movw    $4, %cx
        rep insl
        cmpl    $0x87654321, 0x600c
        jne     bad
        cmpw    $0x6010, %di
        jne     bad
        std
        movw    $text + 4, %si
        movw    $3, %cx
        rep outsw
        cld
        cmpw    $text - 2, %si
        jne     bad
        jmp     good
text:   .ascii  "0123456789"

        .code32
good32: xorl    %eax, %eax
        outb    %al, $0xf4
1:      hlt
        jmp     1b
bad32:  movb    $1, %al
        outb    %al, $0xf4
        jmp     1b

        .code16
protected:
        to32    1f
        .code32
1:      flat32
        movw    $0x300, %dx
        movb    $0x32, %al
        outb    %al, %dx
        jmp     good32

/* Registers of each width; a read-modify-write is two exits. */
        .code16
mmio:   to32    1f
        .code32
1:      flat32
        movb    $0x11, MMIO
        movw    $0x2222, MMIO + 2
        movl    $0x33333333, MMIO + 4
        movb    MMIO + 0x10, %al
        cmpb    $0x21, %al
        check   e
        movzwl  MMIO + 0x10, %eax
        cmpl    $0x4321, %eax
        check   e
        cmpl    $0x87654321, MMIO + 0x10
        check   e
        orl     $0xf, MMIO + 0x20
        movl    $MMIO + 0x40, %edi
        movl    $5, %ecx
        movl    $0x55aa55aa, %eax
        rep stosl
        cmpl    $MMIO + 0x54, %edi
        check   e
        jmp     good32

/* A store to read-only memory changes nothing and execution goes on. */
        .code16
rom:    to32    1f
        .code32
1:      flat32
        movl    ROM + 8, %ebx
        cmpl    $0xfeedf00d, %ebx
        check   e
        movl    $0, ROM + 8
        cmpl    $0xfeedf00d, ROM + 8
        check   e
        jmp     good32

/* Reads come from memory, writes go to the device; then the other way round. */
        .code16
rom_device:
        to32    1f
        .code32
1:      flat32
        cmpl    $0x600df1a5, ROMD
        check   e
        movb    $0x90, ROMD + 0x55      /* the device leaves its read mode */
        cmpl    $0x87654321, ROMD
        check   e
        movb    $0xff, ROMD + 0x55      /* and takes it up again */
        cmpl    $0x600df1a5, ROMD
        check   e
        jmp     good32

/* Pages 200, 203 and 2ff are written. */
        .code16
dirty:  to32    1f
        .code32
1:      flat32
        movl    $1, 0x200000
        movl    $1, 0x203ffc
        incl    0x2ff800
        jmp     good32

/* ECX writes, numbered. */
        .code16
coalesced:
        to32    1f
        .code32
1:      flat32
        movl    0x5000, %ecx
        xorl    %eax, %eax
2:      movl    %eax, COALESCED + 4
        incl    %eax
        loop    2b
        jmp     good32

/* Three times any value, then 5 and 6 where only 5 counts, then a port for 7 and one for
 * any value. */
        .code16
eventfd:
        to32    1f
        .code32
1:      flat32
        movl    $1, EVENTFD
        movl    $2, EVENTFD
        movl    $3, EVENTFD
        movl    $5, EVENTFD + 8
        movl    $6, EVENTFD + 8
        movw    $0x310, %dx
        movw    $7, %ax
        outw    %ax, %dx
        outw    %ax, %dx
        movw    $0x314, %dx
        movw    $1, %ax
        outw    %ax, %dx
        movw    $2, %ax
        outw    %ax, %dx
        jmp     good32

/* Eight bytes at once, and a register above 4 GiB. */
        .code16
long_mode:
        to32    1f
        .code32
1:      flat32
        movl    $0x30000, %edi          /* tables: 1 GiB pages are not for all */
        xorl    %eax, %eax
        movl    $0x1800, %ecx
        rep stosl
        movl    $0x31003, 0x30000
        movl    $0x32003, 0x31000
        movl    $0x33003, 0x31020       /* 4 GiB */
        movl    $0x32000, %edi
        movl    $0x83, %eax
2:      movl    %eax, (%edi)
        addl    $8, %edi
        addl    $0x200000, %eax
        cmpl    $0x33000, %edi
        jne     2b
        movl    $0x83, 0x33000
        movl    $1, 0x33004
        movl    %cr4, %eax
        orl     $0x20, %eax
        movl    %eax, %cr4
        movl    $0x30000, %eax
        movl    %eax, %cr3
        movl    $0xc0000080, %ecx
        rdmsr
        orl     $0x100, %eax
        wrmsr
        movl    %cr0, %eax
        orl     $0x80000000, %eax
        movl    %eax, %cr0
        ljmpl   $0x18, $3f
        .code64
3:      movabsq $0x1122334455667788, %rax
        movl    $MMIO, %ebx
        movq    %rax, (%rbx)
        movq    0x10(%rbx), %rcx
        movabsq $0x8765432187654321, %rdx
        cmpq    %rdx, %rcx
        jne     4f
        movabsq $0x100000010, %rbx
        movl    $0x64646464, (%rbx)
        movl    (%rbx), %eax
        cmpl    $0x64646464, %eax
        jne     4f
        xorl    %eax, %eax
        outb    %al, $0xf4
5:      hlt
        jmp     5b
4:      movb    $1, %al
        outb    %al, $0xf4
        jmp     5b

/* Counts at 5000 until 5004 is not zero, touching memory all over. */
        .code16
endless:
        to32    1f
        .code32
1:      flat32
        xorl    %esi, %esi
2:      incl    0x5000
        movl    %esi, %edi
        andl    $0xff000, %edi
        movl    0x400000(%edi), %eax
        cmpl    $0x5a5a5a5a, %eax
        check   e
        addl    $0x1000, %esi
        cmpl    $0, 0x5004
        je      2b
        jmp     good32

/* An exception without a handler, without a handler for that. */
        .code16
triple: to32    1f
        .code32
1:      flat32
        lidt    no_idt
        ud2
        jmp     bad32

/* Nothing answers at this address: no instruction can be fetched. */
        .code16
no_code:
        to32    1f
        .code32
1:      flat32
        movl    $0x20000000, %eax
        jmp     *%eax

/* Across the end of RAM into registers, and across two registers. */
        .code16
crossing:
        to32    1f
        .code32
1:      flat32
        movl    $0xa1b2c3d4, MMIO - 2
        movl    MMIO + 0x0e, %eax
        jmp     good32

/* In each access of this device EBX becomes EAX of before, and ESI grows by one. What the
 * instruction itself sets must come besides: result, RIP, and what a string instruction
 * counts. EBP and the memory behind it are not touched. */
        .code16
meddled:
        to32    1f
        .code32
1:      flat32
        movl    $0xdeadbeef, %ebp
        xorl    %esi, %esi
        movw    $0x320, %dx
        movl    $0x564d5868, %eax
        inl     %dx, %eax
        cmpl    $0x87654321, %eax
        check   e
        cmpl    $0x564d5868, %ebx
        check   e
        cmpl    $1, %esi
        check   e
        movl    $0xaabbccdd, %eax
        inb     %dx, %al
        cmpl    $0xaabbcc21, %eax
        check   e
        cmpl    $0xaabbccdd, %ebx
        check   e
        movl    $0xaabbccdd, %eax
        inw     %dx, %ax
        cmpl    $0xaabb4321, %eax
        check   e
        outl    %eax, %dx
        cmpl    $4, %esi
        check   e
        cmpl    $0xaabb4321, %ebx
        check   e
        movl    MEDDLER + 0x10, %eax
        cmpl    $0x87654321, %eax
        check   e
        movl    $0x11, MEDDLER + 4
        cmpl    $6, %esi
        check   e
        movl    $0x1234, %eax
        movl    $0, 0x6010
        movl    $0x6000, %edi
        movl    $4, %ecx
        rep insl
        cmpl    $0x6010, %edi
        check   e
        cmpl    $0x87654321, 0x600c
        check   e
        cmpl    $0, 0x6010
        check   e
        cmpl    $0x1234, %eax
        check   e
        cmpl    $0, %ecx
        check   e
        cmpl    $10, %esi
        check   e
        cmpl    $0xdeadbeef, %ebp
        check   e
        jmp     good32

/* 200 times IN, with a count in ECX: the host stops the CPU in the middle. */
        .code16
in_loop:
        to32    1f
        .code32
1:      flat32
        movw    $0x320, %dx
        movl    $200, %ecx
2:      xorl    %eax, %eax
        inl     %dx, %eax
        cmpl    $0x87654321, %eax
        check   e
        movl    $0, MEDDLER + 8
        loop    2b
        jmp     good32

/* Takes interrupt 55 three times and ends each at the local APIC. */
        .set    LAPIC, 0xfee00000
        .code16
level:  to32    1f
        .code32
1:      flat32
        movl    $on_level, %eax
        movw    %ax, 0x6000 + 0x55 * 8
        movl    $8, 0x6002 + 0x55 * 8
        movw    $0x8e00, 0x6004 + 0x55 * 8
        movw    $0, 0x6006 + 0x55 * 8
        lidt    idtr
        movl    $0x1ff, LAPIC + 0xf0
        movl    $0, LAPIC + 0x80
        movl    $1, 0x5000
2:      sti
        nop
        nop
        cli
        cmpl    $3, 0x5008
        jb      2b
        jmp     good32
on_level:
        incl    0x5008
        movl    $0, LAPIC + 0xb0
        popl    0x500c                  /* IRET is not for all */
        addl    $8, %esp
        jmp     *0x500c

/* As many stores to a register as 5000 says, for the benchmark. */
        .code16
store_loop:
        to32    1f
        .code32
1:      flat32
        movl    0x5000, %ecx
2:      movl    %eax, MMIO + 0x80
        loop    2b
        jmp     good32

/* What the host put into the vector registers goes to memory. */
        .code16
vectors:
        to32    1f
        .code32
1:      flat32
        movl    %cr4, %eax
        orl     $0x200, %eax
        movl    %eax, %cr4
        movups  %xmm3, 0x6000
        movl    $0x6020, %eax
        movups  (%eax), %xmm5
        jmp     good32

/* HLT with interrupts off: only an NMI or a reset wakes it. */
        .code16
halt:   xorw    %ax, %ax
        movw    %ax, %ds
        movw    $on_nmi, 8
        movw    $0, 10
        movb    $1, 0x5000
        hlt
        cmpb    $2, 0x5000
        jne     bad
        jmp     good
on_nmi: movb    $2, 0x5000
        iretw

        .balign 8
gdt:    .quad   0
        .quad   0x00cf9b000000ffff
        .quad   0x00cf93000000ffff
        .quad   0x00af9b000000ffff
gdtr:   .word   gdtr - gdt - 1
        .long   gdt
idtr:   .word   0x7ff
        .long   0x6000
no_idt: .word   0
        .long   0
