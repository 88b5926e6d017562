/* SPDX-License-Identifier: Apache-2.0 */
#include "plugin/trust.h"

#include <errno.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/file.h"
#include "base/json.h"
#include "base/mem.h"
#include "plugin/catalog.h"

#define TRUST_SIZE_MAX ((size_t)1 << 20)

static const char *const built_in[] = {
#include "plugin/pins.h"
	NULL
};

bool kist_trust_is_built_in(const struct kist_digest *manifest)
{
	char hex[KIST_DIGEST_HEX_SIZE];

	kist_digest_hex(manifest, hex);
	for (size_t i = 0; built_in[i]; i++) {
		if (strcmp(hex, built_in[i]) == 0)
			return true;
	}
	return false;
}

static size_t find(const struct kist_trust *trust, const struct kist_digest *manifest)
{
	size_t i = 0;

	while (i < trust->count && !kist_digest_equal(&trust->pins[i], manifest))
		i++;
	return i;
}

bool kist_trust_has(const struct kist_trust *trust, const struct kist_digest *manifest)
{
	return find(trust, manifest) < trust->count;
}

const struct kist_trust_library *kist_trust_library(const struct kist_trust *trust,
						    const struct kist_digest *manifest)
{
	const size_t i = find(trust, manifest);

	return i < trust->count && trust->libraries[i].size > 0 ? &trust->libraries[i] : NULL;
}

void kist_trust_done(struct kist_trust *trust)
{
	kist_free(trust->pins);
	kist_free(trust->libraries);
	*trust = (struct kist_trust)KIST_TRUST_INIT;
}

/* Who can write the list decides what runs: nobody but root and this user may. */
static kist_status check_file(int fd, struct kist_error *err)
{
	struct stat info;

	if (fstat(fd, &info) != 0)
		return kist_fail_errno(err, errno, "cannot look at " KIST_TRUST_FILE);
	if (!S_ISREG(info.st_mode))
		return kist_fail(err, KIST_DENIED, KIST_TRUST_FILE " is not a regular file");
	if (info.st_uid != 0 && info.st_uid != geteuid())
		return kist_fail(err, KIST_DENIED,
				 KIST_TRUST_FILE " belongs to user %u, not to root or to you", info.st_uid);
	if (info.st_mode & (S_IWGRP | S_IWOTH))
		return kist_fail(err, KIST_DENIED,
				 KIST_TRUST_FILE " is writable by others: run 'chmod go-w' on it");
	return KIST_OK;
}

static kist_status fail_form(struct kist_error *err, const char *what)
{
	return kist_fail_at(err, KIST_CORRUPT, "E_TRUST", KIST_NO_OFFSET, KIST_TRUST_FILE ": %s", what);
}

/* A new reference to the whole; an empty list when there is no file. */
static kist_status read_json(int dir_fd, json_t **ret, struct kist_error *err)
{
	kist_auto_buf struct kist_buf text = KIST_BUF_INIT(TRUST_SIZE_MAX);
	kist_auto_fd int fd = -1;
	json_t *json;
	uint64_t version;
	const kist_status status =
		kist_open_at(dir_fd, KIST_TRUST_FILE, O_RDONLY | O_NOFOLLOW | O_NONBLOCK, 0, &fd, NULL);

	if (status == KIST_NOT_FOUND) {
		*ret = json_pack("{s:i, s:[]}", "version", 1, "pins");
		return *ret ? KIST_OK : kist_fail_memory(err, 1);
	}
	if (status != KIST_OK)
		return kist_fail(err, status, "cannot open " KIST_TRUST_FILE);
	KIST_TRY(check_file(fd, err));
	KIST_TRY(kist_read_all(fd, &text, err));
	KIST_TRY(kist_json_parse(kist_buf_view(&text), &json, err));
	if (kist_json_get_u64(json, "version", &version) && version == 1 &&
	    json_is_array(json_object_get(json, "pins"))) {
		*ret = json;
		return KIST_OK;
	}
	json_decref(json);
	return fail_form(err, "not {\"version\":1,\"pins\":[...]}");
}

static bool read_library(const json_t *pin, struct kist_trust_library *ret)
{
	const char *hex = kist_json_get_text(pin, "library");

	if (!json_object_get(pin, "library") && !json_object_get(pin, "size"))
		return true;
	return hex && kist_digest_parse(hex, strlen(hex), &ret->digest) &&
	       kist_json_get_u64(pin, "size", &ret->size) && ret->size > 0;
}

static kist_status read_pins(const json_t *pins, struct kist_trust *trust, struct kist_error *err)
{
	const size_t count = json_array_size(pins);

	if (count > KIST_TRUST_PINS_MAX)
		return kist_fail(err, KIST_LIMIT, KIST_TRUST_FILE ": %zu pins, at most %d are allowed", count,
				 KIST_TRUST_PINS_MAX);
	trust->pins = kist_alloc(count, sizeof(*trust->pins));
	trust->libraries = kist_alloc(count, sizeof(*trust->libraries));
	if (!trust->pins || !trust->libraries)
		return kist_fail_memory(err, count * sizeof(*trust->libraries));
	for (size_t i = 0; i < count; i++) {
		const char *hex = kist_json_get_text(json_array_get(pins, i), "manifest");

		if (!hex || !kist_digest_parse(hex, strlen(hex), &trust->pins[i]))
			return fail_form(err, "a pin without the SHA-256 of a manifest");
		if (!read_library(json_array_get(pins, i), &trust->libraries[i]))
			return fail_form(err, "a pin with a library, but not its SHA-256 and size");
	}
	trust->count = count;
	return KIST_OK;
}

kist_status kist_trust_load(const char *config_dir, struct kist_trust *ret, struct kist_error *err)
{
	__attribute__((cleanup(kist_trust_done))) struct kist_trust trust = KIST_TRUST_INIT;
	kist_auto_json json_t *json = NULL;
	kist_auto_fd int dir_fd = -1;
	const kist_status status = kist_open_at(AT_FDCWD, config_dir, O_PATH | O_DIRECTORY, 0, &dir_fd, err);

	if (status == KIST_NOT_FOUND) {
		if (err)
			kist_error_clear(err);
		*ret = trust;
		return KIST_OK;
	}
	KIST_TRY(status);
	KIST_TRY(read_json(dir_fd, &json, err));
	KIST_TRY(read_pins(json_object_get(json, "pins"), &trust, err));
	*ret = trust;
	trust = (struct kist_trust)KIST_TRUST_INIT;
	return KIST_OK;
}

/* Two "plugin trust" at once must not lose a pin: they take turns on the folder. */
static kist_status lock_dir(int dir_fd, struct kist_error *err)
{
	while (flock(dir_fd, LOCK_EX) != 0) {
		if (errno != EINTR)
			return kist_fail_errno(err, errno, "cannot lock the folder of " KIST_TRUST_FILE);
	}
	return KIST_OK;
}

static kist_status note_library(json_t *pin, const struct kist_trust_library *library, struct kist_error *err)
{
	char hex[KIST_DIGEST_HEX_SIZE];

	if (library->size == 0)
		return KIST_OK;
	kist_digest_hex(&library->digest, hex);
	if (json_object_set_new(pin, "library", json_string(hex)) != 0 ||
	    json_object_set_new(pin, "size", json_integer((json_int_t)library->size)) != 0)
		return kist_fail_memory(err, sizeof(json_t));
	return KIST_OK;
}

static kist_status add_pin(json_t *json, const struct kist_digest *manifest, const char *id,
			   const char *version, const struct kist_trust_library *library,
			   struct kist_error *err)
{
	json_t *pins = json_object_get(json, "pins");
	kist_auto_json json_t *pin = NULL;
	char hex[KIST_DIGEST_HEX_SIZE];

	kist_digest_hex(manifest, hex);
	for (size_t i = 0; i < json_array_size(pins); i++) {
		const char *there = kist_json_get_text(json_array_get(pins, i), "manifest");

		if (there && strcmp(there, hex) == 0)
			return note_library(json_array_get(pins, i), library, err);
	}
	if (json_array_size(pins) >= KIST_TRUST_PINS_MAX)
		return kist_fail(err, KIST_LIMIT, KIST_TRUST_FILE " holds %d pins already",
				 KIST_TRUST_PINS_MAX);
	pin = json_pack("{s:s, s:s, s:s}", "manifest", hex, "id", id, "version", version);
	if (!pin || json_array_append(pins, pin) != 0)
		return kist_fail_memory(err, 1);
	return note_library(pin, library, err);
}

static kist_status drop_pins(json_t *json, const char *wanted, struct kist_error *err)
{
	json_t *pins = json_object_get(json, "pins");
	const size_t before = json_array_size(pins);

	for (size_t i = before; i > 0; i--) {
		const char *id = kist_json_get_text(json_array_get(pins, i - 1), "id");

		if (id && strcmp(id, wanted) == 0)
			(void)json_array_remove(pins, i - 1);
	}
	return json_array_size(pins) < before
		       ? KIST_OK
		       : kist_fail(err, KIST_NOT_FOUND, "no plugin '%s' was trusted by hand", wanted);
}

/* Opens the folder for a change of the file in it. */
static kist_status open_dir(const char *config_dir, int *ret_fd, struct kist_error *err)
{
	KIST_TRY(kist_mkdirs_at(AT_FDCWD, config_dir, 0700, err));
	KIST_TRY(kist_open_at(AT_FDCWD, config_dir, O_RDONLY | O_DIRECTORY, 0, ret_fd, err));
	return lock_dir(*ret_fd, err);
}

static kist_status write_json(int dir_fd, const json_t *json, struct kist_error *err)
{
	kist_auto_buf struct kist_buf text = KIST_BUF_INIT(TRUST_SIZE_MAX);

	KIST_TRY(kist_json_canonical(json, &text, err));
	KIST_TRY(kist_buf_append(&text, "\n", 1, err));
	return kist_replace_file_at(dir_fd, KIST_TRUST_FILE, kist_buf_view(&text), 0600, true, err);
}

kist_status kist_trust_drop(const char *config_dir, const char *id, struct kist_error *err)
{
	kist_auto_json json_t *json = NULL;
	kist_auto_fd int dir_fd = -1;

	KIST_TRY(open_dir(config_dir, &dir_fd, err));
	KIST_TRY(read_json(dir_fd, &json, err));
	KIST_TRY(drop_pins(json, id, err));
	return write_json(dir_fd, json, err);
}

static kist_status add(const char *config_dir, const struct kist_digest *manifest, const char *id,
		       const char *version, const struct kist_trust_library *library, struct kist_error *err)
{
	kist_auto_json json_t *json = NULL;
	kist_auto_fd int dir_fd = -1;

	KIST_TRY(open_dir(config_dir, &dir_fd, err));
	KIST_TRY(read_json(dir_fd, &json, err));
	KIST_TRY(add_pin(json, manifest, id, version, library, err));
	return write_json(dir_fd, json, err);
}

kist_status kist_trust_add(const char *config_dir, const struct kist_digest *manifest, const char *id,
			   const char *version, struct kist_error *err)
{
	return add(config_dir, manifest, id, version, &(struct kist_trust_library){ .size = 0 }, err);
}

kist_status kist_trust_add_system(const char *config_dir, const struct kist_digest *digest,
				  const struct kist_manifest *manifest, struct kist_error *err)
{
	const struct kist_trust_library library = { .digest = manifest->library_sha256,
						    .size = manifest->library_size };

	return add(config_dir, digest, manifest->id, manifest->version, &library, err);
}
