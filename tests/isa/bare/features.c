/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What "-cpu max" offers of system features: each is in CPUID, can be switched on, and
 * does what it is for.
 */
#include "bare.h"

const unsigned test_rounds = 6;

extern uint64_t pml4[];

enum {
    CR4_UMIP = 1 << 11,
    CR4_FSGSBASE = 1 << 16,
    CR4_PCIDE = 1 << 17,
    CR4_OSXSAVE = 1 << 18,
    CR4_SMEP = 1 << 20,
    CR4_SMAP = 1 << 21,
};
enum { UD = 6, GP = 13, PF = 14 };
enum { MIB = 1 << 20, PAGE = 2 * MIB, USER_PAGE = 5, OTHER_PAGE = 6, FAR = 9 };

static uint64_t *pdpt(void)
{
    return (uint64_t *)(pml4[0] & ~0xffful);
}

static void flush(void)
{
    write_cr3(read_cr3());
}

/* --- CPUID --------------------------------------------------------------------------
 */

enum { EAX, EBX, ECX, EDX };

static const struct {
    uint32_t leaf, sub;
    uint8_t reg, bit;
    const char *name;
} bits[] = {
    {0x1,         0, ECX, 17, "cpuid: PCID"        },
    { 0x1,        0, ECX, 21, "cpuid: x2APIC"      },
    { 0x1,        0, ECX, 22, "cpuid: MOVBE"       },
    { 0x1,        0, ECX, 23, "cpuid: POPCNT"      },
    { 0x1,        0, ECX, 24, "cpuid: TSC deadline"},
    { 0x1,        0, ECX, 26, "cpuid: XSAVE"       },
    { 0x1,        0, ECX, 30, "cpuid: RDRAND"      },
    { 0x7,        0, EBX, 0,  "cpuid: FSGSBASE"    },
    { 0x7,        0, EBX, 3,  "cpuid: BMI1"        },
    { 0x7,        0, EBX, 7,  "cpuid: SMEP"        },
    { 0x7,        0, EBX, 8,  "cpuid: BMI2"        },
    { 0x7,        0, EBX, 10, "cpuid: INVPCID"     },
    { 0x7,        0, EBX, 18, "cpuid: RDSEED"      },
    { 0x7,        0, EBX, 19, "cpuid: ADX"         },
    { 0x7,        0, EBX, 20, "cpuid: SMAP"        },
    { 0x7,        0, ECX, 2,  "cpuid: UMIP"        },
    { 0x7,        0, ECX, 16, "cpuid: LA57"        },
    { 0x7,        0, ECX, 22, "cpuid: RDPID"       },
    { 0xd,        1, EAX, 0,  "cpuid: XSAVEOPT"    },
    { 0xd,        1, EAX, 1,  "cpuid: XSAVEC"      },
    { 0xd,        1, EAX, 3,  "cpuid: XSAVES"      },
    { 0x80000001, 0, ECX, 5,  "cpuid: LZCNT"       },
    { 0x80000001, 0, EDX, 26, "cpuid: 1 GiB pages" },
    { 0x80000001, 0, EDX, 27, "cpuid: RDTSCP"      },
};

static void test_cpuid(void)
{
    for (unsigned k = 0; k < sizeof(bits) / sizeof(bits[0]); k++) {
        uint32_t r[4];

        asm volatile("cpuid"
                     : "=a"(r[EAX]), "=b"(r[EBX]), "=c"(r[ECX]), "=d"(r[EDX])
                     : "a"(bits[k].leaf), "c"(bits[k].sub));
        CHECK_EQ(bits[k].name, r[bits[k].reg] >> bits[k].bit & 1, 1);
    }
}

/* --- pages that are the user's ------------------------------------------------------
 */

/* All pages the kernel's but one. */
static void begin_pages(void)
{
    for (unsigned k = 0; k < 2048; k++) {
        pd[k] &= ~(uint64_t)PTE_U;
    }
    pd[USER_PAGE] |= PTE_U;
    flush();
}

static void end_pages(void)
{
    for (unsigned k = 0; k < 2048; k++) {
        pd[k] |= PTE_U;
    }
    flush();
}

static void test_smap(void)
{
    volatile uint32_t *user = (volatile uint32_t *)(ulong)(USER_PAGE * PAGE);
    uint32_t v = 0;

    *user = 0x1234;
    write_cr4(read_cr4() | CR4_SMAP);
    for (unsigned k = 0; k < 8; k++) {
        TRY("mov (%1), %0", "=&r"(v) : "r"(user) : "memory");
        CHECK_EQ("smap: a load", fault.vector, PF);
        CHECK_EQ("smap: its error code", fault.error, 1);
        TRY("movl $1, (%0)", : "r"(user) : "memory");
        CHECK_EQ("smap: a store", fault.error, 3);
        v = 0;
        TRY("stac\n\tmovl (%1), %0\n\tincl (%1)\n\tclac", "=&r"(v)
            : "r"(user)
            : "memory");
        CHECK_EQ("smap: between STAC and CLAC", fault.vector, -1);
        CHECK_EQ("smap: what was read", v, 0x1234 + k);
        TRY("stac\n\tmov (%1), %0\n\tclac\n\tmov (%1), %0", "=&r"(v)
            : "r"(user)
            : "memory");
        CHECK_EQ("smap: behind CLAC", fault.vector, PF);
        CHECK_EQ("smap: AC is clear", fault.flags & 1 << 18, 0);
        /* The exception clears AC for its handler and gives it back. */
        TRY("stac\n\tmov (%1), %0\n\tud2", "=&r"(v) : "r"(user) : "memory");
        CHECK_EQ("smap: a fault with AC", fault.vector, UD);
        CHECK_EQ("smap: AC is set", fault.flags >> 18 & 1, 1);
        asm volatile("clac");
        /* AC by POPF does the same. */
        TRY("pushf\n\torl $0x40000, (%%rsp)\n\tpopf\n\tmov (%1), %0\n\t"
            "pushf\n\tandl $~0x40000, (%%rsp)\n\tpopf\n\tmov (%1), %0",
            "=&r"(v)
            : "r"(user)
            : "memory", "cc");
        CHECK_EQ("smap: AC by POPF", fault.vector, PF);
        CHECK_EQ("smap: AC by POPF was set before", v, 0x1235 + k);
    }
    write_cr4(read_cr4() & ~(ulong)CR4_SMAP);
    CHECK_EQ("smap: off", *user, 0x1234 + 8);
}

static void test_smep(void)
{
    volatile uint8_t *user = (volatile uint8_t *)(ulong)(USER_PAGE * PAGE + 64);

    *user = 0xc3; /* ret */
    write_cr4(read_cr4() | CR4_SMEP);
    TRY("call *%0", : "r"(user) : "memory");
    CHECK_EQ("smep: vector", fault.vector, PF);
    CHECK_EQ("smep: error", fault.error, 0x11);
    asm volatile("add $8, %%rsp" : : : "memory", "cc"); /* what CALL pushed */
    write_cr4(read_cr4() & ~(ulong)CR4_SMEP);
    TRY("call *%0", : "r"(user) : "memory");
    CHECK_EQ("smep: off", fault.vector, -1);
}

/* --- ring 3 -------------------------------------------------------------------------
 */

/* The vector that ends @text in ring 3; INT3 if nothing else does. */
#define IN_RING_3(text)                                                         \
    ({                                                                          \
        static uint8_t stack[512] __attribute__((aligned(16)));                 \
        Regs r = { .cs = USER_CODE,                                             \
                   .ss = USER_DATA,                                             \
                   .flags = 2,                                                  \
                   .sp = (ulong)(stack + sizeof(stack) - 64) };                 \
        asm volatile("movq $771f, %0\n\tjmp 772f\n771:\t" text "\n\tint3\n772:" \
                     : "=m"(r.ip));                                             \
        user_run(&r);                                                           \
        r.vector;                                                               \
    })

static void test_umip(void)
{
    set_gate(3, 3);
    CHECK_EQ("umip: SIDT without", IN_RING_3("sidt 16(%%rsp)"), 3);
    write_cr4(read_cr4() | CR4_UMIP);
    CHECK_EQ("umip: SIDT", IN_RING_3("sidt 16(%%rsp)"), GP);
    CHECK_EQ("umip: SMSW", IN_RING_3("smsw %%ax"), GP);
    CHECK_EQ("umip: STR", IN_RING_3("str %%ax"), GP);
    TRY("smsw %%ax", : : "eax");
    CHECK_EQ("umip: ring 0", fault.vector, -1);
    write_cr4(read_cr4() & ~(ulong)CR4_UMIP);
    CHECK_EQ("umip: SMSW without", IN_RING_3("smsw %%ax"), 3);
    CHECK_EQ("fsgsbase: off", IN_RING_3("rdfsbase %%rax"), UD);
    write_cr4(read_cr4() | CR4_FSGSBASE);
    CHECK_EQ("fsgsbase: on", IN_RING_3("rdfsbase %%rax"), 3);
    write_cr4(read_cr4() & ~(ulong)CR4_FSGSBASE);
}

/* --- address spaces -----------------------------------------------------------------
 */

static void invpcid(ulong type, ulong pcid, ulong addr)
{
    uint64_t desc[2] = { pcid, addr };

    asm volatile("invpcid %0, %1" : : "m"(desc), "r"(type) : "memory");
}

/* A 2 MiB page far up whose frame changes. */
static uint64_t far_pd[512] __attribute__((aligned(4096)));

static uint32_t far_read(void)
{
    return *(volatile uint32_t *)((ulong)FAR << 30);
}

static void far_set(unsigned frame)
{
    *(volatile uint64_t *)far_pd = (uint64_t)frame * PAGE | PTE_P | PTE_W | PTE_PS;
}

static void test_pcid(void)
{
    ulong base = read_cr3();

    *(volatile uint32_t *)(ulong)(USER_PAGE * PAGE) = 0x55555555;
    *(volatile uint32_t *)(ulong)(OTHER_PAGE * PAGE) = 0x66666666;
    pdpt()[FAR] = (uint64_t)(ulong)far_pd | PTE_P | PTE_W;
    far_set(USER_PAGE);
    TRY("mov %0, %%cr3", : "r"(base | 1ul << 63) : "memory");
    CHECK_EQ("pcid: bit 63 without PCIDE", fault.vector, GP);
    write_cr3(base | 8);
    TRY("mov %0, %%cr4", : "r"(read_cr4() | CR4_PCIDE) : "memory");
    CHECK_EQ("pcid: PCIDE while CR3 is not clear", fault.vector, GP);
    write_cr3(base);
    write_cr4(read_cr4() | CR4_PCIDE);
    CHECK_EQ("pcid: read", far_read(), 0x55555555);
    for (unsigned k = 0; k < 8; k++) {
        ulong mine = 1 + k % 3;
        unsigned frame = k & 1 ? USER_PAGE : OTHER_PAGE;
        uint32_t want = 0x11111111 * frame;

        write_cr3(base | mine);
        far_read();
        write_cr3(base | 7 | 1ul << 63);
        far_read();
        far_set(frame);
        /* This space and the other one, each by the least that must do. */
        if (k & 1) {
            invpcid(0, 7, (ulong)FAR << 30);
        } else {
            asm volatile("invlpg (%0)" : : "r"((ulong)FAR << 30) : "memory");
        }
        CHECK_EQ("pcid: one page of this space", far_read(), want);
        if (k & 2) {
            invpcid(1, mine, 0);
            write_cr3(base | mine | 1ul << 63);
        } else if (k & 4) {
            invpcid(3, 0, 0);
            write_cr3(base | mine | 1ul << 63);
        } else {
            write_cr3(base | mine);
        }
        CHECK_EQ("pcid: another space", far_read(), want);
        CHECK_EQ("pcid: CR3 keeps no bit 63", read_cr3(), base | mine);
    }
    far_set(USER_PAGE);
    invpcid(2, 0, 0);
    CHECK_EQ("invpcid: everything", far_read(), 0x55555555);
    TRY("invpcid (%0), %1", : "r"(far_pd), "r"(4ul) : "memory");
    CHECK_EQ("invpcid: type 4", fault.vector, GP);
    write_cr3(base);
    write_cr4(read_cr4() & ~(ulong)CR4_PCIDE);
    pdpt()[FAR] = 0;
    flush();
}

static void test_gib_page(void)
{
    static volatile uint32_t here;

    here = 0xabcd0000 + round;
    pdpt()[FAR] = PTE_P | PTE_W | PTE_PS;
    flush();
    CHECK_EQ("1 GiB page", *(volatile uint32_t *)(((ulong)FAR << 30) + (ulong)&here),
             here);
    pdpt()[FAR] = 1 << 13 | PTE_P | PTE_W | PTE_PS;
    flush();
    TRY("mov (%0), %%eax", : "r"((ulong)FAR << 30) : "eax");
    CHECK_EQ("1 GiB page: reserved bit", fault.error, 9);
    pdpt()[FAR] = 0;
    flush();
    TRY("mov (%0), %%eax", : "r"((ulong)FAR << 30) : "eax");
    CHECK_EQ("1 GiB page: gone", fault.vector, PF);
}

/* --- state --------------------------------------------------------------------------
 */

typedef struct Image {
    uint8_t legacy[512];
    uint64_t xstate_bv, xcomp_bv, reserved[6];
    uint8_t more[512];
} __attribute__((aligned(64))) Image;

#define SAVE_AND_RESTORE(save, restore, compact)                                       \
    do {                                                                               \
        static Image image;                                                            \
        uint64_t v = 0x1122334455667788 + round, got = 0;                              \
        image = (Image){ 0 };                                                          \
        asm volatile("movq %2, %%xmm5\n\t" save                                        \
                     " %0\n\tpxor %%xmm5, %%xmm5\n\t" restore " %0\n\tmovq %%xmm5, %1" \
                     : "+m"(image), "=&r"(got)                                         \
                     : "r"(v), "a"(7), "d"(0)                                          \
                     : "memory");                                                      \
        CHECK_EQ(save ": XMM5 came back", got, v);                                     \
        CHECK_EQ(save ": XSTATE_BV", image.xstate_bv & 2, 2);                          \
        CHECK_EQ(save ": compact", image.xcomp_bv >> 63, compact);                     \
    } while (0)

static void test_xsave(void)
{
    uint32_t lo, hi;

    TRY("xgetbv", : "c"(0) : "eax", "edx");
    CHECK_EQ("xsave: off", fault.vector, UD);
    write_cr4(read_cr4() | CR4_OSXSAVE);
    asm volatile("xgetbv" : "=a"(lo), "=d"(hi) : "c"(0));
    asm volatile("xsetbv" : : "a"(3), "d"(0), "c"(0));
    asm volatile("xgetbv" : "=a"(lo), "=d"(hi) : "c"(0));
    CHECK_EQ("xsave: XCR0", lo, 3);
    TRY("xsetbv", : "a"(2), "d"(0), "c"(0));
    CHECK_EQ("xsave: XCR0 without x87", fault.vector, GP);
    SAVE_AND_RESTORE("xsave", "xrstor", 0);
    SAVE_AND_RESTORE("xsaveopt", "xrstor", 0);
    SAVE_AND_RESTORE("xsavec", "xrstor", 1);
    SAVE_AND_RESTORE("xsaves", "xrstors", 1);
    asm volatile("xsetbv" : : "a"(1), "d"(0), "c"(0));
    write_cr4(read_cr4() & ~(ulong)CR4_OSXSAVE);
}

static void test_bases(void)
{
    ulong v = 0x7fff00001000 + round, got, gs = rdmsr(0xc0000101);
    volatile uint32_t here = 0x600d;

    write_cr4(read_cr4() | CR4_FSGSBASE);
    asm volatile("wrfsbase %1\n\trdfsbase %0" : "=&r"(got) : "r"(v));
    CHECK_EQ("fsgsbase: FS", got, v);
    CHECK_EQ("fsgsbase: its MSR", rdmsr(0xc0000100), v);
    asm volatile("wrgsbase %1\n\trdgsbase %0" : "=&r"(got) : "r"(v + 8));
    CHECK_EQ("fsgsbase: GS", got, v + 8);
    /* The base counts at once, and that of an MSR. */
    asm volatile("wrgsbase %1\n\tmovl %%gs:(0), %k0"
                 : "=&r"(got)
                 : "r"(&here)
                 : "memory");
    CHECK_EQ("fsgsbase: a load", got, 0x600d);
    asm volatile("wrmsr\n\tmovl %%gs:(8), %k0"
                 : "=&r"(got)
                 : "a"((uint32_t)((ulong)&here - 8)), "d"(0), "c"(0xc0000101)
                 : "memory");
    CHECK_EQ("wrmsr: a load by the new base", got, 0x600d);
    TRY("wrfsbase %0", : "r"(1ul << 62));
    CHECK_EQ("fsgsbase: not canonical", fault.vector, GP);
    wrmsr(0xc0000101, gs);
    write_cr4(read_cr4() & ~(ulong)CR4_FSGSBASE);
}

static void test_numbers(void)
{
    uint64_t a = 0, b = 0, aux = 0x1230 + round, pid;
    uint32_t lo, hi, cx;
    uint8_t ok1, ok2;

    asm volatile("rdrand %0\n\tsetc %1" : "=r"(a), "=q"(ok1) : : "cc");
    asm volatile("rdrand %0\n\tsetc %1" : "=r"(b), "=q"(ok2) : : "cc");
    CHECK(!(ok1 && ok2) || a != b);
    asm volatile("rdseed %0\n\tsetc %1" : "=r"(a), "=q"(ok1) : : "cc");
    CHECK(ok1 ? a != b : a == 0);
    wrmsr(0xc0000103, aux);
    a = rdtsc();
    asm volatile("rdtscp" : "=a"(lo), "=d"(hi), "=c"(cx));
    CHECK_EQ("rdtscp: TSC_AUX", cx, aux);
    CHECK(((uint64_t)hi << 32 | lo) >= a);
    asm volatile("rdpid %0" : "=r"(pid));
    CHECK_EQ("rdpid", pid, aux);
}

/* --- interrupts ---------------------------------------------------------------------
 */

static volatile unsigned arrived[2];

static void on_ipi(Regs *r)
{
    arrived[0]++;
    wrmsr(0x80b, 0);
}

static void on_timer(Regs *r)
{
    arrived[1]++;
    wrmsr(0x80b, 0);
}

static void test_apic(void)
{
    unsigned before = arrived[0];
    uint64_t due;

    hook[0x40] = on_ipi;
    hook[0x41] = on_timer;
    outb(0x21, 0xff);
    outb(0xa1, 0xff);
    wrmsr(0x1b, rdmsr(0x1b) | 3 << 10);
    CHECK_EQ("x2apic: id", rdmsr(0x802), 0);
    CHECK_EQ("x2apic: on", rdmsr(0x1b) >> 10 & 3, 3);
    wrmsr(0x80f, 0x1ff);
    TRY("wrmsr", : "a"(0), "d"(0), "c"(0x802));
    CHECK_EQ("x2apic: id cannot be written", fault.vector, GP);
    wrmsr(0x83f, 0x40);
    CHECK_EQ("x2apic: IF is clear", arrived[0], before);
    asm volatile("sti\n\tnop\n\tnop\n\tcli" : : : "memory");
    CHECK_EQ("x2apic: self IPI", arrived[0], before + 1);
    /* POPF lets it in, too, before the next instruction changes its mind. */
    wrmsr(0x83f, 0x40);
    asm volatile("pushf\n\torl $0x200, (%%rsp)\n\tpopf\n\tcli" : : : "memory", "cc");
    CHECK_EQ("x2apic: self IPI and POPF", arrived[0], before + 2);
    /* And one that is sent while interrupts are on comes behind WRMSR. */
    asm volatile("sti\n\tnop\n\twrmsr\n\tcli"
                 :
                 : "a"(0x40), "d"(0), "c"(0x83f)
                 : "memory");
    CHECK_EQ("x2apic: self IPI, enabled", arrived[0], before + 3);
    before = arrived[1];
    wrmsr(0x832, 2 << 17 | 0x41);
    due = rdtsc() + 200000;
    wrmsr(0x6e0, due);
    while (arrived[1] == before) {
        asm volatile("sti\n\thlt\n\tcli" : : : "memory");
    }
    CHECK(rdtsc() >= due);
    CHECK_EQ("tsc deadline: disarmed", rdmsr(0x6e0), 0);
}

void test(void)
{
    test_cpuid();
    begin_pages();
    test_smap();
    test_smep();
    end_pages();
    test_umip();
    test_pcid();
    test_gib_page();
    test_xsave();
    test_bases();
    test_numbers();
    test_apic();
}
