# Models of ONNX: what is in them and in other files; they are never run.
python_with 'onnx (PyPI) and name its Python in KIST_PYTHON' onnx numpy
"$python" "$top_srcdir/tests/interop/models_files.py" onnx
