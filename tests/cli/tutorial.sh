# The tutorial as its README tells it, on a home where nothing is.
command -v pkg-config >/dev/null || skip 'no pkg-config'
command -v make >/dev/null || skip 'no make'
export PKG_CONFIG_PATH="$top_builddir/tests/root/usr/local/lib/pkgconfig"
export PKG_CONFIG_SYSROOT_DIR="$top_builddir/tests/root"
cp -R "$top_srcdir/examples/arrays" "$top_srcdir/examples/tutorial" .
chmod -R u+w arrays tutorial
# Not what make was told that runs this test.
unset MAKEFLAGS MAKELEVEL MFLAGS
expect 0 make -C arrays CC="${CC:-cc}" trust
cd tutorial
sed -n 's/^    \(kist\|cat\) /\1 /p' README.md >commands
equal "$(wc -l <commands)" 6
while read -r line; do
	expect 0 sh -c "$line"
	cat out >>said
done <commands
says said 'make.yaml: can be run: 3 steps' 'kept make/save_numpy_artifact' 'wrote exports/make/summary.csv' 'the mean is '
equal "$(head -1 exports/make/summary.csv | cut -d, -f1)" count
equal "$(sed -n '2s/,.*//p' exports/make/summary.csv)" 1000
# Halving undoes doubling: the mean of the one is twice that of the other.
python3 - <<'END' || fail 'the mean'
mean = float(open("exports/make/summary.csv").read().splitlines()[1].split(",")[1])
assert abs(float(open("exports/use/report.txt").read().split()[-1]) - mean / 2) < 1e-9
END
# The same seed gives the same array, and nothing new is stored for it.
expect 0 kist run make.yaml -p rows=1000 -p seed=7 --name again --json
expect 0 kist ls --json
equal "$(python3 -c 'import json; print(len({row["sha256"] for row in json.load(open("out")) if row["name"].endswith("save_numpy_artifact")}))')" 1
