/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "plugin/trust.h"
#include "support/suite.h"
#include "unit/plugin/folder.h"

static char root[FOLDER_PATH_SIZE];

static const struct kist_manifest demo = { .id = "org.example.demo", .version = "1.0.0" };

static void setup(void)
{
	folder_make(root);
}

static void teardown(void)
{
	folder_remove(root);
}

static const char *below(const char *name)
{
	static char paths[8][2 * FOLDER_PATH_SIZE];
	static unsigned next;
	char *path = paths[next++ % 8];

	snprintf(path, sizeof(paths[0]), "%s/%s", root, name);
	return path;
}

/* The entry whose manifest lies at @path below the root. */
static const struct kist_catalog_entry *entry_at(const struct kist_catalog *catalog, const char *path)
{
	for (size_t i = 0; i < catalog->entry_count; i++) {
		if (strcmp(catalog->entries[i].path, below(path)) == 0)
			return &catalog->entries[i];
	}
	ck_abort_msg("no entry at '%s'", path);
	return NULL;
}

START_TEST(an_unpinned_plugin_is_listed_and_not_used)
{
	kist_auto_catalog struct kist_catalog *catalog = NULL;
	char expected[2 * FOLDER_PATH_SIZE];

	(void)folder_plugin(root, &(struct plugin_spec){ .folder = "p/a" });
	catalog = folder_catalog(below("p"), NULL, KIST_POLICY_PINNED);
	ck_assert_uint_eq(catalog->entry_count, 1);
	ck_assert_int_eq(catalog->entries[0].refusal.status, KIST_DENIED);
	snprintf(expected, sizeof(expected),
		 "not trusted: run 'kist plugin trust %s/p/a/org.example.demo.plugin.json' if you know where "
		 "it comes "
		 "from",
		 root);
	ck_assert_str_eq(catalog->entries[0].refusal.text, expected);
	ck_assert_ptr_null(kist_catalog_find(catalog, "org.example.demo"));
}
END_TEST

START_TEST(the_policy_any_uses_what_is_not_pinned)
{
	kist_auto_catalog struct kist_catalog *catalog = NULL;

	(void)folder_plugin(root, &(struct plugin_spec){ .folder = "p/a" });
	catalog = folder_catalog(below("p"), NULL, KIST_POLICY_ANY);
	ck_assert_ptr_eq(kist_catalog_find(catalog, "org.example.demo"), &catalog->entries[0]);
}
END_TEST

START_TEST(a_pin_lets_this_manifest_pass_and_no_other)
{
	kist_auto_catalog struct kist_catalog *catalog = NULL;
	const struct kist_digest sum = folder_plugin(root, &(struct plugin_spec){ .folder = "p/a" });

	(void)folder_plugin(root, &(struct plugin_spec){ .folder = "p/b", .version = "2.0.0" });
	ck_assert_int_eq(kist_trust_add(below("config"), &sum, &demo, NULL), KIST_OK);
	ck_assert_int_eq(kist_trust_add(below("config"), &sum, &demo, NULL), KIST_OK);
	catalog = folder_catalog(below("p"), below("config"), KIST_POLICY_PINNED);
	ck_assert_int_eq(entry_at(catalog, "p/a/org.example.demo.plugin.json")->refusal.status, KIST_OK);
	ck_assert_int_eq(entry_at(catalog, "p/b/org.example.demo.plugin.json")->refusal.status, KIST_DENIED);
	ck_assert_str_eq(kist_catalog_find(catalog, "org.example.demo")->manifest->version, "1.0.0");
}
END_TEST

static const struct {
	const char *text;
	const char *note;
} lists[] = {
	{ "{", "line 1, column 1: string or '}' expected near end of file" },
	{ "{\"version\":2,\"pins\":[]}", "trusted.json: not {\"version\":1,\"pins\":[...]}" },
	{ "{\"version\":1,\"pins\":[{\"manifest\":\"00\"}]}",
	  "trusted.json: a pin without the SHA-256 of a manifest" },
};

START_TEST(a_broken_list_of_pins_is_ignored_with_a_note)
{
	kist_auto_catalog struct kist_catalog *catalog = NULL;
	const struct kist_catalog_dir *last;

	(void)folder_plugin(root, &(struct plugin_spec){ .folder = "p/a" });
	folder_write(root, "config/trusted.json", lists[_i].text, strlen(lists[_i].text));
	catalog = folder_catalog(below("p"), below("config"), KIST_POLICY_PINNED);
	last = &catalog->dirs[catalog->dir_count - 1];
	ck_assert_str_eq(last->path, below("config/trusted.json"));
	ck_assert(!last->used);
	ck_assert_str_eq(last->note, lists[_i].note);
	ck_assert_int_eq(catalog->entries[0].refusal.status, KIST_DENIED);
}
END_TEST

START_TEST(a_list_of_pins_that_others_can_write_is_ignored)
{
	kist_auto_catalog struct kist_catalog *catalog = NULL;
	const struct kist_digest sum = folder_plugin(root, &(struct plugin_spec){ .folder = "p/a" });

	ck_assert_int_eq(kist_trust_add(below("config"), &sum, &demo, NULL), KIST_OK);
	ck_assert_int_eq(chmod(below("config/trusted.json"), 0666), 0);
	catalog = folder_catalog(below("p"), below("config"), KIST_POLICY_PINNED);
	ck_assert_str_eq(catalog->dirs[catalog->dir_count - 1].note,
			 "trusted.json is writable by others: run 'chmod go-w' on it");
	ck_assert_int_eq(catalog->entries[0].refusal.status, KIST_DENIED);
}
END_TEST

START_TEST(ids_of_this_project_are_reserved)
{
	kist_auto_catalog struct kist_catalog *catalog = NULL;

	(void)folder_plugin(root, &(struct plugin_spec){ .folder = "p/a", .id = "kist.numpy" });
	catalog = folder_catalog(below("p"), NULL, KIST_POLICY_ANY);
	ck_assert_int_eq(catalog->entries[0].refusal.status, KIST_DENIED);
	ck_assert_str_eq(catalog->entries[0].refusal.text,
			 "not the 'kist.numpy' that was made with this build of kist, and ids under 'kist.' "
			 "are reserved");
}
END_TEST

START_TEST(the_plugins_of_this_build_are_trusted)
{
	kist_auto_catalog struct kist_catalog *catalog = NULL;
	const char *build = getenv("top_builddir");
	char path[FOLDER_PATH_SIZE];
	static char text[65536];
	size_t size;

	snprintf(path, sizeof(path), "%s/plugins/numpy/kist.numpy.plugin.json", build ? build : ".");
	size = folder_read(path, text, sizeof(text));
	ck_assert_uint_gt(size, 0);
	folder_write(root, "p/kist.numpy.plugin.json", text, size);
	catalog = folder_catalog(below("p"), NULL, KIST_POLICY_PINNED);
	ck_assert_uint_eq(catalog->entry_count, 1);
	ck_assert_msg(catalog->entries[0].refusal.status == KIST_OK, "%s", catalog->entries[0].refusal.text);
	ck_assert(catalog->entries[0].first_party);
}
END_TEST

START_TEST(a_manifest_is_called_after_its_id)
{
	kist_auto_catalog struct kist_catalog *catalog = NULL;

	(void)folder_plugin(root, &(struct plugin_spec){ .folder = "p/a", .name = "other.plugin.json" });
	catalog = folder_catalog(below("p"), NULL, KIST_POLICY_ANY);
	ck_assert_int_eq(catalog->entries[0].refusal.status, KIST_INVALID);
	ck_assert_str_eq(catalog->entries[0].refusal.text,
			 "must be called 'org.example.demo.plugin.json', after its id");
}
END_TEST

START_TEST(a_broken_manifest_does_not_hide_the_others)
{
	kist_auto_catalog struct kist_catalog *catalog = NULL;

	(void)folder_plugin(root, &(struct plugin_spec){ .folder = "p/z" });
	folder_write(root, "p/a/broken.plugin.json", "{", 1);
	folder_write(root, "p/README.txt", "x", 1);
	ck_assert_int_eq(symlink("/etc/passwd", below("p/link.plugin.json")), 0);
	catalog = folder_catalog(below("p"), NULL, KIST_POLICY_ANY);
	ck_assert_uint_eq(catalog->entry_count, 3);
	/* The folder's own come first. */
	ck_assert_str_eq(catalog->entries[0].path, below("p/link.plugin.json"));
	ck_assert_int_eq(catalog->entries[0].refusal.status, KIST_DENIED);
	ck_assert_str_eq(catalog->entries[1].path, below("p/a/broken.plugin.json"));
	ck_assert_int_eq(catalog->entries[1].refusal.status, KIST_CORRUPT);
	ck_assert_int_eq(catalog->entries[2].refusal.status, KIST_OK);
}
END_TEST

START_TEST(folders_below_that_are_not_safe_are_noted)
{
	kist_auto_catalog struct kist_catalog *catalog = NULL;

	(void)folder_plugin(root, &(struct plugin_spec){ .folder = "elsewhere" });
	(void)folder_plugin(root, &(struct plugin_spec){ .folder = "p/open" });
	ck_assert_int_eq(chmod(below("p/open"), 0777), 0);
	ck_assert_int_eq(symlink("../elsewhere", below("p/way-out")), 0);
	catalog = folder_catalog(below("p"), NULL, KIST_POLICY_ANY);
	/* No link is followed; what is in the open one is said, and refused. */
	ck_assert_uint_eq(catalog->entry_count, 1);
	ck_assert_int_eq(catalog->entries[0].refusal.status, KIST_DENIED);
	ck_assert_str_eq(catalog->entries[0].refusal.text,
			 "its folder is refused: 'open' is writable by others: run 'chmod go-w' on it");
	ck_assert_ptr_nonnull(catalog->entries[0].manifest);
	ck_assert(catalog->dirs[0].used);
	ck_assert_str_eq(
		catalog->dirs[0].note,
		"'open' ignored: 'open' is writable by others: run 'chmod go-w' on it; 'way-out' ignored: "
		"'way-out' is a symbolic link: put the file itself there");
}
END_TEST

/* Surroundings with a folder of each tier below the root. */
static struct kist_catalog *open_tiers(bool elevated, enum kist_policy policy, const char *config_dir)
{
	const char *given = below("given");
	const struct kist_surroundings surroundings = {
		.elevated = elevated,
		.plugin_path = below("env"),
		.data_home = below("data"),
		.site_dir = below("site"),
	};
	const struct kist_catalog_options options = {
		.given = &given,
		.given_count = 1,
		.system_dir = below("system"),
		.config_dir = config_dir,
		.policy = policy,
	};
	struct kist_error err = KIST_ERROR_INIT;
	struct kist_catalog *catalog = NULL;

	ck_assert_msg(kist_catalog_open_in(&options, &surroundings, &catalog, &err) == KIST_OK, "%s",
		      err.text);
	return catalog;
}

START_TEST(an_elevated_process_ignores_its_environment_and_says_so)
{
	static const char ignored[] = "ignored: this process has more rights than who started it";
	kist_auto_catalog struct kist_catalog *catalog = NULL;
	const struct kist_digest sum = folder_plugin(root, &(struct plugin_spec){ .folder = "env/a" });

	(void)folder_plugin(root, &(struct plugin_spec){ .folder = "data/kist/plugins/b" });
	(void)folder_plugin(root, &(struct plugin_spec){ .folder = "system/c" });
	ck_assert_int_eq(kist_trust_add(below("config"), &sum, &demo, NULL), KIST_OK);
	catalog = open_tiers(true, KIST_POLICY_ANY, below("config"));
	ck_assert(catalog->elevated);
	ck_assert_int_eq(catalog->policy, KIST_POLICY_PINNED);
	ck_assert_uint_eq(catalog->dir_count, 6);
	for (size_t i = 0; i < catalog->dir_count; i++) {
		const enum kist_tier tier = catalog->dirs[i].tier;

		if (tier == KIST_TIER_ENV || tier == KIST_TIER_USER)
			ck_assert_str_eq(catalog->dirs[i].note, ignored);
	}
	ck_assert_uint_eq(catalog->entry_count, 1);
	ck_assert_int_eq(catalog->entries[0].tier, KIST_TIER_SYSTEM);
	ck_assert_int_eq(catalog->entries[0].refusal.status, KIST_DENIED);
}
END_TEST

START_TEST(folders_are_searched_in_order_and_missing_ones_noted)
{
	static const enum kist_tier order[] = { KIST_TIER_GIVEN, KIST_TIER_ENV, KIST_TIER_USER,
						KIST_TIER_SITE, KIST_TIER_SYSTEM };
	kist_auto_catalog struct kist_catalog *catalog = open_tiers(false, KIST_POLICY_PINNED, NULL);

	ck_assert_uint_eq(catalog->dir_count, 5);
	for (size_t i = 0; i < 5; i++) {
		ck_assert_int_eq(catalog->dirs[i].tier, order[i]);
		ck_assert(!catalog->dirs[i].used);
		ck_assert_str_eq(catalog->dirs[i].note, "not there");
	}
}
END_TEST

START_TEST(the_more_trusted_tier_wins_over_a_newer_version)
{
	kist_auto_catalog struct kist_catalog *catalog = NULL;
	char expected[2 * FOLDER_PATH_SIZE];

	(void)folder_plugin(root, &(struct plugin_spec){ .folder = "env", .version = "9.0.0" });
	(void)folder_plugin(root, &(struct plugin_spec){ .folder = "site/a", .version = "1.2.0" });
	(void)folder_plugin(root, &(struct plugin_spec){ .folder = "site/b", .version = "1.10.0" });
	catalog = open_tiers(false, KIST_POLICY_ANY, NULL);
	ck_assert_uint_eq(catalog->entry_count, 3);
	ck_assert_str_eq(kist_catalog_find(catalog, "org.example.demo")->path,
			 below("site/b/org.example.demo.plugin.json"));
	ck_assert_int_eq(catalog->entries[0].refusal.status, KIST_EXISTS);
	snprintf(expected, sizeof(expected),
		 "shadowed by version 1.10.0 in %s/site/b/org.example.demo.plugin.json (site)", root);
	ck_assert_str_eq(catalog->entries[0].refusal.text, expected);
	ck_assert_str_eq(catalog->entries[1].refusal.text, expected);
}
END_TEST

START_TEST(a_pinned_plugin_goes_before_an_unpinned_one)
{
	kist_auto_catalog struct kist_catalog *catalog = NULL;
	const struct kist_digest sum = folder_plugin(root, &(struct plugin_spec){ .folder = "env" });

	(void)folder_plugin(root, &(struct plugin_spec){ .folder = "system", .version = "2.0.0" });
	ck_assert_int_eq(kist_trust_add(below("config"), &sum, &demo, NULL), KIST_OK);
	catalog = open_tiers(false, KIST_POLICY_ANY, below("config"));
	ck_assert_int_eq(kist_catalog_find(catalog, "org.example.demo")->tier, KIST_TIER_ENV);
}
END_TEST

START_TEST(a_folder_named_twice_is_read_once)
{
	const char *given[] = { below("p"), below("p/../p"), below("p") };
	const struct kist_surroundings surroundings = { .plugin_path = "relative/path" };
	const struct kist_catalog_options options = { .given = given,
						      .given_count = 3,
						      .policy = KIST_POLICY_ANY };
	kist_auto_catalog struct kist_catalog *catalog = NULL;

	(void)folder_plugin(root, &(struct plugin_spec){ .folder = "p/a" });
	ck_assert_int_eq(kist_catalog_open_in(&options, &surroundings, &catalog, NULL), KIST_OK);
	ck_assert_uint_eq(catalog->entry_count, 1);
	ck_assert_int_eq(catalog->entries[0].refusal.status, KIST_OK);
	ck_assert_str_eq(catalog->dirs[0].note, "named again below");
	ck_assert(catalog->dirs[2].used);
	ck_assert_str_eq(catalog->dirs[3].note, "ignored: KIST_PLUGIN_PATH takes absolute paths only");
}
END_TEST

START_TEST(sixty_four_folders_are_the_limit)
{
	const char *given[KIST_CATALOG_DIRS_MAX + 1];
	const struct kist_surroundings surroundings = { .elevated = false };
	struct kist_catalog_options options = { .given = given, .given_count = KIST_CATALOG_DIRS_MAX };
	struct kist_error err = KIST_ERROR_INIT;
	struct kist_catalog *catalog = NULL;

	for (size_t i = 0; i <= KIST_CATALOG_DIRS_MAX; i++)
		given[i] = "/nonexistent";
	ck_assert_int_eq(kist_catalog_open_in(&options, &surroundings, &catalog, &err), KIST_OK);
	kist_catalog_close(catalog);
	options.given_count++;
	ck_assert_int_eq(kist_catalog_open_in(&options, &surroundings, &catalog, &err), KIST_LIMIT);
	ck_assert_str_eq(err.text, "more than 64 plugin folders");
}
END_TEST

START_TEST(running_out_of_memory_leaks_nothing)
{
	const char *given = below("p");
	const struct kist_surroundings surroundings = { .elevated = false };
	const struct kist_catalog_options options = {
		.given = &given, .given_count = 1, .config_dir = below("config"), .policy = KIST_POLICY_ANY
	};
	const struct kist_digest sum = folder_plugin(root, &(struct plugin_spec){ .folder = "p/a" });
	kist_status status = KIST_NO_MEMORY;

	(void)folder_plugin(root, &(struct plugin_spec){ .folder = "p/b" });
	ck_assert_int_eq(kist_trust_add(below("config"), &sum, &demo, NULL), KIST_OK);
	for (unsigned long k = 1; status != KIST_OK; k++) {
		struct kist_error err = KIST_ERROR_INIT;
		struct kist_catalog *catalog = NULL;

		kist_mem_fail_at(k);
		status = kist_catalog_open_in(&options, &surroundings, &catalog, &err);
		kist_mem_fail_at(0);
		ck_assert_msg(status == KIST_OK || status == KIST_NO_MEMORY, "%lu: %s", k, err.text);
		if (status == KIST_OK)
			ck_assert_int_eq(catalog->entries[0].refusal.status, KIST_OK);
		kist_catalog_close(catalog);
		ck_assert_uint_lt(k, 200);
	}
}
END_TEST

int main(void)
{
	TCase *tests = tcase_create("all");

	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_add_test(tests, an_unpinned_plugin_is_listed_and_not_used);
	tcase_add_test(tests, the_policy_any_uses_what_is_not_pinned);
	tcase_add_test(tests, a_pin_lets_this_manifest_pass_and_no_other);
	tcase_add_loop_test(tests, a_broken_list_of_pins_is_ignored_with_a_note, 0, 3);
	tcase_add_test(tests, a_list_of_pins_that_others_can_write_is_ignored);
	tcase_add_test(tests, ids_of_this_project_are_reserved);
	tcase_add_test(tests, the_plugins_of_this_build_are_trusted);
	tcase_add_test(tests, a_manifest_is_called_after_its_id);
	tcase_add_test(tests, a_broken_manifest_does_not_hide_the_others);
	tcase_add_test(tests, folders_below_that_are_not_safe_are_noted);
	tcase_add_test(tests, an_elevated_process_ignores_its_environment_and_says_so);
	tcase_add_test(tests, folders_are_searched_in_order_and_missing_ones_noted);
	tcase_add_test(tests, the_more_trusted_tier_wins_over_a_newer_version);
	tcase_add_test(tests, a_pinned_plugin_goes_before_an_unpinned_one);
	tcase_add_test(tests, a_folder_named_twice_is_read_once);
	tcase_add_test(tests, sixty_four_folders_are_the_limit);
	tcase_add_test(tests, running_out_of_memory_leaks_nothing);
	return suite_run(tests, "catalog");
}
