/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/le.h"
#include "flow/ahead.h"
#include "care/collect.h"
#include "care/repair.h"
#include "flow/save_private.h"
#include "flow/tree.h"
#include "care/verify.h"
#include "registry/checkpoint.h"
#include "registry/collect.h"
#include "registry/internal.h"
#include "store/checkpoints.h"
#include "support/suite.h"
#include "unit/care/sim.h"

/*
 * Writers, collectors, repairers and readers at once on a store that fails in every way (sim.h): nothing that was
 * acknowledged is lost, and nobody sees what was not put.  What the repairers repair they have damaged themselves,
 * where it costs no byte: in the heads of packs.
 *
 * KIST_SEED: this run alone.  KIST_RUNS: so many, from 1 on; KIST_FAULTS=long: 500.
 */

#define RUNS	     12
#define RUNS_LONG    500
#define WRITERS	     3
#define COLLECTORS   2
#define REPAIRERS    2
#define READERS	     2
#define ACTORS	     (WRITERS + COLLECTORS + REPAIRERS + READERS)
#define WRITER_TASKS 14
#define NAMES_EACH   4
#define NAMES	     (WRITERS * NAMES_EACH)
#define FILES	     6
#define CONTENTS     (FILES + 2) /* two are folders */
#define HALF_SIZE    ((size_t)66000)
#define ABSENT	     CONTENTS
#define TRIES_MAX    20
/* Commits after which a checkpoint is made. */
#define CHECKPOINT_COMMITS 5

/* What may stand under a name: a set of contents, one bit each. */
struct wanted {
	unsigned now;
	unsigned ever;
	unsigned changes;
};

static struct wanted names[NAMES];
static unsigned working; /* writers that are not done */

/* Over all runs: that everything happens at all. */
static struct {
	uint64_t put, again, tagged, gone, dropped, lost, read, moved_on, compacted, deleted, forgotten,
		fenced, killed, collected, mended, replaced, differences, checkpoints, spoilt;
} seen;

static uint8_t files[FILES][2 * HALF_SIZE];
static struct kist_digest file_sums[FILES];

/* A chunk for each half of a file. */
static const struct kist_content_part halves[2] = {
	{ .name = 1, .len = HALF_SIZE, .element_size = 4, .kind = KIST_FILTER_INT, .width = 4 },
	{ .name = 2,
	  .offset = HALF_SIZE,
	  .len = HALF_SIZE,
	  .element_size = 4,
	  .kind = KIST_FILTER_INT,
	  .width = 4 },
};
static struct kist_object_chunk chunks[FILES][2];
static struct kist_previous versions[FILES];

/* After a task: a process that was stopped is replaced, and so is one now and then. */
static void maybe_end(struct actor *actor)
{
	if (actor->dead || draw_below(4) == 0)
		sim_end(actor);
}

static kist_status put_bytes(struct kist_save *save, enum kist_chunk_kind kind, struct kist_view bytes,
			     const struct kist_digest *digest, struct kist_digest *ret,
			     struct kist_error *err)
{
	kist_auto_saved struct kist_saved saved = KIST_SAVED_INIT;
	kist_auto_json json_t *record =
		json_pack("{s:s,s:s}", "kind", kind == KIST_CHUNK_TREE ? "tree" : "bytes", "encoding", "e");
	struct kist_content made;

	KIST_TRY(kist_content_start(&save->content, save->writer, kind, bytes.size, halves,
				    kind == KIST_CHUNK_DATA ? 2 : 0, err));
	/* Whatever the name meant before: it may be kept, have been, or never. */
	if (kind == KIST_CHUNK_DATA)
		save->content.previous = &versions[draw_below(FILES)];
	KIST_TRY(kist_content_write(&save->content, bytes, err));
	KIST_TRY(kist_content_finish(&save->content, &made, err));
	KIST_TRY(kist_record_set_content(record, &made, digest ? digest : &made.sha256, err));
	KIST_TRY(kist_save_record(save, record, &saved, err));
	*ret = saved.artifact;
	return KIST_OK;
}

static kist_status put_folder(struct kist_save *save, unsigned first, struct kist_digest *ret,
			      struct kist_error *err)
{
	kist_auto_tree struct kist_tree tree = KIST_TREE_INIT;
	struct kist_digest digest;

	KIST_TRY(kist_tree_start(&tree, err));
	for (unsigned i = first; i < first + 3; i++) {
		struct kist_tree_entry entry = { .kind = KIST_TREE_FILE,
						 .mode = 0644,
						 .size = sizeof(files[i]) };
		const char name = (char)('a' + i);

		entry.path = kist_view_of(&name, 1);
		entry.sha256 = file_sums[i];
		KIST_TRY(put_bytes(save, KIST_CHUNK_DATA, kist_view_of(files[i], sizeof(files[i])), NULL,
				   &entry.artifact, err));
		KIST_TRY(kist_tree_add(&tree, &entry, err));
	}
	digest = kist_tree_finish(&tree);
	return put_bytes(save, KIST_CHUNK_TREE, kist_buf_view(&tree.listing), &digest, ret, err);
}

static void name_of(unsigned no, char ret[static 16])
{
	snprintf(ret, 16, "w%u/%u", no / NAMES_EACH, no % NAMES_EACH);
}

static kist_status put_once(struct actor *actor, unsigned name, unsigned content, struct kist_error *err)
{
	kist_auto_save struct kist_save *save = NULL;
	struct kist_digest artifact;
	char text[16];

	name_of(name, text);
	KIST_TRY(kist_save_open(&actor->flow, &save, err));
	save->content.sizes = (struct kist_cut_sizes){ .typed = KIST_CUT_SIZE_MIN, .cdc = KIST_CUT_SIZE_MIN };
	if (content < FILES)
		KIST_TRY(put_bytes(save, KIST_CHUNK_DATA,
				   kist_view_of(files[content], sizeof(files[content])), NULL, &artifact,
				   err));
	else
		KIST_TRY(put_folder(save, content == FILES ? 0 : 3, &artifact, err));
	KIST_TRY(kist_save_ref(save, text, strlen(text), &artifact, "put", err));
	KIST_TRY(kist_save_commit(save, err));
	seen.differences += kist_save_stats(save).filtered[KIST_FILTER_BASE];
	return KIST_OK;
}

/* A change of a name: begun, then acknowledged, refused, or nobody knows. */
static void change_begins(unsigned name, unsigned contents)
{
	names[name].changes++;
	names[name].now |= contents;
	names[name].ever |= contents;
}

static void change_ends(unsigned name, unsigned before, unsigned contents, kist_status status)
{
	names[name].changes++;
	if (status == KIST_OK)
		names[name].now = contents;
	else if (status != KIST_IO)
		names[name].now = before;
	else
		seen.lost++;
}

static void put(struct actor *actor, unsigned name)
{
	const unsigned content = draw_below(CONTENTS);
	const unsigned before = names[name].now;
	struct kist_error err = KIST_ERROR_INIT;
	kist_status status = KIST_CANCELLED;

	change_begins(name, 1u << content);
	for (int tries = 0; status == KIST_CANCELLED && tries < TRIES_MAX; tries++) {
		kist_error_clear(&err);
		status = put_once(actor, name, content, &err);
		seen.again += status == KIST_CANCELLED;
	}
	ck_assert_msg(status == KIST_OK || status == KIST_CANCELLED ||
			      (status == KIST_IO && (actor->faults || actor->dead)) ||
			      (status == KIST_EXISTS && actor->faults),
		      "seed %" PRIu64 ", step %" PRIu64 ": put: %s", sim.seed, sim.step, err.text);
	seen.put += status == KIST_OK;
	change_ends(name, before, 1u << content, status);
}

static void tag(struct actor *actor, unsigned name)
{
	kist_auto_save struct kist_save *save = NULL;
	const unsigned from = draw_below(NAMES);
	const unsigned before = names[name].now;
	/* What the other name means is read now, and it may change before the commit. */
	const unsigned may_be = names[from].ever;
	struct kist_error err = KIST_ERROR_INIT;
	struct kist_digest artifact;
	kist_status status;
	char text[16];
	char other[16];

	name_of(name, text);
	name_of(from, other);
	status = kist_registry_find_ref(actor->flow.registry, other, strlen(other), &artifact, &err);
	if (status != KIST_OK)
		return;
	/* By then nothing may lead to it any more. */
	if (draw_below(2))
		sim_pause(actor);
	change_begins(name, may_be);
	status = kist_save_open(&actor->flow, &save, &err);
	if (status == KIST_OK)
		status = kist_save_ref(save, text, strlen(text), &artifact, "tag", &err);
	if (status == KIST_OK)
		status = kist_save_commit(save, &err);
	ck_assert_msg(status == KIST_OK || status == KIST_NOT_FOUND ||
			      (status == KIST_IO && (actor->faults || actor->dead)),
		      "seed %" PRIu64 ", step %" PRIu64 ": tag: %s", sim.seed, sim.step, err.text);
	seen.tagged += status == KIST_OK;
	seen.gone += status == KIST_NOT_FOUND;
	change_ends(name, before, may_be, status);
}

static void drop(struct actor *actor, unsigned name)
{
	kist_auto_save struct kist_save *save = NULL;
	const unsigned before = names[name].now;
	struct kist_error err = KIST_ERROR_INIT;
	kist_status status;
	char text[16];

	name_of(name, text);
	change_begins(name, 1u << ABSENT);
	status = kist_save_open(&actor->flow, &save, &err);
	if (status == KIST_OK)
		status = kist_save_ref(save, text, strlen(text), NULL, "rm", &err);
	if (status == KIST_OK)
		status = kist_save_commit(save, &err);
	must(status == KIST_OK || (status == KIST_IO && (actor->faults || actor->dead)));
	seen.dropped += status == KIST_OK;
	change_ends(name, before, 1u << ABSENT, status);
}

/* As who commits does, at times, and a collector at its end. */
static void make_checkpoint(struct actor *actor)
{
	struct kist_error err = KIST_ERROR_INIT;
	char key[KIST_CHECKPOINT_KEY_SIZE];
	struct kist_digest digest;
	kist_status status;
	uint64_t number;
	uint64_t size;

	if (draw_below(2))
		return;
	actor->flow.registry->checkpoint_commits = CHECKPOINT_COMMITS;
	status = kist_registry_make_checkpoint(actor->flow.registry, &err);
	ck_assert_msg(status == KIST_OK || (status == KIST_IO && (actor->faults || actor->dead)),
		      "seed %" PRIu64 ", step %" PRIu64 ": checkpoint: %s", sim.seed, sim.step, err.text);
	kist_registry_head(actor->flow.registry, &number, &digest);
	kist_checkpoint_key(number, key);
	seen.checkpoints += kist_backend_head(sim.real, key, &size, NULL) == KIST_OK;
}

static void write_something(struct actor *actor)
{
	const unsigned name = actor->no * NAMES_EACH + draw_below(NAMES_EACH);
	const unsigned lot = draw_below(10);

	if (lot < 5)
		put(actor, name);
	else if (lot < 7)
		tag(actor, name);
	else
		drop(actor, name);
}

/* Which content it is, by its digest and all of its bytes; or what is wrong. */
static kist_status read_artifact(struct kist_flow *flow, const struct kist_digest *id, unsigned *ret,
				 struct kist_error *err)
{
	kist_auto_artifact struct kist_artifact artifact = KIST_ARTIFACT_INIT;
	kist_auto_buf struct kist_buf bytes = KIST_BUF_INIT(4 * HALF_SIZE);
	const char *kind;

	KIST_TRY(kist_registry_get_artifact(flow->registry, id, &artifact, err));
	kind = kist_json_get_text(artifact.record, "kind");
	if (strcmp(kind, "tree") == 0) {
		KIST_TRY(kist_load_listing(flow, artifact.record, &bytes, err));
		/* The first path tells which of the two it is. */
		*ret = bytes.data[16 + 88] == 'a' ? FILES : FILES + 1;
		return kist_verify_artifact(flow, &artifact, err);
	}
	KIST_TRY(kist_load_bytes(flow, artifact.record, &bytes, err));
	for (*ret = 0; *ret < FILES; ++*ret) {
		if (bytes.size == sizeof(files[*ret]) && memcmp(bytes.data, files[*ret], bytes.size) == 0)
			return KIST_OK;
	}
	must(*ret < FILES); /* nobody put these bytes */
	return KIST_INTERNAL;
}

static kist_status read_name(struct kist_flow *flow, unsigned name, unsigned *ret, struct kist_error *err)
{
	struct kist_digest artifact;
	char text[16];

	name_of(name, text);
	KIST_TRY(kist_registry_fold(flow->registry, err));
	KIST_TRY(kist_registry_find_ref(flow->registry, text, strlen(text), &artifact, err));
	return read_artifact(flow, &artifact, ret, err);
}

static void read_something(struct actor *actor)
{
	const unsigned name = draw_below(NAMES);
	const struct wanted before = names[name];
	struct kist_error err = KIST_ERROR_INIT;
	unsigned content = ABSENT;
	const kist_status status = read_name(&actor->flow, name, &content, &err);
	const bool stayed = names[name].changes == before.changes;

	if (status == KIST_IO && (actor->faults || actor->dead))
		return;
	ck_assert_msg(status == KIST_OK || status == KIST_NOT_FOUND,
		      "seed %" PRIu64 ", step %" PRIu64 ": read: %s", sim.seed, sim.step, err.text);
	if (status == KIST_OK)
		must(names[name].ever & 1u << content);
	else
		must(!stayed || before.now == 0 || before.now & 1u << ABSENT);
	if (stayed && status == KIST_OK)
		must(before.now & 1u << content);
	seen.read += status == KIST_OK;
	seen.moved_on += !stayed;
}

static void collect_something(struct actor *actor)
{
	static const uint64_t graces[] = { 0, 300, 100000 };
	const struct kist_collect_options how = { .all = draw_below(2),
						  .grace_seconds = graces[draw_below(3)] };
	struct kist_error err = KIST_ERROR_INIT;
	struct kist_collected done;
	const kist_status status = kist_collect(&actor->flow, &how, &done, &err);

	ck_assert_msg(
		status == KIST_OK || status == KIST_CANCELLED ||
			((status == KIST_IO || status == KIST_EXISTS) && (actor->faults || actor->dead)),
		"seed %" PRIu64 ", step %" PRIu64 ": collect: %s", sim.seed, sim.step, err.text);
	if (status != KIST_OK)
		return;
	seen.collected++;
	seen.compacted += done.packs_compacted;
	seen.deleted += done.packs_deleted;
	seen.forgotten += done.artifacts;
}

/* Spoils the head of a live pack, so that it can be mended in its place, or not. */
static void damage_something(struct actor *actor)
{
	kist_auto_buf struct kist_buf packs = KIST_BUF_INIT(SIZE_MAX / 2);
	kist_auto_buf struct kist_buf bytes = KIST_BUF_INIT((size_t)1 << 20);
	const size_t wrong = draw_below(2) ? 1 : 12;
	const struct kist_pack_row *rows;
	char hex[KIST_DIGEST_HEX_SIZE];
	char key[KIST_KEY_SIZE_MAX];
	size_t count;

	must(kist_registry_packs(actor->flow.registry, &packs, NULL) == KIST_OK);
	rows = (const void *)packs.data;
	count = packs.size / sizeof(*rows);
	if (count == 0)
		return;
	kist_digest_hex(&rows[draw_below((unsigned)count)].id, hex);
	snprintf(key, sizeof(key), "packs/%.2s/%s.pack", hex, hex);
	if (kist_backend_get(sim.real, key, 0, bytes.size_max, &bytes, NULL) != KIST_OK)
		return;
	for (size_t i = 0; i < wrong; i++)
		bytes.data[40 + i] ^= 0xa5;
	must(kist_backend_replace(sim.real, key, kist_buf_view(&bytes), NULL) == KIST_OK);
}

static void repair_something(struct actor *actor)
{
	const struct kist_repair_options how = { .dry_run = draw_below(8) == 0 };
	struct kist_error err = KIST_ERROR_INIT;
	struct kist_repaired done;
	kist_status status;

	if (draw_below(3) == 0)
		damage_something(actor);
	if (draw_below(3) == 0)
		seen.spoilt += sim_spoil_checkpoint();
	status = kist_repair_store(&actor->flow, &how, &done, &err);
	/* What the disk does not give now may look lost: then nothing is taken away. */
	ck_assert_msg(status == KIST_OK ||
			      ((status == KIST_IO || status == KIST_EXISTS || status == KIST_CORRUPT) &&
			       (actor->faults || actor->dead)),
		      "seed %" PRIu64 ", step %" PRIu64 ": repair: %s", sim.seed, sim.step, err.text);
	if (how.dry_run)
		return;
	seen.mended += done.packs_mended;
	seen.replaced += done.packs_replaced;
}

static void live(struct actor *actor)
{
	for (int task = 0; actor->no < WRITERS ? task < WRITER_TASKS : working > 0; task++) {
		if (sim_begin(actor)) {
			if (actor->no < WRITERS)
				write_something(actor);
			else if (actor->no < WRITERS + COLLECTORS)
				collect_something(actor);
			else if (actor->no < WRITERS + COLLECTORS + REPAIRERS)
				repair_something(actor);
			else
				read_something(actor);
			if (actor->no < WRITERS + COLLECTORS)
				make_checkpoint(actor);
		}
		maybe_end(actor);
	}
	working -= actor->no < WRITERS;
}

/* Afterwards, with nothing failing any more: from an index that is made anew. */
static void check_all(struct kist_flow *flow)
{
	const struct kist_verify_options full = { .level = KIST_VERIFY_FULL };
	struct kist_error err = KIST_ERROR_INIT;
	struct kist_verified verified;

	for (unsigned name = 0; name < NAMES; name++) {
		unsigned content = ABSENT;
		struct kist_error why = KIST_ERROR_INIT;
		const kist_status status = read_name(flow, name, &content, &why);

		ck_assert_msg(status == KIST_OK || (status == KIST_NOT_FOUND &&
						    (names[name].now == 0 || names[name].now & 1u << ABSENT)),
			      "seed %" PRIu64 ": name %u: %s", sim.seed, name, why.text);
		if (status == KIST_OK)
			must(names[name].now & 1u << content);
	}
	ck_assert_msg(kist_verify_store(flow, &full, &verified, &err) == KIST_OK, "seed %" PRIu64 ": %s",
		      sim.seed, err.text);
}

static void check_end(void)
{
	const struct kist_repair_options repair = { .dry_run = false };
	const struct kist_collect_options all = { .all = true };
	struct kist_flow flow = { .store = NULL };
	struct kist_error err = KIST_ERROR_INIT;
	struct kist_save *save = NULL;
	struct kist_repaired repaired;
	struct kist_collected done;

	must(kist_store_open(SIM_URI, &flow.store, NULL) == KIST_OK);
	ck_assert_msg(kist_registry_open(flow.store, NULL, &flow.registry, &err) == KIST_OK,
		      "seed %" PRIu64 ": %s", sim.seed, err.text);
	ck_assert_msg(kist_repair_store(&flow, &repair, &repaired, &err) == KIST_OK, "seed %" PRIu64 ": %s",
		      sim.seed, err.text);
	check_all(&flow);
	must(kist_collect(&flow, &all, &done, NULL) == KIST_OK);
	must(kist_collect(&flow, &all, &done, NULL) == KIST_OK);
	must(done.packs_deleted == 0 && done.artifacts == 0 && done.packs_unnamed == 0 &&
	     done.bytes_dead == 0);
	check_all(&flow);
	/* And nothing is left when nothing has a name. */
	must(kist_save_open(&flow, &save, NULL) == KIST_OK);
	for (unsigned name = 0; name < NAMES; name++) {
		char text[16];

		name_of(name, text);
		must(kist_save_ref(save, text, strlen(text), NULL, "rm", NULL) == KIST_OK);
	}
	must(kist_save_commit(save, NULL) == KIST_OK);
	kist_save_close(save);
	must(kist_collect(&flow, &all, &done, NULL) == KIST_OK);
	must(done.bytes_kept == 0 && done.packs_unnamed == 0 && done.packs_damaged == 0);
	kist_registry_close(flow.registry);
	kist_store_close(flow.store);
	kist_chunk_reader_done(&flow.chunk_reader);
}

static void simulate(uint64_t seed)
{
	sim_open(seed);
	working = WRITERS;
	for (unsigned i = 0; i < NAMES; i++)
		names[i] = (struct wanted){ .now = 1u << ABSENT, .ever = 1u << ABSENT };
	sim_run(ACTORS, live);
	seen.killed += sim.killed;
	check_end();
	sim_close();
}

static void fill_half(uint8_t *half, uint32_t seed, uint32_t version)
{
	for (uint32_t k = 0; k < HALF_SIZE / 4; k++) {
		seed = seed * 1664525u + 1013904223u;
		kist_le_write32(half + 4 * k, seed + version * (k % 3));
	}
}

static void make_files(void)
{
	/* Halves are shared between files, so that what dies with one lives on in another; and all first halves
	 * differ little from each other, as do all second ones. */
	for (unsigned i = 0; i < FILES; i++) {
		fill_half(files[i], 1, i / 2);
		fill_half(files[i] + HALF_SIZE, 2, i % 3);
		file_sums[i] = kist_digest_of(kist_view_of(files[i], sizeof(files[i])));
		for (size_t half = 0; half < 2; half++)
			chunks[i][half] = (struct kist_object_chunk){
				.id = kist_digest_of(kist_view_of(files[i] + half * HALF_SIZE, HALF_SIZE)),
				.len = HALF_SIZE,
				.offset = half * HALF_SIZE
			};
		versions[i].chunks =
			(struct kist_buf){ .data = (uint8_t *)chunks[i], .size = sizeof(chunks[i]) };
		versions[i].parts =
			(struct kist_buf){ .data = (uint8_t *)(uintptr_t)halves, .size = sizeof(halves) };
	}
}

START_TEST(nothing_acknowledged_is_lost_whatever_the_order_and_the_faults)
{
	const char *seed = getenv("KIST_SEED");
	const char *count = getenv("KIST_RUNS");
	const char *faults = getenv("KIST_FAULTS");
	const uint64_t usual = faults && strcmp(faults, "long") == 0 ? RUNS_LONG : RUNS;
	const uint64_t runs = count ? strtoull(count, NULL, 10) : usual;

	make_files();
	if (seed) {
		simulate(strtoull(seed, NULL, 10));
		printf("%" PRIu64 " steps\n", sim.step);
		return;
	}
	for (uint64_t i = 1; i <= runs; i++)
		simulate(i);
	printf("%" PRIu64 " put, %" PRIu64 " of them again, %" PRIu64 " tagged, %" PRIu64
	       " could not, %" PRIu64 " dropped, %" PRIu64 " lost replies, %" PRIu64 " read, %" PRIu64
	       " changed meanwhile\n",
	       seen.put, seen.again, seen.tagged, seen.gone, seen.dropped, seen.lost, seen.read,
	       seen.moved_on);
	printf("%" PRIu64 " chunks kept as differences\n", seen.differences);
	printf("%" PRIu64 " collections: %" PRIu64 " packs deleted, %" PRIu64 " compacted, %" PRIu64
	       " artifacts forgotten; %" PRIu64 " processes killed\n",
	       seen.collected, seen.deleted, seen.compacted, seen.forgotten, seen.killed);
	printf("FIGURE\tsimulated runs of %d processes on a backend that fails\t%" PRIu64 "\t\n", ACTORS,
	       runs);
	printf("FIGURE\tsimulated: acknowledged commits, lost or wrong\t0 of %" PRIu64 "\t0\n",
	       seen.put + seen.tagged + seen.dropped);
	printf("%" PRIu64 " checkpoints made, %" PRIu64 " spoilt\n", seen.checkpoints, seen.spoilt);
	printf("repairs: %" PRIu64 " packs mended, %" PRIu64 " replaced\n", seen.mended, seen.replaced);
	/* One run in fifteen comes upon a name whose artifact is gone. */
	ck_assert(seen.differences > 0 && (seen.gone > 0 || runs < RUNS_LONG));
	ck_assert(seen.again > 0 && seen.moved_on > 0 && seen.compacted > 0 && seen.lost > 0 &&
		  seen.killed > 0 && seen.mended > 0 && seen.replaced > 0 && seen.checkpoints > 0 &&
		  seen.spoilt > 0);
}
END_TEST

static uint64_t steps_of(uint64_t seed)
{
	simulate(seed);
	return sim.step ^ sim.random;
}

START_TEST(the_same_seed_gives_the_same_run)
{
	make_files();
	ck_assert_uint_eq(steps_of(3), steps_of(3));
	ck_assert_uint_ne(steps_of(3), steps_of(5));
}
END_TEST

int main(void)
{
	TCase *tests = tcase_create("collect");

	tcase_set_timeout(tests, 3600);
	tcase_add_test(tests, nothing_acknowledged_is_lost_whatever_the_order_and_the_faults);
	tcase_add_test(tests, the_same_seed_gives_the_same_run);
	return suite_run(tests, "collect");
}
