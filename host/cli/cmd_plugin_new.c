/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "cli/commands.h"
#include "cli/output.h"
#include "kit/template.h"

static const char *const languages[] = { "c", "c++" };
static const char *const subjects[] = { "serializer", "task" };

static const struct kist_option options[] = {
	{ .name = "lang", .argument = "c|c++", .help = "the language of its source; else c" },
	{ .name = "kind", .argument = "serializer|task", .help = "what it gives; else serializer" },
	{ .name = NULL },
};

static enum kist_exit run(struct kist_cli *cli)
{
	struct kist_kit_order order = { .name = cli->arguments[0] };
	struct kist_error err = KIST_ERROR_INIT;
	struct kist_kit_names names;
	size_t language = 0;
	size_t subject = 0;

	if (!kist_cli_choose(cli, "lang", languages, 2, &language))
		return kist_cli_usage(cli, "--lang takes c or c++, not '%s'", kist_cli_value(cli, "lang"));
	if (!kist_cli_choose(cli, "kind", subjects, 2, &subject))
		return kist_cli_usage(cli, "--kind takes serializer or task, not '%s'",
				      kist_cli_value(cli, "kind"));
	order.language = language == 0 ? KIST_KIT_C : KIST_KIT_CXX;
	order.subject = subject == 0 ? KIST_KIT_SERIALIZER : KIST_KIT_TASK;
	if (kist_kit_write(cli->paths.template_dir, &order, &names, &err) != KIST_OK)
		return kist_cli_fail(cli, &err, false);
	if (cli->json) {
		if (kist_print_json_take(json_pack("{s:s,s:s,s:s,s:s}", "id", names.id, "folder", names.name,
						   "lang", languages[language], "kind", subjects[subject]),
					 &err) != KIST_OK)
			return kist_cli_fail(cli, &err, false);
	} else if (!cli->quiet) {
		printf("%s: a plugin %s that is whole; next: cd %s && make test, and its README.md\n",
		       names.name, names.id, names.name);
	}
	return KIST_EXIT_DONE;
}

const struct kist_command kist_command_plugin_new = {
	.name = "plugin new",
	.arguments = "NAME",
	.summary = "write a folder with a plugin to begin with",
	.options = options,
	.arguments_min = 1,
	.arguments_max = 1,
	.run = run,
};
