/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "cli/commands.h"
#include "cli/facts.h"
#include "cli/output.h"
#include "base/mem.h"
#include "base/num.h"
#include "base/time.h"
#include "cli/output.h"
#include "cli/plugins.h"
#include "flow/record.h"
#include "care/retain.h"
#include "flow/save.h"
#include "store/spare.h"

static const struct kist_option options[] = {
	{ .name = "keep-last",
	  .argument = "COUNT",
	  .help = "drop what matches PATTERN, but for the newest so many" },
	{ .name = "older-than",
	  .argument = "AGE",
	  .help = "drop only what was put longer ago: 12h, 30d, 8w" },
	{ .name = "dry-run", .letter = 'n', .help = "say what would be dropped, and drop nothing" },
	{ .name = NULL },
};

/* No such name: what is near, or that it is no name but a digest. */
static kist_status fail_missing(struct kist_cli *cli, const char *name, struct kist_error *err)
{
	kist_auto_artifact struct kist_artifact artifact = KIST_ARTIFACT_INIT;

	KIST_TRY(kist_registry_resolve(cli->flow->registry, name, strlen(name), &artifact, err));
	return kist_fail(err, KIST_NOT_FOUND, "'%s' is no name but a digest: names are what can be dropped",
			 name);
}

/* All names or none: a name that is not there is said before any other is dropped. */
static kist_status drop(struct kist_cli *cli, bool *ret_done, struct kist_error *err)
{
	kist_auto_save struct kist_save *save = NULL;

	KIST_TRY(kist_save_open(cli->flow, &save, err));
	for (size_t i = 0; i < cli->argument_count; i++) {
		const char *name = cli->arguments[i];
		struct kist_digest artifact;
		struct kist_error why = KIST_ERROR_INIT;
		const kist_status status =
			kist_registry_find_ref(cli->flow->registry, name, strlen(name), &artifact, &why);

		if (status == KIST_NOT_FOUND)
			return fail_missing(cli, name, err);
		if (status != KIST_OK)
			return kist_fail_as(err, status, &why);
		KIST_TRY(kist_save_ref(save, name, strlen(name), NULL, "rm", err));
	}
	/* Who wants to make room on a full disk begins here. */
	kist_spare_allow(cli->flow->store);
	KIST_TRY(kist_save_commit(save, err));
	*ret_done = true;
	kist_plugins_note(cli, cli->flow);
	if (cli->json)
		return kist_facts_print_names(cli, "dropped", 0, NULL, err);
	if (!cli->quiet)
		printf("%zu name%s dropped; the bytes stay in the store\n", cli->argument_count,
		       kist_plural(cli->argument_count));
	return KIST_OK;
}

static kist_status add_names(const struct kist_retained *plan, json_t *list, struct kist_error *err)
{
	const struct kist_retain_name *names = (const void *)plan->dropped.data;

	for (size_t i = 0; i < plan->dropped.size / sizeof(*names); i++) {
		json_t *name = kist_json_text((const char *)plan->texts.data + names[i].at, names[i].len);

		if (json_array_append_new(list, name) != 0)
			return kist_fail_memory(err, sizeof(json_t));
	}
	return KIST_OK;
}

static kist_status print_facts(const struct kist_retained *plan, bool dry_run, struct kist_error *err)
{
	kist_auto_json json_t *facts = json_object();
	json_t *list = json_array();

	KIST_TRY(kist_record_set_take(facts, "dropped", list, err));
	KIST_TRY(add_names(plan, list, err));
	KIST_TRY(kist_record_set_take(facts, "dry_run", json_boolean(dry_run), err));
	KIST_TRY(kist_record_set_take(facts, "kept", json_integer((json_int_t)plan->kept), err));
	KIST_TRY(kist_record_set_take(facts, "tagged", json_integer((json_int_t)plan->tagged), err));
	return kist_print_json_take(json_incref(facts), err);
}

/* The names, as bytes, when they are only shown; then how many. */
static void print_plan(const struct kist_cli *cli, const struct kist_retained *plan, bool dry_run)
{
	const struct kist_retain_name *names = (const void *)plan->dropped.data;
	const size_t count = plan->dropped.size / sizeof(*names);

	for (size_t i = 0; i < count && dry_run; i++)
		printf("%s\n", (const char *)plan->texts.data + names[i].at);
	if (!cli->quiet)
		printf("%zu name%s %s, %" PRIu64 " kept%s\n", count, kist_plural(count),
		       dry_run ? "would be dropped" : "dropped", plan->kept,
		       dry_run || count == 0 ? "" : "; the bytes stay in the store");
}

static kist_status retain(struct kist_cli *cli, const struct kist_retain_rule *rule, bool *ret_done,
			  struct kist_error *err)
{
	kist_auto_retained struct kist_retained plan = KIST_RETAINED_INIT;
	const bool dry_run = kist_cli_has(cli, "dry-run");
	uint64_t dropped = 0;
	size_t planned;

	KIST_TRY(kist_retain_plan(cli->flow, rule, &plan, err));
	planned = plan.dropped.size / sizeof(struct kist_retain_name);
	if (planned == 0 && plan.kept == 0)
		return kist_fail(err, KIST_NOT_FOUND, "no name matches '%s'", rule->pattern);
	if (!dry_run) {
		kist_spare_allow(cli->flow->store);
		KIST_TRY(kist_retain_drop(cli->flow, &plan, &dropped, err));
		*ret_done = dropped > 0;
		/* What was set again in the meantime stays. */
		plan.kept += planned - dropped;
		kist_plugins_note(cli, cli->flow);
	}
	if (cli->json)
		return print_facts(&plan, dry_run, err);
	print_plan(cli, &plan, dry_run);
	return KIST_OK;
}

/* "90s", "12h", "30d", "2w": the time so long ago. */
static bool read_age(const char *text, char ret_before[static 32])
{
	static const char units[] = "smhdw";
	static const uint64_t seconds[] = { 1, 60, 3600, 86400, 604800 };
	const size_t len = strlen(text);
	const char *unit = len > 1 ? strchr(units, text[len - 1]) : NULL;
	uint64_t age;

	if (!unit || !kist_u64_parse(text, len - 1, &age) ||
	    age > KIST_RETAIN_DAYS_MAX * 86400 / seconds[unit - units])
		return false;
	age *= seconds[unit - units];
	kist_time_text(kist_wall_ns() - (int64_t)age * 1000000000, ret_before);
	return true;
}

/* false when an option says nothing that could be meant. */
static bool read_rule(const struct kist_cli *cli, struct kist_retain_rule *ret)
{
	const char *keep = kist_cli_value(cli, "keep-last");
	const char *age = kist_cli_value(cli, "older-than");

	if (keep && (!kist_u64_parse(keep, strlen(keep), &ret->keep_last) || ret->keep_last == 0))
		return false;
	return !age || read_age(age, ret->before);
}

static enum kist_exit run(struct kist_cli *cli)
{
	struct kist_retain_rule rule = { .pattern = cli->arguments[0], .keep_last = 1 };
	struct kist_error err = KIST_ERROR_INIT;
	const bool is_rule = kist_cli_has(cli, "keep-last") || kist_cli_has(cli, "older-than");
	bool done = false;
	kist_status status;

	if (is_rule && cli->argument_count > 1)
		return kist_cli_usage(cli, "--keep-last and --older-than take one pattern, in quotes");
	if (!read_rule(cli, &rule))
		return kist_cli_usage(
			cli, "--keep-last takes a number from 1 on, --older-than an age such as 30d");
	if (!is_rule && kist_cli_has(cli, "dry-run"))
		return kist_cli_usage(cli, "--dry-run goes with --keep-last or --older-than");
	if (!is_rule && kist_cli_check_names(cli, 0, &err) != KIST_OK)
		return kist_cli_usage(cli, "%s", err.text);
	if (kist_cli_drop_repeats(cli, 0, &err) != KIST_OK || kist_cli_open(cli, false, &err) != KIST_OK)
		return kist_cli_fail(cli, &err, true);
	status = is_rule ? retain(cli, &rule, &done, &err) : drop(cli, &done, &err);
	if (done && (status != KIST_OK || !kist_output_is_whole()))
		return kist_cli_fail_kept(cli, &err);
	return status == KIST_OK ? KIST_EXIT_DONE : kist_cli_fail(cli, &err, true);
}

const struct kist_command kist_command_rm = {
	.name = "rm",
	.arguments = "NAME... | --keep-last COUNT PATTERN",
	.summary = "drop names; what else they name stays",
	.options = options,
	.arguments_min = 1,
	.arguments_max = SIZE_MAX,
	.run = run,
};
