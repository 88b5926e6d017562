# The debug information of today's headers says the same as that of the released ones, as libabigail compares them.
command -v abidiff >/dev/null || skip 'no abidiff; install the Debian package abigail-tools'
types() { # HEADERS LIBRARY
	${CC:-cc} -g -O0 -fno-eliminate-unused-debug-types -shared -fPIC "-I$1" "$top_srcdir/tests/abi/types.c" -o "$2" ||
		fail 'the compiler'
}
types "$top_srcdir/sdk" today.so
stored=$top_srcdir/sdk/frozen/1.0/abi.xml
expect 0 abidiff "$stored" today.so

# That it would be seen: a member taken away, one in between, another width; and that one behind the last may come.
changed() { # STATUS SED WORDS: of plugin.h
	rm -rf copy
	mkdir copy
	cp -R "$top_srcdir/sdk/kist" copy
	chmod -R u+w copy
	sed -i "$2" copy/kist/plugin.h
	! cmp -s copy/kist/plugin.h "$top_srcdir/sdk/kist/plugin.h" || fail "'$2' changes nothing"
	types copy changed.so
	expect "$1" abidiff "$stored" changed.so
	says out "$3"
}
changed 4 '/kist_status (\*probe)/d' 'probe'
changed 4 's/uint64_t caps;/uint64_t more;\n	&/' 'more'
changed 4 's/uint64_t type_count;/uint32_t type_count;/' 'type_count'
changed 4 's/const void \*(\*extension)(const char \*id_slash_rev);/&\n	void (*more)(void);/' '1 data member insertion'
says_not out 'offset changed'
