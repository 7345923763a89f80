/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The way of an input event from whoever makes it to the device that takes it.
 */
#include "softmmu/input.h"

#include "qapi/command.h"
#include "util/event-loop.h"

#include <string.h>

struct InputHandler {
    const InputHandlerOps *ops;
    void *opaque;
    int id;        /* as "info mice" shows it, from 1 */
    bool has_data; /* events since the last sync */
};

/* In order of preference. Protected by the BQL. */
static GQueue handlers = G_QUEUE_INIT;
static int last_id;

InputHandler *input_handler_register(const InputHandlerOps *ops, void *opaque)
{
    InputHandler *h = g_new0(InputHandler, 1);

    h->ops = ops;
    h->opaque = opaque;
    h->id = ++last_id;
    g_queue_push_tail(&handlers, h);
    return h;
}

void input_handler_unregister(InputHandler *h)
{
    g_queue_remove(&handlers, h);
    g_free(h);
}

void input_handler_activate(InputHandler *h)
{
    g_queue_remove(&handlers, h);
    g_queue_push_head(&handlers, h);
}

void input_handler_deactivate(InputHandler *h)
{
    g_queue_remove(&handlers, h);
    g_queue_push_tail(&handlers, h);
}

static InputHandler *input_find(uint32_t kinds)
{
    for (GList *l = handlers.head; l; l = l->next) {
        InputHandler *h = l->data;

        if (h->ops->kinds & kinds) {
            return h;
        }
    }
    return NULL;
}

static void input_send(InputKind kind, int code, int value)
{
    InputEvent event = { .kind = kind, .code = code, .value = value };
    InputHandler *h = input_find(1u << kind);

    if (h) {
        h->ops->event(h->opaque, &event);
        h->has_data = true;
    }
}

void input_send_key(InputKey key, bool down)
{
    if (key != INPUT_KEY_UNMAPPED) {
        input_send(INPUT_KIND_KEY, key, down);
    }
}

void input_send_button(InputButton button, bool down)
{
    input_send(INPUT_KIND_BUTTON, button, down);
}

void input_send_rel(InputAxis axis, int distance)
{
    input_send(INPUT_KIND_REL, axis, distance);
}

void input_send_abs(InputAxis axis, int position)
{
    input_send(INPUT_KIND_ABS, axis, CLAMP(position, 0, INPUT_ABS_MAX));
}

void input_sync(void)
{
    for (GList *l = handlers.head; l; l = l->next) {
        InputHandler *h = l->data;

        if (h->has_data) {
            h->has_data = false;
            if (h->ops->sync) {
                h->ops->sync(h->opaque);
            }
        }
    }
}

static bool handler_is_pointer(const InputHandler *h)
{
    return h->ops->kinds & (1u << INPUT_KIND_REL | 1u << INPUT_KIND_ABS);
}

static bool handler_is_absolute(const InputHandler *h)
{
    return h->ops->kinds & 1u << INPUT_KIND_ABS;
}

bool input_is_absolute(void)
{
    InputHandler *h = input_find(1u << INPUT_KIND_REL | 1u << INPUT_KIND_ABS);

    return h && handler_is_absolute(h);
}

/* --- Keys pressed together, then released --------------------------------------------
 */

typedef struct KeyRelease {
    Timer timer;
    int count;
    InputKey keys[16];
} KeyRelease;

static void keys_release(void *opaque)
{
    KeyRelease *r = opaque;

    for (int i = r->count - 1; i >= 0; i--) {
        input_send_key(r->keys[i], false);
    }
    input_sync();
    g_free(r);
}

#define DEFAULT_HOLD_MS 100

static void keys_press(const InputKey *keys, int count, int64_t hold_ms)
{
    KeyRelease *r = g_new0(KeyRelease, 1);

    for (int i = 0; i < count; i++) {
        r->keys[r->count++] = keys[i];
        input_send_key(keys[i], true);
    }
    input_sync();
    timer_init(&r->timer, main_loop(), VIRTUAL_CLOCK, keys_release, r);
    timer_mod_ns(&r->timer, clock_get_ns(VIRTUAL_CLOCK) + hold_ms * NS_PER_MS);
}

/* --- QMP -----------------------------------------------------------------------------
 */

/* {"type": "qcode", "data": "a"} or {"type": "number", "data": 30}. */
static bool key_from_json(struct json_object *value, InputKey *key, Error **errp)
{
    const char *type = qmp_arg_str(value, "type");

    if (type && strcmp(type, "number") == 0) {
        *key = input_key_from_number(qmp_arg_uint(value, "data", 0));
        return true;
    }
    if (type && strcmp(type, "qcode") == 0 && qmp_arg_str(value, "data")) {
        const char *name = qmp_arg_str(value, "data");

        *key = input_key_from_name(name);
        if (*key == INPUT_KEY_UNMAPPED && strcmp(name, "unmapped") != 0) {
            return error_set(errp, "Parameter 'data' does not accept value '%s'", name);
        }
        return true;
    }
    return error_set(errp, "Invalid parameter '%s'", type ? type : "type");
}

static bool qmp_send_key(struct json_object *args, struct json_object **ret,
                         Error **errp)
{
    struct json_object *list = qmp_arg(args, "keys");
    InputKey keys[16];
    size_t n = json_object_array_length(list);

    if (n > G_N_ELEMENTS(keys)) {
        return error_set(errp, "too many keys: %zu, at most %zu", n,
                         G_N_ELEMENTS(keys));
    }
    for (size_t i = 0; i < n; i++) {
        if (!key_from_json(json_object_array_get_idx(list, i), &keys[i], errp)) {
            return false;
        }
    }
    keys_press(keys, n,
               CLAMP(qmp_arg_int(args, "hold-time", DEFAULT_HOLD_MS), 0, 100000));
    return true;
}
QMP_COMMAND("send-key", qmp_send_key, 0);

static const char *const button_names[INPUT_BUTTON_COUNT] = {
    "left", "middle", "right", "wheel-up", "wheel-down", "side", "extra"
};

static bool send_button_event(struct json_object *data, Error **errp)
{
    const char *name = qmp_arg_str(data, "button");

    for (int b = 0; name && b < INPUT_BUTTON_COUNT; b++) {
        if (strcmp(name, button_names[b]) == 0) {
            input_send_button(b, qmp_arg_bool(data, "down", false));
            return true;
        }
    }
    return error_set(errp, "Parameter 'button' does not accept value '%s'",
                     name ? name : "");
}

static bool send_one_event(struct json_object *event, Error **errp)
{
    const char *type = qmp_arg_str(event, "type");
    struct json_object *data = qmp_arg(event, "data");
    const char *axis;
    InputKey key;

    if (!type || !json_object_is_type(data, json_type_object)) {
        return error_set(errp, "Parameter 'events' has an item without type or data");
    }
    if (strcmp(type, "key") == 0) {
        struct json_object *value = qmp_arg(data, "key");

        if (!json_object_is_type(value, json_type_object) ||
            !key_from_json(value, &key, errp)) {
            return errp && *errp ? false
                                 : error_set(errp, "Parameter 'key' is missing");
        }
        input_send_key(key, qmp_arg_bool(data, "down", false));
        return true;
    }
    if (strcmp(type, "btn") == 0) {
        return send_button_event(data, errp);
    }
    axis = qmp_arg_str(data, "axis");
    if (!axis || (strcmp(axis, "x") != 0 && strcmp(axis, "y") != 0)) {
        return error_set(errp, "Parameter 'axis' does not accept value '%s'",
                         axis ? axis : "");
    }
    if (strcmp(type, "rel") == 0) {
        input_send_rel(axis[0] == 'x' ? INPUT_AXIS_X : INPUT_AXIS_Y,
                       qmp_arg_int(data, "value", 0));
    } else if (strcmp(type, "abs") == 0) {
        input_send_abs(axis[0] == 'x' ? INPUT_AXIS_X : INPUT_AXIS_Y,
                       qmp_arg_int(data, "value", 0));
    } else {
        return error_set(errp, "Parameter 'type' does not accept value '%s'", type);
    }
    return true;
}

static bool qmp_input_send_event(struct json_object *args, struct json_object **ret,
                                 Error **errp)
{
    struct json_object *list = qmp_arg(args, "events");

    for (size_t i = 0; i < json_object_array_length(list); i++) {
        struct json_object *event = json_object_array_get_idx(list, i);

        if (!json_object_is_type(event, json_type_object)) {
            return error_set(errp,
                             "Invalid parameter type for 'events', expected: object");
        }
        if (!send_one_event(event, errp)) {
            return false;
        }
    }
    input_sync();
    return true;
}
QMP_COMMAND("input-send-event", qmp_input_send_event, 0);

static bool qmp_query_mice(struct json_object *args, struct json_object **ret,
                           Error **errp)
{
    bool current = true;

    *ret = json_object_new_array();
    for (GList *l = handlers.head; l; l = l->next) {
        InputHandler *h = l->data;
        struct json_object *info;

        if (!handler_is_pointer(h)) {
            continue;
        }
        info = json_object_new_object();
        json_add_str(info, "name", h->ops->name);
        json_add_int(info, "index", h->id);
        json_add_bool(info, "current", current);
        json_add_bool(info, "absolute", handler_is_absolute(h));
        json_object_array_add(*ret, info);
        current = false;
    }
    return true;
}
QMP_COMMAND("query-mice", qmp_query_mice, 0);

/* --- HMP -----------------------------------------------------------------------------
 */

static void hmp_sendkey(HmpOut *out, HmpArgs *args)
{
    const char *text = hmp_arg_str(args, "keys");
    g_auto(GStrv) names = g_strsplit(text ? text : "", "-", -1);
    InputKey keys[16];
    int n = 0;

    for (char **name = names; *name; name++) {
        /* "<" is a word of its own for the key right of left shift. */
        const char *word = strcmp(*name, "<") == 0 ? "less" : *name;
        InputKey key;

        if (n == (int)G_N_ELEMENTS(keys)) {
            hmp_puts(out, "too many keys\n");
            return;
        }
        if (g_str_has_prefix(word, "0x")) {
            key = input_key_from_number(g_ascii_strtoull(word, NULL, 16));
        } else {
            key = input_key_from_name(word);
        }
        if (key == INPUT_KEY_UNMAPPED) {
            hmp_printf(out, "invalid parameter: %s\n", word);
            return;
        }
        keys[n++] = key;
    }
    keys_press(keys, n,
               CLAMP(hmp_arg_int(args, "hold-time", DEFAULT_HOLD_MS), 0, 100000));
}
HMP_COMMAND(
    "sendkey", "keys:s,hold-time:i?", "keys [hold_ms]",
    "send keys to the VM (e.g. 'sendkey ctrl-alt-f1', default hold time=100 ms)",
    hmp_sendkey);

static void hmp_mouse_move(HmpOut *out, HmpArgs *args)
{
    int dx = g_ascii_strtoll(hmp_arg_str(args, "dx_str"), NULL, 0);
    int dy = g_ascii_strtoll(hmp_arg_str(args, "dy_str"), NULL, 0);
    int dz = hmp_arg_has(args, "dz_str")
                 ? g_ascii_strtoll(hmp_arg_str(args, "dz_str"), NULL, 0)
                 : 0;

    input_send_rel(INPUT_AXIS_X, dx);
    input_send_rel(INPUT_AXIS_Y, dy);
    if (dz) {
        InputButton wheel = dz > 0 ? INPUT_BUTTON_WHEEL_UP : INPUT_BUTTON_WHEEL_DOWN;

        input_send_button(wheel, true);
        input_sync();
        input_send_button(wheel, false);
    }
    input_sync();
}
HMP_COMMAND("mouse_move", "dx_str:s,dy_str:s,dz_str:s?", "dx dy [dz]",
            "send mouse move events", hmp_mouse_move);

static void hmp_mouse_button(HmpOut *out, HmpArgs *args)
{
    static const InputButton by_bit[] = { INPUT_BUTTON_LEFT, INPUT_BUTTON_RIGHT,
                                          INPUT_BUTTON_MIDDLE };
    static int64_t state; /* as the last command set it */
    int64_t value = hmp_arg_int(args, "button_state", 0);

    for (unsigned i = 0; i < G_N_ELEMENTS(by_bit); i++) {
        if ((value ^ state) >> i & 1) {
            input_send_button(by_bit[i], value >> i & 1);
        }
    }
    state = value;
    input_sync();
}
HMP_COMMAND("mouse_button", "button_state:i", "state",
            "change mouse button state (1=L, 2=M, 4=R)", hmp_mouse_button);

static void hmp_mouse_set(HmpOut *out, HmpArgs *args)
{
    int id = hmp_arg_int(args, "index", 0);

    for (GList *l = handlers.head; l; l = l->next) {
        InputHandler *h = l->data;

        if (h->id == id && handler_is_pointer(h)) {
            input_handler_activate(h);
            return;
        }
    }
    hmp_printf(out, "Error: Mouse at index '%d' not found\n", id);
}
HMP_COMMAND("mouse_set", "index:i", "index", "set which mouse device receives events",
            hmp_mouse_set);

static void hmp_info_mice(HmpOut *out, HmpArgs *args)
{
    bool current = true;

    for (GList *l = handlers.head; l; l = l->next) {
        InputHandler *h = l->data;

        if (handler_is_pointer(h)) {
            hmp_printf(out, "%c Mouse #%d: %s%s\n", current ? '*' : ' ', h->id,
                       h->ops->name, handler_is_absolute(h) ? " (absolute)" : "");
            current = false;
        }
    }
    if (current) {
        hmp_puts(out, "No mouse devices connected\n");
    }
}
HMP_INFO("mice", "", "", "show which guest mouse is receiving events", hmp_info_mice);
