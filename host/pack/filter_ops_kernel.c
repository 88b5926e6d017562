/* SPDX-License-Identifier: Apache-2.0 */
#include "pack/filter_ops_kernel.h"

#include <assert.h>

bool kist_filter_supports(enum kist_filter_target target)
{
#if defined(__x86_64__)
	if (target == KIST_FILTER_SSE2)
		return __builtin_cpu_supports("sse2");
	if (target == KIST_FILTER_AVX2)
		return __builtin_cpu_supports("avx2");
#endif
	return target == KIST_FILTER_SCALAR;
}

const struct kist_filter_ops *kist_filter_ops_of(enum kist_filter_target target)
{
	assert(kist_filter_supports(target));
#if defined(__x86_64__)
	if (target == KIST_FILTER_SSE2)
		return &kist_filter_ops_sse2;
	if (target == KIST_FILTER_AVX2)
		return &kist_filter_ops_avx2;
#endif
	(void)target;
	return &kist_filter_ops_scalar;
}

const struct kist_filter_ops *kist_filter_ops_best(void)
{
	for (int target = KIST_FILTER_TARGET_COUNT - 1; target > 0; target--) {
		if (kist_filter_supports((enum kist_filter_target)target))
			return kist_filter_ops_of((enum kist_filter_target)target);
	}
	return &kist_filter_ops_scalar;
}
