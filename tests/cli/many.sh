#!/bin/bash
# key create --count: many keys at once, each as one made alone, and whole ones only.
. "$VK_TEST_SRCDIR/tests/cli/lib.sh"
command -v sqlite3 >/dev/null || exit 77

want 0 token init --label main --so-pin-file so-pin --pin-file pin --default-policy sudo
store=$(ls tokens/*.db)
value() { sqlite3 "$store" ".timeout 10000" "$1"; }

# What the command line may not say.
want 1 key create --label bot --count 0 --pin-file pin
err <<'END'
valetkey: --count is "0", but must be 1 or more
END
want 1 key create --label bot --start 3 --pin-file pin
err <<'END'
valetkey: --start is for --count only
END
want 1 key create --label bot --count 3 --id 0a --pin-file pin
err <<'END'
valetkey: --id and --count exclude each other: every key has an id of its own
END
want 1 key create --label "$(printf '%01023d' 0)" --count 1 --pin-file pin
err <<'END'
valetkey: a key's label has at most 1024 bytes, not 1025
END
want 4 key create --label bot --count 3 --pin-file so-pin
echo '[{"type":"gas","allowed":"-1"}]' >bad.json
want 2 key create --label bot --count 3 --policy bad.json --pin-file pin
same "$(value 'SELECT count(*) FROM key')" 0 "how many keys there are"

# Three of them, and three behind those.
want 0 key create --label bot --count 3 --pin-file pin
out <<'END'
Made 3 secp256k1 keys, "bot-1" to "bot-3", on the token "main".
Policy
  May do everything that the account can do.
END
err </dev/null
want 2 key create --label bot --count 9 --pin-file pin
err <<'END'
valetkey: the token "main" has a key labelled "bot-1" already
valetkey: choose another label, or begin behind it with --start
END
want 2 key create --label bot --count 9 --start 0 --pin-file pin
want 0 key create --label bot --count 3 --start 4 --pin-file pin --json
json . '{"count":3,"firstLabel":"bot-4","lastLabel":"bot-6","type":"secp256k1","rules":["sudo"],"findings":[]}'
want 0 key list --json
json '[.keys[].label]' '["bot-1","bot-2","bot-3","bot-4","bot-5","bot-6"]'
json '[.keys[].address] | unique | length' 6
json '[.keys[].id] | unique | length' 6
json '[.keys[].id | length] | unique' '[18]'

# As a key made alone, but for its names and its numbers.
want 0 key create --label lone1 --pin-file pin
zero="replace(hex(private_attrs || public_attrs), hex(private_ckid), '')"
kept="SELECT curve, has_private, has_public, policy, rp_id, origin, length(credential_id),
    use_sign_count, $zero, length(sealed), last_denial FROM key WHERE private_label = "
same "$(value "$kept CAST('bot-5' AS BLOB)" | sed 's/626F742D35//g')" \
    "$(value "$kept CAST('lone1' AS BLOB)" | sed 's/6C6F6E6531//g')" "what is kept of a key"

# Passkeys: each with a credential of its own, and the options of one.
options=(--type p256 --rp-id wallet.example --sign-count --pin-file pin)
want 0 key create --label pass --count 2 "${options[@]}"
want 0 key create --label one-pa "${options[@]}"
want 0 key show --label pass-2 --json
json '[.type, .rpId, .origin]' '["p256","wallet.example","https://wallet.example"]'
same "$(value "$kept CAST('pass-2' AS BLOB)" | sed 's/706173732D32//g')" \
    "$(value "$kept CAST('one-pa' AS BLOB)" | sed 's/6F6E652D7061//g')" \
    "what is kept of a passkey"
same "$(value 'SELECT count(DISTINCT credential_id), count(DISTINCT authenticator_id_hash)
    FROM key WHERE curve = 2')" '3|3' "different credentials"

# The policy is checked and linted once, whatever the number.
echo '[{"type":"timestamp","validUntil":1}]' >old.json
want 0 key create --label late --count 3 --policy old.json --pin-file pin --json
json '.rules' '["timestamp"]'
json '.findings | length > 0' true
want 2 key create --label late2 --count 3 --policy old.json --lint error --pin-file pin
echo 'lint = error' >tokens/valetkey.conf
want 2 key create --label late3 --count 3 --policy old.json --lint off --pin-file pin
rm tokens/valetkey.conf
same "$(value "SELECT count(*) FROM key WHERE private_label > CAST('late2' AS BLOB)
    AND private_label < CAST('late4' AS BLOB)")" 0 "keys under a policy that lint refuses"
want 0 audit verify --pin-file pin

# Killed at any moment: batches of 1000 are there as a whole or not at all.
for i in 1 2 3; do
    before=$(value 'SELECT count(*) FROM key')
    "${quick[@]}" "$VK_TEST_BUILDDIR/valetkey" key create --label "killed$i" --count 200000 \
        --pin-file pin >out 2>err </dev/null &
    pid=$!
    while [ "$(value 'SELECT count(*) FROM key')" = "$before" ] && kill -0 $pid; do
        sleep 0.02 # the core is the other's
    done
    kill -KILL $pid
    wait $pid 2>/dev/null
    made=$(($(value 'SELECT count(*) FROM key') - before))
    step="killed after $made keys"
    if [ $made = 0 ] || [ $made = 200000 ] || [ $((made % 1000)) != 0 ]; then
        fail "not whole batches"
        cat err
    fi
    same "$(value "SELECT count(*) FROM key WHERE length(sealed) = 60 AND has_public")" \
        $((before + made)) "whole keys"
    want 0 key show --label "killed$i-$made"
    # Goes on behind those that are there.
    want 0 key create --label "killed$i" --count 1 --start $((made + 1)) --pin-file pin
done
want 0 audit verify --pin-file pin
finish
