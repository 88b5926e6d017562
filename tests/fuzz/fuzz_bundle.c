/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Bundles from hostile bytes, as they are and under digests that are right: what is taken is sound, says what it holds, and
 * has names that a store can have.
 */
#include <string.h>
#include <sys/mman.h>

#include "base/file.h"
#include "base/le.h"
#include "base/mem.h"
#include "bundle/import.h"
#include "fuzz/fuzz.h"
#include "registry/registry.h"

#define HEAD	  KIST_BUNDLE_HEAD_SIZE
#define AT_DIGEST 40

static bool try_file(struct kist_view bytes)
{
	kist_auto_bundle_checked struct kist_bundle_checked checked = KIST_BUNDLE_CHECKED_INIT;
	kist_auto_bundle struct kist_bundle bundle = KIST_BUNDLE_INIT;
	struct kist_error err = KIST_ERROR_INIT;
	kist_auto_fd int fd = memfd_create("bundle", MFD_CLOEXEC);

	must(fd >= 0 && kist_pwrite_all(fd, bytes, 0, NULL) == KIST_OK);
	if (kist_bundle_open(fd, &bundle, &err) != KIST_OK ||
	    kist_bundle_check(&bundle, &checked, &err) != KIST_OK) {
		must(err.status == KIST_CORRUPT || err.status == KIST_INCOMPATIBLE ||
		     err.status == KIST_LIMIT || err.status == KIST_INVALID);
		return false;
	}
	must(bundle.size == bytes.size && checked.sum.chunks == bundle.count);
	for (size_t i = 0; i < kist_bundle_names_count(&checked.names); i++) {
		const struct kist_bundle_name *name = kist_bundle_names_at(&checked.names, i);

		must(kist_name_check(name->name, name->len, NULL) == KIST_OK);
		must(strlen(name->name) == name->len);
	}
	return true;
}

/* Makes the digests of chunks, and that of the head, what they must be, where the lengths allow it. */
static void set_right(uint8_t *bytes, size_t size)
{
	const uint64_t manifest = kist_le_read64(bytes + 16);
	const uint64_t count = kist_le_read64(bytes + 24);
	struct kist_hasher hasher;
	struct kist_digest digest;
	uint64_t at;

	kist_le_write64(bytes + 32, size);
	if (manifest > size || count > size / KIST_BUNDLE_ENTRY_SIZE ||
	    HEAD + manifest + count * KIST_BUNDLE_ENTRY_SIZE > size)
		return;
	at = HEAD + manifest + count * KIST_BUNDLE_ENTRY_SIZE;
	for (uint64_t i = 0; i < count; i++) {
		uint8_t *entry = bytes + HEAD + manifest + i * KIST_BUNDLE_ENTRY_SIZE;
		const uint32_t len = kist_le_read32(entry + KIST_DIGEST_SIZE);

		if (len > size - at)
			break;
		digest = kist_digest_of(kist_view_of(bytes + at, len));
		memcpy(entry, digest.bytes, KIST_DIGEST_SIZE);
		at += len;
	}
	kist_hasher_start(&hasher);
	kist_hasher_add(&hasher, kist_view_of(bytes, AT_DIGEST));
	kist_hasher_add(&hasher,
			kist_view_of(bytes + HEAD, (size_t)(manifest + count * KIST_BUNDLE_ENTRY_SIZE)));
	digest = kist_hasher_finish(&hasher);
	memcpy(bytes + AT_DIGEST, digest.bytes, KIST_DIGEST_SIZE);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	kist_auto_buf struct kist_buf bytes = KIST_BUF_INIT((size_t)1 << 24);

	if (size > bytes.size_max)
		return 0;
	(void)try_file(kist_view_of(data, size));
	if (size < HEAD)
		return 0;
	must(kist_buf_append(&bytes, data, size, NULL) == KIST_OK);
	set_right(bytes.data, bytes.size);
	(void)try_file(kist_buf_view(&bytes));
	return 0;
}
