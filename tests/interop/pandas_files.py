# SPDX-License-Identifier: Apache-2.0
"""CSV files that pandas writes: what kist says of them, whether they come back, and what they are converted into.

What a file holds is found out by Python's own csv module and float(), cell by cell, by the rules of the plugin's
specification; so both readers must agree on every cell.
"""
import csv
import datetime
import io
import math
import os
import re

import kist
import numpy as np
import pandas as pd

csv.field_size_limit(1 << 30)
NEWLINES = {"\n": "LF", "\r\n": "CRLF", "\r": "CR"}
VERSION = tuple(int(part) for part in pd.__version__.split(".")[:2])
TERMINATOR = "lineterminator" if VERSION >= (1, 5) else "line_terminator"
EXACT = {"float_precision": "round_trip"} if VERSION < (3, 0) else {}
files = {}


def frames():
    rng = np.random.default_rng(11)
    count = 40
    numbers = rng.normal(0, 1, count) * 10.0 ** rng.integers(-12, 13, count)
    numbers[:6] = [0.0, -0.0, 1e16, 1e-5, 123456789.125, 5e-324]
    holes = numbers.copy()
    holes[::3] = np.nan
    return {
        "mixed": pd.DataFrame({
            "id": np.arange(count) - 7, "big": rng.integers(-2**63, 2**63 - 1, count), "x": numbers, "holes": holes,
            "inf": np.where(rng.random(count) < 0.5, np.inf, -np.inf), "flag": rng.integers(0, 2, count) == 1,
            "text": ["row %d" % i for i in range(count)], "small": np.arange(count, dtype="u1"),
            "single": rng.normal(0, 1, count).astype("f4")}),
        "text": pd.DataFrame({
            "plain": ["a", "b b", " lead", "trail ", "c"], "quote": ['say "no"', '"', '""', "'", "it's"],
            "separators": ["a,b", "a;b", "a\tb", "a|b", ",;\t|"],
            "lines": ["one\ntwo", "a\n\nb", "crlf\r\nhere", "none", "\n"],
            "unicode": ["\u00e9", "\u65e5\u672c", "\U0001f600", "e\u0301", "\ufeffmark"],
            "null": ["NA", "null", "NaN", "None", "-"], "number": ["01", "+1", "1.50", "1e5", "0x10"]}),
        "dates": pd.DataFrame({
            "day": pd.date_range("2020-02-28", periods=5), "time": pd.date_range("2020-02-28 23:59:59", periods=5,
                                                                                  freq="s"),
            "zone": pd.date_range("2020-03-28 23:00", periods=5, freq="30min", tz="Europe/Berlin"),
            "span": pd.to_timedelta(range(5), unit="s"), "n": range(5)}),
        "missing": pd.DataFrame({
            "int": pd.array([1, None, 3], dtype="Int64"), "bool": pd.array([True, None, False], dtype="boolean"),
            "text": ["a", None, "c"], "none": [None, None, None], "date": [pd.Timestamp("2020-01-01"), pd.NaT, pd.NaT]}),
        "names": pd.DataFrame(np.arange(8).reshape(2, 4), columns=["a b", "with,comma", 'a "quote"', "\u00fcml\u00e4ut"]),
        "no-rows": pd.DataFrame({"a": np.zeros(0), "b": np.zeros(0)}),
        "categories": pd.DataFrame({"c": pd.Categorical(["x", "y", "x"]), "v": [1.5, 2.5, 3.5]}),
        "levels": pd.DataFrame({"k": ["a", "a", "b"], "j": [1, 2, 1], "v": [0.1, 0.2, 0.30000000000000004]}).set_index(
            ["k", "j"]),
        "wide": pd.DataFrame(rng.integers(0, 9, (3, 400)), columns=["c%d" % i for i in range(400)]),
        "long": pd.DataFrame({"i": np.arange(70000), "x": rng.normal(0, 1, 70000)}),
    }


def save(name, frame, put=(), **how):
    path = os.path.join("in", name + ".csv")
    encoding = how.get("encoding", "utf-8")
    with open(path, "w", encoding=encoding, newline="") as file:
        frame.to_csv(file, **{key: value for key, value in how.items() if key != "encoding"})
    files[name + ".csv"] = dict(how=how, put=put, header=how.get("header", True) is not False)


def write_all():
    all_frames = frames()
    for name, frame in all_frames.items():
        indexed = name == "levels"
        save(name, frame, index=indexed)
        save(name + "-index", frame, index=True)
        for label, sep in [("semicolon", ";"), ("tab", "\t"), ("bar", "|")]:
            save("%s-%s" % (name, label), frame, index=indexed, sep=sep)
        save(name + "-all-quoted", frame, index=indexed, quoting=csv.QUOTE_ALL)
        save(name + "-text-quoted", frame, index=indexed, quoting=csv.QUOTE_NONNUMERIC)
        save(name + "-crlf", frame, index=indexed, **{TERMINATOR: "\r\n"})
        # pandas quotes no end of a line but its own, and reads such a file wrongly itself.
        save(name + "-cr", frame, index=indexed, quoting=csv.QUOTE_ALL if name == "text" else csv.QUOTE_MINIMAL,
             **{TERMINATOR: "\r"})
        save(name + "-bom", frame, index=indexed, encoding="utf-8-sig")
        save(name + "-no-header", frame, index=indexed, header=False, put=("--param", "header=no"))
    mixed = all_frames["mixed"]
    for label, style in [("3f", "%.3f"), ("6g", "%.6g"), ("e", "%e"), ("17g", "%.17g"), ("2f", "{:.2f}".format),
                         ("repr", repr)]:
        save("format-" + label, mixed, index=False, float_format=style)
    save("na-text", all_frames["missing"], index=False, na_rep="NA")
    save("comma", mixed, index=False, sep=";", decimal=",")
    save("dates-format", all_frames["dates"], index=False, date_format="%d.%m.%Y")
    save("one-column", mixed[["id"]], index=False)


INTEGER = re.compile(r"-?(0|[1-9][0-9]*)\Z")


def is_integer(cell):
    return INTEGER.match(cell) and cell != "-0" and -2**63 <= int(cell) < 2**63


def is_float(cell):
    try:
        return repr(float(cell)) == cell
    except ValueError:
        return False


FIXED = re.compile(r"-?(0|[1-9][0-9]*)(?:\.([0-9]+))?\Z")
DATE = r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
TIME = r"[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.([0-9]{1,6}))?"
MOMENT = re.compile(r"(?:%s([ T]))?%s(Z|[+-][0-9]{2}:[0-9]{2})?\Z" % (DATE, TIME))


def is_decimal(cells):
    found = [FIXED.match(cell) for cell in cells]
    if not all(found) or any(re.match(r"-[0.]+\Z", cell) for cell in cells):
        return False
    scales = {len(match[2] or "") for match in found}
    return len(scales) == 1 and max(len(match[1]) for match in found) + scales.pop() <= 38


def is_date(cell):
    try:
        return bool(re.match(DATE + r"\Z", cell)) and datetime.date.fromisoformat(cell) is not None
    except ValueError:
        return False


def moments_of(cells):
    """"timestamp" or "time" if all cells are, in one form; their days and hours are pandas' own."""
    found = [MOMENT.match(cell) for cell in cells]
    if not all(found):
        return None
    digits = [match[2] or "" for match in found]
    if len({(match[1], match[3]) for match in found}) > 1 or (
            len({len(digit) for digit in digits}) > 1 and any(digit.endswith("0") for digit in digits)):
        return None
    if found[0][1]:
        return "timestamp"
    return None if found[0][3] else "time"


def type_of(cells):
    """By the specification: of which type every cell that is no null is the canonical text."""
    if all(is_integer(cell) for cell in cells):
        return "int64"
    if all(is_float(cell) for cell in cells):
        return "float64"
    if all(cell in ("true", "false") for cell in cells):
        return "bool"
    if all(INTEGER.match(cell) and int(cell) < 2**64 and cell[0] != "-" for cell in cells):
        return "uint64"
    if is_decimal(cells):
        return "decimal"
    if all(is_date(cell) for cell in cells):
        return "date"
    return moments_of(cells) or "text"


def read_cells(path, sep):
    with open(path, encoding="utf-8-sig", newline="") as file:
        text = file.read()
    return [row for row in csv.reader(io.StringIO(text, newline=""), delimiter=sep, strict=True) if row]


def check_column(name, column, cells, quoted):
    present = cells if quoted else [cell for cell in cells if cell != ""]
    what = name + " column " + column["name"]
    kist.equal(column["nulls"], len(cells) - len(present), what, "nulls")
    kind = type_of(present) if present else "null"
    kist.equal(column["type"], kind, what, "type")
    if kind == "int64":
        numbers = [int(cell) for cell in present]
        kist.equal((column["min"], column["max"]), (min(numbers), max(numbers)), what, "range")
    elif kind == "float64":
        numbers = [float(cell) for cell in present if math.isfinite(float(cell))]
        if numbers:
            kist.equal((float(column["min"]), float(column["max"])), (min(numbers), max(numbers)), what, "range")
            wide = np.array(numbers, np.longdouble)
            if math.isfinite(float(wide.std())):
                kist.near(column["mean"] / max(numbers, key=abs) if max(numbers, key=abs) else column["mean"],
                          float(wide.mean() / (max(numbers, key=abs) or 1)), what, "mean")
    elif kind == "text":
        lengths = [len(cell.encode()) for cell in present]
        kist.equal((column["min_len"], column["max_len"]), (min(lengths), max(lengths)), what, "lengths")


def check_info(name, facts):
    how = files[name]["how"]
    info = facts["info"]
    rows = read_cells("in/" + name, how.get("sep", ","))
    quoting = how.get("quoting", csv.QUOTE_MINIMAL)
    header = rows.pop(0) if files[name]["header"] else None
    width = len(header or rows[0]) if header or rows else 0
    kist.equal((facts["kind"], info["rows"], info["columns_total"]), ("table", len(rows), width), name, "size")
    kist.equal(info["dialect"]["header"], header is not None, name, "header")
    kist.equal(info["dialect"]["bom"], how.get("encoding") == "utf-8-sig", name, "mark")
    if width:
        kist.equal(info["dialect"]["newline"], NEWLINES[how.get(TERMINATOR, "\n")], name, "newline")
    if width > 1:
        kist.equal(info["dialect"]["delimiter"], how.get("sep", ","), name, "delimiter")
    for number, column in enumerate(info["columns"]):
        wanted = header[number] if header and header[number] else "column_%d" % (number + 1)
        kist.equal(column["name"], wanted, name, "name")
        quoted = quoting == csv.QUOTE_ALL or (quoting == csv.QUOTE_NONNUMERIC and any(
            row[number] == "" for row in rows))
        check_column(name, column, [row[number] for row in rows], quoted and width > 1)


def check_conversions():
    for name in ["mixed.csv", "text.csv", "text-semicolon.csv", "missing.csv", "dates-bar.csv", "mixed-crlf.csv",
                 "mixed-bom.csv", "names.csv", "levels-tab.csv", "format-repr.csv", "mixed-text-quoted.csv", "long.csv"]:
        how = files[name]["how"]
        path = kist.convert(name, "CsvTableArtifactTask", "canonical.csv")
        wanted = read_cells("in/" + name, how.get("sep", ","))
        kist.equal(read_cells(path, ","), wanted, name, "converted")
        # pandas reads the same table from both.
        frame = pd.read_csv("in/" + name, sep=how.get("sep", ","), encoding="utf-8-sig", **EXACT)
        pd.testing.assert_frame_equal(pd.read_csv(path, **EXACT), frame)
    mixed = frames()["mixed"]
    for column in ["id", "big", "x", "inf", "small"]:
        found = np.load(kist.convert("mixed.csv", "NumpyArrayArtifactTask", "column.npy", "--select", column))
        kist.check(found.dtype == (np.int64 if column in ("id", "big", "small") else np.float64), column, found.dtype)
        kist.check(np.array_equal(found.ravel(), mixed[column].to_numpy().astype(found.dtype)), column, "has other values")
    found = np.load(kist.convert("mixed.csv", "NumpyArrayArtifactTask", "columns.npy", "--select", "id,x"))
    kist.check(np.array_equal(found, mixed[["id", "x"]].to_numpy()), "two columns have other values")


def check_refusals():
    """What is no UTF-8 is said: UTF-16 is kept as bytes when asked for, and latin-1 makes a column binary."""
    frames()["text"].to_csv("in/utf-16.csv", index=False, encoding="utf-16")
    pd.DataFrame({"a": ["one\rtwo"], "b": [1]}).to_csv("in/bare-cr.csv", index=False, **{TERMINATOR: "\n"})
    for name, code in [("utf-16.csv", b"E_ENCODING"), ("bare-cr.csv", b"E_RAGGED")]:
        if name == "bare-cr.csv" and b'"' in open("in/bare-cr.csv", "rb").read():
            continue  # A Python that quotes it.
        kist.check(code in kist.run("put", "in/" + name, expect=1), name, "is not refused by", code)
        kist.put("--opaque", "in/" + name)
        kist.equal(kist.came_back(["in/" + name])[name]["kind"], "bytes", name)
    pd.DataFrame({"a": ["\u00e9t\u00e9", "b"], "n": [1, 2]}).to_csv("in/latin.csv", index=False, encoding="latin-1")
    kist.put("in/latin.csv")
    info = kist.came_back(["in/latin.csv"])["latin.csv"]["info"]
    kist.equal([column["type"] for column in info["columns"]], ["binary", "int64"], "latin.csv")
    with open("in/nothing.csv", "w"):
        pass
    kist.put("in/nothing.csv")
    info = kist.came_back(["in/nothing.csv"])["nothing.csv"]["info"]
    kist.equal((info["rows"], info["columns_total"]), (0, 0), "nothing.csv")


os.mkdir("in")
kist.run("init")
write_all()
kist.put(*("in/" + name for name, file in sorted(files.items()) if not file["put"]))
for name, file in sorted(files.items()):
    if file["put"]:
        kist.put("in/" + name, *file["put"])
for name, facts in kist.came_back(["in/" + name for name in sorted(files)]).items():
    check_info(name, facts)
check_conversions()
check_refusals()
print("pandas %s: %d files" % (pd.__version__, len(files)))
