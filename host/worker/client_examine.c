/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/json_normal.h"
#include "base/le.h"
#include "base/mem.h"
#include "object/check.h"
#include "worker/client.h"

/*
 * EXAMINE and EXAMINED: what the worker says of many inputs at once, each number of it checked as that of a call
 * on one.
 */

/* One part of a sample.  A part that is not sane is the plugin's fault: the sample is asked for alone then. */
static kist_status take_part(struct kist_worker *worker, struct exchange *exchange, size_t index,
			     struct kist_reader *reader, uint64_t *end, bool *sound, struct kist_error *err)
{
	const size_t size = exchange->samples[index].bytes.size;
	struct kist_part_room room;
	struct kist_part part;
	kist_status status;

	kist_get_part(reader, &part, &room);
	if (reader->bad)
		return client_broken(worker, exchange, "a part that cannot be read", err);
	if (part.offset < *end || part.offset > size || part.len > size - part.offset)
		return client_broken(worker, exchange, "parts out of order, over each other or past the end",
				     err);
	*end = part.offset + part.len;
	if (kist_part_check(&part, NULL) != KIST_OK)
		*sound = false;
	if (!*sound || !exchange->each_sample_part || exchange->failed.status != KIST_OK)
		return KIST_OK;
	status = exchange->each_sample_part(exchange->ctx, index, &part, &exchange->failed);
	if (status != KIST_OK)
		(void)kist_fail(&exchange->failed, status, "cannot take the layout: %s",
				kist_status_name(status));
	return KIST_OK;
}

static kist_status take_info(struct kist_worker *worker, struct exchange *exchange,
			     struct kist_sample *sample, struct kist_reader *reader, bool *sound,
			     struct kist_error *err)
{
	const uint32_t any = kist_get_u32(reader);
	const struct kist_view text = any == 1 ? kist_get_bytes(reader) : kist_view_of(NULL, 0);
	kist_status status;

	if (any > 1 || reader->bad)
		return client_broken(worker, exchange, "a description that cannot be read", err);
	if (any == 0 || !*sound)
		return KIST_OK;
	status = kist_json_normal(text, &sample->info, NULL);
	if (status == KIST_NO_MEMORY)
		(void)kist_fail(&exchange->failed, status, "out of memory while reading a description");
	*sound = status == KIST_OK && sample->info.data[0] == '{';
	if (!*sound)
		sample->info.size = 0;
	return KIST_OK;
}

static kist_status take_sample(struct kist_worker *worker, struct exchange *exchange,
			       struct kist_reader *reader, struct kist_error *err)
{
	const uint32_t index = kist_get_u32(reader);
	const uint32_t parts = kist_get_u32(reader);
	bool sound = true;
	uint64_t end = 0;

	if (reader->bad || index < exchange->sample_next || index >= exchange->sample_count)
		return client_broken(worker, exchange, "an answer that nobody asked for", err);
	exchange->sample_next = (size_t)index + 1;
	/* Each takes bytes of the message: a number that is too large ends with them. */
	for (uint32_t i = 0; i < parts; i++)
		KIST_TRY(take_part(worker, exchange, index, reader, &end, &sound, err));
	KIST_TRY(take_info(worker, exchange, &exchange->samples[index], reader, &sound, err));
	exchange->samples[index].is_sound = sound;
	return KIST_OK;
}

kist_status client_take_examined(struct kist_worker *worker, struct exchange *exchange,
				 const struct kist_message *message, struct kist_error *err)
{
	struct kist_reader reader = { .rest = message->payload };

	if (exchange->header.op != KIST_OP_EXAMINE)
		return client_broken(worker, exchange, "an answer that nobody asked for", err);
	do
		KIST_TRY(take_sample(worker, exchange, &reader, err));
	while (reader.rest.size > 0);
	return KIST_OK;
}

/* How many samples from the front go into @room bytes, and how many bytes they take there. */
static size_t fitting(const struct kist_sample *samples, size_t count, size_t room, size_t *ret_size)
{
	size_t taken = 0;
	size_t left = room;

	for (; taken < count; taken++) {
		const size_t size = samples[taken].bytes.size;

		if (left < sizeof(uint32_t) || size > left - sizeof(uint32_t))
			break;
		left -= sizeof(uint32_t) + size;
	}
	*ret_size = room - left;
	return taken;
}

size_t client_write_samples(const struct exchange *exchange, uint8_t *to)
{
	uint8_t *const from = to;

	for (size_t i = 0; i < exchange->sample_count; i++) {
		const struct kist_view bytes = exchange->samples[i].bytes;

		kist_le_write32(to, (uint32_t)bytes.size);
		to += sizeof(uint32_t);
		if (bytes.size > 0)
			memcpy(to, bytes.data, bytes.size);
		to += bytes.size;
	}
	return (size_t)(to - from);
}

/* Behind the target: in the message where it is short, else in the window, where the worker looks at them. */
static kist_status put_samples(struct kist_worker *worker, struct kist_writer *writer, size_t count,
			       struct exchange *exchange, struct kist_error *err)
{
	size_t size;

	if (writer->status != KIST_OK)
		return KIST_OK;
	exchange->sample_count =
		fitting(exchange->samples, count, KIST_WINDOW_SIZE - writer->buf.size, &size);
	exchange->samples_behind = writer->buf.size + size > KIST_MESSAGE_INLINE_MAX;
	if (exchange->samples_behind)
		return client_need_window(worker, KIST_WINDOW_IN, err);
	for (size_t i = 0; i < exchange->sample_count; i++)
		kist_put_bytes(writer, exchange->samples[i].bytes);
	return KIST_OK;
}

kist_status kist_worker_examine(struct kist_worker *worker, const struct kist_serializer_ref *ref,
				struct kist_sample *samples, size_t count,
				kist_status (*each)(void *ctx, size_t index, const struct kist_part *part,
						    struct kist_error *err),
				void *ctx, size_t *ret_taken, struct kist_error *err)
{
	kist_auto_writer struct kist_writer writer = KIST_WRITER_INIT;
	struct exchange exchange = { .header = { .op = KIST_OP_EXAMINE },
				     .verb = "examine",
				     .samples = samples,
				     .each_sample_part = each,
				     .ctx = ctx };
	kist_status status;

	for (size_t i = 0; i < count; i++) {
		samples[i].is_sound = false;
		samples[i].info = (struct kist_buf)KIST_BUF_INIT(KIST_DESCRIBE_SIZE_MAX);
	}
	KIST_TRY(client_put_target(worker, ref, &exchange, &writer, err));
	KIST_TRY(put_samples(worker, &writer, count, &exchange, err));
	/* One that fits no message is left to be asked for alone. */
	*ret_taken = exchange.sample_count > 0 ? exchange.sample_count : 1;
	if (exchange.sample_count == 0 && writer.status == KIST_OK)
		return KIST_OK;
	status = client_data_call(worker, &writer, &exchange, err);
	for (size_t i = 0; i < count && status != KIST_OK; i++) {
		kist_buf_done(&samples[i].info);
		samples[i].is_sound = false;
	}
	return status;
}
