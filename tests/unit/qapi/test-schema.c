/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "qapi/schema.h"

#include "qapi/json.h"

#include <glib.h>
#include <string.h>

/* Check @args of @command; @want NULL: they pass, else the message. */
static void expect(const char *command, const char *args, const char *want)
{
    const SchemaCommand *cmd = schema_find_command(command);
    struct json_object *v = NULL;
    g_autoptr(Error) err = NULL;
    bool ok;

    g_assert_nonnull(cmd);
    g_assert_true(json_parse(args, strlen(args), &v, &error_abort));
    ok = schema_check(cmd->args, v, &err);
    if (want) {
        g_assert_false(ok);
        g_assert_cmpstr(error_get_message(err), ==, want);
    } else {
        g_assert_true(ok);
    }
    json_object_put(v);
}

static void members_are_checked(void)
{
    expect("query-status", "{}", NULL);
    expect("query-status", "{'a':1}", "Parameter 'a' is unexpected");
    expect("human-monitor-command", "{}", "Parameter 'command-line' is missing");
    expect("human-monitor-command", "{'command-line':'x','cpu-index':0}", NULL);
    expect("human-monitor-command", "{'command-line':1}",
           "Invalid parameter type for 'command-line', expected: string");
    expect("human-monitor-command", "{'command-line':'x','cpu-index':'0'}",
           "Invalid parameter type for 'cpu-index', expected: integer");
    expect("set_link", "{'name':'n','up':'on'}",
           "Invalid parameter type for 'up', expected: boolean");
}

static void enums_are_checked(void)
{
    expect("qmp_capabilities", "{'enable':['oob']}", NULL);
    expect("qmp_capabilities", "{'enable':['bogus']}",
           "Parameter 'null' does not accept value 'bogus'");
    expect("qmp_capabilities", "{'enable':'oob'}",
           "Invalid parameter type for 'enable', expected: array");
    expect("set-action", "{'reboot':'zz'}",
           "Parameter 'reboot' does not accept value 'zz'");
    expect("set-action", "{'reboot':1}",
           "Invalid parameter type for 'reboot', expected: string");
}

static void unions_take_the_members_of_their_branch(void)
{
    expect("object-add", "{}", "Parameter 'qom-type' is missing");
    expect("object-add", "{'qom-type':'memory-backend-ram'}",
           "Parameter 'id' is missing");
    expect("object-add", "{'qom-type':'nosuch','id':'m','size':1}",
           "Parameter 'qom-type' does not accept value 'nosuch'");
    expect("object-add", "{'qom-type':'memory-backend-ram','id':'m'}",
           "Parameter 'size' is missing");
    expect("object-add", "{'qom-type':'memory-backend-ram','id':'m','size':'1G'}",
           "Parameter 'size' expects uint64");
    expect("object-add", "{'qom-type':'memory-backend-ram','id':'m','size':1,'foo':1}",
           "Parameter 'foo' is unexpected");
    expect("object-add",
           "{'qom-type':'memory-backend-ram','id':'m','size':1,'share':'yes'}",
           "Invalid parameter type for 'share', expected: boolean");
    expect("object-add", "{'qom-type':'memory-backend-file','id':'m','size':1}",
           "Parameter 'mem-path' is missing");
    expect("object-add",
           "{'qom-type':'memory-backend-ram','id':'m','size':1,'host-nodes':[0,1]}",
           NULL);
    expect("object-add",
           "{'qom-type':'memory-backend-ram','id':'m','size':1,'host-nodes':[70000]}",
           "Parameter 'host-nodes[0]' expects uint16_t");
}

static void nested_parameters_have_paths(void)
{
    expect("chardev-add", "{'id':'a','backend':{'type':'null','data':{}}}", NULL);
    expect("chardev-add", "{'id':'a','backend':{'type':'null'}}",
           "Parameter 'backend.data' is missing");
    expect("chardev-add", "{'id':'a','backend':{'type':'bogus','data':{}}}",
           "Parameter 'type' does not accept value 'bogus'");
    expect("chardev-add", "{'id':'a','backend':{'type':'null','data':{'x':1}}}",
           "Parameter 'backend.data.x' is unexpected");
    expect("chardev-add", "{'id':'a','backend':1}",
           "Invalid parameter type for 'backend', expected: object");
}

static void open_commands_are_not_checked(void)
{
    const SchemaCommand *cmd = schema_find_command("device_add");

    g_assert_nonnull(cmd);
    g_assert_null(cmd->args);
    g_assert_null(schema_find_command("nosuch"));
}

static void introspection_is_json(void)
{
    for (size_t i = 0; i < schema_n_entities; i++) {
        struct json_object *v = NULL;
        const char *text = schema_entities[i].text;

        g_assert_true(json_parse(text, strlen(text), &v, &error_abort));
        g_assert_true(json_object_object_get_ex(v, "meta-type", NULL));
        json_object_put(v);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/qapi/schema/members-are-checked", members_are_checked);
    g_test_add_func("/qapi/schema/enums-are-checked", enums_are_checked);
    g_test_add_func("/qapi/schema/unions-take-the-members-of-their-branch",
                    unions_take_the_members_of_their_branch);
    g_test_add_func("/qapi/schema/nested-parameters-have-paths",
                    nested_parameters_have_paths);
    g_test_add_func("/qapi/schema/open-commands-are-not-checked",
                    open_commands_are_not_checked);
    g_test_add_func("/qapi/schema/introspection-is-json", introspection_is_json);
    return g_test_run();
}
