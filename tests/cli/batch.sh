#!/bin/bash
# valetkey batch: order, ids, bad lines, long lines, answers while the input stays open, memory.
. "$VK_TEST_SRCDIR/tests/cli/lib.sh"
# AddressSanitizer keeps freed memory for a while; that is not the program's.
export ASAN_OPTIONS="${ASAN_OPTIONS:-}:quarantine_size_mb=0:thread_local_quarantine_size_kb=0"
valetkey=$VK_TEST_BUILDDIR/valetkey

# batch: answers what is on standard input.
batch() {
    local got=0
    step="valetkey batch"
    "$valetkey" batch >out 2>err || got=$?
    same "$got" 0 "the exit status"
    [ ! -s err ] || fail "standard error: $(cat err)"
}
# each FILTER TEXT: what jq makes of every answer, one a line.
each() {
    same "$(jq -c "$1" out | tr '\n' ' ')" "$2" "$1"
}
request='"kind":"nonce_key","in":{"string":"agent-1","entryPointVersion":"0.7"}'

# Nothing in, nothing out.
batch </dev/null
same "$(wc -c <out)" 0 "the length of the answers"

# The id comes back as it was, whatever it is, in the order of the lines.
printf '{"id":%s,'"$request"'}\n' 1 '"two"' null '[3,{"a":true}]' 9007199254740991 |
    batch
each .id '1 "two" null [3,{"a":true}] 9007199254740991 '
each .ok 'true true true true true '
same "$(jq -c .out out | sort -u)" '{"customKey":"60610"}' "the answer"

# Bad lines get an error each, and the lines behind them their answers.
{
    printf '{"id":1,%s}\n' "$request"
    printf 'no JSON\n'
    printf '\n'
    printf '{"id":4,"kind":"nonce_key"}\n'
    printf '{"id":5,"kind":"no_kind","in":{}}\n'
    printf '{"id":6,%s,"more":1}\n' "$request"
    printf '{"id":7,%s,"compat":"other"}\n' "$request"
    printf '[]\n'
    printf '\0\n'
    printf '{"id":10,%s}\r\n' "$request"
    printf '{"id":11,"id":12,%s}\n' "$request"
    printf '{"id":12,"kind":"nonce_key","in":{"string":"a","entryPointVersion":"1.0"}}\n'
    printf '{"id":13,"kind":"nonce_key","in":{"string":"\xff","entryPointVersion":"0.7"}}\n'
    printf '{"id":14,%s}\n' "$request"
} | batch
each .id '1 null null 4 5 6 7 null null 10 null 12 null 14 '
each .ok 'true false false false false false false false false true false false false true '
each '.error.code // empty' '"FORMAT" "FORMAT" "FORMAT" "UNSUPPORTED" "FORMAT" "UNSUPPORTED" "FORMAT" "FORMAT" "FORMAT" "UNSUPPORTED" "FORMAT" '
each 'select(.ok | not) | .error.path // ""' '"" "" "in" "kind" "more" "compat" "" "" "id" "in.entryPointVersion" "" '
each 'select(.ok | not) | .error.message | length > 5' 'true true true true true true true true true true true '

# A last line without a newline is a line.
printf '{"id":1,%s}\n{"id":2,%s}' "$request" "$request" | batch
each .id '1 2 '

# Lines of 8 MiB are read, longer ones are answered, and nothing of them is taken for a request.
long() {
    printf '{"id":"%s",%s' "$1" "$request"
    head -c $(($1 - 10 - ${#1} - ${#request})) /dev/zero | tr '\0' ' '
    printf '}\n'
}
{
    long 8388608
    long 8388609
    printf '{"id":3,%s}\n' "$request"
    head -c 20000000 /dev/zero | tr '\0' 'x'
    printf '\n{"id":5,%s}\n' "$request"
    head -c 9000000 /dev/zero | tr '\0' 'x'
} | batch
each .id '"8388608" null 3 null 5 null '
each '.error.code // "OK"' '"OK" "SIZE" "OK" "SIZE" "OK" "SIZE" '

# Every answer is there before the next line is sent.
step="an open input"
mkfifo requests answers
"$valetkey" batch <requests >answers &
pid=$!
exec 3>requests 4<answers
for i in 1 2 3; do
    printf '{"id":%s,%s}\n' "$i" "$request" >&3
    read -r -t 20 answer <&4 || fail "no answer to line $i"
    same "$(jq .id <<<"$answer")" "$i" "the id"
done
# A line in parts waits for its end.
printf '{"id":4,' >&3
read -r -t 0.3 answer <&4 && fail "an answer to half a line"
printf '%s}\n' "$request" >&3
read -r -t 20 answer <&4 || fail "no answer to a line in parts"
same "$(jq .id <<<"$answer")" 4 "the id"

# Memory: the same after 1,000 lines as after 100,000.
step="memory"
resident() {
    awk '/^VmRSS:/ { print $2 }' "/proc/$pid/status"
}
# serve COUNT: so many requests, of which every tenth is bad; waits for the last answer.
serve() {
    awk -v n="$1" -v r="$request" 'BEGIN {
        for (i = 1; i < n; i++)
            print i % 10 ? "{\"id\":" i "," r "}" : "{\"id\":" i ",\"kind\":\"nonce_key\",\"in\":[" i "]}"
        print "{\"id\":\"last\"," r "}"
    }' >&3 &
    grep -qm 1 '"id":"last"' <&4 || fail "no last answer"
    wait $!
}
serve 1000
before=$(resident)
serve 100000
after=$(resident)
[ "$after" -le $((before + 512)) ] || fail "$before KiB became $after KiB"
printf 'memory: %s KiB after 1,000 lines, %s KiB after 100,000\n' "$before" "$after"
exec 3>&-
wait "$pid"
same "$?" 0 "the exit status"

# Nobody reads the answers, or nothing can be written: the program ends, and says so.
step="closed output"
yes "{\"id\":1,$request}" 2>/dev/null | timeout 20 "$valetkey" batch 2>err | head -n 1 >/dev/null
same "$?" 0 "the exit status of head"
"$valetkey" batch >/dev/full 2>err <<<"{\"id\":1,$request}"
same "$?" 6 "the exit status"
echo 'valetkey: cannot write the answers: No space left on device' | err
"$valetkey" batch >out 2>err <&-
same "$?" 6 "the exit status"
want 1 batch --label x
want 1 batch file
finish
