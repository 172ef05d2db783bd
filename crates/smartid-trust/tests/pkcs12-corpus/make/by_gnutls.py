"""Containers by GnuTLS: certtool --to-p12."""

from common import EMOJI, LONG, UMLAUTS, USUAL, WORK, add, run
from names import HASH

WHO = "GnuTLS {} certtool".format(run("certtool", "--version").stdout.decode().split("\n")[0].split()[-1])


def export(file, tag, *options, note, password=USUAL, form=None, chain=True, secret=None, **more):
    out = WORK / "gnutls.p12"
    source = WORK / "gnutls.pem"
    source.write_text((WORK / f"{tag}.pem").read_text() + ((WORK / "chain.pem").read_text() if chain else ""))
    args = ["certtool", "--to-p12", "--load-privkey", WORK / f"{tag}.key", "--load-certificate", source, "--outder", "--outfile", out]
    if not any(o.startswith("--p12-name") for o in options):
        args.append("--p12-name=Key One")
    secret = secret if secret is not None else ["--password", password]
    done = run(*args, *secret, *options, check=False)
    if done.returncode != 0:
        print(f"  not made: gnutls-{file}: {done.stderr.decode(errors='replace').strip()[-120:]}")
        return
    how = " ".join(["certtool --to-p12", *(o for o in [*secret, *options] if o.startswith("--") and o != "--password")])
    add(f"gnutls-{file}.p12", out.read_bytes(), WHO, note, password=password, form=form, how=how, **more)


def make(p):
    for tag in ("rsa1", "p256", "p384", "ed25519"):
        export(tag, tag, note=f"The defaults, key {tag}.")
    for one in ("3des", "3des-pkcs12", "aes-128", "aes-192", "aes-256", "rc2-40"):
        export(one, "p256", f"--pkcs-cipher={one}", note=f"--pkcs-cipher={one}.", chain=one in ("3des-pkcs12", "aes-256"))
    export("arcfour", "p256", "--pkcs-cipher=arcfour", note="RC4, as old programs wrote it.")
    for one in ("sha1", "sha384", "sha512"):
        export(f"mac-{one}", "p256", f"--hash={one}", note=f"MAC --hash={one}.", chain=False)
    for one in ("sha224",):
        export(f"mac-{one}", "p256", f"--hash={one}", note=f"MAC --hash={one}: outside the table.", oid=HASH[one], also=["unsupported-algorithm"], chain=False)
    export("leaf-only", "rsa1", chain=False, note="No issuers.")
    export("name-umlauts", "p256", "--p12-name=Schlüssel", note="A friendly name with umlauts.", chain=False)
    for cipher in ("aes-256", "3des-pkcs12", "rc2-40"):
        export(f"password-null-{cipher}", "p256", f"--pkcs-cipher={cipher}", secret=["--null-password"], password="", form="none", chain=False,
               note="--null-password: of zero length, without the two zero octets.")
        export(f"password-empty-{cipher}", "p256", f"--pkcs-cipher={cipher}", secret=["--empty-password"], password="", form="empty", chain=False,
               note="--empty-password: the two zero octets.")
    for label, text in [("umlauts", UMLAUTS), ("emoji", EMOJI), ("long", LONG)]:
        export(f"password-{label}", "p256", "--pkcs-cipher=aes-256", password=text, note=f"Password: {label}.", chain=False)
        export(f"password-{label}-3des", "p256", "--pkcs-cipher=3des-pkcs12", password=text, note=f"Password: {label}, old scheme.", chain=False)
