/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KIST_PLUGIN_MANIFEST_TYPE_H
#define KIST_PLUGIN_MANIFEST_TYPE_H

#include "plugin/field.h"
#include "plugin/manifest.h"

/*
 * One entry of a manifest's "types".  Thread: pure.
 */

/** Bytes of a type's name and of a task's, NUL included. */
#define KIST_TYPE_NAME_SIZE ((size_t)96)
/** What a third party's priority may be; first-party plugins go to 100. */
#define KIST_PRIORITY_THIRD_PARTY_MAX 79
#define KIST_PRIORITY_MAX	      100

/**
 * kist_manifest_type_init() - Reads @field.
 *
 * @ret: All zero before.  kist_manifest_type_done() it, also on failure.
 */
KIST_CHECKED kist_status kist_manifest_type_init(struct kist_manifest_type *ret,
						 const struct kist_field *field, uint32_t priority_max,
						 struct kist_error *err);
void kist_manifest_type_done(struct kist_manifest_type *type);

/** kist_manifest_kind_name() - "tensor" for KIST_KIND_TENSOR; "unknown" for what is no kind.  Static. */
const char *kist_manifest_kind_name(uint32_t kind);

#endif
