# A new version of a text is kept as what it takes from the chunks of the version before, wherever that stands there.
command -v python3 >/dev/null || skip 'no python3'

# added COMMAND...: what it adds to the store, in bytes.
added() {
	before=$(du -sb .kist | cut -f1)
	expect 0 "$@" >/dev/null
	echo $(($(du -sb .kist | cut -f1) - before))
}

# copies NAME: how many of its chunks are made of another one's bytes.
copies() {
	kist show --json "$1" | tr ',' '\n' | sed -n 's/.*"copies": *\([0-9]*\).*/\1/p'
}

# version FILE EVERY: 6 MiB of rows; one in EVERY is new, one is gone and one is changed.
version() {
	python3 - "$1" "$2" <<'END'
import random, sys
random.seed(7)
every = int(sys.argv[2])
with open(sys.argv[1], "w", encoding="ascii") as file:
    for i in range(200000):
        row = "%d,station-%02d,%d.%03d,%s\n" % (i, random.randrange(40), random.randrange(90), random.randrange(1000),
                                                random.choice(["ok", "late", "lost"]))
        if every and i % every == 1:
            file.write("%d,new-row,0.5,ok\n" % every)
        if every and i % every == 2:
            continue
        if every and i % every == 3:
            row = row.replace("station", "changed")
        file.write(row)
END
}

version v0.csv 0
version v1.csv 2500
version v2.csv 1501
expect 0 kist init
first=$(added kist put v0.csv --name rows)
second=$(added kist put v1.csv --name rows)
expect 0 kist tag rows second
third=$(added kist put v2.csv --name rows)
[ $((second * 30)) -lt "$first" ] || fail "$first bytes, then $second"
[ $((third * 30)) -lt "$first" ] || fail "$first bytes, then $third"
[ "$(copies rows)" -ge 4 ] || fail "$(copies rows) of its chunks are copies"

# More rows at the end: the last chunk goes on.
cat v2.csv >v3.csv
tail -n 100 v0.csv >>v3.csv
fourth=$(added kist put v3.csv --name rows)
[ $((fourth * 50)) -lt "$first" ] || fail "$first bytes, then $fourth"

# No time for it: fast.  Another name: nothing to compare with.
version v4.csv 2001
expect 0 kist put v4.csv --name rows --level fast
equal "$(copies rows)" ''
version v5.csv 1801
expect 0 kist put v5.csv --name other
equal "$(copies other)" ''

# The first version has no name any more; what is left of it is what the others need.
expect 0 kist put v3.csv --name rows
for round in once twice; do
	expect 0 kist gc --all
	expect 0 kist get rows -o rows.back --force
	same rows.back v3.csv
	expect 0 kist get second -o second.back --force
	same second.back v1.csv
	expect 0 kist verify --full
done
