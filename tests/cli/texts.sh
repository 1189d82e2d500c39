#!/bin/bash
# Help, manual page and completion know every command and every option.
. "$VK_TEST_SRCDIR/tests/cli/lib.sh"
page=$VK_TEST_SRCDIR/doc/valetkey.1
completion=$VK_TEST_SRCDIR/src/cli/valetkey.bash

# complete WORD...: what the completion offers for the last word.
complete_words() {
    bash -c '
        . "$1"; shift
        COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)) COMP_LINE="$*" COMP_POINT=${#COMP_LINE}
        _valetkey 2>/dev/null
        printf "%s\n" "${COMPREPLY[@]}"' bash "$completion" "$@" | sort
}

want 0 --help
sed -n '/^Commands:/,/^$/s/^  \([a-z-]*\( [a-z-]*\)\{0,1\}\)  .*/\1/p' out >commands
same "$(wc -l <commands)" 59 "the number of commands"
while read -r command; do
    # shellcheck disable=SC2086
    want 0 $command --help
    cp out help
    sed -n 's/^  \(--[a-z0-9-]*\).*/\1/p' help | sort >options
    grep -q '^Examples:$' help || fail "no examples"
    grep -q "^  valetkey $command" help || fail "no example"
    while read -r option; do
        grep -qF -- "${option//-/\\-}" "$page" || fail "$option is not in the manual page"
    done <options
    # shellcheck disable=SC2086
    same "$(complete_words valetkey $command --)" "$(cat options)" "what the completion offers"
done <commands
same "$(complete_words valetkey '' | grep -v '^--' | tr '\n' ' ')" \
    'account approve audit batch budget explain key lint passkey send session sign sign-message sign-typed-data spend thirdweb token userop ' "what the completion offers"
same "$(complete_words valetkey key '' | tr '\n' ' ')" 'certify create import list remove set show ' \
    "what the completion offers"
same "$(complete_words valetkey key create --type p)" p256 "what the completion offers"

same "$(complete_words valetkey send --lane '')" auto "what the completion offers"

# No colour in files, and JSON is JSON.
want 0 token init --label main --so-pin-file so-pin --pin-file pin
want 0 token list
grep -q "$(printf '\033')" out && fail "colour in a file"
want 0 token list --json
json '.tokens | length' 1
finish
