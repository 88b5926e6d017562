/* SPDX-License-Identifier: Apache-2.0 */

/* The entry of the plugin: binds the safetensors functions to their type. */
#include "safetensors.h"

KIST_NOTE("kist.model", 0);

/* Nothing is kept between calls, so an instance is empty. */
static kist_status open_nothing(const struct kist_host *host, struct kist_call *call, void **ret_instance)
{
	(void)host;
	(void)call;
	*ret_instance = NULL;
	return KIST_OK;
}

static void close_nothing(void *instance)
{
	(void)instance;
}

static const ArtifactTaskInterface interface = {
	.struct_size = sizeof(ArtifactTaskInterface),
	.caps = KIST_CAP_DETERMINISTIC | KIST_CAP_REENTRANT | KIST_CAP_STREAM_WRITE | KIST_CAP_STREAM_READ,
	.open = open_nothing,
	.close = close_nothing,
	.serialize = safetensors_serialize,
	.deserialize = safetensors_deserialize,
	.validate = safetensors_validate,
	.probe = safetensors_probe,
	.layout = safetensors_layout,
	.describe = safetensors_describe,
};

static const struct kist_type_decl type = {
	.struct_size = sizeof(struct kist_type_decl),
	.kinds = KIST_KIND_BIT(KIST_KIND_MODEL),
	.type = SAFETENSORS_TYPE,
	.task = "SafetensorsModelArtifactTask",
	.major = SAFETENSORS_MAJOR,
	.minor = SAFETENSORS_MINOR,
	.priority = 100,
	.interface = &interface,
};

static const struct kist_type_decl *const types[] = { &type };

static const struct kist_plugin plugin = {
	.struct_size = sizeof(struct kist_plugin),
	.abi_minor_built = KIST_ABI_MINOR,
	.abi_minor_required = 0,
	.id = "kist.model",
	.version = KIST_VERSION,
	.type_count = sizeof(types) / sizeof(types[0]),
	.types = types,
};

kist_status kist_plugin_entry_v1(const struct kist_host *host, struct kist_call *call,
				 const struct kist_plugin **ret_plugin)
{
	(void)host;
	(void)call;
	*ret_plugin = &plugin;
	return KIST_OK;
}
