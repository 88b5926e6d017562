/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_SUPPORT_PLUGTEST_H
#define TESTS_SUPPORT_PLUGTEST_H

#include <stdbool.h>

#include "kist/plugin.h"

/*
 * A host in a test's own process: the host's side of the ABI over memory.  For unit tests of plugins and
 * for fuzz targets; the plugin's sources are linked straight into the program.
 */

#define PLUGTEST_PARTS_MAX 256

/** A call that keeps the first failure and frees its arena in plugtest_call_done(). */
struct plugtest_call {
	struct kist_call call;
	struct kist_error error;
	unsigned long polls;
	unsigned long cancel_at; /* poll() gives KIST_CANCELLED from this call on; 0 never */
	void *arena;
};
void plugtest_call_init(struct plugtest_call *call);
void plugtest_call_done(struct plugtest_call *call);

/** A source over borrowed bytes.  @step_max > 0 makes read_at give at most that many bytes at a time. */
struct plugtest_source {
	struct kist_source source;
	const uint8_t *data;
	size_t step_max;
	unsigned long fail_at; /* the k-th read_at or map fails with KIST_IO; 0 never */
	unsigned long calls;
};
void plugtest_source_init(struct plugtest_source *source, const void *data, size_t size);

/** A sink that keeps all bytes, and the parts with their offsets. */
struct plugtest_part {
	char name[256];
	uint64_t offset;
	uint64_t len;
	uint32_t flags;
	DLDataType dtype;
	int32_t ndim;
	int64_t shape[KIST_RANK_MAX];
};
struct plugtest_sink {
	struct kist_sink sink;
	uint8_t *data;
	size_t size;
	size_t capacity;
	struct plugtest_part *parts;
	size_t part_count;
	bool in_part;
	unsigned long fail_at; /* the k-th begin, write or end fails with KIST_IO; 0 never */
	unsigned long calls;
};
void plugtest_sink_init(struct plugtest_sink *sink);
void plugtest_sink_done(struct plugtest_sink *sink);

/** A layout that keeps parts as a sink does, and refuses wrong order, overlap and parts past @size. */
struct plugtest_layout {
	struct kist_layout layout;
	uint64_t size;
	uint64_t end;
	struct plugtest_part *parts;
	size_t part_count;
};
void plugtest_layout_init(struct plugtest_layout *layout, uint64_t size);
void plugtest_layout_done(struct plugtest_layout *layout);

/** A report that counts, and keeps the first issue. */
struct plugtest_report {
	struct kist_report report;
	unsigned long errors;
	unsigned long warnings;
	char code[KIST_CODE_SIZE];
	char text[KIST_ERROR_TEXT_SIZE];
	uint64_t offset;
};
void plugtest_report_init(struct plugtest_report *report);

/** The linked plugin's type @name, through its entry; NULL when it has none.  Aborts when the entry fails. */
const struct kist_type_decl *plugtest_type(const char *name);

/** Parameters from "name=bool:1", "name=string:x", "name=integer:5" ...; ended by NULL.  Static storage, one at a time. */
const struct kist_params *plugtest_params(const char *first, ...) __attribute__((sentinel));

#endif
