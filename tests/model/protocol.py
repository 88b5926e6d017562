#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Checks the commit protocol of docs/format/store.md, section 4, by explicit states.

    protocol.py          all rules, and each rule left out
    protocol.py long     the same with more of everybody, from the start

One content: a chunk X in data packs, and its record R in metadata packs.  A writer puts it under a name: what it finds it
leans on, what it does not find it writes, in packs of its own session.  A tagger gives it one more name.  Collectors mark,
forget, condemn, compact, fence and delete; a reader resolves a name and reads.  Everybody may stop for ever at any moment.
A commit is created only by who has read all commits before it: so it is one step that reads the state and changes it; what
was looked at before is as old as it is.

Who begins with a checkpoint has not read them all, and a checkpoint may lie, as if nothing had a name, all were condemned,
everybody fenced.  A reader or a writer that is deceived is as one whose packs were deleted by who wrote the lie; a collector
proves a checkpoint before it takes anything away because of it.

What must hold in every state:
  1. what a name means can be read: R counts in a live metadata pack that is there, X lies in a live data pack that is there
  2. a record that counts is whole: X lies in a live data pack
  3. a reader of a name that stays finds what it names

Each rule that is left out must break one of them.  What bases add is looked at by itself.
"""
import sys
from collections import deque, namedtuple

RULES = ("recheck", "check_fence", "unique_names", "condemn_first", "catch_up", "forget", "orphans_need_fence", "tag_check",
         "copier_fence", "copies_of_forgotten", "lies_alike", "resolve_again", "fence_before_look", "prove_before_marking",
         "prove_before_deleting", "prove_before_unnamed")

# live: packs in the order of the log.  present: files.  cond: condemned and not said to be deleted.  counts: metadata packs in
# which R counts.  names: of the content.  fenced: sessions.  w, t, g, r: what writers, taggers, collectors, readers are at.
State = namedtuple("State", "live present cond counts names fenced w t g r")

# A pack is (kind, session, number): "D" data, "M" metadata.
FIRST_D, FIRST_M, TWIN_D = ("D", "s", 0), ("M", "s", 0), ("D", "s", 1)
IDLE = ("idle",)
DONE = ("done",)


def x_lies(state):
    """Where X lies: the newest live data pack."""
    packs = [p for p in state.live if p[0] == "D"]
    return packs[-1] if packs else None


def r_lies(state):
    packs = [p for p in state.live if p[0] == "M" and p in state.counts]
    return packs[-1] if packs else None


def broken(state):
    d = [p for p in state.live if p[0] == "D"]
    m = [p for p in state.live if p in state.counts]
    if state.names and not (d and d[-1] in state.present and m and m[-1] in state.present):
        return "what a name means cannot be read"
    if m and not d:
        return "a record that counts is not whole"
    if any(r[0] == "failed" for r in state.r):
        return "a reader of a name that stays finds nothing"
    return None


def put(items, i, value):
    return items[:i] + (value,) + items[i + 1:]


def old(collectors, named=False, forgot=False):
    """After a commit: every plan is older, and its maker will see what sort of commits came before its own."""
    return tuple(("plan",) + g[1:4] + (g[4] or named, g[5] or forgot, g[6]) if g[0] == "plan" else g for g in collectors)


def interrupted(readers):
    """Names were dropped: nobody promises anything to who reads them now."""
    return tuple(("read", r[1], False) if r[0] == "read" else r for r in readers)


def writer_steps(state, i, rules, names):
    pc = state.w[i]
    session = "w%d" % i
    if pc == IDLE:
        # What is found is leaned on: the chunk as such, wherever it lies.
        yield "W%d looks" % i, state._replace(
            w=put(state.w, i, ("write", x_lies(state) is not None, r_lies(state) is not None, 0)))
    elif pc[0] == "write":
        _, lean_x, lean_r, number = pc
        own = session if "unique_names" in rules else "s"
        made = ([] if lean_x else [("D", own, number)]) + ([] if lean_r else [("M", own, number)])
        missing = [p for p in made if p not in state.present]
        if missing:
            yield "W%d publishes %s" % (i, missing[0][:2]), state._replace(present=state.present | {missing[0]})
        else:
            yield "W%d is ready" % i, state._replace(w=put(state.w, i, ("commit", lean_x, lean_r, number)))
    elif pc[0] == "commit":
        _, lean_x, lean_r, number = pc
        own = session if "unique_names" in rules else "s"
        stands = (not lean_x or x_lies(state)) and (not lean_r or r_lies(state))
        if session in state.fenced and "check_fence" in rules:
            yield "W%d is fenced" % i, state._replace(w=put(state.w, i, DONE))
        elif "recheck" in rules and not stands:
            # Once more from the start: packs of its session are its own still.
            yield "W%d starts again" % i, state._replace(w=put(state.w, i, IDLE if number else DONE))
        else:
            made = ([] if lean_x else [("D", own, number)]) + ([] if lean_r else [("M", own, number)])
            new = tuple(p for p in made if p not in state.live)
            yield "W%d commits" % i, state._replace(
                live=state.live + new, counts=state.counts | {p for p in made if p[0] == "M"},
                cond=state.cond - set(made), names=state.names | {names[i]}, w=put(state.w, i, DONE),
                g=old(state.g, named=True))
    if pc not in (IDLE, DONE):
        yield "W%d stops" % i, state._replace(w=put(state.w, i, DONE))


def tagger_steps(state, i, rules):
    pc = state.t[i]
    if pc == IDLE and r_lies(state):
        yield "T%d resolves" % i, state._replace(t=put(state.t, i, ("tag",)))
    elif pc[0] == "tag":
        whole = state.names or (r_lies(state) and x_lies(state))
        if whole or "tag_check" not in rules:
            yield "T%d commits" % i, state._replace(names=state.names | {"t%d" % i}, t=put(state.t, i, DONE),
                                                    g=old(state.g, named=True))
        yield "T%d gives up" % i, state._replace(t=put(state.t, i, DONE))


def plans_of(state, rules):
    """What a collector may decide now: packs to condemn, and those to copy."""
    if not state.names:
        return [(state.live, ())]
    # Where several packs hold X, everybody must agree on the one that counts.
    where = [p for p in state.live if p[0] == "D"]
    return [(tuple(p for p in state.live if p not in (x, r_lies(state))), (x, r_lies(state)))
            for x in (where[-1:] if "lies_alike" in rules else where)]


def deceived_steps(state, i, rules, number):
    """What a collector does that believes a checkpoint."""
    if "prove_before_marking" not in rules and state.live:
        yield "G%d marks by a lie" % i, state._replace(
            g=put(state.g, i, ("plan", state.live, None, True, False, False, number)))
    if "prove_before_deleting" not in rules:
        for pack in state.present & set(state.live):
            yield "G%d deletes %s by a lie" % (i, pack), state._replace(present=state.present - {pack})
    if "prove_before_unnamed" not in rules:
        # That its session is fenced.
        for pack in state.present - set(state.live) - state.cond:
            yield "G%d deletes unnamed %s by a lie" % (i, pack), state._replace(present=state.present - {pack})


def collector_steps(state, i, rules, copies):
    pc = state.g[i]
    session = "c%d" % i
    if pc[0] == "idle":
        number = pc[1]
        for dead, alive in plans_of(state, rules):
            if dead or (not state.names and state.counts):
                yield "G%d marks" % i, state._replace(
                    g=put(state.g, i, ("plan", dead, None, not state.names, False, False, number)))
            for pack in alive if number < copies else ():
                copy = (pack[0], session, number)
                yield "G%d copies %s" % (i, pack[:2]), state._replace(
                    present=state.present | {copy},
                    g=put(state.g, i, ("plan", (pack,), copy, False, False, False, number + 1)))
        if any(g[0] == "idle" for g in state.g[:i]):
            return  # what follows, any of them may do alike
        yield from deceived_steps(state, i, rules, number)
        for pack in state.cond:
            yield "G%d deletes %s" % (i, pack), state._replace(present=state.present - {pack})
            if pack not in state.present:
                yield "G%d says %s is deleted" % (i, pack), state._replace(cond=state.cond - {pack})
        for pack in state.present - set(state.live) - state.cond:
            owner = pack[1]
            if owner not in state.fenced and owner != session:
                yield "G%d fences %s" % (i, owner), state._replace(
                    fenced=state.fenced | {owner}, g=old(state.g))
            if "orphans_need_fence" not in rules or owner in state.fenced:
                yield "G%d deletes unnamed %s" % (i, pack), state._replace(present=state.present - {pack})
        # It saw the pack unnamed once, and looks at the fence later: the other way round is the rule.
        if "fence_before_look" not in rules:
            for pack in state.present - set(state.live) - state.cond:
                yield "G%d remembers %s" % (i, pack), state._replace(g=put(state.g, i, ("saw", pack, number)))
    elif pc[0] == "saw":
        if pc[1][1] in state.fenced:
            yield "G%d deletes %s, seen unnamed" % (i, pc[1]), state._replace(
                present=state.present - {pc[1]}, g=put(state.g, i, ("idle", pc[2])))
    elif pc[0] == "plan":
        _, dead, copy, forget, named, forgot, number = pc
        dead = [p for p in dead if p in state.live]
        if named and copy is None and state.names and "catch_up" in rules:
            # What a new name leads to stays, where it lies now.
            dead = [p for p in dead if p not in (x_lies(state), r_lies(state))]
            forget = False
        after = put(state.g, i, ("idle", number))
        if copy and (session in state.fenced and "copier_fence" in rules or forgot and "copies_of_forgotten" in rules):
            yield "G%d drops its copy" % i, state._replace(g=after, present=state.present - {copy})
        elif "condemn_first" not in rules and dead and not copy:
            yield "G%d deletes %s before the commit" % (i, dead[0][:2]), state._replace(
                present=state.present - {dead[0]})
            yield "G%d gives up" % i, state._replace(g=after)
        elif dead or (forget and state.counts):
            counts = frozenset() if forget and "forget" in rules else state.counts
            counts = (counts | ({copy} if copy and copy[0] == "M" else set())) - set(dead)
            yield "G%d %s%scondemns %s" % (i, "forgets and " if forget else "", "names its copy and " if copy else "",
                                           [p[:2] for p in dead]), state._replace(
                live=tuple(p for p in state.live if p not in dead) + ((copy,) if copy else ()),
                cond=state.cond | set(dead), counts=counts, g=old(after, forgot=forget))
        else:
            yield "G%d has nothing left to do" % i, state._replace(g=after)
    if pc[0] != "idle":
        yield "G%d stops" % i, state._replace(g=put(state.g, i, ("idle", pc[6] if pc[0] == "plan" else pc[2])))


def reader_steps(state, i, rules):
    pc = state.r[i]
    if pc == IDLE and state.names:
        yield "R%d resolves" % i, state._replace(r=put(state.r, i, ("read", x_lies(state), True)))
    elif pc[0] == "read":
        _, pack, kept = pc
        if pack in state.present:
            yield "R%d reads" % i, state._replace(r=put(state.r, i, DONE))
        elif "resolve_again" in rules and state.names and pack not in state.live and x_lies(state):
            yield "R%d resolves again" % i, state._replace(r=put(state.r, i, ("read", x_lies(state), kept)))
        else:
            yield "R%d fails" % i, state._replace(r=put(state.r, i, ("failed",) if kept else DONE))


def steps(state, rules, copies):
    names = ["w%d" % i for i in range(len(state.w))]
    for i in range(len(state.w)):
        yield from writer_steps(state, i, rules, names)
    for i in range(len(state.t)):
        yield from tagger_steps(state, i, rules)
    for i in range(len(state.g)):
        yield from collector_steps(state, i, rules, copies)
    for i in range(len(state.r)):
        yield from reader_steps(state, i, rules)
    for name in state.names:
        rest = state.names - {name}
        yield "%s is dropped" % name, state._replace(names=rest, r=state.r if rest else interrupted(state.r),
                                                     g=old(state.g))


def start_of(writers, taggers, collectors, readers, twin=False, stray=False):
    live = (FIRST_D, TWIN_D, FIRST_M) if twin else (FIRST_D, FIRST_M)
    # A pack that its writer published and does not name.
    return State(live, frozenset(live + ((("D", "w0", 9),) if stray else ())), frozenset(), frozenset({FIRST_M}), frozenset({"n"}), frozenset(),
                 (IDLE,) * writers, (IDLE,) * taggers, (("idle", 0),) * collectors, (IDLE,) * readers)


def follow(state, rules, copies, labels):
    """The state that these steps lead to."""
    for wanted in labels:
        after = [after for label, after in steps(state, rules, copies) if label.startswith(wanted)]
        if not after:
            sys.exit("no such step: " + wanted)
        state = after[0]
    return state


def check(rules, copies=1, after=(), **who):
    start = follow(start_of(**who), rules, copies, after)
    came_from = {start: None}
    queue = deque([start])
    while queue:
        state = queue.popleft()
        why = broken(state)
        if why:
            trace = []
            while came_from[state]:
                state, label = came_from[state]
                trace.append(label)
            return len(came_from), why, list(after) + trace[::-1]
        for label, then in steps(state, rules, copies):
            if then not in came_from:
                came_from[then] = (state, label)
                queue.append(then)
    return len(came_from), None, None


ALL_SORTS = dict(writers=1, taggers=1, collectors=1, readers=1)
TWO_COLLECTORS = dict(writers=0, taggers=1, collectors=2, readers=1)
TWINS = dict(writers=0, taggers=0, collectors=2, readers=1, twin=True, copies=0)
BOTH = dict(writers=1, taggers=0, collectors=2, readers=0)
# What is far from the start is looked at from near by.
COPIED = dict(BOTH, after=("G0 copies ('D'", "n is dropped", "G1 marks", "G0 names", "G0 marks", "G1 forgets", "W0 looks",
                           "W0 publishes", "W0 is ready", "W0 commits"))
UNNAMED = dict(BOTH, stray=True, copies=0, after=("n is dropped", "G0 marks", "G0 forgets", "W0 looks", "W0 publishes", "W0 publishes"))
NEEDED_BY = {"copies_of_forgotten": COPIED, "fence_before_look": UNNAMED, "lies_alike": TWINS}


# Bases, by themselves: chunks B and Z are like each other, each may be kept as the difference to the other, and both are
# put, dropped and collected again and again.  A name means a chunk: it must be readable, through a base that is whole.

BASE_RULES = ("recheck_base", "mark_bases")

# live: packs (chunk, base or None, number) in the order of the log.  names: of the two.  w, g: as above.
Bases = namedtuple("Bases", "live names w g")


def lies(state, chunk):
    """The pack from which the chunk is read: one that has it whole, if there is any."""
    packs = [p for p in state.live if p[0] == chunk]
    return ([p for p in packs if p[1] is None] or packs or [None])[-1]


def is_readable(state, chunk):
    pack = lies(state, chunk)
    base = pack and pack[1] and lies(state, pack[1])
    return pack is not None and (pack[1] is None or (base is not None and base[1] is None))


def needed_by(state, rules, names):
    """The packs that a collector keeps for what these names mean."""
    kept = [lies(state, chunk) for chunk in names]
    bases = [lies(state, p[1]) for p in kept if p and p[1]] if "mark_bases" in rules else []
    return frozenset(p for p in kept + bases if p)


def base_writer(state, i, rules):
    pc = state.w[i]
    chunk, other = ("Z", "B") if i == 0 else ("B", "Z")
    if pc == IDLE:
        if is_readable(state, chunk):
            yield "W%d finds %s" % (i, chunk), state._replace(w=put(state.w, i, ("commit", None)))
            return
        # What is known, and cannot be read, is written whole.
        yield "W%d writes %s" % (i, chunk), state._replace(w=put(state.w, i, ("commit", (chunk, None, i))))
        base = lies(state, other)
        if base and base[1] is None and lies(state, chunk) is None:
            yield "W%d writes the difference of %s" % (i, chunk), state._replace(
                w=put(state.w, i, ("commit", (chunk, other, i))))
    elif pc[0] == "commit":
        made = pc[1]
        if made is None:
            stands = is_readable(state, chunk)
        else:
            base = made[1] and lies(state, made[1])
            stands = "recheck_base" not in rules or not made[1] or (base is not None and base[1] is None)
        if stands:
            yield "W%d commits" % i, state._replace(
                live=state.live + ((made,) if made else ()), names=state.names | {chunk}, w=put(state.w, i, DONE),
                g=tuple(g and (g[0], g[1] | {chunk}) for g in state.g))
        else:
            yield "W%d starts again" % i, state._replace(w=put(state.w, i, IDLE))


def base_collector(state, i, rules):
    plan = state.g[i]
    if plan is None:
        dead = frozenset(state.live) - needed_by(state, rules, state.names)
        if dead:
            yield "G%d marks" % i, state._replace(g=put(state.g, i, (dead, frozenset())))
        return
    # What is dead, but for what was named since.
    dead = frozenset(p for p in plan[0] if p in state.live) - needed_by(state, rules, plan[1])
    yield "G%d condemns %s" % (i, sorted(dead, key=str)), state._replace(
        live=tuple(p for p in state.live if p not in dead), g=put(state.g, i, None))


def base_steps(state, rules):
    for i in range(len(state.w)):
        yield from base_writer(state, i, rules)
        if state.w[i] == DONE:
            yield "W%d comes back" % i, state._replace(w=put(state.w, i, IDLE))
    for i in range(len(state.g)):
        yield from base_collector(state, i, rules)
    for name in state.names:
        yield "%s is dropped" % name, state._replace(names=state.names - {name})


def check_bases(rules):
    start = Bases((("B", None, "s"),), frozenset("B"), (IDLE, IDLE), (None, None))
    came_from = {start: None}
    queue = deque([start])
    while queue:
        state = queue.popleft()
        if not all(is_readable(state, chunk) for chunk in state.names):
            trace = []
            while came_from[state]:
                state, label = came_from[state]
                trace.append(label)
            return len(came_from), "what a name means cannot be read", trace[::-1]
        for label, then in base_steps(state, rules):
            if then not in came_from:
                came_from[then] = (state, label)
                queue.append(then)
    return len(came_from), None, None


def tell(what, who, states, why, trace):
    names = ", ".join("%d %s" % (count, sort) for sort, count in who.items() if type(count) is int and count)
    end = "safe" if not why else "%s, in %d steps: %s" % (why, len(trace), "; ".join(trace))
    print("%s (%s%s): %d states, %s" % (what, names, ", later" if "after" in who else "", states, end), flush=True)


def main():
    rounds = [ALL_SORTS, TWO_COLLECTORS, TWINS, COPIED, UNNAMED]
    if sys.argv[1:] == ["long"]:
        rounds += [BOTH, dict(BOTH, taggers=1), dict(ALL_SORTS, writers=2)]
    failed = False
    total, needed = 0, 0
    for who in rounds:
        states, why, trace = check(RULES, **who)
        total += states
        tell("all rules", who, states, why, trace)
        failed = failed or why
    for rule in RULES:
        who = NEEDED_BY.get(rule, ALL_SORTS if rule not in ("forget", "copier_fence") else TWO_COLLECTORS)
        states, why, trace = check(tuple(r for r in RULES if r != rule), **who)
        tell("without " + rule, who, states, why, trace)
        failed = failed or not why
        needed += bool(why)
    who = dict(writers=2, collectors=2)
    states, why, trace = check_bases(BASE_RULES)
    total += states
    tell("bases, all rules", who, states, why, trace)
    failed = failed or why
    for rule in BASE_RULES:
        states, why, trace = check_bases(tuple(r for r in BASE_RULES if r != rule))
        tell("bases, without " + rule, who, states, why, trace)
        failed = failed or not why
        needed += bool(why)
    print("FIGURE\tmodel of the protocol: states, all rules\t%d\t" % total)
    print("FIGURE\tmodel: rules, each of which is needed\t%d\t%d" % (needed, len(RULES) + len(BASE_RULES)))
    sys.exit(1 if failed else 0)


main()
