/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_ABI_LAYOUT_H
#define TESTS_ABI_LAYOUT_H

/*
 * The layout of version 1.0, frozen: plugins that were built with it must be read forever.  A line here never changes.
 * Appending a member to a struct takes its line SIZE away, and adds one for the member.
 *
 * It is that of every 64-bit machine: tests/abi/layout.sh compiles it for more than one.
 */

/* clang-format off */
#define KIST_LAYOUT(MEMBER, SIZE) \
	MEMBER(struct kist_error, struct_size, 0) \
	MEMBER(struct kist_error, status, 4) \
	MEMBER(struct kist_error, sys_errno, 8) \
	MEMBER(struct kist_error, reserved, 12) \
	MEMBER(struct kist_error, offset, 16) \
	MEMBER(struct kist_error, code, 24) \
	MEMBER(struct kist_error, text, 56) \
	SIZE(struct kist_error, 1016) \
	MEMBER(struct kist_region, struct_size, 0) \
	MEMBER(struct kist_region, flags, 4) \
	MEMBER(struct kist_region, base, 8) \
	MEMBER(struct kist_region, len, 16) \
	MEMBER(struct kist_region, release, 24) \
	MEMBER(struct kist_region, priv, 32) \
	SIZE(struct kist_region, 40) \
	MEMBER(struct kist_object, struct_size, 0) \
	MEMBER(struct kist_object, kind, 4) \
	MEMBER(struct kist_object, flags, 8) \
	MEMBER(struct kist_object, type, 16) \
	MEMBER(struct kist_object, type_major, 24) \
	MEMBER(struct kist_object, type_minor, 28) \
	MEMBER(struct kist_object, value, 32) \
	MEMBER(struct kist_object, release, 40) \
	MEMBER(struct kist_object, priv, 48) \
	MEMBER(struct kist_object, logical, 56) \
	SIZE(struct kist_object, 64) \
	MEMBER(struct kist_tensor_map, struct_size, 0) \
	MEMBER(struct kist_tensor_map, flags, 4) \
	MEMBER(struct kist_tensor_map, ctx, 8) \
	MEMBER(struct kist_tensor_map, count, 16) \
	MEMBER(struct kist_tensor_map, meta, 24) \
	MEMBER(struct kist_tensor_map, meta_len, 32) \
	MEMBER(struct kist_tensor_map, get_name, 40) \
	MEMBER(struct kist_tensor_map, get, 48) \
	SIZE(struct kist_tensor_map, 56) \
	MEMBER(struct kist_part, struct_size, 0) \
	MEMBER(struct kist_part, flags, 4) \
	MEMBER(struct kist_part, name, 8) \
	MEMBER(struct kist_part, offset, 16) \
	MEMBER(struct kist_part, len, 24) \
	MEMBER(struct kist_part, dtype, 32) \
	MEMBER(struct kist_part, ndim, 36) \
	MEMBER(struct kist_part, shape, 40) \
	SIZE(struct kist_part, 48) \
	MEMBER(struct kist_sink, struct_size, 0) \
	MEMBER(struct kist_sink, flags, 4) \
	MEMBER(struct kist_sink, ctx, 8) \
	MEMBER(struct kist_sink, begin, 16) \
	MEMBER(struct kist_sink, write, 24) \
	MEMBER(struct kist_sink, end, 32) \
	SIZE(struct kist_sink, 40) \
	MEMBER(struct kist_source, struct_size, 0) \
	MEMBER(struct kist_source, flags, 4) \
	MEMBER(struct kist_source, ctx, 8) \
	MEMBER(struct kist_source, size, 16) \
	MEMBER(struct kist_source, read_at, 24) \
	MEMBER(struct kist_source, map, 32) \
	SIZE(struct kist_source, 40) \
	MEMBER(struct kist_layout, struct_size, 0) \
	MEMBER(struct kist_layout, flags, 4) \
	MEMBER(struct kist_layout, ctx, 8) \
	MEMBER(struct kist_layout, part, 16) \
	SIZE(struct kist_layout, 24) \
	MEMBER(struct kist_host, struct_size, 0) \
	MEMBER(struct kist_host, abi_minor, 4) \
	MEMBER(struct kist_host, ctx, 8) \
	MEMBER(struct kist_host, name, 16) \
	MEMBER(struct kist_host, version, 24) \
	MEMBER(struct kist_host, log, 32) \
	MEMBER(struct kist_host, extension, 40) \
	SIZE(struct kist_host, 48) \
	MEMBER(struct kist_call, struct_size, 0) \
	MEMBER(struct kist_call, flags, 4) \
	MEMBER(struct kist_call, host, 8) \
	MEMBER(struct kist_call, deadline_ns, 16) \
	MEMBER(struct kist_call, ctx, 24) \
	MEMBER(struct kist_call, poll, 32) \
	MEMBER(struct kist_call, progress, 40) \
	MEMBER(struct kist_call, fail, 48) \
	MEMBER(struct kist_call, alloc, 56) \
	SIZE(struct kist_call, 64) \
	MEMBER(struct kist_param, struct_size, 0) \
	MEMBER(struct kist_param, kind, 4) \
	MEMBER(struct kist_param, name, 8) \
	MEMBER(struct kist_param, integer, 16) \
	MEMBER(struct kist_param, number, 24) \
	MEMBER(struct kist_param, string, 32) \
	MEMBER(struct kist_param, string_len, 40) \
	SIZE(struct kist_param, 48) \
	MEMBER(struct kist_params, struct_size, 0) \
	MEMBER(struct kist_params, count, 4) \
	MEMBER(struct kist_params, list, 8) \
	MEMBER(struct kist_params, json, 16) \
	MEMBER(struct kist_params, json_len, 24) \
	SIZE(struct kist_params, 32) \
	MEMBER(struct kist_report, struct_size, 0) \
	MEMBER(struct kist_report, flags, 4) \
	MEMBER(struct kist_report, ctx, 8) \
	MEMBER(struct kist_report, issue, 16) \
	SIZE(struct kist_report, 24) \
	MEMBER(ArtifactTaskInterface, struct_size, 0) \
	MEMBER(ArtifactTaskInterface, reserved, 4) \
	MEMBER(ArtifactTaskInterface, caps, 8) \
	MEMBER(ArtifactTaskInterface, open, 16) \
	MEMBER(ArtifactTaskInterface, close, 24) \
	MEMBER(ArtifactTaskInterface, serialize, 32) \
	MEMBER(ArtifactTaskInterface, deserialize, 40) \
	MEMBER(ArtifactTaskInterface, validate, 48) \
	MEMBER(ArtifactTaskInterface, probe, 56) \
	MEMBER(ArtifactTaskInterface, layout, 64) \
	MEMBER(ArtifactTaskInterface, describe, 72) \
	SIZE(ArtifactTaskInterface, 80) \
	MEMBER(struct kist_type_decl, struct_size, 0) \
	MEMBER(struct kist_type_decl, kinds, 4) \
	MEMBER(struct kist_type_decl, type, 8) \
	MEMBER(struct kist_type_decl, task, 16) \
	MEMBER(struct kist_type_decl, major, 24) \
	MEMBER(struct kist_type_decl, minor, 28) \
	MEMBER(struct kist_type_decl, priority, 32) \
	MEMBER(struct kist_type_decl, reserved, 36) \
	MEMBER(struct kist_type_decl, interface, 40) \
	SIZE(struct kist_type_decl, 48) \
	MEMBER(struct kist_task_decl, struct_size, 0) \
	MEMBER(struct kist_task_decl, reserved, 4) \
	MEMBER(struct kist_task_decl, name, 8) \
	MEMBER(struct kist_task_decl, signature, 16) \
	MEMBER(struct kist_task_decl, function, 24) \
	SIZE(struct kist_task_decl, 32) \
	MEMBER(struct kist_plugin, struct_size, 0) \
	MEMBER(struct kist_plugin, abi_minor_built, 4) \
	MEMBER(struct kist_plugin, abi_minor_required, 8) \
	MEMBER(struct kist_plugin, reserved, 12) \
	MEMBER(struct kist_plugin, id, 16) \
	MEMBER(struct kist_plugin, version, 24) \
	MEMBER(struct kist_plugin, type_count, 32) \
	MEMBER(struct kist_plugin, types, 40) \
	MEMBER(struct kist_plugin, task_count, 48) \
	MEMBER(struct kist_plugin, tasks, 56) \
	MEMBER(struct kist_plugin, extension, 64) \
	SIZE(struct kist_plugin, 72) \
	MEMBER(struct kist_note, namesz, 0) \
	MEMBER(struct kist_note, descsz, 4) \
	MEMBER(struct kist_note, type, 8) \
	MEMBER(struct kist_note, name, 12) \
	MEMBER(struct kist_note, major, 20) \
	MEMBER(struct kist_note, minor_built, 24) \
	MEMBER(struct kist_note, minor_required, 28) \
	MEMBER(struct kist_note, flags, 32) \
	MEMBER(struct kist_note, id, 36) \
	SIZE(struct kist_note, 132) \
	MEMBER(DLManagedTensorVersioned, version, 0) \
	MEMBER(DLManagedTensorVersioned, manager_ctx, 8) \
	MEMBER(DLManagedTensorVersioned, deleter, 16) \
	MEMBER(DLManagedTensorVersioned, flags, 24) \
	MEMBER(DLManagedTensorVersioned, dl_tensor, 32) \
	SIZE(DLManagedTensorVersioned, 80) \
	MEMBER(DLTensor, data, 0) \
	MEMBER(DLTensor, device, 8) \
	MEMBER(DLTensor, ndim, 16) \
	MEMBER(DLTensor, dtype, 20) \
	MEMBER(DLTensor, shape, 24) \
	MEMBER(DLTensor, strides, 32) \
	MEMBER(DLTensor, byte_offset, 40) \
	SIZE(DLTensor, 48) \
	MEMBER(struct ArrowSchema, format, 0) \
	MEMBER(struct ArrowSchema, name, 8) \
	MEMBER(struct ArrowSchema, metadata, 16) \
	MEMBER(struct ArrowSchema, flags, 24) \
	MEMBER(struct ArrowSchema, n_children, 32) \
	MEMBER(struct ArrowSchema, children, 40) \
	MEMBER(struct ArrowSchema, dictionary, 48) \
	MEMBER(struct ArrowSchema, release, 56) \
	MEMBER(struct ArrowSchema, private_data, 64) \
	SIZE(struct ArrowSchema, 72) \
	MEMBER(struct ArrowArray, length, 0) \
	MEMBER(struct ArrowArray, null_count, 8) \
	MEMBER(struct ArrowArray, offset, 16) \
	MEMBER(struct ArrowArray, n_buffers, 24) \
	MEMBER(struct ArrowArray, n_children, 32) \
	MEMBER(struct ArrowArray, buffers, 40) \
	MEMBER(struct ArrowArray, children, 48) \
	MEMBER(struct ArrowArray, dictionary, 56) \
	MEMBER(struct ArrowArray, release, 64) \
	MEMBER(struct ArrowArray, private_data, 72) \
	SIZE(struct ArrowArray, 80) \
	MEMBER(struct ArrowArrayStream, get_schema, 0) \
	MEMBER(struct ArrowArrayStream, get_next, 8) \
	MEMBER(struct ArrowArrayStream, get_last_error, 16) \
	MEMBER(struct ArrowArrayStream, release, 24) \
	MEMBER(struct ArrowArrayStream, private_data, 32) \
	SIZE(struct ArrowArrayStream, 40)
/* clang-format on */

#endif
