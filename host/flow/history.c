/* SPDX-License-Identifier: Apache-2.0 */
#include "flow/history.h"

#include <string.h>

#include "base/json_text.h"
#include "base/num.h"
#include "flow/previous.h"
#include "store/log.h"

/* A name, and what is known of it so far. */
struct history {
	const char *name;
	size_t len;
	struct kist_digest now;
	struct kist_digest before;
	bool found;
	bool ended; /* it was removed: what went before is another story */
};

static kist_status fail_none(const struct history *history, struct kist_error *err)
{
	return kist_fail(err, KIST_NOT_FOUND, "'%.*s' has meant nothing else before",
			 (int)kist_min_u64(history->len, 200), history->name);
}

/* Of several changes in one commit the last one counts. */
static kist_status look_at(struct history *history, const struct kist_commit *commit, struct kist_error *err)
{
	struct kist_json_walk refs = kist_json_walk(commit->lists[KIST_COMMIT_REFS]);
	struct kist_json_item item;

	while (kist_json_next(&refs, &item)) {
		struct kist_ref_change change;

		KIST_TRY(kist_ref_change_read(item.value, &change, err));
		if (change.name_len != history->len || memcmp(change.name, history->name, history->len) != 0)
			continue;
		history->ended = change.event == KIST_REF_RM;
		history->found = !history->ended && !kist_digest_equal(&change.artifact, &history->now);
		history->before = change.artifact;
	}
	return KIST_OK;
}

static kist_status walk_back(struct kist_flow *flow, struct history *history, uint64_t number,
			     struct kist_error *err)
{
	const uint64_t last = number > KIST_HISTORY_COMMITS_MAX ? number - KIST_HISTORY_COMMITS_MAX : 0;
	kist_auto_commit struct kist_commit commit = KIST_COMMIT_INIT;
	struct kist_digest expected = { { 0 } };

	for (bool is_first = true; number > last && !history->found && !history->ended; number--) {
		KIST_TRY(kist_flow_check_stop(flow, err));
		KIST_TRY(kist_lost_is_damage(kist_log_read(flow->store, number, &commit, err), err));
		if (!is_first && !kist_digest_equal(&commit.digest, &expected))
			return kist_fail(err, KIST_CORRUPT,
					 "commit %llu is not the one that is followed by the next",
					 (unsigned long long)number);
		expected = commit.previous;
		is_first = false;
		KIST_TRY(look_at(history, &commit, err));
	}
	return history->found ? KIST_OK : fail_none(history, err);
}

/* The longest name that @text is, or begins with before a '/'. */
static kist_status find_name(struct kist_flow *flow, const char *text, size_t len, struct history *ret,
			     struct kist_error *err)
{
	for (size_t end = len; end > 0; end--) {
		kist_status status;

		if (end < len && text[end] != '/')
			continue;
		status = kist_registry_find_ref(flow->registry, text, end, &ret->now, NULL);
		if (status == KIST_NOT_FOUND)
			continue;
		ret->name = text;
		ret->len = end;
		return status == KIST_OK ? KIST_OK
					 : kist_registry_find_ref(flow->registry, text, end, &ret->now, err);
	}
	return kist_fail(err, KIST_NOT_FOUND,
			 "'%.*s' is no name: only a name has meant something else before",
			 (int)kist_min_u64(len, 200), text);
}

/* The file at @path in the folder @tree. */
static kist_status find_file(struct kist_flow *flow, const struct kist_digest *tree, struct kist_view path,
			     struct kist_digest *ret, struct kist_error *err)
{
	struct kist_previous_tree files = KIST_PREVIOUS_TREE_INIT;
	const struct kist_digest *found = NULL;
	kist_status status = kist_previous_tree_open(flow, tree, &files, err);

	if (status == KIST_OK)
		found = kist_previous_tree_find(&files, path);
	if (found)
		*ret = *found;
	kist_previous_tree_done(&files);
	if (status != KIST_OK || found)
		return status;
	return kist_fail(err, KIST_NOT_FOUND, "what it meant before has no file '%.*s'",
			 (int)kist_min_u64(path.size, 200), (const char *)path.data);
}

kist_status kist_history_previous(struct kist_flow *flow, const char *text, size_t len,
				  struct kist_artifact *ret, struct kist_error *err)
{
	struct history history = { .found = false };
	struct kist_error why = KIST_ERROR_INIT;
	struct kist_digest id;
	uint64_t number;
	kist_status status;

	KIST_TRY(find_name(flow, text, len, &history, err));
	KIST_TRY(kist_registry_name_commit(flow->registry, text, history.len, &number, err));
	KIST_TRY(walk_back(flow, &history, number, err));
	id = history.before;
	if (history.len < len)
		KIST_TRY(find_file(flow, &history.before,
				   kist_view_of(text + history.len + 1, len - history.len - 1), &id, err));
	status = kist_registry_get_artifact(flow->registry, &id, ret, &why);
	if (status == KIST_NOT_FOUND)
		return kist_fail(err, status, "what '%.*s' meant before is not kept any more",
				 (int)kist_min_u64(history.len, 200), text);
	return status == KIST_OK ? KIST_OK : kist_fail_as(err, status, &why);
}
