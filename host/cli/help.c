/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/help.h"

#include <stdio.h>
#include <string.h>
#include <zstd.h>

#include "kist/plugin.h"

static void print_options(FILE *out, const struct kist_option *options)
{
	for (; options && options->name; options++) {
		char left[64];
		char letter[8] = "    ";

		if (options->letter)
			snprintf(letter, sizeof(letter), "-%c, ", options->letter);
		snprintf(left, sizeof(left), "%s--%s%s%s", letter, options->name, options->argument ? " " : "",
			 options->argument ? options->argument : "");
		fprintf(out, "  %-28s %s%s\n", left, options->help, options->many ? " (may be repeated)" : "");
	}
}

static void print_one(FILE *out, const struct kist_command *command)
{
	fprintf(out, "usage: kist %s [OPTION]...%s%s\n\n%s\n", command->name, command->arguments[0] ? " " : "",
		command->arguments, command->summary);
	if (command->options) {
		fprintf(out, "\noptions:\n");
		print_options(out, command->options);
	}
	fprintf(out, "\ncommon options:\n");
	print_options(out, kist_common_options);
}

static void print_all(FILE *out)
{
	fprintf(out, "kist keeps what jobs make: typed, compressed, deduplicated, verified.\n\n"
		     "usage: kist COMMAND [OPTION]... [ARGUMENT]...\n\n");
	for (size_t i = 0; kist_commands[i]; i++) {
		char left[64];

		snprintf(left, sizeof(left), "%s %s", kist_commands[i]->name, kist_commands[i]->arguments);
		fprintf(out, "  %-34s %s\n", left, kist_commands[i]->summary);
	}
	fprintf(out, "\ncommon options:\n");
	print_options(out, kist_common_options);
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

/* How alike two words are: the letters that agree from the front. */
static size_t common_front(const char *a, const char *b)
{
	size_t n = 0;

	while (a[n] && a[n] == b[n])
		n++;
	return n;
}

int kist_help_unknown(const char *word, const char *next)
{
	const char *nearest = NULL;
	size_t best = 0;
	char both[64];

	snprintf(both, sizeof(both), "%s%s%s", word, next ? " " : "", next ? next : "");
	for (size_t i = 0; kist_commands[i]; i++) {
		const size_t n = common_front(both, kist_commands[i]->name);

		if (n > best) {
			best = n;
			nearest = kist_commands[i]->name;
		}
	}
	fprintf(stderr, "kist: there is no command '%s'", word);
	if (nearest)
		fprintf(stderr, "; did you mean '%s'?\n", nearest);
	else
		fprintf(stderr, "; see 'kist --help'\n");
	return KIST_EXIT_USAGE;
}

static void completion_options(const struct kist_option *options)
{
	for (; options && options->name; options++)
		printf(" --%s", options->name);
}

void kist_help_completion(void)
{
	printf("# Completion of kist(1) for bash.\n_kist()\n{\n"
	       "\tlocal cur=${COMP_WORDS[COMP_CWORD]} command=${COMP_WORDS[1]} options\n"
	       "\t[ \"$command\" = plugin ] && [ \"$COMP_CWORD\" -gt 2 ] && command=\"plugin ${COMP_WORDS[2]}\"\n"
	       "\tif [ \"$COMP_CWORD\" = 1 ]; then\n\t\tCOMPREPLY=($(compgen -W \"");
	for (size_t i = 0; kist_commands[i]; i++) {
		if (!strchr(kist_commands[i]->name, ' '))
			printf("%s ", kist_commands[i]->name);
	}
	printf("plugin\" -- \"$cur\"))\n\t\treturn\n\tfi\n"
	       "\tif [ \"$command\" = plugin ] && [ \"$COMP_CWORD\" = 2 ]; then\n\t\tCOMPREPLY=($(compgen -W \"");
	for (size_t i = 0; kist_commands[i]; i++) {
		if (strchr(kist_commands[i]->name, ' '))
			printf("%s ", strchr(kist_commands[i]->name, ' ') + 1);
	}
	printf("\" -- \"$cur\"))\n\t\treturn\n\tfi\n\tcase $command in\n");
	for (size_t i = 0; kist_commands[i]; i++) {
		printf("\t'%s') options='", kist_commands[i]->name);
		completion_options(kist_commands[i]->options);
		printf("' ;;\n");
	}
	printf("\tesac\n\tcase $cur in\n\t-*) COMPREPLY=($(compgen -W \"$options");
	completion_options(kist_common_options);
	printf("\" -- \"$cur\")) ;;\n"
	       "\t*)\n\t\tcase $command in\n"
	       "\t\tget | cat | show | tag | rm | convert | verify)\n"
	       "\t\t\tCOMPREPLY=($(compgen -W \"$(kist ls --names 2>/dev/null)\" -- \"$cur\")) ;;\n"
	       "\t\t*) COMPREPLY=($(compgen -f -- \"$cur\")) ;;\n\t\tesac ;;\n\tesac\n}\ncomplete -F _kist kist\n");
}
