# Models of Keras: the classes that they would make are told, and none is.
KERAS_BACKEND=${KERAS_BACKEND:-torch}
export KERAS_BACKEND
python_with 'keras and torch (PyPI) and name its Python in KIST_PYTHON' keras torch
"$python" "$top_srcdir/tests/interop/models_files.py" keras
