# SPDX-License-Identifier: Apache-2.0
"""One table with every type and every awkward cell: kist reads it in another dialect and writes it canonically; then
DuckDB, pandas and, where it is there, polars have to find the same in every cell: as text, null or empty, and as values.
"""
import datetime
import decimal
import math
import os
import struct

import duckdb
import kist
import numpy as np
import pandas as pd

ROWS = 600
UTC = datetime.timezone.utc
TEXTS = ["", "a", " lead", "trail ", "a,b", "a;b", "a\tb", "a|b", 'say "no"', '"', '""', "'", "one\ntwo", "crlf\r\nhere",
         "\r", "\n", "NA", "null", "NaN", "None", "true", "01", "+1", "1.50", "#no comment", "\\", "\\n", "\u00e9", "e\u0301",
         "\u65e5\u672c", "\U0001f600", "\ufeffmark", "\u00a0", "x" * 5000]
rng = np.random.default_rng(30)


def floats():
    fixed = [0.0, -0.0, 1.0, -1.5, 0.1, 1e-4, 9.999e-5, 1e15, 1e16, 123456789.125, 5e-324, 2.2250738585072014e-308,
             1.7976931348623157e308, -1.7976931348623157e308, math.inf, -math.inf, math.nan, 2.0**53, 0.30000000000000004]
    bits = struct.pack("<%dQ" % ROWS, *rng.integers(0, 2**64, ROWS, dtype="u8"))
    return fixed + [x for x in struct.unpack("<%dd" % ROWS, bits) if math.isfinite(x)]


def moments(zone):
    first = datetime.datetime(1, 1, 1, tzinfo=zone)
    last = datetime.datetime(9999, 12, 31, 23, 59, 59, 999999, tzinfo=zone)
    some = [datetime.datetime(1970, 1, 1, tzinfo=zone), datetime.datetime(2024, 2, 29, 12, 30, 15, 250000, tzinfo=zone)]
    # Two at the ends of what DuckDB and pandas both hold.
    return [first + datetime.timedelta(days=800000), last - datetime.timedelta(days=2800000)] + some


def cycle(values):
    return [values[i % len(values)] for i in range(ROWS)]


def holes(values, every):
    return [None if i % every == every - 1 else value for i, value in enumerate(values)]


def fraction(moment):
    return (".%06d" % moment.microsecond).rstrip("0") if moment.microsecond else ""


# Of each column: the DuckDB type, how a value is written, the values.
COLUMNS = {
    "i": ("BIGINT", str, cycle([0, 1, -1, 2**63 - 1, -2**63, 10**18, 42] + [int(x) for x in rng.integers(-2**63, 2**63 - 1, 300)])),
    "i_null": ("BIGINT", str, holes(cycle([7, -7, 0]), 3)),
    "u": ("UBIGINT", str, cycle([0, 2**64 - 1, 2**63, 10**19])),
    "x": ("DOUBLE", repr, holes(cycle(floats()), 50)),
    "b": ("BOOLEAN", lambda value: "true" if value else "false", holes(cycle([True, False]), 5)),
    "d": ("DECIMAL(38,3)", str, cycle([decimal.Decimal(x) for x in ("0.000", "-0.125", "1.500", "12345678901234567890.001",
                                                                     "99999999999999999999999999999999999.999", "-3.100")])),
    "day": ("DATE", str, holes(cycle([datetime.date(1, 1, 1), datetime.date(9999, 12, 31), datetime.date(2024, 2, 29),
                                      datetime.date(1970, 1, 1), datetime.date(1900, 2, 28)]), 7)),
    "time": ("TIME", lambda value: value.strftime("%H:%M:%S") + fraction(value),
             cycle([datetime.time(0, 0), datetime.time(23, 59, 59, 999999), datetime.time(12, 30, 15, 1)])),
    "stamp": ("TIMESTAMP", lambda value: str(value.replace(microsecond=0)) + fraction(value), cycle(moments(None))),
    "zone": ("TIMESTAMPTZ", lambda value: str(value.replace(microsecond=0))[:19] + fraction(value) + "Z", cycle(moments(UTC))),
    "text": ("VARCHAR", str, holes(cycle(TEXTS), 11)),
    "ascii": ("VARCHAR", str, cycle(["plain", "x", "", "y z"])),
    "none": ("VARCHAR", str, [None] * ROWS),
}


def as_text(column):
    _, text, values = COLUMNS[column]
    # Python's nan has a sign that no text has.
    return [None if value is None else text(value) for value in values]


def write_input(path):
    """Semicolons, CR LF, each other cell in quotes that need none: nothing like what kist writes."""
    def cell(value, number):
        if value is None:
            return ""
        quoted = number % 2 == 0 or value == "" or any(c in value for c in ";\"\r\n'\ufeff")
        return '"%s"' % value.replace('"', '""') if quoted else value

    texts = [as_text(column) for column in COLUMNS]
    with open(path, "w", encoding="utf-8", newline="") as file:
        file.write(";".join(COLUMNS) + "\r\n")
        for row in range(ROWS):
            file.write(";".join(cell(column[row], row + i) for i, column in enumerate(texts)) + "\r\n")


def same(found, wanted):
    if isinstance(wanted, float) and isinstance(found, float):
        return struct.pack("<d", found) == struct.pack("<d", wanted) or (math.isnan(found) and math.isnan(wanted))
    return type(found) is type(wanted) and found == wanted


def compare(reader, column, found, wanted):
    kist.equal(len(found), len(wanted), reader, column, "rows")
    for row, (one, other) in enumerate(zip(found, wanted)):
        kist.check(same(one, other), reader, column, "row", row, "is", repr(one)[:80], "and should be", repr(other)[:80])


def check_duckdb(path):
    database = duckdb.connect()
    for as_values in (False, True):
        types = {name: column[0] if as_values else "VARCHAR" for name, column in COLUMNS.items()}
        table = database.execute(
            "select * %s from read_csv(?, auto_detect=false, header=true, delim=',', quote='\"', escape='\"', nullstr='',"
            " allow_quoted_nulls=false, parallel=false, new_line='\\n', columns=%s)"
            # A time with a zone would need a package more to come to Python.
            % ("replace (epoch_us(zone) as zone)" if as_values else "", types), [path]).fetchall()
        for number, column in enumerate(COLUMNS):
            found = [row[number] for row in table]
            wanted = COLUMNS[column][2] if as_values else as_text(column)
            if as_values and column == "zone":
                wanted = [(moment - datetime.datetime(1970, 1, 1, tzinfo=UTC)) // datetime.timedelta(microseconds=1)
                          for moment in wanted]
            compare("duckdb", column, found, wanted)


def check_pandas(path):
    text = pd.read_csv(path, dtype=str, keep_default_na=False, na_values=[])
    for column in COLUMNS:
        # It cannot tell null from empty.
        compare("pandas", column, text[column].tolist(), [cell or "" for cell in as_text(column)])
    exact = {"float_precision": "round_trip"} if int(pd.__version__.split(".")[0]) < 3 else {}
    table = pd.read_csv(path, keep_default_na=False, na_values={"x": ["", "nan"], "i_null": [""]}, dtype={
        "i": "int64", "i_null": "Int64", "u": "uint64", "x": "float64", "text": str}, **exact)
    compare("pandas", "i", table["i"].tolist(), COLUMNS["i"][2])
    compare("pandas", "i_null", [None if value is pd.NA else int(value) for value in table["i_null"]], COLUMNS["i_null"][2])
    compare("pandas", "u", table["u"].tolist(), COLUMNS["u"][2])
    compare("pandas", "x", table["x"].tolist(), [math.nan if x is None else x for x in COLUMNS["x"][2]])


def check_polars(path):
    try:
        import polars
    except ImportError:
        print("polars is not there")
        return
    text = polars.read_csv(path, infer_schema=False)
    for column in COLUMNS:
        # Which of the two an empty cell is depends on its version.
        compare("polars", column, [cell or "" for cell in text[column].to_list()], [cell or "" for cell in as_text(column)])
    table = polars.read_csv(path, schema_overrides={"i": polars.Int64, "u": polars.UInt64, "x": polars.Float64},
                            infer_schema=False)
    for column in ["i", "u", "x"]:
        compare("polars", column, table[column].to_list(), COLUMNS[column][2])


def check_description(info):
    types = {"BIGINT": "int64", "UBIGINT": "uint64", "DOUBLE": "float64", "BOOLEAN": "bool", "DECIMAL(38,3)": "decimal",
             "DATE": "date", "TIME": "time", "TIMESTAMP": "timestamp", "TIMESTAMPTZ": "timestamp", "VARCHAR": "text"}
    for column in info["columns"]:
        kind, _, values = COLUMNS[column["name"]]
        kist.equal(column["type"], "null" if column["name"] == "none" else types[kind], column["name"], "type")
        kist.equal(column["nulls"], values.count(None), column["name"], "nulls")


def check_one_column():
    """A null that is alone in its row is "", for an empty line would be no row."""
    with open("in/one.csv", "w", newline="") as file:
        file.write('n\r\n1\r\n""\r\n3\r\n')
    kist.put("in/one.csv")
    path = kist.convert("one.csv", "CsvTableArtifactTask", "one-canonical.csv")
    kist.equal(duckdb.connect().execute("select n from read_csv(?)", [path]).fetchall(), [(1,), (None,), (3,)], "one.csv")
    kist.equal(pd.read_csv(path)["n"].isna().tolist(), [False, True, False], "one.csv")


os.mkdir("in")
kist.run("init")
write_input("in/cells.csv")
kist.put("in/cells.csv")
check_description(kist.came_back(["in/cells.csv"])["cells.csv"]["info"])
canonical = kist.convert("cells.csv", "CsvTableArtifactTask", "canonical.csv")
check_duckdb(canonical)
check_pandas(canonical)
check_polars(canonical)
check_one_column()
print("duckdb %s, pandas %s: %d cells" % (duckdb.__version__, pd.__version__, ROWS * len(COLUMNS)))
