"""Has OpenSSL, Python cryptography and Java open every file, with the password that the index names."""

import base64
import hashlib
import os
import re
import resource
import signal
import subprocess
import time

from common import FILES, HERE, OUT, WORK, password_file, run
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.serialization import pkcs12
from read import read, spki

SECONDS = 6  # of processor time, for one file in one tool
BLOCK = re.compile(rb"-----BEGIN ([A-Z ]+)-----\n(.*?)-----END", re.S)


def key_id(der):
    return spki(serialization.load_der_private_key(der, None).public_key())


def of_pem(text):
    keys, certificates = set(), set()
    for label, body in BLOCK.findall(text):
        der = base64.b64decode(body)
        if label == b"CERTIFICATE":
            certificates.add(hashlib.sha256(der).hexdigest())
        elif label.endswith(b"PRIVATE KEY"):
            keys.add(key_id(der))
    return keys, certificates


def limit():
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS + 1))


def by_openssl(one):
    """The program, without and then with the legacy provider."""
    for word, options in (("yes", []), ("legacy", ["-legacy"])):
        command = ["openssl", "pkcs12", "-in", OUT / one["file"], "-passin", f"file:{password_file(one['password'])}", "-noenc", *options]
        done = subprocess.run(command, capture_output=True, preexec_fn=limit, check=False)
        if done.returncode == -signal.SIGXCPU or done.returncode == -signal.SIGKILL:
            return "slow", None, f"more than {SECONDS} seconds"
        if done.returncode == 0:
            return word, of_pem(done.stdout), ""
    lines = [x for x in done.stderr.decode(errors="replace").splitlines() if x.strip()]
    return "no", None, (lines[-1] if lines else "?").split(":error:")[-1][:110]


def by_cryptography(one):
    """In a process of its own: a file may take too long, or stop the library."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        limit()
        os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
        answer = "no\tdied"
        try:
            for password in [one["password"].encode(), None] if not one["password"] else [one["password"].encode()]:
                try:
                    loaded = pkcs12.load_pkcs12(one["data"], password)
                    key = spki(loaded.key.public_key()) if loaded.key else ""
                    certs = [loaded.cert, *loaded.additional_certs]
                    found = ",".join(hashlib.sha256(c.certificate.public_bytes(serialization.Encoding.DER)).hexdigest() for c in certs if c)
                    answer = f"yes\t{key}\t{found}"
                    break
                except BaseException as e:  # noqa: BLE001  (its panics are no Exception)
                    answer = f"no\t{type(e).__name__}: {str(e)[:90]}".replace("\n", " ")
        finally:
            os.write(writing, answer.encode())
            os._exit(0)
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        text = pipe.read().decode()
    os.waitpid(child, 0)
    return text.split("\t") if text else ["slow"]


def by_java():
    listing = WORK / "open.txt"
    listing.write_text("".join(f"{OUT / one['file']}\t{one['password'].encode().hex()}\n" for one in FILES))
    return [line.split("\t") for line in run("java", HERE / "Open.java", listing).stdout.decode().splitlines()]


def walk(bags):
    for one in bags:
        yield one
        yield from walk(one.get("bags", []))


def found(facts):
    """Keys and certificates as our own reader found them."""
    every = [b for safe in facts.get("safes", []) for b in walk(safe.get("bags", []))]
    keys = {b["spki_sha256"] for b in every if b["kind"] in ("key", "shrouded-key") and "spki_sha256" in b}
    return keys, {b["sha256"] for b in every if b["kind"] == "certificate" and "sha256" in b}


def judge():
    started = time.time()
    java_keys = {hashlib.sha256(p.read_bytes()).hexdigest(): key_id(p.read_bytes()) for p in (OUT / "pki").glob("*.test.key")}
    for one, java in zip(FILES, by_java(), strict=True):
        one["facts"] = read(one["data"], one["password"], one["form"])
        keys, certificates = found(one["facts"])
        one["says"] = {}
        openssl = by_openssl(one)
        one["openssl"] = openssl[0]
        if openssl[1] is None:
            one["says"]["openssl"] = openssl[2]
        elif openssl[1] != (keys, certificates):
            one["openssl"] += " (differs)"
        library = by_cryptography(one)
        one["cryptography"] = library[0]
        if library[0] == "yes":
            # It gives one key.
            got = {library[1]} - {""}
            if not got <= keys or set(library[2].split(",")) - {""} != certificates or bool(got) != bool(keys):
                one["cryptography"] += " (differs)"
            elif got != keys:
                one["cryptography"] += " (one key)"
        else:
            one["says"]["cryptography"] = library[-1]
        one["java"] = java[0]
        if java[0] == "yes":
            got = {java_keys.get(x, x) for x in java[1].split(",")} - {""}
            if got != keys:
                one["java"] += " (no key)" if keys and not got else " (differs)"
        else:
            one["says"]["java"] = java[-1]
    print(f"judged in {time.time() - started:.0f} s")
