# Routes: the first use is recorded, so that a plugin installed later changes none; pins; the file that keeps them.
home=$HOME/.config/kist
plugins=$HOME/.local/share/kist/plugins
make_tiny "$plugins" org.example.one
expect 0 kist plugin trust "$plugins/org.example.one.plugin.json"
expect 0 kist init
make_csv people.csv
printf 'TINYhello' >a.tiny

# The first use is recorded once the put is done, and not before.
expect 0 kist plugin why a.tiny
says out 'the first put records this: magic:0:54494e59 for org.example.one'
[ ! -e "$home/routes" ] || fail 'asking recorded a route'
printf 'TINY%0200d' 0 >long.tiny
expect 1 kist put long.tiny
[ ! -e "$home/routes" ] || fail 'a refused put recorded a route'
expect 0 kist put --opaque long.tiny
[ ! -e "$home/routes" ] || fail 'what was kept as bytes recorded a route'
expect 0 kist put --task TinyArtifactTask a.tiny --name named
[ ! -e "$home/routes" ] || fail 'an explicit choice recorded a route'
expect 0 kist put a.tiny people.csv
equal "$(cut -d' ' -f1-3 "$home/routes")" 'kist-routes 1
ext:csv kist.csv used
magic:0:54494e59 org.example.one used'
equal "$(stat -c %a "$home/routes")" 600

# Another plugin for the same files, installed later and just as good: no route changes.
make_tiny "$plugins" org.example.two
expect 0 kist plugin trust "$plugins/org.example.two.plugin.json"
expect 0 kist put a.tiny --name after
expect 0 kist show after
says out org.example.one
says_not out org.example.two
expect 0 kist plugin why a.tiny
says out "the recorded route 'magic:0:54494e59'" 'kist plugin pin magic:0:54494e59 ID' 'kist plugin unpin'
expect 0 kist plugin why a.tiny --json
says out '"locked_by": "magic:0:54494e59"' '"pinned": false'

# Who comes fresh to both must choose; the message names both and the commands, and they work.
expect 0 kist plugin unpin magic:0:54494e59
expect 1 kist put a.tiny --name fresh
says err org.example.one org.example.two '--task org.example.two/TinyArtifactTask' \
	'kist plugin pin magic:0:54494e59 org.example.one'
expect 0 kist put a.tiny --name fresh --task org.example.two/TinyArtifactTask
expect 1 kist put a.tiny --name fresh
expect 0 kist plugin pin magic:0:54494e59 org.example.two
says out 'pinned: magic:0:54494e59 goes to org.example.two'
expect 0 kist put a.tiny --name fresh
expect 0 kist show fresh
says out org.example.two
expect 0 kist plugin why a.tiny
says out "the pinned route 'magic:0:54494e59'"
expect 0 kist plugin routes
says out KEY pinned used ext:csv kist.csv ready
expect 0 kist plugin routes --json
says out '"how": "pinned"' '"how": "used"' '"since": "20'

# A pin whose plugin is gone fails hard; a first use whose plugin is gone is told and passed over.
mv "$plugins/org.example.two.so" kept.so
mv "$plugins/org.example.two.plugin.json" kept.json
expect 1 kist plugin doctor
says out "'magic:0:54494e59' is pinned to plugin 'org.example.two', which is not installed" 'kist plugin unpin'
expect 1 kist put a.tiny --name gone
says err 'pinned to plugin' org.example.two 'not installed' 'kist plugin unpin magic:0:54494e59'
expect 0 kist plugin unpin magic:0:54494e59
expect 0 kist put a.tiny --name again
mv kept.so "$plugins/org.example.two.so"
mv kept.json "$plugins/org.example.two.plugin.json"
rm "$plugins/org.example.one.plugin.json"
expect 0 kist put a.tiny --name other
says err note "recorded route 'magic:0:54494e59'" org.example.one 'not installed'
expect 0 kist show other
says out org.example.two
grep -q '^magic:0:54494e59 org.example.one used' "$home/routes" || fail 'the route was lost'
expect 0 kist plugin doctor
says out "route magic:0:54494e59: plugin 'org.example.one' is not installed" 'kist plugin unpin magic:0:54494e59'
expect 0 kist plugin doctor --json
says out '"routes_gone": [' '"key": "magic:0:54494e59"' '"plugin": "org.example.one"'

# Bytes that a plugin of this build knows are not taken for a .csv because a .csv came first.
make_npy a.npy
cp a.npy disguised.csv
expect 0 kist put disguised.csv
says out tensor

# Wrong use.
expect 2 kist plugin pin nonsense kist.csv
says err 'ext:csv'
expect 3 kist plugin pin ext:csv kist.cvs
says err "did you mean 'kist.csv'"
expect 1 kist plugin pin kind:table kist.numpy
says err 'kist plugin inspect kist.numpy'

# A pin is a wish: it may say what the plugin does not say of itself.
cp people.csv people.dat
expect 0 kist plugin pin ext:dat kist.csv
expect 0 kist put people.dat
says out table
expect 0 kist plugin why people.dat
says out "pinned route 'ext:dat'" kist.csv
expect 0 kist plugin unpin ext:dat
expect 3 kist plugin unpin ext:cvs
says err "did you mean 'ext:csv'"
expect 2 kist plugin unpin
expect 2 kist plugin unpin --all ext:csv
expect 2 kist plugin pin ext:csv

# What is wrong in the file is said by file and line, for a put too, and nothing is written over it.
cp "$home/routes" routes
printf 'ext:dat kist.csv perhaps 2026-01-31T12:00:00Z\n' >>"$home/routes"
cp "$home/routes" broken
expect 1 kist put people.csv
says err "$home/routes, line" "neither 'used' nor 'pinned'" 'delete the file' E_ROUTES
expect 1 kist plugin why people.csv
expect 1 kist plugin routes
expect 1 kist plugin pin ext:csv kist.csv
same broken "$home/routes"
cp routes "$home/routes"

# A file that others can write decides nothing; a folder that cannot be written costs the record alone.
chmod 622 "$home/routes"
expect 0 kist put people.csv
says err note 'chmod go-w'
chmod 600 "$home/routes"
rm -rf "$home/routes"
mkdir "$home/routes"
expect 0 kist put people.csv
says err note 'passed over'
expect 0 kist put --quiet people.csv
equal "$(wc -c <err)" 0
rmdir "$home/routes"
export XDG_CONFIG_HOME=/proc/nowhere
expect 0 kist put people.csv
says err note 'not recorded'
unset XDG_CONFIG_HOME

# Many at once lose no route.
for i in 1 2 3 4; do
	kist plugin pin "type:kist.csv@$i" kist.csv >/dev/null 2>&1 &
	kist put people.csv --name "at-once-$i" >/dev/null &
done
wait
expect 0 kist plugin routes
says out ext:csv type:kist.csv@1
expect 0 kist plugin unpin --all
expect 0 kist plugin routes
says out 'no routes yet'
