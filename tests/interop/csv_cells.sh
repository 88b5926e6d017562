# Every cell of what kist writes, as DuckDB, pandas and polars read it.
python_with 'duckdb, pandas (PyPI); python3-pandas (Debian)' duckdb pandas numpy
"$python" "$top_srcdir/tests/interop/csv_cells.py"
