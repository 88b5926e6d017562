/* SPDX-License-Identifier: Apache-2.0 */

/*
 * A library whose debug information holds every type of the ABI, for tests/abi/diff.sh to compare.
 */
#include "kist/task.h"

KIST_EXPORT void kist_abi_types(const struct kist_error *error, const struct kist_region *region,
				const struct kist_object *object, const struct kist_tensor_map *map,
				const struct kist_part *part, const struct kist_sink *sink,
				const struct kist_source *source, const struct kist_layout *layout,
				const struct kist_host *host, const struct kist_call *call,
				const struct kist_param *param, const struct kist_params *params,
				const struct kist_report *report);
KIST_EXPORT void kist_abi_types(const struct kist_error *error, const struct kist_region *region,
				const struct kist_object *object, const struct kist_tensor_map *map,
				const struct kist_part *part, const struct kist_sink *sink,
				const struct kist_source *source, const struct kist_layout *layout,
				const struct kist_host *host, const struct kist_call *call,
				const struct kist_param *param, const struct kist_params *params,
				const struct kist_report *report)
{
	(void)error, (void)region, (void)object, (void)map, (void)part, (void)sink, (void)source,
		(void)layout;
	(void)host, (void)call, (void)param, (void)params, (void)report;
}

KIST_EXPORT void kist_abi_more(const ArtifactTaskInterface *interface, const struct kist_type_decl *type,
			       const struct kist_task_decl *task, const struct kist_plugin *plugin,
			       const struct kist_note *note, const DLManagedTensorVersioned *tensor,
			       const struct ArrowSchema *schema, const struct ArrowArray *array,
			       const struct ArrowArrayStream *stream);
KIST_EXPORT void kist_abi_more(const ArtifactTaskInterface *interface, const struct kist_type_decl *type,
			       const struct kist_task_decl *task, const struct kist_plugin *plugin,
			       const struct kist_note *note, const DLManagedTensorVersioned *tensor,
			       const struct ArrowSchema *schema, const struct ArrowArray *array,
			       const struct ArrowArrayStream *stream)
{
	(void)interface, (void)type, (void)task, (void)plugin, (void)note, (void)tensor;
	(void)schema, (void)array, (void)stream;
}

kist_status kist_plugin_entry_v1(const struct kist_host *host, struct kist_call *call,
				 const struct kist_plugin **ret_plugin)
{
	(void)host, (void)call, (void)ret_plugin;
	return KIST_UNSUPPORTED;
}
