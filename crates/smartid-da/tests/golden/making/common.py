"""What the generators of the golden files share: seeded bytes, keys, CBOR, DER, certificates, WebAuthn documents, TOML.

Every key, identifier and challenge comes from a seed, ECDSA is used in its deterministic form, the salt of RSA-PSS is seeded too and all
dates are fixed, so that a second run gives the same bytes. CBOR, DER and certificates have writers of their own, because
half of the fixtures need forms that no library would write. Nothing here is derived from the Rust code.
"""

import base64
import hashlib
import json
import os
import random
import struct

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed

RP_ID = "login.example.test"
ORIGIN = "https://login.example.test"
UP, UV, BE, BS, AT, ED = 0x01, 0x04, 0x08, 0x10, 0x40, 0x80
ALGS = [-7, -8, -35, -36, -257, -258, -259]


# ---------------------------------------------------------------- small functions
def b64u(b):
    return base64.urlsafe_b64encode(b).rstrip(b"=").decode()


def unb64u(s):
    return base64.urlsafe_b64decode(s + "=" * (-len(s) % 4))


def compact(o):
    return json.dumps(o, separators=(",", ":"), ensure_ascii=False)


def seed(label, n):
    return hashlib.shake_256(b"golden " + label.encode()).digest(n)


def sha256(b):
    return hashlib.sha256(b).digest()


# ---------------------------------------------------------------- CBOR writer
class Raw(bytes):
    """Bytes that are CBOR already."""


class Pairs(list):
    """A map whose members keep their order and may repeat."""


def head(major, n):
    if n < 24:
        return bytes([major << 5 | n])
    for info, fmt, top in ((24, ">B", 1 << 8), (25, ">H", 1 << 16), (26, ">I", 1 << 32), (27, ">Q", 1 << 64)):
        if n < top:
            return bytes([major << 5 | info]) + struct.pack(fmt, n)
    raise ValueError(n)


def cbor(v):
    if isinstance(v, Raw):
        return bytes(v)
    if v is True or v is False or v is None:
        return {True: b"\xf5", False: b"\xf4", None: b"\xf6"}[v]
    if isinstance(v, int):
        return head(0, v) if v >= 0 else head(1, -1 - v)
    if isinstance(v, bytes):
        return head(2, len(v)) + v
    if isinstance(v, str):
        return head(3, len(v.encode())) + v.encode()
    if isinstance(v, Pairs):
        return head(5, len(v)) + b"".join(cbor(k) + cbor(x) for k, x in v)
    if isinstance(v, list):
        return head(4, len(v)) + b"".join(map(cbor, v))
    if isinstance(v, dict):
        return head(5, len(v)) + b"".join(cbor(k) + cbor(x) for k, x in v.items())
    raise TypeError(type(v))


# ---------------------------------------------------------------- keys
HASH = {"sha1": hashes.SHA1(), "sha256": hashes.SHA256(), "sha384": hashes.SHA384(), "sha512": hashes.SHA512()}


class Key:
    def spki(self):
        return self.key.public_key().public_bytes(
            serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
        )

    def pkcs8_pem(self):
        return self.key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )


class EcKey(Key):
    kty = "EC"
    TABLE = {
        -7: (ec.SECP256R1(), "sha256", 1, 32, "P-256"),
        -35: (ec.SECP384R1(), "sha384", 2, 48, "P-384"),
        -36: (ec.SECP521R1(), "sha512", 3, 66, "P-521"),
    }

    def __init__(self, label, alg=-7):
        curve, self.hash, self.crv, self.size, self.jwk_crv = self.TABLE[alg]
        self.alg = alg
        self.key = ec.derive_private_key(int.from_bytes(seed("ec " + label, 31), "big"), curve)

    def xy(self):
        n = self.key.public_key().public_numbers()
        return n.x.to_bytes(self.size, "big"), n.y.to_bytes(self.size, "big")

    def cose(self):
        x, y = self.xy()
        return {1: 2, 3: self.alg, -1: self.crv, -2: x, -3: y}

    def sign(self, data, hash=None):
        return self.key.sign(data, ec.ECDSA(HASH[hash or self.hash], deterministic_signing=True))


class EdKey(Key):
    kty = "OKP"
    alg = -8

    def __init__(self, label):
        self.key = ed25519.Ed25519PrivateKey.from_private_bytes(seed("ed " + label, 32))

    def raw(self):
        return self.key.public_key().public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)

    def cose(self):
        return {1: 1, 3: -8, -1: 6, -2: self.raw()}

    def sign(self, data, hash=None):
        return self.key.sign(data)


def prime(rng, bits):
    while True:
        n = rng.getrandbits(bits) | 1 | 3 << (bits - 2)
        if any(n % p == 0 for p in (3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37)) or (n - 1) % 65537 == 0:
            continue
        d, s = n - 1, 0
        while d % 2 == 0:
            d, s = d // 2, s + 1
        for _ in range(32):
            x = pow(rng.randrange(2, n - 1), d, n)
            if x in (1, n - 1):
                continue
            for _ in range(s - 1):
                x = x * x % n
                if x == n - 1:
                    break
            else:
                break
        else:
            return n


class RsaKey(Key):
    kty = "RSA"

    def __init__(self, label, bits=2048, alg=-257):
        rng = random.Random("golden rsa " + label)
        p, q = prime(rng, bits // 2), prime(rng, bits // 2)
        self.alg, self.n, self.size = alg, p * q, bits // 8
        self.d = pow(65537, -1, (p - 1) * (q - 1))
        pub = rsa.RSAPublicNumbers(65537, self.n)
        self.key = rsa.RSAPrivateNumbers(
            p, q, self.d, rsa.rsa_crt_dmp1(self.d, p), rsa.rsa_crt_dmq1(self.d, q), rsa.rsa_crt_iqmp(p, q), pub
        ).private_key()
        self.hash = {-257: "sha256", -258: "sha384", -259: "sha512", -65535: "sha1"}[alg]

    def cose(self):
        return {1: 3, 3: self.alg, -1: self.n.to_bytes(self.size, "big"), -2: b"\x01\x00\x01"}

    def sign(self, data, hash=None):
        hash = hash or self.hash
        if hash == "sha1":  # written out, libraries refuse to make such signatures
            info = bytes.fromhex("3021300906052b0e03021a05000414") + hashlib.sha1(data).digest()
            em = b"\x00\x01" + b"\xff" * (self.size - len(info) - 3) + b"\x00" + info
            return pow(int.from_bytes(em, "big"), self.d, self.n).to_bytes(self.size, "big")
        return self.key.sign(data, padding.PKCS1v15(), HASH[hash])

    def sign_pss(self, data, hash="sha256"):
        """RSASSA-PSS with a salt that comes from the data, as long as the hash (RFC 8017, 9.1.1)."""
        h = lambda b: hashlib.new(hash, b).digest()
        size = len(h(b""))
        salt = seed("salt " + h(data).hex(), size)
        inner = h(bytes(8) + h(data) + salt)
        bits = self.n.bit_length() - 1
        length = (bits + 7) // 8
        db = bytes(length - 2 * size - 2) + b"\x01" + salt
        mask = b"".join(h(inner + struct.pack(">I", i)) for i in range((len(db) + size - 1) // size))[: len(db)]
        em = bytearray(a ^ b for a, b in zip(db, mask)) + inner + b"\xbc"
        em[0] &= 0xFF >> (8 * length - bits)
        return pow(int.from_bytes(bytes(em), "big"), self.d, self.n).to_bytes(self.size, "big")


# ---------------------------------------------------------------- DER writer
def tlv(tag, *content):
    body = b"".join(content)
    n = len(body)
    length = bytes([n]) if n < 128 else bytes([0x80 | (n.bit_length() + 7) // 8]) + n.to_bytes((n.bit_length() + 7) // 8, "big")
    return (bytes([tag]) if isinstance(tag, int) else tag) + length + body


def seq(*c):
    return tlv(0x30, *c)


def set_(*c):
    return tlv(0x31, *c)


def ctx(n, *c, constructed=True):
    first = 0x80 | (0x20 if constructed else 0)
    if n < 31:
        return tlv(first | n, *c)
    more = [n & 0x7F]
    while n > 127:
        n >>= 7
        more.insert(0, n & 0x7F | 0x80)
    return tlv(bytes([first | 31, *more]), *c)


def integer(n):
    return tlv(2, n.to_bytes(n.bit_length() // 8 + 1, "big"))


def enumerated(n):
    return tlv(10, bytes([n]))


def boolean(b):
    return tlv(1, b"\xff" if b else b"\x00")


def octets(b):
    return tlv(4, b)


def bits(b):
    return tlv(3, b"\x00", b)


def utf8(s):
    return tlv(12, s.encode())


def printable(s):
    return tlv(19, s.encode())


def ia5(s):
    return tlv(22, s.encode("utf-8"))


def bmp(s):
    return tlv(30, s.encode("utf-16-be"))


def t61(s):
    return tlv(20, s.encode("latin-1"))


def oid(text):
    a = [int(x) for x in text.split(".")]
    out = b""
    for n in [a[0] * 40 + a[1], *a[2:]]:
        part = bytes([n & 0x7F])
        while n > 127:
            n >>= 7
            part = bytes([n & 0x7F | 0x80]) + part
        out += part
    return tlv(6, out)


NULL = tlv(5)


# ---------------------------------------------------------------- certificates
ATTR = {
    "C": "2.5.4.6", "O": "2.5.4.10", "OU": "2.5.4.11", "CN": "2.5.4.3", "SERIALNUMBER": "2.5.4.5", "UID": "0.9.2342.19200300.100.1.1",
    "E": "1.2.840.113549.1.9.1", "DC": "0.9.2342.19200300.100.1.25", "GN": "2.5.4.42", "SN": "2.5.4.4", "T": "2.5.4.12", "L": "2.5.4.7",
    "ST": "2.5.4.8", "ORGID": "2.5.4.97",
}


def attribute(kind, value):
    if isinstance(value, bytes):  # a value that is DER already
        v = value
    elif kind in ("C", "SERIALNUMBER"):
        v = printable(value)
    elif kind in ("E", "DC"):
        v = ia5(value)
    else:
        v = utf8(value)
    return seq(oid(ATTR.get(kind, kind)), v)


def name(parts):
    """A list of (type, value); a list inside the list is one RDN with several attributes."""
    out = []
    for p in parts:
        group = p if isinstance(p, list) else [p]
        out.append(set_(*sorted(attribute(k, v) for k, v in group)))
    return seq(*out)


def time(iso):
    y, rest = iso[:4], iso[2:].replace("-", "").replace("T", "").replace(":", "")
    return tlv(23, rest.encode()) if "1950" <= y < "2050" else tlv(24, (iso[:2] + rest).encode())


def algorithm(key):
    if isinstance(key, EcKey):
        return seq(oid({"sha256": "1.2.840.10045.4.3.2", "sha384": "1.2.840.10045.4.3.3", "sha512": "1.2.840.10045.4.3.4"}[key.hash]))
    if isinstance(key, EdKey):
        return seq(oid("1.3.101.112"))
    return seq(oid("1.2.840.113549.1.1.11"), NULL)


def ext(o, value, critical=False):
    return seq(oid(o), *([boolean(True)] if critical else []), octets(value))


def basic_constraints(ca, critical=True):
    return ext("2.5.29.19", seq(*([boolean(True)] if ca else [])), critical)


def key_usage(*names, critical=True):
    order = ["digitalSignature", "nonRepudiation", "keyEncipherment", "dataEncipherment", "keyAgreement", "keyCertSign", "cRLSign"]
    v = 0
    for n in names:
        v |= 0x80 >> order.index(n)
    unused = (v & -v).bit_length() - 1
    return ext("2.5.29.15", tlv(3, bytes([unused, v])), critical)


def eku(*oids):
    return ext("2.5.29.37", seq(*[oid(o) for o in oids]))


def san(*names, critical=False):
    """Names are (kind, value): email, dns, uri, dir (a list as for name()), upn, ip, rid, other (oid, der), raw."""
    out = []
    for k, v in names:
        if k in ("email", "dns", "uri"):
            out.append(ctx({"email": 1, "dns": 2, "uri": 6}[k], v if isinstance(v, bytes) else v.encode(), constructed=False))
        elif k == "dir":
            out.append(ctx(4, name(v)))
        elif k == "upn":
            out.append(ctx(0, oid("1.3.6.1.4.1.311.20.2.3"), ctx(0, v if isinstance(v, bytes) else utf8(v))))
        elif k == "other":
            out.append(ctx(0, oid(v[0]), ctx(0, v[1])))
        elif k == "ip":
            out.append(ctx(7, v, constructed=False))
        elif k == "rid":
            out.append(ctx(8, oid(v)[2:], constructed=False))
        else:
            out.append(v)
    return ext("2.5.29.17", seq(*out), critical)


def certificate(label, subject, issuer, issuer_key, key, exts=(), version=3, start="2025-01-01T00:00:00Z", end="2075-01-01T00:00:00Z"):
    alg = algorithm(issuer_key)
    serial = int.from_bytes(seed("serial " + label, 8), "big") >> 1
    tbs = seq(
        *([ctx(0, integer(version - 1))] if version > 1 else []),
        integer(serial), alg, name(issuer), seq(time(start), time(end)), name(subject), key.spki(),
        *([ctx(3, seq(*exts))] if exts else []),
    )
    sig = issuer_key.sign(tbs, "sha256") if isinstance(issuer_key, RsaKey) else issuer_key.sign(tbs)
    return seq(tbs, alg, bits(sig))


def pem(der, label="CERTIFICATE"):
    text = base64.b64encode(der).decode()
    lines = [text[i:i + 64] for i in range(0, len(text), 64)]
    return ("-----BEGIN %s-----\n%s\n-----END %s-----\n" % (label, "\n".join(lines), label)).encode()


# ---------------------------------------------------------------- WebAuthn documents
def options(challenge, algs=ALGS, uv="preferred", attestation="direct", exclude=(), **more):
    o = {
        "rp": {"name": "Example Login", "id": RP_ID},
        "user": {"name": "alice", "displayName": "Alice Example", "id": b64u(seed("user alice", 16))},
        "challenge": b64u(challenge),
        "pubKeyCredParams": [{"alg": a, "type": "public-key"} for a in algs],
        "excludeCredentials": list(exclude),
        "authenticatorSelection": {
            "authenticatorAttachment": "cross-platform",
            "requireResidentKey": True,
            "residentKey": "required",
            "userVerification": uv,
        },
        "attestation": attestation,
        "extensions": {"credProps": True},
    }
    o.update(more)
    return o


def client_data(challenge, **over):
    o = {"type": "webauthn.create", "challenge": b64u(challenge), "origin": ORIGIN, "crossOrigin": False}
    o.update(over)
    return compact({k: v for k, v in o.items() if v is not None}).encode()


def auth_data(key=None, cred=b"", cose=None, flags=UP | UV | AT, rp=RP_ID, aaguid=bytes(16), count=7, more=b""):
    cose = cbor(key.cose() if cose is None else cose)
    return sha256(rp.encode()) + bytes([flags]) + struct.pack(">I", count) + aaguid + struct.pack(">H", len(cred)) + cred + cose + more


def registration(cred, client, att, **over):
    o = {
        "id": b64u(cred),
        "rawId": b64u(cred),
        "type": "public-key",
        "authenticatorAttachment": "cross-platform",
        "response": {"clientDataJSON": b64u(client), "attestationObject": b64u(att), "transports": ["usb"]},
        "clientExtensionResults": {"credProps": {"rk": True}},
    }
    o.update(over)
    return o


# ---------------------------------------------------------------- index files
def toml_value(v):
    if isinstance(v, bool):
        return "true" if v else "false"
    if isinstance(v, (int, float)):
        return str(v)
    if isinstance(v, str):
        out = ""
        for c in v:
            if c in '"\\':
                out += "\\" + c
            elif c == "\n":
                out += "\\n"
            elif c == "\r":
                out += "\\r"
            elif c == "\t":
                out += "\\t"
            elif ord(c) < 32 or ord(c) == 127 or 0x80 <= ord(c) < 0xA0 or c in "\u200b\u200e\u202e\u2066\ufeff":
                out += "\\u%04X" % ord(c)
            else:
                out += c
        return '"' + out + '"'
    if isinstance(v, (list, tuple)):
        return "[" + ", ".join(map(toml_value, v)) + "]"
    if isinstance(v, dict):
        return "{ " + ", ".join((k if k.replace("_", "").replace("-", "").isalnum() and k.isascii() else toml_value(k)) + " = " + toml_value(x)
                                for k, x in v.items()) + " }" if v else "{}"
    raise TypeError(repr(v))


def table(head_, fields):
    return "[[%s]]\n" % head_ + "".join("%s = %s\n" % (k, toml_value(v)) for k, v in fields.items() if v is not None) + "\n"


def write(folder, file, data):
    path = os.path.join(folder, file)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "wb") as fh:
        fh.write(data if isinstance(data, bytes) else data.encode())


def write_index(folder, header, fixtures, kind="fixture", tail=""):
    text = header.rstrip("\n") + "\n\n" + "".join(table(kind, f) for f in fixtures) + tail
    write(folder, "INDEX.toml", text.rstrip("\n") + "\n")
