/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KIST_FLOW_FLOW_H
#define KIST_FLOW_FLOW_H

#include <stdatomic.h>

#include "registry/registry.h"
#include "route/routes.h"
#include "worker/worker.h"

/*
 * What a command works with: a store, its registry, the catalog of plugins, and one worker that is started
 * when the first plugin is needed.
 *
 * Thread: one flow, one thread at a time.
 */

/** Plugins that one run can use. */
#define KIST_FLOW_PLUGINS_MAX 32

struct kist_flow {
	struct kist_store *store;
	struct kist_registry *registry;
	struct kist_catalog *catalog;
	struct kist_worker *worker; /* NULL until a plugin is needed */
	bool worker_used;	    /* sealed: no further plugin can be loaded in it */
	size_t loaded_count;
	const struct kist_catalog_entry *loaded[KIST_FLOW_PLUGINS_MAX]; /* in the worker */
	struct kist_worker_options worker_options;
	struct kist_catalog_options catalog_options;
	struct kist_routes routes; /* NULL members until they are needed */
	json_t *routes_new;	/* {"<lock key>": "<plugin id>"}: to be recorded by the commit; may be NULL */
	bool was_refused;	/* a plugin refused bytes that could be kept opaque */
	struct kist_error note; /* what was passed over without harm, for people; or KIST_OK */
	bool note_is_loud;	/* it tells of bytes that are kept by a lesser kind than they might be */
	struct kist_chunk_reader chunk_reader;
	uint64_t collected; /* the newest commit that took anything away, when the flow was opened */
	uint64_t opened_at; /* the newest commit there was then */
	bool committed;	    /* something, since */
	const char *cache_dir;
	const char *temp_dir;
	/* How far the work on the current object is, in bytes; may be NULL. */
	void (*progress)(void *ctx, uint64_t done, uint64_t total);
	void *progress_ctx;
	/* Set, possibly by a signal: what is under way gives up.  May be NULL. */
	const atomic_bool *stop;
};

/** struct kist_flow_options - All Borrowed for the flow's life. */
struct kist_flow_options {
	const char *store_uri;
	const char *cache_dir; /* NULL: nothing is cached */
	const char *temp_dir;  /* for nameless files; NULL: /tmp */
	struct kist_catalog_options catalog;
	struct kist_worker_options worker;
	void (*progress)(void *ctx, uint64_t done, uint64_t total);
	void *progress_ctx;
};

/** kist_flow_open() - Opens the store and folds its log.  kist_flow_close() it. */
KIST_CHECKED kist_status kist_flow_open(const struct kist_flow_options *options, struct kist_flow **ret,
					struct kist_error *err);
/** kist_flow_done() - The same for a flow in place: also one that was never opened and has no store. */
void kist_flow_done(struct kist_flow *flow);
/** kist_flow_close() - Ends the worker, closes the rest.  Accepts NULL. */
void kist_flow_close(struct kist_flow *flow);

static inline void kist_flow_close_(struct kist_flow **slot)
{
	kist_flow_close(*slot);
}
#define kist_auto_flow __attribute__((cleanup(kist_flow_close_)))

/** kist_flow_catalog() - Reads the plugin folders, once.  Borrowed. */
KIST_CHECKED kist_status kist_flow_catalog(struct kist_flow *flow, const struct kist_catalog **ret,
					   struct kist_error *err);

/**
 * kist_flow_routes() - The locks of routes (route/routes.h), read once.  Borrowed.
 *
 * A file that cannot be read, or that somebody else can write, is passed over with a note: there are no locks
 * then. So are the user's locks in a process with more rights than its user.
 *
 * Errors: KIST_CORRUPT, KIST_INCOMPATIBLE, KIST_LIMIT (what the file holds); KIST_NO_MEMORY.
 */
KIST_CHECKED kist_status kist_flow_routes(struct kist_flow *flow, const struct kist_routes **ret,
					  struct kist_error *err);

/** kist_flow_use_route() - Remembers that @key led to plugin @id; "" for none.  Nothing is written yet. */
KIST_CHECKED kist_status kist_flow_use_route(struct kist_flow *flow, const char *key, const char *id,
					     struct kist_error *err);

/**
 * kist_flow_record_routes() - Writes down what was remembered.  Failing costs the lock alone: it leaves a
 * note.
 */
void kist_flow_record_routes(struct kist_flow *flow);

/**
 * kist_flow_make_checkpoint() - Makes a checkpoint when one is due: to be called once all is acknowledged.
 *
 * It is due when this flow has committed and the log has come past a multiple of KIST_CHECKPOINT_COMMITS.  Nothing
 * hangs on it: what goes wrong is passed over.
 */
void kist_flow_make_checkpoint(struct kist_flow *flow);

/** kist_flow_set_note() - Keeps @text for people; the first one wins. */
void kist_flow_set_note(struct kist_flow *flow, const char *text);

/** kist_flow_set_loud_note() - The same for a loss of kind: goes before any other. */
void kist_flow_set_loud_note(struct kist_flow *flow, const char *text);

/**
 * kist_flow_load() - Sees that the plugins of all @targets are in one living worker.
 *
 * A worker that has died, or was sealed without one of them, is replaced; its objects are gone then.
 *
 * Errors: KIST_LIMIT; as kist_worker_start() and kist_worker_load().
 */
KIST_CHECKED kist_status kist_flow_load(struct kist_flow *flow, const struct kist_route_target *targets,
					size_t count, struct kist_error *err);

/**
 * kist_flow_serializer() - A serializer ready for use: kist_flow_load() of @target, and its arguments
 * checked.
 *
 * @for_write: Arguments of serialize; else of deserialize.
 * @params:    Object, or NULL.  Values that are strings are read as the argument's type.
 * @ret_params: What @ret->params borrows; a new reference.
 *
 * Errors: KIST_INVALID E_PARAM; as kist_flow_load().
 */
KIST_CHECKED kist_status kist_flow_serializer(struct kist_flow *flow, const struct kist_route_target *target,
					      bool for_write, const json_t *params,
					      struct kist_serializer_ref *ret, json_t **ret_params,
					      struct kist_error *err);

/** kist_flow_check_stop() - KIST_CANCELLED once somebody asked to stop.  [any-thread] */
KIST_CHECKED static inline kist_status kist_flow_check_stop(const struct kist_flow *flow,
							    struct kist_error *err)
{
	return flow->stop && atomic_load(flow->stop) ? kist_fail(err, KIST_CANCELLED, "stopped") : KIST_OK;
}

/**
 * kist_lost_is_damage() - KIST_CORRUPT for KIST_NOT_FOUND, in @err too, else @status.
 *
 * What kept artifacts lead to and is nowhere is damage of the store; "not found" is left for what people
 * name.
 */
static inline kist_status kist_lost_is_damage(kist_status status, struct kist_error *err)
{
	if (status != KIST_NOT_FOUND)
		return status;
	if (err && err->status == KIST_NOT_FOUND)
		err->status = KIST_CORRUPT;
	return KIST_CORRUPT;
}

/** kist_flow_progress() - Tells whoever watches. */
void kist_flow_progress(const struct kist_flow *flow, uint64_t done, uint64_t total);

#endif
