# Results of deterministic steps are taken from earlier runs: those of the same code, arguments and inputs, and no others.
. "$top_srcdir/tests/zoo/lib.sh"
tasks

# run WANT ARGUMENT...: runs, and WANT are the steps that are cached.
run() {
	want=$1
	shift
	expect 0 kist run --json "$@"
	equal "$(cached)" "$want"
}

cat >sub.yaml <<'END'
parameters: {a: 10, b: 3}
graph: {x: {sub: [$a, $b]}, y: {sub: {b: $x, a: $a}}}
outputs: {x: {contents: $x, file: x}, y: {contents: $y, file: y}}
END
run '' sub.yaml
equal "$(cat exports/sub/x exports/sub/y)" '7
3'
run 'x y' sub.yaml
equal "$(cat exports/sub/x exports/sub/y)" '7
3'
id=$(job_of out)
equal "$(kist cat "kist:job/$id" | python3 -c 'import json, sys; print([s.get("cached") for s in json.load(sys.stdin)["steps"]])')" \
	'[True, True]'
expect 0 kist run sub.yaml
says out 'x ' cached
run '' sub.yaml --no-cache

# The order of arguments counts, however they are given; a default is a value.
run '' sub.yaml -p a=3 -p b=10
equal "$(cat exports/sub/x)" -7
printf 'graph: {x: {sub: {b: 3, a: 10}}}\noutputs: {x: {contents: $x, file: x}}\n' >named.yaml
run 'x' named.yaml
equal "$(cat exports/named/x)" 7
printf 'graph: {x: {sub: {b: 10, a: 3}}}\noutputs: {x: {contents: $x, file: x}}\n' >named.yaml
run 'x' named.yaml
equal "$(cat exports/named/x)" -7
printf 'graph: {x: {sub: [10]}, y: {sub: [10, 1], dependencies: x}}\noutputs: {y: {contents: $y, file: y}}\n' >preset.yaml
run '' preset.yaml
run 'x y' preset.yaml

# Objects: by what they were made from, and back as they were.  What is not deterministic is never kept.
cat >make.yaml <<'END'
parameters: {rows: 4}
graph: {array: {ramp: [$rows, 2]}}
artifact_outputs: {array: {contents: $array, task: NumpyArrayArtifactTask}}
END
run '' make.yaml
run '' make.yaml
cat >scale.yaml <<'END'
parameters: {factor: 2.0}
artifact_inputs: {array: tensor}
graph:
  once:  {scale: [$array, $factor]}
  twice: {scale: [$once, $factor]}
  total: {sum: $twice}
artifact_outputs:
  once:  {contents: $once, task: NumpyArrayArtifactTask}
  twice: {contents: $twice, task: NumpyArrayArtifactTask}
outputs: {total: {contents: $total, file: total}}
END
run '' scale.yaml -i array=make/array
expect 0 kist cat scale/twice
cp out twice.npy
cp exports/scale/total total
run 'once twice' scale.yaml -i array=make/array
same exports/scale/total total
expect 0 kist cat scale/twice
same out twice.npy
# Another parameter, another input; the first are still there.
run '' scale.yaml -i array=make/array -p factor=3.0
equal "$(cat exports/scale/total)" 252
run '' make.yaml -p rows=5
run '' scale.yaml -i array=make/array
run 'once twice' scale.yaml -i array=make/array
equal "$(cat exports/scale/total)" 180
# What a task says that is not deterministic is no key, but its value is one.
printf 'graph: {a: {ramp: [4, 2]}, b: {scale: [$a, 2.0]}}\n' >unsure.yaml
run '' unsure.yaml
run '' unsure.yaml
cat >value.yaml <<'END'
parameters: {text: "12"}
graph:
  said: {exec: [sh, -c, 'echo "$0" >n', $text], outputs: {n: {file: n, type: integer}}}
  less: {sub: [$said, 2]}
outputs: {less: {contents: $less, file: less}}
END
run '' value.yaml
run 'less' value.yaml
run '' value.yaml -p text=13
equal "$(cat exports/value/less)" 11

# Without artifacts nothing is kept for later runs, without anything nothing is taken.
run '' sub.yaml -p a=20 --no-artifacts
run '' sub.yaml -p a=20 --no-artifacts
run 'x y' sub.yaml -p a=10 --no-artifacts
run '' sub.yaml --no-artifacts --no-outputs
# A step that failed is run again; what came before it was kept for then.
printf 'graph: {x: {sub: [1, 1]}, y: {fail: -3, dependencies: x}}\n' >fails.yaml
expect 1 kist run --json fails.yaml
expect 1 kist run --json fails.yaml
equal "$(cached)" x

# Another plugin is another key: of another version, or of other code.
run 'x y' sub.yaml
tasks_edit='s/"1.0.0"/"1.0.1"/'
tasks
run '' sub.yaml
run 'x y' sub.yaml
tasks -O2
run '' sub.yaml
run 'x y' sub.yaml
tasks_edit=
tasks
run 'x y' sub.yaml

# Two at once give the same.
for i in 1 2 3 4; do
	kist run --json sub.yaml -p a=100 --name "at$i" >"out$i" &
done
wait
for i in 1 2 3 4; do
	equal "$(cat "exports/at$i/x" "exports/at$i/y")" '97
3'
done
run 'x y' sub.yaml -p a=100

# They are names of kist's own, that collectors see and people do not.
expect 0 kist ls
! grep -q kist:cache out || fail 'ls shows what is kept for later runs'
expect 0 kist gc --grace 0 --all
run 'x y' sub.yaml
run 'once twice' scale.yaml -i array=make/array
whole
expect 0 kist gc --cache --grace 0 --all
run '' sub.yaml
run 'x y' sub.yaml
run '' scale.yaml -i array=make/array
run 'once twice' scale.yaml -i array=make/array
whole

# What is damaged or gone is made again, whatever of it is.
rm -rf .kist "$HOME/.cache/kist"
expect 0 kist init
expect 0 kist run make.yaml -p rows=50
find .kist/packs -name '*.pack' | sort >before
run '' scale.yaml -i array=make/array --no-outputs
find .kist/packs -name '*.pack' | sort | comm -13 before - >added
cp -r .kist sound
cp -r "$HOME/.cache/kist" known
misses=0
for pack in $(cat added); do
	for how in flip remove; do
		rm -rf .kist "$HOME/.cache/kist"
		cp -r sound .kist
		cp -r known "$HOME/.cache/kist"
		chmod u+w "$pack"
		python3 - "$pack" $how <<'END'
import os, sys
path, how = sys.argv[1:]
bytes = bytearray(open(path, "rb").read())
bytes[len(bytes) // 2] ^= 0x55
if how == "flip":
    open(path, "wb").write(bytes)
else:
    os.unlink(path)
END
		expect 0 kist run --json scale.yaml -i array=make/array --no-artifacts
		equal "$(cat exports/scale/total)" 19800
		[ "$(cached)" = 'once twice' ] || misses=$((misses + 1))
	done
done
[ "$misses" -gt 0 ] || fail 'no damage was met'
