/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * TcgPhys on the memory core: what a vCPU of a machine uses.
 */
#ifndef ACCEL_TCG_MACHINE_PHYS_H
#define ACCEL_TCG_MACHINE_PHYS_H

#include "accel/tcg/phys.h"

typedef struct VCPU VCPU;

typedef struct MachinePhys {
    TcgPhys base;
    VCPU *vcpu;
} MachinePhys;

void machine_phys_init(MachinePhys *mp, VCPU *vcpu);

#endif
