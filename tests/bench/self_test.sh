# SPDX-License-Identifier: Apache-2.0
#
# The benchmark itself: it measures, judges, and names what is not there; what it finds is not judged here.

peers() { env SCALE=1 RUNS=1 PEERS='tar cp joblib' KIST_PYTHON=./none "$@" sh "$top_srcdir/tests/bench/peers.sh"; }

expect 2 peers ROWS='bf16 nonsense'
says err nonsense checkpoints

expect 0 peers ROWS='bf16 inserted artifacts' RESULTS=results
says out 'joblib: KIST_PYTHON names no Python' 'put          bf16' 'put, ms' 'added by a version, MiB' 'goals reached'
says results '"data":"bf16","step":"get","tool":"kernel"' '"data":"csv-scattered","step":"added","tool":"kist"' \
	'"artifacts":10000' '"data":"artifacts","step":"list","tool":"kist"'

# Its judgement, of figures that are known.
cat >known <<'END'
{"cores":2,"processor":"none","runs":1,"scale":100}
{"tool":"restic","title":"restic, compression auto","version":"restic 1"}
{"data":"csv","step":"put","tool":"kist","ms":100.0,"least_ms":90,"cpu_ms":90,"rss_kib":300000,"runs":1}
{"data":"csv","step":"put","tool":"restic","ms":299.0,"least_ms":299,"cpu_ms":299,"rss_kib":1,"runs":1}
{"data":"csv","step":"stored","tool":"kist","bytes":1048576}
{"data":"csv","step":"stored","tool":"restic","bytes":1048576}
{"data":"checkpoint","step":"added","tool":"kist","bytes":1048576}
{"data":"checkpoint","step":"added","tool":"kist","bytes":3145728}
{"took_s":7}
END
expect 0 awk -v markdown=1 -f "$top_srcdir/tests/bench/goals.awk" known
says out 'took 7 s' '| put | csv | 100 ms | restic, compression auto: 299 ms | 2.99 | at least 3 | **missed** |' \
	'| size | csv | 1.00 MiB | restic, compression auto: 1.00 MiB | 1.00 | at most 1 | reached |' \
	'| added | checkpoint | 2.00 MiB |' 'not compared' '1 of 3 goals reached'

expect 0 "$top_builddir/tests/bench/bench_stats" 1 1
says out 'MB/s' bf16 'i64 wide'

expect 0 env SCALE=1 sh "$top_srcdir/tests/bench/jobs.sh"
says out '100 jobs' 'kist query --best'

expect 0 env SCALE=1 sh "$top_srcdir/tests/bench/exec.sh"
says out 'until it runs: more' 'kist exec -- true' 'of a processor' 'from closed to kept'
