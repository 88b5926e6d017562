/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KIST_PLUGIN_ELF_FILE_H
#define KIST_PLUGIN_ELF_FILE_H

#include <elf.h>
#include <stdbool.h>

#include "base/buf.h"

/*
 * Bounded reading of an ELF file: headers, segments, the dynamic section, symbols.  Judges nothing but form.
 *
 * Thread: pure.
 */

/** struct kist_elf - A file whose headers are whole. */
struct kist_elf {
	struct kist_view file;
	Elf64_Ehdr header;
	uint32_t dynamic_count;
	uint64_t dynamic_offset;
	/* From the dynamic section: offsets in the file, each range within it. */
	uint64_t strings;
	uint64_t strings_size;
	uint64_t symbols;
	uint32_t symbol_count;
};

/** kist_elf_open() - Checks the header and all program headers.  Errors: KIST_CORRUPT, KIST_UNSUPPORTED. */
KIST_CHECKED kist_status kist_elf_open(struct kist_view file, struct kist_elf *ret, struct kist_error *err);

/** kist_elf_segment() - Program header @i, which is below header.e_phnum. */
Elf64_Phdr kist_elf_segment(const struct kist_elf *elf, uint32_t i);

/** kist_elf_find_dynamic() - Finds the dynamic section, its strings and symbols.  Errors: KIST_CORRUPT,
 * KIST_UNSUPPORTED. */
KIST_CHECKED kist_status kist_elf_find_dynamic(struct kist_elf *elf, struct kist_error *err);

/** kist_elf_dynamic() - Entry @i of the dynamic section, which is below dynamic_count. */
Elf64_Dyn kist_elf_dynamic(const struct kist_elf *elf, uint32_t i);

/** kist_elf_symbol() - Symbol @i, which is below symbol_count. */
Elf64_Sym kist_elf_symbol(const struct kist_elf *elf, uint32_t i);

/** kist_elf_string() - The string at @offset of the dynamic strings.  Errors: KIST_CORRUPT. */
KIST_CHECKED kist_status kist_elf_string(const struct kist_elf *elf, uint64_t offset, const char **ret,
					 struct kist_error *err);

/** kist_elf_truncated() - "truncated ELF file: <what> ends past its last byte". */
kist_status kist_elf_truncated(struct kist_error *err, uint64_t offset, const char *what);

/** kist_elf_holds() - Whether @size bytes at @offset lie within the file. */
static inline bool kist_elf_holds(const struct kist_elf *elf, uint64_t offset, uint64_t size)
{
	return offset <= elf->file.size && size <= elf->file.size - offset;
}

#endif
