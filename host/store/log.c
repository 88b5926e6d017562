/* SPDX-License-Identifier: Apache-2.0 */
#include "store/log.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/num.h"
#include "base/time.h"
#include "store/spare.h"
#include "store/state.h"

#define NUMBER_DIGITS ((size_t)20)

static kist_status read_entry(struct kist_store *store, uint64_t number, struct kist_buf *ret,
			      struct kist_error *err)
{
	char key[KIST_LOG_KEY_SIZE];

	kist_log_key(number, key);
	ret->size = 0;
	return kist_backend_get(store->backend, key, 0, ret->size_max, ret, err);
}

static kist_status name_entry(uint64_t number, kist_status status, const struct kist_error *why,
			      struct kist_error *err)
{
	char key[KIST_LOG_KEY_SIZE];

	if (status == KIST_OK)
		return KIST_OK;
	kist_log_key(number, key);
	(void)kist_fail_at(err, status, why->code, why->offset, "commit '%s': %s", key, why->text);
	if (err && err->sys_errno == 0)
		err->sys_errno = why->sys_errno;
	return status;
}

kist_status kist_log_read(struct kist_store *store, uint64_t number, struct kist_commit *ret,
			  struct kist_error *err)
{
	struct kist_error why = KIST_ERROR_INIT;
	kist_status status = read_entry(store, number, &ret->entry, &why);

	if (status == KIST_OK)
		status = kist_commit_parse(ret, number, &why);
	return name_entry(number, status, &why, err);
}

kist_status kist_log_digest(struct kist_store *store, uint64_t number, struct kist_digest *ret,
			    struct kist_error *err)
{
	kist_auto_commit struct kist_commit commit = KIST_COMMIT_INIT;
	struct kist_error why = KIST_ERROR_INIT;
	struct kist_view body;
	kist_status status = read_entry(store, number, &commit.entry, &why);

	if (status == KIST_OK)
		status = kist_commit_check_entry(kist_buf_view(&commit.entry), &body, ret, &why);
	return name_entry(number, status, &why, err);
}

/* Whether a commit of @size bytes that begins so has the first line that this digest and length ask for. */
static bool has_line(struct kist_view begin, uint64_t size, const struct kist_digest *digest)
{
	const uint8_t *end = memchr(begin.data, '\n', KIST_COMMIT_LINE_SIZE_MAX);
	char line[KIST_COMMIT_LINE_SIZE_MAX];
	size_t len;

	if (!end)
		return false;
	len = (size_t)(end - begin.data) + 1;
	return size <= KIST_COMMIT_LINE_SIZE_MAX + KIST_COMMIT_SIZE_MAX && size > len &&
	       kist_commit_line(kist_view_of(NULL, (size_t)size - len), digest, line) == len &&
	       memcmp(line, begin.data, len) == 0;
}

bool kist_log_is(struct kist_store *store, uint64_t number, const struct kist_digest *digest)
{
	kist_auto_buf struct kist_buf begin = KIST_BUF_INIT(KIST_LOG_SMALL_SIZE);
	struct kist_digest actual;
	struct kist_view body;
	char key[KIST_LOG_KEY_SIZE];
	uint64_t size;

	kist_log_key(number, key);
	if (kist_backend_get(store->backend, key, 0, KIST_LOG_SMALL_SIZE, &begin, NULL) != KIST_OK)
		return false;
	if (begin.size < KIST_LOG_SMALL_SIZE)
		return kist_commit_check_entry(kist_buf_view(&begin), &body, &actual, NULL) == KIST_OK &&
		       kist_digest_equal(&actual, digest);
	return kist_backend_head(store->backend, key, &size, NULL) == KIST_OK &&
	       has_line(kist_buf_view(&begin), size, digest);
}

static kist_status complete(json_t *commit, uint64_t number, const struct kist_digest *previous,
			    struct kist_error *err)
{
	uint8_t write_id[KIST_WRITE_ID_SIZE];
	char write_id_hex[2 * KIST_WRITE_ID_SIZE + 1];
	char previous_hex[KIST_DIGEST_HEX_SIZE];
	char time[KIST_TIME_TEXT_SIZE];

	if (number == 0 || number > INT64_MAX)
		return kist_fail(err, KIST_LIMIT, "no commit can have the number %llu",
				 (unsigned long long)number);
	KIST_TRY(kist_random(write_id, sizeof(write_id), err));
	kist_hex_write(write_id, sizeof(write_id), write_id_hex);
	kist_digest_hex(previous, previous_hex);
	kist_time_text(kist_wall_ns(), time);
	if (json_object_set_new(commit, "number", json_integer((json_int_t)number)) != 0 ||
	    json_object_set_new(commit, "previous", json_string(previous_hex)) != 0 ||
	    json_object_set_new(commit, "write_id", json_string(write_id_hex)) != 0 ||
	    json_object_set_new(commit, "time", json_string(time)) != 0)
		return kist_fail(err, KIST_NO_MEMORY, "out of memory while making JSON");
	return KIST_OK;
}

/* Whether commit @number is these bytes, random write id included: then nobody else can have written it. */
static bool is_own(struct kist_store *store, uint64_t number, struct kist_view line, struct kist_view body)
{
	kist_auto_commit struct kist_commit commit = KIST_COMMIT_INIT;
	const struct kist_buf *entry = &commit.entry;

	return read_entry(store, number, &commit.entry, NULL) == KIST_OK &&
	       entry->size == line.size + body.size && memcmp(entry->data, line.data, line.size) == 0 &&
	       memcmp(entry->data + line.size, body.data, body.size) == 0;
}

/* The body of the commit.  What is too large to be read again is not written. */
static kist_status write_body(const json_t *commit, struct kist_buf *ret, struct kist_error *err)
{
	struct kist_error why = KIST_ERROR_INIT;
	const kist_status status = kist_json_canonical_any(commit, ret, &why);

	if (status == KIST_LIMIT)
		return kist_fail(err, status,
				 "cannot commit: more than %zu bytes in one commit: do it in parts",
				 KIST_COMMIT_SIZE_MAX);
	return status == KIST_OK ? KIST_OK : kist_fail(err, status, "cannot commit: %s", why.text);
}

/* Whether the disk was full, there is no commit at @key, and there is room now. */
static bool has_made_room(struct kist_store *store, const char *key, kist_status status,
			  const struct kist_error *why)
{
	uint64_t size;

	return status == KIST_IO && (why->sys_errno == ENOSPC || why->sys_errno == EDQUOT) &&
	       kist_backend_head(store->backend, key, &size, NULL) == KIST_NOT_FOUND &&
	       kist_spare_give_up(store);
}

kist_status kist_log_append(struct kist_store *store, uint64_t number, const struct kist_digest *previous,
			    json_t *commit, struct kist_digest *ret_digest, struct kist_error *err)
{
	kist_auto_buf struct kist_buf body = KIST_BUF_INIT(KIST_COMMIT_SIZE_MAX);
	struct kist_error why = KIST_ERROR_INIT;
	struct kist_digest digest;
	struct kist_view parts[2];
	char line[KIST_COMMIT_LINE_SIZE_MAX];
	char key[KIST_LOG_KEY_SIZE];
	kist_status status;
	bool again;

	KIST_TRY(complete(commit, number, previous, err));
	KIST_TRY(write_body(commit, &body, err));
	digest = kist_digest_of(kist_buf_view(&body));
	kist_log_key(number, key);
	parts[1] = kist_buf_view(&body);
	parts[0] = kist_view_of(line, kist_commit_line(parts[1], &digest, line));
	status = kist_backend_put_new(store->backend, key, parts, 2, &why);
	again = has_made_room(store, key, status, &why);
	if (again) {
		kist_error_clear(&why);
		status = kist_backend_put_new(store->backend, key, parts, 2, &why);
	}
	/*
	 * A backend that tries again after a lost reply finds its own first try there.  After KIST_IO the
	 * commit may be visible, but nobody knows whether it is on disk: that is never a success.
	 */
	if (status == KIST_EXISTS && !again && is_own(store, number, parts[0], parts[1]))
		status = KIST_OK;
	if (status != KIST_OK) {
		(void)kist_fail(err, status, "cannot commit: %s", why.text);
		if (err && err->sys_errno == 0)
			err->sys_errno = why.sys_errno;
		return status;
	}
	if (ret_digest)
		*ret_digest = digest;
	return KIST_OK;
}

kist_status kist_log_exists(struct kist_store *store, uint64_t number, bool *ret, struct kist_error *err)
{
	struct kist_error why = KIST_ERROR_INIT;
	char key[KIST_LOG_KEY_SIZE];
	uint64_t size;
	kist_status status;

	kist_log_key(number, key);
	status = kist_backend_head(store->backend, key, &size, &why);
	if (status != KIST_OK && status != KIST_NOT_FOUND)
		return kist_fail_as(err, status, &why);
	*ret = status == KIST_OK;
	return KIST_OK;
}

struct names_seen {
	uint64_t count;
	uint64_t last;
	uint64_t next; /* the least that was not seen; when they come in order */
};

bool kist_log_parse_name(const char *digits, uint64_t *ret)
{
	uint64_t number = 0;

	if (strlen(digits) != NUMBER_DIGITS)
		return false;
	for (size_t i = 0; i < NUMBER_DIGITS; i++) {
		if (digits[i] < '0' || digits[i] > '9')
			return false;
		if (__builtin_mul_overflow(number, 10, &number) ||
		    __builtin_add_overflow(number, (uint64_t)(digits[i] - '0'), &number))
			number = UINT64_MAX;
	}
	*ret = number;
	return number > 0;
}

static kist_status see_name(void *ctx, const char *name, struct kist_error *err)
{
	struct names_seen *seen = ctx;
	uint64_t number;

	(void)err;
	if (!kist_log_parse_name(name, &number))
		return KIST_OK;
	seen->count++;
	seen->next += number == seen->next;
	if (number > seen->last)
		seen->last = number;
	return KIST_OK;
}

static kist_status see_key(void *ctx, const char *key, uint64_t size, struct kist_error *err)
{
	(void)size;
	return see_name(ctx, key + strlen(KIST_LOG_PREFIX), err);
}

kist_status kist_log_names(struct kist_store *store, struct kist_log_names *ret, struct kist_error *err)
{
	struct names_seen seen = { .next = 1 };

	KIST_TRY(kist_backend_names(store->backend, KIST_LOG_PREFIX, see_name, &seen, err));
	if (seen.count == seen.last) {
		/* As many as the greatest number: then there is no hole. */
		*ret = (struct kist_log_names){ .missing = seen.last + 1, .last = seen.last };
		return KIST_OK;
	}
	seen = (struct names_seen){ .next = 1 };
	KIST_TRY(kist_backend_list(store->backend, KIST_LOG_PREFIX, see_key, &seen, err));
	*ret = (struct kist_log_names){ .missing = seen.next, .last = seen.last };
	return KIST_OK;
}

kist_status kist_log_check_end(struct kist_store *store, uint64_t number, bool all, struct kist_error *err)
{
	struct kist_log_names names = { .missing = number + 1 };
	char missing[KIST_LOG_KEY_SIZE];
	char last[KIST_LOG_KEY_SIZE];
	bool there = false;

	if (number > INT64_MAX - 2)
		return kist_fail(err, KIST_LIMIT, "the log is full");
	if (all) {
		KIST_TRY(kist_log_names(store, &names, err));
	} else {
		KIST_TRY(kist_log_exists(store, number + 2, &there, err));
		names.last = there ? number + 2 : 0;
	}
	if (names.missing > number && names.last < names.missing)
		return KIST_OK;
	/* A list is not of one moment: both may have been created just now, the later one only after the
	 * other. */
	KIST_TRY(kist_log_exists(store, names.missing, &there, err));
	if (there)
		return KIST_OK;
	kist_log_key(names.missing, missing);
	kist_log_key(names.last, last);
	if (names.last > names.missing)
		return kist_fail(err, KIST_CORRUPT, "commit '%s' is missing, and '%s' is there", missing,
				 last);
	return kist_fail(err, KIST_CORRUPT, "commit '%s' is missing, and it has been there", missing);
}
