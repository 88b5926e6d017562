/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CSV_DESCRIBE_H
#define CSV_DESCRIBE_H

#include "csv_types.h"

/*
 * What a text holds, as one JSON object of at most CSV_DESCRIBE_SIZE_MAX bytes:
 *
 *     {"kind":"table","format":"csv","dialect":{"delimiter":",","quote":"\"","newline":"LF","header":true,
 *      "bom":false},"rows":2,"columns_total":1,"columns":[{"name":"a","type":"int64","nulls":0,"min":1,
 *      "max":2,"mean":1.5,"std":0.5}]}
 *
 * Thread: one at a time.
 */

/* Bytes of the whole. */
#define CSV_DESCRIBE_SIZE_MAX 262144u
/* Bytes of a column's name that are shown. */
#define CSV_NAME_SHOWN_MAX 256u

/** csv_describe_profile() - Of csv_describe(): when the text was read.  Errors: KIST_NO_MEMORY; the sink's. */
kist_status csv_describe_profile(struct kist_call *call, const struct csv_profile *profile,
				 struct kist_sink *sink);

/** csv_describe() - Errors: as csv_profile_read(), already raised with call->fail(); and the sink's. */
kist_status csv_describe(struct kist_call *call, struct kist_source *source, struct csv_dialect dialect,
			 struct kist_sink *sink);

#endif
