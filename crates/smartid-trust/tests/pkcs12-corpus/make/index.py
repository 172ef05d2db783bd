"""Writes INDEX.toml, and disagreements.txt where the tools and the index differ."""

import hashlib

import read
from common import ATTEMPTS, FILES, HERE, OUT
from cryptography import x509
from judge import key_id, walk
from names import CIPHERS, HASH, HMAC, PBES2, PBKDF2, PBMAC1, PKCS12_PBE

DIGESTS = {**{HASH[k]: k for k in HASH}, **{HMAC[k]: k for k in HMAC}}
BUDGET = 3_000_000  # a budget of all derivations together that stops a hostile file within half a second, as measured
SIZES = {"md5": 16, "sha1": 20, "ripemd160": 20, "sm3": 32}


def text(value):
    """A TOML basic string, ASCII."""
    out = []
    for c in value:
        n = ord(c)
        if c in '"\\':
            out.append("\\" + c)
        elif 0x20 <= n < 0x7F:
            out.append(c)
        else:
            out.append(f"\\u{n:04X}" if n < 0x10000 else f"\\U{n:08X}")
    return '"' + "".join(out) + '"'


def toml(value):
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value) if -2**63 <= value < 2**63 else text(str(value))
    if isinstance(value, str):
        return text(value)
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{k} = {toml(v)}" for k, v in value.items()) + " }" if value else "{}"
    return "[" + ", ".join(toml(v) for v in value) + "]"


def digest_size(name):
    return SIZES.get(name) or int(name.split("_")[-1].removeprefix("sha")) // 8


def cost(facts, mac=False):
    """Iterations times blocks of output, for a scheme or a MAC."""
    n = facts.get("iterations", 0)
    if n < 0:
        return 0
    if facts.get("scheme") in PKCS12_PBE:
        _, key, iv, _ = PKCS12_PBE[facts["scheme"]]
        return n * (-(-key // 20) + (1 if iv else 0))
    if facts.get("scheme") == PBES2 or facts.get("algorithm") == PBMAC1:
        size = facts.get("key_length") or CIPHERS.get(facts.get("cipher"), (0, 0))[1] or 32
        return n * -(-size // digest_size(DIGESTS.get(facts.get("prf"), "sha1")))
    return n


def work(facts):
    total = cost(facts["mac"], True) if facts.get("mac") else 0
    for safe in facts.get("safes", []):
        total += cost(safe.get("encryption", {}))
        total += sum(cost(b.get("encryption", {})) for b in walk(safe.get("bags", [])))
    return total


def shown(facts):
    """Without what the index does not need; PBKDF2 is not said."""
    return {k: v for k, v in facts.items() if k not in ("right", "der", "spki_sha256") and (k, v) != ("kdf", PBKDF2)}


def bag_row(b, names):
    row = {"kind": b["kind"]}
    if "sha256" in b:
        row["is"] = names.get(b["sha256"], "other")
    if b["kind"] in ("key", "shrouded-key") and "spki_sha256" in b:
        row["is"] = names.get(b["spki_sha256"], "other")
    for k in ("friendly_name", "local_key_id", "attributes", "type", "unreadable"):
        if k in b:
            value = b[k]
            if k == "local_key_id" and len(value) > 80:
                value = f"{len(value) // 2} octets"
            if k == "attributes" and len(value) > 4:
                value = [*value[:2], f"{len(value)} in all"]
            row[k] = value
    if "encryption" in b:
        row["encryption"] = shown(b["encryption"])
    if "bags" in b:
        row["bags"] = [bag_row(x, names) for x in b["bags"][:3]]
    return row


def chain_word(order, leaf):
    """Of the certificates as they stand in the file, seen from the leaf."""
    words = []
    issuers = [x for x in order if x in ("issuing", "root")]
    have = set(issuers)
    words.append({0: "absent", 1: "without-root" if "issuing" in have else "gap", 2: "complete"}[len(have)])
    if len(order) != len(set(order)):
        words.append("repeated")
    first = list(dict.fromkeys(x for x in order if x in (leaf, "issuing", "root")))
    if first != [x for x in (leaf, "issuing", "root") if x in first]:
        words.append("unordered")
    return words


def expected_keys(one, names):
    """For each key, in order: its certificate and the chain that must come out."""
    every = [b for safe in one["facts"].get("safes", []) for b in walk(safe.get("bags", []))]
    certs = [b for b in every if b["kind"] == "certificate" and "sha256" in b]
    order = [names.get(b["sha256"], "other") for b in certs]
    rows = []
    for b in every:
        if b["kind"] not in ("key", "shrouded-key") or "spki_sha256" not in b:
            continue
        key = names.get(b["spki_sha256"], "other")
        mine = [c for c in certs if c.get("spki_sha256") == b["spki_sha256"]]
        marked = [c for c in mine if c.get("local_key_id") == b.get("local_key_id") and "local_key_id" in c]
        leaf = names.get((marked or mine)[0]["sha256"], "other") if mine else "none"
        row = {"key": key, "certificate": leaf}
        if leaf != "none":
            chain = [leaf]
            for issuer in ("issuing", "root"):
                if issuer in order and (issuer != "root" or "issuing" in order):
                    chain.append(issuer)
            row["chain"] = chain
            row["chain_in_file"] = chain_word(order, leaf)
            also = [n for c in mine if (n := names.get(c["sha256"], "other")) != leaf]
            if also:
                row["certificate_also"] = sorted(set(also))
        if "friendly_name" in b:
            row["friendly_name"] = b["friendly_name"] if len(b["friendly_name"]) < 400 else f"{b['friendly_name'][:8]}... ({len(b['friendly_name'])} letters)"
        if "local_key_id" in b:
            row["local_key_id"] = True
        rows.append(row)
    return rows, order


def write(p):
    names = {hashlib.sha256(data).hexdigest(): tag for tag, data in p.cert.items()}
    for tag, data in p.key.items():
        names[key_id(data)] = tag
    out = [(HERE / "index-head.txt").read_text()]
    for tag, data in p.cert.items():
        key = read.spki(x509.load_der_x509_certificate(data).public_key())
        out.append(f"\n[[pki]]\nname = {toml(tag)}\nsha256 = {toml(hashlib.sha256(data).hexdigest())}\nspki_sha256 = {toml(key)}\nkey = {toml(tag in p.key)}\n")
    for one in FILES:
        facts = one["facts"]
        rows = [("file", one["file"]), ("producer", one["producer"])]
        if one.get("how"):
            rows.append(("how", one["how"]))
        rows += [("note", one["note"]), ("password", one["password"])]
        form = one["form"] or (facts.get("mac") or {}).get("password")
        if form:
            rows.append(("password_form", form))
        rows.append(("expect", one["expect"]))
        if one["expect"] != "refuse" and "unreadable" not in facts and work(facts) > BUDGET and "too-many-iterations" not in one["also"]:
            one["also"].append("too-many-iterations")
        if one.get("no_mac"):
            rows.append(("no_mac", True))
        for k in ("reason", "oid", "also"):
            if one[k]:
                rows.append((k, one[k]))
        rows.append(("opened_by", {k: one[k] for k in ("openssl", "cryptography", "java")}))
        if "unreadable" not in facts:
            rows.append(("encoding", ("BER: " + ", ".join(facts["encoding"])) if facts["encoding"] else "DER"))
            mac = facts["mac"]
            rows.append(("mac", shown(mac) if mac else "none"))
            if mac and mac.get("right") is False:
                rows.append(("mac_right", False))
            rows.append(("work", work(facts)))
            keys, order = expected_keys(one, names)
            if one["expect"] != "refuse" or keys:
                rows.append(("keys", keys[:8]))
            if len(keys) > 8:
                rows.append(("keys_in_all", len(keys)))
            if len(order) > 1 or one["expect"] == "refuse" and order:
                rows.append(("certificates", order if len(order) < 12 else [*order[:2], f"{len(order)} in all"]))
        out.append("\n[[file]]\n" + "".join(f"{k} = {toml(v)}\n" for k, v in rows if k != "keys"))
        if "unreadable" not in facts:
            for k, v in rows:
                if k == "keys":
                    out.append("keys = [" + "".join(f"\n  {toml(x)}," for x in v) + ("\n]\n" if v else "]\n"))
        if "unreadable" not in facts and one["reason"] not in ("not-pkcs12", "truncated", "wrong-password-or-corrupt"):
            lines = []
            for safe in facts["safes"][:8]:
                head = {"content": safe["content"]} | ({"encryption": shown(safe["encryption"])} if "encryption" in safe else {})
                bags = [toml(bag_row(b, names)) for b in safe.get("bags", [])]
                if len(bags) > 8:
                    bags = [*bags[:2], toml({"kind": "more", "count": len(bags) - 2})]
                lines.append("  " + toml(head)[:-2] + ", bags = [" + "".join(f"\n    {b}," for b in bags) + ("\n  ] }," if bags else "] },"))
            out.append("safes = [" + "".join("\n" + x for x in lines) + ("\n]\n" if lines else "]\n"))
            if len(facts["safes"]) > 8:
                out.append(f"safes_in_all = {len(facts['safes'])}\n")
    for one in ATTEMPTS:
        rows = [(k, one[k]) for k in ("file", "password", "note", "expect", "reason", "also") if one[k] not in (None, [])]
        out.append("\n[[attempt]]\n" + "".join(f"{k} = {toml(v)}\n" for k, v in rows))
    (OUT / "INDEX.toml").write_text("".join(out))
    disagreements()


def disagreements():
    tools = ("openssl", "cryptography", "java")
    nobody, refused, differs, some = [], [], [], []
    for one in FILES:
        opened = [t for t in tools if one[t].startswith(("yes", "legacy"))]
        line = f"{one['file']:54} {' | '.join(f'{t}: ' + (one[t] if one[t] != 'no' else one['says'][t]) for t in tools)}\n"
        if one["expect"] != "refuse" and not opened:
            nobody.append(line)
        elif one["expect"] == "refuse" and opened and one["reason"] != "no-key":
            refused.append(f"{one['file']:54} {one['reason']}; opened by {', '.join(f'{t} ({one[t]})' for t in opened)}{'; opening is right too' if 'open' in one['also'] else ''}\n")
        elif any("differs" in one[t] or "no key" in one[t] for t in opened):
            differs.append(line)
        elif one["expect"] != "refuse" and len(opened) < 3:
            some.append(line)
    parts = [("The index opens, no tool does", nobody), ("The index refuses, a tool opens", refused),
             ("Opened, with other keys or certificates than the index names", differs), ("The index opens, and not every tool does", some)]
    (OUT / "disagreements.txt").write_text("Where the tools and the index differ (made by make.sh).\n" + "".join(
        f"\n{title} ({len(rows)}):\n{''.join(rows)}" for title, rows in parts))
    counts = {e: sum(f["expect"] == e for f in FILES) for e in ("open", "open-on-request", "refuse")}
    print(counts, f"{len(ATTEMPTS)} attempts;", {t: sum(f[t].startswith(("yes", "legacy")) for f in FILES) for t in tools},
          "; ".join(f"{t}: {len(r)}" for t, r in parts))
