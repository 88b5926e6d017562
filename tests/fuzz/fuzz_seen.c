/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The file of files that were seen, from hostile bytes, as they are and under a digest that is right: all that is taken
 * from it can be found, and is there when it was saved and is read again.
 */
#include <string.h>

#include "flow/seen.h"
#include "fuzz/fuzz.h"
#include "fuzz/fuzz_file.h"

static size_t count_of(const struct kist_seen *seen)
{
	return seen->entries.size / sizeof(struct kist_seen_entry);
}

static void must_find_all(const struct kist_seen *of, const struct kist_seen *in)
{
	const struct kist_seen_entry *entries = (const void *)of->entries.data;

	for (size_t i = 0; i < count_of(of); i++) {
		const struct kist_seen_entry *found = kist_seen_find(in, &entries[i].key);

		must(found && kist_digest_equal(&found->artifact, &entries[i].artifact));
	}
}

static void load(struct kist_view bytes)
{
	/* A name that no file of a corpus has. */
	const struct kist_seen_entry own = { .key = { .device = UINT64_MAX, .name = 0x6f776e } };
	kist_auto_seen struct kist_seen seen = KIST_SEEN_INIT;
	kist_auto_seen struct kist_seen copy = KIST_SEEN_INIT;
	kist_auto_seen struct kist_seen again = KIST_SEEN_INIT;
	struct kist_digest digest;
	struct kist_digest digest_again;
	uint64_t head;
	uint64_t head_again;
	size_t count;

	fuzz_write("seen", bytes);
	must(kist_seen_load(&seen, fuzz_folder(), &head, &digest, NULL) == KIST_OK);
	must(kist_seen_load(&copy, fuzz_folder(), &head, &digest, NULL) == KIST_OK);
	count = count_of(&seen);
	must(count * 128 <= bytes.size);
	must_find_all(&seen, &copy);
	if (kist_seen_find(&seen, &own.key))
		return;
	must(kist_seen_add(&seen, &own, NULL) == KIST_OK);
	must(kist_seen_save(&seen, fuzz_folder(), head, &digest, NULL) == KIST_OK);
	must(kist_seen_load(&again, fuzz_folder(), &head_again, &digest_again, NULL) == KIST_OK);
	must(head == head_again && kist_digest_equal(&digest, &digest_again));
	/* One of the same device, inode and name, and of another time, has made way. */
	must(count_of(&again) == count + 1 || count_of(&again) == count);
	must(kist_seen_find(&again, &own.key) != NULL);
	if (count_of(&again) == count + 1)
		must_find_all(&copy, &again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	kist_auto_buf struct kist_buf sealed = KIST_BUF_INIT(SIZE_MAX / 2);
	struct kist_digest digest;

	load(kist_view_of(data, size));
	if (size < KIST_DIGEST_SIZE)
		return 0;
	digest = kist_digest_of(kist_view_of(data, size - KIST_DIGEST_SIZE));
	must(kist_buf_append(&sealed, data, size, NULL) == KIST_OK);
	memcpy(sealed.data + size - KIST_DIGEST_SIZE, digest.bytes, KIST_DIGEST_SIZE);
	load(kist_buf_view(&sealed));
	return 0;
}
