/* SPDX-License-Identifier: Apache-2.0 */
#include "store/log.h"

#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/num.h"
#include "base/time.h"
#include "store/state.h"

#define LOG_KEY_SIZE  ((size_t)32)
#define LOG_PREFIX    "log/"
#define NUMBER_DIGITS ((size_t)20)
#define LINE_FORMAT   "kist-log 1 %s %zu\n"
#define LINE_MAGIC    "kist-log "
#define LINE_VERSION  "1 "
/* "kist-log 1 ", 64 digits, a blank, at most 8 digits, a line feed. */
#define LINE_SIZE_MAX ((size_t)96)
#define WRITE_ID_SIZE ((size_t)16)

static void log_key(uint64_t number, char ret_key[static LOG_KEY_SIZE])
{
	snprintf(ret_key, LOG_KEY_SIZE, LOG_PREFIX "%020llu", (unsigned long long)number);
}

static kist_status fail_entry(struct kist_error *err)
{
	return kist_fail(err, KIST_CORRUPT, "its first line is damaged");
}

/* Checks the first line and the digest; gives the body. */
static kist_status split_entry(struct kist_view entry, struct kist_view *ret_body,
			       struct kist_digest *ret_digest, struct kist_error *err)
{
	const size_t magic_len = strlen(LINE_MAGIC);
	const size_t head_len = magic_len + strlen(LINE_VERSION) + 2 * KIST_DIGEST_SIZE + 1;
	const char *text = (const char *)entry.data;
	const char *end =
		entry.size ? memchr(text, '\n', entry.size < LINE_SIZE_MAX ? entry.size : LINE_SIZE_MAX)
			   : NULL;
	struct kist_digest actual;
	char line[LINE_SIZE_MAX];
	char hex[KIST_DIGEST_HEX_SIZE];
	size_t line_len;

	if (!end || memcmp(text, LINE_MAGIC, magic_len) != 0)
		return fail_entry(err);
	line_len = (size_t)(end - text) + 1;
	if (line_len > magic_len + 2 && text[magic_len] >= '2' && text[magic_len] <= '9' &&
	    text[magic_len + 1] == ' ')
		return kist_fail(err, KIST_INCOMPATIBLE, "commit of version %c: a newer kist made it",
				 text[magic_len]);
	if (line_len <= head_len)
		return fail_entry(err);
	*ret_body = kist_view_of(entry.data + line_len, entry.size - line_len);
	actual = kist_digest_of(*ret_body);
	kist_digest_hex(&actual, hex);
	/* There is one way to write the line: it is the way we would. */
	if (snprintf(line, sizeof(line), LINE_FORMAT, hex, ret_body->size) != (int)line_len ||
	    memcmp(line, text, line_len) != 0)
		return kist_fail(err, KIST_CORRUPT, "it does not match its SHA-256 and length");
	*ret_digest = actual;
	return KIST_OK;
}

static bool is_hex(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (kist_hex_digit(text[i]) < 0)
			return false;
	}
	return true;
}

static kist_status check_commit(const json_t *commit, uint64_t number, struct kist_error *err)
{
	const char *previous = kist_json_get_text(commit, "previous");
	const char *write_id = kist_json_get_text(commit, "write_id");
	uint64_t actual;

	if (!json_is_object(commit) || !kist_json_get_u64(commit, "number", &actual) || actual != number)
		return kist_fail(err, KIST_CORRUPT, "it does not bear its number");
	if (!previous || strlen(previous) != 2 * KIST_DIGEST_SIZE || !is_hex(previous, strlen(previous)) ||
	    !write_id || strlen(write_id) != 2 * WRITE_ID_SIZE || !is_hex(write_id, strlen(write_id)) ||
	    !kist_json_get_text(commit, "time"))
		return kist_fail(err, KIST_CORRUPT, "\"previous\", \"write_id\" or \"time\" is missing");
	return KIST_OK;
}

static kist_status read_entry(struct kist_store *store, const char *key, struct kist_buf *ret,
			      struct kist_error *err)
{
	KIST_TRY(kist_backend_get(store->backend, key, 0, ret->size_max, ret, err));
	if (ret->size > LINE_SIZE_MAX + KIST_COMMIT_SIZE_MAX)
		return kist_fail(err, KIST_CORRUPT, "it is larger than %zu bytes", KIST_COMMIT_SIZE_MAX);
	return KIST_OK;
}

static kist_status read_commit(struct kist_store *store, const char *key, uint64_t number,
			       json_t **ret_commit, struct kist_digest *ret_digest, struct kist_error *err)
{
	kist_auto_buf struct kist_buf entry = KIST_BUF_INIT(LINE_SIZE_MAX + KIST_COMMIT_SIZE_MAX + 1);
	kist_auto_json json_t *commit = NULL;
	struct kist_view body;

	KIST_TRY(read_entry(store, key, &entry, err));
	KIST_TRY(split_entry(kist_buf_view(&entry), &body, ret_digest, err));
	KIST_TRY(kist_json_parse(body, &commit, err));
	KIST_TRY(check_commit(commit, number, err));
	*ret_commit = kist_steal(commit);
	return KIST_OK;
}

kist_status kist_log_read(struct kist_store *store, uint64_t number, json_t **ret_commit,
			  struct kist_digest *ret_digest, struct kist_error *err)
{
	struct kist_error why = KIST_ERROR_INIT;
	struct kist_digest digest;
	char key[LOG_KEY_SIZE];
	kist_status status;

	log_key(number, key);
	status = read_commit(store, key, number, ret_commit, &digest, &why);
	if (status != KIST_OK) {
		(void)kist_fail_at(err, status, why.code, why.offset, "commit '%s': %s", key, why.text);
		if (err && err->sys_errno == 0)
			err->sys_errno = why.sys_errno;
		return status;
	}
	if (ret_digest)
		*ret_digest = digest;
	return KIST_OK;
}

static kist_status complete(json_t *commit, uint64_t number, const struct kist_digest *previous,
			    struct kist_error *err)
{
	uint8_t write_id[WRITE_ID_SIZE];
	char write_id_hex[2 * WRITE_ID_SIZE + 1];
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

/* Whether what lies at @key is these bytes, random write id included: then nobody else can have written it.
 */
static bool is_own(struct kist_store *store, const char *key, struct kist_view line, struct kist_view body)
{
	kist_auto_buf struct kist_buf entry = KIST_BUF_INIT(LINE_SIZE_MAX + KIST_COMMIT_SIZE_MAX + 1);

	return read_entry(store, key, &entry, NULL) == KIST_OK && entry.size == line.size + body.size &&
	       memcmp(entry.data, line.data, line.size) == 0 &&
	       memcmp(entry.data + line.size, body.data, body.size) == 0;
}

kist_status kist_log_append(struct kist_store *store, uint64_t number, const struct kist_digest *previous,
			    json_t *commit, struct kist_digest *ret_digest, struct kist_error *err)
{
	kist_auto_buf struct kist_buf body = KIST_BUF_INIT(KIST_COMMIT_SIZE_MAX);
	struct kist_error why = KIST_ERROR_INIT;
	struct kist_digest digest;
	struct kist_view parts[2];
	char hex[KIST_DIGEST_HEX_SIZE];
	char line[LINE_SIZE_MAX];
	char key[LOG_KEY_SIZE];
	kist_status status;

	KIST_TRY(complete(commit, number, previous, err));
	KIST_TRY(kist_json_canonical(commit, &body, err));
	digest = kist_digest_of(kist_buf_view(&body));
	kist_digest_hex(&digest, hex);
	log_key(number, key);
	parts[0] = kist_view_of(line, (size_t)snprintf(line, sizeof(line), LINE_FORMAT, hex, body.size));
	parts[1] = kist_buf_view(&body);
	status = kist_backend_put_new(store->backend, key, parts, 2, &why);
	/*
	 * A backend that tries again after a lost reply finds its own first try there.  After KIST_IO the
	 * commit may be visible, but nobody knows whether it is on disk: that is never a success.
	 */
	if (status == KIST_EXISTS && is_own(store, key, parts[0], parts[1]))
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

static kist_status exists(struct kist_store *store, uint64_t number, bool *ret, struct kist_error *err)
{
	struct kist_error why = KIST_ERROR_INIT;
	char key[LOG_KEY_SIZE];
	uint64_t size;
	kist_status status;

	log_key(number, key);
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

/* 20 digits, not all of them 0; what does not fit in 64 bits is a number past all others. */
static bool parse_name(const char *digits, uint64_t *ret)
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
	if (!parse_name(name, &number))
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
	return see_name(ctx, key + strlen(LOG_PREFIX), err);
}

kist_status kist_log_names(struct kist_store *store, struct kist_log_names *ret, struct kist_error *err)
{
	struct names_seen seen = { .next = 1 };

	KIST_TRY(kist_backend_names(store->backend, LOG_PREFIX, see_name, &seen, err));
	if (seen.count == seen.last) {
		/* As many as the greatest number: then there is no hole. */
		*ret = (struct kist_log_names){ .missing = seen.last + 1, .last = seen.last };
		return KIST_OK;
	}
	seen = (struct names_seen){ .next = 1 };
	KIST_TRY(kist_backend_list(store->backend, LOG_PREFIX, see_key, &seen, err));
	*ret = (struct kist_log_names){ .missing = seen.next, .last = seen.last };
	return KIST_OK;
}

kist_status kist_log_check_end(struct kist_store *store, uint64_t number, bool all, struct kist_error *err)
{
	struct kist_log_names names = { .missing = number + 1 };
	char missing[LOG_KEY_SIZE];
	char last[LOG_KEY_SIZE];
	bool there = false;

	if (number > INT64_MAX - 2)
		return kist_fail(err, KIST_LIMIT, "the log is full");
	if (all) {
		KIST_TRY(kist_log_names(store, &names, err));
	} else {
		KIST_TRY(exists(store, number + 2, &there, err));
		names.last = there ? number + 2 : 0;
	}
	if (names.missing > number && names.last < names.missing)
		return KIST_OK;
	/* A list is not of one moment: both may have been created just now, the later one only after the
	 * other. */
	KIST_TRY(exists(store, names.missing, &there, err));
	if (there)
		return KIST_OK;
	log_key(names.missing, missing);
	log_key(names.last, last);
	if (names.last > names.missing)
		return kist_fail(err, KIST_CORRUPT, "commit '%s' is missing, and '%s' is there", missing,
				 last);
	return kist_fail(err, KIST_CORRUPT, "commit '%s' is missing, and it has been there", missing);
}
