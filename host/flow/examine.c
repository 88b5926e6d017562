/* SPDX-License-Identifier: Apache-2.0 */
#include "flow/examine.h"

#include <string.h>

#include "base/file.h"
#include "base/le.h"
#include "base/mem.h"

void kist_examined_done(struct kist_examined *examined)
{
	json_decref(examined->params);
	json_decref(examined->asked);
	kist_buf_done(&examined->info);
	kist_buf_done(&examined->parts);
	examined->params = NULL;
	examined->asked = NULL;
	examined->target.entry = NULL;
}

struct probe_context {
	struct kist_flow *flow;
	struct kist_view head;
	uint64_t total_size;
};

static kist_status probe(void *ctx, const struct kist_route_target *target, int32_t *ret_score,
			 struct kist_error *err)
{
	const struct probe_context *context = ctx;
	struct kist_serializer_ref serializer;
	kist_auto_json json_t *params = NULL;

	KIST_TRY(kist_flow_serializer(context->flow, target, false, NULL, &serializer, &params, err));
	return kist_worker_probe(context->flow->worker, &serializer, context->head, context->total_size,
				 ret_score, err);
}

static kist_status read_head(const struct kist_input *input, struct kist_buf *ret, struct kist_error *err)
{
	uint8_t *data;
	size_t got = 0;

	KIST_TRY(kist_buf_extend(ret, KIST_ROUTE_HEAD_SIZE, &data, err));
	if (input->fd >= 0)
		KIST_TRY(kist_pread_full(input->fd, data, KIST_ROUTE_HEAD_SIZE, 0, &got, err));
	else
		KIST_TRY(input->read(input->ctx, 0, data, KIST_ROUTE_HEAD_SIZE, &got, err));
	ret->size = got;
	return KIST_OK;
}

/* With what is pinned and what was used before. */
static kist_status route_query(struct kist_flow *flow, struct kist_route_query *query, struct kist_route *ret,
			       struct kist_error *err)
{
	const struct kist_catalog *catalog;
	const struct kist_routes *routes;

	KIST_TRY(kist_flow_catalog(flow, &catalog, err));
	KIST_TRY(kist_flow_routes(flow, &routes, err));
	query->pins = routes->pinned;
	query->lock = routes->used;
	return kist_route_bytes(catalog, query, ret, err);
}

/* Routes bytes that begin with @head. */
static kist_status route_head(struct kist_flow *flow, const struct kist_examine_options *options,
			      const char *file_name, struct kist_view head, uint64_t total_size,
			      struct kist_route *ret, struct kist_error *err)
{
	struct probe_context context = { .flow = flow, .head = head, .total_size = total_size };
	struct kist_route_query query = {
		.task = options->task,
		.type = options->type,
		.media_type = options->media_type,
		.file_name = file_name,
		.head = head,
		.total_size = total_size,
		.probe = probe,
		.probe_ctx = &context,
	};
	const kist_status status = route_query(flow, &query, ret, err);

	if (!ret->is_downgrade)
		kist_flow_set_note(flow, ret->note);
	return status;
}

kist_status kist_examine_explain(struct kist_flow *flow, const struct kist_examine_options *options,
				 const char *file_name, const struct kist_input *input,
				 struct kist_route *ret, struct kist_error *err)
{
	kist_auto_buf struct kist_buf head = KIST_BUF_INIT(KIST_ROUTE_HEAD_SIZE);

	KIST_TRY(read_head(input, &head, err));
	return route_head(flow, options, file_name, kist_buf_view(&head), input->size, ret, err);
}

kist_status kist_examine_small(struct kist_flow *flow, const char *file_name, struct kist_view head,
			       uint64_t total_size, struct kist_examined *examined, enum kist_small_road *ret,
			       struct kist_error *err)
{
	const struct kist_examine_options options = { .task = NULL };
	kist_auto_route struct kist_route route = KIST_ROUTE_INIT;
	struct kist_error why = KIST_ERROR_INIT;
	const kist_status status = route_head(flow, &options, file_name, head, total_size, &route, &why);

	if (status == KIST_NO_MEMORY)
		return kist_fail_as(err, status, &why);
	examined->target = route.target;
	memcpy(examined->lock_key, route.lock_key, sizeof(examined->lock_key));
	/* Whoever saves it alone is told the same again, and says it with the path. */
	*ret = status != KIST_OK || route.is_downgrade ? KIST_SMALL_ALONE
	       : route.target.entry		       ? KIST_SMALL_TYPED
						       : KIST_SMALL_PLAIN;
	return KIST_OK;
}

bool kist_examine_by_name(struct kist_flow *flow, const char *file_name, struct kist_route_target *ret)
{
	kist_auto_route struct kist_route found = KIST_ROUTE_INIT;
	struct kist_route_query query = { .file_name = file_name };

	if (route_query(flow, &query, &found, NULL) != KIST_OK)
		return false;
	*ret = found.target;
	return found.target.entry != NULL;
}

kist_status kist_examine_keep_part(struct kist_buf *ret, const struct kist_part *part, struct kist_error *err)
{
	const struct kist_filter_hint hint = kist_filter_hint_of(part);
	const uint32_t bits = (uint32_t)part->dtype.bits * part->dtype.lanes;
	const struct kist_digest name =
		kist_digest_of(kist_view_of(part->name, part->name ? strlen(part->name) : 0));
	const struct kist_content_part kept = { .name = kist_le_read64(name.bytes),
						.offset = part->offset,
						.len = part->len,
						.element_size = bits / 8,
						.kind = hint.kind,
						.width = hint.width,
						.row = hint.row };

	/*
	 * What has no element type is text or a header: it is cut by its content, as all that is no part.  So
	 * is, past the limit, the rest.
	 */
	if (part->len == 0 || part->dtype.bits == 0 || ret->size_max - ret->size < sizeof(kept))
		return KIST_OK;
	return kist_buf_append(ret, &kept, sizeof(kept), err);
}

static kist_status keep_part(void *ctx, const struct kist_part *part, struct kist_error *err)
{
	struct kist_examined *examined = ctx;

	return kist_examine_keep_part(&examined->parts, part, err);
}

/* Whoever reads the bytes later reads them in the same way, whatever the defaults are by then. */
static kist_status note_asked(const struct kist_examine_options *options, struct kist_examined *examined,
			      struct kist_error *err)
{
	if (json_object_size(options->params) == 0)
		return KIST_OK;
	examined->asked = kist_json_copy(options->params);
	if (!examined->asked || json_object_update_existing(examined->asked, examined->params) != 0)
		return kist_fail_memory(err, sizeof(json_t));
	return KIST_OK;
}

/* An argument that nothing takes is a mistake: what was meant by it would not be so. */
static kist_status check_unasked(const struct kist_examine_options *options, struct kist_error *err)
{
	const char *key = json_object_iter_key(json_object_iter((json_t *)(uintptr_t)options->params));

	if (!key)
		return KIST_OK;
	return kist_fail_at(err, KIST_INVALID, "E_PARAM", KIST_NO_OFFSET,
			    "no plugin takes it, so that there is nothing for the argument '%s' to tell",
			    key);
}

kist_status kist_examine_route(struct kist_flow *flow, const struct kist_examine_options *options,
			       const char *file_name, const struct kist_input *input,
			       struct kist_examined *examined, struct kist_error *err)
{
	kist_auto_route struct kist_route route = KIST_ROUTE_INIT;

	KIST_TRY(kist_examine_explain(flow, options, file_name, input, &route, err));
	if (route.is_downgrade)
		(void)kist_fail(&examined->downgrade, KIST_DENIED, "%s", route.note);
	if (!route.target.entry)
		return check_unasked(options, err);
	KIST_TRY(kist_flow_serializer(flow, &route.target, false, options->params, &examined->serializer,
				      &examined->params, err));
	KIST_TRY(note_asked(options, examined, err));
	examined->target = route.target;
	memcpy(examined->lock_key, route.lock_key, sizeof(examined->lock_key));
	return kist_worker_layout(flow->worker, &examined->serializer, input, keep_part, examined, err);
}

kist_status kist_examine_content(struct kist_flow *flow, const struct kist_input *input,
				 struct kist_examined *examined, struct kist_error *err)
{
	kist_auto_json json_t *info = NULL;

	KIST_TRY(kist_worker_review(flow->worker, &examined->serializer, input, &info, err));
	return info ? kist_json_canonical(info, &examined->info, err) : KIST_OK;
}
