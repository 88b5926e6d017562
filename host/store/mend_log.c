/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "store/log.h"
#include "store/mend.h"
#include "store/state.h"

/* "kist-log 1 ", the digest, a blank. */
#define DIGEST_AT ((size_t)11)
#define COUNT_AT  (DIGEST_AT + 2 * KIST_DIGEST_SIZE + 1)
/* Bytes of the first line that may be wrong when the body proves them: 48 digits of its digest are right
 * then. */
#define LINE_WRONG_MAX 16

/* The log, from its end on. */
struct mending {
	struct kist_store *store;
	bool dry_run;
	void (*each)(void *ctx, const struct kist_log_step *step);
	void *ctx;
	struct kist_log_mended done;
	struct kist_buf numbers;   /* of uint64_t, rising: commits that are there */
	struct kist_digest wanted; /* what the commit after this one says of it */
	bool is_wanted;
};

/* A commit that is damaged. */
struct patient {
	const struct mending *mending;
	uint64_t number;
	struct kist_buf entry;
	struct kist_commit commit; /* as it was */
	bool is_mended;
};

static void patient_done(struct patient *patient)
{
	kist_buf_done(&patient->entry);
	kist_commit_done(&patient->commit);
}

/* Keeps an entry that is right: it has its number, and is what the one after it follows. */
static kist_status keep_when_right(struct patient *patient, const char *line, size_t len,
				   struct kist_view body, struct kist_error *err)
{
	struct kist_commit *const commit = &patient->commit;

	if (len + body.size > commit->entry.size_max)
		return KIST_OK;
	commit->entry.size = 0;
	KIST_TRY(kist_buf_append(&commit->entry, line, len, err));
	KIST_TRY(kist_buf_append(&commit->entry, body.data, body.size, err));
	patient->is_mended = kist_commit_parse(commit, patient->number, NULL) == KIST_OK &&
			     (!patient->mending->is_wanted ||
			      kist_digest_equal(&commit->digest, &patient->mending->wanted));
	return KIST_OK;
}

/* Whether the next commit says that the body is right; or where there is none, what is left of the first
 * line. */
static bool is_believed(const struct patient *patient, const struct kist_digest *digest, const char *line,
			size_t len)
{
	size_t wrong = 0;

	if (patient->mending->is_wanted)
		return kist_digest_equal(digest, &patient->mending->wanted);
	for (size_t i = 0; i < len; i++)
		wrong += i >= patient->entry.size || patient->entry.data[i] != (uint8_t)line[i];
	return wrong <= LINE_WRONG_MAX;
}

/* The digest that the body must have, by the next commit or by what stands in the first line. */
static bool wanted_digest(const struct patient *patient, struct kist_digest *ret)
{
	if (patient->mending->is_wanted) {
		*ret = patient->mending->wanted;
		return true;
	}
	return patient->entry.size > COUNT_AT &&
	       kist_digest_parse((const char *)patient->entry.data + DIGEST_AT, 2 * KIST_DIGEST_SIZE, ret);
}

/* Looks for the one wrong bit, or in a short body the one wrong byte. */
static bool search(uint8_t *body, size_t size, const struct kist_digest *wanted)
{
	const uint64_t all = (uint64_t)size * (size + 64);
	const bool bytes = all <= KIST_MEND_HASHED_MAX / 255;
	const unsigned count = bytes ? 255 : 8;

	if (all > KIST_MEND_HASHED_MAX / 8)
		return false;
	for (size_t i = 0; i < size; i++) {
		const uint8_t was = body[i];

		for (unsigned k = 0; k < count; k++) {
			struct kist_digest digest;

			body[i] = (uint8_t)(was ^ (bytes ? k + 1 : 1u << k));
			digest = kist_digest_of(kist_view_of(body, size));
			if (kist_digest_equal(&digest, wanted))
				return true;
		}
		body[i] = was;
	}
	return false;
}

static kist_status mend_body(struct patient *patient, size_t start, struct kist_error *err)
{
	uint8_t *body = patient->entry.data + start;
	const struct kist_view view = kist_view_of(body, patient->entry.size - start);
	struct kist_digest digest = kist_digest_of(view);
	char line[KIST_COMMIT_LINE_SIZE_MAX];
	size_t len = kist_commit_line(view, &digest, line);

	if (is_believed(patient, &digest, line, len))
		return keep_when_right(patient, line, len, view, err);
	if (!wanted_digest(patient, &digest) || !search(body, view.size, &digest))
		return KIST_OK;
	len = kist_commit_line(view, &digest, line);
	return keep_when_right(patient, line, len, view, err);
}

/* The body begins behind the line, or where its first brace is: one of the two may be what is wrong. */
static kist_status mend_entry(struct patient *patient, struct kist_error *err)
{
	const uint8_t *const bytes = patient->entry.data;
	const size_t size = patient->entry.size;
	const size_t len = size < KIST_COMMIT_LINE_SIZE_MAX ? size : KIST_COMMIT_LINE_SIZE_MAX;
	const uint8_t *line_end;
	const uint8_t *brace;

	if (size <= COUNT_AT)
		return KIST_OK;
	line_end = memchr(bytes + COUNT_AT, '\n', len - COUNT_AT);
	brace = memchr(bytes + COUNT_AT, '{', len - COUNT_AT);
	if (brace)
		KIST_TRY(mend_body(patient, (size_t)(brace - bytes), err));
	if (!patient->is_mended && line_end && line_end + 1 != brace)
		KIST_TRY(mend_body(patient, (size_t)(line_end + 1 - bytes), err));
	return KIST_OK;
}

/* @ret_previous: What it says of the one before it.  *@ret_mended is left as it is when it cannot be mended. */
static kist_status mend_commit(const struct mending *mending, uint64_t number, bool *ret_mended,
			       struct kist_digest *ret_previous, struct kist_error *err)
{
	__attribute__((cleanup(patient_done))) struct patient patient = {
		.mending = mending,
		.number = number,
		.entry = KIST_BUF_INIT(KIST_COMMIT_LINE_SIZE_MAX + KIST_COMMIT_SIZE_MAX),
		.commit = KIST_COMMIT_INIT,
	};
	struct kist_error why = KIST_ERROR_INIT;
	char key[KIST_LOG_KEY_SIZE];
	kist_status status;

	kist_log_key(number, key);
	status = kist_backend_get(mending->store->backend, key, 0, patient.entry.size_max, &patient.entry,
				  &why);
	if (kist_is_damage(status, &why))
		return KIST_OK;
	if (status != KIST_OK)
		return kist_fail_as(err, status, &why);
	KIST_TRY(mend_entry(&patient, err));
	if (patient.is_mended && !mending->dry_run)
		KIST_TRY(kist_backend_replace(mending->store->backend, key,
					      kist_buf_view(&patient.commit.entry), err));
	*ret_mended = patient.is_mended;
	*ret_previous = patient.commit.previous;
	return KIST_OK;
}

static kist_status see_key(void *ctx, const char *key, uint64_t size, struct kist_error *err)
{
	struct mending *mending = ctx;
	uint64_t number;

	(void)size;
	return kist_log_parse_name(key + strlen(KIST_LOG_PREFIX), &number)
		       ? kist_buf_append(&mending->numbers, &number, sizeof(number), err)
		       : KIST_OK;
}

static void tell(struct mending *mending, uint64_t first, uint64_t last, const struct kist_error *why)
{
	mending->each(mending->ctx, &(struct kist_log_step){ .first = first, .last = last, .why = why });
}

static kist_status look_at_commit(struct mending *mending, uint64_t number, struct kist_error *err)
{
	kist_auto_commit struct kist_commit commit = KIST_COMMIT_INIT;
	struct kist_digest previous = { { 0 } };
	struct kist_error why = KIST_ERROR_INIT;
	bool mended = false;
	kist_status status = kist_log_read(mending->store, number, &commit, &why);

	if (status == KIST_OK && mending->is_wanted && !kist_digest_equal(&commit.digest, &mending->wanted))
		status = kist_fail(&why, KIST_CORRUPT,
				   "commit %" PRIu64 " is not the one that the next one follows", number);
	if (status == KIST_OK) {
		mending->wanted = commit.previous;
		mending->is_wanted = true;
		return KIST_OK;
	}
	/* Of a version that this one knows nothing of no commit of this one is the successor. */
	if (status == KIST_CORRUPT || (status == KIST_INCOMPATIBLE && mending->is_wanted))
		KIST_TRY(mend_commit(mending, number, &mended, &previous, err));
	else if (!kist_is_damage(status, &why) && status != KIST_INCOMPATIBLE)
		return kist_fail_as(err, status, &why);
	mending->done.mended += mended;
	mending->done.bad += !mended;
	tell(mending, number, number, mended ? NULL : &why);
	mending->wanted = previous;
	mending->is_wanted = mended;
	return KIST_OK;
}

/* Commits up to @last, from the one after @before on, are not there. */
static void tell_missing(struct mending *mending, uint64_t before, uint64_t last)
{
	struct kist_error why = KIST_ERROR_INIT;

	if (last <= before)
		return;
	(void)kist_fail(&why, KIST_NOT_FOUND, "it is missing, and later ones are there");
	mending->done.missing += last - before;
	tell(mending, before + 1, last, &why);
	mending->is_wanted = false;
}

static kist_status mend_log(struct mending *mending, struct kist_error *err)
{
	const uint64_t *numbers;
	uint64_t before;

	KIST_TRY(kist_backend_list(mending->store->backend, KIST_LOG_PREFIX, see_key, mending, err));
	numbers = (const void *)mending->numbers.data;
	mending->done.commits = mending->numbers.size / sizeof(*numbers);
	/* From the end, so that the one after it can say what a commit was. */
	for (size_t i = mending->done.commits; i-- > 0;) {
		KIST_TRY(look_at_commit(mending, numbers[i], err));
		before = i > 0 ? numbers[i - 1] : 0;
		tell_missing(mending, before, numbers[i] - 1);
	}
	return KIST_OK;
}

kist_status kist_store_mend_log(struct kist_store *store, bool dry_run,
				void (*each)(void *ctx, const struct kist_log_step *step), void *ctx,
				struct kist_log_mended *ret, struct kist_error *err)
{
	struct mending mending = { .store = store,
				   .dry_run = dry_run,
				   .each = each,
				   .ctx = ctx,
				   .numbers = KIST_BUF_INIT(SIZE_MAX / 2) };
	const kist_status status = mend_log(&mending, err);

	kist_buf_done(&mending.numbers);
	KIST_TRY(status);
	*ret = mending.done;
	return KIST_OK;
}
