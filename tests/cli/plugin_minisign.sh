# The real minisign verifies what kist signs, and kist what minisign signs.
command -v minisign >/dev/null || skip 'no minisign; install the Debian package minisign'
plugins=$HOME/.local/share/kist/plugins
make_tiny "$plugins/tiny" org.example.tiny
manifest=$plugins/tiny/org.example.tiny.plugin.json
words=$(printf 'id:org.example.tiny\tversion:1.0.0')
expect 0 kist plugin keygen --key ours.key
ours=$(sed -n 's/.*public key \([0-9A-F]*\)$/\1/p' ours.pub)

# Ours, by its tool: the file, the comment, and the keys of it.
expect 0 kist plugin sign --key ours.key "$manifest"
expect 0 minisign -V -H -p ours.pub -m "$manifest"
says out 'Signature and comment signature verified' "$words"
expect 0 minisign -S -s ours.key -m "$manifest" -t "$words"
expect 0 kist plugin key add ours.pub --scope org.example
expect 0 kist plugin verify "$manifest"
says out "$ours"
expect 0 minisign -R -s ours.key -p again.pub
equal "$(sed -n 2p again.pub)" "$(sed -n 2p ours.pub)"

# Its own keys, without a password and with one.
expect 0 minisign -G -W -p theirs.pub -s theirs.key
theirs=$(sed -n 's/.*public key \([0-9A-F]*\)$/\1/p' theirs.pub)
expect 0 kist plugin key add theirs.pub --scope org.example
expect 0 minisign -S -s theirs.key -m "$manifest" -t "$words"
expect 0 kist plugin verify "$manifest"
says out "$theirs"
expect 0 kist plugin sign --key theirs.key "$manifest"
expect 0 minisign -V -H -p theirs.pub -m "$manifest"
printf 'word\nword\n' | minisign -G -p locked.pub -s locked.key >/dev/null 2>&1 || skip 'minisign asks for its password elsewhere'
expect 1 kist plugin sign --key locked.key "$manifest"
says err 'a password protects this key'

# What minisign accepts, and kist does not: the old kind, and a comment that does not say what was signed.
expect 0 minisign -S -l -s theirs.key -m "$manifest" -t "$words"
expect 1 kist plugin verify "$manifest"
says err 'of the old kind'
expect 0 minisign -S -s theirs.key -m "$manifest"
expect 1 kist plugin verify "$manifest"
says err "does not say 'id:org.example.tiny' and 'version:1.0.0'"
expect 0 minisign -S -s theirs.key -m "$manifest" -t "id:org.example.tiny version:1.0.1"
expect 1 kist plugin verify "$manifest"
expect 0 minisign -S -s theirs.key -m "$manifest" -t "$words version:1.0.1"
expect 1 kist plugin verify "$manifest"
