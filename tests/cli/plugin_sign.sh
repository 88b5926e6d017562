# Signatures of plugins: made and verified here and by minisign, by keys with a scope, a date and a way to end them.
plugins=$HOME/.local/share/kist/plugins
config=$HOME/.config/kist
make_tiny "$plugins/tiny" org.example.tiny
manifest=$plugins/tiny/org.example.tiny.plugin.json
printf 'TINYhello' >x.tiny
expect 0 kist init

# A pair of keys, which is not written over, and whose secret half nobody else can read.
expect 3 kist plugin sign "$manifest"
says err 'no key to sign with' 'kist plugin keygen'
expect 0 kist plugin keygen
says out 'nobody else may have it'
equal "$(stat -c %a "$config/sign.key")" 600
expect 1 kist plugin keygen
says err 'is there already'
expect 0 kist plugin keygen --key mine.key --json
says out '"public": "mine.pub"'
id=$(sed -n 's/.*public key \([0-9A-F]*\)$/\1/p' "$config/sign.pub")
mine=$(sed -n 's/.*public key \([0-9A-F]*\)$/\1/p' mine.pub)
expect 0 kist plugin sign "$manifest"
says out "by key $id"
says "$manifest.minisig" id:org.example.tiny version:1.0.0
chmod 644 mine.key
expect 1 kist plugin sign --key mine.key "$manifest"
says err 'chmod 600'
chmod 600 mine.key

# Under the policy "pinned" a signature lets nothing run; under "signed" it does, when the key is known.
expect 0 kist plugin list
says out org.example.tiny denied 'not trusted'
expect 0 kist plugin policy
says out pinned
expect 2 kist plugin policy none
expect 0 kist plugin policy signed
expect 0 kist plugin list
says out denied "key $id, which is not known here"
expect 1 kist plugin verify org.example.tiny
says err 'not known here' 'kist plugin key add'
expect 2 kist plugin key add "$config/sign.pub"
expect 1 kist plugin key add "$config/sign.pub" --scope kist.numpy
says err "this build's own"
expect 1 kist plugin key add "$config/sign.pub" --scope org
expect 1 kist plugin key add "$config/sign.key" --scope org.example
says err 'secret key'
expect 1 kist plugin key add "$config/sign.pub" --scope org.example --expires tomorrow
expect 0 kist plugin key add "$config/sign.pub" --scope org.example --note 'Example, Inc.'
expect 0 kist plugin key ls
says out "$id" org.example never counts 'Example, Inc.'
expect 0 kist plugin verify org.example.tiny
says out "signed by key $id for 'org.example' (Example, Inc.)"
expect 0 kist plugin verify --json "$manifest"
says out "\"key\": \"$id\"" '"scope": "org.example"'
expect 0 kist plugin inspect org.example.tiny --json
says out "\"signed_by\": \"$id\""
expect 0 kist put x.tiny
says_not out bytes

# The key must speak for the plugin, must not have expired, and must not be revoked.
signed() { # REASON: with it nothing runs
	expect 0 kist plugin list
	says out org.example.tiny denied "$1"
	expect 1 kist plugin verify org.example.tiny
	says err "$1"
	touch x.tiny
	expect 0 kist put x.tiny --name without
	says err "$1"
}
for scope in org.other org.example.tin org.example.tiny.more org.exampl; do
	expect 0 kist plugin key add "$config/sign.pub" --scope $scope
	signed "speaks for '$scope' and not for 'org.example.tiny'"
done
expect 0 kist plugin key add "$config/sign.pub" --scope org.example --expires 2020-01-31
signed 'expired on 2020-01-31'
expect 0 kist plugin key ls
says out expired
expect 0 kist plugin key add "$config/sign.pub" --scope org.example.tiny --expires 2999-12-31
expect 0 kist plugin verify org.example.tiny
expect 0 kist plugin revoke "$id"
signed 'which was revoked'
expect 0 kist plugin key ls --json
says out '"state": "revoked"'
expect 0 kist plugin revoke --undo "$id"
expect 3 kist plugin revoke --undo "$id"
expect 0 kist plugin verify org.example.tiny
for what in "$manifest" "$(sha256sum <"$plugins/tiny/org.example.tiny.so" | cut -d' ' -f1)"; do
	expect 0 kist plugin revoke "$what"
	signed 'was revoked'
	expect 1 kist plugin trust "$manifest"
	says err 'was revoked' 'kist plugin revoke --undo'
	expect 0 kist plugin revoke --undo "$what"
done
expect 0 kist plugin key rm "$id"
expect 3 kist plugin key rm "$id"
expect 1 kist plugin key rm xyz

# Any: everything runs, and every command says so.
rm "$manifest.minisig"
expect 0 kist plugin policy any
says out 'policy: any'
expect 0 kist plugin list
says out org.example.tiny ready
says err "the policy is 'any'"
touch x.tiny
expect 0 kist put x.tiny --name whoever
says err "the policy is 'any'"
expect 0 kist plugin paths
says out 'EVERY PLUGIN RUNS'
expect 0 kist plugin paths --json
says out '"policy": "any"'
expect 0 kist plugin revoke "$manifest"
expect 0 kist plugin list
says out org.example.tiny denied
expect 0 kist plugin policy pinned
