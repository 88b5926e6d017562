/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KIST_AGENT_REPORT_H
#define KIST_AGENT_REPORT_H

#include "agent/files.h"
#include "agent/run.h"

/*
 * What a run folder says, counted up.
 *
 * A line that cannot be read, as the last one of an agent that was killed, is counted, and the others are read.
 *
 * Limits: KIST_REPORT_LINE_MAX a line; KIST_REPORT_FAILURES_MAX failures are told, all are counted.
 * Thread: one report, one thread at a time.
 */

#define KIST_REPORT_LINE_MAX	 ((size_t)1 << 20)
#define KIST_REPORT_FAILURES_MAX ((size_t)100)

/** struct kist_report - What was counted. */
struct kist_report {
	json_t *facts;	      /* run.json */
	json_t *kinds;	      /* "tensor" -> how many files that was kept of were one */
	json_t *failures;     /* the first of them, as events.jsonl has them */
	json_t *signals;      /* numbers, in the order in which they came */
	uint64_t files;	      /* that were kept, each once */
	uint64_t times;	      /* that one was kept */
	uint64_t bytes;	      /* of all these times */
	uint64_t failed;      /* failures */
	uint64_t elsewhere;   /* artifacts that the program told of alone */
	uint64_t damaged;     /* lines that cannot be read */
	uint64_t output_size; /* bytes that the program has printed */
	bool is_alive;	      /* its agent is at work */
	struct kist_files names;
};

#define KIST_REPORT_INIT                                                                                     \
	{                                                                                                    \
		.facts = NULL                                                                                \
	}
#define kist_auto_report __attribute__((cleanup(kist_report_done)))
void kist_report_done(struct kist_report *report);

/**
 * kist_report_read() - Reads the folder of @run, of kist_run_open().
 *
 * @ret: KIST_REPORT_INIT; kist_report_done() it, also after an error.
 *
 * Errors: as kist_run_read(); KIST_LIMIT, KIST_NO_MEMORY, KIST_IO.
 */
KIST_CHECKED kist_status kist_report_read(const struct kist_run *run, struct kist_report *ret,
					  struct kist_error *err);

#endif
