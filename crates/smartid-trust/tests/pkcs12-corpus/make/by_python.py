"""Containers by Python cryptography."""

import cryptography
from common import CONTROL, EMOJI, GREEK, LONG, UMLAUTS, USUAL, add
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, NoEncryption, PrivateFormat, pkcs12
from cryptography.hazmat.primitives.serialization.pkcs12 import PBES
from names import HASH

WHO = f"Python cryptography {cryptography.__version__}"
SCHEMES = {"aes256": PBES.PBESv2SHA256AndAES256CBC, "3des": PBES.PBESv1SHA1And3KeyTripleDESCBC}
MACS = {"sha1": hashes.SHA1(), "sha224": hashes.SHA224(), "sha256": hashes.SHA256(), "sha384": hashes.SHA384(), "sha512": hashes.SHA512()}


def make(p):
    key = {t: serialization.load_der_private_key(data, None) for t, data in p.key.items()}
    cert = {t: x509.load_der_x509_certificate(data) for t, data in p.cert.items()}
    chain = [cert["issuing"], cert["root"]]

    def one(file, tag, how, note, *, name=b"Key One", cas=chain, secret=USUAL, said="", leaf="own", with_key=True, **more):
        try:
            encryption = how(secret.encode()) if callable(how) else how
            data = pkcs12.serialize_key_and_certificates(name, key[tag] if with_key else None, cert[tag] if leaf == "own" else leaf, cas, encryption)
        except (ValueError, TypeError) as e:
            print(f"  not made: python-{file}: {e}")
            return
        add(f"python-{file}.p12", data, WHO, note, password=secret, how=f"serialize_key_and_certificates{said}", **more)

    def built(scheme=None, mac=None, rounds=None):
        def how(secret):
            builder = PrivateFormat.PKCS12.encryption_builder()
            builder = builder.kdf_rounds(rounds) if rounds else builder
            builder = builder.key_cert_algorithm(SCHEMES[scheme]) if scheme else builder
            return (builder.hmac_hash(MACS[mac]) if mac else builder).build(secret)
        return how

    for tag in p.key:
        one(f"best-{tag}", tag, BestAvailableEncryption, f"BestAvailableEncryption, key {tag}.")
    for scheme in SCHEMES:
        for mac in MACS:
            more = {"oid": HASH[mac], "also": ["unsupported-algorithm"]} if mac == "sha224" else {}
            one(f"{scheme}-{mac}", "p256", built(scheme, mac, 2048), f"{SCHEMES[scheme].name}, MAC {mac}.", cas=None, **more)
        for rounds in (1, 100, 50000):
            one(f"{scheme}-rounds-{rounds}", "p256", built(scheme, "sha256", rounds), f"{rounds} rounds.", cas=None)
        for label, text in [("umlauts", UMLAUTS), ("greek", GREEK), ("emoji", EMOJI), ("long", LONG), ("control", CONTROL)]:
            one(f"{scheme}-password-{label}", "p256", built(scheme, "sha256", 1000), f"Password: {label}.", secret=text, cas=None)
    one("unencrypted", "rsa1", NoEncryption(), "NoEncryption: nothing encrypted, and a MAC under the empty password.", secret="")
    one("name-none", "p256", BestAvailableEncryption, "No friendly name.", name=None)
    one("name-emoji", "p256", BestAvailableEncryption, "A friendly name outside the Basic Multilingual Plane.", name="🔑 Key".encode())
    one("name-umlauts", "p256", BestAvailableEncryption, "A friendly name with umlauts.", name="Schlüssel".encode())
    named = [pkcs12.PKCS12Certificate(cert["issuing"], "Issuing €".encode()), pkcs12.PKCS12Certificate(cert["root"], b"Root")]
    one("ca-names", "rsa1", BestAvailableEncryption, "Names on the issuers.", cas=named)
    one("turned-chain", "p256", BestAvailableEncryption, "Root before issuing CA.", cas=[cert["root"], cert["issuing"]])
    one("key-only", "p256", BestAvailableEncryption, "A key and no certificate.", leaf=None, cas=None)
    one("key-and-issuers", "p256", BestAvailableEncryption, "A key and its issuers, the leaf left out.", leaf=None, cas=chain,
        expect="refuse", reason="key-certificate-mismatch", also=["open"])
    one("certs-only", "p256", BestAvailableEncryption, "Certificates only.", leaf=None, with_key=False, expect="refuse", reason="no-key")
    store = pkcs12.serialize_java_truststore([pkcs12.PKCS12Certificate(cert["root"], b"anchor")], BestAvailableEncryption(USUAL.encode()))
    add("python-truststore.p12", store, WHO, "A Java trust store.", how="serialize_java_truststore", expect="refuse", reason="no-key")
