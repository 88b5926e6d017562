/* SPDX-License-Identifier: Apache-2.0 */
#include <unistd.h>

#include "base/mem.h"
#include "worker/serve.h"

/*
 * EXAMINE: layout, validate and describe of many small inputs, one after the other.
 *
 * Only what is without fault is told.  A fault of one sample, or an answer that is too long, leaves the sample
 * out: the host asks for it alone then, and hears what there is to say.
 */

/* One sample, and what the plugin says of it. */
struct sample {
	const struct served_request *request;
	struct kist_view bytes;
	bool unsound;
	struct served_layout layout;
	struct kist_buf info;
	bool is_open;
	void *instance;
	uint64_t refused; /* bytes and calls that the plugin was told are too many */
	uint64_t progress_ns;
};

static void sample_done(struct sample *sample)
{
	kist_writer_done(&sample->layout.waiting);
	kist_buf_done(&sample->info);
}

/*
 * A plugin that does not hear it goes on.  Where the host would end a call on the sample alone, the call on all ends:
 * nobody else would stop it before the deadline.
 */
static kist_status refuse(struct sample *sample, size_t size)
{
	sample->unsound = true;
	sample->refused += size + 1;
	if (sample->refused > KIST_DESCRIBE_SIZE_MAX)
		_exit(KIST_WORKER_EXIT_LOST);
	return KIST_LIMIT;
}

/* A description has no parts: whoever begins one is asked alone. */
static kist_status begin_none(struct kist_sink *base, const struct kist_part *part)
{
	(void)part;
	return refuse(base->ctx, 0);
}

static kist_status end_none(struct kist_sink *base)
{
	return begin_none(base, NULL);
}

static kist_status keep_info(struct kist_sink *base, const void *data, size_t len)
{
	struct sample *sample = base->ctx;

	KIST_TRY(serve_flag(sample->request->plugin->server, 0));
	if (!sample->unsound && kist_buf_append(&sample->info, data, len, NULL) == KIST_OK)
		return KIST_OK;
	return refuse(sample, len);
}

/* A warning harms nothing. */
static void note_issue(struct kist_report *base, int32_t severity, const char *code, uint64_t offset,
		       const char *msg, size_t len)
{
	struct sample *sample = base->ctx;

	(void)code;
	(void)offset;
	(void)msg;
	(void)len;
	if (severity != KIST_ISSUE_WARNING)
		sample->unsound = true;
}

static kist_status call_method(struct sample *sample, uint32_t op, struct served_call *call, void *instance)
{
	const ArtifactTaskInterface *interface = &sample->request->type->interface;
	const struct kist_params *params = &sample->request->arguments.params;
	struct served_source source;
	struct kist_report report = { .struct_size = sizeof(report), .ctx = sample, .issue = note_issue };
	struct kist_sink sink = { .struct_size = sizeof(sink),
				  .ctx = sample,
				  .begin = begin_none,
				  .write = keep_info,
				  .end = end_none };

	served_source_init_bytes(&source, call->server, sample->bytes);
	if (op == KIST_OP_VALIDATE)
		return interface->validate(instance, &call->base, &source.base, params, &report);
	if (op == KIST_OP_DESCRIBE)
		return interface->describe(instance, &call->base, &source.base, params, &sink);
	sample->layout.call = call;
	return interface->layout(instance, &call->base, &source.base, params, &sample->layout.base);
}

/* One call into the plugin.  The first one opens the instance. */
static void run_method(struct sample *sample, uint32_t op)
{
	const struct served_request *request = sample->request;
	struct served_call call;
	kist_status status = KIST_OK;

	served_call_init(&call, request->plugin->server, &request->plugin->host, request->header.b);
	call.progress_ns = sample->progress_ns;
	if (!sample->is_open) {
		status = serve_open_instance(request, &call, &sample->instance);
		sample->is_open = status == KIST_OK;
	}
	if (status == KIST_OK)
		status = call_method(sample, op, &call, sample->instance);
	if (status != KIST_OK || call.breach.status != KIST_OK)
		sample->unsound = true;
	sample->progress_ns = call.progress_ns;
	served_call_done(&call);
}

static void close_sample(struct sample *sample)
{
	struct served_call call;

	if (!sample->is_open)
		return;
	served_call_init(&call, sample->request->plugin->server, &sample->request->plugin->host,
			 sample->request->header.b);
	serve_close_instance(sample->request, &call, sample->instance);
	served_call_done(&call);
	sample->is_open = false;
}

static void run_sample(struct sample *sample)
{
	const ArtifactTaskInterface *interface = &sample->request->type->interface;

	served_layout_init(&sample->layout, NULL, sample->bytes.size);
	sample->layout.size_max = KIST_EXAMINED_PARTS_SIZE_MAX;
	if (interface->layout)
		run_method(sample, KIST_OP_LAYOUT);
	/* Also of a plugin that does not look at what its layout was told. */
	if (sample->layout.waiting.status != KIST_OK ||
	    sample->layout.waiting.buf.size > KIST_EXAMINED_PARTS_SIZE_MAX)
		sample->unsound = true;
	if (!sample->unsound)
		run_method(sample, KIST_OP_VALIDATE);
	if (!sample->unsound && interface->describe)
		run_method(sample, KIST_OP_DESCRIBE);
	close_sample(sample);
}

static void send_answers(const struct served_request *request, struct kist_writer *answers)
{
	if (answers->buf.size > 0)
		serve_send(request->plugin->server, (struct kist_header){ .op = KIST_OP_EXAMINED },
			   kist_buf_view(&answers->buf));
	answers->buf.size = 0;
}

static void put_answer(const struct sample *sample, uint32_t index, struct kist_writer *answers)
{
	kist_put_u32(answers, index);
	kist_put_u32(answers, sample->layout.count);
	kist_put_raw(answers, kist_buf_view(&sample->layout.waiting.buf));
	kist_put_u32(answers, sample->request->type->interface.describe != NULL);
	if (sample->request->type->interface.describe)
		kist_put_bytes(answers, kist_buf_view(&sample->info));
}

kist_status serve_examine(struct served_request *request, struct kist_error *err)
{
	kist_auto_writer struct kist_writer answers = KIST_WRITER_INIT;
	uint64_t progress_ns = 0;

	_Static_assert(KIST_EXAMINED_PARTS_SIZE_MAX + KIST_EXAMINED_INFO_SIZE_MAX + 16 <=
			       KIST_MESSAGE_INLINE_MAX / 2,
		       "one answer fits behind what is not yet enough for a message");
	for (uint32_t index = 0; request->reader.rest.size > 0; index++) {
		__attribute__((cleanup(sample_done))) struct sample sample = {
			.request = request,
			.bytes = kist_get_bytes(&request->reader),
			.layout = { .waiting = KIST_WRITER_INIT },
			.info = KIST_BUF_INIT(KIST_EXAMINED_INFO_SIZE_MAX),
			.progress_ns = progress_ns,
		};

		if (request->reader.bad)
			return kist_fail(err, KIST_INVALID, "samples that cannot be read");
		KIST_TRY(serve_flag(request->plugin->server, 0));
		run_sample(&sample);
		progress_ns = sample.progress_ns;
		if (!sample.unsound)
			put_answer(&sample, index, &answers);
		if (answers.status != KIST_OK)
			return kist_fail_memory(err, 0);
		if (answers.buf.size >= KIST_MESSAGE_INLINE_MAX / 2)
			send_answers(request, &answers);
	}
	send_answers(request, &answers);
	return KIST_OK;
}
