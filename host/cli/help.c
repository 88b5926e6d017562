/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/help.h"

#include <stdio.h>
#include <string.h>
#include <zstd.h>

#include "base/nearest.h"
#include "base/utf8.h"
#include "kist/plugin.h"

/* What a line of help fits in. */
#define HELP_WIDTH    79
#define OPTION_WIDTH  28
#define COMMAND_WIDTH 31

/* Bytes of the words at the front of @text that fit in @room; of one at least. */
static size_t line_len(const char *text, size_t room)
{
	size_t len = strcspn(text, " ");

	while (text[len]) {
		const size_t next = len + 1 + strcspn(text + len + 1, " ");

		if (next > room)
			break;
		len = next;
	}
	return len;
}

/* @left in @width columns, and beside it @text, in as many lines as it takes. */
static void print_entry(FILE *out, const char *left, size_t width, const char *text)
{
	const size_t room = HELP_WIDTH - width - 3;

	fprintf(out, "  %-*s", (int)width, left);
	if (strlen(left) > width)
		fprintf(out, "\n  %*s", (int)width, "");
	while (text[0]) {
		const size_t len = line_len(text, room);

		fprintf(out, " %.*s\n", (int)len, text);
		text += len;
		text += strspn(text, " ");
		if (text[0])
			fprintf(out, "  %*s", (int)width, "");
	}
}

static void print_options(FILE *out, const struct kist_option *options)
{
	for (; options && options->name; options++) {
		char left[64];
		char help[256];
		char letter[8] = "    ";

		if (options->letter)
			snprintf(letter, sizeof(letter), "-%c, ", options->letter);
		snprintf(left, sizeof(left), "%s--%s%s%s", letter, options->name,
			 options->argument ? " " : "", options->argument ? options->argument : "");
		snprintf(help, sizeof(help), "%s%s", options->help,
			 options->many ? " (may be repeated)" : "");
		print_entry(out, left, OPTION_WIDTH, help);
	}
}

static void print_one(FILE *out, const struct kist_command *command)
{
	fprintf(out, "usage: kist %s [OPTION]...%s%s\n\n%s\n", command->name,
		command->arguments[0] ? " " : "", command->arguments, command->summary);
	if (command->options) {
		fprintf(out, "\noptions:\n");
		print_options(out, command->options);
	}
	fprintf(out, "\ncommon options:\n");
	print_options(out, kist_common_options);
}

static void print_line(FILE *out, const struct kist_command *command)
{
	char left[64];

	snprintf(left, sizeof(left), "%s %s", command->name, command->arguments);
	print_entry(out, left, COMMAND_WIDTH, command->summary);
}

static void print_all(FILE *out)
{
	fprintf(out, "kist keeps what jobs make: typed, compressed, deduplicated, verified.\n\n"
		     "usage: kist COMMAND [OPTION]... [ARGUMENT]...\n\n");
	for (size_t i = 0; kist_commands[i]; i++)
		print_line(out, kist_commands[i]);
	fprintf(out, "\ncommon options:\n");
	print_options(out, kist_common_options);
	print_entry(out, "    --version", OPTION_WIDTH, "print the version, and what it was built with");
	fprintf(out, "\nexit status: 0 done, 1 failed, 2 wrong use, 3 not found, 4 damage found\n"
		     "A command's own help: kist COMMAND --help; its manual: man kist-COMMAND\n");
}

int kist_help_print(const struct kist_command *command, bool asked)
{
	FILE *out = asked ? stdout : stderr;

	if (command)
		print_one(out, command);
	else
		print_all(out);
	return asked ? KIST_EXIT_DONE : KIST_EXIT_USAGE;
}

int kist_help_version(void)
{
	printf("kist %s (plugin ABI %u.%u, zstd %s)\n", PACKAGE_VERSION, KIST_ABI_MAJOR, KIST_ABI_MINOR,
	       ZSTD_versionString());
	return KIST_EXIT_DONE;
}

/* A group is a first word that several commands share: "plugin". */
static bool is_of_group(const struct kist_command *command, const char *group)
{
	const size_t len = strlen(group);

	return strncmp(command->name, group, len) == 0 && command->name[len] == ' ';
}

static bool is_group(const char *word)
{
	for (size_t i = 0; kist_commands[i]; i++) {
		if (is_of_group(kist_commands[i], word))
			return true;
	}
	return false;
}

static void print_group(FILE *out, const char *group)
{
	fprintf(out, "usage: kist %s COMMAND [OPTION]... [ARGUMENT]...\n\n", group);
	for (size_t i = 0; kist_commands[i]; i++) {
		if (is_of_group(kist_commands[i], group))
			print_line(out, kist_commands[i]);
	}
	fprintf(out, "\nA command's own help: kist %s COMMAND --help; all of them: man kist-%s\n", group,
		group);
}

static const struct kist_command *find(const char *name)
{
	for (size_t i = 0; kist_commands[i]; i++) {
		if (strcmp(kist_commands[i]->name, name) == 0)
			return kist_commands[i];
	}
	return NULL;
}

static int unknown(const struct kist_cli *cli, const char *word, const char *both)
{
	struct kist_nearest nearest = KIST_NEAREST_INIT(word);
	struct kist_nearest nearest_both = KIST_NEAREST_INIT(both);
	char shown[128];

	for (size_t i = 0; kist_commands[i]; i++) {
		kist_nearest_offer(&nearest_both, kist_commands[i]->name);
		if (!strchr(kist_commands[i]->name, ' '))
			kist_nearest_offer(&nearest, kist_commands[i]->name);
	}
	kist_text_escape(is_group(word) ? both : word, strlen(is_group(word) ? both : word), shown,
			 sizeof(shown));
	/* "plugin lst" is nearer to a command of two words than its first word is to any. */
	if (nearest_both.name && (!nearest.name || strchr(nearest_both.name, ' ')))
		return (int)kist_cli_usage(cli, "there is no command '%s'; did you mean '%s'?", shown,
					   nearest_both.name);
	if (nearest.name)
		return (int)kist_cli_usage(cli, "there is no command '%s'; did you mean '%s'?", shown,
					   nearest.name);
	return (int)kist_cli_usage(cli, "there is no command '%s'; see 'kist --help'", shown);
}

static bool asks_for_help(const char *word)
{
	return strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0;
}

int kist_help_other(const struct kist_cli *cli, int count, char *const *words)
{
	const bool help = strcmp(words[0], "help") == 0;
	const char *first = help ? (count > 1 ? words[1] : NULL) : words[0];
	const char *second = count > 1 + help ? words[1 + help] : NULL;
	char both[96];

	if (!first || asks_for_help(first)) {
		print_all(stdout);
		return KIST_HELP_GIVEN;
	}
	snprintf(both, sizeof(both), "%s%s%s", first, second ? " " : "", second ? second : "");
	if (help && (find(both) || find(first))) {
		print_one(stdout, find(both) ? find(both) : find(first));
		return KIST_HELP_GIVEN;
	}
	if (!is_group(first) || (second && !asks_for_help(second)))
		return unknown(cli, first, both);
	if (cli->json && !help && !second)
		return (int)kist_cli_usage(cli, "'%s' takes a command; see 'kist help %s'", first, first);
	print_group(help || second ? stdout : stderr, first);
	return help || second ? KIST_HELP_GIVEN : KIST_EXIT_USAGE;
}
