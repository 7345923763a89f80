/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The x86 CPU object: models as types, features as properties, realize, reset, and what
 * monitors ask.
 */
#include "accel/target/i386/x86-cpu.h"
#include "accel/accel.h"
#include "accel/target/i386/blocks.h"
#include "accel/target/i386/dump.h"
#include "accel/target/i386/lockstep.h"
#include "accel/target/i386/models.h"
#include "accel/target/i386/system.h"
#include "accel/target/i386/x86-cpu-internal.h"
#include "accel/target/i386/x86-jit.h"
#include "accel/tcg/machine-phys.h"
#include "hw/intc/apic.h"
#include "util/bql.h"
#include "util/log.h"

#include <string.h>

static const X86Model *class_model(Object *obj)
{
    return ((X86CpuClass *)obj->klass)->model;
}

X86State *x86_cpu_get_state(X86Cpu *cpu)
{
    return &cpu->st;
}

X86CpuOps *x86_cpu_get_ops(X86Cpu *cpu)
{
    return &cpu->ops;
}

uint32_t x86_cpu_get_apic_id(X86Cpu *cpu)
{
    return cpu->apic_id;
}

bool x86_cpu_is_amd(X86Cpu *cpu)
{
    return !strcmp(cpu->st.ident.vendor, "AuthenticAMD");
}

void x86_cpu_get_cpuid(X86Cpu *cpu, uint32_t leaf, uint32_t subleaf, uint32_t out[4])
{
    x86_cpuid(&cpu->st, leaf, subleaf, out);
}

X86Cpu *x86_cpu_new(const char *type)
{
    return X86_CPU(device_new(type));
}

void x86_cpu_set_topology(X86Cpu *cpu, uint32_t apic_id, unsigned packages,
                          unsigned cores, unsigned threads)
{
    cpu->apic_id = apic_id;
    cpu->st.ident.packages = packages;
    cpu->st.ident.cores_per_package = MAX(cores, 1u);
    cpu->st.ident.threads_per_core = MAX(threads, 1u);
}

/* --- events from the board -------------------------------------------------------- */

static void a20_work(VCPU *vcpu, void *opaque)
{
    X86Cpu *cpu = X86_CPU(vcpu);
    bool off = !GPOINTER_TO_INT(opaque);

    if (cpu->st.a20_off != off) {
        cpu->st.a20_off = off;
        log_item(LOG_MMU, "A20 update: a20=%d\n", !off);
        x86_irq_set(&cpu->st, X86_IRQ_A20);
    }
}

void x86_cpu_set_a20(X86Cpu *cpu, int level)
{
    VCPU *vcpu = &cpu->parent_obj;

    if (current_vcpu() == vcpu) {
        a20_work(vcpu, GINT_TO_POINTER(level));
    } else {
        vcpu_queue_work(vcpu, a20_work, GINT_TO_POINTER(level));
    }
}

X86CpuPlace x86_cpu_get_place(X86Cpu *cpu)
{
    return (X86CpuPlace){ cpu->socket_id, cpu->die_id, cpu->core_id, cpu->thread_id,
                          cpu->node_id };
}

void x86_cpu_set_place(X86Cpu *cpu, const X86CpuPlace *place)
{
    cpu->socket_id = place->socket;
    cpu->die_id = place->die;
    cpu->core_id = place->core;
    cpu->thread_id = place->thread;
    cpu->node_id = place->node;
}

bool x86_cpu_has_apic(X86Cpu *cpu)
{
    return cpu->apic != NULL;
}

void x86_cpu_set_intr(X86Cpu *cpu, int level)
{
    if (level) {
        x86_irq_set(&cpu->st, X86_IRQ_HARD);
        vcpu_set_pending(&cpu->parent_obj, VCPU_PENDING_IRQ);
    } else {
        x86_irq_clear(&cpu->st, X86_IRQ_HARD);
    }
}

void x86_cpu_smi(X86Cpu *cpu)
{
    x86_irq_set(&cpu->st, X86_IRQ_SMI);
    vcpu_set_pending(&cpu->parent_obj, VCPU_PENDING_IRQ);
}

/* --- VCPU class ------------------------------------------------------------------- */

static bool has_work(VCPU *vcpu)
{
    const X86State *st = &X86_CPU(vcpu)->st;

    uint32_t p = __atomic_load_n(&st->irq_pending, __ATOMIC_SEQ_CST);

    /* A flush can wait, and must not make the order of turns another. */
    return x86_can_take(st, st->counted ? p & ~(uint32_t)X86_IRQ_FLUSH : p);
}

static hwaddr translate_debug(VCPU *vcpu, uint64_t addr, MemTxAttrs *attrs)
{
    X86State *st = &X86_CPU(vcpu)->st;
    uint64_t phys;

    vcpu_sync_state(vcpu);
    *attrs = (MemTxAttrs){ .secure = st->in_smm };
    if (!x86_translate_debug(st, addr, &phys)) {
        return HWADDR_MAX;
    }
    return phys + (addr & (TARGET_PAGE_SIZE - 1));
}

static void dump_state(VCPU *vcpu, HmpOut *out)
{
    vcpu_sync_state(vcpu);
    x86_dump_state(&X86_CPU(vcpu)->st, out);
}

static bool get_register(VCPU *vcpu, const char *name, uint64_t *value)
{
    vcpu_sync_state(vcpu);
    return x86_get_register(&X86_CPU(vcpu)->st, name, value);
}

static uint64_t get_pc(VCPU *vcpu)
{
    X86State *st = &X86_CPU(vcpu)->st;

    vcpu_sync_state(vcpu);
    return st->rip + (x86_is64(st) ? 0 : st->seg[X86_CS].base);
}

static bool tcg_exec(VCPU *vcpu)
{
    X86Cpu *cpu = X86_CPU(vcpu);
    X86State *st = &cpu->st;

    st->halted = vcpu->halted;
    st->reader = vcpu->accel_data;
    if (st->counted) {
        st->yielded = false;
        st->held = 0;
        st->jit.budget = (int32_t)vcpu->budget;
        x86_lockstep_begin(st);
    }
    x86_run(st);
    if (st->counted) {
        x86_lockstep_end(st);
        vcpu->budget = st->jit.budget;
    }
    vcpu->halted = st->halted;
    return st->yielded;
}

static int64_t tcg_budget_left(VCPU *vcpu)
{
    const X86State *st = &X86_CPU(vcpu)->st;

    /* Those of the block behind the one that is being executed are paid for already. */
    return (int64_t)st->jit.budget + st->held +
           (st->insn ? st->counted_end - st->insn - 1 : 0);
}

static void tcg_flush(VCPU *vcpu)
{
    x86_irq_set(&X86_CPU(vcpu)->st, X86_IRQ_FLUSH);
    vcpu_set_pending(vcpu, VCPU_PENDING_IRQ);
}

static DisasArch disas_arch(VCPU *vcpu)
{
    return x86_disas_arch(&X86_CPU(vcpu)->st);
}

static void tcg_kick(VCPU *vcpu)
{
    jit_env_kick(&X86_CPU(vcpu)->st.jit);
}

/* --- life ------------------------------------------------------------------------- */

static void instance_init(Object *obj)
{
    X86Cpu *cpu = (X86Cpu *)obj;
    const X86Model *m = class_model(obj);
    X86CpuIdent *id = &cpu->st.ident;
    uint32_t supported[X86_FW_COUNT];

    cpu->apic_id = UINT32_MAX;
    cpu->socket_id = cpu->core_id = cpu->thread_id = cpu->node_id = cpu->die_id = -1;
    if (!m) {
        return;
    }
    x86_supported_features(supported);
    for (unsigned k = 0; k < X86_FW_COUNT; k++) {
        /* What KVM's host lacks is said, and cut, when the CPU is realized. */
        cpu->st.features[k] = !x86_has_supported_features_hook()
                                  ? m->features[k] & supported[k]
                              : m->everything ? supported[k]
                                              : m->features[k];
    }
    g_strlcpy(id->vendor, m->vendor, sizeof(id->vendor));
    g_strlcpy(id->model_id, m->model_id, sizeof(id->model_id));
    id->family = m->family;
    id->model = m->model;
    id->stepping = m->stepping;
    id->level = m->level;
    id->xlevel = m->xlevel;
    id->phys_bits = m->phys_bits;
    id->virt_bits = x86_has(&cpu->st, X86_F_LA57) ? 57 : 48;
    id->cores_per_package = id->threads_per_core = id->packages = 1;
    cpu->st.ops = &cpu->ops;
    cpu->st.exit_request = &cpu->parent_obj.pending;
}

static void reset(DeviceState *dev)
{
    X86Cpu *cpu = X86_CPU(dev);
    bool bsp = true;

    if (log_enabled(LOG_CPU_RESET)) {
        x86_log_state(&cpu->st, true, "CPU Reset (CPU %d)\n", cpu->parent_obj.index);
    }
    x86_state_reset(&cpu->st);
    if (cpu->apic) {
        apic_reset(cpu->apic);
        bsp = cpu->ops.apic_get_base(cpu->st.apic) & APIC_BASE_BSP;
    }
    cpu->st.wait_sipi = cpu->st.halted = !bsp;
    cpu->parent_obj.halted = cpu->st.halted;
    memset(&cpu->kvm, 0, offsetof(X86KvmState, nested));
    vcpu_state_written(&cpu->parent_obj, VCPU_STATE_RESET);
}

/* A CPU is on no bus, so it asks to be reset with the machine. */
static void machine_reset(void *opaque)
{
    reset(opaque);
}

/*
 * Plugging ends with a reset of the device; but realize has done it, before the thread
 * began, and by now the processor may be running.
 */
static void reset_hold(DeviceState *dev)
{
    if (dev->realized) {
        reset(dev);
    }
}

/* "CPUID.01H:ECX.pni [bit 0]", as tools know it. */
static void warn_missing(unsigned word, unsigned bit)
{
    static const char *const registers[X86_FW_COUNT] = {
        [X86_FW_1_EDX] = "01H:EDX",
        [X86_FW_1_ECX] = "01H:ECX",
        [X86_FW_7_EBX] = "07H:EBX",
        [X86_FW_7_ECX] = "07H:ECX",
        [X86_FW_7_EDX] = "07H:EDX",
        [X86_FW_80000001_EDX] = "80000001H:EDX",
        [X86_FW_80000001_ECX] = "80000001H:ECX",
        [X86_FW_80000007_EDX] = "80000007H:EDX",
        [X86_FW_80000008_EBX] = "80000008H:EBX",
        [X86_FW_D_1_EAX] = "0DH:EAX",
        [X86_FW_6_EAX] = "06H:EAX",
        [X86_FW_8000000A_EDX] = "8000000AH:EDX",
    };
    const char *name = NULL;

    for (unsigned k = 0; k < x86_feature_name_count && !name; k++) {
        if (x86_feature_names[k].feature == word * 32 + bit) {
            name = x86_feature_names[k].name;
        }
    }
    warn_report("host doesn't support requested feature: CPUID.%s%s%s [bit %u]",
                registers[word], name ? "." : "", name ? name : "", bit);
}

static void cut_to_supported(X86Cpu *cpu)
{
    static uint32_t warned[X86_FW_COUNT]; /* BQL; once for all CPUs */
    uint32_t supported[X86_FW_COUNT];

    x86_supported_features(supported);
    for (unsigned k = 0; k < X86_FW_COUNT; k++) {
        uint32_t missing = cpu->st.features[k] & ~supported[k] & ~warned[k];

        cpu->st.features[k] &= supported[k];
        if (!x86_has_supported_features_hook()) {
            continue;
        }
        warned[k] |= missing;
        for (; missing; missing &= missing - 1) {
            warn_missing(k, (unsigned)__builtin_ctz(missing));
        }
    }
}

static bool realize(DeviceState *dev, Error **errp)
{
    X86Cpu *cpu = X86_CPU(dev);
    VCPU *vcpu = &cpu->parent_obj;

    if (cpu->apic_id == UINT32_MAX) {
        return error_set(errp, "apic-id property was not initialized properly");
    }
    cpu->st.ident.apic_id = cpu->apic_id;
    cut_to_supported(cpu);
    if (!x86_jit_new(&cpu->st, errp)) {
        return false;
    }
    x86_blocks_new(&cpu->st);
    machine_phys_init(&cpu->phys, vcpu);
    cpu->st.phys = &cpu->phys.base;
    if (x86_has(&cpu->st, X86_F_APIC) || cpu->st.ident.packages > 1) {
        cpu->apic = apic_new(vcpu, &cpu->st, cpu->apic_id);
        apic_init_cpu_ops(&cpu->ops);
        cpu->st.apic = cpu->apic;
        if (!apic_realize(cpu->apic, errp)) {
            return false;
        }
    }
    if (!((X86CpuClass *)OBJECT(dev)->klass)->parent_realize(dev, errp)) {
        return false;
    }
    reset(dev);
    register_reset_handler(machine_reset, cpu);
    vcpu_start_thread(vcpu);
    return true;
}

static void unrealize(DeviceState *dev)
{
    X86Cpu *cpu = X86_CPU(dev);

    unregister_reset_handler(machine_reset, cpu);
    ((X86CpuClass *)OBJECT(dev)->klass)->parent_unrealize(dev);
    if (cpu->apic) {
        device_unparent(DEVICE(cpu->apic));
        cpu->apic = NULL;
        cpu->st.apic = NULL;
    }
    x86_blocks_free(&cpu->st);
    x86_jit_free(&cpu->st);
}

/* --- properties ------------------------------------------------------------------- */

/* clang-format off */
static const Property properties[] = {
    PROP_UINT32("apic-id", X86Cpu, apic_id, UINT32_MAX),
    PROP_INT32("thread-id", X86Cpu, thread_id, -1),
    PROP_INT32("core-id", X86Cpu, core_id, -1),
    PROP_INT32("die-id", X86Cpu, die_id, -1),
    PROP_INT32("socket-id", X86Cpu, socket_id, -1),
    PROP_INT32("node-id", X86Cpu, node_id, -1),
    { PROP_("level", X86Cpu, st.ident.level, prop_uint32, uint32_t) },
    { PROP_("xlevel", X86Cpu, st.ident.xlevel, prop_uint32, uint32_t) },
    { PROP_("family", X86Cpu, st.ident.family, prop_uint32, uint32_t) },
    { PROP_("model", X86Cpu, st.ident.model, prop_uint32, uint32_t) },
    { PROP_("stepping", X86Cpu, st.ident.stepping, prop_uint32, uint32_t) },
    { PROP_("phys-bits", X86Cpu, st.ident.phys_bits, prop_uint8, uint8_t) },
};
/* clang-format on */

static void add_feature_properties(ObjectClass *klass)
{
    Property *rows = g_new0(Property, x86_feature_name_count);

    for (unsigned k = 0; k < x86_feature_name_count; k++) {
        const X86FeatureName *f = &x86_feature_names[k];

        rows[k].name = f->name;
        rows[k].type = &prop_bit;
        rows[k].offset = offsetof(X86Cpu, st.features) + 4 * (f->feature >> 5);
        rows[k].bit = f->feature & 31;
    }
    object_class_add_properties(klass, rows, x86_feature_name_count);
}

const char *x86_cpu_parse_model(const char *text, Error **errp)
{
    g_auto(GStrv) parts = g_strsplit(text ? text : "qemu64", ",", -1);
    g_autofree char *wanted = g_strconcat(parts[0], X86_CPU_TYPE_SUFFIX, NULL);
    ObjectClass *klass = object_class_by_name(wanted);
    GArray *globals = g_array_new(false, true, sizeof(GlobalProperty));
    const char *type;

    if (!klass) {
        g_array_free(globals, true);
        error_set(errp, "unable to find CPU model '%s'", parts[0]);
        return NULL;
    }
    type = object_class_get_name(klass);
    for (char **p = parts + 1; *p; p++) {
        const char *eq = strchr(*p, '=');
        bool sign = **p == '+' || **p == '-';
        g_autofree char *name = sign ? g_strdup(*p + 1)
                                : eq ? g_strndup(*p, eq - *p)
                                     : g_strdup(*p);
        GlobalProperty g = { .driver = type, .user = true };

        g_strdelimit(name, "_", '-');
        if (!object_class_property_find(klass, name)) {
            g_array_free(globals, true);
            error_set(errp, "Property '%s.%s' not found", type, name);
            return NULL;
        }
        g.property = g_steal_pointer(&name);
        g.value = sign ? (**p == '+' ? "on" : "off") : eq ? g_strdup(eq + 1) : "on";
        g_array_append_val(globals, g);
    }
    if (globals->len) {
        unsigned n = globals->len;

        device_register_globals((GlobalProperty *)g_array_free(globals, false), n);
    } else {
        g_array_free(globals, true);
    }
    return type;
}

/* --- types ------------------------------------------------------------------------ */

static void base_class_init(ObjectClass *klass, const void *data)
{
    DeviceClass *dc = DEVICE_CLASS(klass);
    VCPUClass *vc = (VCPUClass *)klass;
    X86CpuClass *xc = (X86CpuClass *)klass;

    xc->parent_realize = dc->realize;
    xc->parent_unrealize = dc->unrealize;
    dc->realize = realize;
    dc->unrealize = unrealize;
    dc->reset_hold = reset_hold;
    dc->vmsd = &x86_cpu_vmstate;
    dc->user_creatable = true;
    dc->hotpluggable = true;
    vc->arch = "x86_64";
    vc->has_work = has_work;
    vc->translate_debug = translate_debug;
    vc->dump_state = dump_state;
    vc->get_register = get_register;
    vc->get_pc = get_pc;
    vc->tcg_exec = tcg_exec;
    vc->tcg_budget_left = tcg_budget_left;
    vc->tcg_flush = tcg_flush;
    vc->tcg_kick = tcg_kick;
    vc->disas_arch = disas_arch;
    OBJECT_CLASS_ADD_PROPERTIES(klass, properties);
    add_feature_properties(klass);
}

static void model_class_init(ObjectClass *klass, const void *data)
{
    X86CpuClass *xc = (X86CpuClass *)klass;

    xc->model = data;
    DEVICE_CLASS(klass)->desc = xc->model->desc;
}

static const TypeInfo x86_cpu_info = {
    .name = TYPE_X86_CPU,
    .parent = TYPE_VCPU,
    .instance_size = sizeof(X86Cpu),
    .class_size = sizeof(X86CpuClass),
    .abstract = true,
    .instance_init = instance_init,
    .class_init = base_class_init,
};
TYPE_REGISTER(x86_cpu_info);

/* Before main(): one type for each model. */
static void __attribute__((constructor)) register_models(void)
{
    static TypeInfo infos[64];
    static char names[64][32];

    g_assert(x86_model_count <= G_N_ELEMENTS(infos));
    for (unsigned k = 0; k < x86_model_count; k++) {
        g_snprintf(names[k], sizeof(names[k]), "%s" X86_CPU_TYPE_SUFFIX,
                   x86_models[k].name);
        infos[k] = (TypeInfo){ .name = names[k],
                               .parent = TYPE_X86_CPU,
                               .class_init = model_class_init,
                               .class_data = &x86_models[k] };
        type_register(&infos[k]);
    }
}
