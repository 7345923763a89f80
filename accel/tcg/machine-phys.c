/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Physical accesses of a vCPU through its address spaces.
 */
#include "accel/tcg/machine-phys.h"
#include "accel/vcpu.h"

static const uint8_t DIRTY_CLIENTS =
    1 << DIRTY_MEMORY_VGA | 1 << DIRTY_MEMORY_MIGRATION;

static AddressSpace *space_of(TcgPhys *phys, unsigned space)
{
    VCPU *vcpu = ((MachinePhys *)phys)->vcpu;

    return vcpu->as[(int)space < vcpu->num_ases ? space : 0];
}

static MemTxAttrs attrs_of(unsigned space)
{
    return (MemTxAttrs){ .secure = space == 1 };
}

static bool lookup(TcgPhys *phys, unsigned space, uint64_t addr, TcgPhysPage *page)
{
    return address_space_lookup_page(space_of(phys, space), addr, attrs_of(space),
                                     &page->host, &page->ram_addr, &page->readonly);
}

static uint64_t phys_read(TcgPhys *phys, unsigned space, uint64_t addr, unsigned size)
{
    AddressSpace *as = space_of(phys, space);
    MemTxAttrs a = attrs_of(space);

    switch (size) {
    case 1:
        return address_space_ldub(as, addr, a, NULL);
    case 2:
        return address_space_lduw_le(as, addr, a, NULL);
    case 4:
        return address_space_ldl_le(as, addr, a, NULL);
    default:
        return address_space_ldq_le(as, addr, a, NULL);
    }
}

static void phys_write(TcgPhys *phys, unsigned space, uint64_t addr, uint64_t v,
                       unsigned size)
{
    AddressSpace *as = space_of(phys, space);
    MemTxAttrs a = attrs_of(space);

    switch (size) {
    case 1:
        address_space_stb(as, addr, v, a, NULL);
        break;
    case 2:
        address_space_stw_le(as, addr, v, a, NULL);
        break;
    case 4:
        address_space_stl_le(as, addr, v, a, NULL);
        break;
    default:
        address_space_stq_le(as, addr, v, a, NULL);
        break;
    }
}

static uint32_t io_read(TcgPhys *phys, uint16_t port, unsigned size)
{
    switch (size) {
    case 1:
        return address_space_ldub(&address_space_io, port, MEMTXATTRS_UNSPECIFIED,
                                  NULL);
    case 2:
        return address_space_lduw_le(&address_space_io, port, MEMTXATTRS_UNSPECIFIED,
                                     NULL);
    default:
        return address_space_ldl_le(&address_space_io, port, MEMTXATTRS_UNSPECIFIED,
                                    NULL);
    }
}

static void io_write(TcgPhys *phys, uint16_t port, uint32_t v, unsigned size)
{
    switch (size) {
    case 1:
        address_space_stb(&address_space_io, port, v, MEMTXATTRS_UNSPECIFIED, NULL);
        break;
    case 2:
        address_space_stw_le(&address_space_io, port, v, MEMTXATTRS_UNSPECIFIED, NULL);
        break;
    default:
        address_space_stl_le(&address_space_io, port, v, MEMTXATTRS_UNSPECIFIED, NULL);
        break;
    }
}

static bool is_dirty(TcgPhys *phys, uint64_t ram_addr)
{
    return !(ram_dirty_clients_clean(ram_addr) & DIRTY_CLIENTS);
}

static bool mark_dirty(TcgPhys *phys, uint64_t ram_addr, unsigned len)
{
    uint8_t clean = ram_dirty_clients_clean(ram_addr) & DIRTY_CLIENTS;

    if (clean) {
        ram_dirty_set(ram_addr, len, clean);
    }
    return true;
}

static const TcgPhysOps ops = {
    .lookup = lookup,
    .read = phys_read,
    .write = phys_write,
    .io_read = io_read,
    .io_write = io_write,
    .mark_dirty = mark_dirty,
    .is_dirty = is_dirty,
};

void machine_phys_init(MachinePhys *mp, VCPU *vcpu)
{
    mp->base.ops = &ops;
    mp->vcpu = vcpu;
}
