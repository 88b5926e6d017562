/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CSV_FAULT_H
#define CSV_FAULT_H

#include "kist/plugin.h"

/*
 * Why reading stopped, or why a record was passed over.
 *
 * Thread: one at a time.
 */

/**
 * struct csv_fault - One fault.
 *
 * @offset: Byte in the source.
 * @line, @column: Where in the text, from 1; 0 if it is no fault of the text.
 * @text:   One line: "line 3, column 2: ...".
 */
struct csv_fault {
	kist_status status;
	char code[KIST_CODE_SIZE];
	uint64_t offset;
	uint64_t line;
	uint32_t column;
	char text[256];
};

/** csv_fault_clear() - Make it empty. */
void csv_fault_clear(struct csv_fault *fault);

/** csv_fault_set() - Fill @fault if it is empty.  Returns @status. */
kist_status csv_fault_set(struct csv_fault *fault, kist_status status, const char *code, uint64_t offset,
			  const char *format, ...) __attribute__((format(printf, 5, 6)));

/** csv_fault_pass() - Keep a status of the host, which has told its reason itself.  Returns @status. */
kist_status csv_fault_pass(struct csv_fault *fault, kist_status status);

/** csv_fault_raise() - Hand @fault to call->fail().  Returns its status. */
kist_status csv_fault_raise(const struct csv_fault *fault, struct kist_call *call);

#endif
