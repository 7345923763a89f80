/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "softmmu/chardev.h"

#include "qapi/command.h"
#include "qapi/json.h"
#include "qapi/value.h"
#include "util/bql.h"

#include <fcntl.h>
#include <glib.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/* A front end that notes what it gets. */
typedef struct Fe {
    CharFrontend fe;
    GString *got;
    int room; /* bytes it still takes */
    int opened, closed, breaks, mux_in, mux_out, writable;
} Fe;

static int fe_can_read(void *opaque)
{
    return ((Fe *)opaque)->room;
}

static void fe_read(void *opaque, const uint8_t *buf, int size)
{
    Fe *f = opaque;

    g_assert_cmpint(size, <=, f->room);
    f->room -= size;
    g_string_append_len(f->got, (const char *)buf, size);
}

static void fe_event(void *opaque, ChrEvent event)
{
    Fe *f = opaque;

    f->opened += event == CHR_EVENT_OPENED;
    f->closed += event == CHR_EVENT_CLOSED;
    f->breaks += event == CHR_EVENT_BREAK;
    f->mux_in += event == CHR_EVENT_MUX_IN;
    f->mux_out += event == CHR_EVENT_MUX_OUT;
}

static void fe_writable(void *opaque)
{
    ((Fe *)opaque)->writable++;
}

static void fe_connect(Fe *f, Chardev *chr)
{
    memset(f, 0, sizeof(*f));
    f->got = g_string_new(NULL);
    f->room = 1000;
    g_assert_true(chr_fe_init(&f->fe, chr, &error_abort));
    chr_fe_set_handlers(&f->fe, fe_can_read, fe_read, fe_event, f);
}

static void fe_drop(Fe *f)
{
    chr_fe_deinit(&f->fe);
    g_string_free(f->got, TRUE);
}

static void run(int rounds)
{
    while (rounds-- > 0) {
        event_loop_run_once(main_loop(), false);
    }
}

static Chardev *from_opts(const char *text, Error **errp)
{
    struct json_object *opts = opts_parse(text, "backend", errp);
    Chardev *chr = opts ? chardev_new_from_opts(opts, main_loop(), errp) : NULL;

    json_object_put(opts);
    return chr;
}

/* A socket chardev on one end of a pair; *peer is the other end. */
static Chardev *socket_pair(const char *id, int *peer)
{
    g_autofree char *opts = NULL;
    int sv[2];

    g_assert_cmpint(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sv), ==, 0);
    *peer = sv[0];
    opts = g_strdup_printf("socket,id=%s,fd=%d", id, sv[1]);
    return from_opts(opts, &error_abort);
}

static void say(int fd, const char *text)
{
    g_assert_cmpint(write(fd, text, strlen(text)), ==, (ssize_t)strlen(text));
    run(4);
}

static void expect_peer(int fd, const char *want)
{
    char buf[4096];
    ssize_t n = recv(fd, buf, sizeof(buf) - 1, MSG_DONTWAIT);

    buf[MAX(n, 0)] = '\0';
    g_assert_cmpstr(buf, ==, want);
}

static void remove_chr(const char *id)
{
    g_assert_true(chardev_remove(id, &error_abort));
}

static void input_waits_for_room(void)
{
    int peer;
    Chardev *chr = socket_pair("s0", &peer);
    Fe f;

    fe_connect(&f, chr);
    g_assert_cmpint(f.opened, ==, 1);
    f.room = 3;
    say(peer, "abcdef");
    g_assert_cmpstr(f.got->str, ==, "abc");
    f.room = 10;
    run(2);
    g_assert_cmpstr(f.got->str, ==, "abc");
    chr_fe_accept_input(&f.fe);
    run(2);
    g_assert_cmpstr(f.got->str, ==, "abcdef");
    g_assert_cmpint(chr_fe_write(&f.fe, "xyz", 3), ==, 3);
    expect_peer(peer, "xyz");
    close(peer);
    run(2);
    g_assert_cmpint(f.closed, ==, 1);
    g_assert_cmpint(chr_fe_write(&f.fe, "lost", 4), ==, 4);
    fe_drop(&f);
    remove_chr("s0");
}

static void full_socket_reports_room_again(void)
{
    int peer;
    Chardev *chr = socket_pair("s0", &peer);
    g_autofree char *block = g_strnfill(65536, 'x');
    char buf[65536];
    Fe f;

    fe_connect(&f, chr);
    while (chr_fe_write(&f.fe, block, 65536) > 0) {
    }
    chr_fe_add_watch(&f.fe, fe_writable, &f);
    run(3);
    g_assert_cmpint(f.writable, ==, 0);
    while (recv(peer, buf, sizeof(buf), MSG_DONTWAIT) > 0) {
    }
    run(3);
    g_assert_cmpint(f.writable, ==, 1);
    close(peer);
    fe_drop(&f);
    remove_chr("s0");
}

static void second_front_end_is_refused(void)
{
    g_autoptr(Error) err = NULL;
    CharFrontend other;
    Chardev *chr = from_opts("null,id=n0", &error_abort);
    Fe f;

    fe_connect(&f, chr);
    g_assert_false(chr_fe_init(&other, chr, &err));
    g_assert_cmpstr(error_get_message(err), ==, "Device 'n0' is in use");
    error_free(g_steal_pointer(&err));
    g_assert_false(chardev_remove("n0", &err));
    g_assert_cmpstr(error_get_message(err), ==, "Chardev 'n0' is busy");
    fe_drop(&f);
    remove_chr("n0");
}

static int quits;

static void note_quit(void)
{
    quits++;
}

static void mux_keys_do_what_they_say(void)
{
    static const ChardevMuxActions actions = { .quit = note_quit };
    int peer;
    Chardev *mux;
    Fe a, b;

    socket_pair("base", &peer);
    mux = from_opts("mux,id=m0,chardev=base", &error_abort);
    chardev_set_mux_actions(&actions);
    fe_connect(&a, mux);
    fe_connect(&b, mux); /* the last one has the focus */
    g_assert_cmpint(b.mux_in, ==, 1);
    say(peer, "one");
    g_assert_cmpstr(b.got->str, ==, "one");
    g_assert_cmpstr(a.got->str, ==, "");

    say(peer, "\001ctwo");
    g_assert_cmpstr(a.got->str, ==, "two");
    g_assert_cmpint(b.mux_out, ==, 1);
    g_assert_cmpint(a.mux_in, ==, 2);
    say(peer, "\001\001");
    g_assert_cmpstr(a.got->str, ==, "two\001");
    say(peer, "\001b");
    g_assert_cmpint(a.breaks, ==, 1);
    g_assert_cmpint(b.breaks, ==, 0);
    say(peer, "\001x");
    g_assert_cmpint(quits, ==, 1);
    expect_peer(peer, "strata: Terminated\n\r");

    g_assert_cmpint(chr_fe_write(&b.fe, "b\n", 2), ==, 2);
    g_assert_cmpint(chr_fe_write(&a.fe, "a\n", 2), ==, 2);
    expect_peer(peer, "b\na\n");
    fe_drop(&a);
    say(peer, "three");
    g_assert_cmpstr(b.got->str, ==, "onethree"); /* the focus falls back */
    fe_drop(&b);
    remove_chr("m0");
    close(peer);
    run(2);
    remove_chr("base");
}

static void mux_keeps_what_cannot_be_taken_yet(void)
{
    int peer;
    Chardev *mux;
    Fe a;

    socket_pair("base", &peer);
    mux = from_opts("mux,id=m0,chardev=base", &error_abort);
    fe_connect(&a, mux);
    a.room = 1;
    say(peer, "abc");
    g_assert_cmpstr(a.got->str, ==, "a");
    a.room = 5;
    chr_fe_accept_input(&a.fe);
    g_assert_cmpstr(a.got->str, ==, "abc");
    fe_drop(&a);
    remove_chr("m0");
    close(peer);
    run(2);
    remove_chr("base");
}

static int connect_to(const char *path)
{
    struct sockaddr_un un = { .sun_family = AF_UNIX };
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    g_strlcpy(un.sun_path, path, sizeof(un.sun_path));
    g_assert_cmpint(connect(fd, (struct sockaddr *)&un, sizeof(un)), ==, 0);
    run(3);
    return fd;
}

static void server_accepts_again_after_a_disconnect(void)
{
    g_autofree char *dir = g_dir_make_tmp("strata-XXXXXX", NULL);
    g_autofree char *path = g_build_filename(dir, "s", NULL);
    g_autofree char *text = g_strdup_printf("unix:%s,server=on,wait=off", path);
    Chardev *chr = chardev_new_from_text("u0", text, 0, main_loop(), &error_abort);
    g_autofree char *listening =
        g_strdup_printf("disconnected:unix:%s,server=on", path);
    Fe f;

    fe_connect(&f, chr);
    g_assert_cmpint(f.opened, ==, 0);
    g_assert_cmpstr(chardev_get_filename(chr), ==, listening);
    for (int i = 1; i <= 3; i++) {
        int fd = connect_to(path);

        g_assert_cmpint(f.opened, ==, i);
        g_assert_cmpstr(chardev_get_filename(chr), ==,
                        listening + strlen("disconnected:"));
        say(fd, "x");
        close(fd);
        run(3);
        g_assert_cmpint(f.closed, ==, i);
    }
    g_assert_cmpstr(f.got->str, ==, "xxx");
    fe_drop(&f);
    remove_chr("u0");
    g_assert_cmpint(g_access(path, F_OK), ==, -1); /* unlinked */
    g_rmdir(dir);
}

static void descriptors_come_with_data(void)
{
    int peer;
    Chardev *chr = socket_pair("s0", &peer);
    char control[CMSG_SPACE(sizeof(int))] = { 0 };
    char byte = 'x';
    struct iovec iov = { .iov_base = &byte, .iov_len = 1 };
    struct msghdr msg = { .msg_iov = &iov,
                          .msg_iovlen = 1,
                          .msg_control = control,
                          .msg_controllen = sizeof(control) };
    struct cmsghdr *c = CMSG_FIRSTHDR(&msg);
    Fe f;
    int fd;

    fe_connect(&f, chr);
    g_assert_cmpint(chr_fe_take_fd(&f.fe), ==, -1);
    c->cmsg_level = SOL_SOCKET;
    c->cmsg_type = SCM_RIGHTS;
    c->cmsg_len = CMSG_LEN(sizeof(int));
    memcpy(CMSG_DATA(c), &peer, sizeof(int));
    g_assert_cmpint(sendmsg(peer, &msg, 0), ==, 1);
    run(3);
    fd = chr_fe_take_fd(&f.fe);
    g_assert_cmpint(fd, >=, 0);
    close(fd);
    g_assert_cmpint(chr_fe_take_fd(&f.fe), ==, -1);
    close(peer);
    run(2);
    fe_drop(&f);
    remove_chr("s0");
}

static void ring_buffer_keeps_the_last_bytes(void)
{
    struct json_object *args = json_object_new_object();
    struct json_object *ret = NULL;
    Fe f;

    fe_connect(&f, from_opts("ringbuf,id=r0,size=8", &error_abort));
    g_assert_cmpint(chr_fe_write(&f.fe, "0123456789", 10), ==, 10);
    json_add_str(args, "device", "r0");
    json_add_int(args, "size", 3);
    g_assert_true(qmp_run("ringbuf-read", args, &ret, &error_abort));
    g_assert_cmpstr(json_object_get_string(ret), ==, "234");
    json_object_put(ret);
    json_object_put(args);
    fe_drop(&f);
    remove_chr("r0");
}

static void bad_options_are_named(void)
{
    /* clang-format off */
    static const struct { const char *opts, *want; } rows[] = {
        { "bogus,id=x", "'bogus' is not a valid char driver name" },
        { "null", "chardev: no id specified" },
        { "id=x", "chardev: \"x\" missing backend" },
        { "null,id=1x", "Parameter 'id' expects an identifier" },
        { "null,id=x,foo=1", "Invalid parameter 'foo'" },
        { "file,id=x", "chardev: file: no filename given" },
        { "file,id=x,path=/nosuch/x", "Could not open '/nosuch/x': No such file or directory" },
        { "pipe,id=x", "chardev: pipe: no device path given" },
        { "mux,id=x", "chardev: mux: no chardev given" },
        { "mux,id=x,chardev=zz", "mux: base chardev zz not found" },
        { "ringbuf,id=x,size=3", "size of ringbuf chardev must be power of two" },
        { "socket,id=x", "Unable to parse FD number " },
        { "socket,id=x,fd=zz", "Unable to parse FD number zz" },
        { "socket,id=x,host=localhost", "chardev: socket: no port given" },
        { "socket,id=x,path=/nosuch/x", "Failed to connect to '/nosuch/x': No such file or directory" },
        { "socket,id=x,path=/nosuch/x,server=on", "Failed to bind socket to /nosuch/x: No such file or directory" },
        { "socket,id=x,path=/x,wait=on", "'wait' option is incompatible with socket in client connect mode" },
        { "socket,id=x,path=/x,server=on,reconnect=1", "'reconnect' option is incompatible with socket in server listen mode" },
        { "socket,id=x,path=/x,server=maybe", "Parameter 'server' expects 'on' or 'off'" },
    };
    /* clang-format on */
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(Error) err = NULL;

        g_assert_null(from_opts(rows[i].opts, &err));
        g_assert_cmpstr(error_get_message(err), ==, rows[i].want);
        g_assert_null(chardev_find("x"));
    }
}

static void texts_of_older_options_are_understood(void)
{
    g_autoptr(Error) err = NULL;
    Fe f;

    g_assert_null(chardev_new_from_text("x", "bogus", 0, main_loop(), &err));
    g_assert_cmpstr(error_get_message(err), ==, "'bogus' is not a valid char driver");
    g_assert_nonnull(chardev_new_from_text("x", "null", 0, main_loop(), &error_abort));
    g_assert_true(chardev_new_from_text("y", "chardev:x", 0, main_loop(),
                                        &error_abort) == chardev_find("x"));
    remove_chr("x");
    fe_connect(&f, chardev_new_from_text("x", "tcp:127.0.0.1:0,server,nowait", 0,
                                         main_loop(), &error_abort));
    g_assert_true(g_str_has_prefix(chardev_get_filename(f.fe.chr),
                                   "disconnected:tcp:127.0.0.1:"));
    fe_drop(&f);
    remove_chr("x");
}

static void changed_backend_keeps_the_front_end(void)
{
    static const char text[] = "{'id':'n0','backend':{'type':'ringbuf','data':{}}}";
    struct json_object *args = NULL;
    struct json_object *ret = NULL;
    Fe f;

    fe_connect(&f, from_opts("null,id=n0", &error_abort));
    g_assert_true(json_parse(text, strlen(text), &args, &error_abort));
    g_assert_true(qmp_run("chardev-change", args, &ret, &error_abort));
    g_assert_true(f.fe.chr == chardev_find("n0"));
    g_assert_cmpstr(chardev_get_filename(f.fe.chr), ==, "ringbuf");
    g_assert_cmpint(f.opened, ==, 1);
    json_object_put(ret);
    json_object_put(args);
    fe_drop(&f);
    remove_chr("n0");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    bql_lock();
    g_test_add_func("/chardev/socket/input-waits-for-room", input_waits_for_room);
    g_test_add_func("/chardev/socket/full-one-reports-room-again",
                    full_socket_reports_room_again);
    g_test_add_func("/chardev/second-front-end-is-refused",
                    second_front_end_is_refused);
    g_test_add_func("/chardev/mux/keys-do-what-they-say", mux_keys_do_what_they_say);
    g_test_add_func("/chardev/mux/keeps-what-cannot-be-taken-yet",
                    mux_keeps_what_cannot_be_taken_yet);
    g_test_add_func("/chardev/socket/server-accepts-again",
                    server_accepts_again_after_a_disconnect);
    g_test_add_func("/chardev/socket/descriptors-come-with-data",
                    descriptors_come_with_data);
    g_test_add_func("/chardev/ringbuf/keeps-the-last-bytes",
                    ring_buffer_keeps_the_last_bytes);
    g_test_add_func("/chardev/bad-options-are-named", bad_options_are_named);
    g_test_add_func("/chardev/texts-of-older-options-are-understood",
                    texts_of_older_options_are_understood);
    g_test_add_func("/chardev/changed-backend-keeps-the-front-end",
                    changed_backend_keeps_the_front_end);
    return g_test_run();
}
