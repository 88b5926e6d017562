# Plugins that live and lie: wrong statuses, texts, sizes, layouts, descriptions, objects and bytes.
. "$top_srcdir/tests/zoo/lib.sh"

broken() {
	refused "$title" "$1"
}
said() {
	refused 'plugin org.example.tiny 1.0.0: ' "$1"
}
either() {
	case $1 in
	': '*) said "${1#: }" ;;
	*) broken "$1" ;;
	esac
}
rows either 3<<'END'
-DVALIDATE=fail_silently | failed in validate (corrupt) without saying why
-DVALIDATE=fail_positively | broke the contract in validate: it returned the status 7
-DVALIDATE=fail_cancelled | broke the contract in validate: it said that it was cancelled, and nobody cancelled it
-DVALIDATE=fail_io | : the disk is on fire
-DVALIDATE=fail_memory | : it wants more
-DVALIDATE=fail_rudely | : \x1b[2Jred\nline \xff\xfe.xxxx
-DVALIDATE=write_lent | crashed in validate of type 'org.example.tiny': signal 11 (SIGSEGV)
-DVALIDATE=say_larger | : there is nothing behind the end [E_SHORT]
-DVALIDATE=validate_severity | broke the contract in validate: it reported an issue of severity 9
-DVALIDATE=validate_endless | took longer than 500 ms in validate of type 'org.example.tiny' and was ended
-DVALIDATE=log_endless | took longer than 500 ms in validate of type 'org.example.tiny' and was ended
-DLAYOUT=layout_overlap | broke the contract in layout: its part at 4 begins before 5, where the one before ends
-DLAYOUT=layout_unsorted | broke the contract in layout: its part at 0 begins before 8, where the one before ends
-DLAYOUT=layout_outside | broke the contract in layout: its part at 4 of 6 bytes ends after the input's 9
-DLAYOUT=layout_far_outside | broke the contract in layout: its part at 18446744073709551614 of 4 bytes ends after
-DLAYOUT=layout_rank | broke the contract in layout: it gave a part of rank 65
-DLAYOUT=layout_size | broke the contract in layout
-DLAYOUT=layout_endless | took longer than 500 ms in layout
-DDESCRIBE=describe_words | broke the contract in describe: no JSON
-DDESCRIBE=describe_list | broke the contract in describe: no JSON object
-DDESCRIBE=describe_nothing | broke the contract in describe: no JSON
-DDESCRIBE=describe_nan | broke the contract in describe: no JSON
-DDESCRIBE=describe_huge | broke the contract in describe: no JSON
-DDESCRIBE=describe_twice | broke the contract in describe: no JSON
-DDESCRIBE=describe_bytes | broke the contract in describe: no JSON
-DDESCRIBE=describe_deep | broke the contract in describe: no JSON
-DDESCRIBE=describe_endless | wrote more than 262144 bytes in describe
END

# What they make of an object, and write.
name='org.example.tiny 1.0.0'
rebuilt() {
	expect 0 kist put x.tiny
	expect 1 kist convert x.tiny --task TinyArtifactTask --name again $how
	says err 'kist: convert: ' "$name" "$1"
	expect 3 kist show again
	whole
	expect 0 kist cat x.tiny
	same out x.tiny
}
rows rebuilt 3<<'END'
-DDESERIALIZE=fail_silently | failed in deserialize (corrupt) without saying why
-DDESERIALIZE=deserialize_null | broke the contract in deserialize: an object of kind value without a value
-DDESERIALIZE=deserialize_empty | broke the contract in deserialize: the object is empty
-DDESERIALIZE=deserialize_kind | broke the contract in deserialize: an object of no known kind (77)
-DDESERIALIZE=deserialize_half | broke the contract in deserialize: it failed and left an object
-DDESERIALIZE=deserialize_region | broke the contract in deserialize: the region's struct_size is too small
-DDESERIALIZE=deserialize_no_bytes | broke the contract in deserialize: the region has bytes at no address
-DDESERIALIZE=deserialize_lie | crashed in deserialize of type 'org.example.tiny': signal 11 (SIGSEGV)
-DDESERIALIZE=deserialize_strides | broke the contract in deserialize: the tensor is larger than any memory
-DDESERIALIZE=deserialize_shape | broke the contract in deserialize: index 0 has the size -2
-DDESERIALIZE=deserialize_rank | broke the contract in deserialize: rank 65: 0 to 64 are allowed
-DDESERIALIZE=deserialize_device | broke the contract in deserialize: the tensor lies on device type 2
-DDESERIALIZE=deserialize_dlpack | broke the contract in deserialize: a tensor of DLPack 2.1: only major 1 is known
-DSERIALIZE=serialize_unreadable | it does not begin with TINY
-DSERIALIZE=serialize_part_in_part | broke the contract in serialize: it began a part in a part
-DSERIALIZE=serialize_part_open | broke the contract in serialize: it left a part open
-DSERIALIZE=serialize_part_short | broke the contract in serialize: it wrote 2 bytes into a part of 3
-DSERIALIZE=serialize_part_long | broke the contract in serialize: it wrote more into a part than it announced
-DSERIALIZE=serialize_end | broke the contract in serialize: it ended a part that did not begin
END

# One that writes forever: until the file may not grow, and nothing of it stays.
fault -DSERIALIZE=serialize_endless
how=
before=$(du -sk "$TMPDIR" | cut -f1)
(
	ulimit -f 20000
	name=TinyArtifactTask
	rebuilt 'File too large'
)
[ "$(du -sk "$TMPDIR" | cut -f1)" -lt $((before + 5000)) ] || fail 'what was written is still there'
