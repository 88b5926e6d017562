/* SPDX-License-Identifier: Apache-2.0 */
#include "plugin/signed.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/time.h"
#include "plugin/search.h"

static bool comment_says(const struct kist_minisign *signature, const char *name, const char *wanted)
{
	struct kist_view value;

	return kist_minisign_word(signature->comment, name, &value) && value.size == strlen(wanted) &&
	       memcmp(value.data, wanted, value.size) == 0;
}

/* The signature is the key's: whether that is enough for this plugin, today. */
static kist_status check_key(const struct kist_grounds *grounds, const struct kist_key *key,
			     const struct kist_manifest *manifest, int64_t wall_ns, struct kist_error *err)
{
	char id[KIST_KEY_ID_SIZE];

	kist_key_id_text(key->public.id, id);
	if (kist_grounds_is_revoked_key(grounds, key->public.id))
		return kist_fail(err, KIST_DENIED, "signed by key %s, which was revoked", id);
	if (kist_key_is_expired(key, wall_ns))
		return kist_fail(
			err, KIST_DENIED, "signed by key %s, which expired on %s: ask %s for a newer one", id,
			key->expires, manifest->publisher[0] ? manifest->publisher : "its publisher");
	if (!kist_key_in_scope(key, manifest->id))
		return kist_fail(err, KIST_DENIED, "signed by key %s, which speaks for '%s' and not for '%s'",
				 id, key->scope, manifest->id);
	return KIST_OK;
}

kist_status kist_signed_check(const struct kist_grounds *grounds, struct kist_view text,
			      const struct kist_manifest *manifest, struct kist_view signature,
			      int64_t wall_ns, const struct kist_key **ret_key, struct kist_error *err)
{
	struct kist_minisign read;
	const struct kist_key *key;
	char id[KIST_KEY_ID_SIZE];

	KIST_TRY(kist_minisign_read(signature, &read, err));
	key = kist_keys_find(&grounds->keys, read.key_id);
	kist_key_id_text(read.key_id, id);
	if (!key)
		return kist_fail(
			err, KIST_DENIED,
			"signed by key %s, which is not known here: 'kist plugin key add' adds it, if you "
			"know whose it is",
			id);
	KIST_TRY(kist_minisign_verify(&read, &key->public, text, err));
	KIST_TRY(check_key(grounds, key, manifest, wall_ns, err));
	if (!comment_says(&read, "id", manifest->id) || !comment_says(&read, "version", manifest->version))
		return kist_fail(
			err, KIST_DENIED,
			"its signature by key %s does not say 'id:%s' and 'version:%s' in its trusted "
			"comment: sign with 'kist plugin sign'",
			id, manifest->id, manifest->version);
	*ret_key = key;
	return KIST_OK;
}

kist_status kist_signed_check_at(const struct kist_grounds *grounds, int dir_fd, const char *name,
				 struct kist_view text, const struct kist_manifest *manifest,
				 const struct kist_key **ret_key, struct kist_error *err)
{
	kist_auto_buf struct kist_buf signature = KIST_BUF_INIT(KIST_MINISIGN_SIZE_MAX);
	char path[NAME_MAX + sizeof(KIST_MINISIGN_SUFFIX)];
	kist_auto_fd int fd = -1;

	snprintf(path, sizeof(path), "%.*s" KIST_MINISIGN_SUFFIX, NAME_MAX, name);
	KIST_TRY(kist_search_open_file(dir_fd, path, &fd, err));
	KIST_TRY(kist_read_all(fd, &signature, err));
	return kist_signed_check(grounds, text, manifest, kist_buf_view(&signature), kist_wall_ns(), ret_key,
				 err);
}
