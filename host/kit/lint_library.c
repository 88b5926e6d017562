/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "base/le.h"
#include "kit/lint.h"
#include "plugin/elf.h"
#include "plugin/elf_file.h"

#define ENTRY_NAME "kist_plugin_entry_v1"
/* Names in one finding. */
#define LIST_MAX 6

/* Names in a row, as many as are to be shown. */
struct names {
	size_t count;
	char text[512];
};

static void add_name(struct names *names, const char *name)
{
	const size_t used = strlen(names->text);

	if (names->count < LIST_MAX)
		snprintf(names->text + used, sizeof(names->text) - used, "%s'%s'",
			 names->count > 0 ? ", " : "", name);
	else if (names->count == LIST_MAX)
		snprintf(names->text + used, sizeof(names->text) - used, " and others");
	names->count++;
}

static bool is_exported(const Elf64_Sym *symbol)
{
	const unsigned visibility = ELF64_ST_VISIBILITY(symbol->st_other);

	return symbol->st_shndx != SHN_UNDEF && ELF64_ST_BIND(symbol->st_info) != STB_LOCAL &&
	       (visibility == STV_DEFAULT || visibility == STV_PROTECTED);
}

static bool is_of_linker(const char *name)
{
	static const char *const names[] = { "_init", "_fini", "_edata", "_end", "__bss_start" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (strcmp(name, names[i]) == 0)
			return true;
	}
	return false;
}

/* What a plugin must not call, or had better not. */
static const struct {
	const char *name;
	const char *instead;
} avoided[] = {
	{ "setlocale",
	  "it changes every other plugin's numbers: use newlocale and the functions ending in _l" },
	{ "chdir", "the folder is everybody's: use openat" },
	{ "fchdir", "the folder is everybody's: use openat" },
	{ "umask", "it is everybody's: give the mode where a file is made" },
	{ "signal", "handlers are the host's" },
	{ "sigaction", "handlers are the host's" },
	{ "exit", "it ends all plugins of the run: return a status" },
	{ "_exit", "it ends all plugins of the run: return a status" },
	{ "quick_exit", "it ends all plugins of the run: return a status" },
	{ "fork", "a worker starts no process" },
	{ "vfork", "a worker starts no process" },
	{ "system", "a worker starts no process" },
	{ "popen", "a worker starts no process" },
	{ "execve", "a worker starts no process" },
	{ "setenv", "the environment is everybody's: keep settings in the instance" },
	{ "putenv", "the environment is everybody's: keep settings in the instance" },
	{ "unsetenv", "the environment is everybody's: keep settings in the instance" },
	{ "fesetround", "the floating-point mode is everybody's" },
	{ "dlopen", "a worker opens no file once it has data: link the library statically" },
	{ "socket", "a worker has no network" },
	{ "gets", "it writes past any buffer" },
	{ "strtok", "it keeps a state that all threads share: use strtok_r" },
	{ "srand", "the state is everybody's, and the result another each time: keep a state of your own" },
	{ "mallopt", "the allocator is everybody's" },
};

struct imports {
	bool throws;
	bool catches;
	bool threads;
	bool has_entry;
};

static void note_import(const char *name, struct imports *imports, struct kist_kit_findings *findings)
{
	imports->throws |= strcmp(name, "__cxa_throw") == 0;
	imports->catches |= strcmp(name, "__cxa_begin_catch") == 0;
	imports->threads |=
		strcmp(name, "pthread_create") == 0 || strcmp(name, "thrd_create") == 0 ||
		strcmp(name, "_ZNSt6thread15_M_start_threadESt10unique_ptrINS_6_StateESt14default_"
			     "deleteIS1_EEPFvvE") == 0;
	for (size_t i = 0; i < sizeof(avoided) / sizeof(avoided[0]); i++) {
		if (strcmp(name, avoided[i].name) == 0)
			kist_kit_find(findings, KIST_KIT_WARNING, "call-forbidden",
				      "the library calls %s(): %s", name, avoided[i].instead);
	}
}

static kist_status check_symbols(const struct kist_elf *elf, struct imports *imports,
				 struct kist_kit_findings *findings)
{
	struct names exports = { .count = 0 };

	for (uint32_t i = 1; i < elf->symbol_count; i++) {
		const Elf64_Sym symbol = kist_elf_symbol(elf, i);
		const char *name;

		KIST_TRY(kist_elf_string(elf, symbol.st_name, &name, NULL));
		if (symbol.st_shndx == SHN_UNDEF)
			note_import(name, imports, findings);
		else if (is_exported(&symbol) && strcmp(name, ENTRY_NAME) == 0)
			imports->has_entry = true;
		else if (is_exported(&symbol) && !is_of_linker(name))
			add_name(&exports, name);
	}
	if (exports.count > 0)
		kist_kit_find(findings, KIST_KIT_ERROR, "exports",
			      "the library exports %zu symbols beside " ENTRY_NAME
			      ", where those of another plugin may be taken for them: %s; link with what "
			      "'pkg-config --libs kist-plugin' gives, which hides them",
			      exports.count, exports.text);
	if (!imports->has_entry)
		kist_kit_find(findings, KIST_KIT_ERROR, "entry",
			      "the library does not export " ENTRY_NAME
			      ": include kist/plugin.h where it is defined; in C++ a function in a namespace "
			      "is another");
	return KIST_OK;
}

static void check_imports(const struct kist_manifest *manifest, const struct imports *imports,
			  struct kist_kit_findings *findings)
{
	if (imports->throws && !imports->catches)
		kist_kit_find(
			findings, KIST_KIT_ERROR, "exceptions",
			"the library throws exceptions and catches none: one that leaves the plugin ends the "
			"worker; put catch (...) around each function that the host calls");
	if (imports->threads && !manifest->needs_threads)
		kist_kit_find(findings, KIST_KIT_ERROR, "threads",
			      "the library starts threads, and the manifest's \"needs\" lacks \"threads\": "
			      "the worker "
			      "would deny them");
}

/* Whether the linker was told to resolve everything at once. */
static bool is_bound_now(const struct kist_elf *elf)
{
	for (uint32_t i = 0; i < elf->dynamic_count; i++) {
		const Elf64_Dyn entry = kist_elf_dynamic(elf, i);

		if (entry.d_tag == DT_BIND_NOW ||
		    (entry.d_tag == DT_FLAGS && (entry.d_un.d_val & DF_BIND_NOW)) ||
		    (entry.d_tag == DT_FLAGS_1 && (entry.d_un.d_val & DF_1_NOW)))
			return true;
	}
	return false;
}

static void check_needed(const struct kist_elf *elf, struct kist_kit_findings *findings)
{
	static const char *const tools[] = { "libasan.so", "libubsan.so", "libtsan.so", "liblsan.so" };

	for (uint32_t i = 0; i < elf->dynamic_count; i++) {
		const Elf64_Dyn entry = kist_elf_dynamic(elf, i);
		const char *name;

		if (entry.d_tag != DT_NEEDED ||
		    kist_elf_string(elf, entry.d_un.d_val, &name, NULL) != KIST_OK)
			continue;
		for (size_t k = 0; k < sizeof(tools) / sizeof(tools[0]); k++) {
			if (strncmp(name, tools[k], strlen(tools[k])) == 0)
				kist_kit_find(findings, KIST_KIT_WARNING, "sanitized",
					      "the library was built with a sanitizer ('%s'): that is for "
					      "'kist plugin test --asan', and no worker takes it",
					      name);
		}
	}
}

static bool has_section(const struct kist_elf *elf, const char *wanted)
{
	const Elf64_Ehdr *header = &elf->header;
	Elf64_Shdr names;

	if (header->e_shnum == 0 || header->e_shentsize != sizeof(Elf64_Shdr) ||
	    header->e_shstrndx >= header->e_shnum ||
	    !kist_elf_holds(elf, header->e_shoff, (uint64_t)header->e_shnum * sizeof(Elf64_Shdr)))
		return false;
	memcpy(&names, elf->file.data + header->e_shoff + header->e_shstrndx * sizeof(names), sizeof(names));
	if (!kist_elf_holds(elf, names.sh_offset, names.sh_size))
		return false;
	for (uint16_t i = 0; i < header->e_shnum; i++) {
		Elf64_Shdr section;

		memcpy(&section, elf->file.data + header->e_shoff + i * sizeof(section), sizeof(section));
		if (section.sh_name < names.sh_size &&
		    strnlen((const char *)elf->file.data + names.sh_offset + section.sh_name,
			    (size_t)(names.sh_size - section.sh_name)) == strlen(wanted) &&
		    memcmp(elf->file.data + names.sh_offset + section.sh_name, wanted, strlen(wanted)) == 0)
			return true;
	}
	return false;
}

static void check_elf(const struct kist_kit_subject *subject, struct kist_kit_findings *findings)
{
	struct imports imports = { .throws = false };
	struct kist_elf elf;

	/* What is no whole library is the gate's to tell. */
	if (kist_elf_open(kist_buf_view(&subject->library), &elf, NULL) != KIST_OK ||
	    kist_elf_find_dynamic(&elf, NULL) != KIST_OK || subject->manifest->is_ordinary)
		return;
	if (check_symbols(&elf, &imports, findings) == KIST_OK)
		check_imports(subject->manifest, &imports, findings);
	check_needed(&elf, findings);
	if (!is_bound_now(&elf))
		kist_kit_find(findings, KIST_KIT_WARNING, "bind-now",
			      "the library is linked without -Wl,-z,now: a function that is missing ends a "
			      "run in its "
			      "midst, where it could be found when the plugin is loaded");
	if (has_section(&elf, ".debug_info"))
		kist_kit_find(
			findings, KIST_KIT_NOTE, "debug",
			"the library holds debugging information: strip it before you give it away, or tell "
			"people that paths of your machine are in it");
}

static void check_content(const struct kist_kit_subject *subject, struct kist_kit_findings *findings)
{
	const struct kist_manifest *manifest = subject->manifest;
	const struct kist_digest digest = kist_digest_of(kist_buf_view(&subject->library));

	if (subject->library.size == manifest->library_size &&
	    memcmp(&digest, &manifest->library_sha256, sizeof(digest)) == 0)
		return;
	kist_kit_find(findings, KIST_KIT_ERROR, "library-digest",
		      "'%s' is not the library that the manifest names: write its size and SHA-256 there "
		      "after each "
		      "build",
		      manifest->library_file);
}

void kist_lint_library(const struct kist_kit_subject *subject, struct kist_kit_findings *findings)
{
	struct kist_error why = KIST_ERROR_INIT;

	if (subject->library_error.status != KIST_OK) {
		kist_kit_find(findings, KIST_KIT_ERROR, "library", "the library cannot be read: %s",
			      subject->library_error.text);
		return;
	}
	if (subject->manifest->is_system)
		return;
	check_content(subject, findings);
	check_elf(subject, findings);
	if (kist_elf_gate(kist_buf_view(&subject->library), subject->manifest, &why) == KIST_OK)
		return;
	/* What was said with all names need not be said again with the first. */
	if (!kist_kit_has(findings, "exports") && !kist_kit_has(findings, "entry") &&
	    !kist_kit_has(findings, "sanitized"))
		kist_kit_find(findings, KIST_KIT_ERROR, "elf-gate", "the library %s", why.text);
}
