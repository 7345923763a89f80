/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What monitors ask about the accelerator. Context: BQL. */
#include "accel/accel.h"
#include "qapi/command.h"

static bool is_built(const char *type)
{
    return object_class_by_name(type) != NULL;
}

static bool qmp_query_kvm(struct json_object *args, struct json_object **ret,
                          Error **errp)
{
    *ret = json_object_new_object();
    json_add_bool(*ret, "enabled", accel_is("kvm"));
    json_add_bool(*ret, "present", is_built("kvm-accel"));
    return true;
}
QMP_COMMAND("query-kvm", qmp_query_kvm, 0);

static void hmp_info_kvm(HmpOut *out, HmpArgs *args)
{
    hmp_printf(out, "kvm support: %s\n",
               accel_is("kvm")         ? "enabled"
               : is_built("kvm-accel") ? "disabled"
                                       : "not compiled");
}
HMP_INFO("kvm", "", "", "show KVM information", hmp_info_kvm);
