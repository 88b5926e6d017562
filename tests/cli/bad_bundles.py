# SPDX-License-Identifier: Apache-2.0
"""Writes bundles that somebody has made to do harm, and what is to be said of each.

bad_bundles.py GOOD FOLDER: GOOD is a bundle of a job.  Each line of FOLDER/list is "FILE|WORDS".
"""
import hashlib
import json
import os
import struct
import sys

DATA, RECIPE, RECORD, TREE, INFO = range(5)


def sha(data):
    return hashlib.sha256(data).hexdigest()


def canonical(value):
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def entry(kind, data, length=None, pad=b"\0\0\0", chunk_id=None):
    return (chunk_id or hashlib.sha256(data).digest()) + struct.pack(
        "<IB", len(data) if length is None else length, kind) + pad


def build(manifest, chunks, table=None, version=1, zero=0, manifest_size=None, count=None, size=None):
    """A bundle whose digests are right, whatever it says."""
    table = b"".join(entry(kind, data) for kind, data in chunks) if table is None else table
    body = b"".join(data for _, data in chunks)
    head = b"KISTPACK" + struct.pack(
        "<IIQQQ", version, zero, len(manifest) if manifest_size is None else manifest_size,
        len(table) // 40 if count is None else count,
        72 + len(manifest) + len(table) + len(body) if size is None else size)
    return head + hashlib.sha256(head + manifest + table).digest() + manifest + table + body


def read(path):
    data = open(path, "rb").read()
    manifest_size, count = struct.unpack("<QQ", data[16:32])
    at = 72 + manifest_size
    offset = at + 40 * count
    chunks = []
    for i in range(count):
        length, kind = struct.unpack("<IB", data[at + 40 * i + 32:at + 40 * i + 37])
        chunks.append((kind, data[offset:offset + length]))
        offset += length
    return data, json.loads(data[72:at]), chunks


def record(content, kind="bytes", encoding="kist.bytes@1.0", **more):
    """The record of an object with these bytes, inline unless it says otherwise."""
    said = {"record": 1, "kind": kind, "encoding": encoding, "size": len(content), "sha256": sha(content)}
    if "chunk" not in more and "recipe" not in more:
        said["inline"] = content.hex()
    said.update(more)
    return said


def row(name, said):
    return {"name": name, "artifact": sha(canonical(said)), "kind": said["kind"], "encoding": said["encoding"],
            "sha256": said["sha256"], "size": said["size"]}


def manifest(rows, **more):
    return {"kistpack": 1, "names": rows, "jobs": [], "plugins": [], **more}


def one(name, said, chunks=(), **more):
    """A bundle of one name."""
    return build(canonical(manifest([row(name, said)])), [(RECORD, canonical(said)), *chunks], **more)


def node(depth, entries):
    return b"KRCP" + struct.pack("<BBHI", 1, depth, 0, len(entries)) + b"".join(
        bytes.fromhex(chunk) + struct.pack("<Q", length) for chunk, length in entries)


def tree(entries):
    """A folder: its record and its chunk.  Entries are (kind, path, target, record of the file)."""
    listing = b"KTRE\1\0\0\0" + struct.pack("<Q", len(entries))
    identity = listing[:8]
    for kind, path, target, said in entries:
        size = said["size"] if said else len(target)
        digest = bytes.fromhex(said["sha256"]) if said else bytes(32)
        artifact = bytes.fromhex(sha(canonical(said))) if said else bytes(32)
        front = kind + b"\0" + struct.pack("<HIQ", len(path), 0o644, size)
        listing += front + struct.pack("<q", 0) + digest + artifact + path + target
        identity += front + digest + path + target
    said = record(listing, "tree", "kist.tree@1.0", chunk=sha(listing))
    said["sha256"] = sha(identity)
    return said, (TREE, listing)


def files(good):
    data, told, chunks = read(good)
    plain = record(b"x")

    def changed(**more):
        return build(canonical({**told, **more}), chunks)

    def renamed(name, more=None):
        return one(name, {**plain, **(more or {})})

    def folder(entries):
        said, chunk = tree(entries)
        file_chunks = dict.fromkeys((RECORD, canonical(file)) for _, _, _, file in entries if file)
        return one("folder", said, [chunk, *file_chunks])

    # The head.
    yield "magic", b"KISTPACX" + data[8:], "it does not begin as one"
    yield "empty", b"", "it is cut off"
    yield "newer", build(canonical(told), chunks, version=2), "it needs a newer kist"
    yield "newest", build(canonical(told), chunks, version=0xffffffff), "it needs a newer kist"
    yield "version0", build(canonical(told), chunks, version=0), "there is no such format"
    yield "zero", build(canonical(told), chunks, zero=1), "what must be zero is not"
    yield "no_manifest", build(b"", chunks), "no manifest has that length"
    yield "manifest_size", build(canonical(told), chunks, manifest_size=1 << 60), "no manifest has that length"
    yield "manifest_size2", build(canonical(told), chunks, manifest_size=1 << 26), "it ends before its table"
    yield "count", build(canonical(told), chunks, count=1 << 61), "no bundle has so many chunks"
    yield "count2", build(canonical(told), chunks, count=8 << 20), "it ends before its table"
    for cut in (1, 71, 72, 100, len(data) - 1):
        yield f"cut{cut}", data[:cut], "this is no sound bundle"
    yield "longer", data + b"x", "the file is shorter or longer than it says"
    yield "size", build(canonical(told), chunks, size=1 << 63), "the file is shorter or longer than it says"
    yield "flip_manifest", data[:80] + bytes([data[80] ^ 1]) + data[81:], "is not what its digest says"
    yield "flip_chunk", data[:-1] + bytes([data[-1] ^ 1]), "has other bytes"
    # The table.
    table = b"".join(entry(kind, chunk) for kind, chunk in chunks)
    yield "twice", build(canonical(told), [*chunks, chunks[0]]), "a chunk stands in it twice"
    yield "length0", build(canonical(told), [*chunks, (DATA, b"")]), "no chunk has that length"
    big = bytes((4 << 20) + 1)
    yield "length_max", build(canonical(told), [*chunks, (DATA, big)]), "no chunk has that length"
    yield "kind", build(canonical(told), chunks, table=entry(5, chunks[0][1]) + table[40:]), \
        "there is no such kind of chunk"
    yield "pad", build(canonical(told), chunks, table=entry(chunks[0][0], chunks[0][1], pad=b"\0\0\1") + table[40:]), \
        "there is no such kind of chunk"
    yield "shorter", build(canonical(told), chunks,
                           table=entry(chunks[0][0], chunks[0][1], length=len(chunks[0][1]) - 1) + table[40:]), \
        "the lengths of its chunks are not that of the file"
    first, second = chunks[0], chunks[1]
    lie = entry(first[0], first[1], length=len(first[1]) - 1) + entry(second[0], second[1], length=len(second[1]) + 1)
    yield "lengths", build(canonical(told), chunks, table=lie + table[80:]), "has other bytes"
    yield "order", build(canonical(told), [chunks[1], chunks[0], *chunks[2:]]), "the order in which they are needed"
    yield "missing", build(canonical(told), chunks[:-1]), "it lacks the chunk"
    yield "more", build(canonical(told), [*chunks, (DATA, b"more")]), "holds chunks that nothing in it needs"
    yield "other_kind", build(canonical(told), [(DATA, chunks[0][1]), *chunks[1:]]), \
        "the order in which they are needed"
    # The manifest.
    yield "no_json", build(b"{", chunks), "the manifest of the bundle"
    yield "text", build(b"hello", chunks), "the manifest of the bundle"
    yield "an_array", build(b"[]", chunks), "its manifest has no version"
    yield "key_twice", build(b'{"kistpack":1,"kistpack":1}', chunks), "the manifest of the bundle"
    yield "deep", build(b'{"kistpack":1,"names":' + b"[" * 1000 + b"]" * 1000 + b"}", chunks), \
        "the manifest of the bundle"
    yield "blanks", build(json.dumps(told, sort_keys=True).encode(), chunks), "says other things than what is in it"
    yield "manifest_newer", changed(kistpack=2), "it needs a newer kist"
    yield "no_names", changed(names=None), "its manifest lists no names"
    yield "member", changed(more=1), "says other things than what is in it"
    yield "lies_size", changed(names=[{**told["names"][0], "size": 1}, *told["names"][1:]]), \
        "says other things than what is in it"
    yield "lies_sha256", changed(names=[{**told["names"][0], "sha256": "0" * 64}, *told["names"][1:]]), \
        "says other things than what is in it"
    yield "lies_plugins", changed(plugins=[]), "says other things than what is in it"
    yield "lies_entrypoint", changed(jobs=[{**told["jobs"][0], "entrypoint": "graph: {}"}]), \
        "says other things than what is in it"
    yield "lies_parameters", changed(jobs=[{**told["jobs"][0], "parameters": {"more": 1}}]), \
        "says other things than what is in it"
    yield "no_job", changed(jobs=[]), "says other things than what is in it"
    # Names.
    for name, words in (("../escape", "a segment '..'"), ("/etc/passwd", "it begins with '/'"), ("", "it is empty"),
                        ("a/../../b", "a segment '..'"), ("a//b", "an empty segment"), ("a/", "it ends with '/'"),
                        ("./a", "a segment '.'"), ("x" * 1025, "longer than 1024"),
                        ("kist:cache/" + "0" * 64, "no job's"), ("kist:template/x", "no job's"),
                        ("kist:", "no job's"), ("kist:part/x", "no part's name"),
                        ("kist:part/x/entrypoint", "a job that is not in it"),
                        ("kist:job/../x", "segment '..'"), ("kist:job/a b", "no job's name")):
        yield "name_" + sha(name.encode())[:8], renamed(name), words
    nul = {**row("a?b", plain), "name_bytes": "610062"}
    yield "name_nul", build(canonical(manifest([nul])), [(RECORD, canonical(plain))]), "a name in the manifest"
    yield "name_bytes", build(canonical(manifest([{**row("a", plain), "name_bytes": "62"}])),
                              [(RECORD, canonical(plain))]), "bundle"
    rows = told["names"]
    yield "names_twice", changed(names=[rows[0], *rows]), "do not stand in order, or one stands there twice"
    yield "names_order", changed(names=rows[::-1]), "do not stand in order"
    yield "name_artifact", changed(names=[{**rows[0], "artifact": "xyz"}, *rows[1:]]), "is none"
    yield "name_number", changed(names=[1]), "is none"
    # Jobs.
    yield "job_bytes", renamed("kist:job/x"), "is no record of one"
    yield "job_text", renamed("kist:job/x", {"encoding": "kist.job@1.0"}), "job/x"
    job_at = next(i for i, each in enumerate(rows) if each["name"].startswith("kist:job/"))
    other = [*rows[:job_at], {**rows[job_at], "name": "kist:job/0"}, *rows[job_at + 1:]]
    yield "job_other", changed(names=[each for each in other if "kist:part/" not in each["name"]]), \
        "is the record of another"
    text = canonical({"kist_job": 1, "id": "x", "kind": "run", "state": "started", "revision": 1, "project": "",
                      "user": "u", "created": 1, "started": 1, "params": {}, "tags": {}, "metrics": {}, "inputs": [],
                      "steps": [], "artifacts": []})
    said = record(text, "value", "kist.job@1.0", chunk=sha(text))
    yield "job_started", one("kist:job/x", said, [(INFO, text)]), "has not ended"
    for path in ("../escape.py", "/tmp/escape.py", "a/../../escape.py", ""):
        with_file = json.loads(text)
        with_file.update(state="finished", ended=1, files=[{"name": path, "artifact": sha(canonical(plain))}])
        with_file = canonical(with_file)
        said = record(with_file, "value", "kist.job@1.0", chunk=sha(with_file))
        yield "job_file_" + sha(path.encode())[:8], one("kist:job/x", said, [(INFO, with_file)]), "job/x"
    newer = text.replace(b'"kist_job":1', b'"kist_job":2')
    said = record(newer, "value", "kist.job@1.0", chunk=sha(newer))
    yield "job_newer", one("kist:job/x", said, [(INFO, newer)]), "newer"
    # Records.
    yield "record_newer", renamed("a", {"record": 2}), "newer"
    yield "record_sha256", renamed("a", {"sha256": sha(b"y")}), "do not have the SHA-256 that its record says"
    yield "record_size", renamed("a", {"size": 2}), "a"
    yield "record_kind", one("a", {**plain, "kind": ""}), "does not say what it is of"
    loose = json.dumps(plain, sort_keys=True).encode()
    yield "record_loose", build(canonical(manifest([{**row("a", plain), "artifact": sha(loose)}])), [(RECORD, loose)]), \
        "does not stand in canonical form"
    yield "record_info", renamed("a", {"info_chunk": "no digest"}), "no digest where one must be"
    yield "record_chunk", one("a", record(b"xyz", chunk=sha(b"xy")), [(DATA, b"xy")]), "another length"
    # Recipes: sizes that lie, and bombs.
    block = bytes(1 << 20)
    leaf = node(0, [(sha(block), 1 << 20)] * 1024)
    size = 1 << 30
    for depth in (1, 2, 3):
        chain = [leaf]
        total = size
        for i in range(depth):
            chain.append(node(i + 1, [(sha(chain[-1]), total)] * 1024))
            total *= 1024
        said = {**record(b"", recipe=sha(chain[-1])), "size": total}
        yield f"bomb{depth}", one("a", said, [*((RECIPE, each) for each in chain[::-1]), (DATA, block)]), \
            "out of all proportion"
    dust = [node(0, [(sha(b"x"), 1)] * 1024)]
    total = 1024
    for i in range(2):
        dust.append(node(i + 1, [(sha(dust[-1]), total)] * (1024 if i == 0 else 900)))
        total *= 1024 if i == 0 else 900
    said = {**record(b"", recipe=sha(dust[-1])), "size": total}
    yield "dust", one("a", said, [*((RECIPE, each) for each in dust[::-1]), (DATA, b"x")]), "out of all proportion"
    short = node(0, [(sha(b"xy"), 3)])
    yield "recipe_entry", one("a", {**record(b"xyz", recipe=sha(short))}, [(RECIPE, short), (DATA, b"xy")]), \
        "another length"
    right = node(0, [(sha(b"xy"), 2)])
    yield "recipe_size", one("a", {**record(b"xyz", recipe=sha(right))}, [(RECIPE, right), (DATA, b"xy")]), \
        "another number of bytes"
    up = node(1, [(sha(node(1, [(sha(right), 2)])), 2)])
    down = node(1, [(sha(right), 2)])
    yield "recipe_levels", one("a", {**record(b"xy", recipe=sha(up))},
                               [(RECIPE, up), (RECIPE, down), (RECIPE, right), (DATA, b"xy")]), "do not go down"
    yield "recipe_bytes", one("a", record(b"xy", recipe=sha(b"KRCP")), [(RECIPE, b"KRCP")]), "recipe"
    # Folders: paths and links that leave them.
    for path in (b"../x", b"/x", b"a/../../x", b"a\0b", b"", b".", b"a//b"):
        yield "tree_" + sha(path)[:8], folder([(b"f", path, b"", plain)]), "a path or link leaves the tree"
    yield "link_out", folder([(b"l", b"a", b"../x", None)]), "a path or link leaves the tree"
    yield "link_absolute", folder([(b"l", b"a", b"/etc", None)]), "a path or link leaves the tree"
    yield "link_up", folder([(b"l", b"a", b"b/..", None), (b"l", b"b", b"a/../..", None)]), \
        "a path or link leaves the tree"
    yield "link_through", folder([(b"l", b"a", b"c/d", None), (b"l", b"b", b"a/../x", None)]), "leaves the tree through another"
    yield "below_link", folder([(b"l", b"a", b"b", None), (b"f", b"a/x", b"", plain)]), \
        "a path lies under a file or a link"
    yield "tree_twice", folder([(b"f", b"a", b"", plain), (b"f", b"a", b"", plain)]), "its paths are not in order"
    yield "tree_device", folder([(b"c", b"a", b"", None)]), "an entry's head"
    said, chunk = tree([(b"f", b"a", b"", {**plain, "size": 2})])
    chunk = (TREE, chunk[1].replace(bytes.fromhex(sha(canonical({**plain, "size": 2}))),
                                    bytes.fromhex(sha(canonical(plain)))))
    said = {**said, "chunk": sha(chunk[1])}
    yield "tree_size", one("folder", said, [chunk, (RECORD, canonical(plain))]), "do not agree"
    said, chunk = tree([(b"f", b"a", b"", plain)])
    yield "tree_file", one("folder", said, [chunk, (RECORD, canonical(record(b"y")))]), "it lacks the chunk"
    inner, inner_chunk = tree([(b"f", b"a", b"", plain)])
    said, chunk = tree([(b"f", b"b", b"", inner)])
    yield "tree_tree", one("folder", said, [chunk, (RECORD, canonical(inner)), inner_chunk]), "is a folder"
    yield "tree_digest", one("folder", {**said, "sha256": sha(b"")}, [chunk]), "does not have the digest"


def main():
    good, folder = sys.argv[1:]
    os.makedirs(folder)
    with open(os.path.join(folder, "list"), "w", encoding="utf-8") as out:
        for name, data, words in files(good):
            with open(os.path.join(folder, name), "wb") as file:
                file.write(data)
            print(f"{name}|{words}", file=out)


main()
