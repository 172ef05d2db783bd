"""Containers by keytool, by the JDK's key store and by Bouncy Castle (key store and builder)."""

import os
import re

from common import COMBINING, CONTROL, EMOJI, GREEK, HERE, LONG, OUT, SPACE, UMLAUTS, USUAL, WORK, add, run
from names import BY_CIPHER, BY_PBE, HASH, HMAC, SCRYPT

BC = os.environ.get("BC_DIR", "/usr/share/java")
PATH = ":".join(f"{BC}/{jar}.jar" for jar in ("bcpkix", "bcutil", "bcprov"))
JOBS = []
ALL = "+issuing+root"


def java_version():
    return re.search(r'"([\d._]+)"', run("java", "-version").stderr.decode()).group(1)


def bc_version():
    return re.search(r"bcprov-?([\d.]*\d)?", os.path.basename(os.path.realpath(f"{BC}/bcprov.jar"))).group(1) or "?"


def job(file, who, note, job, how, **more):
    JOBS.append((file, who, note, {**job, "out": WORK / file}, how, more))


def h(text):
    return text.encode().hex()


def entry(tag, chain=ALL, alias=None, own=None):
    return f"key,{h(alias if alias is not None else tag)},{tag},{tag}{chain}" + (f",{h(own)}" if own is not None else "")


def store(file, note, entries, *, provider="SunJSSE", store="PKCS12", password=USUAL, der=False, attribute=None, settings=None, **more):
    j = {"store": store, "provider": provider, "password": h(password), "entries": ";".join(entries), **(settings or {})}
    if der:
        j["der"] = "1"
    if attribute:
        j["attribute"] = attribute
    sun = provider == "SunJSSE"
    who = f"Java {java_version()} KeyStore" if sun else f"Bouncy Castle {bc_version()} KeyStore {store}"
    how = " ".join(f"{k}={v}" for k, v in (settings or {}).items()) or ("DER asked for" if der else "store()")
    job(f"{'java' if sun else 'bc'}-{file}.p12", who, note, j, how, password=password, **more)


def builder(file, note, *, key="p256", cipher=None, cert="same", prf="sha256", mac="sha256", password=USUAL, chain=False, **options):
    more = {k: options.pop(k) for k in ("expect", "reason", "oid", "also") if k in options}
    dotted = lambda c: c if c is None or c[0].isdigit() else BY_CIPHER[c][0]  # noqa: E731
    j = {"key": key, **({"chain": "1"} if chain else {}), "password": h(password), "prf": HMAC[prf], **{k: str(v) for k, v in options.items()}}
    if cipher:
        j["keycipher"] = dotted(cipher)
    if cert:
        j["certcipher"] = dotted(cipher if cert == "same" else cert)
    if mac:
        j["mac"] = HASH[mac]
    how = " ".join(f"{k}={v}" for k, v in j.items() if k not in ("password", "key", "chain"))
    job(f"bc-builder-{file}.p12", f"Bouncy Castle {bc_version()} PKCS12PfxPduBuilder", note, j, how, password=password, **more)


def keytool(file, note, *options, sources=(("p256", "Key One"),), trusted=(), **more):
    """-importkeystore from containers of openssl, then -importcert."""
    target = WORK / file
    for tag, alias in sources:
        source = WORK / "source.p12"
        run("openssl", "pkcs12", "-export", "-inkey", WORK / f"{tag}.key", "-in", WORK / f"{tag}.pem", "-certfile", WORK / "chain.pem", "-name", alias,
            "-passout", f"pass:{USUAL}", "-out", source)
        run("keytool", *options, "-importkeystore", "-srckeystore", source, "-srcstoretype", "PKCS12", "-srcstorepass", USUAL, "-destkeystore", target,
            "-deststoretype", "PKCS12", "-deststorepass", USUAL)
    for alias, tag in trusted:
        run("keytool", *options, "-importcert", "-noprompt", "-alias", alias, "-file", WORK / f"{tag}.pem", "-keystore", target, "-storetype", "PKCS12",
            "-storepass", USUAL)
    how = " ".join(["keytool -importkeystore" if sources else "keytool -importcert", *options])
    add(f"keytool-{file}.p12", target.read_bytes(), f"Java {java_version()} keytool", note, how=how, **more)


def by_keytool():
    legacy = "-J-Dkeystore.pkcs12.legacy"
    keytool("rsa", "The defaults, RSA.", sources=[("rsa1", "Key One")])
    keytool("p256", "The defaults, P-256.")
    keytool("rsa-legacy", "The defaults before JDK 16.", legacy, sources=[("rsa1", "Key One")])
    keytool("p256-legacy", "The defaults before JDK 16.", legacy)
    keytool("two-keys", "Two keys, each with its chain.", sources=[("rsa1", "signing"), ("rsa2", "encryption")])
    keytool("three-keys-legacy", "Three keys, each with its chain.", legacy, sources=[("rsa1", "one"), ("p256", "two"), ("p384", "three")])
    keytool("key-and-trusted", "A key and two trusted certificates.", trusted=[("anchor", "stranger"), ("old", "renewed")])
    keytool("trusted-only", "Trusted certificates, no key.", sources=[], trusted=[("anchor", "root"), ("other", "stranger")], expect="refuse", reason="no-key")
    keytool("sha512-aes128", "PBEWithHmacSHA512AndAES_128 and MAC SHA-512.", "-J-Dkeystore.pkcs12.keyProtectionAlgorithm=PBEWithHmacSHA512AndAES_128",
            "-J-Dkeystore.pkcs12.certProtectionAlgorithm=PBEWithHmacSHA512AndAES_128", "-J-Dkeystore.pkcs12.macAlgorithm=HmacPBESHA512")


def by_jdk():
    schemes = [f"PBEWithHmacSHA{prf}AndAES_{size}" for prf in (1, 256, 384, 512) for size in (128, 256)]
    for i, one in enumerate(schemes):
        mac = ["HmacPBESHA256", "HmacPBESHA1", "HmacPBESHA384", "HmacPBESHA512"][i % 4]
        store(one[7:].lower(), f"{one} for key and certificates, {mac}.", [entry("p256", "")],
              settings={"keyProtectionAlgorithm": one, "certProtectionAlgorithm": one, "macAlgorithm": mac})
    store("hmacsha224andaes_256", "PRF and MAC SHA-224: outside the table.", [entry("p256")],
          settings={"keyProtectionAlgorithm": "PBEWithHmacSHA224AndAES_256", "certProtectionAlgorithm": "PBEWithHmacSHA224AndAES_256",
                    "macAlgorithm": "HmacPBESHA224"}, oid=HMAC["sha224"], also=["unsupported-algorithm"])
    for one, cipher in [("PBEWithSHA1AndDESede", "3des"), ("PBEWithSHA1AndRC2_128", "rc2-128"), ("PBEWithSHA1AndRC2_40", "rc2-40")]:
        store(cipher, f"{one} for key and certificates, HmacPBESHA1.", [entry("p256", "")],
              settings={"keyProtectionAlgorithm": one, "certProtectionAlgorithm": one, "macAlgorithm": "HmacPBESHA1"})
    store("rc4-128", "RC4, as old programs wrote it.", [entry("p256")],
          settings={"keyProtectionAlgorithm": "PBEWithSHA1AndRC4_128", "certProtectionAlgorithm": "PBEWithSHA1AndRC4_128", "macAlgorithm": "HmacPBESHA1"})
    store("cert-none", "Certificates in the clear.", [entry("p256")], settings={"certProtectionAlgorithm": "NONE"})
    store("mac-none", "No MAC.", [entry("p256")], settings={"macAlgorithm": "NONE"}, expect="open-on-request")
    store("cert-mac-none", "Certificates in the clear, no MAC.", [entry("rsa1")], expect="open-on-request",
          settings={"certProtectionAlgorithm": "NONE", "macAlgorithm": "NONE"})
    store("passwordless", "As JDK 18 writes cacerts: no password at all, trusted certificates only.", [f"trusted,{h('one')},root", f"trusted,{h('two')},issuing"],
          password="", expect="refuse", reason="no-key", also=["no-mac"], settings={"certProtectionAlgorithm": "NONE", "macAlgorithm": "NONE"})
    store("iterations", "Different iterations for key, certificates and MAC.", [entry("p384")],
          settings={"keyPbeIterationCount": "123", "certPbeIterationCount": "45678", "macIterationCount": "100000"})
    store("five-keys", "Five keys with the same chain each time.", [entry(t) for t in ("rsa1", "rsa2", "p256", "p384", "ed25519")])
    store("renewed", "The same key twice, with two certificates.", [entry("p256", alias="old"), "key," + h("new") + ",p256,renewed" + ALL])
    store("leaf-only", "No issuers.", [entry("ed25519", "")])
    store("secret-beside", "A secret key (secret bag) beside the key.", [entry("p256"), f"secret,{h('aes')}"])
    store("secret-only", "A secret key and nothing else.", [f"secret,{h('aes')}"], expect="refuse", reason="no-key")
    store("attribute", "An attribute of our own on the key bag.", [entry("p256")], attribute="1.3.6.1.4.1.99999.1")
    store("alias-mixed", "An alias with upper case and umlauts: Java lowers it.", [entry("p256", alias="Schlüssel ÄÖÜ")])
    store("alias-emoji", "An alias outside the Basic Multilingual Plane.", [entry("p256", alias="🔑key")])
    for label, text in [("long", LONG), ("space", SPACE), ("umlauts", UMLAUTS), ("greek", GREEK), ("emoji", EMOJI), ("control", CONTROL), ("empty", "")]:
        store(f"password-{label}", f"Password: {label}.", [entry("p256", "")], password=text)
        store(f"password-{label}-legacy", f"Password: {label}, old schemes.", [entry("p256", "")], password=text,
              settings={"keyProtectionAlgorithm": "PBEWithSHA1AndDESede", "certProtectionAlgorithm": "PBEWithSHA1AndRC2_40", "macAlgorithm": "HmacPBESHA1"})
    for label, text in [("umlauts", UMLAUTS), ("control", CONTROL)]:
        store(f"bc-registered-{label}", f"Password: {label}. The JDK's store takes it only where Bouncy Castle is among the providers, and then derives "
              "the keys of PBES2 from UTF-16 cut to seven bits; the MAC is right.", [entry("p256", "")], password=text, expect="refuse",
              reason="wrong-password-or-corrupt", also=["open"])
        store(f"bc-registered-{label}-legacy", f"Password: {label}, old schemes, Bouncy Castle among the providers.", [entry("p256", "")], password=text,
              settings={"keyProtectionAlgorithm": "PBEWithSHA1AndDESede", "certProtectionAlgorithm": "PBEWithSHA1AndRC2_40", "macAlgorithm": "HmacPBESHA1"})
    store("other-key-password", "The key has a password of its own, which is not that of the MAC.", [entry("p256", own="another one")],
          expect="refuse", reason="wrong-password-or-corrupt")


def by_bc():
    for one in ("PKCS12", "PKCS12-3DES-3DES", "PKCS12-DEF", "PKCS12-DEF-3DES-3DES"):
        for tag in ("rsa1", "p256") if "DEF" not in one else ("p256",):
            store(f"{one.lower()}-{tag}", f"{one}: BER with indefinite lengths.", [entry(tag)], provider="BC", store=one)
        store(f"{one.lower()}-der", f"{one}, DER asked for.", [entry("p256")], provider="BC", store=one, der=True)
    store("two-keys", "Two keys and a trusted certificate.", [entry("rsa1"), entry("rsa2"), f"trusted,{h('anchor')},stranger"], provider="BC")
    store("alias-case", "An alias with upper case and umlauts.", [entry("p256", alias="Schlüssel ÄÖÜ")], provider="BC")
    store("trusted-only", "Trusted certificates, no key.", [f"trusted,{h('anchor')},stranger"], provider="BC", expect="refuse", reason="no-key")
    for label, text in [("umlauts", UMLAUTS), ("greek", GREEK), ("emoji", EMOJI), ("long", LONG), ("control", CONTROL), ("empty", ""), ("combining", COMBINING)]:
        store(f"password-{label}", f"Password: {label}.", [entry("p256", "")], provider="BC", password=text)

    aes = ["aes-128-cbc", "aes-192-cbc", "aes-256-cbc"]
    for i, (cipher, prf) in enumerate([(c, p) for p in ("sha1", "sha256", "sha384", "sha512") for c in aes]):
        mac = ["sha256", "sha512", "sha1", "sha384"][i % 4]
        options = {"salt": [16, 8, 20, 64][i % 4], "iterations": [2048, 1, 1024, 20000][i % 4]}
        builder(f"{cipher[:7]}-{prf}", f"{cipher}, PRF {prf}, MAC {mac}.", cipher=cipher, prf=prf, mac=mac, **options)
    for prf in ("sha224", "sha3_256", "sha3_512"):
        builder(f"aes-256-{prf}", f"PRF {prf}: outside the table.", cipher="aes-256-cbc", prf=prf, oid=HMAC[prf], also=["unsupported-algorithm"])
    builder("3des-pbes2", "PBES2 with 3DES.", cipher="des-ede3-cbc", prf="sha1", mac="sha1")
    builder("camellia", "PBES2 with Camellia: outside the table.", cipher="camellia-256-cbc", oid=BY_CIPHER["camellia-256-cbc"][0], also=["unsupported-algorithm"])
    builder("scrypt", "PBES2 with scrypt, N = 1024: not opened unless the caller asks for it.", cipher="aes-256-cbc", scrypt=1024, expect="refuse",
            reason="unsupported-algorithm", oid=SCRYPT)
    for label, name in [("3des", "des-ede3-cbc"), ("2des", "des-ede-cbc"), ("rc2-128", "rc2-cbc"), ("rc2-40", "rc2-40-cbc")]:
        builder(f"{label}", f"{label} of RFC 7292 for both.", cipher=BY_PBE[name], mac="sha1")
    for label, name in [("rc4-128", "rc4"), ("rc4-40", "rc4-40")]:
        builder(f"{label}", "RC4, as old programs wrote it.", cipher=BY_PBE[name], mac="sha1")
    builder("mac-sha224", "MAC SHA-224: outside the table.", cipher="aes-256-cbc", mac="sha224", oid=HASH["sha224"], also=["unsupported-algorithm"])
    builder("mac-sha512-256", "MAC SHA-512/256: outside the table.", cipher="aes-256-cbc", mac="sha512_256", oid=HASH["sha512_256"], also=["unsupported-algorithm"])
    builder("nomac", "No MAC, BER.", chain=True, cipher="aes-256-cbc", mac=None, expect="open-on-request")
    builder("plain", "Nothing encrypted, with MAC.", chain=True, key="p384", cert=None, plainkey=1)
    builder("cert-plain", "Key AES-256, certificates in the clear, each in a safe of its own.", chain=True, key="rsa1", cipher="aes-256-cbc", cert=None)
    builder("key-plain", "The key in the clear, certificates AES-128.", cert="aes-128-cbc", plainkey=1)
    builder("mixed", "Key 3DES, certificates AES-256.", chain=True, cipher=BY_PBE["des-ede3-cbc"], cert="aes-256-cbc", mac="sha512")
    builder("der", "DER asked for.", chain=True, cipher="aes-256-cbc", encoding="DER")
    builder("dl", "Definite lengths asked for.", chain=True, cipher="aes-256-cbc", encoding="DL")
    for tag in ("rsa2", "p384", "ed25519"):
        builder(f"key-{tag}", f"Key {tag}.", key=tag, cipher="aes-256-cbc", prf="sha512", mac="sha512")
    for label, text in [("greek", GREEK), ("emoji", EMOJI)]:
        builder(f"password-{label}", f"Password: {label}.", cipher="aes-256-cbc", password=text)
        builder(f"password-{label}-3des", f"Password: {label}, old scheme.", cipher=BY_PBE["des-ede3-cbc"], mac="sha1", password=text)


def make(p):
    by_keytool()
    JOBS.clear()
    by_jdk()
    by_bc()
    for with_bc in (False, True):
        jobs = [one for one in JOBS if (one[0].startswith(("bc-", "java-bc-"))) == with_bc]
        (WORK / "jobs.txt").write_text("".join("\t".join(f"{k}={v}" for k, v in one[3].items()) + "\n" for one in jobs))
        answers = run("java", "-cp", PATH, HERE / "Stores.java", OUT / "pki", WORK / "jobs.txt", "bc" if with_bc else "plain").stdout.decode().splitlines()
        for (file, who, note, j, how, more), answer in zip(jobs, answers, strict=True):
            if answer == "made":
                add(file, j["out"].read_bytes(), who, note, how=how, **more)
            else:
                print(f"  not made: {file}: {answer[10:130]}")
