# The same files as the safetensors library writes, written by hand: this needs Python alone.
python_with 'python3 (Debian)' json
"$python" "$top_srcdir/tests/interop/safetensors_files.py" by-hand
