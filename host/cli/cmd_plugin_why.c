/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "cli/commands.h"
#include "cli/facts.h"
#include "cli/output.h"
#include "cli/plugins.h"
#include "cli/table.h"
#include "flow/examine.h"
#include "object/check.h"

static const char *const titles[] = { "", "PLUGIN", "VERSION", "TASK", "TYPE", "WHY" };

static kist_status add_type(struct kist_table *table, const struct kist_manifest_type *type,
			    struct kist_error *err)
{
	char text[128];

	snprintf(text, sizeof(text), "%s@%" PRIu32 ".%" PRIu32, type->type, type->major, type->minor);
	return kist_table_add_text(table, text, err);
}

/* What a lock or the lack of one means for the next time. */
static void print_lock(const struct kist_route *route)
{
	const char *id = route->target.entry ? route->target.entry->manifest->id : "";

	if (route->locked_by[0])
		printf("%s: %s goes to %s, whatever else is installed; 'kist plugin pin %s ID' changes it, "
		       "'kist plugin unpin %s' drops it\n",
		       route->pinned ? "pinned" : "recorded", route->locked_by, id, route->locked_by,
		       route->locked_by);
	else if (route->lock_key[0] && strncmp(route->lock_key, "kind:", 5) != 0)
		printf("the first put records this: %s for %s\n", route->lock_key, id);
}

static kist_status print_people(const struct kist_route *route, const struct kist_error *why,
				struct kist_error *err)
{
	kist_auto_table struct kist_table table = KIST_TABLE_INIT(sizeof(titles) / sizeof(titles[0]), titles);

	for (size_t i = 0; i < route->candidate_count; i++) {
		const struct kist_route_candidate *candidate = &route->candidates[i];
		const struct kist_manifest *manifest = candidate->target.entry->manifest;
		char line[KIST_ROUTE_LINE_SIZE];

		kist_route_line(route, i, line);
		KIST_TRY(kist_table_add_text(&table, candidate->chosen ? "*" : "", err));
		KIST_TRY(kist_table_add_text(&table, manifest->id, err));
		KIST_TRY(kist_table_add_text(&table, manifest->version, err));
		KIST_TRY(
			kist_table_add_text(&table, manifest->types[candidate->target.type_index].task, err));
		KIST_TRY(add_type(&table, &manifest->types[candidate->target.type_index], err));
		KIST_TRY(kist_table_add_text(&table, line, err));
	}
	if (route->candidate_count > 0)
		kist_table_print(&table, false);
	if (why->status != KIST_OK)
		return KIST_OK;
	printf("decided: %s\n", route->decided_by);
	print_lock(route);
	return KIST_OK;
}

static kist_status print_json(const struct kist_route *route, const struct kist_error *why,
			      struct kist_error *err)
{
	kist_auto_json json_t *list = json_array();

	for (size_t i = 0; i < route->candidate_count; i++) {
		const struct kist_route_candidate *candidate = &route->candidates[i];
		const struct kist_manifest *manifest = candidate->target.entry->manifest;
		const struct kist_manifest_type *type = &manifest->types[candidate->target.type_index];
		char line[KIST_ROUTE_LINE_SIZE];
		json_t *row;

		kist_route_line(route, i, line);
		row = json_pack("{s:s,s:s,s:s,s:s,s:i,s:b,s:s}", "plugin", manifest->id, "version",
				manifest->version, "task", type->task, "type", type->type, "step",
				candidate->step, "chosen", candidate->chosen, "why", line);
		if (!row || json_array_append_new(list, row) != 0)
			return kist_fail_memory(err, sizeof(json_t));
	}
	return kist_print_json_take(json_pack("{s:O,s:s,s:s,s:s,s:b,s:s}", "candidates", list, "decided",
					      why->status == KIST_OK ? route->decided_by : why->text,
					      "records", route->lock_key, "locked_by", route->locked_by,
					      "pinned", route->pinned, "note", route->note),
				    err);
}

static kist_status explain_file(struct kist_cli *cli, struct kist_flow *flow, struct kist_route *route,
				struct kist_error *err)
{
	const struct kist_examine_options options = { .task = NULL };
	const char *path = cli->arguments[0];
	struct kist_input input;
	kist_status status;
	size_t len;

	KIST_TRY(kist_plugins_file(path, &input, err));
	status =
		kist_examine_explain(flow, &options, kist_facts_default_name(path, &len), &input, route, err);
	kist_fd_close(&input.fd);
	return status;
}

/* A kind (tensor), a type (kist.npy) or a file: whichever it is. */
static kist_status explain(struct kist_cli *cli, struct kist_route *route, struct kist_error *err)
{
	const char *what = cli->arguments[0];
	/* No store is needed to decide, only the plugins and a worker to ask. */
	struct kist_flow flow = { .worker_options = kist_cli_worker_options(cli),
				  .catalog_options = kist_cli_catalog_options(cli) };
	struct kist_route_query query = { .kind = 0 };
	const struct kist_catalog *catalog;
	const struct kist_routes *routes;
	kist_status status;

	if (kist_flow_catalog(&flow, &catalog, err) != KIST_OK ||
	    kist_flow_routes(&flow, &routes, err) != KIST_OK) {
		kist_flow_done(&flow);
		return err->status;
	}
	query.pins = routes->pinned;
	query.lock = routes->used;
	if (access(what, F_OK) == 0) {
		status = explain_file(cli, &flow, route, err);
	} else if (kist_kind_parse(what, &query.kind)) {
		status = kist_route_object(catalog, &query, route, err);
	} else {
		query.type = what;
		status = kist_route_bytes(catalog, &query, route, err);
		if (status == KIST_NOT_FOUND && !strchr(what, '@'))
			status = kist_fail_context(err, "'%s' is no file here and no kind of object", what);
	}
	if (status == KIST_OK || route->candidate_count > 0) {
		const struct kist_error none = KIST_ERROR_INIT;
		const struct kist_error *why = status == KIST_OK ? &none : err;
		struct kist_error printing = KIST_ERROR_INIT;
		const kist_status printed =
			cli->json ? print_json(route, why, &printing) : print_people(route, why, &printing);

		status = status == KIST_OK ? printed : status;
	}
	kist_flow_set_note(&flow, route->note);
	kist_plugins_note(cli, &flow);
	/* The route names entries of the catalog, so that goes last. */
	kist_route_done(route);
	kist_flow_done(&flow);
	return status;
}

static enum kist_exit run(struct kist_cli *cli)
{
	struct kist_route route = KIST_ROUTE_INIT;
	struct kist_error err = KIST_ERROR_INIT;

	return explain(cli, &route, &err) == KIST_OK ? KIST_EXIT_DONE : kist_cli_fail(cli, &err, false);
}

const struct kist_command kist_command_plugin_why = {
	.name = "plugin why",
	.arguments = "FILE|TYPE|KIND",
	.summary = "say which plugin is taken, every candidate, and what decided",
	.arguments_min = 1,
	.arguments_max = 1,
	.run = run,
};
