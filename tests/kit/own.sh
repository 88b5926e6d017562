# Our own plugins pass what we ask of others.
for name in numpy csv model; do
	folder=$top_builddir/tests/root/usr/local/lib/kist/plugins/$name
	expect 0 kist plugin test "$folder" --no-corpus
	says out 'badge: gold' ' 0 failed'
	[ -n "$(kist plugin doctor | grep relaxed || :)" ] || {
		expect 0 kist plugin lint "$folder"
		says out '0 errors, 0 warnings'
	}
done
