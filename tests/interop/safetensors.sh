# Files written by the safetensors library itself.
python_with 'safetensors (PyPI) and name its Python in KIST_PYTHON' safetensors
"$python" "$top_srcdir/tests/interop/safetensors_files.py" library
