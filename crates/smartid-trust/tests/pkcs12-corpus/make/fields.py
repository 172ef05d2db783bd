"""Good containers written field by field: what the programs do not write, or not in every combination."""

from build import (Dice, Mac, Password, Pbe, Pbes2, Pbmac1, attribute, cert_bag, crl_bag, encrypted_safe, key_bag, nested, pfx,
                   plain_safe, secret_bag, shrouded)
from common import EMOJI, GREEK, LONG, UMLAUTS, USUAL, add
from der import bmp, integer, octets, oid, only, seq, set_as_given, tlv, write
from names import BAG, BY_CIPHER, CSP, FRIENDLY, HMAC, LMK, SDSI

WHO = "written field by field"


class Maker:
    """The usual container, any part of which may be another."""

    def __init__(self, p):
        self.p = p

    def usual(self, name, *, tag="p256", key=Pbes2(), cert="same", mac=Mac(), password=USUAL, form=None, chain=(), leaf="own",
              key_marks=None, cert_marks=None, keys_first=False, one_safe=False, more=(), version=3):
        dice, secret = Dice(name), Password(password, form)
        marks = {"local_id": b"\x01"}
        leaf = tag if leaf == "own" else leaf
        certs = [cert_bag(self.p.cert[leaf], **(marks if cert_marks is None else cert_marks))] if leaf else []
        certs += [cert_bag(self.p.cert[c]) for c in chain]
        key_marks = marks if key_marks is None else key_marks
        keys = [shrouded(self.p.key[tag], key, secret, dice, **key_marks) if key else key_bag(self.p.key[tag], **key_marks)]
        cert = key if cert == "same" else cert
        if one_safe:
            safes = [plain_safe(*keys, *certs, *more)]
        else:
            safes = [encrypted_safe(cert, secret, dice, *certs, *more) if cert else plain_safe(*certs, *more), plain_safe(*keys)]
        return pfx(list(reversed(safes)) if keys_first else safes, mac, secret, dice, version)

    def add(self, name, note, *, also=(), expect="open", reason=None, oid=None, **how):
        shown = {k: how[k] for k in ("password", "form") if k in how}
        add(f"fields-{name}.p12", self.usual(name, **how), WHO, note, also=also, expect=expect, reason=reason, oid=oid, **shown)

    def parts(self, name, note, safes, *, mac=Mac(), password=USUAL, form=None, expect="open", **more):
        """`safes`: given dice and password."""
        dice, secret = Dice(name), Password(password, form)
        add(f"fields-{name}.p12", pfx(safes(dice, secret), mac, secret, dice), WHO, note, password=password, form=form, expect=expect, **more)


def ciphers(m):
    salts, counts, macs = [8, 16, 20, 32, 1, 64, 128], [2048, 1, 1000, 10000, 4096], ["sha256", "sha1", "sha384", "sha512"]
    i = 0
    for cipher in ("aes-128-cbc", "aes-192-cbc", "aes-256-cbc", "des-ede3-cbc"):
        for prf in (None, "sha1", "sha256", "sha384", "sha512"):
            scheme = Pbes2(cipher, prf, counts[i % 5], salts[i % 7], BY_CIPHER[cipher][2] if i % 3 == 0 else None, i % 4 != 1)
            said = "HMAC-SHA1 by default" if prf is None else prf
            name = f"{cipher[:-4]}-{prf or 'default'}"
            m.add(name, f"PBES2 {cipher}, PRF {said}, salt {salts[i % 7]}, {counts[i % 5]} iterations, MAC {macs[i % 4]}"
                  f"{', key length given' if i % 3 == 0 else ''}{', PRF without NULL' if prf and i % 4 == 1 else ''}.",
                  key=scheme, mac=Mac(macs[i % 4], counts[(i + 1) % 5], salts[(i + 3) % 7], null=i % 5 != 2))
            i += 1
    for prf in ("sha224", "sha512_224", "sha512_256", "sha3_256"):
        m.add(f"aes-256-{prf}", f"PRF {prf}: outside the table.", key=Pbes2(prf=prf), oid=HMAC[prf], also=["unsupported-algorithm"])
    for label, cipher in [("3des", "des-ede3-cbc"), ("2des", "des-ede-cbc"), ("rc2-128", "rc2-cbc"), ("rc2-40", "rc2-40-cbc")]:
        for n, (salt, mac) in enumerate([(20, "sha1"), (70, "sha512")]):
            m.add(f"{label}-salt-{salt}", f"{label} with a salt of {salt} octets, MAC {mac}.", key=Pbe(cipher, [500, 3000][n], salt), mac=Mac(mac, 1000, salt))
    m.add("salt-empty", "Salts of length zero.", key=Pbes2(salt=0), mac=Mac(salt=0), also=["not-pkcs12"])
    m.add("salt-1000", "Salts of a thousand octets.", key=Pbe(salt=1000), mac=Mac(salt=1000))
    m.add("mixed-all", "Key AES-192 with SHA-384, certificates RC2-40, MAC SHA-512.", key=Pbes2("aes-192-cbc", "sha384"), cert=Pbe("rc2-40-cbc"), mac=Mac("sha512"))
    m.add("cap-key", "The key takes 1 000 000 iterations, the cap and no more.", key=Pbes2(iterations=1_000_000), cert=None)
    m.add("cap-mac", "The MAC takes 1 000 000 iterations, the cap and no more.", mac=Mac("sha256", 1_000_000))
    m.add("cap-legacy", "The key takes 1 000 000 iterations of the old derivation, three blocks of it.", key=Pbe(iterations=1_000_000), cert=None, mac=Mac("sha1", 1),
          also=["too-many-iterations"])


def pbmac1(m):
    for prf in ("sha256", "sha384", "sha512"):
        for name in ("sha256", "sha384", "sha512"):
            m.add(f"pbmac1-{prf}-{name}", f"PBMAC1, PBKDF2 with {prf}, HMAC {name}.", mac=Pbmac1(prf, name), chain=("issuing",) if prf == name == "sha256" else ())
    m.add("pbmac1-sha1-sha1", "PBMAC1, PBKDF2 with HMAC-SHA1 by default, HMAC SHA-1.", mac=Pbmac1(None, "sha1"))
    m.add("pbmac1-sha512-256", "PBMAC1 with SHA-512/256: outside the table.", mac=Pbmac1("sha512_256", "sha512_256"), oid=HMAC["sha512_256"],
          also=["unsupported-algorithm"])
    m.add("pbmac1-legacy-bags", "PBMAC1 over 3DES bags.", key=Pbe(), mac=Pbmac1())
    m.add("pbmac1-emoji", "PBMAC1: the password is UTF-8.", mac=Pbmac1(), password=EMOJI)
    m.add("pbmac1-umlauts", "PBMAC1: the password is UTF-8.", mac=Pbmac1("sha512", "sha512"), password=UMLAUTS)
    m.add("pbmac1-long", "PBMAC1, long password.", mac=Pbmac1(), password=LONG)
    m.add("pbmac1-empty", "PBMAC1, empty password.", mac=Pbmac1(), password="")
    m.add("pbmac1-100000", "PBMAC1, 100 000 iterations.", mac=Pbmac1(iterations=100_000))
    m.add("pbmac1-beside-default", "PBMAC1, the unused iterations left out.", mac=Pbmac1(beside=None))
    m.add("pbmac1-beside-huge", "PBMAC1, the unused iterations claim 2147483647: nobody derives with them.", mac=Pbmac1(beside=2**31 - 1),
          also=["too-many-iterations"])
    m.add("pbmac1-no-null", "PBMAC1, PRF and HMAC without NULL.", mac=Pbmac1(null=False))
    m.add("pbmac1-key-length-64", "PBMAC1 with HMAC SHA-256 and a derived key of 64 octets.", mac=Pbmac1(key_length=64))
    m.add("pbmac1-key-length-20", "PBMAC1 with HMAC SHA-256 and a derived key of 20 octets, the least that is not suspicious.", mac=Pbmac1(key_length=20),
          also=["wrong-password-or-corrupt", "unsupported-algorithm"])


def passwords(m):
    rows = [("umlauts", UMLAUTS, None), ("greek", GREEK, None), ("emoji", EMOJI, None), ("none", "", "none"), ("empty", "", "empty"), ("one", "x", None),
            ("space-only", " ", None), ("tab", "\t", None), ("del", "\x7f", None), ("c1", "\x80\x9f", None), ("noncharacter", "\ufffe", None),
            ("bom", "\ufeffpassword", None), ("last-of-plane-16", "\U0010ffff", None), ("31", "b" * 31, None),
            ("63", "c" * 63, None), ("64", "d" * 64, None), ("1000", "0123456789" * 100, None), ("lam-alef", "سلام-ﻻ", None),
            ("zwj", "👩‍🚀 team", None), ("decomposed-hangul", "\u1112\u1161\u11ab", None)]
    for i, (label, text, form) in enumerate(rows):
        m.add(f"password-{label}", f"Password: {label}. 3DES for the key, AES-256 for the certificate, MAC SHA-1.", tag="p256", key=Pbe(), cert=Pbes2(),
              mac=Mac("sha1"), password=text, form=form)
    m.add("password-none-rc2", "Zero octets in MAC and old derivation, key and certificate under RC2-40.", key=Pbe("rc2-40-cbc"), mac=Mac("sha1"), password="", form="none")


def links(m):
    k = {"local_id": b"\x01"}
    m.add("no-local-id", "No localKeyID anywhere: the public key links.", key_marks={}, cert_marks={}, chain=("issuing", "root"))
    m.add("local-id-on-key-only", "localKeyID on the key alone.", cert_marks={}, chain=("issuing", "root"))
    m.add("local-id-on-cert-only", "localKeyID on the certificate alone.", key_marks={})
    m.add("local-id-empty", "localKeyID of length zero on both.", key_marks={"local_id": b""}, cert_marks={"local_id": b""})
    m.add("local-id-differs", "localKeyIDs that differ although the certificate is the key's.", cert_marks={"local_id": b"\x02"})
    m.add("local-id-long", "localKeyID of 1000 octets.", key_marks={"local_id": bytes(1000)}, cert_marks={"local_id": bytes(1000)})
    m.add("keys-first", "The safe with the key before the certificates.", keys_first=True, chain=("issuing", "root"))
    m.add("one-safe", "Key and certificates in one safe that is not encrypted.", one_safe=True, chain=("issuing", "root"))
    m.add("chain-turned", "Root, issuing CA, leaf: the wrong way round.", leaf=None, chain=("root", "issuing", "p256"), key_marks=k)
    m.add("chain-leaf-last-marked", "The leaf between its issuers.", leaf=None, chain=("issuing", "p256", "root"))
    m.add("chain-repeated", "The whole chain twice.", chain=("issuing", "root", "p256", "issuing", "root"))
    m.add("chain-leaf-twice", "The leaf twice, once with localKeyID.", chain=("p256", "issuing", "root"))
    m.add("chain-gap", "Leaf and root, the issuing CA missing.", chain=("root",))
    m.add("chain-absent", "The leaf alone, RSA, no friendly name.", tag="rsa1")
    m.add("stranger-first", "An unrelated CA certificate before the chain.", leaf=None, chain=("stranger", "p256", "issuing", "root"))
    m.add("stranger-leaf", "Another holder's certificate beside the leaf, without localKeyID.", chain=("p384", "issuing", "root"))
    m.add("local-id-on-issuer-too", "The issuing CA carries the leaf's localKeyID too.", chain=("root",), more=(cert_bag(m.p.cert["issuing"], local_id=b"\x01"),))
    m.parts("local-id-lies", "localKeyID points at another holder's certificate, and the key's own is there without one.", lambda d, s: [
        plain_safe(cert_bag(m.p.cert["p384"], local_id=b"\x01"), cert_bag(m.p.cert["p256"]), shrouded(m.p.key["p256"], Pbes2(), s, d, local_id=b"\x01"))],
        also=["key-certificate-mismatch"])
    m.parts("renewed", "Two certificates for one key, the newer one with localKeyID.", lambda d, s: [
        plain_safe(cert_bag(m.p.cert["p256"]), cert_bag(m.p.cert["renewed"], local_id=b"\x01"), cert_bag(m.p.cert["issuing"]),
                   shrouded(m.p.key["p256"], Pbes2(), s, d, local_id=b"\x01"))])
    m.parts("two-keys-crossed", "Two keys whose localKeyIDs are crossed: each points at the other's certificate.", lambda d, s: [
        plain_safe(cert_bag(m.p.cert["p256"], local_id=b"\x01"), cert_bag(m.p.cert["p384"], local_id=b"\x02"),
                   shrouded(m.p.key["p256"], Pbes2(), s, d, local_id=b"\x02"), shrouded(m.p.key["p384"], Pbes2(), s, d, local_id=b"\x01"))],
        also=["key-certificate-mismatch"])
    m.parts("two-keys-same-id", "Two keys and their certificates, all with one localKeyID.", lambda d, s: [
        plain_safe(*(cert_bag(m.p.cert[t], local_id=b"\x01") for t in ("p384", "p256")), *(shrouded(m.p.key[t], Pbes2(), s, d, local_id=b"\x01") for t in ("p256", "p384")))])
    m.parts("two-keys-no-id", "Two keys and their certificates, no localKeyID, in opposite order.", lambda d, s: [
        encrypted_safe(Pbes2(), s, d, *(cert_bag(m.p.cert[t]) for t in ("root", "p384", "issuing", "p256"))),
        plain_safe(*(shrouded(m.p.key[t], Pbes2(), s, d) for t in ("p256", "p384")))])
    m.parts("signing-and-encryption", "As Certificate Manager may issue: two RSA keys, the chain repeated after each leaf.", lambda d, s: [
        encrypted_safe(Pbe("rc2-40-cbc"), s, d, *(b for t in ("rsa1", "rsa2") for b in (
            cert_bag(m.p.cert[t], local_id=t.encode(), name=t), cert_bag(m.p.cert["issuing"], name="CA"), cert_bag(m.p.cert["root"])))),
        plain_safe(*(shrouded(m.p.key[t], Pbe(), s, d, local_id=t.encode(), name=t) for t in ("rsa1", "rsa2")))], mac=Mac("sha1", 1024, 20))
    m.parts("three-keys-one-cert", "Three keys and the certificate of one.", lambda d, s: [
        plain_safe(cert_bag(m.p.cert["p256"], local_id=b"\x02"), *(shrouded(m.p.key[t], Pbes2(), s, d, local_id=bytes([i]))
                                                                    for i, t in enumerate(("p384", "ed25519", "p256"))))])
    m.parts("key-twice", "The same key in two bags, under two schemes.", lambda d, s: [
        plain_safe(cert_bag(m.p.cert["p256"]), shrouded(m.p.key["p256"], Pbes2(), s, d), shrouded(m.p.key["p256"], Pbe(), s, d))])
    m.parts("each-bag-its-safe", "Every bag in a safe of its own, encrypted and not.", lambda d, s: [
        encrypted_safe(Pbes2(), s, d, cert_bag(m.p.cert["root"])), plain_safe(cert_bag(m.p.cert["issuing"])),
        encrypted_safe(Pbe("rc2-40-cbc"), s, d, cert_bag(m.p.cert["p256"])), plain_safe(shrouded(m.p.key["p256"], Pbes2("aes-128-cbc"), s, d))])
    m.parts("key-in-encrypted-safe", "The key, not shrouded, in an encrypted safe.", lambda d, s: [
        encrypted_safe(Pbes2(), s, d, cert_bag(m.p.cert["p256"]), key_bag(m.p.key["p256"]))])
    m.parts("shrouded-in-encrypted-safe", "The key shrouded, in an encrypted safe: encrypted twice.", lambda d, s: [
        encrypted_safe(Pbes2(), s, d, cert_bag(m.p.cert["p256"]), shrouded(m.p.key["p256"], Pbe(), s, d))])
    m.parts("empty-safes", "Empty safes among the others.", lambda d, s: [
        plain_safe(), encrypted_safe(Pbes2(), s, d), plain_safe(cert_bag(m.p.cert["p256"]), shrouded(m.p.key["p256"], Pbes2(), s, d)), plain_safe()])


def names_and_bags(m):
    def one(label, note, key_rows=(), cert_rows=(), **more):
        m.add(label, note, key_marks={"local_id": b"\x01", "more": key_rows}, cert_marks={"local_id": b"\x01", "more": cert_rows}, **more)

    def friendly(value):
        return [attribute(FRIENDLY, value)]
    one("name-bmp", "A friendly name, Greek.", friendly(bmp("Ἀθῆναι")), friendly(bmp("Ἀθῆναι")))
    one("name-surrogates", "A friendly name outside the Basic Multilingual Plane, as surrogate pairs.", friendly(bmp("🔑")), friendly(bmp("🔑")))
    one("name-lone-surrogate", "A friendly name with half of a surrogate pair.", friendly(tlv(0x1E, b"\0a\xd8\x3d")), (), also=["not-pkcs12"])
    one("name-odd", "A friendly name of an odd number of octets.", friendly(tlv(0x1E, b"\0a\0")), (), also=["not-pkcs12"])
    one("name-utf8", "A friendly name as UTF8String, which RFC 7292 does not allow.", friendly(tlv(0x0C, "Näme".encode())), (), also=["not-pkcs12"])
    one("name-empty", "A friendly name of length zero.", friendly(bmp("")), friendly(bmp("")))
    one("name-terminated", "A friendly name with a zero at its end.", friendly(bmp("Key\0")), ())
    one("name-two-values", "Two values in one friendlyName.", [attribute(FRIENDLY, bmp("one"), bmp("two"))], (), also=["not-pkcs12"])
    one("name-twice", "The friendlyName attribute twice.", friendly(bmp("one")) + friendly(bmp("two")), (), also=["not-pkcs12"])
    one("name-no-value", "A friendlyName without value.", [seq(oid(FRIENDLY), set_as_given())], (), also=["not-pkcs12"])
    one("name-differs", "Different friendly names on key and certificate.", friendly(bmp("the key")), friendly(bmp("the certificate")))
    one("name-1000", "A friendly name of 1000 letters.", friendly(bmp("n" * 1000)), ())
    one("attributes-unknown", "Unknown attributes with values of several types.", [attribute("1.3.6.1.4.1.99999.7", integer(1), seq(octets(b"x"))),
                                                                                 attribute("2.999.1", tlv(0x0C, b"text"))], [attribute("1.3.6.1.4.1.99999.8")])
    one("attributes-microsoft", "CSP name and local machine key set.", [attribute(CSP, bmp("Microsoft Software Key Storage Provider")), seq(oid(LMK), set_as_given())])
    one("attributes-60", "Sixty unknown attributes on the key.", [attribute(f"1.3.6.1.4.1.99999.{n}", integer(n)) for n in range(60)])
    m.add("attributes-empty-set", "An attribute set that is there and empty.", key_marks={}, cert_marks={},
          more=(seq(oid(BAG + "3"), tlv(0xA0, seq(oid("1.2.840.113549.1.9.22.1"), tlv(0xA0, octets(m.p.cert["stranger"])))), set_as_given()),))
    m.add("crl", "A CRL beside the certificates.", more=(crl_bag(m.p.crl),))
    m.add("secret", "A secret bag with an unknown type beside the certificates.", more=(secret_bag("1.3.6.1.4.1.99999.2", octets(b"a secret")),))
    m.add("sdsi", "An SDSI certificate beside the others.", more=(seq(oid(BAG + "3"), tlv(0xA0, seq(oid(SDSI), tlv(0xA0, tlv(0x16, b"c2RzaQ=="))))),),
          oid=SDSI, also=["unsupported-algorithm"])
    m.add("bag-unknown", "A bag of an unknown type beside the certificates.", more=(seq(oid("1.3.6.1.4.1.99999.3"), tlv(0xA0, octets(b"?"))),),
          oid="1.3.6.1.4.1.99999.3", also=["unsupported-algorithm"])
    m.parts("nested", "Key and certificate in a safeContents bag.", lambda d, s: [
        plain_safe(nested(cert_bag(m.p.cert["p256"]), shrouded(m.p.key["p256"], Pbes2(), s, d)))], oid=BAG + "6", also=["unsupported-algorithm"])
    m.parts("nested-beside", "A certificate in a safeContents bag, the rest outside.", lambda d, s: [
        plain_safe(nested(cert_bag(m.p.cert["issuing"])), cert_bag(m.p.cert["p256"]), shrouded(m.p.key["p256"], Pbes2(), s, d))],
        oid=BAG + "6", also=["unsupported-algorithm"])
    m.parts("plain-with-mac", "Nothing encrypted, PBMAC1.", lambda d, s: [plain_safe(key_bag(m.p.key["rsa1"]), cert_bag(m.p.cert["rsa1"]))], mac=Pbmac1())
    m.parts("pkcs8-attributes", "PKCS #8 with attributes inside.", lambda d, s: [plain_safe(cert_bag(m.p.cert["rsa1"]), shrouded(
        with_attributes(m.p.key["rsa1"]), Pbes2(), s, d))])
    m.parts("many-certificates", "The key, its chain, and 25 times the same unrelated certificate.", lambda d, s: [
        encrypted_safe(Pbes2(), s, d, *(cert_bag(m.p.cert[t]) for t in ["stranger"] * 25 + ["p256", "issuing", "root"])),
        plain_safe(shrouded(m.p.key["p256"], Pbes2(), s, d))])


def with_attributes(pkcs8):
    """Key usage in PKCS #8 attributes, as Windows writes it."""
    return seq(*(write(c) for c in only(pkcs8).children), tlv(0xA0, attribute("2.5.29.15", tlv(0x03, b"\x07\x80"))))


def without_mac(m):
    for label, key in [("aes", Pbes2()), ("3des", Pbe()), ("plain", None)]:
        m.add(f"nomac-{label}", f"No MAC, {label}.", key=key, mac=None, expect="open-on-request")
    m.add("nomac-password-emoji", "No MAC, password outside the Basic Multilingual Plane.", mac=None, password=EMOJI, expect="open-on-request")
    m.add("nomac-password-none", "No MAC, old scheme, password of zero octets.", key=Pbe(), mac=None, password="", form="none", expect="open-on-request")
    m.add("nomac-password-empty", "No MAC, old scheme, password 00 00.", key=Pbe(), mac=None, password="", form="empty", expect="open-on-request")


def quirks(m):
    weak = {"expect": "refuse", "reason": "wrong-password-or-corrupt", "also": ["open"]}
    m.add("quirk-bmp-pbes2", "The password to PBES2 is UTF-16 with its end mark, as some writers have done; the MAC is right.", key=Pbes2(as_bmp=True), **weak)
    m.add("quirk-bmp-pbes2-umlauts", "The same with umlauts.", key=Pbes2(as_bmp=True), password=UMLAUTS, **weak)
    # OpenSSL before 1.1 widened each octet of the UTF-8 text.
    wide = UMLAUTS.encode().decode("latin-1")
    dice = Dice("quirk-widened")
    old = Password(wide)
    add("fields-quirk-widened.p12", pfx([plain_safe(cert_bag(m.p.cert["p256"]), shrouded(m.p.key["p256"], Pbe(), old, dice))], Mac("sha1"), old, dice), WHO,
        "As OpenSSL before 1.1 wrote: each octet of the UTF-8 password widened to two.", password=UMLAUTS, **weak)


def make(p):
    m = Maker(p)
    for part in (ciphers, pbmac1, passwords, links, names_and_bags, without_mac, quirks):
        part(m)
