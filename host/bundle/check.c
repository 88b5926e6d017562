/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/mem.h"

#include "bundle/import.h"

void kist_bundle_checked_done(struct kist_bundle_checked *checked)
{
	json_decref(checked->manifest);
	checked->manifest = NULL;
	kist_bundle_names_done(&checked->names);
}

static kist_status bad(struct kist_error *err, const char *what)
{
	return kist_fail_at(err, KIST_CORRUPT, "E_BUNDLE", KIST_NO_OFFSET, "this is no sound bundle: %s",
			    what);
}

static kist_status get_chunk(void *ctx, const struct kist_digest *id, struct kist_buf *ret,
			     struct kist_error *err)
{
	return kist_bundle_get(ctx, id, ret, err);
}

static kist_status read_manifest(const struct kist_bundle *bundle, json_t **ret, struct kist_error *err)
{
	json_int_t version;

	if (kist_json_parse(kist_buf_view(&bundle->manifest), ret, err) != KIST_OK)
		return kist_fail_context(err, "the manifest of the bundle");
	version = json_integer_value(json_object_get(*ret, "kistpack"));
	if (version > KIST_BUNDLE_MANIFEST_VERSION)
		return kist_fail_at(err, KIST_INCOMPATIBLE, "E_BUNDLE", KIST_NO_OFFSET,
				    "the bundle's manifest is of version %lld, and this kist reads version "
				    "%d: it needs a newer kist",
				    (long long)version, KIST_BUNDLE_MANIFEST_VERSION);
	return version == KIST_BUNDLE_MANIFEST_VERSION ? KIST_OK : bad(err, "its manifest has no version");
}

/* What was found on the walk must be all that the bundle holds, in the same order. */
static kist_status compare_table(const struct kist_bundle *bundle, const struct kist_bundle_walk *walk,
				 struct kist_error *err)
{
	const struct kist_bundle_chunk *found = (const void *)walk->table.data;

	if (walk->table.size / sizeof(*found) != bundle->count)
		return bad(err, "it holds chunks that nothing in it needs");
	for (size_t i = 0; i < bundle->count; i++) {
		if (!kist_digest_equal(&found[i].id, &bundle->chunks[i].id) ||
		    found[i].len != bundle->chunks[i].len || found[i].kind != bundle->chunks[i].kind)
			return bad(err, "its chunks do not stand in the order in which they are needed");
	}
	return KIST_OK;
}

static kist_status compare_manifest(const struct kist_bundle *bundle, const json_t *described,
				    struct kist_error *err)
{
	kist_auto_buf struct kist_buf text = KIST_BUF_INIT(KIST_BUNDLE_MANIFEST_SIZE_MAX);

	KIST_TRY(kist_json_canonical(described, &text, err));
	if (text.size == bundle->manifest.size && memcmp(text.data, bundle->manifest.data, text.size) == 0)
		return KIST_OK;
	return bad(err, "its manifest says other things than what is in it");
}

static kist_status check(const struct kist_bundle *bundle, struct kist_bundle_walk *walk,
			 struct kist_bundle_checked *checked, struct kist_error *err)
{
	kist_auto_json json_t *described = NULL;

	walk->prove = true;
	walk->size_max = KIST_BUNDLE_GROWTH * bundle->size + KIST_BUNDLE_GROWTH_SPARE;
	walk->visits_max = KIST_BUNDLE_VISITS * bundle->count + KIST_BUNDLE_VISITS_SPARE;
	KIST_TRY(read_manifest(bundle, &checked->manifest, err));
	KIST_TRY(kist_bundle_names_read(checked->manifest, &checked->names, err));
	KIST_TRY(kist_bundle_describe(walk, &checked->names, &described, err));
	KIST_TRY(kist_bundle_walk_check_growth(walk, err));
	KIST_TRY(compare_table(bundle, walk, err));
	KIST_TRY(compare_manifest(bundle, described, err));
	checked->bundle = bundle;
	checked->sum = (struct kist_bundle_sum){
		.digest = bundle->digest,
		.size = bundle->size,
		.names = kist_bundle_names_count(&checked->names),
		.jobs = json_array_size(json_object_get(described, "jobs")),
		.chunks = bundle->count,
		.object_bytes = walk->size,
	};
	return KIST_OK;
}

kist_status kist_bundle_check(const struct kist_bundle *bundle, struct kist_bundle_checked *ret,
			      struct kist_error *err)
{
	const struct kist_bundle_source source = { .get = get_chunk, .ctx = (void *)(uintptr_t)bundle };
	kist_auto_bundle_walk struct kist_bundle_walk walk = KIST_BUNDLE_WALK_INIT(&source);
	struct kist_bundle_checked checked = KIST_BUNDLE_CHECKED_INIT;
	struct kist_error why = KIST_ERROR_INIT;
	kist_status status = check(bundle, &walk, &checked, &why);

	if (status == KIST_OK) {
		*ret = checked;
		return KIST_OK;
	}
	kist_bundle_checked_done(&checked);
	/* What the readers of a store call invalid is said of bytes that somebody else has made. */
	if (status == KIST_INVALID && strcmp(why.code, "E_STATE") != 0)
		status = KIST_CORRUPT;
	return kist_fail_as(err, status, &why);
}
