"""Containers that must not be opened: broken, of something else, or made to cost."""

import base64

from build import (Dice, Mac, Password, Pbe, Pbes2, Pbmac1, Raw, Scrypt, algorithm, bag, cert_bag, encrypted_safe, key_bag, nested, pfx, plain_safe, seq,
                   shrouded)
from common import EMOJI, FILES, OUT, USUAL, WORK, attempt, bad, run
from der import NULL, ctx, integer, octets, oid, only, set_as_given, tlv
from fields import Maker
from names import BAG, BY_CIPHER, DATA, ENVELOPED, HASH, HMAC, PBES2, PBKDF2, PBMAC1, SCRYPT, SIGNED

CORRUPT, NOT, SHORT, WORK_CAP, UNKNOWN, MISMATCH, NO_KEY = (
    "wrong-password-or-corrupt", "not-pkcs12", "truncated", "too-many-iterations", "unsupported-algorithm", "key-certificate-mismatch", "no-key")


def good(file):
    return (OUT / "good" / file).read_bytes()


def where(data, *path):
    """The element at the end of `path`, child by child."""
    node = only(data)
    for step in path:
        node = node.children[step]
    return node


def flip(data, at, mask=1):
    return data[:at] + bytes([data[at] ^ mask]) + data[at + 1:]


def other_things(p):
    """Not PKCS #12 at all."""
    rows = [("empty", b"", "No octets."), ("one-octet", b"\x30", "One octet."), ("zeros", bytes(2000), "Zeros."), ("ff", b"\xff" * 2000, "FF."),
            ("html", b"<!DOCTYPE html>\n<html><head><title>Error</title></head><body>Internal error</body></html>\n", "An HTML page."),
            ("json", b'{"error":-1,"msg":"general error"}', "JSON."), ("text", b"password expired\r\n", "Text."),
            ("certificate", p.cert["p256"], "A certificate."), ("pkcs8", p.key["p256"], "A private key."), ("crl", p.crl, "A CRL."),
            ("empty-sequence", b"\x30\x00", "An empty sequence."), ("null", NULL, "A NULL."), ("jks", bytes.fromhex("feedfeed00000002") + bytes(200), "A Java key store of the old kind."),
            ("zip", b"PK\x03\x04" + bytes(200), "A ZIP archive.")]
    for name, data, note in rows:
        also = [SHORT] if name in ("empty", "one-octet", "ff", "text") else []
        bad(f"not-{name}.p12", data, note, NOT, also=also, producer="not a container")
    p7 = run("openssl", "crl2pkcs7", "-nocrl", "-certfile", WORK / "chain.pem", "-outform", "DER").stdout
    bad("not-pkcs7.p12", p7, "PKCS #7 with certificates.", NOT, producer="openssl crl2pkcs7")
    encrypted = run("openssl", "pkcs8", "-topk8", "-in", WORK / "p256.key", "-passout", f"pass:{USUAL}", "-outform", "DER").stdout
    bad("not-encrypted-pkcs8.p12", encrypted, "An encrypted private key.", NOT, producer="openssl pkcs8")
    whole = good("openssl-p256.p12")
    bad("not-base64.p12", base64.encodebytes(whole), "A good container in base64.", NOT, also=["open"], producer="derived from good/openssl-p256.p12")
    bad("not-pem.p12", b"-----BEGIN PKCS12-----\n" + base64.encodebytes(whole) + b"-----END PKCS12-----\n", "A good container in PEM.", NOT, also=["open"],
        producer="derived from good/openssl-p256.p12")
    bad("not-behind-line-feed.p12", b"\n" + whole, "A good container behind a line feed.", NOT, producer="derived from good/openssl-p256.p12")
    # One octet of a good container was taken for a sign of another code.
    bad("not-utf8.p12", whole.decode("latin-1").encode(), "A good container sent through a conversion from Latin-1 to UTF-8.", NOT, also=[SHORT, CORRUPT],
        producer="derived from good/openssl-p256.p12")
    bad("not-lossy.p12", whole.decode("utf-8", "replace").encode(), "A good container read as UTF-8 text, with replacement characters.", NOT, also=[SHORT, CORRUPT],
        producer="derived from good/openssl-p256.p12")


def truncated(p):
    for label, file in [("", "openssl-p256.p12"), ("-ber", "ber-outer-indefinite-chunks.p12"), ("-nomac", "openssl-nomac.p12")]:
        whole = good(file)
        said = f"derived from good/{file}"
        mac = where(whole, 2).at if label != "-nomac" else None
        safe = where(whole, 1)
        rows = [("1", 1, "The first octet alone."), ("2", 2, "The first header, or half of it."), ("header", 4, "The first header and no more."), ("quarter", len(whole) // 4, "A quarter."),
                ("half", len(whole) // 2, "Half."), ("last", len(whole) - 1, "The last octet is missing."), ("safe", safe.at, "Ends before the authenticated safe.")]
        if mac:
            rows += [("mac", mac, "Ends where the MAC would begin."), ("mac-half", mac + 12, "Ends within the MAC.")]
        if label == "-ber":
            rows += [("eoc-1", len(whole) - 2, "The last end-of-contents is missing."), ("eoc-2", len(whole) - 4, "The last two end-of-contents are missing.")]
        if label:
            rows = [r for r in rows if r[0] in ("half", "last", "mac", "eoc-1", "eoc-2", "header")]
        for name, at, note in rows:
            bad(f"truncated{label}-{name}.p12", whole[:at], note, SHORT, also=[NOT] if at < 5 else [], producer=said)
    whole = good("openssl-rsa1-legacy.p12")
    bad("truncated-1024.p12", whole[:1024], "The first 1024 octets, as of a buffer of that size.", SHORT, producer="derived from good/openssl-rsa1-legacy.p12")


def flipped(p):
    whole = good("openssl-p256.p12")
    said = "derived from good/openssl-p256.p12"
    digest, salt, count = where(whole, 2, 0, 1), where(whole, 2, 1), where(whole, 2, 2)
    content = where(whole, 1, 1, 0)
    rows = [("mac-value", digest.at + 5, "One bit of the MAC."), ("mac-salt", salt.at + 3, "One bit of the MAC's salt."),
            ("mac-iterations", count.at + count.size - 1, "One bit of the MAC's iterations."), ("content-first", content.at + 60, "One bit near the beginning of the safe."),
            ("content-middle", content.at + content.size // 2, "One bit in the middle of the safe."), ("content-last", content.at + content.size - 1, "The last bit of the safe.")]
    for name, at, note in rows:
        bad(f"flipped-{name}.p12", flip(whole, at), note, CORRUPT, producer=said)
    algorithm_at = where(whole, 2, 0, 0, 0)
    bad("flipped-mac-algorithm.p12", flip(whole, algorithm_at.at + 10, 2), "The MAC's algorithm became SHA-512 instead of SHA-256; its value is still of 32 octets.", CORRUPT,
        also=[NOT, UNKNOWN], producer=said)
    no_mac = good("fields-nomac-aes.p12")
    inner = only(where(no_mac, 1, 1, 0).octets())
    bag_content = inner.children[1].children[1].children[0]
    base = where(no_mac, 1, 1, 0)
    start = base.at + base.size - len(base.content)
    inner_at = start + bag_content.at + bag_content.size - len(bag_content.content)
    key_info = only(bag_content.content).children[0].children[1].children[0]
    encrypted = key_info.children[1]
    rows = [("key-first", inner_at + encrypted.at + 5, "One bit of the encrypted key's first block."),
            ("key-last", inner_at + encrypted.at + encrypted.size - 1, "The last bit of the encrypted key: the padding is wrong.")]
    for name, at, note in rows:
        bad(f"flipped-nomac-{name}.p12", flip(no_mac, at), f"No MAC. {note}", CORRUPT, also=[NOT, MISMATCH], no_mac=True, producer="derived from good/fields-nomac-aes.p12")


class Hostile(Maker):
    def one(self, name, note, reason, *, oid=None, also=(), no_mac=False, **how):
        shown = {k: how[k] for k in ("password", "form") if k in how}
        bad(f"{name}.p12", self.usual(name, **how), note, reason, oid=oid, also=also, no_mac=no_mac, **shown)

    def safes(self, name, note, reason, safes, *, mac=Mac(), password=USUAL, **more):
        dice, secret = Dice(name), Password(password)
        bad(f"{name}.p12", pfx(safes(dice, secret), mac, secret, dice), note, reason, password=password, **more)


def contents(m):
    """The MAC is right, and what is under it is not: only whoever knows the password could make it."""
    p = m.p
    m.one("mismatch-one", "The certificate is another key's, with the key's localKeyID.", MISMATCH, leaf="p384")
    m.one("mismatch-no-id", "The certificate is another key's, without localKeyID.", MISMATCH, leaf="p384", key_marks={}, cert_marks={})
    m.one("mismatch-type", "An RSA key with the certificate of a P-256 key.", MISMATCH, tag="rsa1", leaf="p256")
    m.one("mismatch-same-type", "An RSA key with the certificate of another RSA key.", MISMATCH, tag="rsa1", leaf="rsa2", key=Pbe(), mac=Mac("sha1"))
    m.one("mismatch-issuers-only", "The key, and a safe for certificates that has none.", MISMATCH, leaf=None, also=["open"])
    m.safes("no-key-certificates", "Certificates only.", NO_KEY, lambda d, s: [encrypted_safe(Pbes2(), s, d, *(cert_bag(p.cert[c]) for c in ("p256", "issuing")))])
    m.safes("no-key-no-bags", "Safes without bags.", NO_KEY, lambda d, s: [plain_safe()])
    m.safes("no-key-no-safes", "No safes at all.", NO_KEY, lambda d, s: b"\x30\x00", also=[NOT])
    m.safes("no-key-crl", "A CRL and nothing else.", NO_KEY, lambda d, s: [plain_safe(bag(4, seq(oid("1.2.840.113549.1.9.23.1"), ctx(0, octets(p.crl)))))])
    m.safes("no-key-no-mac", "Certificates only, no MAC.", NO_KEY, lambda d, s: [plain_safe(cert_bag(p.cert["p256"]))], mac=None, no_mac=True)
    m.safes("safe-garbage", "The authenticated safe is no ASN.1; the MAC is right.", NOT, lambda d, s: d.take(200), also=[CORRUPT, SHORT])
    m.safes("safe-truncated", "The authenticated safe is cut off; the MAC is right.", NOT, lambda d, s: seq(plain_safe(cert_bag(p.cert["p256"])))[:-40], also=[CORRUPT, SHORT])
    m.safes("safe-trailing", "Octets stand behind the authenticated safe; the MAC is right.", NOT,
            lambda d, s: seq(plain_safe(cert_bag(p.cert["p256"]), key_bag(p.key["p256"]))) + b"\x05\x00", also=[CORRUPT, "open"])
    m.safes("bag-key-garbage", "What the key decrypts to is no key; the MAC is right.", NOT, also=[CORRUPT, UNKNOWN],
            safes=lambda d, s: [plain_safe(cert_bag(p.cert["p256"]), shrouded(b"\x04\x10" + d.take(16), Pbes2(), s, d))])
    m.safes("bag-key-not-pkcs8", "What the key decrypts to is a key in the form of SEC 1, not PKCS #8.", NOT, also=[CORRUPT, UNKNOWN, "open"],
            safes=lambda d, s: [plain_safe(cert_bag(p.cert["p256"]), shrouded(where(p.key["p256"], 2).content, Pbes2(), s, d))])
    m.safes("bag-key-empty", "What the key decrypts to has no octets.", NOT, also=[CORRUPT],
            safes=lambda d, s: [plain_safe(cert_bag(p.cert["p256"]), shrouded(b"", Pbes2(), s, d))])
    m.safes("bag-certificate-garbage", "The certificate is garbage.", NOT, also=[CORRUPT, MISMATCH, "open"],
            safes=lambda d, s: [plain_safe(cert_bag(d.take(300)), shrouded(p.key["p256"], Pbes2(), s, d))])
    m.safes("bag-certificate-truncated", "The certificate is cut off.", NOT, also=[CORRUPT, MISMATCH, SHORT, "open"],
            safes=lambda d, s: [plain_safe(cert_bag(p.cert["p256"][:-20]), shrouded(p.key["p256"], Pbes2(), s, d))])
    other = Password("another password")
    m.safes("password-of-key-differs", "The MAC is under the password, the key under another.", CORRUPT,
            lambda d, s: [encrypted_safe(Pbes2(), s, d, cert_bag(p.cert["p256"])), plain_safe(shrouded(p.key["p256"], Pbes2(), other, d))])
    m.safes("password-of-key-differs-3des", "The same under an old scheme.", CORRUPT,
            lambda d, s: [plain_safe(cert_bag(p.cert["p256"]), shrouded(p.key["p256"], Pbe(), other, d))], mac=Mac("sha1"))
    m.safes("password-of-certificates-differs", "The MAC and the key are under the password, the certificates under another.", CORRUPT,
            lambda d, s: [encrypted_safe(Pbes2(), other, d, cert_bag(p.cert["p256"])), plain_safe(shrouded(p.key["p256"], Pbes2(), s, d))])
    m.safes("two-keys-one-password-differs", "Two keys, the second under another password.", CORRUPT, also=["open"],
            safes=lambda d, s: [plain_safe(*(cert_bag(p.cert[t]) for t in ("p256", "p384")), shrouded(p.key["p256"], Pbes2(), s, d), shrouded(p.key["p384"], Pbes2(), other, d))])
    m.safes("content-not-whole-blocks", "The encrypted key is no whole number of blocks.", CORRUPT, also=[NOT],
            safes=lambda d, s: [plain_safe(cert_bag(p.cert["p256"]), shrouded(p.key["p256"], cut(Pbes2()), s, d))])
    m.safes("content-empty", "The encrypted certificates have no octets.", CORRUPT, also=[NOT],
            safes=lambda d, s: [encrypted_safe(Raw(Pbes2()(b"", s, d)[0], b""), s, d), plain_safe(shrouded(p.key["p256"], Pbes2(), s, d))])


def cut(scheme):
    def how(plain, password, dice):
        identifier, encrypted = scheme(plain, password, dice)
        return identifier, encrypted[:-3]
    return how


def structures(m):
    p = m.p
    usual = m.usual("structures")
    version, safe, mac = (usual[c.at:c.at + c.size] for c in only(usual).children)
    rows = [("version-4", seq(integer(4), safe, mac), "Version 4.", [UNKNOWN, "open"]), ("version-0", seq(integer(0), safe, mac), "Version 0.", [UNKNOWN, "open"]),
            ("version-missing", seq(safe, mac), "No version.", []), ("version-huge", seq(tlv(2, b"\x01" + bytes(40) + b"\x03"), safe, mac), "A version of 42 octets.", [UNKNOWN, "open"]),
            ("mac-twice", seq(version, safe, mac, mac), "The MAC twice.", []), ("safe-twice", seq(version, safe, safe, mac), "The authenticated safe twice.", []),
            ("mac-first", seq(version, mac, safe), "MAC and safe in the wrong order.", []), ("extra-member", seq(version, safe, mac, integer(1)), "A further member.", []),
            ("set", b"\x31" + usual[1:], "A set instead of a sequence.", []), ("safe-missing", seq(version), "A version and nothing else.", []),
            ("safe-empty", seq(version, seq(oid(DATA)), mac), "The safe has no content.", []),
            ("mac-empty", seq(version, safe, seq()), "A MAC without members.", [CORRUPT]),
            ("mac-value-empty", seq(version, safe, seq(seq(algorithm(HASH["sha256"], NULL), octets(b"")), octets(b"saltsalt"), integer(1))), "A MAC of length zero.", [CORRUPT]),
            ("mac-value-short", seq(version, safe, Mac(value=where(usual, 2, 0, 1).content[:16], salt=8)(b"", Password(USUAL), Dice("x"))),
             "A MAC of half its length.", [CORRUPT])]
    for name, data, note, also in rows:
        first = CORRUPT if name.startswith("mac-value") else NOT
        bad(f"structure-{name}.p12", data, note, first, also=[a for a in [*also, NOT] if a != first])
    whole = good("openssl-p256.p12")
    said = "derived from good/openssl-p256.p12"
    bad("trailing-octet.p12", whole + b"\x2a", "One octet stands behind the container.", NOT, also=["open"], producer=said)
    bad("trailing-newline.p12", whole + b"\n", "A line feed stands behind the container.", NOT, also=["open"], producer=said)
    bad("trailing-container.p12", whole + whole, "The container twice.", NOT, also=["open"], producer=said)
    bad("trailing-html.p12", whole + b"<html></html>", "HTML stands behind the container.", NOT, also=["open"], producer=said)
    # Lengths.
    bad("length-4gib.p12", bytes.fromhex("3084ffffffff020103") + bytes(100), "Claims 4 GiB.", SHORT, also=[NOT])
    bad("length-8eib.p12", bytes.fromhex("30887fffffffffffffff020103") + bytes(100), "Claims 2^63 - 1 octets.", SHORT, also=[NOT])
    bad("length-overflow.p12", bytes.fromhex("3088ffffffffffffffff020103") + bytes(100), "Claims 2^64 - 1 octets.", SHORT, also=[NOT])
    bad("length-of-126.p12", b"\x30\xfe" + bytes([0xff]) * 126 + bytes(100), "A length of 126 octets.", NOT, also=[SHORT])
    bad("length-reserved.p12", b"\x30\xff" + bytes(200), "The reserved length octet FF.", NOT, also=[SHORT])
    inner = seq(version, b"\x30\x84\xff\xff\xff\xff" + safe[4:], mac)
    bad("length-inner-4gib.p12", inner, "A member within claims 4 GiB.", NOT, also=[SHORT])
    salt_4gib = seq(version, safe, seq(seq(algorithm(HASH["sha256"], NULL), octets(bytes(32))), b"\x04\x84\xff\xff\xff\xff12345678", integer(1)))
    bad("length-salt-4gib.p12", salt_4gib, "The MAC's salt claims 4 GiB.", NOT, also=[SHORT])
    m.safes("length-encrypted-4gib", "The encrypted key claims 4 GiB, under a right MAC.", NOT, also=[SHORT, CORRUPT],
            safes=lambda d, s: [plain_safe(cert_bag(p.cert["p256"]), seq(oid(BAG + "2"), ctx(0, seq(Pbes2()(b"x", s, d)[0], b"\x04\x84\xff\xff\xff\xff" + d.take(64)))))])
    bad("indefinite-primitive.p12", b"\x30\x80\x02\x80\x03\x00\x00" + safe + mac + b"\0\0", "An indefinite length on an integer.", NOT, also=[SHORT])
    bad("indefinite-stray-eoc.p12", seq(version, b"\0\0", safe, mac), "End-of-contents where no indefinite length began.", NOT)
    # Nesting.
    for name, unit, count in [("sequences", b"\x30\x80", 12_000), ("octets", b"\x24\x80", 8_000), ("contexts", b"\xa0\x80", 4_000)]:
        bad(f"deep-{name}.p12", unit * count, f"{count} indefinite headers and no end.", NOT, also=[SHORT])
    bad("deep-octets-closed.p12", b"\x30\x80\x02\x01\x03\x30\x80" + oid(DATA) + b"\xa0\x80" + b"\x24\x80" * 2_500 + b"\0\0" * 2_503, "Octet strings 2500 deep, all closed.", NOT, also=[SHORT])
    deep = cert_bag(p.cert["p256"])
    for _ in range(800):
        deep = nested(deep)
    m.safes("deep-bags", "800 safeContents bags within each other, under a right MAC.", NOT, lambda d, s: [plain_safe(deep)], also=[UNKNOWN, NO_KEY], oid=BAG + "6")
    body = b""
    for _ in range(2000):
        body = seq(body)
    m.safes("deep-attribute", "An attribute value 2000 deep, under a right MAC.", NOT, also=["open"],
            safes=lambda d, s: [plain_safe(cert_bag(p.cert["p256"], more=(seq(oid("2.999.2"), set_as_given(body)),)), shrouded(p.key["p256"], Pbes2(), s, d))])
    # Quantity.
    m.safes("many-bags", "1500 empty bags of an unknown type, under a right MAC.", NOT, also=[UNKNOWN, NO_KEY, "too-large", "open"],
            safes=lambda d, s: [plain_safe(*[seq(oid("2.999.3"), b"\xa0\x00")] * 1_500)])
    m.safes("many-safes", "1200 empty safes, under a right MAC.", NO_KEY, also=[NOT, "too-large"], safes=lambda d, s: [plain_safe()] * 1200)


def algorithms(m):
    """Not read, each named by its identifier."""
    p = m.p
    for dotted, name in [(SIGNED, "signed"), (ENVELOPED, "enveloped"), ("1.2.840.113549.1.7.5", "digested"), ("2.999.4", "unknown")]:
        data = seq(integer(3), seq(oid(dotted), ctx(0, seq(integer(1)))))
        bad(f"algorithm-protection-{name}.p12", data, f"The whole is content of the type {name}.", UNKNOWN, oid=dotted, also=[NOT], no_mac=True)
        m.safes(f"algorithm-safe-{name}", f"A safe is content of the type {name}, under a right MAC.", UNKNOWN, oid=dotted,
                also=[NOT, "open"] if name == "unknown" else [NOT], safes=lambda d, s: [seq(oid(dotted), ctx(0, seq(integer(1)))), plain_safe(cert_bag(p.cert["p256"]), shrouded(p.key["p256"], Pbes2(), s, d))])  # noqa: B023
    pem = run("openssl", "cms", "-encrypt", "-aes256", "-outform", "DER", "-in", WORK / "chain.pem", WORK / "rsa1.pem").stdout
    bad("algorithm-protection-enveloped-real.p12", seq(integer(3), pem), "EnvelopedData by the openssl program where the safe should be.", UNKNOWN,
        oid="1.2.840.113549.1.7.3", also=[NOT], no_mac=True, producer="openssl cms -encrypt")

    def unknown(name, note, identifier, dotted, also=()):
        m.safes(f"algorithm-{name}", note, UNKNOWN, oid=dotted, also=also, safes=lambda d, s: [
            plain_safe(cert_bag(p.cert["p256"]), shrouded(p.key["p256"], Raw(identifier), s, d))])
    salt = octets(b"saltsalt")
    unknown("scheme", "An unknown encryption scheme.", algorithm("2.999.5", NULL), "2.999.5")
    unknown("pbes2-kdf", "PBES2 with an unknown derivation.", algorithm(PBES2, seq(algorithm("2.999.6"), algorithm(BY_CIPHER["aes-256-cbc"][0], octets(bytes(16))))), "2.999.6")
    kdf = algorithm(PBKDF2, seq(salt, integer(2048), algorithm(HMAC["sha256"], NULL)))
    unknown("pbes2-cipher", "PBES2 with an unknown cipher.", algorithm(PBES2, seq(kdf, algorithm("2.999.7", octets(bytes(16))))), "2.999.7")
    unknown("pbes2-gcm", "PBES2 with AES-256-GCM.", algorithm(PBES2, seq(kdf, algorithm("2.16.840.1.101.3.4.1.46", seq(octets(bytes(12)), integer(16))))),
            "2.16.840.1.101.3.4.1.46")
    unknown("pbes2-prf", "PBES2 with an unknown pseudo-random function.",
            algorithm(PBES2, seq(algorithm(PBKDF2, seq(salt, integer(2048), algorithm("2.999.8"))), algorithm(BY_CIPHER["aes-256-cbc"][0], octets(bytes(16))))), "2.999.8")
    unknown("pbes2-gost", "PBES2 with the PRF and the cipher of GOST.",
            algorithm(PBES2, seq(algorithm(PBKDF2, seq(salt, integer(2048), algorithm("1.2.643.7.1.1.4.2", NULL))), algorithm("1.2.643.2.2.21", seq(octets(bytes(8)), oid("1.2.643.2.2.31.1"))))),
            "1.2.643.7.1.1.4.2", also=["oid 1.2.643.2.2.21"])
    other_source = tlv(0x30, oid("2.999.9"))
    unknown("pbkdf2-salt-source", "PBKDF2 whose salt comes from another source.",
            algorithm(PBES2, seq(algorithm(PBKDF2, seq(other_source, integer(2048))), algorithm(BY_CIPHER["aes-256-cbc"][0], octets(bytes(16))))), "2.999.9",
            also=[NOT, f"oid {PBKDF2}"])
    for dotted, label in [("1.2.840.113549.1.12.1.7", "beyond-rfc"), ("1.2.840.113549.1.5.1", "md2-des"), ("1.2.840.113549.1.5.12", "pbkdf2-alone")]:
        unknown(f"{label}", f"The scheme {dotted}.", algorithm(dotted, seq(salt, integer(2048))), dotted)
    m.safes("algorithm-in-certificates", "An unknown scheme on the certificates, the key is readable.", UNKNOWN, oid="2.999.5",
            safes=lambda d, s: [encrypted_safe(Raw(algorithm("2.999.5")), s, d, cert_bag(p.cert["p256"])), plain_safe(shrouded(p.key["p256"], Pbes2(), s, d))])
    usual = m.usual("algorithm-mac")
    version, safe, _ = (usual[c.at:c.at + c.size] for c in only(usual).children)

    def with_mac(name, note, identifier, dotted, also=(), reason=UNKNOWN, length=32):
        bad(f"{name}.p12", seq(version, safe, seq(seq(identifier, octets(bytes(length))), salt, integer(2048))), note, reason, oid=dotted, also=also)
    with_mac("algorithm-mac-unknown", "A MAC with an unknown digest.", algorithm("2.999.10", NULL), "2.999.10")
    with_mac("algorithm-mac-md2", "A MAC with MD2.", algorithm("1.2.840.113549.2.2", NULL), "1.2.840.113549.2.2", length=16)
    with_mac("algorithm-pbmac1-kdf", "PBMAC1 with an unknown derivation.", algorithm(PBMAC1, seq(algorithm("2.999.6"), algorithm(HMAC["sha256"], NULL))), "2.999.6")
    with_mac("algorithm-pbmac1-scrypt", "PBMAC1 with scrypt.",
             algorithm(PBMAC1, seq(algorithm(SCRYPT, seq(salt, integer(1024), integer(8), integer(1), integer(32))), algorithm(HMAC["sha256"], NULL))), SCRYPT)
    with_mac("algorithm-pbmac1-scheme", "PBMAC1 with an unknown authentication scheme.",
             algorithm(PBMAC1, seq(algorithm(PBKDF2, seq(salt, integer(2048), integer(32), algorithm(HMAC["sha256"], NULL))), algorithm("2.999.11"))), "2.999.11")
    with_mac("algorithm-pbmac1-prf", "PBMAC1 whose PBKDF2 has an unknown pseudo-random function.",
             algorithm(PBMAC1, seq(algorithm(PBKDF2, seq(salt, integer(2048), integer(32), algorithm("2.999.8"))), algorithm(HMAC["sha256"], NULL))), "2.999.8")
    with_mac("structure-pbmac1-no-parameters", "PBMAC1 without parameters.", algorithm(PBMAC1), None, reason=NOT, also=[UNKNOWN, CORRUPT])
    # RFC 9579: a key length must be there, and short keys are suspicious.
    m.one("pbmac1-no-key-length", "PBMAC1 without key length, which RFC 9579 demands; otherwise right.", CORRUPT, mac=Pbmac1(key_length=None), also=[UNKNOWN, NOT], oid=PBMAC1)
    for n in (0, 1, 8, 19):
        m.one(f"pbmac1-key-length-{n}", f"PBMAC1 with a key of {n} octets, MAC right for it: RFC 9579 warns of keys shorter than 20.", CORRUPT,
              mac=Pbmac1(key_length=n, derived=n or 1) if n else Pbmac1(key_length=0, derived=32), also=[UNKNOWN, NOT], oid=PBMAC1)
    m.one("pbmac1-key-length-wrong", "PBMAC1 that claims a key of 32 octets, and the MAC is made with one of 64.", CORRUPT, mac=Pbmac1(key_length=32, derived=64))
    m.one("pbmac1-key-length-negative", "PBMAC1 with a negative key length.", NOT, mac=Pbmac1(key_length=-1, derived=32), also=[UNKNOWN, CORRUPT])
    m.one("pbmac1-iterations-wrong", "PBMAC1 that claims other iterations than the MAC was made with.", CORRUPT, mac=Pbmac1(show=2049))
    m.one("pbmac1-prf-wrong", "PBMAC1 whose MAC is not made with the password.", CORRUPT, mac=wrong_mac())
    for cipher, n in [("aes-256-cbc", 16), ("aes-128-cbc", 32), ("aes-256-cbc", 0), ("aes-256-cbc", 2**31 - 1), ("des-ede3-cbc", 16)]:
        m.one(f"pbes2-{cipher[:-4]}-key-length-{n}", f"PBES2 {cipher} with a key length of {n}.", CORRUPT, key=Pbes2(cipher, key_length=n), also=[NOT, UNKNOWN], cert=None)
    for n in (0, 8, 15, 17, 1000):
        identifier = algorithm(PBES2, seq(kdf, algorithm(BY_CIPHER["aes-256-cbc"][0], octets(bytes(n)))))
        m.safes(f"pbes2-iv-{n}", f"AES with an initialisation vector of {n} octets.", NOT, also=[CORRUPT, UNKNOWN],
                safes=lambda d, s: [plain_safe(cert_bag(p.cert["p256"]), shrouded(p.key["p256"], Raw(identifier), s, d))])  # noqa: B023


def wrong_mac():
    def how(content, password, dice):
        return Pbmac1()(content, Password("another password"), dice)
    return how


def costs(m):
    p = m.p
    rows = [("1000001", 1_000_001, "one over the cap"), ("5000000", 5_000_000, "five million"), ("2147483647", 2**31 - 1, "2^31 - 1"), ("4294967295", 2**32 - 1, "2^32 - 1"),
            ("2p63", 2**63 - 1, "2^63 - 1"), ("2p64", 2**64, "2^64"), ("2p72", 2**72, "2^72")]
    for name, n, said in rows:
        m.one(f"cost-mac-{name}", f"MAC: {said} iterations.", WORK_CAP, mac=Mac("sha1", 1, show=n), also=[NOT] if n >= 2**31 else [])
        m.one(f"cost-key-{name}", f"Key: {said} iterations of PBKDF2.", WORK_CAP, key=Pbes2(iterations=1, show=n), cert=Pbes2(), also=[NOT] if n >= 2**31 else [])
    for name, n, said in rows[:3]:
        m.one(f"cost-key-3des-{name}", f"Key: {said} iterations of the old derivation.", WORK_CAP, key=Pbe(iterations=1, show=n), cert=None)
        m.one(f"cost-certificates-{name}", f"Certificates: {said} iterations.", WORK_CAP, cert=Pbes2(iterations=1, show=n))
        m.one(f"cost-pbmac1-{name}", f"PBMAC1: {said} iterations.", WORK_CAP, mac=Pbmac1(iterations=1, show=n))
    m.one("cost-all-at-2147483647", "Everything: 2^31 - 1 iterations.", WORK_CAP, key=Pbe(iterations=1, show=2**31 - 1), mac=Mac("sha1", 1, show=2**31 - 1))
    m.one("cost-nomac-key-2147483647", "No MAC. Key: 2^31 - 1 iterations.", WORK_CAP, key=Pbes2(iterations=1, show=2**31 - 1), mac=None, no_mac=True)
    zero = {"0": integer(0), "negative": integer(-1), "negative-2p31": integer(-2**31), "empty": b"\x02\x00", "padded": b"\x02\x03\x00\x00\x01"}
    for name, raw in zero.items():
        also = [WORK_CAP, CORRUPT] + (["open"] if name in ("0", "padded") else [])
        m.one(f"iterations-mac-{name}", f"MAC: iterations {name}.", NOT, mac=Mac("sha1", 1, show=raw), also=also)
        m.one(f"iterations-key-{name}", f"Key: iterations {name}.", NOT, key=Pbe(iterations=1, show=raw), cert=None, also=also)
    # Each under the cap, all together not.
    def copies(count, scheme):
        def safes(d, s):
            one = shrouded(p.key["ed25519"], scheme, s, d)
            return [plain_safe(cert_bag(p.cert["ed25519"]), *[one] * count)]
        return safes
    m.safes("cost-20-keys", "Twenty copies of one key bag, 999 999 iterations each, all decrypt.", WORK_CAP, also=["open"], safes=copies(20, Pbes2(iterations=999_999)))
    m.safes("cost-60-keys", "Sixty copies of one key bag, 999 999 iterations each.", WORK_CAP, also=["open"], safes=copies(60, Pbes2("aes-128-cbc", "sha1", 999_999, 8)))
    m.safes("cost-20-keys-3des", "Twenty copies of one key bag under 3DES, 999 999 iterations each.", WORK_CAP, also=["open"], safes=copies(20, Pbe(iterations=999_999)))
    m.safes("cost-150-keys-40000", "A hundred and fifty copies of one key bag, 40 000 iterations each: none of them is dear.", WORK_CAP, also=["open"], safes=copies(150, Pbes2("aes-128-cbc", "sha1", 40_000, 8)))
    m.safes("cost-20-safes", "Twenty encrypted safes, 999 999 iterations each.", WORK_CAP, also=["open"],
            safes=lambda d, s: [encrypted_safe(Pbes2(iterations=999_999), s, d, cert_bag(p.cert["p256"]))] * 20 + [plain_safe(shrouded(p.key["p256"], Pbes2(), s, d))])
    secret = lambda d, s: bag(5, seq(oid(BAG + "2"), ctx(0, seq(Pbes2(iterations=1, show=999_999)(b"x" * 16, s, d)[0], octets(d.take(32))))))  # noqa: E731
    m.safes("cost-20-secrets", "Twenty secret bags of 999 999 iterations and no key: nobody needs to decrypt them.", NO_KEY, also=[WORK_CAP],
            safes=lambda d, s: [plain_safe(cert_bag(p.cert["p256"]), *[secret(d, s)] * 20)])
    m.safes("cost-20-keys-nomac", "No MAC, twenty copies of one key bag, 999 999 iterations each.", WORK_CAP, also=["open"], safes=copies(20, Pbes2(iterations=999_999)), mac=None, no_mac=True)
    inner = lambda d, s: nested(*[shrouded(p.key["p256"], Pbes2("aes-128-cbc", "sha1", 999_999, 8), s, d)] * 4)  # noqa: E731
    m.safes("cost-nested-keys", "Twenty key bags of 999 999 iterations within safeContents bags.", WORK_CAP, also=[UNKNOWN, "open"], oid=BAG + "6",
            safes=lambda d, s: [plain_safe(cert_bag(p.cert["p256"]), *[inner(d, s)] * 5)])
    m.one("cost-pbmac1-key-length", "PBMAC1 that derives a key of a million octets with 999 999 iterations: 31 250 blocks.", WORK_CAP,
          mac=Pbmac1(iterations=1, key_length=1_000_000, show=999_999), also=[UNKNOWN, CORRUPT, NOT], oid=PBMAC1)
    m.one("cost-pbmac1-key-length-2p31", "PBMAC1 that derives a key of 2^31 - 1 octets.", WORK_CAP,
          mac=Pbmac1(iterations=1, key_length=2**31 - 1, derived=32), also=[UNKNOWN, CORRUPT, NOT], oid=PBMAC1)
    m.one("cost-long-password", "A password of 5000 letters under the old derivation with 999 999 iterations for each of three keys.", WORK_CAP, password="p" * 5000,
          key=Pbe(iterations=1, show=999_999), mac=Mac("sha1", 1), also=[CORRUPT])
    # scrypt.
    for name, n, r, q in [("small", 1024, 8, 1), ("1gib", 2**20, 8, 1), ("p-16", 2**20, 8, 16), ("n-2p31", 2**31, 8, 1), ("r-2p30", 2, 2**30, 1), ("p-2p30", 2, 1, 2**30),
                          ("n-not-power", 1000, 8, 1), ("n-0", 0, 8, 1), ("n-negative", -2, 8, 1), ("n-2p63", 2**63, 8, 1)]:
        m.one(f"scrypt-{name}", f"PBES2 with scrypt, N = {n}, r = {r}, p = {q}.", UNKNOWN, oid=SCRYPT, also=[WORK_CAP, NOT] if name != "small" else [],
              key=Scrypt(show=(n, r, q)), cert=Pbes2())
    # Size.
    m.one("large-salt", "A MAC salt of 5000 octets.", CORRUPT, mac=Mac("sha1", 1, salt=5_000, value=bytes(20)), also=[NOT, WORK_CAP])


def attempts():
    w = CORRUPT
    for file in ("openssl-p256", "openssl-rsa1-legacy", "keytool-rsa", "bc-pkcs12-p256", "fields-pbmac1-sha256-sha256", "ber-everywhere"):
        attempt(f"good/{file}.p12", "not the password", w, "A wrong password.")
        attempt(f"good/{file}.p12", "", w, "The empty password.")
    attempt("good/openssl-p256.p12", USUAL.lower(), w, "Another case.")
    attempt("good/openssl-p256.p12", USUAL + " ", w, "A space behind it.")
    attempt("good/openssl-p256.p12", USUAL + "\0", w, "A NUL behind it.")
    attempt("good/openssl-password-space.p12", "secret", w, "The space behind it left out.")
    attempt("good/openssl-password-combining.p12", "Gr\u00fc\u00dfe", w, "The composed letter instead of the combining one: nothing is normalised.")
    attempt("good/openssl-password-umlauts.p12", "Gru\u0308\u00dfe-a\u0308o\u0308u\u0308\u00df-1", w, "The combining letters instead of the composed ones.")
    attempt("good/openssl-password-empty.p12", "x", w, "One letter instead of none.")
    attempt("good/fields-password-bom.p12", "password", w, "The byte order mark left out.")
    attempt("good/fields-password-emoji.p12", EMOJI.replace("😀", "😁"), w, "One emoji for another: the same first half of the pair.")
    attempt("good/openssl-password-200.p12", "0123456789" * 19, w, "Cut off.")
    for file in ("openssl-nomac", "openssl-nomac-legacy", "fields-nomac-3des", "java-mac-none"):
        attempt(f"good/{file}.p12", "not the password", w, "A wrong password where there is no MAC: only what comes out shows it.", also=[NOT])
    attempt("good/openssl-nomac-plain.p12", "not the password", None, "A wrong password where there is nothing to try it on.", expect="open-on-request")
    attempt("good/fields-password-none.p12", "\0", w, "A NUL is not nothing.")
    attempt("bad/cost-key-2147483647.p12", "not the password", w, "The cost is in the file, and a wrong password shows before it.", also=[WORK_CAP])
    attempt("bad/cost-20-keys.p12", "not the password", w, "A wrong password, and the work.", also=[WORK_CAP])


def make(p):
    other_things(p)
    truncated(p)
    flipped(p)
    m = Hostile(p)
    for part in (contents, structures, algorithms, costs):
        part(m)
    attempts()
    return FILES
