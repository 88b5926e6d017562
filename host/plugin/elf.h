/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KIST_PLUGIN_ELF_H
#define KIST_PLUGIN_ELF_H

#include "plugin/manifest.h"

/*
 * The ELF gate: what a library must be before the dynamic linker may see it.
 *
 *     ELF header | program headers: LOAD, DYNAMIC, NOTE, GNU_STACK ...
 *     dynamic: needed, strings, symbols, hash
 *
 * Every offset is checked before it is followed.  The gate keeps honest libraries from failing late and
 * strangely; against hostile code stand the pins before it and the sandbox after it.
 *
 * Limits: KIST_ELF_*_MAX.
 * Thread: pure.
 * Source: System V ABI, chapters 4 and 5; docs/guide/trust.md.
 */

#define KIST_ELF_HEADERS_MAX 64
#define KIST_ELF_DYNAMIC_MAX 1024
#define KIST_ELF_SYMBOLS_MAX ((uint32_t)1 << 20)

/**
 * kist_elf_gate() - Lets the library @file pass, or says why not.
 *
 * It passes when it is a shared library for this machine, whose stack is not executable, without text
 * relocations, static TLS, a search path, or libraries outside a short list, which exports
 * kist_plugin_entry_v1 and nothing else, and whose note .note.kist says what @manifest says.
 *
 * An ordinary library (@manifest->is_ordinary) has no such note, exports the functions that the manifest names
 * and any others, and may need the libraries that the manifest names; one of the system may have static TLS.
 *
 * Errors: KIST_CORRUPT (not ELF, truncated, inconsistent); KIST_UNSUPPORTED (other machine, or one of the
 * above); KIST_INCOMPATIBLE (ABI version, or a note that differs from the manifest).
 */
KIST_CHECKED kist_status kist_elf_gate(struct kist_view file, const struct kist_manifest *manifest,
				       struct kist_error *err);

#endif
