"""Containers written field by field, so that each part may be of another kind, in another order, or wrong."""

import hashlib

import kdf
from der import NULL, bmp, ctx, integer, octets, oid, seq, set_as_given, tlv
from names import (BAG, BY_CIPHER, BY_PBE, DATA, ENCRYPTED, FRIENDLY, HASH, HMAC, LOCAL_ID, PBES2, PBKDF2, PBMAC1, PKCS12_PBE, PKCS5_PBE,
                   SCRYPT, X509, X509_CRL)


class Dice:
    """Octets that are the same in every run: salts and initialisation vectors by the name of the file."""

    def __init__(self, seed):
        self.seed, self.count = seed.encode(), 0

    def take(self, n):
        out = b""
        while len(out) < n:
            self.count += 1
            out += hashlib.sha512(self.seed + self.count.to_bytes(4, "big")).digest()
        return out[:n]


class Password:
    """A password as the schemes take it. `form`, of the empty one: "empty" (00 00) or "none" (nothing)."""

    def __init__(self, text, form=None):
        self.text, self.form = text, form
        self.utf8, self.bmp = text.encode(), kdf.bmp_password(text, form)


def algorithm(dotted, *parameters):
    return seq(oid(dotted), *parameters)


def pbkdf2_parameters(salt, iterations, prf, key_length, prf_null=True):
    """`prf` None: left out, which means HMAC-SHA1."""
    prf = algorithm(HMAC[prf], NULL if prf_null else b"") if prf else b""
    count = iterations if isinstance(iterations, bytes) else integer(iterations)
    salt = salt if isinstance(salt, tuple) else octets(salt)
    return seq(salt if isinstance(salt, bytes) else salt[0], count, b"" if key_length is None else integer(key_length), prf)


class Pbes2:
    """PBES2 with PBKDF2. `as_bmp`: the password as UTF-16BE, as old NSS wrote. `show`: iterations that the file claims."""

    def __init__(self, cipher="aes-256-cbc", prf="sha256", iterations=2048, salt=16, key_length=None, prf_null=True, as_bmp=False, show=None):
        self.cipher, self.prf, self.iterations, self.salt = cipher, prf, iterations, salt
        self.key_length, self.prf_null, self.as_bmp, self.show = key_length, prf_null, as_bmp, show

    def __call__(self, plain, password, dice):
        dotted, _, key_size, iv_size, _ = BY_CIPHER[self.cipher]
        salt, iv = dice.take(self.salt), dice.take(iv_size)
        secret = password.bmp if self.as_bmp else password.utf8
        key = kdf.pbkdf2(secret, salt, self.iterations, key_size, self.prf or "sha1")
        parameters = seq(integer(58), octets(iv)) if self.cipher == "rc2-cbc" else octets(iv)
        how = pbkdf2_parameters(salt, self.show or self.iterations, self.prf, self.key_length, self.prf_null)
        return (algorithm(PBES2, seq(algorithm(PBKDF2, how), algorithm(dotted, parameters))),
                kdf.crypt(self.cipher, key, iv, plain, decrypt=False))


class Pbe:
    """A scheme of RFC 7292 appendix C, by the name of its cipher."""

    def __init__(self, cipher="des-ede3-cbc", iterations=2048, salt=8, show=None):
        self.cipher, self.iterations, self.salt, self.show = cipher, iterations, salt, show

    def __call__(self, plain, password, dice):
        dotted = BY_PBE[self.cipher]
        _, key_size, iv_size, _ = PKCS12_PBE[dotted]
        salt = dice.take(self.salt)
        key = kdf.pkcs12_kdf(password.bmp, salt, 1, self.iterations, key_size)
        iv = kdf.pkcs12_kdf(password.bmp, salt, 2, self.iterations, iv_size) if iv_size else b""
        count = integer(self.iterations) if self.show is None else self.show if isinstance(self.show, bytes) else integer(self.show)
        return algorithm(dotted, seq(octets(salt), count)), kdf.crypt(self.cipher, key, iv, plain, decrypt=False)


class Pkcs5v1:
    """A scheme of PKCS #5 version 1."""

    def __init__(self, dotted, iterations=2048):
        self.dotted, self.iterations = dotted, iterations

    def __call__(self, plain, password, dice):
        _, name, cipher = PKCS5_PBE[self.dotted]
        salt = dice.take(8)
        derived = kdf.pbkdf1(password.utf8, salt, self.iterations, name)
        return (algorithm(self.dotted, seq(octets(salt), integer(self.iterations))),
                kdf.crypt(cipher, derived[:8], derived[8:16], plain, decrypt=False))


class Scrypt:
    """PBES2 with scrypt (RFC 7914). `show`: the N, r and p that the file claims."""

    def __init__(self, n=1024, r=8, p=1, show=None):
        self.n, self.r, self.p, self.show = n, r, p, show

    def __call__(self, plain, password, dice):
        salt, iv = dice.take(16), dice.take(16)
        key = hashlib.scrypt(password.utf8, salt=salt, n=self.n, r=self.r, p=self.p, dklen=32, maxmem=1 << 28)
        how = seq(octets(salt), *(integer(x) for x in self.show or (self.n, self.r, self.p)))
        return (algorithm(PBES2, seq(algorithm(SCRYPT, how), algorithm(BY_CIPHER["aes-256-cbc"][0], octets(iv)))),
                kdf.crypt("aes-256-cbc", key, iv, plain, decrypt=False))


class Raw:
    """An algorithm identifier and octets as given."""

    def __init__(self, identifier, encrypted=None):
        self.identifier, self.encrypted = identifier, encrypted

    def __call__(self, plain, password, dice):
        return self.identifier, self.encrypted if self.encrypted is not None else dice.take(-(-len(plain) // 16) * 16)


# --- bags

def attribute(kind, *values):
    return seq(oid(kind), set_as_given(*values))


def attributes(name=None, local_id=None, more=()):
    rows = list(more)
    if name is not None:
        rows.append(attribute(FRIENDLY, bmp(name)))
    if local_id is not None:
        rows.append(attribute(LOCAL_ID, octets(local_id)))
    return set_as_given(*rows) if rows else b""


def bag(kind, value, marks=b""):
    return seq(oid(BAG + str(kind)), ctx(0, value), marks)


def key_bag(pkcs8, **marks):
    return bag(1, pkcs8, attributes(**marks))


def shrouded(pkcs8, how, password, dice, **marks):
    identifier, encrypted = how(pkcs8, password, dice)
    return bag(2, seq(identifier, octets(encrypted)), attributes(**marks))


def cert_bag(certificate, kind=X509, **marks):
    return bag(3, seq(oid(kind), ctx(0, octets(certificate))), attributes(**marks))


def crl_bag(crl, **marks):
    return bag(4, seq(oid(X509_CRL), ctx(0, octets(crl))), attributes(**marks))


def secret_bag(kind, value, **marks):
    return bag(5, seq(oid(kind), ctx(0, value)), attributes(**marks))


def nested(*bags, **marks):
    return bag(6, seq(*bags), attributes(**marks))


# --- safes

def plain_safe(*bags):
    return seq(oid(DATA), ctx(0, octets(seq(*bags))))


def encrypted_safe(how, password, dice, *bags, version=0):
    identifier, encrypted = how(seq(*bags), password, dice)
    return seq(oid(ENCRYPTED), ctx(0, seq(integer(version), seq(oid(DATA), identifier, tlv(0x80, encrypted)))))


# --- MACs

class Mac:
    """MacData with the derivation of RFC 7292. `iterations` None: left out. `show`: what the file claims."""

    def __init__(self, name="sha256", iterations=2048, salt=8, show=None, null=True, value=None):
        self.name, self.iterations, self.salt, self.show, self.null, self.value = name, iterations, salt, show, null, value

    def __call__(self, content, password, dice):
        salt = dice.take(self.salt)
        size = len(kdf.mac(b"", b"", self.name))
        key = kdf.pkcs12_kdf(password.bmp, salt, 3, self.iterations or 1, size, self.name)
        value = self.value if self.value is not None else kdf.mac(key, content, self.name)
        count = b"" if self.iterations is None and self.show is None else self.show if isinstance(self.show, bytes) else \
            integer(self.iterations if self.show is None else self.show)
        return seq(seq(algorithm(HASH[self.name], NULL if self.null else b""), octets(value)), octets(salt), count)


class Pbmac1:
    """PBMAC1 (RFC 9579). The salt and the iterations beside it are not used; `beside` sets the iterations there."""

    def __init__(self, prf="sha256", hmac="sha256", iterations=2048, salt=8, key_length="digest", derived=None, show=None, beside=1, null=True):
        self.prf, self.hmac, self.iterations, self.salt = prf, hmac, iterations, salt
        self.key_length, self.derived, self.show, self.beside, self.null = key_length, derived, show, beside, null

    def __call__(self, content, password, dice):
        salt = dice.take(self.salt)
        size = len(kdf.mac(b"", b"", self.hmac))
        length = size if self.key_length == "digest" else self.key_length
        key = kdf.pbkdf2(password.utf8, salt, self.iterations, self.derived or length or size, self.prf or "sha1")
        how = pbkdf2_parameters(salt, self.show or self.iterations, self.prf, length, self.null)
        identifier = algorithm(PBMAC1, seq(algorithm(PBKDF2, how), algorithm(HMAC[self.hmac], NULL if self.null else b"")))
        beside = b"" if self.beside is None else integer(self.beside)
        return seq(seq(identifier, octets(kdf.mac(key, content, self.hmac))), octets(b"NOT USED"), beside)


def pfx(safes, mac, password, dice, version=3):
    """`mac` None: none. The safes are an AuthenticatedSafe given as parts, or as octets."""
    content = safes if isinstance(safes, bytes) else seq(*safes)
    return seq(integer(version), seq(oid(DATA), ctx(0, octets(content))), mac(content, password, dice) if mac else b"")
