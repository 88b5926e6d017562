/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KIST_PLUGIN_MANIFEST_TASK_H
#define KIST_PLUGIN_MANIFEST_TASK_H

#include "plugin/field.h"
#include "plugin/manifest.h"

/*
 * One entry of a manifest's "tasks".
 *
 *     {"name": "scale", "signature": "tensor,f64,tensor*->status", "caps": ["deterministic"],
 *      "inputs": [{"name": "array", "type": "tensor"}, {"name": "factor", "type": "number", "default": 1.0}],
 *      "outputs": [{"name": "scaled", "type": "tensor"}]}
 *
 * Inputs and outputs must agree with the signature in number, order and type.
 *
 * Thread: pure.
 */

/** Bytes of the name of an input or output, NUL included. */
#define KIST_TASK_NAME_SIZE ((size_t)64)

/**
 * kist_manifest_task_init() - Reads @field.
 *
 * @ret: All zero before.  kist_manifest_task_done() it, also on failure.
 */
KIST_CHECKED kist_status kist_manifest_task_init(struct kist_manifest_task *ret,
						 const struct kist_field *field, struct kist_error *err);
void kist_manifest_task_done(struct kist_manifest_task *task);

#endif
