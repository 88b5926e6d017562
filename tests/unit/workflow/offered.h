/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_UNIT_WORKFLOW_OFFERED_H
#define TESTS_UNIT_WORKFLOW_OFFERED_H

#include "support/must.h"
#include "workflow/offer.h"

/*
 * What plugins offer, made up for tests:
 *
 *     load(path: string) -> loaded: tensor                    scale(array: tensor, factor: number) -> scaled: tensor
 *     sample(rows: integer, seed: integer = 0) -> array: tensor    split(array: tensor) -> left: tensor, right: tensor
 *     summarize(table: {union: [table, tensor]}, names: {list: string} = []) -> text: string
 *     same: offered by two plugins        touch(anything: any) -> (nothing)      about(point: {x:, y:}) -> any
 *     NumpyArrayArtifactTask(fortran_order: boolean = false, version: integer 1..3): writes tensor
 *     CsvTableArtifactTask(delimiter: "comma"|"tab", required): writes table
 */

struct offered {
	struct kist_offer *offer;
	struct kist_schema *array_schema;
	struct kist_schema *table_schema;
	json_t *zero;
	json_t *none;
};

static inline struct kist_schema *offered_schema(const char *text)
{
	kist_auto_json json_t *value = json_loads(text, 0, NULL);
	struct kist_schema *schema = NULL;

	must(value && kist_schema_parse(value, &schema, NULL) == KIST_OK);
	return schema;
}

static inline const struct kist_type *offered_type(struct offered *offered, const char *text)
{
	kist_auto_json json_t *value = json_loads(text, JSON_DECODE_ANY, NULL);
	const struct kist_type *type = NULL;

	must(value &&
	     kist_types_parse(kist_offer_types(offered->offer), value, &type, NULL, NULL) == KIST_OK);
	return type;
}

static inline void offered_function(struct offered *offered, const char *plugin, const char *name,
				    size_t input_count, const struct kist_offer_input *inputs,
				    size_t output_count, const struct kist_offer_output *outputs)
{
	const struct kist_offer_function function = { .plugin = plugin,
						      .name = name,
						      .input_count = input_count,
						      .inputs = inputs,
						      .output_count = output_count,
						      .outputs = outputs };

	must(kist_offer_add_function(offered->offer, &function, NULL) == KIST_OK);
}

static inline void offered_functions(struct offered *offered)
{
	const struct kist_offer_input load[] = { { "path", &kist_type_string, NULL } };
	const struct kist_offer_input scale[] = { { "array", &kist_type_tensor, NULL },
						  { "factor", &kist_type_number, NULL } };
	const struct kist_offer_input sample[] = { { "rows", &kist_type_integer, NULL },
						   { "seed", &kist_type_integer, offered->zero } };
	const struct kist_offer_input summarize[] = {
		{ "table", offered_type(offered, "{\"union\": [\"table\", \"tensor\"]}"), NULL },
		{ "names", offered_type(offered, "{\"list\": \"string\"}"), offered->none }
	};
	const struct kist_offer_input touch[] = { { "anything", &kist_type_any, NULL } };
	const struct kist_offer_input about[] = {
		{ "point", offered_type(offered, "{\"mapping\": {\"x\": \"number\", \"y\": \"number\"}}"),
		  NULL }
	};
	const struct kist_offer_output tensor[] = { { "array", &kist_type_tensor } };
	const struct kist_offer_output halves[] = { { "left", &kist_type_tensor },
						    { "right", &kist_type_tensor } };
	const struct kist_offer_output text[] = { { "text", &kist_type_string } };
	const struct kist_offer_output any[] = { { "result", &kist_type_any } };

	offered_function(offered, "org.example.demo", "load", 1, load, 1, tensor);
	offered_function(offered, "org.example.demo", "scale", 2, scale, 1, tensor);
	offered_function(offered, "org.example.demo", "sample", 2, sample, 1, tensor);
	offered_function(offered, "org.example.demo", "split", 1, scale, 2, halves);
	offered_function(offered, "org.example.demo", "summarize", 2, summarize, 1, text);
	offered_function(offered, "org.example.demo", "touch", 1, touch, 0, NULL);
	offered_function(offered, "org.example.demo", "about", 1, about, 1, any);
	offered_function(offered, "org.example.demo", "same", 1, touch, 1, any);
	offered_function(offered, "org.example.other", "same", 1, touch, 1, any);
}

static inline void offered_init(struct offered *offered)
{
	struct kist_offer_artifact array = { .plugin = "kist.numpy", .name = "NumpyArrayArtifactTask" };
	struct kist_offer_artifact table = { .plugin = "kist.csv", .name = "CsvTableArtifactTask" };

	*offered = (struct offered){ .zero = json_integer(0), .none = json_array() };
	must(kist_offer_new(&offered->offer, NULL) == KIST_OK);
	offered->array_schema =
		offered_schema("{\"fortran_order\": {\"type\": \"boolean\", \"default\": false},"
			       " \"version\": {\"type\": \"integer\", \"minimum\": 1,"
			       " \"maximum\": 3}}");
	offered->table_schema = offered_schema("{\"delimiter\": {\"type\": \"string\", \"required\": true,"
					       " \"enum\": [\"comma\", \"tab\"]}}");
	offered_functions(offered);
	array.schema = offered->array_schema;
	array.contents = &kist_type_tensor;
	table.schema = offered->table_schema;
	table.contents = &kist_type_table;
	must(kist_offer_add_artifact(offered->offer, &array, NULL) == KIST_OK);
	must(kist_offer_add_artifact(offered->offer, &table, NULL) == KIST_OK);
}

static inline void offered_done(struct offered *offered)
{
	kist_offer_free(offered->offer);
	kist_schema_free(offered->array_schema);
	kist_schema_free(offered->table_schema);
	json_decref(offered->zero);
	json_decref(offered->none);
}

#endif
