/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Typed compression from hostile bytes: a record that is decoded, and bytes that go there and back.
 *
 *     u8 mode = decode | u8 filter, bit 7 the dictionary | 16 params | u16 raw length | body
 *     u8 mode = encode | u8 kind | u8 width | u8 row | u8 level | bytes
 *     u8 mode = literals | u8 shift | u8 bytes to drop | bytes
 *     u8 mode = cells | u8 delimiter | u8 columns | text
 *     u8 mode = read literals | u16 at | u16 at | bytes: the frame of the bytes, with two of its bits turned
 */
#include <stdlib.h>
#include <string.h>
#include <zstd.h>

#include "fuzz/fuzz.h"
#include "pack/codec.h"
#include "pack/filter.h"
#include "pack/filter_cells.h"
#include "pack/filter_copies.h"
#include "pack/literals.h"

#define LEN_MAX 65535

static void decode(const uint8_t *data, size_t size)
{
	uint8_t *base;
	kist_auto_filter struct kist_filter filter = KIST_FILTER_INIT;
	struct kist_filter_body body = { .choice = { .filter = data[0] % 128 % (KIST_FILTER_COUNT + 1),
						     .with_dictionary = data[0] >= 128 } };
	const size_t len = (size_t)(data[17] | data[18] << 8);
	uint8_t *const back = malloc(len + 1);

	memcpy(body.choice.params, data + 1, 16);
	body.body = kist_view_of(data + 19, size - 19);
	/* A base of other bytes than the body, and of another length where a byte of the input says so. */
	base = malloc(len + 1);
	for (size_t i = 0; i < len + 1; i++)
		base[i] = (uint8_t)(data[i % size] ^ i);
	if (body.choice.filter == KIST_FILTER_BASE)
		body.base = kist_view_of(base, len + (data[18] == 0xff));
	else if (body.choice.filter == KIST_FILTER_COPIES)
		body.base = kist_view_of(base, len / 2);
	/* Most is refused; what is not, is bytes like any others. */
	if (kist_filter_decode(&filter, &body, back, len, NULL) == KIST_OK)
		back[len] = 0;
	free(base);
	free(back);
}

/* The same bytes as copies and what they leave. */
static void take_copies_off(const struct kist_filter_spec *spec, const uint8_t *data, size_t size)
{
	size_t len = spec->fresh;
	uint8_t *back;

	if (spec->copies > size / KIST_FILTER_COPY_SIZE ||
	    spec->copies * KIST_FILTER_COPY_SIZE + spec->fresh != size)
		return;
	for (size_t i = 0; i < spec->copies; i++)
		len += data[i * KIST_FILTER_COPY_SIZE + 8];
	back = malloc(len + 1);
	if (kist_filter_copies_back(data, spec->copies, spec->fresh, kist_view_of(data, size), back, len))
		back[len] = 0;
	free(back);
}

/* The same bytes as columns of cells. */
static void take_cells_off(const struct kist_filter_spec *spec, const uint8_t *data, size_t size)
{
	const size_t len = size * (1 + data[0] % 4u);
	uint8_t *const back = malloc(len + 1);

	if (kist_filter_size(spec, len) == size &&
	    kist_filter_cells_back(kist_filter_ops_best(), &spec->cells, data, back, len))
		back[len] = 0;
	free(back);
}

/* The same bytes as the filtered ones of any params: the filter is taken off, without zstd. */
static void take_off(const uint8_t *data, size_t size)
{
	struct kist_filter_spec spec;
	size_t len = size - 17;
	uint8_t *back;

	if (!kist_filter_spec_read(data[0] % (KIST_FILTER_COUNT + 1), data + 1, &spec))
		return;
	if (spec.filter == KIST_FILTER_COPIES) {
		take_copies_off(&spec, data + 17, size - 17);
		return;
	}
	if (spec.filter == KIST_FILTER_CELLS) {
		take_cells_off(&spec, data + 17, size - 17);
		return;
	}
	if (spec.filter == KIST_FILTER_DECIMAL)
		len = len > 12 * (size_t)spec.exceptions ? len - 12 * (size_t)spec.exceptions : 0;
	if (len == 0 || kist_filter_size(&spec, len) != size - 17)
		return;
	back = malloc(2 * len);
	if (kist_filter_back(kist_filter_ops_best(), &spec, data + 17, len, data + 17, back) &&
	    spec.filter != KIST_FILTER_DECIMAL && spec.filter != KIST_FILTER_BASE) {
		uint8_t *const again = malloc(kist_filter_size_max(len));

		must(kist_filter_forward(kist_filter_ops_of(KIST_FILTER_SCALAR), &spec, back, len, NULL,
					 again));
		must(memcmp(again, data + 17, len) == 0);
		free(again);
	}
	free(back);
}

static void encode(const uint8_t *data, size_t size)
{
	kist_auto_filter struct kist_filter filter = KIST_FILTER_INIT;
	struct kist_filter_input input = { .raw = kist_view_of(data + 8, size - 8),
					   .hint = { .kind = (enum kist_filter_kind)(data[0] % 5),
						     .width = 1u << data[1] % 5,
						     .row = data[2],
						     .record_size = data[3] },
					   .level = (enum kist_filter_level)(data[4] % 2) };
	uint8_t *const body = malloc(kist_codec_stored_size(input.raw.size));
	uint8_t *const back = malloc(input.raw.size);
	uint8_t *const base = malloc(input.raw.size);
	struct kist_filter_body encoded = { .base = { .data = NULL } };
	size_t got;

	memcpy(base, input.raw.data, input.raw.size);
	base[input.raw.size / 2] ^= data[5];
	if (data[6] % 2)
		input.base = kist_view_of(base, input.raw.size);
	else if (data[6] % 4 == 2 && input.hint.kind == KIST_FILTER_BYTES)
		input.base = kist_view_of(base + input.raw.size / 4, input.raw.size / 2);
	must(kist_filter_encode(&filter, &input, body, &got, &encoded.choice, NULL) == KIST_OK);
	encoded.body = kist_view_of(body, got);
	if (encoded.choice.filter == KIST_FILTER_BASE || encoded.choice.filter == KIST_FILTER_COPIES)
		encoded.base = input.base;
	must(got < kist_codec_stored_size(input.raw.size));
	if (got > 0) {
		must(kist_filter_decode(&filter, &encoded, back, input.raw.size, NULL) == KIST_OK);
		must(memcmp(back, input.raw.data, input.raw.size) == 0);
	}
	free(body);
	free(back);
	free(base);
}

/* Without matches: what comes back is read by zstd, and no byte is written behind the room. */
static void literals(const uint8_t *data, size_t size)
{
	const struct kist_view stream = kist_view_of(data + 2, size - 2);
	uint8_t *const shifted = malloc(stream.size);
	uint8_t *const frame = malloc(kist_codec_stored_size(stream.size));
	uint8_t *const back = malloc(stream.size);
	uint8_t *exact;
	size_t got;

	for (size_t i = 0; i < stream.size; i++)
		shifted[i] = stream.data[i] >> data[0] % 8;
	got = kist_literals_frame(kist_view_of(shifted, stream.size), frame,
				  kist_codec_stored_size(stream.size),
				  data[0] / 8 % 2 == 0 ? KIST_HUFFMAN_ANY : KIST_HUFFMAN_BMI2);
	must(got > 0);
	must(ZSTD_decompress(back, stream.size, frame, got) == stream.size);
	must(memcmp(back, shifted, stream.size) == 0);
	got = got > data[1] ? got - data[1] : 0;
	exact = malloc(got + 1);
	must(kist_literals_frame(kist_view_of(shifted, stream.size), exact, got, KIST_HUFFMAN_PLAIN) ==
	     (data[1] == 0 ? got : 0));
	must(memcmp(exact, frame, data[1] == 0 ? got : 0) == 0);
	free(exact);
	free(shifted);
	free(frame);
	free(back);
}

/* Text there and back, as cells of any delimiter; without zstd, and whatever would be chosen for it. */
static void cells(const uint8_t *data, size_t size)
{
	const size_t len = size - 2;
	const size_t limit = kist_filter_size_max(len);
	uint8_t *const raw = malloc(len);
	uint8_t *const lengths = malloc(len);
	uint8_t *const filtered = malloc(limit);
	uint8_t *const back = malloc(len);
	struct kist_filter_cells found;
	struct kist_filter_cells made = { .delimiter = data[0] > '\n' ? data[0] : ',',
					  .columns = (uint8_t)(1 + data[1] % KIST_FILTER_CELLS_COLUMNS_MAX) };

	memcpy(raw, data + 2, len);
	if (kist_filter_cells_find(kist_view_of(raw, len), &found))
		must(found.columns > 1);
	if (kist_filter_cells_forward(kist_filter_ops_best(), &made, raw, len, lengths, limit, filtered)) {
		struct kist_filter_cells_walk walk = { .at = 0 };
		bool is_text;
		size_t stream;
		size_t all = 0;

		while ((stream = kist_filter_cells_next(&made, filtered, &walk, &is_text)) > 0)
			all += stream;
		must(all == made.size && made.size <= limit);
		must(kist_filter_cells_back(kist_filter_ops_of(KIST_FILTER_SCALAR), &made, filtered, back,
					    len));
		must(memcmp(back, raw, len) == 0);
	}
	free(raw);
	free(lengths);
	free(filtered);
	free(back);
}

/* What is read without zstd is what zstd reads. */
static void read_literals(const uint8_t *data, size_t size)
{
	const struct kist_view stream = kist_view_of(data + 4, size - 4);
	uint8_t *const frame = malloc(kist_codec_stored_size(stream.size));
	uint8_t *const back = malloc(stream.size);
	uint8_t *const other = malloc(stream.size);
	uint8_t *exact;
	size_t got;

	got = kist_literals_frame(stream, frame, kist_codec_stored_size(stream.size), KIST_HUFFMAN_ANY);
	must(kist_filter_frame_alone(kist_view_of(frame, got)));
	exact = malloc(got);
	memcpy(exact, frame, got);
	exact[(size_t)(data[0] | data[1] << 8) % got] ^= (uint8_t)(1u << data[2] % 8);
	exact[(size_t)(data[2] | data[3] << 8) % got] ^= (uint8_t)(1u << data[0] % 8);
	if (kist_literals_read(kist_view_of(exact, got), back, stream.size)) {
		must(ZSTD_decompress(other, stream.size, exact, got) == stream.size);
		must(memcmp(back, other, stream.size) == 0);
	}
	free(exact);
	free(frame);
	free(back);
	free(other);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < 24 || size > LEN_MAX)
		return 0;
	if (data[0] % 8 == 7)
		cells(data + 1, size - 1);
	else if (data[0] % 8 == 6)
		read_literals(data + 1, size - 1);
	else if (data[0] % 4 == 0)
		decode(data + 1, size - 1);
	else if (data[0] % 4 == 1)
		take_off(data + 1, size - 1);
	else if (data[0] % 4 == 2)
		encode(data + 1, size - 1);
	else
		literals(data + 1, size - 1);
	return 0;
}
