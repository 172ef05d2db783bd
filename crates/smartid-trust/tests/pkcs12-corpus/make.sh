#!/usr/bin/env bash
# Makes the corpus of PKCS #12 containers with other people's programs and field by field, has OpenSSL, Python cryptography and Java
# open each file, and writes INDEX.toml and disagreements.txt.
#
#   make.sh [outdir]        (default: the directory of this script; good/, bad/ and the two lists there are replaced)
#
# Needs: OpenSSL 3 with its legacy provider, Java 17 with keytool, Bouncy Castle (bcpkix.jar, bcutil.jar, bcprov.jar in $BC_DIR, default
# /usr/share/java; Debian package libbcpkix-java), NSS (pk12util, certutil; libnss3-tools), GnuTLS (certtool; gnutls-bin), Python 3.11
# with venv. The Python package is installed at the version in make/requirements.txt into $VENV (default: a new temporary directory).
# The keys and certificates in pki/ are used again if outdir has them, else new ones are made. The programs draw their salts anew in each run;
# what is written field by field is the same in each run as long as the keys are.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
out=${1:-$here}
mkdir -p "$out"
out=$(cd "$out" && pwd)
export BC_DIR=${BC_DIR:-/usr/share/java} LC_ALL=C.UTF-8
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
for tool in openssl java keytool pk12util certutil certtool python3; do
  command -v "$tool" >/dev/null || { echo "missing: $tool" >&2; exit 1; }
done
for jar in bcpkix bcutil bcprov; do
  [ -f "$BC_DIR/$jar.jar" ] || { echo "missing: $BC_DIR/$jar.jar (set BC_DIR)" >&2; exit 1; }
done
venv=${VENV:-$work/venv}
[ -x "$venv/bin/python" ] || python3 -m venv "$venv"
"$venv/bin/pip" install --quiet --disable-pip-version-check -r "$here/make/requirements.txt"
export PYTHONDONTWRITEBYTECODE=1
"$venv/bin/python" "$here/make/main.py" "$out" "$work"
