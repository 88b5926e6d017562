# Functions of the system's BLAS are steps of a workflow, by a manifest alone.
command -v make >/dev/null || skip 'no make'
cp -R "$top_srcdir/examples/blas" blas
chmod -R u+w blas
unset MAKEFLAGS MAKELEVEL MFLAGS
make -C blas trust >out 2>err || {
	grep -q "no library 'libblas.so.3'" out err && skip 'no BLAS; install libblas3'
	cat out err >&2
	fail 'make trust'
}
says out 'org.example.blas 1.0.0 loads' trusted
expect 0 kist init
python3 - <<'PY'
import math, struct

def write(name, shape, values, letter="d", descr="<f8"):
    head = "{'descr': '%s', 'fortran_order': False, 'shape': %s, }" % (descr, shape)
    head += " " * ((64 - (10 + len(head) + 1) % 64) % 64) + "\n"
    with open(name, "wb") as file:
        file.write(b"\x93NUMPY\x01\x00" + struct.pack("<H", len(head)) + head.encode() + struct.pack("<%d%s" % (len(values), letter), *values))

x = [math.sin(i) for i in range(3000)]
y = [math.cos(i / 3) - 2 * math.sin(i) for i in range(3000)]
write("x.npy", "(3000,)", x)
write("y.npy", "(60, 50)", y)
write("short.npy", "(10,)", x[:10])
write("x32.npy", "(3000,)", x, "f", "<f4")
x32 = struct.unpack("<3000f", struct.pack("<3000f", *x))
dot = math.fsum(a * b for a, b in zip(x, y))
cosine = dot / math.sqrt(math.fsum(a * a for a in x) * math.fsum(b * b for b in y))
open("wanted", "w").write("%.6f\n" % cosine)
open("sums", "w").write("%.6f %.3f %d\n" % (math.fsum(abs(v) for v in y), math.fsum(v * v for v in x32), max(range(3000), key=lambda i: abs(y[i]))))
PY
expect 0 kist put x.npy y.npy short.npy x32.npy
expect 0 kist run blas/angle.yaml --input x=x.npy --input y=y.npy --jobs 3
same exports/angle/cosine.txt wanted

cat >more.yaml <<'YAML'
artifact_inputs: {y: tensor, z: tensor}
graph:
  sum:   {sum_abs: {x: $y}}
  where: {largest: {x: $y}}
  self:  {dot_f32: {x: $z, y: $z}}
  line:  {exec: [awk, 'BEGIN { printf "%.6f %.3f %d\n", ARGV[1], ARGV[2], ARGV[3] }', $sum, $self, $where]}
outputs: {line: {contents: $line, file: line}}
YAML
expect 0 kist run more.yaml --input y=y.npy --input z=x32.npy
same exports/more/line sums

# What a cast would get wrong: another element type is refused, reading past an array ends the call.
expect 1 kist run blas/angle.yaml --input x=x32.npy --input y=y.npy
says err "argument 'x': a tensor of float32 was given, f64[] is expected"
expect 1 kist run blas/angle.yaml --input x=x.npy --input y=short.npy
says err "crashed in task 'dot'"
expect 0 kist verify
