/* SPDX-License-Identifier: Apache-2.0 */

/*
 * A good function task, wrong/wrong.c, with one fault: -DFAULT_<name>.
 */
#include <stdint.h>
#include <stdlib.h>
#include <sys/stat.h>

#define kist_plugin_entry_v1 good_entry
#define clip good_clip
#include "wrong.c"
#undef clip
#undef kist_plugin_entry_v1

static kist_status wrong_clip(struct kist_call *call, const DLManagedTensorVersioned *array, double low, double high,
			      DLManagedTensorVersioned **ret_clipped)
{
	kist_status status;

#if defined FAULT_NOTHING
	return KIST_OK;
#elif defined FAULT_INPUT
	if (kist_tensor_count(array) > 0)
		*(volatile char *)kist_tensor_data(array) = 1;
#elif defined FAULT_UMASK
	(void)umask(077);
#endif
	status = good_clip(call, array, low, high, ret_clipped);
#if defined FAULT_COUNTER
	static double counter;

	if (status == KIST_OK && kist_tensor_count(array) > 0)
		*(double *)kist_tensor_data(*ret_clipped) = counter++;
#elif defined FAULT_LEFT
	static DLManagedTensorVersioned left;

	if (status != KIST_OK)
		*ret_clipped = &left;
#elif defined FAULT_LEAK
	static void *volatile lost;

	lost = malloc(100);
#endif
	return status;
}

KIST_EXPORT kist_status kist_plugin_entry_v1(const struct kist_host *host, struct kist_call *call,
					     const struct kist_plugin **ret_plugin);

kist_status kist_plugin_entry_v1(const struct kist_host *host, struct kist_call *call,
				 const struct kist_plugin **ret_plugin)
{
	static struct kist_task_decl task;
	static const struct kist_task_decl *const wrong_tasks[] = { &task };
	static struct kist_plugin wrong;

	(void)host;
	(void)call;
	task = *tasks[0];
	task.function = (void (*)(void))wrong_clip;
	wrong = plugin;
	wrong.tasks = wrong_tasks;
	*ret_plugin = &wrong;
	return KIST_OK;
}
