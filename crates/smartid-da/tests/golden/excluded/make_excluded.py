#!/usr/bin/env python3
"""Makes the fixtures of this directory: creation options whose excluded ids are written in odd ways, and registrations against them.

    python make_excluded.py        # writes the documents and INDEX.toml; see ../README.md for the fields
"""

import os
import re
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "making"))
from common import *  # noqa: E402,F403

CHALLENGE = seed("excluded challenge", 32)
KEY = EcKey("excluded")
DOC = "protocol notes digital-access 1.3 [options: inferred], entra-fido [documented: Graph; padding digit observed]"


def raw(label, n):
    return seed("excluded " + label, n)


# Bytes whose base64 text has both signs of the standard alphabet, and no final zero.
def with_signs(label, n):
    i = 0
    while True:
        b = raw("%s %d" % (label, i), n)
        t = base64.b64encode(b).decode()
        if "+" in t and "/" in t:
            return b
        i += 1


A32, B16, C48, D17, E64 = with_signs("a", 32), with_signs("b", 16), with_signs("c", 48), with_signs("d", 17), with_signs("e", 64)


# ---------------------------------------------------------------- ways to write bytes
def plain(b):
    return b64u(b)


def padded(b):
    return base64.urlsafe_b64encode(b).decode()


def standard(b):
    return base64.b64encode(b).decode()


def standard_bare(b):
    return standard(b).rstrip("=")


def counted(b):
    """As .NET's UrlTokenEncode: base64url without padding, then one digit, the number of padding signs that were taken away."""
    t = padded(b)
    return t.rstrip("=") + str(t.count("="))


def mixed(b):
    t = standard_bare(b)
    return t.replace("+", "-", 1) if "+" in t else t.replace("/", "_", 1)


ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"


def loose_bits(b):
    """The last character with bits set that no octet uses."""
    t = plain(b)
    assert len(t) % 4 in (2, 3)
    return t[:-1] + ALPHABET[ALPHABET.index(t[-1]) | 1]


# ---------------------------------------------------------------- what a text means
def read_plain(t):
    u = t.translate(str.maketrans("+/", "-_"))
    body = u.rstrip("=")
    if not body or not re.fullmatch(r"[A-Za-z0-9_-]+", body) or len(body) % 4 == 1:
        return None
    b = unb64u(body)
    return b if b64u(b) == body else None


def read_counted(t):
    u = t.translate(str.maketrans("+/", "-_"))
    if not re.fullmatch(r"[A-Za-z0-9_-]+[012]", u):
        return None
    body, n = u[:-1], int(u[-1])
    if (len(body) + n) % 4 or len(body) % 4 == 1:
        return None
    b = unb64u(body)
    return b if b64u(b) == body else None


def meaning(text, provider):
    out = []
    for f in [read_plain] + ([read_counted] if provider == "entra" else []):
        b = f(text) if isinstance(text, str) else None
        if b and b.hex() not in out:
            out.append(b.hex())
    return out


FIXTURES = []


def doc(name, about, ids, provider="da", tag="inferred", type_="public-key", **more):
    """ids: (form, text or other JSON value); the text `missing` leaves the member away."""
    entries, rows = [], []
    for form, text in ids:
        e = {"type": type_, "id": text}
        if text == "missing":
            del e["id"]
        entries.append(e)
        rows.append({"form": form, "text": text if isinstance(text, str) and text != "missing" else "", "bytes": [] if text == "missing" else meaning(text, provider)})
    o = options(CHALLENGE, attestation="none", exclude=entries)
    file = name + ".options.json"
    write(HERE, file, compact(o))
    FIXTURES.append(dict(file=file, kind="options", tag=tag, source=DOC, about=about, call="options", provider=provider, outcome=more.pop("outcome", "accept"),
                         ids=rows, lint=more.pop("lint", None), **more))


def reg(name, about, opts, cred, excluded, matches=(), tag="inferred", also=None):
    auth = auth_data(KEY, cred, aaguid=bytes(16))
    r = registration(cred, client_data(CHALLENGE), cbor({"fmt": "none", "attStmt": {}, "authData": auth}))
    file = name + ".registration.json"
    write(HERE, file, compact(r))
    provider = next(f["provider"] for f in FIXTURES if f["file"] == opts + ".options.json")
    FIXTURES.append(dict(file=file, kind="registration", tag=tag, source=DOC, about=about, call="credentials", provider=provider, options=opts + ".options.json",
                         credential=cred.hex(), outcome="refuse" if excluded else "accept", outcome_also=also, reason="excluded" if excluded else None,
                         matches=list(matches)))


def make():
    for f in os.listdir(HERE):
        if f.endswith(".json"):
            os.remove(os.path.join(HERE, f))
    three = [("plain", plain(A32)), ("plain", plain(B16)), ("plain", plain(C48))]
    doc("plain", "Three ids as the standard writes them.", three)
    doc("padded", "The same three with padding.", [("padded", padded(b)) for b in (A32, B16, C48)], lint=["padding"])
    doc("standard", "The same three in the standard alphabet, with padding.", [("standard", standard(b)) for b in (A32, B16, C48)], lint=["alphabet", "padding"])
    doc("standard-bare", "The same three in the standard alphabet, without padding.", [("standard", standard_bare(b)) for b in (A32, B16, C48)], lint=["alphabet"])
    doc("mixed", "Both alphabets within one id.", [("mixed", mixed(A32)), ("mixed", mixed(B16))], lint=["alphabet"], tag="unknown")
    doc("padding-too-much", "Padding where none belongs, and more than belongs.",
        [("padded", plain(C48) + "="), ("padded", plain(A32) + "=="), ("padded", plain(B16) + "=")], lint=["padding"], tag="unknown", outcome_also=["refuse"])
    doc("counted", "A digit that counts the padding behind each id: 1, 2, 0, 1, 2.", [("padding-count", counted(b)) for b in (A32, B16, C48, D17, E64)],
        provider="entra", tag="observed", lint=["padding-count"])
    doc("counted-standard", "A padding digit behind the standard alphabet.", [("padding-count", standard_bare(B16) + "2")], provider="entra", tag="unknown",
        lint=["padding-count", "alphabet"])
    doc("counted-and-plain", "Some ids with a digit, some without, within one list.", [("padding-count", counted(B16)), ("plain", plain(A32)), ("padding-count", counted(C48))],
        provider="entra", tag="observed", lint=["padding-count"])
    doc("counted-elsewhere", "The same list with digits from a provider of whom that is not known: what can be read is read as it stands, the rest has no bytes.",
        [("padding-count", counted(b)) for b in (A32, B16, C48)], provider="da", tag="unknown", lint=["unreadable"])
    doc("counted-wrong", "A digit that does not fit the length, and a 3, which no padding has.", [("unreadable", plain(B16) + "1"), ("unreadable", plain(C48) + "3")],
        provider="entra", tag="unknown", lint=["unreadable"])
    doc("plain-ends-in-digit", "Ids that end in a digit by themselves.",
        [("plain", ends_in_digit(n)) for n in (32, 33, 17, 18)], provider="entra", tag="observed")
    doc("ambiguous", "44 characters that end in 1: read as base64url they are 33 octets, with a padding digit 32. Both readings count as the same id.",
        [("padding-count", counted(A32))], provider="entra", tag="observed", lint=["padding-count"])
    doc("same-bytes", "One id in four ways.", [("plain", plain(A32)), ("padded", padded(A32)), ("standard", standard(A32)), ("padding-count", counted(A32))],
        provider="entra", tag="unknown", lint=["padding", "alphabet", "padding-count", "duplicate"])
    doc("twice", "One id twice, the same text.", [("plain", plain(B16)), ("plain", plain(B16))], lint=["duplicate"])
    low = bytes(range(16))
    doc("letter-case", "Two ids that are the same text but for letter case, and so different octets.",
        [("plain", plain(low)), ("plain", plain(unb64u(plain(low).swapcase()[:-1] + "w")))], tag="inferred")
    doc("prefix", "One id is the beginning of another.", [("plain", plain(A32[:16])), ("plain", plain(A32 + b"\0"))])
    doc("loose-bits", "The last characters carry bits that no octet uses.", [("loose-bits", loose_bits(B16)), ("loose-bits", loose_bits(D17))], tag="unknown",
        lint=["unreadable"], outcome_also=["refuse"], bytes_also=[B16.hex(), D17.hex()])
    doc("length", "Texts of a length that base64 cannot have.", [("unreadable", plain(A32)[:41]), ("unreadable", "A")], tag="unknown", lint=["unreadable"], outcome_also=["refuse"])
    doc("white-space", "A space within, a line feed behind, a tabulator before.",
        [("unreadable", plain(A32)[:20] + " " + plain(A32)[20:]), ("unreadable", plain(A32) + "\n"), ("unreadable", "\t" + plain(A32))], tag="unknown", lint=["unreadable"],
        outcome_also=["refuse"], bytes_also=[A32.hex()])
    doc("percent", "Padding that went through a form: %3D.", [("unreadable", padded(A32).replace("=", "%3D"))], tag="unknown", lint=["unreadable"], outcome_also=["refuse"])
    doc("not-ascii", "Letters that look like the alphabet's.", [("unreadable", "\u0410" + plain(A32)[1:])], tag="unknown", lint=["unreadable"], outcome_also=["refuse"])
    doc("empty", "An empty id beside a good one: it is no credential's.", [("empty", ""), ("plain", plain(B16))], tag="unknown", lint=["empty"], outcome_also=["refuse"])
    doc("only-padding", "An id that is nothing but padding.", [("empty", "=="), ("plain", plain(B16))], tag="unknown", lint=["unreadable"], outcome_also=["refuse"])
    doc("missing", "An entry without id, one with null, one with a number, one with an array of octets.",
        [("unreadable", "missing"), ("unreadable", None), ("unreadable", 17), ("unreadable", list(B16)), ("plain", plain(B16))], tag="unknown", lint=["unreadable"],
        outcome_also=["refuse"])
    doc("other-type", "An id of another credential type.", [("plain", plain(B16))], tag="unknown", type_="password", lint=["type"])
    doc("transports", "Ids with transports, known and unknown, and members that nobody knows.", three)
    path = os.path.join(HERE, "transports.options.json")
    o = json.load(open(path))
    o["excludeCredentials"][0]["transports"] = ["usb", "nfc", "x-golden"]
    o["excludeCredentials"][1]["transports"] = None
    o["excludeCredentials"][2]["x-golden"] = {"deep": [1, 2]}
    write(HERE, "transports.options.json", compact(o))
    doc("long", "An id of 1023 octets, the longest that is allowed, and one of 1024.", [("plain", plain(raw("long", 1023))), ("plain", plain(raw("long", 1024)))], tag="inferred")
    doc("many", "Two hundred ids; the last is the one that matters.", [("plain", plain(raw("many %d" % i, 20))) for i in range(200)])
    doc("one-octet", "An id of one octet.", [("plain", plain(b"\x07")), ("padded", padded(b"\x08"))], lint=["padding"])
    doc("hexadecimal", "A text in hexadecimal is base64url of other octets, and is read so.", [("plain", B16.hex())], tag="unknown")
    doc("none", "An empty list.", [])
    for name, value, about in (("null", None, "The list is null."), ("absent", "absent", "There is no list."), ("object", {"id": plain(B16)}, "The list is an object.")):
        o = options(CHALLENGE, attestation="none")
        o["excludeCredentials"] = value
        if value == "absent":
            del o["excludeCredentials"]
        write(HERE, name + ".options.json", compact(o))
        FIXTURES.append(dict(file=name + ".options.json", kind="options", tag="inferred" if name != "object" else "unknown", source=DOC, about=about, call="options",
                             provider="da", outcome="refuse" if name == "object" else "accept", ids=[]))

    for o in ("plain", "padded", "standard", "standard-bare"):
        reg(o + "-hit", "The credential is the first of the list.", o, A32, True, [0])
        reg(o + "-hit-last", "The credential is the last of the list.", o, C48, True, [2])
    reg("plain-miss", "The credential is not in the list.", "plain", raw("new", 32), False)
    reg("plain-miss-bit", "The credential differs from an excluded one in its last bit.", "plain", A32[:-1] + bytes([A32[-1] ^ 1]), False)
    reg("mixed-hit", "The credential is in the list.", "mixed", B16, True, [1])
    reg("counted-hit-1", "The credential is the one with digit 1.", "counted", A32, True, [0], tag="observed")
    reg("counted-hit-2", "The credential is the one with digit 2.", "counted", B16, True, [1], tag="observed")
    reg("counted-hit-0", "The credential is the one with digit 0.", "counted", C48, True, [2], tag="observed")
    reg("counted-hit-17", "Seventeen octets, digit 1.", "counted", D17, True, [3], tag="observed")
    reg("counted-hit-64", "Sixty-four octets, digit 2.", "counted", E64, True, [4], tag="observed")
    reg("counted-miss", "Not in the list.", "counted", raw("new", 32), False)
    reg("counted-standard-hit", "In the list.", "counted-standard", B16, True, [0], tag="unknown")
    reg("counted-and-plain-hit", "In the list, among those without a digit.", "counted-and-plain", A32, True, [1], tag="observed")
    reg("counted-elsewhere-not-read", "At this provider the text with digit 2 has no canonical reading: no match.", "counted-elsewhere", B16, False, tag="unknown", also=["refuse"])
    reg("ambiguous-short", "The reading with the digit.", "ambiguous", A32, True, [0], tag="observed")
    reg("ambiguous-long", "The reading without: the thirty-third octet is made of the digit.", "ambiguous", unb64u(counted(A32)), True, [0], tag="unknown", also=["accept"])
    reg("digit-of-its-own", "An id that ends in a digit by itself.", "plain-ends-in-digit", unb64u(ends_in_digit(18)), True, [3], tag="observed")
    reg("same-bytes-hit", "All four entries are this credential.", "same-bytes", A32, True, [0, 1, 2, 3], tag="unknown")
    reg("twice-hit", "Both entries are this credential.", "twice", B16, True, [0, 1])
    reg("letter-case-hit", "The first of the two.", "letter-case", low, True, [0])
    reg("letter-case-miss", "The same text in yet another letter case.", "letter-case", unb64u("aaECawqfBGCICQOLDA0ODW"[:21] + "w"), False)
    reg("prefix-hit", "The shorter one.", "prefix", A32[:16], True, [0])
    reg("prefix-miss", "Between the two: longer than one, shorter than the other.", "prefix", A32, False)
    reg("loose-bits-hit", "The octets, if the loose bits are passed over.", "loose-bits", B16, False, tag="unknown", also=["refuse"])
    reg("white-space-hit", "The octets, if the white space is passed over.", "white-space", A32, False, tag="unknown", also=["refuse"])
    reg("empty-hit", "The good entry beside the empty one.", "empty", B16, True, [1])
    reg("empty-miss", "Nothing matches an empty id.", "empty", A32, False)
    reg("missing-hit", "The good entry beside those without a usable id.", "missing", B16, True, [4])
    reg("missing-miss", "Not in the list.", "missing", A32, False)
    reg("other-type-hit", "The octets match, the type is another.", "other-type", B16, True, [0], tag="unknown", also=["accept"])
    reg("transports-hit", "In the list.", "transports", C48, True, [2])
    reg("long-hit", "1023 octets.", "long", raw("long", 1023), True, [0])
    reg("many-hit", "The last of two hundred.", "many", raw("many 199", 20), True, [199])
    reg("many-miss", "None of two hundred.", "many", raw("many 200", 20), False)
    reg("one-octet-hit", "The one with padding.", "one-octet", b"\x08", True, [1])
    reg("hexadecimal-hit", "The octets that the hexadecimal text is as base64url.", "hexadecimal", unb64u(B16.hex()), True, [0], tag="unknown")
    reg("hexadecimal-miss", "The octets that were meant in hexadecimal.", "hexadecimal", B16, False, tag="unknown")
    reg("none-miss", "The list is empty.", "none", A32, False)
    reg("null-miss", "The list is null.", "null", A32, False)
    reg("absent-miss", "There is no list.", "absent", A32, False)
    for f in FIXTURES:  # the index must agree with itself
        if f["kind"] == "registration":
            o = next(x for x in FIXTURES if x["file"] == f["options"])
            hit = [i for i, x in enumerate(o["ids"]) if f["credential"] in x["bytes"]]
            assert hit == f["matches"], (f["file"], hit, f["matches"])
    write_index(HERE, """# Creation options whose excluded ids are written in odd ways, and registrations against them.
# Written by make_excluded.py; do not edit by hand. The fields are explained in ../README.md.
# Ids are compared as octets, never as text; the options go to the device as they came, byte for byte.
""", FIXTURES)
    n = sum(f["kind"] == "options" for f in FIXTURES)
    print(n, "options,", len(FIXTURES) - n, "registrations")


def ends_in_digit(n):
    """Base64url of n octets that ends in a digit which is not the padding count of the text before it, where that can be had."""
    i = 0
    while True:
        t = plain(raw("digit %d %d" % (n, i), n))
        if t[-1] in "0123456789" and read_counted(t) is None:
            return t
        i += 1
        assert i < 10000, n


if __name__ == "__main__":
    make()
