# bash completion for valetkey(1)

_valetkey_options() {
    local pin='--pin-file --pin-fd --unlock --device-pin-file' so_pin='--so-pin-file --so-pin-fd' key='--label --id'
    local passkey='--rp-id --origin --sign-count' lint='--lint --lint-allow'
    local sending='--chains --paymaster --lane --max-fee --max-cost --wait --timeout'
    local admin="--owner-key --owner-pin-file --account-token --dry-run $sending"
    local step_up='--step-up --step-up-device --step-up-above --step-up-unless'
    local of_messages='--chain-id --account --replayable --undeployed'
    local message="--message --message-file --typed-data $of_messages"
    case $1 in
    'token set') echo "--relax --harden --journal --journal-max --node-file $so_pin" ;;
    'token init') echo "--label --default-policy $so_pin --pin-file --pin-fd" ;;
    'token enroll') echo "--device --name --touch-only --instead-of-pin $so_pin $pin" ;;
    'token unenroll') echo "--id $so_pin $pin" ;;
    'key create') echo "$key --type --policy --count --start --discoverable --user-handle --cred-protect" \
        "$step_up $passkey $lint $pin" ;;
    'key import')
        echo "$key --type --policy $passkey --key-file --serialized --authenticator-id" \
            "--authenticator-id-hash --chain-id --kernel-version --entry-point --owner --enable-nonce --installed-at --spent --used" \
            "$step_up $lint $pin"
        ;;
    'key show') echo "$key" ;;
    'key certify') echo "$key --output $pin" ;;
    'key set') echo "$key --allow-logins --no-logins --no-step-up --device-pin-file $step_up $so_pin" ;;
    'key remove') echo "$key $pin" ;;
    'passkey options') echo '--rp-id --origin --name' ;;
    'passkey import')
        echo "$key --policy --rp-id --origin --registration --attestation --client-data --challenge --trust $lint $pin"
        ;;
    'passkey assertion') echo "$key --input --chain-id --assertion --operation $pin" ;;
    'passkey register')
        echo "$key --server --name --header --header-file --policy $passkey $lint $pin"
        ;;
    'passkey login') echo "$key --server --rp-id --header --header-file $pin" ;;
    'passkey serve') echo "--listen --rp-id --origin --name $pin" ;;
    'passkey users') echo "$pin" ;;
    'passkey remove-user') echo "--name --authenticator-id $pin" ;;
    'account create')
        echo "--name --kernel-version --validator --index --eip7702 --factory --implementation --entry-point --owner --owner-key" \
            "--owner-pin-file --account --authenticator-id --authenticator-id-hash --rp-id --origin --chain-id --chains $pin"
        ;;
    'account show') echo '--account --chain-id --chains' ;;
    'account remove') echo "--account $pin" ;;
    'session create')
        echo "$key --account --account-token --chain-id --policy --type --discoverable --user-handle --cred-protect" \
            "$passkey $step_up --enable-nonce --owner-key" \
            "--owner-pin-file --signature --output --send --thirdweb $sending $lint $pin"
        ;;
    'session install') echo "$key --chain-id --account $admin" ;;
    'session import')
        echo "$key --serialized --chain-id --type $passkey --key-file --authenticator-id --authenticator-id-hash" \
            "--kernel-version --entry-point --owner --enable-nonce --installed-at --spent --used $step_up $lint $pin"
        ;;
    'session show') echo "$key --chain-id --account --account-token" ;;
    approve)
        echo "$key --chain-id --kernel-version --entry-point --account --owner --index --enable-nonce" \
            "--signature --owner-key --owner-pin-file --pre-installed --installed-at --output" \
            "--as-owner --selector --valid-after --valid-until --request --spent --used $lint $pin"
        ;;
    'thirdweb add-admin' | 'thirdweb remove-admin' | 'thirdweb remove-session')
        echo "$key --chain-id --account --signer --output $admin $so_pin"
        ;;
    'thirdweb call') echo "--chain-id --account --request --signature --owner --output $admin" ;;
    send) echo "$key --call --userop --signed --assertion --output --chain-id --account --account-token --chains --lane --max-fee --max-cost --paymaster --dry-run --wait --timeout --resume $pin" ;;
    'session status') echo "$key --chain-id --account --account-token --chains" ;;
    'session revoke') echo "$key --chain-id --account --account-token --chains --owner-key --owner-pin-file --max-fee --max-cost --paymaster --lane --dry-run --wait --timeout" ;;
    sign) echo "$key --input --session --operation $message $pin" ;;
    sign-message) echo "$key --message --message-file $of_messages $pin" ;;
    sign-typed-data) echo "$key --typed-data $of_messages $pin" ;;
    'userop attach') echo "$key --input --chain-id --session-part --assertion --operation" ;;
    explain) echo "$key --input --at --spent --used $message $pin" ;;
    lint) echo '--policy --lint-allow --entry-point --account --at' ;;
    'budget list') echo "$key --chain-id --account $pin" ;;
    'budget resolve') echo "$key --chain-id --account $pin" ;;
    'budget release') echo "$key --chain-id --account --nonce --pre-installed $so_pin" ;;
    'spend set') echo "--name --chain-id --native --erc20 --limit --period $so_pin" ;;
    'spend add-grant' | 'spend remove-grant') echo "--name $key --chain-id --account $so_pin" ;;
    'spend remove') echo "--name $so_pin" ;;
    'audit list') echo "$key --last --denied" ;;
    'audit verify') echo "$pin" ;;
    'audit export') echo --output ;;
    'audit rotate') echo "--keep --output $so_pin" ;;
    'audit accept') echo "$so_pin" ;;
    esac
}

# The words of the command that are on the line already: "key create".
_valetkey_command() {
    local i word words=
    for ((i = 1; i < COMP_CWORD; i++)); do
        word=${COMP_WORDS[i]}
        case $word in
        --json | --help | --version | --sign-count | --pre-installed | --session | --operation | \
            --replayable | --undeployed | --denied | --as-owner | --native | --unlock | \
            --touch-only | --instead-of-pin | --allow-logins | --no-logins | --no-step-up | --paymaster | --dry-run | --wait | \
            --send | --thirdweb) ;;
        --*=*) ;;
        --*) ((i++)) ;;
        *) words+="${words:+ }$word" ;;
        esac
    done
    echo "$words"
}

_valetkey_values() {
    case $1 in
    --type) echo 'secp256k1 p256' ;;
    --default-policy) echo 'none sudo' ;;
    --relax | --harden)
        echo 'zero-paymaster protected-target budget-delegatecall foreign-chain open-signature' \
            'unknown-caller signature-window replayable-signature any-target any-amount'
        ;;
    --lint) echo 'off warn error' ;;
    --entry-point) echo '0.6 0.7 0.8 0.9' ;;
    --journal) echo 'off on all' ;;
    --kernel-version) echo 'v1 0.0.2 0.2.2 0.2.3 0.2.4 0.3.0 0.3.1 0.3.2 0.3.3' ;;
    --selector) echo 'execute batch delegatecall' ;;
    --validator) echo 'ecdsa multichain passkey' ;;
    --lane) echo auto ;;
    --token | --account-token)
        [ -x "$(command -v jq)" ] &&
            "${COMP_WORDS[0]}" token list --json 2>/dev/null | jq -r '.tokens[].label'
        ;;
    esac
}

_valetkey() {
    local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]}
    local global='--help --version --json --token --module' command
    COMPREPLY=()
    case $prev in
    --module | --*-file | --policy | --step-up | --step-up-unless | --chains | --userop | --signed | --typed-data | --serialized | --input | --output | --session-part | --assertion | --request | \
        --registration | --attestation | --client-data | --trust)
        compopt -o filenames
        mapfile -t COMPREPLY < <(compgen -f -- "$cur")
        return
        ;;
    --type | --default-policy | --relax | --harden | --kernel-version | --token | --account-token | --lint | --journal | --entry-point | --selector | --validator | --lane)
        local IFS=$'\n'
        mapfile -t COMPREPLY < <(compgen -W "$(_valetkey_values "$prev" | tr ' ' '\n')" -- "$cur")
        return
        ;;
    --label | --id | --*-fd | --user-handle | --cred-protect | --rp-id | --origin | --authenticator-* | --chain-id | --account | \
        --owner | --owner-key | --message | --index | --enable-nonce | --signature | --at | --installed-at | --valid-after | --valid-until | \
        --signer | --nonce | --spent | --used | --lint-allow | --journal-max | --last | --keep | \
        --server | --header | --listen | --name | --erc20 | --limit | --period | --challenge | --device | --step-up-device | --step-up-above | \
        --call | --max-fee | --max-cost | --timeout | --resume | --factory | --implementation)
        return
        ;;
    esac
    command=$(_valetkey_command)
    case $command in
    '') mapfile -t COMPREPLY < <(compgen -W "token key passkey account approve session sign sign-message sign-typed-data send userop explain lint budget spend audit thirdweb batch $global" -- "$cur") ;;
    token) mapfile -t COMPREPLY < <(compgen -W 'init list show set enroll enrollments unenroll' -- "$cur") ;;
    key) mapfile -t COMPREPLY < <(compgen -W 'create import list show set certify remove' -- "$cur") ;;
    passkey) mapfile -t COMPREPLY < <(compgen -W 'options import assertion register login serve users remove-user' -- "$cur") ;;
    account) mapfile -t COMPREPLY < <(compgen -W 'create list show remove' -- "$cur") ;;
    session) mapfile -t COMPREPLY < <(compgen -W 'create install import list show status revoke' -- "$cur") ;;
    budget) mapfile -t COMPREPLY < <(compgen -W 'list release resolve' -- "$cur") ;;
    spend) mapfile -t COMPREPLY < <(compgen -W 'set add-grant remove-grant list remove' -- "$cur") ;;
    audit) mapfile -t COMPREPLY < <(compgen -W 'list verify export rotate accept' -- "$cur") ;;
    userop) mapfile -t COMPREPLY < <(compgen -W 'attach' -- "$cur") ;;
    thirdweb)
        mapfile -t COMPREPLY < <(
            compgen -W 'add-admin remove-admin remove-session call' -- "$cur"
        )
        ;;
    'lint '* | 'sign-typed-data '*)
        mapfile -t COMPREPLY < <(compgen -W "$(_valetkey_options "${command%% *}") $global" -- "$cur")
        ;;
    lint | sign-typed-data)
        compopt -o filenames
        mapfile -t COMPREPLY < <(
            case $cur in
            -*) compgen -W "$(_valetkey_options "$command") $global" -- "$cur" ;;
            *) compgen -f -- "$cur" ;;
            esac
        )
        ;;
    *) mapfile -t COMPREPLY < <(compgen -W "$(_valetkey_options "$command") $global" -- "$cur") ;;
    esac
}

complete -F _valetkey valetkey
