# Files of skops: what they would make is told, and nothing is made.
python_with 'skops (PyPI) and name its Python in KIST_PYTHON' skops sklearn numpy
"$python" "$top_srcdir/tests/interop/models_files.py" skops
