# Models and pickles, by-hand: they come back, are taken apart, and are never loaded.
python_with 'python3 (Debian)' json
"$python" "$top_srcdir/tests/interop/models_files.py" by-hand
