/* SPDX-License-Identifier: Apache-2.0 */
#include "care/usage.h"

#include <string.h>

#include "base/mem.h"
#include "care/owners.h"
#include "care/reach.h"
#include "pack/pack.h"

void kist_usage_done(struct kist_usage *usage)
{
	for (size_t i = 0; i < kist_usage_count(usage); i++)
		kist_free(kist_usage_name(usage, i)->name);
	kist_buf_done(&usage->names);
}

size_t kist_usage_count(const struct kist_usage *usage)
{
	return usage->names.size / sizeof(struct kist_usage_name);
}

static struct kist_usage_name *name_at(const struct kist_usage *usage, size_t i)
{
	return (struct kist_usage_name *)(void *)usage->names.data + i;
}

const struct kist_usage_name *kist_usage_name(const struct kist_usage *usage, size_t i)
{
	return name_at(usage, i);
}

/* Following all names. */
struct using
{
	struct kist_reach reach;
	struct kist_owners owners;
	struct kist_usage *usage;
	bool (*is_chosen)(void *ctx, const char *name, size_t len);
	void *ctx;
};

static void using_done(struct using *using)
{
	kist_owners_done(&using->owners);
}

/* Bytes of the record, 0 when there is none; and whether it has a base. */
static kist_status size_of(struct kist_flow *flow, const struct kist_digest *id, uint32_t *ret,
			   bool *ret_has_base, struct kist_error *err)
{
	struct kist_error why = KIST_ERROR_INIT;
	struct kist_location where;
	const kist_status status = kist_registry_find_chunk(flow->registry, id, &where, &why);

	*ret = status == KIST_OK ? where.stored_len : 0;
	*ret_has_base = status == KIST_OK && where.has_base;
	if (status != KIST_OK && status != KIST_NOT_FOUND)
		return kist_fail_as(err, status, &why);
	return KIST_OK;
}

static kist_status use_chunk(void *ctx, const struct kist_digest *id, struct kist_error *err)
{
	struct using *using = ctx;
	const uint32_t owner = (uint32_t)kist_usage_count(using->usage);
	struct kist_usage_name *name = name_at(using->usage, owner - 1);
	struct kist_owned *chunk;
	bool has_base = false;
	bool again;

	KIST_TRY(kist_owners_add(&using->owners, id, owner, &chunk, &again, err));
	if (again)
		return KIST_OK;
	if (chunk->size == 0)
		KIST_TRY(size_of(using->reach.flow, id, &chunk->size, &has_base, err));
	using->usage->bases += has_base;
	using->usage->missing += chunk->size == 0;
	chunk->chosen = chunk->chosen || name->chosen;
	chunk->others = chunk->others || !name->chosen;
	name->stored += chunk->size;
	name->chunks++;
	return KIST_OK;
}

static uint64_t object_size(const struct kist_artifact *artifact)
{
	uint64_t size = 0;

	if (!kist_json_get_u64(artifact->record, "tree_bytes", &size))
		(void)kist_json_get_u64(artifact->record, "size", &size);
	return size;
}

static kist_status use_ref(void *ctx, const struct kist_ref *ref, const struct kist_artifact *artifact,
			   struct kist_error *err)
{
	struct using *using = ctx;
	struct kist_usage_name name = { .name = kist_strndup(ref->name, ref->name_len),
					.name_len = ref->name_len,
					.size = object_size(artifact),
					.chosen = using->is_chosen &&
						  using->is_chosen(using->ctx, ref->name, ref->name_len) };
	/* The artifact of the page goes away with the next question. */
	const struct kist_digest id = ref->artifact;
	kist_status status;

	if (!name.name)
		return kist_fail_memory(err, ref->name_len + 1);
	if (kist_usage_count(using->usage) >= KIST_OWNER_MANY - 1)
		status = kist_fail(err, KIST_LIMIT, "more than %u names", KIST_OWNER_MANY - 1);
	else
		status = kist_buf_append(&using->usage->names, &name, sizeof(name), err);
	if (status != KIST_OK) {
		kist_free(name.name);
		return status;
	}
	kist_flow_progress(using->reach.flow, kist_usage_count(using->usage), 0);
	return kist_reach_artifact(&using->reach, &id, err);
}

static void sum_up(struct using *using)
{
	struct kist_usage *usage = using->usage;

	for (size_t i = 0; i < using->owners.capacity; i++) {
		const struct kist_owned *chunk = &using->owners.slots[i];

		if (chunk->last == 0 || chunk->size == 0)
			continue;
		usage->stored += chunk->size;
		usage->chunks++;
		if (chunk->owner != KIST_OWNER_MANY)
			name_at(usage, chunk->owner - 1)->own += chunk->size;
		if (chunk->chosen && !chunk->others)
			usage->together += chunk->size;
	}
}

kist_status kist_usage_all(struct kist_flow *flow, bool (*is_chosen)(void *ctx, const char *name, size_t len),
			   void *ctx, struct kist_usage *ret, struct kist_error *err)
{
	__attribute__((cleanup(using_done))) struct using using = {
		.reach = { .flow = flow, .each = use_chunk },
		.owners = KIST_OWNERS_INIT,
		.usage = ret,
		.is_chosen = is_chosen,
		.ctx = ctx,
	};

	using.reach.ctx = &using;
	KIST_TRY(kist_registry_each_ref(flow->registry, "", 0, use_ref, &using, err));
	sum_up(&using);
	ret->missing += using.reach.missing;
	return KIST_OK;
}

uint64_t kist_usage_dead(const struct kist_usage *usage, const struct kist_registry_stats *stats)
{
	const uint64_t frame = KIST_PACK_HEAD_SIZE + KIST_PACK_FOOT_SIZE + KIST_PACK_INDEX_SIZE(0);
	const uint64_t alive = usage->stored + usage->chunks * KIST_PACK_ENTRY_SIZE +
			       usage->bases * KIST_PACK_BASE_SIZE + stats->packs * frame;

	return stats->pack_bytes > alive ? stats->pack_bytes - alive : 0;
}

/* Asking who leads to some chunks. */
struct asking {
	struct kist_reach reach;
	const struct kist_idset *wanted;
	kist_status (*each)(void *ctx, const struct kist_holder *holder, struct kist_error *err);
	void *ctx;
	struct kist_idset seen; /* of the name that is being followed */
	struct kist_buf path;
	uint64_t stored;
};

static void asking_done(struct asking *asking)
{
	kist_idset_done(&asking->seen);
	kist_buf_done(&asking->path);
}

static kist_status ask_chunk(void *ctx, const struct kist_digest *id, struct kist_error *err)
{
	struct asking *asking = ctx;
	uint32_t size;
	bool has_base;

	if (!kist_idset_has(asking->wanted, id) || kist_idset_has(&asking->seen, id))
		return KIST_OK;
	if (asking->seen.count == 0)
		KIST_TRY(kist_buf_append(&asking->path, asking->reach.path.data, asking->reach.path.size,
					 err));
	KIST_TRY(size_of(asking->reach.flow, id, &size, &has_base, err));
	asking->stored += size;
	return kist_idset_add(&asking->seen, id, err);
}

static kist_status ask_ref(void *ctx, const struct kist_ref *ref, const struct kist_artifact *artifact,
			   struct kist_error *err)
{
	struct asking *asking = ctx;
	const struct kist_digest id = ref->artifact;
	struct kist_holder holder = { .name = ref->name, .name_len = ref->name_len };

	(void)artifact;
	kist_idset_done(&asking->seen);
	asking->path.size = 0;
	asking->stored = 0;
	KIST_TRY(kist_reach_artifact(&asking->reach, &id, err));
	if (asking->seen.count == 0)
		return KIST_OK;
	holder.path = kist_buf_view(&asking->path);
	holder.stored = asking->stored;
	return asking->each(asking->ctx, &holder, err);
}

kist_status kist_usage_why(struct kist_flow *flow, const struct kist_idset *wanted,
			   kist_status (*each)(void *ctx, const struct kist_holder *holder,
					       struct kist_error *err),
			   void *ctx, uint64_t *ret_missing, struct kist_error *err)
{
	__attribute__((cleanup(asking_done))) struct asking asking = {
		.reach = { .flow = flow, .each = ask_chunk },
		.wanted = wanted,
		.each = each,
		.ctx = ctx,
		.seen = KIST_IDSET_INIT,
		.path = KIST_BUF_INIT((size_t)64 << 10),
	};

	asking.reach.ctx = &asking;
	KIST_TRY(kist_registry_each_ref(flow->registry, "", 0, ask_ref, &asking, err));
	*ret_missing = asking.reach.missing;
	return KIST_OK;
}

static kist_status want(void *ctx, const struct kist_digest *chunk, struct kist_error *err)
{
	return kist_idset_add(ctx, chunk, err);
}

static kist_status want_place(void *ctx, const struct kist_digest *chunk, const struct kist_location *where,
			      struct kist_error *err)
{
	(void)where;
	return kist_idset_add(ctx, chunk, err);
}

kist_status kist_usage_wanted(struct kist_flow *flow, const struct kist_digest *id, struct kist_idset *wanted,
			      const char **ret_what, struct kist_error *err)
{
	kist_auto_artifact struct kist_artifact artifact = KIST_ARTIFACT_INIT;
	struct kist_reach reach = { .flow = flow, .each = want, .ctx = wanted };
	struct kist_pack_use use;
	struct kist_location where;

	*ret_what = "artifact";
	if (kist_registry_get_artifact(flow->registry, id, &artifact, NULL) == KIST_OK)
		return kist_reach_artifact(&reach, id, err);
	*ret_what = "chunk";
	if (kist_registry_find_chunk(flow->registry, id, &where, NULL) == KIST_OK)
		return kist_idset_add(wanted, id, err);
	*ret_what = "pack";
	KIST_TRY(kist_registry_pack_use(flow->registry, id, &use, err));
	return kist_store_read_index(flow->store, id, want_place, wanted, err);
}
