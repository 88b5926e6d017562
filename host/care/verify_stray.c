/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "backend/backend.h"
#include "care/verify_private.h"
#include "registry/collect.h"
#include "store/checkpoints.h"
#include "store/log.h"
#include "store/packs.h"
#include "store/spare.h"

/* What lies in the store. */
struct listing {
	struct kist_buf packs;	/* of struct found_pack */
	struct kist_buf others; /* keys, each with its size before it */
};

struct found_pack {
	struct kist_digest id;
	uint64_t size;
};

static void listing_done(struct listing *listing)
{
	kist_buf_done(&listing->packs);
	kist_buf_done(&listing->others);
}

static bool is_ours(const char *key)
{
	uint64_t number;

	if (strncmp(key, KIST_CHECKPOINT_PREFIX, strlen(KIST_CHECKPOINT_PREFIX)) == 0)
		return kist_log_parse_name(key + strlen(KIST_CHECKPOINT_PREFIX), &number);
	if (strncmp(key, KIST_LOG_PREFIX, strlen(KIST_LOG_PREFIX)) == 0)
		return kist_log_parse_name(key + strlen(KIST_LOG_PREFIX), &number);
	return strcmp(key, KIST_STORE_KEY) == 0 || strcmp(key, KIST_SPARE_KEY) == 0;
}

static kist_status see_key(void *ctx, const char *key, uint64_t size, struct kist_error *err)
{
	struct listing *listing = ctx;
	struct found_pack pack = { .size = size };

	if (kist_packs_parse_key(key, &pack.id))
		return kist_buf_append(&listing->packs, &pack, sizeof(pack), err);
	if (is_ours(key))
		return KIST_OK;
	KIST_TRY(kist_buf_append(&listing->others, &size, sizeof(size), err));
	return kist_buf_append(&listing->others, key, strlen(key) + 1, err);
}

static void report(struct kist_verifying *verifying, enum kist_stray_kind kind, const char *key,
		   uint64_t size)
{
	const struct kist_stray stray = { .kind = kind, .key = key, .size = size };

	if (verifying->options->each_stray)
		verifying->options->each_stray(verifying->options->ctx, &stray);
}

static kist_status look_at_pack(struct kist_verifying *verifying, const struct found_pack *pack,
				struct kist_error *err)
{
	char key[KIST_KEY_SIZE_MAX];
	char hex[KIST_DIGEST_HEX_SIZE];
	bool condemned;
	bool live;

	KIST_TRY(kist_registry_find_pack(verifying->flow->registry, &pack->id, &live, &condemned, err));
	if (live)
		return KIST_OK;
	kist_digest_hex(&pack->id, hex);
	snprintf(key, sizeof(key), "packs/%.2s/%s.pack", hex, hex);
	report(verifying, condemned ? KIST_STRAY_CONDEMNED : KIST_STRAY_UNNAMED, key, pack->size);
	return KIST_OK;
}

kist_status kist_verify_strays(struct kist_verifying *verifying, struct kist_error *err)
{
	__attribute__((cleanup(listing_done))) struct listing listing = {
		.packs = KIST_BUF_INIT(SIZE_MAX / 2), .others = KIST_BUF_INIT(SIZE_MAX / 2)
	};
	const struct found_pack *packs;

	KIST_TRY(kist_backend_list(kist_store_backend(verifying->flow->store), "", see_key, &listing, err));
	/* What was named while the list was made is none. */
	KIST_TRY(kist_registry_fold(verifying->flow->registry, err));
	packs = (const void *)listing.packs.data;
	for (size_t i = 0; i < listing.packs.size / sizeof(*packs); i++)
		KIST_TRY(look_at_pack(verifying, &packs[i], err));
	for (size_t at = 0; at < listing.others.size;) {
		const char *key = (const char *)listing.others.data + at + sizeof(uint64_t);
		uint64_t size;

		memcpy(&size, listing.others.data + at, sizeof(size));
		report(verifying, KIST_STRAY_FOREIGN, key, size);
		at += sizeof(size) + strlen(key) + 1;
	}
	return KIST_OK;
}
