/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/num.h"
#include "base/time.h"
#include "base/utf8.h"
#include "cli/budget.h"
#include "cli/commands.h"
#include "cli/measure.h"
#include "cli/output.h"
#include "cli/stop.h"
#include "flow/find.h"
#include "care/verify.h"

/* By enum kist_verify_level. */
static const char *const levels[] = { "quick", "scrub", "full", "deep" };
#define LEVELS (sizeof(levels) / sizeof(levels[0]))

static const struct kist_option options[] = {
	{ .name = "quick", .help = "commits, the ends of packs, and what names lead to" },
	{ .name = "scrub", .help = "and the CRC of every record" },
	{ .name = "full", .help = "and the SHA-256 of every chunk and object (so without an option)" },
	{ .name = "deep", .help = "and every typed object by its plugin" },
	{ .name = "budget",
	  .argument = "TIME|SIZE",
	  .help = "stop after 90s, 15m, 2h or 500MB, 10GiB; begin with what was checked least recently" },
	{ .name = NULL },
};

struct findings {
	const struct kist_cli *cli;
	json_t *damage;
	json_t *healed;
	json_t *strays;
	uint64_t packs[2]; /* by enum kist_stray_kind */
	uint64_t bytes[2];
};

static void findings_done(struct findings *findings)
{
	json_decref(findings->damage);
	json_decref(findings->healed);
	json_decref(findings->strays);
}

/* What is said of a pack begins with its id, which stands before it already. */
static const char *text_of(const struct kist_damage *damage)
{
	const char *text = damage->why->text;
	const size_t len = strlen(damage->id);

	if (strncmp(text, "pack ", 5) != 0 || strncmp(text + 5, damage->id, len) != 0)
		return text;
	text += 5 + len;
	return text + strspn(text, ": ");
}

static void found(void *ctx, const struct kist_damage *damage)
{
	struct findings *findings = ctx;
	json_t *entry;

	if (!findings->cli->json) {
		fprintf(stderr, "%s %s %s: %s%s\n", damage->is_healed ? "healed" : "damaged", damage->what,
			damage->id, text_of(damage),
			damage->is_healed ? "; a sound copy is kept elsewhere" : "");
		return;
	}
	entry = json_pack("{s:s,s:s,s:s,s:s}", "what", damage->what, "id", damage->id, "status",
			  kist_status_name(damage->why->status), "text", damage->why->text);
	if (entry && damage->pack) {
		(void)json_object_set_new(entry, "pack", json_string(damage->pack));
		(void)json_object_set_new(entry, "offset", json_integer((json_int_t)damage->offset));
	}
	if (entry)
		(void)json_array_append_new(damage->is_healed ? findings->healed : findings->damage, entry);
}

/* By enum kist_stray_kind. */
static const char *const stray_kinds[] = { "unnamed", "condemned", "foreign" };

static void found_stray(void *ctx, const struct kist_stray *stray)
{
	struct findings *findings = ctx;
	char size[32];

	if (findings->cli->json) {
		(void)json_array_append_new(findings->strays,
					    json_pack("{s:s,s:s,s:I}", "what", stray_kinds[stray->kind], "id",
						      stray->key, "size", (json_int_t)stray->size));
		return;
	}
	if (stray->kind != KIST_STRAY_FOREIGN) {
		findings->packs[stray->kind]++;
		findings->bytes[stray->kind] += stray->size;
		return;
	}
	kist_size_text(stray->size, size);
	if (!findings->cli->quiet)
		fprintf(stderr, "note: '%s' (%s) was not written by kist, and is left alone\n", stray->key,
			size);
}

static void print_strays(const struct findings *findings)
{
	static const char *const texts[] = {
		"no commit names them: a put is under way, or broke off; 'kist gc' removes the latter after "
		"a day",
		"they are no part of the store any more; 'kist gc' removes them",
	};
	char size[32];

	(void)fflush(stdout);
	for (int kind = KIST_STRAY_UNNAMED; kind <= KIST_STRAY_CONDEMNED; kind++) {
		if (findings->packs[kind] == 0)
			continue;
		kist_size_text(findings->bytes[kind], size);
		fprintf(stderr, "note: %" PRIu64 " pack%s of %s: %s\n", findings->packs[kind],
			kist_plural(findings->packs[kind]), size, texts[kind]);
	}
}

static kist_status verify_one(struct kist_cli *cli, enum kist_verify_level level, const char *name,
			      json_t *list, struct kist_error *err)
{
	kist_auto_artifact struct kist_artifact artifact = KIST_ARTIFACT_INIT;
	json_t *facts;
	char shown[1024];

	KIST_TRY(kist_find(cli->flow, name, strlen(name), &artifact, err));
	if (kist_verify_artifact(cli->flow, &artifact, err) != KIST_OK ||
	    (level == KIST_VERIFY_DEEP && kist_verify_by_plugin(cli->flow, &artifact, err) != KIST_OK))
		return kist_fail_context(err, "%s", name);
	facts = json_pack("{s:b}", "sound", true);
	if (json_array_append_new(list, facts) != 0)
		return kist_fail_memory(err, sizeof(json_t));
	KIST_TRY(kist_json_set_bytes(facts, "name", name, strlen(name), err));
	kist_name_escape(name, strlen(name), shown, sizeof(shown));
	if (!cli->json && !cli->quiet)
		printf("%s  sound\n", shown);
	return KIST_OK;
}

/* All are looked at, whatever one of them is like; damage is the worst that can be found. */
static enum kist_exit verify_named(struct kist_cli *cli, enum kist_verify_level level)
{
	kist_auto_json json_t *list = json_array();
	enum kist_exit worst = KIST_EXIT_DONE;
	struct kist_error err = KIST_ERROR_INIT;

	for (size_t i = 0; i < cli->argument_count; i++) {
		struct kist_error why = KIST_ERROR_INIT;

		if (verify_one(cli, level, cli->arguments[i], list, &why) == KIST_OK)
			continue;
		worst = kist_exit_worse(worst, kist_cli_fail_one(cli, &why, true, cli->arguments[i], list));
	}
	if (cli->json && kist_print_json_take(json_incref(list), &err) != KIST_OK)
		return kist_cli_fail(cli, &err, false);
	return worst;
}

static void since_text(uint32_t seconds, char ret[static KIST_TIME_TEXT_SIZE])
{
	snprintf(ret, KIST_TIME_TEXT_SIZE, "never");
	if (seconds != 0)
		kist_time_text((int64_t)seconds * 1000000000, ret);
}

static void print_done(const struct kist_verified *done, enum kist_verify_level level)
{
	char since[KIST_TIME_TEXT_SIZE];
	char size[32];

	kist_size_text(done->pack_bytes, size);
	printf("sound: %" PRIu64 " commit%s, %" PRIu64 " pack%s (%s), %" PRIu64 " artifact%s; %s check\n",
	       done->commits, kist_plural(done->commits), done->packs, kist_plural(done->packs), size,
	       done->artifacts, kist_plural(done->artifacts), levels[level]);
	if (level == KIST_VERIFY_DEEP)
		printf("by plugins: %" PRIu64 " sound, %" PRIu64 " that no plugin here reads\n",
		       done->validated, done->untyped);
	since_text(done->left_since, since);
	if (done->left > 0)
		printf("left for another time: %" PRIu64 "; the oldest of them was last checked: %s\n",
		       done->left, since);
	if (done->healed > 0)
		printf("damaged, and kept elsewhere: %" PRIu64 "; 'kist repair' clears it away\n",
		       done->healed);
}

static json_t *done_json(const struct kist_verified *done, enum kist_verify_level level,
			 const struct findings *findings)
{
	char since[KIST_TIME_TEXT_SIZE];

	since_text(done->left_since, since);
	return json_pack("{s:s,s:I,s:I,s:I,s:I,s:I,s:I,s:I,s:I,s:I,s:s,s:O,s:O,s:O}", "level", levels[level],
			 "commits", (json_int_t)done->commits, "checkpoints", (json_int_t)done->checkpoints,
			 "packs", (json_int_t)done->packs, "pack_bytes", (json_int_t)done->pack_bytes,
			 "artifacts", (json_int_t)done->artifacts, "validated", (json_int_t)done->validated,
			 "untyped", (json_int_t)done->untyped, "bytes", (json_int_t)done->bytes, "left",
			 (json_int_t)done->left, "left_since", since, "damage", findings->damage, "healed",
			 findings->healed, "strays", findings->strays);
}

static kist_status verify_all(struct kist_cli *cli, enum kist_verify_level level,
			      const struct kist_budget *budget, struct kist_error *err)
{
	__attribute__((cleanup(findings_done))) struct findings findings = {
		.cli = cli, .damage = json_array(), .healed = json_array(), .strays = json_array()
	};
	const struct kist_verify_options how = {
		.level = level,
		.size_max = budget->size,
		.ms_max = budget->ms,
		.validate = kist_verify_by_plugin,
		.each = found,
		.each_stray = found_stray,
		.ctx = &findings,
	};
	struct kist_verified done = { .damages = 0 };
	kist_status status;

	kist_progress_start(&cli->progress, "verify");
	status = kist_verify_store(cli->flow, &how, &done, err);
	kist_progress_end(&cli->progress);
	if (status != KIST_OK && status != KIST_CORRUPT)
		return status;
	if (!cli->json && !cli->quiet)
		print_strays(&findings);
	if (cli->json)
		return kist_print_json_take(done_json(&done, level, &findings), err) == KIST_OK ? status
												: KIST_IO;
	if (status == KIST_OK && !cli->quiet)
		print_done(&done, level);
	return status;
}

/* KIST_EXIT_USAGE: what was given cannot be meant. */
static enum kist_exit read_level(const struct kist_cli *cli, enum kist_verify_level *ret_level,
				 struct kist_budget *ret_budget)
{
	const char *budget = kist_cli_value(cli, "budget");
	size_t given = 0;

	for (size_t i = 0; i < LEVELS; i++) {
		if (!kist_cli_has(cli, levels[i]))
			continue;
		*ret_level = (enum kist_verify_level)i;
		given++;
	}
	if (given > 1)
		return kist_cli_usage(cli,
				      "--quick, --scrub, --full and --deep include each other: give one");
	if (cli->argument_count > 0 && (budget || *ret_level < KIST_VERIFY_FULL))
		return kist_cli_usage(cli,
				      "what is named is checked in full: --quick, --scrub and --budget are "
				      "for the whole store");
	if (budget && !kist_budget_parse(budget, ret_budget))
		return kist_cli_usage(
			cli, "--budget takes a time (90s, 15m, 2h) or a size (500MB, 10GiB), not '%s'",
			budget);
	return KIST_EXIT_DONE;
}

static enum kist_exit run(struct kist_cli *cli)
{
	struct kist_error err = KIST_ERROR_INIT;
	enum kist_verify_level level = KIST_VERIFY_FULL;
	struct kist_budget budget = { .ms = 0 };

	if (read_level(cli, &level, &budget) != KIST_EXIT_DONE)
		return KIST_EXIT_USAGE;
	if (kist_cli_open(cli, false, &err) != KIST_OK)
		return kist_cli_fail(cli, &err, true);
	kist_stop_say("kist: verify: stopped before all was checked; a check changes nothing in the store\n");
	if (cli->argument_count > 0)
		return verify_named(cli, level);
	if (verify_all(cli, level, &budget, &err) != KIST_OK)
		return kist_cli_fail(cli, &err, true);
	return KIST_EXIT_DONE;
}

const struct kist_command kist_command_verify = {
	.name = "verify",
	.arguments = "[NAME|DIGEST]...",
	.summary = "check every byte of what is kept, or of the whole store",
	.options = options,
	.arguments_max = SIZE_MAX,
	.finds_damage = true,
	.run = run,
};
