/* SPDX-License-Identifier: Apache-2.0 */
#include "kit/stage.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"

/* What stands behind the structs of a newer host. */
#define JUNK 0xa5

kist_status kist_stage_breach(struct kist_stage *stage, const char *format, ...)
{
	va_list args;

	if (stage->breach[0])
		return KIST_INVALID;
	va_start(args, format);
	(void)vsnprintf(stage->breach, sizeof(stage->breach), format, args);
	va_end(args);
	return KIST_INVALID;
}

void *kist_stage_piece(struct kist_stage *stage, size_t size, size_t oldest)
{
	const size_t own = stage->age == KIST_STAGE_OLDEST ? oldest : size;
	const size_t more = stage->age == KIST_STAGE_NEWER ? KIST_STAGE_MORE : 0;
	/* Rounded up, or the struct would not be aligned; the page begins a few bytes later then. */
	const size_t whole = (own + more + 7) / 8 * 8;
	struct kist_stage_piece *piece = &stage->pieces[stage->piece_count];
	const uint32_t told = (uint32_t)(own + more);

	if (stage->piece_count == KIST_STAGE_PIECES_MAX ||
	    kist_guard_alloc(whole, &piece->guard, NULL) != KIST_OK)
		return NULL;
	stage->piece_count++;
	piece->size = own;
	memset(piece->guard.data, 0, own);
	memset((uint8_t *)piece->guard.data + own, JUNK, whole - own);
	memcpy(piece->guard.data, &told, sizeof(told));
	return piece->guard.data;
}

void kist_stage_check(struct kist_stage *stage)
{
	for (size_t i = 0; i < stage->piece_count; i++) {
		const struct kist_stage_piece *piece = &stage->pieces[i];
		const uint8_t *bytes = piece->guard.data;
		uint32_t told;

		memcpy(&told, bytes, sizeof(told));
		if (told != piece->size + (stage->age == KIST_STAGE_NEWER ? KIST_STAGE_MORE : 0))
			(void)kist_stage_breach(stage,
						"it changed the struct_size of a struct that it was lent");
		for (size_t k = piece->size; k < piece->guard.size; k++) {
			if (bytes[k] != JUNK)
				(void)kist_stage_breach(
					stage,
					"it wrote behind the members that it knows of a struct that "
					"it was lent: fill members in, and never the struct as a whole");
		}
	}
}

/* Whether this call of the host goes on; each function names itself. */
static kist_status enter(struct kist_stage *stage, const char *name, bool may_lack_memory)
{
	const bool fits = stage->fail_with != KIST_NO_MEMORY || may_lack_memory;

	if (!fits || stage->fail_with == KIST_OK)
		return KIST_OK;
	stage->calls++;
	/* A run that was cancelled stays so; a disk may answer again. */
	if (stage->fail_at == 0 || stage->calls < stage->fail_at ||
	    (stage->calls > stage->fail_at && stage->fail_with != KIST_CANCELLED))
		return KIST_OK;
	if (!stage->struck)
		stage->struck = name;
	return stage->fail_with;
}

static kist_status call_poll(struct kist_call *base)
{
	struct kist_stage *stage = base->ctx;

	stage->polls++;
	if (stage->is_cancelled) {
		stage->struck = "poll";
		return KIST_CANCELLED;
	}
	return stage->fail_with == KIST_CANCELLED ? enter(stage, "poll", false) : KIST_OK;
}

static void call_progress(struct kist_call *base, uint64_t done, uint64_t total)
{
	if (total > 0 && done > total)
		(void)kist_stage_breach(base->ctx, "it said that it had done %llu of %llu",
					(unsigned long long)done, (unsigned long long)total);
}

static kist_status call_fail(struct kist_call *base, kist_status status, const char *code, uint64_t offset,
			     const char *msg, size_t len)
{
	struct kist_stage *stage = base->ctx;

	if (status >= KIST_OK || status < KIST_STATUS_MIN)
		return kist_stage_breach(
			stage, "it called fail with the status %d, which is none of status.h", status);
	if (!msg || len == 0)
		(void)kist_stage_breach(stage,
					"it called fail without a message: say what is wrong, and where");
	(void)kist_fail_text(&stage->error, status, code, offset, msg ? msg : "", msg ? len : 0);
	return status;
}

static void *call_alloc(struct kist_call *base, size_t size, size_t align)
{
	struct kist_stage *stage = base->ctx;

	if (align == 0 || (align & (align - 1)) != 0) {
		(void)kist_stage_breach(stage, "it asked for memory aligned to %zu, which is no power of two",
					align);
		return NULL;
	}
	if (stage->fail_with == KIST_NO_MEMORY && enter(stage, "alloc", true) != KIST_OK)
		return NULL;
	return kist_arena_alone(&stage->arena, size, align, NULL);
}

static void host_log(const struct kist_host *host, int32_t level, const char *msg, size_t len)
{
	(void)len;
	if (level < KIST_LOG_DEBUG || level > KIST_LOG_ERROR || !msg)
		(void)kist_stage_breach(host->ctx, "it logged with the level %d", level);
}

static const void *host_extension(const struct kist_host *host, const char *id)
{
	(void)host;
	(void)id;
	return NULL;
}

kist_status kist_stage_open(struct kist_stage *stage, enum kist_stage_age age, struct kist_error *err)
{
	*stage = (struct kist_stage){ .age = age, .error = KIST_ERROR_INIT };
	stage->host =
		kist_stage_piece(stage, sizeof(*stage->host), KIST_SIZE_TO(struct kist_host, extension));
	stage->call = kist_stage_piece(stage, sizeof(*stage->call), KIST_SIZE_TO(struct kist_call, alloc));
	if (!stage->host || !stage->call)
		return kist_fail_memory(err, sizeof(*stage->host));
	stage->host->abi_minor = age == KIST_STAGE_NEWER ? KIST_ABI_MINOR + 7 : 0;
	stage->host->ctx = stage;
	stage->host->name = "kist-kit";
	stage->host->version = PACKAGE_VERSION;
	stage->host->log = host_log;
	stage->host->extension = host_extension;
	stage->call->host = stage->host;
	stage->call->ctx = stage;
	stage->call->poll = call_poll;
	stage->call->progress = call_progress;
	stage->call->fail = call_fail;
	stage->call->alloc = call_alloc;
	return KIST_OK;
}

void kist_stage_close(struct kist_stage *stage)
{
	kist_arena_done(&stage->arena);
	for (size_t i = 0; i < stage->piece_count; i++)
		kist_guard_done(&stage->pieces[i].guard);
	stage->piece_count = 0;
}

kist_status kist_stage_enter(struct kist_stage *stage, const char *name, bool may_lack_memory, uint64_t bytes)
{
	if (stage->is_cancelled && stage->polls > 0)
		stage->moved += bytes;
	return enter(stage, name, may_lack_memory);
}
