#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Reads a bundle as docs/format/bundle.md describes it, and by nothing else.

    read_bundle.py list BUNDLE          its digest; then one name a line: SHA-256, size, name
    read_bundle.py restore BUNDLE DIR   every name that a person gave as a file or folder below DIR

Written from the page, with the standard library, so that what the page says is enough.
"""
import hashlib
import json
import os
import struct
import sys


def need(condition, *what):
    if not condition:
        sys.exit("read_bundle: " + " ".join(str(word) for word in what))


def sha256(data):
    return hashlib.sha256(data).hexdigest()


def read(path):
    """The bundle's digest, its manifest, and its chunks by id."""
    data = open(path, "rb").read()
    need(data[:8] == b"KISTPACK", "no bundle")
    version, zero, manifest_size, count, size = struct.unpack("<IIQQQ", data[8:40])
    need(version == 1 and zero == 0 and size == len(data), "head", version, zero, size)
    table_at = 72 + manifest_size
    offset = table_at + 40 * count
    need(hashlib.sha256(data[:40] + data[72:offset]).digest() == data[40:72], "digest")
    chunks = {}
    for at in range(table_at, offset, 40):
        length, kind = struct.unpack("<IB", data[at + 32:at + 37])
        chunk = data[offset:offset + length]
        need(0 < length <= 4194304 and kind <= 4 and data[at + 37:at + 40] == b"\0\0\0", "entry at", at)
        need(sha256(chunk) == data[at:at + 32].hex() and sha256(chunk) not in chunks, "chunk at", offset)
        chunks[sha256(chunk)] = chunk
        offset += length
    need(offset == len(data), "end")
    manifest = json.loads(data[72:table_at])
    need(manifest["kistpack"] == 1, "manifest")
    return data[40:72].hex(), manifest, chunks


def node(chunks, name):
    """The bytes of a recipe, store.md section 6."""
    data = chunks[name]
    need(data[:5] == b"KRCP\1", "recipe")
    depth, count = data[5], struct.unpack("<I", data[8:12])[0]
    result = b""
    for at in range(12, 12 + 40 * count, 40):
        part = data[at:at + 32].hex()
        result += node(chunks, part) if depth else chunks[part]
    return result


def content(chunks, artifact):
    """A record and the bytes of its object, store.md section 7."""
    record = json.loads(chunks[artifact])
    if "inline" in record:
        data = bytes.fromhex(record["inline"])
    elif "recipe" in record:
        data = node(chunks, record["recipe"])
    else:
        data = chunks[record.get("chunk", record["sha256"])]
    need(len(data) == record["size"], "size of", artifact)
    need(record["kind"] == "tree" or sha256(data) == record["sha256"], "SHA-256 of", artifact)
    return record, data


def restore(chunks, artifact, path):
    record, data = content(chunks, artifact)
    if record["kind"] != "tree":
        os.makedirs(os.path.dirname(path), exist_ok=True)
        open(path, "wb").write(data)
        return
    os.makedirs(path)
    at = 16
    while at < len(data):
        kind, length, size = data[at:at + 1], *struct.unpack("<H4xQ", data[at + 2:at + 16])
        file = data[at + 56:at + 88].hex()
        name = data[at + 88:at + 88 + length].decode()
        at += 88 + length
        if kind == b"d":
            os.makedirs(os.path.join(path, name), exist_ok=True)
        elif kind == b"l":
            os.symlink(data[at:at + size].decode(), os.path.join(path, name))
            at += size
        else:
            restore(chunks, file, os.path.join(path, name))


def main():
    digest, manifest, chunks = read(sys.argv[2])
    if sys.argv[1] == "list":
        print(digest)
    for row in manifest["names"]:
        record, _ = content(chunks, row["artifact"])
        for key in ("kind", "encoding", "sha256", "size"):
            need(record[key] == row[key], key, "of", row["name"])
        if sys.argv[1] == "list":
            print(row["sha256"], row["size"], row["name"])
        elif not row["name"].startswith("kist:"):
            restore(chunks, row["artifact"], os.path.join(sys.argv[3], row["name"]))
    for job in manifest["jobs"]:
        need(json.loads(content(chunks, job["record"])[1])["params"] == job["parameters"], "job", job["id"])


main()
