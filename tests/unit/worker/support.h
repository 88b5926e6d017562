/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_UNIT_WORKER_SUPPORT_H
#define TESTS_UNIT_WORKER_SUPPORT_H

#include "worker/worker.h"

/*
 * A worker with the plugin of fault_plugin.c, through a manifest and a catalog entry made by hand.
 */

struct faulty {
	struct kist_worker *worker;
	struct kist_worker_plugin *plugin;
	unsigned long logs;
	unsigned long progress;
	char log_text[256];
};

/** Options with the worker of this build, deadlines of a minute and a grace of 100 ms. */
struct kist_worker_options faulty_options(struct faulty *faulty);

/** The entry of the fault plugin of this build.  Static storage. */
const struct kist_catalog_entry *faulty_entry(void);

/** Starts a worker; @options NULL for faulty_options().  Ends the test when it cannot. */
void faulty_start(struct faulty *faulty, const struct kist_worker_options *options);

/** The same, with the plugin loaded. */
void faulty_load(struct faulty *faulty, const struct kist_worker_options *options);

/** The type test.fault (0) or test.plain (1), without arguments. */
struct kist_serializer_ref faulty_ref(const struct faulty *faulty, size_t type_index);

/** struct bytes_input - An input over borrowed bytes that the host reads, or over a file. */
struct bytes_input {
	struct kist_input input;
	const uint8_t *data;
	size_t size;
	unsigned long reads;
	unsigned long fail_at; /* the k-th read fails with KIST_DENIED; 0 never */
	int fd;
};
void bytes_input_host(struct bytes_input *bytes, const void *data, size_t size);
void bytes_input_file(struct bytes_input *bytes, const void *data, size_t size);
void bytes_input_done(struct bytes_input *bytes);

/** Open descriptors of this process. */
int count_fds(void);

#endif
