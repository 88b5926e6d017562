/* SPDX-License-Identifier: Apache-2.0 */
#include "care/repair.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/num.h"
#include "care/reach.h"
#include "care/repair_private.h"
#include "registry/checkpoint.h"
#include "store/check.h"
#include "store/log.h"
#include "store/mend.h"
#include "store/packs.h"

/* Stretches of an object that are told in words; JSON has them all. */
#define RANGES_SHOWN ((size_t)4)
#define TEXT_SIZE    ((size_t)512)

static void repairing_done(struct kist_repairing *repairing)
{
	kist_buf_done(&repairing->bad);
	kist_idset_done(&repairing->sound);
	kist_idset_done(&repairing->readable);
	kist_hurt_done(&repairing->hurt);
	kist_buf_done(&repairing->touched);
}

void kist_repair_tell(const struct kist_repairing *repairing, const struct kist_repair_step *step)
{
	if (repairing->options->each)
		repairing->options->each(repairing->options->ctx, step);
}

void kist_repair_tell_pack(const struct kist_repairing *repairing, const struct kist_digest *id,
			   const char *did, const char *text)
{
	char hex[KIST_DIGEST_HEX_SIZE];

	kist_digest_hex(id, hex);
	kist_repair_tell(repairing,
			 &(struct kist_repair_step){ .what = "pack", .id = hex, .did = did, .text = text });
}

struct kist_bad_pack *kist_repair_bad(const struct kist_repairing *repairing, const struct kist_digest *id)
{
	struct kist_bad_pack *list = (void *)repairing->bad.data;
	size_t low = 0;
	size_t high = repairing->bad.size / sizeof(*list);

	while (low < high) {
		const size_t middle = low + (high - low) / 2;
		const int order = memcmp(list[middle].row.id.bytes, id->bytes, KIST_DIGEST_SIZE);

		if (order == 0)
			return &list[middle];
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}

static kist_status find_base(void *ctx, const struct kist_digest *id, struct kist_location *ret,
			     struct kist_error *err)
{
	const struct kist_repairing *repairing = ctx;
	struct kist_error why = KIST_ERROR_INIT;
	const kist_status status = kist_registry_find_chunk(repairing->flow->registry, id, ret, &why);

	return status == KIST_OK || status == KIST_NOT_FOUND ? status : kist_fail_as(err, status, &why);
}

kist_status kist_repair_mend(struct kist_repairing *repairing, const struct kist_pack_row *row, bool dry_run,
			     const struct kist_idset *known, struct kist_pack_remedy *ret,
			     struct kist_error *err)
{
	const struct kist_pack_mending how = {
		.dry_run = dry_run, .known = known, .find = find_base, .ctx = repairing
	};

	return kist_store_mend_pack(repairing->flow->store, &row->id, row->size, &how, ret, err);
}

/* Notes a sound record of a bad pack: whether it can be read where the registry says. */
static kist_status note_record(struct kist_repairing *repairing, struct kist_bad_pack *bad,
			       const struct kist_sound_record *record, struct kist_error *err)
{
	struct kist_location where;
	struct kist_error why = KIST_ERROR_INIT;
	kist_status status;

	KIST_TRY(kist_idset_add(&repairing->sound, &record->id, err));
	bad->sound_count++;
	bad->unreadable_count++;
	if (!record->was_sound || !bad->has_index)
		return KIST_OK;
	status = kist_registry_find_chunk(repairing->flow->registry, &record->id, &where, &why);
	if (status != KIST_OK && status != KIST_NOT_FOUND)
		return kist_fail_as(err, status, &why);
	if (status != KIST_OK || !kist_digest_equal(&where.pack, &bad->row.id))
		return KIST_OK;
	bad->unreadable_count--;
	return kist_idset_add(&repairing->readable, &record->id, err);
}

static kist_status note_sound(struct kist_repairing *repairing, struct kist_bad_pack *bad,
			      const struct kist_pack_remedy *remedy, struct kist_error *err)
{
	const struct kist_sound_record *records = (const void *)remedy->records.data;

	bad->sound_count = 0;
	bad->unreadable_count = 0;
	bad->wants_base = remedy->wants_base;
	for (size_t i = 0; i < remedy->records.size / sizeof(*records); i++) {
		if (records[i].is_proved)
			KIST_TRY(note_record(repairing, bad, &records[i], err));
	}
	return KIST_OK;
}

/* A collector may have condemned it meanwhile: then it is no part of the store, and its file may be gone. */
static kist_status is_live(struct kist_repairing *repairing, const struct kist_digest *id, bool *ret,
			   struct kist_error *err)
{
	bool condemned;

	KIST_TRY(kist_registry_fold(repairing->flow->registry, err));
	return kist_registry_find_pack(repairing->flow->registry, id, ret, &condemned, err);
}

/* The file is what it was.  One that was condemned and deleted meanwhile must not come back. */
static kist_status finish_mended(struct kist_repairing *repairing, const struct kist_pack_row *row,
				 struct kist_error *err)
{
	bool live;

	repairing->done.packs_mended++;
	kist_repair_tell_pack(repairing, &row->id, "mended", "it is as it was");
	if (repairing->options->dry_run)
		return KIST_OK;
	KIST_TRY(is_live(repairing, &row->id, &live, err));
	if (!live)
		return kist_packs_delete(repairing->flow->store, &row->id, err);
	return kist_registry_suspect_pack(repairing->flow->registry, &row->id, false, err);
}

static kist_status add_bad(struct kist_repairing *repairing, const struct kist_pack_row *row,
			   const struct kist_pack_remedy *remedy, bool is_gone, struct kist_error *err)
{
	struct kist_bad_pack bad = {
		.row = *row,
		.is_gone = is_gone,
		.has_index = !is_gone && remedy->has_index,
		.is_complete = !is_gone && remedy->is_complete,
	};
	bool live;

	KIST_TRY(is_live(repairing, &row->id, &live, err));
	if (!live)
		return KIST_OK;
	/* So that no writer of this host leans on it. */
	KIST_TRY(kist_registry_suspect_pack(repairing->flow->registry, &row->id, true, err));
	KIST_TRY(note_sound(repairing, &bad, remedy, err));
	return kist_buf_append(&repairing->bad, &bad, sizeof(bad), err);
}

static kist_status repair_pack(struct kist_repairing *repairing, const struct kist_pack_row *row,
			       struct kist_error *err)
{
	kist_auto_pack_remedy struct kist_pack_remedy remedy = KIST_PACK_REMEDY_INIT;
	struct kist_error why = KIST_ERROR_INIT;
	const kist_status status =
		kist_repair_mend(repairing, row, repairing->options->dry_run, NULL, &remedy, &why);

	if (status == KIST_INCOMPATIBLE) {
		repairing->done.packs_newer++;
		kist_repair_tell_pack(repairing, &row->id, "newer", why.text);
		return KIST_OK;
	}
	if (status != KIST_OK && status != KIST_NOT_FOUND && status != KIST_UNSUPPORTED)
		return kist_fail_as(err, status, &why);
	/* Somebody else has mended it; or a base that it needs is lost. */
	if (status == KIST_OK && remedy.was_whole)
		return KIST_OK;
	if (status == KIST_OK && remedy.is_whole && !remedy.was_whole)
		return finish_mended(repairing, row, err);
	return add_bad(repairing, row, &remedy, status == KIST_NOT_FOUND, err);
}

static kist_status check_packs(struct kist_repairing *repairing, struct kist_error *err)
{
	kist_auto_pack_checker struct kist_pack_checker *checker = NULL;
	kist_auto_buf struct kist_buf packs = KIST_BUF_INIT(SIZE_MAX / 2);
	struct kist_registry *const registry = repairing->flow->registry;
	const struct kist_pack_row *rows;
	uint64_t total = 0;
	uint64_t bytes = 0;
	size_t count;

	KIST_TRY(kist_pack_checker_new(repairing->flow->store, &checker, err));
	KIST_TRY(kist_registry_packs(registry, &packs, err));
	rows = (const void *)packs.data;
	count = packs.size / sizeof(*rows);
	for (size_t i = 0; i < count; i++)
		total += rows[i].size;
	for (size_t i = 0; i < count; i++) {
		struct kist_pack_checked checked;

		KIST_TRY(kist_flow_check_stop(repairing->flow, err));
		KIST_TRY(kist_pack_checker_run(checker, &rows[i].id, rows[i].size, KIST_CHECK_FULL, NULL,
					       find_base, repairing, &checked, err));
		if (!checked.is_sound)
			KIST_TRY(repair_pack(repairing, &rows[i], err));
		else if (rows[i].state != KIST_PACK_SOUND)
			KIST_TRY(kist_registry_suspect_pack(registry, &rows[i].id, false, err));
		repairing->done.packs++;
		bytes += rows[i].size;
		kist_flow_progress(repairing->flow, bytes, total);
	}
	return KIST_OK;
}

kist_status kist_repair_is_lost(const struct kist_repairing *repairing, const struct kist_digest *id,
				bool *ret, struct kist_bad_pack **ret_bad, struct kist_error *err)
{
	struct kist_location where;
	struct kist_error why = KIST_ERROR_INIT;
	const kist_status status = kist_registry_find_chunk(repairing->flow->registry, id, &where, &why);

	if (status != KIST_OK && status != KIST_NOT_FOUND)
		return kist_fail_as(err, status, &why);
	*ret_bad = status == KIST_OK ? kist_repair_bad(repairing, &where.pack) : NULL;
	*ret = (status == KIST_NOT_FOUND || *ret_bad) && !kist_idset_has(&repairing->sound, id);
	if (*ret || status != KIST_OK || !where.has_base || *ret_bad)
		return KIST_OK;
	/* It is lost with its base. */
	*ret_bad = where.base.stored_len > 0 ? kist_repair_bad(repairing, &where.base.pack) : NULL;
	*ret = where.base.stored_len == 0 || (*ret_bad && !kist_idset_has(&repairing->sound, &where.base.id));
	return KIST_OK;
}

static kist_status look(void *ctx, const struct kist_digest *id, struct kist_error *err)
{
	struct kist_repairing *repairing = ctx;
	struct kist_bad_pack *bad;
	bool lost;

	KIST_TRY(kist_repair_is_lost(repairing, id, &lost, &bad, err));
	if (!lost)
		return KIST_OK;
	repairing->all_touched = repairing->all_touched || !bad;
	if (bad)
		KIST_TRY(kist_buf_append(&repairing->touched, &bad, sizeof(bad), err));
	return kist_fail(err, KIST_CORRUPT, "it is lost");
}

static void start_look(void *ctx)
{
	struct kist_repairing *repairing = ctx;

	repairing->touched.size = 0;
	repairing->all_touched = false;
}

/* What was lost of an artifact that is hurt is needed. */
static void note_needed(struct kist_repairing *repairing, const struct kist_hurt_thing *thing)
{
	struct kist_bad_pack **touched = (void *)repairing->touched.data;

	for (size_t i = 0; i < repairing->touched.size / sizeof(*touched); i++)
		touched[i]->is_needed = true;
	repairing->all_needed = repairing->all_needed || repairing->all_touched || thing->is_unknown;
	start_look(repairing);
}

/* "bytes 0 to 524287 and 1048576 to 1572863 of 2000000 are lost" */
static void describe(const struct kist_hurt_thing *thing, char *ret, size_t size)
{
	const size_t shown = thing->range_count < RANGES_SHOWN ? thing->range_count : RANGES_SHOWN;
	size_t used;

	if (shown == 0) {
		snprintf(ret, size, "its record or what is said of it: %.300s", thing->why->text);
		return;
	}
	used = (size_t)snprintf(ret, size, "bytes ");
	for (size_t i = 0; i < shown; i++)
		used += (size_t)snprintf(ret + used, size - used, "%s%" PRIu64 " to %" PRIu64,
					 i > 0 ? ", " : "", thing->ranges[i].offset,
					 thing->ranges[i].offset + thing->ranges[i].len - 1);
	if (thing->range_count > shown)
		used += (size_t)snprintf(ret + used, size - used, " and %zu more stretches",
					 thing->range_count - shown);
	snprintf(ret + used, size - used, " of %" PRIu64 " are lost", thing->size);
}

/*
 * What would be mended is not there yet in a dry run: then what cannot be read may be readable afterwards,
 * and is not told.
 */
static bool is_uncertain(const struct kist_repairing *repairing, const struct kist_hurt_thing *thing)
{
	return repairing->options->dry_run && thing->is_unknown &&
	       (repairing->done.packs_mended > 0 || repairing->done.chunks_saved > 0);
}

static void see_hurt(void *ctx, const struct kist_hurt_thing *thing)
{
	struct kist_repairing *repairing = ctx;
	const bool is_name = strcmp(thing->what, "name") == 0;
	char text[TEXT_SIZE] = "put the same bytes again, or restore what is lost from a copy of the store";

	if (is_uncertain(repairing, thing))
		return;
	note_needed(repairing, thing);
	if (!repairing->is_telling)
		return;
	repairing->done.artifacts_hurt += !is_name;
	repairing->done.names_hurt += is_name;
	if (!is_name)
		describe(thing, text, sizeof(text));
	kist_repair_tell(repairing, &(struct kist_repair_step){ .what = thing->what,
								.id = thing->id,
								.did = "hurt",
								.text = text,
								.ranges = thing->ranges,
								.range_count = thing->range_count });
}

kist_status kist_repair_judge(struct kist_repairing *repairing, struct kist_error *err)
{
	struct kist_bad_pack *list = (void *)repairing->bad.data;
	const size_t count = repairing->bad.size / sizeof(*list);

	for (size_t i = 0; i < count; i++)
		list[i].is_needed = false;
	repairing->all_needed = false;
	kist_hurt_done(&repairing->hurt);
	KIST_TRY(kist_hurt_artifacts(&repairing->hurt, err));
	KIST_TRY(kist_hurt_trees(&repairing->hurt, err));
	KIST_TRY(kist_hurt_names(&repairing->hurt, err));
	for (size_t i = 0; i < count; i++)
		list[i].is_needed = list[i].is_needed || (repairing->all_needed && !list[i].is_complete);
	return KIST_OK;
}

/* What a new name leads to. */
struct reaching {
	const struct kist_repairing *repairing;
	bool hurt;
};

static kist_status reach_chunk(void *ctx, const struct kist_digest *id, struct kist_error *err)
{
	struct reaching *reaching = ctx;
	struct kist_bad_pack *bad;
	bool lost;

	KIST_TRY(kist_repair_is_lost(reaching->repairing, id, &lost, &bad, err));
	reaching->hurt = reaching->hurt || lost;
	return KIST_OK;
}

static kist_status reach_changes(struct reaching *reaching, const struct kist_commit *commit,
				 struct kist_error *err)
{
	struct kist_json_walk refs = kist_json_walk(commit->lists[KIST_COMMIT_REFS]);
	struct kist_ref_change change;
	struct kist_json_item item;

	while (kist_json_next(&refs, &item)) {
		struct kist_reach reach = { .flow = reaching->repairing->flow,
					    .each = reach_chunk,
					    .ctx = reaching };

		KIST_TRY(kist_ref_change_read(item.value, &change, err));
		if (change.event == KIST_REF_RM)
			continue;
		KIST_TRY(kist_reach_artifact(&reach, &change.artifact, err));
		reaching->hurt = reaching->hurt || reach.missing > 0;
	}
	return KIST_OK;
}

kist_status kist_repair_judge_commits(struct kist_repairing *repairing, uint64_t first, uint64_t last,
				      bool *ret_hurt, struct kist_error *err)
{
	struct reaching reaching = { .repairing = repairing };

	for (uint64_t number = first; number <= last && !reaching.hurt; number++) {
		kist_auto_commit struct kist_commit commit = KIST_COMMIT_INIT;

		KIST_TRY(kist_log_read(repairing->flow->store, number, &commit, err));
		KIST_TRY(reach_changes(&reaching, &commit, err));
	}
	*ret_hurt = reaching.hurt;
	return KIST_OK;
}

static void tell_lost(struct kist_repairing *repairing)
{
	const struct kist_bad_pack *list = (const void *)repairing->bad.data;

	for (size_t i = 0; i < repairing->bad.size / sizeof(*list); i++) {
		if (!list[i].is_needed)
			continue;
		repairing->done.packs_lost++;
		kist_repair_tell_pack(
			repairing, &list[i].row.id, "lost",
			list[i].is_gone
				? "it is gone: restore it from a copy, or put the same bytes again"
				: "some of it is lost: restore it from a copy, or put the same bytes again");
	}
}

/* What could not be proved may be, now that its bases were saved, or mended in their place. */
static kist_status prove_more(struct kist_repairing *repairing, struct kist_error *err)
{
	struct kist_bad_pack *list = (void *)repairing->bad.data;
	bool any = false;

	for (size_t i = 0; i < repairing->bad.size / sizeof(*list); i++) {
		kist_auto_pack_remedy struct kist_pack_remedy remedy = KIST_PACK_REMEDY_INIT;
		struct kist_error why = KIST_ERROR_INIT;
		kist_status status;

		if (list[i].is_gone || !list[i].wants_base)
			continue;
		status = kist_repair_mend(repairing, &list[i].row, true, NULL, &remedy, &why);
		if (status == KIST_OK)
			KIST_TRY(note_sound(repairing, &list[i], &remedy, err));
		else if (!kist_is_damage(status, &why))
			return kist_fail_as(err, status, &why);
		any = true;
	}
	return any ? kist_repair_save(repairing, err) : KIST_OK;
}

static kist_status repair_all(struct kist_repairing *repairing, struct kist_error *err)
{
	/* What is taken away rests on the log itself. */
	KIST_TRY(kist_registry_prove(repairing->flow->registry, err));
	KIST_TRY(kist_repair_checkpoints(repairing, err));
	KIST_TRY(check_packs(repairing, err));
	/* What could not be read before can be now. */
	if (!repairing->options->dry_run)
		KIST_TRY(kist_registry_reread(repairing->flow->registry, err));
	if (repairing->bad.size > 0) {
		KIST_TRY(kist_repair_save(repairing, err));
		KIST_TRY(prove_more(repairing, err));
		KIST_TRY(kist_repair_replace(repairing, err));
	}
	/* What is hurt without a bad pack, too: a name whose artifact no pack holds. */
	repairing->is_telling = true;
	KIST_TRY(kist_repair_judge(repairing, err));
	tell_lost(repairing);
	return KIST_OK;
}

kist_status kist_repair_store(struct kist_flow *flow, const struct kist_repair_options *options,
			      struct kist_repaired *ret, struct kist_error *err)
{
	__attribute__((cleanup(repairing_done))) struct kist_repairing repairing = {
		.flow = flow,
		.options = options,
		.bad = KIST_BUF_INIT(SIZE_MAX / 2),
		.sound = KIST_IDSET_INIT,
		.readable = KIST_IDSET_INIT,
		.hurt = KIST_HURT_INIT(flow),
		.touched = KIST_BUF_INIT(SIZE_MAX / 2),
	};
	kist_status status;

	repairing.hurt.look = look;
	repairing.hurt.each = see_hurt;
	repairing.hurt.start = start_look;
	repairing.hurt.ctx = &repairing;
	status = repair_all(&repairing, err);
	*ret = repairing.done;
	if (status == KIST_OK && (ret->packs_lost > 0 || ret->artifacts_hurt > 0 || ret->names_hurt > 0))
		return kist_fail(err, KIST_CORRUPT,
				 "something is lost: %" PRIu64 " pack%s, %" PRIu64 " artifact%s and %" PRIu64
				 " name%s hurt",
				 ret->packs_lost, kist_plural(ret->packs_lost), ret->artifacts_hurt,
				 kist_plural(ret->artifacts_hurt), ret->names_hurt,
				 kist_plural(ret->names_hurt));
	return status;
}
