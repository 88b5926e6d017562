/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "kist/object.h"
#include "route/route.h"
#include "support/suite.h"

/* Catalogs made of tables: no file is read here. */
struct plugin {
	struct kist_manifest manifest;
	struct kist_manifest_type types[2];
	struct kist_catalog_entry entry;
};

static const char *const text_csv[] = { "text/csv" };
static const char *const ext_dat[] = { "dat" };
static const char *const ext_npy[] = { "npy" };
static const char *const ext_gz[] = { "gz" };
static const char *const ext_tar_gz[] = { "tar.gz" };
static const struct kist_magic magic_short = { .offset = 0, .len = 4, .bytes = "\x93NUM" };
static const struct kist_magic magic_long = { .offset = 0, .len = 6, .bytes = "\x93NUMPY" };

#define TYPE(type_, task_, priority_, ...)                                                     \
	{ .type = (type_), .task = (task_), .major = 1, .priority = (priority_), __VA_ARGS__ }
#define TENSOR .kinds = KIST_KIND_BIT(KIST_KIND_TENSOR)
#define TABLE  .kinds = KIST_KIND_BIT(KIST_KIND_TABLE)
#define EXT(e) .extension_count = 1, .extensions = (e)
#define PLUGIN(id_, tier_, count_, ...)                                                                         \
	{ .manifest = { .id = (id_), .version = "1.0.0", .type_count = (count_) }, .types = { __VA_ARGS__ },    \
	  .entry = { .path = "/p/" id_, .tier = (tier_) } }

static struct plugin plugins[] = {
	PLUGIN("kist.numpy", KIST_TIER_SYSTEM, 1,
	       TYPE("kist.npy", "NumpyArrayArtifactTask", 100, TENSOR, EXT(ext_npy), .magic_count = 1,
		    .magics = &magic_long, .minor_max = 2)),
	PLUGIN("org.short.magic", KIST_TIER_SYSTEM, 1,
	       TYPE("org.short.num", "ShortTask", 100, TENSOR, .magic_count = 1, .magics = &magic_short)),
	PLUGIN("kist.csv", KIST_TIER_SYSTEM, 1,
	       TYPE("kist.csv", "CsvTableArtifactTask", 100, TABLE, EXT(ext_dat), .media_type_count = 1,
		    .media_types = text_csv)),
	PLUGIN("org.user.npy", KIST_TIER_USER, 2, TYPE("kist.npy", "UserNpyTask", 79, TENSOR, EXT(ext_npy), .minor_max = 5),
	       TYPE("org.user.gz", "GzTask", 10, EXT(ext_gz))),
	PLUGIN("org.low.npy", KIST_TIER_SYSTEM, 1, TYPE("org.low.npy", "LowTask", 99, TENSOR, EXT(ext_npy))),
	PLUGIN("org.tar", KIST_TIER_USER, 1, TYPE("org.tar.gz", "TarTask", 10, EXT(ext_tar_gz))),
	PLUGIN("org.twin.a", KIST_TIER_USER, 1, TYPE("org.twin.one", "TwinTask", 10, EXT(ext_tar_gz))),
	PLUGIN("org.refused", KIST_TIER_USER, 1, TYPE("org.refused.type", "RefusedTask", 10, .kinds = KIST_KIND_BIT(KIST_KIND_MODEL))),
};
#define PLUGIN_COUNT (sizeof(plugins) / sizeof(plugins[0]))

static struct kist_catalog_entry entries[PLUGIN_COUNT];
static struct kist_catalog catalog;

static const char *line_of(const struct kist_route *route, size_t index)
{
	static char line[KIST_ROUTE_LINE_SIZE];

	kist_route_line(route, index, line);
	return line;
}

/* The same entries, in another order for each @shuffle. */
static void make_catalog(unsigned shuffle)
{
	size_t order[PLUGIN_COUNT];
	unsigned random = shuffle * 2654435761u + 1;

	for (size_t i = 0; i < PLUGIN_COUNT; i++)
		order[i] = i;
	for (size_t i = PLUGIN_COUNT - 1; shuffle > 0 && i > 0; i--) {
		const size_t k = (random = random * 1664525u + 1013904223u) / 65536 % (i + 1);
		const size_t kept = order[i];

		order[i] = order[k];
		order[k] = kept;
	}
	for (size_t i = 0; i < PLUGIN_COUNT; i++) {
		struct plugin *plugin = &plugins[order[i]];

		plugin->manifest.types = plugin->types;
		entries[i] = plugin->entry;
		entries[i].manifest = &plugin->manifest;
		entries[i].first_party = strncmp(plugin->manifest.id, "kist.", 5) == 0;
		entries[i].refusal = (struct kist_error)KIST_ERROR_INIT;
		if (strcmp(plugin->manifest.id, "org.refused") == 0)
			(void)kist_fail(&entries[i].refusal, KIST_DENIED, "not trusted");
	}
	catalog = (struct kist_catalog){ .entry_count = PLUGIN_COUNT, .entries = entries };
}

#define NPY_HEAD "\x93NUMPY\x01"

/* Scores of the twins, by task name. */
static kist_status probe(void *ctx, const struct kist_route_target *target, int32_t *ret_score, struct kist_error *err)
{
	const char *task = target->entry->manifest->types[target->type_index].task;

	(void)err;
	*ret_score = ctx && strcmp(task, ctx) == 0 ? 90 : 10;
	return KIST_OK;
}

static const struct {
	const char *task, *type, *media, *file, *head, *lock, *pins, *probed;
	kist_status status;
	const char *id; /* NULL: plain bytes */
	const char *decided; /* or the error's text */
	const char *lock_key;
} rows[] = {
	/* 1 named */
	{ .task = "CsvTableArtifactTask", .head = NPY_HEAD, .id = "kist.csv", .decided = "the name 'CsvTableArtifactTask'" },
	{ .type = "kist.csv", .head = NPY_HEAD, .id = "kist.csv", .decided = "the name 'kist.csv'" },
	{ .type = "kist.csv@1", .id = "kist.csv", .decided = "the name 'kist.csv@1'" },
	{ .type = "kist.csv@1.0", .id = "kist.csv", .decided = "the name 'kist.csv@1.0'" },
	{ .task = "org.user.npy/UserNpyTask", .id = "org.user.npy", .decided = "the name 'org.user.npy/UserNpyTask'" },
	{ .type = "kist.npy", .id = "kist.numpy", .decided = "the name 'kist.npy'" },
	{ .type = "kist.csv@2", .file = "x.npy", .status = KIST_NOT_FOUND,
	  .decided = "no type 'kist.csv@2': did you mean 'kist.csv'?" },
	{ .task = "NumpyArayArtifactTask", .file = "x.npy", .status = KIST_NOT_FOUND,
	  .decided = "no artifact task 'NumpyArayArtifactTask': did you mean 'NumpyArrayArtifactTask'?" },
	{ .task = "Zzz", .status = KIST_NOT_FOUND, .decided = "no artifact task 'Zzz': 'kist plugin list' shows what there is" },
	{ .task = "CsvTableArtifactTask", .type = "kist.npy", .status = KIST_NOT_FOUND,
	  .decided = "no artifact task 'CsvTableArtifactTask' for the type 'kist.npy': 'kist plugin list' shows what "
		     "there is" },
	{ .task = "RefusedTask", .status = KIST_NOT_FOUND,
	  .decided = "no artifact task 'RefusedTask'; plugin 'org.refused' in /p/org.refused has it and is refused: not "
		     "trusted" },
	/* 2 lock */
	{ .file = "a.npy", .lock = "{\"ext:npy\":\"org.low.npy\"}", .id = "org.low.npy", .decided = "the recorded route 'ext:npy'" },
	{ .file = "a.npy", .lock = "{\"ext:npy\":\"org.gone\"}", .id = "kist.numpy", .decided = "the extension 'npy'",
	  .lock_key = "ext:npy" },
	{ .head = NPY_HEAD, .lock = "{\"magic:0:934e554d\":\"org.short.magic\"}", .id = "org.short.magic",
	  .decided = "the recorded route 'magic:0:934e554d'" },
	{ .media = "text/csv", .file = "a.npy", .lock = "{\"ext:npy\":\"org.low.npy\"}", .id = "kist.csv",
	  .decided = "the media type 'text/csv'", .lock_key = "media:text/csv" },
	{ .media = "text/csv", .lock = "{\"media:text/csv\":5}", .id = "kist.csv", .decided = "the media type 'text/csv'",
	  .lock_key = "media:text/csv" },
	{ .file = "a.dat", .head = NPY_HEAD, .lock = "{\"ext:dat\":\"kist.csv\"}", .id = "kist.numpy",
	  .decided = "a magic of 6 bytes", .lock_key = "magic:0:934e554d5059" },
	{ .file = "a.dat", .head = "\x93NUMX", .lock = "{\"ext:dat\":\"kist.csv\"}", .id = "kist.csv",
	  .decided = "the recorded route 'ext:dat'" },
	{ .file = "a.npy", .head = NPY_HEAD, .lock = "{\"ext:npy\":\"kist.numpy\"}", .id = "kist.numpy",
	  .decided = "the recorded route 'ext:npy'" },
	/* 2 pins */
	{ .file = "a.dat", .head = NPY_HEAD, .pins = "{\"ext:dat\":\"kist.csv\"}", .id = "kist.csv",
	  .decided = "the pinned route 'ext:dat'" },
	{ .file = "a.npy", .head = NPY_HEAD, .pins = "{\"ext:npy\":\"org.low.npy\"}",
	  .lock = "{\"magic:0:934e554d5059\":\"kist.numpy\"}", .id = "org.low.npy",
	  .decided = "the pinned route 'ext:npy'" },
	{ .task = "CsvTableArtifactTask", .file = "a.npy", .pins = "{\"ext:npy\":\"org.gone\"}", .id = "kist.csv",
	  .decided = "the name 'CsvTableArtifactTask'" },
	{ .file = "a.npy", .pins = "{\"ext:npy\":\"org.gone\"}", .status = KIST_UNSUPPORTED,
	  .decided = "'ext:npy' is pinned to plugin 'org.gone', which is not installed; 'kist plugin unpin ext:npy' drops "
		     "the pin" },
	{ .file = "a.npy", .pins = "{\"ext:npy\":\"org.refused\"}", .status = KIST_UNSUPPORTED,
	  .decided = "'ext:npy' is pinned to plugin 'org.refused', which is refused: not trusted; 'kist plugin unpin "
		     "ext:npy' drops the pin" },
	/* The user's word for a plugin of one type that says nothing of .npy itself. */
	{ .file = "a.npy", .pins = "{\"ext:npy\":\"org.tar\"}", .id = "org.tar", .decided = "the pinned route 'ext:npy'" },
	/* 3 media type */
	{ .media = "Text/CSV; charset=utf-8", .head = NPY_HEAD, .id = "kist.csv", .decided = "the media type 'text/csv'",
	  .lock_key = "media:text/csv" },
	{ .media = "image/png", .head = NPY_HEAD, .id = "kist.numpy", .decided = "a magic of 6 bytes",
	  .lock_key = "magic:0:934e554d5059" },
	/* 4 magic */
	{ .head = NPY_HEAD, .file = "a.dat", .id = "kist.numpy", .decided = "a magic of 6 bytes",
	  .lock_key = "magic:0:934e554d5059" },
	{ .head = "\x93NUMX", .id = "org.short.magic", .decided = "a magic of 4 bytes", .lock_key = "magic:0:934e554d" },
	/* 5 extension */
	{ .file = "dir.dat/x.NPY", .id = "kist.numpy", .decided = "the extension 'npy'", .lock_key = "ext:npy" },
	{ .file = "dir.npy/x", .decided = "no media type, magic or extension fits: kept as plain bytes" },
	{ .file = ".npy", .decided = "no media type, magic or extension fits: kept as plain bytes" },
	{ .file = "a.b.gz", .id = "org.user.npy", .decided = "the extension 'gz'", .lock_key = "ext:gz" },
	{ .file = "a.tar.gz", .status = KIST_AMBIGUOUS,
	  .decided = "the extension 'tar.gz' fits 'org.tar.gz' of plugin 'org.tar' and 'org.twin.one' of plugin "
		     "'org.twin.a' equally: choose with --task org.tar/TarTask or --task org.twin.a/TwinTask; or for all to "
		     "come with 'kist plugin pin ext:tar.gz org.tar'" },
	{ .file = "a.tar.gz", .probed = "TwinTask", .id = "org.twin.a", .decided = "the extension 'tar.gz'",
	  .lock_key = "ext:tar.gz" },
	{ .file = "a.tar.gz", .probed = "TarTask", .id = "org.tar", .decided = "the extension 'tar.gz'",
	  .lock_key = "ext:tar.gz" },
	{ .file = "a.tar.gz", .probed = "Nobody", .status = KIST_AMBIGUOUS },
	{ .file = "a.tar.gz", .lock = "{\"ext:tar.gz\":\"org.twin.a\"}", .id = "org.twin.a", .decided = "the recorded route 'ext:tar.gz'" },
	/* 6 none */
	{ .decided = "no media type, magic or extension fits: kept as plain bytes" },
	{ .file = "", .head = "\x93NU", .decided = "no media type, magic or extension fits: kept as plain bytes" },
};

START_TEST(bytes_are_routed_whatever_the_order_of_the_catalog)
{
	for (unsigned shuffle = 0; shuffle < 20; shuffle++) {
		kist_auto_route struct kist_route route = KIST_ROUTE_INIT;
		struct kist_error err = KIST_ERROR_INIT;
		kist_auto_json json_t *lock = rows[_i].lock ? json_loads(rows[_i].lock, 0, NULL) : NULL;
		kist_auto_json json_t *pins = rows[_i].pins ? json_loads(rows[_i].pins, 0, NULL) : NULL;
		const struct kist_route_query query = {
			.task = rows[_i].task,
			.type = rows[_i].type,
			.media_type = rows[_i].media,
			.file_name = rows[_i].file,
			.head = kist_view_of(rows[_i].head, rows[_i].head ? strlen(rows[_i].head) : 0),
			.lock = lock,
			.pins = pins,
			.probe = rows[_i].probed ? probe : NULL,
			.probe_ctx = (void *)(uintptr_t)rows[_i].probed,
		};
		kist_status status;

		make_catalog(shuffle);
		status = kist_route_bytes(&catalog, &query, &route, &err);
		ck_assert_msg(status == rows[_i].status, "row %d: %d %s", _i, status, err.text);
		if (rows[_i].decided)
			ck_assert_str_eq(status == KIST_OK ? route.decided_by : err.text, rows[_i].decided);
		ck_assert_str_eq(route.lock_key, rows[_i].lock_key ? rows[_i].lock_key : "");
		if (rows[_i].id)
			ck_assert_str_eq(route.target.entry->manifest->id, rows[_i].id);
		else
			ck_assert_ptr_null(route.target.entry);
	}
}
END_TEST

START_TEST(the_explanation_names_each_candidate_and_why)
{
	static const char *const lines[] = {
		"magic of 6 bytes, system, priority 100: chosen",
		"magic of 4 bytes, system, priority 100: shorter magic",
		"extension, system, priority 100: not needed: step 'magic' decided",
		"extension, system, priority 99: not needed: step 'magic' decided",
		"extension, user, priority 79: not needed: step 'magic' decided",
	};

	for (unsigned shuffle = 0; shuffle < 20; shuffle++) {
		kist_auto_route struct kist_route route = KIST_ROUTE_INIT;
		const struct kist_route_query query = { .file_name = "a.npy", .head = kist_view_of(NPY_HEAD, 7) };

		make_catalog(shuffle);
		ck_assert_int_eq(kist_route_bytes(&catalog, &query, &route, NULL), KIST_OK);
		ck_assert_uint_eq(route.candidate_count, 5);
		for (size_t i = 0; i < 5; i++)
			ck_assert_str_eq(line_of(&route, i), lines[i]);
	}
}
END_TEST

START_TEST(a_lock_that_leads_nowhere_leaves_a_note)
{
	kist_auto_route struct kist_route route = KIST_ROUTE_INIT;
	kist_auto_json json_t *lock = json_pack("{s:s}", "ext:npy", "org.gone");
	const struct kist_route_query query = { .file_name = "a.npy", .lock = lock };

	make_catalog(0);
	ck_assert_int_eq(kist_route_bytes(&catalog, &query, &route, NULL), KIST_OK);
	ck_assert_str_eq(route.note, "the recorded route 'ext:npy' leads to plugin 'org.gone', which is not installed");
	ck_assert_str_eq(route.locked_by, "");
	ck_assert_str_eq(route.lock_key, "ext:npy");
}
END_TEST

START_TEST(a_lock_that_decides_names_its_key)
{
	kist_auto_route struct kist_route route = KIST_ROUTE_INIT;
	kist_auto_json json_t *lock = json_pack("{s:s}", "ext:npy", "org.low.npy");
	const struct kist_route_query query = { .file_name = "a.npy", .pins = lock };

	make_catalog(0);
	ck_assert_int_eq(kist_route_bytes(&catalog, &query, &route, NULL), KIST_OK);
	ck_assert_str_eq(route.locked_by, "ext:npy");
	ck_assert(route.pinned);
	ck_assert_str_eq(route.note, "");
}
END_TEST

START_TEST(lower_ranks_say_what_they_lack)
{
	kist_auto_route struct kist_route route = KIST_ROUTE_INIT;
	const struct kist_route_query query = { .file_name = "a.npy" };

	make_catalog(1);
	ck_assert_int_eq(kist_route_bytes(&catalog, &query, &route, NULL), KIST_OK);
	ck_assert_uint_eq(route.candidate_count, 3);
	ck_assert_ptr_nonnull(strstr(line_of(&route, 1), "priority 99: lower priority than 100"));
	ck_assert_ptr_nonnull(strstr(line_of(&route, 2), "priority 79: less trusted than system"));
}
END_TEST

static const struct {
	const char *task, *type, *lock;
	uint32_t kind, major;
	kist_status status;
	const char *id;
	const char *decided;
} objects[] = {
	{ .kind = KIST_KIND_TABLE, .id = "kist.csv", .decided = "the kind 'table'" },
	{ .kind = KIST_KIND_TENSOR, .type = "kist.npy", .major = 1, .id = "kist.numpy", .decided = "the type 'kist.npy@1'" },
	{ .kind = KIST_KIND_TENSOR, .type = "org.low.npy", .major = 1, .id = "org.low.npy",
	  .decided = "the type 'org.low.npy@1'" },
	{ .kind = KIST_KIND_TENSOR, .type = "kist.npy", .major = 1, .lock = "{\"type:kist.npy@1\":\"org.user.npy\"}",
	  .id = "org.user.npy", .decided = "the recorded route 'type:kist.npy@1'" },
	{ .kind = KIST_KIND_TENSOR, .lock = "{\"kind:tensor\":\"org.low.npy\"}", .id = "org.low.npy",
	  .decided = "the recorded route 'kind:tensor'" },
	{ .kind = KIST_KIND_TENSOR, .status = KIST_AMBIGUOUS,
	  .decided = "the kind 'tensor' fits 'kist.npy' of plugin 'kist.numpy' and 'org.short.num' of plugin "
		     "'org.short.magic' equally: choose with --task kist.numpy/NumpyArrayArtifactTask or --task "
		     "org.short.magic/ShortTask; or for all to come with 'kist plugin pin kind:tensor kist.numpy'" },
	{ .kind = KIST_KIND_TABLE, .task = "LowTask", .status = KIST_UNSUPPORTED,
	  .decided = "'LowTask' does not write a table: it writes tensor" },
	{ .kind = KIST_KIND_MODEL, .status = KIST_UNSUPPORTED,
	  .decided = "nothing here writes a model; plugin 'org.refused' in /p/org.refused has it and is refused: not "
		     "trusted: install a plugin that does" },
	{ .kind = KIST_KIND_OPAQUE, .type = "org.x.y", .major = 3, .status = KIST_UNSUPPORTED,
	  .decided = "nothing here writes an opaque object of type 'org.x.y@3'" },
	{ .kind = KIST_KIND_BYTES, .decided = "the kind 'bytes' needs no serializer" },
	{ .kind = KIST_KIND_VALUE, .decided = "the kind 'value' needs no serializer" },
	{ .kind = KIST_KIND_COUNT, .status = KIST_INVALID, .decided = "7 is no kind of object" },
};

START_TEST(objects_are_routed_by_type_then_kind)
{
	for (unsigned shuffle = 0; shuffle < 20; shuffle++) {
		kist_auto_route struct kist_route route = KIST_ROUTE_INIT;
		struct kist_error err = KIST_ERROR_INIT;
		kist_auto_json json_t *lock = objects[_i].lock ? json_loads(objects[_i].lock, 0, NULL) : NULL;
		const struct kist_route_query query = {
			.task = objects[_i].task,
			.kind = objects[_i].kind,
			.object_type = objects[_i].type,
			.object_major = objects[_i].major,
			.lock = lock,
		};
		kist_status status;

		make_catalog(shuffle);
		status = kist_route_object(&catalog, &query, &route, &err);
		ck_assert_msg(status == objects[_i].status, "row %d: %d %s", _i, status, err.text);
		ck_assert_str_eq(status == KIST_OK ? route.decided_by : err.text, objects[_i].decided);
		if (objects[_i].id)
			ck_assert_str_eq(route.target.entry->manifest->id, objects[_i].id);
	}
}
END_TEST

static const struct {
	const char *encoding, *maker;
	const char *id; /* NULL: not found */
	const char *text;
} stored[] = {
	{ "kist.npy@1.0", "kist.numpy", "kist.numpy", NULL },
	{ "kist.npy@1", "kist.numpy", "kist.numpy", NULL },
	{ "kist.npy@1.2", "org.user.npy", "org.user.npy", NULL },
	{ "kist.npy@1.2", "org.gone", "kist.numpy", NULL },
	/* The maker here is too old for it, another one reads it. */
	{ "kist.npy@1.3", "kist.numpy", "org.user.npy", NULL },
	{ "kist.npy@1.9", "kist.numpy", NULL, NULL },
	{ "kist.npy@2.0", "kist.numpy", NULL,
	  "reading 'kist.npy@2.0' needs the plugin 'kist.numpy' 3.1.0 or newer, which is not usable here; plugin "
	  "'kist.numpy' 1.0.0 does not read it" },
	{ "org.gone.type@1.0", "org.gone", NULL,
	  "reading 'org.gone.type@1.0' needs the plugin 'org.gone' 3.1.0 or newer, which is not installed" },
	{ "org.refused.type@1.0", "org.refused", NULL,
	  "reading 'org.refused.type@1.0' needs the plugin 'org.refused' 3.1.0 or newer, which is not usable here; plugin "
	  "'org.refused' in /p/org.refused is refused: not trusted" },
	{ "garbage", "kist.numpy", NULL, "'garbage' is no encoding such as 'kist.npy@1.0'" },
};

START_TEST(stored_bytes_are_read_by_what_the_record_says)
{
	for (unsigned shuffle = 0; shuffle < 20; shuffle++) {
		struct kist_route_target target = { .entry = NULL };
		struct kist_error err = KIST_ERROR_INIT;
		kist_status status;

		make_catalog(shuffle);
		status = kist_route_stored(&catalog, stored[_i].encoding, stored[_i].maker, "3.1.0", &target, &err);
		ck_assert_int_eq(status, stored[_i].id ? KIST_OK : KIST_UNSUPPORTED);
		if (stored[_i].id)
			ck_assert_str_eq(target.entry->manifest->id, stored[_i].id);
		else if (stored[_i].text)
			ck_assert_str_eq(err.text, stored[_i].text);
	}
}
END_TEST

static const struct {
	const char *encoding;
	bool valid;
	uint32_t major, minor;
} encodings[] = {
	{ "kist.npy@1.0", true, 1, 0 },
	{ "kist.npy@1", true, 1, 0 },
	{ "kist.npy@4294967295.7", true, UINT32_MAX, 7 },
	{ "kist.npy@4294967296", false, 0, 0 },
	{ "kist.npy", false, 0, 0 },
	{ "kist.npy@", false, 0, 0 },
	{ "kist.npy@1.", false, 0, 0 },
	{ "kist.npy@.1", false, 0, 0 },
	{ "kist.npy@1.0.0", false, 0, 0 },
	{ "kist.npy@01", false, 0, 0 },
	{ "kist.npy@-1", false, 0, 0 },
	{ "@1", false, 0, 0 },
	{ "Kist.npy@1", false, 0, 0 },
	{ "", false, 0, 0 },
};

START_TEST(encodings_have_one_form)
{
	char type[16];
	uint32_t major = 0;
	uint32_t minor = 0;

	ck_assert_int_eq(kist_encoding_parse(encodings[_i].encoding, type, sizeof(type), &major, &minor),
			 encodings[_i].valid);
	ck_assert_uint_eq(major, encodings[_i].major);
	ck_assert_uint_eq(minor, encodings[_i].minor);
	if (encodings[_i].valid) {
		ck_assert_str_eq(type, "kist.npy");
		ck_assert(kist_encoding_parse(encodings[_i].encoding, type, 9, &major, &minor));
		ck_assert(!kist_encoding_parse(encodings[_i].encoding, type, 8, &major, &minor));
	}
}
END_TEST

static kist_status failing_probe(void *ctx, const struct kist_route_target *target, int32_t *ret_score,
				 struct kist_error *err)
{
	(void)ctx;
	(void)target;
	(void)ret_score;
	return kist_fail(err, KIST_CRASHED, "the worker died");
}

START_TEST(what_a_probe_fails_with_comes_back)
{
	kist_auto_route struct kist_route route = KIST_ROUTE_INIT;
	struct kist_error err = KIST_ERROR_INIT;
	const struct kist_route_query query = { .file_name = "a.tar.gz", .probe = failing_probe };

	make_catalog(0);
	ck_assert_int_eq(kist_route_bytes(&catalog, &query, &route, &err), KIST_CRASHED);
	ck_assert_uint_eq(route.candidate_count, 2);
	ck_assert_ptr_nonnull(strstr(line_of(&route, 0), "undecided"));
}
END_TEST

START_TEST(running_out_of_memory_leaks_nothing)
{
	const struct kist_route_query query = { .file_name = "a.npy", .head = kist_view_of(NPY_HEAD, 7) };
	kist_status status = KIST_NO_MEMORY;

	make_catalog(0);
	for (unsigned long k = 1; status != KIST_OK; k++) {
		kist_auto_route struct kist_route route = KIST_ROUTE_INIT;

		kist_mem_fail_at(k);
		status = kist_route_bytes(&catalog, &query, &route, NULL);
		ck_assert(status == KIST_OK || status == KIST_NO_MEMORY);
		ck_assert_uint_lt(k, 10);
	}
	kist_mem_fail_at(0);
}
END_TEST

#define COUNT(table) ((int)(sizeof(table) / sizeof((table)[0])))

int main(void)
{
	TCase *tests = tcase_create("all");

	tcase_add_loop_test(tests, bytes_are_routed_whatever_the_order_of_the_catalog, 0, COUNT(rows));
	tcase_add_test(tests, the_explanation_names_each_candidate_and_why);
	tcase_add_test(tests, a_lock_that_leads_nowhere_leaves_a_note);
	tcase_add_test(tests, a_lock_that_decides_names_its_key);
	tcase_add_test(tests, lower_ranks_say_what_they_lack);
	tcase_add_loop_test(tests, objects_are_routed_by_type_then_kind, 0, COUNT(objects));
	tcase_add_loop_test(tests, stored_bytes_are_read_by_what_the_record_says, 0, COUNT(stored));
	tcase_add_loop_test(tests, encodings_have_one_form, 0, COUNT(encodings));
	tcase_add_test(tests, what_a_probe_fails_with_comes_back);
	tcase_add_test(tests, running_out_of_memory_leaks_nothing);
	return suite_run(tests, "route");
}
