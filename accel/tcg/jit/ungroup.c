/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Blocks for which pass GROUP does not pay. A group of accesses that lies across the
 * end of a page always takes its slow stub, although each access alone would be fast. A
 * block that does so all the time is killed, and its next translation has no groups.
 */
#include "accel/tcg/jit/jit-internal.h"

#include <string.h>
#include <x86intrin.h>

enum {
    SAMPLE = 128,        /* stubs between two looks at the clock */
    CYCLES_OFTEN = 1500, /* from stub to stub: what a stub costs is a good part of it */
    KEYS = 256,          /* of blocks that are known; others take their places */
};

static JitKey known[KEYS]; /* translation lock */
static uint64_t used[KEYS / 64];

static unsigned place_of(const JitKey *key)
{
    return (key->ram_addr ^ key->pc << 7 ^ key->mode) * 0x9e3779b97f4a7c15ull >> 56;
}

bool jit_is_ungrouped(const JitKey *key)
{
    unsigned place = place_of(key);
    const JitKey *k = &known[place];

    return used[place / 64] >> (place % 64) & 1 && k->pc == key->pc &&
           k->ram_addr == key->ram_addr && k->mode == key->mode;
}

void jit_note_group_stub(JitBlock *b)
{
    uint32_t stubs = __atomic_load_n(&b->group_stubs, __ATOMIC_RELAXED) + 1;
    uint64_t now;

    __atomic_store_n(&b->group_stubs, stubs, __ATOMIC_RELAXED);
    if (stubs % SAMPLE) {
        return;
    }
    now = __rdtsc();
    if (now - __atomic_load_n(&b->group_since, __ATOMIC_RELAXED) <
        SAMPLE * CYCLES_OFTEN) {
        pthread_mutex_lock(&jit.lock);
        if (!b->dead) {
            unsigned place = place_of(&b->key);

            known[place] = b->key;
            used[place / 64] |= 1ull << (place % 64);
            jit_block_kill(b);
        }
        pthread_mutex_unlock(&jit.lock);
    }
    __atomic_store_n(&b->group_since, now, __ATOMIC_RELAXED);
}
