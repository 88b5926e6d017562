/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz/fuzz.h"
#include "route/routes.h"

/* The file of routes: every text is read, or refused with the line, and nothing is left behind. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	kist_auto_routes struct kist_routes routes = KIST_ROUTES_INIT;
	struct kist_error err = KIST_ERROR_INIT;
	const kist_status status = kist_routes_parse(kist_view_of(data, size), "/routes", &routes, &err);

	if (status == KIST_OK)
		must(json_object_size(routes.pinned) + json_object_size(routes.used) == json_object_size(routes.times));
	else
		must(err.text[0] != '\0' && !routes.times);
	return 0;
}
