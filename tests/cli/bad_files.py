#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
#
# Writes bad files of one format into the current folder, and the file "rows": for each a line with its name, the
# code and the byte offset of its refusal.  One file for each way in which a file can be bad.
import struct
import sys

# One line: code, byte offset, text.
NPY_HEADERS = [
    ("E_HEADER_SYNTAX", 10, "[1,2]"),
    ("E_HEADER_SYNTAX", 10, "{'descr': '<f4', 'shape': (2, 3)}"),
    ("E_HEADER_SYNTAX", 68, "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), 'x': 1}"),
    ("E_HEADER_SYNTAX", 44, "{'descr': '<f4', 'fortran_order': 0, 'shape': (2, 3)}"),
    ("E_HEADER_SYNTAX", 20, "{'descr': open('x'), 'fortran_order': False, 'shape': (2, 3)}"),
    ("E_HEADER_SYNTAX", 10, "{}"),
    ("E_HEADER_SYNTAX", 64, ""),
    ("E_HEADER_SYNTAX", 128, "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3)"),
    ("E_HEADER_SYNTAX", 26, "{'descr': '<f4' 'fortran_order': False, 'shape': (2, 3)}"),
    ("E_HEADER_SYNTAX", 69, "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }x"),
    ("E_HEADER_SYNTAX", 69, "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }\x00"),
    ("E_HEADER_SYNTAX", 67, "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3)}}"),
    ("E_HEADER_SYNTAX", 63, "{'descr': '<f4', 'fortran_order': False, 'shape': (2 3)}"),
    ("E_SHAPE", 61, "{'descr': '<f4', 'fortran_order': False, 'shape': (0x2, 3)}"),
    ("E_SHAPE", 63, "{'descr': '<f4', 'fortran_order': False, 'shape': (2,, 3)}"),
    ("E_HEADER_SYNTAX", 11, "{descr: '<f4', 'fortran_order': False, 'shape': (2, 3)}"),
    ("E_DTYPE", 20, "{'descr': '<f4, 'fortran_order': False, 'shape': (2, 3)}"),
    ("E_HEADER_SYNTAX", 44, "{'descr': '<f4', 'fortran_order': None, 'shape': (2, 3)}"),
    ("E_DUPLICATE", 34, "{'descr': [('a','<f4'),('a','<f4')], 'fortran_order': False, 'shape': (3,), }"),
    ("E_DUPLICATE", 41, "{'descr': [(('t','a'),'<f4'),(('t','b'),'<f4')], 'fortran_order': False, 'shape': (3,), }"),
    ("E_DUPLICATE", 27, "{'descr': '<f4', 'descr': '<f4', 'fortran_order': False, 'shape': (2, 3)}"),
]

NPY_DESCRS = [
    ("E_OBJECT", 20, "'|O'"),
    ("E_OBJECT", 20, "'|O8'"),
    ("E_OBJECT", 20, "'O'"),
    ("E_OBJECT", 38, "[('a','<f4'),('b','|O')]"),
    ("E_OBJECT", 32, "[('a',[('b','|O8')])]"),
    ("E_OBJECT", 20, "'|T'"),
    ("E_OBJECT", 20, "'|T16'"),
    ("E_OBJECT", 20, "'object'"),
    ("E_DTYPE", 20, "'<f16'"),
    ("E_DTYPE", 20, "'<c32'"),
    ("E_DTYPE", 20, "'<f3'"),
    ("E_DTYPE", 20, "'<i3'"),
    ("E_DTYPE", 20, "'<q9'"),
    ("E_DTYPE", 20, "''"),
    ("E_DTYPE", 20, "'<'"),
    ("E_DTYPE", 20, "'<f4x'"),
    ("E_DTYPE", 20, "'<f-4'"),
    ("E_DTYPE", 20, "'<M8[xx]'"),
    ("E_DTYPE", 20, "'<m8[0s]'"),
    ("E_DTYPE", 20, "'<M8[s'"),
    ("E_DTYPE", 20, "'longdouble'"),
    ("E_DTYPE", 20, "'<S-1'"),
    ("E_OVERFLOW", 20, "'<U999999999999999999'"),
    ("E_DTYPE", 20, "'<i16'"),
    ("E_DTYPE", 20, "'float65'"),
    ("E_DTYPE", 20, "('<f4',(2,))"),
]

NPY_SHAPES = [
    ("E_SHAPE", 60, "[2, 3]"),
    ("E_SHAPE", 60, "6"),
    ("E_SHAPE", 64, "(2, -3)"),
    ("E_SHAPE", 61, "(True, 6)"),
    ("E_SHAPE", 61, "(2.0, 3)"),
    ("E_SHAPE", 61, "('2', 3)"),
    ("E_SHAPE", 60, "None"),
    ("E_SHAPE", 60, "(6)"),
    ("E_SHAPE", 64, "(2, None)"),
    ("E_OVERFLOW", 60, "(9223372036854775807,)"),
    ("E_OVERFLOW", 60, "(4294967296, 4294967296)"),
    ("E_OVERFLOW", 60, "(3037000500, 3037000500)"),
    ("E_OVERFLOW", 61, "(18446744073709551616,)"),
    ("E_OVERFLOW", 61, "(99999999999999999999999999,)"),
    ("E_OVERFLOW", 60, "(0, 4294967296, 4294967296, 4294967296)"),
    ("E_OVERFLOW", 60, "(2305843009213693952,)"),
    ("E_TRUNCATED", 152, "(1000000000000,)"),
]

# "@" stands for the members of a good tensor "a", without the last brace.
SAFETENSORS_HEADERS = [
    ("E_HEADER_UTF8", 10, b'{"\xff":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}'),
    ("E_HEADER_UTF8", 10, b'{"\xed\xa0\x80":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}'),
    ("E_HEADER_UTF8", 10, b'{"\xc0\x80":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}'),
    ("E_HEADER_SYNTAX", 8, ''),
    ("E_HEADER_SYNTAX", 11, '   '),
    ("E_HEADER_SYNTAX", 8, '[]'),
    ("E_HEADER_SYNTAX", 9, '{'),
    ("E_HEADER_SYNTAX", 12, '{"a"}'),
    ("E_HEADER_SYNTAX", 8, 'nul'),
    ("E_HEADER_SYNTAX", 8, 'null'),
    ("E_HEADER_SYNTAX", 8, '1'),
    ("E_TENSOR_INFO", 13, '{"a":1'),
    ("E_HEADER_SYNTAX", 62, '@,}'),
    ("E_HEADER_SYNTAX", 62, '@}x'),
    ("E_HEADER_SYNTAX", 62, b'{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}\x00'),
    ("E_HEADER_SYNTAX", 62, '@}{}'),
    ("E_HEADER_SYNTAX", 9, "{'a':{}}"),
    ("E_HEADER_SYNTAX", 37, '{"a":{"dtype":"F32","shape":[2.0],"data_offsets":[0,8]}}'),
    ("E_HEADER_SYNTAX", 37, '{"a":{"dtype":"F32","shape":[-2],"data_offsets":[0,8]}}'),
    ("E_HEADER_SYNTAX", 37, '{"a":{"dtype":"F32","shape":[02],"data_offsets":[0,8]}}'),
    ("E_HEADER_SYNTAX", 37, '{"a":{"dtype":"F32","shape":[+2],"data_offsets":[0,8]}}'),
    ("E_HEADER_SYNTAX", 37, '{"a":{"dtype":"F32","shape":[1e1],"data_offsets":[0,8]}}'),
    ("E_HEADER_SYNTAX", 39, '{"a":{"dtype":"F32","shape":[2,"data_offsets":[0,8]}}'),
    ("E_HEADER_SYNTAX", 10, '{"\\ud800":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}'),
    ("E_HEADER_SYNTAX", 10, '{"\\x":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}'),
    ("E_HEADER_SYNTAX", 11, b'{"a\n":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}'),
    ("E_HEADER_SYNTAX", 39, '{"a":{"dtype":"F32","shape":[2,],"data_offsets":[0,8]}}'),
    ("E_HEADER_SYNTAX", 37, '{"a":{"dtype":"F32","shape":[NaN],"data_offsets":[0,8]}}'),
    ("E_HEADER_SYNTAX", 37, '{"a":{"dtype":"F32","shape":[-0],"data_offsets":[0,8]}}'),
    ("E_HEADER_SYNTAX", 8, b'\xef\xbb\xbf{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}'),
    ("E_HEADER_SYNTAX", 8, '/**/@}'),
    ("E_DEPTH", 37, '{"a":{"dtype":"F32","shape":[[2]],"data_offsets":[0,8]}}'),
    ("E_METADATA", 77, '@,"__metadata__":1}'),
    ("E_METADATA", 77, '@,"__metadata__":null}'),
    ("E_METADATA", 77, '@,"__metadata__":[]}'),
    ("E_METADATA", 77, '@,"__metadata__":"x"}'),
    ("E_METADATA", 82, '@,"__metadata__":{"k":1}}'),
    ("E_METADATA", 82, '@,"__metadata__":{"k":null}}'),
    ("E_METADATA", 82, '@,"__metadata__":{"k":{}}}'),
    ("E_METADATA", 82, '@,"__metadata__":{"k":["x"]}}'),
    ("E_DUPLICATE", 86, '@,"__metadata__":{"k":"1","k":"2"}}'),
    ("E_DUPLICATE", 86, '@,"__metadata__":{"k":"1","\\u006b":"2"}}'),
    ("E_DUPLICATE", 62, '@,"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}'),
    ("E_DUPLICATE", 62, '@,"\\u0061":{"dtype":"F32","shape":[0],"data_offsets":[8,8]}}'),
    ("E_DUPLICATE", 28, '{"a":{"dtype":"F32","dtype":"F32","shape":[2],"data_offsets":[0,8]}}'),
    ("E_NAME", 9, '{"a\\u0000b":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}'),
    ("E_DTYPE", 22, '{"a":{"dtype":"F128","shape":[2],"data_offsets":[0,8]}}'),
    ("E_DTYPE", 22, '{"a":{"dtype":"f32","shape":[2],"data_offsets":[0,8]}}'),
    ("E_DTYPE", 22, '{"a":{"dtype":"","shape":[2],"data_offsets":[0,8]}}'),
    ("E_DTYPE", 22, '{"a":{"dtype":"F8","shape":[2],"data_offsets":[0,8]}}'),
    ("E_DTYPE", 22, '{"a":{"dtype":"I4","shape":[2],"data_offsets":[0,8]}}'),
    ("E_DTYPE", 22, '{"a":{"dtype":"C128","shape":[2],"data_offsets":[0,8]}}'),
    ("E_DTYPE", 22, '{"a":{"dtype":"E4M3","shape":[2],"data_offsets":[0,8]}}'),
    ("E_TENSOR_INFO", 13, '{"a":1}'),
    ("E_TENSOR_INFO", 13, '{"a":null}'),
    ("E_TENSOR_INFO", 13, '{"a":[]}'),
    ("E_TENSOR_INFO", 9, '{"a":{}}'),
    ("E_TENSOR_INFO", 9, '{"a":{"dtype":"F32","shape":[2]}}'),
    ("E_TENSOR_INFO", 9, '{"a":{"dtype":"F32","data_offsets":[0,8]}}'),
    ("E_TENSOR_INFO", 9, '{"a":{"shape":[2],"data_offsets":[0,8]}}'),
    ("E_TENSOR_INFO", 61, '{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8],"x":1}}'),
    ("E_TENSOR_INFO", 22, '{"a":{"dtype":1,"shape":[2],"data_offsets":[0,8]}}'),
    ("E_TENSOR_INFO", 36, '{"a":{"dtype":"F32","shape":2,"data_offsets":[0,8]}}'),
    ("E_TENSOR_INFO", 55, '{"a":{"dtype":"F32","shape":[2],"data_offsets":[0]}}'),
    ("E_TENSOR_INFO", 61, '{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8,8]}}'),
    ("E_HEADER_SYNTAX", 37, '{"a":{"dtype":"F32","shape":["2"],"data_offsets":[0,8]}}'),
    ("E_TENSOR_INFO", 9, '{"a":{"dtype":"F32","shape":[3],"data_offsets":[0,8]}}'),
    ("E_TENSOR_INFO", 9, '{"a":{"dtype":"F64","shape":[2],"data_offsets":[0,8]}}'),
    ("E_TENSOR_INFO", 55, '{"a":{"dtype":"F32","shape":[2],"data_offsets":"x"}}'),
    ("E_OVERFLOW", 37, '{"a":{"dtype":"F32","shape":[9223372036854775808],"data_offsets":[0,8]}}'),
    ("E_OVERFLOW", 37, '{"a":{"dtype":"F32","shape":[18446744073709551616],"data_offsets":[0,8]}}'),
    ("E_OVERFLOW", 9, '{"a":{"dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,8]}}'),
    ("E_OVERFLOW", 9, '{"a":{"dtype":"F32","shape":[9223372036854775807],"data_offsets":[0,8]}}'),
    ("E_OVERFLOW", 9, '{"a":{"dtype":"F32","shape":[9223372036854775807,0],"data_offsets":[0,8]}}'),
    ("E_OVERFLOW", 9, '{"a":{"dtype":"F32","shape":[0,4294967296,4294967296],"data_offsets":[0,8]}}'),
    ("E_OVERFLOW", 58, '{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,99999999999999999999]}}'),
    ("E_MISALIGNED", 9, '{"a":{"dtype":"F4","shape":[3],"data_offsets":[0,2]}}'),
    ("E_MISALIGNED", 9, '{"a":{"dtype":"F6_E2M3","shape":[3],"data_offsets":[0,3]}}'),
    ("E_OFFSET", 9, '{"a":{"dtype":"F32","shape":[2],"data_offsets":[8,0]}}'),
    ("E_OFFSET", 62, '@,"b":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}'),
    ("E_OVERFLOW", 9, '{"a":{"dtype":"U8","shape":[4611686018427387904],"data_offsets":[0,4611686018427387904]}}'),
]

def npy(header, data=bytes(24), major=1, minor=0, length=None):
    front = 10 if major == 1 else 12
    text = header.encode("latin-1") if isinstance(header, str) else header
    text += b" " * (-(front + len(text) + 1) % 64) + b"\n"
    size = struct.pack("<H" if major == 1 else "<I", len(text) if length is None else length)
    return b"\x93NUMPY" + bytes([major, minor]) + size + text + data


def npy_header(descr="'<f4'", shape="(2, 3)"):
    return "{'descr': %s, 'fortran_order': False, 'shape': %s, }" % (descr, shape)


def npy_rows():
    good = npy(npy_header())
    yield "E_MAGIC", 0, b"\x92" + good[1:]
    yield "E_MAGIC", 0, b"x" + good
    yield "E_MAGIC", 5, b"\x93NUMPx" + good[6:]
    yield "E_MAGIC", 1, b"\x93numpy" + good[6:]
    yield "E_MAGIC", 1, good[:1]
    yield "E_MAGIC", 5, good[:5]
    yield "E_MAGIC", 7, good[:7]
    for version in ((1, 1), (0, 0), (0, 1), (2, 2), (4, 0), (255, 255)):
        yield "E_VERSION", 6, b"\x93NUMPY" + bytes(version) + good[8:]
    for size in (9, 40, 128, 151):
        yield "E_TRUNCATED", size, good[:size]
    yield "E_TRUNCATED", 11, npy(npy_header(), major=2)[:11]
    yield "E_HEADER_TOO_LARGE", 8, npy(npy_header() + " " * 10000)
    yield "E_HEADER_TOO_LARGE", 8, npy(npy_header() + " " * 70000, major=2)
    yield "E_TRUNCATED", 128, npy(npy_header(), b"", 2, length=0xFFFFFFFF)
    yield "E_TRAILING", 152, good + b"x"
    yield "E_TRAILING", 128, npy(npy_header(shape="(0,)"), b"x")
    yield "E_HEADER_SYNTAX", 25, npy(b"{'descr': [('\xe9','<f4')], 'fortran_order': False, 'shape': (6,), }", major=3)
    yield "E_SHAPE", 189, npy(npy_header(shape="(" + "1," * 65 + ")"))
    yield "E_DEPTH", 111, npy(npy_header("[('a'," * 33 + "'<f4'" + ")]" * 33))
    for code, offset, header in NPY_HEADERS:
        yield code, offset, npy(header)
    for code, offset, descr in NPY_DESCRS:
        yield code, offset, npy(npy_header(descr))
    for code, offset, shape in NPY_SHAPES:
        yield code, offset, npy(npy_header(shape=shape))


def safetensors(header, data=bytes(8), length=None):
    text = header.encode() if isinstance(header, str) else header
    return struct.pack("<Q", len(text) if length is None else length) + text + data


def safetensors_rows():
    tensor = '{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}'
    two = tensor + ',"b":{"dtype":"F32","shape":[2],"data_offsets":[%d,%d]}}'
    good = tensor + "}"
    yield "E_HEADER_TOO_SMALL", 0, b""
    yield "E_HEADER_TOO_SMALL", 7, bytes(7)
    for length in (100000001, 2**63, 2**64 - 1):
        yield "E_HEADER_TOO_LARGE", 0, safetensors(good, length=length)
    for length in (len(good) + 9, 100000000):
        yield "E_HEADER_LENGTH", 0, safetensors(good, length=length)
    yield "E_TENSOR_INFO", 13, safetensors('{"a":' + "[" * 100000 + "]" * 100000 + "}")
    yield "E_TENSOR_INFO", 14, safetensors('{"a":' * 50000 + "1" + "}" * 50000)
    yield "E_DUPLICATE", 27, safetensors('{"__metadata__":{},"__metadata__":{}}')
    yield "E_NAME", 9, safetensors('{"%s":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}' % ("n" * 65537))
    yield "E_SHAPE", 166, safetensors(good.replace("[2]", "[" + "1," * 64 + "2]"))
    yield "E_OFFSET", 9, safetensors(good.replace("[0,8]", "[8,16]"), bytes(16))
    yield "E_OFFSET", 62, safetensors(two % (4, 12), bytes(12))
    yield "E_OFFSET", 62, safetensors(two % (12, 20), bytes(20))
    yield "E_INCOMPLETE", 70, safetensors(good, bytes(9))
    yield "E_INCOMPLETE", 69, safetensors(good, bytes(7))
    yield "E_INCOMPLETE", 10, safetensors("{}", b"x")
    for code, offset, header in SAFETENSORS_HEADERS:
        yield code, offset, safetensors(header.replace("@", tensor) if isinstance(header, str) else header)


def csv_rows():
    yield "E_RAGGED", 4, b"a,b\n1\n"
    yield "E_RAGGED", 4, b"a,b\n1,2,3\n"
    yield "E_RAGGED", 8, b"a,b\r\n\r\n\n1\r\n"
    yield "E_RAGGED", 9, b"a,b\n1,22\n1,2,3"
    yield "E_QUOTE", 0, b'"'
    yield "E_QUOTE", 4, b'a,b\n"1,2\n'
    yield "E_QUOTE", 6, b'a,b\n1,"\n'
    yield "E_QUOTE", 6, b'a,b\n1,"""\n'
    yield "E_QUOTE", 7, b'a,b\n"1"x,2\n'
    yield "E_QUOTE", 7, b'a,b\n"1" ,2\n'
    yield "E_LINE_TOO_LONG", 2, b"a\n" + b"x" * 2000001 + b"\n"
    yield "E_LINE_TOO_LONG", 2, b'a\n"' + b"x\n" * 1000000 + b'"\n'
    yield "E_OVERFLOW", 0, b",".join(b"c%d" % i for i in range(65537)) + b"\n"
    for encoding in ("utf-16-le", "utf-16-be", "utf-32-le"):
        yield "E_ENCODING", 0, "\ufeffa,b\n1,2\n".encode(encoding)


FORMATS = {"npy": npy_rows, "safetensors": safetensors_rows, "csv": csv_rows}
with open("rows", "w") as rows:
    for number, (code, offset, content) in enumerate(FORMATS[sys.argv[1]]()):
        name = "%03d.%s" % (number, sys.argv[1])
        with open(name, "wb") as file:
            file.write(content)
        rows.write("%s %s %d\n" % (name, code, offset))
