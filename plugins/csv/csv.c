/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The plugin kist.csv: binds the parts to the ABI, and reads their parameters.
 */
#include <stdlib.h>
#include <string.h>

#include "csv_describe.h"
#include "csv_dialect.h"
#include "csv_sniff.h"
#include "csv_table.h"
#include "csv_validate.h"
#include "csv_write.h"
#include "kist/helpers.h"

KIST_NOTE("kist.csv", 0);

#ifndef PACKAGE_VERSION
#define PACKAGE_VERSION "0.1.0"
#endif

/* What validate found, for describe: an instance is about the same bytes. */
struct instance {
	struct csv_profile profile;
	struct csv_dialect asked;
	bool has_profile;
	bool has_schema;
};

static kist_status open_instance(const struct kist_host *host, struct kist_call *call, void **ret_instance)
{
	(void)host;
	*ret_instance = calloc(1, sizeof(struct instance));
	return *ret_instance ? KIST_OK : kist_failf(call, KIST_NO_MEMORY, NULL, KIST_NO_OFFSET, "no memory");
}

static void close_instance(void *instance)
{
	if (instance)
		csv_profile_done(&((struct instance *)instance)->profile);
	free(instance);
}

static kist_status serialize(void *instance, struct kist_call *call, const struct kist_object *object,
			     const struct kist_params *params, struct kist_sink *sink)
{
	struct csv_write_options options = { .delimiter = ',', .header = true };
	const struct kist_param *header = kist_param_find(params, "header");
	struct ArrowArrayStream *stream = object->value;
	const kist_status status = csv_delimiter_read(call, params, &options.delimiter);

	(void)instance;
	if (status != KIST_OK)
		return status;
	if (object->kind != KIST_KIND_TABLE || !stream || !stream->release)
		return kist_failf(call, KIST_UNSUPPORTED, "E_DTYPE", KIST_NO_OFFSET,
				  "only a table can be written as CSV");
	if (header && header->kind == KIST_PARAM_BOOL)
		options.header = header->integer != 0;
	return csv_write_stream(call, stream, options, sink);
}

static void release_object(struct kist_object *object)
{
	struct ArrowArrayStream *stream = object->value;

	/* The consumer may have moved the stream out. */
	if (stream->release)
		stream->release(stream);
	free(stream);
	object->value = NULL;
	object->release = NULL;
}

static kist_status deserialize(void *instance, struct kist_call *call, struct kist_source *source,
			       const struct kist_params *params, struct kist_object *ret)
{
	struct csv_dialect dialect;
	struct ArrowArrayStream *stream;
	kist_status status = csv_dialect_read(call, params, &dialect);

	(void)instance;
	if (status != KIST_OK)
		return status;
	stream = calloc(1, sizeof(*stream));
	if (!stream)
		return kist_failf(call, KIST_NO_MEMORY, NULL, KIST_NO_OFFSET, "no memory");
	status = csv_table_open(call, source, dialect, stream);
	if (status != KIST_OK) {
		free(stream);
		return status;
	}
	ret->kind = KIST_KIND_TABLE;
	ret->flags = 0;
	ret->type = "kist.csv";
	ret->type_major = 1;
	ret->type_minor = 0;
	ret->value = stream;
	ret->release = release_object;
	ret->priv = NULL;
	return KIST_OK;
}

static kist_status validate(void *instance, struct kist_call *call, struct kist_source *source,
			    const struct kist_params *params, struct kist_report *report)
{
	struct instance *const kept = instance;
	struct csv_dialect dialect;
	const kist_status status = csv_dialect_read(call, params, &dialect);

	if (status != KIST_OK)
		return status;
	if (!kept)
		return csv_validate(call, source, dialect, report, NULL, NULL);
	csv_profile_done(&kept->profile);
	kept->asked = dialect;
	kept->asked.schema = NULL;
	kept->has_schema = dialect.schema != NULL;
	return csv_validate(call, source, dialect, report, &kept->profile, &kept->has_profile);
}

static kist_status probe(const void *head, size_t len, uint64_t total_size, int32_t *ret_score)
{
	*ret_score = csv_probe_text(head, len, len >= total_size);
	return KIST_OK;
}

/* One part without an element type: everything behind the byte order mark. */
static kist_status layout(void *instance, struct kist_call *call, struct kist_source *source,
			  const struct kist_params *params, struct kist_layout *layout)
{
	uint8_t head[CSV_BOM_SIZE];
	const size_t len = source->size < sizeof(head) ? (size_t)source->size : sizeof(head);
	const kist_status status = kist_read_exact(call, source, 0, head, len);
	struct kist_part part = { .struct_size = sizeof(part), .name = "rows" };

	(void)instance;
	(void)params;
	if (status != KIST_OK)
		return status;
	part.offset = csv_has_bom(head, len) ? CSV_BOM_SIZE : 0;
	part.len = source->size - part.offset;
	return part.len > 0 ? layout->part(layout, &part) : KIST_OK;
}

/* Both were asked for in one way; schemas are not compared. */
static bool are_alike(const struct instance *kept, struct csv_dialect d)
{
	const struct csv_dialect *const asked = &kept->asked;

	return !kept->has_schema && !d.schema && asked->delimiter == d.delimiter && asked->quote == d.quote &&
	       asked->escape == d.escape && asked->comment == d.comment && asked->header == d.header &&
	       asked->encoding == d.encoding && asked->nulls == d.nulls && asked->lenient == d.lenient &&
	       asked->null_padding == d.null_padding;
}

static kist_status describe(void *instance, struct kist_call *call, struct kist_source *source,
			    const struct kist_params *params, struct kist_sink *sink)
{
	const struct instance *const kept = instance;
	struct csv_dialect dialect;
	const kist_status status = csv_dialect_read(call, params, &dialect);

	if (status != KIST_OK)
		return status;
	if (kept && kept->has_profile && are_alike(kept, dialect))
		return csv_describe_profile(call, &kept->profile, sink);
	return csv_describe(call, source, dialect, sink);
}

static const ArtifactTaskInterface csv_interface = {
	.struct_size = sizeof(ArtifactTaskInterface),
	.caps = KIST_CAP_DETERMINISTIC | KIST_CAP_REENTRANT | KIST_CAP_STREAM_WRITE | KIST_CAP_STREAM_READ,
	.open = open_instance,
	.close = close_instance,
	.serialize = serialize,
	.deserialize = deserialize,
	.validate = validate,
	.probe = probe,
	.layout = layout,
	.describe = describe,
};

static const struct kist_type_decl csv_type = {
	.struct_size = sizeof(csv_type),
	.kinds = KIST_KIND_BIT(KIST_KIND_TABLE),
	.type = "kist.csv",
	.task = "CsvTableArtifactTask",
	.major = 1,
	.minor = 0,
	.priority = 100,
	.interface = &csv_interface,
};

static const struct kist_type_decl *const csv_types[] = { &csv_type };

static const struct kist_plugin csv_plugin = {
	.struct_size = sizeof(csv_plugin),
	.abi_minor_built = KIST_ABI_MINOR,
	.abi_minor_required = 0,
	.id = "kist.csv",
	.version = PACKAGE_VERSION,
	.type_count = 1,
	.types = csv_types,
};

kist_status kist_plugin_entry_v1(const struct kist_host *host, struct kist_call *call,
				 const struct kist_plugin **ret_plugin)
{
	(void)host;
	(void)call;
	*ret_plugin = &csv_plugin;
	return KIST_OK;
}
