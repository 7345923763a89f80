/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The VMware backdoor port. A guest puts a magic number into EAX, a command into ECX
 * and reads port 5658; answers come in its registers. Context: vCPU thread, BQL.
 */
#ifndef STRATA_HW_MISC_VMPORT_H
#define STRATA_HW_MISC_VMPORT_H

#include "hw/isa/isa.h"

#define TYPE_VMPORT  "vmport"
#define TYPE_VMMOUSE "vmmouse"

typedef struct VmPortState VmPortState;

enum {
    VMPORT_CMD_GETVERSION = 10,
    VMPORT_CMD_GETBIOSUUID = 19,
    VMPORT_CMD_GETRAMSIZE = 20,
    VMPORT_CMD_GETTIME = 23,
    VMPORT_CMD_ABSPOINTER_DATA = 39,
    VMPORT_CMD_ABSPOINTER_STATUS = 40,
    VMPORT_CMD_ABSPOINTER_COMMAND = 41,
    VMPORT_CMD_GETTIMEFULL = 46,
    VMPORT_CMD_GET_VCPU_INFO = 68,
    VMPORT_CMD_COUNT = 80,
};

/* The guest's registers; what a command leaves here goes back to it. */
typedef struct VmPortRegs {
    uint32_t eax, ebx, ecx, edx, esi, edi;
} VmPortRegs;

/* The return value becomes EAX. */
typedef uint32_t VmPortFn(void *opaque, VmPortRegs *regs);
void vmport_register(VmPortState *s, unsigned command, VmPortFn *fn, void *opaque);
/* The one on the bus, or NULL. */
VmPortState *vmport_find(ISABus *bus);

#endif
