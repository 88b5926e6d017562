/* SPDX-License-Identifier: Apache-2.0 */
#include "support/plugtest.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct arena_block {
	struct arena_block *next;
};

static void host_log(const struct kist_host *host, int32_t level, const char *msg, size_t len)
{
	(void)host;
	(void)level;
	(void)msg;
	(void)len;
}

static const void *host_extension(const struct kist_host *host, const char *id)
{
	(void)host;
	(void)id;
	return NULL;
}

static const struct kist_host test_host = {
	.struct_size = sizeof(struct kist_host),
	.abi_minor = KIST_ABI_MINOR,
	.name = "plugtest",
	.version = "0",
	.log = host_log,
	.extension = host_extension,
};

static kist_status call_poll(struct kist_call *base)
{
	struct plugtest_call *call = base->ctx;

	call->polls++;
	return call->cancel_at > 0 && call->polls >= call->cancel_at ? KIST_CANCELLED : KIST_OK;
}

static void call_progress(struct kist_call *call, uint64_t done, uint64_t total)
{
	(void)call;
	(void)done;
	(void)total;
}

static kist_status call_fail(struct kist_call *base, kist_status status, const char *code, uint64_t offset,
			     const char *msg, size_t len)
{
	struct plugtest_call *call = base->ctx;

	if (call->error.status == KIST_OK) {
		call->error.status = status;
		call->error.offset = offset;
		snprintf(call->error.code, sizeof(call->error.code), "%s", code ? code : "");
		snprintf(call->error.text, sizeof(call->error.text), "%.*s", (int)len, msg);
	}
	return status;
}

static void *call_alloc(struct kist_call *base, size_t size, size_t align)
{
	struct plugtest_call *call = base->ctx;
	struct arena_block *block = calloc(1, sizeof(*block) + size + align);
	uintptr_t at;

	if (!block)
		return NULL;
	block->next = call->arena;
	call->arena = block;
	at = (uintptr_t)(block + 1);
	return (void *)((at + align - 1) / align * align);
}

void plugtest_call_init(struct plugtest_call *call)
{
	*call = (struct plugtest_call){
		.call = { .struct_size = sizeof(struct kist_call),
			  .host = &test_host,
			  .ctx = call,
			  .poll = call_poll,
			  .progress = call_progress,
			  .fail = call_fail,
			  .alloc = call_alloc },
		.error = { .struct_size = sizeof(struct kist_error), .offset = KIST_NO_OFFSET },
	};
}

void plugtest_call_done(struct plugtest_call *call)
{
	struct arena_block *block = call->arena;

	while (block) {
		struct arena_block *next = block->next;

		free(block);
		block = next;
	}
	call->arena = NULL;
}

static bool source_fails(struct plugtest_source *source)
{
	source->calls++;
	return source->fail_at > 0 && source->calls == source->fail_at;
}

static kist_status source_read_at(struct kist_source *base, uint64_t offset, void *buf, size_t len,
				  size_t *ret_len)
{
	struct plugtest_source *source = base->ctx;
	size_t n = offset < base->size ? (size_t)(base->size - offset) : 0;

	if (source_fails(source))
		return KIST_IO;
	n = n < len ? n : len;
	if (source->step_max > 0 && n > source->step_max)
		n = source->step_max;
	if (n > 0)
		memcpy(buf, source->data + offset, n);
	*ret_len = n;
	return KIST_OK;
}

static void region_release(struct kist_region *region)
{
	free(region->priv);
	region->release = NULL;
}

/* A copy at an odd address, as a hostile host may give it, so that ASan sees every byte past the end. */
static kist_status source_map(struct kist_source *base, uint64_t offset, uint64_t len,
			      struct kist_region *ret)
{
	struct plugtest_source *source = base->ctx;
	uint8_t *copy;

	if (source_fails(source))
		return KIST_IO;
	if (offset > base->size || len > base->size - offset)
		return KIST_INVALID;
	copy = malloc((size_t)len + 1);
	if (!copy)
		return KIST_NO_MEMORY;
	if (len > 0)
		memcpy(copy + 1, source->data + offset, (size_t)len);
	*ret = (struct kist_region){ .struct_size = sizeof(*ret),
				     .flags = KIST_REGION_READ_ONLY | KIST_REGION_STABLE,
				     .base = copy + 1,
				     .len = len,
				     .release = region_release,
				     .priv = copy };
	return KIST_OK;
}

void plugtest_source_init(struct plugtest_source *source, const void *data, size_t size)
{
	*source = (struct plugtest_source){
		.source = { .struct_size = sizeof(struct kist_source),
			    .ctx = source,
			    .size = size,
			    .read_at = source_read_at,
			    .map = source_map },
		.data = data,
	};
}

static void *grown(void *old, size_t count, size_t size)
{
	void *mem = reallocarray(old, count, size);

	if (!mem)
		abort();
	return mem;
}

static void keep_part(struct plugtest_part *to, const struct kist_part *part, uint64_t offset)
{
	*to = (struct plugtest_part){ .offset = offset,
				      .len = part->len,
				      .flags = part->flags,
				      .dtype = part->dtype,
				      .ndim = part->ndim };
	snprintf(to->name, sizeof(to->name), "%s", part->name ? part->name : "");
	for (int32_t i = 0; i < part->ndim && i < KIST_RANK_MAX; i++)
		to->shape[i] = part->shape[i];
}

static bool sink_fails(struct plugtest_sink *sink)
{
	sink->calls++;
	return sink->fail_at > 0 && sink->calls == sink->fail_at;
}

static kist_status sink_begin(struct kist_sink *base, const struct kist_part *part)
{
	struct plugtest_sink *sink = base->ctx;

	if (sink_fails(sink))
		return KIST_IO;
	if (sink->in_part || part->ndim < 0 || part->ndim > KIST_RANK_MAX)
		return KIST_INVALID;
	sink->parts = grown(sink->parts, sink->part_count + 1, sizeof(*sink->parts));
	keep_part(&sink->parts[sink->part_count++], part, sink->size);
	sink->in_part = true;
	return KIST_OK;
}

static kist_status sink_write(struct kist_sink *base, const void *data, size_t len)
{
	struct plugtest_sink *sink = base->ctx;

	if (sink_fails(sink))
		return KIST_IO;
	if (len > sink->capacity - sink->size) {
		sink->capacity = (sink->size + len) * 2;
		sink->data = grown(sink->data, sink->capacity, 1);
	}
	if (len > 0)
		memcpy(sink->data + sink->size, data, len);
	sink->size += len;
	return KIST_OK;
}

static kist_status sink_end(struct kist_sink *base)
{
	struct plugtest_sink *sink = base->ctx;
	struct plugtest_part *part = sink->part_count ? &sink->parts[sink->part_count - 1] : NULL;

	if (sink_fails(sink))
		return KIST_IO;
	if (!sink->in_part || (part->len > 0 && part->len != sink->size - part->offset))
		return KIST_INVALID;
	part->len = sink->size - part->offset;
	sink->in_part = false;
	return KIST_OK;
}

void plugtest_sink_init(struct plugtest_sink *sink)
{
	*sink = (struct plugtest_sink){ .sink = { .struct_size = sizeof(struct kist_sink),
						  .ctx = sink,
						  .begin = sink_begin,
						  .write = sink_write,
						  .end = sink_end } };
}

void plugtest_sink_done(struct plugtest_sink *sink)
{
	free(sink->data);
	free(sink->parts);
	plugtest_sink_init(sink);
}

static kist_status layout_part(struct kist_layout *base, const struct kist_part *part)
{
	struct plugtest_layout *layout = base->ctx;

	if (part->offset < layout->end || part->offset > layout->size ||
	    part->len > layout->size - part->offset || part->ndim < 0 || part->ndim > KIST_RANK_MAX)
		return KIST_INVALID;
	layout->parts = grown(layout->parts, layout->part_count + 1, sizeof(*layout->parts));
	keep_part(&layout->parts[layout->part_count++], part, part->offset);
	layout->end = part->offset + part->len;
	return KIST_OK;
}

void plugtest_layout_init(struct plugtest_layout *layout, uint64_t size)
{
	*layout = (struct plugtest_layout){
		.layout = { .struct_size = sizeof(struct kist_layout), .ctx = layout, .part = layout_part },
		.size = size,
	};
}

void plugtest_layout_done(struct plugtest_layout *layout)
{
	free(layout->parts);
	layout->parts = NULL;
	layout->part_count = 0;
}

static void report_issue(struct kist_report *base, int32_t severity, const char *code, uint64_t offset,
			 const char *msg, size_t len)
{
	struct plugtest_report *report = base->ctx;

	if (report->errors + report->warnings == 0) {
		snprintf(report->code, sizeof(report->code), "%s", code ? code : "");
		snprintf(report->text, sizeof(report->text), "%.*s", (int)len, msg);
		report->offset = offset;
	}
	if (severity == KIST_ISSUE_ERROR)
		report->errors++;
	else
		report->warnings++;
}

void plugtest_report_init(struct plugtest_report *report)
{
	*report = (struct plugtest_report){
		.report = { .struct_size = sizeof(struct kist_report), .ctx = report, .issue = report_issue },
	};
}

const struct kist_type_decl *plugtest_type(const char *name)
{
	static const struct kist_plugin *plugin;
	struct plugtest_call call;

	plugtest_call_init(&call);
	if (!plugin && kist_plugin_entry_v1(&test_host, &call.call, &plugin) != KIST_OK)
		abort();
	plugtest_call_done(&call);
	for (uint64_t i = 0; i < plugin->type_count; i++) {
		if (strcmp(plugin->types[i]->type, name) == 0)
			return plugin->types[i];
	}
	return NULL;
}

#define PARAMS_MAX 16

static void parse_param(const char *text, struct kist_param *param, char *storage, size_t size)
{
	char *equals;
	char *colon;

	snprintf(storage, size, "%s", text);
	equals = strchr(storage, '=');
	colon = equals ? strchr(equals, ':') : NULL;
	if (!colon)
		abort();
	*equals = *colon = '\0';
	*param = (struct kist_param){ .struct_size = sizeof(*param), .name = storage };
	if (strcmp(equals + 1, "string") == 0) {
		param->kind = KIST_PARAM_STRING;
		param->string = colon + 1;
		param->string_len = strlen(colon + 1);
	} else if (strcmp(equals + 1, "number") == 0) {
		param->kind = KIST_PARAM_NUMBER;
		param->number = strtod(colon + 1, NULL);
	} else {
		param->kind = strcmp(equals + 1, "bool") == 0 ? KIST_PARAM_BOOL : KIST_PARAM_INTEGER;
		param->integer = strtoll(colon + 1, NULL, 10);
	}
}

const struct kist_params *plugtest_params(const char *first, ...)
{
	static char storage[PARAMS_MAX][4096];
	static struct kist_param list[PARAMS_MAX];
	static const struct kist_param *pointers[PARAMS_MAX];
	static struct kist_params params;
	va_list args;

	params = (struct kist_params){
		.struct_size = sizeof(params), .list = pointers, .json = "{}", .json_len = 2
	};
	va_start(args, first);
	for (const char *text = first; text && params.count < PARAMS_MAX; text = va_arg(args, const char *)) {
		parse_param(text, &list[params.count], storage[params.count], sizeof(storage[0]));
		pointers[params.count] = &list[params.count];
		params.count++;
	}
	va_end(args);
	return &params;
}
