# SPDX-License-Identifier: Apache-2.0
"""Safetensors files, written by the library ("library") or by hand after its format ("by-hand"): what kist says of
them, whether they come back, and what they are converted into."""
import json
import math
import os
import struct
import sys

import kist

# The name in the file, the library's own names for it, bits.
DTYPES = [("BOOL", ["bool"], 8), ("U8", ["uint8"], 8), ("I8", ["int8"], 8), ("F8_E5M2", ["float8_e5m2"], 8),
          ("F8_E4M3", ["float8_e4m3fn"], 8), ("F8_E8M0", ["float8_e8m0fnu", "float8_e8m0"], 8),
          ("F8_E4M3FNUZ", ["float8_e4m3fnuz"], 8), ("F8_E5M2FNUZ", ["float8_e5m2fnuz"], 8), ("I16", ["int16"], 16),
          ("U16", ["uint16"], 16), ("F16", ["float16"], 16), ("BF16", ["bfloat16"], 16), ("I32", ["int32"], 32),
          ("U32", ["uint32"], 32), ("F32", ["float32"], 32), ("C64", ["complex64"], 64), ("F64", ["float64"], 64),
          ("I64", ["int64"], 64), ("U64", ["uint64"], 64), ("F4", ["float4_e2m1fn_x2"], 4)]
by_name = {name: (own, bits) for name, own, bits in DTYPES}
# The order of the format's own enumeration, last first: so the library sorts tensors.
ORDER = ["BOOL", "F4", "U8", "I8", "F8_E5M2", "F8_E4M3", "F8_E8M0", "F8_E4M3FNUZ", "F8_E5M2FNUZ", "I16", "U16", "F16",
         "BF16", "I32", "U32", "F32", "C64", "F64", "I64", "U64"]
files = {}


def by_hand(tensors, metadata):
    header = {} if metadata is None else {"__metadata__": metadata}
    data = b""
    for name in sorted(tensors, key=lambda name: (-ORDER.index(tensors[name][0]), name.encode())):
        dtype, shape, content = tensors[name]
        header[name] = {"dtype": dtype, "shape": list(shape), "data_offsets": [len(data), len(data) + len(content)]}
        data += content
    text = json.dumps(header, separators=(",", ":"), ensure_ascii=False).encode()
    text += b" " * (-len(text) % 8)
    return struct.pack("<Q", len(text)) + text + data


def by_library(tensors, metadata):
    """None where this version of the library has no such type."""
    import safetensors

    spec_of = getattr(safetensors._safetensors_rust, "TensorSpec", None)
    specs = {}
    kept = []
    for name, (dtype, shape, content) in tensors.items():
        own = by_name[dtype][0]
        shape = list(shape)
        if dtype == "F4":
            shape = shape[:-1] + [shape[-1] // 2]
        for candidate in own:
            try:
                if spec_of:
                    import ctypes
                    memory = ctypes.create_string_buffer(content, max(1, len(content)))
                    kept.append(memory)
                    spec = spec_of(dtype=candidate, shape=shape, data_ptr=ctypes.addressof(memory),
                                   data_len=len(content))
                else:
                    spec = {"dtype": candidate, "shape": shape, "data": content}
                safetensors.serialize({"x": spec}, metadata=None)
                specs[name] = spec
                break
            except (safetensors.SafetensorError, ValueError, TypeError) as error:
                last = error
        else:
            print("this safetensors writes no %s: %s" % (dtype, str(last).split("\n")[0]))
            return None
    return bytes(safetensors.serialize(specs, metadata=metadata))


def content_of(dtype, count, seed=1):
    bits = by_name[dtype][1]
    if dtype == "F32":
        return b"".join(struct.pack("<f", (i * 37 % 101 - 50) / 8 * seed) for i in range(count))
    if dtype == "F64":
        return b"".join(struct.pack("<d", (i * 37 % 101 - 50) / 3 * seed) for i in range(count))
    if dtype == "F16":
        return b"".join(struct.pack("<e", (i * 37 % 101 - 50) / 4) for i in range(count))
    if dtype == "BF16":
        return b"".join(struct.pack("<f", (i * 37 % 101 - 50) / 4)[2:] for i in range(count))
    if dtype == "BOOL":
        return bytes(i * 7 % 3 % 2 for i in range(count))
    return bytes((i * 31 + seed) % 251 for i in range(count * bits // 8))


def save(name, tensors, metadata=None):
    made = write(tensors, metadata)
    if made is None:
        return
    with open(os.path.join("in", name + ".safetensors"), "wb") as file:
        file.write(made)
    files[name + ".safetensors"] = (tensors, metadata)


def tensor(dtype, *shape, seed=1):
    return dtype, shape, content_of(dtype, math.prod(shape), seed)


def write_all():
    for dtype, _, _ in DTYPES:
        save(dtype.lower(), {"x": tensor(dtype, 6, 8)})
        save(dtype.lower() + "-shapes", {"one": tensor(dtype, 2), "empty": tensor(dtype, 0, 4), "deep": tensor(
            dtype, 1, 2, 3, 1, 2)})
    save("scalar", {"s": tensor("F32"), "i": tensor("I64")})
    save("no-tensors", {})
    save("no-tensors-metadata", {}, {"format": "pt"})
    save("metadata", {"x": tensor("F32", 4)}, {"format": "pt", "note": 'a "quote", \u00fc \u65e5', "empty": ""})
    save("names", {"": tensor("U8", 3), "a b": tensor("U8", 1), 'say "x"\\': tensor("U8", 2), "\u65e5\u672c": tensor(
        "F32", 1), "line\nbreak": tensor("I8", 8)})
    save("odd-bytes", {"a": tensor("U8", 3), "b": tensor("U8", 5), "c": tensor("F32", 3)})
    save("many", {"model.layers.%d.weight" % i: tensor("F32", i % 5, 3, seed=i) for i in range(700)}, {"format": "np"})
    save("mixed", {"w": tensor("F32", 16, 16), "h": tensor("F16", 7), "b": tensor("BF16", 5), "i": tensor("I64", 9),
                   "u": tensor("U8", 13), "f": tensor("BOOL", 3)}, {"format": "np"})
    save("large", {"w%d" % i: ("F32", (256, 1024), content_of("F32", 1024, i + 1) * 256) for i in range(24)})


def numbers_of(dtype, content):
    size = by_name[dtype][1] // 8
    if dtype == "BF16":
        return [struct.unpack("<f", b"\0\0" + content[i:i + 2])[0] for i in range(0, len(content), 2)]
    return list(struct.unpack("<%d%s" % (len(content) // size, {"F16": "e", "F32": "f", "F64": "d"}[dtype]), content))


def check_tensor(name, listed, wanted):
    dtype, shape, content = wanted
    what = "%s tensor %r" % (name, listed["name"])
    kist.equal((listed["stored_as"], listed["shape"], listed["bytes"]), (dtype, list(shape), len(content)), what)
    common = {"BF16": "bfloat16", "F32": "float32", "I64": "int64", "U8": "uint8", "C64": "complex64", "BOOL": "bool"}
    kist.equal(listed["dtype"], common.get(dtype, listed["dtype"]), what, "dtype")
    if dtype not in ("F16", "BF16", "F32", "F64") or len(content) > 1 << 16:
        return
    numbers = numbers_of(dtype, content)
    if not numbers:
        kist.equal(listed["min"], None, what, "min")
        return
    mean = math.fsum(numbers) / len(numbers)
    kist.near(listed["min"], min(numbers), what, "min", digits=1e-6)
    kist.near(listed["max"], max(numbers), what, "max", digits=1e-6)
    kist.near(listed["mean"], mean, what, "mean", digits=1e-6)
    kist.near(listed["std"], math.sqrt(math.fsum((x - mean) ** 2 for x in numbers) / len(numbers)), what, "std",
              digits=1e-6)
    kist.equal((listed["zero"], listed["nan"]), (numbers.count(0.0), 0), what, "zero")


def check_info(name, facts):
    tensors, metadata = files[name]
    info = facts["info"]
    kist.equal((facts["kind"], info["format"], info["tensors"]), ("model", "safetensors", len(tensors)), name)
    kist.equal(info["parameters"], sum(math.prod(shape) for _, shape, _ in tensors.values()), name, "parameters")
    kist.equal(info["bytes"], sum(len(content) for _, _, content in tensors.values()), name, "bytes")
    kist.equal(info.get("metadata", {}) or {}, metadata or {}, name, "metadata")
    kist.equal(sorted(listed["name"] for listed in info["list"]), sorted(tensors), name, "names")
    for listed in info["list"]:
        check_tensor(name, listed, tensors[listed["name"]])


def check_conversions():
    for name in ["mixed", "many", "odd-bytes", "names", "scalar", "no-tensors", "large", "bf16"]:
        name += ".safetensors"
        # With at most one key, the library has no choice of order: the very same bytes.
        path = kist.convert(name, "SafetensorsModelArtifactTask", "again.safetensors")
        kist.check(open(path, "rb").read() == open("in/" + name, "rb").read(), name, "is written as other bytes")
    for tensor_name, dtype in [("w", "<f4"), ("i", "<i8"), ("u", "|u1"), ("h", "<f2"), ("f", "|b1")]:
        path = kist.convert("mixed.safetensors", "NumpyArrayArtifactTask", "one.npy", "--select", tensor_name)
        with open(path, "rb") as file:
            head = file.read(128).decode("latin1")
            kist.check("'descr': '%s'" % dtype in head, tensor_name, "has the head", head)
            kist.check(file.read() == files["mixed.safetensors"][0][tensor_name][2], tensor_name, "has other values")


def check_by_library():
    """What kist writes, the library reads."""
    try:
        import numpy
        from safetensors.numpy import load_file
    except ImportError:
        return
    kist.run("convert", "mixed.safetensors", "--task", "NumpyArrayArtifactTask", "--select", "w", "--name", "w.npy")
    path = kist.convert("w.npy", "SafetensorsModelArtifactTask", "w.safetensors", "--param", "align=64")
    loaded = load_file(path)
    kist.equal(len(loaded), 1, "w.safetensors")
    found = next(iter(loaded.values()))
    kist.equal((found.dtype, found.shape), (numpy.dtype("f4"), (16, 16)), "w.safetensors")
    kist.check(found.tobytes() == files["mixed.safetensors"][0]["w"][2], "w.safetensors has other values")


write = by_library if sys.argv[1] == "library" else by_hand
os.mkdir("in")
kist.run("init")
write_all()
for name, facts in kist.round_trip("in").items():
    check_info(name, facts)
check_conversions()
if sys.argv[1] == "library":
    check_by_library()
print("safetensors, %s: %d files" % (sys.argv[1], len(files)))
