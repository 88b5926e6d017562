# Many short jobs, 20 at a time, on one store: none is lost, each has its own files and its own end, and nothing is left
# behind of any.
count=200
[ "${KIST_FAULTS:-}" != long ] || count=1000
kist init >/dev/null
KIST_STORE=$PWD/.kist
export KIST_STORE
cat >one.sh <<'END'
# one.sh NO: a job in a folder of its own; every tenth fails, and every tenth is killed.
mkdir "work$1"
cd "work$1"
status=0
kist exec -q --id "j$1" --project soak -p "no=$1" -- sh -c 'mkdir artifacts; echo "$1" >artifacts/own
	echo same >artifacts/same; echo "said $1"
	case $(($1 % 10)) in 3) exit 3 ;; 7) kill -KILL $$ ;; esac' sh "$1" >out 2>err </dev/null || status=$?
echo "$status" >status
END
seq "$count" | xargs -P 20 -n 1 sh one.sh

wrong=0
for no in $(seq "$count"); do
	must=0
	[ $((no % 10)) != 3 ] || must=3
	[ $((no % 10)) != 7 ] || must=137
	[ "$(cat "work$no/status") $(cat "work$no/out")" = "$must said $no" ] || {
		cat "work$no/err" >&2
		wrong=$((wrong + 1))
	}
done
equal "$wrong" 0
tenth=$((count / 10))
# state STATE: how many are in it.
state() { kist jobs --state "$1" --json | grep -c '"id": "j'; }
equal "$(state finished)" $((count - 2 * tenth))
equal "$(state failed)" $((2 * tenth))
equal "$(kist ls --names jobs/ | grep -c '/own$')" "$count"
equal "$(kist ls --names jobs/ | grep -c '/same$')" "$count"
for no in 1 3 7 $tenth $((count - 1)); do
	equal "$(kist cat "jobs/j$no/own")" "$no"
	equal "$(kist logs "j$no")" "said $no"
done
expect 0 kist job recover
says out 'nothing is left'
equal "$(find "$TMPDIR" -maxdepth 1 -name 'kist-??????' | wc -l)" 0
expect 0 kist verify
printf 'FIGURE\tjobs of a soak that are lost or in a wrong state, of %s\t%s\t0\n' "$count" "$wrong"
