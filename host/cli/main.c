/* SPDX-License-Identifier: Apache-2.0 */
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/nearest.h"
#include "base/utf8.h"
#include "cli/cli.h"
#include "cli/commands.h"
#include "cli/help.h"
#include "cli/output.h"
#include "cli/settings.h"
#include "cli/stop.h"

/* What was typed is shown up to here. */
#define SHOWN_SIZE 256

/* Options of every command. */
const struct kist_option kist_common_options[] = {
	{ .name = "store", .argument = "URI", .help = "the store to use" },
	{ .name = "plugin-dir", .argument = "DIR", .help = "look for plugins there too", .many = true },
	{ .name = "deadline",
	  .argument = "SECONDS",
	  .help = "how long one call of a plugin may take; else 600" },
	{ .name = "overlay", .argument = "NAME", .help = "settings of this overlay of kist.yaml, too" },
	{ .name = "json", .help = "print facts as JSON" },
	{ .name = "quiet", .letter = 'q', .help = "print less" },
	{ .name = "help", .letter = 'h', .help = "say what a command does" },
	{ .name = NULL },
};

static bool matches(const struct kist_option *option, const char *text, size_t len)
{
	return strlen(option->name) == len && memcmp(option->name, text, len) == 0;
}

static const struct kist_option *find_option(const struct kist_option *options, const char *text, size_t len,
					     char letter)
{
	for (; options && options->name; options++) {
		if (letter ? options->letter == letter : matches(options, text, len))
			return options;
	}
	return NULL;
}

static const struct kist_option *find_any(const struct kist_cli *cli, const char *text, size_t len,
					  char letter)
{
	const struct kist_option *own =
		cli->command ? find_option(cli->command->options, text, len, letter) : NULL;

	return own ? own : find_option(kist_common_options, text, len, letter);
}

static int usage(const struct kist_cli *cli, const char *what, const char *text)
{
	char shown[SHOWN_SIZE];

	kist_text_escape(text, strlen(text), shown, sizeof(shown));
	return (int)kist_cli_usage(cli, "%s '%s'; see 'kist %s%s--help'", what, shown,
				   cli->command ? cli->command->name : "", cli->command ? " " : "");
}

static void offer_options(struct kist_nearest *nearest, const struct kist_option *options)
{
	for (; options && options->name; options++)
		kist_nearest_offer(nearest, options->name);
}

static int unknown_option(const struct kist_cli *cli, const char *text)
{
	char name[KIST_NEAREST_LEN_MAX + 2];
	struct kist_nearest nearest = KIST_NEAREST_INIT(name);
	char shown[SHOWN_SIZE];

	kist_text_escape(text, strlen(text), shown, sizeof(shown));
	snprintf(name, sizeof(name), "%.*s", (int)strcspn(text + strspn(text, "-"), "="),
		 text + strspn(text, "-"));
	offer_options(&nearest, cli->command ? cli->command->options : NULL);
	offer_options(&nearest, kist_common_options);
	if (!nearest.name)
		return usage(cli, "unknown option", text);
	return (int)kist_cli_usage(cli, "unknown option '%s'; did you mean '--%s'?", shown, nearest.name);
}

static int keep_value(struct kist_cli *cli, const struct kist_option *option, const char *text)
{
	if (cli->value_count == KIST_OPTION_VALUES_MAX)
		return usage(cli, "too many options at", text);
	cli->values[cli->value_count].option = option;
	cli->values[cli->value_count++].text = text;
	return 0;
}

/* The argument of @option: behind "=" or the letter, else the next word. */
static int read_value(struct kist_cli *cli, const struct kist_option *option, const char *own, int argc,
		      char **argv, int *i)
{
	if (own)
		return keep_value(cli, option, own);
	if (*i + 1 >= argc)
		return usage(cli, "an argument is missing for", argv[*i]);
	return keep_value(cli, option, argv[++*i]);
}

/* "--name=x", "--name x", "--quiet". */
static int read_long(struct kist_cli *cli, int argc, char **argv, int *i)
{
	const char *name = argv[*i] + 2;
	const char *equals = strchr(name, '=');
	const struct kist_option *option =
		find_any(cli, name, equals ? (size_t)(equals - name) : strlen(name), 0);

	if (!option)
		return unknown_option(cli, argv[*i]);
	if (option->argument)
		return read_value(cli, option, equals ? equals + 1 : NULL, argc, argv, i);
	return equals ? usage(cli, "this option takes no argument:", argv[*i]) : keep_value(cli, option, "");
}

/* "-q", "-nx", "-n x", and flags together: "-ql". */
static int read_short(struct kist_cli *cli, int argc, char **argv, int *i)
{
	for (const char *letter = argv[*i] + 1; *letter; letter++) {
		const struct kist_option *option = find_any(cli, letter, 1, *letter);
		int failed;

		if (!option)
			return unknown_option(cli, argv[*i]);
		if (option->argument)
			return read_value(cli, option, letter[1] ? letter + 1 : NULL, argc, argv, i);
		failed = keep_value(cli, option, "");
		if (failed)
			return failed;
	}
	return 0;
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
			const int failed = argv[i][1] == '-' ? read_long(cli, argc, argv, &i)
							     : read_short(cli, argc, argv, &i);

			if (failed)
				return failed;
		} else if (!cli->command) {
			cli->command = find_command(argc - i, argv + i, &words);
			if (!cli->command)
				return kist_help_other(cli, argc - i, argv + i);
			i += words - 1;
		} else {
			cli->arguments[cli->argument_count++] = argv[i];
		}
	}
	return 0;
}

/* What is wrong whatever the store holds. */
static kist_status check_values(const struct kist_cli *cli, struct kist_error *err)
{
	const char *name = kist_cli_value(cli, "name");
	kist_auto_json json_t *params = NULL;

	KIST_TRY(kist_cli_params(cli, &params, err));
	if (name)
		KIST_TRY(kist_name_check_given(name, strlen(name), err));
	return KIST_OK;
}

/* Also a mistake before "--json" is told as JSON. */
static bool wants_json(int argc, char **argv)
{
	for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++) {
		if (strcmp(argv[i], "--json") == 0)
			return true;
	}
	return false;
}

static int run(struct kist_cli *cli)
{
	struct kist_error err = KIST_ERROR_INIT;
	enum kist_exit failed;

	cli->json = kist_cli_has(cli, "json");
	cli->quiet = kist_cli_has(cli, "quiet");
	cli->progress.allowed = !cli->quiet && !cli->json;
	if (!cli->command && !kist_cli_has(cli, "help") && cli->json)
		return (int)kist_cli_usage(cli, "say what to do; see 'kist --help'");
	if (!cli->command || kist_cli_has(cli, "help"))
		return kist_help_print(cli->command, kist_cli_has(cli, "help"));
	if (cli->argument_count < cli->command->arguments_min ||
	    cli->argument_count > cli->command->arguments_max)
		return (int)kist_cli_usage(cli, "takes %s; see 'kist %s --help'",
					   cli->command->arguments[0] ? cli->command->arguments
								      : "no arguments",
					   cli->command->name);
	if (cli->json && cli->command->no_json)
		return (int)kist_cli_usage(cli, "what it prints is no JSON");
	if (check_values(cli, &err) != KIST_OK)
		return (int)kist_cli_usage(cli, "%s", err.text);
	if (kist_paths_find(&cli->paths, &err) != KIST_OK)
		return (int)kist_cli_fail(cli, &err, false);
	failed = cli->command->no_settings ? KIST_EXIT_DONE : kist_settings_use(cli, cli->command->name);
	return (int)(failed ? failed : cli->command->run(cli));
}

/* What was done is told by now, and does not wait for it. */
static void make_checkpoint(const struct kist_cli *cli)
{
	if (!cli->flow || !cli->flow->committed)
		return;
	(void)fflush(stdout);
	kist_flow_make_checkpoint(cli->flow);
}

int main(int argc, char **argv)
{
	struct kist_cli cli = { .command = NULL };
	int status;

	/*
	 * A reader that goes away, a worker that dies, a file that may not grow: an error code where it
	 * happens.
	 */
	(void)signal(SIGPIPE, SIG_IGN);
	(void)signal(SIGXFSZ, SIG_IGN);
	cli.json = wants_json(argc, argv);
	cli.arguments = kist_alloc((size_t)argc + 1, sizeof(*cli.arguments));
	if (!cli.arguments) {
		fputs("kist: out of memory\n", stderr);
		return KIST_EXIT_FAILED;
	}
	if (argc > 1 && strcmp(argv[1], "--version") == 0)
		status = kist_help_version();
	else
		status = parse(&cli, argc, argv);
	if (status == KIST_HELP_GIVEN)
		status = KIST_EXIT_DONE;
	else if (status == 0 && !(argc > 1 && strcmp(argv[1], "--version") == 0))
		status = run(&cli);
	make_checkpoint(&cli);
	kist_flow_close(cli.flow);
	kist_config_free(cli.config);
	kist_free(cli.arguments);
	if (fflush(stdout) != 0 || ferror(stdout)) {
		/* Who reads no further knows that he does not have all. */
		if (!kist_reader_is_gone())
			fprintf(stderr, "kist: cannot write to the standard output\n");
		status = status ? status : KIST_EXIT_FAILED;
	}
	kist_stop_pass_on();
	return status;
}
