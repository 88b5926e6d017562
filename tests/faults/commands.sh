# SPDX-License-Identifier: Apache-2.0
#
# What is done to a store by scripts that let a command fail, and what must hold when one has failed: $op is which it was,
# $status how it ended, $where what is said about it.

# make_commands_base: a store and files for words_of.
make_commands_base() {
	make_used_base
	printf 'new\n' >new
	head -c 200000 /dev/urandom >large
}

# words_of COMMAND: the whole of it, so that each of them has something to do.
words_of() {
	case $1 in
	put) echo kist put new large in/people.csv ;;
	get) echo kist get random.bin tree -o got ;;
	gc) echo kist gc --all --grace 0 ;;
	tag) echo kist tag before kept/it ;;
	rm) echo kist rm whole ;;
	verify) echo kist verify --full ;;
	esac
}

# present NAME: by its name, and not by its digest.
present() {
	kist ls --json >listed 2>err || fail "$where: ls: $(cat err)"
	grep -qF "\"name\": \"$1\"" listed
}

# What a success must have done, and what a failure may have.
check_effect() {
	case $op in
	put)
		if [ "$status" = 0 ]; then
			comes_back new new
			comes_back large large
		elif present new; then
			comes_back new new
		fi
		;;
	get)
		for name in random.bin tree; do
			if [ "$status" = 0 ] || [ -e "got/$name" ]; then
				diff -r --no-dereference "in/$name" "got/$name" >&2 || fail "$where: $name"
			fi
		done
		;;
	tag) if [ "$status" = 0 ]; then comes_back kept/it before; fi ;;
	rm) if [ "$status" = 0 ] && present whole; then fail "$where: 'whole' is still there"; fi ;;
	esac
}

# check_after: the store is whole, and all that has a name is there.
check_after() {
	kist verify --full >out 2>err || {
		cat out err >&2
		fail "$where: the store is not sound"
	}
	check_effect
	rm -rf back/*
	# What is read is verified by the digest in its record; that the names mean the same, by one of them.
	[ "$op" = rm ] && wanted=$files || wanted="$files whole"
	kist get $wanted before -o back >out 2>err || fail "$where: not all comes back: $(cat err)"
	cmp -s back/before before || fail "$where: 'before' came back as something else"
}
