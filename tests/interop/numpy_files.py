# SPDX-License-Identifier: Apache-2.0
"""Files that numpy writes: what kist says of them, whether they come back, and what they are converted into."""
import ast
import io
import os
import struct
import warnings
import zipfile

import kist
import numpy as np

PLAIN = ["b1", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "f2", "f4", "f8", "c8", "c16"]
RAW = ["S1", "S5", "U1", "U4", "V3", "V8", "M8[ns]", "M8[D]", "m8[us]", "m8[25s]"]
SHAPES = [(), (1,), (7,), (0,), (3, 4), (0, 3), (3, 0), (2, 3, 4), (1, 1, 5), (2, 1, 3, 2)]
STRUCTURED = {
    "flat": [("a", "<i4"), ("b", ">f8")],
    "nested": [("p", [("x", "<f4"), ("y", "<f4")]), ("n", "|u1")],
    "sub": [("m", "<f8", (2, 2)), ("s", "|S3")],
    "title": [(("the title", "t"), "<i2")],
    "latin": [("h\u00f6he", "<f4")],
    "wide": [("\u540d\u524d", "<f4"), ("\u2713", "<u8")],
}
arrays = {}


def values(rng, dtype, shape):
    dtype = np.dtype(dtype)
    count = int(np.prod(shape))
    if dtype.kind == "b":
        flat = rng.integers(0, 2, count).astype(bool)
    elif dtype.kind in "iu":
        info = np.iinfo(dtype)
        flat = rng.integers(info.min, info.max, count, dtype=dtype.newbyteorder("="), endpoint=True)
        flat[:2] = [info.min, info.max][:count]
    elif dtype.kind == "f":
        flat = rng.normal(0, 3, count)
        flat[2:7] = [0, -0.0, np.nan, np.inf, -np.inf][:max(0, count - 2)]
    elif dtype.kind == "c":
        flat = rng.normal(0, 3, count) + 1j * rng.normal(0, 3, count)
    elif dtype.kind in "mM":
        flat = rng.integers(-10**6, 10**6, count).astype("i8").view(dtype.newbyteorder("="))
    elif dtype.kind == "U":
        flat = np.array(["a\u00e9\u20ac\U0001f600"[:i % 5] for i in range(count)], dtype)
    else:
        flat = np.frombuffer(rng.bytes(count * dtype.itemsize), dtype)
    return flat.astype(dtype).reshape(shape)


def save(name, array, version=None):
    with open(os.path.join("in", name), "wb") as file:
        np.lib.format.write_array(file, array, version=version, allow_pickle=False)
    arrays[name] = array


def write_all():
    rng = np.random.default_rng(7)
    for dtype in PLAIN + RAW:
        orders = "<>" if np.dtype(dtype).byteorder != "|" else "|"
        for order in orders:
            for shape in SHAPES:
                array = values(rng, order + dtype, shape)
                name = "%s%s-%s" % ({"<": "le", ">": "be", "|": ""}[order], dtype.replace("[", "_").rstrip("]"),
                                    "x".join(map(str, shape)) or "scalar")
                save(name + ".npy", array)
                if len(shape) > 1:
                    save(name + "-f.npy", np.asfortranarray(array))
    for name, dtype in STRUCTURED.items():
        dtype = np.dtype(dtype)
        save("record-%s.npy" % name, np.frombuffer(rng.bytes(6 * dtype.itemsize), dtype).reshape(2, 3))
    save("record-aligned.npy", np.zeros(4, np.dtype([("a", "u1"), ("b", "f8")], align=True)))
    for version in [(1, 0), (2, 0), (3, 0)]:
        save("version-%d.npy" % version[0], np.arange(12.0).reshape(3, 4), version)
    save("long-name.npy", np.zeros(2, [("n" * 5000, "<f4")]))
    save("sliced.npy", np.arange(60).reshape(6, 10)[::2, 3:8])
    save("many-dims.npy", np.zeros((1,) * 32, "f4"))
    save("large.npy", rng.normal(0, 0.02, (1500, 1000)).astype("f4"))


def check_statistics(name, info, array):
    flat = array.astype(array.dtype.newbyteorder("=")).ravel()
    finite = flat[np.isfinite(flat)] if flat.dtype.kind == "f" else flat
    if finite.size:
        # Said with the fewest digits that give the same number of its own size, or of four bytes.
        exact = np.float32 if flat.dtype.kind == "f" and flat.itemsize < 8 else float
        kist.equal((exact(info["min"]), exact(info["max"])), (exact(finite.min()), exact(finite.max())), name, "range")
        wide = finite.astype(np.longdouble)
        kist.near(float(info["mean"]), float(wide.mean()), name, "mean", digits=1e-6)
        kist.near(float(info["std"]), float(wide.std()), name, "std", digits=1e-6)
    else:
        kist.check(info["min"] is None and info["mean"] is None, name, "has statistics of nothing")
    if flat.dtype.kind in "iu" and finite.size:
        # Beyond 63 bits as a string of digits.
        kist.equal((int(info["min"]), int(info["max"])), (int(finite.min()), int(finite.max())), name, "range")
    kist.equal(info["zero"], int((flat == 0).sum()), name, "zero")
    if flat.dtype.kind == "f":
        kist.equal(info["nan"], int(np.isnan(flat).sum()), name, "nan")
        kist.equal((info["inf"], info["neg_inf"]), (int(np.isposinf(flat).sum()), int(np.isneginf(flat).sum())),
                   name, "inf")
    if flat.dtype.kind in "if":
        kist.equal(info["negative"], int((flat < 0).sum()), name, "negative")


def check_info(name, facts, array):
    info = facts["info"]
    with open(os.path.join("in", name), "rb") as file:
        version = np.lib.format.read_magic(file)
        size = int.from_bytes(file.read(2 if version[0] == 1 else 4), "little")
        header = ast.literal_eval(file.read(size).decode("latin1" if version[0] < 3 else "utf8"))
    kist.equal(facts["kind"], "tensor", name, "kind")
    kist.equal(info["format"], "npy %d.%d" % version, name, "format")
    kist.equal(tuple(info["shape"]), array.shape, name, "shape")
    kist.equal((info["elements"], info["bytes"]), (array.size, array.nbytes), name, "size")
    kist.equal(info["order"], "F" if header["fortran_order"] else "C", name, "order")
    if array.dtype.names:
        kist.equal(info["dtype"], "record", name, "dtype")
        kist.equal(info["descr"], repr(np.lib.format.dtype_to_descr(array.dtype)), name, "descr")
        return
    plain = {"S": "bytes", "U": "str", "V": "void"}
    kist.equal(info["dtype"], plain.get(array.dtype.kind, array.dtype.name), name, "dtype")
    kist.equal(info["descr"], array.dtype.str, name, "descr")
    orders = {"<": "little", ">": "big", "|": None}
    kist.equal(info.get("byte_order"), orders[array.dtype.str[0]], name, "byte order")
    if array.dtype.kind in "biuf":
        check_statistics(name, info, array)


def same_values(name, found, wanted):
    kist.equal((found.dtype.str, found.shape), (wanted.dtype.str, wanted.shape), name)
    if found.dtype.names:
        # Between fields numpy copies nothing.
        kist.equal(found.dtype.names, wanted.dtype.names, name)
        for field in found.dtype.names:
            same_values(name + " " + field, found[field], wanted[field])
        return
    kist.check(found.tobytes() == wanted.tobytes(), name, "has other values")


def check_conversions():
    task = "NumpyArrayArtifactTask"
    for name in ["lef4-3x4.npy", "bei4-2x3x4.npy", "leU4-3x4.npy", "leM8_ns-7.npy", "bec16-3x4-f.npy",
                 "record-wide.npy", "record-latin.npy", "b1-scalar.npy", "lef8-0x3.npy", "sliced.npy", "large.npy"]:
        for order in "CF":
            path = kist.convert(name, task, "again.npy", *(["--param", "fortran_order=true"] if order == "F" else []))
            same_values(name, np.load(path), arrays[name])
            # It is the very file that numpy would write.
            save("again.npy", np.asarray(arrays[name], order=order))
            kist.equal(open(path, "rb").read(), open("in/again.npy", "rb").read(), name, "converted to", order)
    for dtype in ["f4", "f8", "i4", "u8", "b1"]:
        name = "%s%s-3x4.npy" % ("" if dtype == "b1" else "le", dtype)
        rows = open(kist.convert(name, "CsvTableArtifactTask", "table.csv")).read().split("\n")
        read = {"f": float, "b": lambda text: text == "true"}.get(dtype[0], int)
        found = np.array([[read(cell) for cell in row.split(",")] for row in rows[1:-1]], dtype)
        same_values(name, found, arrays[name])


def check_refusals():
    """What kist does not read it says, and keeps as bytes when it is told to."""
    np.save("in/objects.npy", np.array([{}, None], object), allow_pickle=True)
    np.save("in/longdouble.npy", np.zeros(3, "g"))
    np.save("in/many-fields.npy", np.zeros(2, [("field-%d" % i, "<f4") for i in range(5000)]))
    for name, code in [("objects", b"E_OBJECT"), ("longdouble", b"E_DTYPE"), ("many-fields", b"E_HEADER_TOO_LARGE")]:
        kist.check(code in kist.run("put", "in/%s.npy" % name, expect=1), name, "is not refused by", code)
        kist.put("--opaque", "in/%s.npy" % name)
        kist.equal(kist.came_back(["in/%s.npy" % name])[name + ".npy"]["kind"], "bytes", name, "kind")
    # Its header takes version 2.0, and more room than is usual.
    kist.put("in/many-fields.npy", "--param", "max_header=1000000")
    info = kist.came_back(["in/many-fields.npy"])["many-fields.npy"]["info"]
    kist.equal((info["format"], info["shape"]), ("npy 2.0", [2]), "many-fields")


def check_archives():
    """All arrays together in archives of numpy's, stored and deflated; and in one that kist writes of them."""
    named = {name[:-4]: array for name, array in arrays.items() if name != "again.npy"}
    np.savez("in/stored.npz", **named)
    np.savez_compressed("in/deflated.npz", **named)
    np.savez("in/empty.npz")
    np.savez("in/one.npz", np.arange(5))
    paths = ["in/%s.npz" % name for name in ("stored", "deflated", "empty", "one")]
    kist.put(*paths)
    for name, facts in kist.came_back(paths).items():
        count = {"empty.npz": 0, "one.npz": 1}.get(name, len(named))
        kist.equal((facts["kind"], facts["info"]["tensors"]), ("model", count), name)
    said = {}
    for name in ("stored.npz", "deflated.npz"):
        said[name] = {entry["name"]: entry for entry in kist.show(name)["info"]["list"]}
        for key, entry in said[name].items():
            kist.equal((tuple(entry["shape"]), entry["bytes"]), (named[key].shape, named[key].nbytes), name, key)
            check_archived_statistics(name, entry, named[key])
    listed = said["stored.npz"].keys() & said["deflated.npz"].keys()
    kist.check(len(listed) > 20, "only", len(listed), "arrays are listed")
    written = []
    for name in ("stored.npz", "deflated.npz"):
        path = kist.convert(name, "NumpyArchiveArtifactTask", "written.npz")
        written.append(open(path, "rb").read())
        found = np.load(path)
        kist.equal(sorted(found.files), sorted(named), name, "names")
        for key, array in named.items():
            same_values("%s in %s" % (key, name), found[key], array)
        check_mappable(path, named)
    kist.check(written[0] == written[1], "stored and deflated arrays are written as other bytes")
    # One array out of the archive, as it lies there.
    for key in sorted(listed)[::9] + ["bef4-3x4", "bei8-2x3x4-f", "lef8-3x4-f", "large"]:
        if not np.prod(named[key].shape) or named[key].dtype.kind not in "biufc":
            continue
        taken = np.load(io.BytesIO(kist.run("cat", "stored.npz", "--tensor", key)))
        kist.equal(taken.shape, named[key].shape, key, "taken out")
        wanted = named[key].astype(named[key].dtype.newbyteorder("="))
        kist.check(taken.astype(wanted.dtype).tobytes() == wanted.tobytes(), key, "taken out is another")
    save("large.again.npy", np.load(kist.convert("stored.npz", "NumpyArrayArtifactTask", "large.again.npy",
                                                 "--select", "large")))
    same_values("large in stored.npz", arrays["large.again.npy"], arrays["large.npy"])


def check_archived_statistics(name, entry, array):
    if array.dtype.kind in "biuf" and "min" in entry:
        check_statistics("%s in %s" % (entry["name"], name), entry, array)


def check_mappable(path, named):
    """Each array can be mapped as it lies: it is stored, and its elements begin at a multiple of 64 bytes."""
    with zipfile.ZipFile(path) as archive, open(path, "rb") as file:
        kist.equal(archive.testzip(), None, path, "is not sound")
        kist.equal(archive.namelist(), [name + ".npy" for name in sorted(named)], path, "names")
        for info in archive.infolist():
            kist.equal((info.compress_type, info.date_time), (0, (1980, 1, 1, 0, 0, 0)), info.filename)
            file.seek(info.header_offset + 26)
            name_size, extra_size = struct.unpack("<HH", file.read(4))
            at = info.header_offset + 30 + name_size + extra_size
            kist.equal(at % 64, 0, info.filename, "begins at")
            file.seek(at)
            version = np.lib.format.read_magic(file)
            read_header = np.lib.format.read_array_header_1_0 if version == (1, 0) else None
            if not read_header:
                continue
            shape, fortran, dtype = read_header(file)
            kist.equal(file.tell() % 64, 0, info.filename, "has elements at")
            if dtype.itemsize and np.prod(shape):
                mapped = np.memmap(path, dtype, "r", file.tell(), shape, "F" if fortran else "C")
                kist.check(mapped.tobytes() == named[info.filename[:-4]].tobytes(), info.filename, "maps to others")


def check_hostile_archives():
    """What numpy.load would take, or be harmed by, is refused by its code, and kept as bytes when told to."""
    def entry(archive, name, array, method=zipfile.ZIP_STORED):
        data = io.BytesIO()
        np.lib.format.write_array(data, array)
        archive.writestr(zipfile.ZipInfo(name), data.getvalue(), method)

    def archive(name, *entries):
        with zipfile.ZipFile("in/" + name, "w") as made:
            for path, array in entries:
                entry(made, path, array)
        return "in/" + name

    five = np.arange(5)
    cases = [("E_PATH", archive("path.npz", ("../../etc/five.npy", five))),
             ("E_DUPLICATE", archive("twice.npz", ("five.npy", five), ("five.npy", five + 1))),
             ("E_OBJECT", archive("object.npz", ("o.npy", np.array([{}, None], object)))),
             ("E_ZIP", archive("readme.npz", ("five.npy", five), ("five.txt", five)))]
    for name, head, tail in (("before.npz", b"GIF89a", b""), ("behind.npz", b"", b"<script>")):
        with open(archive(name, ("five.npy", five)), "rb+") as file:
            data = file.read()
            file.seek(0)
            file.write(head + data + tail)
        cases.append(("E_ZIP", "in/" + name))
    # A header that claims 2^40 elements, in a few bytes that deflate to nothing.
    data = io.BytesIO()
    np.lib.format.write_array_header_1_0(data, {"descr": "|u1", "fortran_order": False, "shape": (2**40,)})
    with zipfile.ZipFile("in/claims.npz", "w", zipfile.ZIP_DEFLATED) as made:
        made.writestr("claims.npy", data.getvalue())
    cases.append(("E_TRUNCATED", "in/claims.npz"))
    # A bomb: the directory says a terabyte, and what is there would be a kilobyte.
    with open(archive("bomb.npz", ("five.npy", five)), "rb+") as file:
        data = bytearray(file.read())
        for at in (data.find(b"PK\3\4") + 8, data.find(b"PK\1\2") + 10):
            data[at] = 8
            data[at + 14:at + 18] = struct.pack("<I", 2**31)
        file.seek(0)
        file.write(data)
    cases.append(("E_BOMB", "in/bomb.npz"))
    for code, path in cases:
        kist.check(code.encode() in kist.run("put", path, expect=1), path, "is not refused by", code)
        kist.put("--opaque", path)
        kist.equal(kist.came_back([path])[os.path.basename(path)]["kind"], "bytes", path, "kind")


def check_ml_dtypes():
    """Types that numpy itself has not: it writes their bytes, and the caller says what they are."""
    try:
        import ml_dtypes
    except ImportError:
        print("SKIP: no ml_dtypes (PyPI): bfloat16 and 8-bit floats are not looked at")
        return
    numbers = np.linspace(-2, 2, 24).reshape(4, 6)
    for name, size in (("bfloat16", 2), ("float8_e4m3fn", 1), ("float8_e5m2", 1), ("float8_e4m3b11fnuz", 1),
                       ("float8_e3m4", 1), ("float8_e8m0fnu", 1)):
        array = (abs(numbers) + 1 if "e8m0" in name else numbers).astype(getattr(ml_dtypes, name))
        # numpy writes <V2, <V1, or <f1, which it cannot load again.
        np.save("in/%s.npy" % name, array)
        np.savez("in/%s.npz" % name, a=array, plain=np.arange(3))
        said = ["--param", "logical_dtype=" + name]
        kist.put("in/%s.npy" % name, *said)
        kist.put("in/%s.npz" % name, *said)
        info = kist.show(name + ".npy")["info"]
        kist.equal((info["dtype"], info["descr"][1:]), (name, "V%d" % size), name)
        kist.equal(kist.show(name + ".npz")["info"]["list"][0]["dtype"], name, name, "in an archive")
        if name == "bfloat16":
            kist.near(float(info["mean"]), float(array.astype("f8").mean()), name, "mean", digits=1e-6)
        again = np.load(kist.convert(name + ".npy", "NumpyArrayArtifactTask", "again.npy"))
        kist.check(again.view(array.dtype).tobytes() == array.tobytes(), name, "comes back as others")
    # Of these there is no more than bytes, one for each number.
    for name in ("int4", "uint2", "float4_e2m1fn", "float6_e2m3fn", "float8_e5m2"):
        array = np.array([0, 1, 1, 0]).astype(getattr(ml_dtypes, name))
        np.save("in/raw.npy", array)
        kist.put("in/raw.npy")
        kist.equal(kist.show("raw.npy")["info"]["dtype"], "void", name)
        path = kist.convert("raw.npy", "NumpyArrayArtifactTask", "again.npy")
        kist.equal(np.load(path).tobytes(), array.tobytes(), name)


# numpy warns of versions that very old ones do not read.
warnings.simplefilter("ignore", UserWarning)
os.mkdir("in")
kist.run("init")
write_all()
for name, facts in kist.round_trip("in").items():
    check_info(name, facts, arrays[name])
check_conversions()
check_archives()
check_hostile_archives()
check_ml_dtypes()
check_refusals()
print("numpy %s: %d files" % (np.__version__, len(arrays)))
