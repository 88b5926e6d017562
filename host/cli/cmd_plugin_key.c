/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/time.h"
#include "cli/commands.h"
#include "cli/output.h"
#include "cli/signing.h"
#include "cli/table.h"
#include "plugin/signed.h"

static const struct kist_option options[] = {
	{ .name = "scope", .argument = "PREFIX", .help = "add: the plugins it speaks for, 'org.example'" },
	{ .name = "expires",
	  .argument = "DATE",
	  .help = "add: from this day on it counts no more: 2027-01-31" },
	{ .name = "note", .argument = "TEXT", .help = "add: whose it is" },
	{ .name = NULL },
};

static bool copy(const struct kist_cli *cli, const char *name, char *ret, size_t size)
{
	const char *text = kist_cli_value(cli, name);

	return snprintf(ret, size, "%s", text ? text : "") < (int)size;
}

static kist_status read_key(const struct kist_cli *cli, const char *what, struct kist_key *ret,
			    struct kist_error *err)
{
	kist_auto_buf struct kist_buf text = KIST_BUF_INIT(KIST_MINISIGN_SIZE_MAX);

	if (!copy(cli, "scope", ret->scope, sizeof(ret->scope)) ||
	    !copy(cli, "expires", ret->expires, sizeof(ret->expires)) ||
	    !copy(cli, "note", ret->note, sizeof(ret->note)))
		return kist_fail(err, KIST_INVALID, "the scope, the date or the note is too long");
	/* The key itself, as publishers print it, or a file with it. */
	if (strncmp(what, "RW", 2) == 0 && strlen(what) == 56)
		return kist_public_key_read(kist_view_of(what, strlen(what)), &ret->public, err);
	KIST_TRY(kist_read_file_at(AT_FDCWD, what, &text, err));
	if (kist_public_key_read(kist_buf_view(&text), &ret->public, err) != KIST_OK)
		return kist_fail_context(err, "'%s'", what);
	return KIST_OK;
}

static kist_status add(struct kist_cli *cli, const char *what, struct kist_error *err)
{
	struct kist_key key = { .of_site = false };
	char id[KIST_KEY_ID_SIZE];

	KIST_TRY(read_key(cli, what, &key, err));
	KIST_TRY(kist_keys_add(cli->paths.config_dir, &key, err));
	kist_key_id_text(key.public.id, id);
	if (cli->json)
		return kist_print_json_take(
			json_pack("{s:s,s:s,s:s}", "key", id, "scope", key.scope, "expires", key.expires),
			err);
	if (!cli->quiet)
		printf("key %s: signs for '%s'%s%s\n", id, key.scope, key.expires[0] ? " until " : "",
		       key.expires);
	return KIST_OK;
}

static kist_status drop(struct kist_cli *cli, const char *what, struct kist_error *err)
{
	uint64_t id;

	if (!kist_key_id_read(what, strlen(what), &id))
		return kist_fail(err, KIST_INVALID, "'%s' is no key id, which is 16 hex digits", what);
	KIST_TRY(kist_keys_remove(cli->paths.config_dir, id, err));
	if (cli->json)
		return kist_print_json_take(json_pack("{s:s}", "key", what), err);
	if (!cli->quiet)
		printf("removed: key %s; what was installed with it stays, 'kist plugin revoke' ends that "
		       "too\n",
		       what);
	return KIST_OK;
}

static const char *state_of(const struct kist_grounds *grounds, const struct kist_key *key)
{
	if (kist_trust_is_revoked_key(&grounds->user, key->public.id) ||
	    kist_trust_is_revoked_key(&grounds->site, key->public.id))
		return "revoked";
	return kist_key_is_expired(key, kist_wall_ns()) ? "expired" : "counts";
}

static kist_status add_row(struct kist_table *table, json_t *list, const struct kist_grounds *grounds,
			   const struct kist_key *key, struct kist_error *err)
{
	const char *state = state_of(grounds, key);
	const char *from = key->of_site ? "site" : "user";
	char id[KIST_KEY_ID_SIZE];

	kist_key_id_text(key->public.id, id);
	if (json_array_append_new(list, json_pack("{s:s,s:s,s:s,s:s,s:s,s:s}", "key", id, "scope", key->scope,
						  "expires", key->expires, "from", from, "state", state,
						  "note", key->note)) != 0)
		return kist_fail_memory(err, sizeof(json_t));
	KIST_TRY(kist_table_add_text(table, id, err));
	KIST_TRY(kist_table_add_text(table, key->scope, err));
	KIST_TRY(kist_table_add_text(table, key->expires[0] ? key->expires : "never", err));
	KIST_TRY(kist_table_add_text(table, from, err));
	KIST_TRY(kist_table_add_text(table, state, err));
	return kist_table_add_text(table, key->note, err);
}

static kist_status list_keys(struct kist_cli *cli, struct kist_error *err)
{
	static const char *const titles[] = { "KEY", "SCOPE", "EXPIRES", "FROM", "STATE", "NOTE" };
	kist_auto_table struct kist_table table = KIST_TABLE_INIT(sizeof(titles) / sizeof(titles[0]), titles);
	kist_auto_grounds struct kist_grounds grounds = KIST_GROUNDS_INIT;
	kist_auto_json json_t *list = json_array();
	struct kist_signing place;
	char note[512];

	KIST_TRY(kist_signing_find(cli, &place, err));
	KIST_TRY(kist_grounds_load(cli->paths.config_dir, place.site_config, &grounds, note, sizeof(note),
				   err));
	if (note[0] && !cli->quiet)
		fprintf(stderr, "kist: plugin key: note: %s\n", note);
	for (size_t i = 0; i < grounds.keys.count; i++)
		KIST_TRY(add_row(&table, list, &grounds, &grounds.keys.list[i], err));
	if (cli->json)
		return kist_print_json_take(json_incref(list), err);
	kist_table_print(&table, cli->quiet);
	return KIST_OK;
}

static enum kist_exit run(struct kist_cli *cli)
{
	const char *verb = cli->arguments[0];
	const char *what = cli->argument_count == 2 ? cli->arguments[1] : NULL;
	struct kist_error err = KIST_ERROR_INIT;
	kist_status status;

	if (strcmp(verb, "ls") == 0 && !what)
		status = list_keys(cli, &err);
	else if (strcmp(verb, "rm") == 0 && what)
		status = drop(cli, what, &err);
	else if (strcmp(verb, "add") == 0 && what && kist_cli_has(cli, "scope"))
		status = add(cli, what, &err);
	else
		return kist_cli_usage(cli, "takes 'ls', 'add FILE --scope PREFIX' or 'rm KEYID'");
	return status == KIST_OK ? KIST_EXIT_DONE : kist_cli_fail(cli, &err, false);
}

const struct kist_command kist_command_plugin_key = {
	.name = "plugin key",
	.arguments = "ls|add|rm [FILE|KEYID]",
	.summary = "the keys whose signatures count, and for which plugins",
	.options = options,
	.arguments_min = 1,
	.arguments_max = 2,
	.run = run,
};
