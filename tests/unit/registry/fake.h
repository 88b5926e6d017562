/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_REGISTRY_FAKE_H
#define TESTS_REGISTRY_FAKE_H

#include "registry/registry.h"
#include "store/checkpoints.h"
#include "store/scan.h"

/*
 * A store in an array, which stands in for the room below: whatever can go wrong with packs and commits is
 * one assignment away.  It gives the functions of store/ that the registry calls, and no others.
 */

#define FAKE_PACKS_MAX	     8192
#define FAKE_COMMITS_MAX     8192
#define FAKE_CHECKPOINTS_MAX 32
#define FAKE_URI	     "memory:here"
/* The folder of its index, below its id. */
#define FAKE_PLACE "8dadedb73264f538"
#define FAKE_TIME  "2026-01-31T12:00:00Z"

struct fake_chunk {
	struct kist_digest id;
	uint32_t kind;
	uint64_t offset;
	char *bytes;
	kist_status status; /* of reading it */
	bool has_base;
	struct kist_digest base;
};

struct fake_pack {
	struct kist_digest id;
	bool is_meta;
	kist_status status; /* of reading its index */
	int sys_errno;	    /* with KIST_IO */
	struct fake_chunk *chunks;
	size_t count;
};

struct kist_store {
	char id[33];
	const char *uri;
	unsigned long lists;		       /* of the whole log */
	json_t *commits[FAKE_COMMITS_MAX + 1]; /* from 1 on */
	struct kist_digest digests[FAKE_COMMITS_MAX + 1];
	kist_status commit_status[FAKE_COMMITS_MAX + 1];
	uint64_t head;
	uint64_t *shared_head; /* where the log ends for all processes; NULL: at @head */
	struct fake_pack packs[FAKE_PACKS_MAX];
	size_t pack_count;
	unsigned long index_reads;
	unsigned long given_ahead; /* of these, begun before they were asked for */
	size_t pack_size;	   /* that commits tell of; 0: 1000 */
	unsigned long commit_reads;
	struct fake_checkpoint {
		uint64_t number; /* 0: none is here */
		struct kist_buf bytes;
		kist_status status;
	} checkpoints[FAKE_CHECKPOINTS_MAX];
	kist_status checkpoint_status; /* of listing and writing them */
};

struct kist_store *fake_new(void);
void fake_free(struct kist_store *store);

/** fake_record() - The record of an artifact of @size bytes whose content is @content. */
char *fake_record(const char *content, const char *note, uint64_t size);
struct kist_digest fake_digest(const char *text);

/** fake_pack() - A pack of these chunks.  Gives its number; @kinds as in enum kist_chunk_kind. */
size_t fake_pack(struct kist_store *store, bool is_meta, const char *const *texts, const uint32_t *kinds,
		 size_t count);

/** fake_commit() - Starts a commit; fake_add_pack(), fake_add_ref(); fake_append() Takes it. */
json_t *fake_commit(void);
void fake_add_pack(json_t *commit, const struct kist_store *store, size_t pack);
void fake_add_ref(json_t *commit, const char *name, size_t len, const struct kist_digest *artifact,
		  const char *event);
void fake_append(struct kist_store *store, json_t *commit);

/** fake_put() - One commit that puts a record in a pack of its own under @name.  Gives the record's id. */
struct kist_digest fake_put(struct kist_store *store, const char *name, const char *content,
			    const char *note);
struct kist_digest fake_put_bytes(struct kist_store *store, const char *name, size_t len, const char *content,
				  const char *note);
/** fake_event() - One commit with one ref. */
void fake_event(struct kist_store *store, const char *name, const struct kist_digest *artifact,
		const char *event);

/** Registry on a fake; what fails, fails the test. */
struct kist_registry *must_open(struct kist_store *store, const char *cache_dir);
void must_fold(struct kist_registry *registry);

/** All that a registry says, as text, for comparing.  Owned by the caller. */
char *tell_all(struct kist_registry *registry);

/** A folder for a test, removed by cleanup(). */
extern char test_dir[64];
void make_dir(void);
void remove_dir(void);

#endif
