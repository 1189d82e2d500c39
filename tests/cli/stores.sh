#!/bin/bash
# Which token is meant where security keys have stores of their own.
. "$VK_TEST_SRCDIR/tests/cli/lib.sh"
file=ecdsa

# What a store's name says is all that matters here.
want 0 token init --label key --so-pin-file so-pin --pin-file pin
db=$(echo tokens/*.db)
mv "$db" "${db%.db}.fido2.db"
want 0 audit list --json
json '[.token, .count]' '["key",0]'
want 0 token init --label main --so-pin-file so-pin --pin-file pin
want 0 audit list --json
json .token main
want 0 audit list --token key --json
json .token key
want 0 audit list --token "$(basename "$db" .db)" --json
json .token key
want 5 audit list --token other
want 0 token init --label key --so-pin-file so-pin --pin-file pin
want 1 audit list
head -n 1 err >first && mv first err
echo 'valetkey: there are 2 tokens' | err
want 1 audit list --token key
head -n 1 err >first && mv first err
echo 'valetkey: 2 tokens are called "key"' | err
want 0 audit list --token main --json
json .token main

finish
