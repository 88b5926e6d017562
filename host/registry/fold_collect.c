/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/num.h"
#include "registry/internal.h"

#define SESSION_HEX_SIZE (2 * KIST_SESSION_SIZE)

struct collecting {
	struct kist_db *db;
	uint64_t number;
	bool took; /* anything away */
	bool condemned;
};

static kist_status parse_id(struct kist_view item, const char *what, struct kist_digest *ret,
			    struct kist_error *err)
{
	if (!kist_commit_digest(item, ret))
		return kist_fail(err, KIST_CORRUPT, "\"%s\" lists what is no SHA-256", what);
	return KIST_OK;
}

static kist_status forget(struct collecting *collecting, struct kist_view item, struct kist_error *err)
{
	struct kist_db *const db = collecting->db;
	struct kist_digest id;

	KIST_TRY(parse_id(item, "forget", &id, err));
	collecting->took = true;
	KIST_TRY(kist_db_run(db, KIST_SQL_ADD_FORGOTTEN, err, "du", &id, collecting->number));
	KIST_TRY(kist_db_run(db, KIST_SQL_DROP_ARTIFACT, err, "d", &id));
	KIST_TRY(kist_db_run(db, KIST_SQL_UNLINK_ARTIFACT, err, "d", &id));
	KIST_TRY(kist_db_run(db, KIST_SQL_DROP_TWINS, err, "d", &id));
	KIST_TRY(kist_db_run(db, KIST_SQL_CHOOSE_TWIN, err, "d", &id));
	return kist_db_run(db, KIST_SQL_DROP_RECORD, err, "d", &id);
}

static kist_status condemn(struct collecting *collecting, struct kist_view item, struct kist_error *err)
{
	struct kist_digest id;

	KIST_TRY(parse_id(item, "condemn", &id, err));
	collecting->took = true;
	collecting->condemned = true;
	KIST_TRY(kist_db_run(collecting->db, KIST_SQL_ADD_CONDEMNED, err, "du", &id, collecting->number));
	return kist_db_run(collecting->db, KIST_SQL_DROP_PACK, err, "d", &id);
}

static kist_status deleted(struct collecting *collecting, struct kist_view item, struct kist_error *err)
{
	struct kist_digest id;

	KIST_TRY(parse_id(item, "deleted", &id, err));
	return kist_db_run(collecting->db, KIST_SQL_DROP_CONDEMNED, err, "d", &id);
}

static kist_status fence(struct collecting *collecting, struct kist_view item, struct kist_error *err)
{
	uint8_t session[KIST_SESSION_SIZE];

	struct kist_view hex;

	if (!kist_json_plain(item, &hex) ||
	    !kist_hex_read((const char *)hex.data, hex.size, session, sizeof(session)))
		return kist_fail(err, KIST_CORRUPT, "\"fence\" lists what is no session");
	collecting->took = true;
	return kist_db_run(collecting->db, KIST_SQL_ADD_FENCE, err, "b", session, sizeof(session));
}

static kist_status each_of(struct collecting *collecting, struct kist_view list,
			   kist_status (*each)(struct collecting *, struct kist_view, struct kist_error *),
			   struct kist_error *err)
{
	struct kist_json_walk walk = kist_json_walk(list);
	struct kist_json_item item;

	while (kist_json_next(&walk, &item))
		KIST_TRY(each(collecting, item.value, err));
	return KIST_OK;
}

kist_status kist_fold_collected(struct kist_db *db, const struct kist_commit *commit, struct kist_error *err)
{
	struct collecting collecting = { .db = db, .number = commit->number };

	KIST_TRY(each_of(&collecting, commit->lists[KIST_COMMIT_FORGET], forget, err));
	KIST_TRY(each_of(&collecting, commit->lists[KIST_COMMIT_CONDEMN], condemn, err));
	KIST_TRY(each_of(&collecting, commit->lists[KIST_COMMIT_DELETED], deleted, err));
	KIST_TRY(each_of(&collecting, commit->lists[KIST_COMMIT_FENCE], fence, err));
	if (collecting.condemned) {
		/* What lies in another pack as well lies there from now on. */
		KIST_TRY(kist_db_run(db, KIST_SQL_SWEEP_TWINS, err, ""));
		KIST_TRY(kist_db_run(db, KIST_SQL_CHOOSE_TWINS, err, ""));
		KIST_TRY(kist_db_run(db, KIST_SQL_SWEEP_ARTIFACTS, err, ""));
		KIST_TRY(kist_db_run(db, KIST_SQL_SWEEP_CHUNKS, err, ""));
	}
	return collecting.took ? kist_db_run(db, KIST_SQL_SET_COLLECTED, err, "u", commit->number) : KIST_OK;
}

kist_status kist_is_forgotten(struct kist_db *db, const struct kist_digest *id, uint64_t number, bool *ret,
			      struct kist_error *err)
{
	kist_auto_statement sqlite3_stmt *row = NULL;

	KIST_TRY(kist_db_use(db, KIST_SQL_FIND_FORGOTTEN, &row, err, "du", id, number));
	return kist_db_step(db, row, ret, err);
}
