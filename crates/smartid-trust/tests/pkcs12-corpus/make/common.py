"""What every part of the generator shares: directories, running programs, passwords, the list of files."""

import os
import subprocess
import sys
from pathlib import Path

OUT = Path(sys.argv[1])
WORK = Path(sys.argv[2])
HERE = Path(__file__).resolve().parent
FILES = []
ATTEMPTS = []

USUAL = "test-Passw0rd"
UMLAUTS = "Grüße-äöüß-1"
GREEK = "Ἀθῆναι-ΩΣ"
EMOJI = "🔐pass😀word🗝"
LONG = "correct horse battery staple: a pass phrase of more than sixty-four characters, still ASCII"
SPACE = "secret "
CONTROL = "bell\x07and\x1bescape"
EURO = "100 € ≠ 99 £"
COMBINING = "Gru\u0308\u00dfe"  # u and a combining diaeresis


def run(*args, check=True, data=None, env=None, timeout=None):
    """Runs a program; stops everything with its output if it fails."""
    done = subprocess.run([str(a) for a in args], input=data, capture_output=True, env={**os.environ, **(env or {})},
                          timeout=timeout, check=False)
    if check and done.returncode != 0:
        sys.stderr.write(f"failed: {' '.join(map(str, args))}\n{done.stdout.decode(errors='replace')}{done.stderr.decode(errors='replace')}\n")
        raise SystemExit(1)
    return done


def password_file(text):
    path = WORK / "password.txt"
    path.write_bytes(text.encode() + b"\n")
    return path


def add(file, data, producer, note, *, password=USUAL, form=None, expect="open", reason=None, oid=None, also=(), how=None, **more):
    """Writes a file and lists it. A file that must not be opened stands in bad/, any other in good/."""
    if expect == "refuse" and not reason:
        raise ValueError(file)
    full = OUT / ("bad" if expect == "refuse" else "good") / file
    if full.exists():
        raise ValueError(f"twice: {file}")
    full.parent.mkdir(exist_ok=True)
    full.write_bytes(data)
    FILES.append({"file": str(full.relative_to(OUT)), "data": data, "producer": producer, "note": note, "password": password,
                  "form": form, "expect": expect, "reason": reason, "oid": oid, "also": list(also), "how": how, **more})
    return data


def attempt(file, password, reason, note, *, expect="refuse", also=()):
    """Another try at a file that is listed already."""
    ATTEMPTS.append({"file": file, "password": password, "expect": expect, "reason": reason, "note": note, "also": list(also)})


def bad(file, data, note, reason, *, oid=None, also=(), password=USUAL, form=None, producer="written field by field", **more):
    return add(file, data, producer, note, password=password, form=form, expect="refuse", reason=reason, oid=oid, also=also, **more)
