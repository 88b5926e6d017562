/* SPDX-License-Identifier: Apache-2.0 */
#include "faults/batch.h"

#include <stdio.h>
#include <string.h>

#include "backend/backend.h"
#include "support/must.h"

#define LINE_SIZE 32

static struct kist_buf files[HURT_KEYS_MAX];

size_t batches_open(struct batch ret[static BATCHES_MAX])
{
	size_t of_kind[HURT_META + 1];
	size_t count = 0;

	ret[count++] = (struct batch){ .count = 0 };
	ret[count++] = (struct batch){ .count = 0 };
	of_kind[HURT_DATA] = 0;
	of_kind[HURT_META] = 1;
	for (size_t k = 0; k < hurt_key_count; k++) {
		struct batch *batch;

		if (hurt_kinds[k] == HURT_COMMITS)
			ret[of_kind[HURT_COMMITS] = count++] = (struct batch){ .count = 0 };
		batch = &ret[of_kind[hurt_kinds[k]]];
		files[k] = (struct kist_buf)KIST_BUF_INIT(KIST_OBJECT_SIZE_MAX);
		hurt_get(hurt_keys[k], &files[k]);
		batch->keys[batch->count++] = k;
		if (files[k].size > batch->size)
			batch->size = files[k].size;
	}
	return count;
}

void batches_close(void)
{
	for (size_t k = 0; k < hurt_key_count; k++)
		kist_buf_done(&files[k]);
}

size_t batches_size(void)
{
	size_t sum = 0;

	for (size_t k = 0; k < hurt_key_count; k++)
		sum += files[k].size;
	return sum;
}

void batch_flip(const struct batch *batch, size_t bit, struct struck *ret)
{
	const uint8_t mask = (uint8_t)(1u << bit % 8);

	ret->count = 0;
	for (size_t i = 0; i < batch->count; i++) {
		struct kist_buf *const file = &files[batch->keys[i]];

		if (bit / 8 >= file->size)
			continue;
		file->data[bit / 8] ^= mask;
		hurt_overwrite(hurt_keys[batch->keys[i]], kist_buf_view(file));
		file->data[bit / 8] ^= mask;
		ret->is_loss[ret->count] = true;
		ret->keys[ret->count++] = hurt_keys[batch->keys[i]];
	}
}

void batch_cut(const struct batch *batch, size_t size, struct struck *ret)
{
	ret->count = 0;
	for (size_t i = 0; i < batch->count; i++) {
		const struct kist_buf *const file = &files[batch->keys[i]];
		const char *key = hurt_keys[batch->keys[i]];

		if (size >= file->size)
			continue;
		hurt_overwrite(key, kist_view_of(file->data, size));
		ret->is_loss[ret->count] = hurt_is_loss(key, size, file->size);
		ret->keys[ret->count++] = key;
	}
}

bool batch_look(struct struck *struck)
{
	return hurt_see(struck->keys, struck->count, struck->is_named);
}

void batch_restore(const struct batch *batch)
{
	for (size_t i = 0; i < batch->count; i++)
		hurt_overwrite(hurt_keys[batch->keys[i]], kist_buf_view(&files[batch->keys[i]]));
}

static kist_status forget_key(void *ctx, const char *key, uint64_t size, struct kist_error *err)
{
	(void)ctx;
	(void)size;
	(void)err;
	hurt_delete(key);
	return KIST_OK;
}

void batches_restore(void)
{
	kist_auto_backend struct kist_backend *backend = NULL;

	must(kist_backend_open(HURT_URI, false, &backend, NULL) == KIST_OK);
	must(kist_backend_list(backend, "", forget_key, NULL, NULL) == KIST_OK);
	for (size_t k = 0; k < hurt_key_count; k++)
		hurt_overwrite(hurt_keys[k], kist_buf_view(&files[k]));
}

size_t batch_step(size_t places, size_t step, size_t least)
{
	const size_t most = places / least;

	return step <= most ? step : most > 0 ? most : 1;
}

void noise(uint8_t *ret, size_t size, uint64_t seed)
{
	for (size_t i = 0; i < size; i++) {
		seed = seed * 6364136223846793005u + 1442695040888963407u;
		ret[i] = (uint8_t)(seed >> 56);
	}
}

void lines(uint8_t *ret, size_t size)
{
	char line[2 * LINE_SIZE];

	for (size_t i = 0; i < size; i += LINE_SIZE) {
		const size_t len = size - i < LINE_SIZE ? size - i : LINE_SIZE;

		(void)snprintf(line, sizeof(line), "line %10zu of some text...\n", i * i % 1009);
		memcpy(ret + i, line, len);
	}
}

void figure(const char *what, unsigned long value, const char *must_be)
{
	printf("FIGURE\t%s\t%lu\t%s\n", what, value, must_be);
	(void)fflush(stdout);
}
