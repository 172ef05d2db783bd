"""Writes, into the working folder of make.sh, the containers that the openssl program does not write."""
import base64, os, subprocess, zipfile


def read(name):
    with open(name, "rb") as f:
        return f.read()


def tlv(tag, body):
    n = len(body)
    if n < 128:
        size = bytes([n])
    else:
        raw = n.to_bytes((n.bit_length() + 7) // 8, "big")
        size = bytes([0x80 | len(raw)]) + raw
    return bytes([tag]) + size + body


def indefinite(tag, body):
    return bytes([tag, 0x80]) + body + b"\0\0"


def oid(text):
    first, second, *rest = map(int, text.split("."))
    out = bytes([first * 40 + second])
    for value in rest:
        part = [value & 0x7F]
        value >>= 7
        while value:
            part.append(0x80 | value & 0x7F)
            value >>= 7
        out += bytes(reversed(part))
    return tlv(0x06, out)


def sequence(*items):
    return tlv(0x30, b"".join(items))


DATA, SIGNED = oid("1.2.840.113549.1.7.1"), oid("1.2.840.113549.1.7.2")
ONE = b"\x02\x01\x01"


def certs_only(certs, certificates=True):
    held = tlv(0xA0, b"".join(certs)) if certificates else b""
    signed = sequence(ONE, tlv(0x31, b""), sequence(DATA), held, tlv(0x31, b""))
    return sequence(SIGNED, tlv(0xA0, signed))


def certs_only_ber(certs):
    signed = indefinite(0x30, ONE + tlv(0x31, b"") + indefinite(0x30, DATA) + indefinite(0xA0, b"".join(certs)) + tlv(0x31, b""))
    return indefinite(0x30, SIGNED + indefinite(0xA0, signed))


def pem(der, label="CERTIFICATE", eol="\n"):
    text = base64.b64encode(der).decode()
    lines = [text[i:i + 64] for i in range(0, len(text), 64)]
    return "".join(line + eol for line in [f"-----BEGIN {label}-----", *lines, f"-----END {label}-----"]).encode()


def wrapped(der, width, eol):
    text = base64.b64encode(der)
    return eol.join(text[i:i + width] for i in range(0, len(text), width)) + eol


os.makedirs("made-files", exist_ok=True)


def write(name, data):
    with open(os.path.join("made-files", name), "wb") as f:
        f.write(data)


root, issuing, issuing_ec = read("root.der"), read("issuing-rsa.der"), read("issuing-p256.der")
leaf, leaf_ec, other, changed, unrelated = (read(f"{n}.der") for n in ["device-rsa", "device-p256", "other-key", "other-subject", "unrelated"])

# Certs-only PKCS #7
write("chain.p7", certs_only([leaf, issuing, root]))
write("chain-p256.p7", certs_only([leaf_ec, issuing_ec, root]))
# This is also the order of DER for a SET: by the octets, so the shortest certificate first.
write("chain-reversed.p7", certs_only([root, issuing, leaf]))
write("chain-shuffled.p7", certs_only([issuing, leaf, root]))
write("chain-ber.p7", certs_only_ber([issuing, leaf, root]))
write("chain-duplicates.p7", certs_only([leaf, issuing, leaf, root, issuing]))
write("chain-with-unrelated.p7", certs_only([unrelated, leaf, issuing, root]))
write("chain-gap.p7", certs_only([root, leaf]))
write("chain-other-key.p7", certs_only([other, issuing, root]))
write("chain-two-leaves.p7", certs_only([other, leaf, issuing, root]))
write("chain-changed-subject.p7", certs_only([changed, issuing, root]))
write("leaf-only.p7", certs_only([leaf]))
write("without-leaf.p7", certs_only([issuing, root]))
write("empty.p7", certs_only([]))
write("absent.p7", certs_only([], certificates=False))
write("chain-truncated.p7", certs_only([leaf, issuing, root])[:1200])
write("chain-trailing.p7", certs_only([leaf, issuing, root]) + b"\0\0\0\0")
write("chain.p7.b64", wrapped(certs_only([leaf, issuing, root]), 76, b"\r\n"))
write("chain.p7.pem", pem(certs_only([leaf, issuing, root]), "PKCS7"))
# A length of four octets that promises 2 GiB.
write("length-lies.p7", b"\x30\x84\x7f\xff\xff\xff" + certs_only([leaf])[4:200])

# PEM chains
write("chain.pem", pem(leaf) + pem(issuing) + pem(root))
write("chain-p256.pem", pem(leaf_ec) + pem(issuing_ec) + pem(root))
write("chain-reversed.pem", pem(root) + pem(issuing) + pem(leaf))
write("chain-crlf.pem", pem(leaf, eol="\r\n") + pem(issuing, eol="\r\n") + pem(root, eol="\r\n"))
write("chain-with-text.pem", b"subject=CN = Golden\nissuer=CN = Golden\n" + pem(leaf) + b"\nBag Attributes\n" + pem(issuing) + pem(root)[:-1])
write("leaf.pem", pem(leaf))
write("leaf-and-issuer.pem", pem(leaf) + pem(issuing))
write("chain-truncated.pem", pem(leaf) + pem(issuing)[:-40])
write("chain-with-key-armour.pem", pem(leaf) + pem(b"\x30\x03\x02\x01\x00", "PRIVATE KEY"))

# One certificate, not in DER
write("leaf.b64", base64.b64encode(leaf))
write("leaf-wrapped.b64", wrapped(leaf, 64, b"\n"))
write("leaf-truncated.der", leaf[:-100])
write("leaf-trailing.der", leaf + b"\r\n")
write("two-certificates.der", leaf + issuing)

# Requests a caller may hand over
csr = read("device-rsa.csr.der")
write("device-rsa.csr-new.pem", pem(csr, "NEW CERTIFICATE REQUEST"))
write("device-rsa.csr-text.pem", b"Certificate Request:\n    Data:\n        Version: 1 (0x0)\n" + pem(csr, "CERTIFICATE REQUEST", "\r\n"))
write("device-rsa.csr-twice.pem", pem(csr, "CERTIFICATE REQUEST") * 2)
write("device-rsa.csr-trailing.der", csr + b"\0")
write("device-rsa.csr-truncated.der", csr[:-1])
write("device-rsa.csr-bad-signature.der", csr[:-1] + bytes([csr[-1] ^ 1]))

# ZIP archives
def archive(name, members, level=zipfile.ZIP_DEFLATED):
    with zipfile.ZipFile(os.path.join("made-files", name), "w", level) as z:
        for member, data in members:
            info = zipfile.ZipInfo(member, (2024, 1, 1, 0, 0, 0))
            info.compress_type = level
            z.writestr(info, data)


archive("chain.zip", [("certificate.cer", leaf), ("issuer.cer", issuing), ("root.cer", root)])
archive("chain-stored.zip", [("0.der", leaf), ("1.der", issuing), ("2.der", root)], zipfile.ZIP_STORED)
archive("chain-pem-members.zip", [("Türschloss Nord 7.pem", pem(leaf)), ("Golden Issuing CA.pem", pem(issuing))])
archive("chain-folders.zip", [("certs/", b""), ("certs/ca/root.crt", root), ("certs/ca/issuing.crt", issuing), ("certs/ee/4711.crt", leaf)])
archive("chain-readme.zip", [("README.txt", b"not a certificate\n"), ("4711.cer", leaf), ("ca.cer", issuing)])
archive("chain-p7-member.zip", [("4711.p7b", certs_only([issuing, leaf, root]))])
archive("hostile-names.zip", [("../../outside.cer", leaf), ("/etc/absolute.cer", issuing), ("C:\\drive.cer", root)])
archive("other-key.zip", [("certificate.cer", other), ("issuer.cer", issuing)])
archive("empty.zip", [])
archive("no-certificate.zip", [("README.txt", b"nothing here\n")])
archive("bomb.zip", [("certificate.cer", b"\0" * (16 << 20))])
whole = read("made-files/chain.zip")
write("truncated.zip", whole[:len(whole) // 2])

# An X.509 attribute certificate (RFC 5755) whose holder is device-rsa, signed by the RSA issuing CA.
def field(der, at):
    """Tag, start of content, end of the element at an offset."""
    size, start = der[at + 1], at + 2
    if size & 0x80:
        n = size & 0x7F
        size, start = int.from_bytes(der[start:start + n], "big"), start + n
    return der[at], start, start + size


def subject_of(cert):
    _, tbs, _ = field(cert, 0)
    _, at, _ = field(cert, tbs)
    for _ in range(5):                     # [0] version, serial, algorithm, issuer, validity
        at = field(cert, at)[2]
    return cert[at:field(cert, at)[2]]


def names(name):
    return tlv(0xA4, name)                 # GeneralName: directoryName [4]


rsa_sha256 = sequence(oid("1.2.840.113549.1.1.11"), b"\x05\x00")
serial = tlv(0x02, bytes.fromhex("5A0102030405060708090A0B0C0D0E0F10111213"))
role = sequence(oid("2.5.4.72"), tlv(0x31, sequence(tlv(0xA1, tlv(0x86, b"urn:golden:role:maintenance")))))
info = sequence(
    ONE,
    sequence(tlv(0xA0, sequence(names(subject_of(issuing))) + serial)),
    tlv(0xA0, sequence(names(subject_of(issuing)))),
    rsa_sha256,
    tlv(0x02, b"\x30\x01"),
    sequence(tlv(0x18, b"20240101000000Z"), tlv(0x18, b"20491231235959Z")),
    sequence(role),
)
with open("info.der", "wb") as f:
    f.write(info)
subprocess.run(["openssl", "dgst", "-sha256", "-sign", "issuing-rsa.key", "-out", "info.sig", "info.der"], check=True)
attribute = sequence(info, rsa_sha256, tlv(0x03, b"\0" + read("info.sig")))
write("attribute.der", attribute)
# In CertificateSet an attribute certificate of version 2 has the tag [2].
write("attribute.p7", certs_only([issuing, b"\xa2" + attribute[1:]]))
