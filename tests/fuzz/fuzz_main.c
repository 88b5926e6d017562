/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Replays a corpus where libFuzzer is not there: every file of the folder, and of each a fixed set of
 * cut, flipped and doubled copies, the same on every run.
 */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz/fuzz.h"

#define INPUT_SIZE_MAX ((size_t)1 << 20)
#define MUTATIONS      200

static uint32_t random_state;

static uint32_t next_random(void)
{
	random_state = random_state * 1664525u + 1013904223u;
	return random_state >> 8;
}

/* The target gets a copy of exact size, so that ASan sees a read past its end. */
static void run_one(const uint8_t *data, size_t size)
{
	uint8_t *copy = calloc(size ? size : 1, 1);

	if (!copy)
		abort();
	memcpy(copy, data, size);
	(void)LLVMFuzzerTestOneInput(copy, size);
	free(copy);
}

static void run_mutations(uint8_t *data, size_t size)
{
	random_state = 1;
	for (int i = 0; i < MUTATIONS && size > 0; i++) {
		const size_t at = next_random() % size;
		const uint8_t kept = data[at];

		if (i % 4 == 3) {
			run_one(data, at);
			continue;
		}
		data[at] = (uint8_t)(i % 4 == 0 ? kept ^ (1u << next_random() % 8) : next_random());
		run_one(data, size);
		data[at] = kept;
	}
}

static int replay(const char *folder)
{
	static uint8_t data[INPUT_SIZE_MAX];
	struct dirent **entries;
	const int count = scandir(folder, &entries, NULL, alphasort);
	int files = 0;

	for (int i = 0; i < count; i++) {
		char path[4096 + 1 + 256];
		FILE *file;

		snprintf(path, sizeof(path), "%s/%s", folder, entries[i]->d_name);
		file = entries[i]->d_name[0] == '.' ? NULL : fopen(path, "rb");
		if (file) {
			const size_t size = fread(data, 1, sizeof(data), file);

			(void)fclose(file);
			run_one(data, size);
			run_mutations(data, size);
			files++;
		}
		free(entries[i]);
	}
	if (count >= 0)
		free(entries);
	return files;
}

/* The last argument is the folder, as for libFuzzer; what stands before it is meant for that. */
int main(int argc, char **argv)
{
	int files;

	if (argc < 2) {
		fprintf(stderr, "usage: %s CORPUS\n", argv[0]);
		return 2;
	}
	run_one((const uint8_t *)"", 0);
	files = replay(argv[argc - 1]);
	printf("%d files of %s replayed\n", files, argv[argc - 1]);
	return files > 0 ? 0 : 1;
}
