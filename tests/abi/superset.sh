# Today's headers hold all that the released ones held, and this test would see it if they did not.
python_with python3 json
superset() {
	"$python" "$top_srcdir/tests/abi/superset.py" "${CC:-cc}" "$1" "$2"
}
for frozen in "$top_srcdir"/sdk/frozen/*/; do
	expect 0 superset "$frozen" "$top_srcdir/sdk"
done

# A copy with one fault each is refused; one that has grown is not.
frozen=$top_srcdir/sdk/frozen/1.0
changed() { # HEADER SED: the copy
	rm -rf copy
	mkdir copy
	cp -R "$frozen/kist" copy
	chmod -R u+w copy
	sed -i "$2" "copy/kist/$1"
	! cmp -s "copy/kist/$1" "$frozen/kist/$1" || fail "'$2' changes nothing in $1"
}
differs() { # HEADER SED TEXT
	changed "$1" "$2"
	expect 1 superset "$frozen" copy
	says out "$1: " "$3"
}
differs plugin.h '/kist_status (\*probe)/d' "probe"
differs plugin.h 's/void (\*close)(void \*instance);/void (*shut)(void *instance);/' 'close'
differs plugin.h 's/uint64_t type_count;/uint32_t type_count;/' 'uint64_t type_count'
differs plugin.h 's/^	KIST_CAP_LOSSY = 128,/	KIST_CAP_LOSSY = 64,/' 'KIST_CAP_LOSSY was 128, is 64'
differs plugin.h 's/#define KIST_ABI_MAJOR 1u/#define KIST_ABI_MAJOR 2u/' "KIST_ABI_MAJOR was '1u'"
differs plugin.h 's/#define KIST_ID_SIZE 96/#define KIST_ID_SIZE 64/' 'KIST_ID_SIZE'
differs plugin.h 's/kist_plugin_entry_v1(/kist_plugin_entry_v2(/' 'kist_plugin_entry_v1'
differs object.h 's/void \*priv;/void *own;/' 'priv'
differs host.h 's/uint32_t abi_minor;/uint32_t flags;\n	uint32_t abi_minor;/' 'abi_minor'
differs status.h 's/KIST_IO = -4,/KIST_IO = -5,/' 'KIST_IO was -4'
differs status.h 's/^	KIST_EXISTS = -15,.*//' 'KIST_EXISTS was -15, is gone'
differs helpers.h 's/kist_failf(struct kist_call \*call, kist_status status,/kist_failf(struct kist_call *call, int status,/' kist_failf
differs task.h '/#define KIST_TASK_NAME_CALL/d' "KIST_TASK_NAME_CALL was"
differs dlpack.h 's/uint64_t byte_offset;/int64_t byte_offset;/' byte_offset
grown() {
	changed "$1" "$2"
	expect 0 superset "$frozen" copy
}
grown plugin.h 's/const void \*(\*extension)(const char \*id_slash_rev);/&\n	void (*more)(void);/'
grown plugin.h 's/#define KIST_ABI_MINOR 0u/#define KIST_ABI_MINOR 7u/'
grown status.h 's/	KIST_STATUS_MIN = -15/	KIST_FULL = -16,\n	KIST_STATUS_MIN = -16/'
grown host.h 's/^struct kist_params {/struct kist_new {\n	uint32_t struct_size;\n};\n\n&/'
