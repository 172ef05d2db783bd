#!/usr/bin/env python3
"""Other people's verifiers on registrations of ours.

Reads JSON lines from standard input, such as those of `smartid-sim sample-registrations`, and checks every registration, and the
assertion made with the same key where there is one, with two independent libraries: python-fido2 (Yubico) and webauthn (Duo).

    python3 -m venv venv && venv/bin/pip install fido2==2.2.1 webauthn==3.0.1
    cargo run -q -p smartid-sim -- sample-registrations | venv/bin/python crates/smartid-sim/tests/peers/verify_registration.py 22

A line with `"expect": "refused"` is a hostile copy; each library that knows its algorithm must refuse it. Of each other line a broken copy
(one bit of the signed authenticator data changed) must be refused where the format carries a signature; otherwise the verifiers
themselves would not have been tested. The arguments say how many registrations and how many hostile copies must come (by default at
least one, and any number). Anything else than expected ends with exit code 1.
"""

import base64
import hashlib
import json
import sys

from fido2.attestation import Attestation
from fido2.server import Fido2Server
from fido2.webauthn import (
    AttestedCredentialData,
    AuthenticationResponse,
    PublicKeyCredentialRpEntity,
    RegistrationResponse,
)
from webauthn import verify_authentication_response, verify_registration_response
from webauthn.helpers import base64url_to_bytes
from webauthn.helpers.cose import COSEAlgorithmIdentifier
from webauthn.helpers.structs import AttestationFormat


def unb64(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def b64(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def demands_verification(sample):
    return sample["options"].get("authenticatorSelection", {}).get("userVerification") == "required"


def with_fido2(sample):
    """python-fido2: the ceremony by Fido2Server, the statement by its Attestation classes."""
    server = Fido2Server(
        PublicKeyCredentialRpEntity(id=sample["rpId"], name="Example"),
        attestation="direct",
        verify_origin=lambda origin: origin == sample["origin"],
    )
    state = {
        "challenge": sample["options"]["challenge"],
        "user_verification": "required" if demands_verification(sample) else "preferred",
    }
    response = RegistrationResponse.from_dict(sample["registration"])
    auth_data = server.register_complete(state, response)
    credential = auth_data.credential_data
    assert credential.public_key[3] == sample["algorithm"], "algorithm"
    attestation_object = response.response.attestation_object
    verifier = Attestation.for_type(attestation_object.fmt)()
    result = verifier.verify(
        attestation_object.att_stmt, attestation_object.auth_data, response.response.client_data.hash
    )

    if "assertion" in sample:
        state = {"challenge": sample["assertionOptions"]["challenge"], "user_verification": "required"}
        server.authenticate_complete(
            state,
            [AttestedCredentialData(credential)],
            AuthenticationResponse.from_dict(sample["assertion"]),
        )
    return result.attestation_type.name


def with_webauthn(sample):
    """webauthn: both ceremonies, trust anchors for the certificate formats."""
    roots = [sample["caPem"].encode()] if "caPem" in sample else []
    verified = verify_registration_response(
        credential=sample["registration"],
        expected_challenge=base64url_to_bytes(sample["options"]["challenge"]),
        expected_rp_id=sample["rpId"],
        expected_origin=sample["origin"],
        require_user_verification=demands_verification(sample),
        supported_pub_key_algs=[COSEAlgorithmIdentifier(sample["algorithm"])],
        pem_root_certs_bytes_by_fmt={
            AttestationFormat.PACKED: roots,
            AttestationFormat.FIDO_U2F: roots,
        },
    )
    if "assertion" in sample:
        verify_authentication_response(
            credential=sample["assertion"],
            expected_challenge=base64url_to_bytes(sample["assertionOptions"]["challenge"]),
            expected_rp_id=sample["rpId"],
            expected_origin=sample["origin"],
            credential_public_key=verified.credential_public_key,
            credential_current_sign_count=verified.sign_count,
            require_user_verification=True,
        )
    return getattr(verified.fmt, "value", verified.fmt)


def broken(sample):
    """The same registration with the signature counter inside authData changed: only a signature can notice."""
    copy = json.loads(json.dumps(sample))
    raw = bytearray(unb64(copy["registration"]["response"]["attestationObject"]))
    at = raw.index(hashlib.sha256(sample["rpId"].encode()).digest()) + 33
    if sample["attestation"] == "fido-u2f":
        # U2F does not sign the counter, but the credential id: change its last byte, in all places.
        identity = bytearray(unb64(copy["registration"]["rawId"]))
        at = raw.index(bytes(identity)) + len(identity) - 1
        identity[-1] ^= 1
        copy["registration"]["id"] = copy["registration"]["rawId"] = b64(bytes(identity))
    raw[at] ^= 1
    copy["registration"]["response"]["attestationObject"] = b64(bytes(raw))
    return copy


# Algorithms that a library has no code for (fido2 2.2.1, webauthn 3.0.1). Every algorithm is checked by at least one of the two; when a
# newer version learns one, the line "is supported by now" says so and this table is to be shortened.
UNSUPPORTED = {"fido2": {-258, -259}, "webauthn": {-35}}


def refuses(verify, sample):
    try:
        verify(sample)
    except Exception:  # any refusal will do
        return True
    return False


def main():
    libraries = (("fido2", with_fido2), ("webauthn", with_webauthn))
    failures = registrations = hostile = 0
    verified = {name: 0 for name, _ in libraries}
    refused = dict(verified)
    for line in sys.stdin:
        if not line.strip():
            continue
        sample = json.loads(line)
        is_hostile = sample.get("expect") == "refused"
        registrations += not is_hostile
        hostile += is_hostile
        name = f"alg {sample['algorithm']:>5} {sample['attestation']:<10} {sample.get('name', '')}".rstrip()
        for library, verify in libraries:
            if sample["algorithm"] in UNSUPPORTED[library]:
                if not is_hostile:
                    # Without a login some formats need no arithmetic with the key.
                    known = "assertion" in sample and not refuses(verify, sample)
                    news = "is supported by now" if known else "not supported by this library"
                    print(f"{name} {library:<8} -        {news}")
                continue
            if is_hostile:
                refused[library] += 1
                if not refuses(verify, sample):
                    failures += 1
                    print(f"{name} {library:<8} ACCEPTED, should be refused")
                continue
            try:
                print(f"{name} {library:<8} ok       {verify(sample)}")
                verified[library] += 1
            except Exception as error:  # noqa: BLE001 - every refusal is reported
                failures += 1
                print(f"{name} {library:<8} REFUSED  {type(error).__name__}: {error}")
            if sample["attestation"] != "none" and not refuses(verify, broken(sample)):
                failures += 1
                print(f"{name} {library:<8} the broken copy was ACCEPTED")
    for library, count in verified.items():
        print(f"{library}: {count} verified, {refused[library]} hostile copies judged")
    print(f"{registrations} registrations, {hostile} hostile copies, {failures} failures")
    expected = [int(number) for number in sys.argv[1:]]
    if [registrations, hostile][: len(expected)] != expected:
        failures += 1
        print(f"expected {expected}")
    if registrations == 0 or failures:
        sys.exit(1)


if __name__ == "__main__":
    main()
