#!/usr/bin/env bash
# OpenSSL with pkcs11-provider, where it is installed (Debian 12 has none): request, self-signed
# certificate, and a session key by the standard way. $VALETKEY_BUILD is the build directory.
set -euo pipefail
. "$(dirname "$0")/lib.sh"

provider=$(find /usr/lib /usr/local/lib -path '*ossl-modules/pkcs11.so' 2>/dev/null | head -n 1)
[ -n "$provider" ] || not_run "pkcs11-provider is not installed"
cat >"$work/openssl.cnf" <<EOF
openssl_conf = init
[init]
providers = providers
[providers]
default = default
pkcs11 = pkcs11
[default]
activate = 1
[pkcs11]
module = $provider
pkcs11-module-path = $module
activate = 1
[req]
distinguished_name = name
[name]
EOF
with_provider() { OPENSSL_CONF=$work/openssl.cnf openssl "$@"; }

new_token web
new_key site 01 p256
must with_provider req -new -sha256 -subj /CN=localhost -key "$(key_of web site)" \
    -out "$work/request.pem"
quiet openssl req -in "$work/request.pem" -noout -verify
says 'self-signature verify OK'
must with_provider req -new -x509 -sha256 -days 30 -subj /CN=localhost -key "$(key_of web site)" \
    -out "$work/site.pem"
openssl verify -CAfile "$work/site.pem" "$work/site.pem" >/dev/null ||
    die "the certificate does not verify"
echo "made and verified a request and a certificate"
rm -rf "$VALETKEY_HOME"

session_token
wait_passkey 0
must with_provider pkeyutl -sign -inkey "$(key_of main pass)" -in "$work/digest" \
    -out "$work/signature"
judge_passkey 0 "$(raw_signature "$work/signature")" "$work/assertion"
echo "standard way: a session key signed an operation"
