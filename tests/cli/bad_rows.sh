# Every way in which a file of a known format can be bad: refused by its code with file and offset, and not stored;
# with --opaque it is stored, byte for byte, with the reason.
command -v python3 >/dev/null || skip 'no python3'
expect 0 kist init

refuse_all() { # FORMAT LEAST-NUMBER-OF-ROWS
	mkdir "$1"
	cd "$1"
	python3 "$top_srcdir/tests/cli/bad_files.py" "$1"
	[ "$(wc -l <rows)" -ge "$2" ] || fail "only $(wc -l <rows) bad files of $1"
	while read -r file code offset; do
		expect 1 kist put --store ../.kist "$file"
		says err "kist: put: $file: " "(at byte $offset) [$code]"
	done <rows
	expect 3 kist ls --store ../.kist 0
	expect 3 kist ls --store ../.kist 1
	expect 0 kist put --store ../.kist -q --opaque -- *."$1"
	while read -r file code offset; do
		expect 0 kist show --store ../.kist --json "$file"
		says out '"encoding": "kist.bytes@1' "\"code\": \"$code\"" "\"offset\": $offset"
		expect 0 kist cat --store ../.kist "$file"
		same "$file" out
		expect 0 kist rm --store ../.kist "$file"
	done <rows
	cd ..
}

refuse_all npy 80
refuse_all safetensors 90
refuse_all csv 15
expect 0 kist verify

# A text that is wrong all over: the first faults, and a word that there may be more.
{
	echo a,b
	yes 1,2,3 | head -n 2000
} >all_wrong.csv
expect 1 kist plugin validate all_wrong.csv
says out E_RAGGED 'line 901' '900 faults: the check ends here'
says_not out 'line 902'
