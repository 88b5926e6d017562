/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KIST_KIT_BENCH_H
#define KIST_KIT_BENCH_H

#include "kit/findings.h"
#include "kit/notebook.h"
#include "kit/objects.h"
#include "kit/stage.h"
#include "plugin/loader.h"

/*
 * The plugin under test in this process, and the calls on one of its types.  Each call is made as the host makes it, and
 * what the contract says of every call is asked of it: statuses of status.h, failures with words, objects that are
 * empty after one, structs that are not written behind their end.
 *
 * Thread: one bench, one thread, but for bench.loaded, which is constant.
 */

/** Bytes that a sink takes. */
#define KIST_BENCH_SIZE_MAX ((size_t)256 << 20)
/** Arguments of a type. */
#define KIST_BENCH_PARAMS_MAX 64

/** struct kist_bench_params - The arguments of a call, from JSON. */
struct kist_bench_params {
	struct kist_params params;
	json_t *json;
	char *text; /* canonical */
	const struct kist_param *pointers[KIST_BENCH_PARAMS_MAX];
	struct kist_param list[KIST_BENCH_PARAMS_MAX];
};

/** struct kist_bench - All that a check needs. */
struct kist_bench {
	const char *check;  /* its id */
	const char *folder; /* of the manifest */
	uint64_t seed;
	const struct kist_manifest *manifest;
	struct kist_loaded loaded;
	size_t index; /* of the type or task */
	const struct kist_manifest_type *declared;
	const struct kist_loaded_type *type;
	const struct kist_manifest_task *task;
	struct kist_bench_params writing; /* the defaults */
	struct kist_bench_params reading;
	struct kist_notebook *notebook;
	struct kist_kit_findings *findings;
	const char *skipped;		   /* why there was nothing to check, or NULL */
	char digest[KIST_DIGEST_HEX_SIZE]; /* of what was made, to be compared with another run's; or "" */
};

/** kist_bench_fail() - Adds an error of this check. */
void kist_bench_fail(struct kist_bench *bench, const char *format, ...) KIST_PRINTF(2, 3);
/** kist_bench_failed() - Whether there was enough of them. */
bool kist_bench_failed(const struct kist_bench *bench);

/** kist_bench_params() - Makes arguments of a schema; @json: what is given, or NULL.  kist_bench_params_done() it. */
KIST_CHECKED kist_status kist_bench_params(const struct kist_schema *schema, const json_t *json,
					   struct kist_bench_params *ret, struct kist_error *err);
void kist_bench_params_done(struct kist_bench_params *params);

/** struct kist_bench_run - One call with an instance of its own: how, and what came of it. */
struct kist_bench_run {
	struct kist_stage stage;
	const struct kist_params *params; /* NULL: the defaults */
	size_t step_max;		  /* of the source */
	kist_status status;
	unsigned long errors; /* that validate reported */
	char why[256];	      /* the words of a failure */
};

/** kist_bench_start() - Prepares one; kist_bench_end() it.  Then set what is special about it. */
KIST_CHECKED kist_status kist_bench_start(struct kist_bench_run *run, enum kist_stage_age age);
/** kist_bench_end() - Says as findings how the contract was broken, if it was. */
void kist_bench_end(struct kist_bench *bench, struct kist_bench_run *run);
#define KIST_BENCH_RUN_INIT                                                                                  \
	{                                                                                                    \
		.status = KIST_OK                                                                            \
	}

/**
 * kist_bench_write() - open, serialize, close.  The object stays the caller's.
 *
 * @ret: What was written is appended to it.
 *
 * Returns run->status.
 */
kist_status kist_bench_write(struct kist_bench *bench, struct kist_bench_run *run,
			     const struct kist_object *object, struct kist_buf *ret);

/**
 * kist_bench_read() - open, deserialize, close, all of the object, release.
 *
 * @ret_digest: Of what it means.  May be NULL.
 * @each:       What to do with the object in between; may be NULL.
 */
kist_status kist_bench_read(struct kist_bench *bench, struct kist_bench_run *run, struct kist_view bytes,
			    struct kist_digest *ret_digest,
			    void (*each)(void *ctx, struct kist_object *object, struct kist_call *call),
			    void *ctx);

/** kist_bench_validate() - open, validate, close. */
kist_status kist_bench_validate(struct kist_bench *bench, struct kist_bench_run *run, struct kist_view bytes);

/** kist_bench_layout() - open, layout, close; KIST_OK when there is no layout. */
kist_status kist_bench_layout(struct kist_bench *bench, struct kist_bench_run *run, struct kist_view bytes);

/** kist_bench_describe() - open, describe, close; KIST_OK when there is no describe. @ret: the JSON, unchecked. */
kist_status kist_bench_describe(struct kist_bench *bench, struct kist_bench_run *run, struct kist_view bytes,
				struct kist_buf *ret);

/** kist_bench_probe() - KIST_OK and 0 when there is no probe. */
kist_status kist_bench_probe(struct kist_bench *bench, struct kist_view bytes, int32_t *ret_score);

/**
 * kist_bench_each_object() - Calls @each for every object that the kit makes of the kinds the type claims, with the bytes
 * that the plugin writes for it; objects that it says it cannot write are passed over.
 *
 * Returns how many there were.
 */
size_t kist_bench_each_object(struct kist_bench *bench,
			      void (*each)(struct kist_bench *bench, const char *name, struct kist_view bytes,
					   void *ctx),
			      void *ctx);

/** kist_bench_each_file() - Calls @each for every file of the plugin's folder @name; returns how many there were. */
size_t kist_bench_each_file(struct kist_bench *bench, const char *name,
			    void (*each)(struct kist_bench *bench, const char *name, struct kist_view bytes,
					 void *ctx),
			    void *ctx);

/** kist_bench_each() - Both: made objects, and the files of "samples". */
size_t kist_bench_each(struct kist_bench *bench,
		       void (*each)(struct kist_bench *bench, const char *name, struct kist_view bytes,
				    void *ctx),
		       void *ctx);

/** kist_bench_in_use() - Bytes that the process has allocated. */
uint64_t kist_bench_in_use(void);

/**
 * kist_bench_lost() - Calls @again a few times, and gives the bytes that the last one lost.
 *
 * 0 as soon as one loses nothing: what is kept once for good does not come again.
 */
uint64_t kist_bench_lost(void (*again)(void *ctx), void *ctx);

#endif
