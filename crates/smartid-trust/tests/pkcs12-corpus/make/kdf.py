"""Key derivation and ciphers, with hashlib, Python cryptography and, for old and rare ciphers, the openssl program."""

import hashlib
import hmac
import subprocess

from cryptography.hazmat.decrepit.ciphers.algorithms import TripleDES
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes


def bmp_password(text, form=None):
    """As RFC 7292 B.1 has it: UTF-16BE with two zero octets; of a zero-length password (`form` "none") nothing."""
    if form == "none":
        return b""
    return text.encode("utf-16-be") + b"\0\0"


def pkcs12_kdf(password, salt, purpose, iterations, size, name="sha1"):
    """RFC 7292 appendix B.2."""
    probe = hashlib.new(name)
    u, v = probe.digest_size, probe.block_size
    fill = lambda s: (s * (v * -(-len(s) // v) // max(1, len(s)) + 1))[:v * -(-len(s) // v)] if s else b""  # noqa: E731
    i = fill(salt) + fill(password)
    out = b""
    while len(out) < size:
        a = hashlib.new(name, bytes([purpose]) * v + i).digest()
        for _ in range(iterations - 1):
            a = hashlib.new(name, a).digest()
        out += a
        b = int.from_bytes((a * (v // u + 1))[:v], "big") + 1
        i = b"".join(((int.from_bytes(i[j:j + v], "big") + b) % (1 << 8 * v)).to_bytes(v, "big") for j in range(0, len(i), v))
    return out[:size]


def pbkdf2(password, salt, iterations, size, name="sha1"):
    return hashlib.pbkdf2_hmac(name.replace("sha3_", "sha3-").replace("sha512_", "sha512-"), password, salt, iterations, size)


def pbkdf1(password, salt, iterations, name):
    a = password + salt
    for _ in range(iterations):
        a = hashlib.new(name, a).digest()
    return a[:16]


def mac(key, data, name):
    return hmac.new(key, data, name).digest()


def _pad(data, n):
    k = n - len(data) % n
    return data + bytes([k]) * k


def _unpad(data, n):
    k = data[-1] if data else 0
    if not 0 < k <= n or len(data) % n or data[-k:] != bytes([k]) * k:
        raise ValueError("padding")
    return data[:-k]


def crypt(name, key, iv, data, *, decrypt):
    """`name` as the program `openssl enc` calls it. Padding is put on and taken off, save for RC4."""
    library = None
    if name.startswith("aes-"):
        library = algorithms.AES(key)
    elif name == "des-ede3-cbc":
        library = TripleDES(key)
    elif name == "des-ede-cbc":
        library = TripleDES(key + key[:8])
    if library is not None:
        one, size = Cipher(library, modes.CBC(iv)), library.block_size // 8
        if decrypt:
            if len(data) % size:
                raise ValueError("not whole blocks")
            d = one.decryptor()
            return _unpad(d.update(data) + d.finalize(), size)
        e = one.encryptor()
        return e.update(_pad(data, size)) + e.finalize()
    args = ["openssl", "enc", f"-{name}", "-d" if decrypt else "-e", "-provider", "default", "-provider", "legacy", "-K", key.hex()]
    done = subprocess.run(args + (["-iv", iv.hex()] if iv else []), input=data, capture_output=True, check=False)
    if done.returncode != 0:
        raise ValueError(done.stderr.decode(errors="replace").splitlines()[-1][:100])
    return done.stdout
