/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The process around the machine: its signals, background, PID file, descriptors. */
#include "qapi/fds.h"
#include "qapi/value.h"
#include "softmmu/cli-internal.h"
#include "softmmu/runstate.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

static int daemon_pipe = -1; /* the waiting parent's end; closed when ready */

void process_block_signals(void)
{
    sigset_t set;

    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGHUP);
    pthread_sigmask(SIG_BLOCK, &set, NULL);
    signal(SIGPIPE, SIG_IGN);
}

bool process_go_to_background(Error **errp)
{
    int pipe_fds[2];
    char status;

    if (pipe2(pipe_fds, O_CLOEXEC) < 0) {
        return error_set_errno(errp, errno, "cannot create a pipe");
    }
    pid_t pid = fork();
    if (pid < 0) {
        return error_set_errno(errp, errno, "cannot fork");
    }
    if (pid > 0) {
        close(pipe_fds[1]);
        ssize_t n = read(pipe_fds[0], &status, 1);
        _exit(n == 1 && status == 0 ? EXIT_SUCCESS : EXIT_FAILURE);
    }
    close(pipe_fds[0]);
    daemon_pipe = pipe_fds[1];
    setsid();
    return true;
}

void process_tell_parent_ready(void)
{
    if (daemon_pipe < 0) {
        return;
    }
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    if (chdir("/") < 0) {
        warn_report("cannot change to /: %s", strerror(errno));
    }
    for (int fd = 0; null >= 0 && fd < 3; fd++) {
        dup2(null, fd);
    }
    char ok = 0;
    ssize_t n = write(daemon_pipe, &ok, 1);
    (void)n;
    close(daemon_pipe);
    daemon_pipe = -1;
}

bool process_write_pidfile(const char *path, Error **errp)
{
    g_autofree char *text = g_strdup_printf("%d\n", (int)getpid());
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

    if (fd < 0) {
        return error_set_errno(errp, errno, "cannot create PID file: Cannot open '%s'",
                               path);
    }
    if (lockf(fd, F_TLOCK, 0) < 0) {
        close(fd);
        return error_set(errp, "cannot create PID file: Cannot lock '%s'", path);
    }
    if (ftruncate(fd, 0) < 0 ||
        write(fd, text, strlen(text)) != (ssize_t)strlen(text)) {
        error_set_errno(errp, errno, "cannot create PID file: Cannot write '%s'", path);
        close(fd);
        return false;
    }
    return true;
}

static void on_signal(void *opaque, int fd, int events)
{
    struct signalfd_siginfo info;

    if (read(fd, &info, sizeof(info)) == (ssize_t)sizeof(info)) {
        g_autofree char *path = g_strdup_printf("/proc/%u/comm", info.ssi_pid);
        g_autofree char *comm = NULL;
        if (info.ssi_pid && g_file_get_contents(path, &comm, NULL, NULL)) {
            g_strchomp(comm);
        }
        error_report("terminating on signal %u from pid %u (%s)", info.ssi_signo,
                     info.ssi_pid, comm ? comm : "<unknown process>");
        system_quit_request(SHUTDOWN_CAUSE_HOST_SIGNAL);
    }
}

void process_watch_signals(void)
{
    sigset_t set;

    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGHUP);
    int fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    event_loop_watch_fd(main_loop(), fd, EVENT_READ, on_signal, NULL);
}

bool process_add_fd(const char *arg, Error **errp)
{
    g_autojson opts = opts_parse(arg, NULL, errp);
    g_autojson ret = NULL;
    int64_t fd = -1, set = -1;

    if (!opts) {
        return false;
    }
    json_object_object_foreach(opts, key, value)
    {
        if (!strcmp(key, "fd") ? !value_get_int64(value, key, &fd, errp)
            : !strcmp(key, "set")
                ? !value_get_int64(value, key, &set, errp)
                : strcmp(key, "opaque") &&
                      !error_set(errp, "Invalid parameter '%s'", key)) {
            return false;
        }
    }
    if (fd < 0) {
        return error_set(errp, "fd option is required and must be non-negative");
    }
    if (fd <= STDERR_FILENO) {
        return error_set(errp, "fd cannot be a standard I/O stream");
    }
    /* What we opened ourselves closes on exec. */
    int flags = fd <= INT_MAX ? fcntl((int)fd, F_GETFD) : -1;
    if (flags < 0 || flags & FD_CLOEXEC) {
        return error_set(errp, "fd is not valid or already in use");
    }
    if (set < 0) {
        return error_set(errp, "set option is required and must be non-negative");
    }
    int copy = fcntl((int)fd, F_DUPFD_CLOEXEC, 0);
    if (copy < 0) {
        return error_set_errno(errp, errno, "cannot duplicate descriptor %d", (int)fd);
    }
    return fdset_add(set, true, copy, value_dict_get_str(opts, "opaque"), &ret, errp);
}
