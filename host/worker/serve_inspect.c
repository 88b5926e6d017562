/* SPDX-License-Identifier: Apache-2.0 */
#include "base/mem.h"
#include "worker/serve.h"

/*
 * Instances, and the calls that look at bytes: LAYOUT, VALIDATE and DESCRIBE.
 *
 * The instance that validated may be kept for the description of the same bytes, so that a plugin need not read
 * them twice.
 */

kist_status serve_open_instance(const struct served_request *request, struct served_call *call, void **ret)
{
	kist_status status;

	*ret = NULL;
	serve_within(call->server, KIST_WITHIN_OPEN);
	status = request->type->interface.open(call->base.host, &call->base, ret);
	serve_within(call->server, KIST_WITHIN_CALL);
	return status;
}

static void close_instance(const struct server *server, const struct kist_loaded_type *type, void *instance)
{
	serve_within(server, KIST_WITHIN_CLOSE);
	type->interface.close(instance);
	serve_within(server, KIST_WITHIN_CALL);
}

void serve_close_instance(const struct served_request *request, const struct served_call *call,
			  void *instance)
{
	close_instance(call->server, request->type, instance);
}

void serve_drop_kept(struct server *server)
{
	const struct kist_loaded_type *const type = kist_steal(server->review_type);

	if (type)
		close_instance(server, type, kist_steal(server->review));
}

/* The instance that was kept for this call, or a new one. */
static kist_status take_instance(struct server *server, const struct served_request *request,
				 struct served_call *call, void **ret)
{
	const bool wanted = request->header.op == KIST_OP_DESCRIBE && request->header.a == KIST_KEEP;

	if (wanted && server->review_type == request->type) {
		server->review_type = NULL;
		*ret = kist_steal(server->review);
		return KIST_OK;
	}
	serve_drop_kept(server);
	return serve_open_instance(request, call, ret);
}

static void leave_instance(struct server *server, const struct served_request *request,
			   const struct served_call *call, kist_status status, void *instance)
{
	const bool wanted = request->header.op == KIST_OP_VALIDATE && request->header.a == KIST_KEEP;

	if (wanted && status == KIST_OK && call->breach.status == KIST_OK) {
		server->review_type = request->type;
		server->review = instance;
		return;
	}
	serve_close_instance(request, call, instance);
}

static kist_status call_method(const struct served_request *request, struct served_call *call,
			       struct served_source *source, void *instance)
{
	const ArtifactTaskInterface *interface = &request->type->interface;
	const struct kist_params *params = &request->arguments.params;
	struct served_layout layout;
	struct served_report report;
	struct served_sink sink;
	kist_status status;

	if (request->header.op == KIST_OP_LAYOUT) {
		served_layout_init(&layout, call, request->input_size);
		status = interface->layout(instance, &call->base, &source->base, params, &layout.base);
		served_layout_finish(&layout);
	} else if (request->header.op == KIST_OP_VALIDATE) {
		served_report_init(&report, call);
		status = interface->validate(instance, &call->base, &source->base, params, &report.base);
	} else {
		served_sink_init(&sink, call);
		status = interface->describe(instance, &call->base, &source->base, params, &sink.base);
		served_sink_finish(&sink);
	}
	return status;
}

kist_status serve_inspect(struct server *server, const struct served_request *request,
			  struct served_call *call, uint64_t *ret_has)
{
	const ArtifactTaskInterface *interface = &request->type->interface;
	struct served_source source;
	kist_status status;
	void *instance;

	*ret_has = request->header.op == KIST_OP_LAYOUT	    ? interface->layout != NULL
		   : request->header.op == KIST_OP_DESCRIBE ? interface->describe != NULL
							    : 1;
	if (*ret_has == 0) {
		serve_drop_kept(server);
		return KIST_OK;
	}
	served_source_init(&source, server, request->fd, KIST_SOURCE_OF_CALL, request->input_size);
	status = take_instance(server, request, call, &instance);
	if (status != KIST_OK)
		return status;
	status = call_method(request, call, &source, instance);
	leave_instance(server, request, call, status, instance);
	return status;
}
