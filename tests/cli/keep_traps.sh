# Traps of stores that keep what jobs make, and that the store here does not fall into.  What else is known of that kind
# stands in heal.sh (bytes that are put again where theirs were lost), damage.sh (nothing is given back that is not what was
# put), gc.sh and faults/ (what is being written when all stops).
expect 0 kist init

# Two names share what was saved once: whoever goes first, in any order and however often, takes nothing from the other.
head -c 300000 /dev/urandom >shared
expect 0 kist put shared --name first/model
expect 0 kist put shared --name second/model
for round in 1 2 3; do
	expect 0 kist put shared --name "passing/$round"
	expect 0 kist rm "passing/$round"
	expect 0 kist gc --all
done
expect 0 kist rm first/model
expect 0 kist gc --all
expect 0 kist get second/model -o back
same shared back
expect 3 kist rm first/model
expect 0 kist gc --all
expect 0 kist get second/model -o back -f
same shared back

# What is dropped is dropped alone: the same words at the begin of another name, or within it, are another name.
for name in models/a models2/a models/a2 my/models/a; do
	head -c 20000 /dev/urandom >"part-$(echo "$name" | tr / -)"
	expect 0 kist put "part-$(echo "$name" | tr / -)" --name "$name"
done
expect 0 kist rm models/a
expect 0 kist gc --all
for name in models2/a models/a2 my/models/a second/model; do
	expect 0 kist cat "$name"
done
expect 3 kist cat models/a

# Collecting sees all that there is: after the last name is gone, no byte of it is left in the store.
head -c 2000000 /dev/urandom >large
expect 0 kist put large --name deep/er/than/one/folder
before=$(find .kist/packs -type f -printf '%s\n' | awk '{ sum += $1 } END { print sum }')
expect 0 kist rm deep/er/than/one/folder
expect 0 kist gc --all
after=$(find .kist/packs -type f -printf '%s\n' | awk '{ sum += $1 } END { print sum }')
[ $((before - after)) -gt 2000000 ] || fail "only $((before - after)) bytes were freed"

# Contents whose digests begin alike are two contents.
python3 - <<'PY'
import hashlib
seen = {}
for i in range(1 << 20):
    text = b"content %d\n" % i
    head = hashlib.sha256(text).hexdigest()[:8]
    if head in seen:
        open("alike-1", "wb").write(seen[head])
        open("alike-2", "wb").write(text)
        break
    seen[head] = text
PY
test -s alike-2 || fail 'no two digests begin alike'
expect 0 kist put alike-1 alike-2
for name in alike-1 alike-2; do
	expect 0 kist get "$name" -o back -f
	same "$name" back
done
# What stands for both is refused as such, not taken for either.
expect 1 kist show "$(sha256sum <alike-1 | cut -c1-8)"

# The figures of a store are those of the store that is meant, wherever one stands.
expect 0 kist ls
count=$(wc -l <out)
mkdir elsewhere
(
	cd elsewhere
	expect 0 env KIST_STORE=../.kist kist ls
	equal "$(wc -l <out)" "$count"
	rm out err
)
expect 0 kist verify --deep
