/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KIST_FLOW_RECORD_H
#define KIST_FLOW_RECORD_H

#include "base/digest.h"
#include "base/json.h"

/*
 * An artifact's record: canonical JSON (RFC 8785), its SHA-256 is the artifact's id.
 *
 *     {"record":1, "kind":"tensor", "encoding":"kist.npy@1.0", "size":n, "sha256":"<hex>",
 *      one of "inline":"<hex>", "chunk":"<id>", "recipe":"<id>", or none: one chunk, whose id is "sha256",
 *      "plugin":{"id","version","sha256"}, "summary":"float32 [3, 4]", "info":{...} or "info_chunk":"<id>",
 *      "params":{...}, "read_params":{...}, "description":"...", "file":{"name","name_bytes"?,"mode","mtime_ns"},
 *      "reason":{"code","text","plugin"}, "parents":["<id>", ...]}
 *
 * "sha256" is that of the whole serialized bytes, equal to what sha256sum prints for the file; of a tree it
 * is the tree's digest.
 *
 * Thread: pure.
 * Source: docs/format/store.md, "Artifacts".
 */

/** Values of up to this many bytes stand in the record itself. */
#define KIST_INLINE_SIZE_MAX ((size_t)256)
/** Chunks of one object: a list of all of them is held in memory, to write it and to read it. */
#define KIST_OBJECT_CHUNKS_MAX ((size_t)4 << 20)
/** The encoding of what no plugin reads. */
#define KIST_BYTES_ENCODING "kist.bytes@1.0"
/** What describe said stands in the record up to this size, else in a chunk of its own. */
#define KIST_INFO_INLINE_SIZE_MAX ((size_t)2048)
/** Bytes of a description given by a person. */
#define KIST_DESCRIPTION_SIZE_MAX ((size_t)64 << 10)

enum kist_content_form { KIST_CONTENT_INLINE, KIST_CONTENT_CHUNK, KIST_CONTENT_RECIPE };

/** struct kist_content - How a record says where an object's bytes are. */
struct kist_content {
	enum kist_content_form form;
	uint64_t size;
	struct kist_digest sha256; /* of the whole bytes */
	struct kist_digest chunk;  /* the one chunk, or the recipe's top node */
	uint8_t bytes[KIST_INLINE_SIZE_MAX];
};

/**
 * kist_record_set_content() - Writes @content to @record: "size", "sha256" and where the bytes are.
 *
 * @digest: What "sha256" says; the tree's digest for a tree.
 */
KIST_CHECKED kist_status kist_record_set_content(json_t *record, const struct kist_content *content,
						 const struct kist_digest *digest, struct kist_error *err);

/**
 * kist_record_text_content() - kist_record_get_content() of a record's text, of which nothing is built.
 *
 * Return: false where it is not sure to be the same; then that function tells what is wrong, if anything is.
 */
bool kist_record_text_content(struct kist_view text, struct kist_content *ret);

/**
 * kist_record_get_content() - Reads what kist_record_set_content() wrote.
 *
 * For a tree @ret->sha256 is the tree's digest, not that of the listing.
 *
 * Errors: KIST_CORRUPT with the code E_RECORD; KIST_INCOMPATIBLE (a newer record).
 */
KIST_CHECKED kist_status kist_record_get_content(const json_t *record, struct kist_content *ret,
						 struct kist_error *err);

/**
 * kist_record_plain() - Appends the record of plain bytes of which nothing else is said: a file in a folder.
 *
 * The same text as kist_json_canonical() gives of the record, without making it first: there are many.
 *
 * @content: Inline, or in one chunk, whose id is its digest.
 *
 * Errors: KIST_LIMIT, KIST_NO_MEMORY.
 */
KIST_CHECKED kist_status kist_record_plain(const struct kist_content *content, struct kist_buf *ret,
					   struct kist_error *err);

/** kist_record_set_digest() - Sets @key of @object to @digest in hex. */
KIST_CHECKED kist_status kist_record_set_digest(json_t *object, const char *key,
						const struct kist_digest *digest, struct kist_error *err);

/** kist_record_get_digest() - Reads such a member; false when it is missing or no digest. */
bool kist_record_get_digest(const json_t *object, const char *key, struct kist_digest *ret);

/** kist_record_is_tree() - Whether @record is that of a folder. */
bool kist_record_is_tree(const json_t *record);

/** kist_record_set_text() - Sets @key of @object to @text, unless @text is NULL. */
KIST_CHECKED kist_status kist_record_set_text(json_t *object, const char *key, const char *text,
					      struct kist_error *err);

/** kist_record_set_take() - Sets @key of @object to @value, whose reference it takes; NULL is out of memory. */
KIST_CHECKED kist_status kist_record_set_take(json_t *object, const char *key, json_t *value,
					      struct kist_error *err);

/** kist_record_add_hex() - Appends up to 32 bytes as hex to list @key of @object, which is made when it is
 * missing. */
KIST_CHECKED kist_status kist_record_add_hex(json_t *object, const char *key, const uint8_t *bytes,
					     size_t size, struct kist_error *err);

/**
 * kist_record_read_params() - The arguments with which its plugin reads the bytes, where a person gave any;
 * else NULL.  Borrowed.
 */
const json_t *kist_record_read_params(const json_t *record);

/**
 * kist_record_summary() - One line for a listing out of what a plugin's describe said, in canonical form: "float32
 * [1000, 3]", "10 000 rows, 3 columns", "12 tensors, 1 200 000 parameters"; "" when it says nothing.
 */
void kist_record_summary(struct kist_view info, char *ret, size_t size);

/** Bytes of a summary, NUL included. */
#define KIST_SUMMARY_SIZE ((size_t)256)

/** struct kist_said - What is said of typed bytes in their record. */
struct kist_said {
	struct kist_view type;		 /* canonical: members "encoding", "kind", "plugin".  Borrowed */
	struct kist_view info;		 /* canonical: what a plugin's describe said; or empty.  Borrowed */
	bool has_chunk;			 /* it said so much that it is a chunk of its own */
	struct kist_digest chunk;	 /* if so */
	char summary[KIST_SUMMARY_SIZE]; /* when it said anything */
};

/**
 * kist_record_typed() - kist_record_plain() of bytes that a plugin reads.
 *
 * Errors: KIST_LIMIT, KIST_NO_MEMORY.
 */
KIST_CHECKED kist_status kist_record_typed(const struct kist_content *content, const struct kist_said *said,
					   struct kist_buf *ret, struct kist_error *err);

#endif
