# Completion offers what there is, quoted for the shell, and never runs what is stored.
command -v bash >/dev/null || skip 'no bash'
export KIST_STORE="$PWD/store"
kist init "$KIST_STORE"
echo x >f
line='first
second'
# shellcheck disable=SC2016
for name in 'a$(touch PWNED)' 'a`touch PWNED`' 'a;touch PWNED' 'a b  c' "a'q" 'a"q' 'a*' 'a$HOME' 'a\z' 'a!x' 'a:b:c' \
	'a~' '~a' 'plain' "$line" "$(printf 'a\351')" "$(printf 'a\033]0;x\007')" 'a(x' 'a=1' 'run/best' '#c'; do
	kist put --quiet --name "$name" f
done
kist put --quiet --name=-dash f
mkdir d
echo >'d/my file'

# What is offered for a line, one a line of ./out, between the marks that show blanks; the cursor stands at its end.
cat >completed <<'END'
eval "$(kist completion)"
COMP_LINE=$1 COMP_POINT=${#1} COMP_WORDS=(kist)
_kist
((${#COMPREPLY[@]} == 0)) || printf '<%s>\n' "${COMPREPLY[@]}"
END
# What the shell makes of the line with each offer: the last word, as hexadecimal digits.
cat >meant <<'END'
eval "$(kist completion)"
COMP_LINE=$1 COMP_POINT=${#1} COMP_WORDS=(kist)
_kist
for offer in "${COMPREPLY[@]}"; do
	eval "set -- $2$offer"
	printf %s "${!#}" | od -An -v -tx1 | tr -d ' \n'
	echo
done
END
complete() {
	bash -u completed "$1" >out 2>err
	[ ! -s err ] || fail "completing '$1' says $(cat err)"
}

# Every name that begins with the letter comes back as it is.
kist ls --names --null a | xargs -0 -n1 sh -c 'printf %s "$1" | od -An -v -tx1 | tr -d " \n"; echo' - | LC_ALL=C sort >expected
bash meant 'kist get a' '' | LC_ALL=C sort >got
same expected got
kist ls --names --null | xargs -0 -n1 sh -c 'printf %s "$1" | od -An -v -tx1 | tr -d " \n"; echo' - | LC_ALL=C sort >expected
bash meant 'kist get -q -- ' '' | LC_ALL=C sort >got
same expected got
# Inside quotes only what they can hold is offered.
bash meant "kist get 'a" "'" >got 2>&1 || :
complete "kist get 'a"
says out '<a b  c>' '<a$HOME>' '<a\z>'
says_not out "a'q"
complete 'kist get "a'
says out '<a b  c>' "<a'q>"
# shellcheck disable=SC2016
for never in HOME '$(' '`' '\' '!'; do
	says_not out "$never"
done
complete 'kist get a\ b'
equal "$(cat out)" '<a\ b\ \ c>'
complete 'kist get pl'
equal "$(cat out)" '<plain>'
complete 'kist get "a b"'
equal "$(cat out)" '<a\ b\ \ c>'
# Readline leaves what stands before a colon as it is.
complete 'kist get a:b'
equal "$(cat out)" '<b:c>'
complete 'kist get -'
says_not out dash
complete 'kist get -- -'
equal "$(cat out)" '<-dash>'
[ ! -e PWNED ] || fail 'a stored name was run'

# Commands, options and what they take.
complete 'kist pu'
equal "$(cat out)" '<put>'
complete 'kist help plugin insp'
equal "$(cat out)" '<inspect>'
complete 'kist help verif'
equal "$(cat out)" '<verify>'
complete 'kist plugin inspect kist.num'
equal "$(cat out)" '<kist.numpy>'
complete 'kist plugin pin ext:npy kist.num'
equal "$(cat out)" '<kist.numpy>'
complete 'kist plugin pin kist.num'
equal "$(cat out)" ''
complete 'kist put --level '
equal "$(tr -d '\n' <out)" '<fast><default><archive>'
complete 'kist put --level=ar'
equal "$(cat out)" '<archive>'
complete 'kist put --task NumpyArr'
equal "$(cat out)" '<NumpyArrayArtifactTask>'
complete 'kist convert x --task NumpyArr'
equal "$(cat out)" '<NumpyArrayArtifactTask>'
complete 'kist put --desc'
equal "$(cat out)" '<--description>'
complete 'kist put --description '
equal "$(cat out)" ''
complete 'kist --quiet get --jso'
equal "$(cat out)" '<--json>'
complete 'kist put d/my'
equal "$(cat out)" '<d/my file>'
kist init other
kist --store other put --quiet --name elsewhere f
complete 'kist --store other get else'
equal "$(cat out)" '<elsewhere>'
complete "kist get --store=$PWD/other else"
equal "$(cat out)" '<elsewhere>'

# The table of options says what every one of them takes, so that none is forgotten.
kist ls --null | tr '\0' '\n' | grep -qx plain || fail 'ls --null'
expect 2 kist ls --null --json
