"""What the client POSTs at the end of an enrolment, checked by verifiers that are not ours.

Reads the JSON lines of `sent-registrations` and checks each with python-fido2 (Yubico) and webauthn (Duo): the registration must answer
the options. Beside that, the body must hold exactly the members that a strict server takes (java-webauthn-server's reading of the JSON).

    cargo run -q -p smartid-tests --bin sent-registrations | python3 tests/peers/verify_sent.py
"""

import json
import sys

from fido2.attestation import Attestation
from fido2.server import Fido2Server
from fido2.webauthn import PublicKeyCredentialRpEntity, RegistrationResponse
from webauthn import verify_registration_response
from webauthn.helpers import base64url_to_bytes
from webauthn.helpers.cose import COSEAlgorithmIdentifier

TOP = {"id", "rawId", "type", "authenticatorAttachment", "response", "clientExtensionResults"}
RESPONSE = {"clientDataJSON", "attestationObject", "transports"}
# What a library has no code for (fido2 2.2.1, webauthn 3.0.1).
UNSUPPORTED = {"fido2": set(), "webauthn": {-35}}


def strict(sample, options, sent):
    assert set(sent) <= TOP and TOP - {"authenticatorAttachment"} <= set(sent), sorted(sent)
    assert {"clientDataJSON", "attestationObject"} <= set(sent["response"]) <= RESPONSE, sorted(sent["response"])
    assert isinstance(sent["clientExtensionResults"], dict)
    assert "=" not in sample["sent"] and sent["id"] == sent["rawId"]


def with_fido2(sample, options, sent):
    server = Fido2Server(PublicKeyCredentialRpEntity(name="x", id=options["rp"]["id"]), attestation="direct")
    data = server.register_complete({"challenge": options["challenge"], "user_verification": "required"}, RegistrationResponse.from_dict(sent))
    assert data.credential_data.public_key[3] == sample["algorithm"]
    response = RegistrationResponse.from_dict(sent).response
    made = response.attestation_object
    Attestation.for_type(made.fmt)().verify(made.att_stmt, made.auth_data, response.client_data.hash)


def with_webauthn(sample, options, sent):
    verify_registration_response(
        credential=sent,
        expected_challenge=base64url_to_bytes(options["challenge"]),
        expected_rp_id=options["rp"]["id"],
        expected_origin="https://" + options["rp"]["id"],
        require_user_verification=True,
        supported_pub_key_algs=[COSEAlgorithmIdentifier(sample["algorithm"])],
    )


failures = count = 0
for line in sys.stdin:
    sample = json.loads(line)
    options, sent = json.loads(sample["options"]), json.loads(sample["sent"])
    options = options.get("publicKey", options)
    for name, verify in (("strict", strict), ("fido2", with_fido2), ("webauthn", with_webauthn)):
        if sample["algorithm"] in UNSUPPORTED.get(name, ()):
            continue
        count += 1
        try:
            verify(sample, options, sent)
            print(f"ok   {sample['algorithm']:>5} {sample['attestation']:<12} {name}")
        except Exception as problem:  # every kind of refusal counts
            failures += 1
            print(f"FAIL {sample['algorithm']:>5} {sample['attestation']:<12} {name}: {problem!r}")
print(f"{count - failures} passed, {failures} failed")
sys.exit(1 if failures or count < 20 else 0)
