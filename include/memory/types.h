/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Addresses and access attributes that the whole memory core shares. */
#ifndef STRATA_MEMORY_TYPES_H
#define STRATA_MEMORY_TYPES_H

#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>

typedef uint64_t hwaddr;     /* guest-physical, or an offset in a region */
typedef uint64_t vaddr;      /* guest-virtual */
typedef uint64_t ram_addr_t; /* offset in the RAM space */
#define HWADDR_PRIx      PRIx64
#define HWADDR_MAX       UINT64_MAX
#define RAM_ADDR_INVALID UINT64_MAX

/* A 65-bit size or end: only the region code computes with it. */
typedef unsigned __int128 Int128;

typedef struct MemTxAttrs {
    unsigned unspecified : 1; /* nobody said anything: ordinary access */
    unsigned secure : 1;      /* i386: the access is made in SMM */
    unsigned user : 1;
    unsigned memory : 1;        /* RAM only: an MMIO target is an access error */
    unsigned requester_id : 16; /* PCI function, for MSI */
} MemTxAttrs;
#define MEMTXATTRS_UNSPECIFIED ((MemTxAttrs){ .unspecified = 1 })

/* 0 or a set of error bits. */
typedef uint32_t MemTxResult;
#define MEMTX_OK           0u
#define MEMTX_ERROR        (1u << 0) /* the device answered with an error */
#define MEMTX_DECODE_ERROR (1u << 1) /* nothing at that address */
#define MEMTX_ACCESS_ERROR (1u << 2) /* access denied */

typedef enum DeviceEndian {
    DEVICE_NATIVE_ENDIAN, /* of the machine's target; avoid in new devices */
    DEVICE_LITTLE_ENDIAN,
    DEVICE_BIG_ENDIAN,
} DeviceEndian;

/* Clients of the dirty bitmaps. */
enum { DIRTY_MEMORY_VGA, DIRTY_MEMORY_CODE, DIRTY_MEMORY_MIGRATION, DIRTY_MEMORY_NUM };

#define TARGET_PAGE_BITS 12 /* the smallest of all targets */
#define TARGET_PAGE_SIZE ((uint64_t)1 << TARGET_PAGE_BITS)
#define TARGET_PAGE_MASK (~(TARGET_PAGE_SIZE - 1))

typedef struct MemoryRegion MemoryRegion;
typedef struct MemoryRegionOps MemoryRegionOps;
typedef struct AddressSpace AddressSpace;
typedef struct FlatView FlatView;
typedef struct RAMBlock RAMBlock;
typedef struct MemoryListener MemoryListener;

#endif
