/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/json_list.h"

#include <stdio.h>
#include <string.h>

#include "cli/output.h"

void kist_json_list_done(struct kist_json_list *list)
{
	kist_buf_done(&list->held);
	list->count = 0;
}

/* An element stands two blanks further in than alone.  Line feeds in strings are escaped, so each is layout. */
static int hold(const char *text, size_t size, void *ctx)
{
	struct kist_buf *held = ctx;

	while (size > 0) {
		const char *end = memchr(text, '\n', size);
		const size_t len = end ? (size_t)(end - text) + 1 : size;

		if (kist_buf_append(held, text, len, NULL) != KIST_OK ||
		    (end && kist_buf_append(held, "  ", 2, NULL) != KIST_OK))
			return -1;
		text += len;
		size -= len;
	}
	return 0;
}

static kist_status let_out(struct kist_json_list *list, struct kist_error *err)
{
	const size_t size = list->held.size;

	list->streams = true;
	kist_json_set_printed();
	list->held.size = 0;
	return size == 0 || fwrite(list->held.data, 1, size, stdout) == size
		       ? KIST_OK
		       : kist_fail(err, KIST_IO, "cannot write to the standard output");
}

kist_status kist_json_list_add_take(struct kist_json_list *list, json_t *value, struct kist_error *err)
{
	kist_auto_json json_t *owned = value;

	KIST_TRY(kist_buf_append(&list->held, list->count++ ? ",\n  " : "[\n  ", 4, err));
	if (!owned || json_dump_callback(owned, hold, &list->held,
					 JSON_INDENT(2) | JSON_SORT_KEYS | JSON_ENCODE_ANY) != 0)
		return kist_fail(err, KIST_NO_MEMORY, "out of memory while making JSON");
	return list->streams || list->held.size >= KIST_JSON_LIST_HELD ? let_out(list, err) : KIST_OK;
}

kist_status kist_json_list_end(struct kist_json_list *list, struct kist_error *err)
{
	if (list->count == 0)
		KIST_TRY(kist_buf_append(&list->held, "[]\n", 3, err));
	else
		KIST_TRY(kist_buf_append(&list->held, "\n]\n", 3, err));
	return let_out(list, err);
}
