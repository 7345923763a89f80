/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Several CPUs: the order of their accesses (litmus tests in the x86-TSO sense), LOCK
 * at all widths and over lines and pages, code that another CPU changes, pages that are
 * taken away by IPI, locks, and starting CPUs by INIT and SIPI many times.
 *
 * The CPUs go through the same list of parts; part_begin() is a barrier.
 */
#include "bare.h"

const unsigned test_rounds = 1;

enum {
    CPUS_MAX = 8,
    LINE = 64,
    SLOTS = 400,
    CODE_STEPS = 48,
    IPI_SYNC = 0x40,
    IPI_FLUSH = 0x41
};

static volatile uint32_t arrived, generation;

/* --- Local APIC, barrier ---------------------------------------------------------- */

static void send_ipi(uint32_t low)
{
    *lapic(0x300) = low;
}

/* "All excluding self". */
enum {
    OTHERS = 3 << 18,
    DELIVER_INIT = 0x4500,
    DELIVER_SIPI = 0x4600,
    DELIVER_FIXED = 0x4000
};

static void barrier(void)
{
    uint32_t now = generation;

    if (__atomic_add_fetch(&arrived, 1, __ATOMIC_SEQ_CST) == cpus) {
        arrived = 0;
        generation = now + 1;
    }
    while (generation == now) {
        pause_cpu();
    }
}

static uint64_t deadline;

/* False, once, when something has not come within a second or so. */
static bool waiting_too_long(void)
{
    pause_cpu();
    return rdtsc() > deadline;
}

static void set_deadline(void)
{
    deadline = rdtsc() + 60000000000ull;
}

/* --- Litmus ----------------------------------------------------------------------- */

typedef struct Slot {
    volatile uint64_t x __attribute__((aligned(LINE)));
    volatile uint64_t y __attribute__((aligned(LINE)));
    uint32_t r[4] __attribute__((aligned(LINE)));
    uint32_t q[4] __attribute__((aligned(LINE)));
} Slot;

static Slot slots[CPUS_MAX / 2][SLOTS];

enum {
    SB_MFENCE,
    SB_XCHG,
    SB_LOCK,
    MP,
    LB,
    TWO_WRITES,
    S,
    R,
    COHERENCE,
    WIDE,
    LITMUS_COUNT
};
static const char *const litmus_name[] = { "smp: SB with MFENCE",
                                           "smp: SB with XCHG",
                                           "smp: SB with LOCK",
                                           "smp: MP",
                                           "smp: LB",
                                           "smp: 2+2W",
                                           "smp: S",
                                           "smp: R with MFENCE",
                                           "smp: CoRR",
                                           "smp: 8 bytes at once" };

#define ONE(text)                                                       \
    asm volatile(text                                                   \
                 : "=&a"(a), "=&d"(b)                                   \
                 : "S"(side ? &s->y : &s->x), "D"(side ? &s->x : &s->y) \
                 : "memory", "rcx")

/* Side 0 has x in rsi and y in rdi, side 1 the other way round. */
static void litmus_side(Slot *s, unsigned which, unsigned side)
{
    uint64_t a = 0, b = 0;

    switch (which) {
    case SB_MFENCE:
        ONE("xor %%edx, %%edx; movq $1, (%%rsi); mfence; movq (%%rdi), %%rax");
        break;
    case SB_XCHG:
        ONE("xor %%edx, %%edx; mov $1, %%ecx; xchg %%rcx, (%%rsi); movq (%%rdi), "
            "%%rax");
        break;
    case SB_LOCK:
        ONE("xor %%edx, %%edx; movq $1, (%%rsi); lock orl $0, (%%rsp)\n\t"
            "movq (%%rdi), %%rax");
        break;
    case MP:
        if (!side) {
            ONE("xor %%eax, %%eax; xor %%edx, %%edx; movq $1, (%%rsi); movq $1, "
                "(%%rdi)");
        } else {
            ONE("movq (%%rsi), %%rax; movq (%%rdi), %%rdx"); /* y, then x */
        }
        break;
    case LB:
        ONE("xor %%edx, %%edx; movq (%%rdi), %%rax; movq $1, (%%rsi)");
        break;
    case TWO_WRITES:
        ONE("xor %%eax, %%eax; xor %%edx, %%edx; movq $1, (%%rsi); movq $2, (%%rdi)");
        break;
    case S:
        if (!side) {
            ONE("xor %%eax, %%eax; xor %%edx, %%edx; movq $2, (%%rsi); movq $1, "
                "(%%rdi)");
        } else {
            ONE("xor %%edx, %%edx; movq (%%rsi), %%rax; movq $1, (%%rdi)");
        }
        break;
    case R:
        if (!side) {
            ONE("xor %%eax, %%eax; xor %%edx, %%edx; movq $1, (%%rsi); movq $1, "
                "(%%rdi)");
        } else {
            ONE("xor %%edx, %%edx; movq $2, (%%rsi); mfence; movq (%%rdi), %%rax");
        }
        break;
    case COHERENCE:
        if (!side) {
            ONE("xor %%eax, %%eax; xor %%edx, %%edx; movq $1, (%%rsi); movq $2, "
                "(%%rsi)");
        } else {
            ONE("movq (%%rdi), %%rax; movq (%%rdi), %%rdx");
        }
        break;
    case WIDE:
        if (!side) {
            ONE("mov $-1, %%rcx; xor %%eax, %%eax; xor %%edx, %%edx; mov %%rcx, "
                "(%%rsi)");
        } else {
            ONE("movq (%%rdi), %%rax; mov %%rax, %%rdx; shr $32, %%rdx");
        }
        break;
    }
    (side ? s->q : s->r)[0] = a;
    (side ? s->q : s->r)[1] = b;
}

static bool is_forbidden(const Slot *s, unsigned which)
{
    uint32_t r = s->r[0], q0 = s->q[0], q1 = s->q[1];

    switch (which) {
    case SB_MFENCE:
    case SB_XCHG:
    case SB_LOCK:
        return r == 0 && q0 == 0;
    case MP:
        return q0 == 1 && q1 == 0;
    case LB:
        return r == 1 && q0 == 1;
    case TWO_WRITES:
        return s->x == 1 && s->y == 1;
    case S:
        return q0 == 1 && s->x == 2;
    case R:
        return s->y == 2 && q0 == 0;
    case COHERENCE:
        return q0 > q1;
    case WIDE:
        return q0 != q1;
    }
    return true;
}

static void litmus(unsigned cpu)
{
    for (unsigned which = 0; which < LITMUS_COUNT; which++) {
        for (unsigned again = 0; again < 3; again++) {
            Slot *s = slots[cpu / 2];

            if (!(cpu & 1)) {
                memset(s, 0, sizeof(slots[0]));
            }
            barrier();
            for (unsigned k = 0; k < SLOTS; k++) {
                litmus_side(&s[k], which, cpu & 1);
            }
            barrier();
            if (!(cpu & 1)) {
                unsigned bad = 0;

                for (unsigned k = 0; k < SLOTS; k++) {
                    bad += is_forbidden(&s[k], which);
                }
                check(!bad, litmus_name[which], bad, 0);
            }
        }
    }
}

/* Two write, two read in different order: they must agree who was first. */
static void iriw(unsigned cpu)
{
    Slot *s = slots[cpu / 4];
    unsigned bad = 0;

    if (cpus < 4) {
        return;
    }
    for (unsigned again = 0; again < 3; again++) {
        if (!(cpu & 3)) {
            memset(s, 0, sizeof(slots[0]));
        }
        barrier();
        for (unsigned k = 0; k < SLOTS; k++) {
            switch (cpu & 3) {
            case 0:
                s[k].x = 1;
                break;
            case 1:
                s[k].y = 1;
                break;
            case 2:
                s[k].r[0] = s[k].x;
                asm volatile("" : : : "memory");
                s[k].r[1] = s[k].y;
                break;
            case 3:
                s[k].q[0] = s[k].y;
                asm volatile("" : : : "memory");
                s[k].q[1] = s[k].x;
                break;
            }
        }
        barrier();
        for (unsigned k = 0; k < SLOTS && !(cpu & 3); k++) {
            bad += s[k].r[0] == 1 && s[k].r[1] == 0 && s[k].q[0] == 1 && s[k].q[1] == 0;
        }
    }
    if (!(cpu & 3)) {
        check(!bad, "smp: IRIW", bad, 0);
    }
}

/* --- LOCK ------------------------------------------------------------------------- */

enum { ADDS = 2000 };

static uint8_t lock_area[3 * 4096] __attribute__((aligned(4096)));

#define LOCKED(what, at, mask, text)                                    \
    do {                                                                \
        volatile void *p = lock_area + (at);                            \
        if (!cpu) {                                                     \
            memset(lock_area, 0, sizeof(lock_area));                    \
        }                                                               \
        barrier();                                                      \
        for (unsigned k = 0; k < ADDS; k++) {                           \
            asm volatile(text                                           \
                         :                                              \
                         : "D"(p)                                       \
                         : "memory", "rax", "rbx", "rcx", "rdx", "cc"); \
        }                                                               \
        barrier();                                                      \
        if (!cpu) {                                                     \
            CHECK_EQ("smp: " what, *(volatile ulong *)p &(mask),        \
                     (ulong)ADDS *cpus &(mask));                        \
        }                                                               \
    } while (0)

#define CAS(suffix, reg, new) \
    "mov (%%rdi), %%" reg     \
    "\n1:\tlea 1(%%rax), %%rcx\n\tlock cmpxchg %%" new ", (%%rdi)\n\tjnz 1b"

static void locks(unsigned cpu)
{
    LOCKED("LOCK INC, 1 byte", 0, 0xff, "lock incb (%%rdi)");
    LOCKED("LOCK INC, 2 bytes", 0, 0xffff, "lock incw (%%rdi)");
    LOCKED("LOCK INC, 4 bytes", 0, ~0ul, "lock incl (%%rdi)");
    LOCKED("LOCK INC, 8 bytes", 0, ~0ul, "lock incq (%%rdi)");
    LOCKED("LOCK ADD, unaligned", 3, ~0ul, "lock addl $1, (%%rdi)");
    LOCKED("LOCK SUB", 8, ~0ul, "lock subq $-1, (%%rdi)");
    LOCKED("LOCK XADD, 1 byte", 1, 0xff, "mov $1, %%eax; lock xaddb %%al, (%%rdi)");
    LOCKED("LOCK XADD, 4 bytes", 4, ~0ul, "mov $1, %%eax; lock xaddl %%eax, (%%rdi)");
    LOCKED("LOCK XADD, 8 bytes", 8, ~0ul, "mov $1, %%eax; lock xaddq %%rax, (%%rdi)");
    LOCKED("LOCK NOT and NEG", 8, ~0ul,
           "lock incq (%%rdi); lock notq 64(%%rdi); lock negq 128(%%rdi)");
    LOCKED("LOCK CMPXCHG, 1 byte", 0, 0xff, CAS("b", "al", "cl"));
    LOCKED("LOCK CMPXCHG, 2 bytes", 2, 0xffff, CAS("w", "ax", "cx"));
    LOCKED("LOCK CMPXCHG, 4 bytes", 4, ~0ul, CAS("l", "eax", "ecx"));
    LOCKED("LOCK CMPXCHG, 8 bytes", 8, ~0ul, CAS("q", "rax", "rcx"));
    LOCKED("LOCK CMPXCHG over a line", 62, ~0ul, CAS("l", "eax", "ecx"));
    LOCKED("LOCK CMPXCHG8B", 8, ~0ul,
           "mov (%%rdi), %%eax; mov 4(%%rdi), %%edx\n"
           "1:\tlea 1(%%rax), %%ebx; mov %%edx, %%ecx; lock cmpxchg8b (%%rdi); jnz 1b");
    LOCKED("LOCK CMPXCHG8B over a line", 60, ~0ul,
           "mov (%%rdi), %%eax; mov 4(%%rdi), %%edx\n"
           "1:\tlea 1(%%rax), %%ebx; mov %%edx, %%ecx; lock cmpxchg8b (%%rdi); jnz 1b");
    /* The upper half counts, too. */
    LOCKED("LOCK CMPXCHG16B", 16, ~0ul,
           "mov (%%rdi), %%rax; mov 8(%%rdi), %%rdx\n"
           "1:\tlea 1(%%rax), %%rbx; lea 1(%%rdx), %%rcx; lock cmpxchg16b (%%rdi); jnz "
           "1b");
    if (!cpu) {
        CHECK_EQ("smp: LOCK CMPXCHG16B, upper half",
                 *(volatile ulong *)(lock_area + 24), (ulong)ADDS * cpus);
    }
    LOCKED("LOCK over a line", 62, 0xffffffff, "lock incl (%%rdi)");
    LOCKED("LOCK over a page", 4094, 0xffffffff, "lock incl (%%rdi)");
    LOCKED("LOCK XADD over a page", 4093, ~0ul,
           "mov $1, %%eax; lock xaddq %%rax, (%%rdi)");
    LOCKED("a lock by XCHG", 256, ~0ul,
           "1:\tmov $1, %%eax; xchg %%eax, 64(%%rdi); test %%eax, %%eax; jz 2f; pause; "
           "jmp 1b\n"
           "2:\tincq (%%rdi); movl $0, 64(%%rdi)");
    LOCKED("a lock by BTS", 256, ~0ul,
           "1:\tlock btsl $5, 64(%%rdi); jnc 2f; pause; jmp 1b\n"
           "2:\tincq (%%rdi); lock btrl $5, 64(%%rdi)");
}

/* Half of the CPUs add to four bytes over a line, the others to two of them alone. */
static void mixed_locks(unsigned cpu)
{
    for (unsigned at = 62; at < 4096; at += 4094 - 62) {
        volatile uint8_t *p = lock_area + at;

        if (!cpu) {
            memset(lock_area, 0, sizeof(lock_area));
        }
        barrier();
        for (unsigned k = 0; k < ADDS; k++) {
            if (cpu & 1) {
                asm volatile("lock incw (%0)" : : "r"(p + 2) : "memory", "cc");
            } else {
                asm volatile("lock incl (%0)" : : "r"(p) : "memory", "cc");
            }
        }
        barrier();
        if (!cpu) {
            CHECK_EQ("smp: LOCK over a border against LOCK beside it",
                     *(volatile uint32_t *)p,
                     (uint32_t)((cpus / 2) * ADDS << 16) + (cpus - cpus / 2) * ADDS);
        }
    }
}

/* First come, first served: nobody may wait for ever. */
static void ticket_lock(unsigned cpu)
{
    static volatile uint32_t next, serving;
    static volatile uint64_t count;

    barrier();
    for (unsigned k = 0; k < 200; k++) {
        uint32_t mine = __atomic_fetch_add(&next, 1, __ATOMIC_SEQ_CST);

        while (serving != mine) {
            pause_cpu();
        }
        count = count + 1;
        serving = mine + 1;
    }
    barrier();
    if (!cpu) {
        CHECK_EQ("smp: ticket lock", count, 200 * cpus);
    }
}

/* --- Code that another CPU changes ------------------------------------------------ */

static uint8_t code[4][4096] __attribute__((aligned(4096)));
static volatile uint32_t seen[CPUS_MAX * 16], message[CPUS_MAX * 16],
    synced[CPUS_MAX * 16];
static volatile uint32_t stop;

typedef uint32_t Function(void);

static uint32_t call(volatile void *p)
{
    return ((Function *)p)();
}

static void make(volatile uint8_t *p, uint32_t v)
{
    p[0] = 0xb8;
    *(volatile uint32_t *)(p + 1) = v;
    p[5] = 0xc3;
}

static void cpuid(void)
{
    uint32_t a = 0, b, c, d;

    asm volatile("cpuid" : "+a"(a), "=b"(b), "=c"(c), "=d"(d) : : "memory");
}

/* Round and round: a CPU writes what the next one executes when it has got the message.
 */
static void handed_on(unsigned cpu)
{
    unsigned to = (cpu + 1) % cpus;
    uint8_t *page = code[0];

    barrier();
    for (uint32_t k = 1; k < 200; k++) {
        uint8_t *p = page + (k & 1 ? 64 : 4096 - 3); /* also over the page's end */

        if (cpu || k > 1) {
            while (message[cpu * 16] < (cpu ? k : k - 1)) {
                pause_cpu();
            }
            cpuid();
            if (cpu) {
                CHECK_EQ("smp: code made by another CPU", call(p), k * 100 + cpu);
            }
        }
        if (!cpu) {
            make(p, k * 100);
            call(p);
        }
        make(p, k * 100 + to);
        if (to) {
            CHECK_EQ("smp: code made here", call(p), k * 100 + to);
        }
        message[to * 16] = k;
    }
    barrier();
    message[cpu * 16] = 0;
}

/*
 * CPU 0 patches by one store, others call all the time and must see old or new, and new
 * in the end: an invalidation that got lost shows here.
 */
static void patched_unsynchronised(unsigned cpu, unsigned size, bool with_data)
{
    /* mov eax, imm32 with the constant aligned to 8; ret */
    volatile uint8_t *p = code[1] + 64 + 7;
    volatile uint32_t *data = (void *)(code[1] + 64 + 32);
    uint64_t mask = size == 4 ? 0xffffffff : (1u << 8 * (size & 3)) - 1;

    if (!cpu) {
        make(p, 0);
        stop = 0;
    }
    seen[cpu * 16] = 0;
    barrier();
    if (cpu) {
        uint32_t last = 0;
        bool ok = true;

        while (!stop) {
            uint32_t v = call(p);

            pause_cpu();
            ok =
                ok && v == (v & 0xff) * (0x01010101 & mask) && (v & 0xff) <= CODE_STEPS;
            last = v;
            seen[cpu * 16] = v;
            if (with_data) {
                __atomic_add_fetch(data, 1, __ATOMIC_RELAXED);
            }
        }
        check(ok, "smp: patched code, neither old nor new", last, size);
    } else {
        for (uint32_t k = 1; k <= CODE_STEPS / cpus; k++) {
            uint32_t v = size == 4 ? k * 0x01010101 : size == 2 ? k * 0x0101 : k;

            switch (size) {
            case 1:
                p[1] = v;
                break;
            case 2:
                *(volatile uint16_t *)(p + 1) = v;
                break;
            case 4:
                *(volatile uint32_t *)(p + 1) = v;
                break;
            default:
                *(volatile uint64_t *)(p + 1) = 0x90909000000000c3 << 0 | v;
                break;
            }
            set_deadline();
            for (unsigned c = 1; c < cpus; c++) {
                while (seen[c * 16] != v && !waiting_too_long()) {
                }
                check(seen[c * 16] == v, "smp: patched code is never seen",
                      seen[c * 16], v);
            }
        }
        stop = 1;
    }
    barrier();
}

/* What is being patched. */
static volatile ulong patch_first, patch_end;

/*
 * As long as the others have not acknowledged, one may stand between two of the
 * instructions that are replaced, where another instruction has its second byte next:
 * it begins anew.
 */
static void on_sync(Regs *r)
{
    if (r->ip > patch_first && r->ip < patch_end) {
        r->ip = patch_first;
    }
    cpuid();
    *lapic(0xb0) = 0;
    __atomic_add_fetch(&synced[0], 1, __ATOMIC_SEQ_CST);
}

static void sync_all(unsigned vector)
{
    synced[0] = 0;
    send_ipi(OTHERS | DELIVER_FIXED | vector);
    set_deadline();
    while (synced[0] != cpus - 1 && !waiting_too_long()) {
    }
    check(synced[0] == cpus - 1, "smp: IPI to all others", synced[0], cpus - 1);
}

static void on_breakpoint(Regs *r)
{
    r->ip--; /* until it is something else */
    pause_cpu();
}

/* As kernels do it: INT3, the rest, the first byte, with all others serialised between.
 */
static void patched_with_breakpoint(unsigned cpu, unsigned size)
{
    /* A sum of immediates; @size bytes from p + 3 on are changed, whatever they are. */
    static volatile uint32_t want;
    volatile uint8_t *p = code[2] + 4096 - 8;
    uint8_t one[24], two[24];

    for (unsigned k = 0; k < 24; k++) {
        one[k] = two[k] = 0x90;
    }
    make(one + 17, 0);
    make(two + 17, 0);
    make(one, 1);
    one[5] = 0x90;
    one[17] = 0x90;
    one[18] = one[19] = one[20] = one[21] = 0x90;
    memcpy(two, one, 24);
    /* inc eax, two bytes each, as far as the patch reaches */
    for (unsigned k = 5; k + 2 <= size && k + 2 <= 17; k += 2) {
        two[k] = 0xff;
        two[k + 1] = 0xc0;
    }
    two[1] = size > 1 ? 0x20 : 1;
    if (size == 1) {
        two[0] = 0xb9; /* mov ecx: eax stays as it was called with */
    }
    if (!cpu) {
        memcpy((void *)p, one, 24);
        patch_first = (ulong)p;
        patch_end = (ulong)p + size;
        want = 0;
        stop = 0;
    }
    seen[cpu * 16] = 0;
    barrier();
    if (cpu) {
        uint32_t result_one = 0, result_two = 0;
        bool ok = true;

        asm volatile("sti");
        while (!stop) {
            uint32_t before = want, v;

            pause_cpu();
            asm volatile("call *%2" : "=a"(v) : "0"(0x77), "r"(p) : "memory", "rcx");
            if (before == want && before && !(before & 1)) {
                /* All others were serialised after the last byte: no doubt. */
                uint32_t *known = before & 2 ? &result_two : &result_one;

                ok = ok && (!*known || *known == v);
                *known = v;
                seen[cpu * 16] = before;
            }
            ok = ok && (v == 1 || v == 0x77 || (v >= 0x20 && v < 0x30));
        }
        asm volatile("cli");
        check(ok && result_one != result_two, "smp: patched by way of INT3", result_one,
              result_two);
    } else {
        for (uint32_t k = 1; k <= 6; k++) {
            const uint8_t *new = k & 1 ? two : one;

            want = 4 * k + 1;
            p[0] = 0xcc;
            sync_all(IPI_SYNC);
            for (unsigned n = 1; n < size; n++) {
                p[n] = new[n];
            }
            sync_all(IPI_SYNC);
            p[0] = new[0];
            sync_all(IPI_SYNC);
            want = 4 * k + (k & 1 ? 2 : 0);
            set_deadline();
            for (unsigned c = 1; c < cpus; c++) {
                while (seen[c * 16] != want && !waiting_too_long()) {
                }
                CHECK_EQ("smp: a patch is never seen", seen[c * 16], want);
            }
        }
        stop = 1;
    }
    barrier();
}

/* --- Pages that are taken away ---------------------------------------------------- */

#define WINDOW_PAGE ((volatile uint32_t *)0x1000000)
#define FRAME(n)    ((volatile uint32_t *)(0x1400000ul + (n)*4096))

static volatile uint32_t flushed[CPUS_MAX * 16], mapped;

static void on_flush(Regs *r)
{
    unsigned cpu = this_cpu();

    invlpg(WINDOW_PAGE);
    flushed[cpu * 16] = mapped;
    *lapic(0xb0) = 0;
    __atomic_add_fetch(&synced[0], 1, __ATOMIC_SEQ_CST);
}

/* Data and code of a page which is another one each time; three frames, so that a stale
 * one is told from the next. */
static void shootdown(unsigned cpu)
{
    volatile ulong *pte = page_entry(WINDOW_PAGE);

    if (!cpu) {
        for (unsigned n = 0; n < 3; n++) {
            FRAME(n)[0] = n;
            make((volatile uint8_t *)FRAME(n) + 128, n);
        }
        *pte = (ulong)FRAME(0) | 7;
        mapped = 0;
        stop = 0;
    }
    barrier();
    write_cr3(read_cr3());
    flushed[cpu * 16] = 0;
    barrier();
    if (cpu) {
        bool data_ok = true, code_ok = true;

        asm volatile("sti");
        while (!stop) {
            uint32_t before = flushed[cpu * 16], v = *WINDOW_PAGE,
                     c = call((volatile uint8_t *)WINDOW_PAGE + 128);

            pause_cpu();
            if (before == flushed[cpu * 16]) {
                data_ok = data_ok && (v == before % 3 || v == (before + 1) % 3);
                code_ok = code_ok && (c == before % 3 || c == (before + 1) % 3);
            }
        }
        asm volatile("cli");
        check(data_ok, "smp: data of a page that is gone", 0, 1);
        check(code_ok, "smp: code of a page that is gone", 0, 1);
    } else {
        for (unsigned k = 1; k <= 60 / cpus; k++) {
            *pte = (ulong)FRAME(k % 3) | 7;
            mapped = k;
            sync_all(IPI_FLUSH);
            invlpg(WINDOW_PAGE);
            CHECK_EQ("smp: the new page here", *WINDOW_PAGE, k % 3);
        }
        stop = 1;
    }
    barrier();
}

/* As mixed_locks(), over two pages that lie far from each other: some add to all four
 * bytes, seldom, and the others to the two on the second page, there, meanwhile. */
static void distant_locks(unsigned cpu)
{
    enum { FEW = 20, MANY = 20000 };
    static volatile uint32_t left;
    volatile uint8_t *p = (volatile uint8_t *)WINDOW_PAGE + 4094;
    volatile uint16_t *upper = (volatile uint16_t *)FRAME(5);
    uint32_t sum = 0;

    if (!cpu) {
        *page_entry(WINDOW_PAGE) = (ulong)FRAME(3) | 7;
        *page_entry(WINDOW_PAGE + 1024) = (ulong)FRAME(5) | 7;
        left = cpus - cpus / 2;
    }
    barrier();
    write_cr3(read_cr3());
    if (!cpu) {
        *(volatile uint32_t *)p = 0;
    }
    seen[cpu * 16] = 0;
    barrier();
    if (cpu & 1) {
        while (left) {
            asm volatile("lock incw (%0)" : : "r"(upper) : "memory", "cc");
            seen[cpu * 16]++;
        }
    } else {
        while (seen[cpu * 16] < FEW || seen[(cpu + 1) % cpus * 16] < MANY) {
            asm volatile("lock incl (%0)" : : "r"(p) : "memory", "cc");
            seen[cpu * 16]++;
        }
        __atomic_sub_fetch(&left, 1, __ATOMIC_SEQ_CST);
    }
    barrier();
    if (!cpu) {
        for (unsigned c = 0; c < cpus; c++) {
            sum += c & 1 ? seen[c * 16] << 16 : seen[c * 16];
        }
        CHECK_EQ("smp: LOCK over pages that lie apart", *(volatile uint32_t *)p, sum);
        *page_entry(WINDOW_PAGE + 1024) = (ulong)(WINDOW_PAGE + 1024) | 7;
    }
    barrier();
}

static void on_page_fault(Regs *r)
{
    bool on = r->flags & 0x200;

    if (read_cr2() >> 12 != (ulong)WINDOW_PAGE >> 12 || !(r->error & 2)) {
        say("not ok: page fault\n");
        quit(4);
    }
    if (on) {
        asm volatile("sti; nop; cli");
    }
}

/* No store gets through when all have acknowledged that the page is read-only. */
static void write_protection(unsigned cpu)
{
    volatile ulong *pte = page_entry(WINDOW_PAGE);

    if (!cpu) {
        *pte = (ulong)FRAME(0) | 7;
        stop = 0;
        hook[14] = on_page_fault;
    }
    barrier();
    write_cr3(read_cr3());
    barrier();
    if (cpu) {
        asm volatile("sti");
        while (!stop) {
            pause_cpu();
            asm volatile("lock incl (%0); incl (%1)"
                         :
                         : "r"(WINDOW_PAGE + 32), "r"(WINDOW_PAGE + 32 + 16 * cpu)
                         : "memory", "cc");
        }
        asm volatile("cli");
    } else {
        for (unsigned k = 0; k < 16 / cpus; k++) {
            uint32_t then[CPUS_MAX];
            bool same = true;

            *pte = (ulong)FRAME(0) | 5;
            sync_all(IPI_FLUSH);
            for (unsigned c = 0; c < cpus; c++) {
                then[c] = FRAME(0)[32 + 16 * c];
            }
            for (uint64_t until = rdtsc() + 200000; rdtsc() < until;) {
                pause_cpu();
            }
            for (unsigned c = 0; c < cpus; c++) {
                same = same && then[c] == FRAME(0)[32 + 16 * c];
            }
            check(same, "smp: a store to a page that is read-only", k, 0);
            *pte = (ulong)FRAME(0) | 7;
            for (uint64_t until = rdtsc() + 200000; rdtsc() < until;) {
                pause_cpu();
            }
        }
        stop = 1;
    }
    barrier();
    hook[14] = NULL;
}

/* --- Starting CPUs ---------------------------------------------------------------- */

/*
 * Real mode at 60000 and on: counts, and then does what the case says until the next
 * INIT. Each case has a page; it is written anew, while others execute another one, so
 * that nobody ever runs half of a program (what a CPU does between two INITs must be
 * known however long that is).
 */
static void starts(void)
{
    static const uint8_t after[][16] = {
        {0xfa,  0xf4, 0xeb, 0xfc}, /* cli; hlt */
        {      0xeb, 0xfe          }, /* jmp . */
        {      0xfb, 0xeb,    0xfd}, /* sti; jmp to it */
        { 0x31, 0xff,           0x31,    0xc9,     0x49, 0xb8, 0, 0x70, 0x8e, 0xc0, 0xf3, 0xaa, 0xeb,
         0xf2 },
        {            0xf0, 0xff, 0x06,           0x10,0x05, 0xeb, 0xf9 }, /* lock inc word [510] */
        {     0xb8, 0x00,        0x00,    0x0f,           0xa2, 0xeb, 0xf9 }, /* cpuid */
    };
    const unsigned cases = sizeof(after) / sizeof(after[0]);
    volatile uint16_t *count = (volatile uint16_t *)0x500;

    /* xor ax, ax; mov ds, ax; lock inc word [500] */
    static const uint8_t first[] = { 0x31, 0xc0, 0x8e, 0xd8, 0xf0,
                                     0xff, 0x06, 0x00, 0x05 };

    *count = 0;
    for (unsigned k = 0; k < 60; k++) {
        /* Every other time the same as before; the cases change pages. */
        unsigned page = 0x60 + k / 2 % cases;
        const uint8_t *then = after[(k / 2 + k / 2 / cases) % cases];
        volatile uint8_t *p = (volatile uint8_t *)(page * 4096ul);
        uint16_t want = *count + cpus - 1;

        if (k % 4 != 0) {
            send_ipi(OTHERS | DELIVER_INIT);
        }
        for (unsigned n = 0; n < sizeof(first) + 16 && !(k & 1); n++) {
            p[n] = n < sizeof(first) ? first[n] : then[n - sizeof(first)];
        }
        if (k % 4 == 0) {
            send_ipi(OTHERS | DELIVER_INIT);
        }
        if (k % 3 == 1) {
            for (uint64_t until = rdtsc() + 50000; rdtsc() < until;) {
                pause_cpu();
            }
        }
        send_ipi(OTHERS | DELIVER_SIPI | page);
        if (k % 5 == 0) {
            send_ipi(OTHERS | DELIVER_SIPI | page); /* no second start */
        }
        set_deadline();
        while (*count != want && !waiting_too_long()) {
        }
        CHECK_EQ("smp: started by INIT and SIPI", *count, want);
        if (k % 7 == 0) {
            send_ipi(OTHERS | DELIVER_SIPI | page); /* they run: nothing happens */
            for (uint64_t until = rdtsc() + 20000; rdtsc() < until;) {
                pause_cpu();
            }
            CHECK_EQ("smp: a SIPI without INIT", *count, want);
        }
    }
    send_ipi(OTHERS | DELIVER_INIT);
}

/* --------------------------------------------------------------------------------------
 */

/* What runs is told: somebody may have to find out where it hangs. */
#define PART(call)           \
    do {                     \
        if (!cpu) {          \
            say(#call "\n"); \
        }                    \
        call;                \
    } while (0)

static void all_parts(unsigned cpu)
{
    *lapic(0xf0) = 0x1ff;
    barrier();
    PART(litmus(cpu));
    PART(iriw(cpu));
    PART(locks(cpu));
    PART(mixed_locks(cpu));
    PART(ticket_lock(cpu));
    PART(handed_on(cpu));
    for (unsigned size = 1; size <= 4; size *= 2) {
        PART(patched_unsynchronised(cpu, size, false));
        PART(patched_unsynchronised(cpu, size, true));
    }
    for (unsigned size = 1; size <= 16; size += size < 3 ? 1 : 5) {
        PART(patched_with_breakpoint(cpu, size));
    }
    PART(shootdown(cpu));
    PART(distant_locks(cpu));
    PART(write_protection(cpu));
    barrier();
}

void test_other_cpu(unsigned cpu)
{
    all_parts(cpu);
    for (;;) {
        asm volatile("cli; hlt");
    }
}

void test(void)
{
    hook[IPI_SYNC] = on_sync;
    hook[IPI_FLUSH] = on_flush;
    hook[3] = on_breakpoint;
    page_entry(WINDOW_PAGE);
    start_cpus();
    all_parts(0);
    say("starts()\n");
    starts();
}
