/* SPDX-License-Identifier: Apache-2.0 */
#include "numpy_kernel.h"

typedef int placeholder;
