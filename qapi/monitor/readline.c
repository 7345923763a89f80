/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "readline.h"

#include "qapi/hmp.h"

#include <glib.h>
#include <string.h>

enum { MAX_LINE = 4095, MAX_HISTORY = 64, TERMINAL_WIDTH = 80 };

#define CTRL(c) ((c) - 'a' + 1)

typedef enum EscState { ESC_NONE, ESC_SEEN, ESC_CSI, ESC_SS3 } EscState;

struct Readline {
    ReadlineFn *fn;
    ReadlineWriteFn *write;
    void *opaque;
    const char *prompt;
    GString *line;
    size_t cursor;
    EscState esc;
    int esc_param;
    GPtrArray *history; /* oldest first */
    guint hist_pos;     /* history->len: the line being typed */
    char *typed;        /* that line while older ones are shown */
    char *killed;
};

Readline *readline_new(ReadlineFn *fn, ReadlineWriteFn *write, void *opaque)
{
    Readline *rl = g_new0(Readline, 1);

    rl->fn = fn;
    rl->write = write;
    rl->opaque = opaque;
    rl->prompt = "";
    rl->line = g_string_new(NULL);
    rl->history = g_ptr_array_new_with_free_func(g_free);
    return rl;
}

void readline_free(Readline *rl)
{
    if (rl) {
        g_string_free(rl->line, TRUE);
        g_ptr_array_free(rl->history, TRUE);
        g_free(rl->typed);
        g_free(rl->killed);
        g_free(rl);
    }
}

const char *readline_history(const Readline *rl, int i)
{
    return i >= 0 && (guint)i < rl->history->len ? rl->history->pdata[i] : NULL;
}

static void put(Readline *rl, const char *text)
{
    rl->write(rl->opaque, text, strlen(text));
}

static void put_repeated(Readline *rl, const char *text, size_t n)
{
    while (n-- > 0) {
        put(rl, text);
    }
}

/* The terminal's cursor stands at @from; show the text from there on anew. */
static void redraw_from(Readline *rl, size_t from)
{
    put(rl, rl->line->str + from);
    put(rl, "\033[K");
    put_repeated(rl, "\033[D", rl->line->len - rl->cursor);
}

void readline_show(Readline *rl)
{
    put(rl, rl->prompt);
    redraw_from(rl, 0);
}

void readline_start(Readline *rl, const char *prompt)
{
    rl->prompt = prompt;
    g_string_truncate(rl->line, 0);
    rl->cursor = 0;
    rl->esc = ESC_NONE;
    rl->hist_pos = rl->history->len;
    g_clear_pointer(&rl->typed, g_free);
    put(rl, prompt);
}

static void move_to(Readline *rl, size_t pos)
{
    if (pos < rl->cursor) {
        put_repeated(rl, "\033[D", rl->cursor - pos);
    } else {
        put_repeated(rl, "\033[C", pos - rl->cursor);
    }
    rl->cursor = pos;
}

static void insert(Readline *rl, const char *text)
{
    size_t n = strlen(text);

    if (rl->line->len + n > MAX_LINE) {
        return;
    }
    g_string_insert(rl->line, (gssize)rl->cursor, text);
    put(rl, text);
    rl->cursor += n;
    if (rl->cursor < rl->line->len) {
        redraw_from(rl, rl->cursor);
    }
}

static void erase(Readline *rl, size_t from, size_t to)
{
    if (from < to) {
        move_to(rl, from);
        g_string_erase(rl->line, (gssize)from, (gssize)(to - from));
        redraw_from(rl, from);
    }
}

static void kill_range(Readline *rl, size_t from, size_t to)
{
    if (from < to) {
        g_free(rl->killed);
        rl->killed = g_strndup(rl->line->str + from, to - from);
        erase(rl, from, to);
    }
}

static void replace_line(Readline *rl, const char *text)
{
    move_to(rl, 0);
    g_string_assign(rl->line, text);
    rl->cursor = rl->line->len;
    redraw_from(rl, 0);
}

static size_t word_start(Readline *rl)
{
    size_t i = rl->cursor;

    while (i > 0 && rl->line->str[i - 1] == ' ') {
        i--;
    }
    while (i > 0 && rl->line->str[i - 1] != ' ') {
        i--;
    }
    return i;
}

static size_t word_end(Readline *rl)
{
    size_t i = rl->cursor;

    while (i < rl->line->len && rl->line->str[i] == ' ') {
        i++;
    }
    while (i < rl->line->len && rl->line->str[i] != ' ') {
        i++;
    }
    return i;
}

/* --- History ---------------------------------------------------------------------- */

static void remember(Readline *rl, const char *line)
{
    if (!*line) {
        return;
    }
    for (guint i = 0; i < rl->history->len; i++) {
        if (!strcmp(rl->history->pdata[i], line)) {
            g_ptr_array_remove_index(rl->history, i);
            break;
        }
    }
    if (rl->history->len == MAX_HISTORY) {
        g_ptr_array_remove_index(rl->history, 0);
    }
    g_ptr_array_add(rl->history, g_strdup(line));
}

static void history_go(Readline *rl, int step)
{
    if ((step < 0 && rl->hist_pos == 0) ||
        (step > 0 && rl->hist_pos == rl->history->len)) {
        return;
    }
    if (rl->hist_pos == rl->history->len) {
        g_free(rl->typed);
        rl->typed = g_strdup(rl->line->str);
    }
    rl->hist_pos += (guint)step;
    replace_line(rl, rl->hist_pos == rl->history->len
                         ? rl->typed
                         : (char *)rl->history->pdata[rl->hist_pos]);
}

/* --- Completion ------------------------------------------------------------------- */

static size_t common_prefix(char **words)
{
    size_t n = strlen(words[0]);

    for (int i = 1; words[i]; i++) {
        size_t k = 0;

        while (k < n && words[i][k] == words[0][k]) {
            k++;
        }
        n = k;
    }
    return n;
}

static void list_candidates(Readline *rl, char **words)
{
    size_t width = 0;
    size_t column = 0;

    for (int i = 0; words[i]; i++) {
        width = MAX(width, strlen(words[i]) + 2);
    }
    width = CLAMP(width, 10, TERMINAL_WIDTH);
    put(rl, "\r\n");
    for (int i = 0; words[i]; i++) {
        g_autofree char *cell = g_strdup_printf("%-*s", (int)width, words[i]);

        put(rl, cell);
        column += width;
        if (column + width > TERMINAL_WIDTH || !words[i + 1]) {
            put(rl, "\r\n");
            column = 0;
        }
    }
    readline_show(rl);
}

static void complete(Readline *rl)
{
    g_autofree char *head = g_strndup(rl->line->str, rl->cursor);
    size_t start;
    g_auto(GStrv) words = hmp_complete(head, &start);
    size_t typed = rl->cursor - start;
    g_autofree char *more = NULL;

    if (!words[0]) {
        return;
    }
    more = g_strndup(words[0] + typed, common_prefix(words) - typed);
    insert(rl, more);
    if (!words[1]) {
        if (!g_str_has_suffix(words[0], "/")) {
            insert(rl, " ");
        }
    } else if (!*more) {
        list_candidates(rl, words);
    }
}

/* --- Keys ------------------------------------------------------------------------- */

static void finish_line(Readline *rl)
{
    g_autofree char *line = g_strdup(rl->line->str);

    put(rl, "\r\n");
    remember(rl, line);
    rl->fn(rl->opaque, line);
}

static void control_key(Readline *rl, uint8_t c)
{
    switch (c) {
    case CTRL('a'):
        move_to(rl, 0);
        break;
    case CTRL('b'):
        move_to(rl, rl->cursor - (rl->cursor > 0));
        break;
    case CTRL('c'):
    case CTRL('g'):
        put(rl, "\r\n");
        readline_start(rl, rl->prompt);
        break;
    case CTRL('d'):
        erase(rl, rl->cursor, MIN(rl->cursor + 1, rl->line->len));
        break;
    case CTRL('e'):
        move_to(rl, rl->line->len);
        break;
    case CTRL('f'):
        move_to(rl, MIN(rl->cursor + 1, rl->line->len));
        break;
    case CTRL('h'):
    case 127:
        erase(rl, rl->cursor - (rl->cursor > 0), rl->cursor);
        break;
    case CTRL('i'):
        complete(rl);
        break;
    case CTRL('k'):
        kill_range(rl, rl->cursor, rl->line->len);
        break;
    case CTRL('l'):
        put(rl, "\033[2J\033[1;1H");
        readline_show(rl);
        break;
    case '\n':
    case '\r':
        finish_line(rl);
        break;
    case CTRL('n'):
        history_go(rl, 1);
        break;
    case CTRL('p'):
        history_go(rl, -1);
        break;
    case CTRL('u'):
        kill_range(rl, 0, rl->cursor);
        break;
    case CTRL('w'):
        kill_range(rl, word_start(rl), rl->cursor);
        break;
    case CTRL('y'):
        insert(rl, rl->killed ? rl->killed : "");
        break;
    case '\033':
        rl->esc = ESC_SEEN;
        break;
    }
}

/* Final byte of "ESC [ PARAM c" or "ESC O c". */
static void escape_key(Readline *rl, uint8_t c)
{
    switch (c) {
    case 'A':
        history_go(rl, -1);
        break;
    case 'B':
        history_go(rl, 1);
        break;
    case 'C':
        control_key(rl, CTRL('f'));
        break;
    case 'D':
        control_key(rl, CTRL('b'));
        break;
    case 'H':
        move_to(rl, 0);
        break;
    case 'F':
        move_to(rl, rl->line->len);
        break;
    case '~':
        if (rl->esc_param == 1 || rl->esc_param == 7) {
            move_to(rl, 0);
        } else if (rl->esc_param == 3) {
            control_key(rl, CTRL('d'));
        } else if (rl->esc_param == 4 || rl->esc_param == 8) {
            move_to(rl, rl->line->len);
        }
        break;
    }
}

static void meta_key(Readline *rl, uint8_t c)
{
    switch (c) {
    case 'b':
        move_to(rl, word_start(rl));
        break;
    case 'd':
        kill_range(rl, rl->cursor, word_end(rl));
        break;
    case 'f':
        move_to(rl, word_end(rl));
        break;
    case 127:
    case CTRL('h'):
        kill_range(rl, word_start(rl), rl->cursor);
        break;
    }
}

void readline_byte(Readline *rl, uint8_t c)
{
    char text[2] = { (char)c, '\0' };

    switch (rl->esc) {
    case ESC_SEEN:
        rl->esc_param = 0;
        rl->esc = c == '[' ? ESC_CSI : c == 'O' ? ESC_SS3 : ESC_NONE;
        if (rl->esc == ESC_NONE) {
            meta_key(rl, c);
        }
        return;
    case ESC_CSI:
        if (g_ascii_isdigit(c)) {
            rl->esc_param = MIN(rl->esc_param * 10 + (c - '0'), 999);
            return;
        }
        if (c == ';') {
            rl->esc_param = 0; /* modifiers change nothing here */
            return;
        }
        /* fall through */
    case ESC_SS3:
        rl->esc = ESC_NONE;
        escape_key(rl, c);
        return;
    case ESC_NONE:
        break;
    }
    if (c < 32 || c == 127) {
        control_key(rl, c);
    } else {
        insert(rl, text);
    }
}
