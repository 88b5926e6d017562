# The same weights as .safetensors, .pt and .npz are kept once.
python_with 'torch, safetensors and numpy (PyPI) and name their Python in KIST_PYTHON' torch safetensors numpy
"$python" "$top_srcdir/tests/interop/models_files.py" shared
