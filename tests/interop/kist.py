# SPDX-License-Identifier: Apache-2.0
"""What the scripts of this folder share: the installed kist, driven from Python."""
import filecmp
import json
import math
import os
import subprocess
import sys


def run(*arguments, expect=0):
    """Runs kist; gives what it prints."""
    done = subprocess.run(["kist", *arguments], capture_output=True)
    if done.returncode != expect:
        sys.exit("FAILED: kist %s\nended with %d, not %d\n%s" % (
            " ".join(arguments)[:300], done.returncode, expect, done.stderr.decode(errors="replace")))
    return done.stdout if expect == 0 else done.stderr


def put(*arguments):
    return json.loads(run("put", "--json", *arguments))


def show(name):
    return json.loads(run("show", "--json", name))


def check(condition, *what):
    if not condition:
        sys.exit("FAILED: " + " ".join(str(part) for part in what))


def equal(found, wanted, *what):
    check(found == wanted, *what, "is", repr(found)[:300], "and should be", repr(wanted)[:300])


def near(found, wanted, *what, digits=1e-9):
    check(found is not None and math.isclose(found, wanted, rel_tol=digits, abs_tol=digits), *what, "is", found,
          "and should be", wanted)


def round_trip(folder):
    """Puts all files of a folder, gets them back, and compares every byte; gives what each was found to be."""
    paths = sorted(os.path.join(folder, name) for name in os.listdir(folder))
    put(*paths)
    return came_back(paths)


def came_back(paths):
    """The files were put under their own names: gets and compares them; gives what each was found to be."""
    os.makedirs("back", exist_ok=True)
    names = [os.path.basename(path) for path in paths]
    run("get", "--force", "-o", "back", *names)
    for path, name in zip(paths, names):
        check(filecmp.cmp(path, os.path.join("back", name), shallow=False), path, "came back as something else")
    return {name: show(name) for name in names}


def convert(name, task, to, *options):
    """Converts what is stored; gives the path of the result."""
    run("convert", name, "--task", task, "--name", to, *options)
    run("get", "--force", to, "-o", "converted." + to)
    return "converted." + to
