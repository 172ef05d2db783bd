#!/bin/sh
# Checks the soft authenticator with other people's WebAuthn verifiers. Needs python3 with venv, and PyPI once.
#   crates/smartid-sim/tests/peers/run.sh [folder for the virtual environment]
set -eu
here=$(cd "$(dirname "$0")" && pwd)
venv=${1:-${TMPDIR:-/tmp}/smartid-sim-peers}
[ -x "$venv/bin/python" ] || python3 -m venv "$venv"
"$venv/bin/pip" install --quiet --disable-pip-version-check fido2==2.2.1 webauthn==3.0.1
samples=$(mktemp)
trap 'rm -f "$samples"' EXIT
cargo run --quiet --manifest-path "$here/../../Cargo.toml" --bin smartid-sim -- sample-registrations >"$samples"
"$venv/bin/python" "$here/verify_registration.py" 22 <"$samples"
