# Retention: of a series of names the old ones go, and never the newest or what is tagged.
names() {
	kist ls --names | tr '\n' ' '
}

expect 0 kist init
for run in 1 2 3 4 5; do
	echo "$run" >"file$run"
	expect 0 kist put --name "runs/$run" "file$run"
done
expect 0 kist put --name runs/deep/1 file1
expect 0 kist put --name other file1
expect 0 kist tag runs/2 runs/best
expect 0 kist tag runs/3 gold

# What is asked first is what is done then, and nothing before.
expect 0 kist rm --keep-last 2 --dry-run 'runs/*'
printf 'runs/3\nruns/2\nruns/1\n3 names would be dropped, 3 kept\n' >wanted
same out wanted
equal "$(names)" 'gold other runs/1 runs/2 runs/3 runs/4 runs/5 runs/best runs/deep/1 '
expect 0 kist rm --keep-last 2 --dry-run --json 'runs/*'
equal "$(tr -d ' \n' <out)" '{"dropped":["runs/3","runs/2","runs/1"],"dry_run":true,"kept":3,"tagged":1}'

# Nothing here is a day old.
expect 0 kist rm --keep-last 2 --older-than 1d 'runs/*'
says out '0 names dropped, 6 kept'

# What was put again is the newest, whatever its name.
expect 0 kist put --name runs/1 file1
expect 0 kist rm --keep-last 2 'runs/*'
says out '3 names dropped, 3 kept; the bytes stay in the store'
equal "$(names)" 'gold other runs/1 runs/5 runs/best runs/deep/1 '
expect 0 kist rm --keep-last 2 --quiet 'runs/*'
equal "$(cat out)" ''

# The bytes go when they are collected, but for what has another name.
expect 0 kist gc
expect 0 kist get runs/best -o best
same best file2
expect 0 kist get gold -o gold
same gold file3
expect 3 kist show "$(sha256sum <file4 | cut -c1-16)"
expect 0 kist verify

# By age alone: the newest stays.
expect 0 kist rm --older-than 0s 'runs/*'
[ "$(kist ls --names runs/ | grep -c '^runs/[15]$')" -ge 1 ] || fail 'the newest is gone'
expect 0 kist show runs/1

expect 3 kist rm --keep-last 1 'nothing/*'
says err "no name matches 'nothing/*'"
expect 2 kist rm --keep-last 0 'runs/*'
expect 2 kist rm --keep-last many 'runs/*'
expect 2 kist rm --older-than 30 'runs/*'
expect 2 kist rm --older-than d 'runs/*'
expect 0 kist rm --older-than 36500d 'runs/*'
expect 2 kist rm --older-than 36501d 'runs/*'
expect 2 kist rm --keep-last 1 'runs/*' other
expect 2 kist rm --dry-run other
equal "$(kist ls --names other)" other
