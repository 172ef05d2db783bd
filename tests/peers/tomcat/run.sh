#!/bin/sh
# Debian's Tomcat 10 with a small stand-in for Protocol Gateway: a TLS server that is not ours, for tests of the transport and of the
# client of Certificate Manager.
#
#   run.sh DIRECTORY
#
# needs    apt-get install tomcat10 openjdk-17-jdk-headless libbcpkix-java openssl. Neither root nor a running tomcat10 service.
# takes    an existing, empty DIRECTORY; it becomes CATALINA_BASE. The caller removes it afterwards.
# prints   one line each, then nothing more. All ports are free ones of 127.0.0.1:
#            required=PORT      demands a client certificate in the handshake, TLS 1.2 and 1.3 (certificateVerification="required")
#            required12=PORT    the same, TLS 1.2 only
#            late12=PORT        asks for it when it has read the request (certificateVerification="none", CLIENT-CERT), TLS 1.2 only
#            late13=PORT        the same, TLS 1.3 only
#            ready
# ends     when its standard input ends, so also when the caller is killed. The process that was started is the JVM itself: killing it
#          leaves nothing behind.
# writes   into DIRECTORY, beside what Tomcat writes (its log is tomcat.log):
#            ca.pem, ca.key                     the CA: issues the server's certificate, the officers' and those that are asked for
#            officer.pem, .key                  CN=Officer One, O=Example: RSA, what is required and late accepts
#            officer-encrypted.key, officer.p12 the same key, password "officer-password"; officer.p12 holds ca.pem too
#            signer.pem, .key, .p12             CN=Officer Two, O=Example: P-256, same password
#            expired.pem, .key                  CN=Officer Three, O=Example: issued by the CA, ended in 2021
#            stranger.pem, .key                 CN=Stranger: of no CA that the server knows
#            key.pem, request.csr, request.pem  a key, its certificate request (CN=New One, O=Example) as DER and as PEM
#
# The application is below /pgwy/api on every port; java/Gateway.java says what it answers.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
base=$(cd "$1" && pwd)
home=/usr/share/tomcat10
jars=/usr/share/java/bcprov.jar:/usr/share/java/bcutil.jar:/usr/share/java/bcpkix.jar
for needed in "$home/lib/catalina.jar" /usr/share/java/bcpkix.jar; do
  [ -f "$needed" ] || { echo "$needed is missing: apt-get install tomcat10 libbcpkix-java" >&2; exit 1; }
done

cd "$base"
exec 2>tomcat.log
mkdir -p conf temp work webapps late "pgwy/WEB-INF/classes"
cp "$here/conf/server.xml" "$here/conf/context.xml" "$here/conf/tomcat-users.xml" conf/

javac --release 17 -nowarn -cp "$home/lib/*:$home/bin/bootstrap.jar:$jars" -d pgwy/WEB-INF/classes "$here"/java/*.java &
compiler=$!

password=officer-password
cat > openssl.cnf <<'END'
[ca]
default_ca=ours
[ours]
dir=.
database=temp/index.txt
new_certs_dir=temp
rand_serial=yes
policy=any
default_md=sha256
unique_subject=no
[any]
organizationName=optional
commonName=supplied
[server]
subjectAltName=DNS:localhost,IP:127.0.0.1
basicConstraints=CA:FALSE
extendedKeyUsage=serverAuth
[client]
basicConstraints=CA:FALSE
keyUsage=digitalSignature,nonRepudiation
extendedKeyUsage=clientAuth
END
: > temp/index.txt
rsa="rsa:2048"
ec="ec -pkeyopt ec_paramgen_curve:P-256"
self() { # self NAME SUBJECT BASIC-CONSTRAINTS
  openssl req -x509 -newkey $ec -nodes -keyout "$1.key" -out "$1.pem" -days 30 -subj "$2" -addext "basicConstraints=critical,$3"
}
issue() { # issue NAME SUBJECT KEY SECTION VALIDITY
  openssl req -newkey $3 -nodes -keyout "$1.key" -out "$1.csr" -subj "$2"
  openssl ca -batch -notext -config openssl.cnf -cert ca.pem -keyfile ca.key -in "$1.csr" -out "$1.pem" -extensions "$4" $5
  rm "$1.csr"
}
self ca "/CN=Peer CA/O=Example" CA:TRUE
issue server /CN=localhost "$rsa" server "-days 30"
issue officer "/O=Example/CN=Officer One" "$rsa" client "-days 30"
issue signer "/O=Example/CN=Officer Two" "$ec" client "-days 30"
issue expired "/O=Example/CN=Officer Three" "$ec" client "-startdate 20200101000000Z -enddate 20210101000000Z"
self stranger /CN=Stranger CA:FALSE
openssl pkcs8 -topk8 -in officer.key -out officer-encrypted.key -passout "pass:$password"
for name in officer signer; do
  openssl pkcs12 -export -in "$name.pem" -inkey "$name.key" -certfile ca.pem -out "$name.p12" -passout "pass:$password"
done
openssl req -newkey $ec -nodes -keyout key.pem -out request.pem -subj "/O=Example/CN=New One"
openssl req -in request.pem -outform DER -out request.csr

wait $compiler
cp -r pgwy late/
mv pgwy webapps/
cp "$here/conf/web.xml" webapps/pgwy/WEB-INF/web.xml
cp "$here/conf/web-late.xml" late/pgwy/WEB-INF/web.xml
exec java -Xmx128m -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -Djava.awt.headless=true -Djava.io.tmpdir="$base/temp" \
  -Dcatalina.home="$home" -Dcatalina.base="$base" \
  -cp "webapps/pgwy/WEB-INF/classes:$home/bin/bootstrap.jar:$home/bin/tomcat-juli.jar:$home/lib/*:$jars" Start
