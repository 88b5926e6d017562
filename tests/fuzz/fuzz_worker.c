/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/le.h"
#include "fuzz/fuzz.h"
#include "unit/worker/hostile.h"

/*
 * The messages of a worker that was taken over, against the host.  The input: one byte for the kind of call,
 * then messages, each a length u16 and as many bytes: op u8, a u64, b u64, c u32, payload.
 */

#define FIELDS_SIZE ((size_t)21)
/* Of EXAMINE. */
#define TEXT_MAX ((size_t)1 << 20)
#define SAMPLES	 3

static kist_status one_message(struct hostile *hostile, struct exchange *exchange, const uint8_t *data,
			       size_t size, bool *ret_done)
{
	struct kist_error error = KIST_ERROR_INIT;
	const struct kist_header header = { .op = data[0],
					    .id = exchange->header.id,
					    .a = kist_le_read64(data + 1),
					    .b = kist_le_read64(data + 9),
					    .c = kist_le_read32(data + 17) };

	return hostile_take(hostile, exchange, &header, kist_view_of(data + FIELDS_SIZE, size - FIELDS_SIZE),
			    ret_done, &error);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint32_t calls[] = { KIST_OP_PING,	    KIST_OP_LAYOUT,	 KIST_OP_VALIDATE,
					  KIST_OP_DESCRIBE, KIST_OP_DESERIALIZE, KIST_OP_SERIALIZE,
					  KIST_OP_EXAMINE };
	static struct hostile hostile;
	static bool is_open;
	static const uint8_t bytes[100];
	struct kist_sample samples[SAMPLES];
	struct exchange exchange;
	bool done = false;

	if (size == 0)
		return 0;
	if (!is_open)
		hostile_open(&hostile);
	is_open = true;
	exchange = hostile_exchange(&hostile, calls[data[0] % (sizeof(calls) / sizeof(calls[0]))]);
	for (size_t i = 0; i < SAMPLES; i++)
		samples[i] = (struct kist_sample){ .bytes = kist_view_of(bytes, sizeof(bytes) / (i + 1)),
						   .info = KIST_BUF_INIT(TEXT_MAX) };
	exchange.samples = samples;
	exchange.sample_count = SAMPLES;
	for (size_t at = 1; !done && size - at >= 2;) {
		const size_t len = kist_le_read16(data + at);

		at += 2;
		if (len < FIELDS_SIZE || len > size - at)
			break;
		if (one_message(&hostile, &exchange, data + at, len, &done) != KIST_OK)
			break;
		at += len;
	}
	for (size_t i = 0; i < SAMPLES; i++)
		kist_buf_done(&samples[i].info);
	if (hostile.worker->gone.status != KIST_OK) {
		hostile_close(&hostile);
		is_open = false;
	}
	return 0;
}
