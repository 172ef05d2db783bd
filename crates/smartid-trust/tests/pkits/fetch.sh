#!/usr/bin/env bash
# Fetches the certificates of NIST's Public Key Interoperability Test Suite into the folder $1 and prints where they are, for
# SMARTID_PKITS_DIR. They come in the Python package cryptography_vectors, which the pyca/cryptography project publishes for its own tests.
set -euo pipefail
mkdir -p "$1"
if [ ! -d "$1/cryptography_vectors" ]; then
  python3 -m venv "$1/venv"
  "$1/venv/bin/pip" download --quiet --no-deps --dest "$1" cryptography_vectors==50.0.2
  python3 -m zipfile -e "$1"/cryptography_vectors-*.whl "$1"
fi
echo "$1/cryptography_vectors/x509/PKITS_data"
