/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "care/verify_private.h"

/* Of what comes before @first the digest is needed. */
static kist_status digest_before(struct kist_flow *flow, uint64_t first, struct kist_digest *ret,
				 struct kist_error *err)
{
	memset(ret, 0, sizeof(*ret));
	return first == 1 ? KIST_OK : kist_log_digest(flow->store, first - 1, ret, err);
}

kist_status kist_verify_log(struct kist_verifying *verifying, uint64_t first, uint64_t last,
			    struct kist_error *err)
{
	kist_auto_commit struct kist_commit commit = KIST_COMMIT_INIT;
	struct kist_digest previous;
	/* Where that one cannot be read, it is told of in its own stretch. */
	bool has_previous = digest_before(verifying->flow, first, &previous, NULL) == KIST_OK;

	for (uint64_t n = first; n <= last; n++) {
		struct kist_error why = KIST_ERROR_INIT;
		char number[24];
		kist_status status = kist_log_read(verifying->flow->store, n, &commit, &why);

		if (status == KIST_NO_MEMORY)
			return kist_fail_as(err, status, &why);
		if (status == KIST_OK && has_previous && !kist_digest_equal(&commit.previous, &previous))
			(void)kist_fail(&why, KIST_CORRUPT,
					"commit %" PRIu64 " does not follow the one before it", n);
		snprintf(number, sizeof(number), "%" PRIu64, n);
		if (why.status != KIST_OK)
			kist_verify_report(verifying, &(struct kist_damage){ .what = "commit",
									     .id = number,
									     .offset = KIST_NO_OFFSET,
									     .why = &why });
		has_previous = status == KIST_OK;
		if (has_previous)
			previous = commit.digest;
		verifying->done.commits++;
	}
	return KIST_OK;
}

/* A pack that is being checked. */
struct looking {
	struct kist_verifying *verifying;
	const struct kist_digest *pack;
	struct kist_pack_use use; /* as far as it was asked for */
	bool asked;
	kist_status status;
	struct kist_error error;
	char hex[KIST_DIGEST_HEX_SIZE];
};

static kist_status ask_use(struct looking *looking)
{
	if (looking->asked)
		return KIST_OK;
	looking->asked = true;
	return kist_registry_pack_use(looking->verifying->flow->registry, looking->pack, &looking->use,
				      &looking->error);
}

/*
 * What is damaged here may be kept elsewhere, since somebody put it again: then nobody reads this copy any
 * more. A pack whose index could never be read may have held anything.
 */
static kist_status is_healed(struct looking *looking, const struct kist_digest *chunk, bool *ret)
{
	struct kist_location where;
	kist_status status;

	KIST_TRY(ask_use(looking));
	*ret = looking->use.is_folded && looking->use.chunks == 0;
	if (*ret || !chunk)
		return KIST_OK;
	status = kist_registry_find_chunk(looking->verifying->flow->registry, chunk, &where, NULL);
	*ret = status == KIST_OK && !kist_digest_equal(&where.pack, looking->pack);
	return status == KIST_NOT_FOUND ? KIST_OK : status;
}

static void found_bad(void *ctx, const struct kist_digest *chunk, uint64_t offset,
		      const struct kist_error *why)
{
	struct looking *looking = ctx;
	struct kist_damage damage = { .what = chunk ? "chunk" : "pack",
				      .id = looking->hex,
				      .pack = looking->hex,
				      .offset = offset,
				      .why = why };
	char hex[KIST_DIGEST_HEX_SIZE];

	if (looking->status != KIST_OK)
		return;
	looking->status = is_healed(looking, chunk, &damage.is_healed);
	if (looking->status == KIST_OK && chunk && !damage.is_healed)
		looking->status = kist_idset_add(&looking->verifying->bad_chunks, chunk, &looking->error);
	if (chunk) {
		kist_digest_hex(chunk, hex);
		damage.id = hex;
	}
	kist_verify_report(looking->verifying, &damage);
}

/* A base that is not kept as a whole hurts the artifacts that need it, and those are looked at anyway. */
static kist_status find_base(void *ctx, const struct kist_digest *id, struct kist_location *ret,
			     struct kist_error *err)
{
	const struct looking *looking = ctx;
	struct kist_error why = KIST_ERROR_INIT;
	const kist_status status =
		kist_registry_find_chunk(looking->verifying->flow->registry, id, ret, &why);

	return status == KIST_OK || status == KIST_NOT_FOUND ? status
							     : kist_fail(err, status, "%s", why.text);
}

static enum kist_check_level check_level(enum kist_verify_level level)
{
	return level == KIST_VERIFY_QUICK   ? KIST_CHECK_QUICK
	       : level == KIST_VERIFY_SCRUB ? KIST_CHECK_SCRUB
					    : KIST_CHECK_FULL;
}

kist_status kist_verify_pack(struct kist_verifying *verifying, const struct kist_digest *id, uint64_t size,
			     struct kist_error *err)
{
	struct looking looking = { .verifying = verifying, .pack = id, .error = KIST_ERROR_INIT };
	const enum kist_check_level level = check_level(verifying->options->level);
	struct kist_pack_checked checked;

	kist_digest_hex(id, looking.hex);
	KIST_TRY(kist_pack_checker_run(verifying->checker, id, size, level, found_bad, find_base, &looking,
				       &checked, err));
	if (looking.status != KIST_OK)
		return kist_fail(err, looking.status, "%s", looking.error.text);
	if (!checked.has_index)
		KIST_TRY(kist_idset_add(&verifying->bad_packs, id, err));
	verifying->done.packs++;
	verifying->done.pack_bytes += size;
	/* A look at its ends alone does not clear a pack that a reader found damaged. */
	if (checked.is_sound && level == KIST_CHECK_QUICK)
		return KIST_OK;
	return kist_registry_suspect_pack(verifying->flow->registry, id, !checked.is_sound, err);
}
