#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""FastCDC 2020 once more, plainly: writes cdc_vectors.h, or with FILE AVERAGE [MAX] the cuts of that file."""
import hashlib
import sys

# The published table: MD5 of the byte, 64 times over.
GEAR = [int.from_bytes(hashlib.md5(bytes([i]) * 64).digest()[:8], "big") for i in range(256)]
# Of the published profile, by the number of bits of the average size.
MASKS = {
    6: 0x1803110, 7: 0x18035100, 8: 0x1800035300, 9: 0x19000353000, 10: 0x590003530000,
    11: 0xD90003530000, 12: 0xD90103530000, 13: 0xD90303530000, 14: 0xD90313530000,
    15: 0xD90F03530000, 16: 0xD90303537000, 17: 0xD90703537000, 18: 0xD90707537000,
    19: 0xD91707537000, 20: 0xD91747537000, 21: 0xD91767537000, 22: 0xD93767537000,
}


def cut(data, start, minimum, average, maximum):
    """Bytes of the chunk that begins at start."""
    left = len(data) - start
    if left <= minimum:
        return left
    left = min(left, maximum)
    bits = average.bit_length() - 1
    strict, loose = MASKS[bits + 2], MASKS[bits - 2]
    center = min(average, left)
    value = 0
    for at in range(minimum // 2 * 2, left // 2 * 2):
        value = (value * 2 + GEAR[data[start + at]]) % 2**64
        if value & (strict if at < center // 2 * 2 else loose) == 0:
            return at
    return left


def cuts(data, average, maximum=None):
    start = 0
    while start < len(data):
        size = cut(data, start, average // 4, average, maximum or 4 * average)
        yield size
        start += size


def noise(size, seed):
    """The same bytes as fill_noise() of fixture.h."""
    made = bytearray(size)
    for i in range(size):
        seed = (seed * 1664525 + 1013904223) % 2**32
        made[i] = seed >> 24
    return bytes(made)


# Average, size, seed, what the data are.
CASES = [
    (256, 20001, 1, "noise"), (256, 20000, 2, "noise"), (1024, 60003, 3, "noise"), (4096, 300007, 4, "noise"),
    (16384, 800000, 5, "noise"), (65536, 1500001, 6, "noise"), (524288, 4500000, 7, "noise"),
    (256, 9000, 8, "zeros"), (256, 64, 9, "noise"), (256, 65, 10, "noise"), (256, 66, 11, "noise"),
    (1024, 40000, 12, "text"),
]


def data_of(size, seed, kind):
    if kind == "zeros":
        return bytes(size)
    made = noise(size, seed)
    return made if kind == "noise" else bytes(97 + b % 26 if b > 40 else 32 for b in made)


def main():
    if len(sys.argv) > 2:
        with open(sys.argv[1], "rb") as file:
            for size in cuts(file.read(), int(sys.argv[2]), *map(int, sys.argv[3:4])):
                print(size)
        return
    print("/* SPDX-License-Identifier: Apache-2.0 */")
    print("/* Made by cdc_vectors.py: average, size, seed, kind, then the chunks. */")
    for number, (average, size, seed, kind) in enumerate(CASES):
        made = list(cuts(data_of(size, seed, kind), average))
        print(f"static const uint32_t cuts_{number}[] = {{")
        for at in range(0, len(made), 10):
            print("\t" + ", ".join(map(str, made[at:at + 10])) + ",")
        print("};")
    print("static const struct vector vectors[] = {")
    for number, (average, size, seed, kind) in enumerate(CASES):
        print(f'\t{{ {average}, {size}, {seed}, \'{kind[0]}\', cuts_{number}, '
              f'sizeof(cuts_{number}) / sizeof(cuts_{number}[0]) }},')
    print("};")


main()
