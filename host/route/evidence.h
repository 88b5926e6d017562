/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KIST_ROUTE_EVIDENCE_H
#define KIST_ROUTE_EVIDENCE_H

#include "route/pool.h"

/*
 * What speaks for a type: its name, a media type, a magic, an extension, a kind.
 *
 * Thread: pure.
 */

#define KIST_EVIDENCE_SIZE ((size_t)128)

/** kist_fits_*() - Rules for kist_pool_collect().  @ctx: see each. */
bool kist_fits_named(const struct kist_route_query *query, const struct kist_catalog_entry *entry,
		     const struct kist_manifest_type *type, const void *ctx, size_t *ret_len); /* NULL */
bool kist_fits_media(const struct kist_route_query *query, const struct kist_catalog_entry *entry,
		     const struct kist_manifest_type *type, const void *ctx,
		     size_t *ret_len); /* the media type */
bool kist_fits_magic(const struct kist_route_query *query, const struct kist_catalog_entry *entry,
		     const struct kist_manifest_type *type, const void *ctx, size_t *ret_len); /* NULL */
bool kist_fits_locked_magic(const struct kist_route_query *query, const struct kist_catalog_entry *entry,
			    const struct kist_manifest_type *type, const void *ctx,
			    size_t *ret_len); /* struct kist_magic */
bool kist_fits_extension(const struct kist_route_query *query, const struct kist_catalog_entry *entry,
			 const struct kist_manifest_type *type, const void *ctx,
			 size_t *ret_len); /* the extension */
bool kist_fits_type(const struct kist_route_query *query, const struct kist_catalog_entry *entry,
		    const struct kist_manifest_type *type, const void *ctx, size_t *ret_len); /* NULL */
bool kist_fits_kind(const struct kist_route_query *query, const struct kist_catalog_entry *entry,
		    const struct kist_manifest_type *type, const void *ctx, size_t *ret_len); /* NULL */

/** kist_evidence_media() - "text/csv" of "Text/CSV; charset=utf-8"; "" when there is none. */
void kist_evidence_media(const char *media_type, char ret[static KIST_EVIDENCE_SIZE]);

/**
 * kist_evidence_extension() - The @n-th extension of a file's name, the longest first: "tar.gz", "gz".
 *
 * @ret: In lower case.  False when there are not that many.
 */
bool kist_evidence_extension(const char *file_name, size_t n, char ret[static KIST_EVIDENCE_SIZE]);

/** kist_evidence_at() - Whether @magic stands in @head. */
bool kist_evidence_at(const struct kist_magic *magic, struct kist_view head);

/** kist_evidence_magic() - The longest magic of @type that stands in the head, or NULL. */
const struct kist_magic *kist_evidence_magic(const struct kist_manifest_type *type, struct kist_view head);

#endif
