/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Novell's NE2000 as an ISA card. Board interface: properties iobase, irq, mac, netdev,
 * bootindex; 32 ports, one line.
 */
#include "hw/core/loader.h"
#include "hw/isa/isa.h"
#include "hw/net/ne2000-internal.h"

#define TYPE_NE2000_ISA "ne2k_isa"
OBJECT_DECLARE_SIMPLE_TYPE(NE2000ISAState, NE2000_ISA, TYPE_NE2000_ISA)

struct NE2000ISAState {
    ISADevice parent_obj;

    NE2000State ne2000;
    uint32_t iobase, irq;
    int32_t bootindex;
};

static void ne2000_isa_reset(DeviceState *dev)
{
    NE2000ISAState *s = NE2000_ISA(dev);

    net_purge(&s->ne2000.nc);
    ne2000_reset(&s->ne2000);
}

static bool ne2000_isa_realize(DeviceState *dev, Error **errp)
{
    NE2000ISAState *s = NE2000_ISA(dev);
    ISADevice *isa = ISA_DEVICE(dev);
    IrqLine *line;

    if (s->iobase > 0x10000 - NE2000_PORTS) {
        return error_set(errp, "iobase 0x%x leaves no room for %d ports", s->iobase,
                         NE2000_PORTS);
    }
    if (!isa_connect_irq(isa, (int)MIN(s->irq, ISA_NUM_IRQS), &line, errp)) {
        return false;
    }
    memory_region_init_io(&s->ne2000.io, OBJECT(dev), &ne2000_ops, &s->ne2000, "ne2000",
                          NE2000_PORTS);
    isa_register_ioport(isa, &s->ne2000.io, (uint16_t)s->iobase);
    if (s->bootindex >= 0 &&
        !boot_order_add(s->bootindex, dev, "/ethernet-phy@0", errp)) {
        isa_unregister_ioport(isa, &s->ne2000.io);
        return false;
    }
    ne2000_init(&s->ne2000, line, TYPE_NE2000_ISA, dev->id);
    return true;
}

static void ne2000_isa_unrealize(DeviceState *dev)
{
    NE2000ISAState *s = NE2000_ISA(dev);

    if (s->bootindex >= 0) {
        boot_order_del(dev, "/ethernet-phy@0");
    }
    ne2000_cleanup(&s->ne2000);
    isa_unregister_ioport(ISA_DEVICE(dev), &s->ne2000.io);
}

static void ne2000_isa_init(Object *obj)
{
    NE2000_ISA(obj)->bootindex = -1;
}

static const VMStateDescription vmstate_ne2000_isa = {
    .name = "ne2k-isa",
    .version_id = 1,
    .minimum_version_id = 1,
    .fields =
        (const VMStateField[]){
                               VMSTATE_STRUCT(ne2000, NE2000ISAState, vmstate_ne2000_core),
                               VMSTATE_END_OF_LIST(),
                               },
};

static const Property ne2000_isa_properties[] = {
    PROP_UINT32("iobase", NE2000ISAState, iobase, 0x300),
    PROP_UINT32("irq", NE2000ISAState, irq, 9),
    NIC_PROPERTIES(NE2000ISAState, ne2000.conf),
    PROP_INT32("bootindex", NE2000ISAState, bootindex, -1),
};

static void ne2000_isa_class_init(ObjectClass *klass, const void *data)
{
    DeviceClass *dc = DEVICE_CLASS(klass);

    dc->realize = ne2000_isa_realize;
    dc->unrealize = ne2000_isa_unrealize;
    dc->reset_hold = ne2000_isa_reset;
    dc->vmsd = &vmstate_ne2000_isa;
    dc->fw_name = "ethernet";
    dc->categories = 1u << DEVICE_CATEGORY_NETWORK;
    OBJECT_CLASS_ADD_PROPERTIES(klass, ne2000_isa_properties);
}

static const TypeInfo ne2000_isa_info = {
    .name = TYPE_NE2000_ISA,
    .parent = TYPE_ISA_DEVICE,
    .instance_size = sizeof(NE2000ISAState),
    .instance_init = ne2000_isa_init,
    .class_init = ne2000_isa_class_init,
};
TYPE_REGISTER(ne2000_isa_info);
