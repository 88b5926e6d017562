# SPDX-License-Identifier: Apache-2.0
#
# Slices of arrays and tensors, against numpy: the same bytes.
python_with python3-numpy numpy
expect 0 kist init
[ "${KIST_FAULTS:-}" = long ] && tries=200 || tries=6
"$python" "$top_srcdir/tests/interop/partial.py" $tries || fail 'a slice is not what numpy makes of it'
