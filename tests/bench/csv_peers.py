# SPDX-License-Identifier: Apache-2.0
"""csv_peers.py PEER FILE RUNS: MB/s of processor time in which another reader makes a table of a CSV, on one thread."""
import importlib
import os
import statistics
import sys
import time

peer, path, runs = sys.argv[1], sys.argv[2], int(sys.argv[3])
try:
    module = importlib.import_module(peer)
except ImportError:
    print("is not there")
    sys.exit(0)


def read_polars():
    module.read_csv(path)


def read_pandas():
    module.read_csv(path)


def table_duckdb():
    module.connect(config={"threads": 1}).execute("create table t as select * from read_csv(?)", [path])


def seconds(function):
    since = time.process_time()
    function()
    return time.process_time() - since


readers = {"duckdb": table_duckdb, "polars": read_polars, "pandas": read_pandas}
times = [seconds(readers[peer]) for _ in range(runs)]
print("table %.0f  (%s)" % (os.path.getsize(path) / 1e6 / statistics.median(times), module.__version__))
