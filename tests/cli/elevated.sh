# In a process with more rights than its user, the environment and the user's folders choose no plugin, and that is said.
[ "$(id -u)" = 0 ] || skip 'only root can make a program setuid'
command -v setpriv >/dev/null || skip 'there is no setpriv'

# All below must be reachable by another user, and belong to root alone.
chmod 755 .. .
cp -r "$top_builddir/tests/root/usr/local" installed
chmod -R go-w installed
mkdir -p home/.config home/.local/share home/.cache store
plugins=$PWD/home/.local/share/kist/plugins
make_tiny "$plugins" org.example.user
make_tiny "$PWD/by-path" org.example.path
printf 'TINYhello' >a.tiny
chmod 644 a.tiny
kist=$PWD/installed/bin/kist
! grep -qE '__(a|t|ub)san_' "$kist" || skip 'a sanitizer does not run with more rights than its user'

# as_user COMMAND...: as nobody, with all that an attacker sets.
as_user() {
	setpriv --reuid=65534 --regid=65534 --clear-groups --inh-caps=-all \
		env HOME="$PWD/home" KIST_PLUGIN_PATH="$PWD/by-path" XDG_DATA_HOME="$PWD/home/.local/share" \
		XDG_CONFIG_HOME="$PWD/home/.config" XDG_CACHE_HOME="$PWD/home/.cache" KIST_STORE="$PWD/store" "$@"
}
# What the attacker pinned for himself, and the routes he wrote.
HOME=$PWD/home kist plugin trust "$plugins/org.example.user.plugin.json" by-path/org.example.path.plugin.json >/dev/null
HOME=$PWD/home kist plugin pin ext:tiny org.example.user >/dev/null
chmod -R go+rX home by-path

# Without the rights, all of it counts.
expect 0 as_user "$kist" plugin paths
says out "$PWD/by-path"
says_not out 'more rights'
expect 0 as_user "$kist" plugin list
says out org.example.path org.example.user
expect 0 as_user "$kist" paths
says out "named by KIST_STORE"

ignored() { # HOW
	expect 0 as_user "$kist" plugin paths
	says out "$PWD/by-path" 'ignored: this process has more rights than who started it' 'this process has more rights'
	[ "$(grep -c ignored: out)" -ge 2 ] || fail "$1: only one place is ignored"
	expect 0 as_user "$kist" plugin paths --json
	says out '"environment_ignored": true'
	expect 0 as_user "$kist" plugin list
	says_not out org.example
	says out kist.csv ready
	expect 0 as_user "$kist" paths
	says_not out 'named by KIST_STORE'
	says out 'ignored: KIST_STORE, KIST_PLUGIN_PATH, HOME' 'more rights than who started it'
	expect 0 as_user "$kist" --store public.kist ls
	says err 'note: ignored: KIST_STORE'
	says_not out "$PWD/home/.config"
	expect 0 as_user "$kist" plugin why a.tiny
	says_not out org.example
	says out 'plain bytes'
}

kist init public.kist
cp "$kist" kept
chmod 4755 "$kist"
if expect 0 as_user "$kist" plugin paths && grep -q 'more rights' out; then
	ignored setuid
	tried=setuid
	# A folder named on the command line counts, but only root's, and without a pin of this build nothing in it runs.
	expect 0 as_user "$kist" --plugin-dir "$PWD/by-path" plugin list
	says out org.example.path denied 'not trusted'
	chown 65534 by-path
	expect 0 as_user "$kist" --plugin-dir "$PWD/by-path" plugin list
	says_not out org.example.path
	chown 0 by-path
fi

cp -f kept "$kist"
chmod 2755 "$kist"
if [ -n "${tried-}" ]; then
	ignored setgid
fi

cp -f kept "$kist"
chmod 755 "$kist"
if command -v setcap >/dev/null && setcap cap_net_bind_service+ep "$kist" 2>/dev/null &&
	as_user "$kist" plugin paths >out 2>err && grep -q 'more rights' out; then
	ignored capability
	tried=${tried-}capability
fi
[ -n "${tried-}" ] || skip 'this file system gives no rights to programs (nosuid)'
