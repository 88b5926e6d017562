# Models and pickles, gguf: they come back, are taken apart, and are never loaded.
python_with 'gguf (PyPI) and name its Python in KIST_PYTHON' gguf numpy
"$python" "$top_srcdir/tests/interop/models_files.py" gguf
