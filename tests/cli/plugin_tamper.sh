# One byte is changed in every region of manifest, signature and library: nothing of it runs, and none is taken for sound.
plugins=$HOME/.local/share/kist/plugins
config=$HOME/.config/kist
make_tiny "$plugins/tiny" org.example.tiny
base=$plugins/tiny/org.example.tiny
expect 0 kist plugin keygen
expect 0 kist plugin key add "$config/sign.pub" --scope org.example
expect 0 kist plugin sign "$base.plugin.json"
expect 0 kist plugin policy signed
mkdir kept
cp "$plugins"/tiny/* kept
expect 0 kist plugin list
says out org.example.tiny ready

# flip FILE OFFSET: another byte there
flip() {
	byte=$(od -An -tu1 -j"$2" -N1 "$1" | tr -d ' ')
	# shellcheck disable=SC2059
	printf "\\$(printf %o $((byte ^ ${3:-1})))" | dd of="$1" bs=1 seek="$2" conv=notrunc status=none
}
changed() { # FILE OFFSET
	flip "$1" "$2" "${3:-}"
	! cmp -s "$1" "kept/${1##*/}" || fail "nothing was changed at $2 of $1"
	expect 1 kist plugin verify "$base.plugin.json"
	actual=0
	kist plugin list >out 2>err || actual=$?
	equal $actual 0
	! grep 'org.example.tiny.*ready' out || fail "byte $2 of $1 was changed, and it is ready"
	cp "kept/${1##*/}" "$1"
}
all() { # FILE STEP: over the whole of it
	size=$(stat -c %s "$1")
	at=0
	while [ $at -lt "$size" ]; do
		changed "$1" $at
		at=$((at + $2))
	done
	changed "$1" $((size - 1))
}
step() { # SHORT LONG
	[ "${KIST_FAULTS:-}" = long ] && echo "$2" || echo "$1"
}
all "$base.plugin.json" "$(step 43 1)"
all "$base.so" "$(step 997 7)"

# Of a signature the first line is a comment that nobody signed.
line() { # NUMBER: where it begins
	head -n $(($1 - 1)) "$base.plugin.json.minisig" | wc -c
}
size=$(stat -c %s "$base.plugin.json.minisig")
at=$(line 2)
while [ $at -lt $((size - 1)) ]; do
	# The second signature ends before its line does, with bits that are no part of it and must be 0.
	changed "$base.plugin.json.minisig" $at
	at=$((at + $(step 9 1)))
done
for start in 2 3 4; do
	changed "$base.plugin.json.minisig" "$(line $start)"
	changed "$base.plugin.json.minisig" $(($(line $start) + 3))
done

# Cut short, empty, longer, another's.
for file in "$base.plugin.json" "$base.plugin.json.minisig" "$base.so"; do
	for size in 0 1 100 $(($(stat -c %s "$file") - 2)); do
		truncate -s "$size" "$file"
		expect 1 kist plugin verify "$base.plugin.json"
		cp "kept/${file##*/}" "$file"
	done
	printf 'more' >>"$file"
	expect 1 kist plugin verify "$base.plugin.json"
	cp "kept/${file##*/}" "$file"
done
make_tiny other org.example.other
expect 0 kist plugin sign other/org.example.other.plugin.json
cp other/org.example.other.plugin.json.minisig "$base.plugin.json.minisig"
expect 1 kist plugin verify "$base.plugin.json"
says err 'not one of these bytes by this key'
cp kept/*.minisig "$plugins/tiny"

# The parts of two signatures by one key do not make a third.
{
	sed -n 1,2p kept/*.minisig
	sed -n 3,4p other/*.minisig
} >"$base.plugin.json.minisig"
expect 1 kist plugin verify "$base.plugin.json"
cp kept/*.minisig "$plugins/tiny"

# Who else can write a file that decides is not believed.
id=$(sed -n 's/.*public key \([0-9A-F]*\)$/\1/p' "$config/sign.pub")
for file in "$config/keys/$id.json" "$config/keys" "$base.plugin.json.minisig" "$plugins/tiny" "$config/trusted.json"; do
	mode=$(stat -c %a "$file")
	chmod go+w "$file"
	expect 0 kist plugin list
	! grep 'org.example.tiny.*ready' out || fail "others can write $file, and it is ready"
	chmod "$mode" "$file"
done
expect 0 kist plugin list
says out org.example.tiny ready
