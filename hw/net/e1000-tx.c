/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Transmit: descriptors from TDH up to TDT, collected into one packet in tx_buffer, cut
 * into segments if asked, with checksums and tag inserted. Source: 317453, sections 3.3
 * to 3.5.
 *
 * The guest is bounded: one walk looks at no more descriptors than the ring has, and a
 * packet is dropped when it is longer than tx_buffer.
 */
#include "hw/net/checksum.h"
#include "hw/net/e1000-internal.h"
#include "util/log.h"

#include <string.h>

/* Command bits: legacy CMD, DCMD and TUCMD. */
enum {
    CMD_EOP = 0x01,
    CMD_IC = 0x04,  /* legacy: insert checksum */
    CMD_TSE = 0x04, /* extended: segment */
    CMD_RS = 0x08,
    CMD_RPS = 0x10,
    CMD_DEXT = 0x20,
    CMD_VLE = 0x40,
    TUCMD_TCP = 0x01,
    TUCMD_IP = 0x02, /* IPv4 */
};
enum { DTYP_CONTEXT, DTYP_DATA };
enum { POPTS_IXSM = 0x01, POPTS_TXSM = 0x02 };
enum { STA_DD = 0x01 };
enum { TCP_FIN = 0x01, TCP_PSH = 0x08 };
#define VLAN_TAG_BYTES 4
#define MIN_FRAME      60

/* --- Out --- */

static bool in_loopback(E1000State *s)
{
    return (*e1000_reg(s, RCTL) & RCTL_LBM) || (s->phy[0] & 0x4000);
}

static void send_frame(E1000State *s, const uint8_t *frame, size_t size)
{
    e1000_count(s, TPT, 1);
    e1000_count(s, GPTC, 1);
    e1000_count64(s, TOTL, (uint32_t)size + 4);
    e1000_count64(s, GOTCL, (uint32_t)size + 4);
    if (frame[0] & 1) {
        static const uint8_t broadcast[] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff };
        e1000_count(s, memcmp(frame, broadcast, 6) ? MPTC : BPTC, 1);
    }
    if (in_loopback(s)) {
        (void)e1000_receive(s, frame, size);
    } else {
        net_send(&s->nc, frame, size);
    }
}

/* Add tag and padding. @frame has room in front: VLAN_TAG_BYTES that may be spoiled. */
static void finish_frame(E1000State *s, uint8_t *frame, size_t size)
{
    uint8_t padded[MIN_FRAME];

    if (s->tx_insert_tag && size >= 12) {
        memmove(frame - VLAN_TAG_BYTES, frame, 12);
        frame -= VLAN_TAG_BYTES;
        size += VLAN_TAG_BYTES;
        net_put16(frame + 12, *e1000_reg(s, VET));
        net_put16(frame + 14, s->tx_tag);
    }
    if (size < MIN_FRAME && (*e1000_reg(s, TCTL) & TCTL_PSP)) {
        memset(padded, 0, sizeof(padded));
        memcpy(padded, frame, size);
        send_frame(s, padded, sizeof(padded));
        return;
    }
    send_frame(s, frame, size);
}

/* --- Checksums --- */

/* Sum [start, end], end 0 meaning the last byte, into the field at @field. */
static void insert_checksum(uint8_t *p, uint32_t size, uint32_t start, uint32_t end,
                            uint32_t field)
{
    uint32_t stop = end && end + 1 < size ? end + 1 : size;

    if (start >= stop || field + 2 > size) {
        return;
    }
    uint16_t sum = net_sum_finish(net_sum(p + start, stop - start));
    /* Zero would mean "no checksum" in UDP; both zeros are the same number. */
    net_put16(p + field, sum ? sum : 0xffff);
}

static void insert_ip_checksum(uint8_t *p, uint32_t size, const E1000Context *c)
{
    uint32_t stop = c->ipcse && c->ipcse + 1u < size ? c->ipcse + 1u : size;

    if (c->ipcss < stop && c->ipcso + 2u <= size) {
        net_put16(p + c->ipcso, 0);
        net_put16(p + c->ipcso, net_sum_finish(net_sum(p + c->ipcss, stop - c->ipcss)));
    }
}

/* --- Segmentation (3.5) --- */

/* Bring the headers of one segment up to date. */
static void fix_headers(uint8_t *p, uint32_t size, const E1000Context *c,
                        uint32_t number, uint32_t payload_offset, bool last)
{
    if (c->command & TUCMD_IP) {
        if (c->ipcss + 6u <= size) {
            net_put16(p + c->ipcss + 2, size - c->ipcss);
            net_put16(p + c->ipcss + 4, net_get16(p + c->ipcss + 4) + number);
        }
    } else if (c->ipcss + 40u <= size) {
        net_put16(p + c->ipcss + 4, size - c->ipcss - 40);
    }
    if (c->command & TUCMD_TCP) {
        if (c->tucss + 14u <= size) {
            net_put32(p + c->tucss + 4, net_get32(p + c->tucss + 4) + payload_offset);
            if (!last) {
                p[c->tucss + 13] &= ~(TCP_FIN | TCP_PSH);
            }
        }
    } else if (c->tucss + 6u <= size) {
        net_put16(p + c->tucss + 4, size - c->tucss);
    }
}

/* The driver's pseudo header sum lacks the length: add it. */
static void add_length_to_seed(uint8_t *p, uint32_t size, const E1000Context *c)
{
    if (c->tucso + 2u <= size && c->tucss < size) {
        uint64_t sum = (uint64_t)net_get16(p + c->tucso) + size - c->tucss;
        net_put16(p + c->tucso, (uint16_t)~net_sum_finish(sum));
    }
}

static void send_segments(E1000State *s, const uint8_t *packet, uint32_t len)
{
    const E1000Context *c = &s->tso_context;
    uint32_t header = c->hdrlen;
    uint32_t mss = c->mss;

    if (!mss || header >= len || header + mss > E1000_TX_BUFFER) {
        log_guest_error("e1000: bad segmentation: header %u, size %u\n", header, mss);
        return;
    }
    g_autofree uint8_t *room = g_malloc(VLAN_TAG_BYTES + header + mss);
    uint8_t *p = room + VLAN_TAG_BYTES;
    uint32_t payload = len - header, number = 0;
    for (uint32_t at = 0; at < payload; at += mss, number++) {
        uint32_t n = MIN(mss, payload - at);
        memcpy(p, packet, header);
        memcpy(p + header, packet + header + at, n);
        fix_headers(p, header + n, c, number, at, at + n == payload);
        if (s->tx_options & POPTS_TXSM) {
            add_length_to_seed(p, header + n, c);
            insert_checksum(p, header + n, c->tucss, c->tucse, c->tucso);
        }
        if (s->tx_options & POPTS_IXSM) {
            insert_ip_checksum(p, header + n, c);
        }
        finish_frame(s, p, header + n);
    }
    e1000_count(s, TSCTC, 1);
}

static void send_packet(E1000State *s)
{
    uint8_t *p = s->tx_buffer + VLAN_TAG_BYTES;

    if (s->tx_drop || s->tx_len < 14) {
        return;
    }
    if (s->tx_tso) {
        send_segments(s, p, s->tx_len);
        return;
    }
    if (s->tx_extended) {
        const E1000Context *c = &s->context;
        if (s->tx_options & POPTS_TXSM) {
            insert_checksum(p, s->tx_len, c->tucss, c->tucse, c->tucso);
        }
        if (s->tx_options & POPTS_IXSM) {
            insert_ip_checksum(p, s->tx_len, c);
        }
    } else if (s->tx_legacy_checksum) {
        insert_checksum(p, s->tx_len, s->tx_css, 0, s->tx_cso);
    }
    finish_frame(s, p, s->tx_len);
}

static void packet_reset(E1000State *s)
{
    s->tx_len = 0;
    s->tx_drop = false;
    s->tx_insert_tag = false;
    s->tx_tso = false;
    s->tx_extended = false;
    s->tx_options = 0;
    s->tx_legacy_checksum = false;
}

void e1000_tx_reset(E1000State *s)
{
    packet_reset(s);
    memset(&s->context, 0, sizeof(s->context));
    memset(&s->tso_context, 0, sizeof(s->tso_context));
}

/* --- Descriptors --- */

static void take_context(E1000State *s, const uint8_t *d)
{
    E1000Context c = {
        .ipcss = d[0],
        .ipcso = d[1],
        .ipcse = pci_get_word(d + 2),
        .tucss = d[4],
        .tucso = d[5],
        .tucse = pci_get_word(d + 6),
        .command = d[11],
        .hdrlen = d[13],
        .mss = pci_get_word(d + 14),
    };

    if (c.command & CMD_TSE) {
        s->tso_context = c;
    } else {
        s->context = c;
    }
}

static void collect(E1000State *s, hwaddr addr, uint32_t len)
{
    if (len > E1000_TX_BUFFER - s->tx_len) {
        if (!s->tx_drop) {
            log_guest_error("e1000: packet longer than %d bytes\n", E1000_TX_BUFFER);
        }
        s->tx_drop = true;
        return;
    }
    if (pci_dma_read(PCI_DEVICE(s), addr, s->tx_buffer + VLAN_TAG_BYTES + s->tx_len,
                     len) != MEMTX_OK) {
        s->tx_drop = true;
        return;
    }
    s->tx_len += len;
}

/* Returns the command byte. */
static uint8_t take_descriptor(E1000State *s, const uint8_t *d)
{
    uint8_t command = d[11];
    bool extended = command & CMD_DEXT;
    uint32_t len = pci_get_word(d + 8);

    if (extended && d[10] >> 4 == DTYP_CONTEXT) {
        take_context(s, d);
        return command & ~CMD_EOP;
    }
    if (extended) {
        len |= (d[10] & 0x0fu) << 16;
        if (!s->tx_len) {
            s->tx_options = d[13];
            s->tx_tso = command & CMD_TSE;
        }
        s->tx_extended = true;
    } else if (command & CMD_IC) {
        s->tx_legacy_checksum = true;
        s->tx_cso = d[10];
        s->tx_css = d[13];
    }
    if ((command & CMD_VLE) && (*e1000_reg(s, CTRL) & CTRL_VME)) {
        s->tx_insert_tag = true;
        s->tx_tag = pci_get_word(d + 14);
    }
    collect(s, pci_get_quad(d), len);
    if (command & CMD_EOP) {
        send_packet(s);
        packet_reset(s);
    }
    return command;
}

void e1000_transmit(E1000State *s)
{
    uint32_t ring = e1000_ring_size(s, TDLEN), causes = 0;

    if (s->tx_busy || !(*e1000_reg(s, TCTL) & TCTL_EN) || !ring) {
        return;
    }
    s->tx_busy = true;
    for (uint32_t i = 0; i < ring && *e1000_reg(s, TDH) != *e1000_reg(s, TDT); i++) {
        uint32_t head = *e1000_reg(s, TDH);
        uint8_t d[E1000_DESC_BYTES];
        hwaddr at = e1000_desc_addr(s, TDBAL, head);

        if (pci_dma_read(PCI_DEVICE(s), at, d, sizeof(d)) != MEMTX_OK) {
            break;
        }
        uint8_t command = take_descriptor(s, d);
        if (command & (CMD_RS | CMD_RPS)) {
            d[12] |= STA_DD;
            pci_dma_write(PCI_DEVICE(s), at + 12, &d[12], 1);
            causes |= INT_TXDW;
        }
        *e1000_reg(s, TDH) = head + 1 >= ring ? 0 : head + 1;
    }
    s->tx_busy = false;
    if (*e1000_reg(s, TDH) == *e1000_reg(s, TDT)) {
        causes |= INT_TXQE;
    }
    e1000_raise(s, causes);
    /* What came back while the ring was walked. */
    net_flush(&s->nc);
}
