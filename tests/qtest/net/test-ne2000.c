/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The NE2000 as the DP8390's data sheet tells to use it: two cards on a hub talk to
 * each other, and the user-mode network answers one.
 */
#include "libqtest.h"

#include <string.h>

#define A 0x300  /* ISA, irq 9 */
#define B 0xc000 /* PCI */

enum {
    CR_STOP = 0x21,
    CR_START = 0x22,
    CR_READ = 0x0a,
    CR_WRITE = 0x12,
    CR_TXP = 0x26
};
enum { PRX = 0x01, PTX = 0x02, RDC = 0x40, RST = 0x80 };

static const uint8_t mac_a[6] = { 0x52, 0x54, 0, 0, 0, 0xa };
static const uint8_t mac_b[6] = { 0x52, 0x54, 0, 0, 0, 0xb };

static QTest *start(void)
{
    QTest *qt = qtest_start("-M pc -nodefaults -netdev hubport,hubid=0,id=n0 "
                            "-netdev hubport,hubid=0,id=n1 "
                            "-device ne2k_isa,netdev=n0,mac=52:54:00:00:00:0a "
                            "-device ne2k_pci,netdev=n1,mac=52:54:00:00:00:0b,addr=3");

    qpci_writel(qt, QPCI_DEVFN(3, 0), 0x10, B);
    qpci_writew(qt, QPCI_DEVFN(3, 0), 4, 1);
    return qt;
}

static void set_remote(QTest *qt, uint16_t card, uint16_t addr, uint16_t len)
{
    qtest_outb(qt, card + 0x8, (uint8_t)addr);
    qtest_outb(qt, card + 0x9, (uint8_t)(addr >> 8));
    qtest_outb(qt, card + 0xa, (uint8_t)len);
    qtest_outb(qt, card + 0xb, (uint8_t)(len >> 8));
}

static void read_buffer(QTest *qt, uint16_t card, uint16_t addr, uint8_t *data,
                        uint16_t len)
{
    set_remote(qt, card, addr, len);
    qtest_outb(qt, card, CR_READ);
    for (uint16_t i = 0; i < len; i += 2) {
        uint16_t v = qtest_inw(qt, card + 0x10);
        data[i] = (uint8_t)v;
        if (i + 1 < len) {
            data[i + 1] = (uint8_t)(v >> 8);
        }
    }
    g_assert_cmphex(qtest_inb(qt, card + 7) & RDC, ==, RDC);
    qtest_outb(qt, card + 7, RDC);
}

static void write_buffer(QTest *qt, uint16_t card, uint16_t addr, const uint8_t *data,
                         uint16_t len)
{
    set_remote(qt, card, addr, len);
    qtest_outb(qt, card, CR_WRITE);
    for (uint16_t i = 0; i < len; i += 2) {
        qtest_outw(qt, card + 0x10, (uint16_t)(data[i] | data[i + 1] << 8));
    }
    g_assert_cmphex(qtest_inb(qt, card + 7) & RDC, ==, RDC);
    qtest_outb(qt, card + 7, RDC);
}

/* Transmit pages 40-45, a ring of @pages from 46 on; ends started. */
static void init(QTest *qt, uint16_t card, const uint8_t *mac, uint8_t pages,
                 uint8_t rcr)
{
    qtest_outb(qt, card, CR_STOP);
    qtest_outb(qt, card + 0xe, 0x49);
    qtest_outb(qt, card + 0xc, rcr);
    qtest_outb(qt, card + 0x1, 0x46);
    qtest_outb(qt, card + 0x2, (uint8_t)(0x46 + pages));
    qtest_outb(qt, card + 0x3, 0x46);
    qtest_outb(qt, card + 0x4, 0x40);
    qtest_outb(qt, card + 0x7, 0xff);
    qtest_outb(qt, card + 0xf, 0x7f);
    qtest_outb(qt, card, CR_STOP | 0x40);
    for (int i = 0; i < 6; i++) {
        qtest_outb(qt, (uint16_t)(card + 1 + i), mac[i]);
    }
    for (int i = 0; i < 8; i++) {
        qtest_outb(qt, (uint16_t)(card + 8 + i), 0);
    }
    qtest_outb(qt, card + 7, 0x47);
    qtest_outb(qt, card, CR_START);
}

static void send_frame(QTest *qt, uint16_t card, const uint8_t *frame, uint16_t len)
{
    write_buffer(qt, card, 0x4000, frame, len);
    qtest_outb(qt, card + 5, (uint8_t)len);
    qtest_outb(qt, card + 6, (uint8_t)(len >> 8));
    qtest_outb(qt, card, CR_TXP);
    g_assert_cmphex(qtest_inb(qt, card + 7) & PTX, ==, PTX);
    qtest_outb(qt, card + 7, PTX);
    g_assert_cmphex(qtest_inb(qt, card) & 4, ==, 0);
}

static void make_frame(uint8_t *frame, const uint8_t *to, uint16_t len, uint8_t seed)
{
    for (uint16_t i = 0; i < len; i++) {
        frame[i] = (uint8_t)(i * 7 + seed);
    }
    memcpy(frame, to, 6);
    memcpy(frame + 6, mac_a, 6);
}

static uint8_t current_page(QTest *qt, uint16_t card)
{
    uint8_t page;

    qtest_outb(qt, card, CR_START | 0x40);
    page = qtest_inb(qt, card + 7);
    qtest_outb(qt, card, CR_START);
    return page;
}

/* --- Tests --- */

static void prom_holds_the_address_twice(void)
{
    QTest *qt = start();
    uint8_t prom[32];

    qtest_inb(qt, A + 0x1f);
    g_assert_cmphex(qtest_inb(qt, A + 7), ==, RST);
    qtest_outb(qt, A, CR_START);
    qtest_outb(qt, A + 0xe, 0x49);
    read_buffer(qt, A, 0, prom, sizeof(prom));
    for (int i = 0; i < 6; i++) {
        g_assert_cmphex(prom[2 * i], ==, mac_a[i]);
        g_assert_cmphex(prom[2 * i + 1], ==, mac_a[i]);
    }
    g_assert_cmphex(prom[28], ==, 'W');
    g_assert_cmphex(prom[31], ==, 'W');
    qtest_quit(qt);
}

static void buffer_is_at_4000(void)
{
    QTest *qt = start();
    uint8_t data[64], back[64];

    for (int i = 0; i < 64; i++) {
        data[i] = (uint8_t)(i ^ 0x5a);
    }
    init(qt, A, mac_a, 0x20, 4);
    write_buffer(qt, A, 0x4000, data, 64);
    read_buffer(qt, A, 0x4000, back, 64);
    g_assert_cmpmem(back, 64, data, 64);
    write_buffer(qt, A, 0xbffe, data, 4);
    read_buffer(qt, A, 0xbffc, back, 8);
    g_assert_cmphex(back[2], ==, data[0]);
    g_assert_cmphex(back[4], ==, 0xff); /* nothing above */
    qtest_quit(qt);
}

static void one_card_sends_the_other_receives(void)
{
    QTest *qt = start();
    uint8_t frame[300], got[308];

    qtest_irq_intercept_in(qt, "ioapic");
    init(qt, A, mac_a, 0x20, 4);
    init(qt, B, mac_b, 0x20, 4);
    make_frame(frame, mac_b, sizeof(frame), 1);
    send_frame(qt, A, frame, sizeof(frame));
    g_assert_cmphex(qtest_inb(qt, B + 7), ==, PRX);
    g_assert_cmphex(current_page(qt, B), ==, 0x49);
    read_buffer(qt, B, 0x4700, got, sizeof(got));
    g_assert_cmphex(got[0], ==, 0x01);
    g_assert_cmphex(got[1], ==, 0x49);
    g_assert_cmpuint(got[2] | got[3] << 8, ==, sizeof(frame) + 4);
    g_assert_cmpmem(got + 4, sizeof(frame), frame, sizeof(frame));
    g_assert_true(qpci_readw(qt, QPCI_DEVFN(3, 0), 6) & 8);
    qtest_outb(qt, B + 7, PRX);
    g_assert_false(qpci_readw(qt, QPCI_DEVFN(3, 0), 6) & 8);
    qtest_quit(qt);
}

static void line_of_the_isa_card_follows_isr_and_imr(void)
{
    QTest *qt = start();
    uint8_t frame[60];

    qtest_irq_intercept_in(qt, "ioapic");
    init(qt, A, mac_a, 0x20, 4);
    make_frame(frame, mac_b, sizeof(frame), 1);
    write_buffer(qt, A, 0x4000, frame, 60);
    qtest_outb(qt, A + 5, 60);
    qtest_outb(qt, A + 6, 0);
    qtest_outb(qt, A, CR_TXP);
    g_assert_true(qtest_get_irq(qt, 9));
    qtest_outb(qt, A + 0xf, 0);
    g_assert_false(qtest_get_irq(qt, 9));
    qtest_outb(qt, A + 0xf, PTX);
    g_assert_true(qtest_get_irq(qt, 9));
    qtest_outb(qt, A + 7, PTX);
    g_assert_false(qtest_get_irq(qt, 9));
    qtest_quit(qt);
}

/* Frames of two pages through a ring of six: the third waits, then wraps. */
static void ring_wraps_and_a_full_one_waits(void)
{
    QTest *qt = start();
    uint8_t frame[400], got[408];
    uint8_t page = 0x47;

    init(qt, A, mac_a, 0x20, 4);
    init(qt, B, mac_b, 6, 4);
    for (uint8_t n = 0; n < 3; n++) {
        make_frame(frame, mac_b, sizeof(frame), n);
        send_frame(qt, A, frame, sizeof(frame));
    }
    g_assert_cmphex(current_page(qt, B), ==, 0x4b);
    for (uint8_t n = 0; n < 3; n++) {
        make_frame(frame, mac_b, sizeof(frame), n);
        read_buffer(qt, B, (uint16_t)(page << 8), got, sizeof(got));
        g_assert_cmpmem(got + 4, sizeof(frame), frame, sizeof(frame));
        page = got[1];
        g_assert_cmphex(page, <, 0x4c);
        qtest_outb(qt, B + 3, page == 0x46 ? 0x4b : (uint8_t)(page - 1));
    }
    g_assert_cmphex(current_page(qt, B), ==, page);
    g_assert_cmphex(page, ==, 0x47);
    qtest_quit(qt);
}

static void filters_are_obeyed(void)
{
    static const uint8_t broadcast[6] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff };
    static const uint8_t group[6] = { 0x01, 0x00, 0x5e, 0x00, 0x00, 0x01 };
    static const uint8_t other[6] = { 0x52, 0x54, 0, 0, 0, 0xc };
    static const struct {
        const uint8_t *to;
        uint8_t rcr, mar; /* all bytes of it */
        bool received;
    } rows[] = {
        {broadcast,  0x00, 0x00, false},
        { broadcast, 0x04, 0x00, true },
        { group,     0x08, 0x00, false},
        { group,     0x08, 0xff, true },
        { group,     0x00, 0xff, false},
        { other,     0x0c, 0xff, false},
        { other,     0x10, 0x00, true },
        { mac_b,     0x00, 0x00, true },
        { mac_b,     0x20, 0x00, false}, /* monitor: counted only */
    };
    QTest *qt = start();
    uint8_t frame[60];

    init(qt, A, mac_a, 0x20, 4);
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        init(qt, B, mac_b, 0x20, rows[i].rcr);
        qtest_outb(qt, B, CR_START | 0x40);
        for (int m = 0; m < 8; m++) {
            qtest_outb(qt, (uint16_t)(B + 8 + m), rows[i].mar);
        }
        qtest_outb(qt, B, CR_START);
        make_frame(frame, rows[i].to, sizeof(frame), 1);
        send_frame(qt, A, frame, sizeof(frame));
        g_assert_cmpint(qtest_inb(qt, B + 7) & PRX, ==, rows[i].received);
    }
    g_assert_cmpuint(qtest_inb(qt, B + 0xf), ==, 1);
    g_assert_cmpuint(qtest_inb(qt, B + 0xf), ==, 0);
    qtest_quit(qt);
}

/* 01:00:5e:00:00:01 hashes to bit 31 of 64: byte 3, bit 7. */
static void multicast_hash_chooses_one_bit(void)
{
    static const uint8_t group[6] = { 0x01, 0x00, 0x5e, 0x00, 0x00, 0x01 };
    QTest *qt = start();
    uint8_t frame[60];
    int hits = 0;

    init(qt, A, mac_a, 0x20, 4);
    make_frame(frame, group, sizeof(frame), 1);
    for (int bit = 0; bit < 64; bit++) {
        init(qt, B, mac_b, 0x20, 0x08);
        qtest_outb(qt, B, CR_START | 0x40);
        qtest_outb(qt, (uint16_t)(B + 8 + bit / 8), (uint8_t)(1 << bit % 8));
        qtest_outb(qt, B, CR_START);
        send_frame(qt, A, frame, sizeof(frame));
        if (qtest_inb(qt, B + 7) & PRX) {
            hits++;
            g_assert_cmpint(bit, ==, 31);
        }
    }
    g_assert_cmpint(hits, ==, 1);
    qtest_quit(qt);
}

static void loopback_goes_nowhere(void)
{
    QTest *qt = start();
    uint8_t frame[60];

    init(qt, A, mac_a, 0x20, 4);
    init(qt, B, mac_b, 0x20, 4);
    qtest_outb(qt, A + 0xd, 2);
    make_frame(frame, mac_b, sizeof(frame), 1);
    send_frame(qt, A, frame, sizeof(frame));
    g_assert_cmphex(qtest_inb(qt, B + 7), ==, 0);
    qtest_quit(qt);
}

/* Rings outside the memory, reversed, of no size; transfers of 64 KiB from anywhere. */
static void hostile_pointers_do_no_harm(void)
{
    static const uint8_t values[] = { 0x00, 0x01, 0x3f, 0x40, 0x46,
                                      0x47, 0xbf, 0xc0, 0xfe, 0xff };
    QTest *qt = start();
    uint8_t frame[1500];

    init(qt, A, mac_a, 0x20, 4);
    make_frame(frame, mac_b, sizeof(frame), 1);
    write_buffer(qt, A, 0x4000, frame, sizeof(frame));
    for (size_t i = 0; i < G_N_ELEMENTS(values); i++) {
        for (size_t j = 0; j < G_N_ELEMENTS(values); j++) {
            init(qt, B, mac_b, 0x20, 0x1c);
            qtest_outb(qt, B + 1, values[i]);
            qtest_outb(qt, B + 2, values[j]);
            qtest_outb(qt, B + 3, values[(i + j) % 10]);
            qtest_outb(qt, B, CR_START | 0x40);
            qtest_outb(qt, B + 7, values[(i * 3 + j) % 10]);
            qtest_outb(qt, B, CR_START);
            qtest_outb(qt, A + 5, (uint8_t)sizeof(frame));
            qtest_outb(qt, A + 6, sizeof(frame) >> 8);
            qtest_outb(qt, A, CR_TXP);
            qtest_outb(qt, B, 0x1a); /* send packet */
            qtest_inl(qt, B + 0x10);
        }
    }
    qtest_outb(qt, B + 5, 0xff);
    qtest_outb(qt, B + 6, 0xff);
    qtest_outb(qt, B + 4, 0xff);
    qtest_outb(qt, B, CR_TXP);
    g_assert_cmphex(qtest_inb(qt, B + 7) & PTX, ==, PTX);
    qtest_quit(qt);
}

static void the_user_network_answers_arp(void)
{
    static const uint8_t head[] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x52,
                                    0x54, 0x00, 0x00, 0x00, 0x0a, 0x08, 0x06,
                                    0x00, 0x01, 0x08, 0x00, 0x06, 0x04, 0x00,
                                    0x01, 0x52, 0x54, 0x00, 0x00, 0x00, 0x0a,
                                    10,   0,    2,    15,   0,    0,    0,
                                    0,    0,    0,    10,   0,    2,    2 };
    QTest *qt = qtest_start("-M pc -nodefaults -netdev user,id=n0 "
                            "-device ne2k_isa,netdev=n0,mac=52:54:00:00:00:0a");
    uint8_t frame[60] = { 0 }, got[64];

    memcpy(frame, head, sizeof(head));
    init(qt, A, mac_a, 0x20, 4);
    send_frame(qt, A, frame, sizeof(frame));
    for (int i = 0; i < 1000 && !(qtest_inb(qt, A + 7) & PRX); i++) {
        g_usleep(1000);
    }
    read_buffer(qt, A, 0x4700, got, sizeof(got));
    g_assert_cmpmem(got + 4, 6, mac_a, 6);
    g_assert_cmphex(got[4 + 21], ==, 2); /* reply */
    g_assert_cmpmem(got + 4 + 28, 4, "\x0a\x00\x02\x02", 4);
    qtest_quit(qt);
}

static void comes_and_goes_on_the_bus(void)
{
    QTest *qt = qtest_start("-M pc -nodefaults -netdev hubport,hubid=0,id=n0");

    qtest_qmp_do(qt, "{'execute':'device_add','arguments':{'driver':'ne2k_pci',"
                     "'id':'c','netdev':'n0','addr':'5'}}");
    g_assert_cmphex(qpci_readl(qt, QPCI_DEVFN(5, 0), 0), ==, 0x802910ec);
    qtest_qmp_do(qt, "{'execute':'device_del','arguments':{'id':'c'}}");
    qtest_outl(qt, 0xae10, 0);
    qtest_outl(qt, 0xae08, 1u << 5);
    json_object_put(qtest_wait_event(qt, "DEVICE_DELETED"));
    qtest_quit(qt);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/ne2000/prom-holds-the-address-twice",
                    prom_holds_the_address_twice);
    g_test_add_func("/ne2000/buffer-is-at-4000", buffer_is_at_4000);
    g_test_add_func("/ne2000/one-card-sends-the-other-receives",
                    one_card_sends_the_other_receives);
    g_test_add_func("/ne2000/line-of-the-isa-card-follows-isr-and-imr",
                    line_of_the_isa_card_follows_isr_and_imr);
    g_test_add_func("/ne2000/ring-wraps-and-a-full-one-waits",
                    ring_wraps_and_a_full_one_waits);
    g_test_add_func("/ne2000/filters-are-obeyed", filters_are_obeyed);
    g_test_add_func("/ne2000/multicast-hash-chooses-one-bit",
                    multicast_hash_chooses_one_bit);
    g_test_add_func("/ne2000/loopback-goes-nowhere", loopback_goes_nowhere);
    g_test_add_func("/ne2000/hostile-pointers-do-no-harm", hostile_pointers_do_no_harm);
    g_test_add_func("/ne2000/the-user-network-answers-arp",
                    the_user_network_answers_arp);
    g_test_add_func("/ne2000/comes-and-goes-on-the-bus", comes_and_goes_on_the_bus);
    return g_test_run();
}
