# What each format must take, and what it must refuse and with which code: this needs Python alone.
python_with 'python3 (Debian)' json
"$python" "$top_srcdir/tests/interop/verdicts.py"
