/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "qapi/value.h"
#include "qom/object.h"

#include <string.h>

static int finalized;

typedef struct Animal {
    Object parent_obj;
    uint32_t legs;
    bool tail;
    char *name;
    Object *friend_;
} Animal;

typedef struct SpeakerClass {
    ObjectClass parent_class;
    const char *(*speak)(Object *obj);
} SpeakerClass;

static const char *bark(Object *obj)
{
    return "woof";
}

static void animal_finalize(Object *obj)
{
    finalized++;
}

static const Property animal_props[] = {
    PROP_UINT32("legs", Animal, legs, 4),
    PROP_BOOL("tail", Animal, tail, true),
    PROP_STR("name", Animal, name, "nobody"),
    PROP_LINK("friend", Animal, friend_, "animal", Object),
};

static void animal_class_init(ObjectClass *klass, const void *data)
{
    OBJECT_CLASS_ADD_PROPERTIES(klass, animal_props);
}

static void bird_class_init(ObjectClass *klass, const void *data)
{
    object_class_set_default(klass, "legs", 2);
}

static void dog_class_init(ObjectClass *klass, const void *data)
{
    SpeakerClass *sc = object_class_cast(klass, "speaker");

    sc->speak = bark;
}

static const TypeInfo speaker_info = { .name = "speaker",
                                       .parent = TYPE_INTERFACE,
                                       .class_size = sizeof(SpeakerClass),
                                       .abstract = true };
TYPE_REGISTER(speaker_info);
static const TypeInfo animal_info = { .name = "animal",
                                      .parent = TYPE_OBJECT,
                                      .instance_size = sizeof(Animal),
                                      .abstract = true,
                                      .instance_finalize = animal_finalize,
                                      .class_init = animal_class_init };
TYPE_REGISTER(animal_info);
static const char *const dog_interfaces[] = { "speaker", NULL };
static const TypeInfo dog_info = { .name = "dog",
                                   .parent = "animal",
                                   .interfaces = dog_interfaces,
                                   .class_init = dog_class_init };
TYPE_REGISTER(dog_info);
static const TypeInfo puppy_info = { .name = "puppy", .parent = "dog" };
TYPE_REGISTER(puppy_info);
static const TypeInfo bird_info = { .name = "bird",
                                    .parent = "animal",
                                    .class_init = bird_class_init };
TYPE_REGISTER(bird_info);

static void test_defaults_and_overrides(void)
{
    g_autoptr(Object) dog = object_new("dog");
    g_autoptr(Object) bird = object_new("bird");
    g_autofree char *name = object_property_get_str(dog, "name");

    g_assert_cmpuint(object_property_get_uint(dog, "legs"), ==, 4);
    g_assert_cmpuint(object_property_get_uint(bird, "legs"), ==, 2);
    g_assert_cmpstr(name, ==, "nobody");
}

static void test_interface_table_is_inherited(void)
{
    g_autoptr(Object) puppy = object_new("puppy");
    g_autoptr(Object) bird = object_new("bird");
    SpeakerClass *sc = object_class_cast(puppy->klass, "speaker");

    g_assert_cmpstr(sc->speak(puppy), ==, "woof");
    g_assert_false(object_is_a(bird, "speaker"));
}

static void test_class_list_leaves_out_abstract_ones(void)
{
    g_autoptr(GSList) list = object_class_get_list("animal", false);

    g_assert_cmpuint(g_slist_length(list), ==, 3);
    g_assert_cmpstr(object_class_get_name(list->data), ==, "bird");
}

static void test_paths(void)
{
    Object *zoo = container_get(object_get_root(), "/zoo");
    Object *dog = object_new("dog");
    bool ambiguous;

    object_property_add_child(zoo, "dog[*]", dog);
    object_unref(dog);
    g_autofree char *path = object_get_canonical_path(dog);
    g_assert_cmpstr(path, ==, "/zoo/dog[0]");
    g_assert_true(object_resolve_path(path, &ambiguous) == dog);
    g_assert_true(object_resolve_path("dog[0]", &ambiguous) == dog);
    Object *yard = container_get(object_get_root(), "/yard");
    Object *other = object_new("dog");
    object_property_add_child(yard, "dog[0]", other);
    object_unref(other);
    g_assert_null(object_resolve_path("dog[0]", &ambiguous));
    g_assert_true(ambiguous);
    finalized = 0;
    object_unparent(zoo);
    object_unparent(yard);
    g_assert_cmpint(finalized, ==, 2);
}

static void test_links_hold_references(void)
{
    Object *zoo = container_get(object_get_root(), "/zoo");
    Object *dog = object_new("dog");
    g_autoptr(Object) bird = object_new("bird");
    g_autoptr(Error) err = NULL;

    object_property_add_child(zoo, "rex", dog);
    object_unref(dog);
    g_assert_true(object_property_parse(bird, "friend", "rex", &error_abort));
    g_assert_true(object_property_get_link(bird, "friend") == dog);
    finalized = 0;
    object_unparent(zoo);
    g_assert_cmpint(finalized, ==, 0);
    g_assert_true(object_property_set_link(bird, "friend", NULL, &error_abort));
    g_assert_cmpint(finalized, ==, 1);
    g_assert_false(object_property_parse(bird, "friend", "nosuch", &err));
    g_assert_cmpstr(error_get_message(err), ==, "Device 'nosuch' not found");
    g_assert_cmpint(error_get_class(err), ==, ERROR_CLASS_DEVICE_NOT_FOUND);
}

static void test_bad_values_change_nothing(void)
{
    g_autoptr(Object) dog = object_new("dog");
    static const char *const rows[][3] = {
        {"legs",   "x",          "Parameter 'legs' expects integer"      },
        { "legs",  "4294967296", "Parameter 'legs' expects uint32_t"     },
        { "tail",  "maybe",      "Parameter 'tail' expects 'on' or 'off'"},
        { "wings", "2",          "Property 'dog.wings' not found"        },
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(Error) err = NULL;
        g_assert_false(object_property_parse(dog, rows[i][0], rows[i][1], &err));
        g_assert_cmpstr(error_get_message(err), ==, rows[i][2]);
    }
    g_assert_cmpuint(object_property_get_uint(dog, "legs"), ==, 4);
    g_assert_true(object_property_get_bool(dog, "tail"));
}

static void test_many_children_are_found(void)
{
    g_autoptr(Object) box = object_new("container");

    for (int i = 0; i < 100; i++) {
        g_autoptr(Object) dog = object_new("dog");
        object_property_add_child(box, "dog[*]", dog);
    }
    g_assert_nonnull(object_get_child(box, "dog[99]"));
    object_unparent(object_get_child(box, "dog[50]"));
    g_assert_null(object_get_child(box, "dog[50]"));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/qom/defaults-and-overrides", test_defaults_and_overrides);
    g_test_add_func("/qom/interface-table-is-inherited",
                    test_interface_table_is_inherited);
    g_test_add_func("/qom/class-list-leaves-out-abstract-ones",
                    test_class_list_leaves_out_abstract_ones);
    g_test_add_func("/qom/paths", test_paths);
    g_test_add_func("/qom/links-hold-references", test_links_hold_references);
    g_test_add_func("/qom/bad-values-change-nothing", test_bad_values_change_nothing);
    g_test_add_func("/qom/many-children-are-found", test_many_children_are_found);
    return g_test_run();
}
