# SPDX-License-Identifier: Apache-2.0
#
# Usage: awk -f check-style.awk FILE...
# Prints what breaks the house's rules for sources; exits 1 when something does.
# The length of a function is not counted in tests: their tables and lists of cases may run on.

function complain(line, text) {
	print FILENAME ":" line ": " text
	failed = 1
}

# The line without strings, characters and comments; a comment may go on over lines.
function code_of(line) {
	gsub(/\\./, "", line)
	gsub(/"[^"]*"/, "\"\"", line)
	gsub(/'[^']*'/, "' '", line)
	if (in_comment) {
		if (!match(line, /\*\//))
			return ""
		line = substr(line, RSTART + 2)
		in_comment = 0
	}
	while (match(line, /\/\*/)) {
		start = RSTART
		rest = substr(line, start + 2)
		if (!match(rest, /\*\//)) {
			in_comment = 1
			return substr(line, 1, start - 1)
		}
		line = substr(line, 1, start - 1) " " substr(rest, RSTART + 2)
	}
	return line
}

FNR == 1 {
	if (previous != "")
		check_length()
	in_comment = 0
	open_at = 0
	if ($0 !~ /SPDX-License-Identifier: Apache-2\.0/)
		complain(1, "the first line names no licence (SPDX-License-Identifier: Apache-2.0)")
}

# A test may have more cases than its subject has lines.
function check_length() {
	max = previous ~ /(^|\/)tests\// ? 800 : 600
	if (length_of_previous <= max)
		return
	print previous ": " length_of_previous " lines; at most " max " are allowed"
	failed = 1
}

{
	previous = FILENAME
	length_of_previous = FNR
}

/(^|[^A-Za-z_])(TODO|FIXME|XXX)([^A-Za-z_]|$)/ { complain(FNR, "a note to oneself: make it an issue") }

{ code = code_of($0) }

FILENAME ~ /(^|\/)host\// && FILENAME !~ /host\/base\/mem\.c$/ &&
	code ~ /(^|[^A-Za-z0-9_.>])(malloc|free|realloc|calloc|strcpy|strcat|sprintf|strtok|gmtime|localtime)[ \t]*\(/ {
	complain(FNR, "a banned function; see base/mem.h and snprintf")
}

/^\{/ { open_at = FNR }

/^\}/ {
	if (open_at > 0 && FNR - open_at - 1 > 70 && FILENAME !~ /(^|\/)tests\//)
		complain(open_at, "a function of " (FNR - open_at - 1) " lines; at most 70 are allowed")
	open_at = 0
}

END {
	check_length()
	exit failed
}
