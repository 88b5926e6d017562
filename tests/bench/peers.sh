#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# kist against what a person would use instead, on the same data in one run, and against the goals of goals.awk.
#
#     ROWS="sensor weights bf16 ids csv inserted checkpoints files artifacts"   which to run; also "noise", "steps"
#     PEERS="restic borg1 borg3 casync bup tar joblib zarr cp"                  against whom
#     RUNS=3           how often each command runs, in turn with the others; medians count
#     SCALE=100        percent of the sizes, for a quick look
#     RESULTS=FILE     keeps the raw figures, one JSON object a line
#     KIST_PYTHON=python3    one that has zarr and joblib
#
# Needs 12 GiB below $TMPDIR and 4 GiB of memory that is free for caches.
set -eu
results=$(realpath "${RESULTS:-/dev/null}")
# shellcheck source=tests/bench/lib.sh
. "$top_srcdir/tests/bench/lib.sh"
# shellcheck source=tests/bench/tools.sh
. "$bench_source/tools.sh"

rows=${ROWS:-sensor weights bf16 ids csv inserted checkpoints files artifacts}
peers=${PEERS:-restic borg1 borg3 casync bup tar joblib zarr cp}
runs=${RUNS:-3}
checkpoints=10
fresh_checkpoints=4
[ "$results" != /dev/null ] || results=$work/results
: >"$results"

# These run once: they are far from any goal of time, or slow; so does borg1 but for puts.  bup takes 40 s for a GiB: it
# is left out of most.
once='borg3 casync bup joblib'
of_arrays='kist restic borg1 borg3 casync tar joblib zarr cp'
of_small_arrays='kist restic borg1 borg3 casync bup tar joblib zarr cp'
of_text='kist restic borg1 borg3 casync tar cp'
of_folders='kist restic borg1 borg3 casync bup tar cp'
of_versions='kist restic borg1 borg3 casync bup'
known_rows='sensor weights bf16 ids csv inserted checkpoints files artifacts noise steps'

emit() { printf "$@" >>"$results"; }

has_word() { case " $1 " in *" $2 "*) return 0 ;; *) return 1 ;; esac; }

# chosen TOOL...: those that are asked for and there.
chosen() {
	for tool; do
		! has_word "$present" "$tool" || printf '%s ' "$tool"
	done
}

present=kist
look_for_peers() {
	for tool in $tools; do
		[ "$tool" = kist ] || has_word "$peers" "$tool" || continue
		why=$(why_absent "$tool")
		[ -z "$why" ] || {
			emit '{"tool":"%s","absent":"%s"}\n' "$tool" "$why"
			continue
		}
		emit '{"tool":"%s","title":"%s","version":"%s"}\n' "$tool" "$(title_of "$tool")" "$(version_of "$tool")"
		[ "$tool" = kist ] || present="$present $tool"
	done
}

# emit_time DATA STEP TOOL TIMES, of the next line of bench_time's
emit_time() {
	read -r middle least cpu rss
	emit '{"data":"%s","step":"%s","tool":"%s","ms":%s,"least_ms":%s,"cpu_ms":%s,"rss_kib":%s,"runs":%s}\n' \
		"$1" "$2" "$3" "$middle" "$least" "$cpu" "$rss" "$4"
}

# time_in_turn TIMES DATA STEP PATH TOOL...
time_in_turn() {
	times=$1 data=$2 step=$3 path=$4
	shift 4
	in_turn=$*
	[ -n "$in_turn" ] || return 0
	set --
	for tool in $in_turn; do
		case $step in
		put | first) set -- "$@" \
			"clear_away back.* store.$tool && $(new_command "$tool") && sync -f . && warm $path" \
			"$(put_command "$tool" "$path" first)" ;;
		next | again) set -- "$@" "warm $path" "$(put_command "$tool" "$path" next)" ;;
		get) set -- "$@" "clear_away back.* && warm store.$tool" "$(get_command "$tool" "$path")" ;;
		esac
	done
	"$bench/bench_time" "$times" "$@" >times
	for tool in $in_turn; do
		emit_time "$data" "$step" "$tool" "$times"
	done <times
}

# timed DATA STEP PATH TOOL...
timed() {
	data=$1 step=$2 path=$3
	shift 3
	often='' seldom=''
	for tool in $(chosen "$@"); do
		if has_word "$once" "$tool" || [ "$step.$tool" = get.borg1 ]; then seldom="$seldom $tool"; else often="$often $tool"; fi
	done
	# shellcheck disable=SC2086
	time_in_turn "$runs" "$data" "$step" "$path" $often
	# shellcheck disable=SC2086
	time_in_turn 1 "$data" "$step" "$path" $seldom
}

emit_bytes() { emit '{"data":"%s","step":"%s","tool":"%s","bytes":%s}\n' "$1" "$2" "$3" "$4"; }

# stored DATA PATH TOOL...: what each keeps, and what was given.
stored() {
	emit_bytes "$1" stored given "$(size_of "$2")"
	data=$1
	shift 2
	for tool in $(chosen "$@"); do
		emit_bytes "$data" stored "$tool" "$(size_of "store.$tool")"
	done
}

# put_and_get DATA PATH TOOL...
put_and_get() {
	data=$1 given=$2
	shift 2
	timed "$data" put "$given" "$@"
	stored "$data" "$given" "$@"
	timed "$data" get "$given" "$@"
	sh -c "clear_away back.* && $(get_command kist "$given")"
	diff -r "$given" back.kist
}

# What cutting, hashing, filtering and compressing cost on all cores, and the ways back: kist's own limit.
kernel_limit() {
	"$bench/bench_kernel" "$2" "$runs" |
		awk -v data="$1" -v size="$(size_of "$2")" '{
			for (i = 1; i < NF && $i != "|"; i += 2)
				if ($i == "put" || $i == "get")
					printf "{\"data\":\"%s\",\"step\":\"%s\",\"tool\":\"kernel\",\"ms\":%.3f}\n",
						data, $i, size / $(i + 1) / 1000
		}' >>"$results"
}

# array DATA KIND MIB PATH TOOLS
array() {
	"$bench/bench_data" "$2" "$(sized "$3")" "$4"
	# shellcheck disable=SC2086
	put_and_get "$1" "$4" $5
	kernel_limit "$1" "$4"
}

files() {
	export KEEP_DROPPED=yes
	"$bench/bench_data" files "$(sized 20000)" files
	# shellcheck disable=SC2086
	put_and_get files files $of_folders
	# shellcheck disable=SC2086
	timed files again files $of_versions
	unset KEEP_DROPPED
}

# make_version DATA NO PATH: the version after the one that is there; 0 is the first.
make_version() {
	case $1.$2 in
	csv*.0) "$bench/bench_data" csv "$(sized 512)" "$3" && cp "$3" first.csv ;;
	csv*) "$bench/bench_data" "${1#csv-}" "$(sized 1000)" "$3" first.csv ;;
	*) "$bench/bench_data" "$1" "$(sized 200 20)" "$3" "$2" ;;
	esac
}

# versions PATH DATA...: what each of the versions adds, which come after each other under one name.
versions() {
	given=$1
	shift
	version=0
	versioned=$(chosen $of_versions)
	for kind in "$1" "$@"; do
		step=first
		[ $version = 0 ] || step=next
		make_version "$kind" $version "$given"
		for tool in $versioned; do
			time_in_turn 1 "$kind" $step "$given" "$tool"
			now=$(size_of "store.$tool")
			[ $version = 0 ] || emit_bytes "$kind" added "$tool" $((now - $(cat "size.$tool")))
			echo "$now" >"size.$tool"
		done
		version=$((version + 1))
	done
}

# A store of so many small tensors: its index made anew and opened, by the library; one name listed, by the program.
artifacts() {
	amount=$(sized 1000000 1000)
	"$bench/bench_million" make store.kist "$amount" "$((amount / 1000))"
	emit '{"artifacts":%s}\n' "$amount"
	list='kist --store store.kist ls runs/000/0000000 >/dev/null'
	open="$bench/bench_million open store.kist cache | cut -d' ' -f1 >took"
	sh -c "$list"
	"$bench/bench_time" "$runs" 'rm -rf cache' "$open" true "$open" true "$list" >times
	for step in rebuild open list; do
		emit_time artifacts $step kist "$runs"
	done <times
	rm -rf cache
}

# measure ROW
measure() {
	case $1 in
	sensor) array sensor walk 1024 sensor.npy "$of_arrays" ;;
	weights) array weights weights 1024 weights.npy "$of_arrays" ;;
	noise | steps) array "$1" "$1" 1024 "$1.npy" "$of_arrays" ;;
	bf16) array bf16 safetensors 256 bf16.safetensors "$of_small_arrays" ;;
	ids) array ids ids 512 ids.npy "$of_arrays" ;;
	csv) array csv csv 512 rows.csv "$of_text" ;;
	inserted) versions rows.csv csv-inserted csv-scattered ;;
	checkpoints)
		# shellcheck disable=SC2046
		versions model.safetensors $(yes checkpoint | head -n $((checkpoints - 1)))
		# shellcheck disable=SC2046
		versions model.safetensors $(yes fresh | head -n $((fresh_checkpoints - 1)))
		;;
	files) files ;;
	artifacts) artifacts ;;
	esac
}

for row in $rows; do
	has_word "$known_rows" "$row" || {
		echo "peers.sh: no row is called '$row'; there are: $known_rows" >&2
		exit 2
	}
done
began=$(date +%s)
emit '{"cores":%s,"processor":"%s","runs":%s,"scale":%s}\n' "$(nproc)" \
	"$(sed -n 's/^model name[[:space:]]*: //p' /proc/cpuinfo | head -n 1)" "$runs" "$scale"
look_for_peers
for row in $rows; do
	since=$(date +%s)
	measure "$row"
	clear_away ./*.npy ./*.csv ./*.safetensors files store.* back.*
	rm -rf dropped
	emit '{"row":"%s","took_s":%s}\n' "$row" $(($(date +%s) - since))
done
emit '{"took_s":%s}\n' $(($(date +%s) - began))
awk -f "$bench_source/goals.awk" "$results"
