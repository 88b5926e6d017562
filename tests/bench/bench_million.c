/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "base/mem.h"
#include "base/num.h"
#include "base/time.h"
#include "registry/checkpoint.h"

/*
 * Stores of many artifacts, and what it costs to open them.
 *
 *     bench_million make STORE ARTIFACTS COMMITS     a store of so many small tensors, named runs/<3>/<7
 * digits> bench_million open STORE CACHE                 opens it, making or taking the index in the folder
 * CACHE
 *
 *     bench_million checkpoint STORE                  makes a checkpoint of its newest commit, when one is due
 *
 * "open" prints a line: wall clock in ms, CPU time (user and system) in ms, peak memory in KiB, names.
 */

#define RECORDS_MAX	1024
#define RECORD_SIZE	((size_t)1024)
#define NAME_SIZE	((size_t)64)
#define MTIME_NS	UINT64_C(1790000000000000000)
#define VALUES_MAX	8
#define VALUE_TEXT_SIZE (8 * VALUES_MAX + 1)

static void need(kist_status status, const struct kist_error *why)
{
	if (status != KIST_OK) {
		(void)fprintf(stderr, "bench_million: %s\n", why->text);
		exit(1);
	}
}

static void name_of(uint64_t number, char ret[static NAME_SIZE])
{
	snprintf(ret, NAME_SIZE, "runs/%03u/%07u", (unsigned)(number / 1000 % 1000), (unsigned)number);
}

/* What "kist put" writes of an array of a few numbers. */
static struct kist_view write_record(uint64_t number, char ret[static RECORD_SIZE])
{
	const unsigned count = 1 + (unsigned)(number % VALUES_MAX);
	char values[VALUE_TEXT_SIZE];
	char hex[KIST_DIGEST_HEX_SIZE];
	struct kist_digest content;
	int len;

	for (unsigned i = 0; i < count; i++)
		snprintf(values + (size_t)8 * i, 9, "%08x", (unsigned)(number * VALUES_MAX + i));
	content = kist_digest_of(kist_view_of(values, (size_t)8 * count));
	kist_digest_hex(&content, hex);
	len = snprintf(
		ret, RECORD_SIZE,
		"{\"encoding\":\"kist.npy@1.0\",\"file\":{\"mode\":420,\"mtime_ns\":%" PRIu64
		",\"name\":\"%07u.npy\"},\"info\":{\"dtype\":\"float32\",\"order\":\"C\",\"shape\":[%u]},"
		"\"inline\":\"%s\",\"kind\":\"tensor\",\"plugin\":{\"id\":\"kist.numpy\","
		"\"sha256\":\"9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08\","
		"\"version\":\"1.0.0\"},\"record\":1,\"sha256\":\"%s\",\"size\":%u,\"summary\":\"float32 "
		"[%u]\"}",
		MTIME_NS + number, (unsigned)number, count, values, hex, 4 * count, count);
	return kist_view_of(ret, (size_t)len);
}

static void add_ref(json_t *refs, uint64_t number, const struct kist_digest *artifact)
{
	char hex[KIST_DIGEST_HEX_SIZE];
	char name[NAME_SIZE];
	json_t *ref;

	name_of(number, name);
	kist_digest_hex(artifact, hex);
	ref = json_pack("{s:s,s:s,s:s}", "event", "put", "name", name, "artifact", hex);
	if (!ref || json_array_append_new(refs, ref) != 0)
		exit(1);
}

static void put_records(struct kist_writer *writer, json_t *refs, uint64_t first, size_t count)
{
	static char texts[RECORDS_MAX][RECORD_SIZE];
	static struct kist_piece pieces[RECORDS_MAX];
	static struct kist_digest ids[RECORDS_MAX];
	struct kist_error why = KIST_ERROR_INIT;

	for (size_t i = 0; i < count; i++)
		pieces[i] = (struct kist_piece){ .bytes = write_record(first + i, texts[i]),
						 .hint = { .kind = KIST_FILTER_BYTES } };
	need(kist_writer_put(writer, KIST_CHUNK_RECORD, pieces, count, ids, NULL, &why), &why);
	for (size_t i = 0; i < count; i++)
		add_ref(refs, first + i, &ids[i]);
}

static void commit_some(struct kist_store *store, uint64_t number, struct kist_digest *head, uint64_t first,
			uint64_t count)
{
	kist_auto_json json_t *commit = json_object();
	kist_auto_writer struct kist_writer *writer = NULL;
	struct kist_error why = KIST_ERROR_INIT;
	json_t *refs = json_array();
	json_t *packs;

	need(kist_writer_open(store, NULL, &writer, &why), &why);
	for (uint64_t done = 0; done < count; done += RECORDS_MAX)
		put_records(writer, refs, first + done, (size_t)kist_min_u64(count - done, RECORDS_MAX));
	need(kist_writer_finish(writer, &packs, &why), &why);
	if (json_object_set_new(commit, "packs", packs) != 0 ||
	    json_object_set_new(commit, "refs", refs) != 0)
		exit(1);
	need(kist_log_append(store, number, head, commit, head, &why), &why);
}

static void make(const char *place, uint64_t artifacts, uint64_t commits)
{
	kist_auto_store struct kist_store *store = NULL;
	struct kist_error why = KIST_ERROR_INIT;
	struct kist_digest head = { { 0 } };

	need(kist_store_create(place, &why), &why);
	need(kist_store_open(place, &store, &why), &why);
	for (uint64_t n = 0; n < commits; n++) {
		const uint64_t first = artifacts * n / commits;

		commit_some(store, n + 1, &head, first, artifacts * (n + 1) / commits - first);
	}
}

static double ms_of(struct timeval t)
{
	return (double)t.tv_sec * 1e3 + (double)t.tv_usec / 1e3;
}

static void open_once(const char *place, const char *cache)
{
	kist_auto_registry struct kist_registry *registry = NULL;
	kist_auto_store struct kist_store *store = NULL;
	struct kist_registry_stats stats = { .refs = 0 };
	struct kist_error why = KIST_ERROR_INIT;
	struct rusage usage;
	const uint64_t since = kist_now_ns();
	double took;

	need(kist_store_open(place, &store, &why), &why);
	need(kist_registry_open(store, cache, &registry, &why), &why);
	took = (double)(kist_now_ns() - since) / 1e6;
	(void)getrusage(RUSAGE_SELF, &usage);
	need(kist_registry_get_stats(registry, &stats, &why), &why);
	printf("%.1f %.1f %ld %" PRIu64 "\n", took, ms_of(usage.ru_utime) + ms_of(usage.ru_stime),
	       usage.ru_maxrss, stats.refs);
}

static void make_checkpoint(const char *place)
{
	kist_auto_registry struct kist_registry *registry = NULL;
	kist_auto_store struct kist_store *store = NULL;
	struct kist_error why = KIST_ERROR_INIT;
	uint64_t since;

	need(kist_store_open(place, &store, &why), &why);
	need(kist_registry_open(store, NULL, &registry, &why), &why);
	need(kist_registry_prove(registry, &why), &why);
	since = kist_now_ns();
	need(kist_registry_make_checkpoint(registry, &why), &why);
	printf("%.1f\n", (double)(kist_now_ns() - since) / 1e6);
}

int main(int argc, char **argv)
{
	if (argc == 5 && strcmp(argv[1], "make") == 0) {
		make(argv[2], strtoull(argv[3], NULL, 10), strtoull(argv[4], NULL, 10));
		return 0;
	}
	if (argc == 4 && strcmp(argv[1], "open") == 0) {
		open_once(argv[2], argv[3]);
		return 0;
	}
	if (argc == 3 && strcmp(argv[1], "checkpoint") == 0) {
		make_checkpoint(argv[2]);
		return 0;
	}
	(void)fprintf(
		stderr,
		"usage: bench_million make STORE ARTIFACTS COMMITS | open STORE CACHE | checkpoint STORE\n");
	return 2;
}
