# Files written by numpy itself.
python_with 'python3-numpy (Debian), numpy (PyPI)' numpy
"$python" "$top_srcdir/tests/interop/numpy_files.py"
