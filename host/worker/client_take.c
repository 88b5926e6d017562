/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/mem.h"
#include "base/num.h"
#include "base/time.h"
#include "base/utf8.h"
#include "object/check.h"
#include "worker/client.h"

/*
 * What the worker asks of the host in a call.  Every number in a message is the plugin's word and is checked
 * here; the first that is wrong ends the worker.
 */

kist_status client_broken(struct kist_worker *worker, const struct exchange *exchange, const char *how,
			  struct kist_error *err)
{
	return client_lost(worker, exchange, KIST_INTERNAL, err, "broke the worker's protocol in %s: %s",
			   exchange->verb, how);
}

/* A callback of the host failed: the call is to end, its error is kept. */
static void stop_call(const struct kist_worker *worker, struct exchange *exchange)
{
	struct kist_control *control = (struct kist_control *)(void *)worker->control.data;

	if (exchange->failed.status == KIST_OK || exchange->kill_ns > 0)
		return;
	atomic_store(&control->cancel, KIST_CANCEL_ASKED);
	exchange->kill_ns = kist_now_ns() + worker->options.grace_ms * 1000000u;
}

static kist_status answer(struct kist_worker *worker, const struct exchange *exchange, uint32_t op,
			  uint64_t a, kist_status status, struct kist_error *err)
{
	const struct kist_header header = {
		.op = op, .id = exchange->header.id, .a = a, .b = (uint32_t)status
	};
	const uint64_t end = exchange->kill_ns > 0 ? exchange->kill_ns : exchange->deadline_ns;
	const kist_status sent =
		kist_channel_send(worker->child.socket, header, kist_view_of(NULL, 0), -1, end, NULL);

	if (sent == KIST_CRASHED)
		return client_died(worker, exchange, err);
	if (sent != KIST_OK)
		return client_lost(worker, exchange, sent, err, "takes no messages");
	return KIST_OK;
}

/* Time that the host itself took is not the plugin's. */
static void prolong(struct exchange *exchange, uint64_t since_ns)
{
	const uint64_t took = kist_now_ns() - since_ns;

	exchange->deadline_ns += took;
	if (exchange->kill_ns > 0)
		exchange->kill_ns += took;
}

static const struct kist_input *find_input(const struct kist_worker *worker, const struct exchange *exchange,
					   uint32_t source)
{
	const struct kist_input *input = exchange->input;

	if (source < KIST_WORKER_OBJECTS_MAX && worker->objects[source].id != 0 &&
	    worker->objects[source].has_input)
		input = &worker->objects[source].input;
	else if (source < KIST_WORKER_OBJECTS_MAX && exchange->header.op != KIST_OP_DESERIALIZE)
		return NULL;
	return input && input->fd < 0 ? input : NULL;
}

static kist_status take_read(struct kist_worker *worker, struct exchange *exchange,
			     const struct kist_header *header, struct kist_error *err)
{
	const struct kist_input *input = find_input(worker, exchange, header->c);
	const uint64_t since = kist_now_ns();
	kist_status status = exchange->failed.status;
	size_t got = 0;

	if (!input)
		return client_broken(worker, exchange, "it reads where nothing is to be read", err);
	if (header->a > input->size || header->b > input->size - header->a || header->b > KIST_WINDOW_SIZE)
		return client_broken(worker, exchange, "it reads past the end", err);
	if (status == KIST_OK)
		status = input->read(input->ctx, header->a, worker->copy, (size_t)header->b, &got,
				     &exchange->failed);
	if (status == KIST_OK && got != header->b)
		status = kist_fail(&exchange->failed, KIST_IO, "the input ends at %llu of %llu bytes",
				   (unsigned long long)header->a + got, (unsigned long long)input->size);
	if (status != KIST_OK)
		(void)kist_fail(&exchange->failed, status, "cannot read the input: %s",
				kist_status_name(status));
	else
		memcpy(worker->in.data, worker->copy, got);
	stop_call(worker, exchange);
	prolong(exchange, since);
	return answer(worker, exchange, KIST_OP_DATA, got, status, err);
}

static kist_status take_write(struct kist_worker *worker, struct exchange *exchange,
			      const struct kist_header *header, struct kist_error *err)
{
	const uint64_t since = kist_now_ns();
	kist_status status = exchange->failed.status;

	if (!exchange->output || header->a >= KIST_RING_SLOTS || header->b == 0 || header->b > KIST_SLOT_SIZE)
		return client_broken(worker, exchange, "it writes where nothing is to be written", err);
	if (status == KIST_OK && header->b > CLIENT_OUTPUT_MAX - exchange->written)
		status = kist_fail(&exchange->failed, KIST_LIMIT, "%s wrote more than 2^40 bytes in %s",
				   exchange->plugin->title, exchange->verb);
	if (status == KIST_OK && exchange->in_part && exchange->part_len > 0 &&
	    header->b > exchange->part_len - exchange->part_written)
		status = kist_fail(&exchange->failed, KIST_INTERNAL,
				   "%s broke the contract in %s: it wrote more into a part than it announced",
				   exchange->plugin->title, exchange->verb);
	if (status == KIST_OK) {
		memcpy(worker->copy, worker->ring.data + header->a * KIST_SLOT_SIZE, (size_t)header->b);
		exchange->written += header->b;
		exchange->part_written += header->b;
		status = exchange->output->write(exchange->output->ctx,
						 kist_view_of(worker->copy, (size_t)header->b),
						 &exchange->failed);
	}
	if (status != KIST_OK)
		(void)kist_fail(&exchange->failed, status, "cannot take the output: %s",
				kist_status_name(status));
	stop_call(worker, exchange);
	prolong(exchange, since);
	return answer(worker, exchange, KIST_OP_ACK, header->a, status, err);
}

static void failed_part(struct exchange *exchange, kist_status status)
{
	if (status != KIST_OK)
		(void)kist_fail(&exchange->failed, status, "cannot take the output: %s",
				kist_status_name(status));
}

/* A part that is not sane is a breach, told as the result of the call. */
static void check_part(struct exchange *exchange, const struct kist_part *part)
{
	struct kist_error error = KIST_ERROR_INIT;

	if (kist_part_check(part, &error) != KIST_OK)
		(void)kist_fail(&exchange->failed, KIST_INTERNAL, "%s broke the contract in %s: %s",
				exchange->plugin->title, exchange->verb, error.text);
}

static kist_status take_part(struct kist_worker *worker, struct exchange *exchange,
			     const struct kist_message *message, struct kist_error *err)
{
	struct kist_reader reader = { .rest = message->payload };
	struct kist_part_room room;
	struct kist_part part;

	if (!exchange->output || exchange->in_part)
		return client_broken(worker, exchange, "a part that may not begin", err);
	kist_get_part(&reader, &part, &room);
	if (!kist_reader_end(&reader))
		return client_broken(worker, exchange, "a part that cannot be read", err);
	if (exchange->failed.status == KIST_OK && ++exchange->part_count > CLIENT_PARTS_MAX)
		(void)kist_fail(&exchange->failed, KIST_LIMIT, "%s gave more than %u parts in %s",
				exchange->plugin->title, CLIENT_PARTS_MAX, exchange->verb);
	check_part(exchange, &part);
	exchange->in_part = true;
	exchange->part_len = part.len;
	exchange->part_written = 0;
	/* The host counts. */
	part.offset = exchange->written;
	if (exchange->failed.status == KIST_OK && exchange->output->part)
		failed_part(exchange,
			    exchange->output->part(exchange->output->ctx, &part, &exchange->failed));
	stop_call(worker, exchange);
	return KIST_OK;
}

static kist_status take_end(struct kist_worker *worker, struct exchange *exchange, struct kist_error *err)
{
	if (!exchange->output || !exchange->in_part)
		return client_broken(worker, exchange, "an end without a part", err);
	exchange->in_part = false;
	if (exchange->part_len > 0 && exchange->part_written != exchange->part_len &&
	    exchange->failed.status == KIST_OK)
		return client_broken(worker, exchange, "a part shorter than announced", err);
	if (exchange->failed.status == KIST_OK && exchange->output->part)
		failed_part(exchange, exchange->output->part(exchange->output->ctx, NULL, &exchange->failed));
	stop_call(worker, exchange);
	return KIST_OK;
}

static kist_status take_layout_part(struct kist_worker *worker, struct exchange *exchange,
				    struct kist_reader *reader, struct kist_error *err)
{
	struct kist_part_room room;
	struct kist_part part;
	kist_status status;

	kist_get_part(reader, &part, &room);
	if (reader->bad)
		return client_broken(worker, exchange, "a part that cannot be read", err);
	check_part(exchange, &part);
	if (part.offset < exchange->layout_end || part.offset > exchange->input->size ||
	    part.len > exchange->input->size - part.offset)
		return client_broken(worker, exchange, "parts out of order, over each other or past the end",
				     err);
	exchange->layout_end = part.offset + part.len;
	if (!exchange->each_part || exchange->failed.status != KIST_OK)
		return KIST_OK;
	status = exchange->each_part(exchange->ctx, &part, &exchange->failed);
	if (status != KIST_OK)
		(void)kist_fail(&exchange->failed, status, "cannot take the layout: %s",
				kist_status_name(status));
	return KIST_OK;
}

/* How many parts count is for whoever takes them: what lies past the last is no part. */
static kist_status take_layout(struct kist_worker *worker, struct exchange *exchange,
			       const struct kist_message *message, struct kist_error *err)
{
	struct kist_reader reader = { .rest = message->payload };
	const uint64_t since = kist_now_ns();

	if (exchange->header.op != KIST_OP_LAYOUT || !exchange->input)
		return client_broken(worker, exchange, "a part that nobody asked for", err);
	do
		KIST_TRY(take_layout_part(worker, exchange, &reader, err));
	while (reader.rest.size > 0);
	stop_call(worker, exchange);
	prolong(exchange, since);
	return KIST_OK;
}

static kist_status take_issue(struct kist_worker *worker, struct exchange *exchange,
			      const struct kist_message *message, struct kist_error *err)
{
	struct kist_reader reader = { .rest = message->payload };
	struct kist_error issue = KIST_ERROR_INIT;
	const int32_t severity =
		message->header.a == KIST_ISSUE_ERROR ? KIST_ISSUE_ERROR : KIST_ISSUE_WARNING;

	kist_get_error(&reader, KIST_CORRUPT, &issue);
	if (!kist_reader_end(&reader) || exchange->header.op != KIST_OP_VALIDATE)
		return client_broken(worker, exchange, "an issue that nobody asked for", err);
	if (severity == KIST_ISSUE_ERROR && exchange->found.status == KIST_OK)
		exchange->found = issue;
	if (exchange->each_issue && exchange->issue_count < CLIENT_ISSUES_MAX)
		exchange->each_issue(exchange->ctx, severity, &issue);
	exchange->issue_count++;
	return KIST_OK;
}

void client_take_log(struct kist_worker *worker, const struct kist_message *message)
{
	char text[KIST_LOG_TEXT_MAX + 4];
	const uint64_t level = message->header.a;
	const uint32_t index = message->header.c;

	if (!worker->options.log || worker->log_count >= CLIENT_LOGS_MAX ||
	    message->payload.size > KIST_LOG_TEXT_MAX)
		return;
	worker->log_count++;
	kist_text_escape((const char *)message->payload.data, message->payload.size, text, sizeof(text));
	worker->options.log(worker->options.ctx,
			    index < worker->plugin_count ? worker->plugins[index]->id : "",
			    level <= KIST_LOG_ERROR ? (int32_t)level : KIST_LOG_INFO, text);
}

/* The plugin's words, or what can be said for it, under its name. */
static kist_status take_failure(struct kist_worker *worker, const struct exchange *exchange,
				const struct kist_message *message, struct kist_error *err)
{
	struct kist_reader reader = { .rest = message->payload };
	const kist_status status = (kist_status)(int32_t)(uint32_t)message->header.a;
	struct kist_error said = KIST_ERROR_INIT;
	const char *title = exchange->plugin ? exchange->plugin->title : "the worker";
	const int name_len = exchange->plugin ? (int)exchange->plugin->name_len : (int)strlen(title);

	if (message->header.a > UINT32_MAX || status >= KIST_OK || status < KIST_STATUS_MIN)
		return client_broken(worker, exchange, "an unknown status", err);
	kist_get_error(&reader, status, &said);
	if (!kist_reader_end(&reader))
		return client_broken(worker, exchange, "an error that cannot be read", err);
	/* Else a plugin could stop its host in the user's name. */
	if (status == KIST_CANCELLED &&
	    (exchange->limit_ms > 0 ? exchange->kill_ns == 0 : atomic_load(&worker->cancelled) == 0) &&
	    exchange->failed.status == KIST_OK)
		return kist_fail(
			err, KIST_INTERNAL,
			"%s broke the contract in %s: it said that it was cancelled, and nobody cancelled it",
			title, exchange->verb);
	if (message->header.c == KIST_WHY_BREACH)
		return kist_fail_at(err, KIST_INTERNAL, said.code, said.offset,
				    "%s broke the contract in %s: %s", title, exchange->verb, said.text);
	if (message->header.c == KIST_WHY_SILENT && (status == KIST_CANCELLED || status == KIST_DEADLINE))
		return kist_fail(err, status, "%.*s: %s: %s", name_len, title, exchange->verb,
				 kist_status_name(status));
	if (message->header.c == KIST_WHY_SILENT)
		return kist_fail(err, status, "%s failed in %s (%s) without saying why", title,
				 exchange->verb, kist_status_name(status));
	if (exchange->results)
		return kist_fail_at(err, status, said.code, said.offset, "%.*s: %s: %s", name_len, title,
				    exchange->verb, said.text);
	return kist_fail_at(err, status, said.code, said.offset, "%.*s: %s", name_len, title, said.text);
}

static kist_status take_results(struct kist_worker *worker, struct exchange *exchange,
				const struct kist_message *message, struct kist_error *err)
{
	struct kist_reader reader = { .rest = message->payload };
	struct client_results *results = exchange->results;

	if (!results || results->came)
		return client_broken(worker, exchange, "results that nobody asked for", err);
	for (size_t i = 0; i < results->object_count; i++) {
		results->kinds[i] = kist_get_u32(&reader);
		if (results->kinds[i] >= KIST_KIND_COUNT ||
		    (results->kinds_allowed[i] & KIST_KIND_BIT(results->kinds[i])) == 0)
			return client_broken(worker, exchange, "an object of another kind", err);
	}
	results->bits = kist_get_u64(&reader);
	if (!kist_reader_end(&reader))
		return client_broken(worker, exchange, "results that cannot be read", err);
	results->came = true;
	return KIST_OK;
}

static kist_status take_return(struct kist_worker *worker, struct exchange *exchange,
			       const struct kist_message *message, struct kist_error *err)
{
	const bool late = exchange->by_deadline && worker->gone.status == KIST_OK;

	if (message->header.a != 0) {
		const kist_status status = take_failure(worker, exchange, message, late ? NULL : err);

		if (!late)
			return status;
	}
	/* It stopped when it was told to, with what it had by then.  Others run beside a task in a lane. */
	if (late && exchange->limit_ms > 0)
		return kist_fail(err, KIST_DEADLINE, "%s took longer than %llu ms in %s",
				 exchange->plugin->title, (unsigned long long)exchange->limit_ms,
				 exchange->verb);
	/* Else a worker that once was late is not used again. */
	if (late)
		return client_lost(worker, exchange, KIST_DEADLINE, err, "took longer than %llu ms in %s",
				   (unsigned long long)worker->options.call_ms_max, exchange->verb);
	if (exchange->in_part)
		return client_broken(worker, exchange, "a part that does not end", err);
	if (exchange->results && !exchange->results->came)
		return client_broken(worker, exchange, "an end without results", err);
	exchange->result = message->header.b;
	return KIST_OK;
}

/* A message of a task that runs beside the call. */
static kist_status take_other(struct kist_worker *worker, const struct exchange *exchange,
			      const struct kist_message *message, struct kist_error *err)
{
	struct client_lane *lane = client_lane_of(worker, message->header.id);

	if (!lane)
		return client_broken(worker, exchange, "a message of another call", err);
	client_lane_take(worker, lane, message);
	return worker->gone.status == KIST_OK ? KIST_OK : client_gone(worker, err);
}

kist_status client_take(struct kist_worker *worker, struct exchange *exchange,
			const struct kist_message *message, bool *ret_done, struct kist_error *err)
{
	const struct kist_header *header = &message->header;
	const uint64_t since = kist_now_ns();

	/* A plugin's own thread may log at any time. */
	if (header->op == KIST_OP_LOG) {
		client_take_log(worker, message);
		return KIST_OK;
	}
	if (header->id != exchange->header.id)
		return take_other(worker, exchange, message, err);
	switch (header->op) {
	case KIST_OP_PROGRESS:
		if (worker->options.progress)
			worker->options.progress(worker->options.ctx, header->a, header->b);
		return KIST_OK;
	case KIST_OP_READ:
		return take_read(worker, exchange, header, err);
	case KIST_OP_WRITE:
		return take_write(worker, exchange, header, err);
	case KIST_OP_PART:
		return take_part(worker, exchange, message, err);
	case KIST_OP_END:
		return take_end(worker, exchange, err);
	case KIST_OP_LAYOUT_PARTS:
		return take_layout(worker, exchange, message, err);
	case KIST_OP_ISSUE:
		return take_issue(worker, exchange, message, err);
	case KIST_OP_EXAMINED:
		KIST_TRY(client_take_examined(worker, exchange, message, err));
		stop_call(worker, exchange);
		prolong(exchange, since);
		return KIST_OK;
	case KIST_OP_RESULTS:
		return take_results(worker, exchange, message, err);
	case KIST_OP_RETURN:
		*ret_done = true;
		return take_return(worker, exchange, message, err);
	default:
		return client_broken(worker, exchange, "an unknown message", err);
	}
}
