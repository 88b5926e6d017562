# Models of scikit-learn as skl2onnx writes them.
python_with 'skl2onnx (PyPI) and name its Python in KIST_PYTHON' skl2onnx sklearn
"$python" "$top_srcdir/tests/interop/models_files.py" skl2onnx
