/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "base/mem.h"
#include "base/time.h"
#include "cli/commands.h"
#include "cli/output.h"
#include "cli/plugins.h"

#define PINGS 1000

/* Loads one plugin in a worker of its own, so that what it does there is said and harms no other. */
static kist_status try_plugin(struct kist_cli *cli, const struct kist_catalog_entry *entry, struct kist_error *err)
{
	const struct kist_worker_options options = kist_cli_worker_options(cli);
	kist_auto_worker struct kist_worker *worker = NULL;
	struct kist_worker_plugin *plugin;

	KIST_TRY(kist_worker_start(&options, &worker, err));
	return kist_worker_load(worker, entry, &plugin, err);
}

static kist_status check_plugins(struct kist_cli *cli, json_t *rows, bool *ret_bad, struct kist_error *err)
{
	kist_auto_catalog struct kist_catalog *catalog = NULL;

	KIST_TRY(kist_plugins_open(cli, &catalog, err));
	for (size_t i = 0; i < catalog->entry_count; i++) {
		const struct kist_catalog_entry *entry = &catalog->entries[i];
		struct kist_error why = entry->refusal;
		json_t *row;

		if (why.status == KIST_OK && try_plugin(cli, entry, &why) != KIST_OK)
			*ret_bad = true;
		row = json_pack("{s:s,s:s,s:s}", "plugin", entry->manifest ? entry->manifest->id : entry->path, "state",
				why.status == KIST_OK ? "loads" : kist_status_name(why.status), "reason",
				why.status == KIST_OK ? "" : why.text);
		if (!row || json_array_append_new(rows, row) != 0)
			return kist_fail_memory(err, sizeof(json_t));
	}
	return KIST_OK;
}

static kist_status measure(struct kist_cli *cli, json_t *facts, struct kist_error *err)
{
	const struct kist_worker_options options = kist_cli_worker_options(cli);
	kist_auto_worker struct kist_worker *worker = NULL;
	uint64_t start = kist_now_ns();
	uint64_t ready;
	json_t *sandbox;

	KIST_TRY(kist_worker_start(&options, &worker, err));
	ready = kist_now_ns() - start;
	KIST_TRY(kist_worker_sandbox(worker, &sandbox, err));
	if (json_object_set_new(facts, "sandbox", sandbox) != 0)
		return kist_fail_memory(err, sizeof(json_t));
	start = kist_now_ns();
	for (int i = 0; i < PINGS; i++)
		KIST_TRY(kist_worker_ping(worker, err));
	if (json_object_set_new(facts, "worker_ready_us", json_integer((json_int_t)(ready / 1000))) != 0 ||
	    json_object_set_new(facts, "round_trip_us", json_real((double)(kist_now_ns() - start) / 1000 / PINGS)) != 0)
		return kist_fail_memory(err, sizeof(json_t));
	return KIST_OK;
}

static enum kist_exit run(struct kist_cli *cli)
{
	kist_auto_json json_t *facts = json_object();
	json_t *rows = json_array();
	struct kist_error err = KIST_ERROR_INIT;
	bool bad = false;

	if (json_object_set_new(facts, "plugins", rows) != 0 || measure(cli, facts, &err) != KIST_OK ||
	    check_plugins(cli, rows, &bad, &err) != KIST_OK)
		return kist_cli_fail(cli, &err, false);
	if (!cli->json)
		kist_print_value(facts, 0);
	else if (kist_print_json_take(json_incref(facts), &err) != KIST_OK)
		return kist_cli_fail(cli, &err, false);
	return bad ? KIST_EXIT_FAILED : KIST_EXIT_DONE;
}

const struct kist_command kist_command_plugin_doctor = {
	.name = "plugin doctor",
	.arguments = "",
	.summary = "try the worker, its sandbox and every plugin",
	.run = run,
};
