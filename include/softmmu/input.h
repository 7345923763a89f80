/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Input: keys and pointer events on their way from a user interface, the monitor or QMP
 * to the guest's keyboards and pointers. A device registers a handler; each event goes
 * to the handler that came to the front last among those that take its kind.
 *
 * Context: BQL for everything.
 */
#ifndef STRATA_SOFTMMU_INPUT_H
#define STRATA_SOFTMMU_INPUT_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Keys by the names that QMP and sendkey use. KEY(SYMBOL, "name", set 2 code, set 3
 * code): the scan codes of the IBM enhanced keyboard; 0x100 in the set 2 code stands
 * for a prefix of E0, 0 for a key that keyboard does not have.
 */
/* clang-format off */
#define INPUT_KEYS(KEY)                          \
    KEY(UNMAPPED,       "unmapped",       0,     0)    \
    KEY(SHIFT,          "shift",          0x12,  0x12) \
    KEY(SHIFT_R,        "shift_r",        0x59,  0x59) \
    KEY(ALT,            "alt",            0x11,  0x19) \
    KEY(ALT_R,          "alt_r",          0x111, 0x39) \
    KEY(CTRL,           "ctrl",           0x14,  0x11) \
    KEY(CTRL_R,         "ctrl_r",         0x114, 0x58) \
    KEY(MENU,           "menu",           0x12f, 0x8d) \
    KEY(ESC,            "esc",            0x76,  0x08) \
    KEY(1,              "1",              0x16,  0x16) \
    KEY(2,              "2",              0x1e,  0x1e) \
    KEY(3,              "3",              0x26,  0x26) \
    KEY(4,              "4",              0x25,  0x25) \
    KEY(5,              "5",              0x2e,  0x2e) \
    KEY(6,              "6",              0x36,  0x36) \
    KEY(7,              "7",              0x3d,  0x3d) \
    KEY(8,              "8",              0x3e,  0x3e) \
    KEY(9,              "9",              0x46,  0x46) \
    KEY(0,              "0",              0x45,  0x45) \
    KEY(MINUS,          "minus",          0x4e,  0x4e) \
    KEY(EQUAL,          "equal",          0x55,  0x55) \
    KEY(BACKSPACE,      "backspace",      0x66,  0x66) \
    KEY(TAB,            "tab",            0x0d,  0x0d) \
    KEY(Q,              "q",              0x15,  0x15) \
    KEY(W,              "w",              0x1d,  0x1d) \
    KEY(E,              "e",              0x24,  0x24) \
    KEY(R,              "r",              0x2d,  0x2d) \
    KEY(T,              "t",              0x2c,  0x2c) \
    KEY(Y,              "y",              0x35,  0x35) \
    KEY(U,              "u",              0x3c,  0x3c) \
    KEY(I,              "i",              0x43,  0x43) \
    KEY(O,              "o",              0x44,  0x44) \
    KEY(P,              "p",              0x4d,  0x4d) \
    KEY(BRACKET_LEFT,   "bracket_left",   0x54,  0x54) \
    KEY(BRACKET_RIGHT,  "bracket_right",  0x5b,  0x5b) \
    KEY(RET,            "ret",            0x5a,  0x5a) \
    KEY(A,              "a",              0x1c,  0x1c) \
    KEY(S,              "s",              0x1b,  0x1b) \
    KEY(D,              "d",              0x23,  0x23) \
    KEY(F,              "f",              0x2b,  0x2b) \
    KEY(G,              "g",              0x34,  0x34) \
    KEY(H,              "h",              0x33,  0x33) \
    KEY(J,              "j",              0x3b,  0x3b) \
    KEY(K,              "k",              0x42,  0x42) \
    KEY(L,              "l",              0x4b,  0x4b) \
    KEY(SEMICOLON,      "semicolon",      0x4c,  0x4c) \
    KEY(APOSTROPHE,     "apostrophe",     0x52,  0x52) \
    KEY(GRAVE_ACCENT,   "grave_accent",   0x0e,  0x0e) \
    KEY(BACKSLASH,      "backslash",      0x5d,  0x5c) \
    KEY(Z,              "z",              0x1a,  0x1a) \
    KEY(X,              "x",              0x22,  0x22) \
    KEY(C,              "c",              0x21,  0x21) \
    KEY(V,              "v",              0x2a,  0x2a) \
    KEY(B,              "b",              0x32,  0x32) \
    KEY(N,              "n",              0x31,  0x31) \
    KEY(M,              "m",              0x3a,  0x3a) \
    KEY(COMMA,          "comma",          0x41,  0x41) \
    KEY(DOT,            "dot",            0x49,  0x49) \
    KEY(SLASH,          "slash",          0x4a,  0x4a) \
    KEY(ASTERISK,       "asterisk",       0x7c,  0x7e) \
    KEY(SPC,            "spc",            0x29,  0x29) \
    KEY(CAPS_LOCK,      "caps_lock",      0x58,  0x14) \
    KEY(F1,             "f1",             0x05,  0x07) \
    KEY(F2,             "f2",             0x06,  0x0f) \
    KEY(F3,             "f3",             0x04,  0x17) \
    KEY(F4,             "f4",             0x0c,  0x1f) \
    KEY(F5,             "f5",             0x03,  0x27) \
    KEY(F6,             "f6",             0x0b,  0x2f) \
    KEY(F7,             "f7",             0x83,  0x37) \
    KEY(F8,             "f8",             0x0a,  0x3f) \
    KEY(F9,             "f9",             0x01,  0x47) \
    KEY(F10,            "f10",            0x09,  0x4f) \
    KEY(NUM_LOCK,       "num_lock",       0x77,  0x76) \
    KEY(SCROLL_LOCK,    "scroll_lock",    0x7e,  0x5f) \
    KEY(KP_DIVIDE,      "kp_divide",      0x14a, 0x77) \
    KEY(KP_MULTIPLY,    "kp_multiply",    0x7c,  0x7e) \
    KEY(KP_SUBTRACT,    "kp_subtract",    0x7b,  0x84) \
    KEY(KP_ADD,         "kp_add",         0x79,  0x7c) \
    KEY(KP_ENTER,       "kp_enter",       0x15a, 0x79) \
    KEY(KP_DECIMAL,     "kp_decimal",     0x71,  0x71) \
    KEY(SYSRQ,          "sysrq",          0x84,  0x57) \
    KEY(KP_0,           "kp_0",           0x70,  0x70) \
    KEY(KP_1,           "kp_1",           0x69,  0x69) \
    KEY(KP_2,           "kp_2",           0x72,  0x72) \
    KEY(KP_3,           "kp_3",           0x7a,  0x7a) \
    KEY(KP_4,           "kp_4",           0x6b,  0x6b) \
    KEY(KP_5,           "kp_5",           0x73,  0x73) \
    KEY(KP_6,           "kp_6",           0x74,  0x74) \
    KEY(KP_7,           "kp_7",           0x6c,  0x6c) \
    KEY(KP_8,           "kp_8",           0x75,  0x75) \
    KEY(KP_9,           "kp_9",           0x7d,  0x7d) \
    KEY(LESS,           "less",           0x61,  0x13) \
    KEY(F11,            "f11",            0x78,  0x56) \
    KEY(F12,            "f12",            0x07,  0x5e) \
    KEY(PRINT,          "print",          0x17c, 0x57) \
    KEY(HOME,           "home",           0x16c, 0x6e) \
    KEY(PGUP,           "pgup",           0x17d, 0x6f) \
    KEY(PGDN,           "pgdn",           0x17a, 0x6d) \
    KEY(END,            "end",            0x169, 0x65) \
    KEY(LEFT,           "left",           0x16b, 0x61) \
    KEY(UP,             "up",             0x175, 0x63) \
    KEY(DOWN,           "down",           0x172, 0x60) \
    KEY(RIGHT,          "right",          0x174, 0x6a) \
    KEY(INSERT,         "insert",         0x170, 0x67) \
    KEY(DELETE,         "delete",         0x171, 0x64) \
    KEY(PAUSE,          "pause",          0x177, 0x62) \
    KEY(META_L,         "meta_l",         0x11f, 0x8b) \
    KEY(META_R,         "meta_r",         0x127, 0x8c) \
    KEY(COMPOSE,        "compose",        0x12f, 0x8d) \
    KEY(RO,             "ro",             0x51,  0x51) \
    KEY(YEN,            "yen",            0x6a,  0x5d) \
    KEY(HENKAN,         "henkan",         0x64,  0x86) \
    KEY(MUHENKAN,       "muhenkan",       0x67,  0x85) \
    KEY(HIRAGANA,       "hiragana",       0x13,  0x87) \
    KEY(KP_COMMA,       "kp_comma",       0x6d,  0)    \
    KEY(KP_EQUALS,      "kp_equals",      0x0f,  0)    \
    KEY(POWER,          "power",          0x137, 0)    \
    KEY(SLEEP,          "sleep",          0x13f, 0)    \
    KEY(WAKE,           "wake",           0x15e, 0)    \
    KEY(AUDIONEXT,      "audionext",      0x14d, 0x93) \
    KEY(AUDIOPREV,      "audioprev",      0x115, 0x94) \
    KEY(AUDIOSTOP,      "audiostop",      0x13b, 0x98) \
    KEY(AUDIOPLAY,      "audioplay",      0x134, 0x95) \
    KEY(AUDIOMUTE,      "audiomute",      0x123, 0x9c) \
    KEY(VOLUMEUP,       "volumeup",       0x132, 0x9d) \
    KEY(VOLUMEDOWN,     "volumedown",     0x121, 0x99) \
    KEY(MAIL,           "mail",           0x148, 0)    \
    KEY(CALCULATOR,     "calculator",     0x12b, 0xa3) \
    KEY(COMPUTER,       "computer",       0x140, 0xa2)
/* clang-format on */

typedef enum InputKey {
#define INPUT_KEY_ENUM(sym, name, set2, set3) INPUT_KEY_##sym,
    INPUT_KEYS(INPUT_KEY_ENUM)
#undef INPUT_KEY_ENUM
        INPUT_KEY_COUNT
} InputKey;

typedef enum InputButton {
    INPUT_BUTTON_LEFT,
    INPUT_BUTTON_MIDDLE,
    INPUT_BUTTON_RIGHT,
    INPUT_BUTTON_WHEEL_UP,
    INPUT_BUTTON_WHEEL_DOWN,
    INPUT_BUTTON_SIDE,
    INPUT_BUTTON_EXTRA,
    INPUT_BUTTON_COUNT,
} InputButton;

typedef enum InputAxis { INPUT_AXIS_X, INPUT_AXIS_Y } InputAxis;

typedef enum InputKind {
    INPUT_KIND_KEY,
    INPUT_KIND_BUTTON,
    INPUT_KIND_REL,
    INPUT_KIND_ABS, /* 0..INPUT_ABS_MAX over the screen */
} InputKind;

#define INPUT_ABS_MAX 0x7fff

typedef struct InputEvent {
    InputKind kind;
    int code;  /* InputKey, InputButton or InputAxis */
    int value; /* 1 down, 0 up; or the distance or position */
} InputEvent;

typedef struct InputHandlerOps {
    const char *name;
    uint32_t kinds; /* 1u << InputKind */
    void (*event)(void *opaque, const InputEvent *event);
    /* The events since the last call belong together. May be NULL. */
    void (*sync)(void *opaque);
} InputHandlerOps;

typedef struct InputHandler InputHandler;
/* Goes to the end of the queue of handlers. */
InputHandler *input_handler_register(const InputHandlerOps *ops, void *opaque);
void input_handler_unregister(InputHandler *handler);
/* Becomes the one that gets the events of its kinds. */
void input_handler_activate(InputHandler *handler);
void input_handler_deactivate(InputHandler *handler);

/* For user interfaces. */
void input_send_key(InputKey key, bool down);
void input_send_button(InputButton button, bool down);
void input_send_rel(InputAxis axis, int distance);
void input_send_abs(InputAxis axis, int position);
void input_sync(void);
/* Does the guest's pointer take positions? */
bool input_is_absolute(void);

/* INPUT_KEY_UNMAPPED when there is none. */
InputKey input_key_from_name(const char *name);
const char *input_key_name(InputKey key);
/* PC/XT number as QMP's {"type": "number"}: set 1 code, bit 7 for the E0 prefix. */
InputKey input_key_from_number(unsigned number);
/* What an 8042 makes of a set 2 code when it translates; E0 and F0 are not for it. */
uint8_t scancode_set2_to_set1(uint8_t code);
/* 0x100: with E0 before it; 0: no such key. */
uint16_t input_key_to_set2(InputKey key);
uint16_t input_key_to_set3(InputKey key);

#endif
