# put --level: arrays are compressed by what they are, at every level, and come back; show says how they lie.
command -v python3 >/dev/null || skip 'no python3'
mkdir back
python3 - <<'END'
import struct
text = b"{'descr': '<i8', 'fortran_order': False, 'shape': (100000,), }"
text += b" " * (117 - len(text)) + b"\n"
data = struct.pack("<100000q", *(1000 * i + i * i % 37 for i in range(100000)))
open("ids.npy", "wb").write(b"\x93NUMPY\1\0" + struct.pack("<H", len(text)) + text + data)
END
for level in fast default archive; do
	rm -rf by-level
	expect 0 kist init by-level
	expect 0 kist --store by-level put --level $level ids.npy
	expect 0 kist --store by-level get ids.npy -o back/ids.$level
	same ids.npy back/ids.$level
	expect 0 kist --store by-level show --json ids.npy
	says out '"delta": 1' '"raw_bytes": 800128' '"chunks": 2'
	[ "$(sed -n 's/.*"stored_bytes": \([0-9]*\).*/\1/p' out)" -lt 200000 ] || fail "$level: $(cat out)"
	expect 0 kist --store by-level verify
done
expect 2 kist put --level best ids.npy
says err 'fast, default or archive'
