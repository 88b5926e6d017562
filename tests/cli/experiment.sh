# Experiments: conditions by replicates, each cell complete or not, taken up again where something is missing or has changed.
. "$top_srcdir/tests/zoo/lib.sh"
tasks

mkdir flows
cat >flows/train.yaml <<'YAML'
parameters: {rows: 4, factor: 2.0, seed: 0, bad: 0}
graph:
  array:  {ramp: [$rows, 2]}
  scaled: {scale: [$array, $factor]}
  loss:   {sum: $scaled}
  seen:   {same_i64: $seed}
  maybe:  {exec: [sh, -c, 'test "$0" = 0', $bad], dependencies: loss}
artifact_outputs:
  model: {contents: $scaled, task: NumpyArrayArtifactTask}
YAML
cat >study.yaml <<'YAML'
name: noise
entrypoint: flows/train.yaml
replicates: 3
conditions: {baseline: {}, loud: {factor: 4.0}}
metrics: {loss: $loss, seed: $seen.same}
YAML
expect 0 kist experiment run study.yaml
says out '+ noise/v1/replicate_0/baseline  complete' 'noise v1: 6 of 6 cells complete' 'loud'
ran 6
expect 0 kist show noise/v1/replicate_2/loud/model
expect 0 kist experiment show noise --json
equal "$(facts '[(m["condition"], m["n"], m["mean"], m["spread"]) for m in facts["metrics"] if m["metric"] == "loss"]')" \
	"[('baseline', 3, 56.0, 0.0), ('loud', 3, 112.0, 0.0)]"
equal "$(facts 'len({c["params"]["seed"] for c in facts["cells"]}), facts["state"], facts["missing"]')" "(3, 'finished', 0)"
equal "$(facts 'facts["cells"][0]["metrics"]["seed"] == facts["cells"][0]["params"]["seed"]')" True
expect 0 kist experiment show study.yaml --format csv
says out 'metric,condition,n,mean,spread,min,max' 'loss,loud,3,112,0,112,112'
expect 0 kist experiment show noise --format svg
python3 -c 'import sys, xml.dom.minidom; xml.dom.minidom.parse("out")' || fail 'the plot is no XML'
says out '>loud</text>' '<circle'
expect 2 kist experiment show noise --format nothing
expect 0 kist experiment ls
says out 'noise' 'finished'

# All is complete: nothing is run again.
expect 0 kist experiment resume study.yaml
ran 0

# A parameter of one condition, more replicates, another condition: what that concerns is run, and nothing else.
sed -i 's/factor: 4.0/factor: 8.0/' study.yaml
expect 0 kist experiment resume study.yaml
ran 3
sed -i 's/replicates: 3/replicates: 4/' study.yaml
expect 0 kist experiment resume study.yaml --jobs 2
ran 2
sed -i 's/baseline: {},/baseline: {}, quiet: {factor: 0.5},/' study.yaml
expect 0 kist experiment resume study.yaml --jobs 3
ran 4
# All cells of the version are there together.
for condition in baseline quiet loud; do
	for replicate in 0 1 2 3; do
		expect 0 kist show noise/v1/replicate_$replicate/$condition/model
	done
done
# The code: all of it.
echo '# changed' >>flows/train.yaml
expect 0 kist experiment resume study.yaml
ran 12
expect 0 kist experiment run study.yaml --jobs 4
says out 'noise v2: 12 of 12'
ran 12

# A condition that fails keeps no other from being run, and is not complete; once it can be run, only it is.
sed 's/name: noise/name: broken/; s/quiet: {factor: 0.5}/quiet: {bad: 1}/' study.yaml >broken.yaml
expect 1 kist experiment run broken.yaml --jobs 2
says out '+ broken/v1/replicate_3/loud  complete' 'x broken/v1/replicate_0/quiet' "step 'maybe'" '8 of 12 cells complete, 4 not'
ran 12
expect 3 kist show broken/v1/replicate_0/quiet/model
expect 1 kist experiment resume broken.yaml
ran 4
sed -i 's/bad: 1/bad: 0/' broken.yaml
expect 0 kist experiment resume broken.yaml
ran 4
whole
