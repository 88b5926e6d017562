/* SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "support/suite.h"

#include "base/mem.h"
#include "config/config.h"

static char folder[PATH_MAX];
static const char *variables[8][2];

static const char *variable(const char *name)
{
	for (size_t i = 0; i < sizeof(variables) / sizeof(variables[0]) && variables[i][0]; i++) {
		if (strcmp(variables[i][0], name) == 0)
			return variables[i][1];
	}
	return NULL;
}

static void put(const char *path, const char *text, mode_t mode)
{
	const int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, mode);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	ck_assert_int_eq(fchmod(fd, mode), 0);
	ck_assert_int_eq(close(fd), 0);
}

static void set_up(void)
{
	const char *base = getenv("TMPDIR");
	char made[PATH_MAX];

	memset(variables, 0, sizeof(variables));
	snprintf(made, sizeof(made), "%s/kist-config.XXXXXX", base ? base : "/tmp");
	ck_assert_ptr_nonnull(mkdtemp(made));
	ck_assert_ptr_nonnull(realpath(made, folder));
	ck_assert_int_eq(chdir(folder), 0);
	ck_assert_int_eq(mkdir("user", 0755), 0);
	put("user/config.yaml", "jobs: 2\nlimits: {time: 1h}\ntags: {team: user, site: here}\n", 0600);
	put("kist.yaml",
	    "jobs: 3\ndefault_storage: store\ntags: {team: project}\ncapture: {ignore: ['*.tmp']}\n"
	    "overlays:\n  test: {jobs: 4, tags: {team: test}}\n",
	    0644);
	put("job.yaml", "jobs: 5\ncommand: [a, b]\nproject: ${NONE}\n", 0664);
}

static void clear_away(void)
{
	ck_assert_int_eq(unlink("user/config.yaml"), 0);
	ck_assert_int_eq(rmdir("user"), 0);
	ck_assert_int_eq(unlink("kist.yaml"), 0);
	ck_assert_int_eq(unlink("job.yaml"), 0);
	ck_assert_int_eq(rmdir(folder), 0);
}

static struct kist_config *load(const struct kist_config_options *options)
{
	struct kist_config *config = NULL;

	ck_assert_int_eq(kist_config_load(options, &config, NULL), KIST_OK);
	return config;
}

static unsigned layer_of(const struct kist_config *config, const char *name)
{
	return kist_config_layer_of(config, (size_t)(kist_config_key_find(name) - kist_config_keys), 0);
}

START_TEST(a_stronger_layer_covers_a_weaker_one)
{
	static const struct kist_config_given given[] = { { "jobs", "7" } };
	struct kist_config_options options = { .command = "run", .variable = variable };

	for (unsigned jobs = 1; jobs <= 7; jobs++) {
		kist_auto_config struct kist_config *config = NULL;

		options.user_dir = jobs > 1 ? "user" : NULL;
		variables[0][0] = "KIST_CONFIG";
		variables[0][1] = jobs > 2 ? "" : "none";
		options.overlay = jobs > 3 ? "test" : NULL;
		options.job_file = jobs > 4 ? "job.yaml" : NULL;
		variables[1][0] = jobs > 5 ? "KIST_JOBS" : NULL;
		variables[1][1] = "6";
		options.given = given;
		options.given_count = jobs > 6;
		config = load(&options);
		/* "project" of the job's file counts for run, and is not set. */
		ck_assert(kist_config_is_sound(config) == (jobs < 5));
		ck_assert_uint_eq(config->settings.jobs, jobs);
		ck_assert_uint_eq(layer_of(config, "jobs"), KIST_LAYER_BUILT_IN - (jobs - 1));
	}
}
END_TEST

START_TEST(what_is_built_in_holds_when_nothing_is_said)
{
	const struct kist_config_options options = { .command = "exec", .variable = variable };
	kist_auto_config struct kist_config *config = NULL;

	variables[0][0] = "KIST_CONFIG";
	variables[0][1] = "none";
	config = load(&options);
	ck_assert(kist_config_is_sound(config));
	ck_assert_ptr_null(config->settings.project);
	ck_assert_ptr_null(config->settings.store);
	ck_assert_str_eq(config->settings.artifact_path, "artifacts");
	ck_assert(config->settings.follow);
	ck_assert_uint_eq(config->settings.time_limit_s, 0);
	ck_assert_uint_eq(config->settings.grace_s, 10);
	ck_assert_uint_eq(config->settings.ignore.count, 0);
	ck_assert_uint_eq(config->settings.log_level, KIST_SAY_ALL);
	ck_assert(config->settings.step_cache);
}
END_TEST

START_TEST(mappings_are_put_together_and_lists_are_not)
{
	static const struct kist_config_given given[] = { { "ignore", "*.a" }, { "at-end", "" } };
	const struct kist_config_options options = { .command = "exec",
						     .user_dir = "user",
						     .overlay = "test",
						     .given = given,
						     .given_count = 2,
						     .variable = variable };
	kist_auto_config struct kist_config *config = load(&options);
	const struct kist_settings *settings = &config->settings;

	ck_assert(kist_config_is_sound(config));
	ck_assert_uint_eq(settings->tags.count, 2);
	ck_assert_str_eq(settings->tags.items[0].key, "team");
	ck_assert_str_eq(settings->tags.items[0].text, "test");
	ck_assert_uint_eq(settings->tags.items[0].layer, KIST_LAYER_OVERLAY);
	ck_assert_str_eq(settings->tags.items[1].key, "site");
	ck_assert_uint_eq(settings->tags.items[1].layer, KIST_LAYER_USER);
	/* The command line adds to what a file says. */
	ck_assert_uint_eq(settings->ignore.count, 2);
	ck_assert_str_eq(settings->ignore.items[0].text, "*.a");
	ck_assert_str_eq(settings->ignore.items[1].text, "*.tmp");
	ck_assert(!settings->follow);
	ck_assert_uint_eq(settings->time_limit_s, 3600);
}
END_TEST

START_TEST(a_member_that_cannot_be_had_is_told_beside_those_of_other_layers)
{
	static const char *const values[] = { NULL, "\xff" };
	const struct kist_config_options options = {
		.command = "exec", .user_dir = "user", .job_file = "job.yaml", .variable = variable
	};

	put("job.yaml", "tags: {mine: x}\n", 0644);
	put("kist.yaml", "tags: {team: '${TEAM}'}\n", 0644);
	variables[0][0] = "TEAM";
	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
		kist_auto_config struct kist_config *config = NULL;

		variables[0][1] = values[i];
		config = load(&options);
		ck_assert(!kist_config_is_sound(config));
		ck_assert_uint_eq(config->files[1].issues.error_count, 1);
		ck_assert_str_eq(config->files[1].issues.items[0].code, "E_CONFIG_VARIABLE");
	}
}
END_TEST

START_TEST(a_path_in_a_file_is_from_there)
{
	const struct kist_config_options options = { .command = "ls", .variable = variable };
	kist_auto_config struct kist_config *config = NULL;
	char expected[PATH_MAX + 8];

	ck_assert_int_eq(chdir("user"), 0);
	config = load(&options);
	ck_assert_int_eq(chdir(".."), 0);
	snprintf(expected, sizeof(expected), "%s/store", folder);
	ck_assert_str_eq(config->settings.store, expected);
}
END_TEST

START_TEST(a_variable_that_is_not_set_is_a_fault_where_it_is_needed)
{
	static const struct {
		const char *command;
		const char *project; /* of the command line */
		bool is_sound;
	} rows[] = {
		{ "exec", NULL, false }, { "exec", "x", true }, { "ls", NULL, true }, { NULL, NULL, true }
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct kist_config_given given = { "project", rows[i].project };
		const struct kist_config_options options = { .command = rows[i].command,
							     .job_file = "job.yaml",
							     .given = &given,
							     .given_count = rows[i].project != NULL,
							     .variable = variable };
		kist_auto_config struct kist_config *config = load(&options);

		ck_assert(kist_config_is_sound(config) == rows[i].is_sound);
	}
}
END_TEST

START_TEST(a_wrong_option_or_variable_is_told_by_its_name)
{
	static const struct kist_config_given given = { "jobs", "x" };
	struct kist_config_options options = { .command = "run", .variable = variable };
	kist_auto_config struct kist_config *by_variable = NULL;
	kist_auto_config struct kist_config *by_option = NULL;

	variables[0][0] = "KIST_JOBS";
	variables[0][1] = "0";
	by_variable = load(&options);
	ck_assert_str_eq(by_variable->fault, "KIST_JOBS takes a number from 1 to 256, not '0'");
	ck_assert(!kist_config_is_sound(by_variable));
	options.given = &given;
	options.given_count = 1;
	by_option = load(&options);
	ck_assert_str_eq(by_option->fault, "--jobs takes a number from 1 to 256, not 'x'");
	/* It is nobody's business where it does not count. */
	options.command = "ls";
	kist_config_free(by_option);
	by_option = load(&options);
	ck_assert(kist_config_is_sound(by_option));
}
END_TEST

START_TEST(a_file_that_is_named_is_there)
{
	struct kist_config_options options = { .command = "exec", .job_file = "none", .variable = variable };
	struct kist_config *config = NULL;

	ck_assert_int_eq(kist_config_load(&options, &config, NULL), KIST_NOT_FOUND);
	options.job_file = "user";
	ck_assert_int_eq(kist_config_load(&options, &config, NULL), KIST_INVALID);
	options.job_file = NULL;
	variables[0][0] = "KIST_CONFIG";
	variables[0][1] = "missing";
	ck_assert_int_eq(kist_config_load(&options, &config, NULL), KIST_NOT_FOUND);
	variables[0][1] = "none";
	options.overlay = "test";
	ck_assert_int_eq(kist_config_load(&options, &config, NULL), KIST_INVALID);
	ck_assert_ptr_null(config);
}
END_TEST

START_TEST(of_a_file_that_is_not_sound_nothing_is_used)
{
	const struct kist_config_options options = { .command = "run", .variable = variable };
	kist_auto_config struct kist_config *config = NULL;

	put("kist.yaml", "jobs: 3\njbos: 4\n", 0644);
	config = load(&options);
	ck_assert(!kist_config_is_sound(config));
	ck_assert_uint_eq(config->settings.jobs, 0);
	ck_assert_uint_eq(config->files[0].issues.error_count, 1);
}
END_TEST

START_TEST(what_others_may_write_says_nothing_of_stores)
{
	const struct kist_config_options options = { .command = "ls", .variable = variable };
	kist_auto_config struct kist_config *config = NULL;

	put("kist.yaml", "jobs: 3\ndefault_storage: x\n", 0664);
	config = load(&options);
	ck_assert(!kist_config_is_sound(config));
	ck_assert_str_eq(config->files[0].issues.items[0].code, "E_CONFIG_TRUST");
}
END_TEST

START_TEST(each_allocation_may_fail)
{
	static const struct kist_config_given given[] = { { "ignore", "*.a" }, { "jobs", "3" } };
	const struct kist_config_options options = { .command = "exec",
						     .user_dir = "user",
						     .job_file = "job.yaml",
						     .overlay = "test",
						     .given = given,
						     .given_count = 2,
						     .variable = variable };

	for (unsigned long k = 1;; k++) {
		struct kist_config *config = NULL;
		kist_status status;

		kist_mem_fail_at(k);
		status = kist_config_load(&options, &config, NULL);
		kist_mem_fail_at(0);
		kist_config_free(config);
		if (status == KIST_OK) {
			ck_assert_uint_gt(k, 10);
			break;
		}
		ck_assert_int_eq(status, KIST_NO_MEMORY);
	}
}
END_TEST

int main(void)
{
	TCase *const tcase = tcase_create("config");

	tcase_add_checked_fixture(tcase, set_up, clear_away);
	tcase_add_test(tcase, a_stronger_layer_covers_a_weaker_one);
	tcase_add_test(tcase, what_is_built_in_holds_when_nothing_is_said);
	tcase_add_test(tcase, mappings_are_put_together_and_lists_are_not);
	tcase_add_test(tcase, a_member_that_cannot_be_had_is_told_beside_those_of_other_layers);
	tcase_add_test(tcase, a_path_in_a_file_is_from_there);
	tcase_add_test(tcase, a_variable_that_is_not_set_is_a_fault_where_it_is_needed);
	tcase_add_test(tcase, a_wrong_option_or_variable_is_told_by_its_name);
	tcase_add_test(tcase, a_file_that_is_named_is_there);
	tcase_add_test(tcase, of_a_file_that_is_not_sound_nothing_is_used);
	tcase_add_test(tcase, what_others_may_write_says_nothing_of_stores);
	tcase_add_test(tcase, each_allocation_may_fail);
	return suite_run(tcase, "config");
}
