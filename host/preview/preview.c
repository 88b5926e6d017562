/* SPDX-License-Identifier: Apache-2.0 */
#include "preview/preview.h"

static const char *const lists[] = { "columns", "list" };

const json_t *kist_preview_list(const json_t *info)
{
	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
		const json_t *list = json_object_get(info, lists[i]);

		if (json_is_array(list))
			return list;
	}
	return NULL;
}

const char *kist_preview_license(const json_t *info)
{
	static const char *const places[] = { "metadata", "properties" };
	static const char *const names[] = { "license", "licence", "general.license" };

	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		const json_t *const place = json_object_get(info, places[i]);

		for (size_t k = 0; k < sizeof(names) / sizeof(names[0]); k++) {
			const char *const license = kist_json_get_text(place, names[k]);

			if (license)
				return license;
		}
	}
	return NULL;
}

void kist_preview_drop_pictures(json_t *info)
{
	static const char *const pictures[] = { "histogram",  "exponents", "curve", "heat", "first", "last",
						"first_rows", "offset",	   "marks", "top",  "sample" };
	const json_t *list = kist_preview_list(info);
	const char *dtype;
	json_t *floats;

	json_object_foreach(json_object_get(info, "floats"), dtype, floats)
		(void)json_object_del(floats, "exponents");
	for (size_t i = 0; i < sizeof(pictures) / sizeof(pictures[0]); i++) {
		(void)json_object_del(info, pictures[i]);
		for (size_t row = 0; row < json_array_size(list); row++)
			(void)json_object_del(json_array_get(list, row), pictures[i]);
	}
}

void kist_preview_hide_controls(struct kist_buf *text)
{
	for (size_t i = 0; i < text->size; i++) {
		const uint8_t byte = text->data[i];
		const bool is_second = i > 0 && text->data[i - 1] == 0xc2 && byte >= 0x80 && byte < 0xa0;

		if (is_second)
			text->data[i - 1] = '?';
		if (is_second || byte == 0x7f ||
		    (byte < 0x20 && byte != '\n' && byte != '\r' && byte != '\t'))
			text->data[i] = '?';
	}
}
