/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Slow paths of guest memory access: segment checks, page crossings, MMIO, pages whose
 * stores are watched (decoded code, dirty bitmaps), locked operations.
 *
 * Order for a store to RAM: store, mark dirty, report to the decoded code.  A store
 * that hits decoded code ends the block that is running, since it may be that block's.
 */
#include "accel/target/i386/mem.h"
#include "accel/target/i386/access.h"
#include "accel/target/i386/lockstep.h"
#include "accel/target/i386/mmu.h"
#include "accel/tcg/code-pages.h"
#include "accel/tcg/phys.h"

#include <pthread.h>
#include <string.h>

#define PAGE_MASK (~(uint64_t)(SOFT_TLB_PAGE - 1))

/* Read-modify-write of MMIO. */
static pthread_mutex_t split_lock = PTHREAD_MUTEX_INITIALIZER;

/* --- segments ----------------------------------------------------------------------
 */

static _Noreturn void seg_fault(X86State *cpu, unsigned seg)
{
    x86_raise_err(cpu, seg == X86_SS ? X86_EXC_SS : X86_EXC_GP, 0);
}

static void check_limit(X86State *cpu, unsigned seg, uint64_t ea, unsigned len,
                        SoftTlbAccess access)
{
    const X86Segment *s = &cpu->seg[seg];
    uint64_t last = ea + len - 1;

    if (x86_is_protected(cpu)) {
        bool code = s->attr & X86_SEG_CODE;

        if (!(s->attr & X86_SEG_P)) {
            seg_fault(cpu, seg);
        }
        if (access == SOFT_TLB_WRITE ? code || !(s->attr & X86_SEG_RW)
                                     : code && !(s->attr & X86_SEG_RW)) {
            x86_raise_gp(cpu, 0);
        }
    }
    if ((s->attr & (X86_SEG_CODE | X86_SEG_EC)) == X86_SEG_EC) {
        uint32_t top = s->attr & X86_SEG_DB ? 0xffffffffu : 0xffffu;

        if (ea <= s->limit || last > top) {
            seg_fault(cpu, seg);
        }
    } else if (last > s->limit) {
        seg_fault(cpu, seg);
    }
}

/* The linear address of [ea, ea + len) after all checks of segmentation. */
static uint64_t seg_linear(X86State *cpu, unsigned seg, uint64_t ea, unsigned len,
                           SoftTlbAccess access)
{
    uint64_t lin = cpu->seg_fast[seg].base + ea;

    if (x86_is64(cpu)) {
        if (!x86_is_canonical(cpu, lin) || !x86_is_canonical(cpu, lin + len - 1)) {
            seg_fault(cpu, seg);
        }
    } else {
        check_limit(cpu, seg, ea, len, access);
        lin = (uint32_t)lin;
    }
    return lin;
}

static void check_ac(X86State *cpu, uint64_t lin, unsigned size)
{
    if (cpu->mode & X86_MODE_AC && lin & (size - 1)) {
        x86_raise_err(cpu, X86_EXC_AC, 0);
    }
}

void x86_check_align(X86State *cpu, unsigned seg, uint64_t ea, unsigned align)
{
    uint64_t lin = seg_linear(cpu, seg, ea, align + 1, SOFT_TLB_READ);

    if (lin & align) {
        x86_raise_gp(cpu, 0);
    }
}

/* Linear addresses wrap at 4 GiB outside 64-bit code. */
static uint64_t wrap(const X86State *cpu, uint64_t lin)
{
    return x86_is64(cpu) ? lin : (uint32_t)lin;
}

/* --- one page --------------------------------------------------------------------- */

static uint64_t host_load(const void *p, unsigned size)
{
    switch (size) {
    case 1:
        return *(const volatile uint8_t *)p;
    case 2:
        return *(const volatile x86_u16u *)p;
    case 4:
        return *(const volatile x86_u32u *)p;
    default:
        return *(const volatile x86_u64u *)p;
    }
}

static void host_store(void *p, uint64_t v, unsigned size)
{
    switch (size) {
    case 1:
        *(volatile uint8_t *)p = v;
        break;
    case 2:
        *(volatile x86_u16u *)p = v;
        break;
    case 4:
        *(volatile x86_u32u *)p = v;
        break;
    default:
        *(volatile x86_u64u *)p = v;
        break;
    }
}

static void about_to_store(void *host, unsigned len)
{
    if (x86_unlikely(x86_store_hook)) {
        x86_store_hook(host, len);
    }
}

/* A store into RAM has been made at @lin: marks it, and makes further ones fast if
 * nobody needs to see them. */
static void stored(X86State *cpu, uint64_t lin, unsigned len, X86View view)
{
    SoftTlbSide *s = &cpu->views[view].side[soft_tlb_index(lin)];
    uint64_t ram_addr = s->ram_addr + (lin & ~PAGE_MASK);
    TcgCodePage *page = tcg_code_page_find(ram_addr);

    cpu->phys->ops->mark_dirty(cpu->phys, ram_addr, len);
    if (tcg_code_page_is_tracked(page)) {
        if (tcg_code_written(ram_addr, len) && cpu->insn) {
            x86_end_block_at(cpu, cpu->insn->next_rip);
        }
        if (!tcg_code_page_untrack(page)) {
            return;
        }
    }
    x86_tlb_refresh(cpu, lin, view);
}

/* The access lies in one page. @size 1, 2, 4 or 8, or any for RAM. */
static uint64_t page_load(X86State *cpu, uint64_t lin, unsigned size, X86View view)
{
    SoftTlbSide *s = x86_tlb_get(cpu, lin, SOFT_TLB_READ, view);

    if (s->flags & SOFT_TLB_RAM) {
        return host_load(x86_tlb_host(cpu, view, lin), size);
    }
    return cpu->phys->ops->read(cpu->phys, x86_phys_space(cpu),
                                s->phys + (lin & ~PAGE_MASK), size);
}

static void page_store(X86State *cpu, uint64_t lin, uint64_t v, unsigned size,
                       X86View view)
{
    SoftTlbSide *s = x86_tlb_get(cpu, lin, SOFT_TLB_WRITE, view);

    if ((s->flags & (SOFT_TLB_RAM | SOFT_TLB_RAM_W)) ==
        (SOFT_TLB_RAM | SOFT_TLB_RAM_W)) {
        about_to_store(x86_tlb_host(cpu, view, lin), size);
        host_store(x86_tlb_host(cpu, view, lin), v, size);
        stored(cpu, lin, size, view);
        return;
    }
    cpu->phys->ops->write(cpu->phys, x86_phys_space(cpu), s->phys + (lin & ~PAGE_MASK),
                          v, size);
    if (cpu->insn) {
        /* The device may have changed the memory map: look before the next one. */
        x86_end_block_at(cpu, cpu->insn->next_rip);
    }
}

static bool crosses(uint64_t lin, unsigned len)
{
    return (lin & ~PAGE_MASK) + len > SOFT_TLB_PAGE;
}

uint64_t x86_ld_linear(X86State *cpu, uint64_t lin, unsigned size, X86View view)
{
    uint64_t v = 0;

    if (!crosses(lin, size)) {
        return page_load(cpu, lin, size, view);
    }
    for (unsigned k = 0; k < size; k++) {
        v |= page_load(cpu, wrap(cpu, lin + k), 1, view) << (8 * k);
    }
    return v;
}

void x86_st_linear(X86State *cpu, uint64_t lin, uint64_t v, unsigned size, X86View view)
{
    if (!crosses(lin, size)) {
        page_store(cpu, lin, v, size, view);
        return;
    }
    x86_tlb_get(cpu, lin, SOFT_TLB_WRITE, view);
    x86_tlb_get(cpu, wrap(cpu, lin + size - 1), SOFT_TLB_WRITE, view);
    for (unsigned k = 0; k < size; k++) {
        page_store(cpu, wrap(cpu, lin + k), (uint8_t)(v >> (8 * k)), 1, view);
    }
}

/* --- by segment ------------------------------------------------------------------- */

static void note_breakpoint(X86State *cpu, uint64_t lin, unsigned len, bool write)
{
    if (cpu->bp_armed & X86_BP_DATA) {
        x86_check_data_breakpoint(cpu, lin, len, write);
    }
}

uint64_t x86_ld_slow(X86State *cpu, unsigned seg, uint64_t ea, unsigned size)
{
    uint64_t lin = seg_linear(cpu, seg, ea, size, SOFT_TLB_READ), v;

    check_ac(cpu, lin, size);
    v = x86_ld_linear(cpu, lin, size, cpu->view);
    note_breakpoint(cpu, lin, size, false);
    return v;
}

void x86_st_slow(X86State *cpu, unsigned seg, uint64_t ea, uint64_t value,
                 unsigned size)
{
    uint64_t lin = seg_linear(cpu, seg, ea, size, SOFT_TLB_WRITE);

    check_ac(cpu, lin, size);
    x86_st_linear(cpu, lin, value, size, cpu->view);
    note_breakpoint(cpu, lin, size, true);
}

void x86_probe(X86State *cpu, unsigned seg, uint64_t ea, unsigned len,
               SoftTlbAccess access)
{
    uint64_t lin = seg_linear(cpu, seg, ea, len, access);

    x86_tlb_get(cpu, lin, access, cpu->view);
    /* By offset: the last page of the address space has no address behind it. */
    for (unsigned done = SOFT_TLB_PAGE - (lin & ~PAGE_MASK); done < len;
         done += SOFT_TLB_PAGE) {
        x86_tlb_get(cpu, wrap(cpu, lin + done), access, cpu->view);
    }
}

/* The largest power of two that starts at @lin and fits in @len. */
static unsigned piece(uint64_t lin, unsigned len)
{
    unsigned n = 8;

    while (n > len || lin & (n - 1)) {
        n >>= 1;
    }
    return n;
}

void x86_ld_bytes(X86State *cpu, unsigned seg, uint64_t ea, void *buf, unsigned len)
{
    uint64_t lin = seg_linear(cpu, seg, ea, len, SOFT_TLB_READ);
    uint8_t *to = buf;

    note_breakpoint(cpu, lin, len, false);
    for (unsigned done = 0; done < len;) {
        uint64_t at = wrap(cpu, lin + done);
        unsigned n = SOFT_TLB_PAGE - (at & ~PAGE_MASK);
        SoftTlbSide *s = x86_tlb_get(cpu, at, SOFT_TLB_READ, cpu->view);

        n = n < len - done ? n : len - done;
        if (s->flags & SOFT_TLB_RAM) {
            memcpy(to + done, x86_tlb_host(cpu, cpu->view, at), n);
        } else {
            uint64_t v;

            n = piece(at, n);
            v = page_load(cpu, at, n, cpu->view);
            memcpy(to + done, &v, n);
        }
        done += n;
    }
}

void x86_st_bytes(X86State *cpu, unsigned seg, uint64_t ea, const void *buf,
                  unsigned len)
{
    uint64_t lin = seg_linear(cpu, seg, ea, len, SOFT_TLB_WRITE);
    const uint8_t *from = buf;

    x86_probe(cpu, seg, ea, len, SOFT_TLB_WRITE);
    for (unsigned done = 0; done < len;) {
        uint64_t at = wrap(cpu, lin + done);
        unsigned n = SOFT_TLB_PAGE - (at & ~PAGE_MASK);
        SoftTlbSide *s = x86_tlb_get(cpu, at, SOFT_TLB_WRITE, cpu->view);

        n = n < len - done ? n : len - done;
        if (s->flags & SOFT_TLB_RAM && s->flags & SOFT_TLB_RAM_W) {
            about_to_store(x86_tlb_host(cpu, cpu->view, at), n);
            memcpy(x86_tlb_host(cpu, cpu->view, at), from + done, n);
            stored(cpu, at, n, cpu->view);
        } else {
            uint64_t v = 0;

            n = piece(at, n);
            memcpy(&v, from + done, n);
            page_store(cpu, at, v, n, cpu->view);
        }
        done += n;
    }
    note_breakpoint(cpu, lin, len, true);
}

/* --- read-modify-write ------------------------------------------------------------ */

/* Host atomics work on unaligned addresses too; x86 hosts only. */
static bool host_cas(void *p, uint64_t *old, uint64_t desired, unsigned size)
{
    bool ok;

    switch (size) {
    case 1:
        __asm__ volatile("lock cmpxchgb %3, %1"
                         : "=@ccz"(ok), "+m"(*(uint8_t *)p), "+a"(*(uint8_t *)old)
                         : "q"((uint8_t)desired)
                         : "memory");
        break;
    case 2:
        __asm__ volatile("lock cmpxchgw %3, %1"
                         : "=@ccz"(ok), "+m"(*(x86_u16u *)p), "+a"(*(uint16_t *)old)
                         : "r"((uint16_t)desired)
                         : "memory");
        break;
    case 4:
        __asm__ volatile("lock cmpxchgl %3, %1"
                         : "=@ccz"(ok), "+m"(*(x86_u32u *)p), "+a"(*(uint32_t *)old)
                         : "r"((uint32_t)desired)
                         : "memory");
        break;
    default:
        __asm__ volatile("lock cmpxchgq %3, %1"
                         : "=@ccz"(ok), "+m"(*(x86_u64u *)p), "+a"(*old)
                         : "r"(desired)
                         : "memory");
        break;
    }
    return ok;
}

/* Where the operand lies as a whole, which may be writable RAM on two pages; or NULL.
 */
static void *rmw_host(X86State *cpu, uint64_t lin, unsigned size)
{
    const uint32_t need = SOFT_TLB_RAM | SOFT_TLB_RAM_W;
    uint64_t last = wrap(cpu, lin + size - 1);
    uint8_t *p;

    if ((x86_tlb_get(cpu, lin, SOFT_TLB_WRITE, cpu->view)->flags & need) != need) {
        return NULL;
    }
    if (!crosses(lin, size)) {
        return x86_tlb_host(cpu, cpu->view, lin);
    }
    if ((x86_tlb_get(cpu, last, SOFT_TLB_WRITE, cpu->view)->flags & need) != need) {
        return NULL;
    }
    p = x86_tlb_host(cpu, cpu->view, lin);
    return p + size - 1 == (uint8_t *)x86_tlb_host(cpu, cpu->view, last) ? p : NULL;
}

/* XCHG needs no prefix. */
static bool is_locked(const X86Insn *i)
{
    return i->flags & X86_I_LOCK || (i->map == 0 && (i->opcode | 1) == 0x87);
}

/* MMIO: one at a time. Pages that do not follow each other in RAM: while nobody else
 * executes, since what others lock may be one of the two parts. */
static uint64_t rmw_split(X86State *cpu, const X86Insn *i, uint64_t lin, unsigned size,
                          X86RmwFn *fn, uint64_t operand)
{
    uint32_t first = x86_tlb_get(cpu, lin, SOFT_TLB_WRITE, cpu->view)->flags;
    uint32_t last =
        x86_tlb_get(cpu, wrap(cpu, lin + size - 1), SOFT_TLB_WRITE, cpu->view)->flags;
    bool alone = first & last & SOFT_TLB_RAM && is_locked(i) && cpu->reader;
    uint64_t old, fresh;

    if (alone) {
        tcg_exclusive_begin(cpu->reader);
    } else {
        pthread_mutex_lock(&split_lock);
    }
    old = x86_ld_linear(cpu, lin, size, cpu->view);
    fresh = fn(cpu, old, operand);
    x86_st_linear(cpu, lin, fresh, size, cpu->view);
    if (alone) {
        tcg_exclusive_end();
    } else {
        pthread_mutex_unlock(&split_lock);
    }
    return old;
}

uint64_t x86_rmw_slow(X86State *cpu, const X86Insn *i, uint64_t ea, unsigned size,
                      X86RmwFn *fn, uint64_t operand)
{
    uint64_t lin = seg_linear(cpu, i->seg, ea, size, SOFT_TLB_WRITE);
    uint64_t old, res = cpu->cc_res, aux = cpu->cc_aux;
    unsigned left = SOFT_TLB_PAGE - (lin & ~PAGE_MASK);
    void *p;

    check_ac(cpu, lin, size);
    p = rmw_host(cpu, lin, size);
    if (!p) {
        old = rmw_split(cpu, i, lin, size, fn, operand);
    } else {
        about_to_store(p, size);
        old = host_load(p, size);
        while (!host_cas(p, &old, fn(cpu, old, operand), size)) {
            cpu->cc_res = res;
            cpu->cc_aux = aux;
        }
        stored(cpu, lin, left < size ? left : size, cpu->view);
        if (left < size) {
            stored(cpu, wrap(cpu, lin + left), size - left, cpu->view);
        }
    }
    note_breakpoint(cpu, lin, size, true);
    return old;
}

X86Vec x86_cmpxchg128(X86State *cpu, unsigned seg, uint64_t ea, X86Vec expected,
                      X86Vec desired)
{
    uint64_t lin = seg_linear(cpu, seg, ea, 16, SOFT_TLB_WRITE);
    SoftTlbSide *s = x86_tlb_get(cpu, lin, SOFT_TLB_WRITE, cpu->view);
    X86Vec old = expected;

    if (s->flags & SOFT_TLB_RAM && s->flags & SOFT_TLB_RAM_W) {
        X86Vec *p = x86_tlb_host(cpu, cpu->view, lin);

        about_to_store(p, sizeof(*p));
        __asm__ volatile("lock cmpxchg16b %0"
                         : "+m"(*p), "+a"(old.u64[0]), "+d"(old.u64[1])
                         : "b"(desired.u64[0]), "c"(desired.u64[1])
                         : "memory", "cc");
        stored(cpu, lin, 16, cpu->view);
        return old;
    }
    pthread_mutex_lock(&split_lock);
    old.u64[0] = x86_ld_linear(cpu, lin, 8, cpu->view);
    old.u64[1] = x86_ld_linear(cpu, lin + 8, 8, cpu->view);
    if (old.u64[0] == expected.u64[0] && old.u64[1] == expected.u64[1]) {
        x86_st_linear(cpu, lin, desired.u64[0], 8, cpu->view);
        x86_st_linear(cpu, lin + 8, desired.u64[1], 8, cpu->view);
    }
    pthread_mutex_unlock(&split_lock);
    return old;
}
