/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KIST_CARE_REPAIR_PRIVATE_H
#define KIST_CARE_REPAIR_PRIVATE_H

#include "care/repair.h"
#include "registry/collect.h"
#include "store/mend.h"

/*
 * What the files of a repair share: repair.c (checks, mends, finds out what is needed), repair_copy.c (saves
 * what is sound in new packs, and replaces).
 */

/** struct kist_bad_pack - A pack that could not be mended in its place. */
struct kist_bad_pack {
	struct kist_pack_row row;
	bool is_gone;
	bool has_index;		 /* readers find what is sound in it */
	bool is_complete;	 /* all that was in it is known, and sound */
	size_t sound_count;	 /* records that are proved */
	bool wants_base;	 /* more of it may be proved, once a base can be read */
	size_t unreadable_count; /* of these: sound, and not read where the registry says */
	bool is_needed;		 /* something is lost of it that is needed, as far as anyone knows */
};

struct kist_repairing {
	struct kist_flow *flow;
	const struct kist_repair_options *options;
	struct kist_repaired done;
	struct kist_buf bad;	    /* of struct kist_bad_pack, in order of id */
	struct kist_idset sound;    /* chunks of these of which there is a sound copy */
	struct kist_idset readable; /* likewise, and where the registry says: nothing need be done */
	/* Of the look at what is hurt. */
	struct kist_hurt hurt;
	struct kist_buf touched; /* of struct kist_bad_pack *: what one artifact needs and has lost */
	bool all_touched;
	bool all_needed; /* nobody knows what is needed of the packs of which not all is known */
	bool is_telling;
};

/** kist_repair_bad() - The row of pack @id, or NULL when it is not bad. */
struct kist_bad_pack *kist_repair_bad(const struct kist_repairing *repairing, const struct kist_digest *id);

/** kist_repair_is_lost() - Whether there is no sound copy of chunk @id.  @ret_bad: The pack it lay in, or
 * NULL. */
KIST_CHECKED kist_status kist_repair_is_lost(const struct kist_repairing *repairing,
					     const struct kist_digest *id, bool *ret,
					     struct kist_bad_pack **ret_bad, struct kist_error *err);

/** kist_repair_judge() - Finds out of which bad packs something is needed that is lost. */
KIST_CHECKED kist_status kist_repair_judge(struct kist_repairing *repairing, struct kist_error *err);

/** kist_repair_judge_commits() - Whether what the names of commits @first to @last lead to is hurt. */
KIST_CHECKED kist_status kist_repair_judge_commits(struct kist_repairing *repairing, uint64_t first,
						   uint64_t last, bool *ret_hurt, struct kist_error *err);

/**
 * kist_repair_save() - Puts into new packs what is sound and cannot be read where it lies.
 *
 * Errors: KIST_LIMIT (too busy a store); KIST_NO_MEMORY, KIST_IO.
 */
KIST_CHECKED kist_status kist_repair_save(struct kist_repairing *repairing, struct kist_error *err);

/** kist_repair_replace() - Replaces the bad packs that are not needed; judges them first.  Errors: likewise.
 */
KIST_CHECKED kist_status kist_repair_replace(struct kist_repairing *repairing, struct kist_error *err);

/** kist_repair_mend() - kist_store_mend_pack() of a pack of the flow's store. */
KIST_CHECKED kist_status kist_repair_mend(struct kist_repairing *repairing, const struct kist_pack_row *row,
					  bool dry_run, const struct kist_idset *known,
					  struct kist_pack_remedy *ret, struct kist_error *err);

/** kist_repair_checkpoints() - Writes anew what does not say what the log says, and removes what cannot be right. */
KIST_CHECKED kist_status kist_repair_checkpoints(struct kist_repairing *repairing, struct kist_error *err);

/** kist_repair_tell() - Tells of a step. */
void kist_repair_tell(const struct kist_repairing *repairing, const struct kist_repair_step *step);

/** kist_repair_tell_pack() - Tells of pack @id. */
void kist_repair_tell_pack(const struct kist_repairing *repairing, const struct kist_digest *id,
			   const char *did, const char *text);

#endif
