/* SPDX-License-Identifier: Apache-2.0 */
#include "flow/convert.h"
#include "care/verify.h"

kist_status kist_verify_by_plugin(struct kist_flow *flow, const struct kist_artifact *artifact,
				  struct kist_error *err)
{
	kist_auto_object_reader struct kist_object_reader reader = KIST_OBJECT_READER_INIT;
	kist_auto_json json_t *params = NULL;
	struct kist_serializer_ref serializer;
	struct kist_route_target target;
	struct kist_input input;

	KIST_TRY(kist_stored_target(flow, artifact->record, &target, err));
	KIST_TRY(kist_flow_serializer(flow, &target, false, kist_record_read_params(artifact->record),
				      &serializer, &params, err));
	KIST_TRY(kist_object_reader_open(flow, artifact->record, &reader, err));
	input = kist_object_reader_input(&reader);
	return kist_worker_validate(flow->worker, &serializer, &input, NULL, NULL, err);
}
