# Models and pickles, joblib: they come back, are taken apart, and are never loaded.
python_with 'joblib (PyPI) and name its Python in KIST_PYTHON' joblib numpy
"$python" "$top_srcdir/tests/interop/models_files.py" joblib
