/* SPDX-License-Identifier: Apache-2.0 */
#include "plugin/elf_file.h"

#include <string.h>

#include "base/le.h"
#include "base/num.h"
#include "plugin/elf.h"

kist_status kist_elf_truncated(struct kist_error *err, uint64_t offset, const char *what)
{
	return kist_fail_at(err, KIST_CORRUPT, "E_ELF", offset,
			    "truncated ELF file: %s ends past its last byte", what);
}

static kist_status check_ident(const Elf64_Ehdr *header, struct kist_error *err)
{
	if (header->e_ident[EI_CLASS] != ELFCLASS64)
		return kist_fail_at(err, KIST_UNSUPPORTED, "E_ELF", EI_CLASS,
				    "a 32-bit library, this host is 64-bit");
	if (header->e_ident[EI_DATA] != ELFDATA2LSB)
		return kist_fail_at(err, KIST_UNSUPPORTED, "E_ELF", EI_DATA,
				    "a big-endian library, this host is little-endian");
	if (header->e_ident[EI_VERSION] != EV_CURRENT || header->e_version != EV_CURRENT)
		return kist_fail_at(err, KIST_CORRUPT, "E_ELF", EI_VERSION, "ELF version %u is unknown",
				    header->e_ident[EI_VERSION]);
	return KIST_OK;
}

static kist_status check_segments(const struct kist_elf *elf, struct kist_error *err)
{
	const Elf64_Ehdr *header = &elf->header;

	if (header->e_phentsize != sizeof(Elf64_Phdr))
		return kist_fail_at(err, KIST_CORRUPT, "E_ELF", offsetof(Elf64_Ehdr, e_phentsize),
				    "program headers of %u bytes, %zu are expected", header->e_phentsize,
				    sizeof(Elf64_Phdr));
	if (header->e_phnum == 0 || header->e_phnum > KIST_ELF_HEADERS_MAX)
		return kist_fail_at(err, KIST_CORRUPT, "E_ELF", offsetof(Elf64_Ehdr, e_phnum),
				    "%u program headers, 1 to %d are allowed", header->e_phnum,
				    KIST_ELF_HEADERS_MAX);
	if (!kist_elf_holds(elf, header->e_phoff, (uint64_t)header->e_phnum * sizeof(Elf64_Phdr)))
		return kist_elf_truncated(err, header->e_phoff, "the table of program headers");
	for (uint32_t i = 0; i < header->e_phnum; i++) {
		const Elf64_Phdr segment = kist_elf_segment(elf, i);
		uint64_t end;

		if (!kist_elf_holds(elf, segment.p_offset, segment.p_filesz))
			return kist_elf_truncated(err, segment.p_offset, "a segment");
		if (segment.p_type == PT_LOAD && segment.p_filesz > segment.p_memsz)
			return kist_fail_at(err, KIST_CORRUPT, "E_ELF", segment.p_offset,
					    "segment %u is larger in the file than in memory", i);
		if (!kist_add_u64(segment.p_vaddr, segment.p_memsz, &end))
			return kist_fail_at(err, KIST_CORRUPT, "E_ELF", segment.p_offset,
					    "segment %u ends past the address space", i);
	}
	return KIST_OK;
}

kist_status kist_elf_open(struct kist_view file, struct kist_elf *ret, struct kist_error *err)
{
	struct kist_elf elf = { .file = file };

	if (file.size >= SELFMAG && memcmp(file.data, ELFMAG, SELFMAG) != 0)
		return kist_fail_at(err, KIST_CORRUPT, "E_ELF", 0,
				    "not an ELF file: it does not begin with \\x7fELF");
	if (file.size < sizeof(elf.header))
		return kist_elf_truncated(err, 0, "the header");
	memcpy(&elf.header, file.data, sizeof(elf.header));
	KIST_TRY(check_ident(&elf.header, err));
	KIST_TRY(check_segments(&elf, err));
	*ret = elf;
	return KIST_OK;
}

Elf64_Phdr kist_elf_segment(const struct kist_elf *elf, uint32_t i)
{
	Elf64_Phdr segment;

	memcpy(&segment, elf->file.data + elf->header.e_phoff + i * sizeof(segment), sizeof(segment));
	return segment;
}

Elf64_Dyn kist_elf_dynamic(const struct kist_elf *elf, uint32_t i)
{
	Elf64_Dyn entry;

	memcpy(&entry, elf->file.data + elf->dynamic_offset + i * sizeof(entry), sizeof(entry));
	return entry;
}

Elf64_Sym kist_elf_symbol(const struct kist_elf *elf, uint32_t i)
{
	Elf64_Sym symbol;

	memcpy(&symbol, elf->file.data + elf->symbols + i * sizeof(symbol), sizeof(symbol));
	return symbol;
}

kist_status kist_elf_string(const struct kist_elf *elf, uint64_t offset, const char **ret,
			    struct kist_error *err)
{
	const uint8_t *strings = elf->file.data + elf->strings;

	/* Asked before the sum: one that goes round past the end of memory is undefined, even if never read.
	 */
	if (offset >= elf->strings_size || !memchr(strings + offset, 0, (size_t)(elf->strings_size - offset)))
		return kist_fail_at(err, KIST_CORRUPT, "E_ELF", offset,
				    "a name lies outside the string table");
	*ret = (const char *)(strings + offset);
	return KIST_OK;
}

/* Where @address lies in the file, and how many bytes of its segment follow there; false when in none. */
static bool locate(const struct kist_elf *elf, uint64_t address, uint64_t *ret_offset, uint64_t *ret_room)
{
	for (uint32_t i = 0; i < elf->header.e_phnum; i++) {
		const Elf64_Phdr segment = kist_elf_segment(elf, i);

		if (segment.p_type != PT_LOAD || address < segment.p_vaddr ||
		    address - segment.p_vaddr >= segment.p_filesz)
			continue;
		*ret_offset = segment.p_offset + (address - segment.p_vaddr);
		*ret_room = segment.p_filesz - (address - segment.p_vaddr);
		return true;
	}
	return false;
}

static kist_status find_section(struct kist_elf *elf, struct kist_error *err)
{
	uint64_t size = 0;
	uint32_t found = 0;

	for (uint32_t i = 0; i < elf->header.e_phnum; i++) {
		const Elf64_Phdr segment = kist_elf_segment(elf, i);
		uint64_t room = 0;

		if (segment.p_type != PT_DYNAMIC)
			continue;
		found++;
		size = segment.p_filesz;
		/* Read where the dynamic linker reads: by address. */
		if (!locate(elf, segment.p_vaddr, &elf->dynamic_offset, &room) || room < size)
			return kist_elf_truncated(err, segment.p_offset, "the dynamic section");
	}
	if (found != 1)
		return kist_fail_at(err, KIST_UNSUPPORTED, "E_ELF", KIST_NO_OFFSET,
				    "%u dynamic sections: a shared library has one", found);
	for (uint32_t i = 0; i < size / sizeof(Elf64_Dyn); i++) {
		if (i == KIST_ELF_DYNAMIC_MAX)
			return kist_fail_at(err, KIST_CORRUPT, "E_ELF", elf->dynamic_offset,
					    "more than %d dynamic entries", KIST_ELF_DYNAMIC_MAX);
		if (kist_elf_dynamic(elf, i).d_tag == DT_NULL) {
			elf->dynamic_count = i;
			return KIST_OK;
		}
	}
	return kist_elf_truncated(err, elf->dynamic_offset, "the dynamic section");
}

/* The value of the only entry @tag, 0 when there is none. */
static kist_status find_entry(const struct kist_elf *elf, int64_t tag, const char *name, uint64_t *ret,
			      struct kist_error *err)
{
	bool found = false;

	*ret = 0;
	for (uint32_t i = 0; i < elf->dynamic_count; i++) {
		const Elf64_Dyn entry = kist_elf_dynamic(elf, i);

		if (entry.d_tag != tag)
			continue;
		if (found)
			return kist_fail_at(err, KIST_CORRUPT, "E_ELF", elf->dynamic_offset,
					    "%s stands twice", name);
		found = true;
		*ret = entry.d_un.d_val;
	}
	return KIST_OK;
}

/* The symbols that a System V hash table covers. */
static kist_status count_sysv(const struct kist_elf *elf, uint64_t address, uint32_t *ret,
			      struct kist_error *err)
{
	uint64_t offset;
	uint64_t room;

	if (!locate(elf, address, &offset, &room) || room < 8)
		return kist_elf_truncated(err, address, "the hash table");
	*ret = kist_le_read32(elf->file.data + offset + 4);
	return KIST_OK;
}

/* The symbols that a GNU hash table covers: one past the end of the chain of the highest bucket. */
static kist_status count_gnu(const struct kist_elf *elf, uint64_t address, uint32_t *ret,
			     struct kist_error *err)
{
	const uint8_t *table;
	uint64_t offset;
	uint64_t room;
	uint64_t head;
	uint64_t last = 0;
	uint32_t buckets;
	uint32_t first;

	if (!locate(elf, address, &offset, &room) || room < 16)
		return kist_elf_truncated(err, address, "the GNU hash table");
	table = elf->file.data + offset;
	buckets = kist_le_read32(table);
	first = kist_le_read32(table + 4);
	head = 16 + 8 * (uint64_t)kist_le_read32(table + 8);
	if (head > room || 4 * (uint64_t)buckets > room - head)
		return kist_elf_truncated(err, offset, "the GNU hash table");
	for (uint32_t i = 0; i < buckets; i++) {
		const uint32_t bucket = kist_le_read32(table + head + 4 * (uint64_t)i);

		last = bucket > last ? bucket : last;
	}
	*ret = first;
	if (last < first)
		return KIST_OK;
	head += 4 * (uint64_t)buckets;
	for (;; last++) {
		if (last >= KIST_ELF_SYMBOLS_MAX || 4 * (last - first) + 4 > room - head)
			return kist_elf_truncated(err, offset, "the GNU hash table");
		if (kist_le_read32(table + head + 4 * (last - first)) & 1)
			break;
	}
	*ret = (uint32_t)last + 1;
	return KIST_OK;
}

static kist_status find_symbols(struct kist_elf *elf, uint64_t address, struct kist_error *err)
{
	uint64_t sysv;
	uint64_t gnu;
	uint64_t room;
	uint32_t count = 0;

	KIST_TRY(find_entry(elf, DT_HASH, "DT_HASH", &sysv, err));
	KIST_TRY(find_entry(elf, DT_GNU_HASH, "DT_GNU_HASH", &gnu, err));
	if (sysv)
		KIST_TRY(count_sysv(elf, sysv, &count, err));
	if (gnu) {
		uint32_t more = 0;

		KIST_TRY(count_gnu(elf, gnu, &more, err));
		count = more > count ? more : count;
	}
	if (count > KIST_ELF_SYMBOLS_MAX)
		return kist_fail_at(err, KIST_CORRUPT, "E_ELF", KIST_NO_OFFSET,
				    "%u symbols, at most %u are allowed", count, KIST_ELF_SYMBOLS_MAX);
	if (!locate(elf, address, &elf->symbols, &room) || room / sizeof(Elf64_Sym) < count)
		return kist_elf_truncated(err, address, "the symbol table");
	elf->symbol_count = count;
	return KIST_OK;
}

kist_status kist_elf_find_dynamic(struct kist_elf *elf, struct kist_error *err)
{
	uint64_t strings;
	uint64_t symbols;
	uint64_t symbol_size;
	uint64_t room;

	KIST_TRY(find_section(elf, err));
	KIST_TRY(find_entry(elf, DT_STRTAB, "DT_STRTAB", &strings, err));
	KIST_TRY(find_entry(elf, DT_STRSZ, "DT_STRSZ", &elf->strings_size, err));
	KIST_TRY(find_entry(elf, DT_SYMTAB, "DT_SYMTAB", &symbols, err));
	KIST_TRY(find_entry(elf, DT_SYMENT, "DT_SYMENT", &symbol_size, err));
	if (!locate(elf, strings, &elf->strings, &room) || room < elf->strings_size)
		return kist_elf_truncated(err, strings, "the string table");
	if (symbol_size != sizeof(Elf64_Sym))
		return kist_fail_at(err, KIST_CORRUPT, "E_ELF", KIST_NO_OFFSET,
				    "symbols of %llu bytes, %zu are expected",
				    (unsigned long long)symbol_size, sizeof(Elf64_Sym));
	return find_symbols(elf, symbols, err);
}
