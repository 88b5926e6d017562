/* SPDX-License-Identifier: Apache-2.0 */
#include "plugin/trust.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "plugin/minisign.h"
#include "plugin/version.h"

static const char *const built_in[] = {
#include "plugin/pins.h"
	NULL
};

static const char *const policies[] = { "configured", "pinned", "signed", "any" };

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

const char *kist_policy_name(enum kist_policy policy)
{
	return (unsigned)policy < sizeof(policies) / sizeof(policies[0]) ? policies[policy] : "unknown";
}

bool kist_policy_read(const char *text, enum kist_policy *ret)
{
	for (unsigned i = KIST_POLICY_PINNED; i <= KIST_POLICY_ANY; i++) {
		if (strcmp(text, policies[i]) == 0) {
			*ret = (enum kist_policy)i;
			return true;
		}
	}
	return false;
}

/* Questions ----------------------------------------------------------------------------------------- */

static size_t find(const struct kist_trust *trust, const struct kist_digest *manifest)
{
	size_t i = 0;

	while (i < trust->count && !kist_digest_equal(&trust->pins[i], manifest))
		i++;
	return i;
}

bool kist_trust_has(const struct kist_trust *trust, const struct kist_digest *manifest)
{
	const size_t i = find(trust, manifest);

	return i < trust->count && !kist_trust_is_revoked_key(trust, trust->signers[i]);
}

uint64_t kist_trust_signer(const struct kist_trust *trust, const struct kist_digest *manifest)
{
	const size_t i = find(trust, manifest);

	return i < trust->count ? trust->signers[i] : 0;
}

const struct kist_trust_library *kist_trust_library(const struct kist_trust *trust,
						    const struct kist_digest *manifest)
{
	const size_t i = find(trust, manifest);

	return i < trust->count && trust->libraries[i].size > 0 ? &trust->libraries[i] : NULL;
}

bool kist_trust_is_revoked(const struct kist_trust *trust, const struct kist_digest *digest)
{
	for (size_t i = 0; i < trust->revoked_count; i++) {
		if (kist_digest_equal(&trust->revoked[i], digest))
			return true;
	}
	return false;
}

bool kist_trust_is_revoked_key(const struct kist_trust *trust, uint64_t key)
{
	for (size_t i = 0; i < trust->revoked_key_count; i++) {
		if (key != 0 && trust->revoked_keys[i] == key)
			return true;
	}
	return false;
}

const char *kist_trust_seen(const struct kist_trust *trust, const char *id)
{
	return kist_json_get_text(trust->seen, id);
}

void kist_trust_done(struct kist_trust *trust)
{
	kist_free(trust->pins);
	kist_free(trust->libraries);
	kist_free(trust->signers);
	kist_free(trust->revoked);
	kist_free(trust->revoked_keys);
	json_decref(trust->seen);
	*trust = (struct kist_trust)KIST_TRUST_INIT;
}

/* Reading ------------------------------------------------------------------------------------------- */

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

static kist_status read_json(int dir_fd, json_t **ret, struct kist_error *err)
{
	kist_auto_buf struct kist_buf text = KIST_BUF_INIT(KIST_TRUST_SIZE_MAX);
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

static bool read_digest(const json_t *object, const char *name, struct kist_digest *ret)
{
	const char *hex = kist_json_get_text(object, name);

	return hex && kist_digest_parse(hex, strlen(hex), ret);
}

static bool read_key(const json_t *object, uint64_t *ret)
{
	const char *text = kist_json_get_text(object, "key");

	return text && kist_key_id_read(text, strlen(text), ret);
}

static bool read_library(const json_t *pin, struct kist_trust_library *ret)
{
	if (!json_object_get(pin, "library") && !json_object_get(pin, "size"))
		return true;
	return read_digest(pin, "library", &ret->digest) && kist_json_get_u64(pin, "size", &ret->size) &&
	       ret->size > 0;
}

static kist_status check_count(const char *what, size_t count, struct kist_error *err)
{
	if (count <= KIST_TRUST_PINS_MAX)
		return KIST_OK;
	return kist_fail(err, KIST_LIMIT, KIST_TRUST_FILE ": %zu %s, at most %d are allowed", count, what,
			 KIST_TRUST_PINS_MAX);
}

static kist_status read_pins(const json_t *pins, struct kist_trust *trust, struct kist_error *err)
{
	const size_t count = json_array_size(pins);

	KIST_TRY(check_count("pins", count, err));
	trust->pins = kist_alloc(count, sizeof(*trust->pins));
	trust->libraries = kist_alloc(count, sizeof(*trust->libraries));
	trust->signers = kist_alloc(count, sizeof(*trust->signers));
	if (!trust->pins || !trust->libraries || !trust->signers)
		return kist_fail_memory(err, count * sizeof(*trust->libraries));
	for (size_t i = 0; i < count; i++) {
		const json_t *pin = json_array_get(pins, i);

		if (!read_digest(pin, "manifest", &trust->pins[i]))
			return fail_form(err, "a pin without the SHA-256 of a manifest");
		if (!read_library(pin, &trust->libraries[i]))
			return fail_form(err, "a pin with a library, but not its SHA-256 and size");
		if (json_object_get(pin, "key") && !read_key(pin, &trust->signers[i]))
			return fail_form(err, "a pin for a key whose id is not 16 hex digits");
	}
	trust->count = count;
	return KIST_OK;
}

static kist_status read_revoked(const json_t *list, struct kist_trust *trust, struct kist_error *err)
{
	const size_t count = json_array_size(list);

	if (list && !json_is_array(list))
		return fail_form(err, "\"revoked\" is no list");
	KIST_TRY(check_count("revocations", count, err));
	trust->revoked = kist_alloc(count, sizeof(*trust->revoked));
	trust->revoked_keys = kist_alloc(count, sizeof(*trust->revoked_keys));
	if (!trust->revoked || !trust->revoked_keys)
		return kist_fail_memory(err, count * sizeof(*trust->revoked));
	for (size_t i = 0; i < count; i++) {
		const json_t *item = json_array_get(list, i);

		/* One that is not understood may stand for what must not run. */
		if (read_digest(item, "sha256", &trust->revoked[trust->revoked_count]))
			trust->revoked_count++;
		else if (read_key(item, &trust->revoked_keys[trust->revoked_key_count]))
			trust->revoked_key_count++;
		else
			return fail_form(err, "a revocation of neither a SHA-256 nor a key");
	}
	return KIST_OK;
}

static kist_status read_seen(json_t *seen, struct kist_trust *trust, struct kist_error *err)
{
	const char *id;
	json_t *version;

	if (!seen)
		return KIST_OK;
	if (!json_is_object(seen))
		return fail_form(err, "\"seen\" is no object");
	KIST_TRY(check_count("ids seen", json_object_size(seen), err));
	json_object_foreach(seen, id, version) {
		if (!json_is_string(version) || !kist_version_valid(json_string_value(version)))
			return fail_form(err, "\"seen\" holds what is no version");
	}
	trust->seen = json_incref(seen);
	return KIST_OK;
}

static kist_status read_policy(const json_t *json, struct kist_trust *trust, struct kist_error *err)
{
	const char *text = kist_json_get_text(json, "policy");

	if (!json_object_get(json, "policy"))
		return KIST_OK;
	if (!text || !kist_policy_read(text, &trust->policy))
		return fail_form(err, "\"policy\" is none of pinned, signed, any");
	return KIST_OK;
}

static kist_status read_all(const json_t *json, struct kist_trust *ret, struct kist_error *err)
{
	KIST_TRY(read_policy(json, ret, err));
	KIST_TRY(read_pins(json_object_get(json, "pins"), ret, err));
	KIST_TRY(read_revoked(json_object_get(json, "revoked"), ret, err));
	return read_seen(json_object_get(json, "seen"), ret, err);
}

kist_status kist_trust_read(int dir_fd, json_t **ret, struct kist_error *err)
{
	kist_auto_trust struct kist_trust trust = KIST_TRUST_INIT;
	kist_auto_json json_t *json = NULL;

	KIST_TRY(read_json(dir_fd, &json, err));
	KIST_TRY(read_all(json, &trust, err));
	*ret = kist_steal(json);
	return KIST_OK;
}

kist_status kist_trust_load(const char *config_dir, struct kist_trust *ret, struct kist_error *err)
{
	kist_auto_trust struct kist_trust trust = KIST_TRUST_INIT;
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
	KIST_TRY(read_all(json, &trust, err));
	*ret = trust;
	trust = (struct kist_trust)KIST_TRUST_INIT;
	return KIST_OK;
}
