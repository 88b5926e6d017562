/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KIST_BASE_XML_H
#define KIST_BASE_XML_H

#include "base/buf.h"

/*
 * Text in XML.
 *
 * Thread: pure.
 * Source: Extensible Markup Language (XML) 1.0, sections 2.2 and 2.4.
 */

/**
 * kist_xml_append() - Appends @text, which is UTF-8, as the text of an element or in quotes.
 *
 * Marks are escaped; what XML may not have at all, control characters but for tab and newline, U+FFFE and U+FFFF, comes
 * out as '?'.
 *
 * Errors: KIST_LIMIT, KIST_NO_MEMORY.
 */
KIST_CHECKED kist_status kist_xml_append(struct kist_buf *ret, const char *text, struct kist_error *err);

#endif
