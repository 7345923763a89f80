/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "accel/target/i386/system.h"
#include "accel/target/i386/x86-cpu-internal.h"

#include <glib.h>
#include <string.h>

static X86Cpu *new_cpu(void)
{
    X86Cpu *cpu = g_aligned_alloc0(1, sizeof(X86Cpu), 64);

    cpu->st.ident.phys_bits = 40;
    x86_state_reset(&cpu->st);
    return cpu;
}

/* Every field that the table names gets a value that no reset gives. */
static void scramble(void *opaque, const VMStateDescription *d, uint8_t *value)
{
    for (const VMStateField *f = d->fields; f->kind != VMS_END; f++) {
        uint8_t *p = (uint8_t *)opaque + f->offset;

        for (size_t n = 0; n < f->num; n++, p += f->size) {
            if (f->kind == VMS_STRUCT) {
                scramble(p, f->vmsd, value);
            } else if (f->kind == VMS_BOOL) {
                *p = (*value)++ & 1;
            } else {
                memset(p, (*value)++, f->size);
            }
        }
    }
}

static GByteArray *save(X86Cpu *cpu)
{
    GByteArray *out = g_byte_array_new();
    Error *err = NULL;

    g_assert_true(vmstate_save(&x86_cpu_vmstate, cpu, out, &err));
    return out;
}

static bool load(X86Cpu *cpu, const GByteArray *in)
{
    VMStateReader r = { .data = in->data, .len = in->len };
    Error *err = NULL;
    bool ok = vmstate_load(&x86_cpu_vmstate, cpu, &r, &err);

    error_free(err);
    return ok;
}

static void test_round_trip(void)
{
    X86Cpu *a = new_cpu(), *b = new_cpu();
    uint8_t value = 1;
    GByteArray *one, *two;

    scramble(a, &x86_cpu_vmstate, &value);
    a->st.cpl = 3;
    a->st.seg[X86_CS].attr = 0xfb;
    a->st.regs[X86_REG_ZERO].q = 0;
    a->st.xs.mxcsr = 0xbf2a;
    /* Flags that no result has: they must survive although they are kept lazily. */
    x86_set_rflags(&a->st,
                   X86_FL_ZF | X86_FL_SF | X86_FL_CF | X86_FL_DF | X86_FL_FIXED);
    one = save(a);
    g_assert_true(load(b, one));
    two = save(b);
    g_assert_cmpmem(one->data, one->len, two->data, two->len);
    g_assert_cmphex(x86_get_rflags(&b->st), ==, x86_get_rflags(&a->st));
    g_assert_cmpint(b->st.df_step, ==, -1);
    g_assert_cmpint(b->st.view, ==, X86_VIEW_USER);
    g_byte_array_unref(one);
    g_byte_array_unref(two);
    g_aligned_free(a);
    g_aligned_free(b);
}

static void test_bad_input(void)
{
    X86Cpu *a = new_cpu();
    GByteArray *s = save(a);

    a->st.cpl = 7;
    g_byte_array_unref(s);
    s = save(a);
    a->st.cpl = 0;
    g_assert_false(load(a, s));
    g_byte_array_set_size(s, s->len / 2);
    g_assert_false(load(a, s));
    g_byte_array_unref(s);
    g_aligned_free(a);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/i386/vmstate/save-load-save-gives-the-same", test_round_trip);
    g_test_add_func("/i386/vmstate/err-privilege-level-and-short-input",
                    test_bad_input);
    return g_test_run();
}
