/* SPDX-License-Identifier: Apache-2.0 */
#include "kit/checks.h"

static const struct kist_kit_check checks[] = {
#define CHECK(id, function, scope, badge, is_twice, title) { id, scope, badge, is_twice, title },
#include "kit/checks.def"
#undef CHECK
};

const struct kist_kit_check *kist_kit_check_at(size_t i)
{
	return i < sizeof(checks) / sizeof(checks[0]) ? &checks[i] : NULL;
}

const char *kist_kit_badge_name(enum kist_kit_badge badge)
{
	static const char *const names[] = { "none", "bronze", "silver", "gold" };

	return names[badge];
}
