# SPDX-License-Identifier: Apache-2.0
#
# What peers.sh measured: against the goals, and all of it.
#
#     awk [-v markdown=1] -f goals.awk RESULTS
#
# Times are compared as they are: "3 times" means that the peer takes three times as long.

# The value of a key of this line, which is one flat JSON object.
function get(key,    rest) {
	if (!match($0, "\"" key "\":"))
		return ""
	rest = substr($0, RSTART + RLENGTH)
	if (rest ~ /^"/) {
		rest = substr(rest, 2)
		return substr(rest, 1, index(rest, "\"") - 1)
	}
	match(rest, /^[^,}]*/)
	return substr(rest, 1, RLENGTH)
}

function line(first, second, third, fourth, fifth, sixth, seventh) {
	if (markdown)
		gsub(/[|]/, "\\\\|", fourth)
	if (markdown)
		printf "| %s | %s | %s | %s | %s | %s | %s |\n", first, second, third, fourth, fifth, sixth, seventh
	else
		printf "%-12s %-13s %12s  %-40s %7s  %-13s %s\n", first, second, third, fourth, fifth, sixth, seventh
}

function heading(text) { printf markdown ? "\n## %s\n\n" : "\n%s\n", text }

function in_ms(value) { return sprintf(value < 100 ? "%.1f ms" : "%.0f ms", value) }

function in_mib(value) { return sprintf("%.2f MiB", value / 1048576) }

function show(step, value) { return step in of_bytes ? in_mib(value) : in_ms(value) }

# The least of the peers @names, in @best; false where none was measured.
function find_best(data, step, names,    list, count, i) {
	best = ""
	count = split(names, list, " ")
	for (i = 1; i <= count; i++)
		if ((data, step, list[i]) in value && (best == "" || value[data, step, list[i]] < value[data, step, best]))
			best = list[i]
	return best != ""
}

function verdict(reached) {
	judged++
	missed += !reached
	return reached ? "reached" : markdown ? "**missed**" : "MISSED"
}

# @how: "times" for how many times longer the peer takes, at least; "of" for how much of the peer's it is, at most.
function goal(title, data, step, names, how, limit,    ratio, mine, other) {
	if (!((data, step, "kist") in value))
		return
	mine = value[data, step, "kist"]
	if (!find_best(data, step, names)) {
		line(title, data, show(step, mine), names, "", how == "times" ? "at least " limit : "at most " limit,
			"not compared")
		return
	}
	other = value[data, step, best]
	ratio = how == "times" ? other / mine : mine / other
	line(title, data, show(step, mine), titles[best] ": " show(step, other), sprintf("%.2f", ratio),
		how == "times" ? "at least " limit : "at most " limit,
		verdict(how == "times" ? ratio >= limit : ratio <= limit))
}

# @mine against a limit of its own.
function goal_alone(title, data, mine, unit, how, limit) {
	line(title, data, sprintf(mine < 100 ? "%.1f %s" : "%.0f %s", mine, unit), "", "", how " " limit " " unit,
		verdict(how == "under" ? mine < limit : mine >= limit))
}

function goals_of_arrays(    arrays, count, i) {
	count = split("sensor weights bf16 ids", arrays, " ")
	for (i = 1; i <= count; i++) {
		goal("put", arrays[i], "put", "restic", "times", 4)
		goal("put", arrays[i], "put", "borg1", "times", 3)
		goal("put", arrays[i], "put", "tar", "times", 2)
		goal("put", arrays[i], "put", "zarr", "times", 1)
		goal("put", arrays[i], "put", "kernel", "times", 0.8)
	}
	for (i = 1; i <= count; i++) {
		goal("get", arrays[i], "get", "restic", "times", 5)
		goal("get", arrays[i], "get", "tar", "times", 2)
		goal("get", arrays[i], "get", "kernel", "times", 0.8)
	}
	goal("size", "sensor", "stored", "restic borg3", "of", 0.60)
	goal("size", "weights", "stored", "restic borg3", "of", 0.92)
	goal("size", "bf16", "stored", "restic borg3", "of", 0.86)
	goal("size", "ids", "stored", "restic borg3", "of", 0.75)
}

function goals_of_the_rest(    tool) {
	goal("size", "csv", "stored", "restic borg3", "of", 1)
	goal("put", "csv", "put", "restic", "times", 3)
	goal("added", "csv-inserted", "added", "restic borg1 borg3 casync", "of", 1)
	goal("added", "csv-scattered", "added", "restic borg1 borg3 casync", "of", 1)
	goal("added", "checkpoint", "added", "restic borg1 borg3 casync bup", "of", 0.8)
	goal("added", "fresh", "added", "restic borg1 borg3 casync bup", "of", 0.8)
	goal("put", "files", "put", "restic borg1 borg3", "times", 4)
	goal("get", "files", "get", "restic borg1 borg3", "times", 4)
	goal("put again", "files", "again", "restic borg1 borg3", "times", 10)
	goal("put", "files", "put", "tar", "of", 1.2)
	goal("get", "files", "get", "tar", "of", 1.2)
	if (("artifacts", "open", "kist") in value) {
		goal_alone("open", "artifacts", value["artifacts", "open", "kist"], "ms", "under", 100)
		goal_alone("ls of a name", "artifacts", value["artifacts", "list", "kist"], "ms", "under", 50)
		goal_alone("rebuild", "artifacts", artifacts / value["artifacts", "rebuild", "kist"] * 1000, "a second", "at least",
			100000)
	}
	if (rss > 0)
		goal_alone("memory", rss_of, rss / 1024, "MiB", "under", 256)
}

# All of a step: a line for each data, a column for each tool.
function figures(title, step,    i, k, text, rule) {
	column_count = 0
	for (k = 1; k <= tool_count; k++)
		for (i = 1; i <= data_count; i++)
			if ((data_names[i], step, tool_names[k]) in value) {
				columns[++column_count] = tool_names[k]
				break
			}
	if (column_count == 0)
		return
	heading(title)
	text = markdown ? "| |" : sprintf("%-14s", "")
	rule = "|---|"
	for (k = 1; k <= column_count; k++) {
		text = text sprintf(markdown ? " %s |" : "%9s", columns[k])
		rule = rule "---:|"
	}
	print text
	if (markdown)
		print rule
	for (i = 1; i <= data_count; i++)
		figures_of(data_names[i], step)
}

function figures_of(data, step,    k, text, some, cell) {
	text = sprintf(markdown ? "| %s |" : "%-14s", data)
	for (k = 1; k <= column_count; k++) {
		cell = ""
		if ((data, step, columns[k]) in value) {
			some = 1
			cell = value[data, step, columns[k]]
			cell = step in of_bytes ? sprintf("%.2f", cell / 1048576) : sprintf("%.0f", cell)
		}
		text = text sprintf(markdown ? " %s |" : "%9s", cell)
	}
	if (some)
		print text
}

BEGIN {
	of_bytes["stored"]
	of_bytes["added"]
	tool_count = split("kist restic borg1 borg3 casync bup tar joblib zarr cp kernel given", tool_names, " ")
	titles["kernel"] = "the kernels alone"
}

get("absent") != "" { absent = absent get("tool") ": " get("absent") "\n"; next }
get("version") != "" {
	titles[get("tool")] = get("title")
	if (!said[get("version")]++)
		versions = versions "; " get("version")
}
get("cores") != "" { machine = get("processor") ", " get("cores") " cores; " get("runs") " runs; " get("scale") " % of the sizes" }
get("artifacts") != "" { artifacts = get("artifacts") }
# Several figures of one thing are of its versions, which count alike.
get("step") != "" {
	data = get("data"); step = get("step"); tool = get("tool")
	if (!known_data[data]++)
		data_names[++data_count] = data
	count[data, step, tool]++
	sum[data, step, tool] += get(step in of_bytes ? "bytes" : "ms")
	value[data, step, tool] = sum[data, step, tool] / count[data, step, tool]
	if (tool == "kist" && get("rss_kib") + 0 > rss) {
		rss = get("rss_kib") + 0
		rss_of = data " " step
	}
}
get("took_s") != "" && get("row") == "" { took = get("took_s") }

END {
	if (markdown)
		print "# Figures of the benchmark\n"
	printf "%s; took %d s\n%s%s\n", machine, took, markdown ? "\n" : "", substr(versions, 3)
	printf "%s%s", markdown && absent != "" ? "\n" : "", absent
	heading("Goals")
	line("row", "data", "kist", "against", "ratio", "goal", "")
	if (markdown)
		print "|---|---|---:|---|---:|---|---|"
	goals_of_arrays()
	goals_of_the_rest()
	printf "\n%d of %d goals reached%s\n", judged - missed, judged, markdown ? "." : ""
	figures("put, ms", "put")
	figures("get, ms", "get")
	figures("put again, unchanged, ms", "again")
	figures("put of the next version, ms", "next")
	figures("stored, MiB", "stored")
	figures("added by a version, MiB", "added")
}
