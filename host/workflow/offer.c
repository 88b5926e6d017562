/* SPDX-License-Identifier: Apache-2.0 */
#include "workflow/offer.h"

#include <string.h>

#include "base/mem.h"
#include "base/nearest.h"

struct kist_offer {
	struct kist_types *types;
	struct kist_offer_function *functions;
	size_t function_count;
	size_t function_room;
	struct kist_offer_artifact *artifacts;
	size_t artifact_count;
	size_t artifact_room;
};

kist_status kist_offer_new(struct kist_offer **ret, struct kist_error *err)
{
	kist_auto_offer struct kist_offer *offer = kist_alloc(1, sizeof(*offer));

	if (!offer)
		return kist_fail_memory(err, sizeof(*offer));
	KIST_TRY(kist_types_new(&offer->types, err));
	*ret = kist_steal(offer);
	return KIST_OK;
}

void kist_offer_free(struct kist_offer *offer)
{
	if (!offer)
		return;
	for (size_t i = 0; i < offer->function_count; i++) {
		kist_free((void *)(uintptr_t)offer->functions[i].inputs);
		kist_free((void *)(uintptr_t)offer->functions[i].outputs);
	}
	kist_free(offer->functions);
	kist_free(offer->artifacts);
	kist_types_free(offer->types);
	kist_free(offer);
}

struct kist_types *kist_offer_types(struct kist_offer *offer)
{
	return offer->types;
}

/* Room for one more item of @size bytes behind @count of them. */
static kist_status grow(void **items, size_t count, size_t *room, size_t size, struct kist_error *err)
{
	const size_t wanted = *room ? *room * 2 : 32;
	void *grown;

	if (count < *room)
		return KIST_OK;
	grown = kist_realloc(*items, wanted, size);
	if (!grown)
		return kist_fail_memory(err, wanted * size);
	*items = grown;
	*room = wanted;
	return KIST_OK;
}

static kist_status copy(const void *from, size_t count, size_t size, void **ret, struct kist_error *err)
{
	void *copied = kist_alloc(count, size);

	if (!copied)
		return kist_fail_memory(err, count * size);
	if (count > 0)
		memcpy(copied, from, count * size);
	*ret = copied;
	return KIST_OK;
}

kist_status kist_offer_add_function(struct kist_offer *offer, const struct kist_offer_function *function,
				    struct kist_error *err)
{
	kist_auto_mem void *inputs = NULL;
	kist_auto_mem void *outputs = NULL;
	void *functions = offer->functions;
	struct kist_offer_function *added;
	kist_status status;

	status = grow(&functions, offer->function_count, &offer->function_room, sizeof(*added), err);
	offer->functions = functions;
	KIST_TRY(status);
	KIST_TRY(copy(function->inputs, function->input_count, sizeof(*function->inputs), &inputs, err));
	KIST_TRY(copy(function->outputs, function->output_count, sizeof(*function->outputs), &outputs, err));
	added = &offer->functions[offer->function_count++];
	*added = *function;
	added->inputs = kist_steal(inputs);
	added->outputs = kist_steal(outputs);
	return KIST_OK;
}

kist_status kist_offer_add_artifact(struct kist_offer *offer, const struct kist_offer_artifact *artifact,
				    struct kist_error *err)
{
	void *artifacts = offer->artifacts;
	const kist_status status =
		grow(&artifacts, offer->artifact_count, &offer->artifact_room, sizeof(*artifact), err);

	offer->artifacts = artifacts;
	KIST_TRY(status);
	offer->artifacts[offer->artifact_count++] = *artifact;
	return KIST_OK;
}

/* "scale" or "org.example.demo/scale" */
static bool is_named(const char *text, const char *plugin, const char *name)
{
	const size_t len = strlen(plugin);

	if (strcmp(text, name) == 0)
		return true;
	return strncmp(text, plugin, len) == 0 && text[len] == '/' && strcmp(text + len + 1, name) == 0;
}

size_t kist_offer_find_function(const struct kist_offer *offer, const char *text,
				const struct kist_offer_function **ret)
{
	size_t count = 0;

	*ret = NULL;
	for (size_t i = 0; i < offer->function_count; i++) {
		const struct kist_offer_function *function = &offer->functions[i];

		if (!is_named(text, function->plugin, function->name))
			continue;
		*ret = *ret ? *ret : function;
		count++;
	}
	return count;
}

size_t kist_offer_find_artifact(const struct kist_offer *offer, const char *text,
				const struct kist_offer_artifact **ret)
{
	size_t count = 0;

	*ret = NULL;
	for (size_t i = 0; i < offer->artifact_count; i++) {
		const struct kist_offer_artifact *artifact = &offer->artifacts[i];

		if (!is_named(text, artifact->plugin, artifact->name))
			continue;
		*ret = *ret ? *ret : artifact;
		count++;
	}
	return count;
}

const char *kist_offer_nearest(const struct kist_offer *offer, const char *text, bool is_artifact)
{
	struct kist_nearest nearest = KIST_NEAREST_INIT(text);

	for (size_t i = 0; is_artifact && i < offer->artifact_count; i++)
		kist_nearest_offer(&nearest, offer->artifacts[i].name);
	for (size_t i = 0; !is_artifact && i < offer->function_count; i++)
		kist_nearest_offer(&nearest, offer->functions[i].name);
	return nearest.name;
}
