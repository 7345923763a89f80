/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A ROM of 64 KiB for test-monitor.py, which fills in the area at "settings" and the
 * page tables: counts in a loop in real mode, goes to the mode that it is told, and
 * halts there.
 */
        .code16
        .text
        .org 0
start:
        cli
        mov $0x1000, %ax
        mov %ax, %es
        mov $0xf400, %ax
        mov %ax, %ds
        xor %si, %si
        xor %di, %di
        mov $0x8000, %cx
        cld
        rep movsb                       /* the page tables to 0x10000 */
        mov $0xf000, %ax
        mov %ax, %ds
        mov $300, %cx
        xor %edx, %edx
count:
        inc %edx
        loop count
        call routine
        testb $1, settings+16           /* stay in real mode? */
        jz halt16
        lgdtl gdtr
        mov settings, %eax
        mov %eax, %cr4
        mov %cr0, %eax
        or $1, %al
        mov %eax, %cr0
        ljmpl $8, $(0xf0000 + wide)
halt16:
        hlt
        jmp halt16
routine:
        ret

        .code32
wide:
        mov $16, %eax
        mov %eax, %ds
        mov %eax, %es
        mov %eax, %ss
        mov $0x9000, %esp
        mov 0xf0000 + settings + 4, %eax
        mov %eax, %cr3
        mov 0xf0000 + settings + 8, %eax
        test %eax, %eax
        jz 1f
        xor %edx, %edx
        mov $0xc0000080, %ecx           /* EFER */
        wrmsr
1:      mov %cr0, %eax
        or 0xf0000 + settings + 12, %eax
        mov %eax, %cr0
        testb $2, 0xf0000 + settings + 16
        jz halt32
        ljmpl $24, $(0xf0000 + halt64)
halt32:
        hlt
        jmp halt32
        .code64
halt64:
        hlt
        jmp halt64

        .balign 8
gdt:    .quad 0
        .quad 0x00cf9b000000ffff        /* 32-bit code */
        .quad 0x00cf93000000ffff        /* data */
        .quad 0x00af9b000000ffff        /* 64-bit code */
gdtr:   .word 31
        .long 0xf0000 + gdt

        .org 0x200
settings:                               /* CR4, CR3, EFER, bits of CR0, how far */
        .long 0, 0, 0, 0, 0

        .org 0xfff0
        .code16
        ljmp $0xf000, $start
        .org 0x10000
