/* SPDX-License-Identifier: Apache-2.0 */
#include "npz.h"
#include "numpy_plugin.h"

KIST_NOTE("kist.numpy", 0);

static kist_status npy_open_instance(const struct kist_host *host, struct kist_call *call,
				     void **ret_instance)
{
	(void)host;
	(void)call;
	*ret_instance = NULL;
	return KIST_OK;
}

static void npy_close_instance(void *instance)
{
	(void)instance;
}

static const ArtifactTaskInterface npy = {
	.struct_size = sizeof(ArtifactTaskInterface),
	.caps = KIST_CAP_DETERMINISTIC | KIST_CAP_REENTRANT | KIST_CAP_STREAM_WRITE,
	.open = npy_open_instance,
	.close = npy_close_instance,
	.serialize = npy_serialize,
	.deserialize = npy_deserialize,
	.validate = npy_validate,
	.probe = npy_probe,
	.layout = npy_layout,
	.describe = npy_describe,
};

static const ArtifactTaskInterface npz = {
	.struct_size = sizeof(ArtifactTaskInterface),
	.caps = KIST_CAP_DETERMINISTIC | KIST_CAP_REENTRANT | KIST_CAP_STREAM_WRITE,
	.open = npy_open_instance,
	.close = npy_close_instance,
	.serialize = npz_serialize,
	.deserialize = npz_deserialize,
	.validate = npz_validate,
	.probe = npz_probe,
	.layout = npz_layout,
	.describe = npz_describe,
};

static const struct kist_type_decl npy_type = {
	.struct_size = sizeof(struct kist_type_decl),
	.kinds = KIST_KIND_BIT(KIST_KIND_TENSOR),
	.type = NPY_TYPE,
	.task = "NumpyArrayArtifactTask",
	.major = NPY_MAJOR,
	.minor = NPY_MINOR,
	.priority = 100,
	.interface = &npy,
};

static const struct kist_type_decl npz_type = {
	.struct_size = sizeof(struct kist_type_decl),
	.kinds = KIST_KIND_BIT(KIST_KIND_MODEL),
	.type = NPZ_TYPE,
	.task = "NumpyArchiveArtifactTask",
	.major = NPZ_MAJOR,
	.minor = NPZ_MINOR,
	.priority = 50,
	.interface = &npz,
};

static const struct kist_type_decl *const types[] = { &npy_type, &npz_type };

static const struct kist_plugin plugin = {
	.struct_size = sizeof(struct kist_plugin),
	.abi_minor_built = KIST_ABI_MINOR,
	.abi_minor_required = 0,
	.id = "kist.numpy",
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
