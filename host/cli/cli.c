/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/cli.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/num.h"
#include "cli/output.h"

bool kist_cli_has(const struct kist_cli *cli, const char *name)
{
	return kist_cli_value(cli, name) != NULL;
}

const char *kist_cli_value(const struct kist_cli *cli, const char *name)
{
	for (size_t i = cli->value_count; i > 0; i--) {
		if (strcmp(cli->values[i - 1].option->name, name) == 0)
			return cli->values[i - 1].text;
	}
	return NULL;
}

bool kist_cli_choose(const struct kist_cli *cli, const char *name, const char *const *words, size_t count,
		     size_t *ret)
{
	const char *asked = kist_cli_value(cli, name);

	for (size_t i = 0; asked && i < count; i++) {
		if (strcmp(asked, words[i]) == 0) {
			*ret = i;
			return true;
		}
	}
	return !asked;
}

/* By what is said, then by place: arguments are pointers into one array. */
static int compare_arguments(const void *a, const void *b)
{
	char *const *const x = *(char *const *const *)a;
	char *const *const y = *(char *const *const *)b;
	const int order = strcmp(*x, *y);

	return order != 0 ? order : (x > y) - (x < y);
}

kist_status kist_cli_drop_repeats(struct kist_cli *cli, size_t first, struct kist_error *err)
{
	const size_t count = cli->argument_count - first;
	kist_auto_mem char ***sorted = kist_alloc(count, sizeof(*sorted));
	size_t kept = first;
	char **last;

	if (!sorted)
		return kist_fail_memory(err, count * sizeof(*sorted));
	for (size_t i = 0; i < count; i++)
		sorted[i] = &cli->arguments[first + i];
	qsort(sorted, count, sizeof(*sorted), compare_arguments);
	last = sorted[0];
	for (size_t i = 1; i < count; i++) {
		if (strcmp(*sorted[i], *last) == 0)
			*sorted[i] = NULL;
		else
			last = sorted[i];
	}
	for (size_t i = first; i < cli->argument_count; i++) {
		if (cli->arguments[i])
			cli->arguments[kept++] = cli->arguments[i];
	}
	cli->argument_count = kept;
	return KIST_OK;
}

kist_status kist_cli_pairs(const struct kist_cli *cli, const char *option, json_t **ret,
			   struct kist_error *err)
{
	kist_auto_json json_t *params = json_object();

	if (!params)
		return kist_fail_memory(err, sizeof(json_t));
	for (size_t i = 0; i < cli->value_count; i++) {
		const char *text = cli->values[i].text;
		const char *equals = strchr(text, '=');
		kist_auto_mem char *key = NULL;

		if (strcmp(cli->values[i].option->name, option) != 0)
			continue;
		if (!equals || equals == text)
			return kist_fail(err, KIST_INVALID, "--%s takes KEY=VALUE, not '%s'", option, text);
		key = kist_strndup(text, (size_t)(equals - text));
		if (!key)
			return kist_fail_memory(err, strlen(text));
		if (json_object_get(params, key))
			return kist_fail(err, KIST_INVALID, "the argument '%s' is given twice", key);
		if (json_object_set_new(params, key, json_string(equals + 1)) != 0)
			return kist_fail(err, KIST_INVALID, "the argument '%s' is not UTF-8", key);
	}
	*ret = kist_steal(params);
	return KIST_OK;
}

kist_status kist_cli_params(const struct kist_cli *cli, json_t **ret, struct kist_error *err)
{
	return kist_cli_pairs(cli, "param", ret, err);
}

kist_status kist_cli_check_names(const struct kist_cli *cli, size_t first, struct kist_error *err)
{
	for (size_t i = first; i < cli->argument_count; i++)
		KIST_TRY(kist_name_check_given(cli->arguments[i], strlen(cli->arguments[i]), err));
	return KIST_OK;
}

struct kist_catalog_options kist_cli_catalog_options(struct kist_cli *cli)
{
	static const char *given[KIST_CATALOG_DIRS_MAX];
	struct kist_catalog_options options = {
		.given = given,
		.system_dir = cli->paths.plugin_dir,
		.cache_dir = cli->paths.cache_dir,
		.config_dir = cli->paths.config_dir,
	};

	for (size_t i = 0; i < cli->settings.plugin_dirs.count && i < KIST_CATALOG_DIRS_MAX; i++)
		given[options.given_count++] = cli->settings.plugin_dirs.items[i].text;
	return options;
}

struct kist_worker_options kist_cli_worker_options(struct kist_cli *cli)
{
	return (struct kist_worker_options){ .program = cli->paths.worker,
					     .call_ms_max = cli->settings.deadline_ms };
}

/* The user's own store, and the folders above it, belong to the user alone. */
static kist_status make_own_store(const char *path, struct kist_error *err)
{
	char parent[PATH_MAX];
	kist_status status;

	snprintf(parent, sizeof(parent), "%s", path);
	*strrchr(parent, '/') = '\0';
	KIST_TRY(kist_mkdirs_at(AT_FDCWD, parent, 0700, err));
	status = kist_store_create(path, err);
	if (status != KIST_EXISTS)
		return status;
	kist_error_clear(err);
	return KIST_OK;
}

static bool is_missing(const char *uri)
{
	kist_auto_store struct kist_store *store = NULL;

	return kist_store_open(uri, &store, NULL) == KIST_NOT_FOUND;
}

kist_status kist_cli_check_store(const char *uri, struct kist_error *err)
{
	KIST_TRY(kist_store_check_uri(uri, err));
	if (strncmp(uri, "memory:", strlen("memory:")) == 0)
		return kist_fail(
			err, KIST_INVALID,
			"'%s' would end with this command, and all that is kept with it: name a folder", uri);
	return KIST_OK;
}

/* What somebody meant and did not get is said where it counts. */
static void note_paths(const struct kist_cli *cli)
{
	if (cli->paths.notes[0] && !cli->quiet)
		fprintf(stderr, "kist: %s: note: %s\n", cli->command->name, cli->paths.notes);
}

kist_status kist_cli_open(struct kist_cli *cli, bool create, struct kist_error *err)
{
	const struct kist_flow_options options = {
		.store_uri = cli->paths.store,
		.cache_dir = cli->paths.cache_dir,
		.temp_dir = cli->paths.temp_dir,
		.catalog = kist_cli_catalog_options(cli),
		.worker = kist_cli_worker_options(cli),
		.progress = kist_progress_show,
		.progress_ctx = &cli->progress,
	};

	/* "kist init" alone makes a .kist here, whatever the user's own file says. */
	const bool is_far = cli->paths.store_is_users;

	note_paths(cli);
	if (cli->paths.store_is_own && create && is_missing(cli->paths.store))
		KIST_TRY(make_own_store(cli->paths.store, err));
	if (kist_flow_open(&options, &cli->flow, err) == KIST_OK)
		return KIST_OK;
	if (err->status == KIST_NOT_FOUND)
		return kist_fail_context(err, "no store here (%s), 'kist init%s%s' makes one",
					 cli->paths.store_why, is_far ? " " : "",
					 is_far ? cli->paths.store : "");
	return err->status;
}

static json_t *error_json(const struct kist_error *err, const char *what)
{
	json_t *offset = err->offset == KIST_NO_OFFSET ? json_null() : json_integer((json_int_t)err->offset);
	json_t *error = json_pack("{s:s,s:s,s:s,s:o}", "status", kist_status_name(err->status), "code",
				  err->code, "text", err->text, "offset", offset);

	if (error && what)
		(void)!kist_json_set_bytes(error, "path", what, strlen(what), NULL);
	return json_pack("{s:o}", "error", error);
}

/* "kist cat big | head": nobody is there to be told, and nothing is wrong. */
static bool nobody_listens(const struct kist_error *err)
{
	return err->status == KIST_IO && kist_reader_is_gone();
}

/* Only what the user named is not found; what is missing otherwise has another status by then. */
static enum kist_exit exit_of(const struct kist_error *err, bool damage)
{
	if (err->status == KIST_NOT_FOUND)
		return KIST_EXIT_NOT_FOUND;
	if (err->status == KIST_INVALID && strcmp(err->code, "E_PARAM") == 0)
		return KIST_EXIT_USAGE;
	return damage && err->status == KIST_CORRUPT ? KIST_EXIT_DAMAGE : KIST_EXIT_FAILED;
}

/* What to do about a disk that is full, or a quota that is used up; said once. */
static const char *remedy_for_full(const struct kist_cli *cli, const struct kist_error *err)
{
	static bool is_said;

	if ((err->sys_errno != ENOSPC && err->sys_errno != EDQUOT) || is_said || !cli->command)
		return "";
	is_said = true;
	return cli->command->when_full ? cli->command->when_full
				       : "; make room there: 'kist gc' frees what no name leads to any more";
}

static enum kist_exit say(const struct kist_cli *cli, const struct kist_error *err, bool damage)
{
	const enum kist_exit exit = exit_of(err, damage);
	const char *hint;
	char place[64] = "";

	if (err->offset != KIST_NO_OFFSET)
		snprintf(place, sizeof(place), " (at byte %" PRIu64 ")", err->offset);
	hint = remedy_for_full(cli, err);
	/* A damage is told in one place, with all of its kind. */
	if (exit == KIST_EXIT_DAMAGE && cli->flow && !cli->command->finds_damage)
		hint = "; 'kist verify' tells what else is damaged";
	/* What was said before stands before it also where both go to one place. */
	(void)fflush(stdout);
	fprintf(stderr, "kist: %s%s%s%s%s%s%s%s\n", cli->command ? cli->command->name : "",
		cli->command ? ": " : "", err->text, place, err->code[0] ? " [" : "", err->code,
		err->code[0] ? "]" : "", hint);
	return exit;
}

enum kist_exit kist_cli_fail(const struct kist_cli *cli, const struct kist_error *err, bool damage)
{
	if (nobody_listens(err))
		return KIST_EXIT_FAILED;
	/* The document may be out already: of what was found before it went wrong. */
	if (cli->json && !kist_json_is_printed())
		(void)!kist_print_json_take(error_json(err, NULL), NULL);
	return say(cli, err, damage);
}

enum kist_exit kist_cli_fail_one(const struct kist_cli *cli, const struct kist_error *err, bool damage,
				 const char *what, json_t *list)
{
	if (nobody_listens(err))
		return KIST_EXIT_FAILED;
	if (cli->json)
		(void)json_array_append_new(list, error_json(err, what));
	return say(cli, err, damage);
}

enum kist_exit kist_cli_fail_lost(const struct kist_cli *cli, uint64_t count)
{
	struct kist_error err = KIST_ERROR_INIT;

	if (count == 0)
		return KIST_EXIT_DONE;
	(void)kist_fail(&err, KIST_CORRUPT, "%" PRIu64 " thing%s that names lead to %s damaged or gone",
			count, kist_plural(count), count == 1 ? "is" : "are");
	return kist_cli_fail(cli, &err, true);
}

enum kist_exit kist_cli_usage(const struct kist_cli *cli, const char *format, ...)
{
	struct kist_error err = KIST_ERROR_INIT;
	char text[KIST_ERROR_TEXT_SIZE];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	(void)kist_fail_text(&err, KIST_INVALID, NULL, KIST_NO_OFFSET, text, strlen(text));
	(void)kist_cli_fail(cli, &err, false);
	return KIST_EXIT_USAGE;
}

enum kist_exit kist_cli_fail_kept(const struct kist_cli *cli, const struct kist_error *err)
{
	fprintf(stderr, "kist: %s: done, and on disk; what came after failed: %s\n", cli->command->name,
		err->status == KIST_OK ? "the standard output takes no more" : err->text);
	return KIST_EXIT_FAILED;
}
