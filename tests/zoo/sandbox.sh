# Plugins that reach for what is not theirs: each attempt is denied, while loading and in a call.
. "$top_srcdir/tests/zoo/lib.sh"
for part in seccomp landlock; do
	kist plugin doctor | grep -q "^$part  *in force" || skip "no $part here"
done

denied() {
	refused "$title" 'signal 6 (SIGABRT); its last words: ' "$1"
	says_not err 'it worked'
	[ ! -e /tmp/kist-zoo-file ] || fail 'a file was made'
}
rows denied 3<<'END'
-DIN=constructor -DDO=read_file | reading a file: Permission denied
-DIN=constructor -DDO=make_file | making a file: Permission denied
-DIN=entry -DDO=read_memory | opening its own memory: Permission denied
-DIN=entry -DDO=make_socket | making a socket: Function not implemented
-DIN=entry -DDO=make_process | making a process: Function not implemented
-DIN=entry -DDO=run_program | running a program: Function not implemented
-DIN=entry -DDO=signal_host | signalling the host: Function not implemented
-DIN=describe -DDO=read_file | reading a file: Function not implemented
-DIN=describe -DDO=make_file | making a file: Function not implemented
-DIN=describe -DDO=make_socket | making a socket: Function not implemented
-DIN=describe -DDO=make_process | making a process: Resource temporarily unavailable
-DIN=describe -DDO=make_thread | making a thread: Resource temporarily unavailable
-DIN=describe -DDO=run_program | running a program: Function not implemented
-DIN=describe -DDO=signal_host | signalling the host: Function not implemented
-DIN=describe -DDO=make_code | making code: Permission denied
-DIN=describe -DDO=load_code | loading code: 
END
