"""Containers by NSS: pk12util."""

import subprocess

from common import EMOJI, UMLAUTS, USUAL, WORK, add, password_file, run

DB = WORK / "nss"
PBE = "PKCS #12 V2 PBE With SHA-1 And "


def version():
    done = subprocess.run(["dpkg-query", "-W", "-f", "${Version}", "libnss3"], capture_output=True, check=False)
    return done.stdout.decode().split(":")[-1].split("-")[0].split("+")[0] or "?"


def export(file, nick, *options, note, password=USUAL, **more):
    out = WORK / "nss.p12"
    out.unlink(missing_ok=True)
    done = run("pk12util", "-o", out, "-n", nick, "-d", f"sql:{DB}", "-K", "", "-w", password_file(password), *options, check=False)
    if done.returncode != 0 or not out.exists():
        print(f"  not made: nss-{file}: {(done.stderr + done.stdout).decode(errors='replace').strip()[-120:]}")
        return
    how = " ".join(["pk12util -o", *(f'"{o}"' if " " in o else o for o in options)])
    add(f"nss-{file}.p12", out.read_bytes(), f"NSS {version()} pk12util", note, password=password, how=how, **more)


def make(p):
    DB.mkdir(exist_ok=True)
    run("certutil", "-N", "-d", f"sql:{DB}", "--empty-password")
    for tag in ("issuing", "root"):
        run("certutil", "-A", "-d", f"sql:{DB}", "-n", tag, "-t", "CT,,", "-i", WORK / f"{tag}.pem")
    for tag in ("rsa1", "p256", "p384"):
        source = WORK / "nss-source.p12"
        run("openssl", "pkcs12", "-export", "-inkey", WORK / f"{tag}.key", "-in", WORK / f"{tag}.pem", "-name", f"nick {tag}", "-passout", f"pass:{USUAL}",
            "-out", source)
        run("pk12util", "-i", source, "-d", f"sql:{DB}", "-K", "", "-W", USUAL)
    for tag in ("rsa1", "p256", "p384"):
        export(f"{tag}", f"nick {tag}", note="The defaults of this version.")
    for label, key, cert in [("aes-128", "AES-128-CBC", "AES-128-CBC"), ("aes-192", "AES-192-CBC", "AES-192-CBC"), ("aes-256", "AES-256-CBC", "AES-256-CBC"),
                             ("aes-256-none", "AES-256-CBC", "NONE"), ("3des", "DES-EDE3-CBC", "DES-EDE3-CBC"), ("rc2-128", "RC2-CBC", "RC2-CBC"), ("3des-rc2-40", "DES-EDE3-CBC", PBE + "40 Bit RC2 CBC"), ("aes-256-3des", "AES-256-CBC", "DES-EDE3-CBC"),
                             ("camellia-256", "CAMELLIA-256-CBC", "CAMELLIA-256-CBC")]:
        more = {"oid": "1.2.392.200011.61.1.1.1.4", "also": ["unsupported-algorithm"]} if label.startswith("camellia") else {}
        export(f"{label}", "nick p256", "-c", key, "-C", cert, note=f"-c {key} -C {cert}.", **more)
    for label in ("rc4-128", "rc4-40"):
        export(label, "nick p256", "-c", "DES-EDE3-CBC", "-C", PBE + f"{label[4:]} Bit RC4", note="Certificates under RC4, the old default.")
    for mac in ("SHA-1", "SHA-256", "SHA-384", "SHA-512"):
        export(f"mac-{mac.lower()}", "nick p256", "-c", "AES-256-CBC", "-C", "AES-256-CBC", "-M", mac, note=f"-M {mac}.")
    for label, text in [("umlauts", UMLAUTS), ("emoji", EMOJI)]:
        export(f"password-{label}", "nick p256", "-c", "AES-256-CBC", "-C", "AES-256-CBC", password=text, note=f"Password: {label}.")
        export(f"password-{label}-3des", "nick p256", "-c", "DES-EDE3-CBC", "-C", "DES-EDE3-CBC", password=text, note=f"Password: {label}, old scheme.")
