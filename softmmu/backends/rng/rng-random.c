/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rng-random: random bytes from a host file, /dev/urandom unless told otherwise. */
#include "softmmu/rng.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

struct RngBackend {
    Object parent_obj;
    char *filename;
    bool opened; /* accepted and ignored: completion opens the file */
    int fd;      /* -1 before */
};

ssize_t rng_backend_read(RngBackend *rng, void *buf, size_t len, Error **errp)
{
    ssize_t n;

    do {
        n = read(rng->fd, buf, len);
    } while (n < 0 && errno == EINTR);
    if (n < 0 && errno == EAGAIN) {
        return 0;
    }
    if (n < 0) {
        error_set_errno(errp, errno, "could not read '%s'", rng->filename);
    }
    return n;
}

static bool rng_random_complete(Object *obj, Error **errp)
{
    RngBackend *rng = (RngBackend *)obj;

    rng->fd = open(rng->filename, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    return rng->fd >= 0 ||
           error_set_errno(errp, errno, "Could not open '%s'", rng->filename);
}

static void rng_random_init(Object *obj)
{
    ((RngBackend *)obj)->fd = -1;
}

static void rng_random_finalize(Object *obj)
{
    RngBackend *rng = (RngBackend *)obj;

    if (rng->fd >= 0) {
        close(rng->fd);
    }
}

static const Property rng_random_props[] = {
    PROP_STR("filename", RngBackend, filename, "/dev/urandom"),
    PROP_BOOL("opened", RngBackend, opened, false),
};

static void rng_random_class_init(ObjectClass *klass, const void *data)
{
    UserCreatableClass *uc = object_class_cast(klass, TYPE_USER_CREATABLE);

    uc->complete = rng_random_complete;
    OBJECT_CLASS_ADD_PROPERTIES(klass, rng_random_props);
}

static const char *const rng_interfaces[] = { TYPE_USER_CREATABLE, NULL };
static const TypeInfo rng_backend_info = {
    .name = TYPE_RNG_BACKEND,
    .parent = TYPE_OBJECT,
    .instance_size = sizeof(RngBackend),
    .abstract = true,
    .interfaces = rng_interfaces,
};
TYPE_REGISTER(rng_backend_info);

static const TypeInfo rng_random_info = {
    .name = TYPE_RNG_RANDOM,
    .parent = TYPE_RNG_BACKEND,
    .instance_init = rng_random_init,
    .instance_finalize = rng_random_finalize,
    .class_init = rng_random_class_init,
};
TYPE_REGISTER(rng_random_info);
