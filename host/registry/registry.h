/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KIST_REGISTRY_REGISTRY_H
#define KIST_REGISTRY_REGISTRY_H

#include "store/log.h"
#include "store/writer.h"

/*
 * The registry: an SQLite index of the folded log and of the packs' indexes, on the host.
 *
 * It never holds the truth.  It lives in <cache folder>/<store id>/<16 digits of the SHA-256 of the store's
 * path>/index.sqlite and may be deleted at any time; missing, damaged, stale, or of another version, it is
 * rebuilt from the store.  Where no file can be written, the index is kept in memory.
 *
 * It is a witness, too: a log that no longer reaches as far as this host has folded it has lost commits, and
 * is KIST_CORRUPT.  The names of all commits are listed when a registry is opened and before each commit, so
 * that the answers are the same with and without an index; see docs/adr/0012.
 *
 * What is folded from a commit:
 *   packs      [{"id","kind","size"}]: every chunk of their indexes; records in metadata packs are read
 *   refs       [{"name","name_bytes"?,"artifact":<hex or null>,"event":"put"|"tag"|"rm"}], in order;
 *              "artifact" is null for "rm" and for nothing else
 *
 * A pack that is missing or damaged does not stop the fold: what it holds is unknown, and it is read again
 * each time the registry is opened.  A damaged commit does stop it, since nothing after it can be trusted.
 *
 * Thread: one registry, one thread at a time; many processes may share the file.
 */

/** Bytes of a name, and the rule for it: kist_name_check(). */
#define KIST_NAME_SIZE_MAX ((size_t)1024)
/** Of the name of a kind, NUL included; longer ones are cut. */
#define KIST_KIND_NAME_SIZE ((size_t)128)

struct kist_registry;

/**
 * struct kist_ref - A name and what it points to.
 *
 * @name: Any bytes but NUL (kist_name_check()); @name_len bytes, also NUL-terminated.
 */
struct kist_ref {
	const char *name;
	size_t name_len;
	struct kist_digest artifact;
	uint64_t commit;  /* that set it */
	const char *time; /* RFC 3339, of that commit */
	bool is_tag;	  /* set by "tag", not by "put" */
};

/**
 * struct kist_artifact - An artifact's record.  All pointers are Borrowed until the next registry call, or
 * until kist_artifact_done() where the function says that it is Owned.
 */
struct kist_artifact {
	struct kist_digest id;	   /* SHA-256 of the record */
	struct kist_digest sha256; /* of the whole serialized bytes, or a tree's digest */
	uint64_t size;
	json_t *record; /* the whole record; NULL only where kist_registry_each_ref() says so */
};

#define KIST_ARTIFACT_INIT                                                                                   \
	{                                                                                                    \
		.record = NULL                                                                               \
	}
void kist_artifact_done(struct kist_artifact *artifact);
#define kist_auto_artifact __attribute__((cleanup(kist_artifact_done)))

/**
 * kist_registry_open() - Opens the index of @store, making or rebuilding it as needed, and folds to the head.
 *
 * @store:     Borrowed for the registry's life.
 * @cache_dir: Folder of kist's caches; made when missing.  NULL keeps the index in memory.
 */
KIST_CHECKED kist_status kist_registry_open(struct kist_store *store, const char *cache_dir,
					    struct kist_registry **ret, struct kist_error *err);
void kist_registry_close(struct kist_registry *registry);

static inline void kist_registry_close_(struct kist_registry **slot)
{
	kist_registry_close(*slot);
}
#define kist_auto_registry __attribute__((cleanup(kist_registry_close_)))

/** kist_registry_fold() - Folds all commits that were made since.  Errors: KIST_CORRUPT, KIST_IO. */
KIST_CHECKED kist_status kist_registry_fold(struct kist_registry *registry, struct kist_error *err);

/**
 * kist_registry_fold_written() - The same, by who has just committed what @written holds: the packs that are in it
 * are not read.
 *
 * The index is the same in either case.
 */
KIST_CHECKED kist_status kist_registry_fold_written(struct kist_registry *registry,
						    struct kist_written *written, struct kist_error *err);

/** kist_registry_head() - Number and digest of the newest folded commit; 0 and zeros for none. */
void kist_registry_head(const struct kist_registry *registry, uint64_t *ret_number,
			struct kist_digest *ret_digest);

/**
 * kist_registry_folder() - Of the index file, for what else is known of this store.  Borrowed until the registry is
 * closed; NULL once the index is in memory, since that file cannot be used.
 */
const char *kist_registry_folder(const struct kist_registry *registry);

/** kist_registry_index() - Where chunks lie, for a writer.  Borrowed. */
const struct kist_chunk_index *kist_registry_index(struct kist_registry *registry);

/**
 * kist_registry_hold() - Reads the index in one transaction until kist_registry_let_go(), which spares
 * locking the file for each of many look-ups.
 *
 * For a moment: processes that fold a commit wait meanwhile.  What folds here ends it.  Nothing fails.
 */
void kist_registry_hold(struct kist_registry *registry);
/** kist_registry_let_go() - Also when nothing is held; accepts NULL. */
void kist_registry_let_go(struct kist_registry *registry);

/** kist_registry_find_chunk() - Errors: KIST_NOT_FOUND (recorded in @err). */
KIST_CHECKED kist_status kist_registry_find_chunk(struct kist_registry *registry,
						  const struct kist_digest *id,
						  struct kist_location *ret_where, struct kist_error *err);

/**
 * kist_registry_base_of() - Whether chunk @id is kept as the difference to another, and to which.
 *
 * *@ret_any is false, too, when nothing is known of it.
 */
KIST_CHECKED kist_status kist_registry_base_of(struct kist_registry *registry, const struct kist_digest *id,
					       struct kist_digest *ret_base, bool *ret_any,
					       struct kist_error *err);

/**
 * kist_registry_suspect_pack() - Remembers that something in pack @id was found damaged or missing, or with
 * @damaged false that all of it was found sound.
 *
 * Writers do not lean on a suspect pack: who puts the same bytes again has them written again, and from then
 * on they are read from there.  Readers go on trying.
 */
KIST_CHECKED kist_status kist_registry_suspect_pack(struct kist_registry *registry,
						    const struct kist_digest *id, bool damaged,
						    struct kist_error *err);

/**
 * kist_registry_is_sound() - Whether no pack is known to be damaged or missing, or is suspect: what was kept in
 * any of them may be leaned on as a writer leans on what it looks up.
 */
KIST_CHECKED kist_status kist_registry_is_sound(struct kist_registry *registry, bool *ret,
						struct kist_error *err);

/**
 * kist_registry_get_record() - Appends to @ret the text of the record with this id, which proves it.
 *
 * Errors: KIST_NOT_FOUND, KIST_LIMIT (of @ret).
 */
KIST_CHECKED kist_status kist_registry_get_record(struct kist_registry *registry,
						  const struct kist_digest *id, struct kist_buf *ret,
						  struct kist_error *err);

/** kist_registry_get_artifact() - The record with this id; Owned by the caller.  Errors: KIST_NOT_FOUND. */
KIST_CHECKED kist_status kist_registry_get_artifact(struct kist_registry *registry,
						    const struct kist_digest *id, struct kist_artifact *ret,
						    struct kist_error *err);

/**
 * kist_registry_resolve() - The artifact that a person means by @text.
 *
 * A name that is set; else 8 to 64 hex digits that begin the SHA-256 of the content, or the id, of exactly
 * one artifact (several records of one content count as one: the newest that a name points to).
 *
 * Errors: KIST_NOT_FOUND (with the nearest name as a hint), KIST_AMBIGUOUS (lists the first few).
 */
KIST_CHECKED kist_status kist_registry_resolve(struct kist_registry *registry, const char *text, size_t len,
					       struct kist_artifact *ret, struct kist_error *err);

/**
 * kist_registry_each_ref() - Calls @each for every set name that begins with @prefix, in byte order.
 *
 * @each: May use the registry.  @artifact->record is NULL, its size 0 and its sha256 zero, when no pack that
 * can be read holds the record.
 */
KIST_CHECKED kist_status kist_registry_each_ref(struct kist_registry *registry, const char *prefix,
						size_t len,
						kist_status (*each)(void *ctx, const struct kist_ref *ref,
								    const struct kist_artifact *artifact,
								    struct kist_error *err),
						void *ctx, struct kist_error *err);

/**
 * kist_registry_each_given_ref() - As kist_registry_each_ref(), but for names that are kist's own, unless @prefix
 * is one's: what people have named.
 */
KIST_CHECKED kist_status kist_registry_each_given_ref(
	struct kist_registry *registry, const char *prefix, size_t len,
	kist_status (*each)(void *ctx, const struct kist_ref *ref, const struct kist_artifact *artifact,
			    struct kist_error *err),
	void *ctx, struct kist_error *err);

/** kist_registry_each_name() - As kist_registry_each_ref(), without looking for records: @artifact has none. */
KIST_CHECKED kist_status kist_registry_each_name(struct kist_registry *registry, const char *prefix,
						 size_t len,
						 kist_status (*each)(void *ctx, const struct kist_ref *ref,
								     const struct kist_artifact *artifact,
								     struct kist_error *err),
						 void *ctx, struct kist_error *err);

/** kist_registry_name_commit() - The commit that set @name to what it means; 0 when it means nothing. */
KIST_CHECKED kist_status kist_registry_name_commit(struct kist_registry *registry, const char *name,
						   size_t len, uint64_t *ret_commit, struct kist_error *err);

/** kist_registry_find_ref() - Whether @name is set, and to what.  Errors: KIST_NOT_FOUND. */
KIST_CHECKED kist_status kist_registry_find_ref(struct kist_registry *registry, const char *name, size_t len,
						struct kist_digest *ret_artifact, struct kist_error *err);

/** kist_registry_each_artifact() - Calls @each for every artifact, in order of id. */
KIST_CHECKED kist_status kist_registry_each_artifact(struct kist_registry *registry,
						     kist_status (*each)(void *ctx,
									 const struct kist_artifact *artifact,
									 struct kist_error *err),
						     void *ctx, struct kist_error *err);

/** kist_registry_each_pack() - Calls @each for every live pack, in order of id. */
KIST_CHECKED kist_status kist_registry_each_pack(struct kist_registry *registry,
						 kist_status (*each)(void *ctx, const struct kist_digest *id,
								     uint64_t size, struct kist_error *err),
						 void *ctx, struct kist_error *err);

/** struct kist_pack_use - What leans on a pack. */
struct kist_pack_use {
	uint64_t chunks; /* that are read from there, and from no other pack */
	bool is_folded;	 /* all that is in it is known; else it was never sound when it was looked at */
};

/** kist_registry_pack_use() - Looks at all chunks: for a pack that is damaged.  Errors: KIST_NOT_FOUND. */
KIST_CHECKED kist_status kist_registry_pack_use(struct kist_registry *registry, const struct kist_digest *id,
						struct kist_pack_use *ret, struct kist_error *err);

/** struct kist_registry_stats - Counts over the folded log. */
struct kist_registry_stats {
	uint64_t commits;
	uint64_t refs;
	uint64_t artifacts;
	uint64_t chunks;
	uint64_t packs;
	uint64_t chunk_bytes;  /* raw, each chunk once */
	uint64_t stored_bytes; /* of their records */
	uint64_t pack_bytes;
	uint64_t object_bytes; /* sizes of all artifacts that have a name, each name counted */
};
KIST_CHECKED kist_status kist_registry_get_stats(struct kist_registry *registry,
						 struct kist_registry_stats *ret, struct kist_error *err);

/** Kinds that are told apart; what is past them is left out. */
#define KIST_KINDS_MAX 256

/** struct kist_kind_stats - What there is of one kind of artifact or chunk. */
struct kist_kind_stats {
	bool is_chunk;
	char name[KIST_KIND_NAME_SIZE]; /* encoding of the artifacts; kind of the chunks */
	uint64_t count;
	uint64_t bytes;	       /* raw */
	uint64_t stored_bytes; /* of chunks alone */
};

/** kist_registry_each_kind() - Calls @each for every kind of artifact, the largest first, then of chunk. */
KIST_CHECKED kist_status kist_registry_each_kind(struct kist_registry *registry,
						 kist_status (*each)(void *ctx,
								     const struct kist_kind_stats *kind,
								     struct kist_error *err),
						 void *ctx, struct kist_error *err);

/**
 * kist_name_check() - Whether @name may name an artifact: 1..KIST_NAME_SIZE_MAX bytes, no NUL, no leading or
 * trailing '/', no empty, "." or ".." segment.  Errors: KIST_INVALID, with what is wrong.
 */
KIST_CHECKED kist_status kist_name_check(const char *name, size_t len, struct kist_error *err);

/** What begins the names that are kist's own: records of jobs, and what is kept with them. */
#define KIST_NAME_OWN_PREFIX "kist:"

/** kist_name_is_own() - Whether @name is one of kist's own. */
bool kist_name_is_own(const char *name, size_t len);

/** kist_name_check_given() - As kist_name_check(), for a name that a person gives: it is none of kist's own. */
KIST_CHECKED kist_status kist_name_check_given(const char *name, size_t len, struct kist_error *err);

/** kist_name_json() - Sets "name" of @object to @name as UTF-8, and "name_bytes" (hex) when it is not UTF-8.
 */
KIST_CHECKED kist_status kist_name_json(json_t *object, const char *name, size_t len, struct kist_error *err);

/** kist_name_from_json() - Appends the bytes of the name that kist_name_json() wrote.  Errors: KIST_CORRUPT.
 */
KIST_CHECKED kist_status kist_name_from_json(const json_t *object, struct kist_buf *ret,
					     struct kist_error *err);

enum kist_ref_event { KIST_REF_PUT, KIST_REF_TAG, KIST_REF_RM };

/** struct kist_ref_change - A change of a name, as a commit lists it. */
struct kist_ref_change {
	enum kist_ref_event event;
	struct kist_digest artifact; /* zeros for KIST_REF_RM */
	size_t name_len;
	uint8_t name[KIST_NAME_SIZE_MAX];
};

/** kist_ref_change_read() - Reads an element of a commit's "refs".  Errors: KIST_CORRUPT. */
KIST_CHECKED kist_status kist_ref_change_read(struct kist_view ref, struct kist_ref_change *ret,
					      struct kist_error *err);

#endif
