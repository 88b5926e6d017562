/* SPDX-License-Identifier: Apache-2.0 */
#include "kist/plugin.h"

/* A plugin that calls a function which is nowhere, but not in its entry. */

KIST_NOTE("test.lazy", 0);

void function_that_is_nowhere(void);

static void task(void)
{
	function_that_is_nowhere();
}

static const struct kist_task_decl decl = { .struct_size = sizeof(decl), .name = "t", .signature = "->void",
					    .function = task };
static const struct kist_task_decl *const tasks[] = { &decl };
static const struct kist_plugin plugin = { .struct_size = sizeof(plugin),
					   .id = "test.lazy",
					   .version = "1.0.0",
					   .task_count = 1,
					   .tasks = tasks };

kist_status kist_plugin_entry_v1(const struct kist_host *host, struct kist_call *call,
				 const struct kist_plugin **ret_plugin)
{
	(void)host;
	(void)call;
	*ret_plugin = &plugin;
	return KIST_OK;
}
