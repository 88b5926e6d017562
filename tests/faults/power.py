# SPDX-License-Identifier: Apache-2.0
"""
Power loss.  Commands are run one after another, and what they do to the store and to the index of the host is written down
(tests/support/strike_trace.h).  Then, for every moment, each state is made that a disk may be in when the power goes there:

  - what was written to a file since its last fsync is there, is missing, is zeros, is there up to some length, or in some
    blocks of 4096 bytes and not in others;
  - a name that was made or removed since the last fsync of its folder is as it was before or as it is after, each
    by itself; several changes of one name keep their order.

In each of them all that was acknowledged before that moment must be there and be read back whole, verify must find nothing
wrong, and the next put, and the next collection, must succeed.  States that are alike are looked at once.  Where a
moment has more than CAP states, so many are drawn; and of all states LIMIT are (0: all).  The seed is printed.

  power.py STRIKE SEED LIMIT [new-boot]

new-boot: the machine is one that was started anew, as after a power loss, and the index is replayed, too.
"""
import collections
import hashlib
import itertools
import os
import random
import shutil
import subprocess
import sys

BLOCK = 4096
CAP = 64
STORE = ".kist"


# What is put, from a fixed seed: enough for several chunks in one, little in the others.
def contents():
    made = random.Random(7)
    return {"small": b"small\n" * 9, "noise": made.randbytes(70000), "text": b"%d\n" * 3000 % tuple(range(3000)),
            "changed": b"%d;\n" * 3000 % tuple(range(3000)), "more": made.randbytes(30000), "last": made.randbytes(5000)}


# A command, and what it makes of names: the content's name, or None.
SCENARIO = [
    (["init"], {}),
    (["put", "../in/small", "../in/noise", "-q"], {"small": "small", "noise": "noise"}),
    (["put", "../in/text", "--name", "doc"], {"doc": "text"}),
    (["tag", "doc", "kept"], {"kept": "text"}),
    (["put", "../in/changed", "--name", "doc"], {"doc": "changed"}),
    (["put", "../in/more"], {"more": "more"}),
    (["rm", "noise"], {"noise": None}),
    (["gc", "--all", "--grace", "0"], {}),
    (["put", "../in/noise", "--name", "again"], {"again": "noise"}),
    (["rm", "more", "kept"], {"more": None, "kept": None}),
    (["gc", "--all", "--grace", "0"], {}),
]


class File:
    def __init__(self):
        self.ops = []
        self.synced = 0
        self.bound = None
        self.was_linked = False


class Disk:
    """What the commands did, and what of it is known to last.  An entry's history is a list of files, "dir" or None."""

    def __init__(self):
        self.entries = collections.OrderedDict({".": ["dir"]})
        self.synced = {".": 1}
        self.by_ino = {}

    def now(self, path):
        return self.entries.get(path, [None])[-1]

    def change(self, path, what):
        if path != "." and self.now(path) != what:
            self.entries.setdefault(path, [None]).append(what)
            self.synced.setdefault(path, 1)

    def linked(self, file):
        return any(history[-1] is file for history in self.entries.values())

    def file(self, ino, path, offset):
        """The file of an inode's number, which may be used again after the file is gone."""
        named = self.now(path)
        if isinstance(named, File) and named.bound in (None, ino):
            named.bound = ino
            self.by_ino[ino] = named
            return named
        known = self.by_ino.get(ino)
        if not known or (known.was_linked and not self.linked(known)) or (not known.was_linked and offset == 0):
            known = self.by_ino[ino] = File()
            known.bound = ino
        return known

    def play(self, what, fields, path, data):
        if what == "create":
            if not isinstance(self.now(path), File):
                self.change(path, File())
                self.now(path).was_linked = True
            elif fields[0] == 1:
                self.now(path).ops.append(("size", 0))
        elif what == "write":
            self.file(fields[0], path, fields[1]).ops.append(("bytes", fields[1], data))
        elif what == "truncate":
            self.file(fields[0], path, None).ops.append(("size", fields[1]))
        elif what == "allocate":
            self.file(fields[0], path, None).ops.append(("grow", fields[1] + fields[2]))
        elif what == "link" and not self.now(path):
            file = self.by_ino.get(fields[0]) or self.file(fields[0], path, None)
            file.was_linked = True
            self.change(path, file)
        elif what == "mkdir" and not self.now(path):
            self.change(path, "dir")
        elif what in ("unlink", "rmdir") and self.now(path):
            self.change(path, None)
        elif what == "rename":
            old, new = path.split("\t")
            self.change(new, self.now(old))
            self.change(old, None)
        elif what == "sync":
            file = self.file(fields[0], path, None)
            file.synced = len(file.ops)
        elif what == "syncdir":
            for entry in self.entries:
                if os.path.dirname(entry) == ("" if path == "." else path) and entry != ".":
                    self.synced[entry] = len(self.entries[entry])


def content(ops):
    made = bytearray()
    for op in ops:
        if op[0] == "size":
            made = made[:op[1]] + bytes(max(0, op[1] - len(made)))
        elif op[0] == "grow":
            made += bytes(max(0, op[1] - len(made)))
        else:
            made += bytes(max(0, op[1] - len(made)))
            made[op[1]:op[1] + len(op[2])] = op[2]
    return bytes(made)


def variants(file, lot):
    """What the disk may hold of a file."""
    whole = content(file.ops)
    if file.synced == len(file.ops):
        return [whole]
    sure = content(file.ops[:file.synced])
    zeros = sure[:len(whole)] + bytes(max(0, len(whole) - len(sure)))
    torn = b"".join((whole if lot.random() < 0.5 else zeros)[i:i + BLOCK] for i in range(0, len(whole), BLOCK))
    short = whole[:lot.randrange(len(whole) // BLOCK + 1) * BLOCK]
    return [whole] + [v for v in dict.fromkeys((sure, zeros, torn, short)) if v != whole]


def states(disk, lot):
    """Dictionaries of paths and what they hold; the first has all that was written."""
    store, index = [], []
    for path, history in disk.entries.items():
        if path == ".":
            continue
        choices = []
        for at in range(len(history), disk.synced[path] - 1, -1):
            what = history[at - 1]
            choices += [(path, v) for v in variants(what, lot)] if isinstance(what, File) else [(path, what)]
        (store if path.split("/")[0] == STORE else index).append(list(dict.fromkeys(choices)))
    count = 1
    for choices in store:
        count *= len(choices)
    if count <= CAP:
        chosen = itertools.product(*store)
    else:
        chosen = [tuple(c[0] for c in store), tuple(c[-1] for c in store)]
        chosen += [tuple(lot.choice(c) for c in store) for _ in range(CAP - 2)]
    for i, one in enumerate(chosen):
        # Nothing of the index is ever synced: it is as it was, is gone, or is anything in between.
        with_index = [c[0] for c in index] if i % 3 == 0 else [lot.choice(c) for c in index] if i % 3 == 1 else []
        yield dict(one + tuple(with_index))


def read_trace(path):
    with open(path, "rb") as trace:
        for line in trace:
            what, _, rest = line[:-1].decode("utf-8", "surrogateescape").partition(" ")
            count = {"write": 3, "truncate": 2, "allocate": 3, "link": 1, "sync": 1, "create": 1, "said": 1, "end": 1}.get(what, 0)
            parts = rest.split(" ", count)
            data = trace.read(int(parts[2]) + 1)[:-1] if what == "write" else None
            yield what, [int(p) for p in parts[:count]], parts[count] if len(parts) > count else "", data


def tree(path):
    """What lies below a folder, as states() says it; what is lent to other processes only is not looked at."""
    found = {}
    for folder, folders, files in os.walk(path):
        for name in folders:
            found[os.path.relpath(os.path.join(folder, name), path)] = "dir"
        for name in files:
            with open(os.path.join(folder, name), "rb") as file:
                found[os.path.relpath(os.path.join(folder, name), path)] = file.read()
    return found


def make(state, path):
    shutil.rmtree(path, ignore_errors=True)
    os.mkdir(path)
    os.mkdir(os.path.join(path, "home"))
    for name in sorted(n for n in state if state[n] == "dir"):
        if os.path.isdir(os.path.dirname(os.path.join(path, name))):
            os.makedirs(os.path.join(path, name), mode=0o700, exist_ok=True)
    for name, what in state.items():
        # Without its folder nobody can see it.
        if isinstance(what, bytes) and os.path.isdir(os.path.dirname(os.path.join(path, name))):
            with open(os.path.join(path, name), "wb") as file:
                file.write(what)


class Wrong(Exception):
    pass


def kist(*words):
    done = subprocess.run(["kist", *words], cwd="run", stdout=subprocess.PIPE, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL)
    return done.returncode, done.stdout, done.stderr.decode("utf-8", "replace")


def must(*words):
    status, out, err = kist(*words)
    if status != 0:
        raise Wrong("kist %s ended with %d: %s" % (" ".join(words), status, err.strip()))
    return out


def check_names(expected, bytes_of):
    for name, allowed in expected.items():
        status, out, err = kist("cat", name)
        if status == 0 and any(a is not None and out == bytes_of[a] for a in allowed):
            continue
        if status == 0:
            raise Wrong("'%s' came back as something else" % name)
        if None not in allowed or ("no artifact" not in err and "not" not in err):
            raise Wrong("'%s' is lost: %s" % (name, err.strip()))


def check(state, expected, made, bytes_of, full):
    """made: init was acknowledged."""
    make(state, "run")
    if not made and STORE + "/kist.json" not in state:
        must("init")
    must("verify", "--full")
    check_names(expected, bytes_of)
    must("put", "../in/last")
    if must("cat", "last") != bytes_of["last"]:
        raise Wrong("the next put came back as something else")
    if not full:
        return 0
    before = sum(path.endswith(".pack") for path in tree("run/" + STORE))
    said = must("gc", "--all", "--grace", "0", "--json").decode()
    if '"packs_unnamed": 0' not in said or '"short_of": ""' not in said:
        raise Wrong("the collector left something: " + said)
    must("verify", "--full")
    check_names(expected, bytes_of)
    left = tree("run/" + STORE)
    if any("TMP-" in path for path in left):
        raise Wrong("a file of a writer is left: " + str([path for path in left if "TMP-" in path]))
    return before - sum(path.endswith(".pack") for path in left)


def record(strike):
    os.mkdir("run")
    os.mkdir("run/home")
    ends = []
    for words, _ in SCENARIO:
        done = subprocess.run([strike, "-r", "../trace", "-u", ".", "kist", *words], cwd="run", stdout=subprocess.PIPE)
        if done.returncode == 77:
            print(done.stdout.decode().strip())
            sys.exit(77)
        if done.returncode != 0:
            sys.exit("kist %s ended with %d" % (" ".join(words), done.returncode))
        ends.append(tree("run"))
    return ends


def replay(ends, seed):
    """Every state at every moment, once: the state, what names may mean, whether the store was acknowledged, where."""
    lot = random.Random(seed)
    disk = Disk()
    expected, made, command, moments, seen = {}, False, 0, 0, set()
    for what, fields, path, data in read_trace("trace"):
        effects = SCENARIO[command][1] if command < len(SCENARIO) else {}
        if what == "end":
            whole = {p: content(h[-1].ops) if isinstance(h[-1], File) else h[-1]
                     for p, h in disk.entries.items() if h[-1] and p != "."}
            for side in (whole, ends[command]):
                side.pop("home", None)
            if whole != ends[command]:
                sys.exit("what was written down is not what is there after command %d: %s" % (
                    command, sorted(p for p in set(whole) | set(ends[command]) if whole.get(p) != ends[command].get(p))))
        if what in ("said", "end"):
            # Acknowledged.
            made = True
            expected.update({name: {is_now} for name, is_now in effects.items()})
            command += what == "end"
        else:
            disk.play(what, fields, path, data)
        if what in ("said", "sync", "lock"):
            continue
        moments += 1
        may_be = dict(expected)
        now = SCENARIO[command][1] if command < len(SCENARIO) else {}
        for name, is_now in now.items():
            may_be[name] = expected.get(name, {None}) | {is_now}
        for state in states(disk, lot):
            mark = hashlib.sha256(repr((sorted((p, w if w is None or w == "dir" else hashlib.sha256(w).digest())
                                               for p, w in state.items() if w is not None),
                                        sorted((n, sorted(map(str, a))) for n, a in may_be.items()), made)).encode()).digest()
            if mark not in seen:
                seen.add(mark)
                yield {p: w for p, w in state.items() if w is not None}, may_be, made, "moment %d, command %d: %s %s" % (
                    moments, command, what, path)


def main():
    strike, seed, limit = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    bytes_of = contents()
    os.mkdir("in")
    for name, data in bytes_of.items():
        with open("in/" + name, "wb") as file:
            file.write(data)
    os.environ["HOME"] = os.path.abspath("run/home")
    if sys.argv[4:] == ["new-boot"]:
        with open("boot_id", "w") as file:
            file.write("00000000-0000-4000-8000-00000000b007\n")
    else:
        print("the index is not replayed: this machine cannot pretend to be started anew")
    ends = record(strike)
    if sys.argv[4:] == ["new-boot"]:
        subprocess.run(["mount", "--bind", "boot_id", "/proc/sys/kernel/random/boot_id"], check=True)
    every = list(replay(ends, seed))
    chosen = every if limit == 0 or limit >= len(every) else random.Random(seed).sample(every, limit)
    wrong, unnamed = 0, 0
    for at, (state, expected, made, where) in enumerate(chosen):
        if sys.argv[4:] != ["new-boot"]:
            state = {p: w for p, w in state.items() if p.split("/")[0] == STORE}
        try:
            unnamed += max(0, check(state, expected, made, bytes_of, limit == 0 or at % 4 == 0))
        except Wrong as why:
            wrong += 1
            print("FAILED, seed %d, %s: %s" % (seed, where, why), flush=True)
            if wrong == 10:
                break
    for figure in (("states after a power loss, of %d" % len(every), len(chosen), ""),
                   ("power loss: something acknowledged lost, wrong or unreadable", wrong, 0),
                   ("power loss: packs that broken off puts left and gc removed", unnamed, "")):
        print("FIGURE\t%s\t%s\t%s" % figure)
    sys.exit(1 if wrong else 0)


main()
