# A disk that is really full, but for a few pages: what does not fit is refused with a reason, all that was kept is whole,
# and a collector makes room.
. "$top_srcdir/tests/faults/lib.sh"
if [ -z "${inside:-}" ]; then
	mkdir probe
	unshare -rm mount -t tmpfs -o size=64k none probe 2>err || skip "no file system of its own can be mounted: $(cat err)"
	inside=yes
	export inside
	exec unshare -rm sh -euc '. "$top_srcdir/tests/lib.sh"; . "$1"' "$1" "$1"
fi
make_used_base
head -c 100000 /dev/urandom >large
head -c 300000 /dev/urandom >dead
mkdir disk
mount -t tmpfs -o size=4m none disk
page=$(getconf PAGESIZE)
KIST_STORE=$PWD/disk/store
export KIST_STORE

# whole: all that has a name is there.
whole() {
	rm -rf back/*
	kist verify --full >out 2>err || fail "$where: $(cat out err)"
	kist get $files whole before -o back >out 2>err || fail "$where: $(cat err)"
	cmp -s back/whole half || fail "$where: 'whole' came back as something else"
}

# full PAGES: the store as it was at first, on a disk with so many pages left.
full() {
	rm -rf disk/* "$HOME/.cache"
	cp -r base disk/store
	kist put dead -q >/dev/null
	kist rm dead -q
	dd if=/dev/zero of=disk/ballast bs="$page" 2>/dev/null || :
	truncate -s -$(($1 * page)) disk/ballast
	where="$1 pages left"
}

refused=0
tried=0
for pages in 0 1 2 3 4 6 8 12 16 24 40; do
	full "$pages"
	tried=$((tried + 1))
	if kist put large >out 2>err; then
		cmp large "$(kist get large -o back/large -q && echo back/large)" >&2 || fail "$where: it is said to be kept"
	else
		refused=$((refused + 1))
		grep -qi "no space left on device; make room there: 'kist gc' frees" err || fail "$where: put: $(cat err)"
	fi
	whole
	full "$pages"
	room=$(stat -f -c %f disk)
	status=0
	kist gc --all --grace 0 >out 2>err || status=$?
	[ "$status" = 0 ] || fail "$where: gc: $(cat err)"
	[ "$(stat -f -c %f disk)" -gt "$room" ] || fail "$where: gc makes no room"
	whole
	kist put large >out 2>err || fail "$where: nothing can be put after gc: $(cat err)"
	# Names can be dropped, and what they held goes next.
	full "$pages"
	kist rm whole >out 2>err || fail "$where: rm: $(cat err)"
	kist gc --all --grace 0 >out 2>err || fail "$where: gc after rm: $(cat err)"
	kist verify --full >out 2>err || fail "$where: $(cat err)"
done
[ "$refused" -gt 4 ] || fail "only $refused of $tried puts were refused"
figure 'full disks, of 0 to 40 pages left' "$tried"
figure 'full disk: collectors that could not make room' 0 0
figure 'full disk: false successes, lost or damaged artifacts' 0 0
