/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The file of what was checked when, from hostile bytes, as they are and under a checksum that is right: what is taken
 * from it can be saved, and says the same when it is read again.
 */
#include <string.h>

#include "base/le.h"
#include "care/checked.h"
#include "fuzz/fuzz.h"
#include "fuzz/fuzz_file.h"
#include "pack/crc32c.h"

static void must_be_alike(const struct kist_checked *one, const struct kist_checked *other)
{
	must(one->count == other->count);
	for (size_t i = 0; i < one->capacity; i++) {
		struct kist_digest id = { { 0 } };

		memcpy(id.bytes, one->entries[i].id, sizeof(one->entries[i].id));
		for (unsigned depth = 0; depth < KIST_CHECKED_DEPTHS; depth++)
			must(kist_checked_time(one, &id, depth) == kist_checked_time(other, &id, depth));
	}
}

static void load(struct kist_view bytes)
{
	kist_auto_checked struct kist_checked checked = KIST_CHECKED_INIT;
	kist_auto_checked struct kist_checked again = KIST_CHECKED_INIT;

	fuzz_write("checked", bytes);
	must(kist_checked_load(&checked, fuzz_folder(), NULL) == KIST_OK);
	must(checked.count * 32 <= bytes.size);
	must(kist_checked_save(&checked, fuzz_folder(), NULL) == KIST_OK);
	must(kist_checked_load(&again, fuzz_folder(), NULL) == KIST_OK);
	must_be_alike(&checked, &again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	kist_auto_buf struct kist_buf sealed = KIST_BUF_INIT(SIZE_MAX / 2);

	load(kist_view_of(data, size));
	if (size < 4)
		return 0;
	must(kist_buf_append(&sealed, data, size, NULL) == KIST_OK);
	kist_le_write32(sealed.data + size - 4, kist_crc32c(0, kist_view_of(data, size - 4)));
	load(kist_buf_view(&sealed));
	return 0;
}
