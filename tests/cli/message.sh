#!/bin/bash
# Messages: signed, explained and refused; what the SO turns off, and on again; the same signature by
# pkcs11-tool where there is one.
. "$VK_TEST_SRCDIR/tests/cli/lib.sh"

caller=0xCcCCccccCCCCcCCCCCCcCcCccCcCCCcCcccccccC
owner=0x0b225eEB23a6F144fA72ab1E9361d21286dD2FdE
cat >policy.json <<EOF
[{"type":"signature-caller","allowedCallers":["$caller"]}]
EOF
mail() {
    cat <<EOF
{"types":{"Person":[{"name":"name","type":"string"},{"name":"wallet","type":"address"}],
"Mail":[{"name":"from","type":"Person"},{"name":"to","type":"Person"},{"name":"contents","type":"string"}]},
"primaryType":"Mail","domain":{"name":"Ether Mail","version":"1","chainId":$1,"verifyingContract":"$2"},
"message":{"from":{"name":"Cow","wallet":"0xCD2a3d9F938E13CD947Ec05AbC7FE734Df8DD826"},
"to":{"name":"Bob","wallet":"0xbBbBBBBbbBBBbbbBbbBbbbbBBbBbbbbBbBbbBBbB"},"contents":"Hello, Bob!"}}
EOF
}
mail 1 $caller >mail.json

want 0 token init --label main --so-pin-file so-pin --pin-file pin
want 0 token show
sed -i 's/[0-9a-f]\{16\}$/SERIAL/' out
out <<'EOF'
main
  serial         SERIAL
  default policy none
  journal        on, with at most 100000 records
  relaxed        no hardening rule
  nodes          none
EOF
want 0 key create --label shop --policy policy.json --pin-file pin --lint off
want 3 sign --label shop --typed-data mail.json --pin-file pin
err <<'EOF'
valetkey: refused: grant: the key has no grant: no account's owner has approved it yet (see valetkey approve)
valetkey: "valetkey explain" shows what each rule says
EOF
want 3 explain --label shop --typed-data mail.json --json
json '[.wouldSign, .rule]' '[false,"grant"]'
approve=(approve --label shop --kernel-version 0.3.3 --owner "$owner" --pre-installed --pin-file pin
    --lint off)
want 0 "${approve[@]}" --chain-id 1 --json
account=$(jq -r .account out)

# Typed data, with the digest that EIP-712 prints for it.
want 0 sign --label shop --typed-data mail.json --pin-file pin --json
json '[.chainId, .account, .hash]' \
    "[1,\"$account\",\"0xbe609aee343fb3c4b28e1df9e632fca64fcfaede20f02e86244efddf30957bd2\"]"
signature=$(jq -r .signature out)
want 2 sign --label shop --typed-data - --pin-file pin
want 0 sign --label shop --typed-data mail.json --account "$account" --chain-id 1 --pin-file pin
same "$(cat out)" "$signature" "the signature"
want 0 sign --label shop --typed-data mail.json --undeployed --pin-file pin
same "$(tail -c 65 out)" "$(printf '6492%.0s' {1..16})" "what ends the wrapped signature"
grep -q "${signature:2}" out || fail "the signature is not in the wrapped one"
want 0 explain --label shop --typed-data mail.json
sed -i 's/^  judged at .*/  judged at      NOW/; s/permission 0x.*/permission ID/' out
out <<EOF
Allowed: the key "shop" would sign.

Message
  kind           typed data (EIP-712)
  account        $account on chain 1
  checked by     $caller
  domain         chain 1

Rules of the key "shop", permission ID
  judged at      NOW
  1 signature-caller allowed  $caller may check message signatures
EOF

# Refusals.
mail 1 $owner >other.json
want 3 sign --label shop --typed-data other.json --pin-file pin
err <<EOF
valetkey: refused: signature-caller: $owner is none of the contracts that may check message signatures
valetkey: "valetkey explain" shows what each rule says
EOF
mail 10 $caller >chain.json
want 3 explain --label shop --typed-data chain.json --json
json '[.wouldSign, .rule, .verdict.hardening, .message.domainChainId]' '[false,"domain","foreign-chain","10"]'
mail 1 "$account" >own.json
want 3 explain --label shop --typed-data own.json --json
json '[.wouldSign, .rule]' '[false,"signature-caller"]'
want 3 sign --label shop --typed-data mail.json --replayable --pin-file pin
want 3 explain --label shop --typed-data mail.json --replayable --json
json .verdict.hardening replayable-signature

# Texts name no contract: the SO's switch.
printf '{"looks":"like JSON"}\n' >text
want 3 sign --label shop --message hello --pin-file pin
want 3 explain --label shop --message-file text --json
json '[.message.typedData, .rule, .verdict.hardening]' '[false,"signature-caller","unknown-caller"]'
want 4 token set --relax unknown-caller --so-pin-file pin
want 1 token set --so-pin-file so-pin
err <<'EOF'
valetkey: say what to set: --relax RULES, --harden RULES, --journal on|off|all, --journal-max N or --node-file FILE
EOF
want 1 token set --relax nothing --so-pin-file so-pin
want 1 token set --relax own-domain --so-pin-file so-pin
grep -q 'nobody can turn off the hardening rule "own-domain"' err || fail "another message"
want 1 token set --relax unknown-caller --harden unknown-caller --so-pin-file so-pin
want 0 token show --json
json .relaxed '[]'
want 0 token set --relax unknown-caller,replayable-signature --so-pin-file so-pin --json
json '[.label, .defaultPolicy, .relaxed]' '["main","none",["unknown-caller","replayable-signature"]]'
want 0 token show --json
json .relaxed '["unknown-caller","replayable-signature"]'
want 0 explain --label shop --message-file text
want 0 sign --label shop --message-file text --pin-file pin
want 0 sign --label shop --message 'hello world' --pin-file pin --json
json .hash 0xd9eba16ed0ecae432b71fe008c98cc872bb4cc214d3220a36f365326cf807d68
want 0 sign --label shop --typed-data mail.json --replayable --pin-file pin

# pkcs11-tool's 512 bytes are enough. It cannot load a module with sanitizers.
if command -v pkcs11-tool >/dev/null && pkcs11-tool --module "$VALETKEY_MODULE" -L >/dev/null 2>&1; then
    USER_PIN=$(cat pin) "${quick[@]}" pkcs11-tool --module "$VALETKEY_MODULE" --login \
        --pin env:USER_PIN --sign --mechanism 0x80564B03 --label shop --input-file text --output-file part >/dev/null 2>&1 ||
        fail "pkcs11-tool signs no message"
    want 0 sign --label shop --message-file text --pin-file pin
    same "0x$(od -An -v -tx1 part | tr -d ' \n')" "$(cat out)" "pkcs11-tool's signature"
fi
want 0 token set --harden unknown-caller --so-pin-file so-pin --json
json .relaxed '["replayable-signature"]'
want 3 sign --label shop --message hello --pin-file pin

# Several grants.
want 0 "${approve[@]}" --chain-id 10
want 1 sign --label shop --typed-data mail.json --pin-file pin
err <<'EOF'
valetkey: the key "shop" has 2 grants like that
valetkey: choose one with --chain-id N and --account ADDRESS
EOF
want 0 sign --label shop --typed-data mail.json --chain-id 1 --pin-file pin
same "$(cat out)" "$signature" "the signature"
want 0 sign --label shop --typed-data chain.json --chain-id 10 --pin-file pin
want 5 sign --label shop --typed-data mail.json --chain-id 2 --pin-file pin
want 5 explain --label shop --typed-data mail.json --account $owner

# Commands of their own: the same by another name.
want 0 sign-typed-data --label shop --typed-data mail.json --chain-id 1 --pin-file pin
same "$(cat out)" "$signature" "the signature"
want 0 sign-typed-data --session shop mail.json --chain-id 1 --account "$account" --pin-file pin --json
json '[.signature, .chainId, .account]' "[\"$signature\",1,\"$account\"]"
want 5 sign-typed-data --session shop mail.json --account nobody --pin-file pin
err <<<'valetkey: the token "main" keeps no account "nobody"
valetkey: see "valetkey account list"; "valetkey account create" adds one'
want 3 sign-typed-data --label shop other.json --chain-id 1 --pin-file pin
want 1 sign-typed-data --label shop --pin-file pin
err <<'EOF'
valetkey: "sign-typed-data" needs --typed-data FILE|-
valetkey: see "valetkey sign-typed-data --help"
EOF
want 1 sign-typed-data --label shop --typed-data mail.json mail.json --pin-file pin
want 1 sign-typed-data --label shop mail.json --message hello --pin-file pin
want 2 sign-typed-data --label shop policy.json --chain-id 1 --pin-file pin
want 3 sign-message --label shop --message hello --chain-id 1 --pin-file pin
grep -q '^valetkey: refused: signature-caller: ' err || fail "no reason"
want 0 token set --relax unknown-caller --so-pin-file so-pin
want 0 sign --label shop --message 'hello world' --chain-id 1 --pin-file pin
cp out by-sign
want 0 sign-message --label shop --message 'hello world' --chain-id 1 --pin-file pin
same "$(cat out)" "$(cat by-sign)" "the signature"
printf 'hello world' >text
want 0 sign-message --session shop --message-file text --chain-id 1 --pin-file pin --json
json '[.signature, .hash]' \
    "[\"$(cat by-sign)\",\"0xd9eba16ed0ecae432b71fe008c98cc872bb4cc214d3220a36f365326cf807d68\"]"
step='sign-message of standard input'
"${quick[@]}" "$VK_TEST_BUILDDIR/valetkey" sign-message --label shop --message-file - --chain-id 1 --pin-file pin \
    <text >out 2>err || fail "$(cat err)"
same "$(cat out)" "$(cat by-sign)" "the signature"
want 1 sign-message --label shop --pin-file pin
err <<<'valetkey: say what to sign: --message TEXT, or --message-file FILE (- is standard input)'
want 1 sign-message --label shop --message a --message-file text --pin-file pin
want 1 sign-message --label shop --message a --operation --pin-file pin
want 0 token set --harden unknown-caller --so-pin-file so-pin

# What a spend rule counts on one chain is not signed on another to be good there.
want 0 sign --label shop --typed-data chain.json --replayable --chain-id 10 --pin-file pin
want 0 spend set --name coin --native --chain-id 1 --limit 1ether --period 1h --so-pin-file so-pin
want 0 spend add-grant --name coin --label shop --so-pin-file so-pin
want 3 sign --label shop --typed-data mail.json --chain-id 1 --pin-file pin
want 0 sign --label shop --typed-data chain.json --chain-id 10 --pin-file pin
want 3 sign --label shop --typed-data chain.json --replayable --chain-id 10 --pin-file pin
grep -q 'refused: spend: ' err || fail 'another rule'

# Chain 0 is no chain: a signature for it would be the replayable one under another name.
want 2 "${approve[@]}" --chain-id 0
grep -q 'chainId: there is no chain 0' err || fail "chain 0: $(cat err)"

# What does not go together.
want 1 sign --label shop --message a --typed-data mail.json --pin-file pin
err <<'EOF'
valetkey: --message and --typed-data exclude each other
EOF
want 1 sign --label shop --message a --input mail.json --pin-file pin
want 1 sign --label shop --message a --operation --pin-file pin
want 1 explain --label shop --message a --used 1
want 1 sign --label shop --input mail.json --replayable --pin-file pin
err <<'EOF'
valetkey: --replayable is for messages: give --message, --message-file or --typed-data
EOF
want 2 sign --label shop --typed-data policy.json --pin-file pin
finish
