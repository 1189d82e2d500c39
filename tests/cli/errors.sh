#!/bin/bash
# Wrong use, wrong input, wrong PINs: exit statuses and messages.
. "$VK_TEST_SRCDIR/tests/cli/lib.sh"
file=ecdsa

# The command line.
want 1
err <<'EOF'
valetkey: say what to do
valetkey: see "valetkey --help"
EOF
want 1 key frobnicate
err <<'EOF'
valetkey: "key frobnicate" is not a command
valetkey: see "valetkey --help"
EOF
want 1 key create
err <<'EOF'
valetkey: "key create" needs --label TEXT
valetkey: see "valetkey key create --help"
EOF
want 1 key list --label x
err <<'EOF'
valetkey: "key list" takes no --label
valetkey: see "valetkey key list --help"
EOF
want 1 key show --label a --label b
want 1 key show --lab a
want 1 key show --label
want 1 key create --label x --type p384
echo 'valetkey: --type is "p384", but must be secp256k1 or p256' | err
want 1 key create --label x --rp-id a.example
echo 'valetkey: --rp-id is for keys of --type p256 only' | err
want 1 explain --label x --at yesterday --json
json .error '{"exitStatus":1,"kind":"usage","message":"--at is \"yesterday\", but must be seconds since 1970, or like 2026-01-31T12:00:00Z"}'
want 0 --version
grep -Eq '^valetkey [0-9]+\.[0-9]+\.[0-9]+$' out || fail "no version"

# Tokens.
want 6 token list --module /nowhere.so
want 5 key list
err <<'EOF'
valetkey: there is no token
valetkey: make one with "valetkey token init --label main"
EOF
want 0 token init --label main --so-pin-file so-pin --pin-file pin
want 2 token init --label main --so-pin-file so-pin --pin-file pin
err <<'EOF'
valetkey: there is a token "main" already
valetkey: choose another label
EOF
want 1 token init --label 123456789012345678901234567890123 --so-pin-file so-pin --pin-file pin
want 1 token init --label x --default-policy all --so-pin-file so-pin --pin-file pin
want 0 token init --label second --so-pin-file so-pin --pin-file pin
want 1 key list
err <<'EOF'
valetkey: there are 2 tokens
valetkey: choose one with --token LABEL; see "valetkey token list"
EOF
want 0 key list --token main
want 5 key list --token third
want 0 token list --json
want 0 key list --token "$(jq -r '.tokens[1].serial' out)" --json
json . '{"token":"second","keys":[]}'

# PINs.
session .policies >policy.json
create=(key create --token main --label shop --policy policy.json --lint off)
want 4 "${create[@]}"
err <<'EOF'
valetkey: a PIN is needed, and there is no terminal to ask on
valetkey: give it with --pin-file FILE or --pin-fd N
EOF
want 1 "${create[@]}" --pin-file pin --pin-fd 0
want 4 "${create[@]}" --pin-file nowhere
want 4 "${create[@]}" --pin-file /dev/null
echo 'valetkey: there is no PIN in /dev/null' | err
cp pin open && chmod 644 open
want 4 "${create[@]}" --pin-file open
err <<'EOF'
valetkey: others can read the PIN file open (mode 0644)
valetkey: close it with "chmod 600 open"
EOF
echo wrong-pin >wrong
want 4 "${create[@]}" --pin-file wrong
err <<'EOF'
valetkey: cannot log in to the token: the PIN is wrong (CKR_PIN_INCORRECT)
valetkey: too many wrong tries in a row lock it
EOF
for _ in {2..9}; do want 4 "${create[@]}" --pin-file wrong; done
err <<'EOF'
valetkey: cannot log in to the token: the PIN is wrong (CKR_PIN_INCORRECT)
valetkey: one more wrong PIN locks it
EOF
want 0 token list --json
json '.tokens[0].userPin' 'one try left'
want 4 "${create[@]}" --pin-file wrong
want 4 "${create[@]}" --pin-file pin
echo 'valetkey: cannot log in to the token: the PIN is locked after too many wrong tries (CKR_PIN_LOCKED)' | err
want 0 token list --json
json '[.tokens[].userPin]' '["locked","ok"]'
want 4 token init --label short --so-pin-file so-pin --pin-file <(echo abc)

# Policies and keys.
create=(key create --token second --label shop --pin-file pin --lint off)
policy() {
    jq "$1" policy.json >changed.json
    want 2 "${create[@]}" --policy changed.json --json
    json '.error.field' "$2"
}
policy '.[1].allowed = "-1"' 'policies[1].allowed'
policy '.[2].more = 1' 'policies[2].more'
policy '.[0].permissions += .[0].permissions' 'policies[0].permissions[1]'
echo '{' >changed.json
want 2 "${create[@]}" --policy changed.json
want 2 "${create[@]}" --policy nowhere.json
want 0 "${create[@]}" --policy policy.json --type p256
want 2 "${create[@]}" --policy policy.json
err <<'EOF'
valetkey: the token "second" has a key labelled "shop" already
valetkey: choose another label
EOF
want 2 key import --token second --label x --key-file policy.json --pin-file pin
want 1 key import --token second --label x --pin-file pin
printf '0x%064d' 0 >zero
want 2 key import --token second --label x --key-file zero --pin-file pin
echo 'valetkey: the private key is not one of secp256k1: it is zero, or not below the group order' | err
session .serializedAccount >account.txt
session .session.privateKey >key.hex
import=(key import --token second --label x --pin-file pin --serialized account.txt)
want 1 "${import[@]}" --key-file key.hex
want 2 "${import[@]}" --chain-id 31337
err <<'EOF'
valetkey: the serialized account has no private key in it
valetkey: give it with --key-file FILE
EOF
want 2 "${import[@]}" --chain-id 1 --key-file key.hex
want 2 "${import[@]}" --chain-id 31337 --key-file <(session .owner.privateKey)
base64 -d account.txt | jq -c '.privateKey = $key' --arg key "$(cat key.hex)" | base64 -w 0 >inside.txt
want 0 "${import[@]/account.txt/inside.txt}" --chain-id 31337
want 2 "${import[@]}" --chain-id 31337 --key-file key.hex

# Operations.
sign=(sign --token second --label x --pin-file pin --input changed.json)
operation() {
    session ".operations[0].userOp | $1" >changed.json
    want 2 "${sign[@]}" --json
    json '.error.field' "$2"
}
operation '.more = "0x"' more
operation 'del(.nonce)' nonce
operation '.callData = "0x123"' callData
operation '.callGasLimit = "0x1000000000000000000000000000000000"' callGasLimit
echo '[]' >changed.json
want 2 "${sign[@]}"
head -c 2000000 /dev/zero >changed.json
want 2 "${sign[@]}"
echo 'valetkey: changed.json has more than the allowed 1048576 bytes' | err

# Full disks and closed files.
want 0 token list
"$VK_TEST_BUILDDIR/valetkey" token list >/dev/full 2>err
same "$?" 6 "the exit status"
echo 'valetkey: cannot write the output: No space left on device' | err
finish
