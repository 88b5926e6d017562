/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "support/suite.h"

#include "hostile.h"

/*
 * The host against a worker that was taken over: each message is the worst it can send.
 */

static kist_status take(struct hostile *hostile, struct exchange *exchange, struct kist_header header,
			struct kist_error *err)
{
	bool done;

	header.id = exchange->header.id;
	return hostile_take(hostile, exchange, &header, kist_view_of(NULL, 0), &done, err);
}

START_TEST(a_message_that_does_not_fit_the_call_ends_the_worker)
{
	static const struct {
		uint32_t call;
		struct kist_header header;
		const char *text;
	} table[] = {
		{ KIST_OP_PING, { .op = 0 }, "an unknown message" },
		{ KIST_OP_PING, { .op = KIST_OP_READY }, "an unknown message" },
		{ KIST_OP_PING, { .op = KIST_OP_CONFIG }, "an unknown message" },
		{ KIST_OP_PING, { .op = UINT32_MAX }, "an unknown message" },
		{ KIST_OP_LAYOUT, { .op = KIST_OP_WRITE, .b = 1 }, "it writes where nothing is" },
		{ KIST_OP_SERIALIZE, { .op = KIST_OP_WRITE, .a = 4, .b = 1 }, "it writes where nothing is" },
		{ KIST_OP_SERIALIZE, { .op = KIST_OP_WRITE, .a = UINT64_MAX, .b = 1 }, "it writes where" },
		{ KIST_OP_SERIALIZE, { .op = KIST_OP_WRITE, .b = 0 }, "it writes where" },
		{ KIST_OP_SERIALIZE, { .op = KIST_OP_WRITE, .b = KIST_SLOT_SIZE + 1 }, "it writes where" },
		{ KIST_OP_SERIALIZE, { .op = KIST_OP_WRITE, .b = UINT64_MAX }, "it writes where" },
		{ KIST_OP_SERIALIZE, { .op = KIST_OP_END }, "an end without a part" },
		{ KIST_OP_LAYOUT, { .op = KIST_OP_END }, "an end without a part" },
		{ KIST_OP_SERIALIZE, { .op = KIST_OP_PART }, "a part that cannot be read" },
		{ KIST_OP_LAYOUT, { .op = KIST_OP_PART }, "a part that may not begin" },
		{ KIST_OP_LAYOUT, { .op = KIST_OP_LAYOUT_PARTS }, "a part that cannot be read" },
		{ KIST_OP_SERIALIZE, { .op = KIST_OP_LAYOUT_PARTS }, "a part that nobody asked for" },
		{ KIST_OP_LAYOUT,
		  { .op = KIST_OP_READ, .b = 101, .c = KIST_SOURCE_OF_CALL },
		  "past the end" },
		{ KIST_OP_LAYOUT,
		  { .op = KIST_OP_READ, .a = 101, .c = KIST_SOURCE_OF_CALL },
		  "past the end" },
		{ KIST_OP_LAYOUT,
		  { .op = KIST_OP_READ, .a = UINT64_MAX, .b = 2, .c = KIST_SOURCE_OF_CALL },
		  "past the end" },
		{ KIST_OP_LAYOUT,
		  { .op = KIST_OP_READ, .a = 2, .b = UINT64_MAX, .c = KIST_SOURCE_OF_CALL },
		  "past the end" },
		{ KIST_OP_LAYOUT, { .op = KIST_OP_READ, .b = 1, .c = 0 }, "nothing is to be read" },
		{ KIST_OP_SERIALIZE,
		  { .op = KIST_OP_READ, .b = 1, .c = KIST_SOURCE_OF_CALL },
		  "nothing is to be" },
		{ KIST_OP_LAYOUT, { .op = KIST_OP_ISSUE, .a = 2 }, "an issue that nobody asked for" },
		{ KIST_OP_VALIDATE, { .op = KIST_OP_ISSUE, .a = 2 }, "an issue that nobody asked for" },
		{ KIST_OP_PING, { .op = KIST_OP_RESULTS }, "results that nobody asked for" },
		{ KIST_OP_PING, { .op = KIST_OP_RETURN, .a = 1 }, "an unknown status" },
		{ KIST_OP_PING, { .op = KIST_OP_RETURN, .a = 1ull << 40 }, "an unknown status" },
		{ KIST_OP_PING, { .op = KIST_OP_RETURN, .a = (uint32_t)-16 }, "an unknown status" },
		{ KIST_OP_PING, { .op = KIST_OP_RETURN, .a = (uint32_t)-1 }, "an error that cannot be read" },
	};

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct kist_error error = KIST_ERROR_INIT;
		struct hostile hostile;
		struct exchange exchange;

		hostile_open(&hostile);
		exchange = hostile_exchange(&hostile, table[i].call);
		ck_assert_msg(take(&hostile, &exchange, table[i].header, &error) == KIST_INTERNAL &&
				      strstr(error.text, table[i].text),
			      "row %zu: %s", i, error.text);
		ck_assert_int_eq(hostile.worker->gone.status, KIST_INTERNAL);
		ck_assert_uint_eq(hostile.taken + hostile.parts + hostile.reads + hostile.issues, 0);
		hostile_close(&hostile);
	}
}
END_TEST

/* Gives RESULTS with @kinds and the bits of a number, @cut bytes too short. */
static kist_status take_results(struct hostile *hostile, struct exchange *exchange, const uint32_t *kinds,
				size_t count, size_t cut, struct kist_error *err)
{
	kist_auto_writer struct kist_writer writer = KIST_WRITER_INIT;
	const struct kist_header header = { .op = KIST_OP_RESULTS, .id = exchange->header.id };
	bool done;

	for (size_t i = 0; i < count; i++)
		kist_put_u32(&writer, kinds[i]);
	kist_put_u64(&writer, 7);
	return hostile_take(hostile, exchange, &header, kist_view_of(writer.buf.data, writer.buf.size - cut),
			    &done, err);
}

static struct exchange calling_task(struct hostile *hostile, struct client_results *results)
{
	struct exchange exchange;

	*results = (struct client_results){ .object_count = 2,
					    .kinds_allowed = { KIST_KIND_BIT(KIST_KIND_TENSOR),
							       KIST_KIND_BIT(KIST_KIND_VALUE) } };
	hostile_open(hostile);
	exchange = hostile_exchange(hostile, KIST_OP_CALL_TASK);
	exchange.results = results;
	return exchange;
}

START_TEST(results_that_nobody_asked_for_end_the_worker)
{
	static const struct {
		uint32_t kinds[3];
		size_t count, cut;
		const char *text;
	} table[] = {
		{ { KIST_KIND_TENSOR, KIST_KIND_TENSOR }, 2, 0, "an object of another kind" },
		{ { KIST_KIND_TENSOR, KIST_KIND_COUNT }, 2, 0, "an object of another kind" },
		{ { KIST_KIND_TENSOR, UINT32_MAX }, 2, 0, "an object of another kind" },
		{ { KIST_KIND_TENSOR, KIST_KIND_VALUE }, 2, 1, "results that cannot be read" },
		{ { KIST_KIND_TENSOR, KIST_KIND_VALUE, KIST_KIND_VALUE }, 3, 0, "results that cannot be read" },
	};

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct kist_error error = KIST_ERROR_INIT;
		struct client_results results;
		struct hostile hostile;
		struct exchange exchange = calling_task(&hostile, &results);

		ck_assert_int_eq(take_results(&hostile, &exchange, table[i].kinds, table[i].count, table[i].cut, &error),
				 KIST_INTERNAL);
		ck_assert_msg(strstr(error.text, table[i].text), "row %zu: %s", i, error.text);
		hostile_close(&hostile);
	}
}
END_TEST

START_TEST(results_come_once_and_before_the_end)
{
	static const uint32_t kinds[] = { KIST_KIND_TENSOR, KIST_KIND_VALUE };
	struct kist_error error = KIST_ERROR_INIT;
	struct client_results results;
	struct hostile hostile;
	struct exchange exchange = calling_task(&hostile, &results);

	ck_assert_int_eq(take_results(&hostile, &exchange, kinds, 2, 0, &error), KIST_OK);
	ck_assert_uint_eq(results.bits, 7);
	ck_assert_uint_eq(results.kinds[1], KIST_KIND_VALUE);
	ck_assert_int_eq(take_results(&hostile, &exchange, kinds, 2, 0, &error), KIST_INTERNAL);
	hostile_close(&hostile);
	kist_error_clear(&error);
	exchange = calling_task(&hostile, &results);
	ck_assert_int_eq(take(&hostile, &exchange, (struct kist_header){ .op = KIST_OP_RETURN }, &error), KIST_INTERNAL);
	ck_assert_msg(strstr(error.text, "an end without results"), "%s", error.text);
	hostile_close(&hostile);
}
END_TEST

START_TEST(a_message_of_another_call_ends_the_worker)
{
	struct kist_error error = KIST_ERROR_INIT;
	struct hostile hostile;
	struct exchange exchange;
	bool done;

	hostile_open(&hostile);
	exchange = hostile_exchange(&hostile, KIST_OP_PING);
	ck_assert_int_eq(hostile_take(&hostile, &exchange,
				      &(struct kist_header){ .op = KIST_OP_RETURN, .id = 4 },
				      kist_view_of(NULL, 0), &done, &error),
			 KIST_INTERNAL);
	hostile_close(&hostile);
}
END_TEST

static kist_status take_part_at(struct hostile *hostile, struct exchange *exchange, uint64_t offset,
				uint64_t len, struct kist_error *err)
{
	kist_auto_writer struct kist_writer writer = KIST_WRITER_INIT;
	const struct kist_header header = { .op = exchange->header.op == KIST_OP_LAYOUT ?
							  KIST_OP_LAYOUT_PARTS :
							  KIST_OP_PART,
					    .id = exchange->header.id };
	const struct kist_part part = {
		.struct_size = sizeof(part), .name = "p", .offset = offset, .len = len
	};
	bool done;

	kist_put_part(&writer, &part);
	return hostile_take(hostile, exchange, &header, kist_buf_view(&writer.buf), &done, err);
}

START_TEST(a_layout_is_checked_again_by_the_host)
{
	static const uint64_t table[][3] = {
		/* offset, len, good */
		{ 10, 90, 1 }, { 10, 91, 0 },	     { 9, 1, 0 },
		{ 101, 0, 0 }, { UINT64_MAX, 1, 0 }, { 50, UINT64_MAX, 0 },
	};

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct kist_error error = KIST_ERROR_INIT;
		struct hostile hostile;
		struct exchange exchange;
		kist_status status;

		hostile_open(&hostile);
		exchange = hostile_exchange(&hostile, KIST_OP_LAYOUT);
		ck_assert_int_eq(take_part_at(&hostile, &exchange, 0, 10, &error), KIST_OK);
		status = take_part_at(&hostile, &exchange, table[i][0], table[i][1], &error);
		ck_assert_msg((status == KIST_OK) == (table[i][2] == 1), "row %zu: %s", i, error.text);
		hostile_close(&hostile);
	}
}
END_TEST

START_TEST(a_layout_comes_in_messages_of_many_parts)
{
	kist_auto_writer struct kist_writer writer = KIST_WRITER_INIT;
	struct kist_error error = KIST_ERROR_INIT;
	struct hostile hostile;
	struct exchange exchange;
	struct kist_header header = { .op = KIST_OP_LAYOUT_PARTS };
	bool done;

	hostile_open(&hostile);
	exchange = hostile_exchange(&hostile, KIST_OP_LAYOUT);
	header.id = exchange.header.id;
	for (uint64_t i = 0; i < 3; i++) {
		const struct kist_part part = { .struct_size = sizeof(part), .offset = 7 * i, .len = 7 };

		kist_put_part(&writer, &part);
	}
	ck_assert_int_eq(
		hostile_take(&hostile, &exchange, &header, kist_buf_view(&writer.buf), &done, &error), KIST_OK);
	ck_assert_uint_eq(hostile.parts, 3);
	ck_assert_uint_eq(exchange.layout_end, 21);
	writer.buf.size -= 1;
	ck_assert_int_eq(
		hostile_take(&hostile, &exchange, &header, kist_buf_view(&writer.buf), &done, &error),
		KIST_INTERNAL);
	hostile_close(&hostile);
}
END_TEST

START_TEST(limits_hold_at_their_edge)
{
	struct kist_error error = KIST_ERROR_INIT;
	struct hostile hostile;
	struct exchange exchange;

	hostile_open(&hostile);
	exchange = hostile_exchange(&hostile, KIST_OP_SERIALIZE);
	exchange.written = CLIENT_OUTPUT_MAX - 1;
	ck_assert_int_eq(
		take(&hostile, &exchange, (struct kist_header){ .op = KIST_OP_WRITE, .b = 1 }, &error),
		KIST_OK);
	ck_assert_int_eq(exchange.failed.status, KIST_OK);
	ck_assert_int_eq(
		take(&hostile, &exchange, (struct kist_header){ .op = KIST_OP_WRITE, .b = 1 }, &error),
		KIST_OK);
	ck_assert_int_eq(exchange.failed.status, KIST_LIMIT);
	ck_assert_uint_eq(hostile.taken, 1);
	hostile_close(&hostile);

	hostile_open(&hostile);
	exchange = hostile_exchange(&hostile, KIST_OP_SERIALIZE);
	exchange.part_count = CLIENT_PARTS_MAX - 1;
	ck_assert_int_eq(take_part_at(&hostile, &exchange, 0, 0, &error), KIST_OK);
	ck_assert_int_eq(exchange.failed.status, KIST_OK);
	exchange.in_part = false;
	ck_assert_int_eq(take_part_at(&hostile, &exchange, 0, 0, &error), KIST_OK);
	ck_assert_int_eq(exchange.failed.status, KIST_LIMIT);
	hostile_close(&hostile);
}
END_TEST

START_TEST(more_bytes_than_a_part_announced_are_not_taken)
{
	struct kist_error error = KIST_ERROR_INIT;
	struct hostile hostile;
	struct exchange exchange;

	hostile_open(&hostile);
	exchange = hostile_exchange(&hostile, KIST_OP_SERIALIZE);
	exchange.in_part = true;
	exchange.part_len = 4;
	ck_assert_int_eq(
		take(&hostile, &exchange, (struct kist_header){ .op = KIST_OP_WRITE, .b = 4 }, &error),
		KIST_OK);
	ck_assert_int_eq(
		take(&hostile, &exchange, (struct kist_header){ .op = KIST_OP_WRITE, .b = 1 }, &error),
		KIST_OK);
	ck_assert_int_eq(exchange.failed.status, KIST_INTERNAL);
	ck_assert_uint_eq(hostile.taken, 4);
	hostile_close(&hostile);
}
END_TEST

START_TEST(a_worker_that_is_gone_gives_the_same_error_again)
{
	struct kist_error error = KIST_ERROR_INIT;
	struct kist_error again = KIST_ERROR_INIT;
	struct hostile hostile;
	struct exchange exchange;

	hostile_open(&hostile);
	exchange = hostile_exchange(&hostile, KIST_OP_PING);
	(void)!take(&hostile, &exchange, (struct kist_header){ .op = 0 }, &error);
	ck_assert_int_eq(kist_worker_ping(hostile.worker, &again), KIST_INTERNAL);
	ck_assert_str_eq(again.text, error.text);
	hostile_close(&hostile);
}
END_TEST

int main(void)
{
	TCase *tests = tcase_create("client");

	tcase_add_test(tests, a_message_that_does_not_fit_the_call_ends_the_worker);
	tcase_add_test(tests, results_that_nobody_asked_for_end_the_worker);
	tcase_add_test(tests, results_come_once_and_before_the_end);
	tcase_add_test(tests, a_message_of_another_call_ends_the_worker);
	tcase_add_test(tests, a_layout_is_checked_again_by_the_host);
	tcase_add_test(tests, a_layout_comes_in_messages_of_many_parts);
	tcase_add_test(tests, limits_hold_at_their_edge);
	tcase_add_test(tests, more_bytes_than_a_part_announced_are_not_taken);
	tcase_add_test(tests, a_worker_that_is_gone_gives_the_same_error_again);
	return suite_run(tests, "client");
}
