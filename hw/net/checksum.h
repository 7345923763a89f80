/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Internet checksums (RFC 1071) and the Ethernet FCS (IEEE 802.3), for cards. */
#ifndef STRATA_NET_CHECKSUM_H
#define STRATA_NET_CHECKSUM_H

#include <stddef.h>
#include <stdint.h>

/* One's complement sum of @len bytes, big-endian words; add sums, then fold. */
uint32_t net_sum(const uint8_t *data, size_t len);
/* What goes into the field: the complement of the folded sum. */
uint16_t net_sum_finish(uint64_t sum);
uint32_t net_fcs(const uint8_t *data, size_t len);

typedef enum NetChecksum {
    NET_CHECKSUM_NONE,
    NET_CHECKSUM_GOOD,
    NET_CHECKSUM_BAD
} NetChecksum;
typedef struct NetChecksums {
    NetChecksum ip; /* IPv4 header */
    NetChecksum tcp_udp;
} NetChecksums;
/* Look at a received frame whose network header is at @l3. */
NetChecksums net_verify(const uint8_t *frame, size_t size, size_t l3);

static inline uint16_t net_get16(const uint8_t *p)
{
    return (uint16_t)(p[0] << 8 | p[1]);
}
static inline void net_put16(uint8_t *p, uint32_t v)
{
    p[0] = (uint8_t)(v >> 8);
    p[1] = (uint8_t)v;
}
static inline uint32_t net_get32(const uint8_t *p)
{
    return (uint32_t)net_get16(p) << 16 | net_get16(p + 2);
}
static inline void net_put32(uint8_t *p, uint32_t v)
{
    net_put16(p, v >> 16);
    net_put16(p + 2, v);
}

#endif
