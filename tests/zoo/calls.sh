# Plugins that die, hang or take what is not theirs in a call.
. "$top_srcdir/tests/zoo/lib.sh"

calling() {
	refused "$title" "$1"
	expect 1 kist plugin validate x.tiny $how
	says err "$1"
}
reading() {
	refused "$title" "$1"
}
validating() {
	case $line in
	*-DIN=validate*) calling "$1" ;;
	*) reading "$1" ;;
	esac
}
rows validating 3<<'END'
-DIN=open -DDO=crash | crashed in layout of type 'org.example.tiny' (in its open): signal 11 (SIGSEGV)
-DIN=open -DDO=spin | took longer than 500 ms in layout of type 'org.example.tiny' (in its open) and was ended
-DIN=layout -DDO=crash | crashed in layout of type 'org.example.tiny': signal 11 (SIGSEGV)
-DIN=layout -DDO=rest | took longer than 500 ms in layout of type 'org.example.tiny' and was ended
-DIN=close -DDO=abort | crashed in layout of type 'org.example.tiny' (in its close): signal 6 (SIGABRT)
-DIN=close -DDO=spin | took longer than 500 ms in layout of type 'org.example.tiny' (in its close) and was ended
-DIN=validate -DDO=crash | crashed in validate of type 'org.example.tiny': signal 11 (SIGSEGV)
-DIN=validate -DDO=interrupt_all | took longer than 500 ms in validate of type 'org.example.tiny' and was ended
-DIN=describe -DDO=crash | crashed in describe of type 'org.example.tiny': signal 11 (SIGSEGV)
-DIN=describe -DDO=abort | crashed in describe of type 'org.example.tiny': signal 6 (SIGABRT)
-DIN=describe -DDO=divide | crashed in describe of type 'org.example.tiny': signal 8 (SIGFPE)
-DIN=describe -DDO=overflow | crashed in describe of type 'org.example.tiny': signal 11 (SIGSEGV)
-DIN=describe -DDO=leave | ended the worker with exit status 3 in describe of type 'org.example.tiny'
-DIN=describe -DDO=close_all | lost its connection to the host in describe of type 'org.example.tiny'
-DIN=describe -DDO=cut_off | closed its connection to the host in describe of type 'org.example.tiny'
-DIN=describe -DDO=garbage | broke the worker's protocol
-DIN=describe -DDO=spin | took longer than 500 ms in describe of type 'org.example.tiny' and was ended
-DIN=describe -DDO=chatter | took longer than 500 ms in describe of type 'org.example.tiny' and was ended
END

# A large file is read while its plugin looks at it.
cp x.tiny small
head -c 9000000 /dev/zero >>x.tiny
rows reading 3<<'END'
-DIN=validate -DDO=crash | crashed in validate of type 'org.example.tiny': signal 11 (SIGSEGV)
-DVALIDATE=write_lent | crashed in validate of type 'org.example.tiny': signal 11 (SIGSEGV)
-DIN=validate -DDO=spin | took longer than 500 ms in validate of type 'org.example.tiny' and was ended
END
mv small x.tiny

# One that takes all the memory it can get, of what the test lets it have.
fault -DIN=describe -DDO=bomb
how=
[ "$sanitized" ] || (
	ulimit -v 600000
	refused "$title" "crashed in describe of type 'org.example.tiny': signal 11 (SIGSEGV)"
)

# Reading it back: the bytes are kept by a plugin that is healthy so far, and stay readable without it.
rebuilt() {
	expect 0 kist put x.tiny
	expect 1 kist convert x.tiny --task TinyArtifactTask --name again $how
	says err 'kist: convert: ' "$title" "$1"
	expect 3 kist show again
	whole
	expect 0 kist cat x.tiny
	same out x.tiny
	expect 0 kist show x.tiny
	says out hello
}
rows rebuilt 3<<'END'
-DIN=deserialize -DDO=crash | crashed in deserialize of type 'org.example.tiny': signal 11 (SIGSEGV)
-DIN=deserialize -DDO=spin | took longer than 500 ms in deserialize of type 'org.example.tiny' and was ended
-DIN=serialize -DDO=crash | crashed in serialize of type 'org.example.tiny': signal 11 (SIGSEGV)
-DIN=serialize -DDO=rest | took longer than 500 ms in serialize of type 'org.example.tiny' and was ended
-DIN=serialize -DDO=leave | ended the worker with exit status 3 in serialize of type 'org.example.tiny'
-DIN=release -DDO=crash | crashed in releasing an object of type 'org.example.tiny': signal 11 (SIGSEGV)
-DIN=release -DDO=spin | took longer than 500 ms in releasing an object of type 'org.example.tiny' and was ended
END

# Asked only when two plugins fit equally well.
probed() {
	rm -f "$HOME/.config/kist/routes"
	refused "$title" "$1"
	expect 1 kist plugin why x.tiny $how
	says err "$1"
	expect 0 kist put x.tiny --task org.example.twin/TinyArtifactTask $how
}
make_tiny plugins/twin org.example.twin
kist plugin trust plugins/twin/org.example.twin.plugin.json >/dev/null
rows probed 3<<'END'
-DIN=probe -DDO=crash | crashed in probe of type 'org.example.tiny': signal 11 (SIGSEGV)
-DIN=probe -DDO=spin | took longer than 500 ms in probe of type 'org.example.tiny' and was ended
-DPROBE=probe_1000 | broke the contract in probe: its probe gave the score 1000
END
