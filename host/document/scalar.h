/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KIST_DOCUMENT_SCALAR_H
#define KIST_DOCUMENT_SCALAR_H

#include "document/document.h"

/*
 * What a plain scalar means: the core schema.
 *
 * Thread: pure.
 * Source: YAML 1.2.2, section 10.3.2.
 */

/**
 * kist_scalar_resolve() - Sets kind, integer and number of @node by its text.
 *
 * Gives NULL, or why the text, which looks like a number, cannot be one: it counts as 0 then.
 */
const char *kist_scalar_resolve(struct kist_node *node);

#endif
