"""Reads a container and says what it holds: the facts of the index come from the files, not from the recipes.

It is written from RFC 7292 and shares only the derivation functions with the writer; what it finds is compared with what
OpenSSL, Python cryptography and Java find (judge.py)."""

import hashlib

import kdf
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from der import BerError, only, parse, seq, write
from names import (CIPHERS, DATA, ENCRYPTED, FRIENDLY, HASH, HMAC, KINDS, LOCAL_ID, PBES2, PBKDF2, PBMAC1, PKCS12_PBE, PKCS5_PBE, SCRYPT)

BUDGET = 8_000_000
HASH_NAME = {v: k for k, v in HASH.items()}
HMAC_NAME = {v: k for k, v in HMAC.items()}


class Refused(Exception):
    """Something the reader does not do: too much work, an unknown algorithm, a wrong password."""


def pbkdf2_facts(node):
    """Of an AlgorithmIdentifier."""
    dotted = node.children[0].oid()
    if dotted == SCRYPT:
        salt, *numbers = node.children[1].children
        n, r, p = (x.number() for x in numbers[:3])
        return {"kdf": dotted, "scrypt": [n, r, p], "salt": len(salt.content)}, None
    if dotted != PBKDF2:
        return {"kdf": dotted}, None
    salt, count, *rest = node.children[1].children
    facts = {"kdf": dotted, "prf": HMAC["sha1"], "iterations": count.number(), "salt": len(salt.octets())}
    if rest and rest[0].tag == 0x02:
        facts["key_length"] = rest.pop(0).number()
    if rest:
        facts["prf"] = rest[0].children[0].oid()
    else:
        facts["prf_default"] = True
    return facts, salt.octets()


class Reader:
    """One container under one password."""

    def __init__(self, text, form):
        self.forms = [form] if form else ["empty", "none"] if not text else [None]
        self.text, self.left, self.encoding = text, BUDGET, set()

    def charge(self, n):
        if n < 0 or n > self.left:
            raise Refused("too much work")
        self.left -= n

    def node(self, data):
        node = only(data)
        self.encoding |= node.forms()
        return node

    def decrypt(self, identifier, encrypted):
        """Facts of the scheme, and the octets (None if it cannot be done)."""
        dotted = identifier.children[0].oid()
        facts = {"scheme": dotted}
        try:
            if dotted == PBES2:
                derivation, encryption = identifier.children[1].children
                more, salt = pbkdf2_facts(derivation)
                facts.update(more)
                cipher = encryption.children[0].oid()
                facts["cipher"] = cipher
                parameters = encryption.children[1]
                _, size, _, name = CIPHERS[cipher]
                iv = parameters.children[-1].content if name == "rc2-cbc" else parameters.octets()
                if "scrypt" in facts:
                    n, r, p = facts["scrypt"]
                    self.charge(n * r * p)
                    salt = derivation.children[1].children[0].content
                    key = hashlib.scrypt(self.text.encode(), salt=salt, n=n, r=r, p=p, dklen=size, maxmem=1 << 28)
                    return facts, kdf.crypt(name, key, iv, encrypted, decrypt=True)
                self.charge(facts["iterations"])
                if "key_length" in facts and facts["key_length"] != size:
                    raise Refused("key length")
                for secret, how in [(self.text.encode(), None), (kdf.bmp_password(self.text), "BMP")]:
                    key = kdf.pbkdf2(secret, salt, facts["iterations"], size, HMAC_NAME[facts["prf"]])
                    try:
                        plain = kdf.crypt(name, key, iv, encrypted, decrypt=True)
                        parse(plain)
                    except (ValueError, BerError):
                        continue
                    return facts | ({"password": how} if how else {}), plain
                raise Refused("wrong password")
            if dotted in PKCS12_PBE:
                _, size, iv_size, name = PKCS12_PBE[dotted]
                salt, count = (x for x in identifier.children[1].children)
                facts.update(iterations=count.number(), salt=len(salt.octets()))
                self.charge(3 * count.number())
                for form in self.forms:
                    secret = kdf.bmp_password(self.text, form)
                    key = kdf.pkcs12_kdf(secret, salt.octets(), 1, count.number(), size)
                    iv = kdf.pkcs12_kdf(secret, salt.octets(), 2, count.number(), iv_size) if iv_size else b""
                    try:
                        plain = kdf.crypt(name, key, iv, encrypted, decrypt=True)
                        parse(plain)
                    except (ValueError, BerError):
                        continue
                    return facts | ({"password": form} if form and len(self.forms) > 1 else {}), plain
                raise Refused("wrong password")
            if dotted in PKCS5_PBE:
                _, name, cipher = PKCS5_PBE[dotted]
                salt, count = identifier.children[1].children
                facts.update(iterations=count.number(), salt=len(salt.octets()))
                self.charge(count.number())
                derived = kdf.pbkdf1(self.text.encode(), salt.octets(), count.number(), name)
                return facts, kdf.crypt(cipher, derived[:8], derived[8:], encrypted, decrypt=True)
            raise Refused("unknown scheme")
        except (Refused, BerError, ValueError, KeyError, IndexError, AttributeError, TypeError, OverflowError) as e:
            return facts | {"unreadable": str(e)[:60] or type(e).__name__}, None

    def mac(self, node, content):
        facts = {}
        try:
            self.mac_into(facts, node, content)
        except (Refused, BerError, ValueError, KeyError, IndexError, AttributeError, TypeError, OverflowError) as e:
            facts["unreadable"] = str(e)[:60] or type(e).__name__
        return facts

    def mac_into(self, facts, node, content):
        digest_info, salt, *count = node.children
        identifier, value = digest_info.children
        dotted = identifier.children[0].oid()
        facts["algorithm"] = dotted
        if dotted == PBMAC1:
            derivation, scheme = identifier.children[1].children
            facts["hmac"] = scheme.children[0].oid()
            more, salt = pbkdf2_facts(derivation)
            facts.update(more)
            name = HMAC_NAME[facts["hmac"]]
            self.charge(facts["iterations"] * (1 + facts.get("key_length", 0) // 64))
            size = facts.get("key_length", len(kdf.mac(b"", b"", name)))
            key = kdf.pbkdf2(self.text.encode(), salt, facts["iterations"], size, HMAC_NAME[facts["prf"]])
            facts["right"] = kdf.mac(key, content, name) == value.octets()
            return
        facts.update(iterations=count[0].number() if count else 1, salt=len(salt.octets()))
        if not count:
            facts["iterations_default"] = True
        name = HASH_NAME[dotted]
        self.charge(facts["iterations"])
        for form in self.forms:
            key = kdf.pkcs12_kdf(kdf.bmp_password(self.text, form), salt.octets(), 3, facts["iterations"], len(kdf.mac(b"", b"", name)), name)
            facts["right"] = kdf.mac(key, content, name) == value.octets()
            if facts["right"]:
                if form:
                    facts["password"] = form
                    self.forms.sort(key=lambda f: f != form)
                break

    def bags(self, node):
        return [self.bag(b) for b in node.children]

    def bag(self, node):
        kind, value, *marks = node.children
        dotted, value = kind.oid(), value.children[0]
        facts = {"kind": KINDS.get(dotted, dotted)}
        for mark in marks[0].children if marks else ():
            name, values = mark.children[0].oid(), mark.children[1].children
            try:
                if name == FRIENDLY and "friendly_name" not in facts:
                    facts["friendly_name"] = values[0].octets().decode("utf-16-be" if values[0].tag == 0x1E else "utf-8", "replace")
                elif name == LOCAL_ID and "local_key_id" not in facts:
                    facts["local_key_id"] = values[0].octets().hex()
                else:
                    facts.setdefault("attributes", []).append(name)
            except IndexError:
                facts.setdefault("attributes", []).append(name)
        if facts["kind"] == "shrouded-key":
            facts["encryption"], plain = self.decrypt(value.children[0], value.children[1].octets())
            if plain is not None:
                self.key(facts, plain)
        elif facts["kind"] == "key":
            self.key(facts, write(value))
        elif facts["kind"] == "certificate":
            data = value.children[1].children[0].octets()
            facts["sha256"] = hashlib.sha256(data).hexdigest()
            facts["der"] = data
            if value.children[0].oid() != "1.2.840.113549.1.9.22.1":
                facts["type"] = value.children[0].oid()
            try:
                facts["spki_sha256"] = spki(x509.load_der_x509_certificate(data).public_key())
            except ValueError:
                facts["unreadable"] = "not X.509"
        elif facts["kind"] == "safe-contents":
            facts["bags"] = self.bags(value)
        return facts

    def key(self, facts, plain):
        try:
            whole = only(plain)
            self.encoding |= whole.forms()
            short = b"".join(write(c) for c in whole.children[:3])
            facts["spki_sha256"] = spki(serialization.load_der_private_key(seq(short), None).public_key())
        except (BerError, ValueError, TypeError) as e:
            facts["unreadable"] = f"{type(e).__name__}: {str(e)[:60]}"

    def pfx(self, data):
        outer, _ = parse(data)
        self.encoding |= outer.forms()
        version, safe, *mac = outer.children
        facts = {"version": version.number(), "protection": safe.children[0].oid(), "safes": []}
        content = safe.children[1].children[0].octets()
        facts["mac"] = self.mac(mac[0], content) if mac else None
        for info in self.node(content).children:
            dotted = info.children[0].oid()
            inner = info.children[1].children[0]
            one = {"content": {DATA: "data", ENCRYPTED: "encrypted-data"}.get(dotted, dotted)}
            if dotted == DATA:
                one["bags"] = self.bags(self.node(inner.octets()))
            elif dotted == ENCRYPTED:
                body = inner.children[1].children
                one["encryption"], plain = self.decrypt(body[1], body[2].octets())
                if plain is not None:
                    try:
                        one["bags"] = self.bags(self.node(plain))
                    except (BerError, IndexError, AttributeError, TypeError) as e:
                        one["encryption"]["unreadable"] = str(e)[:60]
            facts["safes"].append(one)
        facts["encoding"] = sorted(self.encoding)
        return facts


def spki(public):
    return hashlib.sha256(public.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)).hexdigest()


def read(data, text, form=None):
    """The facts, or what is wrong."""
    try:
        return Reader(text, form).pfx(data)
    except (BerError, Refused, IndexError, AttributeError, TypeError, ValueError) as e:
        return {"unreadable": f"{type(e).__name__}: {str(e)[:80]}"}
