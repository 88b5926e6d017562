/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KIST_REGISTRY_SQL_H
#define KIST_REGISTRY_SQL_H

#include "registry/db.h"

/*
 * The SQL of the index.  Thread: constants.
 */

extern const char kist_sql_pragmas[];
extern const char kist_sql_usual_cache[];
extern const char kist_sql_small_cache[];
extern const char kist_sql_schema[];
extern const char *const kist_sql_texts[KIST_SQL_COUNT];

#endif
