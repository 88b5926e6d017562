/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KIST_PACK_MEND_H
#define KIST_PACK_MEND_H

#include "pack/pack.h"

/*
 * Mending a damaged pack in memory, as far as what is left of it proves what was there.
 *
 * Records are found by the index, or where that is lost one behind the other, and behind a gap by looking for
 * the next head.  In the head of a record one wrong byte is found by its CRC; in its body up to three wrong
 * bytes in a row are found by what the CRC is off by, and the chunk's SHA-256 proves them.  Index and footer
 * are made anew.  When they and the head give the pack's name, they list what was in it: then the pack is as it
 * was, all its records being sound.  Else its sound records can still be kept elsewhere.
 *
 * Limits: the search for wrong bytes decodes KIST_MEND_RECORD_WORK bytes for one record and
 * KIST_MEND_PACK_WORK for a pack; that is enough for two wrong bytes in a row anywhere, and for three in a
 * record of up to half a MiB. Thread: pure. Source: docs/format/store.md, section 3.
 */

#define KIST_MEND_RECORD_WORK ((uint64_t)2 << 30)
#define KIST_MEND_PACK_WORK   ((uint64_t)16 << 30)

/** struct kist_mend_options - How records are proved, and who wants to know. */
struct kist_mend_options {
	/*
	 * Whether the record in @bytes, of which the head was read, is the chunk that it names.  @is_changed:
	 * these bytes were searched for by their CRC, which so proves nothing any more.
	 */
	bool (*prove)(void *ctx, const struct kist_record *record, struct kist_view bytes, bool is_changed);
	/*
	 * Told of each record that is sound now.  @was_sound: it was so before; else a reader could not read
	 * it. May be NULL.
	 */
	kist_status (*each)(void *ctx, const struct kist_record *record, size_t offset, bool was_sound,
			    struct kist_error *err);
	void *ctx;
	struct kist_digest name; /* of the pack */
};

/** struct kist_mended - What came of it. */
struct kist_mended {
	bool is_whole;	/* all of it is sound, and it has its name: @pack is as it was */
	bool was_whole; /* and nothing had to be changed for that */
	bool had_index; /* index and footer were sound, so that readers find what is sound in it */
	size_t sound;	/* records, those that were mended included */
	size_t mended;	/* of these */
	size_t lost;	/* records, and gaps in which there may have been any number */
};

/**
 * kist_pack_mend() - Mends what can be mended.
 *
 * @pack: The bytes; changed.  Its limit leaves room for the index of a pack behind them.
 *
 * Errors: what each gives; KIST_INCOMPATIBLE (a newer kist made a record); KIST_NO_MEMORY.
 */
KIST_CHECKED kist_status kist_pack_mend(struct kist_buf *pack, const struct kist_mend_options *options,
					struct kist_mended *ret, struct kist_error *err);

/**
 * kist_mend_body() - Looks for up to three wrong bytes in a row, so that the CRC is right and @prove says
 * yes.
 *
 * @bytes: The whole record, which is not sound; its body is changed, and as it was when nothing was found.
 * @work:  Bytes that may be decoded in the search; what was decoded is taken off.
 *
 * Returns whether it is sound now.
 */
bool kist_mend_body(const struct kist_mend_options *options, const struct kist_record *record, uint8_t *bytes,
		    uint64_t *work);

#endif
