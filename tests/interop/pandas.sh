# Files written by pandas itself.
python_with 'python3-pandas (Debian), pandas (PyPI)' pandas numpy
"$python" "$top_srcdir/tests/interop/pandas_files.py"
