# Twenty at once: installing, replacing, removing and loading.  Who looks finds a whole plugin, or none, or is told to look
# again.
plugins=$HOME/.local/share/kist/plugins
config=$HOME/.config/kist
printf 'TINYhello' >x.tiny
for version in 1.0.0 1.1.0; do
	save_cc=${CC:-cc}
	CC="$save_cc -DTINY_VERSION=\"$version\""
	make_tiny $version org.example.tiny $version
	CC=$save_cc
done
expect 0 kist init
expect 0 kist plugin install --trust 1.0.0

# The same version, and loading it.
at_once() { # COUNT COMMAND...: all begin together; each leaves its status
	count=$1
	shift
	mkdir -p status
	rm -f status/*
	for i in $(seq "$count"); do
		{
			actual=0
			"$@" "$i" >"status/$i.out" 2>"status/$i.err" || actual=$?
			echo $actual >"status/$i"
		} &
	done
	wait
}
mixed() {
	case $(($1 % 2)) in
	0) kist plugin install --trust 1.0.0 ;;
	1) kist cat --json x.tiny >/dev/null 2>&1 || :; kist plugin validate "$plugins/org.example.tiny/org.example.tiny.plugin.json" ;;
	esac
}
at_once 20 mixed
! grep -L '^0$' status/*[0-9] | grep . || fail "one of them failed: $(cat status/*.err)"
equal "$(ls -A "$plugins")" org.example.tiny
equal "$(grep -o '"manifest"' "$config/trusted.json" | wc -l)" 1

# Two versions in turn: a list never shows what is neither.
either() {
	case $(($1 % 3)) in
	0) kist plugin install --trust --allow-downgrade 1.0.0 ;;
	1) kist plugin install --trust --allow-downgrade 1.1.0 ;;
	2) kist plugin list ;;
	esac
}
at_once 20 either
for i in $(seq 20); do
	[ "$(cat "status/$i")" = 0 ] || fail "$i failed: $(cat "status/$i.err")"
done
cat status/*.out | grep org.example.tiny | grep -v -e installed: -e ready -e 'being replaced by another version' |
	grep . && fail 'a plugin that is neither' || :
expect 0 kist plugin list
says out org.example.tiny ready
equal "$(ls -A "$plugins")" org.example.tiny
equal "$(grep -o '"manifest"' "$config/trusted.json" | wc -l)" 1
expect 0 kist put x.tiny
expect 0 kist show x.tiny
says out hello

# Many different ones lose no pin.
distinct() {
	make_tiny "many/$1" "org.example.tiny$1"
	kist plugin install --trust "many/$1"
}
at_once 6 distinct
for i in 1 2 3 4 5 6; do
	[ "$(cat "status/$i")" = 0 ] || fail "$i failed: $(cat "status/$i.err")"
done
expect 0 kist plugin list
equal "$(grep -c 'org.example.tiny.*ready' out)" 7
gone() {
	kist plugin remove --force "org.example.tiny$1"
}
at_once 6 gone
expect 0 kist plugin list
equal "$(grep -c 'org.example.tiny' out)" 1
