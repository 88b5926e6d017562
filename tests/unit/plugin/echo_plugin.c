/* SPDX-License-Identifier: Apache-2.0 */
#include "kist/plugin.h"

/*
 * A plugin that is whatever the test makes of it: its entry gives what the host offers as "test.plugin/1", with the
 * status that it offers as "test.status/1".
 */

KIST_NOTE("test.echo", 0);

kist_status kist_plugin_entry_v1(const struct kist_host *host, struct kist_call *call,
				 const struct kist_plugin **ret_plugin)
{
	const kist_status *status = host->extension(host, "test.status/1");

	(void)call;
	*ret_plugin = host->extension(host, "test.plugin/1");
	return *status;
}
