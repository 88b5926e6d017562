/* SPDX-License-Identifier: Apache-2.0 */
#include "registry/sql.h"

/*
 * Of all packs that hold a chunk, one that has it whole, since it may be a base; then the newest: its writer
 * did not find the chunk in the others, or found it damaged.
 */
#define BEST_TWIN                                                                                            \
	"(pack, offset, stored_len, raw_len, kind, base) = (SELECT t.pack, t.offset, t.stored_len,"          \
	" t.raw_len, t.kind, t.base FROM twins t WHERE t.id = chunks.id"                                     \
	" ORDER BY t.base IS NOT NULL, t.pack DESC LIMIT 1)"

#define USUAL_CACHE "PRAGMA cache_size=-81920;"

const char kist_sql_usual_cache[] = USUAL_CACHE;
const char kist_sql_small_cache[] = "PRAGMA cache_size=-8192;";

const char kist_sql_pragmas[] = "PRAGMA page_size=4096;"
				"PRAGMA journal_mode=DELETE;"
				"PRAGMA synchronous=OFF;"
				"PRAGMA temp_store=MEMORY;"
				"PRAGMA cell_size_check=ON;"
				"PRAGMA mmap_size=0;" USUAL_CACHE "PRAGMA threads=2;";

const char kist_sql_schema[] =
	"CREATE TABLE meta(one INTEGER PRIMARY KEY CHECK(one = 1), version INTEGER NOT NULL,"
	"  store_id TEXT NOT NULL, boot TEXT NOT NULL, head INTEGER NOT NULL, head_digest BLOB NOT NULL,"
	"  collected INTEGER NOT NULL, checkpoint INTEGER NOT NULL, checkpoint_digest BLOB NOT NULL);"
	"CREATE TABLE packs(no INTEGER PRIMARY KEY, id BLOB NOT NULL UNIQUE, kind TEXT NOT NULL,"
	"  size INTEGER NOT NULL, commit_no INTEGER NOT NULL, damaged INTEGER NOT NULL);"
	"CREATE INDEX packs_damaged ON packs(no) WHERE damaged IN (1, 2);"
	"CREATE TABLE chunks(id BLOB PRIMARY KEY, pack INTEGER NOT NULL, offset INTEGER NOT NULL,"
	"  stored_len INTEGER NOT NULL, raw_len INTEGER NOT NULL, kind INTEGER NOT NULL, artifact INTEGER,"
	"  base BLOB) WITHOUT ROWID;"
	"CREATE INDEX chunks_with_base ON chunks(id, base) WHERE base IS NOT NULL;"
	"CREATE TABLE twins(id BLOB NOT NULL, pack INTEGER NOT NULL, offset INTEGER NOT NULL,"
	"  stored_len INTEGER NOT NULL, raw_len INTEGER NOT NULL, kind INTEGER NOT NULL, base BLOB,"
	"  PRIMARY KEY(id, pack)) WITHOUT ROWID;"
	"CREATE TABLE artifacts(no INTEGER PRIMARY KEY, id BLOB NOT NULL, sha256 BLOB NOT NULL,"
	"  size INTEGER NOT NULL, kind TEXT NOT NULL, encoding TEXT NOT NULL, commit_no INTEGER NOT NULL);"
	"CREATE TABLE records(no INTEGER PRIMARY KEY, record BLOB NOT NULL);"
	"CREATE TRIGGER artifact_goes AFTER DELETE ON artifacts"
	"  BEGIN DELETE FROM records WHERE no = OLD.no; END;"
	"CREATE TABLE refs(name BLOB PRIMARY KEY, artifact BLOB NOT NULL, commit_no INTEGER NOT NULL,"
	"  time TEXT NOT NULL, tagged INTEGER NOT NULL) WITHOUT ROWID;"
	"CREATE TABLE postings(no INTEGER PRIMARY KEY, shard INTEGER NOT NULL, entries BLOB NOT NULL);"
	"CREATE INDEX postings_by_shard ON postings(shard);"
	"CREATE TABLE condemned(id BLOB PRIMARY KEY, commit_no INTEGER NOT NULL) WITHOUT ROWID;"
	"CREATE TABLE fences(session BLOB PRIMARY KEY) WITHOUT ROWID;"
	"CREATE TABLE forgotten(id BLOB PRIMARY KEY, commit_no INTEGER NOT NULL) WITHOUT ROWID;";

const char *const kist_sql_texts[KIST_SQL_COUNT] = {
	[KIST_SQL_BEGIN] = "BEGIN IMMEDIATE",
	[KIST_SQL_COMMIT] = "COMMIT",
	[KIST_SQL_ADD_META] = "INSERT INTO meta(one, version, store_id, boot, head, head_digest, collected,"
			      " checkpoint, checkpoint_digest) VALUES(1, ?1, ?2, ?3, 0, ?4, 0, 0, ?4)",
	[KIST_SQL_GET_META] = "SELECT version, store_id, boot, head, head_digest FROM meta",
	[KIST_SQL_SET_HEAD] = "UPDATE meta SET head = ?1, head_digest = ?2",
	[KIST_SQL_ADD_PACK] =
		"INSERT INTO packs(id, kind, size, commit_no, damaged) VALUES(?1, ?2, ?3, ?4, 0)",
	[KIST_SQL_FIND_PACK] = "SELECT no FROM packs WHERE id = ?1",
	[KIST_SQL_MARK_PACK] = "UPDATE packs SET damaged = ?2 WHERE no = ?1",
	[KIST_SQL_SUSPECT_PACK] = "UPDATE packs SET damaged = ?2 WHERE id = ?1 AND damaged IN (0, 3)",
	[KIST_SQL_ADD_CHUNK] = "INSERT INTO chunks(id, pack, offset, stored_len, raw_len, kind, base)"
			       " VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT(id) DO NOTHING",
	[KIST_SQL_KEEP_TWIN] =
		"INSERT OR REPLACE INTO twins SELECT id, pack, offset, stored_len, raw_len, kind, base"
		" FROM chunks WHERE id = ?1 AND pack <> ?2",
	[KIST_SQL_ADD_TWIN] =
		"INSERT OR REPLACE INTO twins(id, pack, offset, stored_len, raw_len, kind, base)"
		" VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7)",
	[KIST_SQL_CHOOSE_TWIN] = "UPDATE chunks SET " BEST_TWIN
				 " WHERE id = ?1 AND EXISTS (SELECT 1 FROM twins WHERE id = ?1)",
	[KIST_SQL_ADD_NEW_RECORD] =
		"INSERT INTO chunks(id, pack, offset, stored_len, raw_len, kind, artifact)"
		" VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT(id) DO NOTHING",
	[KIST_SQL_LINK_ARTIFACT] = "UPDATE chunks SET artifact = ?2 WHERE id = ?1 AND artifact IS NULL",
	[KIST_SQL_LAST_ARTIFACT] = "SELECT max(no) FROM artifacts",
	[KIST_SQL_ADD_ARTIFACT] = "INSERT INTO artifacts(no, id, sha256, size, kind, encoding, commit_no)"
				  " VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7)",
	[KIST_SQL_ADD_RECORD] = "INSERT INTO records(no, record) VALUES(?1, ?2)",
	[KIST_SQL_SET_REF] = "INSERT OR REPLACE INTO refs(name, artifact, commit_no, time, tagged)"
			     " VALUES(?1, ?2, ?3, ?4, ?5)",
	[KIST_SQL_DROP_REF] = "DELETE FROM refs WHERE name = ?1",
	[KIST_SQL_LAST_POSTINGS] =
		"SELECT no, length(entries) FROM postings WHERE shard = ?1 ORDER BY no DESC LIMIT 1",
	[KIST_SQL_ADD_POSTINGS] = "INSERT INTO postings(shard, entries) VALUES(?1, ?2)",
	[KIST_SQL_GROW_POSTINGS] = "UPDATE postings SET entries = CAST(entries || ?2 AS BLOB) WHERE no = ?1",
	[KIST_SQL_ANY_CHUNK] = "SELECT 1 FROM chunks LIMIT 1",
	[KIST_SQL_FIND_CHUNK] =
		"SELECT p.id, c.offset, c.stored_len, c.raw_len, c.kind, p.damaged, c.base,"
		" q.id, b.offset, b.stored_len, b.raw_len, b.kind, q.damaged FROM chunks c"
		" JOIN packs p ON p.no = c.pack LEFT JOIN chunks b ON b.id = c.base AND b.base IS NULL"
		" LEFT JOIN packs q ON q.no = b.pack WHERE c.id = ?1",
	[KIST_SQL_IS_UNKNOWN] = "SELECT 1 WHERE NOT EXISTS (SELECT 1 FROM chunks WHERE id = ?1)"
				" AND NOT EXISTS (SELECT 1 FROM packs WHERE damaged IN (1, 2))",
	[KIST_SQL_BASE_OF] =
		"SELECT base FROM chunks INDEXED BY chunks_with_base WHERE id = ?1 AND base IS NOT NULL",
	[KIST_SQL_EACH_BASE] = "SELECT id, base FROM chunks INDEXED BY chunks_with_base"
			       " WHERE base IS NOT NULL AND id > ?1 ORDER BY id LIMIT ?2",
	[KIST_SQL_FIND_ARTIFACT] =
		"SELECT c.id, a.sha256, a.size, d.record FROM chunks c"
		" JOIN artifacts a ON a.no = c.artifact JOIN records d ON d.no = c.artifact"
		" WHERE c.id = ?1",
	[KIST_SQL_FIND_RECORD] =
		"SELECT d.record FROM chunks c JOIN records d ON d.no = c.artifact WHERE c.id = ?1",
	[KIST_SQL_FIND_REF] = "SELECT artifact, commit_no FROM refs WHERE name = ?1",
	/* One row for each record, those of one content together and the best of them first; see postings.h. */
	[KIST_SQL_MATCH_HEX] =
		"SELECT a.id, a.sha256, a.kind, a.encoding,"
		" (SELECT max(r.commit_no) FROM kist_name_postings(a.id, a.id) p CROSS JOIN refs r"
		" ON r.name = p.found WHERE r.artifact = a.id) AS named"
		" FROM artifacts a WHERE a.no IN (SELECT found FROM kist_content_postings(?1, ?2)"
		" UNION SELECT artifact FROM chunks WHERE id BETWEEN ?1 AND ?2 AND artifact IS NOT NULL)"
		" AND (a.sha256 BETWEEN ?1 AND ?2 OR a.id BETWEEN ?1 AND ?2)"
		" ORDER BY a.sha256, named DESC, a.commit_no DESC, a.id",
	[KIST_SQL_NAME_OF] =
		"SELECT r.name FROM kist_name_postings(?1, ?1) p CROSS JOIN refs r ON r.name = p.found"
		" WHERE r.artifact = ?1 ORDER BY r.commit_no DESC, r.name LIMIT 1",
	/* Any name will do: to look for the best one would look up each of what may be very many. */
	[KIST_SQL_IS_NAMED] =
		"SELECT 1 FROM kist_name_postings(?1, ?1) p CROSS JOIN refs r ON r.name = p.found"
		" WHERE r.artifact = ?1 LIMIT 1",
	[KIST_SQL_NAMES_UP] = "SELECT name FROM refs WHERE name >= ?1 ORDER BY name LIMIT ?2",
	[KIST_SQL_NAMES_DOWN] = "SELECT name FROM refs WHERE name < ?1 ORDER BY name DESC LIMIT ?2",
	/* The walks: the same first columns, from a key on; see walk.c. */
	[KIST_SQL_EACH_REF] =
		"SELECT r.artifact, a.sha256, a.size, d.record, r.name, r.commit_no, r.time, r.tagged"
		" FROM refs r LEFT JOIN chunks c ON c.id = r.artifact"
		" LEFT JOIN artifacts a ON a.no = c.artifact LEFT JOIN records d ON d.no = c.artifact"
		" WHERE r.name >= ?1 AND r.name < ?2 ORDER BY r.name",
	[KIST_SQL_EACH_NAME] = "SELECT artifact, NULL, 0, NULL, name, commit_no, time, tagged FROM refs"
			       " WHERE name >= ?1 AND name < ?2 ORDER BY name",
	[KIST_SQL_EACH_ARTIFACT] =
		"SELECT c.id, a.sha256, a.size, d.record FROM chunks c JOIN artifacts a ON a.no = c.artifact"
		" JOIN records d ON d.no = c.artifact WHERE c.id >= ?1 ORDER BY c.id",
	[KIST_SQL_EACH_PACK] = "SELECT id, NULL, size, NULL FROM packs WHERE id >= ?1 ORDER BY id",
	[KIST_SQL_NEXT_DAMAGED] =
		"SELECT no, id, kind, commit_no, damaged FROM packs WHERE damaged IN (1, 2) AND no > ?1"
		" ORDER BY no LIMIT 1",
	[KIST_SQL_ANY_UNSOUND] = "SELECT 1 FROM packs WHERE damaged <> 0 LIMIT 1",
	[KIST_SQL_PACK_USE] = "SELECT damaged, (SELECT count(*) FROM chunks WHERE pack = no) FROM packs"
			      " WHERE id = ?1",
	[KIST_SQL_COUNT_REFS] = "SELECT count(*) FROM refs",
	[KIST_SQL_COUNT_ARTIFACTS] = "SELECT count(*) FROM artifacts",
	[KIST_SQL_COUNT_CHUNKS] = "SELECT count(*), sum(raw_len), sum(stored_len) FROM chunks",
	[KIST_SQL_COUNT_PACKS] = "SELECT count(*), sum(size) FROM packs",
	/* total(): what strangers wrote as sizes may pass 64 bits together. */
	[KIST_SQL_ARTIFACT_KINDS] =
		"SELECT encoding, count(*), total(size), 0 FROM artifacts GROUP BY encoding"
		" ORDER BY 3 DESC, 1 LIMIT ?1",
	[KIST_SQL_CHUNK_KINDS] =
		"SELECT kind, count(*), sum(raw_len), sum(stored_len) FROM chunks GROUP BY kind"
		" ORDER BY 1 LIMIT ?1",
	[KIST_SQL_NAMED] = "SELECT artifact FROM refs",
	[KIST_SQL_SIZES_OF] = "SELECT a.size FROM kist_rows r CROSS JOIN chunks c ON c.id = r.c0"
			      " CROSS JOIN artifacts a ON a.no = c.artifact",
	[KIST_SQL_SET_COLLECTED] = "UPDATE meta SET collected = ?1",
	[KIST_SQL_GET_COLLECTED] = "SELECT collected FROM meta",
	[KIST_SQL_DROP_PACK] = "DELETE FROM packs WHERE id = ?1",
	/* What lies in no pack that is left: once for a commit, however many packs it condemns. */
	[KIST_SQL_SWEEP_ARTIFACTS] = "DELETE FROM artifacts WHERE no IN (SELECT artifact FROM chunks"
				     " WHERE pack NOT IN (SELECT no FROM packs))",
	[KIST_SQL_SWEEP_TWINS] = "DELETE FROM twins WHERE pack NOT IN (SELECT no FROM packs)",
	[KIST_SQL_CHOOSE_TWINS] = "UPDATE chunks SET " BEST_TWIN " WHERE id IN (SELECT id FROM twins)"
				  " AND pack NOT IN (SELECT no FROM packs)",
	[KIST_SQL_SWEEP_CHUNKS] = "DELETE FROM chunks WHERE pack NOT IN (SELECT no FROM packs)",
	[KIST_SQL_ADD_CONDEMNED] = "INSERT OR IGNORE INTO condemned(id, commit_no) VALUES(?1, ?2)",
	[KIST_SQL_DROP_CONDEMNED] = "DELETE FROM condemned WHERE id = ?1",
	[KIST_SQL_FIND_CONDEMNED] = "SELECT commit_no FROM condemned WHERE id = ?1",
	[KIST_SQL_EACH_CONDEMNED] = "SELECT id FROM condemned ORDER BY id",
	[KIST_SQL_ADD_FENCE] = "INSERT OR IGNORE INTO fences(session) VALUES(?1)",
	[KIST_SQL_FIND_FENCE] = "SELECT session FROM fences WHERE session = ?1",
	[KIST_SQL_ADD_FORGOTTEN] = "INSERT OR REPLACE INTO forgotten(id, commit_no) VALUES(?1, ?2)",
	[KIST_SQL_FIND_FORGOTTEN] = "SELECT commit_no FROM forgotten WHERE id = ?1 AND commit_no > ?2",
	[KIST_SQL_DROP_ARTIFACT] =
		"DELETE FROM artifacts WHERE no = (SELECT artifact FROM chunks WHERE id = ?1)",
	[KIST_SQL_UNLINK_ARTIFACT] = "UPDATE chunks SET artifact = NULL WHERE id = ?1",
	[KIST_SQL_DROP_TWINS] = "DELETE FROM twins WHERE id = ?1 AND kind = 2",
	[KIST_SQL_DROP_RECORD] = "DELETE FROM chunks WHERE id = ?1 AND kind = 2",
	[KIST_SQL_HAS_CHUNKS] = "SELECT 1 FROM chunks LIMIT 1",
	/* Of what is gathered; see bulk.c. */
	[KIST_SQL_ADD_ARTIFACTS] = "INSERT INTO artifacts(no, id, sha256, size, kind, encoding, commit_no)"
				   " SELECT c0, c1, c2, c3, c4, c5, c6 FROM kist_rows",
	[KIST_SQL_ADD_RECORDS] = "INSERT INTO records(no, record) SELECT c0, c7 FROM kist_rows",
	[KIST_SQL_ADD_CHUNKS] =
		"INSERT INTO chunks(id, pack, offset, stored_len, raw_len, kind, artifact, base)"
		" SELECT c0, c1, c2, c3, c4, c5, c6, c7 FROM kist_rows WHERE true ON CONFLICT(id) DO NOTHING",
	[KIST_SQL_DROP_UNLINKED] = "DELETE FROM artifacts WHERE no = ?2 AND NOT EXISTS"
				   " (SELECT 1 FROM chunks WHERE id = ?1 AND artifact = ?2)",
	[KIST_SQL_SET_REFS] = "INSERT OR REPLACE INTO refs(name, artifact, commit_no, time, tagged)"
			      " SELECT c0, c1, c2, c3, c4 FROM kist_rows",
	[KIST_SQL_ADD_ALL_POSTINGS] = "INSERT INTO postings(shard, entries) SELECT c0, c1 FROM kist_rows",
	[KIST_SQL_PACK_ROWS] = "SELECT id, kind, size, commit_no, damaged FROM packs ORDER BY id",
	[KIST_SQL_CHUNK_ROWS] =
		"SELECT c.id, p.id, c.offset, c.stored_len, c.raw_len, c.kind, c.base FROM chunks c"
		" JOIN packs p ON p.no = c.pack WHERE c.id > ?1 ORDER BY c.id LIMIT ?2",
	[KIST_SQL_SET_CHECKPOINT] = "UPDATE meta SET checkpoint = ?1, checkpoint_digest = ?2",
	[KIST_SQL_GET_CHECKPOINT] = "SELECT checkpoint, checkpoint_digest FROM meta",
	[KIST_SQL_COUNT_STATE] = "SELECT (SELECT count(*) FROM packs) + (SELECT count(*) FROM refs)"
				 " + (SELECT count(*) FROM forgotten)",
	/* 1: KIST_PACK_INDEX_DAMAGED, so that it is read as one of which nothing is known. */
	[KIST_SQL_ADD_UNREAD_PACK] =
		"INSERT INTO packs(id, kind, size, commit_no, damaged) VALUES(?1, ?2, ?3, ?4, 1)",
	[KIST_SQL_STATE_PACKS] = "SELECT id, kind, size, commit_no FROM packs ORDER BY no",
	[KIST_SQL_STATE_FORGOTTEN] = "SELECT id, commit_no FROM forgotten ORDER BY id",
	[KIST_SQL_STATE_CONDEMNED] = "SELECT id, commit_no FROM condemned ORDER BY id",
	[KIST_SQL_STATE_FENCES] = "SELECT session FROM fences ORDER BY session",
	[KIST_SQL_STATE_NAMES] = "SELECT name, artifact, commit_no, time, tagged FROM refs ORDER BY name",
};
