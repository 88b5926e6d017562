# The protocol of commits and collectors, checked by explicit states; each of its rules is needed.
# KIST_FAULTS=long: with more of everybody.
command -v python3 >/dev/null || skip 'no python3'
if [ "${KIST_FAULTS:-}" = long ]; then
	python3 "$top_srcdir/tests/model/protocol.py" long
else
	python3 "$top_srcdir/tests/model/protocol.py"
fi
