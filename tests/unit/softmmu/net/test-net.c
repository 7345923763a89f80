/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What network clients, hubs and -nic options promise. */
#include "softmmu/net.h"

#include "qapi/value.h"
#include "softmmu/backends/net/net-internal.h"
#include "util/bql.h"

#include <string.h>

/* An end that counts what it gets. */
typedef struct End {
    NetClient nc;
    bool open;
    unsigned frames, link_changes;
    uint8_t last;
    NetClient *echo; /* send each frame back from inside receive() */
} End;

static bool end_can_receive(NetClient *nc)
{
    return ((End *)nc)->open;
}

static bool end_receive(NetClient *nc, const uint8_t *frame, size_t size)
{
    End *e = (End *)nc;

    e->frames++;
    e->last = frame[0];
    if (e->echo && e->frames < 10) {
        net_send(e->echo, frame, size);
    }
    return true;
}

static void end_link_changed(NetClient *nc)
{
    ((End *)nc)->link_changes++;
}

static const NetClientOps card_ops = {
    .type = "nic",
    .can_receive = end_can_receive,
    .receive = end_receive,
    .link_changed = end_link_changed,
};
static const NetClientOps backend_ops = {
    .type = "test",
    .can_receive = end_can_receive,
    .receive = end_receive,
    .link_changed = end_link_changed,
};

static void end_init(End *e, const NetClientOps *ops, NetClient *peer)
{
    memset(e, 0, sizeof(*e));
    e->open = true;
    net_client_init(&e->nc, ops, peer, ops == &card_ops ? "model" : NULL, NULL);
}

static void frames_wait_while_the_receiver_is_closed(void)
{
    End a, b;

    end_init(&a, &backend_ops, NULL);
    end_init(&b, &card_ops, &a.nc);
    b.open = false;
    for (unsigned i = 0; i < NET_QUEUE_PACKETS + 10; i++) {
        uint8_t frame[60] = { (uint8_t)i };
        net_send(&a.nc, frame, sizeof(frame));
    }
    g_assert_cmpuint(b.frames, ==, 0);
    b.open = true;
    net_flush(&b.nc);
    g_assert_cmpuint(b.frames, ==, NET_QUEUE_PACKETS);
    g_assert_cmpuint(b.last, ==, (uint8_t)(NET_QUEUE_PACKETS - 1));
    net_client_remove(&b.nc);
    net_client_remove(&a.nc);
}

/* Each end answers from inside its receive function. */
static void receive_is_not_entered_twice(void)
{
    End a, b;
    uint8_t frame[60] = { 0 };

    end_init(&a, &backend_ops, NULL);
    end_init(&b, &card_ops, &a.nc);
    a.echo = &a.nc;
    b.echo = &b.nc;
    net_send(&a.nc, frame, sizeof(frame));
    net_flush(&a.nc);
    net_flush(&b.nc);
    g_assert_cmpuint(a.frames, >=, 9);
    g_assert_cmpuint(b.frames, >=, 9);
    net_client_remove(&b.nc);
    net_client_remove(&a.nc);
}

static void hubs_send_to_all_others(void)
{
    End ends[3];
    uint8_t frame[60] = { 0 };

    for (int i = 0; i < 3; i++) {
        end_init(&ends[i], i ? &backend_ops : &card_ops, hub_port_new(7, NULL));
    }
    g_assert_cmpstr(ends[0].nc.peer->name, ==, "hub7port0");
    net_send(&ends[0].nc, frame, sizeof(frame));
    g_assert_cmpuint(ends[0].frames, ==, 0);
    g_assert_cmpuint(ends[1].frames, ==, 1);
    g_assert_cmpuint(ends[2].frames, ==, 1);
    for (int i = 0; i < 3; i++) {
        NetClient *port = ends[i].nc.peer;
        net_client_remove(&ends[i].nc);
        net_client_remove(port);
    }
}

static void a_pulled_cable_drops_frames(void)
{
    End a, b;
    uint8_t frame[60] = { 0 };

    end_init(&a, &backend_ops, NULL);
    end_init(&b, &card_ops, &a.nc);
    g_assert_true(net_set_link(a.nc.name, false, &error_abort));
    g_assert_cmpuint(b.link_changes, ==, 1); /* the card sees its backend's cable */
    net_send(&a.nc, frame, sizeof(frame));
    net_send(&b.nc, frame, sizeof(frame));
    g_assert_cmpuint(a.frames + b.frames, ==, 0);
    g_assert_true(net_set_link(a.nc.name, true, &error_abort));
    net_send(&a.nc, frame, sizeof(frame));
    g_assert_cmpuint(b.frames, ==, 1);
    Error *err = NULL;
    g_assert_false(net_set_link("nosuch", true, &err));
    g_assert_cmpint(error_get_class(err), ==, ERROR_CLASS_DEVICE_NOT_FOUND);
    error_free(err);
    net_client_remove(&a.nc);
    g_assert_null(b.nc.peer);
    net_client_remove(&b.nc);
}

static void addresses_are_given_out_in_order(void)
{
    uint8_t given[NET_MAC_LEN] = { 0x52, 0x54, 0, 0x12, 0x34, 0x57 };
    uint8_t first[NET_MAC_LEN] = { 0 }, second[NET_MAC_LEN] = { 0 };

    nic_mac_default_if_unset(given);
    nic_mac_default_if_unset(first);
    nic_mac_default_if_unset(second);
    g_assert_cmphex(first[5], ==, 0x56);
    g_assert_cmphex(second[5], ==, 0x58); /* 57 is taken */
    g_assert_true(mac_parse("52:54:00:aB:cd:ef", given));
    g_assert_cmphex(given[3], ==, 0xab);
    g_assert_false(mac_parse("52:54:00:ab:cd", given));
    g_assert_false(mac_parse("52:54:00:ab:cd:ef:", given));
    g_assert_false(mac_parse("5:54:00:ab:cd:ef", given));
}

static void expect_error(bool (*add)(struct json_object *, Error **), const char *text,
                         const char *message)
{
    g_autojson opts = keyval_parse(text, "type", &error_abort);
    Error *err = NULL;

    g_assert_false(add(opts, &err));
    g_assert_cmpstr(error_get_message(err), ==, message);
    error_free(err);
}

static bool add_nic_option(struct json_object *opts, Error **errp)
{
    return net_nic_option(opts, NULL, errp);
}

static void bad_options_are_named(void)
{
    expect_error(netdev_add, "user", "Parameter 'id' is missing");
    expect_error(netdev_add, "id=x", "Parameter 'type' is missing");
    expect_error(netdev_add, "foo,id=x",
                 "Parameter 'type' does not accept value 'foo'");
    expect_error(netdev_add, "user,id=x,foo=1", "Invalid parameter 'foo'");
    expect_error(netdev_add, "user,id=x,net=10.0.2.0/31",
                 "Invalid netmask provided (must be in range 4..30)");
    expect_error(netdev_add, "user,id=x,dns=zz", "Failed to parse DNS");
    expect_error(netdev_add, "user,id=x,dhcpstart=1.2.3.4",
                 "DHCP doesn't belong to network");
    expect_error(netdev_add, "hubport,id=x", "Parameter 'hubid' is missing");
    expect_error(add_nic_option, "foo", "Parameter 'type' does not accept value 'foo'");
    g_assert_null(net_client_find("x"));
    g_assert_cmpuint(nic_count(), ==, 0);
}

static void repeated_keys_make_a_list(void)
{
    g_autojson opts =
        keyval_parse("user,hostfwd=a,hostfwd=b,hostfwd=c", "type", &error_abort);
    struct json_object *list;

    g_assert_true(json_object_object_get_ex(opts, "hostfwd", &list));
    g_assert_cmpuint(json_object_array_length(list), ==, 3);
    g_assert_cmpstr(json_object_get_string(json_object_array_get_idx(list, 2)), ==,
                    "c");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    bql_lock();
    g_test_add_func("/net/frames-wait-while-the-receiver-is-closed",
                    frames_wait_while_the_receiver_is_closed);
    g_test_add_func("/net/receive-is-not-entered-twice", receive_is_not_entered_twice);
    g_test_add_func("/net/hubs-send-to-all-others", hubs_send_to_all_others);
    g_test_add_func("/net/a-pulled-cable-drops-frames", a_pulled_cable_drops_frames);
    g_test_add_func("/net/addresses-are-given-out-in-order",
                    addresses_are_given_out_in_order);
    g_test_add_func("/net/bad-options-are-named", bad_options_are_named);
    g_test_add_func("/net/repeated-keys-make-a-list", repeated_keys_make_a_list);
    return g_test_run();
}
