/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Receive: address and VLAN filters, then buffers from RDH on. Source: 317453, sections
 * 3.2 (descriptors, checksums), 10 (filters), 9 (VLAN).
 */
#include "hw/net/checksum.h"
#include "hw/net/e1000-internal.h"

#include <string.h>

enum {
    RX_DD = 0x01,
    RX_EOP = 0x02,
    RX_IXSM = 0x04,
    RX_VP = 0x08,
    RX_TCPCS = 0x20,
    RX_IPCS = 0x40,
    RX_PIF = 0x80,
};
enum { RX_TCPE = 0x20, RX_IPE = 0x40 };
enum { RXCSUM_IPOFLD = 0x100, RXCSUM_TUOFLD = 0x200 };

#define MIN_FRAME       60
#define MAX_FRAME       1518 /* without FCS: 1522 with a tag and the FCS */
#define MAX_LONG_FRAME  16380
#define FCS_BYTES       4
#define RAH_AV          0x80000000u
#define NUM_ADDRESSES   16
#define VLAN_HEADER_END 18

/* --- Filters --- */

static bool matches_address(E1000State *s, const uint8_t *mac)
{
    uint32_t low = (uint32_t)mac[0] | (uint32_t)mac[1] << 8 | (uint32_t)mac[2] << 16 |
                   (uint32_t)mac[3] << 24;
    uint32_t high = (uint32_t)mac[4] | (uint32_t)mac[5] << 8;

    for (uint32_t i = 0; i < NUM_ADDRESSES; i++) {
        uint32_t ral = *e1000_reg(s, RAL + 8 * i), rah = *e1000_reg(s, RAL + 8 * i + 4);
        if ((rah & RAH_AV) && ral == low && (rah & 0xffff) == high) {
            return true;
        }
    }
    return false;
}

/* 12 bits of the address, chosen by RCTL.MO, index the multicast table (10.1.2). */
static bool matches_multicast_table(E1000State *s, const uint8_t *mac)
{
    static const uint8_t shifts[4] = { 4, 3, 2, 0 };
    unsigned offset = *e1000_reg(s, RCTL) >> 12 & 3;
    uint32_t hash = ((uint32_t)mac[5] << 8 | mac[4]) >> shifts[offset] & 0xfff;

    return *e1000_reg(s, MTA + 4 * (hash >> 5)) >> (hash & 31) & 1;
}

static bool is_tagged(E1000State *s, const uint8_t *frame, size_t size)
{
    return size >= VLAN_HEADER_END &&
           net_get16(frame + 12) == (*e1000_reg(s, VET) & 0xffff);
}

static bool matches_vlan(E1000State *s, const uint8_t *frame, size_t size)
{
    if (!(*e1000_reg(s, RCTL) & RCTL_VFE) || !is_tagged(s, frame, size)) {
        return true;
    }
    uint32_t id = net_get16(frame + 14) & 0xfffu;
    return *e1000_reg(s, VFTA + 4 * (id >> 5)) >> (id & 31) & 1;
}

/* *inexact: only the hash said so, software must look again. */
static bool accepts(E1000State *s, const uint8_t *frame, size_t size, bool *inexact)
{
    static const uint8_t broadcast[] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff };
    uint32_t rctl = *e1000_reg(s, RCTL);
    bool multicast = frame[0] & 1;

    *inexact = false;
    if (!matches_vlan(s, frame, size)) {
        return false;
    }
    if (!memcmp(frame, broadcast, 6) && (rctl & RCTL_BAM)) {
        return true;
    }
    if (multicast ? rctl & RCTL_MPE : rctl & RCTL_UPE) {
        return true;
    }
    if (matches_address(s, frame)) {
        return true;
    }
    *inexact = multicast && matches_multicast_table(s, frame);
    return *inexact;
}

/* --- Ring --- */

static uint32_t buffer_bytes(E1000State *s)
{
    uint32_t rctl = *e1000_reg(s, RCTL);
    uint32_t bytes = 2048u >> (rctl >> 16 & 3);

    return rctl & RCTL_BSEX && bytes < 2048 ? bytes * 16 : bytes;
}

static uint32_t free_descriptors(E1000State *s)
{
    uint32_t ring = e1000_ring_size(s, RDLEN);
    uint32_t head = *e1000_reg(s, RDH), tail = *e1000_reg(s, RDT);

    if (!ring || head >= ring || tail >= ring) {
        return 0;
    }
    return tail >= head ? tail - head : tail + ring - head;
}

bool e1000_can_receive(E1000State *s)
{
    return (*e1000_reg(s, RCTL) & RCTL_EN) && !s->tx_busy && e1000_link_is_up(s) &&
           free_descriptors(s);
}

static bool threshold_reached(E1000State *s)
{
    unsigned shift = (*e1000_reg(s, RCTL) >> 8 & 3) + 1;

    return free_descriptors(s) <= e1000_ring_size(s, RDLEN) >> shift;
}

/* --- What the descriptor says of the frame --- */

typedef struct RxInfo {
    uint16_t checksum, tag;
    uint8_t status, errors;
} RxInfo;

static void set_checksums(E1000State *s, const uint8_t *frame, size_t size,
                          bool tag_in_frame, RxInfo *info)
{
    uint32_t rxcsum = *e1000_reg(s, RXCSUM), start = rxcsum & 0xff;

    if (start < size) {
        info->checksum = net_sum_finish(net_sum(frame + start, size - start));
        info->checksum = (uint16_t)(info->checksum << 8 | info->checksum >> 8);
    }
    NetChecksums c = net_verify(frame, size, tag_in_frame ? VLAN_HEADER_END : 14);
    if ((rxcsum & RXCSUM_IPOFLD) && c.ip != NET_CHECKSUM_NONE) {
        info->status |= RX_IPCS;
        info->errors |= c.ip == NET_CHECKSUM_BAD ? RX_IPE : 0;
    }
    if ((rxcsum & RXCSUM_TUOFLD) && c.tcp_udp != NET_CHECKSUM_NONE) {
        info->status |= RX_TCPCS;
        info->errors |= c.tcp_udp == NET_CHECKSUM_BAD ? RX_TCPE : 0;
    }
    if (!(info->status & (RX_IPCS | RX_TCPCS))) {
        info->status |= RX_IXSM;
    }
}

/* Legacy: 3.2.3. Extended, which an 82574L has too: 317694, section 7.1.5. */
static void write_back(E1000State *s, hwaddr at, uint8_t *d, uint32_t bytes, bool last,
                       const RxInfo *info)
{
    uint8_t status = (uint8_t)(RX_DD | (last ? RX_EOP | info->status : 0));
    uint8_t errors = last ? info->errors : 0;

    if (*e1000_reg(s, RFCTL) & RFCTL_EXSTEN) {
        pci_set_long(d, 0); /* no hash */
        pci_set_long(d + 4, (uint32_t)info->checksum << 16);
        pci_set_long(d + 8, (uint32_t)errors << 24 | status);
        pci_set_word(d + 12, (uint16_t)bytes);
        pci_set_word(d + 14, info->tag);
        pci_dma_write(PCI_DEVICE(s), at, d, E1000_DESC_BYTES);
        return;
    }
    pci_set_word(d + 8, (uint16_t)bytes);
    pci_set_word(d + 10, info->checksum);
    d[12] = status;
    d[13] = errors;
    pci_set_word(d + 14, info->tag);
    pci_dma_write(PCI_DEVICE(s), at + 8, d + 8, 8);
}

static void store(E1000State *s, const uint8_t *data, size_t size, const RxInfo *info)
{
    PCIDevice *pci = PCI_DEVICE(s);
    uint32_t room = buffer_bytes(s), ring = e1000_ring_size(s, RDLEN);

    for (size_t done = 0; done < size;) {
        uint32_t head = *e1000_reg(s, RDH);
        hwaddr at = e1000_desc_addr(s, RDBAL, head);
        uint8_t d[E1000_DESC_BYTES];
        uint32_t n = (uint32_t)MIN(room, size - done);

        if (pci_dma_read(pci, at, d, sizeof(d)) != MEMTX_OK) {
            return;
        }
        if (pci_get_quad(d)) { /* a null buffer is passed over (3.2.6) */
            pci_dma_write(pci, pci_get_quad(d), data + done, n);
            done += n;
        }
        write_back(s, at, d, n, done >= size, info);
        *e1000_reg(s, RDH) = head + 1 >= ring ? 0 : head + 1;
        if (*e1000_reg(s, RDH) == *e1000_reg(s, RDT)) {
            break;
        }
    }
}

static void count_received(E1000State *s, const uint8_t *frame, size_t size)
{
    static const uint8_t broadcast[] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff };

    e1000_count(s, TPR, 1);
    e1000_count(s, GPRC, 1);
    e1000_count64(s, TORL, (uint32_t)size + FCS_BYTES);
    e1000_count64(s, GORCL, (uint32_t)size + FCS_BYTES);
    if (frame[0] & 1) {
        e1000_count(s, memcmp(frame, broadcast, 6) ? MPRC : BPRC, 1);
    }
}

bool e1000_receive(E1000State *s, const uint8_t *frame, size_t size)
{
    uint32_t rctl = *e1000_reg(s, RCTL);
    uint8_t buf[MAX_LONG_FRAME + FCS_BYTES];
    RxInfo info = { 0 };
    bool inexact;

    if (!(rctl & RCTL_EN) || size < 14) {
        return true;
    }
    if (size > MAX_LONG_FRAME ||
        (size > MAX_FRAME && !(rctl & (RCTL_LPE | RCTL_SBP)))) {
        e1000_count(s, ROC, 1);
        return true;
    }
    if (!accepts(s, frame, size, &inexact)) {
        return true;
    }
    bool tagged = is_tagged(s, frame, size);
    bool strip = tagged && (*e1000_reg(s, CTRL) & CTRL_VME);
    size_t len = size;
    if (strip) {
        info.tag = net_get16(frame + 14);
        info.status |= RX_VP;
        memcpy(buf, frame, 12);
        memcpy(buf + 12, frame + 16, size - 16);
        len -= 4;
    } else {
        memcpy(buf, frame, size);
    }
    if (len < MIN_FRAME) {
        memset(buf + len, 0, MIN_FRAME - len);
        len = MIN_FRAME;
    }
    set_checksums(s, buf, len, tagged && !strip, &info);
    info.status |= inexact ? RX_PIF : 0;
    if (!(rctl & RCTL_SECRC)) {
        pci_set_long(buf + len, net_fcs(buf, len));
        len += FCS_BYTES;
    }
    uint32_t need = (uint32_t)((len + buffer_bytes(s) - 1) / buffer_bytes(s));
    if (need > free_descriptors(s)) {
        e1000_count(s, RNBC, 1);
        if (need < e1000_ring_size(s, RDLEN)) {
            return false; /* wait for RDT */
        }
        e1000_count(s, MPC, 1);
        e1000_raise(s, INT_RXO);
        return true;
    }
    store(s, buf, len, &info);
    count_received(s, frame, size);
    e1000_raise(s, INT_RXT0 | (threshold_reached(s) ? INT_RXDMT0 : 0));
    return true;
}
