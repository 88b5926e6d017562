# SPDX-License-Identifier: Apache-2.0
#
# Usage: awk -f check-layers.awk layers FILE...
# Prints each #include that leaves the rooms its own room may use; exits 1 when there was one.

function room_of(path,   part, n) {
	n = split(path, part, "/")
	if (n > 2 && part[1] == "host")
		return part[2]
	return part[1] == "kist" ? "sdk" : part[1]
}

function complain(text) {
	print FILENAME ":" FNR ": " text
	failed = 1
}

FILENAME == ARGV[1] {
	sub(/#.*/, "")
	if (NF == 0)
		next
	room = $1
	sub(/:$/, "", room)
	for (i = 2; i <= NF; i++) {
		if (!($i in known))
			complain("'" room "' names '" $i "', which does not stand above it")
		allowed[room, $i] = 1
	}
	known[room] = 1
	allowed[room, room] = 1
	next
}

FNR == 1 {
	here = room_of(FILENAME)
	if (!(here in known))
		complain("the room '" here "' is not in " ARGV[1])
}

/^[ \t]*#[ \t]*include[ \t]*["<]/ {
	split($0, quoted, /["<>]/)
	target = quoted[2]
	there = room_of(target)
	if (FILENAME ~ /_kernel\.[ch]$/ && target !~ /^(assert|limits|math|stdbool|stddef|stdint|string|immintrin)\.h$|_kernel\.h$/)
		complain("a kernel must not include '" target "'")
	if (target ~ /\// && there in known) {
		if (!((here, there) in allowed))
			complain("'" here "' must not include '" target "'")
	} else if ($0 ~ /"/ && here != "plugins") {
		complain("write the room in the include: '" target "'")
	}
}

END { exit failed }
