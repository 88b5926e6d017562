/* SPDX-License-Identifier: Apache-2.0 */

/* Every method over the same bytes: what is sound to one is to all, and every tensor can be read. */
#include "fuzz/fuzz.h"
#include "fuzz/fuzz_model.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	fuzz_model("kist.onnx", data, size);
	return 0;
}
