/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The decoder of x86 code.
 *
 * The opcode maps are lists of rows, in files by group.  At setup the encoding text of
 * each row becomes a pattern; the patterns are sorted by (VEX, map, opcode), and an
 * index leads from there to the few candidates of an opcode. Decoding collects prefixes
 * and opcode, walks the candidates in order until one agrees with mandatory prefix,
 * ModRM, L and W, reads what the row's operand letters ask for, and then checks mode,
 * LOCK and exception class. What does not depend on the bytes is found at setup
 * (X86Pattern.plan): most instructions need none of the checks.  A failed check
 * replaces the reference function by one that raises the fault, so execution never
 * looks at these conditions.
 */
#include "accel/target/i386/decode.h"
#include "accel/target/i386/operands.h"

#include <glib.h>

#include <stdlib.h>
#include <string.h>

enum { MAP_COUNT = 4 };

typedef struct OpcodeSlot {
    uint16_t first;
    uint8_t count;
    bool has_modrm;
    uint8_t from[8]; /* by ModRM.reg: candidates before this one name another one */
} OpcodeSlot;

/* X86Pattern.plan */
enum {
    PLAN_ALWAYS =
        1 << 0, /* it matches if it is the first that OpcodeSlot.from allows */
    PLAN_CHECKS = 1 << 1,   /* feature, mode, level, operands or exception class */
    PLAN_RELATIVE = 1 << 2, /* an operand counts from the next instruction */
    PLAN_Y = 1 << 3,        /* operand size 4, or 8 with REX.W */
    PLAN_BYTE = 1 << 4,     /* the first of the reference functions, of any size */
    PLAN_PLUS_R = 1 << 5,   /* a register in the opcode */
};

/* X86Pattern.imm: what follows ModRM */
enum { IMM_NONE, IMM_B, IMM_W, IMM_V, IMM_Z, IMM_OTHER };

static X86Pattern *patterns;
static unsigned pattern_count;
static OpcodeSlot slots[2][MAP_COUNT][256];

static const X86RowTable *const row_tables[] = {
    &x86_rows_int, &x86_rows_sys, &x86_rows_x87, &x86_rows_sse, &x86_rows_avx,
};

/* --- encoding text -------------------------------------------------------------- */

static bool parse_map(const char *tok, size_t len, X86Pattern *p)
{
    static const struct {
        const char *text;
        uint8_t map;
    } maps[] = {
        {"0F",    1},
        { "0F38", 2},
        { "0F3A", 3}
    };

    for (unsigned k = 0; k < G_N_ELEMENTS(maps); k++) {
        if (strlen(maps[k].text) == len && !memcmp(maps[k].text, tok, len)) {
            p->map = maps[k].map;
            return true;
        }
    }
    return false;
}

static bool parse_prefix(const char *tok, size_t len, X86Pattern *p)
{
    static const char names[][3] = { "", "NP", "66", "F3", "F2" };

    for (unsigned k = X86_PP_NP; k <= X86_PP_F2; k++) {
        if (len == 2 && !memcmp(names[k], tok, 2)) {
            p->prefix = k;
            return true;
        }
    }
    return false;
}

static bool parse_vex(const char *tok, size_t len, X86Pattern *p)
{
    const char *end = tok + len;

    p->vex = true;
    tok += 4;
    while (tok < end) {
        const char *dot = memchr(tok, '.', end - tok);
        size_t n = (dot ? dot : end) - tok;

        if (n == 3 && !memcmp(tok, "128", 3)) {
            p->l = 1;
        } else if (n == 3 && !memcmp(tok, "256", 3)) {
            p->l = 2;
        } else if (n == 2 && !memcmp(tok, "LZ", 2)) {
            p->l = 1;
        } else if (n == 2 && !memcmp(tok, "W0", 2)) {
            p->w = 1;
        } else if (n == 2 && !memcmp(tok, "W1", 2)) {
            p->w = 2;
        } else if (n == 3 && (!memcmp(tok, "LIG", 3) || !memcmp(tok, "WIG", 3))) {
            /* any */
        } else if (!parse_prefix(tok, n, p) && !parse_map(tok, n, p)) {
            return false;
        }
        tok += n + 1;
    }
    return p->map != 0 && p->prefix != X86_PP_ANY;
}

static bool parse_modrm(const char *tok, size_t len, X86Pattern *p)
{
    p->has_modrm = true;
    if (len == 2 && tok[1] == 'r') {
        return true;
    }
    if ((len != 2 && len != 4) || tok[1] < '0' || tok[1] > '7') {
        return false;
    }
    p->digit = tok[1] - '0';
    if (len == 4) {
        if (tok[2] != ':' || tok[3] < '0' || tok[3] > '7') {
            return false;
        }
        p->rm = tok[3] - '0';
    }
    return true;
}

static bool parse_opcode(const char *tok, size_t len, X86Pattern *p)
{
    if ((len != 2 && len != 4) || !g_ascii_isxdigit(tok[0]) ||
        !g_ascii_isxdigit(tok[1])) {
        return false;
    }
    p->opcode = g_ascii_xdigit_value(tok[0]) << 4 | g_ascii_xdigit_value(tok[1]);
    if (len == 4) {
        p->plus_r = true;
        return tok[2] == '+' && tok[3] == 'r' && !(p->opcode & 7);
    }
    return true;
}

bool x86_pattern_parse(const X86Row *row, X86Pattern *p)
{
    const char *s = row->enc;
    bool have_opcode = false;

    *p = (X86Pattern){ .row = row, .digit = -1, .rm = -1 };
    while (*s) {
        size_t n = strcspn(s, " ");

        /* "66 0F 10": a prefix is one only if something follows that is not ModRM */
        if (n > 4 && !memcmp(s, "VEX.", 4)) {
            if (!parse_vex(s, n, p)) {
                return false;
            }
        } else if (*s == '/') {
            if (!have_opcode || !parse_modrm(s, n, p)) {
                return false;
            }
        } else if (!have_opcode && s[n] == ' ' && s[n + 1] != '/' &&
                   (parse_prefix(s, n, p) || parse_map(s, n, p))) {
            /* taken */
        } else if (have_opcode || !parse_opcode(s, n, p)) {
            return false;
        } else {
            have_opcode = true;
        }
        s += n + (s[n] == ' ');
    }
    return have_opcode;
}

/* --- tables --------------------------------------------------------------------- */

static uint8_t plan_imm(const X86Row *row)
{
    uint8_t imm = IMM_NONE;

    for (unsigned k = 0; k < 4; k++) {
        X86OpType type = X86_OP_TYPE(row->op[k]);

        switch (X86_OP_METHOD(row->op[k])) {
        case X86_OPM_I:
        case X86_OPM_J:
            if (imm != IMM_NONE) {
                return IMM_OTHER;
            }
            imm = type == X86_OPT_b   ? IMM_B
                  : type == X86_OPT_w ? IMM_W
                  : type == X86_OPT_v ? IMM_V
                                      : IMM_Z;
            break;
        case X86_OPM_L:
        case X86_OPM_A:
        case X86_OPM_O:
        case X86_OPM_ONE:
        case X86_OPM_X:
            return IMM_OTHER;
        default:
            break;
        }
    }
    return imm;
}

static uint8_t plan_of_operands(const X86Row *row)
{
    X86OpMethod m0 = X86_OP_METHOD(row->op[0]);
    uint8_t plan = 0;

    if (X86_OP_TYPE(row->op[0]) == X86_OPT_b && m0 != X86_OPM_I && m0 != X86_OPM_J) {
        plan |= PLAN_BYTE;
    }
    for (unsigned k = 0; k < 4; k++) {
        if (X86_OP_TYPE(row->op[k]) == X86_OPT_y) {
            plan |= PLAN_Y;
        }
        switch (X86_OP_METHOD(row->op[k])) {
        case X86_OPM_J:
            plan |= PLAN_RELATIVE;
            break;
        case X86_OPM_Z:
            plan |= PLAN_PLUS_R;
            break;
        case X86_OPM_M:
        case X86_OPM_VSIB:
        case X86_OPM_N:
        case X86_OPM_R:
        case X86_OPM_U:
            plan |= PLAN_CHECKS;
            break;
        default:
            break;
        }
    }
    return plan;
}

static uint8_t plan_of(const X86Pattern *p)
{
    const X86Row *row = p->row;
    uint8_t plan = plan_of_operands(row);

    if (p->prefix == X86_PP_ANY && p->rm < 0 && !p->w && !p->l &&
        !(row->rules &
          (X86_MEM | X86_REG | X86_ONLY64 | X86_NO64 | X86_NOB | X86_WIDE | X86_IF))) {
        plan |= PLAN_ALWAYS;
    }
    if (row->feature || row->exc != X86_EXC_CLASS_NONE ||
        row->rules & (X86_PROT | X86_PRIV)) {
        plan |= PLAN_CHECKS;
    }
    if (row->rules & X86_Y64) {
        plan |= PLAN_Y;
    }
    if (row->rules & X86_ILEN1) {
        plan |= PLAN_BYTE;
    }
    return plan;
}

static int compare_patterns(const void *a, const void *b)
{
    const X86Pattern *x = a, *y = b;
    int kx = x->vex << 16 | x->map << 8 | x->opcode;
    int ky = y->vex << 16 | y->map << 8 | y->opcode;

    /* Rows are in memory in the order of tables and must stay so: w holds nothing. */
    return kx - ky;
}

static void build_tables(void)
{
    unsigned total = 0, n = 0;

    for (unsigned t = 0; t < G_N_ELEMENTS(row_tables); t++) {
        for (unsigned k = 0; k < row_tables[t]->count; k++) {
            const char *plus = strchr(row_tables[t]->rows[k].enc, '+');

            total += plus ? 8 : 1;
        }
    }
    patterns = g_new0(X86Pattern, total);
    for (unsigned t = 0; t < G_N_ELEMENTS(row_tables); t++) {
        for (unsigned k = 0; k < row_tables[t]->count; k++) {
            const X86Row *row = &row_tables[t]->rows[k];
            X86Pattern p;
            bool ok = x86_pattern_parse(row, &p);

            if (!ok) {
                g_error("opcode map: bad encoding '%s' of %s", row->enc, row->name);
            }
            p.plan = plan_of(&p);
            p.imm = plan_imm(row);
            for (unsigned r = 0; r < (p.plus_r ? 8 : 1); r++) {
                patterns[n] = p;
                patterns[n++].opcode += r;
            }
        }
    }
    g_assert(n == total);
    pattern_count = total;
    /* glibc's qsort is a stable merge sort for this size; g_qsort_with_data says so. */
    g_qsort_with_data(patterns, total, sizeof(*patterns),
                      (GCompareDataFunc)(void (*)(void))compare_patterns, NULL);
    for (unsigned k = 0; k < total; k++) {
        OpcodeSlot *slot = &slots[patterns[k].vex][patterns[k].map][patterns[k].opcode];

        if (!slot->count) {
            slot->first = k;
            slot->has_modrm = patterns[k].has_modrm;
        }
        g_assert(slot->has_modrm == patterns[k].has_modrm && slot->count < UINT8_MAX);
        slot->count++;
        for (int reg = 0; reg < 8; reg++) {
            if (slot->from[reg] == slot->count - 1 && patterns[k].digit >= 0 &&
                patterns[k].digit != reg) {
                slot->from[reg]++;
            }
        }
    }
}

void x86_decode_setup(void)
{
    static gsize done;

    if (g_once_init_enter(&done)) {
        build_tables();
        g_once_init_leave(&done, 1);
    }
}

const X86Pattern *x86_patterns(unsigned *count)
{
    x86_decode_setup();
    *count = pattern_count;
    return patterns;
}

/* --- decoding ------------------------------------------------------------------- */

typedef struct Cursor {
    const X86State *cpu;
    uint32_t mode;
    const uint8_t *p, *start, *end;
    bool short_of_bytes;
    uint8_t flags; /* X86_I_*: which prefixes there are */
    bool adsize67;
    int seg;     /* override or -1 */
    uint8_t rex; /* W R X B in bits 3..0, also from VEX */
    uint8_t vex_l;
    uint8_t vvvv;
    uint8_t pp; /* effective mandatory prefix */
    uint8_t modrm;
    bool rip_relative;
} Cursor;

static uint8_t fetch8(Cursor *c)
{
    if (c->p >= c->end) {
        c->short_of_bytes = true;
        return 0;
    }
    return *c->p++;
}

static inline uint16_t load16(const uint8_t *p)
{
    return p[0] | p[1] << 8;
}

static uint64_t fetch(Cursor *c, unsigned bytes)
{
    const uint8_t *p = c->p;

    if ((size_t)(c->end - p) < bytes) {
        c->p = c->end;
        c->short_of_bytes = true;
        return 0;
    }
    c->p += bytes;
    switch (bytes) {
    case 1:
        return *p;
    case 2:
        return load16(p);
    case 4:
        return load16(p) | (uint32_t)load16(p + 2) << 16;
    default:
        return load16(p) | (uint32_t)load16(p + 2) << 16 |
               (uint64_t)load16(p + 4) << 32 | (uint64_t)load16(p + 6) << 48;
    }
}

static inline int64_t fetch_signed(Cursor *c, unsigned bytes)
{
    unsigned shift = 64 - 8 * bytes;

    return (int64_t)(fetch(c, bytes) << shift) >> shift;
}

static bool is64(const Cursor *c)
{
    return c->mode & X86_MODE_CODE64;
}

/* Returns the first byte that is not a prefix. */
static uint8_t decode_prefixes(Cursor *c)
{
    static const bool legacy[256] = {
        [0x26] = true, [0x2e] = true, [0x36] = true, [0x3e] = true,
        [0x64] = true, [0x65] = true, [0x66] = true, [0x67] = true,
        [0xf0] = true, [0xf2] = true, [0xf3] = true,
    };

    for (;;) {
        uint8_t b = fetch8(c);

        if (c->short_of_bytes) {
            return 0;
        }
        if ((b & 0xf0) == 0x40 && is64(c)) {
            c->rex = b & 15;
            c->flags |= X86_I_REX;
            continue;
        }
        if (!legacy[b]) {
            return b;
        }
        /* A REX prefix counts only right before the opcode. */
        c->rex = 0;
        c->flags &= ~X86_I_REX;
        switch (b) {
        case 0x66:
            c->flags |= X86_I_66;
            break;
        case 0x67:
            c->adsize67 = true;
            break;
        case 0xf0:
            c->flags |= X86_I_LOCK;
            break;
        case 0xf2:
            c->flags = (c->flags & ~X86_I_REP) | X86_I_REPNE;
            break;
        case 0xf3:
            c->flags = (c->flags & ~X86_I_REPNE) | X86_I_REP;
            break;
        case 0x26:
        case 0x2e:
        case 0x36:
        case 0x3e:
            if (!is64(c)) {
                c->seg = b >> 3 & 3;
            }
            break;
        case 0x64:
        case 0x65:
            c->seg = b - 0x64 + X86_FS;
            break;
        default:
            break;
        }
    }
}

/* The bytes after C4 or C5; @map receives the opcode map. False: #UD. */
static bool decode_vex(Cursor *c, uint8_t first, uint8_t *map)
{
    static const uint8_t pp[4] = { X86_PP_NP, X86_PP_66, X86_PP_F3, X86_PP_F2 };
    bool bad = c->flags;
    uint8_t b1 = fetch8(c);
    uint8_t b2;

    c->flags |= X86_I_VEX;
    if (first == 0xc5) {
        c->rex = b1 & 0x80 ? 0 : 4;
        *map = 1;
        b2 = b1 & 0x7f;
    } else {
        b2 = fetch8(c);
        c->rex = (~b1 >> 5 & 7) | (b2 & 0x80 ? 8 : 0);
        *map = b1 & 0x1f;
    }
    c->vvvv = ~b2 >> 3 & 15;
    if (!is64(c)) {
        c->rex &= 8;
        c->vvvv &= 7;
    }
    c->vex_l = b2 >> 2 & 1;
    c->pp = pp[b2 & 3];
    return !bad && *map >= 1 && *map <= 3;
}

static bool prefix_matches(const Cursor *c, const X86Pattern *p)
{
    if (c->flags & X86_I_VEX) {
        return p->prefix == c->pp;
    }
    switch (p->prefix) {
    case X86_PP_NP:
        return !(c->flags & (X86_I_REP | X86_I_REPNE | X86_I_66));
    case X86_PP_66:
        return (c->flags & (X86_I_REP | X86_I_REPNE | X86_I_66)) == X86_I_66;
    case X86_PP_F3:
        return c->flags & X86_I_REP;
    case X86_PP_F2:
        return c->flags & X86_I_REPNE;
    default:
        return true;
    }
}

static bool pattern_matches(const Cursor *c, const X86Pattern *p)
{
    const X86Row *row = p->row;

    if (!prefix_matches(c, p)) {
        return false;
    }
    if (p->has_modrm) {
        bool is_reg = (c->modrm & 0xc0) == 0xc0;

        if ((p->digit >= 0 && (c->modrm >> 3 & 7) != p->digit) ||
            (p->rm >= 0 && (!is_reg || (c->modrm & 7) != p->rm)) ||
            (row->rules & X86_MEM && is_reg) || (row->rules & X86_REG && !is_reg)) {
            return false;
        }
    }
    if (c->flags & X86_I_VEX) {
        if ((p->l && p->l - 1 != c->vex_l) || (p->w && p->w - 1 != (c->rex >> 3 & 1))) {
            return false;
        }
    } else if (p->w && p->w - 1 != (c->rex >> 3 & 1)) {
        return false;
    }
    if (row->rules & X86_ONLY64 && !is64(c)) {
        return false;
    }
    if (row->rules & X86_NO64 && is64(c)) {
        return false;
    }
    if (row->rules & X86_NOB && c->rex & 1) {
        return false;
    }
    if (row->rules & X86_WIDE && !(c->rex & 8)) {
        return false;
    }
    return !(row->rules & X86_IF) || x86_has(c->cpu, row->feature);
}

static const X86Pattern *find_pattern(const Cursor *c, const OpcodeSlot *slot)
{
    unsigned from = slot->has_modrm ? slot->from[c->modrm >> 3 & 7] : 0;

    for (unsigned k = from; k < slot->count; k++) {
        const X86Pattern *p = &patterns[slot->first + k];

        if ((p->plan & PLAN_ALWAYS && k == from) || pattern_matches(c, p)) {
            return p;
        }
    }
    return NULL;
}

static void decode_mem16(Cursor *c, X86Insn *o)
{
    static const uint8_t base[8] = { X86_RBX, X86_RBX, X86_RBP, X86_RBP,
                                     X86_RSI, X86_RDI, X86_RBP, X86_RBX };
    static const uint8_t index[8] = { X86_RSI,      X86_RDI,      X86_RSI,
                                      X86_RDI,      X86_REG_ZERO, X86_REG_ZERO,
                                      X86_REG_ZERO, X86_REG_ZERO };
    unsigned mod = c->modrm >> 6, rm = c->modrm & 7;

    o->base = base[rm];
    o->index = index[rm];
    if (mod == 0 && rm == 6) {
        o->base = X86_REG_ZERO;
        o->disp = fetch_signed(c, 2);
    } else if (mod) {
        o->disp = fetch_signed(c, mod);
    }
    o->seg = o->base == X86_RBP ? X86_SS : X86_DS;
}

static void decode_mem32(Cursor *c, X86Insn *o, bool vsib)
{
    unsigned mod = c->modrm >> 6, rm = c->modrm & 7;

    o->base = rm | (c->rex & 1) << 3;
    if (rm == 4) {
        uint8_t sib = fetch8(c);

        o->scale = sib >> 6;
        o->index = (sib >> 3 & 7) | (c->rex & 2) << 2;
        if (o->index == 4 && !vsib) {
            o->index = X86_REG_ZERO;
        }
        rm = sib & 7;
        o->base = rm | (c->rex & 1) << 3;
        if (mod == 0 && rm == 5) {
            o->base = X86_REG_ZERO;
            o->disp = fetch_signed(c, 4);
        }
    } else if (mod == 0 && rm == 5) {
        o->base = X86_REG_ZERO;
        o->disp = fetch_signed(c, 4);
        c->rip_relative = is64(c);
    }
    if (mod == 1) {
        o->disp = fetch_signed(c, 1);
    } else if (mod == 2) {
        o->disp = fetch_signed(c, 4);
    }
    o->seg = o->base == X86_RSP || o->base == X86_RBP ? X86_SS : X86_DS;
}

static uint8_t byte_reg(const Cursor *c, unsigned n)
{
    if (n >= 4 && n < 8 && !(c->flags & X86_I_REX)) {
        return (n - 4) * 8 + 1;
    }
    return n * 8;
}

static void decode_modrm(Cursor *c, X86Insn *o, const X86Row *row)
{
    o->modrm = c->modrm;
    o->reg = (c->modrm >> 3 & 7) | (c->rex & 4) << 1;
    o->reg_b = byte_reg(c, o->reg);
    if ((c->modrm & 0xc0) == 0xc0 || row->rules & X86_IGNMOD) {
        o->rm = (c->modrm & 7) | (c->rex & 1) << 3;
        o->rm_b = byte_reg(c, o->rm);
        return;
    }
    o->flags |= X86_I_MEM;
    if (o->adshift == 48) {
        decode_mem16(c, o);
    } else {
        decode_mem32(c, o, row->rules & X86_VSIB);
    }
    if (c->seg >= 0) {
        o->seg = c->seg;
    }
}

static unsigned operand_size(const Cursor *c, const X86Pattern *p)
{
    const X86Row *row = p->row;
    bool w = c->rex & 8;

    if (row->rules & X86_O16) {
        return 2;
    }
    if (p->plan & PLAN_Y || c->flags & X86_I_VEX) {
        return w && is64(c) ? 8 : 4;
    }
    if (is64(c)) {
        if (w || row->rules & X86_F64) {
            return 8;
        }
        return c->flags & X86_I_66 ? 2 : row->rules & X86_D64 ? 8 : 4;
    }
    return !(c->mode & X86_MODE_CODE32) != !!(c->flags & X86_I_66) ? 2 : 4;
}

static void decode_operands(Cursor *c, X86Insn *o, const X86Row *row)
{
    unsigned z = o->opsize == 2 ? 2 : 4;
    bool second = false;

    for (unsigned k = 0; k < 4; k++) {
        uint16_t op = row->op[k];
        X86OpType type = X86_OP_TYPE(op);

        switch (X86_OP_METHOD(op)) {
        case X86_OPM_I:
        case X86_OPM_J:
            if (second) {
                o->imm2 = fetch(c, 1);
                break;
            }
            if (type == X86_OPT_b) {
                o->imm = fetch_signed(c, 1);
            } else if (type == X86_OPT_w) {
                o->imm = fetch(c, 2);
            } else if (type == X86_OPT_v) {
                o->imm = fetch_signed(c, o->opsize);
            } else {
                o->imm = fetch_signed(c, z);
            }
            second = true;
            break;
        case X86_OPM_L:
            o->imm = fetch(c, 1);
            break;
        case X86_OPM_A:
            o->imm = fetch(c, z);
            o->imm2 = fetch(c, 2);
            break;
        case X86_OPM_O:
            o->disp = fetch(c, (64 - o->adshift) / 8);
            o->base = o->index = X86_REG_ZERO;
            o->seg = c->seg >= 0 ? c->seg : X86_DS;
            o->flags |= X86_I_MEM;
            break;
        case X86_OPM_ONE:
            o->imm = 1;
            break;
        case X86_OPM_X:
            o->seg = c->seg >= 0 ? c->seg : X86_DS;
            break;
        default:
            break;
        }
    }
}

static void decode_immediates(Cursor *c, X86Insn *o, const X86Pattern *p)
{
    switch (p->imm) {
    case IMM_NONE:
        break;
    case IMM_B:
        o->imm = fetch_signed(c, 1);
        break;
    case IMM_W:
        o->imm = fetch(c, 2);
        break;
    case IMM_V:
        o->imm = fetch_signed(c, o->opsize);
        break;
    case IMM_Z:
        o->imm = fetch_signed(c, o->opsize == 2 ? 2 : 4);
        break;
    default:
        decode_operands(c, o, p->row);
        break;
    }
}

static bool uses_vvvv(const X86Row *row)
{
    for (unsigned k = 0; k < 4; k++) {
        X86OpMethod m = X86_OP_METHOD(row->op[k]);

        if (m == X86_OPM_H || m == X86_OPM_B) {
            return true;
        }
    }
    return false;
}

/* Registers only by method letter: a memory operand is #UD, and the other way round. */
static bool operand_form_ok(const X86Insn *o, const X86Row *row)
{
    for (unsigned k = 0; k < 4; k++) {
        switch (X86_OP_METHOD(row->op[k])) {
        case X86_OPM_M:
        case X86_OPM_VSIB:
            if (!(o->flags & X86_I_MEM)) {
                return false;
            }
            break;
        case X86_OPM_N:
        case X86_OPM_R:
        case X86_OPM_U:
            if (o->flags & X86_I_MEM) {
                return false;
            }
            break;
        default:
            break;
        }
    }
    return true;
}

/* What the exception class says, or NULL. */
static X86RefFn *class_fault(const Cursor *c, const X86Row *row)
{
    uint32_t m = c->mode;
    bool ts = m & X86_MODE_TS, em = m & X86_MODE_EM;

    switch ((X86ExcClass)row->exc) {
    case X86_EXC_CLASS_NONE:
        return NULL;
    case X86_EXC_CLASS_X87:
    case X86_EXC_CLASS_X87_NOWAIT:
    case X86_EXC_CLASS_FXSAVE:
        return ts || em ? x86_ref_nm : NULL;
    case X86_EXC_CLASS_WAIT:
        return ts && m & X86_MODE_MP ? x86_ref_nm : NULL;
    case X86_EXC_CLASS_MMX:
        return em ? x86_ref_ud : ts ? x86_ref_nm : NULL;
    case X86_EXC_CLASS_VEX_GPR:
        return m & X86_MODE_PE && !(m & X86_MODE_VM86) ? NULL : x86_ref_ud;
    default:
        break;
    }
    if (c->flags & X86_I_VEX) {
        if (!(m & X86_MODE_OSXSAVE) || !(m & X86_MODE_AVX) || !(m & X86_MODE_PE) ||
            m & X86_MODE_VM86) {
            return x86_ref_ud;
        }
    } else if (em || !(m & X86_MODE_OSFXSR)) {
        return x86_ref_ud;
    }
    return ts ? x86_ref_nm : NULL;
}

static unsigned alignment(const Cursor *c, const X86Row *row)
{
    switch ((X86ExcClass)row->exc) {
    case X86_EXC_CLASS_1:
        return c->flags & X86_I_VEX && c->vex_l ? 31 : 15;
    case X86_EXC_CLASS_2:
    case X86_EXC_CLASS_4:
        return c->flags & X86_I_VEX ? 0 : 15;
    default:
        return 0;
    }
}

/* The fault that a check of the row demands, or NULL. */
static X86RefFn *find_fault(const Cursor *c, const X86Row *row, const X86Insn *o)
{
    X86RefFn *fault;

    if (!x86_has(c->cpu, row->feature) || !operand_form_ok(o, row) ||
        (row->rules & X86_PROT &&
         (!(c->mode & X86_MODE_PE) || c->mode & X86_MODE_VM86)) ||
        (c->flags & X86_I_LOCK &&
         (!(row->rules & X86_LOCK) || !(o->flags & X86_I_MEM))) ||
        (c->flags & X86_I_VEX && c->vvvv && !uses_vvvv(row))) {
        return x86_ref_ud;
    }
    fault = class_fault(c, row);
    if (fault) {
        return fault;
    }
    return row->rules & X86_PRIV && c->mode & X86_MODE_CPL ? x86_ref_gp0 : NULL;
}

static X86RefFn *choose_ref(const Cursor *c, const X86Pattern *p, const X86Insn *o)
{
    const X86Row *row = p->row;
    X86RefFn *ref = NULL;
    unsigned size;

    if (p->plan & PLAN_CHECKS || c->flags & X86_I_LOCK || c->flags & X86_I_VEX) {
        ref = find_fault(c, row, o);
    }
    if (ref) {
        return ref;
    }
    if (row->ref) {
        return row->ref;
    }
    size = p->plan & PLAN_BYTE ? 0 : o->opsize == 2 ? 1 : o->opsize == 4 ? 2 : 3;
    ref = o->flags & X86_I_MEM ? row->refs->m[size] : row->refs->r[size];
    return ref ? ref : x86_ref_ud;
}

static void finish_relative(const Cursor *c, X86Insn *o, const X86Pattern *p)
{
    if (c->rip_relative) {
        o->disp += o->next_rip;
    }
    if (p->plan & PLAN_RELATIVE) {
        o->imm += o->next_rip;
        if (o->opsize == 2) {
            o->imm = (uint16_t)o->imm;
        } else if (o->opsize == 4) {
            o->imm = (uint32_t)o->imm;
        }
    }
}

static X86DecodeStatus finish(Cursor *c, X86Insn *o, uint64_t rip)
{
    if (c->short_of_bytes) {
        return c->p - c->start >= X86_INSN_MAX ? X86_DECODE_LONG : X86_DECODE_MORE;
    }
    o->len = c->p - c->start;
    o->next_rip = is64(c) ? rip + o->len : (uint32_t)(rip + o->len);
    return X86_DECODE_OK;
}

X86DecodeStatus x86_decode(const X86State *cpu, uint32_t mode, uint64_t rip,
                           const uint8_t *bytes, unsigned avail, X86Insn *o)
{
    Cursor c = { .cpu = cpu, .mode = mode, .seg = -1, .start = bytes, .p = bytes };
    unsigned adbits;
    uint8_t map = 0, opcode;
    const X86Pattern *pattern;
    const X86Row *row;
    X86DecodeStatus status;
    const OpcodeSlot *slot;

    c.end = bytes + MIN(avail, X86_INSN_MAX);
    memset(o, 0, sizeof(*o));
    o->ref = x86_ref_ud;
    o->base = o->index = X86_REG_ZERO;
    o->seg = X86_DS;
    opcode = decode_prefixes(&c);
    if ((opcode == 0xc4 || opcode == 0xc5) && !c.short_of_bytes) {
        if (c.p >= c.end) {
            c.short_of_bytes = true;
            return finish(&c, o, rip);
        }
        if (is64(&c) ||
            ((*c.p & 0xc0) == 0xc0 && mode & X86_MODE_PE && !(mode & X86_MODE_VM86))) {
            if (!decode_vex(&c, opcode, &map)) {
                return finish(&c, o, rip);
            }
            opcode = fetch8(&c);
        }
    } else if (opcode == 0x0f) {
        map = 1;
        opcode = fetch8(&c);
        if (opcode == 0x38 || opcode == 0x3a) {
            map = opcode == 0x38 ? 2 : 3;
            opcode = fetch8(&c);
        }
    }
    if (c.short_of_bytes) {
        return finish(&c, o, rip);
    }
    o->opcode = opcode;
    o->map = map;
    adbits = is64(&c)                                  ? (c.adsize67 ? 32 : 64)
             : !(mode & X86_MODE_CODE32) != c.adsize67 ? 16
                                                       : 32;
    o->adshift = 64 - adbits;
    o->flags = c.flags | (c.rex & 8 ? X86_I_W : 0);
    slot = &slots[!!(c.flags & X86_I_VEX)][map][opcode];
    if (slot->has_modrm) {
        c.modrm = fetch8(&c);
    }
    pattern = find_pattern(&c, slot);
    if (!pattern || c.short_of_bytes) {
        return finish(&c, o, rip);
    }
    o->row = row = pattern->row;
    o->opsize = operand_size(&c, pattern);
    o->vvvv = c.vvvv;
    o->vl = c.vex_l ? 32 : 16;
    o->align = alignment(&c, row);
    if (slot->has_modrm) {
        decode_modrm(&c, o, row);
    } else if (pattern->plan & PLAN_PLUS_R) {
        o->rm = (opcode & 7) | (c.rex & 1) << 3;
        o->rm_b = byte_reg(&c, o->rm);
    }
    decode_immediates(&c, o, pattern);
    status = finish(&c, o, rip);
    if (status == X86_DECODE_OK) {
        finish_relative(&c, o, pattern);
        o->ref = choose_ref(&c, pattern, o);
    }
    return status;
}
