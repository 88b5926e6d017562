# SPDX-License-Identifier: Apache-2.0
#
# What the scripts of this folder share; they read it first.
export PKG_CONFIG_PATH="$top_builddir/tests/root/usr/local/lib/pkgconfig"
export PKG_CONFIG_SYSROOT_DIR="$top_builddir/tests/root"

# manifest NAME TASK MAGIC: the manifest of plugins/NAME.so, with the type org.example.NAME of values.
manifest() {
	sum=$(sha256sum <"plugins/$1.so")
	magic=$(printf %s "$3" | od -An -tx1 | tr -d ' \n')
	cat >"plugins/org.example.$1.plugin.json" <<EOF
{
  "manifest_version": 1,
  "id": "org.example.$1",
  "version": "1.0.0",
  "publisher": "Example",
  "license": "MIT",
  "abi": {"major": 1, "minor_required": 0},
  "must_understand": [],
  "libraries": {
    "linux-x86_64-glibc": {"file": "$1.so", "size": $(stat -c %s "plugins/$1.so"), "sha256": "${sum%% *}"}
  },
  "types": [
    {
      "type": "org.example.$1",
      "task": "$2",
      "major": 1,
      "reads": ["1.0"],
      "writes": "1.0",
      "kinds": ["value"],
      "media_types": ["application/x-$1"],
      "extensions": ["x$1"],
      "magic": [{"offset": 0, "hex": "$magic"}],
      "priority": 50,
      "params": {"serialize": {}, "deserialize": {}}
    }
  ],
  "tasks": [],
  "needs": [],
  "isolation": "either"
}
EOF
}

# round_trip NAME TASK MAGIC: trust, list, put, show, get, a bad file, verify.
round_trip() {
	kist plugin trust "plugins/org.example.$1.plugin.json" >/dev/null || fail "$1 is not trusted"
	printf '%s{"a":[1,2.5,"\303\251"]}\n' "$3" >"good.x$1"
	expect 0 kist --plugin-dir plugins plugin list
	says out "$2" ready
	expect 0 kist --plugin-dir plugins put "good.x$1"
	says out value
	expect 0 kist --plugin-dir plugins show "good.x$1"
	says out "org.example.$1" value
	expect 0 kist --plugin-dir plugins get "good.x$1" -o back
	same "good.x$1" back
	rm back
	printf '%s' "$3" >"bad.x$1"
	expect 1 kist --plugin-dir plugins put "bad.x$1"
	says err "bad.x$1" E_
	expect 0 kist --plugin-dir plugins plugin validate "good.x$1"
	expect 0 kist --plugin-dir plugins verify
}
