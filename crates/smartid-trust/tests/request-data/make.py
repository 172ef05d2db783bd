#!/usr/bin/env python3
"""Makes the requests that no program makes willingly: SHA-1, and version 2 as in the vendor's published example. Needs openssl 3."""
import pathlib, subprocess, tempfile

here = pathlib.Path(__file__).parent
SUBJECT = "/C=SE/O=Example/OU=One/OU=Two/CN=Test User/privateId=private"
CONFIG = "oid_section = oids\n[oids]\nprivateId = 1.3.6.1.4.1.99999.1\n[req]\ndistinguished_name = name\n[name]\n"


def run(*arguments, **options):
    return subprocess.run(["openssl", *arguments], check=True, capture_output=True, **options).stdout


def tlv(tag, contents):
    length = len(contents)
    if length < 128:
        return bytes([tag, length]) + contents
    octets = length.to_bytes((length.bit_length() + 7) // 8, "big")
    return bytes([tag, 0x80 | len(octets)]) + octets + contents


def parts(der):
    """The elements inside a sequence, whole."""
    def header(at):
        first = der[at + 1]
        if first < 128:
            return at + 2, first
        count = first & 0x7F
        return at + 2 + count, int.from_bytes(der[at + 2 : at + 2 + count], "big")
    at, _ = header(0)
    found = []
    while at < len(der):
        start, length = header(at)
        found.append(der[at : start + length])
        at = start + length
    return found


with tempfile.TemporaryDirectory() as folder:
    config = f"{folder}/config"
    pathlib.Path(config).write_text(CONFIG)
    for name in ("template", "answer"):
        key = f"{folder}/{name}.key"
        run("genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048", "-out", key)
        plain = run("req", "-new", "-config", config, "-key", key, "-sha1", "-subj", SUBJECT, "-outform", "DER", "-addext", "subjectAltName=email:user@example.com")
        (here / f"{name}-sha1.der").write_bytes(plain)
        info, algorithm, _ = parts(plain)
        inside = parts(info)
        assert inside[0] == bytes([2, 1, 0])
        info = tlv(0x30, b"".join([bytes([2, 1, 2]), *inside[1:]]))
        signature = run("dgst", "-sha1", "-sign", key, input=info)
        (here / f"{name}-version2-sha1.der").write_bytes(tlv(0x30, info + algorithm + tlv(3, b"\0" + signature)))
