/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/num.h"
#include "base/time.h"
#include "worker/serve.h"

#define PROGRESS_NS 20000000u
#define REPORT_MAX  1000u

/* The call. */

static kist_status call_poll(struct kist_call *base)
{
	const struct served_call *call = base->ctx;

	return serve_flag(call->server, call->lane);
}

static void call_progress(struct kist_call *base, uint64_t done, uint64_t total)
{
	struct served_call *call = base->ctx;
	const uint64_t now = kist_now_ns();

	if (now - call->progress_ns < PROGRESS_NS)
		return;
	call->progress_ns = now;
	serve_send_as(call->server, call->id,
		      (struct kist_header){ .op = KIST_OP_PROGRESS, .a = done, .b = total },
		      kist_view_of(NULL, 0));
}

static kist_status call_fail(struct kist_call *base, kist_status status, const char *code, uint64_t offset,
			     const char *msg, size_t len)
{
	struct served_call *call = base->ctx;

	if (status >= KIST_OK || status < KIST_STATUS_MIN)
		return served_breach(call, "it called fail with the status %d", status);
	(void)kist_fail_text(&call->error, status, code, offset, msg ? msg : "", msg ? len : 0);
	return status;
}

static void *call_alloc(struct kist_call *base, size_t size, size_t align)
{
	struct served_call *call = base->ctx;

	if (align == 0 || (align & (align - 1)) != 0) {
		(void)served_breach(call, "it asked for memory aligned to %zu", align);
		return NULL;
	}
	return kist_arena_alone(&call->arena, size, align, NULL);
}

void served_call_init(struct served_call *call, struct server *server, const struct kist_host *host,
		      uint64_t deadline_ns)
{
	*call = (struct served_call){
		.base = { .struct_size = sizeof(call->base),
			  .host = host,
			  .deadline_ns = deadline_ns,
			  .ctx = call,
			  .poll = call_poll,
			  .progress = call_progress,
			  .fail = call_fail,
			  .alloc = call_alloc },
		.server = server,
		.id = server->call_id,
		.error = KIST_ERROR_INIT,
		.breach = KIST_ERROR_INIT,
	};
}

void served_call_done(struct served_call *call)
{
	kist_arena_done(&call->arena);
}

kist_status served_breach(struct served_call *call, const char *format, ...)
{
	char text[256];
	va_list args;

	va_start(args, format);
	if (vsnprintf(text, sizeof(text), format, args) < 0)
		text[0] = '\0';
	va_end(args);
	(void)kist_fail(&call->breach, KIST_INTERNAL, "%s", text);
	return KIST_INVALID;
}

/* The host. */

static void host_log(const struct kist_host *host, int32_t level, const char *msg, size_t len)
{
	const struct served_plugin *plugin = host->ctx;
	const struct server *server = plugin->server;

	if (!msg)
		return;
	/* From any thread: a datagram of its own, and nothing of the server is written. */
	if (kist_channel_send(server->socket,
			      (struct kist_header){
				      .op = KIST_OP_LOG, .a = (uint64_t)(uint32_t)level, .c = plugin->index },
			      kist_view_of(msg, len < KIST_LOG_TEXT_MAX ? len : KIST_LOG_TEXT_MAX), -1, 0,
			      NULL) != KIST_OK)
		_exit(KIST_WORKER_EXIT_LOST);
}

static const void *host_extension(const struct kist_host *host, const char *id)
{
	(void)host;
	(void)id;
	return NULL;
}

void serve_host_init(struct served_plugin *plugin, struct server *server, uint32_t index)
{
	plugin->server = server;
	plugin->index = index;
	plugin->host = (struct kist_host){ .struct_size = sizeof(plugin->host),
					   .abi_minor = KIST_ABI_MINOR,
					   .ctx = plugin,
					   .name = "kist",
					   .version = PACKAGE_VERSION,
					   .log = host_log,
					   .extension = host_extension };
}

/* The sink. */

static void take_ack(struct server *server)
{
	struct kist_message reply;

	serve_await(server, KIST_OP_ACK, &reply);
}

static void send_slot(struct served_sink *sink)
{
	struct server *server = sink->call->server;

	if (sink->used == 0)
		return;
	server->slot_busy[server->slot_next] = true;
	serve_send(server,
		   (struct kist_header){ .op = KIST_OP_WRITE, .a = server->slot_next, .b = sink->used },
		   kist_view_of(NULL, 0));
	server->slot_next = (server->slot_next + 1) % KIST_RING_SLOTS;
	sink->used = 0;
}

static kist_status sink_state(const struct served_sink *sink)
{
	const struct server *server = sink->call->server;
	const kist_status flag = serve_flag(server, 0);

	return flag != KIST_OK ? flag : server->sink_status;
}

static kist_status sink_write(struct kist_sink *base, const void *data, size_t len)
{
	struct served_sink *sink = base->ctx;
	struct server *server = sink->call->server;
	const uint8_t *from = data;

	while (len > 0) {
		size_t n = KIST_SLOT_SIZE - sink->used;

		KIST_TRY(sink_state(sink));
		while (server->slot_busy[server->slot_next])
			take_ack(server);
		n = n < len ? n : len;
		memcpy(server->ring.data + server->slot_next * KIST_SLOT_SIZE + sink->used, from, n);
		sink->used += n;
		sink->written += n;
		from += n;
		len -= n;
		if (sink->used == KIST_SLOT_SIZE)
			send_slot(sink);
	}
	return sink_state(sink);
}

/* What can be sent; the host checks the rest. */
static kist_status check_part(struct served_call *call, const struct kist_part *part)
{
	if (part->struct_size < KIST_SIZE_TO(struct kist_part, shape))
		return served_breach(call, "it gave a part with the struct_size %u", part->struct_size);
	if (part->ndim < 0 || part->ndim > KIST_RANK_MAX || (part->ndim > 0 && !part->shape))
		return served_breach(call, "it gave a part of rank %d", part->ndim);
	return KIST_OK;
}

static kist_status sink_begin(struct kist_sink *base, const struct kist_part *part)
{
	struct served_sink *sink = base->ctx;
	kist_auto_writer struct kist_writer writer = KIST_WRITER_INIT;

	if (sink->in_part)
		return served_breach(sink->call, "it began a part in a part");
	KIST_TRY(check_part(sink->call, part));
	KIST_TRY(sink_state(sink));
	send_slot(sink);
	kist_put_part(&writer, part);
	if (writer.status != KIST_OK)
		return writer.status;
	serve_send(sink->call->server, (struct kist_header){ .op = KIST_OP_PART },
		   kist_buf_view(&writer.buf));
	sink->in_part = true;
	sink->announced = part->len;
	sink->written = 0;
	return KIST_OK;
}

static kist_status sink_end(struct kist_sink *base)
{
	struct served_sink *sink = base->ctx;

	if (!sink->in_part)
		return served_breach(sink->call, "it ended a part that did not begin");
	if (sink->announced > 0 && sink->announced != sink->written)
		return served_breach(sink->call, "it wrote %llu bytes into a part of %llu",
				     (unsigned long long)sink->written, (unsigned long long)sink->announced);
	send_slot(sink);
	sink->in_part = false;
	serve_send(sink->call->server, (struct kist_header){ .op = KIST_OP_END }, kist_view_of(NULL, 0));
	return sink_state(sink);
}

void served_sink_init(struct served_sink *sink, struct served_call *call)
{
	*sink = (struct served_sink){ .base = { .struct_size = sizeof(sink->base),
						.ctx = sink,
						.begin = sink_begin,
						.write = sink_write,
						.end = sink_end },
				      .call = call };
	call->server->sink_status = KIST_OK;
}

void served_sink_finish(struct served_sink *sink)
{
	struct server *server = sink->call->server;

	send_slot(sink);
	for (uint32_t i = 0; i < KIST_RING_SLOTS; i++) {
		while (server->slot_busy[i])
			take_ack(server);
	}
	if (sink->in_part)
		(void)served_breach(sink->call, "it left a part open");
}

/* The layout. */

/* Parts are sent by the thousand: a model may have a million, and each message wakes the host. */
#define LAYOUT_SEND_SIZE (KIST_MESSAGE_INLINE_MAX / 2)

static void send_parts(struct served_layout *layout)
{
	serve_send(layout->call->server, (struct kist_header){ .op = KIST_OP_LAYOUT_PARTS },
		   kist_buf_view(&layout->waiting.buf));
	layout->waiting.buf.size = 0;
}

static kist_status layout_part(struct kist_layout *base, const struct kist_part *part)
{
	struct served_layout *layout = base->ctx;

	KIST_TRY(serve_flag(layout->call->server, 0));
	KIST_TRY(check_part(layout->call, part));
	if (part->offset < layout->end)
		return served_breach(layout->call,
				     "its part at %llu begins before %llu, where the one before ends",
				     (unsigned long long)part->offset, (unsigned long long)layout->end);
	if (part->offset > layout->size || part->len > layout->size - part->offset)
		return served_breach(layout->call,
				     "its part at %llu of %llu bytes ends after the input's %llu",
				     (unsigned long long)part->offset, (unsigned long long)part->len,
				     (unsigned long long)layout->size);
	kist_put_part(&layout->waiting, part);
	if (layout->waiting.status != KIST_OK)
		return layout->waiting.status;
	layout->end = part->offset + part->len;
	layout->count++;
	if (layout->size_max > 0)
		return layout->waiting.buf.size <= layout->size_max ? KIST_OK : KIST_LIMIT;
	if (layout->waiting.buf.size >= LAYOUT_SEND_SIZE)
		send_parts(layout);
	return KIST_OK;
}

void served_layout_init(struct served_layout *layout, struct served_call *call, uint64_t size)
{
	*layout = (struct served_layout){
		.base = { .struct_size = sizeof(layout->base), .ctx = layout, .part = layout_part },
		.call = call,
		.size = size,
		.waiting = KIST_WRITER_INIT,
	};
}

void served_layout_finish(struct served_layout *layout)
{
	if (layout->waiting.status == KIST_OK && layout->waiting.buf.size > 0)
		send_parts(layout);
	kist_writer_done(&layout->waiting);
}

/* The report. */

static void report_issue(struct kist_report *base, int32_t severity, const char *code, uint64_t offset,
			 const char *msg, size_t len)
{
	struct served_report *report = base->ctx;
	kist_auto_writer struct kist_writer writer = KIST_WRITER_INIT;
	struct kist_error issue = KIST_ERROR_INIT;

	if (severity != KIST_ISSUE_ERROR && severity != KIST_ISSUE_WARNING) {
		(void)served_breach(report->call, "it reported an issue of severity %d", severity);
		return;
	}
	/* The first error always passes, also after many warnings: it makes the verdict. */
	if (report->count >= REPORT_MAX && (severity != KIST_ISSUE_ERROR || report->count >= 2 * REPORT_MAX))
		return;
	report->count++;
	(void)kist_fail_text(&issue, KIST_CORRUPT, code, offset, msg ? msg : "", msg ? len : 0);
	kist_put_error(&writer, &issue);
	if (writer.status == KIST_OK)
		serve_send(report->call->server,
			   (struct kist_header){ .op = KIST_OP_ISSUE, .a = (uint64_t)severity },
			   kist_buf_view(&writer.buf));
}

void served_report_init(struct served_report *report, struct served_call *call)
{
	*report = (struct served_report){
		.base = { .struct_size = sizeof(report->base), .ctx = report, .issue = report_issue },
		.call = call,
	};
}
