/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * AHCI host bus adapter: registers and ports. Source: Serial ATA Advanced Host
 * Controller Interface 1.3. ahci.c has the registers, ahci-command.c runs command
 * lists, ahci-ncq.c queued commands; a PCI function embeds an AhciState.
 *
 *   PxCI written -> bottom half -> ahci_run(): header, table, FIS
 *     not queued: ide_issue_task() -> [PIO block or DMA through the PRDT]* -> finished
 *     queued: acknowledged at once, then [block read -> PRDT]* or [PRDT -> write]*
 *
 * A1: while slot >= 0 the drive runs that slot's command and no other is fetched.
 * A2: nothing is kept of guest memory but copies: header, PRDT entry in work.
 */
#ifndef STRATA_HW_IDE_AHCI_INTERNAL_H
#define STRATA_HW_IDE_AHCI_INTERNAL_H

#include "hw/ide/ahci.h"
#include "hw/ide/ide-internal.h"

#define AHCI_SLOTS     32
#define AHCI_MAX_PORTS 6
#define AHCI_BAR_SIZE  0x1000
#define AHCI_IDP_SIZE  0x20

/* --- PxIS (3.3.5) --- */
#define PORT_IS_DHRS 0x00000001u
#define PORT_IS_PSS  0x00000002u
#define PORT_IS_DSS  0x00000004u
#define PORT_IS_SDBS 0x00000008u
#define PORT_IS_OFS  0x01000000u
#define PORT_IS_HBFS 0x20000000u
#define PORT_IS_TFES 0x40000000u
#define PORT_IS_MASK 0xfdc000ffu

/* --- PxCMD (3.3.7) --- */
#define PORT_CMD_ST    0x00000001u
#define PORT_CMD_SUD   0x00000002u
#define PORT_CMD_POD   0x00000004u
#define PORT_CMD_CLO   0x00000008u
#define PORT_CMD_FRE   0x00000010u
#define PORT_CMD_FR    0x00004000u
#define PORT_CMD_CR    0x00008000u
#define PORT_CMD_WMASK 0x0f000017u /* ALPE, ASP, DLAE, ATAPI, FRE, POD, SUD, ST */

/* --- Frame information structures (Serial ATA 2.6, 10.3) --- */
#define FIS_H2D_REGISTER 0x27
#define FIS_D2H_REGISTER 0x34
#define FIS_PIO_SETUP    0x5f
#define FIS_SDB          0xa1
#define FIS_INTERRUPT    0x40
#define FIS_MAX_BYTES    64

/* Where a slot's data goes: the table's entries, in order. */
typedef struct AhciPrdt {
    uint64_t next; /* address of the next entry */
    uint32_t left; /* entries after the one in work */
    uint64_t addr; /* what remains of that one */
    uint32_t len;
    bool fault; /* memory did not answer */
} AhciPrdt;

struct AhciPort;

/* A queued command at work. */
typedef struct AhciNcq {
    struct AhciPort *port;
    uint8_t tag;
    bool active;
    bool is_write;
    uint64_t lba;
    uint32_t sectors; /* left */
    uint32_t chunk;   /* bytes in the buffer or on the way to it */
    uint8_t *buffer;
    AhciPrdt prdt;
} AhciNcq;

typedef struct AhciPort {
    IDEBus bus;
    /* Registers, migrated. */
    uint64_t clb, fb;
    uint32_t is, ie, cmd, tfd, sig, ssts, sctl, serr, sact, ci;
    bool halted;         /* after an error, until ST is cleared */
    bool signature_sent; /* the first FIS after a reset */
    /* The command in progress; none when state is saved. */
    int slot; /* -1: none */
    uint64_t header;
    bool packet;
    AhciPrdt prdt;
    uint32_t moved; /* bytes */
    bool running;   /* in ahci_settle */
    AhciNcq ncq[AHCI_SLOTS];
    /* private */
    struct AhciState *hba;
} AhciPort;

typedef struct AhciState {
    MemoryRegion mem; /* "ahci" */
    MemoryRegion idp; /* "ahci-idp" */
    /* Registers, migrated. */
    uint32_t ghc, is, idp_index;
    AhciPort ports[AHCI_MAX_PORTS];
    bool irq_level;
    /* private */
    unsigned num_ports;
    PCIDevice *pci;
    BottomHalf *bh;
    uint32_t run_pending; /* ports that it is to look at */
} AhciState;

/* In the function's realize. */
void ahci_init(AhciState *s, PCIDevice *pci, unsigned num_ports);
void ahci_fini(AhciState *s);
void ahci_reset(AhciState *s);
extern const VMStateDescription vmstate_ahci;

/* --- ahci.c, for the others --- */
/* Note an event of the port and drive the interrupt. */
void ahci_port_event(AhciPort *p, uint32_t bits);
/* Copy a FIS of @len bytes to @offset of the receive area, if that is enabled. */
void ahci_post_fis(AhciPort *p, unsigned offset, const uint8_t *fis, size_t len);
void ahci_schedule(AhciPort *p);

/* --- ahci-command.c --- */
extern const IDEDmaOps ahci_dma_ops;
/* Fetch and start what PxCI asks for. */
void ahci_run(AhciPort *p);
/* Go on with the command in progress as far as it goes. */
void ahci_settle(AhciPort *p);
/* Register FIS of the drive's present state; sets PxTFD. @interrupt: bit I. */
void ahci_send_d2h(AhciPort *p, bool interrupt);
/* ST was cleared or the port was reset: drop everything. */
void ahci_abort_commands(AhciPort *p);
/* The bus is out of its reset: the drive sends its signature. */
void ahci_send_signature(AhciPort *p);
/* Move between @buf and the table's ranges; returns bytes moved. */
uint32_t ahci_prdt_move(AhciPort *p, AhciPrdt *prdt, void *buf, uint32_t len,
                        bool to_memory);

/* --- ahci-ncq.c --- */
bool ahci_is_queued(uint8_t command);
/* Start it; @fis is the copied H2D FIS. */
void ahci_ncq_start(AhciPort *p, int slot, const uint8_t *fis, const AhciPrdt *prdt);
/* Forget what is at work; buffers are freed when their requests end. */
void ahci_ncq_abort(AhciPort *p);
void ahci_ncq_drain(AhciPort *p);

#endif
