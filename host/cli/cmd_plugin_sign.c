/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/time.h"
#include "cli/commands.h"
#include "cli/output.h"
#include "cli/signing.h"

#define NS_OF_SECOND 1000000000

/* Making a key ------------------------------------------------------------------------------------- */

static const struct kist_option keygen_options[] = {
	{ .name = "key",
	  .argument = "FILE",
	  .help = "where the secret key goes; else ~/.config/kist/sign.key" },
	{ .name = NULL },
};

/* "sign.key" goes with "sign.pub", "mine" with "mine.pub". */
static kist_status public_path(const char *secret, char ret[static PATH_MAX], struct kist_error *err)
{
	const char *slash = strrchr(secret, '/');
	const char *dot = strrchr(slash ? slash : secret, '.');
	const size_t len = dot && strcmp(dot, ".key") == 0 ? (size_t)(dot - secret) : strlen(secret);

	if (snprintf(ret, PATH_MAX, "%.*s.pub", (int)len, secret) >= PATH_MAX)
		return kist_fail(err, KIST_INVALID, "a path is longer than %d bytes", PATH_MAX - 1);
	return KIST_OK;
}

/* A key that is lost by being written over cannot be had again. */
static kist_status write_new(const char *path, struct kist_view bytes, mode_t mode, struct kist_error *err)
{
	kist_auto_fd int fd = -1;
	const kist_status status =
		kist_open_at(AT_FDCWD, path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, mode, &fd, NULL);

	if (status == KIST_EXISTS)
		return kist_fail(err, KIST_EXISTS, "'%s' is there already, and a key is not written over",
				 path);
	if (status != KIST_OK)
		return kist_fail(err, status, "cannot make '%s'", path);
	KIST_TRY(kist_write_all(fd, bytes, err));
	return kist_sync_fd(fd, err);
}

static kist_status write_pair(struct kist_cli *cli, const struct kist_secret_key *key, const char *secret,
			      const char *public, struct kist_error *err)
{
	kist_auto_buf struct kist_buf text = KIST_BUF_INIT(KIST_MINISIGN_SIZE_MAX);
	kist_auto_buf struct kist_buf public_text = KIST_BUF_INIT(KIST_MINISIGN_SIZE_MAX);
	kist_status status;

	KIST_TRY(kist_public_key_write(&key->public, &public_text, err));
	KIST_TRY(kist_secret_key_write(key, &text, err));
	if (!kist_cli_has(cli, "key"))
		KIST_TRY(kist_mkdirs_at(AT_FDCWD, cli->paths.config_dir, 0700, err));
	status = write_new(secret, kist_buf_view(&text), 0600, err);
	explicit_bzero(text.data, text.size);
	KIST_TRY(status);
	return write_new(public, kist_buf_view(&public_text), 0644, err);
}

static kist_status keygen(struct kist_cli *cli, struct kist_error *err)
{
	struct kist_secret_key key;
	struct kist_signing place;
	char public[PATH_MAX];
	char id[KIST_KEY_ID_SIZE];
	kist_status status;

	KIST_TRY(kist_signing_find(cli, &place, err));
	KIST_TRY(public_path(place.secret, public, err));
	KIST_TRY(kist_secret_key_make(&key, err));
	status = write_pair(cli, &key, place.secret, public, err);
	kist_key_id_text(key.public.id, id);
	kist_secret_key_done(&key);
	KIST_TRY(status);
	if (cli->json)
		return kist_print_json_take(
			kist_json_with_path(
				kist_json_with_path(json_pack("{s:s}", "key", id), "secret", place.secret),
				"public", public),
			err);
	if (!cli->quiet)
		printf("key %s\nsecret: %s; nobody else may have it, and no password protects it\n"
		       "public: %s; who adds it with 'kist plugin key add' takes what you sign\n",
		       id, place.secret, public);
	return KIST_OK;
}

static enum kist_exit run_keygen(struct kist_cli *cli)
{
	struct kist_error err = KIST_ERROR_INIT;

	return keygen(cli, &err) == KIST_OK ? KIST_EXIT_DONE : kist_cli_fail(cli, &err, false);
}

const struct kist_command kist_command_plugin_keygen = {
	.name = "plugin keygen",
	.arguments = "",
	.summary = "make a pair of keys to sign your plugins with",
	.options = keygen_options,
	.run = run_keygen,
};

/* Signing ------------------------------------------------------------------------------------------ */

static const struct kist_option sign_options[] = {
	{ .name = "key", .argument = "FILE", .help = "the secret key; else ~/.config/kist/sign.key" },
	{ .name = NULL },
};

/* Who else can read a secret key can sign as well. */
static kist_status read_key(const char *path, struct kist_secret_key *ret, struct kist_error *err)
{
	kist_auto_buf struct kist_buf text = KIST_BUF_INIT(KIST_MINISIGN_SIZE_MAX);
	kist_auto_fd int fd = -1;
	struct stat info;
	kist_status status;

	if (kist_open_at(AT_FDCWD, path, O_RDONLY | O_NONBLOCK | O_NOCTTY, 0, &fd, err) != KIST_OK)
		return err->status == KIST_NOT_FOUND
			       ? kist_fail_context(err, "no key to sign with; 'kist plugin keygen' makes one")
			       : err->status;
	if (fstat(fd, &info) != 0 || !S_ISREG(info.st_mode))
		return kist_fail(err, KIST_INVALID, "'%s' is not a file", path);
	if (info.st_mode & (S_IRWXG | S_IRWXO))
		return kist_fail(err, KIST_DENIED,
				 "others can read the secret key '%s': run 'chmod 600' on it", path);
	KIST_TRY(kist_read_all(fd, &text, err));
	status = kist_secret_key_read(kist_buf_view(&text), ret, err);
	explicit_bzero(text.data, text.size);
	return status == KIST_OK ? KIST_OK : kist_fail_context(err, "'%s'", path);
}

static kist_status write_signature(const struct kist_secret_key *key,
				   const struct kist_signing_manifest *manifest, struct kist_error *err)
{
	kist_auto_buf struct kist_buf text = KIST_BUF_INIT(KIST_MINISIGN_SIZE_MAX);
	char comment[KIST_MINISIGN_COMMENT_SIZE];
	char name[NAME_MAX + sizeof(KIST_MINISIGN_SUFFIX)];

	snprintf(comment, sizeof(comment), "id:%s\tversion:%s\ttimestamp:%" PRId64, manifest->manifest->id,
		 manifest->manifest->version, kist_wall_ns() / NS_OF_SECOND);
	KIST_TRY(kist_minisign_write(key, kist_buf_view(&manifest->text), comment, &text, err));
	snprintf(name, sizeof(name), "%.*s" KIST_MINISIGN_SUFFIX, NAME_MAX, manifest->name);
	return kist_replace_file_at(manifest->dir_fd, name, kist_buf_view(&text), 0644, true, err);
}

static kist_status sign(struct kist_cli *cli, const char *path, json_t *list, struct kist_error *err)
{
	kist_auto_signing_manifest struct kist_signing_manifest manifest = KIST_SIGNING_MANIFEST_INIT;
	struct kist_secret_key key;
	struct kist_signing place;
	char id[KIST_KEY_ID_SIZE];
	char signature[PATH_MAX + sizeof(KIST_MINISIGN_SUFFIX)];
	kist_status status;

	KIST_TRY(kist_signing_find(cli, &place, err));
	KIST_TRY(kist_signing_read(path, &manifest, err));
	/* What nobody could load is not signed. */
	KIST_TRY(kist_signing_check_library(path, &manifest, err));
	KIST_TRY(read_key(place.secret, &key, err));
	status = write_signature(&key, &manifest, err);
	kist_key_id_text(key.public.id, id);
	kist_secret_key_done(&key);
	KIST_TRY(status);
	snprintf(signature, sizeof(signature), "%s" KIST_MINISIGN_SUFFIX, path);
	if (json_array_append_new(
		    list, kist_json_with_path(json_pack("{s:s,s:s,s:s}", "id", manifest.manifest->id,
							"version", manifest.manifest->version, "key", id),
					      "signature", signature)) != 0)
		return kist_fail_memory(err, sizeof(json_t));
	if (!cli->quiet && !cli->json)
		printf("signed: %s %s by key %s, in '%s'\n", manifest.manifest->id,
		       manifest.manifest->version, id, signature);
	return KIST_OK;
}

static enum kist_exit run_sign(struct kist_cli *cli)
{
	return kist_signing_each(cli, sign);
}

const struct kist_command kist_command_plugin_sign = {
	.name = "plugin sign",
	.arguments = "MANIFEST...",
	.summary = "sign plugins, as minisign does",
	.options = sign_options,
	.arguments_min = 1,
	.arguments_max = SIZE_MAX,
	.run = run_sign,
};
