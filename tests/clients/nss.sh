#!/usr/bin/env bash
# NSS: modutil adds the module, certutil makes keys, requests and certificates with it. $VALETKEY_BUILD
# is the build directory.
set -euo pipefail
. "$(dirname "$0")/lib.sh"

db=sql:$work/db
mkdir "$work/db"
head -c 64 /dev/urandom >"$work/noise" # certutil asks for keystrokes otherwise
nss() { certutil "$@" -d "$db" -h web -f "$work/pin"; }
key_ids() {
    quiet nss -K || true
    sed -n 's/^< *[0-9]*> ec *\("[^"]*"\|[^ ]*\).*/\1/p' "$work/out"
}

new_token web
must certutil -N -d "$db" --empty-password
must modutil -dbdir "$db" -add valetkey -libfile "$module" -force
must modutil -dbdir "$db" -list valetkey
says 'Manufacturer: valetkey'
says 'Token Name: web'
echo "modutil: added the module"

must nss -G -k ec -q nistp256 -z "$work/noise"
id=$(key_ids)
[ ${#id} = 40 ] || die "certutil made the keys $id"
must nss -R -k "$id" -s CN=localhost -o "$work/request.der"
quiet openssl req -inform DER -in "$work/request.der" -noout -verify
says 'self-signature verify OK'
echo "certutil: made a P-256 key and a request, which OpenSSL verified"

# ---- A certificate on the token ----

must nss -S -k ec -q nistp256 -z "$work/noise" -s CN=localhost -n site -x -t ,, -v 1
must nss -L
says '^web:site '
must nss -L -n web:site -a -o "$work/site.pem"
openssl verify -CAfile "$work/site.pem" "$work/site.pem" >/dev/null ||
    die "the certificate of certutil does not verify"
echo "certutil: made a self-signed certificate on the token, which OpenSSL verified"

new_key coin 02 secp256k1
key_ids | grep -qx 02 || die "the secp256k1 key is not listed"
must nss -R -k 02 -s CN=localhost -o "$work/coin.der"
quiet openssl req -inform DER -in "$work/coin.der" -noout -verify
says 'self-signature verify OK'
must_fail SEC_ERROR_BAD_SIGNATURE nss -S -k 02 -s CN=localhost -n coin -x -t ,,
must nss -F -k "$id"
key_ids | grep -qx "$id" && die "the key is still there"
echo "certutil: made a request with a secp256k1 key, deleted the first one"
