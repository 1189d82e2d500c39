#!/bin/bash
# The passkey session of the SDK: imported, judged as the chain did, its assertions of the SDK's form.
. "$VK_TEST_SRCDIR/tests/cli/lib.sh"
file=passkey

want 0 token init --label main --so-pin-file so-pin --pin-file pin
session .serializedAccount >account.txt
session .session.privateKey >key.hex
import=(key import --label pass --type p256 --key-file key.hex --serialized account.txt
    --chain-id 31337 --pin-file pin)

want 1 "${import[@]}"
err <<'EOF'
valetkey: a passkey's permission depends on its credential id: give --authenticator-id TEXT or --authenticator-id-hash HEX
EOF
want 2 "${import[@]}" --authenticator-id AAAA
grep -q '^valetkey: the serialized account does not fit the key: ' err || fail "another message"
want 0 "${import[@]}" --authenticator-id-hash "$(session .session.authenticatorIdHash)" --json
json .permissionId "$(session .permissionId)"
want 0 key remove --label pass --pin-file pin
want 0 "${import[@]}" --rp-id "$(session .session.rpId)" \
    --authenticator-id "$(session .session.authenticatorId)" --json
json '[.type, .permissionId, .authenticatorIdHash, .granted]' \
    "$(session '["p256", .permissionId, .session.authenticatorIdHash, true] | tojson')"
want 0 key show --label pass --json
json '[.rpId, .origin]' "$(session '[.session.rpId, .session.origin] | tojson')"

# masked SIGNATURE OFFSET: without r and s, which no two P-256 signatures share.
masked() {
    printf '%s' "${1:0:$2}${1:$(($2 + 128))}"
}

# part_word N: of the part's encoding, behind 0xff; number N; text OFFSET: a string's bytes, in hex.
part_word() { cut -c $((5 + 64 * $1))-$((68 + 64 * $1)) part; }
number() { printf '%d' "0x$(part_word "$1" | tail -c 9)"; }
text() {
    local at=$(($1 / 32))
    cut -c $((69 + 64 * at))-$((68 + 64 * at + 2 * $(number "$at"))) part
}
# What a valetkey-assertion object says.
assertion() {
    # shellcheck disable=SC2059
    printf "$(text "$(number 1)" | sed 's/../\\x&/g')" |
        jq -Rsc --arg auth "0x$(text "$(number 0)")" '{authenticatorData: $auth, clientDataJSON: .}'
}

for i in {0..10}; do
    session ".operations[$i].userOp" >op.json
    if [ "$(session ".operations[$i].verdict.accept")" = true ]; then
        want 0 explain --label pass --input op.json
        want 0 sign --label pass --input op.json --session --pin-file pin
        cp out part
        want 0 userop attach --label pass --input op.json --session-part part
        attached=$(cat out)
        expected=$(session ".operations[$i].signature" | lower)
        before=${attached%%"$(cut -c 3- part)"*}
        rs=$((${#before} + 2 + 3 * 64))
        same "$(masked "$attached" $rs)" "$(masked "$expected" $rs)" "all but r and s"
        # r and s alone, as CKM_ECDSA gives them.
        assertion >assertion.json
        want 0 userop attach --label pass --input op.json --session-part "0x$(part_word 3)$(part_word 4)" \
            --assertion assertion.json
        same "$(cat out)" "$attached" "the signature attached to r and s"
        cp op.json signed.json
    else
        want 3 explain --label pass --input op.json
        want 3 sign --label pass --input op.json --session --pin-file pin
    fi
done
bare=(userop attach --label pass --input signed.json --session-part "0x$(part_word 3)$(part_word 4)")
want 1 "${bare[@]}"
err <<'EOF'
valetkey: the bare signature of a passkey needs the assertion that it is of: --assertion FILE
valetkey: it is the valetkey-assertion object that stood beside the valetkey-digest
EOF
jq -c '.authenticatorData = "0x00"' assertion.json >other.json
want 2 "${bare[@]}" --assertion other.json
err <<'EOF'
valetkey: the session part is not the key's signature of this operation
valetkey: sign the very same operation again with "valetkey sign --session"
EOF
echo '{"authenticatorData":"0x00"}' >other.json
want 2 "${bare[@]}" --assertion other.json
err <<'EOF'
valetkey: the assertion cannot be used: clientDataJSON: member "clientDataJSON" is missing
EOF
want 0 key show --label pass --json
json '.grants[0].budgets' '[{"rule":"gas","gasLeft":"4420000000000000"}]'
finish
