/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The x86 CPU as an object of the machine: a VCPU with an X86State, made from a model
 * by name ("qemu64", "max", ...), with one property for each feature.
 *
 * A machine makes its CPUs so:
 *
 *     const char *type = x86_cpu_parse_model(ms->cpu_model, errp);    once
 *     X86Cpu *cpu = x86_cpu_new(type);                                for each
 *     x86_cpu_set_topology(cpu, apic_id, sockets, cores, threads);
 *     X86CpuOps *ops = x86_cpu_get_ops(cpu);                         board's entries
 *     ops->pic_read_irq = ...; x86_cpu_get_state(cpu)->board = board;
 *     vcpu_add_address_space(...);       [0] memory, [1] the SMM view if there is one
 *     device_realize_and_unref(DEVICE(cpu), NULL, errp);
 *
 * Context: BQL for everything.
 */
#ifndef ACCEL_TARGET_I386_X86_CPU_H
#define ACCEL_TARGET_I386_X86_CPU_H

#include "accel/target/i386/cpu.h"
#include "accel/vcpu.h"

#define TYPE_X86_CPU         "x86_64-cpu"
#define X86_CPU_TYPE_SUFFIX  "-" TYPE_X86_CPU
#define X86_CPU_DEFAULT_TYPE "qemu64" X86_CPU_TYPE_SUFFIX

typedef struct X86Cpu X86Cpu;

static inline X86Cpu *X86_CPU(const void *obj)
{
    return (X86Cpu *)object_cast((const Object *)obj, TYPE_X86_CPU);
}

/*
 * "-cpu MODEL[,+FEATURE][,-FEATURE][,PROP=VALUE]...": checks it and registers the
 * properties for all CPUs of the type, also those plugged later.  NULL means qemu64.
 * Returns the type name, valid for ever, or NULL and an error.
 */
const char *x86_cpu_parse_model(const char *text, Error **errp) WARN_UNUSED;

/* A new, unrealized CPU; the caller owns the reference. */
X86Cpu *x86_cpu_new(const char *type);

/* Before realize. @cores and @threads per package and core. */
void x86_cpu_set_topology(X86Cpu *cpu, uint32_t apic_id, unsigned packages,
                          unsigned cores, unsigned threads);

/* Where it sits, as the properties socket-id, ... have it; -1: not given. */
typedef struct X86CpuPlace {
    int32_t socket, die, core, thread, node;
} X86CpuPlace;
X86CpuPlace x86_cpu_get_place(X86Cpu *cpu);
void x86_cpu_set_place(X86Cpu *cpu, const X86CpuPlace *place);

X86State *x86_cpu_get_state(X86Cpu *cpu);
X86CpuOps *x86_cpu_get_ops(X86Cpu *cpu);
uint32_t x86_cpu_get_apic_id(X86Cpu *cpu); /* UINT32_MAX: not given */
/* Is the vendor AMD?  The firmware tables depend on it. */
bool x86_cpu_is_amd(X86Cpu *cpu);
/* What CPUID answers: EAX, EBX, ECX, EDX.  The CPU is realized. */
void x86_cpu_get_cpuid(X86Cpu *cpu, uint32_t leaf, uint32_t subleaf, uint32_t out[4]);

/* The A20 line of the board: addresses have bit 20 cleared while @level is 0. */
void x86_cpu_set_a20(X86Cpu *cpu, int level);
/* The INTR pin of a CPU without local APIC; with one the APIC has it. */
void x86_cpu_set_intr(X86Cpu *cpu, int level);
bool x86_cpu_has_apic(X86Cpu *cpu); /* realized */
/* System management interrupt from the chipset. */
void x86_cpu_smi(X86Cpu *cpu);

#endif
