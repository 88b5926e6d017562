/* SPDX-License-Identifier: Apache-2.0 */
#include "base/xml.h"

#include <string.h>

/* What stands for the character at @at, or NULL: it stays; *@ret_len: its bytes. */
static const char *stand_in(const char *at, size_t *ret_len)
{
	static const struct {
		char c;
		const char *entity;
	} marks[] = {
		{ '&', "&amp;" }, { '<', "&lt;" }, { '>', "&gt;" }, { '"', "&quot;" }, { '\'', "&#39;" }
	};

	*ret_len = 1;
	for (size_t i = 0; i < sizeof(marks) / sizeof(marks[0]); i++) {
		if (*at == marks[i].c)
			return marks[i].entity;
	}
	if ((unsigned char)*at < 0x20 && *at != '\n' && *at != '\t')
		return "?";
	if (strncmp(at, "\xef\xbf\xbe", 3) != 0 && strncmp(at, "\xef\xbf\xbf", 3) != 0)
		return NULL;
	*ret_len = 3;
	return "?";
}

kist_status kist_xml_append(struct kist_buf *ret, const char *text, struct kist_error *err)
{
	size_t len;

	for (; *text; text += len) {
		const char *as = stand_in(text, &len);

		KIST_TRY(as ? kist_buf_append(ret, as, strlen(as), err)
			    : kist_buf_append(ret, text, len, err));
	}
	return KIST_OK;
}
