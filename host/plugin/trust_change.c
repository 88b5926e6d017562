/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>
#include <sys/file.h>

#include "base/file.h"
#include "base/mem.h"
#include "plugin/minisign.h"
#include "plugin/trust.h"

/*
 * Changes of trusted.json: read, changed and replaced as a whole, by one process after the other.
 */

/* How long a change waits for its turn: whoever may look at the folder can lock it, also another user. */
#define TURN_MS 60000

static kist_status write_json(int dir_fd, const json_t *json, struct kist_error *err)
{
	kist_auto_buf struct kist_buf text = KIST_BUF_INIT(KIST_TRUST_SIZE_MAX);

	KIST_TRY(kist_json_canonical(json, &text, err));
	KIST_TRY(kist_buf_append(&text, "\n", 1, err));
	return kist_replace_file_at(dir_fd, KIST_TRUST_FILE, kist_buf_view(&text), 0600, true, err);
}

/* Does @apply with what the file holds; what it leaves as it was is not written. */
static kist_status change(const char *config_dir,
			  kist_status (*apply)(json_t *json, const void *ctx, struct kist_error *err),
			  const void *ctx, struct kist_error *err)
{
	kist_auto_json json_t *before = NULL;
	kist_auto_json json_t *json = NULL;
	kist_auto_fd int dir_fd = -1;

	KIST_TRY(kist_mkdirs_at(AT_FDCWD, config_dir, 0700, err));
	KIST_TRY(kist_open_at(AT_FDCWD, config_dir, O_RDONLY | O_DIRECTORY, 0, &dir_fd, err));
	/* Two changes at once must not lose one: they take turns on the folder. */
	KIST_TRY(kist_lock_fd(dir_fd, LOCK_EX, TURN_MS, config_dir, err));
	KIST_TRY(kist_trust_read(dir_fd, &json, err));
	before = kist_json_copy(json);
	if (!before)
		return kist_fail_memory(err, sizeof(json_t));
	KIST_TRY(apply(json, ctx, err));
	return json_equal(before, json) ? KIST_OK : write_json(dir_fd, json, err);
}

/* Member @name, which is made when it is missing.  Borrowed. */
static kist_status member(json_t *json, const char *name, json_t *empty, json_t **ret, struct kist_error *err)
{
	kist_auto_json json_t *made = empty;

	*ret = json_object_get(json, name);
	if (*ret)
		return KIST_OK;
	*ret = made;
	return json_object_set(json, name, made) == 0 ? KIST_OK : kist_fail_memory(err, sizeof(json_t));
}

static bool says(const json_t *item, const char *name, const char *text)
{
	const char *there = kist_json_get_text(item, name);

	return there && strcmp(there, text) == 0;
}

/* Pins ---------------------------------------------------------------------------------------------- */

static kist_status set_text(json_t *object, const char *name, const char *text, struct kist_error *err)
{
	return json_object_set_new(object, name, json_string(text)) == 0 ? KIST_OK : kist_fail_memory(err, 1);
}

/* Of a library of the system its version is pinned as it is now; of a pin by hand no key is noted. */
static kist_status note_pin(json_t *pin, const struct kist_trust_pin *wanted, bool has_library,
			    struct kist_error *err)
{
	const struct kist_manifest *manifest = wanted->manifest;
	char hex[KIST_DIGEST_HEX_SIZE];
	char key[KIST_KEY_ID_SIZE];

	(void)json_object_del(pin, "key");
	if (wanted->signer) {
		kist_key_id_text(wanted->signer, key);
		KIST_TRY(set_text(pin, "key", key, err));
	}
	if (!has_library)
		return KIST_OK;
	kist_digest_hex(&manifest->library_sha256, hex);
	KIST_TRY(set_text(pin, "library", hex, err));
	return json_object_set_new(pin, "size", json_integer((json_int_t)manifest->library_size)) == 0
		       ? KIST_OK
		       : kist_fail_memory(err, 1);
}

static kist_status add_pin(json_t *json, const struct kist_trust_pin *wanted, bool has_library,
			   struct kist_error *err)
{
	json_t *pins = json_object_get(json, "pins");
	kist_auto_json json_t *pin = NULL;
	char hex[KIST_DIGEST_HEX_SIZE];

	kist_digest_hex(&wanted->digest, hex);
	for (size_t i = 0; i < json_array_size(pins); i++) {
		if (says(json_array_get(pins, i), "manifest", hex))
			return note_pin(json_array_get(pins, i), wanted, has_library, err);
	}
	if (json_array_size(pins) >= KIST_TRUST_PINS_MAX)
		return kist_fail(err, KIST_LIMIT, KIST_TRUST_FILE " holds %d pins already",
				 KIST_TRUST_PINS_MAX);
	pin = json_pack("{s:s, s:s, s:s}", "manifest", hex, "id", wanted->manifest->id, "version",
			wanted->manifest->version);
	if (!pin || json_array_append(pins, pin) != 0)
		return kist_fail_memory(err, 1);
	return note_pin(pin, wanted, has_library, err);
}

struct kept {
	const char *id;
	const struct kist_digest *manifest; /* the one that stays, or NULL */
	bool must;			    /* that there is none to drop is an error */
};

static kist_status drop_pins(json_t *json, const void *ctx, struct kist_error *err)
{
	const struct kept *kept = ctx;
	json_t *pins = json_object_get(json, "pins");
	const size_t before = json_array_size(pins);
	char hex[KIST_DIGEST_HEX_SIZE] = "";

	if (kept->manifest)
		kist_digest_hex(kept->manifest, hex);
	for (size_t i = before; i > 0; i--) {
		const json_t *pin = json_array_get(pins, i - 1);

		if (says(pin, "id", kept->id) && !says(pin, "manifest", hex))
			(void)json_array_remove(pins, i - 1);
	}
	if (kept->must && json_array_size(pins) == before)
		return kist_fail(err, KIST_NOT_FOUND, "no plugin '%s' was trusted by hand", kept->id);
	return KIST_OK;
}

kist_status kist_trust_drop(const char *config_dir, const char *id, struct kist_error *err)
{
	return change(config_dir, drop_pins, &(struct kept){ .id = id, .must = true }, err);
}

kist_status kist_trust_keep_only(const char *config_dir, const char *id, const struct kist_digest *manifest,
				 struct kist_error *err)
{
	return change(config_dir, drop_pins, &(struct kept){ .id = id, .manifest = manifest }, err);
}

/* Revocations --------------------------------------------------------------------------------------- */

static void revoked_text(const struct kist_revocation *what, char ret[static KIST_DIGEST_HEX_SIZE])
{
	if (what->key)
		kist_key_id_text(what->key, ret);
	else
		kist_digest_hex(&what->digest, ret);
}

/* Where it stands in the list, or how long that is. */
static size_t find_revoked(const json_t *json, const struct kist_revocation *what)
{
	const json_t *list = json_object_get(json, "revoked");
	char text[KIST_DIGEST_HEX_SIZE];
	size_t i = 0;

	revoked_text(what, text);
	while (i < json_array_size(list) &&
	       !says(json_array_get(list, i), what->key ? "key" : "sha256", text))
		i++;
	return i;
}

static kist_status revoke(json_t *json, const void *ctx, struct kist_error *err)
{
	const struct kist_revocation *what = ctx;
	const size_t i = find_revoked(json, what);
	char text[KIST_DIGEST_HEX_SIZE];
	json_t *list;

	KIST_TRY(member(json, "revoked", json_array(), &list, err));
	if (i < json_array_size(list))
		return KIST_OK;
	if (i >= KIST_TRUST_PINS_MAX)
		return kist_fail(err, KIST_LIMIT, KIST_TRUST_FILE " holds %d revocations already",
				 KIST_TRUST_PINS_MAX);
	revoked_text(what, text);
	return json_array_append_new(list, json_pack("{s:s}", what->key ? "key" : "sha256", text)) == 0
		       ? KIST_OK
		       : kist_fail_memory(err, sizeof(json_t));
}

static kist_status unrevoke(json_t *json, const void *ctx, struct kist_error *err)
{
	return json_array_remove(json_object_get(json, "revoked"), find_revoked(json, ctx)) == 0
		       ? KIST_OK
		       : kist_fail(err, KIST_NOT_FOUND, "that is not revoked here");
}

kist_status kist_trust_revoke(const char *config_dir, const struct kist_revocation *what, bool undo,
			      struct kist_error *err)
{
	return change(config_dir, undo ? unrevoke : revoke, what, err);
}

static kist_status check_revoked(json_t *json, const struct kist_trust_pin *pin, struct kist_error *err)
{
	const struct kist_revocation wanted[] = { { .digest = pin->digest },
						  { .digest = pin->manifest->library_sha256 },
						  { .key = pin->signer } };
	static const char *const words[] = { "this manifest", "its library", "the key that signed it" };

	for (size_t k = 0; k < (pin->signer ? 3 : 2); k++) {
		if (find_revoked(json, &wanted[k]) < json_array_size(json_object_get(json, "revoked")))
			return kist_fail(
				err, KIST_DENIED,
				"%s was revoked: 'kist plugin revoke --undo' takes that back, if you know "
				"why",
				words[k]);
	}
	return KIST_OK;
}

/* Versions ------------------------------------------------------------------------------------------ */

struct sight {
	const char *id;
	const char *version;
};

static kist_status see(json_t *json, const void *ctx, struct kist_error *err)
{
	const struct sight *sight = ctx;
	const char *before;
	json_t *seen;

	KIST_TRY(member(json, "seen", json_object(), &seen, err));
	before = kist_json_get_text(seen, sight->id);
	if (before && kist_version_compare(before, sight->version) >= 0)
		return KIST_OK;
	if (!before && json_object_size(seen) >= KIST_TRUST_PINS_MAX)
		return kist_fail(err, KIST_LIMIT, KIST_TRUST_FILE " knows %d plugins already",
				 KIST_TRUST_PINS_MAX);
	return set_text(seen, sight->id, sight->version, err);
}

kist_status kist_trust_see(const char *config_dir, const char *id, const char *version,
			   struct kist_error *err)
{
	return change(config_dir, see, &(struct sight){ .id = id, .version = version }, err);
}

/* The whole ----------------------------------------------------------------------------------------- */

/* By hand: whoever names these very bytes means them, also when they are older. */
static kist_status trust(json_t *json, const void *ctx, struct kist_error *err)
{
	const struct kist_trust_pin *pin = ctx;
	const struct sight sight = { .id = pin->manifest->id, .version = pin->manifest->version };

	KIST_TRY(check_revoked(json, pin, err));
	KIST_TRY(add_pin(json, pin, pin->manifest->is_system, err));
	return see(json, &sight, err);
}

kist_status kist_trust_add(const char *config_dir, const struct kist_digest *digest,
			   const struct kist_manifest *manifest, struct kist_error *err)
{
	return change(config_dir, trust, &(struct kist_trust_pin){ .digest = *digest, .manifest = manifest },
		      err);
}

static kist_status admit(json_t *json, const void *ctx, struct kist_error *err)
{
	const struct kist_trust_pin *pin = ctx;
	const char *seen = kist_json_get_text(json_object_get(json, "seen"), pin->manifest->id);

	if (seen && !pin->allow_downgrade && kist_version_compare(pin->manifest->version, seen) < 0)
		return kist_fail(
			err, KIST_DENIED,
			"version %s is older than %s, which was here before: an old version may have faults "
			"that are mended since; --allow-downgrade takes it all the same",
			pin->manifest->version, seen);
	return trust(json, pin, err);
}

kist_status kist_trust_admit(const char *config_dir, const struct kist_trust_pin *pin, struct kist_error *err)
{
	return change(config_dir, admit, pin, err);
}

static kist_status set_policy(json_t *json, const void *ctx, struct kist_error *err)
{
	return set_text(json, "policy", kist_policy_name(*(const enum kist_policy *)ctx), err);
}

kist_status kist_trust_set_policy(const char *config_dir, enum kist_policy policy, struct kist_error *err)
{
	return change(config_dir, set_policy, &policy, err);
}
