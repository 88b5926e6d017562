/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The user's pins from hostile bytes: all of a list counts, or none of it.
 */
#include "fuzz/fuzz.h"
#include "fuzz/fuzz_file.h"
#include "plugin/trust.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct kist_trust trust = KIST_TRUST_INIT;
	struct kist_error err = KIST_ERROR_INIT;

	fuzz_write(KIST_TRUST_FILE, kist_view_of(data, size));
	if (kist_trust_load(fuzz_folder(), &trust, &err) != KIST_OK) {
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
