/* SPDX-License-Identifier: Apache-2.0 */
#include "store/lean.h"

static kist_status last_collected(const struct kist_chunk_index *index, uint64_t *ret, struct kist_error *err)
{
	*ret = 0;
	return index && index->last_collected ? index->last_collected(index->ctx, ret, err) : KIST_OK;
}

kist_status kist_leans_start(struct kist_leans *leans, const struct kist_chunk_index *index,
			     struct kist_error *err)
{
	*leans = (struct kist_leans){ .index = index,
				      .records = KIST_IDSET_INIT,
				      .others = KIST_IDSET_INIT,
				      .bases = KIST_IDSET_INIT };
	return last_collected(index, &leans->since, err);
}

void kist_leans_done(struct kist_leans *leans)
{
	kist_idset_done(&leans->records);
	kist_idset_done(&leans->others);
	kist_idset_done(&leans->bases);
}

kist_status kist_leans_add(struct kist_leans *leans, enum kist_chunk_kind kind, const struct kist_digest *id,
			   struct kist_error *err)
{
	return kist_idset_add(kind == KIST_CHUNK_RECORD ? &leans->records : &leans->others, id, err);
}

kist_status kist_leans_add_base(struct kist_leans *leans, const struct kist_digest *id,
				struct kist_error *err)
{
	return kist_idset_add(&leans->bases, id, err);
}

static kist_status check_set(const struct kist_leans *leans, const struct kist_idset *set,
			     struct kist_error *err)
{
	const bool records = set == &leans->records;
	const bool bases = set == &leans->bases;

	for (size_t i = 0; i < set->capacity; i++) {
		struct kist_location where = { .kind = KIST_CHUNK_RECORD };
		kist_status status;

		if (!set->used[i])
			continue;
		status = leans->index->find(leans->index->ctx, &set->slots[i], &where, err);
		if (status == KIST_NOT_FOUND ||
		    (status == KIST_OK && records && where.kind != KIST_CHUNK_RECORD) ||
		    (status == KIST_OK && bases && where.has_base))
			return kist_fail_at(
				err, KIST_CANCELLED, KIST_CODE_COLLECTED, KIST_NO_OFFSET,
				"a collector has removed what this was going to share; try again");
		if (status != KIST_OK)
			return status;
	}
	return KIST_OK;
}

kist_status kist_leans_check(struct kist_leans *leans, const uint8_t session[static KIST_SESSION_SIZE],
			     struct kist_error *err)
{
	bool fenced = false;
	uint64_t now;

	KIST_TRY(last_collected(leans->index, &now, err));
	if (now == leans->since)
		return KIST_OK;
	if (leans->index->is_fenced)
		KIST_TRY(leans->index->is_fenced(leans->index->ctx, session, &fenced, err));
	if (fenced)
		return kist_fail_at(
			err, KIST_CANCELLED, KIST_CODE_COLLECTED, KIST_NO_OFFSET,
			"a collector has taken this for given up, after a long silence; try again");
	KIST_TRY(check_set(leans, &leans->records, err));
	KIST_TRY(check_set(leans, &leans->others, err));
	KIST_TRY(check_set(leans, &leans->bases, err));
	leans->since = now;
	return KIST_OK;
}
