/* SPDX-License-Identifier: Apache-2.0 */
#include "fixture.h"

#include <zstd.h>

static const size_t sizes[] = { 1,
				2,
				255,
				256,
				65791,
				65792,
				131071,
				131072,
				131073,
				1 << 20,
				KIST_CHUNK_SIZE_MAX - 1,
				KIST_CHUNK_SIZE_MAX };

START_TEST(stored_bytes_come_back_at_every_size)
{
	const size_t len = sizes[_i];
	uint8_t *raw = malloc(len);
	uint8_t *body = malloc(kist_codec_stored_size(len));
	uint8_t *back = malloc(len);

	fill_noise(raw, len, 3);
	kist_codec_store(kist_view_of(raw, len), body);
	ck_assert_uint_eq(ZSTD_decompress(back, len, body, kist_codec_stored_size(len)), len);
	ck_assert_int_eq(memcmp(raw, back, len), 0);
	free(raw);
	free(body);
	free(back);
}
END_TEST

int main(void)
{
	TCase *tests = tcase_create("codec");
	const int count = sizeof(sizes) / sizeof(sizes[0]);

	tcase_add_loop_test(tests, stored_bytes_come_back_at_every_size, 0, count);
	return suite_run(tests, "codec");
}
