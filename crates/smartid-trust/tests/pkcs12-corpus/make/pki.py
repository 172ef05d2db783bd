"""The keys and certificates that the containers hold. Kept in pki/ once they are made, so that a second run makes the same files of them."""

import base64
import datetime

from common import OUT
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

KEYS = ["rsa1", "rsa2", "p256", "p384", "ed25519"]
FROM, TO = (datetime.datetime(y, 1, 1, tzinfo=datetime.timezone.utc) for y in (2024, 2050))
DER = serialization.Encoding.DER
PKCS8 = (DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())


def new_key(tag):
    if tag.startswith("rsa"):
        return rsa.generate_private_key(public_exponent=65537, key_size=2048)
    if tag == "ed25519":
        return ed25519.Ed25519PrivateKey.generate()
    return ec.generate_private_key(ec.SECP384R1() if tag == "p384" else ec.SECP256R1())


def name(common):
    return x509.Name([x509.NameAttribute(NameOID.COUNTRY_NAME, "SE"), x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Container tests"),
                      x509.NameAttribute(NameOID.COMMON_NAME, common)])


def certify(common, public, issuer, issuer_key, serial, ca):
    usage = dict.fromkeys(["digital_signature", "content_commitment", "key_encipherment", "data_encipherment", "key_agreement",
                           "key_cert_sign", "crl_sign", "encipher_only", "decipher_only"], False)
    usage.update({"key_cert_sign": True, "crl_sign": True} if ca else {"digital_signature": True})
    builder = (x509.CertificateBuilder().subject_name(name(common)).issuer_name(name(issuer)).public_key(public).serial_number(serial)
               .not_valid_before(FROM).not_valid_after(TO)
               .add_extension(x509.BasicConstraints(ca, None), critical=True).add_extension(x509.KeyUsage(**usage), critical=True)
               .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
               .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key()), critical=False))
    if not ca:
        builder = builder.add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH]), critical=False)
    return builder.sign(issuer_key, hashes.SHA256()).public_bytes(DER)


class Pki:
    """`key[tag]` PKCS #8, `cert[tag]` certificates, DER; of "issuing", "root", "stranger" and "renewed" certificates only."""

    def __init__(self):
        self.folder = OUT / "pki"
        if not (self.folder / "root.der").exists():
            self.make()
        self.key = {t: (self.folder / f"{t}.test.key").read_bytes() for t in KEYS}
        self.cert = {p.stem: p.read_bytes() for p in sorted(self.folder.glob("*.der"))}
        self.crl = (self.folder / "issuing.crl").read_bytes()
        self.chain = [self.cert["issuing"], self.cert["root"]]

    def make(self):
        self.folder.mkdir(parents=True, exist_ok=True)
        ca = {t: new_key("p256") for t in ("root", "issuing", "stranger")}
        put = lambda file, data: (self.folder / file).write_bytes(data)  # noqa: E731
        put("root.der", certify("Root", ca["root"].public_key(), "Root", ca["root"], 1, True))
        put("issuing.der", certify("Issuing", ca["issuing"].public_key(), "Root", ca["root"], 2, True))
        put("stranger.der", certify("Stranger", ca["stranger"].public_key(), "Stranger", ca["stranger"], 1, True))
        for i, tag in enumerate(KEYS):
            key = new_key(tag)
            put(f"{tag}.test.key", key.private_bytes(*PKCS8))
            put(f"{tag}.der", certify(f"Leaf {tag}", key.public_key(), "Issuing", ca["issuing"], 100 + i, False))
            if tag == "p256":
                put("renewed.der", certify(f"Leaf {tag}", key.public_key(), "Issuing", ca["issuing"], 200, False))
        crl = (x509.CertificateRevocationListBuilder().issuer_name(name("Issuing")).last_update(FROM).next_update(TO)
               .sign(ca["issuing"], hashes.SHA256()))
        put("issuing.crl", crl.public_bytes(DER))

    def pem(self, work):
        """The same as PEM files in the work directory, for the programs."""
        def write(file, data, label):
            text = base64.encodebytes(data).decode()
            (work / file).write_text(f"-----BEGIN {label}-----\n{text}-----END {label}-----\n")
        for tag, data in self.cert.items():
            write(f"{tag}.pem", data, "CERTIFICATE")
        for tag, data in self.key.items():
            write(f"{tag}.key", data, "PRIVATE KEY")
        (work / "chain.pem").write_text((work / "issuing.pem").read_text() + (work / "root.pem").read_text())
        (work / "turned.pem").write_text((work / "root.pem").read_text() + (work / "issuing.pem").read_text())
