/* SPDX-License-Identifier: Apache-2.0 */
#include "plugin/elf.h"

#include <string.h>

#include "base/le.h"
#include "kist/plugin.h"
#include "plugin/elf_file.h"

#define ENTRY_NAME "kist_plugin_entry_v1"

#if defined(__x86_64__)
#define MACHINE	     EM_X86_64
#define MACHINE_NAME "x86-64"
#elif defined(__aarch64__)
#define MACHINE	     EM_AARCH64
#define MACHINE_NAME "AArch64"
#else
#error "name this machine"
#endif

/* Refuses for a reason that has no place in the file. */
#define REFUSE(err, status, ...) kist_fail_at(err, status, "E_ELF", KIST_NO_OFFSET, __VA_ARGS__)

static const char *machine_name(uint32_t machine)
{
	switch (machine) {
	case EM_386:
		return "x86";
	case EM_ARM:
		return "ARM";
	case EM_X86_64:
		return "x86-64";
	case EM_AARCH64:
		return "AArch64";
	case EM_RISCV:
		return "RISC-V";
	case EM_PPC64:
		return "POWER";
	default:
		return "another machine";
	}
}

static kist_status check_header(const struct kist_elf *elf, struct kist_error *err)
{
	if (elf->header.e_machine != MACHINE)
		return REFUSE(err, KIST_UNSUPPORTED, "made for %s (%u), this host is " MACHINE_NAME,
			      machine_name(elf->header.e_machine), elf->header.e_machine);
	if (elf->header.e_type != ET_DYN)
		return REFUSE(err, KIST_UNSUPPORTED,
			      "not a shared library: ELF type %u, link it with -shared", elf->header.e_type);
	return KIST_OK;
}

static kist_status check_segments(const struct kist_elf *elf, struct kist_error *err)
{
	bool stack = false;

	for (uint32_t i = 0; i < elf->header.e_phnum; i++) {
		const Elf64_Phdr segment = kist_elf_segment(elf, i);

		if (segment.p_type == PT_INTERP)
			return REFUSE(err, KIST_UNSUPPORTED,
				      "a program, not a library: it names an interpreter");
		if (segment.p_type == PT_LOAD && (segment.p_flags & PF_W) && (segment.p_flags & PF_X))
			return REFUSE(err, KIST_UNSUPPORTED, "segment %u is writable and executable at once",
				      i);
		if (segment.p_type != PT_GNU_STACK)
			continue;
		stack = true;
		if (segment.p_flags & PF_X)
			return REFUSE(err, KIST_UNSUPPORTED,
				      "asks for an executable stack: link it with -Wl,-z,noexecstack");
	}
	if (!stack)
		return REFUSE(
			err, KIST_UNSUPPORTED,
			"does not say that its stack is not executable: link it with -Wl,-z,noexecstack");
	return KIST_OK;
}

static kist_status check_needed(const char *name, const struct kist_manifest *manifest,
				struct kist_error *err)
{
	static const char *const allowed[] = { "libc.so.6",
					       "libm.so.6",
					       "libdl.so.2",
					       "libpthread.so.0",
					       "librt.so.1",
					       "libgcc_s.so.1",
					       "libstdc++.so.6",
					       "ld-linux-x86-64.so.2",
					       "ld-linux-aarch64.so.1",
					       "linux-vdso.so.1" };

	for (size_t i = 0; i < sizeof(allowed) / sizeof(allowed[0]); i++) {
		if (strcmp(name, allowed[i]) == 0)
			return KIST_OK;
	}
#ifdef KIST_SANITIZED
	if (strncmp(name, "libasan.so", 10) == 0 || strncmp(name, "libubsan.so", 11) == 0 ||
	    strncmp(name, "libtsan.so", 10) == 0)
		return KIST_OK;
#endif
	for (size_t i = 0; i < manifest->library_need_count; i++) {
		if (strcmp(name, manifest->library_needs[i]) == 0)
			return KIST_OK;
	}
	return REFUSE(err, KIST_UNSUPPORTED,
		      manifest->is_ordinary
			      ? "needs the library '%s', which \"needs\" of its manifest does not name"
			      : "needs the library '%s': link it into the plugin statically",
		      name);
}

static kist_status check_search_path(const char *path, const struct kist_manifest *manifest,
				     struct kist_error *err)
{
	if (path[0] == '\0')
		return KIST_OK;
	/* What stands beside a library of the system is found without it, in the linker's cache. */
	if (manifest->is_system && strcmp(path, "$ORIGIN") == 0)
		return KIST_OK;
	return REFUSE(
		err, KIST_UNSUPPORTED,
		"has the library search path '%s', which cannot work from a sealed copy: link without -rpath",
		path);
}

/* Static thread-local storage is scarce; libraries of the system, the C library's own among them, may use it. */
static kist_status check_flags(uint64_t flags, bool may_be_static, struct kist_error *err)
{
	if (flags & DF_TEXTREL)
		return REFUSE(err, KIST_UNSUPPORTED, "has text relocations: compile it with -fPIC");
	if ((flags & DF_STATIC_TLS) && !may_be_static)
		return REFUSE(err, KIST_UNSUPPORTED,
			      "uses static thread-local storage: compile it with -ftls-model=global-dynamic");
	return KIST_OK;
}

static kist_status check_entry(const struct kist_elf *elf, const Elf64_Dyn *entry,
			       const struct kist_manifest *manifest, struct kist_error *err)
{
	const char *text = "";

	if (entry->d_tag == DT_NEEDED || entry->d_tag == DT_RUNPATH || entry->d_tag == DT_RPATH)
		KIST_TRY(kist_elf_string(elf, entry->d_un.d_val, &text, err));
	switch (entry->d_tag) {
	case DT_NEEDED:
		return check_needed(text, manifest, err);
	case DT_RUNPATH:
	case DT_RPATH:
		return check_search_path(text, manifest, err);
	case DT_FLAGS:
		return check_flags(entry->d_un.d_val, manifest->is_system, err);
	case DT_TEXTREL:
		return check_flags(DF_TEXTREL, false, err);
	case DT_FLAGS_1:
		if (entry->d_un.d_val & DF_1_PIE)
			return REFUSE(err, KIST_UNSUPPORTED, "a program, not a library: it is marked as PIE");
		return KIST_OK;
	case DT_AUDIT:
	case DT_DEPAUDIT:
	case DT_FILTER:
	case DT_AUXILIARY:
		return REFUSE(err, KIST_UNSUPPORTED, "names another library to audit or filter it");
	default:
		return KIST_OK;
	}
}

static kist_status check_dynamic(const struct kist_elf *elf, const struct kist_manifest *manifest,
				 struct kist_error *err)
{
	for (uint32_t i = 0; i < elf->dynamic_count; i++) {
		const Elf64_Dyn entry = kist_elf_dynamic(elf, i);

		KIST_TRY(check_entry(elf, &entry, manifest, err));
	}
	return KIST_OK;
}

/* Symbols that linkers, and the sanitizers' compilers, add by themselves. */
static bool is_tool_symbol(const char *name)
{
	static const char *const linker[] = { "_init", "_fini", "_edata", "_end", "__bss_start" };

	for (size_t i = 0; i < sizeof(linker) / sizeof(linker[0]); i++) {
		if (strcmp(name, linker[i]) == 0)
			return true;
	}
#ifdef KIST_SANITIZED
	return name[0] == '_' && name[1] == '_';
#else
	return false;
#endif
}

static bool is_exported(const Elf64_Sym *symbol)
{
	const unsigned bind = ELF64_ST_BIND(symbol->st_info);
	const unsigned visibility = ELF64_ST_VISIBILITY(symbol->st_other);

	return symbol->st_shndx != SHN_UNDEF && bind != STB_LOCAL &&
	       (visibility == STV_DEFAULT || visibility == STV_PROTECTED);
}

static bool in_code(const struct kist_elf *elf, uint64_t address)
{
	for (uint32_t i = 0; i < elf->header.e_phnum; i++) {
		const Elf64_Phdr segment = kist_elf_segment(elf, i);

		if (segment.p_type == PT_LOAD && (segment.p_flags & PF_X) && address >= segment.p_vaddr &&
		    address - segment.p_vaddr < segment.p_filesz)
			return true;
	}
	return false;
}

static kist_status check_symbols(const struct kist_elf *elf, struct kist_error *err)
{
	bool entry = false;

	for (uint32_t i = 1; i < elf->symbol_count; i++) {
		const Elf64_Sym symbol = kist_elf_symbol(elf, i);
		const char *name;

		if (!is_exported(&symbol))
			continue;
		KIST_TRY(kist_elf_string(elf, symbol.st_name, &name, err));
		if (is_tool_symbol(name))
			continue;
		if (strcmp(name, ENTRY_NAME) != 0)
			return REFUSE(err, KIST_UNSUPPORTED,
				      "exports '%s' beside " ENTRY_NAME ": link it with the SDK's plugin.map",
				      name);
		if (ELF64_ST_TYPE(symbol.st_info) != STT_FUNC || !in_code(elf, symbol.st_value))
			return REFUSE(err, KIST_UNSUPPORTED, "its " ENTRY_NAME " is not a function");
		entry = true;
	}
	if (!entry)
		return REFUSE(err, KIST_UNSUPPORTED, "does not export " ENTRY_NAME);
	return KIST_OK;
}

static bool is_function(const Elf64_Sym *symbol)
{
	const unsigned type = ELF64_ST_TYPE(symbol->st_info);

	return type == STT_FUNC || type == STT_GNU_IFUNC;
}

static kist_status check_task_symbol(const struct kist_elf *elf, const char *wanted, struct kist_error *err)
{
	bool found = false;

	for (uint32_t i = 1; i < elf->symbol_count && !found; i++) {
		const Elf64_Sym symbol = kist_elf_symbol(elf, i);
		const char *name;

		if (!is_exported(&symbol) || !is_function(&symbol))
			continue;
		KIST_TRY(kist_elf_string(elf, symbol.st_name, &name, err));
		found = strcmp(name, wanted) == 0 && in_code(elf, symbol.st_value);
	}
	if (!found)
		return REFUSE(err, KIST_UNSUPPORTED, "does not export the function '%s'", wanted);
	return KIST_OK;
}

/* Of an ordinary library: the functions that the manifest names. */
static kist_status check_task_symbols(const struct kist_elf *elf, const struct kist_manifest *manifest,
				      struct kist_error *err)
{
	for (size_t i = 0; i < manifest->task_count; i++)
		KIST_TRY(check_task_symbol(elf, manifest->tasks[i].symbol, err));
	return KIST_OK;
}

/* The description of a kist note, or NULL when the note at @data is another one. */
static bool is_kist_note(const uint8_t *data, uint32_t name_size, uint32_t type)
{
	return name_size == 5 && type == 1 && memcmp(data, "KIST", 5) == 0;
}

static uint64_t round_up(uint64_t size, uint64_t align)
{
	return (size + align - 1) / align * align;
}

/* Walks one PT_NOTE; adds the kist notes in it to @ret_count and leaves the last in @ret_note. */
static kist_status scan_notes(const struct kist_elf *elf, const Elf64_Phdr *segment, uint64_t *ret_offset,
			      uint32_t *ret_count, struct kist_error *err)
{
	const uint64_t align = segment->p_align == 8 ? 8 : 4;
	const uint8_t *data = elf->file.data + segment->p_offset;
	uint64_t at = 0;

	while (segment->p_filesz - at >= 12) {
		const uint32_t name_size = kist_le_read32(data + at);
		const uint32_t size = kist_le_read32(data + at + 4);
		const uint32_t type = kist_le_read32(data + at + 8);
		const uint64_t head = round_up(12 + (uint64_t)name_size, align);

		if (head > segment->p_filesz - at || size > segment->p_filesz - at - head)
			return kist_elf_truncated(err, segment->p_offset + at, "a note");
		if (is_kist_note(data + at + 12, name_size, type)) {
			if (size < sizeof(struct kist_note) - offsetof(struct kist_note, major))
				return kist_elf_truncated(err, segment->p_offset + at, "the kist note");
			*ret_offset = segment->p_offset + at + head;
			(*ret_count)++;
		}
		if (round_up(size, align) > segment->p_filesz - at - head)
			break;
		at += head + round_up(size, align);
	}
	return KIST_OK;
}

static kist_status compare_note(const uint8_t *note, const struct kist_manifest *manifest,
				struct kist_error *err)
{
	const uint32_t major = kist_le_read32(note);
	const uint32_t minor_required = kist_le_read32(note + 8);
	const char *id = (const char *)note + 16;

	if (major != manifest->abi_major)
		return REFUSE(err, KIST_INCOMPATIBLE, "made for plugin ABI %u, its manifest says %u", major,
			      manifest->abi_major);
	if (minor_required > KIST_ABI_MINOR)
		return REFUSE(err, KIST_INCOMPATIBLE,
			      "needs plugin ABI %u.%u, this build has %u.%u: install a newer kist", major,
			      minor_required, KIST_ABI_MAJOR, KIST_ABI_MINOR);
	if (minor_required != manifest->abi_minor_required)
		return REFUSE(err, KIST_INCOMPATIBLE, "needs plugin ABI %u.%u, its manifest says %u.%u",
			      major, minor_required, major, manifest->abi_minor_required);
	if (!memchr(id, 0, KIST_ID_SIZE) || strcmp(id, manifest->id) != 0)
		return REFUSE(err, KIST_INCOMPATIBLE, "calls itself '%.*s', its manifest says '%s'",
			      KIST_ID_SIZE, id, manifest->id);
	return KIST_OK;
}

static kist_status check_note(const struct kist_elf *elf, const struct kist_manifest *manifest,
			      struct kist_error *err)
{
	uint64_t offset = 0;
	uint32_t count = 0;

	for (uint32_t i = 0; i < elf->header.e_phnum; i++) {
		const Elf64_Phdr segment = kist_elf_segment(elf, i);

		if (segment.p_type == PT_NOTE)
			KIST_TRY(scan_notes(elf, &segment, &offset, &count, err));
	}
	if (manifest->is_ordinary)
		return count == 0
			       ? KIST_OK
			       : REFUSE(err, KIST_INCOMPATIBLE,
					"is a plugin, with a note .note.kist: its tasks need no \"symbol\"");
	if (count == 0)
		return REFUSE(err, KIST_UNSUPPORTED,
			      "has no note .note.kist: put KIST_NOTE in one of its sources");
	if (count > 1)
		return REFUSE(err, KIST_UNSUPPORTED,
			      "has %u notes .note.kist: put KIST_NOTE in one source only", count);
	return compare_note(elf->file.data + offset, manifest, err);
}

kist_status kist_elf_gate(struct kist_view file, const struct kist_manifest *manifest, struct kist_error *err)
{
	struct kist_elf elf;

	KIST_TRY(kist_elf_open(file, &elf, err));
	KIST_TRY(check_header(&elf, err));
	KIST_TRY(check_segments(&elf, err));
	KIST_TRY(check_note(&elf, manifest, err));
	KIST_TRY(kist_elf_find_dynamic(&elf, err));
	KIST_TRY(check_dynamic(&elf, manifest, err));
	return manifest->is_ordinary ? check_task_symbols(&elf, manifest, err) : check_symbols(&elf, err);
}
