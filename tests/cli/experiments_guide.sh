# The guide to experiments, as it is written: its study is run by its commands, and a graph of three brought up to date.
command -v pkg-config >/dev/null || skip 'no pkg-config'
command -v make >/dev/null || skip 'no make'
export PKG_CONFIG_PATH="$top_builddir/tests/root/usr/local/lib/pkgconfig"
export PKG_CONFIG_SYSROOT_DIR="$top_builddir/tests/root"
unset MAKEFLAGS MAKELEVEL MFLAGS
guide=$top_srcdir/docs/guide/experiments.md
cp -R "$top_srcdir/examples/arrays" arrays
chmod -R u+w arrays
expect 0 make -C arrays CC="${CC:-cc}" trust
# A task whose output is called as the guide's metric is.
mkdir plugins flows
cat >plugins/org.example.loss.plugin.json <<'END'
{
  "manifest_version": 1, "id": "org.example.loss", "version": "1.0.0", "abi": {"major": 1, "minor_required": 0},
  "libraries": {"linux-x86_64-glibc": {"soname": "libm.so.6"}},
  "tasks": [{"name": "distance", "symbol": "fabs", "signature": "f64->f64",
             "inputs": [{"name": "x", "type": "number"}], "outputs": [{"name": "loss", "type": "number"}]}]
}
END
[ "$(uname -m)" = x86_64 ] || skip 'the manifest is for x86_64'
expect 0 kist plugin trust plugins/org.example.loss.plugin.json
export KIST_PLUGIN_PATH="$PWD/plugins"
cat >flows/base.yaml <<'YAML'
parameters: {seed: 0}
graph: {array: {sample_normal: {rows: 4, seed: $seed}}}
artifact_outputs: {model: {contents: $array, task: NumpyArrayArtifactTask}}
YAML
cat >flows/train.yaml <<'YAML'
artifact_inputs: {weights: tensor}
parameters: {rows: 10, scale: 1.0, seed: 0}
graph:
  array:  {sample_normal: {rows: $rows, seed: $seed}}
  scaled: {scale: [$array, $scale]}
  mean:   {mean: $scaled}
  report: {distance: $mean}
  before: {mean: $weights}
artifact_outputs: {model: {contents: $scaled, task: NumpyArrayArtifactTask}}
YAML
printf 'name: train-base\nentrypoint: flows/base.yaml\nreplicates: 5\n' >base.yaml
sed -n '/^```yaml$/,/^```$/p' "$guide" | sed '/^```/d' >study.yaml
cp study.yaml train.yaml
sed -e 's/^name: .*/name: compare/' -e 's/train-base#model/noise-study#model/' study.yaml >compare.yaml
sed -n 's/^    \$ \(kist .*\)/\1/p' "$guide" >commands
equal "$(wc -l <commands)" 8
expect 0 kist init
expect 0 kist experiment run base.yaml --jobs 2
expect 0 sh -eux commands
says out 'noise-study v1: 10 of 10 cells complete' 'metric,condition,n,mean,spread,min,max' 'loss,loud,5,'
says noise.svg '>loud</text>'
expect 0 kist experiment show compare --json
says out '"missing": 0' '"state": "finished"'
