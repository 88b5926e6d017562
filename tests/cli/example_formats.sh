# The serializers of the examples, built out of the tree as their READMEs say, on files of other programs.
command -v pkg-config >/dev/null || skip 'no pkg-config'
command -v make >/dev/null || skip 'no make'
export PKG_CONFIG_PATH="$top_builddir/tests/root/usr/local/lib/pkgconfig"
export PKG_CONFIG_SYSROOT_DIR="$top_builddir/tests/root"
# Not what make was told that runs this test.
unset MAKEFLAGS MAKELEVEL MFLAGS
cp -R "$top_srcdir/examples/qoi" qoi
cp -R "$top_srcdir/examples/wav" wav
chmod -R u+w qoi wav
expect 0 kist init
expect 0 make -C qoi CC="${CC:-cc}" CFLAGS='-O2 -Wall -Wextra -Werror -pedantic' test trust
says out trusted
formats='qoi'
if command -v "${CXX:-c++}" >/dev/null; then
	expect 0 make -C wav CXX="${CXX:-c++}" CXXFLAGS='-O2 -Wall -Wextra -Werror' test trust
	says out trusted
	formats='qoi wav'
fi
expect 0 kist plugin list
says out 'org.example.qoi' QoiImageArtifactTask

# Written by others: images by a coder of its own, sound by the standard library of Python.
cat >write.py <<'PY'
import math, struct, wave

def qoi(pixels, width, height, channels):
    """By the specification, and by nothing of the plugin."""
    out = bytearray(b"qoif" + struct.pack(">IIBB", width, height, channels, 0))
    seen = [(0, 0, 0, 0)] * 64
    before, run = (0, 0, 0, 255), 0
    for i, pixel in enumerate(pixels):
        if pixel == before:
            run += 1
            if run == 62 or i + 1 == len(pixels):
                out.append(0xC0 | run - 1)
                run = 0
            continue
        if run:
            out.append(0xC0 | run - 1)
            run = 0
        r, g, b, a = pixel
        place = (r * 3 + g * 5 + b * 7 + a * 11) % 64
        if seen[place] == pixel:
            out.append(place)
        else:
            seen[place] = pixel
            dr, dg, db = [(n - o + 128) % 256 - 128 for n, o in zip(pixel, before)][:3]
            if a != before[3]:
                out += bytes([0xFF, r, g, b, a])
            elif all(-2 <= d <= 1 for d in (dr, dg, db)):
                out.append(0x40 | dr + 2 << 4 | dg + 2 << 2 | db + 2)
            elif -32 <= dg <= 31 and -8 <= dr - dg <= 7 and -8 <= db - dg <= 7:
                out += bytes([0x80 | dg + 32, dr - dg + 8 << 4 | db - dg + 8])
            else:
                out += bytes([0xFE, r, g, b])
        before = pixel
    return bytes(out) + b"\0\0\0\0\0\0\0\1"

def npy(name, descr, shape, data):
    head = "{'descr': '%s', 'fortran_order': False, 'shape': %s, }" % (descr, shape)
    head += " " * ((64 - (10 + len(head) + 1) % 64) % 64) + "\n"
    open(name, "wb").write(b"\x93NUMPY\x01\x00" + struct.pack("<H", len(head)) + head.encode() + data)

state = 1
def noise():
    global state
    state = (state * 1103515245 + 12345) % (1 << 31)
    return state >> 8

width, height = 211, 97
smooth = [((x + y) % 256, (x // 3) % 256, (y * 2) % 256, 255) for y in range(height) for x in range(width)]
mixed = [(noise() % 256, noise() % 256, noise() % 256, 255 if noise() % 3 else noise() % 256) if noise() % 4 == 0 else (10, 20, 30, 40)
         for _ in range(width * height)]
black = [(0, 0, 0, 255)] * (width * height)
for name, pixels, channels in (("smooth", smooth, 3), ("mixed", mixed, 4), ("black", black, 3)):
    open(name + ".qoi", "wb").write(qoi(pixels, width, height, channels))
    npy(name + ".wanted", "|u1", "(%d, %d, %d)" % (height, width, channels), b"".join(bytes(p[:channels]) for p in pixels))
whole = open("mixed.qoi", "rb").read()
open("cut.qoi", "wb").write(whole[:-20])
open("longer.qoi", "wb").write(whole + b"x")
open("bomb.qoi", "wb").write(b"qoif" + struct.pack(">IIBB", 20000, 20000, 4, 0) + b"\xfd" * 100 + whole[-8:])
open("runs.qoi", "wb").write(b"qoif" + struct.pack(">IIBB", 5, 1, 3, 0) + b"\xfd" + whole[-8:])

frames = 5000
for bits in (8, 16, 24, 32):
    top = 1 << bits - 1
    values = [[int((top - 1) * math.sin(i / (20 + 7 * k))) for k in range(2)] for i in range(frames)]
    with wave.open("sine%d.wav" % bits, "wb") as file:
        file.setnchannels(2)
        file.setsampwidth(bits // 8)
        file.setframerate(44100)
        file.writeframes(b"".join(((v + 128) if bits == 8 else v % (1 << bits)).to_bytes(bits // 8, "little") for row in values for v in row))
    letter, descr = {8: ("B", "|u1"), 16: ("h", "<i2"), 24: ("i", "<i4"), 32: ("i", "<i4")}[bits]
    npy("sine%d.wanted" % bits, descr, "(%d, 2)" % frames, struct.pack("<%d%s" % (2 * frames, letter), *(v + 128 if bits == 8 else v for row in values for v in row)))
sound = open("sine16.wav", "rb").read()
open("cut.wav", "wb").write(sound[:-10])
open("adpcm.wav", "wb").write(sound[:20] + struct.pack("<H", 2) + sound[22:])
open("frame.wav", "wb").write(sound[:32] + struct.pack("<H", 3) + sound[34:])
open("size.wav", "wb").write(sound[:4] + struct.pack("<I", 0) + sound[8:])
open("nodata.wav", "wb").write(sound[:4] + struct.pack("<I", 28) + sound[8:36])
PY
python3 write.py

# both NAME: it is kept and given back, and read as the array that it is; what is written of that is read as the same.
both() {
	expect 0 kist put "$1"
	expect 0 kist cat "$1"
	same out "$1"
	expect 0 kist convert "$1" --task NumpyArrayArtifactTask --name array
	expect 0 kist cat array
	same out "${1%.*}.wanted"
	expect 0 kist convert array --task "$2" --name again
	expect 0 kist convert again --task NumpyArrayArtifactTask --name array-again
	expect 0 kist cat array-again
	same out "${1%.*}.wanted"
}
for name in smooth mixed black; do
	both $name.qoi QoiImageArtifactTask
	# The coder is as good as the other: the same choices, the same bytes.
	expect 0 kist cat again
	same out $name.qoi
done
expect 0 kist show smooth.qoi --json
says out '"width": 211' '"height": 97' '"colour_space": "sRGB"'
refused() {
	expect 1 kist put "$1"
	says err "$2"
}
refused cut.qoi E_TRUNCATED
refused longer.qoi E_TRAILING
refused bomb.qoi E_TRUNCATED
refused runs.qoi E_RUN
expect 0 kist convert smooth.qoi --task NumpyArrayArtifactTask --name picture
case $formats in
*wav*)
	for bits in 8 16 24 32; do
		both sine$bits.wav WavSeriesArtifactTask
	done
	expect 0 kist show sine16.wav --json
	says out '"rate": 44100' '"frames": 5000' '"bits": 16' '"peak": 0.999'
	refused cut.wav E_TRUNCATED
	refused adpcm.wav E_ENCODING
	refused frame.wav E_FRAME
	refused size.wav E_SIZE
	refused nodata.wav E_DATA
	expect 1 kist convert picture --task WavSeriesArtifactTask --name no
	says err E_SHAPE
	;;
esac
expect 0 kist verify
