/* SPDX-License-Identifier: Apache-2.0 */
#include "pack/check.h"

#include <string.h>

#include "base/mem.h"
#include "pack/crc32c.h"

struct checker {
	struct kist_view pack;
	void (*each_bad)(void *ctx, const struct kist_digest *chunk, uint64_t offset,
			 const struct kist_error *why);
	void *ctx;
	struct kist_filter filter;
	uint8_t *raw; /* KIST_CHUNK_SIZE_MAX bytes */
	struct kist_error first;
};

static void checker_done(struct checker *checker)
{
	kist_filter_done(&checker->filter);
	kist_free(checker->raw);
}

/* Want of memory is no damage: it ends the check. */
static kist_status bad(struct checker *checker, const struct kist_digest *chunk, uint64_t offset,
		       struct kist_error *why)
{
	if (why->status == KIST_NO_MEMORY)
		return kist_fail(&checker->first, why->status, "%s", why->text);
	if (checker->each_bad)
		checker->each_bad(checker->ctx, chunk, offset, why);
	if (checker->first.status == KIST_OK)
		checker->first = *why;
	kist_error_clear(why);
	return KIST_OK;
}

static kist_status check_record(struct checker *checker, const struct kist_pack_entry *entry)
{
	const struct kist_view bytes = kist_view_of(checker->pack.data + entry->offset, entry->record_len);
	const struct kist_view no_base = kist_view_of("", 0);
	struct kist_error why = KIST_ERROR_INIT;
	struct kist_record record;
	kist_status status = kist_record_parse(bytes, &record, &why);

	if (status == KIST_OK &&
	    (!kist_digest_equal(&record.id, &entry->id) || record.raw_len != entry->raw_len ||
	     record.kind != entry->kind || !kist_digest_equal(&record.base, &entry->base)))
		status = kist_fail(&why, KIST_CORRUPT, "record and index disagree");
	if (status == KIST_OK && kist_record_has_base(&record))
		status = kist_record_check_body(&record, bytes, &why);
	else if (status == KIST_OK)
		status = kist_record_decode(&checker->filter, &record, bytes, no_base, checker->raw, &why);
	return status == KIST_OK ? KIST_OK : bad(checker, &entry->id, entry->offset, &why);
}

/* Entries do not overlap and their lengths add up: then the records fill the pack. */
static kist_status check_entries(struct checker *checker, struct kist_view index,
				 const struct kist_pack_footer *footer)
{
	struct kist_error why = KIST_ERROR_INIT;
	uint64_t at = KIST_PACK_HEAD_SIZE;
	size_t walked = 0;

	for (size_t i = 0; i < footer->count; i++) {
		const struct kist_pack_entry entry = kist_pack_entry_at(index, i);

		KIST_TRY(check_record(checker, &entry));
	}
	while (at < footer->index_offset) {
		const struct kist_view rest =
			kist_view_of(checker->pack.data + at, (size_t)(footer->index_offset - at));
		struct kist_pack_entry entry;
		struct kist_record record;

		/* A damaged head was told of above, through the index; the walk cannot pass it. */
		if (kist_record_parse(rest, &record, &why) != KIST_OK)
			return bad(checker, NULL, at, &why);
		if (!kist_pack_find(index, &record.id, &entry) || entry.offset != at ||
		    entry.record_len != kist_record_head_size(&record) + record.body_len) {
			(void)kist_fail(&why, KIST_CORRUPT, "record is not in the index");
			return bad(checker, &record.id, at, &why);
		}
		at += entry.record_len;
		walked++;
	}
	if (walked != footer->count) {
		(void)kist_fail(&why, KIST_CORRUPT, "%zu records, %u in the index", walked, footer->count);
		return bad(checker, NULL, footer->index_offset, &why);
	}
	return KIST_OK;
}

static kist_status check_all(struct checker *checker, struct kist_pack_head *head)
{
	const struct kist_view pack = checker->pack;
	struct kist_error why = KIST_ERROR_INIT;
	struct kist_pack_footer footer;
	struct kist_view index;

	if (kist_pack_parse_head(pack, head, &why) != KIST_OK)
		KIST_TRY(bad(checker, NULL, 0, &why));
	if (kist_pack_parse_footer(pack, pack.size, &footer, &why) != KIST_OK)
		return bad(checker, NULL,
			   pack.size < KIST_PACK_FOOT_SIZE ? 0 : pack.size - KIST_PACK_FOOT_SIZE, &why);
	index = kist_view_of(pack.data + footer.index_offset, (size_t)footer.index_size);
	if (kist_pack_check_index(index, &footer, &why) != KIST_OK)
		return bad(checker, NULL, footer.index_offset, &why);
	return check_entries(checker, index, &footer);
}

kist_status kist_pack_check(struct kist_view pack,
			    void (*each_bad)(void *ctx, const struct kist_digest *chunk, uint64_t offset,
					     const struct kist_error *why),
			    void *ctx, struct kist_pack_head *ret_head, struct kist_error *err)
{
	__attribute__((cleanup(checker_done))) struct checker checker = { .pack = pack,
									  .each_bad = each_bad,
									  .ctx = ctx,
									  .filter = KIST_FILTER_INIT,
									  .raw = kist_alloc(
										  KIST_CHUNK_SIZE_MAX, 1),
									  .first = KIST_ERROR_INIT };
	struct kist_pack_head head;

	if (!checker.raw)
		return kist_fail_memory(err, KIST_CHUNK_SIZE_MAX);
	/* What goes wrong is kept in checker.first. */
	(void)check_all(&checker, &head);
	if (checker.first.status != KIST_OK)
		return kist_fail(err, checker.first.status, "%s", checker.first.text);
	if (ret_head)
		*ret_head = head;
	return KIST_OK;
}

kist_status kist_pack_scan(struct kist_view bytes,
			   kist_status (*each)(void *ctx, const struct kist_record *record, uint64_t offset,
					       struct kist_error *err),
			   void *ctx, struct kist_error *err)
{
	size_t at = 0;

	while (bytes.size - at >= KIST_RECORD_HEAD_SIZE) {
		const struct kist_view rest = kist_view_of(bytes.data + at, bytes.size - at);
		const uint8_t *magic = memmem(rest.data + 8, rest.size - 8, "KREC", 4);
		struct kist_view found;
		struct kist_record record;
		size_t head_size;

		if (!magic)
			return KIST_OK;
		at = (size_t)(magic - 8 - bytes.data);
		found = kist_view_of(bytes.data + at, bytes.size - at);
		if (kist_record_parse(found, &record, NULL) != KIST_OK) {
			at++;
			continue;
		}
		head_size = kist_record_head_size(&record);
		if (record.body_len > found.size - head_size ||
		    kist_crc32c(0, kist_view_of(found.data + head_size, record.body_len)) !=
			    record.body_crc) {
			at++;
			continue;
		}
		KIST_TRY(each(ctx, &record, at, err));
		at += head_size + record.body_len;
	}
	return KIST_OK;
}
