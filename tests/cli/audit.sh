#!/bin/bash
# The journal as people see it: what was signed and refused, what somebody changed in the file, a
# backup put back, old records dropped, the SO's settings.
. "$VK_TEST_SRCDIR/tests/cli/lib.sh"
command -v sqlite3 >/dev/null || exit 77
file=ecdsa

want 0 token init --label main --so-pin-file so-pin --pin-file pin
want 0 audit list
echo 'There are no records.' | out
want 0 audit verify --json
json '[.records, .verified, .macsChecked, .findings]' '[0,true,false,[]]'

session .serializedAccount >account.txt
session .session.privateKey >key.hex
want 0 key import --label usdc --id 0102 --key-file key.hex --serialized account.txt \
    --chain-id 31337 --pin-file pin
for i in {0..10}; do
    session ".operations[$i].userOp" >"op$i.json"
    "${quick[@]}" "$VK_TEST_BUILDDIR/valetkey" sign --label usdc --input "op$i.json" --pin-file pin \
        >/dev/null 2>&1
done
db=$(echo tokens/*.db)

# What is there: each operation, with its hash, rule and reason, and the budget.
want 0 audit list --json
json '[.token, .count, (.records | length)]' '["main",11,11]'
json '[.records[].event] | join(" ")' \
    'signed signed denied denied denied denied denied signed denied denied signed'
json '.records[2] | [.sequence, .label, .form, .chainId, .account, .permissionId, .rule, .reason]' \
    '[3,"usdc","userop",31337,"0x364fe8e7d96fC0cE795E3602928df956E382c4b3","0x2bed801e","call","100.000001 USDC is over the limit of 100"]'
json '[.records[].operation]' "$(session '[.operations[].userOpHash] | tojson')"
json '.records[1] | [.before[1].spent, .after[1].spent]' '["1400000000000000","2800000000000000"]'
json '.records[2] | .before == .after' true
json '[.records[1:][].previous] == [.records[:-1][].hash]' true
want 0 audit list --label usdc --denied --last 1
sed -i '2s/^[^ ]*/TIME/' out
out <<'EOF'
TIME                  KEY                      NO  WHAT
TIME  usdc                     10  denied  userop  0xb0c39120b0aff9acc901c50778d70cb3f9421fde55205a1f42c931c74b8ae8d3  chain 31337
    gas: gas may cost 0.014 ether, over the remaining budget of 0.0058 ether
EOF
want 0 audit list --last 1
tail -n 1 out >last && mv last out
echo '    rule 2 spent 0.0042 ether, then 0.00558 ether' | out
want 5 audit list --label nobody
echo 'valetkey: there is no such key on the token "main"' | err
want 0 audit list --id 0102 --last 3 --json
json '.records | length' 3

want 0 audit verify
out <<'EOF'
11 records in 1 chain, number 1 to 11.
Nothing was edited, removed or put in another place.
Only the chains were checked: without a PIN the MACs cannot be, and who rewrote a chain to its end is not found.
The token goes with its anchor file.
EOF
want 0 audit verify --pin-file pin --json
json '[.verified, .macsChecked, .anchorChecked]' '[true,true,true]'
echo wrong-pin >wrong
want 4 audit verify --pin-file wrong

want 0 audit export
same "$(jq -s length out)" 11 'records on standard output'
want 0 audit export --output all.jsonl --json
json . '{"records":11,"output":"all.jsonl"}'
same "$(jq -s '.[4].rule' all.jsonl)" '"call"' 'the rule of record 5'
want 6 audit export --output all.jsonl
echo 'valetkey: cannot make all.jsonl: File exists' | err

# Somebody edits the file.
cp "$db" good.db
tamper() {
    cp good.db "$db"
    sqlite3 "$db" "$1"
    want 7 audit verify --json
    json '[.verified, (.findings[0] | [.what, .label, .sequence])]' "[false,$2]"
}
tamper "UPDATE journal SET reason = 'nothing' WHERE number = 3" '["edited","usdc",3]'
tamper 'DELETE FROM journal WHERE number = 5' '["removed","usdc",5]'
tamper 'DELETE FROM journal WHERE number > 9' '["truncated","usdc",10]'
tamper 'UPDATE journal SET sequence = 9 - sequence WHERE number IN (4, 5)' '["edited","usdc",5]'
tamper 'UPDATE state SET number = 10' '["state",null,null]'
want 7 audit verify
grep -q '^state: record number 11 is one more than the token is known to have$' out || fail "$(cat out)"
cp good.db "$db"
want 0 audit verify

# A backup comes back: no budget is spent until the SO has accepted it.
next() {
    jq --arg n "$1" '.nonce = "0x" + "2" + "2bed801e" + ("0" * 48) + ("0000" + $n)[-4:]' op10.json
}
next 0008 >next.json
want 0 sign --label usdc --input next.json --pin-file pin
cp good.db "$db"
want 7 sign --label usdc --input next.json --pin-file pin
err <<'EOF'
valetkey: cannot sign: anchor: the token's file is older than its anchor, so it was put back from a copy: it was written 14 times and has 11 records, the anchor says 15 times and 12 records; nothing is counted or written down until the SO accepts that: valetkey audit accept
EOF
want 7 audit verify --json
json '.findings[0].what' restored
want 4 audit accept --so-pin-file pin
want 0 audit accept --so-pin-file so-pin
echo 'The state of the token "main" is accepted: its budgets are what the file says.' | out
want 0 sign --label usdc --input next.json --pin-file pin
want 0 audit verify --pin-file pin
want 0 audit list --json
json '[.records[-3:][].event]' '["signed","accepted","signed"]'
json '.records[-2] | [.label, .key, .sequence]' '[null,null,1]'

# Old records go into a file; what is left can be checked.
want 1 audit rotate --so-pin-file so-pin
want 1 audit rotate --keep 3 --so-pin-file so-pin --output -
want 6 audit rotate --keep 3 --so-pin-file so-pin --output all.jsonl
want 4 audit rotate --keep 3 --so-pin-file pin --output old.jsonl
[ ! -e old.jsonl ] || fail 'a file of records that were not dropped'
want 0 audit rotate --keep 3 --so-pin-file so-pin --output old.jsonl --json
json 'del(.token)' '{"dropped":10,"output":"old.jsonl"}'
same "$(jq -s length old.jsonl)" 10 'records in the file'
want 0 audit verify --pin-file pin --json
json '[.records, .first, .dropped, .verified]' '[4,11,10,true]'
want 0 audit list --last 1 --json
json '.records[0] | [.event, .sequence, .operation == "'"$(jq -r 'select(.number == 10) | .hash' old.jsonl)"'"]' \
    '["checkpoint",13,true]'

# Settings are the SO's.
want 1 token set --so-pin-file so-pin
err <<'EOF'
valetkey: say what to set: --relax RULES, --harden RULES, --journal on|off|all, --journal-max N or --node-file FILE
EOF
want 1 token set --journal maybe --so-pin-file so-pin
want 1 token set --journal-max 99 --so-pin-file so-pin
echo 'valetkey: --journal-max is 99, but must be at least 100' | err
want 4 token set --journal off --so-pin-file pin
want 0 token set --journal off --journal-max 500 --so-pin-file so-pin --json
json '[.label, .journal, .journalMax]' '["main","off",500]'
before=$(sqlite3 "$db" 'SELECT count(*) FROM journal')
next 0009 >next.json
want 0 sign --label usdc --input next.json --pin-file pin
same "$(sqlite3 "$db" 'SELECT count(*) FROM journal')" "$before" 'the number of records'
want 0 token set --journal all --so-pin-file so-pin
sed -i '2s/  [0-9a-f]*$/  SERIAL/' out
out <<'EOF'
main
  serial         SERIAL
  default policy none
  journal        all, with at most 500 records
  relaxed        no hardening rule
  nodes          none
EOF
want 0 audit verify --pin-file pin

finish
