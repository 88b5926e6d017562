/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KIST_KIT_TRIAL_H
#define KIST_KIT_TRIAL_H

#include "kit/checks.h"
#include "kit/subject.h"
#include "worker/worker.h"

/*
 * 'kist plugin test': starts each check of kit/checks.h in a process of its own, kist-kit, ends it when it takes too long,
 * and makes of how it ended and what it said one result.
 *
 *     {"check": "round-trip", "of": "org.example.mask", "status": "passed", "seconds": 0.02, "badge": "silver",
 *      "findings": [...], "skipped": "", "output": ""}
 *
 * Thread: [main]
 */

/* Descriptors of kist-kit. */
#define KIST_TRIAL_RESULT   3
#define KIST_TRIAL_NOTEBOOK 4
/** Set in its environment when a sanitizer's runtime is put before it. */
#define KIST_TRIAL_ASAN "KIST_KIT_ASAN"

/** struct kist_trial_options - How. */
struct kist_trial_options {
	const char *program; /* path of kist-kit */
	const struct kist_worker_options *worker;
	const char *runtime; /* a sanitizer's library to be loaded first; NULL: none */
	const char *only;    /* a check's id; NULL: all */
	uint64_t seed;
	uint64_t check_ms_max;
	bool keeps_corpus; /* inputs that break the plugin go into its folder corpus/ */
	void (*each)(void *ctx, const json_t *result); /* may be NULL */
	void *ctx;
};

/** struct kist_trial - What came of all. */
struct kist_trial {
	json_t *results; /* array */
	size_t passed;
	size_t failed;
	size_t skipped;
	enum kist_kit_badge badge; /* of all checks; none when one was asked for alone, or all were skipped */
};
#define KIST_TRIAL_INIT                                                                                      \
	{                                                                                                    \
		.results = NULL                                                                              \
	}
void kist_trial_done(struct kist_trial *trial);
#define kist_auto_trial __attribute__((cleanup(kist_trial_done)))

/**
 * kist_trial_run() - Runs the checks.
 *
 * Errors: KIST_INVALID (options.only is no check), KIST_UNSUPPORTED (kist-kit is not there), KIST_IO, KIST_NO_MEMORY.  A
 * check that fails is none.
 */
KIST_CHECKED kist_status kist_trial_run(const struct kist_kit_subject *subject,
					const struct kist_trial_options *options, struct kist_trial *ret,
					struct kist_error *err);

/** kist_trial_junit() - The results as JUnit's XML.  Errors: KIST_NO_MEMORY, KIST_LIMIT. */
KIST_CHECKED kist_status kist_trial_junit(const struct kist_kit_subject *subject,
					  const struct kist_trial *trial, struct kist_buf *ret,
					  struct kist_error *err);

/**
 * kist_trial_in_worker() - The check "worker": the bytes in a real worker, with its sandbox.  trial_worker.c.
 *
 * @wanted:  SHA-256, in hex, of what is written outside of a worker of what is read of @bytes there.
 * @ret_why: Why it differs; "" when it does not.
 */
void kist_trial_in_worker(const struct kist_kit_subject *subject, const struct kist_worker_options *options,
			  size_t type, struct kist_view bytes, const char *wanted, char ret_why[static 512]);

/** struct kist_trial_end - How a process ended: trial_process.c. */
struct kist_trial_end {
	struct kist_buf result; /* what it said on KIST_TRIAL_RESULT */
	struct kist_buf output; /* the beginning of what it, or the plugin, wrote */
	int status;		/* of waitid(): exit status or signal */
	bool is_signal;
	bool is_late;
	double seconds;
};

/** kist_trial_process() - Runs kist-kit with these arguments until it ends.  The buffers of @ret are born before. */
KIST_CHECKED kist_status kist_trial_process(const struct kist_trial_options *options,
					    const char *const *arguments, int notebook_fd,
					    struct kist_trial_end *ret, struct kist_error *err);

#endif
