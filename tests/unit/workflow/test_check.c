/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "support/suite.h"

#include "base/mem.h"
#include "unit/workflow/offered.h"
#include "workflow/check.h"
#include "workflow/plan.h"

#define ROWS(table) ((int)(sizeof(table) / sizeof((table)[0])))

static struct offered offered;

static void setup(void)
{
	offered_init(&offered);
}

static void teardown(void)
{
	offered_done(&offered);
}

static struct kist_entrypoint *check(const char *text, const struct kist_given *given,
				     struct kist_issues *issues)
{
	struct kist_entrypoint *entrypoint = NULL;

	ck_assert_int_eq(kist_entrypoint_read(kist_view_of(text, strlen(text)), issues, &entrypoint, NULL),
			 KIST_OK);
	if (entrypoint)
		ck_assert_int_eq(kist_entrypoint_check(entrypoint, offered.offer, given, issues, NULL),
				 KIST_OK);
	ck_assert_int_eq(kist_issues_finish(issues, NULL), KIST_OK);
	return entrypoint;
}

/* "2:5 E_STEP: text | hint" of each, a line each. */
static void list_issues(const struct kist_issues *issues, char *ret, size_t size)
{
	size_t used = 0;

	ret[0] = '\0';
	for (size_t i = 0; i < issues->count && used < size; i++) {
		const struct kist_issue *issue = &issues->items[i];

		used += (size_t)snprintf(ret + used, size - used, "%u:%u %s: %s | %s\n", issue->place.line,
					 issue->place.column, issue->code, issue->text, issue->hint);
	}
}

/* Everything that an entrypoint can have. */
static const char whole[] =
	"types: {series: {list: number}, path: {is_a: string}}\n"
	"parameters:\n"
	"  rows: 100\n"
	"  seed: {type: integer, default: 0}\n"
	"  fortran: false\n"
	"  where: {type: path, default: /tmp}\n"
	"  names: {type: {list: string}, default: [a, b]}\n"
	"artifact_inputs:\n"
	"  weights: {type: tensor}\n"
	"  report_of: table\n"
	"graph:\n"
	"  make_array:     {task: sample, kwargs: {rows: $rows, seed: $seed}}\n"
	"  transform_step: {scale: [$make_array, 2.0]}\n"
	"  again:          {scale: {array: $transform_step.array, factor: 3}}\n"
	"  mixed:          {task: scale, args: [$weights], kwargs: {factor: 1}}\n"
	"  halves:         {split: $mixed, timeout: 2.5}\n"
	"  report:         {task: summarize, args: [$halves.left], dependencies: [make_array, again]}\n"
	"  other:          {summarize: [$report_of, $names]}\n"
	"  train:          {exec: [python3, train.py, $make_array, -n, 3, $where],\n"
	"                   outputs: {model: {file: out/model.npy, type: tensor}, log: log.txt}}\n"
	"  said:           {exec: [echo, $$rows], dependencies: train}\n"
	"  last:           {org.example.other/same: [[$said, {x: $train.log}]]}\n"
	"  point:          {about: {point: {x: 1, y: 2.5}}}\n"
	"artifact_outputs:\n"
	"  save_numpy:  {contents: $transform_step, task: {name: NumpyArrayArtifactTask, args: "
	"{fortran_order: $fortran}}}\n"
	"  save_model:  {contents: $train.model, task: NumpyArrayArtifactTask}\n"
	"  save_any:    {contents: $point, task: {name: kist.numpy/NumpyArrayArtifactTask, kwargs: {version: "
	"2}}}\n"
	"outputs:\n"
	"  summary: {contents: $report, file: summary.txt}\n"
	"  table:   {contents: $report_of, file: tables/t.csv, task: {name: CsvTableArtifactTask, args: "
	"{delimiter: tab}}}\n";

START_TEST(a_whole_entrypoint_has_no_fault)
{
	kist_auto_issues struct kist_issues issues = KIST_ISSUES_INIT;
	kist_auto_entrypoint struct kist_entrypoint *entrypoint = check(whole, NULL, &issues);
	kist_auto_plan struct kist_plan plan = KIST_PLAN_INIT;
	char found[4000];

	list_issues(&issues, found, sizeof(found));
	ck_assert_str_eq(found, "");
	ck_assert_uint_eq(entrypoint->step_count, 11);
	ck_assert_uint_eq(entrypoint->artifact_count, 3);
	ck_assert_uint_eq(entrypoint->output_count, 2);
	ck_assert_str_eq(kist_node_literal(kist_step_arg(&entrypoint->steps[1], 1)), "2.0");
	ck_assert_str_eq(kist_node_literal(entrypoint->steps[8].exec->first->next), "$rows");
	ck_assert_double_eq(entrypoint->steps[4].timeout_s, 2.5);
	ck_assert_int_eq(kist_plan_make(entrypoint, &plan, NULL), KIST_OK);
	ck_assert_uint_eq(plan.order[0], 0);
	ck_assert_uint_eq(plan.level_count, 4);
	ck_assert_uint_eq(plan.levels[kist_step_find(entrypoint, "report")], 3);
	ck_assert(kist_plan_needs(&plan, kist_step_find(entrypoint, "said"),
				  kist_step_find(entrypoint, "train")));
}
END_TEST

/* One fault, or a few: what is told, by the head of each line. */
static const struct {
	const char *text;
	const char *told;
} faults[] = {
	/* Form. */
	{ "[a]\n", "1:1 E_SCHEMA: an entrypoint is a mapping, not a list" },
	{ "graph: 5\na: [\n", "3:1 E_YAML: did not find expected node content" },
	{ "parameters: {}\n", "1:1 E_SCHEMA: there is no step" },
	{ "graph: {}\n", "1:1 E_SCHEMA: there is no step" },
	{ "graph: [a]\n",
	  "1:1 E_SCHEMA: there is no step: 'graph' is missing or empty | write graph: {<step>: {<task>: "
	  "[<argument>, ...]}}\n1:8 E_SCHEMA: 'graph' is a mapping of names, not a list | " },
	{ "grahp: {a: {touch: 1}}\ngraph: {a: {touch: 1}}\n",
	  "1:1 E_KEY_UNKNOWN: 'grahp' is no part of an entrypoint | did you mean 'graph'?" },
	{ "tasks: {}\ngraph: {a: {touch: 1}}\n", "1:1 E_KEY_UNKNOWN: 'tasks' is no part of an entrypoint | "
						 "leave it out: tasks are declared by plugins" },
	{ "graph: {a: 5}\n", "1:12 E_STEP: step 'a' is a mapping, not an integer | write {<task>:" },
	{ "graph: {a: {}}\n", "1:12 E_STEP: step 'a' runs no task" },
	{ "graph: {a: {touch: 1, load: 2}}\n",
	  "1:23 E_STEP: step 'a' has 'touch' and 'load': a step runs one task" },
	{ "graph: {a: {touch: 1, dependences: b}}\n", "1:23 E_STEP: step 'a' has 'touch' and 'dependences': "
						      "a step runs one task | did you mean 'dependencies'?" },
	{ "graph: {a: {task: touch, arg: [1], args: [1]}}\n",
	  "1:26 E_KEY_UNKNOWN: 'arg' is no part of a step that says 'task' | did you mean 'args'?" },
	{ "graph: {a: {task: [touch]}}\n", "1:19 E_STEP: 'task' takes the name of a task, not a list" },
	{ "graph: {a: {task: touch, args: 1, kwargs: [2]}}\n",
	  "1:43 E_SCHEMA: 'kwargs' takes a mapping, not a list" },
	{ "graph: {a: {touch: 1, timeout: -1}}\n", "1:32 E_SCHEMA: 'timeout' takes seconds" },
	{ "graph: {a: {touch: 1, timeout: soon}}\n", "1:32 E_SCHEMA: 'timeout' takes seconds" },
	{ "graph: {a: {touch: 1, dependencies: {b: c}}}\n", "1:37 E_SCHEMA: 'dependencies' takes the name" },
	{ "graph: {a: {exec: []}}\n", "1:12 E_STEP: step 'a' has an empty command" },
	{ "graph: {a: {exec: [ls, [x], ~]}}\n", "1:24 E_SCHEMA: a word of a command is no list | \n1:29 "
						"E_SCHEMA: a word of a command is no null | " },
	{ "graph: {a: {exec: [ls], task: load}}\n",
	  "1:25 E_KEY_UNKNOWN: 'task' is no part of a step that is a command" },
	{ "graph: {a: {exec: [ls], outputs: {o: 5}}}\n", "1:38 E_SCHEMA: output 'o' has no file" },
	{ "graph: {a: {exec: [ls], outputs: {o: ../x}}}\n",
	  "1:38 E_FILE: '../x' is no file of an output: it has a part of dots only" },
	{ "parameters: {p: {}}\ngraph: {a: {touch: $p}}\n",
	  "1:17 E_SCHEMA: parameter 'p' has neither a type nor a default | a default that is a mapping" },
	{ "artifact_inputs: {i: {}}\ngraph: {a: {touch: $i}}\n",
	  "1:22 E_SCHEMA: artifact input 'i' has no type" },
	/* Names. */
	{ "graph: {a.b: {touch: 1}}\n", "1:9 E_NAME: 'a.b' is no name for a step: it has a dot" },
	{ "graph: {'a b': {touch: 1}}\n", "1:9 E_NAME: 'a b' is no name for a step: it has a blank" },
	{ "graph: {'': {touch: 1}}\n", "1:9 E_NAME: '' is no name for a step: it is empty" },
	{ "graph: {$a: {touch: 1}}\n", "1:9 E_NAME: '$a' is no name for a step: it begins with '$'" },
	{ "graph: {a/b: {touch: 1}}\n", "1:9 E_NAME: 'a/b' is no name for a step: it has one of '/'" },
	{ "graph: {a: {touch: 1}, a: {touch: 1}}\n",
	  "1:24 E_YAML_DUPLICATE: the key 'a' stands in this mapping" },
	{ "parameters: {a: 1}\ngraph:\n  b: {touch: $a}\n  a: {touch: 1}\n",
	  "4:3 E_NAME_TAKEN: 'a' is the name of a parameter already" },
	{ "parameters: {i: 1}\nartifact_inputs: {i: table}\ngraph:\n  b: {touch: $i}\n",
	  "2:19 E_NAME_TAKEN: 'i' is the name of a parameter already" },
	{ "artifact_inputs: {i: table}\ngraph:\n  i: {touch: 1}\n  b: {touch: $i}\n",
	  "3:3 E_NAME_TAKEN: 'i' is the name of an artifact input already" },
	/* Types. */
	{ "types: {a: {list: b}, b: {list: a}}\ngraph: {s: {touch: 1}}\n",
	  "1:33 E_TYPE_CYCLE: a type cannot be made of itself: 'a' -> 'b' -> 'a'" },
	{ "types: {a: {list: numbr}}\ngraph: {s: {touch: 1}}\n",
	  "1:19 E_TYPE_UNKNOWN: there is no type 'numbr': did you mean 'number'?" },
	{ "types:\n  a:\n    tuple:\n    - number\n    - lists: any\ngraph: {s: {touch: 1}}\n",
	  "5:7 E_TYPE: a type is a name, or one of" },
	{ "types: {number: {list: any}, x.y: {list: any}}\ngraph: {s: {touch: 1}}\n",
	  "1:9 E_TYPE_NAME: the type 'number' is built in: take another name | \n1:30 E_TYPE_NAME: 'x.y' is "
	  "no name" },
	{ "parameters: {p: {type: tensr, default: 5}}\ngraph: {s: {touch: $p}}\n",
	  "1:24 E_TYPE_UNKNOWN: there is no type 'tensr': did you mean 'tensor'?" },
	{ "parameters: {p: {type: string, default: 5}}\ngraph: {s: {touch: $p}}\n",
	  "1:41 E_TYPE_MISMATCH: parameter 'p' is declared as string, but its default '5' is integer" },
	{ "parameters: {p: $q, r: $$q}\ngraph: {s: {touch: [[$p, $r]]}}\n",
	  "1:17 E_REFERENCE: the default of parameter 'p' is a reference" },
	/* Tasks. */
	{ "graph: {a: {scal: [1, 2]}}\n",
	  "1:13 E_TASK_UNKNOWN: no plugin offers the task 'scal' | did you mean 'scale'?" },
	{ "graph: {a: {same: 1}}\n",
	  "1:13 E_TASK_AMBIGUOUS: 2 plugins offer the task 'same' | write <plugin>/same" },
	{ "graph: {a: {NumpyArrayArtifactTask: 1}}\n", "1:13 E_TASK_UNKNOWN: no plugin offers the task "
						       "'NumpyArrayArtifactTask' | it is an artifact task" },
	{ "graph: {a: {org.example.none/scale: 1}}\n", "1:13 E_TASK_UNKNOWN: " },
	{ "graph: {a: {load: x}}\nartifact_outputs: {o: {contents: $a, task: NumpyArayArtifactTask}}\n",
	  "2:44 E_TASK_UNKNOWN: no plugin offers the artifact task 'NumpyArayArtifactTask' | did you mean "
	  "'NumpyArrayArtifactTask'?" },
	/* Arguments. */
	{ "graph: {a: {load: [x, y, z]}}\n", "1:23 E_ARITY: task 'load' takes 1 argument, 3 are given" },
	{ "graph: {a: {sample: []}}\n", "1:13 E_ARGUMENT_MISSING: step 'a' gives task 'sample' no argument "
					"'rows' (integer), which has no default" },
	{ "graph: {a: {sample: ~}}\n", "1:13 E_ARGUMENT_MISSING: " },
	{ "graph: {a: {sample: {row: 5, rows: 5}}}\n",
	  "1:22 E_ARGUMENT_UNKNOWN: task 'sample' has no argument 'row' | did you mean 'rows'?" },
	{ "graph: {a: {sample: {zzz: 5, rows: 5}}}\n",
	  "1:22 E_ARGUMENT_UNKNOWN: task 'sample' has no argument 'zzz' | there are: rows, seed" },
	{ "graph: {a: {task: sample, args: [5], kwargs: {rows: 6}}}\n",
	  "1:47 E_ARGUMENT_TWICE: argument 'rows' of task 'sample' is given already" },
	/* References. */
	{ "parameters: {rows: 5}\ngraph: {a: {sample: [$row]}, b: {touch: $rows}}\n",
	  "2:22 E_REFERENCE: '$row' leads nowhere: no parameter, artifact input or step is called 'row' | "
	  "did you mean "
	  "'$rows'?" },
	{ "graph: {a: {touch: [[{x: $nowhere}]]}}\n", "1:26 E_REFERENCE: '$nowhere' leads nowhere" },
	{ "graph: {a: {touch: [$]}}\n", "1:21 E_REFERENCE: '$' leads nowhere" },
	{ "graph: {a: {load: x}, b: {split: $a}, c: {touch: $b}}\n",
	  "1:50 E_OUTPUT_AMBIGUOUS: step 'b' has 2 outputs: say which | there are: $b.left, $b.right" },
	{ "graph: {a: {load: x}, b: {split: $a.arry}}\n",
	  "1:34 E_OUTPUT_UNKNOWN: step 'a' has no output 'arry' | there are: $a.array" },
	{ "graph: {a: {touch: 1}, b: {touch: $a}}\n",
	  "1:35 E_OUTPUT_UNKNOWN: step 'a' gives nothing that can be referred to" },
	{ "parameters: {p: {default: {x: 1}}}\ngraph: {a: {touch: [[$p.x, $p.y]]}}\n",
	  "2:28 E_OUTPUT_UNKNOWN: '$p.y': there is no 'y' in {mapping: {x: integer}}" },
	{ "graph: {a: {touch: 1, dependencies: [b, $c]}, bb: {touch: 1}, c: {touch: 1}}\n",
	  "1:38 E_STEP_UNKNOWN: step 'a' depends on 'b', which is no step | \n"
	  "1:41 E_STEP_UNKNOWN: step 'a' depends on '$c', which is no step | did you mean 'c'?" },
	{ "graph:\n  a: {scale: [$c, 1]}\n  b: {scale: [$a, 1]}\n  c: {scale: [$b, 1]}\n",
	  "2:3 E_CYCLE: steps wait for each other: 'a' -> 'c' -> 'b' -> 'a'" },
	{ "graph:\n  a: {touch: 1, dependencies: a}\n",
	  "2:3 E_CYCLE: steps wait for each other: 'a' -> 'a'" },
	{ "graph:\n  a: {touch: 1, dependencies: b}\n  b: {touch: 1, dependencies: a}\n  c: {touch: 1, "
	  "dependencies: d}\n"
	  "  d: {touch: 1, dependencies: c}\n",
	  "2:3 E_CYCLE: steps wait for each other: 'a' -> 'b' -> 'a' | an arrow points at what a step waits "
	  "for: take one "
	  "away\n4:3 E_CYCLE: steps wait for each other: 'c' -> 'd' -> 'c'" },
	/* Types of connections. */
	{ "graph: {a: {load: x}, b: {sample: [$a]}}\n",
	  "1:36 E_TYPE_MISMATCH: argument 'rows' of task 'sample' takes integer, but '$a' is tensor" },
	{ "graph: {a: {load: x}, b: {scale: [a, 2]}}\n",
	  "1:35 E_TYPE_MISMATCH: argument 'array' of task 'scale' takes tensor, but 'a' is string | did you "
	  "mean '$a'?" },
	{ "graph: {a: {load: x}, b: {scale: [$a, yes]}}\n",
	  "1:39 E_TYPE_MISMATCH: argument 'factor' of task 'scale' takes number, but 'yes' is string" },
	{ "graph: {a: {load: x}, b: {summarize: [$a, [x, 5]]}}\n",
	  "1:43 E_TYPE_MISMATCH: argument 'names' of task 'summarize' takes {list: string}, but this is "
	  "{tuple: "
	  "[string, integer]}" },
	{ "graph: {a: {org.example.demo/same: 1}, b: {scale: [$a, 1]}}\n",
	  "1:52 E_TYPE_MISMATCH: argument 'array' of task 'scale' takes tensor, but '$a' is any" },
	{ "graph: {a: {about: {point: {x: 1, z: 2}}}}\n",
	  "1:28 E_TYPE_MISMATCH: argument 'point' of task 'about' takes {mapping: {x: number, y: number}}, "
	  "but this is "
	  "{mapping: {x: integer, z: integer}}" },
	/* What is kept. */
	{ "graph: {a: {load: x}}\nartifact_outputs: {o: {contents: a, task: NumpyArrayArtifactTask}}\n",
	  "2:34 E_SCHEMA: 'o' says no reference as its contents" },
	{ "graph: {a: {load: x}}\nartifact_outputs: {o: {contents: $a}}\n",
	  "2:23 E_SCHEMA: 'o' names no artifact task" },
	{ "graph: {a: {load: x}}\nartifact_outputs: {o: $a}\n",
	  "2:23 E_SCHEMA: 'o' is a mapping, not a text" },
	{ "graph: {a: {load: x}}\nartifact_outputs: {o: {contents: $a, task: {name: NumpyArrayArtifactTask, "
	  "args: [1]}}}\n",
	  "2:81 E_SCHEMA: an artifact task takes its arguments by name" },
	{ "graph: {a: {load: x}}\nartifact_outputs: {o: {contents: $a, task: {name: NumpyArrayArtifactTask, "
	  "args: "
	  "{fortran_oder: true, version: 4}}}}\n",
	  "2:82 E_ARGUMENT_UNKNOWN: artifact task 'NumpyArrayArtifactTask' has no argument 'fortran_oder' | "
	  "did you mean "
	  "'fortran_order'?\n2:111 E_ARGUMENT_VALUE: artifact task 'NumpyArrayArtifactTask': argument "
	  "'version' is 4, an "
	  "integer from 1 to 3 is expected" },
	{ "parameters: {v: 7}\ngraph: {a: {load: x}}\nartifact_outputs: {o: {contents: $a, task: {name: "
	  "NumpyArrayArtifactTask, args: {version: $v}}}}\n",
	  "3:91 E_ARGUMENT_VALUE: artifact task 'NumpyArrayArtifactTask': argument 'version' is 7" },
	{ "graph: {a: {load: x}}\nartifact_outputs: {o: {contents: $a, task: {name: NumpyArrayArtifactTask, "
	  "args: "
	  "{version: $a}}}}\n",
	  "2:91 E_TYPE_MISMATCH: argument 'version' of artifact task 'NumpyArrayArtifactTask' takes integer, "
	  "but '$a' is "
	  "tensor" },
	{ "graph: {a: {exec: [ls], outputs: {t: {file: t.csv, type: table}}}}\nartifact_outputs: {o: "
	  "{contents: $a, "
	  "task: CsvTableArtifactTask}}\n",
	  "2:44 E_ARGUMENT_MISSING: artifact task 'CsvTableArtifactTask' needs the argument 'delimiter'" },
	{ "graph: {a: {exec: [ls]}}\nartifact_outputs: {o: {contents: $a, task: NumpyArrayArtifactTask}}\n",
	  "2:34 E_TYPE_MISMATCH: artifact task 'NumpyArrayArtifactTask' writes tensor, but '$a' is string" },
	{ "graph: {a: {exec: [ls]}}\noutputs:\n  x: {contents: $a, file: /etc/passwd}\n  y: {contents: $a, "
	  "file: a/../b}\n"
	  "  z: {contents: $a}\n",
	  "3:27 E_FILE: '/etc/passwd' is no file of an output: it is absolute, or has an empty part | write "
	  "a path like "
	  "'plots/loss.svg', below the folder of the run\n4:27 E_FILE: 'a/../b' is no file of an output: it "
	  "has a part of "
	  "dots only | write a path like 'plots/loss.svg', below the folder of the run\n5:6 E_SCHEMA: output "
	  "'z' has no "
	  "file" },
	{ "graph: {a: {exec: [ls]}}\noutputs:\n  x: {contents: $a, file: o}\n  y: {contents: $a, file: o}\n  "
	  "z: {contents: "
	  "$a, file: o/p}\n",
	  "4:27 E_FILE_TAKEN: 'o' is written by output 'x' already | give each output a file of its "
	  "own\n5:27 "
	  "E_FILE_TAKEN: 'o/p' is written by output 'x' already" },
	/* Warnings. */
	{ "parameters: {p: 1}\nartifact_inputs: {i: any}\ngraph: {a: {exec: [ls]}}\n",
	  "1:14 W_PARAMETER_UNUSED: parameter 'p' is not used | \n2:19 W_INPUT_UNUSED: artifact input 'i' is "
	  "not used" },
	/* All in one pass, in the order of the lines. */
	{ "types: {t: {list: nubmer}}\nparameters: {p: {type: t}, q: 1}\ngraph:\n  a: {laod: $p}\n  b: "
	  "{scale: [$a, x], "
	  "tiemout: 5}\n  c: {sample: $nope}\n",
	  "1:19 E_TYPE_UNKNOWN: there is no type 'nubmer': did you mean 'number'? | \n"
	  "2:28 W_PARAMETER_UNUSED: parameter 'q' is not used | \n"
	  "4:7 E_TASK_UNKNOWN: no plugin offers the task 'laod' | did you mean 'load'?\n"
	  "5:19 E_TYPE_MISMATCH: argument 'factor' of task 'scale' takes number, but 'x' is string | \n"
	  "5:23 E_STEP: step 'b' has 'scale' and 'tiemout': a step runs one task | did you mean 'timeout'?\n"
	  "6:15 E_REFERENCE: '$nope' leads nowhere" },
};

/* As many lines as are told must be there, the last one by its head. */
START_TEST(each_fault_is_told_at_its_place_with_what_to_do)
{
	kist_auto_issues struct kist_issues issues = KIST_ISSUES_INIT;
	kist_auto_entrypoint struct kist_entrypoint *entrypoint = check(faults[_i].text, NULL, &issues);
	char found[8000];
	size_t lines = 1;

	for (const char *at = strchr(faults[_i].told, '\n'); at; at = strchr(at + 1, '\n'))
		lines++;
	list_issues(&issues, found, sizeof(found));
	ck_assert_msg(strncmp(found, faults[_i].told, strlen(faults[_i].told)) == 0 && issues.count == lines,
		      "%s\nexpected: %s\nfound:    %s", faults[_i].text, faults[_i].told, found);
}
END_TEST

static const struct {
	const char *parameters;
	const char *inputs;
	bool to_run;
	const char *told;
} givens[] = {
	{ "{\"rows\": \"5\"}", "{}", false, "" },
	{ "{\"rows\": \"5.5\"}", "{}", false,
	  "0:0 E_PARAMETER_VALUE: parameter 'rows' is integer, but what is given, '5.5', is string | its "
	  "type is" },
	{ "{\"where\": \"12\", \"names\": \"[x, y]\", \"fortran\": \"true\"}", "{}", false, "" },
	{ "{\"names\": \"[x, 5]\"}", "{}", false,
	  "0:0 E_PARAMETER_VALUE: parameter 'names' is {list: string}" },
	{ "{\"seed\": \"*a\"}", "{}", false, "0:0 E_PARAMETER_VALUE: parameter 'seed' is integer" },
	{ "{\"row\": \"5\"}", "{\"weight\": \"w\"}", false,
	  "0:0 E_PARAMETER_UNKNOWN: there is no parameter 'row' | did you mean 'rows'?\n0:0 E_INPUT_UNKNOWN: "
	  "there is no "
	  "artifact input 'weight' | did you mean 'weights'?" },
	{ "{}", "{}", true,
	  "9:3 E_INPUT_MISSING: no artifact is given for the input 'weights' | say --input "
	  "weights=NAME\n10:3 "
	  "E_INPUT_MISSING: no artifact is given for the input 'report_of'" },
	{ "{}", "{\"weights\": \"w\", \"report_of\": \"r\"}", true, "" },
};

START_TEST(what_is_given_must_be_asked_for_and_of_the_right_type)
{
	kist_auto_issues struct kist_issues issues = KIST_ISSUES_INIT;
	kist_auto_json json_t *parameters = json_loads(givens[_i].parameters, 0, NULL);
	kist_auto_json json_t *inputs = json_loads(givens[_i].inputs, 0, NULL);
	const struct kist_given given = { .parameters = parameters,
					  .inputs = inputs,
					  .to_run = givens[_i].to_run };
	kist_auto_entrypoint struct kist_entrypoint *entrypoint = check(whole, &given, &issues);
	char found[4000];

	list_issues(&issues, found, sizeof(found));
	ck_assert_msg(strncmp(found, givens[_i].told, strlen(givens[_i].told)) == 0 &&
			      (found[0] == '\0') == (givens[_i].told[0] == '\0'),
		      "expected: %s\nfound: %s", givens[_i].told, found);
}
END_TEST

START_TEST(a_parameter_that_is_given_keeps_its_own_type)
{
	kist_auto_issues struct kist_issues issues = KIST_ISSUES_INIT;
	kist_auto_json json_t *parameters = json_pack("{ssss}", "rows", "7", "where", "007");
	const struct kist_given given = { .parameters = parameters };
	kist_auto_entrypoint struct kist_entrypoint *entrypoint = check(whole, &given, &issues);

	ck_assert_int_eq(json_integer_value(entrypoint->parameters[0].value), 7);
	ck_assert_int_eq(json_integer_value(entrypoint->parameters[1].value), 0);
	ck_assert_str_eq(json_string_value(entrypoint->parameters[3].value), "007");
}
END_TEST

START_TEST(a_parameter_without_a_default_is_missed_by_a_run_only)
{
	static const char text[] = "parameters: {p: {type: number}}\ngraph: {a: {touch: $p}}\n";
	struct kist_given given = { .to_run = false };

	for (unsigned to_run = 0; to_run < 2; to_run++) {
		kist_auto_issues struct kist_issues issues = KIST_ISSUES_INIT;
		kist_auto_entrypoint struct kist_entrypoint *entrypoint = NULL;

		given.to_run = to_run;
		entrypoint = check(text, &given, &issues);
		ck_assert_uint_eq(issues.error_count, to_run);
		ck_assert(!to_run || strcmp(issues.items[0].code, "E_PARAMETER_MISSING") == 0);
	}
}
END_TEST

START_TEST(items_are_limited_in_number)
{
	for (size_t count = KIST_ENTRYPOINT_ITEMS_MAX; count <= KIST_ENTRYPOINT_ITEMS_MAX + 1; count++) {
		kist_auto_issues struct kist_issues issues = KIST_ISSUES_INIT;
		kist_auto_entrypoint struct kist_entrypoint *entrypoint = NULL;
		kist_auto_mem char *text = kist_alloc(count + 1, 64);
		char *at = text + snprintf(text, 64, "graph:\n");

		/* Each waits for the one written behind it: the worst order. */
		for (size_t i = 0; i < count; i++)
			at += snprintf(at, 64, " s%zu: {touch: 1, dependencies: s%zu}\n", i,
				       i + 1 < KIST_ENTRYPOINT_ITEMS_MAX ? i + 1 : i - 1);
		at = strrchr(text, 's');
		snprintf(at, 64, "s%zu}\n", (size_t)0);
		entrypoint = check(text, NULL, &issues);
		ck_assert_uint_ge(issues.error_count, 1);
		ck_assert_int_eq(strcmp(issues.items[0].code, "E_LIMIT") == 0,
				 count > KIST_ENTRYPOINT_ITEMS_MAX);
		ck_assert_str_eq(issues.items[issues.count - 1].code, "E_CYCLE");
		ck_assert_uint_eq(entrypoint->step_count, KIST_ENTRYPOINT_ITEMS_MAX);
	}
}
END_TEST

START_TEST(values_too_deep_for_a_type_are_told)
{
	kist_auto_issues struct kist_issues issues = KIST_ISSUES_INIT;
	kist_auto_entrypoint struct kist_entrypoint *entrypoint = NULL;
	char text[200] = "graph: {a: {touch: ";
	char found[1000];

	for (unsigned i = 0; i < KIST_TYPE_DEPTH_MAX + 2; i++)
		strcat(text, "[");
	for (unsigned i = 0; i < KIST_TYPE_DEPTH_MAX + 2; i++)
		strcat(text, "]");
	strcat(text, "}}\n");
	entrypoint = check(text, NULL, &issues);
	list_issues(&issues, found, sizeof(found));
	ck_assert_msg(strncmp(found, "1:21 E_LIMIT: more than 24 types within each other", 50) == 0, "%s",
		      found);
	ck_assert_uint_eq(issues.count, 1);
}
END_TEST

START_TEST(each_allocation_may_fail)
{
	static const char *const texts[] = { whole, faults[ROWS(faults) - 1].text,
					     "graph: {a: {touch: 1, dependencies: a}}" };

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		const struct kist_view text = kist_view_of(texts[i], strlen(texts[i]));
		kist_status status = KIST_NO_MEMORY;

		for (unsigned long k = 1; status != KIST_OK; k++) {
			kist_auto_issues struct kist_issues issues = KIST_ISSUES_INIT;
			kist_auto_entrypoint struct kist_entrypoint *entrypoint = NULL;

			kist_mem_fail_at(k);
			status = kist_entrypoint_read(text, &issues, &entrypoint, NULL);
			if (status == KIST_OK)
				status =
					kist_entrypoint_check(entrypoint, offered.offer, NULL, &issues, NULL);
			if (status == KIST_OK)
				status = kist_issues_finish(&issues, NULL);
			kist_mem_fail_at(0);
			ck_assert(status == KIST_OK || status == KIST_NO_MEMORY);
			ck_assert_uint_lt(k, 5000);
		}
	}
}
END_TEST

int main(void)
{
	TCase *const tcase = tcase_create("check");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, a_whole_entrypoint_has_no_fault);
	tcase_add_loop_test(tcase, each_fault_is_told_at_its_place_with_what_to_do, 0, ROWS(faults));
	tcase_add_loop_test(tcase, what_is_given_must_be_asked_for_and_of_the_right_type, 0, ROWS(givens));
	tcase_add_test(tcase, a_parameter_that_is_given_keeps_its_own_type);
	tcase_add_test(tcase, a_parameter_without_a_default_is_missed_by_a_run_only);
	tcase_add_test(tcase, items_are_limited_in_number);
	tcase_add_test(tcase, values_too_deep_for_a_type_are_told);
	tcase_add_test(tcase, each_allocation_may_fail);
	return suite_run(tcase, "check");
}
