/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/num.h"
#include "base/utf8.h"
#include "cli/commands.h"
#include "cli/facts.h"
#include "cli/issues.h"
#include "cli/output.h"
#include "cli/plugins.h"
#include "cli/run_text.h"
#include "cli/table.h"
#include "cli/value.h"
#include "workflow/check.h"
#include "workflow/template.h"

static const struct kist_option ls_options[] = {
	{ .name = "category", .letter = 'c', .argument = "TEXT", .help = "those of this category" },
	{ .name = "tag",
	  .letter = 't',
	  .argument = "TEXT",
	  .help = "those with all of these tags",
	  .many = true },
	{ .name = "all", .letter = 'a', .help = "all versions; else the newest of each" },
	{ .name = NULL },
};

static const struct kist_option save_options[] = {
	{ .name = "name", .letter = 'n', .argument = "NAME", .help = "of the template; else the file's" },
	{ .name = "category", .letter = 'c', .argument = "TEXT", .help = "what it belongs to" },
	{ .name = "tag", .letter = 't', .argument = "TEXT", .help = "by which it is found", .many = true },
	{ .name = "description", .letter = 'd', .argument = "TEXT", .help = "what it does" },
	{ .name = NULL },
};

static const struct kist_option use_options[] = {
	{ .name = "output",
	  .letter = 'o',
	  .argument = "FILE",
	  .help = "the file to write; else NAME.yaml; - is the standard output" },
	{ .name = "run", .help = "run it, and write no file" },
	{ .name = "param",
	  .letter = 'p',
	  .argument = "KEY=VALUE",
	  .help = "with --run: give a parameter a value",
	  .many = true },
	{ .name = "input",
	  .letter = 'i',
	  .argument = "KEY=NAME",
	  .help = "with --run: the artifact for an artifact input",
	  .many = true },
	{ .name = "name",
	  .letter = 'n',
	  .argument = "NAME",
	  .help = "with --run: what results are kept under; else the template's" },
	{ .name = "exports",
	  .argument = "FOLDER",
	  .help = "with --run: where outputs for people go; else exports/NAME" },
	{ .name = NULL },
};

/* All --tag, as a list.  New reference. */
static kist_status read_tags(const struct kist_cli *cli, json_t **ret, struct kist_error *err)
{
	kist_auto_json json_t *list = json_array();

	for (size_t i = 0; i < cli->value_count; i++) {
		if (strcmp(cli->values[i].option->name, "tag") == 0 &&
		    json_array_append_new(list, json_string(cli->values[i].text)) != 0)
			return kist_fail(err, KIST_INVALID, "a tag is UTF-8");
	}
	*ret = kist_steal(list);
	return *ret ? KIST_OK : kist_fail_memory(err, sizeof(json_t));
}

/* An entrypoint, read and checked as far as that can be done without running it. */
struct entrypoint {
	struct kist_issues issues;
	struct kist_offer *offer;
	struct kist_entrypoint *read;
};

static void entrypoint_done(struct entrypoint *entrypoint)
{
	kist_issues_done(&entrypoint->issues);
	kist_entrypoint_free(entrypoint->read);
	kist_offer_free(entrypoint->offer);
}

static kist_status check(struct kist_cli *cli, struct kist_view text, struct entrypoint *ret,
			 struct kist_error *err)
{
	const struct kist_catalog *catalog;

	KIST_TRY(kist_flow_catalog(cli->flow, &catalog, err));
	KIST_TRY(kist_offer_read(catalog, &ret->offer, err));
	KIST_TRY(kist_entrypoint_read(text, &ret->issues, &ret->read, err));
	if (ret->read)
		KIST_TRY(kist_entrypoint_check(ret->read, ret->offer, NULL, &ret->issues, err));
	return kist_issues_finish(&ret->issues, err);
}

static kist_status add_row(struct kist_table *table, const json_t *row, struct kist_error *err)
{
	kist_auto_buf struct kist_buf tags = KIST_BUF_INIT((size_t)64 << 10);
	const json_t *list = json_object_get(row, "tags");
	char version[24];

	snprintf(version, sizeof(version), "%lld",
		 (long long)json_integer_value(json_object_get(row, "version")));
	for (size_t i = 0; i < json_array_size(list); i++)
		KIST_TRY(kist_buf_appendf(&tags, err, "%s%s", i ? ", " : "",
					  json_string_value(json_array_get(list, i))));
	KIST_TRY(kist_table_add_text(table, kist_json_get_text(row, "name"), err));
	KIST_TRY(kist_table_add_text(table, version, err));
	KIST_TRY(kist_table_add_text(table, kist_json_get_text(row, "category"), err));
	KIST_TRY(kist_table_add(table, tags.data ? (const char *)tags.data : "", tags.size, err));
	return kist_table_add_text(table, kist_json_get_text(row, "description"), err);
}

static kist_status list(struct kist_cli *cli, struct kist_error *err)
{
	static const char *const titles[] = { "NAME", "VERSION", "CATEGORY", "TAGS", "DESCRIPTION" };
	kist_auto_table struct kist_table table = KIST_TABLE_INIT(5, titles);
	struct kist_template_filter filter = { .category = kist_cli_value(cli, "category"),
					       .all_versions = kist_cli_has(cli, "all") };
	kist_auto_json json_t *found = NULL;
	kist_auto_json json_t *tags = NULL;

	KIST_TRY(read_tags(cli, &tags, err));
	filter.tags = tags;
	KIST_TRY(kist_cli_open(cli, false, err));
	KIST_TRY(kist_template_list(cli->flow, &filter, &found, err));
	/* How it is kept is no fact about it. */
	for (size_t i = 0; i < json_array_size(found); i++)
		(void)json_object_del(json_array_get(found, i), "kist_template");
	if (cli->json)
		return kist_print_json_take(json_incref(found), err);
	for (size_t i = 0; i < json_array_size(found); i++)
		KIST_TRY(add_row(&table, json_array_get(found, i), err));
	table.right[1] = true;
	if (table.rows > 0)
		kist_table_print(&table, cli->quiet);
	return KIST_OK;
}

static enum kist_exit run_ls(struct kist_cli *cli)
{
	struct kist_error err = KIST_ERROR_INIT;

	return list(cli, &err) == KIST_OK ? KIST_EXIT_DONE : kist_cli_fail(cli, &err, true);
}

static kist_status show(struct kist_cli *cli, struct kist_error *err)
{
	__attribute__((cleanup(entrypoint_done))) struct entrypoint entrypoint = { .issues =
											   KIST_ISSUES_INIT };
	kist_auto_json json_t *root = NULL;
	json_t *parameters = NULL;
	const char *text;

	KIST_TRY(kist_cli_open(cli, false, err));
	KIST_TRY(kist_template_load(cli->flow, cli->arguments[0], &root, err));
	text = kist_json_get_text(root, "entrypoint");
	KIST_TRY(check(cli, kist_view_of(text, strlen(text)), &entrypoint, err));
	if (entrypoint.read) {
		KIST_TRY(kist_template_parameters(entrypoint.read, &parameters, err));
		KIST_TRY(kist_record_set_take(root, "parameters", parameters, err));
	}
	(void)json_object_del(root, "kist_template");
	if (cli->json)
		return kist_print_json_take(json_incref(root), err);
	if (json_array_size(parameters) == 0)
		(void)json_object_del(root, "parameters");
	if (json_array_size(json_object_get(root, "tags")) == 0)
		(void)json_object_del(root, "tags");
	(void)json_object_del(root, "entrypoint");
	kist_print_value(root, 0);
	return KIST_OK;
}

static enum kist_exit run_show(struct kist_cli *cli)
{
	struct kist_error err = KIST_ERROR_INIT;

	return show(cli, &err) == KIST_OK ? KIST_EXIT_DONE : kist_cli_fail(cli, &err, true);
}

/* "train" for "flows/train.yaml". */
static void name_of(const struct kist_cli *cli, char *ret, size_t size)
{
	const char *given = kist_cli_value(cli, "name");
	size_t len;
	const char *base = kist_facts_default_name(cli->arguments[0], &len);
	const char *dot = memrchr(base, '.', len);

	if (!given && dot && dot > base && (strcmp(dot, ".yaml") == 0 || strcmp(dot, ".yml") == 0))
		len = (size_t)(dot - base);
	snprintf(ret, size, "%.*s", given ? (int)strlen(given) : (int)len, given ? given : base);
}

static kist_status print_saved(const struct kist_cli *cli, const char *name, uint64_t version, bool is_new,
			       struct kist_error *err)
{
	json_t *facts;

	if (!cli->json) {
		if (!cli->quiet)
			printf("%s@%" PRIu64 "%s\n", name, version,
			       is_new ? "" : ": it is what the newest version is");
		return KIST_OK;
	}
	facts = json_pack("{ss,sI,sb}", "name", name, "version", (json_int_t)version, "new", is_new);
	return facts ? kist_print_json_take(facts, err) : kist_fail_memory(err, sizeof(json_t));
}

/* *@ret_sound: what is wrong with it was told otherwise. */
static kist_status save(struct kist_cli *cli, bool *ret_sound, struct kist_error *err)
{
	__attribute__((cleanup(entrypoint_done))) struct entrypoint entrypoint = { .issues =
											   KIST_ISSUES_INIT };
	kist_auto_buf struct kist_buf text = KIST_BUF_INIT(KIST_DOCUMENT_SIZE_MAX + 1);
	const char *category = kist_cli_value(cli, "category");
	const char *description = kist_cli_value(cli, "description");
	kist_auto_json json_t *tags = NULL;
	char name[256];
	struct kist_template made = { .name = name,
				      .category = category ? category : "",
				      .description = description ? description : "" };
	uint64_t version;
	bool is_new;

	name_of(cli, name, sizeof(name));
	KIST_TRY(read_tags(cli, &tags, err));
	KIST_TRY(kist_read_file_at(AT_FDCWD, cli->arguments[0], &text, err));
	KIST_TRY(kist_cli_open(cli, true, err));
	KIST_TRY(check(cli, kist_buf_view(&text), &entrypoint, err));
	*ret_sound = entrypoint.issues.error_count == 0;
	if (!*ret_sound)
		return kist_issues_tell(cli, &entrypoint.issues, cli->arguments[0], stderr, err);
	made.tags = tags;
	made.text = kist_buf_view(&text);
	KIST_TRY(kist_template_save(cli->flow, &made, &version, &is_new, err));
	return print_saved(cli, name, version, is_new, err);
}

static enum kist_exit run_save(struct kist_cli *cli)
{
	struct kist_error err = KIST_ERROR_INIT;
	bool is_sound = true;

	if (save(cli, &is_sound, &err) != KIST_OK)
		return kist_cli_fail(cli, &err, cli->flow);
	return is_sound ? KIST_EXIT_DONE : KIST_EXIT_FAILED;
}

/* Never in the place of another. */
static kist_status write_file(const char *path, struct kist_view text, struct kist_error *err)
{
	kist_auto_fd int fd = -1;
	kist_status status =
		kist_open_at(AT_FDCWD, path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0666, &fd, err);

	if (status == KIST_EXISTS)
		return kist_fail_context(err, "nothing was written: say another name with --output");
	KIST_TRY(status);
	status = kist_write_all(fd, text, err);
	if (status != KIST_OK)
		(void)unlink(path);
	return status;
}

static kist_status print_written(const struct kist_cli *cli, const char *path, const json_t *root,
				 struct kist_error *err)
{
	char shown[1024];
	json_t *facts;

	if (!cli->json) {
		kist_name_escape(path, strlen(path), shown, sizeof(shown));
		if (!cli->quiet)
			printf("wrote %s\n", shown);
		return KIST_OK;
	}
	facts = json_pack("{sO,sO}", "name", json_object_get(root, "name"), "version",
			  json_object_get(root, "version"));
	if (!facts)
		return kist_fail_memory(err, sizeof(json_t));
	KIST_TRY(kist_json_set_bytes(facts, "path", path, strlen(path), err));
	return kist_print_json_take(facts, err);
}

static kist_status write_template(struct kist_cli *cli, const char *file, const json_t *root,
				  struct kist_error *err)
{
	const char *output = kist_cli_value(cli, "output");
	const char *path = output ? output : file;
	const char *text = kist_json_get_text(root, "entrypoint");

	if (output && strcmp(output, "-") == 0)
		return kist_write_all(STDOUT_FILENO, kist_view_of(text, strlen(text)), err);
	KIST_TRY(write_file(path, kist_view_of(text, strlen(text)), err));
	return print_written(cli, path, root, err);
}

static enum kist_exit run_use(struct kist_cli *cli)
{
	static const char *const for_run[] = { "param", "input", "name", "exports" };
	const bool to_run = kist_cli_has(cli, "run");
	kist_auto_json json_t *root = NULL;
	struct kist_error err = KIST_ERROR_INIT;
	char file[256];

	for (size_t i = 0; !to_run && i < sizeof(for_run) / sizeof(for_run[0]); i++) {
		if (kist_cli_has(cli, for_run[i]))
			return kist_cli_usage(cli, "--%s is for --run; else 'kist run' takes it", for_run[i]);
	}
	if (to_run && kist_cli_has(cli, "output"))
		return kist_cli_usage(cli, "--run writes no file: leave out --output");
	if (kist_cli_open(cli, false, &err) != KIST_OK ||
	    kist_template_load(cli->flow, cli->arguments[0], &root, &err) != KIST_OK)
		return kist_cli_fail(cli, &err, true);
	snprintf(file, sizeof(file), "%s.yaml", kist_json_get_text(root, "name"));
	if (to_run)
		return kist_cli_run_text(cli, file, kist_json_get_text(root, "entrypoint"));
	return write_template(cli, file, root, &err) == KIST_OK ? KIST_EXIT_DONE
								: kist_cli_fail(cli, &err, false);
}

static kist_status drop_all(struct kist_cli *cli, struct kist_error *err)
{
	size_t count = 0;

	KIST_TRY(kist_cli_open(cli, false, err));
	for (size_t i = 0; i < cli->argument_count; i++) {
		size_t dropped = 0;

		KIST_TRY(kist_template_remove(cli->flow, cli->arguments[i], &dropped, err));
		count += dropped;
	}
	if (cli->json) {
		json_t *facts = json_pack("{sI}", "dropped", (json_int_t)count);

		return facts ? kist_print_json_take(facts, err) : kist_fail_memory(err, sizeof(json_t));
	}
	if (!cli->quiet)
		printf("%zu version%s dropped\n", count, kist_plural(count));
	return KIST_OK;
}

static enum kist_exit run_rm(struct kist_cli *cli)
{
	struct kist_error err = KIST_ERROR_INIT;

	return drop_all(cli, &err) == KIST_OK ? KIST_EXIT_DONE : kist_cli_fail(cli, &err, true);
}

const struct kist_command kist_command_template_ls = {
	.name = "template ls",
	.arguments = "",
	.summary = "list entrypoints that are kept to be used again",
	.options = ls_options,
	.run = run_ls,
};

const struct kist_command kist_command_template_show = {
	.name = "template show",
	.arguments = "NAME[@VERSION]",
	.summary = "what a template is for, and its parameters",
	.arguments_min = 1,
	.arguments_max = 1,
	.run = run_show,
};

const struct kist_command kist_command_template_save = {
	.name = "template save",
	.arguments = "ENTRYPOINT",
	.summary = "keep an entrypoint to be used again, as the next version",
	.options = save_options,
	.arguments_min = 1,
	.arguments_max = 1,
	.run = run_save,
};

const struct kist_command kist_command_template_use = {
	.name = "template use",
	.arguments = "NAME[@VERSION]",
	.summary = "write a template's entrypoint to a file, or run it",
	.options = use_options,
	.arguments_min = 1,
	.arguments_max = 1,
	.run = run_use,
};

const struct kist_command kist_command_template_rm = {
	.name = "template rm",
	.arguments = "NAME[@VERSION]...",
	.summary = "drop templates, or versions of them",
	.arguments_min = 1,
	.arguments_max = SIZE_MAX,
	.run = run_rm,
};
