/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Who answers at one address, by asking the tree itself: the slow, obvious model that
 * the renderer is tested against, and what `info mtree -p` explains with. It shares no
 * function with the renderer: no clips, no gaps, no steps. One byte, one walk.
 */
#include "explain-internal.h"

typedef struct Walk {
    ExplainFn *fn;
    void *opaque;
    ExplainStep *path; /* from the root to where the walk is */
    unsigned depth;
    Answer answer;
    bool found;
} Walk;

#define MAX_DEPTH 128

static void leaf(Walk *w, MemoryRegion *mr, hwaddr offset, bool readonly,
                 bool nonvolatile)
{
    Answer a = { mr, offset, readonly, nonvolatile };

    if (!w->found) {
        w->answer = a;
    }
    if (w->fn) {
        w->fn(w->opaque, &a, !w->found, w->path, w->depth);
    }
    w->found = true;
}

/* Returns true when the caller need not go on. */
static bool walk(Walk *w, MemoryRegion *mr, Offset128 offset, bool readonly,
                 bool nonvolatile)
{
    bool stop = false;

    assert(w->depth < MAX_DEPTH);
    if (!mr->enabled || offset < 0 || offset >= (Offset128)mr->size) {
        return false;
    }
    w->path[w->depth++] = (ExplainStep){ mr, (hwaddr)offset };
    readonly = readonly || mr->readonly;
    nonvolatile = nonvolatile || mr->nonvolatile;
    if (mr->alias) {
        stop = walk(w, mr->alias, offset + (Offset128)mr->alias_offset, readonly,
                    nonvolatile);
    } else {
        for (unsigned i = 0; mr->tree && i < mr->tree->n_children && !stop; i++) {
            MemoryRegion *child = mr->tree->child[i];

            stop =
                walk(w, child, offset - (Offset128)child->addr, readonly, nonvolatile);
        }
        if (!stop && mr->terminates) {
            leaf(w, mr, (hwaddr)offset, readonly, nonvolatile);
            stop = !w->fn;
        }
    }
    w->depth--;
    return stop;
}

bool explain_address(MemoryRegion *root, hwaddr addr, Answer *answer, ExplainFn *fn,
                     void *opaque)
{
    ExplainStep path[MAX_DEPTH];
    Walk w = { .fn = fn, .opaque = opaque, .path = path };

    walk(&w, root, (Offset128)addr, false, false);
    if (w.found && answer) {
        *answer = w.answer;
    }
    return w.found;
}
