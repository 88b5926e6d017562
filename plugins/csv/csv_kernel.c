/* SPDX-License-Identifier: Apache-2.0 */
#include "csv_kernel.h"

typedef int placeholder;
