# SPDX-License-Identifier: Apache-2.0
"""
Whether today's headers hold all that released ones held: superset.py COMPILER FROZEN TODAY

FROZEN and TODAY are folders with kist/*.h.  Of each struct the members must be there in the same order and form, and new
ones behind them; of each enum the names with their values; functions, types and macros as they were.  What counts the
others (KIST_ABI_MINOR, KIST_STATUS_MIN, KIST_KIND_COUNT) may grow.  Prints what differs; the exit status is 1 then.
"""

import os
import re
import subprocess
import sys

GROWS = {"KIST_ABI_MINOR", "KIST_STATUS_MIN", "KIST_KIND_COUNT"}


def preprocess(compiler, folder, header, *flags):
    """The header alone: what it includes is dropped, by the line marks that say where each line comes from."""
    command = [*compiler.split(), "-std=gnu11", "-I", folder, *flags, "-E", "-x", "c", os.path.join(folder, "kist", header)]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def own_text(compiler, folder, header):
    path = os.path.join(folder, "kist", header)
    lines, own = [], False
    for line in preprocess(compiler, folder, header).splitlines():
        mark = re.match(r'# \d+ "([^"]*)"', line)
        if mark:
            own = mark.group(1) == path
        elif own:
            lines.append(line)
    return re.sub(r"\s+", " ", " ".join(lines))


def split(text, mark):
    """Pieces between marks that stand in no brackets; a body that ends a function ends a piece, too."""
    pieces, depth, piece = [], 0, ""
    for char in text:
        depth += char in "{(["
        depth -= char in "})]"
        ended = depth == 0 and (char == mark or (mark == ";" and char == "}" and "inline" in piece))
        if ended:
            pieces.append((piece + (char if char == "}" else "")).strip())
            piece = ""
        else:
            piece += char
    return [found for found in pieces + [piece.strip()] if found]


def declarations(text):
    """{what is declared: its list of members, or its one text}"""
    found = {}
    for piece in split(text, ";"):
        body = re.match(r"((?:typedef )?(struct|enum|union)\b([^{(]*))\{(.*)\}([^}]*)$", piece)
        if body and "inline" not in piece:
            kind, name, inner, tail = body.group(2), body.group(3).strip(), body.group(4), body.group(5).strip()
            # An enum without a name is its first constant's.
            members = split(inner, "," if kind == "enum" else ";")
            found[f"{kind} {name or tail or members[0].split(' ')[0]}"] = members
        elif "inline" in piece:
            prototype = re.sub(r"\{.*$", "", piece).strip()
            # A name that ends so is nobody else's.
            if not re.search(r"\b(?!__attribute__)\w+_\(", prototype):
                found[prototype] = None
        else:
            found[piece] = None
    return found


def macros(compiler, folder, header):
    path = os.path.join(folder, "kist", header)
    with open(path, encoding="utf-8") as file:
        own = set(re.findall(r"^#define (\w+)", file.read(), re.M))
    found = {}
    for line in preprocess(compiler, folder, header, "-dM").splitlines():
        parts = re.match(r"#define (\w+)(\([^)]*\))? ?(.*)", line)
        if parts and parts.group(1) in own and not parts.group(1).endswith("_"):
            # What a macro with arguments becomes is its own business.
            found[parts.group(1)] = parts.group(2) or re.sub(r"\s+", " ", parts.group(3))
    return found


def enum_values(members):
    values, following = {}, 0
    for member in members:
        name, _, value = member.partition("=")
        value = value.strip().rstrip("U")
        following = int(value, 0) if value else following
        values[name.strip()] = following
        following += 1
    return values


def differences_of(name, old, new):
    if new is None:
        yield f"{name}: has no members any more"
    elif name.startswith("enum"):
        values = enum_values(new)
        for constant, value in enum_values(old).items():
            if constant not in GROWS and values.get(constant) != value:
                yield f"{name}: {constant} was {value}, is {values.get(constant, 'gone')}"
    else:
        for i, member in enumerate(old):
            if i >= len(new) or new[i] != member:
                yield f"{name}: '{member}' is {repr(new[i]) if i < len(new) else 'gone'}"


def compare(compiler, frozen, today, header):
    if not os.path.exists(os.path.join(today, "kist", header)):
        yield "the header is gone"
        return
    old = declarations(own_text(compiler, frozen, header))
    new = declarations(own_text(compiler, today, header))
    for name, members in old.items():
        if name not in new:
            yield f"'{name}' is gone"
        elif members is not None:
            yield from differences_of(name, members, new[name])
    old, new = macros(compiler, frozen, header), macros(compiler, today, header)
    for name, value in old.items():
        if name not in GROWS and new.get(name) != value:
            yield f"{name} was '{value}', is '{new.get(name, 'gone')}'"


def main():
    compiler, frozen, today = sys.argv[1:]
    found = 0
    for header in sorted(os.listdir(os.path.join(frozen, "kist"))):
        for text in compare(compiler, frozen, today, header):
            print(f"{header}: {text}")
            found += 1
    sys.exit(found > 0)


main()
