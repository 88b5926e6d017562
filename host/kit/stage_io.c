/* SPDX-License-Identifier: Apache-2.0 */
#include <stdatomic.h>
#include <string.h>

#include "base/mem.h"
#include "kit/stage.h"
#include "object/check.h"

static atomic_long regions_live;

long kist_stage_regions(void)
{
	return atomic_load(&regions_live);
}

/* The source. */

static kist_status source_read_at(struct kist_source *base, uint64_t offset, void *buf, size_t len,
				  size_t *ret_len)
{
	struct kist_stage_source *source = base->ctx;
	size_t n = offset < source->bytes.size ? source->bytes.size - (size_t)offset : 0;

	n = n < len ? n : len;
	n = source->step_max > 0 && n > source->step_max ? source->step_max : n;
	KIST_TRY(kist_stage_enter(source->stage, "read_at", false, n));
	if (n > 0)
		memcpy(buf, source->bytes.data + offset, n);
	*ret_len = n;
	return KIST_OK;
}

static void region_release(struct kist_region *region)
{
	struct kist_guard *guard = region->priv;

	kist_guard_done(guard);
	kist_free(guard);
	region->release = NULL;
	atomic_fetch_sub(&regions_live, 1);
}

/* A copy that ends at a page which may not be touched, at whatever address that makes. */
static kist_status source_map(struct kist_source *base, uint64_t offset, uint64_t len,
			      struct kist_region *ret)
{
	struct kist_stage_source *source = base->ctx;
	struct kist_guard *guard;

	if (offset > source->bytes.size || len > source->bytes.size - offset) {
		source->stage->struck = "map";
		return KIST_INVALID;
	}
	KIST_TRY(kist_stage_enter(source->stage, "map", true, len));
	guard = kist_alloc(1, sizeof(*guard));
	if (!guard)
		return KIST_NO_MEMORY;
	if (kist_guard_copy(source->bytes.data + offset, (size_t)len, guard, NULL) != KIST_OK) {
		kist_free(guard);
		return KIST_NO_MEMORY;
	}
	atomic_fetch_add(&regions_live, 1);
	ret->struct_size = sizeof(*ret);
	ret->flags = KIST_REGION_READ_ONLY | KIST_REGION_STABLE;
	ret->base = guard->data;
	ret->len = len;
	ret->release = region_release;
	ret->priv = guard;
	return KIST_OK;
}

kist_status kist_stage_source(struct kist_stage *stage, struct kist_view bytes, struct kist_stage_source *ret,
			      struct kist_error *err)
{
	*ret = (struct kist_stage_source){ .stage = stage, .bytes = bytes };
	ret->base = kist_stage_piece(stage, sizeof(*ret->base), KIST_SIZE_TO(struct kist_source, map));
	if (!ret->base)
		return kist_fail_memory(err, sizeof(*ret->base));
	ret->base->ctx = ret;
	ret->base->size = bytes.size;
	ret->base->read_at = source_read_at;
	ret->base->map = source_map;
	return KIST_OK;
}

/* The sink. */

/* What of a part can be read at all, and then what it says. */
static kist_status check_part(struct kist_stage *stage, const struct kist_part *part)
{
	struct kist_error why = KIST_ERROR_INIT;

	if (part->struct_size < KIST_SIZE_TO(struct kist_part, shape))
		return kist_stage_breach(stage,
					 "it gave a part with the struct_size %u: set it with KIST_SIZED",
					 part->struct_size);
	if (kist_part_check(part, &why) != KIST_OK)
		return kist_stage_breach(stage, "it gave a part that cannot be: %s", why.text);
	return KIST_OK;
}

static kist_status sink_begin(struct kist_sink *base, const struct kist_part *part)
{
	struct kist_stage_sink *sink = base->ctx;

	KIST_TRY(kist_stage_enter(sink->stage, "begin", false, 0));
	if (sink->in_part)
		return kist_stage_breach(sink->stage, "it began a part in a part: call end first");
	KIST_TRY(check_part(sink->stage, part));
	sink->in_part = true;
	sink->announced = part->len;
	sink->begun = sink->bytes.size;
	return KIST_OK;
}

static kist_status sink_write(struct kist_sink *base, const void *data, size_t len)
{
	struct kist_stage_sink *sink = base->ctx;

	KIST_TRY(kist_stage_enter(sink->stage, "write", false, len));
	if (sink->each)
		sink->each(sink->ctx);
	return kist_buf_append(&sink->bytes, data, len, NULL);
}

static kist_status sink_end(struct kist_sink *base)
{
	struct kist_stage_sink *sink = base->ctx;
	const uint64_t written = sink->bytes.size - sink->begun;

	KIST_TRY(kist_stage_enter(sink->stage, "end", false, 0));
	if (!sink->in_part)
		return kist_stage_breach(sink->stage, "it ended a part that did not begin");
	if (sink->announced > 0 && sink->announced != written)
		return kist_stage_breach(sink->stage, "it wrote %llu bytes into a part of %llu",
					 (unsigned long long)written, (unsigned long long)sink->announced);
	sink->in_part = false;
	return KIST_OK;
}

kist_status kist_stage_sink(struct kist_stage *stage, size_t size_max, struct kist_stage_sink *ret,
			    struct kist_error *err)
{
	*ret = (struct kist_stage_sink){ .stage = stage, .bytes = KIST_BUF_INIT(size_max) };
	ret->base = kist_stage_piece(stage, sizeof(*ret->base), KIST_SIZE_TO(struct kist_sink, end));
	if (!ret->base)
		return kist_fail_memory(err, sizeof(*ret->base));
	ret->base->ctx = ret;
	ret->base->begin = sink_begin;
	ret->base->write = sink_write;
	ret->base->end = sink_end;
	return KIST_OK;
}

void kist_stage_sink_done(struct kist_stage_sink *sink)
{
	kist_buf_done(&sink->bytes);
}

/* The layout. */

static kist_status layout_part(struct kist_layout *base, const struct kist_part *part)
{
	struct kist_stage_layout *layout = base->ctx;

	KIST_TRY(kist_stage_enter(layout->stage, "part", false, 0));
	KIST_TRY(check_part(layout->stage, part));
	if (part->offset < layout->end)
		return kist_stage_breach(
			layout->stage,
			"layout gave a part at %llu, before %llu, where the one before ends: give "
			"them in order, without overlap",
			(unsigned long long)part->offset, (unsigned long long)layout->end);
	if (part->offset > layout->size || part->len > layout->size - part->offset)
		return kist_stage_breach(
			layout->stage,
			"layout gave a part of %llu bytes at %llu, which ends after the input's %llu",
			(unsigned long long)part->len, (unsigned long long)part->offset,
			(unsigned long long)layout->size);
	layout->end = part->offset + part->len;
	return KIST_OK;
}

kist_status kist_stage_layout(struct kist_stage *stage, uint64_t size, struct kist_stage_layout *ret,
			      struct kist_error *err)
{
	*ret = (struct kist_stage_layout){ .stage = stage, .size = size };
	ret->base = kist_stage_piece(stage, sizeof(*ret->base), KIST_SIZE_TO(struct kist_layout, part));
	if (!ret->base)
		return kist_fail_memory(err, sizeof(*ret->base));
	ret->base->ctx = ret;
	ret->base->part = layout_part;
	return KIST_OK;
}

/* The report. */

static void report_issue(struct kist_report *base, int32_t severity, const char *code, uint64_t offset,
			 const char *msg, size_t len)
{
	struct kist_stage_report *report = base->ctx;

	if (severity != KIST_ISSUE_ERROR && severity != KIST_ISSUE_WARNING)
		(void)kist_stage_breach(report->stage, "it reported an issue of severity %d", severity);
	if (!msg || len == 0)
		(void)kist_stage_breach(report->stage, "it reported an issue without a message");
	if (severity != KIST_ISSUE_ERROR)
		return;
	report->errors++;
	(void)kist_fail_text(&report->first, KIST_CORRUPT, code, offset, msg ? msg : "", msg ? len : 0);
}

kist_status kist_stage_report(struct kist_stage *stage, struct kist_stage_report *ret, struct kist_error *err)
{
	*ret = (struct kist_stage_report){ .stage = stage, .first = KIST_ERROR_INIT };
	ret->base = kist_stage_piece(stage, sizeof(*ret->base), KIST_SIZE_TO(struct kist_report, issue));
	if (!ret->base)
		return kist_fail_memory(err, sizeof(*ret->base));
	ret->base->ctx = ret;
	ret->base->issue = report_issue;
	return KIST_OK;
}
