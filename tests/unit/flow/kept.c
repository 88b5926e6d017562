/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/flow/kept.h"

#include <string.h>

#include "base/mem.h"
#include "flow/content.h"
#include "flow/record.h"
#include "support/must.h"

static struct kist_digest put_record(struct kist_writer *writer, json_t *record)
{
	kist_auto_buf struct kist_buf text = KIST_BUF_INIT(KIST_CHUNK_SIZE_MAX);
	struct kist_piece piece = { .hint = { .kind = KIST_FILTER_BYTES } };
	struct kist_digest id;

	must(kist_json_canonical(record, &text, NULL) == KIST_OK);
	piece.bytes = kist_buf_view(&text);
	must(kist_writer_put(writer, KIST_CHUNK_RECORD, &piece, 1, &id, NULL, NULL) == KIST_OK);
	json_decref(record);
	return id;
}

struct kist_digest kept_object(struct kist_writer *writer, enum kist_chunk_kind kind, struct kist_view bytes,
			       const struct kist_digest *digest)
{
	kist_auto_content_writer struct kist_content_writer content = KIST_CONTENT_WRITER_INIT;
	json_t *record =
		json_pack("{s:s,s:s}", "kind", kind == KIST_CHUNK_TREE ? "tree" : "bytes", "encoding", "e");
	struct kist_content made;

	content.sizes = (struct kist_cut_sizes){ .typed = KIST_CUT_SIZE_MIN, .cdc = KIST_CUT_SIZE_MIN };
	must(kist_content_start(&content, writer, kind, bytes.size, NULL, 0, NULL) == KIST_OK);
	must(kist_content_write(&content, bytes, NULL) == KIST_OK);
	must(kist_content_finish(&content, &made, NULL) == KIST_OK);
	must(kist_record_set_content(record, &made, digest ? digest : &made.sha256, NULL) == KIST_OK);
	return put_record(writer, record);
}

void kept_name(json_t *commit, const char *name, const struct kist_digest *artifact)
{
	char hex[KIST_DIGEST_HEX_SIZE];

	kist_digest_hex(artifact, hex);
	json_array_append_new(json_object_get(commit, "refs"),
			      json_pack("{s:s,s:s,s:s}", "name", name, "event", "put", "artifact", hex));
}

struct search {
	const struct kist_digest *id;
	struct kist_location where;
};

static kist_status match(void *ctx, const struct kist_digest *chunk, const struct kist_location *where,
			 struct kist_error *err)
{
	struct search *search = ctx;

	(void)err;
	if (kist_digest_equal(chunk, search->id))
		search->where = *where;
	return KIST_OK;
}

void kept_chunk(struct kist_store *store, const json_t *packs, const struct kist_digest *id,
		struct kist_buf *ret)
{
	struct search search = { .id = id };

	for (size_t i = 0; i < json_array_size(packs); i++) {
		const char *hex = json_string_value(json_object_get(json_array_get(packs, i), "id"));
		struct kist_digest pack;

		must(kist_digest_parse(hex, strlen(hex), &pack));
		must(kist_store_read_index(store, &pack, match, &search, NULL) == KIST_OK);
	}
	must(kist_store_read_chunk(store, &search.where, id, ret, NULL) == KIST_OK);
}
