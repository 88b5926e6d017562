/* SPDX-License-Identifier: Apache-2.0 */

/* Files of Keras: which classes they would make. */
#include "hdf5.h"
#include "json.h"
#include "named.h"
#include "zip_member.h"

#define CONFIG	   "config.json"
#define METADATA   "metadata.json"
#define WEIGHTS	   "model.weights.h5"
#define SCORE_SURE 92

enum { CLASS, MODULE, REGISTERED, VOCABULARY };

struct looking {
	const struct kept *kept;
	struct named named;
	struct zip zip;
	char version[JSON_TEXT_MAX];
	char model[JSON_TEXT_MAX];
	uint64_t layers;
};

/* Modules whose classes are known, and those below the last ones. */
static const char *const modules[] = {
	"keras",
	"keras.constraints",
	"keras.dtype_policies",
	"keras.initializers",
	"keras.layers",
	"keras.losses",
	"keras.metrics",
	"keras.optimizers",
	"keras.optimizers.schedules",
	"keras.quantizers",
	"keras.random",
	"keras.regularizers",
	"keras.src.models.functional",
	"keras.src.models.sequential",
	"keras.src.ops.nn",
	"keras.src.ops.numpy",
	"keras.src.random.seed_generator",
};
static const char *const folders[] = { "keras.src.optimizers.", "keras.src.backend.jax.optimizers.",
				       "keras.src.backend.tensorflow.optimizers.",
				       "keras.src.backend.torch.optimizers." };

/* Values that stand for themselves, and have no module. */
static const char *const values[] = { "__bytes__", "__ellipsis__", "__keras_tensor__",
				      "__numpy__", "__slice__",	   "__tensor__" };

/* Of these the file brings the code, or the place of it. */
static const char *const harmful[] = { "FlaxLayer", "JaxLayer", "Lambda", "TFSMLayer", "TorchModuleWrapper" };
#define COUNT(list) (sizeof(list) / sizeof((list)[0]))

static bool is_known_module(const char *module)
{
	for (size_t i = 0; i < COUNT(folders); i++) {
		if (strncmp(module, folders[i], strlen(folders[i])) == 0)
			return true;
	}
	return named_is_among(modules, COUNT(modules), module);
}

static bool is_known(const struct json_object *object)
{
	const char *const name = object->text[CLASS];

	if (object->found[CLASS] != JSON_TEXT)
		return false;
	if (object->found[MODULE] == JSON_ABSENT && object->found[REGISTERED] == JSON_ABSENT)
		return named_is_among(values, COUNT(values), name);
	if (object->found[MODULE] != JSON_TEXT || !is_known_module(object->text[MODULE]) ||
	    !named_is_class(name) || named_is_among(harmful, COUNT(harmful), name))
		return false;
	/* A name under which somebody else's class was registered. */
	return object->found[REGISTERED] == JSON_NULL || object->found[REGISTERED] == JSON_ABSENT ||
	       (object->found[REGISTERED] == JSON_TEXT && strcmp(object->text[REGISTERED], name) == 0);
}

static kist_status take_config(void *context, const struct json_object *object)
{
	struct looking *const looking = context;
	const bool is_layer = strcmp(object->text[MODULE], "keras.layers") == 0;
	char name[3 * JSON_TEXT_MAX];

	/* A list of words, or the place of a file or of a page that is read when the layer is made. */
	if (object->found[VOCABULARY] == JSON_TEXT || object->found[VOCABULARY] == JSON_LONG)
		MODEL_TRY(named_add(looking->kept->call, &looking->named, "a vocabulary in another file",
				    false));
	if (object->found[CLASS] == JSON_ABSENT && object->found[MODULE] == JSON_ABSENT)
		return KIST_OK;
	if (object->depth == 1)
		memcpy(looking->model, object->text[CLASS], sizeof(looking->model));
	looking->layers += is_layer;
	snprintf(name, sizeof(name), "%s%s%s", object->text[MODULE],
		 object->found[MODULE] == JSON_TEXT ? "." : "",
		 object->found[CLASS] == JSON_TEXT ? object->text[CLASS] : "?");
	return named_add(looking->kept->call, &looking->named, name, is_known(object));
}

static kist_status take_metadata(void *context, const struct json_object *object)
{
	struct looking *const looking = context;

	if (object->depth == 1)
		memcpy(looking->version, object->text[0], sizeof(looking->version));
	return KIST_OK;
}

static void put_text(struct model_out *out, const char *before, const char *text)
{
	model_out_text(out, before);
	if (text[0] != '\0' && model_is_utf8(text, strlen(text)))
		model_out_string(out, text, strlen(text));
	else
		model_out_text(out, "null");
}

/* What is said of the weights is said of the file in the file. */
static kist_status look_at_weights(const struct looking *looking)
{
	const struct kept *const kept = looking->kept;
	const struct zip_entry *const weights = zip_find(&looking->zip, WEIGHTS);
	zip_auto_member struct zip_member member = { .stream = NULL };
	const struct kept inner = {
		.call = kept->call, .source = &member.source, .out = kept->out, .fault = kept->fault
	};

	if (!weights)
		return KIST_OK;
	zip_member_open(&member, kept->call, kept->source, weights, kept->fault);
	return hdf5_look(&inner);
}

static kist_status look_into(struct looking *looking)
{
	const struct kept *const kept = looking->kept;
	const struct json_look config = { .names = { "class_name", "module", "registered_name",
						     "vocabulary" },
					  .take = take_config,
					  .context = looking };
	const struct json_look metadata = { .names = { "keras_version", NULL, NULL },
					    .take = take_metadata,
					    .context = looking };
	const struct zip_entry *entry;

	MODEL_TRY(zip_read(kept->call, kept->source, &looking->zip, kept->fault));
	entry = zip_find(&looking->zip, CONFIG);
	if (!entry)
		return model_fault_set(kept->fault, KIST_CORRUPT, "E_MAGIC", 0,
				       "a zip, but none of Keras: it has no " CONFIG);
	MODEL_TRY(json_look(kept->call, kept->source, entry, &config, kept->fault));
	entry = zip_find(&looking->zip, METADATA);
	if (entry)
		MODEL_TRY(json_look(kept->call, kept->source, entry, &metadata, kept->fault));
	if (kept->report)
		MODEL_TRY(zip_check_all(kept->call, kept->source, &looking->zip, kept->fault));
	put_text(kept->out, ",\"keras_version\":", looking->version);
	put_text(kept->out, ",\"model\":", looking->model);
	model_out_text(kept->out, ",\"layers\":");
	model_out_number(kept->out, looking->layers);
	named_tell(&looking->named, kept);
	return look_at_weights(looking);
}

static kist_status look(const struct kept *kept)
{
	struct looking looking = { .kept = kept };
	const kist_status status = look_into(&looking);

	named_done(&looking.named);
	zip_done(&looking.zip);
	return status;
}

static const struct kept_format format = { .type = "kist.keras", .name = "keras", .look = look };

kist_status keras_open(const struct kist_host *host, struct kist_call *call, void **ret_instance)
{
	(void)host;
	(void)call;
	*ret_instance = (void *)(uintptr_t)&format;
	return KIST_OK;
}

/* The first entry is one of the two texts. */
kist_status keras_probe(const void *head, size_t len, uint64_t total_size, int32_t *ret_score)
{
	static const char *const names[] = { METADATA, CONFIG };
	const char *name;
	const size_t name_len = zip_first_name(head, len, &name);

	(void)total_size;
	*ret_score = 0;
	for (size_t i = 0; i < COUNT(names); i++) {
		if (name_len == strlen(names[i]) && memcmp(name, names[i], name_len) == 0)
			*ret_score = SCORE_SURE;
	}
	return KIST_OK;
}
