/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MODEL_TORCH_H
#define MODEL_TORCH_H

#include "model_index.h"

/*
 * What torch.save writes since PyTorch 1.6: a zip whose entries are all stored.
 *
 *     <root>/data.pkl   a pickle, which names storages by persistent ids
 *     <root>/data/<key> the bytes of each storage
 *     <root>/byteorder, <root>/version, ...
 *
 * The pickle is taken apart, not loaded: see pickle.h.
 *
 * Limits: those of zip.h and pickle.h; TORCH_DEPTH_MAX, TORCH_NAME_SIZE_MAX, TORCH_VISITS_MAX.
 * Source: torch.md; PyTorch, docs/source/notes/serialization.rst and torch/_utils.py.
 */

/** How deep dicts and lists are looked into for tensors. */
#define TORCH_DEPTH_MAX	    32
#define TORCH_NAME_SIZE_MAX ((size_t)4095)
/** How many values are looked at; one that is in several places counts in each. */
#define TORCH_VISITS_MAX ((uint64_t)1 << 20)

kist_status torch_open(const struct kist_host *host, struct kist_call *call, void **ret_instance);
kist_status torch_probe(const void *head, size_t len, uint64_t total_size, int32_t *ret_score);

#endif
