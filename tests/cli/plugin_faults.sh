# What loaders of others were tried with (docs/guide/plugin-faults.md), one fault each: a manifest that is none, a library
# that is none, folders that are none.  The others in the folder are used all the same, and each refusal says why.
plugins=$PWD/plugins
make_tiny "$plugins/good" org.example.good
expect 0 kist plugin trust "$plugins/good/org.example.good.plugin.json"
make_tiny sound org.example.tiny
KIST_PLUGIN_PATH=$plugins
export KIST_PLUGIN_PATH
base=$plugins/tiny/org.example.tiny
fresh() {
	rm -rf "$plugins/tiny"
	mkdir "$plugins/tiny"
	cp sound/* "$plugins/tiny"
}
escape=$(printf '\033')
refused() { # WORD TEXT: what the list says of it; the other one is ready
	expect 0 kist plugin list
	says out "$1" "$2"
	says_not out "$escape"
	grep -q 'org.example.good  *1.0.0  *ready' out || fail 'the other plugin is not ready'
	! grep 'org.example.tiny .*ready' out || fail 'it is ready'
}

# No manifest, and manifests that are none.
fresh
rm "$base.plugin.json"
expect 0 kist plugin list
says_not out org.example.tiny
manifest() { # WORD TEXT: the manifest is what comes in
	fresh
	cat >"$base.plugin.json"
	refused "$1" "$2"
}
manifest corrupt 'it is empty' </dev/null
printf '   \n' | manifest corrupt ''
printf '{' | manifest corrupt ''
printf '\177ELF\001\001' | manifest corrupt ''
printf '[]' | manifest corrupt 'object'
printf 'null' | manifest corrupt ''
printf '{"a":1,"a":2}' | manifest corrupt ''
printf '{"manifest_version":NaN}' | manifest corrupt ''
printf '{"id":"org.example.tiny\000"}' | manifest corrupt ''
printf '\377\376{\000}\000' | manifest corrupt ''
printf '\357\273\277{}' | manifest corrupt ''
printf '// no\n{}' | manifest corrupt ''
{ head -c 100000 /dev/zero | tr '\0' '['; } | manifest corrupt ''
{
	printf '{"x":"'
	head -c 300000 /dev/zero | tr '\0' x
	printf '"}'
} | manifest limit ''

# One member is wrong.
edited() { # WORD TEXT SED
	fresh
	sed -i "$3" "$base.plugin.json"
	! cmp -s "$base.plugin.json" sound/org.example.tiny.plugin.json || fail "'$3' changes nothing"
	kist plugin trust "$base.plugin.json" >/dev/null 2>&1 || :
	refused "$1" "$2"
}
edited incompatible 'newer than this build understands' 's/"manifest_version": 1/"manifest_version": 2/'
edited corrupt manifest_version 's/"manifest_version": 1/"manifest_version": 0/'
edited corrupt manifest_version 's/"manifest_version": 1/"manifest_version": "1"/'
edited incompatible 'made for plugin ABI 2' 's/"major": 1, "minor_required"/"major": 2, "minor_required"/'
edited incompatible 'install a newer kist' 's/"minor_required": 0/"minor_required": 1/'
edited incompatible "does not understand 'magic_carpet'" 's/"must_understand": \[\]/"must_understand": ["magic_carpet"]/'
edited unsupported 'none for this platform' 's/linux-x86_64-glibc/linux-aarch64-glibc/'
edited unsupported 'none for this platform' 's/linux-x86_64-glibc/linux_amd64/'
edited incompatible 'made for plugin ABI 2' 's/linux-x86_64-glibc/windows-x86_64/; s/"major": 1, "minor/"major": 2, "minor/'
edited corrupt 'plain file name' 's|"file": "|"file": "../good/|'
edited corrupt 'plain file name' 's|"file": "[^"]*"|"file": "/etc/passwd"|'
edited 'not found' 'is not there' 's|"file": "[^"]*"|"file": "elsewhere.so"|'
edited corrupt sha256 's/"sha256": "./"sha256": "X/'
edited corrupt 'no semantic version' 's/"version": "1.0.0"/"version": "1"/'
edited corrupt 'reverse-DNS' 's/"id": "org.example.tiny"/"id": "tiny"/'
edited invalid "must be called 'org.example.other.plugin.json'" 's/"id": "org.example.tiny"/"id": "org.example.other"/'
edited invalid 'must be called' 's/"id": "org.example.tiny"/"id": "kist.numpy"/'
edited corrupt '' "s/\"publisher\": \"Example\"/\"publisher\": \"\\\\u001b[31mred\"/"

# The library is none, and its manifest says that it is this one.
library() { # WORD TEXT: the library is what comes in
	fresh
	cat >"$base.so"
	sed -i -e "s/\"size\": [0-9]*/\"size\": $(stat -c %s "$base.so")/" \
		-e "s/[0-9a-f]\{64\}/$(sha256sum <"$base.so" | cut -d' ' -f1)/" "$base.plugin.json"
	expect 0 kist plugin trust "$base.plugin.json"
	refused "$1" "$2"
	expect 1 kist plugin validate "$base.plugin.json"
}
patched() { # WORD TEXT OFFSET BYTES: the library with other bytes there
	cp sound/org.example.tiny.so patched.so
	# shellcheck disable=SC2059
	printf "$4" | dd of=patched.so bs=1 seek="$3" conv=notrunc status=none
	library "$1" "$2" <patched.so
}
printf 'x' | library corrupt ''
printf '#!/bin/sh\necho no\n' | library corrupt ''
{ printf 'MZ\220\000' && head -c 508 /dev/zero; } | library corrupt ''
{ printf '\376\355\372\317' && head -c 508 /dev/zero; } | library corrupt ''
{ printf '!<arch>\n' && head -c 508 /dev/zero; } | library corrupt ''
head -c 4096 /dev/zero | library corrupt ''
head -c 64 sound/org.example.tiny.so | library corrupt ''
patched unsupported '' 4 '\001'
patched unsupported '' 5 '\002'
patched unsupported '' 16 '\002'
patched unsupported '' 18 '\267'
patched corrupt '' 32 '\377\377\377\377\377\377\377\177'
expect 0 kist plugin trust sound/org.example.tiny.plugin.json
fresh
rm "$base.so"
mkdir "$base.so"
refused denied 'regular file'
fresh
rm "$base.so"
mkfifo "$base.so"
refused denied 'regular file'
fresh
: >"$base.so"
refused denied '0 bytes'

expect 0 kist plugin untrust org.example.tiny

# Folders with names that are not plain, that are none, and none at all.
rm -rf "$plugins/tiny"
odd=$(printf 'na\303\257ve \344 a\nb\033[31m')
mkdir "$plugins/$odd"
cp sound/* "$plugins/$odd"
expect 0 kist plugin list
says out org.example.tiny denied 'org.example.good'
says_not out "$escape"
expect 0 kist plugin trust "$plugins/$odd/org.example.tiny.plugin.json"
expect 0 kist plugin list
equal "$(grep -c '^org.example.* ready' out)" 2
expect 0 kist plugin list --json
rm -r "${plugins:?}/$odd"
: >file
for path in "$PWD/file" "$PWD/nothing" relative '' ':::' "$plugins:$plugins" "$PWD/nothing:$plugins"; do
	KIST_PLUGIN_PATH=$path
	expect 0 kist plugin list
	says out kist.numpy ready
done
says out org.example.good
unset KIST_PLUGIN_PATH
expect 0 env -u HOME -u XDG_DATA_HOME -u XDG_CONFIG_HOME XDG_DATA_HOME=relative XDG_CONFIG_HOME="$PWD/none" kist plugin list
says out kist.numpy ready

# A name that is nearly one.
expect 3 kist --plugin-dir plugins plugin inspect org.example.god
says err "did you mean 'org.example.good'?"
