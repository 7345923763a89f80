/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "hw/net/checksum.h"

#include <stdbool.h>

uint32_t net_sum(const uint8_t *data, size_t len)
{
    uint64_t sum = 0;
    size_t i;

    for (i = 0; i + 1 < len; i += 2) {
        sum += net_get16(data + i);
    }
    if (i < len) {
        sum += (uint64_t)data[i] << 8;
    }
    while (sum >> 32) {
        sum = (sum & 0xffffffff) + (sum >> 32);
    }
    return (uint32_t)sum;
}

uint16_t net_sum_finish(uint64_t sum)
{
    while (sum >> 16) {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    return (uint16_t)~sum;
}

/* CRC-32, reflected; sent least significant byte first. */
uint32_t net_fcs(const uint8_t *data, size_t len)
{
    static const uint32_t nibbles[16] = {
        0x00000000, 0x1db71064, 0x3b6e20c8, 0x26d930ac, 0x76dc4190, 0x6b6b51f4,
        0x4db26158, 0x5005713c, 0xedb88320, 0xf00f9344, 0xd6d6a3e8, 0xcb61b38c,
        0x9b64c2b0, 0x86d3d2d4, 0xa00ae278, 0xbdbdf21c,
    };
    uint32_t crc = UINT32_MAX;

    for (size_t i = 0; i < len; i++) {
        crc ^= data[i];
        crc = crc >> 4 ^ nibbles[crc & 15];
        crc = crc >> 4 ^ nibbles[crc & 15];
    }
    return ~crc;
}

enum { PROTO_TCP = 6, PROTO_UDP = 17 };
enum { ETHERTYPE_IPV4 = 0x0800, ETHERTYPE_IPV6 = 0x86dd };

/* @pseudo: sum of addresses, protocol and length. */
static NetChecksum verify_l4(const uint8_t *l4, size_t len, unsigned proto,
                             uint64_t pseudo)
{
    if ((proto != PROTO_TCP && proto != PROTO_UDP) || len < 8 ||
        (proto == PROTO_UDP && !net_get16(l4 + 6))) {
        return NET_CHECKSUM_NONE;
    }
    return net_sum_finish(pseudo + net_sum(l4, len)) == 0 ? NET_CHECKSUM_GOOD
                                                          : NET_CHECKSUM_BAD;
}

static NetChecksums verify_ipv4(const uint8_t *ip, size_t size)
{
    NetChecksums c = { NET_CHECKSUM_NONE, NET_CHECKSUM_NONE };
    size_t header = (ip[0] & 0x0fu) * 4u, total = net_get16(ip + 2);

    if (ip[0] >> 4 != 4 || header < 20 || total < header || total > size) {
        return c;
    }
    c.ip =
        net_sum_finish(net_sum(ip, header)) == 0 ? NET_CHECKSUM_GOOD : NET_CHECKSUM_BAD;
    if (!(net_get16(ip + 6) & 0x3fff)) { /* no fragment */
        c.tcp_udp = verify_l4(ip + header, total - header, ip[9],
                              (uint64_t)net_sum(ip + 12, 8) + ip[9] + total - header);
    }
    return c;
}

static NetChecksums verify_ipv6(const uint8_t *ip, size_t size)
{
    NetChecksums c = { NET_CHECKSUM_NONE, NET_CHECKSUM_NONE };
    size_t payload = net_get16(ip + 4);

    if (size >= 40 && payload <= size - 40) {
        c.tcp_udp = verify_l4(ip + 40, payload, ip[6],
                              (uint64_t)net_sum(ip + 8, 32) + ip[6] + payload);
    }
    return c;
}

NetChecksums net_verify(const uint8_t *frame, size_t size, size_t l3)
{
    if (l3 < 2 || size < l3 + 20) {
        return (NetChecksums){ NET_CHECKSUM_NONE, NET_CHECKSUM_NONE };
    }
    switch (net_get16(frame + l3 - 2)) {
    case ETHERTYPE_IPV4:
        return verify_ipv4(frame + l3, size - l3);
    case ETHERTYPE_IPV6:
        return verify_ipv6(frame + l3, size - l3);
    default:
        return (NetChecksums){ NET_CHECKSUM_NONE, NET_CHECKSUM_NONE };
    }
}
