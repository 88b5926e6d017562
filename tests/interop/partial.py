# SPDX-License-Identifier: Apache-2.0
#
# Slices that kist takes out of arrays are those of numpy, byte for byte, as numpy saves them; rows and columns that it
# takes out of tables are those that Python's csv reads.
import csv
import io
import random
import struct
import subprocess
import sys
import json

import numpy as np

random.seed(4)


def run(*arguments):
    return subprocess.run(["kist", *arguments], capture_output=True)


def saved(array, fortran):
    """What numpy saves of a slice, in the order of the array that it is of."""
    out = io.BytesIO()
    wide = sum(size > 1 for size in array.shape) > 1 and array.size > 0
    np.save(out, np.asfortranarray(array) if fortran and wide else np.array(array, order="C"))
    return out.getvalue()


def number(size):
    return random.choice(["", str(random.randint(-size - 3, size + 3))])


def item(size):
    kind = random.random()
    if kind < 0.25 and size > 0:
        return str(random.randint(-size, size - 1))
    if kind < 0.5:
        return ":"
    step = random.choice(["", ":", ":1", ":2", ":-1", ":-3", ":7"])
    return number(size) + ":" + number(size) + step


def slice_text(shape):
    items = [item(size) for size in shape[: random.randint(0, len(shape))]]
    if random.random() < 0.3:
        last = random.randint(0, len(shape) - len(items))
        items.append("...")
        items += [item(size) for size in shape[len(shape) - last :]] if last else []
    return "[" + ",".join(items or ["..."]) + "]"


TYPES = ["<f4", "<f8", ">f4", "<i2", "|u1", "|b1", "<c8", "<U3", "|S5", "<M8[D]", ">i8", "|V3",
         [("a", "<i4"), ("b", "<f8", (2,))]]


def arrays():
    for i, dtype in enumerate(TYPES):
        shape = tuple(random.choice([1, 2, 5, 9, 30]) for _ in range(i % 4 + (i % 4 == 0)))
        count = int(np.prod(shape))
        raw = np.random.RandomState(i).randint(0, 2, count * np.dtype(dtype).itemsize).astype(np.uint8)
        if np.dtype(dtype).kind == "U":
            raw = np.array([random.choice(["a", "bcd", "\u00e9"]) for _ in range(count)], dtype).view(np.uint8)
        array = raw.view(dtype).reshape(shape)
        yield array, False
        yield np.asfortranarray(array), array.ndim > 1
    yield np.arange(500000, dtype="<f4").reshape(500, 100, 10), False
    yield np.asfortranarray(np.arange(500000, dtype="<i4").reshape(100, 50, 100)), True
    yield np.array(7.5), False
    yield np.zeros((3, 0, 4)), False


def check_arrays(tries):
    for array, fortran in arrays():
        np.save("array.npy", array)
        assert run("put", "array.npy", "--name", "array").returncode == 0
        for _ in range(tries):
            text = slice_text(array.shape)
            part = array[eval("np.s_" + text)] if array.shape else array[...]
            ours = run("cat", "array", "--slice", text)
            assert ours.returncode == 0, (text, array.shape, ours.stderr)
            assert ours.stdout == saved(np.asarray(part, array.dtype), fortran), (text, array.dtype, array.shape, fortran)


def check_model():
    weights = np.random.RandomState(1).randn(300, 70).astype("<f4")
    bias = np.arange(9, dtype="<i8")
    header = {"w": {"dtype": "F32", "shape": [300, 70], "data_offsets": [0, 84000]},
              "b\u00e9\"": {"dtype": "I64", "shape": [9], "data_offsets": [84000, 84072]}}
    text = json.dumps(header).encode()
    with open("model.safetensors", "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text + weights.tobytes() + bias.tobytes())
    assert run("put", "model.safetensors").returncode == 0
    ours = run("cat", "model.safetensors", "--tensor", "w", "--rows", "-20:").stdout
    assert ours == saved(weights[-20:], False)
    ours = run("cat", "model.safetensors", "--tensor", "w", "--slice", ":,3").stdout
    assert ours == saved(weights[:, 3], False)
    ours = run("cat", "model.safetensors", "--tensor", "b\u00e9\"", "--format", "safetensors").stdout
    size = struct.unpack("<Q", ours[:8])[0]
    assert json.loads(ours[8 : 8 + size]) == {"b\u00e9\"": {"dtype": "I64", "shape": [9], "data_offsets": [0, 72]}}
    assert size % 8 == 0 and ours[8 + size :] == bias.tobytes()
    ours = run("cat", "model.safetensors", "--tensor", "w", "--slice", "5", "--format", "raw").stdout
    assert ours == weights[5].tobytes()


def check_many_tensors():
    """More tensors than the description has room for: their plugin is asked."""
    values = np.arange(3000 * 6, dtype="<f4").reshape(3000, 2, 3)
    header = {"layer.%04d.weight" % i: {"dtype": "F32", "shape": [2, 3], "data_offsets": [i * 24, i * 24 + 24]}
              for i in range(3000)}
    text = json.dumps(header).encode()
    with open("many.safetensors", "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text + values.tobytes())
    assert run("put", "many.safetensors").returncode == 0
    for i in (0, 2999):
        ours = run("cat", "many.safetensors", "--tensor", "layer.%04d.weight" % i, "--rows", "1:")
        assert ours.stdout == saved(values[i, 1:], False), ours.stderr
    assert run("cat", "many.safetensors", "--tensor", "layer.3000.weight").returncode == 3


def cell(column):
    word = random.choice(["a", "b,c", "d\ne", "f\"g", "\u00e9", ";", " x "])
    return [str(random.randint(-9, 99)), word, "%.2f" % random.random(), random.choice(["", "true", "z"])][column]


def write_table(rows, encoding, delimiter):
    with open("table.csv", "w", encoding=encoding, newline="") as file:
        csv.writer(file, delimiter=delimiter, lineterminator=random.choice(["\n", "\r\n"])).writerows(rows)


def check_table(tries, encoding, delimiter, header):
    rows = [[cell(column) for column in range(4)] for _ in range(70000)]
    names = [["n", "word \"quoted\"", "x", "y"]] if header else []
    write_table(names + rows, encoding, delimiter)
    options = ["--param", "header=" + ("yes" if header else "no")]
    options += ["--param", "encoding=" + encoding] if encoding != "utf-8" else []
    assert run("put", "table.csv", *options).returncode == 0
    for _ in range(tries):
        first = random.randint(-70010, 70010)
        last = random.choice([first + random.randint(0, 50), random.randint(-70010, 70010)])
        ours = run("cat", "table.csv", "--rows", "%d:%d" % (first, last), "--columns",
                   "word \"quoted\",n" if header else "column_2,column_1")
        assert ours.returncode == 0, ours.stderr
        got = list(csv.reader(io.StringIO(ours.stdout.decode(), newline=""), delimiter=delimiter))
        want = [[row[1], row[0]] for row in names + rows[first:last]]
        assert got == want, (first, last, encoding, delimiter, header, got[:3], want[:3])


check_arrays(int(sys.argv[1]))
check_many_tensors()
for table in (("utf-8", ",", True), ("utf-8", ";", False), ("utf-16le", "\t", True), ("latin-1", "|", False)):
    check_table(int(sys.argv[1]), *table)
check_model()
