/* SPDX-License-Identifier: Apache-2.0 */
#include "kist/helpers.h"

KIST_NOTE("kist.model", 0);

kist_status kist_plugin_entry_v1(const struct kist_host *host, struct kist_call *call, const struct kist_plugin **ret_plugin)
{
	(void)host; (void)ret_plugin;
	return kist_failf(call, KIST_INTERNAL, NULL, KIST_NO_OFFSET, "placeholder");
}
