# Models and pickles, torch: they come back, are taken apart, and are never loaded.
python_with 'torch (PyPI) and name its Python in KIST_PYTHON' torch
"$python" "$top_srcdir/tests/interop/models_files.py" torch
