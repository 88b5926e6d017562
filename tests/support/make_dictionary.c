/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Makes the tables of a dictionary for records (host/pack/dictionary.c) from samples, and prints them in hex.
 *
 *     make_dictionary TEXT < RECORDS    a record a line; TEXT is a file
 *
 * The text is what records have in common, the rarest first.  The tables say how frequent their characters are, and how
 * long what comes again; another libzstd may make others of the same samples.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zdict.h>

#include "support/must.h"

#define LEVEL	    1
#define ID	    1
#define TEXT_MAX    ((size_t)64 << 10)
#define SAMPLES_MAX ((size_t)16 << 20)
#define COUNT_MAX   ((size_t)1 << 16)

static char text[TEXT_MAX];
static char samples[SAMPLES_MAX];
static size_t sizes[COUNT_MAX];
static unsigned char made[2 * TEXT_MAX];

static size_t read_text(const char *path)
{
	FILE *const file = fopen(path, "rb");
	size_t size;

	must(file != NULL);
	size = fread(text, 1, sizeof(text), file);
	fclose(file);
	return size;
}

static unsigned read_samples(void)
{
	size_t used = 0;
	unsigned count = 0;

	while (count < COUNT_MAX && used < sizeof(samples) - 1 &&
	       fgets(samples + used, (int)(sizeof(samples) - used), stdin)) {
		sizes[count] = strcspn(samples + used, "\n");
		used += sizes[count++];
	}
	return count;
}

int main(int argc, char **argv)
{
	const ZDICT_params_t how = { .compressionLevel = LEVEL, .dictID = ID };
	size_t size;

	must(argc == 2);
	size = read_text(argv[1]);
	size = ZDICT_finalizeDictionary(made, sizeof(made), text, size, samples, sizes, read_samples(), how);
	must(!ZDICT_isError(size));
	size = ZDICT_getDictHeaderSize(made, size);
	must(!ZDICT_isError(size));
	for (size_t i = 0; i < size; i++)
		printf("%02x%s", made[i], (i + 1) % 32 == 0 || i + 1 == size ? "\n" : "");
	return EXIT_SUCCESS;
}
