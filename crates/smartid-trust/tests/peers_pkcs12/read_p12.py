"""Says of each container what Python cryptography finds: "name,key,leaf name,leaf,other,..." in hexadecimal, one line a file."""

import sys

from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, pkcs12

arguments = iter(sys.argv[1:])
for file, password in zip(arguments, arguments):
    with open(file, "rb") as opened:
        found = pkcs12.load_pkcs12(opened.read(), bytes.fromhex(password))
    key = found.key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    name = found.cert.friendly_name or b""
    der = [one.certificate.public_bytes(Encoding.DER) for one in (found.cert, *found.additional_certs)]
    print(",".join(part.hex() for part in (name, key, *der)))
