/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The user's pins from hostile bytes: all of a list counts, or none of it.
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "fuzz/fuzz.h"
#include "plugin/trust.h"

static char folder[4096];
static char file[4096 + sizeof(KIST_TRUST_FILE)];

static void remove_folder(void)
{
	(void)unlink(file);
	(void)rmdir(folder);
}

static void make_folder(void)
{
	const char *tmp = getenv("TMPDIR");

	must(snprintf(folder, sizeof(folder), "%s/kist-fuzz-XXXXXX", tmp ? tmp : "/tmp") < (int)sizeof(folder));
	must(mkdtemp(folder) != NULL);
	(void)snprintf(file, sizeof(file), "%s/" KIST_TRUST_FILE, folder);
	(void)atexit(remove_folder);
}

static void write_file(const uint8_t *data, size_t size)
{
	kist_auto_fd int fd = open(file, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	must(fd >= 0 && kist_write_all(fd, kist_view_of(data, size), NULL) == KIST_OK);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct kist_trust trust = KIST_TRUST_INIT;
	struct kist_error err = KIST_ERROR_INIT;

	if (!folder[0])
		make_folder();
	write_file(data, size);
	if (kist_trust_load(folder, &trust, &err) != KIST_OK) {
		must(err.status == KIST_CORRUPT || err.status == KIST_LIMIT);
		must(trust.count == 0 && !trust.pins);
		return 0;
	}
	must(trust.count <= KIST_TRUST_PINS_MAX);
	for (size_t i = 0; i < trust.count; i++)
		must(kist_trust_has(&trust, &trust.pins[i]));
	kist_trust_done(&trust);
	return 0;
}
