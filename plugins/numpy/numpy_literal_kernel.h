/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NUMPY_LITERAL_KERNEL_H
#define NUMPY_LITERAL_KERNEL_H

#include "numpy_header_kernel.h"

/*
 * The pieces of Python literal that a header is made of: strings, integers, brackets, and the element type.
 *
 * Each function reads at reader->at and, when it read something, skips the blanks after it; reader->last is
 * the end of what was read before those blanks.  The first fault stands.
 *
 * Limits: NPY_DEPTH_MAX, NPY_FIELDS_MAX.  Thread: one reader, one thread.
 * Source: the Python language reference, "Lexical analysis", "Literals".
 */

/** struct npy_reader - A text under the reader's finger. */
struct npy_reader {
	const uint8_t *text;
	size_t len;
	size_t at;
	size_t last;
	bool utf8;
	int depth;
	uint32_t names_used;
	uint32_t records;
	uint64_t probes;
	struct npy_name *names;
	size_t names_mask;
	struct npy_fault *fault;
};

/** struct npy_string - A string literal: where its opening quote stands. */
struct npy_string {
	size_t at;
};

enum npy_int { NPY_INT_OK, NPY_INT_NONE, NPY_INT_TOO_LARGE };

/** npy_fault_at() - Notes a fault, unless there is one.  Returns false. */
bool npy_fault_at(struct npy_reader *reader, enum npy_fault_kind kind, size_t at, const char *what);

void npy_skip_blank(struct npy_reader *reader);

/** npy_skip() - Skips @c and returns true when it stands here. */
bool npy_skip(struct npy_reader *reader, char c);

/** npy_skip_word() - Skips @word when it stands here, whole. */
bool npy_skip_word(struct npy_reader *reader, const char *word);

/** npy_open() - Skips the opening bracket @c.  False also when it is the NPY_DEPTH_MAX-th plus one: a fault.
 */
bool npy_open(struct npy_reader *reader, char c);

/** npy_close() - Skips the closing bracket @c and returns true when it stands here. */
bool npy_close(struct npy_reader *reader, char c);

/** npy_read_int() - An integer: digits, a sign before them, and Python 2's L after them. */
enum npy_int npy_read_int(struct npy_reader *reader, int64_t *ret_value);

/** npy_read_string() - A string in either kind of quotes, with escapes; u before it is allowed. */
bool npy_read_string(struct npy_reader *reader, struct npy_string *ret_string);

/** npy_string_equals() - Compares what a string means with @ascii. */
bool npy_string_equals(const struct npy_reader *reader, const struct npy_string *string, const char *ascii);

/** npy_string_same() - Compares what two strings mean. */
bool npy_string_same(const struct npy_reader *reader, const struct npy_string *a, const struct npy_string *b);

/** npy_string_ascii() - Copies what a string means when it is ASCII of at most @size bytes; no NUL is added.
 */
bool npy_string_ascii(const struct npy_reader *reader, const struct npy_string *string, char *to, size_t size,
		      size_t *ret_len);

/** npy_string_hash() - A hash of what a string means. */
uint32_t npy_string_hash(const struct npy_reader *reader, const struct npy_string *string, uint32_t seed);

/** npy_check_utf8() - Proves that the whole text is UTF-8. */
bool npy_check_utf8(struct npy_reader *reader);

/** npy_read_descr() - The element type: a string, or a list of fields, whose layout is only measured. */
bool npy_read_descr(struct npy_reader *reader, struct npy_dtype *ret_dtype);

#endif
