# SPDX-License-Identifier: Apache-2.0
"""Keeps an array by joblib or by zarr, as a peer of kist in a benchmark.

    arrays.py joblib|zarr put ARRAY STORE
    arrays.py joblib|zarr get ARRAY STORE

ARRAY is a .npy, or a .safetensors of one type, which is taken as one row of 16-bit numbers.  The milliseconds that the
work took, without starting Python and its libraries, are written to ./took.  "get" leaves the array in memory.
"""

import json
import sys
import time

import numpy

# The fastest size of a chunk for both, of those tried.
CHUNK_COUNT = 1 << 20


def open_array(path):
    if path.endswith(".npy"):
        return numpy.load(path, mmap_mode="r")
    with open(path, "rb") as file:
        head = int.from_bytes(file.read(8), "little")
        json.loads(file.read(head))
    return numpy.memmap(path, dtype="<u2", mode="r", offset=8 + head)


def zarr_put(array, place):
    import zarr
    from zarr.codecs import BloscCodec

    def put():
        kept = zarr.create_array(
            store=place,
            shape=array.shape,
            chunks=(CHUNK_COUNT,),
            dtype=array.dtype,
            compressors=BloscCodec(cname="zstd", clevel=1, shuffle="shuffle"),
        )
        kept[:] = array

    return put


def zarr_get(place):
    import zarr

    return lambda: zarr.open_array(place, mode="r")[:]


def joblib_put(array, place):
    import joblib

    return lambda: joblib.dump(array, place)


def joblib_get(place):
    import joblib

    return lambda: joblib.load(place)


def main():
    tool, step, path, place = sys.argv[1:]
    array = open_array(path)
    if step == "put":
        work = {"zarr": zarr_put, "joblib": joblib_put}[tool](array, place)
    else:
        work = {"zarr": zarr_get, "joblib": joblib_get}[tool](place)
    since = time.perf_counter()
    given = work()
    took = (time.perf_counter() - since) * 1000
    if step == "get" and not numpy.array_equal(given, array):
        sys.exit("another array came back")
    with open("took", "w", encoding="ascii") as file:
        file.write(f"{took:.3f}\n")


main()
