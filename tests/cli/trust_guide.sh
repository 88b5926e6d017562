# The guide to trust, as it is written: its commands work, and say what it says of them.
command -v pkg-config >/dev/null || skip 'no pkg-config'
command -v make >/dev/null || skip 'no make'
export PKG_CONFIG_PATH="$top_builddir/tests/root/usr/local/lib/pkgconfig"
export PKG_CONFIG_SYSROOT_DIR="$top_builddir/tests/root"
unset MAKEFLAGS MAKELEVEL MFLAGS
guide_commands trust >commands
for command in list paths doctor validate trust untrust policy keygen sign 'key add' 'key ls' verify install remove revoke; do
	says commands "plugin $command"
done
sed -i "s/^make /make CC='${CC:-cc}' /" commands
command -v minisign >/dev/null || sed -i '/^minisign /d' commands
expect 0 sh -eux commands
says out 'mask/org.example.mask.plugin.json: valid' 'trusted: org.example.mask 1.0.0' 'no longer trusted: org.example.mask' \
	'policy: pinned' 'policy: signed' "for 'org.example' until 2099-01-01" 'Example, Inc.' \
	'installed: org.example.mask 1.0.0, signed by key' 'removed: org.example.mask' 'revoked: key' 'revoked: SHA-256' \
	'no longer revoked: key'
grep -q '^org.example.mask .* ready  *given' out || fail 'what was trusted is not ready'

# The file of pins, as the page shows it.
expect 0 kist plugin revoke --undo mask/org.example.mask.plugin.json
expect 0 kist plugin policy pinned
expect 0 kist plugin trust mask/org.example.mask.plugin.json
guide=$top_srcdir/docs/guide/trust.md
sed -n '/^ *{"pins":\[{"id":"org.example.mask"/,/"version":1}$/p' "$guide" | tr -d ' \n' >shown
sed 's/[0-9a-f]\{64\}/<SHA-256>/' "$HOME/.config/kist/trusted.json" | tr -d ' \n' >there
says shown '<SHA-256>'
python3 - <<'END' || fail 'the file of pins is another one than the guide shows'
import json
shown, there = json.load(open("shown")), json.load(open("there"))
assert {key: there[key] for key in shown} == shown, there
END
