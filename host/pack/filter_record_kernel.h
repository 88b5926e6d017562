/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KIST_PACK_FILTER_RECORD_KERNEL_H
#define KIST_PACK_FILTER_RECORD_KERNEL_H

#include "pack/filter_shape_kernel.h"

/*
 * KIST_FILTER_RECORD: records apart into columns, each with its own filter, and back.  Thread: pure.
 */

/** kist_filter_log() - 0, 1, 2, 3 for the widths 1, 2, 4, 8; -1 for others. */
int kist_filter_log(size_t width);

/** kist_filter_record_forward() - @count records of @spec->record_size bytes. */
void kist_filter_record_forward(const struct kist_filter_ops *ops, const struct kist_filter_spec *spec,
				const uint8_t *records, size_t count, uint8_t *ret);

/** kist_filter_record_back() - Back. */
void kist_filter_record_back(const struct kist_filter_ops *ops, const struct kist_filter_spec *spec,
			     const uint8_t *filtered, size_t count, uint8_t *ret);

#endif
