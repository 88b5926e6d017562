#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Reads a store as docs/format/store.md describes it, and by nothing else.

    read_store.py list STORE        one name a line, escaped
    read_store.py filters STORE     how many records have which filter
    read_store.py restore STORE DIR every name as a file or folder below DIR
    read_store.py jobs STORE        one job a line: id, state, how many steps, points and artifacts
    read_store.py midstates STORE   how many midstates of recipes were checked, all that stand near an end

Written from the page, with the standard library and the zstd program, so that what the page says is enough.
It checks all that a reader may check, and stops at the first thing that is not as the page says.
"""
import hashlib
import json
import os
import re
import struct
import subprocess
import sys
import tempfile

PAGE = os.path.join(os.path.dirname(os.path.realpath(__file__)), "../../docs/format/store.md")
DICTIONARY = "e4e4fbb1cbda4bfb85aa72d0d67e492fa43cfc647350037fd969eacaa1aaf14e"
ZERO = "0" * 64
STATES = ("queued", "started", "finished", "failed", "stopped", "lost")
KINDS = ("data", "recipe", "record", "tree", "info")
BLOCK = 131072
GEAR = [int.from_bytes(hashlib.md5(bytes([value]) * 64).digest()[:8], "big") for value in range(256)]
MASKS = {  # by the average: strict, loose
    65536: (0xd90707537000, 0xd90313530000),
    131072: (0xd91707537000, 0xd90f03530000),
    262144: (0xd91747537000, 0xd90303537000),
    524288: (0xd91767537000, 0xd90703537000),
    1048576: (0xd93767537000, 0xd90707537000),
}


def need(condition, *what):
    if not condition:
        sys.exit("read_store: " + " ".join(str(word) for word in what))


def sha256(data):
    return hashlib.sha256(data).hexdigest()


def dictionary():
    """That of records, as the page has it: tables in hexadecimal, and a text."""
    with open(PAGE, encoding="utf-8") as page:
        section = page.read().split("#### Dictionary of records\n")[1].split("####")[0]
    lines = [line[4:] for line in section.split("\n") if line.startswith("    ")]
    tables = [line for line in lines if re.fullmatch("[0-9a-f]+", line)]
    made = bytes.fromhex("".join(tables)) + "".join(lines[len(tables):]).encode()
    need(sha256(made) == DICTIONARY, "the dictionary of the page")
    return made


def root(number, power):
    """The first 32 bits behind the point of a root."""
    low, high = 0, number << 32
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if middle**power <= number << 32 * power else (low, middle)
    return low & 0xFFFFFFFF


PRIMES = [n for n in range(2, 312) if all(n % d for d in range(2, n))]
ROUNDS = [root(prime, 3) for prime in PRIMES]
MIDSTATE_TAIL = 131072


def sha256_from(midstate, offset, data):
    """The SHA-256 of the data, when this is where it stands at the offset, a multiple of 64."""

    def turn(x, n):
        return (x >> n | x << 32 - n) & 0xFFFFFFFF

    rest = data[offset:] + b"\x80" + b"\0" * (-(len(data) + 9) % 64) + struct.pack(">Q", 8 * len(data))
    state = struct.unpack(">8I", midstate)
    for at in range(0, len(rest), 64):
        w = list(struct.unpack_from(">16I", rest, at))
        for i in range(16, 64):
            x, y = w[i - 15], w[i - 2]
            s = turn(x, 7) ^ turn(x, 18) ^ x >> 3
            w.append(w[i - 16] + s + w[i - 7] + (turn(y, 17) ^ turn(y, 19) ^ y >> 10) & 0xFFFFFFFF)
        a, b, c, d, e, f, g, h = state
        for i in range(64):
            one = h + (turn(e, 6) ^ turn(e, 11) ^ turn(e, 25)) + (e & f ^ ~e & g) + ROUNDS[i] + w[i]
            two = (turn(a, 2) ^ turn(a, 13) ^ turn(a, 22)) + (a & b ^ a & c ^ b & c)
            a, b, c, d, e, f, g, h = one + two & 0xFFFFFFFF, a, b, c, d + one & 0xFFFFFFFF, e, f, g
        state = [x + y & 0xFFFFFFFF for x, y in zip(state, (a, b, c, d, e, f, g, h))]
    return struct.pack(">8I", *state)


def crc32c_table():
    table = []
    for byte in range(256):
        for _ in range(8):
            byte = byte >> 1 ^ (0x82F63B78 if byte & 1 else 0)
        table.append(byte)
    return table


CRC_TABLE = crc32c_table()


def crc32c(data):
    crc = 0xFFFFFFFF
    for byte in data:
        crc = CRC_TABLE[(crc ^ byte) & 255] ^ crc >> 8
    return crc ^ 0xFFFFFFFF


def canonical(value):
    """RFC 8785 of what stands in kist.json and in commits: no fractions, and keys in ASCII."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def parse_canonical(text, where):
    value = json.loads(text)
    need(canonical(value) == text, where, "is not canonical")
    return value


# 3. Filters

def planes_back(data, width):
    count = len(data) // width
    words = bytearray(count * width)
    for i in range(width):
        words[i::width] = data[i * count:(i + 1) * count]
    return words


def numbers_of(words, width):
    return struct.unpack("<%d%s" % (len(words) // width, " BH I   Q"[width]), words)


def words_of(numbers, width):
    return struct.pack("<%d%s" % (len(numbers), " BH I   Q"[width]), *numbers)


def unrotate(words, width):
    top = 8 * width - 1
    return words_of([number >> 1 | (number & 1) << top for number in numbers_of(words, width)], width)


def undelta(words, width, distance):
    """The numbers whose distances, in zigzag, these are."""
    mask = (1 << 8 * width) - 1
    numbers = [0] * distance
    for i, zigzag in enumerate(numbers_of(words, width)):
        numbers.append((numbers[i] + (zigzag >> 1 ^ -(zigzag & 1))) & mask)
    return numbers[distance:]


def undecimal(data, exponent, exceptions):
    count = (len(data) - 12 * exceptions) // 8
    values = [number - (number >> 63 << 64) for number in undelta(planes_back(data[:8 * count], 8), 8, 1)]
    words = bytearray(struct.pack("<%dd" % count, *(float(value) / 10.0 ** exponent for value in values)))
    at = 0
    for i in range(exceptions):
        at += struct.unpack_from("<I", data, 8 * count + 4 * i)[0]
        need(at < count, "an exception behind the end")
        start = 8 * count + 4 * exceptions + 8 * i
        words[8 * at:8 * at + 8] = data[start:start + 8]
        at += 1
    return bytes(words)


def unbits(data, width):
    count = len(data) // width
    planes = bytearray()
    for j in range(width):
        plane = data[j * count:(j + 1) * count]
        bits = [plane[k * count // 8:(k + 1) * count // 8] for k in range(8)]
        for i in range(count):
            planes.append(sum((bits[k][i // 8] >> i % 8 & 1) << k for k in range(8)))
    return planes_back(bytes(planes), width)


def uncolumns(data, fields):
    size = sum(width for width, _ in fields)
    count, at, offset = len(data) // size, 0, 0
    words = bytearray(count * size)
    for width, filter_no in fields:
        column = data[at:at + count * width]
        if filter_no:
            column = one_filter(filter_no, width, 1, column)
        for i in range(width):
            words[offset + i::size] = column[i::width]
        at, offset = at + count * width, offset + width
    return words


def add_base(data, width, floats, base):
    """The words whose distances to those of the base, in zigzag, these are."""
    top = 1 << 8 * width - 1
    mask = 2 * top - 1
    words = []
    for zigzag, other in zip(numbers_of(planes_back(data, width), width), numbers_of(base[:len(data)], width)):
        if floats:
            other = mask ^ other if other & top else other | top
        number = (other + (zigzag >> 1 ^ -(zigzag & 1))) & mask
        if floats:
            number = number ^ top if number & top else mask ^ number
        words.append(number)
    return words_of(words, width)


def paste(data, copies, base):
    """What copies of stretches of the base, and the bytes that are new, make."""
    content, fresh, at, end = bytearray(), 12 * copies, 0, 0
    for number, (new, skip, size) in enumerate(struct.iter_unpack("<III", data[:12 * copies])):
        at = (end + skip) % 2**32
        need(fresh + new <= len(data) and at + size <= len(base), "copy", number)
        content += data[fresh:fresh + new] + base[at:at + size]
        fresh += new
        end = at + size
    return bytes(content + data[fresh:])


def unplane(bits, values, packed, rows):
    """A byte for each row, of numbers that lie beside each other."""
    if bits in (0, 8):
        return packed if bits else values * rows
    numbers = [byte >> shift & (1 << bits) - 1 for shift in range(0, 8, bits) for byte in packed]
    need(not any(numbers[rows:]), "numbers behind", rows, "rows")
    return bytes(values[number] for number in numbers[:rows])


def uncells(params, data):
    """The text whose columns, and what is none of their rows, these are."""
    delimiter, columns, zero, rows, _, stretches = struct.unpack("<BBHIII", params)
    need(zero == 0 and delimiter not in (0, 10) and columns and rows, "params", params)
    widths, at = data[:columns], columns
    need(max(widths) <= 32, "widths", widths)
    sizes = list(struct.unpack_from(f"<{widths.count(0)}I", data, at))
    at += 4 * len(sizes)
    planes = []
    for _ in range(sum(widths)):
        bits = data[at]
        need(bits in (0, 1, 2, 4, 8), "bits", bits)
        values = data[at + 1:at + 1 + (1 << bits if bits < 8 else 0)]
        planes.append((bits, values))
        at += 1 + len(values)
    table = []
    for width in widths:
        if width == 0:
            cells = data[at:at + sizes[0]].split(b"\n")
            need(cells.pop() == b"" and len(cells) == rows, "cells of a text")
            at += sizes.pop(0)
        else:
            column = []
            for _ in range(width):
                bits, values = planes.pop(0)
                size = (rows * bits + 7) // 8
                column.append(unplane(bits, values, data[at:at + size], rows))
                at += size
            cells = [bytes(cell).lstrip(b"\0") for cell in zip(*column)]
        table.append(cells)
    lines = [bytes([delimiter]).join(row) + b"\n" for row in zip(*table)]
    content, row, rest = [], 0, at + 8 * stretches
    for before, size in struct.iter_unpack("<II", data[at:rest]):
        content += lines[row:row + before] + [data[rest:rest + size]]
        row, rest = row + before, rest + size
    need(row <= rows and rest == len(data), "stretches")
    return b"".join(content + lines[row:])


def one_filter(filter_no, width, distance, data):
    words = planes_back(data, width)
    if filter_no == 2:
        return unrotate(words, width)
    return words_of(undelta(words, width, distance), width) if filter_no == 3 else words


def unfilter(filter_no, params, data, size, base=None):
    """The chunk of this size whose filtered bytes these are."""
    if filter_no == 0:
        return data
    if filter_no == 8:
        need(params[:4] == params[12:] == bytes(4) and any(params[4:8]), "params", params)
        content = paste(data, int.from_bytes(params[4:8], "little"), base)
        need(len(content) == size and len(data) <= size, "copies for", size)
        return content
    if filter_no == 9:
        content = uncells(params, data)
        need(len(content) == size and len(data) <= size + 12 * (size // 160), "cells for", size)
        return content
    width, second, short, number, zero = struct.unpack("<BBHIQ", params)
    fields = [(byte % 32 + 1, byte >> 5) for byte in params[1:1 + width]]
    unit = {6: sum(width for width, _ in fields) or short, 7: 8 * width}.get(filter_no, width)
    rest = size % unit
    whole, rest = data[:len(data) - rest], data[len(data) - rest:]
    if filter_no == 6 and fields:
        need(len(fields) <= 15 and not any(params[1 + width:]), "fields", params)
        need(all(of in (0, 1, 2, 3) and (not of or w in ((2, 4, 8), (1, 2, 4, 8))[of == 3]) for w, of in fields),
             "fields", params)
        return bytes(uncolumns(whole, fields) + rest)
    need(zero == 0 and (number == 0 or filter_no == 5), "params", params)
    need(second <= {4: 1, 5: 18}.get(filter_no, 0), "params", params)
    if filter_no == 6:
        need(2 <= short <= 1024, "params", params)
        return bytes(planes_back(whole, short) + rest)
    need(width in {1: (2, 4, 8), 2: (2, 4, 8), 5: (8,)}.get(filter_no, (1, 2, 4, 8)), "params", params)
    need(1 <= short <= 1024 if filter_no == 3 else short == 0, "params", params)
    if filter_no == 5:
        need(number <= size // 8 // 20, "params", params)
        return undecimal(whole, second, number) + rest
    if filter_no == 4:
        need(len(base) == size, "a base of", len(base), "bytes for", size)
        return add_base(whole, width, second == 1, base) + rest
    if filter_no == 7:
        return bytes(unbits(whole, width) + rest)
    return bytes(one_filter(filter_no, width, short, whole) + rest)


# 5. Cutting by content

def cut_length(data, start, average):
    left = min(len(data) - start, 4 * average)
    strict, loose = MASKS[average]
    value = 0
    for i in range(average // 4, left - left % 2):
        value = (2 * value + GEAR[data[start + i]]) & 0xFFFFFFFFFFFFFFFF
        if value & (strict if i < average else loose) == 0:
            return i
    return left


class Store:
    def __init__(self, root):
        self.root = root
        self.chunks = {}  # id: (kind, bytes)
        self.differences = {}  # id: of the newest record with a base, what it takes to decode it
        self.refs = {}  # name: artifact
        self.filters = [0] * 10
        self.midstates = 0
        self.artifacts = set()
        self.read_head()
        with tempfile.NamedTemporaryFile() as file:
            file.write(dictionary())
            file.flush()
            self.dictionary = file.name
            self.read_log()

    def read(self, key):
        with open(os.path.join(self.root, key), "rb") as file:
            return file.read()

    # 1. Keys

    def read_head(self):
        text = self.read("kist.json")
        need(len(text) <= 65536 and text.endswith(b"\n"), "kist.json is no line")
        head = parse_canonical(text[:-1], "kist.json")
        need(head["format"] == 1, "format", head["format"])
        need(head["features"] == [], "unknown features", head["features"])
        check = head.pop("check")
        need(sha256(canonical(head)) == check, "kist.json does not match its check")
        need(re.fullmatch("[0-9a-f]{32}", head["id"]), "the store's id")
        self.id = bytes.fromhex(head["id"])
        self.cut = head["cut"]
        need(65536 <= self.cut["typed"] <= 2097152, "cut of", self.cut)
        need(self.cut["cdc"] in MASKS, "cut of", self.cut)

    # 4. Log

    def read_log(self):
        previous = ZERO
        commits = []
        keys = sorted(key for key in os.listdir(os.path.join(self.root, "log")) if re.fullmatch("[0-9]{20}", key))
        for number, key in enumerate(keys, 1):
            need(int(key) == number, "commit", number, "is missing")
            entry = self.read("log/" + key)
            line, _, body = entry.partition(b"\n")
            need(line == b"kist-log 1 %s %d" % (sha256(body).encode(), len(body)), key, "has another first line")
            commit = parse_canonical(body, key)
            need(commit["number"] == number and commit["previous"] == previous, key, "does not follow")
            need(re.fullmatch("[0-9a-f]{32}", commit["write_id"]), key, "write_id")
            need(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", commit["time"]), key, "time")
            previous = sha256(body)
            commits.append(commit)
            if os.path.exists(os.path.join(self.root, "checkpoints", key)):
                need(self.read("checkpoints/" + key) == self.checkpoint(commits, previous), "checkpoint", key)
        self.fold(commits)

    # 10. Checkpoints

    def checkpoint(self, commits, digest):
        packs, forgotten, condemned, fences, names, collected = {}, {}, {}, set(), {}, 0
        for commit in commits:
            number = commit["number"]
            for pack in commit.get("packs", []):
                packs.setdefault(pack["id"], (number, pack["size"], pack["kind"] == "meta"))
            forgotten.update((artifact, number) for artifact in commit.get("forget", []))
            for pack in commit.get("condemn", []):
                condemned.setdefault(pack, number)
                packs.pop(pack, None)
            for pack in commit.get("deleted", []):
                condemned.pop(pack, None)
            fences.update(commit.get("fence", []))
            if commit.get("forget") or commit.get("condemn") or commit.get("fence"):
                collected = number
            for change in commit.get("refs", []):
                name = bytes.fromhex(change["name_bytes"]) if "name_bytes" in change else change["name"].encode()
                names.pop(name, None)
                if change["event"] != "rm":
                    names[name] = (number, change["artifact"], commit["time"].encode(), change["event"] == "tag")
        data = b"KCKP" + struct.pack("<IQ32s6Q", 1, len(commits), bytes.fromhex(digest), collected, len(packs),
                                     len(forgotten), len(condemned), len(fences), len(names))
        data += b"".join(struct.pack("<32sQIB3x", bytes.fromhex(key), *pack) for key, pack in packs.items())
        for ids in forgotten, condemned:
            data += b"".join(struct.pack("<32sQ", bytes.fromhex(key), ids[key]) for key in sorted(ids))
        data += b"".join(bytes.fromhex(session) for session in sorted(fences))
        for name in sorted(names):
            number, artifact, time, tagged = names[name]
            data += struct.pack("<Q32sHBB", number, bytes.fromhex(artifact), len(name), len(time), tagged) + name + time
        return data + hashlib.sha256(data).digest()

    def fold(self, commits):
        # What will be condemned may be gone; what it held that is still needed lies elsewhere by then.
        condemned, fenced = {}, {}
        for commit in commits:
            for pack in commit.get("condemn", []):
                need(condemned.setdefault(pack, commit["number"]) == commit["number"], "condemned twice:", pack)
            for session in commit.get("fence", []):
                need(re.fullmatch("[0-9a-f]{24}", session), "session", session)
                fenced.setdefault(session, commit["number"])
        named = set()
        for commit in commits:
            for pack in commit.get("packs", []):
                need(pack["id"] not in named, "named twice:", pack["id"])
                named.add(pack["id"])
                if pack["id"] not in condemned:
                    session = self.read_pack(pack)
                    need(commit["number"] < fenced.get(session, len(commits) + 1), "a commit of a fenced session")
            for artifact in commit.get("forget", []):
                self.artifacts.discard(artifact)
            for pack in commit.get("condemn", []) + commit.get("deleted", []):
                need(condemned.get(pack, len(commits)) <= commit["number"] and pack in named, "condemned or deleted", pack)
            for change in commit.get("refs", []):
                self.change_name(change)
        whole = set(self.chunks)
        for chunk, (base, filter_no, params, filtered, raw_len, check) in self.differences.items():
            # What nobody needs any more may have lost its base.
            if base in whole and chunk not in whole:
                self.chunks[chunk] = (0, check(unfilter(filter_no, params, filtered, raw_len,
                                                           self.chunks[base][1])))

    def change_name(self, change):
        name = change["name"].encode()
        if "name_bytes" in change:
            name = bytes.fromhex(change["name_bytes"])
            need(name.decode(errors="replace").count("\ufffd") > 0, "name_bytes of a name that is UTF-8")
        need(0 < len(name) <= 1024 and b"\0" not in name, "name", name)
        need(not {b"", b".", b".."} & set(name.split(b"/")), "name", name)
        need(change["event"] in ("put", "tag", "rm"), "event", change["event"])
        if change["event"] == "rm":
            need(change["artifact"] is None, "rm of an artifact")
            self.refs.pop(name, None)
        else:
            self.refs[name] = change["artifact"]

    # 3. Packs

    def read_pack(self, pack):
        name = pack["id"]
        data = self.read("packs/%s/%s.pack" % (name[:2], name))
        need(sha256(data[:64] + data[-64:]) == name, "pack", name, "does not match")
        need(len(data) == pack["size"] <= 268435456, "size of", name)
        kind = ("data", "meta").index(pack["kind"])
        need(struct.unpack_from("<II4sBBHQ16s", data) ==
             (0x184D2A50, 56, b"KPAK", 1, kind, 0, 0, self.id), "head of", name)
        need(crc32c(data[:60]) == struct.unpack_from("<I", data, 60)[0], "head of", name)
        index_offset, entries = self.read_index(name, data)
        raw = subprocess.run(["zstd", "-dcq", "-D", self.dictionary], input=data, stdout=subprocess.PIPE, check=True).stdout
        at, raw_at = 64, 0
        while at < index_offset:
            chunk, entry, raw_len = self.read_record(name, data, at, raw, raw_at)
            need(entries.pop(chunk) == entry, "record and index of", name, "at", at)
            need((entry[3] == 0) == (kind == 0), "a", KINDS[entry[3]], "in a pack of", pack["kind"])
            if KINDS[entry[3]] == "record":
                self.artifacts.add(chunk.hex())
            at, raw_at = at + entry[1], raw_at + raw_len
        need(at == index_offset and raw_at == len(raw) and not entries, "records of", name)
        return data[40:52].hex()

    def read_index(self, name, data):
        magic, size, tag, version, offset, digest, count, crc = struct.unpack_from("<II4sIQ32sII", data, len(data) - 64)
        need((magic, size, tag, version) == (0x184D2A53, 56, b"KEND", 1), "footer of", name)
        need(crc == crc32c(data[-64:-4]), "footer of", name)
        index = data[offset:-64]
        bases = [index[at:at + 32] for at in range(16 + 48 * count, len(index), 32)]
        need(len(index) == 16 + 48 * count + 32 * len(bases) and count <= 65536, "index of", name)
        need(hashlib.sha256(index).digest() == digest, "index of", name)
        need(struct.unpack_from("<II4sI", index) == (0x184D2A52, len(index) - 8, b"KIDX", count), "index of", name)
        entries, last, base_no = {}, b"", 0
        for chunk, *place, kind in struct.iter_unpack("<32sIIII", index[16:16 + 48 * count]):
            need(chunk > last, "order of the index of", name)
            base_no += kind > 255
            need(kind >> 8 in (0, base_no), "bases in the index of", name)
            entries[chunk] = (*place, kind & 255, bases[base_no - 1] if kind > 255 else bytes(32))
            last = chunk
        need(base_no == len(bases), "bases in the index of", name)
        return offset, entries

    def read_record(self, name, data, at, raw, raw_at):
        (magic, size, tag, version, filter_no, codec, flags, raw_len, body_len, body_crc, head_crc,
         chunk) = struct.unpack_from("<II4sBBBBIIII32s", data, at)
        head_size, more = (112, 128) if filter_no else (64, 0)
        need((magic, size, tag, version) == (0x184D2A51, head_size - 8, b"KREC", 1), "record of", name, "at", at)
        need(filter_no <= 9 and codec <= 2 and flags >= more and flags - more < len(KINDS),
             "record of", name, "at", at)
        need(crc32c(data[at:at + 28] + data[at + 32:at + head_size]) == head_crc, "head CRC of", name, "at", at)
        kind, params = flags - more, data[at + 96:at + head_size]
        base = data[at + 64:at + 96] if filter_no else bytes(32)
        need(codec == 1 if filter_no else codec < 2 or KINDS[kind] == "record", "record of", name, "at", at)
        has_base = filter_no in (4, 8)
        need(has_base == any(base) and base != chunk and not (has_base and kind), "base of", name, "at", at)
        body = data[at + head_size:at + head_size + body_len]
        need(crc32c(body) == body_crc, "body CRC of", name, "at", at)
        need(0 < raw_len <= 4194304, "length of", name, "at", at)
        filtered_len = raw_len
        if filter_no == 5:
            filtered_len += 12 * int.from_bytes(params[4:8], "little")
        elif filter_no == 8:
            filtered_len = 12 * int.from_bytes(params[4:8], "little") + int.from_bytes(params[8:12], "little")
        elif filter_no == 9:
            filtered_len = int.from_bytes(params[8:12], "little")
        filtered = raw[raw_at:raw_at + filtered_len]
        self.filters[filter_no] += 1

        def check(content):
            need(hashlib.sha256(content).digest() == chunk, "chunk of", name, "at", at)
            stored = self.stored(content)
            need(body == stored if codec == 0 else len(body) < len(stored), "body of", name, "at", at)
            return content

        if has_base:
            self.differences[chunk.hex()] = (base.hex(), filter_no, params, filtered, raw_len, check)
        else:
            self.chunks[chunk.hex()] = (kind, check(unfilter(filter_no, params, filtered, raw_len)))
        return chunk, (at, head_size + body_len, raw_len, kind, base), filtered_len

    @staticmethod
    def stored(raw):
        parts = [b"\x28\xb5\x2f\xfd\xa0", struct.pack("<I", len(raw))]
        for at in range(0, len(raw), BLOCK):
            block = raw[at:at + BLOCK]
            head = len(block) << 3 | (at + len(block) == len(raw))
            parts += [struct.pack("<I", head)[:3], block]
        return b"".join(parts)

    # 6. Recipes

    def lengths(self, node_id):
        """The chunks below a node: (id, length, midstate or None), in order."""
        kind, node = self.chunks[node_id]
        tag, version, depth, states, count = struct.unpack_from("<4sBBHI", node)
        need(KINDS[kind] == "recipe" and (tag, version) == (b"KRCP", 1) and depth <= 3, "recipe", node_id)
        need(count <= 1024 and states <= (0 if depth else count) and (count or not depth), "recipe", node_id)
        end = 12 + 40 * count
        need(len(node) == end + 36 * states, "recipe", node_id)
        midstates = dict(struct.iter_unpack("<I32s", node[end:]))
        need(len(midstates) == states and list(midstates) == sorted(midstates), "midstates of", node_id)
        need(all(entry < count for entry in midstates), "midstates of", node_id)
        for number, (chunk, length) in enumerate(struct.iter_unpack("<32sQ", node[12:end])):
            if depth == 0:
                need(0 < length <= 4194304, "length in", node_id)
                yield chunk.hex(), length, midstates.get(number)
                continue
            need(self.chunks[chunk.hex()][1][5] == depth - 1, "depth below", node_id)
            below = list(self.lengths(chunk.hex()))
            need(sum(n for _, n, _ in below) == length, "length in", node_id)
            yield from below

    def check_midstates(self, parts, data):
        """Those near the end, since this is slow."""
        offset = 0
        for _, length, midstate in parts:
            if midstate and len(data) - offset <= MIDSTATE_TAIL:
                need(sha256_from(midstate, -(-offset // 64) * 64, data).hex() == sha256(data), "midstate at", offset)
                self.midstates += 1
            offset += length

    # 7. Artifacts

    def content(self, record):
        where = [key for key in ("inline", "chunk", "recipe") if key in record]
        need(len(where) <= 1, "content of a record in", where)
        where = where or ["sha256"]
        value = record[where[0]]
        if where[0] == "inline":
            data = bytes.fromhex(value)
            need(len(data) <= 256, "inline of", len(data))
        elif where[0] != "recipe":
            data = self.chunks[value][1]
        else:
            parts = list(self.lengths(value))
            need(len(parts) != 1, "recipe of one chunk")
            for chunk, length, _ in parts:
                need(len(self.chunks[chunk][1]) == length, "length of", chunk)
            data = b"".join(self.chunks[chunk][1] for chunk, _, _ in parts)
            self.check_midstates(parts, data)
            if record["kind"] in ("bytes", "table", "tree"):
                average = 65536 if record["kind"] == "tree" else self.cut["cdc"]
                self.check_cut([length for _, length, _ in parts], data, average)
        need(len(data) == record["size"], "size of a record")
        return data

    def record(self, artifact):
        kind, text = self.chunks[artifact]
        need(KINDS[kind] == "record" and artifact in self.artifacts, "artifact", artifact, "is no record")
        record = json.loads(text)
        need(record["record"] == 1, "record of version", record["record"])
        for key in ("kind", "encoding", "size", "sha256"):
            need(key in record, "record without", key)
        return record

    # 5. Cutting, of bytes without parts: one gap

    def check_cut(self, lengths, data, average):
        start, expected = 0, []
        need(len(data) >= 4 * average, "cut of", len(data))
        while start < len(data):
            expected.append(cut_length(data, start, average))
            start += expected[-1]
        need(lengths == expected, "cut", lengths[:5], "and not", expected[:5])

    # 8. Trees

    def tree(self, record):
        data = self.content(record)
        need(data[:8] == b"KTRE\x01\0\0\0", "head of a tree")
        count, at, last = struct.unpack_from("<Q", data, 8)[0], 16, b""
        identity = hashlib.sha256(data[:8])
        entries = []
        for _ in range(count):
            kind, zero, path_len, mode, size, mtime, digest, artifact = struct.unpack_from("<cBHIQq32s32s", data, at)
            fixed, at = data[at:at + 16], at + 88
            path = data[at:at + path_len]
            target = data[at + path_len:at + path_len + size] if kind == b"l" else b""
            at += path_len + len(target)
            need(kind in b"fdl" and zero == 0 and path > last and mode <= 0o7777, "entry of a tree", path)
            need(not {b"", b".", b".."} & set(path.split(b"/")) and b"\0" not in path, "path", path)
            identity.update(fixed + digest + path + target)
            entries.append((kind, path, mode, mtime, target, digest.hex(), artifact.hex(), size))
            last = path
        need(at == len(data) and identity.hexdigest() == record["sha256"], "a tree and its digest")
        return entries

    def file(self, artifact):
        record = self.record(artifact)
        data = self.content(record)
        need(sha256(data) == record["sha256"], "bytes of", artifact)
        return record, data


    # 11. Jobs

    def jobs(self):
        for name, artifact in sorted(self.refs.items()):
            if name.startswith(b"kist:job/"):
                yield self.job(name[len(b"kist:job/"):].decode(), artifact)

    def job(self, job_id, artifact):
        record, data = self.file(artifact)
        need((record["kind"], record["encoding"]) == ("value", "kist.job@1.0"), "record of job", job_id)
        job = parse_canonical(data, "job " + job_id)
        need(len(data) <= 16 << 20 and job["kist_job"] == 1 and job["id"] == job_id, "version and id of", job_id)
        need(re.fullmatch("[A-Za-z0-9][A-Za-z0-9._-]{0,127}", job_id), "id", job_id)
        need(job["state"] in STATES and job["revision"] >= 0 and job["created"] >= 0, "state of", job_id)
        for key in ("kind", "project", "user"):
            need(len(job[key].encode()) <= 1024, key, "of", job_id)
        need(all(isinstance(text, str) for text in job["tags"].values()) and isinstance(job["params"], dict), "tags")
        points = 0
        for series in job["metrics"].values():
            lists = [series[key] for key in ("steps", "values", "times")]
            need(len({len(one) for one in lists}) == 1 and lists[0], "lengths of a series of", job_id)
            need(all(isinstance(step, int) for step in lists[0] + lists[2]), "steps and times of", job_id)
            need(all(value in ("NaN", "Infinity", "-Infinity") if isinstance(value, str) else
                     isinstance(value, (int, float)) for value in lists[1]), "values of", job_id)
            points += len(lists[0])
        for step in job["steps"]:
            need(step["name"] and step["state"] in STATES, "step of", job_id)
        need(len({step["name"] for step in job["steps"]}) == len(job["steps"]), "names of steps of", job_id)
        names = [made.get("name_bytes", made["name"]) for made in job["artifacts"]]
        need(len(set(names)) == len(names), "names of artifacts of", job_id)
        uses = job["inputs"] + job["artifacts"]
        for use in uses + [use for step in job["steps"] for use in step["inputs"] + step["outputs"]]:
            need(use["name"] and re.fullmatch("[0-9a-f]{64}", use["artifact"]), "artifact of", job_id)
        return job_id, job["state"], len(job["steps"]), points, len(names)


def write(path, data, mode, mtime_ns):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "xb") as file:
        file.write(data)
    finish(path, mode, mtime_ns)


def finish(path, mode, mtime_ns):
    if mode is not None:
        os.chmod(path, mode & 0o777)
    if mtime_ns is not None:
        os.utime(path, ns=(mtime_ns, mtime_ns))


def restore_tree(store, record, path):
    os.makedirs(path)
    entries = store.tree(record)
    for kind, below, mode, mtime, target, digest, artifact, size in entries:
        place = os.path.join(path, below)
        if kind == b"d":
            os.makedirs(place, exist_ok=True)
        elif kind == b"l":
            os.symlink(target, place)
            os.utime(place, ns=(mtime, mtime), follow_symlinks=False)
        else:
            of_file, data = store.file(artifact)
            need(of_file["sha256"] == digest and len(data) == size, "file of a tree", below)
            write(place, data, mode, mtime)
    for kind, below, mode, mtime, *_ in reversed(entries):
        if kind == b"d":
            finish(os.path.join(path, below), mode, mtime)
    about = record.get("file", {})
    finish(path, about.get("mode"), about.get("mtime_ns"))


def restore(store, target):
    for name, artifact in sorted(store.refs.items()):
        path = os.path.join(os.fsencode(target), name)
        if store.record(artifact)["kind"] == "tree":
            restore_tree(store, store.record(artifact), path)
            continue
        record, data = store.file(artifact)
        about = record.get("file", {})
        write(path, data, about.get("mode"), about.get("mtime_ns"))


def main():
    need(len(sys.argv) == {"list": 3, "jobs": 3, "filters": 3, "midstates": 3, "restore": 4}.get(sys.argv[1], 0), __doc__)
    store = Store(sys.argv[2])
    if sys.argv[1] == "restore":
        return restore(store, sys.argv[3])
    if sys.argv[1] == "jobs":
        return [print(*job) for job in store.jobs()]
    if sys.argv[1] == "filters":
        return print(*store.filters)
    if sys.argv[1] == "midstates":
        for artifact in store.refs.values():
            store.content(store.record(artifact))
        return print(store.midstates)
    for name in sorted(store.refs):
        print(name.decode(errors="backslashreplace").replace("\n", "\\n"))


main()
