/* SPDX-License-Identifier: Apache-2.0 */

/* The metadata: an object of strings, kept as the places of its keys. */
#include <stdlib.h>

#include "safetensors.h"

/* Bytes of the shortest pair in JSON, "":"" and a comma; so the places take no more memory than the text. */
#define PAIR_SIZE_MIN 6

static kist_status add_place(struct safetensors_text *text, struct safetensors_pairs *pairs, size_t *capacity,
			     size_t at)
{
	if (pairs->count == *capacity) {
		const size_t most = text->size / PAIR_SIZE_MIN + 1;
		const size_t next = *capacity > most / 2 ? most : *capacity * 2 + 16;
		uint32_t *places = realloc(pairs->at, next * sizeof(*places));

		if (!places)
			return model_no_memory(text->call);
		pairs->at = places;
		*capacity = next;
	}
	pairs->at[pairs->count++] = (uint32_t)at;
	return KIST_OK;
}

/* Bytes that are equal and stand for themselves need no decoding. */
static int compare_keys(const void *context, uint32_t a, uint32_t b)
{
	struct safetensors_string left = { .data = context, .at = a };
	struct safetensors_string right = { .data = context, .at = b };
	int l;
	int r;

	for (; left.data[left.at] == right.data[right.at]; left.at++, right.at++) {
		if (left.data[left.at] == '"' || left.data[left.at] == '\\')
			break;
	}
	do {
		l = safetensors_string_next(&left);
		r = safetensors_string_next(&right);
	} while (l == r && l >= 0);
	return l - r;
}

static kist_status take_members(struct safetensors_text *text, struct safetensors_pairs *pairs)
{
	size_t capacity = 0;
	bool more = true;
	int found;

	MODEL_TRY(safetensors_take(text, '{', "E_METADATA"));
	MODEL_TRY(safetensors_peek(text, &found));
	if (found == '}') {
		text->at++;
		return KIST_OK;
	}
	while (more) {
		size_t key;
		size_t value;

		MODEL_TRY(safetensors_take_string(text, "E_HEADER_SYNTAX", &key));
		MODEL_TRY(add_place(text, pairs, &capacity, key));
		MODEL_TRY(safetensors_take(text, ':', "E_HEADER_SYNTAX"));
		MODEL_TRY(safetensors_take_string(text, "E_METADATA", &value));
		MODEL_TRY(safetensors_take_end(text, '}', &more));
	}
	return KIST_OK;
}

static kist_status take_sorted(struct safetensors_text *text, struct safetensors_pairs *pairs)
{
	MODEL_TRY(take_members(text, pairs));
	MODEL_TRY(model_sort(text->call, pairs->at, pairs->count, compare_keys, text->data));
	for (size_t i = 1; i < pairs->count; i++) {
		if (compare_keys(text->data, pairs->at[i - 1], pairs->at[i]) == 0)
			return model_fault_set(text->fault, KIST_CORRUPT, "E_DUPLICATE",
					       safetensors_text_offset(text, pairs->at[i] - 1),
					       "the metadata has a key twice");
	}
	return KIST_OK;
}

kist_status safetensors_pairs_take(struct safetensors_text *text, struct safetensors_pairs *ret_pairs)
{
	struct safetensors_pairs pairs = { .data = text->data };
	const kist_status status = take_sorted(text, &pairs);

	if (status == KIST_OK)
		*ret_pairs = pairs;
	else
		safetensors_pairs_done(&pairs);
	return status;
}

void safetensors_pairs_done(struct safetensors_pairs *pairs)
{
	free(pairs->at);
	*pairs = (struct safetensors_pairs){ 0 };
}

/* The text was taken once, so all that stands between is a key, white space and one colon. */
size_t safetensors_pairs_value(const struct safetensors_pairs *pairs, size_t i)
{
	const uint8_t *data = pairs->data;
	size_t at = pairs->at[i];

	while (data[at] != '"')
		at += data[at] == '\\' ? 2 : 1;
	at++;
	while (data[at] != '"')
		at++;
	return at + 1;
}
