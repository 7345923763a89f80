/* SPDX-License-Identifier: GPL-2.0-or-later */
/* IOMMU regions: who is told when translations change. Context: BQL. */
#include "memory-internal.h"

#include "util/bql.h"

enum { NOTIFY_MAP = 1, NOTIFY_UNMAP = 2 };

void memory_region_register_iommu_notifier(MemoryRegion *mr, IOMMUNotifier *n)
{
    IOMMUMemoryRegion *iommu;

    while (mr->alias) {
        mr = mr->alias;
    }
    assert(bql_is_held() && mr->is_iommu && n->start <= n->end);
    iommu = (IOMMUMemoryRegion *)mr;
    n->next = iommu->notifiers;
    iommu->notifiers = n;
}

void memory_region_unregister_iommu_notifier(MemoryRegion *mr, IOMMUNotifier *n)
{
    while (mr->alias) {
        mr = mr->alias;
    }
    assert(bql_is_held() && mr->is_iommu);
    for (IOMMUNotifier **p = &((IOMMUMemoryRegion *)mr)->notifiers; *p;
         p = &(*p)->next) {
        if (*p == n) {
            *p = n->next;
            return;
        }
    }
    g_assert_not_reached();
}

/* The entry clipped to what the notifier asked for. */
static void notify_one(IOMMUNotifier *n, const IOMMUTLBEntry *entry)
{
    hwaddr last = entry->iova + entry->addr_mask;

    if (n->start > last || n->end < entry->iova) {
        return;
    }
    n->notify(n, entry);
}

void memory_region_notify_iommu(IOMMUMemoryRegion *iommu, int iommu_idx,
                                const IOMMUTLBEntry *entry, uint32_t flag)
{
    IOMMUNotifier *next;

    assert(bql_is_held());
    for (IOMMUNotifier *n = iommu->notifiers; n; n = next) {
        next = n->next;
        if (n->iommu_idx == iommu_idx && (n->flags & flag)) {
            notify_one(n, entry);
        }
    }
}

void memory_region_iommu_replay(IOMMUMemoryRegion *iommu, IOMMUNotifier *n)
{
    IOMMUMemoryRegionClass *klass =
        (IOMMUMemoryRegionClass *)object_get_class(OBJECT(iommu));
    MemoryRegion *mr = &iommu->parent_obj;
    uint64_t page =
        klass->get_min_page_size ? klass->get_min_page_size(iommu) : TARGET_PAGE_SIZE;
    hwaddr last =
        MIN(n->end, mr->size >= SIZE_2_64 ? UINT64_MAX : (hwaddr)mr->size - 1);

    assert(bql_is_held());
    if (klass->replay) {
        klass->replay(iommu, n);
        return;
    }
    for (hwaddr addr = n->start & ~(page - 1); addr <= last;) {
        IOMMUTLBEntry e = klass->translate(iommu, addr, IOMMU_NONE, n->iommu_idx);

        if (e.perm != IOMMU_NONE && (n->flags & NOTIFY_MAP)) {
            n->notify(n, &e);
        }
        if (addr + page < addr) {
            break;
        }
        addr += page;
    }
}

static const TypeInfo iommu_memory_region_info = {
    .name = TYPE_IOMMU_MEMORY_REGION,
    .parent = TYPE_MEMORY_REGION,
    .instance_size = sizeof(IOMMUMemoryRegion),
    .class_size = sizeof(IOMMUMemoryRegionClass),
    .abstract = true,
};
TYPE_REGISTER(iommu_memory_region_info);
