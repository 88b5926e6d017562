/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "base/json_text.h"
#include "base/mem.h"
#include "support/suite.h"

#include "hostile.h"
#include "support.h"

/*
 * Many inputs in one call: with a worker of this build, and against one that was taken over.
 */

#define SAMPLES_MAX 64

/* What became of some samples. */
struct run {
	struct faulty faulty;
	struct kist_sample samples[SAMPLES_MAX];
	unsigned parts[SAMPLES_MAX];
	size_t count;
	size_t taken;
	struct kist_error error;
};

static kist_status count_part(void *ctx, size_t index, const struct kist_part *part, struct kist_error *err)
{
	struct run *run = ctx;

	(void)err;
	ck_assert_uint_lt(index, run->count);
	ck_assert_uint_eq(part->offset, run->parts[index] == 0 ? 0 : 4);
	run->parts[index]++;
	return KIST_OK;
}

static void run_start(struct run *run, const struct kist_worker_options *options)
{
	*run = (struct run){ .count = 0 };
	faulty_load(&run->faulty, options);
}

static void run_add(struct run *run, const char *bytes)
{
	run->samples[run->count++].bytes = kist_view_of(bytes, strlen(bytes));
}

static kist_status run_ask(struct run *run, size_t type_index)
{
	const struct kist_serializer_ref ref = faulty_ref(&run->faulty, type_index);

	run->error = (struct kist_error)KIST_ERROR_INIT;
	return kist_worker_examine(run->faulty.worker, &ref, run->samples, run->count, count_part, run,
				   &run->taken, &run->error);
}

static void run_end(struct run *run)
{
	for (size_t i = 0; i < run->count; i++)
		kist_buf_done(&run->samples[i].info);
	kist_worker_close(run->faulty.worker);
}

static json_t *describe_alone(struct run *run, const char *bytes)
{
	const struct kist_serializer_ref ref = faulty_ref(&run->faulty, 0);
	struct bytes_input input;
	json_t *info = NULL;

	bytes_input_host(&input, bytes, strlen(bytes));
	ck_assert_int_eq(kist_worker_describe(run->faulty.worker, &ref, &input.input, &info, NULL), KIST_OK);
	return info;
}

/* What came of sample @i, which has @bytes. */
static void is_as_alone(struct run *run, size_t i, const char *bytes)
{
	const struct kist_sample *const sample = &run->samples[i];
	kist_auto_json json_t *alone = describe_alone(run, bytes);
	kist_auto_buf struct kist_buf text = KIST_BUF_INIT(1000);

	ck_assert_int_eq(kist_json_canonical(alone, &text, NULL), KIST_OK);
	ck_assert(sample->is_sound);
	ck_assert_uint_eq(sample->info.size, text.size);
	ck_assert_mem_eq(sample->info.data, text.data, text.size);
}

START_TEST(what_is_examined_together_gives_what_it_gives_alone)
{
	static const char *const samples[] = { "nabcde", "n12345678901234567890", "n23456" };
	struct run run;

	run_start(&run, NULL);
	for (size_t i = 0; i < 3; i++)
		run_add(&run, samples[i]);
	ck_assert_int_eq(run_ask(&run, 0), KIST_OK);
	ck_assert_uint_eq(run.taken, 3);
	for (size_t i = 0; i < 3; i++) {
		is_as_alone(&run, i, samples[i]);
		ck_assert_uint_eq(run.parts[i], 2);
	}
	/* Each of them logs, together and alone. */
	ck_assert_uint_eq(run.faulty.logs, 6);
	run_end(&run);
}
END_TEST

START_TEST(a_sample_with_a_fault_is_left_out_and_harms_no_other)
{
	static const char *const faults[] = { "m", "+", "-", "e", "j",	      "J",	  "W",
					      "i", "I", "v", "",  "O2345678", "P2345678", "r2345678" };
	struct run run;

	run_start(&run, NULL);
	for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++) {
		run_add(&run, faults[i]);
		run_add(&run, "nabcde");
	}
	ck_assert_int_eq(run_ask(&run, 0), KIST_OK);
	ck_assert_uint_eq(run.taken, run.count);
	for (size_t i = 0; i < run.count; i++)
		ck_assert_msg(run.samples[i].is_sound == (i % 2 == 1) &&
				      (run.samples[i].info.size > 0) == (i % 2 == 1),
			      "sample %zu: '%s'", i, (const char *)run.samples[i].bytes.data);
	ck_assert_int_eq(kist_worker_ping(run.faulty.worker, NULL), KIST_OK);
	run_end(&run);
}
END_TEST

START_TEST(a_sample_that_ends_the_worker_ends_the_call_and_none_is_sound)
{
	static const struct {
		char how[2];
		kist_status status;
		const char *text;
	} table[] = {
		{ "s", KIST_CRASHED, "plugin test.fault 1.0.0 (sha256 " },
		{ "x", KIST_CRASHED, "exit status 3 in examine of type 'test.fault'" },
		{ "c", KIST_CRASHED, "lost its connection to the host" },
		{ "F", KIST_INTERNAL, "broke the worker's protocol" },
		{ "h", KIST_DEADLINE, "took longer than 50 ms in examine" },
		{ "p", KIST_DEADLINE, "took longer than 50 ms in examine" },
	};
	struct kist_worker_options options;
	struct run run;

	options = faulty_options(&run.faulty);
	options.call_ms_max = table[_i].status == KIST_DEADLINE ? 50 : 60000;
	run_start(&run, &options);
	run_add(&run, "nabcde");
	run_add(&run, table[_i].how);
	run_add(&run, "nabcde");
	ck_assert_int_eq(run_ask(&run, 0), table[_i].status);
	ck_assert_msg(strstr(run.error.text, table[_i].text), "%s", run.error.text);
	for (size_t i = 0; i < run.count; i++)
		ck_assert(!run.samples[i].is_sound && run.samples[i].info.size == 0);
	ck_assert_int_eq(run_ask(&run, 0), table[_i].status);
	run_end(&run);
}
END_TEST

START_TEST(a_cancelled_examination_says_so)
{
	struct run run;

	run_start(&run, NULL);
	run_add(&run, "nabcde");
	kist_worker_cancel(run.faulty.worker);
	ck_assert_int_eq(run_ask(&run, 0), KIST_CANCELLED);
	ck_assert_int_eq(run_ask(&run, 0), KIST_OK);
	ck_assert(run.samples[0].is_sound);
	run_end(&run);
}
END_TEST

START_TEST(a_type_without_layout_and_describe_is_sound_without_them)
{
	struct run run;

	run_start(&run, NULL);
	run_add(&run, "nabcde");
	ck_assert_int_eq(run_ask(&run, 1), KIST_OK);
	ck_assert(run.samples[0].is_sound && run.samples[0].info.size == 0);
	ck_assert_uint_eq(run.parts[0], 0);
	run_end(&run);
}
END_TEST

START_TEST(one_call_takes_what_its_message_holds)
{
	/* One that fits, one that fits no more behind it, and one that never fits. */
	const size_t sizes[] = { KIST_WINDOW_SIZE / 2, KIST_WINDOW_SIZE / 2, KIST_WINDOW_SIZE };
	kist_auto_mem char *bytes = kist_alloc(KIST_WINDOW_SIZE, 1);
	struct run run;

	ck_assert_ptr_nonnull(bytes);
	memset(bytes, 'n', KIST_WINDOW_SIZE);
	run_start(&run, NULL);
	for (run.count = 0; run.count < 3; run.count++)
		run.samples[run.count].bytes = kist_view_of(bytes, sizes[run.count]);
	ck_assert_int_eq(run_ask(&run, 0), KIST_OK);
	ck_assert_uint_eq(run.taken, 1);
	ck_assert(run.samples[0].is_sound && !run.samples[1].is_sound);
	kist_buf_done(&run.samples[0].info);
	run.samples[0].bytes.size = KIST_WINDOW_SIZE;
	ck_assert_int_eq(run_ask(&run, 0), KIST_OK);
	ck_assert_uint_eq(run.taken, 1);
	ck_assert(!run.samples[0].is_sound);
	run_end(&run);
}
END_TEST

START_TEST(answers_of_many_messages_come_in_order)
{
	static char text[12000];
	struct run run;

	/* Each says how long it is, and all of what it was given: see describe_nicely. */
	memset(text, 'n', sizeof(text) - 1);
	run_start(&run, NULL);
	for (size_t i = 0; i < SAMPLES_MAX; i++)
		run_add(&run, text + i);
	ck_assert_int_eq(run_ask(&run, 0), KIST_OK);
	for (size_t i = 0; i < SAMPLES_MAX; i++) {
		uint64_t size = 0;

		ck_assert(run.samples[i].is_sound &&
			  kist_json_u64(kist_json_find(kist_buf_view(&run.samples[i].info), "size"), &size));
		ck_assert_uint_eq(size, sizeof(text) - 1 - i);
	}
	run_end(&run);
}
END_TEST

START_TEST(what_does_not_fit_a_short_message_gives_what_it_gives_alone)
{
	/* Together far more than KIST_MESSAGE_INLINE_MAX. */
	static char texts[16][16001];
	struct run run;

	run_start(&run, NULL);
	for (size_t i = 0; i < 16; i++) {
		for (size_t k = 0; k + 1 < sizeof(texts[i]) - i; k++)
			texts[i][k] = (char)('!' + (k * k + i * 7) % 90);
		texts[i][0] = 'n';
		run_add(&run, texts[i]);
	}
	ck_assert_int_eq(run_ask(&run, 0), KIST_OK);
	ck_assert_uint_eq(run.taken, 16);
	for (size_t i = 0; i < 16; i++)
		is_as_alone(&run, i, texts[i]);
	run_end(&run);
}
END_TEST

/* Against a worker that was taken over. */

/* One message of two samples, of 10 and 20 bytes. */
struct answer {
	uint32_t op; /* of the call */
	uint32_t index;
	uint32_t parts; /* as many as it says */
	uint64_t offset;
	uint64_t len;
	uint8_t bits; /* of the element */
	uint32_t any;
	const char *info;
	bool sound;
	const char *text; /* how the call ends; NULL: it goes on */
};

static kist_status hostile_answer(struct hostile *hostile, struct exchange *exchange,
				  const struct answer *answer, size_t cut, struct kist_error *err)
{
	kist_auto_writer struct kist_writer writer = KIST_WRITER_INIT;
	const struct kist_header header = { .op = KIST_OP_EXAMINED, .id = exchange->header.id };
	const struct kist_part part = { .struct_size = sizeof(part),
					.name = "p",
					.offset = answer->offset,
					.len = answer->len,
					.dtype = { kDLUInt, answer->bits, 1 },
					.ndim = 1,
					.shape = (const int64_t[]){ (int64_t)answer->len } };
	bool done;

	kist_put_u32(&writer, answer->index);
	kist_put_u32(&writer, answer->parts);
	if (answer->parts > 0)
		kist_put_part(&writer, &part);
	kist_put_u32(&writer, answer->any);
	if (answer->info)
		kist_put_bytes(&writer, kist_view_of(answer->info, strlen(answer->info)));
	return hostile_take(hostile, exchange, &header, kist_view_of(writer.buf.data, writer.buf.size - cut),
			    &done, err);
}

static void hostile_samples(struct exchange *exchange, struct kist_sample samples[static 2])
{
	static const uint8_t bytes[20];

	samples[0] = (struct kist_sample){ .bytes = kist_view_of(bytes, 10), .info = KIST_BUF_INIT(1000) };
	samples[1] = (struct kist_sample){ .bytes = kist_view_of(bytes, 20), .info = KIST_BUF_INIT(1000) };
	exchange->samples = samples;
	exchange->sample_count = 2;
}

static const struct answer answers[] = {
	{ .op = KIST_OP_EXAMINE, .any = 1, .info = "{}", .sound = true },
	{ .op = KIST_OP_EXAMINE, .any = 0, .sound = true },
	{ .op = KIST_OP_EXAMINE, .parts = 1, .len = 10, .bits = 8, .sound = true },
	{ .op = KIST_OP_EXAMINE, .index = 1, .parts = 1, .len = 20, .bits = 8, .sound = true },
	/* What is the plugin's fault is told by the call on it alone. */
	{ .op = KIST_OP_EXAMINE, .any = 1, .info = "[]" },
	{ .op = KIST_OP_EXAMINE, .any = 1, .info = "{oops" },
	{ .op = KIST_OP_EXAMINE, .any = 1, .info = "" },
	{ .op = KIST_OP_EXAMINE, .parts = 1, .len = 10, .bits = 77, .any = 1, .info = "{}" },
	/* The rest is the worker's. */
	{ .op = KIST_OP_EXAMINE, .parts = 1, .len = 11, .bits = 8, .text = "past the end" },
	{ .op = KIST_OP_EXAMINE, .parts = 1, .offset = 11, .bits = 8, .text = "past the end" },
	{ .op = KIST_OP_EXAMINE,
	  .parts = 1,
	  .offset = UINT64_MAX,
	  .len = 2,
	  .bits = 8,
	  .text = "past the end" },
	{ .op = KIST_OP_EXAMINE,
	  .parts = 1,
	  .offset = 2,
	  .len = UINT64_MAX,
	  .bits = 8,
	  .text = "past the end" },
	{ .op = KIST_OP_EXAMINE, .parts = 2, .len = 10, .bits = 8, .text = "a part that cannot be read" },
	{ .op = KIST_OP_EXAMINE, .parts = UINT32_MAX, .len = 10, .bits = 8, .text = "a part that cannot" },
	{ .op = KIST_OP_EXAMINE, .index = 2, .text = "an answer that nobody asked for" },
	{ .op = KIST_OP_EXAMINE, .index = UINT32_MAX, .text = "an answer that nobody asked for" },
	{ .op = KIST_OP_EXAMINE, .any = 2, .text = "a description that cannot be read" },
	{ .op = KIST_OP_EXAMINE, .any = 1, .text = "a description that cannot be read" },
	{ .op = KIST_OP_EXAMINE, .any = 0, .info = "{}", .text = "an answer that nobody asked for" },
	{ .op = KIST_OP_LAYOUT, .any = 0, .text = "an answer that nobody asked for" },
	{ .op = KIST_OP_PING, .any = 0, .text = "an answer that nobody asked for" },
};

START_TEST(each_number_of_an_answer_is_checked)
{
	const struct answer *answer = &answers[_i];
	struct kist_error error = KIST_ERROR_INIT;
	struct kist_sample samples[2];
	struct hostile hostile;
	struct exchange exchange;
	kist_status status;

	hostile_open(&hostile);
	exchange = hostile_exchange(&hostile, answer->op);
	hostile_samples(&exchange, samples);
	status = hostile_answer(&hostile, &exchange, answer, 0, &error);
	ck_assert_msg(status == (answer->text ? KIST_INTERNAL : KIST_OK) &&
			      (!answer->text || strstr(error.text, answer->text)),
		      "%s", error.text);
	ck_assert_int_eq(hostile.worker->gone.status, status);
	if (!answer->text)
		ck_assert_int_eq(samples[answer->index].is_sound, answer->sound);
	for (size_t i = 0; i < 2; i++)
		kist_buf_done(&samples[i].info);
	hostile_close(&hostile);
}
END_TEST

START_TEST(an_answer_that_is_cut_short_anywhere_ends_the_worker)
{
	static const struct answer whole = {
		.op = KIST_OP_EXAMINE, .parts = 1, .len = 10, .bits = 8, .any = 1, .info = "{}"
	};

	/* Of 60 bytes: index, count, the part's 42, and the description. */
	for (size_t cut = 1; cut <= 60; cut++) {
		struct kist_error error = KIST_ERROR_INIT;
		struct kist_sample samples[2];
		struct hostile hostile;
		struct exchange exchange;

		hostile_open(&hostile);
		exchange = hostile_exchange(&hostile, whole.op);
		hostile_samples(&exchange, samples);
		ck_assert_int_eq(hostile_answer(&hostile, &exchange, &whole, cut, &error), KIST_INTERNAL);
		ck_assert(!samples[0].is_sound && samples[0].info.size == 0);
		hostile_close(&hostile);
	}
}
END_TEST

START_TEST(no_sample_is_answered_twice_or_out_of_order)
{
	static const struct answer order[][2] = {
		{ { .op = KIST_OP_EXAMINE, .index = 0 }, { .op = KIST_OP_EXAMINE, .index = 0 } },
		{ { .op = KIST_OP_EXAMINE, .index = 1 }, { .op = KIST_OP_EXAMINE, .index = 0 } },
	};

	for (size_t i = 0; i < 2; i++) {
		struct kist_error error = KIST_ERROR_INIT;
		struct kist_sample samples[2];
		struct hostile hostile;
		struct exchange exchange;

		hostile_open(&hostile);
		exchange = hostile_exchange(&hostile, KIST_OP_EXAMINE);
		hostile_samples(&exchange, samples);
		ck_assert_int_eq(hostile_answer(&hostile, &exchange, &order[i][0], 0, &error), KIST_OK);
		ck_assert_int_eq(hostile_answer(&hostile, &exchange, &order[i][1], 0, &error), KIST_INTERNAL);
		ck_assert_ptr_nonnull(strstr(error.text, "an answer that nobody asked for"));
		hostile_close(&hostile);
	}
}
END_TEST

START_TEST(a_host_without_memory_examines_nothing_or_all)
{
	kist_status status = KIST_NO_MEMORY;
	struct run run;

	for (unsigned long k = 1; status != KIST_OK; k++) {
		run_start(&run, NULL);
		run_add(&run, "nabcde");
		kist_mem_fail_at(k);
		status = run_ask(&run, 0);
		kist_mem_fail_at(0);
		ck_assert_msg(status == KIST_OK || status == KIST_NO_MEMORY, "allocation %lu: %d", k, status);
		ck_assert(run.samples[0].is_sound == (status == KIST_OK));
		ck_assert_uint_lt(k, 200);
		run_end(&run);
	}
}
END_TEST

int main(void)
{
	TCase *tests = tcase_create("examine");

	tcase_add_test(tests, what_is_examined_together_gives_what_it_gives_alone);
	tcase_add_test(tests, a_sample_with_a_fault_is_left_out_and_harms_no_other);
	tcase_add_loop_test(tests, a_sample_that_ends_the_worker_ends_the_call_and_none_is_sound, 0, 6);
	tcase_add_test(tests, a_cancelled_examination_says_so);
	tcase_add_test(tests, a_type_without_layout_and_describe_is_sound_without_them);
	tcase_add_test(tests, one_call_takes_what_its_message_holds);
	tcase_add_test(tests, what_does_not_fit_a_short_message_gives_what_it_gives_alone);
	tcase_add_test(tests, answers_of_many_messages_come_in_order);
	tcase_add_loop_test(tests, each_number_of_an_answer_is_checked, 0,
			    (int)(sizeof(answers) / sizeof(answers[0])));
	tcase_add_test(tests, an_answer_that_is_cut_short_anywhere_ends_the_worker);
	tcase_add_test(tests, no_sample_is_answered_twice_or_out_of_order);
	tcase_add_test(tests, a_host_without_memory_examines_nothing_or_all);
	return suite_run(tests, "examine");
}
