/* SPDX-License-Identifier: Apache-2.0 */
#include <elf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kist/plugin.h"
#include "plugin/elf.h"
#include "support/suite.h"
#include "unit/plugin/folder.h"

/* The library of a first-party plugin, broken in one place at a time. */
static uint8_t *library;
static size_t library_size;

static const struct kist_manifest manifest = { .id = "kist.numpy", .abi_major = 1 };

static void setup(void)
{
	const void *built = folder_library(&library_size);

	ck_assert_msg(built != NULL, "plugins/numpy/kist-numpy.so is not built");
	library = malloc(library_size);
	ck_assert_ptr_nonnull(library);
	memcpy(library, built, library_size);
}

static void teardown(void)
{
	free(library);
}

/* An exact copy, so that a sanitizer sees a read past its end. */
static kist_status gate(size_t size, struct kist_error *err)
{
	uint8_t *copy = malloc(size ? size : 1);
	kist_status status;

	ck_assert_ptr_nonnull(copy);
	memcpy(copy, library, size);
	status = kist_elf_gate(kist_view_of(copy, size), &manifest, err);
	free(copy);
	return status;
}

static Elf64_Ehdr *header(void)
{
	return (Elf64_Ehdr *)(void *)library;
}

static Elf64_Phdr *segment(uint32_t type)
{
	Elf64_Phdr *segments = (Elf64_Phdr *)(void *)(library + header()->e_phoff);

	for (unsigned i = 0; i < header()->e_phnum; i++) {
		if (segments[i].p_type == type)
			return &segments[i];
	}
	ck_abort_msg("no segment %u", type);
	return NULL;
}

static Elf64_Dyn *dynamic(int64_t tag)
{
	Elf64_Dyn *entries = (Elf64_Dyn *)(void *)(library + segment(PT_DYNAMIC)->p_offset);

	for (; entries->d_tag != DT_NULL; entries++) {
		if (entries->d_tag == tag)
			return entries;
	}
	ck_abort_msg("no entry %lld", (long long)tag);
	return NULL;
}

/* The tables lie in the first segment, where addresses are offsets. */
static Elf64_Sym *entry_symbol(void)
{
	Elf64_Sym *symbols = (Elf64_Sym *)(void *)(library + dynamic(DT_SYMTAB)->d_un.d_ptr);
	const char *strings = (const char *)library + dynamic(DT_STRTAB)->d_un.d_ptr;

	for (unsigned i = 1; i < 100000; i++) {
		if (strcmp(strings + symbols[i].st_name, "kist_plugin_entry_v1") == 0)
			return &symbols[i];
	}
	return NULL;
}

static uint8_t *note(void)
{
	return memmem(library, library_size, "\x05\0\0\0\x70\0\0\0\1\0\0\0KIST", 16);
}

/* A string of the dynamic strings, changed in place. */
static char *dynamic_string(uint64_t offset)
{
	return (char *)library + dynamic(DT_STRTAB)->d_un.d_ptr + offset;
}

static void break_magic(void)
{
	library[1] = 'e';
}
static void break_class(void)
{
	library[EI_CLASS] = ELFCLASS32;
}
static void break_endian(void)
{
	library[EI_DATA] = ELFDATA2MSB;
}
static void break_version(void)
{
	library[EI_VERSION] = 9;
}
static void break_machine(void)
{
	header()->e_machine = EM_AARCH64;
}
static void break_type(void)
{
	header()->e_type = ET_EXEC;
}
static void break_header_size(void)
{
	header()->e_phentsize = 32;
}
static void break_header_count(void)
{
	header()->e_phnum = 65;
}
static void break_header_place(void)
{
	header()->e_phoff = UINT64_MAX - 8;
}
static void break_stack(void)
{
	segment(PT_GNU_STACK)->p_flags |= PF_X;
}
static void break_no_stack(void)
{
	segment(PT_GNU_STACK)->p_type = PT_NULL;
}
static void break_interpreter(void)
{
	segment(PT_GNU_EH_FRAME)->p_type = PT_INTERP;
}
static void break_write_code(void)
{
	segment(PT_LOAD)->p_flags |= PF_W | PF_X;
}
static void break_segment(void)
{
	segment(PT_LOAD)->p_filesz = UINT64_MAX;
}
static void break_memory(void)
{
	segment(PT_LOAD)->p_memsz = 1;
}
static void break_address(void)
{
	segment(PT_LOAD)->p_vaddr = UINT64_MAX - 3;
}
static void break_dynamic(void)
{
	segment(PT_DYNAMIC)->p_type = PT_NULL;
}
static void break_no_note(void)
{
	note()[12] = 'X';
}
static void break_note_size(void)
{
	note()[4] = 8;
}
static void break_note_long(void)
{
	note()[7] = 0x7f;
}
static void break_note_major(void)
{
	note()[20] = 2;
}
static void break_note_minor(void)
{
	note()[28] = 5;
}
static void break_note_id(void)
{
	note()[36] = 'x';
}
static void break_note_end(void)
{
	memset(note() + 36, 'k', KIST_ID_SIZE);
}
static void break_needed(void)
{
	memcpy(dynamic_string(dynamic(DT_NEEDED)->d_un.d_val), "evil", 4);
}
static void break_name(void)
{
	dynamic(DT_NEEDED)->d_un.d_val = UINT64_MAX;
}
static void break_text(void)
{
	dynamic(DT_FLAGS)->d_un.d_val |= DF_TEXTREL;
}
static void break_text_tag(void)
{
	dynamic(DT_FLAGS)->d_tag = DT_TEXTREL;
}
static void break_tls(void)
{
	dynamic(DT_FLAGS)->d_un.d_val |= DF_STATIC_TLS;
}
static void break_pie(void)
{
	dynamic(DT_FLAGS_1)->d_un.d_val |= DF_1_PIE;
}
static void break_audit(void)
{
	dynamic(DT_FLAGS)->d_tag = DT_AUDIT;
}
static void break_path(void)
{
	Elf64_Dyn *entry = dynamic(DT_FLAGS);

	entry->d_tag = DT_RUNPATH;
	entry->d_un.d_val = dynamic(DT_NEEDED)->d_un.d_val;
}
static void break_twice(void)
{
	dynamic(DT_FLAGS)->d_tag = DT_STRTAB;
}
static void break_strings(void)
{
	dynamic(DT_STRSZ)->d_un.d_val = UINT64_MAX;
}
static void break_symbol_size(void)
{
	dynamic(DT_SYMENT)->d_un.d_val = 23;
}
static void break_symbols(void)
{
	dynamic(DT_SYMTAB)->d_un.d_ptr = UINT64_MAX;
}
static void break_hash(void)
{
	dynamic(DT_GNU_HASH)->d_un.d_ptr = 0x7fffffff;
}
static void break_buckets(void)
{
	memset(library + dynamic(DT_GNU_HASH)->d_un.d_ptr, 0xff, 4);
}
static void break_bloom(void)
{
	memset(library + dynamic(DT_GNU_HASH)->d_un.d_ptr + 8, 0xff, 4);
}
static void break_entry_missing(void)
{
	entry_symbol()->st_shndx = SHN_UNDEF;
}
static void break_entry_hidden(void)
{
	entry_symbol()->st_other = STV_HIDDEN;
}
static void break_entry_local(void)
{
	entry_symbol()->st_info = ELF64_ST_INFO(STB_LOCAL, STT_FUNC);
}
static void break_entry_data(void)
{
	entry_symbol()->st_info = ELF64_ST_INFO(STB_GLOBAL, STT_OBJECT);
}
static void break_entry_place(void)
{
	entry_symbol()->st_value = 0;
}
static void break_entry_name(void)
{
	char *name = dynamic_string(entry_symbol()->st_name);

	name[19] = '2';
}

static const struct {
	void (*make)(void);
	kist_status status;
	const char *text;
} faults[] = {
	{ break_magic, KIST_CORRUPT, "not an ELF file: it does not begin with \\x7fELF" },
	{ break_class, KIST_UNSUPPORTED, "a 32-bit library, this host is 64-bit" },
	{ break_endian, KIST_UNSUPPORTED, "a big-endian library, this host is little-endian" },
	{ break_version, KIST_CORRUPT, "ELF version 9 is unknown" },
	{ break_machine, KIST_UNSUPPORTED, "made for AArch64 (183), this host is x86-64" },
	{ break_type, KIST_UNSUPPORTED, "not a shared library: ELF type 2, link it with -shared" },
	{ break_header_size, KIST_CORRUPT, "program headers of 32 bytes, 56 are expected" },
	{ break_header_count, KIST_CORRUPT, "65 program headers, 1 to 64 are allowed" },
	{ break_header_place, KIST_CORRUPT,
	  "truncated ELF file: the table of program headers ends past its last byte" },
	{ break_stack, KIST_UNSUPPORTED, "asks for an executable stack: link it with -Wl,-z,noexecstack" },
	{ break_no_stack, KIST_UNSUPPORTED,
	  "does not say that its stack is not executable: link it with -Wl,-z,noexecstack" },
	{ break_interpreter, KIST_UNSUPPORTED, "a program, not a library: it names an interpreter" },
	{ break_write_code, KIST_UNSUPPORTED, "segment 0 is writable and executable at once" },
	{ break_segment, KIST_CORRUPT, "truncated ELF file: a segment ends past its last byte" },
	{ break_memory, KIST_CORRUPT, "segment 0 is larger in the file than in memory" },
	{ break_address, KIST_CORRUPT, "segment 0 ends past the address space" },
	{ break_dynamic, KIST_UNSUPPORTED, "0 dynamic sections: a shared library has one" },
	{ break_no_note, KIST_UNSUPPORTED, "has no note .note.kist: put KIST_NOTE in one of its sources" },
	{ break_note_size, KIST_CORRUPT, "truncated ELF file: the kist note ends past its last byte" },
	{ break_note_long, KIST_CORRUPT, "truncated ELF file: a note ends past its last byte" },
	{ break_note_major, KIST_INCOMPATIBLE, "made for plugin ABI 2, its manifest says 1" },
	{ break_note_minor, KIST_INCOMPATIBLE,
	  "needs plugin ABI 1.5, this build has 1.0: install a newer kist" },
	{ break_note_id, KIST_INCOMPATIBLE, "calls itself 'xist.numpy', its manifest says 'kist.numpy'" },
	{ break_note_end, KIST_INCOMPATIBLE, NULL },
	{ break_needed, KIST_UNSUPPORTED, NULL },
	{ break_name, KIST_CORRUPT, "a name lies outside the string table" },
	{ break_text, KIST_UNSUPPORTED, "has text relocations: compile it with -fPIC" },
	{ break_text_tag, KIST_UNSUPPORTED, "has text relocations: compile it with -fPIC" },
	{ break_tls, KIST_UNSUPPORTED,
	  "uses static thread-local storage: compile it with -ftls-model=global-dynamic" },
	{ break_pie, KIST_UNSUPPORTED, "a program, not a library: it is marked as PIE" },
	{ break_audit, KIST_UNSUPPORTED, "names another library to audit or filter it" },
	{ break_path, KIST_UNSUPPORTED, NULL },
	{ break_twice, KIST_CORRUPT, "DT_STRTAB stands twice" },
	{ break_strings, KIST_CORRUPT, "truncated ELF file: the string table ends past its last byte" },
	{ break_symbol_size, KIST_CORRUPT, "symbols of 23 bytes, 24 are expected" },
	{ break_symbols, KIST_CORRUPT, "truncated ELF file: the symbol table ends past its last byte" },
	{ break_hash, KIST_CORRUPT, "truncated ELF file: the GNU hash table ends past its last byte" },
	{ break_buckets, KIST_CORRUPT, "truncated ELF file: the GNU hash table ends past its last byte" },
	{ break_bloom, KIST_CORRUPT, "truncated ELF file: the GNU hash table ends past its last byte" },
	{ break_entry_missing, KIST_UNSUPPORTED, "does not export kist_plugin_entry_v1" },
	{ break_entry_hidden, KIST_UNSUPPORTED, "does not export kist_plugin_entry_v1" },
	{ break_entry_local, KIST_UNSUPPORTED, "does not export kist_plugin_entry_v1" },
	{ break_entry_data, KIST_UNSUPPORTED, "its kist_plugin_entry_v1 is not a function" },
	{ break_entry_place, KIST_UNSUPPORTED, "its kist_plugin_entry_v1 is not a function" },
	{ break_entry_name, KIST_UNSUPPORTED,
	  "exports 'kist_plugin_entry_v2' beside kist_plugin_entry_v1: link it with the SDK's plugin.map" },
};

START_TEST(the_built_library_passes)
{
	struct kist_error err = KIST_ERROR_INIT;

	ck_assert_msg(gate(library_size, &err) == KIST_OK, "%s", err.text);
}
END_TEST

START_TEST(a_library_with_a_fault_is_refused_in_words)
{
	struct kist_error err = KIST_ERROR_INIT;

	faults[_i].make();
	ck_assert_msg(gate(library_size, &err) == faults[_i].status, "row %d: %d %s", _i, err.status,
		      err.text);
	if (faults[_i].text)
		ck_assert_str_eq(err.text, faults[_i].text);
	ck_assert_str_eq(err.code, "E_ELF");
}
END_TEST

START_TEST(another_manifest_is_not_its_own)
{
	const struct kist_manifest other = { .id = "kist.csv", .abi_major = 1 };
	struct kist_error err = KIST_ERROR_INIT;

	ck_assert_int_eq(kist_elf_gate(kist_view_of(library, library_size), &other, &err), KIST_INCOMPATIBLE);
	ck_assert_str_eq(err.text, "calls itself 'kist.numpy', its manifest says 'kist.csv'");
}
END_TEST

/* What is cut off may be sections that no loader reads; up to the end of the last segment all of it counts.
 */
START_TEST(a_truncated_library_is_refused)
{
	const Elf64_Phdr *segments = (const Elf64_Phdr *)(const void *)(library + header()->e_phoff);
	size_t end = 0;

	for (unsigned i = 0; i < header()->e_phnum; i++) {
		if (segments[i].p_offset + segments[i].p_filesz > end)
			end = segments[i].p_offset + segments[i].p_filesz;
	}
	for (size_t size = 0; size < end; size += size < 4096 ? 1 : 97) {
		struct kist_error err = KIST_ERROR_INIT;

		ck_assert_msg(gate(size, &err) == KIST_CORRUPT, "%zu bytes pass", size);
		ck_assert_msg(strncmp(err.text, "truncated ELF file: ", 20) == 0, "%zu: %s", size, err.text);
	}
}
END_TEST

START_TEST(no_flipped_bit_makes_the_gate_read_outside)
{
	for (size_t at = 0; at < library_size && at < 6000; at++) {
		library[at] ^= 0xff;
		(void)!gate(library_size, NULL);
		library[at] ^= 0xff;
	}
}
END_TEST

int main(void)
{
	TCase *tests = tcase_create("all");

	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_add_test(tests, the_built_library_passes);
	tcase_add_loop_test(tests, a_library_with_a_fault_is_refused_in_words, 0,
			    (int)(sizeof(faults) / sizeof(faults[0])));
	tcase_add_test(tests, another_manifest_is_not_its_own);
	tcase_add_test(tests, a_truncated_library_is_refused);
	tcase_add_test(tests, no_flipped_bit_makes_the_gate_read_outside);
	return suite_run(tests, "elf");
}
