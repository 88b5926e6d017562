# What is put is not always what it seems: files without a size, the store itself, "." and "..", links through "..", and
# folders in which more than one thing cannot be kept.
expect 0 kist init

# procfs says 0 bytes and gives more.
expect 0 kist put -n proc /proc/self/status
expect 0 kist cat proc
says out Name: kist
[ ! -r /sys/kernel/mm/transparent_hugepage/enabled ] || {
	expect 0 kist put -n sys /sys/kernel/mm/transparent_hugepage/enabled
	expect 0 kist cat sys
	same out /sys/kernel/mm/transparent_hugepage/enabled
}
truncate -s 100000 hole
expect 0 kist put hole
expect 0 kist cat hole
same out hole

# The store is left out of the folder that it stands in, and cannot be put itself.
for i in 1 2; do
	expect 0 kist put . -n all
	says err .kist 'left out'
	expect 0 kist show all
	says_not out .kist
done
equal "$(kist show all --json | grep -c '"kind": "f"')" 3
expect 1 kist put .kist -n store
says err 'store itself'
expect 1 kist init .kist/sub/deep
says err 'lies in the store'
expect 1 kist --store file://"$PWD"/.kist/packs/new init
[ ! -e .kist/sub ] || fail 'a store was begun in a store'

# "." and ".." have names of their own.
mkdir -p proj/sub
printf a >proj/e
cd proj/sub
expect 0 kist put ..
expect 0 kist put .
expect 0 kist put ../sub/../../proj/.
cd ../..
rm proj/sub/out proj/sub/err
expect 0 kist ls --names
says out proj sub
expect 2 kist put /
says err --name

# ".." within the tree; never above it, nor behind a link.
ln -s sub/../e proj/l
ln -s sub/../sub/../e proj/sub/../m
expect 0 kist put proj
expect 0 kist get proj -o back
equal "$(readlink back/l)" sub/../e
ln -s . proj/here
ln -s here/../e proj/n
expect 1 kist put proj
says err proj E_PATH "'n'" 'another link'
rm proj/n
ln -s sub/../../e proj/n
expect 1 kist put proj
says err proj/n E_PATH
rm proj/n

# All that is refused is told in one run, by paths that can be used.
printf '\223NUMPY bad' >proj/1.npy
printf '\223NUMPY bad' >proj/sub/2.npy
mkfifo proj/pipe
ln -s /etc proj/out
expect 1 kist put ./proj/
says err ./proj/1.npy ./proj/sub/2.npy "'./proj/pipe'" ./proj/out ' 3 more are refused' --opaque
equal "$(wc -l <err)" 5
expect 1 kist put proj --opaque
says err "'proj/pipe'" proj/out ' 1 more is refused'
says_not err 1.npy
rm proj/pipe proj/out
expect 0 kist put proj --opaque
mkdir many
i=0
while [ $i -lt 30 ]; do
	ln -s / many/$i
	i=$((i + 1))
done
expect 1 kist put many --json
says err ' 29 more are refused'
says out E_PATH
equal "$(grep -c E_PATH err)" 20
[ "$(id -u)" = 0 ] || {
	mkdir -p shut/in
	chmod 0 shut/in
	expect 1 kist put shut
	says err shut/in
}
