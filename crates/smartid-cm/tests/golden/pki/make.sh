#!/bin/sh
# Makes the certificates, requests, signatures and containers that the messages of the golden files carry: with the
# openssl program, and with make.py for what that program does not write (containers in a wrong order, BER, an attribute
# certificate, ZIP archives).
#
# Do not run this in place without need: the keys are new each time, and the messages quote the bytes (base64 of the
# requests and signatures). It writes into the folder given as its only argument.
#
# The two officers' keys (*.test.key, not encrypted) are kept because tests sign with them. They are test keys and open
# nothing. Every other private key is thrown away.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
out=$1
mkdir -p "$out"
out=$(cd "$out" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

cat > ca.cnf <<'CNF'
[req]
string_mask = utf8only
utf8 = yes
distinguished_name = none
prompt = no
[none]
[ca]
default_ca = any
[any]
database = index.txt
serial = serial
new_certs_dir = .
default_md = sha256
policy = anything
unique_subject = no
preserve = yes
email_in_dn = no
[anything]
countryName = optional
organizationName = optional
organizationalUnitName = optional
commonName = optional
serialNumber = optional
[root]
basicConstraints = critical, CA:TRUE
keyUsage = critical, keyCertSign, cRLSign
subjectKeyIdentifier = hash
[issuing]
basicConstraints = critical, CA:TRUE, pathlen:0
keyUsage = critical, keyCertSign, cRLSign
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid:always
[device]
basicConstraints = critical, CA:FALSE
keyUsage = critical, digitalSignature, keyEncipherment
extendedKeyUsage = serverAuth, clientAuth
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid:always
[officer]
basicConstraints = critical, CA:FALSE
keyUsage = critical, digitalSignature, nonRepudiation
extendedKeyUsage = clientAuth
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid:always
CNF
: > index.txt

rsa() { openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out "$1.key" 2>/dev/null; }
ec() { openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -pkeyopt ec_param_enc:named_curve -out "$1.key"; }
# request <name> <key> <subject>
request() { openssl req -new -utf8 -config ca.cnf -key "$2.key" -subj "$3" -sha256 -out "$1.csr"; }
# certify <name> <serial, hex> <extensions> <issuer>
certify() {
    echo "$2" > serial
    if [ "$4" = self ]; then
        openssl ca -batch -notext -utf8 -config ca.cnf -extensions "$3" -selfsign -keyfile "$1.key" \
            -startdate 20240101000000Z -enddate 20491231235959Z -in "$1.csr" -out "$1.pem" 2>log || { cat log; exit 1; }
    else
        openssl ca -batch -notext -utf8 -config ca.cnf -extensions "$3" -cert "$4.pem" -keyfile "$4.key" \
            -startdate 20240101000000Z -enddate 20491231235959Z -in "$1.csr" -out "$1.pem" 2>log || { cat log; exit 1; }
    fi
    openssl x509 -in "$1.pem" -outform DER -out "$1.der"
}

org='/C=SE/O=Prüfstelle Åäö AB'
rsa root; request root root "$org/CN=Golden Root CA"; certify root 01 root self
rsa issuing-rsa; request issuing-rsa issuing-rsa "$org/CN=Golden Issuing CA"; certify issuing-rsa 1000 issuing root
ec issuing-p256; request issuing-p256 issuing-p256 "$org/CN=Golden Issuing CA P-256 Größe"; certify issuing-p256 1001 issuing root

# A serial number of 20 octets, and one whose first octet has its high bit set (a zero octet stands before it in DER).
rsa device-rsa; request device-rsa device-rsa "$org/OU=Abteilung Größe/CN=Türschloss Nord 7/serialNumber=0007"
certify device-rsa 5A0102030405060708090A0B0C0D0E0F10111213 device issuing-rsa
ec device-p256; request device-p256 device-p256 "$org/CN=試験端末 42"
certify device-p256 F1E2D3C4B5A69788 device issuing-p256
# The subject of device-rsa with another key; and the key of device-rsa with another subject (a procedure may change it).
rsa other-key; request other-key other-key "$org/OU=Abteilung Größe/CN=Türschloss Nord 7/serialNumber=0007"
certify other-key 2001 device issuing-rsa
request other-subject device-rsa "$org/OU=Abteilung Größe/CN=Türschloss Süd 8/serialNumber=0008"
certify other-subject 2002 device issuing-rsa
# A certificate that has nothing to do with the chain.
rsa unrelated; request unrelated unrelated '/CN=Unrelated Root'; certify unrelated 03 root self

rsa officer-rsa; request officer-rsa officer-rsa "$org/CN=Golden Officer One"; certify officer-rsa 80 officer issuing-rsa
ec officer-p256; request officer-p256 officer-p256 "$org/CN=Golden Officer Two"; certify officer-p256 81 officer issuing-rsa

for name in device-rsa device-p256; do
    openssl req -in $name.csr -out $name.csr.pem
    openssl req -in $name.csr -outform DER -out $name.csr.der
done

# What the service hands out to be signed. It is opaque to a client, so it holds what a client could damage: CRLF, a lone
# LF, zero octets, a trailing space, octets that are no UTF-8; its base64 holds + and /.
for what in issue revoke hold reinstate registration import remove attribute-certificate signing-authority; do
    printf 'golden data to sign: %s\r\nlone\nzero\000high\377\373\357\276 ' "$what" > "tosign-$what.bin"
    signer=officer-rsa
    if [ "$what" = reinstate ]; then signer=officer-p256; fi
    openssl cms -sign -binary -nodetach -nosmimecap -md sha256 -in "tosign-$what.bin" -outform DER \
        -signer $signer.pem -inkey $signer.key -out "signature-$what.der"
done

python3 "$here/make.py"

for key in officer-rsa officer-p256; do cp $key.key "$out/$key.test.key"; done
cp root.der issuing-rsa.der issuing-p256.der device-rsa.der device-p256.der other-key.der other-subject.der unrelated.der \
    officer-rsa.der officer-p256.der officer-rsa.pem officer-p256.pem root.pem issuing-rsa.pem issuing-p256.pem \
    device-rsa.csr.* device-p256.csr.* tosign-*.bin signature-*.der made-*/* "$out/"
chmod 644 "$out"/*
