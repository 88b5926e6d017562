# SPDX-License-Identifier: Apache-2.0
#
# What 'kist completion' prints below the tables of commands and options (_kist_table).
#
# What is stored is a stranger's text: it is read with mapfile and compared, never expanded as words, and goes to the
# line quoted for the shell.

# The words up to the cursor, without their quotes, into 'words' and the last one into 'word'.  'quote' is the quote that
# is still open, 'keep' how many characters of 'word' readline leaves as they are.
_kist_split()
{
	local line=${COMP_LINE:0:COMP_POINT} begun= before=0 char i

	for ((i = 0; i < ${#line}; i++)); do
		char=${line:i:1}
		case $quote$char in
		\'\' | \"\") quote= keep=$before ;;
		\"\\)
			[[ ${line:i + 1:1} == [\$\`\"\\] ]] && ((++i))
			word+=${line:i:1}
			;;
		\'?* | \"?*) word+=$char ;;
		\\)
			((++i))
			word+=${line:i:1} begun=1
			;;
		\' | \") quote=$char begun=1 before=$keep keep=${#word} ;;
		[[:blank:]])
			[[ $begun ]] && words+=("$word")
			word= begun= keep=0
			;;
		*)
			word+=$char begun=1
			[[ $COMP_WORDBREAKS == *"$char"* ]] && keep=${#word}
			;;
		esac
	done
}

# Offers those arguments that begin with what is typed, 'cur', which stands behind 'front' in its word.
_kist_offer()
{
	local text

	for text; do
		[[ $text == "$cur"* ]] || continue
		text=$front$text
		text=${text:keep}
		case $quote in
		'') [[ $text ]] && printf -v text %q "$text" ;;
		# What these quotes cannot hold as it is, is not offered inside them.
		\') [[ $text == *[\'[:cntrl:]]* ]] && continue ;;
		\") [[ $text == *[\"\$\`\\\![:cntrl:]]* ]] && continue ;;
		esac
		COMPREPLY+=("$text")
	done
}

_kist_offer_names()
{
	local name names

	mapfile -d '' -t names < <("${kist[@]}" ls --names --null -- "$cur" 2>/dev/null)
	for name in "${names[@]}"; do
		# Before "--" it would be an option.
		[[ $name == -* && ! $ended ]] || _kist_offer "$name"
	done
}

# The first column of a table of kist's.
_kist_offer_column()
{
	local first rest

	while read -r first rest; do
		_kist_offer "$first"
	done < <("${kist[@]}" "$@" --quiet 2>/dev/null)
}

_kist_offer_tasks()
{
	local tasks

	mapfile -t tasks < <("${kist[@]}" plugin list --json 2>/dev/null | grep -o '"[A-Za-z0-9]*ArtifactTask"' | sort -u)
	tasks=("${tasks[@]#?}")
	_kist_offer "${tasks[@]%?}"
}

_kist_offer_files()
{
	local path

	compopt -o filenames 2>/dev/null
	while IFS= read -r path; do
		# Readline quotes what is said to be a file's name.
		path=$front$path
		COMPREPLY+=("${path:keep}")
	done < <(compgen -f -- "$cur")
}

# What an argument can be, as help says it: "NAME|DIGEST...", "fast|default|archive".
_kist_offer_kind()
{
	local kind

	for kind in ${1//[].|[]/ }; do
		case $kind in
		NAME | NEW-NAME | PREFIX) _kist_offer_names ;;
		TASK) _kist_offer_tasks ;;
		ID) _kist_offer_column plugin list ;;
		JOB) _kist_offer_column jobs ;;
		KEY) _kist_offer_column plugin routes ;;
		EXPERIMENT) _kist_offer_column experiment ls ;;
		DIR | FILE | MANIFEST | PATH | URI) _kist_offer_files ;;
		[a-z]*) _kist_offer "$kind" ;;
		esac
	done
}

# Goes over the words before the cursor: 'command', or what 'help' is asked about, the 'count' of its arguments, the
# 'option' that waits for its own.
_kist_walk()
{
	local one table

	for one in "${words[@]:1}"; do
		if [[ $option ]]; then
			[[ $option == --store ]] && kist+=(--store "${one/#\~\//$HOME/}")
			option=
		elif [[ $one == -- && ! $ended ]]; then
			ended=1
		elif [[ $one == --store=* && ! $ended ]]; then
			kist+=("$one")
		elif [[ $one == -* && ! $ended ]]; then
			_kist_table "takes $command $one"
			[[ ${table[*]} ]] || _kist_table "takes  $one"
			[[ ${table[*]} ]] && option=$one
		elif [[ ! $command && $one == help ]]; then
			help=1
		elif [[ ! $command ]]; then
			command=$one
		elif _kist_table "commands $command" && ((count == 0 && ${#table[@]})); then
			command+=" $one"
		else
			((++count))
		fi
	done
}

_kist()
{
	local IFS=$' \t\n' kist=("${COMP_WORDS[0]}") words=() table=() takes=()
	local word= quote= keep=0 cur front= command= option= ended= help= count=0

	COMPREPLY=()
	_kist_split
	cur=$word
	_kist_walk
	if [[ ! $option && ! $ended && $word == --*=* ]]; then
		option=${word%%=*} front=$option= cur=${word#*=}
	fi
	if [[ $option ]]; then
		_kist_table "takes $command $option"
		[[ ${table[*]} ]] || _kist_table "takes  $option"
		_kist_offer_kind "${table[*]}"
	elif [[ $cur == -* && ! $ended ]]; then
		_kist_table "options $command"
		_kist_offer "${table[@]}"
		_kist_table 'options '
		_kist_offer "${table[@]}"
	elif [[ ! $command ]]; then
		_kist_table 'commands '
		_kist_offer "${table[@]}" help
	elif _kist_table "commands $command" && ((${#table[@]})); then
		_kist_offer "${table[@]}"
	elif [[ ! $help ]]; then
		_kist_table "takes $command"
		read -ra takes <<<"${table[*]}"
		((count < ${#takes[@]})) || count=$((${#takes[@]} - 1))
		((count < 0)) || _kist_offer_kind "${takes[count]}"
	fi
}

complete -F _kist kist
