/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "agent/recover.h"
#include "base/mem.h"
#include "base/num.h"
#include "base/utf8.h"
#include "cli/commands.h"
#include "cli/measure.h"
#include "cli/output.h"

/* What this command has done so far. */
struct recovering {
	struct kist_cli *cli;
	json_t *list;
	size_t done;
	bool given; /* ids were: one of which nothing is left is said */
	enum kist_exit worst;
};

static void recovering_done(struct recovering *recovering)
{
	json_decref(recovering->list);
}

static kist_status open_store(void *ctx, const char *uri, struct kist_flow **ret, struct kist_error *err)
{
	struct recovering *recovering = ctx;
	struct kist_cli *cli = recovering->cli;

	/* The store of the job counts, unless another one is named now. */
	if (!cli->paths.store_is_named)
		(void)snprintf(cli->paths.store, sizeof(cli->paths.store), "%s", uri);
	KIST_TRY(kist_cli_open(cli, false, err));
	*ret = kist_steal(cli->flow);
	return KIST_OK;
}

static void warn(void *ctx, const char *path, const struct kist_error *why)
{
	char shown[256] = "";
	char text[1024];

	(void)ctx;
	if (path)
		kist_name_escape(path, strlen(path), shown, sizeof(shown));
	kist_text_escape(why->text, strlen(why->text), text, sizeof(text));
	fprintf(stderr, "kist: job recover: warning: %s%s%s\n", shown, path ? ": " : "", text);
}

static kist_status say(struct recovering *recovering, const char *id, const struct kist_recovered *recovered,
		       struct kist_error *err)
{
	const struct kist_kept *kept = &recovered->kept;
	json_t *facts = json_pack("{s:s,s:s,s:I,s:I,s:b}", "job", id, "state",
				  kist_job_state_name(recovered->state), "files", (json_int_t)kept->files,
				  "bytes", (json_int_t)kept->bytes, "recorded", kept->recorded);
	char bytes[32];

	if (!kept->recorded)
		recovering->worst = kist_exit_worse(recovering->worst, KIST_EXIT_FAILED);
	if (json_array_append_new(recovering->list, facts) != 0)
		return kist_fail_memory(err, sizeof(json_t));
	kist_size_text(kept->bytes, bytes);
	if (!recovering->cli->json && !recovering->cli->quiet)
		printf("job %s is %s: %zu file%s kept, %s%s\n", id, kist_job_state_name(recovered->state),
		       kept->files, kist_plural(kept->files), bytes,
		       kept->recorded ? "" : "; the store does not say so, try again");
	recovering->done++;
	return KIST_OK;
}

/* One that needs nothing is passed over, unless it was asked for. */
static kist_status recover_one(void *ctx, const char *id, struct kist_error *err)
{
	struct recovering *recovering = ctx;
	const struct kist_recover_options how = { .runs_dir = recovering->cli->paths.runs_dir,
						  .id = id,
						  .open = open_store,
						  .warn = warn,
						  .ctx = recovering };
	struct kist_recovered recovered;
	struct kist_error why = KIST_ERROR_INIT;

	if (kist_recover(&how, &recovered, &why) != KIST_OK) {
		if (recovering->given || why.status != KIST_EXISTS)
			recovering->worst = kist_exit_worse(
				recovering->worst,
				kist_cli_fail_one(recovering->cli, &why, true, id, recovering->list));
		return KIST_OK;
	}
	if (!recovered.nothing)
		return say(recovering, id, &recovered, err);
	if (recovering->given && !recovering->cli->json && !recovering->cli->quiet)
		printf("job %s: all of it is in the store\n", id);
	return KIST_OK;
}

static kist_status recover_all(struct recovering *recovering, struct kist_error *err)
{
	struct kist_cli *cli = recovering->cli;

	if (!recovering->given)
		return kist_recover_each(cli->paths.runs_dir, recover_one, recovering, err);
	for (size_t i = 0; i < cli->argument_count; i++)
		KIST_TRY(recover_one(recovering, cli->arguments[i], err));
	return KIST_OK;
}

static enum kist_exit run(struct kist_cli *cli)
{
	__attribute__((cleanup(recovering_done))) struct recovering recovering = {
		.cli = cli, .list = json_array(), .given = cli->argument_count > 0
	};
	struct kist_error err = KIST_ERROR_INIT;

	if (recover_all(&recovering, &err) != KIST_OK ||
	    (cli->json && kist_print_json_take(json_incref(recovering.list), &err) != KIST_OK))
		return kist_cli_fail(cli, &err, false);
	if (!cli->json && !cli->quiet && !recovering.given && recovering.done == 0 &&
	    recovering.worst == KIST_EXIT_DONE)
		printf("nothing is left to recover on this machine\n");
	return recovering.worst;
}

const struct kist_command kist_command_job_recover = {
	.name = "job recover",
	.arguments = "[ID...]",
	.summary = "keep what is left of jobs whose agent is gone",
	.arguments_min = 0,
	.arguments_max = SIZE_MAX,
	.run = run,
};
