# SPDX-License-Identifier: Apache-2.0
#
# How each tool is told to keep something: sourced by peers.sh.
#
# All work in the current folder: TOOL keeps in store.TOOL and gives back in back.TOOL.  A store is new, on this disk,
# with no encryption where that can be said.  What a tool does not sync itself is synced for it, so that a put always
# ends with the bytes on disk; joblib and zarr are let off (and check nothing either).

export RESTIC_PASSWORD=kist BORG_BASE_DIR="$work/home" BORG_UNKNOWN_UNENCRYPTED_REPO_ACCESS_IS_OK=yes
export BUP_DIR="$work/store.bup" GIT_CONFIG_COUNT=1 GIT_CONFIG_KEY_0=init.defaultBranch GIT_CONFIG_VALUE_0=main

tools='kist restic borg1 borg3 casync bup tar joblib zarr cp'
python=${KIST_PYTHON:-python3}
arrays="'$python' '$bench_source/arrays.py'"

# has_module NAME
has_module() { "$python" -c "import $1" 2>/dev/null; }

# why_absent TOOL: prints nothing when it is there.
why_absent() {
	case $1 in
	kist | cp) ;;
	tar) command -v tar zstd >/dev/null || echo 'tar or zstd is not installed' ;;
	borg*) command -v borg >/dev/null || echo 'borg is not installed' ;;
	joblib) has_module joblib || echo 'KIST_PYTHON names no Python that has joblib' ;;
	zarr) has_module zarr || echo 'KIST_PYTHON names no Python that has zarr' ;;
	*) command -v "$1" >/dev/null || echo "$1 is not installed" ;;
	esac
}

version_of() {
	case $1 in
	kist) kist --version | head -n 1 ;;
	restic) restic version | cut -d' ' -f1-2 ;;
	borg*) borg --version ;;
	casync | bup) "$1" --version | head -n 1 | sed "s/^\($1 \)\{0,1\}/$1 /" ;;
	tar) zstd --version | sed 's/.*v\([0-9.]*\).*/zstd \1/' ;;
	joblib | zarr) "$python" -c "import $1; print('$1', $1.__version__)" ;;
	cp) cp --version | head -n 1 ;;
	esac
}

# How they are called here.
title_of() {
	case $1 in
	restic) echo 'restic, compression auto' ;;
	borg1) echo 'borg, zstd,1' ;;
	borg3) echo 'borg, zstd,3' ;;
	tar) echo 'tar | zstd -3 -T2' ;;
	joblib) echo 'joblib, uncompressed' ;;
	zarr) echo 'zarr, blosc zstd-1 shuffle' ;;
	*) echo "$1" ;;
	esac
}

# An index of casync is named by what it holds.
casync_index() { if [ -d "$1" ]; then echo caidx; else echo caibx; fi; }

# new_command TOOL: makes an empty store.
new_command() {
	case $1 in
	kist) echo 'kist init store.kist >/dev/null' ;;
	restic) echo 'restic -q -r store.restic init' ;;
	borg*) echo "borg init -e none store.$1" ;;
	casync) echo 'mkdir store.casync' ;;
	bup) echo 'bup init 2>/dev/null' ;;
	*) echo true ;;
	esac
}

# put_command TOOL PATH first|next: keeps it; the next ones beside the first.
put_command() {
	name=first
	[ "$3" = first ] || name='next.$$'
	case $1 in
	kist) echo "kist --store store.kist put -q $2" ;;
	restic) echo "restic -q -r store.restic backup $2" ;;
	borg1 | borg3) echo "borg create -C zstd,${1#borg} store.$1::$name $2" ;;
	casync)
		echo "casync make --store=store.casync/s.castr store.casync/$name.$(casync_index "$2") $2 >/dev/null &&
			sync -f store.casync"
		;;
	bup) echo "bup index $2 2>/dev/null && bup save -q -n kist $2 && sync -f store.bup" ;;
	tar) echo "tar -cf - $2 | zstd -q -3 -T2 -o store.tar && sync store.tar" ;;
	joblib | zarr) echo "$arrays $1 put $2 store.$1" ;;
	cp) echo "cp -r $2 store.cp && sync -f store.cp" ;;
	esac
}

# get_command TOOL PATH: gives back what was kept first.
get_command() {
	case $1 in
	kist) echo "kist --store store.kist get -q $2 -o back.kist" ;;
	restic) echo 'restic -q -r store.restic restore latest --target back.restic' ;;
	borg*) echo "mkdir back.$1 && cd back.$1 && borg extract ../store.$1::first" ;;
	casync) echo "casync extract --store=store.casync/s.castr store.casync/first.$(casync_index "$2") back.casync" ;;
	bup) echo "bup restore -q -C back.bup /kist/latest$work/$2" ;;
	tar) echo 'mkdir back.tar && zstd -q -dc store.tar | tar -xf - -C back.tar' ;;
	joblib | zarr) echo "$arrays $1 get $2 store.$1" ;;
	cp) echo 'cp -r store.cp back.cp' ;;
	esac
}
