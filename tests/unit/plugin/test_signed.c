/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/time.h"
#include "plugin/install.h"
#include "plugin/signed.h"
#include "support/suite.h"
#include "unit/plugin/folder.h"

/*
 * Keys, what they may speak for, and what is decided by them: in the user's configuration and in the site's.
 */

#define NOON_OF_2026_07_01 ((int64_t)1782907200 * 1000000000)

static char root[FOLDER_PATH_SIZE];
static struct kist_secret_key key;

static const char *below(const char *name)
{
	static char paths[64][2 * FOLDER_PATH_SIZE];
	static unsigned next;
	char *path = paths[next++ % 64];

	snprintf(path, sizeof(paths[0]), "%s/%s", root, name);
	return path;
}

static void setup(void)
{
	folder_make(root);
	ck_assert_int_eq(kist_secret_key_make(&key, NULL), KIST_OK);
}

static void teardown(void)
{
	folder_remove(root);
}

static void add_key(const char *config, const char *scope, const char *expires)
{
	struct kist_key added = { .public = key.public };
	struct kist_error err = KIST_ERROR_INIT;

	snprintf(added.scope, sizeof(added.scope), "%s", scope);
	snprintf(added.expires, sizeof(added.expires), "%s", expires);
	ck_assert_msg(kist_keys_add(below(config), &added, &err) == KIST_OK, "%s", err.text);
}

/* A plugin in <root>/p/a, signed; its manifest's digest. */
static struct kist_digest make_signed(const char *comment, const char *version)
{
	kist_auto_buf struct kist_buf signature = KIST_BUF_INIT(KIST_MINISIGN_SIZE_MAX);
	const struct kist_digest digest =
		folder_plugin(below("p"), &(struct plugin_spec){ .version = version });
	uint8_t text[8192];
	const size_t size = folder_read(below("p/a/org.example.demo.plugin.json"), text, sizeof(text));

	ck_assert_int_eq(kist_minisign_write(&key, kist_view_of(text, size), comment, &signature, NULL),
			 KIST_OK);
	folder_write(root, "p/a/org.example.demo.plugin.json.minisig", signature.data, signature.size);
	return digest;
}

static struct kist_catalog *open_catalog(enum kist_policy policy, bool elevated)
{
	const struct kist_surroundings surroundings = { .elevated = elevated, .site_config = below("site") };
	const char *given = below("p");
	const struct kist_catalog_options options = {
		.given = &given, .given_count = 1, .config_dir = below("config"), .policy = policy
	};
	struct kist_error err = KIST_ERROR_INIT;
	struct kist_catalog *catalog = NULL;

	ck_assert_msg(kist_catalog_open_in(&options, &surroundings, &catalog, &err) == KIST_OK, "%s",
		      err.text);
	ck_assert_uint_eq(catalog->entry_count, 1);
	return catalog;
}

static void assert_entry(enum kist_policy policy, const char *why)
{
	kist_auto_catalog struct kist_catalog *catalog = open_catalog(policy, false);
	const struct kist_error *refusal = &catalog->entries[0].refusal;

	if (!why) {
		ck_assert_msg(refusal->status == KIST_OK, "%s", refusal->text);
		return;
	}
	ck_assert_int_eq(refusal->status, KIST_DENIED);
	ck_assert_msg(strstr(refusal->text, why), "'%s' is not in '%s'", why, refusal->text);
}

#define GOOD_COMMENT "id:org.example.demo version:1.0.0"

START_TEST(a_signature_lets_run_under_the_policy_signed_alone)
{
	(void)make_signed(GOOD_COMMENT, "1.0.0");
	assert_entry(KIST_POLICY_SIGNED, "not known here");
	add_key("config", "org.example", "");
	assert_entry(KIST_POLICY_SIGNED, NULL);
	assert_entry(KIST_POLICY_PINNED, "not trusted");
	assert_entry(KIST_POLICY_CONFIGURED, "not trusted");
	ck_assert_int_eq(kist_trust_set_policy(below("config"), KIST_POLICY_SIGNED, NULL), KIST_OK);
	assert_entry(KIST_POLICY_CONFIGURED, NULL);
}
END_TEST

START_TEST(a_key_of_the_site_counts_for_all_users)
{
	(void)make_signed(GOOD_COMMENT, "1.0.0");
	add_key("site", "org.example", "");
	assert_entry(KIST_POLICY_SIGNED, NULL);
}
END_TEST

START_TEST(a_comment_must_say_what_is_signed)
{
	static const char *const comments[] = { "",
						"id:org.example.demo",
						"version:1.0.0",
						"id:org.example.other version:1.0.0",
						"id:org.example.demo version:1.0.1",
						"id:org.example.demo version:1.0.0 version:1.0.1" };

	add_key("config", "org.example", "");
	(void)make_signed(comments[_i], "1.0.0");
	assert_entry(KIST_POLICY_SIGNED, "trusted comment");
}
END_TEST

START_TEST(the_site_narrows_the_policy_and_never_widens_it)
{
	static const struct {
		enum kist_policy site;
		enum kist_policy user;
		enum kist_policy program;
		enum kist_policy is;
	} rows[] = {
		{ 0, 0, 0, KIST_POLICY_PINNED },
		{ 0, KIST_POLICY_ANY, 0, KIST_POLICY_ANY },
		{ 0, KIST_POLICY_ANY, KIST_POLICY_PINNED, KIST_POLICY_PINNED },
		{ KIST_POLICY_SIGNED, 0, 0, KIST_POLICY_SIGNED },
		{ KIST_POLICY_SIGNED, KIST_POLICY_PINNED, 0, KIST_POLICY_PINNED },
		{ KIST_POLICY_SIGNED, KIST_POLICY_ANY, 0, KIST_POLICY_SIGNED },
		{ KIST_POLICY_PINNED, KIST_POLICY_SIGNED, KIST_POLICY_ANY, KIST_POLICY_PINNED },
		{ KIST_POLICY_SIGNED, 0, KIST_POLICY_ANY, KIST_POLICY_SIGNED },
	};
	kist_auto_catalog struct kist_catalog *catalog = NULL;
	kist_auto_catalog struct kist_catalog *elevated = NULL;

	(void)make_signed(GOOD_COMMENT, "1.0.0");
	if (rows[_i].site)
		ck_assert_int_eq(kist_trust_set_policy(below("site"), rows[_i].site, NULL), KIST_OK);
	if (rows[_i].user)
		ck_assert_int_eq(kist_trust_set_policy(below("config"), rows[_i].user, NULL), KIST_OK);
	catalog = open_catalog(rows[_i].program, false);
	ck_assert_int_eq(catalog->policy, rows[_i].is);
	elevated = open_catalog(rows[_i].program, true);
	ck_assert_int_eq(elevated->policy, KIST_POLICY_PINNED);
}
END_TEST

START_TEST(what_is_revoked_runs_under_no_policy)
{
	static const char *const folders[] = { "config", "site" };
	const struct kist_digest digest = make_signed(GOOD_COMMENT, "1.0.0");
	const struct kist_digest library = kist_digest_of(kist_view_of("not a library", 13));
	const struct kist_manifest demo = { .id = "org.example.demo", .version = "1.0.0" };
	const struct kist_trust_pin pin = { .digest = digest, .manifest = &demo, .signer = key.public.id };
	const struct kist_revocation rows[] = { { .digest = digest },
						{ .digest = library },
						{ .key = key.public.id } };
	char folder[2 * FOLDER_PATH_SIZE];

	snprintf(folder, sizeof(folder), "%s", below(folders[_i % 2]));
	add_key("config", "org.example", "");
	ck_assert_int_eq(kist_trust_admit(below("config"), &pin, NULL), KIST_OK);
	for (enum kist_policy policy = KIST_POLICY_PINNED; policy <= KIST_POLICY_ANY; policy++)
		assert_entry(policy, NULL);
	ck_assert_int_eq(kist_trust_revoke(folder, &rows[_i / 2], false, NULL), KIST_OK);
	for (enum kist_policy policy = KIST_POLICY_PINNED; policy <= KIST_POLICY_ANY; policy++)
		assert_entry(policy, "revoked");
	ck_assert_int_eq(kist_trust_revoke(folder, &rows[_i / 2], true, NULL), KIST_OK);
	assert_entry(KIST_POLICY_PINNED, NULL);
	ck_assert_int_eq(kist_trust_revoke(folder, &rows[_i / 2], true, NULL), KIST_NOT_FOUND);
}
END_TEST

START_TEST(an_older_version_than_was_seen_is_refused)
{
	static const char *const seen[] = { "1.0.1", "1.0.0", "1.0.0-rc.1", "2.0.0", "0.9.9", "10.0.0" };
	static const bool refused[] = { true, false, false, true, false, true };

	add_key("config", "org.example", "");
	(void)make_signed(GOOD_COMMENT, "1.0.0");
	ck_assert_int_eq(kist_trust_see(below("config"), "org.example.demo", seen[_i], NULL), KIST_OK);
	assert_entry(KIST_POLICY_SIGNED, refused[_i] ? "is older than" : NULL);
	/* What was seen never goes back. */
	ck_assert_int_eq(kist_trust_see(below("config"), "org.example.demo", "0.0.1", NULL), KIST_OK);
	assert_entry(KIST_POLICY_SIGNED, refused[_i] ? "is older than" : NULL);
}
END_TEST

START_TEST(a_list_that_cannot_be_read_tightens_the_policy)
{
	static const char *const texts[] = {
		"{\"version\":1,\"pins\":[],\"policy\":\"all\"}",
		"{\"version\":1,\"pins\":[],\"policy\":3}",
		"{\"version\":1,\"pins\":[],\"revoked\":[{\"sha256\":\"12\"}]}",
		"{\"version\":1,\"pins\":[],\"revoked\":[{}]}",
		"{\"version\":1,\"pins\":[],\"revoked\":{}}",
		"{\"version\":1,\"pins\":[],\"seen\":{\"a.b\":\"one\"}}",
		"{\"version\":1,\"pins\":[],\"seen\":[]}",
		"{\"version\":1,\"pins\":[{\"manifest\":\"0\"}]}",
		"{\"version\":2,\"pins\":[]}",
		"{",
	};
	kist_auto_catalog struct kist_catalog *catalog = NULL;
	uint8_t text[256];

	(void)make_signed(GOOD_COMMENT, "1.0.0");
	add_key("config", "org.example", "");
	folder_write(root, "config/trusted.json", texts[_i], strlen(texts[_i]));
	catalog = open_catalog(KIST_POLICY_ANY, false);
	ck_assert_int_eq(catalog->policy, KIST_POLICY_PINNED);
	ck_assert_int_eq(catalog->entries[0].refusal.status, KIST_DENIED);
	/* What is not understood is not written anew either: nobody knows what it was to say. */
	ck_assert_int_eq(
		kist_trust_revoke(below("config"), &(struct kist_revocation){ .key = 1 }, false, NULL),
		KIST_CORRUPT);
	ck_assert_int_eq(kist_trust_see(below("config"), "a.b", "1.0.0", NULL), KIST_CORRUPT);
	ck_assert_uint_eq(folder_read(below("config/trusted.json"), text, sizeof(text)), strlen(texts[_i]));
	ck_assert_mem_eq(text, texts[_i], strlen(texts[_i]));
}
END_TEST

START_TEST(a_key_speaks_for_its_scope_until_its_day)
{
	struct kist_key one = { .scope = "org.example", .expires = "2026-07-01" };

	ck_assert(kist_key_in_scope(&one, "org.example"));
	ck_assert(kist_key_in_scope(&one, "org.example.demo"));
	ck_assert(!kist_key_in_scope(&one, "org.examples"));
	ck_assert(!kist_key_in_scope(&one, "org.exampl"));
	ck_assert(!kist_key_in_scope(&one, "org"));
	ck_assert(!kist_key_in_scope(&one, ""));
	ck_assert(!kist_key_in_scope(&one, "net.org.example"));
	ck_assert(kist_key_is_expired(&one, NOON_OF_2026_07_01));
	ck_assert(!kist_key_is_expired(&one, NOON_OF_2026_07_01 - (int64_t)13 * 3600 * 1000000000));
	one.expires[0] = '\0';
	ck_assert(!kist_key_is_expired(&one, NOON_OF_2026_07_01));
}
END_TEST

START_TEST(a_file_of_a_key_is_read_strictly)
{
	static const char *const rows[] = {
		"{}",
		"[]",
		"{\"version\":2,\"key\":\"K\",\"scope\":\"org.example\"}",
		"{\"version\":1,\"scope\":\"org.example\"}",
		"{\"version\":1,\"key\":\"K\"}",
		"{\"version\":1,\"key\":\"K\",\"scope\":\"org\"}",
		"{\"version\":1,\"key\":\"K\",\"scope\":\"org.example.\"}",
		"{\"version\":1,\"key\":\"K\",\"scope\":\"org.example\\u0000.x\"}",
		"{\"version\":1,\"key\":\"K\",\"scope\":\"kist.numpy\"}",
		"{\"version\":1,\"key\":\"K\",\"scope\":7}",
		"{\"version\":1,\"key\":\"K\",\"scope\":\"org.example\",\"expires\":\"2026-13-01\"}",
		"{\"version\":1,\"key\":\"K\",\"scope\":\"org.example\",\"expires\":\"2026-1-01\"}",
		"{\"version\":1,\"key\":\"K\",\"scope\":\"org.example\",\"expires\":true}",
		"{\"version\":1,\"key\":\"RWQ=\",\"scope\":\"org.example\"}",
	};
	static const char real[] = "RWRhzYQWHdnqIDn1srn05/RnEnmYyVc9fUTMGma5oWMWCquTFqz5UjlQ";
	const char *at = strstr(rows[_i], "\"K\"");
	struct kist_error err = KIST_ERROR_INIT;
	struct kist_key read;
	char text[512];

	if (at)
		snprintf(text, sizeof(text), "%.*s\"%s%s", (int)(at - rows[_i]), rows[_i], real, at + 2);
	else
		snprintf(text, sizeof(text), "%s", rows[_i]);
	ck_assert_int_eq(kist_key_parse(kist_view_of(text, strlen(text)), &read, &err), KIST_CORRUPT);
}
END_TEST

START_TEST(a_key_under_another_name_is_passed_over)
{
	kist_auto_grounds struct kist_grounds grounds = KIST_GROUNDS_INIT;
	uint8_t text[4096];
	char note[256];
	char id[KIST_KEY_ID_SIZE];
	char path[64];
	size_t size;

	add_key("config", "org.example", "");
	kist_key_id_text(key.public.id, id);
	snprintf(path, sizeof(path), "config/keys/%s.json", id);
	size = folder_read(below(path), text, sizeof(text));
	folder_write(root, "config/keys/0123456789ABCDEF.json", text, size);
	folder_write(root, "config/keys/none", "x", 1);
	ck_assert_int_eq(kist_grounds_load(below("config"), NULL, &grounds, note, sizeof(note), NULL),
			 KIST_OK);
	ck_assert_uint_eq(grounds.keys.count, 1);
	ck_assert_ptr_nonnull(strstr(note, "0123456789ABCDEF.json: "));
	ck_assert_ptr_nonnull(strstr(note, "none: "));
	ck_assert_ptr_nonnull(kist_keys_find(&grounds.keys, key.public.id));
	ck_assert_ptr_null(kist_keys_find(&grounds.keys, key.public.id + 1));
	ck_assert_int_eq(kist_keys_remove(below("config"), key.public.id, NULL), KIST_OK);
	ck_assert_int_eq(kist_keys_remove(below("config"), key.public.id, NULL), KIST_NOT_FOUND);
}
END_TEST

/* The numpy plugin under an id of its own cannot be made here: what is installed must pass the gate, or is refused. */
START_TEST(a_failed_installation_leaves_nothing_whatever_allocation_fails)
{
	char plugins[2 * FOLDER_PATH_SIZE];
	char config[2 * FOLDER_PATH_SIZE];
	const struct kist_install_options options = { .plugins_dir = plugins,
						      .config_dir = config,
						      .by_hand = true };
	kist_status status = KIST_NO_MEMORY;
	char source[2 * FOLDER_PATH_SIZE];

	(void)make_signed(GOOD_COMMENT, "1.0.0");
	snprintf(source, sizeof(source), "%s", below("p/a"));
	snprintf(plugins, sizeof(plugins), "%s", below("plugins"));
	snprintf(config, sizeof(config), "%s", below("config"));
	for (unsigned long k = 1; status == KIST_NO_MEMORY; k++) {
		struct kist_installed done;
		struct kist_error err = KIST_ERROR_INIT;

		kist_mem_fail_at(k);
		status = kist_install(source, &options, &done, &err);
		kist_mem_fail_at(0);
		ck_assert(access(below("plugins/org.example.demo"), F_OK) != 0);
		ck_assert(access(below("config/trusted.json"), F_OK) != 0);
	}
	/* "not a library" is no ELF. */
	ck_assert_int_eq(status, KIST_CORRUPT);
	ck_assert_int_eq(rmdir(plugins), 0);
}
END_TEST

START_TEST(running_out_of_memory_while_deciding_leaks_nothing)
{
	const struct kist_surroundings surroundings = { .site_config = below("site") };
	char given[2 * FOLDER_PATH_SIZE];
	char config[2 * FOLDER_PATH_SIZE];
	const char *folders = given;
	const struct kist_catalog_options options = {
		.given = &folders, .given_count = 1, .config_dir = config, .policy = KIST_POLICY_SIGNED
	};
	kist_status status = KIST_NO_MEMORY;

	snprintf(given, sizeof(given), "%s", below("p"));
	snprintf(config, sizeof(config), "%s", below("config"));
	(void)make_signed(GOOD_COMMENT, "1.0.0");
	add_key("config", "org.example", "");
	ck_assert_int_eq(kist_trust_see(config, "org.example.demo", "0.1.0", NULL), KIST_OK);
	for (unsigned long k = 1; status != KIST_OK; k++) {
		kist_auto_catalog struct kist_catalog *catalog = NULL;

		kist_mem_fail_at(k);
		status = kist_catalog_open_in(&options, &surroundings, &catalog, NULL);
		kist_mem_fail_at(0);
		ck_assert(status == KIST_OK || status == KIST_NO_MEMORY);
	}
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("signed");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, a_signature_lets_run_under_the_policy_signed_alone);
	tcase_add_test(tcase, a_key_of_the_site_counts_for_all_users);
	tcase_add_loop_test(tcase, a_comment_must_say_what_is_signed, 0, 6);
	tcase_add_loop_test(tcase, the_site_narrows_the_policy_and_never_widens_it, 0, 8);
	tcase_add_loop_test(tcase, what_is_revoked_runs_under_no_policy, 0, 6);
	tcase_add_loop_test(tcase, an_older_version_than_was_seen_is_refused, 0, 6);
	tcase_add_loop_test(tcase, a_list_that_cannot_be_read_tightens_the_policy, 0, 10);
	tcase_add_test(tcase, a_key_speaks_for_its_scope_until_its_day);
	tcase_add_loop_test(tcase, a_file_of_a_key_is_read_strictly, 0, 14);
	tcase_add_test(tcase, a_key_under_another_name_is_passed_over);
	tcase_add_test(tcase, a_failed_installation_leaves_nothing_whatever_allocation_fails);
	tcase_add_test(tcase, running_out_of_memory_while_deciding_leaks_nothing);
	return suite_run(tcase, "signed");
}
