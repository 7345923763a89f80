/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The 82540EM as its manual tells to use it. Most tests send to themselves through the
 * loopback mode of RCTL; the last ones talk to the user-mode network.
 */
#include "libqtest.h"

#include <string.h>

#define CARD  QPCI_DEVFN(2, 0)
#define BASE  0xe0000000u
#define IO    0xc000
#define RINGS 0x100000
#define RX    (RINGS + 0x1000)
#define BUFS  0x200000
#define TXBUF 0x300000

enum {
    CTRL = 0x0000,
    STATUS = 0x0008,
    EECD = 0x0010,
    EERD = 0x0014,
    MDIC = 0x0020,
    ICR = 0x00c0,
    ITR = 0x00c4,
    ICS = 0x00c8,
    IMS = 0x00d0,
    IMC = 0x00d8,
    RCTL = 0x0100,
    TCTL = 0x0400,
    RDBAL = 0x2800,
    RDBAH = 0x2804,
    RDLEN = 0x2808,
    RDH = 0x2810,
    RDT = 0x2818,
    TDBAL = 0x3800,
    TDBAH = 0x3804,
    TDLEN = 0x3808,
    TDH = 0x3810,
    TDT = 0x3818,
    GPRC = 0x4074,
    GPTC = 0x4080,
    RXCSUM = 0x5000,
    MTA = 0x5200,
    RAL = 0x5400,
    VFTA = 0x5600,
};
enum { TXDW = 1, TXQE = 2, LSC = 4, RXT0 = 0x80 };
enum {
    RCTL_EN = 2,
    RCTL_UPE = 8,
    RCTL_LOOP = 0xc0,
    RCTL_BAM = 0x8000,
    RCTL_VFE = 0x40000,
    RCTL_SECRC = 0x4000000
};
enum { EOP = 1, IFCS = 2, RS = 8, DEXT = 0x20 };

static const uint8_t mac[6] = { 0x52, 0x54, 0, 0x12, 0x34, 0x56 };
static uint32_t rx_tail, tx_tail;

static uint32_t rd(QTest *qt, uint32_t reg)
{
    return qtest_readl(qt, BASE + reg);
}

static void wr(QTest *qt, uint32_t reg, uint32_t value)
{
    qtest_writel(qt, BASE + reg, value);
}

static QTest *start(const char *more)
{
    QTest *qt = qtest_startf("-M pc -nodefaults %s -device e1000,addr=2%s", more,
                             *more ? ",netdev=n0" : "");

    qpci_writel(qt, CARD, 0x10, BASE);
    qpci_writel(qt, CARD, 0x14, IO);
    qpci_writew(qt, CARD, 4, 7);
    qtest_irq_intercept_in(qt, "ioapic");
    return qt;
}

/* Eight descriptors each way, seven receive buffers of 2 KiB. */
static void set_rings(QTest *qt, uint32_t rctl)
{
    rx_tail = 7;
    tx_tail = 0;
    qtest_memset(qt, RINGS, 0, 0x2000);
    for (uint32_t i = 0; i < 8; i++) {
        qtest_writeq(qt, RX + 16 * i, BUFS + 2048 * i);
    }
    wr(qt, RDBAL, RX);
    wr(qt, RDLEN, 128);
    wr(qt, RDH, 0);
    wr(qt, RDT, rx_tail);
    wr(qt, TDBAL, RINGS);
    wr(qt, TDLEN, 128);
    wr(qt, TDH, 0);
    wr(qt, TDT, 0);
    wr(qt, TCTL, 2 | 8);
    wr(qt, RCTL, RCTL_EN | RCTL_BAM | RCTL_SECRC | rctl);
}

static void put_descriptor(QTest *qt, uint64_t low, uint64_t high)
{
    qtest_writeq(qt, RINGS + 16 * tx_tail, low);
    qtest_writeq(qt, RINGS + 16 * tx_tail + 8, high);
    tx_tail = (tx_tail + 1) % 8;
}

static void send_frame(QTest *qt, const uint8_t *frame, uint16_t len)
{
    qtest_memwrite(qt, TXBUF, frame, len);
    put_descriptor(qt, TXBUF, len | (uint64_t)(EOP | IFCS | RS) << 24);
    wr(qt, TDT, tx_tail);
}

/* Length of received frame @n, 0 when there is none. */
static uint16_t received(QTest *qt, uint32_t n, uint8_t *data, uint8_t *errors)
{
    uint64_t d = qtest_readq(qt, RX + 16 * n + 8);
    uint16_t len = (uint16_t)d;

    if (!(d >> 32 & 1)) {
        return 0;
    }
    if (data) {
        qtest_memread(qt, BUFS + 2048 * n, data, len);
    }
    if (errors) {
        *errors = (uint8_t)(d >> 40);
    }
    return len;
}

static uint8_t rx_status(QTest *qt, uint32_t n)
{
    return qtest_readb(qt, RX + 16 * n + 12);
}

static void make_frame(uint8_t *frame, const uint8_t *to, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        frame[i] = (uint8_t)(i * 3);
    }
    memcpy(frame, to, 6);
    memcpy(frame + 6, mac, 6);
    frame[12] = 0x88;
    frame[13] = 0xb5;
}

static void eeprom_holds_the_address(void)
{
    QTest *qt = start("");
    uint16_t sum = 0;

    for (uint32_t w = 0; w < 64; w++) {
        wr(qt, EERD, w << 8 | 1);
        uint32_t v = rd(qt, EERD);
        g_assert_cmphex(v & 0x10, ==, 0x10);
        sum = (uint16_t)(sum + (v >> 16));
        if (w < 3) {
            g_assert_cmphex(v >> 16, ==, mac[2 * w] | mac[2 * w + 1] << 8);
        }
    }
    g_assert_cmphex(sum, ==, 0xbaba);
    g_assert_cmphex(rd(qt, RAL), ==, 0x12005452);
    g_assert_cmphex(rd(qt, RAL + 4), ==, 0x80005634);
    qtest_quit(qt);
}

static void clock_bit(QTest *qt, unsigned bit)
{
    uint32_t pins = 2 | 0x40 | bit << 2; /* CS, request */

    wr(qt, EECD, pins);
    wr(qt, EECD, pins | 1);
}

static void eeprom_can_be_clocked_out(void)
{
    QTest *qt = start("");
    uint16_t word = 0;

    wr(qt, EECD, 0x40);
    g_assert_cmphex(rd(qt, EECD) & 0x180, ==, 0x180); /* granted, present */
    for (int i = 8; i >= 0; i--) {
        clock_bit(qt, (0x180u | 0x0d) >> i & 1); /* 1, 10, word 0d */
    }
    g_assert_cmphex(rd(qt, EECD) & 8, ==, 0);
    for (int i = 0; i < 16; i++) {
        clock_bit(qt, 0);
        word = (uint16_t)(word << 1 | (rd(qt, EECD) >> 3 & 1));
    }
    g_assert_cmphex(word, ==, 0x100e);
    qtest_quit(qt);
}

static uint16_t phy_read(QTest *qt, uint32_t reg)
{
    wr(qt, MDIC, 2u << 26 | 1u << 21 | reg << 16);
    g_assert_cmphex(rd(qt, MDIC) >> 28, ==, 1);
    return (uint16_t)rd(qt, MDIC);
}

static void phy_is_an_88e1011_with_link(void)
{
    QTest *qt = start("");

    g_assert_cmphex(phy_read(qt, 2), ==, 0x0141);
    g_assert_cmphex(phy_read(qt, 3) & 0xfff0, ==, 0x0c20);
    g_assert_cmphex(phy_read(qt, 1) & 0x24, ==, 0x24);
    g_assert_cmphex(rd(qt, STATUS) & 2, ==, 2);
    wr(qt, MDIC, 2u << 26 | 5u << 21); /* no such PHY */
    g_assert_cmphex(rd(qt, MDIC) & 0x40000000, ==, 0x40000000);
    qtest_quit(qt);
}

static void interrupt_causes_are_masked_and_cleared(void)
{
    QTest *qt = start("");

    wr(qt, ICS, LSC);
    g_assert_false(qtest_get_irq(qt, 10) || qtest_get_irq(qt, 11));
    wr(qt, IMS, LSC);
    g_assert_true(qpci_readw(qt, CARD, 6) & 8);
    g_assert_cmphex(rd(qt, ICR), ==, LSC);
    g_assert_false(qpci_readw(qt, CARD, 6) & 8);
    wr(qt, ICS, LSC);
    wr(qt, IMC, LSC);
    g_assert_false(qpci_readw(qt, CARD, 6) & 8);
    g_assert_cmphex(rd(qt, ICR), ==, LSC);
    g_assert_cmphex(rd(qt, ICR), ==, 0);
    qtest_quit(qt);
}

static void itr_keeps_interrupts_apart(void)
{
    QTest *qt = start("");

    wr(qt, ITR, 1000); /* 256 us */
    wr(qt, IMS, LSC);
    wr(qt, ICS, LSC);
    g_assert_true(qpci_readw(qt, CARD, 6) & 8);
    rd(qt, ICR);
    wr(qt, ICS, LSC);
    g_assert_false(qpci_readw(qt, CARD, 6) & 8);
    qtest_clock_step(qt, 255000);
    g_assert_false(qpci_readw(qt, CARD, 6) & 8);
    qtest_clock_step(qt, 2000);
    g_assert_true(qpci_readw(qt, CARD, 6) & 8);
    qtest_quit(qt);
}

static void io_window_reaches_registers(void)
{
    QTest *qt = start("");

    qtest_outl(qt, IO, RAL);
    g_assert_cmphex(qtest_inl(qt, IO + 4), ==, 0x12005452);
    qtest_outl(qt, IO, 0xffffffff);
    g_assert_cmphex(qtest_inl(qt, IO + 4), ==, 0);
    qtest_outl(qt, IO + 4, 1);
    qtest_quit(qt);
}

static void loopback_returns_the_frame(void)
{
    QTest *qt = start("");
    uint8_t out[300], back[2048];

    make_frame(out, mac, sizeof(out));
    set_rings(qt, RCTL_LOOP);
    send_frame(qt, out, sizeof(out));
    g_assert_cmpuint(received(qt, 0, back, NULL), ==, sizeof(out));
    g_assert_cmpmem(out, sizeof(out), back, sizeof(out));
    g_assert_cmphex(rd(qt, ICR) & (TXDW | TXQE | RXT0), ==, TXDW | TXQE | RXT0);
    g_assert_cmphex(qtest_readb(qt, RINGS + 12) & 1, ==, 1);
    g_assert_cmpuint(rd(qt, TDH), ==, 1);
    g_assert_cmpuint(rd(qt, RDH), ==, 1);
    g_assert_cmpuint(rd(qt, GPTC), ==, 1);
    g_assert_cmpuint(rd(qt, GPTC), ==, 0); /* read clears */
    g_assert_cmpuint(rd(qt, GPRC), ==, 1);
    qtest_quit(qt);
}

static void short_frames_are_padded(void)
{
    QTest *qt = start("");
    uint8_t out[20];

    make_frame(out, mac, sizeof(out));
    set_rings(qt, RCTL_LOOP);
    send_frame(qt, out, sizeof(out));
    g_assert_cmpuint(received(qt, 0, NULL, NULL), ==, 60);
    qtest_quit(qt);
}

static void filters_choose_frames(void)
{
    QTest *qt = start("");
    static const uint8_t other[6] = { 0x52, 0x54, 0, 1, 2, 3 };
    static const uint8_t group[6] = { 0x01, 0, 0x5e, 0, 0, 0xfb };
    static const uint8_t all[6] = { 255, 255, 255, 255, 255, 255 };
    uint8_t out[100];
    uint32_t hash = ((0xfbu << 8) | 0) >> 4 & 0xfff;

    set_rings(qt, RCTL_LOOP);
    make_frame(out, other, sizeof(out));
    send_frame(qt, out, sizeof(out));
    make_frame(out, group, sizeof(out));
    send_frame(qt, out, sizeof(out));
    g_assert_cmpuint(rd(qt, RDH), ==, 0);
    make_frame(out, all, sizeof(out));
    send_frame(qt, out, sizeof(out));
    g_assert_cmpuint(rd(qt, RDH), ==, 1);
    wr(qt, MTA + 4 * (hash >> 5), 1u << (hash & 31));
    make_frame(out, group, sizeof(out));
    send_frame(qt, out, sizeof(out));
    g_assert_cmpuint(rd(qt, RDH), ==, 2);
    g_assert_cmphex(rx_status(qt, 1) & 0x80, ==, 0x80); /* passed inexact filter */
    wr(qt, RCTL, rd(qt, RCTL) | RCTL_UPE);
    make_frame(out, other, sizeof(out));
    send_frame(qt, out, sizeof(out));
    g_assert_cmpuint(rd(qt, RDH), ==, 3);
    qtest_quit(qt);
}

static void vlan_tags_are_inserted_and_stripped(void)
{
    QTest *qt = start("");
    uint8_t out[100], back[2048];

    set_rings(qt, RCTL_LOOP | RCTL_VFE);
    wr(qt, CTRL, rd(qt, CTRL) | 1u << 30);
    make_frame(out, mac, sizeof(out));
    qtest_memwrite(qt, TXBUF, out, sizeof(out));
    uint64_t tagged =
        sizeof(out) | (uint64_t)(EOP | IFCS | RS | 0x40) << 24 | (uint64_t)0x6005 << 48;
    put_descriptor(qt, TXBUF, tagged);
    wr(qt, TDT, tx_tail);
    g_assert_cmpuint(rd(qt, RDH), ==, 0); /* network 5 is not let in yet */
    wr(qt, VFTA, 1u << 5);
    put_descriptor(qt, TXBUF, tagged);
    wr(qt, TDT, tx_tail);
    g_assert_cmpuint(received(qt, 0, back, NULL), ==, sizeof(out));
    g_assert_cmpmem(out, sizeof(out), back, sizeof(out));
    g_assert_cmphex(rx_status(qt, 0) & 8, ==, 8);
    g_assert_cmphex(qtest_readw(qt, RX + 14), ==, 0x6005);
    qtest_quit(qt);
}

/* --- Checksums and segments --- */

static uint32_t sum16(const uint8_t *p, size_t len)
{
    uint32_t sum = 0;

    for (size_t i = 0; i < len; i++) {
        sum += i & 1 ? p[i] : (uint32_t)p[i] << 8;
    }
    return sum;
}

static uint16_t fold(uint32_t sum)
{
    while (sum >> 16) {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    return (uint16_t)sum;
}

/* Ethernet, IPv4, TCP and a payload; the pseudo header sum (without length) as seed. */
static void make_tcp(uint8_t *f, size_t payload)
{
    uint8_t *ip = f + 14, *tcp = f + 34;

    memset(f, 0, 54);
    memcpy(f, mac, 6);
    memcpy(f + 6, mac, 6);
    f[12] = 8;
    ip[0] = 0x45;
    ip[2] = (uint8_t)((40 + payload) >> 8);
    ip[3] = (uint8_t)(40 + payload);
    ip[4] = 0x12;
    ip[8] = 64;
    ip[9] = 6;
    memcpy(ip + 12, (uint8_t[]){ 10, 0, 2, 15, 10, 0, 2, 2 }, 8);
    tcp[4] = 0x11;
    tcp[12] = 0x50;
    tcp[13] = 0x19; /* ACK PSH FIN */
    for (size_t i = 0; i < payload; i++) {
        f[54 + i] = (uint8_t)(i * 7);
    }
}

static void put_context(QTest *qt, uint32_t command, uint32_t payload, uint16_t mss)
{
    put_descriptor(qt,
                   14 | 24 << 8 | 33 << 16 | (uint64_t)34 << 32 | (uint64_t)50 << 40,
                   payload | (uint64_t)(command | DEXT) << 24 | (uint64_t)54 << 40 |
                       (uint64_t)mss << 48);
}

static void put_data(QTest *qt, uint32_t len, uint32_t command)
{
    put_descriptor(qt, TXBUF,
                   len | 1u << 20 | (uint64_t)(command | EOP | IFCS | RS | DEXT) << 24 |
                       (uint64_t)3 << 40);
    wr(qt, TDT, tx_tail);
}

static void checksums_are_inserted_and_verified(void)
{
    QTest *qt = start("");
    uint8_t out[254], errors = 0;

    set_rings(qt, RCTL_LOOP);
    wr(qt, RXCSUM, 0x300);
    make_tcp(out, 200);
    uint16_t seed = fold(sum16(out + 26, 8) + 6 + 220);
    out[50] = (uint8_t)(seed >> 8);
    out[51] = (uint8_t)seed;
    qtest_memwrite(qt, TXBUF, out, sizeof(out));
    put_context(qt, 3, 0, 0);
    put_data(qt, sizeof(out), 0);
    g_assert_cmpuint(received(qt, 0, NULL, &errors), ==, sizeof(out));
    g_assert_cmphex(rx_status(qt, 0) & 0x64, ==, 0x60);
    g_assert_cmphex(errors, ==, 0);
    out[60] ^= 1;
    send_frame(qt, out, sizeof(out)); /* without offload: both are wrong */
    received(qt, 1, NULL, &errors);
    g_assert_cmphex(errors & 0x60, ==, 0x60);
    qtest_quit(qt);
}

static void segmentation_cuts_at_mss(void)
{
    QTest *qt = start("");
    uint8_t out[54 + 2500], back[2048], errors = 0;
    static const uint16_t lengths[] = { 1000, 1000, 500 };

    set_rings(qt, RCTL_LOOP);
    wr(qt, RXCSUM, 0x300);
    make_tcp(out, 2500);
    uint16_t seed = fold(sum16(out + 26, 8) + 6); /* no length */
    out[50] = (uint8_t)(seed >> 8);
    out[51] = (uint8_t)seed;
    qtest_memwrite(qt, TXBUF, out, sizeof(out));
    put_context(qt, 7, 2500, 1000);
    put_data(qt, sizeof(out), 4);
    for (uint32_t i = 0; i < 3; i++) {
        g_assert_cmpuint(received(qt, i, back, &errors), ==, 54u + lengths[i]);
        g_assert_cmphex(rx_status(qt, i) & 0x60, ==, 0x60);
        g_assert_cmphex(errors, ==, 0);
        g_assert_cmpuint(back[16] << 8 | back[17], ==, 40u + lengths[i]);
        g_assert_cmphex(back[18] << 8 | back[19], ==, 0x1200u + i); /* identification */
        g_assert_cmphex(back[47], ==, i == 2 ? 0x19 : 0x10);        /* flags */
        g_assert_cmphex((uint32_t)back[38] << 24 | back[40] << 8 | back[41], ==,
                        0x11000000u + 1000 * i);
        g_assert_cmpmem(back + 54, lengths[i], out + 54 + 1000 * i, lengths[i]);
    }
    qtest_quit(qt);
}

/* --- Hostile drivers --- */

static void bad_rings_are_survived(void)
{
    QTest *qt = start("");
    uint8_t out[100];

    make_frame(out, mac, sizeof(out));
    set_rings(qt, RCTL_LOOP);
    wr(qt, TDT, 0xffff); /* outside: one turn of the ring, no more */
    wr(qt, TDH, 0xffff);
    wr(qt, TDT, 3);
    wr(qt, TDLEN, 0);
    wr(qt, TDT, 5);
    set_rings(qt, RCTL_LOOP);
    wr(qt, RDH, 0xffff);
    send_frame(qt, out, sizeof(out));
    wr(qt, RDLEN, 0);
    send_frame(qt, out, sizeof(out));
    wr(qt, RDBAL, 0xfffffff0);
    wr(qt, RDBAH, 0xffffffff);
    wr(qt, RDLEN, 0xfffff);
    wr(qt, RDH, 0);
    wr(qt, RDT, 100);
    send_frame(qt, out, sizeof(out));
    /* Rings and buffers in the card's own registers. */
    wr(qt, TDBAL, BASE);
    wr(qt, TDLEN, 0x1000);
    wr(qt, TDH, 0);
    wr(qt, TDT, 0x80);
    wr(qt, CTRL, 1u << 26);
    g_assert_cmphex(rd(qt, TDLEN), ==, 0);
    qtest_quit(qt);
}

static void endless_packets_and_bad_segments(void)
{
    QTest *qt = start("");

    set_rings(qt, RCTL_LOOP);
    for (int turn = 0; turn < 4; turn++) {
        for (int i = 0; i < 7; i++) { /* 1 MiB each, no end of packet */
            put_descriptor(qt, TXBUF, 0xfffff | 1u << 20 | (uint64_t)DEXT << 24);
        }
        wr(qt, TDT, tx_tail);
    }
    put_data(qt, 100, 0);
    put_context(qt, 7, 0xfffff, 0); /* MSS 0 */
    put_data(qt, 500, 4);
    put_context(qt, 7, 0xfffff, 0xffff);
    put_data(qt, 60, 4);
    put_descriptor(qt, ~0ull, (uint64_t)(DEXT | 7) << 24 | 0xffull << 40 | 1ull << 48);
    put_data(qt, 2000, 4); /* header 255, one byte each, offsets outside */
    g_assert_cmphex(rd(qt, STATUS) & 2, ==, 2);
    qtest_quit(qt);
}

/* --- On the cable --- */

static void set_link_raises_lsc(void)
{
    QTest *qt = start("-netdev user,id=n0");

    wr(qt, IMS, LSC);
    qtest_qmp_do(qt, "{\"execute\":\"set_link\",\"arguments\":{\"name\":\"n0\","
                     "\"up\":false}}");
    g_assert_cmphex(rd(qt, STATUS) & 2, ==, 0);
    g_assert_cmphex(phy_read(qt, 1) & 4, ==, 0);
    g_assert_cmphex(rd(qt, ICR), ==, LSC);
    qtest_qmp_do(qt, "{\"execute\":\"set_link\",\"arguments\":{\"name\":\"n0\","
                     "\"up\":true}}");
    g_assert_cmphex(rd(qt, STATUS) & 2, ==, 2);
    qtest_quit(qt);
}

static void the_router_answers_arp(void)
{
    QTest *qt = start("-netdev user,id=n0");
    uint8_t out[42] = { 255, 255, 255, 255, 255, 255 }, back[2048];
    gint64 deadline = g_get_monotonic_time() + 20 * G_TIME_SPAN_SECOND;

    memcpy(out + 6, mac, 6);
    memcpy(out + 12, (uint8_t[]){ 8, 6, 0, 1, 8, 0, 6, 4, 0, 1 }, 10);
    memcpy(out + 22, mac, 6);
    memcpy(out + 28, (uint8_t[]){ 10, 0, 2, 15, 0, 0, 0, 0, 0, 0, 10, 0, 2, 2 }, 14);
    set_rings(qt, 0);
    send_frame(qt, out, sizeof(out));
    while (!received(qt, 0, back, NULL)) {
        g_assert_cmpint(g_get_monotonic_time(), <, deadline);
    }
    g_assert_cmpmem(back, 6, mac, 6);
    g_assert_cmphex(back[21], ==, 2); /* reply */
    g_assert_cmpmem(back + 28, 4, ((uint8_t[]){ 10, 0, 2, 2 }), 4);
    qtest_quit(qt);
}

/* Without buffers a reply waits and comes with the next tail. */
static void frames_wait_for_buffers(void)
{
    QTest *qt = start("-netdev user,id=n0");
    uint8_t out[42] = { 255, 255, 255, 255, 255, 255 };

    memcpy(out + 6, mac, 6);
    memcpy(out + 12, (uint8_t[]){ 8, 6, 0, 1, 8, 0, 6, 4, 0, 1 }, 10);
    memcpy(out + 22, mac, 6);
    memcpy(out + 28, (uint8_t[]){ 10, 0, 2, 15, 0, 0, 0, 0, 0, 0, 10, 0, 2, 2 }, 14);
    set_rings(qt, 0);
    wr(qt, RDT, 0);
    send_frame(qt, out, sizeof(out));
    g_assert_cmpuint(rd(qt, RDH), ==, 0);
    wr(qt, RDT, 4);
    g_assert_cmpuint(rd(qt, RDH), ==, 1);
    qtest_quit(qt);
}

static void a_removed_backend_pulls_the_cable(void)
{
    QTest *qt = start("-netdev user,id=n0");
    uint8_t out[100];

    make_frame(out, mac, sizeof(out));
    set_rings(qt, 0);
    qtest_qmp_do(qt, "{\"execute\":\"netdev_del\",\"arguments\":{\"id\":\"n0\"}}");
    send_frame(qt, out, sizeof(out));
    g_assert_cmpuint(rd(qt, TDH), ==, 1);
    qtest_quit(qt);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/e1000/eeprom-holds-the-address", eeprom_holds_the_address);
    g_test_add_func("/e1000/eeprom-can-be-clocked-out", eeprom_can_be_clocked_out);
    g_test_add_func("/e1000/phy-is-an-88e1011-with-link", phy_is_an_88e1011_with_link);
    g_test_add_func("/e1000/interrupt-causes-are-masked-and-cleared",
                    interrupt_causes_are_masked_and_cleared);
    g_test_add_func("/e1000/itr-keeps-interrupts-apart", itr_keeps_interrupts_apart);
    g_test_add_func("/e1000/io-window-reaches-registers", io_window_reaches_registers);
    g_test_add_func("/e1000/loopback-returns-the-frame", loopback_returns_the_frame);
    g_test_add_func("/e1000/short-frames-are-padded", short_frames_are_padded);
    g_test_add_func("/e1000/filters-choose-frames", filters_choose_frames);
    g_test_add_func("/e1000/vlan-tags-are-inserted-and-stripped",
                    vlan_tags_are_inserted_and_stripped);
    g_test_add_func("/e1000/checksums-are-inserted-and-verified",
                    checksums_are_inserted_and_verified);
    g_test_add_func("/e1000/segmentation-cuts-at-mss", segmentation_cuts_at_mss);
    g_test_add_func("/e1000/bad-rings-are-survived", bad_rings_are_survived);
    g_test_add_func("/e1000/endless-packets-and-bad-segments",
                    endless_packets_and_bad_segments);
    g_test_add_func("/e1000/set-link-raises-lsc", set_link_raises_lsc);
    g_test_add_func("/e1000/the-router-answers-arp", the_router_answers_arp);
    g_test_add_func("/e1000/frames-wait-for-buffers", frames_wait_for_buffers);
    g_test_add_func("/e1000/a-removed-backend-pulls-the-cable",
                    a_removed_backend_pulls_the_cable);
    return g_test_run();
}
