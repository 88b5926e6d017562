/* SPDX-License-Identifier: Apache-2.0 */

/*
 * What cannot be compiled for a machine whose layout is another.  Not a program: tests/abi/layout.sh compiles it.
 */
#include "abi/layout.h"
#include "kist/plugin.h"

#define MEMBER(type, member, frozen)                                                                         \
	_Static_assert(offsetof(type, member) == (frozen), #type "." #member " is not at " #frozen);
#define SIZE(type, frozen) _Static_assert(sizeof(type) == (frozen), "sizeof " #type " is not " #frozen);

KIST_LAYOUT(MEMBER, SIZE)

_Static_assert(sizeof(void *) == 8 && sizeof(void (*)(void)) == 8 && sizeof(int) == 4, "a 64-bit machine");
_Static_assert(sizeof(kist_status) == 4 && sizeof(DLDeviceType) == 4 && sizeof(DLDataType) == 4, "widths");
