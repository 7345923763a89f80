/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The list of consoles, and screendump. libpng is loaded when a PNG is wanted first. */
#include "qapi/command.h"
#include "qapi/value.h"
#include "softmmu/display.h"

#include <dlfcn.h>
#include <png.h>
#include <stdio.h>
#include <string.h>

typedef struct Console {
    Object *dev;
    const DisplayOps *ops;
    void *opaque;
} Console;

static GArray *consoles; /* Console; BQL */

void display_register(Object *dev, const DisplayOps *ops, void *opaque)
{
    Console c = { dev, ops, opaque };

    if (!consoles) {
        consoles = g_array_new(FALSE, FALSE, sizeof(Console));
    }
    g_array_append_val(consoles, c);
}

void display_unregister(Object *dev)
{
    for (guint i = 0; consoles && i < consoles->len; i++) {
        if (g_array_index(consoles, Console, i).dev == dev) {
            g_array_remove_index(consoles, i);
            return;
        }
    }
}

static Console *find_console(const char *device, Error **errp)
{
    if (!consoles || !consoles->len) {
        error_set(errp, "There is no console to take a screendump from.");
        return NULL;
    }
    if (!device) {
        return &g_array_index(consoles, Console, 0);
    }
    Object *dev = object_resolve_path(device, NULL);
    for (guint i = 0; i < consoles->len; i++) {
        Console *c = &g_array_index(consoles, Console, i);
        if (c->dev == dev) {
            return c;
        }
    }
    error_set_class(errp, ERROR_CLASS_DEVICE_NOT_FOUND, "Device '%s' not found",
                    device);
    return NULL;
}

static uint8_t *to_rgb(const DisplayPicture *pic)
{
    size_t n = (size_t)pic->width * pic->height;
    /* The guest chose the size. */
    uint8_t *rgb = g_try_malloc(3 * n);

    for (size_t i = 0; rgb && i < n; i++) {
        rgb[3 * i] = (uint8_t)(pic->pixels[i] >> 16);
        rgb[3 * i + 1] = (uint8_t)(pic->pixels[i] >> 8);
        rgb[3 * i + 2] = (uint8_t)pic->pixels[i];
    }
    return rgb;
}

static bool write_ppm(const char *path, const DisplayPicture *pic, const uint8_t *rgb,
                      Error **errp)
{
    FILE *f = fopen(path, "we");
    size_t n = 3 * (size_t)pic->width * pic->height;

    if (!f) {
        return error_set_errno(errp, errno, "failed to open file '%s'", path);
    }
    fprintf(f, "P6\n%d %d\n255\n", pic->width, pic->height);
    bool ok = fwrite(rgb, 1, n, f) == n;
    ok = fclose(f) == 0 && ok;
    return ok || error_set(errp, "failed to write '%s'", path);
}

static bool write_png(const char *path, const DisplayPicture *pic, const uint8_t *rgb,
                      Error **errp)
{
    static __typeof__(&png_image_write_to_file) write_to_file;

    if (!write_to_file) {
        void *lib = dlopen("libpng16.so.16", RTLD_NOW);
        write_to_file =
            lib ? (__typeof__(write_to_file))dlsym(lib, "png_image_write_to_file")
                : NULL;
        if (!write_to_file) {
            return error_set(errp, "PNG needs libpng16 (Debian package libpng16-16)");
        }
    }
    png_image image = { .version = PNG_IMAGE_VERSION,
                        .width = (png_uint_32)pic->width,
                        .height = (png_uint_32)pic->height,
                        .format = PNG_FORMAT_RGB };
    if (!write_to_file(&image, path, 0, rgb, 0, NULL)) {
        return error_set(errp, "failed to write '%s': %s", path, image.message);
    }
    return true;
}

static bool qmp_screendump(struct json_object *args, struct json_object **ret,
                           Error **errp)
{
    const char *path = qmp_arg_str(args, "filename");
    const char *format = qmp_arg_str(args, "format");
    Console *c = find_console(qmp_arg_str(args, "device"), errp);

    if (!c) {
        return false;
    }
    DisplayPicture pic = c->ops->render(c->opaque);
    if (!pic.width || !pic.height) {
        g_free(pic.pixels);
        return error_set(errp, "the display shows nothing");
    }
    g_autofree uint8_t *rgb = to_rgb(&pic);
    if (!rgb) {
        g_free(pic.pixels);
        return error_set(errp, "no memory for a picture of %d by %d", pic.width,
                         pic.height);
    }
    bool png = format && !strcmp(format, "png");
    bool ok = png ? write_png(path, &pic, rgb, errp) : write_ppm(path, &pic, rgb, errp);
    g_free(pic.pixels);
    return ok;
}
QMP_COMMAND("screendump", qmp_screendump, 0);

static void hmp_screendump(HmpOut *out, HmpArgs *args)
{
    struct json_object *dict = json_object_new_object();

    json_add_str(dict, "filename", hmp_arg_str(args, "filename"));
    if (hmp_arg_has(args, "format")) {
        json_add_str(dict, "format", hmp_arg_str(args, "format"));
    }
    hmp_do_qmp(out, "screendump", dict);
}
HMP_COMMAND("screendump", "filename:F,format:-fs", "filename [-f format]",
            "save the screen into an image file (PPM, or PNG with -f png)",
            hmp_screendump);
