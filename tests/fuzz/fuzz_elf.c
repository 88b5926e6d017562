/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Libraries from hostile bytes, at the gate.  It judges twice alike, and lets none pass that belongs to a plugin
 * of another name.
 */
#include "fuzz/fuzz.h"
#include "plugin/elf.h"

static kist_status gate(const uint8_t *data, size_t size, const char *id, struct kist_error *err)
{
	const struct kist_manifest manifest = { .id = id, .abi_major = 1 };

	return kist_elf_gate(kist_view_of(data, size), &manifest, err);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct kist_error err = KIST_ERROR_INIT;
	const kist_status status = gate(data, size, "org.example.demo", &err);

	must(status == err.status);
	must(status == gate(data, size, "org.example.demo", NULL));
	must(status == KIST_OK || status == KIST_CORRUPT || status == KIST_UNSUPPORTED || status == KIST_INCOMPATIBLE);
	must(status != KIST_OK || gate(data, size, "org.example.other", NULL) == KIST_INCOMPATIBLE);
	return 0;
}
