/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Expressions of the human monitor. From weakest to strongest: + -, then & | ^, then
 * * / %, then unary + - ~ and ( ). That is not C's order, but what people's scripts
 * were written for. All arithmetic is on 64 bits and wraps.
 */
#include "qapi/hmp.h"

#include <errno.h>
#include <string.h>

typedef struct Expr {
    const char *p;
    int cpu_index;
    int depth;
    Error **errp;
} Expr;

enum { MAX_DEPTH = 64 };

static HmpRegisterFn *register_fn;

void hmp_set_register_fn(HmpRegisterFn *fn)
{
    register_fn = fn;
}

static bool parse_sum(Expr *e, uint64_t *v);

static void skip_space(Expr *e)
{
    while (g_ascii_isspace(*e->p)) {
        e->p++;
    }
}

static char peek(Expr *e)
{
    skip_space(e);
    return *e->p;
}

static bool parse_number(Expr *e, uint64_t *v)
{
    char *end;

    if (!*e->p) {
        return error_set(e->errp, "unexpected end of expression");
    }
    errno = 0;
    *v = g_ascii_strtoull(e->p, &end, 0);
    if (errno == ERANGE) {
        return error_set(e->errp, "number too large");
    }
    if (end == e->p || !g_ascii_isdigit(*e->p)) {
        return error_set(e->errp, "invalid char '%c' in expression", *e->p);
    }
    e->p = end;
    return true;
}

static bool parse_char(Expr *e, uint64_t *v)
{
    e->p++;
    if (!*e->p) {
        return error_set(e->errp, "character constant expected");
    }
    *v = (unsigned char)*e->p++;
    if (*e->p != '\'') {
        return error_set(e->errp, "missing terminating \' character");
    }
    e->p++;
    return true;
}

static bool parse_register(Expr *e, uint64_t *v)
{
    char name[64];
    size_t n = 0;

    e->p++;
    while (g_ascii_isalnum(*e->p) || (*e->p && strchr("_.:", *e->p))) {
        if (n + 1 < sizeof(name)) {
            name[n++] = *e->p;
        }
        e->p++;
    }
    name[n] = '\0';
    if (!register_fn || !register_fn(e->cpu_index, name, v)) {
        return error_set(e->errp, "unknown register");
    }
    return true;
}

static bool parse_unary(Expr *e, uint64_t *v)
{
    char c = peek(e);
    bool ok;

    if (e->depth >= MAX_DEPTH) {
        return error_set(e->errp, "expression nested too deep");
    }
    if (c == '+' || c == '-' || c == '~') {
        e->p++;
        e->depth++;
        ok = parse_unary(e, v);
        e->depth--;
        *v = c == '-' ? -*v : c == '~' ? ~*v : *v;
        return ok;
    }
    if (c == '(') {
        e->p++;
        e->depth++;
        ok = parse_sum(e, v);
        e->depth--;
        if (ok && peek(e) != ')') {
            return error_set(e->errp, "')' expected");
        }
        e->p += ok;
        return ok;
    }
    if (c == '\'') {
        return parse_char(e, v);
    }
    if (c == '$') {
        return parse_register(e, v);
    }
    return parse_number(e, v);
}

static bool parse_product(Expr *e, uint64_t *v)
{
    if (!parse_unary(e, v)) {
        return false;
    }
    for (;;) {
        char op = peek(e);
        uint64_t w;

        if (op != '*' && op != '/' && op != '%') {
            return true;
        }
        e->p++;
        if (!parse_unary(e, &w)) {
            return false;
        }
        if (op != '*' && w == 0) {
            return error_set(e->errp, "division by zero");
        }
        *v = op == '*' ? *v * w : op == '/' ? *v / w : *v % w;
    }
}

static bool parse_logic(Expr *e, uint64_t *v)
{
    if (!parse_product(e, v)) {
        return false;
    }
    for (;;) {
        char op = peek(e);
        uint64_t w;

        if (op != '&' && op != '|' && op != '^') {
            return true;
        }
        e->p++;
        if (!parse_product(e, &w)) {
            return false;
        }
        *v = op == '&' ? *v & w : op == '|' ? *v | w : *v ^ w;
    }
}

static bool parse_sum(Expr *e, uint64_t *v)
{
    if (!parse_logic(e, v)) {
        return false;
    }
    for (;;) {
        char op = peek(e);
        uint64_t w;

        if (op != '+' && op != '-') {
            return true;
        }
        e->p++;
        if (!parse_logic(e, &w)) {
            return false;
        }
        *v = op == '+' ? *v + w : *v - w;
    }
}

bool hmp_parse_expr(const char **p, int cpu_index, int64_t *value, Error **errp)
{
    Expr e = { .p = *p, .cpu_index = cpu_index, .errp = errp };
    uint64_t v = 0;

    if (!parse_sum(&e, &v)) {
        return false;
    }
    *p = e.p;
    *value = (int64_t)v;
    return true;
}
