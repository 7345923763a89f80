/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Programmable attribute map. Source: Intel 82441FX data sheet (290549), section
 * 3.2.12. As on the reference platform the value 2 (write only) reads RAM too, where
 * the chip would read PCI: the region tree has no write-only RAM.
 *
 * Each segment has four aliases in the system space, priority 1, added in the order of
 * their values; exactly one is enabled.
 */
#include "hw/pci-host/pam.h"

#define PAM_LOW_BASE  0xc0000 /* twelve segments of 16 KiB */
#define PAM_LOW_SIZE  0x4000
#define PAM_BIOS_BASE 0xf0000 /* and one of 64 KiB */
#define PAM_BIOS_SIZE 0x10000
#define PAM_ATTR_MASK 3u

static void segment_init(PAMSegment *seg, Object *owner, MemoryRegion *system,
                         MemoryRegion *ram, MemoryRegion *pci, hwaddr base,
                         uint64_t size)
{
    MemoryRegion *a = seg->alias;

    memory_region_init_alias(&a[0], owner, "pam-pci", pci, base, size);
    memory_region_init_alias(&a[1], owner, "pam-rom", ram, base, size);
    memory_region_set_readonly(&a[1], true);
    memory_region_init_alias(&a[2], owner, "pam-pci", ram, base, size);
    memory_region_init_alias(&a[3], owner, "pam-ram", ram, base, size);
    seg->current = 0;
    for (unsigned v = 0; v < G_N_ELEMENTS(seg->alias); v++) {
        memory_region_set_enabled(&a[v], v == seg->current);
        memory_region_add_subregion_overlap(system, base, &a[v], 1);
    }
}

/* Segment 0 is f0000-fffff, then 16 KiB pieces upwards from c0000. */
void pam_init(PAMMap *pam, Object *owner, MemoryRegion *system, MemoryRegion *ram,
              MemoryRegion *pci)
{
    memory_region_transaction_begin();
    segment_init(&pam->segment[0], owner, system, ram, pci, PAM_BIOS_BASE,
                 PAM_BIOS_SIZE);
    for (unsigned i = 1; i < PAM_SEGMENTS; i++) {
        segment_init(&pam->segment[i], owner, system, ram, pci,
                     PAM_LOW_BASE + (i - 1) * PAM_LOW_SIZE, PAM_LOW_SIZE);
    }
    memory_region_transaction_commit();
}

static void segment_set(PAMSegment *seg, unsigned value)
{
    if (value != seg->current) {
        memory_region_set_enabled(&seg->alias[seg->current], false);
        memory_region_set_enabled(&seg->alias[value], true);
        seg->current = value;
    }
}

void pam_update(PAMMap *pam, const uint8_t *regs)
{
    memory_region_transaction_begin();
    for (unsigned i = 0; i < PAM_SEGMENTS; i++) {
        /* Nibble i + 1 counted from the low one of the first register. */
        unsigned nibble = i + 1;
        uint8_t reg = regs[nibble / 2];
        segment_set(&pam->segment[i],
                    (nibble & 1 ? (unsigned)reg >> 4 : reg) & PAM_ATTR_MASK);
    }
    memory_region_transaction_commit();
}
