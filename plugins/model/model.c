/* SPDX-License-Identifier: Apache-2.0 */

/* The entry of the plugin: binds functions to types. */
#include "gguf.h"
#include "kept.h"
#include "onnx.h"
#include "safetensors.h"
#include "torch.h"

KIST_NOTE("kist.model", 0);

/* Nothing is kept between calls: an instance is the format. */
static void close_nothing(void *instance)
{
	(void)instance;
}

static const ArtifactTaskInterface safetensors = {
	.struct_size = sizeof(ArtifactTaskInterface),
	.caps = KIST_CAP_DETERMINISTIC | KIST_CAP_REENTRANT | KIST_CAP_STREAM_WRITE | KIST_CAP_STREAM_READ,
	.open = safetensors_open,
	.close = close_nothing,
	.serialize = safetensors_serialize,
	.deserialize = model_deserialize,
	.validate = model_validate,
	.probe = safetensors_probe,
	.layout = model_layout,
	.describe = model_describe,
};

/* A format that is read only; @open_ gives the format. */
#define READ_ONLY(open_, probe_)                                                                             \
	{                                                                                                    \
		.struct_size = sizeof(ArtifactTaskInterface),                                                \
		.caps = KIST_CAP_DETERMINISTIC | KIST_CAP_REENTRANT | KIST_CAP_STREAM_READ, .open = (open_), \
		.close = close_nothing, .serialize = model_refuse_write, .deserialize = model_deserialize,   \
		.validate = model_validate, .probe = (probe_), .layout = model_layout,                       \
		.describe = model_describe,                                                                  \
	}

static const ArtifactTaskInterface gguf = READ_ONLY(gguf_open, gguf_probe);
static const ArtifactTaskInterface onnx = READ_ONLY(onnx_open, onnx_probe);
static const ArtifactTaskInterface torch = READ_ONLY(torch_open, torch_probe);

/* A format that is kept as bytes; only those with arrays in them have parts. */
#define KEPT(open_, probe_, layout_)                                                                         \
	{                                                                                                    \
		.struct_size = sizeof(ArtifactTaskInterface),                                                \
		.caps = KIST_CAP_DETERMINISTIC | KIST_CAP_REENTRANT | KIST_CAP_STREAM_READ, .open = (open_), \
		.close = close_nothing, .serialize = kept_refuse_write, .deserialize = kept_deserialize,     \
		.validate = kept_validate, .probe = (probe_), .layout = (layout_),                           \
		.describe = kept_describe,                                                                   \
	}

static const ArtifactTaskInterface hdf5 = KEPT(hdf5_open, hdf5_probe, NULL);
static const ArtifactTaskInterface keras = KEPT(keras_open, keras_probe, NULL);
static const ArtifactTaskInterface pickle = KEPT(pickle_open, pickle_probe, NULL);
static const ArtifactTaskInterface skops = KEPT(skops_open, skops_probe, kept_layout);

static const struct kist_type_decl safetensors_type = {
	.struct_size = sizeof(struct kist_type_decl),
	.kinds = KIST_KIND_BIT(KIST_KIND_MODEL),
	.type = SAFETENSORS_TYPE,
	.task = "SafetensorsModelArtifactTask",
	.major = SAFETENSORS_MAJOR,
	.minor = SAFETENSORS_MINOR,
	.priority = 100,
	.interface = &safetensors,
};

static const struct kist_type_decl gguf_type = {
	.struct_size = sizeof(struct kist_type_decl),
	.kinds = KIST_KIND_BIT(KIST_KIND_MODEL),
	.type = "kist.gguf",
	.task = "GGUFModelArtifactTask",
	.major = 1,
	.priority = 50,
	.interface = &gguf,
};

static const struct kist_type_decl onnx_type = {
	.struct_size = sizeof(struct kist_type_decl),
	.kinds = KIST_KIND_BIT(KIST_KIND_MODEL),
	.type = "kist.onnx",
	.task = "OnnxModelArtifactTask",
	.major = 1,
	.priority = 50,
	.interface = &onnx,
};

static const struct kist_type_decl torch_type = {
	.struct_size = sizeof(struct kist_type_decl),
	.kinds = KIST_KIND_BIT(KIST_KIND_MODEL),
	.type = "kist.torch",
	.task = "TorchModelArtifactTask",
	.major = 1,
	.priority = 50,
	.interface = &torch,
};

static const struct kist_type_decl hdf5_type = {
	.struct_size = sizeof(struct kist_type_decl),
	.kinds = KIST_KIND_BIT(KIST_KIND_BYTES),
	.type = "kist.hdf5",
	.task = "Hdf5ArtifactTask",
	.major = 1,
	.priority = 10,
	.interface = &hdf5,
};

static const struct kist_type_decl keras_type = {
	.struct_size = sizeof(struct kist_type_decl),
	.kinds = KIST_KIND_BIT(KIST_KIND_BYTES),
	.type = "kist.keras",
	.task = "KerasArtifactTask",
	.major = 1,
	.priority = 10,
	.interface = &keras,
};

static const struct kist_type_decl pickle_type = {
	.struct_size = sizeof(struct kist_type_decl),
	.kinds = KIST_KIND_BIT(KIST_KIND_BYTES),
	.type = "kist.pickle",
	.task = "PickleArtifactTask",
	.major = 1,
	.priority = 10,
	.interface = &pickle,
};

static const struct kist_type_decl skops_type = {
	.struct_size = sizeof(struct kist_type_decl),
	.kinds = KIST_KIND_BIT(KIST_KIND_BYTES),
	.type = "kist.skops",
	.task = "SkopsArtifactTask",
	.major = 1,
	.priority = 10,
	.interface = &skops,
};

static const struct kist_type_decl *const types[] = { &safetensors_type, &gguf_type, &onnx_type,
						      &torch_type,	 &hdf5_type, &keras_type,
						      &pickle_type,	 &skops_type };

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
