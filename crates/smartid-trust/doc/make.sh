#!/usr/bin/env bash
# Makes the certificates, the key and the signed message that the documentation's examples use. Test material: the key is public.
set -euo pipefail
cd "$(dirname "$0")"
dir=$(mktemp -d)
openssl ecparam -name prime256v1 -genkey -noout -out "$dir/root.key"
openssl req -x509 -new -key "$dir/root.key" -subj "/O=Example/CN=Example Root" -days 9000 -sha256 -set_serial 1 \
  -addext basicConstraints=critical,CA:TRUE -addext keyUsage=critical,keyCertSign,cRLSign -out root.pem
openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out officer-one.key
openssl req -new -key officer-one.key -subj "/O=Example/CN=Officer One" -out device-request.pem
openssl x509 -req -in device-request.pem -CA root.pem -CAkey "$dir/root.key" -set_serial 4096 -days 8900 -sha256 -out officer-one.pem \
  -extfile <(printf 'keyUsage=critical,digitalSignature,nonRepudiation\nextendedKeyUsage=clientAuth,emailProtection\nsubjectAltName=email:officer@example.com,otherName:1.3.6.1.4.1.311.20.2.3;UTF8:officer@corp.example\n')
printf 'approve request 7' > "$dir/content"
openssl cms -sign -binary -nodetach -nocerts -md sha256 -signer officer-one.pem -inkey officer-one.key -in "$dir/content" \
  -outform PEM -out signed-message.pem
rm -r "$dir"
