#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# cdc_vectors.h is what cdc_vectors.py makes: an implementation that shares nothing with host/pack/cdc.c.
set -eu
command -v python3 > /dev/null || { echo "SKIP: python3 is not there"; exit 77; }
folder=$top_srcdir/tests/unit/pack
python3 "$folder/cdc_vectors.py" | diff "$folder/cdc_vectors.h" -
