/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/num.h"
#include "base/utf8.h"
#include "cli/commands.h"
#include "cli/facts.h"
#include "cli/measure.h"
#include "cli/output.h"
#include "cli/plugins.h"
#include "cli/stop.h"
#include "cli/table.h"
#include "flow/save.h"
#include "store/lean.h"

/* Of collectors that come first, again and again, one has to give up some time. */
#define TRIES_MAX 10

/* What is left when a signal ends it. */
#define STOPPED "kist: put: stopped; nothing of it is stored, and the store is as it was\n"
#define STOPPING                                                                                             \
	"kist: put: stopped while it was being stored: 'kist ls' tells whether it is; the store is whole\n"
#define STORED	       "kist: put: stopped; all of it is stored\n"
#define STORED_IN_PART "kist: put: stopped; what was not refused is stored\n"

static const struct kist_option options[] = {
	{ .name = "name", .letter = 'n', .argument = "NAME", .help = "keep it under this name (one PATH)" },
	{ .name = "task", .argument = "TASK", .help = "use this artifact task, and no other" },
	{ .name = "type", .argument = "TYPE", .help = "it is of this type (kist.npy), and no other" },
	{ .name = "media-type", .argument = "TYPE", .help = "its media type (text/csv)" },
	{ .name = "param",
	  .letter = 'p',
	  .argument = "KEY=VALUE",
	  .help = "an argument for the task",
	  .many = true },
	{ .name = "description", .letter = 'd', .argument = "TEXT", .help = "say what it is" },
	{ .name = "level",
	  .argument = "fast|default|archive",
	  .help = "how hard to compress: archive is small, and slow" },
	{ .name = "reread", .help = "read all files, also those that have not changed since they were kept" },
	{ .name = "opaque", .help = "keep as bytes what its plugin refuses, with the reason" },
	{ .name = NULL },
};

/* What this command has kept so far. */
struct putting {
	struct kist_cli *cli;
	struct kist_save *save;
	json_t *params;
	json_t *facts; /* array; with --json also of errors */
	size_t kept;
	const char *path; /* that is being put */
	char **names;	  /* of each path, when none is given */
	enum kist_exit worst;
};

static void putting_done(struct putting *putting)
{
	kist_save_close(putting->save);
	json_decref(putting->params);
	json_decref(putting->facts);
	for (size_t i = 0; putting->names && i < putting->cli->argument_count; i++)
		kist_free(putting->names[i]);
	kist_free(putting->names);
}

/* Each thing in a folder that is refused; what ends the command says the rest. */
static void tell_refused(void *ctx, const struct kist_error *why)
{
	struct putting *putting = ctx;

	kist_progress_end(&putting->cli->progress);
	(void)kist_cli_fail_one(putting->cli, why, false, putting->path, putting->facts);
}

/* "." and ".." go by the folder's own name; a new string, or NULL without memory. */
static char *name_of(const char *path)
{
	size_t len;
	const char *name = kist_facts_default_name(path, &len);
	char real[PATH_MAX];

	if (((len == 1 && name[0] == '.') || (len == 2 && memcmp(name, "..", 2) == 0)) &&
	    realpath(path, real))
		name = kist_facts_default_name(real, &len);
	return kist_strndup(name, len);
}

static enum kist_exit find_names(struct putting *putting)
{
	const struct kist_cli *cli = putting->cli;
	struct kist_error err = KIST_ERROR_INIT;

	putting->names = kist_alloc(cli->argument_count, sizeof(*putting->names));
	for (size_t i = 0; putting->names && i < cli->argument_count; i++) {
		putting->names[i] = name_of(cli->arguments[i]);
		if (putting->names[i] && strcmp(putting->names[i], "/") == 0 && !kist_cli_has(cli, "name"))
			return kist_cli_usage(cli, "'%s' has no name of its own: give it one with --name",
					      cli->arguments[i]);
		if (!putting->names[i]) {
			(void)kist_fail_memory(&err, PATH_MAX);
			return kist_cli_fail(cli, &err, false);
		}
	}
	if (putting->names)
		return KIST_EXIT_DONE;
	(void)kist_fail_memory(&err, cli->argument_count * sizeof(*putting->names));
	return kist_cli_fail(cli, &err, false);
}

static struct kist_save_options options_for(struct putting *putting, size_t i)
{
	const struct kist_cli *cli = putting->cli;
	const char *given = kist_cli_value(cli, "name");
	const char *name = given ? given : putting->names[i];
	const struct kist_save_options how = {
		.name = name,
		.name_len = strlen(name),
		.examine = { .task = kist_cli_value(cli, "task"),
			     .type = kist_cli_value(cli, "type"),
			     .media_type = kist_cli_value(cli, "media-type"),
			     .params = putting->params },
		.opaque = kist_cli_has(cli, "opaque"),
		.description = kist_cli_value(cli, "description"),
		.tell = tell_refused,
		.tell_ctx = putting,
	};

	return how;
}

static kist_status put_one(struct putting *putting, size_t i, struct kist_error *err)
{
	const char *path = putting->cli->arguments[i];
	const struct kist_save_options how = options_for(putting, i);
	kist_auto_saved struct kist_saved saved = KIST_SAVED_INIT;
	json_t *facts;

	putting->path = path;
	kist_progress_start(&putting->cli->progress, path);
	if (strcmp(path, "-") == 0)
		KIST_TRY(kist_save_stream(putting->save, STDIN_FILENO, &how, &saved, err));
	else
		KIST_TRY(kist_save_path(putting->save, path, &how, &saved, err));
	KIST_TRY(kist_facts_artifact(how.name, how.name_len, saved.record, &saved.artifact, &facts, err));
	if (json_array_append_new(putting->facts, facts) != 0)
		return kist_fail_memory(err, sizeof(json_t));
	return KIST_OK;
}

static const char *const titles[] = { "NAME", "KIND", "SIZE", "HOLDS", "SHA-256" };

static kist_status add_row(struct kist_table *table, const json_t *facts, struct kist_error *err)
{
	kist_auto_buf struct kist_buf name = KIST_BUF_INIT(KIST_NAME_SIZE_MAX);
	const char *sha256 = kist_json_get_text(facts, "sha256");
	char size[32];

	kist_size_text((uint64_t)json_integer_value(json_object_get(facts, "size")), size);
	KIST_TRY(kist_name_from_json(facts, &name, err));
	KIST_TRY(kist_table_add_name(table, (const char *)name.data, name.size, err));
	KIST_TRY(kist_table_add_text(table, kist_json_get_text(facts, "kind"), err));
	KIST_TRY(kist_table_add_text(table, size, err));
	KIST_TRY(kist_table_add_text(table, kist_json_get_text(facts, "summary"), err));
	return kist_table_add(table, sha256, strnlen(sha256, 16), err);
}

static kist_status print_rows(const json_t *list, struct kist_error *err)
{
	kist_auto_table struct kist_table table = KIST_TABLE_INIT(sizeof(titles) / sizeof(titles[0]), titles);
	const json_t *facts;
	size_t i;

	table.right[2] = true;
	table.outliers[0] = true;
	json_array_foreach(list, i, facts)
		KIST_TRY(add_row(&table, facts, err));
	kist_table_print(&table, true);
	return KIST_OK;
}

/* Of what is plain bytes though a plugin reads it: who asked for that with --opaque can be spared it. */
static void print_reasons(const struct kist_cli *cli, const json_t *list)
{
	const json_t *facts;
	size_t i;

	if (cli->quiet && kist_cli_has(cli, "opaque"))
		return;
	(void)fflush(stdout);
	json_array_foreach(list, i, facts) {
		const char *why = kist_json_get_text(json_object_get(facts, "reason"), "text");
		kist_auto_buf struct kist_buf name = KIST_BUF_INIT(KIST_NAME_SIZE_MAX);
		char shown_name[256];
		char shown[1024];

		if (!why || kist_name_from_json(facts, &name, NULL) != KIST_OK)
			continue;
		kist_name_escape((const char *)name.data, name.size, shown_name, sizeof(shown_name));
		kist_text_escape(why, strlen(why), shown, sizeof(shown));
		fprintf(stderr, "kist: put: note: '%s' is kept as bytes: %s\n", shown_name, shown);
	}
}

static kist_status print_all(const struct putting *putting, struct kist_error *err)
{
	const struct kist_write_stats stats = kist_save_stats(putting->save);
	char given[32];
	char stored[32];
	const uint64_t unread = kist_save_unread(putting->save);
	uint64_t size = 0;
	const json_t *facts;
	size_t i;

	print_reasons(putting->cli, putting->facts);
	if (putting->cli->json)
		return kist_print_json_take(json_incref(putting->facts), err);
	if (putting->cli->quiet)
		return KIST_OK;
	KIST_TRY(print_rows(putting->facts, err));
	/* What is written holds the records, too: for a small file that is most of it. */
	json_array_foreach(putting->facts, i, facts)
		size += (uint64_t)json_integer_value(json_object_get(facts, "size"));
	kist_size_text(size, given);
	kist_size_text(stats.stored_bytes, stored);
	printf("%zu kept: %s given, %s written, records included (%" PRIu64 " of %" PRIu64 " chunk%s new)",
	       putting->kept, given, stored, stats.chunks_new, stats.chunks, kist_plural(stats.chunks));
	if (unread > 0)
		printf("; %" PRIu64 " file%s not read again, being unchanged", unread, kist_plural(unread));
	putchar('\n');
	return KIST_OK;
}

/* What was taken from the standard input cannot be had again. */
static bool may_try_again(const struct putting *putting, const struct kist_error *err, int tries)
{
	for (size_t i = 0; i < putting->cli->argument_count; i++) {
		if (strcmp(putting->cli->arguments[i], "-") == 0)
			return false;
	}
	return kist_is_collected(err) && tries < TRIES_MAX;
}

static void put_each(struct putting *putting)
{
	struct kist_cli *cli = putting->cli;

	for (size_t i = 0; i < cli->argument_count; i++) {
		struct kist_error why = KIST_ERROR_INIT;
		const kist_status status = put_one(putting, i, &why);

		kist_progress_end(&cli->progress);
		/* One that cannot be kept does not hold back the others. */
		if (status != KIST_OK)
			putting->worst = kist_exit_worse(
				putting->worst,
				kist_cli_fail_one(cli, &why, false, cli->arguments[i], putting->facts));
		else
			putting->kept++;
	}
}

/* Puts everything and commits it: once more from the start when a collector has removed what it was going to
 * share. */
static kist_status put_and_commit(struct putting *putting, struct kist_error *err)
{
	for (int tries = 1;; tries++) {
		KIST_TRY(kist_save_open(putting->cli->flow, &putting->save, err));
		kist_save_set_level(putting->save, (enum kist_filter_level)putting->cli->settings.level);
		kist_save_set_reread(putting->save, kist_cli_has(putting->cli, "reread"));
		put_each(putting);
		if (putting->kept > 0)
			kist_stop_say(STOPPING);
		if (putting->kept == 0 || kist_save_commit(putting->save, err) == KIST_OK)
			return KIST_OK;
		kist_stop_say(STOPPED);
		if (!may_try_again(putting, err, tries))
			return err->status;
		kist_error_clear(err);
		kist_save_close(putting->save);
		putting->save = NULL;
		putting->worst = KIST_EXIT_DONE;
		putting->kept = 0;
		(void)json_array_clear(putting->facts);
	}
}

static enum kist_exit put_all(struct putting *putting)
{
	struct kist_cli *cli = putting->cli;
	struct kist_error err = KIST_ERROR_INIT;

	kist_stop_say(STOPPED);
	if (kist_cli_params(cli, &putting->params, &err) != KIST_OK ||
	    kist_cli_open(cli, true, &err) != KIST_OK || put_and_commit(putting, &err) != KIST_OK)
		return kist_cli_fail(cli, &err, true);
	if (putting->kept == 0)
		return cli->json && kist_print_json_take(json_incref(putting->facts), &err) != KIST_OK
			       ? kist_cli_fail(cli, &err, false)
			       : putting->worst;
	kist_stop_say(putting->worst == KIST_EXIT_DONE ? STORED : STORED_IN_PART);
	if (print_all(putting, &err) != KIST_OK || !kist_output_is_whole())
		return kist_cli_fail_kept(cli, &err);
	return putting->worst;
}

static enum kist_exit put_and_note(struct putting *putting)
{
	const enum kist_exit status = put_all(putting);

	if (putting->cli->flow && putting->cli->flow->was_refused)
		fprintf(stderr, "kist: put: --opaque keeps the bytes as they are, with the reason\n");
	kist_plugins_note(putting->cli, putting->cli->flow);
	return status;
}

/* An input and the name that it comes to. */
struct input {
	const char *path;
	const char *name;
	size_t len;
};

static int compare_inputs(const void *a, const void *b)
{
	const struct input *x = a;
	const struct input *y = b;
	const int order = memcmp(x->name, y->name, x->len < y->len ? x->len : y->len);

	return order != 0 ? order : (x->len > y->len) - (x->len < y->len);
}

/* Of two inputs of one name the first would be lost; that is said before anything is kept. */
static enum kist_exit check_names(const struct putting *putting)
{
	const struct kist_cli *cli = putting->cli;
	kist_auto_mem struct input *inputs = kist_alloc(cli->argument_count, sizeof(*inputs));
	struct kist_error err = KIST_ERROR_INIT;

	if (!inputs) {
		(void)kist_fail_memory(&err, cli->argument_count * sizeof(*inputs));
		return kist_cli_fail(cli, &err, false);
	}
	for (size_t i = 0; i < cli->argument_count; i++) {
		inputs[i].path = cli->arguments[i];
		inputs[i].name = putting->names[i];
		inputs[i].len = strlen(putting->names[i]);
	}
	qsort(inputs, cli->argument_count, sizeof(*inputs), compare_inputs);
	for (size_t i = 1; i < cli->argument_count; i++) {
		if (compare_inputs(&inputs[i - 1], &inputs[i]) == 0)
			return kist_cli_usage(
				cli,
				"'%s' and '%s' both come to the name '%.*s': put them one by one with "
				"--name, or put the folder that holds them",
				inputs[i - 1].path, inputs[i].path, (int)inputs[i].len, inputs[i].name);
	}
	return KIST_EXIT_DONE;
}

static enum kist_exit run(struct kist_cli *cli)
{
	__attribute__((cleanup(putting_done))) struct putting putting = { .cli = cli, .facts = json_array() };
	enum kist_exit wrong;

	if (cli->argument_count > 1 && kist_cli_has(cli, "name"))
		return kist_cli_usage(cli, "--name goes with one PATH");
	for (size_t i = 0; i < cli->argument_count; i++) {
		if (strcmp(cli->arguments[i], "-") == 0 && !kist_cli_has(cli, "name"))
			return kist_cli_usage(cli, "what comes from the standard input needs a --name");
	}
	wrong = find_names(&putting);
	if (wrong == KIST_EXIT_DONE)
		wrong = check_names(&putting);
	return wrong == KIST_EXIT_DONE ? put_and_note(&putting) : wrong;
}

const struct kist_command kist_command_put = {
	.name = "put",
	.arguments = "PATH...",
	.summary = "keep files and folders; - is the standard input",
	.options = options,
	.arguments_min = 1,
	.arguments_max = SIZE_MAX,
	.run = run,
};
