/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/nearest.h"
#include "base/num.h"
#include "registry/internal.h"

#define PREFIX_DIGITS_MIN 8
#define PREFIX_DIGITS_MAX (2 * KIST_DIGEST_SIZE)

/* Of what a message shows of a name. */
#define SHOWN_SIZE_MAX 200
#define LISTED_MAX     4
/* Digits of a digest in a message, at least. */
#define LISTED_DIGITS 12

/* Names that are looked at for a hint. */
#define HINT_NAMES_MAX 10000

struct resolution {
	const char *text;
	size_t len;
	struct kist_artifact *ret;
};

static int shown(size_t len)
{
	return (int)kist_min_u64(len, SHOWN_SIZE_MAX);
}

/* The digests that begin with @text, which is hex of either case, from @ret_low to @ret_high. */
static bool prefix_range(const char *text, size_t len, struct kist_digest *ret_low,
			 struct kist_digest *ret_high)
{
	if (len < PREFIX_DIGITS_MIN || len > PREFIX_DIGITS_MAX)
		return false;
	memset(ret_low, 0, sizeof(*ret_low));
	memset(ret_high, 0xff, sizeof(*ret_high));
	for (size_t i = 0; i < len; i++) {
		const int digit =
			kist_hex_digit(text[i] >= 'A' && text[i] <= 'F' ? (char)(text[i] + 32) : text[i]);
		const unsigned shift = i % 2 ? 0 : 4;

		if (digit < 0)
			return false;
		ret_low->bytes[i / 2] |= (uint8_t)((unsigned)digit << shift);
		ret_high->bytes[i / 2] &= (uint8_t) ~((unsigned)(15 - digit) << shift);
	}
	return true;
}

/* Some digits of one, but too few to name it. */
static bool looks_like_digest(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (kist_hex_digit(text[i] >= 'A' && text[i] <= 'F' ? (char)(text[i] + 32) : text[i]) < 0)
			return false;
	}
	return len >= 4 && len < PREFIX_DIGITS_MIN;
}

struct hint {
	char wanted[KIST_NEAREST_LEN_MAX + 1];
	char best[KIST_NEAREST_LEN_MAX + 1];
	struct kist_nearest nearest;
	int64_t seen;
};

static void offer(struct hint *hint, const uint8_t *name, size_t len)
{
	char text[KIST_NEAREST_LEN_MAX + 1];

	if (!name || len > KIST_NEAREST_LEN_MAX)
		return;
	memcpy(text, name, len);
	text[len] = '\0';
	kist_nearest_offer(&hint->nearest, text);
	if (hint->nearest.name == text) {
		memcpy(hint->best, text, len + 1);
		hint->nearest.name = hint->best;
	}
}

static kist_status look_at_names(struct kist_db *db, enum kist_db_statement which,
				 const struct resolution *query, int64_t count, struct hint *hint,
				 struct kist_error *err)
{
	kist_auto_statement sqlite3_stmt *row = NULL;
	bool more = true;

	KIST_TRY(kist_db_use(db, which, &row, err, "bi", query->text, query->len, count));
	for (;;) {
		KIST_TRY(kist_db_step(db, row, &more, err));
		if (!more)
			return KIST_OK;
		hint->seen++;
		offer(hint, sqlite3_column_blob(row, 0), (size_t)sqlite3_column_bytes(row, 0));
	}
}

/* The name nearest to @text, if one is near: of those that stand around it in byte order. */
static kist_status find_hint(struct kist_db *db, const struct resolution *query, struct hint *hint,
			     struct kist_error *err)
{
	hint->nearest = (struct kist_nearest)KIST_NEAREST_INIT(hint->wanted);
	if (query->len == 0 || query->len > KIST_NEAREST_LEN_MAX)
		return KIST_OK;
	memcpy(hint->wanted, query->text, query->len);
	KIST_TRY(look_at_names(db, KIST_SQL_NAMES_UP, query, HINT_NAMES_MAX / 2, hint, err));
	return look_at_names(db, KIST_SQL_NAMES_DOWN, query, HINT_NAMES_MAX - hint->seen, hint, err);
}

static kist_status fail_unknown(struct kist_db *db, const struct resolution *query, struct kist_error *err)
{
	struct hint hint = { .seen = 0 };
	struct kist_digest low;
	struct kist_digest high;
	const char *what = prefix_range(query->text, query->len, &low, &high)
				   ? "nothing has this name, and no digest begins so"
			   : looks_like_digest(query->text, query->len)
				   ? "nothing has this name, and of a digest at least 8 digits are needed"
				   : "nothing has this name";

	KIST_TRY(find_hint(db, query, &hint, err));
	if (hint.nearest.name)
		return kist_fail(err, KIST_NOT_FOUND, "'%.*s': %s; did you mean '%s'?", shown(query->len),
				 query->text, what, hint.nearest.name);
	return kist_fail(err, KIST_NOT_FOUND, "'%.*s': %s", shown(query->len), query->text, what);
}

/* The artifact with this id, which a ref or the index itself has named. */
static kist_status get_named(struct kist_db *db, const struct kist_digest *id, const struct resolution *query,
			     struct kist_error *err)
{
	char hex[KIST_DIGEST_HEX_SIZE];
	const kist_status status = kist_query_artifact(db, id, query->ret, err);

	if (status != KIST_NOT_FOUND)
		return status;
	kist_digest_hex(id, hex);
	return kist_fail(err, KIST_CORRUPT,
			 "'%.*s' names the record %s, which is in no pack that can be read",
			 shown(query->len), query->text, hex);
}

struct match {
	struct kist_digest id;
	struct kist_digest sha256;
	struct kist_buf list; /* of all, for a message */
	size_t contents;
};

static void match_done(struct match *match)
{
	kist_buf_done(&match->list);
}
#define auto_match __attribute__((cleanup(match_done)))

/* "3fa9c01be2d4 (tensor, kist.npy@1, 'runs/7/weights')" */
static kist_status list_match(struct kist_db *db, struct match *match, sqlite3_stmt *row, size_t digits,
			      struct kist_error *err)
{
	kist_auto_statement sqlite3_stmt *name = NULL;
	char hex[KIST_DIGEST_HEX_SIZE];
	bool named = false;

	kist_digest_hex(&match->sha256, hex);
	KIST_TRY(kist_buf_appendf(&match->list, err, "%s%.*s (%.40s, %.60s", match->contents > 1 ? "; " : "",
				  (int)digits, hex, (const char *)sqlite3_column_text(row, 2),
				  (const char *)sqlite3_column_text(row, 3)));
	KIST_TRY(kist_db_use(db, KIST_SQL_NAME_OF, &name, err, "d", &match->id));
	KIST_TRY(kist_db_step(db, name, &named, err));
	if (named)
		KIST_TRY(kist_buf_appendf(&match->list, err, ", '%.*s'",
					  (int)kist_min_u64((uint64_t)sqlite3_column_bytes(name, 0), 60),
					  (const char *)sqlite3_column_blob(name, 0)));
	return kist_buf_append(&match->list, ")", 1, err);
}

/* Rows of one content stand together, the best first: the first one of each content counts. */
static kist_status match_rows(struct kist_db *db, const struct resolution *query,
			      const struct kist_digest *low, const struct kist_digest *high,
			      struct match *match, struct kist_error *err)
{
	const size_t digits = kist_min_u64(query->len + 4 > LISTED_DIGITS ? query->len + 4 : LISTED_DIGITS,
					   PREFIX_DIGITS_MAX);
	kist_auto_statement sqlite3_stmt *row = NULL;
	bool more = true;

	KIST_TRY(kist_db_use(db, KIST_SQL_MATCH_HEX, &row, err, "dd", low, high));
	while (match->contents <= LISTED_MAX) {
		struct kist_digest sha256;
		struct kist_digest id;

		KIST_TRY(kist_db_step(db, row, &more, err));
		if (!more)
			break;
		if (!kist_db_digest(db, row, 1, &sha256) || !kist_db_digest(db, row, 0, &id))
			return kist_fail(err, KIST_CORRUPT,
					 "the index cannot be used: an artifact has no id");
		if (match->contents > 0 && kist_digest_equal(&sha256, &match->sha256))
			continue;
		match->sha256 = sha256;
		match->id = id;
		if (++match->contents <= LISTED_MAX)
			KIST_TRY(list_match(db, match, row, digits, err));
	}
	return KIST_OK;
}

static kist_status resolve_prefix(struct kist_db *db, const struct resolution *query, struct kist_error *err)
{
	auto_match struct match match = { .list = KIST_BUF_INIT((size_t)4096) };
	struct kist_digest high;
	struct kist_digest low;
	int more_text;

	if (!prefix_range(query->text, query->len, &low, &high))
		return fail_unknown(db, query, err);
	KIST_TRY(match_rows(db, query, &low, &high, &match, err));
	if (match.contents == 0)
		return fail_unknown(db, query, err);
	if (match.contents == 1)
		return get_named(db, &match.id, query, err);
	more_text = match.contents > LISTED_MAX;
	return kist_fail(err, KIST_AMBIGUOUS, "'%.*s' can mean more than one artifact: %.*s%s",
			 shown(query->len), query->text, (int)match.list.size, (const char *)match.list.data,
			 more_text ? "; and more" : "");
}

static kist_status resolve(struct kist_registry *registry, void *ctx, struct kist_error *err)
{
	const struct resolution *query = ctx;
	struct kist_digest id;
	kist_status status;

	status = kist_query_ref(&registry->db, query->text, query->len, &id, err);
	if (status == KIST_OK)
		return get_named(&registry->db, &id, query, err);
	return status == KIST_NOT_FOUND ? resolve_prefix(&registry->db, query, err) : status;
}

kist_status kist_registry_resolve(struct kist_registry *registry, const char *text, size_t len,
				  struct kist_artifact *ret, struct kist_error *err)
{
	struct resolution query = { .text = text, .len = len, .ret = ret };

	return kist_registry_run(registry, resolve, &query, err);
}
