#!/usr/bin/env bash
# SunPKCS11: keytool lists keys that have a certificate, makes requests and keys, jarsigner signs, and a Java
# program signs operations the standard way. $VALETKEY_BUILD is the build directory.
set -euo pipefail
. "$(dirname "$0")/lib.sh"

cat >"$work/java.cfg" <<EOF
name = valetkey
library = $module
slotListIndex = 0
EOF
store=(-keystore NONE -storetype PKCS11 -providerClass sun.security.pkcs11.SunPKCS11
    -providerArg "$work/java.cfg" -storepass:env TEST_PIN)
cd "$work"

# ---- keytool and jarsigner ----

# certified LABEL ID TYPE: a key with a certificate of the same CKA_ID.
certified() {
    new_key "$1" "$2" "$3"
    must valetkey key certify --label "$1" --pin-file pin
}
new_token java
new_key bare 03 p256
must keytool -list "${store[@]}"
says 'contains 0 entries'
certified site 01 p256
certified coin 02 secp256k1
must keytool -list "${store[@]}"
says 'contains 2 entries'
says '^site, PrivateKeyEntry'
says '^coin, PrivateKeyEntry'
must keytool -certreq "${store[@]}" -alias site -file request.pem
quiet openssl req -in request.pem -noout -verify
says 'self-signature verify OK'
must_fail CKR_ACTION_PROHIBITED keytool -genkeypair "${store[@]}" -alias made -keyalg EC \
    -groupname secp256r1 -dname CN=made
must tool --list-objects
says_not 'made'
# A key that is made on the token is not copied there.
cat >>java.cfg <<EOF
attributes(generate,CKO_PRIVATE_KEY,*) = { CKA_TOKEN = true }
attributes(generate,CKO_PUBLIC_KEY,*) = { CKA_TOKEN = true }
EOF
must keytool -genkeypair "${store[@]}" -alias made -keyalg EC -groupname secp256r1 -dname CN=made
must keytool -list "${store[@]}"
says '^made, PrivateKeyEntry'
must keytool -delete "${store[@]}" -alias made
must keytool -list "${store[@]}"
says_not '^made'
echo "keytool: listed the keys with a certificate, made a request, a key pair on the token, deleted it"
for alias in site coin; do
    jar --create --file "$alias.jar" pin
    must jarsigner "${store[@]}" "$alias.jar" "$alias"
done
must jarsigner -verify site.jar
says '^jar verified'
# The JDK knows secp256k1 no more; OpenSSL does.
jar --extract --file coin.jar
must openssl cms -verify -binary -noverify -inform DER -in META-INF/COIN.EC -content META-INF/COIN.SF
echo "jarsigner: signed with keys on both curves; itself verified P-256, OpenSSL secp256k1"
rm -rf "$VALETKEY_HOME"

# ---- Session keys, the standard way ----

session_token
for label in usdc pass; do
    must valetkey key certify --label $label --pin-file pin
done
must javac -d . "$root/tests/clients/SignDigest.java"
sign_with_java() {
    must java -cp . SignDigest java.cfg "$1" digest signature <pin
    raw_signature signature >rs
}
wait_ecdsa 0
sign_with_java usdc
judge_ecdsa 0 "$(cat rs)"
wait_passkey 0
sign_with_java pass
judge_passkey 0 "$(cat rs)" assertion
must_fail 'Exception' java -cp . SignDigest java.cfg pass digest signature <pin
[ "$(last_denial pass | cut -d: -f1)" = digest ] || die "the reason is $(last_denial pass)"
echo "standard way: both session keys signed an operation, once"
