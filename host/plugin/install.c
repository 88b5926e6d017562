/* SPDX-License-Identifier: Apache-2.0 */
#include "plugin/install.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/beneath.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/time.h"
#include "plugin/field.h"
#include "plugin/search.h"
#include "plugin/stage.h"

/* What is to be installed, as it was read. */
struct source {
	int dir_fd;
	char name[NAME_MAX + 1]; /* of the manifest */
	struct kist_buf text;
	struct kist_buf signature; /* empty: there is none */
	struct kist_manifest *manifest;
	struct kist_digest digest;
	uint64_t signer;
};

static void source_done(struct source *source)
{
	kist_fd_close(&source->dir_fd);
	kist_buf_done(&source->text);
	kist_buf_done(&source->signature);
	kist_manifest_free(source->manifest);
}

static kist_status take_name(void *ctx, const char *name, struct kist_error *err)
{
	struct source *source = ctx;

	if (!kist_manifest_is_name(name))
		return KIST_OK;
	if (source->name[0])
		return kist_fail(err, KIST_INVALID,
				 "there are two manifests, '%s' and '%s': name the one to install",
				 source->name, name);
	snprintf(source->name, sizeof(source->name), "%s", name);
	return KIST_OK;
}

/* Opens the folder, and finds the manifest's name in it. */
static kist_status find_manifest(const char *path, struct source *source, struct kist_error *err)
{
	const char *slash = strrchr(path, '/');
	char folder[PATH_MAX];
	struct stat info;

	if (stat(path, &info) != 0)
		return kist_fail(err, KIST_NOT_FOUND, "'%s' is not there", path);
	if (S_ISDIR(info.st_mode)) {
		KIST_TRY(kist_open_at(AT_FDCWD, path, O_RDONLY | O_DIRECTORY, 0, &source->dir_fd, err));
		KIST_TRY(kist_search_names(source->dir_fd, take_name, source, err));
		return source->name[0]
			       ? KIST_OK
			       : kist_fail(err, KIST_INVALID,
					   "'%s' holds no manifest, '<id>" KIST_MANIFEST_SUFFIX "'", path);
	}
	if (!kist_manifest_is_name(path))
		return kist_fail(err, KIST_INVALID,
				 "'%s' is neither a manifest, '<id>" KIST_MANIFEST_SUFFIX
				 "', nor a folder with one: unpack an "
				 "archive first",
				 path);
	if (snprintf(folder, sizeof(folder), "%.*s", slash ? (int)(slash - path) + 1 : 1,
		     slash ? path : ".") >= (int)sizeof(folder) ||
	    snprintf(source->name, sizeof(source->name), "%s", slash ? slash + 1 : path) >=
		    (int)sizeof(source->name))
		return kist_fail(err, KIST_INVALID, "'%s' is too long", path);
	return kist_open_at(AT_FDCWD, folder, O_RDONLY | O_DIRECTORY, 0, &source->dir_fd, err);
}

/* A regular file in the source: no link, and no pipe that would hold us up.  Whoever owns it. */
static kist_status open_file(const struct source *source, const char *name, int *ret_fd,
			     struct kist_error *err)
{
	kist_auto_fd int fd = -1;
	struct stat info;

	KIST_TRY(kist_open_beneath(source->dir_fd, name, O_RDONLY | O_NONBLOCK | O_NOCTTY, 0, false, &fd,
				   err));
	if (fstat(fd, &info) != 0 || !S_ISREG(info.st_mode))
		return kist_fail(err, KIST_DENIED, "'%s' is not a regular file", name);
	*ret_fd = kist_fd_move(&fd);
	return KIST_OK;
}

static kist_status read_file(const struct source *source, const char *name, struct kist_buf *ret,
			     struct kist_error *err)
{
	kist_auto_fd int fd = -1;

	KIST_TRY(open_file(source, name, &fd, err));
	return kist_read_all(fd, ret, err);
}

static kist_status read_source(const char *path, struct source *source, struct kist_error *err)
{
	struct kist_error why = KIST_ERROR_INIT;
	char name[NAME_MAX + sizeof(KIST_MINISIGN_SUFFIX)];
	kist_status status;

	KIST_TRY(find_manifest(path, source, err));
	KIST_TRY(read_file(source, source->name, &source->text, err));
	source->digest = kist_digest_of(kist_buf_view(&source->text));
	KIST_TRY(kist_manifest_parse(kist_buf_view(&source->text), &source->manifest, err));
	if (!kist_manifest_is_name_of(source->name, source->manifest->id))
		return kist_fail(err, KIST_INVALID,
				 "must be called '%s" KIST_MANIFEST_SUFFIX "', after its id",
				 source->manifest->id);
	if (kist_id_is_own(source->manifest->id))
		return kist_fail(err, KIST_DENIED,
				 "ids under 'kist.' are those of plugins that come with kist");
	snprintf(name, sizeof(name), "%s" KIST_MINISIGN_SUFFIX, source->name);
	status = read_file(source, name, &source->signature, &why);
	return status == KIST_OK || status == KIST_NOT_FOUND ? KIST_OK : kist_fail_as(err, status, &why);
}

static kist_status ask(const struct source *source, const char *reason, struct kist_error *err)
{
	char hex[KIST_DIGEST_HEX_SIZE];

	kist_digest_hex(&source->digest, hex);
	return kist_fail(
		err, KIST_DENIED,
		"%s; 'kist plugin install --trust' takes it all the same, if you know where it comes from "
		"(SHA-256 of the manifest: %s)",
		reason, hex);
}

/* A signature that is there must be sound; whose it is does not count when the user vouches. */
static kist_status decide(struct source *source, const struct kist_install_options *options,
			  struct kist_error *err)
{
	kist_auto_grounds struct kist_grounds grounds = KIST_GROUNDS_INIT;
	struct kist_minisign signature;
	const struct kist_key *key;
	char note[512];

	KIST_TRY(kist_grounds_load(options->config_dir, options->site_config, &grounds, note, sizeof(note),
				   err));
	KIST_TRY(kist_grounds_check_revoked(&grounds, &source->digest, source->manifest, 0, err));
	if (source->signature.size == 0)
		return options->by_hand ? KIST_OK : ask(source, "it is not signed", err);
	KIST_TRY(kist_minisign_read(kist_buf_view(&source->signature), &signature, err));
	if (!kist_keys_find(&grounds.keys, signature.key_id) && options->by_hand)
		return KIST_OK;
	if (!kist_keys_find(&grounds.keys, signature.key_id))
		return ask(source, "it is signed by a key that is not known here ('kist plugin key add')",
			   err);
	KIST_TRY(kist_signed_check(&grounds, kist_buf_view(&source->text), source->manifest,
				   kist_buf_view(&source->signature), kist_wall_ns(), &key, err));
	source->signer = key->public.id;
	return KIST_OK;
}

static kist_status fill_stage(const struct source *source, const struct kist_plugin_stage *stage,
			      struct kist_error *err)
{
	const struct kist_manifest *manifest = source->manifest;
	char name[NAME_MAX + sizeof(KIST_MINISIGN_SUFFIX)];
	kist_auto_fd int fd = -1;

	KIST_TRY(kist_plugin_stage_write(stage, source->name, kist_buf_view(&source->text), err));
	snprintf(name, sizeof(name), "%s" KIST_MINISIGN_SUFFIX, source->name);
	if (source->signature.size > 0)
		KIST_TRY(kist_plugin_stage_write(stage, name, kist_buf_view(&source->signature), err));
	if (manifest->is_system)
		return KIST_OK;
	KIST_TRY(open_file(source, manifest->library_file, &fd, err));
	return kist_plugin_stage_copy(stage, manifest->library_file, fd, manifest->library_size, err);
}

/* What lies in the stage is what will be loaded: it is looked at as then. */
static kist_status check_stage(const struct source *source, const struct kist_plugin_stage *stage,
			       struct kist_error *err)
{
	char path[PATH_MAX];
	const struct kist_catalog_entry entry = {
		.manifest = source->manifest,
		.path = path,
		.tier = KIST_TIER_USER,
		.digest = source->digest,
		.refusal = KIST_ERROR_INIT,
	};
	kist_auto_fd int fd = -1;

	if (snprintf(path, sizeof(path), "%s/%s/%s", stage->parent, stage->name, source->name) >=
	    (int)sizeof(path))
		return kist_fail(err, KIST_INVALID, "the path of the plugin folder is too long");
	return kist_catalog_open_library(&entry, &fd, err);
}

static void tell(const struct source *source, const struct kist_plugin_stage *stage,
		 struct kist_installed *ret)
{
	snprintf(ret->id, sizeof(ret->id), "%s", source->manifest->id);
	snprintf(ret->version, sizeof(ret->version), "%s", source->manifest->version);
	snprintf(ret->path, sizeof(ret->path), "%s/%s/%s", stage->parent, ret->id, source->name);
	ret->digest = source->digest;
	ret->signer = source->signer;
}

static kist_status install(struct source *source, const struct kist_install_options *options,
			   struct kist_installed *ret, struct kist_error *err)
{
	kist_auto_plugin_stage struct kist_plugin_stage stage = KIST_PLUGIN_STAGE_INIT;
	struct kist_trust_pin pin = { .digest = source->digest,
				      .manifest = source->manifest,
				      .signer = source->signer,
				      .allow_downgrade = options->allow_downgrade };

	KIST_TRY(kist_catalog_measure(source->manifest, err));
	KIST_TRY(kist_plugin_stage_lock(options->plugins_dir, &stage, err));
	KIST_TRY(kist_plugin_stage_make(&stage, err));
	KIST_TRY(fill_stage(source, &stage, err));
	KIST_TRY(check_stage(source, &stage, err));
	/* The old pin and the new one until the old one's plugin is gone: nobody finds a plugin that is not pinned. */
	KIST_TRY(kist_trust_admit(options->config_dir, &pin, err));
	tell(source, &stage, ret);
	KIST_TRY(kist_plugin_stage_place(&stage, source->manifest->id, &ret->replaced, err));
	return kist_trust_keep_only(options->config_dir, source->manifest->id, &source->digest, err);
}

kist_status kist_install(const char *path, const struct kist_install_options *options,
			 struct kist_installed *ret, struct kist_error *err)
{
	__attribute__((cleanup(source_done))) struct source source = {
		.dir_fd = -1,
		.text = KIST_BUF_INIT(KIST_MANIFEST_SIZE_MAX),
		.signature = KIST_BUF_INIT(KIST_MINISIGN_SIZE_MAX),
	};

	KIST_TRY(read_source(path, &source, err));
	KIST_TRY(decide(&source, options, err));
	return install(&source, options, ret, err);
}

kist_status kist_uninstall(const char *plugins_dir, const char *config_dir, const char *id,
			   struct kist_error *err)
{
	kist_auto_plugin_stage struct kist_plugin_stage stage = KIST_PLUGIN_STAGE_INIT;

	/* An id has no slash and does not begin with a dot: it cannot lead out. */
	if (!kist_name_dotted(id, KIST_ID_SIZE))
		return kist_fail(err, KIST_NOT_FOUND, "there is no plugin '%s'", id);
	KIST_TRY(kist_plugin_stage_lock(plugins_dir, &stage, err));
	KIST_TRY(kist_plugin_stage_take_away(&stage, id, err));
	return kist_trust_keep_only(config_dir, id, NULL, err);
}
