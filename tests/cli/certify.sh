#!/bin/bash
# Certificates for keys: signed by themselves where the policy lets them, else by a throw-away key.
. "$VK_TEST_SRCDIR/tests/cli/lib.sh"

want 0 token init --label main --default-policy sudo --so-pin-file so-pin --pin-file pin
want 0 key create --label tls --type p256 --pin-file pin
want 0 key create --label chain --pin-file pin

# OpenSSL finds nothing wrong with what the keys signed.
for label in tls chain; do
    want 0 key certify --label $label --output $label.pem --pin-file pin --json
    json '[.certified, .selfSigned]' "[\"$label\",true]"
    openssl x509 -in $label.pem -noout -subject -nameopt RFC2253 >subject
    same "$(cat subject)" "subject=CN=$label" "the subject"
    openssl verify -CAfile $label.pem $label.pem >verified
    same "$(cat verified)" "$label.pem: OK" "the verification"
done
want 2 key certify --label tls --pin-file pin
err <<'EOF'
valetkey: the key "tls" has a certificate already
EOF

# A key whose policy signs no certificate.
echo '{"policies":[{"policyParams":{"type":"gas","allowed":"1000"}}]}' >policy.json
want 0 key create --label shop --type p256 --policy policy.json --lint off --pin-file pin
want 0 key certify --label shop --output shop.pem --pin-file pin
out <<'EOF'
The key "shop" has a certificate now, signed by a key that was thrown away, since its policy signs none.
EOF
openssl x509 -in shop.pem -noout -issuer -nameopt RFC2253 >issuer
same "$(cat issuer)" "issuer=CN=valetkey one-time issuer" "the issuer"

want 5 key certify --label nobody --pin-file pin
want 1 key certify --pin-file pin
