/* SPDX-License-Identifier: Apache-2.0 */
#include "pack/filter_ops_kernel.h"

/* Without vectors: every other processor, and what the others are compared with. */
#define OPS_TARGET
#define OPS_VECTOR 0
#define OPS_TABLE  kist_filter_ops_scalar

#include "pack/filter_ops_body_kernel.h"
