/* SPDX-License-Identifier: Apache-2.0 */
#include "object/schema_copy.h"

#include <stdbool.h>
#include <string.h>

#include "base/mem.h"
#include "object/stream.h"

/* What one schema owns. */
struct own {
	char *format;
	char *name;
	char *metadata;
	struct ArrowSchema **children;
	struct ArrowSchema *storage; /* of the children, and last of the dictionary */
};

static void release(struct ArrowSchema *schema)
{
	struct own *const own = schema->private_data;

	for (int64_t i = 0; own->storage && i <= schema->n_children; i++)
		kist_schema_release(&own->storage[i]);
	kist_free(own->format);
	kist_free(own->name);
	kist_free(own->metadata);
	kist_free(own->children);
	kist_free(own->storage);
	kist_free(own);
	schema->release = NULL;
}

/* Pairs of keys and values, each with its length before it, in the machine's byte order. */
static size_t metadata_size(const char *metadata)
{
	size_t size = sizeof(int32_t);
	int32_t pairs;

	memcpy(&pairs, metadata, sizeof(pairs));
	for (int64_t i = 0; i < 2 * (int64_t)pairs; i++) {
		int32_t len;

		memcpy(&len, metadata + size, sizeof(len));
		size += sizeof(len) + (size_t)len;
	}
	return size;
}

static bool copy_text(const struct ArrowSchema *schema, struct own *own)
{
	own->format = kist_strndup(schema->format, strlen(schema->format));
	own->name = schema->name ? kist_strndup(schema->name, strlen(schema->name)) : NULL;
	own->metadata =
		schema->metadata ? kist_strndup(schema->metadata, metadata_size(schema->metadata)) : NULL;
	return own->format && !own->name == !schema->name && !own->metadata == !schema->metadata;
}

static bool copy_children(const struct ArrowSchema *schema, const int64_t *indices, struct ArrowSchema *to,
			  struct own *own)
{
	const int64_t count = to->n_children;

	own->children = kist_alloc((size_t)count, sizeof(*own->children));
	own->storage = kist_alloc((size_t)count + 1, sizeof(*own->storage));
	if (!own->children || !own->storage)
		return false;
	for (int64_t i = 0; i < count; i++) {
		const struct ArrowSchema *const child = schema->children[indices ? indices[i] : i];

		own->children[i] = &own->storage[i];
		if (kist_schema_copy(child, NULL, 0, &own->storage[i], NULL) != KIST_OK)
			return false;
	}
	to->children = own->children;
	if (!schema->dictionary)
		return true;
	to->dictionary = &own->storage[count];
	return kist_schema_copy(schema->dictionary, NULL, 0, to->dictionary, NULL) == KIST_OK;
}

kist_status kist_schema_copy(const struct ArrowSchema *schema, const int64_t *indices, size_t count,
			     struct ArrowSchema *ret, struct kist_error *err)
{
	struct own *const own = kist_alloc(1, sizeof(*own));
	kist_auto_schema struct ArrowSchema copy = { .flags = schema->flags, .release = release };

	copy.n_children = indices ? (int64_t)count : schema->n_children;
	copy.private_data = own;
	if (!own) {
		copy.release = NULL;
		return kist_fail_memory(err, sizeof(*own));
	}
	if (!copy_text(schema, own) || !copy_children(schema, indices, &copy, own))
		return kist_fail(err, KIST_NO_MEMORY, "out of memory while copying a schema");
	copy.format = own->format;
	copy.name = own->name;
	copy.metadata = own->metadata;
	*ret = copy;
	copy.release = NULL;
	return KIST_OK;
}
