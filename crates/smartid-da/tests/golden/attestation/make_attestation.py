#!/usr/bin/env python3
"""Makes the attestation fixtures of this directory with real cryptography; see ../README.md for the fields of the index.

    python3 -m venv /tmp/venv && /tmp/venv/bin/pip install cryptography cbor2 fido2 webauthn
    /tmp/venv/bin/python make_attestation.py             # writes the documents and INDEX.toml
    /tmp/venv/bin/python make_attestation.py --check     # asks the Python packages and writes verdicts.json, then INDEX.toml again
    node check_simplewebauthn.mjs DIR                    # the same with @simplewebauthn/server (installed below DIR)
"""

import base64
import hashlib
import json
import os
import struct
import sys
import uuid

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "making"))
from common import *  # noqa: E402,F403

CHALLENGE = seed("attestation challenge", 32)
AAGUID = bytes.fromhex("3c0e7a52000040008000000000000fd0")
OTHER_AAGUID = bytes.fromhex("3c0e7a52000040008000000000000fd1")
CLIENT = client_data(CHALLENGE)
HASHED = sha256(CLIENT)
OID_AAGUID = "1.3.6.1.4.1.45724.1.1.4"
OID_APPLE = "1.2.840.113635.100.8.2"
OID_ANDROID = "1.3.6.1.4.1.11129.2.1.17"
OID_AIK = "2.23.133.8.3"

OPTIONS = {
    "direct": options(CHALLENGE),
    "none": options(CHALLENGE, attestation="none"),
    "indirect": options(CHALLENGE, attestation="indirect"),
    "enterprise": options(CHALLENGE, attestation="enterprise", hints=["security-key"]),
    "formats": options(CHALLENGE, attestationFormats=["packed", "fido-u2f", "tpm"], hints=["security-key", "client-device"]),
    "any-device": options(CHALLENGE, authenticatorSelection={"residentKey": "preferred", "requireResidentKey": False, "userVerification": "preferred"}),
}

W = "W3C WebAuthn Level 2 and 3, section 8"
SOURCE = {
    "none": W + ".7", "packed": W + ".2", "tpm": W + ".3; TCG TPM 2.0 Library Part 2", "android-key": W + ".4",
    "android-safetynet": W + ".5", "fido-u2f": W + ".6", "apple": W + ".8",
}

# ---------------------------------------------------------------- certificates of the authenticators
KEYS = {}


def ecdsa(label, alg=-7):
    return KEYS.setdefault(("ec", label, alg), EcKey("attestation " + label, alg))


def eddsa(label):
    return KEYS.setdefault(("ed", label), EdKey("attestation " + label))


def rsa_(label, alg=-257):
    if ("rsa", label, alg) not in KEYS:
        KEYS["rsa", label, alg] = RsaKey("attestation " + label, 2048, alg)
    return KEYS["rsa", label, alg]


ROOT_KEY = ecdsa("root")
ROOT_NAME = [("C", "SE"), ("O", "Golden Fixtures"), ("CN", "Golden Attestation Root")]
SUB_NAME = [("C", "SE"), ("O", "Golden Fixtures"), ("CN", "Golden Attestation CA 1")]
SUB2_NAME = [("C", "SE"), ("O", "Golden Fixtures"), ("CN", "Golden Attestation CA 2")]
LEAF_NAME = [("C", "SE"), ("O", "Golden Fixtures"), ("OU", "Authenticator Attestation"), ("CN", "Golden Authenticator")]
CA_EXTS = [basic_constraints(True), key_usage("keyCertSign", "cRLSign")]
ROOT = certificate("root", ROOT_NAME, ROOT_NAME, ROOT_KEY, ROOT_KEY, CA_EXTS)
SUB_KEY, SUB2_KEY = ecdsa("sub ca"), ecdsa("sub ca 2")
SUB = certificate("sub", SUB_NAME, ROOT_NAME, ROOT_KEY, SUB_KEY, CA_EXTS)
SUB2 = certificate("sub 2", SUB2_NAME, SUB_NAME, SUB_KEY, SUB2_KEY, CA_EXTS)
LEAF_KEY = ecdsa("leaf")


def aaguid_ext(aaguid=AAGUID, critical=False, raw=None):
    return ext(OID_AAGUID, octets(aaguid) if raw is None else raw, critical)


def leaf(label, key=None, subject=LEAF_NAME, exts=None, issuer=(ROOT_NAME, ROOT_KEY), aaguid=None, ca=False, **kw):
    if exts is None:
        exts = [basic_constraints(ca)] + ([aaguid_ext(aaguid)] if aaguid else [])
    return certificate("leaf " + label, subject, issuer[0], issuer[1], key or LEAF_KEY, exts, **kw)


LEAF = leaf("plain")
LEAF_AAGUID = leaf("aaguid", aaguid=AAGUID)

# ---------------------------------------------------------------- the list
FIXTURES = []


def add(name_, fmt, about, auth, stmt, cred, options_="direct", signature="verified", check="ok", server="accept", reason="", attestation=None,
        client=CLIENT, att=None, preflight="accept", anchor=True, transports=("usb",), attachment="cross-platform", tag="inferred",
        check_also=None, source=None, preflight_also=None):
    att = cbor({"fmt": fmt, "attStmt": stmt, "authData": auth}) if att is None else att
    reg = registration(cred, client, att, authenticatorAttachment=attachment)
    reg["response"]["transports"] = list(transports)
    x5c = stmt.get("x5c") if isinstance(stmt, dict) else None
    certs = len(x5c) if isinstance(x5c, list) else None
    alg = stmt.get("alg") if isinstance(stmt, dict) else None
    if attestation is None:
        attestation = {"none": "none", "tpm": "attestation-ca", "apple": "anonymization-ca", "android-key": "basic", "fido-u2f": "basic",
                       "packed": "basic" if isinstance(stmt, dict) and "x5c" in stmt else "self"}.get(fmt, "unknown")
    n = struct.unpack(">H", auth[53:55])[0]
    key = auth[55 + n:]
    key_alg = {b"\x26": -7, b"\x27": -8, b"\x38\x22": -35, b"\x38\x23": -36, b"\x39\x01\x00": -257, b"\x39\x01\x01": -258, b"\x39\x01\x02": -259}
    at = 4  # after the map's head, label 1 with its value, and label 3
    key_alg = next(v for k, v in key_alg.items() if key[at:at + len(k)] == k)
    FIXTURES.append(dict(
        file=name_ + ".registration.json", options=options_ + ".options.json", kind="registration", tag=tag,
        source=source or SOURCE.get(fmt, W), about=about, call="credentials", format=fmt, attestation=attestation,
        aaguid=str(uuid.UUID(bytes=auth[37:53])), key_algorithm=key_alg,
        statement_algorithm=alg if isinstance(alg, int) and not isinstance(alg, bool) else None,
        certificates=certs, anchor="root.test.pem" if anchor and certs else None, preflight=preflight, preflight_also=preflight_also,
        signature=signature, check=check, check_also=check_also, reason=reason or None, server=server, _reg=reg))


def good(name_, fmt, about, auth, stmt, cred, **kw):
    add(name_, fmt, about, auth, stmt, cred, **kw)


def bad(name_, fmt, reason, about, auth, stmt, cred, **kw):
    kw.setdefault("check", "fails")
    kw.setdefault("server", "refuse")
    if reason == "algorithm-differs":  # found before any arithmetic
        kw["signature"] = "not-checked"
    add(name_, fmt, about, auth, stmt, cred, reason=reason, **kw)


def flip(b, at=-1):
    b = bytearray(b)
    b[at] ^= 1
    return bytes(b)


def cred_id(label, n=32):
    return seed("attestation credential " + label, n)


# ---------------------------------------------------------------- none
def make_none():
    for label, key, about, aaguid, opt in (
        ("none-es256", ecdsa("none"), "No attestation, ES256 key, AAGUID all zero.", bytes(16), "none"),
        ("none-es256-aaguid", ecdsa("none"), "No attestation, and the AAGUID is left in place, as Level 3 clients do.", AAGUID, "none"),
        ("none-eddsa", eddsa("none"), "No attestation, Ed25519 key.", bytes(16), "none"),
        ("none-es384", ecdsa("none", -35), "No attestation, P-384 key.", bytes(16), "none"),
        ("none-rs256", rsa_("none"), "No attestation, RSA key.", bytes(16), "none"),
        ("none-though-direct", ecdsa("none"), "Attestation was asked for and none came.", bytes(16), "direct"),
    ):
        cred = cred_id(label)
        good(label, "none", about, auth_data(key, cred, aaguid=aaguid), {}, cred, options_=opt, signature="not-checked", anchor=False)
    cred = cred_id("none-bad")
    auth = auth_data(ecdsa("none"), cred)
    sig = ecdsa("none").sign(auth + HASHED)
    bad("bad-none-sig", "none", "statement-not-empty", "Format none with a signature in the statement.", auth, {"alg": -7, "sig": sig}, cred,
        options_="none", signature="not-checked")
    bad("bad-none-x5c", "none", "statement-not-empty", "Format none with a certificate in the statement.", auth, {"x5c": [LEAF]}, cred,
        options_="none", signature="not-checked", anchor=False)
    bad("bad-none-null-member", "none", "statement-not-empty", "Format none with one member that is null.", auth, {"x": None}, cred,
        options_="none", signature="not-checked")
    bad("bad-none-array", "none", "statement-type", "Format none, the statement is an empty array.", auth, [], cred, options_="none",
        signature="not-checked", preflight_also=["refuse"])
    bad("bad-none-null", "none", "statement-type", "Format none, the statement is null.", auth, None, cred, options_="none",
        signature="not-checked", preflight_also=["refuse"])


# ---------------------------------------------------------------- packed
def self_attested(label, key, aaguid=AAGUID):
    cred = cred_id(label)
    auth = auth_data(key, cred, aaguid=aaguid)
    return auth, cred, key.sign(auth + HASHED)


SELF_KEYS = [("es256", lambda: ecdsa("self")), ("eddsa", lambda: eddsa("self")), ("es384", lambda: ecdsa("self", -35)),
             ("es512", lambda: ecdsa("self", -36)), ("rs256", lambda: rsa_("self")), ("rs384", lambda: rsa_("self", -258)),
             ("rs512", lambda: rsa_("self", -259))]


def make_packed_self():
    for label, key in SELF_KEYS:
        key = key()
        auth, cred, sig = self_attested("self " + label, key)
        good("packed-self-" + label, "packed", "The %s key signs its own attestation." % label.upper().replace("EDDSA", "Ed25519"), auth,
             {"alg": key.alg, "sig": sig}, cred)
        bad("bad-self-sig-%s" % label, "packed", "signature", "The last bit of the %s signature is turned." % label.upper(), auth,
            {"alg": key.alg, "sig": flip(sig)}, cred, signature="wrong")
    key = ecdsa("self")
    auth, cred, sig = self_attested("self", key, bytes(16))
    good("packed-self-zero-aaguid", "packed", "Self attestation, AAGUID all zero; the statement has sig before alg.", auth, {"sig": sig, "alg": -7}, cred)
    good("packed-self-indirect", "packed", "Self attestation in answer to indirect.", auth, {"alg": -7, "sig": sig}, cred, options_="indirect")
    auth, cred, sig = self_attested("self bad", key)
    ok = {"alg": -7, "sig": sig}
    r, s = 0, 0
    bad("bad-self-alg-rs256", "packed", "algorithm-differs", "alg says RS256, the key is an ES256 key.", auth, {**ok, "alg": -257}, cred)
    bad("bad-self-alg-es384", "packed", "algorithm-differs", "alg says ES384 and the signature is made with SHA-384; the key is an ES256 key.", auth,
        {"alg": -35, "sig": key.sign(auth + HASHED, "sha384")}, cred, signature="wrong")
    bad("bad-self-alg-unknown", "packed", "algorithm-differs", "alg is a number that nobody gave out.", auth, {**ok, "alg": -70000}, cred)
    bad("bad-self-alg-missing", "packed", "statement-member", "No alg.", auth, {"sig": sig}, cred, signature="not-checked")
    bad("bad-self-alg-text", "packed", "statement-type", "alg is the text ES256.", auth, {**ok, "alg": "ES256"}, cred, signature="not-checked")
    bad("bad-self-alg-null", "packed", "statement-type", "alg is null.", auth, {**ok, "alg": None}, cred, signature="not-checked")
    bad("bad-self-sig-missing", "packed", "statement-member", "No sig.", auth, {"alg": -7}, cred, signature="not-checked")
    bad("bad-self-sig-text", "packed", "statement-type", "sig is base64url text.", auth, {**ok, "sig": b64u(sig)}, cred, signature="not-checked")
    bad("bad-self-sig-empty", "packed", "signature", "sig is empty.", auth, {**ok, "sig": b""}, cred, signature="wrong")
    bad("bad-self-sig-null", "packed", "statement-type", "sig is null.", auth, {**ok, "sig": None}, cred, signature="not-checked")
    bad("bad-self-sig-auth-data-only", "packed", "signature", "The signature is over the authenticator data without the client data's hash.", auth,
        {**ok, "sig": key.sign(auth)}, cred, signature="wrong")
    bad("bad-self-sig-client-data-whole", "packed", "signature", "The signature is over the client data itself where its hash belongs.", auth,
        {**ok, "sig": key.sign(auth + CLIENT)}, cred, signature="wrong")
    bad("bad-self-sig-other-key", "packed", "signature", "Another key made the signature.", auth, {**ok, "sig": ecdsa("not that one").sign(auth + HASHED)},
        cred, signature="wrong")
    from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
    r, s = decode_dss_signature(sig)
    bad("bad-self-sig-raw", "packed", "signature", "The signature is r and s side by side, not the ASN.1 sequence.", auth,
        {**ok, "sig": r.to_bytes(32, "big") + s.to_bytes(32, "big")}, cred, signature="wrong")
    bad("bad-self-sig-trailing", "packed", "signature", "An octet follows the signature.", auth, {**ok, "sig": sig + b"\0"}, cred, signature="wrong")
    bad("bad-self-sig-zero", "packed", "signature", "r and s are zero.", auth, {**ok, "sig": seq(integer(0), integer(0))}, cred, signature="wrong")
    changed = auth[:33] + struct.pack(">I", 8) + auth[37:]
    bad("bad-self-counter-changed", "packed", "signature", "The signature counter was changed after signing.", changed, ok, cred, signature="wrong")
    uv = auth[:32] + bytes([auth[32] & ~UV]) + auth[33:]
    bad("bad-self-flag-changed", "packed", "signature", "The user verification flag was taken away after signing.", uv, ok, cred, signature="wrong")
    bad("bad-self-client-data-changed", "packed", "signature", "The client data has one more space than what was signed.", auth, ok, cred,
        client=CLIENT.replace(b'":"', b'": "', 1), signature="wrong")
    bad("bad-packed-array", "packed", "statement-type", "The statement is an array of the values.", auth, [-7, sig], cred, signature="not-checked",
        attestation="unknown", preflight_also=["refuse"])
    bad("bad-packed-text", "packed", "statement-type", "The statement is a text.", auth, "alg=-7", cred, signature="not-checked",
        attestation="unknown", preflight_also=["refuse"])
    bad("bad-packed-empty", "packed", "statement-member", "The statement is empty, as of format none.", auth, {}, cred, signature="not-checked")
    bad("bad-packed-ecdaa", "packed", "unsupported", "ECDAA, which Level 2 took out of the standard.", auth, {**ok, "ecdaaKeyId": b"\1" * 32}, cred,
        signature="not-checked", check_also=["not-checked"], attestation="ecdaa")


def packed(name_, about, chain=None, key=None, leaf_key=None, aaguid=AAGUID, alg=None, sig=None, reason=None, stmt=None, **kw):
    key, leaf_key = key or ecdsa("packed"), leaf_key or LEAF_KEY
    cred = cred_id(name_)
    auth = auth_data(key, cred, aaguid=aaguid)
    sig = leaf_key.sign(auth + HASHED) if sig is None else sig(auth)
    statement = {"alg": leaf_key.alg if alg is None else alg, "sig": sig, "x5c": [LEAF_AAGUID] if chain is None else chain}
    if stmt is not None:
        statement = stmt(statement)
    if reason:
        bad(name_, "packed", reason, about, auth, statement, cred, **kw)
    else:
        good(name_, "packed", about, auth, statement, cred, **kw)


def subject(**change):
    out = []
    for k, v in LEAF_NAME:
        v = change.get(k, v)
        if v is not None:
            out.append((k, v))
    return out


def make_packed_x5c():
    packed("packed-x5c", "One certificate, no AAGUID in it.", [LEAF])
    packed("packed-x5c-aaguid", "One certificate with the AAGUID extension.")
    packed("packed-x5c-two", "Leaf and its issuer.", [leaf("two", issuer=(SUB_NAME, SUB_KEY), aaguid=AAGUID), SUB])
    packed("packed-x5c-three", "Leaf and two issuers.", [leaf("three", issuer=(SUB2_NAME, SUB2_KEY), aaguid=AAGUID), SUB2, SUB])
    packed("packed-x5c-with-root", "The chain goes up to the self-signed root, which Level 2 leaves to the relying party.", [LEAF_AAGUID, ROOT])
    k = ecdsa("leaf p384", -35)
    packed("packed-x5c-es384", "The attestation key is a P-384 key.", [leaf("p384", k, aaguid=AAGUID)], leaf_key=k)
    k = ecdsa("leaf p521", -36)
    packed("packed-x5c-es512", "The attestation key is a P-521 key.", [leaf("p521", k, aaguid=AAGUID)], leaf_key=k)
    k = rsa_("leaf rsa")
    packed("packed-x5c-rs256", "The attestation key is an RSA key.", [leaf("rsa", k, aaguid=AAGUID)], leaf_key=k)
    k = eddsa("leaf ed25519")
    packed("packed-x5c-eddsa", "The attestation key is an Ed25519 key.", [leaf("ed", k, aaguid=AAGUID)], leaf_key=k)
    packed("packed-x5c-credential-eddsa", "Ed25519 credential, attested with ES256: the two algorithms have nothing to do with each other.", key=eddsa("packed"))
    packed("packed-x5c-credential-rs256", "RSA credential, attested with ES256.", key=rsa_("packed"))
    packed("packed-x5c-subject-order", "Subject attributes in another order, with more of them.",
           [leaf("order", subject=[("CN", "Golden Authenticator"), ("OU", "Authenticator Attestation"), ("L", "Example Town"), ("O", "Golden Fixtures"), ("C", "SE")],
                 aaguid=AAGUID)])
    packed("packed-x5c-enterprise", "Enterprise attestation: an extension of a vendor's own arc names the single device.",
           [leaf("enterprise", exts=[basic_constraints(False), aaguid_ext(), ext("1.3.6.1.4.1.32473.1.1", octets(b"0001"))])], options_="enterprise")
    packed("packed-x5c-formats", "Options that name the formats they want.", options_="formats")
    packed("packed-x5c-extra-member", "The statement has a member that the standard does not know.", stmt=lambda s: {**s, "x-golden": True}, check_also=["fails"],
           server="unknown", tag="unknown")

    def p(label, reason, about, chain=None, **kw):
        packed("bad-x5c-" + label, about, chain, reason=reason, **kw)

    p("sig", "signature", "The last bit of the signature is turned.", sig=lambda a: flip(LEAF_KEY.sign(a + HASHED)), signature="wrong")
    p("sig-credential-key", "signature", "The credential's own key made the signature, as in self attestation.", sig=lambda a: ecdsa("packed").sign(a + HASHED),
      signature="wrong")
    p("sig-missing", "statement-member", "No sig.", stmt=lambda s: {k: v for k, v in s.items() if k != "sig"}, signature="not-checked")
    p("alg-missing", "statement-member", "No alg.", stmt=lambda s: {k: v for k, v in s.items() if k != "alg"}, signature="not-checked")
    p("alg-rs256", "algorithm-differs", "alg says RS256, the leaf holds an EC key.", alg=-257, signature="wrong")
    p("alg-es384", "algorithm-differs", "alg says ES384, the leaf's key is on P-256 and signed with SHA-256.", alg=-35, signature="wrong")
    p("empty", "x5c-empty", "x5c is an empty array: this is not self attestation.", [], signature="not-checked", anchor=False)
    p("empty-self-signed", "x5c-empty", "x5c is an empty array, and the signature is a good self attestation.", [], sig=lambda a: ecdsa("packed").sign(a + HASHED),
      signature="not-checked", anchor=False)
    p("null", "statement-type", "x5c is null, and the signature is a good self attestation.", sig=lambda a: ecdsa("packed").sign(a + HASHED),
      stmt=lambda s: {**s, "x5c": None}, signature="not-checked", check_also=["ok"])
    p("bytes", "statement-type", "x5c is the certificate itself, not an array.", stmt=lambda s: {**s, "x5c": LEAF_AAGUID}, signature="not-checked")
    p("text", "statement-type", "x5c holds base64 text.", stmt=lambda s: {**s, "x5c": [base64.b64encode(LEAF_AAGUID).decode()]}, signature="not-checked", anchor=False)
    p("not-der", "certificate-malformed", "The certificate is not DER.", [b"not a certificate"], signature="not-checked")
    p("cut", "certificate-malformed", "The last octet of the certificate is missing.", [LEAF_AAGUID[:-1]], signature="not-checked")
    p("trailing", "certificate-malformed", "An octet follows the certificate.", [LEAF_AAGUID + b"\0"], signature="not-checked", server="unknown")
    p("second-not-der", "certificate-malformed", "The leaf is good, the second entry is not DER.", [LEAF_AAGUID, b"\x30\x03abc"], check_also=["ok"], server="unknown")
    p("order", "certificate-order", "The issuer stands before the leaf.", [SUB, leaf("two", issuer=(SUB_NAME, SUB_KEY), aaguid=AAGUID)], signature="wrong")
    p("chain-broken", "chain", "The second certificate did not issue the first.", [leaf("two", issuer=(SUB_NAME, SUB_KEY), aaguid=AAGUID), SUB2],
      check_also=["ok"], server="unknown")
    p("ou", "certificate-subject", "OU is Authenticator.", [leaf("ou", subject=subject(OU="Authenticator"), aaguid=AAGUID)])
    p("ou-case", "certificate-subject", "OU is authenticator attestation, in small letters.",
      [leaf("oucase", subject=subject(OU="authenticator attestation"), aaguid=AAGUID)])
    p("ou-missing", "certificate-subject", "No OU.", [leaf("noou", subject=subject(OU=None), aaguid=AAGUID)])
    p("country-missing", "certificate-subject", "No C.", [leaf("noc", subject=subject(C=None), aaguid=AAGUID)])
    p("country-unknown", "certificate-subject", "C is XX, which is no country.", [leaf("xx", subject=subject(C="XX"), aaguid=AAGUID)], check_also=["ok"])
    p("country-long", "certificate-subject", "C is SWE, three letters.", [leaf("swe", subject=subject(C="SWE"), aaguid=AAGUID)])
    p("organisation-missing", "certificate-subject", "No O.", [leaf("noo", subject=subject(O=None), aaguid=AAGUID)])
    p("name-missing", "certificate-subject", "No CN.", [leaf("nocn", subject=subject(CN=None), aaguid=AAGUID)], server="unknown")
    p("subject-empty", "certificate-subject", "The subject is empty.", [leaf("nosubject", subject=[], aaguid=AAGUID)])
    p("ca", "certificate-ca", "The leaf is a CA certificate.", [leaf("ca", aaguid=AAGUID, ca=True)])
    p("no-basic-constraints", "certificate-ca", "The leaf has no basic constraints.", [leaf("nobc", exts=[aaguid_ext()])], check_also=["ok"], server="unknown")
    p("version-1", "certificate-version", "The leaf is an X.509 version 1 certificate.", [leaf("v1", exts=[], version=1)])
    p("expired", "certificate-time", "The leaf expired in 2021.", [leaf("expired", aaguid=AAGUID, start="2019-01-01T00:00:00Z", end="2021-01-01T00:00:00Z")],
      check_also=["ok"], server="unknown")
    p("aaguid-differs", "aaguid-differs", "The AAGUID extension names another model.", [leaf("other", aaguid=OTHER_AAGUID)])
    p("aaguid-zero", "aaguid-differs", "The AAGUID in the authenticator data is zero, the extension's is not.", aaguid=bytes(16))
    p("aaguid-critical", "aaguid-critical", "The AAGUID extension is critical.", [leaf("critical", exts=[basic_constraints(False), aaguid_ext(critical=True)])])
    p("aaguid-bare", "aaguid-malformed", "The extension holds the sixteen octets without the inner OCTET STRING.",
      [leaf("bare", exts=[basic_constraints(False), aaguid_ext(raw=AAGUID)])])
    p("aaguid-short", "aaguid-malformed", "The extension holds fifteen octets.", [leaf("short", exts=[basic_constraints(False), aaguid_ext(AAGUID[:15])])])
    p("aaguid-twice", "certificate-malformed", "Two AAGUID extensions, the right one first.",
      [leaf("twice", exts=[basic_constraints(False), aaguid_ext(), aaguid_ext(OTHER_AAGUID)])], signature="verified", check_also=["ok"], server="unknown")


# ---------------------------------------------------------------- fido-u2f
U2F_NAME = [("C", "SE"), ("O", "Golden Fixtures"), ("CN", "Golden U2F")]


def u2f(name_, about, key=None, chain=None, leaf_key=None, aaguid=bytes(16), reason=None, n=64, message=None, sig=None, stmt=None, **kw):
    key, leaf_key = key or ecdsa("u2f"), leaf_key or LEAF_KEY
    cred = cred_id(name_, n)
    auth = auth_data(key, cred, aaguid=aaguid, flags=UP | AT)
    point = b"\x04" + b"".join(key.xy()) if isinstance(key, EcKey) else b"\x04" + key.cose()[-1 if isinstance(key, RsaKey) else -2]
    m = b"\0" + sha256(RP_ID.encode()) + HASHED + cred + point
    if message:
        m = message(m, auth, cred, point)
    s = leaf_key.sign(m, "sha256")
    statement = {"sig": sig(s) if sig else s, "x5c": [U2F_LEAF] if chain is None else chain}
    if stmt:
        statement = stmt(statement)
    if reason:
        bad(name_, "fido-u2f", reason, about, auth, statement, cred, **kw)
    else:
        good(name_, "fido-u2f", about, auth, statement, cred, **kw)


U2F_LEAF = certificate("u2f", U2F_NAME, ROOT_NAME, ROOT_KEY, LEAF_KEY)


def make_u2f():
    u2f("fido-u2f", "A U2F key: AAGUID zero, no user verification, certificate without extensions.")
    u2f("fido-u2f-short-handle", "The key handle has 16 octets.", n=16)
    u2f("fido-u2f-long-handle", "The key handle has 255 octets, the most U2F can say.", n=255)
    i = 0
    while ecdsa("u2f x %d" % i).xy()[0][0] != 0:
        i += 1
    u2f("fido-u2f-x-zero", "The x coordinate begins with a zero octet, which has to stay.", ecdsa("u2f x %d" % i))
    p384 = ecdsa("u2f leaf", -35)

    def b(label, reason, about, **kw):
        u2f("bad-u2f-" + label, about, reason=reason, **kw)

    b("sig", "signature", "The last bit of the signature is turned.", sig=flip, signature="wrong")
    b("two-certificates", "x5c-count", "x5c holds the leaf and its issuer; the format has exactly one.", chain=[U2F_LEAF, ROOT])
    b("same-certificate-twice", "x5c-count", "x5c holds the one certificate twice.", chain=[U2F_LEAF, U2F_LEAF])
    b("no-certificate", "x5c-empty", "x5c is empty.", chain=[], signature="not-checked", anchor=False)
    b("x5c-missing", "statement-member", "No x5c.", stmt=lambda s: {"sig": s["sig"]}, signature="not-checked")
    b("sig-missing", "statement-member", "No sig.", stmt=lambda s: {"x5c": s["x5c"]}, signature="not-checked")
    b("sig-text", "statement-type", "sig is base64url text.", stmt=lambda s: {**s, "sig": b64u(s["sig"])}, signature="not-checked")
    b("aaguid", "aaguid-not-zero", "The AAGUID is not zero.", aaguid=AAGUID)
    b("rs256-key", "key-type", "The credential key is an RSA key.", key=rsa_("u2f"), signature="not-checked")
    b("es384-key", "key-type", "The credential key is on P-384.", key=ecdsa("u2f", -35), check="fails", signature="not-checked", tag="inferred")
    b("eddsa-key", "key-type", "The credential key is an Ed25519 key.", key=eddsa("u2f"), signature="not-checked")
    b("leaf-p384", "certificate-key", "The attestation key is on P-384.", chain=[certificate("u2f p384", U2F_NAME, ROOT_NAME, ROOT_KEY, p384)], leaf_key=p384,
      signature="not-checked")
    b("leaf-rsa", "certificate-key", "The attestation key is an RSA key.",
      chain=[certificate("u2f rsa", U2F_NAME, ROOT_NAME, ROOT_KEY, rsa_("leaf rsa"))], leaf_key=rsa_("leaf rsa"), signature="not-checked")
    b("packed-message", "signature", "The signature is over authenticator data and hash, as in packed.", message=lambda m, a, c, p: a + HASHED, signature="wrong")
    b("reserved-octet", "signature", "The message begins with 05, as of the older registration.", message=lambda m, a, c, p: b"\x05" + m[1:], signature="wrong")
    b("no-reserved-octet", "signature", "The message lacks the zero octet in front.", message=lambda m, a, c, p: m[1:], signature="wrong")
    b("other-handle", "signature", "The signature is over another key handle.", message=lambda m, a, c, p: m[:65] + flip(c) + p, signature="wrong")
    b("other-application", "signature", "The signature is for another application id.",
      message=lambda m, a, c, p: b"\0" + sha256(b"https://login.example.test") + m[33:], signature="wrong")
    b("coordinates-swapped", "signature", "y stands before x in what was signed.", message=lambda m, a, c, p: m[:-64] + p[33:] + p[1:33], signature="wrong")
    b("compressed-point", "signature", "The key in the message is compressed.",
      message=lambda m, a, c, p: m[:-65] + bytes([2 + (p[-1] & 1)]) + p[1:33], signature="wrong")


# ---------------------------------------------------------------- tpm
TPM_ALG = {"sha1": 0x0004, "sha256": 0x000B, "sha384": 0x000C, "sha512": 0x000D}
ATTRIBUTES = 0x00040472  # fixedTPM, fixedParent, sensitiveDataOrigin, userWithAuth, noDA, sign


def b2(b):
    return struct.pack(">H", len(b)) + b


def pub_area(key, name_alg="sha256", scheme=None, exponent=0, attributes=ATTRIBUTES, policy=seed("tpm policy", 32), unique=None, curve=None):
    out = struct.pack(">HHI", 1 if isinstance(key, RsaKey) else 0x23, TPM_ALG[name_alg], attributes) + b2(policy) + struct.pack(">H", 0x10)
    if isinstance(key, RsaKey):
        out += struct.pack(">H", 0x10) if scheme is None else struct.pack(">HH", *scheme)
        return out + struct.pack(">HI", 2048, exponent) + b2(key.cose()[-1] if unique is None else unique)
    x, y = key.xy() if unique is None else unique
    return out + struct.pack(">HHH", 0x10, key.crv + 2 if curve is None else curve, 0x10) + b2(x) + b2(y)


def tpm_name(area, alg="sha256"):
    return struct.pack(">H", TPM_ALG[alg]) + hashlib.new(alg, area).digest()


def cert_info(extra, name_, magic=b"\xffTCG", type_=0x8017, qualified=None):
    return (magic + struct.pack(">H", type_) + b2(b"\x00\x0b" + seed("tpm signer", 32)) + b2(extra) + seed("tpm clock", 8) + struct.pack(">IIB", 3, 1, 1)
            + seed("tpm firmware", 8) + b2(name_) + b2(b"\x00\x0b" + seed("tpm qualified", 32) if qualified is None else qualified))


TPM_ATTRS = [("2.23.133.2.1", "id:53544D20"), ("2.23.133.2.2", "Golden TPM"), ("2.23.133.2.3", "id:00010002")]


def aik(label, key, subject_=(), attrs=TPM_ATTRS, eku_=(OID_AIK,), ca=False, one_rdn=False, critical=True, more=(), san_=True, **kw):
    exts = [basic_constraints(ca)]
    if eku_:
        exts.append(eku(*eku_))
    if san_:
        exts.append(san(("dir", [list(attrs)] if one_rdn else list(attrs)), critical=critical))
    return certificate("aik " + label, list(subject_), ROOT_NAME, ROOT_KEY, key, exts + list(more), **kw)


def tpm(name_, about, key=None, aik_key=None, cert=None, name_alg="sha256", area=None, info=None, alg=None, sig=None, stmt=None, reason=None, area_args=None,
        extra=None, info_args=None, chain=(), aaguid=AAGUID, **kw):
    key, aik_key = key or rsa_("tpm"), aik_key or rsa_("aik")
    cred = cred_id(name_)
    auth = auth_data(key, cred, aaguid=aaguid)
    a = pub_area(key, name_alg, **(area_args or {})) if area is None else area
    e = hashlib.new(aik_key.hash, auth + HASHED).digest() if extra is None else extra(auth)
    args = {"name_": tpm_name(a, name_alg)}
    args.update(info_args or {})
    i = cert_info(e, **args)
    if info:
        i = info(i)
    s = aik_key.sign(i)
    statement = {"ver": "2.0", "alg": aik_key.alg if alg is None else alg, "x5c": [cert or aik("plain", aik_key), *chain], "sig": sig(s, a) if sig else s,
                 "certInfo": i, "pubArea": a}
    if stmt:
        statement = stmt(statement)
    kw.setdefault("transports", ("internal",))
    kw.setdefault("attachment", "platform")
    kw.setdefault("options_", "any-device")
    if reason:
        bad(name_, "tpm", reason, about, auth, statement, cred, **kw)
    else:
        good(name_, "tpm", about, auth, statement, cred, **kw)


def make_tpm():
    rsa_key, ec_key, ec384 = rsa_("tpm"), ecdsa("tpm"), ecdsa("tpm", -35)
    aik_ec, aik_384, aik_sha1 = ecdsa("aik"), ecdsa("aik", -35), rsa_("aik sha1", -65535)
    tpm("tpm-rsa", "RSA credential, RSA attestation identity key, exponent written as zero.")
    tpm("tpm-rsa-exponent", "The same with the exponent 65537 written out.", area_args={"exponent": 65537})
    tpm("tpm-ecc", "P-256 credential, RSA attestation identity key.", ec_key)
    tpm("tpm-ecc-aik-es256", "P-256 credential, attested with ES256.", ec_key, aik_ec)
    tpm("tpm-ecc-p384", "P-384 credential, attested with ES384, name made with SHA-384.", ec384, aik_384, name_alg="sha384")
    tpm("tpm-rsa-aik-es256", "RSA credential, attested with ES256.", aik_key=aik_ec)
    tpm("tpm-rs1", "Attested with RS1 (SHA-1), as older TPMs do.", aik_key=aik_sha1)
    tpm("tpm-name-sha1", "The name of the key is made with SHA-1, the signature is RS256.", name_alg="sha1", server="accept")
    tpm("tpm-no-policy", "The public area has an empty policy.", area_args={"policy": b""})
    tpm("tpm-scheme", "The RSA parameters name a signing scheme, RSASSA with SHA-256.", area_args={"scheme": (0x14, 0x0B)}, check_also=["fails"], server="unknown")
    tpm("tpm-aaguid", "The certificate has the AAGUID extension.", cert=aik("aaguid", rsa_("aik"), more=[aaguid_ext()]))
    tpm("tpm-one-rdn", "Manufacturer, model and version stand in one RDN, as some makers write them.", cert=aik("one rdn", rsa_("aik"), one_rdn=True))
    tpm("tpm-with-root", "Leaf and root.", chain=[ROOT])

    def b(label, reason, about, **kw):
        tpm("bad-tpm-" + label, about, reason=reason, **kw)

    b("sig", "signature", "The last bit of the signature is turned.", sig=lambda s, a: flip(s), signature="wrong")
    b("sig-pub-area", "signature", "The signature is over the public area.", sig=lambda s, a: rsa_("aik").sign(a), signature="wrong")
    b("sig-missing", "statement-member", "No sig.", stmt=lambda s: {k: v for k, v in s.items() if k != "sig"}, signature="not-checked")
    b("alg-missing", "statement-member", "No alg.", stmt=lambda s: {k: v for k, v in s.items() if k != "alg"}, signature="not-checked")
    b("alg-differs", "algorithm-differs", "alg says ES256, the identity key is an RSA key.", alg=-7, signature="wrong")
    b("ver-1-2", "tpm-version", "ver is 1.2.", stmt=lambda s: {**s, "ver": "1.2"})
    b("ver-number", "statement-type", "ver is the number 2.", stmt=lambda s: {**s, "ver": 2})
    b("ver-missing", "statement-member", "No ver.", stmt=lambda s: {k: v for k, v in s.items() if k != "ver"})
    b("x5c-missing", "statement-member", "No x5c.", stmt=lambda s: {k: v for k, v in s.items() if k != "x5c"}, signature="not-checked")
    b("x5c-empty", "x5c-empty", "x5c is empty.", stmt=lambda s: {**s, "x5c": []}, signature="not-checked", anchor=False)
    b("cert-info-missing", "statement-member", "No certInfo.", stmt=lambda s: {k: v for k, v in s.items() if k != "certInfo"}, signature="not-checked")
    b("pub-area-missing", "statement-member", "No pubArea.", stmt=lambda s: {k: v for k, v in s.items() if k != "pubArea"})
    b("magic", "tpm-magic", "The magic is not that of a TPM, and all of it is signed.", info_args={"magic": b"\xffTCH"})
    b("type", "tpm-type", "The structure is a quote (8018).", info_args={"type_": 0x8018})
    b("extra-data", "tpm-extra-data", "extraData is the hash of something else.", extra=lambda a: sha256(b"something else"))
    b("extra-data-hash", "tpm-extra-data", "extraData is made with SHA-384, the algorithm is RS256.", extra=lambda a: hashlib.sha384(a + HASHED).digest())
    b("extra-data-client", "tpm-extra-data", "extraData is the hash of the client data alone.", extra=lambda a: HASHED)
    b("name", "tpm-name", "The attested name is that of another public area.", info_args={"name_": tpm_name(pub_area(ec_key))})
    b("name-algorithm", "tpm-name", "The attested name is made with SHA-384, the public area says SHA-256.", info_args={"name_": tpm_name(pub_area(rsa_key), "sha384")})
    b("name-bare", "tpm-name", "The attested name lacks the two octets of its algorithm.", info_args={"name_": tpm_name(pub_area(rsa_key))[2:]})
    b("key", "tpm-key", "The public area holds another RSA key.", area=pub_area(rsa_("self")))
    b("exponent", "tpm-key", "The public area says exponent 3.", area_args={"exponent": 3})
    b("point", "tpm-key", "The public area holds another point.", key=ec_key, area=pub_area(ecdsa("self")))
    b("curve", "tpm-key", "The public area names P-384 for a P-256 point.", key=ec_key, area_args={"curve": 4})
    b("key-kind", "tpm-key", "The public area holds an EC key, the credential is an RSA key.", area=pub_area(ec_key))
    b("pub-area-cut", "tpm-malformed", "The public area ends early.", area=pub_area(rsa_key)[:-1])
    b("pub-area-trailing", "tpm-malformed", "An octet follows the public area.", area=pub_area(rsa_key) + b"\0", server="unknown", check_also=["ok"])
    b("cert-info-cut", "tpm-malformed", "certInfo ends early, and is signed so.", info=lambda i: i[:-40])
    b("cert-info-trailing", "tpm-malformed", "An octet follows certInfo, and is signed with it.", info=lambda i: i + b"\0", server="unknown", check_also=["ok"])
    b("subject", "certificate-subject", "The certificate has a subject.", cert=aik("subject", rsa_("aik"), subject_=LEAF_NAME))
    b("no-eku", "certificate-usage", "The certificate has no extended key usage.", cert=aik("no eku", rsa_("aik"), eku_=()))
    b("eku", "certificate-usage", "The extended key usage is TLS client authentication.", cert=aik("eku", rsa_("aik"), eku_=("1.3.6.1.5.5.7.3.2",)))
    b("no-san", "certificate-alternative-name", "The certificate has no alternative name.", cert=aik("no san", rsa_("aik"), san_=False))
    b("san-no-manufacturer", "certificate-alternative-name", "The alternative name lacks the manufacturer.", cert=aik("no maker", rsa_("aik"), attrs=TPM_ATTRS[1:]))
    b("manufacturer-unknown", "certificate-alternative-name", "The manufacturer is id:00000000.",
      cert=aik("maker", rsa_("aik"), attrs=[("2.23.133.2.1", "id:00000000"), *TPM_ATTRS[1:]]), server="unknown", check_also=["ok"])
    b("ca", "certificate-ca", "The identity certificate is a CA certificate.", cert=aik("ca", rsa_("aik"), ca=True))
    b("aaguid", "aaguid-differs", "The AAGUID extension names another model.", cert=aik("other aaguid", rsa_("aik"), more=[aaguid_ext(OTHER_AAGUID)]))


# ---------------------------------------------------------------- apple
APPLE_NAME = [("CN", "golden apple credential"), ("OU", "AAA Certification"), ("O", "Golden Fixtures"), ("ST", "Example State")]


def apple(name_, about, key=None, cert_key=None, nonce=None, exts=None, reason=None, chain=None, stmt=None, **kw):
    key = key or ecdsa("apple")
    cred = cred_id(name_, 20)
    auth = auth_data(key, cred)
    n = sha256(auth + HASHED)
    value = seq(ctx(1, octets(n if nonce is None else nonce(auth))))
    e = [basic_constraints(False), key_usage("digitalSignature")] + ([ext(OID_APPLE, value)] if exts is None else exts(n))
    cert = certificate("apple " + name_, APPLE_NAME, SUB_NAME, SUB_KEY, cert_key or key, e)
    statement = {"x5c": [cert, SUB] if chain is None else chain}
    if stmt:
        statement = stmt(statement)
    kw.setdefault("transports", ("internal",))
    kw.setdefault("attachment", "platform")
    kw.setdefault("options_", "any-device")
    if reason:
        bad(name_, "apple", reason, about, auth, statement, cred, **kw)
    else:
        good(name_, "apple", about, auth, statement, cred, **kw)


def make_apple():
    apple("apple", "Leaf with the nonce, and its issuer.")
    apple("apple-alg", "With alg in the statement, as the first devices wrote it.", stmt=lambda s: {"alg": -7, **s})

    def b(label, reason, about, **kw):
        kw.setdefault("signature", "wrong")
        apple("bad-apple-" + label, about, reason=reason, **kw)

    b("nonce", "nonce", "The nonce is that of another ceremony.", nonce=lambda a: sha256(a + sha256(b"other")))
    b("nonce-bit", "nonce", "The last bit of the nonce is turned.", nonce=lambda a: flip(sha256(a + HASHED)))
    b("nonce-not-hashed", "nonce", "The nonce is the message, not its hash.", nonce=lambda a: (a + HASHED))
    b("nonce-missing", "nonce-missing", "The certificate has no nonce.", exts=lambda n: [])
    b("nonce-bare", "nonce", "The extension holds the octets without the structure around them.", exts=lambda n: [ext(OID_APPLE, n)])
    b("key", "key-differs", "The certificate is for another key.", cert_key=ecdsa("not that one"))
    b("x5c-missing", "statement-member", "No x5c.", stmt=lambda s: {}, signature="not-checked")
    b("x5c-empty", "x5c-empty", "x5c is empty.", stmt=lambda s: {"x5c": []}, signature="not-checked", anchor=False)


# ---------------------------------------------------------------- android-key, android-safetynet, others
def key_description(challenge, software=(), tee=None):
    if tee is None:
        tee = [ctx(1, set_(integer(2))), ctx(2, integer(3)), ctx(3, integer(256)), ctx(5, set_(integer(4))), ctx(10, integer(1)), ctx(702, integer(0))]
    return seq(integer(3), enumerated(1), integer(4), enumerated(1), octets(challenge), octets(b""), seq(*software), seq(*tee))


PURPOSE, ORIGIN_GENERATED, ALL_APPLICATIONS = ctx(1, set_(integer(2))), ctx(702, integer(0)), ctx(600, NULL)


def android(name_, about, key=None, cert_key=None, challenge=None, software=(), tee=None, description=True, alg=None, sig=None, stmt=None, reason=None,
            chain=(SUB, ROOT), **kw):
    key = key or ecdsa("android")
    cert_key = cert_key or key
    cred = cred_id(name_)
    auth = auth_data(key, cred, aaguid=AAGUID)
    e = [key_usage("digitalSignature")]
    if description:
        e.append(ext(OID_ANDROID, key_description(HASHED if challenge is None else challenge, software, tee)))
    cert = certificate("android " + name_, [("CN", "Android Keystore Key")], SUB_NAME, SUB_KEY, cert_key, e)
    s = cert_key.sign(auth + HASHED)
    statement = {"alg": key.alg if alg is None else alg, "sig": sig(s) if sig else s, "x5c": [cert, *chain]}
    if stmt:
        statement = stmt(statement)
    kw.setdefault("transports", ("internal",))
    kw.setdefault("attachment", "platform")
    kw.setdefault("options_", "any-device")
    if reason:
        kw.setdefault("server", "unknown")
        kw.setdefault("check_also", ["not-checked"])
        bad(name_, "android-key", reason, about, auth, statement, cred, **kw)
    else:
        good(name_, "android-key", about, auth, statement, cred, check_also=["not-checked"], **kw)


def make_android():
    android("android-key", "Key made and kept in secure hardware; chain of three with the root.")
    android("android-key-software", "The key description stands in the software list, the hardware list is empty: WebAuthn takes it unless hardware is asked for.",
            software=[PURPOSE, ctx(2, integer(3)), ORIGIN_GENERATED], tee=[])
    android("android-key-rs256", "RSA key in hardware.", rsa_("android"),
            tee=[PURPOSE, ctx(2, integer(1)), ctx(3, integer(2048)), ctx(200, integer(65537)), ORIGIN_GENERATED])

    def b(label, reason, about, **kw):
        android("bad-android-key-" + label, about, reason=reason, **kw)

    b("sig", "signature", "The last bit of the signature is turned.", sig=flip, signature="wrong")
    b("challenge", "android-challenge", "The attestation challenge is not the hash of the client data.", challenge=sha256(b"other"))
    b("challenge-whole", "android-challenge", "The attestation challenge is the ceremony's challenge itself.", challenge=CHALLENGE)
    b("key", "key-differs", "The certificate is for another key, which also made the signature.", cert_key=ecdsa("not that one"))
    b("no-description", "android-description", "The certificate has no key description.", description=False)
    b("all-applications", "android-authorizations", "The hardware list allows all applications.", tee=[PURPOSE, ALL_APPLICATIONS, ORIGIN_GENERATED])
    b("all-applications-software", "android-authorizations", "The software list allows all applications.", software=[ALL_APPLICATIONS])
    b("origin", "android-authorizations", "The key was imported.", tee=[PURPOSE, ctx(702, integer(2))])
    b("purpose", "android-authorizations", "The key is for decrypting.", tee=[ctx(1, set_(integer(1))), ORIGIN_GENERATED])
    b("x5c-missing", "statement-member", "No x5c.", stmt=lambda s: {k: v for k, v in s.items() if k != "x5c"}, signature="not-checked")
    b("alg", "algorithm-differs", "alg says RS256, the key is an EC key.", alg=-257, signature="wrong")

    cred = cred_id("safetynet")
    auth = auth_data(ecdsa("safetynet"), cred, aaguid=AAGUID)
    stmt = {"ver": "230815045", "response": b"eyJhbGciOiJSUzI1NiJ9.e30.c2lnbmF0dXJl"}
    add("android-safetynet", "android-safetynet", "The format is named only: its statement holds a JWS of a service that was switched off; this one is empty.", auth, stmt, cred,
        signature="not-checked", check="not-checked", server="unknown", tag="unknown", transports=("internal",), attachment="platform", options_="any-device",
        attestation="basic")
    cred = cred_id("others")
    key = ecdsa("others")
    auth = auth_data(key, cred, aaguid=AAGUID)
    sig = key.sign(auth + HASHED)
    for label, fmt, about, stmt, server in (
        ("unknown", "golden-unknown", "A format that nobody has registered.", {"x": 1, "y": [b"\1", "text"]}, "accept"),
        ("unknown-upper-case", "Packed", "Packed with a capital letter: format names are compared as they are, so this one is unknown.", {"alg": -7, "sig": sig}, "accept"),
        ("unknown-space", "packed ", "packed with a space after it.", {"alg": -7, "sig": sig}, "accept"),
        ("unknown-long", "golden-" + "x" * 200, "A format name of 207 characters; the standard allows 32.", {}, "unknown"),
        ("unknown-control", "golden\n\u202epacked", "A format name with a line feed and a sign that turns the writing direction: never print it raw.", {}, "unknown"),
        ("unknown-empty", "", "An empty format name.", {}, "unknown"),
    ):
        add(label, fmt, about, auth, stmt, cred, signature="not-checked", check="not-checked", server=server, attestation="unknown",
            tag="inferred" if server == "accept" else "unknown", source="W3C WebAuthn Level 2 and 3, sections 6.5.4 and 8.1")
    add("compound", "compound", "Level 3's compound format: an array of two statements.", auth,
        [{"fmt": "packed", "attStmt": {"alg": -7, "sig": sig}}, {"fmt": "none", "attStmt": {}}], cred, signature="not-checked", check="not-checked", server="unknown",
        attestation="unknown", tag="unknown", source="W3C WebAuthn Level 3, section 8.9", preflight_also=["refuse"])


# ---------------------------------------------------------------- writing
HEADER = """# Registrations with every attestation statement format, each with the creation options it answers.
# Written by make_attestation.py (real keys, fixed seeds); do not edit by hand. The fields are explained in ../README.md.
# The single thing that is wrong stands in `reason`; everything else in the file is right, and every file passes the pre-flight
# of the registrations folder unless `preflight_also` says that refusing there is right too.
"""


def make():
    make_none()
    make_packed_self()
    make_packed_x5c()
    make_u2f()
    make_tpm()
    make_apple()
    make_android()
    names = [f["file"] for f in FIXTURES]
    assert len(set(names)) == len(names), [n for n in names if names.count(n) > 1]
    for f in os.listdir(HERE):
        if f.endswith(".json") and f != "verdicts.json":
            os.remove(os.path.join(HERE, f))
    for k, o in OPTIONS.items():
        write(HERE, k + ".options.json", compact(o))
    write(HERE, "root.test.pem", pem(ROOT))
    for f in FIXTURES:
        write(HERE, f["file"], compact(f["_reg"]))
    index()


def index():
    try:
        with open(os.path.join(HERE, "verdicts.json")) as fh:
            verdicts = json.load(fh)
    except FileNotFoundError:
        verdicts = {}
    rows = []
    for f in FIXTURES:
        row = {k: v for k, v in f.items() if k[0] != "_"}
        row.update(verdicts.get(f["file"], {}))
        rows.append(row)
    rows.append(dict(file="root.test.pem", kind="certificate", tag="inferred", source=W, about="The root above all certificates here."))
    write_index(HERE, HEADER, rows)
    print(len(FIXTURES), "registrations;", sum(f["check"] == "ok" for f in FIXTURES), "ok,", sum(f["check"] == "fails" for f in FIXTURES), "fail")


# ---------------------------------------------------------------- two independent libraries
CANNOT = ("Unrecognized EC2 signature alg", "is not supported", "Unsupported attestation", "not implemented", "is not a valid", "UnsupportedType", "Unsupported",
          "unsupported", "NotImplemented", "Unrecognized")
# What the two packages have no algorithm for: fido2 RS384 and RS512, webauthn the hash of ES384 in a TPM statement.
NO_ALGORITHM = {("packed-self-rs384", "fido2"), ("packed-self-rs512", "fido2"), ("bad-self-sig-rs384", "fido2"), ("bad-self-sig-rs512", "fido2"),
                ("tpm-ecc-p384", "webauthn")}


def check():
    from fido2.attestation import Attestation, UnsupportedType
    from fido2.server import Fido2Server
    from fido2.webauthn import (PublicKeyCredentialParameters, PublicKeyCredentialRpEntity, PublicKeyCredentialType, RegistrationResponse,
                                UserVerificationRequirement)
    from webauthn import verify_registration_response
    from webauthn.helpers.structs import AttestationFormat

    roots = {f: [pem(ROOT)] for f in AttestationFormat}
    verdicts, problems = {}, []
    path = os.path.join(HERE, "verdicts.json")
    if os.path.exists(path):
        with open(path) as fh:
            verdicts = json.load(fh)
    for f in FIXTURES:
        with open(os.path.join(HERE, f["file"])) as fh:
            text = fh.read()
        with open(os.path.join(HERE, f["options"])) as fh:
            opts = json.load(fh)
        algs = [p["alg"] for p in opts["pubKeyCredParams"]]

        def by_webauthn():
            verify_registration_response(
                credential=text, expected_challenge=unb64u(opts["challenge"]), expected_rp_id=RP_ID, expected_origin=ORIGIN,
                require_user_verification=False, supported_pub_key_algs=algs, pem_root_certs_bytes_by_fmt={k: list(v) for k, v in roots.items()})

        def by_fido2():
            doc = json.loads(text)
            server = Fido2Server(PublicKeyCredentialRpEntity(id=RP_ID, name="x"))
            server.allowed_algorithms = [PublicKeyCredentialParameters(type=PublicKeyCredentialType.PUBLIC_KEY, alg=a) for a in algs]
            auth = server.register_complete({"challenge": opts["challenge"], "user_verification": UserVerificationRequirement("preferred")}, doc)
            r = RegistrationResponse.from_dict(doc).response
            Attestation.for_type(r.attestation_object.fmt)().verify(r.attestation_object.att_stmt, auth, r.client_data.hash)

        v = verdicts.setdefault(f["file"], {})
        for label, lib in (("fido2", by_fido2), ("webauthn", by_webauthn)):
            try:
                lib()
                v[label], why = "verified", ""
            except Exception as e:  # noqa: BLE001
                why = type(e).__name__ + " " + str(e).replace("\n", " ")[:110]
                v[label] = "cannot" if any(c in why for c in CANNOT) or (f["file"][:-18], label) in NO_ALGORITHM else "refused"
            if "-v" in sys.argv or (f["check"] == "ok" and v[label] == "refused") or (f["check"] == "fails" and v[label] == "verified" and not f.get("check_also")):
                print("%-45s %-8s want %-12s %-9s %s" % (f["file"][:-18], label, f["check"], v[label], why))
    verdicts = {f["file"]: verdicts[f["file"]] for f in FIXTURES}
    write(HERE, "verdicts.json", json.dumps(verdicts, indent=0, sort_keys=True) + "\n")


def check_arithmetic():
    """The field `signature`, worked out again from the written files with cbor2 and cryptography."""
    import cbor2
    from cryptography import x509
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    def public(cose):
        if cose[1] == 2:
            return ec.EllipticCurvePublicNumbers(int.from_bytes(cose[-2], "big"), int.from_bytes(cose[-3], "big"),
                                                 {1: ec.SECP256R1(), 2: ec.SECP384R1(), 3: ec.SECP521R1()}[cose[-1]]).public_key()
        if cose[1] == 3:
            return rsa.RSAPublicNumbers(int.from_bytes(cose[-2], "big"), int.from_bytes(cose[-1], "big")).public_key()
        return ed25519.Ed25519PublicKey.from_public_bytes(cose[-2])

    def verify(key, alg, sig, data):
        h = {-7: hashes.SHA256(), -35: hashes.SHA384(), -36: hashes.SHA512(), -257: hashes.SHA256(), -258: hashes.SHA384(), -259: hashes.SHA512(), -65535: hashes.SHA1()}.get(alg)
        try:
            if isinstance(key, ec.EllipticCurvePublicKey):
                key.verify(sig, data, ec.ECDSA(h))
            elif isinstance(key, rsa.RSAPublicKey):
                key.verify(sig, data, padding.PKCS1v15(), h)
            else:
                key.verify(sig, data)
            return "verified"
        except Exception:  # noqa: BLE001
            return "wrong"

    n = 0
    for f in FIXTURES:
        if f["signature"] == "not-checked":
            continue
        n += 1
        with open(os.path.join(HERE, f["file"])) as fh:
            r = json.load(fh)["response"]
        obj = cbor2.loads(unb64u(r["attestationObject"]))
        auth, stmt, hashed = obj["authData"], obj["attStmt"], hashlib.sha256(unb64u(r["clientDataJSON"])).digest()
        size = int.from_bytes(auth[53:55], "big")
        cred, cose = auth[55:55 + size], cbor2.loads(auth[55 + size:])
        x5c = stmt.get("x5c")
        cert = x509.load_der_x509_certificate(x5c[0]) if isinstance(x5c, list) else None
        if f["format"] == "packed":
            got = verify(cert.public_key() if cert else public(cose), stmt["alg"], stmt["sig"], auth + hashed)
        elif f["format"] == "android-key":
            got = verify(cert.public_key(), stmt["alg"], stmt["sig"], auth + hashed)
        elif f["format"] == "fido-u2f":
            got = verify(cert.public_key(), -7, stmt["sig"], b"\0" + auth[:32] + hashed + cred + b"\4" + cose[-2] + cose[-3])
        elif f["format"] == "tpm":
            got = verify(cert.public_key(), stmt["alg"], stmt["sig"], stmt["certInfo"])
        else:
            try:
                e = cert.extensions.get_extension_for_oid(x509.ObjectIdentifier(OID_APPLE)).value.value
            except x509.ExtensionNotFound:
                e = None
            fits = e == bytes.fromhex("3024a1220420") + hashlib.sha256(auth + hashed).digest()
            a, b = (k.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo) for k in (cert.public_key(), public(cose)))
            got = "verified" if fits and a == b else "wrong"
        if got != f["signature"]:
            print("arithmetic:", f["file"], f["reason"], f["signature"], got)
    print(n, "signatures worked out again")


if __name__ == "__main__":
    make()
    if "--check" in sys.argv:
        check_arithmetic()
        check()
        index()
