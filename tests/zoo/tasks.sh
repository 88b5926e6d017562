# Function tasks that die, hang, lie and reach for what is not theirs: the step, the plugin and the task are named, what
# steps before them made is kept, and the store is whole.
. "$top_srcdir/tests/zoo/lib.sh"
tasks
${CC:-cc} -w -O1 -shared -fPIC -Wl,-z,noexecstack "$top_srcdir/tests/zoo/ordinary.c" -o plugins/ordinary.so ||
	fail 'ordinary.c cannot be compiled'
trusted ordinary

number=0
misstep() {
	number=$((number + 1))
	cat >run$number.yaml <<END
graph:
  before: {count_up: [f64, 4]}
  misstep: $1
artifact_outputs:
  kept: {contents: \$before, task: NumpyArrayArtifactTask}
END
	expect 1 kist run run$number.yaml $how
	shift
	says err misstep "$@"
	plain err
	whole
	expect 0 kist show run$number/kept
}
while IFS= read -r line <&3; do
	how=
	case $line in
	*' | took longer'*) how=--deadline=0.5 ;;
	esac
	printf '== %s\n' "$line"
	misstep "${line%% | *}" "${line#* | }"
done 3<<'END'
{task: crash, dependencies: [before]} | crashed in task 'crash': signal 11 (SIGSEGV)
{task: leave, args: [3], dependencies: [before]} | ended the worker with exit status 3 in task 'leave'
{task: spin, dependencies: [before]} | took longer than 500 ms in task 'spin' and was ended
{task: fail, args: [-1], dependencies: [before]} | plugin test.tasks 1.0.0: task 'fail': it was told to fail
{task: no_tensor, dependencies: [before]} | broke the contract in task 'no_tensor': it succeeded and gave no tensor
{task: same_tensor, args: [$before]} | it gave back what was lent to it
END
for task in "peek, args: [\$before, 4]" "poke, args: [\$before, 0]"; do
	misstep "{task: $task}" "in task '${task%%,*}'" 'plugin test.ordinary 1.0.0' 'signal 11 (SIGSEGV)'
done
misstep '{mean: [$before]}' "argument 'x': a tensor of float64 was given, f32[] is expected"
