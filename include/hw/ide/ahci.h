/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The AHCI controller of an ICH9, for boards: six ports, each a bus "ide.N" for one
 * ide-hd or ide-cd. Context: BQL.
 */
#ifndef STRATA_HW_IDE_AHCI_H
#define STRATA_HW_IDE_AHCI_H

#include "hw/ide/ide.h"
#include "hw/pci/pci.h"

#define TYPE_ICH9_AHCI  "ich9-ahci"
#define AHCI_ICH9_PORTS 6

IDEBus *ich9_ahci_get_bus(PCIDevice *ahci, int port);

#endif
