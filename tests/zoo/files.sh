# Plugins that are refused as they lie there, before any of their code runs: file, folder, manifest, library.
. "$top_srcdir/tests/zoo/lib.sh"

# unfit TEXT...: as refused, and so says the trial load.
unfit() {
	echo "== $*"
	refused "library 'tiny.so' of plugin 'org.example.tiny': " "$@"
	expect 1 kist plugin validate $tiny
	says err "$@"
}

# The library as a file.
fault
cp plugins/tiny.so whole.so
size=$(stat -c %s whole.so)
patch_library() {
	cp whole.so plugins/tiny.so
	printf "$2" | dd of=plugins/tiny.so bs=1 seek="$1" conv=notrunc status=none
	manifest
}
for kept in 1 63 64 1000 $((size / 2)); do
	head -c "$kept" whole.so >plugins/tiny.so
	manifest
	unfit 'truncated ELF file: ' '[E_ELF]'
done
patch_library 0 'MZ'
unfit 'not an ELF file: it does not begin with \x7fELF'
patch_library 18 '\267\000'
case $(uname -m) in
x86_64) unfit 'made for AArch64 (183), this host is x86-64' ;;
esac
patch_library 18 '\363\000'
unfit 'made for RISC-V (243), this host is '
patch_library 4 '\001'
unfit 'a 32-bit library, this host is 64-bit'
patch_library 5 '\002'
unfit 'a big-endian library, this host is little-endian'
patch_library 16 '\002\000'
unfit 'not a shared library: ELF type 2'

# How it was linked.
rows unfit 3<<'END'
-DMAJOR=2 | made for plugin ABI 2, its manifest says 1
-DNOTE='KIST_NOTE("org.example.tiny",7);' | needs plugin ABI 1.7, this build has 1.0: install a newer kist
-DNOTE='KIST_NOTE("org.example.other",0);' | calls itself 'org.example.other', its manifest says 'org.example.tiny'
-DNOTE= | has no note .note.kist: put KIST_NOTE in one of its sources
-DENTRY=tiny_plugin_entry | does not export kist_plugin_entry_v1
-Wl,-z,execstack | asks for an executable stack: link it with -Wl,-z,noexecstack
-Wl,-rpath,/opt/lib | has the library search path '/opt/lib'
-Wl,--no-as-needed -lresolv | needs the library 'libresolv.so.2': link it into the plugin statically
END
# Without the SDK's list of what is exported.
links='-Wl,-z,defs -Wl,-z,now -Wl,-z,noexecstack'
rows unfit 3<<'END'
-DNOTE='KIST_NOTE("org.example.tiny",0);KIST_EXPORT void helper(void){}' | exports 'helper' beside kist_plugin_entry_v1
-fvisibility=default | beside kist_plugin_entry_v1: link it with the SDK's plugin.map
END
links=$(pkg-config --libs kist-plugin)
# A symbol that no library has is found when it is mapped, and not in the middle of a call.
fault -Wl,-z,undefs -DNOTE='KIST_NOTE("org.example.tiny",0);void nowhere(void);' -DCHANGE='nowhere()'
refused 'plugin org.example.tiny 1.0.0: cannot be mapped: ' 'undefined symbol: nowhere'

# Where it lies.
cp whole.so plugins/tiny.so
manifest
mv plugins/tiny.so elsewhere.so
ln -s ../elsewhere.so plugins/tiny.so
unfit "'tiny.so' is a symbolic link: put the file itself there"
rm plugins/tiny.so
mkfifo plugins/tiny.so
unfit "'tiny.so' is not a regular file"
rm plugins/tiny.so
mkdir plugins/tiny.so
unfit "'tiny.so' is not a regular file"
rmdir plugins/tiny.so
expect 1 kist put x.tiny
says err "'tiny.so' is not there"
cp whole.so plugins/tiny.so
chmod 666 plugins/tiny.so
unfit "'tiny.so' is writable by others: run 'chmod go-w' on it"
chmod 664 plugins/tiny.so
unfit "'tiny.so' is writable by its group: run 'chmod go-w' on it"
chmod 644 plugins/tiny.so
manifest "s/\"size\": [0-9]*/\"size\": $((size - 1))/"
unfit "it has $size bytes, not $((size - 1))"
manifest "s/\"size\": [0-9]*/\"size\": $((size + 1))/"
unfit "it has $size bytes, not $((size + 1))"
manifest 's/"sha256": "[0-9a-f]*"/"sha256": "0000000000000000000000000000000000000000000000000000000000000000"/'
unfit 'not the library that its manifest names: its SHA-256 is'
manifest 's/"tiny.so"/"..\/elsewhere.so"/'
expect 0 kist plugin list
says out "file '../elsewhere.so' is not a plain file name"

# What refuses a manifest stands in the list, and a file that only it would know is kept as bytes.
listed() {
	echo "== $*"
	expect 0 kist plugin list
	says out "$@"
	says_not out TinyArtifactTask
	says out kist.numpy
	expect 0 kist put x.tiny good.npy
	says out '2 kept' bytes
	whole
}
manifest 's/"major": 1, "minor_required"/"major": 2, "minor_required"/'
listed 'abi.major: made for plugin ABI 2, this build has 1'
manifest 's/"minor_required": 0/"minor_required": 9/'
listed 'abi.minor_required: needs plugin ABI 1.9, this build has 1.0'
manifest 's/"manifest_version": 1/"manifest_version": 2/'
listed 'manifest_version: 2 is newer than this build understands (1)'
manifest 's/"must_understand": \[\]/"must_understand": ["teleport"], "teleport": 1/'
listed "must_understand[0]: this build does not understand 'teleport'"
manifest 's/"id": "org.example.tiny"/"id": "org.example.tiny", "id": "org.example.tiny"/'
listed 'line 3, column 32: duplicate object key'
manifest 's/org.example.tiny/kist.tiny/'
mv $tiny plugins/kist.tiny.plugin.json
listed "ids under 'kist.' are reserved"
rm plugins/kist.tiny.plugin.json
manifest 's/org.example.tiny/org.example.other/'
listed "must be called 'org.example.other.plugin.json', after its id"
manifest 's/{/[/'
listed corrupt
manifest
head -c 300000 /dev/zero | tr '\0' ' ' >>$tiny
listed 262144
manifest
chmod 666 $tiny
listed 'writable by others'
chmod 644 $tiny
mv $tiny kept.json
ln -s ../kept.json $tiny
listed 'is a symbolic link'
rm $tiny
cp kept.json $tiny
chmod 777 plugins
expect 0 kist plugin paths
says out "writable by others: run 'chmod go-w' on it"
expect 0 kist put x.tiny
says out bytes
chmod 755 plugins

# And whole again, all is well.
expect 0 kist put x.tiny
says_not out bytes
expect 0 kist show x.tiny
says out hello
whole
