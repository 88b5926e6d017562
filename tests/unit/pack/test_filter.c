/* SPDX-License-Identifier: Apache-2.0 */
#include "fixture.h"

#include <stdio.h>
#include <zstd.h>

#include "filter_data.h"
#include "pack/filter_choose.h"
#include "pack/filter_repeats.h"

#define CHUNK ((size_t)1 << 20)

static uint8_t data[KIST_CHUNK_SIZE_MAX];
static uint8_t base[KIST_CHUNK_SIZE_MAX];
static uint8_t body[KIST_CHUNK_SIZE_MAX + 1024];
static uint8_t back[KIST_CHUNK_SIZE_MAX];

static struct kist_filter_input input_of(const struct filter_data *kind, size_t len,
					 enum kist_filter_level level)
{
	return (struct kist_filter_input){ .raw = kist_view_of(data, len),
					   .base = kist_view_of(base, kind->has_base ? len : 0),
					   .hint = kind->hint,
					   .level = level };
}

/* A body is that of @raw, and of nothing else. */
static void check_compare(struct kist_filter *filter, const struct kist_filter_body *encoded,
			  struct kist_view raw)
{
	kist_auto_buf struct kist_buf room = KIST_BUF_INIT(KIST_CHUNK_SIZE_MAX);

	ck_assert_int_eq(kist_filter_compare(filter, encoded, raw, &room, NULL), KIST_OK);
	for (size_t i = 0; i < 3; i++) {
		const size_t at = (raw.size - 1) / 2 * i;

		back[at] ^= 0x40;
		ck_assert_int_eq(
			kist_filter_compare(filter, encoded, kist_view_of(back, raw.size), &room, NULL),
			KIST_CORRUPT);
		back[at] ^= 0x40;
	}
	ck_assert_int_eq(kist_filter_compare(filter, encoded, kist_view_of(back, raw.size - 1), &room, NULL),
			 KIST_CORRUPT);
}

/* Encodes, decodes and compares; bytes that the record takes more than a stored one of 0 bytes. */
static size_t round_trip(const struct kist_filter_input *input, struct kist_filter_choice *ret_choice)
{
	kist_auto_filter struct kist_filter filter = KIST_FILTER_INIT;
	const size_t stored = kist_codec_stored_size(input->raw.size);
	struct kist_filter_body encoded;
	size_t size = 1;

	ck_assert_int_eq(kist_filter_encode(&filter, input, body, &size, ret_choice, NULL), KIST_OK);
	if (size == 0) {
		ck_assert_int_eq(ret_choice->filter, KIST_FILTER_NONE);
		return stored;
	}
	encoded = (struct kist_filter_body){ .body = kist_view_of(body, size), .choice = *ret_choice };
	if (ret_choice->filter == KIST_FILTER_BASE || ret_choice->filter == KIST_FILTER_COPIES)
		encoded.base = input->base;
	memset(back, 0xaa, input->raw.size);
	ck_assert_int_eq(kist_filter_decode(&filter, &encoded, back, input->raw.size, NULL), KIST_OK);
	ck_assert_mem_eq(back, input->raw.data, input->raw.size);
	check_compare(&filter, &encoded, input->raw);
	size += ret_choice->filter == KIST_FILTER_NONE ? 0 : KIST_FILTER_HEAD_EXTRA;
	ck_assert_uint_lt(size, stored);
	return size;
}

static size_t plain_size(const uint8_t *bytes, size_t len)
{
	const size_t room = ZSTD_compressBound(len);
	uint8_t *const to = malloc(room);
	const size_t size = ZSTD_compress(to, room, bytes, len, 1);

	free(to);
	return size < kist_codec_stored_size(len) ? size : kist_codec_stored_size(len);
}

/* What it is about, the filter that is chosen, and the ratio within four parts in a hundred. */
static const struct {
	uint8_t filter;
	double ratio;
} expected[FILTER_DATA_COUNT] = {
	{ KIST_FILTER_FLOAT, 1.51 },   { KIST_FILTER_FLOAT, 1.19 },   { KIST_FILTER_FLOAT, 1.20 },
	{ KIST_FILTER_FLOAT, 3.02 },   { KIST_FILTER_FLOAT, 1.15 },   { KIST_FILTER_DELTA, 2.57 },
	{ KIST_FILTER_DELTA, 3.82 },   { KIST_FILTER_DELTA, 20.9 },   { KIST_FILTER_DELTA, 15.9 },
	{ KIST_FILTER_DECIMAL, 14.2 }, { KIST_FILTER_DECIMAL, 4.55 }, { KIST_FILTER_BASE, 7.98 },
	{ KIST_FILTER_FLOAT, 1.51 },   { KIST_FILTER_BASE, 1.82 },    { KIST_FILTER_DELTA, 1.81 },
	{ KIST_FILTER_DELTA, 3.30 },   { KIST_FILTER_NONE, 10.7 },    { KIST_FILTER_FLOAT, 3.20 },
	{ KIST_FILTER_DELTA, 2.54 },   { KIST_FILTER_RECORD, 3.48 },  { KIST_FILTER_RECORD, 2.94 },
	{ KIST_FILTER_FLOAT, 2.85 },   { KIST_FILTER_NONE, 1.00 },    { KIST_FILTER_NONE, 1.90 },
};

START_TEST(the_sample_chooses_the_filter_and_its_ratio_holds)
{
	const struct filter_data *const kind = &filter_data[_i];
	struct kist_filter_choice choice;
	double ratio;
	size_t plain;

	filter_data_fill(kind, data, base, CHUNK);
	plain = plain_size(data, CHUNK);
	for (int level = KIST_FILTER_FAST; level <= KIST_FILTER_DEFAULT; level++) {
		const struct kist_filter_input input = input_of(kind, CHUNK, (enum kist_filter_level)level);
		const size_t size = round_trip(&input, &choice);

		ck_assert_msg(size <= plain + 16, "%s: %zu bytes, plain %zu", kind->name, size, plain);
		ratio = (double)CHUNK / (double)size;
		if (level == KIST_FILTER_DEFAULT) {
			ck_assert_msg(choice.filter == expected[_i].filter, "%s: filter %d", kind->name,
				      choice.filter);
			ck_assert_msg(ratio > expected[_i].ratio * 0.96 && ratio < expected[_i].ratio * 1.04,
				      "%s: %f", kind->name, ratio);
		}
	}
}
END_TEST

START_TEST(the_archive_is_never_larger_than_the_others)
{
	const struct filter_data *const kind = &filter_data[_i];
	const size_t len = 50000;
	struct kist_filter_choice choice;
	struct kist_filter_input input;
	size_t fast;
	size_t best;

	filter_data_fill(kind, data, base, len);
	input = input_of(kind, len, KIST_FILTER_DEFAULT);
	fast = round_trip(&input, &choice);
	input = input_of(kind, len, KIST_FILTER_ARCHIVE);
	best = round_trip(&input, &choice);
	ck_assert_uint_le(best, fast);
	ck_assert_uint_le(best, plain_size(data, len));
}
END_TEST

START_TEST(the_archive_takes_flags_by_their_bits)
{
	struct kist_filter_input input = { .raw = kist_view_of(data, 1 << 18),
					   .hint = { .kind = KIST_FILTER_INT, .width = 1 },
					   .level = KIST_FILTER_ARCHIVE };
	struct kist_filter_choice choice;

	/* Three in ten are set: 0.88 bits each. */
	fill_noise(data, input.raw.size, 11);
	for (size_t i = 0; i < input.raw.size; i++)
		data[i] = data[i] < 77;
	ck_assert_uint_lt(round_trip(&input, &choice), (1 << 15) * 93 / 100);
	ck_assert_uint_eq(choice.filter, KIST_FILTER_BITS);
}
END_TEST

START_TEST(every_length_comes_back_under_every_hint)
{
	const struct filter_data *const kind = &filter_data[_i];
	struct kist_filter_choice choice;

	filter_data_fill(kind, data, base, 140000);
	for (size_t len = 1; len < 140000; len += 1 + len / 3) {
		const struct kist_filter_input input =
			input_of(kind, len, len % 2 ? KIST_FILTER_FAST : KIST_FILTER_DEFAULT);

		/* The shortest are not even tried. */
		ck_assert_uint_le(round_trip(&input, &choice),
				  (len < 192 ? kist_codec_stored_size(len) : plain_size(data, len)) + 16 +
					  len / 200);
	}
}
END_TEST

START_TEST(a_wrong_hint_costs_no_bytes)
{
	struct kist_filter_choice choice;

	/* Every kind of data, called every kind of elements. */
	for (size_t i = 0; i < FILTER_DATA_COUNT; i++) {
		filter_data_fill(&filter_data[_i], data, base, 120000);
		struct kist_filter_input input = input_of(&filter_data[i], 120000, KIST_FILTER_DEFAULT);

		input.base = kist_view_of(NULL, 0);
		ck_assert_msg(round_trip(&input, &choice) <= plain_size(data, 120000) * 101 / 100 + 16,
			      "%s as %s", filter_data[_i].name, filter_data[i].name);
	}
}
END_TEST

START_TEST(the_longest_chunk_comes_back)
{
	struct kist_filter_choice choice;

	for (size_t i = 0; i < FILTER_DATA_COUNT; i += 3) {
		filter_data_fill(&filter_data[i], data, base, KIST_CHUNK_SIZE_MAX);
		const struct kist_filter_input input =
			input_of(&filter_data[i], KIST_CHUNK_SIZE_MAX, KIST_FILTER_FAST);

		(void)round_trip(&input, &choice);
	}
}
END_TEST

START_TEST(any_zstd_decoder_gives_the_filtered_bytes)
{
	const struct filter_data *const kind = &filter_data[0];
	kist_auto_filter struct kist_filter filter = KIST_FILTER_INIT;
	const struct kist_filter_input input = input_of(kind, CHUNK, KIST_FILTER_DEFAULT);
	struct kist_filter_choice choice;
	struct kist_filter_spec spec;
	uint8_t *const filtered = malloc(CHUNK);
	size_t size;

	filter_data_fill(kind, data, base, CHUNK);
	ck_assert_int_eq(kist_filter_encode(&filter, &input, body, &size, &choice, NULL), KIST_OK);
	ck_assert(kist_filter_spec_read(choice.filter, choice.params, &spec));
	ck_assert(kist_filter_forward(kist_filter_ops_best(), &spec, data, CHUNK, NULL, filtered));
	ck_assert_uint_eq(ZSTD_decompress(back, CHUNK, body, size), CHUNK);
	ck_assert_mem_eq(back, filtered, CHUNK);
	free(filtered);
}
END_TEST

START_TEST(short_records_of_artifacts_have_the_dictionary)
{
	static const char words[] = "{\"encoding\":\"kist.bytes@1.0\",\"kind\":\"bytes\",\"record\":1,";
	struct kist_filter_input input = { .is_record = true, .level = KIST_FILTER_DEFAULT };
	struct kist_filter_choice choice;
	size_t archived;

	for (size_t i = 0; i < 2 * KIST_DICTIONARY_RAW_MAX; i++)
		data[i] = i < 1024 ? (uint8_t)words[i % (sizeof(words) - 1)] : (uint8_t)('a' + i * i % 23);
	input.raw = kist_view_of(data, KIST_DICTIONARY_RAW_MAX);
	(void)round_trip(&input, &choice);
	ck_assert(choice.with_dictionary);
	input.raw.size++;
	(void)round_trip(&input, &choice);
	ck_assert(!choice.with_dictionary);
	input.raw.size = 512;
	input.is_record = false;
	(void)round_trip(&input, &choice);
	ck_assert(!choice.with_dictionary);
	/* Records of plain files are not worth the time, but to the archive. */
	input.raw.size = 150;
	input.is_record = true;
	ck_assert_uint_eq(round_trip(&input, &choice), kist_codec_stored_size(150));
	ck_assert(!choice.with_dictionary);
	input.level = KIST_FILTER_ARCHIVE;
	archived = round_trip(&input, &choice);
	ck_assert(choice.with_dictionary);
	ck_assert_uint_lt(archived, 75);
}
END_TEST

START_TEST(hostile_records_are_refused)
{
	kist_auto_filter struct kist_filter filter = KIST_FILTER_INIT;
	const struct kist_filter_input input = input_of(&filter_data[11], 65536, KIST_FILTER_DEFAULT);
	struct kist_filter_body encoded = { .base = kist_view_of(base, 65536) };
	struct kist_filter_body wrong;
	size_t size;

	filter_data_fill(&filter_data[11], data, base, 65536);
	ck_assert_int_eq(kist_filter_encode(&filter, &input, body, &size, &encoded.choice, NULL), KIST_OK);
	ck_assert_int_eq(encoded.choice.filter, KIST_FILTER_BASE);
	encoded.body = kist_view_of(body, size);
	ck_assert_int_eq(kist_filter_decode(&filter, &encoded, back, 65536, NULL), KIST_OK);
	wrong = encoded;
	wrong.base.size--;
	ck_assert_int_eq(kist_filter_decode(&filter, &wrong, back, 65536, NULL), KIST_CORRUPT);
	wrong.base.size = 0;
	ck_assert_int_eq(kist_filter_decode(&filter, &wrong, back, 65536, NULL), KIST_CORRUPT);
	wrong = encoded;
	wrong.choice.filter = KIST_FILTER_PLANES;
	ck_assert_int_eq(kist_filter_decode(&filter, &wrong, back, 65536, NULL), KIST_CORRUPT);
	wrong.choice.filter = KIST_FILTER_COUNT;
	ck_assert_int_eq(kist_filter_decode(&filter, &wrong, back, 65536, NULL), KIST_INCOMPATIBLE);
	wrong.choice.filter = 255;
	ck_assert_int_eq(kist_filter_decode(&filter, &wrong, back, 65536, NULL), KIST_INCOMPATIBLE);
	wrong = encoded;
	wrong.choice.params[9] = 1;
	ck_assert_int_eq(kist_filter_decode(&filter, &wrong, back, 65536, NULL), KIST_CORRUPT);
	for (size_t len = 65530; len < 65543; len++) {
		wrong = encoded;
		wrong.base.size = len;
		if (len != 65536)
			ck_assert_int_eq(kist_filter_decode(&filter, &wrong, back, len, NULL), KIST_CORRUPT);
	}
	wrong = encoded;
	ck_assert_int_eq(kist_filter_decode(&filter, &wrong, back, 0, NULL), KIST_CORRUPT);
	ck_assert_int_eq(kist_filter_decode(&filter, &wrong, back, KIST_CHUNK_SIZE_MAX + 1, NULL),
			 KIST_CORRUPT);
	for (size_t cut = 0; cut < size; cut += 1 + size / 97) {
		wrong = encoded;
		wrong.body.size = cut;
		ck_assert_int_eq(kist_filter_decode(&filter, &wrong, back, 65536, NULL), KIST_CORRUPT);
	}
}
END_TEST

START_TEST(a_base_of_another_length_is_refused)
{
	kist_auto_filter struct kist_filter filter = KIST_FILTER_INIT;
	struct kist_filter_input input = input_of(&filter_data[11], 65536, KIST_FILTER_DEFAULT);
	struct kist_filter_choice choice;
	size_t size;

	input.base.size = 65534;
	ck_assert_int_eq(kist_filter_encode(&filter, &input, body, &size, &choice, NULL), KIST_INVALID);
}
END_TEST

/* Rows of text, the same for the same seed. */
static size_t fill_rows(uint8_t *to, size_t len, uint32_t seed)
{
	size_t at = 0;

	while (len - at > 64) {
		seed = seed * 1664525u + 1013904223u;
		at += (size_t)snprintf((char *)to + at, 64, "%u,station-%02u,%u.%03u,ok\n", seed >> 12,
				       seed >> 26, seed >> 8 & 63, seed >> 14 & 1023);
	}
	return at;
}

START_TEST(bytes_are_kept_as_copies_of_a_base_of_any_length)
{
	const size_t len = fill_rows(base, 200000, 1);
	const size_t row = fill_rows(data, 128, 2);
	struct kist_filter_input input = { .base = kist_view_of(base, len), .level = KIST_FILTER_DEFAULT };
	struct kist_filter_choice choice;

	/* A row is put in, two rows' worth of bytes are left out. */
	memcpy(data, base, 70000);
	(void)fill_rows(data + 70000, 128, 2);
	memcpy(data + 70000 + row, base + 70000, 50000);
	memcpy(data + 120000 + row, base + 120070, len - 120070);
	for (int level = KIST_FILTER_FAST; level <= KIST_FILTER_ARCHIVE; level++) {
		input.level = (enum kist_filter_level)level;
		input.raw = kist_view_of(data, len - 70 + row);
		ck_assert_uint_lt(round_trip(&input, &choice), 256);
		ck_assert_uint_eq(choice.filter, KIST_FILTER_COPIES);
	}
	/* A base may be much longer, or much shorter. */
	input.raw = kist_view_of(base + 5000, 3000);
	ck_assert_uint_lt(round_trip(&input, &choice), 128);
	ck_assert_uint_eq(choice.filter, KIST_FILTER_COPIES);
	input.raw = kist_view_of(data, 10000);
	input.base = kist_view_of(data + 100, 9000);
	ck_assert_uint_lt(round_trip(&input, &choice), 1000);
	ck_assert_uint_eq(choice.filter, KIST_FILTER_COPIES);
}
END_TEST

START_TEST(a_base_that_gains_too_little_is_not_taken)
{
	const size_t len = fill_rows(data, 200000, 1);
	struct kist_filter_input input = { .raw = kist_view_of(data, len), .level = KIST_FILTER_DEFAULT };
	struct kist_filter_choice choice;
	const size_t alone = round_trip(&input, &choice);

	input.base = kist_view_of(base, fill_rows(base, 200000, 3));
	ck_assert_uint_eq(round_trip(&input, &choice), alone);
	ck_assert_uint_eq(choice.filter, KIST_FILTER_CELLS);
	/* A tenth of it. */
	memcpy(base + 1000, data + 90000, len / 10);
	ck_assert_uint_eq(round_trip(&input, &choice), alone);
	ck_assert_uint_eq(choice.filter, KIST_FILTER_CELLS);
}
END_TEST

START_TEST(copies_that_do_not_go_with_the_record_are_refused)
{
	kist_auto_filter struct kist_filter filter = KIST_FILTER_INIT;
	const size_t len = fill_rows(base, 50000, 1);
	const struct kist_filter_input input = { .raw = kist_view_of(base + 100, len - 100),
						 .base = kist_view_of(base, len),
						 .level = KIST_FILTER_DEFAULT };
	struct kist_filter_body encoded = { .base = input.base };
	struct kist_filter_body wrong;
	size_t size;

	ck_assert_int_eq(kist_filter_encode(&filter, &input, body, &size, &encoded.choice, NULL), KIST_OK);
	ck_assert_uint_eq(encoded.choice.filter, KIST_FILTER_COPIES);
	encoded.body = kist_view_of(body, size);
	ck_assert_int_eq(kist_filter_decode(&filter, &encoded, back, len - 100, NULL), KIST_OK);
	wrong = encoded;
	wrong.base.size = 0;
	ck_assert_int_eq(kist_filter_decode(&filter, &wrong, back, len - 100, NULL), KIST_CORRUPT);
	wrong.base.size = len - 1;
	ck_assert_int_eq(kist_filter_decode(&filter, &wrong, back, len - 100, NULL), KIST_CORRUPT);
	ck_assert_int_eq(kist_filter_decode(&filter, &encoded, back, len - 101, NULL), KIST_CORRUPT);
	ck_assert_int_eq(kist_filter_decode(&filter, &encoded, back, len - 99, NULL), KIST_CORRUPT);
	for (size_t at = 0; at < KIST_FILTER_PARAMS_SIZE; at++) {
		wrong = encoded;
		wrong.choice.params[at] ^= 2;
		ck_assert_int_eq(kist_filter_decode(&filter, &wrong, back, len - 100, NULL), KIST_CORRUPT);
	}
}
END_TEST

START_TEST(every_failed_allocation_with_copies_is_reported)
{
	const size_t len = fill_rows(base, 50000, 1);
	const struct kist_filter_input input = { .raw = kist_view_of(base + 100, len - 100),
						 .base = kist_view_of(base, len),
						 .level = KIST_FILTER_DEFAULT };
	struct kist_filter_choice choice;
	kist_status status = KIST_NO_MEMORY;
	size_t size;

	for (unsigned long k = 1; status != KIST_OK; k++) {
		kist_auto_filter struct kist_filter filter = KIST_FILTER_INIT;

		kist_mem_fail_at(k);
		status = kist_filter_encode(&filter, &input, body, &size, &choice, NULL);
		kist_mem_fail_at(0);
		ck_assert(status == KIST_OK || status == KIST_NO_MEMORY);
		ck_assert_uint_lt(k, 20);
	}
	ck_assert_uint_eq(choice.filter, KIST_FILTER_COPIES);
}
END_TEST

START_TEST(every_failed_allocation_is_reported)
{
	static const size_t kinds[] = { 0, 8, 9, 11, 20 };
	const struct filter_data *const kind = &filter_data[kinds[_i % 5]];
	const struct kist_filter_input input =
		input_of(kind, 50000, _i < 5 ? KIST_FILTER_DEFAULT : KIST_FILTER_ARCHIVE);
	struct kist_filter_body encoded = { .body = { .data = NULL } };
	kist_status status = KIST_NO_MEMORY;
	size_t size = 0;

	filter_data_fill(kind, data, base, 50000);
	for (unsigned long k = 1; status != KIST_OK; k++) {
		kist_auto_filter struct kist_filter filter = KIST_FILTER_INIT;
		struct kist_error err = KIST_ERROR_INIT;

		kist_mem_fail_at(k);
		status = kist_filter_encode(&filter, &input, body, &size, &encoded.choice, &err);
		kist_mem_fail_at(0);
		ck_assert(status == KIST_OK || status == KIST_NO_MEMORY);
		ck_assert_uint_lt(k, 20);
	}
	encoded.body = kist_view_of(body, size);
	if (encoded.choice.filter == KIST_FILTER_BASE)
		encoded.base = input.base;
	status = KIST_NO_MEMORY;
	for (unsigned long k = 1; status != KIST_OK; k++) {
		kist_auto_filter struct kist_filter filter = KIST_FILTER_INIT;

		kist_mem_fail_at(k);
		status = kist_filter_decode(&filter, &encoded, back, 50000, NULL);
		kist_mem_fail_at(0);
		ck_assert(status == KIST_OK || status == KIST_NO_MEMORY);
		ck_assert_uint_lt(k, 20);
	}
	ck_assert_mem_eq(back, data, 50000);
}
END_TEST

START_TEST(a_part_says_what_its_elements_are)
{
	static const int64_t rgb[] = { 4, 5, 3 };
	static const int64_t wide[] = { 10, 2000 };
	static const struct {
		DLDataType dtype;
		const int64_t *shape;
		int32_t ndim;
		enum kist_filter_kind kind;
		uint32_t width;
		uint32_t row;
	} rows[] = {
		{ { kDLFloat, 32, 1 }, NULL, 0, KIST_FILTER_REAL, 4, 1 },
		{ { kDLBfloat, 16, 1 }, wide, 2, KIST_FILTER_REAL, 2, 1 },
		{ { kDLUInt, 8, 1 }, rgb, 3, KIST_FILTER_INT, 1, 3 },
		{ { kDLUInt, 8, 1 }, rgb, 1, KIST_FILTER_INT, 1, 1 },
		{ { kDLInt, 64, 1 }, NULL, 0, KIST_FILTER_INT, 8, 1 },
		{ { kDLBool, 8, 1 }, NULL, 0, KIST_FILTER_INT, 1, 1 },
		{ { kDLComplex, 128, 1 }, NULL, 0, KIST_FILTER_REAL, 8, 2 },
		{ { kDLFloat8_e4m3fn, 8, 1 }, NULL, 0, KIST_FILTER_REAL, 1, 1 },
		{ { kDLInt, 4, 1 }, NULL, 0, KIST_FILTER_BYTES, 0, 0 },
		{ { kDLUInt, 0, 0 }, NULL, 0, KIST_FILTER_BYTES, 0, 0 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct kist_part part = { .dtype = rows[i].dtype,
						.ndim = rows[i].ndim,
						.shape = rows[i].shape };
		const struct kist_filter_hint hint = kist_filter_hint_of(&part);

		ck_assert_int_eq(hint.kind, rows[i].kind);
		ck_assert_uint_eq(hint.width, rows[i].width);
		ck_assert_uint_eq(hint.row, rows[i].row);
	}
}
END_TEST

START_TEST(hints_that_make_no_sense_count_for_nothing)
{
	static const struct kist_filter_hint hints[] = {
		{ .kind = KIST_FILTER_REAL, .width = 0 },
		{ .kind = KIST_FILTER_REAL, .width = 3 },
		{ .kind = KIST_FILTER_INT, .width = 16 },
		{ .kind = KIST_FILTER_INT, .width = UINT32_MAX },
		{ .kind = KIST_FILTER_REAL, .width = 4, .row = UINT32_MAX },
		{ .kind = KIST_FILTER_STRUCT, .record_size = 0 },
		{ .kind = KIST_FILTER_STRUCT, .record_size = 1025 },
		{ .kind = KIST_FILTER_STRUCT, .record_size = UINT32_MAX },
		{ .kind = KIST_FILTER_STRUCT, .record_size = 24, .column_count = SIZE_MAX },
		{ .kind = KIST_FILTER_STRUCT, .record_size = 24, .column_count = 15 },
		{ .kind = KIST_FILTER_STRUCT,
		  .record_size = 24,
		  .column_count = 1,
		  .columns = { { 25, 1 } } },
		{ .kind = KIST_FILTER_STRUCT,
		  .record_size = 40,
		  .column_count = 1,
		  .columns = { { 40, 1 } } },
		{ .kind = KIST_FILTER_STRUCT,
		  .record_size = 6,
		  .column_count = 2,
		  .columns = { { 3, 200 }, { 3, 3 } } },
		{ .kind = (enum kist_filter_kind)77, .width = 4 },
	};
	struct kist_filter_choice choice;

	filter_data_fill(&filter_data[19], data, base, 100000);
	for (size_t i = 0; i < sizeof(hints) / sizeof(hints[0]); i++) {
		const struct kist_filter_input input = { .raw = kist_view_of(data, 100000),
							 .hint = hints[i],
							 .level = (enum kist_filter_level)(i % 2) };

		ck_assert_uint_le(round_trip(&input, &choice), plain_size(data, 100000) + 16);
	}
}
END_TEST

START_TEST(every_processor_chooses_the_same_stretches_and_one_in_64)
{
	size_t chosen = 0;

	for (size_t i = 0; i < 1000; i++) {
		uint8_t bytes[KIST_FILTER_CHOICES_BYTES];
		uint32_t choices;

		for (size_t at = 0; at < sizeof(bytes); at += 8) {
			/* Noise, and every other time small numbers. */
			const uint64_t word = filter_random() >> (i % 2 * 48);

			memcpy(bytes + at, &word, 8);
		}
		choices = kist_filter_choices_plain(bytes);
		ck_assert_uint_eq(kist_filter_choices(bytes), choices);
		chosen += (size_t)__builtin_popcount(choices);
	}
	ck_assert_uint_gt(chosen, 1000 * KIST_FILTER_CHOICES / 80);
	ck_assert_uint_lt(chosen, 1000 * KIST_FILTER_CHOICES / 50);
}
END_TEST

START_TEST(repeats_are_seen_from_afar)
{
	fill_noise(data, CHUNK, 8);
	for (size_t i = 0; i + 8 <= CHUNK; i += 8) {
		const uint64_t noise = filter_random();

		memcpy(data + i, &noise, 8);
	}
	ck_assert(!kist_filter_has_repeats(kist_view_of(data, CHUNK)));
	memcpy(data + CHUNK / 2, data, CHUNK / 4);
	ck_assert(kist_filter_has_repeats(kist_view_of(data, CHUNK)));
	memset(data, 7, CHUNK);
	ck_assert(!kist_filter_has_repeats(kist_view_of(data, CHUNK)));
	for (size_t size = 0; size < 300; size += 3)
		ck_assert(!kist_filter_has_repeats(kist_view_of(data, size)));
}
END_TEST

START_TEST(lines_are_seen_again_wherever_in_a_word_they_begin)
{
	fill_noise(data, CHUNK, 8);
	for (size_t i = 0; i + 8 <= CHUNK; i += 8) {
		const uint64_t noise = filter_random();

		memcpy(data + i, &noise, 8);
	}
	ck_assert(!kist_filter_has_lines_again(kist_view_of(data, CHUNK)));
	for (size_t at = CHUNK / 12 + 1; at < CHUNK; at++)
		data[at] = data[at - CHUNK / 12 - 1];
	ck_assert(kist_filter_has_lines_again(kist_view_of(data, CHUNK)));
	/* Nothing is read behind the end. */
	for (size_t at = sizeof(data) - CHUNK; at < sizeof(data); at++)
		data[at] = data[at % 41];
	for (size_t size = 0; size < 3000; size++)
		(void)kist_filter_has_lines_again(kist_view_of(data + sizeof(data) - size, size));
}
END_TEST

/* Encodes with @guess, which gives what is chosen without one. */
static bool follows(struct kist_filter_input input, const struct kist_filter_guess *guess, size_t size,
		    const struct kist_filter_choice *choice)
{
	struct kist_filter_choice guessed;

	input.guess = guess;
	ck_assert_uint_eq(round_trip(&input, &guessed), size);
	ck_assert_int_eq(guessed.filter, choice->filter);
	ck_assert_mem_eq(guessed.params, choice->params, sizeof(guessed.params));
	return guessed.is_guess;
}

START_TEST(a_guess_is_followed_where_it_holds)
{
	const struct filter_data *const kind = &filter_data[_i];
	struct kist_filter_input input = input_of(kind, CHUNK, KIST_FILTER_DEFAULT);
	struct kist_filter_guess guess;
	struct kist_filter_choice choice;
	size_t size;
	bool may;

	filter_data_fill(kind, data, base, CHUNK);
	input.base.size = 0;
	size = round_trip(&input, &choice);
	ck_assert(!choice.is_guess);
	guess = (struct kist_filter_guess){ .choice = choice,
					    .ratio = (double)(size - KIST_FILTER_HEAD_EXTRA) / CHUNK };
	may = choice.filter != KIST_FILTER_NONE && choice.filter != KIST_FILTER_RECORD &&
	      !kist_filter_has_repeats(input.raw);
	ck_assert_int_eq(follows(input, &guess, size, &choice), may);
	/* As large as it may be, and not so. */
	guess.ratio /= 1.14;
	ck_assert_int_eq(follows(input, &guess, size, &choice), may);
	guess.ratio /= 1.04;
	ck_assert(!follows(input, &guess, size, &choice));
	/* Much smaller than was thought, and of the wrong filter. */
	guess.ratio *= 2;
	ck_assert(!follows(input, &guess, size, &choice));
	guess.choice = (struct kist_filter_choice){ .filter = KIST_FILTER_PLANES, .params = { 4 } };
	guess.ratio = 0.001;
	ck_assert(!follows(input, &guess, size, &choice));
}
END_TEST

/* Lines of three digits, of a long word and three digits, or of words of five letters out of 256. */
static size_t fill_lines(uint8_t *to, size_t len, enum kist_filter_matches suit)
{
	size_t at = 0;

	for (uint32_t seed = 5; len - at > 64;) {
		seed = seed * 1664525u + 1013904223u;
		if (suit != KIST_MATCHES_ALL) {
			at += (size_t)snprintf((char *)to + at, 64, "%s%03u\n",
					       suit == KIST_MATCHES_NEAR ? "temperature " : "",
					       (seed >> 12) % 1000);
		} else {
			for (uint32_t i = 0, word = (seed >> 24) * 2654435761u; i < 5; i++, word >>= 5)
				to[at++] = (uint8_t)('a' + (word >> 7) % 26);
			to[at++] = '\n';
		}
	}
	return at;
}

START_TEST(matches_that_suit_an_example_are_found_and_followed)
{
	const enum kist_filter_matches better = (enum kist_filter_matches)_i;
	const size_t len = fill_lines(data, 9000, better);
	struct kist_filter_input input = { .raw = kist_view_of(data, len), .level = KIST_FILTER_DEFAULT };
	struct kist_filter_guess guess = { .ratio = 0 };
	struct kist_filter_choice choice;
	size_t plain;
	size_t size;

	plain = round_trip(&input, &choice);
	ck_assert_int_eq(choice.matches, KIST_MATCHES_ANY);
	input.is_example = true;
	size = round_trip(&input, &choice);
	ck_assert(better == KIST_MATCHES_ALL ? size == plain : size < plain);
	ck_assert_int_eq(choice.matches, better);
	ck_assert(!choice.is_guess);

	guess = (struct kist_filter_guess){ .choice = choice, .ratio = (double)size / (double)len };
	input.guess = &guess;
	ck_assert_uint_eq(round_trip(&input, &choice), size);
	ck_assert(choice.is_guess && choice.matches == better);
	/* Of what is not like it, all are tried again. */
	guess.ratio *= 2;
	guess.choice.matches = better == KIST_MATCHES_ALL ? KIST_MATCHES_NEAR : KIST_MATCHES_ALL;
	ck_assert_uint_eq(round_trip(&input, &choice), size);
	ck_assert(!choice.is_guess && choice.matches == better);
}
END_TEST

int main(void)
{
	TCase *tests = tcase_create("filter");
	const int kinds = (int)FILTER_DATA_COUNT;

	tcase_add_test(tests, the_archive_takes_flags_by_their_bits);
	tcase_add_loop_test(tests, the_sample_chooses_the_filter_and_its_ratio_holds, 0, kinds);
	tcase_add_loop_test(tests, the_archive_is_never_larger_than_the_others, 0, kinds);
	tcase_add_loop_test(tests, every_length_comes_back_under_every_hint, 0, kinds);
	tcase_add_loop_test(tests, a_wrong_hint_costs_no_bytes, 0, kinds);
	tcase_add_test(tests, the_longest_chunk_comes_back);
	tcase_add_test(tests, any_zstd_decoder_gives_the_filtered_bytes);
	tcase_add_test(tests, short_records_of_artifacts_have_the_dictionary);
	tcase_add_test(tests, hostile_records_are_refused);
	tcase_add_test(tests, a_base_of_another_length_is_refused);
	tcase_add_test(tests, bytes_are_kept_as_copies_of_a_base_of_any_length);
	tcase_add_test(tests, a_base_that_gains_too_little_is_not_taken);
	tcase_add_test(tests, copies_that_do_not_go_with_the_record_are_refused);
	tcase_add_test(tests, every_failed_allocation_with_copies_is_reported);
	tcase_add_loop_test(tests, every_failed_allocation_is_reported, 0, 10);
	tcase_add_test(tests, a_part_says_what_its_elements_are);
	tcase_add_test(tests, hints_that_make_no_sense_count_for_nothing);
	tcase_add_test(tests, every_processor_chooses_the_same_stretches_and_one_in_64);
	tcase_add_test(tests, repeats_are_seen_from_afar);
	tcase_add_test(tests, lines_are_seen_again_wherever_in_a_word_they_begin);
	tcase_add_loop_test(tests, a_guess_is_followed_where_it_holds, 0, kinds);
	tcase_add_loop_test(tests, matches_that_suit_an_example_are_found_and_followed, KIST_MATCHES_ALL,
			    KIST_MATCHES_NONE + 1);
	return suite_run(tests, "filter");
}
