# SPDX-License-Identifier: Apache-2.0
"""Sound and hostile files of every format, made by hand, each with its verdict.

A verdict is "" (sound), "E_CODE" (refused with it), or "?E_CODE" (sound, and warned of).
"""
import collections
import io
import json
import struct
import subprocess
import warnings
import zipfile
import zlib

import kist

cases = []


def case(kind, name, data, verdict, *params):
    cases.append((kind, "%03d-%s" % (len(cases), name), data, verdict, params))


# numpy ------------------------------------------------------------------------------------------------------------

def npy(text, data=b"", version=(1, 0)):
    head = text.encode("latin-1" if version[0] < 3 else "utf-8")
    return b"\x93NUMPY" + bytes(version) + struct.pack("<H" if version[0] == 1 else "<I", len(head)) + head + data


def descr(text, shape="(3,)", order="False"):
    return "{'descr': %s, 'fortran_order': %s, 'shape': %s, }" % (text, order, shape)


def numpy_files():
    sound = {"'|b1'": 1, "'|i1'": 1, "'|u1'": 1, "'>i2'": 2, "'<u8'": 8, "'<f2'": 2, "'>f8'": 8, "'<c8'": 8, "'>c16'": 16,
             "'|S0'": 0, "'<U0'": 0, "'|V0'": 0, "'|S5'": 5, "'>U3'": 12, "'<M8'": 8, "'<M8[7D]'": 8, "'<m8[25s]'": 8,
             "'|V1'": 1, "'<V2'": 2, "'<f1'": 1, "'=f8'": 8, "'float64'": 8, "'complex128'": 16, "'bool'": 1,
             "[('a','<f4'),('','|V4'),('b','<i8')]": 16, "[(('title','a'),'<f4')]": 4, "[('a','<f4',(2,3))]": 24,
             "[('a','<f4',2)]": 8, "[('a',[('b','<i2'),('c',[('d','|S3')])])]": 5}
    for text, size in sound.items():
        case("npy", "sound", npy(descr(text), b"\1" * (3 * size)), "")
    case("npy", "python2", npy("{'descr': '<f4', 'fortran_order': False, 'shape': (3L, 2L), }", b"0" * 24), "")
    case("npy", "any-order", npy('{"shape":(2,),"descr":"<f4","fortran_order":True}', b"0" * 8), "")
    case("npy", "blanks", npy(" { 'shape' : ( 2 , ) ,\n 'descr' : '<f4' , 'fortran_order' : False } \n", b"0" * 8), "")
    case("npy", "scalar", npy(descr("'<f4'", "()"), b"0000"), "")
    case("npy", "empty", npy(descr("'<f4'", "(0, 5)", "True")), "")
    case("npy", "version2", npy(descr("'<f4'", "(1,)"), b"0000", (2, 0)), "")
    case("npy", "version3", npy(descr("[('\u00e9','<f4')]", "(1,)"), b"0000", (3, 0)), "")
    for text, code in (("'|O'", "E_OBJECT"), ("'|T16'", "E_OBJECT"), ("[('a',[('b','O')])]", "E_OBJECT"),
                       ("'<f16'", "E_DTYPE"), ("'<c32'", "E_DTYPE"), ("[('a','u1'),('a','u1')]", "E_DUPLICATE")):
        case("npy", "refused", npy(descr(text, "(1,)"), b"0" * 32), code)
    for shape, code in (("(-1,)", "E_SHAPE"), ("(True,)", "E_SHAPE"), ("[3]", "E_SHAPE"), ("(%s)" % ("1," * 65), "E_SHAPE"),
                        ("(4611686018427387904,)", "E_OVERFLOW"), ("(1000000000000,)", "E_TRUNCATED")):
        case("npy", "shape", npy(descr("'<f4'", shape), b"0000"), code)
    for version in ((1, 1), (0, 0), (0, 1), (2, 2), (255, 255)):
        case("npy", "version", npy(descr("'<f4'"), b"0" * 12, version), "E_VERSION")
    case("npy", "long-header", npy(descr("'<f4'") + " " * 10000, b"0" * 12), "E_HEADER_TOO_LARGE")
    case("npy", "trailing", npy(descr("'<f4'"), b"0" * 13), "E_TRAILING")
    case("npy", "code", npy("{'descr': __import__('os').system('true')}"), "E_HEADER_SYNTAX")


def zipped(entries, method=zipfile.ZIP_STORED, before=b"", behind=b""):
    to = io.BytesIO()
    with warnings.catch_warnings(), zipfile.ZipFile(to, "w", method) as file:
        warnings.simplefilter("ignore")
        for name, data in entries:
            file.writestr(zipfile.ZipInfo(name), data, method)
    return before + to.getvalue() + behind


def changed(data, signature, at, new, last=True):
    """The zip with bytes of its last (or first) record of a kind changed."""
    begin = (data.rfind if last else data.find)(signature) + at
    return data[:begin] + new + data[begin + len(new):]


def zip_attacks(kind, entries, path):
    """What no zip may be, whatever is in it; @path: an entry that may be there once more under other names."""
    name, data = path
    good = zipped(entries)
    for other in ("/" + name, "../" + name, "a/../" + name, "a\\" + name, "c:/" + name, "a//" + name):
        case(kind, "path", zipped(entries + [(other, data)]), "E_PATH")
    case(kind, "twice", zipped(entries + [entries[-1]]), "E_DUPLICATE")
    case(kind, "polyglot-before", zipped(entries, before=b"#!/bin/sh\n"), "E_MAGIC" if kind == "torch" else "E_ZIP")
    case(kind, "polyglot-behind", good + b"\x7fELF", "E_ZIP")
    case(kind, "encrypted", changed(good, b"PK\1\2", 8, b"\1"), "E_ZIP")
    case(kind, "encrypted-there", changed(good, b"PK\3\4", 6, b"\1"), "E_ZIP")
    case(kind, "another-name", changed(good, b"PK\3\4", 30, b"X"), "E_ZIP")
    case(kind, "method", changed(good, b"PK\1\2", 10, b"\x0c"), "E_ZIP")
    case(kind, "disk", changed(good, b"PK\5\6", 4, b"\1"), "E_ZIP")
    case(kind, "checksum", changed(changed(good, b"PK\1\2", 16, b"1234"), b"PK\3\4", 14, b"1234"), "E_CRC")
    case(kind, "cut", good[:-1], "E_ZIP")
    if len(entries) > 1:
        case(kind, "overlap", changed(good, b"PK\1\2", 42, b"\0\0\0\0"), "E_ZIP")


def npz_files():
    array = npy(descr("'<f4'", "(2,)"), b"0" * 8)
    entries = [("a.npy", array), ("b.npy", array)]
    case("npz", "sound", zipped(entries), "")
    case("npz", "deflated", zipped(entries, zipfile.ZIP_DEFLATED), "")
    case("npz", "empty", b"PK\5\6" + bytes(18), "")
    case("npz", "object", zipped([("a.npy", npy(descr("'|O'", "(1,)"), b"0" * 8))]), "E_OBJECT")
    zip_attacks("npz", entries, entries[0])
    # A header that claims 2^40 numbers in a few bytes; a member that inflates to more than is told; one that would to 1 GiB.
    huge = npy(descr("'<f8'", "(1099511627776,)"))
    case("npz", "claims", zipped([("a.npy", huge)], zipfile.ZIP_DEFLATED), "E_TRUNCATED")
    zeros = zipped([("a.npy", array + bytes(1 << 20))], zipfile.ZIP_DEFLATED)
    less = struct.pack("<I", len(array))
    case("npz", "inflates-to-more", changed(changed(zeros, b"PK\1\2", 24, less), b"PK\3\4", 22, less), "E_BOMB")
    more = struct.pack("<I", 1 << 30)
    case("npz", "ratio", changed(changed(zeros, b"PK\1\2", 24, more), b"PK\3\4", 22, more), "E_BOMB")


# safetensors ------------------------------------------------------------------------------------------------------

def safetensors(head, data=b""):
    text = head if isinstance(head, bytes) else json.dumps(head).encode()
    return struct.pack("<Q", len(text)) + text + data


def tensor(dtype, shape, begin, end):
    return {"dtype": dtype, "shape": shape, "data_offsets": [begin, end]}


def safetensors_files():
    bits = {"BOOL": 8, "F4": 4, "F6_E2M3": 6, "F6_E3M2": 6, "U8": 8, "I8": 8, "F8_E5M2": 8, "F8_E4M3": 8, "F8_E8M0": 8,
            "F8_E4M3FNUZ": 8, "F8_E5M2FNUZ": 8, "I16": 16, "U16": 16, "F16": 16, "BF16": 16, "I32": 32, "U32": 32,
            "F32": 32, "C64": 64, "F64": 64, "I64": 64, "U64": 64}
    one = b'"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}'
    for dtype, width in bits.items():
        case("safetensors", dtype, safetensors({"a": tensor(dtype, [4], 0, width // 2)}, b"\1" * (width // 2)), "")
    for name, head, data in (("none", {}, b""), ("scalar", {"a": tensor("F32", [], 0, 4)}, b"0000"),
                             ("zero", {"a": tensor("F32", [0, 3], 0, 0)}, b""),
                             ("blanks", b" \n\t{" + one + b"}   ", b"0")):
        case("safetensors", name, safetensors(head, data), "")
    for name, head, data, code in (
            ("utf8", b'{"\xff":1}', b"", "E_HEADER_UTF8"), ("json", b"{", b"", "E_HEADER_SYNTAX"),
            ("nul", b"{}\0\0", b"", "E_HEADER_SYNTAX"), ("twice", b"{" + one + b"," + one + b"}", b"0", "E_DUPLICATE"),
            ("escaped-twice", b"{" + one + b"," + one.replace(b"a", b"\\u0061", 1) + b"}", b"0", "E_DUPLICATE"),
            ("float", one.join([b"{", b"}"]).replace(b"[1]", b"[1.0]"), b"0", "E_HEADER_SYNTAX"),
            ("negative", one.join([b"{", b"}"]).replace(b"[1]", b"[-1]"), b"0", "E_HEADER_SYNTAX"),
            ("metadata", {"__metadata__": {"a": 1}}, b"", "E_METADATA"),
            ("hole", {"a": tensor("U8", [1], 1, 2)}, b"00", "E_OFFSET"),
            ("overlap", {"a": tensor("U8", [2], 0, 2), "b": tensor("U8", [2], 1, 3)}, b"000", "E_OFFSET"),
            ("backwards", {"a": tensor("U8", [0], 1, 0)}, b"", "E_OFFSET"),
            ("size", {"a": tensor("F32", [2], 0, 4)}, b"0000", "E_TENSOR_INFO"),
            ("overflow", {"a": tensor("U8", [2**40, 2**40], 0, 1)}, b"0", "E_OVERFLOW"),
            ("misaligned", {"a": tensor("F4", [1], 0, 1)}, b"0", "E_MISALIGNED"),
            ("polyglot", {"a": tensor("U8", [1], 0, 1)}, b"0PK\5\6" + bytes(18), "E_INCOMPLETE"),
            ("cut", {"a": tensor("U8", [2], 0, 2)}, b"0", "E_INCOMPLETE")):
        case("safetensors", name, safetensors(head, data), code)
    case("safetensors", "small", b"1234567", "E_HEADER_TOO_SMALL")
    case("safetensors", "bomb", struct.pack("<Q", 100000001) + b"{}", "E_HEADER_TOO_LARGE")
    case("safetensors", "length", struct.pack("<Q", 100000000) + b"{}", "E_HEADER_LENGTH")


# GGUF -------------------------------------------------------------------------------------------------------------

def text64(text):
    return struct.pack("<Q", len(text)) + text.encode()


def pair(key, kind, value):
    return text64(key) + struct.pack("<I", kind) + value


def info(name, dims, kind=0, offset=0):
    return text64(name) + struct.pack("<I%dqIQ" % len(dims), len(dims), *dims, kind, offset)


def gguf(pairs=(), infos=(), data=b"", version=3, tensors=None, count=None):
    head = b"GGUF" + struct.pack("<Iqq", version, len(infos) if tensors is None else tensors,
                                 len(pairs) if count is None else count) + b"".join(pairs) + b"".join(infos)
    return head + bytes(-len(head) % 32) + data


def gguf_files():
    data = bytes(128)
    number = struct.pack("<I", 7)
    for version, code in ((0, "E_VERSION"), (1, "E_VERSION"), (2, ""), (3, ""), (4, "E_VERSION"), (3 << 24, "E_VERSION")):
        case("gguf", "version", gguf(version=version), code)
    for name, counts in (("tensors", {"tensors": 2**62}), ("pairs", {"count": 2**62}), ("less", {"tensors": -1}),
                         ("fewer", {"count": -1})):
        case("gguf", name, gguf(**counts), "E_TRUNCATED")
    for name, pairs, code in (
            ("key", [pair("", 4, number)], "E_METADATA"), ("twice", [pair("a", 4, number)] * 2, "E_DUPLICATE"),
            ("type", [pair("a", 13, number)], "E_METADATA"), ("bool", [pair("a", 7, b"\2")], "E_METADATA"),
            ("long-key", [struct.pack("<Q", 2**60) + b"a"], "E_"),
            ("long-array", [pair("a", 9, struct.pack("<IQ", 4, 2**60))], "E_TRUNCATED"),
            ("many-texts", [pair("a", 9, struct.pack("<IQ", 8, 2**40))], "E_TRUNCATED"),
            ("nested", [pair("a", 9, struct.pack("<IQ", 9, 1) * 5 + struct.pack("<IQ", 4, 0))], "E_DEPTH"),
            ("alignment-type", [pair("general.alignment", 10, struct.pack("<Q", 32))], "E_ALIGNMENT"),
            ("alignment", [pair("general.alignment", 4, struct.pack("<I", 33))], "E_ALIGNMENT"),
            ("alignment-0", [pair("general.alignment", 4, struct.pack("<I", 0))], "E_ALIGNMENT")):
        case("gguf", name, gguf(pairs), code)
    for name, infos, code in (
            ("tensor", [info("t", [32])], ""), ("zero", [info("t", [0, 32])], ""), ("name-63", [info("n" * 63, [32])], ""),
            ("name-64", [info("n" * 64, [32])], "E_NAME"), ("rank", [info("t", [1] * 5)], "E_SHAPE"),
            ("negative", [info("t", [-32])], "E_SHAPE"), ("overflow", [info("t", [2**40, 2**40])], "E_OVERFLOW"),
            ("removed-type", [info("t", [256], 4)], "E_DTYPE"), ("unknown-type", [info("t", [256], 1000)], "E_DTYPE"),
            ("block", [info("t", [33], 2)], "E_"), ("hole", [info("t", [32], 0, 32)], "E_OFFSET"),
            ("overlap", [info("t", [32]), info("u", [32])], "E_OFFSET"),
            ("twins", [info("t", [32]), info("t", [0], 0, 128)], "E_DUPLICATE"),
            ("bleeding", [info("t", [2**30])], "E_TRUNCATED")):
        case("gguf", name, gguf((), infos, data), code)


# Pickles ----------------------------------------------------------------------------------------------------------

def unicode(text):
    return b"\x8c" + bytes([len(text)]) + text.encode()


STATE = b"(dS'shape'\n(I1\ntsS'dtype'\ncnumpy\ndtype\n(S'%s'\ntR%ss%sb%s"


def joblib(raw, dtype=b"V48", size=b"", state=b"", behind=b"."):
    return b"cjoblib.numpy_pickle\nNumpyArrayWrapper\n)\x81" + STATE % (dtype, size, state, raw) + behind


def pickle_files():
    system = b"cposix\nsystem\n(S'true'\ntR."
    known = b"ccollections\nOrderedDict\n)R."
    hidden = unicode("posix") + unicode("system") + b"\x93"
    unknown = "?E_GLOBALS"
    for name, data, verdict in (
            ("plain", b"\x80\x04N.", ""), ("known", known, ""), ("global", system, unknown),
            ("stack", b"\x80\x04" + hidden + b".", unknown), ("inst", b"(S'true'\niposix\nsystem\n.", unknown),
            ("obj", b"(cposix\nsystem\nS'true'\no.", unknown), ("extension", b"\x80\x02\x82\x01.", unknown),
            ("second", known + system, unknown), ("tail", known + b"cposix\nsystem\n", "E_PICKLE"),
            ("broken-behind", b"cposix\nsystem\n(S'true'\ntR\xff", "E_PICKLE"),
            ("dotted", b"\x80\x04" + unicode("collections") + unicode("OrderedDict.__init__") + b"\x93.", unknown),
            ("made-name", b"\x80\x04c_codecs\nencode\n(X\2\0\0\0bfX\5\0\0\0rot13tR" + unicode("system") + b"\x93.", unknown),
            ("resolve", b"cpkgutil\nresolve_name\n(S'os:system'\ntR.", unknown),
            ("frame", b"\x80\x04\x95" + struct.pack("<Q", 1) + b"K\x01.", "E_PICKLE"),
            ("frame-too-long", b"\x80\x04\x95" + struct.pack("<Q", 99) + b"N.", "E_PICKLE"),
            ("memo", b"\x80\x04" + unicode("collections") + b"q\x010" + unicode("posix") + b"\x940" + unicode("OrderedDict") +
             b"q\x020" + unicode("system") + b"\x940h\x01h\x02\x93.", unknown),
            ("class-state", b"ccollections\nOrderedDict\n(dS'a'\nI1\nsb.", unknown),
            ("protocol", b"\x80\x06N.", "E_PICKLE"), ("long-memo", b"Nr\xff\xff\xff\xff.", "E_PICKLE"),
            ("array", joblib(b"\xff" * 48), ""), ("array-of-opcodes", joblib(b"cposix\nsystem\n.".ljust(48)), unknown),
            ("array-size-twice", joblib(b"\xff" * 48, b"V48", b"(I3\nS'|'\nNNNI8\nI1\nI0\ntb"), "E_PICKLE"),
            ("array-shape-twice", joblib(b"\xff" * 48, state=b"S'shape'\n(I2\nts"), "E_PICKLE"),
            ("array-shape-escaped", joblib(b"\xff" * 48, state=b"S'\\x73hape'\n(I2\nts"), "E_PICKLE"),
            ("array-of-objects", joblib(b"N.", b"O"), "E_PICKLE"),
            ("compressed", zlib.compress(known), "?E_COMPRESSED")):
        case("pickle", name, data, verdict)


def torch_files():
    entries = [("m/data.pkl", b"ccollections\nOrderedDict\n)R."), ("m/version", b"3\n"), ("m/data/0", bytes(16))]
    case("torch", "sound", zipped(entries), "")
    zip_attacks("torch", entries, ("m/x", b""))
    case("torch", "harmful", zipped([("m/data.pkl", b"cposix\nsystem\n(S'true'\ntR.")]), "?E_GLOBALS")
    case("torch", "compressed", zipped(entries, zipfile.ZIP_DEFLATED), "E_ZIP")
    case("torch", "two-folders", zipped(entries + [("n/data.pkl", b"N.")]), "E_MAGIC")
    case("torch", "two-pickles", zipped([("m/data.pkl", b"N.N.")]), "E_PICKLE")
    case("torch", "case", zipped(entries + [("m/DATA.PKL", b"N.")]), "E_DUPLICATE")
    case("torch", "program", zipped(entries + [("m/constants.pkl", b"N.")]), "?E_GLOBALS")


# Keras, skops, HDF5 -----------------------------------------------------------------------------------------------

def keras_files():
    def config(module, name, registered=None):
        layer = {"module": module, "class_name": name, "registered_name": registered, "config": {}}
        return json.dumps({"module": "keras", "class_name": "Sequential", "config": {"layers": [layer]},
                           "registered_name": None})

    def keras(text):
        return zipped([("metadata.json", '{"keras_version": "3.0"}'), ("config.json", text)])

    case("keras", "sound", keras(config("keras.layers", "Dense")), "")
    for name, text in (("lambda", config("keras.layers", "Lambda")), ("module", config("os", "system")),
                       ("registered", config("keras.layers", "Dense", "mine>Dense")),
                       ("torch", config("keras.layers", "TorchModuleWrapper"))):
        case("keras", name, keras(text), "?E_GLOBALS")
    words = {"class_name": "StringLookup", "module": "keras.layers", "registered_name": None,
             "config": {"vocabulary": "/etc/passwd"}}
    case("keras", "vocabulary", keras(json.dumps(words)), "?E_GLOBALS")
    case("keras", "twice", keras('{"module": "keras.layers", "module": "os", "class_name": "Dense"}'), "E_DUPLICATE")
    zip_attacks("keras", [("metadata.json", "{}"), ("config.json", config("keras.layers", "Dense"))], ("x", b""))


def skops_files():
    def schema(module, name, loader):
        return json.dumps({"__class__": name, "__module__": module, "__loader__": loader, "content": {}})

    def skops(text):
        return zipped([("schema.json", text)])

    case("skops", "sound", skops(schema("builtins", "dict", "DictNode")), "")
    for module, name, loader in (("posix", "system", "FunctionNode"), ("os", "system", "ObjectNode"),
                                 ("builtins", "eval", "TypeNode"), ("operator", "methodcaller", "OperatorFuncNode")):
        case("skops", name, skops(schema(module, name, loader)), "?E_GLOBALS")
    zip_attacks("skops", [("x", b""), ("schema.json", schema("builtins", "dict", "DictNode"))], ("y", b""))


# CSV --------------------------------------------------------------------------------------------------------------

def csv_files():
    both = "a,b\n1,2\n"
    for name, data, verdict, *params in (
            ("sound", b'a,b\r\n1,"x\r\n""y"""\n2,a"b\r3,', ""), ("none", b"", ""), ("header", b"a,b\n", ""),
            ("nul", b"a,b\n\0,1\n", ""), ("not-utf8", b"a,b\n\xff,1\n", ""), ("names", b"a,a,\n1,2,3\n", ""),
            ("mark", b"\xef\xbb\xbfa,b\n1,2\n", ""), ("ragged", b"a,b\n1\n", "E_RAGGED"),
            ("padded", b"a,b\n1\n", "", "null_padding=true"), ("too-wide", b"a,b\n1,2,3\n", "E_RAGGED", "null_padding=true"),
            ("behind-quote", b'a,b\n"x"y,2\n', "E_QUOTE"), ("behind-quote-lenient", b'a,b\n"x"y,2\n', "", "lenient=true"),
            ("open-quote", b'a,b\n1,"x\n2,3\n', "E_QUOTE"), ("ragged-lenient", b"a,b\n1\n2,3\n", "?E_RAGGED", "lenient=true"),
            ("line", b"a\n" + b"x" * 2000000 + b"\n", ""), ("long-line", b"a\n" + b"x" * 2000001 + b"\n", "E_LINE_TOO_LONG"),
            ("columns", b"1," * 65535 + b"1\n", ""), ("more-columns", b"1," * 65536 + b"1\n", "E_OVERFLOW"),
            ("utf16", both.encode("utf-16"), "E_ENCODING"), ("utf16-said", both.encode("utf-16"), "", "encoding=utf-16"),
            ("utf16be", both.encode("utf-16-be"), "", "encoding=utf-16be"),
            ("utf16-odd", both.encode("utf-16") + b"x", "E_ENCODING", "encoding=utf-16"),
            ("latin1", b"a,b\n\xe9,2\n", "", "encoding=latin-1")):
        case("csv", name, data, verdict, *params)
    for name, params in (("newline", ["delimiter=\n"]), ("return", ["quote=\r"]), ("alike", ["delimiter=;", "quote=;"])):
        case("csv", name, both.encode(), "E_HEADER_SYNTAX", *params)


def judged(facts):
    """The verdict in what is said of one file."""
    if "error" in facts:
        return facts["error"]["code"]
    issues = facts["issues"]
    errors = [issue for issue in issues if issue["severity"] == "error"]
    if errors or not facts["valid"]:
        return errors[0]["code"] if errors else facts["status"]
    return "?" + issues[0]["code"] if issues else ""


for made in (numpy_files, npz_files, safetensors_files, gguf_files, pickle_files, torch_files, keras_files, skops_files,
             csv_files):
    made()
groups = collections.defaultdict(list)
for kind, name, data, verdict, params in cases:
    with open(name, "wb") as file:
        file.write(data)
    groups[kind, params].append((name, verdict))
wrong = []
for (kind, params), files in groups.items():
    options = [word for param in params for word in ("--param", param)]
    done = subprocess.run(["kist", "plugin", "validate", "--json", "--type", "kist." + kind, *options,
                           *(name for name, _ in files)], capture_output=True)
    kist.check(done.returncode in (0, 1, 2), kind, done.stderr.decode())
    for (name, verdict), facts in zip(files, json.loads(done.stdout)):
        found = judged(facts)
        if found != verdict and not (verdict == "E_" and found.startswith("E_")):
            wrong.append("%s %s is %r, not %r: %s" % (kind, name, found, verdict, facts))
kist.check(not wrong, "\n".join(wrong))
