/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MODEL_ONNX_ORDER_H
#define MODEL_ONNX_ORDER_H

#include "onnx.h"

/*
 * The order of nodes: in each graph, and in each function, a node takes what is given, or what a node before it made.
 *
 * Looked at is what a node names as its inputs; what graphs within it take from around them is not, and in such a graph
 * what nothing makes may come from there.
 *
 * Limits: ONNX_VALUES_MAX; a graph that has more is not looked at.
 * Thread: a struct is used by one thread at a time.
 * Source: onnx, docs/IR.md, "Graphs" and "Names Within a Graph"; checker.cc.
 */

/** Names of values in a graph, of its nodes' inputs, and nodes. */
#define ONNX_VALUES_MAX ((size_t)1 << 20)

/**
 * onnx_check_order() - Warns of the first node in the whole file that takes what a later one makes (E_ORDER, and E_CYCLE
 * where no order would do), of the first value that nothing makes (E_VALUE), and of the first that two nodes make
 * (E_DUPLICATE).
 *
 * @onnx: With a reader of a model that was read without fault.
 *
 * Errors: KIST_NO_MEMORY, and what the source and poll give.
 */
kist_status onnx_check_order(struct onnx *onnx, struct kist_report *report);

#endif
