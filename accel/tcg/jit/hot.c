/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which blocks are hot. Code is small at first and tells now and then where it is
 * (JitEnv.sample). A block that was met often enough is killed, and its next
 * translation is made to be fast.
 */
#include "accel/tcg/jit/jit-internal.h"

#include <glib.h>

enum {
    SAMPLES_HOT = 24, /* what comes that often is a loop; many calls for a few samples
                         are not worth the larger code */
    KEY_BITS = 14,    /* of blocks that are known; others take their places */
};

static uint16_t known[1 << KEY_BITS]; /* translation lock */

/* Never 0. Two keys with one value: one is hot without need. */
static uint16_t digest(const JitKey *key)
{
    uint64_t h = (key->ram_addr ^ key->pc << 7 ^ (uint64_t)key->mode << 40) *
                 0x9e3779b97f4a7c15ull;

    return h >> 48 | 1;
}

static uint16_t *place_of(const JitKey *key)
{
    return &known[jit_key_index(key, KEY_BITS)];
}

bool jit_is_hot(const JitKey *key)
{
    return jit_options()->all_hot || *place_of(key) == digest(key);
}

/* @ret: return address of a call, which may be the last thing in the block. */
static void note(const void *ret)
{
    const uint8_t *code = (const uint8_t *)ret - 1;
    JitBlock *b = code_cache_is_used(&jit.cache, code)
                      ? code_cache_block_at(&jit.cache, code)
                      : NULL;

    if (!b || b->dead || b->hot || ++b->samples < SAMPLES_HOT) {
        return;
    }
    *place_of(&b->key) = digest(&b->key);
    jit_block_kill(b);
    jit.stats.promoted++;
}

void jit_take_samples(JitEnv *env)
{
    pthread_mutex_lock(&jit.lock);
    for (unsigned k = env->samples_left; k < JIT_SAMPLES; k++) {
        if (env->sample[k]) {
            note(env->sample[k]);
        }
    }
    pthread_mutex_unlock(&jit.lock);
    env->samples_left = JIT_SAMPLES;
}
