/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_UNIT_STORE_FIXTURE_H
#define TESTS_UNIT_STORE_FIXTURE_H

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backend/backend.h"
#include "base/mem.h"
#include "store/log.h"
#include "store/state.h"
#include "store/writer.h"
#include "support/suite.h"

/* Bytes that look random and are the same on every run. */
static inline void fill_noise(uint8_t *data, size_t size, uint32_t seed)
{
	for (size_t i = 0; i < size; i++) {
		seed = seed * 1664525u + 1013904223u;
		data[i] = (uint8_t)(seed >> 24);
	}
}

/* A new store in memory. */
static inline struct kist_store *new_store(void)
{
	static int count;
	struct kist_store *store;
	char uri[32];

	snprintf(uri, sizeof(uri), "memory:store-%d", count++);
	ck_assert_int_eq(kist_store_create(uri, NULL), KIST_OK);
	ck_assert_int_eq(kist_store_open(uri, &store, NULL), KIST_OK);
	return store;
}

/* Puts other bytes under a key, as damage would. */
static inline void overwrite(struct kist_store *store, const char *key, const void *data, size_t size)
{
	const struct kist_view view = kist_view_of(data, size);

	ck_assert_int_eq(kist_backend_delete(store->backend, key, NULL), KIST_OK);
	ck_assert_int_eq(kist_backend_put_new(store->backend, key, &view, 1, NULL), KIST_OK);
}

/* A backend that hands on to another, and whose k-th call fails with KIST_IO. */
struct faulty {
	struct kist_backend base;
	struct kist_backend *real;
	atomic_ulong countdown; /* 0 never fails */
};

static inline kist_status faulty_step(struct kist_backend *backend, struct kist_error *err)
{
	struct faulty *faulty = (struct faulty *)backend;

	/* Packs are put from several threads. */
	for (unsigned long left = atomic_load(&faulty->countdown); left > 0;) {
		if (atomic_compare_exchange_weak(&faulty->countdown, &left, left - 1))
			return left == 1 ? kist_fail(err, KIST_IO, "made to fail") : KIST_OK;
	}
	return KIST_OK;
}

static inline kist_status faulty_put_new(struct kist_backend *backend, const char *key,
					 const struct kist_view *parts, size_t count, struct kist_error *err)
{
	KIST_TRY(faulty_step(backend, err));
	return kist_backend_put_new(((struct faulty *)backend)->real, key, parts, count, err);
}

static inline kist_status faulty_get(struct kist_backend *backend, const char *key, uint64_t offset,
				     size_t size, struct kist_buf *ret, struct kist_error *err)
{
	KIST_TRY(faulty_step(backend, err));
	return kist_backend_get(((struct faulty *)backend)->real, key, offset, size, ret, err);
}

static inline kist_status faulty_head(struct kist_backend *backend, const char *key, uint64_t *ret_size,
				      struct kist_error *err)
{
	KIST_TRY(faulty_step(backend, err));
	return kist_backend_head(((struct faulty *)backend)->real, key, ret_size, err);
}

static inline kist_status faulty_delete(struct kist_backend *backend, const char *key, struct kist_error *err)
{
	KIST_TRY(faulty_step(backend, err));
	return kist_backend_delete(((struct faulty *)backend)->real, key, err);
}

static const struct kist_backend_ops faulty_ops = { .scheme = "faulty",
						    .put_new = faulty_put_new,
						    .get = faulty_get,
						    .head = faulty_head,
						    .delete = faulty_delete };

#endif
