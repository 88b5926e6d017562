# Where a get puts what it restores: what it never replaces, what it leaves when it is stopped, and times.
make_npy a.npy
head -c 1000 /dev/urandom >small
expect 0 kist init
expect 0 kist put a.npy small

# Neither a FIFO nor a socket is replaced, and --force is not offered for it.
mkfifo pipe
python3 -c 'import socket; socket.socket(socket.AF_UNIX).bind("sock")' || skip 'no python3'
for there in pipe sock; do
	for force in -f -q; do
		expect 1 kist get small $force -o "$there"
		says err 'there already' "$there" 'replaces none'
		says_not err '--force'
	done
done
[ -p pipe ] && [ -S sock ] || fail 'a FIFO or socket was replaced'
ln -s pipe link
expect 0 kist get small -f -o link
same small link
[ -p pipe ] && [ ! -L link ] || fail 'a link is replaced, not what it leads to'
mkdir -p folder/small
expect 1 kist get small -f -o folder
says err 'never replaced'
equal "$(ls -A | grep '^\.' | grep -v '^\.kist$' || :)" ''

# The standard output: bytes, not a file called "-".
expect 0 kist get small -o -
same small out
expect 0 kist get small a.npy --output=-
cat small a.npy >both
same both out
expect 2 kist get small --json -o -
[ ! -e ./- ] || fail 'a file called - was made'
expect 0 kist get small -o ./-
same small ./-
rm ./-

# Times and modes: the top folder's and links' too; set-user-id and such are shown, not restored.
mkdir tree
printf x >tree/x
ln -s x tree/l
chmod 4751 tree/x
touch -h -d '2002-02-03 04:05:06.25' tree/l
chmod 750 tree
touch -d '2001-01-01 01:02:03.5' tree
printf y >y
chmod 6755 y
expect 0 kist put tree y
expect 0 kist get tree y -o back/
equal "$(stat -c '%a %y' tree)" "$(stat -c '%a %y' back/tree)"
equal "$(stat -c %y tree/l)" "$(stat -c %y back/tree/l)"
equal "$(stat -c %a back/tree/x) $(stat -c %a back/y)" '751 755'
expect 0 kist show y
says out 6755
expect 0 kist show tree
says out 4751 2001-01-01
expect 1 kist get tree -o -
says err folder

# Stopped in the middle: nothing is left, the reason is said, and it ends by the signal.
mkdir many
i=0
while [ $i -lt 3000 ]; do
	printf %s $i >many/$i
	i=$((i + 1))
done
expect 0 kist put many
for signal in INT:130 TERM:143 HUP:129; do
	mkdir stopped
	env --default-signal=INT kist get many -o stopped/many >out 2>err &
	child=$!
	tries=0
	while [ "$(ls -A stopped | wc -l)" = 0 ] && [ $tries -lt 100000 ]; do
		tries=$((tries + 1))
	done
	kill -s ${signal%:*} $child || :
	status=0
	wait $child || status=$?
	if [ -e stopped/many ]; then
		equal "$(ls stopped/many | wc -l)" 3000
	else
		equal "$status" ${signal#*:}
		says err stopped
	fi
	equal "$(ls -A stopped | grep '^\.' || :)" ''
	rm -r stopped
done
