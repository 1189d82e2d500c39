#!/usr/bin/env bash
# p11tool and certtool (GnuTLS): keys, a signature of its own, a self-signed certificate and a
# request. $VALETKEY_BUILD is the build directory.
set -euo pipefail
. "$(dirname "$0")/lib.sh"

export GNUTLS_PIN=$TEST_PIN GNUTLS_SO_PIN=so-pin-1234
gnutls() { p11tool --provider "$module" --batch "$@"; }
key="pkcs11:token=web;object=site;type=private"

new_token web
must gnutls --list-tokens
says 'URL: pkcs11:model=valetkey;manufacturer=valetkey;serial=[0-9a-f]*;token=web'
must gnutls --login --generate-ecc --curve secp256r1 --label site --outfile "$work/public.pem" \
    pkcs11:token=web
must gnutls --login --list-all-privkeys pkcs11:token=web
says 'Private key (EC/ECDSA-SECP256R1)'
says 'CKA_PRIVATE; CKA_NEVER_EXTRACTABLE; CKA_SENSITIVE'
must gnutls --login --test-sign "$key"
says 'Verifying against public key in the token... ok'
must gnutls --login --export-pubkey "$key" --outfile "$work/exported.pem"
diff "$work/exported.pem" "$work/public.pem" >/dev/null || die "another public key is exported than was made"
echo "p11tool: made a P-256 key, listed it, exported its public half, signed with it"

cat >"$work/template" <<'EOF'
cn = "site.example"
dns_name = "site.example"
expiration_days = 30
signing_key
EOF
certificate() {
    certtool --provider "$module" --load-privkey "$key" --load-pubkey "$work/public.pem" \
        --template "$work/template" --outfile "$work/made" "$@"
}
must certificate --generate-self-signed
openssl verify -CAfile "$work/made" "$work/made" >/dev/null || die "OpenSSL takes no such certificate"
must certificate --generate-request
quiet openssl req -in "$work/made" -noout -verify
says 'self-signature verify OK'
echo "certtool: made a self-signed certificate and a request, which OpenSSL verified"

# GnuTLS 3.7 knows no secp256k1: the key is listed, and nothing more.
new_key coin 02 secp256k1
must gnutls --login --list-all-privkeys pkcs11:token=web
says 'object=coin;type=private'
must_fail 'curve is unsupported' gnutls --login --test-sign "pkcs11:token=web;object=coin;type=private"
must gnutls --login --delete "$key"
must gnutls --login --delete "pkcs11:token=web;object=site;type=public"
must gnutls --login --list-all pkcs11:token=web
says_not 'object=site'
echo "p11tool: listed a secp256k1 key, with which it cannot sign; deleted the other"
