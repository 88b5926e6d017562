# The cache of checked libraries: deleting, spoiling or locking it changes nothing, and what is broken is always told.
plugins=$HOME/.local/share/kist/plugins
cache=$HOME/.cache/kist/plugins
make_tiny "$plugins" org.example.one
expect 0 kist plugin trust "$plugins/org.example.one.plugin.json"
kist plugin list --json >wanted
grep -q '"state": "ready"' wanted || fail 'not ready'
kist plugin list --json >again
same wanted again
[ "$(find "$cache" -type f | wc -l)" -ge 3 ] || fail 'nothing is remembered'
head -qn 1 "$cache"/* | sort -u >first
equal "$(cat first)" 'kist-library 2'
[ "$(sed -n 2p "$(find "$cache" -type f | head -n 1)" | grep -c "on $(uname -n)$")" = 1 ] || fail 'it does not name its host'

# Deleted, spoiled, another host's, a folder, a link, unwritable: the same answer.
rm -rf "$cache"
expect 0 kist plugin list --json
same wanted out
expect 0 kist plugin list --json
for file in "$cache"/*; do head -c 100 /dev/urandom >"$file"; done
expect 0 kist plugin list --json
same wanted out
expect 0 kist plugin list --json
for file in "$cache"/*; do
	sed 's/on .*/on elsewhere/' "$file" >other
	cat other >"$file"
done
expect 0 kist plugin list --json
same wanted out
for file in "$cache"/*; do
	rm "$file"
	mkdir "$file"
done
expect 0 kist plugin list --json
same wanted out
rm -rf "$cache"
echo 'no folder' >"$cache"
expect 0 kist plugin list --json
same wanted out
rm "$cache"
mkdir "$cache"
chmod 500 "$cache"
expect 0 kist plugin list --json
same wanted out
chmod 700 "$cache"
expect 0 env XDG_CACHE_HOME=/proc/nowhere kist plugin list --json
same wanted out

# Another library behind a remembered manifest is seen, whatever its size and its time of change say.
expect 0 kist plugin list
says_not out denied
cp "$plugins/org.example.one.so" kept.so
printf 'X' | dd of="$plugins/org.example.one.so" bs=1 seek=3000 conv=notrunc status=none
touch -r kept.so "$plugins/org.example.one.so"
for time in 1 2; do
	expect 0 kist plugin list
	says out denied 'not the library that its manifest names'
	expect 0 kist plugin inspect org.example.one
	says out 'not the library' remedy
done
cp kept.so "$plugins/org.example.one.so"
expect 0 kist plugin list --json
same wanted out

# A cache that lies makes nothing run: a library is hashed again when it is loaded.
expect 0 kist plugin list
printf 'TINYhello' >a.tiny
expect 0 kist init
printf 'X' | dd of="$plugins/org.example.one.so" bs=1 seek=3000 conv=notrunc status=none
sum=$(sha256sum <"$plugins/org.example.one.plugin.json")
for file in "$cache/${sum%% *}"-*; do
	sed '4d' "$file" >lie
	stat -c '%d %i %s %.9Y %.9Z' "$plugins/org.example.one.so" | sed 's/\.//g' >>lie
	cat lie >"$file"
done
expect 0 kist plugin list
says_not out denied
expect 1 kist put a.tiny
says err 'not the library'

# Each way to be broken has its reason, every time.
cp kept.so "$plugins/org.example.one.so"
for fault in missing short writable link; do
	so=$plugins/org.example.one.so
	rm -f "$so"
	case $fault in
	missing) word='is not there' ;;
	short)
		head -c 100 kept.so >"$so"
		word='100 bytes'
		;;
	writable)
		cp kept.so "$so"
		chmod 666 "$so"
		word='chmod go-w'
		;;
	link)
		ln -s "$PWD/kept.so" "$so"
		word='symbolic link'
		;;
	esac
	for time in 1 2; do
		expect 0 kist plugin list
		says out org.example.one "$word"
	done
done
