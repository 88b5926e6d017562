/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/budget.h"

#include <stdlib.h>
#include <string.h>

static const struct unit {
	const char *name;
	bool is_time;
	uint64_t factor; /* to milliseconds or bytes */
} units[] = {
	{ "s", true, 1000 },
	{ "m", true, 60 * 1000 },
	{ "min", true, 60 * 1000 },
	{ "h", true, 3600 * 1000 },
	{ "d", true, 24 * 3600 * 1000 },
	{ "kB", false, 1000 },
	{ "MB", false, 1000 * 1000 },
	{ "GB", false, 1000 * 1000 * 1000 },
	{ "TB", false, (uint64_t)1000 * 1000 * 1000 * 1000 },
	{ "K", false, (uint64_t)1 << 10 },
	{ "M", false, (uint64_t)1 << 20 },
	{ "G", false, (uint64_t)1 << 30 },
	{ "T", false, (uint64_t)1 << 40 },
	{ "KiB", false, (uint64_t)1 << 10 },
	{ "MiB", false, (uint64_t)1 << 20 },
	{ "GiB", false, (uint64_t)1 << 30 },
	{ "TiB", false, (uint64_t)1 << 40 },
};

static const struct unit *find_unit(const char *name)
{
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		if (strcmp(units[i].name, name) == 0)
			return &units[i];
	}
	return NULL;
}

bool kist_budget_parse(const char *text, struct kist_budget *ret)
{
	/* Nothing but digits and a point: strtod() alone takes "nan", "1e5" and blanks too. */
	const size_t digits = strspn(text, "0123456789.");
	const struct unit *unit = find_unit(text + digits);
	char *end;
	double value;

	if (digits == 0 || !unit)
		return false;
	value = strtod(text, &end) * (double)unit->factor;
	if (end != text + digits || value < 1 ||
	    value > (double)(unit->is_time ? KIST_BUDGET_MS_MAX : KIST_BUDGET_SIZE_MAX))
		return false;
	*ret = (struct kist_budget){ .ms = unit->is_time ? (uint64_t)value : 0,
				     .size = unit->is_time ? 0 : (uint64_t)value };
	return true;
}
