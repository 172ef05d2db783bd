"""Containers by the openssl program."""

import subprocess

from common import (COMBINING, CONTROL, EMOJI, EURO, GREEK, LONG, SPACE, UMLAUTS, USUAL, WORK, add, password_file, run)
from names import BY_CIPHER, HASH

VERSION = run("openssl", "version").stdout.decode().split()[1]
WHO = f"OpenSSL {VERSION}"


def export(file, tag, *options, note, chain="chain", password=USUAL, keys=True, **more):
    out = WORK / "out.p12"
    args = ["pkcs12", "-export", "-in", WORK / f"{tag}.pem", *(["-inkey", WORK / f"{tag}.key"] if keys else []),
            *(["-certfile", WORK / f"{chain}.pem"] if chain else []), "-passout", f"file:{password_file(password)}", "-out", out]
    done = run("openssl", *args, *options, check=False)
    if done.returncode != 0:
        print(f"  not made: {file}: {done.stderr.decode(errors='replace').splitlines()[-1][:120]}")
        return None
    how = " ".join(["openssl pkcs12 -export", *(str(o).replace(str(WORK) + "/", "") for o in options)])
    return add(f"openssl-{file}.p12", out.read_bytes(), WHO, note, password=password, how=how, **more)


def beyond(dotted, weak=False):
    """An algorithm outside section 9 of the protocol notes that the program reads: refusing it by name is as right as opening."""
    if weak:
        return {"expect": "refuse", "reason": "unsupported-algorithm", "oid": dotted, "also": ["open"]}
    return {"oid": dotted, "also": ["unsupported-algorithm"]}


def make(p):
    p.pem(WORK)
    for tag in p.key:
        export(f"{tag}", tag, note=f"The defaults, key {tag}, whole chain.")
    for tag in ("rsa1", "p256"):
        export(f"{tag}-legacy", tag, "-legacy", note="3DES key, RC2-40 certificates, SHA-1 MAC: the defaults before OpenSSL 3.")
    for tag, legacy, label in [("rsa1", [], ""), ("p256", ["-legacy"], "-legacy")]:
        export(f"{tag}-leaf-only{label}", tag, *legacy, chain=None, note="No issuers.")
    export("p256-issuing-only", "p256", chain="issuing", note="Issuing CA without the root.")
    export("p256-turned-chain", "p256", chain="turned", note="Root before issuing CA.")
    export("p256-chain-option", "p256", "-chain", "-CAfile", WORK / "root.pem", "-untrusted", WORK / "issuing.pem", chain=None,
           note="The chain built by the program.")
    export("rsa2-stranger", "rsa2", chain="stranger", note="An unrelated CA certificate beside the leaf.")

    # Ciphers of keys and certificates.
    cipher = {"AES-128-CBC": "aes-128-cbc", "AES-192-CBC": "aes-192-cbc", "AES-256-CBC": "aes-256-cbc", "DES-EDE3-CBC": "des-ede3-cbc"}
    for one in cipher:
        export(f"both-{one.lower()}", "p256", "-keypbe", one, "-certpbe", one, note=f"PBES2 with {one} for both.", chain=None)
    old = {"PBE-SHA1-3DES": "des-ede3-cbc", "PBE-SHA1-2DES": "des-ede-cbc", "PBE-SHA1-RC2-128": "rc2-cbc", "PBE-SHA1-RC2-40": "rc2-40-cbc"}
    for one in old:
        export(f"both-{one.lower()}", "p256", "-keypbe", one, "-certpbe", one, "-legacy", "-macalg", "sha1", note=f"{one} for both, MAC SHA-1.", chain=None)
    pairs = [("AES-128-CBC", "AES-256-CBC"), ("AES-256-CBC", "PBE-SHA1-RC2-40"), ("PBE-SHA1-3DES", "AES-256-CBC"), ("PBE-SHA1-2DES", "PBE-SHA1-RC2-128"),
             ("PBE-SHA1-3DES", "PBE-SHA1-RC2-128"), ("PBE-SHA1-RC2-128", "PBE-SHA1-3DES"), ("AES-192-CBC", "NONE"), ("PBE-SHA1-3DES", "NONE"),
             ("NONE", "AES-128-CBC"), ("NONE", "PBE-SHA1-3DES"), ("NONE", "NONE")]
    for key, cert in pairs:
        export(f"key-{key.lower()}-cert-{cert.lower()}", "p256", "-keypbe", key, "-certpbe", cert, "-legacy",
               "-macalg", "sha256", note=f"Key {key}, certificates {cert}; NONE is not encrypted.", chain=None)
    export("descert", "p256", "-descert", "-legacy", note="-descert: certificates under 3DES too.")
    for one, dotted in [("CAMELLIA-128-CBC", "camellia-128-cbc"), ("CAMELLIA-256-CBC", "camellia-256-cbc"), ("ARIA-256-CBC", "aria-256-cbc")]:
        export(f"both-{one.lower()}", "p256", "-keypbe", one, "-certpbe", one, note=f"PBES2 with {one}: outside the table.", chain=None,
               **beyond(BY_CIPHER[dotted][0]))
    for one in ("SEED-CBC", "RC2-CBC", "DES-CBC", "CAST5-CBC", "BF-CBC", "SM4-CBC"):
        if one.lower() in BY_CIPHER:
            export(f"both-{one.lower()}", "p256", "-keypbe", one, "-certpbe", one, "-legacy", note=f"PBES2 with {one}: outside the table and old.", chain=None,
                   **beyond(BY_CIPHER[one.lower()][0], weak=True))
    for one in ("PBE-SHA1-RC4-128", "PBE-SHA1-RC4-40"):
        export(f"both-{one.lower()}", "p256", "-keypbe", one, "-certpbe", one, "-legacy", "-macalg", "sha1", note="RC4, as old programs wrote it.", chain=None)
    for one, dotted in [("PBE-MD5-DES", "1.2.840.113549.1.5.3"), ("PBE-SHA1-DES", "1.2.840.113549.1.5.10"),
                        ("PBE-MD5-RC2-64", "1.2.840.113549.1.5.6"), ("PBE-SHA1-RC2-64", "1.2.840.113549.1.5.11")]:
        export(f"both-{one.lower()}", "p256", "-keypbe", one, "-certpbe", one, "-legacy", note=f"{one}, PKCS #5 version 1: outside the table and weak.", chain=None,
               **beyond(dotted, weak=True))

    # MACs.
    for one in ("sha1", "sha256", "sha384", "sha512"):
        export(f"mac-{one}", "p256", "-macalg", one, note=f"MAC {one}.", chain=None)
        if one in ("sha1", "sha384"):
            continue
        export(f"mac-{one}-3des", "p256", "-macalg", one, "-keypbe", "PBE-SHA1-3DES", "-certpbe", "PBE-SHA1-3DES", chain=None,
               note=f"MAC {one} over 3DES bags.")
    for one in ("sha224", "sha512-224", "sha512-256", "sha3-256", "sha3-512"):
        export(f"mac-{one}", "p256", "-macalg", one, note=f"MAC {one}: outside the table.", chain=None, **beyond(HASH[one.replace("-", "_")]))
    for one in ("md5", "ripemd160", "sm3"):
        export(f"mac-{one}", "p256", "-macalg", one, "-legacy", note=f"MAC {one}: outside the table and old.", chain=None, **beyond(HASH[one], weak=True))

    # Iterations.
    for n in (1, 2, 1000, 10000, 100000, 600000):
        export(f"iter-{n}", "p256", "-iter", str(n), note=f"{n} iterations everywhere.", chain=None)
    for n in (1, 2000, 50000):
        export(f"iter-{n}-legacy", "p256", "-legacy", "-iter", str(n), note=f"{n} iterations everywhere, old schemes.", chain=None)
    export("iter-1000000", "p256", "-iter", "1000000", chain=None, also=["too-many-iterations"],
           note="The cap for one derivation, three times over: right to open as long as the budget for all together allows it.")
    export("iter-1000000-cert-none", "p256", "-iter", "1000000", "-certpbe", "NONE", "-nomaciter", chain=None,
           note="The cap for one derivation, once; nothing else costs.")
    export("noiter", "p256", "-noiter", note="-noiter.", chain=None)
    export("nomaciter", "p256", "-nomaciter", note="MAC with one iteration, left out of the file.", chain=None)
    export("noiter-nomaciter-legacy", "rsa1", "-legacy", "-noiter", "-nomaciter", note="One iteration everywhere, old schemes.", chain=None)
    # Without MAC.
    export("nomac", "p256", "-nomac", note="No MAC.", expect="open-on-request")
    export("nomac-legacy", "rsa1", "-nomac", "-legacy", note="No MAC, old schemes.", expect="open-on-request", chain=None)
    export("nomac-plain", "p256", "-nomac", "-keypbe", "NONE", "-certpbe", "NONE", note="No MAC and nothing encrypted.", expect="open-on-request")
    export("nomac-cert-none", "rsa1", "-nomac", "-certpbe", "NONE", note="No MAC, certificates in the clear.", expect="open-on-request")

    # Names and attributes.
    export("name", "p256", "-name", "Alice Example", note="A friendly name.", chain=None)
    export("name-umlauts", "p256", "-name", "Schlüssel für Jürgen", note="A friendly name with umlauts.", chain=None)
    export("name-empty", "p256", "-name", "", note="An empty friendly name.", chain=None)
    export("name-long", "p256", "-name", "n" * 300, note="A friendly name of 300 letters.", chain=None)
    export("canames", "rsa1", "-name", "Leaf", "-caname", "Issuing CA", "-caname", "Root CA", note="Names for the issuers too.")
    export("keysig", "rsa1", "-keysig", note="Key usage attribute of Microsoft within PKCS #8: signature.")
    export("keyex-csp-lmk", "rsa1", "-keyex", "-CSP", "Microsoft Enhanced RSA and AES Cryptographic Provider", "-LMK", "-name", "te-1234",
           note="As Windows writes: provider name, local machine, key exchange.")
    export("keysig-legacy-csp", "p384", "-keysig", "-CSP", "Microsoft Software Key Storage Provider", "-legacy", note="Old schemes and Microsoft's attributes.")

    # Passwords.
    for label, text in [("umlauts", UMLAUTS), ("greek", GREEK), ("emoji", EMOJI), ("long", LONG), ("space", SPACE), ("control", CONTROL),
                        ("euro", EURO), ("combining", COMBINING)]:
        export(f"password-{label}", "p256", note=f"Password: {label}.", password=text, chain=None)
        export(f"password-{label}-legacy", "p256", "-legacy", note=f"Password: {label}, old schemes.", password=text, chain=None)
    export("password-31", "p256", "-legacy", note="31 letters: with the end mark one whole block of the derivation.", password="a" * 31, chain=None)
    export("password-32", "p256", "-legacy", note="32 letters: with the end mark one octet pair more than a block.", password="a" * 32, chain=None)
    export("password-200", "p256", note="200 letters.", password="0123456789" * 20, chain=None)
    export("password-empty", "p256", note="Empty password.", password="", chain=None)
    export("password-empty-legacy", "p256", "-legacy", note="Empty password, old schemes.", password="", chain=None)

    # No key, no certificate.
    out = WORK / "keyonly.p12"
    export("nokeys", "p256", "-nokeys", keys=False, note="Certificates only.", expect="refuse", reason="no-key")
    export("nokeys-legacy", "p256", "-nokeys", "-legacy", keys=False, note="Certificates only, old schemes.", expect="refuse", reason="no-key")
    for label, options in [("", []), ("-legacy", ["-legacy"])]:
        # Given to standard input: with -nocerts the program reads the key from -in.
        done = subprocess.run(["openssl", "pkcs12", "-export", "-nocerts", "-inkey", WORK / "p256.key", "-passout", f"pass:{USUAL}", "-out", out, *options],
                              input=(WORK / "p256.key").read_bytes(), capture_output=True, check=False)
        if done.returncode == 0:
            add(f"openssl-nocerts{label}.p12", out.read_bytes(), WHO, "A key and no certificate.", how="openssl pkcs12 -export -nocerts")
        else:
            print("  not made: nocerts", done.stderr.decode()[-120:])
