# The power goes at every moment of puts, tags, removals and collections: see power.py.
#
# KIST_SEED: another lot.  KIST_FAULTS=long: all states.
. "$top_srcdir/tests/faults/lib.sh"
command -v python3 >/dev/null || skip 'no python3'
in_memory
limit=80
[ "${KIST_FAULTS:-}" != long ] || limit=0
power="python3 $top_srcdir/tests/faults/power.py $strike ${KIST_SEED:-1} $limit"
cat /proc/sys/kernel/random/boot_id >boot
if unshare -rm sh -c 'mount --bind boot /proc/sys/kernel/random/boot_id' 2>/dev/null; then
	unshare -rm $power new-boot
else
	$power
fi
