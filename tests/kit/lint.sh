# 'kist plugin lint' says nothing of a good plugin, and finds each fault that it is for: one wrong plugin a check.
. "$top_srcdir/tests/kit/lib.sh"

# finds LEVEL CHECK TEXT...: of the plugin as it stands.
finds() {
	level=$1
	check=$2
	shift 2
	status=0
	kist plugin lint $manifest >out 2>err || status=$?
	grep -F "[$check]" out >found || {
		cat out err >&2
		fail "$check is not found"
	}
	says found ": $level: " "$@"
	[ "$level" = error ] && wanted=1 || wanted=0
	[ $status = $wanted ] || grep -q ': error: ' out || fail "$check: lint ended with $status"
	echo "$check" >>checks
}

# Of a good one, its folder too.
build
expect 0 kist plugin lint $manifest
says out '0 errors, 0 warnings, 0 notes'
(cd wrong && kist plugin lint) >out
says out '0 errors, 0 warnings, 0 notes'
expect 0 kist plugin lint wrong --json
says out '"findings": []' '"errors": 0' '"id": "lab.wrong"'

# The manifest: LEVEL CHECK TEXT | sed script.
while IFS='|' read -r what script; do
	edit=$script
	state
	eval "finds $what"
done <<'END'
error manifest 'types[0].priority' | s/"priority": 50/"priority": 80/
error manifest 'expected near' | s/}/]/
error magic-short '2 bytes are too few' | s/"hex": "[0-9a-f]*"/"hex": "5752"/
warning key-unknown 'did you mean "extensions"' | s/"extensions"/"extentions"/
warning key-unknown 'in "tasks": "count_of"' | s/"tasks": \[\]/"tasks": [{"name":"add","signature":"i64,i64->i64","count_of":"a","inputs":[{"name":"a","type":"integer"},{"name":"b","type":"integer"}],"outputs":[{"name":"sum","type":"integer"}]}]/
warning key-unknown '"licence"' | s/"license"/"licence"/
error id-reserved 'take a domain of yours' | s/"id": "lab.wrong"/"id": "kist.wrong"/
error manifest-name 'rename it to' | s/"id": "lab.wrong"/"id": "lab.other"/
note id-example 'take a domain that is yours' | s/"id": "lab.wrong"/"id": "org.example.wrong"/
warning license 'has no "license"' | /"license"/d
warning license 'no SPDX expression' | s/"license": "MIT"/"license": "ask me!"/
warning publisher 'has no "publisher"' | /"publisher"/d
note publisher "the template's" | s/"Lab"/"Example"/
note url 'has no "url"' | s/"url":"[^"]*",//
note magic-text 'plain text' | s/"hex": "[0-9a-f]*"/"hex": "57524f4e47"/
warning type-unreachable 'no file comes to it' | s/"media_types": \[[^]]*\]/"media_types": []/; s/"extensions": \[[^]]*\]/"extensions": []/; s/"magic": \[[^]]*\]/"magic": []/
warning extension-common "all files '.txt'" | s/"extensions": \[[^]]*\]/"extensions": ["txt"]/; s/"magic": \[[^]]*\]/"magic": []/
note argument-description "argument 'level'" | s/"serialize": {}/"serialize": {"level": {"type": "integer", "default": 3}}/
warning argument-required 'nothing works without' | s/"serialize": {}/"serialize": {"level": {"type": "integer", "required": true, "description": "x"}}/
error type-reserved 'lab.wrong.npy' | s/"type": "lab.wrong"/"type": "kist.npy"/
note priority-high '50 is usual' | s/"priority": 50/"priority": 79/
note task-description "task 'add'" | s/"tasks": \[\]/"tasks": [{"name":"add","signature":"i64,i64->i64","caps":["deterministic"],"inputs":[{"name":"a","type":"integer"},{"name":"b","type":"integer"}],"outputs":[{"name":"sum","type":"integer"}]}]/
note task-deterministic "does not claim" | s/"tasks": \[\]/"tasks": [{"name":"add","signature":"i64,i64->i64","description":"x","inputs":[{"name":"a","type":"integer"},{"name":"b","type":"integer"}],"outputs":[{"name":"sum","type":"integer"}]}]/
error load 'version of' | s/"writes": "1.0"/"writes": "1.1"/; s/"reads": \["1.0"\]/"reads": ["1.0", "1.1"]/
error load 'kinds of' | s/"kinds": \["tensor"\]/"kinds": ["tensor", "table"]/
END
edit=

# The library: a fault in C behind the plugin's own source, or in how it is linked.
[ -z "$sanitized" ] || exit 0
source=wrong/more.c
# behind C: what the source is from now on.
behind() {
	{ cat wrong/wrong.c && printf '%s\n' "$1"; } >$source
}

behind 'KIST_EXPORT int also; KIST_EXPORT void too(void); void too(void) {}'
own=$links
links=$(echo "$links" | sed 's/-Wl,--version-script=[^ ]*//')
build
finds error exports "2 symbols" "'also'" "'too'"
links=$own

behind '#define kist_plugin_entry_v1 another_name'
{ echo '#define kist_plugin_entry_v1 another_name' && cat wrong/wrong.c; } >$source
build
finds error entry 'does not export kist_plugin_entry_v1'

for call in 'setlocale(0, "C")' 'chdir("/")' 'umask(0)' 'setenv("A", "b", 1)' 'exit(1)' 'system("true")'; do
	behind "#include <locale.h>
#include <sys/stat.h>
#include <unistd.h>
long use(void);
__attribute__((used)) long use(void) { return (long)0 + (($call), 1); }"
	build
	finds warning call-forbidden "calls ${call%%(*}()"
done

behind '#include <pthread.h>
__attribute__((used)) static int use(pthread_t *t) { return pthread_create(t, 0, 0, 0); }'
build
finds error threads 'lacks "threads"'
edit='s/"needs": \[\]/"needs": ["threads"]/'
state
expect 0 kist plugin lint $manifest
edit=

behind 'void __cxa_throw(void *, void *, void (*)(void *));
__attribute__((used)) static void use(void) { __cxa_throw(0, 0, 0); }'
build -lstdc++
finds error exceptions 'catches none'

behind ''
build -Wl,-z,execstack
finds error elf-gate 'executable stack'
build -Wl,-rpath,/opt
finds error elf-gate 'search path'
build -g
finds note debug 'strip it'
links=$(echo "$links" | sed 's/-Wl,-z,now//')
build -Wl,-z,lazy
finds warning bind-now 'in its midst'
links=$own
behind 'KIST_NOTE("lab.wrong", 7);'
sed -i '0,/^KIST_NOTE.*/s///' $source
build
finds error elf-gate 'needs plugin ABI 1.7'
behind '__attribute__((tls_model("initial-exec"))) static __thread int kept;
__attribute__((used)) static int *use(void) { return &kept; }'
build
finds error elf-gate 'static thread-local storage'

source=wrong/wrong.c
build
printf x >>wrong/wrong.so
finds error library-digest 'after each build'
rm wrong/wrong.so
finds error library 'cannot be read'
printf 'no library' >wrong/wrong.so
state
finds error elf-gate 'not an ELF file'
if build -fsanitize=address 2>/dev/null; then
	finds warning sanitized 'no worker takes it'
fi
sed -e 's/"1.0.0"/"1.0.1"/' wrong/wrong.c >wrong/more.c
source=wrong/more.c
build
finds error load 'version'

# Wrong use.
expect 3 kist plugin lint nowhere
mkdir empty
expect 3 kist plugin lint empty
says err 'holds no manifest'
cp $manifest wrong/lab.again.plugin.json
expect 1 kist plugin lint wrong
says err 'several manifests'
