/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "cli/cli.h"
#include "cli/commands.h"
#include "cli/help.h"

/* Options of every command. */
const struct kist_option kist_common_options[] = {
	{ .name = "store", .argument = "URI", .help = "the store to use" },
	{ .name = "plugin-dir", .argument = "DIR", .help = "look for plugins there too", .many = true },
	{ .name = "json", .help = "print facts as JSON" },
	{ .name = "quiet", .letter = 'q', .help = "print less" },
	{ .name = "help", .letter = 'h', .help = "say what a command does" },
	{ .name = NULL },
};

static bool matches(const struct kist_option *option, const char *text, size_t len)
{
	return strlen(option->name) == len && memcmp(option->name, text, len) == 0;
}

static const struct kist_option *find_option(const struct kist_option *options, const char *text, size_t len, char letter)
{
	for (; options && options->name; options++) {
		if (letter ? options->letter == letter : matches(options, text, len))
			return options;
	}
	return NULL;
}

static const struct kist_option *find_any(const struct kist_cli *cli, const char *text, size_t len, char letter)
{
	const struct kist_option *own = cli->command ? find_option(cli->command->options, text, len, letter) : NULL;

	return own ? own : find_option(kist_common_options, text, len, letter);
}

static int usage(const struct kist_cli *cli, const char *what, const char *text)
{
	fprintf(stderr, "kist: %s: %s '%s'; see 'kist %s%s--help'\n", cli->command ? cli->command->name : "kist", what,
		text, cli->command ? cli->command->name : "", cli->command ? " " : "");
	return KIST_EXIT_USAGE;
}

static int keep_value(struct kist_cli *cli, const struct kist_option *option, const char *text)
{
	if (cli->value_count == KIST_OPTION_VALUES_MAX)
		return usage(cli, "too many options at", text);
	cli->values[cli->value_count].option = option;
	cli->values[cli->value_count++].text = text;
	return 0;
}

/* Reads the option at argv[*i]; *i moves past its argument. */
static int read_option(struct kist_cli *cli, int argc, char **argv, int *i)
{
	const char *text = argv[*i];
	const bool is_long = text[1] == '-';
	const char *name = is_long ? text + 2 : text + 1;
	const char *equals = is_long ? strchr(name, '=') : NULL;
	const struct kist_option *option =
		find_any(cli, name, equals ? (size_t)(equals - name) : strlen(name), is_long ? 0 : name[0]);

	if (!option)
		return usage(cli, "unknown option", text);
	if (!option->argument) {
		if (equals || (!is_long && name[1]))
			return usage(cli, "this option takes no argument:", text);
		return keep_value(cli, option, "");
	}
	if (equals)
		return keep_value(cli, option, equals + 1);
	if (!is_long && name[1])
		return keep_value(cli, option, name + 1);
	if (*i + 1 >= argc)
		return usage(cli, "an argument is missing for", text);
	return keep_value(cli, option, argv[++*i]);
}

/* Commands of two words come first: "plugin list" is not "plugin". */
static const struct kist_command *find_command(int argc, char **argv, int *ret_words)
{
	char two[64];

	for (int words = 2; words > 0; words--) {
		if (argc < words)
			continue;
		snprintf(two, sizeof(two), words == 2 ? "%s %s" : "%s", argv[0], words == 2 ? argv[1] : "");
		for (size_t i = 0; kist_commands[i]; i++) {
			if (strcmp(kist_commands[i]->name, two) == 0) {
				*ret_words = words;
				return kist_commands[i];
			}
		}
	}
	return NULL;
}

/* Options may stand before the command, and among its arguments; "--" ends them. */
static int parse(struct kist_cli *cli, int argc, char **argv)
{
	bool options = true;

	for (int i = 1; i < argc; i++) {
		int words = 0;

		if (options && strcmp(argv[i], "--") == 0) {
			options = false;
		} else if (options && argv[i][0] == '-' && argv[i][1]) {
			const int failed = read_option(cli, argc, argv, &i);

			if (failed)
				return failed;
		} else if (!cli->command) {
			cli->command = find_command(argc - i, argv + i, &words);
			if (!cli->command)
				return kist_help_unknown(argv[i], i + 1 < argc ? argv[i + 1] : NULL);
			i += words - 1;
		} else {
			cli->arguments[cli->argument_count++] = argv[i];
		}
	}
	return 0;
}

static int run(struct kist_cli *cli)
{
	struct kist_error err = KIST_ERROR_INIT;

	if (!cli->command || kist_cli_has(cli, "help"))
		return kist_help_print(cli->command, kist_cli_has(cli, "help"));
	if (cli->argument_count < cli->command->arguments_min || cli->argument_count > cli->command->arguments_max) {
		fprintf(stderr, "kist: %s takes %s; see 'kist %s --help'\n", cli->command->name,
			cli->command->arguments[0] ? cli->command->arguments : "no arguments", cli->command->name);
		return KIST_EXIT_USAGE;
	}
	cli->json = kist_cli_has(cli, "json");
	cli->quiet = kist_cli_has(cli, "quiet");
	if (kist_paths_find(kist_cli_value(cli, "store"), &cli->paths, &err) != KIST_OK)
		return (int)kist_cli_fail(cli, &err, false);
	return (int)cli->command->run(cli);
}

int main(int argc, char **argv)
{
	struct kist_cli cli = { .command = NULL };
	int status;

	/* A reader that goes away, or a worker that dies, is an error code where it happens. */
	(void)signal(SIGPIPE, SIG_IGN);
	cli.arguments = kist_alloc((size_t)argc + 1, sizeof(*cli.arguments));
	if (!cli.arguments)
		return KIST_EXIT_FAILED;
	if (argc > 1 && strcmp(argv[1], "--version") == 0)
		status = kist_help_version();
	else
		status = parse(&cli, argc, argv);
	if (status == 0 && !(argc > 1 && strcmp(argv[1], "--version") == 0))
		status = run(&cli);
	kist_flow_close(cli.flow);
	kist_free(cli.arguments);
	if (fflush(stdout) != 0 || ferror(stdout)) {
		if (errno != EPIPE)
			fprintf(stderr, "kist: cannot write to the standard output\n");
		return status ? status : KIST_EXIT_FAILED;
	}
	return status;
}
