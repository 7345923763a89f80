/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The Intel 82371SB (PIIX3) PCI-to-ISA bridge: ISA bus, PCI interrupt routing onto ISA
 * lines, reset control register cf9. Context: BQL.
 *
 * A board makes it at 00:01.0 (multifunction) with piix3_create(), which also takes the
 * PCI bus's interrupts; then makes the interrupt controllers on the ISA bus and gives
 * the bus its lines (isa_bus_register_input_irqs): routed PCI interrupts drive those.
 * Named output "reset": pulsed when the guest asks for a reset through cf9.
 */
#ifndef STRATA_HW_ISA_PIIX3_H
#define STRATA_HW_ISA_PIIX3_H

#include "hw/isa/isa.h"
#include "hw/pci/pci.h"

#define TYPE_PIIX3       "PIIX3"
#define PIIX3_RESET_GPIO "reset"
#define PIIX3_NUM_PIRQS  4

PCIDevice *piix3_create(PCIBus *bus, int devfn, Error **errp) WARN_UNUSED;
ISABus *piix3_get_isa_bus(PCIDevice *piix3);

#endif
