/* SPDX-License-Identifier: Apache-2.0 */
#include "care/verify.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/le.h"
#include "base/num.h"
#include "base/time.h"
#include "care/verify_private.h"
#include "registry/checkpoint.h"
#include "store/checkpoints.h"

/* Commits are looked at by so many. */
#define LOG_STRETCH 4096
/* What one of them costs to read, about; and of a pack the head, index and footer. */
#define COMMIT_SIZE 512
#define ENDS_SIZE   ((uint64_t)128 << 10)
/* What was done is written down that often, so that a check that is ended does not begin anew. */
#define SAVE_EVERY_NS ((uint64_t)30 * 1000000000)

enum item_kind { ITEM_LOG, ITEM_CHECKPOINTS, ITEM_PACK, ITEM_ARTIFACT };

/* One thing that is to be checked. */
struct kist_verify_item {
	struct kist_digest id; /* of a stretch of the log: its number */
	uint64_t size;
	uint32_t time; /* when it was last checked */
	uint8_t kind;
};

static void verifying_done(struct kist_verifying *verifying)
{
	kist_pack_checker_free(verifying->checker);
	kist_checked_done(&verifying->checked);
	kist_buf_done(&verifying->items);
	kist_idset_done(&verifying->bad_chunks);
	kist_idset_done(&verifying->bad_packs);
	kist_hurt_done(&verifying->hurt);
}

void kist_verify_report(struct kist_verifying *verifying, const struct kist_damage *damage)
{
	if (damage->is_healed)
		verifying->done.healed++;
	else
		verifying->done.damages++;
	if (verifying->options->each)
		verifying->options->each(verifying->options->ctx, damage);
}

static kist_status add_item(struct kist_verifying *verifying, enum item_kind kind,
			    const struct kist_digest *id, uint64_t size, struct kist_error *err)
{
	const struct kist_verify_item item = {
		.id = *id,
		.size = size,
		.time = kist_checked_time(&verifying->checked, id, verifying->options->level),
		.kind = (uint8_t)kind,
	};

	return kist_buf_append(&verifying->items, &item, sizeof(item), err);
}

static kist_status add_pack(void *ctx, const struct kist_digest *id, uint64_t size, struct kist_error *err)
{
	struct kist_verifying *verifying = ctx;

	return add_item(verifying, ITEM_PACK, id, size, err);
}

static kist_status add_artifact(void *ctx, const struct kist_artifact *artifact, struct kist_error *err)
{
	struct kist_verifying *verifying = ctx;
	const bool is_read = verifying->options->level == KIST_VERIFY_DEEP ||
			     (verifying->options->level == KIST_VERIFY_FULL &&
			      json_object_get(artifact->record, "recipe") != NULL);

	return add_item(verifying, ITEM_ARTIFACT, &artifact->id, is_read ? artifact->size : 0, err);
}

/* No digest begins with eight bytes like these by chance. */
static struct kist_digest log_id(uint64_t number)
{
	struct kist_digest id;

	memset(&id, 0xff, sizeof(id));
	kist_le_write64(id.bytes, number);
	return id;
}

static kist_status add_log(struct kist_verifying *verifying, struct kist_error *err)
{
	struct kist_digest digest;
	uint64_t head;

	kist_registry_head(verifying->flow->registry, &head, &digest);
	for (uint64_t first = 1; first <= head; first += LOG_STRETCH) {
		const struct kist_digest id = log_id(first);

		KIST_TRY(add_item(verifying, ITEM_LOG, &id,
				  COMMIT_SIZE * kist_min_u64(LOG_STRETCH, head - first + 1), err));
	}
	return KIST_OK;
}

/* All at once, since the log is folded for them once; it costs to read it. */
static kist_status add_checkpoints(struct kist_verifying *verifying, struct kist_error *err)
{
	kist_auto_buf struct kist_buf numbers = KIST_BUF_INIT(SIZE_MAX / 2);
	const struct kist_digest id = log_id(0);
	struct kist_digest digest;
	uint64_t head;

	KIST_TRY(kist_checkpoints_list(verifying->flow->store, &numbers, err));
	if (numbers.size == 0)
		return KIST_OK;
	kist_registry_head(verifying->flow->registry, &head, &digest);
	return add_item(verifying, ITEM_CHECKPOINTS, &id, COMMIT_SIZE * head, err);
}

static int compare_kinds(const struct kist_verify_item *left, const struct kist_verify_item *right)
{
	return left->kind != right->kind ? left->kind - right->kind
					 : memcmp(&left->id, &right->id, sizeof(left->id));
}

/* Of all things: what the others lean on first. */
static int compare_all(const void *a, const void *b)
{
	return compare_kinds(a, b);
}

/* Of some: what was not looked at for longest. */
static int compare_times(const void *a, const void *b)
{
	const struct kist_verify_item *left = a;
	const struct kist_verify_item *right = b;

	return left->time != right->time ? (left->time < right->time ? -1 : 1) : compare_kinds(left, right);
}

static kist_status gather(struct kist_verifying *verifying, struct kist_verify_item **ret, size_t *ret_count,
			  struct kist_error *err)
{
	const struct kist_verify_options *options = verifying->options;
	struct kist_registry *const registry = verifying->flow->registry;
	const bool some = options->size_max > 0 || options->ms_max > 0;

	KIST_TRY(add_log(verifying, err));
	KIST_TRY(add_checkpoints(verifying, err));
	KIST_TRY(kist_registry_each_pack(registry, add_pack, verifying, err));
	KIST_TRY(kist_registry_each_artifact(registry, add_artifact, verifying, err));
	*ret = (void *)verifying->items.data;
	*ret_count = verifying->items.size / sizeof(**ret);
	if (*ret_count > 0)
		qsort(*ret, *ret_count, sizeof(**ret), some ? compare_times : compare_all);
	return KIST_OK;
}

static uint64_t cost_of(const struct kist_verifying *verifying, const struct kist_verify_item *item)
{
	if (item->kind == ITEM_PACK && verifying->options->level == KIST_VERIFY_QUICK)
		return kist_min_u64(item->size, ENDS_SIZE);
	return item->size;
}

static kist_status check_item(struct kist_verifying *verifying, const struct kist_verify_item *item,
			      struct kist_error *err)
{
	const uint64_t before = verifying->done.damages;
	struct kist_digest digest;
	uint64_t first;
	uint64_t head;

	if (item->kind == ITEM_LOG) {
		first = kist_le_read64(item->id.bytes);
		kist_registry_head(verifying->flow->registry, &head, &digest);
		KIST_TRY(kist_verify_log(verifying, first, kist_min_u64(head, first + LOG_STRETCH - 1), err));
	} else if (item->kind == ITEM_CHECKPOINTS) {
		KIST_TRY(kist_verify_checkpoints(verifying, err));
	} else if (item->kind == ITEM_PACK) {
		verifying->done.bytes += cost_of(verifying, item);
		KIST_TRY(kist_verify_pack(verifying, &item->id, item->size, err));
	} else {
		KIST_TRY(kist_verify_one(verifying, &item->id, err));
	}
	/* What is damaged is looked at first the next time. */
	if (verifying->done.damages > before)
		return KIST_OK;
	return kist_checked_set(&verifying->checked, &item->id, verifying->options->level,
				(uint32_t)(kist_wall_ns() / 1000000000), err);
}

/* What cannot be written down costs time alone. */
static void save_times(const struct kist_verifying *verifying)
{
	const char *folder = kist_registry_folder(verifying->flow->registry);
	struct kist_error why = KIST_ERROR_INIT;

	if (folder && kist_checked_save(&verifying->checked, folder, &why) != KIST_OK)
		return;
}

static bool is_spent(const struct kist_verify_options *options, uint64_t cost, uint64_t start_ns)
{
	return (options->size_max > 0 && cost >= options->size_max) ||
	       (options->ms_max > 0 && (kist_now_ns() - start_ns) / 1000000 >= options->ms_max);
}

static kist_status check_items(struct kist_verifying *verifying, const struct kist_verify_item *items,
			       size_t count, struct kist_error *err)
{
	const uint64_t start_ns = kist_now_ns();
	uint64_t saved_ns = start_ns;
	uint64_t total = 0;
	uint64_t cost = 0;
	size_t i;

	for (i = 0; i < count; i++)
		total += cost_of(verifying, &items[i]);
	/* One thing at least, so that any budget comes to an end some time. */
	for (i = 0; i < count && (i == 0 || !is_spent(verifying->options, cost, start_ns)); i++) {
		KIST_TRY(check_item(verifying, &items[i], err));
		cost += cost_of(verifying, &items[i]);
		kist_flow_progress(verifying->flow, cost, total);
		if (kist_now_ns() - saved_ns > SAVE_EVERY_NS) {
			save_times(verifying);
			saved_ns = kist_now_ns();
		}
	}
	verifying->done.left = count - i;
	verifying->done.left_since = i < count ? items[i].time : 0;
	return KIST_OK;
}

/* What is checked is what the log says.  A log that is damaged is told of with all the rest. */
static kist_status prove_index(struct kist_registry *registry, struct kist_error *err)
{
	struct kist_error why = KIST_ERROR_INIT;
	const kist_status status = kist_registry_prove(registry, &why);

	return kist_is_damage(status, &why) || status == KIST_OK ? KIST_OK : kist_fail_as(err, status, &why);
}

static kist_status verify_all(struct kist_verifying *verifying, struct kist_error *err)
{
	const struct kist_flow *flow = verifying->flow;
	const char *folder = kist_registry_folder(flow->registry);
	struct kist_verify_item *items;
	size_t count;

	KIST_TRY(prove_index(flow->registry, err));
	KIST_TRY(kist_pack_checker_new(flow->store, &verifying->checker, err));
	if (folder)
		KIST_TRY(kist_checked_load(&verifying->checked, folder, err));
	KIST_TRY(gather(verifying, &items, &count, err));
	KIST_TRY(check_items(verifying, items, count, err));
	/* Names and what else is hurt cost a walk over all artifacts: with a budget only when there is cause.
	 */
	if (verifying->done.left == 0 || verifying->done.damages > 0)
		KIST_TRY(kist_verify_hurt(verifying, err));
	if (verifying->done.left == 0 && verifying->options->each_stray)
		KIST_TRY(kist_verify_strays(verifying, err));
	return KIST_OK;
}

kist_status kist_verify_store(struct kist_flow *flow, const struct kist_verify_options *options,
			      struct kist_verified *ret, struct kist_error *err)
{
	__attribute__((cleanup(verifying_done))) struct kist_verifying verifying = {
		.flow = flow,
		.options = options,
		.checked = KIST_CHECKED_INIT,
		.items = KIST_BUF_INIT(SIZE_MAX / 2),
		.bad_chunks = KIST_IDSET_INIT,
		.bad_packs = KIST_IDSET_INIT,
		.hurt = KIST_HURT_INIT(flow),
	};
	kist_status status;

	kist_verify_start_hurt(&verifying);
	status = verify_all(&verifying, err);
	save_times(&verifying);
	KIST_TRY(status);
	*ret = verifying.done;
	if (verifying.done.damages > 0)
		return kist_fail(err, KIST_CORRUPT, "%" PRIu64 " damage%s found", verifying.done.damages,
				 kist_plural(verifying.done.damages));
	return KIST_OK;
}
