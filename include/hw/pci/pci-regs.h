/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Registers of PCI configuration space. Source: PCI Local Bus Specification 3.0,
 * chapter 6; PCI-to-PCI Bridge Architecture Specification 1.2, chapter 3. Offsets are
 * in bytes from the start of the function's configuration space.
 */
#ifndef STRATA_HW_PCI_PCI_REGS_H
#define STRATA_HW_PCI_PCI_REGS_H

#define PCI_CONFIG_SPACE_SIZE  0x100
#define PCIE_CONFIG_SPACE_SIZE 0x1000
#define PCI_CONFIG_HEADER_SIZE 0x40

/* --- Header, all types --- */
#define PCI_VENDOR_ID           0x00 /* 16 bits */
#define PCI_DEVICE_ID           0x02 /* 16 bits */
#define PCI_COMMAND             0x04 /* 16 bits */
#define PCI_COMMAND_IO          0x0001
#define PCI_COMMAND_MEMORY      0x0002
#define PCI_COMMAND_MASTER      0x0004
#define PCI_COMMAND_SPECIAL     0x0008
#define PCI_COMMAND_INVALIDATE  0x0010
#define PCI_COMMAND_VGA_PALETTE 0x0020
#define PCI_COMMAND_PARITY      0x0040
#define PCI_COMMAND_SERR        0x0100
#define PCI_COMMAND_FAST_BACK   0x0200
#define PCI_COMMAND_INTX_OFF    0x0400
#define PCI_STATUS              0x06 /* 16 bits */
#define PCI_STATUS_INTERRUPT    0x0008
#define PCI_STATUS_CAP_LIST     0x0010
#define PCI_STATUS_66MHZ        0x0020
#define PCI_STATUS_FAST_BACK    0x0080
#define PCI_STATUS_PARITY       0x0100
#define PCI_STATUS_DEVSEL_MED   0x0200
#define PCI_STATUS_SIG_TABORT   0x0800
#define PCI_STATUS_REC_TABORT   0x1000
#define PCI_STATUS_REC_MABORT   0x2000
#define PCI_STATUS_SIG_SERR     0x4000
#define PCI_STATUS_DET_PARITY   0x8000
#define PCI_REVISION_ID         0x08 /* 8 bits */
#define PCI_CLASS_PROG          0x09 /* 8 bits */
#define PCI_CLASS_DEVICE        0x0a /* 16 bits: subclass, base class */
#define PCI_CACHE_LINE_SIZE     0x0c /* 8 bits */
#define PCI_LATENCY_TIMER       0x0d /* 8 bits */
#define PCI_HEADER_TYPE         0x0e /* 8 bits */
#define PCI_HEADER_TYPE_NORMAL  0x00
#define PCI_HEADER_TYPE_BRIDGE  0x01
#define PCI_HEADER_MULTI        0x80
#define PCI_BIST                0x0f /* 8 bits */
#define PCI_BASE_ADDRESS_0      0x10 /* 32 bits each; six, or two in a bridge */
#define PCI_CAPABILITY_LIST     0x34 /* 8 bits: first capability */
#define PCI_INTERRUPT_LINE      0x3c /* 8 bits */
#define PCI_INTERRUPT_PIN       0x3d /* 8 bits: 0 none, 1 INTA ... 4 INTD */

/* --- Header type 0 --- */
#define PCI_SUBSYSTEM_VENDOR_ID 0x2c /* 16 bits */
#define PCI_SUBSYSTEM_ID        0x2e /* 16 bits */
#define PCI_ROM_ADDRESS         0x30 /* 32 bits */
#define PCI_ROM_ADDRESS_ENABLE  0x01
#define PCI_MIN_GNT             0x3e
#define PCI_MAX_LAT             0x3f

/* --- Header type 1 (bridge) --- */
#define PCI_PRIMARY_BUS         0x18
#define PCI_SECONDARY_BUS       0x19
#define PCI_SUBORDINATE_BUS     0x1a
#define PCI_SEC_LATENCY_TIMER   0x1b
#define PCI_IO_BASE             0x1c
#define PCI_IO_LIMIT            0x1d
#define PCI_IO_RANGE_TYPE_MASK  0x0f
#define PCI_IO_RANGE_TYPE_32    0x01
#define PCI_SEC_STATUS          0x1e /* 16 bits */
#define PCI_MEMORY_BASE         0x20 /* 16 bits */
#define PCI_MEMORY_LIMIT        0x22 /* 16 bits */
#define PCI_PREF_MEMORY_BASE    0x24 /* 16 bits */
#define PCI_PREF_MEMORY_LIMIT   0x26 /* 16 bits */
#define PCI_PREF_RANGE_TYPE_64  0x01
#define PCI_PREF_BASE_UPPER32   0x28
#define PCI_PREF_LIMIT_UPPER32  0x2c
#define PCI_IO_BASE_UPPER16     0x30
#define PCI_IO_LIMIT_UPPER16    0x32
#define PCI_BRIDGE_ROM_ADDRESS  0x38
#define PCI_BRIDGE_CONTROL      0x3e /* 16 bits */
#define PCI_BRIDGE_CTL_PARITY   0x0001
#define PCI_BRIDGE_CTL_SERR     0x0002
#define PCI_BRIDGE_CTL_ISA      0x0004
#define PCI_BRIDGE_CTL_VGA      0x0008
#define PCI_BRIDGE_CTL_VGA_16   0x0010
#define PCI_BRIDGE_CTL_MABORT   0x0020
#define PCI_BRIDGE_CTL_RESET    0x0040
#define PCI_BRIDGE_CTL_FASTB2B  0x0080
#define PCI_BRIDGE_CTL_TIMERS   0x0b00 /* discard timers and SERR enable */
#define PCI_BRIDGE_CTL_TIMER_ST 0x0400 /* discard timer status */

/* --- Base address registers --- */
#define PCI_BAR_IO           0x01
#define PCI_BAR_MEM          0x00
#define PCI_BAR_MEM_1M       0x02
#define PCI_BAR_MEM_64       0x04
#define PCI_BAR_MEM_PREFETCH 0x08

/* --- Capabilities --- */
#define PCI_CAP_ID_PM           0x01
#define PCI_CAP_ID_AGP          0x02
#define PCI_CAP_ID_SLOTID       0x04
#define PCI_CAP_ID_MSI          0x05
#define PCI_CAP_ID_VENDOR       0x09
#define PCI_CAP_ID_SHPC         0x0c
#define PCI_CAP_ID_BRIDGE_SSVID 0x0d
#define PCI_CAP_ID_EXPRESS      0x10
#define PCI_CAP_ID_MSIX         0x11
#define PCI_CAP_ID_SATA         0x12
#define PCI_CAP_ID_AF           0x13

/* --- Classes (base class << 8 | subclass) --- */
#define PCI_CLASS_STORAGE_SCSI 0x0100
#define PCI_CLASS_STORAGE_IDE  0x0101
#define PCI_CLASS_STORAGE_SATA 0x0106
#define PCI_CLASS_NETWORK_ETH  0x0200
#define PCI_CLASS_DISPLAY_VGA  0x0300
#define PCI_CLASS_BRIDGE_HOST  0x0600
#define PCI_CLASS_BRIDGE_ISA   0x0601
#define PCI_CLASS_BRIDGE_PCI   0x0604
#define PCI_CLASS_BRIDGE_OTHER 0x0680
#define PCI_CLASS_SYSTEM_OTHER 0x0880
#define PCI_CLASS_SERIAL_USB   0x0c03
#define PCI_CLASS_SERIAL_SMBUS 0x0c05
#define PCI_CLASS_OTHERS       0x00ff

/* --- Vendors --- */
#define PCI_VENDOR_ID_INTEL  0x8086
#define PCI_VENDOR_ID_REDHAT 0x1b36
#define PCI_VENDOR_ID_STDVGA 0x1234
/* Subsystem of models that have none of their own. */
#define PCI_SUBVENDOR_DEFAULT 0x1af4
#define PCI_SUBDEVICE_DEFAULT 0x1100

#endif
