/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KIST_BUNDLE_IMPORT_H
#define KIST_BUNDLE_IMPORT_H

#include "bundle/export.h"

/*
 * Taking a bundle into a store: all of it is checked before anything is written, and all of it is seen at once, in one
 * commit.  A bundle comes from anywhere: nothing in it is believed.
 *
 *     kist_bundle_open(fd, &bundle)             head, manifest, table
 *     kist_bundle_check(&bundle, &checked)      every byte of it
 *     kist_bundle_import(flow, &checked, ...)   chunks, names, one commit
 *
 * Thread: one bundle, one thread at a time.
 */

/** struct kist_bundle_checked - A bundle that was found sound. */
struct kist_bundle_checked {
	const struct kist_bundle *bundle; /* Borrowed */
	json_t *manifest;
	struct kist_bundle_names names;
	struct kist_bundle_sum sum;
};

#define KIST_BUNDLE_CHECKED_INIT                                                                             \
	{                                                                                                    \
		.names = KIST_BUNDLE_NAMES_INIT                                                              \
	}
/** kist_bundle_checked_done() - May run twice. */
void kist_bundle_checked_done(struct kist_bundle_checked *checked);
#define kist_auto_bundle_checked __attribute__((cleanup(kist_bundle_checked_done)))

/**
 * kist_bundle_check() - Reads all of it, and proves that it says what it holds.
 *
 * Errors: KIST_CORRUPT (E_BUNDLE, and the codes of what is wrong within), KIST_INCOMPATIBLE (a newer manifest or record),
 * KIST_LIMIT, KIST_INVALID E_STATE (a job that has not ended), KIST_NO_MEMORY, KIST_IO.
 */
KIST_CHECKED kist_status kist_bundle_check(const struct kist_bundle *bundle, struct kist_bundle_checked *ret,
					   struct kist_error *err);

/** struct kist_import_options - How names are set. */
struct kist_import_options {
	const char *prefix; /* people's names begin with this and '/'; NULL: they are as in the bundle */
	bool replace;	    /* a name that means something else gets the meaning that it has in the bundle */
	bool dry_run;	    /* says what would be done, and writes nothing */
};

/** struct kist_imported - What was done, or would be. */
struct kist_imported {
	uint64_t set;	     /* names that meant nothing before */
	uint64_t same;	     /* that meant the same */
	uint64_t replaced;   /* that meant something else */
	uint64_t chunks_new; /* that were not kept before; 0 of a dry run */
	uint64_t bytes_new;
	json_t *names; /* [{"name", "state": "new"|"same"|"replaced"}]: people's names, and jobs */
};

void kist_imported_done(struct kist_imported *imported);
#define kist_auto_imported __attribute__((cleanup(kist_imported_done)))

/**
 * kist_bundle_import() - Puts all of it into the store of @flow, in one commit.
 *
 * @ret: What it holds is dropped; set on success only.
 *
 * Errors: KIST_EXISTS (names that mean something else, and nobody said what to do: the first of them are told);
 * KIST_INVALID (@prefix makes no name); as kist_save_commit().  Nothing is kept then.
 */
KIST_CHECKED kist_status kist_bundle_import(struct kist_flow *flow, const struct kist_bundle_checked *checked,
					    const struct kist_import_options *options,
					    struct kist_imported *ret, struct kist_error *err);

#endif
