#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes the log of a store longer: long_log.py STORE NUMBER adds commits that say nothing, up to commit NUMBER."""
import hashlib
import os
import sys


def add_commit(folder, number, previous):
    body = ('{"number":%d,"previous":"%s","time":"2026-01-01T00:00:00Z","write_id":"%032x"}'
            % (number, previous, number)).encode()
    digest = hashlib.sha256(body).hexdigest()
    with open(os.path.join(folder, "%020d" % number), "xb") as file:
        file.write(b"kist-log 1 %s %d\n" % (digest.encode(), len(body)) + body)
    return digest


def main():
    folder = os.path.join(sys.argv[1], "log")
    os.makedirs(folder, exist_ok=True)
    head = max((int(name) for name in os.listdir(folder)), default=0)
    digest = "0" * 64
    if head:
        with open(os.path.join(folder, "%020d" % head), "rb") as file:
            digest = file.read(75)[11:].decode()
    for number in range(head + 1, int(sys.argv[2]) + 1):
        digest = add_commit(folder, number, digest)


main()
