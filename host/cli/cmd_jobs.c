/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/num.h"
#include "base/time.h"
#include "cli/commands.h"
#include "cli/jobs.h"
#include "cli/json_list.h"
#include "cli/table.h"
#include "flow/record.h"
#include "job/index.h"

/* On a terminal, whose line is soon full: without seconds. */
#define TIME_SHOWN 16

#define PAGE_OPTIONS                                                                                         \
	{ .name = "sort",                                                                                    \
	  .argument = "FIELD",                                                                               \
	  .help = "in this order: created, duration, param.NAME, metric.NAME.min ...; FIELD:desc for the "   \
		  "largest first" },                                                                         \
		{ .name = "limit", .argument = "COUNT", .help = "so many at most" },                         \
	{                                                                                                    \
		.name = "offset", .argument = "COUNT", .help = "leave out the first so many"                 \
	}

static const struct kist_option jobs_options[] = {
	{ .name = "state",
	  .letter = 's',
	  .argument = "queued|started|finished|failed|stopped|lost",
	  .help = "only those in this state",
	  .many = true },
	{ .name = "project", .letter = 'p', .argument = "PROJECT", .help = "only those of this project" },
	{ .name = "tag",
	  .letter = 't',
	  .argument = "TAG[=TEXT]",
	  .help = "only those with this tag",
	  .many = true },
	PAGE_OPTIONS,
	{ .name = NULL },
};

static const struct kist_option query_options[] = {
	{ .name = "best", .argument = "METRIC", .help = "those with a value of it, the best first" },
	{ .name = "min", .help = "the smallest value is the best" },
	{ .name = "max", .help = "the largest value is the best" },
	PAGE_OPTIONS,
	{ .name = NULL },
};

static const char *const titles[] = { "ID",   "STATE",	"PROJECT", "CREATED", "TOOK",
				      "MADE", "PARAMS", "METRICS", "BEST" };
#define COLUMNS	    (sizeof(titles) / sizeof(titles[0]))
#define COLUMN_TOOK 4
#define COLUMN_MADE 5
#define COLUMN_BEST 8

struct jobs {
	const struct kist_cli *cli;
	struct kist_job_query query;
	struct kist_buf where;
	struct kist_table table;
	struct kist_json_list facts;
	int64_t now_ns;
	bool is_whole; /* times and numbers */
	uint64_t count;
	uint64_t damaged;
};

static void jobs_done(struct jobs *jobs)
{
	kist_buf_done(&jobs->where);
	kist_table_done(&jobs->table);
	kist_json_list_done(&jobs->facts);
}

void kist_job_took_text(uint64_t started_ns, uint64_t ended_ns, char ret[static 32])
{
	const uint64_t ms = ended_ns > started_ns ? (ended_ns - started_ns) / 1000000 : 0;
	const uint64_t s = ms / 1000;

	if (started_ns == 0)
		ret[0] = '\0';
	else if (s < 60)
		snprintf(ret, 32, "%" PRIu64 ".%" PRIu64 "s", s, ms % 1000 / 100);
	else if (s < 3600)
		snprintf(ret, 32, "%" PRIu64 "m%02" PRIu64 "s", s / 60, s % 60);
	else
		snprintf(ret, 32, "%" PRIu64 "h%02" PRIu64 "m", s / 3600, s / 60 % 60);
}

void kist_job_number_text(double number, char ret[static 32])
{
	snprintf(ret, 32, "%.10g", number);
}

static kist_status add_facts(struct jobs *jobs, const struct kist_job_row *row, struct kist_error *err)
{
	const char *text = row->texts[KIST_JOB_ROW_FACTS];
	kist_auto_json json_t *facts = NULL;

	if (text[0])
		KIST_TRY(kist_json_parse(kist_view_of(text, strlen(text)), &facts, err));
	else
		facts = json_pack("{s:s,s:s}", "id", row->texts[KIST_JOB_ROW_ID], "error",
				  row->texts[KIST_JOB_ROW_ERROR]);
	if (!facts)
		return kist_fail_memory(err, sizeof(json_t));
	/* Lost, maybe, without a word of it in the record. */
	KIST_TRY(kist_record_set_text(facts, "state", row->texts[KIST_JOB_ROW_STATE], err));
	if (row->has_best) {
		KIST_TRY(kist_record_set_take(facts, "best", kist_json_real(row->best), err));
		KIST_TRY(kist_record_set_take(facts, "best_step", json_integer((json_int_t)row->best_step),
					      err));
	}
	return kist_json_list_add_take(&jobs->facts, kist_steal(facts), err);
}

static kist_status add_cells(struct jobs *jobs, const struct kist_job_row *row, struct kist_error *err)
{
	struct kist_table *table = &jobs->table;
	char created[KIST_TIME_TEXT_SIZE] = "";
	char took[32];
	char made[32];
	char best[32] = "";

	if (row->created)
		kist_time_text((int64_t)row->created, created);
	if (!jobs->is_whole)
		created[TIME_SHOWN] = '\0';
	kist_job_took_text(row->started, row->ended ? row->ended : (uint64_t)jobs->now_ns, took);
	snprintf(made, sizeof(made), "%" PRIu64, row->artifacts);
	if (row->has_best)
		kist_job_number_text(row->best, best);
	KIST_TRY(kist_table_add_text(table, row->texts[KIST_JOB_ROW_ID], err));
	KIST_TRY(kist_table_add_text(table, row->texts[KIST_JOB_ROW_STATE], err));
	KIST_TRY(kist_table_add_text(table, row->texts[KIST_JOB_ROW_PROJECT], err));
	KIST_TRY(kist_table_add_text(table, created, err));
	KIST_TRY(kist_table_add_text(table, took, err));
	KIST_TRY(kist_table_add_text(table, made, err));
	KIST_TRY(kist_table_add_text(table, row->texts[KIST_JOB_ROW_PARAMS], err));
	KIST_TRY(kist_table_add_text(table, row->texts[KIST_JOB_ROW_METRICS], err));
	return table->columns > COLUMN_BEST ? kist_table_add_text(table, best, err) : KIST_OK;
}

static kist_status add(void *ctx, const struct kist_job_row *row, struct kist_error *err)
{
	struct jobs *jobs = ctx;

	jobs->count++;
	jobs->damaged += strcmp(row->texts[KIST_JOB_ROW_STATE], "damaged") == 0;
	return jobs->cli->json ? add_facts(jobs, row, err) : add_cells(jobs, row, err);
}

static kist_status list(struct jobs *jobs, struct kist_error *err)
{
	kist_auto_job_index struct kist_job_index *index = NULL;
	const struct kist_cli *cli = jobs->cli;
	uint64_t total = 0;

	KIST_TRY(kist_job_index_open(cli->flow, &index, err));
	KIST_TRY(kist_job_index_each(index, &jobs->query, add, jobs, &total, err));
	if (cli->json)
		return kist_json_list_end(&jobs->facts, err);
	if (jobs->count > 0)
		kist_table_print(&jobs->table, cli->quiet);
	if (jobs->count < total && !cli->quiet) {
		(void)fflush(stdout);
		fprintf(stderr, "kist: %s: %" PRIu64 " of %" PRIu64 " jobs\n", cli->command->name,
			jobs->count, total);
	}
	return KIST_OK;
}

/* A count that is an option; false: it is none. */
static bool read_count(const struct kist_cli *cli, const char *name, uint64_t *ret)
{
	const char *text = kist_cli_value(cli, name);

	return !text ||
	       (kist_u64_parse(text, strlen(text), ret) && (*ret > 0 || strcmp(name, "offset") == 0));
}

static enum kist_exit run_query(struct kist_cli *cli, struct jobs *jobs)
{
	struct kist_error err = KIST_ERROR_INIT;

	jobs->query.where = jobs->where.size ? kist_buf_text(&jobs->where) : "";
	jobs->query.sort = kist_cli_value(cli, "sort");
	jobs->query.facts = cli->json;
	if (!jobs->query.where)
		return kist_cli_fail(cli, &err, false);
	if (!read_count(cli, "limit", &jobs->query.limit) || !read_count(cli, "offset", &jobs->query.offset))
		return kist_cli_usage(cli, "--limit takes a number from 1 on, --offset one from 0 on");
	jobs->table.columns = jobs->query.best ? COLUMNS : COLUMNS - 1;
	jobs->table.right[COLUMN_TOOK] = jobs->table.right[COLUMN_MADE] = true;
	jobs->table.streams = true;
	jobs->table.quiet = cli->quiet;
	jobs->is_whole = !isatty(STDOUT_FILENO);
	jobs->now_ns = kist_wall_ns();
	if (kist_cli_open(cli, false, &err) != KIST_OK)
		return kist_cli_fail(cli, &err, true);
	if (list(jobs, &err) == KIST_OK)
		return kist_cli_fail_lost(cli, jobs->damaged);
	/* What was put together here has no bytes that a person could count. */
	if (cli->command == &kist_command_jobs)
		err.offset = KIST_NO_OFFSET;
	(void)kist_cli_fail(cli, &err, true);
	return strcmp(err.code, "E_FILTER") == 0
		       ? KIST_EXIT_USAGE
		       : (err.status == KIST_CORRUPT ? KIST_EXIT_DAMAGE : KIST_EXIT_FAILED);
}

#define JOBS_INIT(c)                                                                                         \
	{                                                                                                    \
		.cli = (c), .where = KIST_BUF_INIT(2 * KIST_JOB_FILTER_TEXT_MAX),                            \
		.table = KIST_TABLE_INIT(COLUMNS, titles), .facts = KIST_JSON_LIST_INIT                      \
	}

/* A text in quotes, as the language of filters has it. */
static kist_status add_quoted(struct kist_buf *where, const char *text, size_t len, struct kist_error *err)
{
	KIST_TRY(kist_buf_append(where, "\"", 1, err));
	for (size_t i = 0; i < len; i++) {
		if (text[i] == '"' || text[i] == '\\')
			KIST_TRY(kist_buf_append(where, "\\", 1, err));
		KIST_TRY(kist_buf_append(where, &text[i], 1, err));
	}
	return kist_buf_append(where, "\"", 1, err);
}

/* "KEY" or "KEY=VALUE". */
static kist_status add_tag(struct kist_buf *where, const char *text, struct kist_error *err)
{
	const char *equals = strchr(text, '=');

	KIST_TRY(kist_buf_appendf(where, err, "%stag.", where->size ? " and " : ""));
	KIST_TRY(add_quoted(where, text, equals ? (size_t)(equals - text) : strlen(text), err));
	if (!equals)
		return KIST_OK;
	KIST_TRY(kist_buf_appendf(where, err, " = "));
	return add_quoted(where, equals + 1, strlen(equals + 1), err);
}

static kist_status make_where(const struct kist_cli *cli, struct kist_buf *where, struct kist_error *err)
{
	const char *project = kist_cli_value(cli, "project");

	for (size_t i = 0; i < cli->value_count; i++) {
		if (strcmp(cli->values[i].option->name, "state") != 0)
			continue;
		KIST_TRY(kist_buf_appendf(where, err, "%sstate = ", where->size ? " or " : "("));
		KIST_TRY(add_quoted(where, cli->values[i].text, strlen(cli->values[i].text), err));
	}
	if (where->size)
		KIST_TRY(kist_buf_appendf(where, err, ")"));
	if (project) {
		KIST_TRY(kist_buf_appendf(where, err, "%sproject = ", where->size ? " and " : ""));
		KIST_TRY(add_quoted(where, project, strlen(project), err));
	}
	for (size_t i = 0; i < cli->value_count; i++) {
		if (strcmp(cli->values[i].option->name, "tag") == 0)
			KIST_TRY(add_tag(where, cli->values[i].text, err));
	}
	return KIST_OK;
}

static enum kist_exit run_jobs(struct kist_cli *cli)
{
	__attribute__((cleanup(jobs_done))) struct jobs jobs = JOBS_INIT(cli);
	struct kist_error err = KIST_ERROR_INIT;

	if (make_where(cli, &jobs.where, &err) != KIST_OK)
		return kist_cli_fail(cli, &err, false);
	return run_query(cli, &jobs);
}

static enum kist_exit run_query_command(struct kist_cli *cli)
{
	__attribute__((cleanup(jobs_done))) struct jobs jobs = JOBS_INIT(cli);
	const char *text = cli->argument_count ? cli->arguments[0] : "";
	const bool is_max = kist_cli_has(cli, "max");
	struct kist_error err = KIST_ERROR_INIT;

	jobs.query.best = kist_cli_value(cli, "best");
	jobs.query.best_is_max = is_max;
	if (jobs.query.best ? is_max == kist_cli_has(cli, "min") : is_max || kist_cli_has(cli, "min"))
		return kist_cli_usage(cli,
				      "--best goes with one of --min and --max, which says what is best");
	if (kist_buf_append(&jobs.where, text, strlen(text), &err) != KIST_OK)
		return kist_cli_fail(cli, &err, false);
	return run_query(cli, &jobs);
}

const struct kist_command kist_command_jobs = {
	.name = "jobs",
	.arguments = "",
	.summary = "list jobs: what ran, and what came of it",
	.options = jobs_options,
	.run = run_jobs,
};

const struct kist_command kist_command_query = {
	.name = "query",
	.arguments = "[EXPRESSION]",
	.summary = "list the jobs that an expression is true of, or the best",
	.options = query_options,
	.arguments_max = 1,
	.run = run_query_command,
};
