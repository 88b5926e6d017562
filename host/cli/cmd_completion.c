/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "cli/commands.h"
#include "cli/help.h"

/* The part that is the same for every table of commands: completion.bash. */
static const char *const script[] = {
#include "cli/completion_lines.h"
};

/* Whether no command before it has the same first word: "plugin list" and its like are one word there. */
static bool begins_word(size_t command)
{
	const char *name = kist_commands[command]->name;
	const size_t len = strcspn(name, " ");

	for (size_t i = 0; i < command; i++) {
		if (strncmp(kist_commands[i]->name, name, len) == 0 &&
		    strcspn(kist_commands[i]->name, " ") == len)
			return false;
	}
	return true;
}

/* The words of commands: of all, or of those that begin with the word @group, what stands behind it. */
static void print_commands(const char *group)
{
	const size_t len = strlen(group);

	printf("\t'commands %s') table=(", group);
	for (size_t i = 0; kist_commands[i]; i++) {
		const char *name = kist_commands[i]->name;

		if (len > 0 && strncmp(name, group, len) == 0 && name[len] == ' ')
			printf(" %s", name + len + 1);
		else if (len == 0 && begins_word(i))
			printf(" %.*s", (int)strcspn(name, " "), name);
	}
	printf(" ) ;;\n");
}

static void print_options(const char *command, const struct kist_option *options)
{
	printf("\t'options %s') table=(", command);
	for (const struct kist_option *option = options; option && option->name; option++)
		printf(" --%s", option->name);
	printf(" ) ;;\n");
	for (; options && options->name; options++) {
		if (!options->argument)
			continue;
		printf("\t'takes %s --%s'", command, options->name);
		if (options->letter)
			printf(" | 'takes %s -%c'", command, options->letter);
		printf(") table=('%s') ;;\n", options->argument);
	}
}

static void print_tables(void)
{
	printf("# Completion of kist(1) for bash.\n\n"
	       "# Puts a row of the tables that help is made of into 'table'.\n"
	       "_kist_table()\n{\n\tcase $1 in\n");
	print_commands("");
	print_options("", kist_common_options);
	for (size_t i = 0; kist_commands[i]; i++) {
		const struct kist_command *command = kist_commands[i];
		char group[32];

		snprintf(group, sizeof(group), "%.*s", (int)strcspn(command->name, " "), command->name);
		if (strcmp(group, command->name) != 0 && begins_word(i))
			print_commands(group);
		print_options(command->name, command->options);
		printf("\t'takes %s') table=('%s') ;;\n", command->name, command->arguments);
	}
	printf("\t*) table=() ;;\n\tesac\n}\n\n");
}

static enum kist_exit run(struct kist_cli *cli)
{
	(void)cli;
	print_tables();
	for (size_t i = 0; i < sizeof(script) / sizeof(script[0]); i++)
		(void)puts(script[i]);
	return KIST_EXIT_DONE;
}

const struct kist_command kist_command_completion = {
	.name = "completion",
	.arguments = "",
	.summary = "print the completion script for bash",
	.no_json = true,
	.no_settings = true,
	.run = run,
};
