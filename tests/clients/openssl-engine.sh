#!/usr/bin/env bash
# OpenSSL with libp11's engine: request, self-signed certificate, signatures, a TLS server, and session
# keys by the standard way. $VALETKEY_BUILD is the build directory.
set -euo pipefail
. "$(dirname "$0")/lib.sh"

# ---- Certificates ----

new_token web
# certify LABEL ID TYPE: into $work/LABEL.pem.
certify() {
    new_key "$1" "$2" "$3"
    must with_engine req -new -sha256 -subj /CN=localhost -key "$(key_of web "$1")" \
        -out "$work/request.pem"
    quiet openssl req -in "$work/request.pem" -noout -verify
    says 'self-signature verify OK'
    self_signed web "$1" -out "$work/$1.pem"
    openssl verify -CAfile "$work/$1.pem" "$work/$1.pem" >/dev/null ||
        die "the certificate of $1 does not verify"
    must with_engine dgst -sha256 -sign "$(key_of web "$1")" -out "$work/signature" "$work/pin"
    openssl x509 -in "$work/$1.pem" -noout -pubkey >"$work/public.pem"
    must openssl dgst -sha256 -verify "$work/public.pem" -signature "$work/signature" "$work/pin"
}
certify site 01 p256
certify coin 02 secp256k1
echo "made and verified requests, certificates and signatures on both curves"

# ---- TLS ----

is_open() { (: <"/dev/tcp/localhost/$1"); }
# serve LABEL PORT CLIENT-ARGUMENT...
serve() {
    local label=$1 port=$2
    shift 2
    OPENSSL_CONF=$work/openssl.cnf openssl s_server -engine pkcs11 -keyform engine \
        -key "$(key_of web "$label")" -cert "$work/$label.pem" -accept "$port" -www -quiet \
        >"$work/server.out" 2>&1 &
    servers+=($!)
    wait_for is_open "$port"
    printf 'GET / HTTP/1.0\r\n\r\n' | quiet openssl s_client -connect "localhost:$port" \
        -CAfile "$work/$label.pem" -verify_return_error -ign_eof "$@"
    says 'HTTP/1.0 200 ok'
    says 'Verify return code: 0 (ok)'
    kill "${servers[-1]}"
}
# A port that is free now; nothing else here opens one.
port=$(/usr/bin/python3 -c 'import socket; s = socket.socket(); s.bind(("localhost", 0)); print(s.getsockname()[1])')
serve site "$port" -tls1_3
echo "served TLS 1.3 with the key on the token"

# ---- Session keys, the standard way ----

rm -rf "$VALETKEY_HOME"
session_token
sign_with_engine() {
    must with_engine pkeyutl -sign -inkey "$(key_of main "$1")" -in "$work/digest" \
        -out "$work/signature"
    raw_signature "$work/signature" >"$work/rs"
}
wait_ecdsa 0
sign_with_engine usdc
judge_ecdsa 0 "$(cat "$work/rs")"
wait_passkey 0
sign_with_engine pass
judge_passkey 0 "$(cat "$work/rs")" "$work/assertion"
must_fail '' with_engine pkeyutl -sign -inkey "$(key_of main pass)" -in "$work/digest" -out "$work/signature"
echo "standard way: both session keys signed an operation, once"
