/* SPDX-License-Identifier: Apache-2.0 */
#include "model_kernel.h"

typedef int placeholder;
