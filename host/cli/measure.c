/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/measure.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/num.h"

void kist_size_text(uint64_t bytes, char ret[static 32])
{
	static const char *const units[] = { "B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB" };
	double value = (double)bytes;
	size_t unit = 0;

	while (value >= 1024 && unit + 1 < sizeof(units) / sizeof(units[0])) {
		value /= 1024;
		unit++;
	}
	snprintf(ret, 32, unit == 0 ? "%.0f %s" : "%.1f %s", value, units[unit]);
}

void kist_size_exact(uint64_t bytes, char ret[static 64])
{
	char text[32];

	kist_size_text(bytes, text);
	if (bytes < 1024)
		snprintf(ret, 64, "%" PRIu64 " byte%s", bytes, kist_plural(bytes));
	else
		snprintf(ret, 64, "%s (%" PRIu64 " bytes)", text, bytes);
}

void kist_mode_text(uint32_t mode, char ret[static 32])
{
	static const char letters[] = "rwxrwxrwx";
	char text[sizeof(letters)];

	for (unsigned i = 0; i < sizeof(letters) - 1; i++)
		text[i] = mode & (0400u >> i) ? letters[i] : '-';
	text[sizeof(letters) - 1] = '\0';
	snprintf(ret, 32, "%04" PRIo32 " %s", mode & 07777u, text);
}
