# HDF5 files as h5py writes them.
python_with 'h5py (PyPI) and name its Python in KIST_PYTHON' h5py
"$python" "$top_srcdir/tests/interop/models_files.py" hdf5
