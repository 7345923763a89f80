/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * DP8390D Network Interface Controller (National Semiconductor, TL/F/8582, July 1995:
 * sections 6 to 12) on the board of Novell's NE2000: the controller's registers at
 * ports 0-f, a data port at 10-17 for its remote DMA, a reset port at 18-1f; behind the
 * remote DMA a PROM with the address at 0 and the packet buffer at 4000-bfff.
 *
 * Not modelled: the FIFO and the three loopback paths (a frame sent in loopback goes
 * nowhere and counts as sent), collisions, CRC and alignment errors, and ring overflow:
 * a frame that finds no room waits on the wire until BNRY moves.
 */
#include "hw/net/ne2000-internal.h"

#include "hw/net/checksum.h"
#include "util/log.h"

#include <string.h>

#define PAGE_BYTES   256u
#define DATA_PORT    0x10
#define RESET_PORT   0x18
#define MIN_FRAME    60
#define MAX_FRAME    1514
#define FCS_BYTES    4
#define HEADER_BYTES 4

/* CR */
#define CR_STP      0x01
#define CR_STA      0x02
#define CR_TXP      0x04
#define CR_RD(v)    ((v) >> 3 & 7)
#define CR_RD_READ  1
#define CR_RD_WRITE 2
#define CR_RD_SEND  3
#define CR_RD2      0x20
#define CR_PAGE(v)  ((v) >> 6)
/* ISR */
#define ISR_PRX     0x01
#define ISR_PTX     0x02
#define ISR_CNT     0x20
#define ISR_RDC     0x40
#define ISR_RST     0x80
#define ISR_SOURCES 0x7f
/* TSR, RSR */
#define TSR_PTX   0x01
#define RSR_PRX   0x01
#define RSR_GROUP 0x20 /* multicast or broadcast */
/* RCR */
#define RCR_AB  0x04
#define RCR_AM  0x08
#define RCR_PRO 0x10
#define RCR_MON 0x20
/* TCR, DCR */
#define TCR_LOOPBACK 0x06
#define DCR_WTS      0x01

static void update_irq(NE2000State *s)
{
    irq_set(s->irq, (s->isr & s->imr & ISR_SOURCES) != 0);
}

static void raise_irq(NE2000State *s, uint8_t causes)
{
    s->isr |= causes;
    update_irq(s);
}

/* --- Memory behind the remote DMA -------------------------------------------- */

static uint8_t memory_read(const NE2000State *s, uint16_t addr)
{
    if (addr < NE2000_PROM_SIZE) {
        return s->prom[addr];
    }
    if (addr >= NE2000_RAM_BASE && addr < NE2000_RAM_BASE + NE2000_RAM_SIZE) {
        return s->ram[addr - NE2000_RAM_BASE];
    }
    return 0xff;
}

static void memory_write(NE2000State *s, uint16_t addr, uint8_t value)
{
    if (addr >= NE2000_RAM_BASE && addr < NE2000_RAM_BASE + NE2000_RAM_SIZE) {
        s->ram[addr - NE2000_RAM_BASE] = value;
    }
}

/* The address counter goes from the end of the ring to its start (section 9). */
static void count_remote(NE2000State *s)
{
    s->rsar++;
    if (s->rsar == (uint16_t)(s->pstop << 8)) {
        s->rsar = (uint16_t)(s->pstart << 8);
    }
    if (s->rbcr && --s->rbcr == 0) {
        raise_irq(s, ISR_RDC);
    }
}

/* A word at a time with WTS, whatever the width of the port access. */
static unsigned transfer_bytes(const NE2000State *s, unsigned size)
{
    return s->dcr & DCR_WTS ? MAX(size, 2) : size;
}

static uint32_t data_read(NE2000State *s, unsigned size)
{
    uint32_t value = 0;

    for (unsigned i = 0; i < transfer_bytes(s, size); i++) {
        uint8_t byte = 0xff;
        if (s->rbcr && CR_RD(s->cr) != CR_RD_WRITE) {
            byte = memory_read(s, s->rsar);
            count_remote(s);
        }
        value |= (uint32_t)byte << 8 * i;
    }
    return value;
}

static void data_write(NE2000State *s, uint32_t value, unsigned size)
{
    for (unsigned i = 0; i < transfer_bytes(s, size) && s->rbcr; i++) {
        memory_write(s, s->rsar, (uint8_t)(value >> 8 * i));
        count_remote(s);
    }
}

/* --- Transmission ------------------------------------------------------------ */

static void transmit(NE2000State *s)
{
    uint8_t frame[MAX_FRAME + FCS_BYTES];
    size_t len = s->tbcr;

    s->cr &= (uint8_t)~CR_TXP;
    s->tsr = TSR_PTX;
    if (len > sizeof(frame)) {
        log_guest_error("ne2000: frame of %zu bytes is cut\n", len);
        len = sizeof(frame);
    }
    for (size_t i = 0; i < len; i++) {
        frame[i] = memory_read(s, (uint16_t)((s->tpsr << 8) + i));
    }
    raise_irq(s, ISR_PTX);
    if (!(s->tcr & TCR_LOOPBACK) && len >= 14) {
        net_send(&s->nc, frame, len);
    }
}

/* --- Reception --------------------------------------------------------------- */

/* The six high bits of the CRC of the address choose a bit of MAR (section 10.5). */
static bool matches_multicast(const NE2000State *s, const uint8_t *mac)
{
    uint32_t crc = ~net_fcs(mac, 6);
    unsigned index = 0;

    for (int i = 0; i < 6; i++) {
        index |= (crc >> i & 1) << (5 - i);
    }
    return s->mar[index >> 3] >> (index & 7) & 1;
}

static bool accepts(const NE2000State *s, const uint8_t *frame)
{
    static const uint8_t broadcast[] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff };

    if (!memcmp(frame, broadcast, 6)) {
        return s->rcr & RCR_AB;
    }
    if (frame[0] & 1) {
        return s->rcr & RCR_AM && matches_multicast(s, frame);
    }
    return s->rcr & RCR_PRO || !memcmp(frame, s->par, 6);
}

static bool ring_is_sane(const NE2000State *s)
{
    return s->pstart < s->pstop && s->curr >= s->pstart && s->curr < s->pstop &&
           s->pstart >= NE2000_RAM_BASE / PAGE_BYTES &&
           s->pstop <= (NE2000_RAM_BASE + NE2000_RAM_SIZE) / PAGE_BYTES;
}

/* Pages that may be filled: CURR must not come to stand at BNRY. */
static unsigned free_pages(const NE2000State *s)
{
    unsigned ring = (unsigned)(s->pstop - s->pstart);

    if (s->bnry < s->pstart || s->bnry >= s->pstop || s->bnry == s->curr) {
        return ring - 1;
    }
    return (s->bnry + ring - s->curr) % ring - 1;
}

static uint16_t next_address(const NE2000State *s, uint16_t addr)
{
    addr++;
    return addr == (uint16_t)(s->pstop << 8) ? (uint16_t)(s->pstart << 8) : addr;
}

/* Header, frame and FCS from page CURR on (section 7). */
static void store(NE2000State *s, const uint8_t *frame, size_t len, unsigned pages)
{
    unsigned next = s->curr + pages;
    unsigned count = (unsigned)len + FCS_BYTES;
    uint32_t fcs = net_fcs(frame, len);
    uint16_t addr = (uint16_t)(s->curr << 8);

    if (next >= s->pstop) {
        next -= (unsigned)(s->pstop - s->pstart);
    }
    const uint8_t header[HEADER_BYTES] = { s->rsr, (uint8_t)next, (uint8_t)count,
                                           (uint8_t)(count >> 8) };
    for (unsigned i = 0; i < HEADER_BYTES + count; i++) {
        uint8_t byte;
        if (i < HEADER_BYTES) {
            byte = header[i];
        } else if (i < HEADER_BYTES + len) {
            byte = frame[i - HEADER_BYTES];
        } else {
            byte = (uint8_t)(fcs >> 8 * (i - HEADER_BYTES - len));
        }
        memory_write(s, addr, byte);
        addr = next_address(s, addr);
    }
    s->curr = (uint8_t)next;
}

static void count_missed(NE2000State *s)
{
    s->missed += s->missed < 0xff;
    if (s->missed & 0x80) {
        raise_irq(s, ISR_CNT);
    }
}

static NE2000State *from_client(NetClient *nc)
{
    return (NE2000State *)((char *)nc - offsetof(NE2000State, nc));
}

static bool receive(NetClient *nc, const uint8_t *frame, size_t size)
{
    NE2000State *s = from_client(nc);
    uint8_t padded[MIN_FRAME];

    if (s->cr & CR_STP || s->tcr & TCR_LOOPBACK || size < 14 || size > MAX_FRAME ||
        !accepts(s, frame)) {
        return true;
    }
    if (s->rcr & RCR_MON) {
        count_missed(s);
        return true;
    }
    if (!ring_is_sane(s)) {
        log_guest_error("ne2000: no ring: PSTART %02x PSTOP %02x CURR %02x\n",
                        s->pstart, s->pstop, s->curr);
        return true;
    }
    if (size < MIN_FRAME) {
        memset(padded, 0, sizeof(padded));
        memcpy(padded, frame, size);
        frame = padded;
        size = MIN_FRAME;
    }
    unsigned pages =
        (unsigned)(HEADER_BYTES + size + FCS_BYTES + PAGE_BYTES - 1) / PAGE_BYTES;
    if (pages > free_pages(s)) {
        if (pages < (unsigned)(s->pstop - s->pstart)) {
            return false; /* until BNRY moves */
        }
        count_missed(s); /* the ring is too small for it */
        return true;
    }
    s->rsr = (uint8_t)(RSR_PRX | (frame[0] & 1 ? RSR_GROUP : 0));
    store(s, frame, size, pages);
    raise_irq(s, ISR_PRX);
    return true;
}

static const NetClientOps client_ops = {
    .type = "nic",
    .receive = receive,
};

/* --- Registers --------------------------------------------------------------- */

/* "Send packet": a remote read of the frame at BNRY (section 9). */
static void start_send_packet(NE2000State *s)
{
    uint16_t addr = (uint16_t)(s->bnry << 8);

    s->rsar = addr;
    s->rbcr = (uint16_t)(memory_read(s, (uint16_t)(addr + 2)) |
                         memory_read(s, (uint16_t)(addr + 3)) << 8);
    s->bnry = memory_read(s, (uint16_t)(addr + 1));
    net_flush(&s->nc);
}

static void write_cr(NE2000State *s, uint8_t value)
{
    bool was_stopped = s->cr & CR_STP;

    s->cr = value;
    if (value & CR_STP) {
        raise_irq(s, ISR_RST);
        return;
    }
    s->isr &= (uint8_t)~ISR_RST;
    if (CR_RD(value) == CR_RD_SEND) {
        start_send_packet(s);
    }
    if ((CR_RD(value) == CR_RD_READ || CR_RD(value) == CR_RD_WRITE) && !s->rbcr) {
        raise_irq(s, ISR_RDC); /* nothing to do is done at once */
    }
    if (value & CR_TXP) {
        transmit(s);
    }
    if (was_stopped) {
        net_flush(&s->nc);
    }
}

static uint8_t read_page_0(NE2000State *s, unsigned offset)
{
    uint8_t value;

    switch (offset) {
    case 0x3:
        return s->bnry;
    case 0x4:
        return s->tsr;
    case 0x7:
        return s->isr;
    case 0x8:
        return (uint8_t)s->rsar;
    case 0x9:
        return (uint8_t)(s->rsar >> 8);
    case 0xa: /* reserved; the RTL8029 signs here */
        return 'P';
    case 0xb:
        return 'C';
    case 0xc:
        return s->rsr;
    case 0xf:
        value = s->missed;
        s->missed = 0;
        return value;
    default:
        return 0;
    }
}

static uint8_t read_page_2(const NE2000State *s, unsigned offset)
{
    switch (offset) {
    case 0x1:
        return s->pstart;
    case 0x2:
        return s->pstop;
    case 0x4:
        return s->tpsr;
    case 0xc:
        return s->rcr;
    case 0xd:
        return s->tcr;
    case 0xe:
        return s->dcr;
    case 0xf:
        return s->imr;
    default:
        return 0;
    }
}

static uint8_t register_read(NE2000State *s, unsigned offset)
{
    if (offset == 0) {
        return s->cr;
    }
    switch (CR_PAGE(s->cr)) {
    case 0:
        return read_page_0(s, offset);
    case 1:
        return offset < 7    ? s->par[offset - 1]
               : offset == 7 ? s->curr
                             : s->mar[offset - 8];
    case 2:
        return read_page_2(s, offset);
    default: /* RTL8029: CONFIG2 and CONFIG3 say full duplex */
        return offset == 5 || offset == 6 ? 0x40 : 0;
    }
}

static void write_page_0(NE2000State *s, unsigned offset, uint8_t value)
{
    switch (offset) {
    case 0x1:
        s->pstart = value;
        break;
    case 0x2:
        s->pstop = value;
        break;
    case 0x3:
        s->bnry = value;
        net_flush(&s->nc);
        break;
    case 0x4:
        s->tpsr = value;
        break;
    case 0x5:
        s->tbcr = (uint16_t)((s->tbcr & 0xff00) | value);
        break;
    case 0x6:
        s->tbcr = (uint16_t)((s->tbcr & 0x00ff) | value << 8);
        break;
    case 0x7:
        s->isr &= (uint8_t) ~(value & ISR_SOURCES);
        update_irq(s);
        break;
    case 0x8:
        s->rsar = (uint16_t)((s->rsar & 0xff00) | value);
        break;
    case 0x9:
        s->rsar = (uint16_t)((s->rsar & 0x00ff) | value << 8);
        break;
    case 0xa:
        s->rbcr = (uint16_t)((s->rbcr & 0xff00) | value);
        break;
    case 0xb:
        s->rbcr = (uint16_t)((s->rbcr & 0x00ff) | value << 8);
        break;
    case 0xc:
        s->rcr = value & 0x3f;
        break;
    case 0xd:
        s->tcr = value & 0x1f;
        break;
    case 0xe:
        s->dcr = value & 0x7f;
        break;
    case 0xf:
        s->imr = value & ISR_SOURCES;
        update_irq(s);
        break;
    }
}

static void register_write(NE2000State *s, unsigned offset, uint8_t value)
{
    if (offset == 0) {
        write_cr(s, value);
    } else if (CR_PAGE(s->cr) == 0) {
        write_page_0(s, offset, value);
    } else if (CR_PAGE(s->cr) == 1) {
        if (offset < 7) {
            s->par[offset - 1] = value;
        } else if (offset == 7) {
            s->curr = value;
        } else {
            s->mar[offset - 8] = value;
        }
    } else {
        log_guest_error("ne2000: write of %02x to register %x of page %u\n", value,
                        offset, CR_PAGE(s->cr));
    }
}

static uint64_t io_read(void *opaque, hwaddr offset, unsigned size)
{
    NE2000State *s = opaque;

    if (offset < DATA_PORT) {
        return register_read(s, (unsigned)offset);
    }
    if (offset < RESET_PORT) {
        return data_read(s, size);
    }
    if (offset < NE2000_PORTS) {
        ne2000_reset(s);
    }
    return 0;
}

static void io_write(void *opaque, hwaddr offset, uint64_t value, unsigned size)
{
    NE2000State *s = opaque;

    if (offset < DATA_PORT) {
        register_write(s, (unsigned)offset, (uint8_t)value);
    } else if (offset < RESET_PORT) {
        data_write(s, (uint32_t)value, size);
    }
}

const MemoryRegionOps ne2000_ops = {
    .read = io_read,
    .write = io_write,
    .endianness = DEVICE_LITTLE_ENDIAN,
    .valid = {.min_access_size = 1,  .max_access_size = 4},
    .impl = { .min_access_size = 1, .max_access_size = 4},
};

/* --- Life -------------------------------------------------------------------- */

void ne2000_reset(NE2000State *s)
{
    s->cr = CR_STP | CR_RD2;
    s->isr = ISR_RST;
    s->imr = s->dcr = s->tcr = s->rcr = 0;
    s->tsr = s->rsr = s->missed = 0;
    s->tbcr = s->rsar = s->rbcr = 0;
    update_irq(s);
}

void ne2000_init(NE2000State *s, IrqLine *irq, const char *model, const char *id)
{
    s->irq = irq;
    nic_mac_default_if_unset(s->conf.mac);
    /* Each byte twice, for buses of 16 bits; 'W' says that the card is on one. */
    for (unsigned i = 0; i < NET_MAC_LEN; i++) {
        s->prom[2 * i] = s->prom[2 * i + 1] = s->conf.mac[i];
    }
    memset(s->prom + 28, 'W', 4);
    nic_client_init(&s->nc, &client_ops, &s->conf, model, id);
    ne2000_reset(s);
}

void ne2000_cleanup(NE2000State *s)
{
    net_client_remove(&s->nc);
}

static bool core_post_load(void *opaque, int version_id, Error **errp)
{
    NE2000State *s = opaque;

    s->rcr &= 0x3f;
    s->tcr &= 0x1f;
    s->dcr &= 0x7f;
    s->imr &= ISR_SOURCES;
    return true;
}

const VMStateDescription vmstate_ne2000_core = {
    .name = "ne2000-core",
    .version_id = 1,
    .minimum_version_id = 1,
    .post_load = core_post_load,
    .fields =
        (const VMStateField[]){
                               VMSTATE_UINT8(cr, NE2000State),
                               VMSTATE_UINT8(pstart, NE2000State),
                               VMSTATE_UINT8(pstop, NE2000State),
                               VMSTATE_UINT8(bnry, NE2000State),
                               VMSTATE_UINT8(tsr, NE2000State),
                               VMSTATE_UINT8(tpsr, NE2000State),
                               VMSTATE_UINT8(isr, NE2000State),
                               VMSTATE_UINT8(rsr, NE2000State),
                               VMSTATE_UINT8(rcr, NE2000State),
                               VMSTATE_UINT8(tcr, NE2000State),
                               VMSTATE_UINT8(dcr, NE2000State),
                               VMSTATE_UINT8(imr, NE2000State),
                               VMSTATE_UINT16(tbcr, NE2000State),
                               VMSTATE_UINT16(rsar, NE2000State),
                               VMSTATE_UINT16(rbcr, NE2000State),
                               VMSTATE_UINT8(missed, NE2000State),
                               VMSTATE_BUFFER(par, NE2000State),
                               VMSTATE_UINT8(curr, NE2000State),
                               VMSTATE_BUFFER(mar, NE2000State),
                               VMSTATE_BUFFER(ram, NE2000State),
                               VMSTATE_END_OF_LIST(),
                               },
};
