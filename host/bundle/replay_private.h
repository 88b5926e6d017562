/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KIST_BUNDLE_REPLAY_PRIVATE_H
#define KIST_BUNDLE_REPLAY_PRIVATE_H

#include "bundle/replay.h"
#include "workflow/folder.h"
#include "workflow/run.h"

/*
 * A replay, in parts: replay.c (the order of all), replay_source.c (what ran), replay_plugins.c (what it needs),
 * replay_compare.c (what came of it).
 */

struct kist_replaying {
	struct kist_flow *flow;
	const struct kist_replay_options *options;
	struct kist_job *job;
	const struct kist_catalog *catalog;
	struct kist_offer *offer;
	struct kist_entrypoint *entrypoint;
	struct kist_buf text;
	struct kist_run_folder folder;
	char files[PATH_MAX]; /* where the files beside the entrypoint are */
	json_t *inputs;	      /* {"<name>": "<id>"} */
	json_t *plugins;      /* of struct kist_replay */
	bool lacks_plugin;
	json_t *made; /* {"artifact <name>": "<sha256>", "output <name>": ...} */
	bool no_memory;
	struct kist_run_result result;
	struct kist_error why; /* what the run failed with */
};

/** kist_replay_read_source() - The entrypoint's text, and the files beside it, in a folder of their own. */
KIST_CHECKED kist_status kist_replay_read_source(struct kist_replaying *replaying, struct kist_error *err);

/** kist_replay_look_at_plugins() - Which plugins made what the job made, and which of them are here. */
KIST_CHECKED kist_status kist_replay_look_at_plugins(struct kist_replaying *replaying,
						     struct kist_error *err);

/** kist_replay_lacks() - Whether the plugin @id is missing here. */
bool kist_replay_lacks(const struct kist_replaying *replaying, const char *id);

/** kist_replay_compare() - Compares what was made with what was recorded. */
KIST_CHECKED kist_status kist_replay_compare(struct kist_replaying *replaying, struct kist_replay *ret,
					     struct kist_error *err);

#endif
