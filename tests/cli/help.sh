# Help, wrong use, completion and man pages agree with the commands there are.
expect 0 kist --help
says out 'plugin doctor' 'exit status'
expect 2 kist
expect 2 kist putt
says err "did you mean 'put'"
expect 2 kist put
expect 2 kist put --nonsense x
expect 2 kist put x --name
expect 2 kist ls a b
expect 2 kist convert x
expect 0 kist --version
says out 'kist 0.1.0'
expect 0 kist put --help
says out --opaque
expect 0 kist completion
says out 'complete -F _kist kist'
bash -n out || fail 'the completion script is not bash'
for command in $(kist --help | sed -n 's/^  \([a-z]*\) .*/\1/p' | sort -u); do
	[ -f "$top_builddir/tests/root/usr/local/share/man/man1/kist-$command.1" ] || fail "no man page for $command"
done
