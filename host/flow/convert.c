/* SPDX-License-Identifier: Apache-2.0 */
#include "flow/convert.h"

#include "flow/save_private.h"

kist_status kist_stored_target(struct kist_flow *flow, const json_t *record, struct kist_route_target *ret,
			       struct kist_error *err)
{
	const json_t *plugin = json_object_get(record, "plugin");
	const char *encoding = kist_json_get_text(record, "encoding");
	const char *kind = kist_json_get_text(record, "kind");
	const struct kist_catalog *catalog;

	if (!plugin || !encoding)
		return kist_fail(err, KIST_UNSUPPORTED,
				 "it is kept as %s, which no plugin made: there is nothing to read it",
				 kind ? kind : "bytes");
	KIST_TRY(kist_flow_catalog(flow, &catalog, err));
	return kist_route_stored(catalog, encoding, kist_json_get_text(plugin, "id"),
				 kist_json_get_text(plugin, "version"), ret, err);
}

static kist_status named_target(struct kist_flow *flow, const char *task, struct kist_route_target *ret,
				struct kist_error *err)
{
	kist_auto_route struct kist_route route = KIST_ROUTE_INIT;
	const struct kist_route_query query = { .task = task };
	const struct kist_catalog *catalog;

	KIST_TRY(kist_flow_catalog(flow, &catalog, err));
	KIST_TRY(kist_route_bytes(catalog, &query, &route, err));
	*ret = route.target;
	return KIST_OK;
}

static kist_status parents_of(const struct kist_artifact *artifact, json_t **ret, struct kist_error *err)
{
	char hex[KIST_DIGEST_HEX_SIZE];

	kist_digest_hex(&artifact->id, hex);
	*ret = json_pack("[s]", hex);
	return *ret ? KIST_OK : kist_fail(err, KIST_NO_MEMORY, "out of memory while making a record");
}

kist_status kist_convert(struct kist_save *save, const struct kist_artifact *artifact, const char *task,
			 const char *select, const json_t *params, const struct kist_save_options *options,
			 struct kist_saved *ret, struct kist_error *err)
{
	kist_auto_object_reader struct kist_object_reader reader = KIST_OBJECT_READER_INIT;
	kist_auto_json json_t *read_params = NULL;
	kist_auto_json json_t *parents = NULL;
	struct kist_save_options how = *options;
	struct kist_flow *flow = save->flow;
	struct kist_route_target targets[2]; /* reads, writes */
	struct kist_serializer_ref serializer;
	const struct kist_manifest_type *type;
	struct kist_input input;
	uint64_t object;
	uint32_t kind;

	KIST_TRY(kist_stored_target(flow, artifact->record, &targets[0], err));
	KIST_TRY(named_target(flow, task, &targets[1], err));
	/* Both before the first call: a worker is sealed by that. */
	KIST_TRY(kist_flow_load(flow, targets, 2, err));
	KIST_TRY(kist_flow_serializer(flow, &targets[0], false, kist_record_read_params(artifact->record),
				      &serializer, &read_params, err));
	KIST_TRY(kist_object_reader_open(flow, artifact->record, &reader, err));
	input = kist_object_reader_input(&reader);
	KIST_TRY(kist_worker_deserialize(flow->worker, &serializer, &input, &object, &kind, err));
	type = &targets[1].entry->manifest->types[targets[1].type_index];
	if (select[0] != '\0' || !(type->kinds & KIST_KIND_BIT(kind)))
		KIST_TRY(kist_worker_convert(flow->worker, object, type->kinds, select, &object, &kind, err));
	KIST_TRY(parents_of(artifact, &parents, err));
	how.parents = parents;
	KIST_TRY(kist_save_object(save, object, &targets[1], params, &how, ret, err));
	return kist_worker_drop(flow->worker, object, err);
}
