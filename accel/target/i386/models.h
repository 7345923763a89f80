/* SPDX-License-Identifier: GPL-2.0-or-later */
/* CPU models and the names of features. */
#ifndef ACCEL_TARGET_I386_MODELS_H
#define ACCEL_TARGET_I386_MODELS_H

#include "accel/target/i386/cpu.h"

typedef struct X86Model {
    const char *name;
    const char *desc;
    const char *vendor;
    uint32_t level, xlevel;
    uint32_t family, model, stepping;
    uint8_t phys_bits;
    uint32_t features[X86_FW_COUNT];
    const char *model_id;
    bool everything; /* all that the table has */
} X86Model;

extern const X86Model x86_models[];
extern const unsigned x86_model_count;

typedef struct X86FeatureName {
    uint16_t feature;
    const char *name; /* as a property */
} X86FeatureName;

extern const X86FeatureName x86_feature_names[];
extern const unsigned x86_feature_name_count;

/* What the instruction tables and the rest of this CPU implement. */
void x86_supported_features(uint32_t words[X86_FW_COUNT]);
/* An accelerator that executes by itself says what it offers instead. NULL: nobody. */
typedef void X86SupportedFeaturesFn(uint32_t words[X86_FW_COUNT]);
void x86_set_supported_features_hook(X86SupportedFeaturesFn *fn);
bool x86_has_supported_features_hook(void);

#endif
