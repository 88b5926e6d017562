# The folder of a store may be on a network file system, where locks are not to be relied on and writes through a mapping
# may be lost: no command takes a lock there, maps anything that is written to, renames or writes to what has a name.
. "$top_srcdir/tests/faults/lib.sh"
in_memory
make_used_base
fresh
printf 'new\n' >new

watched() {
	"$strike" -r trace -u .kist "$@" >out 2>err </dev/null || {
		status=$?
		[ "$status" != 77 ] || {
			cat out
			exit 77
		}
		cat err >&2
		fail "$*"
	}
}

watched kist put new in/a.npy in/people.csv in/m.safetensors in/tree
watched kist get tree a.npy -o back
watched kist cat new
watched kist ls
watched kist tag new kept
watched kist rm whole
watched kist du
watched kist gc --all --grace 0
rm -rf "$HOME/.cache"
watched kist verify --full
watched kist ls
grep -a '^\(link\|lock\|map\|rename\|create\|sync\|syncdir\|end\) ' trace >calls || fail 'nothing was seen'
grep -q '^link ' calls || fail 'no file was made'
equal "$(grep -c '^end 0' calls)" 10
figure 'locks, shared mappings, renames, named writes in the store' "$(grep -c '^\(lock\|map\|rename\|create\) ' calls)" 0
