# Shared by the tests of accounts without permissions and of thirdweb's. Source it behind lib.sh.
# The command's own batch makes call data, and what a signature must be.
# shellcheck shell=bash disable=SC2034,SC2154

kept='The account has no permission plug-in: these limits are kept by this token alone. Whoever has another copy of the key is not bound by them.'

# secret BYTE: a private key of that byte, repeated.
secret() {
    printf "%0.s$1" {1..32}
}

# policy.json: at most 5 wei to one address, and a million wei of gas.
payments() {
    cat >policy.json <<'EOF'
[{"type":"call","policyVersion":"0.0.4","permissions":[{"target":"0x00000000000000000000000000000000000000aa",
"selector":"0x00000000","valueLimit":"5"}]},{"type":"gas","allowed":"1000000"}]
EOF
}

# ask KIND IN FILTER: what the library answers.
ask() {
    jq -cn --arg kind "$1" --argjson in "$2" '{id: 1, kind: $kind, in: $in}' |
        "$VK_TEST_BUILDDIR/valetkey" batch >answer
    jq -er ".out$3" answer || fail "$1: $(cat answer)"
}

# paid WEI: the calls of a payment.
paid() {
    echo '[{"to":"0x00000000000000000000000000000000000000aa","value":"'"$1"'","data":"0x"}]'
}

# call_data VERSION CALLS: of Kernel or of "thirdweb".
call_data() {
    if [ "$1" = thirdweb ]; then
        ask thirdweb "$(jq -cn --argjson calls "$2" \
            '{function: "execute", calls: ($calls | map({target: .to, value, data}))}')" .callData
        return
    fi
    ask execute_calldata "$(jq -cn --arg version "$1" --argjson calls "$2" \
        '{kernelVersion: $version, account: "0x0000000000000000000000000000000000000001", calls: $calls,
          callType: "call", execType: "0x00", hooked: false}')" .callData
}

# operation VERSION CALLS NONCE [SIGNATURE [ENTRYPOINT]]: op.json, of $account; gas for 100000 wei.
operation() {
    local rest=
    case ${5-$1} in
    v1 | 0.0.2 | 0.2.* | 0.6) rest=',"initCode":"0x","paymasterAndData":"0x"' ;;
    esac
    printf '{"sender":"%s","nonce":"%s","callData":"%s","signature":"%s"%s,%s,%s}\n' "$account" \
        "$(printf '%s' "$3" | sed 's/^[0-9]*$/0x&/')" "$(call_data "$1" "$2")" "${4-0x}" "$rest" \
        '"callGasLimit":"0x186a0","verificationGasLimit":"0x0","preVerificationGas":"0x0"' \
        '"maxFeePerGas":"0x1","maxPriorityFeePerGas":"0x0"' >op.json
}

# oracle KIND IN FILTER [OWNER]: $expected, of op.json by key.hex or OWNER on chain 10.
oracle() {
    local key in
    key=0x$(cat "${4-key.hex}")
    in=$(jq -cn --slurpfile op op.json --arg key "$key" --arg account "$account" \
        "{chainId: \"10\", ownerPrivateKey: \$key,
          userOp: (\$op[0] | del(.signature))} + $2")
    expected=$(ask "$1" "$in" "$3")
}

# owned: $expected of the owner key.hex of an account of Kernel 0.2.4: root mode in front.
owned() {
    # shellcheck disable=SC2016
    oracle enable_v2 '{kernelVersion: "0.2.4", entryPointVersion: "0.6", mode: "sudo",
        validAfter: 0, validUntil: 0, account: $account}' .signature
}

# by_tool LABEL FILE EXPECTED: the same with pkcs11-tool, where there is one. It cannot load a module
# with sanitizers.
by_tool() {
    command -v pkcs11-tool >/dev/null && pkcs11-tool --module "$VALETKEY_MODULE" -L >/dev/null 2>&1 ||
        return 0
    want 0 key show --token main --label "$1" --json
    USER_PIN=$(cat pin) "${quick[@]}" pkcs11-tool --module "$VALETKEY_MODULE" --token-label main \
        --login --pin env:USER_PIN --sign --mechanism 0x80564B01 --id "$(jq -r ".id[2:]" out)" --input-file "$2" \
        --output-file part >/dev/null 2>&1 || fail "pkcs11-tool signs nothing"
    same "0x$(od -An -v -tx1 part | tr -d ' \n')" "$3" "pkcs11-tool's signature"
}

# no_messages KIND OPTION...: the key signs none for that account, whatever the SO turns off.
no_messages() {
    local refusal="the grant is of kind $1, but messages are signed only with a permission" relax
    shift
    for relax in open-signature unknown-caller; do
        want 0 token set --token main --relax $relax --so-pin-file so-pin
    done
    want 3 sign --token main "$@" --message hello --pin-file pin
    grep -q "^valetkey: refused: account: $refusal" err || fail "another message"
    want 3 explain --token main "$@" --message hello
    grep -q "^Refused: $refusal\.$" out || fail "another explanation"
    [ -z "$kept" ] || grep -qxF "$kept" out || fail "explain says not who keeps the limits"
    want 3 explain --token main "$@" --message hello --json
    json '[.wouldSign, .rule, .verdict.hardening, .chainError, .rules]' '[false,"account",null,null,[]]'
    for relax in open-signature unknown-caller; do
        want 0 token set --token main --harden $relax --so-pin-file so-pin
    done
}

# signed LABEL EXPECTED [OPTION...]: op.json is explained, and signed whole and in parts. Only the
# token keeps the key to its policy if $kept is not empty.
signed() {
    local by=(--label "$1" --input op.json "${@:3}")
    want 0 explain "${by[@]}"
    [ -z "$kept" ] || grep -qxF "$kept" out || fail "explain says not who keeps the limits"
    want 0 sign "${by[@]}" --session --pin-file pin
    cp out part
    want 0 userop attach "${by[@]}" --session-part part
    same "$(cat out)" "$2" "the attached signature"
    want 0 sign "${by[@]}" --pin-file pin
    same "$(cat out)" "$2" "the signature"
}
